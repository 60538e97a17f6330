//! Triggers of an account, and writing what a session changed.

use crate::{
	checks::Seen,
	session::{Loaded, Moved},
	types::{position_in, Position},
	Accounts, BadDebt, Config, Error, Event, House, Ledger, Pallet, Totals, TriggerPages,
	TriggerWords,
};
use breakwater_core::{
	store::{Kind, WriteBack},
	trigger::{arm, disarm, TriggerPage, BUCKET_TICKS},
};
use breakwater_math::{arithmetic::signed, trigger, Leg};
use breakwater_primitives::{
	store::MapBackend, AccountRef, Amount, Backstop, Lots, MarketId, Observation, Observe, Settled,
	Ticks,
};
use sp_runtime::DispatchError;

/// What a trigger of the clearing house is for.
pub(crate) const LIQUIDATION: u8 = 0;
/// How many buckets nearer to the price a trigger may move when its own is full.
const NEARER: u32 = 8;

/// The trigger trees of all markets.
pub(crate) type Trees<T> = WriteBack<MapBackend<TriggerPages<T>, TriggerWords<T>>, TriggerPage>;

/// The trigger trees as they are stored.
pub(crate) fn trees<T: Config>() -> Trees<T> {
	WriteBack::new(MapBackend::default())
}

const fn kind_of(lots: i64) -> Kind {
	if lots > 0 {
		Kind::Falling
	} else {
		Kind::Rising
	}
}

fn waiting(position: &Position) -> Option<(Kind, Ticks)> {
	let trigger = position.trigger.filter(|_| position.lots != 0)?;
	Some((kind_of(position.lots), trigger))
}

/// Arm the trigger of `leg` at `tick`, or nearer to the price where too many wait. Returns where.
fn arm_near<T: Config>(
	trees: &mut Trees<T>,
	market: MarketId,
	leg: &Leg<'_>,
	tick: Ticks,
	who: AccountRef,
) -> Result<Ticks, Error<T>> {
	for step in 0..=NEARER {
		let away = step * BUCKET_TICKS;
		let at = match leg.kind() {
			Kind::Falling => tick.0.saturating_add(away),
			_ => tick.0.saturating_sub(away).max(1),
		};
		if arm(trees, market, leg.kind(), Ticks(at), who, LIQUIDATION, 0).is_ok() {
			return Ok(Ticks(at));
		}
	}
	Err(Error::<T>::TriggersFull)
}

/// Bring the triggers of an account in line with its positions. Those that still come in time stay.
fn rearm<T: Config>(
	trees: &mut Trees<T>,
	loaded: &mut Loaded<T::AccountId>,
	seen: &[Seen],
) -> Result<(), Error<T>> {
	let held = seen.iter().filter(|seen| seen.position.lots != 0);
	let legs = held.clone().map(|seen| (seen.leg(), seen.position.trigger));
	let quote = loaded.account.quote;
	let keep = trigger::holds(quote, legs.clone());
	let count = legs.clone().count();
	let surplus = breakwater_math::Health::of(quote, legs.map(|(leg, _)| leg)).surplus();
	for was in &loaded.before {
		let is = position_in(&loaded.account.positions, was.market);
		let stays = keep && waiting(&is) == waiting(was);
		if let (Some((kind, tick)), false) = (waiting(was), stays) {
			disarm(trees, was.market, kind, tick, loaded.who, LIQUIDATION);
		}
	}
	if keep {
		return Ok(());
	}
	for seen in held {
		let (market, leg) = (seen.position.market, seen.leg());
		let placed = match trigger::place(&leg, surplus, count) {
			Some(tick) => Some(arm_near::<T>(trees, market, &leg, tick, loaded.who)?),
			None => None,
		};
		let mut positions = loaded.account.positions.iter_mut();
		let position = positions.find(|position| position.market == market);
		if let Some(position) = position.filter(|position| position.trigger != placed) {
			position.trigger = placed;
			loaded.dirty = true;
		}
	}
	Ok(())
}

impl<T: Config> House<T> {
	/// Check the triggers of `who` although nothing of the account changed: a price has.
	pub(crate) fn touch(&mut self, index: usize) {
		self.accounts[index].touched = true;
	}

	/// Re-arm triggers, write every changed account and the totals, emit events.
	pub(crate) fn write(mut self) -> Result<Settled, DispatchError> {
		self.failure()?;
		self.settle_deficits();
		let mut trees = trees::<T>();
		let mut settled = Settled::default();
		let mut quote_moved: Amount = 0;
		for index in 0..self.accounts.len() {
			if self.accounts[index].touched {
				let positions = self.accounts[index].account.positions.clone();
				let seen = self.seen(&positions);
				rearm::<T>(&mut trees, &mut self.accounts[index], &seen)?;
			}
			let loaded = &mut self.accounts[index];
			if !loaded.dirty {
				continue;
			}
			quote_moved += loaded.account.quote.saturating_sub(loaded.quote_before);
			loaded.account.positions.retain(|position| !position.is_empty());
			tell_positions::<T>(loaded);
			Accounts::<T>::insert(loaded.who, &loaded.account);
			settled.accounts = settled.accounts.saturating_add(1);
		}
		self.write_totals(quote_moved);
		let flushed = trees.flush();
		settled.index_writes = flushed.pages.saturating_add(flushed.words);
		Ok(settled)
	}

	/// Running totals; the hot path of a resting order has none to write.
	fn write_totals(&self, quote: Amount) {
		let mut cost: Amount = 0;
		for moved in &self.moved {
			cost = cost.saturating_add(moved.cost);
			write_market::<T>(moved);
		}
		if quote != 0 || cost != 0 || self.fees != 0 {
			Ledger::<T>::mutate(|ledger| {
				ledger.quote = ledger.quote.saturating_add(quote);
				ledger.cost = ledger.cost.saturating_add(cost);
				ledger.fees = ledger.fees.saturating_add_signed(self.fees);
			});
		}
	}

	/// Insurance pays for accounts that fills left without positions and below zero; what it does
	/// not pay becomes bad debt of the market of the last fill.
	fn settle_deficits(&mut self) {
		let Some(market) = self.moved.last().map(|moved| moved.market) else { return };
		for index in 0..self.accounts.len() {
			let loaded = &self.accounts[index];
			let (who, quote) = (loaded.who, loaded.account.quote);
			if quote >= 0 || !loaded.touched || loaded.account.holds_lots() {
				continue;
			}
			let deficit = quote.unsigned_abs();
			let covered = T::Insurance::cover(market, deficit).min(deficit);
			let uncovered = deficit - covered;
			if uncovered > 0 {
				BadDebt::<T>::mutate(market, |debt| *debt = debt.saturating_add(uncovered));
				Ledger::<T>::mutate(|ledger| {
					ledger.bad_debt = ledger.bad_debt.saturating_add(uncovered)
				});
			}
			self.credit(index, signed(deficit));
			if covered > 0 {
				T::Observe::observe(market, &Observation::Covered { amount: covered });
			}
			let event = Event::DeficitCovered { account: who, market, covered, uncovered };
			Pallet::<T>::deposit_event(event);
		}
	}
}

fn write_market<T: Config>(moved: &Moved) {
	let add =
		|lots: Lots, moved: i128| Lots(u64::try_from(lots.0 as i128 + moved).unwrap_or_default());
	let totals = Totals::<T>::mutate(moved.market, |totals| {
		totals.long = add(totals.long, moved.long);
		totals.short = add(totals.short, moved.short);
		totals.cost = totals.cost.saturating_add(moved.cost);
		*totals
	});
	if totals.long != totals.short {
		T::Observe::observe(moved.market, &Observation::InvariantBroken);
	}
}

fn tell_positions<T: Config>(loaded: &Loaded<T::AccountId>) {
	let now = &loaded.account.positions;
	let gone = loaded.before.iter().filter(|was| !now.iter().any(|is| is.market == was.market));
	for market in now.iter().chain(gone).map(|position| position.market) {
		let is = position_in(now, market);
		if position_in(&loaded.before, market).lots != is.lots {
			Pallet::<T>::deposit_event(Event::PositionChanged {
				account: loaded.who,
				market,
				lots: is.lots,
				cost: is.cost,
				quote: loaded.account.quote,
			});
		}
	}
}
