//! Crashes on real prices through the real pallets, and a fuzzer of the whole exchange.
//!
//! ```text
//!   candles -> path, one price a second -> feeders -> PriceGuard -> breaker, clearing house, exchange
//!                                                          ^            |
//!   traders, hedgers, makers ------- orders ---------------'            v
//!                              with each step of the ladder taken away: what it cost, and whom
//! ```
//!
//! [`runtime`] is the exchange without a chain around it: the pallets, parameters and weights of the
//! chain, with what governance does done by Root. [`crash`] runs real prices through it; who trades there
//! is told in [`people`], how candles become prices in [`prices`]. [`fuzz`] sends it whatever can be
//! sent and looks at every invariant.

// The macros of FRAME generate public items that carry no documentation of their own.
#![allow(missing_docs)]

pub mod chain;
pub mod crash;
pub mod fuzz;
pub mod incident;
pub mod outcome;
pub mod people;
pub mod prices;
pub mod random;
pub mod runtime;
pub mod table;
