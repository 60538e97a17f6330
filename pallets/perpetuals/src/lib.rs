//! # Perpetuals
//!
//! The exchange: markets, their order books, and the matching of orders by price and time.
//!
//! A trader's call is one operation. It opens a session at the clearing house, which holds the
//! accounts, and a write-back cache over the book; everything happens in memory; the session's
//! commit checks the trader's margin and alone can refuse; then each changed account, page and word
//! is written once.
//!
//! ```text
//!   place ──► Gate: may I? ──► price valid? ──► clip to the position, if reduce-only
//!                                                     │
//!             ┌── post-only ── would trade? refuse    ▼
//!             │                                   match inside the band ──► Filled ...
//!             ▼                                       │
//!        rest in the book ◄── rest of a limit order ──┤
//!             │                                       └── beyond the band, IOC ──► OrderCut
//!             ▼
//!        Session::commit (may refuse) ──► write the book ──► Observe: so much was traded
//! ```
//!
//! A resting order lives in a page with the other orders of 32 adjacent ticks; its id says where. A
//! limit order that rests writes its owner's account and that page, and nothing else unless it is
//! the first of its page or the best of its side.
//!
//! What the breaker denies is asked of [`breakwater_primitives::Gate`] once per operation. The band
//! of prices in it binds every trade, also those that liquidate: an order that would trade beyond it
//! is cut there, and the breaker is told. Cancelling is never denied and does not ask.
//!
//! Self-trade prevention is by owner, over all his sub-accounts; the order that comes says which of the
//! two gives way, or both, or by how much both become smaller. In an auction neither comes, and the
//! younger gives way. An order that is refused is charged no less than one that rests.
//!
//! Orders that have expired, and those that the band has left behind, leave the book when a taker
//! meets them, or when anybody cancels them, which is free. A dead man's switch cancels the orders
//! of an account that does not renew it.
//!
//! What nobody sends is done at the start of a block, before any order and within a budget; what does
//! not fit goes on in the next.
//!
//! ```text
//!   on_initialize ──► switches that lapsed ──► premiums are sampled, funding accrues
//!   on_poll ──► stop orders that wait behind others ──► auctions and batches trade at one price
//!           ──► books of settled markets are cleared
//!   a price ──► stop orders that it crosses, as far as the meter of the feed goes
//! ```
//!
//! Each has a part of the budget of its own, so none starves another. A market that is settled loses its
//! orders and stops in the same way, and is closed when it is empty and everybody is paid.
//!
//! Each has its story: `hook.rs`, `auction.rs`, `stops.rs`, `switch.rs`, `premium.rs`, `settlement.rs`;
//! [`funding`] has the formulas.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod auction;
mod books;
mod calls;
mod desk;
mod errors;
mod events;
pub mod funding;
mod hook;
mod listing;
mod market;
mod premium;
mod settlement;
mod stops;
mod switch;
mod venue;
mod view;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod check;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub mod cost;
pub mod order;
pub mod types;
pub mod weights;

pub use auction::{Drawing, CLOSING_BLOCKS, EXTENSION, MAX_EXTENSIONS};
pub use listing::MarketChange;
pub use order::{
	BatchAction, Cut, OrderKind, PlaceOrder, Reason, RestingOrder, SelfTrade, TimeInForce,
};
pub use pallet::*;
pub use premium::{PremiumState, SAMPLE_EVERY};
pub use stops::{Crossing, Nearest, StopOrder, Waiting, MAX_STOPS};
pub use switch::{Switch, MAX_SWITCH_BLOCKS};
pub use types::{
	FeeTier, FeeTiers, HotMarket, MarketInfo, MarketTerms, Mode, NewMarket, Phase, Status, Symbol,
	Tier,
};
pub use view::MAX_LEVELS;
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;

#[import_section(events::events)]
#[import_section(errors::errors)]
#[import_section(calls::calls)]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::{
		cost::Work,
		desk::Desk,
		stops::{AccountStops, Looked},
		switch::Bin,
		types::MAX_BATCH,
	};
	use alloc::{boxed::Box, vec::Vec};
	use breakwater_core::{
		page::Page,
		store::{PageKey, Word, WordKey},
		trigger::TriggerPage,
	};
	use breakwater_primitives::{
		api::{AuctionPrice, Depth, DryRun, FundingStatus, LevelOrder},
		AccountRef, Clearing, ClientId, Gate, Lots, MarketId, Millis, Observe, OrderId, Permission,
		Side, SignedPpm, Ticks, MAX_MARKETS,
	};
	use frame_support::{pallet_prelude::*, traits::UnixTime, weights::WeightMeter};
	use frame_system::pallet_prelude::*;

	/// The version of this pallet's storage.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the exchange needs of the runtime.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Weights of the calls.
		type WeightInfo: WeightInfo;
		/// Who may create a market or loosen its terms. It adds risk, so the runtime wires the timelock here.
		type ListOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Who may deny risk in a market: the committee, at once.
		type TightenOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Who may change what neither adds nor denies risk, such as fees: the timelock, after a delay
		/// in which people can leave.
		type ChangeOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// The clearing house.
		type Clearing: Clearing<Self::AccountId>;
		/// The restriction in force.
		type Gate: Gate;
		/// Who is told what was traded.
		type Observe: Observe;
		/// Chain time.
		type Time: UnixTime;
		/// How old a price may be for orders that open, in milliseconds.
		#[pallet::constant]
		type PriceAgeLimit: Get<Millis>;
		/// The most resting orders that the takers of one call may fill.
		#[pallet::constant]
		type MaxFills: Get<u16>;
		/// The most resting orders that the takers of one call may remove on their way: expired
		/// ones, those that the band has left behind, their own, and those whose owner cannot carry
		/// them.
		#[pallet::constant]
		type MaxRemovals: Get<u16>;
		/// What the exchange may take of a block for what nobody sends: auctions, stop orders, lapsed
		/// switches.
		#[pallet::constant]
		type HookWeight: Get<Weight>;
		/// What benchmarks need of the pallets around.
		#[cfg(feature = "runtime-benchmarks")]
		type Scene: breakwater_primitives::benchmarking::Scene<Self::AccountId>;
	}

	/// The terms of each market.
	#[pallet::storage]
	pub type Terms<T: Config> = StorageMap<
		Hasher = Identity,
		Key = MarketId,
		Value = MarketTerms,
		MaxValues = ConstU32<{ MAX_MARKETS as u32 }>,
	>;

	/// Best prices, last trade and flow of each market. Absent for a market in which nothing rests
	/// and nothing was ever traded.
	#[pallet::storage]
	pub type Hot<T: Config> = StorageMap<
		Hasher = Identity,
		Key = MarketId,
		Value = HotMarket,
		QueryKind = ValueQuery,
		MaxValues = ConstU32<{ MAX_MARKETS as u32 }>,
	>;

	/// The resting orders, one page for each bucket of 32 adjacent ticks of a side of a market.
	/// The key is 8 bytes, big-endian: market (2), kind (1), bucket, or tick for overflow pages (4),
	/// chunk (1).
	// Identity is safe: keys are short, and made of what the pallet assigns or bounds.
	#[pallet::storage]
	pub type Pages<T: Config> = StorageMap<Hasher = Identity, Key = PageKey, Value = Page>;

	/// The bitmap over the pages: which buckets have orders. The key is 8 bytes, big-endian: market
	/// (2), kind (1), place of the word (4), level (1).
	#[pallet::storage]
	pub type Words<T: Config> = StorageMap<Hasher = Identity, Key = WordKey, Value = Word>;

	/// How many markets there are. Markets are numbered from 0.
	#[pallet::storage]
	pub type MarketCount<T: Config> = StorageValue<Value = u16, QueryKind = ValueQuery>;

	/// How many orders came to rest in this block so far, modulo 65536. It tells orders of one
	/// extrinsic apart and is removed at the end of the block.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Numbered<T: Config> = StorageValue<Value = u16, QueryKind = ValueQuery>;

	/// The stop orders of each account that has some.
	#[pallet::storage]
	pub type Stops<T: Config> = StorageMap<
		Hasher = Identity,
		Key = AccountRef,
		Value = AccountStops,
		QueryKind = ValueQuery,
	>;

	/// The triggers of stop orders, one page and more for each 256 adjacent ticks. The key is that of
	/// `Pages`.
	#[pallet::storage]
	pub type StopPages<T: Config> =
		StorageMap<Hasher = Identity, Key = PageKey, Value = TriggerPage>;

	/// The bitmap over the pages of stop orders. The key is that of `Words`.
	#[pallet::storage]
	pub type StopWords<T: Config> = StorageMap<Hasher = Identity, Key = WordKey, Value = Word>;

	/// The stop orders of each market that fire first.
	#[pallet::storage]
	pub type NearestStops<T: Config> = StorageMap<
		Hasher = Identity,
		Key = MarketId,
		Value = Nearest,
		QueryKind = ValueQuery,
		MaxValues = ConstU32<{ MAX_MARKETS as u32 }>,
	>;

	/// The markets in which stop orders wait that the mark price has crossed, one bit each.
	#[pallet::storage]
	pub type StopBacklog<T: Config> = StorageValue<Value = u64, QueryKind = ValueQuery>;

	/// The markets that are being settled, one bit each: their books are cleared, and they are closed
	/// once everybody is paid.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Settling<T: Config> = StorageValue<Value = u64, QueryKind = ValueQuery>;

	/// Samples of the premium and the clock of funding, by market.
	#[pallet::storage]
	pub type Premiums<T: Config> = StorageMap<
		Hasher = Identity,
		Key = MarketId,
		Value = PremiumState,
		QueryKind = ValueQuery,
		MaxValues = ConstU32<{ MAX_MARKETS as u32 }>,
	>;

	/// The market whose premium is looked at next, where there are more than one block looks at.
	#[pallet::storage]
	pub type FundingCursor<T: Config> = StorageValue<Value = u16, QueryKind = ValueQuery>;

	/// The markets whose auctions or batches are looked at in every block, one bit each.
	#[pallet::storage]
	pub type Auctioning<T: Config> = StorageValue<Value = u64, QueryKind = ValueQuery>;

	/// What decides where the orders of one block begin to trade, in each market of frequent batches that
	/// trades at present.
	#[pallet::storage]
	pub type Draws<T: Config> = StorageMap<
		Hasher = Identity,
		Key = MarketId,
		Value = Drawing,
		MaxValues = ConstU32<{ MAX_MARKETS as u32 }>,
	>;

	/// The price at which the orders collected for each auction would trade, as at the start of the block.
	#[pallet::storage]
	pub type Indications<T: Config> = StorageMap<
		Hasher = Identity,
		Key = MarketId,
		Value = Ticks,
		MaxValues = ConstU32<{ MAX_MARKETS as u32 }>,
	>;

	/// The dead man's switch of each account that has set one.
	#[pallet::storage]
	pub type Switches<T: Config> = StorageMap<Hasher = Identity, Key = AccountRef, Value = Switch>;

	/// The accounts whose switches are looked at in the eight blocks of a bin, by its number.
	#[pallet::storage]
	pub type Lapsing<T: Config> =
		StorageMap<Hasher = Identity, Key = u32, Value = Bin, QueryKind = ValueQuery>;

	/// The first bin of switches that has not been looked at.
	#[pallet::storage]
	pub type NextBin<T: Config> = StorageValue<Value = u32, QueryKind = ValueQuery>;

	/// The markets with which the chain starts.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// The markets, in the order of their numbers.
		pub markets: Vec<NewMarket>,
		/// Nothing.
		#[serde(skip)]
		pub _config: PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for market in &self.markets {
				// Runs only where a chain spec is made, never in a block, and has no other way to
				// refuse: a chain must not start without a market that its spec names.
				if let Err(error) = Pallet::<T>::do_create_market(market) {
					panic!("market {:?} of the chain spec is refused: {error:?}", market.symbol);
				}
			}
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			let spent = Self::begin_block();
			T::WeightInfo::block(MarketCount::<T>::get().into()).saturating_add(spent)
		}

		/// Before all transactions but after the inherents, so that prices are judged by the time of
		/// this block: after an outage nothing trades as if no time had passed.
		fn on_poll(_: BlockNumberFor<T>, meter: &mut WeightMeter) {
			Self::poll_block(meter);
		}

		fn on_finalize(_: BlockNumberFor<T>) {
			Numbered::<T>::kill();
		}

		fn integrity_test() {
			assert!(T::MaxFills::get() > 0, "a taker must be able to fill an order");
			assert!(T::MaxRemovals::get() > 0, "a taker must be able to pass an expired order");
			Self::check_parts();
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The best `levels` levels of both sides of a book, 64 at the most.
		pub fn depth(market: MarketId, levels: u32) -> Depth {
			Self::book_depth(market, levels)
		}

		/// Best prices, last trade and flow of a market.
		pub fn best(market: MarketId) -> HotMarket {
			Hot::<T>::get(market)
		}

		/// All markets, with their terms, best prices and flow.
		pub fn market_list() -> Vec<MarketInfo> {
			Self::list_markets()
		}

		/// The resting orders of the account that `key` may use under `sub`.
		pub fn open_orders(key: T::AccountId, sub: u8) -> Vec<RestingOrder> {
			Self::orders_of_key(&key, sub)
		}

		/// The orders that rest at a price of a market, oldest first, 256 at the most.
		pub fn level(market: MarketId, side: Side, price: Ticks) -> Vec<LevelOrder> {
			Self::level_orders(market, side, price)
		}

		/// The price at which the orders collected for an auction would trade now; `None` outside
		/// auctions and where nothing would trade.
		pub fn indicative(market: MarketId) -> Option<AuctionPrice> {
			Self::indicative_price(market)
		}

		/// Funding of a market now and in the next hour.
		pub fn funding(market: MarketId) -> Option<FundingStatus> {
			Self::funding_of(market)
		}

		/// The stop orders of the account that `key` may use under `sub`.
		pub fn stop_orders(key: T::AccountId, sub: u8) -> Vec<Waiting> {
			Self::stops_of_key(&key, sub)
		}

		/// What an order would do now, without doing it: its fills, fees and rest, or why it is
		/// refused.
		pub fn dry_run(
			key: T::AccountId,
			sub: u8,
			order: PlaceOrder,
		) -> Result<DryRun, DispatchError> {
			Self::run_dry(&key, sub, &order, || (None, 0))
		}
	}
}
