//! What one operation may cost others and the block.

use crate::{mock::*, *};
use breakwater_primitives::{
	clearing::INDEX_WRITES, AccountRef, Check, Clearing, Fill, Lots, MarketId, OrderId, Session,
	Settled, Side, Ticks,
};
use frame_support::{
	traits::Hooks,
	weights::{Weight, WeightMeter},
};

/// Markets in which somebody holds as many positions as an account may.
fn markets() -> Vec<MarketId> {
	let new = (1..15).map(MarketId);
	new.clone().for_each(|market| {
		Margin::market_created(market, btc_terms()).unwrap();
		set_price(market, PRICE);
	});
	[BTC, ETH].into_iter().chain(new).collect()
}

/// A fill of one lot in `market` at `price`; returns what its commit did.
fn fill(taker: AccountRef, maker: AccountRef, market: MarketId, price: u32) -> Settled {
	let mut session = Margin::session();
	let fill = Fill {
		market,
		taker,
		maker,
		maker_order: OrderId::default(),
		taker_side: Side::Ask,
		price: Ticks(price),
		lots: Lots(1),
		maker_reduce_only: false,
		maker_done: true,
	};
	session.settle(&fill, &NO_FEES);
	session.commit(Check::None).unwrap()
}

#[test]
fn a_fill_moves_the_triggers_of_the_positions_that_traded_and_of_no_others() {
	ExtBuilder::build_and_execute(|| {
		let markets = markets();
		let (many, other) = (funded(1, 1_000), funded(2, 500_000));
		for market in &markets {
			place(other, *market, Side::Ask, PRICE, 100, &NO_FEES, false).unwrap();
			place(many, *market, Side::Bid, PRICE, 100, &NO_FEES, true).unwrap();
		}
		assert_eq!(account_of(many).positions.len(), 16);
		// Each fill takes from the maker what he had left before his triggers, and more.
		let mut moved = 0;
		for round in 0..24u32 {
			let before = account_of(many).positions.clone();
			let settled = fill(other, many, markets[0], PRICE + 400_000 + 7_000 * round);
			assert!(settled.index_writes <= 2 * INDEX_WRITES, "{}", settled.index_writes);
			let after = account_of(many).positions.clone();
			let others = before.iter().zip(&after).skip(1);
			for (was, is) in others {
				assert_eq!((was.armed, was.cell), (is.armed, is.cell), "{round} {:?}", was.market);
			}
			moved += usize::from(before[0].armed != after[0].armed);
			Margin::do_try_state().unwrap();
		}
		assert!(moved > 2, "{moved}");
		// He is in the queue of the market at the latest when nothing is left, and nobody misses him.
		assert!(Margin::summary_of(many).unwrap().equity < 400_000_000);
		assert!(Backlog::<Test>::get() & 1 == 1);
	});
}

#[test]
fn who_is_armed_as_crossed_in_another_market_is_looked_at_there() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 1_000), funded(2, 500_000));
		place(b, ETH, Side::Ask, PRICE, 1_000, &NO_FEES, false).unwrap();
		place(a, ETH, Side::Bid, PRICE, 1_000, &NO_FEES, true).unwrap();
		next_block();
		assert_eq!(Backlog::<Test>::get(), 0);
		// Nothing moves in ETH; a payment of funding takes what he had.
		Margin::accrue(ETH, breakwater_primitives::Funding(900_000i128 << 32));
		let mut session = Margin::session();
		let index = session.place(a).unwrap();
		session.touch(index);
		session.write().unwrap();
		assert!(Backlog::<Test>::get() >> ETH.0 & 1 == 1);
	});
}

#[test]
fn a_liquidation_is_told_how_much_room_it_has() {
	ExtBuilder::build_and_execute(|| {
		let mut last = Weight::zero();
		for counterparties in [1, 4, 32] {
			let most = capacity::at_most(counterparties, 3, 7);
			// Each of them has his own position moved, and an order of another may be in the way. The
			// vault's position may move as well.
			assert!(most.settled.accounts > 2 * counterparties);
			assert_eq!(most.settled.index_writes, (4 + counterparties) * INDEX_WRITES);
			let weight = cost::liquidated::<Test>(&most);
			assert!(last.all_lt(weight));
			last = weight;
		}
		let most = capacity::at_most(capacity::COUNTERPARTIES, 16, 64);
		let declared = cost::liquidate::<Test>();
		assert!(cost::liquidated::<Test>(&most).all_lte(declared));
		// With less room than a single counterparty needs nobody is liquidated, and with some he is.
		let (a, b) = (funded(1, 500), funded(2, 10_000));
		trade(a, b, PRICE, 1_000);
		assert_eq!(Margin::counterparties(a, Weight::zero()), 0);
		assert_eq!(Margin::counterparties(a, Weight::MAX), capacity::COUNTERPARTIES);
	});
}

#[test]
fn a_price_spends_no_more_than_it_may() {
	ExtBuilder::build_and_execute(|| {
		let seller = funded(1, 900_000);
		for who in 2..19 {
			let long = funded(who, 500);
			trade(long, seller, PRICE, 1_000);
		}
		place(seller, BTC, Side::Bid, 96_600, 100_000, &NO_FEES, false).unwrap();
		let prices = breakwater_primitives::Prices {
			index: Ticks(96_600),
			mark: Ticks(96_600),
			long: Ticks(96_600),
			short: Ticks(96_600),
			..Margin::prices(BTC)
		};
		let mut meter = WeightMeter::with_limit(Weight::from_parts(1_000_000_000, u64::MAX));
		<Margin as breakwater_primitives::OnPrice>::on_price(BTC, &prices, &mut meter);
		let done = System::events().into_iter().filter(|record| {
			matches!(record.event, RuntimeEvent::Margin(Event::Liquidated { .. }))
		});
		// A millisecond is room for two at 330 us each beside the examinations.
		assert!((1..3).contains(&done.count()));
		assert!(meter.consumed().all_lte(meter.limit()));
		assert_eq!(Backlog::<Test>::get() & 1, 1);
	});
}

#[test]
fn nobody_is_liquidated_at_prices_of_before_an_outage() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 500), funded(2, 100_000));
		trade(a, b, PRICE, 1_000);
		place(b, BTC, Side::Bid, 96_500, 50_000, &NO_FEES, false).unwrap();
		set_level(BTC, breakwater_primitives::Level::Freeze);
		set_price(BTC, 96_500);
		set_level(BTC, breakwater_primitives::Level::Normal);
		assert_eq!(Backlog::<Test>::get() & 1, 1);
		// An hour without blocks: the first one does not know it before its inherents.
		System::set_block_number(2);
		Margin::on_initialize(2);
		Now::mutate(|now| *now += 3_600_000);
		Margin::on_poll(2, &mut WeightMeter::new());
		Margin::on_idle(2, Weight::MAX);
		assert_eq!(account_of(a).positions[0].lots, 1_000);
		set_price(BTC, 96_500);
		assert!(account_of(a).positions[0].lots < 1_000);
	});
}
