use crate::{mock::*, *};
use breakwater_primitives::{MarketId, Ppm, Ticks, Validity};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::{DispatchClass, GetDispatchInfo, Pays},
	BoundedVec,
};
use sp_runtime::DispatchError::BadOrigin;

/// The error of a feed, without what it would have cost.
fn refused(who: u64, prices: &[(MarketId, u32)]) -> sp_runtime::DispatchError {
	let before = sp_io::storage::root(sp_runtime::StateVersion::V1);
	let error = frame_support::storage::with_storage_layer(|| {
		feed_as(who, prices).map_err(|failed| failed.error)
	});
	assert_eq!(before, sp_io::storage::root(sp_runtime::StateVersion::V1));
	error.unwrap_err()
}

#[test]
fn only_feeders_feed() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(refused(5, &[(BTC, 1)]), Error::<Test>::NotFeeder.into());
		assert_noop!(PriceGuard::feed(RuntimeOrigin::root(), Default::default()), BadOrigin);
	});
}

#[test]
fn a_feed_names_existing_markets_once_with_a_price() {
	ExtBuilder::default().build_and_execute(|| {
		let unknown = Error::<Test>::UnknownMarket.into();
		for market in [4, 64, u16::MAX] {
			assert_eq!(refused(1, &[(BTC, 1), (MarketId(market), 1)]), unknown);
		}
		assert_eq!(refused(1, &[(BTC, 0)]), Error::<Test>::ZeroPrice.into());
		let twice = Error::<Test>::DuplicateMarket.into();
		assert_eq!(refused(1, &[(BTC, 1), (ETH, 1), (BTC, 2)]), twice);
		let number = Error::<Test>::WrongNumberOfPrices.into();
		assert_eq!(refused(1, &[]), number);
		// The oracle of this chain takes three at once.
		let four: Vec<_> = (0..4).map(|n| (MarketId(n), 1)).collect();
		assert_eq!(refused(1, &four), number);
	});
}

#[test]
fn a_feeder_feeds_once_per_block() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(feed_as(1, &[(BTC, 100)]));
		assert_eq!(refused(1, &[(ETH, 100)]), Error::<Test>::AlreadyFedThisBlock.into());
		pass(1_000);
		assert_ok!(feed_as(1, &[(ETH, 100)]));
	});
}

#[test]
fn a_feed_is_free_operational_and_weighs_what_it_used() {
	ExtBuilder::default().build_and_execute(|| {
		let prices = BoundedVec::try_from(vec![(BTC, Ticks(1)), (ETH, Ticks(1))]).unwrap();
		let info = Call::<Test>::feed { prices }.get_dispatch_info();
		assert_eq!(info.class, DispatchClass::Operational);
		feed_as(1, &[(BTC, 100), (ETH, 10)]).unwrap();
		feed_as(2, &[(BTC, 100), (ETH, 10)]).unwrap();
		let done = feed_as(3, &[(BTC, 100), (ETH, 10)]).unwrap();
		assert_eq!(done.pays_fee, Pays::No);
		let base = <() as WeightInfo>::feed(2);
		assert_eq!(done.actual_weight.unwrap().ref_time(), base.ref_time() + 2 * 300);
		assert_eq!(info.call_weight.ref_time(), base.ref_time() + 1_000);
	});
}

#[test]
fn a_market_gets_no_more_than_its_share_of_the_limit() {
	ExtBuilder::default().build_and_execute(|| {
		let three: Vec<_> = (0..3).map(|n| (MarketId(n), 100)).collect();
		feed_as(1, &three).unwrap();
		feed_as(2, &three).unwrap();
		let done = feed_as(3, &three).unwrap();
		// 333 each; all three are told.
		let base = <() as WeightInfo>::feed(3);
		assert_eq!(done.actual_weight.unwrap().ref_time(), base.ref_time() + 900);
		assert_eq!(Told::get().len(), 3);
	});
}

#[test]
fn set_params_checks_origin_market_and_ranges() {
	ExtBuilder::default().build_and_execute(|| {
		let good = GuardParams::TIER_B;
		let set = |who, market, params| {
			PriceGuard::set_params(RuntimeOrigin::signed(who), market, params)
		};
		assert_noop!(set(1, BTC, good), BadOrigin);
		assert_noop!(set(TIMELOCK, MarketId(4), good), Error::<Test>::UnknownMarket);
		for bad in [
			GuardParams { quorum: 1, ..good },
			GuardParams { quorum: 17, ..good },
			GuardParams { age_limit: 999, ..good },
			GuardParams { age_limit: 120_001, ..good },
			GuardParams { max_dispersion: Ppm(99), ..good },
			GuardParams { max_jump: Ppm(500_001), ..good },
			GuardParams { mark_clamp: Ppm(100_001), ..good },
			GuardParams { stable_rate: Ppm(0), ..good },
		] {
			assert_noop!(set(TIMELOCK, BTC, bad), Error::<Test>::InvalidParams);
		}
		let wide = GuardParams { mark_clamp: Ppm(50_001), ..good };
		assert_noop!(set(TIMELOCK, BTC, wide), Error::<Test>::ClampTooWide);
		assert_ok!(set(TIMELOCK, ETH, GuardParams { mark_clamp: Ppm(50_000), ..good }));
		System::reset_events();
		assert_ok!(set(TIMELOCK, BTC, good));
		assert_eq!(Params::<Test>::get(BTC), good);
		let from = GuardParams::TIER_A;
		assert_eq!(events(), vec![Event::ParamsSet { market: BTC, from, to: good }]);
	});
}

#[test]
fn genesis_sets_parameters_and_the_others_have_tier_a() {
	ExtBuilder::default().params(ETH, GuardParams::TIER_C).build_and_execute(|| {
		assert_eq!(Params::<Test>::get(ETH), GuardParams::TIER_C);
		assert_eq!(Params::<Test>::get(BTC), GuardParams::TIER_A);
		assert_eq!(btc().validity, Validity::Invalid);
	});
}
