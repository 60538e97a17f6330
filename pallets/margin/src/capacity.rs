//! How much liquidations may take from a market's book: a quarter of its depth within 2 % in a block,
//! all of that depth in any minute. What exceeds it goes on to the next step of the ladder, the vault.

use crate::{
	checks::DEPTH_REACH,
	cost::{self, Work},
	ladder::takes,
	steps::Steps,
	types::Flow,
	Accounts, Config, Flows, Pallet,
};
use breakwater_math::{liquidation::MIN_REST, Leg};
use breakwater_primitives::{
	bucket::Limit, clearing::INDEX_WRITES, AccountRef, Balance, Lots, MarketId, Settled, Side,
	Ticks, Venue,
};
use frame_support::weights::Weight;

/// Counterparties examined for deleveraging in one visit.
pub(crate) const EXAMINED: usize = 32;
/// Counterparties with whom one liquidation trades, over all its positions.
pub(crate) const COUNTERPARTIES: u16 = 32;
/// Pages that are read for each position: its places on the grid, and three times the depth of its book.
const READ_EACH: u16 = 8 + 3 * DEPTH_READ;
/// Pages that are read for the depth alone, which many liquidations of a block read.
pub(crate) const DEPTH_READ: u16 = 4;
/// Counterparties examined for deleveraging in a market in one block.
const EXAMINED_PER_BLOCK: u16 = 128;
/// How long a minute is, in milliseconds.
const MINUTE: u64 = 60_000;

/// What a book of this depth may be asked for in any minute: half of the depth at once, and half as the
/// minute passes.
fn minute(depth: Balance) -> Limit {
	let all = depth.max(2 * MIN_REST);
	Limit { burst: all - all / 2, refill: all / 2, window: MINUTE }
}

/// What cannot be exceeded by the liquidation of an account with so many positions and resting orders
/// against so many counterparties: orders of as many others may be removed on the way, each
/// counterparty is found on a page of its own, with two words, and its own triggers may all move. Whom it
/// trades with is met in the book or examined for deleveraging. The vault is written besides.
pub(crate) fn at_most(counterparties: u16, positions: u16, orders: u16) -> Work {
	let met = counterparties.saturating_mul(2);
	let moved = positions.saturating_add(counterparties).saturating_add(1);
	Work {
		settled: Settled {
			accounts: met.saturating_add(2),
			index_writes: moved.saturating_mul(INDEX_WRITES),
		},
		positions,
		met,
		examined: counterparties,
		taken: positions,
		cancelled: orders,
		pages: met.saturating_mul(3),
		looked: positions.saturating_mul(READ_EACH).saturating_add(counterparties),
	}
}

impl<T: Config> Pallet<T> {
	/// With how many counterparties a liquidation of `who` may trade so that whatever it does fits into
	/// `room`; none where it does not fit at all.
	pub(crate) fn counterparties(who: AccountRef, room: Weight) -> u16 {
		let Some(account) = Accounts::<T>::get(who) else { return COUNTERPARTIES };
		let (positions, orders) = (account.positions.len() as u16, account.orders.len() as u16);
		let fits = |counterparties: &u16| {
			cost::liquidated::<T>(&at_most(*counterparties, positions, orders)).all_lte(room)
		};
		let halves = core::iter::successors(Some(COUNTERPARTIES), |most| Some(most / 2));
		halves.take_while(|most| *most > 0).find(fits).unwrap_or(0)
	}

	/// What liquidations took from a market lately, with what is over left out.
	fn flow(market: MarketId) -> Flow {
		let mut flow = Flows::<T>::get(market);
		let block = Self::block_number();
		if flow.block != block {
			flow = Flow { block, in_block: 0, examined: 0, ..flow };
		}
		flow
	}

	/// What closing `leg` could trade within 2 % of its price, in quote units.
	pub(crate) fn depth_for(market: MarketId, leg: &Leg<'_>) -> Balance {
		let away = DEPTH_REACH.mul_floor(leg.price.0.into()) as u32;
		let worst = match leg.closing() {
			Side::Ask => leg.price.saturating_sub(Ticks(away)).max(Ticks(1)),
			Side::Bid => leg.price.saturating_add(Ticks(away)),
		};
		T::Venue::depth(market, leg.closing(), worst)
	}

	/// The lots of `leg` that the book may be asked to take now. So little that a rest of it would be
	/// closed whole is always allowed.
	pub(crate) fn capacity(market: MarketId, leg: &Leg<'_>) -> Lots {
		Self::capacity_of(market, leg, Self::depth_for(market, leg))
	}

	/// The same of a book of this depth.
	pub(crate) fn capacity_of(market: MarketId, leg: &Leg<'_>, depth: Balance) -> Lots {
		if !takes::<T>(Steps::CAPACITY) {
			return Lots::MAX;
		}
		let flow = Self::flow(market);
		let in_block = (depth / 4).max(MIN_REST).saturating_sub(flow.in_block);
		let in_minute = flow.minute.available(&minute(depth), Self::now());
		let per_lot = leg.terms.contract.notional(Lots(1), leg.price).max(1);
		Lots(u64::try_from(in_block.min(in_minute) / per_lot).unwrap_or(u64::MAX))
	}

	/// Count what a book of this depth took.
	pub(crate) fn took(market: MarketId, notional: Balance, depth: Balance) {
		let mut flow = Self::flow(market);
		flow.in_block = flow.in_block.saturating_add(notional);
		flow.minute.draw(&minute(depth), Self::now(), notional);
		Flows::<T>::insert(market, flow);
	}

	/// How many counterparties may still be examined in this block.
	pub(crate) fn may_examine(market: MarketId) -> usize {
		EXAMINED_PER_BLOCK.saturating_sub(Self::flow(market).examined).into()
	}

	/// Count counterparties that are examined.
	pub(crate) fn examined(market: MarketId, accounts: usize) {
		let flow = Self::flow(market);
		let examined = flow.examined.saturating_add(u16::try_from(accounts).unwrap_or(u16::MAX));
		if accounts > 0 {
			Flows::<T>::insert(market, Flow { examined, ..flow });
		}
	}
}
