//! The Breakwater node: Aura authors a block a second, GRANDPA finalises, ParityDB stores, litep2p
//! connects, JSON-RPC serves.
//!
//! ```text
//!  command line ──▶ chain spec ──▶ service ──▶ Aura + GRANDPA ──▶ blocks
//!    (cli,          (presets of      │      └─▶ seal (tests) ──▶ blocks
//!    command)       the runtime)     ├─▶ pool, network, telemetry, Prometheus
//!                                    └─▶ rpc
//! ```
//!
//! A library as well as a binary, so that benchmarks run the very client that a validator runs.

// The errors are those of sc-cli and sc-service, and are made once in the life of a node.
#![allow(clippy::result_large_err)]

pub mod chain_spec;
pub mod check_state;
pub mod cli;
pub mod command;
mod consensus;
pub mod rpc;
pub mod seal;
pub mod service;
