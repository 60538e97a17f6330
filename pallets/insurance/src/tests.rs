//! Contributions, penalties, cover and its limits.

use crate::{
	bucket::{DAY, HOUR},
	mock::*,
	Error, Event, GlobalFund, MarketFunds, Total,
};
use breakwater_primitives::{Backstop, Balance, MarketId};
use frame_support::{assert_noop, assert_ok};
use proptest::prelude::*;
use sp_runtime::TokenError;

fn advance(millis: u64) {
	Now::mutate(|now| *now += millis);
}

#[test]
fn a_contribution_moves_tokens_into_custody_and_credits_the_named_fund() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Insurance::contribute(RuntimeOrigin::signed(ALICE), Some(BTC), 100));
		assert_ok!(Insurance::contribute(RuntimeOrigin::signed(BOB), None, 10));
		assert_eq!((Insurance::fund(BTC), Insurance::fund(ETH), Insurance::global()), (100, 0, 10));
		assert_eq!((Insurance::total(), MockCustody::held()), (110, 110));
		System::assert_has_event(
			Event::Contributed { who: ALICE, market: Some(BTC), amount: 100 }.into(),
		);
		System::assert_last_event(Event::Contributed { who: BOB, market: None, amount: 10 }.into());
	});
}

#[test]
fn a_contribution_is_refused_with_its_own_error() {
	ExtBuilder::default().build_and_execute(|| {
		let alice = || RuntimeOrigin::signed(ALICE);
		assert_noop!(
			Insurance::contribute(RuntimeOrigin::root(), None, 100),
			sp_runtime::DispatchError::BadOrigin
		);
		assert_noop!(
			Insurance::contribute(alice(), Some(NOWHERE), 100),
			Error::<Test>::UnknownMarket
		);
		for amount in [0, 9] {
			assert_noop!(
				Insurance::contribute(alice(), None, amount),
				Error::<Test>::ContributionTooSmall
			);
		}
		assert_noop!(Insurance::contribute(alice(), None, RICH + 1), TokenError::FundsUnavailable);
		assert_ok!(Insurance::contribute(alice(), None, 10));
		assert_noop!(Insurance::contribute(alice(), None, Balance::MAX), Error::<Test>::Overflow);
	});
}

#[test]
fn genesis_contributions_are_funded_like_any_other() {
	ExtBuilder::default()
		.contribution(ALICE, Some(ETH), 500)
		.contribution(BOB, None, 1_000)
		.build_and_execute(|| {
			assert_eq!((Insurance::fund(ETH), Insurance::global()), (500, 1_000));
			assert_eq!(MockCustody::held(), Insurance::total());
		});
}

#[test]
#[should_panic(expected = "funded")]
fn a_genesis_contribution_without_tokens_builds_no_chain() {
	ExtBuilder::default().contribution(ALICE, None, RICH + 1).build();
}

#[test]
#[should_panic(expected = "no such market")]
fn a_genesis_contribution_beyond_the_market_range_builds_no_chain() {
	ExtBuilder::default().contribution(ALICE, Some(MarketId(64)), 100).build();
}

#[test]
fn a_penalty_goes_to_the_fund_of_its_market() {
	ExtBuilder::default().build_and_execute(|| {
		Insurance::penalty(BTC, 0);
		assert_eq!(System::event_count(), 0);
		Insurance::penalty(BTC, 70);
		assert_eq!((Insurance::fund(BTC), Insurance::global(), Insurance::total()), (70, 0, 70));
		System::assert_last_event(Event::PenaltyTaken { market: BTC, amount: 70 }.into());
	});
}

#[test]
fn the_market_fund_pays_wholly_before_the_global_fund_pays_anything() {
	ExtBuilder::default()
		.contribution(ALICE, Some(BTC), 100)
		.contribution(ALICE, None, 1_000)
		.build_and_execute(|| {
			assert_eq!(Insurance::cover(BTC, 60), 60);
			assert_eq!((Insurance::fund(BTC), Insurance::global()), (40, 1_000));
			assert_eq!(Insurance::cover(BTC, 70), 70);
			assert_eq!((Insurance::fund(BTC), Insurance::global()), (0, 970));
			assert!(!MarketFunds::<Test>::contains_key(BTC));
			System::assert_last_event(
				Event::Covered {
					market: BTC,
					deficit: 70,
					market_fund_paid: 40,
					global_fund_paid: 30,
				}
				.into(),
			);
			assert_eq!(Insurance::cover(BTC, 0), 0);
			assert_eq!(Insurance::total(), 970);
		});
}

#[test]
fn no_market_uses_the_fund_of_another() {
	ExtBuilder::default().contribution(ALICE, Some(BTC), 100).build_and_execute(|| {
		assert_eq!(Insurance::cover(ETH, 60), 0);
		assert_eq!(Insurance::fund(BTC), 100);
		System::assert_last_event(
			Event::Covered { market: ETH, deficit: 60, market_fund_paid: 0, global_fund_paid: 0 }
				.into(),
		);
	});
}

#[test]
fn one_market_draws_a_tenth_of_the_global_fund_in_an_hour_at_most() {
	ExtBuilder::default().contribution(ALICE, None, 100_000).build_and_execute(|| {
		assert_eq!(Insurance::drawable(BTC), 5_000);
		assert_eq!(Insurance::cover(BTC, 50_000), 5_000);
		assert_eq!(Insurance::cover(BTC, 50_000), 0);
		// Another market has its own allowance, of a fund that is smaller now.
		assert_eq!(Insurance::drawable(ETH), 4_750);
		advance(HOUR);
		let again = Insurance::cover(BTC, 50_000);
		assert!((4_000..=4_750).contains(&again), "{again}");
	});
}

#[test]
fn all_markets_together_draw_half_of_the_global_fund_in_a_day_at_most() {
	ExtBuilder::default().contribution(ALICE, None, 100_000).build_and_execute(|| {
		let mut drawn = 0;
		for _ in 0..24 {
			for market in 0..64 {
				drawn += Insurance::cover(MarketId(market), 100_000);
			}
			advance(HOUR);
		}
		assert!((25_000..=50_000).contains(&drawn), "{drawn}");
		// A day of calm gives the burst back.
		advance(DAY);
		assert!(Insurance::drawable(BTC) > 0);
	});
}

#[test]
fn a_clock_that_stands_still_or_goes_back_lets_nothing_more_through() {
	ExtBuilder::default().contribution(ALICE, None, 100_000).build_and_execute(|| {
		assert_eq!(Insurance::cover(BTC, 5_000), 5_000);
		Now::mutate(|now| *now -= HOUR);
		assert_eq!(Insurance::cover(BTC, 5_000), 0);
	});
}

#[test]
fn a_wrong_total_is_found() {
	ExtBuilder::default().build().execute_with(|| {
		Total::<Test>::put(1);
		assert!(Insurance::do_try_state().is_err());
		GlobalFund::<Test>::put(1);
		assert_ok!(Insurance::do_try_state());
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	/// Against a ledger of totals: what came in less what was paid is what the funds hold.
	#[test]
	fn nothing_is_lost_or_made(
		steps in prop::collection::vec((0u8..3, 0u16..3, 1u128..50_000, 0u64..HOUR), 1..60),
	) {
		ExtBuilder::default().build_and_execute(|| {
			let mut expected: Balance = 0;
			for (what, market, amount, wait) in steps {
				advance(wait);
				match what {
					0 => {
						let market = (market < 2).then_some(MarketId(market));
						if Insurance::contribute(RuntimeOrigin::signed(ALICE), market, amount).is_ok() {
							expected += amount;
						}
					},
					1 => {
						Insurance::penalty(MarketId(market), amount);
						expected += amount;
					},
					_ => {
						let paid = Insurance::cover(MarketId(market), amount);
						assert!(paid <= amount);
						expected -= paid;
					},
				}
				assert_eq!(Insurance::total(), expected);
				Insurance::do_try_state().unwrap();
			}
		});
	}
}
