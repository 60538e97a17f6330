//! What a client may ask the runtime without sending a transaction.

use crate::{
	AccountRef, Amount, AssetId, Balance, Cause, Level, Lots, MarketId, Millis, OpenOrder, OrderId,
	Ppm, Prices, ReferencePrice, Side, SignedPpm, Ticks,
};
use alloc::vec::Vec;
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_runtime::DispatchError;

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
	/// The price at which the account would be liquidated if only this market moved, and other
	/// collateral kept its value; `None` when no price does that.
	pub liquidation_price: Option<Ticks>,
}

/// Collateral other than the quote asset, as its owner sees it now.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct CollateralSummary {
	/// The asset.
	pub asset: AssetId,
	/// How much, in its smallest unit.
	pub amount: Balance,
	/// What it adds to equity, in quote units.
	pub worth: Balance,
	/// What it counts for initial margin and withdrawals, in quote units.
	pub initial_worth: Balance,
}

/// An account as its owner sees it now. Amounts are in quote units.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct AccountSummary {
	/// The account's number.
	pub account: AccountRef,
	/// Settled quote balance.
	pub quote: Amount,
	/// What is kept for the account's place in the chain's state, besides the balance, and paid out when it
	/// is closed.
	pub deposit: Balance,
	/// Equity at the liquidation prices.
	pub equity: Amount,
	/// Maintenance margin: with less equity the account is liquidated.
	pub maintenance_margin: Balance,
	/// Initial margin with the reserves of resting orders.
	pub initial_margin: Balance,
	/// What may be withdrawn now.
	pub withdrawable: Balance,
	/// The value of all positions over the equity, in hundredths, rounded up; `None` where there is no
	/// equity.
	pub leverage: Option<u32>,
	/// Positions.
	pub positions: Vec<PositionSummary>,
	/// Resting orders.
	pub orders: Vec<OpenOrder>,
	/// Collateral other than the quote asset.
	pub collaterals: Vec<CollateralSummary>,
	/// Whether that is for sale, since the account owes quote.
	pub for_sale: bool,
}

/// What a liquidation would do. Amounts are in quote units.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct LiquidationPreview {
	/// Equity at the examined prices.
	pub equity: Amount,
	/// Maintenance margin at them. With less equity the account is liquidated.
	pub maintenance_margin: Balance,
	/// What the funds are asked for first: what the account lacks to zero.
	pub shortfall: Balance,
	/// Blocks since its liquidation began; how much is closed at once grows with them.
	pub age: u32,
	/// Whether what the book does not take is closed against others now.
	pub deleverages: bool,
	/// What would be closed, in this order. Empty for an account with enough equity, and where no market
	/// allows it now.
	pub legs: Vec<LegPreview>,
	/// Equity afterwards, if the book took all of it at the limits.
	pub equity_after: Amount,
	/// Maintenance margin afterwards.
	pub maintenance_after: Balance,
}

/// A position that a liquidation would close, wholly or in part.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct LegPreview {
	/// The market.
	pub market: MarketId,
	/// Signed lots held.
	pub held: i64,
	/// How many of them would be closed now.
	pub lots: Lots,
	/// The price at which the position is examined.
	pub examined: Ticks,
	/// The worst price at which it would be closed into the book.
	pub limit: Ticks,
	/// The price at which the position's share of the equity would be used up.
	pub bankruptcy: Ticks,
	/// The penalty if all of it were closed at the examined price, in quote units: the most that it can be.
	pub penalty: Balance,
}

/// Triggers of a market beyond its prices and funding indices: an upper bound on the accounts that may
/// have to be liquidated.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct BacklogStatus {
	/// Longs that wait for a price, 1,024 at the most.
	pub long_price: u32,
	/// Shorts that wait for a price, 1,024 at the most.
	pub short_price: u32,
	/// Longs that wait for funding, 1,024 at the most.
	pub long_funding: u32,
	/// Shorts that wait for funding, 1,024 at the most.
	pub short_funding: u32,
	/// Whether the next block looks at the market.
	pub listed: bool,
	/// Those that have their turn first, 64 at the most.
	pub accounts: Vec<AccountRef>,
}

/// The maintenance rates of a market, in parts per million of value by bracket, and what is announced.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct MaintenanceStatus {
	/// The rates in force.
	pub rates: [Ppm; 4],
	/// The rates that were announced: they rise towards these.
	pub announced: Option<[Ppm; 4]>,
	/// When that was, in milliseconds of chain time; zero when nothing is announced.
	pub announced_at: Millis,
	/// Whether all positions have been looked at under the announced rates.
	pub swept: bool,
	/// The value of the positions found so far whose accounts would fall, in quote units.
	pub falling: Balance,
	/// With more than this the announcement is dropped, in quote units.
	pub falling_limit: Balance,
	/// Minutes until the rates begin to rise, if all positions have been looked at by then.
	pub notice_minutes: u16,
}

/// The custody account against all claims on it, in quote units.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct CustodyStatus {
	/// What the custody account holds.
	pub held: Balance,
	/// What accounts, funds and pots claim.
	pub claimed: Amount,
}

/// How far the settlement of a market has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum SettlementPhase {
	/// The accounts are visited one by one: losses are taken, deficits and gains summed.
	#[codec(index = 0)]
	Sweeping,
	/// What winners receive is known, and is paid to whoever comes or is visited.
	#[codec(index = 1)]
	Claiming,
	/// Everybody is paid.
	#[codec(index = 2)]
	Done,
}

/// The settlement of a market. Amounts are in quote units.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct SettlementStatus {
	/// The price at which all positions are closed, in ticks.
	pub price: Ticks,
	/// When it began, in milliseconds of chain time.
	pub since: Millis,
	/// How far it has come.
	pub phase: SettlementPhase,
	/// How many accounts have been visited in this phase.
	pub visited: u64,
	/// How many there are to visit.
	pub accounts: u64,
	/// What accounts lacked after their losses, as far as they were visited.
	pub deficits: Balance,
	/// What the insurance funds paid of that.
	pub covered: Balance,
	/// What winners gained, as far as they were visited.
	pub gains: Balance,
	/// What of the gains is paid, to each in proportion: the factor is `paid / gains`. Known from the
	/// phase of claims on.
	pub paid: Balance,
	/// What nobody pays, since the gains are smaller than what lacked.
	pub uncovered: Balance,
	/// Lots of both sides that are still open.
	pub unclaimed: u64,
}

/// An order that rests at a price.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct LevelOrder {
	/// Its id.
	pub id: OrderId,
	/// Whose it is.
	pub account: AccountRef,
	/// What is left of it, in lots.
	pub lots: Lots,
	/// Whether it may only reduce a position.
	pub reduce_only: bool,
	/// When it expires, in seconds since the Unix epoch; 0 means never.
	pub expiry: u32,
}

/// The price at which the orders collected for an auction would trade.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct AuctionPrice {
	/// The price in ticks.
	pub price: Ticks,
	/// What would trade, in lots.
	pub lots: Lots,
	/// What buyers want more than sellers offer at that price, in lots; negative where it is less.
	pub imbalance: i64,
}

/// Funding of a market as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct FundingStatus {
	/// The rate at which longs pay shorts now, for 8 hours, in parts per million; negative where
	/// shorts pay longs.
	pub rate: SignedPpm,
	/// The mean premium of the hour under way so far, in parts per million.
	pub premium: SignedPpm,
	/// How many samples that is the mean of.
	pub samples: u32,
	/// The rate of the next hour, if no more samples came.
	pub next_rate: SignedPpm,
	/// How much of the hour under way is over, in milliseconds in which the market traded.
	pub active: Millis,
	/// What a clip of the market's size received and paid when it was sampled last, in ticks.
	pub impact: Option<(Ticks, Ticks)>,
}

/// A fill of an order that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct DryFill {
	/// The price in ticks.
	pub price: Ticks,
	/// The size in lots.
	pub lots: Lots,
}

/// What an order would do.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct DryRun {
	/// Its fills, in their order.
	pub fills: Vec<DryFill>,
	/// Fees that it would pay for them, in quote units.
	pub fees: Balance,
	/// Premiums and surcharges that it would pay to the insurance funds, in quote units.
	pub insurance: Balance,
	/// The id under which the rest would rest, if it would.
	pub id: Option<OrderId>,
	/// Lots that would rest.
	pub rests: Lots,
	/// The account afterwards.
	pub account: Option<AccountSummary>,
}

/// What the backstop vault did in a market. Amounts are in quote units.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct VaultMarketSummary {
	/// The market.
	pub market: MarketId,
	/// Signed lots that it holds.
	pub lots: i64,
	/// Profit and loss that it realised there since the beginning, with funding.
	pub realised: Amount,
	/// What it lost there lately, at the worse of index and mark.
	pub lost: Balance,
	/// What it may lose there in a day.
	pub budget: Balance,
	/// Notional value that it took over in this minute.
	pub taken: Balance,
	/// Whether it is out of the market.
	pub out: bool,
}

/// The backstop vault as its backers see it now. Amounts are in quote units.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct VaultSummary {
	/// Its account, with positions and orders; `None` before the first who backed it.
	pub account: Option<AccountSummary>,
	/// What it is worth to those who leave, at the worse of index and mark.
	pub low: Balance,
	/// What it is worth to those who come, at the better of index and mark.
	pub high: Balance,
	/// Shares of all backers.
	pub shares: u128,
	/// The epoch of the shares; those of earlier ones are void.
	pub epoch: u32,
	/// Whether the prices of all its positions are valid: otherwise nobody can back it.
	pub priced: bool,
	/// Whether claims wait, seven days after their notice at the most.
	pub claims_wait: bool,
	/// What it lost lately in all markets, at the worse of index and mark.
	pub lost: Balance,
	/// What it may lose in a day in all markets.
	pub budget: Balance,
	/// Markets in which it holds or held something, by number.
	pub markets: Vec<VaultMarketSummary>,
}

/// The insurance of one market. Amounts are in quote units.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct MarketInsurance {
	/// The market.
	pub market: MarketId,
	/// What its own fund holds.
	pub fund: Balance,
	/// What it should hold.
	pub target: Balance,
	/// What the market could draw from the global fund now.
	pub drawable: Balance,
	/// What it drew from the global fund and has not repaid.
	pub owed: Balance,
	/// What opening fills pay now, in parts per billion of notional value.
	pub premium: u32,
	/// What takers pay now, in parts per billion of notional value.
	pub surcharge: u32,
	/// When the fund goes to the global fund because its market is wound down, in milliseconds of
	/// chain time.
	pub closes: Option<Millis>,
}

/// All insurance funds. Amounts are in quote units.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct InsuranceSummary {
	/// What the global fund holds.
	pub global: Balance,
	/// What it should hold.
	pub global_target: Balance,
	/// What all markets together could draw from it now.
	pub drawable: Balance,
	/// The sum of all funds.
	pub total: Balance,
	/// Shares in the global fund of all backers.
	pub shares: u128,
	/// The epoch of the shares; those of earlier ones are void.
	pub epoch: u32,
	/// Whether claims on the global fund wait, seven days after their notice at the most.
	pub claims_wait: bool,
	/// Every market, by number.
	pub markets: Vec<MarketInsurance>,
}

sp_api::decl_runtime_apis! {
	/// Markets, books and accounts, read without a transaction.
	pub trait BreakwaterApi<AccountId, Order>
	where
		AccountId: codec::Codec,
		Order: codec::Codec,
	{
		/// The market now, or `None` when there is none of this number.
		fn market_status(market: MarketId) -> Option<MarketStatus>;
		/// The best `levels` levels of the market's book, 64 at the most.
		fn depth(market: MarketId, levels: u32) -> Depth;
		/// The account of `owner` with sub-account number `sub`, or `None` before its first
		/// deposit.
		fn account_summary(owner: AccountId, sub: u8) -> Option<AccountSummary>;
		/// The orders that rest at a price of a market, oldest first, 256 at the most.
		fn level(market: MarketId, side: Side, price: Ticks) -> Vec<LevelOrder>;
		/// The price at which the orders collected for an auction would trade now; `None` outside
		/// auctions and where nothing would trade.
		fn indicative(market: MarketId) -> Option<AuctionPrice>;
		/// Funding of a market now and in the next hour.
		fn funding(market: MarketId) -> Option<FundingStatus>;
		/// What an order of the account would do now, without doing it: its fills, fees and rest, and
		/// the account afterwards, or why it is refused.
		fn dry_run(owner: AccountId, sub: u8, order: Order) -> Result<DryRun, DispatchError>;
		/// What a liquidation of the owner's account would do now, or at other prices of some markets;
		/// `None` before the first deposit.
		fn liquidation_preview(
			owner: AccountId,
			sub: u8,
			prices: Vec<(MarketId, Ticks)>,
		) -> Option<LiquidationPreview>;
		/// Triggers beyond the prices of a market.
		fn backlog(market: MarketId) -> BacklogStatus;
		/// The maintenance rates of a market and those that are announced.
		fn maintenance(market: MarketId) -> Option<MaintenanceStatus>;
		/// The custody account against the claims on it.
		fn custody() -> CustodyStatus;
		/// The backstop vault: what it is worth, holds, offers, lost and may lose.
		fn vault() -> VaultSummary;
		/// All insurance funds, their targets, and what may be drawn from them.
		fn insurance() -> InsuranceSummary;
		/// The settlement of a market, or `None` where none has begun.
		fn settlement(market: MarketId) -> Option<SettlementStatus>;
		/// The price at which a market would be settled, or `None` where it never had a Valid index.
		fn settlement_price(market: MarketId) -> Option<ReferencePrice>;
	}
}
