//! What the collateral's issuer may not do to custody, and what a validator may not do to rotation.

mod common;

use breakwater_runtime::{Assets, Margin, Runtime, RuntimeCall, USDC, USDC_UNIT};
use common::*;
use frame_support::{assert_noop, assert_ok};
use pallet_assets::Call;
use sp_keyring::Sr25519Keyring::*;
use sp_runtime::MultiAddress;

#[test]
fn the_issuer_of_the_collateral_does_not_reach_into_custody() {
	on_development_chain(|| {
		deposit(Bob, 1_000);
		let custody = MultiAddress::Id(Margin::custody_account());
		let (asset, amount) = (USDC.into(), USDC_UNIT);
		let refused: Vec<RuntimeCall> = vec![
			Call::burn { id: asset, who: custody.clone(), amount }.into(),
			Call::freeze { id: asset, who: custody.clone() }.into(),
			Call::block { id: asset, who: custody.clone() }.into(),
			Call::force_transfer {
				id: asset,
				source: custody,
				dest: MultiAddress::Id(id(Alice)),
				amount,
			}
			.into(),
			Call::freeze_asset { id: asset }.into(),
			Call::start_destroy { id: asset }.into(),
		];
		for refused in refused {
			assert_noop!(call(&id(Alice), refused), frame_system::Error::<Runtime>::CallFiltered);
		}
	});
}

#[test]
fn the_issuer_goes_on_issuing_and_freezing_elsewhere() {
	on_development_chain(|| {
		let asset = USDC.into();
		let before = Assets::balance(USDC, id(Bob));
		let beneficiary = MultiAddress::Id(id(Bob));
		assert_ok!(call(&id(Alice), Call::mint { id: asset, beneficiary, amount: USDC_UNIT }));
		assert_eq!(Assets::balance(USDC, id(Bob)), before + USDC_UNIT);
		let who = MultiAddress::Id(id(Bob));
		assert_ok!(call(&id(Alice), Call::freeze { id: asset, who }));
	});
}

#[test]
fn a_validator_does_not_force_rotations_by_dropping_its_keys() {
	on_development_chain(|| {
		let purge: RuntimeCall = pallet_session::Call::purge_keys {}.into();
		assert_noop!(call(&id(Alice), purge), frame_system::Error::<Runtime>::CallFiltered);
	});
}
