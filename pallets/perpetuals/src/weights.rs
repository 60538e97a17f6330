//! What a call costs, counted.
//!
//! Every call but `create_market` is one operation, and its weight is a function of the [`Work`]
//! that it did: so many orders looked at, resting orders met, accounts, pages and words written.
//! The worst case of the call is declared, what was done is returned.
//!
//! What costs is a *distinct changed key* of a block. An account is one for each order, so it is
//! charged as a write of the largest map. A page is changed by many orders of a block; the change of
//! the first of an operation is charged as logic, and each further one as a key of the smaller map that
//! the pages are. One that comes or goes pays for the word that says so as well.
//! What every order of a block shares (`Terms`, `Hot`, `Numbered`, prices, restrictions) is charged
//! once, at the start of the block, and reading it again is logic.

use crate::{
	order::{BatchAction, PlaceOrder},
	types::MAX_CANCELS,
};
use breakwater_core::store::Flushed;
use breakwater_primitives::{clearing, Settled};
use core::marker::PhantomData;
use frame_support::{pallet_prelude::Get, weights::Weight};

/// Writes of the trigger index for one side of a fill, at most.
const INDEX_WRITES: u32 = clearing::INDEX_WRITES as u32;
/// Proof size of an account or a page, the largest items, in bytes.
const ITEM_PROOF: u64 = 4_000;
/// Picoseconds of logic: opening and closing an operation with its shared items.
const OPEN: u64 = 12_000_000;
/// Picoseconds of logic: one order or one cancellation, with its event.
const ORDER: u64 = 6_000_000;
/// Picoseconds of logic: one resting order met by a taker, with its event.
const MATCH: u64 = 6_000_000;

/// Picoseconds of the first page that an operation changes: encoding it, and its share of a key that
/// other orders of the block change as well.
const PAGE: u64 = 5_000_000;
/// Picoseconds of each further one: a key of its own. The map of pages is hundreds of times smaller than
/// that of the accounts, so it costs half of one there.
const FURTHER_PAGE: u64 = 25_000_000;

/// Picoseconds of a changed key of the trigger index. It is a map of pages of many accounts, hundreds
/// of times smaller than that of the accounts, so a key of it costs half of one there.
const INDEX: u64 = 20_000_000;

/// What an operation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
	/// Orders placed.
	pub orders: u32,
	/// Orders cancelled.
	pub cancels: u32,
	/// Resting orders filled or removed by a taker.
	pub matched: u32,
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
			matched,
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
		self.matched = self.matched.saturating_add(orders.into());
	}

	/// A taker met resting orders, for each of which an account was read.
	pub(crate) fn matched(&mut self, fills: u16, removals: u16) {
		let met = u32::from(fills).saturating_add(removals.into());
		self.matched = self.matched.saturating_add(met);
		self.loaded = self.loaded.saturating_add(met);
	}

	pub(crate) fn settled(&mut self, settled: Settled, flushed: Flushed) {
		self.accounts = settled.accounts.into();
		self.loaded = self.loaded.saturating_sub(self.accounts);
		self.index_writes = settled.index_writes.into();
		self.pages = flushed.pages.into();
		self.words = flushed.words.into();
	}
}

/// Weights of the pallet's calls.
pub trait WeightInfo {
	/// Creating a market.
	fn create_market() -> Weight;
	/// Changing a market's terms.
	fn update_market() -> Weight;
	/// Setting a switch.
	fn set_switch() -> Weight;
	/// Placing a stop order.
	fn place_stop() -> Weight;
	/// Cancelling so many stop orders.
	fn cancel_stops(stops: u32) -> Weight;
	/// An operation that did `work`.
	fn operation(work: &Work) -> Weight;
	/// What every block costs once, with this many markets.
	fn block(markets: u16) -> Weight;
}

/// Weights counted with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn create_market() -> Weight {
		// Every market's terms are read for the symbol; written are terms, count, and what the
		// clearing house keeps of a market.
		Weight::from_parts(100_000_000, 64 * ITEM_PROOF)
			.saturating_add(T::DbWeight::get().reads_writes(66, 6))
	}

	fn update_market() -> Weight {
		// Terms, best prices and the mask of auctions.
		Weight::from_parts(20_000_000, 3 * ITEM_PROOF)
			.saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}

	fn set_switch() -> Weight {
		// The key's record and eight full bins are read, an old bin, a new one and the switch written.
		Weight::from_parts(10_000_000, 12 * ITEM_PROOF)
			.saturating_add(T::DbWeight::get().reads_writes(12, 3))
	}

	fn place_stop() -> Weight {
		// Read are key, terms, prices, the account's stops, up to eight pages of its path and the words
		// above the first; written are stops, page, three words and the nearest.
		Weight::from_parts(20_000_000, 16 * ITEM_PROOF)
			.saturating_add(T::DbWeight::get().reads_writes(16, 6))
	}

	fn cancel_stops(stops: u32) -> Weight {
		// Where the stop was the nearest of a bucket as full as it can be, all its pages are read.
		let one = Weight::from_parts(20_000_000, 540 * ITEM_PROOF)
			.saturating_add(T::DbWeight::get().reads_writes(540, 8));
		one.saturating_mul(stops.into())
	}

	fn operation(work: &Work) -> Weight {
		let Work { orders, cancels, matched, accounts, loaded, index_writes, pages, words } = *work;
		let acts = u64::from(orders.saturating_add(cancels));
		let time = OPEN
			.saturating_add(ORDER.saturating_mul(acts))
			.saturating_add(MATCH.saturating_mul(matched.into()))
			.saturating_add(PAGE.saturating_mul(pages.min(1).into()))
			.saturating_add(FURTHER_PAGE.saturating_mul(pages.saturating_sub(1).into()))
			.saturating_add(INDEX.saturating_mul(index_writes.into()));
		let writes = u64::from(accounts).saturating_add(words.into());
		// Whatever is written was read, the key's record is only read, and an order looks at a page
		// even when it does not change it.
		let looked = acts.saturating_add(matched.into()).max(pages.into());
		let reads = writes
			.saturating_add(looked)
			.saturating_add(loaded.into())
			.saturating_add(index_writes.into())
			.saturating_add(1);
		Weight::from_parts(time, reads.saturating_mul(ITEM_PROOF))
			.saturating_add(T::DbWeight::get().reads_writes(reads, writes))
	}

	fn block(markets: u16) -> Weight {
		// `Terms` and `Hot` of every market, which change at most once a block as keys go, and
		// `Numbered`, which is removed; what tells the hook that there is nothing to do is read.
		let markets = u64::from(markets);
		let keys = markets.saturating_mul(2).saturating_add(6);
		Weight::from_parts(0, keys.saturating_mul(500))
			.saturating_add(T::DbWeight::get().reads_writes(keys, markets.saturating_add(1)))
	}
}

impl WeightInfo for () {
	fn create_market() -> Weight {
		Weight::zero()
	}
	fn update_market() -> Weight {
		Weight::zero()
	}
	fn set_switch() -> Weight {
		Weight::zero()
	}
	fn place_stop() -> Weight {
		Weight::zero()
	}
	fn cancel_stops(_: u32) -> Weight {
		Weight::zero()
	}
	fn operation(_: &Work) -> Weight {
		Weight::zero()
	}
	fn block(_: u16) -> Weight {
		Weight::zero()
	}
}
