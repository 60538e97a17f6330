//! The modes of self-trade prevention.

mod common;

use breakwater_core::{
	book::{find, level, rest, Order},
	matching::{take, Counterparty, End, Fill, Removal, SelfTrade, Taken, Taker, Verdict},
	memory::Memory,
	page::{Page, Resting},
	units::{AccountRef, Lots, OrderId, Sequence, Side, Ticks},
};
use common::MARKET;
use proptest::prelude::*;

const ME: AccountRef = AccountRef(1);
const OTHER: AccountRef = AccountRef(2);

struct Desk {
	mode: SelfTrade,
	traded: Vec<(AccountRef, u64)>,
	removed: Vec<(u64, Removal)>,
	decremented: Vec<(u64, u64)>,
}

impl Desk {
	fn new(mode: SelfTrade) -> Self {
		Self { mode, traded: Vec::new(), removed: Vec::new(), decremented: Vec::new() }
	}
}

impl Counterparty for Desk {
	fn self_trade(&mut self, _: OrderId, resting: &Resting) -> Option<SelfTrade> {
		(resting.owner == ME).then_some(self.mode)
	}
	fn verdict(&mut self, _: OrderId, resting: &Resting, want: Lots) -> Verdict {
		assert_ne!(resting.owner, ME);
		Verdict::Fill(want)
	}
	fn filled(&mut self, fill: &Fill) {
		self.traded.push((fill.maker, fill.lots.0));
	}
	fn removed(&mut self, _: OrderId, resting: &Resting, lots: Lots, why: Removal) {
		assert_eq!(resting.lots, lots);
		self.removed.push((lots.0, why));
	}
	fn decremented(&mut self, _: OrderId, resting: &Resting, by: Lots) {
		assert!(by < resting.lots);
		self.decremented.push((resting.lots.0, by.0));
	}
}

/// Asks of these owners and sizes, in this order, at 100 and at 101 in turns of two.
fn book(orders: &[(AccountRef, u64)]) -> (Memory<Page>, Vec<OrderId>) {
	let mut s = Memory::default();
	let ids = orders.iter().zip(1..).map(|((owner, lots), n)| {
		let order = Order {
			market: MARKET,
			owner: *owner,
			side: Side::Ask,
			price: Ticks(100 + (n as u32 - 1) / 2),
			lots: Lots(*lots),
			sequence: Sequence(n),
			reduce_only: false,
			expiry: 0,
		};
		rest(&mut s, &order).unwrap()
	});
	let ids = ids.collect();
	(s, ids)
}

fn taker(lots: u64, max_removals: u16) -> Taker {
	Taker {
		market: MARKET,
		account: ME,
		side: Side::Bid,
		limit: Ticks(200),
		lots: Lots(lots),
		max_fills: 10,
		max_removals,
		now: 0,
	}
}

fn run(mode: SelfTrade, lots: u64, max_removals: u16) -> (Taken, Desk, Vec<u64>) {
	let (mut s, ids) = book(&[(OTHER, 3), (ME, 5), (OTHER, 4)]);
	let mut desk = Desk::new(mode);
	let taken = take(&mut s, &mut desk, &taker(lots, max_removals));
	let left = ids.iter().map(|id| find(&mut s, *id).map_or(0, |order| order.lots.0)).collect();
	(taken, desk, left)
}

#[test]
fn cancelling_the_resting_order_lets_the_match_go_on() {
	let (taken, desk, left) = run(SelfTrade::CancelResting, 6, 10);
	assert_eq!((taken.lots, taken.removals, taken.end), (Lots(6), 1, End::Filled));
	assert_eq!(desk.traded, [(OTHER, 3), (OTHER, 3)]);
	assert_eq!(desk.removed, [(5, Removal::SelfTrade)]);
	assert_eq!(left, [0, 0, 1]);
}

#[test]
fn cancelling_the_taker_leaves_the_resting_order() {
	let (taken, desk, left) = run(SelfTrade::CancelTaker, 6, 10);
	assert_eq!((taken.lots, taken.removals, taken.end), (Lots(3), 0, End::SelfTrade));
	assert_eq!((desk.removed, left), (vec![], vec![0, 5, 4]));
}

#[test]
fn cancelling_both_ends_the_match_without_the_resting_order() {
	let (taken, desk, left) = run(SelfTrade::CancelBoth, 6, 10);
	assert_eq!((taken.lots, taken.removals, taken.end), (Lots(3), 1, End::SelfTrade));
	assert_eq!((desk.removed, left), (vec![(5, Removal::SelfTrade)], vec![0, 0, 4]));
}

#[test]
fn decrementing_takes_the_smaller_size_off_both() {
	// The resting order is the larger.
	let (taken, desk, left) = run(SelfTrade::Decrement, 6, 10);
	assert_eq!((taken.lots, taken.decremented, taken.end), (Lots(3), Lots(3), End::Filled));
	assert_eq!((taken.removals, taken.lot_ticks), (1, 300));
	assert_eq!((desk.decremented, left), (vec![(5, 3)], vec![0, 2, 4]));
	// The taker is the larger, and trades what is left of him.
	let (taken, desk, left) = run(SelfTrade::Decrement, 10, 10);
	assert_eq!((taken.lots, taken.decremented, taken.end), (Lots(5), Lots(5), End::Filled));
	assert_eq!(desk.removed, [(5, Removal::SelfTrade)]);
	assert_eq!(desk.traded, [(OTHER, 3), (OTHER, 2)]);
	assert_eq!(left, [0, 0, 2]);
	// Both are of one size.
	let (taken, _, left) = run(SelfTrade::Decrement, 8, 10);
	assert_eq!((taken.lots, taken.decremented, taken.end), (Lots(3), Lots(5), End::Filled));
	assert_eq!(left, [0, 0, 4]);
}

#[test]
fn no_mode_goes_beyond_the_budget_of_removals() {
	for mode in [SelfTrade::CancelResting, SelfTrade::CancelBoth, SelfTrade::Decrement] {
		for lots in [6, 10] {
			let (taken, desk, left) = run(mode, lots, 0);
			assert_eq!((taken.lots, taken.end), (Lots(3), End::Budget), "{mode:?}");
			assert_eq!(taken.decremented, Lots::ZERO);
			assert!(desk.removed.is_empty() && desk.decremented.is_empty());
			assert_eq!(left, [0, 5, 4]);
		}
	}
}

fn mode() -> impl Strategy<Value = SelfTrade> {
	use SelfTrade::*;
	prop_oneof![Just(CancelResting), Just(CancelTaker), Just(CancelBoth), Just(Decrement)]
}

proptest! {
	/// What the book loses is what traded, was removed and was decremented, and so is what the taker
	/// loses.
	#[test]
	fn no_lot_is_lost_or_made(
		mode in mode(),
		orders in prop::collection::vec((any::<bool>(), 1u64..9), 1..12),
		lots in 1u64..40,
	) {
		let orders: Vec<_> = orders.iter().map(|(me, n)| (if *me { ME } else { OTHER }, *n)).collect();
		let (mut s, ids) = book(&orders);
		let mut desk = Desk::new(mode);
		let taken = take(&mut s, &mut desk, &taker(lots, 20));
		let left: u64 = ids.iter().filter_map(|id| find(&mut s, *id)).map(|o| o.lots.0).sum();
		let before: u64 = orders.iter().map(|(_, lots)| lots).sum();
		let traded: u64 = desk.traded.iter().map(|(_, lots)| lots).sum();
		let removed: u64 = desk.removed.iter().map(|(lots, _)| lots).sum();
		let cut: u64 = desk.decremented.iter().map(|(_, by)| by).sum();
		prop_assert_eq!(before, left + traded + removed + cut);
		prop_assert_eq!(traded, taken.lots.0);
		prop_assert!(taken.lots.0 + taken.decremented.0 <= lots);
		if mode == SelfTrade::Decrement {
			prop_assert_eq!(taken.decremented.0, removed + cut);
		}
		let full = taken.lots.0 + taken.decremented.0 == lots;
		prop_assert_eq!(full, taken.end == End::Filled);
		// Nobody was jumped: what is left of the levels is in its old order.
		for price in 100..107 {
			let ids: Vec<_> = level(&mut s, MARKET, Side::Ask, Ticks(price), 9).iter()
				.map(|(id, _)| *id).collect();
			prop_assert!(ids.is_sorted());
		}
	}
}
