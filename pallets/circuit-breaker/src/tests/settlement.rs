//! Level 6.

use crate::{mock::*, *};
use breakwater_primitives::{
	Action, Cause, Entry, Gate, Level, MarketId, Observation, Observe, Scope, Severity, Ticks,
};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{traits::BadOrigin, DispatchError};

const DAY: u64 = 24 * HOUR;

/// Freeze a market, or the chain, for a time that the council may choose.
fn freeze(scope: Scope, time: u64) {
	assert_ok!(Breaker::restrict(signed(COUNCIL), scope, Level::Freeze, time));
}

fn settle_frozen() -> sp_runtime::DispatchResult {
	Breaker::settle_frozen(signed(77), BTC)
}

#[test]
fn the_council_settles_a_market_for_good() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Breaker::settle(signed(COUNCIL), BTC), BadOrigin);
		assert_noop!(Breaker::settle(signed(77), BTC), BadOrigin);
		let unknown = Error::<Test>::UnknownMarket;
		assert_noop!(Breaker::settle(signed(TIMELOCK), MarketId(9)), unknown);
		assert_ok!(Breaker::settle(signed(TIMELOCK), BTC));
		assert_eq!(Wound::get(), vec![BTC]);
		assert_eq!(Breaker::status(btc()), (Level::Settle, Some(Cause::Council), u64::MAX));
		assert_eq!(Opened::get()[0].severity, Severity::P1);
		assert_noop!(Breaker::settle(signed(TIMELOCK), BTC), Error::<Test>::AlreadySettling);
		// Time does not end it, and nobody lifts it.
		pass(3_650 * DAY);
		assert_eq!(level(btc()), Level::Settle);
		assert_noop!(Breaker::lift(signed(TIMELOCK), btc()), Error::<Test>::NothingToLift);
		assert!(Breaker::view(BTC).allows(Action::Reduce).is_err());
		assert!(Breaker::view(BTC).allows(Action::Cancel).is_ok());
		assert_eq!(level(Scope::Market(ETH)), Level::Normal);
	});
}

#[test]
fn a_market_that_cannot_be_wound_down_is_not_settled() {
	ExtBuilder::default().build_and_execute(|| {
		Refuses::set(true);
		let refused = DispatchError::Other("refused");
		assert_noop!(Breaker::settle(signed(TIMELOCK), BTC), refused);
		freeze(btc(), 10 * DAY);
		pass(8 * DAY);
		assert_noop!(settle_frozen(), refused);
		assert_eq!(level(btc()), Level::Freeze);
	});
}

#[test]
fn nobody_restricts_to_level_six() {
	ExtBuilder::default().build_and_execute(|| {
		let settle = |who| Breaker::restrict(signed(who), btc(), Level::Settle, HOUR);
		assert_noop!(settle(COUNCIL), Error::<Test>::SettlementIsFinal);
		assert_noop!(settle(HALF), Error::<Test>::LevelBeyondPowers);
	});
}

#[test]
fn anybody_settles_a_market_after_seven_days_at_freeze() {
	ExtBuilder::default().build_and_execute(|| {
		let early = || Error::<Test>::NotFrozenLongEnough;
		assert_noop!(settle_frozen(), early());
		freeze(btc(), 10 * DAY);
		assert_eq!(Breaker::frozen_since(BTC), Some(START));
		pass(SETTLE_AFTER - 1);
		assert_noop!(settle_frozen(), early());
		pass(1);
		assert_noop!(Breaker::settle_frozen(signed(77), MarketId(9)), Error::<Test>::UnknownMarket);
		assert_ok!(settle_frozen());
		assert_eq!(Breaker::status(btc()), (Level::Settle, Some(Cause::Anyone), u64::MAX));
		// The freeze gave way, and the same incident goes on.
		assert_eq!(leases(btc()).len(), 1);
		assert_eq!((Opened::get().len(), Closed::get().len()), (1, 0));
		assert_noop!(settle_frozen(), Error::<Test>::AlreadySettling);
	});
}

#[test]
fn a_freeze_that_is_over_settles_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		freeze(btc(), 7 * DAY + HOUR);
		pass(7 * DAY + HOUR);
		assert_eq!(level(btc()), Level::Normal);
		assert_eq!(Breaker::frozen_since(BTC), None);
		assert_noop!(settle_frozen(), Error::<Test>::NotFrozenLongEnough);
	});
}

#[test]
fn a_break_begins_the_seven_days_anew_and_a_renewal_does_not() {
	ExtBuilder::default().build_and_execute(|| {
		for _ in 0..3 {
			freeze(btc(), 2 * DAY);
			pass(2 * DAY);
		}
		// Renewed at the moment at which it ended.
		assert_ok!(Breaker::restrict(signed(COUNCIL), btc(), Level::Freeze, DAY));
		assert_eq!(Breaker::frozen_since(BTC), Some(START));
		pass(DAY + 1);
		freeze(btc(), 30 * DAY);
		assert_eq!(Breaker::frozen_since(BTC), Some(START + 7 * DAY + 1));
		assert_noop!(settle_frozen(), Error::<Test>::NotFrozenLongEnough);
		// Lifted: a looser restriction of somebody else's remains.
		assert_ok!(Breaker::restrict(signed(HALF), btc(), Level::Guarded, HOUR));
		assert_ok!(Breaker::lift(signed(TIMELOCK), btc()));
		assert_eq!(Breaker::frozen_since(BTC), None);
	});
}

#[test]
fn what_a_broken_invariant_freezes_for_a_week_anybody_settles() {
	ExtBuilder::default().build_and_execute(|| {
		for _ in 0..7 * 24 {
			Breaker::observe(BTC, &Observation::InvariantBroken);
			pass(HOUR);
		}
		assert_ok!(settle_frozen());
		// Nothing restricts it further, and nothing is told anew.
		Breaker::observe(BTC, &Observation::InvariantBroken);
		price(BTC, 10_000);
		price(BTC, 5_000);
		assert_eq!(leases(btc()).len(), 1);
	});
}

#[test]
fn the_chains_freeze_counts_for_each_market() {
	ExtBuilder::default().build_and_execute(|| {
		freeze(btc(), 5 * DAY);
		pass(4 * DAY);
		freeze(Scope::Chain, 10 * DAY);
		// Both hold: the market is frozen since the first of them.
		assert_eq!(Breaker::frozen_since(BTC), Some(START));
		assert_eq!(Breaker::frozen_since(ETH), Some(START + 4 * DAY));
		pass(7 * DAY);
		assert_ok!(settle_frozen());
		assert_ok!(Breaker::settle_frozen(signed(77), ETH));
		assert_eq!(Wound::get(), vec![BTC, ETH]);
	});
}

#[test]
fn the_factor_stands_in_the_incident() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Breaker::settle(signed(TIMELOCK), BTC));
		let price = Ticks(10_000);
		Breaker::observe(BTC, &Observation::FactorPublished { price, gains: 9, paid: 7 });
		let entry = Entry::Settled { price, gains: 9, paid: 7 };
		assert_eq!(Entries::get().last(), Some(&(0, entry)));
	});
}
