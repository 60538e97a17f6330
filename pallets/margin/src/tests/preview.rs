//! What clients read of liquidations before they happen.

use crate::{mock::*, *};
use breakwater_primitives::{api::LegPreview, AccountRef, Lots, MarketId, Side, Ticks};
use frame_support::assert_storage_noop;

const Q: i128 = QUOTE as i128;

fn preview(
	who: AccountRef,
	prices: &[(MarketId, u32)],
) -> breakwater_primitives::api::LiquidationPreview {
	let prices = prices.iter().map(|(market, price)| (*market, Ticks(*price))).collect();
	Margin::preview(who, prices).expect("there is such an account")
}

/// Who is long a thousand lots of BTC on 500, before a book of bids at 96,700.
fn long() -> (AccountRef, AccountRef) {
	let (maker, long) = (funded(1, 900_000), funded(2, 500));
	trade(long, maker, PRICE, 1_000);
	place(maker, BTC, Side::Bid, 96_700, 5_000, &NO_FEES, false).unwrap();
	(long, maker)
}

#[test]
fn a_preview_says_what_the_liquidation_then_does() {
	ExtBuilder::build_and_execute(|| {
		let (long, _) = long();
		let told = preview(long, &[(BTC, 96_800)]);
		assert_storage_noop!(preview(long, &[(BTC, 96_800)]));
		let LegPreview { market, held, lots, examined, limit, bankruptcy, penalty } = told.legs[0];
		assert_eq!((market, held, examined), (BTC, 1_000, Ticks(96_800)));
		assert!(limit < examined && limit >= bankruptcy);
		assert!(penalty > 0 && !told.deleverages && told.shortfall == 0);
		assert!(told.equity_after > 0 && told.maintenance_after < told.maintenance_margin);
		set_price(BTC, 96_800);
		let done = System::events().into_iter().find_map(|record| match record.event {
			RuntimeEvent::Margin(Event::Liquidated {
				account,
				lots,
				examined,
				equity,
				maintenance,
				bankruptcy,
				penalty,
				..
			}) if account == long => Some((lots, examined, equity, maintenance, bankruptcy, penalty)),
			_ => None,
		});
		let (closed, at, equity, maintenance, at_most, paid) = done.expect("it was liquidated");
		assert_eq!((closed, at), (lots.0 as i64, examined));
		assert_eq!((equity, maintenance), (told.equity, told.maintenance_margin));
		assert_eq!(at_most, bankruptcy);
		assert!(paid <= penalty);
	});
}

#[test]
fn a_preview_of_a_healthy_account_closes_nothing() {
	ExtBuilder::build_and_execute(|| {
		let (long, _) = long();
		let now = preview(long, &[]);
		let summary = Margin::summary_of(long).unwrap();
		assert_eq!(
			(now.equity, now.maintenance_margin),
			(summary.equity, summary.maintenance_margin)
		);
		assert!(now.legs.is_empty());
		// At the liquidation price it is over, one tick before it is not.
		let at = summary.positions[0].liquidation_price.unwrap();
		assert!(preview(long, &[(BTC, at.0 + 1)]).legs.is_empty());
		assert!(!preview(long, &[(BTC, at.0)]).legs.is_empty());
		// What is denied now is not told as if it were done.
		Collecting::set(true);
		assert!(preview(long, &[(BTC, at.0)]).legs.is_empty());
		assert_eq!(Margin::preview(AccountRef(99), Vec::new()), None);
	});
}

#[test]
fn a_preview_of_a_bankrupt_closes_all_legs_after_the_funds_have_paid() {
	ExtBuilder::build_and_execute(|| {
		let (long, maker) = long();
		place(maker, ETH, Side::Ask, PRICE, 100, &NO_FEES, false).unwrap();
		// Both legs in one account: 11,000 of value.
		Margin::deposit(RuntimeOrigin::signed(2), 0, 100 * QUOTE).unwrap();
		place(long, ETH, Side::Bid, PRICE, 100, &NO_FEES, true).unwrap();
		place(maker, ETH, Side::Bid, 94_000, 5_000, &NO_FEES, false).unwrap();
		let told = preview(long, &[(BTC, 94_000), (ETH, 94_000)]);
		assert_eq!((told.equity, told.shortfall), (-60 * Q, 60 * QUOTE));
		assert!(told.deleverages);
		let markets: Vec<_> = told.legs.iter().map(|leg| (leg.market, leg.lots)).collect();
		assert_eq!(markets, [(BTC, Lots(1_000)), (ETH, Lots(100))]);
		// At zero equity a leg is bankrupt where it is examined.
		assert!(told.legs.iter().all(|leg| leg.bankruptcy == leg.examined && leg.penalty == 0));
		assert_eq!((told.equity_after, told.maintenance_after), (0, 0));
	});
}

#[test]
fn the_backlog_counts_what_waits_beyond_the_price() {
	ExtBuilder::build_and_execute(|| {
		let (long, maker) = long();
		let quiet = Margin::backlog(BTC);
		assert_eq!((quiet.long_price, quiet.short_price, quiet.listed), (0, 0, false));
		Collecting::set(true);
		set_price(BTC, 96_000);
		let waits = Margin::backlog(BTC);
		assert_eq!((waits.long_price, waits.short_price), (1, 0));
		assert_eq!((waits.long_funding, waits.short_funding), (0, 0));
		assert_eq!((waits.listed, waits.accounts), (true, vec![long]));
		Collecting::set(false);
		place(maker, BTC, Side::Bid, 95_900, 5_000, &NO_FEES, false).unwrap();
		(0..30).for_each(|_| next_block());
		assert_eq!(Margin::backlog(BTC).long_price, 0);
	});
}

#[test]
fn a_summary_tells_the_leverage() {
	ExtBuilder::build_and_execute(|| {
		let (long, maker) = long();
		let leverage = |who| Margin::summary_of(who).unwrap().leverage;
		assert_eq!(leverage(long), Some(2_000));
		assert_eq!(leverage(maker), Some(2));
		assert_eq!(leverage(funded(3, 10)), Some(0));
	});
}
