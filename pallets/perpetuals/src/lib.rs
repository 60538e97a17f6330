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
mod desk;
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

#[cfg(any(feature = "std", feature = "try-runtime"))]
mod check;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

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

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::{desk::Desk, stops::AccountStops, switch::Bin, types::MAX_BATCH, weights::Work};
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

	/// What happened. From `OrderPlaced`, `OrderReduced`, `Filled`, `AuctionFilled`,
	/// `OrderRemoved` and `OrderCancelled` the books can be rebuilt.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A market was created.
		MarketCreated {
			/// Its number.
			market: MarketId,
			/// Its symbol.
			symbol: Symbol,
		},
		/// The terms of a market changed.
		MarketUpdated {
			/// The market.
			market: MarketId,
			/// Its terms now.
			terms: MarketTerms,
		},
		/// An order came to rest in the book, with what was not filled at once.
		OrderPlaced {
			/// Its id: market, side, price and place in time.
			id: OrderId,
			/// Whose it is.
			account: AccountRef,
			/// The trader's own number for it; zero means none.
			client: ClientId,
			/// Lots that rest.
			lots: Lots,
			/// Whether it may only reduce a position.
			reduce_only: bool,
			/// When it expires, in seconds since the Unix epoch; 0 means never.
			expiry: u32,
		},
		/// A trade. The maker's order has so many lots less; without lots left it is gone.
		Filled {
			/// The market.
			market: MarketId,
			/// The price, in ticks.
			price: Ticks,
			/// The size, in lots.
			lots: Lots,
			/// Who took.
			taker: AccountRef,
			/// Whether the taker bought (`Bid`) or sold (`Ask`).
			taker_side: Side,
			/// Whose order rested.
			maker: AccountRef,
			/// The order that rested.
			maker_order: OrderId,
		},
		/// What was left of a resting order left the book, although nobody cancelled it.
		OrderRemoved {
			/// The order.
			id: OrderId,
			/// Whose it was.
			account: AccountRef,
			/// Lots that were left.
			lots: Lots,
			/// Why.
			reason: Reason,
		},
		/// A resting order was cancelled by its owner.
		OrderCancelled {
			/// The order.
			id: OrderId,
			/// Whose it was.
			account: AccountRef,
			/// Lots that were left.
			lots: Lots,
		},
		/// Part of a new order, or all of it, was cancelled instead of traded or rested.
		OrderCut {
			/// The market.
			market: MarketId,
			/// Whose order it was.
			account: AccountRef,
			/// The trader's own number for it; zero means none.
			client: ClientId,
			/// Lots that were cancelled.
			lots: Lots,
			/// Why.
			reason: Cut,
		},
		/// A resting order was made smaller and keeps its place in time.
		OrderReduced {
			/// The order.
			id: OrderId,
			/// Whose it is.
			account: AccountRef,
			/// Lots that are left.
			lots: Lots,
		},
		/// The dead man's switch of an account was set, renewed or switched off.
		SwitchSet {
			/// The account.
			account: AccountRef,
			/// The block from which on its orders are cancelled; `None` when it is off.
			lapses: Option<u32>,
		},
		/// The dead man's switch of an account was not renewed: its orders are cancelled.
		SwitchLapsed {
			/// The account.
			account: AccountRef,
			/// How many orders that were.
			orders: u32,
		},
		/// A stop order waits for the mark price.
		StopPlaced {
			/// Whose it is.
			account: AccountRef,
			/// Its slot, by which it is cancelled.
			slot: u8,
			/// The market.
			market: MarketId,
			/// On which side of the trigger it fires.
			when: Crossing,
			/// The mark price at which it fires.
			trigger: Ticks,
		},
		/// A stop order was cancelled by its owner.
		StopCancelled {
			/// Whose it was.
			account: AccountRef,
			/// Its slot.
			slot: u8,
		},
		/// The mark price came to a stop order: its order is placed now.
		StopFired {
			/// Whose it was.
			account: AccountRef,
			/// Its slot.
			slot: u8,
			/// The market.
			market: MarketId,
		},
		/// The order of a stop that fired was refused. The stop is gone.
		StopFailed {
			/// Whose it was.
			account: AccountRef,
			/// Its slot.
			slot: u8,
			/// The market.
			market: MarketId,
			/// Why.
			error: DispatchError,
		},
		/// The funding of the market's next hour.
		FundingRate {
			/// The market.
			market: MarketId,
			/// The mean premium of the hour before, in parts per million.
			premium: SignedPpm,
			/// What longs pay shorts for 8 hours, in parts per million of notional value; negative
			/// where shorts pay.
			rate: SignedPpm,
		},
		/// Orders of the market are collected for an auction from now on.
		AuctionBegan {
			/// The market.
			market: MarketId,
		},
		/// The auction would have traded too far from the index, and goes on.
		AuctionExtended {
			/// The market.
			market: MarketId,
			/// The price at which it would have traded.
			price: Ticks,
			/// How often it was extended, with this time.
			extensions: u8,
			/// When it may end at the earliest, in milliseconds of chain time.
			until: Millis,
		},
		/// The orders collected for an auction, or a batch, trade at this price now.
		AuctionPriced {
			/// The market.
			market: MarketId,
			/// The price of every trade.
			price: Ticks,
			/// What would trade if everybody can carry it, in lots.
			lots: Lots,
			/// What the bids that would trade want more than the asks offer, in lots; negative where
			/// the asks are more.
			imbalance: i64,
			/// Whether every order that matters was looked at. If not, another price might trade more.
			complete: bool,
		},
		/// A trade of an auction. Both orders rested, and each has so many lots less; without lots left
		/// it is gone.
		AuctionFilled {
			/// The market.
			market: MarketId,
			/// The price, which is that of every trade of the auction.
			price: Ticks,
			/// The size, in lots.
			lots: Lots,
			/// The order that buys.
			bid: OrderId,
			/// Who buys.
			buyer: AccountRef,
			/// The order that sells.
			ask: OrderId,
			/// Who sells.
			seller: AccountRef,
		},
		/// An auction has traded all that it could at its price; orders are matched again, or the next
		/// batch collected.
		AuctionEnded {
			/// The market.
			market: MarketId,
			/// Its price; zero where nothing crossed.
			price: Ticks,
		},
		// Settlement.
		/// A market is settled: nothing trades there again, and its orders and stops are cancelled.
		MarketSettling {
			/// The market.
			market: MarketId,
		},
		/// A settled market is empty and everybody is paid.
		MarketClosed {
			/// The market.
			market: MarketId,
		},
	}

	/// Why a call was refused. A refused call changes nothing.
	#[pallet::error]
	pub enum Error<T> {
		/// There is no market of this number.
		MarketNotFound,
		/// A price is from 1 tick to 4294967295 ticks.
		InvalidPrice,
		/// An order for nothing.
		ZeroLots,
		/// The order is smaller than the market's smallest. An order that may only reduce a position is
		/// taken if it does not rest, or closes the whole position.
		BelowMinimum,
		/// The order is larger than the market's largest. An order that may only reduce a position may
		/// have up to 2^40 lots.
		AboveMaximum,
		/// The order would expire before it is placed. The time is in seconds since the Unix epoch.
		ExpiryInPast,
		/// A reduce-only order needs a position that it reduces.
		NothingToReduce,
		/// A post-only order must not cross the best price of the other side.
		PostOnlyWouldTrade,
		/// The order would rest beyond the prices at which trades may happen at present.
		PriceOutsideBand,
		/// Not all of a fill-or-kill order could be filled at once within its limit.
		FillOrKillUnfilled,
		/// As many orders rest at this price as the book takes.
		BookFull,
		/// The market's price is too old or disputed for orders that open a position. Orders that
		/// only reduce one are accepted.
		PriceNotValid,
		/// A restriction on the market or the chain denies this order.
		ActionDenied,
		/// The market is at level 2, Guarded: positions are opened by limit and post-only orders
		/// only.
		MarketGuarded,
		/// The market is at level 3, ReduceOnly: only post-only orders open positions.
		MarketReduceOnly,
		/// The market is at level 4, Auction, or trades in frequent batches: only orders that may rest are
		/// taken, and none while it trades.
		MarketInAuction,
		/// The market is at level 5, Freeze: nothing trades.
		MarketFrozen,
		/// The market is at level 6, Settle: it is being wound down.
		MarketSettling,
		/// No such order rests; it may have been filled.
		OrderNotFound,
		/// The order belongs to another account, has not expired and may still trade.
		NotYourOrder,
		/// All orders placed by one batch must be in one market. Cancellations may be in any.
		BatchMixesMarkets,
		/// There are as many markets as the chain lists.
		TooManyMarkets,
		/// A symbol has 1 to 16 printable ASCII characters without spaces.
		InvalidSymbol,
		/// Another market has this symbol.
		SymbolTaken,
		/// One tick times one lot must be worth a whole number of quote units, from 1 to
		/// 4294967295: `tick_size / lots_per_unit`, the same in `contract` and in `risk`.
		InvalidContract,
		/// A fee is 10 % at the most.
		FeeTooHigh,
		/// The smallest order must be at least one lot and at most the largest order, which is at
		/// most 2^40 lots.
		InvalidSizeBounds,
		/// The clearing house cannot work with these risk parameters.
		InvalidRisk,
		/// Another resting order of the account has this client id.
		DuplicateClient,
		/// The market takes only orders that reduce a position.
		MarketClosing,
		/// Tiers of fees ascend by volume, and their fees fall.
		InvalidFeeTiers,
		/// A rebate must leave a fifth of the lowest taker's fee to the protocol.
		RebateTooHigh,
		/// This call only makes a market's terms tighter: the smallest order larger, the largest smaller.
		NotTighter,
		/// This call only makes a market's terms looser: the smallest order smaller, the largest larger.
		NotLooser,
		/// An account has 16 stop orders at the most.
		TooManyStops,
		/// Too many stop orders wait near this price; try another trigger.
		StopsFull,
		/// The mark price is beyond the trigger already: place the order itself.
		StopReached,
		/// No stop order waits in this slot.
		StopNotFound,
		/// A switch is set for 100,000 blocks at the most.
		SwitchTooFar,
		/// Too many switches lapse around that block; try some blocks more.
		SwitchesFull,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			let spent = Self::begin_block();
			T::WeightInfo::block(MarketCount::<T>::get()).saturating_add(spent)
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

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Create a market.
		///
		/// ## Dispatch Origin
		/// The timelock, after the delay for what adds risk.
		///
		/// ## Errors
		/// - `InvalidSymbol`, `SymbolTaken`, `InvalidContract`, `FeeTooHigh`, `InvalidFeeTiers`,
		///   `RebateTooHigh`, `InvalidSizeBounds`, `InvalidRisk`: see there.
		/// - `TooManyMarkets`: 64 are listed.
		///
		/// ## Events
		/// - `MarketCreated`
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::create_market())]
		pub fn create_market(origin: OriginFor<T>, new: Box<NewMarket>) -> DispatchResult {
			T::ListOrigin::ensure_origin(origin)?;
			Self::do_create_market(&new)?;
			Ok(())
		}

		/// Place an order for the account with sub-account number `sub` of the caller, or of whom
		/// the caller is a trading key.
		///
		/// What crosses the other side of the book trades at once, best price first, at one price
		/// the oldest order first, at the resting orders' prices. Nothing trades outside the band
		/// of prices in force; what would is cancelled. The rest of a limit order rests.
		///
		/// An order that may rest fills 8 resting orders at the most unless its `max_fills` says
		/// otherwise. The fee for as many is reserved, and what was not needed is returned; an order
		/// that is refused pays as much as one that rests.
		///
		/// In an auction, and in a market of frequent batches, orders that may rest are collected and
		/// trade together later, at one price.
		///
		/// An order that does no more than reduce a position is accepted also while opening is
		/// denied, and is reduce-only then.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Errors
		/// - `MarketNotFound`, `InvalidPrice`, `ZeroLots`, `BelowMinimum`, `AboveMaximum`,
		///   `ExpiryInPast`: the order is not one for this market.
		/// - `ActionDenied`, `MarketGuarded`, `MarketReduceOnly`, `MarketInAuction`,
		///   `MarketFrozen`, `MarketSettling`, `MarketClosing`, `PriceNotValid`: denied at present.
		/// - `NothingToReduce`, `PostOnlyWouldTrade`, `PriceOutsideBand`, `FillOrKillUnfilled`:
		///   what the order demands is not possible.
		/// - `DuplicateClient`: another resting order of the account has its client id.
		/// - `BookFull`, and the clearing house's own: unknown account, too many open orders, too
		///   little margin.
		///
		/// ## Events
		/// - `Filled` for each trade, `OrderRemoved` for resting orders that could not trade
		/// - `OrderPlaced` when it rests, `OrderCut` when part of it was cancelled
		#[pallet::call_index(1)]
		#[pallet::weight(
			T::WeightInfo::operation(&Work::worst_place(order, T::MaxFills::get(), T::MaxRemovals::get()))
		)]
		pub fn place(
			origin: OriginFor<T>,
			sub: u8,
			order: PlaceOrder,
		) -> DispatchResultWithPostInfo {
			let key = ensure_signed(origin)?;
			Desk::<T>::run(&key, sub, |desk| desk.place(&order))
		}

		/// Cancel a resting order of the account. Never denied. An order that trades with nobody any
		/// more may be cancelled by anybody who has an account, who pays nothing for it: one that has
		/// expired, or one that bids more, or asks for less, than trades may give at present.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Errors
		/// - `OrderNotFound`: it does not rest, or no longer.
		/// - `NotYourOrder`: it is another account's.
		///
		/// ## Events
		/// - `OrderCancelled`, or `OrderRemoved` for another's
		#[pallet::call_index(2)]
		#[pallet::weight((
			T::WeightInfo::operation(&Work::worst_cancel()),
			DispatchClass::Operational,
		))]
		pub fn cancel(origin: OriginFor<T>, sub: u8, id: OrderId) -> DispatchResultWithPostInfo {
			let key = ensure_signed(origin)?;
			Desk::<T>::run(&key, sub, |desk| desk.cancel(id))
		}

		/// Cancel all resting orders of the account, in one market or in all. Never denied.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Events
		/// - `OrderCancelled` for each
		#[pallet::call_index(3)]
		#[pallet::weight((
			T::WeightInfo::operation(&Work::worst_cancel_all()),
			DispatchClass::Operational,
		))]
		pub fn cancel_all(
			origin: OriginFor<T>,
			sub: u8,
			market: Option<MarketId>,
		) -> DispatchResultWithPostInfo {
			let key = ensure_signed(origin)?;
			Desk::<T>::run(&key, sub, |desk| desk.cancel_all(market))
		}

		/// Place, cancel and replace up to 32 orders, in the order given. All or nothing: the first action
		/// that is refused refuses the batch with its error.
		///
		/// Margin is checked once, at the end. All orders placed must be in one market. Together
		/// they fill as many resting orders as a single order may.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Errors
		/// - `BatchMixesMarkets`: orders are placed in two markets.
		/// - those of `place` and `cancel`
		///
		/// ## Events
		/// - those of `place` and `cancel`
		/// - `OrderReduced` where a replaced order keeps its place in time
		#[pallet::call_index(4)]
		#[pallet::weight(
			T::WeightInfo::operation(&Work::worst_batch(actions, T::MaxFills::get(), T::MaxRemovals::get()))
		)]
		pub fn batch(
			origin: OriginFor<T>,
			sub: u8,
			actions: BoundedVec<BatchAction, ConstU32<MAX_BATCH>>,
		) -> DispatchResultWithPostInfo {
			let key = ensure_signed(origin)?;
			Desk::<T>::run(&key, sub, |desk| desk.batch(&actions))
		}

		/// Cancel the resting order of the account with this client id. Never denied.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Errors
		/// - `OrderNotFound`: no order with this client id rests, or the id is zero.
		///
		/// ## Events
		/// - `OrderCancelled`
		#[pallet::call_index(5)]
		#[pallet::weight((
			T::WeightInfo::operation(&Work::worst_cancel()),
			DispatchClass::Operational,
		))]
		pub fn cancel_client(
			origin: OriginFor<T>,
			sub: u8,
			client: ClientId,
		) -> DispatchResultWithPostInfo {
			let key = ensure_signed(origin)?;
			Desk::<T>::run(&key, sub, |desk| desk.cancel_client(client))
		}

		/// Set or renew the dead man's switch of the account: unless this is called again within so
		/// many blocks, all its resting orders are cancelled, up to 7 blocks later, or up to 71 where
		/// thousands of accounts lapse around that block, and more where one block has not the weight
		/// for all that lapse. In the extreme, where some 18,000 accounts wait around the same blocks,
		/// the orders of one that did renew may be cancelled early. Zero switches it off. Stop orders
		/// stay.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Errors
		/// - `SwitchTooFar`: more than 100,000 blocks.
		/// - `SwitchesFull`: too many switches lapse around that block.
		///
		/// ## Events
		/// - `SwitchSet`; when it lapses, `SwitchLapsed` and `OrderRemoved` for each order
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::set_switch())]
		pub fn set_switch(
			origin: OriginFor<T>,
			sub: u8,
			blocks: u32,
		) -> DispatchResultWithPostInfo {
			let key = ensure_signed(origin)?;
			let who = T::Clearing::account_of(&key, sub, Permission::Trade)?;
			let unused = Self::do_set_switch(who, blocks)?;
			Ok(Some(T::WeightInfo::set_switch().saturating_sub(unused)).into())
		}

		/// Let an order wait until the mark price comes to a trigger: a stop loss or a take profit. It
		/// is placed then as if its owner sent it, and may be refused then; nothing is reserved for it
		/// before. An account has 16 at the most. Liquidation and the dead man's switch leave them, and
		/// an account cannot be closed before they are cancelled. Within an auction they wait; they fire
		/// after it.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Errors
		/// - `MarketNotFound`, `InvalidPrice`, `ZeroLots`, `AboveMaximum`: the order is not one for this
		///   market.
		/// - `MarketInAuction`: the order does not rest, and the market trades in frequent batches.
		/// - `StopReached`: the mark price is beyond the trigger already.
		/// - `TooManyStops`, `StopsFull`: there is no room for it.
		///
		/// ## Events
		/// - `StopPlaced`; later `StopFired`, and `StopFailed` or those of `place`
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::place_stop())]
		pub fn place_stop(
			origin: OriginFor<T>,
			sub: u8,
			stop: StopOrder,
		) -> DispatchResultWithPostInfo {
			let key = ensure_signed(origin)?;
			let who = T::Clearing::account_of(&key, sub, Permission::Trade)?;
			let unused = Self::do_place_stop(who, stop)?.unused::<T>(11, 4);
			Ok(Some(T::WeightInfo::place_stop().saturating_sub(unused)).into())
		}

		/// Cancel the stop order in a slot, or all stop orders of the account. Never denied.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Errors
		/// - `StopNotFound`: none waits in this slot.
		///
		/// ## Events
		/// - `StopCancelled` for each
		#[pallet::call_index(8)]
		#[pallet::weight((
			T::WeightInfo::cancel_stops(if slot.is_some() { 1 } else { MAX_STOPS }),
			DispatchClass::Operational,
		))]
		pub fn cancel_stop(
			origin: OriginFor<T>,
			sub: u8,
			slot: Option<u8>,
		) -> DispatchResultWithPostInfo {
			let key = ensure_signed(origin)?;
			let who = T::Clearing::account_of(&key, sub, Permission::Trade)?;
			let (stops, looked) = Self::do_cancel_stop(who, slot)?;
			let stops = stops.max(1);
			let unused = looked.unused::<T>(u64::from(stops) * 527, u64::from(stops) * 6);
			Ok(Some(T::WeightInfo::cancel_stops(stops).saturating_sub(unused)).into())
		}

		/// Tighten a market's terms at once: a larger smallest order, a smaller largest one, or only
		/// orders that reduce a position. Resting orders stay, and who has a position gets out whatever
		/// the bounds are: they do not bind an order that closes all of it, nor, but for resting orders
		/// that are too small, one that may only reduce it.
		///
		/// ## Dispatch Origin
		/// The technical committee.
		///
		/// ## Errors
		/// - `MarketNotFound`, `NotTighter`
		/// - `InvalidSizeBounds`: the smallest would be larger than the largest.
		///
		/// ## Events
		/// - `MarketUpdated`
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::update_market())]
		pub fn tighten_market(
			origin: OriginFor<T>,
			market: MarketId,
			min_lots: Option<Lots>,
			max_lots: Option<Lots>,
			close: bool,
		) -> DispatchResult {
			T::TightenOrigin::ensure_origin(origin)?;
			Self::do_tighten(market, min_lots, max_lots, close)
		}

		/// Loosen a market's terms: a smaller smallest order, a larger largest one, or opening again.
		///
		/// ## Dispatch Origin
		/// The timelock, after the delay for what adds risk.
		///
		/// ## Errors
		/// - `MarketNotFound`, `NotLooser`
		/// - `InvalidSizeBounds`: orders of 1 lot to 2^40 lots are possible.
		///
		/// ## Events
		/// - `MarketUpdated`
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::update_market())]
		pub fn loosen_market(
			origin: OriginFor<T>,
			market: MarketId,
			min_lots: Option<Lots>,
			max_lots: Option<Lots>,
			open: bool,
		) -> DispatchResult {
			T::ListOrigin::ensure_origin(origin)?;
			Self::do_loosen(market, min_lots, max_lots, open)
		}

		/// Change fees, mode or tier of a market.
		///
		/// ## Dispatch Origin
		/// The timelock, after the delay for what neither adds nor denies risk; after that for what adds
		/// risk where the new tier lets funding be higher.
		///
		/// ## Errors
		/// - `MarketNotFound`, `FeeTooHigh`, `InvalidFeeTiers`, `RebateTooHigh`
		///
		/// ## Events
		/// - `MarketUpdated`
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::update_market())]
		pub fn change_market(
			origin: OriginFor<T>,
			market: MarketId,
			change: MarketChange,
		) -> DispatchResult {
			if Self::raises_funding(market, &change) {
				T::ListOrigin::ensure_origin(origin)?;
			} else {
				T::ChangeOrigin::ensure_origin(origin)?;
			}
			Self::do_change(market, change)
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
