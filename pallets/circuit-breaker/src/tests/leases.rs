use crate::{mock::*, *};
use breakwater_primitives::{
	Cause, Entry, Gate, Level, MarketId, Observation, Observe, Scope, Severity, Ticks,
};
use frame_support::{assert_ok, traits::SafeModeNotify};

#[test]
fn every_level_denies_what_it_says() {
	ExtBuilder::default().build_and_execute(|| {
		for level in Level::ALL.into_iter().skip(1).filter(|level| *level < Level::Settle) {
			assert_ok!(Breaker::restrict(signed(COUNCIL), btc(), level, HOUR));
			let view = Breaker::view(BTC);
			assert_eq!((view.level, view.denied), (level, level.denied()));
			assert_eq!((view.cause, view.until), (Some(Cause::Council), Now::get() + HOUR));
			pass(HOUR);
		}
		assert_eq!(Breaker::view(BTC).denied, Level::Normal.denied());
	});
}

#[test]
fn a_market_that_does_not_exist_obeys_the_chain() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Breaker::restrict(signed(HALF), Scope::Chain, Level::Freeze, HOUR));
		for market in [5, 63, 64, u16::MAX] {
			assert_eq!(Breaker::view(MarketId(market)).level, Level::Freeze);
		}
	});
}

#[test]
fn the_chain_obeys_no_lease_of_a_market() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Breaker::restrict(signed(HALF), btc(), Level::Freeze, HOUR));
		assert_eq!(Breaker::chain().level, Level::Normal);
		assert_ok!(Breaker::restrict(signed(HALF), Scope::Chain, Level::Freeze, HOUR));
		assert_eq!(Breaker::chain().level, Level::Freeze);
	});
}

#[test]
fn a_clock_that_stands_lags_or_jumps_is_no_surprise() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Breaker::restrict(signed(THIRD), btc(), Level::Watch, HOUR));
		Now::set(START - MINUTE);
		price(BTC, 100);
		assert_eq!(level(btc()), Level::Watch);
		price(BTC, 100);
		Now::set(START + 40 * MINUTE);
		price(BTC, 100);
		Now::set(START + 30 * MINUTE);
		price(BTC, 101);
		assert_eq!(level(btc()), Level::Watch);
		Now::set(START + 400 * HOUR);
		assert_eq!(level(btc()), Level::Normal);
		price(BTC, 300);
		assert_eq!(level(btc()), Level::Normal);
	});
}

#[test]
fn the_end_of_a_lease_is_told_and_the_incident_closed_by_the_next_price() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Breaker::restrict(signed(THIRD), btc(), Level::Guarded, MINUTE));
		assert_ok!(Breaker::restrict(signed(THIRD), Scope::Chain, Level::Watch, MINUTE));
		pass(MINUTE);
		assert!(Closed::get().is_empty());
		price(BTC, 100);
		let mut closed = Closed::get();
		closed.sort();
		assert_eq!(closed, vec![0, 1]);
		for (scope, from) in [(btc(), Level::Guarded), (Scope::Chain, Level::Watch)] {
			System::assert_has_event(
				Event::LevelChanged {
					scope,
					from,
					to: Level::Normal,
					cause: None,
					until: START + MINUTE,
					incident: Some(if scope == Scope::Chain { 1 } else { 0 }),
					evidence: [0, 0],
				}
				.into(),
			);
		}
		assert!(Status::<Test>::get(0).markets[0].record.leases.is_empty());
	});
}

#[test]
fn an_incident_covers_all_leases_until_the_last_one_ends() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Breaker::restrict(signed(THIRD), btc(), Level::Guarded, HOUR));
		assert_ok!(Breaker::restrict(signed(HALF), btc(), Level::Freeze, MINUTE));
		assert_eq!(Opened::get().len(), 1);
		assert_eq!(Opened::get()[0].severity, Severity::P3);
		let freeze = Entry::Level {
			from: Level::Guarded,
			to: Level::Freeze,
			cause: Cause::Committee(3),
			until: START + MINUTE,
		};
		assert!(Entries::get().contains(&(0, freeze)));
		pass(MINUTE);
		price(BTC, 100);
		assert!(Closed::get().is_empty());
		assert_eq!(level(btc()), Level::Guarded);
		pass(HOUR);
		price(BTC, 100);
		assert_eq!(Closed::get(), vec![0]);
		assert_ok!(Breaker::restrict(signed(THIRD), btc(), Level::Guarded, HOUR));
		assert_eq!(leases(btc())[0].incident, 1);
	});
}

#[test]
fn safe_mode_denies_opening_and_withdrawing_and_leaves_the_exits_open() {
	use breakwater_primitives::Action::*;
	ExtBuilder::default().build_and_execute(|| {
		<Breaker as SafeModeNotify>::entered();
		let until = START + 12 * HOUR;
		let refuses = |action| Breaker::view(BTC).allows(action).map_err(|r| (r.cause, r.until));
		for action in [OpenMarket, OpenLimit, OpenPostOnly, Withdraw] {
			assert_eq!(refuses(action), Err((Some(Cause::SafeMode), until)), "{action:?}");
		}
		for action in [Reduce, Cancel, TopUp, Liquidate] {
			assert_eq!(refuses(action), Ok(()), "{action:?}");
		}
		assert!(Breaker::chain().allows(Withdraw).is_err());
		// A longer lease of the same level sets the level, and still the safe mode refuses.
		assert_ok!(Breaker::restrict(signed(COUNCIL), btc(), Level::ReduceOnly, 20 * HOUR));
		assert_eq!(Breaker::view(BTC).cause, Some(Cause::Council));
		assert_eq!(refuses(Withdraw), Err((Some(Cause::SafeMode), until)));
		pass(12 * HOUR);
		assert_eq!(refuses(Withdraw), Ok(()));
	});
}

#[test]
fn safe_mode_restricts_the_chain_until_it_is_left() {
	ExtBuilder::default().build_and_execute(|| {
		<Breaker as SafeModeNotify>::entered();
		assert_eq!(Breaker::status(Scope::Market(ETH)).0, Level::ReduceOnly);
		assert_eq!(
			Breaker::status(Scope::Chain),
			(Level::ReduceOnly, Some(Cause::SafeMode), START + 12 * HOUR)
		);
		// The timelock cannot end it here.
		assert!(Breaker::lift(signed(TIMELOCK), Scope::Chain).is_err());
		<Breaker as SafeModeNotify>::exited();
		assert_eq!(level(Scope::Chain), Level::Normal);
		assert_eq!(Closed::get(), vec![0]);
		// If nobody tells that it was left, time does.
		<Breaker as SafeModeNotify>::entered();
		pass(12 * HOUR);
		assert_eq!(level(Scope::Chain), Level::Normal);
		<Breaker as SafeModeNotify>::exited();
	});
}

#[test]
fn a_broken_invariant_freezes_its_market_only() {
	ExtBuilder::default().build_and_execute(|| {
		Breaker::observe(BTC, &Observation::InvariantBroken);
		assert_eq!(
			Breaker::status(btc()),
			(Level::Freeze, Some(Cause::Detector(D13)), START + 2 * HOUR)
		);
		assert_eq!(level(Scope::Market(ETH)), Level::Normal);
		assert_eq!(Opened::get()[0].severity, Severity::P1);
		// Told again, it lasts longer.
		pass(HOUR);
		Breaker::observe(BTC, &Observation::InvariantBroken);
		assert_eq!(leases(btc()).len(), 1);
		assert_eq!(Breaker::status(btc()).2, START + 3 * HOUR);
		Breaker::observe(MarketId(64), &Observation::InvariantBroken);
	});
}

#[test]
fn liquidations_and_cover_are_noted_while_the_market_is_restricted() {
	ExtBuilder::default().build_and_execute(|| {
		let both = |n| {
			Breaker::observe(BTC, &Observation::Liquidated { notional: n });
			Breaker::observe(BTC, &Observation::Covered { amount: n });
			Breaker::observe(BTC, &Observation::BandReached { wanted: Ticks(9) });
		};
		both(1);
		assert!(Entries::get().is_empty());
		assert_ok!(Breaker::restrict(signed(THIRD), btc(), Level::Guarded, HOUR));
		both(2);
		assert!(Entries::get().contains(&(0, Entry::Liquidated { notional: 2 })));
		assert!(Entries::get().contains(&(0, Entry::Covered { amount: 2 })));
		pass(HOUR);
		let before = Entries::get().len();
		both(3);
		assert_eq!(Entries::get().len(), before);
	});
}

#[test]
fn a_detector_finds_room_even_when_five_leases_are_held() {
	ExtBuilder::default().build_and_execute(|| {
		let levels =
			[Level::Watch, Level::Guarded, Level::ReduceOnly, Level::Auction, Level::Freeze];
		for (n, level) in levels.into_iter().enumerate() {
			assert_ok!(Breaker::restrict(signed(COUNCIL), btc(), level, (10 - n as u64) * MINUTE));
		}
		<Breaker as Observe>::observe(BTC, &Observation::InvariantBroken);
		let all = leases(btc());
		assert!(all.len() <= MAX_LEASES as usize);
		assert!(all.iter().any(|l| l.cause == Cause::Detector(D13)));
	});
}

#[test]
fn sums_of_the_chain_that_disagree_hold_all_markets_at_reduce_only() {
	ExtBuilder::default().build_and_execute(|| {
		Breaker::observe_chain(&Observation::Covered { amount: 1 });
		assert_eq!(level(Scope::Chain), Level::Normal);
		Breaker::observe_chain(&Observation::InvariantBroken);
		let told = (Level::ReduceOnly, Some(Cause::Detector(D13)), START + 2 * HOUR);
		assert_eq!(Breaker::status(Scope::Chain), told);
		assert_eq!(level(btc()), Level::ReduceOnly);
		assert_eq!(Opened::get()[0].severity, Severity::P1);
		// Told in every block, it is renewed once in an hour.
		pass(MINUTE);
		Breaker::observe_chain(&Observation::InvariantBroken);
		assert_eq!(Breaker::status(Scope::Chain), told);
		pass(HOUR);
		Breaker::observe_chain(&Observation::InvariantBroken);
		assert_eq!(Breaker::status(Scope::Chain).2, START + 3 * HOUR + MINUTE);
		assert_eq!(leases(Scope::Chain).len(), 1);
	});
}
