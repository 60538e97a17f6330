//! What traders, anybody and governance may call.

use frame_support::pallet_macros::pallet_section;

/// A section of the pallet, which sees what the pallet imports.
#[pallet_section]
mod calls {
	#[pallet::call(weight = <T as Config>::WeightInfo)]
	impl<T: Config> Pallet<T> {
		/// Add `amount` quote units of collateral to your own account `sub`. The first deposit creates
		/// the account; if somebody had made you his trading key under this number, you no longer are.
		/// Never denied.
		#[pallet::call_index(0)]
		#[pallet::weight((cost::deposit::<T>(), DispatchClass::Operational))]
		pub fn deposit(
			origin: OriginFor<T>,
			sub: u8,
			amount: Balance,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Ok(Some(Self::do_deposit(who, sub, amount)?).into())
		}

		/// Withdraw `amount` quote units of collateral from your account `sub`: at most what the
		/// initial margin of its positions and orders leaves, without unrealised profit. Only the
		/// owner may.
		#[pallet::call_index(1)]
		#[pallet::weight(cost::withdraw::<T>())]
		pub fn withdraw(
			origin: OriginFor<T>,
			sub: u8,
			amount: Balance,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Ok(Some(Self::do_withdraw(who, sub, amount)?).into())
		}

		/// Liquidate `account`, whose equity is below its maintenance margin: cancel its orders and
		/// close as much as restores it. The chain does this by itself; anyone may do it sooner.
		#[pallet::call_index(2)]
		#[pallet::weight((cost::liquidate::<T>(), DispatchClass::Operational))]
		pub fn liquidate(origin: OriginFor<T>, account: AccountRef) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_liquidate(account)
		}

		/// Let `key` place and cancel orders for your account `sub` until `until` (milliseconds of
		/// chain time); it may not withdraw. Zero revokes it. A trading key may revoke itself.
		#[pallet::call_index(3)]
		pub fn set_key(
			origin: OriginFor<T>,
			sub: u8,
			key: T::AccountId,
			until: Millis,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set_key(who, sub, key, until)
		}

		/// Limit your leverage in a market to `leverage`, below the market's own limit: initial margin
		/// of your account `sub` there is at least the value divided by it. Zero lifts your limit.
		/// Nothing is closed by it; a lower limit counts from the next order or withdrawal on.
		#[pallet::call_index(4)]
		pub fn set_leverage(
			origin: OriginFor<T>,
			sub: u8,
			market: MarketId,
			leverage: u16,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set_leverage(who, sub, market, leverage)
		}

		/// Move `amount` quote units from your account `from` to your account `to`: at most what may be
		/// withdrawn. The first transfer into an account creates it, like a first deposit. Only the
		/// owner may.
		#[pallet::call_index(5)]
		#[pallet::weight(cost::transfer::<T>())]
		pub fn transfer(
			origin: OriginFor<T>,
			from: u8,
			to: u8,
			amount: Balance,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Ok(Some(Self::do_transfer(who, from, to, amount)?).into())
		}

		/// Close your account `sub`, which has no positions, orders, stop orders or trading keys: what is
		/// in it is paid out, its dead man's switch is off, and its entry and number are removed. Only
		/// the owner may.
		#[pallet::call_index(6)]
		#[pallet::weight(cost::close_account::<T>())]
		pub fn close_account(origin: OriginFor<T>, sub: u8) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_close_account(who, sub)
		}

		// Other collateral.

		/// Add `amount` of a listed asset (in its smallest unit) as collateral to your own account
		/// `sub`. A first deposit creates the account. Refused only beyond the asset's caps.
		#[pallet::call_index(20)]
		#[pallet::weight((cost::deposit_asset::<T>(), DispatchClass::Operational))]
		pub fn deposit_asset(
			origin: OriginFor<T>,
			sub: u8,
			asset: AssetId,
			amount: Balance,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Ok(Some(Self::do_deposit_asset(who, sub, asset, amount)?).into())
		}

		/// Withdraw `amount` of an asset from your account `sub`, as far as the rest leaves the margin
		/// of its positions and orders, without unrealised profit. Only the owner may.
		#[pallet::call_index(21)]
		#[pallet::weight(cost::withdraw_asset::<T>())]
		pub fn withdraw_asset(
			origin: OriginFor<T>,
			sub: u8,
			asset: AssetId,
			amount: Balance,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Ok(Some(Self::do_withdraw_asset(who, sub, asset, amount)?).into())
		}

		/// Move `amount` of an asset from your account `from` to your account `to`: at most what may be
		/// withdrawn. Only the owner may.
		#[pallet::call_index(22)]
		#[pallet::weight(cost::transfer_asset::<T>())]
		pub fn transfer_asset(
			origin: OriginFor<T>,
			from: u8,
			to: u8,
			asset: AssetId,
			amount: Balance,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Ok(Some(Self::do_transfer_asset(who, from, to, asset, amount)?).into())
		}

		/// Buy up to `amount` of an asset out of an account whose collateral is for sale, at what the
		/// sale asks now, for `most` quote units at the most. You pay quote from your own balance and
		/// receive the asset there; never more is sold than pays what the account owes.
		#[pallet::call_index(23)]
		#[pallet::weight(cost::buy_collateral::<T>())]
		pub fn buy_collateral(
			origin: OriginFor<T>,
			account: AccountRef,
			asset: AssetId,
			amount: Balance,
			most: Balance,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			let settled = Self::do_buy(who, account, asset, amount, most)?;
			Ok(Some(cost::collateral_bought::<T>(settled)).into())
		}

		/// List an asset as collateral.
		#[pallet::call_index(24)]
		pub fn list_asset(origin: OriginFor<T>, terms: NewAsset) -> DispatchResult {
			T::LoosenOrigin::ensure_origin(origin)?;
			Self::do_list_asset(terms)
		}

		/// Lower an asset's caps or its initial weight, from now on. What accounts hold already goes
		/// on to count for maintenance.
		#[pallet::call_index(25)]
		pub fn tighten_asset(
			origin: OriginFor<T>,
			asset: AssetId,
			change: AssetTightening,
		) -> DispatchResult {
			T::TightenOrigin::ensure_origin(origin)?;
			Self::do_tighten_asset(asset, change)
		}

		/// Announce that an asset's maintenance weight will fall to `weight`: after an hour, by 1 % of
		/// what it is each minute. For new exposure it counts at once. Nobody can skip the notice.
		#[pallet::call_index(26)]
		pub fn cut_asset(origin: OriginFor<T>, asset: AssetId, weight: Ppm) -> DispatchResult {
			T::TightenOrigin::ensure_origin(origin)?;
			Self::do_cut_asset(asset, weight)
		}

		/// Raise an asset's caps or weights, or end a cut by naming the present weight.
		#[pallet::call_index(27)]
		pub fn loosen_asset(
			origin: OriginFor<T>,
			asset: AssetId,
			change: AssetLoosening,
		) -> DispatchResult {
			T::LoosenOrigin::ensure_origin(origin)?;
			Self::do_loosen_asset(asset, change)
		}

		/// Offer the collateral of an account that owes more than it may. The chain does this whenever
		/// the account is touched; anyone may do it sooner.
		#[pallet::call_index(28)]
		#[pallet::weight(cost::offer_collateral::<T>())]
		pub fn offer_collateral(
			origin: OriginFor<T>,
			account: AccountRef,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let settled = Self::do_offer(account)?;
			Ok(Some(cost::collateral_offered::<T>(settled)).into())
		}

		// Risk parameters.

		/// Announce higher maintenance `rates` for the brackets of a market. The chain looks at every
		/// position: where more than 0.5 % of the open interest would fall under its maintenance margin, the
		/// announcement is dropped. Otherwise the rates rise after an hour of notice, by no more than 50 basis
		/// points of value an hour, and nobody can make it faster. Orders and withdrawals need the margin of
		/// the announced rates at once.
		#[pallet::call_index(30)]
		pub fn announce_maintenance(
			origin: OriginFor<T>,
			market: MarketId,
			rates: Rates,
		) -> DispatchResult {
			T::TightenOrigin::ensure_origin(origin)?;
			Self::do_announce(market, rates)
		}

		/// Lower the maintenance rates of a market to `rates`, at once. A rise that is announced or under way
		/// ends; rates equal to the present ones stop it where it stands.
		#[pallet::call_index(31)]
		pub fn lower_maintenance(
			origin: OriginFor<T>,
			market: MarketId,
			rates: Rates,
		) -> DispatchResult {
			T::LoosenOrigin::ensure_origin(origin)?;
			Self::do_lower(market, rates)
		}

		/// Tighten initial margin, leverage or caps of a market, at once: counts from the next order or
		/// withdrawal on and liquidates nobody.
		#[pallet::call_index(32)]
		pub fn tighten_risk(
			origin: OriginFor<T>,
			market: MarketId,
			change: RiskChange,
		) -> DispatchResult {
			T::TightenOrigin::ensure_origin(origin)?;
			Self::do_change_risk(market, change, true)
		}

		/// Loosen initial margin, leverage or caps of a market.
		#[pallet::call_index(33)]
		pub fn loosen_risk(
			origin: OriginFor<T>,
			market: MarketId,
			change: RiskChange,
		) -> DispatchResult {
			T::LoosenOrigin::ensure_origin(origin)?;
			Self::do_change_risk(market, change, false)
		}

		/// Remove `account`, which has no positions, orders or collateral, less than one unit of the quote
		/// asset in it, and has not changed for thirty days; `keys` are all its trading keys. Anyone may, and
		/// is paid the deposit that was kept for it; what else was in it goes to the global insurance fund. An
		/// owner who closes his account himself gets both.
		#[pallet::call_index(34)]
		#[pallet::weight(cost::remove_account::<T>(keys.len()))]
		pub fn remove_account(
			origin: OriginFor<T>,
			account: AccountRef,
			keys: BoundedVec<T::AccountId, ConstU32<{ MAX_KEYS as u32 }>>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_remove_account(who, account, keys.into_inner())
		}

		// Settlement.

		/// Visit up to `limit` more accounts, 64 at the most, of a market that is being settled. The
		/// chain does this by itself; anyone may do it sooner. With the last account it becomes known
		/// what those receive who gained.
		#[pallet::call_index(50)]
		#[pallet::weight((
			cost::sweep::<T>(*limit),
			DispatchClass::Operational,
		))]
		pub fn sweep(
			origin: OriginFor<T>,
			market: MarketId,
			limit: u32,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_sweep(market, limit)
		}

		/// Close the position of `account` in a settled market at its price, and pay the part of its gain
		/// that everybody receives. The chain does this by itself, and whenever the account does anything;
		/// anyone may do it sooner.
		#[pallet::call_index(51)]
		#[pallet::weight((cost::claim::<T>(), DispatchClass::Operational))]
		pub fn claim(
			origin: OriginFor<T>,
			account: AccountRef,
			market: MarketId,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_claim(account, market)
		}
	}
}
