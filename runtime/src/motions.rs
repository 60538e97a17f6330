//! Open motions of the committee and of the council: few per member, and none beyond its time.
//!
//! ```text
//!  propose --> MotionSlot: fewer than 4 of this member are open --> Motions: hash, member, end
//!  every block, before its transactions --> ForgetMotions: what has ended is disapproved
//! ```
//!
//! A collective holds 64 motions. Without a limit per member one stolen key fills them, and every
//! emergency is refused until most members have voted each of them down. And a collective closes a
//! motion that has its ayes at any later time, for anybody: a freeze decided and forgotten in March
//! could be dispatched by a stranger in June. Here a motion ends with its time, decided or not; who
//! wants it dispatched closes it until then, best in the transaction of the deciding vote.

use crate::{
	configs::governance::{CommitteeInstance, CouncilInstance},
	AccountId, BlockNumber, Hash, Runtime, System,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::marker::PhantomData;
use frame_support::{
	dispatch::DispatchClass,
	ensure,
	pallet_prelude::ValueQuery,
	storage_alias,
	traits::{Consideration, ConstU32, Get, MaybeConsideration, PalletInfoAccess, PreInherents},
	weights::Weight,
	BoundedVec, Twox64Concat,
};
use pallet_collective::{Config, Error, Pallet, Proposals, WeightInfo};
use scale_info::TypeInfo;
use sp_runtime::DispatchError;

/// Motions that a collective holds at a time.
pub type MaxMotions = ConstU32<64>;
/// Motions that one member may have open at a time; of 16 members they just fill the collective.
pub const MOTIONS_PER_MEMBER: usize = 4;
/// Motions per collective that are forgotten in one block; the others in the next ones.
const FORGOTTEN_PER_BLOCK: usize = 8;

/// A motion that was open when its collective last took one.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Motion {
	/// The hash of its call.
	pub hash: Hash,
	/// Who proposed it.
	pub proposer: AccountId,
	/// The block that forgets it.
	pub end: BlockNumber,
}

/// Who proposed the motions of each collective, by the collective's pallet index. Not a pallet's:
/// only this file reads and writes it.
#[storage_alias(verbatim)]
pub type Motions =
	StorageMap<Breakwater, Twox64Concat, u8, BoundedVec<Motion, MaxMotions>, ValueQuery>;

fn index_of<I: 'static>() -> u8
where
	Runtime: Config<I>,
{
	<Pallet<Runtime, I> as PalletInfoAccess>::index() as u8
}

/// What a motion takes of its proposer: one of his places. It costs nothing else, so the collective
/// need not keep it, and the place is free again as soon as the motion is closed.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(I))]
pub struct MotionSlot<I>(PhantomData<I>);

impl<I> Consideration<AccountId, u32> for MotionSlot<I>
where
	I: Clone + core::fmt::Debug + Eq + Send + Sync + 'static,
	Runtime: Config<I>,
{
	/// The collective asks when it has put the new motion at the end of its list.
	fn new(who: &AccountId, _: u32) -> Result<Self, DispatchError> {
		let open = Proposals::<Runtime, I>::get();
		let (hash, others) = open.split_last().ok_or(DispatchError::Corruption)?;
		Motions::try_mutate(index_of::<I>(), |motions| {
			motions.retain(|motion| others.contains(&motion.hash));
			let own = motions.iter().filter(|motion| motion.proposer == *who).count();
			ensure!(own < MOTIONS_PER_MEMBER, Error::<Runtime, I>::TooManyProposals);
			let end = System::block_number()
				.saturating_add(<Runtime as Config<I>>::MotionDuration::get());
			let motion = Motion { hash: *hash, proposer: who.clone(), end };
			motions.try_push(motion).map_err(|_| Error::<Runtime, I>::TooManyProposals)?;
			Ok(Self(PhantomData))
		})
	}
	fn update(self, _: &AccountId, _: u32) -> Result<Self, DispatchError> {
		Ok(self)
	}
	fn drop(self, _: &AccountId) -> Result<(), DispatchError> {
		Ok(())
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn ensure_successful(_: &AccountId, _: u32) {}
}

impl<I> MaybeConsideration<AccountId, u32> for MotionSlot<I>
where
	I: Clone + core::fmt::Debug + Eq + Send + Sync + 'static,
	Runtime: Config<I>,
{
	fn is_none(&self) -> bool {
		true
	}
}

/// Before the transactions of each block: forgets motions whose time is over.
pub struct ForgetMotions;

impl PreInherents for ForgetMotions {
	fn pre_inherents() {
		let used = forget::<CommitteeInstance>().saturating_add(forget::<CouncilInstance>());
		System::register_extra_weight_unchecked(used, DispatchClass::Mandatory);
	}
}

/// Disapprove what has ended. One read while nothing has.
fn forget<I: 'static>() -> Weight
where
	Runtime: Config<I>,
{
	let (index, now) = (index_of::<I>(), System::block_number());
	let mut used = <Runtime as frame_system::Config>::DbWeight::get().reads(1);
	let mut motions = Motions::get(index);
	if motions.iter().all(|motion| now < motion.end) {
		return used;
	}
	let open = Proposals::<Runtime, I>::get();
	for _ in 0..FORGOTTEN_PER_BLOCK {
		let Some(place) = motions.iter().position(|motion| now >= motion.end) else { break };
		let Motion { hash, .. } = motions.remove(place);
		used.saturating_accrue(<Runtime as Config<I>>::WeightInfo::disapprove_proposal(
			open.len() as u32
		));
		if open.contains(&hash) {
			Pallet::<Runtime, I>::do_disapprove_proposal(hash);
		}
	}
	if motions.is_empty() {
		Motions::remove(index);
	} else {
		Motions::insert(index, motions);
	}
	used.saturating_add(<Runtime as frame_system::Config>::DbWeight::get().reads_writes(1, 1))
}
