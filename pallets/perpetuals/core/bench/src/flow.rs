//! The files of a LOBSTER sample: messages, and the book that they lead to.
//!
//! A message file has the columns time, type, order id, size, price and direction. A book file has,
//! for each level, the ask's price and size and the bid's; either one row after each message, or
//! rows with the message's number, from zero, in front. Headers are skipped.

use crate::Result;
use breakwater_core::units::Side;
use std::{
	collections::BTreeMap,
	path::{Path, PathBuf},
};

/// What happened on the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
	/// What kind of event.
	pub kind: Kind,
	/// The order's number.
	pub order: u64,
	/// Its size, or the part of it that the event is about.
	pub size: u64,
	/// Its price.
	pub price: u32,
	/// The side of the order that rests.
	pub side: Side,
}

/// The kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
	/// A limit order came to rest.
	New,
	/// A part of it was cancelled.
	Reduced,
	/// The rest of it was cancelled.
	Deleted,
	/// It was executed.
	Executed,
	/// Nothing that shows in the book: executions of hidden orders, crosses, halts.
	Other,
}

/// One level of a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
	/// The side.
	pub side: Side,
	/// The price.
	pub price: u32,
	/// The size.
	pub size: u64,
}

/// The book after a message, best level first.
pub type Row = Vec<Level>;

/// Books by the number of the message after which they are.
pub struct Books {
	/// The rows.
	pub rows: BTreeMap<usize, Row>,
	/// Whether there is one after every message.
	pub every: bool,
}

/// Read a file of messages.
pub fn messages(path: &Path) -> Result<Vec<Message>> {
	rows(path)?.iter().map(|(line, fields)| message(fields).ok_or(bad(path, *line))).collect()
}

/// Read a file of books.
pub fn books(path: &Path) -> Result<Books> {
	let lines = rows(path)?;
	let every = lines.first().is_none_or(|(_, fields)| fields.len() % 4 == 0);
	let mut rows = BTreeMap::new();
	for (n, (line, fields)) in lines.iter().enumerate() {
		let (index, levels) = match fields.split_first() {
			Some((first, rest)) if !every => (*first as usize, rest),
			_ => (n, &fields[..]),
		};
		if levels.len() % 4 != 0 {
			return Err(bad(path, *line));
		}
		rows.insert(index, row(levels).ok_or(bad(path, *line))?);
	}
	Ok(Books { rows, every })
}

/// The samples in the directory that `BREAKWATER_DATA` names: files `lobster_*_messages*` and those
/// that have the same beginning and `_snapshots` or `_book` instead.
pub fn samples() -> Result<Vec<(PathBuf, PathBuf)>> {
	let directory = std::env::var("BREAKWATER_DATA")
		.map_err(|_| "name a file of messages and one of books, or set BREAKWATER_DATA")?;
	let mut names = Vec::new();
	for entry in std::fs::read_dir(&directory).map_err(|e| format!("{directory}: {e}"))? {
		names.push(entry?.file_name().to_string_lossy().into_owned());
	}
	names.sort();
	let partner = |name: &String| {
		let (start, _) = name.strip_prefix("lobster_")?.split_once("_messages")?;
		let book = ["_snapshots", "_book"].map(|kind| format!("lobster_{start}{kind}"));
		names.iter().find(|other| book.iter().any(|book| other.starts_with(book)))
	};
	let place = |name: &String| Path::new(&directory).join(name);
	let pairs: Vec<_> =
		names.iter().filter_map(|name| Some((place(name), place(partner(name)?)))).collect();
	if pairs.is_empty() {
		return Err(
			format!("{directory}: no pair of files lobster_*_messages* and its books").into()
		);
	}
	Ok(pairs)
}

/// The lines of numbers, with their line numbers.
fn rows(path: &Path) -> Result<Vec<(usize, Vec<f64>)>> {
	let missing = |error| format!("cannot read {}: {error}", path.display());
	let text = std::fs::read_to_string(path).map_err(missing)?;
	let mut rows = Vec::new();
	for (line, text) in text.lines().enumerate() {
		let fields: std::result::Result<Vec<f64>, _> =
			text.split(',').map(|field| field.trim().parse::<f64>()).collect();
		match fields {
			Ok(fields) => rows.push((line + 1, fields)),
			Err(_) if line == 0 => {},
			Err(_) => return Err(bad(path, line + 1)),
		}
	}
	Ok(rows)
}

fn bad(path: &Path, line: usize) -> Box<dyn std::error::Error> {
	format!("{}, line {line}: not a row of this kind of file", path.display()).into()
}

fn message(fields: &[f64]) -> Option<Message> {
	let [_, kind, order, size, price, direction] = *fields else { return None };
	let kind = match kind as u8 {
		1 => Kind::New,
		2 => Kind::Reduced,
		3 => Kind::Deleted,
		4 => Kind::Executed,
		_ => Kind::Other,
	};
	let side = if direction > 0.0 { Side::Bid } else { Side::Ask };
	let price = if price >= 0.0 { price as u32 } else { 0 };
	Some(Message { kind, order: order as u64, size: size as u64, price, side })
}

/// Levels that do not exist have no size.
fn row(fields: &[f64]) -> Option<Row> {
	let mut levels = Vec::new();
	for level in fields.chunks_exact(4) {
		let [ask, ask_size, bid, bid_size] = *level else { return None };
		for (side, price, size) in [(Side::Ask, ask, ask_size), (Side::Bid, bid, bid_size)] {
			if size > 0.0 {
				levels.push(Level { side, price: price as u32, size: size as u64 });
			}
		}
	}
	Some(levels)
}

/// The best price of a side in a row.
pub fn best(row: &[Level], side: Side) -> Option<u32> {
	row.iter().find(|level| level.side == side).map(|level| level.price)
}
