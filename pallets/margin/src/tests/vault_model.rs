//! Whatever happens to the vault, every invariant holds after each step, and nothing is lost or made.

use crate::{mock::*, vault::VAULT, *};
use breakwater_primitives::{AccountRef, Backstop, Charges, MarketId, Side, Vault};
use frame_support::{storage::with_storage_layer, traits::Hooks};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
	Back(u128),
	Leave(u128),
	Order { who: u64, second: bool, buy: bool, offset: i32, lots: u64, ioc: bool },
	Price { second: bool, permille: i32 },
	Funding { second: bool, index: i64 },
	Liquidate(u32),
	Insure(u128),
	Deposit(u64, u128),
	Blocks { millis: u64 },
}

fn step() -> impl Strategy<Value = Step> {
	let who = || 1u64..6;
	prop_oneof![
		2 => (1u128..20_000).prop_map(Step::Back),
		2 => (1u128..20_000).prop_map(Step::Leave),
		8 => (who(), any::<bool>(), any::<bool>(), -20i32..20, 1u64..3_000, any::<bool>())
			.prop_map(|(who, second, buy, offset, lots, ioc)| {
				Step::Order { who, second, buy, offset, lots, ioc }
			}),
		6 => (any::<bool>(), -8i32..20)
			.prop_map(|(second, permille)| Step::Price { second, permille }),
		1 => (any::<bool>(), -(1i64 << 48)..1 << 48)
			.prop_map(|(second, index)| Step::Funding { second, index }),
		1 => (0u32..6).prop_map(Step::Liquidate),
		1 => (1u128..100).prop_map(Step::Insure),
		1 => (who(), 1u128..3_000).prop_map(|(who, amount)| Step::Deposit(who, amount)),
		5 => (1u64..90_000).prop_map(|millis| Step::Blocks { millis }),
		1 => (1u64..3 * 86_400_000).prop_map(|millis| Step::Blocks { millis }),
	]
}

/// Prices go `up`, or down, with some steps back.
fn run(step: &Step, up: bool) {
	let market = |second: bool| if second { ETH } else { BTC };
	let price = |market: MarketId| Margin::prices(market).mark.0;
	match *step {
		Step::Back(amount) => {
			let _ = with_storage_layer(|| Margin::add(&17, amount * QUOTE));
		},
		Step::Leave(amount) => {
			let _ = with_storage_layer(|| Margin::remove(&17, amount * QUOTE));
		},
		Step::Order { who, second, buy, offset, lots, ioc } => {
			let side = if buy { Side::Bid } else { Side::Ask };
			let market = market(second);
			let at = price(market) as i64 * (1_000 + offset as i64) / 1_000;
			if let Some(record) = Keys::<Test>::get((who, 0)) {
				let _ = place(record.account, market, side, at as u32, lots, &NO_FEES, ioc);
			}
		},
		Step::Price { second, permille } => {
			let market = market(second);
			let by = if up { permille } else { -permille };
			let next = price(market) as i64 * (1_000 + by as i64) / 1_000;
			set_price(market, next.clamp(1_000, 10_000_000) as u32);
		},
		Step::Funding { second, index } => {
			<Margin as breakwater_primitives::Clearing<u64>>::accrue(
				market(second),
				breakwater_primitives::Funding(index.into()),
			);
		},
		Step::Liquidate(who) => {
			let origin = RuntimeOrigin::signed(9);
			let _ = with_storage_layer(|| Margin::liquidate(origin, AccountRef(who)));
		},
		Step::Insure(amount) => insure(amount),
		Step::Deposit(who, amount) => {
			let origin = RuntimeOrigin::signed(who);
			let _ = with_storage_layer(|| Margin::deposit(origin, 0, amount * QUOTE));
		},
		Step::Blocks { millis } => {
			Now::mutate(|now| *now += millis);
			for market in [BTC, ETH] {
				set_price(market, price(market));
			}
			System::set_block_number(System::block_number() + 1);
			Margin::on_poll(
				System::block_number(),
				&mut frame_support::weights::WeightMeter::new(),
			);
			Margin::on_finalize(System::block_number());
		},
	}
}

/// Whether every take since event number `from` was at a price between the bankruptcy price and the
/// examined one, from somebody below his margin.
fn check_takes(from: usize) {
	for record in System::events().into_iter().skip(from) {
		let RuntimeEvent::Margin(Event::VaultTook {
			account,
			lots,
			price,
			examined,
			bankruptcy,
			equity,
			maintenance,
			..
		}) = record.event
		else {
			continue;
		};
		assert!(account != VAULT && lots != 0 && equity < maintenance as i128);
		let (worst, best) = if lots > 0 { (bankruptcy, examined) } else { (examined, bankruptcy) };
		assert!(price >= worst && price <= best, "{price:?} in {worst:?}..{best:?}");
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(16))]
	#[test]
	fn the_vault_neither_loses_nor_makes_a_unit_over_random_takes_and_backings(
		up in any::<bool>(),
		steps in prop::collection::vec(step(), 1..50),
	) {
		ExtBuilder::build().execute_with(|| {
			// Four with high leverage, and a book that no liquidation of theirs reaches.
			let rich = funded(5, 500_000);
			for who in 1..5 {
				let loser = funded(who, 500);
				let (long, short) = if up { (rich, loser) } else { (loser, rich) };
				trade(long, short, PRICE, 1_000);
			}
			let maker = funded(16, 500_000);
			Margin::add(&17, 20_000 * QUOTE).unwrap();
			Charge::set(Charges { premium: 15_000, surcharge: 100_000 });
			for market in [BTC, ETH] {
				for (side, at) in [(Side::Bid, 94_400), (Side::Ask, 105_600)] {
					place(maker, market, side, at, 10_000, &NO_FEES, false).unwrap();
				}
			}
			let all = |who: std::ops::Range<u64>| -> u128 {
				who.map(|who| Assets::balance(1, who)).sum::<u128>()
					+ Assets::balance(1, Margin::custody_account())
			};
			let before = all(1..20);
			for step in steps {
				let from = System::events().len();
				run(&step, up);
				check_takes(from);
				if let Err(error) = Margin::do_try_state() {
					panic!("{error:?} after {step:?}");
				}
				prop_assert_eq!(all(1..20), before);
				let ledger = Ledger::<Test>::get();
				prop_assert_eq!(ledger.held as i128, ledger.claims(Insurer::total()));
				let (vault, account) = (Margin::worth(), account_of(VAULT));
				prop_assert!(vault.low <= vault.high);
				prop_assert!(vault.open == account.holds_lots());
			}
			Ok(())
		})?;
	}
}
