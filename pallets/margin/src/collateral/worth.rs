//! What the collateral of an account in a session is worth.

use super::{
	types::{listing_of, Listing, Listings},
	Valued,
};
use crate::{
	checks::Seen,
	types::{Collateral, Position},
	Config, House, Listings as Stored,
};
use alloc::vec::Vec;
use breakwater_math::{arithmetic::signed, collateral::WRONG_WAY, Holding, Value};
use breakwater_primitives::{api::CollateralSummary, Amount, Balance, Ppm, Ticks, Validity};
use frame_support::traits::Get;

impl<T: Config> House<T> {
	/// All listed assets, read once in a session.
	pub(crate) fn listings(&mut self) -> &Listings {
		self.listings.get_or_insert_with(Stored::<T>::get)
	}

	/// These assets at their published values. Nothing is read where there are none.
	pub(crate) fn valued(&mut self, collaterals: &[Collateral]) -> Vec<Valued> {
		if collaterals.is_empty() {
			return Vec::new();
		}
		let listings = self.listings().clone();
		let valued = collaterals.iter().filter_map(|collateral| {
			let (place, listing) = listing_of(&listings, collateral.asset)?;
			let volatility = listing.terms.market.map(|market| self.board(market).volatility);
			Some(Valued {
				place,
				asset: collateral.asset,
				holding: Holding {
					scale: listing.terms.scale,
					amount: collateral.amount,
					value: listing.value,
				},
				armed: collateral.armed,
				volatility: volatility.unwrap_or_default(),
				queue: listing.terms.queue(),
			})
		});
		valued.collect()
	}

	/// What these assets add to equity.
	pub(crate) fn worth(&mut self, collaterals: &[Collateral]) -> Balance {
		let valued = self.valued(collaterals);
		valued.iter().fold(0, |sum: Balance, one| sum.saturating_add(one.holding.worth()))
	}

	/// The quote balance of a loaded account and what its other collateral is worth.
	pub(crate) fn backing(&mut self, index: usize) -> Amount {
		let account = &self.accounts[index].account;
		let quote = account.quote;
		if account.collaterals.is_empty() {
			return quote;
		}
		let collaterals = account.collaterals.clone();
		quote.saturating_add(signed(self.worth(&collaterals)))
	}

	/// What the collateral of a loaded account would bring at its price, beyond what it counts for.
	pub(crate) fn haircut_of(&mut self, index: usize) -> Balance {
		let collaterals = self.accounts[index].account.collaterals.clone();
		if collaterals.is_empty() {
			return 0;
		}
		let listings = self.listings();
		collaterals.iter().fold(0, |sum: Balance, collateral| {
			let Some((_, listing)) = listing_of(listings, collateral.asset) else { return sum };
			let scale = listing.terms.scale;
			let whole = scale.worth(collateral.amount, Value::of(listing.price, Ppm::one()));
			let counted = scale.worth(collateral.amount, listing.value);
			sum.saturating_add(whole.saturating_sub(counted))
		})
	}

	/// What these assets count for initial margin and withdrawals beside these positions.
	pub(crate) fn initial_worth(
		&mut self,
		collaterals: &[Collateral],
		positions: &[Position],
	) -> Balance {
		if collaterals.is_empty() {
			return 0;
		}
		let listings = self.listings().clone();
		let now = crate::Pallet::<T>::now();
		let mut sum: Balance = 0;
		for collateral in collaterals {
			let Some((_, listing)) = listing_of(&listings, collateral.asset) else { continue };
			let price = self.credited_price(listing, now);
			let weight = match wrong_way(listing, positions) {
				true => Ppm(WRONG_WAY.mul_floor(listing.terms.initial.0.into()) as u32),
				false => listing.terms.initial,
			};
			// What is above the present cap is no longer good for anything new.
			let amount = collateral.amount.min(listing.terms.account_cap);
			let value = Value::of(price, weight).min(listing.value);
			sum = sum.saturating_add(listing.terms.scale.worth(amount, value));
		}
		sum
	}

	/// These assets as their owner sees them.
	pub(crate) fn summaries(
		&mut self,
		collaterals: &[Collateral],
		positions: &[Position],
	) -> Vec<CollateralSummary> {
		let one = |house: &mut Self, collateral: &Collateral| CollateralSummary {
			asset: collateral.asset,
			amount: collateral.amount,
			worth: house.worth(core::slice::from_ref(collateral)),
			initial_worth: house.initial_worth(core::slice::from_ref(collateral), positions),
		};
		collaterals.iter().map(|collateral| one(self, collateral)).collect()
	}

	/// The price at which an asset gives credit: the lower of index and stable price, nothing while it
	/// is not valid.
	fn credited_price(&mut self, listing: &Listing, now: u64) -> Ticks {
		let Some(market) = listing.terms.market else { return listing.terms.ceiling };
		let prices = self.board(market).prices;
		match prices.validity_at(now, T::PriceAgeLimit::get()) {
			Validity::Valid => prices.index.min(prices.stable).min(listing.terms.ceiling),
			_ => Ticks(0),
		}
	}

	/// Initial equity without unrealised profit of a loaded account, as it would be with these other
	/// assets, less the margin that must stay when collateral leaves.
	pub(crate) fn free_with(
		&mut self,
		index: usize,
		collaterals: &[Collateral],
		seen: &[Seen],
	) -> Amount {
		let account = &self.accounts[index].account;
		let (quote, positions) = (account.quote, account.positions.clone());
		let worth = self.initial_worth(collaterals, &positions);
		Self::free(quote.saturating_add(signed(worth)), seen)
	}
}

/// Whether these positions are long what prices the asset, or their bids would make them so.
fn wrong_way(listing: &Listing, positions: &[Position]) -> bool {
	positions.iter().any(|position| {
		Some(position.market) == listing.terms.market
			&& i128::from(position.lots) + i128::from(position.bid.lots.0) > 0
	})
}
