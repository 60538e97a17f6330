//! What the clearing house promises.

mod bounds;
mod calls;
mod conservation;
mod deleveraging;
mod draws;
mod funding;
mod ladder;
mod liquidation;
mod nearest;
mod premiums;
mod queue;
mod ramp;
mod session;
mod settlement;
mod settlement_model;
mod vault;
mod vault_model;
