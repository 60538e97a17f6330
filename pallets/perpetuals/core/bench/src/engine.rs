//! The matching core over its store in memory, with a counterparty that trades whatever it is asked.

use breakwater_core::{
	book::{remove, rest, Order},
	matching::{take, Counterparty, Fill, Removal, Taker, Verdict},
	memory::Memory,
	page::{Page, Resting},
	units::{AccountRef, Lots, MarketId, OrderId, Sequence, Side, Ticks},
};

/// The market of all orders.
pub const MARKET: MarketId = MarketId(0);

/// The matching core over its store in memory.
#[derive(Default)]
pub struct Core {
	/// The book.
	pub store: Memory<Page>,
	/// The counterparty of all orders.
	pub desk: Desk,
}

/// Somebody who stands behind every order, and keeps the fills of an operation.
#[derive(Default)]
pub struct Desk {
	fills: Vec<Fill>,
	/// Lots traded so far.
	pub traded: u64,
}

impl Desk {
	/// The fills of the last operation.
	pub fn fills(&self) -> &[Fill] {
		&self.fills
	}
}

impl Counterparty for Desk {
	#[inline]
	fn verdict(&mut self, _: OrderId, _: &Resting, want: Lots) -> Verdict {
		Verdict::Fill(want)
	}
	#[inline]
	fn filled(&mut self, fill: &Fill) {
		self.fills.push(*fill);
		self.traded += fill.lots.0;
	}
	fn removed(&mut self, _: OrderId, _: &Resting, _: Lots, _: Removal) {}
}

impl Core {
	/// A limit order: it takes what crosses, and the rest comes to rest.
	#[inline]
	pub fn limit(&mut self, id: u64, side: Side, price: u32, lots: u64) {
		let left = lots - self.take(id, side, Ticks(price), lots);
		if left > 0 {
			let order = Order {
				market: MARKET,
				owner: AccountRef(id as u32),
				side,
				price: Ticks(price),
				lots: Lots(left),
				sequence: Sequence(id),
				reduce_only: false,
				expiry: 0,
			};
			rest(&mut self.store, &order).expect("no price of a stream is full");
		}
	}

	/// Take up to a limit; returns the lots taken.
	#[inline]
	pub fn take(&mut self, id: u64, side: Side, limit: Ticks, lots: u64) -> u64 {
		self.desk.fills.clear();
		let taker = Taker {
			market: MARKET,
			account: AccountRef(id as u32),
			side,
			limit,
			lots: Lots(lots),
			max_fills: u16::MAX,
			max_removals: u16::MAX,
			now: 1,
		};
		take(&mut self.store, &mut self.desk, &taker).lots.0
	}

	/// Cancel; returns whether the order rested.
	#[inline]
	pub fn cancel(&mut self, id: u64, side: Side, price: u32) -> bool {
		let id = OrderId::new(MARKET, side, Ticks(price), Sequence(id));
		remove(&mut self.store, id).is_some()
	}

	/// The limit of somebody who takes at any price.
	pub const fn any_price(side: Side) -> Ticks {
		match side {
			Side::Bid => Ticks::MAX,
			Side::Ask => Ticks::ZERO,
		}
	}
}
