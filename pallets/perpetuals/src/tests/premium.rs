//! Funding: samples, the clock, and what the clearing house is told.

use super::*;
use breakwater_primitives::Funding;

/// Pass seconds in steps of five, a block each, with fresh prices.
fn pass(seconds: u64) {
	for _ in 0..seconds / 5 {
		use frame_support::traits::UnixTime;
		let now = Clock::now().as_secs() + 5;
		Clock::set(now);
		set_prices(|prices| prices.at = now * 1_000);
		let next = System::block_number() + 1;
		System::set_block_number(next);
		<Perpetuals as frame_support::traits::Hooks<u64>>::on_initialize(next);
	}
}

/// A book deep enough for the clip of tier A: 250,000 units are 250,000,000,000, of which a lot at
/// 1,000 ticks is 100,000.
fn quote(bid_at: u32, ask_at: u32) {
	House::change(account(2, 0), |account| account.limit = u64::MAX / 4);
	for order in [bid(bid_at, 1_000_000), ask(ask_at, 1_000_000)] {
		for _ in 0..4 {
			assert_ok!(place(2, order));
		}
	}
}

fn state() -> PremiumState {
	Premiums::<Test>::get(BTC)
}

fn accrued() -> Vec<i128> {
	let all = House::accrued().into_iter();
	all.filter_map(|(market, Funding(per_lot))| (market == BTC).then_some(per_lot)).collect()
}

/// One minute of one lot at 1000 ticks, worth 100,000, at `rate` parts per million for 8 hours.
fn minute(rate: i128) -> i128 {
	((rate * 100_000) << 32) / (1_000_000 * 480)
}

#[test]
fn the_interest_is_paid_minute_by_minute_without_a_premium() {
	ExtBuilder::default().build_and_execute(|| {
		pass(5);
		pass(180);
		assert_eq!(accrued(), vec![minute(100); 3]);
	});
}

#[test]
fn an_hours_mean_premium_is_the_next_hours_rate() {
	ExtBuilder::default().build_and_execute(|| {
		// Both impact prices 1 % above the index.
		quote(1_010, 1_011);
		pass(3_600);
		assert_eq!(state().impact, Some((Ticks(1_010), Ticks(1_011))));
		assert_eq!(Perpetuals::quote(BTC).impact, Some((Ticks(1_010), Ticks(1_011))));
		let funding = Perpetuals::funding(BTC).expect("exists");
		assert_eq!((funding.rate, funding.premium), (SignedPpm(100), SignedPpm(10_000)));
		// 1 % less half a tenth of it.
		assert_eq!(funding.next_rate, SignedPpm(9_500));
		assert!(accrued().iter().all(|per_lot| *per_lot == minute(100)));
		pass(60);
		let market = BTC;
		let (premium, rate) = (SignedPpm(10_000), SignedPpm(9_500));
		assert!(events().contains(&Event::FundingRate { market, premium, rate }));
		pass(60);
		assert_eq!(accrued().last(), Some(&minute(9_500)));
	});
}

#[test]
fn a_sample_is_skipped_and_not_zero_where_a_side_is_missing_young_or_crossed() {
	ExtBuilder::default().build_and_execute(|| {
		pass(30);
		assert_eq!(state().samples, 0);
		House::change(account(2, 0), |account| account.limit = u64::MAX / 4);
		for _ in 0..4 {
			assert_ok!(place(2, bid(990, 1_000_000)));
		}
		pass(30);
		assert_eq!((state().samples, state().impact), (0, None));
		for _ in 0..4 {
			assert_ok!(place(2, ask(1_010, 1_000_000)));
		}
		// Orders of this block and the one before do not count.
		pass(5);
		assert_eq!(state().samples, 0);
		pass(30);
		assert!(state().samples > 0);
		assert_eq!((state().sum, state().impact), (0, Some((Ticks(990), Ticks(1_010)))));
	});
}

#[test]
fn nothing_accrues_while_the_market_is_paused() {
	for level in [Level::Auction, Level::Freeze, Level::Settle] {
		ExtBuilder::default().build_and_execute(|| {
			quote(1_010, 1_011);
			pass(120);
			let (paid, samples) = (accrued().len(), state().samples);
			assert!(paid > 0 && samples > 0);
			Gates::level(BTC, level);
			pass(600);
			assert_eq!((accrued().len(), state().samples), (paid, samples), "{level:?}");
			assert_eq!(Perpetuals::quote(BTC).impact, None);
			Gates::level(BTC, Level::Normal);
			pass(120);
			// The pause itself is not paid for afterwards.
			assert!(accrued().len() <= paid + 3);
		});
	}
}

#[test]
fn a_disputed_price_stops_the_clock_and_a_degraded_one_leaves_the_interest() {
	ExtBuilder::default().build_and_execute(|| {
		quote(1_010, 1_011);
		pass(3_700);
		let before = accrued().len();
		set_prices(|prices| prices.validity = Validity::Unconfirmed);
		pass(300);
		assert_eq!(accrued().len(), before);
		set_prices(|prices| prices.validity = Validity::Degraded);
		let samples = state().samples;
		pass(120);
		assert_eq!(accrued().last(), Some(&minute(100)));
		assert_eq!(state().samples, samples);
		set_prices(|prices| prices.validity = Validity::Valid);
		pass(120);
		assert_eq!(accrued().last(), Some(&minute(9_500)));
	});
}

#[test]
fn an_outage_counts_as_a_minute_at_the_most() {
	ExtBuilder::default().build_and_execute(|| {
		pass(30);
		use frame_support::traits::UnixTime;
		Clock::set(Clock::now().as_secs() + 36_000);
		pass(5);
		assert!(accrued().len() <= 1);
		assert!(state().hour < 120_000);
	});
}

#[test]
fn every_market_is_looked_at_where_there_are_more_than_a_block_looks_at() {
	let markets = (0..20).map(|n| named(&format!("M{n}"))).collect();
	ExtBuilder { markets }.build_and_execute(|| {
		pass(30);
		assert_eq!(Premiums::<Test>::iter().count(), 20);
	});
}
