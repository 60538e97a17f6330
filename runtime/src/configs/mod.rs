//! The configuration of every pallet.
//!
//! `consensus.rs` is what only a solo chain needs; the other files a parachain runtime can share.

pub mod assets;
pub mod consensus;
pub mod convenience;
pub mod exchange;
pub mod governance;
pub mod safety;
pub mod system;
