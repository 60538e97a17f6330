use super::*;
use sp_runtime::{BuildStorage, DispatchError};

fn create(new: NewMarket) -> DispatchResult {
	dispatch(RuntimeOrigin::root(), Call::create_market { new: Box::new(new) })
}

fn refused(error: Error<Test>, change: impl FnOnce(&mut NewMarket)) {
	let mut new = named("SOL-PERP");
	change(&mut new);
	assert_noop!(create(new), error);
}

#[test]
fn a_market_is_created_and_told_to_the_clearing_house() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(create(named("SOL-PERP")));
		let symbol = named("SOL-PERP").symbol;
		assert_eq!(last_event(), Event::MarketCreated { market: MarketId(2), symbol });
		assert_eq!(House::created().last(), Some(&(MarketId(2), btc().risk)));
		let list = Perpetuals::market_list();
		assert_eq!(list.len(), 3);
		assert_eq!(list[2].terms.symbol, named("SOL-PERP").symbol);
		assert_eq!(list[2].hot, HotMarket::default());
	});
}

#[test]
fn only_the_list_origin_creates_markets() {
	ExtBuilder::default().build_and_execute(|| {
		let call = Perpetuals::create_market(RuntimeOrigin::signed(1), Box::new(named("SOL-PERP")));
		assert_noop!(call, DispatchError::BadOrigin);
	});
}

#[test]
fn each_fault_of_a_market_is_named() {
	ExtBuilder::default().build_and_execute(|| {
		refused(Error::InvalidSymbol, |new| new.symbol = Default::default());
		refused(Error::InvalidSymbol, |new| new.symbol = named("SOL PERP").symbol);
		refused(Error::SymbolTaken, |new| new.symbol = btc().symbol);
		refused(Error::InvalidContract, |new| new.contract.unit = 0);
		refused(Error::InvalidContract, |new| new.contract.unit = 99);
		refused(Error::InvalidContract, |new| new.risk.contract.unit = 99);
		refused(Error::InvalidContract, |new| new.lots_per_unit = 0);
		refused(Error::InvalidContract, |new| new.lots_per_unit = u64::MAX);
		refused(Error::InvalidContract, |new| new.tick_size = 100_001);
		refused(Error::FeeTooHigh, |new| new.fees.taker = Ppm(100_001));
		refused(Error::FeeTooHigh, |new| new.fees.maker = SignedPpm(100_001));
		refused(Error::InvalidSizeBounds, |new| new.min_lots = Lots(0));
		refused(Error::InvalidSizeBounds, |new| new.min_lots = Lots(1_000_001));
		refused(Error::InvalidSizeBounds, |new| new.max_lots = Lots((1 << 40) + 1));
		refused(Error::InvalidRisk, |new| new.risk.max_leverage = 0);
	});
}

#[test]
fn a_refusal_of_the_clearing_house_refuses_the_market() {
	ExtBuilder::default().build_and_execute(|| {
		House::refuse_markets();
		assert_noop!(create(named("SOL-PERP")), DispatchError::Other("refused"));
	});
}

#[test]
fn no_more_than_the_listed_number_of_markets_is_created() {
	ExtBuilder::default().build_and_execute(|| {
		for n in 2..MAX_MARKETS {
			assert_ok!(create(named(&format!("M{n}"))));
		}
		assert_noop!(create(named("ONE-MORE")), Error::<Test>::TooManyMarkets);
	});
}

#[test]
fn a_chain_spec_names_markets_by_their_symbol_as_text() {
	let genesis = GenesisConfig::<Test> { markets: vec![btc()], _config: Default::default() };
	let json = serde_json::to_value(&genesis).expect("serialises");
	assert_eq!(json["markets"][0]["symbol"], "BTC-PERP");
	assert_eq!(json["markets"][0]["contract"]["unit"], 100);
	assert_eq!(json["markets"][0]["tier"], "A");
	let back: GenesisConfig<Test> = serde_json::from_value(json.clone()).expect("reads back");
	assert_eq!(back.markets, genesis.markets);
	let mut long = json;
	long["markets"][0]["symbol"] = "SEVENTEEN-LETTERS".into();
	assert!(serde_json::from_value::<GenesisConfig<Test>>(long).is_err());
}

#[test]
#[should_panic(expected = "of the chain spec is refused")]
fn a_chain_spec_with_a_market_that_would_be_refused_does_not_build() {
	let markets = vec![btc(), btc()];
	let _ = GenesisConfig::<Test> { markets, _config: Default::default() }.build_storage();
}
