//! Triggers on the values of other collateral: one for each asset of an account that holds positions.
//!
//! An account without positions needs none. While it owes nothing nothing can happen to it, and where
//! it owes, its collateral is for sale already.

use super::types::{listing_of, Listings};
use crate::{
	session::Loaded,
	triggers::{disarm_one, Tree, Trees},
	types::Collateral,
	Config, Error, Pallet,
};
use breakwater_math::{trigger, Holding, Value};
use breakwater_primitives::{AssetId, MarketId, Ppm, Ticks};

/// An asset in an account with its published value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Valued {
	/// Its place among the listed.
	pub(crate) place: u8,
	pub(crate) asset: AssetId,
	pub(crate) holding: Holding,
	/// Where its trigger waits.
	pub(crate) armed: Option<Value>,
	/// How much its price moves in the square root of a minute.
	pub(crate) volatility: Ppm,
	/// In whose queue its trigger is worked off.
	pub(crate) queue: MarketId,
}

impl Valued {
	/// Its weight when slack is split.
	pub(crate) fn weight(&self) -> u128 {
		trigger::weight_of(&self.holding, self.volatility, self.holding.crossed(self.armed))
	}
}

/// The tree and the place in it where the trigger of an asset in an account waits.
pub(crate) fn waiting_value(listings: &Listings, collateral: &Collateral) -> Option<(Tree, Ticks)> {
	let (place, _) = listing_of(listings, collateral.asset)?;
	Some((Tree::value(place), collateral.armed?.as_ticks()))
}

/// Bring the triggers of the other assets of an account to where they shall wait.
pub(crate) fn rearm_values<T: Config>(
	trees: &mut Trees<T>,
	loaded: &mut Loaded<T::AccountId>,
	listings: &Listings,
	targets: &[(Valued, Option<Value>)],
) -> Result<(), Error<T>> {
	let who = loaded.who;
	let wanted = |asset: AssetId| {
		let target = targets.iter().find(|(one, _)| one.asset == asset);
		target.and_then(|(one, value)| Some((Tree::value(one.place), (*value)?.as_ticks())))
	};
	for was in &loaded.collaterals_before {
		let waited = waiting_value(listings, was);
		if let Some(gone) = waited.filter(|_| waited != wanted(was.asset)) {
			disarm_one::<T>(trees, gone, who);
		}
	}
	let before = loaded.collaterals_before.clone();
	for collateral in loaded.account.collaterals.iter_mut() {
		let was = before.iter().find(|was| was.asset == collateral.asset);
		let waited = was.and_then(|was| waiting_value(listings, was));
		let armed = match wanted(collateral.asset) {
			Some((_, at)) if waited == wanted(collateral.asset) => Some(Value(at.0)),
			Some((tree, at)) => Some(Value(tree.arm::<T>(trees, at, who)?.0)),
			None => None,
		};
		// What is crossed already is left to the hooks.
		let target = targets.iter().find(|(one, _)| one.asset == collateral.asset);
		if let Some((one, _)) = target.filter(|(one, _)| one.holding.crossed(armed)) {
			Pallet::<T>::set_backlog(one.queue, true);
		}
		if collateral.armed != armed {
			collateral.armed = armed;
			loaded.dirty = true;
		}
	}
	Ok(())
}
