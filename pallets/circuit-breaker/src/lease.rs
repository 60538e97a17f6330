//! How leases of one scope join: pure, so that it can be checked against a model.

use crate::types::{same_source, Lease, Record, MAX_LEASES};
use breakwater_primitives::{Cause, Millis};

/// What became of a lease that was offered to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
	/// It is in the record.
	Added,
	/// The same source already restricts at least as far, at least as long.
	Needless,
	/// There is no room and no lease that it makes needless.
	Full,
}

/// Whether the council may lift this lease: people set it, and it is not a settlement.
pub fn is_liftable(lease: &Lease) -> bool {
	!lease.is_final() && !matches!(lease.cause, Cause::Detector(_) | Cause::SafeMode)
}

impl Record {
	/// Remove what has ended. Returns the cause and the end of what was tightest in it.
	pub fn prune(&mut self, now: Millis) -> Option<(Cause, Millis)> {
		let ended = self.leases.iter().filter(|l| !l.is_live(now));
		let tightest = ended.max_by_key(|l| (l.level, l.until)).map(|l| (l.cause, l.until));
		self.leases.retain(|l| l.is_live(now));
		tightest
	}

	/// Add `lease`. Never loosens: a lease is only dropped when another one makes it needless. Only
	/// with `must`, and only when six leases of six levels compete for five places, is the
	/// loosest one dropped.
	pub fn join(&mut self, mut lease: Lease, must: bool) -> Joined {
		let mine = |l: &Lease| same_source(l.cause, lease.cause);
		if self.leases.iter().any(|l| mine(l) && l.dominates(&lease)) {
			return Joined::Needless;
		}
		let same = self.leases.iter().find(|l| mine(l) && l.level == lease.level);
		let (since, extended) = same.map_or((lease.since, false), |l| (l.since, l.extended));
		self.leases.retain(|l| !(same_source(l.cause, lease.cause) && lease.dominates(l)));
		(lease.since, lease.extended) = (since, extended);
		if self.leases.len() >= MAX_LEASES as usize {
			match self.needless(&lease).or_else(|| must.then(|| self.loosest()).flatten()) {
				Some(index) => {
					self.leases.remove(index);
				},
				None => return Joined::Full,
			}
		}
		match self.leases.try_push(lease) {
			Ok(()) => Joined::Added,
			Err(_) => Joined::Full,
		}
	}

	/// The lease that `added` or another lease makes needless for good: one that people may lift,
	/// or one that another detector covers.
	fn needless(&self, added: &Lease) -> Option<usize> {
		self.leases.iter().enumerate().position(|(index, lease)| {
			let others = self.leases.iter().enumerate().filter(|(other, _)| *other != index);
			let mut covers = others.map(|(_, l)| l).chain(core::iter::once(added));
			covers.any(|l| l.dominates(lease) && (is_liftable(lease) || !is_liftable(l)))
		})
	}

	fn loosest(&self) -> Option<usize> {
		let leases = self.leases.iter().enumerate();
		leases.min_by_key(|(_, l)| (l.level, l.until)).map(|(index, _)| index)
	}
}
