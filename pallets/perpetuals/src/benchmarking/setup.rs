//! What the benchmarks of the exchange begin with.

use crate::{
	books::Books, order::*, switch::BIN_ACCOUNTS, Config, MarketCount, NearestStops, Pages, Pallet,
	Premiums, StopOrder, StopPages, StopWords, Terms, Words,
};
use alloc::vec::Vec;
use breakwater_core::{book::Order, page::BUCKET_TICKS};
use breakwater_primitives::{
	benchmarking::Scene, AccountRef, Clearing, Lots, MarketId, OrderId, Permission, Sequence, Side,
	Ticks,
};
use frame_support::{
	storage::{with_transaction, TransactionOutcome},
	StoragePrefixedMap,
};
use frame_system::RawOrigin;
use sp_runtime::DispatchError;

/// The market that is measured.
pub const MARKET: MarketId = MarketId(0);
/// Orders of others in a page that is as good as full.
pub const CROWD: u32 = 120;
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
	Terms::<T>::get(MARKET).expect("market 0 is listed").min_lots
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

/// A stop order that fires when the price falls to `trigger`.
pub fn stop<T: Config>(trigger: Ticks, order: PlaceOrder) -> StopOrder {
	StopOrder { when: crate::Crossing::AtOrBelow, trigger, order }
}

/// Let a stop order of `who` wait.
pub fn place_stop<T: Config>(who: &T::AccountId, stop: StopOrder) {
	let origin = RawOrigin::Signed(who.clone()).into();
	Pallet::<T>::place_stop(origin, 0, stop).expect("the stop is accepted");
}

/// Let a market's nearest stops be of no concern at any price.
pub fn unreached<T: Config>() {
	NearestStops::<T>::insert(
		MARKET,
		crate::Nearest { below: Some(Ticks(1)), above: Some(Ticks::MAX) },
	);
}

/// No premium is due.
pub fn no_premium_is_due<T: Config>() {
	let looked_at = Pallet::<T>::now_millis();
	for market in (0..MarketCount::<T>::get()).map(MarketId) {
		Premiums::<T>::mutate(market, |state| state.looked_at = looked_at);
	}
}

/// So many accounts that wait in a bin.
pub fn waiting(count: u32) -> crate::switch::Bin {
	let accounts: Vec<_> = (0..count.min(BIN_ACCOUNTS)).map(|n| AccountRef(u32::MAX - n)).collect();
	accounts.try_into().expect("so many fit a bin")
}

/// Measure `operation` without the keys that [`crate::cost::Work`] counts: those that it finds, and those that
/// appear when it is done once for trial.
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
