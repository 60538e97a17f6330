//! Why the exchange refuses.

use frame_support::pallet_macros::pallet_section;

/// A section of the pallet, which sees what the pallet imports.
#[pallet_section]
mod errors {
	/// Why a call was refused. A refused call changes nothing.
	#[pallet::error]
	pub enum Error<T> {
		/// There is no market of this number.
		MarketNotFound,
		/// A price is from 1 tick to 4294967295 ticks.
		InvalidPrice,
		/// An order for nothing.
		ZeroLots,
		/// The order is smaller than the market's smallest. An order that may only reduce a position is
		/// taken if it does not rest, or closes the whole position.
		BelowMinimum,
		/// The order is larger than the market's largest. An order that may only reduce a position may
		/// have up to 2^40 lots.
		AboveMaximum,
		/// The order would expire before it is placed. The time is in seconds since the Unix epoch.
		ExpiryInPast,
		/// A reduce-only order needs a position that it reduces.
		NothingToReduce,
		/// A post-only order must not cross the best price of the other side.
		PostOnlyWouldTrade,
		/// The order would rest beyond the prices at which trades may happen at present.
		PriceOutsideBand,
		/// Not all of a fill-or-kill order could be filled at once within its limit.
		FillOrKillUnfilled,
		/// As many orders rest at this price as the book takes.
		BookFull,
		/// The market's price is too old or disputed for orders that open a position. Orders that
		/// only reduce one are accepted.
		PriceNotValid,
		/// A restriction on the market or the chain denies this order.
		ActionDenied,
		/// The market is at level 2, Guarded: positions are opened by limit and post-only orders
		/// only.
		MarketGuarded,
		/// The market is at level 3, ReduceOnly: only post-only orders open positions.
		MarketReduceOnly,
		/// The market is at level 4, Auction, or trades in frequent batches: only orders that may rest are
		/// taken, and none while it trades.
		MarketInAuction,
		/// The market is at level 5, Freeze: nothing trades.
		MarketFrozen,
		/// The market is at level 6, Settle: it is being wound down.
		MarketSettling,
		/// No such order rests; it may have been filled.
		OrderNotFound,
		/// The order belongs to another account, has not expired and may still trade.
		NotYourOrder,
		/// All orders placed by one batch must be in one market. Cancellations may be in any.
		BatchMixesMarkets,
		/// There are as many markets as the chain lists.
		TooManyMarkets,
		/// A symbol has 1 to 16 printable ASCII characters without spaces.
		InvalidSymbol,
		/// Another market has this symbol.
		SymbolTaken,
		/// One tick times one lot must be worth a whole number of quote units, from 1 to
		/// 4294967295: `tick_size / lots_per_unit`, the same in `contract` and in `risk`.
		InvalidContract,
		/// A fee is 10 % at the most.
		FeeTooHigh,
		/// The smallest order must be at least one lot and at most the largest order, which is at
		/// most 2^40 lots.
		InvalidSizeBounds,
		/// The clearing house cannot work with these risk parameters.
		InvalidRisk,
		/// Another resting order of the account has this client id.
		DuplicateClient,
		/// The market takes only orders that reduce a position.
		MarketClosing,
		/// Tiers of fees ascend by volume, and their fees fall.
		InvalidFeeTiers,
		/// A rebate must leave a fifth of the lowest taker's fee to the protocol.
		RebateTooHigh,
		/// This call only makes a market's terms tighter: the smallest order larger, the largest smaller.
		NotTighter,
		/// This call only makes a market's terms looser: the smallest order smaller, the largest larger.
		NotLooser,
		/// An account has 16 stop orders at the most.
		TooManyStops,
		/// Too many stop orders wait near this price; try another trigger.
		StopsFull,
		/// The mark price is beyond the trigger already: place the order itself.
		StopReached,
		/// No stop order waits in this slot.
		StopNotFound,
		/// A switch is set for 100,000 blocks at the most.
		SwitchTooFar,
		/// Too many switches lapse around that block; try some blocks more.
		SwitchesFull,
	}
}
