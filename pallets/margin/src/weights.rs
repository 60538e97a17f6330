//! Weights, counted from storage accesses and a bound on the arithmetic.
//!
//! The account item is 3.5 kB at the most, a trigger page 2.6 kB; whitelisted items (board, totals,
//! ledger) are charged once per block by the runtime and count as reads here, which is on the safe
//! side.

use crate::{
	capacity::{at_most, COUNTERPARTIES},
	types::{MAX_ORDERS, MAX_POSITIONS},
};
use breakwater_primitives::{clearing::INDEX_WRITES, Settled};
use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of the calls and of what hooks do.
pub trait WeightInfo {
	/// Deposit: keys, account, ledger, next number, asset transfer; a new account at the worst.
	fn deposit() -> Weight;
	/// Withdraw: keys, account, board, up to 16 risk terms and gate views, triggers, transfer.
	fn withdraw() -> Weight;
	/// What a deposit really took.
	fn deposited(settled: Settled, created: bool) -> Weight;
	/// What a withdrawal from an account with so many positions really took.
	fn withdrawn(settled: Settled, positions: u32) -> Weight;
	/// What a transfer between accounts with so many positions together really took.
	fn transferred(settled: Settled, positions: u32) -> Weight;
	/// Set or revoke a key: two key records and the account.
	fn set_key() -> Weight;
	/// Limit leverage: key, terms and the account.
	fn set_leverage() -> Weight;
	/// Transfer: as a withdrawal and a deposit without the asset's accounts.
	fn transfer() -> Weight;
	/// Close an account: as a withdrawal without positions; key and account are removed.
	fn close_account() -> Weight;
	/// Liquidate an account with as many positions and orders as it may have, against as many
	/// counterparties as one liquidation may trade with.
	fn liquidate() -> Weight;
	/// What a liquidation really took that wrote so many accounts and pages of the trigger index; what
	/// was only read counts among the accounts, four items as one.
	fn liquidated(accounts: u16, index_writes: u16) -> Weight;
	/// Look at an account whose trigger was crossed and move the trigger.
	fn examine() -> Weight;
	/// What an examination really took that wrote so many accounts and pages of the trigger index.
	fn examined(accounts: u16, index_writes: u16) -> Weight;
	/// What a liquidation took that closed nothing and read so many accounts and pages.
	fn attempted(read: u16) -> Weight;
	/// Ask whether a market may be liquidated.
	fn ask() -> Weight;
	/// Read a page of crossed triggers.
	fn page() -> Weight;
	/// Look whether any trigger of a market is crossed.
	fn scan() -> Weight;
	/// Remove an account with so many trading keys: as closing it, and each key's record.
	fn remove_account(keys: u32) -> Weight;
	/// Change risk parameters: terms, what is announced, board.
	fn change_risk() -> Weight;
	/// Go on with announced rates, without the positions that are looked at: what is announced, terms,
	/// totals, gate, board.
	fn ramp_step() -> Weight;
	/// Look whether the vault holds anything: its account.
	fn vault() -> Weight;
	/// Look at one of the vault's positions at the worst: its order moved, 32 fills or 32 counterparties
	/// examined, two records of what it lost.
	fn unwind() -> Weight;
	/// What every block does: read the backlog, go on with cuts of weights, compare custody with claims.
	fn block() -> Weight;
	// Settlement.
	/// Look whether an account holds anything in a market that is being settled.
	fn visit() -> Weight;
	/// What settling a position really took that wrote so many accounts and pages of the trigger index.
	fn swept(accounts: u16, index_writes: u16) -> Weight;
	/// Let the funds pay and tell what winners receive.
	fn publish() -> Weight;
	/// Visit so many accounts that hold something. What a call does is metered by it.
	fn sweep(accounts: u32) -> Weight;
	/// Close one position of an account all of whose triggers move.
	fn claim() -> Weight;
	// Other collateral.
	/// Deposit of another asset: as a deposit, with the listings; a new account at the worst.
	fn deposit_asset() -> Weight;
	/// What such a deposit really took.
	fn asset_deposited(settled: Settled, created: bool) -> Weight;
	/// Withdrawal of another asset: as a withdrawal, with the listings.
	fn withdraw_asset() -> Weight;
	/// What such a withdrawal from an account with so many positions really took.
	fn asset_withdrawn(settled: Settled, positions: u32) -> Weight;
	/// Transfer of another asset between accounts of an owner.
	fn transfer_asset() -> Weight;
	/// What such a transfer between accounts with so many positions together really took.
	fn asset_transferred(settled: Settled, positions: u32) -> Weight;
	/// Buy of an account's collateral: quote comes in, an asset goes out, the account is written.
	fn buy_collateral() -> Weight;
	/// What such a purchase really took.
	fn collateral_bought(settled: Settled) -> Weight;
	/// Offer an account's collateral.
	fn offer_collateral() -> Weight;
	/// What an offer really took.
	fn collateral_offered(settled: Settled) -> Weight;
	/// List an asset: listings, the asset, its market's terms and board.
	fn list_asset() -> Weight;
	/// Tighten an asset's terms.
	fn tighten_asset() -> Weight;
	/// Announce a cut of an asset's weight.
	fn cut_asset() -> Weight;
	/// Loosen an asset's terms.
	fn loosen_asset() -> Weight;
	/// Value the assets of a market whose price moved.
	fn revalue() -> Weight;
}

/// [`WeightInfo`] from the runtime's database weight.
pub struct SubstrateWeight<T>(PhantomData<T>);

/// The most positions of an account.
const MOST: u64 = MAX_POSITIONS as u64;
/// Items read for each position: gate, terms, totals, two pages of the book.
const READ_EACH: u64 = 5;
/// Pages and words of triggers written for each position that moves.
const INDEX_EACH: u16 = INDEX_WRITES;
/// Pages and words of triggers written for the other collateral of an account.
const INDEX_OTHER: u16 = 16;

/// The most that a session with so many accounts writes when all their triggers move.
const fn worst(accounts: u16) -> Settled {
	let each = INDEX_EACH * MAX_POSITIONS as u16 + INDEX_OTHER;
	Settled { accounts, index_writes: accounts * each }
}

/// Items written.
const fn written(settled: &Settled) -> u64 {
	settled.accounts as u64 + settled.index_writes as u64
}

const fn micros(micros: u64, proof: u64) -> Weight {
	Weight::from_parts(micros * 1_000_000, proof)
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn deposit() -> Weight {
		Self::deposited(worst(1), true).saturating_add(T::DbWeight::get().reads(READ_EACH * MOST))
	}
	fn withdraw() -> Weight {
		Self::withdrawn(worst(1), MAX_POSITIONS)
	}
	fn deposited(settled: Settled, created: bool) -> Weight {
		// Keys, account, two asset accounts, asset, custody's and payer's system accounts, ledger; the
		// ledger and the asset accounts are written, and a new account's key and number.
		let writes = written(&settled) + 3 + if created { 2 } else { 0 };
		micros(25 + 4 * written(&settled), 12_000 + 3_000 * writes)
			.saturating_add(T::DbWeight::get().reads_writes(9 + written(&settled), writes))
	}
	fn withdrawn(settled: Settled, positions: u32) -> Weight {
		// As a deposit, and what the chain allows; for each position gate, terms, totals, which its
		// funding changes, and two pages of the book.
		let positions = u64::from(positions);
		Self::deposited(settled, false)
			.saturating_add(micros(5 + 6 * positions, 6_000 * positions))
			.saturating_add(T::DbWeight::get().reads_writes(3 + READ_EACH * positions, positions))
	}
	fn transferred(settled: Settled, positions: u32) -> Weight {
		// As a withdrawal; the other account's key and number take the place of the asset's accounts.
		Self::withdrawn(settled, positions)
	}
	fn set_key() -> Weight {
		micros(10, 6_000).saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	fn set_leverage() -> Weight {
		micros(10, 6_000).saturating_add(T::DbWeight::get().reads_writes(3, 1))
	}
	fn transfer() -> Weight {
		Self::transferred(worst(2), 2 * MAX_POSITIONS)
	}
	fn close_account() -> Weight {
		// Keys, account, ledger, funds, two asset accounts, asset, custody's and owner's system accounts;
		// listings, and of each of four other assets its two accounts and itself; stops, switch and bin.
		micros(90, 44_000).saturating_add(T::DbWeight::get().reads_writes(27, 22))
	}
	fn liquidate() -> Weight {
		let most = at_most(COUNTERPARTIES, MAX_POSITIONS as u16, MAX_ORDERS as u16);
		Self::liquidated(most.accounts, most.index_writes)
	}
	fn liquidated(accounts: u16, index_writes: u16) -> Weight {
		// For each account itself and a page of the book; then words, totals, ledger, funds, and what the
		// vault lost.
		let (accounts, index) = (accounts as u64, index_writes as u64);
		let writes = accounts.saturating_mul(2).saturating_add(index).saturating_add(7);
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
		// For each of four trees, and those of two assets, three words and a page; the board with what was
		// found.
		micros(35, 24_000).saturating_add(T::DbWeight::get().reads_writes(26, 1))
	}
	fn remove_account(keys: u32) -> Weight {
		let keys = u64::from(keys);
		Self::close_account()
			.saturating_add(micros(2 * keys, 200 * keys))
			.saturating_add(T::DbWeight::get().reads_writes(keys + 1, keys + 1))
	}
	fn change_risk() -> Weight {
		micros(20, 8_000).saturating_add(T::DbWeight::get().reads_writes(4, 4))
	}
	fn ramp_step() -> Weight {
		micros(20, 10_000).saturating_add(T::DbWeight::get().reads_writes(8, 5))
	}
	fn vault() -> Weight {
		micros(5, 5_000).saturating_add(T::DbWeight::get().reads(2))
	}
	fn unwind() -> Weight {
		// The vault with each counterparty; the market's terms, depth and restriction.
		Self::liquidated(33, 33 * INDEX_EACH)
			.saturating_add(micros(20, 12_000))
			.saturating_add(T::DbWeight::get().reads_writes(8, 4))
	}
	fn block() -> Weight {
		// With cuts under way the listings are written.
		micros(8, 4_000).saturating_add(T::DbWeight::get().reads_writes(7, 1))
	}
	fn visit() -> Weight {
		micros(5, 3_500).saturating_add(T::DbWeight::get().reads(1))
	}
	fn swept(accounts: u16, index_writes: u16) -> Weight {
		// The account with 16 terms and boards; settlement, totals and ledger are written besides.
		let writes = accounts as u64 + index_writes as u64;
		micros(25 + 5 * writes, 4_000 * (writes + 4))
			.saturating_add(T::DbWeight::get().reads_writes(writes.saturating_add(22), writes + 3))
	}
	fn publish() -> Weight {
		// Settlement, totals, ledger, bad debt, board, two bitmaps; market fund, global fund, total, two
		// buckets, shares and upkeep; the incident (3).
		micros(60, 16_000).saturating_add(T::DbWeight::get().reads_writes(20, 18))
	}
	fn sweep(accounts: u32) -> Weight {
		// Of most accounts the triggers of two positions move; one more may take all.
		let each = Self::visit().saturating_add(Self::swept(1, 2 * INDEX_EACH));
		each.saturating_mul(accounts.into())
			.saturating_add(Self::claim())
			.saturating_add(Self::publish())
	}
	fn claim() -> Weight {
		Self::visit().saturating_add(Self::swept(1, worst(1).index_writes))
	}
	fn deposit_asset() -> Weight {
		Self::asset_deposited(worst(1), true)
			.saturating_add(T::DbWeight::get().reads(READ_EACH * MOST))
	}
	fn asset_deposited(settled: Settled, created: bool) -> Weight {
		Self::deposited(settled, created).saturating_add(other_collateral::<T>())
	}
	fn withdraw_asset() -> Weight {
		Self::asset_withdrawn(worst(1), MAX_POSITIONS)
	}
	fn asset_withdrawn(settled: Settled, positions: u32) -> Weight {
		Self::withdrawn(settled, positions).saturating_add(other_collateral::<T>())
	}
	fn transfer_asset() -> Weight {
		Self::asset_transferred(worst(2), 2 * MAX_POSITIONS)
	}
	fn asset_transferred(settled: Settled, positions: u32) -> Weight {
		Self::transferred(settled, positions).saturating_add(other_collateral::<T>())
	}
	fn buy_collateral() -> Weight {
		Self::collateral_bought(worst(1)).saturating_add(T::DbWeight::get().reads(READ_EACH * MOST))
	}
	fn collateral_bought(settled: Settled) -> Weight {
		// As a deposit of quote, and the asset's accounts once more; a fund and the bad debt.
		Self::deposited(settled, false)
			.saturating_add(other_collateral::<T>())
			.saturating_add(T::DbWeight::get().reads_writes(6, 5))
	}
	fn offer_collateral() -> Weight {
		Self::collateral_offered(worst(1))
			.saturating_add(T::DbWeight::get().reads(READ_EACH * MOST))
	}
	fn collateral_offered(settled: Settled) -> Weight {
		Self::examined(settled.accounts, settled.index_writes)
			.saturating_add(other_collateral::<T>())
	}
	fn list_asset() -> Weight {
		micros(15, 8_000).saturating_add(T::DbWeight::get().reads_writes(4, 2))
	}
	fn tighten_asset() -> Weight {
		micros(8, 3_000).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}
	fn cut_asset() -> Weight {
		micros(8, 3_000).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}
	fn loosen_asset() -> Weight {
		micros(8, 3_000).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}
	fn revalue() -> Weight {
		micros(5, 2_000).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}
}

/// What other collateral adds to an operation on one or two accounts: the listings, a sale, interest to
/// a fund, and for each of four assets a trigger taken from a page and put into another with its word.
fn other_collateral<T: frame_system::Config>() -> Weight {
	micros(30, 24_000).saturating_add(T::DbWeight::get().reads_writes(5, 3))
}

impl WeightInfo for () {
	fn deposit() -> Weight {
		micros(25, 0)
	}
	fn withdraw() -> Weight {
		micros(60, 0)
	}
	fn deposited(_: Settled, _: bool) -> Weight {
		micros(20, 0)
	}
	fn withdrawn(_: Settled, _: u32) -> Weight {
		micros(40, 0)
	}
	fn transferred(_: Settled, _: u32) -> Weight {
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
	fn remove_account(_: u32) -> Weight {
		micros(40, 0)
	}
	fn change_risk() -> Weight {
		micros(20, 0)
	}
	fn ramp_step() -> Weight {
		micros(10, 0)
	}
	fn vault() -> Weight {
		micros(1, 0)
	}
	fn unwind() -> Weight {
		micros(300, 0)
	}
	fn block() -> Weight {
		micros(5, 0)
	}
	fn deposit_asset() -> Weight {
		micros(40, 0)
	}
	fn asset_deposited(_: Settled, _: bool) -> Weight {
		micros(30, 0)
	}
	fn withdraw_asset() -> Weight {
		micros(80, 0)
	}
	fn asset_withdrawn(_: Settled, _: u32) -> Weight {
		micros(60, 0)
	}
	fn transfer_asset() -> Weight {
		micros(90, 0)
	}
	fn asset_transferred(_: Settled, _: u32) -> Weight {
		micros(80, 0)
	}
	fn buy_collateral() -> Weight {
		micros(90, 0)
	}
	fn collateral_bought(_: Settled) -> Weight {
		micros(80, 0)
	}
	fn offer_collateral() -> Weight {
		micros(40, 0)
	}
	fn collateral_offered(_: Settled) -> Weight {
		micros(30, 0)
	}
	fn list_asset() -> Weight {
		micros(10, 0)
	}
	fn tighten_asset() -> Weight {
		micros(10, 0)
	}
	fn cut_asset() -> Weight {
		micros(10, 0)
	}
	fn loosen_asset() -> Weight {
		micros(10, 0)
	}
	fn revalue() -> Weight {
		micros(5, 0)
	}
	fn visit() -> Weight {
		micros(1, 0)
	}
	fn swept(_: u16, _: u16) -> Weight {
		micros(20, 0)
	}
	fn publish() -> Weight {
		micros(50, 0)
	}
	fn sweep(accounts: u32) -> Weight {
		micros(70 + 21 * u64::from(accounts) + 22, 0)
	}
	fn claim() -> Weight {
		micros(21, 0)
	}
}
