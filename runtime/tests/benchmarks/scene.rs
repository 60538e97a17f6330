//! The scene of the benchmarks keeps every invariant of the exchange.

use crate::common::{build, genesis};
use breakwater_primitives::{
	benchmarking::Scene, Level, Lots, MarketId, Scope, Side, Ticks, Validity,
};
use breakwater_runtime::{
	benchmarking::BenchmarkScene, views, CircuitBreaker, Margin, Perpetuals, PriceGuard, USDC_UNIT,
};

const MARKET: MarketId = MarketId(0);

fn in_scene(test: impl FnOnce()) {
	let mut state = build(&genesis("development")).expect("the preset builds");
	state.execute_with(|| {
		test();
		views::try_state().expect("every invariant holds");
	});
}

#[test]
fn traders_trade_and_orders_rest() {
	in_scene(|| {
		let [long, short] = [0, 1].map(BenchmarkScene::trader);
		let price = BenchmarkScene::price(MARKET);
		BenchmarkScene::trade(MARKET, &long, &short, Lots(10));
		assert_eq!(Margin::open_interest(MARKET), Lots(10));
		let id = BenchmarkScene::rest(&long, MARKET, Side::Bid, Ticks(price.0 - 5), Lots(3));
		assert_eq!((id.market(), id.tick(), id.side()), (MARKET, Ticks(price.0 - 5), Side::Bid));
		assert_eq!(Perpetuals::depth(MARKET, 4).bids.len(), 1);
		// The same trader, not another deposit.
		let before = views::account_summary(long.clone(), 0).map(|account| account.quote);
		assert_eq!(BenchmarkScene::trader(0), long);
		assert_eq!(views::account_summary(long, 0).map(|account| account.quote), before);
		assert!(before.is_some_and(|quote| quote > 9_000_000 * USDC_UNIT as i128));
	});
}

#[test]
fn every_market_has_a_valid_price() {
	in_scene(|| {
		BenchmarkScene::markets(64);
		for market in (0..64).map(MarketId) {
			let prices = PriceGuard::prices(market);
			assert_eq!(prices.mark, BenchmarkScene::price(market));
			assert_eq!(prices.validity, Validity::Valid);
		}
		let [long, short] = [0, 1].map(BenchmarkScene::trader);
		BenchmarkScene::trade(MarketId(63), &long, &short, Lots(1));
		assert_eq!(Margin::open_interest(MarketId(63)), Lots(1));
	});
}

#[test]
fn a_price_may_be_any_and_restricts_nothing() {
	in_scene(|| {
		let [long, short] = [0, 1].map(BenchmarkScene::trader);
		BenchmarkScene::trade(MARKET, &long, &short, Lots(1_000_000));
		let half = Ticks(BenchmarkScene::price(MARKET).0 / 2);
		BenchmarkScene::set_price(MARKET, half);
		assert_eq!(PriceGuard::prices(MARKET).mark, half);
		assert_eq!(CircuitBreaker::status(Scope::Market(MARKET)).0, Level::Normal);
		// Nobody was liquidated: that is left to the hooks.
		assert_eq!(Margin::open_interest(MARKET), Lots(1_000_000));
		assert_ne!(pallet_margin::Backlog::<breakwater_runtime::Runtime>::get(), 0);
		BenchmarkScene::pass(20_000);
		assert_eq!(PriceGuard::prices(MARKET).validity, Validity::Stale);
		for level in
			[Level::Watch, Level::Guarded, Level::ReduceOnly, Level::Auction, Level::Freeze]
		{
			BenchmarkScene::restrict(MARKET, level);
			assert_eq!(CircuitBreaker::status(Scope::Market(MARKET)).0, level);
		}
	});
}
