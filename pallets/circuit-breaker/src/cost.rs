//! What is charged: benchmarks, made to fit what was really done.

use crate::{weights::WeightInfo, Config};
use breakwater_primitives::{Level, Scope, MAX_MARKETS};
use frame_support::{traits::Get, weights::Weight};

/// What came of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Heard {
	/// Nothing that the window did not know. Another feeder of the block has told it, or the price
	/// stands.
	Nothing,
	/// A price that the window did not know.
	Price,
	/// A level changed, and an incident was written.
	Change,
}

impl Heard {
	/// What it took.
	pub(crate) fn weight<T: Config>(self) -> Weight {
		let price = T::WeightInfo::on_price;
		match self {
			// The window alone is the price's own: what else changes every block changes anyway.
			Self::Nothing => price().saturating_sub(T::DbWeight::get().writes(1)),
			Self::Price => price(),
			Self::Change => T::WeightInfo::trip(),
		}
	}
}

/// What telling the exchange costs when all its markets begin, or end, to collect orders.
pub(crate) fn collecting<T: Config>(scope: Scope, level: Level) -> Weight {
	match scope {
		Scope::Chain if level >= Level::Auction => T::WeightInfo::collect(MAX_MARKETS.into()),
		_ => Weight::zero(),
	}
}
