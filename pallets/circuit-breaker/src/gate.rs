//! The seams: what the other pallets ask and tell the breaker.

use crate::{
	state::Wanted,
	types::{locate, Lease, D13, DETECTOR_LEASE, SAFE_MODE_LEVEL},
	Config, Pallet, Status, Windows,
};
use breakwater_primitives::{
	Cause, Denied, Entry, Gate, GateView, IncidentLog, Level, MarketId, Observation, Observe,
	Restriction, Scope, Severity, Ticks,
};
use frame_support::traits::{Get, SafeModeNotify};

impl<T: Config> Gate for Pallet<T> {
	/// One read of [`Status`]. The tighter of the market's and the chain's leases that are live now
	/// sets the level; what is denied is what any of them denies.
	fn view(market: MarketId) -> GateView {
		let (shard, place) = locate(market).unwrap_or((0, usize::MAX));
		let now = Self::now();
		let stored = Status::<T>::get(shard);
		let own = stored.markets.get(place);
		let live =
			|| own.into_iter().flat_map(|m| m.record.live(now)).chain(stored.chain.live(now));
		let tightest = |a: &&Lease| (a.level, a.until);
		let lease = live().max_by_key(tightest);
		let level = lease.map_or(Level::Normal, |l| l.level);
		let denied = lease.map_or(Denied::default(), Lease::denied);
		let beneath = live().filter(|l| !denied.covers(l.denied()));
		GateView {
			level,
			denied: live().fold(Denied::default(), |all, l| all.union(l.denied())),
			band: own.map(|m| m.band).unwrap_or_default(),
			cause: lease.map(|l| l.cause),
			until: lease.map_or(0, |l| l.until),
			beneath: beneath.max_by_key(tightest).map(|l| Restriction {
				level: l.level,
				cause: Some(l.cause),
				until: l.until,
			}),
		}
	}
	fn chain() -> GateView {
		// No market has this number, which leaves the chain's own leases.
		Self::view(MarketId::MAX)
	}
}

impl<T: Config> Observe for Pallet<T> {
	fn observe(market: MarketId, observation: &Observation) {
		match *observation {
			Observation::Traded { low, high, .. } => Self::traded(market, low, high),
			Observation::Liquidated { notional } => {
				Self::note(market, &Entry::Liquidated { notional })
			},
			Observation::Covered { amount } => Self::note(market, &Entry::Covered { amount }),
			Observation::InvariantBroken => Self::quarantine(market),
			Observation::FactorPublished { price, gains, paid } => {
				Self::note(market, &Entry::Settled { price, gains, paid })
			},
			// The exchange has already cut the order at the band: that is D1's whole answer.
			Observation::BandReached { .. } => {},
		}
	}
	fn observe_chain(observation: &Observation) {
		if *observation == Observation::InvariantBroken {
			Self::hold_chain();
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Accepted trades narrow the band of the next price. Most trade inside what the current bucket
	/// has seen, and then nothing is written.
	fn traded(market: MarketId, low: Ticks, high: Ticks) {
		if locate(market).is_none() || low.is_zero() || low > high {
			return;
		}
		let mut window = Windows::<T>::get(market);
		if window.traded.push(Self::now(), low, high) {
			Windows::<T>::insert(market, window);
		}
	}

	/// Append to the market's incident while the market is restricted.
	fn note(market: MarketId, entry: &Entry) {
		let record = Self::record(Scope::Market(market));
		if let Some(lease) = record.governing(Self::now()) {
			T::Incidents::append(lease.incident, entry);
		}
	}

	/// D13: the sums of the chain disagree, and no market is to blame. Nobody opens but makers until
	/// people have looked; whoever holds the sums lets nobody withdraw. Renewed when half of it is over.
	fn hold_chain() {
		let (cause, now) = (Cause::Detector(D13), Self::now());
		let half = now.saturating_add(DETECTOR_LEASE / 2);
		let holds = |lease: &Lease| lease.cause == cause && lease.until > half;
		if Self::record(Scope::Chain).leases.iter().any(holds) {
			return;
		}
		Self::change(Scope::Chain, |record, now| {
			let until = now.saturating_add(DETECTOR_LEASE);
			let wanted =
				Wanted { severity: Severity::P1, ..Wanted::new(Level::ReduceOnly, cause, until) };
			if let Ok(lease) = Self::grant(Scope::Chain, record, now, &wanted, true) {
				Self::deposit_granted(Scope::Chain, &lease);
			}
		});
	}

	/// D13: a running total disagrees with the ledger. The market freezes, and only this market.
	fn quarantine(market: MarketId) {
		let scope = Scope::Market(market);
		if locate(market).is_none() || Self::record(scope).is_settled() {
			return;
		}
		Self::change(scope, |record, now| {
			let until = now.saturating_add(DETECTOR_LEASE);
			let wanted = Wanted {
				severity: Severity::P1,
				..Wanted::new(Level::Freeze, Cause::Detector(D13), until)
			};
			if let Ok(lease) = Self::grant(scope, record, now, &wanted, true) {
				Self::deposit_granted(scope, &lease);
			}
		});
	}
}

/// The safe mode filters calls, not hooks: mirrored into the chain's leases, so that stop orders and
/// auctions obey the same switch. Reducing and liquidating go on, or whoever has the deposit could
/// save himself from liquidation.
impl<T: Config> SafeModeNotify for Pallet<T> {
	fn entered() {
		Self::change(Scope::Chain, |record, now| {
			let until = now.saturating_add(T::SafeModeDuration::get());
			let wanted = Wanted::new(SAFE_MODE_LEVEL, Cause::SafeMode, until);
			if let Ok(lease) = Self::grant(Scope::Chain, record, now, &wanted, true) {
				Self::deposit_granted(Scope::Chain, &lease);
			}
		});
	}
	fn exited() {
		Self::change(Scope::Chain, |record, _| {
			record.leases.retain(|l| l.cause != Cause::SafeMode);
		});
	}
}
