//! Who trades in a crash: accounts of varied leverage, hedgers, and makers.
//!
//! **Traders.** Four of five are long. The value of a position is drawn from a Pareto distribution
//! (exponent 1.2, from 500 up to 200,000 quote units), and its leverage, value over equity, from a list
//! that is mostly between 3 and 10, with one in seven at 15 or 20; in tiers with lower limits all are
//! lower in proportion. A quarter of the longs with leverage to spare also bid for half as much again,
//! 2 to 10 % below the market. As many traders as a third of those of the beginning come later, evenly
//! over the crash, seven of ten of them to buy.
//!
//! **Hedgers** hold the other side of what the longs are more than the shorts, at a leverage from 1 to 3.
//!
//! **Makers.** Eight accounts quote six levels of either side, each as deep as the depth says times its
//! share, and quote anew every four seconds. They lean against their inventory: a side shrinks in
//! proportion and is gone at three times their equity. Together they own a quarter of the value of all
//! positions.
//!
//! **Depth.** What makers offer within 2 % of the index is a thirtieth of the open interest in calm. It
//! follows the data: a market that trades much for little movement is deep, so depth goes with turnover
//! over range of the last candle, against the medians of the first ten; at least a twentieth of the calm
//! depth and at most all of it. (In the worst minutes of March 2020 that is 15 to 30 %, of May 2021 3 to
//! 15 %.) Their distance from the index grows by the square root of how much thinner it is, up to
//! twice.

use crate::{
	chain,
	incident::Shape,
	prices::{median, Candle},
	random::Random,
	runtime::{AccountId, CircuitBreaker, Margin, Runtime, USDC_UNIT},
};
use breakwater_primitives::{Gate, Lots, MarketId, Side, Ticks};
use frame_support::BoundedVec;
use pallet_perpetuals::{BatchAction, OrderKind, PlaceOrder, TimeInForce};

/// The market of a crash.
pub const MARKET: MarketId = MarketId(0);
/// Makers.
pub const MAKERS: u64 = 8;
/// The first of them.
pub const FIRST_MAKER: AccountId = 100;
/// The first hedger.
pub const FIRST_HEDGER: AccountId = 1_000;
/// The first trader.
pub const FIRST_TRADER: AccountId = 100_000;

/// Leverages, each with its weight.
const LEVERAGES: [(f64, u64); 7] =
	[(2.0, 15), (3.0, 15), (5.0, 25), (8.0, 10), (10.0, 20), (15.0, 8), (20.0, 7)];
/// The part of the open interest that makers offer within 2 % in calm.
const DEPTH_SHARE: f64 = 1.0 / 30.0;
/// The least part of its depth that the book keeps.
const THINNEST: f64 = 0.05;
/// The part of the open interest that makers own.
const MAKERS_EQUITY: f64 = 0.25;
/// How many times their equity they hold at the most.
const MAKERS_LEVERAGE: f64 = 3.0;
/// Levels of a maker: distance from the index as a fraction, and share of his depth.
const LEVELS: [(f64, f64); 6] =
	[(0.0003, 0.08), (0.001, 0.12), (0.0025, 0.15), (0.005, 0.2), (0.01, 0.2), (0.018, 0.25)];

/// A trader and what he is about to hold.
#[derive(Clone, Copy, Debug)]
pub struct Trader {
	/// His account of the chain.
	pub id: AccountId,
	/// Whether he is long.
	pub long: bool,
	/// Value over equity.
	pub leverage: f64,
	/// The value of the position, in quote units.
	pub value: f64,
}

impl Trader {
	/// Draw one.
	pub fn draw(id: AccountId, longs_of_ten: u64, shape: &Shape, random: &mut Random) -> Self {
		let pareto = 500.0 * (1.0 - random.unit()).powf(-1.0 / 1.2);
		let leverage = random.weighted(&LEVERAGES).unwrap_or(1.0);
		Self {
			id,
			long: random.below(10) < longs_of_ten,
			leverage: (leverage * f64::from(shape.max_leverage()) / 25.0).max(1.0),
			value: pareto.min(200_000.0),
		}
	}
	/// Put his equity into an account, and what the fees of the beginning take.
	pub fn fund(&self) {
		deposit(self.id, self.value / self.leverage + self.value * 0.002 + 15.0);
	}
	/// The side on which he buys or sells his position.
	pub const fn side(&self) -> Side {
		if self.long {
			Side::Bid
		} else {
			Side::Ask
		}
	}
}

/// Deposit so many quote units.
pub fn deposit(who: AccountId, value: f64) {
	let amount = (value * USDC_UNIT as f64) as u128;
	chain::call(who, pallet_margin::Call::<Runtime>::deposit { sub: 0, amount })
		.expect("everybody holds what he deposits");
}

/// A limit order.
pub fn order(side: Side, price: u32, lots: u64, time_in_force: TimeInForce) -> PlaceOrder {
	let kind = OrderKind::Limit { price: Ticks(price), time_in_force };
	PlaceOrder::new(MARKET, side, kind, Lots(lots))
}

/// Place it; whether it was accepted.
pub fn place(who: AccountId, order: PlaceOrder) -> bool {
	chain::call(who, pallet_perpetuals::Call::<Runtime>::place { sub: 0, order }).is_ok()
}

/// The makers of a crash.
#[derive(Debug)]
pub struct Makers {
	/// What they offer within 2 % on a side in calm, all together, in quote units.
	calm: f64,
	/// The equity of one.
	equity: f64,
	/// Turnover over range of a calm candle.
	ease: f64,
	/// How much of the calm depth there is now.
	depth: f64,
	shape: Shape,
}

impl Makers {
	/// Makers for an open interest, who know how calm candles look.
	pub fn new(interest: f64, candles: &[Candle], shape: Shape) -> Self {
		let ease = median(candles.iter().take(10).map(Candle::ease));
		let equity = interest * MAKERS_EQUITY / MAKERS as f64;
		Self { calm: interest * DEPTH_SHARE, equity, ease, depth: 1.0, shape }
	}

	/// Give each maker his equity.
	pub fn fund(&self) {
		(0..MAKERS).for_each(|n| deposit(FIRST_MAKER + n, self.equity));
	}

	/// A candle is over.
	pub fn saw(&mut self, candle: &Candle) {
		self.depth = (candle.ease() / self.ease.max(1e-9)).clamp(THINNEST, 1.0);
	}

	/// How much of the calm depth there is now.
	pub const fn depth(&self) -> f64 {
		self.depth
	}

	/// The makers whose turn it is quote around `index`.
	pub fn quote(&self, block: u32, index: u32) {
		for turn in [0, 4] {
			self.quote_one(FIRST_MAKER + u64::from(block % 4) + turn, index);
		}
	}

	fn quote_one(&self, who: AccountId, index: u32) {
		let held = held(who);
		let value = self.shape.value(held.unsigned_abs(), index) * held.signum() as f64;
		// From -1, as short as may be, to 1.
		let lean = (value / (self.equity * MAKERS_LEVERAGE)).clamp(-1.0, 1.0);
		let cancel = pallet_perpetuals::Call::<Runtime>::cancel_all { sub: 0, market: None };
		let _ = chain::call(who, cancel);
		let band = CircuitBreaker::view(MARKET).band;
		// Who cannot pay for all offers less, and at last only what reduces.
		for size in [1.0, 0.4, 0.1] {
			let mut actions = Vec::new();
			for side in [Side::Bid, Side::Ask] {
				let lean = if side == Side::Bid { lean } else { -lean };
				let share = (1.0 - lean).min(1.0) * size;
				actions.extend(self.levels(side, index, share).filter(|order| {
					let price = order.kind.limit();
					band.low <= price && price <= band.high
				}));
			}
			let actions = actions.into_iter().map(BatchAction::Place).collect();
			let actions = BoundedVec::truncate_from(actions);
			let batch = pallet_perpetuals::Call::<Runtime>::batch { sub: 0, actions };
			if chain::call(who, batch).is_ok() {
				return;
			}
		}
		self.reduce(who, held, index);
	}

	fn levels(
		&self,
		side: Side,
		index: u32,
		share: f64,
	) -> impl Iterator<Item = PlaceOrder> + use<'_> {
		let depth = self.calm * self.depth * share / MAKERS as f64;
		let wide = self.depth.powf(-0.5).min(2.0);
		LEVELS.iter().filter_map(move |(distance, part)| {
			let away = (f64::from(index) * distance * wide).round().max(1.0) as u32;
			let price = match side {
				Side::Bid => index.checked_sub(away).filter(|price| *price > 0)?,
				Side::Ask => index.checked_add(away)?,
			};
			let value = depth * part;
			let worth = value >= self.shape.value(1, index);
			worth.then(|| {
				let lots = self.shape.lots(value, index);
				order(side, price, lots, TimeInForce::PostOnlySlide)
			})
		})
	}

	/// Offer what is held, at the index.
	fn reduce(&self, who: AccountId, held: i64, index: u32) {
		if held != 0 {
			let side = Side::closing(held);
			let lots = self.shape.lots(self.calm * self.depth / MAKERS as f64, index);
			let time_in_force = TimeInForce::PostOnlySlide;
			let lots = lots.min(held.unsigned_abs());
			let order = order(side, index, lots, time_in_force);
			let _ = place(who, PlaceOrder { reduce_only: true, ..order });
		}
	}
}

/// The signed lots that an account holds.
pub fn held(who: AccountId) -> i64 {
	let account = pallet_margin::Keys::<Runtime>::get((who, 0)).map(|record| record.account);
	let stored = account.and_then(pallet_margin::Accounts::<Runtime>::get);
	let position = |p: &&pallet_margin::types::Position| p.market == MARKET;
	stored.and_then(|stored| stored.positions.iter().find(position).map(|p| p.lots)).unwrap_or(0)
}

/// Traders and hedgers open their positions at `price`, each pair by a trade of its own.
pub fn open_positions(traders: &[Trader], price: u32, shape: &Shape, random: &mut Random) -> f64 {
	let (longs, shorts): (Vec<_>, Vec<_>) = traders.iter().partition(|trader| trader.long);
	let sum = |side: &[&Trader]| side.iter().map(|trader| trader.value).sum::<f64>();
	let lacking = (sum(&longs) - sum(&shorts)).max(0.0);
	let count = (traders.len() / 10).max(1);
	let hedgers = (0..count).map(|n| Trader {
		id: FIRST_HEDGER + n as u64,
		long: false,
		leverage: 1.0 + 2.0 * random.unit(),
		value: lacking / count as f64,
	});
	let hedgers: Vec<_> = hedgers.collect();
	let sellers: Vec<_> = shorts.into_iter().chain(&hedgers).collect();
	longs.iter().chain(&sellers).for_each(|trader| trader.fund());
	match_up(&longs, &sellers, price, shape);
	for trader in longs.iter().filter(|trader| trader.leverage <= 10.0) {
		if random.one_in(4) {
			let below = 1.0 - 0.02 - 0.08 * random.unit();
			let price = (f64::from(price) * below) as u32;
			let lots = shape.lots(trader.value / 2.0, price);
			let _ = place(trader.id, order(Side::Bid, price, lots, TimeInForce::GoodTilCancelled));
		}
	}
	sum(&longs)
}

fn match_up(longs: &[&Trader], shorts: &[&Trader], price: u32, shape: &Shape) {
	let mut sellers = shorts.iter().map(|trader| (trader, shape.lots(trader.value, price)));
	let mut seller = sellers.next();
	for buyer in longs {
		let mut wanted = shape.lots(buyer.value, price);
		while wanted > 0 {
			let Some((who, left)) = seller else { return };
			let lots = wanted.min(left);
			let sold = place(who.id, order(Side::Ask, price, lots, TimeInForce::GoodTilCancelled));
			let sold = sold
				&& place(buyer.id, order(Side::Bid, price, lots, TimeInForce::ImmediateOrCancel));
			wanted = if sold { wanted - lots } else { 0 };
			seller = if left > lots && sold { Some((who, left - lots)) } else { sellers.next() };
		}
	}
}

/// Somebody comes and opens his position at the market.
pub fn arrive(trader: &Trader, index: u32, shape: &Shape) {
	trader.fund();
	let limit = match trader.side() {
		Side::Bid => f64::from(index) * 1.01,
		Side::Ask => f64::from(index) * 0.99,
	};
	let lots = shape.lots(trader.value, index);
	let order = order(trader.side(), limit as u32, lots, TimeInForce::ImmediateOrCancel);
	let _ = place(trader.id, order);
}

/// What everybody of a run holds at the beginning, in whole units.
pub fn purses(traders: u64, equity: f64) -> impl Iterator<Item = (AccountId, u128)> {
	let makers = (FIRST_MAKER..FIRST_MAKER + MAKERS).map(move |id| (id, equity as u128 * 2));
	let hedgers =
		(FIRST_HEDGER..FIRST_HEDGER + traders / 10 + 1).map(move |id| (id, equity as u128));
	let traders = (FIRST_TRADER..FIRST_TRADER + traders * 2).map(|id| (id, 1_000_000));
	makers.chain(hedgers).chain(traders)
}

/// What custody holds and what is claimed of it agree.
pub fn custody_agrees() -> bool {
	let custody = Margin::custody_status();
	i128::try_from(custody.held) == Ok(custody.claimed)
}
