//! A chain with the clearing house, pallet-assets and a book in memory.

use crate as pallet_margin;
use crate::*;
use breakwater_core::units::Contract;
use breakwater_math::{Bracket, RiskTerms, Scale};
use breakwater_primitives::{
	clearing::{self, Fees},
	AccountRef, Backstop, Band, Charges, Check, Clearing, Custody, Denied, Fill, Gate, GateView,
	Hold, Level, Lots, MarketId, Observation, Observe, OnPrice, OrderId, Ppm, PriceSource, Prices,
	ReferencePrice, Sequence, Session, SettlementPrice, Side, SignedPpm, Ticks, Validity,
	VaultPolicy, VaultTerms, Venue, Verdict,
};
use collateral::types::NewAsset;
use frame_support::{
	derive_impl, parameter_types,
	traits::{AsEnsureOriginWithArg, ConstU32, UnixTime},
	weights::{Weight, WeightMeter},
	PalletId,
};
use sp_runtime::{BuildStorage, DispatchError, DispatchResult};
use std::collections::BTreeMap;

pub type Block = frame_system::mocking::MockBlock<Test>;
pub type AccountId = u64;

pub const BTC: MarketId = MarketId(0);
pub const ETH: MarketId = MarketId(33);
pub const QUOTE: u128 = 1_000_000;
pub const PRICE: u32 = 100_000;
pub const NO_FEES: Fees = Fees { taker: Ppm(0), maker: SignedPpm(0) };

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		Assets: pallet_assets,
		Margin: pallet_margin,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<u64>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
}

#[derive_impl(pallet_assets::config_preludes::TestDefaultConfig)]
impl pallet_assets::Config for Test {
	type Balance = u128;
	type Currency = Balances;
	type CreateOrigin = AsEnsureOriginWithArg<frame_system::EnsureSigned<AccountId>>;
	type ForceOrigin = frame_system::EnsureRoot<AccountId>;
	type Freezer = ();
	type Holder = ();
}

frame_support::ord_parameter_types! {
	pub const Committee: AccountId = 18;
}

parameter_types! {
	pub const CustodyId: PalletId = PalletId(*b"bw/margn");
	pub static HookWeight: Weight = Weight::from_parts(1_000_000_000_000, u64::MAX);
	pub static Now: u64 = 1_000_000;
	/// What is kept for an account's place.
	pub static AccountDeposit: u128 = 0;
	pub static Views: BTreeMap<u16, GateView> = Default::default();
	pub static ChainView: GateView = Default::default();
	pub storage Fund: u128 = 0;
	/// What was drawn from the fund, and for which market.
	pub static Covers: Vec<(MarketId, u128)> = Vec::new();
	/// What fills pay, and what they have paid: premiums and surcharges.
	pub static Charge: Charges = Default::default();
	pub storage Paid: (u128, u128) = (0, 0);
	/// Resting orders: id, owner, lots, reduce-only. In storage, so that it rolls back with the rest.
	pub storage Orders: Vec<(OrderId, AccountRef, Lots, bool)> = Vec::new();
	pub static NextOrder: u64 = 0;
	/// Whether the book collects orders for an auction.
	pub static Collecting: bool = false;
	pub static Seen: Vec<(MarketId, Observation)> = Default::default();
	/// The most that leaves custody at once, in quote units.
	pub static DoorLimit: u128 = u128::MAX;
	pub static ReferenceAt: Option<u32> = None;
	/// Markets whose fund is wound down.
	pub static WoundDown: Vec<MarketId> = Vec::new();
}

pub struct Clock;
impl UnixTime for Clock {
	fn now() -> core::time::Duration {
		core::time::Duration::from_millis(Now::get())
	}
}

pub struct Views_;
impl Gate for Views_ {
	fn view(market: MarketId) -> GateView {
		Views::get().get(&market.0).copied().unwrap_or_default()
	}
	fn chain() -> GateView {
		ChainView::get()
	}
}

pub struct Watch;
impl Observe for Watch {
	fn observe(market: MarketId, observation: &Observation) {
		Seen::mutate(|seen| seen.push((market, *observation)));
	}
	/// No market has this number.
	fn observe_chain(observation: &Observation) {
		Self::observe(MarketId::MAX, observation);
	}
}

/// A fund of one number.
pub struct Insurer;
impl Backstop for Insurer {
	fn penalty(_: MarketId, amount: u128) {
		Fund::set(&(Fund::get() + amount));
	}
	fn cover(market: MarketId, deficit: u128) -> u128 {
		let paid = deficit.min(Fund::get());
		Covers::mutate(|covers| covers.push((market, paid)));
		Fund::set(&(Fund::get() - paid));
		paid
	}
	fn coverable(_: MarketId, deficit: u128) -> u128 {
		deficit.min(Fund::get())
	}
	fn total() -> u128 {
		Fund::get()
	}
	fn found(amount: u128) -> bool {
		Fund::set(&(Fund::get() + amount));
		true
	}
	fn charges(_: MarketId) -> Charges {
		Charge::get()
	}
	fn charged(_: MarketId, premium: u128, surcharge: u128) {
		let paid = Paid::get();
		Paid::set(&(paid.0 + premium, paid.1 + surcharge));
		Fund::set(&(Fund::get() + premium + surcharge));
	}
	fn wind_down(market: MarketId) {
		WoundDown::mutate(|all| all.push(market));
	}
}

/// The price of a settlement, where a test sets one.
pub struct Reference;
impl SettlementPrice for Reference {
	fn settlement_price(_: MarketId) -> Option<ReferencePrice> {
		ReferenceAt::get().map(|price| ReferencePrice {
			price: Ticks(price),
			source: PriceSource::Average,
			until: Now::get(),
			valid: 3_600_000,
		})
	}
}

/// The bound of what leaves custody: nothing while it is shut.
pub struct Door;
impl breakwater_primitives::Outflow<AccountId> for Door {
	fn leaves(_: &AccountId, value: u128) -> DispatchResult {
		frame_support::ensure!(value <= DoorLimit::get(), DispatchError::Other("bucket"));
		Ok(())
	}
}

/// A book with price-time priority.
pub struct Book;
impl Book {
	fn change<R>(change: impl FnOnce(&mut Vec<(OrderId, AccountRef, Lots, bool)>) -> R) -> R {
		let mut orders = Orders::get();
		let result = change(&mut orders);
		Orders::set(&orders);
		result
	}
	fn best(market: MarketId, side: Side, skip: AccountRef) -> Option<usize> {
		let orders = Orders::get();
		let on_side = orders.iter().enumerate().filter(|(_, (id, owner, ..))| {
			id.market() == market && id.side() == side && *owner != skip
		});
		let key = |id: &OrderId| match side {
			Side::Bid => (u32::MAX - id.tick().0, id.sequence().0),
			Side::Ask => (id.tick().0, id.sequence().0),
		};
		on_side.min_by_key(|(_, (id, ..))| key(id)).map(|(index, _)| index)
	}
	/// Take an order off the book; returns how many that were.
	pub fn remove<S: Session>(session: &mut S, order: OrderId) -> u16 {
		let mut removed = 0;
		Self::change(|book| {
			book.retain(|(id, owner, lots, reduce_only)| {
				if *id == order {
					session.free(*owner, *id, *lots, *reduce_only, true);
					removed += 1;
				}
				*id != order
			})
		});
		removed
	}
	/// Let an order rest.
	pub fn rest<S: Session>(
		session: &mut S,
		who: AccountRef,
		market: MarketId,
		side: Side,
		price: u32,
		lots: Lots,
		reduce_only: bool,
	) -> DispatchResult {
		NextOrder::mutate(|next| *next += 1);
		let id = OrderId::new(market, side, Ticks(price), Sequence(NextOrder::get()));
		session.hold(who, &Hold { id, lots, reduce_only, client: 0 })?;
		Self::change(|book| book.push((id, who, lots, reduce_only)));
		Ok(())
	}
	/// Take up to `lots`; returns what was filled.
	pub fn take<S: Session>(
		session: &mut S,
		market: MarketId,
		taker: AccountRef,
		side: Side,
		lots: Lots,
		worst: Ticks,
		fees: &Fees,
	) -> Lots {
		let mut left = if Collecting::get() { 0 } else { lots.0 };
		let lots = Lots(left);
		while left > 0 {
			let Some(index) = Self::best(market, side.opposite(), taker) else { break };
			let (id, maker, resting, reduce_only) = Orders::get()[index];
			if !side.accepts(worst, id.tick()) {
				break;
			}
			let want = Lots(resting.0.min(left));
			match session.maker(maker, id, want, reduce_only) {
				Verdict::Fill(lots) => {
					let short = lots < want;
					let done = lots == resting;
					let fill = Fill {
						market,
						taker,
						maker,
						maker_order: id,
						taker_side: side,
						price: id.tick(),
						lots,
						maker_reduce_only: reduce_only,
						maker_done: done,
					};
					session.settle(&fill, fees);
					left -= lots.0;
					Self::change(|book| book[index].2 .0 -= lots.0);
					if short && !done {
						session.free(maker, id, Lots(resting.0 - lots.0), reduce_only, true);
					}
					if short || done {
						Self::change(|book| book.remove(index));
					}
				},
				Verdict::Remove(_) => {
					session.free(maker, id, resting, reduce_only, true);
					Self::change(|book| book.remove(index));
				},
				Verdict::Stop => break,
			}
		}
		Lots(lots.0 - left)
	}
}

impl Venue for Book {
	fn close<S: Session>(
		session: &mut S,
		market: MarketId,
		who: AccountRef,
		side: Side,
		lots: Lots,
		worst: Ticks,
		_max_fills: u16,
	) -> clearing::Closed {
		let lots = Self::take(session, market, who, side, lots, worst, &NO_FEES);
		clearing::Closed { lots, ..Default::default() }
	}
	fn offer<S: Session>(
		session: &mut S,
		market: MarketId,
		who: AccountRef,
		side: Side,
		lots: Lots,
		price: Ticks,
		_max_fills: u16,
	) -> clearing::Closed {
		for order in session.orders(who).iter().filter(|order| order.id.market() == market) {
			Self::remove(session, order.id);
		}
		let taken = Self::take(session, market, who, side, lots, price, &NO_FEES);
		let left = Lots(lots.0 - taken.0);
		if !left.is_zero() {
			Self::rest(session, who, market, side, price.0, left, true).unwrap();
		}
		clearing::Closed { lots: taken, ..Default::default() }
	}
	fn cancel_all<S: Session>(session: &mut S, who: AccountRef, max: u16) -> u16 {
		let orders = session.orders(who);
		let mut cancelled = 0;
		for order in orders.iter().take(max as usize) {
			cancelled += Self::remove(session, order.id);
		}
		cancelled
	}
	fn open(_: MarketId) -> bool {
		!Collecting::get()
	}
	fn depth(market: MarketId, side: Side, worst: Ticks) -> u128 {
		if Collecting::get() {
			return 0;
		}
		let orders = Orders::get().into_iter();
		let takes = orders.filter(|(id, ..)| {
			let opposite = id.market() == market && id.side() == side.opposite();
			opposite && side.accepts(worst, id.tick())
		});
		takes.map(|(id, _, lots, _)| btc_terms().contract.notional(lots, id.tick())).sum()
	}
}

impl Config for Test {
	type Assets = Assets;
	type CollateralAsset = ConstU32<1>;
	type PalletId = CustodyId;
	type Venue = Book;
	type Insurance = Insurer;
	type Gate = Views_;
	type Observe = Watch;
	type Time = Clock;
	type PriceAgeLimit = frame_support::traits::ConstU64<10_000>;
	type MinimumDeposit = frame_support::traits::ConstU128<5_000_000>;
	type AccountDeposit = AccountDeposit;
	type MaxSubAccounts = frame_support::traits::ConstU8<16>;
	type LiquidationsPerBlock = ConstU32<64>;
	type HookWeight = HookWeight;
	type MaxLiquidationFills = frame_support::traits::ConstU16<16>;
	type MarkClamp = Clamp;
	type TightenOrigin = frame_system::EnsureSignedBy<Committee, AccountId>;
	type LoosenOrigin = frame_system::EnsureRoot<AccountId>;
	type Outflow = Door;
	type VaultPolicy = Policy;
	type Ladder = steps::WholeLadder;
	type WeightInfo = Weights;
	type SettlementPrice = Reference;
}

/// What tests count with: whole microseconds, whatever is written.
pub struct Weights;

const fn micros(micros: u64) -> Weight {
	Weight::from_parts(micros * 1_000_000, 0)
}

impl crate::WeightInfo for Weights {
	fn announce_maintenance() -> Weight {
		micros(20)
	}
	fn ask() -> Weight {
		micros(1)
	}
	fn attempt() -> Weight {
		micros(30)
	}
	fn every_block() -> Weight {
		micros(5)
	}
	fn buy_collateral() -> Weight {
		micros(20)
	}
	fn cancel_orders(_: u32) -> Weight {
		micros(0)
	}
	fn claim() -> Weight {
		micros(20)
	}
	fn close_account() -> Weight {
		micros(20)
	}
	fn cut_asset() -> Weight {
		micros(20)
	}
	fn deleverage(_: u32) -> Weight {
		micros(0)
	}
	fn deposit(_: u32) -> Weight {
		micros(20)
	}
	fn deposit_asset(_: u32) -> Weight {
		micros(20)
	}
	fn deposit_asset_new() -> Weight {
		micros(20)
	}
	fn deposit_new() -> Weight {
		micros(20)
	}
	fn examine(_: u32) -> Weight {
		micros(10)
	}
	fn liquidate(c: u32, _: u32) -> Weight {
		// Grows with those who are met, if by nothing that counts.
		micros(330).saturating_add(Weight::from_parts(c.into(), c.into()))
	}
	fn list_asset() -> Weight {
		micros(20)
	}
	fn loosen_asset() -> Weight {
		micros(20)
	}
	fn loosen_risk() -> Weight {
		micros(20)
	}
	fn lower_maintenance() -> Weight {
		micros(20)
	}
	fn offer_collateral() -> Weight {
		micros(20)
	}
	fn page() -> Weight {
		micros(5)
	}
	fn pay_asset() -> Weight {
		micros(0)
	}
	fn publish() -> Weight {
		micros(50)
	}
	fn ramp_step() -> Weight {
		micros(10)
	}
	fn remove_account(_: u32) -> Weight {
		micros(20)
	}
	fn revalue() -> Weight {
		micros(5)
	}
	fn scan() -> Weight {
		micros(10)
	}
	fn set_key() -> Weight {
		micros(20)
	}
	fn set_leverage() -> Weight {
		micros(20)
	}
	fn settle_position(_: u32) -> Weight {
		micros(20)
	}
	fn sweep(_: u32) -> Weight {
		micros(0)
	}
	fn take_over() -> Weight {
		micros(0)
	}
	fn tighten_asset() -> Weight {
		micros(20)
	}
	fn tighten_risk() -> Weight {
		micros(20)
	}
	fn transfer(_: u32) -> Weight {
		micros(20)
	}
	fn transfer_asset(_: u32) -> Weight {
		micros(20)
	}
	fn unwind() -> Weight {
		micros(300)
	}
	fn vault() -> Weight {
		micros(1)
	}
	fn visit() -> Weight {
		micros(1)
	}
	fn withdraw(_: u32) -> Weight {
		micros(20)
	}
	fn withdraw_asset(_: u32) -> Weight {
		micros(20)
	}
}

/// Every market is of tier A.
pub struct Policy;
impl VaultPolicy for Policy {
	fn terms(_: MarketId) -> VaultTerms {
		VaultTerms::TIER_A
	}
}

/// The book moves the mark by 0.75 % at the most.
pub struct Clamp;
impl sp_runtime::traits::Convert<MarketId, Ppm> for Clamp {
	fn convert(_: MarketId) -> Ppm {
		Ppm(7_500)
	}
}

pub fn btc_terms() -> RiskTerms {
	let bracket = |floor: u128, rate| Bracket { floor: floor * QUOTE, rate: Ppm(rate) };
	RiskTerms {
		contract: Contract { unit: 100 },
		brackets: [
			bracket(0, 20_000),
			bracket(250_000, 30_000),
			bracket(1_000_000, 50_000),
			bracket(5_000_000, 100_000),
		],
		initial_factor: Ppm(2_000_000),
		max_leverage: 20,
		profit_credit: Ppm::one(),
		liquidation_fee: Ppm(5_000),
		max_open_interest: Lots(1_000_000),
		open_interest_lower: Lots(1_000_000),
		open_interest_upper: Lots(1_000_000),
	}
}

pub struct ExtBuilder;

impl ExtBuilder {
	pub fn build() -> sp_io::TestExternalities {
		let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		pallet_balances::GenesisConfig::<Test> {
			balances: (1..20).map(|who| (who, 1_000)).collect(),
			..Default::default()
		}
		.assimilate_storage(&mut storage)
		.unwrap();
		pallet_assets::GenesisConfig::<Test> {
			assets: (1..12).map(|asset| (asset, 1, true, 1)).collect(),
			accounts: (1..12)
				.flat_map(|asset| (1..20).map(move |who| (asset, who, 1_000_000 * QUOTE)))
				.collect(),
			..Default::default()
		}
		.assimilate_storage(&mut storage)
		.unwrap();
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.execute_with(|| {
			System::set_block_number(1);
			Now::set(1_000_000);
			HookWeight::set(Weight::from_parts(1_000_000_000_000, u64::MAX));
			Views::set(Default::default());
			ChainView::set(Default::default());
			Seen::set(Vec::new());
			Covers::set(Vec::new());
			Collecting::set(false);
			DoorLimit::set(u128::MAX);
			AccountDeposit::set(0);
			ReferenceAt::set(None);
			WoundDown::set(Vec::new());
			Charge::set(Default::default());
			for market in [BTC, ETH] {
				Margin::market_created(market, btc_terms()).unwrap();
				set_price(market, PRICE);
			}
		});
		ext
	}
	/// Run a test, then check every invariant.
	pub fn build_and_execute(test: impl FnOnce()) {
		Self::build().execute_with(|| {
			test();
			Margin::do_try_state().unwrap();
		});
	}
}

/// The price of a market moves; what it crosses is examined at once.
pub fn set_price(market: MarketId, price: u32) {
	set_prices(market, price, Validity::Valid);
}

pub fn set_prices(market: MarketId, price: u32, validity: Validity) {
	let price = Ticks(price);
	let prices = Prices {
		index: price,
		mark: price,
		stable: price,
		long: price,
		short: price,
		validity,
		at: Now::get(),
		age_limit: 0,
	};
	Margin::on_price(market, &prices, &mut WeightMeter::new());
}

pub fn set_level(market: MarketId, level: Level) {
	let view = GateView { level, denied: level.denied(), ..Default::default() };
	Views::mutate(|views| views.insert(market.0, view));
}

pub fn deny(denied: Denied) -> GateView {
	GateView { denied, band: Band::default(), ..Default::default() }
}

/// Deposit whole quote units into sub-account 0 of `who`; returns the account.
pub fn funded(who: AccountId, quote: u128) -> AccountRef {
	Margin::deposit(RuntimeOrigin::signed(who), 0, quote * QUOTE).unwrap();
	Keys::<Test>::get((who, 0)).unwrap().account
}

/// Contribute to the fund, as pallet-insurance does.
pub fn insure(quote: u128) {
	Margin::receive(&19, quote * QUOTE).unwrap();
	Fund::set(&(Fund::get() + quote * QUOTE));
}

/// Place an order: takes what crosses, rests the rest unless `ioc`. Rolled back when refused.
pub fn place(
	who: AccountRef,
	market: MarketId,
	side: Side,
	price: u32,
	lots: u64,
	fees: &Fees,
	ioc: bool,
) -> Result<Lots, DispatchError> {
	frame_support::storage::with_storage_layer(|| {
		let mut session = Margin::session();
		session.load(who)?;
		let lots = Lots(lots);
		let filled = Book::take(&mut session, market, who, side, lots, Ticks(price), fees);
		let rest = Lots(lots.0 - filled.0);
		if !ioc && !rest.is_zero() {
			rest_in(&mut session, who, market, side, price, rest, false)?;
		}
		let view = Views_::view(market);
		let post_only = filled.is_zero() && !ioc;
		session.commit(Check::Initial { who, market, view: &view, post_only })?;
		Ok(filled)
	})
}

pub fn rest_in(
	session: &mut House<Test>,
	who: AccountRef,
	market: MarketId,
	side: Side,
	price: u32,
	lots: Lots,
	reduce_only: bool,
) -> DispatchResult {
	Book::rest(session, who, market, side, price, lots, reduce_only)
}

/// `buyer` buys from `seller` at `price`, who rests first.
pub fn trade(buyer: AccountRef, seller: AccountRef, price: u32, lots: u64) {
	place(seller, BTC, Side::Ask, price, lots, &NO_FEES, false).unwrap();
	assert_eq!(place(buyer, BTC, Side::Bid, price, lots, &NO_FEES, true), Ok(Lots(lots)));
}

pub fn account_of(who: AccountRef) -> types::Account<AccountId> {
	Accounts::<Test>::get(who).unwrap()
}

/// The next block begins, one second later.
pub fn next_block() {
	use frame_support::traits::Hooks;
	let block = System::block_number() + 1;
	System::set_block_number(block);
	Now::mutate(|now| *now += 1_000);
	Margin::on_initialize(block);
	Margin::on_poll(block, &mut WeightMeter::new());
	Margin::on_finalize(block);
	Margin::do_try_state().unwrap();
}

/// `who` is liquidated by `caller`; what it cost is left out.
pub fn liquidate(caller: AccountId, who: AccountRef) -> DispatchResult {
	let done = Margin::liquidate(RuntimeOrigin::signed(caller), who);
	done.map(|_| ()).map_err(|failed| failed.error)
}

/// An asset whose price is that of ETH: a million of its units are a thousand lots, 10,000 at
/// [`PRICE`].
pub const COIN: u32 = 2;
/// An asset that stands at par.
pub const STABLE: u32 = 3;
/// An asset whose price is that of BTC.
pub const WRAPPED: u32 = 4;
/// A million units of [`COIN`] or [`WRAPPED`].
pub const ONE: u128 = 1_000_000;

pub fn coin() -> NewAsset {
	NewAsset {
		asset: COIN,
		market: Some(ETH),
		ceiling: Ticks::MAX,
		scale: Scale { contract: Contract { unit: 100 }, per_lot: 1_000 },
		maintenance: Ppm(900_000),
		initial: Ppm(850_000),
		account_cap: 100 * ONE,
		total_cap: 150 * ONE,
	}
}

/// List the three assets.
pub fn list_assets() {
	let stable = NewAsset {
		asset: STABLE,
		market: None,
		ceiling: Ticks(1_000_000),
		scale: Scale { contract: Contract { unit: 1 }, per_lot: 1_000_000 },
		maintenance: Ppm(980_000),
		initial: Ppm(930_000),
		account_cap: 100_000 * QUOTE,
		total_cap: 200_000 * QUOTE,
	};
	let wrapped = NewAsset {
		asset: WRAPPED,
		market: Some(BTC),
		maintenance: Ppm(750_000),
		initial: Ppm(700_000),
		..coin()
	};
	for terms in [coin(), stable, wrapped] {
		Margin::list_asset(RuntimeOrigin::root(), terms).unwrap();
	}
}

/// Put so much of an asset into sub-account 0 of `who`; returns the account.
pub fn backed(who: AccountId, asset: u32, amount: u128) -> AccountRef {
	Margin::deposit_asset(RuntimeOrigin::signed(who), 0, asset, amount).unwrap();
	Keys::<Test>::get((who, 0)).unwrap().account
}
