//! # Incidents
//!
//! The register of everything that went wrong, as public as the trades.
//!
//! The circuit breaker opens an incident when it restricts a scope (a market or the chain) that had
//! none, appends to it while it lasts, and closes it when the scope is back to normal. The committee
//! adds hashes of notes while people are at work, and of the review afterwards.
//!
//! ```text
//!     report           level up            level down          scope normal        review
//!  ----------> Detected ----> Contained <----------> Recovering ----> Resolved ----> Reviewed
//!                  |              (a new report of the open scope appends)  ^
//!                  +--------------------------------------------------------+
//! ```
//!
//! At most one incident is open per scope, so `Open` is bounded by the number of scopes. A timeline
//! holds at most [`MAX_TIMELINE`] entries; the last [`RESERVED_ENTRIES`] of them are kept for changes
//! of level, reports and notes, so that a wave of liquidations cannot crowd out what people decided,
//! and of those the last [`DECISION_ENTRIES`] for what is no note, so that nobody crowds it out at will.
//! What is dropped is counted, and its amounts stay in the incident's totals.
//!
//! Closed incidents stay for ever and need no deposit. That is affordable because nobody can open one
//! at will: only detectors, members with a token and committees open them, at most one per scope at a
//! time, and none ends before its lease, which people set for ten seconds at least. Even an incident every ten minutes in one market is
//! 150 records of 150 bytes a day.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub use pallet::*;
pub use types::{Incident, State, LAYOUT_VERSION};

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod register;
mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use weights::WeightInfo;

/// Entries that the timeline of one incident holds.
pub const MAX_TIMELINE: u16 = 256;
/// Of these, entries that liquidations and cover cannot use.
pub const RESERVED_ENTRIES: u16 = 64;
/// Of the reserved entries, those that notes cannot use either: changes of level, reports, paused calls.
pub const DECISION_ENTRIES: u16 = 32;
/// Entries that one view returns at most.
pub const MAX_VIEW: u16 = 64;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use ::alloc::vec::Vec;
	use breakwater_primitives::{Entry, IncidentId, Millis, Scope, Severity, MAX_MARKETS};
	use frame_support::{pallet_prelude::*, traits::UnixTime};
	use frame_system::pallet_prelude::*;

	/// The version of this pallet's storage.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// Scopes of a chain: every market, and the chain itself.
	pub type MaxScopes = ConstU32<{ MAX_MARKETS as u32 + 1 }>;

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// The chain's clock.
		type Time: UnixTime;
		/// Who may add notes to an incident.
		type NoteOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Who may publish the review of an incident.
		type ReviewOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Every incident there ever was. The layout is fixed and versioned.
	#[pallet::storage]
	pub type Incidents<T: Config> = StorageMap<_, Twox64Concat, IncidentId, Incident>;

	/// What happened in an incident, in order, with the chain time of each entry in milliseconds.
	#[pallet::storage]
	pub type Timeline<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		IncidentId,
		Twox64Concat,
		u16,
		(Millis, Entry),
		OptionQuery,
	>;

	/// The open incident of each scope that has one.
	#[pallet::storage]
	pub type Open<T: Config> =
		StorageMap<_, Twox64Concat, Scope, IncidentId, OptionQuery, GetDefault, MaxScopes>;

	/// The number of the next incident.
	#[pallet::storage]
	pub type NextIncident<T: Config> = StorageValue<_, IncidentId, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An incident was opened.
		IncidentOpened {
			/// Its number.
			id: IncidentId,
			/// What it is about.
			scope: Scope,
			/// How bad it is; `P1` is the worst.
			severity: Severity,
		},
		/// Something was added to an incident.
		IncidentUpdated {
			/// Its number.
			id: IncidentId,
			/// How far the response has come.
			state: State,
			/// The worst severity so far; `P1` is the worst.
			severity: Severity,
			/// What was added.
			entry: Entry,
		},
		/// The scope of an incident is back to normal.
		IncidentClosed {
			/// Its number.
			id: IncidentId,
			/// What it was about.
			scope: Scope,
		},
		/// The review of an incident was published.
		Reviewed {
			/// Its number.
			id: IncidentId,
			/// Blake2-256 of the review.
			hash: [u8; 32],
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such incident.
		UnknownIncident,
		/// The incident is still open; it can be reviewed once it is resolved.
		StillOpen,
		/// The incident was reviewed already.
		AlreadyReviewed,
		/// The timeline of the incident takes no more notes: what is left is kept for changes of level.
		TimelineFull,
		/// All zeros is not the hash of a document.
		ZeroHash,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Add the hash of a document to the timeline of incident `id`, until it is reviewed.
		#[pallet::call_index(0)]
		#[pallet::weight((T::WeightInfo::note(), DispatchClass::Operational))]
		pub fn note(origin: OriginFor<T>, id: IncidentId, hash: [u8; 32]) -> DispatchResult {
			T::NoteOrigin::ensure_origin(origin)?;
			Self::do_note(id, hash)
		}

		/// Publish the review of the resolved incident `id` by the hash of its document. Only once.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::review())]
		pub fn review(origin: OriginFor<T>, id: IncidentId, hash: [u8; 32]) -> DispatchResult {
			T::ReviewOrigin::ensure_origin(origin)?;
			Self::do_review(id, hash)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The incident with this number.
		pub fn incident(id: IncidentId) -> Option<Incident> {
			Incidents::<T>::get(id)
		}

		/// The number of the open incident of `scope`.
		pub fn open_incident(scope: Scope) -> Option<IncidentId> {
			Open::<T>::get(scope)
		}

		/// Entries of the timeline of incident `id`, from number `from`: `max` of them, 64 at most.
		pub fn timeline(id: IncidentId, from: u16, max: u16) -> Vec<(Millis, Entry)> {
			let end = from.saturating_add(max.min(MAX_VIEW)).min(MAX_TIMELINE);
			(from..end).map_while(|index| Timeline::<T>::get(id, index)).collect()
		}
	}
}
