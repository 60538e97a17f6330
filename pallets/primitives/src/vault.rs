//! The seams of the backstop vault: one account of the clearing house, backed by shares, that takes
//! over positions which the book does not take in time.
//!
//! The clearing house owns the account and decides what it takes; the insurance pallet owns its shares
//! and decides who comes and goes. No token moves between them: what backers pay is the account's quote
//! balance.

use crate::{Balance, MarketId, Ppm};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::dispatch::DispatchResult;
use scale_info::TypeInfo;
use sp_runtime::DispatchError;

/// How the vault takes positions of a market.
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
pub struct VaultTerms {
	/// How much cheaper than the examined price it buys, or dearer it sells.
	pub discount: Ppm,
	/// What it takes in a minute, as a fraction of the book's depth within 2 %.
	pub tranche: Ppm,
	/// What it may lose in a day, as a fraction of what it is worth.
	pub budget: Ppm,
}

impl VaultTerms {
	/// Half of the depth in a minute; 2 % of the vault in a day.
	const fn at(discount: Ppm) -> Self {
		Self { discount, tranche: Ppm(500_000), budget: Ppm(20_000) }
	}
	/// The most liquid markets: 0.5 % off the examined price.
	pub const TIER_A: Self = Self::at(Ppm(5_000));
	/// Liquid markets: 1.5 %.
	pub const TIER_B: Self = Self::at(Ppm(15_000));
	/// Thin markets: 4 %.
	pub const TIER_C: Self = Self::at(Ppm(40_000));
}

/// Says on what terms the vault takes positions.
pub trait VaultPolicy {
	/// The terms of `market`.
	fn terms(market: MarketId) -> VaultTerms;
}

/// Every market is a thin one.
impl VaultPolicy for () {
	fn terms(_: MarketId) -> VaultTerms {
		VaultTerms::TIER_C
	}
}

/// What the vault is worth now: its equity, and what speaks against coming or going.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct VaultWorth {
	/// With each position at the worse of index and mark, in quote units; nothing where it is
	/// negative. Whoever leaves is paid by this.
	pub low: Balance,
	/// With each position at the better of index and mark, in quote units. Whoever comes pays by this.
	pub high: Balance,
	/// Whether it holds positions.
	pub open: bool,
	/// Whether the prices of all its positions are valid.
	pub priced: bool,
	/// Whether claims wait: a market in which it holds a position is at `ReduceOnly` or worse or has no
	/// valid price, or it lost within a day.
	pub troubled: bool,
}

/// The vault's account, as its shares see it.
pub trait Vault<AccountId> {
	/// What it is worth now.
	fn worth() -> VaultWorth;
	/// Take `amount` from `from` into custody and add it to the vault's balance. The first call creates
	/// the account.
	fn add(from: &AccountId, amount: Balance) -> DispatchResult;
	/// Pay `amount` of the vault's balance out of custody to `to`. Fails where the margin of its
	/// positions does not let so much go; nothing is changed then.
	fn remove(to: &AccountId, amount: Balance) -> DispatchResult;
}

/// There is no vault.
impl<AccountId> Vault<AccountId> for () {
	fn worth() -> VaultWorth {
		VaultWorth::default()
	}
	fn add(_: &AccountId, _: Balance) -> DispatchResult {
		Err(DispatchError::Unavailable)
	}
	fn remove(_: &AccountId, _: Balance) -> DispatchResult {
		Err(DispatchError::Unavailable)
	}
}
