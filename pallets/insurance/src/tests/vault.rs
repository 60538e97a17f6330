//! Shares in the vault: the same rules as for the global fund, over an account whose worth moves.

use crate::{
	mock::*,
	Backer, Backers, Error, Event,
	FundClass::{Global, Vault},
	MAX_NOTICES,
};
use breakwater_primitives::{Backstop, Balance, Custody, Level};
use frame_support::{assert_noop, assert_ok};
use proptest::prelude::*;
use sp_runtime::DispatchError::{self, BadOrigin};

/// Shares in the vault that somebody holds without notice.
fn free(who: u64) -> u128 {
	Backers::<Test>::get(Vault, who).shares
}

/// Alice backs the vault with 1,000 and gives notice of everything.
fn alice_leaves() {
	assert_ok!(Insurance::back_vault(alice(), 1_000));
	assert_ok!(Insurance::notice_vault(alice(), free(ALICE)));
}

#[test]
fn backing_buys_shares_of_the_vault_and_of_nothing_else() {
	ExtBuilder::default().contribution(BOB, None, 5_000).build_and_execute(|| {
		assert_eq!(Insurance::vault_shares_for(1_000), Some((1_000_000_000, 1_000)));
		assert_ok!(Insurance::back_vault(alice(), 1_000));
		let shares = 1_000_000_000;
		System::assert_last_event(
			Event::Backed { fund: Vault, who: ALICE, paid: 1_000, shares }.into(),
		);
		assert_eq!((VaultQuote::get(), MockCustody::owned(ALICE)), (1_000, RICH - 1_000));
		assert_eq!((Insurance::vault_shares().issued, Insurance::shares().issued), (shares, 0));
		assert_eq!((Insurance::global(), Insurance::total()), (5_000, 5_000));
		assert_eq!(Insurance::vault_backer_of(ALICE).value, 1_000);
		assert_eq!(Insurance::backer_of(ALICE).shares, 0);
		// A gain of the vault is the backers'; what the global fund earns is not.
		VaultQuote::set(1_100);
		assert_ok!(Insurance::contribute(bob(), None, 600));
		assert_eq!(Insurance::vault_backer_of(ALICE).value, 1_099);
	});
}

#[test]
fn backing_the_vault_is_refused_with_its_own_error() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Insurance::back_vault(RuntimeOrigin::root(), 1_000), BadOrigin);
		assert_noop!(Insurance::back_vault(alice(), 99), Error::<Test>::BackingTooSmall);
		VaultPriced::set(false);
		assert_noop!(Insurance::back_vault(alice(), 1_000), Error::<Test>::VaultNotPriced);
		assert_eq!(Insurance::vault_shares_for(1_000), None);
		VaultPriced::set(true);
		assert_ok!(Insurance::back_vault(alice(), 1_000));
		// What it holds has eaten all, but may come back.
		VaultHolds::set(Some((-1_000, -900)));
		assert_noop!(Insurance::back_vault(bob(), 1_000), Error::<Test>::VaultShort);
		VaultHolds::set(Some((-999, -900)));
		assert_ok!(Insurance::back_vault(bob(), 1_000));
	});
}

#[test]
fn who_comes_pays_by_the_better_price_and_who_goes_is_paid_by_the_worse() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Insurance::back_vault(alice(), 1_000));
		VaultHolds::set(Some((-100, 100)));
		assert_ok!(Insurance::back_vault(bob(), 1_100));
		// But for the virtual million the same number; at the worse price it would be a fifth more.
		assert!((1_000_000_000..1_000_100_000).contains(&free(BOB)), "{}", free(BOB));
		assert_eq!(Insurance::vault_backer_of(BOB).value, 1_000);
		assert_eq!(Insurance::vault_backer_of(ALICE).value, 999);
	});
}

#[test]
fn a_notice_of_the_vault_runs_ten_days_and_pays_the_lesser_value() {
	ExtBuilder::default().build_and_execute(|| {
		alice_leaves();
		let shares = Insurance::vault_shares().issued;
		assert_noop!(Insurance::claim_vault(alice()), Error::<Test>::NoticeRunning);
		wind(10);
		// The notice of the one is no notice of the other.
		assert_noop!(Insurance::claim(alice()), Error::<Test>::NoNotice);
		VaultHolds::set(Some((-100, -50)));
		assert_eq!(Insurance::vault_backer_of(ALICE).notices[0].value, 900);
		assert_ok!(Insurance::claim_vault(alice()));
		System::assert_last_event(
			Event::Claimed { fund: Vault, who: ALICE, shares, paid: 900 }.into(),
		);
		assert_eq!((MockCustody::owned(ALICE), VaultQuote::get()), (RICH - 100, 100));
		assert!(!Backers::<Test>::contains_key(Vault, ALICE));
		assert_noop!(Insurance::claim_vault(alice()), Error::<Test>::NoNotice);
	});
}

#[test]
fn a_gain_after_the_notice_stays_with_those_who_stay() {
	ExtBuilder::default().build_and_execute(|| {
		alice_leaves();
		VaultQuote::set(2_000);
		wind(10);
		assert_ok!(Insurance::claim_vault(alice()));
		assert_eq!((MockCustody::owned(ALICE), VaultQuote::get()), (RICH, 1_000));
		// The mock's profit came from nobody.
		VaultQuote::set(0);
	});
}

#[test]
fn notices_of_the_vault_are_refused_with_their_own_errors() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Insurance::notice_vault(alice(), 1), Error::<Test>::NotEnoughShares);
		assert_ok!(Insurance::back_vault(alice(), 1_000));
		assert_noop!(Insurance::notice_vault(RuntimeOrigin::root(), 1), BadOrigin);
		assert_noop!(
			Insurance::notice_vault(alice(), free(ALICE) + 1),
			Error::<Test>::NotEnoughShares
		);
		assert_noop!(Insurance::notice(alice(), 1), Error::<Test>::NotEnoughShares);
		for _ in 0..MAX_NOTICES {
			assert_ok!(Insurance::notice_vault(alice(), 1));
		}
		assert_noop!(Insurance::notice_vault(alice(), 1), Error::<Test>::TooManyNotices);
		assert_noop!(Insurance::cancel_vault(RuntimeOrigin::root(), 0), BadOrigin);
		assert_noop!(Insurance::cancel_vault(alice(), 8), Error::<Test>::NoNotice);
		assert_noop!(Insurance::cancel(alice(), 0), Error::<Test>::NoNotice);
		assert_ok!(Insurance::cancel_vault(alice(), 0));
		System::assert_last_event(
			Event::NoticeCancelled { fund: Vault, who: ALICE, shares: 1 }.into(),
		);
		assert_ok!(Insurance::notice_vault(alice(), 1));
	});
}

#[test]
fn claims_on_the_vault_wait_for_its_own_trouble_alone() {
	ExtBuilder::default().contribution(BOB, None, 5_000).build_and_execute(|| {
		alice_leaves();
		wind(10);
		VaultTroubled::set(true);
		assert_noop!(Insurance::claim_vault(alice()), Error::<Test>::ClaimsWait);
		assert_eq!(Insurance::vault_backer_of(ALICE).notices[0].wait, 7 * DAY);
		wind(6);
		assert_noop!(Insurance::claim_vault(alice()), Error::<Test>::ClaimsWait);
		// What the global fund waits for is none of the vault's.
		set_level(ETH, Level::Freeze);
		assert_eq!(Insurance::cover(BTC, 10), 10);
		assert!(Insurance::claims_wait(Global));
		VaultTroubled::set(false);
		assert!(!Insurance::claims_wait(Vault));
		VaultTroubled::set(true);
		wind(1);
		assert_ok!(Insurance::claim_vault(alice()));
	});
}

#[test]
fn a_claim_waits_while_the_margin_of_positions_takes_all() {
	ExtBuilder::default().build_and_execute(|| {
		alice_leaves();
		wind(10);
		VaultKeeps::set(1);
		assert_noop!(Insurance::claim_vault(alice()), DispatchError::Other("committed"));
		VaultKeeps::set(0);
		assert_ok!(Insurance::claim_vault(alice()));
	});
}

#[test]
fn a_vault_that_lost_all_begins_a_new_epoch_when_nothing_is_open() {
	ExtBuilder::default().build_and_execute(|| {
		alice_leaves();
		let shares = Insurance::vault_shares().issued;
		VaultHolds::set(Some((-1_000, -1_000)));
		block();
		advance(MINUTE);
		block();
		assert_eq!(Insurance::vault_shares().epoch, 0);
		VaultHolds::set(None);
		MockCustody::pay_nobody(1_000);
		VaultQuote::set(0);
		advance(MINUTE);
		block();
		System::assert_last_event(Event::SharesVoided { fund: Vault, shares, epoch: 1 }.into());
		assert_eq!(Insurance::vault_backer_of(ALICE).shares, 0);
		assert_ok!(Insurance::back_vault(bob(), 1_000));
		assert_eq!(Insurance::vault_backer_of(BOB).value, 1_000);
		// Alice's are void, wherever she was with them.
		wind(10);
		assert_ok!(Insurance::claim_vault(alice()));
		System::assert_last_event(
			Event::Claimed { fund: Vault, who: ALICE, shares, paid: 0 }.into(),
		);
		assert!(!Backers::<Test>::contains_key(Vault, ALICE));
		assert_eq!(Insurance::shares().epoch, 0);
	});
}

#[test]
fn who_comes_right_after_a_loss_of_all_owes_nothing_to_those_before() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Insurance::back_vault(alice(), 1_000));
		MockCustody::pay_nobody(1_000);
		VaultQuote::set(0);
		assert_ok!(Insurance::back_vault(bob(), 1_000));
		assert_eq!(Insurance::vault_shares().epoch, 1);
		assert_eq!(Insurance::vault_backer_of(BOB).value, 1_000);
		assert_eq!(Insurance::vault_backer_of(ALICE).value, 0);
	});
}

#[test]
fn a_record_of_shares_in_the_vault_that_nobody_has_is_found() {
	ExtBuilder::default().build().execute_with(|| {
		Backers::<Test>::insert(Vault, ALICE, Backer { shares: 1, ..Default::default() });
		assert!(Insurance::do_try_state().is_err());
	});
}

/// For a call that may be refused.
fn either_way<T>(_: T) {}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	/// An attacker who trades badly against the vault, which is the only way to give it something,
	/// pushes the mark away from the index as he likes, backs, leaves and claims, ends with no more
	/// than he began with; and an honest backer loses no more than rounding and a millionth of what was
	/// given, as long as he leaves while nobody pushes.
	#[test]
	fn neither_gifts_nor_a_pushed_mark_skew_the_shares_of_the_vault(
		honest in 100u128..400_000,
		steps in prop::collection::vec((0u8..6, 1u128..200_000, 0u64..12), 1..30),
		entry in 0usize..30,
	) {
		ExtBuilder::default().build_and_execute(|| {
			let (mut given, mut paid) = (0, 0);
			for (n, (what, amount, wait)) in steps.iter().enumerate() {
				if n == entry.min(steps.len() - 1) {
					VaultHolds::set(None);
					let before = MockCustody::owned(BOB);
					either_way(Insurance::back_vault(bob(), honest));
					paid = before - MockCustody::owned(BOB);
				}
				match what {
					0 => {
						if MockCustody::receive(&ALICE, *amount).is_ok() {
							VaultQuote::mutate(|quote| *quote += *amount as i128);
							given += amount;
						}
					},
					1 => {
						// A position that is worth nothing at the index, and something else at the mark.
						let by = (*amount as i128).min(VaultQuote::get() / 2);
						let mark = if amount % 2 == 0 { by } else { -by };
						VaultHolds::set(Some((mark.min(0), mark.max(0))));
					},
					2 | 3 => either_way(Insurance::back_vault(alice(), *amount)),
					4 => either_way(Insurance::notice_vault(alice(), free(ALICE))),
					_ => either_way(Insurance::claim_vault(alice())),
				}
				wind(*wait);
			}
			VaultHolds::set(None);
			for who in [ALICE, BOB] {
				either_way(Insurance::notice_vault(RuntimeOrigin::signed(who), free(who)));
			}
			wind(10);
			either_way(Insurance::claim_vault(alice()));
			prop_assert!(MockCustody::owned(ALICE) <= RICH, "gifts of {given} came back");
			let before = MockCustody::owned(BOB);
			either_way(Insurance::claim_vault(bob()));
			let returned: Balance = MockCustody::owned(BOB) - before;
			prop_assert!(returned + 2 + given / 1_000_000 >= paid, "{returned} of {paid}");
			Ok(())
		})?;
	}
}
