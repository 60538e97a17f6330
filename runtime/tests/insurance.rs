//! The insurance funds as the runtime wires them: what they insure, whom they pay, who ends them.

mod common;

use breakwater_primitives::{governance::DelayClass, Backstop, Side};
use breakwater_runtime::{views, Insurance, Runtime, Timelock, USDC_UNIT};
use common::*;
use frame_support::{assert_noop, assert_ok};
use sp_keyring::Sr25519Keyring::*;
use sp_runtime::DispatchError;

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

/// As many blocks as a round of reviews takes.
fn round() {
	for _ in 0..17 {
		next_block();
	}
}

fn custody_agrees() {
	let custody = views::custody();
	assert_eq!(i128::try_from(custody.held), Ok(custody.claimed));
}

#[test]
fn open_interest_sets_the_target_and_the_premium() {
	on_development_chain(|| {
		round();
		feed(79_000);
		deposit(Charlie, 1_000_000);
		deposit(Dave, 1_000_000);
		assert_eq!(Insurance::insurance_of(BTC).target, 0);
		assert_ok!(place(Charlie, limit(Side::Ask, 79_000, 5_000)));
		assert_ok!(place(Dave, limit(Side::Bid, 79_000, 5_000)));
		next_block_after(HOUR);
		let contract = pallet_perpetuals::Terms::<Runtime>::get(BTC).unwrap().contract;
		let index = views::market_status(BTC).unwrap().prices.index;
		let notional = contract.notional(breakwater_primitives::Lots(5_000), index);
		assert!(notional > 0);
		let insured = Insurance::insurance_of(BTC);
		assert_eq!(insured.target, notional.div_ceil(200));
		// The development chain begins with a full fund: half of 0.15 basis points.
		assert!(insured.fund > 2 * insured.target);
		assert_eq!(<Insurance as Backstop>::charges(BTC).premium, 7_500);
		custody_agrees();
	});
}

#[test]
fn a_backer_is_paid_out_of_custody() {
	on_development_chain(|| {
		next_block();
		let alice = id(Alice);
		let amount = 1_000 * USDC_UNIT;
		let before = views::custody().held;
		assert_ok!(call(&alice, pallet_insurance::Call::back { amount }));
		let paid = views::custody().held - before;
		// The fund of four million belongs to nobody: a share costs four USDC.
		assert!(paid <= amount && paid > amount - 5 * USDC_UNIT, "{paid}");
		let shares = Insurance::backer_of(alice.clone()).shares;
		assert_ok!(call(&alice, pallet_insurance::Call::notice { shares }));
		custody_agrees();
		assert_noop!(
			call(&alice, pallet_insurance::Call::claim {}),
			pallet_insurance::Error::<Runtime>::NoticeRunning
		);
		pallet_insurance::UpkeepState::<Runtime>::mutate(|upkeep| upkeep.active += 10 * DAY);
		// Nobody is paid first while the sums disagree.
		pallet_margin::Ledger::<Runtime>::mutate(|ledger| ledger.dust += 1);
		assert_noop!(
			call(&alice, pallet_insurance::Call::claim {}),
			pallet_insurance::Error::<Runtime>::ClaimsWait
		);
		pallet_margin::Ledger::<Runtime>::mutate(|ledger| ledger.dust -= 1);
		assert_ok!(call(&alice, pallet_insurance::Call::claim {}));
		let lost = views::custody().held - before;
		assert!(lost <= 1, "{lost}");
		custody_agrees();
	});
}

#[test]
fn a_fund_is_wound_down_by_the_timelock_with_the_delay_of_a_loosening() {
	on_development_chain(|| {
		let wind_down = || pallet_insurance::Call::<Runtime>::wind_down { market: BTC };
		assert_noop!(call(&id(Alice), wind_down()), DispatchError::BadOrigin);
		let entry = pallet_timelock::NextId::<Runtime>::get();
		let queue = pallet_timelock::Call::queue {
			call: Box::new(wind_down().into()),
			class: DelayClass::Loosen,
		};
		assert_ok!(council(4, queue));
		assert_ok!(motion_result());
		next_block_after(2 * DAY);
		let _ = call(&id(Two), pallet_timelock::Call::execute { id: entry });
		assert_eq!(Timelock::entry(entry).unwrap().state, pallet_timelock::State::Executed);
		let closes = Insurance::insurance_of(BTC).closes.expect("it is being wound down");
		assert!(closes > START + 30 * DAY);
		let fund = Insurance::fund(BTC);
		let global = Insurance::global();
		// The round that was under way, and the one after it.
		for _ in 0..2 {
			next_block_after(31 * DAY);
			round();
		}
		assert_eq!((Insurance::fund(BTC), Insurance::global()), (0, global + fund));
		custody_agrees();
	});
}

#[test]
fn what_a_bankrupt_did_not_need_was_not_drawn() {
	on_development_chain(|| {
		feed(79_000);
		deposit(Charlie, 1_000_000);
		deposit(Dave, 4_000);
		assert_ok!(place(Charlie, limit(Side::Ask, 79_000, 10_000)));
		assert_ok!(place(Dave, limit(Side::Bid, 79_000, 10_000)));
		// The market has nothing of its own, so that all comes out of the global fund.
		let own = pallet_insurance::MarketFunds::<Runtime>::mutate(BTC, |fund| {
			core::mem::take(&mut fund.balance)
		});
		pallet_insurance::GlobalFund::<Runtime>::mutate(|fund| *fund += own);
		let (global, drawable) = (Insurance::global(), Insurance::drawable(BTC));
		let (mut needed, mut spared) = (0, 0);
		for price in [75_600, 73_800] {
			next_block();
			feed(price);
			for record in breakwater_runtime::System::read_events_no_consensus() {
				if let breakwater_runtime::RuntimeEvent::Margin(
					pallet_margin::Event::BankruptCovered { covered, returned, .. },
				) = record.event
				{
					(needed, spared) = (needed + covered - returned, spared + returned);
				}
			}
		}
		assert!(needed > 0 && spared > 0, "{needed} {spared}");
		let insured = Insurance::insurance_of(BTC);
		assert_eq!((insured.fund, insured.owed), (0, needed));
		assert_eq!(Insurance::global(), global - needed);
		// Half of the hour's part of the fund may go at once, and what was drawn counts.
		assert!(Insurance::drawable(BTC) + needed <= drawable);
		assert!(Insurance::drawable(BTC) + needed + needed / 10 >= drawable);
		custody_agrees();
	});
}
