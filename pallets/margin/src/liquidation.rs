//! The queue of liquidation: waking accounts whose triggers were crossed.
//!
//! The trees are the queue: what lies beyond the price is what waits, and it stops waiting by itself
//! when the price comes back. A visit takes turns between those furthest beyond the price and those
//! behind the place where the last visit ended, and an account that was tried in vain is left alone for
//! some blocks, so that accounts for which the book has nothing do not hold up the rest.
//!
//! Half of what a block may spend belongs to the markets with crossed triggers, in equal parts; the
//! other half to those with the worst accounts. A market that may not be liquidated is not looked at
//! before all others are done, and then only for accounts with positions elsewhere.

use crate::{
	capacity::at_most,
	cost,
	ladder::Failed,
	triggers::{trees, Tree, Trees},
	types::{Cursor, Stage, Visits},
	Accounts, Backlog, Config, Cursors, Error, House, Ledger, Listings, Pallet, Risk, WeightInfo,
};
use alloc::{collections::BTreeSet, vec::Vec};
use breakwater_core::trigger::crossed_page;
use breakwater_math::liquidation;
use breakwater_primitives::{
	AccountRef, Balance, Gate, MarketId, OnPrice, Prices, Settled, Ticks, MAX_MARKETS,
};
use frame_support::{
	storage::with_storage_layer,
	traits::Get,
	weights::{Weight, WeightMeter},
};
use sp_runtime::{DispatchError, SaturatedConversion};

/// Triggers examined at once when a price crosses them.
const AT_ONCE: usize = 16;
/// Accounts that are told of those that wait in a market.
const TOLD: usize = 64;
/// Pages of one tree that a visit reads at most, from each place where it begins.
const PAGES: u16 = 4;

/// Whether `need` fits under `cap` and the meter's limit.
pub(crate) fn has_room(meter: &WeightMeter, cap: Weight, need: Weight) -> bool {
	meter.can_consume(need) && meter.consumed().saturating_add(need).all_lte(cap)
}

/// Pay for what was done, also where it took all that was left.
pub(crate) fn spend(meter: &mut WeightMeter, weight: Weight) {
	if meter.try_consume(weight).is_err() {
		meter.consume(meter.remaining());
	}
}

/// An account that is to be liquidated, with the severity of its state.
type Found = (u8, AccountRef);

impl<T: Config> OnPrice for Pallet<T> {
	fn on_price(market: MarketId, prices: &Prices, meter: &mut WeightMeter) {
		if market.0 >= MAX_MARKETS {
			return;
		}
		let (mut crossed, mut assets) = (false, 0);
		Self::change_board(market, |entry| {
			// The prices of a market that is settled stay what they were settled at.
			if entry.stage == Stage::Trading {
				entry.prices = usable(&entry.prices, prices);
				crossed = entry.nearest.crossed_by(&entry.prices);
			}
			assets = entry.assets;
		});
		if assets != 0 {
			crossed |= Self::revalue(assets, prices, meter);
		}
		// Nothing is nearer than what the board knows, so nothing else has to be read.
		if !crossed {
			return;
		}
		if !Self::may_be_liquidated(market) {
			// The hook looks at it when it may be liquidated again.
			return Self::set_backlog(market, true);
		}
		let cap = meter.limit();
		let mut found = Self::examine(market, AT_ONCE, cap, meter);
		Self::liquidate_worst(&mut found, AT_ONCE as u32, cap, meter);
		Self::keep_backlog(market, meter);
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
	pub(crate) fn set_backlog(market: MarketId, left: bool) {
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

	/// Whether crossed triggers still wait in a market is told to the next block.
	fn keep_backlog(market: MarketId, meter: &mut WeightMeter) {
		let looked = meter.try_consume(T::WeightInfo::scan()).is_ok();
		Self::set_backlog(market, !looked || Self::refresh_nearest(market));
	}

	/// Whether positions of a market may be closed now.
	pub(crate) fn may_be_liquidated(market: MarketId) -> bool {
		crate::ladder::may_liquidate::<T>(market, &Self::prices(market), &T::Gate::view(market))
	}

	/// Go on with the markets in which crossed triggers wait.
	pub(crate) fn work_backlog(meter: &mut WeightMeter) {
		let bits = Backlog::<T>::get();
		if bits == 0 {
			return;
		}
		// Each block starts at another market, so that none starves the others.
		let block = Self::block_number();
		let markets = (0..MAX_MARKETS)
			.map(|step| MarketId((block as u16 % MAX_MARKETS + step) % MAX_MARKETS))
			.filter(|market| bits >> market.0 & 1 == 1)
			.filter(|_| meter.try_consume(cost::ask::<T>()).is_ok());
		let (open, denied): (Vec<_>, Vec<_>) =
			markets.partition(|market| Self::may_be_liquidated(*market));
		let mut budget = T::LiquidationsPerBlock::get();
		// Each liquidation is told how much room it has, so the limit holds whatever the last one does.
		let cap = meter.limit();
		let mut found = Self::work_markets(&open, &mut budget, cap, meter);
		Self::liquidate_worst(&mut found, budget, cap, meter);
		for market in denied {
			let mut found = Self::examine(market, AT_ONCE, cap, meter);
			Self::liquidate_worst(&mut found, AT_ONCE as u32, cap, meter);
		}
		open.into_iter().for_each(|market| Self::keep_backlog(market, meter));
	}

	/// Examine and liquidate in each market out of its own part of the budget. Returns who is left.
	fn work_markets(
		markets: &[MarketId],
		budget: &mut u32,
		cap: Weight,
		meter: &mut WeightMeter,
	) -> Vec<Found> {
		let parts = (markets.len() as u32).saturating_mul(2).max(1);
		let own = budget.div_ceil(parts);
		// Where one market alone has accounts that wait, all that may be liquidated are looked for there.
		let most = T::LiquidationsPerBlock::get() as usize;
		let part = cap.saturating_sub(meter.consumed()) / u64::from(parts);
		let mut left = Vec::new();
		for market in markets {
			let cap = meter.consumed().saturating_add(part);
			let mut found = Self::examine(*market, most, cap, meter);
			let done = Self::liquidate_worst(&mut found, own.min(*budget), cap, meter);
			*budget = budget.saturating_sub(done);
			for (severity, who) in found {
				if !left.iter().any(|(_, known)| *known == who) {
					left.push((severity, who));
				}
			}
		}
		left
	}

	/// Examine up to `max` crossed triggers of each tree of `market`: who is healthy is armed again;
	/// those who are not are returned.
	fn examine(market: MarketId, max: usize, cap: Weight, meter: &mut WeightMeter) -> Vec<Found> {
		let mut found: Vec<Found> = Vec::new();
		let mut known = BTreeSet::new();
		let mut trees = trees::<T>();
		let before = Cursors::<T>::get(market);
		let mut cursors = before;
		// Each block begins with another tree, so that one whose triggers stay crossed starves none.
		let mut turns: Vec<_> = Self::crossing(market).into_iter().zip(&mut cursors).collect();
		let first = Self::block_number() as usize % turns.len().max(1);
		turns.rotate_left(first);
		for ((tree, at), cursor) in turns {
			let head = Self::walk(&mut trees, tree, at, None, max / 2, meter);
			let from = head.end.map(|end| cursor.unwrap_or(end));
			let tail = match from {
				Some(from) => Self::walk(&mut trees, tree, at, Some(from), max / 2, meter),
				None => Walk::default(),
			};
			*cursor = tail.end;
			let turns = head.waiting.len().max(tail.waiting.len());
			for turn in 0..turns {
				for walk in [&head, &tail] {
					let Some((who, _)) = walk.waiting.get(turn) else { continue };
					if known.contains(who) {
						continue;
					}
					let positions = Self::positions_of(*who);
					if !has_room(meter, cap, cost::examine::<T>(positions)) {
						// Whoever has not had his turn has it next time.
						if let Some((_, place)) = tail.waiting.get(turn) {
							*cursor = Some(*place);
						}
						Self::keep_cursors(market, &before, &cursors);
						return found;
					}
					known.insert(*who);
					found.extend(Self::examine_one(*who, positions, meter));
				}
			}
		}
		Self::keep_cursors(market, &before, &cursors);
		found
	}

	/// Positions of an account: what examining it takes goes by them.
	pub(crate) fn positions_of(who: AccountRef) -> u32 {
		Accounts::<T>::get(who).map_or(0, |account| account.positions.len() as u32)
	}

	/// Examine an account and pay for it. An index that is full around it leaves it where it is: again
	/// next time.
	fn examine_one(who: AccountRef, positions: u32, meter: &mut WeightMeter) -> Option<Found> {
		match with_storage_layer(|| Self::look_at(who)) {
			Ok((severity, settled)) => {
				spend(meter, cost::examined::<T>(settled, positions));
				severity.map(|severity| (severity, who))
			},
			Err(_) => {
				spend(meter, cost::examine::<T>(positions));
				None
			},
		}
	}

	fn keep_cursors(market: MarketId, before: &Visits, now: &Visits) {
		if before != now {
			if now.iter().all(Option::is_none) {
				Cursors::<T>::remove(market);
			} else {
				Cursors::<T>::insert(market, now);
			}
		}
	}

	/// Arm the triggers of an account again; of one that is to be liquidated now only the severity is
	/// returned.
	pub(crate) fn look_at(who: AccountRef) -> Result<(Option<u8>, Settled), DispatchError> {
		let mut house = House::<T>::new();
		let index = house.place(who)?;
		let health = house.health_of(index);
		if health.liquidatable() && !house.is_spared(index, &health) {
			// Others can always take over from a bankrupt, so nothing is worth waiting for.
			let pause = health.equity >= 0 && house.backs_off(index);
			let ready = !pause && !house.legs_to_close(index).is_empty();
			let severity = ready.then(|| liquidation::severity(&health));
			return Ok((severity, Settled::default()));
		}
		house.touch(index);
		Ok((None, house.write()?))
	}

	/// Liquidate, the lowest severity first, as long as budget and weight last; who had no turn stays
	/// in `found`. Returns how many had.
	pub(crate) fn liquidate_worst(
		found: &mut Vec<Found>,
		budget: u32,
		cap: Weight,
		meter: &mut WeightMeter,
	) -> u32 {
		found.sort_by_key(|(severity, _)| *severity);
		let mut done = 0;
		// Of one position against one other.
		let least = cost::liquidated::<T>(&at_most(1, 1, 0));
		found.retain(|(_, who)| {
			if done >= budget || !has_room(meter, cap, least) {
				return true;
			}
			// Whoever could do more than there is room for waits, and holds up nobody.
			let room = cap.saturating_sub(meter.consumed()).min(meter.remaining());
			let counterparties = Self::counterparties(*who, room);
			if counterparties == 0 {
				spend(meter, T::WeightInfo::visit());
				return true;
			}
			done += 1;
			let tried = with_storage_layer(|| Self::liquidate_account(*who, counterparties));
			let spent = match tried {
				Ok(work) => cost::liquidated::<T>(&work),
				Err(Failed { error, work }) => {
					// Nothing could be closed. Its age grows all the same, and with it what may be done,
					// but not while its markets are frozen.
					if error != Error::<T>::LiquidationDenied.into() {
						let _ = with_storage_layer(|| Self::begin_liquidation(*who));
					}
					cost::attempted::<T>(&work)
				},
			};
			spend(meter, spent);
			false
		});
		done
	}

	/// The trees of a market, with those of the assets that it values, and where each is crossed.
	pub(crate) fn crossing(market: MarketId) -> Vec<(Tree, Ticks)> {
		let entry = Self::board_of(market);
		let prices = entry.prices;
		let mut all = Vec::with_capacity(4);
		// A price that is missing crosses nothing.
		let long = if prices.long.is_zero() { Ticks::MAX } else { prices.long };
		all.push((Tree::price(market, 1), long));
		all.push((Tree::price(market, -1), prices.short));
		if let Some(terms) = Risk::<T>::get(market) {
			for (lots, step) in Self::funding_steps(market, &terms) {
				all.push((Tree::funding(market, lots), step.as_ticks()));
			}
		}
		if entry.assets != 0 {
			for (place, listing) in (0..).zip(Listings::<T>::get()) {
				if entry.assets >> place & 1 == 1 {
					all.push((Tree::value(place), listing.value.as_ticks()));
				}
			}
		}
		all
	}

	/// Read up to `max` crossed triggers of a tree from `from` on.
	pub(crate) fn walk(
		trees: &mut Trees<T>,
		tree: Tree,
		at: Ticks,
		from: Option<Cursor>,
		max: usize,
		meter: &mut WeightMeter,
	) -> Walk {
		let mut walk = Walk { end: from, ..Default::default() };
		let mut next = from.map(|cursor| cursor.page);
		let mut skip = from.map_or(0, |cursor| cursor.skip as usize);
		for _ in 0..PAGES {
			if meter.try_consume(T::WeightInfo::page()).is_err() {
				return walk;
			}
			let page = crossed_page(trees, tree.key, tree.kind, at, next);
			let Some(page) = page else { return Walk { end: None, ..walk } };
			for (place, (_, trigger)) in page.found.iter().enumerate().skip(skip) {
				let cursor = Cursor { page: page.place, skip: place as u16 };
				if walk.waiting.len() >= max {
					return Walk { end: Some(cursor), ..walk };
				}
				walk.waiting.push((trigger.account, cursor));
			}
			skip = 0;
			next = page.next;
			walk.end = next.map(|page| Cursor { page, skip: 0 });
			if next.is_none() {
				break;
			}
		}
		walk
	}

	/// Whether a trigger of a tree may be crossed, as far as a visit sees.
	pub(crate) fn any_crossed(trees: &mut Trees<T>, tree: Tree, at: Ticks) -> bool {
		let walk = Self::walk(trees, tree, at, None, 1, &mut WeightMeter::new());
		!walk.is_empty() || walk.end.is_some()
	}

	/// Accounts whose triggers are crossed in a market, at most 64.
	pub(crate) fn crossed_accounts(market: MarketId) -> Vec<AccountRef> {
		let (mut trees, mut all) = (trees::<T>(), Vec::new());
		for (tree, at) in Self::crossing(market) {
			let mut meter = WeightMeter::new();
			for (who, _) in Self::walk(&mut trees, tree, at, None, TOLD, &mut meter).waiting {
				if !all.contains(&who) {
					all.push(who);
				}
			}
		}
		all.truncate(TOLD);
		all
	}

	/// Deficits that no fund paid, over all markets.
	pub fn bad_debt() -> Balance {
		Ledger::<T>::get().bad_debt
	}
}

/// Crossed triggers of a tree, each with its place.
#[derive(Default)]
pub(crate) struct Walk {
	waiting: Vec<(AccountRef, Cursor)>,
	/// Where those behind begin, if there may be any.
	end: Option<Cursor>,
}

impl Walk {
	/// How many it found.
	pub(crate) fn len(&self) -> u32 {
		u32::try_from(self.waiting.len()).unwrap_or(u32::MAX)
	}
	/// Where those behind begin, if there may be any.
	pub(crate) fn end(&self) -> Option<Cursor> {
		self.end
	}
	fn is_empty(&self) -> bool {
		self.waiting.is_empty()
	}
}
