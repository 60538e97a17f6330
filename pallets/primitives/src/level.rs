//! Levels of restriction, what each denies, and the seams to the circuit breaker.

use crate::{MarketId, Millis, Ppm, Ticks};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// How far a market or the chain is restricted, from 0 to 6.
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
	Serialize,
	Deserialize,
)]
pub enum Level {
	/// 0: no restriction.
	#[default]
	#[codec(index = 0)]
	Normal,
	/// 1: initial margin x1.25 on added exposure; post-only orders are free of it.
	#[codec(index = 1)]
	Watch,
	/// 2: limit and post-only orders only, leverage halved, open interest frozen.
	#[codec(index = 2)]
	Guarded,
	/// 3: makers only. Post-only orders at twice the initial margin may open, so that those who
	/// reduce find a counterparty; everyone else may only reduce.
	#[codec(index = 3)]
	ReduceOnly,
	/// 4: trading is collected for one auction; cancelling and topping up go on.
	#[codec(index = 4)]
	Auction,
	/// 5: no trading and no liquidation in this market; cancelling and topping up go on.
	#[codec(index = 5)]
	Freeze,
	/// 6: the market is being wound down; positions are settled and claimed.
	#[codec(index = 6)]
	Settle,
}

/// What somebody wants to do; asked of a [`GateView`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Action {
	/// Add exposure with an order that may take at any price: market, immediate-or-cancel,
	/// fill-or-kill.
	OpenMarket = 0,
	/// Add exposure with a limit order that may trade at once.
	OpenLimit = 1,
	/// Add exposure with an order that only rests.
	OpenPostOnly = 2,
	/// Reduce a position.
	Reduce = 3,
	/// Cancel a resting order.
	Cancel = 4,
	/// Add collateral.
	TopUp = 5,
	/// Withdraw collateral.
	Withdraw = 6,
	/// Close an under-margined position.
	Liquidate = 7,
}

/// A set of denied actions.
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
pub struct Denied(pub u16);

impl Denied {
	/// The set with `actions` in it.
	pub const fn of(actions: &[Action]) -> Self {
		let mut bits = 0;
		let mut i = 0;
		while i < actions.len() {
			bits |= 1 << actions[i] as u8;
			i += 1;
		}
		Self(bits)
	}
	/// What either set denies.
	pub const fn union(self, other: Self) -> Self {
		Self(self.0 | other.0)
	}
	/// Whether `action` is denied.
	pub const fn contains(self, action: Action) -> bool {
		self.0 & (1 << action as u8) != 0
	}
	/// Whether everything that `other` denies is denied.
	pub const fn covers(self, other: Self) -> bool {
		self.0 | other.0 == self.0
	}
}

impl Level {
	/// Every level, from the loosest to the tightest.
	pub const ALL: [Level; 7] = [
		Level::Normal,
		Level::Watch,
		Level::Guarded,
		Level::ReduceOnly,
		Level::Auction,
		Level::Freeze,
		Level::Settle,
	];

	/// What the level denies. Cancelling and adding collateral are never denied. A level denies
	/// whatever a looser one denies, but that an auction collects what may rest: nothing trades
	/// before its uncross, so an order that opens hurts nobody there.
	pub const fn denied(self) -> Denied {
		use Action::*;
		match self {
			Level::Normal | Level::Watch => Denied(0),
			Level::Guarded => Denied::of(&[OpenMarket]),
			Level::ReduceOnly => Denied::of(&[OpenMarket, OpenLimit]),
			// Nothing trades before the uncross, so a liquidation finds nobody in the book. The clearing
			// house closes bankrupt accounts against those who gained all the same.
			Level::Auction => Denied::of(&[OpenMarket, Withdraw, Liquidate]),
			Level::Freeze | Level::Settle => {
				Denied::of(&[OpenMarket, OpenLimit, OpenPostOnly, Reduce, Withdraw, Liquidate])
			},
		}
	}
	/// The factor on the initial margin of added exposure.
	pub const fn initial_margin_factor(self, post_only: bool) -> Ppm {
		match (self, post_only) {
			(Level::Normal, _) | (Level::Watch, true) => Ppm(1_000_000),
			(Level::Watch, false) => Ppm(1_250_000),
			_ => Ppm(2_000_000),
		}
	}
	/// Whether open interest may not grow: an operation that would let it grow is refused, and of two
	/// orders of an auction or a batch that would both open the younger is removed. At `ReduceOnly` a
	/// maker's fill opens no more than the other side closes.
	pub const fn open_interest_frozen(self) -> bool {
		!matches!(self, Level::Normal | Level::Watch)
	}
}

/// Why a restriction exists.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Cause {
	/// Detector number `n` (1 is D1, the price band).
	#[codec(index = 0)]
	Detector(u8),
	/// Observers reported an anomaly.
	#[codec(index = 1)]
	Observers,
	/// One member of the technical committee.
	#[codec(index = 2)]
	Member,
	/// The technical committee, with this number of ayes.
	#[codec(index = 3)]
	Committee(u32),
	/// The council, through the timelock.
	#[codec(index = 4)]
	Council,
	/// The chain-wide safe mode.
	#[codec(index = 5)]
	SafeMode,
	/// Anybody, after a market stood at level 5 for seven days.
	#[codec(index = 20)]
	Anyone,
}

/// What a restriction or an incident is about.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Scope {
	/// Everything.
	#[codec(index = 0)]
	Chain,
	/// One market.
	#[codec(index = 1)]
	Market(MarketId),
}

/// The prices between which trades may happen at present.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Band {
	/// The lowest price of a trade.
	pub low: Ticks,
	/// The highest price of a trade.
	pub high: Ticks,
}

impl Default for Band {
	/// No restriction.
	fn default() -> Self {
		Self { low: Ticks(1), high: Ticks::MAX }
	}
}

impl Band {
	/// `price` moved into the band.
	pub fn clamp(&self, price: Ticks) -> Ticks {
		Ticks(price.0.clamp(self.low.0, self.high.0.max(self.low.0)))
	}
}

/// The restriction in force on one market, with the chain's merged in: one read, then free to ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GateView {
	/// The level in force.
	pub level: Level,
	/// What is denied: by the lease that sets the level, or by any other.
	pub denied: Denied,
	/// Where trades may happen.
	pub band: Band,
	/// Why, of the lease that sets the level; `None` at `Normal`.
	pub cause: Option<Cause>,
	/// When that lease ends, in milliseconds of chain time.
	pub until: Millis,
	/// The tightest looser lease that denies something which the level in force does not: an
	/// auction collects orders that `ReduceOnly` refuses.
	pub beneath: Option<Restriction>,
}

/// A refusal, with the lease that refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restriction {
	/// The level in force.
	pub level: Level,
	/// Why.
	pub cause: Option<Cause>,
	/// When the refusing lease ends.
	pub until: Millis,
}

impl GateView {
	/// Whether `action` is allowed now; otherwise the lease that refuses it.
	pub const fn allows(&self, action: Action) -> Result<(), Restriction> {
		if !self.denied.contains(action) {
			return Ok(());
		}
		match self.beneath {
			Some(lease) if !self.level.denied().contains(action) => Err(lease),
			_ => Err(Restriction { level: self.level, cause: self.cause, until: self.until }),
		}
	}
}

/// May I? One storage read answers for a market; expiry is evaluated on that read.
pub trait Gate {
	/// The restriction in force on `market` now.
	fn view(market: MarketId) -> GateView;
	/// The restriction in force on the whole chain now: for what belongs to no market, such as a
	/// withdrawal from an account without positions.
	fn chain() -> GateView {
		GateView::default()
	}
}

impl Gate for () {
	fn view(_: MarketId) -> GateView {
		GateView::default()
	}
}

/// What happened in one extrinsic or hook, told once with the sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
	/// Trades between `low` and `high`, of this notional value in quote units.
	Traded {
		/// The lowest price traded.
		low: Ticks,
		/// The highest price traded.
		high: Ticks,
		/// The notional value in quote units.
		notional: u128,
	},
	/// An order wanted to trade beyond the band and was cut there.
	BandReached {
		/// The price at which it would have traded next.
		wanted: Ticks,
	},
	/// A position was liquidated for this notional value in quote units.
	Liquidated {
		/// The notional value in quote units.
		notional: u128,
	},
	/// Insurance paid this amount in quote units for the market.
	Covered {
		/// The amount in quote units.
		amount: u128,
	},
	/// A running total disagrees with the ledger: the market is quarantined.
	InvariantBroken,
	/// The market is being settled, and what its winners receive is known: `paid` of `gains`.
	FactorPublished {
		/// The price of the settlement.
		price: Ticks,
		/// What the winners gained, in quote units.
		gains: u128,
		/// What of it is paid, in quote units.
		paid: u128,
	},
}

/// This happened. Implemented by the circuit breaker; it may restrict the market at once.
pub trait Observe {
	/// `observation` happened in `market`.
	fn observe(market: MarketId, observation: &Observation);
	/// `observation` is about the chain and no single market.
	fn observe_chain(_observation: &Observation) {}
}

impl Observe for () {
	fn observe(_: MarketId, _: &Observation) {}
}

/// Turns trading into an auction. Implemented by the exchange, told by the circuit breaker, and left
/// when [`Gate`] no longer answers `Auction` or tighter.
pub trait Auctions {
	/// Nothing may be matched in `scope` until `until`: from now on orders are collected, and before
	/// continuous trading goes on they trade in one uncross. Told whenever such a restriction begins,
	/// is prolonged, or ends before its time.
	fn collect(scope: Scope, until: Millis);
}

impl Auctions for () {
	fn collect(_: Scope, _: Millis) {}
}

/// Told with each completed minute how much a market's index moves. Implemented by the clearing house,
/// told by the circuit breaker.
pub trait OnVolatility {
	/// The index of `market` moves by `sigma` in the square root of a minute.
	fn on_volatility(market: MarketId, sigma: Ppm);
}

impl OnVolatility for () {
	fn on_volatility(_: MarketId, _: Ppm) {}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_tighter_level_denies_whatever_a_looser_one_denies() {
		for pair in Level::ALL.windows(2) {
			let (loose, tight) = (pair[0].denied(), pair[1].denied());
			let collected = Denied::of(&[Action::OpenLimit]);
			let looser =
				if pair[1] == Level::Auction { Denied(loose.0 & !collected.0) } else { loose };
			assert_eq!(tight.union(looser), tight, "{pair:?}");
			for post_only in [false, true] {
				assert!(
					pair[0].initial_margin_factor(post_only).0
						<= pair[1].initial_margin_factor(post_only).0
				);
			}
		}
	}

	#[test]
	fn a_refusal_names_the_lease_that_refuses() {
		let beneath = Restriction { level: Level::ReduceOnly, cause: None, until: 7 };
		let view = GateView {
			level: Level::Auction,
			denied: Level::Auction.denied().union(Level::ReduceOnly.denied()),
			until: 9,
			beneath: Some(beneath),
			..Default::default()
		};
		assert_eq!(view.allows(Action::OpenLimit), Err(beneath));
		assert_eq!(view.allows(Action::Withdraw).map_err(|r| r.until), Err(9));
		assert_eq!(view.allows(Action::OpenPostOnly), Ok(()));
		assert!(view.denied.covers(Level::ReduceOnly.denied()));
		assert!(!Level::Auction.denied().covers(Level::ReduceOnly.denied()));
	}

	#[test]
	fn the_exits_are_never_denied() {
		for level in Level::ALL {
			assert!(!level.denied().contains(Action::Cancel));
			assert!(!level.denied().contains(Action::TopUp));
		}
		assert!(!Level::ReduceOnly.denied().contains(Action::Reduce));
		assert!(!Level::ReduceOnly.denied().contains(Action::OpenPostOnly));
		assert!(!Level::ReduceOnly.denied().contains(Action::Liquidate));
	}
}
