//! What operations cost, put together from what was measured of their parts.
//!
//! Benchmarks measure logic and the keys that only the operation itself changes. Accounts and the
//! trigger index are left out of them, since how many of those it changes is known only afterwards: they
//! are counted while it is done, and each is priced here by what a distinct changed key of a block costs.
//!
//! An account is a key of the largest map. The trigger index is a map of pages of many accounts, hundreds
//! of times smaller, so a key of it costs half a write; so does a page of a book beyond the first of an
//! operation. The first is changed by many operations of a block, like what all liquidations of a market
//! change (its flow, totals, funds and statistics): that is charged once a block, by [`ask`].

use crate::{
	capacity::{at_most, COUNTERPARTIES},
	settlement::MAX_SWEEP,
	types::{MAX_KEYS, MAX_ORDERS, MAX_POSITIONS},
	Config, WeightInfo,
};
use breakwater_primitives::{clearing::INDEX_WRITES, Settled};
use frame_support::{traits::Get, weights::Weight};

/// Keys that liquidations of a market share in a block.
const SHARED: u64 = 8;
/// Keys that deposits and withdrawals of a block share: the quote asset, and custody's account in it.
const CUSTODY: u64 = 2;
/// Pages and words of triggers written for the other collateral of an account.
const INDEX_OTHER: u16 = 16;
/// Other assets that an account may hold.
const ASSETS: u64 = 4;

/// What a liquidation did, or an attempt at one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
	/// What it wrote.
	pub settled: Settled,
	/// Positions of the account before.
	pub positions: u16,
	/// Others whose resting orders it met, or with whom it traded.
	pub met: u16,
	/// Others who were examined for deleveraging.
	pub examined: u16,
	/// Positions that the vault was asked to take over.
	pub taken: u16,
	/// Resting orders of the account that were cancelled.
	pub cancelled: u16,
	/// Pages and words of books that were written, without those of cancelled orders.
	pub pages: u16,
	/// Pages of books and of the grid that were read.
	pub looked: u16,
}

/// The most that a session with so many accounts writes when all their triggers move.
const fn worst(accounts: u16) -> Settled {
	let each = INDEX_WRITES * MAX_POSITIONS as u16 + INDEX_OTHER;
	Settled { accounts, index_writes: accounts * each }
}

/// So many keys of a small map.
fn pages<T: Config>(pages: u16) -> Weight {
	let (db, pages) = (T::DbWeight::get(), u64::from(pages));
	db.reads(pages).saturating_add(db.writes(pages) / 2)
}

/// Accounts, and pages and words of the trigger index.
fn written<T: Config>(settled: Settled) -> Weight {
	let accounts = u64::from(settled.accounts);
	T::DbWeight::get()
		.reads_writes(accounts, accounts)
		.saturating_add(pages::<T>(settled.index_writes))
}

/// What `n` more of something cost, by the weight of an operation on so many.
fn more(weight: impl Fn(u32) -> Weight, n: u16) -> Weight {
	weight(n.into()).saturating_sub(weight(0))
}

/// What every block does, and what its deposits and withdrawals do once.
pub fn block<T: Config>() -> Weight {
	T::WeightInfo::every_block().saturating_add(T::DbWeight::get().reads_writes(CUSTODY, CUSTODY))
}

// Collateral.

/// What a deposit took: into an account with so many positions, or into a new one.
pub fn deposited<T: Config>(settled: Settled, created: bool, positions: u32) -> Weight {
	let own = match created {
		true => T::WeightInfo::deposit_new(),
		false => T::WeightInfo::deposit(positions),
	};
	own.saturating_add(written::<T>(settled))
}

/// The most that a deposit takes.
pub fn deposit<T: Config>() -> Weight {
	let known = deposited::<T>(worst(1), false, MAX_POSITIONS);
	// A key that traded for another account gives way to a new account, so two are written.
	known.max(deposited::<T>(Settled { accounts: 2, index_writes: 0 }, true, 0))
}

/// What a withdrawal from an account with so many positions took.
pub fn withdrawn<T: Config>(settled: Settled, positions: u32) -> Weight {
	T::WeightInfo::withdraw(positions).saturating_add(written::<T>(settled))
}

/// The most that a withdrawal takes.
pub fn withdraw<T: Config>() -> Weight {
	withdrawn::<T>(worst(1), MAX_POSITIONS)
}

/// What a transfer between accounts with so many positions together took.
pub fn transferred<T: Config>(settled: Settled, positions: u32) -> Weight {
	T::WeightInfo::transfer(positions).saturating_add(written::<T>(settled))
}

/// The most that a transfer takes.
pub fn transfer<T: Config>() -> Weight {
	transferred::<T>(worst(2), 2 * MAX_POSITIONS)
}

/// The most that closing an account takes: it may hold other assets, each of which is paid out.
pub fn close_account<T: Config>() -> Weight {
	T::WeightInfo::close_account()
		.saturating_add(T::WeightInfo::pay_asset() * ASSETS)
		.saturating_add(written::<T>(Settled { accounts: 1, index_writes: INDEX_OTHER }))
}

/// What removing an account with so many trading keys takes.
pub fn remove_account<T: Config>(keys: usize) -> Weight {
	let keys = u32::try_from(keys).unwrap_or(u32::MAX).min(MAX_KEYS.into());
	T::WeightInfo::remove_account(keys)
		.saturating_add(written::<T>(Settled { accounts: 1, index_writes: 0 }))
}

// Other collateral.

/// What a deposit of another asset took.
pub fn asset_deposited<T: Config>(settled: Settled, created: bool, positions: u32) -> Weight {
	let own = match created {
		true => T::WeightInfo::deposit_asset_new(),
		false => T::WeightInfo::deposit_asset(positions),
	};
	own.saturating_add(written::<T>(settled))
}

/// The most that a deposit of another asset takes.
pub fn deposit_asset<T: Config>() -> Weight {
	let known = asset_deposited::<T>(worst(1), false, MAX_POSITIONS);
	known.max(asset_deposited::<T>(Settled { accounts: 1, index_writes: 0 }, true, 0))
}

/// What a withdrawal of another asset from an account with so many positions took.
pub fn asset_withdrawn<T: Config>(settled: Settled, positions: u32) -> Weight {
	T::WeightInfo::withdraw_asset(positions).saturating_add(written::<T>(settled))
}

/// The most that a withdrawal of another asset takes.
pub fn withdraw_asset<T: Config>() -> Weight {
	asset_withdrawn::<T>(worst(1), MAX_POSITIONS)
}

/// What a transfer of another asset between accounts with so many positions together took.
pub fn asset_transferred<T: Config>(settled: Settled, positions: u32) -> Weight {
	T::WeightInfo::transfer_asset(positions).saturating_add(written::<T>(settled))
}

/// The most that a transfer of another asset takes.
pub fn transfer_asset<T: Config>() -> Weight {
	asset_transferred::<T>(worst(2), 2 * MAX_POSITIONS)
}

/// What a purchase of an account's collateral took.
pub fn collateral_bought<T: Config>(settled: Settled) -> Weight {
	T::WeightInfo::buy_collateral().saturating_add(written::<T>(settled))
}

/// The most that a purchase of collateral takes.
pub fn buy_collateral<T: Config>() -> Weight {
	collateral_bought::<T>(worst(1))
}

/// What an offer of an account's collateral took.
pub fn collateral_offered<T: Config>(settled: Settled) -> Weight {
	T::WeightInfo::offer_collateral().saturating_add(written::<T>(settled))
}

/// The most that an offer of collateral takes.
pub fn offer_collateral<T: Config>() -> Weight {
	collateral_offered::<T>(worst(1))
}

// Liquidation.

/// Ask whether a market may be liquidated, and what its liquidations of a block share.
pub fn ask<T: Config>() -> Weight {
	T::WeightInfo::ask().saturating_add(T::DbWeight::get().reads_writes(SHARED, SHARED))
}

/// What an examination of an account with so many positions took.
pub fn examined<T: Config>(settled: Settled, positions: u32) -> Weight {
	T::WeightInfo::examine(positions).saturating_add(written::<T>(settled))
}

/// The most that an examination of an account with so many positions takes: all its triggers move.
pub fn examine<T: Config>(positions: u32) -> Weight {
	let moved = u16::try_from(positions).unwrap_or(u16::MAX).saturating_mul(INDEX_WRITES);
	examined::<T>(Settled { accounts: 1, index_writes: moved }, positions)
}

/// What it took to meet others, to write them, and to look at pages.
fn worked<T: Config>(work: &Work) -> Weight {
	let Work { settled, positions, met, examined, taken, cancelled, pages: book, looked } = *work;
	let loaded = met.saturating_add(examined).saturating_add(2);
	let read = looked.saturating_add(loaded.saturating_sub(settled.accounts));
	let positions = u32::from(positions).max(1);
	more(|met| T::WeightInfo::liquidate(met, positions), met)
		.saturating_add(more(T::WeightInfo::deleverage, examined))
		.saturating_add(more(T::WeightInfo::cancel_orders, cancelled))
		.saturating_add(T::WeightInfo::take_over() * u64::from(taken))
		.saturating_add(written::<T>(settled))
		.saturating_add(pages::<T>(book.saturating_sub(1)))
		.saturating_add(T::DbWeight::get().reads(read.into()))
}

/// What a liquidation took.
pub fn liquidated<T: Config>(work: &Work) -> Weight {
	let own = T::WeightInfo::liquidate(0, u32::from(work.positions).max(1));
	own.saturating_add(worked::<T>(work))
}

/// The most that a liquidation takes: of an account with as many positions and orders as it may have,
/// against as many others as one liquidation may trade with.
pub fn liquidate<T: Config>() -> Weight {
	liquidated::<T>(&at_most(COUNTERPARTIES, MAX_POSITIONS as u16, MAX_ORDERS as u16))
}

/// What an attempt took that closed nothing.
pub fn attempted<T: Config>(work: &Work) -> Weight {
	// That it was tried is written to the account, whose triggers may move.
	let settled = Settled { accounts: 1, index_writes: work.settled.index_writes };
	T::WeightInfo::attempt().saturating_add(worked::<T>(&Work { settled, ..*work }))
}

/// What looking at one of the vault's positions took.
pub fn unwound<T: Config>(work: &Work) -> Weight {
	T::WeightInfo::unwind().saturating_add(worked::<T>(work))
}

/// The most that looking at one of the vault's positions takes: its order is moved, and it trades with as
/// many others as it may.
pub fn unwind<T: Config>() -> Weight {
	let most = at_most(COUNTERPARTIES, 1, 0);
	unwound::<T>(&Work { positions: MAX_POSITIONS as u16, ..most })
}

// Settlement.

/// What settling a position of an account with so many positions took.
pub fn swept<T: Config>(settled: Settled, positions: u32) -> Weight {
	T::WeightInfo::settle_position(positions).saturating_add(written::<T>(settled))
}

/// The most that settling a position takes.
pub fn settle_position<T: Config>() -> Weight {
	swept::<T>(worst(1), MAX_POSITIONS)
}

/// What a claim took.
pub fn claimed<T: Config>(settled: Settled) -> Weight {
	T::WeightInfo::claim().saturating_add(written::<T>(settled))
}

/// The most that a claim takes.
pub fn claim<T: Config>() -> Weight {
	claimed::<T>(worst(1))
}

/// What a call may take that visits so many accounts; it is metered by it.
pub fn sweep<T: Config>(accounts: u32) -> Weight {
	let accounts = accounts.min(MAX_SWEEP);
	// Of most accounts the triggers of two positions move; one more may take all.
	let usual = Settled { accounts: 1, index_writes: 2 * INDEX_WRITES };
	T::WeightInfo::sweep(accounts)
		.saturating_add(swept::<T>(usual, 2).saturating_mul(accounts.into()))
		.saturating_add(settle_position::<T>())
		.saturating_add(T::WeightInfo::publish())
}
