//! What benchmarks run with: the list of pallets, the state that they begin in, and what they do not
//! count.

use crate::{
	genesis_presets::{self, BTC_PERP},
	governance::EnsurePowers,
	AccountId, AllPalletsWithSystem, Assets, Balances, CircuitBreaker, Incidents, Insurance,
	Margin, Perpetuals, PriceGuard, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, System,
	Timelock, BRW, USDC, USDC_UNIT, WBTC,
};
use alloc::{format, string::String, vec::Vec};
use breakwater_primitives::{
	benchmarking::Scene, clearing::Fees, shard_of, AccountRef, AssetId, Balance, Check, Clearing,
	Fill, Funding, Level, Lots, MarketId, Millis, OnPrice, OrderId, Prices, Scope, Session, Side,
	Ticks, Validity, Vault,
};
use frame_benchmarking::{account, BenchmarkBatch, BenchmarkConfig, BenchmarkList};
use frame_support::{
	traits::{
		fungible::Mutate, fungibles::Mutate as _, EnsureOrigin, StorageInfo, StorageInfoTrait,
		WhitelistedStorageKeys,
	},
	weights::{Weight, WeightMeter},
	BoundedVec, StoragePrefixedMap,
};
use pallet_margin::vault::VAULT;
use pallet_perpetuals::{NewMarket, OrderKind, PlaceOrder, TimeInForce, WeightInfo};
use pallet_price_guard::{Guard, Round, Watch, MICRO};
use sp_runtime::traits::Dispatchable;
use sp_storage::TrackedStorageKey;

frame_benchmarking::define_benchmarks!(
	[pallet_circuit_breaker, CircuitBreaker]
	[pallet_incidents, Incidents]
	[pallet_insurance, Insurance]
	[pallet_margin, Margin]
	[pallet_perpetuals, Perpetuals]
	[pallet_price_guard, PriceGuard]
	[pallet_timelock, Timelock]
);

/// Every benchmark there is, and what the pallets store.
pub fn metadata(extra: bool) -> (Vec<BenchmarkList>, Vec<StorageInfo>) {
	let mut list = Vec::new();
	list_benchmarks!(list, extra);
	(list, AllPalletsWithSystem::storage_info())
}

/// Run one benchmark.
pub fn dispatch(config: &BenchmarkConfig) -> Result<Vec<BenchmarkBatch>, String> {
	let whitelist = hot_keys();
	let mut batches = Vec::new();
	let params = (config, &whitelist[..]);
	add_benchmarks!(params, batches);
	Ok(batches)
}

/// What every block reads and writes anyway, whoever trades: the pallets charge it once, at the
/// start of a block, and so no benchmark counts it. Of what there is for each market it is that of
/// market 0, in which the benchmarks trade.
pub fn hot_keys() -> Vec<TrackedStorageKey> {
	let market = BTC_PERP;
	let (shard, _) = shard_of(market);
	let custody = Margin::custody_account();
	let ours: [Vec<u8>; 17] = [
		pallet_timestamp::Now::<Runtime>::hashed_key().into(),
		pallet_perpetuals::Terms::<Runtime>::hashed_key_for(market),
		pallet_perpetuals::Hot::<Runtime>::hashed_key_for(market),
		pallet_perpetuals::MarketCount::<Runtime>::hashed_key().into(),
		pallet_perpetuals::StopBacklog::<Runtime>::hashed_key().into(),
		pallet_perpetuals::Auctioning::<Runtime>::hashed_key().into(),
		pallet_perpetuals::NextBin::<Runtime>::hashed_key().into(),
		pallet_margin::Totals::<Runtime>::hashed_key_for(market),
		pallet_margin::Board::<Runtime>::hashed_key_for(shard),
		pallet_margin::Risk::<Runtime>::hashed_key_for(market),
		pallet_circuit_breaker::Status::<Runtime>::hashed_key_for(shard),
		pallet_circuit_breaker::Windows::<Runtime>::hashed_key_for(market),
		pallet_price_guard::Guards::<Runtime>::hashed_key_for(market),
		pallet_insurance::Total::<Runtime>::hashed_key().into(),
		pallet_insurance::MarketFunds::<Runtime>::hashed_key_for(market),
		pallet_assets::Asset::<Runtime>::hashed_key_for(USDC),
		pallet_assets::Account::<Runtime>::hashed_key_for(USDC, custody),
	];
	let mut keys = AllPalletsWithSystem::whitelisted_storage_keys();
	keys.extend(ours.into_iter().map(TrackedStorageKey::from));
	keys
}

/// The exchange of the development preset.
///
/// Its clock starts, and its first block begins, with the first thing that is asked of it: before
/// that no event is kept.
pub struct BenchmarkScene;

/// When the clock starts, in milliseconds since the Unix epoch: 12 March 2020, 06:00.
const START: Millis = 1_583_992_800_000;
/// The price of every market: 50,000 USDC for a bitcoin.
const PRICE: Ticks = Ticks(500_000);
/// The collateral of a trader.
const COLLATERAL: Balance = 10_000_000 * USDC_UNIT;
/// How long a restriction lasts.
const HOUR: Millis = 3_600_000;

impl BenchmarkScene {
	fn begin() {
		if System::block_number() == 0 {
			System::set_block_number(1);
		}
		if pallet_timestamp::Now::<Runtime>::get() == 0 {
			pallet_timestamp::Now::<Runtime>::put(START);
		}
	}

	fn now() -> Millis {
		Self::begin();
		pallet_timestamp::Now::<Runtime>::get()
	}

	fn call(origin: RuntimeOrigin, call: impl Into<RuntimeCall>) {
		Self::begin();
		if let Err(failed) = call.into().dispatch(origin) {
			panic!("the scene cannot be set up: {:?}", failed.error);
		}
	}

	/// The first sub-account of `who`.
	fn account(who: &AccountId) -> AccountRef {
		let record = pallet_margin::Keys::<Runtime>::get((who, 0)).expect("he has an account");
		record.account
	}

	/// Let `long` buy from `short` without the book.
	fn fill(market: MarketId, long: AccountRef, short: AccountRef, lots: Lots) {
		let price = pallet_price_guard::Guards::<Runtime>::get(market).prices.mark;
		let fill = Fill {
			market,
			taker: long,
			maker: short,
			maker_order: OrderId::new(market, Side::Ask, price, Default::default()),
			taker_side: Side::Bid,
			price,
			lots,
			maker_reduce_only: false,
			maker_done: true,
		};
		let mut session = <Margin as Clearing<AccountId>>::session();
		for who in [long, short] {
			session.load(who).expect("who trades has an account");
		}
		session.settle(&fill, &Fees::default());
		session.commit(Check::None).expect("nothing is checked");
	}

	fn ensure_price(market: MarketId) {
		if pallet_price_guard::Guards::<Runtime>::get(market).prices.index.is_zero() {
			Self::set_price(market, Self::price(market));
		}
	}
}

impl Scene<AccountId> for BenchmarkScene {
	fn quote_asset() -> AssetId {
		USDC
	}

	fn other_asset() -> AssetId {
		WBTC
	}

	fn mint(asset: AssetId, who: &AccountId, amount: Balance) {
		Self::begin();
		if Balances::free_balance(who) < BRW {
			Balances::mint_into(who, 1_000 * BRW).expect("BRW can be minted");
		}
		Assets::mint_into(asset, who, amount).expect("the asset can be minted");
	}

	fn markets(count: u16) {
		for number in 0..count {
			if number >= pallet_perpetuals::MarketCount::<Runtime>::get() {
				let symbol = BoundedVec::truncate_from(format!("M{number}-PERP").into_bytes());
				let new = NewMarket { symbol, ..genesis_presets::btc_perp() };
				let new = alloc::boxed::Box::new(new);
				let create = pallet_perpetuals::Call::<Runtime>::create_market { new };
				Self::call(RuntimeOrigin::root(), create);
			}
			Self::ensure_price(MarketId(number));
		}
	}

	fn price(_: MarketId) -> Ticks {
		PRICE
	}

	fn set_price(market: MarketId, price: Ticks) {
		let now = Self::now();
		let age_limit = pallet_price_guard::Params::<Runtime>::get(market).age_limit;
		let prices = Prices {
			index: price,
			mark: price,
			stable: price,
			long: price,
			short: price,
			validity: Validity::Valid,
			at: now,
			age_limit: age_limit as u32,
		};
		let slow = (u64::from(price.0) * MICRO as u64, now);
		let guard = Guard {
			round: Round { median: price, reports: 4, at: now, ..Default::default() },
			stable: slow,
			anchor: slow,
			trusted: price,
			trusted_at: now,
			prices,
			..Default::default()
		};
		pallet_price_guard::Guards::<Runtime>::insert(market, guard);
		pallet_price_guard::Watched::<Runtime>::mutate(|watched| {
			*watched = Watch { priced: watched.priced | 1 << market.0, ..*watched };
		});
		// The breaker has not seen the price before, so that none is a jump.
		pallet_circuit_breaker::Windows::<Runtime>::remove(market);
		// Whom the price puts under water, and stop orders that it reaches, wait for the hooks.
		let mut nothing = WeightMeter::with_limit(Weight::zero());
		CircuitBreaker::on_price(market, &prices, &mut nothing);
		Margin::on_price(market, &prices, &mut nothing);
		let look = <Runtime as pallet_perpetuals::Config>::WeightInfo::pass_stops();
		Perpetuals::on_price(market, &prices, &mut WeightMeter::with_limit(look));
	}

	fn pass(millis: Millis) {
		pallet_timestamp::Now::<Runtime>::put(Self::now() + millis);
	}

	fn trader(n: u32) -> AccountId {
		let who: AccountId = account("trader", n, 0);
		if !pallet_margin::Keys::<Runtime>::contains_key((&who, 0)) {
			Self::mint(USDC, &who, COLLATERAL);
			let deposit = pallet_margin::Call::<Runtime>::deposit { sub: 0, amount: COLLATERAL };
			Self::call(RuntimeOrigin::signed(who.clone()), deposit);
		}
		who
	}

	fn rest(who: &AccountId, market: MarketId, side: Side, price: Ticks, lots: Lots) -> OrderId {
		Self::ensure_price(market);
		let kind = OrderKind::Limit { price, time_in_force: TimeInForce::GoodTilCancelled };
		let order = PlaceOrder::new(market, side, kind, lots);
		// Nothing before it is of interest, and a long list takes long to read.
		System::reset_events();
		let place = pallet_perpetuals::Call::<Runtime>::place { sub: 0, order };
		Self::call(RuntimeOrigin::signed(who.clone()), place);
		let placed = System::read_events_no_consensus().find_map(|record| match record.event {
			RuntimeEvent::Perpetuals(pallet_perpetuals::Event::OrderPlaced { id, .. }) => Some(id),
			_ => None,
		});
		placed.expect("the order rests")
	}

	fn trade(market: MarketId, long: &AccountId, short: &AccountId, lots: Lots) {
		Self::ensure_price(market);
		Self::fill(market, Self::account(long), Self::account(short), lots);
	}

	fn restrict(market: MarketId, level: Level) {
		let committee = EnsurePowers::try_successful_origin().expect("the committee may restrict");
		let scope = Scope::Market(market);
		let restrict =
			pallet_circuit_breaker::Call::<Runtime>::restrict { scope, level, duration: HOUR };
		Self::call(committee, restrict);
	}

	fn vault(positions: u16) {
		/// Twenty bitcoin.
		const MILLION: Lots = Lots(20_000);
		let backer: AccountId = account("backer", 0, 0);
		Self::mint(USDC, &backer, COLLATERAL);
		<Margin as Vault<AccountId>>::add(&backer, COLLATERAL).expect("the vault may be backed");
		Self::markets(positions);
		let short = Self::account(&Self::trader(u32::MAX));
		for market in 0..positions {
			Self::fill(MarketId(market), VAULT, short, MILLION);
			// A thousand units for a lot.
			let due = Funding(1_000 << Funding::FRACTION_BITS);
			<Margin as Clearing<AccountId>>::accrue(MarketId(market), due);
		}
	}

	fn counted() -> Vec<Vec<u8>> {
		let accounts = pallet_margin::Accounts::<Runtime>::final_prefix();
		let pages = pallet_margin::TriggerPages::<Runtime>::final_prefix();
		let words = pallet_margin::TriggerWords::<Runtime>::final_prefix();
		let risk = pallet_margin::Risk::<Runtime>::final_prefix();
		[accounts, pages, words, risk].map(Vec::from).into()
	}
}
