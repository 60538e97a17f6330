//! What the exchange tells: enough to rebuild its books.

use frame_support::pallet_macros::pallet_section;

/// A section of the pallet, which sees what the pallet imports.
#[pallet_section]
mod events {
	/// What happened. From `OrderPlaced`, `OrderReduced`, `Filled`, `AuctionFilled`,
	/// `OrderRemoved` and `OrderCancelled` the books can be rebuilt.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A market was created.
		MarketCreated {
			/// Its number.
			market: MarketId,
			/// Its symbol.
			symbol: Symbol,
		},
		/// The terms of a market changed.
		MarketUpdated {
			/// The market.
			market: MarketId,
			/// Its terms now.
			terms: MarketTerms,
		},
		/// An order came to rest in the book, with what was not filled at once.
		OrderPlaced {
			/// Its id: market, side, price and place in time.
			id: OrderId,
			/// Whose it is.
			account: AccountRef,
			/// The trader's own number for it; zero means none.
			client: ClientId,
			/// Lots that rest.
			lots: Lots,
			/// Whether it may only reduce a position.
			reduce_only: bool,
			/// When it expires, in seconds since the Unix epoch; 0 means never.
			expiry: u32,
		},
		/// A trade. The maker's order has so many lots less; without lots left it is gone.
		Filled {
			/// The market.
			market: MarketId,
			/// The price, in ticks.
			price: Ticks,
			/// The size, in lots.
			lots: Lots,
			/// Who took.
			taker: AccountRef,
			/// Whether the taker bought (`Bid`) or sold (`Ask`).
			taker_side: Side,
			/// Whose order rested.
			maker: AccountRef,
			/// The order that rested.
			maker_order: OrderId,
		},
		/// What was left of a resting order left the book, although nobody cancelled it.
		OrderRemoved {
			/// The order.
			id: OrderId,
			/// Whose it was.
			account: AccountRef,
			/// Lots that were left.
			lots: Lots,
			/// Why.
			reason: Reason,
		},
		/// A resting order was cancelled by its owner.
		OrderCancelled {
			/// The order.
			id: OrderId,
			/// Whose it was.
			account: AccountRef,
			/// Lots that were left.
			lots: Lots,
		},
		/// Part of a new order, or all of it, was cancelled instead of traded or rested.
		OrderCut {
			/// The market.
			market: MarketId,
			/// Whose order it was.
			account: AccountRef,
			/// The trader's own number for it; zero means none.
			client: ClientId,
			/// Lots that were cancelled.
			lots: Lots,
			/// Why.
			reason: Cut,
		},
		/// A resting order was made smaller and keeps its place in time.
		OrderReduced {
			/// The order.
			id: OrderId,
			/// Whose it is.
			account: AccountRef,
			/// Lots that are left.
			lots: Lots,
		},
		/// The dead man's switch of an account was set, renewed or switched off.
		SwitchSet {
			/// The account.
			account: AccountRef,
			/// The block from which on its orders are cancelled; `None` when it is off.
			lapses: Option<u32>,
		},
		/// The dead man's switch of an account was not renewed: its orders are cancelled.
		SwitchLapsed {
			/// The account.
			account: AccountRef,
			/// How many orders that were.
			orders: u32,
		},
		/// A stop order waits for the mark price.
		StopPlaced {
			/// Whose it is.
			account: AccountRef,
			/// Its slot, by which it is cancelled.
			slot: u8,
			/// The market.
			market: MarketId,
			/// On which side of the trigger it fires.
			when: Crossing,
			/// The mark price at which it fires.
			trigger: Ticks,
		},
		/// A stop order was cancelled by its owner.
		StopCancelled {
			/// Whose it was.
			account: AccountRef,
			/// Its slot.
			slot: u8,
		},
		/// The mark price came to a stop order: its order is placed now.
		StopFired {
			/// Whose it was.
			account: AccountRef,
			/// Its slot.
			slot: u8,
			/// The market.
			market: MarketId,
		},
		/// The order of a stop that fired was refused. The stop is gone.
		StopFailed {
			/// Whose it was.
			account: AccountRef,
			/// Its slot.
			slot: u8,
			/// The market.
			market: MarketId,
			/// Why.
			error: DispatchError,
		},
		/// The funding of the market's next hour.
		FundingRate {
			/// The market.
			market: MarketId,
			/// The mean premium of the hour before, in parts per million.
			premium: SignedPpm,
			/// What longs pay shorts for 8 hours, in parts per million of notional value; negative
			/// where shorts pay.
			rate: SignedPpm,
		},
		/// Orders of the market are collected for an auction from now on.
		AuctionBegan {
			/// The market.
			market: MarketId,
		},
		/// The auction would have traded too far from the index, and goes on.
		AuctionExtended {
			/// The market.
			market: MarketId,
			/// The price at which it would have traded.
			price: Ticks,
			/// How often it was extended, with this time.
			extensions: u8,
			/// When it may end at the earliest, in milliseconds of chain time.
			until: Millis,
		},
		/// The orders collected for an auction, or a batch, trade at this price now.
		AuctionPriced {
			/// The market.
			market: MarketId,
			/// The price of every trade.
			price: Ticks,
			/// What would trade if everybody can carry it, in lots.
			lots: Lots,
			/// What the bids that would trade want more than the asks offer, in lots; negative where
			/// the asks are more.
			imbalance: i64,
			/// Whether every order that matters was looked at. If not, another price might trade more.
			complete: bool,
		},
		/// A trade of an auction. Both orders rested, and each has so many lots less; without lots left
		/// it is gone.
		AuctionFilled {
			/// The market.
			market: MarketId,
			/// The price, which is that of every trade of the auction.
			price: Ticks,
			/// The size, in lots.
			lots: Lots,
			/// The order that buys.
			bid: OrderId,
			/// Who buys.
			buyer: AccountRef,
			/// The order that sells.
			ask: OrderId,
			/// Who sells.
			seller: AccountRef,
		},
		/// An auction has traded all that it could at its price; orders are matched again, or the next
		/// batch collected.
		AuctionEnded {
			/// The market.
			market: MarketId,
			/// Its price; zero where nothing crossed.
			price: Ticks,
		},
		// Settlement.
		/// A market is settled: nothing trades there again, and its orders and stops are cancelled.
		MarketSettling {
			/// The market.
			market: MarketId,
		},
		/// A settled market is empty and everybody is paid.
		MarketClosed {
			/// The market.
			market: MarketId,
		},
	}
}
