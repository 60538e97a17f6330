//! What the clearing house promises.

mod bounds;
mod calls;
mod conservation;
mod deleveraging;
mod draws;
mod funding;
mod ladder;
mod liquidation;
mod premiums;
mod queue;
mod session;
