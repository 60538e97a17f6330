//! A chain with nothing but the breaker, a clock that tests set, and a register that remembers.

use crate::{self as pallet_circuit_breaker, CallName, Lease, Limit, Name, Powers, HOUR, MINUTE};
use breakwater_primitives::{
	Auctions, Cause, Entry, IncidentId, IncidentLog, Level, MarketId, Millis, OnPrice,
	OnVolatility, Ppm, Prices, Report, Scope, Settlement, Ticks, Validity,
};
use core::time::Duration;
use frame_support::{
	derive_impl, parameter_types,
	traits::{
		CallMetadata, Contains, EnsureOrigin, GetCallMetadata, TransactionPause,
		TransactionPauseError, UnixTime,
	},
	weights::{Weight, WeightMeter},
};
use frame_system::RawOrigin;
use sp_runtime::{BuildStorage, DispatchError, DispatchResult};

pub type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Breaker: pallet_circuit_breaker,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
}

/// The accounts of the committee, by their powers.
pub const MEMBER: u64 = 1;
pub const THIRD: u64 = 2;
pub const HALF: u64 = 3;
pub const COUNCIL: u64 = 4;
pub const TWO_THIRDS: u64 = 5;
pub const OTHER_MEMBER: u64 = 6;
/// The council by its normal origin, without a delay.
pub const COUNCILLORS: u64 = 7;
pub const TIMELOCK: u64 = 9;

pub const BTC: MarketId = MarketId(0);
pub const ETH: MarketId = MarketId(40);
pub const START: Millis = 1_600_000_000_000;

parameter_types! {
	pub static Now: Millis = START;
	pub static Opened: Vec<Report> = Vec::new();
	pub static Entries: Vec<(IncidentId, Entry)> = Vec::new();
	pub static Closed: Vec<IncidentId> = Vec::new();
	// In storage: what fails is undone.
	pub storage Paused: Vec<CallName> = Vec::new();
	pub static Collected: Vec<(Scope, Millis)> = Vec::new();
	pub static Told: Vec<(MarketId, Ppm)> = Vec::new();
	pub static Wound: Vec<MarketId> = Vec::new();
	pub static Refuses: bool = false;
	pub const SafeModeDuration: Millis = 12 * HOUR;
}

pub struct Clock;
impl UnixTime for Clock {
	fn now() -> Duration {
		Duration::from_millis(Now::get())
	}
}

pub struct Listed;
impl Contains<MarketId> for Listed {
	fn contains(market: &MarketId) -> bool {
		[BTC, ETH].contains(market)
	}
}

pub struct Register;
impl IncidentLog for Register {
	fn open(report: &Report) -> IncidentId {
		Opened::mutate(|all| all.push(*report));
		Opened::get().len() as IncidentId - 1
	}
	fn append(id: IncidentId, entry: &Entry) {
		Entries::mutate(|all| all.push((id, *entry)));
	}
	fn close(id: IncidentId) {
		Closed::mutate(|all| all.push(id));
	}
}

/// A switch that never pauses a call of the pallet `Guard`.
pub struct Switch;
impl TransactionPause for Switch {
	type CallIdentifier = CallName;
	fn is_paused(call: CallName) -> bool {
		Paused::get().contains(&call)
	}
	fn can_pause(call: CallName) -> bool {
		call.0[..] != *b"Guard" && !Self::is_paused(call)
	}
	fn pause(call: CallName) -> Result<(), TransactionPauseError> {
		if Self::is_paused(call.clone()) {
			return Err(TransactionPauseError::AlreadyPaused);
		}
		if !Self::can_pause(call.clone()) {
			return Err(TransactionPauseError::Unpausable);
		}
		Paused::set(&[Paused::get(), vec![call]].concat());
		Ok(())
	}
	fn unpause(call: CallName) -> Result<(), TransactionPauseError> {
		if !Self::is_paused(call.clone()) {
			return Err(TransactionPauseError::AlreadyUnpaused);
		}
		Paused::set(&Paused::get().into_iter().filter(|paused| *paused != call).collect());
		Ok(())
	}
}

/// Twenty calls of the venue, and one of the guard.
pub struct Names;
impl GetCallMetadata for Names {
	fn get_module_names() -> &'static [&'static str] {
		&["Venue", "Guard"]
	}
	fn get_call_names(module: &str) -> &'static [&'static str] {
		match module {
			"Venue" => &[
				"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p",
				"q", "r", "s", "t",
			],
			"Guard" => &["pause_call"],
			_ => panic!("asked for a pallet that does not exist"),
		}
	}
	fn get_call_metadata(&self) -> CallMetadata {
		CallMetadata { function_name: "a", pallet_name: "Venue" }
	}
}

/// Remembers what it was told to collect.
pub struct Exchange;
impl Auctions for Exchange {
	fn collect(scope: Scope, until: Millis) {
		Collected::mutate(|all| all.push((scope, until)));
	}
}

/// Remembers what it was told of volatility.
pub struct Risk;
impl OnVolatility for Risk {
	fn on_volatility(market: MarketId, sigma: Ppm) {
		Told::mutate(|all| all.push((market, sigma)));
	}
}

/// Winds markets down but where it is told to refuse.
pub struct Winder;
impl Settlement for Winder {
	fn begin(market: MarketId) -> DispatchResult {
		frame_support::ensure!(!Refuses::get(), DispatchError::Other("refused"));
		Wound::mutate(|all| all.push(market));
		Ok(())
	}
}

const fn limit(level: Level, duration: Millis) -> Limit {
	Limit { level, duration }
}
const MEMBER_LIMITS: &[Limit] = &[limit(Level::ReduceOnly, 30 * MINUTE)];
const THIRD_LIMITS: &[Limit] = &[limit(Level::ReduceOnly, 6 * HOUR)];
const HALF_LIMITS: &[Limit] = &[limit(Level::Auction, 12 * HOUR), limit(Level::Freeze, 6 * HOUR)];
const COUNCIL_LIMITS: &[Limit] = &[limit(Level::Settle, 1_000 * HOUR)];

pub struct Committee;
impl EnsureOrigin<RuntimeOrigin> for Committee {
	type Success = Powers<u64>;
	fn try_origin(origin: RuntimeOrigin) -> Result<Powers<u64>, RuntimeOrigin> {
		let powers =
			|cause, limits| Powers { cause, limits, member: None, extends: false, pause: 0 };
		match origin.clone().into() {
			Ok(RawOrigin::Signed(who @ (MEMBER | OTHER_MEMBER))) => {
				Ok(Powers { member: Some(who), ..powers(Cause::Member, MEMBER_LIMITS) })
			},
			Ok(RawOrigin::Signed(THIRD)) => Ok(powers(Cause::Committee(2), THIRD_LIMITS)),
			Ok(RawOrigin::Signed(HALF)) => Ok(powers(Cause::Committee(3), HALF_LIMITS)),
			Ok(RawOrigin::Signed(TWO_THIRDS)) => {
				let powers = powers(Cause::Committee(4), HALF_LIMITS);
				Ok(Powers { extends: true, pause: 12 * HOUR, ..powers })
			},
			Ok(RawOrigin::Signed(COUNCIL)) => Ok(powers(Cause::Council, COUNCIL_LIMITS)),
			_ => Err(origin),
		}
	}
}

pub struct Councillors;
impl EnsureOrigin<RuntimeOrigin> for Councillors {
	type Success = ();
	fn try_origin(origin: RuntimeOrigin) -> Result<(), RuntimeOrigin> {
		match origin.clone().into() {
			Ok(RawOrigin::Signed(COUNCILLORS)) => Ok(()),
			_ => Err(origin),
		}
	}
}

pub struct Timelock;
impl EnsureOrigin<RuntimeOrigin> for Timelock {
	type Success = ();
	fn try_origin(origin: RuntimeOrigin) -> Result<(), RuntimeOrigin> {
		match origin.clone().into() {
			Ok(RawOrigin::Signed(TIMELOCK)) => Ok(()),
			_ => Err(origin),
		}
	}
}

impl crate::Config for Test {
	type Time = Clock;
	type Markets = Listed;
	type Incidents = Register;
	type RestrictOrigin = Committee;
	type LoosenOrigin = Timelock;
	type RearmOrigin = Councillors;
	type Calls = Names;
	type TxPause = Switch;
	type Auctions = Exchange;
	type OnVolatility = Risk;
	type SafeModeDuration = SafeModeDuration;
	type WeightInfo = ();
	type SettleOrigin = Timelock;
	type Settlement = Winder;
}

#[derive(Default)]
pub struct ExtBuilder {
	detectors: Vec<(MarketId, crate::DetectorParams)>,
}

impl ExtBuilder {
	pub fn detectors(mut self, market: MarketId, params: crate::DetectorParams) -> Self {
		self.detectors.push((market, params));
		self
	}
	pub fn build_and_execute(self, test: impl FnOnce()) {
		let genesis = RuntimeGenesisConfig {
			breaker: crate::GenesisConfig { detectors: self.detectors, ..Default::default() },
			..Default::default()
		};
		sp_io::TestExternalities::from(genesis.build_storage().unwrap()).execute_with(|| {
			Now::set(START);
			Opened::set(Vec::new());
			Entries::set(Vec::new());
			Closed::set(Vec::new());
			Collected::set(Vec::new());
			Told::set(Vec::new());
			Wound::set(Vec::new());
			Refuses::set(false);
			System::set_block_number(1);
			test();
			Breaker::do_try_state().unwrap();
		});
	}
}

pub fn pass(time: Millis) {
	Now::mutate(|now| *now += time);
}

/// A valid index of `market`.
pub fn price(market: MarketId, index: u32) {
	let index = Ticks(index);
	let prices = Prices {
		index,
		mark: index,
		stable: index,
		long: index,
		short: index,
		validity: Validity::Valid,
		at: Now::get(),
		age_limit: 0,
	};
	Breaker::on_price(market, &prices, &mut WeightMeter::with_limit(Weight::MAX));
}

pub fn signed(who: u64) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub fn level(scope: Scope) -> Level {
	Breaker::status(scope).0
}

pub fn btc() -> Scope {
	Scope::Market(BTC)
}

pub fn leases(scope: Scope) -> Vec<Lease> {
	Breaker::leases(scope)
}

pub fn name(text: &str) -> Name {
	Name::truncate_from(text.as_bytes().to_vec())
}
