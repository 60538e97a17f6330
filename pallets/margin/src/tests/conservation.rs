//! Whatever happens, every invariant holds after each step.

use crate::{mock::*, *};
use breakwater_primitives::{
	clearing::Fees, AccountRef, Check, Clearing, Level, MarketId, Ppm, Session, Side, SignedPpm,
	Venue,
};
use frame_support::{storage::with_storage_layer, traits::Hooks};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
	Deposit(u64, u128),
	Withdraw(u64, u128),
	Order { who: u64, second: bool, buy: bool, offset: i32, lots: u64, ioc: bool },
	Price { second: bool, permille: i32 },
	Funding { second: bool, index: i64 },
	Liquidate(u32),
	Insure(u128),
	Transfer { who: u64, back: bool, amount: u128 },
	Leverage(u64, bool, u16),
	Asset { who: u64, asset: u32, amount: u128, out: bool },
	Move { who: u64, asset: u32, amount: u128 },
	Buy { account: u32, asset: u32, amount: u128 },
	Cut { asset: u32, percent: u32 },
	Key { who: u64, key: u64, until: u64 },
	Close(u64, u8),
	Cancel(u64),
	Level(bool, usize),
	Collect(bool),
	NextBlock,
}

fn step() -> impl Strategy<Value = Step> {
	let who = || 1u64..6;
	prop_oneof![
		1 => (who(), 1u128..3_000).prop_map(|(who, amount)| Step::Deposit(who, amount)),
		1 => (who(), 1u128..3_000).prop_map(|(who, amount)| Step::Withdraw(who, amount)),
		8 => (who(), any::<bool>(), any::<bool>(), -20i32..20, 1u64..2_000, any::<bool>())
			.prop_map(|(who, second, buy, offset, lots, ioc)| {
				Step::Order { who, second, buy, offset, lots, ioc }
			}),
		4 => (any::<bool>(), -60i32..60)
			.prop_map(|(second, permille)| Step::Price { second, permille }),
		3 => (any::<bool>(), -(1i64 << 48)..1 << 48)
			.prop_map(|(second, index)| Step::Funding { second, index }),
		1 => (0u32..6).prop_map(Step::Liquidate),
		1 => (1u128..100).prop_map(Step::Insure),
		1 => (who(), any::<bool>(), 1u128..1_000)
			.prop_map(|(who, back, amount)| Step::Transfer { who, back, amount }),
		1 => (who(), any::<bool>(), 0u16..20).prop_map(|(w, second, l)| Step::Leverage(w, second, l)),
		3 => (who(), 2u32..5, 1u128..200_000, any::<bool>())
			.prop_map(|(who, asset, amount, out)| Step::Asset { who, asset, amount, out }),
		1 => (who(), 2u32..5, 1u128..100_000)
			.prop_map(|(who, asset, amount)| Step::Move { who, asset, amount }),
		3 => (0u32..8, 2u32..5, 1u128..1_000_000)
			.prop_map(|(account, asset, amount)| Step::Buy { account, asset, amount }),
		1 => (2u32..5, 30u32..100).prop_map(|(asset, percent)| Step::Cut { asset, percent }),
		1 => (who(), 1u64..9, 0u64..3).prop_map(|(who, key, until)| Step::Key { who, key, until }),
		1 => (who(), 0u8..2).prop_map(|(who, sub)| Step::Close(who, sub)),
		1 => who().prop_map(Step::Cancel),
		1 => (any::<bool>(), 0usize..7).prop_map(|(second, level)| Step::Level(second, level)),
		1 => any::<bool>().prop_map(Step::Collect),
		2 => Just(Step::NextBlock),
	]
}

fn run(step: Step) {
	let signed = RuntimeOrigin::signed;
	let fees = Fees { taker: Ppm(500), maker: SignedPpm(200) };
	let market = |second| if second { ETH } else { BTC };
	let price = |market: MarketId| Margin::prices(market).mark.0;
	match step {
		Step::Deposit(who, amount) => {
			let _ = with_storage_layer(|| Margin::deposit(signed(who), 0, amount * QUOTE));
		},
		Step::Withdraw(who, amount) => {
			let _ = with_storage_layer(|| Margin::withdraw(signed(who), 0, amount * QUOTE));
		},
		Step::Order { who, second, buy, offset, lots, ioc } => {
			let side = if buy { Side::Bid } else { Side::Ask };
			let market = market(second);
			let at = price(market) as i64 * (1_000 + offset as i64) / 1_000;
			if let Some(record) = Keys::<Test>::get((who, 0)) {
				let _ = place(record.account, market, side, at as u32, lots, &fees, ioc);
			}
		},
		Step::Price { second, permille } => {
			let market = market(second);
			let next = price(market) as i64 * (1_000 + permille as i64) / 1_000;
			Now::mutate(|now| *now += 500);
			set_price(market, next.clamp(1_000, 10_000_000) as u32);
		},
		Step::Funding { second, index } => {
			Margin::accrue(market(second), breakwater_primitives::Funding(index.into()));
		},
		Step::Liquidate(who) => {
			let _ = with_storage_layer(|| Margin::liquidate(signed(9), AccountRef(who)));
		},
		Step::Insure(amount) => insure(amount),
		Step::Transfer { who, back, amount } => {
			let (from, to) = if back { (1, 0) } else { (0, 1) };
			let _ = with_storage_layer(|| Margin::transfer(signed(who), from, to, amount * QUOTE));
		},
		Step::Leverage(who, second, leverage) => {
			let market = market(second);
			let _ = with_storage_layer(|| Margin::set_leverage(signed(who), 0, market, leverage));
		},
		Step::Asset { who, asset, amount, out } => {
			let _ = with_storage_layer(|| match out {
				true => Margin::withdraw_asset(signed(who), 0, asset, amount),
				false => Margin::deposit_asset(signed(who), 0, asset, amount),
			});
		},
		Step::Move { who, asset, amount } => {
			let _ = with_storage_layer(|| Margin::transfer_asset(signed(who), 0, 1, asset, amount));
		},
		Step::Buy { account, asset, amount } => {
			let account = AccountRef(account);
			let _ = with_storage_layer(|| Margin::offer_collateral(signed(9), account));
			let _ = with_storage_layer(|| {
				Margin::buy_collateral(signed(9), account, asset, amount, u128::MAX)
			});
		},
		Step::Cut { asset, percent } => {
			let weight = Ppm(percent * 9_000);
			let _ = with_storage_layer(|| Margin::cut_asset(signed(18), asset, weight));
			Now::mutate(|now| *now += 1_800_000);
			for market in [BTC, ETH] {
				set_price(market, price(market));
			}
		},
		Step::Key { who, key, until } => {
			let until = if until == 0 { 0 } else { Now::get() + until };
			let _ = with_storage_layer(|| Margin::set_key(signed(who), 0, key, until));
		},
		Step::Close(who, sub) => {
			let _ = with_storage_layer(|| Margin::close_account(signed(who), sub));
		},
		Step::Cancel(who) => {
			if let Some(record) = Keys::<Test>::get((who, 0)) {
				let mut session = Margin::session();
				Book::cancel_all(&mut session, record.account, 8);
				session.commit(Check::None).unwrap();
			}
		},
		Step::Level(second, level) => set_level(market(second), Level::ALL[level]),
		Step::Collect(collect) => Collecting::set(collect),
		Step::NextBlock => {
			System::set_block_number(System::block_number() + 1);
			Margin::on_poll(
				System::block_number(),
				&mut frame_support::weights::WeightMeter::new(),
			);
			Margin::on_finalize(System::block_number());
		},
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(96))]
	#[test]
	fn every_invariant_holds_after_every_step(
		steps in prop::collection::vec(step(), 1..80),
	) {
		ExtBuilder::build().execute_with(|| {
			for who in 1..6 {
				funded(who, 2_000);
			}
			list_assets();
			// Half of them trade on other collateral.
			for who in 1..4 {
				Margin::withdraw(RuntimeOrigin::signed(who), 0, 1_999 * QUOTE).unwrap();
				backed(who, who as u32 + 1, 200_000);
			}
			Charge::set(breakwater_primitives::Charges { premium: 15_000, surcharge: 100_000 });
			for step in steps {
				let told = format!("{step:?}");
				run(step);
				if let Err(error) = Margin::do_try_state() {
					panic!("{error:?} after {told}");
				}
			}
		});
	}
}
