//! The dead man's switch.

use super::*;
use frame_support::traits::Hooks;

fn set(owner: u64, blocks: u32) -> DispatchResult {
	dispatch(RuntimeOrigin::signed(owner), Call::set_switch { sub: 0, blocks })
}

fn open(owner: u64) -> usize {
	Perpetuals::open_orders(owner, 0).len()
}

#[test]
fn orders_are_cancelled_when_the_switch_is_not_renewed() {
	ExtBuilder::default().build_and_execute(|| {
		rest(1, bid(990, 5));
		rest(1, PlaceOrder { market: ETH, ..bid(990, 5) });
		rest(2, bid(990, 5));
		assert_ok!(set(1, 20));
		assert_eq!(last_event(), Event::SwitchSet { account: account(1, 0), lapses: Some(21) });
		run_to(20);
		assert_eq!(open(1), 2);
		run_to(28);
		assert_eq!((open(1), open(2)), (0, 1));
		let lapsed = Event::SwitchLapsed { account: account(1, 0), orders: 2 };
		assert!(events().contains(&lapsed));
		assert!(Switches::<Test>::get(account(1, 0)).is_none());
	});
}

#[test]
fn a_renewal_moves_the_end_and_switching_off_ends_it() {
	ExtBuilder::default().build_and_execute(|| {
		for owner in [1, 2, 3] {
			rest(owner, bid(990, 5));
			assert_ok!(set(owner, 20));
		}
		run_to(15);
		assert_ok!(set(1, 40));
		assert_ok!(set(2, 0));
		run_to(40);
		assert_eq!((open(1), open(2), open(3)), (1, 1, 0));
		// The account moved on, and was not forgotten.
		run_to(64);
		assert_eq!((open(1), open(2)), (0, 1));
		assert_eq!(Lapsing::<Test>::iter().count(), 0);
	});
}

#[test]
fn a_shorter_renewal_counts_at_once() {
	ExtBuilder::default().build_and_execute(|| {
		rest(1, bid(990, 5));
		assert_ok!(set(1, 1_000));
		assert_ok!(set(1, 8));
		run_to(16);
		assert_eq!(open(1), 0);
	});
}

#[test]
fn each_fault_of_a_switch_is_named() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(set(1, MAX_SWITCH_BLOCKS + 1), Error::<Test>::SwitchTooFar);
		assert_noop!(set(9, 5), UNKNOWN);
		assert_ok!(set(1, 0));
		assert!(Switches::<Test>::get(account(1, 0)).is_none());
		let unsigned = dispatch(RuntimeOrigin::none(), Call::set_switch { sub: 0, blocks: 1 });
		assert_noop!(unsigned, sp_runtime::DispatchError::BadOrigin);
	});
	ExtBuilder::default().build().execute_with(|| {
		let full: Vec<_> = (1_000..1_256).map(AccountRef).collect();
		for bin in 0..20 {
			Lapsing::<Test>::insert(bin, crate::switch::Bin::try_from(full.clone()).unwrap());
		}
		assert_noop!(set(1, 8), Error::<Test>::SwitchesFull);
	});
}

#[test]
fn setting_and_unsetting_does_not_fill_the_bins() {
	ExtBuilder::default().build_and_execute(|| {
		for _ in 0..600 {
			assert_ok!(set(1, 20));
			assert_ok!(set(1, 0));
		}
		assert_eq!(Lapsing::<Test>::iter().map(|(_, bin)| bin.len()).sum::<usize>(), 1);
	});
}

#[test]
fn lapsing_keeps_to_its_budget_and_goes_on_in_the_next_block() {
	ExtBuilder::default().build_and_execute(|| {
		for owner in OWNERS {
			rest(owner, bid(990, 5));
			assert_ok!(set(owner, 8));
		}
		// Room for one account at its worst, and a little.
		let one = crate::switch::most_of_a_switch::<Test>();
		// 14 percent of the hook's weight are theirs.
		let bins = <Test as Config>::WeightInfo::empty_bin().saturating_mul(4);
		let room = one.saturating_add(bins).saturating_mul(100) / 14;
		HookWeight::set(frame_support::weights::Weight::from_parts(
			room.ref_time() + 1_000,
			u64::MAX,
		));
		run_to(16);
		let left = OWNERS.iter().filter(|owner| open(**owner) > 0).count();
		assert!(left > 0 && left < 4, "{left} are left");
		run_to(30);
		assert!(OWNERS.iter().all(|owner| open(*owner) == 0));
		let spent = Perpetuals::on_initialize(31);
		assert!(spent.all_lte(HookWeight::get().saturating_mul(2)));
	});
}
