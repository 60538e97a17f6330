//! Creating markets.

use crate::{
	types::{MarketTerms, Mode, NewMarket, Status, Symbol, MAX_FEE, MAX_LOTS, PROTOCOL_SHARE},
	Config, Error, Event, MarketCount, Pallet, Terms,
};
use breakwater_primitives::{clearing::Fees, Clearing, MarketId, Ticks, MAX_MARKETS};
use frame_support::{ensure, pallet_prelude::DispatchError};

impl NewMarket {
	/// What the exchange keeps of it.
	fn terms(&self) -> MarketTerms {
		MarketTerms {
			symbol: self.symbol.clone(),
			contract: self.contract,
			tick_size: self.tick_size,
			lots_per_unit: self.lots_per_unit,
			tier: self.tier,
			fees: self.fees,
			min_lots: self.min_lots,
			max_lots: self.max_lots,
			tiers: self.tiers.clone(),
			mode: self.mode,
			status: Status::Open,
		}
	}
}

impl MarketTerms {
	/// Whether the exchange can work with these terms; otherwise what is wrong.
	pub(crate) fn validate<T: Config>(&self) -> Result<(), Error<T>> {
		let printable = self.symbol.iter().all(u8::is_ascii_graphic);
		ensure!(!self.symbol.is_empty() && printable, Error::<T>::InvalidSymbol);
		let unit = self.contract.unit as u64;
		// Without overflow this says that one tick times one lot is `unit` whole quote units.
		let whole = unit > 0 && unit.checked_mul(self.lots_per_unit) == Some(self.tick_size);
		ensure!(whole && self.tick_size > 0, Error::<T>::InvalidContract);
		self.validate_fees::<T>()?;
		let bounds = !self.min_lots.is_zero() && self.min_lots <= self.max_lots;
		ensure!(bounds && self.max_lots <= MAX_LOTS, Error::<T>::InvalidSizeBounds);
		debug_assert!(self.contract.notional(self.max_lots, Ticks::MAX) < 1 << 104);
		Ok(())
	}

	/// Fees are bounded and fall from tier to tier, and any taker pays more than any maker of his
	/// fill receives, with the protocol's share to spare.
	fn validate_fees<T: Config>(&self) -> Result<(), Error<T>> {
		let tiers = || self.tiers.iter().map(|tier| &tier.fees);
		let all = || core::iter::once(&self.fees).chain(tiers());
		let bounded = |fees: &Fees| fees.taker.0.max(fees.maker.0.unsigned_abs()) <= MAX_FEE;
		ensure!(all().all(bounded), Error::<T>::FeeTooHigh);
		let volumes = self.tiers.windows(2).all(|pair| pair[0].volume < pair[1].volume);
		let fall = all()
			.zip(tiers())
			.all(|(dear, cheap)| dear.taker >= cheap.taker && dear.maker >= cheap.maker);
		ensure!(volumes && fall, Error::<T>::InvalidFeeTiers);
		let least = all().map(|fees| fees.taker).min().unwrap_or_default();
		let share = PROTOCOL_SHARE.mul_ceil(least.0.into()) as u32;
		let most = all().map(|fees| fees.maker.rebate()).max().unwrap_or_default();
		ensure!(most.0 <= least.0.saturating_sub(share), Error::<T>::RebateTooHigh);
		Ok(())
	}
}

impl<T: Config> Pallet<T> {
	/// Validate `new`, give it a number, and tell the clearing house.
	pub(crate) fn do_create_market(new: &NewMarket) -> Result<MarketId, DispatchError> {
		let terms = new.terms();
		terms.validate::<T>()?;
		ensure!(new.risk.contract == new.contract, Error::<T>::InvalidContract);
		ensure!(new.risk.validate().is_ok(), Error::<T>::InvalidRisk);
		let count = MarketCount::<T>::get();
		ensure!(count < MAX_MARKETS, Error::<T>::TooManyMarkets);
		ensure!(!Self::symbol_taken(&terms.symbol), Error::<T>::SymbolTaken);
		let market = MarketId(count);
		Self::watch(market, terms.mode == Mode::FrequentBatch);
		Terms::<T>::insert(market, terms);
		MarketCount::<T>::put(count.saturating_add(1));
		T::Clearing::market_created(market, new.risk)?;
		Self::deposit_event(Event::MarketCreated { market, symbol: new.symbol.clone() });
		Ok(market)
	}

	fn symbol_taken(symbol: &Symbol) -> bool {
		Self::markets().any(|(_, terms)| terms.symbol == *symbol)
	}

	/// All markets in the order of their numbers, 64 at the most.
	pub(crate) fn markets() -> impl Iterator<Item = (MarketId, MarketTerms)> {
		(0..MarketCount::<T>::get())
			.map(MarketId)
			.filter_map(|market| Some((market, Terms::<T>::get(market)?)))
	}
}
