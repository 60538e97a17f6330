//! Collateral other than the quote asset.
//!
//! ```text
//!   list, loosen (timelock)   tighten (at once)   cut (an hour's notice, then 1 % a minute)
//!             \                    |                   /
//!              Listings { scale, weights, caps, value Y, held, claimed }  <- price of its market
//!                   |  one read, only for accounts that have such collateral
//!   deposit, withdraw, transfer -> Account.collaterals { asset, amount, threshold on Y }
//!                   |
//!   owes too much -> Sales -> buy_collateral: quote comes in, the asset goes out, the debt shrinks
//! ```
//!
//! **Worth.** For maintenance an amount counts at its asset's published value, the weight times the
//! index; for initial margin and withdrawals at its initial weight times the lower of index and stable
//! price, at nothing while that price is not valid, and a tenth less while the account is long the same
//! underlying. Caps bind what comes in. They do not touch what is there: an amount that stopped
//! counting when a cap is lowered would liquidate people through something on which no trigger waits.
//!
//! **Debt.** Losses are settled in quote, so an account with other collateral may come to owe quote, and
//! winners want it in quote. Once it owes more than half its collateral's worth, or all together owe
//! more than a fifth of what custody holds, or it holds no position any more, its collateral is for
//! sale until it owes nothing. The funds are asked for what is left when the collateral is gone.

mod buying;
mod calls;
mod debts;
mod guard;
mod keys;
mod listing;
pub mod types;
mod worth;

pub(crate) use debts::{note_debt, owed_moved};
pub(crate) use keys::{rearm_values, waiting_value, Valued};
