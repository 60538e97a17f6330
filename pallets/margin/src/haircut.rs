//! The last step before settlement: what neither the funds nor a deleveraging could pay is taken from
//! the winning side, the same from each lot, through its funding index. Nobody is visited; the funding
//! triggers find whom it pushes under his maintenance margin. However many accounts are bankrupt, a side
//! gives 1 % of its value at once and no more than another 1 % in the course of a day.

use crate::{
	ladder::takes, steps::Steps, types::Stage, Backlog, Board, Config, Event, Haircuts, House,
	Ledger, Pallet, Totals,
};
use breakwater_math::{
	arithmetic::signed,
	funding::{limit, FRACTION_BITS},
};
use breakwater_primitives::{
	bucket::Limit, shard_of, Amount, Backstop, Balance, Lots, MarketId, Millis, Ppm,
};

/// The most that is taken of the value of a side at once; as much comes back in a day.
const MOST: Ppm = Ppm(10_000);
/// One day, in milliseconds.
const DAY: Millis = 86_400_000;

impl<T: Config> House<T> {
	/// Take up to `deficit`, left by somebody who held `lost` signed lots of `market`, from the other
	/// side. Returns what was taken. The step per lot is rounded up; what that brings beyond the
	/// deficit goes to the market's fund.
	pub(crate) fn haircut(&mut self, market: MarketId, lost: i64, deficit: Balance) -> Balance {
		let Ok(terms) = self.risk(market) else { return 0 };
		// What a settlement pays is known, and is not made less afterwards.
		let settled = self.board(market).stage != Stage::Trading;
		if deficit == 0 || lost == 0 || settled || !takes::<T>(Steps::HAIRCUT) {
			return 0;
		}
		let longs_pay = lost < 0;
		let totals = Totals::<T>::get(market);
		let moved = self.moved.iter().find(|moved| moved.market == market);
		let (long, short) = moved.map_or((0, 0), |moved| (moved.long, moved.short));
		let lots =
			if longs_pay { totals.long.0 as i128 + long } else { totals.short.0 as i128 + short };
		let Some(lots) = u64::try_from(lots).ok().filter(|lots| *lots > 0) else { return 0 };
		let mark = self.board(market).prices.mark;
		let most = MOST.mul_floor(terms.contract.notional(Lots(lots), mark));
		let (cap, now) = (Limit { burst: most, refill: most, window: DAY }, Pallet::<T>::now());
		let mut buckets = Haircuts::<T>::get(market);
		let [of_longs, of_shorts] = &mut buckets;
		let bucket = if longs_pay { of_longs } else { of_shorts };
		let taken = deficit.min(bucket.available(&cap, now));
		let Some(scaled) = taken.checked_mul(1 << FRACTION_BITS).filter(|_| taken > 0) else {
			return 0;
		};
		let step = signed(scaled.div_ceil(lots.into()));
		let index = self.board(market).funding(if longs_pay { 1 } else { -1 });
		let room = limit(terms.contract) - index.saturating_abs();
		if step > room {
			return 0;
		}
		bucket.draw(&cap, now, taken);
		Haircuts::<T>::insert(market, buckets);
		let owed = step.saturating_mul(lots.into());
		// What all lots owe together, down to whole units.
		let brought = (owed >> FRACTION_BITS).unsigned_abs();
		Self::move_index(market, longs_pay, step, owed, brought);
		let excess = brought.saturating_sub(taken);
		if excess > 0 {
			T::Insurance::penalty(market, excess);
		}
		self.forget_boards();
		Pallet::<T>::deposit_event(Event::Haircut { market, longs_pay, per_lot: step, taken });
		taken
	}

	/// The claim on what is to come is counted at once: `brought` leaves the market's pot of funding
	/// now, and settling positions fills it again.
	fn move_index(market: MarketId, longs: bool, step: Amount, owed: Amount, brought: Balance) {
		Pallet::<T>::change_board(market, |entry| {
			if longs {
				entry.funding_long = entry.funding_long.saturating_add(step);
			} else {
				entry.funding_short = entry.funding_short.saturating_sub(step);
			}
		});
		Totals::<T>::mutate(market, |totals| {
			totals.pending = totals.pending.saturating_add(owed);
			totals.paid = totals.paid.saturating_sub(signed(brought));
		});
		Ledger::<T>::mutate(|ledger| {
			ledger.funding = ledger.funding.saturating_sub(signed(brought));
		});
		Backlog::<T>::mutate(|bits| *bits |= 1 << (market.0 as u32 % 64));
	}
}

impl<T: Config> Pallet<T> {
	/// What the board says of a market.
	pub(crate) fn board_of(market: MarketId) -> crate::types::BoardEntry {
		let (shard, at) = shard_of(market);
		Board::<T>::get(shard).get(at).copied().unwrap_or_default()
	}
}
