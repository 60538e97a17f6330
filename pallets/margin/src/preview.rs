//! What a liquidation would do, and what waits for one: computed by the ladder's own functions in a
//! session that is never written.

use crate::{
	ladder::{may_deleverage, Plan, LEGS},
	triggers::trees,
	types::MAX_POSITIONS,
	Accounts, Backlog, Config, House, Keys, Pallet,
};
use breakwater_math::{arithmetic::signed, liquidation};
use breakwater_primitives::{
	api::{BacklogStatus, LegPreview, LiquidationPreview},
	AccountRef, Fill, MarketId, OrderId, Ticks,
};
use frame_support::weights::WeightMeter;

/// Crossed triggers of a tree that are counted.
const COUNTED: u32 = 1_024;
/// Crossed triggers that are read at once.
const AT_ONCE: usize = 256;

impl<T: Config> Pallet<T> {
	/// As [`Self::preview_liquidation`], of an owner's account.
	pub fn liquidation_preview_of(
		owner: &T::AccountId,
		sub: u8,
		prices: &[(MarketId, Ticks)],
	) -> Option<LiquidationPreview> {
		Self::preview_liquidation(Keys::<T>::get((owner, sub))?.account, prices)
	}

	/// What a liquidation of an account would do now, with some markets at other prices. Of a bankrupt it is
	/// taken that the funds pay what it lacks.
	pub fn preview_liquidation(
		who: AccountRef,
		prices: &[(MarketId, Ticks)],
	) -> Option<LiquidationPreview> {
		if !Accounts::<T>::contains_key(who) {
			return None;
		}
		let mut house = House::<T>::new();
		let index = house.place(who).ok()?;
		let prices = prices.iter().filter(|(_, price)| !price.is_zero());
		for (market, price) in prices.take(MAX_POSITIONS as usize) {
			house.suppose(*market, *price);
		}
		house.settle_all_funding(index);
		let health = house.health_of(index);
		let mut preview = LiquidationPreview {
			equity: health.equity,
			maintenance_margin: health.maintenance,
			shortfall: 0,
			age: 0,
			deleverages: false,
			legs: Default::default(),
			equity_after: health.equity,
			maintenance_after: health.maintenance,
		};
		if health.liquidatable() {
			preview.age = house.age(index);
			preview.deleverages = may_deleverage(&health, preview.age);
			house.preview_legs(index, &mut preview);
		}
		Some(preview)
	}

	/// Triggers beyond the prices and indices of a market.
	pub fn backlog_status(market: MarketId) -> BacklogStatus {
		let counts = Self::crossing(market).into_iter().map(|(tree, at)| {
			let (mut trees, mut count, mut from) = (trees::<T>(), 0, None);
			loop {
				let mut meter = WeightMeter::new();
				let walk = Self::walk(&mut trees, tree, at, from, AT_ONCE, &mut meter);
				count = walk.len().saturating_add(count);
				from = walk.end();
				if from.is_none() || count >= COUNTED {
					return count.min(COUNTED);
				}
			}
		});
		let mut slots = [0; 4];
		slots.iter_mut().zip(counts).for_each(|(slot, count)| *slot = count);
		let [long_price, short_price, long_funding, short_funding] = slots;
		BacklogStatus {
			long_price,
			short_price,
			long_funding,
			short_funding,
			listed: Backlog::<T>::get() >> (market.0 % 64) & 1 == 1,
			accounts: Self::crossed_accounts(market),
		}
	}
}

impl<T: Config> House<T> {
	/// The positions that a liquidation would close, each after the one before it was closed at its limit.
	fn preview_legs(&mut self, index: usize, preview: &mut LiquidationPreview) {
		let legs = self.legs_to_close(index);
		if legs.is_empty() {
			return;
		}
		preview.shortfall = self.solvency_of(index).equity.min(0).unsigned_abs();
		self.credit(index, signed(preview.shortfall));
		let most = if self.health_of(index).equity > 0 { LEGS } else { legs.len() };
		for (seen, view) in &legs {
			if preview.legs.len() >= most {
				break;
			}
			let Some(plan) = self.plan(index, seen, view, preview.age) else { continue };
			if plan.lots.is_zero() {
				continue;
			}
			let leg = plan.seen.leg();
			let penalty = |price| {
				let notional = leg.terms.contract.notional(plan.lots, price);
				liquidation::penalty(&leg, plan.lots, notional, plan.bankruptcy)
			};
			preview.legs.push(LegPreview {
				market: plan.seen.position.market,
				held: leg.lots,
				lots: plan.lots,
				examined: leg.price,
				limit: plan.limit,
				bankruptcy: plan.bankruptcy,
				penalty: penalty(leg.price),
			});
			let due = penalty(plan.limit);
			self.close_in_mind(index, &plan);
			self.credit(index, signed(due).saturating_neg());
		}
		let after = self.health_of(index);
		(preview.equity_after, preview.maintenance_after) = (after.equity, after.maintenance);
	}

	/// Close a position at its limit in this session, with nobody on the other side.
	fn close_in_mind(&mut self, index: usize, plan: &Plan) {
		let who = self.accounts[index].who;
		let fill = Fill {
			market: plan.seen.position.market,
			taker: who,
			maker: who,
			maker_order: OrderId::default(),
			taker_side: plan.seen.closing(),
			price: plan.limit,
			lots: plan.lots,
			maker_reduce_only: true,
			maker_done: false,
		};
		self.trade(index, &plan.seen.terms, &fill, fill.taker_side, 0);
	}
}
