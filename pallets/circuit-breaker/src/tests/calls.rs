use crate::{mock::*, *};
use breakwater_primitives::{Cause, Level, MarketId, Ppm, Scope};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::{DispatchClass, GetDispatchInfo},
};
use sp_runtime::DispatchError::BadOrigin;

#[test]
fn a_restriction_takes_effect_at_once_and_ends_by_itself() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Breaker::restrict(signed(THIRD), btc(), Level::ReduceOnly, HOUR));
		let end = START + HOUR;
		assert_eq!(Breaker::status(btc()), (Level::ReduceOnly, Some(Cause::Committee(2)), end));
		assert_eq!(level(Scope::Market(ETH)), Level::Normal);
		System::assert_has_event(
			Event::LevelChanged {
				scope: btc(),
				from: Level::Normal,
				to: Level::ReduceOnly,
				cause: Some(Cause::Committee(2)),
				until: end,
				incident: Some(0),
				evidence: [0, 0],
			}
			.into(),
		);
		pass(HOUR - 1);
		assert_eq!(level(btc()), Level::ReduceOnly);
		pass(1);
		assert_eq!(Breaker::status(btc()), (Level::Normal, None, 0));
	});
}

#[test]
fn restrict_is_operational() {
	let call = Call::<Test>::restrict { scope: btc(), level: Level::Watch, duration: 1 };
	assert_eq!(call.get_dispatch_info().class, DispatchClass::Operational);
}

#[test]
fn restrict_refuses_what_the_powers_do_not_cover() {
	ExtBuilder::default().build_and_execute(|| {
		let restrict =
			|who, scope, level, duration| Breaker::restrict(signed(who), scope, level, duration);
		assert_noop!(restrict(77, btc(), Level::Watch, MINUTE), BadOrigin);
		assert_noop!(restrict(TIMELOCK, btc(), Level::Watch, MINUTE), BadOrigin);
		assert_noop!(restrict(THIRD, btc(), Level::Normal, MINUTE), Error::<Test>::LevelIsNormal);
		assert_noop!(
			restrict(THIRD, btc(), Level::Watch, SHORTEST_LEASE - 1),
			Error::<Test>::DurationTooShort
		);
		assert_noop!(
			restrict(THIRD, btc(), Level::Auction, MINUTE),
			Error::<Test>::LevelBeyondPowers
		);
		assert_noop!(
			restrict(THIRD, btc(), Level::Watch, 6 * HOUR + 1),
			Error::<Test>::DurationBeyondPowers
		);
		assert_noop!(
			restrict(MEMBER, Scope::Chain, Level::Watch, MINUTE),
			Error::<Test>::ScopeBeyondPowers
		);
		for unknown in [7, 64, 999] {
			assert_noop!(
				restrict(THIRD, Scope::Market(MarketId(unknown)), Level::Watch, MINUTE),
				Error::<Test>::UnknownMarket
			);
		}
	});
}

#[test]
fn a_second_restriction_never_loosens_the_first() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Breaker::restrict(signed(HALF), btc(), Level::ReduceOnly, 2 * HOUR));
		assert_noop!(
			Breaker::restrict(signed(HALF), btc(), Level::ReduceOnly, HOUR),
			Error::<Test>::NotTighter
		);
		assert_noop!(
			Breaker::restrict(signed(THIRD), btc(), Level::Watch, 2 * HOUR),
			Error::<Test>::NotTighter
		);
		// A tighter, shorter one joins; afterwards the first is still there.
		assert_ok!(Breaker::restrict(signed(HALF), btc(), Level::Freeze, HOUR));
		assert_eq!(level(btc()), Level::Freeze);
		pass(HOUR);
		assert_eq!(level(btc()), Level::ReduceOnly);
		// Another source has its own lease even if it adds nothing now.
		assert_ok!(Breaker::restrict(signed(MEMBER), btc(), Level::Watch, MINUTE));
		assert_eq!(leases(btc()).len(), 2);
	});
}

#[test]
fn prolonging_keeps_one_lease_and_its_beginning() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Breaker::restrict(signed(THIRD), btc(), Level::ReduceOnly, HOUR));
		pass(MINUTE);
		assert_ok!(Breaker::restrict(signed(HALF), btc(), Level::ReduceOnly, HOUR));
		let all = leases(btc());
		assert_eq!(all.len(), 1);
		assert_eq!((all[0].since, all[0].until), (START, START + MINUTE + HOUR));
		assert_eq!(all[0].cause, Cause::Committee(3));
		assert_eq!(Opened::get().len(), 1);
	});
}

#[test]
fn a_sixth_restriction_that_replaces_none_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		for (n, level) in Level::ALL.iter().skip(1).take(5).enumerate() {
			let duration = (10 - n as u64) * HOUR;
			assert_ok!(Breaker::restrict(signed(COUNCIL), btc(), *level, duration));
		}
		assert_noop!(
			Breaker::restrict(signed(THIRD), btc(), Level::ReduceOnly, 6 * HOUR),
			Error::<Test>::TooManyLeases
		);
		assert_ok!(Breaker::restrict(signed(COUNCIL), btc(), Level::Freeze, 20 * HOUR));
		assert_eq!(leases(btc()).len(), 1);
	});
}

#[test]
fn a_restriction_of_the_chain_holds_in_every_market() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Breaker::restrict(signed(HALF), Scope::Chain, Level::Guarded, HOUR));
		assert_ok!(Breaker::restrict(signed(HALF), btc(), Level::ReduceOnly, MINUTE));
		assert_eq!(level(Scope::Chain), Level::Guarded);
		assert_eq!(level(Scope::Market(ETH)), Level::Guarded);
		assert_eq!(level(btc()), Level::ReduceOnly);
		pass(MINUTE);
		assert_eq!(
			Breaker::status(btc()),
			(Level::Guarded, Some(Cause::Committee(3)), START + HOUR)
		);
	});
}

#[test]
fn the_committee_has_72_hours_at_auction_or_tighter_in_30_days() {
	ExtBuilder::default().build_and_execute(|| {
		let day = 24 * HOUR;
		for _ in 0..6 {
			assert_ok!(Breaker::restrict(signed(HALF), btc(), Level::Auction, 12 * HOUR));
			pass(day);
		}
		assert_noop!(
			Breaker::restrict(signed(HALF), btc(), Level::Auction, MINUTE),
			Error::<Test>::BudgetSpent
		);
		// Other scopes, looser levels and the council are not concerned.
		assert_ok!(Breaker::restrict(signed(HALF), Scope::Market(ETH), Level::Auction, HOUR));
		assert_ok!(Breaker::restrict(signed(HALF), btc(), Level::ReduceOnly, HOUR));
		assert_ok!(Breaker::restrict(signed(COUNCIL), btc(), Level::Freeze, HOUR));
		// 30 days after the first decision is the 31st day: what it took may be used again.
		pass(24 * day);
		assert_noop!(
			Breaker::restrict(signed(HALF), btc(), Level::Auction, MINUTE),
			Error::<Test>::BudgetSpent
		);
		pass(day);
		assert_ok!(Breaker::restrict(signed(HALF), btc(), Level::Auction, 12 * HOUR));
	});
}

#[test]
fn lift_ends_what_people_set_and_not_what_a_detector_demands() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Breaker::lift(signed(HALF), btc()), BadOrigin);
		assert_noop!(Breaker::lift(signed(TIMELOCK), btc()), Error::<Test>::NothingToLift);
		assert_noop!(
			Breaker::lift(signed(TIMELOCK), Scope::Market(MarketId(3))),
			Error::<Test>::UnknownMarket
		);
		price(BTC, 10_000);
		price(BTC, 9_000);
		assert_eq!(level(btc()), Level::ReduceOnly);
		assert_noop!(Breaker::lift(signed(TIMELOCK), btc()), Error::<Test>::NothingToLift);
		assert_ok!(Breaker::restrict(signed(HALF), btc(), Level::Freeze, HOUR));
		assert_ok!(Breaker::lift(signed(TIMELOCK), btc()));
		assert_eq!(level(btc()), Level::ReduceOnly);
		System::assert_has_event(
			Event::LeaseLifted { scope: btc(), level: Level::Freeze, cause: Cause::Committee(3) }
				.into(),
		);
	});
}

#[test]
fn lifting_the_last_lease_closes_the_incident() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Breaker::restrict(signed(HALF), Scope::Chain, Level::Freeze, HOUR));
		assert_ok!(Breaker::lift(signed(TIMELOCK), Scope::Chain));
		assert_eq!(level(Scope::Market(ETH)), Level::Normal);
		assert_eq!(Closed::get(), vec![0]);
		System::assert_has_event(Event::IncidentClosed { scope: Scope::Chain, incident: 0 }.into());
	});
}

#[test]
fn set_detectors_checks_origin_market_and_ranges() {
	ExtBuilder::default().build_and_execute(|| {
		let good = DetectorParams::TIER_B;
		let set = |who, market, params| Breaker::set_detectors(signed(who), market, params);
		assert_noop!(set(HALF, BTC, good), BadOrigin);
		assert_noop!(set(TIMELOCK, MarketId(9), good), Error::<Test>::UnknownMarket);
		for bad in [
			DetectorParams { fast_band: Ppm(999), ..good },
			DetectorParams { fast_band: Ppm(200_001), ..good },
			DetectorParams { slow_band: Ppm(1_000_001), ..good },
			DetectorParams { collar: Ppm(0), ..good },
			DetectorParams { fast_dwell: 2 * HOUR + 1, ..good },
			DetectorParams { slow_dwell: 2 * HOUR + 1, ..good },
			DetectorParams { watch_at: Ppm(1_000_001), guard_at: Ppm(0), ..good },
			DetectorParams { guard_at: Ppm(1_000_001), ..good },
			DetectorParams { guard_at: Ppm(good.watch_at.0 - 1), ..good },
		] {
			assert_noop!(set(TIMELOCK, BTC, bad), Error::<Test>::InvalidDetectors);
		}
		assert_ok!(set(TIMELOCK, BTC, good));
		assert_eq!(Detectors::<Test>::get(BTC), good);
		System::assert_has_event(
			Event::DetectorsSet { market: BTC, from: DetectorParams::TIER_A, to: good }.into(),
		);
	});
}

#[test]
fn genesis_sets_detectors_and_the_others_have_tier_a() {
	ExtBuilder::default().detectors(ETH, DetectorParams::TIER_C).build_and_execute(|| {
		assert_eq!(Detectors::<Test>::get(ETH), DetectorParams::TIER_C);
		assert_eq!(Detectors::<Test>::get(BTC), DetectorParams::TIER_A);
	});
}
