//! What the clearing house promises.

mod calls;
mod conservation;
mod funding;
mod ladder;
mod liquidation;
mod premiums;
mod queue;
mod session;
mod vectors;
