//! A runtime with this pallet, the real scheduler and preimage pallets, batches, and a pallet whose
//! calls demand delays.

use crate::{self as pallet_timelock, class, EnsureClass, HOUR};
use breakwater_primitives::{governance::DelayClass, Level, Millis};
use core::time::Duration;
use frame_support::{
	derive_impl, ord_parameter_types, parameter_types,
	traits::{
		ConstU32, Contains, EnsureOriginWithArg, EqualPrivilegeOnly, Get, OnInitialize, OnPoll,
		UnixTime,
	},
	weights::{Weight, WeightMeter},
};
use frame_system::{EnsureRoot, EnsureSignedBy, RawOrigin};
use sp_runtime::BuildStorage;
use sp_version::RuntimeVersion;

/// Calls as they are found all over a chain: each with the origin that it demands.
#[frame_support::pallet]
pub mod target {
	use breakwater_primitives::Delayed;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		type NeutralOrigin: EnsureOrigin<Self::RuntimeOrigin, Success = Delayed>;
		type RepairOrigin: EnsureOrigin<Self::RuntimeOrigin, Success = Delayed>;
		type LoosenOrigin: EnsureOrigin<Self::RuntimeOrigin, Success = Delayed>;
		type StructuralOrigin: EnsureOrigin<Self::RuntimeOrigin, Success = Delayed>;
	}

	/// What was done, in order.
	#[pallet::storage]
	#[pallet::unbounded]
	pub type Done<T: Config> = StorageValue<_, Vec<(u8, Option<Delayed>)>, ValueQuery>;

	#[pallet::error]
	pub enum Error<T> {
		Refused,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		#[pallet::call_index(0)]
		#[pallet::weight(Weight::from_parts(1_000, 0))]
		pub fn neutral(origin: OriginFor<T>) -> DispatchResult {
			let delayed = T::NeutralOrigin::ensure_origin(origin)?;
			Done::<T>::append((0, Some(delayed)));
			Ok(())
		}
		#[pallet::call_index(1)]
		#[pallet::weight(Weight::from_parts(1_000, 0))]
		pub fn repair(origin: OriginFor<T>) -> DispatchResult {
			let delayed = T::RepairOrigin::ensure_origin(origin)?;
			Done::<T>::append((1, Some(delayed)));
			Ok(())
		}
		#[pallet::call_index(2)]
		#[pallet::weight(Weight::from_parts(1_000, 0))]
		pub fn loosen(origin: OriginFor<T>) -> DispatchResult {
			let delayed = T::LoosenOrigin::ensure_origin(origin)?;
			Done::<T>::append((2, Some(delayed)));
			Ok(())
		}
		#[pallet::call_index(3)]
		#[pallet::weight(Weight::from_parts(1_000, 0))]
		pub fn structural(origin: OriginFor<T>) -> DispatchResult {
			let delayed = T::StructuralOrigin::ensure_origin(origin)?;
			Done::<T>::append((3, Some(delayed)));
			Ok(())
		}
		#[pallet::call_index(4)]
		#[pallet::weight(Weight::from_parts(1_000, 0))]
		pub fn root_only(origin: OriginFor<T>) -> DispatchResult {
			ensure_root(origin)?;
			Done::<T>::append((4, None::<Delayed>));
			Ok(())
		}
		#[pallet::call_index(5)]
		#[pallet::weight(Weight::from_parts(1_000, 0))]
		pub fn refuse(origin: OriginFor<T>) -> DispatchResult {
			T::NeutralOrigin::ensure_origin(origin)?;
			Done::<T>::append((5, None::<Delayed>));
			Err(Error::<T>::Refused.into())
		}
		/// Declares `declared` and uses `used`.
		#[pallet::call_index(6)]
		#[pallet::weight(*declared)]
		pub fn heavy(
			origin: OriginFor<T>,
			declared: Weight,
			used: Weight,
		) -> DispatchResultWithPostInfo {
			T::NeutralOrigin::ensure_origin(origin)?;
			Done::<T>::append((6, None::<Delayed>));
			let _ = declared;
			Ok(Some(used).into())
		}
	}
}

type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Preimage: pallet_preimage,
		Scheduler: pallet_scheduler,
		Utility: pallet_utility,
		Timelock: pallet_timelock,
		Target: target,
	}
);

pub const ANYONE: u64 = 9;
pub const COUNCIL: u64 = 1;
/// Two thirds of the council: what a repair demands.
pub const LARGE_COUNCIL: u64 = 2;
pub const COMMITTEE: u64 = 3;
pub const START: Millis = 1_600_000_000_000;
/// Blocks of a minute keep the tests short.
pub const BLOCK: Millis = 60_000;
pub const BLOCKS_PER_HOUR: u64 = HOUR / BLOCK;

parameter_types! {
	pub static Now: Millis = START;
	pub static ChainLevel: Level = Level::Normal;
	pub static Spec: u32 = 1;
	pub static SafeMode: bool = false;
	pub const BlockTime: Millis = BLOCK;
	pub const MaxCallWeight: Weight = Weight::from_parts(1_000_000_000, 1_000_000);
	pub const MaxAutomaticWeight: Weight = Weight::from_parts(200_000_000, 100_000);
	pub MaximumSchedulerWeight: Weight = Weight::from_parts(1_000_000_000_000, u64::MAX);
}
ord_parameter_types! {
	pub const Committee: u64 = COMMITTEE;
}

pub struct Version;
impl Get<RuntimeVersion> for Version {
	fn get() -> RuntimeVersion {
		RuntimeVersion { spec_version: Spec::get(), ..Default::default() }
	}
}

pub struct Filter;
impl Contains<RuntimeCall> for Filter {
	fn contains(call: &RuntimeCall) -> bool {
		!SafeMode::get() || !matches!(call, RuntimeCall::Target(_))
	}
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type BaseCallFilter = Filter;
	type Version = Version;
}

impl pallet_preimage::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = ();
	type Currency = ();
	type ManagerOrigin = EnsureRoot<u64>;
	type Consideration = ();
}

impl pallet_scheduler::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeOrigin = RuntimeOrigin;
	type PalletsOrigin = OriginCaller;
	type RuntimeCall = RuntimeCall;
	type MaximumWeight = MaximumSchedulerWeight;
	type ScheduleOrigin = EnsureRoot<u64>;
	type OriginPrivilegeCmp = EqualPrivilegeOnly;
	type MaxScheduledPerBlock = ConstU32<2>;
	type WeightInfo = ();
	type Preimages = Preimage;
	type BlockNumberProvider = System;
}

impl pallet_utility::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type PalletsOrigin = OriginCaller;
	type WeightInfo = ();
}

/// The council queues anything but repairs, two thirds of it those as well.
pub struct Council;
impl EnsureOriginWithArg<RuntimeOrigin, DelayClass> for Council {
	type Success = ();
	fn try_origin(origin: RuntimeOrigin, class: &DelayClass) -> Result<(), RuntimeOrigin> {
		match origin.clone().into() {
			Ok(RawOrigin::Signed(LARGE_COUNCIL)) => Ok(()),
			Ok(RawOrigin::Signed(COUNCIL)) if *class != DelayClass::Repair => Ok(()),
			_ => Err(origin),
		}
	}
}

pub struct Clock;
impl UnixTime for Clock {
	fn now() -> Duration {
		Duration::from_millis(Now::get())
	}
}

/// Only what repairs.
pub struct Repairs;
impl Contains<RuntimeCall> for Repairs {
	fn contains(call: &RuntimeCall) -> bool {
		matches!(call, RuntimeCall::Target(target::Call::repair {}))
	}
}

impl crate::Config for Test {
	type RuntimeOrigin = RuntimeOrigin;
	type RuntimeCall = RuntimeCall;
	type PalletsOrigin = OriginCaller;
	type Scheduler = Scheduler;
	type Time = Clock;
	type ChainLevel = ChainLevel;
	type QueueOrigin = Council;
	type BeyondVeto = Repairs;
	type VetoOrigin = EnsureSignedBy<Committee, u64>;
	type BlockTime = BlockTime;
	type MaxPending = ConstU32<32>;
	type MaxFinished = ConstU32<4>;
	type MaxCallBytes = ConstU32<1024>;
	type MaxCallWeight = MaxCallWeight;
	type MaxAutomaticWeight = MaxAutomaticWeight;
	type WeightInfo = ();
}

impl target::Config for Test {
	type NeutralOrigin = EnsureClass<Test, class::Neutral>;
	type RepairOrigin = EnsureClass<Test, class::Repair>;
	type LoosenOrigin = EnsureClass<Test, class::Loosen>;
	type StructuralOrigin = EnsureClass<Test, class::Structural>;
}

/// One more block after `millis`: hooks in the order of a real block, where the scheduler still sees
/// the time of the block before.
pub fn next_block_after(millis: Millis, limit: Weight) {
	let number = System::block_number() + 1;
	System::set_block_number(number);
	System::reset_events();
	<AllPalletsWithSystem as OnInitialize<u64>>::on_initialize(number);
	Now::mutate(|now| *now += millis);
	let mut meter = WeightMeter::with_limit(limit);
	<AllPalletsWithSystem as OnPoll<u64>>::on_poll(number, &mut meter);
}

/// `blocks` more blocks at their expected time.
pub fn run(blocks: u64) {
	for _ in 0..blocks {
		next_block_after(BLOCK, Weight::MAX);
	}
}

/// `blocks` more blocks that have no room for hooks.
pub fn run_full(blocks: u64) {
	for _ in 0..blocks {
		next_block_after(BLOCK, Weight::zero());
	}
}

#[derive(Default)]
pub struct ExtBuilder {
	delays: crate::Delays,
}

impl ExtBuilder {
	pub fn delays(mut self, delays: crate::Delays) -> Self {
		self.delays = delays;
		self
	}

	pub fn build(self) -> sp_io::TestExternalities {
		Now::set(START);
		ChainLevel::set(Level::Normal);
		Spec::set(1);
		SafeMode::set(false);
		let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		crate::GenesisConfig::<Test> { delays: self.delays, ..Default::default() }
			.assimilate_storage(&mut storage)
			.unwrap();
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Timelock::do_try_state().unwrap();
		});
	}
}
