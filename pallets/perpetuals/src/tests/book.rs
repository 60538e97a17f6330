//! Random orders against a model that knows nothing but the events.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The books as the events tell them: what is left of each resting order.
#[derive(Default)]
struct Model(BTreeMap<OrderId, (AccountRef, Lots)>);

impl Model {
	fn apply(&mut self, event: &Event<Test>) {
		match event {
			Event::OrderPlaced { id, account, lots, .. } => {
				assert!(self.0.insert(*id, (*account, *lots)).is_none());
			},
			Event::Filled { maker_order, maker, lots, price, .. } => {
				assert_eq!((*price, self.0[maker_order].0), (maker_order.tick(), *maker));
				self.lower(*maker_order, *lots);
			},
			Event::AuctionFilled { price, lots, bid, buyer, ask, seller, .. } => {
				assert!(bid.tick() >= *price && ask.tick() <= *price);
				assert_eq!((self.0[bid].0, self.0[ask].0), (*buyer, *seller));
				self.lower(*bid, *lots);
				self.lower(*ask, *lots);
			},
			Event::OrderReduced { id, account, lots } => {
				let order = self.0.get_mut(id).expect("it rests");
				assert!(order.0 == *account && order.1 > *lots && !lots.is_zero());
				order.1 = *lots;
			},
			Event::OrderRemoved { id, lots, .. } | Event::OrderCancelled { id, lots, .. } => {
				self.lower(*id, *lots);
				assert!(!self.0.contains_key(id), "nothing is left of it");
			},
			_ => {},
		}
	}

	fn lower(&mut self, id: OrderId, lots: Lots) {
		let left = self.0[&id].1.checked_sub(lots).expect("so much was there");
		if left.is_zero() {
			self.0.remove(&id);
		} else {
			self.0.entry(id).and_modify(|order| order.1 = left);
		}
	}

	fn levels(&self, side: Side) -> Vec<(u32, u64)> {
		let mut levels = BTreeMap::<u32, u64>::new();
		for (id, (_, lots)) in self.0.iter().filter(|(id, _)| id.side() == side) {
			*levels.entry(id.tick().0).or_default() += lots.0;
		}
		let ascending = levels.into_iter();
		if side == Side::Bid {
			ascending.rev().collect()
		} else {
			ascending.collect()
		}
	}
}

#[derive(Clone, Debug)]
enum Act {
	Place { owner: u64, sub: u8, order: PlaceOrder },
	Cancel { owner: u64, nth: usize },
	CancelAll { owner: u64 },
	Replace { owner: u64, nth: usize, shrink: u64, order: PlaceOrder },
	CancelClient { owner: u64, client: u64 },
	Stop { owner: u64, stop: StopOrder },
	Switch { owner: u64, blocks: u32 },
	Mark { price: u32 },
	Level { level: Level },
	Band { low: u32, high: u32 },
	Blocks { blocks: u64 },
	Wait { seconds: u64 },
	Limit { owner: u64, limit: u64 },
}

fn order() -> impl Strategy<Value = PlaceOrder> {
	let kind = prop_oneof![
		4 => Just(TimeInForce::GoodTilCancelled),
		2 => (1_001u32..1_020).prop_map(TimeInForce::GoodTilTime),
		1 => Just(TimeInForce::PostOnly),
		1 => Just(TimeInForce::PostOnlySlide),
		1 => Just(TimeInForce::ImmediateOrCancel),
		1 => Just(TimeInForce::FillOrKill),
	];
	let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
	let mode = prop_oneof![
		Just(SelfTrade::CancelResting),
		Just(SelfTrade::CancelTaker),
		Just(SelfTrade::CancelBoth),
		Just(SelfTrade::Decrement),
	];
	let what = (side, 1_000u32..1_040, 2u64..12, kind, prop::bool::weighted(0.2));
	(what, mode, 0u64..4, 0u8..4).prop_map(
		|((side, price, lots, kind, reduce_only), self_trade, client, max_fills)| PlaceOrder {
			reduce_only,
			self_trade,
			client,
			max_fills,
			..limit(side, price, lots, kind)
		},
	)
}

fn act() -> impl Strategy<Value = Act> {
	prop_oneof![
		12 => (1u64..5, 0u8..2, order())
			.prop_map(|(owner, sub, order)| Act::Place { owner, sub, order }),
		3 => (1u64..5, 0usize..64).prop_map(|(owner, nth)| Act::Cancel { owner, nth }),
		1 => (1u64..5).prop_map(|owner| Act::CancelAll { owner }),
		2 => (1u64..5, 0usize..64, 0u64..4, order())
			.prop_map(|(owner, nth, shrink, order)| Act::Replace { owner, nth, shrink, order }),
		1 => (1u64..5, 1u64..4).prop_map(|(owner, client)| Act::CancelClient { owner, client }),
		1 => (1u64..5, prop::bool::ANY, 1_000u32..1_040, order()).prop_map(
			|(owner, rising, trigger, order)| {
				let when = if rising { Crossing::AtOrAbove } else { Crossing::AtOrBelow };
				Act::Stop { owner, stop: StopOrder { when, trigger: Ticks(trigger), order } }
			}
		),
		1 => (1u64..5, 0u32..20).prop_map(|(owner, blocks)| Act::Switch { owner, blocks }),
		1 => (1_000u32..1_040).prop_map(|price| Act::Mark { price }),
		1 => prop_oneof![2 => Just(Level::Normal), 2 => Just(Level::Auction), 1 => Just(Level::Freeze)]
			.prop_map(|level| Act::Level { level }),
		1 => (1_000u32..1_030, 1_010u32..1_040).prop_map(|(low, high)| Act::Band { low, high }),
		2 => (1u64..12).prop_map(|blocks| Act::Blocks { blocks }),
		1 => (1u64..4).prop_map(|seconds| Act::Wait { seconds }),
		1 => (1u64..5, 0u64..40).prop_map(|(owner, limit)| Act::Limit { owner, limit }),
	]
}

fn perform(act: &Act) -> bool {
	let signed = |owner: &u64| RuntimeOrigin::signed(*owner);
	match act {
		Act::Place { owner, sub, order } => {
			dispatch(signed(owner), Call::place { sub: *sub, order: *order }).is_ok()
		},
		Act::Cancel { owner, nth } => {
			let orders = Perpetuals::open_orders(*owner, 0);
			orders
				.get(*nth)
				.is_none_or(|order| Perpetuals::cancel(signed(owner), 0, order.id).is_ok())
		},
		Act::Replace { owner, nth, shrink, order } => {
			let orders = Perpetuals::open_orders(*owner, 0);
			let Some(open) = orders.get(*nth) else { return true };
			let less = PlaceOrder {
				client: open.client,
				reduce_only: open.reduce_only,
				lots: Lots(open.lots.0.saturating_sub(1)),
				..limit(open.id.side(), open.id.tick().0, 0, TimeInForce::GoodTilCancelled)
			};
			let order = if *shrink > 0 { less } else { *order };
			let actions = vec![BatchAction::Replace { id: open.id, order }];
			dispatch(
				signed(owner),
				Call::batch { sub: 0, actions: actions.try_into().expect("one") },
			)
			.is_ok()
		},
		Act::CancelClient { owner, client } => {
			dispatch(signed(owner), Call::cancel_client { sub: 0, client: *client }).is_ok()
		},
		Act::Stop { owner, stop } => {
			dispatch(signed(owner), Call::place_stop { sub: 0, stop: *stop }).is_ok()
		},
		Act::Switch { owner, blocks } => {
			dispatch(signed(owner), Call::set_switch { sub: 0, blocks: *blocks }).is_ok()
		},
		Act::Mark { price } => {
			let mut told = Prices::default();
			set_prices(|prices| {
				prices.mark = Ticks(*price);
				told = *prices;
			});
			let mut meter = frame_support::weights::WeightMeter::new();
			Perpetuals::on_price(BTC, &told, &mut meter);
			true
		},
		Act::Level { level } => {
			Gates::level(BTC, *level);
			true
		},
		Act::Band { low, high } => {
			Gates::band(BTC, *low, *high.max(low));
			true
		},
		Act::Blocks { blocks } => {
			run_to(System::block_number() + blocks);
			true
		},
		Act::CancelAll { owner } => Perpetuals::cancel_all(signed(owner), 0, None).is_ok(),
		Act::Wait { seconds } => {
			use frame_support::traits::UnixTime;
			Clock::set(Clock::now().as_secs() + seconds);
			set_prices(|prices| prices.at += seconds * 1_000);
			true
		},
		Act::Limit { owner, limit } => {
			House::change(account(*owner, 0), |account| account.limit = *limit);
			true
		},
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(32))]

	#[test]
	fn the_books_can_be_rebuilt_from_the_events(
		acts in prop::collection::vec(act(), 1..80),
		mode in prop_oneof![3 => Just(Mode::Continuous), 1 => Just(Mode::FrequentBatch)],
	) {
		let markets = vec![NewMarket { mode, ..btc() }, named("ETH-PERP")];
		ExtBuilder { markets }.build_and_execute(|| {
			let mut model = Model::default();
			let mut seen = 0;
			for act in &acts {
				let root = sp_io::storage::root(Default::default());
				if !perform(act) {
					assert_eq!(root, sp_io::storage::root(Default::default()), "{act:?}");
				}
				let events = events();
				events[seen..].iter().for_each(|event| model.apply(event));
				seen = events.len();
				for side in [Side::Bid, Side::Ask] {
					assert_eq!(model.levels(side), levels(side), "after {act:?}");
				}
				check();
			}
			assert_eq!(model.0, House::orders());
		});
	}
}
