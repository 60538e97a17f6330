//! The ways through the system: an order, a price, an emergency, a loosening.

mod common;

use breakwater_primitives::{
	governance::DelayClass, Cause, Exposure, Level, Scope, Side, Validity,
};
use breakwater_runtime::{
	governance::Tier, views, CircuitBreaker, Incidents, Margin, Runtime, RuntimeCall, Session,
	System, Timelock, Timestamp, ValidatorMembership, USDC_UNIT,
};
use common::*;
use frame_support::{assert_noop, assert_ok, traits::SortedMembers};
use pallet_perpetuals::{OrderKind, TimeInForce};
use sp_keyring::Sr25519Keyring::*;
use sp_runtime::DispatchError;

fn level() -> Level {
	views::market_status(BTC).expect("the market exists").level
}

/// A maker rests at one price and a taker takes from him.
fn trade(price: u32, lots: u64) {
	assert_ok!(place(Charlie, limit(Side::Ask, price, lots)));
	let taker = pallet_perpetuals::PlaceOrder {
		kind: OrderKind::Limit {
			price: breakwater_primitives::Ticks(price),
			time_in_force: TimeInForce::ImmediateOrCancel,
		},
		..limit(Side::Bid, price, lots)
	};
	assert_ok!(place(Dave, taker));
}

#[test]
fn four_feeders_give_a_valid_price_and_a_trade_gives_two_positions() {
	on_development_chain(|| {
		assert_eq!(views::market_status(BTC).unwrap().prices.validity, Validity::Invalid);
		feed(79_000);
		assert_eq!(views::market_status(BTC).unwrap().prices.validity, Validity::Valid);
		assert_eq!(views::market_status(BTC).unwrap().prices.index.0, 79_000);
		deposit(Charlie, 10_000);
		deposit(Dave, 10_000);
		trade(79_000, 500);
		let positions = |who| views::account_summary(id(who), 0).expect("an account").positions;
		assert_eq!(positions(Charlie)[0].lots, -500);
		assert_eq!(positions(Dave)[0].lots, 500);
		assert_eq!(views::market_status(BTC).unwrap().open_interest.0, 500);
		let custody = views::custody();
		assert_eq!(i128::try_from(custody.held), Ok(custody.claimed));
		assert_eq!(custody.held, (5_000_000 + 20_000) * USDC_UNIT);
	});
}

#[test]
fn a_resting_order_shows_in_the_book_and_cancelling_it_gives_the_margin_back() {
	on_development_chain(|| {
		feed(79_000);
		deposit(Alice, 10_000);
		let before = views::account_summary(id(Alice), 0).unwrap();
		assert_ok!(place(Alice, limit(Side::Bid, 78_990, 200)));
		let depth = views::depth(BTC, 5);
		assert_eq!((depth.bids[0].price.0, depth.bids[0].lots.0), (78_990, 200));
		let order = views::account_summary(id(Alice), 0).unwrap().orders[0].id;
		assert_ok!(call(&id(Alice), pallet_perpetuals::Call::cancel { sub: 0, id: order }));
		assert_eq!(views::account_summary(id(Alice), 0).unwrap(), before);
		assert!(views::depth(BTC, 5).bids.is_empty());
	});
}

#[test]
fn a_price_that_leaves_the_band_restricts_the_market_in_the_same_extrinsic() {
	on_development_chain(|| {
		for _ in 0..5 {
			feed(79_000);
			next_block();
		}
		assert_eq!(level(), Level::Normal);
		feed(75_500);
		assert_eq!(level(), Level::ReduceOnly);
		let status = views::market_status(BTC).unwrap();
		assert_eq!(status.cause, Some(Cause::Detector(1)));
		assert!(Incidents::open_incident(Scope::Market(BTC)).is_some());
		// Takers are refused by name, and the lease ends with nobody acting.
		deposit(Alice, 10_000);
		let taker = pallet_perpetuals::PlaceOrder {
			kind: OrderKind::Market { protection: breakwater_primitives::Ticks(80_000) },
			..limit(Side::Bid, 1, 10)
		};
		assert_noop!(place(Alice, taker), pallet_perpetuals::Error::<Runtime>::MarketReduceOnly);
		next_block_after(status.until - Timestamp::get());
		assert!(level() < Level::ReduceOnly);
	});
}

#[test]
fn a_price_is_stale_by_the_limit_of_its_own_market() {
	on_development_chain(|| {
		let params = pallet_price_guard::GuardParams::TIER_B;
		assert_eq!(params.age_limit, 30_000);
		pallet_price_guard::Params::<Runtime>::insert(BTC, params);
		feed(79_000);
		deposit(Alice, 10_000);
		next_block_after(30_000);
		assert_eq!(views::market_status(BTC).unwrap().prices.validity, Validity::Valid);
		assert_ok!(place(Alice, limit(Side::Bid, 78_000, 10)));
		next_block_after(1_000);
		assert_eq!(views::market_status(BTC).unwrap().prices.validity, Validity::Stale);
		assert_noop!(
			place(Alice, limit(Side::Bid, 78_000, 10)),
			pallet_perpetuals::Error::<Runtime>::PriceNotValid
		);
	});
}

#[test]
fn initial_margin_follows_volatility_with_each_minute() {
	on_development_chain(|| {
		let sigma = || pallet_margin::Board::<Runtime>::get(0)[0].volatility;
		for minute in 0..20u32 {
			for price in [79_000, 79_000 + minute * 50] {
				feed(price);
				next_block_after(10_000);
			}
			next_block_after(40_000);
		}
		assert!(sigma().0 > 1_000, "{:?}", sigma());
		assert_eq!(sigma(), CircuitBreaker::volatility(BTC));
		let insured = <Runtime as pallet_insurance::Config>::Exposure::volatility(BTC);
		assert_eq!(insured, CircuitBreaker::volatility_over_usual(BTC));
	});
}

#[test]
fn a_crash_liquidates_a_leveraged_account_and_custody_still_equals_the_claims() {
	on_development_chain(|| {
		feed(79_000);
		deposit(Charlie, 1_000_000);
		deposit(Dave, 4_000);
		deposit(Eve, 1_000_000);
		// Ten BTC worth 79,000 USDC on 4,000: near the limit of leverage.
		trade(79_000, 10_000);
		next_block();
		for price in [77_500, 76_500, 75_500, 74_500] {
			feed(price);
			let bid = pallet_perpetuals::PlaceOrder {
				kind: OrderKind::Limit {
					price: breakwater_primitives::Ticks(price - 20),
					time_in_force: TimeInForce::PostOnly,
				},
				..limit(Side::Bid, price - 20, 4_000)
			};
			assert_ok!(place(Eve, bid));
			next_block();
			feed(price);
			next_block();
		}
		let dave = views::account_summary(id(Dave), 0).unwrap();
		assert!(dave.positions.first().is_none_or(|p| p.lots < 10_000), "{dave:?}");
		let custody = views::custody();
		assert_eq!(i128::try_from(custody.held), Ok(custody.claimed));
	});
}

#[test]
fn the_committee_restricts_with_its_vote_and_the_lease_ends_by_time() {
	on_development_chain(|| {
		feed(79_000);
		let restrict = |level, duration| pallet_circuit_breaker::Call::restrict {
			scope: Scope::Market(BTC),
			level,
			duration,
		};
		assert_ok!(committee(3, restrict(Level::Freeze, 60_000)));
		assert_ok!(motion_result());
		assert_eq!(level(), Level::Freeze);
		assert_eq!(views::market_status(BTC).unwrap().cause, Some(Cause::Committee(3)));
		deposit(Alice, 1_000);
		assert_noop!(
			place(Alice, limit(Side::Bid, 79_000, 1)),
			pallet_perpetuals::Error::<Runtime>::MarketFrozen
		);
		next_block_after(60_000);
		assert_eq!(level(), Level::Normal);
	});
}

#[test]
fn the_committees_powers_grow_with_its_ayes_and_have_floors() {
	on_development_chain(|| {
		let restrict = |scope, level, duration| pallet_circuit_breaker::Call::restrict {
			scope,
			level,
			duration,
		};
		let market = Scope::Market(BTC);
		// One member: ReduceOnly, one market, half an hour.
		let beyond_level = pallet_circuit_breaker::Error::<Runtime>::LevelBeyondPowers;
		let beyond_scope = pallet_circuit_breaker::Error::<Runtime>::ScopeBeyondPowers;
		let beyond_time = pallet_circuit_breaker::Error::<Runtime>::DurationBeyondPowers;
		let alice = id(Alice);
		assert_noop!(call(&alice, restrict(market, Level::Auction, 60_000)), beyond_level);
		assert_noop!(call(&alice, restrict(Scope::Chain, Level::Watch, 60_000)), beyond_scope);
		assert_noop!(call(&alice, restrict(market, Level::Watch, 1_800_001)), beyond_time);
		assert_ok!(call(&alice, restrict(market, Level::ReduceOnly, 1_800_000)));
		// Who is no member may nothing.
		assert_noop!(
			call(&id(Ferdie), restrict(market, Level::Watch, 60_000)),
			DispatchError::BadOrigin
		);
		// A third, two at least: the chain too, six hours, but no further.
		assert_ok!(committee(2, restrict(Scope::Chain, Level::Guarded, 6 * 3_600_000)));
		assert_ok!(motion_result());
		assert!(committee(2, restrict(market, Level::Freeze, 60_000)).is_err());
		for (ayes, seats, third, half, two_thirds) in [
			(1, 1, false, false, false),
			(1, 3, false, false, false),
			(2, 3, true, false, false),
			(3, 3, true, true, true),
			(2, 5, true, false, false),
			(3, 5, true, true, false),
			(4, 5, true, true, true),
			(2, 9, false, false, false),
			(6, 9, true, true, true),
		] {
			assert_eq!(Tier::THIRD.reached(ayes, seats), third, "{ayes} of {seats}");
			assert_eq!(Tier::HALF.reached(ayes, seats), half, "{ayes} of {seats}");
			assert_eq!(Tier::TWO_THIRDS.reached(ayes, seats), two_thirds, "{ayes} of {seats}");
		}
	});
}

#[test]
fn an_abstention_counts_as_no() {
	use sp_runtime::traits::Hash;
	on_development_chain(|| {
		let members = breakwater_runtime::genesis_presets::accounts::committee();
		let inner: RuntimeCall = pallet_circuit_breaker::Call::restrict {
			scope: Scope::Market(BTC),
			level: Level::Watch,
			duration: 1_000,
		}
		.into();
		let hash = sp_runtime::traits::BlakeTwo256::hash_of(&inner);
		let length_bound = codec::Encode::encoded_size(&inner) as u32;
		let propose = |proposal| {
			RuntimeCall::TechnicalCommittee(pallet_collective::Call::propose {
				threshold: 2,
				proposal,
				length_bound,
			})
		};
		assert_ok!(call(&members[0], propose(Box::new(inner))));
		let vote = pallet_collective::Call::vote { proposal: hash, index: 0, approve: true };
		assert_ok!(call(&members[0], RuntimeCall::TechnicalCommittee(vote)));
		System::set_block_number(System::block_number() + 7 * breakwater_runtime::HOURS);
		let close = pallet_collective::Call::close {
			proposal_hash: hash,
			index: 0,
			proposal_weight_bound: frame_support::weights::Weight::MAX,
			length_bound,
		};
		assert_ok!(call(&members[1], RuntimeCall::TechnicalCommittee(close)));
		let disapproved = System::events().into_iter().any(|record| {
			matches!(
				record.event,
				breakwater_runtime::RuntimeEvent::TechnicalCommittee(
					pallet_collective::Event::Disapproved { .. }
				)
			)
		});
		assert!(disapproved, "one aye and four abstentions are not two ayes");
		assert_eq!(level(), Level::Normal);
	});
}

/// Queue `inner` by the council and return its number.
fn queue(ayes: u32, inner: impl Into<RuntimeCall>, class: DelayClass) -> u32 {
	let id = pallet_timelock::NextId::<Runtime>::get();
	let call = Box::new(inner.into());
	assert_ok!(council(ayes, pallet_timelock::Call::queue { call, class }));
	assert_ok!(motion_result());
	id
}

fn lift() -> pallet_circuit_breaker::Call<Runtime> {
	pallet_circuit_breaker::Call::lift { scope: Scope::Market(BTC) }
}

#[test]
fn a_queued_change_waits_its_delay_and_is_then_executed() {
	on_development_chain(|| {
		feed(79_000);
		assert_ok!(committee(
			3,
			pallet_circuit_breaker::Call::restrict {
				scope: Scope::Market(BTC),
				level: Level::Freeze,
				duration: 3_600_000,
			}
		));
		assert_ok!(motion_result());
		let id_of_entry = queue(4, lift(), DelayClass::Repair);
		let execute = || call(&id(Two), pallet_timelock::Call::execute { id: id_of_entry });
		assert_noop!(execute(), pallet_timelock::Error::<Runtime>::NotRipe);
		next_block_after(11_000);
		assert_eq!(level(), Level::Freeze);
		next_block_after(1_000);
		let _ = execute();
		assert_eq!(Timelock::entry(id_of_entry).unwrap().state, pallet_timelock::State::Executed);
		assert_eq!(level(), Level::Normal);
	});
}

#[test]
fn a_change_queued_under_too_short_a_class_fails() {
	on_development_chain(|| {
		feed(79_000);
		let wrapped = pallet_utility::Call::batch_all { calls: vec![lift().into()] };
		let entry = queue(3, wrapped, DelayClass::Neutral);
		next_block_after(6_000);
		let _ = call(&id(Two), pallet_timelock::Call::execute { id: entry });
		assert_eq!(Timelock::entry(entry).unwrap().state, pallet_timelock::State::Failed);
	});
}

#[test]
fn the_committee_vetoes_a_loosening_and_half_the_council_cannot_queue_a_structural_change() {
	on_development_chain(|| {
		let loosen = pallet_perpetuals::Call::create_market {
			new: Box::new(pallet_perpetuals::NewMarket {
				symbol: frame_support::BoundedVec::truncate_from(b"ETH-PERP".to_vec()),
				..serde_json::from_value(genesis("development")["perpetuals"]["markets"][0].clone())
					.expect("a market")
			}),
		};
		let entry = queue(3, loosen, DelayClass::Loosen);
		assert_ok!(committee(3, pallet_timelock::Call::veto { id: entry }));
		assert_ok!(motion_result());
		next_block_after(20_000);
		assert_noop!(
			call(&id(Two), pallet_timelock::Call::execute { id: entry }),
			pallet_timelock::Error::<Runtime>::AlreadyFinished
		);
		let remark: RuntimeCall = frame_system::Call::remark { remark: vec![] }.into();
		let queue =
			pallet_timelock::Call::queue { call: Box::new(remark), class: DelayClass::Structural };
		assert_noop!(council(3, queue), frame_system::Error::<Runtime>::CallFiltered);
	});
}

#[test]
fn a_restriction_called_a_repair_can_be_vetoed_and_a_repair_cannot() {
	use pallet_circuit_breaker::DetectorParams;
	on_development_chain(|| {
		let veto = |entry| {
			assert_ok!(committee(3, pallet_timelock::Call::veto { id: entry }));
			motion_result()
		};
		let level = Level::Freeze;
		let restrict: RuntimeCall =
			pallet_circuit_breaker::Call::restrict { scope: Scope::Chain, level, duration: 60_000 }
				.into();
		let params = DetectorParams::TIER_B;
		let detectors: RuntimeCall =
			pallet_circuit_breaker::Call::set_detectors { market: BTC, params }.into();
		let prices: RuntimeCall = pallet_price_guard::Call::set_params {
			market: BTC,
			params: pallet_price_guard::GuardParams::TIER_B,
		}
		.into();
		let both = |other: &RuntimeCall| {
			let calls = vec![detectors.clone(), other.clone()];
			RuntimeCall::Utility(pallet_utility::Call::batch_all { calls })
		};
		for vetoed in [restrict.clone(), lift().into(), prices.clone(), both(&restrict)] {
			assert_ok!(veto(queue(4, vetoed, DelayClass::Repair)));
		}
		let no_veto = Err(pallet_timelock::Error::<Runtime>::NoVeto.into());
		let exit: RuntimeCall = pallet_safe_mode::Call::force_exit {}.into();
		for repair in [detectors.clone(), exit.clone(), both(&exit)] {
			assert_eq!(veto(queue(4, repair, DelayClass::Repair)), no_veto);
		}
	});
}

#[test]
fn the_council_freezes_for_a_week_at_most_and_does_not_settle_by_a_restriction() {
	use breakwater_runtime::governance::COUNCIL_POWERS;
	let day = 24 * 3_600_000;
	assert_eq!(COUNCIL_POWERS.longest(Level::ReduceOnly), Some(30 * day));
	assert_eq!(COUNCIL_POWERS.longest(Level::Freeze), Some(7 * day));
	assert_eq!(COUNCIL_POWERS.longest(Level::Settle), None);
}

#[test]
fn a_structural_change_adds_a_validator_and_the_session_rotates_only_then() {
	on_development_chain(|| {
		System::set_block_number(59);
		next_block();
		assert_eq!(Session::current_index(), 0, "nothing changed, so nothing rotates");
		let bob = id(Bob);
		let add = pallet_membership::Call::<Runtime, pallet_membership::Instance5>::add_member {
			who: bob.clone().into(),
		};
		let entry = queue(4, RuntimeCall::ValidatorMembership(add), DelayClass::Structural);
		next_block_after(30_000);
		let _ = call(&id(Two), pallet_timelock::Call::execute { id: entry });
		assert!(ValidatorMembership::sorted_members().contains(&bob));
		// Without keys he is no validator yet.
		System::set_block_number(119);
		next_block();
		assert_eq!(Session::current_index(), 0);
		let keys = breakwater_runtime::SessionKeys {
			aura: Bob.public().into(),
			grandpa: sp_keyring::Ed25519Keyring::Bob.public().into(),
		};
		pallet_session::NextKeys::<Runtime>::insert(&bob, keys);
		System::set_block_number(179);
		next_block();
		assert_eq!(Session::current_index(), 1);
		System::set_block_number(239);
		next_block();
		assert_eq!(Session::current_index(), 2);
		let mut expected = vec![id(Alice), bob];
		expected.sort();
		assert_eq!(Session::validators(), expected);
		System::set_block_number(299);
		next_block();
		assert_eq!(Session::current_index(), 2, "it settles");
	});
}

#[test]
fn a_trip_works_in_a_block_in_which_the_session_rotates() {
	on_development_chain(|| {
		for _ in 0..3 {
			feed(79_000);
			next_block();
		}
		Session::rotate_session();
		System::register_extra_weight_unchecked(
			breakwater_runtime::weights::MAX_BLOCK,
			frame_support::dispatch::DispatchClass::Mandatory,
		);
		feed(75_500);
		assert_eq!(level(), Level::ReduceOnly);
		assert_eq!(CircuitBreaker::chain_level().0, Level::Normal);
	});
}

#[test]
fn a_failed_migration_reopens_the_chain_in_safe_mode_for_six_hours() {
	use breakwater_runtime::{configs::safety::ReopenAfterFailedMigration, SafeMode};
	use frame_support::{
		migrations::{FailedMigrationHandler, FailedMigrationHandling},
		traits::SafeMode as _,
	};
	on_development_chain(|| {
		let handling = ReopenAfterFailedMigration::failed(Some(0));
		assert_eq!(handling, FailedMigrationHandling::ForceUnstuck);
		assert_eq!(SafeMode::remaining(), Some(6 * breakwater_runtime::HOURS));
		assert_eq!(level(), Level::ReduceOnly);
	});
}

#[test]
fn orders_of_another_sub_account_do_not_shield_from_liquidation() {
	on_development_chain(|| {
		feed(79_000);
		deposit(Charlie, 1_000_000);
		deposit(Dave, 4_000);
		deposit(Eve, 1_000_000);
		let amount = 100_000 * USDC_UNIT;
		assert_ok!(call(&id(Dave), pallet_margin::Call::deposit { sub: 1, amount }));
		trade(79_000, 10_000);
		assert_ok!(place(Eve, limit(Side::Bid, 76_370, 20_000)));
		for _ in 0..64 {
			let order = limit(Side::Bid, 76_380, 1);
			assert_ok!(call(&id(Dave), pallet_perpetuals::Call::place { sub: 1, order }));
		}
		next_block();
		feed(76_400);
		let dave = || views::account_summary(id(Dave), 0).expect("an account");
		for _ in 0..4 {
			next_block();
			feed(76_400);
		}
		assert!(dave().equity >= dave().maintenance_margin as i128, "{:?}", dave());
		assert!(dave().positions.first().is_none_or(|position| position.lots < 10_000));
		assert_eq!(views::account_summary(id(Dave), 1).expect("an account").orders, vec![]);
		assert!(views::depth(BTC, 5).bids.iter().all(|level| level.price.0 == 76_370));
	});
}

#[test]
fn half_of_the_committee_announces_maintenance_rates_and_the_timelock_alone_lowers_them() {
	on_development_chain(|| {
		feed(79_000);
		deposit(Charlie, 10_000);
		deposit(Dave, 10_000);
		trade(79_000, 500);
		let before = Margin::risk_terms(BTC).expect("the market exists").rates();
		let rates = before.map(|rate| breakwater_primitives::Ppm(rate.0 + 10_000));
		let announce = pallet_margin::Call::announce_maintenance { market: BTC, rates };
		let needed = breakwater_runtime::governance::votes_needed(&announce.clone().into(), 5);
		assert_eq!(needed, Tier::HALF.needed(5));
		assert_ok!(committee(needed, announce));
		assert_ok!(motion_result());
		next_block();
		let status = Margin::maintenance_status(BTC).expect("the market exists");
		assert_eq!((status.announced, status.swept, status.falling), (Some(rates), true, 0));
		let lower = || pallet_margin::Call::lower_maintenance { market: BTC, rates: before };
		assert_ok!(committee(needed, lower()));
		assert_eq!(motion_result(), Err(DispatchError::BadOrigin));
		assert_eq!(
			Margin::maintenance_status(BTC).and_then(|status| status.announced),
			Some(rates)
		);
	});
}
