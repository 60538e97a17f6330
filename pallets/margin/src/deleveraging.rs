//! Deleveraging: what the book does not take is closed against those on the other side who gained
//! most on most leverage, net of hedges, at most half of a position at a time.
//!
//! ```text
//!   grid: 8 classes of leverage x 2 % buckets of entry prices -> heads -> true scores -> closed
//! ```
//!
//! A bankrupt account is closed at its bankruptcy price, so that its deficit is paid by those who
//! gained from it and by nobody else; an account that still has equity is closed at the examined price,
//! or the counterparty would be handed what is left of it. Nobody's equity is made negative.

use crate::{
	capacity::EXAMINED,
	checks::Seen,
	triggers::{trees, Tree},
	types::{grid_place, position_in},
	Config, Event, House, Pallet, Totals,
};
use alloc::vec::Vec;
use breakwater_core::trigger::crossed;
use breakwater_math::{
	arithmetic::mul_div_ceil,
	deleveraging::{bucket, class, expected, gain, leverage, score, CLASSES},
};
use breakwater_primitives::{AccountRef, Fill, Lots, MarketId, OrderId, Side, Ticks};

/// Candidates read of each class of leverage.
const HEADS: usize = 16;
/// Blocks for which a deleveraged account is not liquidated itself while it has half its margin.
const SPARED_BLOCKS: u32 = 60;

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
		let mut left = lots;
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
		self.accounts[other].account.spared =
			Pallet::<T>::block_number().saturating_add(SPARED_BLOCKS);
		true
	}

	/// Those who come into question, the highest score first. Loading them is what bounds a block.
	/// The owner's own accounts only where `own`.
	fn candidates(&mut self, index: usize, seen: &Seen, own: bool) -> Vec<Candidate> {
		let market = seen.position.market;
		let heads = self.heads(market, -seen.position.lots, seen.prices.mark);
		let examined = Pallet::<T>::may_examine(market, heads.len().min(EXAMINED));
		let owner = self.accounts[index].account.owner.clone();
		let mut candidates = Vec::new();
		for who in heads.into_iter().take(examined) {
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

	/// Accounts at the heads of the classes whose entry prices give a profit, by what they are expected
	/// to score.
	fn heads(&mut self, market: MarketId, lots: i64, mark: Ticks) -> Vec<AccountRef> {
		let mut trees = trees::<T>();
		let mut heads = Vec::new();
		for class in 0..CLASSES {
			let tree = Tree::grid(market, lots, class);
			let at = Ticks(bucket(mark).into());
			for (at, trigger) in crossed(&mut trees, tree.key, tree.kind, at, HEADS) {
				let bucket = u16::try_from(at.0).unwrap_or(u16::MAX);
				heads.push((expected(lots > 0, class, bucket, mark), trigger.account));
			}
		}
		heads.sort_by_key(|(score, who)| (core::cmp::Reverse(*score), *who));
		heads.into_iter().map(|(_, who)| who).collect()
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
