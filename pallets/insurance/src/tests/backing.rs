//! Shares: bought, given notice of, claimed, cancelled, lapsed.

use crate::{mock::*, Backer, Backers, Error, Event, FundClass::Global, UpkeepState, MAX_NOTICES};
use breakwater_primitives::{Backstop, Level};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError::BadOrigin, TokenError};

/// Shares that Alice holds without notice.
fn free() -> u128 {
	Backers::<Test>::get(Global, ALICE).shares
}

/// Alice backs the fund with 1,000 and gives notice of everything.
fn alice_leaves() {
	assert_ok!(Insurance::back(alice(), 1_000));
	assert_ok!(Insurance::notice(alice(), free()));
}

#[test]
fn backing_buys_whole_shares_and_takes_what_they_cost() {
	ExtBuilder::default().contribution(BOB, None, 5_000).build_and_execute(|| {
		// The gift is the virtual million's: a share costs 5,001 / 10^6.
		assert_eq!(Insurance::shares_for(1_000), Some((199_960, 1_000)));
		assert_ok!(Insurance::back(alice(), 1_000));
		System::assert_last_event(
			Event::Backed { fund: Global, who: ALICE, paid: 1_000, shares: 199_960 }.into(),
		);
		assert_eq!(Insurance::shares().issued, 199_960);
		assert_eq!((Insurance::global(), Insurance::total()), (6_000, 6_000));
		assert_eq!(MockCustody::owned(ALICE), RICH - 1_000);
		assert_eq!(Insurance::backer_of(ALICE).value, 999);
		// A gain is shared with the gift, five to one.
		assert_ok!(Insurance::contribute(bob(), None, 600));
		assert_eq!(Insurance::backer_of(ALICE).value, 1_099);
	});
}

#[test]
fn backing_is_refused_with_its_own_error() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Insurance::back(RuntimeOrigin::root(), 1_000), BadOrigin);
		assert_noop!(Insurance::back(alice(), 99), Error::<Test>::BackingTooSmall);
		assert_noop!(Insurance::back(alice(), RICH + 1), TokenError::FundsUnavailable);
		assert_noop!(Insurance::back(alice(), u128::MAX), Error::<Test>::Overflow);
		// A share that costs more than is offered.
		crate::GlobalFund::<Test>::put(1_000_000_000);
		crate::Total::<Test>::put(1_000_000_000);
		assert_noop!(Insurance::back(alice(), 1_000), Error::<Test>::ShareTooDear);
	});
}

#[test]
fn notice_runs_ten_days_and_then_pays() {
	ExtBuilder::default().build_and_execute(|| {
		alice_leaves();
		block();
		let shares = Insurance::shares().issued;
		assert_eq!(free(), 0);
		days(9);
		assert_noop!(Insurance::claim(alice()), Error::<Test>::NoticeRunning);
		assert_eq!(Insurance::backer_of(ALICE).notices[0].wait, DAY);
		days(1);
		assert_ok!(Insurance::claim(alice()));
		System::assert_last_event(
			Event::Claimed { fund: Global, who: ALICE, shares, paid: 1_000 }.into(),
		);
		assert_eq!(MockCustody::owned(ALICE), RICH);
		assert_eq!(Insurance::shares().issued, 0);
		assert!(!Backers::<Test>::contains_key(Global, ALICE));
		assert_noop!(Insurance::claim(alice()), Error::<Test>::NoNotice);
	});
}

#[test]
fn notice_is_refused_with_its_own_error() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Insurance::notice(alice(), 1), Error::<Test>::NotEnoughShares);
		assert_ok!(Insurance::back(alice(), 1_000));
		assert_noop!(Insurance::notice(RuntimeOrigin::root(), 1), BadOrigin);
		assert_noop!(Insurance::notice(alice(), 0), Error::<Test>::NotEnoughShares);
		assert_noop!(Insurance::notice(alice(), free() + 1), Error::<Test>::NotEnoughShares);
		for _ in 0..MAX_NOTICES {
			assert_ok!(Insurance::notice(alice(), 1));
		}
		assert_noop!(Insurance::notice(alice(), 1), Error::<Test>::TooManyNotices);
	});
}

#[test]
fn a_claim_pays_the_lesser_of_both_values() {
	ExtBuilder::default().build_and_execute(|| {
		alice_leaves();
		assert_ok!(Insurance::back(bob(), 1_000));
		// A loss that is over before the notice is.
		assert_eq!(Insurance::cover(BTC, 100), 100);
		block();
		days(10);
		assert_eq!(Insurance::backer_of(ALICE).notices[0].value, 950);
		assert_ok!(Insurance::claim(alice()));
		assert_eq!(MockCustody::owned(ALICE), RICH - 1_000 + 950);

		// A gain is not paid to who had given notice; it stays with those who stay.
		assert_ok!(Insurance::notice(bob(), Backers::<Test>::get(Global, BOB).shares));
		assert_ok!(Insurance::contribute(alice(), None, 5_000));
		days(10);
		assert_ok!(Insurance::claim(bob()));
		assert_eq!(MockCustody::owned(BOB), RICH - 1_000 + 950);
	});
}

#[test]
fn claims_wait_while_a_market_is_in_trouble_but_not_for_ever() {
	ExtBuilder::default().build_and_execute(|| {
		alice_leaves();
		block();
		days(10);
		for level in [Level::ReduceOnly, Level::Auction, Level::Freeze, Level::Settle] {
			set_level(ETH, level);
			assert_noop!(Insurance::claim(alice()), Error::<Test>::ClaimsWait);
		}
		set_level(ETH, Level::Guarded);
		assert!(!Insurance::claims_wait(Global));
		set_level(ETH, Level::ReduceOnly);
		days(6);
		assert_noop!(Insurance::claim(alice()), Error::<Test>::ClaimsWait);
		assert_eq!(Insurance::backer_of(ALICE).notices[0].wait, DAY);
		days(1);
		assert_ok!(Insurance::claim(alice()));
	});
}

#[test]
fn claims_wait_for_a_day_after_a_draw() {
	ExtBuilder::default().build_and_execute(|| {
		alice_leaves();
		block();
		days(10);
		assert_eq!(Insurance::cover(BTC, 10), 10);
		assert_noop!(Insurance::claim(alice()), Error::<Test>::ClaimsWait);
		advance(DAY - 1);
		assert_noop!(Insurance::claim(alice()), Error::<Test>::ClaimsWait);
		advance(1);
		assert_ok!(Insurance::claim(alice()));
	});
}

#[test]
fn a_settled_market_holds_no_claim_back_once_its_fund_is_wound_down() {
	ExtBuilder::default().build_and_execute(|| {
		set_level(ETH, Level::Settle);
		assert!(Insurance::claims_wait(Global));
		assert_ok!(Insurance::wind_down(RuntimeOrigin::signed(TIMELOCK), ETH));
		assert!(!Insurance::claims_wait(Global));
	});
}

#[test]
fn a_cancelled_notice_gives_the_shares_back() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Insurance::back(alice(), 1_000));
		let all = free();
		assert_ok!(Insurance::notice(alice(), 100));
		assert_ok!(Insurance::notice(alice(), 200));
		assert_noop!(Insurance::cancel(RuntimeOrigin::root(), 0), BadOrigin);
		assert_noop!(Insurance::cancel(alice(), 2), Error::<Test>::NoNotice);
		assert_ok!(Insurance::cancel(alice(), 0));
		System::assert_last_event(
			Event::NoticeCancelled { fund: Global, who: ALICE, shares: 100 }.into(),
		);
		assert_eq!(free(), all - 200);
		assert_ok!(Insurance::cancel(alice(), 0));
		assert_eq!(free(), all);
		assert_noop!(Insurance::cancel(alice(), 0), Error::<Test>::NoNotice);
	});
}

#[test]
fn a_notice_that_is_not_claimed_lapses() {
	ExtBuilder::default().build_and_execute(|| {
		alice_leaves();
		let all = Insurance::shares().issued;
		block();
		days(18);
		// The last moment.
		assert_eq!(Insurance::backer_of(ALICE).notices.len(), 1);
		UpkeepState::<Test>::mutate(|upkeep| upkeep.active += 1);
		assert_eq!(Insurance::backer_of(ALICE).notices, vec![]);
		assert_eq!(Insurance::backer_of(ALICE).shares, all);
		assert_noop!(Insurance::claim(alice()), Error::<Test>::NoNotice);
		assert_ok!(Insurance::notice(alice(), all));
		assert_eq!(Backers::<Test>::get(Global, ALICE).notices.len(), 1);
		assert_eq!(Backers::<Test>::get(Global, ALICE).all_shares(), all);
	});
}

#[test]
fn a_claim_pays_every_notice_that_has_run_and_no_other() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Insurance::back(alice(), 1_000));
		let all = free();
		block();
		assert_ok!(Insurance::notice(alice(), all / 4));
		days(1);
		assert_ok!(Insurance::notice(alice(), all / 4));
		days(5);
		assert_ok!(Insurance::notice(alice(), all / 4));
		days(5);
		assert_ok!(Insurance::claim(alice()));
		assert_eq!(Backers::<Test>::get(Global, ALICE).notices.len(), 1);
		assert_eq!(Backers::<Test>::get(Global, ALICE).all_shares(), all - all / 4 * 2);
		assert!((499..=500).contains(&(MockCustody::owned(ALICE) - (RICH - 1_000))));
		assert_noop!(Insurance::claim(alice()), Error::<Test>::NoticeRunning);
	});
}

#[test]
fn the_clock_of_notices_stands_while_the_chain_is_down_or_frozen() {
	ExtBuilder::default().build_and_execute(|| {
		let active = || UpkeepState::<Test>::get().active;
		block();
		advance(59_000);
		block();
		assert_eq!(active(), 0);
		advance(1_000);
		block();
		assert_eq!(active(), MINUTE);
		// An outage of a week counts as five minutes.
		advance(7 * DAY);
		block();
		assert_eq!(active(), 6 * MINUTE);
		ChainLevel::set(Level::Freeze);
		days(1);
		assert_eq!(active(), 6 * MINUTE);
		ChainLevel::set(Level::Auction);
		days(1);
		assert_eq!(active(), 6 * MINUTE + DAY);
		// A clock that goes back stands.
		Now::mutate(|now| *now -= DAY);
		block();
		assert_eq!(active(), 6 * MINUTE + DAY);
	});
}

#[test]
fn a_record_of_shares_that_nobody_has_is_found() {
	ExtBuilder::default().build().execute_with(|| {
		Backers::<Test>::insert(Global, ALICE, Backer { shares: 1, ..Default::default() });
		assert!(Insurance::do_try_state().is_err());
	});
}
