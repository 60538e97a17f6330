//! Stop orders.

use super::*;
use frame_support::weights::WeightMeter;

/// An order of owner 1 that waits for the mark.
fn stop(when: Crossing, trigger: u32, order: PlaceOrder) -> DispatchResult {
	let stop = StopOrder { when, trigger: Ticks(trigger), order };
	dispatch(RuntimeOrigin::signed(1), Call::place_stop { sub: 0, stop })
}

fn below(trigger: u32, order: PlaceOrder) -> DispatchResult {
	stop(Crossing::AtOrBelow, trigger, order)
}

fn above(trigger: u32, order: PlaceOrder) -> DispatchResult {
	stop(Crossing::AtOrAbove, trigger, order)
}

/// A mark price, told as the price guard tells it.
fn mark(price: u32) {
	mark_with(price, &mut WeightMeter::new());
}

fn mark_with(price: u32, meter: &mut WeightMeter) {
	let mut told = Prices::default();
	set_prices(|prices| {
		prices.mark = Ticks(price);
		told = *prices;
	});
	Perpetuals::on_price(BTC, &told, meter);
}

fn waiting() -> Vec<u8> {
	Perpetuals::stop_orders(1, 0).into_iter().map(|waiting| waiting.slot).collect()
}

#[test]
fn a_stop_loss_closes_the_position_when_the_mark_falls_to_it() {
	ExtBuilder::default().build_and_execute(|| {
		open_long(10);
		assert_ok!(place(3, bid(980, 20)));
		mark(1_000);
		assert_ok!(below(985, reducing(market(Side::Ask, 970, 10))));
		let (account, slot) = (account(1, 0), 0);
		let (when, trigger) = (Crossing::AtOrBelow, Ticks(985));
		let placed = Event::StopPlaced { account, slot, market: BTC, when, trigger };
		assert_eq!(last_event(), placed);
		mark(986);
		assert_eq!((position(1), waiting()), (10, vec![0]));
		mark(985);
		assert_eq!((position(1), waiting()), (0, vec![]));
		assert!(events().contains(&Event::StopFired { account, slot, market: BTC }));
		assert_eq!(NearestStops::<Test>::iter().count(), 0);
		assert_eq!(StopPages::<Test>::iter().count() + StopWords::<Test>::iter().count(), 0);
	});
}

#[test]
fn a_take_profit_fires_when_the_mark_rises_and_may_rest() {
	ExtBuilder::default().build_and_execute(|| {
		open_long(10);
		mark(1_000);
		assert_ok!(above(1_050, reducing(ask(1_055, 10))));
		mark(1_049);
		assert_eq!(levels(Side::Ask), vec![]);
		mark(1_060);
		assert_eq!(levels(Side::Ask), vec![(1_055, 10)]);
	});
}

#[test]
fn the_stops_furthest_beyond_the_mark_fire_first() {
	ExtBuilder::default().build_and_execute(|| {
		mark(1_000);
		for (trigger, lots) in [(950, 5), (990, 6), (970, 7)] {
			assert_ok!(below(trigger, bid(900, lots)));
		}
		mark(960);
		let lots: Vec<_> = Perpetuals::open_orders(1, 0).iter().map(|o| o.lots.0).collect();
		assert_eq!((lots, waiting()), (vec![6, 7], vec![0]));
	});
}

#[test]
fn a_stop_whose_order_is_refused_is_gone_and_says_why() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(place(3, bid(990, 5)));
		mark(1_000);
		assert_ok!(below(990, reducing(market(Side::Ask, 980, 5))));
		assert_ok!(below(980, ask(980, 50)));
		mark(990);
		let (account, market) = (account(1, 0), BTC);
		let error = Error::<Test>::NothingToReduce.into();
		assert_eq!(last_event(), Event::StopFailed { account, slot: 0, market, error });
		// A refusal by the clearing house undoes the fills.
		House::change(account, |account| account.limit = 2);
		mark(970);
		// Events do not store the text of the mock's error.
		let error = sp_runtime::DispatchError::Other("");
		assert_eq!(last_event(), Event::StopFailed { account, slot: 1, market, error });
		assert_eq!((position(1), fills(), levels(Side::Bid)), (0, vec![], vec![(990, 5)]));
	});
}

#[test]
fn each_fault_of_a_stop_is_named() {
	ExtBuilder::default().build_and_execute(|| {
		mark(1_000);
		let elsewhere = PlaceOrder { market: MarketId(7), ..bid(990, 5) };
		assert_noop!(below(900, elsewhere), Error::<Test>::MarketNotFound);
		assert_noop!(below(0, bid(990, 5)), Error::<Test>::InvalidPrice);
		assert_noop!(below(900, bid(0, 5)), Error::<Test>::InvalidPrice);
		assert_noop!(below(900, bid(990, 0)), Error::<Test>::ZeroLots);
		assert_noop!(below(900, bid(990, 1_000_001)), Error::<Test>::AboveMaximum);
		assert_noop!(below(1_000, bid(990, 5)), Error::<Test>::StopReached);
		assert_noop!(above(1_000, bid(990, 5)), Error::<Test>::StopReached);
		let stop = StopOrder { when: Crossing::AtOrBelow, trigger: Ticks(9), order: bid(9, 9) };
		let strangers = Call::place_stop { sub: 0, stop };
		assert_noop!(dispatch(RuntimeOrigin::signed(9), strangers), UNKNOWN);
		for _ in 0..MAX_STOPS {
			assert_ok!(below(900, bid(990, 5)));
		}
		assert_noop!(below(900, bid(990, 5)), Error::<Test>::TooManyStops);
	});
}

#[test]
fn no_more_stops_wait_near_a_price_than_it_has_room_for() {
	ExtBuilder::default().build().execute_with(|| {
		use breakwater_core::{store::*, trigger::*};
		mark(1_000);
		// Every page on the path of the account is full.
		let full = Trigger { offset: 1, what: 0, account: AccountRef(u32::MAX), aux: 0 };
		let triggers: Vec<_> = (0..256u32).map(|aux| Trigger { aux, ..full }).collect();
		let page = TriggerPage { triggers: triggers.try_into().unwrap() };
		for chunk in 0..255 {
			let key = PageKey { market: BTC, kind: Kind::Falling, at: 900 / 256, chunk };
			StopPages::<Test>::insert(key, page.clone());
		}
		assert_noop!(below(900, bid(990, 5)), Error::<Test>::StopsFull);
	});
}

#[test]
fn stops_are_cancelled_one_by_one_or_all_at_any_level() {
	ExtBuilder::default().build_and_execute(|| {
		let cancel = |slot| dispatch(RuntimeOrigin::signed(1), Call::cancel_stop { sub: 0, slot });
		mark(1_000);
		for trigger in [900, 901, 902] {
			assert_ok!(below(trigger, bid(990, 5)));
		}
		assert_ok!(above(1_100, bid(990, 5)));
		Gates::level(BTC, Level::Freeze);
		assert_noop!(cancel(Some(4)), Error::<Test>::StopNotFound);
		assert_ok!(cancel(Some(2)));
		assert_eq!(last_event(), Event::StopCancelled { account: account(1, 0), slot: 2 });
		assert_eq!(NearestStops::<Test>::get(BTC).below, Some(Ticks(901)));
		assert_ok!(cancel(None));
		assert_ok!(cancel(None));
		assert_eq!((waiting(), StopPages::<Test>::iter().count()), (vec![], 0));
	});
}

#[test]
fn what_does_not_fit_the_meter_fires_at_the_start_of_the_next_block() {
	ExtBuilder::default().build_and_execute(|| {
		mark(1_000);
		for trigger in [990, 980] {
			assert_ok!(below(trigger, bid(900, 5)));
		}
		mark_with(970, &mut WeightMeter::with_limit(frame_support::weights::Weight::zero()));
		assert_eq!((waiting(), StopBacklog::<Test>::get()), (vec![0, 1], 1));
		next_block();
		assert_eq!((waiting(), StopBacklog::<Test>::get()), (vec![], 0));
		assert_eq!(levels(Side::Bid), vec![(900, 10)]);
	});
}

#[test]
fn stops_wait_while_the_market_is_halted_or_its_price_disputed() {
	ExtBuilder::default().build_and_execute(|| {
		mark(1_000);
		for trigger in [990, 500] {
			assert_ok!(below(trigger, bid(900, 5)));
		}
		Gates::level(BTC, Level::Freeze);
		mark(980);
		assert_eq!(waiting(), vec![0, 1]);
		Gates::level(BTC, Level::Normal);
		set_prices(|prices| prices.validity = Validity::Unconfirmed);
		next_block();
		assert_eq!(waiting(), vec![0, 1]);
		set_prices(|prices| prices.validity = Validity::Valid);
		next_block();
		assert_eq!(waiting(), vec![1]);
		// Had the price come back, the stop would still wait.
		Gates::level(BTC, Level::Freeze);
		mark(400);
		set_prices(|prices| prices.mark = Ticks(1_000));
		Gates::level(BTC, Level::Normal);
		next_block();
		assert_eq!((waiting(), StopBacklog::<Test>::get()), (vec![1], 0));
	});
}

mod model {
	use super::*;
	use proptest::prelude::*;

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(24))]

		/// Every stop fires at the first mark that reaches it, and at no other.
		#[test]
		fn stops_fire_as_a_list_of_them_would(
			stops in prop::collection::vec((prop::bool::ANY, 1u32..2_000), 1..16),
			marks in prop::collection::vec(1u32..2_000, 1..12),
		) {
			ExtBuilder::default().build_and_execute(|| {
				mark(1_000);
				let mut model = Vec::new();
				for (rising, trigger) in stops {
					let when = if rising { Crossing::AtOrAbove } else { Crossing::AtOrBelow };
					if stop(when, trigger, bid(10, 5)).is_ok() {
						model.push((when, trigger));
					}
				}
				for price in marks {
					mark(price);
					model.retain(|(when, trigger)| !when.reached(Ticks(*trigger), Ticks(price)));
					let left = Perpetuals::stop_orders(1, 0);
					let left: Vec<_> =
						left.iter().map(|w| (w.stop.when, w.stop.trigger.0)).collect();
					assert_eq!(left, model);
					Perpetuals::do_try_state().expect("invariants hold");
				}
			});
		}
	}
}

/// A stop loss of owner 3 that is refused when it fires: he holds nothing.
fn refused(n: u32) -> DispatchResult {
	let order = reducing(market(Side::Ask, 1, 5));
	let stop = StopOrder { when: Crossing::AtOrBelow, trigger: Ticks(950 - n % 16), order };
	let (owner, sub) = (3 + u64::from(n / 16 % 2), (n / 32) as u8 % 2);
	Perpetuals::place_stop(RuntimeOrigin::signed(owner), sub, stop).map(|_| ()).map_err(|e| e.error)
}

#[test]
fn stops_that_are_refused_do_not_hold_up_those_behind_them() {
	use frame_support::traits::Hooks;
	ExtBuilder::default().build_and_execute(|| {
		open_long(10);
		assert_ok!(place(2, bid(900, 20)));
		mark(1_000);
		for n in 0..60 {
			assert_ok!(refused(n));
		}
		assert_ok!(below(920, reducing(market(Side::Ask, 890, 10))));
		// The feed has no weight left for any.
		mark_with(900, &mut WeightMeter::with_limit(Default::default()));
		assert_eq!(position(1), 10);
		HookWeight::set(frame_support::weights::Weight::from_parts(250_000_000_000, u64::MAX));
		Perpetuals::on_poll(2, &mut WeightMeter::new());
		assert_eq!(position(1), 0);
	});
}

#[test]
fn a_stop_loss_closes_a_position_larger_than_the_largest_order() {
	let mut small = btc();
	small.max_lots = Lots(10);
	ExtBuilder { markets: vec![small] }.build_and_execute(|| {
		for _ in 0..3 {
			open_long_of(10);
		}
		for _ in 0..3 {
			assert_ok!(place(3, bid(980, 10)));
		}
		mark(1_000);
		assert_ok!(below(985, reducing(market(Side::Ask, 970, 30))));
		mark(985);
		assert_eq!(position(1), 0);
	});
}

fn open_long_of(lots: u64) {
	assert_ok!(place(2, ask(1_000, lots)));
	assert_ok!(place(1, bid(1_000, lots)));
}

#[test]
fn bounds_that_were_tightened_shut_no_exit() {
	ExtBuilder::default().build_and_execute(|| {
		open_long(30);
		assert_ok!(place(3, bid(990, 30)));
		let lots = Some(Lots(25));
		let tighten =
			Call::tighten_market { market: BTC, min_lots: lots, max_lots: lots, close: true };
		assert_ok!(dispatch(RuntimeOrigin::signed(1), tighten));
		// A part of it, and what is left, though the one is too small and the whole too large.
		assert_ok!(place(1, reducing(market(Side::Ask, 980, 3))));
		assert_ok!(place(1, reducing(market(Side::Ask, 980, 27))));
		assert_eq!(position(1), 0);
	});
}

#[test]
fn a_market_of_batches_takes_no_stop_that_could_not_fire() {
	ExtBuilder { markets: vec![NewMarket { mode: Mode::FrequentBatch, ..btc() }] }
		.build_and_execute(|| {
			mark(1_000);
			let order = market(Side::Ask, 970, 10);
			assert_noop!(below(985, order), Error::<Test>::MarketInAuction);
			assert_ok!(below(985, ask(970, 10)));
			next_block();
			mark(980);
			assert_eq!(levels(Side::Ask), vec![(970, 10)]);
		});
}

#[test]
fn an_account_with_stops_cannot_be_forgotten_and_its_switch_can() {
	ExtBuilder::default().build_and_execute(|| {
		mark(1_000);
		assert_ok!(below(985, ask(970, 10)));
		let set = Call::set_switch { sub: 0, blocks: 50 };
		assert_ok!(dispatch(RuntimeOrigin::signed(1), set));
		let who = account(1, 0);
		assert!(!<Perpetuals as Venue>::forget(who));
		assert!(Switches::<Test>::contains_key(who));
		assert_ok!(dispatch(RuntimeOrigin::signed(1), Call::cancel_stop { sub: 0, slot: None }));
		assert!(<Perpetuals as Venue>::forget(who));
		assert_eq!((Switches::<Test>::iter().count(), Lapsing::<Test>::iter().count()), (0, 0));
	});
}

#[test]
fn unused_weight_is_returned() {
	ExtBuilder::default().build_and_execute(|| {
		mark(1_000);
		let order =
			StopOrder { when: Crossing::AtOrBelow, trigger: Ticks(985), order: ask(970, 10) };
		let calls = [
			Call::place_stop { sub: 0, stop: order },
			Call::cancel_stop { sub: 0, slot: None },
			Call::set_switch { sub: 0, blocks: 9 },
		];
		for call in calls {
			let call = RuntimeCall::from(call);
			let declared = call.get_dispatch_info().call_weight;
			let info = call.clone().dispatch(RuntimeOrigin::signed(1)).expect("is accepted");
			let actual = info.actual_weight.expect("is returned");
			assert!(actual.all_lt(declared) || actual.ref_time() < declared.ref_time(), "{call:?}");
			assert!(actual.ref_time() > 20_000_000);
		}
	});
}

#[test]
fn markets_that_keep_the_auctions_busy_delay_no_stop_and_no_switch() {
	let batches = |symbol| NewMarket { mode: Mode::FrequentBatch, ..named(symbol) };
	let markets = vec![btc(), batches("A-PERP"), batches("B-PERP")];
	ExtBuilder { markets }.build_and_execute(|| {
		open_long(10);
		assert_ok!(place(3, bid(980, 20)));
		rest(4, bid(700, 5));
		assert_ok!(dispatch(RuntimeOrigin::signed(4), Call::set_switch { sub: 0, blocks: 2 }));
		mark(1_000);
		assert_ok!(below(985, reducing(market(Side::Ask, 970, 10))));
		for number in [1, 2] {
			let there = MarketId(number);
			// Both beyond the band: they cross, and never trade.
			Gates::band(there, 900, 1_100);
			assert_ok!(place(1, PlaceOrder { market: there, ..bid(1_300, 5) }));
			assert_ok!(place(2, PlaceOrder { market: there, ..ask(1_200, 5) }));
		}
		// Reads and writes weigh more here than in the runtime; each part fits the costliest of its kind.
		HookWeight::set(frame_support::weights::Weight::from_parts(400_000_000_000, u64::MAX));
		Perpetuals::check_parts();
		mark_with(980, &mut WeightMeter::with_limit(Default::default()));
		run_to(10);
		assert_eq!(position(1), 0);
		assert!(Perpetuals::open_orders(4, 0).is_empty());
		// Nothing was priced in vain.
		let phases = [1, 2].map(|number| Hot::<Test>::get(MarketId(number)).phase);
		assert_eq!(phases, [Phase::Continuous; 2]);
	});
}
