//! Frequent batches on their storage against a vector of orders and brute force over all prices, trade
//! for trade.

use super::*;
use codec::Encode;
use proptest::prelude::*;
use sp_io::hashing::blake2_256;
use std::collections::VecDeque;
use TimeInForce::*;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Rests {
	id: OrderId,
	account: u32,
	side: Side,
	price: u32,
	lots: u64,
	expiry: u32,
	block: u64,
}

/// What a batch did: a trade with buyer and seller, or an order removed.
#[derive(Clone, Debug, PartialEq)]
enum Heard {
	Traded { price: u32, lots: u64, bid: OrderId, ask: OrderId },
	Removed { id: OrderId, lots: u64, why: Reason },
}

#[derive(Default)]
struct Naive {
	/// Oldest first.
	orders: Vec<Rests>,
	band: (u32, u32),
	now: u32,
	heard: Vec<Heard>,
}

/// Orders of one price and block in the order in which they trade, with how much of each.
type Pieces = VecDeque<(OrderId, u64)>;

impl Naive {
	fn live(&self, order: &Rests) -> bool {
		order.expiry == 0 || order.expiry > self.now
	}

	fn order(&self, id: OrderId) -> Option<Rests> {
		self.orders.iter().find(|order| order.id == id).copied()
	}

	/// The orders of the best price of a side, oldest first.
	fn best(&self, side: Side) -> Vec<Rests> {
		let mine = || self.orders.iter().filter(|order| order.side == side);
		let prices = mine().map(|order| order.price);
		let best = if side == Side::Bid { prices.max() } else { prices.min() };
		mine().filter(|order| Some(order.price) == best).copied().collect()
	}

	/// The price in the band at which most trades; then the least is left over, then the index is near,
	/// then the price is low.
	fn price(&self) -> Option<u32> {
		let at = |price: u32| {
			let sum = |side: Side| -> u64 {
				let all = self.orders.iter().filter(|o| o.side == side && self.live(o));
				let willing = all.filter(|o| side.accepts(Ticks(o.price), Ticks(price)));
				willing.map(|order| order.lots).sum()
			};
			(sum(Side::Bid), sum(Side::Ask))
		};
		let rank = |price: &u32| {
			let (bids, asks) = at(*price);
			(u64::MAX - bids.min(asks), bids.abs_diff(asks), price.abs_diff(1_000), *price)
		};
		// No order is outside these.
		let prices = self.band.0.max(900)..=self.band.1.min(1_100);
		let price = prices.min_by_key(rank)?;
		let (bids, asks) = at(price);
		(bids.min(asks) > 0).then_some(price)
	}

	fn remove(&mut self, id: OrderId, why: Reason) {
		let at = self.orders.iter().position(|order| order.id == id).expect("it rests");
		let order = self.orders.remove(at);
		self.heard.push(Heard::Removed { id, lots: order.lots, why });
	}

	/// All lots of the oldest block at the best price in a row, turned to begin with the one drawn.
	fn pieces(&self, side: Side, seed: [u8; 32]) -> Pieces {
		let best = self.best(side);
		let Some(first) = best.first() else { return Pieces::new() };
		let ring: Vec<_> = best.iter().filter(|order| order.block == first.block).collect();
		let live: Vec<_> = ring.iter().filter(|order| self.live(order)).collect();
		let row: Vec<OrderId> =
			live.iter().flat_map(|order| vec![order.id; order.lots as usize]).collect();
		if live.len() < 2 {
			let start = live.first().map_or(0, |one| ring.iter().position(|o| o == *one).unwrap());
			let turned = ring[start..].iter().chain(&ring[..start]);
			return turned.map(|order| (order.id, order.lots)).collect();
		}
		let hash = (seed, side, Ticks(first.price)).using_encoded(blake2_256);
		let number = u128::from_le_bytes(hash[..16].try_into().unwrap());
		let drawn = (number % row.len() as u128) as usize;
		let start = row[drawn];
		let last = row[..drawn].iter().filter(|id| **id == start).count() as u64;
		let place = ring.iter().position(|order| order.id == start).unwrap();
		let mut pieces: Pieces = [(start, ring[place].lots - last)].into();
		pieces.extend(ring[place + 1..].iter().chain(&ring[..place]).map(|o| (o.id, o.lots)));
		if last > 0 {
			pieces.push_back((start, last));
		}
		pieces
	}

	/// The piece of a side that comes first.
	fn front(
		&self,
		side: Side,
		pieces: &mut Pieces,
		price: u32,
		seed: [u8; 32],
	) -> Option<OrderId> {
		pieces.retain(|(id, _)| self.order(*id).is_some());
		let best = self.best(side).first()?.price;
		if !side.accepts(Ticks(best), Ticks(price)) {
			return None;
		}
		if pieces.is_empty() {
			*pieces = self.pieces(side, seed);
		}
		pieces.front().map(|piece| piece.0)
	}

	/// What the start of a block does, whose parent has this hash.
	fn batch(&mut self, parent: [u8; 32]) {
		let (bid, ask) = (self.best(Side::Bid), self.best(Side::Ask));
		let (Some(bid), Some(ask)) = (bid.first(), ask.first()) else { return };
		let inside = bid.price.min(self.band.1) >= ask.price.max(self.band.0);
		if bid.price < ask.price || !inside {
			return;
		}
		let seed = (parent, BTC).using_encoded(blake2_256);
		if let Some(price) = self.price() {
			self.uncross(price, seed);
		}
		loop {
			let (bid, ask) = (self.best(Side::Bid), self.best(Side::Ask));
			let (Some(bid), Some(ask)) = (bid.first(), ask.first()) else { return };
			let expired = [bid, ask].into_iter().find(|order| !self.live(order)).map(|o| o.id);
			match expired {
				Some(id) if bid.price >= ask.price => self.remove(id, Reason::Expired),
				_ => return,
			}
		}
	}

	fn uncross(&mut self, price: u32, seed: [u8; 32]) {
		let (mut bids, mut asks) = (Pieces::new(), Pieces::new());
		loop {
			let Some(bid) = self.front(Side::Bid, &mut bids, price, seed) else { return };
			let Some(ask) = self.front(Side::Ask, &mut asks, price, seed) else { return };
			let pair = [self.order(bid).unwrap(), self.order(ask).unwrap()];
			if let Some(order) = pair.iter().find(|order| !self.live(order)) {
				self.remove(order.id, Reason::Expired);
				continue;
			}
			if pair[0].account / 10 == pair[1].account / 10 {
				let younger = if bid.sequence() > ask.sequence() { bid } else { ask };
				self.remove(younger, Reason::SelfTrade);
				continue;
			}
			let lots = bids[0].1.min(asks[0].1);
			self.heard.push(Heard::Traded { price, lots, bid, ask });
			for (id, pieces) in [(bid, &mut bids), (ask, &mut asks)] {
				pieces[0].1 -= lots;
				if pieces[0].1 == 0 {
					pieces.pop_front();
				}
				let at = self.orders.iter().position(|order| order.id == id).unwrap();
				self.orders[at].lots -= lots;
				if self.orders[at].lots == 0 {
					self.orders.remove(at);
				}
			}
		}
	}
}

/// What the events from `seen` on tell of a batch.
fn told(seen: usize) -> Vec<Heard> {
	let all = events().into_iter().skip(seen);
	all.filter_map(|event| match event {
		Event::AuctionFilled { price, lots, bid, ask, .. } => {
			Some(Heard::Traded { price: price.0, lots: lots.0, bid, ask })
		},
		Event::OrderRemoved { id, lots, reason, .. } => {
			Some(Heard::Removed { id, lots: lots.0, why: reason })
		},
		_ => None,
	})
	.collect()
}

#[derive(Clone, Debug)]
enum Act {
	Place { owner: u64, sub: u8, side: Side, price: u32, lots: u64, life: u32, many: u8 },
	Cancel(prop::sample::Index),
	Band { low: u32, width: u32 },
	Block,
}

fn act() -> impl Strategy<Value = Act> {
	let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
	let price = prop_oneof![2 => Just(1_003u32), 3 => 998u32..1_006];
	let life = prop_oneof![6 => Just(0u32), 1 => 1u32..4];
	let many = prop_oneof![10 => Just(1u8), 1 => 60u8..120];
	prop_oneof![
		14 => (1u64..5, 0u8..2, side, price, 2u64..20, life, many).prop_map(
			|(owner, sub, side, price, lots, life, many)| Act::Place {
				owner, sub, side, price, lots, life, many,
			},
		),
		3 => any::<prop::sample::Index>().prop_map(Act::Cancel),
		1 => (985u32..1_004, 2u32..30).prop_map(|(low, width)| Act::Band { low, width }),
		4 => Just(Act::Block),
	]
}

fn placed(naive: &mut Naive, owner: u64, sub: u8, order: PlaceOrder) {
	let place = Call::place { sub, order };
	assert_ok!(dispatch(RuntimeOrigin::signed(owner), place));
	let Event::OrderPlaced { id, account, lots, expiry, .. } = last_event() else {
		panic!("it is collected")
	};
	naive.orders.push(Rests {
		id,
		account: account.0,
		side: id.side(),
		price: id.tick().0,
		lots: lots.0,
		expiry,
		block: System::block_number(),
	});
}

fn cancelled(order: &Rests) {
	let owner = u64::from(order.account / 10);
	let call = Call::cancel { sub: (order.account % 10) as u8, id: order.id };
	assert_ok!(dispatch(RuntimeOrigin::signed(owner), call));
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(12))]

	#[test]
	fn every_batch_does_what_brute_force_does(acts in prop::collection::vec(act(), 1..60)) {
		let market = NewMarket { mode: Mode::FrequentBatch, ..btc() };
		ExtBuilder { markets: vec![market] }.build_and_execute(|| {
			House::max_orders(10_000);
			let mut naive = Naive { band: (1, u32::MAX), now: 1_000, ..Default::default() };
			for act in acts {
				match act {
					Act::Place { owner, sub, side, price, lots, life, many } => {
						let expiry = naive.now + life;
						let kind = if life == 0 { GoodTilCancelled } else { GoodTilTime(expiry) };
						for _ in 0..many {
							placed(&mut naive, owner, sub, limit(side, price, lots, kind));
						}
					},
					Act::Cancel(which) if !naive.orders.is_empty() => {
						let at = which.index(naive.orders.len());
						cancelled(&naive.orders.remove(at));
					},
					Act::Cancel(_) => {},
					Act::Band { low, width } => {
						naive.band = (low, low + width);
						Gates::band(BTC, low, low + width);
					},
					Act::Block => {
						let next = System::block_number() + 1;
						naive.now += 1;
						naive.batch(blake2_256(&next.to_le_bytes()));
						let seen = events().len();
						next_block();
						assert_eq!(told(seen), std::mem::take(&mut naive.heard));
					},
				}
				let resting: u64 = naive.orders.iter().map(|order| order.lots).sum();
				let held: u64 = House::orders().values().map(|(_, lots)| lots.0).sum();
				assert_eq!((House::orders().len(), held), (naive.orders.len(), resting));
			}
			check();
			// Every order is found, whatever was drawn, and nothing stays.
			for order in &naive.orders {
				cancelled(order);
			}
			assert_eq!((Pages::<Test>::iter().count(), Words::<Test>::iter().count()), (0, 0));
			next_block();
		});
	}
}
