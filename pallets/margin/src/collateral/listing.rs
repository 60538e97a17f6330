//! Listing assets and changing their terms, one call for each direction, and their values.

use super::types::{AssetLoosening, AssetTightening, Listing, NewAsset};
use crate::{
	triggers::{trees, Tree},
	Backlog, Config, Error, Event, Listings, Pallet, Risk, WeightInfo,
};
use alloc::vec::Vec;
use breakwater_math::{collateral::WEIGHT_GAP, Cut};
use breakwater_primitives::{AssetId, MarketId, Ppm, Prices, MAX_MARKETS};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{fungibles::Inspect, Get},
	weights::WeightMeter,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_list_asset(new: NewAsset) -> DispatchResult {
		let known = new.market.is_none_or(|market| market.0 < MAX_MARKETS);
		let same_contract = |market| {
			Risk::<T>::get(market).is_none_or(|terms| terms.contract == new.scale.contract)
		};
		let fits = known && new.is_sound() && new.market.is_none_or(same_contract);
		let exists = T::Assets::asset_exists(new.asset) && new.asset != T::CollateralAsset::get();
		ensure!(fits && exists, Error::<T>::InvalidAsset);
		let mut listing = Listing::new(new);
		if let Some(market) = new.market {
			listing.take_price(&Self::prices(market));
		}
		let place = Listings::<T>::try_mutate(|listings| -> Result<usize, Error<T>> {
			let listed = |listing: &Listing| listing.terms.asset == new.asset && !listing.is_dead();
			ensure!(!listings.iter().any(listed), Error::<T>::AssetListed);
			// Its own dead listing first, so that no asset is listed twice.
			let own = listings.iter().position(|listing| listing.terms.asset == new.asset);
			match own.or_else(|| listings.iter().position(Listing::is_dead)) {
				Some(place) => {
					if let Some(dead) = listings.get_mut(place) {
						Self::mark(dead.terms.queue(), place, false);
						*dead = listing;
					}
					Ok(place)
				},
				None => {
					listings.try_push(listing).map_err(|_| Error::<T>::TooManyAssets)?;
					Ok(listings.len() - 1)
				},
			}
		})?;
		Self::mark(new.queue(), place, true);
		Self::deposit_event(Event::AssetListed { terms: new });
		Ok(())
	}

	/// Note on the board that a market's prices value the asset at `place`.
	fn mark(market: MarketId, place: usize, valued: bool) {
		Self::change_board(market, |entry| {
			let bit = 1u8 << (place as u32 % u8::BITS);
			entry.assets = if valued { entry.assets | bit } else { entry.assets & !bit };
		});
	}

	pub(crate) fn do_tighten_asset(asset: AssetId, change: AssetTightening) -> DispatchResult {
		let terms = Self::change_listing(asset, |listing| {
			let terms = &mut listing.terms;
			let account_cap = change.account_cap.unwrap_or(terms.account_cap);
			let total_cap = change.total_cap.unwrap_or(terms.total_cap);
			let initial = change.initial.unwrap_or(terms.initial);
			let tighter = account_cap <= terms.account_cap
				&& total_cap <= terms.total_cap
				&& initial <= terms.initial;
			ensure!(tighter, Error::<T>::AssetNotTighter);
			let account_cap = account_cap.min(total_cap);
			*terms = NewAsset { account_cap, total_cap, initial, ..*terms };
			Ok(*terms)
		})?;
		Self::deposit_event(Event::AssetChanged { terms });
		Ok(())
	}

	/// Announce a lower maintenance weight. For new exposure it counts at once.
	pub(crate) fn do_cut_asset(asset: AssetId, to: Ppm) -> DispatchResult {
		let now = Self::now();
		let (cut, terms) = Self::change_listing(asset, |listing| {
			let lowest = listing.cut.map_or(listing.terms.maintenance, |cut| cut.to);
			ensure!(to < lowest, Error::<T>::AssetNotTighter);
			// A cut under way goes on to the lower weight; its notice has been served.
			let cut = match listing.cut {
				Some(cut) => Cut { to, ..cut },
				None => Cut::announced(listing.terms.maintenance, to, now),
			};
			listing.cut = Some(cut);
			let initial = listing.terms.initial.min(to.saturating_sub(WEIGHT_GAP));
			listing.terms.initial = initial;
			Ok((cut, listing.terms))
		})?;
		Self::deposit_event(Event::AssetCut { asset, from: cut.from, to, begins: cut.begins });
		Self::deposit_event(Event::AssetChanged { terms });
		Ok(())
	}

	pub(crate) fn do_loosen_asset(asset: AssetId, change: AssetLoosening) -> DispatchResult {
		let terms = Self::change_listing(asset, |listing| {
			let terms = listing.terms;
			let new = NewAsset {
				account_cap: change.account_cap.unwrap_or(terms.account_cap),
				total_cap: change.total_cap.unwrap_or(terms.total_cap),
				initial: change.initial.unwrap_or(terms.initial),
				maintenance: change.maintenance.unwrap_or(terms.maintenance),
				..terms
			};
			let looser = new.account_cap >= terms.account_cap
				&& new.total_cap >= terms.total_cap
				&& new.initial >= terms.initial
				&& new.maintenance >= terms.maintenance;
			ensure!(looser, Error::<T>::AssetNotLooser);
			ensure!(new.is_sound(), Error::<T>::InvalidAsset);
			// A weight that is being cut takes no new exposure beyond where it goes.
			if change.maintenance.is_some() {
				listing.cut = None;
			}
			let most = listing.cut.map_or(Ppm::one(), |cut| cut.to.saturating_sub(WEIGHT_GAP));
			ensure!(new.initial <= most, Error::<T>::AssetNotLooser);
			listing.terms = new;
			listing.set_weight(new.maintenance);
			Ok(new)
		})?;
		Self::deposit_event(Event::AssetChanged { terms });
		Ok(())
	}

	/// The prices of a market moved, by which the assets in `mask` are valued. Returns whether a value
	/// fell to a trigger.
	pub(crate) fn revalue(mask: u8, prices: &Prices, meter: &mut WeightMeter) -> bool {
		// Values follow prices even when the meter is empty.
		if meter.try_consume(T::WeightInfo::revalue()).is_err() {
			meter.consume(meter.remaining());
		}
		let mut fallen = Vec::new();
		Listings::<T>::mutate(|listings| {
			for (place, listing) in (0..).zip(listings.iter_mut()) {
				if mask >> place & 1 == 1 && listing.terms.market.is_some() {
					let before = listing.value;
					listing.take_price(prices);
					if listing.value < before {
						fallen.push((Tree::value(place), listing.value.as_ticks()));
					}
				}
			}
		});
		let mut trees = trees::<T>();
		fallen.into_iter().any(|(tree, at)| Self::any_crossed(&mut trees, tree, at))
	}

	/// Go on with cuts of weights; those whom they push under wait for the hooks.
	pub(crate) fn step_cuts() {
		let listings = Listings::<T>::get();
		if listings.iter().all(|listing| listing.cut.is_none()) {
			return;
		}
		let (now, mut stepped) = (Self::now(), listings.clone());
		for listing in stepped.iter_mut() {
			let Some(cut) = listing.cut else { continue };
			let weight = cut.at(now);
			if weight == listing.terms.maintenance {
				continue;
			}
			listing.set_weight(weight);
			let market = listing.terms.queue();
			Backlog::<T>::mutate(|bits| *bits |= 1 << (u32::from(market.0) % 64));
			if weight == cut.to {
				listing.cut = None;
				Self::deposit_event(Event::AssetChanged { terms: listing.terms });
			}
		}
		if stepped != listings {
			Listings::<T>::put(stepped);
		}
	}
}
