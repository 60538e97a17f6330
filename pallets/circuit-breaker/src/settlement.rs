//! Level 6: how a market comes to be settled, for good.

use crate::{
	state::Wanted,
	types::{Record, HOUR},
	Config, Error, Pallet,
};
use breakwater_primitives::{Cause, Level, MarketId, Millis, Scope, Settlement};
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{dispatch::DispatchResult, ensure};
use scale_info::TypeInfo;

/// For how long a market must be at Freeze without a break until anybody may settle it, in milliseconds.
pub const SETTLE_AFTER: Millis = 7 * 24 * HOUR;

/// A time without a break at Freeze or above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Stretch {
	/// When it began, in milliseconds of chain time.
	pub since: Millis,
	/// When it ends, as leases stand now.
	pub until: Millis,
}

impl Record {
	/// Whether the market is settled, or being settled.
	pub fn is_settled(&self) -> bool {
		self.leases.iter().any(|lease| lease.is_final())
	}

	/// Keep the stretch at Freeze in line with the leases. Called with every change of them, so that a
	/// lease that ended with nobody writing has ended its stretch as well.
	pub(crate) fn note_freeze(&mut self, now: Millis) {
		let freezes = self.live(now).filter(|lease| lease.level >= Level::Freeze);
		let until = freezes.map(|lease| lease.until).max();
		self.frozen = until.map(|until| match self.frozen {
			Some(Stretch { since, until: end }) if end >= now => Stretch { since, until },
			_ => Stretch { since: now, until },
		});
	}

	fn frozen_at(&self, now: Millis) -> Option<Stretch> {
		self.frozen.filter(|stretch| now < stretch.until)
	}
}

/// When the time at Freeze began that is made of both stretches: one may have begun when the other was
/// about to end.
fn beginning(own: Option<Stretch>, other: Option<Stretch>) -> Option<Millis> {
	[own, other].into_iter().flatten().map(|stretch| stretch.since).min()
}

impl<T: Config> Pallet<T> {
	/// Since when a market is at Freeze without a break. A stretch that has ended by now counts no more,
	/// even where the other one began before it ended.
	pub(crate) fn frozen(market: MarketId) -> Option<Millis> {
		let now = Self::now();
		let of = |scope| Self::record(scope).frozen_at(now);
		beginning(of(Scope::Market(market)), of(Scope::Chain))
	}

	pub(crate) fn do_settle_frozen(market: MarketId) -> DispatchResult {
		Self::ensure_market(market)?;
		let since = Self::frozen(market).ok_or(Error::<T>::NotFrozenLongEnough)?;
		let long = Self::now().saturating_sub(since) >= SETTLE_AFTER;
		ensure!(long, Error::<T>::NotFrozenLongEnough);
		Self::do_settle(market, Cause::Anyone)
	}

	/// Wind a market down: whoever does is told, and may refuse; then the level stays for ever.
	pub(crate) fn do_settle(market: MarketId, cause: Cause) -> DispatchResult {
		Self::ensure_market(market)?;
		let scope = Scope::Market(market);
		ensure!(!Self::record(scope).is_settled(), Error::<T>::AlreadySettling);
		T::Settlement::begin(market)?;
		Self::change(scope, |record, now| {
			let wanted = Wanted::new(Level::Settle, cause, Millis::MAX);
			if let Ok(lease) = Self::grant(scope, record, now, &wanted, true) {
				// It restricts more, and for longer, than any other can.
				record.leases.retain(|other| *other == lease);
				Self::deposit_granted(scope, &lease);
			}
		});
		Ok(())
	}
}
