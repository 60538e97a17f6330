//! Execution of a ripe entry, with everything checked once more.

use crate::{
	pallet::{Calls, Config, Entries, EntryOf, Error, Event, Origin, Pallet, Pending},
	State, Waiting, WeightInfo,
};
use breakwater_primitives::{governance::DelayClass, Delayed, Level};
use codec::DecodeLimit;
use frame_support::{
	dispatch::{extract_actual_weight, GetDispatchInfo, PostDispatchInfo},
	ensure,
	pallet_prelude::{DispatchResult, DispatchResultWithPostInfo, Pays, Weight},
	storage::with_transaction,
	traits::{Get, OriginTrait},
	weights::WeightMeter,
	MAX_EXTRINSIC_DEPTH,
};
use frame_system::RawOrigin;
use sp_runtime::{
	traits::{Dispatchable, Hash},
	DispatchError, DispatchErrorWithPostInfo, TransactionOutcome,
};

/// An error of an entry whose call was not dispatched.
fn unused<E>(error: E) -> (E, Weight) {
	(error, Weight::zero())
}

impl<T: Config> Pallet<T> {
	/// The declared weight of `execute(id)`: its own, and that of the queued call. An entry's weight
	/// never changes, and none can be queued and become due within one extrinsic, so what is read
	/// here is what is executed.
	pub(crate) fn execute_weight(id: u32) -> Weight {
		Entries::<T>::get(id).filter(|entry| entry.state.is_pending()).map_or_else(
			|| T::WeightInfo::execute(0),
			|entry| T::WeightInfo::execute(entry.len).saturating_add(entry.weight),
		)
	}

	/// Execute entry `id`, asked by an extrinsic.
	pub(crate) fn do_execute(id: u32) -> DispatchResultWithPostInfo {
		let own = T::WeightInfo::execute(Entries::<T>::get(id).map_or(0, |entry| entry.len));
		match Self::try_execute(id) {
			Ok(used) => Ok(PostDispatchInfo {
				actual_weight: Some(own.saturating_add(used)),
				pays_fee: Pays::No,
			}),
			Err((error, used)) => Err(DispatchErrorWithPostInfo {
				post_info: Some(own.saturating_add(used)).into(),
				error: error.into(),
			}),
		}
	}

	/// Check entry `id` again and dispatch its call. Returns the weight that the call used. An error
	/// means that nothing changed; what the call itself returns is in the event.
	fn try_execute(id: u32) -> Result<Weight, (Error<T>, Weight)> {
		let entry = Self::pending(id).map_err(unused)?;
		let now = Self::now();
		ensure!(now >= entry.eta, unused(Error::<T>::NotRipe));
		if now > entry.expires_at() || Self::is_outdated(&entry) {
			Self::expire(id, entry);
			return Ok(Weight::zero());
		}
		if entry.class == DelayClass::Loosen {
			ensure!(T::ChainLevel::get() <= Level::Watch, unused(Error::<T>::LevelTooHigh));
		}
		let call = Self::decode(id, &entry).map_err(unused)?;
		let origin = Self::origin_of(&entry);
		// What matures in safe mode is held and not consumed, whether the filter stops the call itself
		// or one inside of it.
		ensure!(origin.filter_call(&call), unused(Error::<T>::CallFiltered));
		with_transaction(|| match Self::dispatch(id, entry, call, origin) {
			(Err(error), used) if error == frame_system::Error::<T>::CallFiltered.into() => {
				TransactionOutcome::Rollback(Ok(Err((Error::<T>::CallFiltered, used))))
			},
			(_, used) => TransactionOutcome::Commit(Ok::<_, DispatchError>(Ok(used))),
		})
		.unwrap_or(Err(unused(Error::<T>::CallFiltered)))
	}

	/// Finish entry `id` and dispatch its call. Returns what the call returned, and its weight.
	fn dispatch(
		id: u32,
		mut entry: EntryOf<T>,
		call: <T as Config>::RuntimeCall,
		origin: <T as Config>::RuntimeOrigin,
	) -> (DispatchResult, Weight) {
		if entry.state == State::Queued {
			Self::mark_ripe(id, &mut entry);
		}
		// Finished before it is dispatched: whatever the call does, it cannot run twice.
		Self::finish(id, entry, State::Executed);
		let info = call.get_dispatch_info();
		let result = call.dispatch(origin);
		let used = extract_actual_weight(&result, &info);
		let result = result.map(|_| ()).map_err(|failed| failed.error);
		if result.is_err() {
			Entries::<T>::mutate_extant(id, |entry| entry.state = State::Failed);
		}
		Self::deposit_event(Event::Executed { id, result });
		(result, used)
	}

	/// The call of entry `id`, if its bytes are those that were queued.
	fn decode(id: u32, entry: &EntryOf<T>) -> Result<<T as Config>::RuntimeCall, Error<T>> {
		let bytes = Calls::<T>::get(id).ok_or(Error::<T>::CallChanged)?;
		ensure!(T::Hashing::hash(&bytes) == entry.hash, Error::<T>::CallChanged);
		<T as Config>::RuntimeCall::decode_all_with_depth_limit(
			MAX_EXTRINSIC_DEPTH,
			&mut &bytes[..],
		)
		.map_err(|_| Error::<T>::CallChanged)
	}

	/// The origin that the entry has earned: the delay that it was queued for, however long it was
	/// left lying after that.
	fn origin_of(entry: &EntryOf<T>) -> <T as Config>::RuntimeOrigin {
		match entry.class {
			DelayClass::Structural => RawOrigin::Root.into(),
			DelayClass::Neutral | DelayClass::Repair | DelayClass::Loosen => {
				Origin::Delayed(Delayed {
					served: entry.eta.saturating_sub(entry.queued_at),
					level_at_queue: entry.level_at_queue,
				})
				.into()
			},
		}
	}

	/// Whether another runtime than the one that queued the entry is running.
	fn is_outdated(entry: &EntryOf<T>) -> bool {
		frame_system::Pallet::<T>::runtime_version().spec_version != entry.spec_version
	}

	/// Drop an entry that nobody executed in time.
	pub(crate) fn expire(id: u32, entry: EntryOf<T>) {
		Self::finish(id, entry, State::Expired);
		Self::deposit_event(Event::Expired { id });
	}

	/// The hook: expire or execute one entry, so that no block carries more.
	pub(crate) fn serve(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::poll()).is_err() {
			return;
		}
		let pending = Pending::<T>::get();
		if pending.is_empty() {
			return;
		}
		let now = Self::now();
		if let Some(late) = pending.iter().find(|waiting| now > waiting.expires_at) {
			if let Some(entry) = Entries::<T>::get(late.id) {
				if meter.try_consume(T::WeightInfo::expire()).is_ok() {
					Self::expire(late.id, entry);
				}
			}
			return;
		}
		let mut ready = pending.iter().filter(|waiting| waiting.ripe && waiting.automatic);
		let calm = ready.clone().next().is_some() && T::ChainLevel::get() <= Level::Watch;
		let next = ready.find(|waiting| calm || waiting.class != DelayClass::Loosen);
		if let Some(waiting) = next {
			Self::serve_one(waiting, meter);
		}
	}

	/// Execute one entry unasked, if the block has room for it.
	fn serve_one(waiting: &Waiting, meter: &mut WeightMeter) {
		let Some(entry) = Entries::<T>::get(waiting.id) else { return };
		let own = T::WeightInfo::execute(entry.len);
		if !meter.can_consume(own.saturating_add(entry.weight)) {
			return;
		}
		match Self::try_execute(waiting.id) {
			Ok(used) => meter.consume(own.saturating_add(used)),
			Err((_, used)) => {
				meter.consume(own.saturating_add(used));
				// Filtered: it stays ripe for `execute`, and no longer holds up the others.
				Self::update_waiting(waiting.id, |waiting| waiting.automatic = false);
			},
		}
	}
}
