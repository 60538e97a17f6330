//! What clients read that more than one pallet knows: the implementation of `BreakwaterApi`.

use crate::{
	AccountId, CircuitBreaker, Insurance, Margin, Perpetuals, PriceGuard, Runtime, RuntimeEvent,
	System,
};
use breakwater_primitives::{
	api::{
		AccountSummary, CustodyStatus, Depth, DryRun, InsuranceSummary, MarketInsurance,
		MarketStatus, VaultSummary,
	},
	AccountRef, Backstop, Balance, Gate, MarketId, Vault, MAX_MARKETS,
};
use frame_support::traits::Contains;
use pallet_insurance::FundClass;
use pallet_perpetuals::PlaceOrder;
use sp_runtime::DispatchError;

/// The market now.
pub fn market_status(market: MarketId) -> Option<MarketStatus> {
	if !pallet_perpetuals::Terms::<Runtime>::contains_key(market) {
		return None;
	}
	let view = <CircuitBreaker as Gate>::view(market);
	Some(MarketStatus {
		level: view.level,
		cause: view.cause,
		until: view.until,
		prices: PriceGuard::prices(market),
		band_low: view.band.low,
		band_high: view.band.high,
		open_interest: Margin::open_interest(market),
		market_fund: Insurance::fund(market),
		global_fund: pallet_insurance::GlobalFund::<Runtime>::get(),
	})
}

/// The best levels of a market's book.
pub fn depth(market: MarketId, levels: u32) -> Depth {
	Perpetuals::book_depth(market, levels)
}

/// An owner's account.
pub fn account_summary(owner: AccountId, sub: u8) -> Option<AccountSummary> {
	Margin::account_summary(&owner, sub)
}

/// What an order of the owner would do, with his account afterwards.
pub fn dry_run(owner: AccountId, sub: u8, order: &PlaceOrder) -> Result<DryRun, DispatchError> {
	let before = System::event_count() as usize;
	Perpetuals::run_dry(&owner, sub, order, || {
		let account = Margin::account_summary(&owner, sub);
		let paid = account.as_ref().map_or(0, |account| insurance_paid(account.account, before));
		(account, paid)
	})
}

/// What `account` paid to the insurance funds, by the events after the first `before`.
fn insurance_paid(account: AccountRef, before: usize) -> Balance {
	System::read_events_no_consensus()
		.skip(before)
		.filter_map(|record| match record.event {
			RuntimeEvent::Margin(pallet_margin::Event::InsurancePaid {
				account: who,
				premium,
				surcharge,
				..
			}) if who == account => Some(premium.saturating_add(surcharge)),
			_ => None,
		})
		.sum()
}

/// The custody account against the claims on it.
pub fn custody() -> CustodyStatus {
	Margin::custody_status()
}

/// The backstop vault.
pub fn vault() -> VaultSummary {
	let (worth, shares) = (<Margin as Vault<AccountId>>::worth(), Insurance::vault_shares());
	let (lost, budget) = Margin::vault_losses();
	VaultSummary {
		account: Margin::summary_of(pallet_margin::vault::VAULT),
		low: worth.low,
		high: worth.high,
		shares: shares.issued,
		epoch: shares.epoch,
		priced: worth.priced,
		claims_wait: worth.troubled,
		lost,
		budget,
		markets: Margin::vault_markets(),
	}
}

/// All insurance funds.
pub fn insurance() -> InsuranceSummary {
	let shares = Insurance::shares();
	let known = (0..MAX_MARKETS).map(MarketId).filter(crate::configs::exchange::Markets::contains);
	let markets = known.map(|market| {
		let cover = Insurance::insurance_of(market);
		MarketInsurance {
			market,
			fund: cover.fund,
			target: cover.target,
			drawable: cover.drawable,
			owed: cover.owed,
			premium: cover.charges.premium,
			surcharge: cover.charges.surcharge,
			closes: cover.closes,
		}
	});
	InsuranceSummary {
		global: Insurance::global(),
		global_target: Insurance::global_target(),
		drawable: Insurance::drawable_by_all(),
		total: Insurance::total(),
		shares: shares.issued,
		epoch: shares.epoch,
		claims_wait: Insurance::claims_wait(FundClass::Global),
		markets: markets.collect(),
	}
}

/// Every invariant of every pallet of ours: for tests, and for whoever inspects a state.
#[cfg(any(feature = "std", feature = "try-runtime"))]
pub fn try_state() -> Result<(), sp_runtime::TryRuntimeError> {
	PriceGuard::do_try_state()?;
	CircuitBreaker::do_try_state()?;
	Margin::do_try_state()?;
	Insurance::do_try_state()?;
	Perpetuals::do_try_state()?;
	crate::Incidents::do_try_state()?;
	crate::Timelock::do_try_state()
}
