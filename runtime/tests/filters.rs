//! What safe mode lets through and what can never be paused, over every call of the runtime.

mod common;

use breakwater_primitives::{Action, Gate, Level, Scope, Side};
use breakwater_runtime::{
	configs::safety::SAFE_MODE_COOLDOWN,
	filters::{never_paused, passes_safe_mode, BaseCallFilter, Permitted},
	views, CircuitBreaker, Runtime, RuntimeCall, SafeMode, System, TxPause, HOURS,
};
use common::*;
use frame_support::{
	assert_noop, assert_ok,
	traits::{Contains, GetCallMetadata, SafeMode as _, TransactionPause},
	BoundedVec,
};
use sp_keyring::Sr25519Keyring::*;
use sp_runtime::DispatchError;

/// Every call of the runtime that `keep` keeps, as `Pallet.call`.
fn every_call(keep: impl Fn(&str, &str) -> bool) -> Vec<String> {
	RuntimeCall::get_module_names()
		.iter()
		.flat_map(|pallet| {
			RuntimeCall::get_call_names(pallet).iter().map(move |call| (*pallet, *call))
		})
		.filter(|(pallet, call)| keep(pallet, call))
		.map(|(pallet, call)| format!("{pallet}.{call}"))
		.collect()
}

#[test]
fn what_safe_mode_lets_through_is_pinned() {
	assert_eq!(
		every_call(passes_safe_mode),
		[
			"System.remark",
			"System.remark_with_event",
			"System.apply_authorized_upgrade",
			"Timestamp.set",
			"Session.set_keys",
			"PriceGuard.feed",
			"PriceGuard.set_params",
			"CircuitBreaker.restrict",
			"CircuitBreaker.lift",
			"CircuitBreaker.set_detectors",
			"CircuitBreaker.extend",
			"CircuitBreaker.pause_call",
			"CircuitBreaker.resume_call",
			"CircuitBreaker.rearm",
			"CircuitBreaker.settle",
			"CircuitBreaker.settle_frozen",
			"Margin.deposit",
			"Margin.liquidate",
			"Margin.set_key",
			"Margin.deposit_asset",
			"Margin.buy_collateral",
			"Margin.offer_collateral",
			"Margin.sweep",
			"Margin.claim",
			"Insurance.contribute",
			"Perpetuals.cancel",
			"Perpetuals.cancel_all",
			"Perpetuals.cancel_client",
			"Perpetuals.set_switch",
			"Perpetuals.cancel_stop",
			"Incidents.note",
			"Incidents.review",
			"Timelock.queue",
			"Timelock.veto",
			"Timelock.execute",
			"Timelock.ripen",
			"Preimage.note_preimage",
			"Preimage.unnote_preimage",
			"TechnicalCommittee.execute",
			"TechnicalCommittee.propose",
			"TechnicalCommittee.vote",
			"TechnicalCommittee.close",
			"Council.execute",
			"Council.propose",
			"Council.vote",
			"Council.close",
			"SafeMode.enter",
			"SafeMode.force_enter",
			"SafeMode.extend",
			"SafeMode.force_extend",
			"SafeMode.force_exit",
			"SafeMode.force_slash_deposit",
			"SafeMode.release_deposit",
			"SafeMode.force_release_deposit",
			"TxPause.pause",
			"TxPause.unpause",
			"Proxy.proxy",
			"Proxy.remove_proxy",
			"Proxy.remove_proxies",
			"Utility.batch",
			"Utility.batch_all",
			"Utility.force_batch",
			"Multisig.as_multi_threshold_1",
			"Multisig.as_multi",
			"Multisig.approve_as_multi",
			"Multisig.cancel_as_multi",
		]
	);
}

#[test]
fn what_can_never_be_paused_is_pinned() {
	assert_eq!(
		every_call(never_paused),
		[
			"System.apply_authorized_upgrade",
			"Timestamp.set",
			"PriceGuard.feed",
			"CircuitBreaker.restrict",
			"CircuitBreaker.lift",
			"CircuitBreaker.set_detectors",
			"CircuitBreaker.extend",
			"CircuitBreaker.pause_call",
			"CircuitBreaker.resume_call",
			"CircuitBreaker.rearm",
			"CircuitBreaker.settle",
			"CircuitBreaker.settle_frozen",
			"Margin.deposit",
			"Margin.deposit_asset",
			"Margin.sweep",
			"Margin.claim",
			"Perpetuals.cancel",
			"Perpetuals.cancel_all",
			"Perpetuals.cancel_client",
			"Perpetuals.cancel_stop",
			"Timelock.queue",
			"Timelock.veto",
			"Timelock.execute",
			"Timelock.ripen",
			"TechnicalCommittee.execute",
			"TechnicalCommittee.propose",
			"TechnicalCommittee.vote",
			"TechnicalCommittee.close",
			"Council.execute",
			"Council.propose",
			"Council.vote",
			"Council.close",
			"SafeMode.enter",
			"SafeMode.force_enter",
			"SafeMode.extend",
			"SafeMode.force_extend",
			"SafeMode.force_exit",
			"SafeMode.force_slash_deposit",
			"SafeMode.release_deposit",
			"SafeMode.force_release_deposit",
			"TxPause.pause",
			"TxPause.unpause",
		]
	);
}

fn name(pallet: &str, call: &str) -> pallet_tx_pause::RuntimeCallNameOf<Runtime> {
	let bounded = |text: &str| BoundedVec::truncate_from(text.as_bytes().to_vec());
	(bounded(pallet), bounded(call))
}

#[test]
fn tx_pause_can_pause_exactly_what_is_not_on_the_list() {
	on_development_chain(|| {
		for pallet in RuntimeCall::get_module_names() {
			for call in RuntimeCall::get_call_names(pallet) {
				let can = <TxPause as TransactionPause>::can_pause(name(pallet, call));
				assert_eq!(can, !never_paused(pallet, call), "{pallet}.{call}");
			}
		}
	});
}

#[test]
fn members_cannot_replace_themselves_and_collectives_cannot_set_their_members() {
	on_development_chain(|| {
		let new = sp_runtime::MultiAddress::Id(id(Two));
		let refused: Vec<RuntimeCall> = vec![
			RuntimeCall::CommitteeMembership(pallet_membership::Call::change_key {
				new: new.clone(),
			}),
			RuntimeCall::CouncilMembership(pallet_membership::Call::change_key {
				new: new.clone(),
			}),
			RuntimeCall::Feeders(pallet_membership::Call::change_key { new: new.clone() }),
			RuntimeCall::Observers(pallet_membership::Call::change_key { new: new.clone() }),
			RuntimeCall::ValidatorMembership(pallet_membership::Call::change_key { new }),
			RuntimeCall::Council(pallet_collective::Call::set_members {
				new_members: vec![],
				prime: None,
				old_count: 0,
			}),
		];
		for refused in refused {
			assert!(!Permitted::contains(&refused), "{refused:?}");
			assert_noop!(call(&id(Alice), refused), frame_system::Error::<Runtime>::CallFiltered);
		}
	});
}

#[test]
fn a_motion_with_too_low_a_threshold_cannot_be_proposed() {
	on_development_chain(|| {
		let restrict = |level| -> RuntimeCall {
			pallet_circuit_breaker::Call::restrict { scope: Scope::Market(BTC), level, duration: 1 }
				.into()
		};
		let propose = |threshold, proposal| {
			let proposal: Box<RuntimeCall> = Box::new(proposal);
			RuntimeCall::TechnicalCommittee(pallet_collective::Call::propose {
				threshold,
				proposal,
				length_bound: 1_000,
			})
		};
		assert!(!BaseCallFilter::contains(&propose(1, restrict(Level::Watch))));
		assert!(BaseCallFilter::contains(&propose(2, restrict(Level::ReduceOnly))));
		assert!(!BaseCallFilter::contains(&propose(2, restrict(Level::Auction))));
		assert!(BaseCallFilter::contains(&propose(3, restrict(Level::Freeze))));
		let enter: RuntimeCall = pallet_safe_mode::Call::force_enter {}.into();
		let (pallet, call) = name("Perpetuals", "place");
		let pause: RuntimeCall =
			pallet_circuit_breaker::Call::pause_call { pallet, call, duration: 1 }.into();
		assert!(!BaseCallFilter::contains(&propose(3, pause.clone())));
		assert!(BaseCallFilter::contains(&propose(4, pause)));
		assert!(!BaseCallFilter::contains(&propose(3, enter.clone())));
		assert!(BaseCallFilter::contains(&propose(4, enter)));
	});
}

#[test]
fn safe_mode_stops_trading_and_transfers_and_leaves_the_exits_open() {
	on_development_chain(|| {
		feed(50_000);
		deposit(Alice, 1_000);
		assert_ok!(place(Alice, limit(Side::Bid, 49_900, 1)));
		assert_ok!(committee(4, pallet_safe_mode::Call::force_enter {}));
		assert_ok!(motion_result());
		assert_eq!(SafeMode::remaining(), Some(12 * HOURS));
		let filtered: DispatchError = frame_system::Error::<Runtime>::CallFiltered.into();
		assert_noop!(place(Alice, limit(Side::Bid, 49_900, 1)), filtered);
		assert_noop!(
			call(&id(Alice), pallet_margin::Call::withdraw { sub: 0, amount: 1 }),
			filtered
		);
		// A batch does not hide a transfer.
		let transfer: RuntimeCall = pallet_balances::Call::transfer_keep_alive {
			dest: sp_runtime::MultiAddress::Id(id(Bob)),
			value: 1,
		}
		.into();
		assert_noop!(
			call(&id(Alice), pallet_utility::Call::batch_all { calls: vec![transfer] }),
			filtered
		);
		// The exits, the feeds and governance go on.
		assert_ok!(call(&id(Alice), pallet_margin::Call::deposit { sub: 0, amount: 1_000_000 }));
		assert_ok!(call(&id(Alice), pallet_perpetuals::Call::cancel_all { sub: 0, market: None }));
		next_block();
		feed(50_000);
		assert_ok!(committee(
			2,
			pallet_circuit_breaker::Call::restrict {
				scope: Scope::Market(BTC),
				level: Level::Guarded,
				duration: 60_000,
			}
		));
		assert_ok!(motion_result());
		assert_eq!(views::market_status(BTC).unwrap().level, Level::ReduceOnly);
	});
}

#[test]
fn in_safe_mode_positions_are_reduced_and_liquidated_and_nobody_opens() {
	on_development_chain(|| {
		feed(50_000);
		for who in [Alice, Bob, Charlie] {
			deposit(who, 100_000);
		}
		// Alice is long of Bob, and Charlie has a bid in the book.
		assert_ok!(place(Bob, limit(Side::Ask, 50_000, 20)));
		assert_ok!(place(Alice, limit(Side::Bid, 50_000, 20)));
		assert_ok!(place(Charlie, limit(Side::Bid, 49_900, 20)));
		assert_ok!(committee(4, pallet_safe_mode::Call::force_enter {}));
		assert_ok!(motion_result());
		next_block();
		feed(50_000);
		let lots = |who| views::account_summary(id(who), 0).unwrap().positions[0].lots;
		let order = |reduce_only| pallet_perpetuals::PlaceOrder {
			reduce_only,
			kind: pallet_perpetuals::OrderKind::Market {
				protection: breakwater_primitives::Ticks(49_900),
			},
			..limit(Side::Ask, 1, 5)
		};
		let filtered: DispatchError = frame_system::Error::<Runtime>::CallFiltered.into();
		assert_noop!(place(Alice, order(false)), filtered);
		assert_ok!(place(Alice, order(true)));
		assert_eq!((lots(Alice), lots(Charlie)), (15, 5));
		// Nor does one who has nothing to reduce.
		assert!(place(Dave, order(true)).is_err());
		let view = CircuitBreaker::view(BTC);
		assert!(view.allows(Action::Liquidate).is_ok());
		assert!(view.allows(Action::OpenPostOnly).is_err());
		assert!(view.allows(Action::Withdraw).is_err());
	});
}

#[test]
fn safe_mode_by_deposit_is_short_and_cools_down() {
	on_development_chain(|| {
		assert_ok!(call(&id(Ferdie), pallet_safe_mode::Call::enter {}));
		let until = SafeMode::remaining().expect("safe mode is entered");
		System::set_block_number(System::block_number() + until);
		next_block();
		assert!(!SafeMode::is_entered());
		let filtered: DispatchError = frame_system::Error::<Runtime>::CallFiltered.into();
		assert_noop!(call(&id(Eve), pallet_safe_mode::Call::enter {}), filtered);
		System::set_block_number(System::block_number() + SAFE_MODE_COOLDOWN);
		assert_ok!(call(&id(Eve), pallet_safe_mode::Call::enter {}));
		assert_ok!(<SafeMode as frame_support::traits::SafeMode>::exit().map_err(|_| ()));
	});
}

#[test]
fn the_deposit_of_safe_mode_is_judged_by_three_of_the_council_at_least() {
	use breakwater_runtime::configs::{governance::CouncilInstance, safety::EnterDeposit};
	use frame_support::traits::EnsureOrigin;
	type Judge = <Runtime as pallet_safe_mode::Config>::ForceDepositOrigin;
	let council = |ayes, seats| {
		let members = pallet_collective::RawOrigin::<_, CouncilInstance>::Members(ayes, seats);
		Judge::ensure_origin(members.into()).is_ok()
	};
	assert!(!council(1, 1) && !council(1, 2) && !council(2, 3) && !council(2, 4));
	assert!(council(3, 3) && council(3, 5) && !council(3, 7));
	assert!(EnterDeposit::get().is_some());
}
