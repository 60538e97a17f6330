//! The chains with well-known keys: one validator for development, four for tests of a network.

use crate::{
	AccountId, AssetsConfig, BalancesConfig, CommitteeMembershipConfig, CouncilMembershipConfig,
	FeedersConfig, InsuranceConfig, MarginConfig, ObserversConfig, PerpetualsConfig,
	RuntimeGenesisConfig, SessionConfig, SessionKeys, TimelockConfig, ValidatorMembershipConfig,
	BRW, USDC, USDC_UNIT, WBTC, WBTC_UNIT,
};
use alloc::{vec, vec::Vec};
use breakwater_math::{Bracket, Ppm, RiskTerms, Scale, SignedPpm};
use breakwater_primitives::{clearing::Fees, Contract, Lots, MarketId, Ticks};
use frame_support::{build_struct_json_patch, BoundedVec};
use pallet_margin::collateral::types::NewAsset;
use pallet_perpetuals::{Mode, NewMarket, Tier};
use pallet_timelock::Delays;
use serde_json::Value;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

/// The derivation paths of the four price feeders. Nobody else uses these accounts, so that a feed
/// never waits for another transaction's nonce.
pub const DEVELOPMENT_FEEDERS: [&str; 4] =
	["//Alice//stash", "//Bob//stash", "//Charlie//stash", "//Dave//stash"];

/// The market that the chain starts with.
pub const BTC_PERP: MarketId = MarketId(0);

/// Delays of seconds, so that a test sees a change through.
pub const DELAYS: Delays =
	Delays { neutral: 6_000, repair: 12_000, loosen: 18_000, structural: 30_000 };

/// Who is who on a chain with well-known keys.
pub mod accounts {
	use super::*;
	use Sr25519Keyring::*;

	/// Everybody who holds BRW and USDC at genesis. Alice also issues USDC.
	pub fn funded() -> Vec<AccountId> {
		ids(&[
			Alice,
			Bob,
			Charlie,
			Dave,
			Eve,
			Ferdie,
			One,
			Two,
			AliceStash,
			BobStash,
			CharlieStash,
			DaveStash,
			EveStash,
			FerdieStash,
		])
	}
	/// Who issues the collateral asset and gave the insurance funds their start.
	pub fn issuer() -> AccountId {
		Alice.to_account_id()
	}
	/// The technical committee.
	pub fn committee() -> Vec<AccountId> {
		ids(&[Alice, Bob, Charlie, Dave, Eve])
	}
	/// The council: one other person than the committee.
	pub fn council() -> Vec<AccountId> {
		ids(&[Bob, Charlie, Dave, Eve, Ferdie])
	}
	/// The price feeders; [`DEVELOPMENT_FEEDERS`] are their derivation paths.
	pub fn feeders() -> Vec<AccountId> {
		ids(&[AliceStash, BobStash, CharlieStash, DaveStash])
	}
	/// The observers.
	pub fn observers() -> Vec<AccountId> {
		ids(&[EveStash, FerdieStash])
	}

	fn ids(keys: &[Sr25519Keyring]) -> Vec<AccountId> {
		keys.iter().map(|key| key.to_account_id()).collect()
	}
}

/// Alice validates alone.
pub fn development() -> Value {
	well_known(vec![(Sr25519Keyring::Alice, Ed25519Keyring::Alice)])
}

/// Alice, Bob, Charlie and Dave validate.
pub fn local_testnet() -> Value {
	well_known(vec![
		(Sr25519Keyring::Alice, Ed25519Keyring::Alice),
		(Sr25519Keyring::Bob, Ed25519Keyring::Bob),
		(Sr25519Keyring::Charlie, Ed25519Keyring::Charlie),
		(Sr25519Keyring::Dave, Ed25519Keyring::Dave),
	])
}

fn well_known(validators: Vec<(Sr25519Keyring, Ed25519Keyring)>) -> Value {
	let funded = accounts::funded();
	let issuer = accounts::issuer();
	let members: Vec<AccountId> = validators.iter().map(|(who, _)| who.to_account_id()).collect();
	let keys = validators
		.into_iter()
		.map(|(aura, grandpa)| {
			let who = aura.to_account_id();
			let keys = SessionKeys { aura: aura.public().into(), grandpa: grandpa.public().into() };
			(who.clone(), who, keys)
		})
		.collect::<Vec<_>>();
	build_struct_json_patch!(RuntimeGenesisConfig {
		balances: BalancesConfig {
			balances: funded.iter().cloned().map(|who| (who, 1_000_000 * BRW)).collect::<Vec<_>>(),
		},
		assets: AssetsConfig {
			assets: vec![(USDC, issuer.clone(), true, 1), (WBTC, issuer.clone(), true, 1)],
			metadata: vec![
				(USDC, b"USD Coin".to_vec(), b"USDC".to_vec(), 6),
				(WBTC, b"Wrapped Bitcoin".to_vec(), b"WBTC".to_vec(), 8),
			],
			accounts: [(USDC, 100_000_000 * USDC_UNIT), (WBTC, 1_000 * WBTC_UNIT)]
				.into_iter()
				.flat_map(|(asset, amount)| {
					funded.iter().cloned().map(move |who| (asset, who, amount))
				})
				.collect::<Vec<_>>(),
		},
		margin: MarginConfig { assets: vec![wrapped_bitcoin()] },
		validator_membership: ValidatorMembershipConfig { members: bounded(members) },
		session: SessionConfig { keys },
		committee_membership: CommitteeMembershipConfig { members: bounded(accounts::committee()) },
		council_membership: CouncilMembershipConfig { members: bounded(accounts::council()) },
		feeders: FeedersConfig { members: bounded(accounts::feeders()) },
		observers: ObserversConfig { members: bounded(accounts::observers()) },
		insurance: InsuranceConfig {
			contributions: vec![
				(issuer.clone(), Some(BTC_PERP), 1_000_000 * USDC_UNIT),
				(issuer, None, 4_000_000 * USDC_UNIT),
			],
		},
		perpetuals: PerpetualsConfig { markets: vec![btc_perp()] },
		timelock: TimelockConfig { delays: DELAYS },
	})
}

/// A genesis vector where there is no more than it may hold; the lists above are shorter.
fn bounded<S: frame_support::traits::Get<u32>>(
	mut list: Vec<AccountId>,
) -> BoundedVec<AccountId, S> {
	list.sort();
	BoundedVec::truncate_from(list)
}

/// Wrapped bitcoin as collateral, at the index of the BTC market: 90 % of it for maintenance.
fn wrapped_bitcoin() -> NewAsset {
	NewAsset {
		asset: WBTC,
		market: Some(BTC_PERP),
		ceiling: Ticks::MAX,
		// A lot of the market is a thousandth of a bitcoin.
		scale: Scale { contract: Contract { unit: 100 }, per_lot: WBTC_UNIT / 1_000 },
		maintenance: Ppm(900_000),
		initial: Ppm(850_000),
		account_cap: 100 * WBTC_UNIT,
		total_cap: 1_000 * WBTC_UNIT,
	}
}

/// BTC against USDC: ticks of 0.1 USDC, lots of 0.001 BTC, up to 25 times leverage.
pub fn btc_perp() -> NewMarket {
	const MILLION: u128 = 1_000_000 * USDC_UNIT;
	let contract = Contract { unit: 100 };
	let bracket = |floor, percent: u32| Bracket { floor, rate: Ppm(percent * 10_000) };
	NewMarket {
		symbol: BoundedVec::truncate_from(b"BTC-PERP".to_vec()),
		contract,
		tick_size: 100_000,
		lots_per_unit: 1_000,
		tier: Tier::A,
		fees: Fees { taker: Ppm(500), maker: SignedPpm(200) },
		min_lots: Lots(1),
		max_lots: Lots(1_000_000),
		risk: RiskTerms {
			contract,
			brackets: [
				bracket(0, 2),
				bracket(MILLION / 4, 3),
				bracket(MILLION, 5),
				bracket(5 * MILLION, 10),
			],
			initial_factor: Ppm(2_000_000),
			max_leverage: 25,
			profit_credit: Ppm::one(),
			liquidation_fee: Ppm(10_000),
			max_open_interest: Lots(20_000_000),
			open_interest_lower: Lots(10_000_000),
			open_interest_upper: Lots(20_000_000),
		},
		tiers: Default::default(),
		mode: Mode::Continuous,
	}
}
