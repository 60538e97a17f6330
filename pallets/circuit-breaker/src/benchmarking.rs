//! Benchmarks of the calls, of the hook and of what a price sets off.

use super::*;
use breakwater_primitives::{
	benchmarking::Scene, Auctions, Cause, Gate, Level, MarketId, Millis, OnPrice, Ppm, Prices,
	Scope, Ticks, Validity, MARKETS_PER_SHARD,
};
use frame_benchmarking::{benchmarking::remove_from_whitelist, v2::*};
use frame_support::{
	traits::{EnsureOrigin, Get, GetCallMetadata},
	weights::WeightMeter,
	BoundedVec,
};
use frame_system::RawOrigin;

const MARKET: MarketId = MarketId(0);
const SCOPE: Scope = Scope::Market(MARKET);
const MINUTE: Millis = types::MINUTE;

fn committee<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::RestrictOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

fn timelock<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::LoosenOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

/// Five leases that run for a day more, of whoever can set one.
fn leases<T: Config>(incident: u32) -> BoundedVec<Lease, frame_support::traits::ConstU32<5>> {
	let since = Pallet::<T>::now();
	let until = since + 24 * HOUR;
	let causes = [Cause::Observers, Cause::Member, Cause::Council, Cause::Anyone];
	let causes = causes.into_iter().chain([Cause::Committee(3)]);
	let level = Level::ReduceOnly;
	BoundedVec::truncate_from(
		causes
			.map(|cause| Lease { level, cause, since, until, incident, extended: false })
			.collect(),
	)
}

/// The chain and all markets but the one that is measured hold as many leases as they may: the shards
/// are as long as they get.
fn fill_shards<T: Config>() {
	let full = Record {
		leases: leases::<T>(0),
		incident: Some(0),
		told: Level::ReduceOnly,
		frozen: Some(Stretch { since: 0, until: 0 }),
	};
	for shard in 0..SHARDS {
		Status::<T>::mutate(shard, |stored| {
			stored.chain = full.clone();
			for (place, market) in stored.markets.iter_mut().enumerate() {
				if u16::from(shard) * MARKETS_PER_SHARD + place as u16 != MARKET.0 {
					market.record = full.clone();
				}
			}
		});
	}
}

/// The market has a price, and the shards are full.
fn scene<T: Config>() {
	T::Scene::set_price(MARKET, T::Scene::price(MARKET));
	fill_shards::<T>();
}

/// Pause `count` calls, the first that can be, each for a moment.
fn pause<T: Config>(count: u32) -> Result<(), BenchmarkError> {
	for (pallet, call) in calls::<T>() {
		if CallLeases::<T>::decode_len().unwrap_or(0) as u32 == count {
			break;
		}
		// Those that can never be paused are passed over.
		let _ = Pallet::<T>::pause_call(committee::<T>()?, pallet, call, SHORTEST_LEASE);
	}
	assert_eq!(CallLeases::<T>::decode_len().unwrap_or(0) as u32, count);
	Ok(())
}

/// All calls by name, those with the longest names first.
fn calls<T: Config>() -> alloc::vec::Vec<CallName> {
	let name = |text: &str| Name::truncate_from(text.as_bytes().to_vec());
	let mut calls = alloc::vec::Vec::new();
	for pallet in T::Calls::get_module_names() {
		let names = T::Calls::get_call_names(pallet);
		calls.extend(names.iter().map(|call| (name(pallet), name(call))));
	}
	calls.sort_by_key(|(pallet, call)| core::cmp::Reverse(pallet.len() + call.len()));
	calls
}

/// A call that can be paused, and is not.
fn another_call<T: Config>() -> Result<CallName, BenchmarkError> {
	use frame_support::traits::TransactionPause;
	let free = |name: &CallName| T::TxPause::can_pause(name.clone());
	Ok(calls::<T>().into_iter().find(free).ok_or("no call can be paused")?)
}

fn valid<T: Config>(index: Ticks) -> Prices {
	Prices {
		index,
		mark: index,
		stable: index,
		long: index,
		short: index,
		validity: Validity::Valid,
		at: Pallet::<T>::now(),
		age_limit: 10_000,
	}
}

fn tell<T: Config>(index: Ticks) {
	Pallet::<T>::on_price(MARKET, &valid::<T>(index), &mut WeightMeter::new());
}

/// The window of a market is warm in no benchmark of a price, whatever the runtime says: the first price
/// of a block that it does not know changes it, and is charged for that.
fn count_window<T: Config>() {
	remove_from_whitelist(Windows::<T>::hashed_key_for(MARKET));
}

/// Begin the next minute.
fn next_minute<T: Config>() {
	T::Scene::pass(MINUTE - Pallet::<T>::now() % MINUTE);
}

/// `price` less so many hundredths.
fn less(price: Ticks, hundredths: u32) -> Ticks {
	Ticks(price.0 - price.0 / 100 * hundredths)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	/// A market that was not restricted, with an incident to open and an auction to begin.
	#[benchmark]
	fn restrict() -> Result<(), BenchmarkError> {
		scene::<T>();
		let origin = committee::<T>()?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, SCOPE, Level::Auction, HOUR);

		let record = Pallet::<T>::record(SCOPE);
		assert_eq!(record.leases.first().map(|lease| lease.level), Some(Level::Auction));
		assert!(record.incident.is_some());
		Ok(())
	}

	/// An auction that goes on, and tells so.
	#[benchmark]
	fn extend() -> Result<(), BenchmarkError> {
		scene::<T>();
		Pallet::<T>::restrict(committee::<T>()?, SCOPE, Level::Auction, HOUR)?;
		let origin = committee::<T>()?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, SCOPE, Level::Auction, HOUR);

		assert!(Pallet::<T>::record(SCOPE).leases.iter().any(|lease| lease.extended));
		Ok(())
	}

	/// Five restrictions at once, with an auction to end and an incident to close.
	#[benchmark]
	fn lift() -> Result<(), BenchmarkError> {
		scene::<T>();
		Pallet::<T>::restrict(committee::<T>()?, SCOPE, Level::Auction, HOUR)?;
		Status::<T>::mutate(0, |stored| {
			if let Some(market) = stored.markets.get_mut(MARKET.0 as usize) {
				let others = leases::<T>(market.record.incident.unwrap_or_default());
				for lease in others.into_iter().take(4) {
					let _ = market.record.leases.try_push(lease);
				}
			}
		});
		assert_eq!(Pallet::<T>::record(SCOPE).leases.len(), 5);
		let origin = timelock::<T>()?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, SCOPE);

		let record = Pallet::<T>::record(SCOPE);
		assert!(record.leases.is_empty() && record.incident.is_none());
		Ok(())
	}

	#[benchmark]
	fn set_detectors() -> Result<(), BenchmarkError> {
		let (origin, params) = (timelock::<T>()?, DetectorParams::TIER_B);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, MARKET, params);

		assert_eq!(Detectors::<T>::get(MARKET), params);
		Ok(())
	}

	/// With `p` other pauses that are over, and, where there are, an incident to close and the next to
	/// open.
	#[benchmark]
	fn pause_call(p: Linear<0, 16>) -> Result<(), BenchmarkError> {
		pause::<T>(p)?;
		let (pallet, call) = another_call::<T>()?;
		T::Scene::pass(SHORTEST_LEASE);
		assert_eq!(Pallet::<T>::expired(), p);
		let origin = committee::<T>()?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, pallet, call, HOUR);

		assert_eq!(CallLeases::<T>::get().len(), 1);
		assert_eq!(Pallet::<T>::expired(), 0);
		Ok(())
	}

	/// With `p` other pauses that are over.
	#[benchmark]
	fn resume_call(p: Linear<0, 15>) -> Result<(), BenchmarkError> {
		// The clock has to run before the lease that is to be live.
		T::Scene::pass(0);
		pause::<T>(p)?;
		let (pallet, call) = another_call::<T>()?;
		Pallet::<T>::pause_call(committee::<T>()?, pallet.clone(), call.clone(), HOUR)
			.map_err(|failed| failed.error)?;
		T::Scene::pass(SHORTEST_LEASE);
		assert_eq!(Pallet::<T>::expired(), p);
		let origin = timelock::<T>()?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, pallet, call);

		assert!(!CallLeases::<T>::exists());
		assert!(Pallet::<T>::record(Scope::Chain).incident.is_none());
		Ok(())
	}

	/// With as many tokens spent as may be.
	#[benchmark]
	fn rearm() -> Result<(), BenchmarkError> {
		let most = <MaxSpentTokens as Get<u32>>::get();
		let members = (0..most).map(|n| account::<T::AccountId>("member", n, 0));
		let tokens = members.map(|who| SpentToken { who, at: 1 }).collect();
		SpentTokens::<T>::put(BoundedVec::truncate_from(tokens));
		let who = account::<T::AccountId>("member", most - 1, 0);
		let origin =
			T::RearmOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, who);

		assert_eq!(SpentTokens::<T>::get().len() as u32, most - 1);
		Ok(())
	}

	/// Let `m` markets collect orders.
	#[benchmark]
	fn collect(m: Linear<1, 64>) -> Result<(), BenchmarkError> {
		T::Scene::markets(m as u16);
		let until = Pallet::<T>::now() + HOUR;
		let before = frame_system::Pallet::<T>::event_count();

		#[block]
		{
			T::Auctions::collect(Scope::Chain, until);
		}

		assert_eq!(frame_system::Pallet::<T>::event_count() - before, m);
		Ok(())
	}

	/// A market that was not restricted.
	#[benchmark]
	fn settle() -> Result<(), BenchmarkError> {
		scene::<T>();
		let origin =
			T::SettleOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, MARKET);

		assert!(Pallet::<T>::record(SCOPE).is_settled());
		Ok(())
	}

	/// A market that is frozen, with an incident, as it must be.
	#[benchmark]
	fn settle_frozen() -> Result<(), BenchmarkError> {
		scene::<T>();
		Pallet::<T>::restrict(committee::<T>()?, SCOPE, Level::Freeze, HOUR)?;
		let now = Pallet::<T>::now();
		Status::<T>::mutate(0, |stored| {
			if let Some(market) = stored.markets.get_mut(MARKET.0 as usize) {
				let stretch = Stretch { since: now - SETTLE_AFTER, until: now + HOUR };
				market.record.frozen = Some(stretch);
			}
		});
		let caller = whitelisted_caller();

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), MARKET);

		assert!(Pallet::<T>::record(SCOPE).is_settled());
		Ok(())
	}

	/// As many calls are paused as may be, and none is over.
	#[benchmark]
	fn look_at_pauses() -> Result<(), BenchmarkError> {
		pause::<T>(MAX_PAUSES)?;

		#[block]
		{
			Pallet::<T>::tidy_pauses(&mut WeightMeter::new());
		}

		assert_eq!(CallLeases::<T>::get().len() as u32, MAX_PAUSES);
		Ok(())
	}

	/// `p` pauses are over, and the incident with them.
	#[benchmark]
	fn tidy_pauses(p: Linear<1, 16>) -> Result<(), BenchmarkError> {
		pause::<T>(p)?;
		T::Scene::pass(SHORTEST_LEASE);
		assert_eq!(Pallet::<T>::expired(), p);

		#[block]
		{
			Pallet::<T>::resume_expired();
		}

		assert!(!CallLeases::<T>::exists());
		assert!(Pallet::<T>::record(Scope::Chain).incident.is_none());
		Ok(())
	}

	/// A price that moves the band and completes a minute, and restricts nothing.
	#[benchmark]
	fn on_price() -> Result<(), BenchmarkError> {
		scene::<T>();
		let price = T::Scene::price(MARKET);
		tell::<T>(price);
		next_minute::<T>();
		count_window::<T>();
		let told = valid::<T>(less(price, 1));
		let before = (Pallet::<T>::view(MARKET).band, Windows::<T>::get(MARKET));

		#[block]
		{
			Pallet::<T>::on_price(MARKET, &told, &mut WeightMeter::new());
		}

		let window = Windows::<T>::get(MARKET);
		assert!(before.0 != Pallet::<T>::view(MARKET).band && before.1 != window);
		assert!(Pallet::<T>::record(SCOPE).leases.is_empty());
		Ok(())
	}

	/// A price with which both detectors restrict at both of their levels, when a restriction of the
	/// chain is over.
	#[benchmark]
	fn trip() -> Result<(), BenchmarkError> {
		scene::<T>();
		let price = T::Scene::price(MARKET);
		for shard in 0..SHARDS {
			Status::<T>::mutate(shard, |stored| stored.chain = Record::default());
		}
		next_minute::<T>();
		tell::<T>(price);
		tell::<T>(less(price, 2));
		// Both restrict now, at whatever moves.
		let params = DetectorParams {
			fast_band: Ppm(1_000),
			slow_band: Ppm(1_000),
			watch_at: Ppm(1),
			guard_at: Ppm(1),
			..DetectorParams::TIER_A
		};
		Detectors::<T>::insert(MARKET, params);
		let scope = Scope::Chain;
		Pallet::<T>::restrict(committee::<T>()?, scope, Level::ReduceOnly, SHORTEST_LEASE)?;
		next_minute::<T>();
		count_window::<T>();
		let told = valid::<T>(less(price, 10));
		assert!(Pallet::<T>::record(SCOPE).leases.is_empty());
		assert!(Pallet::<T>::record(Scope::Chain).incident.is_some());

		#[block]
		{
			Pallet::<T>::on_price(MARKET, &told, &mut WeightMeter::new());
		}

		let record = Pallet::<T>::record(SCOPE);
		assert_eq!((record.leases.len(), record.told), (4, Level::ReduceOnly));
		assert!(record.incident.is_some());
		assert!(Pallet::<T>::record(Scope::Chain).incident.is_none());
		Ok(())
	}
}
