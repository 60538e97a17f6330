//! The backstop vault: when it takes, how much, what it may lose, how it comes out again.

use crate::{
	mock::*,
	vault::{TakeReason, VAULT},
	*,
};
use breakwater_primitives::{
	AccountRef, Action, Charges, Check, Clearing, Denied, Fill, GateView, Level, Lots, MarketId,
	OnPrice, OrderId, Prices, Session, Side, Ticks, Validity, Vault,
};
use frame_support::{assert_noop, assert_ok, storage::with_storage_layer, weights::WeightMeter};

const Q: i128 = QUOTE as i128;
/// Who backs the vault.
const BACKER: u64 = 17;

/// The vault with so many whole quote units.
fn vault_of(quote: u128) {
	assert_ok!(Margin::add(&BACKER, quote * QUOTE));
}

fn told(wanted: impl Fn(&Event<Test>) -> bool) -> Vec<Event<Test>> {
	let events = System::events().into_iter().filter_map(|record| match record.event {
		RuntimeEvent::Margin(event) => Some(event),
		_ => None,
	});
	events.filter(|event| wanted(event)).collect()
}

fn takes() -> Vec<Event<Test>> {
	told(|event| matches!(event, Event::VaultTook { .. }))
}

fn deleveraged(who: AccountRef) -> i64 {
	let lots = told(|_| true).into_iter().map(|event| match event {
		Event::Deleveraged { account, lots, .. } if account == who => lots,
		_ => 0,
	});
	lots.sum()
}

fn held(who: AccountRef, market: MarketId) -> i64 {
	types::position_in(&account_of(who).positions, market).lots
}

fn worth() -> i128 {
	Margin::worth().low as i128
}

/// Bids that count as depth, where a liquidation does not reach them.
fn depth(who: AccountRef, price: u32, lots: u64) {
	place(who, BTC, Side::Bid, price, lots, &NO_FEES, false).unwrap();
}

/// A long of 1,000 lots with 500, against somebody rich, and depth below what a liquidation takes.
fn long_of_500(who: u64, against: AccountRef) -> AccountRef {
	let long = funded(who, 500);
	trade(long, against, PRICE, 1_000);
	long
}

/// The vault holds 1,000 lots long, at 95,719, which it took for less than their value.
fn vault_with_a_long(quote: u128) -> (AccountRef, AccountRef) {
	let (b, c) = (funded(2, 100_000), funded(3, 100_000));
	vault_of(quote);
	let a = long_of_500(1, b);
	let a2 = long_of_500(4, b);
	depth(c, 94_300, 6_000);
	set_price(BTC, 96_200);
	for _ in 0..3 {
		next_block();
	}
	assert!(held(VAULT, BTC) > 500, "{}", held(VAULT, BTC));
	assert_eq!(held(VAULT, BTC), 2_000 - held(a, BTC) - held(a2, BTC));
	// What it offers is offered again in the next block.
	cancel_all(VAULT);
	(b, c)
}

/// Whatever rests of somebody is cancelled.
fn cancel_all(who: AccountRef) {
	let orders = Orders::get().into_iter().filter(|(_, owner, ..)| *owner == who);
	let mut session = Margin::session();
	for (id, ..) in orders.collect::<Vec<_>>() {
		Book::remove(&mut session, id);
	}
	session.commit(Check::None).unwrap();
}

/// A minute's third passes with the price at `price`, and depth that is never there to be traded
/// with, about 1.7 % away on `side`.
fn step_to(price: u32, maker: AccountRef, side: Side, lots: u64) {
	let away = price / 60;
	let at = if side == Side::Bid { price - away } else { price + away };
	let _ = place(maker, BTC, side, at, lots, &NO_FEES, false);
	Now::mutate(|now| *now += 20_000);
	set_price(BTC, price);
	next_block();
	cancel_all(maker);
}

#[test]
fn below_two_thirds_of_the_margin_the_vault_takes_at_its_discount() {
	ExtBuilder::build_and_execute(|| {
		let (b, c) = (funded(2, 100_000), funded(3, 100_000));
		vault_of(100_000);
		let a = long_of_500(1, b);
		depth(c, 94_300, 6_000);
		// 120 of 192.4; bankrupt at 95,000.
		set_price(BTC, 96_200);
		let [Event::VaultTook {
			account,
			market,
			lots,
			price,
			examined,
			bankruptcy,
			equity,
			maintenance,
			penalty,
			reason,
			level,
			budget_left,
			budget_left_in_all,
		}] = takes()[..]
		else {
			panic!("{:?}", takes())
		};
		assert_eq!((account, market, reason, level), (a, BTC, TakeReason::Margin, Level::Normal));
		assert_eq!((price, examined, bankruptcy), (Ticks(95_719), Ticks(96_200), Ticks(95_000)));
		assert_eq!((equity, maintenance), (120 * Q, 192_400_000));
		assert_eq!((budget_left, budget_left_in_all), (2_000 * QUOTE, 5_000 * QUOTE));
		assert_eq!((held(VAULT, BTC), held(a, BTC)), (lots, 1_000 - lots));
		// Half a percent of what it closed goes to the funds, as in the book.
		assert_eq!(penalty, (lots as u128 * 95_719 * 100).div_ceil(200));
		assert_eq!(Fund::get(), penalty);
		let a = Margin::summary_of(a).unwrap();
		assert!(a.equity >= a.maintenance_margin as i128);
		assert_eq!(account_of(AccountRef(2)).since, 0);
		// The vault gains the discount.
		assert_eq!(worth(), 100_000 * Q + lots as i128 * 48_100);
		assert_eq!(deleveraged(AccountRef(2)), 0);
	});
}

#[test]
fn a_short_is_taken_over_at_a_premium() {
	ExtBuilder::build_and_execute(|| {
		let (b, c) = (funded(2, 100_000), funded(3, 100_000));
		vault_of(100_000);
		let a = funded(1, 500);
		trade(b, a, PRICE, 1_000);
		place(c, BTC, Side::Ask, 105_800, 6_000, &NO_FEES, false).unwrap();
		set_price(BTC, 103_700);
		let [Event::VaultTook { lots, price, .. }] = takes()[..] else { panic!("{:?}", takes()) };
		assert_eq!(price, Ticks(103_700 + 518));
		assert!(lots < 0 && held(VAULT, BTC) == lots, "{lots}");
	});
}

#[test]
fn a_waiting_account_is_taken_over_after_ten_blocks() {
	ExtBuilder::build_and_execute(|| {
		let (b, c) = (funded(2, 100_000), funded(3, 100_000));
		vault_of(100_000);
		let a = long_of_500(1, b);
		// Enough that the book's capacity is not what keeps it waiting.
		depth(c, 94_900, 20_000);
		set_price(BTC, 96_500);
		for _ in 0..10 {
			next_block();
			set_price(BTC, 96_500);
			assert_eq!(takes(), vec![]);
		}
		next_block();
		let [Event::VaultTook { reason, lots, .. }] = takes()[..] else { panic!("{:?}", takes()) };
		assert_eq!((reason, held(VAULT, BTC)), (TakeReason::Age, lots));
		assert_eq!(deleveraged(a), 0);
	});
}

#[test]
fn the_vault_takes_when_the_book_has_given_what_it_may() {
	ExtBuilder::build_and_execute(|| {
		let (b, c) = (funded(2, 100_000), funded(3, 100_000));
		vault_of(100_000);
		let a = long_of_500(1, b);
		depth(c, 96_500, 100);
		// 150 of 193: a fifth is to be closed, and the book gives 100 lots.
		set_price(BTC, 96_500);
		let [Event::VaultTook { reason, lots, .. }] = takes()[..] else { panic!("{:?}", takes()) };
		// A thousand quote units are the least of its tranches.
		assert_eq!((reason, lots), (TakeReason::Capacity, 103));
		assert_eq!(held(a, BTC), 1_000 - 100 - 103);
		assert_eq!(deleveraged(a), 0);
	});
}

#[test]
fn half_of_the_depth_is_taken_in_a_minute() {
	ExtBuilder::build_and_execute(|| {
		let (b, c) = (funded(2, 500_000), funded(3, 100_000));
		vault_of(100_000);
		let longs: Vec<_> = (4..10).map(|who| long_of_500(who, b)).collect();
		depth(c, 94_400, 1_000);
		// 4,720 quote units in the first minute.
		set_price(BTC, 96_200);
		for _ in 0..5 {
			next_block();
		}
		let taken = VaultMarkets::<Test>::get(BTC).taken;
		assert!(taken <= 4_720 * QUOTE && taken > 4_700 * QUOTE, "{taken}");
		assert_eq!(held(VAULT, BTC), taken as i64 / 9_571_900);
		// The rest waits for the next one while it has two thirds of a third.
		assert_eq!(longs.iter().map(|who| deleveraged(*who)).sum::<i64>(), 0);
		Now::mutate(|now| *now += 60_000);
		set_price(BTC, 96_200);
		next_block();
		assert!(held(VAULT, BTC) > 900);
		assert!(VaultMarkets::<Test>::get(BTC).taken <= 4_720 * QUOTE);
	});
}

#[test]
fn where_the_budget_is_spent_the_vault_is_out_and_deleveraging_comes_at_once() {
	ExtBuilder::build_and_execute(|| {
		let (b, c) = vault_with_a_long(10_000);
		cancel_all(c);
		let late = funded(5, 500);
		// Margin for one that will be between two thirds and a third.
		place(b, BTC, Side::Ask, 96_200, 1_000, &NO_FEES, false).unwrap();
		assert_ok!(place(late, BTC, Side::Bid, 96_200, 1_000, &NO_FEES, true));
		depth(c, 90_700, 20_000);
		let before = worth();
		assert!(told(|event| matches!(event, Event::VaultOut { .. })).is_empty());
		// The late one has 120 of 184.8; the vault loses more than 2 % of its worth.
		set_price(BTC, 92_400);
		let [Event::VaultOut { market, lost, budget, .. }] =
			told(|event| matches!(event, Event::VaultOut { .. }))[..]
		else {
			panic!()
		};
		assert!(market == BTC && lost >= budget, "{lost} of {budget}");
		assert!(VaultMarkets::<Test>::get(BTC).out);
		let took = takes().len();
		assert!(deleveraged(late) > 0);
		// What the vault holds goes the same way, at the price and at nobody's cost.
		let loss = worth();
		for _ in 0..6 {
			next_block();
		}
		assert_eq!((held(VAULT, BTC), worth(), takes().len()), (0, loss, took));
		assert!(deleveraged(VAULT) > 500);
		assert!(loss < before);
	});
}

#[test]
fn no_market_covers_for_another() {
	ExtBuilder::build_and_execute(|| {
		let (b, _) = vault_with_a_long(10_000);
		let (x, y) = (funded(6, 500), funded(7, 500));
		place(b, ETH, Side::Ask, PRICE, 1_000, &NO_FEES, false).unwrap();
		assert_ok!(place(x, ETH, Side::Bid, PRICE, 1_000, &NO_FEES, true));
		place(b, BTC, Side::Ask, 96_200, 1_000, &NO_FEES, false).unwrap();
		assert_ok!(place(y, BTC, Side::Bid, 96_200, 1_000, &NO_FEES, true));
		set_price(BTC, 92_550);
		next_block();
		assert!(VaultMarkets::<Test>::get(BTC).out);
		let took = takes().len();
		// Out of the one, it still takes in the other.
		set_price(ETH, 96_200);
		assert_eq!(takes().len(), took + 1);
		assert!(held(VAULT, ETH) > 0);
		// And a rise of the other does not bring it back to the one.
		set_price(ETH, 99_900);
		set_price(BTC, 92_450);
		next_block();
		assert_eq!(takes().len(), took + 1);
		assert!(VaultMarkets::<Test>::get(BTC).out && !VaultMarkets::<Test>::get(ETH).out);
	});
}

#[test]
fn losses_in_all_markets_together_take_it_out_of_each() {
	ExtBuilder::build_and_execute(|| {
		vault_with_a_long(10_000);
		next_block();
		// Elsewhere it lost more than 5 % of what it is worth now.
		VaultState::<Test>::mutate(|state| {
			state.days.today += 600 * Q;
			state.days.before += 600 * Q;
		});
		next_block();
		assert!(VaultMarkets::<Test>::get(BTC).out);
		for _ in 0..6 {
			next_block();
		}
		assert_eq!(held(VAULT, BTC), 0);
		// Two days later it is back.
		Now::mutate(|now| *now += 2 * 86_400_000);
		cancel_all(AccountRef(1));
		depth(AccountRef(1), 94_300, 6_000);
		set_price(BTC, PRICE);
		let b = Keys::<Test>::get((2, 0)).unwrap().account;
		long_of_500(8, b);
		let took = takes().len();
		set_price(BTC, 96_200);
		assert_eq!(takes().len(), took + 1);
	});
}

#[test]
fn a_vault_without_a_free_place_is_out_of_other_markets() {
	ExtBuilder::build_and_execute(|| {
		let (b, c) = (funded(2, 100_000), funded(3, 100_000));
		vault_of(100_000);
		Accounts::<Test>::mutate(VAULT, |account| {
			for number in 0..types::MAX_POSITIONS as u16 {
				let market = MarketId(number + 2);
				Margin::market_created(market, btc_terms()).unwrap();
				let kept = types::Position { market, leverage: 1, ..Default::default() };
				account.as_mut().unwrap().positions.try_push(kept).unwrap();
			}
		});
		let a = long_of_500(1, b);
		depth(c, 94_300, 6_000);
		set_price(BTC, 96_200);
		assert_eq!(takes(), vec![]);
		assert!(deleveraged(a) > 0);
	});
}

#[test]
fn without_a_vault_deleveraging_waits_for_a_third_of_the_margin() {
	ExtBuilder::build_and_execute(|| {
		let (b, c) = (funded(2, 100_000), funded(3, 100_000));
		let a = long_of_500(1, b);
		depth(c, 94_300, 6_000);
		set_price(BTC, 96_200);
		next_block();
		assert_eq!((takes(), deleveraged(a)), (vec![], 0));
		set_price(BTC, 95_600);
		next_block();
		assert!(deleveraged(a) > 0);
	});
}

#[test]
fn the_vault_takes_nothing_at_a_price_that_is_not_valid() {
	ExtBuilder::build_and_execute(|| {
		let (b, c) = (funded(2, 100_000), funded(3, 100_000));
		vault_of(100_000);
		let a = long_of_500(1, b);
		depth(c, 94_300, 6_000);
		set_prices(BTC, 96_200, Validity::Degraded);
		next_block();
		assert_eq!((takes(), held(a, BTC)), (vec![], 1_000));
		set_price(BTC, 96_200);
		next_block();
		assert_eq!(takes().len(), 1);
	});
}

#[test]
fn the_vault_takes_a_bankrupt_that_the_funds_paid_for_and_no_other() {
	ExtBuilder::build_and_execute(|| {
		let (b, c) = (funded(2, 100_000), funded(3, 100_000));
		vault_of(100_000);
		long_of_500(1, b);
		let poor = long_of_500(4, b);
		insure(90);
		depth(c, 92_300, 20_000);
		// Each lacks 90, and the fund has it once.
		set_price(BTC, 94_100);
		let [Event::VaultTook { price, equity, .. }] = takes()[..] else { panic!("{:?}", takes()) };
		assert_eq!((price, equity), (Ticks(94_100), 0));
		for _ in 0..20 {
			next_block();
		}
		// The other was closed against those who gained.
		assert_eq!(takes().len(), 1);
		assert!(told(|event| matches!(event, Event::Deleveraged { .. })).len() == 1);
		assert!(account_of(poor).positions.is_empty());
		assert_eq!(Margin::bad_debt(), 0);
	});
}

#[test]
fn the_vault_pays_no_premium_for_what_it_takes() {
	ExtBuilder::build_and_execute(|| {
		let (b, c) = (funded(2, 100_000), funded(3, 100_000));
		vault_of(100_000);
		long_of_500(1, b);
		depth(c, 94_300, 6_000);
		Charge::set(Charges { premium: 15_000_000, surcharge: 10_000_000 });
		set_price(BTC, 96_200);
		assert_eq!((takes().len(), Paid::get()), (1, (0, 0)));
		assert_eq!(account_of(VAULT).quote, 100_000 * Q);
	});
}

#[test]
fn what_nets_is_taken_whatever_the_budget_is() {
	ExtBuilder::build_and_execute(|| {
		let (b, c) = vault_with_a_long(10_000);
		let long = held(VAULT, BTC);
		let a = funded(6, 500);
		place(b, BTC, Side::Bid, 96_200, 300, &NO_FEES, false).unwrap();
		assert_ok!(place(a, BTC, Side::Ask, 96_200, 300, &NO_FEES, true));
		VaultState::<Test>::mutate(|state| state.days.today += 100_000 * Q);
		Accounts::<Test>::mutate(a, |account| account.as_mut().unwrap().quote -= 470 * Q);
		Accounts::<Test>::mutate(b, |account| account.as_mut().unwrap().quote += 470 * Q);
		set_level(BTC, Level::Freeze);
		set_price(BTC, 96_300);
		set_level(BTC, Level::Normal);
		cancel_all(c);
		cancel_all(VAULT);
		let took = takes().len();
		assert_ok!(liquidate(9, a));
		assert_eq!(takes().len(), took + 1);
		assert!(VaultMarkets::<Test>::get(BTC).out);
		assert_eq!(held(VAULT, BTC), long - 300);
	});
}

#[test]
fn it_is_unwound_at_the_mark_by_a_tenth_of_the_depth() {
	ExtBuilder::build_and_execute(|| {
		let (_, c) = vault_with_a_long(10_000);
		// Those from whom it took it stay healthy.
		for who in [1, 4] {
			assert_ok!(Margin::deposit(RuntimeOrigin::signed(who), 0, 1_000 * QUOTE));
		}
		let rests = || {
			let orders = Orders::get().into_iter().filter(|(_, owner, ..)| *owner == VAULT);
			orders.map(|(id, _, lots, only)| (id.tick().0, lots.0, only)).collect::<Vec<_>>()
		};
		next_block();
		// 6,000 lots at 94,300 are 56,580 quote units.
		assert_eq!(rests(), vec![(96_200, 5_658_000_000 / 9_620_000, true)]);
		let long = held(VAULT, BTC);
		place(c, BTC, Side::Bid, 96_200, 200, &NO_FEES, true).unwrap();
		assert_eq!(held(VAULT, BTC), long - 200);
		// It follows the mark, up and down, and takes what others want there.
		set_price(BTC, 96_900);
		next_block();
		assert!(rests()
			.iter()
			.all(|(price, lots, only)| (*price, *only) == (96_900, true) && *lots > 0));
		place(c, BTC, Side::Bid, 96_700, 100, &NO_FEES, false).unwrap();
		set_price(BTC, 96_700);
		next_block();
		let unwound = Event::VaultUnwound { market: BTC, lots: 100, price: Ticks(96_700) };
		assert_eq!(told(|event| matches!(event, Event::VaultUnwound { .. })), vec![unwound]);
		assert_eq!(held(VAULT, BTC), long - 300);
		// What it offered where it holds nothing any more is taken back.
		while held(VAULT, BTC) > 0 {
			place(c, BTC, Side::Bid, 96_700, 1_000, &NO_FEES, true).unwrap();
			next_block();
		}
		next_block();
		assert_eq!((rests(), account_of(VAULT).orders.len()), (vec![], 0));
	});
}

#[test]
fn unwinding_keeps_to_the_weight_it_is_given_and_goes_on_where_it_ended() {
	ExtBuilder::build_and_execute(|| {
		let (b, _) = vault_with_a_long(100_000);
		for market in [2, 3, 4, 5, 6].map(MarketId) {
			Margin::market_created(market, btc_terms()).unwrap();
			set_price(market, PRICE);
			manual_trade(VAULT, b, market, 100);
		}
		let offered = || account_of(VAULT).orders.len();
		let weight = |visits| Weights::vault().saturating_add(cost::unwind::<Test>() * visits);
		Margin::unwind_vault(&mut WeightMeter::with_limit(Weights::vault()));
		let before = offered();
		Margin::unwind_vault(&mut WeightMeter::with_limit(weight(1)));
		assert!(offered() <= before + 1);
		// Six markets, four in a block.
		let mut meter = WeightMeter::new();
		Margin::unwind_vault(&mut meter);
		Margin::unwind_vault(&mut meter);
		assert_eq!(offered(), 6);
	});
}

#[test]
fn nothing_is_unwound_where_the_market_does_not_allow_it() {
	ExtBuilder::build_and_execute(|| {
		vault_with_a_long(10_000);
		let orders = Orders::get();
		set_level(BTC, Level::Freeze);
		set_price(BTC, 96_900);
		next_block();
		assert_eq!(Orders::get(), orders);
		set_level(BTC, Level::Normal);
		set_prices(BTC, 96_900, Validity::Degraded);
		next_block();
		assert_eq!(Orders::get(), orders);
		set_price(BTC, 96_900);
		next_block();
		assert_ne!(Orders::get(), orders);
	});
}

/// `buyer` buys from `seller` at the mark without any check.
fn manual_trade(buyer: AccountRef, seller: AccountRef, market: MarketId, lots: u64) {
	let mut session = Margin::session();
	let fill = Fill {
		market,
		taker: buyer,
		maker: seller,
		maker_order: OrderId::default(),
		taker_side: Side::Bid,
		price: Margin::prices(market).mark,
		lots: Lots(lots),
		maker_reduce_only: false,
		maker_done: true,
	};
	session.settle(&fill, &NO_FEES);
	session.commit(Check::None).unwrap();
}

#[test]
fn only_the_chain_closes_a_vault_that_is_short_of_margin_and_it_pays_no_penalty() {
	ExtBuilder::build_and_execute(|| {
		let (b, c) = (funded(2, 800_000), funded(3, 500_000));
		vault_of(10_000);
		// More than it would ever take.
		manual_trade(VAULT, b, BTC, 20_000);
		depth(c, 95_400, 50_000);
		assert_noop!(liquidate(9, VAULT), Error::<Test>::VaultUnwinds);
		set_level(BTC, Level::Freeze);
		set_price(BTC, 95_800);
		set_level(BTC, Level::Normal);
		assert!(Margin::summary_of(VAULT).unwrap().equity > 0);
		assert_noop!(liquidate(9, VAULT), Error::<Test>::VaultUnwinds);
		next_block();
		assert!(held(VAULT, BTC) < 20_000);
		for _ in 0..40 {
			next_block();
			set_price(BTC, 95_800);
		}
		let closed = told(|event| matches!(event, Event::Liquidated { account: VAULT, .. }));
		assert!(!closed.is_empty());
		let free = |event: &Event<Test>| matches!(event, Event::Liquidated { penalty: 0, .. });
		assert!(closed.iter().all(free), "{closed:?}");
		let vault = Margin::summary_of(VAULT).unwrap();
		assert!(vault.equity >= vault.maintenance_margin as i128, "{vault:?}");
		assert_eq!(Margin::bad_debt(), 0);
	});
}

#[test]
fn a_deficit_of_the_vault_is_a_deficit_like_any_other() {
	ExtBuilder::build_and_execute(|| {
		let b = funded(2, 800_000);
		vault_of(10_000);
		insure(100_000);
		manual_trade(VAULT, b, BTC, 20_000);
		set_price(BTC, 90_000);
		for _ in 0..20 {
			next_block();
		}
		assert_eq!((account_of(VAULT).quote, held(VAULT, BTC)), (0, 0));
		assert_eq!(Fund::get(), 90_000 * QUOTE);
		// Nobody takes, and whoever backs it begins anew.
		assert_eq!((Margin::worth().low, Margin::worth().open), (0, false));
		vault_of(1_000);
		assert_eq!(Margin::worth().low, 1_000 * QUOTE);
	});
}

#[test]
fn its_worth_is_at_the_worse_of_index_and_mark_and_at_the_better() {
	ExtBuilder::build_and_execute(|| {
		let nothing = Margin::worth();
		assert_eq!((nothing.low, nothing.high, nothing.open), (0, 0, false));
		assert!(nothing.priced && !nothing.troubled);
		let (_, _) = vault_with_a_long(10_000);
		let lots = held(VAULT, BTC) as u128;
		let prices = |index, mark, validity| {
			let (index, mark) = (Ticks(index), Ticks(mark));
			let (stable, long, short) = (index, mark, mark);
			let at = Now::get();
			let prices = Prices { index, mark, stable, long, short, validity, at, age_limit: 0 };
			Margin::on_price(BTC, &prices, &mut WeightMeter::new());
			Margin::worth()
		};
		let same = prices(96_200, 96_200, Validity::Valid);
		assert_eq!((same.low, same.open, same.priced), (same.high, true, true));
		let apart = prices(96_000, 96_300, Validity::Valid);
		assert_eq!(apart.low, same.low - lots * 200 * 100);
		assert_eq!(apart.high, same.low + lots * 100 * 100);
		assert!(!prices(96_200, 96_200, Validity::Degraded).priced);
		assert!(!prices(96_200, 96_200, Validity::Valid).troubled);
		set_level(ETH, Level::Freeze);
		assert!(!Margin::worth().troubled);
		set_level(BTC, Level::ReduceOnly);
		assert!(Margin::worth().troubled);
		set_level(BTC, Level::Normal);
		assert!(prices(95_000, 95_000, Validity::Valid).troubled, "it lost");
	});
}

#[test]
fn what_is_added_is_the_vaults_and_what_is_removed_leaves_its_margin() {
	ExtBuilder::build_and_execute(|| {
		assert_noop!(Margin::remove(&BACKER, 1), Error::<Test>::NoAccount);
		assert_noop!(Margin::add(&BACKER, u128::MAX), Error::<Test>::AmountTooLarge);
		assert!(Margin::add(&99, QUOTE).is_err());
		let held = Ledger::<Test>::get().held;
		let (b, _) = (funded(2, 800_000), funded(3, 1_000));
		vault_of(10_000);
		assert_eq!(Ledger::<Test>::get().held, held + 811_000 * QUOTE);
		assert!(Margin::custody_agrees());
		manual_trade(VAULT, b, BTC, 1_000);
		let free = Margin::summary_of(VAULT).unwrap().withdrawable;
		assert!(free < 9_500 * QUOTE && free > 8_000 * QUOTE, "{free}");
		assert_noop!(Margin::remove(&BACKER, free + 1), Error::<Test>::VaultCommitted);
		ChainView::set(GateView { denied: Denied::of(&[Action::Withdraw]), ..Default::default() });
		assert_noop!(Margin::remove(&BACKER, 1), Error::<Test>::WithdrawalDenied);
		ChainView::set(Default::default());
		// A frozen market keeps the margin of what is held there, and no more.
		set_level(BTC, Level::Freeze);
		assert_ok!(Margin::remove(&BACKER, free));
		assert_eq!(VaultState::<Test>::get().added, 10_000 * Q - free as i128);
		set_level(BTC, Level::Normal);
	});
}

#[test]
fn a_settlement_visits_the_vault_like_everybody() {
	ExtBuilder::build_and_execute(|| {
		let (b, _) = vault_with_a_long(10_000);
		let (lots, before) = (held(VAULT, BTC), worth());
		manual_trade(VAULT, b, ETH, 10);
		ReferenceAt::set(Some(96_300));
		assert_ok!(<Margin as breakwater_primitives::Settlement>::begin(BTC));
		set_level(BTC, Level::Settle);
		let pending = Margin::worth();
		assert!(!pending.priced && pending.troubled);
		assert_noop!(Margin::remove(&BACKER, 1), Error::<Test>::SettlementPending);
		for _ in 0..20 {
			next_block();
		}
		let phase = Margin::settlement(BTC).unwrap().phase;
		assert_eq!(phase, breakwater_primitives::api::SettlementPhase::Done);
		assert_eq!(held(VAULT, BTC), 0);
		assert_eq!(worth(), before + lots as i128 * 100 * 100);
		set_price(ETH, PRICE);
		assert!(Margin::worth().priced);
	});
}

#[test]
fn nobody_reaches_the_vault_by_a_key_or_a_deposit() {
	ExtBuilder::build_and_execute(|| {
		let owner = Margin::vault_owner();
		let a = funded(1, 500);
		assert_ok!(Margin::set_key(RuntimeOrigin::signed(1), 0, owner, u64::MAX));
		vault_of(1_000);
		assert_eq!(account_of(a).keys, 1);
		let (owned, sub) = (account_of(VAULT).owner, account_of(VAULT).sub);
		assert_eq!((owned, sub), (owner, 0));
		// Tokens sent to its address, or to custody, are nothing to it.
		let asset = RuntimeOrigin::signed(1);
		assert_ok!(pallet_assets::Pallet::<Test>::transfer(asset.clone(), 1, owner, QUOTE));
		let custody = Margin::custody_account();
		assert_ok!(pallet_assets::Pallet::<Test>::transfer(asset, 1, custody, QUOTE));
		assert_eq!(Margin::worth().low, 1_000 * QUOTE);
	});
}

#[test]
fn a_loss_that_nobody_counted_is_found() {
	ExtBuilder::build().execute_with(|| {
		vault_of(1_000);
		assert_ok!(Margin::do_try_state());
		VaultState::<Test>::mutate(|state| state.added += 1);
		assert!(Margin::do_try_state().is_err());
	});
}

#[test]
fn attack_a_vault_fed_with_a_pumped_short_loses_no_more_than_the_budget_of_its_market() {
	ExtBuilder::build_and_execute(|| {
		// He is short on one account and long on others, and pumps.
		let (long, longer) = (funded(1, 200_000), funded(2, 200_000));
		let shorts: Vec<_> = (3..9).map(|who| funded(who, 600)).collect();
		for (n, short) in shorts.iter().enumerate() {
			trade(if n % 2 == 0 { long } else { longer }, *short, PRICE, 1_000);
		}
		let maker = funded(16, 900_000);
		vault_of(50_000);
		let mut price = PRICE;
		for _ in 0..120 {
			price += price / 100;
			step_to(price, maker, Side::Ask, 20_000);
		}
		assert!(price > 3 * PRICE);
		assert!(takes().len() > 2, "{}", takes().len());
		assert!(deleveraged(VAULT) < 0);
		assert_eq!(held(VAULT, BTC), 0);
		// 2 % and what one step of 1 % adds to what it held.
		let lost = 50_000 * Q - worth();
		assert!(lost > 0 && lost <= 1_500 * Q, "{lost}");
		assert_eq!((Fund::get() > 0, Margin::bad_debt()), (true, 0));
	});
}

#[test]
fn attack_a_winner_who_withdraws_and_is_liquidated_into_the_vault_costs_it_its_budget_at_most() {
	ExtBuilder::build_and_execute(|| {
		let (whale, b) = (funded(1, 60_000), funded(2, 900_000));
		let maker = funded(3, 900_000);
		vault_of(50_000);
		trade(whale, b, PRICE, 60_000);
		step_to(109_000, maker, Side::Bid, 10_000);
		// What he may take out leaves maintenance margin and what closing him costs at this depth.
		depth(maker, 107_200, 10_000);
		let leaves = Margin::summary_of(whale).unwrap().withdrawable;
		let _ = with_storage_layer(|| Margin::withdraw(RuntimeOrigin::signed(1), 0, leaves));
		let rest = Margin::summary_of(whale).unwrap();
		assert!(rest.equity > rest.maintenance_margin as i128 + 30_000 * Q, "{rest:?}");
		cancel_all(maker);
		// He lets the price fall through his margin.
		let mut price = 109_000;
		while takes().is_empty() && price > 80_000 {
			price -= 500;
			step_to(price, maker, Side::Bid, 10_000);
		}
		// In a minute the vault takes half of the depth and never more than it can bear.
		let Event::VaultTook { lots, .. } = takes()[0] else { panic!() };
		assert!(lots < 6_000, "{lots}");
		for _ in 0..30 {
			price -= price / 100;
			step_to(price, maker, Side::Bid, 5_000);
		}
		let lost = 50_000 * Q - worth();
		assert!(lost <= 1_500 * Q, "{lost}");
		assert_eq!(Margin::bad_debt(), 0);
	});
}
