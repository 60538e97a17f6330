//! A runtime with this pallet alone, over a custody that keeps balances in a map.

use crate as pallet_insurance;
use breakwater_primitives::{
	Balance, CoverTerms, Custody, Exposure, Gate, GateView, Level, MarketId, Millis, Ppm, Vault,
	VaultWorth,
};
use core::time::Duration;
use frame_support::{
	derive_impl, parameter_types,
	traits::{Contains, EnsureOrigin, Hooks, UnixTime},
	weights::{Weight, WeightMeter},
};
use frame_system::RawOrigin;
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
pub const START: Millis = 1_600_000_000_000;
pub const MINUTE: Millis = 60_000;
pub const HOUR: Millis = 60 * MINUTE;
pub const DAY: Millis = 24 * HOUR;

thread_local! {
	static OWNED: RefCell<BTreeMap<u64, Balance>> = const { RefCell::new(BTreeMap::new()) };
	static HELD: RefCell<i128> = const { RefCell::new(0) };
}

/// Balances outside chain storage; what is received is counted.
pub struct MockCustody;
impl MockCustody {
	/// What came in less what was paid, where no more was paid.
	pub fn held() -> Balance {
		Self::counted().try_into().unwrap()
	}
	/// The same, signed: collateral of traders, which is not counted here, also sits in custody.
	pub fn counted() -> i128 {
		HELD.with_borrow(|held| *held)
	}
	/// What is in custody goes to traders who are not counted here.
	pub fn pay_nobody(amount: Balance) {
		HELD.with_borrow_mut(|held| *held -= amount as i128);
	}
	pub fn owned(who: u64) -> Balance {
		OWNED.with_borrow(|owned| owned.get(&who).copied().unwrap_or_default())
	}
}
impl Custody<u64> for MockCustody {
	fn receive(from: &u64, amount: Balance) -> DispatchResult {
		OWNED.with_borrow_mut(|owned| {
			let balance = owned.get_mut(from).ok_or(DispatchError::CannotLookup)?;
			*balance =
				balance.checked_sub(amount).ok_or(sp_runtime::TokenError::FundsUnavailable)?;
			HELD.with_borrow_mut(|held| *held += amount as i128);
			Ok(())
		})
	}
	fn pay(to: &u64, amount: Balance) -> DispatchResult {
		HELD.with_borrow_mut(|held| *held -= amount as i128);
		OWNED.with_borrow_mut(|owned| *owned.entry(*to).or_default() += amount);
		Ok(())
	}
}

parameter_types! {
	pub static Now: Millis = START;
	pub const MinContribution: Balance = 10;
	pub static Limits: crate::DrawLimits = crate::DrawLimits::default();
	pub static OpenInterest: BTreeMap<MarketId, Balance> = BTreeMap::new();
	pub static Restricted: BTreeMap<MarketId, Level> = BTreeMap::new();
	pub static ChainLevel: Level = Level::Normal;
	pub static Volatility: Ppm = Ppm::one();
	pub const MinBacking: Balance = 100;
	/// The quote balance of the vault's account.
	pub static VaultQuote: i128 = 0;
	/// What its positions add to that at the worse and at the better of index and mark; `None` while it
	/// holds none.
	pub static VaultHolds: Option<(i128, i128)> = None;
	pub static VaultPriced: bool = true;
	pub static VaultTroubled: bool = false;
	/// What the margin of its positions keeps from leaving.
	pub static VaultKeeps: Balance = 0;
}

/// The account of the vault as one number, and what its positions are worth.
pub struct Account;
impl Vault<u64> for Account {
	fn worth() -> VaultWorth {
		let (low, high) = VaultHolds::get().unwrap_or_default();
		let worth = |holds: i128| (VaultQuote::get() + holds).try_into().unwrap_or(0);
		VaultWorth {
			low: worth(low),
			high: worth(high),
			open: VaultHolds::get().is_some(),
			priced: VaultPriced::get(),
			troubled: VaultTroubled::get(),
		}
	}
	fn add(from: &u64, amount: Balance) -> DispatchResult {
		MockCustody::receive(from, amount)?;
		VaultQuote::mutate(|quote| *quote += amount as i128);
		Ok(())
	}
	fn remove(to: &u64, amount: Balance) -> DispatchResult {
		let left = VaultQuote::get() - amount as i128;
		frame_support::ensure!(left >= VaultKeeps::get() as i128, "committed");
		VaultQuote::set(left);
		MockCustody::pay(to, amount)
	}
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

/// Bitcoin is of tier A, Ether of tier B.
pub struct Insured;
impl Exposure for Insured {
	fn terms(market: MarketId) -> Option<CoverTerms> {
		match market {
			BTC => Some(CoverTerms::TIER_A),
			ETH => Some(CoverTerms::TIER_B),
			_ => None,
		}
	}
	fn notional(market: MarketId) -> Balance {
		OpenInterest::get().get(&market).copied().unwrap_or_default()
	}
	fn volatility(_: MarketId) -> Ppm {
		Volatility::get()
	}
}

pub struct Levels;
impl Gate for Levels {
	fn view(market: MarketId) -> GateView {
		let own = Restricted::get().get(&market).copied().unwrap_or_default();
		GateView { level: own.max(ChainLevel::get()), ..Default::default() }
	}
	fn chain() -> GateView {
		GateView { level: ChainLevel::get(), ..Default::default() }
	}
}

pub const TIMELOCK: u64 = 9;
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
	type Custody = MockCustody;
	type Time = Clock;
	type Markets = Markets;
	type MinContribution = MinContribution;
	type DrawLimits = Limits;
	type MinBacking = MinBacking;
	type Exposure = Insured;
	type Gate = Levels;
	type WindDownOrigin = Timelock;
	type Vault = Account;
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
		Now::set(START);
		Limits::set(crate::DrawLimits::default());
		OpenInterest::set(BTreeMap::new());
		Restricted::set(BTreeMap::new());
		ChainLevel::set(Level::Normal);
		Volatility::set(Ppm::one());
		VaultQuote::set(0);
		VaultHolds::set(None);
		VaultPriced::set(true);
		VaultTroubled::set(false);
		VaultKeeps::set(0);
		let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		crate::GenesisConfig::<Test> { contributions: self.contributions }
			.assimilate_storage(&mut storage)
			.unwrap();
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	pub fn build_and_execute<R>(self, test: impl FnOnce() -> R) -> R {
		self.build().execute_with(|| {
			let result = test();
			Insurance::do_try_state().unwrap();
			result
		})
	}
}

pub fn alice() -> RuntimeOrigin {
	RuntimeOrigin::signed(ALICE)
}

pub fn bob() -> RuntimeOrigin {
	RuntimeOrigin::signed(BOB)
}

pub fn advance(millis: u64) {
	Now::mutate(|now| *now += millis);
}

/// A block with all the weight it needs.
pub fn block() {
	System::set_block_number(System::block_number() + 1);
	Insurance::on_poll(System::block_number(), &mut WeightMeter::new());
}

/// A block with no more than this for the hook.
pub fn block_with(limit: Weight) {
	System::set_block_number(System::block_number() + 1);
	Insurance::on_poll(System::block_number(), &mut WeightMeter::with_limit(limit));
}

/// Enough blocks at this moment for a round of reviews.
pub fn round() {
	for _ in 0..17 {
		block();
	}
}

/// Days of a chain that is up: a block every five minutes.
pub fn days(days: u64) {
	for _ in 0..days * 288 {
		advance(5 * MINUTE);
		block();
	}
}

/// As many days on the clock of notices, without their blocks.
pub fn wind(days: u64) {
	crate::UpkeepState::<Test>::mutate(|upkeep| upkeep.active += days * DAY);
}

pub fn set_interest(market: MarketId, notional: Balance) {
	OpenInterest::mutate(|all| all.insert(market, notional));
}

pub fn set_level(market: MarketId, level: Level) {
	Restricted::mutate(|all| all.insert(market, level));
}

pub fn events() -> Vec<crate::Event<Test>> {
	let events = System::events().into_iter();
	events
		.filter_map(|e| match e.event {
			RuntimeEvent::Insurance(event) => Some(event),
			_ => None,
		})
		.collect()
}
