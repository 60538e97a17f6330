//! Margin formulas of the clearing house and the rule that places liquidation triggers; no FRAME.
//!
//! All amounts are exact integers of the quote asset. A position's notional value is one integer
//! (lots times ticks times the contract's unit) from which profit and margin both derive, so the
//! health of an account is monotone in every price and every funding index, step by step. The proof of the trigger rule
//! ([`trigger`]) rests on that, and four things would break it and are therefore forbidden in
//! maintenance: caps on profit, anything that depends on open interest or on a breaker's level,
//! offsets between markets, and prices of an account's own.
//!
//! ```text
//!   terms        brackets -> maintenance mmf(N), initial imf(N)
//!   funding      index of a side -> what a position owes, steps for triggers
//!   collateral   what other assets add to equity, cuts of their weights, their sale
//!   health       legs -> equity E, maintenance margin MM;  liquidatable: E < MM
//!   reserve      position and resting orders -> initial margin with reserves R
//!   liquidation  how much to close, how far from the price, where bankruptcy is
//!   deleveraging whom to close against when the book does not take it
//!   ramp         maintenance rates that are announced and rise step by step
//!   trigger      the price that wakes an account before E < MM
//! ```
//!
//! Requirements are rounded up, credits down.

#![no_std]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod arithmetic;
pub mod collateral;
pub mod deleveraging;
pub mod funding;
pub mod health;
pub mod liquidation;
pub mod position;
pub mod ppm;
pub mod ramp;
pub mod reserve;
pub mod terms;
pub mod trigger;

pub use collateral::{Cut, Holding, Scale, Value};
pub use funding::{Accrual, Step};
pub use health::{Health, Leg};
pub use position::{apply_fill, Applied};
pub use ppm::{Ppm, SignedPpm};
pub use reserve::{Demand, Exposure};
pub use terms::{Bracket, RiskTerms, TermsError};
pub use trigger::Armed;
