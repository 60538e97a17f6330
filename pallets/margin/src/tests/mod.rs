//! What the clearing house promises.

mod calls;
mod conservation;
mod funding;
mod ladder;
mod liquidation;
mod queue;
mod session;
