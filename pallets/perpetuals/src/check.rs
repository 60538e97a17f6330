//! The invariants of the exchange's storage.

use crate::{
	books::Books,
	types::{MarketTerms, Mode, Phase, Status, MAX_LOTS},
	Config, Draws, Hot, HotMarket, Indications, Lapsing, MarketCount, NearestStops, Pages, Pallet,
	Premiums, Settling, StopPages, Stops, Switches, Terms, Waiting, Words,
};
use alloc::collections::BTreeSet;
use breakwater_core::{
	book,
	page::{Page, BUCKET_TICKS},
	store::{Content, Kind, PageKey, Word, WordKey},
	tree::Tree,
};
use breakwater_primitives::{MarketId, Side, Ticks, MAX_MARKETS};
use frame_support::ensure;
use sp_runtime::TryRuntimeError;

/// Bits of one word.
const WORD_BITS: u32 = 512;

type Checked = Result<(), TryRuntimeError>;

impl<T: Config> Pallet<T> {
	/// Check every invariant:
	/// 1. Markets are numbered without gaps, and each has terms that would be accepted again.
	/// 2. Pages are not empty, and sorted by tick and time; every order has lots and a price.
	/// 3. A bit of the bitmap is set exactly where there is something below it.
	/// 4. Overflow pages hold orders of their tick that are later than those in the bucket's page.
	/// 5. No book is crossed unless its orders are collected, and `Hot` has its best prices. Draws are
	///    kept only while batches trade, indications only while orders are collected.
	/// 6. Every stop order waits at its trigger, nothing else does, and the nearest are known.
	/// 7. An account with a switch waits in the bin that the switch names, and nobody else does.
	/// 8. Settled markets are looked at until they are closed; a closed one holds nothing.
	pub fn do_try_state() -> Checked {
		Self::check_markets()?;
		Pages::<T>::iter().try_for_each(|(key, page)| Self::check_page(key, &page))?;
		Words::<T>::iter().try_for_each(|(key, word)| Self::check_word(key, &word))?;
		Self::markets().try_for_each(|(market, terms)| Self::check_best(market, &terms))?;
		Self::check_switches()?;
		Self::check_settled()?;
		Self::check_stops()
	}

	fn check_settled() -> Checked {
		let settling = Settling::<T>::get();
		for (market, terms) in Self::markets() {
			let looked_at = settling >> market.0 & 1 == 1;
			ensure!(
				looked_at == (terms.status == Status::Settling),
				"a settled market is forgotten"
			);
			if terms.status == Status::Closed {
				let hot = Hot::<T>::get(market);
				ensure!(hot.bid.is_none() && hot.ask.is_none(), "a closed market has orders");
				ensure!(NearestStops::<T>::get(market) == Default::default(), "or has stops");
				ensure!(!Premiums::<T>::contains_key(market), "or funding");
			}
		}
		Ok(())
	}

	fn check_stops() -> Checked {
		let mut waiting = BTreeSet::new();
		for (account, stops) in Stops::<T>::iter() {
			ensure!(!stops.is_empty(), "an account without stops is kept");
			for Waiting { slot, stop } in stops {
				let key = (stop.order.market, stop.when as u8, stop.trigger, account, slot);
				ensure!(waiting.insert(key), "a slot is used twice");
			}
		}
		let mut armed = BTreeSet::new();
		for (key, page) in StopPages::<T>::iter() {
			ensure!(!page.is_empty(), "an empty page of stops is kept");
			let when = if key.kind == Kind::Falling { 0u8 } else { 1 };
			for trigger in &page.triggers {
				let tick = key.at.saturating_mul(256).saturating_add(trigger.offset.into());
				let entry = (key.market, when, Ticks(tick), trigger.account, trigger.what);
				ensure!(armed.insert(entry), "a stop is armed twice");
			}
		}
		ensure!(waiting == armed, "stops and their triggers disagree");
		for (market, _) in Self::markets() {
			let of = |when: u8| armed.iter().filter(move |e| e.0 == market && e.1 == when);
			let below = of(0).map(|entry| entry.2).max();
			let above = of(1).map(|entry| entry.2).min();
			let stored = NearestStops::<T>::get(market);
			ensure!((stored.below, stored.above) == (below, above), "the nearest stop is wrong");
		}
		Ok(())
	}

	fn check_switches() -> Checked {
		let mut waiting = BTreeSet::new();
		for (bin, accounts) in Lapsing::<T>::iter() {
			ensure!(!accounts.is_empty(), "an empty bin of switches is kept");
			for account in accounts {
				ensure!(waiting.insert((account, bin)), "an account waits twice in a bin");
			}
		}
		let named: BTreeSet<_> = Switches::<T>::iter().map(|(who, s)| (who, s.bin)).collect();
		ensure!(waiting == named, "switches and bins disagree");
		Ok(())
	}

	fn check_markets() -> Checked {
		let count = MarketCount::<T>::get();
		ensure!(count <= MAX_MARKETS, "too many markets");
		ensure!(
			Terms::<T>::iter_keys().all(|m| m.0 < count),
			"terms of a market that is not there"
		);
		ensure!(Self::markets().count() == usize::from(count), "a market without terms");
		let valid = Self::markets().all(|(_, terms)| terms.validate::<T>().is_ok());
		ensure!(valid, "a market's terms would be refused");
		let symbols: BTreeSet<_> = Self::markets().map(|(_, terms)| terms.symbol).collect();
		ensure!(symbols.len() == usize::from(count), "two markets have the same symbol");
		for (market, hot) in Hot::<T>::iter() {
			ensure!(Terms::<T>::contains_key(market), "hot item of a market that is not there");
			ensure!(hot != HotMarket::default(), "a hot item that holds nothing is kept");
			ensure!(hot.last.is_some() == (hot.trades > 0), "trades and last price disagree");
		}
		Ok(())
	}

	fn check_page(key: PageKey, page: &Page) -> Checked {
		ensure!(Terms::<T>::contains_key(key.market), "page of a market that is not there");
		ensure!(!page.is_empty(), "an empty page is kept");
		let places = page.orders.iter().map(|order| (order.offset, order.sequence));
		ensure!(places.clone().is_sorted_by(|a, b| a < b), "a page is not sorted");
		for order in &page.orders {
			ensure!(u32::from(order.offset) < BUCKET_TICKS, "an order outside its bucket");
			ensure!(!order.lots.is_zero() && order.lots <= MAX_LOTS, "an order of impossible size");
		}
		match key.kind {
			Kind::Bids | Kind::Asks => Self::check_bucket(key, page),
			Kind::BidOverflow | Kind::AskOverflow => Self::check_overflow(key, page),
			Kind::Falling | Kind::Rising => Err("triggers are not kept here".into()),
		}
	}

	fn check_bucket(key: PageKey, page: &Page) -> Checked {
		let PageKey { market, kind, at, .. } = key;
		ensure!(key.chunk == 0, "a second page of a bucket");
		let known = Tree { market, kind }.contains(Books::<T>::new().store(), at);
		ensure!(known, "a page that the bitmap does not know");
		let zero = |offset: u8| at == 0 && offset == 0;
		ensure!(!page.orders.iter().any(|order| zero(order.offset)), "an order at price zero");
		for offset in (0..BUCKET_TICKS).filter(|offset| page.overflow & 1 << offset != 0) {
			let tick = at.saturating_mul(BUCKET_TICKS).saturating_add(offset);
			let first = WordKey { market, kind: overflow_of(kind), level: 0, at: tick };
			ensure!(Words::<T>::contains_key(first), "an overflowed tick without overflow pages");
		}
		Ok(())
	}

	fn check_overflow(key: PageKey, page: &Page) -> Checked {
		let PageKey { market, kind, at, chunk } = key;
		let offset = (at % BUCKET_TICKS) as u8;
		let in_tick = page.orders.iter().all(|order| order.offset == offset);
		ensure!(in_tick && page.overflow == 0, "an overflow page holds another tick's orders");
		let kind_of_bucket = if kind == Kind::BidOverflow { Kind::Bids } else { Kind::Asks };
		let bucket = PageKey { market, kind: kind_of_bucket, at: at / BUCKET_TICKS, chunk: 0 };
		let bucket = Pages::<T>::get(bucket).unwrap_or_default();
		ensure!(
			bucket.overflow & 1 << offset != 0,
			"an overflow page that its bucket does not know"
		);
		let last = bucket.orders.iter().filter(|o| o.offset == offset).map(|o| o.sequence).max();
		let first = page.orders.first().map(|order| order.sequence);
		ensure!(last < first, "an overflow page holds an order that should come earlier");
		let listed = (0..4u8)
			.filter_map(|level| Words::<T>::get(WordKey { market, kind, level, at }))
			.flat_map(|word| word.map(u64::to_le_bytes).concat())
			.filter(|id| *id == chunk)
			.count();
		ensure!(listed == 1, "an overflow page is not listed once");
		Ok(())
	}

	fn check_word(key: WordKey, word: &Word) -> Checked {
		let WordKey { market, kind, level, at } = key;
		ensure!(*word != Word::default(), "an empty word is kept");
		if matches!(kind, Kind::BidOverflow | Kind::AskOverflow) {
			for id in word.map(u64::to_le_bytes).concat().iter().take_while(|id| **id != 0) {
				let page = PageKey { market, kind, at, chunk: *id };
				ensure!(Pages::<T>::contains_key(page), "a listed overflow page is not there");
			}
			return Ok(());
		}
		for bit in (0..WORD_BITS).filter(|bit| word[(bit / 64) as usize] & 1 << (bit % 64) != 0) {
			let below = at.saturating_mul(WORD_BITS).saturating_add(bit);
			let there = match level.checked_sub(1) {
				None => Pages::<T>::contains_key(PageKey { market, kind, at: below, chunk: 0 }),
				Some(level) => Words::<T>::contains_key(WordKey { market, kind, level, at: below }),
			};
			ensure!(there, "a bit of the bitmap has nothing below it");
		}
		if level < 2 {
			let above = WordKey { market, kind, level: level + 1, at: at / WORD_BITS };
			let above = Words::<T>::get(above).unwrap_or_default();
			let bit = at % WORD_BITS;
			let known = above[(bit / 64) as usize] & 1 << (bit % 64) != 0;
			ensure!(known, "a word that the word above does not know");
		}
		Ok(())
	}

	fn check_best(market: MarketId, terms: &MarketTerms) -> Checked {
		let mut books = Books::<T>::new();
		let bid = book::best(books.store(), market, Side::Bid);
		let ask = book::best(books.store(), market, Side::Ask);
		let hot = Hot::<T>::get(market);
		ensure!(
			(hot.bid, hot.ask) == (bid, ask),
			"the hot item has other best prices than the book"
		);
		let crossed = bid.zip(ask).is_some_and(|(bid, ask)| bid >= ask);
		let collected = hot.phase != Phase::Continuous || terms.mode == Mode::FrequentBatch;
		ensure!(!crossed || collected, "a book is crossed");
		let halted = hot.phase != Phase::Continuous;
		ensure!(halted || !Draws::<T>::contains_key(market), "a draw outlived its batch");
		ensure!(halted || !Indications::<T>::contains_key(market), "an auction is over and told");
		Ok(())
	}
}

fn overflow_of(kind: Kind) -> Kind {
	match kind {
		Kind::Bids => Kind::BidOverflow,
		_ => Kind::AskOverflow,
	}
}
