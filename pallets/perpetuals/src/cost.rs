//! What the work of an operation and of the hooks costs.
//!
//! Benchmarks measure the logic; what an operation changes is counted. What costs is a *distinct
//! changed key* of a block: an account is one for each order, so it is charged as a write. The pages
//! of the book are a map hundreds of times smaller than that of the accounts, so a key of it costs half
//! of one there, and so does one of the trigger index. The first page of an operation is changed by
//! other orders of the block as well: to encode it is part of the logic, and of its key a share is
//! charged; each further one is a key of its own. A page that comes or goes pays for the word that says
//! so as well.
//!
//! What every order of a block shares (`Terms`, `Hot`, `Numbered`, prices, restrictions) is charged
//! once, at the start of the block, and reading it again is logic.

use crate::{
	order::{BatchAction, PlaceOrder},
	types::MAX_CANCELS,
	Config, WeightInfo,
};
use breakwater_core::store::Flushed;
use breakwater_primitives::{clearing, Settled};
use frame_support::{pallet_prelude::Get, weights::Weight};

/// Writes of the trigger index for one side of a fill, at most.
const INDEX_WRITES: u32 = clearing::INDEX_WRITES as u32;
/// Proof size of an account or a page, the largest items, in bytes.
const ITEM_PROOF: u64 = 4_000;
/// A key of the small maps of pages costs a write divided by this.
const SMALL_MAP: u64 = 2;
/// How many operations of a block share the page that each of them changes first, at the least.
const SHARED_BY: u64 = 4;

/// What an operation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
	/// Orders placed.
	pub orders: u32,
	/// Orders cancelled.
	pub cancels: u32,
	/// Resting orders filled by a taker.
	pub fills: u32,
	/// Resting orders that a taker removed on his way.
	pub removals: u32,
	/// Resting orders that were only looked at.
	pub looked: u32,
	/// Accounts written.
	pub accounts: u32,
	/// Accounts of others that were only read.
	pub loaded: u32,
	/// Pages and words of the trigger index written.
	pub index_writes: u32,
	/// Pages of the book written.
	pub pages: u32,
	/// Words of the book's bitmap written.
	pub words: u32,
}

impl Work {
	/// The most that an operation of `orders` orders and `cancels` cancellations does when takers fill
	/// `fills` resting orders and remove `removals` in all: each order in a page of its own, with a
	/// word of the lowest and of the middle level of its own, and each resting order of an account of
	/// its own. The highest word is one for each side of a market, and cancellations may be in any.
	/// Only who trades has triggers to move.
	pub fn worst(orders: u32, cancels: u32, fills: u32, removals: u32) -> Self {
		let matched = fills.saturating_add(removals);
		let pages = orders.saturating_add(cancels).saturating_add(matched);
		// Anybody's expired order may be cancelled, so that every cancellation may be of another
		// account.
		let accounts = cancels.saturating_add(matched).saturating_add(1);
		// A taker has triggers in each market in which an order of his trades.
		let index_writes = fills.saturating_add(fills.min(orders)).saturating_mul(INDEX_WRITES);
		Self {
			orders,
			cancels,
			fills,
			removals,
			looked: 0,
			accounts,
			loaded: 0,
			index_writes,
			pages,
			words: pages.saturating_mul(2).saturating_add(cancels).saturating_add(2),
		}
	}

	/// The most that placing `order` does, when one call may fill `fills` and remove `removals`.
	pub fn worst_place(order: &PlaceOrder, fills: u16, removals: u16) -> Self {
		Self::worst(1, 0, order.fills(fills).into(), order.removals(removals).into())
	}

	/// The most that a cancellation does.
	pub fn worst_cancel() -> Self {
		Self::worst(0, 1, 0, 0)
	}

	/// The most that cancelling all orders of an account does.
	pub fn worst_cancel_all() -> Self {
		Self { accounts: 1, ..Self::worst(0, MAX_CANCELS, 0, 0) }
	}

	/// The most that a batch does, when its takers may fill `fills` and remove `removals` in all.
	pub fn worst_batch(actions: &[BatchAction], fills: u16, removals: u16) -> Self {
		let (mut orders, mut cancels, mut filled, mut removed) = (0u32, 0u32, 0u16, 0u16);
		for action in actions {
			if let Some(order) = action.order() {
				orders = orders.saturating_add(1);
				filled = filled.saturating_add(order.fills(fills));
				removed = removed.saturating_add(order.removals(removals));
			}
			if !matches!(action, BatchAction::Place(_)) {
				cancels = cancels.saturating_add(1);
			}
		}
		Self::worst(orders, cancels, filled.min(fills).into(), removed.min(removals).into())
	}

	/// What is charged for a refused operation. It wrote nothing, but an order that is refused costs
	/// its sender no less than one that rests: to send orders that fail is never the cheaper way to
	/// fill blocks, and they take no more room than others.
	pub(crate) fn refused(&self) -> Self {
		let least = self.orders.min(1);
		Self { accounts: self.accounts.max(least), pages: self.pages.max(least), ..*self }
	}

	/// So many resting orders were looked at, and none was asked for.
	pub(crate) fn looked(&mut self, orders: u16) {
		self.looked = self.looked.saturating_add(orders.into());
	}

	/// A taker met resting orders, for each of which an account was read.
	pub(crate) fn matched(&mut self, fills: u16, removals: u16) {
		let (fills, removals) = (u32::from(fills), u32::from(removals));
		self.fills = self.fills.saturating_add(fills);
		self.removals = self.removals.saturating_add(removals);
		self.loaded = self.loaded.saturating_add(fills).saturating_add(removals);
	}

	pub(crate) fn settled(&mut self, settled: Settled, flushed: Flushed) {
		self.accounts = settled.accounts.into();
		self.loaded = self.loaded.saturating_sub(self.accounts);
		self.index_writes = settled.index_writes.into();
		self.pages = flushed.pages.into();
		self.words = flushed.words.into();
	}
}

/// What one more of what `of` counts costs. What a benchmark tells is a straight line, so it is the
/// difference of any two neighbours on it.
fn slope(of: impl Fn(u32) -> Weight) -> Weight {
	of(2).saturating_sub(of(1))
}

/// `weight` but for so many of what `one` weighs, the first of which is in `first` already.
fn after_first(first: Weight, one: Weight, count: u32) -> Weight {
	first.saturating_add(one.saturating_mul(count.saturating_sub(1).into()))
}

/// What an operation of a trader costs that did `work`.
pub fn operation<T: Config>(work: &Work) -> Weight {
	let Work { orders, cancels, fills, removals, looked, .. } = *work;
	let mut logic = first_act::<T>(work);
	if fills > 0 {
		// The taker's own triggers move as well, but once.
		logic = logic.max(T::WeightInfo::take(1));
	}
	logic = after_first(logic, slope(T::WeightInfo::batch), orders);
	logic = after_first(logic, slope(T::WeightInfo::cancel_all), cancels);
	logic = after_first(logic, slope(T::WeightInfo::take), fills);
	logic
		.saturating_add(slope(T::WeightInfo::remove).saturating_mul(removals.into()))
		.saturating_add(slope(T::WeightInfo::find_price).saturating_mul(looked.into()))
		.saturating_add(keys::<T>(work))
}

/// The logic of opening and closing an operation with its first order, its first cancellation, or
/// both.
fn first_act<T: Config>(work: &Work) -> Weight {
	let cancels = T::WeightInfo::cancel().max(T::WeightInfo::cancel_client());
	match (work.orders, work.cancels) {
		(0, _) => cancels,
		(_, 0) => T::WeightInfo::place_resting(),
		_ => T::WeightInfo::replace().max(T::WeightInfo::place_resting()).max(cancels),
	}
}

/// What reading and changing the keys costs that `work` counts.
fn keys<T: Config>(work: &Work) -> Weight {
	let Work { accounts, loaded, index_writes, pages, words, .. } = *work;
	let acts = work.orders.saturating_add(work.cancels);
	let met = work.fills.saturating_add(work.removals);
	let writes = u64::from(accounts).saturating_add(words.into());
	// Whatever is written was read, and an order looks at a page even when it does not change it.
	let reads = writes
		.saturating_add(acts.saturating_add(met).max(pages).into())
		.saturating_add(loaded.into())
		.saturating_add(index_writes.into());
	let small = T::DbWeight::get().writes(1) / SMALL_MAP;
	let further = u64::from(pages.saturating_sub(1)).saturating_add(index_writes.into());
	Weight::from_parts(0, reads.saturating_mul(ITEM_PROOF))
		.saturating_add(T::DbWeight::get().reads_writes(reads, writes))
		.saturating_add((small / SHARED_BY).saturating_mul(pages.min(1).into()))
		.saturating_add(small.saturating_mul(further))
}

/// What a step of an uncross costs that did `work`, and looked at so many orders for its draws.
pub(crate) fn uncross<T: Config>(work: &Work, drawn_from: u32) -> Weight {
	// Two orders are filled by each trade.
	let pairs = work.fills.div_ceil(2).saturating_add(work.removals);
	// Where a draw looks at orders, those of one price share a page.
	let pages = u64::from(drawn_from).div_ceil(DRAWN_A_PAGE);
	T::WeightInfo::uncross(pairs)
		.saturating_add(keys::<T>(work))
		.saturating_add(T::DbWeight::get().reads(pages))
}

/// Orders of one price that share a page at the least, on average, where a draw looks at them.
const DRAWN_A_PAGE: u64 = 16;

/// What it costs that an account's bin has come up: `work` cancelled its orders, or so many bins were
/// looked at for one in which it waits on.
pub(crate) fn lapse<T: Config>(work: &Work, bins: u32) -> Weight {
	let moved = if bins == 0 { Weight::zero() } else { T::WeightInfo::move_switch(bins) };
	T::WeightInfo::lapse_switch(work.cancels).saturating_add(keys::<T>(work)).saturating_add(moved)
}

/// What a step of clearing a book costs that did `work`.
pub(crate) fn clear_orders<T: Config>(work: &Work) -> Weight {
	T::WeightInfo::clear_orders(work.cancels).saturating_add(keys::<T>(work))
}

/// What looking at so many pages and words of stop orders costs, and writing so many.
pub(crate) fn triggers<T: Config>(read: u32, written: u32) -> Weight {
	slope(T::WeightInfo::renew_nearest)
		.saturating_mul(read.into())
		.saturating_add(T::DbWeight::get().writes(written.into()))
}
