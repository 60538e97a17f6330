//! Properties over random sequences of everything that changes a fund.

use crate::{
	mock::*,
	Backers,
	FundClass::{self, Global},
};
use breakwater_primitives::{Backstop, Balance, Level, MarketId};
use proptest::prelude::*;

/// One step; what its numbers mean depends on `what`.
#[derive(Clone, Debug)]
struct Step {
	what: u8,
	who: u64,
	market: u16,
	amount: Balance,
	wait: u64,
}

fn step() -> impl Strategy<Value = Step> {
	let amount = prop_oneof![1u128..200, 1u128..50_000, 1u128..400_000];
	let wait = prop_oneof![0u64..HOUR, 0u64..3 * DAY];
	(0u8..19, ALICE..=BOB, 0u16..3, amount, wait)
		.prop_map(|(what, who, market, amount, wait)| Step { what, who, market, amount, wait })
}

/// For a call that may be refused.
fn either_way<T>(_: T) {}

/// Do it; whether it is refused does not matter here. Returns what came in by the clearing house and
/// what went out to it.
fn act(step: &Step) -> (Balance, Balance) {
	let Step { what, who, market, amount, .. } = *step;
	let (origin, id) = (RuntimeOrigin::signed(who), MarketId(market));
	let held = Backers::<Test>::get(Global, who).shares;
	match what {
		0 => either_way(Insurance::contribute(origin, (market < 2).then_some(id), amount)),
		1 | 2 => either_way(Insurance::back(origin, amount)),
		3 => either_way(Insurance::notice(origin, held.min(amount * 1_000_000))),
		4 => either_way(Insurance::notice(origin, held)),
		5 => either_way(Insurance::claim(origin)),
		6 => either_way(Insurance::cancel(origin, (amount % 3) as u8)),
		7 => {
			Insurance::penalty(id, amount);
			return (amount, 0);
		},
		8 => {
			let paid = Insurance::cover(id, amount);
			assert!(paid <= amount);
			return (0, paid);
		},
		9 => {
			Insurance::charged(id, amount / 2, amount / 3);
			return (amount / 2 + amount / 3, 0);
		},
		10 => {
			set_interest(id, if amount % 4 == 0 { 0 } else { amount * 300 });
			round();
		},
		11 => {
			let level = Level::ALL[amount as usize % Level::ALL.len()];
			set_level(id, level);
		},
		12 | 13 => either_way(Insurance::back_vault(origin, amount)),
		14 => {
			let held = Backers::<Test>::get(FundClass::Vault, who).shares;
			either_way(Insurance::notice_vault(origin, held.min(amount * 1_000_000)));
		},
		15 => either_way(Insurance::claim_vault(origin)),
		16 => either_way(Insurance::cancel_vault(origin, (amount % 3) as u8)),
		17 => {
			// It trades: a profit or a loss from others' accounts, and positions of some worth.
			let by = amount as i128 * if market == 0 { 1 } else { -1 };
			let by = by.max(-VaultQuote::get());
			VaultQuote::mutate(|quote| *quote += by);
			let spread = amount as i128 % 100;
			VaultHolds::set((amount % 2 == 0).then_some((-by - spread, spread - by)));
			return (by.max(0) as u128, by.min(0).unsigned_abs());
		},
		_ => {
			// Ten days and more, so that notices run and funds that are wound down end.
			wind(amount as u64 % 12);
			advance(amount as u64 % 40 * DAY);
			round();
			if amount % 3 == 0 {
				either_way(Insurance::wind_down(RuntimeOrigin::signed(TIMELOCK), id));
			}
		},
	}
	(0, 0)
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	/// What came in less what went out is what the funds hold, to the unit, and what custody holds.
	/// Calls are followed as dispatch does it: those that are refused leave nothing behind.
	#[test]
	fn nothing_is_lost_or_made(steps in prop::collection::vec(step(), 1..50)) {
		ExtBuilder::default().build_and_execute(|| {
			let (mut inflow, mut outflow) = (0, 0);
			for step in steps {
				advance(step.wait);
				block();
				let (came, went) = act(&step);
				inflow += came;
				outflow += went;
				let owners = MockCustody::owned(ALICE) + MockCustody::owned(BOB);
				// The vault's money is no claim of the funds.
				let vault = VaultQuote::get() as u128;
				let all = owners + Insurance::total() + vault;
				assert_eq!(all, 2 * RICH + inflow - outflow, "{step:?}");
				let total = (Insurance::total() + vault + outflow) as i128 - inflow as i128;
				assert_eq!(MockCustody::counted(), total);
				Insurance::do_try_state().unwrap();
			}
		});
	}

	/// An attacker who gives, backs, leaves and claims as he likes ends with no more than he began
	/// with, and an honest backer of the same time loses no more than rounding: two units and a
	/// millionth of what was given.
	#[test]
	fn nobody_gains_by_gifts_and_timing(
		seed in 0u128..400_000,
		honest in 100u128..400_000,
		steps in prop::collection::vec((0u8..5, 1u128..200_000, 0u64..12), 1..30),
		entry in 0usize..30,
	) {
		ExtBuilder::default().build_and_execute(|| {
			let mallory = alice;
			if seed >= 10 {
				crate::Pallet::<Test>::take_contribution(&BOB, None, seed).unwrap();
			}
			let mut given = seed;
			let mut paid = 0;
			for (n, (what, amount, wait)) in steps.iter().enumerate() {
				if n == entry.min(steps.len() - 1) {
					let before = MockCustody::owned(BOB);
					either_way(Insurance::back(bob(), honest));
					paid = before - MockCustody::owned(BOB);
				}
				let shares = Backers::<Test>::get(Global, ALICE).shares;
				match what {
					0 => {
						if Insurance::contribute(mallory(), None, *amount).is_ok() {
							given += amount;
						}
					},
					1 | 2 => either_way(Insurance::back(mallory(), *amount)),
					3 => either_way(Insurance::notice(mallory(), shares)),
					_ => either_way(Insurance::claim(mallory())),
				}
				wind(*wait);
			}
			// Both leave with everything.
			for who in [ALICE, BOB] {
				let shares = Backers::<Test>::get(Global, who).shares;
				either_way(Insurance::notice(RuntimeOrigin::signed(who), shares));
			}
			wind(10);
			either_way(Insurance::claim(alice()));
			let gave = given - seed;
			prop_assert!(MockCustody::owned(ALICE) <= RICH, "gifts of {gave} came back");
			let before = MockCustody::owned(BOB);
			either_way(Insurance::claim(bob()));
			let returned = MockCustody::owned(BOB) - before;
			prop_assert!(returned + 2 + given / 1_000_000 >= paid, "{returned} of {paid}");
			Ok(())
		})?;
	}
}
