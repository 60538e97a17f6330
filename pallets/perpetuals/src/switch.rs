//! The dead man's switch: an account's orders are cancelled unless it renews in time.
//!
//! An account waits in one bin of eight blocks at most. To renew moves nothing: when the bin comes
//! up and the account has renewed, it moves on to the bin in which it lapses now. So a renewal writes
//! one item, and nothing is ever scanned. Where its bin is full it waits in one of the eight behind it,
//! and later where it must in one before it, from which it moves on again.
//!
//! ```text
//!   set_switch ──► Switches[account] = { lapses, bin }      bin ──► Lapsing[bin] = [account, ...]
//!   on_initialize: NextBin.. ──► renewed? move on : cancel all its orders
//! ```

use crate::{
	books::Books,
	cost::{self, Work},
	order::Reason,
	types::MAX_CANCELS,
	Config, Error, Event, Lapsing, NextBin, Pallet, Switches, WeightInfo,
};
use breakwater_primitives::{AccountRef, Check, Clearing, Session};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	ensure,
	pallet_prelude::DispatchError,
	traits::ConstU32,
	weights::{Weight, WeightMeter},
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
/// The most bins that setting a switch looks at: the account's own and those behind it.
pub(crate) const MOST_BINS: u32 = SPARE_BINS + 1;
/// How many bins are searched for one that waited and has renewed, where all those are full.
pub(crate) const SEARCHED_BINS: u32 = 64;

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
	/// Returns how many bins were looked at for one in which it waits; none where it stays in its own.
	pub(crate) fn do_set_switch(who: AccountRef, blocks: u32) -> Result<u32, DispatchError> {
		ensure!(blocks <= MAX_SWITCH_BLOCKS, Error::<T>::SwitchTooFar);
		let old = Switches::<T>::get(who);
		let lapses = (blocks > 0).then(|| Self::block().saturating_add(blocks));
		let wanted = lapses.map_or(0, bin_of);
		let bin = match (old, lapses) {
			(None, None) => return Ok(0),
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
		let moved = old.is_none_or(|old| old.bin != bin);
		Ok(if moved { bin.saturating_sub(wanted).saturating_add(1) } else { 0 })
	}

	/// Let `who` wait in the first bin from `bin` on that has room, unless it waits there already.
	fn enter_bin(who: AccountRef, bin: u32) -> Option<u32> {
		(bin..=bin.saturating_add(SPARE_BINS)).find(|bin| Self::enter(who, *bin))
	}

	/// Let `who` wait in `bin`, if it has room.
	fn enter(who: AccountRef, bin: u32) -> bool {
		let mut accounts = Lapsing::<T>::get(bin);
		if accounts.contains(&who) {
			return true;
		}
		let entered = accounts.try_push(who).is_ok();
		if entered {
			Lapsing::<T>::insert(bin, accounts);
		}
		entered
	}

	/// The account `who` is closed: nothing of its switch stays.
	pub(crate) fn forget_switch(who: AccountRef) {
		if let Some(switch) = Switches::<T>::take(who) {
			Self::leave_bin(who, switch.bin);
		}
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
		while next <= due && meter.try_consume(T::WeightInfo::empty_bin()).is_ok() {
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
		let most = most_of_a_switch::<T>();
		let before = accounts.len();
		while meter.can_consume(most) {
			let Some(who) = accounts.pop() else { break };
			let (work, looked) = Self::lapse(who, bin);
			meter.consume(cost::lapse::<T>(&work, looked));
		}
		if accounts.is_empty() {
			Lapsing::<T>::remove(bin);
		} else if accounts.len() != before {
			Lapsing::<T>::insert(bin, &accounts);
		}
		accounts.is_empty()
	}

	/// The bin `due` in which `who` waits has come up, and he has left it. Also returns how many bins
	/// were looked at.
	fn lapse(who: AccountRef, due: u32) -> (Work, u32) {
		let Some(lapses) = Switches::<T>::take(who).and_then(|switch| switch.lapses) else {
			return (Work::default(), 0);
		};
		let mut looked = 0u32;
		if lapses > Self::block() {
			// Where his own bin and those behind it are full, any before it does: when it comes up he
			// moves on again.
			let own = bin_of(lapses);
			let next = due.max(Self::block() / BIN_BLOCKS).saturating_add(1);
			let before = (next..own).take(SEARCHED_BINS as usize);
			let found = (own..=own.saturating_add(SPARE_BINS)).chain(before).find(|bin| {
				looked = looked.saturating_add(1);
				Self::enter(who, *bin)
			});
			if let Some(bin) = found {
				Switches::<T>::insert(who, Switch { lapses: Some(lapses), bin });
				return (Work::default(), looked);
			}
			// Nowhere to wait: too early is the safe side.
		}
		let (orders, work) = Self::withdraw_orders(who, Reason::Switch);
		Self::deposit_event(Event::SwitchLapsed { account: who, orders });
		(work, looked)
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

/// What looking at an account whose bin has come up may cost.
pub(crate) fn most_of_a_switch<T: Config>() -> Weight {
	cost::lapse::<T>(&Work::worst_cancel_all(), MOST_BINS.saturating_add(SEARCHED_BINS))
}

/// The bin in which an account waits that lapses at `block`: it comes up no earlier than that, and
/// at most seven blocks later.
pub(crate) const fn bin_of(block: u32) -> u32 {
	block.div_ceil(BIN_BLOCKS)
}
