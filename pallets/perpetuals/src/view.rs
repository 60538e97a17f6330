//! Reading markets and books without a transaction.

use crate::{
	books::Books,
	types::{MarketInfo, RestingOrder},
	Config, Hot, Pallet,
};
use alloc::vec::Vec;
use breakwater_core::book;
use breakwater_primitives::{
	api::{Depth, DepthLevel},
	AccountRef, Clearing, MarketId, OpenOrder, Permission, Session, Side,
};

/// The most levels of a side that a view returns.
pub const MAX_LEVELS: u32 = 64;

impl<T: Config> Pallet<T> {
	/// The best `levels` levels of both sides of a book, 64 at the most.
	pub fn book_depth(market: MarketId, levels: u32) -> Depth {
		let mut books = Books::<T>::new();
		let mut side = |side| -> Vec<DepthLevel> {
			book::depth(books.store(), market, side, levels.min(MAX_LEVELS) as usize)
				.into_iter()
				.map(|level| DepthLevel {
					price: level.price,
					lots: level.lots,
					orders: level.orders,
				})
				.collect()
		};
		Depth { bids: side(Side::Bid), asks: side(Side::Ask) }
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
