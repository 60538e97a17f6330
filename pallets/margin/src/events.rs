//! What the clearing house tells.

use frame_support::pallet_macros::pallet_section;

/// A section of the pallet, which sees what the pallet imports.
#[pallet_section]
mod events {
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An account was created by its first deposit.
		AccountCreated {
			/// Its number.
			account: AccountRef,
			/// Whose it is.
			owner: T::AccountId,
			/// Which of the owner's sub-accounts.
			sub: u8,
		},
		/// Collateral was added.
		Deposited {
			/// The account.
			account: AccountRef,
			/// Who paid.
			from: T::AccountId,
			/// How much, in quote units.
			amount: Balance,
		},
		/// Collateral was withdrawn.
		Withdrawn {
			/// The account.
			account: AccountRef,
			/// Who received it.
			to: T::AccountId,
			/// How much, in quote units.
			amount: Balance,
		},
		/// A trading key was set; `until` zero means that it was revoked.
		KeySet {
			/// The account.
			account: AccountRef,
			/// The key.
			key: T::AccountId,
			/// Until when it may trade, in milliseconds of chain time.
			until: Millis,
		},
		/// Collateral moved between two accounts of an owner.
		Transferred {
			/// Out of this account.
			from: AccountRef,
			/// Into this account.
			to: AccountRef,
			/// How much, in quote units.
			amount: Balance,
		},
		/// An account was closed by its owner.
		AccountClosed {
			/// Its number.
			account: AccountRef,
			/// Whose it was.
			owner: T::AccountId,
			/// Which of the owner's sub-accounts.
			sub: u8,
			/// What was paid out, in quote units.
			paid: Balance,
		},
		/// An account limited its own leverage in a market; zero means no limit of its own.
		LeverageSet {
			/// The account.
			account: AccountRef,
			/// The market.
			market: MarketId,
			/// The limit.
			leverage: u16,
		},
		/// Fills changed a position. Told once per operation.
		PositionChanged {
			/// The account.
			account: AccountRef,
			/// The market.
			market: MarketId,
			/// Signed lots held now.
			lots: i64,
			/// Signed notional value paid for them, in quote units.
			cost: Amount,
			/// The account's quote balance now, with realised profit and fees.
			quote: Amount,
		},
		/// An account had less equity than maintenance margin and a position was closed into the
		/// book, wholly or in part.
		Liquidated {
			/// The account.
			account: AccountRef,
			/// The market.
			market: MarketId,
			/// Signed lots closed: positive for a long.
			lots: i64,
			/// The average price of the closing trades, rounded down.
			price: Ticks,
			/// The price at which the position was examined.
			examined: Ticks,
			/// Equity before.
			equity: Amount,
			/// Maintenance margin before.
			maintenance: Balance,
			/// The price at which the position's share of the equity would have been used up.
			bankruptcy: Ticks,
			/// Penalty paid to insurance, in quote units.
			penalty: Balance,
			/// The level in force.
			level: Level,
		},
		/// An account without positions was left with a deficit.
		DeficitCovered {
			/// The account.
			account: AccountRef,
			/// The market whose funds were asked.
			market: MarketId,
			/// What the funds paid.
			covered: Balance,
			/// What the other side of the market pays, the same for each lot.
			socialised: Balance,
			/// What nobody paid: now bad debt of the market, which has to be settled.
			uncovered: Balance,
		},
		/// The funds paid what a bankrupt account lacked at the examined prices, so that its positions
		/// could be closed at them.
		BankruptCovered {
			/// The account.
			account: AccountRef,
			/// The market whose funds were asked.
			market: MarketId,
			/// Equity before, in quote units.
			equity: Amount,
			/// What the funds advanced, in quote units.
			covered: Balance,
			/// What of it was not needed and was not drawn from them, in quote units.
			returned: Balance,
		},
		/// A position of an under-margined account was closed against the position of somebody on the
		/// other side, since the book did not take it.
		Deleveraged {
			/// The under-margined account.
			account: AccountRef,
			/// Whose position was reduced for it.
			counterparty: AccountRef,
			/// The market.
			market: MarketId,
			/// Signed lots of the under-margined account closed: positive for a long.
			lots: i64,
			/// The price: the bankruptcy price of a bankrupt account, the examined price of another.
			price: Ticks,
			/// The price at which the position was examined.
			examined: Ticks,
			/// The counterparty's score: gain times leverage, net of hedges, in millionths.
			score: u64,
			/// The lots that it would have given had the whole side given in proportion.
			pro_rata: Lots,
		},
		/// A side of a market pays what neither the funds nor a deleveraging could.
		Haircut {
			/// The market.
			market: MarketId,
			/// Whether the longs pay; otherwise the shorts do.
			longs_pay: bool,
			/// What each lot pays, in 2^-32 quote units.
			per_lot: Amount,
			/// What that comes to, in quote units.
			taken: Balance,
		},
		/// A liquidation cancelled resting orders of its account.
		OrdersCancelled {
			/// The account.
			account: AccountRef,
			/// How many.
			orders: u16,
		},
		/// An account paid to the insurance funds for its fills. Told once per operation and market.
		InsurancePaid {
			/// The account.
			account: AccountRef,
			/// The market.
			market: MarketId,
			/// For the value opened, by the leverage of the account, in quote units: for the market's
			/// fund.
			premium: Balance,
			/// For the value taken, in quote units: repays what the market drew from the global fund.
			surcharge: Balance,
		},
		/// Funding of a position was settled into its account's quote balance.
		FundingSettled {
			/// The account.
			account: AccountRef,
			/// The market.
			market: MarketId,
			/// What it paid, in quote units; negative where it received.
			paid: Amount,
		},
		/// The funding indices of a market moved, in 2^-32 quote units per lot.
		FundingAccrued {
			/// The market.
			market: MarketId,
			/// What each lot held long owes more; negative where it receives.
			long: Amount,
			/// What each lot held short receives more; negative where it pays.
			short: Amount,
		},
		/// A market was given its risk parameters.
		MarketOpened {
			/// The market.
			market: MarketId,
			/// Its parameters.
			risk: RiskTerms,
		},
		/// An account that was empty and unused for long was removed.
		AccountRemoved {
			/// Its number.
			account: AccountRef,
			/// Whose it was.
			owner: T::AccountId,
			/// Which of the owner's sub-accounts.
			sub: u8,
			/// Who removed it and was paid its deposit.
			by: T::AccountId,
			/// The deposit, in quote units.
			deposit: Balance,
			/// What else was in it, in quote units; the global insurance fund has it.
			dust: Balance,
		},
		// Risk parameters.
		/// Higher maintenance rates were announced for a market. Nobody is liquidated by them before an hour
		/// is over, and then they rise by 50 basis points an hour; orders and withdrawals need the margin of
		/// the announced rates from now on.
		MaintenanceAnnounced {
			/// The market.
			market: MarketId,
			/// The rates of its brackets now.
			from: Rates,
			/// The rates in the end.
			to: Rates,
		},
		/// All positions were weighed under the announced rates; few enough would fall.
		MaintenanceSwept {
			/// The market.
			market: MarketId,
			/// The value of the positions whose accounts the announced rates would put under their maintenance
			/// margin, in quote units.
			falling: Balance,
			/// The value of the open interest, in quote units.
			open_interest: Balance,
		},
		/// The announced rates were dropped: more positions would fall by them than may.
		MaintenanceRejected {
			/// The market.
			market: MarketId,
			/// The value of those that were found, in quote units: more than 0.5 % of the open interest.
			falling: Balance,
			/// The value of the open interest, in quote units.
			open_interest: Balance,
		},
		/// Maintenance rates rose by a minute's step.
		MaintenanceRaised {
			/// The market.
			market: MarketId,
			/// The rates now.
			rates: Rates,
			/// Whether these are the announced ones.
			done: bool,
		},
		/// Maintenance rates were lowered, or their rise was stopped where it stood.
		MaintenanceLowered {
			/// The market.
			market: MarketId,
			/// The rates before.
			from: Rates,
			/// The rates now.
			to: Rates,
		},
		/// Risk parameters other than maintenance rates were changed.
		RiskChanged {
			/// The market.
			market: MarketId,
			/// All parameters now.
			risk: RiskTerms,
		},
		/// What custody holds differs from what is claimed of it. This is a fault of the chain.
		CustodyMismatch {
			/// What came in less what went out.
			held: Balance,
			/// What is claimed.
			claimed: Amount,
		},
		// Other collateral.
		/// An asset was listed as collateral.
		AssetListed {
			/// Its terms.
			terms: NewAsset,
		},
		/// The terms of an asset changed.
		AssetChanged {
			/// Its terms now.
			terms: NewAsset,
		},
		/// A cut of an asset's maintenance weight was announced: from `begins` on the weight falls by
		/// 1 % of what it is now each minute. For new exposure the lower weight counts at once.
		AssetCut {
			/// The asset.
			asset: AssetId,
			/// The weight before the cut.
			from: Ppm,
			/// The weight after it.
			to: Ppm,
			/// When it begins, in milliseconds of chain time.
			begins: Millis,
		},
		/// An asset was added to an account.
		AssetDeposited {
			/// The account.
			account: AccountRef,
			/// Who paid.
			from: T::AccountId,
			/// The asset.
			asset: AssetId,
			/// How much, in its smallest unit.
			amount: Balance,
		},
		/// An asset was withdrawn.
		AssetWithdrawn {
			/// The account.
			account: AccountRef,
			/// Who received it.
			to: T::AccountId,
			/// The asset.
			asset: AssetId,
			/// How much, in its smallest unit.
			amount: Balance,
		},
		/// An asset moved between two accounts of an owner.
		AssetTransferred {
			/// Out of this account.
			from: AccountRef,
			/// Into this account.
			to: AccountRef,
			/// The asset.
			asset: AssetId,
			/// How much, in its smallest unit.
			amount: Balance,
		},
		/// The collateral of an account is for sale, until it owes nothing: anyone may buy of it. What
		/// is asked begins at 105 % of the price and falls by 2 points a minute, down to what the
		/// asset counts for.
		SaleBegun {
			/// The account.
			account: AccountRef,
			/// The market in which it lost.
			market: MarketId,
			/// What it owes, in quote units.
			owed: Balance,
			/// What its collateral counts for, in quote units.
			worth: Balance,
		},
		/// Somebody bought collateral of an account that owes quote.
		CollateralSold {
			/// The account.
			account: AccountRef,
			/// Who bought.
			buyer: T::AccountId,
			/// The asset.
			asset: AssetId,
			/// How much of it, in its smallest unit.
			amount: Balance,
			/// What was paid, in quote units.
			cost: Balance,
			/// What was asked for a lot, in eighths of a tick.
			asked: Value,
			/// The asset's price, in ticks.
			price: Ticks,
			/// What the account owed before, in quote units.
			owed: Balance,
		},
		/// The collateral of an account is no longer for sale.
		SaleEnded {
			/// The account.
			account: AccountRef,
			/// What it still owes, in quote units: nothing, unless its collateral is gone.
			owed: Balance,
		},
		/// An account paid interest on its negative quote balance to an insurance fund.
		InterestPaid {
			/// The account.
			account: AccountRef,
			/// What it owed, in quote units.
			debt: Balance,
			/// What it paid, in quote units.
			amount: Balance,
		},
		/// What custody holds of an asset differs from what accounts claim. This is a fault of the
		/// chain.
		AssetMismatch {
			/// The asset.
			asset: AssetId,
			/// What came in less what went out.
			held: Balance,
			/// What accounts claim.
			claimed: Balance,
		},
		// The vault.
		/// The vault took over a position of an under-margined account, wholly or in part, since the
		/// book did not take it.
		VaultTook {
			/// The account.
			account: AccountRef,
			/// The market.
			market: MarketId,
			/// Signed lots taken over: positive for a long.
			lots: i64,
			/// The price: the vault's discount off the examined price, or the bankruptcy price where
			/// that comes first.
			price: Ticks,
			/// The price at which the position was examined.
			examined: Ticks,
			/// The price at which the position's share of the equity would have been used up.
			bankruptcy: Ticks,
			/// Equity before.
			equity: Amount,
			/// Maintenance margin before.
			maintenance: Balance,
			/// Penalty paid to insurance, in quote units.
			penalty: Balance,
			/// Why the vault took it.
			reason: TakeReason,
			/// The level in force.
			level: Level,
			/// What the vault could still lose in the market today before it took it, in quote units.
			budget_left: Balance,
			/// What it could still lose in all markets.
			budget_left_in_all: Balance,
		},
		/// The vault lost what it may lose in a market in a day, or in all. It takes nothing more
		/// there, and what it holds there is deleveraged.
		VaultOut {
			/// The market.
			market: MarketId,
			/// What it lost there, in quote units.
			lost: Balance,
			/// What it may lose there.
			budget: Balance,
			/// What it lost in all markets.
			lost_in_all: Balance,
			/// What it may lose in all.
			budget_in_all: Balance,
		},
		/// The vault closed a part of a position at the mark or better.
		VaultUnwound {
			/// The market.
			market: MarketId,
			/// Signed lots closed: positive for a long.
			lots: i64,
			/// The mark, which was the limit.
			price: Ticks,
		},
		// Settlement.
		/// A market is settled: nothing trades there again, and all positions are closed at this price.
		SettlementBegan {
			/// The market.
			market: MarketId,
			/// The price, and what it is made of.
			reference: ReferencePrice,
			/// Lots held long, which are as many as are held short.
			lots: Lots,
		},
		/// A position in a market that is being settled was visited. One without a claim is closed;
		/// another is closed once it is known what claims are paid.
		PositionSwept {
			/// The account.
			account: AccountRef,
			/// The market.
			market: MarketId,
			/// Signed lots that it held.
			lots: i64,
			/// What they gained at the price of the settlement, in quote units; negative where they lost.
			gain: Amount,
			/// What of the gain is claimed, in quote units. The rest covers the account's losses elsewhere.
			claim: Balance,
			/// What the account lacked after its loss, which is paid for it, in quote units.
			deficit: Balance,
		},
		/// It is known what those receive who gained in a market that is being settled: of each claim
		/// the same part, `paid / gains`. All amounts are in quote units.
		FactorPublished {
			/// The market.
			market: MarketId,
			/// What accounts lacked after their losses.
			deficits: Balance,
			/// What the insurance funds paid of that.
			covered: Balance,
			/// All claims.
			gains: Balance,
			/// What of them is paid.
			paid: Balance,
			/// What was lacking beyond all claims: bad debt of the market.
			uncovered: Balance,
		},
		/// A position in a settled market was closed and its claim paid.
		Claimed {
			/// The account.
			account: AccountRef,
			/// The market.
			market: MarketId,
			/// Signed lots closed.
			lots: i64,
			/// What was claimed, in quote units.
			claim: Balance,
			/// What of it was paid, in quote units.
			paid: Balance,
		},
		/// Every position in a settled market is closed and every claim paid.
		SettlementFinished {
			/// The market.
			market: MarketId,
			/// What rounding left for the market's fund, in quote units.
			rest: Balance,
		},
	}
}
