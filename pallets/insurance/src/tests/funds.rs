//! Contributions, penalties, cover and its limits.

use crate::{mock::*, Error, Event, GlobalFund, Total};
use breakwater_primitives::{Backstop, Balance, MarketId, Ppm};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

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

#[test]
fn premiums_stay_with_the_market_and_surcharges_repay_the_global_fund() {
	ExtBuilder::default().contribution(ALICE, None, 100_000).build_and_execute(|| {
		assert_eq!(Insurance::cover(BTC, 1_000), 1_000);
		round();
		assert_eq!(Insurance::insurance_of(BTC).owed, 1_000);
		assert_eq!(Insurance::charges(BTC).surcharge, 100_000);
		// Another market owes nothing.
		assert_eq!(Insurance::charges(ETH).surcharge, 0);

		Insurance::charged(BTC, 30, 400);
		assert_eq!((Insurance::fund(BTC), Insurance::global()), (30, 99_400));
		assert_eq!(Insurance::insurance_of(BTC).owed, 600);
		// What takers pay beyond the debt stays with their market.
		Insurance::charged(BTC, 0, 700);
		assert_eq!((Insurance::fund(BTC), Insurance::global()), (130, 100_000));
		assert_eq!(Insurance::insurance_of(BTC).owed, 0);
		assert_eq!(Insurance::charges(BTC).surcharge, 0);
		assert_eq!(events().last(), Some(&Event::Repaid { market: BTC }));
		let before = System::event_count();
		Insurance::charged(BTC, 5, 0);
		Insurance::charged(BTC, 0, 0);
		assert_eq!((Insurance::fund(BTC), System::event_count()), (135, before));
	});
}

#[test]
fn a_loss_that_leaves_shares_worthless_voids_them() {
	ExtBuilder::default().build_and_execute(|| {
		Limits::set(everything_at_once());
		assert_ok!(Insurance::back(alice(), RICH));
		assert_ok!(Insurance::notice(alice(), 1_000_000_000));
		let shares = Insurance::shares().issued;
		// Something of what is left goes each day, until a trillion shares stand for one unit.
		let voided = Event::SharesVoided { fund: crate::FundClass::Global, shares, epoch: 1 };
		let mut days = 0;
		while !events().contains(&voided) {
			assert!(Insurance::global() > 1 && days < 60);
			Insurance::cover(BTC, RICH);
			assert_ok!(Insurance::do_try_state());
			advance(DAY);
			days += 1;
		}
		assert!(Insurance::global() <= 1);
		assert_eq!(Insurance::shares(), crate::ShareTotals { epoch: 1, issued: 0 });
		assert_eq!(Insurance::backer_of(ALICE), Default::default());

		// Whoever backs the fund now owes nothing to them.
		assert_ok!(Insurance::back(bob(), 1_000));
		assert_eq!(Insurance::backer_of(BOB).value, 1_000);
		assert_eq!(Insurance::backer_of(ALICE).value, 0);
		assert_noop!(Insurance::notice(alice(), 1), Error::<Test>::NotEnoughShares);
		// The record of void shares goes, and with it nothing else.
		let owned = MockCustody::owned(ALICE);
		assert_ok!(Insurance::claim(alice()));
		System::assert_last_event(
			Event::Claimed { fund: crate::FundClass::Global, who: ALICE, shares, paid: 0 }.into(),
		);
		assert!(!crate::Backers::<Test>::contains_key(crate::FundClass::Global, ALICE));
		assert_eq!(MockCustody::owned(ALICE), owned);
		assert_noop!(Insurance::claim(alice()), Error::<Test>::NoNotice);
	});
}

/// Limits under which a day is enough to empty the global fund.
fn everything_at_once() -> crate::DrawLimits {
	let all = crate::bucket::Fractions { hour: Ppm(1_000_000), day: Ppm(1_000_000) };
	crate::DrawLimits { market: all, all }
}

#[test]
fn asking_what_is_coverable_draws_nothing_and_tells_what_cover_pays() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Insurance::contribute(RuntimeOrigin::signed(ALICE), Some(BTC), 100));
		assert_ok!(Insurance::contribute(RuntimeOrigin::signed(BOB), None, 10_000));
		for deficit in [0, 40, 300, 100_000] {
			let before = (Insurance::insurance_of(BTC), Insurance::global(), Insurance::total());
			let coverable = Insurance::coverable(BTC, deficit);
			let after = (Insurance::insurance_of(BTC), Insurance::global(), Insurance::total());
			assert_eq!(before, after);
			assert_eq!(Insurance::cover(BTC, deficit), coverable);
		}
	});
}

#[test]
fn what_belongs_to_nobody_goes_to_the_global_fund() {
	ExtBuilder::default().contribution(BOB, None, 1_000).build_and_execute(|| {
		// The clearing house has it already, so no token moves.
		assert!(<Insurance as Backstop>::found(7));
		assert_eq!((Insurance::global(), Insurance::total()), (1_007, 1_007));
	});
}
