//! What the clearing house promises.

mod bounds;
mod calls;
mod collateral;
mod conservation;
mod debts;
mod deleveraging;
mod draws;
mod dust;
mod funding;
mod ladder;
mod liquidation;
mod nearest;
mod premiums;
mod preview;
mod queue;
mod ramp;
mod session;
mod settlement;
mod settlement_model;
mod vault;
mod vault_model;
mod vectors;
