//! Those who stand behind the orders of an auction.

use crate::{order::Reason, types::MarketTerms, Config, Event, Pallet};
use breakwater_core::{
	auction::{Counterparties, Leg, Pair, Verdicts},
	page::Resting,
};
use breakwater_primitives::{
	clearing::Fees, Lots, OrderId, Ppm, Removal, Session, Side, SignedPpm, Ticks, Verdict,
};
use codec::Encode;
use core::marker::PhantomData;
use sp_io::hashing::blake2_256;

/// What a step of an uncross is to do with its pairs.
#[derive(Clone, Copy)]
pub(super) enum Demand {
	/// Let them trade.
	Fill {
		/// Whether open interest may not grow.
		frozen: bool,
	},
	/// Remove the younger order of each.
	RemoveYounger,
}

/// The accounts of a session, behind the orders of a market.
pub(super) struct Crowd<'a, T, S> {
	session: &'a mut S,
	terms: &'a MarketTerms,
	demand: Demand,
	/// What draws are made from, where there are some.
	seed: Option<[u8; 32]>,
	_config: PhantomData<T>,
}

impl<'a, T: Config, S: Session> Crowd<'a, T, S> {
	pub(super) fn new(
		session: &'a mut S,
		terms: &'a MarketTerms,
		demand: Demand,
		seed: Option<[u8; 32]>,
	) -> Self {
		Self { session, terms, demand, seed, _config: PhantomData }
	}

	fn verdict(&mut self, id: OrderId, order: &Resting, want: Lots, takes: bool) -> Verdict {
		let fee = self.fee(order);
		self.session.pays(fee, takes);
		self.session.maker(order.owner, id, want, order.reduce_only())
	}

	/// The maker's fee of an account, which is never a rebate here.
	fn fee(&mut self, order: &Resting) -> SignedPpm {
		let fees = self.terms.fees_at(self.session.volume(order.owner));
		SignedPpm(fees.maker.0.max(0))
	}

	/// How many lots the two may trade without open interest growing beyond what it may: as many as
	/// both close together, and what it may grow.
	fn openable(&mut self, bid: &Leg, ask: &Leg) -> Lots {
		let market = bid.id.market();
		let buyer = self.session.position(bid.order.owner, market);
		let seller = self.session.position(ask.order.owner, market);
		let closing = Lots(buyer.min(0).unsigned_abs().saturating_add(seller.max(0) as u64));
		match self.demand {
			Demand::Fill { frozen: true } => closing,
			_ => closing.saturating_add(self.session.openable(market)),
		}
	}
}

/// The removal of a pair's younger order.
fn without_younger(pair: &Pair, why: Removal) -> Verdicts {
	let (gone, stays) = (Verdict::Remove(why), Verdict::Fill(pair.lots));
	match pair.younger() {
		Side::Bid => Verdicts { bid: gone, ask: stays },
		Side::Ask => Verdicts { bid: stays, ask: gone },
	}
}

impl<T: Config, S: Session> Counterparties for Crowd<'_, T, S> {
	fn most(&mut self, bid: &Leg, ask: &Leg) -> Lots {
		let (buyer, seller) = (bid.order.owner, ask.order.owner);
		let known = self.session.load(buyer).and_then(|_| self.session.load(seller));
		// Whoever does not load is told to go by the verdicts.
		known.map_or(Lots::MAX, |_| self.openable(bid, ask))
	}

	fn verdicts(&mut self, pair: &Pair) -> Verdicts {
		let (bid, ask) = (&pair.bid, &pair.ask);
		let gone = Verdict::Remove(Removal::Margin);
		let stays = Verdict::Fill(pair.lots);
		if self.session.load(bid.order.owner).is_err() {
			return Verdicts { bid: gone, ask: stays };
		}
		if self.session.load(ask.order.owner).is_err() {
			return Verdicts { bid: stays, ask: gone };
		}
		if matches!(self.demand, Demand::RemoveYounger) {
			return without_younger(pair, Removal::Margin);
		}
		if self.session.same_owner(bid.order.owner, ask.order.owner) {
			// The older order keeps its place.
			return without_younger(pair, Removal::SelfTrade);
		}
		let verdicts = Verdicts {
			bid: self.verdict(bid.id, &bid.order, pair.lots, pair.younger() == Side::Bid),
			ask: self.verdict(ask.id, &ask.order, pair.lots, pair.younger() == Side::Ask),
		};
		let trades =
			matches!(verdicts.bid, Verdict::Fill(_)) && matches!(verdicts.ask, Verdict::Fill(_));
		if trades && self.openable(bid, ask).is_zero() {
			return without_younger(pair, Removal::OpenInterest);
		}
		verdicts
	}

	fn filled(&mut self, pair: &Pair) {
		let side = pair.younger();
		let (taker, maker) = match side {
			Side::Bid => (&pair.bid, &pair.ask),
			Side::Ask => (&pair.ask, &pair.bid),
		};
		let fees = Fees {
			taker: Ppm(self.fee(&taker.order).0.unsigned_abs()),
			maker: self.fee(&maker.order),
		};
		let (owner, reduce_only) = (taker.order.owner, taker.order.reduce_only());
		let gone = taker.order.lots == pair.lots;
		self.session.free(owner, taker.id, pair.lots, reduce_only, gone);
		self.session.settle(&pair.fill(side), &fees);
		Pallet::<T>::deposit_event(Event::AuctionFilled {
			market: pair.market,
			price: pair.price,
			lots: pair.lots,
			bid: pair.bid.id,
			buyer: pair.bid.order.owner,
			ask: pair.ask.id,
			seller: pair.ask.order.owner,
		});
	}

	/// A lot by the hash of the block that collected the orders.
	fn draw(&mut self, side: Side, price: Ticks, lots: u128) -> Option<u128> {
		let hash = (self.seed?, side, price).using_encoded(blake2_256);
		let (number, _) = hash.split_first_chunk()?;
		u128::from_le_bytes(*number).checked_rem(lots.max(1))
	}

	fn removed(&mut self, id: OrderId, resting: &Resting, lots: Lots, why: Removal) {
		let owner = resting.owner;
		if self.session.load(owner).is_ok() {
			self.session.free(owner, id, lots, resting.reduce_only(), true);
		}
		let reason = Reason::from(why);
		Pallet::<T>::deposit_event(Event::OrderRemoved { id, account: owner, lots, reason });
	}
}
