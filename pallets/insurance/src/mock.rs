//! A runtime with this pallet alone, over a custody that keeps balances in a map.

use crate as pallet_insurance;
use breakwater_primitives::{Balance, Custody, MarketId, Millis};
use core::time::Duration;
use frame_support::{
	derive_impl, parameter_types,
	traits::{Contains, UnixTime},
};
use sp_runtime::{BuildStorage, DispatchError, DispatchResult};
use std::{cell::RefCell, collections::BTreeMap};

type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Insurance: pallet_insurance,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
}

pub const BTC: MarketId = MarketId(0);
pub const ETH: MarketId = MarketId(1);
pub const NOWHERE: MarketId = MarketId(9);
pub const ALICE: u64 = 1;
pub const BOB: u64 = 2;
pub const RICH: Balance = 1_000_000;

thread_local! {
	static OWNED: RefCell<BTreeMap<u64, Balance>> = const { RefCell::new(BTreeMap::new()) };
	static HELD: RefCell<Balance> = const { RefCell::new(0) };
}

/// Balances outside chain storage; what is received is counted.
pub struct MockCustody;
impl MockCustody {
	pub fn held() -> Balance {
		HELD.with_borrow(|held| *held)
	}
}
impl Custody<u64> for MockCustody {
	fn receive(from: &u64, amount: Balance) -> DispatchResult {
		OWNED.with_borrow_mut(|owned| {
			let balance = owned.get_mut(from).ok_or(DispatchError::CannotLookup)?;
			*balance =
				balance.checked_sub(amount).ok_or(sp_runtime::TokenError::FundsUnavailable)?;
			HELD.with_borrow_mut(|held| *held += amount);
			Ok(())
		})
	}
	fn pay(_: &u64, _: Balance) -> DispatchResult {
		Err(DispatchError::Unavailable)
	}
}

parameter_types! {
	pub static Now: Millis = 1_600_000_000_000;
	pub const MinContribution: Balance = 10;
	pub DrawLimits: crate::DrawLimits = crate::DrawLimits::default();
}

pub struct Clock;
impl UnixTime for Clock {
	fn now() -> Duration {
		Duration::from_millis(Now::get())
	}
}

pub struct Markets;
impl Contains<MarketId> for Markets {
	fn contains(market: &MarketId) -> bool {
		[BTC, ETH].contains(market)
	}
}

impl crate::Config for Test {
	type Custody = MockCustody;
	type Time = Clock;
	type Markets = Markets;
	type MinContribution = MinContribution;
	type DrawLimits = DrawLimits;
	type WeightInfo = ();
}

#[derive(Default)]
pub struct ExtBuilder {
	contributions: Vec<(u64, Option<MarketId>, Balance)>,
}

impl ExtBuilder {
	pub fn contribution(mut self, who: u64, market: Option<MarketId>, amount: Balance) -> Self {
		self.contributions.push((who, market, amount));
		self
	}

	pub fn build(self) -> sp_io::TestExternalities {
		OWNED.set(BTreeMap::from([(ALICE, RICH), (BOB, RICH)]));
		HELD.set(0);
		Now::set(1_600_000_000_000);
		let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		crate::GenesisConfig::<Test> { contributions: self.contributions }
			.assimilate_storage(&mut storage)
			.unwrap();
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Insurance::do_try_state().unwrap();
		});
	}
}
