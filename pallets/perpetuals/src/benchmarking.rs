//! Benchmarks of the calls, and of what the hooks do.
//!
//! They measure logic, and the keys that are not counted otherwise: what [`crate::cost::Work`] counts
//! is left out by [`setup::count_apart`]. Where orders are many each is in a page of its own, as an
//! order costs most there.

use crate::{
	auction::{Drawing, MAX_EXTENSIONS},
	listing::MarketChange,
	order::{BatchAction, PlaceOrder, TimeInForce},
	stops::MAX_STOPS,
	switch::{bin_of, BIN_ACCOUNTS, BIN_BLOCKS, MAX_SWITCH_BLOCKS},
	types::{MarketTerms, Mode, Phase, Status, Tier},
	Call, Config, Draws, Hot, Lapsing, MarketCount, NearestStops, NextBin, Numbered, Pallet,
	Premiums, Settling, StopBacklog, Switches, Terms, WeightInfo,
};
use alloc::{boxed::Box, vec, vec::Vec};
use breakwater_core::trigger::BUCKET_TICKS as TRIGGER_TICKS;
use breakwater_primitives::{
	benchmarking::Scene, clearing::Fees, Clearing, GateView, Level, Lots, MarketId, Observation,
	Observe, OnPrice, Ppm, Prices, Session, Settlement, Side, SignedPpm, Ticks,
};
use frame_benchmarking::v2::*;
use frame_support::{pallet_prelude::Hooks, weights::WeightMeter, BoundedVec};
use frame_system::RawOrigin;
use setup::MARKET;

mod setup;

#[benchmarks]
mod benchmarks {
	use super::*;

	/// The last market that may be listed: its symbol is compared with those of all others.
	#[benchmark]
	fn create_market() -> Result<(), BenchmarkError> {
		T::Scene::markets(63);
		let new = setup::new_market::<T>();
		let origin = setup::origin::<_, T::ListOrigin>()?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, Box::new(new));

		assert_eq!(MarketCount::<T>::get(), 64);
		Ok(())
	}

	/// A limit order that rests in a page with many others, of an account with positions and orders.
	#[benchmark]
	fn place_resting() -> Result<(), BenchmarkError> {
		let price = setup::open::<T>();
		let who = setup::busy::<T>(price);
		setup::fill_other_side::<T>(price);
		let at = setup::pages_from(price, -2);
		setup::fill_page::<T>(at);
		let order = PlaceOrder { client: 7, ..setup::resting::<T>(Side::Bid, at) };
		let (before, origin) = (setup::open_orders::<T>(&who), RawOrigin::Signed(who.clone()));
		setup::count_apart::<T, _>(|| Pallet::<T>::place(origin.clone().into(), 0, order));

		#[extrinsic_call]
		place(origin, 0, order);

		assert_eq!(setup::open_orders::<T>(&who), before + 1);
		Ok(())
	}

	/// A taker who fills so many resting orders, each of another trader.
	#[benchmark]
	fn take(f: Linear<1, 32>) -> Result<(), BenchmarkError> {
		let price = setup::open::<T>();
		let who = setup::busy::<T>(price);
		for n in 1..=f {
			setup::rest::<T>(&T::Scene::trader(n), Side::Ask, setup::pages_from(price, n.into()));
		}
		let last = setup::pages_from(price, f.into());
		let mut order = setup::limit::<T>(Side::Bid, last, TimeInForce::ImmediateOrCancel);
		order.lots = Lots(order.lots.0 * u64::from(f));
		let (before, origin) = (Hot::<T>::get(MARKET).trades, RawOrigin::Signed(who));
		setup::count_apart::<T, _>(|| Pallet::<T>::place(origin.clone().into(), 0, order));

		#[extrinsic_call]
		place(origin, 0, order);

		assert_eq!(Hot::<T>::get(MARKET).trades, before + u64::from(f));
		Ok(())
	}

	/// A taker who meets nothing but so many orders that have expired.
	#[benchmark]
	fn remove(r: Linear<1, 32>) -> Result<(), BenchmarkError> {
		let price = setup::open::<T>();
		let who = setup::busy::<T>(price);
		let expiry = Pallet::<T>::seconds() + 1;
		for n in 1..=r {
			let at = setup::pages_from(price, n.into());
			let order = setup::limit::<T>(Side::Ask, at, TimeInForce::GoodTilTime(expiry));
			Pallet::<T>::place(RawOrigin::Signed(T::Scene::trader(n)).into(), 0, order)
				.map_err(|refused| refused.error)?;
		}
		T::Scene::pass(2_000);
		T::Scene::set_price(MARKET, price);
		let last = setup::pages_from(price, r.into());
		let order = setup::limit::<T>(Side::Bid, last, TimeInForce::ImmediateOrCancel);
		let origin = RawOrigin::Signed(who);
		setup::count_apart::<T, _>(|| Pallet::<T>::place(origin.clone().into(), 0, order));

		#[extrinsic_call]
		place(origin, 0, order);

		assert!((1..=r).all(|n| setup::open_orders::<T>(&T::Scene::trader(n)) == 0));
		Ok(())
	}

	/// The best order of a page with many others.
	#[benchmark]
	fn cancel() -> Result<(), BenchmarkError> {
		let price = setup::open::<T>();
		let who = setup::busy::<T>(price);
		let at = setup::pages_from(price, -2);
		setup::fill_page::<T>(at);
		let id = setup::rest::<T>(&who, Side::Bid, Ticks(at.0 + 1));
		let (before, origin) = (setup::open_orders::<T>(&who), RawOrigin::Signed(who.clone()));
		setup::count_apart::<T, _>(|| Pallet::<T>::cancel(origin.clone().into(), 0, id));

		#[extrinsic_call]
		_(origin, 0, id);

		assert_eq!(setup::open_orders::<T>(&who), before - 1);
		Ok(())
	}

	/// The same, by its owner's number for it.
	#[benchmark]
	fn cancel_client() -> Result<(), BenchmarkError> {
		let price = setup::open::<T>();
		let who = setup::busy::<T>(price);
		let at = setup::pages_from(price, -2);
		setup::fill_page::<T>(at);
		let order = PlaceOrder { client: 7, ..setup::resting::<T>(Side::Bid, Ticks(at.0 + 1)) };
		let origin = RawOrigin::Signed(who.clone());
		Pallet::<T>::place(origin.clone().into(), 0, order).map_err(|refused| refused.error)?;
		let before = setup::open_orders::<T>(&who);
		setup::count_apart::<T, _>(|| Pallet::<T>::cancel_client(origin.clone().into(), 0, 7));

		#[extrinsic_call]
		_(origin, 0, 7);

		assert_eq!(setup::open_orders::<T>(&who), before - 1);
		Ok(())
	}

	/// So many orders of one account.
	#[benchmark]
	fn cancel_all(n: Linear<1, 64>) -> Result<(), BenchmarkError> {
		let price = setup::open::<T>();
		let who = T::Scene::trader(0);
		for i in 1..=n {
			setup::rest::<T>(&who, Side::Bid, setup::pages_from(price, -i64::from(i)));
		}
		let origin = RawOrigin::Signed(who.clone());
		setup::count_apart::<T, _>(|| Pallet::<T>::cancel_all(origin.clone().into(), 0, None));

		#[extrinsic_call]
		_(origin, 0, None);

		assert_eq!(setup::open_orders::<T>(&who), 0);
		Ok(())
	}

	/// So many orders that rest, each in a page with many others.
	#[benchmark]
	fn batch(n: Linear<1, 32>) -> Result<(), BenchmarkError> {
		let price = setup::open::<T>();
		let who = setup::holder::<T>();
		setup::fill_other_side::<T>(price);
		let at = |i: u32| setup::pages_from(price, -i64::from(i));
		(1..=n).for_each(|i| setup::fill_page::<T>(at(i)));
		let place = |i| BatchAction::Place(setup::resting::<T>(Side::Bid, at(i)));
		let actions = BoundedVec::truncate_from((1..=n).map(place).collect());
		let (before, origin) = (setup::open_orders::<T>(&who), RawOrigin::Signed(who.clone()));
		setup::count_apart::<T, _>(|| {
			Pallet::<T>::batch(origin.clone().into(), 0, actions.clone())
		});

		#[extrinsic_call]
		_(origin, 0, actions);

		assert_eq!(setup::open_orders::<T>(&who), before + n);
		Ok(())
	}

	/// An order that is put in the place of another, from one full page into the next.
	#[benchmark]
	fn replace() -> Result<(), BenchmarkError> {
		let price = setup::open::<T>();
		let who = setup::busy::<T>(price);
		setup::fill_other_side::<T>(price);
		let (from, into) = (setup::pages_from(price, -2), setup::pages_from(price, -3));
		[from, into].into_iter().for_each(setup::fill_page::<T>);
		let id = setup::rest::<T>(&who, Side::Bid, from);
		let order = setup::resting::<T>(Side::Bid, into);
		let actions = BoundedVec::truncate_from(vec![BatchAction::Replace { id, order }]);
		let (before, origin) = (setup::open_orders::<T>(&who), RawOrigin::Signed(who.clone()));
		setup::count_apart::<T, _>(|| {
			Pallet::<T>::batch(origin.clone().into(), 0, actions.clone())
		});

		#[extrinsic_call]
		batch(origin, 0, actions);

		assert_eq!(setup::open_orders::<T>(&who), before);
		let orders = Pallet::<T>::open_orders(who, 0);
		assert!(orders.iter().all(|order| order.id != id));
		Ok(())
	}

	/// An account that moves from a later bin into the last of so many, all as full as they can be.
	#[benchmark]
	fn set_switch(b: Linear<1, 9>) -> Result<(), BenchmarkError> {
		let caller = T::Scene::trader(0);
		let (who, origin) = (setup::account::<T>(&caller), RawOrigin::Signed(caller));
		let later = bin_of(Pallet::<T>::block() + MAX_SWITCH_BLOCKS);
		Lapsing::<T>::insert(later, setup::waiting(BIN_ACCOUNTS - 1));
		Pallet::<T>::set_switch(origin.clone().into(), 0, MAX_SWITCH_BLOCKS)
			.map_err(|refused| refused.error)?;
		let first = bin_of(Pallet::<T>::block() + 8);
		let last = first + b - 1;
		(first..last).for_each(|bin| Lapsing::<T>::insert(bin, setup::waiting(BIN_ACCOUNTS)));
		Lapsing::<T>::insert(last, setup::waiting(BIN_ACCOUNTS - 1));

		#[extrinsic_call]
		_(origin, 0, 8);

		assert_eq!(Switches::<T>::get(who).map(|switch| switch.bin), Some(last));
		assert_eq!(Lapsing::<T>::get(later).len() as u32, BIN_ACCOUNTS - 1);
		Ok(())
	}

	/// An account that stays in its bin.
	#[benchmark]
	fn renew_switch() -> Result<(), BenchmarkError> {
		let caller = T::Scene::trader(0);
		let (who, origin) = (setup::account::<T>(&caller), RawOrigin::Signed(caller));
		Pallet::<T>::set_switch(origin.clone().into(), 0, 8).map_err(|refused| refused.error)?;

		#[extrinsic_call]
		set_switch(origin, 0, 800);

		let lapses = Switches::<T>::get(who).and_then(|switch| switch.lapses);
		assert_eq!(lapses, Some(Pallet::<T>::block() + 800));
		Ok(())
	}

	/// The last stop that an account may have.
	#[benchmark]
	fn place_stop() -> Result<(), BenchmarkError> {
		let price = setup::open::<T>();
		let who = T::Scene::trader(0);
		let order = setup::resting::<T>(Side::Ask, price);
		let at = |n: u32| setup::stop(Ticks(price.0 - n * TRIGGER_TICKS), order);
		(2..=MAX_STOPS).for_each(|n| setup::place_stop::<T>(&who, at(n)));
		let (stop, origin) = (at(1), RawOrigin::Signed(who.clone()));
		setup::count_apart::<T, _>(|| Pallet::<T>::place_stop(origin.clone().into(), 0, stop));

		#[extrinsic_call]
		_(origin, 0, stop);

		assert_eq!(Pallet::<T>::stop_orders(who, 0).len() as u32, MAX_STOPS);
		Ok(())
	}

	/// So many stops, each of which is the nearest when its turn comes.
	#[benchmark]
	fn cancel_stop(s: Linear<1, 16>) -> Result<(), BenchmarkError> {
		let price = setup::open::<T>();
		let who = T::Scene::trader(0);
		let order = setup::resting::<T>(Side::Ask, price);
		for n in 1..=s {
			let trigger = Ticks(price.0 - n * TRIGGER_TICKS);
			setup::place_stop::<T>(&who, setup::stop(trigger, order));
		}
		let origin = RawOrigin::Signed(who.clone());
		setup::count_apart::<T, _>(|| Pallet::<T>::cancel_stop(origin.clone().into(), 0, None));

		#[extrinsic_call]
		_(origin, 0, None);

		assert!(Pallet::<T>::stop_orders(who, 0).is_empty());
		Ok(())
	}

	#[benchmark]
	fn tighten_market() -> Result<(), BenchmarkError> {
		setup::all_tiers::<T>();
		let least = Lots(setup::lots::<T>().0 + 1);
		let origin = setup::origin::<_, T::TightenOrigin>()?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, MARKET, Some(least), None, true);

		assert!(Terms::<T>::get(MARKET).is_some_and(|terms| terms.status == Status::Closing));
		Ok(())
	}

	#[benchmark]
	fn loosen_market() -> Result<(), BenchmarkError> {
		let least = setup::lots::<T>();
		setup::all_tiers::<T>();
		Pallet::<T>::do_tighten(MARKET, Some(Lots(least.0 + 1)), None, true)?;
		let origin = setup::origin::<_, T::ListOrigin>()?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, MARKET, Some(least), None, true);

		assert!(Terms::<T>::get(MARKET).is_some_and(|terms| terms.status == Status::Open));
		Ok(())
	}

	/// Everything at once, and the last batch trades first.
	#[benchmark]
	fn change_market() -> Result<(), BenchmarkError> {
		let mode = Some(Mode::FrequentBatch);
		Pallet::<T>::do_change(MARKET, MarketChange { mode, ..Default::default() })?;
		let change = MarketChange {
			fees: Some(Fees { taker: Ppm(500), maker: SignedPpm(100) }),
			tiers: Some(setup::tiers()),
			mode: Some(Mode::Continuous),
			tier: Some(Tier::C),
		};
		let origin = setup::origin::<_, T::ListOrigin>()?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, MARKET, change);

		assert!(matches!(Hot::<T>::get(MARKET).phase, Phase::Closing { .. }));
		Ok(())
	}

	/// What every block costs with so many markets besides the first: the hooks, which find nothing to
	/// do, and the items that the orders of a block share.
	#[benchmark]
	fn block(m: Linear<1, 63>) -> Result<(), BenchmarkError> {
		let price = setup::open::<T>();
		T::Scene::markets(m as u16 + 1);
		setup::no_premium_is_due::<T>();
		NextBin::<T>::put(Pallet::<T>::block() / BIN_BLOCKS + 1);
		let number = frame_system::Pallet::<T>::block_number();
		let traded = Observation::Traded { low: price, high: price, notional: 1 };

		#[block]
		{
			Pallet::<T>::on_initialize(number);
			Pallet::<T>::on_poll(number, &mut WeightMeter::new());
			Numbered::<T>::put(1);
			for market in (1..=m as u16).map(MarketId) {
				assert!(Terms::<T>::contains_key(market));
				Terms::<T>::get(market);
				Hot::<T>::mutate(market, |hot| hot.trades += 1);
				T::Observe::observe(market, &traded);
			}
			Pallet::<T>::on_finalize(number);
		}

		assert!((1..=m as u16).all(|market| Hot::<T>::get(MarketId(market)).trades == 1));
		Ok(())
	}

	/// A market whose clip takes as many orders of both sides as are looked at, when its funding moves
	/// and its rate is made anew.
	#[benchmark]
	fn sample_premium() -> Result<(), BenchmarkError> {
		let price = setup::open::<T>();
		let now = setup::premium_is_due::<T>(price);

		#[block]
		{
			Pallet::<T>::sample_premiums(&mut WeightMeter::new());
		}

		let state = Premiums::<T>::get(MARKET);
		assert!(state.looked_at == now && state.impact.is_some());
		assert!(state.samples == 0 && state.minute < 59_999 && state.hour < 3_599_999);
		Ok(())
	}

	/// A bin in which nobody waits.
	#[benchmark]
	fn empty_bin() -> Result<(), BenchmarkError> {
		let due = Pallet::<T>::block() / BIN_BLOCKS;
		NextBin::<T>::put(due);

		#[block]
		{
			Pallet::<T>::lapse_switches(&mut WeightMeter::new());
		}

		assert_eq!(NextBin::<T>::get(), due + 1);
		Ok(())
	}

	/// An account with so many orders that did not renew its switch.
	#[benchmark]
	fn lapse_switch(n: Linear<0, 64>) -> Result<(), BenchmarkError> {
		let price = setup::open::<T>();
		let caller = T::Scene::trader(0);
		let who = setup::account::<T>(&caller);
		for i in 1..=n {
			setup::rest::<T>(&caller, Side::Bid, setup::pages_from(price, -i64::from(i)));
		}
		setup::bin_comes_up::<T>(who, Pallet::<T>::block());
		setup::count_apart::<T, _>(|| Pallet::<T>::lapse_switches(&mut WeightMeter::new()));

		#[block]
		{
			Pallet::<T>::lapse_switches(&mut WeightMeter::new());
		}

		assert!(!Switches::<T>::contains_key(who));
		assert_eq!(setup::open_orders::<T>(&caller), 0);
		Ok(())
	}

	/// An account that did renew, and finds room in the last of so many bins.
	#[benchmark]
	fn move_switch(b: Linear<1, 73>) -> Result<(), BenchmarkError> {
		let who = setup::account::<T>(&T::Scene::trader(0));
		let lapses = Pallet::<T>::block() + MAX_SWITCH_BLOCKS;
		let (due, own) = (setup::bin_comes_up::<T>(who, lapses), bin_of(lapses));
		let looked: Vec<_> = (own..own + 9).chain(due + 1..due + 65).take(b as usize).collect();
		let room = looked[b as usize - 1];
		looked.iter().for_each(|bin| Lapsing::<T>::insert(bin, setup::waiting(BIN_ACCOUNTS)));
		Lapsing::<T>::insert(room, setup::waiting(BIN_ACCOUNTS - 1));

		#[block]
		{
			Pallet::<T>::lapse_switches(&mut WeightMeter::new());
		}

		assert_eq!(Switches::<T>::get(who).map(|switch| switch.bin), Some(room));
		Ok(())
	}

	/// An auction that enters its last phase.
	#[benchmark]
	fn look_at_auction() -> Result<(), BenchmarkError> {
		setup::open::<T>();
		Pallet::<T>::set_phase(MARKET, Phase::Collecting { until: 0, extensions: 1 });
		Pallet::<T>::watch(MARKET, true);
		// Enough to look at it, and not to tell its price.
		let mut meter = WeightMeter::with_limit(T::WeightInfo::look_at_auction());

		#[block]
		{
			Pallet::<T>::run_auctions(&mut meter);
		}

		assert!(matches!(Hot::<T>::get(MARKET).phase, Phase::Closing { .. }));
		Ok(())
	}

	/// So many orders, all of which cross.
	#[benchmark]
	fn find_price(n: Linear<1, 512>) -> Result<(), BenchmarkError> {
		let price = setup::open::<T>();
		let lots = setup::lots::<T>();
		let (bids, asks) = (n.div_ceil(2), n / 2);
		setup::crowd::<T>(bids, Side::Bid, lots, |i| setup::pages_from(price, 1 + i64::from(i)));
		setup::crowd::<T>(asks, Side::Ask, lots, |i| setup::pages_from(price, -1 - i64::from(i)));
		Pallet::<T>::set_phase(MARKET, Phase::Closing { blocks: 9, extensions: MAX_EXTENSIONS });
		Pallet::<T>::watch(MARKET, true);
		let terms = MarketTerms { mode: Mode::FrequentBatch, ..setup::terms::<T>() };
		let whole = (Ticks(1), Ticks::MAX);
		assert_eq!(Pallet::<T>::price_of(MARKET, whole, 2_000).1, n);
		let mut meter = WeightMeter::new();

		#[block]
		{
			Pallet::<T>::price_auction(MARKET, &terms, MAX_EXTENSIONS, &mut meter);
		}

		assert!(matches!(Hot::<T>::get(MARKET).phase, Phase::Uncrossing { .. }));
		Ok(())
	}

	/// So many pairs of one step, with a draw.
	#[benchmark]
	fn uncross(n: Linear<1, 8>) -> Result<(), BenchmarkError> {
		let price = setup::open::<T>();
		T::Scene::restrict(MARKET, Level::Auction);
		for i in 1..=n {
			let (bid, ask) = (T::Scene::trader(2 * i), T::Scene::trader(2 * i + 1));
			setup::rest::<T>(&bid, Side::Bid, setup::pages_from(price, i.into()));
			setup::rest::<T>(&ask, Side::Ask, setup::pages_from(price, -i64::from(i)));
		}
		Draws::<T>::insert(MARKET, Drawing { seed: [7; 32], turns: Default::default() });
		let terms = setup::terms::<T>();
		let view = GateView::default();
		let step = || Pallet::<T>::uncross_or_skip(MARKET, &terms, price, &view);
		setup::count_apart::<T, _>(|| step());
		let done;

		#[block]
		{
			done = step();
		}

		assert_eq!(done.map(|(step, _)| u32::from(step.fills)), Ok(n));
		Ok(())
	}

	/// A price that reaches no stop.
	#[benchmark]
	fn pass_stops() -> Result<(), BenchmarkError> {
		setup::open::<T>();
		setup::unreached::<T>();
		let prices = T::Clearing::session().prices(MARKET);
		let mut meter = WeightMeter::new();

		#[block]
		{
			<Pallet<T> as OnPrice>::on_price(MARKET, &prices, &mut meter);
		}

		assert_eq!(meter.consumed(), T::WeightInfo::pass_stops());
		Ok(())
	}

	/// A market noted for its stops, none of which is reached any more.
	#[benchmark]
	fn look_at_stops() -> Result<(), BenchmarkError> {
		setup::open::<T>();
		setup::unreached::<T>();
		Pallet::<T>::note_stops(MARKET, true);

		#[block]
		{
			Pallet::<T>::fire_backlog(&mut WeightMeter::new());
		}

		assert_eq!(StopBacklog::<T>::get(), 0);
		Ok(())
	}

	/// A stop whose order is refused at once: what an order costs comes on top.
	#[benchmark]
	fn fire_stop() -> Result<(), BenchmarkError> {
		let price = setup::open::<T>();
		let who = T::Scene::trader(0);
		let order = PlaceOrder { reduce_only: true, ..setup::resting::<T>(Side::Ask, price) };
		let at = |n: u32| setup::stop(Ticks(price.0 - n * TRIGGER_TICKS), order);
		(1..=MAX_STOPS).for_each(|n| setup::place_stop::<T>(&who, at(n)));
		let mark = Ticks(price.0 - TRIGGER_TICKS);
		let prices = Prices { mark, ..T::Clearing::session().prices(MARKET) };
		let fire = || <Pallet<T> as OnPrice>::on_price(MARKET, &prices, &mut WeightMeter::new());
		setup::count_apart::<T, _>(fire);

		#[block]
		{
			fire();
		}

		assert_eq!(Pallet::<T>::stop_orders(who, 0).len() as u32, MAX_STOPS - 1);
		Ok(())
	}

	/// A bucket of so many pages, or one more: those behind full ones are full but for one trigger.
	#[benchmark]
	fn renew_nearest(p: Linear<1, 255>) -> Result<(), BenchmarkError> {
		let highest = setup::stop_pages::<T>(p);

		#[block]
		{
			Pallet::<T>::renew_nearest(MARKET);
		}

		assert_eq!(NearestStops::<T>::get(MARKET).below, Some(highest));
		Ok(())
	}

	/// A market that is cleared, and not yet paid out.
	#[benchmark]
	fn look_at_settled() -> Result<(), BenchmarkError> {
		setup::open::<T>();
		<Pallet<T> as Settlement>::begin(MARKET)?;
		Pallet::<T>::note_stops(MARKET, true);
		Pallet::<T>::set_phase(MARKET, Phase::Closing { blocks: 0, extensions: 0 });

		#[block]
		{
			Pallet::<T>::clear_settled(&mut WeightMeter::new());
		}

		assert_eq!((Settling::<T>::get(), StopBacklog::<T>::get()), (1, 0));
		assert_eq!(Hot::<T>::get(MARKET).phase, Phase::Continuous);
		Ok(())
	}

	/// So many orders of one step, each of another trader.
	#[benchmark]
	fn clear_orders(n: Linear<1, 16>) -> Result<(), BenchmarkError> {
		let price = setup::open::<T>();
		for i in 1..=n {
			let at = setup::pages_from(price, -i64::from(i));
			setup::rest::<T>(&T::Scene::trader(i), Side::Bid, at);
		}
		<Pallet<T> as Settlement>::begin(MARKET)?;
		let mut meter = WeightMeter::new();
		setup::count_apart::<T, _>(|| Pallet::<T>::clear_book(MARKET, &mut WeightMeter::new()));

		#[block]
		{
			Pallet::<T>::clear_book(MARKET, &mut meter);
		}

		assert_eq!(Hot::<T>::get(MARKET).bid, None);
		assert!((1..=n).all(|i| setup::open_orders::<T>(&T::Scene::trader(i)) == 0));
		Ok(())
	}

	/// So many stops of one step, each of another trader.
	#[benchmark]
	fn clear_stops(n: Linear<1, 6>) -> Result<(), BenchmarkError> {
		let price = setup::open::<T>();
		let order = setup::resting::<T>(Side::Ask, price);
		for i in 1..=n {
			let trigger = Ticks(price.0 - i * TRIGGER_TICKS);
			setup::place_stop::<T>(&T::Scene::trader(i), setup::stop(trigger, order));
		}
		<Pallet<T> as Settlement>::begin(MARKET)?;
		setup::count_apart::<T, _>(|| Pallet::<T>::clear_stops(MARKET, &mut WeightMeter::new()));

		#[block]
		{
			Pallet::<T>::clear_stops(MARKET, &mut WeightMeter::new());
		}

		assert!((1..=n).all(|i| Pallet::<T>::stop_orders(T::Scene::trader(i), 0).is_empty()));
		Ok(())
	}

	/// A market of which nothing is left.
	#[benchmark]
	fn close_market() -> Result<(), BenchmarkError> {
		setup::open::<T>();
		setup::no_premium_is_due::<T>();
		<Pallet<T> as Settlement>::begin(MARKET)?;

		#[block]
		{
			Pallet::<T>::close_market(MARKET);
		}

		assert!(Terms::<T>::get(MARKET).is_some_and(|terms| terms.status == Status::Closed));
		assert_eq!(Settling::<T>::get(), 0);
		Ok(())
	}
}
