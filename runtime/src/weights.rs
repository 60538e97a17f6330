//! What a block of one second can hold, and what the parts of a transaction cost.
//!
//! The figures are measured, on a node of these versions, by the throughput harness of
//! `scripts/bench.sh`, which executes and authors whole blocks in wasm; they are not those of the
//! SDK's reference machine.

use core::time::Duration;
use frame_support::{
	dispatch::DispatchClass,
	parameter_types,
	weights::{
		constants::{BlockExecutionWeight, WEIGHT_REF_TIME_PER_MICROS, WEIGHT_REF_TIME_PER_MILLIS},
		RuntimeDbWeight, Weight,
	},
};
use frame_system::limits::{BlockLength, BlockWeights};
use sp_runtime::Perbill;

/// An author has 588 ms of a one-second slot to build a block, and building takes 1.45 to 1.6 times
/// as long as executing: 350 ms is what it can always author.
pub const MAX_BLOCK: Weight = Weight::from_parts(350 * WEIGHT_REF_TIME_PER_MILLIS, u64::MAX);
/// Trading may use this share; 15 % stay for hooks.
pub const NORMAL_SHARE: Perbill = Perbill::from_percent(60);
/// Feeds, votes, cancels and top-ups always have this share, in whatever block.
pub const OPERATIONAL_RESERVE: Perbill = Perbill::from_percent(25);
/// What hooks take of an ordinary block.
const AVERAGE_INITIALISATION: Perbill = Perbill::from_percent(5);
/// Bytes of a block.
const MAX_LENGTH: u32 = 5 * 1024 * 1024;

/// What a signed remark took on the machine that the weights were made on, as one of a block full of
/// them: signature, nonce, payment, weight accounting, the call filter and the state root's share.
pub const REMARK: Duration = Duration::from_micros(114);

parameter_types! {
	/// [`REMARK`], and a tenth for machines that are slower.
	pub const ExtrinsicBaseWeight: Weight =
		Weight::from_parts(125 * WEIGHT_REF_TIME_PER_MICROS, 0);
	/// Reads from a warm cache; a write is one more distinct changed key of a map with a million
	/// entries, which is what the state root costs.
	pub const DbWeight: RuntimeDbWeight = RuntimeDbWeight {
		read: 3 * WEIGHT_REF_TIME_PER_MICROS,
		write: 40 * WEIGHT_REF_TIME_PER_MICROS,
	};
	pub RuntimeBlockLength: BlockLength = BlockLength::builder()
		.max_length(MAX_LENGTH)
		.modify_max_length_for_class(DispatchClass::Normal, |max| *max = NORMAL_SHARE * MAX_LENGTH)
		.max_header_size(100 * 1024)
		.build();
	pub RuntimeBlockWeights: BlockWeights = block_weights();
}

fn block_weights() -> BlockWeights {
	BlockWeights::builder()
		.base_block(BlockExecutionWeight::get())
		.for_class(DispatchClass::all(), |class| class.base_extrinsic = ExtrinsicBaseWeight::get())
		.for_class(DispatchClass::Normal, |class| class.max_total = Some(NORMAL_SHARE * MAX_BLOCK))
		.for_class(DispatchClass::Operational, |class| {
			class.max_total = Some(MAX_BLOCK);
			class.reserved = Some(OPERATIONAL_RESERVE * MAX_BLOCK);
		})
		.avg_block_initialization(AVERAGE_INITIALISATION)
		.build_or_panic()
}

/// The weight of the extensions that [`ExtrinsicBaseWeight`] already contains: nothing more.
pub struct InBaseWeight;

impl frame_system::ExtensionsWeightInfo for InBaseWeight {
	fn check_genesis() -> Weight {
		Weight::zero()
	}
	fn check_mortality_mortal_transaction() -> Weight {
		Weight::zero()
	}
	fn check_mortality_immortal_transaction() -> Weight {
		Weight::zero()
	}
	fn check_non_zero_sender() -> Weight {
		Weight::zero()
	}
	fn check_nonce() -> Weight {
		Weight::zero()
	}
	fn check_spec_version() -> Weight {
		Weight::zero()
	}
	fn check_tx_version() -> Weight {
		Weight::zero()
	}
	fn check_weight() -> Weight {
		Weight::zero()
	}
	fn weight_reclaim() -> Weight {
		Weight::zero()
	}
}

impl pallet_transaction_payment::WeightInfo for InBaseWeight {
	fn charge_transaction_payment() -> Weight {
		Weight::zero()
	}
}
