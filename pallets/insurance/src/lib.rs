//! # Insurance
//!
//! What stands between a bankrupt account and everyone else.
//!
//! Every market has a fund of its own, and all markets share a global one. Penalties of liquidated
//! accounts flow into the fund of their market; anybody may contribute to either kind. When an
//! account is closed with a deficit, the clearing house asks for cover: the market's fund pays as
//! far as it reaches, then the global fund within its draw limits. What neither pays is the clearing
//! house's to deleverage or to socialise.
//!
//! ```text
//!   penalty ----------> [ fund of market m ] ---- all of it -----------> deficit of m
//!   contribute(Some(m)) ------^                                             ^
//!                                                                           |
//!   contribute(None) -> [ global fund ] -- per market, per hour and day ----+
//!                                       \- all markets, per hour and day --/
//! ```
//!
//! The draw limits ([`bucket`]) keep one market from emptying what protects the others: an attacker
//! who breaks one market gets at most a tenth of the global fund in any hour and a fifth in any day,
//! however many accounts he uses.
//!
//! The funds are claims on the custody account, where all collateral sits; no token moves when a
//! penalty is taken or a deficit is covered. [`Total`] is the sum of all funds, kept as they
//! change, so that conservation can be checked in every block.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub use pallet::*;

pub mod bucket;
mod fund;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

use breakwater_primitives::Ppm;
use bucket::Fractions;
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
pub use weights::WeightInfo;

/// How much of the global fund may be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct DrawLimits {
	/// By one market.
	pub market: Fractions,
	/// By all markets together.
	pub all: Fractions,
}

impl Default for DrawLimits {
	/// One market: 10 % in an hour, 20 % in a day. All markets: 25 % and 50 %.
	fn default() -> Self {
		Self {
			market: Fractions { hour: Ppm(100_000), day: Ppm(200_000) },
			all: Fractions { hour: Ppm(250_000), day: Ppm(500_000) },
		}
	}
}

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use breakwater_primitives::{Balance, Custody, MarketId, MAX_MARKETS};
	use bucket::Draws;
	use frame_support::{
		pallet_prelude::*,
		traits::{Contains, UnixTime},
	};
	use frame_system::pallet_prelude::*;

	/// The version of this pallet's storage.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// Funds per chain: one for each market.
	pub type MaxFunds = ConstU32<{ MAX_MARKETS as u32 }>;

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// Takes contributions into the account where all collateral and all funds sit.
		type Custody: Custody<Self::AccountId>;
		/// The chain's clock.
		type Time: UnixTime;
		/// Which markets exist.
		type Markets: Contains<MarketId>;
		/// The smallest contribution, in the smallest unit of the quote asset.
		#[pallet::constant]
		type MinContribution: Get<Balance>;
		/// How much of the global fund one market, and all markets, may draw in an hour and a day.
		#[pallet::constant]
		type DrawLimits: Get<DrawLimits>;
		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// The fund of each market, in the smallest unit of the quote asset. Its market may use it in
	/// full.
	#[pallet::storage]
	pub type MarketFunds<T: Config> =
		StorageMap<_, Twox64Concat, MarketId, Balance, ValueQuery, GetDefault, MaxFunds>;

	/// The fund that all markets share, in the smallest unit of the quote asset.
	#[pallet::storage]
	pub type GlobalFund<T: Config> = StorageValue<_, Balance, ValueQuery>;

	/// The sum of all funds: what insurance claims of the custody account.
	#[pallet::storage]
	pub type Total<T: Config> = StorageValue<_, Balance, ValueQuery>;

	/// What each market has drawn from the global fund lately.
	#[pallet::storage]
	pub type MarketDraws<T: Config> =
		StorageMap<_, Twox64Concat, MarketId, Draws, ValueQuery, GetDefault, MaxFunds>;

	/// What all markets together have drawn from the global fund lately.
	#[pallet::storage]
	pub type AllDraws<T: Config> = StorageValue<_, Draws, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Somebody gave to a fund. Contributions are gifts: they cannot be taken back.
		Contributed {
			/// Who gave.
			who: T::AccountId,
			/// To the fund of this market, or to the global fund.
			market: Option<MarketId>,
			/// In the smallest unit of the quote asset.
			amount: Balance,
		},
		/// The penalty of a liquidated account went to the fund of its market.
		PenaltyTaken {
			/// The market.
			market: MarketId,
			/// In the smallest unit of the quote asset.
			amount: Balance,
		},
		/// An account was closed with a deficit and the funds paid for it.
		Covered {
			/// The market.
			market: MarketId,
			/// What was missing.
			deficit: Balance,
			/// What the market's fund paid.
			market_fund_paid: Balance,
			/// What the global fund paid within its draw limits. What is still missing after both
			/// is deleveraged or socialised by the clearing house.
			global_fund_paid: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such market.
		UnknownMarket,
		/// The contribution is smaller than the smallest one accepted.
		ContributionTooSmall,
		/// The fund cannot hold that much.
		Overflow,
	}

	/// Contributions that the funds start with.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Who contributes, to the fund of which market (none: the global fund), and how much. Each
		/// must own the amount: tokens move into custody as with a call.
		pub contributions: Vec<(T::AccountId, Option<MarketId>, Balance)>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for (who, market, amount) in &self.contributions {
				// Markets may be created after this pallet is built, so only the range is known.
				assert!(market.is_none_or(|m| m.0 < MAX_MARKETS), "no such market: {market:?}");
				Pallet::<T>::take_contribution(who, *market, *amount)
					.expect("each contribution of the genesis is funded");
			}
		}
	}

	#[pallet::call(weight = <T as Config>::WeightInfo)]
	impl<T: Config> Pallet<T> {
		/// Give `amount` of the quote asset to the fund of `market`, or to the global fund when none
		/// is named. It is a gift and cannot be taken back.
		#[pallet::call_index(0)]
		pub fn contribute(
			origin: OriginFor<T>,
			market: Option<MarketId>,
			amount: Balance,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			ensure!(market.is_none_or(|m| T::Markets::contains(&m)), Error::<T>::UnknownMarket);
			Self::take_contribution(&who, market, amount)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The fund of `market`, in the smallest unit of the quote asset.
		pub fn fund(market: MarketId) -> Balance {
			MarketFunds::<T>::get(market)
		}

		/// The global fund, in the smallest unit of the quote asset.
		pub fn global() -> Balance {
			GlobalFund::<T>::get()
		}

		/// What `market` could draw from the global fund now, in the smallest unit of the quote
		/// asset.
		pub fn drawable(market: MarketId) -> Balance {
			Self::global_available(market)
		}
	}
}
