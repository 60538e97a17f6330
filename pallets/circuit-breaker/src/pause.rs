//! Pauses of single calls: like a restriction a pause is a lease, over when its time is, and the
//! filter asks the clock. pallet-tx-pause carries it and knows what can never be paused.

use crate::{
	powers::Powers, types::SHORTEST_LEASE, CallLeases, Config, Error, Event, Pallet, WeightInfo,
};
use breakwater_primitives::{
	Cause, Entry, IncidentId, IncidentLog, Level, Millis, Report, Scope, Severity,
};
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{
	ensure,
	traits::{ConstU32, GetCallMetadata, TransactionPause, TransactionPauseError},
	weights::WeightMeter,
	Blake2_256, BoundedVec, StorageHasher,
};
use scale_info::TypeInfo;
use sp_runtime::DispatchError;

/// The most calls that are paused at a time.
pub const MAX_PAUSES: u32 = 16;
/// The longest name of a pallet or of a call, in bytes.
pub const MAX_NAME: u32 = 64;

/// The name of a pallet or of a call, in UTF-8.
pub type Name = BoundedVec<u8, ConstU32<MAX_NAME>>;
/// A call by the names of its pallet and of itself, as pallet-tx-pause has them.
pub type CallName = (Name, Name);

/// A paused call. It needs nobody to resume it: whoever asks compares the clock.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct CallLease {
	/// The pallet and the call.
	pub name: CallName,
	/// Who paused it.
	pub cause: Cause,
	/// When it was paused, in milliseconds of chain time.
	pub since: Millis,
	/// When that ends, in milliseconds of chain time; at this moment it is already over.
	pub until: Millis,
	/// The incident under which it was paused.
	pub incident: IncidentId,
}

impl CallLease {
	/// Whether the call is paused at `now`.
	pub fn is_live(&self, now: Millis) -> bool {
		now < self.until
	}
}

/// What names a call in an incident's timeline: Blake2-256 of `Pallet.call`.
pub fn call_hash((pallet, call): &CallName) -> [u8; 32] {
	Blake2_256::hash(&[&pallet[..], b".", &call[..]].concat())
}

impl<T: Config> Pallet<T> {
	/// Whether a call is paused now. One read; nothing else while no call is paused.
	pub fn is_paused(pallet: &str, call: &str) -> bool {
		let leases = CallLeases::<T>::get();
		let named = leases.iter().find(|lease| {
			lease.name.0[..] == *pallet.as_bytes() && lease.name.1[..] == *call.as_bytes()
		});
		named.is_some_and(|lease| {
			lease.is_live(Self::now()) && T::TxPause::is_paused(lease.name.clone())
		})
	}

	/// Returns how many pauses were over and cleared away.
	pub(crate) fn do_pause(
		powers: Powers<T::AccountId>,
		name: CallName,
		duration: Millis,
	) -> Result<u32, DispatchError> {
		ensure!(powers.pause > 0, Error::<T>::PauseBeyondPowers);
		ensure!(duration >= SHORTEST_LEASE, Error::<T>::DurationTooShort);
		ensure!(duration <= powers.pause, Error::<T>::DurationBeyondPowers);
		ensure!(Self::call_exists(&name), Error::<T>::UnknownCall);
		let over = Self::resume_expired();
		let leases = CallLeases::<T>::get();
		ensure!(!leases.iter().any(|lease| lease.name == name), Error::<T>::AlreadyPaused);
		ensure!(!leases.is_full(), Error::<T>::TooManyPauses);
		match T::TxPause::pause(name.clone()) {
			// Paused without a lease, as a genesis may have it: from now on it has one.
			Ok(()) | Err(TransactionPauseError::AlreadyPaused) => {},
			Err(TransactionPauseError::NotFound) => return Err(Error::<T>::UnknownCall.into()),
			Err(_) => return Err(Error::<T>::NotPausable.into()),
		}
		Self::book_pause(powers.cause, Self::now().saturating_add(duration))?;
		Self::change(Scope::Chain, |record, since| {
			let (cause, until) = (powers.cause, since.saturating_add(duration));
			// Under the chain's open incident, or a new one.
			let incident = *record.incident.get_or_insert_with(|| {
				let (severity, level) = (Severity::P3, Level::Normal);
				let scope = Scope::Chain;
				T::Incidents::open(&Report { scope, severity, cause, level, evidence: [0; 2] })
			});
			let entry = Entry::CallPaused { call: call_hash(&name), cause, until };
			T::Incidents::append(incident, &entry);
			let lease = CallLease { name: name.clone(), cause, since, until, incident };
			CallLeases::<T>::try_append(lease).map_err(|_| Error::<T>::TooManyPauses)?;
			let (pallet, call) = name;
			Self::deposit_event(Event::CallPaused { pallet, call, cause, until, incident });
			Ok(over)
		})
	}

	/// End the pause of a call before its time. Returns how many were over and cleared away besides.
	pub(crate) fn do_resume(name: CallName) -> Result<u32, DispatchError> {
		let over = Self::resume_expired();
		let live = CallLeases::<T>::get().iter().any(|lease| lease.name == name);
		ensure!(live, Error::<T>::NotPaused);
		Self::resume(|lease| lease.name == name);
		Ok(over)
	}

	/// Clear away pauses whose time is over, and tell how many. They paused nothing any more.
	pub(crate) fn resume_expired() -> u32 {
		let (now, over) = (Self::now(), Self::expired());
		if over > 0 {
			Self::resume(|lease| !lease.is_live(now));
		}
		over
	}

	/// The same, in a hook.
	pub(crate) fn tidy_pauses(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::look_at_pauses()).is_err() {
			return;
		}
		let over = Self::expired();
		if over > 0 && meter.try_consume(T::WeightInfo::tidy_pauses(over)).is_ok() {
			Self::resume_expired();
		}
	}

	/// How many pauses are over and not yet cleared away.
	pub(crate) fn expired() -> u32 {
		let now = Self::now();
		CallLeases::<T>::get().iter().filter(|lease| !lease.is_live(now)).count() as u32
	}

	/// Whether a call is under a lease that is stored, live or not yet cleared away.
	pub(crate) fn has_pauses() -> bool {
		CallLeases::<T>::decode_len().is_some_and(|len| len > 0)
	}

	fn resume(over: impl Fn(&CallLease) -> bool) {
		let mut leases = CallLeases::<T>::get();
		for lease in leases.iter().filter(|lease| over(lease)) {
			// It fails only when it is not paused, which is what is wanted.
			let _ = T::TxPause::unpause(lease.name.clone());
			let entry = Entry::CallResumed { call: call_hash(&lease.name) };
			T::Incidents::append(lease.incident, &entry);
			let (pallet, call) = lease.name.clone();
			Self::deposit_event(Event::CallResumed { pallet, call, until: lease.until });
		}
		leases.retain(|lease| !over(lease));
		if leases.is_empty() {
			CallLeases::<T>::kill();
		} else {
			CallLeases::<T>::put(leases);
		}
		// The chain's incident is closed with the last of its leases.
		Self::change(Scope::Chain, |_, _| ());
	}

	fn call_exists((pallet, call): &CallName) -> bool {
		let names = (core::str::from_utf8(pallet), core::str::from_utf8(call));
		let (Ok(pallet), Ok(call)) = names else { return false };
		// Asked for a pallet that does not exist, `get_call_names` panics.
		T::Calls::get_module_names().contains(&pallet)
			&& T::Calls::get_call_names(pallet).contains(&call)
	}
}
