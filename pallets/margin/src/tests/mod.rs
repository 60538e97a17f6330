//! What the clearing house promises.

mod calls;
mod collateral;
mod conservation;
mod debts;
mod funding;
mod ladder;
mod liquidation;
mod premiums;
mod queue;
mod session;
