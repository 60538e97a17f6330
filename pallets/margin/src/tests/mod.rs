//! What the clearing house promises.

mod calls;
mod conservation;
mod liquidation;
mod session;
