//! From a round and a quote to prices: pure.

use crate::types::*;
use breakwater_primitives::{Level, Millis, Ppm, Prices, Quote, Ticks, Validity};

/// Whether `b` is at most `jump` away from `a`, relative to `a`.
fn near(a: Ticks, b: Ticks, jump: Ppm) -> bool {
	u128::from(a.0.abs_diff(b.0)) <= jump.mul_floor(a.0.into())
}

/// Millionths of a tick as whole ticks, rounded down, at least one.
pub(crate) fn whole(micro: i64) -> Ticks {
	Ticks(u32::try_from(micro / MICRO).unwrap_or(u32::MAX).max(1))
}

pub(crate) fn micro(ticks: Ticks) -> i64 {
	i64::from(ticks.0) * MICRO
}

impl Guard {
	/// Take the latest round and the book into account. Returns the new prices, or `None` when
	/// fewer than two reports are fresh (for the first index: fewer than a quorum). Then nothing
	/// is known that was not known before, and the prices only grow older.
	pub fn update(&mut self, quote: &Quote, level: Level, params: &GuardParams) -> Option<Prices> {
		// The first index of a market has nothing to be compared with: it takes a quorum.
		let needed = if self.prices.index.is_zero() { params.quorum } else { 2 };
		if self.round.reports < needed || self.round.median.is_zero() {
			return None;
		}
		let now = self.round.at;
		// Before the first prices no time has passed for what follows them slowly.
		let elapsed = if self.prices.at == 0 { 0 } else { now.saturating_sub(self.prices.at) };
		let (index, validity) = self.judge(params);
		self.book = None;
		self.frozen = level >= Level::Freeze;
		let mark = self.mark(index, quote, level, params, elapsed);
		self.follow(index, validity, params);
		let (long, short) = if self.frozen && !self.prices.long.is_zero() {
			(self.prices.long, self.prices.short)
		} else {
			self.lenient(index, mark, validity, now)
		};
		if validity == Validity::Valid {
			(self.trusted, self.trusted_at) = (index, now);
		}
		let stable = whole(i64::try_from(self.stable.0).unwrap_or(i64::MAX));
		let age_limit = u32::try_from(params.age_limit).unwrap_or(u32::MAX);
		self.prices = Prices { index, mark, stable, long, short, validity, at: now, age_limit };
		Some(self.prices)
	}

	/// The index and how far it may be trusted; holds a jump back until it is confirmed.
	fn judge(&mut self, params: &GuardParams) -> (Ticks, Validity) {
		let Round { median, reports, dispersion, later, at } = self.round;
		let agreed = reports >= params.quorum && dispersion <= params.max_dispersion;
		let quality = if agreed { Validity::Valid } else { Validity::Degraded };
		let old = self.prices.index;
		if reports < params.quorum && self.strays(median, params) {
			// Nobody confirms it before a quorum reports again, so the wait begins anew.
			self.pending = Some(Pending { price: median, since: at, at });
			return (old, Validity::Unconfirmed);
		}
		let Some(held) = self.pending.filter(|_| !near(old, median, params.max_jump)) else {
			if old.is_zero() || near(old, median, params.max_jump) {
				self.pending = None;
				return (median, quality);
			}
			self.pending = Some(Pending { price: median, since: at, at });
			return (old, Validity::Unconfirmed);
		};
		if at.saturating_sub(held.since) > CONFIRM {
			// Nothing agreed for too long: the price is taken, but not trusted.
			self.pending = None;
			return (median, Validity::Degraded);
		}
		let complete = later >= params.quorum;
		if complete && agreed && near(held.price, median, params.max_jump) {
			self.pending = None;
			return (median, Validity::Valid);
		}
		// A later round that says something else is a jump of its own; reports of the same moment
		// complete the one that waits.
		if complete || at <= held.at {
			self.pending = Some(Pending { price: median, at: at.max(held.at), ..held });
		}
		(old, Validity::Unconfirmed)
	}

	/// Whether a median is further from the last Valid index than the index may move at once. Below
	/// the quorum that is as far as it goes, or two feeders could walk it anywhere step by step.
	fn strays(&self, median: Ticks, params: &GuardParams) -> bool {
		!self.trusted.is_zero() && !near(self.trusted, median, params.max_jump)
	}

	/// Move the stable price towards a Valid index, as fast as it may.
	pub(crate) fn follow(&mut self, index: Ticks, validity: Validity, params: &GuardParams) {
		let (target, now) = (micro(index).unsigned_abs(), self.round.at);
		if self.stable.0 == 0 {
			self.stable = (target, now);
			self.anchor = self.stable;
		} else if validity == Validity::Valid {
			if now > self.stable.1 {
				self.anchor = self.stable;
			}
			let (from, at) = self.anchor;
			let step = u128::from(from)
				.saturating_mul(params.stable_rate.0.into())
				.saturating_mul(now.saturating_sub(at).min(STABLE_STEP).into())
				/ 1_000_000_000;
			let step = u64::try_from(step).unwrap_or(u64::MAX);
			let (low, high) = (from.saturating_sub(step), from.saturating_add(step));
			self.stable = (target.clamp(low, high), now);
		}
	}

	/// The prices at which longs and shorts are examined for liquidation. The less the index is
	/// trusted, the more of a doubt each side is given.
	fn lenient(
		&self,
		index: Ticks,
		mark: Ticks,
		validity: Validity,
		now: Millis,
	) -> (Ticks, Ticks) {
		let other = match (validity, self.pending) {
			(Validity::Valid, _) => mark,
			(Validity::Unconfirmed, Some(pending)) => pending.price,
			// The last Valid index; too old to protect anybody, the index before this one.
			_ if now.saturating_sub(self.trusted_at) <= PROTECT => self.trusted,
			_ if self.prices.index.is_zero() => index,
			_ => self.prices.index,
		};
		let other = if other.is_zero() { mark } else { other };
		(mark.max(other), mark.min(other))
	}
}
