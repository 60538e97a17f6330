//! Opening, appending, closing: the register as the breaker sees it.

use crate::{
	pallet::{Config, Error, Event, Incidents, NextIncident, Open, Pallet, Timeline},
	Incident, State, DECISION_ENTRIES, MAX_TIMELINE, RESERVED_ENTRIES,
};
use breakwater_primitives::{Entry, IncidentId, IncidentLog, Millis, Report};
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::UnixTime};
use sp_runtime::traits::UniqueSaturatedInto;

impl<T: Config> Pallet<T> {
	/// Chain time in milliseconds.
	fn now() -> Millis {
		T::Time::now().as_millis().try_into().unwrap_or(Millis::MAX)
	}

	/// The number of the present block.
	fn block() -> u32 {
		frame_system::Pallet::<T>::block_number().unique_saturated_into()
	}

	/// Change the incident by `entry`, write both, and tell.
	fn record(id: IncidentId, mut incident: Incident, entry: &Entry) {
		apply(&mut incident, entry);
		if !Self::merge(id, &incident, entry) {
			Self::push(id, &mut incident, entry);
		}
		let (state, severity) = (incident.state, incident.severity);
		Incidents::<T>::insert(id, incident);
		Self::deposit_event(Event::IncidentUpdated { id, state, severity, entry: *entry });
	}

	/// Add amounts of one moment up: a block that liquidates a hundred accounts writes one entry.
	/// Liquidations and cover alternate, so the last two entries are looked at.
	fn merge(id: IncidentId, incident: &Incident, entry: &Entry) -> bool {
		if !is_flow(entry) {
			return false;
		}
		let (now, len) = (Self::now(), incident.timeline_len);
		for index in (len.saturating_sub(2)..len).rev() {
			let Some((at, old)) = Timeline::<T>::get(id, index) else { continue };
			if at != now {
				return false;
			}
			if let Some(sum) = sum(&old, entry) {
				Timeline::<T>::insert(id, index, (at, sum));
				return true;
			}
		}
		false
	}

	/// Append an entry, or count it as dropped.
	fn push(id: IncidentId, incident: &mut Incident, entry: &Entry) {
		if incident.timeline_len >= room_for(entry) {
			incident.dropped = incident.dropped.saturating_add(1);
			return;
		}
		Timeline::<T>::insert(id, incident.timeline_len, (Self::now(), *entry));
		incident.timeline_len = incident.timeline_len.saturating_add(1);
	}

	/// Add a note to an incident that is not reviewed yet.
	pub(crate) fn do_note(id: IncidentId, hash: [u8; 32]) -> DispatchResult {
		ensure!(hash != [0; 32], Error::<T>::ZeroHash);
		let incident = Incidents::<T>::get(id).ok_or(Error::<T>::UnknownIncident)?;
		ensure!(incident.state != State::Reviewed, Error::<T>::AlreadyReviewed);
		let note = Entry::Note { hash };
		ensure!(incident.timeline_len < room_for(&note), Error::<T>::TimelineFull);
		Self::record(id, incident, &note);
		Ok(())
	}

	/// Publish the review of a resolved incident.
	pub(crate) fn do_review(id: IncidentId, hash: [u8; 32]) -> DispatchResult {
		ensure!(hash != [0; 32], Error::<T>::ZeroHash);
		Incidents::<T>::try_mutate(id, |slot| -> DispatchResult {
			let incident = slot.as_mut().ok_or(Error::<T>::UnknownIncident)?;
			ensure!(!incident.state.is_open(), Error::<T>::StillOpen);
			ensure!(incident.state != State::Reviewed, Error::<T>::AlreadyReviewed);
			incident.state = State::Reviewed;
			incident.review = hash;
			Ok(())
		})?;
		Self::deposit_event(Event::Reviewed { id, hash });
		Ok(())
	}
}

/// How long a timeline may be to take such an entry.
fn room_for(entry: &Entry) -> u16 {
	let reserved = match entry {
		Entry::Liquidated { .. } | Entry::Covered { .. } => RESERVED_ENTRIES,
		Entry::Note { .. } => DECISION_ENTRIES,
		_ => 0,
	};
	MAX_TIMELINE.saturating_sub(reserved)
}

/// Whether the entry tells an amount rather than a decision.
fn is_flow(entry: &Entry) -> bool {
	matches!(entry, Entry::Liquidated { .. } | Entry::Covered { .. })
}

/// The sum of two entries of the same kind of flow.
fn sum(old: &Entry, new: &Entry) -> Option<Entry> {
	match (*old, *new) {
		(Entry::Liquidated { notional: a }, Entry::Liquidated { notional: b }) => {
			Some(Entry::Liquidated { notional: a.saturating_add(b) })
		},
		(Entry::Covered { amount: a }, Entry::Covered { amount: b }) => {
			Some(Entry::Covered { amount: a.saturating_add(b) })
		},
		_ => None,
	}
}

/// What an entry changes in the incident itself, whether or not the timeline has room for it.
fn apply(incident: &mut Incident, entry: &Entry) {
	match *entry {
		Entry::Level { to, .. } => incident.reach(to),
		Entry::Liquidated { notional } => {
			incident.liquidated = incident.liquidated.saturating_add(notional)
		},
		Entry::Covered { amount } => incident.covered = incident.covered.saturating_add(amount),
		Entry::Note { .. } | Entry::CallResumed { .. } | Entry::Settled { .. } => {},
		Entry::CallPaused { .. } => incident.contain(),
		Entry::Reported { severity, level, .. } => {
			incident.worsen(severity);
			// A report only tells of a restriction that was added: it never lowers the level.
			if level > incident.level {
				incident.reach(level);
			}
		},
	}
}

impl<T: Config> IncidentLog for Pallet<T> {
	fn open(report: &Report) -> IncidentId {
		let Report { scope, severity, cause, level, evidence } = *report;
		let entry = Entry::Reported { severity, cause, level, evidence };
		if let Some(id) = Open::<T>::get(scope) {
			Self::append(id, &entry);
			return id;
		}
		let id = NextIncident::<T>::get();
		NextIncident::<T>::put(id.saturating_add(1));
		Open::<T>::insert(scope, id);
		Self::deposit_event(Event::IncidentOpened { id, scope, severity });
		Self::record(id, Incident::new(report, Self::now(), Self::block()), &entry);
		id
	}

	fn append(id: IncidentId, entry: &Entry) {
		match Incidents::<T>::get(id) {
			Some(incident) if incident.state.is_open() => Self::record(id, incident, entry),
			_ => {},
		}
	}

	fn close(id: IncidentId) {
		let Some(mut incident) = Incidents::<T>::get(id) else { return };
		if !incident.state.is_open() {
			return;
		}
		let scope = incident.scope;
		incident.state = State::Resolved;
		incident.closed_at = Self::now().max(incident.opened_at);
		incident.closed_block = Self::block();
		Incidents::<T>::insert(id, incident);
		Open::<T>::remove(scope);
		Self::deposit_event(Event::IncidentClosed { id, scope });
	}
}

#[cfg(any(feature = "std", feature = "try-runtime"))]
impl<T: Config> Pallet<T> {
	/// Records agree with the open incidents of their scopes and with their timelines.
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		let (mut open, mut entries) = (0usize, 0usize);
		for (id, incident) in Incidents::<T>::iter() {
			ensure!(id < NextIncident::<T>::get(), "an incident has a number not yet given");
			ensure!(incident.version == crate::LAYOUT_VERSION, "an incident has another layout");
			ensure!(incident.level <= incident.peak, "an incident's level is above its peak");
			if incident.state.is_open() {
				open = open.saturating_add(1);
				ensure!(
					Open::<T>::get(incident.scope) == Some(id),
					"an open incident is not the one of its scope"
				);
				ensure!(incident.closed_at == 0, "an open incident has an end");
			} else {
				ensure!(incident.closed_at >= incident.opened_at, "an incident ends too early");
			}
			ensure!(
				(incident.review == [0; 32]) == (incident.state != State::Reviewed),
				"a review does not fit its incident's state"
			);
			ensure!(incident.timeline_len <= MAX_TIMELINE, "a timeline is too long");
			for index in 0..incident.timeline_len {
				ensure!(Timeline::<T>::contains_key(id, index), "a timeline has a hole");
			}
			entries = entries.saturating_add(incident.timeline_len.into());
		}
		ensure!(Open::<T>::iter().count() == open, "a scope names an incident that is not open");
		ensure!(Timeline::<T>::iter().count() == entries, "an entry belongs to no incident");
		Ok(())
	}
}
