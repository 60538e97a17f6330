//! What clients, indexers and other chains rely on: pallet indices, call indices and the prefixes
//! under which storage lies.

mod common;

use breakwater_runtime::{
	configs::convenience::ProxyType, weights, AllPalletsWithSystem, Runtime, RuntimeCall, VERSION,
};
use codec::Encode;
use frame_support::{
	dispatch::DispatchClass,
	storage::StoragePrefixedMap,
	traits::{GetCallIndex, GetCallMetadata, GetCallName, PalletsInfoAccess},
	weights::Weight,
};
use sp_io::hashing::twox_128;

#[test]
fn pallet_indices_are_pinned() {
	let pallets: Vec<(usize, &str)> =
		AllPalletsWithSystem::infos().into_iter().map(|info| (info.index, info.name)).collect();
	assert_eq!(
		pallets,
		[
			(0, "System"),
			(1, "Timestamp"),
			(2, "Aura"),
			(3, "ValidatorMembership"),
			(4, "Session"),
			(5, "Grandpa"),
			(6, "Balances"),
			(7, "TransactionPayment"),
			(8, "Assets"),
			(9, "Migrations"),
			(40, "Oracle"),
			(50, "PriceGuard"),
			(51, "CircuitBreaker"),
			(52, "Margin"),
			(53, "Insurance"),
			(54, "Perpetuals"),
			(55, "Incidents"),
			(56, "Timelock"),
			(60, "Scheduler"),
			(61, "Preimage"),
			(62, "TechnicalCommittee"),
			(63, "Council"),
			(64, "CommitteeMembership"),
			(65, "CouncilMembership"),
			(66, "Feeders"),
			(67, "Observers"),
			(70, "SafeMode"),
			(71, "TxPause"),
			(80, "Proxy"),
			(81, "Utility"),
			(82, "Multisig"),
		]
	);
}

/// The calls of a pallet with their indices.
fn calls<C: GetCallName + GetCallIndex>() -> Vec<(u8, &'static str)> {
	C::get_call_indices().iter().copied().zip(C::get_call_names().iter().copied()).collect()
}

#[test]
fn call_indices_of_our_pallets_are_pinned() {
	assert_eq!(
		calls::<pallet_perpetuals::Call<Runtime>>(),
		[
			(0, "create_market"),
			(1, "place"),
			(2, "cancel"),
			(3, "cancel_all"),
			(4, "batch"),
			(5, "cancel_client"),
			(6, "set_switch"),
			(7, "place_stop"),
			(8, "cancel_stop"),
			(9, "tighten_market"),
			(10, "loosen_market"),
			(11, "change_market"),
		]
	);
	assert_eq!(
		calls::<pallet_margin::Call<Runtime>>(),
		[
			(0, "deposit"),
			(1, "withdraw"),
			(2, "liquidate"),
			(3, "set_key"),
			(4, "set_leverage"),
			(5, "transfer"),
			(6, "close_account"),
			(20, "deposit_asset"),
			(21, "withdraw_asset"),
			(22, "transfer_asset"),
			(23, "buy_collateral"),
			(24, "list_asset"),
			(25, "tighten_asset"),
			(26, "cut_asset"),
			(27, "loosen_asset"),
			(28, "offer_collateral"),
			(30, "announce_maintenance"),
			(31, "lower_maintenance"),
			(32, "tighten_risk"),
			(33, "loosen_risk"),
			(34, "remove_account"),
			(50, "sweep"),
			(51, "claim"),
		]
	);
	assert_eq!(
		calls::<pallet_insurance::Call<Runtime>>(),
		[
			(0, "contribute"),
			(1, "back"),
			(2, "notice"),
			(3, "claim"),
			(4, "cancel"),
			(5, "wind_down"),
			(20, "back_vault"),
			(21, "notice_vault"),
			(22, "claim_vault"),
			(23, "cancel_vault")
		]
	);
	assert_eq!(
		calls::<pallet_circuit_breaker::Call<Runtime>>(),
		[
			(0, "restrict"),
			(1, "lift"),
			(2, "set_detectors"),
			(3, "extend"),
			(4, "pause_call"),
			(5, "resume_call"),
			(6, "rearm"),
			(20, "settle"),
			(21, "settle_frozen"),
		]
	);
	assert_eq!(calls::<pallet_price_guard::Call<Runtime>>(), [(0, "feed"), (1, "set_params")]);
	assert_eq!(calls::<pallet_incidents::Call<Runtime>>(), [(0, "note"), (1, "review")]);
	assert_eq!(
		calls::<pallet_timelock::Call<Runtime>>(),
		[(0, "queue"), (1, "veto"), (2, "execute"), (3, "ripen")]
	);
	// Feeds pass the guard: the oracle's own calls do not exist.
	assert!(!RuntimeCall::get_module_names().contains(&"Oracle"));
}

#[test]
fn storage_prefixes_that_others_read_are_pinned() {
	fn prefix(pallet: &str, item: &str) -> Vec<u8> {
		[twox_128(pallet.as_bytes()), twox_128(item.as_bytes())].concat()
	}
	macro_rules! pinned {
		($($module:ident :: $item:ident in $pallet:literal),* $(,)?) => {$(
			assert_eq!(
				$module::$item::<Runtime>::final_prefix().to_vec(),
				prefix($pallet, stringify!($item)),
			);
		)*};
	}
	pinned!(
		pallet_perpetuals::Terms in "Perpetuals",
		pallet_perpetuals::Hot in "Perpetuals",
		pallet_perpetuals::Pages in "Perpetuals",
		pallet_perpetuals::Words in "Perpetuals",
		pallet_margin::Keys in "Margin",
		pallet_margin::Accounts in "Margin",
		pallet_margin::Totals in "Margin",
		pallet_margin::Board in "Margin",
		pallet_margin::Sales in "Margin",
		pallet_margin::Settlements in "Margin",
		pallet_circuit_breaker::Status in "CircuitBreaker",
		pallet_price_guard::Guards in "PriceGuard",
		pallet_insurance::MarketFunds in "Insurance",
		pallet_incidents::Incidents in "Incidents",
		pallet_incidents::Timeline in "Incidents",
		pallet_timelock::Entries in "Timelock",
	);
}

#[test]
fn proxy_types_keep_their_numbers() {
	let types = [
		ProxyType::Any,
		ProxyType::NonTransfer,
		ProxyType::Trade,
		ProxyType::Cancel,
		ProxyType::Governance,
	];
	for (index, proxy) in types.iter().enumerate() {
		assert_eq!(proxy.encode(), [index as u8]);
	}
}

#[test]
fn a_block_has_the_shares_that_the_design_promises() {
	let limits = weights::RuntimeBlockWeights::get();
	assert_eq!(limits.max_block.ref_time(), 350_000_000_000);
	let class = |class| limits.get(class);
	assert_eq!(class(DispatchClass::Normal).max_total.map(|w| w.ref_time()), Some(210_000_000_000));
	assert_eq!(
		class(DispatchClass::Operational).reserved.map(|w| w.ref_time()),
		Some(87_500_000_000)
	);
	assert_eq!(class(DispatchClass::Normal).base_extrinsic, Weight::from_parts(125_000_000, 0));
}

/// What must get into a block when everything else is full, and the heaviest things traders send.
/// A weight that exceeds the limit in time *or* in proof would keep the call out for ever.
#[test]
fn every_call_that_somebody_relies_on_fits_an_extrinsic() {
	use breakwater_primitives::{AccountRef, MarketId, OrderId, Side, Ticks};
	use frame_support::{dispatch::GetDispatchInfo, BoundedVec};
	use pallet_perpetuals::BatchAction;

	let prices = (0..64).map(|market| (MarketId(market), Ticks(1))).collect();
	let feed = pallet_price_guard::Call::feed { prices: BoundedVec::truncate_from(prices) };
	let order = common::limit(Side::Bid, 1, 1);
	let actions = BoundedVec::truncate_from(vec![BatchAction::Place(order); 32]);
	let calls: Vec<RuntimeCall> = vec![
		feed.into(),
		pallet_margin::Call::deposit { sub: 0, amount: 1 }.into(),
		pallet_margin::Call::liquidate { account: AccountRef(0) }.into(),
		pallet_margin::Call::deposit_asset { sub: 0, asset: 2, amount: 1 }.into(),
		pallet_margin::Call::transfer_asset { from: 0, to: 1, asset: 2, amount: 1 }.into(),
		pallet_perpetuals::Call::cancel { sub: 0, id: OrderId(0) }.into(),
		pallet_perpetuals::Call::cancel_all { sub: 0, market: None }.into(),
		pallet_perpetuals::Call::place { sub: 0, order }.into(),
		pallet_perpetuals::Call::batch { sub: 0, actions }.into(),
	];
	let limits = weights::RuntimeBlockWeights::get();
	// Some weights read storage, such as how many feeders there are.
	common::on_development_chain(|| {
		for call in calls {
			let info = call.get_dispatch_info();
			let most = limits.get(info.class).max_extrinsic.expect("extrinsics are bounded");
			assert!(info.total_weight().all_lte(most), "{:?} {info:?}", call.get_call_metadata());
		}
	});
}

#[test]
fn the_scheduler_and_the_timelock_take_what_they_are_given() {
	let operational = weights::RuntimeBlockWeights::get()
		.get(DispatchClass::Operational)
		.max_extrinsic
		.expect("operational extrinsics are bounded");
	let queued = <Runtime as pallet_timelock::Config>::MaxCallWeight::get();
	assert!(queued.all_lt(operational), "{queued:?} does not fit {operational:?}");
	// The heaviest way to a new runtime fits an operational extrinsic.
	use frame_support::dispatch::GetDispatchInfo;
	let apply = RuntimeCall::System(frame_system::Call::apply_authorized_upgrade { code: vec![] });
	assert!(apply.get_dispatch_info().call_weight.all_lt(operational));
}

#[test]
fn hooks_run_prices_before_the_breaker_before_margin_before_governance() {
	let order: Vec<&str> = AllPalletsWithSystem::infos().into_iter().map(|i| i.name).collect();
	let place = |name| order.iter().position(|other| *other == name).expect(name);
	let expected = [
		"Oracle",
		"PriceGuard",
		"CircuitBreaker",
		"Margin",
		"Insurance",
		"Perpetuals",
		"Incidents",
		"Timelock",
		"Scheduler",
		"TechnicalCommittee",
		"SafeMode",
	];
	assert!(expected.windows(2).all(|pair| place(pair[0]) < place(pair[1])));
}

#[test]
fn the_version_names_the_chain() {
	assert_eq!(VERSION.spec_name, "breakwater");
	assert_eq!(VERSION.system_version, 1);
}
