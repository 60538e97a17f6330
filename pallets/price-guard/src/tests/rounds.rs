use crate::{mock::*, *};
use breakwater_primitives::{Ppm, Ticks, Validity};

#[test]
fn the_index_is_the_median_and_of_an_even_number_the_mean_of_the_middle() {
	ExtBuilder::default().build_and_execute(|| {
		reports(&[Some(10_000), Some(10_010), Some(10_030), None]);
		assert_eq!(btc().index, Ticks(10_010));
		assert_eq!(btc().validity, Validity::Valid);
		pass(1_000);
		reports(&[None, None, None, Some(10_021)]);
		assert_eq!(btc().index, Ticks(10_015));
		assert_eq!(btc().at, START + 1_000);
		let told = Told::get();
		assert_eq!(told.last(), Some(&(BTC, btc())));
	});
}

#[test]
fn the_first_price_takes_a_quorum() {
	ExtBuilder::default().build_and_execute(|| {
		reports(&[Some(10_000), Some(10_010)]);
		assert_eq!(btc().validity, Validity::Invalid);
		assert!(Told::get().is_empty());
		reports(&[None, None, Some(10_010)]);
		assert_eq!((btc().index, btc().validity), (Ticks(10_010), Validity::Valid));
		let first = Event::ValidityChanged {
			market: BTC,
			from: Validity::Invalid,
			to: Validity::Valid,
			reports: 3,
			dispersion: Ppm(1_000),
		};
		assert_eq!(events(), vec![first]);
	});
}

#[test]
fn a_feeder_that_stops_is_missed_only_below_the_quorum() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		for _ in 0..12 {
			pass(1_000);
			reports(&[Some(10_000), Some(10_000), Some(10_000)]);
		}
		assert_eq!(btc().validity, Validity::Valid);
		assert_eq!(Guards::<Test>::get(BTC).round.reports, 3);
		for _ in 0..12 {
			pass(1_000);
			reports(&[Some(10_000), Some(10_000)]);
		}
		assert_eq!(btc().validity, Validity::Degraded);
		let at = btc().at;
		for _ in 0..12 {
			pass(1_000);
			reports(&[Some(20_000)]);
		}
		// The second report was fresh for ten seconds; since then nothing is known. A single feeder
		// who disagrees with it does not move the index.
		assert_eq!(Guards::<Test>::get(BTC).round.reports, 1);
		assert_eq!((btc().index, btc().validity), (Ticks(10_000), Validity::Unconfirmed));
		assert_eq!(btc().at, at + 10_000);
	});
}

#[test]
fn a_report_is_fresh_up_to_the_age_limit() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		pass(10_000);
		reports(&[Some(10_000)]);
		assert_eq!(Guards::<Test>::get(BTC).round.reports, 4);
		pass(1);
		reports(&[None, Some(10_000)]);
		assert_eq!(Guards::<Test>::get(BTC).round.reports, 2);
	});
}

#[test]
fn prices_go_stale_and_invalid_with_nobody_acting() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		pass(10_000);
		assert_eq!(btc().validity, Validity::Valid);
		pass(1);
		assert_eq!(btc().validity, Validity::Stale);
		pass(600_000);
		assert_eq!(btc().validity, Validity::Invalid);
		all(10_000);
		assert_eq!(btc().validity, Validity::Valid);
	});
}

#[test]
fn one_wild_feeder_neither_moves_nor_degrades() {
	ExtBuilder::default().build_and_execute(|| {
		for wild in [1, 20_000, u32::MAX] {
			reports(&[Some(wild), Some(10_000), Some(10_010), Some(10_020)]);
			assert_eq!(btc().validity, Validity::Valid);
			assert!((10_000..=10_020).contains(&btc().index.0));
			pass(1_000);
		}
	});
}

#[test]
fn feeders_that_disagree_degrade_and_each_side_has_the_benefit_of_the_doubt() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		pass(1_000);
		reports(&[Some(9_700), Some(9_900), Some(10_100), Some(10_300)]);
		let prices = btc();
		assert_eq!((prices.index, prices.validity), (Ticks(10_000), Validity::Degraded));
		pass(1_000);
		reports(&[Some(9_600), Some(9_700), Some(9_900), Some(10_300)]);
		let prices = btc();
		assert_eq!((prices.index, prices.validity), (Ticks(9_800), Validity::Degraded));
		// Longs at the last Valid index, shorts at the mark.
		assert_eq!((prices.long, prices.short), (Ticks(10_000), Ticks(9_800)));
		pass(1_000);
		all(9_800);
		assert_eq!((btc().long, btc().short), (Ticks(9_800), Ticks(9_800)));
		assert_eq!(btc().validity, Validity::Valid);
	});
}

#[test]
fn the_doubt_ends_after_ten_minutes() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		for second in 1..=602u64 {
			pass(1_000);
			reports(&[Some(9_700), Some(9_700)]);
			// For ten seconds the other two reports are fresh.
			if second > 10 && second <= 600 {
				assert_eq!(btc().long, Ticks(10_000), "{second}");
			}
		}
		assert_eq!((btc().index, btc().validity), (Ticks(9_700), Validity::Degraded));
		assert_eq!(btc().long, Ticks(9_700));
	});
}

#[test]
fn two_feeders_cannot_walk_the_index_away() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		pass(11_000);
		let mut price = 10_000;
		for _ in 0..60 {
			price = price * 98 / 100;
			reports(&[Some(price), Some(price)]);
			assert!(btc().index >= Ticks(9_500), "{:?}", btc());
			if price < 9_500 {
				assert_eq!(btc().validity, Validity::Unconfirmed);
				// Longs have the benefit of the doubt, shorts too.
				assert_eq!((btc().long, btc().short), (btc().mark, Ticks(price)));
			}
			pass(1_000);
		}
		// What a quorum says is taken, once it is confirmed.
		for _ in 0..2 {
			reports(&[Some(8_000), Some(8_000), Some(8_000)]);
			pass(1_000);
		}
		assert_eq!((btc().index, btc().validity), (Ticks(8_000), Validity::Valid));
	});
}

#[test]
fn a_jump_waits_for_a_later_round() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		pass(1_000);
		all(9_000);
		let prices = btc();
		assert_eq!(prices.validity, Validity::Unconfirmed);
		// The index moved with the half of the feeders as far as it may, the rest waits.
		assert_eq!(prices.index, Ticks(9_500));
		assert_eq!((prices.long, prices.short), (Ticks(9_500), Ticks(9_000)));
		assert!(events().contains(&Event::JumpHeld {
			market: BTC,
			index: Ticks(9_500),
			pending: Ticks(9_000)
		}));
		// Older reports confirm nothing, whoever feeds; a quorum of later ones does.
		pass(1_000);
		reports(&[Some(9_000), Some(9_000)]);
		assert_eq!(btc().validity, Validity::Unconfirmed);
		assert_eq!(btc().at, START + 2_000);
		reports(&[None, None, Some(9_000)]);
		assert_eq!((btc().index, btc().validity), (Ticks(9_000), Validity::Valid));
		assert_eq!((btc().long, btc().short), (Ticks(9_000), Ticks(9_000)));
	});
}

#[test]
fn a_jump_that_is_taken_back_never_happened() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		pass(1_000);
		all(12_000);
		assert_eq!(btc().validity, Validity::Unconfirmed);
		let held = btc().index;
		pass(1_000);
		all(10_000);
		assert_eq!((btc().index, btc().validity), (Ticks(10_000), Validity::Valid));
		assert_eq!(Guards::<Test>::get(BTC).pending, None);
		assert!(held < Ticks(12_000));
	});
}

#[test]
fn a_price_that_never_settles_is_taken_as_degraded_after_thirty_seconds() {
	ExtBuilder::default().build_and_execute(|| {
		reports(&[Some(10_000), Some(10_000), Some(10_000)]);
		let mut price = 10_000;
		for second in 1..=31u64 {
			pass(1_000);
			price = price * 11 / 10;
			// Feeders 1 to 3 leap together within a block.
			reports(&[Some(price), Some(price), Some(price)]);
			if second > 1 && second < 30 {
				assert_eq!(btc().validity, Validity::Unconfirmed, "{second}");
			}
		}
		pass(1_000);
		all(price * 2);
		assert_ne!(btc().index, Ticks(10_000));
		assert!(events().iter().any(|e| matches!(
			e,
			Event::ValidityChanged { from: Validity::Unconfirmed, to: Validity::Degraded, .. }
		)));
	});
}
