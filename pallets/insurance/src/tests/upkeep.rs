//! Reviews: targets and premiums, money between funds, the end of a fund.

use crate::{cost, mock::*, Error, Event, MarketFunds, UpkeepState, WeightInfo};
use breakwater_primitives::{Backstop, Level, MarketId, Ppm};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError::BadOrigin;

fn timelock() -> RuntimeOrigin {
	RuntimeOrigin::signed(TIMELOCK)
}

#[test]
fn a_review_sets_target_and_premium_of_every_market() {
	ExtBuilder::default().contribution(ALICE, Some(BTC), 2_500).build_and_execute(|| {
		set_interest(BTC, 1_000_000);
		set_interest(ETH, 1_000_000);
		Volatility::set(Ppm(1_200_000));
		assert!(Insurance::charges(BTC).is_zero());
		round();
		assert_eq!(Insurance::insurance_of(BTC).target, 5_000);
		assert_eq!(Insurance::insurance_of(ETH).target, 20_000);
		assert_eq!(Insurance::global_target(), 12_500);
		// Half of what it needs: twice the premium, times volatility. Nothing: three times.
		assert_eq!(Insurance::charges(BTC).premium, 2 * 18_000);
		assert_eq!(Insurance::charges_of(ETH).premium, 3 * 60_000);
		// The premium follows the fund at once, without a review.
		Insurance::penalty(BTC, 2_500);
		assert_eq!(Insurance::charges(BTC).premium, 18_000);
		assert!(!MarketFunds::<Test>::contains_key(NOWHERE));
	});
}

#[test]
fn markets_are_reviewed_once_an_hour() {
	ExtBuilder::default().build_and_execute(|| {
		set_interest(BTC, 1_000_000);
		round();
		set_interest(BTC, 2_000_000);
		advance(HOUR - 1);
		round();
		assert_eq!(Insurance::insurance_of(BTC).target, 5_000);
		advance(1);
		round();
		assert_eq!(Insurance::insurance_of(BTC).target, 10_000);
	});
}

#[test]
fn a_block_without_room_reviews_later() {
	ExtBuilder::default().build_and_execute(|| {
		set_interest(BTC, 1_000_000);
		set_interest(ETH, 1_000_000);
		let (upkeep, review) = (cost::block::<Test>(), <() as WeightInfo>::review());
		block_with(upkeep - frame_support::weights::Weight::from_parts(1, 0));
		block_with(upkeep);
		assert_eq!(Insurance::insurance_of(BTC).target, 0);
		block_with(upkeep + review);
		assert_eq!(Insurance::insurance_of(BTC).target, 5_000);
		assert_eq!(Insurance::insurance_of(ETH).target, 0);
		block_with(upkeep + review);
		assert_eq!(Insurance::insurance_of(ETH).target, 20_000);
		assert_eq!(UpkeepState::<Test>::get().next, 2);
	});
}

#[test]
fn an_old_market_gives_its_excess_to_the_global_fund() {
	ExtBuilder::default().contribution(ALICE, Some(BTC), 10_000).build_and_execute(|| {
		set_interest(BTC, 1_000_000);
		round();
		advance(30 * DAY - HOUR);
		round();
		// Its average of thirty days is none yet.
		assert_eq!((Insurance::fund(BTC), Insurance::global()), (10_000, 0));
		set_level(BTC, Level::Guarded);
		advance(HOUR);
		round();
		assert_eq!(Insurance::fund(BTC), 10_000);
		set_level(BTC, Level::Watch);
		advance(HOUR);
		round();
		assert_eq!((Insurance::fund(BTC), Insurance::global()), (6_250, 3_750));
		assert!(events().contains(&Event::ExcessMoved { market: BTC, amount: 3_750 }));
		advance(HOUR);
		round();
		assert_eq!(Insurance::fund(BTC), 6_250);
	});
}

#[test]
fn excess_repays_what_the_market_owes() {
	ExtBuilder::default().contribution(ALICE, None, 100_000).build_and_execute(|| {
		set_interest(BTC, 1_000_000);
		assert_eq!(Insurance::cover(BTC, 1_000), 1_000);
		round();
		Insurance::penalty(BTC, 10_000);
		advance(30 * DAY);
		round();
		assert_eq!(Insurance::insurance_of(BTC).owed, 0);
		assert_eq!((Insurance::fund(BTC), Insurance::global()), (6_250, 102_750));
		assert!(events().contains(&Event::Repaid { market: BTC }));
	});
}

#[test]
fn a_poor_fund_is_topped_up_slowly_from_what_the_global_fund_has_beyond_its_target() {
	ExtBuilder::default().contribution(ALICE, None, 5_100).build_and_execute(|| {
		set_interest(BTC, 2_000_000);
		round();
		// The target is 10,000, that of the global fund 5,000.
		assert_eq!(Insurance::fund(BTC), 0);
		advance(HOUR);
		round();
		assert_eq!(Insurance::fund(BTC), 20);
		assert!(events().contains(&Event::ToppedUp { market: BTC, amount: 20 }));
		set_level(BTC, Level::Guarded);
		advance(HOUR);
		round();
		assert_eq!(Insurance::fund(BTC), 20);
		set_level(BTC, Level::Normal);
		for _ in 0..24 {
			advance(HOUR);
			round();
		}
		assert_eq!((Insurance::fund(BTC), Insurance::global()), (100, 5_000));
		assert_ok!(Insurance::contribute(alice(), None, 100_000));
		for _ in 0..24 {
			advance(HOUR);
			round();
		}
		// A twentieth of the target in a day, rounded down each hour.
		assert_eq!(Insurance::fund(BTC), 100 + 24 * 20);
		for _ in 0..24 * 30 {
			advance(HOUR);
			round();
		}
		assert_eq!(Insurance::fund(BTC), 5_000);
	});
}

#[test]
fn only_the_timelock_winds_down_a_market_without_positions() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Insurance::wind_down(alice(), BTC), BadOrigin);
		assert_noop!(Insurance::wind_down(timelock(), NOWHERE), Error::<Test>::UnknownMarket);
		set_interest(BTC, 1);
		assert_noop!(Insurance::wind_down(timelock(), BTC), Error::<Test>::MarketLive);
		set_level(BTC, Level::Settle);
		assert_ok!(Insurance::wind_down(timelock(), BTC));
		assert_noop!(Insurance::wind_down(timelock(), BTC), Error::<Test>::AlreadyWindingDown);
		set_interest(ETH, 0);
		assert_ok!(Insurance::wind_down(timelock(), ETH));
	});
}

#[test]
fn a_settled_market_winds_down_its_fund_by_itself() {
	ExtBuilder::default().contribution(ALICE, Some(BTC), 10_000).build_and_execute(|| {
		set_interest(BTC, 1_000_000);
		round();
		set_level(BTC, Level::Settle);
		<Insurance as Backstop>::wind_down(BTC);
		let begun = Event::WindDownBegun { market: BTC, closes: START + 30 * DAY };
		System::assert_last_event(begun.clone().into());
		advance(DAY);
		<Insurance as Backstop>::wind_down(BTC);
		assert_eq!(events().iter().filter(|event| **event == begun).count(), 1);
		assert_noop!(Insurance::wind_down(timelock(), BTC), Error::<Test>::AlreadyWindingDown);
	});
}

#[test]
fn a_fund_that_is_wound_down_waits_thirty_days_for_late_claims() {
	ExtBuilder::default().contribution(ALICE, Some(BTC), 10_000).build_and_execute(|| {
		set_interest(BTC, 1_000_000);
		round();
		set_level(BTC, Level::Settle);
		assert_ok!(Insurance::wind_down(timelock(), BTC));
		System::assert_last_event(
			Event::WindDownBegun { market: BTC, closes: START + 30 * DAY }.into(),
		);
		assert_eq!(Insurance::global_target(), 0);
		advance(30 * DAY - 1);
		round();
		assert_eq!(Insurance::cover(BTC, 4_000), 4_000);
		assert_eq!(Insurance::fund(BTC), 6_000);
		advance(HOUR);
		round();
		assert_eq!((Insurance::fund(BTC), Insurance::global()), (0, 6_000));
		assert!(events().contains(&Event::WoundDown { market: BTC, amount: 6_000 }));
		// What comes in afterwards is not stranded.
		Insurance::penalty(BTC, 70);
		advance(HOUR);
		round();
		assert_eq!((Insurance::fund(BTC), Insurance::global()), (0, 6_070));
	});
}

#[test]
fn a_market_that_trades_again_keeps_its_fund() {
	ExtBuilder::default().contribution(ALICE, Some(BTC), 10_000).build_and_execute(|| {
		round();
		assert_ok!(Insurance::wind_down(timelock(), BTC));
		set_interest(BTC, 1_000_000);
		advance(30 * DAY);
		round();
		assert_eq!(Insurance::fund(BTC), 10_000);
		assert!(events().contains(&Event::WindDownEnded { market: BTC }));
		advance(HOUR);
		round();
		assert_eq!(Insurance::insurance_of(BTC).target, 5_000);
	});
}

#[test]
fn a_gift_to_a_market_to_come_waits_for_it() {
	ExtBuilder::default().contribution(ALICE, Some(MarketId(5)), 500).build_and_execute(|| {
		round();
		advance(40 * DAY);
		round();
		assert_eq!(Insurance::fund(MarketId(5)), 500);
	});
}
