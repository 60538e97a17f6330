//! A runtime with this pallet, and a clearing house in memory: accounts with positions, resting
//! orders and a limit on exposure in place of margin.

use crate::{self as pallet_perpetuals, *};
use breakwater_primitives::{
	clearing::{Fees, MarketRisk},
	level::{Band, Denied},
	*,
};
use frame_support::{
	derive_impl,
	dispatch::DispatchResult,
	parameter_types,
	traits::{ConstU16, UnixTime},
	weights::Weight,
};
use sp_runtime::{BuildStorage, DispatchError};
use std::{
	cell::{Cell, RefCell},
	collections::{btree_map::Entry, BTreeMap},
	time::Duration,
};

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Perpetuals = pallet_perpetuals;
}

type Block = frame_system::mocking::MockBlock<Test>;

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type DbWeight = frame_support::weights::constants::RocksDbWeight;
}

parameter_types! {
	pub const PriceAgeLimit: Millis = 10_000;
	pub static HookWeight: Weight = Weight::from_parts(1_000_000_000_000, u64::MAX);
	pub static EverybodyPaid: bool = false;
}

impl Config for Test {
	type WeightInfo = weights::SubstrateWeight<Test>;
	type ListOrigin = frame_system::EnsureRoot<u64>;
	type TightenOrigin = frame_system::EnsureSigned<u64>;
	type ChangeOrigin = frame_system::EnsureRoot<u64>;
	type Clearing = House;
	type Gate = Gates;
	type Observe = Observed;
	type Time = Clock;
	type PriceAgeLimit = PriceAgeLimit;
	type MaxFills = ConstU16<8>;
	type MaxRemovals = ConstU16<4>;
	type HookWeight = HookWeight;
}

/// An account as the mock keeps it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
	pub owner: u64,
	pub positions: BTreeMap<MarketId, i64>,
	/// Resting orders with what is left of them.
	pub orders: Vec<(OpenOrder, Lots, bool)>,
	/// The most exposure in lots, of the position with all resting orders of a side filled.
	pub limit: u64,
	pub fees: i128,
	pub volume: u128,
}

thread_local! {
	static ACCOUNTS: RefCell<BTreeMap<AccountRef, Account>> = RefCell::default();
	static ACCRUED: RefCell<Vec<(MarketId, Funding)>> = RefCell::default();
	static CREATED: RefCell<Vec<(MarketId, MarketRisk)>> = RefCell::default();
	static VIEWS: RefCell<BTreeMap<MarketId, GateView>> = RefCell::default();
	static OBSERVED: RefCell<Vec<(MarketId, Observation)>> = RefCell::default();
	static PRICES: Cell<Prices> = Cell::default();
	static NOW: Cell<Millis> = Cell::default();
	static MAX_ORDERS: Cell<usize> = Cell::default();
	static REFUSES_MARKETS: Cell<bool> = Cell::default();
	static CAP: Cell<u64> = const { Cell::new(u64::MAX) };
	static REFUSED: Cell<AccountRef> = const { Cell::new(AccountRef(u32::MAX)) };
	static HALTS: Cell<Option<(MarketId, Millis)>> = Cell::default();
}

pub const UNKNOWN: DispatchError = DispatchError::Other("no such account");
pub const MARGIN: DispatchError = DispatchError::Other("too little margin");
pub const TOO_MANY: DispatchError = DispatchError::Other("too many open orders");

pub struct Clock;
impl UnixTime for Clock {
	fn now() -> Duration {
		Duration::from_millis(NOW.get())
	}
}
impl Clock {
	/// Set the time in seconds.
	pub fn set(seconds: u64) {
		NOW.set(seconds * 1_000);
	}
}

pub struct Gates;
impl Gate for Gates {
	fn view(market: MarketId) -> GateView {
		VIEWS.with_borrow(|views| views.get(&market).copied().unwrap_or_default())
	}
}
impl Gates {
	/// Put a market under a level.
	pub fn level(market: MarketId, level: Level) {
		Self::change(market, |view| {
			view.level = level;
			view.denied = level.denied();
		});
	}
	/// Deny actions without a level.
	pub fn deny(market: MarketId, denied: Denied) {
		Self::change(market, |view| view.denied = denied);
	}
	/// Deny what a looser lease denies as well.
	pub fn beneath(market: MarketId, lease: Restriction) {
		Self::change(market, |view| {
			view.denied = view.denied.union(lease.level.denied());
			view.beneath = Some(lease);
		});
	}
	/// Set the band of a market.
	pub fn band(market: MarketId, low: u32, high: u32) {
		Self::change(market, |view| view.band = Band { low: Ticks(low), high: Ticks(high) });
	}
	fn change(market: MarketId, change: impl FnOnce(&mut GateView)) {
		VIEWS.with_borrow_mut(|views| change(views.entry(market).or_default()));
	}
}

pub struct Observed;
impl Observe for Observed {
	fn observe(market: MarketId, observation: &Observation) {
		OBSERVED.with_borrow_mut(|all| all.push((market, *observation)));
	}
}
impl Observed {
	/// What was observed since this was asked last.
	pub fn take() -> Vec<(MarketId, Observation)> {
		OBSERVED.take()
	}
}

/// Set the prices of every market.
pub fn set_prices(change: impl FnOnce(&mut Prices)) {
	let mut prices = PRICES.get();
	change(&mut prices);
	PRICES.set(prices);
}

/// The clearing house.
pub struct House;

impl House {
	pub fn account(who: AccountRef) -> Account {
		ACCOUNTS.with_borrow(|accounts| accounts[&who].clone())
	}
	pub fn position(who: AccountRef, market: MarketId) -> i64 {
		Self::account(who).positions.get(&market).copied().unwrap_or_default()
	}
	pub fn change(who: AccountRef, change: impl FnOnce(&mut Account)) {
		ACCOUNTS.with_borrow_mut(|all| change(all.get_mut(&who).expect("account exists")));
	}
	/// What rests, by account, as the clearing house knows it.
	pub fn orders() -> BTreeMap<OrderId, (AccountRef, Lots)> {
		ACCOUNTS.with_borrow(|accounts| {
			let resting = accounts.iter().flat_map(|(who, account)| {
				account.orders.iter().map(|(open, lots, _)| (open.id, (*who, *lots)))
			});
			resting.collect()
		})
	}
	/// Do something and forget what it did to the accounts, as storage would in a transaction that is
	/// rolled back.
	pub fn undone<R>(act: impl FnOnce() -> R) -> R {
		let before = ACCOUNTS.with_borrow(Clone::clone);
		let done = act();
		ACCOUNTS.set(before);
		done
	}
	pub fn accrued() -> Vec<(MarketId, Funding)> {
		ACCRUED.with_borrow(Clone::clone)
	}
	pub fn created() -> Vec<(MarketId, MarketRisk)> {
		CREATED.with_borrow(Clone::clone)
	}
	pub fn max_orders(max: usize) {
		MAX_ORDERS.set(max);
	}
	/// The most lots of open interest of a market.
	pub fn cap(lots: u64) {
		CAP.set(lots);
	}
	/// Refuse every commit that changes a position of this account.
	pub fn refuse(who: AccountRef) {
		REFUSED.set(who);
	}
	/// Let the next commit find something that halts a market.
	pub fn halt_in_commit(market: MarketId, until: Millis) {
		HALTS.set(Some((market, until)));
	}
	pub fn refuse_markets() {
		REFUSES_MARKETS.set(true);
	}
}

/// The account of owner `key` with sub-account number `sub`.
pub const fn account(key: u64, sub: u8) -> AccountRef {
	AccountRef(key as u32 * 10 + sub as u32)
}

impl Clearing<u64> for House {
	type Session = Accounts;

	fn account_of(key: &u64, sub: u8, _: Permission) -> Result<AccountRef, DispatchError> {
		let who = account(*key, sub);
		let known = ACCOUNTS.with_borrow(|accounts| accounts.contains_key(&who));
		known.then_some(who).ok_or(UNKNOWN)
	}
	fn session() -> Accounts {
		Accounts::default()
	}
	fn market_created(market: MarketId, risk: MarketRisk) -> DispatchResult {
		if REFUSES_MARKETS.get() {
			return Err(DispatchError::Other("refused"));
		}
		CREATED.with_borrow_mut(|created| created.push((market, risk)));
		Ok(())
	}
	fn base_fractions(_: MarketId) -> (Ppm, Ppm) {
		(Ppm(40_000), Ppm(20_000))
	}
	fn accrue(market: MarketId, per_lot: Funding) {
		ACCRUED.with_borrow_mut(|accrued| accrued.push((market, per_lot)));
	}
	fn is_settled(_: MarketId) -> bool {
		EverybodyPaid::get()
	}
}

/// The accounts of a session.
#[derive(Default)]
pub struct Accounts(BTreeMap<AccountRef, Account>);

impl Accounts {
	fn of(&mut self, who: AccountRef) -> &mut Account {
		self.0.get_mut(&who).expect("the account was loaded")
	}
	/// Take `lots` off the resting order `id`.
	fn lower(&mut self, who: AccountRef, id: OrderId, lots: Lots, gone: bool) {
		let orders = &mut self.of(who).orders;
		let at = orders.iter().position(|(open, ..)| open.id == id).expect("the order is held");
		orders[at].1 = orders[at].1.checked_sub(lots).expect("so much is held");
		if gone {
			assert!(orders.remove(at).1.is_zero(), "an order that is gone has nothing left");
		}
	}
	fn exposure(account: &Account, market: MarketId) -> u64 {
		let held = account.positions.get(&market).copied().unwrap_or_default();
		let resting = |side| -> i64 {
			let orders = account.orders.iter().filter(|(open, _, reduce_only)| {
				open.id.market() == market && open.id.side() == side && !reduce_only
			});
			orders.map(|(_, lots, _)| lots.0 as i64).sum()
		};
		(held + resting(Side::Bid)).max(resting(Side::Ask) - held).unsigned_abs()
	}
}

impl Session for Accounts {
	fn load(&mut self, who: AccountRef) -> DispatchResult {
		if let Entry::Vacant(place) = self.0.entry(who) {
			let stored = ACCOUNTS.with_borrow(|all| all.get(&who).cloned()).ok_or(UNKNOWN)?;
			place.insert(stored);
		}
		Ok(())
	}
	fn prices(&mut self, _: MarketId) -> Prices {
		PRICES.get()
	}
	fn same_owner(&mut self, a: AccountRef, b: AccountRef) -> bool {
		self.of(a).owner == self.of(b).owner
	}
	fn position(&mut self, who: AccountRef, market: MarketId) -> i64 {
		self.of(who).positions.get(&market).copied().unwrap_or_default()
	}
	fn orders(&mut self, who: AccountRef) -> Vec<OpenOrder> {
		self.of(who).orders.iter().map(|(open, ..)| *open).collect()
	}
	fn hold(&mut self, who: AccountRef, hold: &Hold) -> DispatchResult {
		let orders = &mut self.of(who).orders;
		if orders.len() >= MAX_ORDERS.get() {
			return Err(TOO_MANY);
		}
		assert!(orders.iter().all(|(open, ..)| open.id != hold.id), "ids are unique");
		orders.push((OpenOrder { id: hold.id, client: hold.client }, hold.lots, hold.reduce_only));
		Ok(())
	}
	fn free(&mut self, who: AccountRef, id: OrderId, lots: Lots, _: bool, gone: bool) {
		self.lower(who, id, lots, gone);
	}
	fn maker(&mut self, maker: AccountRef, id: OrderId, want: Lots, reduce_only: bool) -> Verdict {
		let held = self.position(maker, id.market());
		let after = held + i64::from(id.side().sign()) * want.0 as i64;
		if reduce_only {
			return match held != 0 && Side::closing(held) == id.side() {
				true => Verdict::Fill(Lots(want.0.min(held.unsigned_abs()))),
				false => Verdict::Remove(Removal::ReduceOnly),
			};
		}
		let grows = after.unsigned_abs() > held.unsigned_abs();
		match grows && after.unsigned_abs() > self.of(maker).limit {
			true => Verdict::Remove(Removal::Margin),
			false => Verdict::Fill(want),
		}
	}
	fn openable(&mut self, market: MarketId) -> Lots {
		let held = |account: &Account| {
			account.positions.get(&market).copied().unwrap_or_default().max(0) as u64
		};
		let stored: u64 = ACCOUNTS.with_borrow(|all| {
			all.iter().filter(|(who, _)| !self.0.contains_key(who)).map(|(_, a)| held(a)).sum()
		});
		let loaded: u64 = self.0.values().map(held).sum();
		Lots(CAP.get().saturating_sub(stored + loaded))
	}
	fn volume(&mut self, who: AccountRef) -> u128 {
		self.of(who).volume
	}
	fn settle(&mut self, fill: &Fill, fees: &Fees) {
		let change = i64::from(fill.taker_side.sign()) * fill.lots.0 as i64;
		*self.of(fill.taker).positions.entry(fill.market).or_default() += change;
		*self.of(fill.maker).positions.entry(fill.market).or_default() -= change;
		let notional = Contract { unit: 100 }.notional(fill.lots, fill.price);
		self.of(fill.taker).fees += fees.taker.mul_ceil(notional) as i128;
		self.of(fill.maker).fees += fees.maker.fee(notional);
		self.lower(fill.maker, fill.maker_order, fill.lots, fill.maker_done);
	}
	fn commit(self, check: Check<'_>) -> Result<Settled, DispatchError> {
		if let Check::Initial { who, market, .. } = check {
			let (before, after) = (House::account(who), &self.0[&who]);
			let exposure = Self::exposure(after, market);
			if exposure > after.limit && exposure > Self::exposure(&before, market) {
				return Err(MARGIN);
			}
		}
		if let Some(account) = self.0.get(&REFUSED.get()) {
			if account.positions != House::account(REFUSED.get()).positions {
				return Err(MARGIN);
			}
		}
		if let Some((market, until)) = HALTS.take() {
			<Perpetuals as Auctions>::collect(Scope::Market(market), until);
		}
		let accounts = self.0.len() as u16;
		ACCOUNTS.with_borrow_mut(|all| all.extend(self.0));
		Ok(Settled { accounts, index_writes: 0 })
	}
}

/// BTC-PERP of the presets.
pub fn btc() -> NewMarket {
	let bracket = |floor, rate| breakwater_math::Bracket { floor, rate: Ppm(rate) };
	NewMarket {
		symbol: b"BTC-PERP".to_vec().try_into().expect("short"),
		contract: Contract { unit: 100 },
		tick_size: 100_000,
		lots_per_unit: 1_000,
		tier: Tier::A,
		fees: Fees { taker: Ppm(500), maker: SignedPpm(100) },
		min_lots: Lots(2),
		max_lots: Lots(1_000_000),
		risk: MarketRisk {
			contract: Contract { unit: 100 },
			brackets: [bracket(0, 20_000); 4],
			initial_factor: Ppm(2_000_000),
			max_leverage: 20,
			profit_credit: Ppm(1_000_000),
			liquidation_fee: Ppm(5_000),
			max_open_interest: Lots(100_000_000),
			open_interest_lower: Lots(50_000_000),
			open_interest_upper: Lots(100_000_000),
		},
		tiers: FeeTiers::new(),
		mode: Mode::Continuous,
	}
}

/// Another market than [`btc`].
pub fn named(symbol: &str) -> NewMarket {
	NewMarket { symbol: symbol.as_bytes().to_vec().try_into().expect("short"), ..btc() }
}

pub const BTC: MarketId = MarketId(0);
pub const ETH: MarketId = MarketId(1);

/// The owners that have accounts, each with sub-accounts 0 and 1.
pub const OWNERS: [u64; 4] = [1, 2, 3, 4];

pub struct ExtBuilder {
	pub markets: Vec<NewMarket>,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self { markets: vec![btc(), named("ETH-PERP")] }
	}
}

impl ExtBuilder {
	pub fn build(self) -> sp_io::TestExternalities {
		let subs = OWNERS.iter().flat_map(|owner| [(*owner, 0), (*owner, 1)]);
		let new = |owner| Account { owner, limit: 1_000_000, ..Default::default() };
		ACCOUNTS.set(subs.map(|(owner, sub)| (account(owner, sub), new(owner))).collect());
		CREATED.set(Vec::new());
		VIEWS.set(BTreeMap::new());
		OBSERVED.set(Vec::new());
		ACCRUED.set(Vec::new());
		EverybodyPaid::set(false);
		HookWeight::set(Weight::from_parts(1_000_000_000_000, u64::MAX));
		MAX_ORDERS.set(64);
		REFUSES_MARKETS.set(false);
		CAP.set(u64::MAX);
		REFUSED.set(AccountRef(u32::MAX));
		HALTS.set(None);
		Clock::set(1_000);
		let (index, validity) = (Ticks(1_000), Validity::Valid);
		PRICES.set(Prices { index, validity, at: 1_000_000, ..Default::default() });
		let perpetuals = GenesisConfig { markets: self.markets, _config: Default::default() };
		let storage = RuntimeGenesisConfig { perpetuals, ..Default::default() };
		let mut ext: sp_io::TestExternalities =
			storage.build_storage().expect("genesis builds").into();
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	/// Run `test`, then check the pallet's invariants and that book and clearing house agree.
	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			check();
		});
	}
}

/// The pallet's invariants; what rests is what the clearing house holds; positions sum to zero.
pub fn check() {
	Perpetuals::do_try_state().expect("invariants hold");
	let resting = OWNERS.iter().flat_map(|owner| [(*owner, 0), (*owner, 1)]);
	let listed: BTreeMap<_, _> = resting
		.flat_map(|(owner, sub)| {
			let who = account(owner, sub);
			Perpetuals::orders_of(who).into_iter().map(move |order| (order.id, (who, order.lots)))
		})
		.collect();
	assert_eq!(listed, House::orders());
	let pages = Pages::<Test>::iter().map(|(_, page)| page.orders.len()).sum::<usize>();
	assert_eq!(pages, listed.len(), "every order in a page is somebody's");
	for market in [BTC, ETH] {
		let positions = ACCOUNTS.with_borrow(|accounts| {
			accounts.values().filter_map(|a| a.positions.get(&market)).sum::<i64>()
		});
		assert_eq!(positions, 0);
	}
}
