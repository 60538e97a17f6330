//! Minute candles and the path through them.
//!
//! A candle says where the price was, not when. The path goes from the open to one extreme, from there
//! to the other, and to the close, each in a third of the minute and in a straight line, one price a
//! second: open, low, high, close where the close is not below the open, and open, high, low, close
//! where it is. Real prices turn more often and jump more within a second.

use std::path::Path;

/// Seconds of a candle.
pub const MINUTE: usize = 60;

/// A minute of trading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candle {
	/// When it began, in milliseconds since the Unix epoch.
	pub at: u64,
	/// The first price.
	pub open: f64,
	/// The highest price.
	pub high: f64,
	/// The lowest price.
	pub low: f64,
	/// The last price.
	pub close: f64,
	/// What was traded, in whole units of the underlying.
	pub volume: f64,
}

impl Candle {
	/// How far apart the extremes are, as a fraction of the close.
	pub fn range(&self) -> f64 {
		(self.high - self.low) / self.close
	}
	/// What was traded, in quote units.
	pub fn turnover(&self) -> f64 {
		self.volume * self.close
	}
	/// How much was traded for how much movement: large where a market is deep.
	pub fn ease(&self) -> f64 {
		self.turnover() / self.range().max(1e-5)
	}
	/// The price at the end of each second.
	pub fn path(&self) -> impl Iterator<Item = f64> {
		let (first, second) =
			if self.close >= self.open { (self.low, self.high) } else { (self.high, self.low) };
		let corners = [self.open, first, second, self.close];
		let third = MINUTE / 3;
		(1..=MINUTE).map(move |second| {
			let leg = (second - 1) / third;
			let part = (second - leg * third) as f64 / third as f64;
			corners[leg] + (corners[leg + 1] - corners[leg]) * part
		})
	}
}

/// Read the candles of a file from `from` on and before `until`, in milliseconds since the Unix epoch.
pub fn read(file: &Path, from: u64, until: u64) -> Result<Vec<Candle>, String> {
	let text = std::fs::read_to_string(file).map_err(|error| {
		format!("{}: {error}; BREAKWATER_DATA names the directory", file.display())
	})?;
	let candles =
		text.lines().skip(1).filter(|line| !line.is_empty()).map(|line| {
			parse(line).ok_or_else(|| format!("{}: not a candle: {line}", file.display()))
		});
	let mut wanted = Vec::new();
	for candle in candles {
		let candle = candle?;
		if (from..until).contains(&candle.at) {
			wanted.push(candle);
		}
	}
	match wanted.is_empty() {
		true => Err(format!("{}: no candle in the window", file.display())),
		false => Ok(wanted),
	}
}

fn parse(line: &str) -> Option<Candle> {
	let mut fields = line.split(',');
	let at = fields.next()?.parse().ok()?;
	let mut number = || fields.next()?.parse::<f64>().ok().filter(|n| n.is_finite());
	let (open, high, low, close) = (number()?, number()?, number()?, number()?);
	let volume = number()?;
	let sound = low > 0.0 && low <= open.min(close) && high >= open.max(close);
	sound.then_some(Candle { at, open, high, low, close, volume })
}

/// The median of some figures.
pub fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
	let mut all: Vec<_> = figures.into_iter().collect();
	all.sort_by(f64::total_cmp);
	all.get(all.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_path_visits_all_four_prices_and_leaves_the_candle_nowhere() {
		let up = Candle { at: 0, open: 100.0, high: 110.0, low: 90.0, close: 105.0, volume: 1.0 };
		let path: Vec<_> = up.path().collect();
		assert_eq!(path.len(), MINUTE);
		assert_eq!((path[19], path[39], path[59]), (90.0, 110.0, 105.0));
		let down = Candle { close: 95.0, ..up };
		let path: Vec<_> = down.path().collect();
		assert_eq!((path[19], path[39], path[59]), (110.0, 90.0, 95.0));
		assert!(path.iter().all(|price| (90.0..=110.0).contains(price)));
	}

	#[test]
	fn what_is_no_candle_is_refused() {
		assert!(parse("1584007800000,7342.62,7349.69,7342.23,7345.06,69.827").is_some());
		for line in ["", "1,2,3", "x,1,1,1,1,1", "1,2,1,1,1,1", "1,1,1,-1,1,1", "1,1,1,1,NaN,1"] {
			assert!(parse(line).is_none(), "{line}");
		}
	}
}
