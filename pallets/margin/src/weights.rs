//! Weights, counted from storage accesses and a bound on the arithmetic.
//!
//! The account item is 3.5 kB at the most, a trigger page 2.6 kB; whitelisted items (board, totals,
//! ledger) are charged once per block by the runtime and count as reads here, which is on the safe
//! side.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of the calls and of what hooks do.
pub trait WeightInfo {
	/// Deposit: keys, account, ledger, next number, asset transfer; a new account at the worst.
	fn deposit() -> Weight;
	/// Withdraw: keys, account, board, up to 16 risk terms and gate views, triggers, transfer.
	fn withdraw() -> Weight;
	/// Set or revoke a key: two key records and the account.
	fn set_key() -> Weight;
	/// Limit leverage: key, terms and the account.
	fn set_leverage() -> Weight;
	/// Transfer: as a withdrawal and a deposit without the asset's accounts.
	fn transfer() -> Weight;
	/// Close an account: as a withdrawal without positions; key and account are removed.
	fn close_account() -> Weight;
	/// Liquidate: cancel 64 orders, close two legs with up to 16 makers each, and against others
	/// of 64 who are examined.
	fn liquidate() -> Weight;
	/// What a liquidation really took that wrote so many accounts and pages of the trigger index.
	fn liquidated(accounts: u16, index_writes: u16) -> Weight;
	/// Look at an account whose trigger was crossed and move the trigger.
	fn examine() -> Weight;
	/// What an examination really took that wrote so many accounts and pages of the trigger index.
	fn examined(accounts: u16, index_writes: u16) -> Weight;
	/// What a liquidation took that closed nothing and read so many accounts.
	fn attempted(read: u16) -> Weight;
	/// Ask whether a market may be liquidated.
	fn ask() -> Weight;
	/// Read a page of crossed triggers.
	fn page() -> Weight;
	/// Look whether any trigger of a market is crossed.
	fn scan() -> Weight;
	/// What every block does: read the backlog, compare custody with claims.
	fn block() -> Weight;
}

/// [`WeightInfo`] from the runtime's database weight.
pub struct SubstrateWeight<T>(PhantomData<T>);

const fn micros(micros: u64, proof: u64) -> Weight {
	Weight::from_parts(micros * 1_000_000, proof)
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn deposit() -> Weight {
		// Keys, account, next number, ledger, two asset accounts, asset, custody's and payer's
		// system accounts; all but the last are written.
		micros(25, 12_000).saturating_add(T::DbWeight::get().reads_writes(9, 8))
	}
	fn withdraw() -> Weight {
		// As a deposit without a new number, board, 16 terms, totals and gate views; the book's depth on
		// two pages for each of 16 positions, whose funding is settled; pages and words of triggers of
		// two of them. Fills and withdrawals rarely move any.
		micros(120, 120_000).saturating_add(T::DbWeight::get().reads_writes(84, 30))
	}
	fn set_key() -> Weight {
		micros(10, 6_000).saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	fn set_leverage() -> Weight {
		micros(10, 6_000).saturating_add(T::DbWeight::get().reads_writes(3, 1))
	}
	fn transfer() -> Weight {
		// The other account with its triggers, and a new number at the worst.
		Self::withdraw()
			.saturating_add(micros(30, 20_000))
			.saturating_add(T::DbWeight::get().reads_writes(12, 10))
	}
	fn close_account() -> Weight {
		// Keys, account, ledger, funds, two asset accounts, asset, custody's and owner's system accounts.
		micros(40, 16_000).saturating_add(T::DbWeight::get().reads_writes(10, 8))
	}
	fn liquidate() -> Weight {
		// 64 cancelled orders on up to 24 pages with their words, 32 makers with their accounts and
		// trigger pages, totals, ledger, funds; the grid's pages, 64 counterparties examined and half of
		// them closed against.
		micros(1_800, 900_000).saturating_add(T::DbWeight::get().reads_writes(280, 200))
	}
	fn liquidated(accounts: u16, index_writes: u16) -> Weight {
		// For each account itself and a page of the book; then words, totals, ledger, funds.
		let (accounts, index) = (accounts as u64, index_writes as u64);
		let writes = accounts.saturating_mul(2).saturating_add(index).saturating_add(5);
		micros(40 + 20 * accounts, 8_000 * writes)
			.saturating_add(T::DbWeight::get().reads_writes(writes.saturating_add(10), writes))
	}
	fn examine() -> Weight {
		// Account, 16 terms, board; account, three trigger pages and a word written.
		micros(25, 16_000).saturating_add(T::DbWeight::get().reads_writes(10, 5))
	}
	fn examined(accounts: u16, index_writes: u16) -> Weight {
		let writes = accounts as u64 + index_writes as u64;
		micros(15 + 5 * writes, 4_000 * (writes + 1))
			.saturating_add(T::DbWeight::get().reads_writes(writes.saturating_add(4), writes))
	}
	fn attempted(read: u16) -> Weight {
		// A counterparty with its page of the book; the account written with the attempt.
		let read = read as u64;
		micros(60 + 15 * read, 6_000 * (read + 4))
			.saturating_add(T::DbWeight::get().reads_writes(read.saturating_mul(2) + 10, 2))
	}
	fn ask() -> Weight {
		micros(2, 4_000).saturating_add(T::DbWeight::get().reads(2))
	}
	fn page() -> Weight {
		// The page with three words on the way to it.
		micros(8, 5_000).saturating_add(T::DbWeight::get().reads(4))
	}
	fn scan() -> Weight {
		// For each of four trees three words and a page.
		micros(15, 16_000).saturating_add(T::DbWeight::get().reads(16))
	}
	fn block() -> Weight {
		micros(5, 2_000).saturating_add(T::DbWeight::get().reads(4))
	}
}

impl WeightInfo for () {
	fn deposit() -> Weight {
		micros(25, 0)
	}
	fn withdraw() -> Weight {
		micros(60, 0)
	}
	fn set_key() -> Weight {
		micros(10, 0)
	}
	fn set_leverage() -> Weight {
		micros(10, 0)
	}
	fn transfer() -> Weight {
		micros(90, 0)
	}
	fn close_account() -> Weight {
		micros(40, 0)
	}
	fn liquidate() -> Weight {
		micros(900, 0)
	}
	fn liquidated(_: u16, _: u16) -> Weight {
		micros(330, 0)
	}
	fn examine() -> Weight {
		micros(20, 0)
	}
	fn examined(_: u16, _: u16) -> Weight {
		micros(10, 0)
	}
	fn attempted(_: u16) -> Weight {
		micros(30, 0)
	}
	fn ask() -> Weight {
		micros(1, 0)
	}
	fn page() -> Weight {
		micros(5, 0)
	}
	fn scan() -> Weight {
		micros(10, 0)
	}
	fn block() -> Weight {
		micros(5, 0)
	}
}
