//! What the calls cost, and what the clearing house adds to its own weight for cover.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of the pallet's calls and of its seam to the clearing house.
pub trait WeightInfo {
	/// [`crate::Pallet::contribute`].
	fn contribute() -> Weight;
	/// [`crate::Pallet::back`].
	fn back() -> Weight;
	/// [`crate::Pallet::notice`].
	fn notice() -> Weight;
	/// [`crate::Pallet::claim`] of all notices.
	fn claim() -> Weight;
	/// [`crate::Pallet::cancel`].
	fn cancel() -> Weight;
	/// [`crate::Pallet::wind_down`].
	fn wind_down() -> Weight;
	/// [`crate::Pallet::back_vault`].
	fn back_vault() -> Weight;
	/// [`crate::Pallet::notice_vault`].
	fn notice_vault() -> Weight;
	/// [`crate::Pallet::claim_vault`] of all notices.
	fn claim_vault() -> Weight;
	/// [`crate::Pallet::cancel_vault`].
	fn cancel_vault() -> Weight;
	/// Value the vault: its account with up to 16 positions, and the restriction on each market.
	fn vault() -> Weight;
	/// What the hook does in every block.
	fn upkeep() -> Weight;
	/// The hook's review of one market.
	fn review() -> Weight;
	/// `Backstop::penalty`, for the caller to add to its own weight.
	fn penalty() -> Weight;
	/// `Backstop::cover` at its worst, for the caller to add to its own weight.
	fn cover() -> Weight;
	/// `Backstop::charges`, for the caller to add to its own weight.
	fn charges() -> Weight;
	/// `Backstop::charged` at its worst, for the caller to add to its own weight.
	fn charged() -> Weight;
}

const fn micros(micros: u64, proof: u64) -> Weight {
	Weight::from_parts(micros * 1_000_000, proof)
}

/// Weights counted from the database accesses of each call.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Reads: whether the market exists, fund, total; asset, both asset accounts and both system
	/// accounts of the transfer, and the clearing house's count. Writes: fund, total, asset, both
	/// asset accounts, both system accounts, the count; only the contributor's own are not shared by
	/// all contributions of a block, and the shared ones are charged as one. The logic, with the asset
	/// pallet's checks and three events, is estimated at 40 us.
	fn contribute() -> Weight {
		Weight::from_parts(40_000_000, 12_000).saturating_add(T::DbWeight::get().reads_writes(9, 3))
	}
	/// Reads and writes: the market's fund and the total.
	fn penalty() -> Weight {
		Weight::from_parts(2_000_000, 2_000).saturating_add(T::DbWeight::get().reads_writes(2, 2))
	}
	/// Reads: both funds, total, both draw records, shares, the clock. Writes: all but the clock.
	fn cover() -> Weight {
		micros(5, 5_000).saturating_add(T::DbWeight::get().reads_writes(7, 6))
	}
	/// As `contribute`, with the shares, the backer and the active clock; two wide divisions.
	fn back() -> Weight {
		micros(45, 15_000).saturating_add(T::DbWeight::get().reads_writes(11, 10))
	}
	/// Reads: clock, shares, backer, global fund. Writes: backer.
	fn notice() -> Weight {
		micros(10, 4_000).saturating_add(T::DbWeight::get().reads_writes(4, 1))
	}
	/// Reads: clocks, shares, backer, global fund, total, draws, restrictions of 64 markets in two
	/// shards of which each view decodes one, at the worst 64 market funds, and what `contribute`
	/// reads for the transfer. Writes: shares, backer, global fund, total, transfer (6).
	fn claim() -> Weight {
		micros(400, 40_000).saturating_add(T::DbWeight::get().reads_writes(9 + 2 + 64 + 6, 10))
	}
	/// Reads: clock, shares, backer. Writes: backer.
	fn cancel() -> Weight {
		micros(8, 3_000).saturating_add(T::DbWeight::get().reads_writes(3, 1))
	}
	/// Reads: market, fund, restrictions, what `review` reads of exposure, clock, upkeep. Writes:
	/// fund, upkeep.
	fn wind_down() -> Weight {
		micros(12, 12_000).saturating_add(T::DbWeight::get().reads_writes(8, 2))
	}
	/// As `back`, with the vault valued twice; its account and up to twelve pages of triggers for each
	/// of 16 positions instead of the fund and the total.
	fn back_vault() -> Weight {
		Self::back()
			.saturating_add(Self::vault())
			.saturating_add(Self::vault())
			.saturating_add(micros(60, 60_000))
			.saturating_add(T::DbWeight::get().reads_writes(50, 50))
	}
	/// As `notice`, with the vault valued.
	fn notice_vault() -> Weight {
		Self::notice().saturating_add(Self::vault())
	}
	/// Reads: as `notice_vault`, with the vault valued three times, two pages of the book of each of 16
	/// markets, the transfer. Writes: shares, backer, the vault's account with its triggers, the
	/// transfer.
	fn claim_vault() -> Weight {
		let valued = Self::vault().saturating_mul(3);
		valued
			.saturating_add(micros(150, 100_000))
			.saturating_add(T::DbWeight::get().reads_writes(95, 60))
	}
	/// As `cancel`.
	fn cancel_vault() -> Weight {
		Self::cancel()
	}
	/// Reads: the vault's record and account, two boards; for each of 16 positions the market's terms,
	/// its restriction and what the vault lost there.
	fn vault() -> Weight {
		micros(40, 30_000).saturating_add(T::DbWeight::get().reads(4 + 3 * 16))
	}
	/// Reads: clock, upkeep, restrictions once a minute. Writes: upkeep once a minute.
	fn upkeep() -> Weight {
		micros(3, 6_000).saturating_add(T::DbWeight::get().reads_writes(3, 1))
	}
	/// Reads: fund, the market's terms, totals and prices, restrictions, global fund. Writes: both
	/// funds.
	fn review() -> Weight {
		micros(12, 15_000).saturating_add(T::DbWeight::get().reads_writes(6, 2))
	}
	/// Reads: the market's fund, with its price ready in it.
	fn charges() -> Weight {
		micros(1, 1_000).saturating_add(T::DbWeight::get().reads(1))
	}
	/// Reads and writes: the market's fund, the total, the global fund while it is repaid.
	fn charged() -> Weight {
		micros(2, 2_000).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
}

impl WeightInfo for () {
	fn contribute() -> Weight {
		Weight::from_parts(40_000_000, 12_000)
	}
	fn penalty() -> Weight {
		Weight::from_parts(2_000_000, 2_000)
	}
	fn cover() -> Weight {
		micros(5, 5_000)
	}
	fn back() -> Weight {
		micros(45, 15_000)
	}
	fn notice() -> Weight {
		micros(10, 4_000)
	}
	fn claim() -> Weight {
		micros(400, 40_000)
	}
	fn cancel() -> Weight {
		micros(8, 3_000)
	}
	fn wind_down() -> Weight {
		micros(12, 12_000)
	}
	fn back_vault() -> Weight {
		micros(200, 60_000)
	}
	fn notice_vault() -> Weight {
		micros(50, 30_000)
	}
	fn claim_vault() -> Weight {
		micros(400, 100_000)
	}
	fn cancel_vault() -> Weight {
		micros(8, 3_000)
	}
	fn vault() -> Weight {
		micros(40, 30_000)
	}
	fn upkeep() -> Weight {
		micros(3, 6_000)
	}
	fn review() -> Weight {
		micros(12, 15_000)
	}
	fn charges() -> Weight {
		micros(1, 1_000)
	}
	fn charged() -> Weight {
		micros(2, 2_000)
	}
}
