//! The dead man's switch: an account's orders are cancelled unless it renews in time.
//!
//! An account waits in one bin of eight blocks at most. To renew moves nothing: when the bin comes
//! up and the account has renewed, it moves on to the bin in which it lapses now. So a renewal writes
//! one item, and nothing is ever scanned.
//!
//! ```text
//!   set_switch ──► Switches[account] = { lapses, bin }      bin ──► Lapsing[bin] = [account, ...]
//!   on_initialize: NextBin.. ──► renewed? move on : cancel all its orders
//! ```

use crate::{
	books::Books, order::Reason, types::MAX_CANCELS, weights::Work, Config, Error, Event, Lapsing,
	NextBin, Pallet, Switches, WeightInfo,
};
use breakwater_primitives::{AccountRef, Check, Clearing, Session};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	dispatch::DispatchResult, ensure, pallet_prelude::Get, traits::ConstU32, weights::WeightMeter,
	BoundedVec,
};
use scale_info::TypeInfo;
use sp_runtime::SaturatedConversion;

/// The longest that a switch may be set for, in blocks.
pub const MAX_SWITCH_BLOCKS: u32 = 100_000;
/// Blocks that share a bin.
pub const BIN_BLOCKS: u32 = 8;
/// The most accounts of one bin.
pub const BIN_ACCOUNTS: u32 = 256;
/// How many bins further an account may be put where its own is full.
const SPARE_BINS: u32 = 8;

/// The accounts of a bin.
pub type Bin = BoundedVec<AccountRef, ConstU32<BIN_ACCOUNTS>>;

/// An account's switch.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Switch {
	/// The block from which on its orders are cancelled; `None` when it was switched off.
	pub lapses: Option<u32>,
	/// The bin in which the account waits.
	pub bin: u32,
}

impl<T: Config> Pallet<T> {
	/// The number of the block being executed.
	pub(crate) fn block() -> u32 {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// Set or renew the switch of `who` for so many blocks; zero switches it off.
	pub(crate) fn do_set_switch(who: AccountRef, blocks: u32) -> DispatchResult {
		ensure!(blocks <= MAX_SWITCH_BLOCKS, Error::<T>::SwitchTooFar);
		let old = Switches::<T>::get(who);
		let lapses = (blocks > 0).then(|| Self::block().saturating_add(blocks));
		let bin = match (old, lapses) {
			(None, None) => return Ok(()),
			// Where it waits too late it moves; where it waits too early it moves when that comes up.
			(Some(old), Some(lapses)) if bin_of(lapses) < old.bin => {
				let bin = Self::enter_bin(who, bin_of(lapses)).ok_or(Error::<T>::SwitchesFull)?;
				if bin != old.bin {
					Self::leave_bin(who, old.bin);
				}
				bin
			},
			(Some(old), _) => old.bin,
			(None, Some(lapses)) => {
				Self::enter_bin(who, bin_of(lapses)).ok_or(Error::<T>::SwitchesFull)?
			},
		};
		Switches::<T>::insert(who, Switch { lapses, bin });
		Self::deposit_event(Event::SwitchSet { account: who, lapses });
		Ok(())
	}

	/// Let `who` wait in the first bin from `bin` on that has room, unless it waits there already.
	fn enter_bin(who: AccountRef, bin: u32) -> Option<u32> {
		(bin..=bin.saturating_add(SPARE_BINS)).find(|bin| {
			Lapsing::<T>::mutate(bin, |accounts| {
				accounts.contains(&who) || accounts.try_push(who).is_ok()
			})
		})
	}

	fn leave_bin(who: AccountRef, bin: u32) {
		Lapsing::<T>::mutate_exists(bin, |stored| {
			if let Some(accounts) = stored {
				accounts.retain(|account| *account != who);
			}
			*stored = stored.take().filter(|accounts| !accounts.is_empty());
		});
	}

	/// Cancel the orders of those whose switch has lapsed, as far as `meter` goes.
	pub(crate) fn lapse_switches(meter: &mut WeightMeter) {
		let due = Self::block() / BIN_BLOCKS;
		let first = NextBin::<T>::get();
		let mut next = first;
		while next <= due && meter.try_consume(T::DbWeight::get().reads(1)).is_ok() {
			if !Self::lapse_bin(next, meter) {
				break;
			}
			next = next.saturating_add(1);
		}
		if next != first {
			NextBin::<T>::put(next);
		}
	}

	/// Returns whether the bin is done with.
	fn lapse_bin(bin: u32, meter: &mut WeightMeter) -> bool {
		let mut accounts = Lapsing::<T>::get(bin);
		let most = T::WeightInfo::operation(&Work::worst_cancel_all())
			.saturating_add(T::DbWeight::get().reads_writes(2, 2));
		let before = accounts.len();
		while meter.can_consume(most) {
			let Some(who) = accounts.pop() else { break };
			let work = Self::lapse(who);
			let spent = T::WeightInfo::operation(&work);
			meter.consume(spent.saturating_add(T::DbWeight::get().reads_writes(2, 2)));
		}
		if accounts.is_empty() {
			Lapsing::<T>::remove(bin);
		} else if accounts.len() != before {
			Lapsing::<T>::insert(bin, &accounts);
		}
		accounts.is_empty()
	}

	/// The bin in which `who` waits has come up, and he has left it.
	fn lapse(who: AccountRef) -> Work {
		let Some(lapses) = Switches::<T>::take(who).and_then(|switch| switch.lapses) else {
			return Work::default();
		};
		if lapses > Self::block() {
			if let Some(bin) = Self::enter_bin(who, bin_of(lapses)) {
				Switches::<T>::insert(who, Switch { lapses: Some(lapses), bin });
				return Work::default();
			}
			// Nowhere to wait: too early is the safe side.
		}
		let (orders, work) = Self::withdraw_orders(who, Reason::Switch);
		Self::deposit_event(Event::SwitchLapsed { account: who, orders });
		work
	}

	/// Take all orders of `who` out of the books.
	fn withdraw_orders(who: AccountRef, reason: Reason) -> (u32, Work) {
		let (mut session, mut books) = (T::Clearing::session(), Books::<T>::new());
		let mut work = Work::default();
		if session.load(who).is_err() {
			return (0, work);
		}
		for order in session.orders(who).iter().take(MAX_CANCELS as usize) {
			let Some(resting) = books.remove(order.id) else { continue };
			let (id, lots) = (order.id, resting.lots);
			session.free(who, id, lots, resting.reduce_only(), true);
			Self::deposit_event(Event::OrderRemoved { id, account: who, lots, reason });
			work.cancels = work.cancels.saturating_add(1);
		}
		// Nothing is demanded of an account that only has fewer orders.
		match session.commit(Check::None) {
			Ok(settled) => work.settled(settled, books.save()),
			Err(error) => log::error!("orders of {who:?} were not withdrawn: {error:?}"),
		}
		(work.cancels, work)
	}
}

/// The bin in which an account waits that lapses at `block`: it comes up no earlier than that, and
/// at most seven blocks later.
const fn bin_of(block: u32) -> u32 {
	block.div_ceil(BIN_BLOCKS)
}
