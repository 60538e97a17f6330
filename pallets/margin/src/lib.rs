//! The clearing house: accounts, positions, funding, health, liquidation.
//!
//! A trader deposits the quote asset into an account of his own number; sub-accounts isolate risk. The
//! exchange opens a session, in which every account that an operation touches is loaded once, changed
//! in memory and written once. Each position keeps two triggers that come before its account can be
//! liquidatable, one at a price and one at a step of its side's funding index, so nobody has to look
//! for such accounts: what crosses triggers wakes their accounts, which are then armed again or
//! liquidated.
//!
//! ```text
//!   deposit ->  Accounts { quote, positions, orders }  <- session: hold, free, maker, settle, commit
//!                   |  triggers (rule R)                        ^
//!                   v                                           | Clearing        Venue
//!   price   ->  Board, crossed triggers -> examine -> healthy: arm again             ^
//!   funding                                |                                        |
//!                      worst first: cancel orders, cover a bankrupt, close into book +
//!                                          |
//!                      deleverage winners by the grid -> haircut of their side -> bad debt
//! ```
//!
//! **The ladder.** A liquidation takes ten blocks while most of the margin is there, never trades beyond
//! the bankruptcy price and leaves three quarters of the book's depth to others in a block. Funds bring
//! a bankrupt account to zero at the examined prices. What the book does not take is closed against
//! those who gained most on most leverage; what nobody can pay is taken from each lot of the winning
//! side through its funding index, 1 % of its value at the most; beyond that the market is quarantined.
//!
//! **Conservation.** What the custody account holds is exactly what is claimed of it, at any price:
//! quote balances, less the cost of open positions, plus what markets were paid in funding and have not
//! passed on, plus fees, dust and the insurance funds, less deficits that nobody paid.
//! [`pallet::Ledger`] keeps the sums, so a block compares them in two reads. Funding is owed before it
//! is settled: what all positions of a market owe together and what the market was paid sum to the
//! rounding of its payments, less than one unit.
//!
//! **Maintenance is pure.** Whether an account is liquidated depends on prices, funding and its market's
//! terms alone; levels, open interest, volatility and the stable price act on initial margin and
//! withdrawals only. The trigger rule depends on that: see [`breakwater_math`].

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod accounts;
mod capacity;
mod checks;
mod clearing;
mod custody;
mod deleveraging;
mod funding;
mod haircut;
mod ladder;
mod liquidation;
mod premiums;
mod session;
mod triggers;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod views;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use session::House;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::types::{
		Account, Cursor, Flow, KeyRecord, MarketTotals, Shard, Totals as LedgerTotals,
	};
	use alloc::vec::Vec;
	use breakwater_core::{
		store::{PageKey, Word, WordKey},
		trigger::TriggerPage,
	};
	use breakwater_math::RiskTerms;
	use breakwater_primitives::{
		api::{AccountSummary, CustodyStatus},
		AccountRef, Amount, AssetId, Backstop, Balance, Gate, Level, Lots, MarketId, Millis,
		Observe, Ticks, Venue,
	};
	use frame_support::{
		dispatch::DispatchClass,
		pallet_prelude::*,
		traits::{fungibles, UnixTime},
		weights::WeightMeter,
		PalletId,
	};
	use frame_system::pallet_prelude::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// Where the collateral asset lives.
		type Assets: fungibles::Inspect<Self::AccountId, AssetId = AssetId, Balance = Balance>
			+ fungibles::Mutate<Self::AccountId>;
		/// The quote asset.
		#[pallet::constant]
		type CollateralAsset: Get<AssetId>;
		/// Gives the address of the custody account.
		#[pallet::constant]
		type PalletId: Get<PalletId>;
		/// The exchange, into whose book positions are closed.
		type Venue: Venue;
		/// Takes penalties and covers deficits.
		type Insurance: Backstop;
		/// Restrictions in force.
		type Gate: Gate;
		/// Is told of liquidations, covered deficits and broken invariants.
		type Observe: Observe;
		/// Chain time.
		type Time: UnixTime;
		/// The age in milliseconds from which a price counts as stale.
		#[pallet::constant]
		type PriceAgeLimit: Get<Millis>;
		/// The least deposit that creates an account, in quote units.
		#[pallet::constant]
		type MinimumDeposit: Get<Balance>;
		/// Sub-accounts of an owner; their numbers are below this.
		#[pallet::constant]
		type MaxSubAccounts: Get<u8>;
		/// The most liquidations that one block starts by itself.
		#[pallet::constant]
		type LiquidationsPerBlock: Get<u32>;
		/// The most weight that waking accounts may take at the start of a block.
		#[pallet::constant]
		type HookWeight: Get<Weight>;
		/// The most resting orders that closing one position may fill.
		#[pallet::constant]
		type MaxLiquidationFills: Get<u16>;
		/// Weights.
		type WeightInfo: WeightInfo;
	}

	/// Which account a key may use under a sub-account number, for what, and until when.
	#[pallet::storage]
	pub type Keys<T: Config> =
		StorageMap<_, Blake2_128Concat, (T::AccountId, u8), KeyRecord, OptionQuery>;

	/// The number of the next account.
	#[pallet::storage]
	pub type NextAccount<T: Config> = StorageValue<_, AccountRef, ValueQuery>;

	/// Accounts by number: quote balance, positions, resting orders.
	#[pallet::storage]
	pub type Accounts<T: Config> =
		StorageMap<_, Identity, AccountRef, Account<T::AccountId>, OptionQuery>;

	/// Open interest and the sum of position costs of each market.
	#[pallet::storage]
	pub type Totals<T: Config> = StorageMap<_, Identity, MarketId, MarketTotals, ValueQuery>;

	/// Prices, cumulative funding and margin fractions, 32 markets in one item.
	#[pallet::storage]
	pub type Board<T: Config> = StorageMap<_, Identity, u8, Shard, ValueQuery>;

	/// Risk parameters of each market.
	#[pallet::storage]
	pub type Risk<T: Config> = StorageMap<_, Identity, MarketId, RiskTerms, OptionQuery>;

	/// What custody holds and what is claimed of it.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Ledger<T: Config> = StorageValue<_, LedgerTotals, ValueQuery>;

	/// Deficits of each market's liquidated accounts that no fund paid, in quote units.
	#[pallet::storage]
	pub type BadDebt<T: Config> = StorageMap<_, Identity, MarketId, Balance, ValueQuery>;

	/// Markets, one bit each, in which crossed triggers wait for the next block.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Backlog<T: Config> = StorageValue<_, u64, ValueQuery>;

	/// Where the next block goes on among the crossed triggers of each market: longs and shorts by
	/// price, then by funding.
	#[pallet::storage]
	pub type Cursors<T: Config> =
		StorageMap<_, Identity, MarketId, [Option<Cursor>; 4], ValueQuery>;

	/// What liquidations took from each market's book in this block and this minute.
	#[pallet::storage]
	pub type Flows<T: Config> = StorageMap<_, Identity, MarketId, Flow, ValueQuery>;

	/// Triggers that wait for prices and funding, and places on the grid of deleveraging, in pages.
	#[pallet::storage]
	pub type TriggerPages<T: Config> = StorageMap<_, Identity, PageKey, TriggerPage, OptionQuery>;

	/// The bitmap tree over the trigger pages.
	#[pallet::storage]
	pub type TriggerWords<T: Config> = StorageMap<_, Identity, WordKey, Word, OptionQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An account was created by its first deposit.
		AccountCreated {
			/// Its number.
			account: AccountRef,
			/// Whose it is.
			owner: T::AccountId,
			/// Which of the owner's sub-accounts.
			sub: u8,
		},
		/// Collateral was added.
		Deposited {
			/// The account.
			account: AccountRef,
			/// Who paid.
			from: T::AccountId,
			/// How much, in quote units.
			amount: Balance,
		},
		/// Collateral was withdrawn.
		Withdrawn {
			/// The account.
			account: AccountRef,
			/// Who received it.
			to: T::AccountId,
			/// How much, in quote units.
			amount: Balance,
		},
		/// A trading key was set; `until` zero means that it was revoked.
		KeySet {
			/// The account.
			account: AccountRef,
			/// The key.
			key: T::AccountId,
			/// Until when it may trade, in milliseconds of chain time.
			until: Millis,
		},
		/// Collateral moved between two accounts of an owner.
		Transferred {
			/// Out of this account.
			from: AccountRef,
			/// Into this account.
			to: AccountRef,
			/// How much, in quote units.
			amount: Balance,
		},
		/// An account was closed by its owner.
		AccountClosed {
			/// Its number.
			account: AccountRef,
			/// Whose it was.
			owner: T::AccountId,
			/// Which of the owner's sub-accounts.
			sub: u8,
			/// What was paid out, in quote units.
			paid: Balance,
		},
		/// An account limited its own leverage in a market; zero means no limit of its own.
		LeverageSet {
			/// The account.
			account: AccountRef,
			/// The market.
			market: MarketId,
			/// The limit.
			leverage: u16,
		},
		/// Fills changed a position. Told once per operation.
		PositionChanged {
			/// The account.
			account: AccountRef,
			/// The market.
			market: MarketId,
			/// Signed lots held now.
			lots: i64,
			/// Signed notional value paid for them, in quote units.
			cost: Amount,
			/// The account's quote balance now, with realised profit and fees.
			quote: Amount,
		},
		/// An account had less equity than maintenance margin and a position was closed into the
		/// book, wholly or in part.
		Liquidated {
			/// The account.
			account: AccountRef,
			/// The market.
			market: MarketId,
			/// Signed lots closed: positive for a long.
			lots: i64,
			/// The average price of the closing trades, rounded down.
			price: Ticks,
			/// The price at which the position was examined.
			examined: Ticks,
			/// Equity before.
			equity: Amount,
			/// Maintenance margin before.
			maintenance: Balance,
			/// The price at which the position's share of the equity would have been used up.
			bankruptcy: Ticks,
			/// Penalty paid to insurance, in quote units.
			penalty: Balance,
			/// The level in force.
			level: Level,
		},
		/// An account without positions was left with a deficit.
		DeficitCovered {
			/// The account.
			account: AccountRef,
			/// The market whose funds were asked.
			market: MarketId,
			/// What the funds paid.
			covered: Balance,
			/// What the other side of the market pays, the same for each lot.
			socialised: Balance,
			/// What nobody paid: now bad debt of the market, which has to be settled.
			uncovered: Balance,
		},
		/// The funds paid what a bankrupt account lacked at the examined prices, so that its positions
		/// could be closed at them.
		BankruptCovered {
			/// The account.
			account: AccountRef,
			/// The market whose funds were asked.
			market: MarketId,
			/// Equity before, in quote units.
			equity: Amount,
			/// What the funds paid, in quote units.
			covered: Balance,
			/// What of it was not needed and went back to the market's fund, in quote units.
			returned: Balance,
		},
		/// A position of an under-margined account was closed against the position of somebody on the
		/// other side, since the book did not take it.
		Deleveraged {
			/// The under-margined account.
			account: AccountRef,
			/// Whose position was reduced for it.
			counterparty: AccountRef,
			/// The market.
			market: MarketId,
			/// Signed lots of the under-margined account closed: positive for a long.
			lots: i64,
			/// The price: the bankruptcy price of a bankrupt account, the examined price of another.
			price: Ticks,
			/// The price at which the position was examined.
			examined: Ticks,
			/// The counterparty's score: gain times leverage, net of hedges, in millionths.
			score: u64,
			/// The lots that it would have given had the whole side given in proportion.
			pro_rata: Lots,
		},
		/// A side of a market pays what neither the funds nor a deleveraging could.
		Haircut {
			/// The market.
			market: MarketId,
			/// Whether the longs pay; otherwise the shorts do.
			longs_pay: bool,
			/// What each lot pays, in 2^-32 quote units.
			per_lot: Amount,
			/// What that comes to, in quote units.
			taken: Balance,
		},
		/// A liquidation cancelled resting orders of its account.
		OrdersCancelled {
			/// The account.
			account: AccountRef,
			/// How many.
			orders: u16,
		},
		/// An account paid to the insurance funds for its fills. Told once per operation and market.
		InsurancePaid {
			/// The account.
			account: AccountRef,
			/// The market.
			market: MarketId,
			/// For the value opened, by the leverage of the account, in quote units: for the market's
			/// fund.
			premium: Balance,
			/// For the value taken, in quote units: repays what the market drew from the global fund.
			surcharge: Balance,
		},
		/// Funding of a position was settled into its account's quote balance.
		FundingSettled {
			/// The account.
			account: AccountRef,
			/// The market.
			market: MarketId,
			/// What it paid, in quote units; negative where it received.
			paid: Amount,
		},
		/// The funding indices of a market moved, in 2^-32 quote units per lot.
		FundingAccrued {
			/// The market.
			market: MarketId,
			/// What each lot held long owes more; negative where it receives.
			long: Amount,
			/// What each lot held short receives more; negative where it pays.
			short: Amount,
		},
		/// A market was given its risk parameters.
		MarketOpened {
			/// The market.
			market: MarketId,
			/// Its parameters.
			risk: RiskTerms,
		},
		/// What custody holds differs from what is claimed of it. This is a fault of the chain.
		CustodyMismatch {
			/// What came in less what went out.
			held: Balance,
			/// What is claimed.
			claimed: Amount,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no account under this sub-account number; deposit first.
		NoAccount,
		/// Sub-account numbers are lower than this.
		SubAccountOutOfRange,
		/// The amount is zero.
		ZeroAmount,
		/// The amount is too large to be held.
		AmountTooLarge,
		/// The first deposit of an account must be at least the minimum.
		BelowMinimumDeposit,
		/// No account numbers are left.
		AccountsExhausted,
		/// The key may trade but not do this.
		KeyNotPermitted,
		/// The key's time is over; the owner may set a new one.
		KeyExpired,
		/// The key already belongs to an account of this sub-account number.
		KeyInUse,
		/// The time until which the key should be valid has passed.
		KeyInPast,
		/// The account has as many trading keys as it may have; revoke one.
		TooManyKeys,
		/// Only the account's owner may set keys.
		NotOwner,
		/// There is no such market, or its price was never known.
		UnknownMarket,
		/// The market already has risk parameters.
		MarketExists,
		/// The risk parameters contradict each other or exceed what can be computed.
		InvalidRiskTerms,
		/// The market has no price yet.
		NoPrice,
		/// The account's equity does not cover the initial margin of its positions and resting
		/// orders after this.
		InsufficientMargin,
		/// The account has positions or orders in as many markets as it may.
		TooManyPositions,
		/// The account has as many resting orders as it may: 16, and one more for each 10 units of its
		/// quote balance, up to 64.
		TooManyOrders,
		/// Open interest may not grow at the market's present level.
		OpenInterestFrozen,
		/// The market's open interest, or this account's orders, would exceed the cap.
		OpenInterestCap,
		/// A restriction on a market in which the account holds a position or has resting orders, or on
		/// the chain, denies withdrawals now; or such a market collects orders for an auction.
		WithdrawalDenied,
		/// The price of a market in which the account holds a position or has resting orders is stale
		/// or unconfirmed.
		PriceNotUsable,
		/// More than may be withdrawn now: unrealised profit and margin in use stay.
		ExceedsWithdrawable,
		/// An account cannot move collateral to itself.
		SameAccount,
		/// The account still has positions, orders, stop orders or trading keys.
		AccountInUse,
		/// The account has enough equity; there is nothing to liquidate.
		NotLiquidatable,
		/// The account was deleveraged for others lately and still has half its maintenance margin.
		Spared,
		/// No market of the account allows a liquidation now.
		LiquidationDenied,
		/// The book takes nothing at a price that a liquidation may accept.
		NoLiquidity,
		/// Too many accounts wait at the same price for a trigger to be placed.
		TriggersFull,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			let mut meter = WeightMeter::with_limit(T::HookWeight::get());
			Self::work_backlog(&mut meter);
			meter.consumed().saturating_add(T::WeightInfo::block())
		}
		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			let mut meter = WeightMeter::with_limit(remaining);
			if meter.try_consume(T::WeightInfo::block()).is_ok() {
				Self::work_backlog(&mut meter);
			}
			meter.consumed()
		}
		fn on_finalize(_: BlockNumberFor<T>) {
			Self::compare_custody();
		}
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call(weight = <T as Config>::WeightInfo)]
	impl<T: Config> Pallet<T> {
		/// Add `amount` quote units of collateral to your own account `sub`. The first deposit creates
		/// the account; if somebody had made you his trading key under this number, you no longer are.
		/// Never denied.
		#[pallet::call_index(0)]
		#[pallet::weight((T::WeightInfo::deposit(), DispatchClass::Operational))]
		pub fn deposit(
			origin: OriginFor<T>,
			sub: u8,
			amount: Balance,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Ok(Some(Self::do_deposit(who, sub, amount)?).into())
		}

		/// Withdraw `amount` quote units of collateral from your account `sub`: at most what the
		/// initial margin of its positions and orders leaves, without unrealised profit. Only the
		/// owner may.
		#[pallet::call_index(1)]
		pub fn withdraw(
			origin: OriginFor<T>,
			sub: u8,
			amount: Balance,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Ok(Some(Self::do_withdraw(who, sub, amount)?).into())
		}

		/// Liquidate `account`, whose equity is below its maintenance margin: cancel its orders and
		/// close as much as restores it. The chain does this by itself; anyone may do it sooner.
		#[pallet::call_index(2)]
		#[pallet::weight((T::WeightInfo::liquidate(), DispatchClass::Operational))]
		pub fn liquidate(origin: OriginFor<T>, account: AccountRef) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_liquidate(account)
		}

		/// Let `key` place and cancel orders for your account `sub` until `until` (milliseconds of
		/// chain time); it may not withdraw. Zero revokes it. A trading key may revoke itself.
		#[pallet::call_index(3)]
		pub fn set_key(
			origin: OriginFor<T>,
			sub: u8,
			key: T::AccountId,
			until: Millis,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set_key(who, sub, key, until)
		}

		/// Limit your leverage in a market to `leverage`, below the market's own limit: initial margin
		/// of your account `sub` there is at least the value divided by it. Zero lifts your limit.
		/// Nothing is closed by it; a lower limit counts from the next order or withdrawal on.
		#[pallet::call_index(4)]
		pub fn set_leverage(
			origin: OriginFor<T>,
			sub: u8,
			market: MarketId,
			leverage: u16,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set_leverage(who, sub, market, leverage)
		}

		/// Move `amount` quote units from your account `from` to your account `to`: at most what may be
		/// withdrawn. The first transfer into an account creates it, like a first deposit. Only the
		/// owner may.
		#[pallet::call_index(5)]
		pub fn transfer(
			origin: OriginFor<T>,
			from: u8,
			to: u8,
			amount: Balance,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Ok(Some(Self::do_transfer(who, from, to, amount)?).into())
		}

		/// Close your account `sub`, which has no positions, orders, stop orders or trading keys: what is
		/// in it is paid out, its dead man's switch is off, and its entry and number are removed. Only
		/// the owner may.
		#[pallet::call_index(6)]
		pub fn close_account(origin: OriginFor<T>, sub: u8) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_close_account(who, sub)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The account of `owner` with this sub-account number as it is now; `None` before the
		/// first deposit.
		pub fn account(owner: T::AccountId, sub: u8) -> Option<AccountSummary> {
			Self::account_summary(&owner, sub)
		}
		/// The sub-account numbers of `owner` that exist, each with its account's number.
		pub fn accounts(owner: T::AccountId) -> Vec<(u8, AccountRef)> {
			Self::accounts_of(&owner)
		}
		/// What custody holds and what is claimed of it, in quote units.
		pub fn custody() -> CustodyStatus {
			Self::custody_status()
		}
		/// Lots held long in a market, which is also the lots held short.
		pub fn open_interest(market: MarketId) -> Lots {
			Totals::<T>::get(market).long
		}
		/// Numbers of accounts whose triggers are crossed in a market, at most 64.
		pub fn waiting(market: MarketId) -> Vec<AccountRef> {
			Self::crossed_accounts(market)
		}
	}
}
