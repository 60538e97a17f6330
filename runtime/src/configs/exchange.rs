//! The exchange: prices, breaker, clearing house, insurance, order book, incidents, timelock.
//!
//! ```text
//!  feeders -> PriceGuard (over Oracle) --OnPrice--> CircuitBreaker, Margin, Perpetuals
//!  traders -> Perpetuals --Clearing--> Margin --Backstop--> Insurance
//!                 ^----------Venue-------'       '--Vault (its shares)
//!  CircuitBreaker, level 6 --Settlement--> Margin, Perpetuals; Margin --SettlementPrice--> PriceGuard
//!  everyone asks CircuitBreaker (Gate) and tells it (Observe); it tells Incidents
//! ```

use crate::{
	governance::{
		BeyondVeto, EnsureCommitteeHalf, EnsureCouncilHalf, EnsureLoosen, EnsureNeutral,
		EnsurePowers, EnsureRepair, EnsureResponder, EnsureStructural, QueueByClass,
	},
	weights::MAX_BLOCK,
	Assets, CircuitBreaker, Feeders, Incidents, Insurance, Margin, OriginCaller, Perpetuals,
	PriceGuard, Runtime, RuntimeCall, RuntimeOrigin, Scheduler, Timestamp, TxPause,
	MILLISECS_PER_BLOCK, USDC, USDC_UNIT,
};
use breakwater_primitives::{
	Balance, Clearing, CoverTerms, Exposure, Level, MarketId, Millis, OnVolatility, Ppm, Ticks,
	VaultPolicy, VaultTerms, MAX_MARKETS,
};
use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU16, ConstU32, ConstU64, ConstU8, Contains, Get},
	weights::{constants::WEIGHT_REF_TIME_PER_MILLIS, Weight},
	PalletId,
};
use pallet_insurance::DrawLimits;
use pallet_perpetuals::Tier;
use sp_runtime::{traits::Convert, Perbill};

/// The most price feeders.
pub type MaxFeeders = ConstU32<32>;
/// How old a price may be before orders that open are refused and liquidations turn lenient, where it
/// does not carry the limit of its market.
pub type PriceAgeLimit = ConstU64<10_000>;
/// The most resting orders that one call, or one liquidation, may fill.
pub type MaxFills = ConstU16<32>;

parameter_types! {
	pub const OraclePalletId: PalletId = PalletId(*b"bw/oracl");
	pub const MarginPalletId: PalletId = PalletId(*b"bw/margn");
	/// What a feed may set off at once; the rest waits for the next block. Four feeders in a block
	/// stay within the operational reserve, in time and in proof: a solo chain has all of `u64` for
	/// that, but a feed that asked for all of it would fit no block.
	pub const OnPriceLimit: Weight =
		Weight::from_parts(15 * WEIGHT_REF_TIME_PER_MILLIS, u64::MAX / 32);
	/// What waking accounts may take of a block: some 300 liquidations.
	pub const LiquidationWeight: Weight =
		Weight::from_parts(100 * WEIGHT_REF_TIME_PER_MILLIS, u64::MAX);
	/// What auctions, stop orders and switches may take of a block. Each has a part of it that fits the
	/// costliest of its kind.
	pub const ExchangeWeight: Weight =
		Weight::from_parts(84 * WEIGHT_REF_TIME_PER_MILLIS, u64::MAX);
	pub InsuranceDrawLimits: DrawLimits = DrawLimits::default();
	/// The longest safe mode that the committee can enter, in milliseconds.
	pub const SafeModeMillis: Millis = 12 * 3_600_000;
	pub MaxQueuedWeight: Weight = Perbill::from_percent(50) * MAX_BLOCK;
	pub MaxAutomaticWeight: Weight = Perbill::from_percent(10) * MAX_BLOCK;
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

/// On what terms the vault takes positions, by tier.
pub struct VaultTiers;

impl VaultPolicy for VaultTiers {
	fn terms(market: MarketId) -> VaultTerms {
		match pallet_perpetuals::Terms::<Runtime>::get(market).map(|terms| terms.tier) {
			Some(Tier::A) => VaultTerms::TIER_A,
			Some(Tier::B) => VaultTerms::TIER_B,
			Some(Tier::C) | None => VaultTerms::TIER_C,
		}
	}
}

/// Initial margin, which follows volatility.
pub struct InitialMargin;

impl OnVolatility for InitialMargin {
	fn on_volatility(market: MarketId, sigma: Ppm) {
		Margin::set_volatility(market, sigma);
	}
}

/// The level of the whole chain.
pub struct ChainLevel;

impl Get<Level> for ChainLevel {
	fn get() -> Level {
		CircuitBreaker::chain_level().0
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
	type WeightInfo = pallet_oracle::weights::SubstrateWeight<Runtime>;
	// One more than the feeders: Root counts as one.
	type MaxHasDispatchedSize = ConstU32<33>;
	type MaxFeedValues = ConstU32<{ MAX_MARKETS as u32 }>;
	// Nobody runs its benchmarks: feeds are measured where they come in.
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
}

impl pallet_price_guard::Config for Runtime {
	type Time = Timestamp;
	type Markets = Markets;
	type Quotes = Perpetuals;
	type Gate = CircuitBreaker;
	type OnPrice = (CircuitBreaker, Margin, Perpetuals);
	type OnPriceLimit = OnPriceLimit;
	type Maintenance = Maintenance;
	type LoosenOrigin = EnsureRepair;
	type WeightInfo = pallet_price_guard::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type Scene = crate::benchmarking::BenchmarkScene;
}

impl pallet_circuit_breaker::Config for Runtime {
	type Time = Timestamp;
	type Markets = Markets;
	type Incidents = Incidents;
	type RestrictOrigin = EnsurePowers;
	type LoosenOrigin = EnsureRepair;
	type RearmOrigin = EnsureCouncilHalf;
	type Calls = RuntimeCall;
	type TxPause = TxPause;
	type Auctions = Perpetuals;
	type OnVolatility = InitialMargin;
	type SafeModeDuration = SafeModeMillis;
	type WeightInfo = pallet_circuit_breaker::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type Scene = crate::benchmarking::BenchmarkScene;
	type SettleOrigin = EnsureStructural;
	type Settlement = (Margin, Perpetuals);
}

impl pallet_margin::Config for Runtime {
	type Assets = Assets;
	type CollateralAsset = ConstU32<USDC>;
	type PalletId = MarginPalletId;
	type Venue = Perpetuals;
	type Insurance = Insurance;
	type Gate = CircuitBreaker;
	type Observe = CircuitBreaker;
	type Time = Timestamp;
	type PriceAgeLimit = PriceAgeLimit;
	type MinimumDeposit = ConstU128<{ 10 * USDC_UNIT }>;
	type AccountDeposit = ConstU128<USDC_UNIT>;
	type MaxSubAccounts = ConstU8<16>;
	type LiquidationsPerBlock = ConstU32<300>;
	type HookWeight = LiquidationWeight;
	type MaxLiquidationFills = MaxFills;
	type MarkClamp = MarkClamp;
	type TightenOrigin = EnsureCommitteeHalf;
	type LoosenOrigin = EnsureLoosen;
	type Outflow = ();
	type VaultPolicy = VaultTiers;
	type Ladder = pallet_margin::steps::WholeLadder;
	type WeightInfo = pallet_margin::weights::SubstrateWeight<Runtime>;
	type SettlementPrice = PriceGuard;
	#[cfg(feature = "runtime-benchmarks")]
	type Scene = crate::benchmarking::BenchmarkScene;
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
	type WindDownOrigin = EnsureLoosen;
	type Vault = Margin;
	type WeightInfo = pallet_insurance::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type Scene = crate::benchmarking::BenchmarkScene;
}

impl pallet_perpetuals::Config for Runtime {
	type WeightInfo = pallet_perpetuals::weights::SubstrateWeight<Runtime>;
	type ListOrigin = EnsureLoosen;
	type TightenOrigin = EnsureCommitteeHalf;
	type ChangeOrigin = EnsureNeutral;
	type Clearing = Margin;
	type Gate = CircuitBreaker;
	type Observe = CircuitBreaker;
	type Time = Timestamp;
	type PriceAgeLimit = PriceAgeLimit;
	type MaxFills = MaxFills;
	type MaxRemovals = ConstU16<32>;
	type HookWeight = ExchangeWeight;
	#[cfg(feature = "runtime-benchmarks")]
	type Scene = crate::benchmarking::BenchmarkScene;
}

impl pallet_incidents::Config for Runtime {
	type Time = Timestamp;
	type NoteOrigin = EnsureResponder;
	type ReviewOrigin = EnsureCouncilHalf;
	type WeightInfo = pallet_incidents::weights::SubstrateWeight<Runtime>;
}

impl pallet_timelock::Config for Runtime {
	type RuntimeOrigin = RuntimeOrigin;
	type RuntimeCall = RuntimeCall;
	type PalletsOrigin = OriginCaller;
	type Scheduler = Scheduler;
	type Time = Timestamp;
	type ChainLevel = ChainLevel;
	type QueueOrigin = QueueByClass;
	type BeyondVeto = BeyondVeto;
	type VetoOrigin = EnsureCommitteeHalf;
	type BlockTime = ConstU64<MILLISECS_PER_BLOCK>;
	type MaxPending = ConstU32<64>;
	type MaxFinished = ConstU32<64>;
	type MaxCallBytes = ConstU32<16_384>;
	type MaxCallWeight = MaxQueuedWeight;
	type MaxAutomaticWeight = MaxAutomaticWeight;
	type WeightInfo = pallet_timelock::weights::SubstrateWeight<Runtime>;
}
