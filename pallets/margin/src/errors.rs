//! Why the clearing house refuses.

use frame_support::pallet_macros::pallet_section;

/// A section of the pallet, which sees what the pallet imports.
#[pallet_section]
mod errors {
	#[pallet::error]
	pub enum Error<T> {
		/// There is no account under this sub-account number; deposit first.
		NoAccount,
		/// Sub-account numbers are lower than this.
		SubAccountOutOfRange,
		/// The amount is zero.
		ZeroAmount,
		/// The amount is too large to be held.
		AmountTooLarge,
		/// The first deposit of an account must be at least the minimum.
		BelowMinimumDeposit,
		/// No account numbers are left.
		AccountsExhausted,
		/// The key may trade but not do this.
		KeyNotPermitted,
		/// The key's time is over; the owner may set a new one.
		KeyExpired,
		/// The key already belongs to an account of this sub-account number.
		KeyInUse,
		/// The time until which the key should be valid has passed.
		KeyInPast,
		/// The account has as many trading keys as it may have; revoke one.
		TooManyKeys,
		/// Only the account's owner may set keys.
		NotOwner,
		/// There is no such market, or its price was never known.
		UnknownMarket,
		/// The market already has risk parameters.
		MarketExists,
		/// The risk parameters contradict each other or exceed what can be computed, or the lowest
		/// maintenance margin is less than twice what the book may move the mark price.
		InvalidRiskTerms,
		/// The market has no price yet.
		NoPrice,
		/// The account's equity does not cover the initial margin of its positions and resting
		/// orders after this.
		InsufficientMargin,
		/// The account has positions or orders in as many markets as it may.
		TooManyPositions,
		/// The account has as many resting orders as it may: 16, and one more for each 10 units of its
		/// quote balance, up to 64.
		TooManyOrders,
		/// Open interest may not grow at the market's present level.
		OpenInterestFrozen,
		/// The market's open interest, or this account's orders, would exceed the cap.
		OpenInterestCap,
		/// A restriction on a market in which the account holds a position or has resting orders, or on
		/// the chain, denies withdrawals now; or such a market collects orders for an auction.
		WithdrawalDenied,
		/// The price of a market in which the account holds a position or has resting orders is stale
		/// or unconfirmed.
		PriceNotUsable,
		/// More than may be withdrawn now: unrealised profit and margin in use stay.
		ExceedsWithdrawable,
		/// An account cannot move collateral to itself.
		SameAccount,
		/// The account still has positions, orders, stop orders or trading keys.
		AccountInUse,
		/// The account has enough equity; there is nothing to liquidate.
		NotLiquidatable,
		/// The account was deleveraged for others lately and still has half its maintenance margin.
		Spared,
		/// No market of the account allows a liquidation now.
		LiquidationDenied,
		/// The book takes nothing at a price that a liquidation may accept.
		NoLiquidity,
		/// Too many accounts wait at the same price for a trigger to be placed.
		TriggersFull,
		// Other collateral.
		/// The asset is not listed as collateral.
		AssetNotListed,
		/// The asset is listed already.
		AssetListed,
		/// As many assets are listed, or are in the account, as may be.
		TooManyAssets,
		/// There is no such asset, or its weights, caps or scale contradict each other or its market.
		InvalidAsset,
		/// The change would let the asset back more; loosening takes the timelock.
		AssetNotTighter,
		/// The change would let the asset back less, or more than a cut under way leaves.
		AssetNotLooser,
		/// The account, or all accounts together, would hold more of the asset than may be.
		AssetCapReached,
		/// The account has less of the asset.
		NotEnoughAsset,
		/// The account's collateral is for sale, since it owes quote: until that is paid nothing may
		/// leave.
		ForSale,
		/// The account's collateral is not for sale.
		NotForSale,
		/// The account owes no more than it may.
		WithinDebtCap,
		/// The sale asks more than you were willing to pay.
		AsksMore,
		/// The position would be worth less than 10 units of the quote asset.
		PositionTooSmall,
		/// The account has more in it than may be removed with it.
		NotDust,
		/// The account was used less than thirty days ago.
		RecentlyUsed,
		/// These are not all trading keys of the account.
		WrongKeys,
		/// Custody has not received as much as this, less what it paid: deficits that nobody paid are
		/// missing in it.
		CustodyExhausted,
		// Risk parameters.
		/// Higher maintenance rates are announced already; they are stopped by lowering, or come into force.
		AlreadyAnnounced,
		/// The change does not tighten all that it changes, or changes nothing.
		NotTighter,
		/// The change does not loosen all that it changes, or changes nothing.
		NotLooser,
		// The vault.
		/// The margin of the vault's positions does not let so much of it go now; claim again when more
		/// of them are closed.
		VaultCommitted,
		/// The vault is closed by the chain alone, never by a call.
		VaultUnwinds,
		// Settlement.
		/// The market is being settled already, or was.
		MarketSettling,
		/// The market is not being settled, or everybody there is paid.
		NotSettling,
		/// It is not known yet what those receive who gained: the accounts are still being visited.
		FactorNotPublished,
		/// The account holds nothing in this market.
		NothingToClaim,
		/// The account holds a position in a market that is being settled; it can withdraw once it is
		/// known what those receive who gained.
		SettlementPending,
	}
}
