//! The step of the ladder between the book and the funds: the vault takes a position over.
//!
//! ```text
//!   due    equity < 2/3 of maintenance | more than ten blocks | the book has given what it may
//!   price  examined price less the discount, not beyond the bankruptcy price, never worse than examined
//!   size   what restores the account | half of the depth in a minute, a thousand units at the least
//!          | as much as may move by its maintenance rate within what is left of each budget
//!   nets   a position of the other side is always taken: it only makes the vault smaller
//! ```

use super::{
	budget::{Budgets, BUDGET_IN_ALL},
	VAULT,
};
use crate::{
	capacity::DEPTH_READ,
	checks::Seen,
	ladder::{step, takes},
	steps::Steps,
	types::{position_in, MAX_POSITIONS},
	Config, Event, House, Pallet, VaultMarkets,
};
use breakwater_math::{
	arithmetic::{mul_div_floor, signed},
	liquidation::{self, MIN_REST, RAMP_BLOCKS},
	Health, Leg, Ppm,
};
use breakwater_primitives::{
	Backstop, Balance, Fill, GateView, Lots, MarketId, Observation, Observe, OrderId, Ticks,
	Validity, VaultPolicy, VaultTerms,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::Get;
use scale_info::TypeInfo;

/// Why the vault may take a position, and why nobody has to wait for the book any longer.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum TakeReason {
	/// The account has less than two thirds of its maintenance margin.
	#[codec(index = 0)]
	Margin,
	/// It has waited for more than ten blocks.
	#[codec(index = 1)]
	Age,
	/// The book has given what it may give to liquidations for now.
	#[codec(index = 2)]
	Capacity,
}

impl TakeReason {
	/// Why `wanted` lots of `leg` are not left to the book, if they are not.
	fn of<T: Config>(
		health: &Health,
		leg: &Leg<'_>,
		market: MarketId,
		wanted: Lots,
		age: u32,
	) -> Option<Self> {
		let thirds = health.equity.saturating_mul(3);
		if thirds < signed(health.maintenance.saturating_mul(2)) {
			return Some(Self::Margin);
		}
		if age > RAMP_BLOCKS {
			return Some(Self::Age);
		}
		(Pallet::<T>::capacity(market, leg) < wanted).then_some(Self::Capacity)
	}
}

/// What the vault pays for a long, or gets for a short: the discount off the examined price, but never
/// beyond the bankruptcy price. `None` where that is worse for it than the examined price.
fn take_price(leg: &Leg<'_>, bankruptcy: Ticks, discount: Ppm) -> Option<Ticks> {
	let examined = u128::from(leg.price.0);
	let price = if leg.lots > 0 {
		let rest = Ppm::one().saturating_sub(discount).mul_ceil(examined);
		u32::try_from(rest).unwrap_or(u32::MAX).max(bankruptcy.0)
	} else {
		let more = discount.mul_floor(examined);
		leg.price.0.saturating_add(u32::try_from(more).unwrap_or(u32::MAX)).min(bankruptcy.0)
	};
	let worse = if leg.lots > 0 { price > leg.price.0 } else { price < leg.price.0 };
	(!worse && price > 0).then_some(Ticks(price))
}

/// How the vault stands towards a position that it may take.
struct Stand {
	/// Its place in the session.
	index: usize,
	/// The most lots that it takes now.
	room: Lots,
	budgets: Budgets,
}

impl<T: Config> House<T> {
	/// The vault's place in the session, if there is a vault that could lose something.
	fn vault(&mut self) -> Option<usize> {
		let index = self.place(VAULT).ok()?;
		let account = &self.accounts[index].account;
		(account.quote > 0 || account.holds_lots()).then_some(index)
	}

	/// Let the vault take as much of one position as restores the account, as far as the depth of the
	/// book and its own budgets go, and take the penalty. Returns whether it took anything.
	pub(crate) fn close_into_vault(
		&mut self,
		index: usize,
		seen: &Seen,
		view: &GateView,
		age: u32,
	) -> bool {
		let (health, seen) = (self.health_of(index), self.refresh(index, seen));
		let who = self.accounts[index].who;
		let taken = takes::<T>(Steps::VAULT);
		if !taken || who == VAULT || !health.liquidatable() || seen.position.lots == 0 {
			return false;
		}
		let (leg, market) = (seen.leg(), seen.position.market);
		self.work.looked = self.work.looked.saturating_add(2 * DEPTH_READ);
		self.work.taken = self.work.taken.saturating_add(1);
		// At lenient prices it would pay the better one of two of which one is wrong.
		let validity = seen.prices.validity_at(Pallet::<T>::now(), T::PriceAgeLimit::get());
		if validity != Validity::Valid {
			return false;
		}
		let wanted = step::<T>(&health, &leg, age);
		let Some(reason) = TakeReason::of::<T>(&health, &leg, market, wanted, age) else {
			return false;
		};
		let terms = T::VaultPolicy::terms(market);
		let bankruptcy = liquidation::bankruptcy_price(
			&leg,
			liquidation::equity_share(&self.solvency_of(index), &leg),
		);
		let Some(price) = take_price(&leg, bankruptcy, terms.discount) else { return false };
		let Some(stand) = self.vault_stand(&seen, &terms, wanted) else { return false };
		let lots = wanted.min(stand.room);
		if lots.is_zero() {
			return false;
		}
		self.hand_over(index, stand.index, &seen, lots, price);
		let notional = leg.terms.contract.notional(lots, price);
		VaultMarkets::<T>::mutate(market, |noted| noted.take(notional, Pallet::<T>::now()));
		let penalty = liquidation::penalty(&leg, lots, notional, bankruptcy);
		if penalty > 0 {
			self.credit(index, signed(penalty).saturating_neg());
			T::Insurance::penalty(market, penalty);
		}
		T::Observe::observe(market, &Observation::Liquidated { notional });
		Pallet::<T>::deposit_event(Event::VaultTook {
			account: who,
			market,
			lots: i64::try_from(lots.0).unwrap_or(i64::MAX) * leg.lots.signum(),
			price,
			examined: leg.price,
			bankruptcy,
			equity: health.equity,
			maintenance: health.maintenance,
			penalty,
			reason,
			level: view.level,
			budget_left: stand.budgets.left(),
			budget_left_in_all: stand.budgets.left_in_all(),
		});
		true
	}

	/// Whether the vault is out of the market of a position that it otherwise might take now, so that
	/// others take it at once: its budget is spent, or it has no place for another market.
	pub(crate) fn vault_is_out(&mut self, index: usize, seen: &Seen, age: u32) -> bool {
		let (health, who) = (self.health_of(index), self.accounts[index].who);
		let (leg, market) = (seen.leg(), seen.position.market);
		if who == VAULT || !takes::<T>(Steps::VAULT) {
			return false;
		}
		let wanted = step::<T>(&health, &leg, age);
		if TakeReason::of::<T>(&health, &leg, market, wanted, age).is_none() {
			return false;
		}
		let Some(vault) = self.vault() else { return false };
		!self.has_place(vault, market) || self.vault_budgets(vault, market).spent()
	}

	/// Whether the vault holds a position in the market or may hold another one.
	fn has_place(&self, vault: usize, market: MarketId) -> bool {
		let positions = &self.accounts[vault].account.positions;
		let known = positions.iter().any(|position| position.market == market);
		known || positions.len() < MAX_POSITIONS as usize
	}

	/// How much of a position the vault takes now. What nets with a position of its own it always
	/// takes. The rest must leave it able to bear a move by the maintenance rate, of the market and of
	/// all that it holds, within what is left of its budgets; and half of the book's depth is the most
	/// in a minute.
	fn vault_stand(&mut self, seen: &Seen, terms: &VaultTerms, wanted: Lots) -> Option<Stand> {
		let vault = self.vault()?;
		let (leg, market) = (seen.leg(), seen.position.market);
		let held = position_in(&self.accounts[vault].account.positions, market).lots;
		let budgets = self.vault_budgets(vault, market);
		let stand = |room| Some(Stand { index: vault, room, budgets });
		let nets = held.signum() == -leg.lots.signum();
		let netted = Lots(if nets { held.unsigned_abs() } else { 0 });
		if netted >= wanted || budgets.spent() || !self.has_place(vault, market) {
			return stand(netted);
		}
		let contract = leg.terms.contract;
		let per_lot = contract.notional(Lots(1), leg.price).max(1);
		let depth = Pallet::<T>::depth_for(market, &leg);
		let taken = VaultMarkets::<T>::get(market).taken_at(Pallet::<T>::now());
		let tranche = terms.tranche.mul_floor(depth).max(MIN_REST).saturating_sub(taken);
		// What it holds on the same side, in the market and in all, uses budgets up already.
		let held = Lots(if nets { 0 } else { held.unsigned_abs() });
		let at_most = contract.notional(held.saturating_add(wanted), leg.price);
		let rate = leg.terms.top_rate(at_most).max(Ppm(1));
		let bears = |left: Balance| mul_div_floor(left, 1_000_000, rate.0.into());
		let in_market = bears(budgets.left()).saturating_sub(contract.notional(held, leg.price));
		let used = self.health_of(vault).maintenance;
		let in_all = bears(budgets.left_in_all().saturating_sub(used));
		let room = tranche.min(in_market).min(in_all) / per_lot;
		stand(netted.saturating_add(Lots(u64::try_from(room).unwrap_or(u64::MAX))))
	}

	/// The vault takes `lots` of the position `seen` at `price`, without fees or premium: it is part of
	/// what they pay for.
	fn hand_over(&mut self, index: usize, vault: usize, seen: &Seen, lots: Lots, price: Ticks) {
		let market = seen.position.market;
		let fill = Fill {
			market,
			taker: self.accounts[index].who,
			maker: VAULT,
			maker_order: OrderId::default(),
			taker_side: seen.closing(),
			price,
			lots,
			maker_reduce_only: false,
			maker_done: false,
		};
		self.trade(index, &seen.terms, &fill, fill.taker_side, 0);
		self.trade(vault, &seen.terms, &fill, fill.taker_side.opposite(), 0);
		let fills = self.accounts[vault].fills.iter_mut();
		fills.filter(|filled| filled.market == market).for_each(|filled| filled.opened = 0);
	}
}

const _: () = assert!(BUDGET_IN_ALL.0 <= 100_000, "the vault keeps nine tenths of its worth free");

#[cfg(test)]
mod tests {
	use super::*;
	use crate::mock::btc_terms;
	use breakwater_math::Accrual;

	#[test]
	fn the_vault_never_pays_more_than_the_examined_price_nor_beyond_bankruptcy() {
		let terms = btc_terms();
		let funding = Accrual::default();
		let long = Leg { terms: &terms, lots: 5, cost: 0, funding, price: Ticks(100_000) };
		let at = |leg: &Leg<'_>, bankruptcy| take_price(leg, Ticks(bankruptcy), Ppm(5_000));
		assert_eq!(at(&long, 90_000), Some(Ticks(99_500)));
		assert_eq!(at(&long, 99_800), Some(Ticks(99_800)));
		assert_eq!(at(&long, 100_000), Some(Ticks(100_000)));
		assert_eq!(at(&long, 100_001), None);
		let short = Leg { lots: -5, ..long };
		assert_eq!(at(&short, 110_000), Some(Ticks(100_500)));
		assert_eq!(at(&short, 100_200), Some(Ticks(100_200)));
		assert_eq!(at(&short, 99_999), None);
		// Rounded against the vault.
		let odd = Leg { price: Ticks(99_999), ..long };
		assert_eq!(at(&odd, 1), Some(Ticks(99_500)));
	}
}
