//! Prices of a market and how far they may be trusted.

use crate::{MarketId, Millis, Ticks};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::weights::WeightMeter;
use scale_info::TypeInfo;

/// How far a price may be trusted. Each action has its own rule for each state, so that a disputed
/// price does not stop everything.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Validity {
	/// A full quorum of fresh feeds that agree: everything goes on.
	#[codec(index = 0)]
	Valid,
	/// Too few feeds, too much dispersion, or a single source: post-only opens, no withdrawals;
	/// liquidations use the price that is lenient for each side. For ten minutes that has the last
	/// Valid index in it; after that the benefit of the doubt is what one update moves.
	#[codec(index = 1)]
	Degraded,
	/// A jump that waits up to 30 seconds for confirmation: no opens, no withdrawals.
	#[codec(index = 2)]
	Unconfirmed,
	/// Older than the age limit: no opens, no withdrawals, lenient liquidations only.
	#[codec(index = 3)]
	Stale,
	/// No usable price: no liquidation either.
	#[codec(index = 4)]
	#[default]
	Invalid,
}

impl Validity {
	/// Whether positions may be opened: takers need a valid price, post-only orders may also rest
	/// on a degraded one.
	pub const fn allows_open(self, post_only: bool) -> bool {
		match self {
			Validity::Valid => true,
			Validity::Degraded => post_only,
			_ => false,
		}
	}
	/// Whether collateral may be withdrawn by an account that holds a position in the market. Not at a
	/// degraded price, which two feeders can move by a jump: whoever gains by it would leave with what
	/// his losses are worth.
	pub const fn allows_withdrawal(self) -> bool {
		matches!(self, Validity::Valid)
	}
	/// Whether an account may be liquidated at the lenient prices.
	pub const fn allows_liquidation(self) -> bool {
		!matches!(self, Validity::Invalid)
	}
}

/// The prices of a market at one moment, all in ticks.
#[derive(
	Clone,
	Copy,
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
pub struct Prices {
	/// The median of the fresh feeds.
	pub index: Ticks,
	/// The price at which positions are marked: the index, moved by the book within a clamp.
	pub mark: Ticks,
	/// A price that follows the index slowly: used where profit or collateral gives credit.
	pub stable: Ticks,
	/// The price at which longs are examined for liquidation; never below the mark.
	pub long: Ticks,
	/// The price at which shorts are examined for liquidation; never above the mark.
	pub short: Ticks,
	/// How far these prices may be trusted at `at`.
	pub validity: Validity,
	/// Chain time at which the index was computed, in milliseconds.
	pub at: Millis,
	/// The age in milliseconds from which these prices are `Stale`, as the market's own parameters
	/// say; 0 where they say nothing.
	pub age_limit: u32,
}

impl Prices {
	/// The validity at `now`: what was `Valid` decays to `Stale` after the age limit that the prices
	/// carry, or `otherwise` where they carry none, and to `Invalid` after ten minutes, with nobody
	/// acting.
	pub fn validity_at(&self, now: Millis, otherwise: Millis) -> Validity {
		let age = now.saturating_sub(self.at);
		let limit = if self.age_limit == 0 { otherwise } else { self.age_limit.into() };
		if age > 600_000 || self.index.is_zero() {
			Validity::Invalid
		} else if age > limit {
			self.validity.max(Validity::Stale)
		} else {
			self.validity
		}
	}
	/// The price at which a position of `lots` signed lots is examined for liquidation.
	pub const fn lenient(&self, lots: i64) -> Ticks {
		if lots >= 0 {
			self.long
		} else {
			self.short
		}
	}
}

/// Told whenever a market's prices change. Implemented by a tuple in the runtime; the meter bounds
/// what may be done at once, the rest waits for a hook.
#[impl_trait_for_tuples::impl_for_tuples(5)]
pub trait OnPrice {
	/// The prices of `market` are now `prices`.
	fn on_price(market: MarketId, prices: &Prices, meter: &mut WeightMeter);
}

/// The best prices of a book and its last trade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quote {
	/// The best bid, if there is one.
	pub bid: Option<Ticks>,
	/// The best ask, if there is one.
	pub ask: Option<Ticks>,
	/// The price of the last trade, if there was one.
	pub last: Option<Ticks>,
	/// What a clip of the market's size would have received and paid on average, as last sampled from
	/// orders at least two blocks old; nothing while a side is too thin.
	pub impact: Option<(Ticks, Ticks)>,
	/// The price at which an auction under way would trade, whatever the size, if that can be told by
	/// looking at a few hundred orders. Bid and ask say nothing during an auction.
	pub indicative: Option<Ticks>,
}

/// Where the price guard reads the book for the mark price. Implemented by the exchange.
pub trait Quotes {
	/// The quote of `market`.
	fn quote(market: MarketId) -> Quote;
}

impl Quotes for () {
	fn quote(_: MarketId) -> Quote {
		Quote::default()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn validity_decays_with_age_and_never_improves() {
		let valid =
			Prices { index: Ticks(1), at: 1_000, validity: Validity::Valid, ..Default::default() };
		assert_eq!(valid.validity_at(1_000, 10_000), Validity::Valid);
		assert_eq!(valid.validity_at(11_000, 10_000), Validity::Valid);
		assert_eq!(valid.validity_at(11_001, 10_000), Validity::Stale);
		assert_eq!(valid.validity_at(601_001, 10_000), Validity::Invalid);
		assert!(Validity::Valid.allows_withdrawal() && !Validity::Degraded.allows_withdrawal());
		// A clock that lags behind the price does not make it older.
		assert_eq!(valid.validity_at(0, 10_000), Validity::Valid);
		assert_eq!(Prices::default().validity_at(0, 10_000), Validity::Invalid);
	}

	#[test]
	fn prices_grow_old_by_their_own_limit() {
		let thin = Prices {
			index: Ticks(1),
			at: 1_000,
			validity: Validity::Valid,
			age_limit: 60_000,
			..Default::default()
		};
		assert_eq!(thin.validity_at(61_000, 10_000), Validity::Valid);
		assert_eq!(thin.validity_at(61_001, 90_000), Validity::Stale);
	}
}
