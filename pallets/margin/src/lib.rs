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
//!                      vault takes over, within its budgets -> unwound at the mark
//!                                          |
//!                      deleverage winners by the grid -> haircut of their side -> bad debt
//! ```
//!
//! **The ladder.** A liquidation takes ten blocks while most of the margin is there, never trades beyond
//! the bankruptcy price and leaves three quarters of the book's depth to others in a block, trifles
//! excepted. Funds bring
//! a bankrupt account to zero at the examined prices. What the book does not take in time the vault takes
//! over at a discount, half of the book's depth in a minute at the most, until a market has cost it 2 %
//! of its worth in a day, or all markets 5 %; see [`vault`]. What neither takes is closed against those
//! who gained most on most leverage; what nobody can pay is taken from each lot of the winning
//! side through its funding index, 1 % of its value at once and as much again in a day at the most;
//! beyond that the market is quarantined.
//!
//! **Conservation.** What the custody account holds is exactly what is claimed of it, at any price:
//! quote balances, less the cost of open positions, plus what markets were paid in funding and have not
//! passed on, plus fees, dust, deposits, the insurance funds and the pots of settlements, less deficits that nobody
//! paid.
//! [`pallet::Ledger`] keeps the sums, so a block compares them in two reads. Funding is owed before it
//! is settled: what all positions of a market owe together and what the market was paid sum to the
//! rounding of its payments, less than one unit.
//!
//! **Other collateral** counts at its published value, weight times price, on which one more trigger of
//! the account waits. Accounts that come to owe quote pay interest and, beyond their cap, have their
//! collateral sold by Dutch auction: see [`collateral`].
//!
//! **Settlement** ([`settlement`]). A market that comes to level 6 is wound down at the price of before its
//! incident: every account is visited, losses are taken, and only when all that is lacking is known and
//! the funds have paid their part are gains paid, to everybody the same part.
//!
//! ```text
//!   begin -> sweep all accounts -> funds pay -> factor is published -> claims -> done
//! ```
//!
//! **The nearest triggers** ([`nearest`]) of a market stand on the board beside its prices: a price that
//! does not come to one of them crosses nothing, and nothing else is read. An account that a price wakes
//! gets most of its slack where prices move, so that few wakes bring it to its margin.
//!
//! **Risk parameters** ([`ramp`]). What denies new risk acts at once; what adds risk comes through the
//! timelock. Higher maintenance rates, which hurt those who hold positions, are announced:
//!
//! ```text
//!   announce -> armed by them from now on -> sweep of the market's triggers -> an hour -> 50 bp an hour
//!                                              | more than 0.5 % would fall
//!                                            dropped
//! ```
//!
//! **Places** in the chain's state are paid for: an account's by a deposit that closing it gives back, a
//! position's by an initial margin of five units at the least. What nobody has used for thirty days, and is
//! worth less than one unit, anybody may remove for the deposit.
//!
//! **Maintenance is pure.** Whether an account is liquidated depends on prices, funding and its market's
//! terms alone; levels, open interest, volatility and the stable price act on initial margin and
//! withdrawals only. The trigger rule depends on that: see [`breakwater_math`].

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod accounts;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod capacity;
mod checks;
mod clearing;
pub mod collateral;
pub mod cost;
mod custody;
mod deleveraging;
mod dust;
mod funding;
mod haircut;
mod ladder;
mod liquidation;
pub mod nearest;
mod premiums;
mod preview;
pub mod ramp;
mod session;
pub mod settlement;
pub mod steps;
mod triggers;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod vault;
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
	use crate::{
		collateral::types::{
			AssetLoosening, AssetTightening, Listings as AllListings, NewAsset, Sale,
		},
		ramp::{RiskChange, Tightening},
		settlement::Settlement,
		types::{
			Account, Flow, KeyRecord, MarketTotals, Shard, Totals as LedgerTotals, Visits, MAX_KEYS,
		},
		vault::{TakeReason, VaultMarket, VaultRecord},
	};
	use alloc::vec::Vec;
	use breakwater_core::{
		store::{PageKey, Word, WordKey},
		trigger::TriggerPage,
	};
	use breakwater_math::{ramp::Rates, RiskTerms, Value};
	use breakwater_primitives::{
		api::{
			AccountSummary, BacklogStatus, CustodyStatus, LiquidationPreview, MaintenanceStatus,
			SettlementStatus,
		},
		bucket::Bucket,
		AccountRef, Amount, AssetId, Backstop, Balance, Gate, Level, Lots, MarketId, Millis,
		Observe, Outflow, Ppm, ReferencePrice, SettlementPrice, Ticks, VaultPolicy, Venue,
	};
	use frame_support::{
		dispatch::DispatchClass,
		pallet_prelude::*,
		traits::{fungibles, UnixTime},
		weights::WeightMeter,
		PalletId,
	};
	use frame_system::pallet_prelude::*;
	use sp_runtime::traits::Convert;

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
		/// What is kept of an account's first deposit for its place in the chain's state, in quote units, and
		/// given back when the account is closed; less than the least deposit.
		#[pallet::constant]
		type AccountDeposit: Get<Balance>;
		/// Sub-accounts of an owner; their numbers are below this.
		#[pallet::constant]
		type MaxSubAccounts: Get<u8>;
		/// The most liquidations that a block starts by itself before its transactions, and again after
		/// them if there is room. What a price sets off, and accounts with positions in markets that
		/// may not be liquidated, 16 of each at once, come on top.
		#[pallet::constant]
		type LiquidationsPerBlock: Get<u32>;
		/// The most weight that waking accounts may take at the start of a block.
		#[pallet::constant]
		type HookWeight: Get<Weight>;
		/// The most resting orders that closing one position may fill.
		#[pallet::constant]
		type MaxLiquidationFills: Get<u16>;
		/// Asked before anything leaves custody for good.
		type Outflow: Outflow<Self::AccountId>;
		/// How far the book of a market may move its mark price from the index. A market is only created
		/// with maintenance margin of at least twice that.
		type MarkClamp: Convert<MarketId, Ppm>;
		/// Who may announce higher maintenance rates, and deny new risk in a market at once: the committee.
		type TightenOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Who may lower maintenance rates and add risk: the timelock, after the delay for that.
		type LoosenOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// On what terms the vault takes positions of each market.
		type VaultPolicy: VaultPolicy;
		/// The steps of the ladder that are taken: [`steps::WholeLadder`] on a chain.
		type Ladder: Get<steps::Steps>;
		/// Weights.
		type WeightInfo: WeightInfo;
		// Settlement.
		/// The price at which a market is settled.
		type SettlementPrice: SettlementPrice;
		/// What benchmarks need of the pallets around.
		#[cfg(feature = "runtime-benchmarks")]
		type Scene: breakwater_primitives::benchmarking::Scene<Self::AccountId>;
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

	/// What was taken lately from the longs and from the shorts of each market for deficits that nobody
	/// paid.
	#[pallet::storage]
	pub type Haircuts<T: Config> = StorageMap<_, Identity, MarketId, [Bucket; 2], ValueQuery>;

	/// Markets, one bit each, in which crossed triggers wait for the next block.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Backlog<T: Config> = StorageValue<_, u64, ValueQuery>;

	/// Where the next block goes on among the crossed triggers of each market: longs and shorts by
	/// price, then by funding, then the assets that the market values.
	#[pallet::storage]
	pub type Cursors<T: Config> = StorageMap<_, Identity, MarketId, Visits, ValueQuery>;

	/// What liquidations took from each market's book in this block and this minute.
	#[pallet::storage]
	pub type Flows<T: Config> = StorageMap<_, Identity, MarketId, Flow, ValueQuery>;

	/// Triggers that wait for prices and funding, and places on the grid of deleveraging, in pages.
	#[pallet::storage]
	pub type TriggerPages<T: Config> = StorageMap<_, Identity, PageKey, TriggerPage, OptionQuery>;

	/// Higher maintenance rates that are announced, of the markets that have any.
	#[pallet::storage]
	pub type Tightenings<T: Config> = StorageMap<_, Identity, MarketId, Tightening, OptionQuery>;

	/// Markets, one bit each, for which higher maintenance rates are announced.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Announced<T: Config> = StorageValue<_, u64, ValueQuery>;

	/// The bitmap tree over the trigger pages.
	#[pallet::storage]
	pub type TriggerWords<T: Config> = StorageMap<_, Identity, WordKey, Word, OptionQuery>;

	// Other collateral.

	/// Assets listed as collateral beside the quote asset, with their values and what custody holds of
	/// each.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Listings<T: Config> = StorageValue<_, AllListings, ValueQuery>;

	/// Accounts whose collateral is for sale, since they owe quote.
	#[pallet::storage]
	pub type Sales<T: Config> = StorageMap<_, Identity, AccountRef, Sale, OptionQuery>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Assets listed as collateral beside the quote asset.
		pub assets: Vec<NewAsset>,
		/// Nothing.
		#[serde(skip)]
		pub _config: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for new in &self.assets {
				// Runs only where a chain spec is made, never in a block, and has no other way to
				// refuse.
				if let Err(error) = Pallet::<T>::do_list_asset(*new) {
					panic!("collateral {} of the chain spec is refused: {error:?}", new.asset);
				}
			}
		}
	}

	/// What the vault was given, and what it lost lately in all.
	#[pallet::storage]
	pub type VaultState<T: Config> = StorageValue<_, VaultRecord, ValueQuery>;

	/// What the vault realised, took and lost lately in each market.
	#[pallet::storage]
	pub type VaultMarkets<T: Config> = StorageMap<_, Identity, MarketId, VaultMarket, ValueQuery>;
	// Settlement.

	/// Markets that are being settled, or were.
	#[pallet::storage]
	pub type Settlements<T: Config> = StorageMap<_, Identity, MarketId, Settlement, OptionQuery>;

	/// Markets, one bit each, whose settlement the hooks go on with.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Settling<T: Config> = StorageValue<_, u64, ValueQuery>;

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
			/// What the funds advanced, in quote units.
			covered: Balance,
			/// What of it was not needed and was not drawn from them, in quote units.
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
		/// An account that was empty and unused for long was removed.
		AccountRemoved {
			/// Its number.
			account: AccountRef,
			/// Whose it was.
			owner: T::AccountId,
			/// Which of the owner's sub-accounts.
			sub: u8,
			/// Who removed it and was paid its deposit.
			by: T::AccountId,
			/// The deposit, in quote units.
			deposit: Balance,
			/// What else was in it, in quote units; the global insurance fund has it.
			dust: Balance,
		},
		// Risk parameters.
		/// Higher maintenance rates were announced for a market. Nobody is liquidated by them before an hour
		/// is over, and then they rise by 50 basis points an hour; orders and withdrawals need the margin of
		/// the announced rates from now on.
		MaintenanceAnnounced {
			/// The market.
			market: MarketId,
			/// The rates of its brackets now.
			from: Rates,
			/// The rates in the end.
			to: Rates,
		},
		/// All positions were weighed under the announced rates; few enough would fall.
		MaintenanceSwept {
			/// The market.
			market: MarketId,
			/// The value of the positions whose accounts the announced rates would put under their maintenance
			/// margin, in quote units.
			falling: Balance,
			/// The value of the open interest, in quote units.
			open_interest: Balance,
		},
		/// The announced rates were dropped: more positions would fall by them than may.
		MaintenanceRejected {
			/// The market.
			market: MarketId,
			/// The value of those that were found, in quote units: more than 0.5 % of the open interest.
			falling: Balance,
			/// The value of the open interest, in quote units.
			open_interest: Balance,
		},
		/// Maintenance rates rose by a minute's step.
		MaintenanceRaised {
			/// The market.
			market: MarketId,
			/// The rates now.
			rates: Rates,
			/// Whether these are the announced ones.
			done: bool,
		},
		/// Maintenance rates were lowered, or their rise was stopped where it stood.
		MaintenanceLowered {
			/// The market.
			market: MarketId,
			/// The rates before.
			from: Rates,
			/// The rates now.
			to: Rates,
		},
		/// Risk parameters other than maintenance rates were changed.
		RiskChanged {
			/// The market.
			market: MarketId,
			/// All parameters now.
			risk: RiskTerms,
		},
		/// What custody holds differs from what is claimed of it. This is a fault of the chain.
		CustodyMismatch {
			/// What came in less what went out.
			held: Balance,
			/// What is claimed.
			claimed: Amount,
		},
		// Other collateral.
		/// An asset was listed as collateral.
		AssetListed {
			/// Its terms.
			terms: NewAsset,
		},
		/// The terms of an asset changed.
		AssetChanged {
			/// Its terms now.
			terms: NewAsset,
		},
		/// A cut of an asset's maintenance weight was announced: from `begins` on the weight falls by
		/// 1 % of what it is now each minute. For new exposure the lower weight counts at once.
		AssetCut {
			/// The asset.
			asset: AssetId,
			/// The weight before the cut.
			from: Ppm,
			/// The weight after it.
			to: Ppm,
			/// When it begins, in milliseconds of chain time.
			begins: Millis,
		},
		/// An asset was added to an account.
		AssetDeposited {
			/// The account.
			account: AccountRef,
			/// Who paid.
			from: T::AccountId,
			/// The asset.
			asset: AssetId,
			/// How much, in its smallest unit.
			amount: Balance,
		},
		/// An asset was withdrawn.
		AssetWithdrawn {
			/// The account.
			account: AccountRef,
			/// Who received it.
			to: T::AccountId,
			/// The asset.
			asset: AssetId,
			/// How much, in its smallest unit.
			amount: Balance,
		},
		/// An asset moved between two accounts of an owner.
		AssetTransferred {
			/// Out of this account.
			from: AccountRef,
			/// Into this account.
			to: AccountRef,
			/// The asset.
			asset: AssetId,
			/// How much, in its smallest unit.
			amount: Balance,
		},
		/// The collateral of an account is for sale, until it owes nothing: anyone may buy of it. What
		/// is asked begins at 105 % of the price and falls by 2 points a minute, down to what the
		/// asset counts for.
		SaleBegun {
			/// The account.
			account: AccountRef,
			/// The market in which it lost.
			market: MarketId,
			/// What it owes, in quote units.
			owed: Balance,
			/// What its collateral counts for, in quote units.
			worth: Balance,
		},
		/// Somebody bought collateral of an account that owes quote.
		CollateralSold {
			/// The account.
			account: AccountRef,
			/// Who bought.
			buyer: T::AccountId,
			/// The asset.
			asset: AssetId,
			/// How much of it, in its smallest unit.
			amount: Balance,
			/// What was paid, in quote units.
			cost: Balance,
			/// What was asked for a lot, in eighths of a tick.
			asked: Value,
			/// The asset's price, in ticks.
			price: Ticks,
			/// What the account owed before, in quote units.
			owed: Balance,
		},
		/// The collateral of an account is no longer for sale.
		SaleEnded {
			/// The account.
			account: AccountRef,
			/// What it still owes, in quote units: nothing, unless its collateral is gone.
			owed: Balance,
		},
		/// An account paid interest on its negative quote balance to an insurance fund.
		InterestPaid {
			/// The account.
			account: AccountRef,
			/// What it owed, in quote units.
			debt: Balance,
			/// What it paid, in quote units.
			amount: Balance,
		},
		/// What custody holds of an asset differs from what accounts claim. This is a fault of the
		/// chain.
		AssetMismatch {
			/// The asset.
			asset: AssetId,
			/// What came in less what went out.
			held: Balance,
			/// What accounts claim.
			claimed: Balance,
		},
		// The vault.
		/// The vault took over a position of an under-margined account, wholly or in part, since the
		/// book did not take it.
		VaultTook {
			/// The account.
			account: AccountRef,
			/// The market.
			market: MarketId,
			/// Signed lots taken over: positive for a long.
			lots: i64,
			/// The price: the vault's discount off the examined price, or the bankruptcy price where
			/// that comes first.
			price: Ticks,
			/// The price at which the position was examined.
			examined: Ticks,
			/// The price at which the position's share of the equity would have been used up.
			bankruptcy: Ticks,
			/// Equity before.
			equity: Amount,
			/// Maintenance margin before.
			maintenance: Balance,
			/// Penalty paid to insurance, in quote units.
			penalty: Balance,
			/// Why the vault took it.
			reason: TakeReason,
			/// The level in force.
			level: Level,
			/// What the vault could still lose in the market today before it took it, in quote units.
			budget_left: Balance,
			/// What it could still lose in all markets.
			budget_left_in_all: Balance,
		},
		/// The vault lost what it may lose in a market in a day, or in all. It takes nothing more
		/// there, and what it holds there is deleveraged.
		VaultOut {
			/// The market.
			market: MarketId,
			/// What it lost there, in quote units.
			lost: Balance,
			/// What it may lose there.
			budget: Balance,
			/// What it lost in all markets.
			lost_in_all: Balance,
			/// What it may lose in all.
			budget_in_all: Balance,
		},
		/// The vault closed a part of a position at the mark or better.
		VaultUnwound {
			/// The market.
			market: MarketId,
			/// Signed lots closed: positive for a long.
			lots: i64,
			/// The mark, which was the limit.
			price: Ticks,
		},
		// Settlement.
		/// A market is settled: nothing trades there again, and all positions are closed at this price.
		SettlementBegan {
			/// The market.
			market: MarketId,
			/// The price, and what it is made of.
			reference: ReferencePrice,
			/// Lots held long, which are as many as are held short.
			lots: Lots,
		},
		/// A position in a market that is being settled was visited. One without a claim is closed;
		/// another is closed once it is known what claims are paid.
		PositionSwept {
			/// The account.
			account: AccountRef,
			/// The market.
			market: MarketId,
			/// Signed lots that it held.
			lots: i64,
			/// What they gained at the price of the settlement, in quote units; negative where they lost.
			gain: Amount,
			/// What of the gain is claimed, in quote units. The rest covers the account's losses elsewhere.
			claim: Balance,
			/// What the account lacked after its loss, which is paid for it, in quote units.
			deficit: Balance,
		},
		/// It is known what those receive who gained in a market that is being settled: of each claim
		/// the same part, `paid / gains`. All amounts are in quote units.
		FactorPublished {
			/// The market.
			market: MarketId,
			/// What accounts lacked after their losses.
			deficits: Balance,
			/// What the insurance funds paid of that.
			covered: Balance,
			/// All claims.
			gains: Balance,
			/// What of them is paid.
			paid: Balance,
			/// What was lacking beyond all claims: bad debt of the market.
			uncovered: Balance,
		},
		/// A position in a settled market was closed and its claim paid.
		Claimed {
			/// The account.
			account: AccountRef,
			/// The market.
			market: MarketId,
			/// Signed lots closed.
			lots: i64,
			/// What was claimed, in quote units.
			claim: Balance,
			/// What of it was paid, in quote units.
			paid: Balance,
		},
		/// Every position in a settled market is closed and every claim paid.
		SettlementFinished {
			/// The market.
			market: MarketId,
			/// What rounding left for the market's fund, in quote units.
			rest: Balance,
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
		/// The risk parameters contradict each other or exceed what can be computed, or the lowest
		/// maintenance margin is less than twice what the book may move the mark price.
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
		// Other collateral.
		/// The asset is not listed as collateral.
		AssetNotListed,
		/// The asset is listed already.
		AssetListed,
		/// As many assets are listed, or are in the account, as may be.
		TooManyAssets,
		/// There is no such asset, or its weights, caps or scale contradict each other or its market.
		InvalidAsset,
		/// The change would let the asset back more; loosening takes the timelock.
		AssetNotTighter,
		/// The change would let the asset back less, or more than a cut under way leaves.
		AssetNotLooser,
		/// The account, or all accounts together, would hold more of the asset than may be.
		AssetCapReached,
		/// The account has less of the asset.
		NotEnoughAsset,
		/// The account's collateral is for sale, since it owes quote: until that is paid nothing may
		/// leave.
		ForSale,
		/// The account's collateral is not for sale.
		NotForSale,
		/// The account owes no more than it may.
		WithinDebtCap,
		/// The sale asks more than you were willing to pay.
		AsksMore,
		/// The position would be worth less than 10 units of the quote asset.
		PositionTooSmall,
		/// The account has more in it than may be removed with it.
		NotDust,
		/// The account was used less than thirty days ago.
		RecentlyUsed,
		/// These are not all trading keys of the account.
		WrongKeys,
		/// Custody has not received as much as this, less what it paid: deficits that nobody paid are
		/// missing in it.
		CustodyExhausted,
		// Risk parameters.
		/// Higher maintenance rates are announced already; they are stopped by lowering, or come into force.
		AlreadyAnnounced,
		/// The change does not tighten all that it changes, or changes nothing.
		NotTighter,
		/// The change does not loosen all that it changes, or changes nothing.
		NotLooser,
		// The vault.
		/// The margin of the vault's positions does not let so much of it go now; claim again when more
		/// of them are closed.
		VaultCommitted,
		/// The vault is closed by the chain alone, never by a call.
		VaultUnwinds,
		// Settlement.
		/// The market is being settled already, or was.
		MarketSettling,
		/// The market is not being settled, or everybody there is paid.
		NotSettling,
		/// It is not known yet what those receive who gained: the accounts are still being visited.
		FactorNotPublished,
		/// The account holds nothing in this market.
		NothingToClaim,
		/// The account holds a position in a market that is being settled; it can withdraw once it is
		/// known what those receive who gained.
		SettlementPending,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			T::WeightInfo::every_block()
		}
		/// Before all transactions but after the inherents, so that prices are judged by the time of
		/// this block: after an outage they are as old as they are.
		fn on_poll(_: BlockNumberFor<T>, meter: &mut WeightMeter) {
			let limit = T::HookWeight::get().min(meter.remaining());
			let mut own = WeightMeter::with_limit(limit);
			Self::step_cuts();
			Self::unwind_vault(&mut own);
			Self::work_backlog(&mut own);
			Self::work_ramps(&mut own);
			Self::work_settlements(&mut own);
			meter.consume(own.consumed());
		}
		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			let mut meter = WeightMeter::with_limit(remaining);
			if meter.try_consume(T::WeightInfo::every_block()).is_ok() {
				Self::work_backlog(&mut meter);
				Self::work_settlements(&mut meter);
			}
			meter.consumed()
		}
		fn integrity_test() {
			assert!(T::AccountDeposit::get() <= T::MinimumDeposit::get());
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
		#[pallet::weight((cost::deposit::<T>(), DispatchClass::Operational))]
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
		#[pallet::weight(cost::withdraw::<T>())]
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
		#[pallet::weight((cost::liquidate::<T>(), DispatchClass::Operational))]
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
		#[pallet::weight(cost::transfer::<T>())]
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
		#[pallet::weight(cost::close_account::<T>())]
		pub fn close_account(origin: OriginFor<T>, sub: u8) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_close_account(who, sub)
		}

		// Other collateral.

		/// Add `amount` of a listed asset (in its smallest unit) as collateral to your own account
		/// `sub`. A first deposit creates the account. Refused only beyond the asset's caps.
		#[pallet::call_index(20)]
		#[pallet::weight((cost::deposit_asset::<T>(), DispatchClass::Operational))]
		pub fn deposit_asset(
			origin: OriginFor<T>,
			sub: u8,
			asset: AssetId,
			amount: Balance,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Ok(Some(Self::do_deposit_asset(who, sub, asset, amount)?).into())
		}

		/// Withdraw `amount` of an asset from your account `sub`, as far as the rest leaves the margin
		/// of its positions and orders, without unrealised profit. Only the owner may.
		#[pallet::call_index(21)]
		#[pallet::weight(cost::withdraw_asset::<T>())]
		pub fn withdraw_asset(
			origin: OriginFor<T>,
			sub: u8,
			asset: AssetId,
			amount: Balance,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Ok(Some(Self::do_withdraw_asset(who, sub, asset, amount)?).into())
		}

		/// Move `amount` of an asset from your account `from` to your account `to`: at most what may be
		/// withdrawn. Only the owner may.
		#[pallet::call_index(22)]
		#[pallet::weight(cost::transfer_asset::<T>())]
		pub fn transfer_asset(
			origin: OriginFor<T>,
			from: u8,
			to: u8,
			asset: AssetId,
			amount: Balance,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Ok(Some(Self::do_transfer_asset(who, from, to, asset, amount)?).into())
		}

		/// Buy up to `amount` of an asset out of an account whose collateral is for sale, at what the
		/// sale asks now, for `most` quote units at the most. You pay quote from your own balance and
		/// receive the asset there; never more is sold than pays what the account owes.
		#[pallet::call_index(23)]
		#[pallet::weight(cost::buy_collateral::<T>())]
		pub fn buy_collateral(
			origin: OriginFor<T>,
			account: AccountRef,
			asset: AssetId,
			amount: Balance,
			most: Balance,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			let settled = Self::do_buy(who, account, asset, amount, most)?;
			Ok(Some(cost::collateral_bought::<T>(settled)).into())
		}

		/// List an asset as collateral.
		#[pallet::call_index(24)]
		pub fn list_asset(origin: OriginFor<T>, terms: NewAsset) -> DispatchResult {
			T::LoosenOrigin::ensure_origin(origin)?;
			Self::do_list_asset(terms)
		}

		/// Lower an asset's caps or its initial weight, from now on. What accounts hold already goes
		/// on to count for maintenance.
		#[pallet::call_index(25)]
		pub fn tighten_asset(
			origin: OriginFor<T>,
			asset: AssetId,
			change: AssetTightening,
		) -> DispatchResult {
			T::TightenOrigin::ensure_origin(origin)?;
			Self::do_tighten_asset(asset, change)
		}

		/// Announce that an asset's maintenance weight will fall to `weight`: after an hour, by 1 % of
		/// what it is each minute. For new exposure it counts at once. Nobody can skip the notice.
		#[pallet::call_index(26)]
		pub fn cut_asset(origin: OriginFor<T>, asset: AssetId, weight: Ppm) -> DispatchResult {
			T::TightenOrigin::ensure_origin(origin)?;
			Self::do_cut_asset(asset, weight)
		}

		/// Raise an asset's caps or weights, or end a cut by naming the present weight.
		#[pallet::call_index(27)]
		pub fn loosen_asset(
			origin: OriginFor<T>,
			asset: AssetId,
			change: AssetLoosening,
		) -> DispatchResult {
			T::LoosenOrigin::ensure_origin(origin)?;
			Self::do_loosen_asset(asset, change)
		}

		/// Offer the collateral of an account that owes more than it may. The chain does this whenever
		/// the account is touched; anyone may do it sooner.
		#[pallet::call_index(28)]
		#[pallet::weight(cost::offer_collateral::<T>())]
		pub fn offer_collateral(
			origin: OriginFor<T>,
			account: AccountRef,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let settled = Self::do_offer(account)?;
			Ok(Some(cost::collateral_offered::<T>(settled)).into())
		}

		// Risk parameters.

		/// Announce higher maintenance `rates` for the brackets of a market. The chain looks at every
		/// position: where more than 0.5 % of the open interest would fall under its maintenance margin, the
		/// announcement is dropped. Otherwise the rates rise after an hour of notice, by no more than 50 basis
		/// points of value an hour, and nobody can make it faster. Orders and withdrawals need the margin of
		/// the announced rates at once.
		#[pallet::call_index(30)]
		pub fn announce_maintenance(
			origin: OriginFor<T>,
			market: MarketId,
			rates: Rates,
		) -> DispatchResult {
			T::TightenOrigin::ensure_origin(origin)?;
			Self::do_announce(market, rates)
		}

		/// Lower the maintenance rates of a market to `rates`, at once. A rise that is announced or under way
		/// ends; rates equal to the present ones stop it where it stands.
		#[pallet::call_index(31)]
		pub fn lower_maintenance(
			origin: OriginFor<T>,
			market: MarketId,
			rates: Rates,
		) -> DispatchResult {
			T::LoosenOrigin::ensure_origin(origin)?;
			Self::do_lower(market, rates)
		}

		/// Tighten initial margin, leverage or caps of a market, at once: counts from the next order or
		/// withdrawal on and liquidates nobody.
		#[pallet::call_index(32)]
		pub fn tighten_risk(
			origin: OriginFor<T>,
			market: MarketId,
			change: RiskChange,
		) -> DispatchResult {
			T::TightenOrigin::ensure_origin(origin)?;
			Self::do_change_risk(market, change, true)
		}

		/// Loosen initial margin, leverage or caps of a market.
		#[pallet::call_index(33)]
		pub fn loosen_risk(
			origin: OriginFor<T>,
			market: MarketId,
			change: RiskChange,
		) -> DispatchResult {
			T::LoosenOrigin::ensure_origin(origin)?;
			Self::do_change_risk(market, change, false)
		}

		/// Remove `account`, which has no positions, orders or collateral, less than one unit of the quote
		/// asset in it, and has not changed for thirty days; `keys` are all its trading keys. Anyone may, and
		/// is paid the deposit that was kept for it; what else was in it goes to the global insurance fund. An
		/// owner who closes his account himself gets both.
		#[pallet::call_index(34)]
		#[pallet::weight(cost::remove_account::<T>(keys.len()))]
		pub fn remove_account(
			origin: OriginFor<T>,
			account: AccountRef,
			keys: BoundedVec<T::AccountId, ConstU32<{ MAX_KEYS as u32 }>>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_remove_account(who, account, keys.into_inner())
		}

		// Settlement.

		/// Visit up to `limit` more accounts, 64 at the most, of a market that is being settled. The
		/// chain does this by itself; anyone may do it sooner. With the last account it becomes known
		/// what those receive who gained.
		#[pallet::call_index(50)]
		#[pallet::weight((
			cost::sweep::<T>(*limit),
			DispatchClass::Operational,
		))]
		pub fn sweep(
			origin: OriginFor<T>,
			market: MarketId,
			limit: u32,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_sweep(market, limit)
		}

		/// Close the position of `account` in a settled market at its price, and pay the part of its gain
		/// that everybody receives. The chain does this by itself, and whenever the account does anything;
		/// anyone may do it sooner.
		#[pallet::call_index(51)]
		#[pallet::weight((cost::claim::<T>(), DispatchClass::Operational))]
		pub fn claim(
			origin: OriginFor<T>,
			account: AccountRef,
			market: MarketId,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_claim(account, market)
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
		/// Assets listed as collateral beside the quote asset, with their prices and values.
		pub fn listed_assets() -> AllListings {
			Listings::<T>::get()
		}
		/// What the sale of an account's collateral asks now for `amount` of an asset, in quote units,
		/// and how much of it is sold at the most; `None` while nothing is for sale.
		pub fn asked(
			account: AccountRef,
			asset: AssetId,
			amount: Balance,
		) -> Option<(Balance, Balance)> {
			Self::asked_for(account, asset, amount)
		}
		/// What a liquidation of an account would do now, or at other prices of up to 16 markets, if all of it
		/// were closed at its limits: computed as the liquidation itself does. `None` where there is no such
		/// account.
		pub fn preview(
			account: AccountRef,
			prices: Vec<(MarketId, Ticks)>,
		) -> Option<LiquidationPreview> {
			Self::preview_liquidation(account, &prices)
		}
		/// What waits beyond the prices and funding indices of a market.
		pub fn backlog(market: MarketId) -> BacklogStatus {
			Self::backlog_status(market)
		}
		/// The maintenance rates of a market with those that are announced; `None` where there is no such
		/// market.
		pub fn maintenance(market: MarketId) -> Option<MaintenanceStatus> {
			Self::maintenance_status(market)
		}
		/// Numbers of accounts whose triggers are crossed in a market, at most 64.
		pub fn waiting(market: MarketId) -> Vec<AccountRef> {
			Self::crossed_accounts(market)
		}
		/// The settlement of a market, how far it has come and what winners receive; `None` where none
		/// has begun.
		pub fn settlement(market: MarketId) -> Option<SettlementStatus> {
			Self::settlement_status(market)
		}
	}
}
