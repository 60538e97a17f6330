//! Auctions against brute force over all prices and against a sorted vector of orders.

mod common;

use breakwater_core::{
	auction::{
		indicative, uncross, Counterparties, Ended, Indicative, Pair, Turns, Uncross, Uncrossed,
		Verdicts,
	},
	book::{best, level, rest, Order},
	matching::{Removal, Verdict},
	page::{Page, Resting},
	store::{MemoryBackend, Store, WriteBack},
	units::{AccountRef, Lots, OrderId, Sequence, Side, Ticks},
};
use common::{check_pages, MARKET};
use proptest::prelude::*;

const NOW: u32 = 100;
const REFERENCE: Ticks = Ticks(1_010);

/// What happened, in the order in which it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
	Filled { bid: OrderId, ask: OrderId, price: Ticks, lots: Lots },
	Removed { id: OrderId, lots: Lots, why: Removal },
}

/// Trades all that is asked, but for accounts with a number that says otherwise.
#[derive(Default)]
struct Desk {
	heard: Vec<Heard>,
	/// Whether everybody trades all that is asked.
	willing: bool,
}

fn opinion(owner: AccountRef, want: Lots) -> Verdict {
	match owner.0 % 16 {
		13 => Verdict::Remove(Removal::Margin),
		14 => Verdict::Fill(Lots(want.0 / 2)),
		_ => Verdict::Fill(want),
	}
}

impl Desk {
	fn opinions(&self, bid: AccountRef, ask: AccountRef, want: Lots) -> Verdicts {
		if self.willing {
			return Verdicts { bid: Verdict::Fill(want), ask: Verdict::Fill(want) };
		}
		let own = Verdict::Remove(Removal::SelfTrade);
		if bid != ask {
			return Verdicts { bid: opinion(bid, want), ask: opinion(ask, want) };
		}
		match bid.0 % 3 {
			0 => Verdicts { bid: own, ask: own },
			1 => Verdicts { bid: own, ask: Verdict::Fill(want) },
			_ => Verdicts { bid: Verdict::Fill(want), ask: own },
		}
	}
}

impl Counterparties for Desk {
	fn verdicts(&mut self, pair: &Pair) -> Verdicts {
		assert_eq!(pair.lots, pair.bid.order.lots.min(pair.ask.order.lots));
		assert!(pair.bid.id.tick() >= pair.price && pair.ask.id.tick() <= pair.price);
		self.opinions(pair.bid.order.owner, pair.ask.order.owner, pair.lots)
	}
	fn filled(&mut self, pair: &Pair) {
		let Pair { price, lots, .. } = *pair;
		self.heard.push(Heard::Filled { bid: pair.bid.id, ask: pair.ask.id, price, lots });
	}
	fn removed(&mut self, id: OrderId, resting: &Resting, lots: Lots, why: Removal) {
		assert_eq!(resting.lots, lots);
		self.heard.push(Heard::Removed { id, lots, why });
	}
}

/// All orders, in no order.
#[derive(Clone, Default)]
struct Naive {
	orders: Vec<Order>,
}

const fn expired(order: &Order) -> bool {
	order.expiry != 0 && order.expiry <= NOW
}

impl Naive {
	/// The order of a side that comes first, by its place.
	fn first(&self, side: Side) -> Option<usize> {
		let mine = self.orders.iter().enumerate().filter(|(_, order)| order.side == side);
		let key = |order: &Order| match side {
			Side::Bid => (u32::MAX - order.price.0, order.sequence),
			Side::Ask => (order.price.0, order.sequence),
		};
		mine.min_by_key(|(_, order)| key(order)).map(|(index, _)| index)
	}

	/// What trades at `price`, and what the bids want more than the asks offer.
	fn at(&self, price: u32) -> (u64, i64) {
		let sum = |side: Side| -> u64 {
			let all = self.orders.iter().filter(|order| order.side == side && !expired(order));
			let willing = all.filter(|order| side.accepts(order.price, Ticks(price)));
			willing.map(|order| order.lots.0).sum()
		};
		let (bids, asks) = (sum(Side::Bid), sum(Side::Ask));
		(bids.min(asks), bids as i64 - asks as i64)
	}

	fn indicative(&self, reference: Ticks, collar: (Ticks, Ticks)) -> Option<Indicative> {
		let rank = |price: &u32| {
			let (lots, imbalance) = self.at(*price);
			let distance = price.abs_diff(reference.0);
			(u64::MAX - lots, imbalance.unsigned_abs(), distance, *price)
		};
		let price = (collar.0 .0..=collar.1 .0).min_by_key(rank)?;
		let (lots, imbalance) = self.at(price);
		(lots > 0).then_some(Indicative {
			price: Ticks(price),
			lots: Lots(lots),
			imbalance,
			complete: true,
		})
	}

	fn crossed(&self) -> bool {
		let (bid, ask) = (self.first(Side::Bid), self.first(Side::Ask));
		bid.zip(ask).is_some_and(|(b, a)| self.orders[b].price >= self.orders[a].price)
	}

	fn remove(&mut self, desk: &mut Desk, index: usize, why: Removal) {
		let order = self.orders.remove(index);
		desk.heard.push(Heard::Removed { id: order.id(), lots: order.lots, why });
	}

	fn remove_id(&mut self, desk: &mut Desk, id: OrderId, why: Removal) {
		let index = self.orders.iter().position(|order| order.id() == id).unwrap();
		self.remove(desk, index, why);
	}

	/// One uncross without a budget.
	fn uncross(&mut self, desk: &mut Desk, price: Ticks) -> Ended {
		loop {
			let crossed = self.crossed();
			let Some((b, a)) = self.first(Side::Bid).zip(self.first(Side::Ask)) else {
				return Ended::Done;
			};
			let (bid, ask) = (self.orders[b], self.orders[a]);
			let meets = bid.price >= price && ask.price <= price;
			if !meets && !crossed {
				return Ended::Done;
			}
			if let Some(index) = [b, a].into_iter().find(|index| expired(&self.orders[*index])) {
				self.remove(desk, index, Removal::Expired);
				continue;
			}
			if !meets {
				return Ended::Crossed;
			}
			self.meet(desk, price, bid, ask);
		}
	}

	fn meet(&mut self, desk: &mut Desk, price: Ticks, bid: Order, ask: Order) {
		let want = bid.lots.min(ask.lots);
		let verdicts = desk.opinions(bid.owner, ask.owner, want);
		let mut amounts = Vec::new();
		for (order, verdict) in [(bid, verdicts.bid), (ask, verdicts.ask)] {
			match verdict {
				Verdict::Fill(Lots(0)) => self.remove_id(desk, order.id(), short(&order)),
				Verdict::Fill(lots) => amounts.push(lots),
				Verdict::Remove(why) => self.remove_id(desk, order.id(), why),
				Verdict::Stop => unreachable!(),
			}
		}
		let [most_bid, most_ask] = amounts[..] else { return };
		let lots = most_bid.min(most_ask);
		desk.heard.push(Heard::Filled { bid: bid.id(), ask: ask.id(), price, lots });
		for (order, most) in [(bid, most_bid), (ask, most_ask)] {
			let index = self.orders.iter().position(|other| other.id() == order.id()).unwrap();
			self.orders[index].lots.0 -= lots.0;
			if most == lots && most < want {
				self.remove(desk, index, short(&order));
			} else if self.orders[index].lots.is_zero() {
				self.orders.remove(index);
			}
		}
	}
}

fn short(order: &Order) -> Removal {
	if order.reduce_only {
		Removal::ReduceOnly
	} else {
		Removal::Margin
	}
}

/// A stored book and the naive one.
#[derive(Clone, Default)]
struct Pairs {
	real: MemoryBackend<Page>,
	naive: Naive,
	turns: Turns,
}

impl Pairs {
	fn of(places: &[Place]) -> Self {
		let mut pair = Self::default();
		for place in places {
			for n in 0..place.many {
				pair.place(place, n);
			}
		}
		pair
	}

	fn place(&mut self, place: &Place, n: u32) {
		let order = Order {
			market: MARKET,
			owner: AccountRef((place.owner + n) % 32),
			side: place.side,
			price: Ticks(place.price),
			lots: Lots(place.lots),
			sequence: Sequence(1 + self.naive.orders.len() as u64),
			reduce_only: place.owner.is_multiple_of(2),
			expiry: place.expiry,
		};
		let mut cache = WriteBack::new(&mut self.real);
		assert_eq!(rest(&mut cache, &order), Ok(order.id()));
		cache.flush();
		self.naive.orders.push(order);
	}

	fn indicative(&mut self, collar: (Ticks, Ticks), max_orders: u32) -> Option<Indicative> {
		let mut cache = WriteBack::new(&mut self.real);
		let found = indicative(&mut cache, MARKET, REFERENCE, collar, NOW, max_orders);
		assert_eq!(cache.flush(), Default::default(), "reading writes nothing");
		found
	}

	fn step(&mut self, desk: &mut Desk, price: Ticks, fills: u16, removals: u16) -> Uncrossed {
		let mut cache = WriteBack::new(&mut self.real);
		let (max_fills, max_removals) = (fills, removals);
		let turns = self.turns;
		let at = Uncross { market: MARKET, price, now: NOW, max_fills, max_removals, turns };
		let done = uncross(&mut cache, desk, &at);
		cache.flush();
		self.turns = done.turns;
		done
	}

	/// What rests is what the naive book says.
	fn check(&mut self) {
		check_pages(&self.real);
		let expected = self.naive.orders.len();
		let mut cache = WriteBack::new(&mut self.real);
		let mut found = 0;
		for order in &self.naive.orders {
			let resting = breakwater_core::book::find(&mut cache, order.id()).expect("it rests");
			assert_eq!(resting.lots, order.lots);
			found += 1;
		}
		let stored: usize = self.real.pages.values().map(|page| page.orders.len()).sum();
		assert_eq!((found, stored), (expected, expected));
	}
}

#[derive(Clone, Debug)]
struct Place {
	side: Side,
	price: u32,
	lots: u64,
	owner: u32,
	expiry: u32,
	many: u32,
}

fn place() -> impl Strategy<Value = Place> {
	let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
	let price = prop_oneof![3 => 1_000u32..1_008, 2 => 985u32..1_040];
	let expiry = prop_oneof![5 => Just(0u32), 1 => 90u32..110];
	let many = prop_oneof![12 => Just(1u32), 2 => 2u32..6, 1 => 100u32..160];
	(side, price, 1u64..8, 0u32..32, expiry, many).prop_map(
		|(side, price, lots, owner, expiry, many)| Place { side, price, lots, owner, expiry, many },
	)
}

fn places() -> impl Strategy<Value = Vec<Place>> {
	prop::collection::vec(place(), 0..24)
}

fn collar() -> impl Strategy<Value = (Ticks, Ticks)> {
	let narrow =
		(980u32..1_040, 0u32..30).prop_map(|(low, width)| (Ticks(low), Ticks(low + width)));
	prop_oneof![1 => Just((Ticks(970), Ticks(1_060))), 2 => narrow]
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(256))]

	#[test]
	fn the_indicative_price_is_what_brute_force_finds(places in places(), collar in collar()) {
		let mut pair = Pairs::of(&places);
		let expected = pair.naive.indicative(REFERENCE, collar);
		prop_assert_eq!(pair.indicative(collar, u32::MAX), expected);
	}

	#[test]
	fn a_bounded_look_promises_no_more_than_trades(
		places in places(), collar in collar(), max_orders in 0u32..200,
	) {
		let mut pair = Pairs::of(&places);
		let whole = pair.indicative(collar, u32::MAX);
		match pair.indicative(collar, max_orders) {
			Some(found) if found.complete => prop_assert_eq!(Some(found), whole),
			Some(found) => {
				let (lots, _) = pair.naive.at(found.price.0);
				prop_assert!(found.lots.0 > 0 && found.lots.0 <= lots);
				prop_assert!(found.price >= collar.0 && found.price <= collar.1);
			},
			None => {},
		}
	}

	#[test]
	fn an_uncross_trades_the_indicative_volume_and_leaves_nothing_crossed(places in places()) {
		let mut pair = Pairs::of(&places);
		let Some(found) = pair.indicative((Ticks(0), Ticks::MAX), u32::MAX) else { return Ok(()) };
		let mut desk = Desk { willing: true, ..Desk::default() };
		let done = pair.step(&mut desk, found.price, u16::MAX, u16::MAX);
		prop_assert_eq!((done.lots, done.end), (found.lots, Ended::Done));
		let mut cache = WriteBack::new(&mut pair.real);
		let bid = best(&mut cache, MARKET, Side::Bid);
		let ask = best(&mut cache, MARKET, Side::Ask);
		prop_assert!(bid.zip(ask).is_none_or(|(bid, ask)| bid < ask));
	}

	#[test]
	fn an_uncross_is_that_of_a_sorted_vector(
		places in places(), price in 995u32..1_015, willing: bool,
	) {
		let mut pair = Pairs::of(&places);
		let (mut desk, mut expected) = (Desk::default(), Desk::default());
		(desk.willing, expected.willing) = (willing, willing);
		let done = pair.step(&mut desk, Ticks(price), u16::MAX, u16::MAX);
		let end = pair.naive.uncross(&mut expected, Ticks(price));
		prop_assert_eq!(done.end, end);
		prop_assert_eq!(desk.heard, expected.heard);
		pair.check();
	}

	#[test]
	fn small_steps_do_what_one_does(
		places in places(), price in 995u32..1_015, fills in 1u16..20, removals in 1u16..4,
	) {
		let mut pair = Pairs::of(&places);
		let mut whole = pair.clone();
		let (mut desk, mut expected) = (Desk::default(), Desk::default());
		let once = whole.step(&mut expected, Ticks(price), u16::MAX, u16::MAX);
		let mut lots = 0;
		let last = loop {
			let step = pair.step(&mut desk, Ticks(price), fills, removals);
			prop_assert!(step.fills <= fills && step.removals <= removals + 1);
			check_pages(&pair.real);
			lots += step.lots.0;
			if step.done() {
				break step;
			}
			prop_assert_eq!(step.end, Ended::Budget);
			prop_assert!(step.fills == fills || step.removals >= removals);
		};
		prop_assert_eq!((last.end, lots), (once.end, once.lots.0));
		prop_assert_eq!(desk.heard, expected.heard);
		prop_assert_eq!(pair.real, whole.real);
	}
}

fn one(side: Side, price: u32, lots: u64, owner: u32) -> Place {
	Place { side, price, lots, owner, expiry: 0, many: 1 }
}

#[test]
fn the_most_trades_then_the_least_is_left_over_then_the_reference_is_near() {
	use Side::{Ask, Bid};
	let all = (Ticks(0), Ticks::MAX);
	let price = |places: &[Place], collar| {
		let found = Pairs::of(places).indicative(collar, u32::MAX)?;
		Some((found.price.0, found.lots.0, found.imbalance))
	};
	// Nothing crosses.
	assert_eq!(price(&[one(Bid, 100, 1, 0), one(Ask, 101, 1, 1)], all), None);
	assert_eq!(price(&[one(Bid, 100, 1, 0)], all), None);
	// A range without anything left over: the end of it that is nearer to the reference, or the
	// reference itself.
	assert_eq!(price(&[one(Bid, 1_005, 4, 0), one(Ask, 1_000, 4, 1)], all), Some((1_005, 4, 0)));
	assert_eq!(price(&[one(Bid, 1_020, 4, 0), one(Ask, 1_000, 4, 1)], all), Some((1_010, 4, 0)));
	assert_eq!(price(&[one(Bid, 1_030, 4, 0), one(Ask, 1_020, 4, 1)], all), Some((1_020, 4, 0)));
	// More bids than asks push the price up as far as it goes.
	let bids = [one(Bid, 1_030, 4, 0), one(Bid, 1_020, 4, 0), one(Ask, 1_000, 4, 1)];
	assert_eq!(price(&bids, all), Some((1_021, 4, 0)));
	let bids = [one(Bid, 1_030, 6, 0), one(Bid, 1_020, 4, 0), one(Ask, 1_000, 4, 1)];
	assert_eq!(price(&bids, all), Some((1_021, 4, 2)));
	// One lot too many of bids at 1,009 or of asks at 1,011, as near to the reference: the lower.
	let tied = [
		one(Bid, 1_020, 4, 0),
		one(Bid, 1_010, 1, 0),
		one(Ask, 1_000, 4, 1),
		one(Ask, 1_011, 1, 1),
	];
	assert_eq!(price(&tied, all), Some((1_010, 4, 1)));
	// The collar cuts the range.
	assert_eq!(price(&bids, (Ticks(1_000), Ticks(1_015))), Some((1_010, 4, 6)));
	assert_eq!(price(&bids, (Ticks(900), Ticks(1_000))), Some((1_000, 4, 6)));
	assert_eq!(price(&bids, (Ticks(900), Ticks(999))), None);
	assert_eq!(price(&bids, (Ticks(1_031), Ticks(1_100))), None);
}

#[test]
fn prices_at_both_ends_of_all_ticks_are_found() {
	let all = (Ticks(0), Ticks::MAX);
	for (bid, ask, expected) in
		[(u32::MAX, 0, REFERENCE.0), (0, 0, 0), (u32::MAX, u32::MAX, u32::MAX)]
	{
		let mut pair = Pairs::of(&[one(Side::Bid, bid, 1, 0), one(Side::Ask, ask, 1, 1)]);
		assert_eq!(pair.indicative(all, u32::MAX).unwrap().price, Ticks(expected));
	}
}

#[test]
fn what_removed_orders_leave_crossed_is_said() {
	let mut pair = Pairs::of(&[
		one(Side::Bid, 1_020, 10, 13),
		one(Side::Bid, 1_005, 10, 1),
		one(Side::Ask, 1_000, 10, 2),
	]);
	let found = pair.indicative((Ticks(0), Ticks::MAX), u32::MAX).unwrap();
	assert_eq!(found.price, REFERENCE);
	let mut desk = Desk::default();
	let first = pair.step(&mut desk, found.price, 10, 10);
	assert_eq!((first.end, first.fills, first.removals), (Ended::Crossed, 0, 1));
	let found = pair.indicative((Ticks(0), Ticks::MAX), u32::MAX).unwrap();
	let second = pair.step(&mut desk, found.price, 10, 10);
	assert_eq!((second.end, second.lots), (Ended::Done, Lots(10)));
	assert_eq!(pair.real, MemoryBackend::default());
}

#[test]
fn expired_orders_do_not_leave_the_book_looking_crossed() {
	let dead = |side, price| Place { expiry: NOW, ..one(side, price, 5, 3) };
	let mut pair = Pairs::of(&[
		one(Side::Bid, 1_010, 4, 0),
		one(Side::Ask, 1_010, 4, 1),
		one(Side::Ask, 1_015, 4, 1),
		dead(Side::Bid, 1_020),
		dead(Side::Bid, 1_009),
		dead(Side::Ask, 1_008),
	]);
	let mut desk = Desk::default();
	let step = pair.step(&mut desk, REFERENCE, 10, 10);
	assert_eq!((step.end, step.fills, step.removals), (Ended::Done, 1, 2));
	let mut cache = WriteBack::new(&mut pair.real);
	assert_eq!(best(&mut cache, MARKET, Side::Bid), Some(Ticks(1_009)), "it crosses nothing");
	assert_eq!(best(&mut cache, MARKET, Side::Ask), Some(Ticks(1_015)));
}

/// Ends the uncross at a given owner.
struct StopAt(AccountRef, Vec<Lots>);

impl Counterparties for StopAt {
	fn verdicts(&mut self, pair: &Pair) -> Verdicts {
		let stop = pair.ask.order.owner == self.0;
		let ask = if stop { Verdict::Stop } else { Verdict::Fill(pair.lots) };
		Verdicts { bid: Verdict::Fill(pair.lots), ask }
	}
	fn filled(&mut self, pair: &Pair) {
		self.1.push(pair.lots);
	}
	fn removed(&mut self, _: OrderId, _: &Resting, _: Lots, _: Removal) {}
}

#[test]
fn a_stop_leaves_the_pair_that_was_asked_about() {
	let mut pair = Pairs::of(&[
		one(Side::Bid, 1_010, 9, 0),
		one(Side::Ask, 1_000, 4, 1),
		one(Side::Ask, 1_001, 5, 2),
	]);
	let turns = Turns::default();
	let at = Uncross {
		market: MARKET,
		price: REFERENCE,
		now: NOW,
		max_fills: 9,
		max_removals: 9,
		turns,
	};
	let mut cache = WriteBack::new(&mut pair.real);
	let mut stop = StopAt(AccountRef(2), Vec::new());
	let step = uncross(&mut cache, &mut stop, &at);
	assert_eq!((step.end, step.done(), step.lots), (Ended::Stopped, false, Lots(4)));
	let left = |s: &mut WriteBack<_, Page>, side, price| lots_at(s, side, price);
	assert_eq!(left(&mut cache, Side::Bid, 1_010), [5]);
	assert_eq!(left(&mut cache, Side::Ask, 1_001), [5]);
}

fn lots_at<S: Store<Page>>(s: &mut S, side: Side, price: u32) -> Vec<u64> {
	level(s, MARKET, side, Ticks(price), 10).iter().map(|(_, order)| order.lots.0).collect()
}

#[test]
fn a_pair_names_its_younger_order_and_is_a_fill_of_either() {
	let mut pair = Pairs::of(&[one(Side::Ask, 1_000, 4, 7), one(Side::Bid, 1_010, 9, 8)]);
	struct Seen(Vec<Pair>);
	impl Counterparties for Seen {
		fn verdicts(&mut self, pair: &Pair) -> Verdicts {
			Verdicts { bid: Verdict::Fill(pair.lots), ask: Verdict::Fill(pair.lots) }
		}
		fn filled(&mut self, pair: &Pair) {
			self.0.push(*pair);
		}
		fn removed(&mut self, _: OrderId, _: &Resting, _: Lots, _: Removal) {}
	}
	let mut seen = Seen(Vec::new());
	let turns = Turns::default();
	let at = Uncross {
		market: MARKET,
		price: REFERENCE,
		now: NOW,
		max_fills: 9,
		max_removals: 9,
		turns,
	};
	uncross(&mut WriteBack::new(&mut pair.real), &mut seen, &at);
	let [traded] = seen.0[..] else { panic!("one pair") };
	assert_eq!(traded.younger(), Side::Bid);
	let fill = traded.fill(Side::Bid);
	assert_eq!((fill.taker, fill.maker, fill.lots), (AccountRef(8), AccountRef(7), Lots(4)));
	assert_eq!((fill.price, fill.maker_order, fill.maker_done), (REFERENCE, traded.ask.id, true));
	let fill = traded.fill(Side::Ask);
	assert_eq!(
		(fill.taker, fill.maker, fill.taker_side),
		(AccountRef(7), AccountRef(8), Side::Ask)
	);
	assert!(!fill.maker_done, "five lots of the bid are left");
}

/// Trades everything, and begins the orders of a block at the lot that it is told.
struct Drawn {
	at: u128,
	fills: Vec<(OrderId, u64)>,
	asked: Vec<(Side, u128)>,
}

impl Counterparties for Drawn {
	fn verdicts(&mut self, pair: &Pair) -> Verdicts {
		Verdicts { bid: Verdict::Fill(pair.lots), ask: Verdict::Fill(pair.lots) }
	}
	fn filled(&mut self, pair: &Pair) {
		self.fills.push((pair.bid.id, pair.lots.0));
	}
	fn draw(&mut self, side: Side, _: Ticks, lots: u128) -> Option<u128> {
		if lots > 0 {
			self.asked.push((side, lots));
		}
		Some(if side == Side::Bid { self.at } else { 0 })
	}
	fn removed(&mut self, _: OrderId, _: &Resting, _: Lots, _: Removal) {}
}

/// A book of one ask against the bids of two blocks at one price; those of the later block have these
/// lots. Returns it with the ids of the later block.
fn crowd(asked: u64, lots: &[u64]) -> (MemoryBackend<Page>, Vec<OrderId>) {
	let mut real = MemoryBackend::default();
	let mut cache = WriteBack::new(&mut real);
	let mut place = |side, lots, sequence| {
		let order = Order {
			market: MARKET,
			owner: AccountRef(1),
			side,
			price: REFERENCE,
			lots: Lots(lots),
			sequence,
			reduce_only: false,
			expiry: 0,
		};
		rest(&mut cache, &order).unwrap()
	};
	place(Side::Ask, asked, Sequence::new(2, 0, 0));
	place(Side::Bid, 7, Sequence::new(1, 0, 0));
	let at = |n| Sequence::new(2, n as u16, n as u16);
	let ids = lots.iter().enumerate().map(|(n, lots)| place(Side::Bid, *lots, at(n + 1))).collect();
	cache.flush();
	(real, ids)
}

/// What each bid of the later block traded when the draw begins at the lot `at`, in steps of so many
/// fills.
fn shares(real: &mut MemoryBackend<Page>, ids: &[OrderId], at: u128, fills: u16) -> Vec<u64> {
	let mut desk = Drawn { at, fills: Vec::new(), asked: Vec::new() };
	let mut turns = Turns::default();
	loop {
		let mut cache = WriteBack::new(&mut *real);
		let price = REFERENCE;
		let at =
			Uncross { market: MARKET, price, now: NOW, max_fills: fills, max_removals: 9, turns };
		let step = uncross(&mut cache, &mut desk, &at);
		cache.flush();
		check_pages(real);
		turns = step.turns;
		if step.done() {
			break;
		}
	}
	let asked = desk.asked.iter().filter(|(side, _)| *side == Side::Bid).count();
	assert!(asked <= 2, "each block is drawn once");
	assert_eq!(desk.fills[0].1, 7, "an older block comes first");
	let of = |id: &OrderId| desk.fills.iter().filter(|fill| fill.0 == *id).map(|fill| fill.1).sum();
	ids.iter().map(of).collect()
}

#[test]
fn every_lot_of_a_block_is_as_likely_to_trade_as_any_other() {
	// Small and large orders, and one owner's in pieces: over all draws each gets its share exactly.
	let lots = [5, 1, 1, 1, 1, 1, 9, 2];
	let all: u64 = lots.iter().sum();
	for want in [1, 6, 13, all] {
		for fills in [1, 3, 100] {
			let mut sums = vec![0; lots.len()];
			for at in 0..all {
				let (mut real, ids) = crowd(7 + want, &lots);
				let got = shares(&mut real, &ids, at.into(), fills);
				assert_eq!(got.iter().sum::<u64>(), want);
				sums.iter_mut().zip(got).for_each(|(sum, got)| *sum += got);
			}
			let expected: Vec<u64> = lots.iter().map(|lots| lots * want).collect();
			assert_eq!(sums, expected, "{want} lots in steps of {fills}");
		}
	}
}

#[test]
fn a_draw_goes_round_through_overflow_pages() {
	let lots: Vec<u64> = (0..700).map(|n| 1 + n % 3).collect();
	let all: u64 = lots.iter().sum();
	for (at, want) in [(0, 400), (all - 1, 900), (all / 2, 1_000), (all / 3, all - 2)] {
		let (mut real, ids) = crowd(7 + want, &lots);
		let got = shares(&mut real, &ids, at.into(), 64);
		// The lots in a row, from the one drawn on.
		let mut expected = vec![0; lots.len()];
		let row: Vec<usize> =
			lots.iter().enumerate().flat_map(|(n, lots)| vec![n; *lots as usize]).collect();
		for n in 0..want {
			expected[row[((at + n) % all) as usize]] += 1;
		}
		assert_eq!(got, expected);
	}
}
