//! What fills pay to the insurance funds, once for each operation.
//!
//! A premium of what an account opened, by the leverage that it has afterwards, and a surcharge of what
//! it took where its market still owes the global fund. Both leave the quote balance before the margin
//! check. Nobody is charged beyond his equity, or the funds would pay themselves; who is liquidated pays
//! a penalty instead.

use crate::{session::Filled, Config, Event, House, Pallet};
use alloc::vec::Vec;
use breakwater_math::arithmetic::signed;
use breakwater_primitives::{
	insurance::{premium_multiplier, Charges},
	Backstop, Balance, Lots, MarketId, OrderId, Ppm,
};

/// The largest value of [`premium_multiplier`].
const MOST: Ppm = Ppm(4_000_000);

impl<T: Config> House<T> {
	/// What fills in `market` pay now; read once.
	pub(crate) fn charges_of(&mut self, market: MarketId) -> Charges {
		if let Some((_, charges)) = self.charges.iter().find(|(known, _)| *known == market) {
			return *charges;
		}
		let charges = T::Insurance::charges(market);
		self.charges.push((market, charges));
		charges
	}

	/// The most that an account may have to pay for opening `lots` by its order `id`, and for what it
	/// has opened in this operation already.
	pub(crate) fn premium_at_most(&mut self, index: usize, id: OrderId, lots: Lots) -> Balance {
		let market = id.market();
		let fills = self.accounts[index].fills.iter();
		let pending = fills.fold(0, |sum: Balance, filled| sum.saturating_add(filled.opened));
		match (lots.is_zero(), self.risk(market)) {
			(false, Ok(terms)) => {
				let opened = terms.contract.notional(lots, id.tick()).saturating_add(pending);
				self.charges_of(market).premium_on(opened, MOST)
			},
			_ => 0,
		}
	}

	/// Take premiums and surcharges for the fills that have not been charged for, and pay them to the
	/// funds.
	pub(crate) fn charge(&mut self) {
		let mut paid: Vec<(MarketId, Balance, Balance)> = Vec::new();
		for index in 0..self.accounts.len() {
			for at in 0..self.accounts[index].fills.len() {
				let filled = &mut self.accounts[index].fills[at];
				let due = *filled;
				(filled.opened, filled.taken) = (0, 0);
				if due.opened == 0 && due.taken == 0 {
					continue;
				}
				let (premium, surcharge) = self.charge_one(index, &due);
				if premium == 0 && surcharge == 0 {
					continue;
				}
				match paid.iter_mut().find(|(market, ..)| *market == due.market) {
					Some((_, premiums, surcharges)) => {
						*premiums = premiums.saturating_add(premium);
						*surcharges = surcharges.saturating_add(surcharge);
					},
					None => paid.push((due.market, premium, surcharge)),
				}
			}
		}
		for (market, premium, surcharge) in paid {
			T::Insurance::charged(market, premium, surcharge);
		}
	}

	/// Charge an account for its fills in a market. Returns premium and surcharge.
	fn charge_one(&mut self, index: usize, due: &Filled) -> (Balance, Balance) {
		let charges = self.charges_of(due.market);
		if charges.is_zero() {
			return (0, 0);
		}
		let (equity, value) = (self.health_of(index).equity, self.value_of(index));
		let most = u128::try_from(equity).unwrap_or(0);
		let multiplier = premium_multiplier(equity, value);
		let premium = charges.premium_on(due.opened, multiplier).min(most);
		let surcharge = charges.surcharge_on(due.taken).min(most - premium);
		let sum = premium.saturating_add(surcharge);
		if sum > 0 {
			self.credit(index, signed(sum).saturating_neg());
			Pallet::<T>::deposit_event(Event::InsurancePaid {
				account: self.accounts[index].who,
				market: due.market,
				premium,
				surcharge,
			});
		}
		(premium, surcharge)
	}
}
