//! The queue of liquidation: waking accounts whose triggers were crossed.
//!
//! The trees are the queue: what lies beyond the price is what waits, and it stops waiting by itself
//! when the price comes back. Those furthest beyond the price come first; every other block starts at another place
//! among them, so that accounts for which the book has nothing do not hold up the rest. Everybody is
//! examined first; of those that fail the worst are liquidated first, by the share of the maintenance
//! margin that is left.

use crate::{
	triggers::{trees, Tree},
	weights::WeightInfo,
	Backlog, Config, Error, House, Ledger, Pallet, Risk,
};
use alloc::{collections::BTreeSet, vec::Vec};
use breakwater_core::trigger::crossed;
use breakwater_math::liquidation;
use breakwater_primitives::{AccountRef, Balance, MarketId, OnPrice, Prices, Ticks, MAX_MARKETS};
use frame_support::{storage::with_storage_layer, traits::Get, weights::WeightMeter};
use sp_runtime::{DispatchError, SaturatedConversion};

/// Triggers examined at once when a price crosses them.
const AT_ONCE: usize = 16;
/// Accounts of a market examined by a hook in a block.
const PER_MARKET: usize = 64;
/// What a liquidation in vain costs, as accounts written: it walks the book and reads counterparties.
const FAILED: u16 = 8;
/// Crossed triggers of each tree among which a block chooses.
const WINDOW: usize = 256;

impl<T: Config> OnPrice for Pallet<T> {
	fn on_price(market: MarketId, prices: &Prices, meter: &mut WeightMeter) {
		if market.0 >= MAX_MARKETS {
			return;
		}
		Self::change_board(market, |entry| entry.prices = usable(&entry.prices, prices));
		let mut found = Vec::new();
		Self::examine(market, AT_ONCE, &mut found, meter);
		Self::liquidate_worst(found, AT_ONCE as u32, meter);
		Self::set_backlog(market, !Self::crossed_in(market, 1).is_empty());
	}
}

/// The new prices; where one is missing the last one stays, so that accounts remain computable.
fn usable(last: &Prices, new: &Prices) -> Prices {
	let or = |new: Ticks, last: Ticks| if new.is_zero() { last } else { new };
	Prices {
		index: or(new.index, last.index),
		mark: or(new.mark, last.mark),
		stable: or(new.stable, last.stable),
		long: or(new.long, last.long),
		short: or(new.short, last.short),
		..*new
	}
}

impl<T: Config> Pallet<T> {
	fn set_backlog(market: MarketId, left: bool) {
		let bits = Backlog::<T>::get();
		let bit = 1u64 << (market.0 as u32 % 64);
		let next = if left { bits | bit } else { bits & !bit };
		if next != bits {
			Backlog::<T>::put(next);
		}
	}

	/// The number of the block, as ages and flows count it.
	pub(crate) fn block_number() -> u32 {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// Go on with the markets in which crossed triggers wait: first examine in all of them, then
	/// liquidate, the worst first.
	pub(crate) fn work_backlog(meter: &mut WeightMeter) {
		let bits = Backlog::<T>::get();
		if bits == 0 {
			return;
		}
		// Each block starts at another market, so that none starves the others.
		let block = Self::block_number();
		let markets = (0..MAX_MARKETS)
			.map(|step| MarketId((block as u16 % MAX_MARKETS + step) % MAX_MARKETS))
			.filter(|market| bits >> market.0 & 1 == 1);
		let mut found = Vec::new();
		for market in markets.clone() {
			Self::examine(market, PER_MARKET, &mut found, meter);
		}
		Self::liquidate_worst(found, T::LiquidationsPerBlock::get(), meter);
		for market in markets {
			let looked = meter.try_consume(T::WeightInfo::scan()).is_ok();
			Self::set_backlog(market, !looked || !Self::crossed_in(market, 1).is_empty());
		}
	}

	/// Examine up to `max` crossed triggers of each tree of `market`: who is healthy is armed again, who
	/// is not is added to `found` with his severity.
	fn examine(
		market: MarketId,
		max: usize,
		found: &mut Vec<(u8, AccountRef)>,
		meter: &mut WeightMeter,
	) {
		if meter.try_consume(T::WeightInfo::scan()).is_err() {
			return;
		}
		let mut waiting = Self::crossed_in(market, WINDOW.max(max));
		let block = Self::block_number();
		if waiting.len() > max && block % 2 == 1 {
			let start = block as usize / 2 * max % waiting.len();
			waiting.rotate_left(start);
		}
		waiting.truncate(max);
		for who in waiting {
			if meter.try_consume(T::WeightInfo::examine()).is_err() {
				return;
			}
			// An index that is full around an account leaves it where it is: again next time.
			let severity = with_storage_layer(|| Self::look_at(who)).ok().flatten();
			if let Some(severity) = severity {
				if !found.iter().any(|(_, known)| *known == who) {
					found.push((severity, who));
				}
			}
		}
	}

	/// Arm the triggers of an account again; of one that is to be liquidated only the severity is
	/// returned.
	pub(crate) fn look_at(who: AccountRef) -> Result<Option<u8>, DispatchError> {
		let mut house = House::<T>::new();
		let index = house.place(who)?;
		let health = house.health_of(index);
		if health.liquidatable() && !house.is_spared(index, &health) {
			return Ok(Some(liquidation::severity(&health)));
		}
		house.touch(index);
		house.write()?;
		Ok(None)
	}

	/// Liquidate, the lowest severity first, as long as budget and weight last.
	pub(crate) fn liquidate_worst(
		mut found: Vec<(u8, AccountRef)>,
		budget: u32,
		meter: &mut WeightMeter,
	) {
		found.sort_by_key(|(severity, _)| *severity);
		for (_, who) in found.into_iter().take(budget as usize) {
			if !meter.can_consume(T::WeightInfo::liquidate()) {
				return;
			}
			match with_storage_layer(|| Self::liquidate_account(who)) {
				Ok(settled) => {
					let (accounts, index) = (settled.accounts, settled.index_writes);
					let _ = meter.try_consume(T::WeightInfo::liquidated(accounts, index));
				},
				Err(error) => {
					// Nothing could be closed. Its age grows all the same, and with it what may be done,
					// but not while its markets are frozen.
					if error != Error::<T>::LiquidationDenied.into() {
						let _ = with_storage_layer(|| Self::begin_liquidation(who));
					}
					let _ = meter.try_consume(T::WeightInfo::liquidated(FAILED, 0));
				},
			}
		}
	}

	/// Accounts beyond a price or an index of the market, at most `max` of each tree. Where both the
	/// price and the funding of a position were crossed, it is there once.
	fn crossed_in(market: MarketId, max: usize) -> Vec<AccountRef> {
		let prices = Self::prices(market);
		let mut trees = trees::<T>();
		let (mut all, mut known) = (Vec::new(), BTreeSet::new());
		let mut look = |tree: Tree, at: Ticks| {
			for (_, trigger) in crossed(&mut trees, tree.key, tree.kind, at, max) {
				if known.insert(trigger.account) {
					all.push(trigger.account);
				}
			}
		};
		for (lots, price) in [(1, prices.long), (-1, prices.short)] {
			if !price.is_zero() {
				look(Tree::price(market, lots), price);
			}
		}
		if let Some(terms) = Risk::<T>::get(market) {
			for (lots, step) in Self::funding_steps(market, &terms) {
				look(Tree::funding(market, lots), step.as_ticks());
			}
		}
		all
	}

	/// Accounts whose triggers are crossed in a market, at most 64.
	pub(crate) fn crossed_accounts(market: MarketId) -> Vec<AccountRef> {
		let mut all = Self::crossed_in(market, PER_MARKET);
		all.truncate(PER_MARKET);
		all
	}

	/// Deficits that no fund paid, over all markets.
	pub fn bad_debt() -> Balance {
		Ledger::<T>::get().bad_debt
	}
}
