//! Calls of traders, drawn at random.

use super::{MARKETS, TRADERS};
use crate::{
	random::Random,
	runtime::{AccountId, Perpetuals, Runtime, RuntimeCall, Timestamp, USDC_UNIT},
};
use breakwater_primitives::{AccountRef, Lots, MarketId, OrderId, Side, Ticks};
use codec::Decode;
use frame_support::{
	traits::{GetCallIndex, GetCallMetadata},
	BoundedVec,
};
use pallet_perpetuals::{
	BatchAction, Crossing, OrderKind, PlaceOrder, SelfTrade, StopOrder, TimeInForce,
};

/// The pallets whose calls traders send.
pub(super) const PALLETS: [&str; 3] = ["Margin", "Perpetuals", "Insurance"];
/// How often bytes are drawn before a call is given up that cannot be decoded from them.
const TRIES: usize = 8;

/// The index of a market.
pub(super) fn index(market: MarketId) -> u32 {
	pallet_price_guard::Guards::<Runtime>::get(market).prices.index.0.max(1)
}

/// The quote balance of somebody's first account.
pub(super) fn quote(who: AccountId) -> u128 {
	let record = pallet_margin::Keys::<Runtime>::get((who, 0));
	let account = record.and_then(|key| pallet_margin::Accounts::<Runtime>::get(key.account));
	account.map_or(0, |account| u128::try_from(account.quote).unwrap_or(0))
}

/// Draws what `who` sends.
pub(super) struct Draw<'a> {
	/// Where chance comes from.
	pub(super) random: &'a mut Random,
	/// Who sends it.
	pub(super) who: AccountId,
}

impl Draw<'_> {
	/// A call: half are orders, the rest whatever there is. Who has no account mostly opens one.
	pub(super) fn call(&mut self) -> Option<RuntimeCall> {
		if quote(self.who) < USDC_UNIT && !self.random.one_in(4) {
			let amount = (100 * USDC_UNIT) << self.random.below(11);
			return Some(pallet_margin::Call::deposit { sub: 0, amount }.into());
		}
		match self.random.below(10) {
			0..5 => {
				let (sub, order) = (self.sub(), self.order());
				Some(pallet_perpetuals::Call::place { sub, order }.into())
			},
			_ => {
				let pallet = PALLETS[self.random.below(3) as usize];
				self.of(pallet)
			},
		}
	}

	/// Any call of a pallet, with arguments that make sense where they are known here.
	fn of(&mut self, pallet: &str) -> Option<RuntimeCall> {
		let names = RuntimeCall::get_call_names(pallet);
		let name = names.get(self.random.below(names.len() as u64) as usize)?;
		let known = match pallet {
			"Margin" => self.margin(name),
			"Perpetuals" => self.perpetuals(name),
			_ => self.insurance(name),
		};
		match known {
			Some(call) if !self.random.one_in(20) => Some(call),
			_ => self.from_bytes(pallet, name),
		}
	}

	/// Any call of a pallet, drawn from bytes.
	pub(super) fn any_of(&mut self, pallet: &str) -> Option<RuntimeCall> {
		let names = RuntimeCall::get_call_names(pallet);
		let name = names.get(self.random.below(names.len() as u64) as usize)?;
		self.from_bytes(pallet, name)
	}

	/// The call of that name with arguments decoded from random bytes, most of them small.
	fn from_bytes(&mut self, pallet: &str, name: &str) -> Option<RuntimeCall> {
		use pallet_insurance::Call as Insurance;
		use pallet_margin::Call as Margin;
		use pallet_perpetuals::Call as Perpetuals;
		let (index, indices) = match pallet {
			"Margin" => (52, Margin::<Runtime>::get_call_indices()),
			"Insurance" => (53, Insurance::<Runtime>::get_call_indices()),
			_ => (54, Perpetuals::<Runtime>::get_call_indices()),
		};
		let names = RuntimeCall::get_call_names(pallet);
		let place = names.iter().position(|known| *known == name)?;
		let call = *indices.get(place)?;
		(0..TRIES).find_map(|_| {
			let mut bytes = vec![index, call];
			bytes.extend((0..256).map(|_| match self.random.below(4) {
				0 | 1 => 0,
				2 => self.random.below(5) as u8,
				_ => self.random.next() as u8,
			}));
			RuntimeCall::decode(&mut &bytes[..]).ok()
		})
	}

	fn margin(&mut self, name: &str) -> Option<RuntimeCall> {
		use pallet_margin::Call;
		let sub = self.sub();
		Some(RuntimeCall::Margin(match name {
			"deposit" => Call::deposit { sub, amount: self.amount() },
			"withdraw" => Call::withdraw { sub, amount: self.amount() },
			"liquidate" => Call::liquidate { account: AccountRef(self.random.below(24) as u32) },
			"set_key" => {
				let later = Timestamp::get() + self.random.below(1 << 30);
				let until = if self.random.one_in(3) { 0 } else { later };
				Call::set_key { sub, key: self.somebody(), until }
			},
			"set_leverage" => {
				let (market, leverage) = (self.market(), self.random.below(30) as u16);
				Call::set_leverage { sub, market, leverage }
			},
			"transfer" => Call::transfer { from: sub, to: self.sub(), amount: self.amount() },
			"sweep" => Call::sweep { market: self.market(), limit: self.random.below(20) as u32 },
			"claim" => {
				let account = AccountRef(self.random.below(24) as u32);
				Call::claim { account, market: self.market() }
			},
			"remove_account" => {
				let account = AccountRef(self.random.below(24) as u32);
				Call::remove_account { account, keys: Default::default() }
			},
			// Seldom of the account that trades.
			"close_account" if sub != 0 || self.random.one_in(10) => Call::close_account { sub },
			"close_account" => Call::close_account { sub: 1 + self.random.below(2) as u8 },
			_ => return None,
		}))
	}

	fn insurance(&mut self, name: &str) -> Option<RuntimeCall> {
		use pallet_insurance::Call;
		let held = || crate::runtime::Insurance::backer_of(self.who).shares;
		Some(RuntimeCall::Insurance(match name {
			"contribute" => {
				let market = if self.random.one_in(2) { Some(self.market()) } else { None };
				Call::contribute { market, amount: self.amount() / 100 }
			},
			"back" => Call::back { amount: self.amount() },
			"notice" => {
				let held = held();
				Call::notice { shares: held / u128::from(1 + self.random.below(3)) }
			},
			"claim" => Call::claim {},
			"back_vault" => Call::back_vault { amount: self.amount() },
			"notice_vault" => {
				let held = crate::runtime::Insurance::vault_backer_of(self.who).shares;
				Call::notice_vault { shares: held / u128::from(1 + self.random.below(3)) }
			},
			"claim_vault" => Call::claim_vault {},
			"cancel_vault" => Call::cancel_vault { index: self.random.below(3) as u8 },
			"cancel" => Call::cancel { index: self.random.below(3) as u8 },
			_ => return None,
		}))
	}

	fn perpetuals(&mut self, name: &str) -> Option<RuntimeCall> {
		use pallet_perpetuals::Call;
		let sub = self.sub();
		Some(RuntimeCall::Perpetuals(match name {
			"place" => Call::place { sub, order: self.order() },
			"cancel" => Call::cancel { sub, id: self.resting(sub) },
			"cancel_all" => {
				let market = if self.random.one_in(2) { Some(self.market()) } else { None };
				Call::cancel_all { sub, market }
			},
			"batch" => {
				let market = self.market();
				let count = self.random.below(8);
				let actions = (0..count).map(|_| self.action(sub, market)).collect();
				Call::batch { sub, actions: BoundedVec::truncate_from(actions) }
			},
			"cancel_client" => Call::cancel_client { sub, client: self.random.below(4) },
			"set_switch" => Call::set_switch { sub, blocks: self.random.below(20) as u32 },
			"place_stop" => Call::place_stop { sub, stop: self.stop() },
			"cancel_stop" => {
				let slot =
					if self.random.one_in(3) { None } else { Some(self.random.below(4) as u8) };
				Call::cancel_stop { sub, slot }
			},
			_ => return None,
		}))
	}

	fn action(&mut self, sub: u8, market: MarketId) -> BatchAction {
		let order = PlaceOrder { market, ..self.order() };
		match self.random.below(6) {
			0 => BatchAction::Cancel(self.resting(sub)),
			1 => BatchAction::CancelClient(self.random.below(4)),
			2 => BatchAction::Replace { id: self.resting(sub), order },
			_ => BatchAction::Place(order),
		}
	}

	fn stop(&mut self) -> StopOrder {
		let order = self.order();
		let when = if self.random.one_in(2) { Crossing::AtOrBelow } else { Crossing::AtOrAbove };
		StopOrder { when, trigger: self.price(order.market), order }
	}

	fn order(&mut self) -> PlaceOrder {
		let market = self.market();
		let side = if self.random.one_in(2) { Side::Bid } else { Side::Ask };
		let price = self.price(market);
		let expiry = (Timestamp::get() / 1_000 + self.random.below(60)) as u32;
		let time_in_force = match self.random.below(12) {
			0 => TimeInForce::GoodTilTime(expiry),
			1 => TimeInForce::PostOnly,
			2 => TimeInForce::PostOnlySlide,
			3 | 4 => TimeInForce::ImmediateOrCancel,
			5 => TimeInForce::FillOrKill,
			_ => TimeInForce::GoodTilCancelled,
		};
		let kind = match self.random.one_in(10) {
			true => OrderKind::Market { protection: price },
			false => OrderKind::Limit { price, time_in_force },
		};
		let self_trade = match self.random.below(4) {
			0 => SelfTrade::CancelTaker,
			1 => SelfTrade::CancelBoth,
			2 => SelfTrade::Decrement,
			_ => SelfTrade::CancelResting,
		};
		PlaceOrder {
			reduce_only: self.random.one_in(7),
			client: if self.random.one_in(3) { self.random.below(4) } else { 0 },
			self_trade,
			max_fills: if self.random.one_in(8) { self.random.next() as u8 } else { 0 },
			..PlaceOrder::new(market, side, kind, self.lots(market))
		}
	}

	/// Near the index; once in a while anywhere.
	fn price(&mut self, market: MarketId) -> Ticks {
		if self.random.one_in(100) {
			return Ticks(self.random.next() as u32);
		}
		let reach = if self.random.one_in(5) { 300 } else { 30 };
		let part = 10_000 + self.random.between(-reach, reach);
		Ticks((i64::from(index(market)) * part / 10_000).clamp(0, u32::MAX.into()) as u32)
	}

	/// Mostly worth up to twenty times what he has; once in a while nothing, or too much.
	fn lots(&mut self, market: MarketId) -> Lots {
		match self.random.below(100) {
			0 => Lots(0),
			1 => Lots(self.random.next()),
			_ => {
				let most = [1, 6, 12, 24, 40][self.random.below(5) as usize];
				let lot = u128::from(index(market)) * 100;
				let lots = quote(self.who).saturating_mul(most) / lot;
				Lots(1 + self.random.below(u64::try_from(lots).unwrap_or(1).max(1)))
			},
		}
	}

	fn amount(&mut self) -> u128 {
		match self.random.below(50) {
			0 => 0,
			1 => u128::MAX,
			2 => 1,
			_ => {
				let most = (10 * USDC_UNIT as u64) << self.random.below(9);
				u128::from(1 + self.random.below(most))
			},
		}
	}

	fn market(&mut self) -> MarketId {
		match self.random.below(100) {
			0 => MarketId(self.random.next() as u16),
			1 => MarketId(MARKETS),
			_ => MarketId(self.random.below(MARKETS.into()) as u16),
		}
	}

	fn sub(&mut self) -> u8 {
		match self.random.below(40) {
			0 => self.random.next() as u8,
			1..5 => self.random.below(3) as u8,
			_ => 0,
		}
	}

	fn somebody(&mut self) -> AccountId {
		TRADERS.start + self.random.below(TRADERS.end - TRADERS.start)
	}

	/// An order that rests, mostly his own.
	fn resting(&mut self, sub: u8) -> OrderId {
		let owner = if self.random.one_in(8) { self.somebody() } else { self.who };
		let orders = Perpetuals::open_orders(owner, sub);
		let place = self.random.below(orders.len() as u64) as usize;
		orders.get(place).map_or_else(OrderId::default, |order| order.id)
	}
}
