//! Winding a market down.

use crate::{mock::*, settlement::Settlement, types::Stage, *};
use breakwater_primitives::{
	api::SettlementPhase, AccountRef, Clearing, Funding, Level, Lots, MarketId, Observation,
	OnPrice, Prices, Settlement as _, Side, Ticks,
};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::DispatchResult,
	weights::{Weight, WeightMeter},
};

fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

/// Settle BTC at a price; nothing has been visited yet.
fn settle_at(price: u32) {
	ReferenceAt::set(Some(price));
	assert_ok!(Margin::begin(BTC));
	set_level(BTC, Level::Settle);
}

fn state() -> crate::settlement::Settlement {
	Settlements::<Test>::get(BTC).unwrap()
}

fn sweep(limit: u32) -> DispatchResult {
	Margin::sweep(signed(9), BTC, limit).map(|_| ()).map_err(|failed| failed.error)
}

fn claim(account: AccountRef) -> DispatchResult {
	Margin::claim(signed(9), account, BTC).map(|_| ()).map_err(|failed| failed.error)
}

/// Blocks until everybody is paid.
fn finish() {
	for _ in 0..20 {
		if state().phase == SettlementPhase::Done {
			return;
		}
		next_block();
	}
	panic!("the settlement does not end: {:?}", state());
}

/// Whole quote units in an account.
fn quote(who: AccountRef) -> i128 {
	account_of(who).quote / QUOTE as i128
}

/// Nothing of the market is left but the record of its settlement.
fn assert_empty() {
	assert!(TriggerPages::<Test>::iter_keys().all(|key| key.market.0 % 64 != BTC.0));
	assert!(TriggerWords::<Test>::iter_keys().all(|key| key.market.0 % 64 != BTC.0));
	assert!(!Totals::<Test>::contains_key(BTC));
	assert_eq!(Settling::<Test>::get(), 0);
	assert_eq!(Backlog::<Test>::get() & 1, 0);
	assert_eq!(state().phase, SettlementPhase::Done);
	assert_eq!((state().open, state().taken, state().pot), (0, 0, 0));
}

/// 1 trades in ETH at a price that is 13 % below entry and frozen: a loss of 1,300.
fn loses_in_eth(who: AccountRef, other: AccountRef) {
	place(other, ETH, Side::Ask, PRICE, 1_000, &NO_FEES, false).unwrap();
	place(who, ETH, Side::Bid, PRICE, 1_000, &NO_FEES, true).unwrap();
	set_level(ETH, Level::Freeze);
	set_price(ETH, 87_000);
}

#[test]
fn a_settled_market_stands_still() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 2_000), funded(2, 2_000));
		trade(a, b, PRICE, 1_000);
		assert_noop!(Margin::begin(MarketId(7)), Error::<Test>::UnknownMarket);
		settle_at(101_000);
		assert_noop!(Margin::begin(BTC), Error::<Test>::MarketSettling);
		assert_eq!(Margin::prices(BTC).long, Ticks(101_000));
		set_price(BTC, 50_000);
		Margin::accrue(BTC, Funding(1 << 60));
		let board = Margin::board_of(BTC);
		assert_eq!((board.prices.mark, board.stage), (Ticks(101_000), Stage::Settling));
		assert_eq!((board.funding_long, board.funding_short), (0, 0));
		// Others go on.
		set_price(ETH, 99_000);
		assert_eq!(Margin::prices(ETH).mark, Ticks(99_000));
		assert!(!Margin::is_settled(BTC));
	});
}

#[test]
fn winners_are_paid_in_full_where_nothing_is_lacking() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 2_000), funded(2, 2_000));
		insure(50);
		trade(a, b, PRICE, 1_000);
		Margin::accrue(BTC, Funding(10_000 << Funding::FRACTION_BITS));
		settle_at(101_000);
		finish();
		// 100 by the price, 10 of funding the other way.
		assert_eq!((quote(a), quote(b)), (2_090, 1_910));
		assert!(account_of(a).positions.is_empty() && account_of(b).positions.is_empty());
		assert_eq!((state().deficits, state().paid), (0, state().gains));
		assert_eq!(Fund::get(), 50 * QUOTE);
		assert_eq!(WoundDown::get(), vec![BTC]);
		assert!(Margin::is_settled(BTC));
		assert_empty();
		let told = Observation::FactorPublished {
			price: Ticks(101_000),
			gains: state().gains,
			paid: state().paid,
		};
		assert!(Seen::get().contains(&(BTC, told)));
		assert_ok!(Margin::withdraw(signed(1), 0, 2_090 * QUOTE));
	});
}

#[test]
fn the_funds_pay_first_and_winners_share_the_rest_alike() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 2_000), funded(2, 600), funded(3, 2_000));
		insure(50);
		trade(a, b, PRICE, 333);
		trade(c, b, PRICE, 667);
		// The short lost 1,000 and had 600; 50 come from the fund; 650 of 1,000 are paid.
		settle_at(110_000);
		finish();
		let Settlement { deficits, covered, gains, paid, uncovered, .. } = state();
		assert_eq!((deficits, covered), (400 * QUOTE, 50 * QUOTE));
		assert_eq!((gains, paid, uncovered), (1_000 * QUOTE, 650 * QUOTE, 0));
		let expected = |gain: u128| (2_000 * QUOTE + gain * 650 / 1_000) as i128;
		assert_eq!(account_of(a).quote, expected(333 * QUOTE));
		assert_eq!(account_of(c).quote, expected(667 * QUOTE));
		assert_eq!(account_of(b).quote, 0);
		System::assert_has_event(
			Event::Claimed {
				account: a,
				market: BTC,
				lots: 333,
				claim: 333 * QUOTE,
				paid: 333 * QUOTE * 650 / 1_000,
			}
			.into(),
		);
		assert_empty();
	});
}

#[test]
fn what_rounding_leaves_goes_to_the_fund() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c, d) = (funded(1, 2_000), funded(2, 600), funded(3, 2_000), funded(4, 2_000));
		for (who, lots) in [(a, 331), (c, 337), (d, 333)] {
			trade(who, b, PRICE, lots);
		}
		settle_at(110_003);
		finish();
		let rest = Fund::get();
		assert!((1..=3).contains(&rest), "{rest}");
		System::assert_has_event(Event::SettlementFinished { market: BTC, rest }.into());
		assert_eq!(Ledger::<Test>::get().settlement, 0);
	});
}

#[test]
fn what_is_lacking_beyond_all_gains_is_bad_debt() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 600), funded(2, 2_000), funded(3, 9_000));
		trade(a, b, PRICE, 1_000);
		// The short takes his profit of 900 before; his successor has gained nothing.
		set_level(BTC, Level::Freeze);
		trade(b, c, 91_000, 1_000);
		settle_at(91_000);
		finish();
		assert_eq!(quote(b), 2_900);
		assert_eq!((quote(a), quote(c)), (0, 9_000));
		assert_eq!((state().gains, state().uncovered), (0, 300 * QUOTE));
		assert_eq!(BadDebt::<Test>::get(BTC), 300 * QUOTE);
		assert_empty();
	});
}

#[test]
fn a_gain_that_covers_losses_elsewhere_is_not_cut() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 1_000), funded(2, 300), funded(3, 5_000));
		trade(a, b, PRICE, 500);
		loses_in_eth(a, c);
		// 500 gained here, 1,300 lost there: 200 of equity are left, and no more can be cut. The other
		// side lacks 200.
		settle_at(110_000);
		assert_ok!(sweep(10));
		assert_eq!((state().gains, state().deficits), (200 * QUOTE, 200 * QUOTE));
		assert_eq!(state().paid, 0);
		assert_eq!(quote(a), 1_300);
		Margin::do_try_state().unwrap();
		finish();
		let a = Margin::summary_of(a).unwrap();
		assert_eq!((a.quote, a.equity), (1_300 * QUOTE as i128, 0));
		assert_empty();
	});
}

#[test]
fn what_is_lost_elsewhere_is_not_a_deficit_here() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 3_000), funded(2, 1_000), funded(3, 5_000));
		trade(a, b, PRICE, 500);
		loses_in_eth(b, c);
		// 1,000 less 500 less 1,300: of the 800 that are lacking 500 were lost here.
		settle_at(110_000);
		finish();
		assert_eq!(state().deficits, 500 * QUOTE);
		assert_eq!((state().gains, state().paid), (500 * QUOTE, 0));
		let b = Margin::summary_of(b).unwrap();
		assert_eq!((b.quote, b.equity), (1_000 * QUOTE as i128, -300 * QUOTE as i128));
		assert_empty();
	});
}

#[test]
fn nobody_withdraws_before_the_factor_is_known() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 2_000), funded(2, 2_000));
		let c = funded(3, 100);
		trade(a, b, PRICE, 1_000);
		settle_at(101_000);
		let pending = || Error::<Test>::SettlementPending;
		for who in [1, 2] {
			assert_noop!(Margin::withdraw(signed(who), 0, QUOTE), pending());
			assert_noop!(Margin::transfer(signed(who), 0, 1, 10 * QUOTE), pending());
		}
		assert_ok!(Margin::withdraw(signed(3), 0, QUOTE));
		// Who has lost is done with once he was visited; who gained waits.
		assert_ok!(sweep(2));
		assert_eq!(state().phase, SettlementPhase::Sweeping);
		assert_noop!(Margin::withdraw(signed(1), 0, QUOTE), pending());
		assert_ok!(Margin::withdraw(signed(2), 0, 1_900 * QUOTE));
		// Collateral may be added all the time.
		assert_ok!(Margin::deposit(signed(1), 0, QUOTE));
		assert_ok!(sweep(2));
		assert_eq!(state().phase, SettlementPhase::Claiming);
		assert_ok!(Margin::withdraw(signed(1), 0, 2_101 * QUOTE));
		assert_eq!((quote(a), quote(c)), (0, 99));
		assert_empty();
	});
}

#[test]
fn sweep_and_claim_refuse_what_is_not_theirs_to_do() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 2_000), funded(2, 2_000));
		let c = funded(3, 100);
		trade(a, b, PRICE, 1_000);
		assert_noop!(sweep(1), Error::<Test>::NotSettling);
		assert_noop!(claim(a), Error::<Test>::NotSettling);
		assert_noop!(Margin::sweep(RuntimeOrigin::none(), BTC, 1), sp_runtime::traits::BadOrigin);
		settle_at(101_000);
		assert_noop!(claim(a), Error::<Test>::FactorNotPublished);
		assert_ok!(sweep(10));
		assert_noop!(claim(b), Error::<Test>::NothingToClaim);
		assert_noop!(claim(c), Error::<Test>::NothingToClaim);
		assert_noop!(claim(AccountRef(9)), Error::<Test>::NoAccount);
		assert_ok!(claim(a));
		assert_eq!(quote(a), 2_100);
		assert_noop!(claim(a), Error::<Test>::NothingToClaim);
		assert_noop!(sweep(10), Error::<Test>::NotSettling);
		assert_empty();
	});
}

#[test]
fn whatever_touches_an_account_pays_its_claim() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 2_000), funded(2, 2_000));
		let (c, d) = (funded(3, 2_000), funded(4, 2_000));
		for winner in [a, c, d] {
			trade(winner, b, PRICE, 300);
		}
		settle_at(101_000);
		assert_ok!(sweep(10));
		assert_ok!(Margin::deposit(signed(1), 0, QUOTE));
		assert_eq!(quote(a), 2_031);
		// An order in another market, and a fill there as a maker.
		place(c, ETH, Side::Ask, PRICE, 10, &NO_FEES, false).unwrap();
		assert_eq!(quote(c), 2_030);
		place(d, ETH, Side::Bid, PRICE, 10, &NO_FEES, true).unwrap();
		assert_eq!(quote(d), 2_030);
		assert_eq!(account_of(d).positions.len(), 1);
		assert_empty();
	});
}

#[test]
fn an_order_that_only_reduces_is_not_refused_for_a_claim_that_was_cut() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 1_000), funded(2, 600), funded(3, 50_000));
		trade(a, b, PRICE, 1_000);
		place(c, ETH, Side::Ask, PRICE, 1_000, &NO_FEES, false).unwrap();
		place(a, ETH, Side::Bid, PRICE, 1_000, &NO_FEES, true).unwrap();
		settle_at(108_000);
		assert_ok!(sweep(10));
		assert_eq!((state().gains, state().paid), (800 * QUOTE, 600 * QUOTE));
		// Under his margin by now, and less so after the order.
		set_level(ETH, Level::Watch);
		Views::mutate(|views| {
			views.get_mut(&ETH.0).unwrap().denied =
				breakwater_primitives::Denied::of(&[breakwater_primitives::Action::Liquidate])
		});
		set_price(ETH, 86_000);
		place(c, ETH, Side::Bid, 86_000, 500, &NO_FEES, false).unwrap();
		assert_eq!(place(a, ETH, Side::Ask, 86_000, 500, &NO_FEES, true), Ok(Lots(500)));
		assert_eq!(quote(a), 1_000 + 600 - 700);
	});
}

#[test]
fn visits_are_metered_and_go_on_where_they_ended() {
	ExtBuilder::build_and_execute(|| {
		let b = funded(1, 20_000);
		for who in 2..8 {
			let winner = funded(who, 2_000);
			trade(winner, b, PRICE, 100);
		}
		settle_at(101_000);
		// Room for the backlog's look and two accounts.
		HookWeight::set(Weight::from_parts(100_000_000, u64::MAX));
		let mut blocks = 0;
		while state().phase != SettlementPhase::Done {
			next_block();
			blocks += 1;
			assert!(blocks < 40, "{:?}", state());
		}
		assert!(blocks > 4, "{blocks}");
		assert_empty();
	});
}

#[test]
fn other_positions_are_liquidated_while_a_market_is_settled() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 1_000), funded(2, 2_000), funded(3, 50_000));
		trade(a, b, PRICE, 500);
		place(c, ETH, Side::Ask, PRICE, 1_000, &NO_FEES, false).unwrap();
		place(a, ETH, Side::Bid, PRICE, 1_000, &NO_FEES, true).unwrap();
		place(c, ETH, Side::Bid, 93_900, 9_000, &NO_FEES, false).unwrap();
		HookWeight::set(Weight::zero());
		settle_at(95_000);
		set_price(ETH, 94_000);
		// 1,000 less 250 here less 600 there is below the margin of both.
		for _ in 0..3 {
			let _ = liquidate(9, a);
			next_block();
			set_price(ETH, 94_000);
		}
		let eth = types::position_in(&account_of(a).positions, ETH).lots;
		assert!(eth < 1_000, "{eth}");
		assert_eq!(types::position_in(&account_of(a).positions, BTC).lots, 500);
		HookWeight::set(Weight::from_parts(1_000_000_000_000, u64::MAX));
		finish();
		assert_empty();
	});
}

#[test]
fn the_vault_is_visited_like_everybody_and_its_backers_wait() {
	use breakwater_primitives::Vault as _;
	ExtBuilder::build_and_execute(|| {
		assert_ok!(<Margin as breakwater_primitives::Vault<AccountId>>::add(&18, 10_000 * QUOTE));
		let (a, b) = (funded(1, 2_000), funded(2, 600));
		trade(a, b, PRICE, 400);
		// The vault is short as well.
		trade(a, vault::VAULT, PRICE, 600);
		settle_at(110_000);
		let remove = |amount| Margin::remove(&18, amount);
		assert_noop!(remove(QUOTE), Error::<Test>::SettlementPending);
		assert_ok!(sweep(2));
		assert_eq!(state().phase, SettlementPhase::Sweeping);
		assert_ok!(sweep(1));
		assert_eq!(quote(vault::VAULT), 9_400);
		assert_ok!(remove(9_000 * QUOTE));
		finish();
		assert_eq!((quote(a), quote(b)), (3_000, 200));
		assert_empty();
	});
}

#[test]
fn a_market_without_positions_or_prices_is_settled_at_once() {
	ExtBuilder::build_and_execute(|| {
		let market = MarketId(5);
		Margin::market_created(market, btc_terms()).unwrap();
		assert_ok!(Margin::begin(market));
		next_block();
		let done = Settlements::<Test>::get(market).unwrap();
		assert_eq!((done.phase, done.price), (SettlementPhase::Done, Ticks(0)));
		assert_eq!(Settling::<Test>::get(), 0);
	});
}

#[test]
fn without_a_reference_the_last_index_is_the_price_and_without_any_nothing_is_settled() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 2_000), funded(2, 2_000));
		trade(a, b, PRICE, 1_000);
		frame_support::storage::with_transaction(|| {
			assert_ok!(Margin::begin(BTC));
			assert_eq!(state().price, Ticks(PRICE));
			sp_runtime::TransactionOutcome::Rollback(Ok::<(), sp_runtime::DispatchError>(()))
		})
		.unwrap();
		Margin::change_board(BTC, |entry| entry.prices = Prices::default());
		assert_noop!(Margin::begin(BTC), Error::<Test>::NoPrice);
		Margin::change_board(BTC, |entry| entry.prices.index = Ticks(1));
		let prices = Prices { index: Ticks(PRICE), ..Default::default() };
		Margin::on_price(BTC, &prices, &mut WeightMeter::new());
		set_price(BTC, PRICE);
	});
}

#[test]
fn the_view_tells_how_far_a_settlement_is() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 2_000), funded(2, 600));
		trade(a, b, PRICE, 1_000);
		assert_eq!(Margin::settlement(BTC), None);
		settle_at(110_000);
		let seen = || Margin::settlement(BTC).unwrap();
		assert_eq!((seen().phase, seen().unclaimed), (SettlementPhase::Sweeping, 2_000));
		assert_ok!(sweep(1));
		assert_eq!((seen().visited, seen().accounts, seen().gains), (1, 3, 1_000 * QUOTE));
		assert_ok!(sweep(2));
		assert_eq!((seen().phase, seen().unclaimed), (SettlementPhase::Claiming, 1_000));
		assert_eq!((seen().deficits, seen().paid), (400 * QUOTE, 600 * QUOTE));
		finish();
		assert_eq!((seen().phase, seen().unclaimed), (SettlementPhase::Done, 0));
	});
}
