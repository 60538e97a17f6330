//! Properties over arbitrary reports.

use crate::{mock::*, round::round, *};
use breakwater_primitives::{Level, Ticks, Validity};
use proptest::prelude::*;

proptest! {
	/// One liar among four cannot take the index out of the honest reports' range, nor degrade
	/// prices on which the other three agree.
	#[test]
	fn one_liar_among_four_is_harmless(
		base in 1_000u32..1_000_000_000,
		honest in prop::collection::vec(0u32..9, 3),
		lie in 1u32..,
		place in 0usize..4,
	) {
		let mut all: Vec<u32> = honest.iter().map(|h| base + h * (base / 1_000)).collect();
		let (low, high) = (*all.iter().min().unwrap(), *all.iter().max().unwrap());
		all.insert(place, lie);
		ExtBuilder::default().build_and_execute(|| {
			reports(&all.iter().map(|p| Some(*p)).collect::<Vec<_>>());
			let round = Guards::<Test>::get(BTC).round;
			assert!((low..=high).contains(&round.median.0), "{round:?}");
			assert!(round.dispersion <= GuardParams::TIER_A.max_dispersion);
			// Once a jump from what the first reports alone said is confirmed.
			for _ in 0..3 {
				pass(1_000);
				reports(&all.iter().map(|p| Some(*p)).collect::<Vec<_>>());
			}
			assert_eq!(btc().validity, Validity::Valid);
			assert!((low..=high).contains(&btc().index.0));
		});
	}

	/// With a quorum of three, the same for any number of honest feeders.
	#[test]
	fn the_median_lies_among_the_honest(
		mut honest in prop::collection::vec(1u32.., 2..9),
		lie in 0u32..,
	) {
		let (low, high) = (*honest.iter().min().unwrap(), *honest.iter().max().unwrap());
		honest.push(lie);
		let round = round(honest.into_iter().map(Ticks).collect(), 0, &GuardParams::TIER_A);
		prop_assert!((low..=high).contains(&round.median.0));
	}

	/// Any reports, at any times, under any book and restriction, with silences: the invariants
	/// hold and the mark stays clamped.
	#[test]
	fn any_history_keeps_the_invariants(
		steps in prop::collection::vec(
			(
				prop_oneof![0u64..20_000, 0u64..700_000],
				0u64..7,
				1u32..,
				prop::option::of(1u32..),
				prop::option::of(1u32..),
				prop::option::of(1u32..),
				0usize..20,
			),
			1..60,
		)
	) {
		ExtBuilder::default().build_and_execute(|| {
			for (time, who, price, bid, ask, other, level) in steps {
				LevelNow::set(Level::ALL.get(level).copied().unwrap_or_default());
				Book::set(breakwater_primitives::Quote {
					bid: bid.map(Ticks),
					ask: ask.map(Ticks),
					last: bid.map(Ticks),
					impact: other.zip(ask).map(|(bid, ask)| (Ticks(bid), Ticks(ask))),
					indicative: other.filter(|_| level % 5 == 0).map(Ticks),
				});
				pass_and_listen(time.max(1));
				PriceGuard::do_try_state().unwrap();
				if (1..=4).contains(&who) {
					feed_as(who, &[(BTC, price)]).unwrap();
					PriceGuard::do_try_state().unwrap();
				}
				let prices = btc();
				let clamp = u64::from(prices.index.0) * 7_500 / 1_000_000 + 1;
				assert!(u64::from(prices.mark.0.abs_diff(prices.index.0)) <= clamp);
			}
		});
	}
}
