//! Reading markets and books without a transaction.

use crate::{
	books::Books,
	desk::Desk,
	order::{PlaceOrder, RestingOrder},
	stops::Waiting,
	types::MarketInfo,
	Config, Hot, Pallet, Stops,
};
use alloc::vec::Vec;
use breakwater_core::book;
use breakwater_primitives::{
	api::{AccountSummary, AuctionPrice, Depth, DepthLevel, DryRun, LevelOrder},
	AccountRef, Balance, Clearing, MarketId, OpenOrder, Permission, Session, Side, Ticks,
};
use frame_support::{pallet_prelude::DispatchError, storage::with_transaction};
use sp_runtime::TransactionOutcome;

/// The most levels of a side that a view returns.
pub const MAX_LEVELS: u32 = 64;
/// The most orders of a side that a view of its depth looks at.
const MAX_DEPTH_ORDERS: u32 = 16_384;
/// The most orders of one price that a view returns.
const MAX_LEVEL_ORDERS: usize = 256;
/// The most orders that a view looks at for the price of an auction.
const MAX_VIEW_ORDERS: u32 = 100_000;

impl<T: Config> Pallet<T> {
	/// The best `levels` levels of both sides of a book, 64 at the most, as far as the first 16,384
	/// orders of a side go.
	pub fn book_depth(market: MarketId, levels: u32) -> Depth {
		let mut books = Books::<T>::new();
		let mut side = |side| -> Vec<DepthLevel> {
			book::depth(
				books.store(),
				market,
				side,
				levels.min(MAX_LEVELS) as usize,
				MAX_DEPTH_ORDERS,
			)
			.into_iter()
			.map(|level| DepthLevel { price: level.price, lots: level.lots, orders: level.orders })
			.collect()
		};
		Depth { bids: side(Side::Bid), asks: side(Side::Ask) }
	}

	/// The orders that rest at a price, oldest first.
	pub fn level_orders(market: MarketId, side: Side, price: Ticks) -> Vec<LevelOrder> {
		let mut books = Books::<T>::new();
		let orders = book::level(books.store(), market, side, price, MAX_LEVEL_ORDERS);
		let described = orders.into_iter().map(|(id, resting)| LevelOrder {
			id,
			account: resting.owner,
			lots: resting.lots,
			reduce_only: resting.reduce_only(),
			expiry: resting.expiry,
		});
		described.collect()
	}

	/// The price at which an auction would trade now.
	pub fn indicative_price(market: MarketId) -> Option<AuctionPrice> {
		let found = Self::indicative_of(market, MAX_VIEW_ORDERS)?;
		Some(AuctionPrice { price: found.price, lots: found.lots, imbalance: found.imbalance })
	}

	/// What an order of `key` would do now; `after` is asked, while it is done, for the account and for
	/// what it paid to the insurance funds. All of it is undone.
	pub fn run_dry(
		key: &T::AccountId,
		sub: u8,
		order: &PlaceOrder,
		after: impl FnOnce() -> (Option<AccountSummary>, Balance),
	) -> Result<DryRun, DispatchError> {
		with_transaction(|| {
			let outcome = Desk::<T>::try_place(key, sub, order);
			let run = outcome.map(|run| {
				let (account, insurance) = after();
				DryRun { account, insurance, ..run }
			});
			TransactionOutcome::Rollback(run)
		})
	}

	/// The stop orders of the account that `key` may use under `sub`.
	pub fn stops_of_key(key: &T::AccountId, sub: u8) -> Vec<Waiting> {
		T::Clearing::account_of(key, sub, Permission::Trade)
			.map(|who| Stops::<T>::get(who).into_inner())
			.unwrap_or_default()
	}

	/// All markets, with their terms, best prices and flow.
	pub fn list_markets() -> Vec<MarketInfo> {
		Self::markets()
			.map(|(market, terms)| MarketInfo { market, terms, hot: Hot::<T>::get(market) })
			.collect()
	}

	/// The resting orders of the account that `key` may use under `sub`.
	pub fn orders_of_key(key: &T::AccountId, sub: u8) -> Vec<RestingOrder> {
		T::Clearing::account_of(key, sub, Permission::Trade)
			.map(Self::orders_of)
			.unwrap_or_default()
	}

	/// The resting orders of an account.
	pub fn orders_of(account: AccountRef) -> Vec<RestingOrder> {
		let mut session = T::Clearing::session();
		if session.load(account).is_err() {
			return Vec::new();
		}
		let mut books = Books::<T>::new();
		let mut describe = |order: &OpenOrder| {
			let resting = book::find(books.store(), order.id)?;
			Some(RestingOrder {
				id: order.id,
				client: order.client,
				lots: resting.lots,
				reduce_only: resting.reduce_only(),
				expiry: resting.expiry,
			})
		};
		session.orders(account).iter().filter_map(&mut describe).collect()
	}
}
