//! What the clearing house promises.

mod calls;
mod conservation;
mod funding;
mod liquidation;
mod session;
