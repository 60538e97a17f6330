//! The exchange on its storage against a sorted vector of orders, fill for fill.

use super::*;
use proptest::prelude::*;
use TimeInForce::*;

/// A resting order: account, side, price, lots, expiry.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rests {
	account: u32,
	side: Side,
	price: u32,
	lots: u64,
	expiry: u32,
}

/// What an order did.
#[derive(Clone, Debug, Default, PartialEq)]
struct Did {
	/// Maker, price, lots.
	fills: Vec<(u32, u32, u64)>,
	/// Account, price, lots, why.
	removed: Vec<(u32, u32, u64, Reason)>,
}

#[derive(Clone, Debug, Default)]
struct Naive {
	/// Oldest first.
	orders: Vec<Rests>,
	band: (u32, u32),
	now: u32,
}

/// Why the naive match ended.
#[derive(PartialEq)]
enum Ended {
	Filled,
	Limit(u32),
	Empty,
	Bound,
}

impl Naive {
	/// A side, in the order in which it trades.
	fn side(&self, side: Side) -> Vec<Rests> {
		let mut orders: Vec<_> = self.orders.iter().filter(|o| o.side == side).copied().collect();
		orders.sort_by_key(|o| if side == Side::Bid { u32::MAX - o.price } else { o.price });
		orders
	}

	fn within(&self, side: Side, price: u32) -> u32 {
		match side {
			Side::Bid => price.min(self.band.1),
			Side::Ask => price.max(self.band.0),
		}
	}

	fn dead(&self, order: &Rests) -> Option<Reason> {
		match order {
			_ if order.expiry != 0 && order.expiry <= self.now => Some(Reason::Expired),
			_ if self.within(order.side, order.price) != order.price => Some(Reason::Band),
			_ => None,
		}
	}

	fn take(
		&mut self,
		did: &mut Did,
		taker: &Rests,
		(fills, removals): (usize, usize),
		own_stays: bool,
	) -> (u64, Ended) {
		let (mut left, mut filled, mut removed) = (taker.lots, 0, 0);
		let limit = Ticks(self.within(taker.side, taker.price));
		loop {
			if left == 0 {
				return (left, Ended::Filled);
			}
			let Some(best) = self.side(taker.side.opposite()).first().copied() else {
				return (left, Ended::Empty);
			};
			if !taker.side.accepts(limit, Ticks(best.price)) {
				return (left, Ended::Limit(best.price));
			}
			let at = self.orders.iter().position(|order| *order == best).expect("it rests");
			let own = best.account / 10 == taker.account / 10;
			let dead = self.dead(&best);
			if dead.is_none() && (own && own_stays || !own && filled == fills) {
				return (left, Ended::Bound);
			}
			if let Some(why) = dead.or(own.then_some(Reason::SelfTrade)) {
				if removed == removals {
					return (left, Ended::Bound);
				}
				removed += 1;
				self.orders.remove(at);
				did.removed.push((best.account, best.price, best.lots, why));
				continue;
			}
			let lots = best.lots.min(left);
			(filled, left) = (filled + 1, left - lots);
			did.fills.push((best.account, best.price, lots));
			self.orders[at].lots -= lots;
			if best.lots == lots {
				self.orders.remove(at);
			}
		}
	}

	fn crosses(&self, order: &Rests) -> Option<u32> {
		let best = self.side(order.side.opposite()).first()?.price;
		order.side.accepts(Ticks(order.price), Ticks(best)).then_some(best)
	}

	/// Place an order; `None` where it is refused, and then nothing has changed.
	fn place(&mut self, mut order: Rests, kind: TimeInForce) -> Option<Did> {
		let (before, mut did) = (self.clone(), Did::default());
		let left = self.try_place(&mut did, &mut order, kind);
		let Some(left) = left else {
			*self = before;
			return None;
		};
		if left > 0 {
			self.orders.push(Rests { lots: left, ..order });
		}
		Some(did)
	}

	fn try_place(&mut self, did: &mut Did, order: &mut Rests, kind: TimeInForce) -> Option<u64> {
		match kind {
			GoodTilTime(expiry) if expiry <= self.now => return None,
			PostOnly | PostOnlySlide => {
				if self.crosses(order).is_some() {
					self.take(did, order, (0, 4), true);
				}
				if let Some(best) = self.crosses(order) {
					let behind = if order.side == Side::Bid { best - 1 } else { best + 1 };
					order.price = (kind == PostOnlySlide).then_some(behind)?;
				}
				return (self.within(order.side, order.price) == order.price).then_some(order.lots);
			},
			_ => {},
		}
		let (left, ended) = self.take(did, order, (8, 4), false);
		if kind == FillOrKill {
			return (left == 0).then_some(0);
		}
		let beyond = match ended {
			Ended::Limit(next) => order.side.accepts(Ticks(order.price), Ticks(next)),
			_ => false,
		};
		let behind = self.within(order.side, order.price) != order.price;
		let cut = beyond || behind || ended == Ended::Bound || kind == ImmediateOrCancel;
		Some(if cut { 0 } else { left })
	}
}

/// What the events from `seen` on tell of an order.
fn told(seen: usize) -> Did {
	let mut did = Did::default();
	for event in &events()[seen..] {
		match event {
			Event::Filled { maker, price, lots, .. } => {
				did.fills.push((maker.0, price.0, lots.0));
			},
			Event::OrderRemoved { id, account, lots, reason } => {
				did.removed.push((account.0, id.tick().0, lots.0, *reason));
			},
			_ => {},
		}
	}
	did
}

/// A side of the book as it is stored, in the order in which it trades.
fn stored(side: Side) -> Vec<(u32, u32, u64, u32)> {
	let levels = levels(side).into_iter();
	let orders = levels.flat_map(|(price, _)| Perpetuals::level_orders(BTC, side, Ticks(price)));
	let all = orders.map(|o| (o.account.0, o.id.tick().0, o.lots.0, o.expiry));
	all.collect()
}

#[derive(Clone, Debug)]
enum Act {
	Place { owner: u64, sub: u8, side: Side, price: u32, lots: u64, kind: TimeInForce },
	Band { low: u32, width: u32 },
	Wait,
}

fn act() -> impl Strategy<Value = Act> {
	let kind = prop_oneof![
		4 => Just(GoodTilCancelled),
		3 => (1_001u32..1_020).prop_map(GoodTilTime),
		2 => Just(PostOnly),
		2 => Just(PostOnlySlide),
		2 => Just(ImmediateOrCancel),
		1 => Just(FillOrKill),
	];
	let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
	prop_oneof![
		16 => (1u64..5, 0u8..2, side, 1_000u32..1_040, 2u64..30, kind).prop_map(
			|(owner, sub, side, price, lots, kind)| Act::Place {
				owner, sub, side, price, lots, kind,
			},
		),
		2 => (980u32..1_030, 5u32..60).prop_map(|(low, width)| Act::Band { low, width }),
		2 => Just(Act::Wait),
	]
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	#[test]
	fn every_order_does_what_a_sorted_vector_does(acts in prop::collection::vec(act(), 1..120)) {
		ExtBuilder::default().build_and_execute(|| {
			House::max_orders(1_000);
			let mut naive = Naive { band: (1, u32::MAX), now: 1_000, ..Default::default() };
			for act in acts {
				match act {
					Act::Place { owner, sub, side, price, lots, kind } => {
						let seen = events().len();
						let order = limit(side, price, lots, kind);
						let call = Call::place { sub, order };
						let done = dispatch(RuntimeOrigin::signed(owner), call).is_ok();
						let (account, expiry) = (account(owner, sub).0, kind.expiry());
						let order = Rests { account, side, price, lots, expiry };
						let expected = naive.place(order, kind);
						assert_eq!(done.then(|| told(seen)), expected, "{act:?}");
					},
					Act::Band { low, width } => {
						naive.band = (low, low + width);
						Gates::band(BTC, low, low + width);
					},
					Act::Wait => {
						naive.now += 1;
						Clock::set(naive.now.into());
						set_prices(|prices| prices.at += 1_000);
					},
				}
				for side in [Side::Bid, Side::Ask] {
					let all = naive.side(side).into_iter();
					let all: Vec<_> = all.map(|o| (o.account, o.price, o.lots, o.expiry)).collect();
					assert_eq!(stored(side), all, "{act:?}");
				}
			}
		});
	}
}
