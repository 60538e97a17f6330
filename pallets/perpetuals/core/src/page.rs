//! A page: the orders of one bucket of 32 adjacent ticks.

use crate::{
	store::Content,
	units::{AccountRef, Lots, Sequence},
};
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Ticks in one bucket.
pub const BUCKET_TICKS: u32 = 32;
/// The most orders that one page holds.
pub const PAGE_ORDERS: u32 = 128;

/// Set on an order that may only reduce its owner's position.
pub const REDUCE_ONLY: u8 = 1;

/// An order as it rests in a page.
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
pub struct Resting {
	/// The tick inside the bucket, 0 to 31.
	pub offset: u8,
	/// [`REDUCE_ONLY`] or nothing.
	pub flags: u8,
	/// Its place in time.
	pub sequence: Sequence,
	/// Whose it is.
	pub owner: AccountRef,
	/// What is left of it.
	pub lots: Lots,
	/// Seconds since the Unix epoch at which it expires; 0 means never.
	pub expiry: u32,
}

impl Resting {
	/// Whether it may only reduce its owner's position.
	pub const fn reduce_only(&self) -> bool {
		self.flags & REDUCE_ONLY != 0
	}
	/// Whether it has expired at `now`, in seconds since the Unix epoch.
	pub const fn expired(&self, now: u32) -> bool {
		self.expiry != 0 && self.expiry <= now
	}
}

/// The orders of a bucket, sorted by tick and sequence, and for each of its 32 ticks whether orders
/// wait in overflow pages. Orders of an overflowed tick that are in the page are older than those in
/// its overflow pages.
#[derive(
	Clone,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Page {
	/// The orders, by tick and sequence.
	pub orders: BoundedVec<Resting, ConstU32<PAGE_ORDERS>>,
	/// Bit `n` is set when the bucket's tick `n` has overflow pages.
	pub overflow: u32,
}

impl Content for Page {
	fn is_empty(&self) -> bool {
		self.orders.is_empty() && self.overflow == 0
	}
}
