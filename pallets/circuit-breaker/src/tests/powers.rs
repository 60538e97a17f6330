//! What each tier may do, tokens, extensions, and what the exchange is told of auctions.

use crate::{mock::*, *};
use breakwater_primitives::{Cause, Entry, Level, Observation, Observe, Scope};
use frame_support::{assert_noop, assert_ok, traits::SafeModeNotify};
use sp_runtime::{DispatchError::BadOrigin, DispatchResult};

fn restrict(who: u64, level: Level, duration: u64) -> DispatchResult {
	Breaker::restrict(signed(who), btc(), level, duration)
}

fn extend(who: u64, level: Level, duration: u64) -> DispatchResult {
	Breaker::extend(signed(who), btc(), level, duration)
}

#[test]
fn each_level_has_its_own_longest_lease() {
	ExtBuilder::default().build_and_execute(|| {
		let beyond = || Error::<Test>::DurationBeyondPowers;
		assert_noop!(restrict(HALF, Level::Freeze, 6 * HOUR + 1), beyond());
		assert_noop!(restrict(HALF, Level::Auction, 12 * HOUR + 1), beyond());
		assert_noop!(restrict(HALF, Level::Settle, MINUTE), Error::<Test>::LevelBeyondPowers);
		assert_ok!(restrict(HALF, Level::Auction, 12 * HOUR));
		assert_ok!(restrict(HALF, Level::Freeze, 6 * HOUR));
		assert_eq!(leases(btc()).len(), 2);
		pass(6 * HOUR);
		assert_eq!(level(btc()), Level::Auction);
	});
}

#[test]
fn a_member_alone_has_one_token_until_the_council_rearms_him() {
	ExtBuilder::default().build_and_execute(|| {
		assert!(Breaker::is_armed(MEMBER));
		assert_noop!(Breaker::rearm(signed(COUNCILLORS), MEMBER), Error::<Test>::TokenArmed);
		assert_ok!(restrict(MEMBER, Level::Guarded, MINUTE));
		System::assert_has_event(Event::TokenSpent { who: MEMBER }.into());
		assert!(!Breaker::is_armed(MEMBER));
		pass(HOUR);
		assert_noop!(restrict(MEMBER, Level::Guarded, MINUTE), Error::<Test>::TokenSpent);
		// Others have their own.
		assert_ok!(restrict(OTHER_MEMBER, Level::Guarded, MINUTE));
		for who in [MEMBER, TWO_THIRDS, COUNCIL, TIMELOCK] {
			assert_noop!(Breaker::rearm(signed(who), MEMBER), BadOrigin);
		}
		assert_ok!(Breaker::rearm(signed(COUNCILLORS), MEMBER));
		System::assert_has_event(Event::TokenRearmed { who: MEMBER }.into());
		assert_ok!(restrict(MEMBER, Level::Guarded, 2 * MINUTE));
	});
}

#[test]
fn a_refused_restriction_costs_no_token() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(restrict(MEMBER, Level::Auction, MINUTE), Error::<Test>::LevelBeyondPowers);
		assert_ok!(restrict(OTHER_MEMBER, Level::ReduceOnly, 30 * MINUTE));
		assert_noop!(restrict(MEMBER, Level::ReduceOnly, MINUTE), Error::<Test>::NotTighter);
		assert!(Breaker::is_armed(MEMBER));
	});
}

#[test]
fn a_full_list_of_spent_tokens_refuses() {
	ExtBuilder::default().build_and_execute(|| {
		let spent = (100..132).map(|who| SpentToken { who, at: START }).collect::<Vec<_>>();
		SpentTokens::<Test>::put(frame_support::BoundedVec::truncate_from(spent));
		let refused = Error::<Test>::TooManySpentTokens;
		assert_noop!(restrict(MEMBER, Level::Watch, MINUTE), refused);
		assert_ok!(Breaker::rearm(signed(COUNCILLORS), 100));
		assert_ok!(restrict(MEMBER, Level::Watch, MINUTE));
	});
}

#[test]
fn two_thirds_prolong_a_running_restriction_once() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(extend(TWO_THIRDS, Level::Freeze, MINUTE), Error::<Test>::NothingToExtend);
		assert_ok!(restrict(HALF, Level::Freeze, 6 * HOUR));
		pass(HOUR);
		assert_noop!(restrict(HALF, Level::Freeze, 6 * HOUR), Error::<Test>::ExtensionNeeded);
		for who in [MEMBER, THIRD, HALF, COUNCIL] {
			assert_noop!(extend(who, Level::Freeze, MINUTE), Error::<Test>::ExtensionBeyondPowers);
		}
		assert_noop!(extend(77, Level::Freeze, MINUTE), BadOrigin);
		assert_noop!(
			extend(TWO_THIRDS, Level::Freeze, SHORTEST_LEASE - 1),
			Error::<Test>::DurationTooShort
		);
		assert_noop!(extend(TWO_THIRDS, Level::Settle, MINUTE), Error::<Test>::LevelBeyondPowers);
		let long = 6 * HOUR + 1;
		let beyond = || Error::<Test>::DurationBeyondPowers;
		assert_noop!(extend(TWO_THIRDS, Level::Freeze, long), beyond());
		assert_noop!(extend(TWO_THIRDS, Level::Auction, MINUTE), Error::<Test>::NothingToExtend);
		let unknown = Scope::Market(breakwater_primitives::MarketId(7));
		assert_noop!(
			Breaker::extend(signed(TWO_THIRDS), unknown, Level::Freeze, MINUTE),
			Error::<Test>::UnknownMarket
		);
		assert_ok!(extend(TWO_THIRDS, Level::Freeze, 6 * HOUR));
		let until = START + 12 * HOUR;
		let cause = Cause::Committee(4);
		System::assert_has_event(
			Event::LeaseExtended { scope: btc(), level: Level::Freeze, cause, until, incident: 0 }
				.into(),
		);
		let entry = Entry::Level { from: Level::Freeze, to: Level::Freeze, cause, until };
		assert!(Entries::get().contains(&(0, entry)));
		assert_eq!(Breaker::status(btc()).2, until);
		// Only the time that it adds is booked, and there is no second extension.
		assert_eq!(Budgets::<Test>::get(btc()).used(Purse::Halted), 12 * HOUR);
		assert_noop!(extend(TWO_THIRDS, Level::Freeze, MINUTE), Error::<Test>::AlreadyExtended);
		pass(7 * HOUR);
		assert_noop!(restrict(HALF, Level::Freeze, 6 * HOUR), Error::<Test>::ExtensionNeeded);
		pass(4 * HOUR);
		assert_eq!(level(btc()), Level::Normal);
		assert_ok!(restrict(HALF, Level::Freeze, 6 * HOUR));
	});
}

#[test]
fn an_extension_needs_budget_too() {
	ExtBuilder::default().build_and_execute(|| {
		for _ in 0..6 {
			assert_ok!(restrict(HALF, Level::Auction, 12 * HOUR));
			pass(12 * HOUR);
		}
		assert_ok!(restrict(HALF, Level::ReduceOnly, HOUR));
		assert_ok!(extend(TWO_THIRDS, Level::ReduceOnly, HOUR));
		assert_ok!(Breaker::restrict(signed(HALF), Scope::Market(ETH), Level::Auction, 12 * HOUR));
		assert_noop!(restrict(HALF, Level::Auction, MINUTE), Error::<Test>::BudgetSpent);
	});
}

fn restrict_scope(who: u64, scope: Scope, level: Level, duration: u64) -> DispatchResult {
	Breaker::restrict(signed(who), scope, level, duration)
}

#[test]
fn a_third_of_the_committee_cannot_hold_the_chain_for_ever() {
	ExtBuilder::default().build_and_execute(|| {
		let mut held = 0;
		for _ in 0..30 * 24 / 6 {
			if restrict_scope(THIRD, Scope::Chain, Level::ReduceOnly, 6 * HOUR).is_ok() {
				held += 6 * HOUR;
			}
			pass(6 * HOUR);
		}
		assert_eq!(held, 72 * HOUR);
		// What the few have spent is not what the many need, and Watch holds up nobody.
		let spent = || Error::<Test>::BudgetSpent;
		assert_noop!(restrict_scope(THIRD, Scope::Chain, Level::Guarded, HOUR), spent());
		assert_ok!(restrict_scope(HALF, Scope::Chain, Level::Freeze, HOUR));
		pass(HOUR);
		assert_ok!(restrict_scope(THIRD, Scope::Chain, Level::Watch, HOUR));
	});
}

#[test]
fn what_held_the_chain_counts_for_each_market() {
	ExtBuilder::default().build_and_execute(|| {
		for _ in 0..5 {
			assert_ok!(restrict_scope(HALF, Scope::Chain, Level::Freeze, 6 * HOUR));
			pass(6 * HOUR);
		}
		for _ in 0..7 {
			assert_ok!(restrict(HALF, Level::Freeze, 6 * HOUR));
			pass(6 * HOUR);
		}
		assert_noop!(restrict(HALF, Level::Auction, MINUTE), Error::<Test>::BudgetSpent);
		// The chain is not left without a brake because of one market.
		assert_ok!(restrict_scope(HALF, Scope::Chain, Level::Freeze, 6 * HOUR));
	});
}

#[test]
fn time_that_a_tighter_lease_covers_is_not_booked_again() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(restrict(HALF, Level::Freeze, 6 * HOUR));
		let used = |purse| Budgets::<Test>::get(btc()).used(purse);
		assert_eq!((used(Purse::Restricted), used(Purse::Halted)), (0, 6 * HOUR));
		pass(4 * HOUR);
		assert_ok!(restrict(THIRD, Level::ReduceOnly, 6 * HOUR));
		assert_eq!((used(Purse::Restricted), used(Purse::Halted)), (4 * HOUR, 6 * HOUR));
		// A member pays with his token.
		assert_ok!(restrict(MEMBER, Level::ReduceOnly, 30 * MINUTE));
		assert_eq!(used(Purse::Restricted), 4 * HOUR);
	});
}

#[test]
fn restricting_again_within_the_first_lease_is_no_extension() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(restrict(HALF, Level::Freeze, HOUR));
		pass(30 * MINUTE);
		assert_ok!(restrict(HALF, Level::Freeze, 5 * HOUR));
		assert_eq!(Budgets::<Test>::get(btc()).used(Purse::Halted), 5 * HOUR + 30 * MINUTE);
		let lease = leases(btc())[0];
		assert_eq!((lease.since, lease.extended), (START, false));
	});
}

#[test]
fn an_auction_over_a_reduce_only_denies_what_either_denies() {
	use breakwater_primitives::{Action, Gate};
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(restrict(HALF, Level::ReduceOnly, 2 * HOUR));
		assert_ok!(restrict(HALF, Level::Auction, 3 * HOUR));
		let view = Breaker::view(BTC);
		assert_eq!(view.level, Level::Auction);
		let refused = view.allows(Action::OpenLimit).unwrap_err();
		assert_eq!((refused.level, refused.until), (Level::ReduceOnly, START + 2 * HOUR));
		assert_eq!(view.allows(Action::Liquidate).unwrap_err().level, Level::Auction);
		pass(2 * HOUR);
		assert!(Breaker::view(BTC).allows(Action::OpenLimit).is_ok());
	});
}

#[test]
fn the_exchange_is_told_when_collecting_begins_is_prolonged_or_ends_early() {
	ExtBuilder::default().build_and_execute(|| {
		let told = || Collected::mutate(std::mem::take);
		assert_ok!(restrict(HALF, Level::ReduceOnly, HOUR));
		price(BTC, 100);
		assert_eq!(told(), vec![]);
		assert_ok!(restrict(HALF, Level::Auction, 2 * HOUR));
		assert_eq!(told(), vec![(btc(), START + 2 * HOUR)]);
		// A tighter, shorter lease does not change when it ends; a longer one does.
		assert_ok!(restrict(HALF, Level::Freeze, HOUR));
		assert_eq!(told(), vec![]);
		assert_ok!(extend(TWO_THIRDS, Level::Auction, HOUR));
		assert_eq!(told(), vec![(btc(), START + 3 * HOUR)]);
		Breaker::observe(BTC, &Observation::InvariantBroken);
		assert_eq!(told(), vec![]);
		// Lifted, what a detector demands remains.
		pass(HOUR);
		assert_ok!(Breaker::lift(signed(TIMELOCK), btc()));
		assert_eq!(told(), vec![(btc(), START + 2 * HOUR)]);
		// An end by time is no news.
		pass(2 * HOUR);
		price(BTC, 100);
		assert_eq!(told(), vec![]);
		// Safe mode collects nothing.
		<Breaker as SafeModeNotify>::entered();
		<Breaker as SafeModeNotify>::exited();
		assert_eq!(told(), vec![]);
	});
}
