//! The book against a naive one: a sorted vector of orders.

mod common;

use breakwater_core::{
	book::{available, best, best_live, depth, find, remove, rest, Level, Order},
	matching::{can_fill, take, Counterparty, End, Fill, Removal, Taken, Taker, Verdict},
	memory::Memory,
	page::{Page, Resting},
	store::{Kind, MemoryBackend, WriteBack},
	units::{AccountRef, Lots, MarketId, OrderId, Sequence, Side, Ticks},
};
use common::{check_pages, MARKET};
use proptest::prelude::*;

/// Trades all that is asked, but for accounts with a number that says otherwise.
#[derive(Default)]
struct Desk {
	fills: Vec<Fill>,
	removed: Vec<(OrderId, AccountRef, Lots, Removal)>,
}

fn opinion(owner: AccountRef, want: Lots) -> Verdict {
	match owner.0 % 16 {
		13 => Verdict::Remove(Removal::SelfTrade),
		14 => Verdict::Fill(Lots(want.0.div_ceil(2))),
		15 if owner.0 == 255 => Verdict::Stop,
		_ => Verdict::Fill(want),
	}
}

/// The highest price at which these takers trade; whatever offers more is stale.
const HIGHEST: Ticks = Ticks(16_384);

impl Counterparty for Desk {
	fn stale(&mut self, id: OrderId, _: &Resting) -> Option<Removal> {
		(id.tick() > HIGHEST).then_some(Removal::Band)
	}
	fn verdict(&mut self, _: OrderId, resting: &Resting, want: Lots) -> Verdict {
		assert!(!want.is_zero() && want <= resting.lots);
		opinion(resting.owner, want)
	}
	fn filled(&mut self, fill: &Fill) {
		self.fills.push(*fill);
	}
	fn removed(&mut self, id: OrderId, resting: &Resting, lots: Lots, why: Removal) {
		assert_eq!(resting.lots, lots);
		self.removed.push((id, resting.owner, lots, why));
	}
}

/// One side of the naive book, best order first.
#[derive(Default, Clone)]
struct Naive {
	orders: Vec<Order>,
}

impl Naive {
	fn side(&self, side: Side) -> Vec<Order> {
		let mut orders: Vec<_> = self.orders.iter().filter(|o| o.side == side).copied().collect();
		orders.sort_by_key(|o| match side {
			Side::Bid => (u32::MAX - o.price.0, o.sequence),
			Side::Ask => (o.price.0, o.sequence),
		});
		orders
	}

	fn depth(&self, side: Side, levels: usize, max_orders: u32) -> Vec<Level> {
		let mut depth: Vec<Level> = Vec::new();
		for order in self.side(side).into_iter().take(max_orders as usize) {
			match depth.last_mut() {
				Some(level) if level.price == order.price => {
					level.lots.0 += order.lots.0;
					level.orders += 1;
				},
				_ => depth.push(Level { price: order.price, lots: order.lots, orders: 1 }),
			}
		}
		depth.truncate(levels);
		depth
	}

	fn remove(&mut self, id: OrderId) -> Option<Order> {
		let index = self.orders.iter().position(|o| o.id() == id)?;
		Some(self.orders.remove(index))
	}

	fn take(&mut self, desk: &mut Desk, taker: &Taker) -> Taken {
		let (mut left, mut prices) = (taker.lots.0, Vec::new());
		let (mut lot_ticks, mut fills, mut removals) = (0, 0, 0);
		let mut orders = self.side(taker.side.opposite()).into_iter();
		let end = loop {
			if left == 0 {
				break End::Filled;
			}
			let Some(order) = orders.next() else { break End::Empty };
			if !taker.side.accepts(taker.limit, order.price) {
				break End::Limit(order.price);
			}
			let want = order.lots.0.min(left);
			let verdict = if order.expiry != 0 && order.expiry <= taker.now {
				Verdict::Remove(Removal::Expired)
			} else if order.price > HIGHEST {
				Verdict::Remove(Removal::Band)
			} else if fills == taker.max_fills {
				break End::Budget;
			} else {
				opinion(order.owner, Lots(want))
			};
			match verdict {
				Verdict::Stop => break End::Stopped,
				Verdict::Remove(_) if removals == taker.max_removals => break End::Budget,
				Verdict::Remove(why) => {
					removals += 1;
					self.remove(order.id());
					desk.removed.push((order.id(), order.owner, order.lots, why));
				},
				Verdict::Fill(lots) => {
					fills += 1;
					left -= lots.0;
					lot_ticks += u128::from(lots.0) * u128::from(order.price.0);
					prices.push(order.price);
					let rest = Lots(order.lots.0 - lots.0);
					let maker_done = rest.is_zero() || lots.0 < want;
					desk.fills.push(Fill {
						market: MARKET,
						taker: taker.account,
						maker: order.owner,
						maker_order: order.id(),
						taker_side: taker.side,
						price: order.price,
						lots,
						maker_reduce_only: order.reduce_only,
						maker_done,
					});
					if lots.0 < want {
						let why = match order.reduce_only {
							true => Removal::ReduceOnly,
							false => Removal::Margin,
						};
						desk.removed.push((order.id(), order.owner, rest, why));
					}
					let at = self.orders.iter().position(|o| o.id() == order.id()).unwrap();
					self.orders[at].lots = rest;
					if maker_done {
						self.orders.remove(at);
					}
				},
			}
		};
		let range = prices.iter().min().copied().zip(prices.iter().max().copied());
		let lots = Lots(taker.lots.0 - left);
		Taken { lots, lot_ticks, fills, removals, decremented: Lots::ZERO, range, end }
	}
}

#[derive(Clone, Debug)]
enum Step {
	Place {
		side: Side,
		price: u32,
		lots: u64,
		owner: u32,
		reduce_only: bool,
		life: u32,
		many: u16,
		/// What the places of the orders in their block depend on; zero lets them stand by arrival.
		draw: u16,
	},
	Cancel {
		which: prop::sample::Index,
		many: u16,
	},
	Take {
		side: Side,
		limit: u32,
		lots: u64,
		max_fills: u16,
		max_removals: u16,
	},
}

fn side() -> impl Strategy<Value = Side> {
	prop_oneof![Just(Side::Bid), Just(Side::Ask)]
}

/// Prices that crowd a few buckets, with some far away.
fn price() -> impl Strategy<Value = u32> {
	prop_oneof![
		6 => 1_000u32..1_004,
		3 => 980u32..1_060,
		1 => any::<u32>(),
		1 => prop_oneof![Just(0), Just(u32::MAX), Just(16_383), Just(16_384), Just(8_388_608)],
	]
}

fn step() -> impl Strategy<Value = Step> {
	let many = prop_oneof![4 => Just(1u16), 2 => 1u16..20, 1 => 60u16..200];
	let lots = prop_oneof![8 => 1u64..50, 1 => Just(u64::MAX / 2)];
	let life = prop_oneof![3 => Just(0u32), 1 => 1u32..40];
	let draw = prop_oneof![1 => Just(0u16), 1 => any::<u16>()];
	prop_oneof![
		5 => (
			side(), price(), 1u64..20, 0u32..256, any::<bool>(), life, many.clone(), draw,
		).prop_map(
			|(side, price, lots, owner, reduce_only, life, many, draw)| Step::Place {
				side, price, lots, owner, reduce_only, life, many, draw,
			},
		),
		2 => (any::<prop::sample::Index>(), many)
			.prop_map(|(which, many)| Step::Cancel { which, many }),
		3 => (side(), price(), lots, 0u16..300, 0u16..100).prop_map(
			|(side, limit, lots, max_fills, max_removals)| Step::Take {
				side, limit, lots, max_fills, max_removals,
			},
		),
	]
}

/// Both books side by side.
#[derive(Default)]
struct Pair {
	real: MemoryBackend<Page>,
	naive: Naive,
	sequence: u64,
	now: u32,
}

impl Pair {
	/// Run `f` on the stored book through the cache, and store what it changed.
	fn with<R>(
		&mut self,
		f: impl FnOnce(&mut WriteBack<&mut MemoryBackend<Page>, Page>) -> R,
	) -> R {
		let mut cache = WriteBack::new(&mut self.real);
		let result = f(&mut cache);
		cache.flush();
		result
	}

	fn place(&mut self, side: Side, price: u32, lots: u64, owner: u32, ro: bool, expiry: u32) {
		self.place_at(Sequence(self.sequence + 3), side, price, lots, owner, ro, expiry)
	}

	#[allow(clippy::too_many_arguments)]
	fn place_at(
		&mut self,
		sequence: Sequence,
		side: Side,
		price: u32,
		lots: u64,
		owner: u32,
		ro: bool,
		expiry: u32,
	) {
		self.sequence += 3;
		let order = Order {
			market: MARKET,
			owner: AccountRef(owner),
			side,
			price: Ticks(price),
			lots: Lots(lots),
			sequence,
			reduce_only: ro,
			expiry,
		};
		assert_eq!(self.with(|s| rest(s, &order)), Ok(order.id()));
		self.naive.orders.push(order);
	}

	fn cancel(&mut self, index: usize) {
		let order = self.naive.orders.remove(index);
		let id = order.id();
		let found = self.with(|s| find(s, id)).expect("it rests");
		assert_eq!(self.with(|s| remove(s, id)), Some(found));
		assert_eq!(
			(found.owner, found.lots, found.sequence, found.reduce_only(), found.expiry),
			(order.owner, order.lots, order.sequence, order.reduce_only, order.expiry),
		);
		assert_eq!(self.with(|s| find(s, id)), None);
		assert_eq!(self.with(|s| remove(s, id)), None);
	}

	fn take(&mut self, taker: Taker) -> Taken {
		self.check_available(&taker);
		let (mut desk, mut naive_desk) = (Desk::default(), Desk::default());
		let taken = self.with(|s| take(s, &mut desk, &taker));
		assert_eq!(taken, self.naive.take(&mut naive_desk, &taker));
		assert_eq!(desk.fills, naive_desk.fills);
		assert_eq!(desk.removed, naive_desk.removed);
		taken
	}

	fn check_available(&mut self, taker: &Taker) {
		let Taker { market, side, limit, lots, max_fills, .. } = *taker;
		let (mut sum, mut lot_ticks, mut live, mut fills, mut removals) = (0, 0, 0, 0, 0);
		let mut open = true;
		for (n, order) in self.naive.side(side.opposite()).iter().enumerate() {
			if !side.accepts(limit, order.price) {
				break;
			}
			let expired = order.expiry != 0 && order.expiry <= taker.now;
			if n < max_fills as usize && !expired {
				let part = order.lots.0.min(lots.0 - sum);
				sum += part;
				lot_ticks += u128::from(part) * u128::from(order.price.0);
			}
			let stale = expired || order.price > HIGHEST;
			let (count, most) = match stale {
				true => (&mut removals, taker.max_removals),
				false => (&mut fills, max_fills),
			};
			open &= *count < most;
			if open {
				*count += 1;
				live += if stale { 0 } else { order.lots.0 };
			}
		}
		let found = self.with(|s| available(s, market, side, limit, lots, max_fills, taker.now));
		assert_eq!(found, (Lots(sum), lot_ticks));
		let reach = self.with(|s| can_fill(s, taker, |price| price <= HIGHEST));
		assert_eq!(reach.enough, live >= lots.0);
		assert!(reach.met <= fills + removals);
	}

	fn check(&mut self) {
		for side in [Side::Bid, Side::Ask] {
			for (levels, most) in
				[(0, 9), (1, 2), (3, 100), (usize::MAX, 70), (usize::MAX, u32::MAX)]
			{
				let expected = self.naive.depth(side, levels, most);
				assert_eq!(self.with(|s| depth(s, MARKET, side, levels, most)), expected);
			}
			let expected = self.naive.side(side).first().map(|o| o.price);
			assert_eq!(self.with(|s| best(s, MARKET, side)), expected);
			let now = self.now;
			let live = |o: &Order| o.expiry == 0 || o.expiry > now;
			let orders = self.naive.side(side);
			let expected = orders.iter().take(5).find(|o| live(o)).map(|o| o.price);
			assert_eq!(self.with(|s| best_live(s, MARKET, side, now, 5)), expected);
		}
		check_pages(&self.real);
		if self.naive.orders.is_empty() {
			assert_eq!(self.real, MemoryBackend::default());
		}
	}

	fn step(&mut self, step: Step) {
		self.now += 1;
		match step {
			Step::Place { side, price, lots, owner, reduce_only, life, many, draw } => {
				let expiry = if life == 0 { 0 } else { self.now + life };
				for n in 0..many {
					// Several steps share a block, and in it orders may come in any order of places.
					let index = (self.sequence as u16).wrapping_add(n).wrapping_mul(draw);
					let at = Sequence::new(self.now / 8, index, self.sequence as u16);
					let owner = (owner + u32::from(n)) % 256;
					self.place_at(at, side, price, lots, owner, reduce_only, expiry);
				}
			},
			Step::Cancel { which, many } => {
				for _ in 0..many.min(self.naive.orders.len() as u16) {
					self.cancel(which.index(self.naive.orders.len()));
				}
			},
			Step::Take { side, limit, lots, max_fills, max_removals } => {
				self.take(Taker {
					market: MARKET,
					account: AccountRef(1_000),
					side,
					limit: Ticks(limit),
					lots: Lots(lots),
					max_fills,
					max_removals,
					now: self.now,
				});
			},
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(100))]

	#[test]
	fn random_streams_match_a_sorted_vector(steps in prop::collection::vec(step(), 1..60)) {
		let mut pair = Pair::default();
		for step in steps {
			pair.step(step);
			pair.check();
		}
		while !pair.naive.orders.is_empty() {
			pair.cancel(pair.naive.orders.len() / 2);
		}
		pair.check();
	}
}

fn taker(side: Side, limit: u32, lots: u64) -> Taker {
	Taker {
		market: MARKET,
		account: AccountRef(1_000),
		side,
		limit: Ticks(limit),
		lots: Lots(lots),
		max_fills: u16::MAX,
		max_removals: u16::MAX,
		now: 100,
	}
}

#[test]
fn better_prices_and_then_older_orders_trade_first() {
	let mut pair = Pair::default();
	for (price, owner) in [(101, 0), (100, 1), (100, 2), (200, 3)] {
		pair.place(Side::Ask, price, 5, owner, false, 0);
	}
	let mut desk = Desk::default();
	let taken = pair.with(|s| take(s, &mut desk, &taker(Side::Bid, 150, 12)));
	let traded: Vec<_> = desk.fills.iter().map(|f| (f.maker.0, f.lots.0, f.maker_done)).collect();
	assert_eq!(traded, [(1, 5, true), (2, 5, true), (0, 2, false)]);
	assert_eq!(taken.lot_ticks, 1_202);
	assert_eq!(taken.range, Some((Ticks(100), Ticks(101))));
	assert_eq!(taken.end, End::Filled);
	let taken = pair.with(|s| take(s, &mut desk, &taker(Side::Bid, 150, 12)));
	assert_eq!((taken.lots, taken.end), (Lots(3), End::Limit(Ticks(200))));
	let taken = pair.with(|s| take(s, &mut desk, &taker(Side::Bid, 200, 12)));
	assert_eq!((taken.lots, taken.end), (Lots(5), End::Empty));
	assert_eq!(pair.real, MemoryBackend::default());
}

#[test]
fn an_order_filled_in_part_keeps_its_place() {
	for (side, taking) in [(Side::Bid, Side::Ask), (Side::Ask, Side::Bid)] {
		let mut pair = Pair::default();
		pair.place(side, 100, 5, 1, false, 0);
		pair.place(side, 100, 5, 2, false, 0);
		let mut desk = Desk::default();
		pair.with(|s| take(s, &mut desk, &taker(taking, 100, 3)));
		pair.with(|s| take(s, &mut desk, &taker(taking, 100, 3)));
		let traded: Vec<_> =
			desk.fills.iter().map(|f| (f.maker.0, f.lots.0, f.maker_done)).collect();
		assert_eq!(traded, [(1, 3, false), (1, 2, true), (2, 1, false)]);
	}
}

#[test]
fn a_taker_of_nothing_is_filled() {
	let mut pair = Pair::default();
	pair.place(Side::Ask, 100, 5, 1, false, 0);
	let before = pair.real.clone();
	assert_eq!(pair.take(taker(Side::Bid, 100, 0)).end, End::Filled);
	assert_eq!(pair.real, before);
}

#[test]
fn a_match_beyond_the_limit_writes_nothing() {
	let mut pair = Pair::default();
	pair.place(Side::Bid, 100, 5, 1, false, 0);
	let mut cache = WriteBack::new(&mut pair.real);
	let taken = take(&mut cache, &mut Desk::default(), &taker(Side::Ask, 101, 5));
	assert_eq!(taken.end, End::Limit(Ticks(100)));
	assert_eq!(cache.flush(), Default::default());
}

#[test]
fn a_crowded_tick_keeps_time_priority_through_its_overflow_pages() {
	for (side, taking) in [(Side::Bid, Side::Ask), (Side::Ask, Side::Bid)] {
		let mut pair = Pair::default();
		for owner in 0..1_000 {
			pair.place(side, 100, 1, owner * 16, false, 0);
		}
		// Room in the bucket's page does not let a newer order overtake.
		pair.cancel(5);
		pair.place(side, 100, 1, 16_000, false, 0);
		assert!(pair.real.pages.keys().any(|key| key.kind as u8 >= Kind::BidOverflow as u8));
		// Another tick of the same bucket has its own overflow pages and comes in its turn.
		let (better, worse) = if side == Side::Bid { (101, 99) } else { (99, 101) };
		for price in [better, worse] {
			for owner in 0..200 {
				pair.place(side, price, 1, owner * 16, false, 0);
			}
		}
		pair.check();
		let taken = pair.take(taker(taking, worse, 1_300));
		assert_eq!((taken.lots, taken.fills, taken.end), (Lots(1_300), 1_300, End::Filled));
		pair.check();
		let taken = pair.take(taker(taking, worse, 1_300));
		assert_eq!((taken.lots, taken.end), (Lots(100), End::Empty));
		assert_eq!(pair.real, MemoryBackend::default());
	}
}

#[test]
fn orders_of_one_block_are_found_in_whatever_order_they_come() {
	for (side, taking) in [(Side::Bid, Side::Ask), (Side::Ask, Side::Bid)] {
		for crowd in [0, 100, 128] {
			let mut pair = Pair::default();
			for _ in 0..crowd {
				pair.place(side, 101, 1, 0, false, 0);
			}
			for n in 0..900u16 {
				let at = Sequence::new(1, n.wrapping_mul(40_503), n);
				pair.place_at(at, side, 100, 1, 0, false, 0);
			}
			pair.check();
			for order in pair.naive.orders.clone() {
				assert!(pair.with(|s| find(s, order.id())).is_some());
			}
			for _ in 0..400 {
				pair.cancel(pair.naive.orders.len() / 3);
			}
			pair.check();
			// By their places, not by when they came.
			let limit = if side == Side::Bid { 1 } else { 1_000 };
			pair.take(taker(taking, limit, 200));
			pair.check();
			while !pair.naive.orders.is_empty() {
				pair.cancel(0);
			}
			pair.check();
		}
	}
}

#[test]
fn one_order_in_each_overflow_page_does_not_fill_a_tick() {
	let mut pair = Pair::default();
	for round in 0..60 {
		let kept = pair.naive.orders.len();
		for _ in 0..256 {
			pair.place(Side::Ask, 100, 1, 0, false, 0);
		}
		for _ in 0..254 {
			pair.cancel(kept + 1);
		}
		if round % 10 == 0 {
			pair.check();
		}
	}
	let pages = pair.real.pages.len();
	assert!(pages <= 8, "{pages} pages for {} orders", pair.naive.orders.len());
}

#[test]
fn a_full_tick_refuses_and_recovers() {
	let mut real = MemoryBackend::<Page>::default();
	let mut cache = WriteBack::new(&mut real);
	let order = |n: u64| Order {
		market: MARKET,
		owner: AccountRef(0),
		side: Side::Bid,
		price: Ticks(7),
		lots: Lots(1),
		sequence: Sequence(n),
		reduce_only: false,
		expiry: 0,
	};
	let most = (0..).find(|n| rest(&mut cache, &order(*n)).is_err()).unwrap();
	assert_eq!(most, 256 * 128);
	cache.flush_in_place();
	assert!(remove(&mut cache, order(5_000).id()).is_some());
	assert!(rest(&mut cache, &order(most)).is_err(), "the last page is full");
	let taken = take(&mut cache, &mut Desk::default(), &taker(Side::Ask, 7, 256));
	assert_eq!(taken.end, End::Filled);
	assert_eq!(rest(&mut cache, &order(most)), Ok(order(most).id()));
	let taken = take(&mut cache, &mut Desk::default(), &taker(Side::Ask, 7, u64::MAX));
	assert_eq!(taken.lots, Lots(most - 256));
	cache.flush();
	assert_eq!(real, MemoryBackend::default());
}

#[test]
fn markets_and_sides_do_not_see_each_other() {
	let mut pair = Pair::default();
	pair.place(Side::Bid, 100, 5, 1, false, 0);
	for (market, side, expected) in [
		(MARKET, Side::Bid, Some(Ticks(100))),
		(MARKET, Side::Ask, None),
		(MarketId(MARKET.0 + 1), Side::Bid, None),
	] {
		assert_eq!(pair.with(|s| best(s, market, side)), expected);
	}
}

#[test]
fn the_store_in_memory_holds_the_same_book() {
	let (mut memory, mut stored) = (Memory::<Page>::default(), MemoryBackend::<Page>::default());
	let mut cache = WriteBack::new(&mut stored);
	for n in 0..20_000u64 {
		let order = Order {
			market: MARKET,
			owner: AccountRef(0),
			side: if n % 2 == 0 { Side::Bid } else { Side::Ask },
			price: Ticks(50_000 + (n * 7_919 % 5_000) as u32),
			lots: Lots(1 + n % 7),
			sequence: Sequence(n),
			reduce_only: false,
			expiry: 0,
		};
		let taker = Taker { side: order.side, ..taker(order.side, order.price.0, order.lots.0) };
		let (mut one, mut other) = (Desk::default(), Desk::default());
		let taken = take(&mut memory, &mut one, &taker);
		assert_eq!(taken, take(&mut cache, &mut other, &taker));
		assert_eq!(one.fills, other.fills);
		let order = Order { lots: order.lots.saturating_sub(taken.lots), ..order };
		if !order.lots.is_zero() {
			assert_eq!(rest(&mut memory, &order), rest(&mut cache, &order));
		}
		if n % 3 == 0 {
			let id = Order { sequence: Sequence(n / 2), ..order }.id();
			assert_eq!(remove(&mut memory, id), remove(&mut cache, id));
		}
	}
	for side in [Side::Bid, Side::Ask] {
		let all = usize::MAX;
		let in_memory = depth(&mut memory, MARKET, side, all, u32::MAX);
		assert_eq!(in_memory, depth(&mut cache, MARKET, side, all, u32::MAX));
	}
}
