//! The steps after the book, and the attacks that they withstand.

use crate::{mock::*, *};
use breakwater_primitives::{
	AccountRef, Check, Clearing, Fill, Level, Lots, Observation, OrderId, Session, Side, Ticks,
};
use frame_support::{assert_noop, assert_ok, weights::WeightMeter};

const Q: i128 = QUOTE as i128;

fn told(wanted: impl Fn(&Event<Test>) -> bool) -> Vec<Event<Test>> {
	let events = System::events().into_iter().filter_map(|record| match record.event {
		RuntimeEvent::Margin(event) => Some(event),
		_ => None,
	});
	events.filter(|event| wanted(event)).collect()
}

fn deleveragings() -> Vec<Event<Test>> {
	told(|event| matches!(event, Event::Deleveraged { .. }))
}

fn resting(who: AccountRef) -> u64 {
	let orders = Orders::get().into_iter().filter(|(_, owner, ..)| *owner == who);
	orders.map(|(_, _, lots, _)| lots.0).sum()
}

fn equity(who: AccountRef) -> i128 {
	Margin::summary_of(who).unwrap().equity
}

#[test]
fn near_its_margin_a_position_is_closed_over_ten_blocks() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 500), funded(2, 100_000), funded(3, 100_000));
		trade(a, b, PRICE, 1_000);
		place(c, BTC, Side::Bid, 96_400, 50_000, &NO_FEES, false).unwrap();
		// 140 of 192.8: a fifth at once, though three fifths are needed.
		set_price(BTC, 96_400);
		assert_eq!(account_of(a).positions[0].lots, 800);
		assert_eq!(account_of(a).since, 1);
		// 28 % of what is left, until it is healthy.
		next_block();
		assert!(account_of(a).positions[0].lots < 800);
		for _ in 0..3 {
			next_block();
		}
		assert_eq!(account_of(a).since, 0);
		assert!(account_of(a).positions[0].lots > 200);
		assert_eq!(deleveragings(), vec![]);
	});
}

#[test]
fn the_book_gives_a_quarter_of_its_depth_in_a_block_and_all_of_it_in_a_minute() {
	ExtBuilder::build_and_execute(|| {
		let b = funded(2, 800_000);
		let c = funded(3, 100_000);
		let mut losers = Vec::new();
		for who in 4..8 {
			losers.push(funded(who, 500));
			trade(losers[who as usize - 4], b, PRICE, 1_000);
		}
		place(c, BTC, Side::Bid, 96_000, 2_000, &NO_FEES, false).unwrap();
		set_price(BTC, 96_000);
		let notional = |lots: u128| lots * 96_000 * 100;
		assert_eq!(Flows::<Test>::get(BTC).in_block, notional(500));
		place(c, BTC, Side::Bid, 96_000, 500, &NO_FEES, false).unwrap();
		next_block();
		assert_eq!(Flows::<Test>::get(BTC).in_block, notional(500));
		let taken = || told(|event| matches!(event, Event::Liquidated { .. })).into_iter();
		let lost = || {
			let lots = taken().map(|event| match event {
				Event::Liquidated { lots, .. } => lots,
				_ => 0,
			});
			lots.sum::<i64>()
		};
		assert_eq!(lost(), 1_000);
		// Half of the depth went at once; the other half comes back as the minute passes, also over
		// the end of a minute that somebody might count.
		for _ in 0..59 {
			place(c, BTC, Side::Bid, 96_000, 2_000 - resting(c), &NO_FEES, false).unwrap();
			next_block();
			assert!(lost() <= 2_000);
		}
	});
}

#[test]
fn what_the_book_does_not_take_is_deleveraged_at_the_examined_price() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 500), funded(2, 10_000));
		trade(a, b, PRICE, 1_000);
		// 15 of 190, and nobody bids.
		set_price(BTC, 95_150);
		let [Event::Deleveraged {
			account,
			counterparty,
			lots,
			price,
			examined,
			score,
			pro_rata,
			..
		}] = deleveragings()[..]
		else {
			panic!("{:?}", deleveragings())
		};
		// Half of the position of the one who gained 5.1 % on a leverage of 0.91.
		assert_eq!((account, counterparty, lots), (a, b, 500));
		assert_eq!((price, examined), (Ticks(95_150), Ticks(95_150)));
		assert!(score > 40_000 && score < 50_000, "{score}");
		assert_eq!(pro_rata, Lots(1_000));
		// He is handed nothing of what is left of the loser, and loses nothing.
		assert_eq!(equity(a), 15 * Q);
		assert_eq!(equity(b), 10_485 * Q);
		assert_eq!(account_of(b).spared, 61);
		for _ in 0..12 {
			next_block();
		}
		let summary = Margin::summary_of(a).unwrap();
		assert_eq!(summary.equity, 15 * Q);
		assert!(summary.maintenance_margin as i128 <= 15 * Q);
	});
}

#[test]
fn a_waiting_account_is_deleveraged_after_ten_blocks() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 500), funded(2, 10_000));
		trade(a, b, PRICE, 1_000);
		set_price(BTC, 96_500);
		for _ in 0..10 {
			next_block();
			assert_eq!(deleveragings(), vec![]);
		}
		assert_eq!(account_of(a).since, 1);
		next_block();
		assert_eq!(deleveragings().len(), 1);
	});
}

#[test]
fn a_liquidation_does_not_age_while_its_market_is_frozen() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 500), funded(2, 10_000));
		trade(a, b, PRICE, 1_000);
		set_level(BTC, Level::Freeze);
		set_price(BTC, 96_500);
		for _ in 0..12 {
			next_block();
		}
		assert_eq!(account_of(a).since, 0);
		set_level(BTC, Level::Normal);
		next_block();
		assert_eq!(account_of(a).since, 14);
		assert_eq!(deleveragings(), vec![]);
	});
}

#[test]
fn a_book_that_collects_for_an_auction_is_not_taken_for_an_empty_one() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 500), funded(2, 10_000));
		trade(a, b, PRICE, 1_000);
		place(b, BTC, Side::Bid, 95_100, 5_000, &NO_FEES, false).unwrap();
		let leaves = Margin::summary_of(b).unwrap().withdrawable;
		Collecting::set(true);
		assert!(Margin::summary_of(b).unwrap().withdrawable >= leaves);
		assert_noop!(
			Margin::withdraw(RuntimeOrigin::signed(2), 0, 1),
			Error::<Test>::WithdrawalDenied
		);
		// 15 of 190: it would be taken over by others at once if the book had nothing for it.
		set_price(BTC, 95_150);
		for _ in 0..12 {
			next_block();
		}
		assert_noop!(liquidate(9, a), Error::<Test>::LiquidationDenied);
		assert_eq!((account_of(a).since, deleveragings()), (0, vec![]));
		Collecting::set(false);
		next_block();
		assert_eq!(deleveragings(), vec![]);
		assert!(account_of(a).positions.is_empty());
	});
}

#[test]
fn the_funds_bring_a_bankrupt_to_zero_and_winners_pay_what_they_lack() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 500), funded(2, 10_000));
		insure(30);
		trade(a, b, PRICE, 1_000);
		// It lacks 90: 30 from the fund, 60 by closing at 94,700 instead of 94,100.
		set_price(BTC, 94_100);
		let Event::Deleveraged { price, .. } = deleveragings()[0] else { panic!() };
		assert_eq!(price, Ticks(94_700));
		for _ in 0..20 {
			next_block();
		}
		assert_eq!((account_of(a).positions.len(), account_of(a).quote), (0, 0));
		assert_eq!((Fund::get(), Margin::bad_debt()), (0, 0));
		assert_eq!(account_of(b).quote, 10_530 * Q);
		let paid = Seen::get().iter().fold(0, |sum, (_, observation)| match observation {
			Observation::Covered { amount } => sum + amount,
			_ => sum,
		});
		assert_eq!(paid, 30 * QUOTE);
	});
}

#[test]
fn a_rich_fund_pays_the_whole_deficit_and_winners_get_the_examined_price() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 500), funded(2, 10_000));
		insure(1_000);
		trade(a, b, PRICE, 1_000);
		set_price(BTC, 94_100);
		for _ in 0..20 {
			next_block();
		}
		assert_eq!((account_of(a).positions.len(), account_of(a).quote), (0, 0));
		assert_eq!(account_of(b).quote, 10_590 * Q);
		assert_eq!(Fund::get(), 910 * QUOTE);
	});
}

#[test]
fn nobody_is_pushed_below_zero_by_a_deleveraging() {
	ExtBuilder::build_and_execute(|| {
		// b is poor and would lose more than he has; c is rich.
		let (a, b, c) = (funded(1, 500), funded(2, 300), funded(3, 10_000));
		trade(a, b, PRICE, 500);
		trade(a, c, PRICE, 500);
		Margin::accrue(BTC, breakwater_primitives::Funding(-(50_000i128 << 32)));
		assert_ok!(Margin::withdraw(RuntimeOrigin::signed(3), 0, 1));
		set_level(BTC, Level::Freeze);
		set_price(BTC, 90_000);
		set_level(BTC, Level::Normal);
		for _ in 0..12 {
			next_block();
			assert!(equity(b) >= 0 && equity(c) >= 0);
		}
	});
}

#[test]
fn hedged_winners_are_left_in_peace() {
	ExtBuilder::build_and_execute(|| {
		let (a, hedger, winner) = (funded(1, 500), funded(2, 1_000), funded(3, 1_000));
		let other = funded(4, 100_000);
		trade(a, hedger, PRICE, 500);
		trade(a, winner, PRICE, 500);
		// Long as much elsewhere as he is short here.
		place(other, ETH, Side::Ask, PRICE, 500, &NO_FEES, false).unwrap();
		place(hedger, ETH, Side::Bid, PRICE, 500, &NO_FEES, true).unwrap();
		set_price(BTC, 95_150);
		let [Event::Deleveraged { counterparty: first, .. }, ..] = deleveragings()[..] else {
			panic!("{:?}", deleveragings())
		};
		assert_eq!(first, winner);
	});
}

#[test]
fn who_was_deleveraged_is_spared_for_sixty_blocks() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 500), funded(2, 700));
		trade(a, b, PRICE, 1_000);
		set_price(BTC, 95_150);
		assert_eq!(account_of(b).spared, 61);
		// Now the price turns against the rest of his short: 700 + 242 - 870 is less than 115.
		let maintenance = |who| Margin::summary_of(who).unwrap().maintenance_margin as i128;
		set_price(BTC, 117_500);
		let (left, margin) = (equity(b), maintenance(b));
		assert!(left < margin && left * 2 >= margin, "{left} {margin}");
		let spared = liquidate(9, b);
		assert_noop!(spared, Error::<Test>::Spared);
		System::set_block_number(61);
		assert!(liquidate(9, b) != Err(Error::<Test>::Spared.into()));
	});
}

#[test]
fn what_nobody_paid_is_taken_from_the_winning_side_up_to_a_cap() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 500), funded(2, 10_000), funded(3, 10_000));
		trade(a, b, PRICE, 1_000);
		set_level(BTC, Level::Freeze);
		set_price(BTC, 94_000);
		let before = equity(b);
		// It is sold at 94,000: 100 are missing, and 1 % of what the shorts hold is 94.
		let mut session = Margin::session();
		let fill = Fill {
			market: BTC,
			taker: a,
			maker: c,
			maker_order: OrderId::default(),
			taker_side: Side::Ask,
			price: Ticks(94_000),
			lots: Lots(1_000),
			maker_reduce_only: false,
			maker_done: true,
		};
		session.settle(&fill, &NO_FEES);
		session.commit(Check::None).unwrap();
		let [Event::Haircut { longs_pay, taken, .. }] =
			told(|event| matches!(event, Event::Haircut { .. }))[..]
		else {
			panic!()
		};
		assert_eq!((longs_pay, taken), (false, 94 * QUOTE));
		assert_eq!((account_of(a).quote, BadDebt::<Test>::get(BTC)), (0, 6 * QUOTE));
		assert_eq!(equity(b), before - 94 * Q);
		assert!(Seen::get().contains(&(BTC, Observation::InvariantBroken)));
		Margin::compare_custody();
		assert!(Margin::custody_agrees());
		// The longs pay nothing, and the shorts' triggers are looked at.
		assert_eq!(equity(c), 10_000 * Q);
		assert_eq!(Backlog::<Test>::get(), 1);
		set_level(BTC, Level::Normal);
	});
}

#[test]
fn a_deficit_is_charged_to_the_market_that_lost_and_not_to_the_last_one_closed() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 600), funded(2, 100_000));
		trade(a, b, PRICE, 10);
		place(b, ETH, Side::Ask, PRICE, 1_000, &NO_FEES, false).unwrap();
		place(a, ETH, Side::Bid, PRICE, 1_000, &NO_FEES, true).unwrap();
		set_level(ETH, Level::Freeze);
		set_price(ETH, 92_000);
		let mut session = Margin::session();
		for (market, price, lots) in [(ETH, 92_000, 1_000), (BTC, PRICE, 10)] {
			let fill = Fill {
				market,
				taker: a,
				maker: b,
				maker_order: OrderId::default(),
				taker_side: Side::Ask,
				price: Ticks(price),
				lots: Lots(lots),
				maker_reduce_only: false,
				maker_done: true,
			};
			session.settle(&fill, &NO_FEES);
		}
		session.commit(Check::None).unwrap();
		assert_eq!((BadDebt::<Test>::get(ETH), BadDebt::<Test>::get(BTC)), (200 * QUOTE, 0));
		set_level(ETH, Level::Normal);
	});
}

#[test]
fn a_position_for_which_the_book_has_nothing_does_not_keep_another_from_being_closed() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 1_050), funded(2, 500_000));
		let third = breakwater_primitives::MarketId(2);
		Margin::market_created(third, btc_terms()).unwrap();
		set_price(third, PRICE);
		for (market, lots) in [(BTC, 800), (ETH, 700), (third, 500)] {
			place(b, market, Side::Ask, PRICE, lots, &NO_FEES, false).unwrap();
			place(a, market, Side::Bid, PRICE, lots, &NO_FEES, true).unwrap();
		}
		place(b, third, Side::Bid, 99_900, 50_000, &NO_FEES, false).unwrap();
		// 250 of 384.
		set_price(BTC, 90_000);
		let lots = |market| types::position_in(&account_of(a).positions, market).lots;
		assert_eq!((lots(BTC), lots(ETH)), (800, 700));
		assert!(lots(third) < 500);
	});
}

#[test]
fn attack_who_has_little_left_cannot_sell_to_himself_at_the_cost_of_the_funds() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 500), funded(2, 100_000), funded(3, 100_000));
		insure(1_000);
		trade(a, b, PRICE, 1_000);
		set_level(BTC, Level::Freeze);
		set_price(BTC, 95_150);
		set_level(BTC, Level::Normal);
		// 15 are left; 150 less would come out of the fund.
		place(c, BTC, Side::Bid, 93_650, 1_000, &NO_FEES, false).unwrap();
		assert_noop!(
			place(a, BTC, Side::Ask, 93_650, 1_000, &NO_FEES, true),
			Error::<Test>::InsufficientMargin
		);
		// Nor as a maker.
		Orders::set(&Vec::new());
		let mut session = Margin::session();
		rest_in(&mut session, a, BTC, Side::Ask, 93_650, Lots(1_000), false).unwrap();
		session.commit(Check::None).unwrap();
		assert_eq!(place(b, BTC, Side::Bid, 93_650, 1_000, &NO_FEES, true), Ok(Lots(0)));
		assert_eq!((account_of(a).positions[0].lots, Fund::get()), (1_000, 1_000 * QUOTE));
	});
}

#[test]
fn the_worst_are_liquidated_first() {
	ExtBuilder::build_and_execute(|| {
		let (mild, bad, b, c) =
			(funded(1, 500), funded(4, 500), funded(2, 100_000), funded(3, 100_000));
		trade(mild, b, PRICE, 900);
		trade(bad, b, PRICE, 1_000);
		place(c, BTC, Side::Bid, 95_600, 50_000, &NO_FEES, false).unwrap();
		set_level(BTC, Level::Freeze);
		set_price(BTC, 95_600);
		set_level(BTC, Level::Normal);
		let severity = |who| match Margin::look_at(who).unwrap().0 {
			Some(severity) => (severity, who),
			None => panic!("healthy"),
		};
		let mut found = vec![severity(mild), severity(bad)];
		assert!(found[1].0 < found[0].0);
		let cap = frame_support::weights::Weight::MAX;
		Margin::liquidate_worst(&mut found, 1, cap, &mut WeightMeter::new());
		assert!(account_of(bad).positions.is_empty());
		assert_eq!(account_of(mild).positions[0].lots, 900);
	});
}

#[test]
fn attack_nobody_deleverages_himself_to_keep_what_is_left() {
	ExtBuilder::build_and_execute(|| {
		let a = funded(1, 500);
		Margin::deposit(RuntimeOrigin::signed(1), 1, 10_000 * QUOTE).unwrap();
		let own = Keys::<Test>::get((1, 1)).unwrap().account;
		trade(a, own, PRICE, 1_000);
		set_price(BTC, 95_150);
		next_block();
		// While he is solvent his other account is no counterparty; bankrupt, it pays before strangers.
		assert_eq!(deleveragings(), vec![]);
		set_price(BTC, 94_000);
		assert_eq!(deleveragings().len(), 1);
		for _ in 0..20 {
			next_block();
		}
		assert_eq!(account_of(a).quote, 0);
		assert_eq!(account_of(own).quote, 10_500 * Q);
	});
}

#[test]
fn attack_a_winner_cannot_withdraw_unrealised_profit_and_leave_the_loss_to_the_funds() {
	ExtBuilder::build_and_execute(|| {
		let (whale, b) = (funded(1, 50_000), funded(2, 500_000));
		trade(whale, b, PRICE, 50_000);
		let before = Margin::summary_of(whale).unwrap().withdrawable;
		set_price(BTC, 120_000);
		let after = Margin::summary_of(whale).unwrap();
		assert!(after.equity > 140_000 * Q);
		assert!(after.withdrawable <= before);
	});
}

#[test]
fn attack_open_interest_built_by_one_actor_must_be_paid_in_full() {
	ExtBuilder::build_and_execute(|| {
		let terms = breakwater_math::RiskTerms {
			open_interest_lower: Lots(10),
			open_interest_upper: Lots(20),
			..btc_terms()
		};
		let market = breakwater_primitives::MarketId(2);
		Margin::market_created(market, terms).unwrap();
		set_price(market, PRICE);
		let (a, b) = (funded(1, 1_000), funded(2, 1_000));
		let order = |who, side, lots| place(who, market, side, PRICE, lots, &NO_FEES, false);
		order(a, Side::Ask, 20).unwrap();
		order(b, Side::Bid, 20).unwrap();
		// From here on each lot costs its whole value of 10.
		assert_noop!(order(b, Side::Bid, 100), Error::<Test>::InsufficientMargin);
		assert_ok!(order(b, Side::Bid, 99));
	});
}

#[test]
fn attack_dust_is_closed_whole() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 40), funded(2, 10_000), funded(3, 10_000));
		trade(a, b, PRICE, 80);
		place(c, BTC, Side::Bid, 96_500, 2_000, &NO_FEES, false).unwrap();
		set_price(BTC, 96_500);
		assert_eq!(account_of(a).positions.len(), 0);
		assert_eq!(account_of(a).since, 0);
	});
}

#[test]
fn a_crash_through_a_thin_book_leaves_no_bad_debt_and_nobody_below_zero() {
	ExtBuilder::build_and_execute(|| {
		// Sixteen longs of 5 to 20 times their balance against two shorts, and a book that falls away.
		let shorts = [funded(18, 200_000), funded(19, 200_000)];
		let mut longs = Vec::new();
		for who in 1..17 {
			let long = funded(who, 1_000);
			let lots = 500 + (who * 91) % 1_400;
			trade(long, shorts[who as usize % 2], PRICE, lots);
			longs.push(long);
		}
		let maker = funded(17, 200_000);
		let mut price = PRICE;
		for step in 0..25u32 {
			price -= 600 + step * 53 % 900;
			let _ = place(maker, BTC, Side::Bid, price - 150, 600, &NO_FEES, false);
			set_price(BTC, price);
			next_block();
		}
		for _ in 0..40 {
			next_block();
		}
		assert_eq!(Margin::bad_debt(), 0);
		assert_eq!(told(|event| matches!(event, Event::Haircut { .. })), vec![]);
		assert!(deleveragings().len() > 10);
		for who in longs.into_iter().chain(shorts).chain([maker]) {
			let summary = Margin::summary_of(who).unwrap();
			assert!(summary.equity >= summary.maintenance_margin as i128, "{summary:?}");
		}
		assert_eq!(Backlog::<Test>::get(), 0);
	});
}
