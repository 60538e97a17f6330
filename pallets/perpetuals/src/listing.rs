//! Changing the terms of a market, one call for each direction.

use crate::{
	auction::CLOSING_BLOCKS,
	funding,
	types::{FeeTiers, MarketTerms, Mode, Phase, Status, Tier},
	Config, Error, Event, Hot, Pallet, Terms,
};
use breakwater_primitives::{clearing::Fees, Clearing, Lots, MarketId};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{dispatch::DispatchResult, ensure};
use scale_info::TypeInfo;

/// A change of terms that neither denies nor adds risk. What is `None` stays as it is.
#[derive(
	Clone,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct MarketChange {
	/// Fees of takers and makers.
	pub fees: Option<Fees>,
	/// The fees of those who trade much.
	pub tiers: Option<FeeTiers>,
	/// How the market trades.
	pub mode: Option<Mode>,
	/// How deep and steady the underlying is; it sets the size that funding compares, and its bound.
	pub tier: Option<Tier>,
}

impl<T: Config> Pallet<T> {
	/// Make orders fewer, smaller or only reducing.
	pub(crate) fn do_tighten(
		market: MarketId,
		min_lots: Option<Lots>,
		max_lots: Option<Lots>,
		close: bool,
	) -> DispatchResult {
		Self::change_terms(market, |terms| {
			let raised = min_lots.is_none_or(|lots| lots >= terms.min_lots);
			let lowered = max_lots.is_none_or(|lots| lots <= terms.max_lots);
			ensure!(raised && lowered, Error::<T>::NotTighter);
			terms.min_lots = min_lots.unwrap_or(terms.min_lots);
			terms.max_lots = max_lots.unwrap_or(terms.max_lots);
			if close {
				terms.status = Status::Closing;
			}
			Ok(())
		})
	}

	/// Let orders be more, larger or opening again.
	pub(crate) fn do_loosen(
		market: MarketId,
		min_lots: Option<Lots>,
		max_lots: Option<Lots>,
		open: bool,
	) -> DispatchResult {
		Self::change_terms(market, |terms| {
			let lowered = min_lots.is_none_or(|lots| lots <= terms.min_lots);
			let raised = max_lots.is_none_or(|lots| lots >= terms.max_lots);
			ensure!(raised && lowered, Error::<T>::NotLooser);
			terms.min_lots = min_lots.unwrap_or(terms.min_lots);
			terms.max_lots = max_lots.unwrap_or(terms.max_lots);
			if open {
				terms.status = Status::Open;
			}
			Ok(())
		})
	}

	/// Whether a change lets the funding of a market be higher than it may be now.
	pub(crate) fn raises_funding(market: MarketId, change: &MarketChange) -> bool {
		let (Some(terms), Some(tier)) = (Terms::<T>::get(market), change.tier) else {
			return false;
		};
		let (initial, maintenance) = T::Clearing::base_fractions(market);
		let cap = |tier| funding::cap(tier, initial, maintenance);
		cap(tier) > cap(terms.tier)
	}

	/// Change what is neither.
	pub(crate) fn do_change(market: MarketId, change: MarketChange) -> DispatchResult {
		let before = Terms::<T>::get(market).ok_or(Error::<T>::MarketNotFound)?.mode;
		Self::change_terms(market, |terms| {
			terms.fees = change.fees.unwrap_or(terms.fees);
			terms.tiers = change.tiers.unwrap_or_else(|| terms.tiers.clone());
			terms.mode = change.mode.unwrap_or(terms.mode);
			terms.tier = change.tier.unwrap_or(terms.tier);
			Ok(())
		})?;
		let after = change.mode.unwrap_or(before);
		if after == before {
			return Ok(());
		}
		Self::watch(market, true);
		let mut hot = Hot::<T>::get(market);
		if after == Mode::Continuous && hot.phase == Phase::Continuous {
			// What the last batch collected may cross, and trades first.
			hot.phase = Phase::Closing { blocks: CLOSING_BLOCKS, extensions: 0 };
			Hot::<T>::insert(market, hot);
		}
		Ok(())
	}

	fn change_terms(
		market: MarketId,
		change: impl FnOnce(&mut MarketTerms) -> Result<(), Error<T>>,
	) -> DispatchResult {
		let mut terms = Terms::<T>::get(market).ok_or(Error::<T>::MarketNotFound)?;
		ensure!(!terms.status.is_over(), Error::<T>::MarketSettling);
		change(&mut terms)?;
		terms.validate::<T>()?;
		Terms::<T>::insert(market, &terms);
		Self::deposit_event(Event::MarketUpdated { market, terms });
		Ok(())
	}
}
