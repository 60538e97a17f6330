//! Queueing, ripening and veto: the life of an entry until it is executed.

use crate::{
	pallet::{
		Call, Calls, Config, CurrentDelays, Entries, EntryOf, Error, Event, Finished, NextId,
		Pallet, Pending,
	},
	Entry, State, Waiting,
};
use breakwater_primitives::{governance::DelayClass, Millis};
use codec::Encode;
use frame_support::{
	dispatch::GetDispatchInfo,
	ensure,
	pallet_prelude::DispatchResult,
	traits::{
		schedule::{v3::Anon, DispatchTime, HIGHEST_PRIORITY},
		Bounded, Contains, Get, UnixTime,
	},
	BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_runtime::traits::{Hash, UniqueSaturatedFrom};

/// How often an entry that is woken too early asks to be woken again. After that `execute` alone
/// marks it ripe.
pub(crate) const MAX_WAKES: u8 = 32;
/// Blocks that are tried when the scheduler's agenda of a block is full.
const AGENDA_TRIES: u64 = 5;

impl<T: Config> Pallet<T> {
	/// Chain time in milliseconds.
	pub(crate) fn now() -> Millis {
		T::Time::now().as_millis().try_into().unwrap_or(Millis::MAX)
	}

	/// Store `call` with its delay and ask the scheduler to wake it.
	pub(crate) fn do_queue(call: <T as Config>::RuntimeCall, class: DelayClass) -> DispatchResult {
		let weight = call.get_dispatch_info().call_weight;
		ensure!(weight.all_lte(T::MaxCallWeight::get()), Error::<T>::CallTooHeavy);
		let bytes: BoundedVec<u8, T::MaxCallBytes> =
			call.encode().try_into().map_err(|_| Error::<T>::CallTooLong)?;
		let (id, now, delay) =
			(NextId::<T>::get(), Self::now(), CurrentDelays::<T>::get().of(class));
		let entry = Entry {
			class,
			state: State::Queued,
			level_at_queue: T::ChainLevel::get(),
			hash: T::Hashing::hash(&bytes),
			len: bytes.len() as u32,
			queued_at: now,
			eta: now.saturating_add(delay),
			spec_version: frame_system::Pallet::<T>::runtime_version().spec_version,
			weight,
			wakes: 0,
			vetoable: class != DelayClass::Repair || !T::BeyondVeto::contains(&call),
		};
		let waiting = Waiting {
			id,
			class,
			expires_at: entry.expires_at(),
			ripe: false,
			automatic: weight.all_lte(T::MaxAutomaticWeight::get()),
		};
		Pending::<T>::try_append(waiting).map_err(|()| Error::<T>::QueueFull)?;
		NextId::<T>::put(id.saturating_add(1));
		let (hash, eta) = (entry.hash, entry.eta);
		Calls::<T>::insert(id, bytes);
		Entries::<T>::insert(id, entry);
		Self::wake_in(id, delay);
		Self::deposit_event(Event::Queued { id, class, hash, eta });
		Ok(())
	}

	/// When the scheduler is asked to wake what is due in `delay` milliseconds: the first of these blocks
	/// whose agenda has a place.
	pub(crate) fn wakes_after(delay: Millis) -> impl Iterator<Item = BlockNumberFor<T>> {
		// The scheduler runs before the timestamp of its block is known, hence one block more, and
		// `After(n)` is n + 1 blocks from now.
		let blocks = delay.div_ceil(T::BlockTime::get().max(1));
		(0..AGENDA_TRIES).map(move |more| {
			BlockNumberFor::<T>::unique_saturated_from(blocks.saturating_add(more))
		})
	}

	/// Ask the scheduler to call `ripen` in about `delay` milliseconds. Nothing depends on it: when
	/// the agenda has no place, `execute` marks the entry ripe.
	fn wake_in(id: u32, delay: Millis) {
		let call: <T as Config>::RuntimeCall = Call::<T>::ripen { id }.into();
		let Ok(bytes) = BoundedVec::try_from(call.encode()) else { return };
		for after in Self::wakes_after(delay) {
			let scheduled = T::Scheduler::schedule(
				DispatchTime::After(after),
				None,
				HIGHEST_PRIORITY,
				RawOrigin::Root.into(),
				Bounded::Inline(bytes.clone()),
			);
			if scheduled.is_ok() {
				return;
			}
		}
		log::warn!(target: "runtime::timelock", "no room in the agenda to wake entry {id}");
	}

	/// Mark entry `id` ripe when it is due; otherwise ask to be woken again.
	pub(crate) fn do_ripen(id: u32) {
		// A vetoed or executed entry is still in the agenda: nothing is left to do for it.
		let Some(mut entry) = Entries::<T>::get(id).filter(|e| e.state == State::Queued) else {
			return;
		};
		let now = Self::now();
		if now >= entry.eta {
			Self::mark_ripe(id, &mut entry);
		} else if entry.wakes < MAX_WAKES {
			entry.wakes = entry.wakes.saturating_add(1);
			Self::wake_in(id, entry.eta.saturating_sub(now));
		}
		Entries::<T>::insert(id, entry);
	}

	/// The delay of the entry has passed. The caller writes the entry.
	pub(crate) fn mark_ripe(id: u32, entry: &mut EntryOf<T>) {
		entry.state = State::Ripe;
		Self::update_waiting(id, |waiting| waiting.ripe = true);
		Self::deposit_event(Event::Ripened { id });
	}

	/// Change what the hook knows about entry `id`.
	pub(crate) fn update_waiting(id: u32, change: impl FnOnce(&mut Waiting)) {
		Pending::<T>::mutate(|pending| {
			if let Some(waiting) = pending.iter_mut().find(|waiting| waiting.id == id) {
				change(waiting);
			}
		});
	}

	/// Drop entry `id` because the committee wants it so.
	pub(crate) fn do_veto(id: u32) -> DispatchResult {
		let entry = Self::pending(id)?;
		ensure!(entry.vetoable, Error::<T>::NoVeto);
		Self::finish(id, entry, State::Vetoed);
		Self::deposit_event(Event::Vetoed { id });
		Ok(())
	}

	/// The entry `id`, which may still be executed or vetoed.
	pub(crate) fn pending(id: u32) -> Result<EntryOf<T>, Error<T>> {
		let entry = Entries::<T>::get(id).ok_or(Error::<T>::UnknownEntry)?;
		ensure!(entry.state.is_pending(), Error::<T>::AlreadyFinished);
		Ok(entry)
	}

	/// Remove the bytes of entry `id`, and keep its record until newer ones push it out.
	pub(crate) fn finish(id: u32, mut entry: EntryOf<T>, state: State) {
		entry.state = state;
		Entries::<T>::insert(id, entry);
		Calls::<T>::remove(id);
		Pending::<T>::mutate(|pending| pending.retain(|waiting| waiting.id != id));
		Finished::<T>::mutate(|finished| {
			if finished.is_full() && !finished.is_empty() {
				Entries::<T>::remove(finished.remove(0));
			}
			// There is room now.
			let _ = finished.try_push(id);
		});
	}
}

#[cfg(any(feature = "std", feature = "try-runtime"))]
impl<T: Config> Pallet<T> {
	/// Every waiting entry has its bytes with their hash, and nothing else is kept than the waiting
	/// and the lately finished entries.
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		let (pending, finished) = (Pending::<T>::get(), Finished::<T>::get());
		ensure!(CurrentDelays::<T>::get().are_sound(), "the delays do not grow with the class");
		for waiting in &pending {
			let entry = Entries::<T>::get(waiting.id).ok_or("a waiting call has no entry")?;
			let bytes = Calls::<T>::get(waiting.id).ok_or("a waiting call has no bytes")?;
			ensure!(entry.state.is_pending(), "a waiting call is finished");
			ensure!(waiting.ripe == (entry.state == State::Ripe), "a waiting call's state differs");
			ensure!(waiting.class == entry.class, "a waiting call's class differs");
			ensure!(waiting.expires_at == entry.expires_at(), "a waiting call's expiry differs");
			ensure!(entry.queued_at <= entry.eta, "a call is due before it was queued");
			ensure!(entry.hash == T::Hashing::hash(&bytes), "the bytes of a call have changed");
			ensure!(entry.len as usize == bytes.len(), "the length of a call has changed");
		}
		for id in &finished {
			let entry = Entries::<T>::get(id).ok_or("a finished call has no entry")?;
			ensure!(!entry.state.is_pending(), "a finished call still waits");
		}
		let kept = pending.len().saturating_add(finished.len());
		ensure!(Entries::<T>::iter_keys().count() == kept, "an entry is in no list");
		ensure!(Calls::<T>::iter_keys().count() == pending.len(), "bytes belong to no entry");
		ensure!(
			Entries::<T>::iter_keys().all(|id| id < NextId::<T>::get()),
			"an entry has a number not yet given"
		);
		Ok(())
	}
}
