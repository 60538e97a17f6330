//! # Circuit breaker
//!
//! Decides how far a market, or the whole chain, is restricted, and since when, why and until when.
//!
//! A restriction is a *lease*: a level, a cause and an end. Nobody has to end it. Whoever asks
//! compares the clock with the end, so an expired lease restricts nothing even if no block wrote
//! anything since. The level of a scope is the tightest of its live leases, and a market is held to
//! the tighter of its own level and the chain's.
//!
//! ```text
//!   price (OnPrice) ---> D1: window, band --+                    +--> Gate: one read of Status
//!          '-----------> D3: volatility ----+                    |
//!   trade (Observe) ---> D1: window         |                    |    answers level, denied
//!   broken total ------> D13 ---------------+--> leases, <= 5 ---+    actions, band, cause, end
//!   committee: restrict, extend ------------+    per scope       |
//!   safe mode (SafeModeNotify) -------------+                    +--> incident, event
//!   timelock: lift <--- removes what people set, never what a detector demands
//!
//!   committee: pause_call --> call leases, <= 16 --> pallet-tx-pause
//!                                 '--> is_paused: the call filter, expiry on read
//! ```
//!
//! **D1, the price band.** Per market two windows (60 seconds and 60 minutes) over the index and over
//! accepted trades. A trade outside their bands, or too far from the index, does not happen: the
//! exchange reads the band with the level. The band is moved by prices, never by a trade alone. When
//! the *index* leaves the minute's band the market is at ReduceOnly for two minutes, when it leaves
//! the hour's band at Guarded for ten, each renewed while that holds and at most six hours in a row.
//! Trades narrow the band, but only the index restricts: otherwise one could halt a market with
//! trades with himself. A window from whose band the index has departed no longer limits trades on
//! that side, because the lease has taken over and a band without the index would stop the exits.
//!
//! **D3, volatility** (`volatility`). While the index moves much, in whatever direction, the market is at
//! Watch or Guarded, until it has moved half as much for half an hour or for ten minutes; six hours in
//! a row at most. With each minute that is completed the margin of new exposure is told
//! how much the index moves, so that no single threshold carries the whole response.
//!
//! **People.** `restrict` tightens, at once, within the powers that the origin carries; `lift`,
//! `resume_call` and `set_detectors` loosen and take the slow origin. A member who acts alone spends
//! his one token, and the council re-arms him with `rearm`: that gives back a bounded power to
//! tighten and loosens nothing, so it needs no delay. The
//! committee's time is budgeted, per scope and 30 days 72 hours at Guarded or ReduceOnly and another
//! 72 at Auction or tighter, and a running lease at Auction or tighter is prolonged once, by `extend`.
//!
//! **Single calls.** `pause_call` pauses one call through pallet-tx-pause, for a lease of its own:
//! the runtime's call filter asks [`Pallet::is_paused`], which compares the clock, so nobody need
//! resume it. `on_idle` clears away what is over.
//!
//! **Settlement** (`settlement`). Level 6 is the one that does not end. The council reaches it through
//! the longest delay, and anybody once a market was at Freeze for seven days without a break, so that
//! every freeze ends one way or the other. Whoever winds the market down is told first and may refuse;
//! then a single lease without an end takes the place of all others of that market.
//!
//! ```text
//!   council, timelock: settle --------------------+
//!                                                 +--> Settlement::begin --> level 6, no way back
//!   anybody: settle_frozen, 7 days at Freeze -----+
//! ```
//!
//! **Several leases.** The level is that of the tightest, and what is denied is what any of them
//! denies: an auction collects orders, but not those that a ReduceOnly beneath it refuses. Whenever
//! leases at Auction or tighter begin, are prolonged or end early, the exchange is told until when
//! it collects ([`breakwater_primitives::Auctions`]).
//!
//! **Incidents.** The first lease on a scope opens an incident and later changes are appended. When a
//! write finds the scope without a live lease the incident is closed; that is bookkeeping, the
//! restriction itself ended by time.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod budget;
mod cost;
mod detect;
mod gate;
mod lease;
mod pause;
mod powers;
mod settlement;
mod state;
mod types;
mod volatility;
pub mod weights;
pub mod window;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use budget::{Budget, Purse, ALLOWANCE};
pub use pallet::*;
pub use pause::{call_hash, CallLease, CallName, Name, MAX_NAME, MAX_PAUSES};
pub use powers::{Limit, Powers, SpentToken};
pub use settlement::{Stretch, SETTLE_AFTER};
pub use types::*;
pub use volatility::Volatility;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use breakwater_primitives::{
		Auctions, Band, Cause, Gate, IncidentId, IncidentLog, Level, MarketId, Millis,
		OnVolatility, Ppm, Scope, Settlement,
	};
	use frame_support::{
		pallet_prelude::*,
		traits::{Contains, GetCallMetadata, TransactionPause, UnixTime},
		weights::WeightMeter,
	};
	use frame_system::pallet_prelude::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The most tokens that are spent at a time: twice the seats of the largest committee, so that
	/// those of former members are no hindrance.
	pub type MaxSpentTokens = ConstU32<32>;

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// The clock.
		type Time: UnixTime;
		/// The markets that exist.
		type Markets: Contains<MarketId>;
		/// The register of incidents.
		type Incidents: IncidentLog;
		/// Who may restrict, and how far.
		type RestrictOrigin: EnsureOrigin<Self::RuntimeOrigin, Success = Powers<Self::AccountId>>;
		/// Who may loosen: the timelock.
		type LoosenOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Who gives a member a token again. It only gives back a bounded power to tighten.
		type RearmOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// The calls of the runtime, by name.
		type Calls: GetCallMetadata;
		/// Pauses single calls, and knows those that can never be paused.
		type TxPause: TransactionPause<CallIdentifier = CallName>;
		/// The exchange, which collects orders for an auction while nothing may be matched.
		type Auctions: Auctions;
		/// Whoever asks for more initial margin when an index moves more.
		type OnVolatility: OnVolatility;
		/// How long the chain stays restricted at most after safe mode was entered, in milliseconds.
		/// Leaving safe mode ends it earlier.
		#[pallet::constant]
		type SafeModeDuration: Get<Millis>;
		/// Weights of the calls and of a price.
		type WeightInfo: WeightInfo;
		// Settlement.
		/// Who may settle a market: the council through the timelock, with the longest delay.
		type SettleOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Those who wind a market down.
		type Settlement: Settlement;
		/// What benchmarks need of the pallets around.
		#[cfg(feature = "runtime-benchmarks")]
		type Scene: breakwater_primitives::benchmarking::Scene<Self::AccountId>;
	}

	/// The restrictions in force: the chain's leases and those of 32 markets per item, with the band
	/// in which each market may trade. A lease whose `until` has passed restricts nothing. Hot: read
	/// by every order, so its two keys are charged once per block rather than once per read.
	#[pallet::storage]
	pub type Status<T> =
		StorageMap<_, Identity, u8, Shard, ValueQuery, GetDefault, ConstU32<{ SHARDS as u32 }>>;

	/// A minute and an hour of each market's prices, and how much they move.
	#[pallet::storage]
	pub type Windows<T> = StorageMap<_, Identity, MarketId, Window, ValueQuery>;

	/// The parameters of each market's detectors. A market without an entry has tier A, the tightest.
	#[pallet::storage]
	pub type Detectors<T> = StorageMap<_, Identity, MarketId, DetectorParams, ValueQuery>;

	/// How much of its time at Guarded or tighter the committee has used, per scope.
	#[pallet::storage]
	pub type Budgets<T> = StorageMap<_, Twox64Concat, Scope, Budget, ValueQuery>;

	/// The calls that are paused, each until its lease ends. Read by the call filter.
	#[pallet::storage]
	pub type CallLeases<T> =
		StorageValue<_, BoundedVec<CallLease, ConstU32<MAX_PAUSES>>, ValueQuery>;

	/// Members of the committee who have used their token and were not re-armed since.
	#[pallet::storage]
	pub type SpentTokens<T: Config> =
		StorageValue<_, BoundedVec<SpentToken<T::AccountId>, MaxSpentTokens>, ValueQuery>;

	/// Detector parameters with which the chain starts.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// The parameters of markets that do not have those of tier A.
		pub detectors: Vec<(MarketId, DetectorParams)>,
		#[serde(skip)]
		#[doc(hidden)]
		pub _config: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for (market, params) in &self.detectors {
				assert!(params.is_valid(), "detector parameters out of range for {market:?}");
				Detectors::<T>::insert(market, params);
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// The level of a scope changed, by a lease or because leases ended. Leases end by time: the
		/// event for that comes with the next write, the restriction was over at `until`.
		LevelChanged {
			/// The market, or the chain.
			scope: Scope,
			/// The level before.
			from: Level,
			/// The level now.
			to: Level,
			/// Why; nothing at Normal.
			cause: Option<Cause>,
			/// When the lease that sets the level ends; at Normal, when the last one ended.
			until: Millis,
			/// The incident.
			incident: Option<IncidentId>,
			/// The numbers that justify it. D1: the extreme of the window and the index, in ticks. D3:
			/// the volatility and what it reached, in parts per million.
			evidence: [u64; 2],
		},
		/// A scope was restricted, or a restriction of it prolonged.
		LeaseGranted {
			/// The market, or the chain.
			scope: Scope,
			/// How far this lease restricts.
			level: Level,
			/// Why.
			cause: Cause,
			/// When it ends.
			until: Millis,
			/// The incident.
			incident: IncidentId,
		},
		/// The committee prolonged a running restriction, which it may do once.
		LeaseExtended {
			/// The market, or the chain.
			scope: Scope,
			/// How far the lease restricts.
			level: Level,
			/// Who prolonged it.
			cause: Cause,
			/// When it ends now.
			until: Millis,
			/// The incident.
			incident: IncidentId,
		},
		/// A single call was paused: it is refused until the lease ends.
		CallPaused {
			/// The pallet.
			pallet: Name,
			/// The call.
			call: Name,
			/// Who paused it.
			cause: Cause,
			/// When it ends.
			until: Millis,
			/// The incident.
			incident: IncidentId,
		},
		/// The pause of a call is over. Pauses end by time: this is told when that is cleared away,
		/// the call was free again at `until`, or at once when it was resumed early.
		CallResumed {
			/// The pallet.
			pallet: Name,
			/// The call.
			call: Name,
			/// When the pause was to end.
			until: Millis,
		},
		/// A member of the committee restricted a market alone, which he may do once.
		TokenSpent {
			/// The member.
			who: T::AccountId,
		},
		/// The council gave a member his token again.
		TokenRearmed {
			/// The member.
			who: T::AccountId,
		},
		/// A restriction was ended before its time.
		LeaseLifted {
			/// The market, or the chain.
			scope: Scope,
			/// How far it restricted.
			level: Level,
			/// Why it was set.
			cause: Cause,
		},
		/// A scope is back to normal, and its incident closed.
		IncidentClosed {
			/// The market, or the chain.
			scope: Scope,
			/// The incident.
			incident: IncidentId,
		},
		/// A detector has held a market for six hours in a row and leaves the decision to the
		/// committee.
		DetectorExhausted {
			/// The market.
			market: MarketId,
			/// The detector's number.
			detector: u8,
		},
		/// The parameters of a market's detectors changed.
		DetectorsSet {
			/// The market.
			market: MarketId,
			/// Before.
			from: DetectorParams,
			/// After.
			to: DetectorParams,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such market.
		UnknownMarket,
		/// Normal is not a restriction; leases end by time, or by `lift`.
		LevelIsNormal,
		/// A restriction or a pause lasts ten seconds at least, and is prolonged by no less.
		DurationTooShort,
		/// You may not restrict this far.
		LevelBeyondPowers,
		/// You may not restrict for so long.
		DurationBeyondPowers,
		/// A member alone may restrict one market, not the chain.
		ScopeBeyondPowers,
		/// You already restrict this scope at least this far for at least this long.
		NotTighter,
		/// The scope holds five restrictions, none of which this one would make needless.
		TooManyLeases,
		/// The committee has used its 72 hours on this scope in 30 days: at Guarded and ReduceOnly, or at
		/// Auction and tighter. What it used on the chain counts for each market. Time in which it pauses
		/// calls is time in which it halts the chain.
		BudgetSpent,
		/// Nothing is in force on this scope that people set.
		NothingToLift,
		/// A parameter is out of its range.
		InvalidDetectors,
		/// A running restriction at Auction or tighter is not prolonged by restricting again: two
		/// thirds of the committee extend it, once.
		ExtensionNeeded,
		/// You may not prolong a restriction.
		ExtensionBeyondPowers,
		/// You have no running restriction of this level on this scope.
		NothingToExtend,
		/// This restriction was prolonged before, and that happens once.
		AlreadyExtended,
		/// You have used your token; the council re-arms you.
		TokenSpent,
		/// This member has not used his token.
		TokenArmed,
		/// Too many tokens are spent; the council must re-arm some.
		TooManySpentTokens,
		/// You may not pause calls.
		PauseBeyondPowers,
		/// The runtime has no call of this name.
		UnknownCall,
		/// This call can never be paused.
		NotPausable,
		/// This call is paused already.
		AlreadyPaused,
		/// Sixteen calls are paused already.
		TooManyPauses,
		/// This call is not paused.
		NotPaused,
		// Settlement.
		/// A settlement has no end and is not a restriction: it has calls of its own.
		SettlementIsFinal,
		/// The market is being settled already, or was.
		AlreadySettling,
		/// Anybody may settle a market once it was at Freeze for seven days without a break and still is.
		NotFrozenLongEnough,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Restrict a market or the chain to `level` for `duration` milliseconds, at once.
		///
		/// The origin carries how far and how long it may restrict. What is already in force is
		/// never loosened: the lease adds to the others, and prolongs or tightens your own.
		#[pallet::call_index(0)]
		#[pallet::weight((
			T::WeightInfo::restrict().saturating_add(cost::collecting::<T>(*scope, *level)),
			DispatchClass::Operational,
		))]
		pub fn restrict(
			origin: OriginFor<T>,
			scope: Scope,
			level: Level,
			duration: Millis,
		) -> DispatchResult {
			let powers = T::RestrictOrigin::ensure_origin(origin)?;
			Self::do_restrict(powers, scope, level, duration)
		}

		/// End every restriction of a market or of the chain that people set. What a detector or
		/// the safe mode demands stays until its time is over.
		#[pallet::call_index(1)]
		#[pallet::weight((
			T::WeightInfo::lift().saturating_add(cost::collecting::<T>(*scope, Level::Settle)),
			DispatchClass::Operational,
		))]
		pub fn lift(origin: OriginFor<T>, scope: Scope) -> DispatchResult {
			T::LoosenOrigin::ensure_origin(origin)?;
			Self::do_lift(scope)
		}

		/// Set the parameters of a market's detectors. They apply from the next price on.
		#[pallet::call_index(2)]
		#[pallet::weight((T::WeightInfo::set_detectors(), DispatchClass::Operational))]
		pub fn set_detectors(
			origin: OriginFor<T>,
			market: MarketId,
			params: DetectorParams,
		) -> DispatchResult {
			T::LoosenOrigin::ensure_origin(origin)?;
			ensure!(T::Markets::contains(&market), Error::<T>::UnknownMarket);
			ensure!(params.is_valid(), Error::<T>::InvalidDetectors);
			let from = Detectors::<T>::get(market);
			Detectors::<T>::insert(market, params);
			Self::deposit_event(Event::DetectorsSet { market, from, to: params });
			Ok(())
		}

		/// Prolong the committee's running restriction of `level` by `duration` milliseconds. Each
		/// restriction is prolonged once, by no more than it may last at that level.
		#[pallet::call_index(3)]
		#[pallet::weight((
			T::WeightInfo::extend().saturating_add(cost::collecting::<T>(*scope, *level)),
			DispatchClass::Operational,
		))]
		pub fn extend(
			origin: OriginFor<T>,
			scope: Scope,
			level: Level,
			duration: Millis,
		) -> DispatchResult {
			let powers = T::RestrictOrigin::ensure_origin(origin)?;
			Self::do_extend(powers, scope, level, duration)
		}

		/// Pause a single call for `duration` milliseconds: until then whoever sends it is refused.
		/// `pallet` and `call` are names as in the metadata. What the chain, its guardians and every
		/// exit depend on cannot be paused. The committee has 72 hours of pauses in 30 days, from the
		/// same purse as its halts of the chain; pauses that overlap cost their time once.
		#[pallet::call_index(4)]
		#[pallet::weight((T::WeightInfo::pause_call(MAX_PAUSES), DispatchClass::Operational))]
		pub fn pause_call(
			origin: OriginFor<T>,
			pallet: Name,
			call: Name,
			duration: Millis,
		) -> DispatchResultWithPostInfo {
			let powers = T::RestrictOrigin::ensure_origin(origin)?;
			let over = Self::do_pause(powers, (pallet, call), duration)?;
			Ok(Some(T::WeightInfo::pause_call(over)).into())
		}

		/// End the pause of a call before its time.
		#[pallet::call_index(5)]
		#[pallet::weight((T::WeightInfo::resume_call(MAX_PAUSES), DispatchClass::Operational))]
		pub fn resume_call(
			origin: OriginFor<T>,
			pallet: Name,
			call: Name,
		) -> DispatchResultWithPostInfo {
			T::LoosenOrigin::ensure_origin(origin)?;
			let over = Self::do_resume((pallet, call))?;
			Ok(Some(T::WeightInfo::resume_call(over)).into())
		}

		/// Give a member of the committee the token again with which he may restrict one market
		/// alone.
		#[pallet::call_index(6)]
		#[pallet::weight((T::WeightInfo::rearm(), DispatchClass::Operational))]
		pub fn rearm(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
			T::RearmOrigin::ensure_origin(origin)?;
			Self::do_rearm(who)
		}

		// Settlement.

		/// Settle a market for good: nothing trades there again, and all positions are closed at the
		/// average of the Valid index in the hour before it first came to level 2, as
		/// `PriceGuard.settlement_price` tells. It cannot be undone.
		#[pallet::call_index(20)]
		#[pallet::weight((T::WeightInfo::settle(), DispatchClass::Operational))]
		pub fn settle(origin: OriginFor<T>, market: MarketId) -> DispatchResult {
			T::SettleOrigin::ensure_origin(origin)?;
			Self::do_settle(market, Cause::Council)
		}

		/// Settle a market that has been at Freeze for seven days without a break, its own or the
		/// chain's, and still is. Anybody may: a market that nobody reopens is not kept for ever.
		#[pallet::call_index(21)]
		#[pallet::weight((T::WeightInfo::settle_frozen(), DispatchClass::Operational))]
		pub fn settle_frozen(origin: OriginFor<T>, market: MarketId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_settle_frozen(market)
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Clear away pauses of calls that are over. They paused nothing any more.
		fn on_idle(_: BlockNumberFor<T>, limit: Weight) -> Weight {
			let mut meter = WeightMeter::with_limit(limit);
			Self::tidy_pauses(&mut meter);
			meter.consumed()
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The level in force on a market, the chain's included, or on the chain; with the cause and
		/// the end of the lease that sets it.
		pub fn status(scope: Scope) -> (Level, Option<Cause>, Millis) {
			match scope {
				Scope::Market(market) => {
					let view = <Self as Gate>::view(market);
					(view.level, view.cause, view.until)
				},
				Scope::Chain => Self::chain_level(),
			}
		}

		/// The live leases of a market or of the chain.
		pub fn leases(scope: Scope) -> Vec<Lease> {
			let now = Self::now();
			let record = Self::record(scope);
			record.leases.into_iter().filter(|lease| lease.is_live(now)).collect()
		}

		/// Since when a market is at Freeze without a break, by its own leases or the chain's, in
		/// milliseconds of chain time; nothing while it is not.
		pub fn frozen_since(market: MarketId) -> Option<Millis> {
			Self::frozen(market)
		}

		/// The calls that are paused now, with the end of each pause.
		pub fn paused_calls() -> Vec<CallLease> {
			let now = Self::now();
			CallLeases::<T>::get().into_iter().filter(|lease| lease.is_live(now)).collect()
		}

		/// Whether a member has his token.
		pub fn is_armed(who: T::AccountId) -> bool {
			!SpentTokens::<T>::get().iter().any(|token| token.who == who)
		}

		/// How much the index of a market moves in the square root of a minute: rises with the range of
		/// each minute, falls by half in an hour. Initial margin follows it.
		pub fn volatility(market: MarketId) -> Ppm {
			Windows::<T>::get(market).volatility.held()
		}

		/// The volatility of the last quarter of an hour over that of the last days; one while less
		/// than an hour is known.
		pub fn volatility_over_usual(market: MarketId) -> Ppm {
			Windows::<T>::get(market).volatility.over_usual()
		}

		/// Where trades may happen in a market.
		pub fn band(market: MarketId) -> Band {
			<Self as Gate>::view(market).band
		}
	}
}
