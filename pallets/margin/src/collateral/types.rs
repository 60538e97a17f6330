//! What is stored of collateral other than the quote asset.

use breakwater_math::{
	collateral::{MAX_AMOUNT, WEIGHT_GAP},
	Cut, Ppm, Scale, Value,
};
use breakwater_primitives::{AssetId, Balance, MarketId, Millis, Prices, Ticks, Validity};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// The most assets that are listed as collateral at once.
pub const MAX_ASSETS: u32 = 8;
/// The highest maintenance weight: that of a stable asset.
const MAX_WEIGHT: Ppm = Ppm(980_000);

/// An asset to be listed as collateral.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct NewAsset {
	/// Its number in pallet-assets. The asset must be sufficient, or custody cannot hold it.
	pub asset: AssetId,
	/// The market whose index is its price; `None` for an asset that always counts at `ceiling`.
	pub market: Option<MarketId>,
	/// What it counts at the most, in ticks: a stable asset at par, others without a limit.
	pub ceiling: Ticks,
	/// How its amounts turn into quote units.
	pub scale: Scale,
	/// What part of its price counts for maintenance: 98 % at the most. Stable assets 98 %, ether and
	/// bitcoin 90 %, others 75 % or less.
	pub maintenance: Ppm,
	/// What part of its price counts for initial margin and withdrawals: 5 points less or lower.
	pub initial: Ppm,
	/// The most that one account may bring in, in its smallest unit.
	pub account_cap: Balance,
	/// The most that all accounts together may bring in, in its smallest unit.
	pub total_cap: Balance,
}

/// A change that lets an asset back less from now on. What is `None` stays as it is.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct AssetTightening {
	/// A lower cap of an account; zero takes no more of the asset.
	pub account_cap: Option<Balance>,
	/// A lower cap of all accounts together.
	pub total_cap: Option<Balance>,
	/// A lower initial weight; zero ends its use for new exposure.
	pub initial: Option<Ppm>,
}

/// A change that lets an asset back more. What is `None` stays as it is.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct AssetLoosening {
	/// A higher cap of an account.
	pub account_cap: Option<Balance>,
	/// A higher cap of all accounts together.
	pub total_cap: Option<Balance>,
	/// A higher initial weight.
	pub initial: Option<Ppm>,
	/// A higher maintenance weight, or the present one, which ends a cut under way.
	pub maintenance: Option<Ppm>,
}

/// An asset that is listed as collateral.
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
pub struct Listing {
	/// What it was listed with, and its weights and caps as they are now.
	pub terms: NewAsset,
	/// A cut of its maintenance weight under way.
	pub cut: Option<Cut>,
	/// Its price as last known, in ticks; zero before the first.
	pub price: Ticks,
	/// What a lot of it adds to equity, in eighths of a tick: weight times price.
	pub value: Value,
	/// What came into custody of it less what went out, in its smallest unit.
	pub held: Balance,
	/// What accounts claim of it together, in its smallest unit.
	pub claimed: Balance,
}

/// All listed assets. An asset keeps its place, by which its triggers are found.
pub type Listings = BoundedVec<Listing, ConstU32<MAX_ASSETS>>;

impl NewAsset {
	/// Whether the weights, caps and scale can be worked with.
	pub fn is_sound(&self) -> bool {
		let priced = self.market.is_some() || self.ceiling < Ticks::MAX;
		self.scale.is_sound()
			&& priced && !self.ceiling.is_zero()
			&& self.maintenance <= MAX_WEIGHT
			&& self.initial <= self.maintenance.saturating_sub(WEIGHT_GAP)
			&& self.account_cap <= self.total_cap
			&& self.total_cap <= MAX_AMOUNT
	}
	/// The market in whose queue its triggers are worked off: its own; the first where it has none.
	pub fn queue(&self) -> MarketId {
		self.market.unwrap_or(MarketId(0))
	}
}

impl Listing {
	/// A fresh listing; its price comes with its market's next one.
	pub fn new(terms: NewAsset) -> Self {
		let price = if terms.market.is_none() { terms.ceiling } else { Ticks(0) };
		let value = Value::of(price, terms.maintenance);
		Self { terms, cut: None, price, value, held: 0, claimed: 0 }
	}
	/// Whether nobody has any of it and none of it counts, so that another may take its place.
	pub fn is_dead(&self) -> bool {
		self.held == 0 && self.claimed == 0 && self.terms.maintenance.is_zero()
	}
	/// Take the price from its market. While that is not trusted it is the one that is lenient to
	/// holders; where none is known the last one stays.
	pub fn take_price(&mut self, prices: &Prices) {
		let price = match prices.validity {
			Validity::Valid => prices.index,
			_ => prices.index.max(prices.long),
		};
		if !price.is_zero() {
			self.price = price.min(self.terms.ceiling);
			self.value = Value::of(self.price, self.terms.maintenance);
		}
	}
	/// Change the maintenance weight; the initial weight stays below it.
	pub fn set_weight(&mut self, weight: Ppm) {
		self.terms.maintenance = weight;
		self.terms.initial = self.terms.initial.min(weight.saturating_sub(WEIGHT_GAP));
		self.value = Value::of(self.price, weight);
	}
}

/// The place of an asset among the listed, and its listing.
pub fn listing_of(listings: &[Listing], asset: AssetId) -> Option<(u8, &Listing)> {
	let place = listings.iter().position(|listing| listing.terms.asset == asset)?;
	Some((place as u8, listings.get(place)?))
}

/// The sale of an account's collateral, which goes on until the account owes nothing.
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
pub struct Sale {
	/// When it began, in milliseconds of chain time: what it asks falls from there.
	pub began: Millis,
	/// The market in which the account lost most: its funds are asked for what the collateral does
	/// not bring.
	pub market: MarketId,
	/// The side on which it lost there: above zero long, below zero short, zero where none is known.
	pub lost: i64,
	/// What the funds advanced for the account, in quote units: paid back out of the sale.
	pub repay: Balance,
}
