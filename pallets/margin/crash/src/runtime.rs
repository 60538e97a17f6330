//! The exchange without a chain around it: the real pallets with the real parameters and weights, in
//! memory. What governance does, Root does here. Which steps of the ladder are taken can be set.

use breakwater_primitives::{
	Backstop, Balance, Charges, Clearing, CoverTerms, Exposure, MarketId, Millis, Observation,
	Observe, OnVolatility, Ppm, Ticks, VaultPolicy, VaultTerms, MAX_MARKETS,
};
use frame_support::{
	derive_impl, parameter_types,
	traits::{
		AsEnsureOriginWithArg, ConstU128, ConstU16, ConstU32, ConstU64, ConstU8, Contains,
		EnsureOrigin, SortedMembers, TransactionPause, TransactionPauseError,
	},
	weights::{
		constants::{WEIGHT_REF_TIME_PER_MICROS, WEIGHT_REF_TIME_PER_MILLIS},
		RuntimeDbWeight, Weight,
	},
	PalletId,
};
use frame_system::{EnsureRoot, EnsureSigned};
use pallet_circuit_breaker::{CallName, Limit, Powers};
use pallet_insurance::DrawLimits;
use pallet_margin::steps::Steps;
use pallet_perpetuals::Tier;
use sp_runtime::{traits::Convert, BuildStorage};

/// A block of this runtime.
pub type Block = frame_system::mocking::MockBlockU32<Runtime>;
/// Accounts are numbers.
pub type AccountId = u64;

/// The quote asset.
pub const USDC: u32 = 1;
/// One whole unit of it.
pub const USDC_UNIT: Balance = 1_000_000;
/// The accounts that report prices.
pub const FEEDERS: [AccountId; 4] = [1, 2, 3, 4];
/// What the issuer holds at the beginning.
pub const MINTED: Balance = 1_000_000_000_000 * USDC_UNIT;
/// The account from which the funds have their start.
pub const ISSUER: AccountId = 5;

frame_support::construct_runtime!(
	pub enum Runtime {
		System: frame_system = 0,
		Timestamp: pallet_timestamp = 1,
		Balances: pallet_balances = 10,
		Assets: pallet_assets = 12,
		Oracle: pallet_oracle = 40,
		PriceGuard: pallet_price_guard = 50,
		CircuitBreaker: pallet_circuit_breaker = 51,
		Margin: pallet_margin = 52,
		Insurance: pallet_insurance = 53,
		Perpetuals: pallet_perpetuals = 54,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Runtime {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<u64>;
	type DbWeight = DbWeight;
}

#[derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
impl pallet_timestamp::Config for Runtime {
	type MinimumPeriod = ConstU64<1>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Runtime {
	type AccountStore = System;
}

#[derive_impl(pallet_assets::config_preludes::TestDefaultConfig)]
impl pallet_assets::Config for Runtime {
	type Balance = Balance;
	type Currency = Balances;
	type CreateOrigin = AsEnsureOriginWithArg<EnsureSigned<AccountId>>;
	type ForceOrigin = EnsureRoot<AccountId>;
	type Freezer = ();
	type Holder = ();
}

parameter_types! {
	/// The steps of the ladder that are taken.
	pub static Ladder: Steps = Steps::ALL;
	/// Whether a debt that nobody paid freezes its market, as on a chain. A study of crashes goes on, to
	/// see how much more there would have been.
	pub static Quarantine: bool = false;
	/// That of the chain.
	pub const DbWeight: RuntimeDbWeight = RuntimeDbWeight {
		read: 3 * WEIGHT_REF_TIME_PER_MICROS,
		write: 40 * WEIGHT_REF_TIME_PER_MICROS,
	};
	pub const OraclePalletId: PalletId = PalletId(*b"bw/oracl");
	pub const MarginPalletId: PalletId = PalletId(*b"bw/margn");
	pub const OnPriceLimit: Weight =
		Weight::from_parts(15 * WEIGHT_REF_TIME_PER_MILLIS, u64::MAX / 32);
	pub const LiquidationWeight: Weight =
		Weight::from_parts(100 * WEIGHT_REF_TIME_PER_MILLIS, u64::MAX);
	pub const ExchangeWeight: Weight =
		Weight::from_parts(84 * WEIGHT_REF_TIME_PER_MILLIS, u64::MAX);
	pub InsuranceDrawLimits: DrawLimits = DrawLimits::default();
	pub const SafeModeMillis: Millis = 12 * 3_600_000;
}

/// The feeders.
pub struct Feeders;

impl SortedMembers<AccountId> for Feeders {
	fn sorted_members() -> Vec<AccountId> {
		FEEDERS.to_vec()
	}
}

/// The markets that exist.
pub struct Markets;

impl Contains<MarketId> for Markets {
	fn contains(market: &MarketId) -> bool {
		pallet_perpetuals::Terms::<Runtime>::contains_key(market)
	}
}

/// What the markets have insured: open interest at the index, and terms by tier.
pub struct Insured;

impl Exposure for Insured {
	fn terms(market: MarketId) -> Option<CoverTerms> {
		let terms = pallet_perpetuals::Terms::<Runtime>::get(market)?;
		Some(match terms.tier {
			Tier::A => CoverTerms::TIER_A,
			Tier::B => CoverTerms::TIER_B,
			Tier::C => CoverTerms::TIER_C,
		})
	}
	fn notional(market: MarketId) -> Balance {
		let Some(terms) = pallet_perpetuals::Terms::<Runtime>::get(market) else { return 0 };
		let index = pallet_price_guard::Guards::<Runtime>::get(market).prices.index;
		terms.contract.notional(Margin::open_interest(market), index)
	}
	fn volatility(market: MarketId) -> Ppm {
		CircuitBreaker::volatility_over_usual(market)
	}
}

/// Initial margin, which follows volatility.
pub struct InitialMargin;

impl OnVolatility for InitialMargin {
	fn on_volatility(market: MarketId, sigma: Ppm) {
		Margin::set_volatility(market, sigma);
	}
}

/// The funds, of which either kind can be left out.
pub struct Funds;

impl Funds {
	fn set_market_fund(market: MarketId, balance: Balance) {
		pallet_insurance::MarketFunds::<Runtime>::mutate(market, |fund| fund.balance = balance);
	}
	/// What `ask` says where it sees only the kinds of funds that are taken.
	fn with_those_taken(
		market: MarketId,
		deficit: Balance,
		ask: impl Fn(MarketId, Balance) -> Balance,
	) -> Balance {
		let steps = Ladder::get();
		let own = pallet_insurance::MarketFunds::<Runtime>::get(market).balance;
		match (steps.take(Steps::MARKET_FUND), steps.take(Steps::GLOBAL_FUND)) {
			(true, true) => ask(market, deficit),
			(true, false) => ask(market, deficit.min(own)),
			(false, false) => 0,
			(false, true) => {
				Self::set_market_fund(market, 0);
				let paid = ask(market, deficit);
				Self::set_market_fund(market, own);
				paid
			},
		}
	}
}

impl Backstop for Funds {
	fn penalty(market: MarketId, amount: Balance) {
		Insurance::penalty(market, amount);
	}
	fn cover(market: MarketId, deficit: Balance) -> Balance {
		Self::with_those_taken(market, deficit, Insurance::cover)
	}
	fn coverable(market: MarketId, deficit: Balance) -> Balance {
		Self::with_those_taken(market, deficit, Insurance::coverable)
	}
	fn total() -> Balance {
		Insurance::total()
	}
	fn charges(market: MarketId) -> Charges {
		<Insurance as Backstop>::charges(market)
	}
	fn charged(market: MarketId, premium: Balance, surcharge: Balance) {
		Insurance::charged(market, premium, surcharge);
	}
}

/// Passes on to the breaker what happens; see [`Quarantine`].
pub struct Watch;

impl Observe for Watch {
	fn observe(market: MarketId, observation: &Observation) {
		match observation {
			Observation::InvariantBroken if !Quarantine::get() => (),
			_ => CircuitBreaker::observe(market, observation),
		}
	}
}

/// Root has all powers; nobody else has any.
pub struct RootPowers;

impl EnsureOrigin<RuntimeOrigin> for RootPowers {
	type Success = Powers<AccountId>;
	fn try_origin(origin: RuntimeOrigin) -> Result<Self::Success, RuntimeOrigin> {
		const LIMITS: &[Limit] =
			&[Limit { level: breakwater_primitives::Level::Freeze, duration: 12 * 3_600_000 }];
		EnsureRoot::<AccountId>::try_origin(origin).map(|()| Powers {
			cause: breakwater_primitives::Cause::Council,
			limits: LIMITS,
			member: None,
			extends: true,
			pause: 0,
		})
	}
}

/// No call is ever paused.
pub struct NothingPaused;

impl TransactionPause for NothingPaused {
	type CallIdentifier = CallName;
	fn is_paused(_: CallName) -> bool {
		false
	}
	fn can_pause(_: CallName) -> bool {
		false
	}
	fn pause(_: CallName) -> Result<(), TransactionPauseError> {
		Err(TransactionPauseError::Unpausable)
	}
	fn unpause(_: CallName) -> Result<(), TransactionPauseError> {
		Err(TransactionPauseError::AlreadyUnpaused)
	}
}

impl pallet_oracle::Config for Runtime {
	type OnNewData = ();
	type CombineData = pallet_price_guard::GuardedMedian<Runtime>;
	type Time = Timestamp;
	type OracleKey = MarketId;
	type OracleValue = Ticks;
	type PalletId = OraclePalletId;
	type Members = Feeders;
	type WeightInfo = ();
	type MaxHasDispatchedSize = ConstU32<5>;
	type MaxFeedValues = ConstU32<{ MAX_MARKETS as u32 }>;
}

impl pallet_price_guard::Config for Runtime {
	type Time = Timestamp;
	type Markets = Markets;
	type Quotes = Perpetuals;
	type Gate = CircuitBreaker;
	type OnPrice = (CircuitBreaker, Margin, Perpetuals);
	type OnPriceLimit = OnPriceLimit;
	type Maintenance = Maintenance;
	type LoosenOrigin = EnsureRoot<AccountId>;
	type WeightInfo = pallet_price_guard::weights::SubstrateWeight<Runtime>;
}

impl pallet_circuit_breaker::Config for Runtime {
	type Time = Timestamp;
	type Markets = Markets;
	type Incidents = ();
	type RestrictOrigin = RootPowers;
	type LoosenOrigin = EnsureRoot<AccountId>;
	type RearmOrigin = EnsureRoot<AccountId>;
	type Calls = RuntimeCall;
	type TxPause = NothingPaused;
	type Auctions = Perpetuals;
	type OnVolatility = InitialMargin;
	type SafeModeDuration = SafeModeMillis;
	type SettleOrigin = EnsureRoot<AccountId>;
	type Settlement = (Margin, Perpetuals);
	type WeightInfo = pallet_circuit_breaker::weights::SubstrateWeight<Runtime>;
}

/// The maintenance margin fraction of a small position in a market.
pub struct Maintenance;

impl Convert<MarketId, Ppm> for Maintenance {
	fn convert(market: MarketId) -> Ppm {
		<Margin as Clearing<_>>::base_fractions(market).1
	}
}

/// How far the book may move the mark price of a market.
pub struct MarkClamp;

impl Convert<MarketId, Ppm> for MarkClamp {
	fn convert(market: MarketId) -> Ppm {
		pallet_price_guard::Params::<Runtime>::get(market).mark_clamp
	}
}

/// The vault's terms by the tier of a market.
pub struct VaultTiers;

impl VaultPolicy for VaultTiers {
	fn terms(market: MarketId) -> VaultTerms {
		match pallet_perpetuals::Terms::<Runtime>::get(market).map(|terms| terms.tier) {
			Some(Tier::A) => VaultTerms::TIER_A,
			Some(Tier::B) => VaultTerms::TIER_B,
			_ => VaultTerms::TIER_C,
		}
	}
}

impl pallet_margin::Config for Runtime {
	type Assets = Assets;
	type CollateralAsset = ConstU32<USDC>;
	type PalletId = MarginPalletId;
	type Venue = Perpetuals;
	type Insurance = Funds;
	type Gate = CircuitBreaker;
	type Observe = Watch;
	type Time = Timestamp;
	type PriceAgeLimit = ConstU64<10_000>;
	type MinimumDeposit = ConstU128<{ 10 * USDC_UNIT }>;
	type AccountDeposit = ConstU128<0>;
	type MaxSubAccounts = ConstU8<16>;
	type LiquidationsPerBlock = ConstU32<300>;
	type HookWeight = LiquidationWeight;
	type MaxLiquidationFills = ConstU16<32>;
	type TightenOrigin = EnsureRoot<AccountId>;
	type LoosenOrigin = EnsureRoot<AccountId>;
	type VaultPolicy = VaultTiers;
	type MarkClamp = MarkClamp;
	type SettlementPrice = PriceGuard;
	type Outflow = ();
	type Ladder = Ladder;
	type WeightInfo = pallet_margin::weights::SubstrateWeight<Runtime>;
}

impl pallet_insurance::Config for Runtime {
	type Custody = Margin;
	type Time = Timestamp;
	type Markets = Markets;
	type MinContribution = ConstU128<USDC_UNIT>;
	type DrawLimits = InsuranceDrawLimits;
	type MinBacking = ConstU128<{ 100 * USDC_UNIT }>;
	type Exposure = Insured;
	type Gate = CircuitBreaker;
	type WindDownOrigin = EnsureRoot<AccountId>;
	type Vault = Margin;
	type WeightInfo = pallet_insurance::weights::SubstrateWeight<Runtime>;
}

impl pallet_perpetuals::Config for Runtime {
	type WeightInfo = pallet_perpetuals::weights::SubstrateWeight<Runtime>;
	type ListOrigin = EnsureRoot<AccountId>;
	type TightenOrigin = EnsureRoot<AccountId>;
	type ChangeOrigin = EnsureRoot<AccountId>;
	type Clearing = Margin;
	type Gate = CircuitBreaker;
	type Observe = Watch;
	type Time = Timestamp;
	type PriceAgeLimit = ConstU64<10_000>;
	type MaxFills = ConstU16<32>;
	type MaxRemovals = ConstU16<32>;
	type HookWeight = ExchangeWeight;
}

/// A state in which each of `holders` has so many whole USDC and block 1 is about to begin.
pub fn state(holders: impl IntoIterator<Item = (AccountId, Balance)>) -> sp_io::TestExternalities {
	let mut accounts: Vec<_> =
		holders.into_iter().map(|(who, usdc)| (USDC, who, usdc * USDC_UNIT)).collect();
	accounts.push((USDC, ISSUER, MINTED));
	let genesis = RuntimeGenesisConfig {
		assets: pallet_assets::GenesisConfig {
			assets: vec![(USDC, ISSUER, true, 1)],
			accounts,
			..Default::default()
		},
		..Default::default()
	};
	let storage = genesis.build_storage().expect("the genesis is sound");
	storage.into()
}
