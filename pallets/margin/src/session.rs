//! The session: accounts loaded for one operation, changed in memory, written once.

use crate::{
	capacity::COUNTERPARTIES,
	collateral::types::Listings,
	cost::Work,
	settlement::{Claimed, Settlement},
	types::{position_in, Account, BoardEntry, Collaterals, Position, Positions, Shard},
	Accounts, Board, Config, Error, Risk, Totals,
};
use alloc::vec::Vec;
use breakwater_math::{apply_fill, arithmetic::signed, Health, RiskTerms};
use breakwater_primitives::{
	clearing::Fees, insurance::Charges, shard_of, AccountRef, Amount, Balance, Check, Fill, Hold,
	Lots, MarketId, OpenOrder, OrderId, Prices, Removal, Session, Settled, Side, SignedPpm, Ticks,
	Verdict,
};
use frame_support::{dispatch::DispatchResult, ensure};
use sp_runtime::DispatchError;

/// An account in a session.
pub struct Loaded<AccountId> {
	/// Its number.
	pub(crate) who: AccountRef,
	/// As it is now.
	pub(crate) account: Account<AccountId>,
	/// The quote balance as it was loaded.
	pub(crate) quote_before: Amount,
	/// Positions as they were loaded.
	pub(crate) before: Positions,
	/// Other collateral as it was loaded.
	pub(crate) collaterals_before: Collaterals,
	/// The market and the side whose losses its sold collateral did not cover.
	pub(crate) sold_for: Option<(MarketId, i64)>,
	/// Whether it must be written.
	pub(crate) dirty: bool,
	/// Whether balance or lots changed, so that its triggers must be checked.
	pub(crate) touched: bool,
	/// Funding settled in each market: what the account paid.
	pub(crate) funding: Vec<(MarketId, Amount)>,
	/// What its fills came to in each market.
	pub(crate) fills: Vec<Filled>,
	/// Claims on settled markets that loading it paid.
	pub(crate) claims: Vec<Claimed>,
}

/// What the fills of an account in a market came to.
#[derive(Clone, Copy, Default)]
pub(crate) struct Filled {
	pub(crate) market: MarketId,
	/// Profit and loss that they realised, less fees.
	pub(crate) realised: Amount,
	/// The notional value that they opened, and have not been charged for.
	pub(crate) opened: Balance,
	/// The notional value that the account took, and has not been charged for.
	pub(crate) taken: Balance,
}

impl<AccountId> Loaded<AccountId> {
	pub(crate) fn fills_in(&mut self, market: MarketId) -> &mut Filled {
		let index = self.fills.iter().position(|filled| filled.market == market);
		let index = index.unwrap_or_else(|| {
			self.fills.push(Filled { market, ..Default::default() });
			self.fills.len() - 1
		});
		&mut self.fills[index]
	}
}

/// What fills and settled funding did to a market's totals.
#[derive(Clone, Copy, Default)]
pub struct Moved {
	pub(crate) market: MarketId,
	pub(crate) long: i128,
	pub(crate) short: i128,
	pub(crate) cost: Amount,
	pub(crate) realised: Amount,
	pub(crate) pending: Amount,
	pub(crate) paid: Amount,
}

/// Accounts, prices and terms of one operation. Implements [`Session`].
#[must_use = "a session that is not committed changes nothing"]
pub struct House<T: Config> {
	pub(crate) accounts: Vec<Loaded<T::AccountId>>,
	pub(crate) moved: Vec<Moved>,
	pub(crate) fees: Amount,
	/// An account that is being liquidated pays a penalty and no charges of insurance.
	pub(crate) liquidated: Option<AccountRef>,
	pub(crate) charges: Vec<(MarketId, Charges)>,
	/// Listed assets, read once an account has such collateral.
	pub(crate) listings: Option<Listings>,
	/// With how many more counterparties a liquidation may trade.
	pub(crate) counterparties: u16,
	/// What the next resting order pays that is asked about.
	pays: (SignedPpm, bool),
	/// What a liquidation did so far.
	pub(crate) work: Work,
	/// Settlements that were touched, and what their pots were paid together.
	pub(crate) settlements: Vec<(MarketId, Settlement)>,
	pub(crate) pots: Amount,
	boards: Vec<(u8, Shard)>,
	risks: Vec<(MarketId, RiskTerms)>,
	/// Terms with announced maintenance rates, of markets that have any.
	pub(crate) bars: Vec<(MarketId, RiskTerms)>,
	day: Option<u16>,
	failure: Option<DispatchError>,
}

impl<T: Config> House<T> {
	/// A session in which nothing is loaded.
	pub fn new() -> Self {
		Self {
			accounts: Vec::new(),
			moved: Vec::new(),
			fees: 0,
			liquidated: None,
			charges: Vec::new(),
			listings: None,
			counterparties: COUNTERPARTIES,
			pays: Default::default(),
			work: Work::default(),
			settlements: Vec::new(),
			pots: 0,
			boards: Vec::new(),
			risks: Vec::new(),
			bars: Vec::new(),
			day: None,
			failure: None,
		}
	}

	/// The place of `who` in the session, loaded if need be.
	pub(crate) fn place(&mut self, who: AccountRef) -> Result<usize, Error<T>> {
		if let Some(index) = self.accounts.iter().position(|loaded| loaded.who == who) {
			return Ok(index);
		}
		let account = Accounts::<T>::get(who).ok_or(Error::<T>::NoAccount)?;
		let index = self.push(who, account);
		self.claim_all(index);
		Ok(index)
	}

	/// Put a new account into the session.
	pub(crate) fn push(&mut self, who: AccountRef, account: Account<T::AccountId>) -> usize {
		let (quote_before, before) = (account.quote, account.positions.clone());
		let collaterals_before = account.collaterals.clone();
		self.accounts.push(Loaded {
			who,
			account,
			quote_before,
			before,
			collaterals_before,
			sold_for: None,
			dirty: false,
			touched: false,
			funding: Vec::new(),
			fills: Vec::new(),
			claims: Vec::new(),
		});
		self.accounts.len() - 1
	}

	/// What the board says of `market`.
	pub(crate) fn board(&mut self, market: MarketId) -> BoardEntry {
		let (shard, at) = shard_of(market);
		let index =
			self.boards.iter().position(|(known, _)| *known == shard).unwrap_or_else(|| {
				self.boards.push((shard, Board::<T>::get(shard)));
				self.boards.len() - 1
			});
		self.boards[index].1.get(at).copied().unwrap_or_default()
	}

	/// The terms of `market`.
	pub(crate) fn risk(&mut self, market: MarketId) -> Result<RiskTerms, Error<T>> {
		if let Some((_, terms)) = self.risks.iter().find(|(known, _)| *known == market) {
			return Ok(*terms);
		}
		let terms = Risk::<T>::get(market).ok_or(Error::<T>::UnknownMarket)?;
		self.risks.push((market, terms));
		Ok(terms)
	}

	/// Days since the Unix epoch.
	pub(crate) fn day(&mut self) -> u16 {
		*self.day.get_or_insert_with(crate::Pallet::<T>::today)
	}

	/// Change the quote balance of a loaded account.
	pub(crate) fn credit(&mut self, index: usize, amount: Amount) {
		let loaded = &mut self.accounts[index];
		loaded.account.quote = loaded.account.quote.saturating_add(amount);
		(loaded.dirty, loaded.touched) = (true, true);
	}

	fn fail(&mut self, error: impl Into<DispatchError>) {
		self.failure.get_or_insert(error.into());
	}

	pub(crate) fn failure(&self) -> DispatchResult {
		self.failure.map_or(Ok(()), Err)
	}

	/// Settle the funding of a position into the quote balance.
	pub(crate) fn settle_funding(&mut self, index: usize, market: MarketId) {
		let board = self.board(market);
		let loaded = &mut self.accounts[index];
		let positions = &mut loaded.account.positions;
		let held = |p: &&mut Position| p.market == market && p.lots != 0;
		let Some(position) = positions.iter_mut().find(held) else { return };
		let accrual = position.accrual(&board);
		if accrual.since == accrual.now {
			return;
		}
		let (due, exact) = (accrual.due(position.lots), accrual.exact(position.lots));
		position.funding = accrual.now;
		match loaded.funding.iter_mut().find(|(known, _)| *known == market) {
			Some((_, paid)) => *paid = paid.saturating_add(due),
			None => loaded.funding.push((market, due)),
		}
		self.credit(index, due.saturating_neg());
		let moved = self.moved_mut(market);
		moved.paid = moved.paid.saturating_add(due);
		moved.pending = moved.pending.saturating_sub(exact);
	}

	/// Settle the funding of all positions of an account.
	pub(crate) fn settle_all_funding(&mut self, index: usize) {
		let positions = self.accounts[index].account.positions.clone();
		positions.iter().for_each(|position| self.settle_funding(index, position.market));
	}

	/// One leg of a fill: funding, the position, the realised profit and the fee.
	pub(crate) fn trade(
		&mut self,
		index: usize,
		terms: &RiskTerms,
		fill: &Fill,
		side: Side,
		fee: Amount,
	) {
		self.settle_funding(index, fill.market);
		let board = self.board(fill.market);
		let notional = terms.contract.notional(fill.lots, fill.price);
		let loaded = &mut self.accounts[index];
		let Some(position) = position_mut(&mut loaded.account, fill.market) else {
			return self.fail(Error::<T>::TooManyPositions);
		};
		let before = *position;
		let after = apply_fill(before.lots, before.cost, side, fill.lots, notional);
		(position.lots, position.cost) = (after.lots, after.cost);
		if before.lots.signum() != after.lots.signum() {
			// It waited on the other side, or waits for nothing now.
			position.armed = Default::default();
			position.cell = 0;
			position.funding = if after.lots == 0 { 0 } else { board.funding(after.lots) };
		}
		let realised = after.realised.saturating_sub(fee);
		let filled = self.accounts[index].fills_in(fill.market);
		let opened = Lots(opened(before.lots, after.lots));
		filled.realised = filled.realised.saturating_add(realised);
		filled.opened = filled.opened.saturating_add(terms.contract.notional(opened, fill.price));
		self.credit(index, realised);
		self.fees = self.fees.saturating_add(fee);
		let moved = self.moved_mut(fill.market);
		moved.long += after.lots.max(0) as i128 - before.lots.max(0) as i128;
		moved.short += before.lots.min(0) as i128 - after.lots.min(0) as i128;
		moved.cost = moved.cost.saturating_add(after.cost.saturating_sub(before.cost));
		moved.realised = moved.realised.saturating_add(after.realised);
	}

	pub(crate) fn moved_mut(&mut self, market: MarketId) -> &mut Moved {
		let index = self.moved.iter().position(|moved| moved.market == market);
		let index = index.unwrap_or_else(|| {
			self.moved.push(Moved { market, ..Default::default() });
			self.moved.len() - 1
		});
		&mut self.moved[index]
	}

	/// What `lots` of order `id` no longer reserve.
	fn release(&mut self, index: usize, id: OrderId, lots: Lots, reduce_only: bool, gone: bool) {
		let notional =
			self.risk(id.market()).map_or(0, |terms| terms.contract.notional(lots, id.tick()));
		let loaded = &mut self.accounts[index];
		loaded.dirty = true;
		if gone {
			loaded.account.orders.retain(|order| order.id != id);
		}
		let positions = &mut loaded.account.positions;
		let found = positions.iter_mut().find(|position| position.market == id.market());
		if let (Some(position), false) = (found, reduce_only) {
			let resting = position.resting_mut(id.side());
			*resting = resting.sub(lots, notional);
		}
	}

	fn try_hold(&mut self, index: usize, hold: &Hold) -> DispatchResult {
		let market = hold.id.market();
		let terms = self.risk(market)?;
		let account = &mut self.accounts[index].account;
		let order = OpenOrder { id: hold.id, client: hold.client };
		ensure!(account.orders.len() < account.order_limit(), Error::<T>::TooManyOrders);
		account.orders.try_push(order).map_err(|_| Error::<T>::TooManyOrders)?;
		self.accounts[index].dirty = true;
		if hold.reduce_only {
			return Ok(());
		}
		let account = &mut self.accounts[index].account;
		let position = position_mut(account, market).ok_or(Error::<T>::TooManyPositions)?;
		let notional = terms.contract.notional(hold.lots, hold.id.tick());
		let resting = position.resting_mut(hold.id.side());
		*resting = resting.add(hold.lots, notional);
		// No position can then outgrow what the terms were validated for.
		if position.exposure().largest() > terms.max_open_interest {
			return Err(Error::<T>::OpenInterestCap.into());
		}
		Ok(())
	}

	/// The health of an account as a fill would leave it, funding settled first; and whether it has a
	/// place for the market.
	pub(crate) fn after_fill(
		&mut self,
		index: usize,
		market: MarketId,
		side: Side,
		lots: Lots,
		price: Ticks,
	) -> (bool, Health) {
		let quote = self.backing(index);
		let mut positions = self.accounts[index].account.positions.clone();
		let (Ok(terms), board) = (self.risk(market), self.board(market)) else {
			return (false, Health::default());
		};
		let Some(position) = positions.iter_mut().find(|p| p.market == market) else {
			return (false, Health::default());
		};
		let notional = terms.contract.notional(lots, price);
		let due = position.accrual(&board).due(position.lots);
		let after = apply_fill(position.lots, position.cost, side, lots, notional);
		(position.lots, position.cost) = (after.lots, after.cost);
		position.funding = board.funding(after.lots);
		let quote = quote.saturating_sub(due).saturating_add(after.realised);
		(true, self.health(quote, &positions))
	}

	/// The maker's post-fill check: a fill that only reduces may not make an unhealthy account
	/// worse, any other must leave it healthy.
	fn maker_verdict(&mut self, index: usize, id: OrderId, want: Lots, reduce: bool) -> Verdict {
		let (market, side) = (id.market(), id.side());
		let account = &self.accounts[index].account;
		let held = position_in(&account.positions, market);
		let room = held.closable(side);
		let lots = if reduce { want.min(room) } else { want };
		if lots.is_zero() {
			return Verdict::Remove(Removal::ReduceOnly);
		}
		let (known, after) = self.after_fill(index, market, side, lots, id.tick());
		if !known {
			return Verdict::Remove(Removal::Margin);
		}
		let opens = opened(held.lots, after_lots(held.lots, side, lots));
		let charged = self.premium_at_most(index, id, Lots(opens));
		let left = after.surplus().saturating_sub(signed(charged));
		let left = left.saturating_sub(signed(self.cost_of_trading(id, lots)));
		let quote = self.backing(index);
		let allowed = left >= 0
			|| lots <= room && {
				let before = self.accounts[index].account.positions.clone();
				let before = self.health(quote, &before);
				after.bears_reduction(&before)
			};
		if allowed {
			Verdict::Fill(lots)
		} else {
			Verdict::Remove(Removal::Margin)
		}
	}

	/// Reckon with this price of a market, in this session only; nothing of it is ever written.
	pub(crate) fn suppose(&mut self, market: MarketId, price: Ticks) {
		self.board(market);
		let (shard, at) = shard_of(market);
		let known = self.boards.iter_mut().find(|(known, _)| *known == shard);
		if let Some(entry) = known.and_then(|(_, entries)| entries.get_mut(at)) {
			let last = entry.prices;
			entry.prices = Prices {
				index: price,
				mark: price,
				stable: price,
				long: price,
				short: price,
				..last
			};
		}
	}

	/// The fee of a resting order that trades, and the surcharge where it takes; a rebate counts for
	/// nothing, since it may be less than it says.
	fn cost_of_trading(&mut self, id: OrderId, lots: Lots) -> Balance {
		let (fee, takes) = core::mem::take(&mut self.pays);
		let Ok(terms) = self.risk(id.market()) else { return 0 };
		let notional = terms.contract.notional(lots, id.tick());
		let fee = u128::try_from(fee.fee(notional)).unwrap_or(0);
		let surcharge = if takes { self.charges_of(id.market()).surcharge_on(notional) } else { 0 };
		fee.saturating_add(surcharge)
	}

	/// Boards are read again: one has changed.
	pub(crate) fn forget_boards(&mut self) {
		self.boards.clear();
	}

	/// The open interest of `market` with this session's fills.
	pub(crate) fn long_after(&self, moved: &Moved) -> i128 {
		Totals::<T>::get(moved.market).long.0 as i128 + moved.long
	}
}

/// The lots of a position of `now` signed lots that were opened when it had `before`.
fn opened(before: i64, now: i64) -> u64 {
	if before.signum() == -now.signum() {
		return now.unsigned_abs();
	}
	now.unsigned_abs().saturating_sub(before.unsigned_abs())
}

/// Signed lots after a fill of `side`.
fn after_lots(before: i64, side: Side, lots: Lots) -> i64 {
	let lots = i64::try_from(lots.0).unwrap_or(i64::MAX);
	match side {
		Side::Bid => before.saturating_add(lots),
		Side::Ask => before.saturating_sub(lots),
	}
}

/// The place of `market` in an account, made if need be.
fn position_mut<A>(account: &mut Account<A>, market: MarketId) -> Option<&mut Position> {
	let positions = &mut account.positions;
	let index = match positions.iter().position(|position| position.market == market) {
		Some(index) => index,
		None => {
			positions.try_push(Position { market, ..Default::default() }).ok()?;
			positions.len() - 1
		},
	};
	positions.get_mut(index)
}

impl<T: Config> Session for House<T> {
	fn load(&mut self, who: AccountRef) -> DispatchResult {
		self.place(who)?;
		Ok(())
	}
	fn prices(&mut self, market: MarketId) -> Prices {
		self.board(market).prices
	}
	fn same_owner(&mut self, a: AccountRef, b: AccountRef) -> bool {
		if a == b {
			return true;
		}
		match (self.place(a), self.place(b)) {
			(Ok(a), Ok(b)) => self.accounts[a].account.owner == self.accounts[b].account.owner,
			_ => false,
		}
	}
	fn position(&mut self, who: AccountRef, market: MarketId) -> i64 {
		let index = self.place(who);
		index.map_or(0, |i| position_in(&self.accounts[i].account.positions, market).lots)
	}
	fn orders(&mut self, who: AccountRef) -> Vec<OpenOrder> {
		let index = self.place(who);
		index.map_or(Vec::new(), |i| self.accounts[i].account.orders.to_vec())
	}
	fn hold(&mut self, who: AccountRef, hold: &Hold) -> DispatchResult {
		let index = self.place(who)?;
		self.try_hold(index, hold).inspect_err(|error| self.fail(*error))
	}
	fn free(&mut self, who: AccountRef, id: OrderId, lots: Lots, reduce_only: bool, gone: bool) {
		match self.place(who) {
			Ok(index) => self.release(index, id, lots, reduce_only, gone),
			Err(error) => self.fail(error),
		}
	}
	fn pays(&mut self, fee: SignedPpm, takes: bool) {
		self.pays = (fee, takes);
	}
	fn maker(&mut self, maker: AccountRef, id: OrderId, want: Lots, reduce_only: bool) -> Verdict {
		match self.place(maker) {
			Ok(index) => self.maker_verdict(index, id, want, reduce_only),
			Err(_) => Verdict::Remove(Removal::Margin),
		}
	}
	fn openable(&mut self, market: MarketId) -> Lots {
		let Ok(terms) = self.risk(market) else { return Lots::ZERO };
		let moved = self.moved.iter().find(|moved| moved.market == market).copied();
		let moved = moved.unwrap_or(Moved { market, ..Default::default() });
		let room = i128::from(terms.max_open_interest.0).saturating_sub(self.long_after(&moved));
		Lots(u64::try_from(room.max(0)).unwrap_or(u64::MAX))
	}
	fn volume(&mut self, who: AccountRef) -> Balance {
		let day = self.day();
		let index = self.place(who);
		index.map_or(0, |index| self.accounts[index].account.volume.on(day))
	}
	fn settle(&mut self, fill: &Fill, fees: &Fees) {
		let loaded = self.place(fill.taker).and_then(|t| Ok((t, self.place(fill.maker)?)));
		let (Ok((taker, maker)), Ok(terms)) = (loaded, self.risk(fill.market)) else {
			return self.fail(Error::<T>::NoAccount);
		};
		let notional = terms.contract.notional(fill.lots, fill.price);
		let taker_fee = breakwater_math::arithmetic::signed(fees.taker.mul_ceil(notional));
		// A rebate comes out of what the taker of the same fill pays.
		let maker_fee = fees.maker.fee(notional).max(taker_fee.saturating_neg());
		self.trade(taker, &terms, fill, fill.taker_side, taker_fee);
		self.trade(maker, &terms, fill, fill.taker_side.opposite(), maker_fee);
		if self.liquidated != Some(fill.taker) {
			let filled = self.accounts[taker].fills_in(fill.market);
			filled.taken = filled.taken.saturating_add(notional);
		}
		let day = self.day();
		for index in [taker, maker] {
			self.accounts[index].account.volume.add(notional, day);
		}
		let (id, reduce_only) = (fill.maker_order, fill.maker_reduce_only);
		self.release(maker, id, fill.lots, reduce_only, fill.maker_done);
	}
	fn commit(mut self, check: Check<'_>) -> Result<Settled, DispatchError> {
		self.failure()?;
		self.charge();
		self.charge_interest();
		if let Check::Initial { who, market, view, post_only } = check {
			self.check_initial(who, market, view, post_only)?;
		}
		self.write()
	}
}
