//! Triggers of an account, and writing what a session changed.

use crate::{
	checks::Seen,
	collateral::{note_debt, owed_moved, rearm_values, Valued},
	session::{Filled, Loaded, Moved},
	types::{grid_cell, grid_place, position_in, Position},
	Accounts, BadDebt, Config, Error, Event, House, Ledger, Pallet, Totals, TriggerPages,
	TriggerWords,
};
use alloc::{vec, vec::Vec};
use breakwater_core::{
	store::{Kind, WriteBack},
	trigger::{arm as core_arm, disarm, TriggerPage, BUCKET_TICKS},
};
use breakwater_math::{
	arithmetic::signed,
	collateral::worth,
	deleveraging,
	funding::FRACTION_BITS,
	trigger::{self, Weighed},
	Armed, Health, Holding, Leg, Step, Value,
};
use breakwater_primitives::{
	store::MapBackend, AccountRef, Amount, Backstop, Balance, Lots, MarketId, Observation, Observe,
	Settled, Ticks,
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

/// Set in a market's number where its funding triggers wait; no market has such a number.
const FUNDING: u16 = 1 << 15;
/// Set in a market's number, with the class of leverage, where the grid of deleveraging is kept.
const GRID: u16 = 1 << 14;
/// Set in the place of a listed asset, where triggers on its value wait.
const VALUE: u16 = FUNDING | GRID;
/// Where the class of leverage stands in such a number.
const CLASS_SHIFT: u16 = 8;

/// A tree of triggers of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tree {
	/// The number under which its pages are kept.
	pub(crate) key: MarketId,
	/// Which way its scalar moves to fire them.
	pub(crate) kind: Kind,
}

impl Tree {
	/// Where price triggers of positions of `lots` wait: a long's for falling prices.
	pub(crate) const fn price(market: MarketId, lots: i64) -> Self {
		Self { key: market, kind: if lots > 0 { Kind::Falling } else { Kind::Rising } }
	}
	/// Where funding triggers of positions of `lots` wait: a long's for a rising index.
	pub(crate) const fn funding(market: MarketId, lots: i64) -> Self {
		let kind = if lots > 0 { Kind::Rising } else { Kind::Falling };
		Self { key: MarketId(market.0 | FUNDING), kind }
	}
	/// Where positions of `lots` of a class of leverage stand on the grid, by the bucket of their entry
	/// price: longs that paid least first, shorts that received most.
	pub(crate) const fn grid(market: MarketId, lots: i64, class: u8) -> Self {
		let kind = if lots > 0 { Kind::Rising } else { Kind::Falling };
		Self { key: MarketId(market.0 | GRID | (class as u16) << CLASS_SHIFT), kind }
	}
	/// Where triggers on the value of the listed asset at `place` wait: for a falling one.
	pub(crate) const fn value(place: u8) -> Self {
		Self { key: MarketId(VALUE | place as u16), kind: Kind::Falling }
	}
	/// The market of a tree of liquidation triggers and its place among the market's four: longs and
	/// shorts by price, then by funding. `None` for the grid.
	pub(crate) const fn place(self) -> Option<(MarketId, usize)> {
		if self.key.0 & GRID != 0 {
			return None;
		}
		let market = MarketId(self.key.0 & !FUNDING);
		let slot = match (self.key.0 & FUNDING != 0, self.kind) {
			(false, Kind::Falling) => 0,
			(false, _) => 1,
			(true, Kind::Rising) => 2,
			(true, _) => 3,
		};
		Some((market, slot))
	}
	/// The tree of which a page or word says that it belongs to it.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub(crate) const fn of_key(key: MarketId, kind: Kind) -> Self {
		Self { key, kind }
	}

	/// Arm a trigger at `at`, or nearer to the scalar where too many wait. Returns where.
	pub(crate) fn arm<T: Config>(
		self,
		trees: &mut Trees<T>,
		at: Ticks,
		who: AccountRef,
	) -> Result<Ticks, Error<T>> {
		for step in 0..=NEARER {
			let away = step * BUCKET_TICKS;
			let at = match self.kind {
				Kind::Falling => at.0.saturating_add(away),
				_ => at.0.saturating_sub(away).max(1),
			};
			if core_arm(trees, self.key, self.kind, Ticks(at), who, LIQUIDATION, 0).is_ok() {
				return Ok(Ticks(at));
			}
		}
		Err(Error::<T>::TriggersFull)
	}
}

/// Where a bucket of entry prices stands in a tree of the grid: each has pages of its own, so that those
/// who gained most are found first, however many others there are.
pub(crate) const fn grid_tick(bucket: u16) -> Ticks {
	Ticks(bucket as u32 * BUCKET_TICKS)
}

/// Where the triggers of a position wait, and its place on the grid of deleveraging.
pub(crate) fn waiting(position: &Position) -> [Option<(Tree, Ticks)>; 3] {
	let (market, lots) = (position.market, position.lots);
	if lots == 0 {
		return [None; 3];
	}
	let Armed { price, funding } = position.armed;
	[
		price.map(|tick| (Tree::price(market, lots), tick)),
		funding.map(|step| (Tree::funding(market, lots), step.as_ticks())),
		grid_place(position.cell)
			.map(|(class, bucket)| (Tree::grid(market, lots, class), grid_tick(bucket))),
	]
}

/// What a position's triggers and its place on the grid shall be.
struct Target {
	armed: Armed,
	cell: u16,
	boost: u8,
}

/// Where the triggers of the positions `held` and of other assets shall wait. Those that still come in
/// time stay, and with them the place on the grid, which is only brought up to date when they move.
fn targets(
	quote: Amount,
	held: &[&Seen],
	valued: &[Valued],
	traded: Option<&[Filled]>,
) -> (Vec<Target>, Vec<Option<Value>>) {
	let legs: Vec<Leg<'_>> = held.iter().map(|seen| seen.armed_leg()).collect();
	let armed = legs.iter().copied().zip(held.iter().map(|seen| seen.position.armed));
	let values = valued.iter().map(|one| (one.holding, one.armed));
	let keep = trigger::holds_all(quote, armed.clone(), values);
	let kept = || valued.iter().map(|one| one.armed).collect();
	let stays = |seen: &&Seen| {
		let Position { armed, cell, boost, .. } = seen.position;
		Target { armed, cell, boost }
	};
	if keep && held.iter().all(|seen| seen.position.cell != 0) {
		return (held.iter().map(stays).collect(), kept());
	}
	let holdings: Vec<Holding> = valued.iter().map(|one| one.holding).collect();
	let backing = quote.saturating_add(signed(worth(&holdings)));
	let equity = Health::of(backing, legs.iter().copied()).equity;
	let gross = legs.iter().fold(0u128, |sum, leg| sum.saturating_add(leg.notional()));
	let class = deleveraging::class(gross, equity);
	let moves = moving(held, traded);
	let cell = |seen: &Seen, moves: bool| match seen.position.cell {
		cell if cell != 0 && !moves => cell,
		_ => grid_cell(class, deleveraging::bucket(seen.leg().entry())),
	};
	if keep {
		let stay = held.iter().zip(&moves);
		let stay = stay.map(|(seen, m)| Target { cell: cell(seen, *m), ..stays(seen) });
		return (stay.collect(), kept());
	}
	// What slack there is goes to the positions whose prices wake the account.
	let moved: Vec<bool> = armed.map(|(leg, armed)| trigger::price_crossed(&leg, &armed)).collect();
	let woken = moved.contains(&true);
	let boosts: Vec<u8> = held
		.iter()
		.zip(&moved)
		.map(|(seen, moved)| match woken {
			true => trigger::boosted(seen.position.boost, *moved),
			false => seen.position.boost,
		})
		.collect();
	let weights = legs.iter().zip(held).zip(&boosts);
	let weights = weights.map(|((leg, seen), boost)| trigger::weight(leg, seen.volatility, *boost));
	let weights: Vec<u128> = weights.collect();
	let woken = woken || valued.iter().any(|one| one.holding.crossed(one.armed));
	let (placed, values) = place(quote, held, valued, &moves, &weights, woken);
	let placed = placed.into_iter().zip(boosts).zip(held.iter().zip(&moves));
	let target = |((armed, boost), (seen, moves)): ((Armed, u8), (&&Seen, &bool))| Target {
		armed,
		cell: cell(seen, *moves),
		boost,
	};
	(placed.map(target).collect(), values)
}

/// Which positions' triggers move when some have to. What a fill may change is bounded, since anybody
/// may be filled at somebody else's cost: only the positions that traded move, or the largest where
/// none of those is left. Where nothing traded, all do.
fn moving(held: &[&Seen], traded: Option<&[Filled]>) -> Vec<bool> {
	let Some(traded) = traded else { return vec![true; held.len()] };
	let moves = |seen: &&Seen| {
		let market = seen.position.market;
		traded.iter().any(|filled| filled.market == market)
	};
	let mut moving: Vec<bool> = held.iter().map(moves).collect();
	if !moving.contains(&true) {
		let largest = (0..held.len()).max_by_key(|at| held.get(*at).map(|s| s.leg().notional()));
		if let Some(moves) = largest.and_then(|at| moving.get_mut(at)) {
			*moves = true;
		}
	}
	moving
}

/// Place the triggers of the positions that move. The others count with what they come to just before
/// their triggers, so that rule (R) holds for all; where that leaves nothing, those that move are
/// placed as crossed already, and whoever examines the account next places all of them.
fn place(
	quote: Amount,
	held: &[&Seen],
	valued: &[Valued],
	moves: &[bool],
	weights: &[u128],
	woken: bool,
) -> (Vec<Armed>, Vec<Option<Value>>) {
	let (mut rest, mut moving, mut of_moving) = (quote, Vec::new(), Vec::new());
	for ((seen, moves), weight) in held.iter().zip(moves).zip(weights) {
		let leg = seen.armed_leg();
		if *moves {
			moving.push(leg);
			of_moving.push(*weight);
		} else {
			rest = rest.saturating_add(trigger::at_worst(&leg, &seen.position.armed));
		}
	}
	let holdings: Vec<Holding> = valued.iter().map(|one| one.holding).collect();
	let others: Vec<u128> = valued.iter().map(Valued::weight).collect();
	let legs = Weighed { of: &moving, by: &of_moving };
	let all = trigger::place_by(rest, legs, Weighed { of: &holdings, by: &others }, woken);
	let mut placed = all.legs.into_iter();
	let one = |(seen, moves): (&&Seen, &bool)| {
		let stays = seen.position.armed;
		if *moves {
			placed.next().unwrap_or(stays)
		} else {
			stays
		}
	};
	(held.iter().zip(moves).map(one).collect(), all.holdings)
}

/// Bring the triggers of an account in line with its positions: of all where it is `whole`, otherwise
/// of those that traded.
fn rearm<T: Config>(
	trees: &mut Trees<T>,
	loaded: &mut Loaded<T::AccountId>,
	seen: &[Seen],
	valued: &[Valued],
	whole: bool,
	armed_at: &mut Vec<(Tree, Ticks)>,
) -> Result<Vec<Option<Value>>, Error<T>> {
	let who = loaded.who;
	let held: Vec<&Seen> = seen.iter().filter(|seen| seen.position.lots != 0).collect();
	let traded = (!whole).then_some(loaded.fills.as_slice());
	let (targets, values) = targets(loaded.account.quote, &held, valued, traded);
	let wanted = |(seen, target): (&&Seen, &Target)| {
		waiting(&Position { armed: target.armed, cell: target.cell, ..seen.position })
	};
	// Disarmed first, so that a full page has room.
	for was in &loaded.before {
		let index = held.iter().position(|seen| seen.position.market == was.market);
		let is = index.and_then(|index| Some(wanted((held.get(index)?, targets.get(index)?))));
		let is = is.unwrap_or_default();
		let gone = waiting(was).into_iter().filter(|key| !is.contains(key));
		take_away(trees, gone, who);
	}
	for pair in held.iter().zip(&targets) {
		let market = pair.0.position.market;
		let had = waiting(&position_in(&loaded.before, market));
		let [price, funding, cell] = wanted(pair);
		let mut arm = |key: Option<(Tree, Ticks)>| match key {
			Some((_, at)) if had.contains(&key) => Ok(Some(at)),
			Some((tree, at)) => {
				let at = tree.arm::<T>(trees, at, who)?;
				armed_at.push((tree, at));
				Ok(Some(at))
			},
			None => Ok(None),
		};
		let armed = Armed { price: arm(price)?, funding: arm(funding)?.map(|at| Step(at.0)) };
		let Target { cell: target, boost, .. } = pair.1;
		// Where too many stand in a cell, it stands nowhere: others are found there.
		let placed = match cell {
			Some((_, at)) if had.contains(&cell) => Some(at),
			Some((tree, at)) => {
				let armed = core_arm(trees, tree.key, tree.kind, at, who, LIQUIDATION, 0);
				armed.is_ok().then_some(at)
			},
			None => None,
		};
		let cell = placed.map_or(0, |_| *target);
		let mut positions = loaded.account.positions.iter_mut();
		let Some(position) = positions.find(|position| position.market == market) else { continue };
		if (position.armed, position.cell, position.boost) != (armed, cell, *boost) {
			(position.armed, position.cell, position.boost) = (armed, cell, *boost);
			loaded.dirty = true;
		}
	}
	Ok(values)
}

/// Take a trigger away.
pub(crate) fn disarm_one<T: Config>(
	trees: &mut Trees<T>,
	(tree, at): (Tree, Ticks),
	who: AccountRef,
) {
	disarm(trees, tree.key, tree.kind, at, who, LIQUIDATION);
}

fn take_away<T: Config>(
	trees: &mut Trees<T>,
	keys: impl Iterator<Item = Option<(Tree, Ticks)>>,
	who: AccountRef,
) {
	keys.flatten().for_each(|key| disarm_one::<T>(trees, key, who));
}

impl<T: Config> House<T> {
	/// Check the triggers of `who` although nothing of the account changed: a price has.
	pub(crate) fn touch(&mut self, index: usize) {
		self.accounts[index].touched = true;
	}

	/// Re-arm triggers, write every changed account and the totals, emit events.
	pub(crate) fn write(mut self) -> Result<Settled, DispatchError> {
		self.failure()?;
		self.charge();
		self.charge_interest();
		self.review_debts();
		self.settle_deficits();
		let mut trees = trees::<T>();
		let mut settled = Settled::default();
		let (mut quote_moved, mut owed): (Amount, Amount) = (0, 0);
		let mut armed = Vec::new();
		let day = self.day();
		for index in 0..self.accounts.len() {
			if self.accounts[index].touched {
				let positions = self.accounts[index].account.positions.clone();
				let seen = self.seen(&positions);
				self.end_liquidation(index, &seen);
				// What a call does to its own account is declared; what happens to others is bounded.
				let loaded = &self.accounts[index];
				let whole = match self.liquidated {
					Some(who) => loaded.who == who,
					None => loaded.fills.is_empty(),
				};
				self.rearm_all(&mut trees, index, &seen, whole, &mut armed)?;
			}
			let loaded = &mut self.accounts[index];
			if !loaded.dirty {
				continue;
			}
			quote_moved += loaded.account.quote.saturating_sub(loaded.quote_before);
			note_debt::<T>(loaded);
			owed = owed.saturating_add(owed_moved(loaded));
			loaded.account.active = day;
			loaded.account.positions.retain(|position| !position.is_empty());
			tell_positions::<T>(loaded);
			self.note_vault(index);
			let loaded = &mut self.accounts[index];
			loaded.tell_claims::<T>();
			for (market, paid) in core::mem::take(&mut loaded.funding) {
				let account = loaded.who;
				Pallet::<T>::deposit_event(Event::FundingSettled { account, market, paid });
			}
			Accounts::<T>::insert(loaded.who, &loaded.account);
			settled.accounts = settled.accounts.saturating_add(1);
		}
		self.write_totals(quote_moved, owed);
		self.write_claims();
		self.note_armed(&armed);
		self.write_settlements();
		let flushed = trees.flush();
		settled.index_writes = flushed.pages.saturating_add(flushed.words);
		Ok(settled)
	}

	/// Bring the triggers of positions and of other collateral in line.
	fn rearm_all(
		&mut self,
		trees: &mut Trees<T>,
		index: usize,
		seen: &[Seen],
		whole: bool,
		armed_at: &mut Vec<(Tree, Ticks)>,
	) -> Result<(), Error<T>> {
		let account = &self.accounts[index].account;
		let collaterals = account.collaterals.clone();
		let valued = if account.holds_lots() { self.valued(&collaterals) } else { Vec::new() };
		let values = rearm::<T>(trees, &mut self.accounts[index], seen, &valued, whole, armed_at)?;
		let before = self.accounts[index].collaterals_before.is_empty();
		if before && collaterals.is_empty() {
			return Ok(());
		}
		let listings = self.listings().clone();
		let targets: Vec<_> = valued.into_iter().zip(values).collect();
		rearm_values::<T>(trees, &mut self.accounts[index], &listings, &targets)
	}

	/// A liquidation is over when the account is healthy again.
	fn end_liquidation(&mut self, index: usize, seen: &[Seen]) {
		if self.accounts[index].account.since == 0 {
			return;
		}
		let backing = self.backing(index);
		let loaded = &mut self.accounts[index];
		let held = seen.iter().filter(|seen| seen.position.lots != 0);
		if !Health::of(backing, held.map(Seen::leg)).liquidatable() {
			(loaded.account.since, loaded.account.retry, loaded.dirty) = (0, 0, true);
			loaded.account.blamed = None;
		}
	}

	/// Running totals; the hot path of a resting order has none to write.
	fn write_totals(&self, quote: Amount, owed: Amount) {
		let (mut cost, mut funding, mut dust): (Amount, Amount, Balance) = (0, 0, 0);
		for moved in &self.moved {
			let swept = write_market::<T>(moved);
			cost = cost.saturating_add(moved.cost);
			funding = funding.saturating_add(moved.paid).saturating_sub(signed(swept));
			dust = dust.saturating_add(swept);
		}
		let money = quote != 0 || owed != 0 || cost != 0 || self.pots != 0;
		if money || self.fees != 0 || funding != 0 || dust != 0 {
			Ledger::<T>::mutate(|ledger| {
				ledger.quote = ledger.quote.saturating_add(quote);
				ledger.owed = ledger.owed.saturating_add_signed(owed);
				ledger.cost = ledger.cost.saturating_add(cost);
				ledger.funding = ledger.funding.saturating_add(funding);
				ledger.dust = ledger.dust.saturating_add(dust);
				ledger.fees = ledger.fees.saturating_add_signed(self.fees);
				ledger.settlement = ledger.settlement.saturating_add(self.pots);
			});
		}
	}

	/// Insurance pays for accounts that fills left without positions, without other collateral and
	/// below zero; what it does not pay is taken from the other side of the market in which the account
	/// lost most, and what may not be taken becomes bad debt of that market.
	fn settle_deficits(&mut self) {
		let last = self.moved.last().map(|moved| moved.market);
		for index in 0..self.accounts.len() {
			if !self.accounts[index].touched || !self.is_spent(index) {
				continue;
			}
			let loaded = &self.accounts[index];
			let (who, quote) = (loaded.who, loaded.account.quote);
			let lost_most = loaded.fills.iter().min_by_key(|filled| filled.realised);
			let market = lost_most.map(|filled| filled.market).or(last);
			let lost_in = |market| (market, position_in(&loaded.before, market).lots);
			// Losses from before belong to the market that they were made in.
			let sold_for = loaded.sold_for.or(loaded.liquidated_for());
			let Some((market, lost)) = sold_for.or(market.map(lost_in)) else { continue };
			let deficit = quote.unsigned_abs();
			let covered = T::Insurance::cover(market, deficit).min(deficit);
			let socialised = self.haircut(market, lost, deficit - covered);
			let uncovered = deficit - covered - socialised;
			if uncovered > 0 {
				BadDebt::<T>::mutate(market, |debt| *debt = debt.saturating_add(uncovered));
				Ledger::<T>::mutate(|ledger| {
					ledger.bad_debt = ledger.bad_debt.saturating_add(uncovered)
				});
				// More than may be socialised: the market has to be settled.
				T::Observe::observe(market, &Observation::InvariantBroken);
			}
			self.credit(index, signed(deficit));
			if covered > 0 {
				T::Observe::observe(market, &Observation::Covered { amount: covered });
			}
			let event =
				Event::DeficitCovered { account: who, market, covered, socialised, uncovered };
			Pallet::<T>::deposit_event(event);
		}
	}
}

/// Add what moved to a market's totals. Whole units that the rounding of funding payments has left
/// over leave them for the dust pot; returns how many.
fn write_market<T: Config>(moved: &Moved) -> Balance {
	let add =
		|lots: Lots, moved: i128| Lots(u64::try_from(lots.0 as i128 + moved).unwrap_or_default());
	let (totals, swept) = Totals::<T>::mutate(moved.market, |totals| {
		totals.long = add(totals.long, moved.long);
		totals.short = add(totals.short, moved.short);
		totals.cost = totals.cost.saturating_add(moved.cost);
		totals.realised = totals.realised.saturating_add(moved.realised);
		totals.pending = totals.pending.saturating_add(moved.pending);
		totals.paid = totals.paid.saturating_add(moved.paid);
		let swept = (totals.rounding() >> FRACTION_BITS).max(0);
		totals.paid = totals.paid.saturating_sub(swept);
		(*totals, swept)
	});
	if !totals.agree() {
		T::Observe::observe(moved.market, &Observation::InvariantBroken);
	}
	swept.unsigned_abs()
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
