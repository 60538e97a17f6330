//! What the pallet stores and shows.

use crate::bucket::Fractions;
use alloc::vec::Vec;
use breakwater_primitives::{Balance, Charges, Millis, Ppm};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;

/// The most notices that a backer has running at once.
pub const MAX_NOTICES: u32 = 8;

/// How much of the global fund may be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct DrawLimits {
	/// By one market.
	pub market: Fractions,
	/// By all markets together.
	pub all: Fractions,
}

impl Default for DrawLimits {
	/// One market: 10 % in an hour, 20 % in a day. All markets: 25 % and 50 %.
	fn default() -> Self {
		Self {
			market: Fractions { hour: Ppm(100_000), day: Ppm(200_000) },
			all: Fractions { hour: Ppm(250_000), day: Ppm(500_000) },
		}
	}
}

/// The fund of a market and what is needed to price its cover, in one item: what a fill pays is
/// known after one read.
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
)]
pub struct MarketFund {
	/// What the fund holds, in quote units. Its market may use it in full.
	pub balance: Balance,
	/// What the market drew from the global fund and has not repaid, in quote units.
	pub owed: Balance,
	/// What the fund should hold, in quote units, at the last review.
	pub target: Balance,
	/// Open interest averaged over 30 days, in quote units.
	pub average: Balance,
	/// The premium of a full fund under the volatility of the last review, in parts per billion.
	pub premium: u32,
	/// What takers pay while something is owed, in parts per billion.
	pub surcharge: u32,
	/// When the market was first reviewed, in milliseconds of chain time; zero before.
	pub since: Millis,
	/// When the market was last reviewed, in milliseconds of chain time; zero before.
	pub reviewed: Millis,
	/// When the fund goes to the global fund because its market is wound down, in milliseconds of
	/// chain time.
	pub closes: Option<Millis>,
}

/// What backers may hold shares of. Each has shares, epochs and notices of its own.
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
pub enum FundClass {
	/// The global fund, which pays what bankrupt accounts lack.
	#[codec(index = 0)]
	Global,
	/// The backstop vault, which takes over positions that the book does not take in time.
	#[codec(index = 1)]
	Vault,
}

impl FundClass {
	/// Both of them.
	pub const ALL: [Self; 2] = [Self::Global, Self::Vault];
}

/// The shares in a fund.
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
)]
pub struct ShareTotals {
	/// Rises by one when a loss leaves the shares without value; shares of earlier epochs are void.
	pub epoch: u32,
	/// Shares of all backers, those under notice among them.
	pub issued: u128,
}

/// Shares that are leaving.
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
pub struct Notice {
	/// How many.
	pub shares: u128,
	/// What they were worth when notice was given, in quote units: they never pay more.
	pub value: Balance,
	/// When they may be claimed, in milliseconds of the active clock.
	pub ready: Millis,
}

/// What one account holds of a fund.
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
pub struct Backer {
	/// The epoch of the shares.
	pub epoch: u32,
	/// Shares not under notice.
	pub shares: u128,
	/// Shares under notice, the oldest first.
	pub notices: BoundedVec<Notice, ConstU32<MAX_NOTICES>>,
}

impl Backer {
	/// All shares, those under notice among them.
	pub fn all_shares(&self) -> u128 {
		let noticed = self.notices.iter().map(|notice| notice.shares);
		noticed.fold(self.shares, u128::saturating_add)
	}
	/// Whether nothing is held.
	pub fn is_empty(&self) -> bool {
		self.shares == 0 && self.notices.is_empty()
	}
}

/// The state of what is done over time.
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
)]
pub struct Upkeep {
	/// The market to review next.
	pub next: u16,
	/// When the next round of reviews begins, in milliseconds of chain time.
	pub due: Millis,
	/// The sum of the targets of all market funds, in quote units.
	pub targets: Balance,
	/// Milliseconds during which the chain was up and not frozen: the clock of notices.
	pub active: Millis,
	/// When that clock was last wound, in milliseconds of chain time; zero before.
	pub wound: Millis,
}

/// A notice as its owner sees it now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct NoticeSummary {
	/// How many shares are leaving.
	pub shares: u128,
	/// What they would pay now, in quote units.
	pub value: Balance,
	/// Milliseconds of the active clock until they may be claimed; zero when they may be.
	pub wait: Millis,
}

/// What an account holds of a fund, as its owner sees it now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct BackerSummary {
	/// Shares not under notice.
	pub shares: u128,
	/// What these are worth now, in quote units.
	pub value: Balance,
	/// Shares under notice, the oldest first.
	pub notices: Vec<NoticeSummary>,
}

/// The insurance of one market, as a trader sees it now. Amounts are in quote units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct CoverSummary {
	/// What the market's own fund holds.
	pub fund: Balance,
	/// What it should hold.
	pub target: Balance,
	/// What the market could draw from the global fund now.
	pub drawable: Balance,
	/// What it drew from the global fund and has not repaid.
	pub owed: Balance,
	/// What fills pay now.
	pub charges: Charges,
	/// When the fund goes to the global fund because its market is wound down, in milliseconds of
	/// chain time.
	pub closes: Option<Millis>,
}
