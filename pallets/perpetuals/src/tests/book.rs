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
	Wait { seconds: u64 },
	Limit { owner: u64, limit: u64 },
}

fn order() -> impl Strategy<Value = PlaceOrder> {
	let kind = prop_oneof![
		4 => Just(TimeInForce::GoodTilCancelled),
		2 => (1_001u32..1_020).prop_map(TimeInForce::GoodTilTime),
		1 => Just(TimeInForce::PostOnly),
		1 => Just(TimeInForce::ImmediateOrCancel),
		1 => Just(TimeInForce::FillOrKill),
	];
	let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
	(side, 1_000u32..1_040, 2u64..12, kind, prop::bool::weighted(0.2)).prop_map(
		|(side, price, lots, kind, reduce_only)| PlaceOrder {
			reduce_only,
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
		1 => (1u64..4).prop_map(|seconds| Act::Wait { seconds }),
		1 => (1u64..5, 0u64..40).prop_map(|(owner, limit)| Act::Limit { owner, limit }),
	]
}

fn perform(act: &Act) -> bool {
	use frame_support::storage::with_storage_layer;
	let signed = |owner: &u64| RuntimeOrigin::signed(*owner);
	match act {
		Act::Place { owner, sub, order } => with_storage_layer(|| {
			Perpetuals::place(signed(owner), *sub, *order).map_err(|error| error.error)
		})
		.is_ok(),
		Act::Cancel { owner, nth } => {
			let orders = Perpetuals::open_orders(*owner, 0);
			orders
				.get(*nth)
				.is_none_or(|order| Perpetuals::cancel(signed(owner), 0, order.id).is_ok())
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
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn the_books_can_be_rebuilt_from_the_events(acts in prop::collection::vec(act(), 1..80)) {
		ExtBuilder::default().build_and_execute(|| {
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
