//! Proxies, batches and multisignatures. All of them dispatch other calls, which the filters see
//! again.

use crate::{
	Balance, Balances, OriginCaller, Runtime, RuntimeCall, RuntimeEvent, System, MILLI_BRW,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::{ConstU128, ConstU32, InstanceFilter};
use scale_info::TypeInfo;
use sp_runtime::traits::BlakeTwo256;

/// What a proxy may do. Trading keys of `Margin::set_key` are cheaper and report errors; these serve
/// wallets that know proxies.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum ProxyType {
	/// Everything.
	#[default]
	#[codec(index = 0)]
	Any,
	/// Everything but moving BRW, assets or collateral out.
	#[codec(index = 1)]
	NonTransfer,
	/// Trade and add collateral; not withdraw.
	#[codec(index = 2)]
	Trade,
	/// Cancel orders and add collateral.
	#[codec(index = 3)]
	Cancel,
	/// Vote and propose in the collectives, queue, veto and execute in the timelock.
	#[codec(index = 4)]
	Governance,
}

impl InstanceFilter<RuntimeCall> for ProxyType {
	fn filter(&self, call: &RuntimeCall) -> bool {
		use frame_support::traits::GetCallMetadata;
		let name = call.get_call_metadata();
		let (pallet, call) = (name.pallet_name, name.function_name);
		let cancels = matches!(
			(pallet, call),
			("Perpetuals", "cancel" | "cancel_all" | "cancel_client" | "cancel_stop")
				| ("Margin", "deposit" | "deposit_asset")
		);
		// Their inner calls are judged by this filter again.
		let wraps = matches!((pallet, call), ("Utility", "batch" | "batch_all" | "force_batch"));
		let governs =
			matches!(pallet, "TechnicalCommittee" | "Council" | "Timelock" | "CircuitBreaker");
		let trades = pallet == "Perpetuals" || cancels;
		match self {
			ProxyType::Any => true,
			ProxyType::NonTransfer => {
				let harmless = matches!(
					pallet,
					"PriceGuard" | "Incidents" | "Preimage" | "Session" | "System"
				);
				trades || governs || harmless || wraps
			},
			ProxyType::Trade => trades || wraps,
			ProxyType::Cancel => cancels || wraps,
			ProxyType::Governance => governs || wraps,
		}
	}
	fn is_superset(&self, other: &Self) -> bool {
		use ProxyType::*;
		match (self, other) {
			(a, b) if a == b => true,
			(Any, _) => true,
			(NonTransfer, Trade | Cancel | Governance) => true,
			(Trade, Cancel) => true,
			_ => false,
		}
	}
}

/// The deposit for `items` items of `bytes` bytes.
const fn deposit(items: u32, bytes: u32) -> Balance {
	items as Balance * 100 * MILLI_BRW + bytes as Balance * MILLI_BRW
}

impl pallet_proxy::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type Currency = Balances;
	type ProxyType = ProxyType;
	type ProxyDepositBase = ConstU128<{ deposit(1, 8) }>;
	type ProxyDepositFactor = ConstU128<{ deposit(0, 33) }>;
	type MaxProxies = ConstU32<32>;
	type WeightInfo = pallet_proxy::weights::SubstrateWeight<Runtime>;
	type MaxPending = ConstU32<32>;
	type CallHasher = BlakeTwo256;
	type AnnouncementDepositBase = ConstU128<{ deposit(1, 8) }>;
	type AnnouncementDepositFactor = ConstU128<{ deposit(0, 66) }>;
	type BlockNumberProvider = System;
}

impl pallet_utility::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type PalletsOrigin = OriginCaller;
	type WeightInfo = pallet_utility::weights::SubstrateWeight<Runtime>;
}

impl pallet_multisig::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type Currency = Balances;
	type DepositBase = ConstU128<{ deposit(1, 88) }>;
	type DepositFactor = ConstU128<{ deposit(0, 32) }>;
	type MaxSignatories = ConstU32<32>;
	type WeightInfo = pallet_multisig::weights::SubstrateWeight<Runtime>;
	type BlockNumberProvider = System;
}
