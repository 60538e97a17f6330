//! The backstop vault as the runtime wires it: backed and left, fed by the ladder, unwound.

mod common;

use breakwater_primitives::Side;
use breakwater_runtime::{
	views, AccountId, Insurance, Margin, Runtime, RuntimeEvent, System, USDC_UNIT,
};
use common::*;
use frame_support::{assert_noop, assert_ok};
use pallet_margin::vault::VAULT;
use proptest::prelude::*;
use sp_keyring::Sr25519Keyring::{self, *};

const DAY: u64 = 86_400_000;

fn custody_agrees() {
	let custody = views::custody();
	assert_eq!(i128::try_from(custody.held), Ok(custody.claimed));
}

fn wind(days: u64) {
	pallet_insurance::UpkeepState::<Runtime>::mutate(|upkeep| upkeep.active += days * DAY);
}

fn vault_shares(who: &AccountId) -> u128 {
	Insurance::vault_backer_of(who.clone()).shares
}

fn takes() -> usize {
	let events = System::events().into_iter();
	let took = |event: &RuntimeEvent| {
		matches!(event, RuntimeEvent::Margin(pallet_margin::Event::VaultTook { .. }))
	};
	events.filter(|record| took(&record.event)).count()
}

#[test]
fn the_vault_is_backed_and_left_out_of_custody() {
	on_development_chain(|| {
		next_block();
		let alice = id(Alice);
		let (amount, before) = (10_000 * USDC_UNIT, views::custody().held);
		assert_eq!(views::vault().account, None);
		assert_ok!(call(&alice, pallet_insurance::Call::back_vault { amount }));
		assert_eq!(views::custody().held, before + amount);
		let seen = views::vault();
		assert_eq!((seen.low, seen.high, seen.priced), (amount, amount, true));
		assert_eq!(seen.budget, amount / 20);
		assert_eq!(seen.shares, vault_shares(&alice));
		// The funds know nothing of it.
		assert_eq!(views::insurance().shares, 0);
		custody_agrees();
		let shares = vault_shares(&alice);
		assert_ok!(call(&alice, pallet_insurance::Call::notice_vault { shares }));
		assert_noop!(
			call(&alice, pallet_insurance::Call::claim_vault {}),
			pallet_insurance::Error::<Runtime>::NoticeRunning
		);
		wind(10);
		assert_ok!(call(&alice, pallet_insurance::Call::claim_vault {}));
		assert!(views::custody().held <= before + 1);
		assert_eq!(views::vault().shares, 0);
		custody_agrees();
		views::try_state().unwrap();
	});
}

#[test]
fn the_view_of_all_funds_is_one_call() {
	on_development_chain(|| {
		next_block();
		let seen = views::insurance();
		assert_eq!(seen.global, 4_000_000 * USDC_UNIT);
		assert_eq!(seen.total, 5_000_000 * USDC_UNIT);
		// Half of a quarter may go at once.
		assert_eq!(seen.drawable, 500_000 * USDC_UNIT);
		let [market] = &seen.markets[..] else { panic!("{seen:?}") };
		assert_eq!((market.market, market.fund), (BTC, 1_000_000 * USDC_UNIT));
		assert_eq!(market.drawable, 200_000 * USDC_UNIT);
	});
}

#[test]
fn a_falling_market_is_taken_over_by_the_vault_and_offered_at_the_mark() {
	on_development_chain(|| {
		next_block();
		feed(79_000);
		let amount = 100_000 * USDC_UNIT;
		assert_ok!(call(&id(Alice), pallet_insurance::Call::back_vault { amount }));
		deposit(Charlie, 450);
		deposit(Dave, 100_000);
		assert_ok!(place(Dave, limit(Side::Ask, 79_000, 1_000)));
		assert_ok!(place(Charlie, limit(Side::Bid, 79_000, 1_000)));
		// Depth that no liquidation reaches: Charlie is bankrupt before.
		assert_ok!(place(Dave, limit(Side::Bid, 74_450, 5_000)));
		let mut price = 79_000;
		for _ in 0..60 {
			price -= 100;
			next_block();
			feed(price);
			if takes() > 0 {
				break;
			}
		}
		assert!(takes() > 0, "at {price}");
		let seen = views::vault();
		let account = seen.account.unwrap();
		assert_eq!(account.account, VAULT);
		let lots = account.positions[0].lots;
		assert!(lots > 0);
		assert_eq!((seen.markets[0].market, seen.markets[0].lots), (BTC, lots));
		assert_eq!(seen.markets[0].budget, seen.low / 50);
		assert!(seen.markets[0].taken > 0 && !seen.markets[0].out);
		// The next block offers a part of it.
		next_block();
		feed(price);
		next_block();
		let orders = views::vault().account.unwrap().orders;
		assert_eq!(orders.len(), 1);
		assert_eq!(orders[0].id.side(), Side::Ask);
		custody_agrees();
		views::try_state().unwrap();
	});
}

#[derive(Clone, Debug)]
enum Step {
	Back(usize, u128),
	Notice(usize, u32),
	Claim(usize),
	Cancel(usize),
	Order(usize, bool, i32, u64),
	Price(i32),
	Wind(u64),
	Block,
}

fn step() -> impl Strategy<Value = Step> {
	let who = || 0usize..4;
	prop_oneof![
		2 => (who(), 100u128..20_000).prop_map(|(who, amount)| Step::Back(who, amount)),
		2 => (who(), 1u32..101).prop_map(|(who, part)| Step::Notice(who, part)),
		3 => who().prop_map(Step::Claim),
		1 => who().prop_map(Step::Cancel),
		6 => (who(), any::<bool>(), -12i32..12, 1u64..3_000)
			.prop_map(|(who, buy, offset, lots)| Step::Order(who, buy, offset, lots)),
		6 => (-6i32..20).prop_map(Step::Price),
		2 => (1u64..12).prop_map(Step::Wind),
		3 => Just(Step::Block),
	]
}

const PEOPLE: [Sr25519Keyring; 4] = [Alice, Charlie, Dave, Eve];

/// Prices go `up`, or down, with some steps back.
fn run(step: &Step, up: bool, price: &mut u32) {
	use pallet_insurance::Call;
	let signer = |who: usize| id(PEOPLE[who]);
	// Whether it is refused does not matter here.
	let _ = match *step {
		Step::Back(who, amount) => {
			call(&signer(who), Call::back_vault { amount: amount * USDC_UNIT })
		},
		Step::Notice(who, part) => {
			let shares = vault_shares(&signer(who)) / 100 * u128::from(part);
			call(&signer(who), Call::notice_vault { shares })
		},
		Step::Claim(who) => call(&signer(who), Call::claim_vault {}),
		Step::Cancel(who) => call(&signer(who), Call::cancel_vault { index: 0 }),
		Step::Order(who, buy, offset, lots) => {
			let side = if buy { Side::Bid } else { Side::Ask };
			let at = *price as i64 * (1_000 + i64::from(offset)) / 1_000;
			place(PEOPLE[who], limit(side, at as u32, lots))
		},
		Step::Price(permille) => {
			let by = if up { permille } else { -permille };
			*price = (*price as i64 * (1_000 + i64::from(by)) / 1_000) as u32;
			next_block();
			feed(*price);
			Ok(())
		},
		Step::Wind(days) => {
			wind(days);
			Ok(())
		},
		Step::Block => {
			next_block();
			feed(*price);
			next_block();
			Ok(())
		},
	};
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(12))]
	/// Takes, unwinding, backing, notices and claims in any order: custody is what is claimed of it to
	/// the unit, nobody's tokens come from nowhere, and every invariant of every pallet holds.
	#[test]
	fn nothing_is_lost_or_made_whatever_the_vault_and_its_backers_do(
		up in any::<bool>(),
		steps in prop::collection::vec(step(), 1..40),
	) {
		on_development_chain(|| {
			next_block();
			let mut price = 79_000;
			feed(price);
			// Three with high leverage, and a book that no liquidation of theirs reaches.
			for (who, amount) in [(Alice, 1_500), (Charlie, 450), (Dave, 450), (Eve, 450)] {
				deposit(who, amount);
			}
			deposit(Bob, 500_000);
			for (who, side) in [(Charlie, Side::Bid), (Dave, Side::Bid), (Eve, Side::Ask)] {
				assert_ok!(place(Bob, limit(side.opposite(), price, 1_000)));
				assert_ok!(place(who, limit(side, price, 1_000)));
			}
			for (side, at) in [(Side::Bid, 74_450), (Side::Ask, 83_600)] {
				assert_ok!(place(Bob, limit(side, at, 5_000)));
			}
			let amount = 20_000 * USDC_UNIT;
			assert_ok!(call(&id(Alice), pallet_insurance::Call::back_vault { amount }));
			for step in &steps {
				run(step, up, &mut price);
				custody_agrees();
				views::try_state().unwrap_or_else(|error| panic!("{error:?} after {step:?}"));
				let worth = views::vault();
				assert!(worth.low <= worth.high);
				let held = Margin::summary_of(VAULT).unwrap();
				assert!(worth.low as i128 <= held.equity.max(0) || !worth.priced);
			}
		});
	}
}
