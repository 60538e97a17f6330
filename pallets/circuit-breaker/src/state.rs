//! Changing records: every write prunes what has ended, changes something, and tells what came of it.

use crate::{
	lease::Joined,
	types::{locate, Lease, Record, SHARDS},
	Config, Event, Pallet, Status,
};
#[cfg(any(feature = "std", feature = "try-runtime"))]
use crate::{Budgets, CallLeases, Detectors, Purse, SpentTokens, Windows, ALLOWANCE};
use breakwater_primitives::{
	Auctions, Cause, Entry, IncidentLog, Level, Millis, Report, Scope, Severity,
};
use frame_support::traits::UnixTime;
#[cfg(any(feature = "std", feature = "try-runtime"))]
use frame_support::{ensure, traits::TransactionPause};
use sp_runtime::SaturatedConversion;

/// A lease that somebody wants, with what the incident register is told.
pub(crate) struct Wanted {
	pub level: Level,
	pub cause: Cause,
	pub until: Millis,
	pub evidence: [u64; 2],
	pub severity: Severity,
}

impl Wanted {
	pub fn new(level: Level, cause: Cause, until: Millis) -> Self {
		Self { level, cause, until, evidence: [0; 2], severity: Severity::of(level) }
	}
}

impl<T: Config> Pallet<T> {
	/// Chain time in milliseconds.
	pub(crate) fn now() -> Millis {
		T::Time::now().as_millis().saturated_into()
	}

	/// What is stored about a scope, with what has ended since the last write.
	pub(crate) fn record(scope: Scope) -> Record {
		match scope {
			Scope::Chain => Status::<T>::get(0).chain,
			Scope::Market(market) => locate(market)
				.and_then(|(shard, place)| {
					Status::<T>::get(shard).markets.get(place).map(|m| m.record.clone())
				})
				.unwrap_or_default(),
		}
	}

	/// The chain's own level, with the cause and the end of the lease that sets it.
	pub fn chain_level() -> (Level, Option<Cause>, Millis) {
		let now = Self::now();
		Self::record(Scope::Chain)
			.governing(now)
			.map_or((Level::Normal, None, 0), |l| (l.level, Some(l.cause), l.until))
	}

	/// Store a scope's record. The chain's goes into every shard, so that one read answers.
	fn put_record(scope: Scope, record: Record) {
		match scope {
			Scope::Chain => {
				for shard in 0..SHARDS {
					Status::<T>::mutate(shard, |s| s.chain = record.clone());
				}
			},
			Scope::Market(market) => {
				if let Some((shard, place)) = locate(market) {
					Status::<T>::mutate(shard, |s| {
						if let Some(market) = s.markets.get_mut(place) {
							market.record = record;
						}
					});
				}
			},
		}
	}

	/// Prune a scope's record, change it, tell, and store it.
	pub(crate) fn change<R>(scope: Scope, change: impl FnOnce(&mut Record, Millis) -> R) -> R {
		let now = Self::now();
		let mut record = Self::record(scope);
		let ended = record.prune(now);
		let halted = record.halted_until(now);
		let result = change(&mut record, now);
		Self::tell(scope, &mut record, now, ended, [0; 2]);
		let halts = record.halted_until(now);
		Self::put_record(scope, record);
		Self::tell_auctions(scope, halted, halts, now);
		result
	}

	/// Take note of leases of the chain that have ended. Returns whether there were any.
	pub(crate) fn tidy_chain(now: Millis, chain: &Record) -> bool {
		let untidy = chain.is_untidy(now);
		if untidy {
			Self::change(Scope::Chain, |_, _| ());
		}
		untidy
	}

	/// Add a lease to a pruned record, under its open incident or a new one.
	pub(crate) fn grant(
		scope: Scope,
		record: &mut Record,
		now: Millis,
		wanted: &Wanted,
		must: bool,
	) -> Result<Lease, Joined> {
		let Wanted { level, cause, until, evidence, severity } = *wanted;
		let mut lease = Lease { level, cause, since: now, until, incident: 0, extended: false };
		// Tried on a copy first: an incident must not be opened for what is then refused.
		match record.clone().join(lease, must) {
			Joined::Added => {},
			refused => return Err(refused),
		}
		let report = Report { scope, severity, cause, level, evidence };
		lease.incident = *record.incident.get_or_insert_with(|| T::Incidents::open(&report));
		record.join(lease, must);
		Ok(lease)
	}

	/// Tell a change of level in an event and in the incident, and close the incident of a scope
	/// that is back to normal. Paused calls hold the chain's incident open.
	pub(crate) fn tell(
		scope: Scope,
		record: &mut Record,
		now: Millis,
		ended: Option<(Cause, Millis)>,
		evidence: [u64; 2],
	) {
		record.note_freeze(now);
		let governing = record.governing(now).copied();
		let (from, to) = (record.told, record.level(now));
		let cause = governing.map(|l| l.cause);
		let until = governing.map(|l| l.until).or(ended.map(|(_, until)| until)).unwrap_or(now);
		if from != to {
			record.told = to;
			let incident = record.incident;
			if let (Some(id), Some(cause)) = (incident, cause.or(ended.map(|(cause, _)| cause))) {
				T::Incidents::append(id, &Entry::Level { from, to, cause, until });
			}
			let event = Event::LevelChanged { scope, from, to, cause, until, incident, evidence };
			Self::deposit_event(event);
		}
		let paused = scope == Scope::Chain && Self::has_pauses();
		if governing.is_none() && !paused {
			if let Some(incident) = record.incident.take() {
				T::Incidents::close(incident);
				Self::deposit_event(Event::IncidentClosed { scope, incident });
			}
		}
	}

	pub(crate) fn deposit_granted(scope: Scope, lease: &Lease) {
		let Lease { level, cause, until, incident, .. } = *lease;
		Self::deposit_event(Event::LeaseGranted { scope, level, cause, until, incident });
	}

	/// Tell the exchange until when a scope's trading is collected, if that changed. Told after the
	/// record is stored: the exchange may ask the gate.
	pub(crate) fn tell_auctions(
		scope: Scope,
		before: Option<Millis>,
		after: Option<Millis>,
		now: Millis,
	) {
		if before != after {
			T::Auctions::collect(scope, after.unwrap_or(now));
		}
	}
}

/// The pallet's invariants.
#[cfg(any(feature = "std", feature = "try-runtime"))]
impl<T: Config> Pallet<T> {
	/// 1. The chain's record is the same in every shard.
	/// 2. A record's leases restrict, name its open incident, and are at most five; those of D1 and
	///    D3 are at most six hours long; without leases there is no incident and nothing restricted told.
	///    A settlement does not end, and there is one at most.
	/// 3. Every band has a price in it.
	/// 4. A call is under one lease at most, under the chain's incident, and paused by pallet-tx-pause;
	///    no member's token is spent twice.
	/// 5. Windows are sound, a run of a detector is at most six hours long, parameters are in range, and no
	///    budget is overdrawn.
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		let chain = Status::<T>::get(0).chain;
		for shard in 0..SHARDS {
			let shard = Status::<T>::get(shard);
			ensure!(shard.chain == chain, "the shards disagree on the chain's leases");
			Self::try_record(&shard.chain)?;
			for market in &shard.markets {
				Self::try_record(&market.record)?;
				let idle = market.record.leases.is_empty();
				ensure!(!idle || market.record.incident.is_none(), "an incident without leases");
				let band = market.band;
				ensure!(!band.low.is_zero() && band.low <= band.high, "a band without a price");
			}
		}
		let pauses = CallLeases::<T>::get();
		for (index, lease) in pauses.iter().enumerate() {
			ensure!(Some(lease.incident) == chain.incident, "a pause without its incident");
			ensure!(T::TxPause::is_paused(lease.name.clone()), "a lease on a call not paused");
			let again = pauses.iter().skip(index.saturating_add(1)).any(|l| l.name == lease.name);
			ensure!(!again, "a call under two leases");
		}
		let idle = chain.leases.is_empty() && pauses.is_empty();
		ensure!(!idle || chain.incident.is_none(), "the chain's incident without a cause");
		let spent = SpentTokens::<T>::get();
		for (index, token) in spent.iter().enumerate() {
			let again = spent.iter().skip(index.saturating_add(1)).any(|t| t.who == token.who);
			ensure!(!again, "a token spent twice");
		}
		for (_, window) in Windows::<T>::iter() {
			ensure!(window.index.is_sound() && window.traded.is_sound(), "a window is unsound");
			for run in [window.run, window.agitated] {
				let length = run.until.saturating_sub(run.since);
				ensure!(length <= crate::DETECTOR_RUN, "a detector's run is too long");
			}
			let volatility = window.volatility;
			ensure!(volatility.present() <= volatility.held(), "held volatility fell too fast");
		}
		ensure!(Detectors::<T>::iter().all(|(_, p)| p.is_valid()), "detector out of range");
		for (_, budget) in Budgets::<T>::iter() {
			let within = |purse| budget.used(purse) <= ALLOWANCE;
			ensure!(within(Purse::Restricted) && within(Purse::Halted), "budget overdrawn");
		}
		Ok(())
	}

	fn try_record(record: &Record) -> Result<(), sp_runtime::TryRuntimeError> {
		for lease in &record.leases {
			ensure!(lease.level > Level::Normal, "a lease that restricts nothing");
			ensure!(Some(lease.incident) == record.incident, "a lease without its incident");
			let length = lease.until.saturating_sub(lease.since);
			let running = matches!(lease.cause, Cause::Detector(crate::D1 | crate::D3));
			let bounded = !running || length <= crate::DETECTOR_RUN;
			ensure!(bounded, "a detector's lease is too long");
		}
		if let Some(stretch) = record.frozen {
			ensure!(stretch.since <= stretch.until, "a stretch that ends before it begins");
		}
		let settled = record.leases.iter().filter(|lease| lease.is_final());
		ensure!(settled.clone().all(|l| l.until == Millis::MAX), "a settlement that ends");
		ensure!(settled.count() <= 1, "a market is settled twice");
		let idle = record.leases.is_empty();
		ensure!(!idle || record.told == Level::Normal, "a level without leases");
		Ok(())
	}
}
