//! # Price guard
//!
//! Turns what feeders report into prices that may be traded and liquidated on, and says how far each
//! may be trusted.
//!
//! pallet-oracle carries the reports: one signed feed per feeder and block, the latest value of each
//! kept. What counts is decided here.
//!
//! ```text
//!   feeder --feed--> pallet-oracle --raw values--> GuardedMedian
//!                                                       | drop the old, median, quorum, dispersion
//!                                                       v
//!   book (Quotes) --bid, ask, last--> guard: jump held until confirmed
//!                                            index, mark, stable, price for longs, for shorts
//!                                                       |
//!                                                       +--OnPrice--> breaker, clearing, exchange
//! ```
//!
//! **Index.** The median of the fresh reports; of an even number, the mean of the two in the middle,
//! rounded down. With three or more reports and one liar the median lies between honest reports. No
//! feeder can veto: dispersion is the narrowest spread that holds a quorum, so one wild report among
//! four neither moves the index outside the others' range nor makes it Degraded.
//!
//! **Jumps.** An index that moved too far at once is held back as Unconfirmed. It becomes the index
//! when a quorum of reports made later agree on it; after thirty seconds without that it is taken as
//! Degraded. While it waits, longs are examined at the higher and shorts at the lower of the
//! old and the new price, so that only who fails under both is liquidated.
//!
//! **Mark** (`mark`). The median of the index, the index with the slow premium of the book's
//! impact prices, and the book itself, never further from the index than the clamp; in an auction the
//! indicative price speaks for the book, in a freeze the mark is the index. **Stable** follows the
//! index at a bounded speed and only while that is Valid.
//!
//! **Lost quorum.** With fewer reports than a quorum the index is Degraded and stays within one jump of
//! the last Valid one; further away it waits, Unconfirmed, for as long as the quorum is lost.
//!
//! **Silence** (`silence`). Staleness is evaluated by whoever reads
//! ([`breakwater_primitives::Prices::validity_at`]): a feed that stops needs nobody to notice. A hook
//! then moves the prices at which positions are examined, so that each side has the benefit of what
//! the book says.
//!
//! **Settlement** ([`average`]). For each market the average of the Valid index over the last hour is
//! kept, and held as it was before the market came to level 2: the price at which it is settled, if it
//! comes to that, is known before anybody decides on it.
//!
//! | validity | longs are examined at (shorts: min) | |
//! |---|---|---|
//! | Valid | mark | |
//! | Degraded | max(mark, last Valid index of ten minutes) | too few or scattered reports |
//! | Unconfirmed | max(mark, the price that waits) | a jump of less than 30 seconds |
//! | Stale | max(last mark, last index, book's average within 5 %) | no reports |
//! | Invalid | not at all | ten minutes without reports |
//! | frozen market | the prices of before the freeze | counts for other legs only |

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod average;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod compute;
mod cost;
mod feed;
mod mark;
mod round;
mod silence;
mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use round::GuardedMedian;
pub use types::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use average::Hour;
	use breakwater_primitives::{
		Gate, MarketId, OnPrice, Ppm, Prices, Quotes, ReferencePrice, SettlementPrice, Ticks,
		Validity, MAX_MARKETS,
	};
	use frame_support::{
		pallet_prelude::*,
		traits::{Contains, UnixTime},
		weights::WeightMeter,
	};
	use frame_system::pallet_prelude::*;
	use sp_runtime::traits::Convert;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(3);

	/// One feeder's prices: markets and ticks.
	pub type Feed = BoundedVec<(MarketId, Ticks), ConstU32<{ MAX_MARKETS as u32 }>>;

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config:
		frame_system::Config + pallet_oracle::Config<OracleKey = MarketId, OracleValue = Ticks>
	{
		/// The clock; the same as pallet-oracle's.
		type Time: UnixTime;
		/// The markets that exist.
		type Markets: Contains<MarketId>;
		/// Where the book is read for the mark price.
		type Quotes: Quotes;
		/// Restrictions in force: what the book says counts otherwise in an auction, and not at all
		/// in a freeze.
		type Gate: Gate;
		/// Who is told about prices.
		type OnPrice: OnPrice;
		/// What those who are told may use per feed, shared evenly by its markets. What does not
		/// fit waits for their hooks.
		#[pallet::constant]
		type OnPriceLimit: Get<Weight>;
		/// The maintenance margin fraction of a small position in a market. The book may move the mark
		/// by half of it at the most, or who moves it could have others liquidated.
		type Maintenance: Convert<MarketId, Ppm>;
		/// Who may change how reports are judged: the timelock.
		type LoosenOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Weights of the calls and of the hook.
		type WeightInfo: WeightInfo;
		/// What benchmarks need of the pallets around.
		#[cfg(feature = "runtime-benchmarks")]
		type Scene: breakwater_primitives::benchmarking::Scene<Self::AccountId>;
	}

	/// What is known about each market's price.
	#[pallet::storage]
	pub type Guards<T> = StorageMap<_, Identity, MarketId, Guard, ValueQuery>;

	/// Markets with a price, whose silence is watched for.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Watched<T> = StorageValue<_, Watch, ValueQuery>;

	/// How each market's reports are judged. A market without an entry has tier A.
	#[pallet::storage]
	pub type Params<T> = StorageMap<_, Identity, MarketId, GuardParams, ValueQuery>;

	/// The last hour of each market's Valid index by minutes, for the price of a settlement.
	#[pallet::storage]
	pub type Averages<T> = StorageMap<_, Identity, MarketId, Hour, ValueQuery>;

	/// Parameters with which the chain starts.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// The parameters of markets that do not have those of tier A.
		pub params: Vec<(MarketId, GuardParams)>,
		#[serde(skip)]
		#[doc(hidden)]
		pub _config: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for (market, params) in &self.params {
				assert!(params.is_valid(), "guard parameters out of range for {market:?}");
				Params::<T>::insert(market, params);
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A market's price is now trusted more or less than before.
		ValidityChanged {
			/// The market.
			market: MarketId,
			/// Before.
			from: Validity,
			/// Now.
			to: Validity,
			/// How many fresh reports there were; none when it is their absence that counts.
			reports: u8,
			/// The narrowest spread that holds a quorum of them, in parts per million.
			dispersion: breakwater_primitives::Ppm,
		},
		/// The reports jumped; the new price waits until a later round confirms it.
		JumpHeld {
			/// The market.
			market: MarketId,
			/// The index that stays in force.
			index: Ticks,
			/// The median that waits.
			pending: Ticks,
		},
		/// How a market's reports are judged changed.
		ParamsSet {
			/// The market.
			market: MarketId,
			/// Before.
			from: GuardParams,
			/// After.
			to: GuardParams,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// Only feeders report prices.
		NotFeeder,
		/// There is no such market.
		UnknownMarket,
		/// Zero is not a price.
		ZeroPrice,
		/// A feed names each market once.
		DuplicateMarket,
		/// A feeder reports once per block.
		AlreadyFedThisBlock,
		/// A feed names at least one market, and not more than the oracle takes at once.
		WrongNumberOfPrices,
		/// A parameter is out of its range.
		InvalidParams,
		/// The book may move the mark by half the market's lowest maintenance margin at the most.
		ClampTooWide,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Notice markets without reports, and move the prices at which their positions are
		/// examined. It comes after the inherents and so with the time of this block.
		fn on_poll(_: BlockNumberFor<T>, meter: &mut WeightMeter) {
			Self::listen(meter);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Report prices, in ticks of each market. For feeders, once per block, free of charge. The
		/// prices of the markets named are computed at once, and whatever follows from them happens
		/// in the same call: restrictions, and liquidations as far as there is room.
		#[pallet::call_index(0)]
		#[pallet::weight((
			cost::feed::<T>(prices.len() as u32).saturating_add(T::OnPriceLimit::get()),
			DispatchClass::Operational,
		))]
		pub fn feed(origin: OriginFor<T>, prices: Feed) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_feed(who, prices)
		}

		/// Set how a market's reports are judged. It applies from the next report on.
		#[pallet::call_index(1)]
		#[pallet::weight((<T as Config>::WeightInfo::set_params(), DispatchClass::Operational))]
		pub fn set_params(
			origin: OriginFor<T>,
			market: MarketId,
			params: GuardParams,
		) -> DispatchResult {
			T::LoosenOrigin::ensure_origin(origin)?;
			ensure!(T::Markets::contains(&market), Error::<T>::UnknownMarket);
			ensure!(params.is_valid(), Error::<T>::InvalidParams);
			let most = T::Maintenance::convert(market).0 / 2;
			ensure!(params.mark_clamp.0 <= most, Error::<T>::ClampTooWide);
			let from = Params::<T>::get(market);
			Params::<T>::insert(market, params);
			Self::deposit_event(Event::ParamsSet { market, from, to: params });
			Ok(())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The prices of a market as last computed, with the validity that they have now.
		pub fn prices(market: MarketId) -> Prices {
			let prices = Guards::<T>::get(market).prices;
			let limit = Params::<T>::get(market).age_limit;
			Prices { validity: prices.validity_at(Self::now(), limit), ..prices }
		}

		/// The price at which a market would be settled: the average of its Valid index in the hour
		/// before it first came to level 2 in the incident under way, or in the last hour.
		pub fn settlement_price(market: MarketId) -> Option<ReferencePrice> {
			<Self as SettlementPrice>::settlement_price(market)
		}
	}
}
