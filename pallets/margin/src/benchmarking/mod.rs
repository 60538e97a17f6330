//! Benchmarks of every call, and of every piece of work that hooks meter.
//!
//! Accounts and the trigger index are not counted by them: [`crate::cost`] prices these by what an
//! operation really changed. What liquidations of a market share in a block is not counted either.

mod setup;

use crate::{
	capacity::COUNTERPARTIES,
	checks::Seen,
	collateral::types::{AssetLoosening, AssetTightening, NewAsset},
	ramp::{RiskChange, Tightening},
	settlement::Settlement,
	triggers::{trees, Tree},
	types::MAX_ORDERS,
	vault::VAULT,
	*,
};
use alloc::vec::Vec;
use breakwater_math::ramp::{Rates, NOTICE_MINUTES};
use breakwater_primitives::{
	api::SettlementPhase, benchmarking::Scene, AccountRef, AssetId, Balance, GateView, Lots,
	MarketId, Ppm, Settlement as _, Side, Ticks, Venue,
};
use frame_benchmarking::v2::*;
use frame_support::{
	storage::with_storage_layer,
	traits::{EnsureOrigin, Hooks},
	weights::{Weight, WeightMeter},
	BoundedVec,
};
use frame_system::RawOrigin;
use setup::*;

/// A hundredth of a bitcoin, in its smallest unit.
const SOME: Balance = 1_000_000;
/// The days of the first deposits are long over.
const LONG_AGO: u16 = 0;

fn committee<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::TightenOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

fn timelock<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::LoosenOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

/// Somebody with money and without an account.
fn stranger<T: Config>() -> T::AccountId {
	let who: T::AccountId = account("stranger", 0, 0);
	T::Scene::mint(T::Scene::quote_asset(), &who, 1_000 * UNIT);
	T::Scene::mint(T::Scene::other_asset(), &who, 10 * SOME);
	who
}

/// The maintenance rates of the market, so many hundredths of what they are.
fn rates<T: Config>(percent: u32) -> Rates {
	let terms = Pallet::<T>::risk_terms(MARKET).expect("the market is listed");
	terms.rates().map(|rate| Ppm(rate.0 * percent / 100))
}

/// A trader in so many markets with some of another asset in his account.
fn with_asset<T: Config>(markets: u32) -> T::AccountId {
	let who = long::<T>(TRADER, markets, 100);
	let asset = T::Scene::other_asset();
	T::Scene::mint(asset, &who, 200 * SOME);
	Pallet::<T>::do_deposit_asset(who.clone(), 0, asset, 100 * SOME).expect("it is listed");
	who
}

/// A trader who owes more than half of what his other asset counts for.
fn indebted<T: Config>() -> AccountRef {
	let who = account_of::<T>(&with_asset::<T>(1));
	let quote = stored::<T>(who).quote;
	lose::<T>(who, quote + 30_000 * UNIT as i128);
	who
}

fn terms_of<T: Config>(asset: AssetId) -> NewAsset {
	let listings = Listings::<T>::get();
	let listing = listings.iter().find(|listing| listing.terms.asset == asset);
	listing.expect("the asset is listed").terms
}

/// A session in which an account is liquidated, with its place and its first position.
fn about_to_be_closed<T: Config>(who: AccountRef) -> (House<T>, usize, (Seen, GateView)) {
	let mut house = House::<T>::new();
	house.liquidated = Some(who);
	let index = place(&mut house, who);
	let first = house.legs_to_close(index)[0];
	(house, index, first)
}

/// A settlement of the market has begun.
fn settling<T: Config>() -> Settlement {
	Pallet::<T>::begin(MARKET).expect("the market can be settled");
	under_way::<T>()
}

fn under_way<T: Config>() -> Settlement {
	Settlements::<T>::get(MARKET).expect("the market is being settled")
}

fn saw<T: Config>(event: Event<T>) {
	let event = <T as frame_system::Config>::RuntimeEvent::from(event);
	frame_system::Pallet::<T>::assert_has_event(event);
}

#[benchmarks]
mod benchmarks {
	use super::*;

	// An owner and his accounts.

	#[benchmark]
	fn deposit(p: Linear<0, 16>) -> Result<(), BenchmarkError> {
		let who = long::<T>(TRADER, p, 100);
		let (account, amount) = (account_of::<T>(&who), 1_000 * UNIT);
		T::Scene::mint(T::Scene::quote_asset(), &who, 2 * amount);
		rehearse::<T, _>(|| Pallet::<T>::do_deposit(who.clone(), 0, amount));
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), 0, amount);
		saw::<T>(Event::Deposited { account, from: who, amount });
		Ok(())
	}

	/// The first deposit of somebody whom another has made his trading key.
	#[benchmark]
	fn deposit_new() -> Result<(), BenchmarkError> {
		let (owner, who) = (T::Scene::trader(TRADER), stranger::<T>());
		Pallet::<T>::do_set_key(owner, 0, who.clone(), u64::MAX)?;
		rehearse::<T, _>(|| Pallet::<T>::do_deposit(who.clone(), 0, 100 * UNIT));
		#[extrinsic_call]
		deposit(RawOrigin::Signed(who.clone()), 0, 100 * UNIT);
		assert_eq!(stored::<T>(account_of::<T>(&who)).owner, who);
		Ok(())
	}

	#[benchmark]
	fn withdraw(p: Linear<0, 16>) -> Result<(), BenchmarkError> {
		let who = long::<T>(TRADER, p, 100);
		let (account, amount) = (account_of::<T>(&who), 1_000 * UNIT);
		depth::<T>(p);
		accrue::<T>(p);
		rehearse::<T, _>(|| Pallet::<T>::do_withdraw(who.clone(), 0, amount));
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), 0, amount);
		saw::<T>(Event::Withdrawn { account, to: who, amount });
		Ok(())
	}

	/// Into a new account.
	#[benchmark]
	fn transfer(p: Linear<0, 16>) -> Result<(), BenchmarkError> {
		let who = long::<T>(TRADER, p, 100);
		depth::<T>(p);
		accrue::<T>(p);
		let (from, amount) = (account_of::<T>(&who), 1_000 * UNIT);
		rehearse::<T, _>(|| Pallet::<T>::do_transfer(who.clone(), 0, 1, amount));
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), 0, 1, amount);
		let to = Keys::<T>::get((&who, 1)).expect("it exists now").account;
		saw::<T>(Event::Transferred { from, to, amount });
		Ok(())
	}

	#[benchmark]
	fn set_key() -> Result<(), BenchmarkError> {
		let (who, key) = (long::<T>(TRADER, 16, 100), account("key", 0, 0));
		leave_out_counted::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), 0, key, u64::MAX);
		assert_eq!(stored::<T>(account_of::<T>(&who)).keys, 1);
		Ok(())
	}

	#[benchmark]
	fn set_leverage() -> Result<(), BenchmarkError> {
		let who = long::<T>(TRADER, 15, 100);
		T::Scene::markets(16);
		let (account, market) = (account_of::<T>(&who), MarketId(15));
		#[extrinsic_call]
		_(RawOrigin::Signed(who), 0, market, 5);
		saw::<T>(Event::LeverageSet { account, market, leverage: 5 });
		Ok(())
	}

	/// Without other assets: each is one [`pay_asset`] more.
	#[benchmark]
	fn close_account() -> Result<(), BenchmarkError> {
		let who = T::Scene::trader(TRADER);
		let account = account_of::<T>(&who);
		leave_out_counted::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(who), 0);
		assert!(!Accounts::<T>::contains_key(account));
		Ok(())
	}

	#[benchmark]
	fn remove_account(k: Linear<0, 8>) -> Result<(), BenchmarkError> {
		let (who, by) = (T::Scene::trader(TRADER), T::Scene::trader(OTHER));
		let target = account_of::<T>(&who);
		let keys: Vec<T::AccountId> = (0..k).map(|n| account("key", n, 0)).collect();
		for key in &keys {
			Pallet::<T>::do_set_key(who.clone(), 0, key.clone(), u64::MAX)?;
		}
		lose::<T>(target, stored::<T>(target).quote - UNIT as i128 / 2);
		Accounts::<T>::mutate(target, |account| {
			if let Some(account) = account {
				account.active = LONG_AGO;
			}
		});
		let keys = BoundedVec::truncate_from(keys);
		leave_out_counted::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(by), target, keys);
		assert!(!Accounts::<T>::contains_key(target));
		Ok(())
	}

	// Other collateral.

	#[benchmark]
	fn deposit_asset(p: Linear<0, 16>) -> Result<(), BenchmarkError> {
		let (who, asset) = (with_asset::<T>(p), T::Scene::other_asset());
		let account = account_of::<T>(&who);
		rehearse::<T, _>(|| Pallet::<T>::do_deposit_asset(who.clone(), 0, asset, SOME));
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), 0, asset, SOME);
		saw::<T>(Event::AssetDeposited { account, from: who, asset, amount: SOME });
		Ok(())
	}

	#[benchmark]
	fn deposit_asset_new() -> Result<(), BenchmarkError> {
		let (who, asset) = (stranger::<T>(), T::Scene::other_asset());
		T::Scene::set_price(MARKET, T::Scene::price(MARKET));
		rehearse::<T, _>(|| Pallet::<T>::do_deposit_asset(who.clone(), 0, asset, SOME));
		#[extrinsic_call]
		deposit_asset(RawOrigin::Signed(who.clone()), 0, asset, SOME);
		assert_eq!(stored::<T>(account_of::<T>(&who)).collaterals.len(), 1);
		Ok(())
	}

	#[benchmark]
	fn withdraw_asset(p: Linear<0, 16>) -> Result<(), BenchmarkError> {
		let (who, asset) = (with_asset::<T>(p), T::Scene::other_asset());
		let account = account_of::<T>(&who);
		depth::<T>(p);
		accrue::<T>(p);
		rehearse::<T, _>(|| Pallet::<T>::do_withdraw_asset(who.clone(), 0, asset, SOME));
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), 0, asset, SOME);
		saw::<T>(Event::AssetWithdrawn { account, to: who, asset, amount: SOME });
		Ok(())
	}

	#[benchmark]
	fn transfer_asset(p: Linear<0, 16>) -> Result<(), BenchmarkError> {
		let (who, asset) = (with_asset::<T>(p), T::Scene::other_asset());
		depth::<T>(p);
		accrue::<T>(p);
		T::Scene::mint(T::Scene::quote_asset(), &who, 100 * UNIT);
		let from = account_of::<T>(&who);
		rehearse::<T, _>(|| Pallet::<T>::do_transfer_asset(who.clone(), 0, 1, asset, SOME));
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), 0, 1, asset, SOME);
		let to = Keys::<T>::get((&who, 1)).expect("it exists now").account;
		saw::<T>(Event::AssetTransferred { from, to, asset, amount: SOME });
		Ok(())
	}

	/// Pay an asset out of custody.
	#[benchmark]
	fn pay_asset() -> Result<(), BenchmarkError> {
		let (who, asset) = (with_asset::<T>(0), T::Scene::other_asset());
		let to = stranger::<T>();
		let before =
			<T::Assets as frame_support::traits::fungibles::Inspect<_>>::balance(asset, &to);
		#[block]
		{
			Pallet::<T>::pay_asset(&to, asset, SOME)?;
		}
		let after =
			<T::Assets as frame_support::traits::fungibles::Inspect<_>>::balance(asset, &to);
		assert!(who != to && after == before + SOME);
		Ok(())
	}

	#[benchmark]
	fn buy_collateral() -> Result<(), BenchmarkError> {
		let (target, asset) = (indebted::<T>(), T::Scene::other_asset());
		Pallet::<T>::do_offer(target)?;
		let buyer = stranger::<T>();
		let before = stored::<T>(target).quote;
		rehearse::<T, _>(|| Pallet::<T>::do_buy(buyer.clone(), target, asset, SOME, 1_000 * UNIT));
		#[extrinsic_call]
		_(RawOrigin::Signed(buyer), target, asset, SOME, 1_000 * UNIT);
		assert!(stored::<T>(target).quote > before);
		Ok(())
	}

	#[benchmark]
	fn offer_collateral() -> Result<(), BenchmarkError> {
		let (target, caller) = (indebted::<T>(), T::Scene::trader(OTHER));
		rehearse::<T, _>(|| Pallet::<T>::do_offer(target));
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), target);
		assert!(Sales::<T>::contains_key(target));
		Ok(())
	}

	#[benchmark]
	fn list_asset() -> Result<(), BenchmarkError> {
		let origin = timelock::<T>()?;
		T::Scene::set_price(MARKET, T::Scene::price(MARKET));
		let terms = terms_of::<T>(T::Scene::other_asset());
		Listings::<T>::kill();
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, terms);
		saw::<T>(Event::AssetListed { terms });
		Ok(())
	}

	#[benchmark]
	fn tighten_asset() -> Result<(), BenchmarkError> {
		let (origin, asset) = (committee::<T>()?, T::Scene::other_asset());
		let change = AssetTightening { account_cap: Some(SOME), ..Default::default() };
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, asset, change);
		assert_eq!(terms_of::<T>(asset).account_cap, SOME);
		Ok(())
	}

	#[benchmark]
	fn cut_asset() -> Result<(), BenchmarkError> {
		let (origin, asset) = (committee::<T>()?, T::Scene::other_asset());
		T::Scene::set_price(MARKET, T::Scene::price(MARKET));
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, asset, Ppm(100_000));
		assert!(Listings::<T>::get().iter().any(|listing| listing.cut.is_some()));
		Ok(())
	}

	#[benchmark]
	fn loosen_asset() -> Result<(), BenchmarkError> {
		let (origin, asset) = (timelock::<T>()?, T::Scene::other_asset());
		let cap = terms_of::<T>(asset).account_cap;
		let lower = AssetTightening { account_cap: Some(cap - 1), ..Default::default() };
		Pallet::<T>::do_tighten_asset(asset, lower)?;
		let change = AssetLoosening { account_cap: Some(cap), ..Default::default() };
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, asset, change);
		assert_eq!(terms_of::<T>(asset).account_cap, cap);
		Ok(())
	}

	/// The price of a market fell that values an asset, on which a trigger waits.
	#[benchmark]
	fn revalue() -> Result<(), BenchmarkError> {
		with_asset::<T>(1);
		let price = T::Scene::price(MARKET);
		let mut prices = Pallet::<T>::prices(MARKET);
		prices.index = price.saturating_sub(Ticks(10));
		let mask = Pallet::<T>::board_of(MARKET).assets;
		#[block]
		{
			Pallet::<T>::revalue(mask, &prices, &mut WeightMeter::new());
		}
		assert!(Listings::<T>::get().iter().any(|listing| listing.price == prices.index));
		Ok(())
	}

	// Risk parameters.

	#[benchmark]
	fn announce_maintenance() -> Result<(), BenchmarkError> {
		let (origin, higher) = (committee::<T>()?, rates::<T>(110));
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, MARKET, higher);
		assert!(Tightenings::<T>::contains_key(MARKET));
		Ok(())
	}

	#[benchmark]
	fn lower_maintenance() -> Result<(), BenchmarkError> {
		let origin = timelock::<T>()?;
		// The first bracket is what the highest leverage asks for.
		let [first, rest @ ..] = rates::<T>(100);
		let [second, third, top] = rest.map(|rate| Ppm(rate.0 - 1_000));
		let lower = [first, second, third, top];
		Pallet::<T>::do_announce(MARKET, rates::<T>(110))?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, MARKET, lower);
		assert!(!Tightenings::<T>::contains_key(MARKET));
		assert_eq!(rates::<T>(100), lower);
		Ok(())
	}

	#[benchmark]
	fn tighten_risk() -> Result<(), BenchmarkError> {
		let origin = committee::<T>()?;
		let change = RiskChange { profit_credit: Some(Ppm(500_000)), ..Default::default() };
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, MARKET, change);
		let terms = Pallet::<T>::risk_terms(MARKET).map(|terms| terms.profit_credit);
		assert_eq!(terms, Some(Ppm(500_000)));
		Ok(())
	}

	#[benchmark]
	fn loosen_risk() -> Result<(), BenchmarkError> {
		let origin = timelock::<T>()?;
		let change = |credit| RiskChange { profit_credit: Some(credit), ..Default::default() };
		Pallet::<T>::do_change_risk(MARKET, change(Ppm(500_000)), true)?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, MARKET, change(Ppm::one()));
		let terms = Pallet::<T>::risk_terms(MARKET).map(|terms| terms.profit_credit);
		assert_eq!(terms, Some(Ppm::one()));
		Ok(())
	}

	/// Rates rise by a minute's step.
	#[benchmark]
	fn ramp_step() -> Result<(), BenchmarkError> {
		long::<T>(TRADER, 1, 100);
		Pallet::<T>::do_announce(MARKET, rates::<T>(200))?;
		Tightenings::<T>::mutate(MARKET, |announced| {
			let Some(announced) = announced else { return };
			*announced = Tightening { sweep: None, minutes: NOTICE_MINUTES, ..*announced };
		});
		T::Scene::pass(60_000);
		T::Scene::set_price(MARKET, T::Scene::price(MARKET));
		let before = rates::<T>(100);
		#[block]
		{
			Pallet::<T>::work_ramps(&mut WeightMeter::new());
		}
		assert!(rates::<T>(100) > before);
		Ok(())
	}

	// Liquidation.

	/// Into the book, against so many others, of an account with so many positions.
	#[benchmark]
	fn liquidate(c: Linear<1, 32>, p: Linear<1, 16>) -> Result<(), BenchmarkError> {
		let price = T::Scene::price(MARKET);
		let deep = T::Scene::trader(MAKER);
		let (before, target) =
			(under_water::<T>(CROWD, 1, 20), under_water::<T>(TRADER, p, u64::from(c) * 20 - 20));
		// A quarter of the depth is what liquidations may take in a block.
		T::Scene::rest(&deep, MARKET, Side::Bid, price.saturating_sub(Ticks(100)), Lots(20_000));
		T::Scene::rest(&T::Scene::trader(CROWD + 1), MARKET, Side::Bid, price, Lots(120));
		leave_out_shared(|| {
			Pallet::<T>::liquidate_account(before, COUNTERPARTIES).expect("the book takes it");
		});
		// One of them takes the hundred lots that he has in every market.
		for n in 0..c {
			let maker = T::Scene::trader(CROWD + 2 + n);
			let lots = Lots(if n == 0 { 100 } else { 20 });
			T::Scene::rest(&maker, MARKET, Side::Bid, price, lots);
		}
		rehearse::<T, _>(|| Pallet::<T>::do_liquidate(target));
		let caller = T::Scene::trader(OTHER);
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), target);
		assert_eq!(lots_of::<T>(target), 0);
		let last = account_of::<T>(&T::Scene::trader(CROWD + 1 + c));
		assert!(lots_of::<T>(last) >= 20);
		Ok(())
	}

	/// Nothing can be closed: the book is empty, there is no vault, and it is too soon for others.
	#[benchmark]
	fn attempt() -> Result<(), BenchmarkError> {
		let who = under_water::<T>(TRADER, 1, 100);
		rehearse::<T, _>(|| Pallet::<T>::begin_liquidation(who));
		let tried;
		#[block]
		{
			tried = with_storage_layer(|| Pallet::<T>::liquidate_account(who, COUNTERPARTIES));
			with_storage_layer(|| Pallet::<T>::begin_liquidation(who))?;
		}
		assert!(tried.is_err() && stored::<T>(who).since > 0);
		Ok(())
	}

	/// Cancel so many orders of an account, each on a page of its own.
	#[benchmark]
	fn cancel_orders(o: Linear<1, 64>) -> Result<(), BenchmarkError> {
		let who = T::Scene::trader(TRADER);
		for step in 1..=o {
			let price = T::Scene::price(MARKET).saturating_sub(Ticks(40 * step));
			T::Scene::rest(&who, MARKET, Side::Bid, price, Lots(10));
		}
		let account = account_of::<T>(&who);
		leave_out_counted::<T>();
		let mut house = House::<T>::new();
		let cancelled;
		#[block]
		{
			cancelled = T::Venue::cancel_all(&mut house, account, MAX_ORDERS as u16);
			house.write()?;
		}
		assert_eq!(u32::from(cancelled), o);
		assert!(stored::<T>(account).orders.is_empty());
		Ok(())
	}

	/// Close a position against so many others.
	#[benchmark]
	fn deleverage(c: Linear<1, 32>) -> Result<(), BenchmarkError> {
		T::Scene::markets(1);
		let buyer = T::Scene::trader(TRADER);
		for n in 0..c {
			T::Scene::trade(MARKET, &buyer, &T::Scene::trader(CROWD + n), Lots(40));
		}
		let price = T::Scene::price(MARKET);
		T::Scene::set_price(MARKET, price.saturating_sub(Ticks(price.0 / 100)));
		let who = account_of::<T>(&buyer);
		leave_margin::<T>(who, 10);
		let lots = Lots(u64::from(c) * 20);
		rehearse::<T, _>(|| {
			let (mut house, index, (seen, _)) = about_to_be_closed::<T>(who);
			house.deleverage(index, &seen, lots, seen.prices.mark, false);
			house.write()
		});
		let (mut house, index, (seen, _)) = about_to_be_closed::<T>(who);
		let closed;
		#[block]
		{
			closed = house.deleverage(index, &seen, lots, seen.prices.mark, false);
			house.write()?;
		}
		assert_eq!(closed, lots);
		assert_eq!(lots_of::<T>(account_of::<T>(&T::Scene::trader(CROWD))), -20);
		Ok(())
	}

	/// Ask the vault to take over a position, which it does.
	#[benchmark]
	fn take_over() -> Result<(), BenchmarkError> {
		fund_vault::<T>();
		let who = under_water::<T>(TRADER, 1, 100);
		depth::<T>(1);
		leave_out_counted::<T>();
		let (mut house, index, (seen, view)) = about_to_be_closed::<T>(who);
		let took;
		#[block]
		{
			took = house.close_into_vault(index, &seen, &view, 0);
		}
		house.write()?;
		assert!(took && lots_of::<T>(VAULT) > 0);
		Ok(())
	}

	/// Look at an account whose trigger was crossed and arm all of its triggers again.
	#[benchmark]
	fn examine(p: Linear<1, 16>) -> Result<(), BenchmarkError> {
		let who = account_of::<T>(&long::<T>(TRADER, p, 100));
		leave_margin::<T>(who, 300);
		rehearse::<T, _>(|| Pallet::<T>::look_at(who));
		let looked;
		#[block]
		{
			looked = with_storage_layer(|| Pallet::<T>::look_at(who))?;
		}
		assert!(looked.0.is_none() && u32::from(looked.1.index_writes) >= p);
		Ok(())
	}

	/// Ask whether a market may be liquidated.
	#[benchmark]
	fn ask() -> Result<(), BenchmarkError> {
		T::Scene::markets(1);
		let may;
		#[block]
		{
			may = Pallet::<T>::may_be_liquidated(MARKET);
		}
		assert!(may);
		Ok(())
	}

	/// Read a full page of crossed triggers.
	#[benchmark]
	fn page() -> Result<(), BenchmarkError> {
		T::Scene::markets(1);
		let tree = Tree::price(MARKET, 1);
		let mut full = trees::<T>();
		for n in 0..256 {
			let at = Ticks(256_000 + n);
			assert!(tree.arm::<T>(&mut full, at, AccountRef(1_000 + n)).is_ok());
		}
		full.flush();
		let (mut trees, mut meter) = (trees::<T>(), WeightMeter::new());
		let walk;
		#[block]
		{
			walk = Pallet::<T>::walk(&mut trees, tree, Ticks(1), None, 256, &mut meter);
		}
		assert_eq!(walk.len(), 256);
		Ok(())
	}

	/// Look whether any trigger of a market is crossed, and which is the nearest of each tree.
	#[benchmark]
	fn scan() -> Result<(), BenchmarkError> {
		with_asset::<T>(1);
		forget_nearest::<T>();
		#[block]
		{
			Pallet::<T>::refresh_nearest(MARKET);
		}
		assert!(Pallet::<T>::board_of(MARKET).nearest != Default::default());
		Ok(())
	}

	/// Look whether the vault holds anything.
	#[benchmark]
	fn vault() -> Result<(), BenchmarkError> {
		vault_with_a_long::<T>();
		let mut meter = WeightMeter::with_limit(T::WeightInfo::vault());
		#[block]
		{
			Pallet::<T>::unwind_vault(&mut meter);
		}
		assert_eq!(meter.consumed(), meter.limit());
		Ok(())
	}

	/// Offer what the vault holds anew, at another price.
	#[benchmark]
	fn unwind() -> Result<(), BenchmarkError> {
		vault_with_a_long::<T>();
		depth::<T>(1);
		House::<T>::unwind(MARKET)?;
		let before = stored::<T>(VAULT).orders;
		let price = T::Scene::price(MARKET);
		T::Scene::set_price(MARKET, price.saturating_add(Ticks(100)));
		rehearse::<T, _>(|| House::<T>::unwind(MARKET));
		#[block]
		{
			with_storage_layer(|| House::<T>::unwind(MARKET))?;
		}
		let after = stored::<T>(VAULT).orders;
		assert!(before.len() == 1 && after.len() == 1 && before != after);
		Ok(())
	}

	/// What every block does: go on with cuts of weights, look whether anything is to be done, compare
	/// custody with what is claimed.
	#[benchmark]
	fn every_block() -> Result<(), BenchmarkError> {
		let asset = T::Scene::other_asset();
		T::Scene::set_price(MARKET, T::Scene::price(MARKET));
		Pallet::<T>::do_cut_asset(asset, Ppm(100_000))?;
		T::Scene::pass(2 * 3_600_000);
		let (before, now) =
			(terms_of::<T>(asset).maintenance, frame_system::Pallet::<T>::block_number());
		let mut meter = WeightMeter::with_limit(Weight::zero());
		#[block]
		{
			Pallet::<T>::on_poll(now, &mut meter);
			Pallet::<T>::on_finalize(now);
		}
		assert!(terms_of::<T>(asset).maintenance < before);
		Ok(())
	}

	// Settlement.

	/// Look whether an account holds anything in a market that is being settled.
	#[benchmark]
	fn visit() -> Result<(), BenchmarkError> {
		let who = account_of::<T>(&long::<T>(TRADER, 16, 100));
		let holds;
		#[block]
		{
			holds = Pallet::<T>::positions_with(who, MARKET);
		}
		assert_eq!(holds, Some(16));
		Ok(())
	}

	/// Settle a position of an account with so many.
	#[benchmark]
	fn settle_position(p: Linear<1, 16>) -> Result<(), BenchmarkError> {
		let who = account_of::<T>(&long::<T>(TRADER, p, 100));
		accrue::<T>(p);
		let open = settling::<T>().open;
		rehearse::<T, _>(|| Pallet::<T>::visit(who, MARKET, SettlementPhase::Sweeping));
		#[block]
		{
			with_storage_layer(|| Pallet::<T>::visit(who, MARKET, SettlementPhase::Sweeping))?;
		}
		assert_eq!(under_way::<T>().open, open - 100);
		Ok(())
	}

	/// Let the funds pay and tell what winners receive.
	#[benchmark]
	fn publish() -> Result<(), BenchmarkError> {
		long::<T>(TRADER, 1, 100);
		let mut settlement = settling::<T>();
		(settlement.deficits, settlement.gains) = (1_000 * UNIT, 2_000 * UNIT);
		#[block]
		{
			Pallet::<T>::publish(MARKET, &mut settlement);
		}
		assert_eq!(settlement.phase, SettlementPhase::Claiming);
		assert!(settlement.covered > 0);
		Ok(())
	}

	/// Visit so many accounts that hold nothing in the market. What more there is to do is metered.
	#[benchmark]
	fn sweep(n: Linear<1, 64>) -> Result<(), BenchmarkError> {
		for one in 0..n {
			T::Scene::trader(CROWD + one);
		}
		T::Scene::markets(1);
		settling::<T>();
		let caller = T::Scene::trader(OTHER);
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), MARKET, n);
		assert_eq!(under_way::<T>().next, u64::from(n));
		Ok(())
	}

	/// Close a position that gained, of an account with as many others as it may have.
	#[benchmark]
	fn claim() -> Result<(), BenchmarkError> {
		let target = account_of::<T>(&long::<T>(TRADER, 16, 100));
		let other = account_of::<T>(&T::Scene::trader(OTHER));
		let mut settlement = settling::<T>();
		settlement.price = settlement.price.saturating_add(Ticks(100));
		Settlements::<T>::insert(MARKET, settlement);
		for who in [target, other] {
			Pallet::<T>::visit(who, MARKET, SettlementPhase::Sweeping)?;
		}
		let mut settlement = under_way::<T>();
		Pallet::<T>::publish(MARKET, &mut settlement);
		Settlements::<T>::insert(MARKET, settlement);
		rehearse::<T, _>(|| Pallet::<T>::do_claim(target, MARKET));
		let caller = T::Scene::trader(OTHER);
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), target, MARKET);
		assert_eq!(lots_of::<T>(target), 0);
		Ok(())
	}
}
