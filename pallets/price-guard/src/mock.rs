//! Four feeders over pallet-oracle, the timestamp pallet as clock, a book that tests set.

use crate::{self as pallet_price_guard, Event, GuardParams};
use breakwater_primitives::{
	Gate, GateView, Level, MarketId, Millis, OnPrice, Prices, Quote, Quotes, Ticks,
};
use frame_support::{
	derive_impl,
	dispatch::DispatchResultWithPostInfo,
	parameter_types,
	traits::{ConstU32, ConstU64, Contains, EnsureOrigin, Hooks, SortedMembers},
	weights::{Weight, WeightMeter},
	BoundedVec, PalletId,
};
use frame_system::RawOrigin;
use sp_runtime::BuildStorage;

pub type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Timestamp: pallet_timestamp,
		Oracle: pallet_oracle,
		PriceGuard: pallet_price_guard,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
}

#[derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
impl pallet_timestamp::Config for Test {
	type MinimumPeriod = ConstU64<1>;
}

parameter_types! {
	pub static Feeders: Vec<u64> = vec![1, 2, 3, 4];
	pub static Book: Quote = Quote { bid: None, ask: None, last: None, impact: None, indicative: None };
	pub static LevelNow: Level = Level::Normal;
	pub static Told: Vec<(MarketId, Prices)> = Vec::new();
	pub const OraclePallet: PalletId = PalletId(*b"bw/oracl");
	pub const OnPriceLimit: Weight = Weight::from_parts(1_000, 1_000);
}

impl SortedMembers<u64> for Feeders {
	fn sorted_members() -> Vec<u64> {
		Feeders::get()
	}
}

impl pallet_oracle::Config for Test {
	type OnNewData = ();
	type CombineData = crate::GuardedMedian<Test>;
	type Time = Timestamp;
	type OracleKey = MarketId;
	type OracleValue = Ticks;
	type PalletId = OraclePallet;
	type Members = Feeders;
	type WeightInfo = ();
	type MaxHasDispatchedSize = ConstU32<5>;
	type MaxFeedValues = ConstU32<3>;
}

pub struct Listed;
impl Contains<MarketId> for Listed {
	fn contains(market: &MarketId) -> bool {
		market.0 < 4
	}
}

impl Quotes for Book {
	fn quote(_: MarketId) -> Quote {
		Book::get()
	}
}

pub struct Levels;
impl Gate for Levels {
	fn view(_: MarketId) -> GateView {
		GateView { level: LevelNow::get(), ..Default::default() }
	}
}

/// Remembers what it is told and uses 300 of what it is given.
pub struct Listener;
impl OnPrice for Listener {
	fn on_price(market: MarketId, prices: &Prices, meter: &mut WeightMeter) {
		Told::mutate(|all| all.push((market, *prices)));
		let _ = meter.try_consume(Weight::from_parts(300, 300));
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

/// Every market has a maintenance margin of 10 %.
pub struct Rate;
impl sp_runtime::traits::Convert<MarketId, breakwater_primitives::Ppm> for Rate {
	fn convert(_: MarketId) -> breakwater_primitives::Ppm {
		breakwater_primitives::Ppm(100_000)
	}
}

impl crate::Config for Test {
	type Time = Timestamp;
	type Markets = Listed;
	type Quotes = Book;
	type Gate = Levels;
	type OnPrice = Listener;
	type OnPriceLimit = OnPriceLimit;
	type Maintenance = Rate;
	type LoosenOrigin = Timelock;
	type WeightInfo = ();
}

pub const BTC: MarketId = MarketId(0);
pub const ETH: MarketId = MarketId(1);
pub const START: Millis = 1_600_000_000_000;

#[derive(Default)]
pub struct ExtBuilder {
	params: Vec<(MarketId, GuardParams)>,
}

impl ExtBuilder {
	pub fn params(mut self, market: MarketId, params: GuardParams) -> Self {
		self.params.push((market, params));
		self
	}
	pub fn build_and_execute(self, test: impl FnOnce()) {
		let genesis = RuntimeGenesisConfig {
			price_guard: crate::GenesisConfig { params: self.params, ..Default::default() },
			..Default::default()
		};
		sp_io::TestExternalities::from(genesis.build_storage().unwrap()).execute_with(|| {
			Feeders::set(vec![1, 2, 3, 4]);
			Book::set(Quote::default());
			LevelNow::set(Level::Normal);
			Told::set(Vec::new());
			System::set_block_number(1);
			pallet_timestamp::Now::<Test>::put(START);
			test();
			PriceGuard::do_try_state().unwrap();
		});
	}
}

/// End the block; the next one is `time` milliseconds later.
pub fn pass(time: Millis) {
	Oracle::on_finalize(System::block_number());
	System::set_block_number(System::block_number() + 1);
	pallet_timestamp::Now::<Test>::put(Timestamp::get() + time);
}

/// End the block; the next one is `time` milliseconds later and runs its hook.
pub fn pass_and_listen(time: Millis) {
	pass(time);
	PriceGuard::on_poll(System::block_number(), &mut WeightMeter::new());
}

pub fn feed_as(who: u64, prices: &[(MarketId, u32)]) -> DispatchResultWithPostInfo {
	let prices: Vec<_> = prices.iter().map(|(market, price)| (*market, Ticks(*price))).collect();
	PriceGuard::feed(RuntimeOrigin::signed(who), BoundedVec::try_from(prices).unwrap())
}

/// Feeders 1, 2, ... report these prices of BTC in one block; `None` reports nothing.
pub fn reports(prices: &[Option<u32>]) {
	for (who, price) in (1..).zip(prices) {
		if let Some(price) = price {
			feed_as(who, &[(BTC, *price)]).unwrap();
		}
	}
}

/// All four feeders report one price of BTC.
pub fn all(price: u32) {
	reports(&[Some(price); 4]);
}

pub fn btc() -> Prices {
	PriceGuard::prices(BTC)
}

pub fn events() -> Vec<Event<Test>> {
	let events = System::events().into_iter();
	events
		.filter_map(|e| match e.event {
			RuntimeEvent::PriceGuard(event) => Some(event),
			_ => None,
		})
		.collect()
}
