//! What a client may ask the runtime without sending a transaction.

use crate::{
	AccountRef, Amount, Balance, Cause, Level, Lots, MarketId, Millis, OpenOrder, Prices, Ticks,
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;

/// One price level of a book.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct DepthLevel {
	/// The price in ticks.
	pub price: Ticks,
	/// The sum of the orders that rest there, in lots.
	pub lots: Lots,
	/// How many orders that is.
	pub orders: u32,
}

/// The best levels of both sides of a book.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Depth {
	/// Bids, the highest first.
	pub bids: Vec<DepthLevel>,
	/// Asks, the lowest first.
	pub asks: Vec<DepthLevel>,
}

/// A market as a trader sees it now.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct MarketStatus {
	/// The level in force, with expired leases left out.
	pub level: Level,
	/// Why; `None` at `Normal`.
	pub cause: Option<Cause>,
	/// When the lease that sets the level ends, in milliseconds of chain time.
	pub until: Millis,
	/// The prices as last computed.
	pub prices: Prices,
	/// The lowest price at which a trade may happen now.
	pub band_low: Ticks,
	/// The highest price at which a trade may happen now.
	pub band_high: Ticks,
	/// Lots held long, which is also the lots held short.
	pub open_interest: Lots,
	/// What the market's insurance fund holds, in quote units.
	pub market_fund: Balance,
	/// What the global insurance fund holds, in quote units.
	pub global_fund: Balance,
}

/// A position as its owner sees it now.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct PositionSummary {
	/// The market.
	pub market: MarketId,
	/// Signed lots.
	pub lots: i64,
	/// Signed notional value paid for them, in quote units.
	pub cost: Amount,
	/// Unrealised profit at the mark price, in quote units.
	pub unrealised: Amount,
	/// The price at which the account would be liquidated if only this market moved; `None` when
	/// no price does that.
	pub liquidation_price: Option<Ticks>,
}

/// An account as its owner sees it now. Amounts are in quote units.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct AccountSummary {
	/// The account's number.
	pub account: AccountRef,
	/// Settled quote balance.
	pub quote: Amount,
	/// Equity at the liquidation prices.
	pub equity: Amount,
	/// Maintenance margin: with less equity the account is liquidated.
	pub maintenance_margin: Balance,
	/// Initial margin with the reserves of resting orders.
	pub initial_margin: Balance,
	/// What may be withdrawn now.
	pub withdrawable: Balance,
	/// Positions.
	pub positions: Vec<PositionSummary>,
	/// Resting orders.
	pub orders: Vec<OpenOrder>,
}

/// The custody account against all claims on it, in quote units.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct CustodyStatus {
	/// What the custody account holds.
	pub held: Balance,
	/// What accounts, funds and pots claim.
	pub claimed: Amount,
}

sp_api::decl_runtime_apis! {
	/// Markets, books and accounts, read without a transaction.
	pub trait BreakwaterApi<AccountId> where AccountId: codec::Codec {
		/// The market now, or `None` when there is none of this number.
		fn market_status(market: MarketId) -> Option<MarketStatus>;
		/// The best `levels` levels of the market's book, 64 at the most.
		fn depth(market: MarketId, levels: u32) -> Depth;
		/// The account of `owner` with sub-account number `sub`, or `None` before its first
		/// deposit.
		fn account_summary(owner: AccountId, sub: u8) -> Option<AccountSummary>;
		/// The custody account against the claims on it.
		fn custody() -> CustodyStatus;
	}
}
