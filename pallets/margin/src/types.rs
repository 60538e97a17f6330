//! What the clearing house stores.

use breakwater_math::{
	reserve::{Exposure, Resting},
	Ppm,
};
use breakwater_primitives::{
	AccountRef, Amount, AssetId, Balance, Lots, MarketId, Millis, OpenOrder, Permission, Prices,
	Side, Ticks,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;

/// The most positions, counting markets with resting orders only, of one account.
pub const MAX_POSITIONS: u32 = 16;
/// The most resting orders of one account.
pub const MAX_ORDERS: u32 = 64;
/// The most trading keys of one account, besides its owner.
pub const MAX_KEYS: u8 = 8;

/// What a key may do, one bit for each [`Permission`].
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
pub struct Permissions(pub u8);

impl Permissions {
	/// Place and cancel orders only.
	pub const TRADE: Self = Self(1 << Permission::Trade as u8);
	/// Everything.
	pub const ALL: Self = Self(1 << Permission::Trade as u8 | 1 << Permission::Withdraw as u8);

	/// Whether `permission` is among them.
	pub const fn contains(self, permission: Permission) -> bool {
		self.0 & 1 << permission as u8 != 0
	}
}

/// What a key of the chain is to an account.
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
pub struct KeyRecord {
	/// The account.
	pub account: AccountRef,
	/// What the key may do.
	pub permissions: Permissions,
	/// Until when, in milliseconds of chain time; zero, which only owners have, means for ever.
	pub until: Millis,
}

impl KeyRecord {
	/// Whether it is the owner's own: only owners may withdraw, and theirs is the only record
	/// without an end.
	pub const fn owns(&self) -> bool {
		self.until == 0
	}
}

/// A market's place in an account: the position and what rests beside it.
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
pub struct Position {
	/// The market.
	pub market: MarketId,
	/// Signed lots.
	pub lots: i64,
	/// Signed notional value paid for them, in quote units.
	pub cost: Amount,
	/// The cumulative funding of the position's side when it was last settled.
	pub funding: Amount,
	/// Resting bids that are not reduce-only.
	pub bid: Resting,
	/// Resting asks that are not reduce-only.
	pub ask: Resting,
	/// The tick at which the position's trigger waits; `None` when no price can make it
	/// liquidatable, or nothing is held.
	pub trigger: Option<Ticks>,
}

impl Position {
	/// The position and what rests beside it, for the reserve.
	pub const fn exposure(&self) -> Exposure {
		Exposure { lots: self.lots, bid: self.bid, ask: self.ask }
	}
	/// The resting orders of a side.
	pub fn resting_mut(&mut self, side: Side) -> &mut Resting {
		match side {
			Side::Bid => &mut self.bid,
			Side::Ask => &mut self.ask,
		}
	}
	/// Whether nothing is held and nothing rests.
	pub const fn is_empty(&self) -> bool {
		self.lots == 0 && self.bid.is_empty() && self.ask.is_empty()
	}
	/// How many lots an order of `side` may close.
	pub const fn closable(&self, side: Side) -> Lots {
		match side {
			Side::Bid if self.lots < 0 => Lots(self.lots.unsigned_abs()),
			Side::Ask if self.lots > 0 => Lots(self.lots.unsigned_abs()),
			_ => Lots::ZERO,
		}
	}
}

/// Positions of one account.
pub type Positions = BoundedVec<Position, ConstU32<MAX_POSITIONS>>;

/// Collateral other than the quote asset.
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
pub struct Collateral {
	/// The asset.
	pub asset: AssetId,
	/// How much, in its smallest unit.
	pub amount: Balance,
}

/// An account: everything that a trader has here, in one item.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Account<AccountId> {
	/// Whose it is.
	pub owner: AccountId,
	/// Which of the owner's sub-accounts.
	pub sub: u8,
	/// Trading keys in force or expired but not revoked.
	pub keys: u8,
	/// Settled quote balance in quote units; negative when losses were more than there was.
	pub quote: Amount,
	/// Collateral other than the quote asset; empty until such an asset is listed.
	pub collaterals: BoundedVec<Collateral, ConstU32<4>>,
	/// Positions.
	pub positions: Positions,
	/// Resting orders over all markets.
	pub orders: BoundedVec<OpenOrder, ConstU32<MAX_ORDERS>>,
}

impl<AccountId> Account<AccountId> {
	/// A new account without anything in it.
	pub fn new(owner: AccountId, sub: u8) -> Self {
		Self {
			owner,
			sub,
			keys: 0,
			quote: 0,
			collaterals: Default::default(),
			positions: Default::default(),
			orders: Default::default(),
		}
	}
	/// Whether any lots are held.
	pub fn holds_lots(&self) -> bool {
		self.positions.iter().any(|position| position.lots != 0)
	}
}

/// The place of `market` among `positions`, empty where it has none.
pub fn position_in(positions: &[Position], market: MarketId) -> Position {
	let found = positions.iter().find(|position| position.market == market);
	found.copied().unwrap_or(Position { market, ..Default::default() })
}

/// What hot code wants to know of a market: prices, funding and margin fractions.
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
pub struct BoardEntry {
	/// The prices as last pushed.
	pub prices: Prices,
	/// Cumulative funding of longs per lot; zero until the market accrues funding.
	pub funding_long: Amount,
	/// Cumulative funding of shorts per lot; zero until the market accrues funding.
	pub funding_short: Amount,
	/// The initial margin fraction of a small position.
	pub initial: Ppm,
	/// The maintenance margin fraction of a small position.
	pub maintenance: Ppm,
}

/// The entries of one shard, by the market's number within it.
pub type Shard = BoundedVec<BoardEntry, ConstU32<32>>;

/// Running totals of a market.
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
pub struct MarketTotals {
	/// Lots held long.
	pub long: Lots,
	/// Lots held short.
	pub short: Lots,
	/// The sum of the costs of all positions, in quote units.
	pub cost: Amount,
}

/// Running totals of all claims on the custody account, in quote units.
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
pub struct Totals {
	/// What came into custody less what went out, counted by the clearing house itself, so that a
	/// gift to the custody account's address changes nothing.
	pub held: Balance,
	/// The sum of the quote balances of all accounts.
	pub quote: Amount,
	/// The sum of the costs of all open positions.
	pub cost: Amount,
	/// Fees taken and not yet distributed.
	pub fees: Balance,
	/// Rounding differences that belong to nobody else.
	pub dust: Balance,
	/// Deficits of closed accounts that no fund paid: a receivable, the sum of `BadDebt`.
	pub bad_debt: Balance,
}

impl Totals {
	/// What accounts, pots and the insurance funds claim of custody. No price is in it, since the
	/// lots of a market sum to zero: `quote - cost + fees + dust + insurance - bad debt`.
	pub fn claims(&self, insurance: Balance) -> Amount {
		let signed = breakwater_math::arithmetic::signed;
		self.quote
			.saturating_sub(self.cost)
			.saturating_add(signed(self.fees))
			.saturating_add(signed(self.dust))
			.saturating_add(signed(insurance))
			.saturating_sub(signed(self.bad_debt))
	}
}
