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
