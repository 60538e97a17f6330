//! A chain from a genesis preset, in memory, and the people on it.
#![allow(dead_code)]

use breakwater_primitives::{Lots, MarketId, Side, Ticks};
use breakwater_runtime::{
	configs::governance::{CommitteeInstance, CouncilInstance},
	genesis_presets, AccountId, AllPalletsWithSystem, Block, BlockNumber, Runtime, RuntimeCall,
	RuntimeEvent, RuntimeOrigin, System, Timestamp, MILLISECS_PER_BLOCK, USDC_UNIT,
};
use codec::Encode;
use frame_support::{
	dispatch::{DispatchClass, DispatchResult, GetDispatchInfo},
	traits::{OnFinalize, OnIdle, OnInitialize, OnPoll, PreInherents},
	weights::{Weight, WeightMeter},
	BoundedVec,
};
use pallet_perpetuals::{OrderKind, PlaceOrder, TimeInForce};
use sp_keyring::Sr25519Keyring;
use sp_runtime::traits::{BlakeTwo256, Dispatchable, Hash};

/// When the chain starts, in milliseconds since the Unix epoch: 12 March 2020, 06:00.
pub const START: u64 = 1_583_992_800_000;
/// The market of the presets.
pub const BTC: MarketId = genesis_presets::BTC_PERP;

/// The genesis of a preset, merged with the defaults as a node does it.
pub fn genesis(preset: &str) -> serde_json::Value {
	let read = |name: Option<String>| -> serde_json::Value {
		let bytes = get_preset(name).expect("the preset exists");
		serde_json::from_slice(&bytes).expect("a preset is JSON")
	};
	let mut all = read(None);
	merge(&mut all, read(Some(preset.into())));
	all
}

fn get_preset(name: Option<String>) -> Option<Vec<u8>> {
	use sp_genesis_builder::runtime_decl_for_genesis_builder::GenesisBuilder;
	<Runtime as GenesisBuilder<Block>>::get_preset(&name)
}

/// Build a state from a genesis.
pub fn build(genesis: &serde_json::Value) -> Result<sp_io::TestExternalities, String> {
	use sp_genesis_builder::runtime_decl_for_genesis_builder::GenesisBuilder;
	let mut ext = sp_io::TestExternalities::default();
	let bytes = serde_json::to_vec(genesis).map_err(|error| error.to_string())?;
	ext.execute_with(|| <Runtime as GenesisBuilder<Block>>::build_state(bytes))?;
	Ok(ext)
}

fn merge(into: &mut serde_json::Value, patch: serde_json::Value) {
	match (into, patch) {
		(serde_json::Value::Object(into), serde_json::Value::Object(patch)) => {
			for (key, value) in patch {
				merge(into.entry(key).or_insert(serde_json::Value::Null), value);
			}
		},
		(into, patch) => *into = patch,
	}
}

/// Run `test` on the development chain, at the beginning of block 1, and check every invariant
/// after it.
pub fn on_development_chain(test: impl FnOnce()) {
	let mut ext = build(&genesis("development")).expect("the development preset builds");
	ext.execute_with(|| {
		begin_block(1, START);
		test();
		breakwater_runtime::views::try_state().expect("every invariant holds");
	});
}

/// Begin block `number` at `now`, with all hooks that come before transactions.
pub fn begin_block(number: BlockNumber, now: u64) {
	let slot = sp_consensus_aura::Slot::from(now / MILLISECS_PER_BLOCK);
	let digest = sp_runtime::Digest {
		logs: vec![sp_runtime::DigestItem::PreRuntime(
			sp_consensus_aura::AURA_ENGINE_ID,
			slot.encode(),
		)],
	};
	let parent = System::parent_hash();
	System::initialize(&number, &parent, &digest);
	let used = AllPalletsWithSystem::on_initialize(number);
	System::register_extra_weight_unchecked(used, DispatchClass::Mandatory);
	<Runtime as frame_system::Config>::PreInherents::pre_inherents();
	System::set_extrinsic_index(0);
	RuntimeCall::Timestamp(pallet_timestamp::Call::set { now })
		.dispatch(RuntimeOrigin::none())
		.expect("the clock can be set");
	System::set_extrinsic_index(1);
	let mut meter = WeightMeter::with_limit(Weight::from_parts(300_000_000_000, u64::MAX));
	AllPalletsWithSystem::on_poll(number, &mut meter);
}

/// End the block and begin the next, `millis` later.
pub fn next_block_after(millis: u64) {
	let number = System::block_number();
	AllPalletsWithSystem::on_idle(number, Weight::from_parts(100_000_000_000, u64::MAX));
	AllPalletsWithSystem::on_finalize(number);
	begin_block(number + 1, Timestamp::get() + millis);
}

/// End the block and begin the next, one second later.
pub fn next_block() {
	next_block_after(MILLISECS_PER_BLOCK);
}

/// An account.
pub fn id(key: Sr25519Keyring) -> AccountId {
	key.to_account_id()
}

/// Dispatch `call` as a signed transaction of `who`, without its fee.
pub fn call(who: &AccountId, call: impl Into<RuntimeCall>) -> DispatchResult {
	call.into()
		.dispatch(RuntimeOrigin::signed(who.clone()))
		.map(|_| ())
		.map_err(|failed| failed.error)
}

/// Every feeder reports `price`.
pub fn feed(price: u32) {
	for feeder in genesis_presets::accounts::feeders() {
		let prices = BoundedVec::truncate_from(vec![(BTC, Ticks(price))]);
		call(&feeder, pallet_price_guard::Call::feed { prices }).expect("feeders feed");
	}
}

/// Put `usdc` whole USDC into the first account of `who`.
pub fn deposit(who: Sr25519Keyring, usdc: u128) {
	call(&id(who), pallet_margin::Call::deposit { sub: 0, amount: usdc * USDC_UNIT })
		.expect("well-known accounts hold USDC");
}

/// A limit order.
pub fn limit(side: Side, price: u32, lots: u64) -> PlaceOrder {
	let time_in_force = TimeInForce::GoodTilCancelled;
	let kind = OrderKind::Limit { price: Ticks(price), time_in_force };
	PlaceOrder::new(BTC, side, kind, Lots(lots))
}

/// Place an order from the first account of `who`.
pub fn place(who: Sr25519Keyring, order: PlaceOrder) -> DispatchResult {
	call(&id(who), pallet_perpetuals::Call::place { sub: 0, order })
}

/// Let the first `ayes` of `members` of a collective propose, vote for and close a motion for
/// `inner`. The result is that of the last step; what the motion's call returned is in its events.
pub fn carry<I: 'static>(members: &[AccountId], ayes: u32, inner: RuntimeCall) -> DispatchResult
where
	Runtime: pallet_collective::Config<I, Proposal = RuntimeCall>,
	RuntimeCall: From<pallet_collective::Call<Runtime, I>>,
{
	let hash = BlakeTwo256::hash_of(&inner);
	let proposal_weight_bound = inner.get_dispatch_info().call_weight;
	let length_bound = inner.encoded_size() as u32;
	let index = pallet_collective::ProposalCount::<Runtime, I>::get();
	call(
		&members[0],
		pallet_collective::Call::<Runtime, I>::propose {
			threshold: ayes,
			proposal: Box::new(inner),
			length_bound,
		},
	)?;
	for who in &members[..ayes as usize] {
		let vote =
			pallet_collective::Call::<Runtime, I>::vote { proposal: hash, index, approve: true };
		call(who, vote)?;
	}
	call(
		&members[0],
		pallet_collective::Call::<Runtime, I>::close {
			proposal_hash: hash,
			index,
			proposal_weight_bound,
			length_bound,
		},
	)
}

/// A motion of the committee.
pub fn committee(ayes: u32, inner: impl Into<RuntimeCall>) -> DispatchResult {
	carry::<CommitteeInstance>(&genesis_presets::accounts::committee(), ayes, inner.into())
}

/// A motion of the council.
pub fn council(ayes: u32, inner: impl Into<RuntimeCall>) -> DispatchResult {
	carry::<CouncilInstance>(&genesis_presets::accounts::council(), ayes, inner.into())
}

/// What the last motion's call returned.
pub fn motion_result() -> DispatchResult {
	let executed = System::events().into_iter().rev().find_map(|record| match record.event {
		RuntimeEvent::TechnicalCommittee(pallet_collective::Event::Executed { result, .. })
		| RuntimeEvent::Council(pallet_collective::Event::Executed { result, .. }) => Some(result),
		_ => None,
	});
	executed.expect("a motion was executed")
}
