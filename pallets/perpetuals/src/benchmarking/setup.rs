//! What the benchmarks of the exchange begin with.

use crate::{
	books::Books,
	funding,
	order::{OrderKind, PlaceOrder, TimeInForce},
	premium::PremiumState,
	stops::{store, Crossing, Nearest, StopOrder},
	switch::{Bin, Switch, BIN_ACCOUNTS, BIN_BLOCKS},
	types::{FeeTier, FeeTiers, MarketTerms, Mode, NewMarket, Symbol, Tier, MAX_TIERS},
	Config, FundingCursor, Lapsing, MarketCount, NearestStops, NextBin, Pages, Pallet, Premiums,
	StopPages, StopWords, Switches, Terms, Words,
};
use alloc::vec::Vec;
use breakwater_core::{
	book::Order,
	page::BUCKET_TICKS,
	store::{Kind, PageKey},
	trigger::{arm, Trigger, TriggerPage, BUCKET_TICKS as TRIGGER_TICKS, PAGE_TRIGGERS},
};
use breakwater_primitives::{
	benchmarking::Scene,
	clearing::{Fees, MarketRisk},
	AccountRef, Clearing, Lots, MarketId, Millis, OrderId, Permission, Ppm, Sequence, Side,
	SignedPpm, Ticks,
};
use frame_benchmarking::BenchmarkError;
use frame_support::{
	storage::{with_transaction, TransactionOutcome},
	traits::EnsureOrigin,
	BoundedVec, StoragePrefixedMap,
};
use frame_system::RawOrigin;
use sp_runtime::{DispatchError, Saturating};

/// The market that is measured.
pub const MARKET: MarketId = MarketId(0);
/// Orders of others in a page that is as good as full.
const CROWD: u32 = 120;
/// Positions of a trader who is busy.
const POSITIONS: u16 = 4;
/// His orders: all but two that an account may have.
const OPEN_ORDERS: u32 = 62;
/// A trader who only trades with others.
const COUNTERPARTY: u32 = 1_000_000;

/// Give the market a price, and tell it.
pub fn open<T: Config>() -> Ticks {
	// Chain time is not zero.
	T::Scene::pass(100_000);
	let price = T::Scene::price(MARKET);
	T::Scene::set_price(MARKET, price);
	price
}

/// The smallest order.
pub fn lots<T: Config>() -> Lots {
	terms::<T>().min_lots
}

/// The terms of the market.
pub fn terms<T: Config>() -> MarketTerms {
	Terms::<T>::get(MARKET).expect("market 0 is listed")
}

/// The origin that `E` accepts.
pub fn origin<O, E: EnsureOrigin<O>>() -> Result<O, BenchmarkError> {
	E::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

/// As many tiers of fees as a market may have.
pub fn tiers() -> FeeTiers {
	let tier = |n: u32| FeeTier {
		volume: u128::from(n) * 1_000_000,
		fees: Fees { taker: Ppm(500 - n * 50), maker: SignedPpm(100 - n as i32 * 20) },
	};
	BoundedVec::truncate_from((1..=MAX_TIERS).map(tier).collect())
}

/// Let the market have them.
pub fn all_tiers<T: Config>() {
	Terms::<T>::insert(MARKET, MarketTerms { tiers: tiers(), ..terms::<T>() });
}

/// A market like the first, as large as it may be described.
pub fn new_market<T: Config>() -> NewMarket {
	let like = terms::<T>();
	let mut risk = MarketRisk {
		contract: like.contract,
		initial_factor: Ppm(2_000_000),
		max_leverage: 20,
		profit_credit: Ppm(1_000_000),
		liquidation_fee: Ppm(5_000),
		max_open_interest: Lots(100_000_000),
		open_interest_lower: Lots(50_000_000),
		open_interest_upper: Lots(100_000_000),
		..Default::default()
	};
	risk.brackets.iter_mut().for_each(|bracket| bracket.rate = Ppm(20_000));
	NewMarket {
		symbol: Symbol::truncate_from(b"THE-LAST-OF-PERP".to_vec()),
		contract: like.contract,
		tick_size: like.tick_size,
		lots_per_unit: like.lots_per_unit,
		tier: Tier::C,
		fees: Fees { taker: Ppm(500), maker: SignedPpm(100) },
		min_lots: like.min_lots,
		max_lots: like.max_lots,
		risk,
		tiers: tiers(),
		mode: Mode::FrequentBatch,
	}
}

/// The price so many pages above the one that begins at or below `price`, or below it.
pub fn pages_from(price: Ticks, pages: i64) -> Ticks {
	let bucket = i64::from(price.0 / BUCKET_TICKS) + pages;
	Ticks(u32::try_from(bucket * i64::from(BUCKET_TICKS)).expect("is a price"))
}

/// A limit order of the smallest size.
pub fn limit<T: Config>(side: Side, price: Ticks, time_in_force: TimeInForce) -> PlaceOrder {
	let kind = OrderKind::Limit { price, time_in_force };
	PlaceOrder::new(MARKET, side, kind, lots::<T>())
}

/// One that rests where it does not trade.
pub fn resting<T: Config>(side: Side, price: Ticks) -> PlaceOrder {
	limit::<T>(side, price, TimeInForce::GoodTilCancelled)
}

/// Let an order of `who` rest.
pub fn rest<T: Config>(who: &T::AccountId, side: Side, price: Ticks) -> OrderId {
	T::Scene::rest(who, MARKET, side, price, lots::<T>())
}

/// The account that `who` trades with.
pub fn account<T: Config>(who: &T::AccountId) -> AccountRef {
	T::Clearing::account_of(who, 0, Permission::Trade).expect("the trader has an account")
}

/// How many orders of `who` rest.
pub fn open_orders<T: Config>(who: &T::AccountId) -> u32 {
	Pallet::<T>::open_orders(who.clone(), 0).len() as u32
}

/// A trader with positions in several markets.
pub fn holder<T: Config>() -> T::AccountId {
	let who = T::Scene::trader(0);
	let other = T::Scene::trader(COUNTERPARTY);
	T::Scene::markets(POSITIONS);
	for market in (0..POSITIONS).map(MarketId) {
		T::Scene::set_price(market, T::Scene::price(market));
		let lots = Terms::<T>::get(market).expect("is listed").min_lots;
		T::Scene::trade(market, &who, &other, lots);
	}
	who
}

/// One with as many orders as an account may have as well, but for two; they are far from `price`.
pub fn busy<T: Config>(price: Ticks) -> T::AccountId {
	let who = holder::<T>();
	for n in 0..OPEN_ORDERS {
		let far = pages_from(price, -100);
		rest::<T>(&who, Side::Bid, Ticks(far.0 - n));
	}
	who
}

/// Let `count` orders of nobody rest at the prices that `at` says: the book has them, and the clearing
/// house, which is not asked about them, has not.
pub fn crowd<T: Config>(count: u32, side: Side, lots: Lots, at: impl Fn(u32) -> Ticks) {
	let mut books = Books::<T>::new();
	for n in 0..count {
		// As if each came with an extrinsic of the first block.
		let sequence = Sequence::new(1, n as u16, 0);
		let (market, owner, price) = (MARKET, AccountRef(u32::MAX - n), at(n));
		let (reduce_only, expiry) = (false, 0);
		let order = Order { market, owner, side, price, lots, sequence, reduce_only, expiry };
		books.rest(&order).expect("the book has room");
	}
	books.save();
}

/// Let a page be as good as full of bids at its first tick.
pub fn fill_page<T: Config>(at: Ticks) {
	crowd::<T>(CROWD, Side::Bid, lots::<T>(), |_| at);
}

/// Let a page of asks be as full, next to the price.
pub fn fill_other_side<T: Config>(price: Ticks) {
	let at = pages_from(price, 1);
	crowd::<T>(CROWD, Side::Ask, lots::<T>(), |_| at);
}

/// A stop order that fires when the price falls to `trigger`.
pub fn stop(trigger: Ticks, order: PlaceOrder) -> StopOrder {
	StopOrder { when: Crossing::AtOrBelow, trigger, order }
}

/// Let a stop order of `who` wait.
pub fn place_stop<T: Config>(who: &T::AccountId, stop: StopOrder) {
	let origin = RawOrigin::Signed(who.clone()).into();
	Pallet::<T>::place_stop(origin, 0, stop).expect("the stop is accepted");
}

/// Let a market's nearest stops be of no concern at any price.
pub fn unreached<T: Config>() {
	NearestStops::<T>::insert(MARKET, Nearest { below: Some(Ticks(1)), above: Some(Ticks::MAX) });
}

/// No premium is due.
pub fn no_premium_is_due<T: Config>() {
	let looked_at = Pallet::<T>::now_millis();
	for market in (0..MarketCount::<T>::get()).map(MarketId) {
		Premiums::<T>::mutate(market, |state| state.looked_at = looked_at);
	}
}

/// Let a sample be due whose clip takes 64 orders of each side, which ends the minute and the hour.
/// Returns the time of the sample.
pub fn premium_is_due<T: Config>(price: Ticks) -> Millis {
	no_premium_is_due::<T>();
	// The orders have rested for long enough.
	let later = frame_system::Pallet::<T>::block_number().saturating_add(10u32.into());
	frame_system::Pallet::<T>::set_block_number(later);
	let MarketTerms { tier, contract, .. } = terms::<T>();
	// Both sides are a little off the price, and one order more or less is all that this changes.
	let clip = funding::clip(tier) / u128::from(contract.unit);
	let lots = Lots((clip * 2 / u128::from(price.0) / 127) as u64 + 1);
	crowd::<T>(64, Side::Bid, lots, |n| pages_from(price, -1 - i64::from(n)));
	crowd::<T>(64, Side::Ask, lots, |n| pages_from(price, 1 + i64::from(n)));
	let now = Pallet::<T>::now_millis();
	let (looked_at, minute, hour) = (now - 20_000, 59_999, 3_599_999);
	let (sum, samples) = (600, 9);
	let state = PremiumState { looked_at, minute, hour, sum, samples, ..Default::default() };
	Premiums::<T>::insert(MARKET, state);
	FundingCursor::<T>::put(0);
	now
}

/// So many accounts that wait in a bin.
pub fn waiting(count: u32) -> Bin {
	let accounts = (0..count).map(|n| AccountRef(u32::MAX - n));
	Bin::truncate_from(accounts.take(BIN_ACCOUNTS as usize).collect())
}

/// Let the bin of `who` come up, whose switch lapses at a block. Returns its number.
pub fn bin_comes_up<T: Config>(who: AccountRef, lapses: u32) -> u32 {
	let bin = Pallet::<T>::block() / BIN_BLOCKS;
	NextBin::<T>::put(bin);
	Switches::<T>::insert(who, Switch { lapses: Some(lapses), bin });
	Lapsing::<T>::insert(bin, Bin::truncate_from([who].into()));
	bin
}

/// Let a bucket of stops have so many pages, or one more: those behind full ones are full but for one
/// trigger. Returns the highest trigger.
pub fn stop_pages<T: Config>(pages: u32) -> Ticks {
	let (kind, at) = (Kind::Falling, 9u32);
	let first = Ticks(at * TRIGGER_TICKS);
	let one = Trigger { offset: 0, what: 0, account: AccountRef(1), aux: 0 };
	let mut triggers = store::<T>();
	arm(&mut triggers, MARKET, kind, first, one.account, one.what, one.aux).expect("it has room");
	triggers.flush();
	let full = pages / 2;
	for chunk in 0..=2 * full {
		let count = if chunk < full { PAGE_TRIGGERS } else { PAGE_TRIGGERS - 1 };
		let triggers = (0..count).map(|n| Trigger { offset: n as u8, ..one }).collect();
		let page = TriggerPage { triggers: BoundedVec::truncate_from(triggers) };
		StopPages::<T>::insert(PageKey { market: MARKET, kind, at, chunk: chunk as u8 }, page);
	}
	Ticks(first.0 + PAGE_TRIGGERS - if full > 0 { 1 } else { 2 })
}

/// Measure `operation` without the keys that are paid for otherwise, which [`crate::cost::Work`] counts for
/// the most part: those that it finds, and those that appear when it is done once for trial.
pub fn count_apart<T: Config, R>(operation: impl FnOnce() -> R) {
	let maps = [
		Pages::<T>::final_prefix(),
		Words::<T>::final_prefix(),
		StopPages::<T>::final_prefix(),
		StopWords::<T>::final_prefix(),
	];
	let mut prefixes = T::Scene::counted();
	prefixes.extend(maps.map(Vec::from));
	prefixes.iter().for_each(|prefix| whitelist(prefix));
	let tried = with_transaction(|| {
		let _ = operation();
		prefixes.iter().for_each(|prefix| whitelist(prefix));
		TransactionOutcome::Rollback(Ok::<_, DispatchError>(()))
	});
	tried.expect("there is room for a transaction");
}

/// Count neither reads nor writes of the keys that begin with `prefix`.
fn whitelist(prefix: &[u8]) {
	let mut next = sp_io::storage::next_key(prefix);
	while let Some(key) = next.filter(|key| key.starts_with(prefix)) {
		next = sp_io::storage::next_key(&key);
		frame_benchmarking::benchmarking::add_to_whitelist(key.into());
	}
}
