//! Reading a book, and making an order smaller.

mod common;

use breakwater_core::{
	book::{depth, find, impact, level, reduce, remove, rest, Impact, Order},
	page::Page,
	store::{MemoryBackend, WriteBack},
	units::{AccountRef, Lots, OrderId, Sequence, Side, Ticks},
};
use common::{check_pages, MARKET};
use proptest::prelude::*;

fn order(side: Side, price: u32, lots: u64, block: u32, n: u16) -> Order {
	Order {
		market: MARKET,
		owner: AccountRef(n.into()),
		side,
		price: Ticks(price),
		lots: Lots(lots),
		sequence: Sequence::new(block, 0, n),
		reduce_only: false,
		expiry: 0,
	}
}

fn stored(orders: &[Order]) -> MemoryBackend<Page> {
	let mut real = MemoryBackend::default();
	let mut cache = WriteBack::new(&mut real);
	orders.iter().for_each(|order| assert_eq!(rest(&mut cache, order), Ok(order.id())));
	cache.flush();
	real
}

/// 300 orders of one price, most of them in overflow pages, among others in the same bucket.
fn crowded(side: Side) -> Vec<Order> {
	let mut orders = vec![order(side, 99, 1, 0, 0), order(side, 101, 1, 0, 1)];
	orders.extend((2..302).map(|n| order(side, 100, 10 + u64::from(n), 1, n)));
	orders
}

#[test]
fn a_reduced_order_keeps_its_place_and_leaves_when_nothing_is_left() {
	for side in [Side::Bid, Side::Ask] {
		let orders = crowded(side);
		let mut real = stored(&orders);
		// One in the bucket's page and two in overflow pages.
		for place in [5, 150, 301] {
			let Order { lots, .. } = orders[place];
			let id = orders[place].id();
			let mut cache = WriteBack::new(&mut real);
			let before: Vec<_> = level(&mut cache, MARKET, side, Ticks(100), 999);
			let left = reduce(&mut cache, id, Lots(7)).expect("it rests");
			assert_eq!(left.lots, lots.saturating_sub(Lots(7)));
			assert_eq!(find(&mut cache, id), Some(left));
			let after = level(&mut cache, MARKET, side, Ticks(100), 999);
			assert_eq!(
				before.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
				after.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
			);
			cache.flush();
			check_pages(&real);
			let mut cache = WriteBack::new(&mut real);
			assert_eq!(reduce(&mut cache, id, lots).map(|order| order.lots), Some(Lots::ZERO));
			assert_eq!(find(&mut cache, id), None);
			assert_eq!(reduce(&mut cache, id, Lots(1)), None);
			cache.flush();
			check_pages(&real);
		}
	}
}

#[test]
fn reducing_by_nothing_writes_nothing() {
	let mut real = stored(&[order(Side::Bid, 100, 5, 1, 1)]);
	let mut cache = WriteBack::new(&mut real);
	let id = order(Side::Bid, 100, 5, 1, 1).id();
	assert_eq!(reduce(&mut cache, id, Lots::ZERO).map(|order| order.lots), Some(Lots(5)));
	assert_eq!(cache.flush(), Default::default());
}

#[test]
fn a_level_lists_its_orders_from_the_oldest() {
	for side in [Side::Bid, Side::Ask] {
		let orders = crowded(side);
		let mut real = stored(&orders);
		let mut cache = WriteBack::new(&mut real);
		let ids = |price, cache: &mut WriteBack<_, Page>, max| -> Vec<OrderId> {
			level(cache, MARKET, side, Ticks(price), max).into_iter().map(|(id, _)| id).collect()
		};
		let expected: Vec<_> = orders[2..].iter().map(Order::id).collect();
		assert_eq!(ids(100, &mut cache, 999), expected);
		assert_eq!(ids(100, &mut cache, 200), expected[..200]);
		assert_eq!(ids(99, &mut cache, 9), [orders[0].id()]);
		assert_eq!(ids(101, &mut cache, 9), [orders[1].id()]);
		assert_eq!(ids(98, &mut cache, 9), []);
		assert_eq!(ids(100, &mut cache, 0), []);
		remove(&mut cache, orders[2].id());
		assert_eq!(ids(100, &mut cache, 999), expected[1..]);
	}
}

fn ask_of(clip: u128, side: Side) -> Impact {
	Impact { market: MARKET, side, clip, placed_by: 10, now: 50, max_orders: 100 }
}

#[test]
fn an_impact_price_is_the_average_rounded_against_the_taker() {
	let mut real = stored(&[
		order(Side::Ask, 100, 10, 1, 1),
		order(Side::Ask, 200, 10, 1, 2),
		order(Side::Bid, 90, 10, 1, 3),
		order(Side::Bid, 45, 10, 1, 4),
	]);
	let mut cache = WriteBack::new(&mut real);
	let mut price = |clip, side| impact(&mut cache, &ask_of(clip, side)).map(|price| price.0);
	assert_eq!(price(1, Side::Ask), Some(100));
	assert_eq!(price(1_000, Side::Ask), Some(100));
	// 10 lots at 100 and 2.5 at 200: 1500 / 12.5.
	assert_eq!(price(1_500, Side::Ask), Some(120));
	// 1,501 / 12.505 is 120.03: a buyer pays 121 and nothing less.
	assert_eq!(price(1_501, Side::Ask), Some(121));
	assert_eq!(price(3_000, Side::Ask), Some(150));
	assert_eq!(price(3_001, Side::Ask), None);
	assert_eq!(price(900, Side::Bid), Some(90));
	// 10 lots at 90 and 5 at 45.
	assert_eq!(price(1_125, Side::Bid), Some(75));
	// 1,126 / 15.02 is 74.95: a seller gets 74.
	assert_eq!(price(1_126, Side::Bid), Some(74));
	assert_eq!(price(u128::MAX, Side::Bid), None);
}

#[test]
fn young_and_expired_orders_make_no_impact_price_but_are_looked_at() {
	let mut orders = vec![
		order(Side::Ask, 100, 10, 11, 1),
		Order { expiry: 50, ..order(Side::Ask, 101, 10, 1, 2) },
		order(Side::Ask, 102, 10, 10, 3),
	];
	let price = |change: fn(&mut Impact)| {
		let mut asked = ask_of(102, Side::Ask);
		change(&mut asked);
		impact(&mut WriteBack::new(&mut stored(&orders)), &asked)
	};
	assert_eq!(price(|_| {}), Some(Ticks(102)));
	assert_eq!(price(|asked| asked.placed_by = 11), Some(Ticks(100)));
	assert_eq!(price(|asked| asked.now = 49), Some(Ticks(101)));
	assert_eq!(price(|asked| asked.placed_by = 9), None);
	assert_eq!(price(|asked| asked.max_orders = 3), Some(Ticks(102)));
	assert_eq!(price(|asked| asked.max_orders = 2), None);
	orders.truncate(2);
	let none = impact(&mut WriteBack::new(&mut stored(&orders)), &ask_of(1, Side::Ask));
	assert_eq!(none, None);
}

proptest! {
	/// A taker who pays the impact price for the lots of his clip pays no less than they cost.
	#[test]
	fn an_impact_price_never_flatters(
		sizes in prop::collection::vec((1u64..50, 1u32..200), 1..20), clip in 1u128..20_000,
	) {
		for side in [Side::Ask, Side::Bid] {
			let all = sizes.iter().zip(1..);
			let orders: Vec<_> = all.map(|((lots, price), n)| order(side, *price, *lots, 1, n)).collect();
			let mut real = stored(&orders);
			let mut cache = WriteBack::new(&mut real);
			let found = impact(&mut cache, &ask_of(clip, side));
			let levels = depth(&mut cache, MARKET, side, usize::MAX, u32::MAX);
			let (mut lots, mut rest) = (0f64, clip as f64);
			for level in levels {
				let cost = (level.lots.0 as f64 * f64::from(level.price.0)).min(rest);
				lots += cost / f64::from(level.price.0);
				rest -= cost;
			}
			prop_assert_eq!(found.is_some(), rest == 0.0);
			if let Some(found) = found {
				let (exact, price) = (clip as f64 / lots, f64::from(found.0));
				let against = if side == Side::Ask { price - exact } else { exact - price };
				prop_assert!((-1e-6..1.0 + 1e-6).contains(&against), "{price} for {exact}");
			}
		}
	}
}
