//! What the clearing house stores.

use crate::nearest::Nearest;
use breakwater_math::{
	funding::FRACTION_BITS,
	reserve::{Exposure, Resting},
	Accrual, Armed, Ppm, Value,
};
use breakwater_primitives::{
	bucket::Bucket, AccountRef, Amount, AssetId, Balance, Lots, MarketId, Millis, OpenOrder,
	Permission, Prices, Side,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;

/// The most positions, counting markets with resting orders only, of one account.
pub const MAX_POSITIONS: u32 = 16;
/// The most resting orders of one account.
pub const MAX_ORDERS: u32 = 64;
/// Resting orders that every account may have, whatever is in it.
const FREE_ORDERS: u32 = 16;
/// Quote units, in the smallest unit, for each resting order more.
const PER_ORDER: u128 = 10_000_000;
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
	/// The cumulative funding of the position's side, per lot, when it was last settled.
	pub funding: Amount,
	/// Resting bids that are not reduce-only.
	pub bid: Resting,
	/// Resting asks that are not reduce-only.
	pub ask: Resting,
	/// Where the position's triggers wait; nowhere when nothing is held.
	pub armed: Armed,
	/// Where it stands on the grid of deleveraging; zero means nowhere. See [`grid_cell`].
	pub cell: u16,
	/// Its boost in tenths when slack is split between the account's prices; zero means one whole. See
	/// [`breakwater_math::trigger::boosted`].
	pub boost: u8,
	/// The account's own limit of leverage in this market; zero means that only the market's counts.
	pub leverage: u16,
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
	pub const fn is_idle(&self) -> bool {
		self.lots == 0 && self.bid.is_empty() && self.ask.is_empty()
	}
	/// Whether there is nothing to remember: idle, and without a limit of leverage.
	pub const fn is_empty(&self) -> bool {
		self.is_idle() && self.leverage == 0
	}
	/// From where to where its funding runs, where the board says `board` of its market.
	pub const fn accrual(&self, board: &BoardEntry) -> Accrual {
		Accrual { since: self.funding, now: board.funding(self.lots) }
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
	/// The published value at which its trigger waits; nowhere while the account holds no position.
	pub armed: Option<Value>,
}

/// Other collateral of one account.
pub type Collaterals = BoundedVec<Collateral, ConstU32<4>>;

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
	/// Collateral other than the quote asset.
	pub collaterals: Collaterals,
	/// Positions.
	pub positions: Positions,
	/// Resting orders over all markets.
	pub orders: BoundedVec<OpenOrder, ConstU32<MAX_ORDERS>>,
	/// What it traded lately.
	pub volume: Volume,
	/// The block in which its liquidation began; zero while it is not under way.
	pub since: u32,
	/// The block in which its liquidation is tried again, after the last attempt closed nothing.
	pub retry: u32,
	/// Where it lost most, while its liquidation is under way.
	pub blamed: Option<Blame>,
	/// Until this block it is not liquidated while it has half its maintenance margin, since it was
	/// deleveraged for others.
	pub spared: u32,
	/// When interest on a negative quote balance was last taken, in seconds of chain time; zero while
	/// nothing is owed.
	pub owes_since: u32,
	/// What is kept for its place in the chain's state, in quote units: given back when it is closed.
	pub deposit: Balance,
	/// The day, since the Unix epoch, on which it last changed.
	pub active: u16,
}

/// The market in which an account that is being liquidated lost most: its funds, and then the side that
/// gained there, pay what the account lacks, also when its position there was closed earlier.
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
pub struct Blame {
	/// The market.
	pub market: MarketId,
	/// Whether it was long there.
	pub long: bool,
	/// What it had lost there when that was most, in quote units; negative for a profit.
	pub lost: Amount,
}

/// Bits of a cell that hold the bucket of the entry price; above them stands the class.
const BUCKET_BITS: u16 = 11;

/// The number of a cell of the grid of deleveraging: class of leverage and bucket of entry price.
pub const fn grid_cell(class: u8, bucket: u16) -> u16 {
	((class as u16) << BUCKET_BITS | bucket) + 1
}

/// The class and the bucket of a cell.
pub const fn grid_place(cell: u16) -> Option<(u8, u16)> {
	match cell.checked_sub(1) {
		Some(cell) => Some(((cell >> BUCKET_BITS) as u8, cell & ((1 << BUCKET_BITS) - 1))),
		None => None,
	}
}

/// Where the next visit goes on among the crossed triggers of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Cursor {
	/// The page: bucket and number in it.
	pub page: (u32, u8),
	/// The place among the crossed triggers of the page.
	pub skip: u16,
}

/// Where the next visit goes on in each tree of a market: two of prices, two of funding, and those of
/// the assets that it values.
pub type Visits = [Option<Cursor>; 12];

/// What liquidations took from a market's book lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Flow {
	/// The block of `in_block` and `examined`.
	pub block: u32,
	/// Notional value closed in that block, in quote units.
	pub in_block: Balance,
	/// Counterparties examined for deleveraging in that block.
	pub examined: u16,
	/// Notional value closed in the last minute.
	pub minute: Bucket,
}

/// Notional value traded in the last 30 days: each day it loses a thirtieth of itself, so that an
/// account that trades the same every day comes to thirty times that, and what is old is forgotten
/// without a list of days.
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
pub struct Volume {
	/// In quote units, as it was on `day`.
	pub sum: Balance,
	/// Days since the Unix epoch when it was last added to.
	pub day: u16,
}

impl Volume {
	/// Days of the window.
	const WINDOW: u128 = 30;
	/// After so many days less than two millionths are left, which counts as nothing.
	const FORGOTTEN: u16 = 390;

	/// As it is on `day`, rounded down.
	pub fn on(&self, day: u16) -> Balance {
		let days = day.saturating_sub(self.day);
		if days >= Self::FORGOTTEN {
			return 0;
		}
		(0..days).fold(self.sum, |sum, _| sum.saturating_sub(sum.div_ceil(Self::WINDOW)))
	}
	/// Add what is traded on `day`.
	pub fn add(&mut self, notional: Balance, day: u16) {
		self.sum = self.on(day).saturating_add(notional);
		self.day = self.day.max(day);
	}
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
			volume: Default::default(),
			since: 0,
			retry: 0,
			blamed: None,
			spared: 0,
			owes_since: 0,
			deposit: 0,
			active: 0,
		}
	}
	/// The resting orders that it may have: what rests costs the chain something, and an order that
	/// only reduces reserves no margin, so accounts with little in them may have fewer. It goes by the
	/// quote balance, which every order has at hand; profit and loss that is not realised does not
	/// count. What the equity allows is for the margin to say.
	pub fn order_limit(&self) -> usize {
		let more = u128::try_from(self.quote).unwrap_or(0) / PER_ORDER;
		more.saturating_add(FREE_ORDERS.into()).min(MAX_ORDERS.into()) as usize
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

/// Whether a market trades.
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
pub enum Stage {
	/// It does, or will again.
	#[default]
	#[codec(index = 0)]
	Trading,
	/// It is being settled, and what winners receive is not known yet: its prices stand.
	#[codec(index = 1)]
	Settling,
	/// It is settled: positions are closed when their account is loaded.
	#[codec(index = 2)]
	Claims,
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
	/// What a lot held long has owed since the market began, in 2^-32 quote units.
	pub funding_long: Amount,
	/// What a lot held short has received since the market began, in 2^-32 quote units.
	pub funding_short: Amount,
	/// The initial margin fraction of a small position.
	pub initial: Ppm,
	/// The maintenance margin fraction of a small position.
	pub maintenance: Ppm,
	/// How much the index moves in the square root of a minute: raises the initial margin of what is
	/// added, never maintenance margin.
	pub volatility: Ppm,
	/// The listed assets that the market's prices value, one bit for each place.
	pub assets: u8,
	/// No trigger of the market is nearer than these.
	pub nearest: Nearest,
	/// Whether higher maintenance rates are announced, by which triggers are armed already.
	pub announced: bool,
	/// Whether the market trades or is being settled.
	pub stage: Stage,
}

impl BoardEntry {
	/// The funding index of the side of a position of `lots` signed lots.
	pub const fn funding(&self, lots: i64) -> Amount {
		if lots >= 0 {
			self.funding_long
		} else {
			self.funding_short
		}
	}
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
	/// The sum of what closing positions realised, in quote units. Both legs of a fill trade the same
	/// value, so this is always the sum of the costs, though it is counted apart.
	pub realised: Amount,
	/// Funding that positions owe and have not settled, less what is owed to them, in 2^-32 quote
	/// units.
	pub pending: Amount,
	/// Funding that was paid less what was received, in quote units. Together with what is pending it
	/// is nothing but the rounding of the payments.
	pub paid: Amount,
}

impl MarketTotals {
	/// What the rounding of funding payments has left over, in 2^-32 quote units.
	pub const fn rounding(&self) -> Amount {
		self.paid.saturating_mul(1 << FRACTION_BITS).saturating_add(self.pending)
	}
	/// Whether the totals agree with each other, as they must after every operation.
	pub const fn agree(&self) -> bool {
		let rounding = self.rounding();
		self.long.0 == self.short.0
			&& self.realised == self.cost
			&& rounding >= 0
			&& rounding < 1 << FRACTION_BITS
	}
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
	/// The sum of what markets were paid in funding and have not passed on.
	pub funding: Amount,
	/// Fees taken and not yet distributed.
	pub fees: Balance,
	/// Rounding differences that belong to nobody else.
	pub dust: Balance,
	/// Deficits of closed accounts that no fund paid: a receivable, the sum of `BadDebt`.
	pub bad_debt: Balance,
	/// The sum of what accounts with a negative quote balance owe; in `quote` with its sign already.
	pub owed: Balance,
	/// What is kept for the accounts' places in the chain's state.
	pub deposits: Balance,
	/// What settlements have been paid and have not passed on; negative where what was lacking has been
	/// credited and the gains that pay for it are still to be claimed.
	pub settlement: Amount,
}

impl Totals {
	/// What accounts, pots and the insurance funds claim of custody. No price is in it, since the
	/// lots of a market sum to zero: `quote - cost + funding + fees + dust + deposits + insurance +
	/// settlement - bad debt`.
	pub fn claims(&self, insurance: Balance) -> Amount {
		let signed = breakwater_math::arithmetic::signed;
		self.quote
			.saturating_sub(self.cost)
			.saturating_add(self.funding)
			.saturating_add(signed(self.fees))
			.saturating_add(signed(self.dust))
			.saturating_add(signed(self.deposits))
			.saturating_add(signed(insurance))
			.saturating_add(self.settlement)
			.saturating_sub(signed(self.bad_debt))
	}
}
