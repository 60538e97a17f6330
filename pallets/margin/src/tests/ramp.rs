//! Changing risk parameters: what is announced, who is looked at, when it acts.

use crate::{mock::*, ramp::RiskChange, *};
use breakwater_math::ramp::Rates;
use breakwater_primitives::{AccountRef, Clearing, Funding, Level, Lots, MarketId, Ppm, Side};
use frame_support::{assert_noop, assert_ok, weights::Weight};
use proptest::prelude::*;
use sp_runtime::DispatchError::BadOrigin;

const Q: i128 = QUOTE as i128;
/// A percent more in the first bracket.
const HIGHER: Rates = [Ppm(30_000), Ppm(30_000), Ppm(50_000), Ppm(100_000)];

fn announce(rates: Rates) -> sp_runtime::DispatchResult {
	Margin::announce_maintenance(RuntimeOrigin::signed(18), BTC, rates)
}

fn rates() -> Rates {
	Risk::<Test>::get(BTC).unwrap().rates()
}

/// A minute passes in one block, in which the price is told again.
fn minute(price: u32) {
	Now::mutate(|now| *now += 59_000);
	set_price(BTC, price);
	next_block();
}

/// An hour of minutes.
fn hour(price: u32) {
	(0..60).for_each(|_| minute(price));
}

fn lots_of(who: AccountRef) -> i64 {
	account_of(who).positions.first().map_or(0, |position| position.lots)
}

/// A market of 100,000 lots, and an account that owns so many of them at this equity.
fn market_with(lots: u64, equity: u128) -> (AccountRef, AccountRef) {
	let (maker, whale, who) = (funded(1, 900_000), funded(2, 900_000), funded(3, equity));
	trade(whale, maker, PRICE, 100_000 - lots);
	if lots > 0 {
		trade(who, maker, PRICE, lots);
	}
	// Somebody buys what is closed.
	place(maker, BTC, Side::Bid, PRICE, 1_000, &NO_FEES, false).unwrap();
	(who, maker)
}

#[test]
fn only_the_committee_announces_and_only_higher_rates() {
	ExtBuilder::build_and_execute(|| {
		let by = |who, market, rates| Margin::announce_maintenance(who, market, rates);
		assert_noop!(by(RuntimeOrigin::signed(1), BTC, HIGHER), BadOrigin);
		assert_noop!(by(RuntimeOrigin::root(), BTC, HIGHER), BadOrigin);
		let committee = RuntimeOrigin::signed(18);
		let unknown = by(committee, MarketId(9), HIGHER);
		assert_noop!(unknown, Error::<Test>::UnknownMarket);
		assert_noop!(announce(rates()), Error::<Test>::NotTighter);
		let mixed = [Ppm(19_999), Ppm(40_000), Ppm(50_000), Ppm(100_000)];
		assert_noop!(announce(mixed), Error::<Test>::NotTighter);
		let descending = [Ppm(40_000), Ppm(30_000), Ppm(50_000), Ppm(100_000)];
		assert_noop!(announce(descending), Error::<Test>::InvalidRiskTerms);
		let beyond = [Ppm(20_000), Ppm(30_000), Ppm(50_000), Ppm(500_001)];
		assert_noop!(announce(beyond), Error::<Test>::InvalidRiskTerms);
		assert_ok!(announce(HIGHER));
		assert_noop!(announce(HIGHER), Error::<Test>::AlreadyAnnounced);
		let (from, to) = (btc_terms().rates(), HIGHER);
		System::assert_last_event(Event::MaintenanceAnnounced { market: BTC, from, to }.into());
	});
}

#[test]
fn an_announcement_raises_initial_margin_at_once_and_maintenance_not_at_all() {
	ExtBuilder::build_and_execute(|| {
		let (who, _) = market_with(1_000, 650);
		// Ten thousand of value: 5 % initial margin by leverage, 2 % maintenance.
		let before = Margin::summary_of(who).unwrap();
		assert_eq!((before.initial_margin, before.maintenance_margin), (500 * QUOTE, 200 * QUOTE));
		assert_ok!(announce(HIGHER));
		let after = Margin::summary_of(who).unwrap();
		assert_eq!((after.initial_margin, after.maintenance_margin), (600 * QUOTE, 200 * QUOTE));
		let more = place(who, BTC, Side::Bid, PRICE, 100, &NO_FEES, false);
		assert_noop!(more, Error::<Test>::InsufficientMargin);
		let withdraw = |quote: u128| Margin::withdraw(RuntimeOrigin::signed(3), 0, quote * QUOTE);
		assert!(withdraw(51).is_err());
		let status = Margin::maintenance(BTC).unwrap();
		assert_eq!((status.rates, status.announced), (btc_terms().rates(), Some(HIGHER)));
		assert_eq!((status.swept, status.notice_minutes), (false, 60));
		assert_eq!(Margin::maintenance(MarketId(9)), None);
	});
}

#[test]
fn rates_rise_after_an_hour_of_notice_by_half_a_percent_an_hour() {
	ExtBuilder::build_and_execute(|| {
		market_with(0, 10);
		assert_ok!(announce(HIGHER));
		next_block();
		let swept =
			Event::MaintenanceSwept { market: BTC, falling: 0, open_interest: 1_000_000 * QUOTE };
		System::assert_has_event(swept.into());
		(0..59).for_each(|_| minute(PRICE));
		assert_eq!(rates(), btc_terms().rates());
		assert_eq!(Margin::maintenance(BTC).unwrap().notice_minutes, 1);
		minute(PRICE);
		assert_eq!(rates()[0], Ppm(20_083));
		hour(PRICE);
		assert_eq!(rates()[0], Ppm(20_083 + 60 * 83));
		hour(PRICE);
		assert_eq!(rates(), HIGHER);
		System::assert_has_event(
			Event::MaintenanceRaised { market: BTC, rates: HIGHER, done: true }.into(),
		);
		assert_eq!(Margin::maintenance(BTC).unwrap().announced, None);
		assert_eq!(Announced::<Test>::get(), 0);
		assert_ok!(announce([Ppm(40_000), Ppm(40_000), Ppm(50_000), Ppm(100_000)]));
	});
}

#[test]
fn a_chain_that_stood_still_has_given_a_minute_of_notice_and_no_more() {
	ExtBuilder::build_and_execute(|| {
		market_with(0, 10);
		assert_ok!(announce(HIGHER));
		Now::mutate(|now| *now += 10 * 3_600_000);
		minute(PRICE);
		minute(PRICE);
		assert_eq!(rates(), btc_terms().rates());
		assert_eq!(Margin::maintenance(BTC).unwrap().notice_minutes, 58);
	});
}

#[test]
fn whoever_falls_by_a_rise_is_found_though_no_price_moves() {
	ExtBuilder::build_and_execute(|| {
		// 100 lots are 0.1 % of the market: 1,000 of value on 50, which 2.5 % of maintenance takes half of.
		let (who, _) = market_with(100, 50);
		set_price(BTC, 97_500);
		assert_eq!(lots_of(who), 100);
		// Equity is 25 of 975 now, 2.56 %.
		assert_ok!(announce(HIGHER));
		next_block();
		let status = Margin::maintenance(BTC).unwrap();
		assert_eq!((status.swept, status.falling), (true, 975 * QUOTE));
		(0..120).for_each(|_| minute(97_500));
		assert_eq!(lots_of(who), 100);
		// 2 % and 67 steps of 83 millionths are 2.556 %.
		assert_eq!(rates()[0], Ppm(20_000 + 61 * 83));
		(0..5).for_each(|_| minute(97_500));
		assert_eq!((lots_of(who), account_of(who).since), (100, 0));
		(0..3).for_each(|_| minute(97_500));
		assert!(account_of(who).since > 0 || lots_of(who) < 100);
		(0..12).for_each(|_| next_block());
		assert_eq!(lots_of(who), 0);
	});
}

#[test]
fn a_rise_by_which_too_many_would_fall_is_dropped() {
	ExtBuilder::build_and_execute(|| {
		// 0.6 % of the market.
		let (who, _) = market_with(600, 300);
		set_price(BTC, 97_500);
		assert_ok!(announce(HIGHER));
		next_block();
		let rejected = Event::MaintenanceRejected {
			market: BTC,
			falling: 600 * 100 * 97_500,
			open_interest: 100_000 * 100 * 97_500,
		};
		System::assert_has_event(rejected.into());
		assert_eq!(Margin::maintenance(BTC).unwrap().announced, None);
		(0..150).for_each(|_| minute(97_500));
		assert_eq!((rates(), lots_of(who)), (btc_terms().rates(), 600));
		// Who was armed by rates that never came is armed by those in force again.
		assert_eq!(Backlog::<Test>::get(), 0);
	});
}

#[test]
fn who_is_under_his_margin_already_does_not_veto_a_rise() {
	ExtBuilder::build_and_execute(|| {
		let (who, _) = market_with(600, 300);
		set_level(BTC, Level::Freeze);
		set_price(BTC, 96_000);
		assert!(Margin::summary_of(who).unwrap().equity < 200 * Q);
		assert_ok!(announce(HIGHER));
		next_block();
		assert!(Margin::maintenance(BTC).unwrap().swept);
	});
}

#[test]
fn rates_stand_while_nothing_can_be_liquidated() {
	ExtBuilder::build_and_execute(|| {
		market_with(0, 10);
		assert_ok!(announce(HIGHER));
		hour(PRICE);
		let before = rates();
		set_level(BTC, Level::Freeze);
		hour(PRICE);
		assert_eq!(rates(), before);
		set_level(BTC, Level::Normal);
		minute(PRICE);
		assert_eq!(rates()[0].0, before[0].0 + 83);
	});
}

#[test]
fn a_rise_is_stopped_or_taken_back_by_the_timelock_alone() {
	ExtBuilder::build_and_execute(|| {
		market_with(0, 10);
		let lower = |who, rates| Margin::lower_maintenance(who, BTC, rates);
		let root = RuntimeOrigin::root;
		assert_noop!(lower(RuntimeOrigin::signed(18), rates()), BadOrigin);
		assert_noop!(lower(root(), rates()), Error::<Test>::NotLooser);
		assert_noop!(lower(root(), HIGHER), Error::<Test>::NotLooser);
		assert_noop!(
			Margin::lower_maintenance(root(), MarketId(9), HIGHER),
			Error::<Test>::UnknownMarket
		);
		// The penalty is half a percent: the lowest rate cannot be less than twice that.
		let too_low = [Ppm(9_999), Ppm(30_000), Ppm(50_000), Ppm(100_000)];
		assert_noop!(lower(root(), too_low), Error::<Test>::InvalidRiskTerms);
		assert_ok!(announce(HIGHER));
		hour(PRICE);
		minute(PRICE);
		let stands = rates();
		assert!(stands[0] > Ppm(20_000));
		assert_ok!(lower(root(), stands));
		hour(PRICE);
		assert_eq!((rates(), Margin::maintenance(BTC).unwrap().announced), (stands, None));
		let back = btc_terms().rates();
		assert_ok!(lower(root(), back));
		assert_eq!(rates(), back);
		System::assert_last_event(
			Event::MaintenanceLowered { market: BTC, from: stands, to: back }.into(),
		);
	});
}

#[test]
fn initial_margin_and_caps_are_tightened_at_once_and_loosened_by_the_timelock() {
	ExtBuilder::build_and_execute(|| {
		let (committee, root) = (RuntimeOrigin::signed(18), RuntimeOrigin::root());
		let lower = RiskChange { max_leverage: Some(10), ..Default::default() };
		let fewer = RiskChange { max_open_interest: Some(Lots(500_000)), ..Default::default() };
		let both = RiskChange { max_leverage: Some(30), ..fewer };
		let tighten = |who: &RuntimeOrigin, change| Margin::tighten_risk(who.clone(), BTC, change);
		let loosen = |who: &RuntimeOrigin, change| Margin::loosen_risk(who.clone(), BTC, change);
		assert_noop!(tighten(&root, lower), BadOrigin);
		assert_noop!(loosen(&committee, lower), BadOrigin);
		assert_noop!(tighten(&committee, both), Error::<Test>::NotTighter);
		assert_noop!(tighten(&committee, RiskChange::default()), Error::<Test>::NotTighter);
		assert_noop!(loosen(&root, lower), Error::<Test>::NotLooser);
		let less = RiskChange { initial_factor: Some(Ppm(1_999_999)), ..Default::default() };
		assert_noop!(loosen(&root, less), Error::<Test>::InvalidRiskTerms);
		let unknown = Margin::tighten_risk(committee.clone(), MarketId(9), lower);
		assert_noop!(unknown, Error::<Test>::UnknownMarket);
		let who = funded(3, 1_000);
		assert_ok!(tighten(&committee, lower));
		assert_eq!(Margin::base_fractions(BTC).0, Ppm(100_000));
		let order = |lots| place(who, BTC, Side::Bid, PRICE, lots, &NO_FEES, false);
		assert_noop!(order(1_001), Error::<Test>::InsufficientMargin);
		assert_ok!(order(1_000));
		assert_ok!(tighten(&committee, fewer));
		assert_ok!(loosen(&root, RiskChange { max_leverage: Some(20), ..Default::default() }));
		let risk = Risk::<Test>::get(BTC).unwrap();
		assert_eq!((risk.max_leverage, risk.max_open_interest), (20, Lots(500_000)));
		System::assert_last_event(Event::RiskChanged { market: BTC, risk }.into());
	});
}

/// As many accounts as the mock has place for, all of the same kind, whose triggers share a bucket and do
/// not fit a page.
fn crowd(maker: AccountRef) -> Vec<AccountRef> {
	let one = |n: u64| {
		let (who, sub) = (n / 16 + 2, (n % 16) as u8);
		Margin::deposit(RuntimeOrigin::signed(who), sub, 100 * QUOTE).unwrap();
		let account = Keys::<Test>::get((who, sub)).unwrap().account;
		trade(account, maker, PRICE, 50);
		account
	};
	(0..280).map(one).collect()
}

#[test]
fn a_sweep_that_takes_many_blocks_leaves_nobody_out_though_triggers_move_under_it() {
	ExtBuilder::build_and_execute(|| {
		let maker = funded(1, 900_000);
		let crowd = crowd(maker);
		place(maker, BTC, Side::Bid, PRICE, 50_000, &NO_FEES, false).unwrap();
		let chunks =
			TriggerPages::<Test>::iter_keys().filter(|key| key.market == BTC && key.chunk > 0);
		assert!(chunks.count() > 0, "a bucket has more than one page");
		assert_ok!(announce([Ppm(40_000), Ppm(40_000), Ppm(50_000), Ppm(100_000)]));
		// Some fifteen accounts a block.
		HookWeight::set(Weight::from_parts(220_000_000, u64::MAX));
		let mut blocks = 0;
		while !Margin::maintenance(BTC).unwrap().swept {
			// What is closed leaves holes in its page, which are filled from the pages behind.
			for who in crowd.iter().skip(blocks * 7 % 270).step_by(31).take(3) {
				let lots = lots_of(*who) as u64;
				if lots > 0 {
					place(*who, BTC, Side::Ask, PRICE, lots, &NO_FEES, true).unwrap();
				}
			}
			next_block();
			blocks += 1;
			assert!(blocks < 200);
		}
		// From here on every account is checked against the announced rates.
		assert!(blocks > 10, "{blocks}");
		Margin::do_try_state().unwrap();
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(20))]
	/// Whatever is announced, dropped, raised and lowered while people trade, come and go: every account obeys
	/// the rule under the rates by which it must, and custody is what is claimed. The state check after every
	/// step looks at all of them.
	#[test]
	fn nobody_is_missed_while_rates_rise(
		steps in prop::collection::vec((0u8..10, 2u64..6, 1u64..900, -30i64..30), 1..40),
	) {
		ExtBuilder::build_and_execute(|| {
			AccountDeposit::set(QUOTE);
			let maker = funded(1, 900_000);
			(2..6).for_each(|who| { funded(who, 500); });
			let mut price = PRICE;
			for (what, who, lots, by) in steps {
				match what {
					0..=3 => {
						let trader = match Keys::<Test>::get((who, 0)) {
							Some(record) => record.account,
							None => funded(who, 500),
						};
						let side = if by > 0 { Side::Bid } else { Side::Ask };
						let _ = place(maker, BTC, side.opposite(), price, lots, &NO_FEES, false);
						let _ = place(trader, BTC, side, price, lots, &NO_FEES, true);
					},
					4 => {
						price = (price as i64 + price as i64 * by / 1_000) as u32;
						set_price(BTC, price);
					},
					5 => Margin::accrue(BTC, Funding((by as i128) << 43)),
					6 => {
						let _ = announce(rates().map(|rate| Ppm(rate.0 + lots as u32 * 20)));
					},
					7 => {
						let lower = btc_terms().rates();
						let _ = Margin::lower_maintenance(RuntimeOrigin::root(), BTC, lower);
					},
					8 => {
						// The hour of notice is over, and a quarter of one more.
						next_block();
						Tightenings::<Test>::mutate(BTC, |announced| {
							announced.iter_mut().for_each(|announced| announced.minutes = 60)
						});
						(0..15).for_each(|_| minute(price));
					},
					_ => {
						let _ = frame_support::storage::with_storage_layer(|| {
							Margin::close_account(RuntimeOrigin::signed(who), 0)
						});
						next_block();
					},
				}
				Margin::do_try_state().unwrap();
			}
		});
	}
}
