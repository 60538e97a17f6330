//! Auctions and frequent batches.

use super::*;
use TimeInForce::*;

fn phase() -> Phase {
	Hot::<Test>::get(BTC).phase
}

fn collect(until: u64) {
	<Perpetuals as Auctions>::collect(Scope::Market(BTC), until * 1_000);
}

/// Enter an auction as the breaker does.
fn halt() {
	Gates::level(BTC, Level::Auction);
	collect(1_120);
}

/// Let the auction end, and trade.
fn reopen() {
	Gates::level(BTC, Level::Normal);
	for _ in 0..=CLOSING_BLOCKS + 1 {
		next_block();
	}
}

/// What was traded in auctions: price, lots, buyer, seller.
fn crossed() -> Vec<(u32, u64, u32, u32)> {
	let all = events().into_iter();
	all.filter_map(|event| match event {
		Event::AuctionFilled { price, lots, buyer, seller, .. } => {
			Some((price.0, lots.0, buyer.0, seller.0))
		},
		_ => None,
	})
	.collect()
}

#[test]
fn orders_are_collected_and_trade_at_one_price_when_the_market_reopens() {
	ExtBuilder::default().build_and_execute(|| {
		halt();
		assert_eq!(last_event(), Event::AuctionBegan { market: BTC });
		assert_ok!(place(1, bid(1_010, 5)));
		assert_ok!(place(2, ask(990, 8)));
		assert_ok!(place(3, bid(1_005, 5)));
		assert_eq!((position(1), fills()), (0, vec![]));
		let told = Perpetuals::indicative(BTC).expect("it crosses");
		assert_eq!((told.price, told.lots, told.imbalance), (Ticks(1_000), Lots(8), 2));
		next_block();
		assert_eq!(position(1), 0);
		let quote = Perpetuals::quote(BTC);
		assert_eq!((quote.bid, quote.ask, quote.indicative), (None, None, Some(Ticks(1_000))));
		Observed::take();
		reopen();
		assert_eq!(crossed(), vec![(1_000, 5, 10, 20), (1_000, 3, 30, 20)]);
		let ended = Event::AuctionEnded { market: BTC, price: Ticks(1_000) };
		assert!(events().contains(&ended));
		assert_eq!((phase(), Auctioning::<Test>::get()), (Phase::Continuous, 0));
		assert_eq!(Perpetuals::quote(BTC).bid, Some(Ticks(1_005)));
		let (low, high, notional) = (Ticks(1_000), Ticks(1_000), 800_000);
		assert_eq!(Observed::take(), vec![(BTC, Observation::Traded { low, high, notional })]);
		let hot = Perpetuals::best(BTC);
		assert_eq!((hot.last, hot.trades, hot.volume), (Some(Ticks(1_000)), 2, 800_000));
		// Matching goes on.
		assert_ok!(place(2, ask(1_005, 2)));
		assert_eq!(fills(), vec![(30, 1_005, 2)]);
	});
}

#[test]
fn an_auction_takes_only_what_may_rest() {
	ExtBuilder::default().build_and_execute(|| {
		open_long(10);
		halt();
		let refused = [
			market(Side::Bid, 1_000, 5),
			limit(Side::Bid, 1_000, 5, ImmediateOrCancel),
			limit(Side::Bid, 1_000, 5, FillOrKill),
		];
		for order in refused {
			assert_noop!(place(3, order), Error::<Test>::MarketInAuction);
		}
		set_prices(|prices| prices.validity = Validity::Degraded);
		for order in [bid(900, 5), limit(Side::Bid, 900, 5, GoodTilTime(2_000))] {
			assert_ok!(place(3, order));
		}
		assert_ok!(place(3, limit(Side::Bid, 900, 5, PostOnly)));
		assert_ok!(place(1, reducing(ask(900, 10))));
		assert_eq!(position(1), 10);
	});
}

#[test]
fn the_level_alone_begins_an_auction() {
	ExtBuilder::default().build_and_execute(|| {
		Gates::level(BTC, Level::Auction);
		assert_ok!(place(1, bid(1_010, 5)));
		assert_ok!(place(2, ask(990, 5)));
		assert!(matches!(phase(), Phase::Collecting { .. }));
		reopen();
		assert_eq!((position(1), phase()), (5, Phase::Continuous));
	});
}

#[test]
fn a_chain_wide_restriction_collects_everywhere() {
	ExtBuilder::default().build_and_execute(|| {
		<Perpetuals as Auctions>::collect(Scope::Chain, 1_120_000);
		assert_eq!(Auctioning::<Test>::get(), 0b11);
		// Told again, and told of a market that is not there: nothing changes.
		<Perpetuals as Auctions>::collect(Scope::Chain, 1_120_000);
		<Perpetuals as Auctions>::collect(Scope::Market(MarketId(9)), 1_120_000);
		assert_eq!(Auctioning::<Test>::get(), 0b11);
	});
}

#[test]
fn what_is_over_before_it_began_collects_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		collect(1_000);
		assert_eq!((phase(), Auctioning::<Test>::get()), (Phase::Continuous, 0));
	});
}

#[test]
fn the_end_comes_within_the_bound_and_not_always_at_the_same_time() {
	let mut ends = std::collections::BTreeSet::new();
	for start in 0..12u64 {
		ExtBuilder::default().build_and_execute(|| {
			run_to(1 + start * 7);
			halt();
			assert_ok!(place(1, bid(1_010, 5)));
			assert_ok!(place(2, ask(990, 5)));
			Gates::level(BTC, Level::Normal);
			let mut blocks = 0;
			while phase() != Phase::Continuous {
				next_block();
				blocks += 1;
				assert!(blocks <= u32::from(CLOSING_BLOCKS) + 1);
			}
			assert_eq!(position(1), 5);
			ends.insert(blocks);
		});
	}
	assert!(ends.len() > 2, "{ends:?}");
}

#[test]
fn a_restriction_that_returns_goes_on_collecting() {
	ExtBuilder::default().build_and_execute(|| {
		halt();
		assert_ok!(place(1, bid(1_010, 5)));
		Gates::level(BTC, Level::Normal);
		next_block();
		assert!(matches!(phase(), Phase::Closing { .. }));
		Gates::level(BTC, Level::Freeze);
		next_block();
		assert!(matches!(phase(), Phase::Collecting { .. }));
		reopen();
		assert_eq!(phase(), Phase::Continuous);
	});
}

#[test]
fn a_price_far_from_the_index_extends_the_auction_until_the_collar_has_widened() {
	ExtBuilder::default().build_and_execute(|| {
		halt();
		assert_ok!(place(1, bid(1_500, 5)));
		assert_ok!(place(2, ask(1_400, 5)));
		Gates::level(BTC, Level::Normal);
		let mut extended = Vec::new();
		for _ in 0..200 {
			next_block();
			if phase() == Phase::Continuous {
				break;
			}
		}
		for event in events() {
			if let Event::AuctionExtended { price, extensions, .. } = event {
				extended.push((price.0, extensions));
			}
		}
		// 40 % is beyond 5, 10 and 20 %, and not beyond 40 %.
		assert_eq!(extended, vec![(1_400, 1), (1_400, 2), (1_400, 3)]);
		assert_eq!(crossed(), vec![(1_400, 5, 10, 20)]);
	});
}

#[test]
fn an_uncross_keeps_to_its_budget_with_the_price_fixed_and_nothing_comes_between() {
	ExtBuilder::default().build_and_execute(|| {
		House::max_orders(1_000);
		halt();
		for _ in 0..40 {
			assert_ok!(place(1, bid(1_010, 2)));
			assert_ok!(place(2, ask(990, 2)));
		}
		let found = Perpetuals::indicative(BTC).map(|found| found.price);
		assert_eq!(found, Some(Ticks(1_000)));
		Gates::level(BTC, Level::Normal);
		let uncrossing = Phase::Uncrossing { price: Ticks(1_000), extensions: 0 };
		Perpetuals::set_phase(BTC, uncrossing);
		// A step or so of eight pairs. 70 percent of the hook's weight are there for it, where no stop
		// waits; its parts are whole hundredths.
		let step = crate::auction::most_of_a_step::<Test>();
		let room = step.saturating_add(looks(2)).saturating_mul(100) / 70;
		HookWeight::set(frame_support::weights::Weight::from_parts(
			room.ref_time() + 1_000,
			u64::MAX,
		));
		let mut blocks = 0;
		while phase() != Phase::Continuous && blocks < 1_000 {
			next_block();
			if let Phase::Uncrossing { price, .. } = phase() {
				blocks += 1;
				assert_eq!(price, Ticks(1_000));
				assert_noop!(place(3, bid(1_020, 5)), Error::<Test>::MarketInAuction);
			}
		}
		assert!(blocks > 1, "{blocks}");
		assert_eq!(position(1), 80);
		assert!(crossed().iter().all(|trade| trade.0 == 1_000));
	});
}

/// What looking at so many auctions weighs.
fn looks(count: u64) -> frame_support::weights::Weight {
	<Test as Config>::WeightInfo::look_at_auction().saturating_mul(count)
}

#[test]
fn cancelling_goes_on_while_an_auction_trades() {
	ExtBuilder::default().build_and_execute(|| {
		halt();
		let id = rest(1, bid(1_010, 5));
		let hot = Hot::<Test>::get(BTC);
		let phase = Phase::Uncrossing { price: Ticks(9), extensions: 0 };
		Hot::<Test>::insert(BTC, HotMarket { phase, ..hot });
		assert_ok!(dispatch(RuntimeOrigin::signed(1), Call::cancel { sub: 0, id }));
	});
}

#[test]
fn both_sides_pay_the_makers_fee_and_nobody_is_paid() {
	ExtBuilder::default().build_and_execute(|| {
		halt();
		assert_ok!(place(1, bid(1_000, 10)));
		assert_ok!(place(2, ask(1_000, 10)));
		reopen();
		let paid = |owner| House::account(account(owner, 0)).fees;
		assert_eq!((paid(1), paid(2)), (100, 100));
	});
	let mut market = btc();
	market.fees.maker = SignedPpm(-100);
	ExtBuilder { markets: vec![market] }.build_and_execute(|| {
		halt();
		assert_ok!(place(1, bid(1_000, 10)));
		assert_ok!(place(2, ask(1_000, 10)));
		reopen();
		let paid = |owner| House::account(account(owner, 0)).fees;
		assert_eq!((position(1), paid(1), paid(2)), (10, 0, 0));
	});
}

#[test]
fn orders_of_one_owner_and_of_those_who_cannot_carry_them_do_not_trade() {
	ExtBuilder::default().build_and_execute(|| {
		halt();
		assert_ok!(place(1, bid(1_010, 5)));
		assert_ok!(Perpetuals::place(RuntimeOrigin::signed(1), 1, ask(990, 5)));
		assert_ok!(place(2, ask(991, 5)));
		House::change(account(2, 0), |account| account.limit = 1);
		assert_ok!(place(3, ask(992, 5)));
		assert_ok!(place(4, limit(Side::Ask, 990, 5, GoodTilTime(1_001))));
		reopen();
		assert_eq!(crossed().len(), 1);
		assert_eq!((position(1), position(2), position(3)), (5, 0, -5));
		let removed: Vec<_> = events()
			.into_iter()
			.filter_map(|event| match event {
				Event::OrderRemoved { reason, .. } => Some(reason),
				_ => None,
			})
			.collect();
		for reason in [Reason::SelfTrade, Reason::Margin, Reason::Expired] {
			assert!(removed.contains(&reason), "{reason:?}");
		}
	});
}

#[test]
fn nothing_is_closed_into_an_auction_before_it_trades() {
	ExtBuilder::default().build_and_execute(|| {
		open_long(10);
		assert_ok!(place(3, bid(1_000, 10)));
		halt();
		Gates::level(BTC, Level::Normal);
		let (who, lots) = (account(1, 0), Lots(10));
		let mut session = House::session();
		let closed = Perpetuals::close(&mut session, BTC, who, Side::Ask, lots, Ticks(1), 8);
		assert_eq!(
			(closed, <Perpetuals as Venue>::depth(BTC, Side::Ask, Ticks(1))),
			(Default::default(), 0)
		);
	});
}

mod batches {
	use super::*;

	fn market() -> ExtBuilder {
		ExtBuilder { markets: vec![NewMarket { mode: Mode::FrequentBatch, ..btc() }] }
	}

	#[test]
	fn the_orders_of_a_block_trade_at_the_start_of_the_next() {
		market().build_and_execute(|| {
			next_block();
			assert_ok!(place(1, bid(1_010, 5)));
			assert_ok!(place(2, ask(990, 5)));
			assert_eq!((position(1), Perpetuals::quote(BTC).bid), (0, None));
			assert_noop!(
				place(3, super::market(Side::Bid, 1_000, 5)),
				Error::<Test>::MarketInAuction
			);
			next_block();
			assert_eq!(crossed(), vec![(1_000, 5, 10, 20)]);
			assert_eq!(phase(), Phase::Continuous);
			// An order that does not cross rests, and its price is told.
			assert_ok!(place(1, bid(980, 5)));
			next_block();
			assert_eq!(Perpetuals::quote(BTC).bid, Some(Ticks(980)));
		});
	}

	/// What each of these orders of one block bought of so many lots, by their places of arrival; the
	/// blocks before leave other hashes behind.
	fn shares(orders: &[(u64, u8, u64)], offered: u64, start: u64) -> Vec<u64> {
		let mut shares = Vec::new();
		market().build_and_execute(|| {
			run_to(2 + start);
			for (owner, sub, lots) in orders {
				let order = bid(1_000, *lots);
				assert_ok!(Perpetuals::place(RuntimeOrigin::signed(*owner), *sub, order));
			}
			assert_ok!(place(4, ask(1_000, offered)));
			next_block();
			let bought = |owner: u64, sub: u8| {
				let of = |trade: &&(u32, u64, u32, u32)| trade.2 == account(owner, sub).0;
				crossed().iter().filter(of).map(|trade| trade.1).sum()
			};
			shares = orders.iter().map(|(owner, sub, _)| bought(*owner, *sub)).collect();
			assert_eq!(shares.iter().sum::<u64>(), offered);
			assert!(!Draws::<Test>::contains_key(BTC));
		});
		shares
	}

	#[test]
	fn where_an_order_stands_in_its_block_gives_no_advantage() {
		let orders = [(1u64, 0u8, 10), (2, 0, 10), (3, 0, 10), (1, 1, 10), (2, 1, 10)];
		let mut sums = [0; 5];
		for start in 0..50 {
			for (sum, share) in sums.iter_mut().zip(shares(&orders, 10, start)) {
				*sum += share;
			}
		}
		// A fifth each of 500 lots; four standard deviations are some 100.
		assert!(sums.iter().all(|sum| (20..200).contains(sum)), "{sums:?}");
	}

	#[test]
	fn who_chooses_his_accounts_by_what_is_known_gains_nothing() {
		// One owner with four accounts of a quarter each, another with one: the hash of the parent, which
		// both know when they send, says nothing.
		let orders = [(1u64, 0u8, 5), (1, 1, 5), (3, 0, 5), (3, 1, 5), (2, 0, 20)];
		let rival: u64 = (0..50).map(|start| shares(&orders, 20, start)[4]).sum();
		assert!((300..700).contains(&rival), "{rival} of 1,000");
	}

	#[test]
	fn orders_of_a_crowded_tick_are_all_cancelled() {
		market().build_and_execute(|| {
			House::max_orders(1_000);
			let mut ids = Vec::new();
			for n in 0..300u64 {
				System::set_extrinsic_index((n * 7_919 % 300) as u32);
				ids.push((1 + n % 3, rest(1 + n % 3, bid(1_000, 2))));
			}
			check();
			for (owner, id) in ids {
				assert_ok!(dispatch(RuntimeOrigin::signed(owner), Call::cancel { sub: 0, id }));
			}
			assert_eq!((Pages::<Test>::iter().count(), Words::<Test>::iter().count()), (0, 0));
		});
	}

	#[test]
	fn a_batch_trades_inside_the_band_and_the_rest_waits() {
		market().build_and_execute(|| {
			next_block();
			Gates::band(BTC, 950, 1_000);
			assert_ok!(place(1, bid(1_050, 5)));
			assert_ok!(place(2, ask(1_040, 5)));
			next_block();
			assert_eq!((position(1), phase()), (0, Phase::Continuous));
			Gates::band(BTC, 950, 1_045);
			next_block();
			assert_eq!(crossed(), vec![(1_040, 5, 10, 20)]);
		});
	}

	#[test]
	fn a_restriction_stops_batches_and_reopens_with_an_auction() {
		market().build_and_execute(|| {
			next_block();
			halt();
			assert_ok!(place(1, bid(1_010, 5)));
			assert_ok!(place(2, ask(990, 5)));
			next_block();
			assert_eq!(position(1), 0);
			reopen();
			assert_eq!((position(1), phase()), (5, Phase::Continuous));
			assert_eq!(Auctioning::<Test>::get(), 1);
		});
	}
}

mod guards {
	use super::*;

	fn removed() -> Vec<Reason> {
		let all = events().into_iter();
		all.filter_map(|event| match event {
			Event::OrderRemoved { reason, .. } => Some(reason),
			_ => None,
		})
		.collect()
	}

	#[test]
	fn open_interest_does_not_outgrow_the_cap_in_an_auction() {
		ExtBuilder::default().build_and_execute(|| {
			House::cap(10);
			halt();
			for (owner, sub) in [(1, 0), (2, 0), (1, 1)] {
				assert_ok!(Perpetuals::place(RuntimeOrigin::signed(owner), sub, bid(1_000, 5)));
			}
			for (owner, sub) in [(3, 0), (4, 0), (3, 1)] {
				assert_ok!(Perpetuals::place(RuntimeOrigin::signed(owner), sub, ask(1_000, 5)));
			}
			reopen();
			assert_eq!(crossed().iter().map(|trade| trade.1).sum::<u64>(), 10);
			assert_eq!(removed(), vec![Reason::OpenInterest]);
		});
	}

	#[test]
	fn frozen_open_interest_does_not_grow_and_those_who_close_find_each_other() {
		for level in [Level::Guarded, Level::ReduceOnly] {
			ExtBuilder::default().build_and_execute(|| {
				open_long(10);
				halt();
				// Who closes trades, also with one who opens.
				let opening = |side, lots| limit(side, 1_000, lots, PostOnly);
				assert_ok!(place(3, opening(Side::Bid, 4)));
				assert_ok!(place(4, opening(Side::Ask, 3)));
				assert_ok!(place(1, reducing(ask(1_000, 2))));
				assert_ok!(place(2, reducing(bid(1_000, 2))));
				Gates::level(BTC, level);
				for _ in 0..=CLOSING_BLOCKS + 1 {
					next_block();
				}
				let long: i64 = (1..=4).map(|owner| position(owner).max(0)).sum();
				assert!(long <= 10, "{long}");
				assert_eq!(phase(), Phase::Continuous);
				assert_eq!(position(1), 8);
			});
		}
	}

	#[test]
	fn two_who_would_both_open_do_not_trade_while_open_interest_is_frozen() {
		ExtBuilder { markets: vec![NewMarket { mode: Mode::FrequentBatch, ..btc() }] }
			.build_and_execute(|| {
				Gates::level(BTC, Level::ReduceOnly);
				assert_ok!(place(1, limit(Side::Bid, 1_000, 5, PostOnly)));
				assert_ok!(place(2, limit(Side::Ask, 1_000, 5, PostOnly)));
				next_block();
				assert_eq!((position(1), position(2)), (0, 0));
				assert_eq!(removed(), vec![Reason::OpenInterest]);
			});
	}

	#[test]
	fn an_account_that_cannot_be_settled_does_not_hold_the_auction() {
		ExtBuilder::default().build_and_execute(|| {
			halt();
			assert_ok!(place(2, ask(1_000, 10)));
			assert_ok!(place(1, bid(1_000, 5)));
			assert_ok!(place(3, bid(1_000, 5)));
			House::refuse(account(1, 0));
			reopen();
			assert_eq!(phase(), Phase::Continuous);
			assert_eq!((position(1), position(3)), (0, 5));
			assert_eq!(removed(), vec![Reason::Margin]);
			House::refuse(AccountRef(u32::MAX));
		});
	}

	#[test]
	fn orders_that_do_not_trade_buy_no_price_without_a_collar() {
		ExtBuilder::default().build_and_execute(|| {
			halt();
			// The phantom pair sets the first price near the index; behind it a pair far away crosses.
			assert_ok!(place(1, bid(1_000, 50)));
			assert_ok!(Perpetuals::place(RuntimeOrigin::signed(1), 1, ask(1_000, 50)));
			assert_ok!(place(2, bid(720, 5)));
			assert_ok!(place(3, ask(700, 5)));
			House::change(account(1, 0), |account| account.limit = 1);
			reopen();
			next_block();
			let extended = |event: &Event<Test>| matches!(event, Event::AuctionExtended { .. });
			assert!(events().iter().any(extended), "{:?}", crossed());
			assert_eq!((position(2), position(3)), (0, 0));
		});
	}

	#[test]
	fn a_halt_found_in_an_operation_keeps_its_auction() {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(place(2, ask(1_000, 5)));
			House::halt_in_commit(BTC, 2_000_000);
			assert_ok!(place(1, bid(1_000, 5)));
			assert_eq!(position(1), 5);
			assert!(matches!(phase(), Phase::Collecting { .. }));
			assert_eq!(Perpetuals::best(BTC).trades, 1);
		});
	}

	#[test]
	fn a_halt_during_an_uncross_makes_the_rest_wait_for_another_price() {
		ExtBuilder::default().build_and_execute(|| {
			halt();
			assert_ok!(place(1, bid(1_000, 5)));
			let hot = Hot::<Test>::get(BTC);
			let phase = Phase::Uncrossing { price: Ticks(900), extensions: 2 };
			Hot::<Test>::insert(BTC, HotMarket { phase, ..hot });
			collect(2_000);
			let until = 2_000_000;
			assert_eq!(super::phase(), Phase::Collecting { until, extensions: 2 });
		});
	}

	#[test]
	fn the_price_found_is_told() {
		ExtBuilder::default().build_and_execute(|| {
			halt();
			assert_ok!(place(1, bid(1_010, 5)));
			assert_ok!(place(2, ask(990, 8)));
			reopen();
			let (price, lots) = (Ticks(1_000), Lots(5));
			let told =
				Event::AuctionPriced { market: BTC, price, lots, imbalance: -3, complete: true };
			assert!(events().contains(&told));
			assert!(!Indications::<Test>::contains_key(BTC));
		});
	}
}
