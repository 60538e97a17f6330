//! What a pallet's benchmarks ask of the pallets around it.

use crate::{AssetId, Balance, Level, MarketId, Millis, OrderId, Side, Ticks};
use alloc::vec::Vec;
use breakwater_core::units::Lots;

/// The exchange around the pallet that is measured, set up by the runtime with its real pallets.
///
/// A benchmark begins in the state of the development preset: market 0 is listed, the feeders, the
/// committees and the funds exist, and no price was reported yet. Whatever cannot be set up panics: it is
/// the benchmark that is wrong then.
pub trait Scene<AccountId> {
	/// The quote asset.
	fn quote_asset() -> AssetId;
	/// Another asset, listed as collateral.
	fn other_asset() -> AssetId;
	/// Give `who` so much of an asset, and what his account needs to exist.
	fn mint(asset: AssetId, who: &AccountId, amount: Balance);
	/// List markets until there are `count`, each like market 0 and with the price that the scene gives
	/// it, [`Scene::price`].
	fn markets(count: u16);
	/// The price that `market` has while no other is set.
	fn price(market: MarketId) -> Ticks;
	/// Make this the valid index and mark price of `market`, at the present time and whatever it was.
	fn set_price(market: MarketId, price: Ticks);
	/// Let so much time pass. Prices grow old.
	fn pass(millis: Millis);
	/// The `n`th trader: with ten million of quote deposited in his first sub-account.
	fn trader(n: u32) -> AccountId;
	/// Let an order of `who` rest in the book, and tell its id.
	fn rest(who: &AccountId, market: MarketId, side: Side, price: Ticks, lots: Lots) -> OrderId;
	/// Let `long` buy from `short` at the market's price.
	fn trade(market: MarketId, long: &AccountId, short: &AccountId, lots: Lots);
	/// Restrict a market for an hour.
	fn restrict(market: MarketId, level: Level);
	/// Give the backstop vault ten million of quote, and a position of a million in each of so many
	/// markets, for which it owes funding.
	fn vault(positions: u16);
	/// The prefixes of the clearing house's maps that an operation pays for otherwise: accounts and the
	/// pages and words in which their triggers wait, which it counts, and the terms of risk, which all
	/// operations of a block share.
	fn counted() -> Vec<Vec<u8>>;
}
