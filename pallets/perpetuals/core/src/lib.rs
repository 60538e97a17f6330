//! The matching core of the exchange, without FRAME.
//!
//! An order book is a bitmap tree over buckets of 32 adjacent ticks, and one page of orders per
//! bucket. It is kept in a [`store::Store`] of pages and words, which is the chain's storage behind
//! a write-back cache in the runtime, and plain memory in tests and benchmarks.
//!
//! ```text
//!   tick (32 bits) = 9 + 9 + 9 bits of bitmap words, 5 bits inside a page
//!
//!   level 2      [512 bits]                    one word for each side of a market
//!   level 1      [512 bits] ...                a bit is set where the word below is not empty
//!   level 0      [512 bits] [512 bits] ...     a bit is set where the page is not empty
//!   pages        { (tick, sequence) sorted orders of 32 ticks }, and overflow pages of one tick
//! ```
//!
//! [`book`] places, reduces and removes resting orders, [`view`] reads them, [`matching`] trades them
//! one by one and [`auction`] all at once, and [`trigger`] keeps what waits for a price in the same
//! tree.

#![no_std]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod auction;
pub mod book;
pub mod matching;
pub mod memory;
mod overflow;
pub mod page;
pub mod store;
pub mod tree;
pub mod trigger;
pub mod units;
pub mod view;
mod walk;
