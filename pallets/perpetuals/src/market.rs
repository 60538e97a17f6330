//! Creating markets.

use crate::{
	types::{MarketTerms, NewMarket, Symbol, MAX_FEE, MAX_LOTS},
	Config, Error, Event, MarketCount, Pallet, Terms,
};
use breakwater_primitives::{Clearing, MarketId, Ticks, MAX_MARKETS};
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
		let fees = self.fees.taker.0.max(self.fees.maker.0.unsigned_abs());
		ensure!(fees <= MAX_FEE, Error::<T>::FeeTooHigh);
		let bounds = !self.min_lots.is_zero() && self.min_lots <= self.max_lots;
		ensure!(bounds && self.max_lots <= MAX_LOTS, Error::<T>::InvalidSizeBounds);
		debug_assert!(self.contract.notional(self.max_lots, Ticks::MAX) < 1 << 104);
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
