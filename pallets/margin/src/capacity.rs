//! How much liquidations may take from a market's book: a quarter of its depth within 2 % in a block,
//! all of that depth in a minute. What exceeds it goes on to the next step of the ladder, the vault.

use crate::{checks::DEPTH_REACH, ladder::takes, steps::Steps, types::Flow, Config, Flows, Pallet};
use breakwater_math::{liquidation::MIN_REST, Leg};
use breakwater_primitives::{Balance, Lots, MarketId, Side, Ticks, Venue};

/// Counterparties examined for deleveraging in one visit.
pub(crate) const EXAMINED: usize = 32;
/// Counterparties examined for deleveraging in a market in one block.
const EXAMINED_PER_BLOCK: u16 = 128;
/// How long a minute is, in milliseconds.
const MINUTE: u64 = 60_000;

impl<T: Config> Pallet<T> {
	/// What liquidations took from a market lately, with what is over left out.
	fn flow(market: MarketId) -> Flow {
		let mut flow = Flows::<T>::get(market);
		let block = Self::block_number();
		if flow.block != block {
			flow = Flow { block, in_block: 0, examined: 0, ..flow };
		}
		let now = Self::now();
		if now >= flow.minute.saturating_add(MINUTE) {
			flow = Flow { minute: now, in_minute: 0, ..flow };
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
		if !takes::<T>(Steps::CAPACITY) {
			return Lots::MAX;
		}
		let depth = Self::depth_for(market, leg);
		let flow = Self::flow(market);
		let in_block = (depth / 4).max(MIN_REST).saturating_sub(flow.in_block);
		let in_minute = depth.max(MIN_REST).saturating_sub(flow.in_minute);
		let per_lot = leg.terms.contract.notional(Lots(1), leg.price).max(1);
		Lots(u64::try_from(in_block.min(in_minute) / per_lot).unwrap_or(u64::MAX))
	}

	/// Count what the book took.
	pub(crate) fn took(market: MarketId, notional: Balance) {
		let flow = Self::flow(market);
		let in_block = flow.in_block.saturating_add(notional);
		let in_minute = flow.in_minute.saturating_add(notional);
		Flows::<T>::insert(market, Flow { in_block, in_minute, ..flow });
	}

	/// How many of `wanted` counterparties may still be examined in this block; they are counted.
	pub(crate) fn may_examine(market: MarketId, wanted: usize) -> usize {
		let flow = Self::flow(market);
		let left = EXAMINED_PER_BLOCK.saturating_sub(flow.examined);
		let granted = left.min(u16::try_from(wanted).unwrap_or(u16::MAX));
		if granted > 0 {
			Flows::<T>::insert(market, Flow { examined: flow.examined + granted, ..flow });
		}
		granted.into()
	}
}
