//! Deleveraging: what the book does not take is closed against those on the other side who gained
//! most on most leverage, net of hedges, at most half of a position at a time.
//!
//! ```text
//!   grid: 8 classes of leverage x 2 % buckets of entry prices -> heads -> true scores -> closed
//! ```
//!
//! Among the accounts of one cell, which are expected to score alike, those of the first page are taken.
//!
//! A bankrupt account is closed at its bankruptcy price, so that its deficit is paid by those who
//! gained from it and by nobody else; an account that still has equity is closed at the examined price,
//! or the counterparty would be handed what is left of it. Nobody's equity is made negative.

use crate::{
	capacity::EXAMINED,
	checks::Seen,
	triggers::{grid_tick, trees, Tree},
	types::{grid_place, position_in},
	Config, Event, House, Pallet, Totals,
};
use alloc::vec::Vec;
use breakwater_core::trigger::{crossed_page, CrossedPage};
use breakwater_math::{
	arithmetic::mul_div_ceil,
	deleveraging::{bucket, class, expected, gain, leverage, score, CLASSES},
};
use breakwater_primitives::{AccountRef, Fill, Lots, MarketId, OrderId, Side, Ticks};

/// Pages of the grid read in one visit.
const PAGES: u16 = 48;
/// Blocks for which a deleveraged account is not liquidated itself while it has half its margin.
const SPARED_BLOCKS: u32 = 60;
/// Blocks after the end of that before it may begin again.
const SPARED_AGAIN: u32 = 600;
/// Whoever gave less than one part in so many of the value of his positions is not spared for it.
const SPARED_PART: u128 = 10;

/// Somebody on the other side.
struct Candidate {
	index: usize,
	score: u128,
}

impl<T: Config> House<T> {
	/// Close up to `lots` of the position `seen` of the account at `index` against the other side, at
	/// `price`; against the owner's own accounts only where `own`. Returns what was closed.
	pub(crate) fn deleverage(
		&mut self,
		index: usize,
		seen: &Seen,
		lots: Lots,
		price: Ticks,
		own: bool,
	) -> Lots {
		let market = seen.position.market;
		let interest = Totals::<T>::get(market).long;
		let (mut left, met) = (lots, self.met());
		for Candidate { index: other, score } in self.candidates(index, seen, own) {
			if left.is_zero() {
				break;
			}
			let held = position_in(&self.accounts[other].account.positions, market).lots;
			let half = Lots(held.unsigned_abs().div_ceil(2));
			let take = left.min(half);
			if !self.trade_off(index, other, seen, take, price) {
				continue;
			}
			left = left.saturating_sub(take);
			// What everybody on the side would have given in proportion, and he of it.
			let (part, all) = (u128::from(held.unsigned_abs()), u128::from(interest.0.max(1)));
			let pro_rata = mul_div_ceil(lots.0.into(), part, all);
			Pallet::<T>::deposit_event(Event::Deleveraged {
				account: self.accounts[index].who,
				counterparty: self.accounts[other].who,
				market,
				lots: i64::try_from(take.0).unwrap_or(i64::MAX) * seen.position.lots.signum(),
				price,
				examined: seen.leg().price,
				score: u64::try_from(score).unwrap_or(u64::MAX),
				pro_rata: Lots(u64::try_from(pro_rata).unwrap_or(u64::MAX)),
			});
		}
		self.spend_room(met);
		lots.saturating_sub(left)
	}

	/// Trade between the two unless the counterparty's equity would be negative.
	fn trade_off(
		&mut self,
		index: usize,
		other: usize,
		seen: &Seen,
		lots: Lots,
		price: Ticks,
	) -> bool {
		let market = seen.position.market;
		let (healthy, gross) = (!self.health_of(other).liquidatable(), self.value_of(other));
		let (_, left) = self.after_fill(other, market, seen.closing().opposite(), lots, price);
		if lots.is_zero() || left.equity < 0 {
			return false;
		}
		let fill = Fill {
			market,
			taker: self.accounts[index].who,
			maker: self.accounts[other].who,
			maker_order: OrderId::default(),
			taker_side: seen.closing(),
			price,
			lots,
			maker_reduce_only: true,
			maker_done: false,
		};
		self.trade(index, &seen.terms, &fill, fill.taker_side, 0);
		self.trade(other, &seen.terms, &fill, fill.taker_side.opposite(), 0);
		let given = seen.terms.contract.notional(lots, price);
		if healthy && given.saturating_mul(SPARED_PART) >= gross {
			self.spare(other);
		}
		true
	}

	/// Leave somebody in peace for a while who was healthy and gave much for others, but not again
	/// and again: a trifle would postpone a liquidation for ever.
	fn spare(&mut self, other: usize) {
		let now = Pallet::<T>::block_number();
		let spared = &mut self.accounts[other].account.spared;
		if *spared == 0 || now >= spared.saturating_add(SPARED_AGAIN) {
			*spared = now.saturating_add(SPARED_BLOCKS);
		}
	}

	/// Those who come into question, the highest score first. Loading them is what bounds a block.
	/// The owner's own accounts only where `own`.
	fn candidates(&mut self, index: usize, seen: &Seen, own: bool) -> Vec<Candidate> {
		let market = seen.position.market;
		let most = Pallet::<T>::may_examine(market).min(EXAMINED).min(self.room());
		if most == 0 {
			return Vec::new();
		}
		let heads = self.heads(market, -seen.position.lots, seen.prices.mark, most);
		Pallet::<T>::examined(market, heads.len());
		let examined = u16::try_from(heads.len()).unwrap_or(u16::MAX);
		self.work.examined = self.work.examined.saturating_add(examined);
		let owner = self.accounts[index].account.owner.clone();
		let mut candidates = Vec::new();
		for who in heads {
			let Ok(other) = self.place(who) else { continue };
			let held = position_in(&self.accounts[other].account.positions, market).lots;
			let opposite = held.signum() == -seen.position.lots.signum();
			if opposite && (own || self.accounts[other].account.owner != owner) {
				let score = self.score_of(other, market);
				candidates.push(Candidate { index: other, score });
			}
		}
		candidates.sort_by_key(|candidate| core::cmp::Reverse(candidate.score));
		candidates
	}

	/// At most `most` accounts whose entry prices give a profit, from the cells that are expected to score
	/// most. A page is read of each class, and one more whenever one is used up.
	fn heads(&mut self, market: MarketId, lots: i64, mark: Ticks, most: usize) -> Vec<AccountRef> {
		let (mut trees, at) = (trees::<T>(), grid_tick(bucket(mark)));
		let mut read = |class: u8, from| {
			let tree = Tree::grid(market, lots, class);
			crossed_page(&mut trees, tree.key, tree.kind, at, from).map(|page| (class, page))
		};
		let worth = |(class, page): &(u8, CrossedPage)| {
			expected(lots > 0, *class, u16::try_from(page.place.0).unwrap_or(u16::MAX), mark)
		};
		let mut fronts: Vec<_> = (0..CLASSES).filter_map(|class| read(class, None)).collect();
		let (mut heads, mut pages) = (Vec::new(), u16::from(CLASSES));
		while heads.len() < most && pages < PAGES {
			let best = (0..fronts.len()).max_by_key(|at| fronts.get(*at).map(worth));
			let Some((class, page)) = best.map(|at| fronts.swap_remove(at)) else { break };
			let room = most - heads.len();
			heads.extend(page.found.iter().take(room).map(|(_, trigger)| trigger.account));
			if page.next.is_some() {
				pages += 1;
				fronts.extend(read(class, page.next));
			}
		}
		self.work.looked = self.work.looked.saturating_add(pages);
		heads
	}

	/// Move an account that stands in the wrong cell when it is written.
	fn correct_cell(&mut self, index: usize, market: MarketId, class: u8) {
		let positions = self.accounts[index].account.positions.iter_mut();
		let Some(position) = positions.into_iter().find(|position| position.market == market)
		else {
			return;
		};
		let Some((known, _)) = grid_place(position.cell) else { return };
		if known != class {
			position.cell = 0;
			self.touch(index);
		}
	}

	/// The true score of an account in a market: hedges are netted over all its positions.
	fn score_of(&mut self, index: usize, market: MarketId) -> u128 {
		let positions = self.accounts[index].account.positions.clone();
		let (mut net, mut gross, mut of_market) = (0i128, 0u128, 0);
		for seen in self.seen(&positions).iter().filter(|seen| seen.position.lots != 0) {
			let leg = seen.leg();
			let value = leg.notional();
			gross = gross.saturating_add(value);
			let signed = breakwater_math::arithmetic::signed(value);
			net = net.saturating_add(signed * leg.lots.signum() as i128);
			if seen.position.market == market {
				of_market = gain(leg.lots > 0, leg.entry(), seen.prices.mark);
			}
		}
		let equity = self.health_of(index).equity;
		self.correct_cell(index, market, class(gross, equity));
		score(of_market, leverage(gross, equity), net.unsigned_abs(), gross)
	}
}

impl Seen {
	/// The side of an order that closes the position.
	pub(crate) fn closing(&self) -> Side {
		Side::closing(self.position.lots)
	}
}
