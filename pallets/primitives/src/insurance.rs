//! The seam between the clearing house and the insurance fund.

use crate::{Balance, MarketId};

/// Takes penalties and covers deficits. All amounts are claims on the custody account: no token
/// moves, the clearing house's ledger and the funds change by the same amount.
pub trait Backstop {
	/// `amount` was taken from a liquidated account of `market`.
	fn penalty(market: MarketId, amount: Balance);
	/// An account of `market` is left with `deficit`. Returns the part that the funds paid: market
	/// fund first, then the global fund.
	fn cover(market: MarketId, deficit: Balance) -> Balance;
	/// The sum of all funds: what insurance claims of the custody account.
	fn total() -> Balance;
}

impl Backstop for () {
	fn penalty(_: MarketId, _: Balance) {}
	fn cover(_: MarketId, _: Balance) -> Balance {
		0
	}
	fn total() -> Balance {
		0
	}
}
