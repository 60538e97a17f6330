//! Funding indices move; positions settle when they are traded, withdrawn from or liquidated.
//!
//! ```text
//!   accrue -> Board.funding_long, funding_short   += per lot        nobody's account is touched
//!             Totals.pending                      += step * lots    what is owed and not settled
//!             crossed funding triggers            -> Backlog        examined by the hooks, metered
//! ```

use crate::{types::Stage, Config, Event, Pallet, Risk, Totals};
use breakwater_math::{funding::limit, RiskTerms, Step};
use breakwater_primitives::{Amount, MarketId, Ppm};

impl<T: Config> Pallet<T> {
	/// Move the indices of both sides by so much, as far as they may go: what a long lot owes more,
	/// and what a short lot receives more.
	pub(crate) fn do_accrue(market: MarketId, long: Amount, short: Amount) {
		let Some(terms) = Risk::<T>::get(market) else { return };
		if Self::board_of(market).stage != Stage::Trading {
			return;
		}
		let most = limit(terms.contract);
		let (mut by_long, mut by_short) = (0, 0);
		let mut crossed = false;
		Self::change_board(market, |entry| {
			let step = |index: &mut Amount, by: Amount| {
				let next = index.saturating_add(by).clamp(-most, most);
				let stepped = next - *index;
				*index = next;
				stepped
			};
			(by_long, by_short) =
				(step(&mut entry.funding_long, long), step(&mut entry.funding_short, short));
			let at = |lots| Step::of(terms.contract, entry.funding(lots)).as_ticks();
			crossed = entry.nearest.crossed(2, at(1)) || entry.nearest.crossed(3, at(-1));
		});
		Totals::<T>::mutate(market, |totals| {
			let owed = by_long.saturating_mul(totals.long.0.into());
			let received = by_short.saturating_mul(totals.short.0.into());
			totals.pending = totals.pending.saturating_add(owed).saturating_sub(received);
		});
		Self::deposit_event(Event::FundingAccrued { market, long: by_long, short: by_short });
		if crossed {
			Self::set_backlog(market, true);
		}
	}

	/// The volatility of a market: how much its index moves in the square root of a minute. It raises
	/// the initial margin of what is added, at most to five times the base fraction or 50 %, and
	/// never maintenance margin.
	pub fn set_volatility(market: MarketId, sigma: Ppm) {
		if Risk::<T>::contains_key(market) {
			Self::change_board(market, |entry| entry.volatility = sigma);
		}
	}

	/// Where the indices of the sides of a market stand: of longs and of shorts.
	pub(crate) fn funding_steps(market: MarketId, terms: &RiskTerms) -> [(i64, Step); 2] {
		let entry = Self::board_of(market);
		[1, -1].map(|lots| (lots, Step::of(terms.contract, entry.funding(lots))))
	}
}
