//! Benchmarks of the calls, and of what the breaker does to the register.

use crate::{pallet::*, Incident, State, DECISION_ENTRIES, MAX_TIMELINE};
use breakwater_primitives::{
	Cause, Entry, IncidentId, IncidentLog, Level, MarketId, Report, Scope, Severity,
};
use frame_benchmarking::v2::*;
use frame_support::traits::EnsureOrigin;

const HASH: [u8; 32] = [7; 32];

fn report() -> Report {
	Report {
		scope: Scope::Market(MarketId(0)),
		severity: Severity::P3,
		cause: Cause::Committee(3),
		level: Level::ReduceOnly,
		evidence: [u64::MAX; 2],
	}
}

/// An open incident with a timeline of `len` entries.
fn opened<T: Config>(len: u16) -> IncidentId {
	let id = Pallet::<T>::open(&report());
	let started = Pallet::<T>::incident(id).map_or(0, |incident| incident.timeline_len);
	for _ in started..len {
		Pallet::<T>::append(id, &Entry::Note { hash: HASH });
	}
	assert_eq!(incident::<T>(id).timeline_len, len.max(started));
	id
}

fn incident<T: Config>(id: IncidentId) -> Incident {
	Pallet::<T>::incident(id).expect("it was opened")
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn note() -> Result<(), BenchmarkError> {
		let origin =
			T::NoteOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		// The last place that a note may take.
		let len = MAX_TIMELINE - DECISION_ENTRIES - 1;
		let id = opened::<T>(len);
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, HASH);
		assert_eq!(incident::<T>(id).timeline_len, len + 1);
		Ok(())
	}

	#[benchmark]
	fn review() -> Result<(), BenchmarkError> {
		let origin =
			T::ReviewOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let id = opened::<T>(1);
		Pallet::<T>::close(id);
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, HASH);
		assert_eq!(incident::<T>(id).state, State::Reviewed);
		Ok(())
	}

	/// The scope has no open incident: a new one costs more than an entry of one that is open.
	#[benchmark]
	fn open() -> Result<(), BenchmarkError> {
		let (next, report) = (NextIncident::<T>::get(), report());
		#[block]
		{
			Pallet::<T>::open(&report);
		}
		assert_eq!(Open::<T>::get(report.scope), Some(next));
		assert_eq!(incident::<T>(next).timeline_len, 1);
		Ok(())
	}

	/// A flow that adds up with neither of the last two entries, which are of this moment.
	#[benchmark]
	fn append() -> Result<(), BenchmarkError> {
		let id = opened::<T>(3);
		let entry = Entry::Liquidated { notional: u128::MAX };
		#[block]
		{
			Pallet::<T>::append(id, &entry);
		}
		let incident = incident::<T>(id);
		assert_eq!((incident.timeline_len, incident.liquidated), (4, u128::MAX));
		Ok(())
	}

	#[benchmark]
	fn close() -> Result<(), BenchmarkError> {
		let id = opened::<T>(1);
		#[block]
		{
			Pallet::<T>::close(id);
		}
		assert_eq!(incident::<T>(id).state, State::Resolved);
		assert_eq!(Open::<T>::get(report().scope), None);
		Ok(())
	}
}
