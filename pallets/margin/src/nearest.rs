//! The nearest trigger of each tree, kept on the board beside the prices.
//!
//! A price step reads and writes the board anyway. Where it does not come to the nearest trigger it
//! crosses nothing, and nothing else is read. What is kept is never further from the price than the
//! trigger that really is nearest: arming moves it nearer at once, disarming leaves it where it is, and
//! whoever looks through the trees brings it up to date.

use crate::{
	triggers::{trees, Tree, Trees},
	Config, House, Pallet,
};
use breakwater_core::{
	store::Kind,
	trigger::{crossed_page, BUCKET_TICKS},
};
use breakwater_math::Step;
use breakwater_primitives::{MarketId, Prices, Ticks};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// No trigger of a market is nearer than these: of longs and of shorts by price, in ticks, then of longs
/// and of shorts by funding, in steps of the index. Where none waits it is zero for those that fire when
/// something falls, and the largest number for those that fire when it rises.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Nearest(pub [Ticks; 4]);

/// Which of [`Nearest`] fire when their scalar falls; the others do when it rises.
const FALLING: [bool; 4] = [true, false, false, true];

impl Default for Nearest {
	/// Nothing waits.
	fn default() -> Self {
		Self(FALLING.map(|falling| if falling { Ticks(0) } else { Ticks::MAX }))
	}
}

impl Nearest {
	/// Whether a trigger at `at` would be nearer.
	fn is_beaten_by(&self, slot: usize, at: Ticks) -> bool {
		let (now, falling) = (self.0.get(slot), FALLING.get(slot));
		now.zip(falling).is_some_and(|(now, falling)| if *falling { at > *now } else { at < *now })
	}
	/// A trigger waits at `at`.
	fn note(&mut self, slot: usize, at: Ticks) {
		if self.is_beaten_by(slot, at) {
			if let Some(nearest) = self.0.get_mut(slot) {
				*nearest = at;
			}
		}
	}
	/// Whether what waits may be crossed where its scalar stands at `scalar`.
	pub(crate) fn crossed(&self, slot: usize, scalar: Ticks) -> bool {
		let (now, falling) = (self.0.get(slot), FALLING.get(slot));
		now.zip(falling)
			.is_some_and(|(now, falling)| if *falling { scalar <= *now } else { scalar >= *now })
	}
	/// Whether a trigger that waits for a price may be crossed. A missing price crosses nothing.
	pub(crate) fn crossed_by(&self, prices: &Prices) -> bool {
		let crossed = |slot, price: Ticks| !price.is_zero() && self.crossed(slot, price);
		crossed(0, prices.long) || crossed(1, prices.short)
	}
	/// Whether a trigger of `tree` at `at` is no nearer than what is kept.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub(crate) fn bounds(&self, slot: usize, at: Ticks) -> bool {
		!self.is_beaten_by(slot, at)
	}
}

impl Tree {
	/// The nearest tick of the tree, or where too many triggers wait around it the edge of their bucket;
	/// and whether it is the tick itself. A page with the words on the way to it is read.
	fn nearest<T: Config>(self, trees: &mut Trees<T>) -> Option<(Ticks, bool)> {
		let falling = self.kind == Kind::Falling;
		let all = if falling { Ticks(0) } else { Ticks::MAX };
		let page = crossed_page(trees, self.key, self.kind, all, None)?;
		let (bucket, _) = page.place;
		let edge = bucket.saturating_mul(BUCKET_TICKS);
		let edge = if falling { edge.saturating_add(BUCKET_TICKS - 1) } else { edge };
		let alone = page.next.is_none_or(|(next, _)| next != bucket);
		let first = page.found.first().filter(|_| alone).map(|(tick, _)| (*tick, true));
		Some(first.unwrap_or((Ticks(edge), false)))
	}
}

impl<T: Config> House<T> {
	/// Take note of triggers that were armed. Those that are crossed already are left to the hooks.
	pub(crate) fn note_armed(&mut self, armed: &[(Tree, Ticks)]) {
		for (tree, at) in armed {
			let Some((market, slot)) = tree.place() else { continue };
			let board = self.board(market);
			if board.nearest.is_beaten_by(slot, *at) {
				Pallet::<T>::change_board(market, |entry| entry.nearest.note(slot, *at));
			}
			let lots = if slot % 2 == 0 { 1 } else { -1 };
			let scalar = match self.risk(market) {
				Ok(terms) if slot > 1 => Step::of(terms.contract, board.funding(lots)).as_ticks(),
				_ => board.prices.lenient(lots),
			};
			let mut one = Nearest::default();
			one.note(slot, *at);
			if !scalar.is_zero() && one.crossed(slot, scalar) {
				Pallet::<T>::set_backlog(market, true);
			}
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Look for the nearest trigger of each tree of a market and keep it. Returns whether any trigger may
	/// be crossed.
	pub(crate) fn refresh_nearest(market: MarketId) -> bool {
		let (mut trees, mut nearest) = (trees::<T>(), Nearest::default());
		let mut left = false;
		for (tree, scalar) in Self::crossing(market) {
			// Of the values of assets nothing is kept: they are looked for when one falls.
			let Some((_, slot)) = tree.place() else {
				left |= Self::any_crossed(&mut trees, tree, scalar);
				continue;
			};
			let Some((at, exact)) = tree.nearest::<T>(&mut trees) else { continue };
			nearest.note(slot, at);
			let crossed = nearest.crossed(slot, scalar);
			left |= crossed && (exact || Self::any_crossed(&mut trees, tree, scalar));
		}
		if Self::board_of(market).nearest != nearest {
			Self::change_board(market, |entry| entry.nearest = nearest);
		}
		left
	}
}
