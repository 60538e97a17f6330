//! Against naive models.

use crate::{
	detect::{band_of, trade_band},
	lease::Joined,
	mock::*,
	window::{Range, Rings},
	*,
};
use breakwater_primitives::{Action, Cause, Denied, Gate, Level, Millis, Ppm, Scope, Ticks};
use proptest::prelude::*;

const ACTIONS: [Action; 8] = [
	Action::OpenMarket,
	Action::OpenLimit,
	Action::OpenPostOnly,
	Action::Reduce,
	Action::Cancel,
	Action::TopUp,
	Action::Withdraw,
	Action::Liquidate,
];

fn lease() -> impl Strategy<Value = Lease> {
	let cause = prop_oneof![
		(1u8..3).prop_map(Cause::Detector),
		Just(Cause::Member),
		(1u32..6).prop_map(Cause::Committee),
		Just(Cause::Council),
		Just(Cause::SafeMode),
	];
	(1usize..7, cause, 1u64..50).prop_map(|(level, cause, length)| Lease {
		level: Level::ALL[level],
		cause,
		since: 0,
		until: length,
		incident: 0,
		extended: false,
	})
}

/// What a set of leases denies: whatever any of them does.
fn naive_denied(accepted: &[Lease], now: Millis) -> Denied {
	let live = accepted.iter().filter(|l| l.is_live(now));
	live.fold(Denied::default(), |all, l| all.union(l.denied()))
}

fn naive_level(accepted: &[Lease], now: Millis) -> Level {
	accepted.iter().filter(|l| l.is_live(now)).map(|l| l.level).max().unwrap_or_default()
}

proptest! {
	/// Whatever the five places hold, the level at any later time is the tightest of all leases
	/// that were accepted, had each been kept for ever, and what is denied is what any of them
	/// denies.
	#[test]
	fn level_and_denials_are_those_of_all_accepted_leases(
		steps in prop::collection::vec((0u64..10, lease(), any::<bool>()), 1..40)
	) {
		let (mut record, mut accepted, mut now) = (Record::default(), Vec::new(), 0);
		for (pass, mut lease, prune) in steps {
			now += pass;
			lease.since = now;
			lease.until += now;
			if prune {
				record.prune(now);
			}
			if record.join(lease, false) == Joined::Added {
				accepted.push(lease);
			}
			prop_assert!(record.leases.len() <= MAX_LEASES as usize);
			for later in now..now + 60 {
				prop_assert_eq!(record.level(later), naive_level(&accepted, later));
				prop_assert_eq!(record.denied(later), naive_denied(&accepted, later));
			}
		}
	}

	/// The gate answers for a market with the leases of the market and of the chain together, and
	/// names for each refusal a live lease that refuses.
	#[test]
	fn the_gate_denies_what_any_live_lease_denies(
		steps in prop::collection::vec((0u64..20, 0u8..3, 1usize..7, 1u64..40), 1..20)
	) {
		ExtBuilder::default().build_and_execute(|| {
			let mut accepted = Vec::new();
			for (time, scope, level, length) in steps {
				pass(time * MINUTE);
				let length = length * MINUTE;
				let scope = if scope == 0 { Scope::Chain } else { btc() };
				let (since, level) = (Now::get(), Level::ALL[level]);
				if Breaker::restrict(signed(COUNCIL), scope, level, length).is_ok() {
					let (cause, until) = (Cause::Council, since + length);
					accepted.push(Lease { level, cause, since, until, incident: 0, extended: false });
				}
				let (view, now) = (Breaker::view(BTC), Now::get());
				assert_eq!(view.level, naive_level(&accepted, now));
				assert_eq!(view.denied, naive_denied(&accepted, now));
				for action in ACTIONS {
					if let Err(refusing) = view.allows(action) {
						assert!(refusing.level.denied().contains(action), "{view:?}");
						let lease = |l: &Lease| (l.level, l.until) == (refusing.level, refusing.until);
						assert!(accepted.iter().filter(|l| l.is_live(now)).any(lease), "{view:?}");
					}
				}
			}
		});
	}

	/// What a detector must set is set, and nothing makes the level exceed what was accepted.
	#[test]
	fn what_must_join_joins(leases in prop::collection::vec(lease(), 1..20)) {
		let (mut record, mut accepted) = (Record::default(), Vec::new());
		for lease in leases {
			let joined = record.join(lease, true);
			prop_assert_ne!(joined, Joined::Full);
			accepted.push(lease);
			prop_assert!(record.level(0) >= lease.level);
			for later in 0..60 {
				prop_assert!(record.level(later) <= naive_level(&accepted, later));
			}
		}
	}

	/// Lifting never takes away what a detector demands.
	#[test]
	fn what_people_set_never_hides_a_detector(
		leases in prop::collection::vec(lease(), 1..20)
	) {
		let (mut record, mut demanded) = (Record::default(), Vec::new());
		for lease in leases {
			if record.join(lease, false) == Joined::Added && !crate::lease::is_liftable(&lease) {
				demanded.push(lease);
			}
		}
		record.leases.retain(|l| !crate::lease::is_liftable(l));
		for later in 0..60 {
			prop_assert_eq!(record.level(later), naive_level(&demanded, later));
		}
	}

	/// The rings see every price of the last minute (hour) and none older than a bucket more.
	#[test]
	fn a_window_is_exact_up_to_one_bucket(
		steps in prop::collection::vec((0u64..40_000, 1u32..10_000), 1..80)
	) {
		let (mut rings, mut seen, mut now) = (Rings::default(), Vec::new(), START);
		let exact = |seen: &[(u64, u32)], now: u64, length: u64| {
			seen.iter().filter(|(at, _)| now - at <= length).fold(Range::default(), |r, (_, p)| {
				r.union(Range { low: Ticks(*p), high: Ticks(*p) })
			})
		};
		for (pass, price) in steps {
			now += pass;
			rings.push(now, Ticks(price), Ticks(price));
			seen.push((now, price));
			for (range, window, bucket) in
				[(rings.fast(), 60_000, 5_000), (rings.slow(), 3_600_000, 300_000)]
			{
				prop_assert!(range.covers(&exact(&seen, now, window)));
				prop_assert!(exact(&seen, now, window + bucket).covers(&range));
			}
		}
	}

	/// The band that a window leaves is never tighter than exact fractions of its extremes, and
	/// looser by less than a tick; and trades can always happen at the index.
	#[test]
	fn bands_are_rounded_outwards_and_hold_the_index(
		prices in prop::collection::vec(1u32.., 1..20),
		trades in prop::collection::vec(1u32.., 0..20),
		width in 1_000u32..=1_000_000,
	) {
		let mut window = Window::default();
		for price in &prices {
			window.index.push(START, Ticks(*price), Ticks(*price));
		}
		for price in &trades {
			window.traded.push(START, Ticks(*price), Ticks(*price));
		}
		let range = window.index.fast();
		let band = band_of(range, Ppm(width));
		let exact_low = f64::from(range.high.0) * (1.0 - f64::from(width) / 1e6);
		let exact_high = f64::from(range.low.0) * (1.0 + f64::from(width) / 1e6);
		prop_assert!(f64::from(band.low.0) <= exact_low.max(1.0) + 1e-5);
		prop_assert!(f64::from(band.low.0) > exact_low - 1.0001);
		prop_assert!(f64::from(band.high.0) >= exact_high.min(f64::from(u32::MAX)) - 1e-5);
		prop_assert!(f64::from(band.high.0) < exact_high + 1.0001);
		let index = Ticks(*prices.last().unwrap());
		let band = trade_band(&window, index, &DetectorParams::TIER_A);
		prop_assert!(!band.low.is_zero() && band.low <= index && index <= band.high);
	}

	/// Any history of prices, time and restrictions leaves the invariants standing.
	#[test]
	fn any_history_keeps_the_invariants(
		steps in prop::collection::vec((0u64..400_000, 0u8..5, 1u32..20_000, 1usize..7), 1..60)
	) {
		ExtBuilder::default().build_and_execute(|| {
			for (time, what, value, level) in steps {
				pass(time);
				let level = Level::ALL[level];
				match what {
					0 => drop(Breaker::restrict(signed(COUNCIL), btc(), level, value.into())),
					1 => drop(Breaker::restrict(signed(HALF), Scope::Chain, level, value.into())),
					2 => drop(Breaker::lift(signed(TIMELOCK), btc())),
					_ => price(BTC, value),
				}
				Breaker::do_try_state().unwrap();
			}
		});
	}
}
