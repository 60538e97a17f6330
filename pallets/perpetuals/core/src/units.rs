//! Units of the exchange as distinct types, so that mixing them up does not compile.
//!
//! A price is an integer number of ticks and a size an integer number of lots. A market's
//! creation fixes how many whole units of the quote asset one tick times one lot is worth
//! ([`Contract`]), so notional values and profits are exact integers and are never rounded.

use codec::{Decode, DecodeWithMemTracking, Encode, Error, Input, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

macro_rules! unit {
	($(#[$doc:meta])* $name:ident($inner:ty)) => {
		$(#[$doc])*
		#[derive(
			Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash,
			Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
		)]
		pub struct $name(pub $inner);

		impl $name {
			/// Nothing of this unit.
			pub const ZERO: Self = Self(0);
			/// The largest value that the type can hold.
			pub const MAX: Self = Self(<$inner>::MAX);

			/// Whether the value is zero.
			pub const fn is_zero(self) -> bool {
				self.0 == 0
			}
			/// `self + other`, or the largest value where that does not fit.
			pub const fn saturating_add(self, other: Self) -> Self {
				Self(self.0.saturating_add(other.0))
			}
			/// `self - other`, or zero where `other` is larger.
			pub const fn saturating_sub(self, other: Self) -> Self {
				Self(self.0.saturating_sub(other.0))
			}
			/// `self + other`, or `None` where that does not fit.
			pub fn checked_add(self, other: Self) -> Option<Self> {
				self.0.checked_add(other.0).map(Self)
			}
			/// `self - other`, or `None` where `other` is larger.
			pub fn checked_sub(self, other: Self) -> Option<Self> {
				self.0.checked_sub(other.0).map(Self)
			}
		}
	};
}

unit! {
	/// A market's number, assigned when the market is created. Range 0 to 63.
	MarketId(u16)
}
unit! {
	/// An interned account number. Sub-accounts have numbers of their own; numbers are never
	/// reused.
	AccountRef(u32)
}
unit! {
	/// A price, in ticks of its market. Zero is not a valid price.
	Ticks(u32)
}
unit! {
	/// A size, in lots of its market.
	Lots(u64)
}
unit! {
	/// The place of an order in time: block number (32 bits), extrinsic index (16 bits) and a
	/// counter inside the extrinsic (16 bits). Unique and ordered without any stored counter.
	Sequence(u64)
}

impl Sequence {
	/// The sequence of the `n`th order that extrinsic `index` of block `block` creates.
	pub const fn new(block: u32, index: u16, n: u16) -> Self {
		Self((block as u64) << 32 | (index as u64) << 16 | n as u64)
	}
	/// The block in which the order was placed.
	pub const fn block(self) -> u32 {
		(self.0 >> 32) as u32
	}
	/// The sequence of the next order of the same extrinsic.
	pub const fn next(self) -> Self {
		Self(self.0.wrapping_add(1))
	}
}

/// The two sides of a book.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum Side {
	/// Buys: pays the price, gains when the price rises.
	#[codec(index = 0)]
	Bid,
	/// Sells: receives the price, gains when the price falls.
	#[codec(index = 1)]
	Ask,
}

impl Side {
	/// The other side.
	pub const fn opposite(self) -> Self {
		match self {
			Side::Bid => Side::Ask,
			Side::Ask => Side::Bid,
		}
	}
	/// `+1` for a bid and `-1` for an ask: the sign that a fill gives to a position.
	pub const fn sign(self) -> i8 {
		match self {
			Side::Bid => 1,
			Side::Ask => -1,
		}
	}
	/// Whether an order of this side limited to `limit` may trade at `price`.
	pub const fn accepts(self, limit: Ticks, price: Ticks) -> bool {
		match self {
			Side::Bid => price.0 <= limit.0,
			Side::Ask => price.0 >= limit.0,
		}
	}
	/// The side of an order that closes a position of `lots` signed lots.
	pub const fn closing(lots: i64) -> Self {
		if lots > 0 {
			Side::Ask
		} else {
			Side::Bid
		}
	}
}

/// An order's id: it says where the order rests. From the high bits: market (16), side (1),
/// tick (32), sequence (64). An id has one form: what sets a higher bit is refused where it is
/// decoded, so that no order has two ids.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct OrderId(pub u128);

impl Decode for OrderId {
	fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
		let id = u128::decode(input)?;
		if id >> Self::BITS != 0 {
			return Err("an order id has 113 bits".into());
		}
		Ok(Self(id))
	}
}

impl OrderId {
	/// Bits of an id: of market, side, tick and sequence.
	pub const BITS: u32 = 16 + 1 + 32 + 64;

	/// The id of the order of `sequence` resting in `market` on `side` at `tick`.
	pub const fn new(market: MarketId, side: Side, tick: Ticks, sequence: Sequence) -> Self {
		Self(
			(market.0 as u128) << 97
				| (side as u128) << 96
				| (tick.0 as u128) << 64
				| sequence.0 as u128,
		)
	}
	/// The market in which the order rests.
	pub const fn market(self) -> MarketId {
		MarketId((self.0 >> 97) as u16)
	}
	/// The side on which the order rests.
	pub const fn side(self) -> Side {
		if (self.0 >> 96) & 1 == 0 {
			Side::Bid
		} else {
			Side::Ask
		}
	}
	/// The price at which the order rests.
	pub const fn tick(self) -> Ticks {
		Ticks((self.0 >> 64) as u32)
	}
	/// The order's place in time.
	pub const fn sequence(self) -> Sequence {
		Sequence(self.0 as u64)
	}
}

/// What turns ticks and lots of one market into quote units.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct Contract {
	/// Whole quote units that one lot gains when the price rises by one tick; at least 1.
	pub unit: u32,
}

impl Contract {
	/// The exact notional value, in quote units, of `lots` at `price`. The largest product of
	/// the three types is below 2^128, so nothing can overflow.
	pub const fn notional(self, lots: Lots, price: Ticks) -> u128 {
		lots.0 as u128 * (price.0 as u128 * self.unit as u128)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn order_id_says_where_the_order_rests() {
		for side in [Side::Bid, Side::Ask] {
			let sequence = Sequence::new(7, 65_535, 9);
			let id = OrderId::new(MarketId(65_535), side, Ticks(u32::MAX - 1), sequence);
			assert_eq!(id.market(), MarketId(65_535));
			assert_eq!(id.side(), side);
			assert_eq!(id.tick(), Ticks(u32::MAX - 1));
			assert_eq!(id.sequence(), sequence);
			assert_eq!(id.sequence().block(), 7);
		}
	}

	#[test]
	fn an_order_has_one_id() {
		let id = OrderId::new(MarketId::MAX, Side::Ask, Ticks::MAX, Sequence::MAX);
		assert_eq!(OrderId::decode(&mut &id.encode()[..]), Ok(id));
		for bit in OrderId::BITS..128 {
			let alias = (id.0 | 1 << bit).encode();
			assert!(OrderId::decode(&mut &alias[..]).is_err(), "bit {bit}");
		}
	}

	#[test]
	fn sequences_order_by_block_then_extrinsic_then_counter() {
		assert!(Sequence::new(1, 65_535, 65_535) < Sequence::new(2, 0, 0));
		assert!(Sequence::new(1, 1, 65_535) < Sequence::new(1, 2, 0));
		assert_eq!(Sequence::new(1, 2, 0).next(), Sequence::new(1, 2, 1));
	}

	#[test]
	fn the_largest_notional_fits() {
		let contract = Contract { unit: u32::MAX };
		assert!(contract.notional(Lots::MAX, Ticks::MAX) < u128::MAX);
	}
}
