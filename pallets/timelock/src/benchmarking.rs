//! Benchmarks of the calls and of the hook, with all lists as long as they may be.

use crate::{pallet::*, queue::MAX_WAKES, State, WeightInfo};
use alloc::{boxed::Box, vec, vec::Vec};
use breakwater_primitives::{governance::DelayClass, Millis};
use codec::Encode;
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{
		schedule::{v3::Anon, DispatchTime, LOWEST_PRIORITY},
		Bounded, EnsureOrigin, EnsureOriginWithArg, Get,
	},
	weights::{Weight, WeightMeter},
	BoundedVec,
};
use frame_system::RawOrigin;
use sp_runtime::traits::One;

type CallOf<T> = <T as Config>::RuntimeCall;

/// A call that takes `len` bytes, or a few less. Its own logic is next to nothing, and the timelock's
/// origin fails it, which is how an execution writes most.
fn call_of<T: Config>(len: u32) -> CallOf<T> {
	let remark = |len: usize| {
		let call = frame_system::Call::<T>::remark_with_event { remark: vec![7; len] };
		CallOf::<T>::from(<T as frame_system::Config>::RuntimeCall::from(call))
	};
	let len = len as usize;
	let rest = len.saturating_sub(remark(len).encoded_size().saturating_sub(len));
	remark(rest)
}

/// Queue a call of `len` bytes and tell its number.
fn queued<T: Config>(len: u32) -> u32 {
	let id = NextId::<T>::get();
	assert!(Pallet::<T>::do_queue(call_of::<T>(len), DelayClass::Loosen).is_ok());
	id
}

/// Queue a call of `len` bytes as the last one for which there is room, with as many finished ones as
/// are kept.
fn queued_last<T: Config>(len: u32) -> u32 {
	for _ in 0..T::MaxFinished::get() {
		finish::<T>(queued::<T>(8));
	}
	for _ in 1..T::MaxPending::get() {
		queued::<T>(8);
	}
	let id = queued::<T>(len);
	assert_eq!(Pending::<T>::decode_len(), Some(T::MaxPending::get() as usize));
	assert_eq!(Finished::<T>::decode_len(), Some(T::MaxFinished::get() as usize));
	id
}

fn entry<T: Config>(id: u32) -> EntryOf<T> {
	Pallet::<T>::entry(id).expect("it was queued")
}

fn finish<T: Config>(id: u32) {
	Pallet::<T>::finish(id, entry::<T>(id), State::Vetoed);
}

/// Let the delay of a queued call be over, and a block execute it unasked.
fn mature<T: Config>(id: u32) {
	let eta = Pallet::<T>::now();
	Entries::<T>::mutate_extant(id, |entry| entry.eta = eta);
	let expires_at = entry::<T>(id).expires_at();
	Pallet::<T>::update_waiting(id, |waiting| {
		(waiting.expires_at, waiting.automatic) = (expires_at, true);
	});
}

/// Leave no place in the agendas of the blocks in which the scheduler is asked to wake what is due in
/// that time, but one in the last of them.
fn fill_agendas<T: Config>(delay: Millis) {
	// Where a benchmark is measured.
	frame_system::Pallet::<T>::set_block_number(One::one());
	let call = CallOf::<T>::from(Call::<T>::ripen { id: 0 });
	let call = Bounded::Inline(BoundedVec::truncate_from(call.encode()));
	let blocks: Vec<_> = Pallet::<T>::wakes_after(delay).collect();
	for (place, after) in blocks.iter().enumerate() {
		let schedule = || {
			T::Scheduler::schedule(
				DispatchTime::After(*after),
				None,
				LOWEST_PRIORITY,
				RawOrigin::Root.into(),
				call.clone(),
			)
		};
		let mut last = None;
		while let Ok(address) = schedule() {
			last = Some(address);
		}
		if place + 1 == blocks.len() {
			let last = last.expect("an agenda has room for one");
			assert!(T::Scheduler::cancel(last).is_ok());
		}
	}
}

#[benchmarks]
mod benchmarks {
	use super::*;

	/// The last place in the queue, and in the fifth agenda.
	#[benchmark]
	fn queue(l: Linear<8, { T::MaxCallBytes::get() }>) -> Result<(), BenchmarkError> {
		let class = DelayClass::Repair;
		let origin = T::QueueOrigin::try_successful_origin(&class)
			.map_err(|_| BenchmarkError::Weightless)?;
		finish::<T>(queued_last::<T>(8));
		fill_agendas::<T>(CurrentDelays::<T>::get().of(class));
		let (id, call) = (NextId::<T>::get(), Box::new(call_of::<T>(l)));
		#[extrinsic_call]
		_(origin as <T as frame_system::Config>::RuntimeOrigin, call, class);
		let entry = entry::<T>(id);
		assert_eq!(entry.state, State::Queued);
		assert!(entry.len <= l && entry.len + 4 > l, "{} of {l} bytes", entry.len);
		Ok(())
	}

	#[benchmark]
	fn veto() -> Result<(), BenchmarkError> {
		let origin =
			T::VetoOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let id = queued_last::<T>(T::MaxCallBytes::get());
		#[extrinsic_call]
		_(origin as <T as frame_system::Config>::RuntimeOrigin, id);
		assert_eq!(entry::<T>(id).state, State::Vetoed);
		Ok(())
	}

	/// An entry that nobody marked ripe, of the class that asks for the chain's level. Its call fails.
	#[benchmark]
	fn execute(l: Linear<8, { T::MaxCallBytes::get() }>) -> Result<(), BenchmarkError> {
		let id = queued_last::<T>(l);
		mature::<T>(id);
		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), id);
		assert_eq!(entry::<T>(id).state, State::Failed);
		assert_eq!(Calls::<T>::get(id), None);
		Ok(())
	}

	/// Woken too early, and only the fifth agenda has a place to be woken again.
	#[benchmark]
	fn ripen() -> Result<(), BenchmarkError> {
		let id = queued_last::<T>(8);
		Entries::<T>::mutate_extant(id, |entry| entry.wakes = MAX_WAKES - 1);
		fill_agendas::<T>(CurrentDelays::<T>::get().of(DelayClass::Loosen));
		#[extrinsic_call]
		_(RawOrigin::Root, id);
		assert_eq!(entry::<T>(id).wakes, MAX_WAKES);
		Ok(())
	}

	/// The last of all entries is ripe, and the block has no room for it.
	#[benchmark]
	fn poll() -> Result<(), BenchmarkError> {
		let id = queued_last::<T>(8);
		mature::<T>(id);
		let mut ripe = entry::<T>(id);
		Pallet::<T>::mark_ripe(id, &mut ripe);
		Entries::<T>::insert(id, ripe);
		let limit = T::WeightInfo::poll();
		let mut meter = WeightMeter::with_limit(limit);
		#[block]
		{
			Pallet::<T>::serve(&mut meter);
		}
		assert_eq!(meter.remaining(), Weight::zero());
		assert_eq!(entry::<T>(id).state, State::Ripe);
		Ok(())
	}

	/// The last of all entries is dropped.
	#[benchmark]
	fn expire() -> Result<(), BenchmarkError> {
		let id = queued_last::<T>(T::MaxCallBytes::get());
		#[block]
		{
			Pallet::<T>::expire(id, entry::<T>(id));
		}
		assert_eq!(entry::<T>(id).state, State::Expired);
		Ok(())
	}
}
