//! Attacks on the whole runtime, each by its name, and the number that says it does not pay.

mod common;

use breakwater_primitives::{Backstop, Level, Ppm, Side, Ticks};
use breakwater_runtime::{
	views, Assets, Insurance, Margin, Runtime, RuntimeEvent, System, USDC, USDC_UNIT,
};
use common::*;
use frame_support::{assert_noop, assert_ok};
use pallet_perpetuals::{OrderKind, PlaceOrder, TimeInForce};
use sp_keyring::Sr25519Keyring::{self, *};

const PRICE: u32 = 79_000;
/// How far the book moves the mark from the index at the most, in the preset's tier.
const MARK_CLAMP: Ppm = Ppm(7_500);

fn deposit_in(who: Sr25519Keyring, sub: u8, usdc: u128) {
	let amount = usdc * USDC_UNIT;
	assert_ok!(call(&id(who), pallet_margin::Call::deposit { sub, amount }));
}

fn place_in(
	who: Sr25519Keyring,
	sub: u8,
	order: PlaceOrder,
) -> frame_support::dispatch::DispatchResult {
	call(&id(who), pallet_perpetuals::Call::place { sub, order })
}

fn taking(side: Side, price: u32, lots: u64) -> PlaceOrder {
	let time_in_force = TimeInForce::ImmediateOrCancel;
	PlaceOrder {
		kind: OrderKind::Limit { price: Ticks(price), time_in_force },
		..limit(side, price, lots)
	}
}

fn resting(side: Side, price: u32, lots: u64) -> PlaceOrder {
	let time_in_force = TimeInForce::PostOnly;
	PlaceOrder {
		kind: OrderKind::Limit { price: Ticks(price), time_in_force },
		..limit(side, price, lots)
	}
}

/// `buyer` buys from `seller`, first accounts both.
fn trade(buyer: Sr25519Keyring, seller: Sr25519Keyring, price: u32, lots: u64) {
	assert_ok!(place(seller, limit(Side::Ask, price, lots)));
	assert_ok!(place(buyer, taking(Side::Bid, price, lots)));
}

fn summary(who: Sr25519Keyring, sub: u8) -> breakwater_primitives::api::AccountSummary {
	views::account_summary(id(who), sub).expect("an account")
}

fn lots(who: Sr25519Keyring, sub: u8) -> i64 {
	summary(who, sub).positions.iter().map(|position| position.lots).sum()
}

/// All that somebody has, in quote units: his purse and the equity of his accounts.
fn wealth(who: Sr25519Keyring) -> i128 {
	let accounts = (0..16).filter_map(|sub| views::account_summary(id(who), sub));
	let inside: i128 = accounts.map(|account| account.equity).sum();
	inside + Assets::balance(USDC, id(who)) as i128
}

/// What others than those who trade have to lose: the funds, less debts that nobody paid.
fn funds() -> i128 {
	Insurance::total() as i128 - Margin::bad_debt() as i128
}

/// What happened in this block.
fn told(wanted: impl Fn(&pallet_margin::Event<Runtime>) -> bool) -> usize {
	let events = System::events().into_iter();
	let margin = events.filter_map(|record| match record.event {
		RuntimeEvent::Margin(event) => Some(event),
		_ => None,
	});
	margin.filter(wanted).count()
}

/// The price goes to `to` in so many blocks, and stays for as many.
fn drift(from: u32, to: u32, blocks: u32) {
	for block in 1..=2 * blocks {
		next_block();
		let part = i64::from(block.min(blocks));
		let moved = (i64::from(to) - i64::from(from)) * part / i64::from(blocks);
		feed((i64::from(from) + moved) as u32);
	}
}

fn usdc(units: i128) -> i128 {
	units / USDC_UNIT as i128
}

/// A whale wins, withdraws all he may, and has himself liquidated: whoever takes his position over would
/// pay for selling it.
#[test]
fn attack_whale_withdraws_and_lets_others_liquidate_him() {
	on_development_chain(|| {
		feed(PRICE);
		deposit(Ferdie, 4_000_000);
		deposit(Charlie, 50_000_000);
		deposit(Eve, 50_000_000);
		let (rich, before) = (wealth(Ferdie), funds());
		// Ten thousand lots are 79,000; he holds 15.8 million on four.
		trade(Ferdie, Charlie, PRICE, 1_000_000);
		trade(Ferdie, Charlie, PRICE, 1_000_000);
		// A book a tenth as deep as what he holds.
		assert_ok!(place(Eve, resting(Side::Bid, 80_900, 100_000)));
		assert_ok!(place(Eve, resting(Side::Bid, 80_200, 100_000)));
		drift(PRICE, 81_000, 40);
		let winner = summary(Ferdie, 0);
		let profit = winner.equity - 4_000_000 * USDC_UNIT as i128;
		assert!(usdc(profit) > 390_000, "{profit}");
		// None of the profit leaves, and what closing costs stays.
		assert!(winner.withdrawable < 4_000_000 * USDC_UNIT);
		let left_over = winner.equity - winner.withdrawable as i128;
		assert!(left_over > profit + winner.maintenance_margin as i128);
		let amount = winner.withdrawable;
		let withdraw = |amount| pallet_margin::Call::withdraw { sub: 0, amount };
		assert_noop!(
			call(&id(Ferdie), withdraw(amount + 1)),
			pallet_margin::Error::<Runtime>::ExceedsWithdrawable
		);
		assert_ok!(call(&id(Ferdie), withdraw(amount)));
		// It falls by a fifth, and the book falls away.
		for (from, to) in [(81_000, 77_000), (77_000, 73_000), (73_000, 69_500), (69_500, 66_000)] {
			drift(from, to, 60);
		}
		assert!(lots(Ferdie, 0) < 2_000_000, "he is liquidated");
		assert!(wealth(Ferdie) < rich, "he lost {}", usdc(rich - wealth(Ferdie)));
		assert!(funds() >= before, "the funds lost {}", usdc(before - funds()));
	});
}

/// One actor builds the open interest of a market in many accounts, so that his profit is all that
/// anybody could pay.
#[test]
fn attack_open_interest_of_one_actor_is_paid_for_in_full_however_many_accounts_he_uses() {
	on_development_chain(|| {
		feed(PRICE);
		for who in [Charlie, Dave] {
			for sub in 0..2 {
				deposit_in(who, sub, 40_000_000);
			}
		}
		// Up to where crowding begins, and on to nine tenths of the cap.
		let mut opened = 0;
		for n in 0..18u8 {
			let sub = n % 2;
			assert_ok!(place_in(Charlie, sub, limit(Side::Ask, PRICE, 1_000_000)));
			if place_in(Dave, sub, taking(Side::Bid, PRICE, 1_000_000)).is_err() {
				break;
			}
			opened += 1_000_000u64;
		}
		assert!(opened >= 10_000_000, "{opened}");
		// From here on lots cost nearly their whole value, in one account as in sixteen.
		let most = |subs: u8| {
			let each = 160_000 / u128::from(subs);
			(0..subs)
				.map(|sub| {
					deposit_in(Ferdie, sub, each);
					let fits = |lots: &u64| {
						let order = limit(Side::Bid, PRICE, *lots);
						views::dry_run(id(Ferdie), sub, &order).is_ok()
					};
					let (mut low, mut high) = (0u64, 1_000_000u64);
					while high - low > 1 {
						let middle = (low + high) / 2;
						if fits(&middle) {
							low = middle;
						} else {
							high = middle;
						}
					}
					// Given back, so that each number of accounts begins alike.
					let close = pallet_margin::Call::close_account { sub };
					assert_ok!(call(&id(Ferdie), close));
					low
				})
				.sum::<u64>()
		};
		let (one, many) = (most(1), most(16));
		let leverage = |lots: u64| lots as f64 * 7.9 / 160_000.0;
		assert!(leverage(one) < 25.0 && one > 0);
		assert!(many <= one + 16, "sixteen accounts hold {many} lots and one {one}");
		let crowded = Margin::open_interest(BTC).0 as f64 / 20_000_000.0;
		println!("at {crowded:.2} of the cap: {:.2} times leverage", leverage(one));
	});
}

/// Two accounts of one actor trade at a pumped price: the loser goes bankrupt, the winner leaves.
#[test]
fn attack_a_pumped_price_moves_no_money_out_of_the_funds() {
	on_development_chain(|| {
		for _ in 0..5 {
			feed(PRICE);
			next_block();
		}
		feed(PRICE);
		deposit(Charlie, 1_000_000);
		let (rich, before) = (wealth(Charlie) + wealth(Dave), funds());
		// Nothing trades a fifth above the index, though an ask may wait there.
		let wild = PRICE / 5 * 6;
		assert_ok!(place(Charlie, limit(Side::Ask, wild, 10_000)));
		deposit(Dave, 10);
		// What would trade there is cut.
		assert_ok!(place(Dave, limit(Side::Bid, wild, 1)));
		assert_ok!(place(Dave, taking(Side::Bid, wild, 1)));
		assert_eq!(lots(Dave, 0), 0);
		assert_ok!(call(
			&id(Charlie),
			pallet_perpetuals::Call::cancel_all { sub: 0, market: None }
		));
		// Within the band the buyer is charged his loss before he has the position.
		let high = views::market_status(BTC).expect("exists").band_high.0;
		assert!(f64::from(high) <= f64::from(PRICE) * 1.03);
		assert_ok!(place(Charlie, limit(Side::Ask, high, 10_000)));
		let value = f64::from(high) * 10_000.0 / 10_000.0;
		deposit(Dave, (value * 0.045) as u128);
		assert_noop!(
			place(Dave, taking(Side::Bid, high, 10_000)),
			pallet_margin::Error::<Runtime>::InsufficientMargin
		);
		deposit(Dave, (value * 0.035) as u128);
		assert_ok!(place(Dave, taking(Side::Bid, high, 10_000)));
		// The trade moved the mark by no more than the clamp, and nobody can take the profit out.
		let prices = views::market_status(BTC).expect("exists").prices;
		assert!(prices.mark.0 - PRICE <= MARK_CLAMP.mul_ceil(PRICE.into()) as u32);
		assert!(summary(Charlie, 0).withdrawable <= 1_000_000 * USDC_UNIT);
		drift(PRICE, PRICE - 1_500, 20);
		drift(PRICE - 1_500, PRICE - 3_000, 20);
		assert!(lots(Dave, 0) < 10_000, "he is liquidated");
		assert!(wealth(Charlie) + wealth(Dave) <= rich);
		assert!(funds() >= before, "the funds lost {}", usdc(before - funds()));
	});
}

/// When trouble shows, a winner adds collateral, which lowers his leverage and his place in the queue.
#[test]
fn attack_who_tops_up_is_passed_over_and_nobody_pays_for_it() {
	on_development_chain(|| {
		feed(PRICE);
		deposit(Charlie, 5_000);
		deposit(Dave, 5_000);
		deposit(Ferdie, 4_400);
		trade(Ferdie, Charlie, PRICE, 5_000);
		trade(Ferdie, Dave, PRICE, 5_000);
		drift(PRICE, 77_300, 20);
		// Their accounts look alike; one tops up at the last moment.
		deposit(Dave, 100_000);
		let equity = |who| summary(who, 0).equity;
		let (charlie, dave, before) = (equity(Charlie), equity(Dave), funds());
		drift(77_300, 75_900, 20);
		assert!(lots(Charlie, 0) > -5_000, "the one with more leverage was closed");
		let taken = |who, before| {
			let gained = i128::from(77_300 - 75_900) * 5_000 * 100;
			gained - (equity(who) - before)
		};
		// He is closed at the examined prices on the way, so he misses what came after and loses nothing.
		assert!(equity(Charlie) >= charlie);
		assert!(usdc(taken(Dave, dave)) <= usdc(taken(Charlie, charlie)));
		assert!(funds() >= before, "the funds lost {}", usdc(before - funds()));
	});
}

/// A loser would rather be closed against his own winner than against strangers.
#[test]
fn attack_nobody_is_deleveraged_against_himself_while_he_has_equity() {
	on_development_chain(|| {
		feed(PRICE);
		deposit_in(Ferdie, 0, 4_400);
		deposit_in(Ferdie, 1, 4_000);
		deposit(Dave, 50_000);
		let rich = wealth(Ferdie) + wealth(Dave);
		// His long against his own short is a trade with himself: the book does not do it.
		assert_ok!(place_in(Ferdie, 1, limit(Side::Ask, PRICE, 5_000)));
		assert_ok!(place_in(Ferdie, 0, taking(Side::Bid, PRICE, 5_000)));
		assert_eq!((lots(Ferdie, 0), lots(Ferdie, 1)), (0, 0));
		deposit(Charlie, 50_000);
		trade(Ferdie, Dave, PRICE, 5_000);
		trade(Ferdie, Dave, PRICE, 5_000);
		assert_ok!(place(Charlie, limit(Side::Bid, PRICE, 4_000)));
		assert_ok!(place_in(Ferdie, 1, taking(Side::Ask, PRICE, 4_000)));
		let (own, before) = (lots(Ferdie, 1), funds());
		assert_eq!(own, -4_000);
		drift(PRICE, 75_100, 40);
		assert!(lots(Ferdie, 0) < 10_000, "the long is closed");
		assert_eq!(lots(Ferdie, 1), own, "and not against his own short");
		let all = wealth(Ferdie) + wealth(Dave) + wealth(Charlie);
		assert!(
			all - Assets::balance(USDC, id(Charlie)) as i128 <= rich + 50_000 * USDC_UNIT as i128
		);
		assert!(funds() >= before);
	});
}

/// Very many very small positions: each would cost the chain more to close than it is worth.
#[test]
fn attack_dust_costs_its_owner_and_is_closed_whole_at_once() {
	on_development_chain(|| {
		feed(PRICE);
		deposit(Charlie, 1_000_000);
		let dust = |amount| pallet_margin::Call::deposit { sub: 0, amount };
		assert_noop!(
			call(&id(Dave), dust(10 * USDC_UNIT - 1)),
			pallet_margin::Error::<Runtime>::BelowMinimumDeposit
		);
		let before = funds();
		// Sixteen accounts of an owner are all there are.
		for sub in 0..16 {
			deposit_in(Dave, sub, 10);
			assert_ok!(place(Charlie, limit(Side::Ask, PRICE, 27)));
			assert_ok!(place_in(Dave, sub, taking(Side::Bid, PRICE, 27)));
		}
		assert_noop!(
			call(&id(Dave), pallet_margin::Call::deposit { sub: 16, amount: 10 * USDC_UNIT }),
			pallet_margin::Error::<Runtime>::SubAccountOutOfRange
		);
		assert_ok!(place(Charlie, resting(Side::Bid, PRICE - 2_340, 10_000)));
		drift(PRICE, PRICE - 2_320, 10);
		for sub in 0..16 {
			assert_eq!(lots(Dave, sub), 0, "nothing of {sub} is left for another visit");
		}
		assert!(funds() >= before);
	});
}

/// Sixteen small accounts reach lower brackets of margin than a large one.
#[test]
fn attack_dodging_brackets_gains_no_more_than_the_lowest_rate() {
	on_development_chain(|| {
		feed(PRICE);
		let initial = |lots: u64, accounts: u64| {
			let each = lots / accounts;
			let dry = |sub: u8| {
				deposit_in(Eve, sub, 6_000_000);
				let order = limit(Side::Bid, PRICE, each);
				let run = views::dry_run(id(Eve), sub, &order).expect("is accepted");
				let margin = run.account.expect("an account").initial_margin;
				assert_ok!(call(&id(Eve), pallet_margin::Call::close_account { sub }));
				margin
			};
			(0..accounts as u8).map(dry).sum::<u128>()
		};
		// 7.9 million of value: 25 times leverage is the floor for everybody.
		let (one, sixteen) = (initial(1_000_000, 1), initial(1_000_000, 16));
		let value = 7_900_000 * USDC_UNIT;
		assert!(sixteen >= value / 25, "{sixteen}");
		assert!(sixteen < one, "the brackets are there: {sixteen} and {one}");
		// A whole account stays below the first bracket that would be dodged with a million.
		assert_eq!(initial(30_000, 1), initial(30_000, 16) / 30_000 * 30_000);
	});
}

/// Trades with himself at the edges of the band, in every block, to wake and liquidate a neighbour.
#[test]
fn attack_flickering_the_mark_liquidates_nobody_with_the_smallest_margin() {
	on_development_chain(|| {
		feed(PRICE);
		deposit(Charlie, 1_000_000);
		deposit(Dave, 1_000_000);
		deposit(Eve, 1_000_000);
		deposit(Ferdie, 3_300);
		// The victim: at the limit of leverage.
		trade(Ferdie, Eve, PRICE, 10_000);
		let (victim, before) = (summary(Ferdie, 0), funds());
		assert!(victim.equity < (victim.maintenance_margin * 21 / 10) as i128);
		let clamp = MARK_CLAMP.mul_ceil(PRICE.into()) as u32;
		for block in 0..40u32 {
			let band = views::market_status(BTC).expect("exists");
			let edge =
				if block.is_multiple_of(2) { band.band_low.0 + 1 } else { band.band_high.0 - 1 };
			let _ = place(Charlie, limit(Side::Ask, edge, 100));
			let _ = place(Dave, limit(Side::Bid, edge, 100));
			next_block();
			feed(PRICE);
			let prices = views::market_status(BTC).expect("exists").prices;
			assert!(prices.mark.0.abs_diff(PRICE) <= clamp, "{:?}", prices.mark);
			assert_eq!(told(|event| matches!(event, pallet_margin::Event::Liquidated { .. })), 0);
		}
		assert_eq!(lots(Ferdie, 0), 10_000);
		assert_eq!(views::market_status(BTC).expect("exists").level, Level::Normal);
		assert!(funds() >= before);
	});
}

/// JELLY: the vault is fed with a short that is pumped further and further.
#[test]
fn attack_feeding_the_vault_with_a_pumped_short_costs_it_no_more_than_its_budget() {
	on_development_chain(|| {
		next_block();
		feed(PRICE);
		let amount = 200_000 * USDC_UNIT;
		assert_ok!(call(&id(Alice), pallet_insurance::Call::back_vault { amount }));
		deposit(Ferdie, 8_000);
		deposit(Dave, 200_000);
		trade(Dave, Ferdie, PRICE, 18_000);
		let before = funds();
		let (mut price, mut took) = (PRICE, 0);
		for _ in 0..150 {
			price += 100;
			// Depth, but none that a liquidation reaches.
			let _ = place(Dave, resting(Side::Ask, price + price * 19 / 1_000, 500));
			next_block();
			feed(price);
			took += told(|event| matches!(event, pallet_margin::Event::VaultTook { .. }));
		}
		assert!(took > 0, "the vault was fed");
		assert_eq!(lots(Ferdie, 0), 0);
		// What it holds still is marked at the worse price; a fifth more is gone since it took its part.
		let lost = amount as i128 - views::vault().low as i128;
		assert!(lost <= amount as i128 / 1_000 * 25, "the vault lost {}", usdc(lost));
		assert!(funds() >= before, "the funds lost {}", usdc(before - funds()));
	});
}
