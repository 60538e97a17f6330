//! Benchmarks of the calls, of the hook and of the seam to the clearing house.
//!
//! The vault holds positions in as many markets as an account may, each worth a tenth of what the vault
//! owns: whatever is added or paid moves the triggers of all of them.

use crate::{
	cost, pallet::*, shares, upkeep::ROUND, Backer, FundClass, MarketFund, Notice, ShareTotals,
	Upkeep, MAX_NOTICES,
};
use breakwater_primitives::{
	benchmarking::Scene, Backstop, Balance, Exposure, Level, Lots, MarketId, Vault, MAX_MARKETS,
};
use frame_benchmarking::{benchmarking::add_to_whitelist, v2::*};
use frame_support::{
	traits::{EnsureOrigin, Get},
	weights::WeightMeter,
	BoundedVec,
};
use frame_system::RawOrigin;

const MARKET: MarketId = MarketId(0);
/// Positions that an account may hold.
const POSITIONS: u16 = 16;
/// Shares in each notice; the funds pay about two thirds of what they hold for eight of them.
const SHARES: u128 = 500_000;

/// What is said last, as every call does.
fn assert_last_event<T: Config>(event: Event<T>) {
	frame_system::Pallet::<T>::assert_last_event(event.into());
}

/// A caller with so much of the quote asset.
fn rich<T: Config>(amount: Balance) -> T::AccountId {
	let who = whitelisted_caller();
	T::Scene::mint(T::Scene::quote_asset(), &who, amount);
	who
}

/// A backer with so many notices that have run.
fn backer<T: Config>(fund: FundClass, notices: u32) -> T::AccountId {
	let who = rich::<T>(T::MinBacking::get());
	let notice = Notice { shares: SHARES, value: Balance::MAX, ready: 0 };
	let held = Backer {
		epoch: 0,
		shares: SHARES,
		notices: BoundedVec::truncate_from(alloc::vec![notice; notices as usize]),
	};
	let issued = held.all_shares();
	Shares::<T>::insert(fund, ShareTotals { epoch: 0, issued });
	Backers::<T>::insert(fund, &who, held);
	who
}

fn notices<T: Config>(fund: FundClass, who: &T::AccountId) -> usize {
	Backers::<T>::get(fund, who).notices.len()
}

/// The vault with all positions that it may hold.
fn full_vault<T: Config>() {
	T::Scene::vault(POSITIONS);
	let worth = T::Vault::worth();
	assert!(worth.open && worth.priced && !worth.troubled, "{worth:?}");
}

/// What is given to the funds changes these whoever gives, and so does what each trade pays: a block
/// writes them once, and the hook pays for that ([`cost::block`]).
fn share_funds<T: Config>() {
	add_to_whitelist(Total::<T>::hashed_key().to_vec().into());
	add_to_whitelist(GlobalFund::<T>::hashed_key().to_vec().into());
	add_to_whitelist(Shares::<T>::hashed_key_for(FundClass::Global).into());
	add_to_whitelist(MarketFunds::<T>::hashed_key_for(MARKET).into());
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn contribute() -> Result<(), BenchmarkError> {
		let amount = T::MinContribution::get();
		let (who, before) = (rich::<T>(amount.saturating_mul(2)), Pallet::<T>::fund(MARKET));
		share_funds::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), Some(MARKET), amount);
		assert_eq!(Pallet::<T>::fund(MARKET), before + amount);
		assert_last_event::<T>(Event::Contributed { who, market: Some(MARKET), amount });
		Ok(())
	}

	/// By one who has backed before and gave all the notices that he may.
	#[benchmark]
	fn back() -> Result<(), BenchmarkError> {
		let who = backer::<T>(FundClass::Global, MAX_NOTICES);
		let before = Pallet::<T>::shares().issued;
		share_funds::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(who), T::MinBacking::get());
		assert!(Pallet::<T>::shares().issued > before);
		Ok(())
	}

	#[benchmark]
	fn notice() -> Result<(), BenchmarkError> {
		let who = backer::<T>(FundClass::Global, MAX_NOTICES - 1);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), SHARES);
		assert_eq!(notices::<T>(FundClass::Global, &who), MAX_NOTICES as usize);
		Ok(())
	}

	/// Every market is watched, and none in trouble.
	#[benchmark]
	fn claim() -> Result<(), BenchmarkError> {
		let who = backer::<T>(FundClass::Global, MAX_NOTICES);
		T::Scene::markets(MAX_MARKETS);
		for market in 0..MAX_MARKETS {
			T::Scene::restrict(MarketId(market), Level::Watch);
		}
		let before = Pallet::<T>::global();
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert!(Pallet::<T>::global() < before);
		assert_eq!(notices::<T>(FundClass::Global, &who), 0);
		Ok(())
	}

	#[benchmark]
	fn cancel() -> Result<(), BenchmarkError> {
		let who = backer::<T>(FundClass::Global, MAX_NOTICES);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), 0);
		assert_eq!(notices::<T>(FundClass::Global, &who), MAX_NOTICES as usize - 1);
		Ok(())
	}

	#[benchmark]
	fn wind_down() -> Result<(), BenchmarkError> {
		let origin =
			T::WindDownOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		T::Scene::markets(1);
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, MARKET);
		assert!(MarketFunds::<T>::get(MARKET).closes.is_some());
		Ok(())
	}

	#[benchmark]
	fn back_vault() -> Result<(), BenchmarkError> {
		full_vault::<T>();
		backer::<T>(FundClass::Vault, MAX_NOTICES);
		let amount = T::Vault::worth().high;
		let (who, before) = (rich::<T>(amount), Pallet::<T>::vault_shares().issued);
		#[extrinsic_call]
		_(RawOrigin::Signed(who), amount);
		assert!(Pallet::<T>::vault_shares().issued > before);
		assert!(T::Vault::worth().low > amount);
		Ok(())
	}

	#[benchmark]
	fn notice_vault() -> Result<(), BenchmarkError> {
		full_vault::<T>();
		let who = backer::<T>(FundClass::Vault, MAX_NOTICES - 1);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), SHARES);
		assert_eq!(notices::<T>(FundClass::Vault, &who), MAX_NOTICES as usize);
		Ok(())
	}

	#[benchmark]
	fn claim_vault() -> Result<(), BenchmarkError> {
		full_vault::<T>();
		let who = backer::<T>(FundClass::Vault, MAX_NOTICES);
		let before = T::Vault::worth().low;
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert!(T::Vault::worth().low < before / 2);
		assert_eq!(notices::<T>(FundClass::Vault, &who), 0);
		Ok(())
	}

	#[benchmark]
	fn cancel_vault() -> Result<(), BenchmarkError> {
		let who = backer::<T>(FundClass::Vault, MAX_NOTICES);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), 0);
		assert_eq!(notices::<T>(FundClass::Vault, &who), MAX_NOTICES as usize - 1);
		Ok(())
	}

	/// What the hook does once a minute: value the vault.
	#[benchmark]
	fn vault() -> Result<(), BenchmarkError> {
		full_vault::<T>();
		#[block]
		{
			Pallet::<T>::void_lost_vault();
		}
		assert!(T::Vault::worth().open);
		Ok(())
	}

	/// The clock is wound, and the block has no room for a review.
	#[benchmark]
	fn upkeep() -> Result<(), BenchmarkError> {
		T::Scene::pass(2 * ROUND);
		let wound = Pallet::<T>::now() - ROUND;
		UpkeepState::<T>::put(Upkeep { wound, ..Default::default() });
		// Others read it after the hook; here it is counted.
		frame_benchmarking::benchmarking::remove_from_whitelist(
			UpkeepState::<T>::hashed_key().to_vec(),
		);
		let mut meter = WeightMeter::with_limit(cost::block::<T>());
		#[block]
		{
			Pallet::<T>::keep_up(&mut meter);
		}
		let done = UpkeepState::<T>::get();
		assert!(done.active > 0);
		assert_eq!(done.next, 0);
		Ok(())
	}

	/// A fund that lacks what the global fund has.
	#[benchmark]
	fn review() -> Result<(), BenchmarkError> {
		T::Scene::set_price(MARKET, T::Scene::price(MARKET));
		T::Scene::trade(MARKET, &T::Scene::trader(0), &T::Scene::trader(1), Lots(1_000));
		assert!(T::Exposure::notional(MARKET) > 0);
		let now = Pallet::<T>::now();
		MarketFunds::<T>::mutate(MARKET, |fund| {
			*fund = MarketFund { since: now, reviewed: now - ROUND, ..*fund };
			fund.balance = 0;
		});
		let before = Pallet::<T>::global();
		let mut state = UpkeepState::<T>::get();
		#[block]
		{
			Pallet::<T>::review(MARKET, now, &mut state);
		}
		let received = Pallet::<T>::fund(MARKET);
		assert!(received > 0 && Pallet::<T>::global() == before - received);
		Ok(())
	}

	#[benchmark]
	fn penalty() -> Result<(), BenchmarkError> {
		let before = Pallet::<T>::fund(MARKET);
		share_funds::<T>();
		#[block]
		{
			<Pallet<T> as Backstop>::penalty(MARKET, 1);
		}
		assert_eq!(Pallet::<T>::fund(MARKET), before + 1);
		Ok(())
	}

	/// Both funds pay, and what is left makes the shares void.
	#[benchmark]
	fn cover() -> Result<(), BenchmarkError> {
		T::Scene::pass(1);
		Shares::<T>::insert(FundClass::Global, ShareTotals { epoch: 0, issued: u128::MAX });
		assert!(shares::worthless(Pallet::<T>::global(), u128::MAX));
		let before = (Pallet::<T>::global(), Pallet::<T>::fund(MARKET));
		#[block]
		{
			Pallet::<T>::cover(MARKET, before.0 + before.1);
		}
		assert!(before.1 > 0 && Pallet::<T>::fund(MARKET) == 0);
		assert!(Pallet::<T>::global() < before.0);
		assert_eq!(Pallet::<T>::shares(), ShareTotals { epoch: 1, issued: 0 });
		Ok(())
	}

	#[benchmark]
	fn charges() -> Result<(), BenchmarkError> {
		let target = Pallet::<T>::fund(MARKET) * 2;
		MarketFunds::<T>::mutate(MARKET, |fund| {
			*fund = MarketFund { target, owed: 1, premium: 1_000, surcharge: 1_000, ..*fund };
		});
		share_funds::<T>();
		let prices;
		#[block]
		{
			prices = Pallet::<T>::charges(MARKET);
		}
		assert_eq!((prices.premium, prices.surcharge), (2_000, 1_000));
		Ok(())
	}

	/// The last of what the market owes is repaid.
	#[benchmark]
	fn charged() -> Result<(), BenchmarkError> {
		MarketFunds::<T>::mutate(MARKET, |fund| fund.owed = 1);
		let before = Pallet::<T>::fund(MARKET);
		share_funds::<T>();
		#[block]
		{
			Pallet::<T>::charged(MARKET, 1, 1);
		}
		assert_eq!(Pallet::<T>::fund(MARKET), before + 1);
		assert_last_event::<T>(Event::Repaid { market: MARKET });
		Ok(())
	}
}
