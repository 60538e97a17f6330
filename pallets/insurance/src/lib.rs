//! # Insurance
//!
//! What stands between a bankrupt account and everyone else.
//!
//! Every market has a fund of its own, and all markets share a global one. Penalties of liquidated
//! accounts and premiums of fills that open positions flow into the fund of their market; anybody
//! may contribute to either kind, and whoever backs the global fund holds shares in it. When an
//! account is closed with a deficit, the clearing house asks for cover: the market's fund pays as
//! far as it reaches, then the global fund within its draw limits. What neither pays is the clearing
//! house's to deleverage or to socialise.
//!
//! ```text
//!   penalty, premium --> [ fund of market m ] ---- all of it ----------> deficit of m
//!   contribute(Some(m)) ----^     |      ^                                  ^
//!                          excess |      | top-up, calm only                |
//!                                 v      |                                  |
//!   contribute(None), --> [  global fund   ] -- per market, hour and day ---+
//!   surcharge of takers     ^          |  \- all markets, hour and day -----/
//!                           | back     | claim: 10 days after notice
//!                         [ backers' shares ]
//! ```
//!
//! **Limits.** The draw limits ([`bucket`]) keep one market from emptying what protects the others:
//! an attacker who breaks one market gets at most a tenth of the global fund in any hour and a fifth
//! in any day, however many accounts he uses.
//!
//! **Price of safety** ([`pricing`]). A fund's target is a fraction of its market's open interest.
//! Fills that open pay a premium that rises as the fund falls short of it, with volatility, and with
//! the leverage of whoever opens. A market that drew from the global fund charges its takers until it
//! has repaid. Each hour every market is reviewed; while it is calm, what its fund can spare goes to
//! the global fund, and what it lacks comes from there.
//!
//! **Backers** ([`shares`], [`backing`]). Shares in the global fund gain from surcharges and excess
//! and bear its losses, also under notice. A loss that leaves them worthless voids them all; who
//! comes afterwards begins anew. The backstop vault, an account of the clearing house that takes over
//! positions, is backed by shares of its own under the same rules:
//!
//! ```text
//!   back_vault --> [ shares of the vault ] --Vault--> quote balance of the vault's account
//!   claim_vault <--  notice, ten days    <--------    equity at the worse of index and mark
//! ```
//!
//! The funds are claims on the custody account, where all collateral sits; no token moves when a
//! penalty is taken or a deficit is covered. [`Total`] is the sum of all funds, kept as they
//! change, so that conservation can be checked in every block.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub use breakwater_primitives::bucket;
pub use pallet::*;

pub mod backing;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod cost;
mod fund;
pub mod pricing;
pub mod shares;
mod types;
mod upkeep;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use types::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use breakwater_primitives::{
		Balance, Charges, Custody, Exposure, Gate, MarketId, Millis, Vault, MAX_MARKETS,
	};
	use bucket::Draws;
	use frame_support::{
		pallet_prelude::*,
		traits::{Contains, UnixTime},
		weights::WeightMeter,
	};
	use frame_system::pallet_prelude::*;

	/// The version of this pallet's storage.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(3);

	/// Funds per chain: one for each market.
	pub type MaxFunds = ConstU32<{ MAX_MARKETS as u32 }>;

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// Takes contributions into the account where all collateral and all funds sit.
		type Custody: Custody<Self::AccountId>;
		/// The chain's clock.
		type Time: UnixTime;
		/// Which markets exist.
		type Markets: Contains<MarketId>;
		/// The smallest contribution, in the smallest unit of the quote asset.
		#[pallet::constant]
		type MinContribution: Get<Balance>;
		/// How much of the global fund one market, and all markets, may draw in an hour and a day.
		#[pallet::constant]
		type DrawLimits: Get<DrawLimits>;
		/// The smallest amount with which the global fund may be backed, in the smallest unit of
		/// the quote asset.
		#[pallet::constant]
		type MinBacking: Get<Balance>;
		/// What is insured: open interest, terms and volatility of each market.
		type Exposure: Exposure;
		/// Restrictions in force: money moves between funds while markets are calm, and claims wait
		/// while they are not.
		type Gate: Gate;
		/// Who may wind down the fund of a market that no longer trades: the timelock, with the
		/// delay of a loosening, because it takes cover away.
		type WindDownOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// The account of the backstop vault.
		type Vault: Vault<Self::AccountId>;
		/// Weights of the calls.
		type WeightInfo: WeightInfo;
		/// What benchmarks need of the pallets around.
		#[cfg(feature = "runtime-benchmarks")]
		type Scene: breakwater_primitives::benchmarking::Scene<Self::AccountId>;
	}

	/// The fund of each market, with what its fills pay and what it owes the global fund.
	#[pallet::storage]
	pub type MarketFunds<T: Config> =
		StorageMap<_, Twox64Concat, MarketId, MarketFund, ValueQuery, GetDefault, MaxFunds>;

	/// The fund that all markets share, in the smallest unit of the quote asset.
	#[pallet::storage]
	pub type GlobalFund<T: Config> = StorageValue<_, Balance, ValueQuery>;

	/// The sum of all funds: what insurance claims of the custody account.
	#[pallet::storage]
	pub type Total<T: Config> = StorageValue<_, Balance, ValueQuery>;

	/// What each market has drawn from the global fund lately.
	#[pallet::storage]
	pub type MarketDraws<T: Config> =
		StorageMap<_, Twox64Concat, MarketId, Draws, ValueQuery, GetDefault, MaxFunds>;

	/// What all markets together have drawn from the global fund lately.
	#[pallet::storage]
	pub type AllDraws<T: Config> = StorageValue<_, Draws, ValueQuery>;

	/// How many shares in the global fund, and in the vault, there are, and of which epoch.
	#[pallet::storage]
	pub type Shares<T: Config> =
		StorageMap<_, Identity, FundClass, ShareTotals, ValueQuery, GetDefault, ConstU32<2>>;

	/// What each backer holds of the global fund, and of the vault.
	#[pallet::storage]
	pub type Backers<T: Config> = StorageDoubleMap<
		_,
		Identity,
		FundClass,
		Blake2_128Concat,
		T::AccountId,
		Backer,
		ValueQuery,
	>;

	/// The clock of notices, the round of reviews, and the sum of the funds' targets.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type UpkeepState<T: Config> = StorageValue<_, Upkeep, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Somebody gave to a fund. Contributions are gifts: they cannot be taken back.
		Contributed {
			/// Who gave.
			who: T::AccountId,
			/// To the fund of this market, or to the global fund.
			market: Option<MarketId>,
			/// In the smallest unit of the quote asset.
			amount: Balance,
		},
		/// The penalty of a liquidated account went to the fund of its market.
		PenaltyTaken {
			/// The market.
			market: MarketId,
			/// In the smallest unit of the quote asset.
			amount: Balance,
		},
		/// An account was closed with a deficit and the funds paid for it.
		Covered {
			/// The market.
			market: MarketId,
			/// What was missing.
			deficit: Balance,
			/// What the market's fund paid.
			market_fund_paid: Balance,
			/// What the global fund paid within its draw limits. What is still missing after both
			/// is deleveraged or socialised by the clearing house.
			global_fund_paid: Balance,
		},
		/// A market has repaid what it drew from the global fund: its takers pay no surcharge any
		/// more.
		Repaid {
			/// The market.
			market: MarketId,
		},
		/// Somebody backs the global fund or the vault.
		Backed {
			/// Shares of which fund.
			fund: FundClass,
			/// Who.
			who: T::AccountId,
			/// What the shares cost: at most what was offered.
			paid: Balance,
			/// How many shares that bought.
			shares: u128,
		},
		/// A backer gave notice: the shares leave ten days later, and bear losses until then.
		NoticeGiven {
			/// Shares of which fund.
			fund: FundClass,
			/// Who.
			who: T::AccountId,
			/// How many shares.
			shares: u128,
			/// What they are worth now. They will not pay more.
			value: Balance,
			/// When they may be claimed, in milliseconds of the active clock.
			ready: Millis,
		},
		/// A backer took a notice back.
		NoticeCancelled {
			/// Shares of which fund.
			fund: FundClass,
			/// Who.
			who: T::AccountId,
			/// How many shares stay.
			shares: u128,
		},
		/// Shares were paid and are gone. Shares of an earlier epoch pay nothing.
		Claimed {
			/// Shares of which fund.
			fund: FundClass,
			/// Whose they were.
			who: T::AccountId,
			/// How many.
			shares: u128,
			/// What they paid.
			paid: Balance,
		},
		/// A loss left the shares in a fund without value. They are void; shares bought
		/// from now on belong to a new epoch.
		SharesVoided {
			/// Shares of which fund.
			fund: FundClass,
			/// How many there were.
			shares: u128,
			/// The new epoch.
			epoch: u32,
		},
		/// The fund of a calm market held more than it needs, and what it can spare went to the
		/// global fund.
		ExcessMoved {
			/// The market.
			market: MarketId,
			/// How much.
			amount: Balance,
		},
		/// The fund of a calm market held less than half of what it needs and received some from
		/// the global fund.
		ToppedUp {
			/// The market.
			market: MarketId,
			/// How much.
			amount: Balance,
		},
		/// The fund of a market that no longer trades waits for late claims, then it goes to the
		/// global fund.
		WindDownBegun {
			/// The market.
			market: MarketId,
			/// Until when it waits, in milliseconds of chain time.
			closes: Millis,
		},
		/// The market trades again and keeps its fund.
		WindDownEnded {
			/// The market.
			market: MarketId,
		},
		/// The fund of a market that no longer trades went to the global fund.
		WoundDown {
			/// The market.
			market: MarketId,
			/// How much.
			amount: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such market.
		UnknownMarket,
		/// The contribution is smaller than the smallest one accepted.
		ContributionTooSmall,
		/// The fund cannot hold that much.
		Overflow,
		/// A fund is backed with a larger amount than this.
		BackingTooSmall,
		/// The amount does not pay for a single share; offer more.
		ShareTooDear,
		/// You do not hold that many shares without notice, or the number is zero.
		NotEnoughShares,
		/// As many notices run as may; cancel or claim one.
		TooManyNotices,
		/// There is no such notice. One that was not claimed in time has lapsed, and its shares are
		/// yours as before.
		NoNotice,
		/// The notice has not run its ten days.
		NoticeRunning,
		/// A market is in trouble, or the fund lost within a day. The claim can be made when that is
		/// over, and seven days after the end of the notice at the latest. Or what is claimed of custody
		/// is not what it holds: then nobody is paid.
		ClaimsWait,
		/// Positions of the market are open: its fund stays.
		MarketLive,
		/// The fund of the market is already being wound down.
		AlreadyWindingDown,
		// The vault.
		/// A price of the vault's positions is not valid now, so nobody knows what a share costs.
		VaultNotPriced,
		/// The vault has nothing left beyond what its positions may still lose; back it when they are
		/// closed.
		VaultShort,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Wind the clock of notices and review a few markets. It comes before the extrinsics, so
		/// that full blocks do not put it off.
		fn on_poll(_: BlockNumberFor<T>, meter: &mut WeightMeter) {
			Self::keep_up(meter);
		}

		fn integrity_test() {
			assert!(T::MinBacking::get() > 0, "shares are bought with something");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	/// Contributions that the funds start with.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Who contributes, to the fund of which market (none: the global fund), and how much. Each
		/// must own the amount: tokens move into custody as with a call.
		pub contributions: Vec<(T::AccountId, Option<MarketId>, Balance)>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for (who, market, amount) in &self.contributions {
				// Markets may be created after this pallet is built, so only the range is known.
				assert!(market.is_none_or(|m| m.0 < MAX_MARKETS), "no such market: {market:?}");
				Pallet::<T>::take_contribution(who, *market, *amount)
					.expect("each contribution of the genesis is funded");
			}
		}
	}

	#[pallet::call(weight = <T as Config>::WeightInfo)]
	impl<T: Config> Pallet<T> {
		/// Give `amount` of the quote asset to the fund of `market`, or to the global fund when none
		/// is named. It is a gift and cannot be taken back.
		#[pallet::call_index(0)]
		pub fn contribute(
			origin: OriginFor<T>,
			market: Option<MarketId>,
			amount: Balance,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			ensure!(market.is_none_or(|m| T::Markets::contains(&m)), Error::<T>::UnknownMarket);
			Self::take_contribution(&who, market, amount)
		}

		/// Back the global fund with up to `amount` of the quote asset, for as many whole shares as
		/// that buys; the rest stays with you. The shares gain what the fund earns, bear what it
		/// pays, and can be left with ten days' notice.
		#[pallet::call_index(1)]
		pub fn back(origin: OriginFor<T>, amount: Balance) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_back(FundClass::Global, who, amount)
		}

		/// Give notice of `shares` of yours. They can be claimed after ten days in which the chain
		/// was up and not frozen, for what they are worth now or then, whichever is less. What is
		/// not claimed within eight days of that lapses, and the shares stay.
		#[pallet::call_index(2)]
		pub fn notice(origin: OriginFor<T>, shares: u128) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_notice(FundClass::Global, who, shares)
		}

		/// Be paid for every share whose notice has run. It has to wait, seven days at the most,
		/// while a market is at `ReduceOnly` or worse or the global fund was drawn on within a day.
		/// Void shares of an earlier epoch are removed and pay nothing.
		#[pallet::call_index(3)]
		pub fn claim(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_claim(FundClass::Global, who)
		}

		/// Take back notice number `index` of yours, the oldest being 0. Its shares stay.
		#[pallet::call_index(4)]
		pub fn cancel(origin: OriginFor<T>, index: u8) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_cancel(FundClass::Global, who, index)
		}

		/// Wind down the fund of `market`, which is being settled or has no open position: thirty
		/// days for late claims, then the fund goes to the global fund. It takes cover away, so it
		/// waits like a loosening.
		#[pallet::call_index(5)]
		pub fn wind_down(origin: OriginFor<T>, market: MarketId) -> DispatchResult {
			T::WindDownOrigin::ensure_origin(origin)?;
			Self::do_wind_down(market)
		}

		// The vault.

		/// Back the vault with up to `amount` of the quote asset, for as many whole shares as that buys
		/// at the better of index and mark; the rest stays with you. The vault takes over positions
		/// that the book does not take in time, below the market's price: the shares gain and bear
		/// what becomes of them, and can be left with ten days' notice.
		#[pallet::call_index(20)]
		pub fn back_vault(origin: OriginFor<T>, amount: Balance) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_back(FundClass::Vault, who, amount)
		}

		/// Give notice of `shares` of yours in the vault. They can be claimed after ten days in which
		/// the chain was up and not frozen, for what they are worth now or then at the worse of index
		/// and mark, whichever is less. What is not claimed within eight days of that lapses, and the
		/// shares stay.
		#[pallet::call_index(21)]
		pub fn notice_vault(origin: OriginFor<T>, shares: u128) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_notice(FundClass::Vault, who, shares)
		}

		/// Be paid for every share in the vault whose notice has run. It has to wait, seven days at the
		/// most, while a market in which the vault holds a position is at `ReduceOnly` or worse or has
		/// no valid price, or the vault lost within a day; and for as long as the margin of its
		/// positions takes all that it has. Void shares of an earlier epoch are removed and pay
		/// nothing.
		#[pallet::call_index(22)]
		pub fn claim_vault(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_claim(FundClass::Vault, who)
		}

		/// Take back notice number `index` of your shares in the vault, the oldest being 0.
		#[pallet::call_index(23)]
		pub fn cancel_vault(origin: OriginFor<T>, index: u8) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_cancel(FundClass::Vault, who, index)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The fund of `market`, in the smallest unit of the quote asset.
		pub fn fund(market: MarketId) -> Balance {
			MarketFunds::<T>::get(market).balance
		}

		/// The insurance of `market`: its fund and target, what it may draw and owes, what its fills
		/// pay.
		pub fn insurance_of(market: MarketId) -> CoverSummary {
			let fund = MarketFunds::<T>::get(market);
			CoverSummary {
				fund: fund.balance,
				target: fund.target,
				drawable: Self::global_available(market),
				owed: fund.owed,
				charges: fund.charges(),
				closes: fund.closes,
			}
		}

		/// What fills in `market` pay now, in parts per billion of notional value.
		pub fn charges_of(market: MarketId) -> Charges {
			MarketFunds::<T>::get(market).charges()
		}

		/// What the global fund should hold, in the smallest unit of the quote asset.
		pub fn global_target() -> Balance {
			UpkeepState::<T>::get().global_target()
		}

		/// How many shares in the global fund there are, and of which epoch.
		pub fn shares() -> ShareTotals {
			Shares::<T>::get(FundClass::Global)
		}

		/// What `who` holds of the global fund: shares, what they are worth, and running notices.
		pub fn backer_of(who: T::AccountId) -> BackerSummary {
			Self::backer_summary(FundClass::Global, &who)
		}

		/// How many whole shares `amount` buys now, and what they would cost.
		pub fn shares_for(amount: Balance) -> Option<(u128, Balance)> {
			Self::offer(FundClass::Global, amount).ok()
		}

		/// How many shares in the vault there are, and of which epoch.
		pub fn vault_shares() -> ShareTotals {
			Shares::<T>::get(FundClass::Vault)
		}

		/// What `who` holds of the vault: shares, what they are worth, and running notices.
		pub fn vault_backer_of(who: T::AccountId) -> BackerSummary {
			Self::backer_summary(FundClass::Vault, &who)
		}

		/// How many whole shares in the vault `amount` buys now, and what they would cost; `None` while
		/// it may not be backed.
		pub fn vault_shares_for(amount: Balance) -> Option<(u128, Balance)> {
			Self::offer(FundClass::Vault, amount).ok()
		}

		/// The global fund, in the smallest unit of the quote asset.
		pub fn global() -> Balance {
			GlobalFund::<T>::get()
		}

		/// What `market` could draw from the global fund now, in the smallest unit of the quote
		/// asset.
		pub fn drawable(market: MarketId) -> Balance {
			Self::global_available(market)
		}
	}
}
