//! The crashes that are run, and the markets in which they happen.

use crate::prices::{self, Candle};
use breakwater_math::{Bracket, RiskTerms};
use breakwater_primitives::{clearing::Fees, Contract, Lots, Ppm, SignedPpm};
use pallet_circuit_breaker::DetectorParams;
use pallet_perpetuals::{FeeTiers, Mode, NewMarket, Tier};
use pallet_price_guard::GuardParams;
use std::path::Path;

/// A crash on real prices.
#[derive(Clone, Copy, Debug)]
pub struct Incident {
	/// Its name on the command line.
	pub id: &'static str,
	/// What it was.
	pub title: &'static str,
	/// The file of minute candles in the directory of market data.
	pub file: &'static str,
	/// From when, in milliseconds since the Unix epoch.
	pub from: u64,
	/// Until when.
	pub until: u64,
	/// The market.
	pub shape: Shape,
}

/// How prices and sizes are counted in a market.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
	/// Its tier.
	pub tier: Tier,
	/// Ticks of one quote unit of price.
	pub ticks_per_unit: f64,
	/// Lots of one whole unit of the underlying.
	pub lots_per_unit: u64,
}

const fn minutes(start: u64, count: u64) -> (u64, u64) {
	(start, start + count * 60_000)
}

const MARCH_12: (u64, u64) = minutes(1_584_007_800_000, 110);
const MARCH_13: (u64, u64) = minutes(1_584_063_840_000, 106);
const MAY_2021: (u64, u64) = minutes(1_621_427_400_000, 90);
/// 9 May 2022, 18:00: the first of the two nights.
const LUNA_FIRST: (u64, u64) = minutes(1_652_119_200_000, 360);
/// 11 May 2022, 03:00: from 15 to below 2.
const LUNA_SECOND: (u64, u64) = minutes(1_652_238_000_000, 240);

const BTC: Shape = Shape { tier: Tier::A, ticks_per_unit: 10.0, lots_per_unit: 1_000 };
const LUNA: Shape = Shape { tier: Tier::C, ticks_per_unit: 10_000.0, lots_per_unit: 100 };

/// All that can be run.
pub const INCIDENTS: [Incident; 5] = [
	Incident {
		id: "btc-2020-03-12",
		title: "Bitcoin, 12 March 2020, 10:10 to 12:00",
		file: "2020-03-12_BTCUSDT-perp_binance_1m.csv",
		from: MARCH_12.0,
		until: MARCH_12.1,
		shape: BTC,
	},
	Incident {
		id: "btc-2020-03-13",
		title: "Bitcoin, 13 March 2020, 01:44 to 03:30",
		file: "2020-03-13_BTCUSDT-perp_binance_1m.csv",
		from: MARCH_13.0,
		until: MARCH_13.1,
		shape: BTC,
	},
	Incident {
		id: "btc-2021-05-19",
		title: "Bitcoin, 19 May 2021, 12:30 to 14:00",
		file: "2021-05-19_BTCUSDT-perp_binance_1m.csv",
		from: MAY_2021.0,
		until: MAY_2021.1,
		shape: BTC,
	},
	Incident {
		id: "luna-2022-05-09",
		title: "LUNA, 9 May 2022, 18:00 to 24:00",
		file: "2022-05_LUNAUSDT-spot_binance_1m.csv",
		from: LUNA_FIRST.0,
		until: LUNA_FIRST.1,
		shape: LUNA,
	},
	Incident {
		id: "luna-2022-05-11",
		title: "LUNA, 11 May 2022, 03:00 to 07:00",
		file: "2022-05_LUNAUSDT-spot_binance_1m.csv",
		from: LUNA_SECOND.0,
		until: LUNA_SECOND.1,
		shape: LUNA,
	},
];

impl Incident {
	/// Its candles, from the directory of market data.
	pub fn candles(&self, data: &Path) -> Result<Vec<Candle>, String> {
		prices::read(&data.join(self.file), self.from, self.until)
	}
}

impl Shape {
	/// A price in ticks.
	pub fn ticks(&self, price: f64) -> u32 {
		((price * self.ticks_per_unit).round() as u32).max(1)
	}

	/// What a tick times a lot is worth, in millionths of a quote unit.
	fn unit(&self) -> u32 {
		(1e6 / self.ticks_per_unit) as u32 / self.lots_per_unit as u32
	}

	/// The value of so many lots at so many ticks, in quote units.
	pub fn value(&self, lots: u64, ticks: u32) -> f64 {
		lots as f64 * f64::from(ticks) * f64::from(self.unit()) / 1e6
	}

	/// The most lots worth no more than `value` quote units; one at least.
	pub fn lots(&self, value: f64, ticks: u32) -> u64 {
		((value / self.value(1, ticks)) as u64).max(1)
	}

	/// The highest leverage of the tier.
	pub const fn max_leverage(&self) -> u32 {
		match self.tier {
			Tier::A => 25,
			Tier::B => 12,
			Tier::C => 6,
		}
	}

	/// How reports are judged and what the detectors tolerate in the tier.
	pub const fn judged(&self) -> (GuardParams, DetectorParams) {
		match self.tier {
			Tier::A => (GuardParams::TIER_A, DetectorParams::TIER_A),
			Tier::B => (GuardParams::TIER_B, DetectorParams::TIER_B),
			Tier::C => (GuardParams::TIER_C, DetectorParams::TIER_C),
		}
	}

	/// The market with the terms of its tier.
	pub fn market(&self) -> NewMarket {
		const USD: u128 = 1_000_000;
		let (rates, floors, credit) = match self.tier {
			Tier::A => ([2, 3, 5, 10], [0, 250_000, 1_000_000, 5_000_000], 100),
			Tier::B => ([4, 6, 10, 20], [0, 50_000, 250_000, 1_000_000], 80),
			Tier::C => ([8, 12, 20, 30], [0, 10_000, 50_000, 250_000], 0),
		};
		let bracket =
			|i: usize| Bracket { floor: floors[i] * USD, rate: Ppm(rates[i] as u32 * 10_000) };
		let contract = Contract { unit: self.unit() };
		NewMarket {
			symbol: b"CRASH-PERP".to_vec().try_into().expect("short"),
			contract,
			tick_size: (1e6 / self.ticks_per_unit) as u64,
			lots_per_unit: self.lots_per_unit,
			tier: self.tier,
			fees: Fees { taker: Ppm(500), maker: SignedPpm(0) },
			min_lots: Lots(1),
			max_lots: Lots(1 << 36),
			risk: RiskTerms {
				contract,
				brackets: [bracket(0), bracket(1), bracket(2), bracket(3)],
				initial_factor: Ppm(2_000_000),
				max_leverage: self.max_leverage(),
				profit_credit: Ppm(credit * 10_000),
				liquidation_fee: Ppm(10_000),
				max_open_interest: Lots(1 << 40),
				open_interest_lower: Lots(1 << 40),
				open_interest_upper: Lots(1 << 40),
			},
			tiers: FeeTiers::new(),
			mode: Mode::Continuous,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_market_has_sound_terms_and_whole_units() {
		for incident in INCIDENTS {
			let (shape, new) = (incident.shape, incident.shape.market());
			new.risk.validate().expect("sound");
			assert_eq!(new.tick_size, u64::from(new.contract.unit) * new.lots_per_unit);
			let (guard, detectors) = shape.judged();
			assert!(guard.is_valid() && detectors.is_valid());
			let ticks = shape.ticks(50.0);
			let lots = shape.lots(1_000.0, ticks);
			assert!((shape.value(lots, ticks) - 1_000.0).abs() < 1.0);
			assert!(INCIDENTS.iter().filter(|other| other.id == incident.id).count() == 1);
			assert!(incident.from < incident.until);
		}
	}
}
