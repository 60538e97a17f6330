//! Other collateral as the presets list it: brought in, traded on, sold in a crash.

mod common;

use breakwater_primitives::{governance::DelayClass, Ppm, Side, Ticks};
use breakwater_runtime::{
	views, Assets, Margin, Runtime, RuntimeEvent, System, USDC, WBTC, WBTC_UNIT,
};
use common::*;
use frame_support::{assert_noop, assert_ok};
use pallet_margin::collateral::types::{AssetLoosening, AssetTightening, NewAsset};
use pallet_perpetuals::{OrderKind, TimeInForce};
use sp_keyring::Sr25519Keyring::*;
use sp_runtime::DispatchError;

/// A post-only bid.
fn bid(price: u32, lots: u64) -> pallet_perpetuals::PlaceOrder {
	let time_in_force = TimeInForce::PostOnly;
	let kind = OrderKind::Limit { price: Ticks(price), time_in_force };
	pallet_perpetuals::PlaceOrder { kind, ..limit(Side::Bid, price, lots) }
}

fn custody_agrees() {
	let custody = views::custody();
	assert_eq!(i128::try_from(custody.held), Ok(custody.claimed));
	let wbtc = Margin::listed_assets()[0];
	assert_eq!(wbtc.held, wbtc.claimed);
	assert!(Assets::balance(WBTC, Margin::custody_account()) >= wbtc.held);
}

#[test]
fn a_crash_of_the_collateral_is_sold_by_auction_and_leaves_no_bad_debt() {
	on_development_chain(|| {
		feed(79_000);
		deposit(Charlie, 1_000_000);
		deposit(Eve, 1_000_000);
		// Half a bitcoin, 3,950 USDC, backs a long of three.
		let amount = WBTC_UNIT / 2;
		let sub = 0;
		assert_ok!(call(
			&id(Dave),
			pallet_margin::Call::deposit_asset { sub, asset: WBTC, amount }
		));
		let account = || views::account_summary(id(Dave), 0).expect("an account");
		assert_eq!(account().collaterals[0].worth, 3_555_000_000);
		assert_ok!(place(Charlie, limit(Side::Ask, 79_000, 3_000)));
		assert_ok!(place(Dave, limit(Side::Bid, 79_000, 3_000)));
		assert_eq!(account().positions[0].lots, 3_000);
		next_block();
		for price in [77_500, 76_000, 74_500, 73_000, 71_600, 70_200, 68_900] {
			feed(price);
			assert_ok!(place(Eve, bid(price - 20, 12_000)));
			for _ in 0..2 {
				next_block();
				feed(price);
			}
			next_block();
		}
		for _ in 0..12 {
			next_block();
			feed(68_900);
		}
		custody_agrees();
		let owed = account().quote.unsigned_abs();
		assert!(account().quote < 0 && account().for_sale, "{:?}", account());
		// A minute later 103 % of the price is asked; Ferdie pays it out of his pocket.
		let who = account().account;
		next_block_after(60_000);
		feed(68_900);
		let (before, most) = (Assets::balance(USDC, id(Ferdie)), u128::MAX);
		let buy = pallet_margin::Call::buy_collateral { account: who, asset: WBTC, amount, most };
		assert_ok!(call(&id(Ferdie), buy));
		assert!(before - Assets::balance(USDC, id(Ferdie)) >= owed.min(1));
		assert!(Assets::balance(WBTC, id(Ferdie)) > 1_000 * WBTC_UNIT);
		let sold = System::events().into_iter().any(|record| {
			matches!(
				record.event,
				RuntimeEvent::Margin(pallet_margin::Event::CollateralSold { .. })
			)
		});
		assert!(sold);
		assert!(account().quote >= 0, "{:?}", account());
		assert_eq!(Margin::bad_debt(), 0);
		custody_agrees();
	});
}

#[test]
fn other_collateral_is_listed_by_the_timelock_and_tightened_by_the_committee() {
	on_development_chain(|| {
		let change = AssetTightening { account_cap: Some(0), ..Default::default() };
		let tighten = pallet_margin::Call::tighten_asset { asset: WBTC, change };
		assert_noop!(call(&id(Alice), tighten.clone()), DispatchError::BadOrigin);
		assert_ok!(committee(3, tighten));
		assert_ok!(motion_result());
		assert_eq!(Margin::listed_assets()[0].terms.account_cap, 0);
		let full = pallet_margin::Call::deposit_asset { sub: 0, asset: WBTC, amount: WBTC_UNIT };
		let error = pallet_margin::Error::<Runtime>::AssetCapReached;
		feed(79_000);
		deposit(Dave, 1_000);
		assert_noop!(call(&id(Dave), full), error);
		// The committee can not undo it, nor list anything.
		let change = AssetLoosening { account_cap: Some(WBTC_UNIT), ..Default::default() };
		let loosen = pallet_margin::Call::loosen_asset { asset: WBTC, change };
		assert_ok!(committee(3, loosen.clone()));
		assert_eq!(motion_result(), Err(DispatchError::BadOrigin));
		let terms = NewAsset { asset: USDC, ..Margin::listed_assets()[0].terms };
		assert_ok!(committee(3, pallet_margin::Call::list_asset { terms }));
		assert_eq!(motion_result(), Err(DispatchError::BadOrigin));
		// The council can, after the delay of what loosens.
		let call = Box::new(loosen.into());
		let queue = pallet_timelock::Call::queue { call, class: DelayClass::Loosen };
		assert_ok!(council(3, queue));
		assert_ok!(motion_result());
		for _ in 0..30 {
			next_block();
		}
		let done = Margin::listed_assets()[0].terms.account_cap;
		assert_eq!(done, WBTC_UNIT, "not executed");
	});
}

#[test]
fn a_cut_is_started_by_the_committee_and_skipped_by_nobody() {
	on_development_chain(|| {
		feed(79_000);
		let cut = pallet_margin::Call::cut_asset { asset: WBTC, weight: Ppm(450_000) };
		assert_ok!(committee(3, cut));
		assert_ok!(motion_result());
		next_block_after(3_590_000);
		next_block();
		assert_eq!(Margin::listed_assets()[0].terms.maintenance, Ppm(900_000));
		next_block_after(610_000);
		next_block();
		let weight = Margin::listed_assets()[0].terms.maintenance;
		assert!(weight <= Ppm(810_000) && weight >= Ppm(800_000), "{weight:?}");
	});
}
