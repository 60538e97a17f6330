//! States that are too large to be made by transactions: the genesis of the development preset, changed
//! natively by the runtime's own code before the chain begins.

use crate::{
	accounts::Account,
	chain::{genesis_storage, Chain, FIRST_SLOT, SLOT},
	throughput::{feeders, MARKET},
	Result,
};
use breakwater_primitives::{
	clearing::Fees, AccountRef, Check, Clearing, Fill, OrderId, Session, Side, Ticks,
};
use breakwater_runtime::{
	AccountId, Assets, Margin, Oracle, Runtime, RuntimeCall, RuntimeOrigin, System, USDC,
};
use frame_support::{
	traits::{fungibles::Mutate, OnFinalize},
	BoundedVec,
};
use pallet_margin::types::Account as Stored;
use sp_runtime::traits::Dispatchable;
use sp_state_machine::BasicExternalities;

/// What a tick times a lot is worth in the market of the preset, in quote units.
pub const UNIT: u128 = 100;

/// A chain whose genesis `make` changes.
pub fn chain(accounts: &[Account], make: impl FnOnce() -> Result<()>) -> Result<Chain> {
	let mut storage = genesis_storage(accounts)?;
	BasicExternalities::execute_with_storage(&mut storage, || {
		pallet_timestamp::Now::<Runtime>::put((FIRST_SLOT - 1) * SLOT);
		make()?;
		System::reset_events();
		Ok::<_, Box<dyn std::error::Error>>(())
	})?;
	Chain::of(storage)
}

/// Dispatch a call natively.
pub fn call(who: AccountId, call: impl Into<RuntimeCall>) -> Result<()> {
	let done = call.into().dispatch(RuntimeOrigin::signed(who));
	done.map(|_| ()).map_err(|failed| format!("{:?}", failed.error).into())
}

/// Every feeder reports `price`.
pub fn feed(price: Ticks) -> Result<()> {
	for feeder in feeders()? {
		let prices = BoundedVec::truncate_from(vec![(MARKET, price)]);
		call(feeder.id(), pallet_price_guard::Call::feed { prices })?;
	}
	Oracle::on_finalize(0);
	Ok(())
}

/// Somebody of whom only the number is known.
pub fn stranger(number: u64) -> AccountId {
	sp_io::hashing::blake2_256(&number.to_le_bytes()).into()
}

/// A position to be opened: its lots, and the price at which its account has no more than its
/// maintenance margin.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
	/// How many lots.
	pub lots: u64,
	/// The price at which a long is at its margin.
	pub long: f64,
	/// The price at which a short is.
	pub short: f64,
	/// The price of the trade.
	pub price: u32,
}

/// Accounts in pairs, a long and a short that trade with each other at the clearing house.
#[derive(Debug, Default)]
pub struct Pairs {
	made: u64,
	deposited: u128,
}

impl Pairs {
	/// Open two accounts that hold what is wanted. The long is the one with the lower number.
	pub fn add(&mut self, wanted: Wanted) -> Result<()> {
		let Wanted { lots, long, short, price } = wanted;
		let per_tick = (u128::from(lots) * UNIT) as f64;
		// At its margin, equity is 2 % of the value.
		let quotes = [
			per_tick * (f64::from(price) - long * 0.98),
			per_tick * (short * 1.02 - f64::from(price)),
		];
		let refs = quotes.map(|quote| self.account(quote.max(0.0) as u128));
		let mut session = <Margin as Clearing<AccountId>>::session();
		for who in refs {
			session.load(who).map_err(|error| format!("{error:?}"))?;
		}
		let [taker, maker] = refs;
		let fill = Fill {
			market: MARKET,
			taker,
			maker,
			maker_order: OrderId::new(MARKET, Side::Ask, Ticks(price), Default::default()),
			taker_side: Side::Bid,
			price: Ticks(price),
			lots: breakwater_primitives::Lots(lots),
			maker_reduce_only: false,
			maker_done: true,
		};
		session.settle(&fill, &Fees::default());
		session.commit(Check::None).map_err(|error| format!("pair {}: {error:?}", self.made))?;
		Ok(())
	}

	fn account(&mut self, quote: u128) -> AccountRef {
		let who = pallet_margin::NextAccount::<Runtime>::get();
		pallet_margin::NextAccount::<Runtime>::put(AccountRef(who.0 + 1));
		let account = Stored { quote: quote as i128, ..Stored::new(stranger(self.made), 0) };
		pallet_margin::Accounts::<Runtime>::insert(who, account);
		self.made += 1;
		self.deposited += quote;
		who
	}

	/// Put what the accounts hold into custody. Before this the sums do not agree.
	pub fn finish(self) -> Result<()> {
		let custody = Margin::custody_account();
		Assets::mint_into(USDC, &custody, self.deposited).map_err(|error| format!("{error:?}"))?;
		pallet_margin::Ledger::<Runtime>::mutate(|ledger| {
			ledger.held += self.deposited;
			ledger.quote += self.deposited as i128;
		});
		let status = Margin::custody_status();
		match i128::try_from(status.held) == Ok(status.claimed) {
			true => Ok(()),
			false => Err(format!("custody holds {} of {}", status.held, status.claimed).into()),
		}
	}
}
