//! The matching core alone, in memory: beside the fastest published order books in Rust, with many
//! resting orders, and on real order flow.
//!
//! ```text
//!   breakwater-book-bench peers  [--rounds N] [--ops N]   one stream through every book
//!   breakwater-book-bench growth [--rounds N] [--ops N]   100, 10,000 and 1,000,000 resting orders
//!   breakwater-book-bench lobster [MESSAGES BOOK] [--reseed N]  replay LOBSTER samples
//! ```
//!
//! Without files, `lobster` replays the samples in the directory that `BREAKWATER_DATA` names.
//! With `--json FILE` the promises go to a file as well. `peers` needs the feature of its name.

#[cfg(any(feature = "peers", test))]
mod contest;
mod engine;
mod flow;
mod growth;
mod numbers;
#[cfg(feature = "peers")]
mod peers;
mod reference;
mod replay;
mod report;
#[cfg(any(feature = "peers", test))]
mod stream;

use clap::{Parser, Subcommand};
use report::Report;
use std::path::PathBuf;

/// Measure the matching core.
#[derive(Debug, Parser)]
#[command(name = "breakwater-book-bench", version, about)]
struct Options {
	/// What to measure.
	#[command(subcommand)]
	what: What,
	/// Write the promises to this file as JSON.
	#[arg(long, global = true)]
	json: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum What {
	/// One seeded stream of orders through the core and through other order books.
	Peers {
		/// How often each book runs the stream, in turns; the median counts.
		#[arg(long, default_value_t = 7)]
		rounds: usize,
		/// Orders, cancels and market orders in the stream.
		#[arg(long, default_value_t = 200_000)]
		ops: usize,
	},
	/// Placing, cancelling and matching with 100, 10,000 and 1,000,000 resting orders.
	Growth {
		/// How often each is measured, in turns; the best counts.
		#[arg(long, default_value_t = 7)]
		rounds: usize,
		/// Operations of each kind.
		#[arg(long, default_value_t = 20_000)]
		ops: usize,
	},
	/// Replay the order flow of a LOBSTER sample and compare the best prices after each message.
	Lobster {
		/// The file of messages.
		#[arg(requires = "book")]
		messages: Option<PathBuf>,
		/// The file of books: one after every message, or snapshots with the message's number.
		book: Option<PathBuf>,
		/// Begin anew from the reference every so many messages; without it, at every snapshot, and
		/// never where there is a book after every message.
		#[arg(long)]
		reseed: Option<usize>,
	},
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
	let options = Options::parse();
	let mut report = Report::default();
	match options.what {
		What::Peers { rounds, ops } => peers(&mut report, rounds, ops)?,
		What::Growth { rounds, ops } => growth::measure(&mut report, rounds, ops),
		What::Lobster { messages, book, reseed } => {
			let pairs = match messages.zip(book) {
				Some(pair) => vec![pair],
				None => flow::samples()?,
			};
			for (messages, book) in pairs {
				replay::run(&mut report, &messages, &book, reseed)?;
			}
		},
	}
	if let Some(path) = &options.json {
		std::fs::write(path, report.json())?;
	}
	Ok(())
}

#[cfg(feature = "peers")]
fn peers(report: &mut Report, rounds: usize, ops: usize) -> Result<()> {
	peers::measure(report, rounds, ops)
}

#[cfg(not(feature = "peers"))]
fn peers(_: &mut Report, _: usize, _: usize) -> Result<()> {
	Err("the other order books are not built in: build with `--features peers`".into())
}
