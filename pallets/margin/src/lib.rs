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
mod calls;
mod capacity;
mod checks;
mod clearing;
pub mod collateral;
pub mod cost;
mod custody;
mod deleveraging;
mod dust;
mod errors;
mod events;
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

use frame_support::pallet_macros::import_section;

#[import_section(events::events)]
#[import_section(errors::errors)]
#[import_section(calls::calls)]
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

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			cost::block::<T>()
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
