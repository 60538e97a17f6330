//! What traders and governance may call.

use frame_support::pallet_macros::pallet_section;

/// A section of the pallet, which sees what the pallet imports.
#[pallet_section]
mod calls {
	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Create a market.
		///
		/// ## Dispatch Origin
		/// The timelock, after the delay for what adds risk.
		///
		/// ## Errors
		/// - `InvalidSymbol`, `SymbolTaken`, `InvalidContract`, `FeeTooHigh`, `InvalidFeeTiers`,
		///   `RebateTooHigh`, `InvalidSizeBounds`, `InvalidRisk`: see there.
		/// - `TooManyMarkets`: 64 are listed.
		///
		/// ## Events
		/// - `MarketCreated`
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::create_market())]
		pub fn create_market(origin: OriginFor<T>, new: Box<NewMarket>) -> DispatchResult {
			T::ListOrigin::ensure_origin(origin)?;
			Self::do_create_market(&new)?;
			Ok(())
		}

		/// Place an order for the account with sub-account number `sub` of the caller, or of whom
		/// the caller is a trading key.
		///
		/// What crosses the other side of the book trades at once, best price first, at one price
		/// the oldest order first, at the resting orders' prices. Nothing trades outside the band
		/// of prices in force; what would is cancelled. The rest of a limit order rests.
		///
		/// An order that may rest fills 8 resting orders at the most unless its `max_fills` says
		/// otherwise. The fee for as many is reserved, and what was not needed is returned; an order
		/// that is refused pays as much as one that rests.
		///
		/// In an auction, and in a market of frequent batches, orders that may rest are collected and
		/// trade together later, at one price.
		///
		/// An order that does no more than reduce a position is accepted also while opening is
		/// denied, and is reduce-only then.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Errors
		/// - `MarketNotFound`, `InvalidPrice`, `ZeroLots`, `BelowMinimum`, `AboveMaximum`,
		///   `ExpiryInPast`: the order is not one for this market.
		/// - `ActionDenied`, `MarketGuarded`, `MarketReduceOnly`, `MarketInAuction`,
		///   `MarketFrozen`, `MarketSettling`, `MarketClosing`, `PriceNotValid`: denied at present.
		/// - `NothingToReduce`, `PostOnlyWouldTrade`, `PriceOutsideBand`, `FillOrKillUnfilled`:
		///   what the order demands is not possible.
		/// - `DuplicateClient`: another resting order of the account has its client id.
		/// - `BookFull`, and the clearing house's own: unknown account, too many open orders, too
		///   little margin.
		///
		/// ## Events
		/// - `Filled` for each trade, `OrderRemoved` for resting orders that could not trade
		/// - `OrderPlaced` when it rests, `OrderCut` when part of it was cancelled
		#[pallet::call_index(1)]
		#[pallet::weight(
			cost::operation::<T>(&Work::worst_place(order, T::MaxFills::get(), T::MaxRemovals::get()))
		)]
		pub fn place(
			origin: OriginFor<T>,
			sub: u8,
			order: PlaceOrder,
		) -> DispatchResultWithPostInfo {
			let key = ensure_signed(origin)?;
			Desk::<T>::run(&key, sub, |desk| desk.place(&order))
		}

		/// Cancel a resting order of the account. Never denied. An order that trades with nobody any
		/// more may be cancelled by anybody who has an account, who pays nothing for it: one that has
		/// expired, or one that bids more, or asks for less, than trades may give at present.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Errors
		/// - `OrderNotFound`: it does not rest, or no longer.
		/// - `NotYourOrder`: it is another account's.
		///
		/// ## Events
		/// - `OrderCancelled`, or `OrderRemoved` for another's
		#[pallet::call_index(2)]
		#[pallet::weight((
			cost::operation::<T>(&Work::worst_cancel()),
			DispatchClass::Operational,
		))]
		pub fn cancel(origin: OriginFor<T>, sub: u8, id: OrderId) -> DispatchResultWithPostInfo {
			let key = ensure_signed(origin)?;
			Desk::<T>::run(&key, sub, |desk| desk.cancel(id))
		}

		/// Cancel all resting orders of the account, in one market or in all. Never denied.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Events
		/// - `OrderCancelled` for each
		#[pallet::call_index(3)]
		#[pallet::weight((
			cost::operation::<T>(&Work::worst_cancel_all()),
			DispatchClass::Operational,
		))]
		pub fn cancel_all(
			origin: OriginFor<T>,
			sub: u8,
			market: Option<MarketId>,
		) -> DispatchResultWithPostInfo {
			let key = ensure_signed(origin)?;
			Desk::<T>::run(&key, sub, |desk| desk.cancel_all(market))
		}

		/// Place, cancel and replace up to 32 orders, in the order given. All or nothing: the first action
		/// that is refused refuses the batch with its error.
		///
		/// Margin is checked once, at the end. All orders placed must be in one market. Together
		/// they fill as many resting orders as a single order may.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Errors
		/// - `BatchMixesMarkets`: orders are placed in two markets.
		/// - those of `place` and `cancel`
		///
		/// ## Events
		/// - those of `place` and `cancel`
		/// - `OrderReduced` where a replaced order keeps its place in time
		#[pallet::call_index(4)]
		#[pallet::weight(
			cost::operation::<T>(&Work::worst_batch(actions, T::MaxFills::get(), T::MaxRemovals::get()))
		)]
		pub fn batch(
			origin: OriginFor<T>,
			sub: u8,
			actions: BoundedVec<BatchAction, ConstU32<MAX_BATCH>>,
		) -> DispatchResultWithPostInfo {
			let key = ensure_signed(origin)?;
			Desk::<T>::run(&key, sub, |desk| desk.batch(&actions))
		}

		/// Cancel the resting order of the account with this client id. Never denied.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Errors
		/// - `OrderNotFound`: no order with this client id rests, or the id is zero.
		///
		/// ## Events
		/// - `OrderCancelled`
		#[pallet::call_index(5)]
		#[pallet::weight((
			cost::operation::<T>(&Work::worst_cancel()),
			DispatchClass::Operational,
		))]
		pub fn cancel_client(
			origin: OriginFor<T>,
			sub: u8,
			client: ClientId,
		) -> DispatchResultWithPostInfo {
			let key = ensure_signed(origin)?;
			Desk::<T>::run(&key, sub, |desk| desk.cancel_client(client))
		}

		/// Set or renew the dead man's switch of the account: unless this is called again within so
		/// many blocks, all its resting orders are cancelled, up to 7 blocks later, or up to 71 where
		/// thousands of accounts lapse around that block, and more where one block has not the weight
		/// for all that lapse. In the extreme, where some 18,000 accounts wait around the same blocks,
		/// the orders of one that did renew may be cancelled early. Zero switches it off. Stop orders
		/// stay.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Errors
		/// - `SwitchTooFar`: more than 100,000 blocks.
		/// - `SwitchesFull`: too many switches lapse around that block.
		///
		/// ## Events
		/// - `SwitchSet`; when it lapses, `SwitchLapsed` and `OrderRemoved` for each order
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::set_switch(switch::MOST_BINS))]
		pub fn set_switch(
			origin: OriginFor<T>,
			sub: u8,
			blocks: u32,
		) -> DispatchResultWithPostInfo {
			let key = ensure_signed(origin)?;
			let who = T::Clearing::account_of(&key, sub, Permission::Trade)?;
			let actual = match Self::do_set_switch(who, blocks)? {
				0 => T::WeightInfo::renew_switch(),
				bins => T::WeightInfo::set_switch(bins),
			};
			Ok(Some(actual).into())
		}

		/// Let an order wait until the mark price comes to a trigger: a stop loss or a take profit. It
		/// is placed then as if its owner sent it, and may be refused then; nothing is reserved for it
		/// before. An account has 16 at the most. Liquidation and the dead man's switch leave them, and
		/// an account cannot be closed before they are cancelled. Within an auction they wait; they fire
		/// after it.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Errors
		/// - `MarketNotFound`, `InvalidPrice`, `ZeroLots`, `AboveMaximum`: the order is not one for this
		///   market.
		/// - `MarketInAuction`: the order does not rest, and the market trades in frequent batches.
		/// - `StopReached`: the mark price is beyond the trigger already.
		/// - `TooManyStops`, `StopsFull`: there is no room for it.
		///
		/// ## Events
		/// - `StopPlaced`; later `StopFired`, and `StopFailed` or those of `place`
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::place_stop().saturating_add(Looked::MOST_OF_ARMING.weight::<T>()))]
		pub fn place_stop(
			origin: OriginFor<T>,
			sub: u8,
			stop: StopOrder,
		) -> DispatchResultWithPostInfo {
			let key = ensure_signed(origin)?;
			let who = T::Clearing::account_of(&key, sub, Permission::Trade)?;
			let looked = Self::do_place_stop(who, stop)?.weight::<T>();
			Ok(Some(T::WeightInfo::place_stop().saturating_add(looked)).into())
		}

		/// Cancel the stop order in a slot, or all stop orders of the account. Never denied.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Errors
		/// - `StopNotFound`: none waits in this slot.
		///
		/// ## Events
		/// - `StopCancelled` for each
		#[pallet::call_index(8)]
		#[pallet::weight((
			stops::most_of_cancelling::<T>(if slot.is_some() { 1 } else { MAX_STOPS }),
			DispatchClass::Operational,
		))]
		pub fn cancel_stop(
			origin: OriginFor<T>,
			sub: u8,
			slot: Option<u8>,
		) -> DispatchResultWithPostInfo {
			let key = ensure_signed(origin)?;
			let who = T::Clearing::account_of(&key, sub, Permission::Trade)?;
			let (stops, looked) = Self::do_cancel_stop(who, slot)?;
			let moved = T::WeightInfo::cancel_stop(stops.max(1));
			Ok(Some(moved.saturating_add(looked.weight::<T>())).into())
		}

		/// Tighten a market's terms at once: a larger smallest order, a smaller largest one, or only
		/// orders that reduce a position. Resting orders stay, and who has a position gets out whatever
		/// the bounds are: they do not bind an order that closes all of it, nor, but for resting orders
		/// that are too small, one that may only reduce it.
		///
		/// ## Dispatch Origin
		/// The technical committee.
		///
		/// ## Errors
		/// - `MarketNotFound`, `NotTighter`
		/// - `InvalidSizeBounds`: the smallest would be larger than the largest.
		///
		/// ## Events
		/// - `MarketUpdated`
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::tighten_market())]
		pub fn tighten_market(
			origin: OriginFor<T>,
			market: MarketId,
			min_lots: Option<Lots>,
			max_lots: Option<Lots>,
			close: bool,
		) -> DispatchResult {
			T::TightenOrigin::ensure_origin(origin)?;
			Self::do_tighten(market, min_lots, max_lots, close)
		}

		/// Loosen a market's terms: a smaller smallest order, a larger largest one, or opening again.
		///
		/// ## Dispatch Origin
		/// The timelock, after the delay for what adds risk.
		///
		/// ## Errors
		/// - `MarketNotFound`, `NotLooser`
		/// - `InvalidSizeBounds`: orders of 1 lot to 2^40 lots are possible.
		///
		/// ## Events
		/// - `MarketUpdated`
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::loosen_market())]
		pub fn loosen_market(
			origin: OriginFor<T>,
			market: MarketId,
			min_lots: Option<Lots>,
			max_lots: Option<Lots>,
			open: bool,
		) -> DispatchResult {
			T::ListOrigin::ensure_origin(origin)?;
			Self::do_loosen(market, min_lots, max_lots, open)
		}

		/// Change fees, mode or tier of a market.
		///
		/// ## Dispatch Origin
		/// The timelock, after the delay for what neither adds nor denies risk; after that for what adds
		/// risk where the new tier lets funding be higher.
		///
		/// ## Errors
		/// - `MarketNotFound`, `FeeTooHigh`, `InvalidFeeTiers`, `RebateTooHigh`
		///
		/// ## Events
		/// - `MarketUpdated`
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::change_market())]
		pub fn change_market(
			origin: OriginFor<T>,
			market: MarketId,
			change: MarketChange,
		) -> DispatchResult {
			if Self::raises_funding(market, &change) {
				T::ListOrigin::ensure_origin(origin)?;
			} else {
				T::ChangeOrigin::ensure_origin(origin)?;
			}
			Self::do_change(market, change)
		}
	}
}
