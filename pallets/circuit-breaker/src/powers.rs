//! What people do: restrict and prolong within their powers, lift, and the members' tokens.

use crate::{
	budget::Purse,
	lease::{is_liftable, Joined},
	state::Wanted,
	types::{locate, same_source, Lease, Record, SHORTEST_LEASE},
	Budgets, CallLeases, Config, Error, Event, Pallet, SpentTokens,
};
use alloc::vec::Vec;
use breakwater_primitives::{Cause, Entry, IncidentLog, Level, MarketId, Millis, Scope};
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{dispatch::DispatchResult, ensure, traits::Contains};
use scale_info::TypeInfo;

/// A level together with the longest lease at it, or at any looser one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
	/// The tightest level.
	pub level: Level,
	/// The longest lease, in milliseconds.
	pub duration: Millis,
}

/// What an origin may do: carried by the origin, so that no call can claim more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Powers<AccountId> {
	/// Who it is.
	pub cause: Cause,
	/// How far and for how long it may restrict: whatever any of these allows.
	pub limits: &'static [Limit],
	/// The member who acts alone. His restriction costs his token and may only be of one market.
	pub member: Option<AccountId>,
	/// Whether it may prolong a running restriction of its own, once.
	pub extends: bool,
	/// The longest pause of a single call, in milliseconds; 0 for none.
	pub pause: Millis,
}

impl<AccountId> Powers<AccountId> {
	/// The longest lease at `level`; nothing when it is beyond the powers.
	pub fn longest(&self, level: Level) -> Option<Millis> {
		self.limits.iter().filter(|l| level <= l.level).map(|l| l.duration).max()
	}
}

/// A token that a member has used.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct SpentToken<AccountId> {
	/// The member.
	pub who: AccountId,
	/// When he used it, in milliseconds of chain time.
	pub at: Millis,
}

/// Whether a source's time is budgeted, and at Auction or tighter prolonged by `extend` alone. A
/// member alone is held by his token.
fn is_budgeted(cause: Cause) -> bool {
	matches!(cause, Cause::Committee(_))
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_restrict(
		powers: Powers<T::AccountId>,
		scope: Scope,
		level: Level,
		duration: Millis,
	) -> DispatchResult {
		ensure!(level > Level::Normal, Error::<T>::LevelIsNormal);
		Self::ensure_within(&powers, level, duration)?;
		match scope {
			Scope::Chain => ensure!(powers.member.is_none(), Error::<T>::ScopeBeyondPowers),
			Scope::Market(market) => Self::ensure_market(market)?,
		}
		if let Some(who) = powers.member.clone() {
			Self::spend_token(who)?;
		}
		Self::change(scope, |record, now| {
			let until = now.saturating_add(duration);
			Self::ensure_not_prolonging(record, &powers, level, until)?;
			Self::book(scope, record, now, level, powers.cause, until)?;
			let wanted = Wanted::new(level, powers.cause, until);
			match Self::grant(scope, record, now, &wanted, false) {
				Ok(lease) => {
					Self::deposit_granted(scope, &lease);
					Ok(())
				},
				Err(Joined::Full) => Err(Error::<T>::TooManyLeases.into()),
				Err(_) => Err(Error::<T>::NotTighter.into()),
			}
		})
	}

	/// Prolong the source's running lease at `level` by `duration`.
	pub(crate) fn do_extend(
		powers: Powers<T::AccountId>,
		scope: Scope,
		level: Level,
		duration: Millis,
	) -> DispatchResult {
		ensure!(powers.extends, Error::<T>::ExtensionBeyondPowers);
		Self::ensure_within(&powers, level, duration)?;
		if let Scope::Market(market) = scope {
			Self::ensure_market(market)?;
		}
		Self::change(scope, |record, now| {
			let running = |l: &Lease| same_source(l.cause, powers.cause) && l.level == level;
			let lease = record.leases.iter().find(|l| running(l)).copied();
			let lease = lease.ok_or(Error::<T>::NothingToExtend)?;
			ensure!(!lease.extended, Error::<T>::AlreadyExtended);
			let until = lease.until.saturating_add(duration);
			Self::book(scope, record, now, level, powers.cause, until)?;
			for lease in record.leases.iter_mut().filter(|l| running(l)) {
				(lease.until, lease.extended) = (until, true);
			}
			if record.governing(now).is_some_and(running) {
				let entry = Entry::Level { from: level, to: level, cause: powers.cause, until };
				T::Incidents::append(lease.incident, &entry);
			}
			let (cause, incident) = (powers.cause, lease.incident);
			Self::deposit_event(Event::LeaseExtended { scope, level, cause, until, incident });
			Ok(())
		})
	}

	fn ensure_within(
		powers: &Powers<T::AccountId>,
		level: Level,
		duration: Millis,
	) -> DispatchResult {
		ensure!(duration >= SHORTEST_LEASE, Error::<T>::DurationTooShort);
		let longest = powers.longest(level).ok_or(Error::<T>::LevelBeyondPowers)?;
		ensure!(level < Level::Settle, Error::<T>::SettlementIsFinal);
		ensure!(duration <= longest, Error::<T>::DurationBeyondPowers);
		Ok(())
	}

	/// A running lease at Auction or tighter is not stretched by restricting again: that takes
	/// `extend`, once.
	fn ensure_not_prolonging(
		record: &Record,
		powers: &Powers<T::AccountId>,
		level: Level,
		until: Millis,
	) -> DispatchResult {
		if level < Level::Auction || !is_budgeted(powers.cause) {
			return Ok(());
		}
		let mut mine = record.leases.iter().filter(|l| same_source(l.cause, powers.cause));
		let longest = powers.longest(level).unwrap_or(0);
		let stretches =
			mine.any(|l| l.level == level && until > l.until.max(l.since.saturating_add(longest)));
		ensure!(!stretches, Error::<T>::ExtensionNeeded);
		Ok(())
	}

	/// Book a committee's time at Guarded or tighter: what this lease adds to what it already has.
	fn book(
		scope: Scope,
		record: &Record,
		now: Millis,
		level: Level,
		cause: Cause,
		until: Millis,
	) -> DispatchResult {
		let Some(purse) = Purse::of(level).filter(|_| is_budgeted(cause)) else { return Ok(()) };
		let mine = record
			.leases
			.iter()
			.filter(|l| same_source(l.cause, cause) && purse.is_covered_by(l.level));
		let covered = mine.map(|l| l.until).max().unwrap_or(now).max(now);
		let elsewhere = match scope {
			Scope::Chain => 0,
			Scope::Market(_) => Budgets::<T>::get(Scope::Chain).used_at(purse, now),
		};
		let time = until.saturating_sub(covered);
		let booked = Budgets::<T>::mutate(scope, |b| b.book(purse, now, time, elsewhere));
		ensure!(booked, Error::<T>::BudgetSpent);
		Ok(())
	}

	/// Book the time for which a committee pauses a call, as if it halted the chain: what it adds to the
	/// pauses that it already has. A call by which people leave is as good as a halt.
	pub(crate) fn book_pause(cause: Cause, until: Millis) -> DispatchResult {
		if !is_budgeted(cause) {
			return Ok(());
		}
		let (now, leases) = (Self::now(), CallLeases::<T>::get());
		let mine = leases.iter().filter(|lease| same_source(lease.cause, cause));
		let covered = mine.map(|lease| lease.until).max().unwrap_or(now).max(now);
		let time = until.saturating_sub(covered);
		let booked = Budgets::<T>::mutate(Scope::Chain, |b| b.book(Purse::Halted, now, time, 0));
		ensure!(booked, Error::<T>::BudgetSpent);
		Ok(())
	}

	pub(crate) fn do_lift(scope: Scope) -> DispatchResult {
		if let Scope::Market(market) = scope {
			Self::ensure_market(market)?;
		}
		Self::change(scope, |record, _| {
			let (lifted, kept) =
				record.leases.iter().partition::<Vec<Lease>, _>(|l| is_liftable(l));
			ensure!(!lifted.is_empty(), Error::<T>::NothingToLift);
			record.leases.retain(|l| kept.contains(l));
			for Lease { level, cause, .. } in lifted {
				Self::deposit_event(Event::LeaseLifted { scope, level, cause });
			}
			Ok(())
		})
	}

	/// A member acts alone: his token is gone until the council re-arms him.
	fn spend_token(who: T::AccountId) -> DispatchResult {
		SpentTokens::<T>::try_mutate(|spent| -> DispatchResult {
			ensure!(!spent.iter().any(|token| token.who == who), Error::<T>::TokenSpent);
			let token = SpentToken { who: who.clone(), at: Self::now() };
			spent.try_push(token).map_err(|_| Error::<T>::TooManySpentTokens)?;
			Ok(())
		})?;
		Self::deposit_event(Event::TokenSpent { who });
		Ok(())
	}

	pub(crate) fn do_rearm(who: T::AccountId) -> DispatchResult {
		SpentTokens::<T>::try_mutate(|spent| -> DispatchResult {
			let place = spent.iter().position(|token| token.who == who);
			spent.remove(place.ok_or(Error::<T>::TokenArmed)?);
			Ok(())
		})?;
		Self::deposit_event(Event::TokenRearmed { who });
		Ok(())
	}

	pub(crate) fn ensure_market(market: MarketId) -> DispatchResult {
		ensure!(
			locate(market).is_some() && T::Markets::contains(&market),
			Error::<T>::UnknownMarket
		);
		Ok(())
	}
}
