//! Whatever happened before, and in whatever order claims are made: custody is what is claimed after
//! each of them, nobody's share depends on the order, and nothing is left behind.

use crate::{mock::*, settlement::Settlement, *};
use breakwater_primitives::{
	api::SettlementPhase, AccountRef, Check, Clearing, Funding, Level, Session, Settlement as _,
	Side, Venue,
};
use frame_support::storage::{with_storage_layer, with_transaction};
use proptest::prelude::*;
use sp_runtime::{DispatchError, TransactionOutcome};

const PEOPLE: u64 = 6;

/// A trade before the settlement: taker, maker, market, side, price in thousandths off, lots.
type Trade = (u64, u64, bool, bool, i64, u64);

#[derive(Clone, Debug)]
enum Step {
	Claim(u32),
	Sweep(u32),
	Deposit(u64, u128),
	Withdraw(u64, u128),
	Reduce(u64, u64),
	Eth(i64),
	Block,
}

fn step() -> impl Strategy<Value = Step> {
	let who = || 1..=PEOPLE;
	prop_oneof![
		4 => (0..PEOPLE as u32).prop_map(Step::Claim),
		3 => (0u32..4).prop_map(Step::Sweep),
		1 => (who(), 1u128..500).prop_map(|(who, amount)| Step::Deposit(who, amount)),
		2 => (who(), 1u128..500).prop_map(|(who, amount)| Step::Withdraw(who, amount)),
		1 => (who(), 1u64..200).prop_map(|(who, lots)| Step::Reduce(who, lots)),
		1 => (-30i64..30).prop_map(Step::Eth),
		1 => Just(Step::Block),
	]
}

fn off(price: u32, thousandths: i64) -> u32 {
	(i64::from(price) * (1_000 + thousandths) / 1_000).clamp(1_000, 10_000_000) as u32
}

fn trade_one((taker, maker, second, buy, thousandths, lots): Trade) {
	let market = if second { ETH } else { BTC };
	let (side, price) = (if buy { Side::Bid } else { Side::Ask }, off(PRICE, thousandths));
	let account = |who| Keys::<Test>::get((who, 0)).map(|record| record.account);
	let (Some(taker), Some(maker)) = (account(taker), account(maker)) else { return };
	if taker != maker {
		let _ = place(maker, market, side.opposite(), price, lots, &NO_FEES, false);
		let _ = place(taker, market, side, price, lots, &NO_FEES, true);
	}
}

/// People with positions in both markets, BTC frozen and about to be settled at `price`.
fn scene(deposits: &[u128], trades: &[Trade], fund: u128, funding: i64, eth: i64, price: u32) {
	for (who, deposit) in (1..).zip(deposits) {
		funded(who, *deposit);
	}
	trades.iter().for_each(|trade| trade_one(*trade));
	insure(fund);
	Margin::accrue(BTC, Funding(funding.into()));
	for market in [BTC, ETH] {
		set_level(market, Level::Freeze);
	}
	set_price(ETH, off(PRICE, eth));
	for who in 0..PEOPLE as u32 {
		let mut session = Margin::session();
		session.load(AccountRef(who)).unwrap();
		Book::cancel_all(&mut session, AccountRef(who), 64);
		session.commit(Check::None).unwrap();
	}
	ReferenceAt::set(Some(price));
	Margin::begin(BTC).unwrap();
	set_level(BTC, Level::Settle);
}

fn settlement() -> crate::settlement::Settlement {
	Settlements::<Test>::get(BTC).unwrap()
}

fn run(step: &Step) {
	let signed = RuntimeOrigin::signed;
	let account = |who| Keys::<Test>::get((who, 0)).unwrap().account;
	match *step {
		Step::Claim(who) => {
			let claim = || Margin::claim(signed(9), AccountRef(who), BTC);
			let _ = with_storage_layer(|| claim().map_err(|failed| failed.error));
		},
		Step::Sweep(limit) => {
			let _ = Margin::sweep(signed(9), BTC, limit);
		},
		Step::Deposit(who, amount) => {
			let _ = with_storage_layer(|| {
				Margin::deposit(signed(who), 0, amount * QUOTE).map_err(|failed| failed.error)
			});
		},
		Step::Withdraw(who, amount) => {
			let _ = with_storage_layer(|| {
				Margin::withdraw(signed(who), 0, amount * QUOTE).map_err(|failed| failed.error)
			});
		},
		Step::Reduce(who, lots) => {
			let other = account(1 + who % PEOPLE);
			let price = Margin::prices(ETH).mark.0;
			let _ = place(other, ETH, Side::Ask, price, lots, &NO_FEES, false);
			let _ = place(account(who), ETH, Side::Bid, price, lots, &NO_FEES, true);
		},
		Step::Eth(thousandths) => {
			let price = off(Margin::prices(ETH).mark.0, thousandths);
			set_price(ETH, price);
		},
		Step::Block => next_block(),
	}
}

/// What was claimed so far: claim and what of it was paid.
fn claimed() -> Vec<(u128, u128)> {
	let all = System::events().into_iter();
	all.filter_map(|record| match record.event {
		RuntimeEvent::Margin(Event::Claimed { claim, paid, .. }) => Some((claim, paid)),
		_ => None,
	})
	.collect()
}

fn assert_over() {
	let Settlement { phase, open, taken, pot, .. } = settlement();
	assert_eq!((phase, open, taken, pot), (SettlementPhase::Done, 0, 0, 0));
	assert!(!Totals::<Test>::contains_key(BTC));
	assert!(TriggerPages::<Test>::iter_keys().all(|key| key.market.0 % 64 != BTC.0));
	assert!(TriggerWords::<Test>::iter_keys().all(|key| key.market.0 % 64 != BTC.0));
	for account in Accounts::<Test>::iter_values() {
		assert!(account.positions.iter().all(|position| position.market != BTC));
	}
}

fn trades() -> impl Strategy<Value = Vec<Trade>> {
	let one = (1..=PEOPLE, 1..=PEOPLE, prop::bool::weighted(0.3), any::<bool>(), -40i64..40);
	let one = (one, 1u64..1_500).prop_map(|((a, b, c, d, e), lots)| (a, b, c, d, e, lots));
	prop::collection::vec(one, 2..16)
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(40))]
	#[test]
	fn custody_is_what_is_claimed_whatever_comes_between(
		deposits in prop::collection::vec(100u128..2_500, PEOPLE as usize),
		trades in trades(),
		(fund, funding, eth) in (0u128..200, -(1i64 << 46)..1 << 46, -80i64..80),
		price in 80_000u32..120_000,
		steps in prop::collection::vec(step(), 1..30),
	) {
		ExtBuilder::build().execute_with(|| {
			scene(&deposits, &trades, fund, funding, eth, price);
			for step in &steps {
				run(step);
				if let Err(error) = Margin::do_try_state() {
					panic!("{error:?} after {step:?}");
				}
			}
			for _ in 0..4 {
				next_block();
			}
			assert_over();
			let Settlement { deficits, covered, gains, paid, uncovered, .. } = settlement();
			let claims = claimed();
			assert_eq!(claims.iter().map(|(claim, _)| claim).sum::<u128>(), gains);
			let sum = claims.iter().map(|(_, paid)| paid).sum::<u128>();
			assert!(sum <= paid && sum + claims.len() as u128 >= paid);
			for (claim, share) in claims {
				assert_eq!(share, claim * paid / gains);
			}
			assert_eq!(deficits + paid, covered + gains + uncovered);
			assert!(deficits > 0 || paid == gains);
			assert!(uncovered == 0 || paid == 0);
		});
	}

	#[test]
	fn nobodys_share_depends_on_the_order(
		deposits in prop::collection::vec(100u128..2_500, PEOPLE as usize),
		trades in trades(),
		(fund, funding, eth) in (0u128..200, -(1i64 << 46)..1 << 46, -80i64..80),
		price in 80_000u32..120_000,
		order in Just((0..PEOPLE as u32).collect::<Vec<_>>()).prop_shuffle(),
	) {
		ExtBuilder::build().execute_with(|| {
			scene(&deposits, &trades, fund, funding, eth, price);
			while settlement().phase == SettlementPhase::Sweeping {
				Margin::sweep(RuntimeOrigin::signed(9), BTC, 10).unwrap();
			}
			let outcome = |order: &[u32]| {
				with_transaction(|| -> TransactionOutcome<Result<_, DispatchError>> {
					order.iter().for_each(|who| run(&Step::Claim(*who)));
					Margin::do_try_state().unwrap();
					assert_over();
					let accounts: Vec<_> = (0..PEOPLE as u32).map(|n| account_of(AccountRef(n))).collect();
					let quotes: Vec<_> = accounts.into_iter().map(|account| account.quote).collect();
					TransactionOutcome::Rollback(Ok((quotes, Fund::get())))
				})
				.unwrap()
			};
			let ascending: Vec<u32> = (0..PEOPLE as u32).collect();
			assert_eq!(outcome(&order), outcome(&ascending));
		});
	}
}
