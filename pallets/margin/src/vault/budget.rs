//! What the vault has lost lately, and what it may still lose.
//!
//! Its result in a market is what it realised there since the beginning and what its position would
//! still bring at the worse of index and mark. What it lost is what that result has fallen by since the
//! beginning of this day or of the day before, whichever was better then: no moment at which a day
//! begins lets twice the budget through. A day begins when the one before it is over and the vault looks,
//! which it does every few blocks while it holds anything.

use super::{Equity, VAULT};
use crate::{types::position_in, Config, Event, House, Pallet, VaultMarkets, VaultState};
use breakwater_primitives::{Amount, Balance, MarketId, Millis, Ppm, VaultPolicy};
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// One day, in milliseconds.
const DAY: Millis = 86_400_000;
/// What the vault may lose in a day in all markets together, of what it is worth.
pub(crate) const BUDGET_IN_ALL: Ppm = Ppm(50_000);

/// A result at the beginnings of two days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Days {
	/// When this day began, in milliseconds of chain time; zero before the first.
	pub since: Millis,
	/// The result at its beginning, in quote units.
	pub today: Amount,
	/// The result at the beginning of the day before.
	pub before: Amount,
}

impl Days {
	/// Begin another day when this one is over. Returns whether that was so. A result of what is `held`
	/// moved since, however long nobody looked; otherwise it stood still, and what was lost before is
	/// forgotten after two days.
	pub fn roll(&mut self, result: Amount, now: Millis, held: bool) -> bool {
		if self.since != 0 && now < self.since.saturating_add(DAY) {
			return false;
		}
		let gone = !held && now >= self.since.saturating_add(2 * DAY);
		let before = if self.since == 0 || gone { result } else { self.today };
		*self = Self { since: now, today: result, before };
		true
	}
	/// How much worse than at the better of both beginnings a result is.
	pub fn lost(&self, result: Amount, now: Millis) -> Balance {
		let then = match now.saturating_sub(self.since) {
			_ if self.since == 0 => return 0,
			// While nobody looks it holds nothing, and its result stands still.
			elapsed if elapsed >= 2 * DAY => return 0,
			elapsed if elapsed >= DAY => self.today,
			_ => self.today.max(self.before),
		};
		u128::try_from(then.saturating_sub(result)).unwrap_or(0)
	}
}

/// What the vault did in a market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct VaultMarket {
	/// Profit and loss that it realised since the beginning, with funding, in quote units.
	pub realised: Amount,
	/// Its result there at the beginnings of two days.
	pub days: Days,
	/// When the minute of `taken` began, in milliseconds of chain time.
	pub minute: Millis,
	/// Notional value that it took over in that minute, in quote units.
	pub taken: Balance,
	/// Whether it lost its budget there.
	pub out: bool,
}

impl VaultMarket {
	/// How long a minute is, in milliseconds.
	const MINUTE: Millis = 60_000;

	/// What it took over in the minute of `now`.
	pub fn taken_at(&self, now: Millis) -> Balance {
		if now < self.minute.saturating_add(Self::MINUTE) {
			self.taken
		} else {
			0
		}
	}
	/// Count what it takes over.
	pub fn take(&mut self, notional: Balance, now: Millis) {
		let before = self.taken_at(now);
		if now >= self.minute.saturating_add(Self::MINUTE) {
			self.minute = now;
		}
		self.taken = before.saturating_add(notional);
	}
}

/// What the vault did in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct VaultRecord {
	/// What backers paid less what they were paid, in quote units.
	pub added: Amount,
	/// Its result, which is its equity less that, at the beginnings of two days.
	pub days: Days,
	/// The market at which the next block goes on unwinding.
	pub next: u16,
}

impl VaultRecord {
	/// What it has lost lately where its equity at the worse prices is `equity`.
	pub fn lost(&self, equity: Amount, now: Millis) -> Balance {
		self.days.lost(equity.saturating_sub(self.added), now)
	}
}

/// What the vault may still lose, and where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Budgets {
	/// In the market: what it lost, and what it may lose.
	pub(crate) lost: Balance,
	pub(crate) budget: Balance,
	/// In all markets together.
	pub(crate) lost_in_all: Balance,
	pub(crate) budget_in_all: Balance,
}

impl Budgets {
	/// What is left in the market, in quote units.
	pub(crate) const fn left(&self) -> Balance {
		self.budget.saturating_sub(self.lost)
	}
	/// What is left in all, in quote units.
	pub(crate) const fn left_in_all(&self) -> Balance {
		self.budget_in_all.saturating_sub(self.lost_in_all)
	}
	/// Whether nothing is left.
	pub(crate) const fn spent(&self) -> bool {
		self.left() == 0 || self.left_in_all() == 0
	}
}

impl<T: Config> House<T> {
	/// The vault's result in a market as its loaded account stands now.
	pub(crate) fn vault_result(&mut self, index: usize, market: MarketId) -> Amount {
		let loaded = &self.accounts[index];
		let fills = loaded.fills.iter().filter(|filled| filled.market == market);
		let funding = loaded.funding.iter().filter(|(known, _)| *known == market);
		let fresh = fills.fold(0, |sum: Amount, filled| sum.saturating_add(filled.realised));
		let fresh = funding.fold(fresh, |sum, (_, paid)| sum.saturating_sub(*paid));
		let position = position_in(&loaded.account.positions, market);
		let open = self.seen(&[position]).first().map_or(0, |seen| match seen.position.lots {
			0 => 0,
			_ => seen.between().0,
		});
		let noted = VaultMarkets::<T>::get(market).realised;
		noted.saturating_add(fresh).saturating_add(open)
	}

	/// What the vault may still lose in a market. Days that are over end here, so that what is taken
	/// next is measured from now.
	pub(crate) fn vault_budgets(&mut self, index: usize, market: MarketId) -> Budgets {
		debug_assert_eq!(self.accounts[index].who, VAULT);
		let (equity, now) = (self.equity_of(index), Pallet::<T>::now());
		let result = self.vault_result(index, market);
		let account = &self.accounts[index].account;
		let held = position_in(&account.positions, market).lots != 0;
		let any_held = account.holds_lots();
		let mut state = VaultState::<T>::get();
		if state.days.roll(equity.low.saturating_sub(state.added), now, any_held) {
			VaultState::<T>::put(state);
		}
		let mut noted = VaultMarkets::<T>::get(market);
		let before = noted;
		noted.days.roll(result, now, held);
		let budgets = budgets_of::<T>(market, &equity, &noted, &state, result, now);
		noted.out = budgets.spent();
		if noted.out && !before.out {
			let Budgets { lost, budget, lost_in_all, budget_in_all } = budgets;
			Pallet::<T>::deposit_event(Event::VaultOut {
				market,
				lost,
				budget,
				lost_in_all,
				budget_in_all,
			});
		}
		if noted != before {
			VaultMarkets::<T>::insert(market, noted);
		}
		budgets
	}
}

/// What may still be lost by these records.
pub(crate) fn budgets_of<T: Config>(
	market: MarketId,
	equity: &Equity,
	noted: &VaultMarket,
	state: &VaultRecord,
	result: Amount,
	now: Millis,
) -> Budgets {
	let worth = equity.worth();
	Budgets {
		lost: noted.days.lost(result, now),
		budget: T::VaultPolicy::terms(market).budget.mul_floor(worth),
		lost_in_all: state.lost(equity.low, now),
		budget_in_all: BUDGET_IN_ALL.mul_floor(worth),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_loss_counts_for_a_day_and_no_boundary_lets_it_count_twice() {
		let mut days = Days::default();
		assert_eq!(days.lost(-50, 7), 0);
		assert!(days.roll(0, 1_000, false));
		assert_eq!(days.lost(-30, 1_000), 30);
		assert_eq!(days.lost(40, 1_000), 0);
		// Just before the day ends, and just after.
		assert_eq!(days.lost(-30, 1_000 + DAY - 1), 30);
		assert!(!days.roll(-30, 1_000 + DAY - 1, false));
		assert!(days.roll(-30, 1_000 + DAY, false));
		assert_eq!(days.lost(-30, 1_000 + DAY), 30);
		// What it lost on the first day is forgotten at the end of the second.
		assert!(days.roll(-30, 1_000 + 2 * DAY, false));
		assert_eq!(days.lost(-30, 1_000 + 2 * DAY), 0);
	}

	#[test]
	fn a_loss_is_forgotten_also_when_nobody_looks() {
		let mut days = Days::default();
		days.roll(0, 1_000, false);
		assert_eq!(days.lost(-30, 1_000 + DAY), 30);
		assert_eq!(days.lost(-30, 1_000 + 2 * DAY), 0);
		// Looking does not bring it back, unless it may have been lost meanwhile.
		let (mut idle, mut holding) = (days, days);
		assert!(idle.roll(-30, 1_000 + 2 * DAY, false) && holding.roll(-30, 1_000 + 2 * DAY, true));
		let then = 1_000 + 2 * DAY;
		assert_eq!((idle.lost(-30, then), holding.lost(-30, then)), (0, 30));
		// A clock that goes back changes nothing.
		assert_eq!(days.lost(-30, 0), 30);
		assert!(!days.roll(-30, 0, false));
	}

	#[test]
	fn what_was_taken_counts_for_its_minute() {
		let mut market = VaultMarket::default();
		market.take(10, 100_000);
		market.take(5, 159_999);
		assert_eq!((market.taken_at(159_999), market.taken_at(160_000)), (15, 0));
		market.take(7, 160_000);
		assert_eq!((market.minute, market.taken), (160_000, 7));
	}
}
