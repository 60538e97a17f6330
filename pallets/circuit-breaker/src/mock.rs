//! A chain with nothing but the breaker, a clock that tests set, and a register that remembers.

use crate::{self as pallet_circuit_breaker, Lease, Powers, HOUR, MINUTE};
use breakwater_primitives::{
	Cause, Entry, IncidentId, IncidentLog, Level, MarketId, Millis, OnPrice, Prices, Report, Scope,
	Ticks, Validity,
};
use core::time::Duration;
use frame_support::{
	derive_impl, parameter_types,
	traits::{Contains, EnsureOrigin, UnixTime},
	weights::{Weight, WeightMeter},
};
use frame_system::RawOrigin;
use sp_runtime::BuildStorage;

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
pub const TIMELOCK: u64 = 9;

pub const BTC: MarketId = MarketId(0);
pub const ETH: MarketId = MarketId(40);
pub const START: Millis = 1_600_000_000_000;

parameter_types! {
	pub static Now: Millis = START;
	pub static Opened: Vec<Report> = Vec::new();
	pub static Entries: Vec<(IncidentId, Entry)> = Vec::new();
	pub static Closed: Vec<IncidentId> = Vec::new();
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

pub struct Committee;
impl EnsureOrigin<RuntimeOrigin> for Committee {
	type Success = Powers;
	fn try_origin(origin: RuntimeOrigin) -> Result<Powers, RuntimeOrigin> {
		let powers = |cause, max_level, max_duration| Ok(Powers { cause, max_level, max_duration });
		match origin.clone().into() {
			Ok(RawOrigin::Signed(MEMBER)) => powers(Cause::Member, Level::ReduceOnly, 30 * MINUTE),
			Ok(RawOrigin::Signed(THIRD)) => {
				powers(Cause::Committee(2), Level::ReduceOnly, 6 * HOUR)
			},
			Ok(RawOrigin::Signed(HALF)) => powers(Cause::Committee(3), Level::Freeze, 12 * HOUR),
			Ok(RawOrigin::Signed(COUNCIL)) => powers(Cause::Council, Level::Settle, 1_000 * HOUR),
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
	type SafeModeDuration = SafeModeDuration;
	type WeightInfo = ();
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
