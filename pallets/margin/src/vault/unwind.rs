//! What the vault took over is unwound by code: a few positions in each block, offered at the mark,
//! never more than a tenth of the book's depth at once. It waits for those who want to trade there, and
//! for accounts of the other side that it may take over. Where its budget is spent it does not wait:
//! what it holds is closed against those who gained most from it, at the examined price, so that neither
//! side gives the other anything.

use super::VAULT;
use crate::{
	capacity::DEPTH_READ,
	checks::Seen,
	cost::{self, Work},
	ladder::may_liquidate,
	types::position_in,
	Accounts, Config, Event, House, Pallet, VaultState, WeightInfo,
};
use alloc::vec::Vec;
use breakwater_math::liquidation::MIN_REST;
use breakwater_primitives::{Action, Gate, Lots, MarketId, Ppm, Validity, Venue, MAX_MARKETS};
use frame_support::{storage::with_storage_layer, traits::Get, weights::WeightMeter};
use sp_runtime::DispatchError;

/// Positions looked at in a block.
const VISITS: usize = 4;
/// How often those on the other side are asked in a visit to a market that the vault leaves.
const PASSES: u8 = 4;
/// The most that is offered at once, of the book's depth within 2 %.
const OFFERED: Ppm = Ppm(100_000);

impl<T: Config> Pallet<T> {
	/// Go on with unwinding, as far as `meter` lasts.
	pub(crate) fn unwind_vault(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::vault()).is_err() {
			return;
		}
		let Some(account) = Accounts::<T>::get(VAULT) else { return };
		let held = account.positions.iter().map(|position| position.market);
		// An order may be left where the position is gone.
		let offered = account.orders.iter().map(|order| order.id.market());
		let mut markets: Vec<MarketId> = held.chain(offered).collect();
		if markets.is_empty() {
			return;
		}
		let mut state = VaultState::<T>::get();
		let from = state.next;
		markets.sort_by_key(|market| (market.0 + MAX_MARKETS - from % MAX_MARKETS) % MAX_MARKETS);
		markets.dedup();
		for market in markets.into_iter().take(VISITS) {
			if !meter.can_consume(cost::unwind::<T>()) {
				break;
			}
			let spent = match with_storage_layer(|| House::<T>::unwind(market)) {
				Ok(work) => cost::unwound::<T>(&work),
				Err(_) => cost::unwind::<T>(),
			};
			meter.consume(spent.min(meter.remaining()));
			state.next = (market.0 + 1) % MAX_MARKETS;
		}
		if state.next != from {
			VaultState::<T>::mutate(|stored| stored.next = state.next);
		}
	}
}

impl<T: Config> House<T> {
	/// Look at what the vault holds and offers in a market.
	pub(crate) fn unwind(market: MarketId) -> Result<Work, DispatchError> {
		let mut house = Self::new();
		// It is spared the surcharge of takers: the insurance fund gains nothing by charging it.
		house.liquidated = Some(VAULT);
		let index = house.place(VAULT)?;
		let view = T::Gate::view(market);
		let prices = house.board(market).prices;
		let allowed = may_liquidate::<T>(market, &prices, &view);
		if !allowed || view.allows(Action::Reduce).is_err() {
			return Ok(Work::default());
		}
		let positions = house.accounts[index].account.positions.clone();
		let held = position_in(&positions, market);
		let seen = house.seen(&[held]);
		match seen.first().filter(|_| held.lots != 0) {
			None => house.withdraw_offer(market),
			// The ladder closes it, as it does with everybody.
			Some(_) if house.health_of(index).liquidatable() => return Ok(Work::default()),
			Some(seen) if house.vault_budgets(index, market).spent() => {
				house.leave(index, seen);
			},
			Some(seen) => house.offer_at_mark(index, seen),
		}
		let work = house.work;
		Ok(Work { settled: house.write()?, ..work })
	}

	/// Close a position against others at the examined price. Each pass takes half of a position at the
	/// most, so a few passes leave little of it.
	fn leave(&mut self, index: usize, seen: &Seen) {
		let market = seen.position.market;
		for _ in 0..PASSES {
			let seen = Seen {
				position: position_in(&self.accounts[index].account.positions, market),
				..*seen
			};
			let (lots, price) = (seen.leg().size(), seen.leg().price);
			if lots.is_zero() || self.deleverage(index, &seen, lots, price, false).is_zero() {
				break;
			}
		}
		self.touch(index);
	}

	fn withdraw_offer(&mut self, market: MarketId) {
		let side = breakwater_primitives::Side::Ask;
		let at = breakwater_primitives::Ticks(1);
		let offered = T::Venue::offer(self, market, VAULT, side, Lots::ZERO, at, 0);
		self.work.pages = offered.pages;
	}

	/// Offer a part of a position at the mark.
	fn offer_at_mark(&mut self, index: usize, seen: &Seen) {
		let validity = seen.prices.validity_at(Pallet::<T>::now(), T::PriceAgeLimit::get());
		if validity != Validity::Valid {
			return;
		}
		let (leg, market) = (seen.leg(), seen.position.market);
		let per_lot = leg.terms.contract.notional(Lots(1), leg.price).max(1);
		let most = OFFERED.mul_floor(Pallet::<T>::depth_for(market, &leg)).max(MIN_REST);
		let lots = u64::try_from(most / per_lot).unwrap_or(u64::MAX).max(1);
		let (lots, price) = (Lots(lots).min(leg.size()), seen.prices.mark);
		let fills = T::MaxLiquidationFills::get();
		let loaded = self.accounts.len();
		let offered = T::Venue::offer(self, market, VAULT, leg.closing(), lots, price, fills);
		self.work.pages = offered.pages;
		self.work.looked = DEPTH_READ;
		self.work.met = u16::try_from(self.accounts.len() - loaded).unwrap_or(u16::MAX);
		let left = position_in(&self.accounts[index].account.positions, market).lots;
		let closed = leg.lots.saturating_sub(left);
		if closed != 0 {
			Pallet::<T>::deposit_event(Event::VaultUnwound { market, lots: closed, price });
		}
	}
}
