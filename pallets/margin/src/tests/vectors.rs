//! Golden vectors that concern more than one formula.

use crate::{mock::*, *};
use breakwater_primitives::{Clearing, Lots, Ppm};

const Q: i128 = QUOTE as i128;

/// Drift's: a loss of 1,000 with 50 lots on either side. There both sides pay, 10 for each lot; here
/// the side pays that gained, so twice that.
#[test]
fn a_loss_is_shared_by_the_winning_side_alone_the_same_for_each_lot() {
	ExtBuilder::build_and_execute(|| {
		let (long, short) = (funded(1, 1_000), funded(2, 1_000));
		trade(long, short, PRICE, 50);
		let equity = |who| Margin::summary_of(who).unwrap().equity;
		let before = (equity(long), equity(short));
		let mut house = House::<Test>::new();
		let loser = house.place(long).unwrap();
		assert_eq!(house.haircut(BTC, 50, 1_000), 1_000);
		house.credit(loser, 1_000);
		house.write().unwrap();
		let taken = Event::<Test>::Haircut {
			market: BTC,
			longs_pay: false,
			per_lot: 20 << 32,
			taken: 1_000,
		};
		System::assert_has_event(taken.into());
		assert_eq!((equity(long), equity(short)), (before.0 + 1_000, before.1 - 1_000));
	});
}

/// An account that has nothing but a winning position would be liquidated for winning if its profit
/// counted for maintenance only up to a cap: from an entry at 100 it would stand at +4.5 at 110, and at
/// -1 at 220.
#[test]
fn nobody_is_liquidated_for_winning() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 10_000), funded(2, 1_000_000));
		trade(a, b, PRICE, 10_000);
		let mut last = i128::MIN;
		for percent in [100, 110, 150, 220, 400] {
			set_price(BTC, PRICE / 100 * percent);
			let summary = Margin::summary_of(a).unwrap();
			let surplus = summary.equity - summary.maintenance_margin as i128;
			assert!(surplus > last, "{percent}: {surplus} after {last}");
			last = surplus;
		}
		assert!(last > 300_000 * Q);
	});
}

/// dYdX's: open interest raises initial margin from 10 to 55 and 100 %, and leaves maintenance at 5 %.
#[test]
fn open_interest_leaves_maintenance_margin_where_it_is() {
	ExtBuilder::build_and_execute(|| {
		let market = breakwater_primitives::MarketId(2);
		let bracket = breakwater_math::Bracket { floor: 0, rate: Ppm(50_000) };
		let terms = breakwater_math::RiskTerms {
			brackets: [bracket; 4],
			max_leverage: 10,
			open_interest_lower: Lots(200),
			open_interest_upper: Lots(500),
			..btc_terms()
		};
		Margin::market_created(market, terms).unwrap();
		set_price(market, PRICE);
		let [a, b, c, d] = [1, 2, 3, 4].map(|who| funded(who, 100_000));
		let order = |who, side, lots| {
			place(who, market, side, PRICE, lots, &NO_FEES, false).unwrap();
		};
		use breakwater_primitives::Side::{Ask, Bid};
		order(a, Ask, 100);
		order(b, Bid, 100);
		let maintenance = || Margin::summary_of(a).unwrap().maintenance_margin;
		let lonely = maintenance();
		assert_eq!(lonely, 50 * QUOTE);
		order(c, Ask, 400);
		order(d, Bid, 400);
		assert_eq!((Totals::<Test>::get(market).long, maintenance()), (Lots(500), lonely));
	});
}
