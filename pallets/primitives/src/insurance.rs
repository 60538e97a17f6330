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
	/// What fills in `market` pay to the funds now.
	fn charges(_market: MarketId) -> Charges {
		Charges::default()
	}
	/// `premium` was taken from opening fills of `market` for its fund, and `surcharge` from takers
	/// to repay the global fund.
	fn charged(_market: MarketId, _premium: Balance, _surcharge: Balance) {}
}

/// What fills pay to the insurance funds, in parts per billion of notional value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Charges {
	/// Of what a fill opens, by an account with a margin ratio of 10 % or more. The clearing house
	/// multiplies by 10 % over the account's ratio after the fill, four at the most.
	pub premium: u32,
	/// Of all that a taker trades, until the market has repaid what it drew from the global fund.
	pub surcharge: u32,
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
