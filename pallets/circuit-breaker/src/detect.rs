//! What a price sets off. D1: the band in which trades may happen, and what happens when the index
//! leaves it. D3: what happens when the index moves much for minutes, in no direction.

use crate::{
	cost::Heard,
	state::Wanted,
	types::{
		locate, DetectorParams, MarketRecord, Record, Run, Window, D1, D3, GUARD_DWELL, WATCH_DWELL,
	},
	window::Range,
	Config, Detectors, Event, Pallet, Status, Windows,
};
use breakwater_primitives::{
	Band, Cause, Level, MarketId, Millis, OnPrice, OnVolatility, Ppm, Prices, Scope, Ticks,
	Validity,
};
use frame_support::weights::WeightMeter;

/// The band that the extremes of a window leave: neither too far below the highest nor too far above
/// the lowest price. Rounded outwards; no restriction while the window is empty.
pub fn band_of(seen: Range, width: Ppm) -> Band {
	if seen.is_empty() {
		return Band::default();
	}
	Band { low: below(seen.high, width), high: above(seen.low, width) }
}

/// `price` less the fraction `width`, rounded down, at least one tick.
fn below(price: Ticks, width: Ppm) -> Ticks {
	let cut = width.mul_ceil(price.0.into());
	Ticks(u32::try_from(u128::from(price.0).saturating_sub(cut)).unwrap_or(u32::MAX).max(1))
}

/// `price` and the fraction `width`, rounded up.
fn above(price: Ticks, width: Ppm) -> Ticks {
	let sum = u128::from(price.0).saturating_add(width.mul_ceil(price.0.into()));
	Ticks(u32::try_from(sum).unwrap_or(u32::MAX).max(1))
}

/// Where trades may happen: the collar to the index, cut by both windows. A side of a window that
/// the index has passed cuts nothing, so the index is always inside.
pub fn trade_band(window: &Window, index: Ticks, params: &DetectorParams) -> Band {
	let collar = Band { low: below(index, params.collar), high: above(index, params.collar) };
	let fast = window.index.fast().union(window.traded.fast());
	let slow = window.index.slow().union(window.traded.slow());
	[band_of(fast, params.fast_band), band_of(slow, params.slow_band)].iter().fold(
		collar,
		|band, cut| Band {
			low: if cut.low <= index { band.low.max(cut.low) } else { band.low },
			high: if cut.high >= index { band.high.min(cut.high) } else { band.high },
		},
	)
}

/// The extreme from which the index has moved too far, if it has.
fn breach(seen: Range, width: Ppm, index: Ticks) -> Option<Ticks> {
	let band = band_of(seen, width);
	if index < band.low {
		Some(seen.high)
	} else if index > band.high {
		Some(seen.low)
	} else {
		None
	}
}

/// What D1 answers to an index: how far, for how long, and the extreme it moved from.
fn answers(
	window: &Window,
	index: Ticks,
	params: &DetectorParams,
) -> [Option<(Level, Millis, Ticks)>; 2] {
	let fast = breach(window.index.fast(), params.fast_band, index);
	let slow = breach(window.index.slow(), params.slow_band, index);
	[
		fast.map(|from| (Level::ReduceOnly, params.fast_dwell, from)),
		slow.map(|from| (Level::Guarded, params.slow_dwell, from)),
	]
}

/// What D3 answers to a completed minute: how far, for how long, and the volatility with what it
/// reached. What is in force goes on down to half of what set it off.
fn agitation(
	window: &Window,
	record: &Record,
	params: &DetectorParams,
	now: Millis,
) -> impl Iterator<Item = (Level, Millis, [u64; 2])> {
	let present = window.volatility.present();
	let answer = |level, at: Ppm, dwell| {
		let mut live = record.live(now);
		let holds = live.any(|l| l.cause == Cause::Detector(D3) && l.level == level);
		let reached = if holds { at.0.div_ceil(2) } else { at.0 };
		let numbers = [present.0.into(), reached.into()];
		(at.0 > 0 && present.0 >= reached).then_some((level, dwell, numbers))
	};
	[
		answer(Level::Guarded, params.guard_at, GUARD_DWELL),
		answer(Level::Watch, params.watch_at, WATCH_DWELL),
	]
	.into_iter()
	.flatten()
}

impl<T: Config> OnPrice for Pallet<T> {
	/// Whatever the meter says: the breaker's work is constant, and skipping it would be unsafe. It is
	/// paid for afterwards, with all that is left where that is too little.
	fn on_price(market: MarketId, prices: &Prices, meter: &mut WeightMeter) {
		let weight = Self::hear(market, prices).weight::<T>();
		meter.consume(weight.min(meter.remaining()));
	}
}

impl<T: Config> Pallet<T> {
	fn hear(market: MarketId, prices: &Prices) -> Heard {
		if prices.validity == Validity::Invalid || prices.index.is_zero() {
			return Heard::Nothing;
		}
		let Some((shard, place)) = locate(market) else { return Heard::Nothing };
		let now = Self::now();
		let stored = Status::<T>::get(shard);
		let tidied = Self::tidy_chain(now, &stored.chain);
		let mut heard = if tidied { Heard::Change } else { Heard::Nothing };
		let Some(before) = stored.markets.get(place) else { return heard };
		// Nothing restricts a market further that is being settled.
		if before.record.is_settled() {
			return heard;
		}
		let mut after = before.clone();
		let halted = before.record.halted_until(now);
		let known = Windows::<T>::get(market);
		let mut window = known.clone();
		let completed = window.volatility.push(now, prices.index);
		Self::detect(market, &mut window, &mut after, prices.index, now, completed);
		let sigma = window.volatility.held();
		if window != known {
			heard = heard.max(Heard::Price);
			Windows::<T>::insert(market, window);
		}
		let halts = after.record.halted_until(now);
		if after != *before {
			let told = |record: &Record| (record.told, record.incident);
			if told(&after.record) != told(&before.record) {
				heard = Heard::Change;
			}
			Status::<T>::mutate(shard, |stored| {
				if let Some(market) = stored.markets.get_mut(place) {
					*market = after;
				}
			});
			Self::tell_auctions(Scope::Market(market), halted, halts, now);
		}
		if completed {
			T::OnVolatility::on_volatility(market, sigma);
		}
		heard
	}

	/// Take the index into the windows, move the band, and restrict when the index left it.
	fn detect(
		market: MarketId,
		window: &mut Window,
		state: &mut MarketRecord,
		index: Ticks,
		now: Millis,
		completed: bool,
	) {
		let params = Detectors::<T>::get(market);
		window.index.push(now, index, index);
		window.traded.advance(now);
		state.band = trade_band(window, index, &params);
		let ended = state.record.prune(now);
		let mut evidence = [0; 2];
		for (level, dwell, from) in answers(window, index, &params).into_iter().flatten() {
			if dwell == 0 {
				continue;
			}
			if evidence == [0; 2] {
				evidence = [from.0.into(), index.0.into()];
			}
			Self::hold(market, &mut window.run, D1, state, (level, dwell), now, evidence);
		}
		if completed {
			for (level, dwell, numbers) in agitation(window, &state.record, &params, now) {
				evidence = if evidence == [0; 2] { numbers } else { evidence };
				Self::hold(market, &mut window.agitated, D3, state, (level, dwell), now, numbers);
			}
		}
		Self::tell(Scope::Market(market), &mut state.record, now, ended, evidence);
	}

	/// Restrict, or renew, within the detector's six hours in a row.
	fn hold(
		market: MarketId,
		run: &mut Run,
		detector: u8,
		state: &mut MarketRecord,
		(level, dwell): (Level, Millis),
		now: Millis,
		evidence: [u64; 2],
	) {
		let Some(until) = run.grant(now, dwell) else {
			if !run.exhausted {
				run.exhausted = true;
				Self::deposit_event(Event::DetectorExhausted { market, detector });
			}
			return;
		};
		let scope = Scope::Market(market);
		let wanted = Wanted { evidence, ..Wanted::new(level, Cause::Detector(detector), until) };
		if let Ok(lease) = Self::grant(scope, &mut state.record, now, &wanted, true) {
			// A renewal is no news; the level's lease says when it ends.
			if lease.since == now && state.record.leases.contains(&lease) {
				Self::deposit_granted(scope, &lease);
			}
		}
	}
}
