//! Benchmarks of the calls and of the pieces of the hook. What those do who are told is measured by
//! themselves.

use super::*;
use crate::{average::Hour, cost::FEEDERS, pallet::Feed};
use breakwater_primitives::{
	benchmarking::Scene, Level, Lots, MarketId, Millis, Side, Ticks, Validity,
};
use cost::Spared;
use frame_benchmarking::{
	benchmarking::{add_to_whitelist, remove_from_whitelist},
	v2::*,
};
use frame_support::{
	storage::storage_prefix,
	traits::{EnsureOrigin, Hooks, PalletInfoAccess, SortedMembers, Time},
	weights::WeightMeter,
};
use frame_system::RawOrigin;
use pallet_oracle::{CombineData, RawValues, TimestampedValue};

type Members<T> = <T as pallet_oracle::Config>::Members;
type SceneOf<T> = <T as Config>::Scene;

/// The market of benchmarks of one market.
const MARKET: MarketId = MarketId(0);
/// Markets that one account has orders in.
const PER_TRADER: u16 = 16;

/// The feeders, as many as the weights are made for.
fn feeders<T: Config>() -> Result<alloc::vec::Vec<T::AccountId>, BenchmarkError> {
	let feeders = Members::<T>::sorted_members();
	if feeders.len() != FEEDERS as usize {
		return Err(BenchmarkError::Stop("the preset has another number of feeders"));
	}
	Ok(feeders)
}

/// The first `n` markets, each with `price` of its own.
fn prices<T: Config>(n: u32, price: impl Fn(Ticks) -> Ticks) -> Feed {
	let markets = (0..n as u16).map(MarketId);
	Feed::truncate_from(markets.map(|m| (m, price(SceneOf::<T>::price(m)))).collect())
}

/// A twelfth more: further than an index may move at once.
fn jumped(price: Ticks) -> Ticks {
	Ticks(price.0 + price.0 / 12)
}

/// The keys of a market's guard are warm in no benchmark, whatever the runtime says: a feed changes
/// them, and is charged for it once per block.
fn count_guards<T: Config>(n: u32) {
	for market in (0..n as u16).map(MarketId) {
		remove_from_whitelist(Guards::<T>::hashed_key_for(market));
	}
}

/// Go to the last second of a minute.
fn end_of_minute<T: Config>() {
	const MINUTE: Millis = 60_000;
	let second = Pallet::<T>::now() % MINUTE;
	SceneOf::<T>::pass(2 * MINUTE - 1_000 - second);
}

/// Every feeder reports the first `n` markets at their prices, in a block of its own.
fn report_all<T: Config>(n: u32) -> Result<(), BenchmarkError> {
	for feeder in feeders::<T>()? {
		Pallet::<T>::feed(RawOrigin::Signed(feeder).into(), prices::<T>(n, |price| price))
			.map_err(|failed| failed.error)?;
	}
	let block = frame_system::Pallet::<T>::block_number();
	<pallet_oracle::Pallet<T> as Hooks<_>>::on_finalize(block);
	Ok(())
}

/// An order on each side of a market's book, for the mark to look at.
fn quote<T: Config>(market: MarketId) {
	let (at, group) = (SceneOf::<T>::price(market), u32::from(market.0 / PER_TRADER));
	let orders = [(Side::Bid, Ticks(at.0 - at.0 / 100)), (Side::Ask, Ticks(at.0 + at.0 / 100))];
	for (place, (side, price)) in (0..).zip(orders) {
		let who = SceneOf::<T>::trader(2 * group + place);
		SceneOf::<T>::rest(&who, market, side, price, Lots(1));
	}
}

/// The first `n` markets have Valid prices of the end of a minute, books, and a restriction that makes
/// the price of a settlement to be held.
fn markets<T: Config>(n: u32) -> Result<(), BenchmarkError> {
	SceneOf::<T>::markets(n as u16);
	(0..n as u16).for_each(|market| quote::<T>(MarketId(market)));
	end_of_minute::<T>();
	report_all::<T>(n)?;
	for market in (0..n as u16).map(MarketId) {
		assert_eq!(Guards::<T>::get(market).prices.validity, Validity::Valid);
		SceneOf::<T>::restrict(market, Level::Guarded);
	}
	count_guards::<T>(n);
	Ok(())
}

#[benchmarks]
mod benchmarks {
	use super::*;

	/// The first feed of a block, that makes the index of every market jump, with a minute over and
	/// the price of a settlement to hold. Those who are told are not asked.
	#[benchmark]
	fn feed(n: Linear<1, 64>) -> Result<(), BenchmarkError> {
		markets::<T>(n)?;
		let feeders = feeders::<T>()?;
		let (who, others) = feeders.split_first().ok_or("no feeders")?;
		let timestamp = <T as pallet_oracle::Config>::Time::now();
		let told = prices::<T>(n, jumped);
		for (market, value) in told.iter().copied() {
			for other in others {
				RawValues::<T>::insert(other, market, TimestampedValue { value, timestamp });
			}
		}
		SceneOf::<T>::pass(2_000);
		// Who has fed in this block is cleared at its end, which pallet-oracle charges to the block.
		let oracle = <pallet_oracle::Pallet<T> as PalletInfoAccess>::name();
		let fed = storage_prefix(oracle.as_bytes(), b"HasDispatched");
		add_to_whitelist(fed.to_vec().into());
		let who = who.clone();

		#[block]
		{
			let mut spared = Spared::default();
			Pallet::<T>::report(who, &told)?;
			for (market, _) in &told {
				Pallet::<T>::refresh(*market, &mut spared);
			}
		}

		for (market, price) in told {
			let guard = Guards::<T>::get(market);
			assert_eq!(guard.prices.validity, Validity::Unconfirmed);
			assert_eq!(guard.pending.map(|pending| pending.price), Some(price));
			assert!(guard.held.is_some());
			assert!(Averages::<T>::get(market) != Hour::default());
		}
		Ok(())
	}

	/// Combine the reports of a market by `f` feeders.
	#[benchmark]
	fn reports(f: Linear<4, 32>) -> Result<(), BenchmarkError> {
		SceneOf::<T>::set_price(MARKET, SceneOf::<T>::price(MARKET));
		let known = Members::<T>::count() as u32;
		(known..f).for_each(|n| Members::<T>::add(&account("feeder", n, 0)));
		let feeders = Members::<T>::sorted_members();
		assert_eq!(feeders.len() as u32, f);
		let timestamp = <T as pallet_oracle::Config>::Time::now();
		for (n, feeder) in (0..).zip(feeders) {
			// In no order, as sorting them takes its time.
			let value = Ticks(SceneOf::<T>::price(MARKET).0 + 7 * n % 32);
			RawValues::<T>::insert(feeder, MARKET, TimestampedValue { value, timestamp });
		}
		let combined;

		#[block]
		{
			let values = pallet_oracle::Pallet::<T>::read_raw_values(&MARKET);
			combined = T::CombineData::combine_data(&MARKET, values, None);
		}

		assert!(combined.is_some());
		assert_eq!(u32::from(Guards::<T>::get(MARKET).round.reports), f);
		Ok(())
	}

	#[benchmark]
	fn set_params() -> Result<(), BenchmarkError> {
		let origin =
			T::LoosenOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let params = GuardParams { age_limit: 5_000, ..GuardParams::TIER_A };

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, MARKET, params);

		assert_eq!(Params::<T>::get(MARKET), params);
		Ok(())
	}

	/// What every block does: here with one glance, at a market that has reports.
	#[benchmark]
	fn listen() -> Result<(), BenchmarkError> {
		markets::<T>(1)?;
		Watched::<T>::put(Watch { priced: u64::MAX, last: 63 });
		// With more markets than a block glances at every block changes it.
		remove_from_whitelist(Watched::<T>::hashed_key().to_vec());
		let needed =
			<T as Config>::WeightInfo::listen().saturating_add(<T as Config>::WeightInfo::glance());
		let mut meter = WeightMeter::with_limit(needed);

		#[block]
		{
			Pallet::<T>::listen(&mut meter);
		}

		assert_eq!(Watched::<T>::get().last, 0);
		Ok(())
	}

	/// A glance at a market that has reports.
	#[benchmark]
	fn glance() -> Result<(), BenchmarkError> {
		markets::<T>(1)?;
		let silent;

		#[block]
		{
			silent = Pallet::<T>::is_silent(MARKET);
		}

		assert!(!silent);
		Ok(())
	}

	/// A look at a market that has just fallen silent, with a minute over and the price of a settlement
	/// to hold.
	#[benchmark]
	fn look() -> Result<(), BenchmarkError> {
		markets::<T>(1)?;
		SceneOf::<T>::pass(GuardParams::TIER_A.age_limit + 1_000);
		assert!(Pallet::<T>::is_silent(MARKET));
		let told;

		#[block]
		{
			told = Pallet::<T>::look(MARKET);
		}

		assert_eq!(told.map(|prices| prices.validity), Some(Validity::Stale));
		assert!(Guards::<T>::get(MARKET).held.is_some());
		assert!(Averages::<T>::get(MARKET) != Hour::default());
		Ok(())
	}
}
