//! # Timelock
//!
//! What adds risk waits, in public, where it can be vetoed.
//!
//! The council queues a call with a class; the class sets the delay. When the delay has passed the
//! call is *ripe*: a block executes it unasked when it is light, or anybody does with
//! [`Pallet::execute`]. Until then the committee may veto it, except a repair of what it could
//! otherwise uphold against everybody; which calls those are is not for the class to say.
//!
//! ```text
//!   council            scheduler, or execute            a block, or anybody
//!   queue -> Queued --------- ripen ---------> Ripe ---------- execute ----> Executed | Failed
//!              |                                |
//!              +---- veto by the committee -----+----> Vetoed
//!              +---- 7 days late, upgrade ------+----> Expired
//! ```
//!
//! **A class cannot be mislabelled.** The call runs with this pallet's own origin, which carries the
//! delay of its class ([`Delayed`](breakwater_primitives::Delayed)), and each call of the chain
//! demands its own minimum of it ([`EnsureDelayed`]). A loosening that was queued as neutral has
//! served 6 hours and fails with `BadOrigin`, directly or at the bottom of a batch, because wrappers
//! pass the origin on. A call that waits longer than its class demands, because nobody executes it,
//! gains nothing: what counts is the delay it was queued for. Otherwise a loosening could hide as
//! neutral and be executed late. And what asks for less than a repair does not lose its veto by being
//! queued as one. Only structural calls run as Root; it is the only
//! way there.
//!
//! **The scheduler only marks.** It runs before the timestamp of a block, so after an outage it would
//! execute before anyone noticed the gap. Execution comes after the inherents, and checks again: the
//! hash, the age, the version of the runtime, the level of the chain for a loosening, and the call
//! filter. What the level or the filter holds back stays ripe until it expires.
//!
//! A queued call is at most `MaxCallBytes` long. A runtime upgrade is queued as
//! `System::authorize_upgrade` with a hash; anybody then applies the authorised code. The upgrade
//! expires everything else that waits, because another runtime may decode the bytes differently.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub use origin::{class, EnsureClass, EnsureDelayed, MinDelay};
pub use pallet::*;
pub use types::{Delays, Entry, State, Waiting, DAY, HOUR, MAX_AGE};
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod execution;
mod origin;
mod queue;
mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::{boxed::Box, vec::Vec};
	use breakwater_primitives::{governance::DelayClass, Delayed, Level, Millis};
	use frame_support::{
		dispatch::{DispatchResultWithPostInfo, GetDispatchInfo, PostDispatchInfo},
		pallet_prelude::*,
		traits::{schedule::v3::Anon, Contains, EnsureOriginWithArg, OriginTrait, UnixTime},
		weights::WeightMeter,
	};
	use frame_system::{pallet_prelude::*, RawOrigin};
	use sp_runtime::traits::Dispatchable;

	/// The version of this pallet's storage.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// An entry with the runtime's hash.
	pub type EntryOf<T> = Entry<<T as frame_system::Config>::Hash>;

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// The runtime's origin.
		type RuntimeOrigin: From<Origin>
			+ From<RawOrigin<Self::AccountId>>
			+ OriginTrait<Call = <Self as Config>::RuntimeCall>
			+ IsType<<Self as frame_system::Config>::RuntimeOrigin>;
		/// The runtime's call.
		type RuntimeCall: Parameter
			+ Dispatchable<
				RuntimeOrigin = <Self as Config>::RuntimeOrigin,
				PostInfo = PostDispatchInfo,
			> + GetDispatchInfo
			+ From<Call<Self>>
			+ IsType<<Self as frame_system::Config>::RuntimeCall>;
		/// The caller part of the runtime's origin, for the scheduler.
		type PalletsOrigin: From<RawOrigin<Self::AccountId>>;
		/// Wakes an entry when it should be due. A hint: time decides.
		type Scheduler: Anon<
			BlockNumberFor<Self>,
			<Self as Config>::RuntimeCall,
			Self::PalletsOrigin,
		>;
		/// The chain's clock.
		type Time: UnixTime;
		/// The level of the chain. A loosening is executed at `Watch` or below.
		type ChainLevel: Get<Level>;
		/// Who may queue a call of which class.
		type QueueOrigin: EnsureOriginWithArg<
			<Self as frame_system::Config>::RuntimeOrigin,
			DelayClass,
		>;
		/// The calls that cannot be vetoed when they are queued as a repair: what switches off a detector
		/// or ends what nobody else can end. Judged by the call, since a class is only a claim.
		type BeyondVeto: Contains<<Self as Config>::RuntimeCall>;
		/// Who may veto a queued call.
		type VetoOrigin: EnsureOrigin<<Self as frame_system::Config>::RuntimeOrigin>;
		/// The expected time between two blocks, in milliseconds; only to ask the scheduler.
		#[pallet::constant]
		type BlockTime: Get<Millis>;
		/// Calls that may wait at once.
		#[pallet::constant]
		type MaxPending: Get<u32>;
		/// Finished calls of which the record is kept.
		#[pallet::constant]
		type MaxFinished: Get<u32>;
		/// The longest call in bytes.
		#[pallet::constant]
		type MaxCallBytes: Get<u32>;
		/// The heaviest call; it must fit an operational extrinsic.
		#[pallet::constant]
		type MaxCallWeight: Get<Weight>;
		/// The heaviest call that a block executes unasked.
		#[pallet::constant]
		type MaxAutomaticWeight: Get<Weight>;
		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// The origin of a call that waited in the timelock.
	#[pallet::origin]
	#[derive(
		Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
	)]
	pub enum Origin {
		/// It served this delay.
		#[codec(index = 0)]
		Delayed(Delayed),
	}

	/// How long each class of call waits.
	#[pallet::storage]
	pub type CurrentDelays<T: Config> = StorageValue<_, Delays, ValueQuery>;

	/// Queued calls and the records of those that finished lately.
	#[pallet::storage]
	pub type Entries<T: Config> = StorageMap<_, Twox64Concat, u32, EntryOf<T>>;

	/// The bytes of each call that waits.
	#[pallet::storage]
	pub type Calls<T: Config> = StorageMap<_, Twox64Concat, u32, BoundedVec<u8, T::MaxCallBytes>>;

	/// The calls that wait, in the order in which they were queued.
	#[pallet::storage]
	pub type Pending<T: Config> = StorageValue<_, BoundedVec<Waiting, T::MaxPending>, ValueQuery>;

	/// The calls that finished lately, the oldest first.
	#[pallet::storage]
	pub type Finished<T: Config> = StorageValue<_, BoundedVec<u32, T::MaxFinished>, ValueQuery>;

	/// The number of the next queued call.
	#[pallet::storage]
	pub type NextId<T: Config> = StorageValue<_, u32, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A call was queued.
		Queued {
			/// Its number.
			id: u32,
			/// Its class.
			class: DelayClass,
			/// The hash of its encoding.
			hash: T::Hash,
			/// When it becomes due, in milliseconds of chain time.
			eta: Millis,
		},
		/// The delay of a call has passed; anybody may execute it.
		Ripened {
			/// Its number.
			id: u32,
		},
		/// A call was executed.
		Executed {
			/// Its number.
			id: u32,
			/// What it returned. After an error none of its changes remain, and it is not repeated.
			result: DispatchResult,
		},
		/// The committee vetoed a call.
		Vetoed {
			/// Its number.
			id: u32,
		},
		/// A call was dropped: nobody executed it within 7 days, or the runtime was upgraded.
		Expired {
			/// Its number.
			id: u32,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such queued call.
		UnknownEntry,
		/// The call was executed, vetoed or dropped already.
		AlreadyFinished,
		/// The delay of the call has not passed yet.
		NotRipe,
		/// Too many calls wait already.
		QueueFull,
		/// The call is too long. Upgrade the runtime with `System::authorize_upgrade`.
		CallTooLong,
		/// The call is too heavy for an extrinsic.
		CallTooHeavy,
		/// This repair cannot be vetoed.
		NoVeto,
		/// The chain is restricted beyond `Watch`; a loosening waits until it is not.
		LevelTooHigh,
		/// The chain does not let the call through at present, because of safe mode or a pause.
		CallFiltered,
		/// The stored bytes are not the call that was queued.
		CallChanged,
	}

	/// The delays that the chain starts with.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// How long each class of call waits, in milliseconds; 6 h, 24 h, 48 h and 7 d by default.
		pub delays: Delays,
		#[serde(skip)]
		#[allow(missing_docs)]
		pub _config: PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			assert!(
				self.delays.are_sound(),
				"delays must grow: 0 < neutral < repair < loosen < structural"
			);
			CurrentDelays::<T>::put(self.delays);
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Execute or expire one ripe call, after the inherents and so with the time of this block.
		fn on_poll(_: BlockNumberFor<T>, meter: &mut WeightMeter) {
			Self::serve(meter);
		}

		fn integrity_test() {
			assert!(T::MaxPending::get() > 0 && T::MaxFinished::get() > 0);
			assert!(T::BlockTime::get() > 0, "the time between blocks is not zero");
			assert!(
				T::MaxAutomaticWeight::get().all_lte(T::MaxCallWeight::get()),
				"what a block executes unasked can also be executed by an extrinsic"
			);
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Queue `call` under `class`. It is executed with an origin that carries the delay of that
		/// class, so a class that is too short makes it fail. Only `Structural` calls run as Root.
		#[pallet::call_index(0)]
		#[pallet::weight((
			T::WeightInfo::queue(call.encoded_size() as u32),
			DispatchClass::Operational,
		))]
		pub fn queue(
			origin: OriginFor<T>,
			call: Box<<T as Config>::RuntimeCall>,
			class: DelayClass,
		) -> DispatchResult {
			T::QueueOrigin::ensure_origin(origin, &class)?;
			Self::do_queue(*call, class)
		}

		/// Veto the call with number `id`, queued or ripe. A repair of a detector cannot be vetoed;
		/// the entry says whether it can.
		#[pallet::call_index(1)]
		#[pallet::weight((T::WeightInfo::veto(), DispatchClass::Operational))]
		pub fn veto(origin: OriginFor<T>, id: u32) -> DispatchResult {
			T::VetoOrigin::ensure_origin(origin)?;
			Self::do_veto(id)
		}

		/// Execute the call with number `id`, whose delay has passed. Anybody may; it is free when
		/// the call was executed or found expired.
		#[pallet::call_index(2)]
		#[pallet::weight((Pallet::<T>::execute_weight(*id), DispatchClass::Operational))]
		pub fn execute(origin: OriginFor<T>, id: u32) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_execute(id)
		}

		/// Mark the call with number `id` ripe if its time has come. The scheduler calls this.
		#[pallet::call_index(3)]
		#[pallet::weight((T::WeightInfo::ripen(), DispatchClass::Operational))]
		pub fn ripen(origin: OriginFor<T>, id: u32) -> DispatchResult {
			ensure_root(origin)?;
			Self::do_ripen(id);
			Ok(())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The queued or lately finished call with this number, without its bytes.
		pub fn entry(id: u32) -> Option<EntryOf<T>> {
			Entries::<T>::get(id)
		}

		/// The bytes of the waiting call with this number.
		pub fn call_bytes(id: u32) -> Option<Vec<u8>> {
			Calls::<T>::get(id).map(BoundedVec::into_inner)
		}

		/// The calls that wait, then those that finished lately, with their numbers.
		pub fn entries() -> Vec<(u32, EntryOf<T>)> {
			let waiting = Pending::<T>::get().into_iter().map(|waiting| waiting.id);
			let ids = waiting.chain(Finished::<T>::get());
			ids.filter_map(|id| Entries::<T>::get(id).map(|entry| (id, entry))).collect()
		}

		/// How long each class of call waits.
		pub fn delays() -> Delays {
			CurrentDelays::<T>::get()
		}
	}
}
