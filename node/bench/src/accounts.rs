//! Accounts and signed extrinsics.

use breakwater_runtime::{
	AccountId, Address, RuntimeCall, Signature, SignedPayload, TxExtension, UncheckedExtrinsic,
	VERSION,
};
use codec::Encode;
use sp_core::{sr25519, Pair, H256};
use sp_runtime::{generic::Era, traits::IdentifyAccount, MultiSigner};

/// A key and the nonce of its next extrinsic.
pub struct Account {
	pair: sr25519::Pair,
	nonce: u32,
}

impl Account {
	/// The well-known development key of `path`, such as `//Alice`.
	pub fn known(path: &str) -> crate::Result<Self> {
		let pair = sr25519::Pair::from_string(path, None).map_err(|e| format!("{path}: {e:?}"))?;
		Ok(Self { pair, nonce: 0 })
	}

	/// Take over the nonce that the chain has for the account.
	pub fn follow(&mut self, chain: &crate::chain::Chain) -> crate::Result<()> {
		use frame_system_rpc_runtime_api::AccountNonceApi;
		use sp_api::ProvideRuntimeApi;
		let api = chain.client().runtime_api();
		self.nonce = api.account_nonce(chain.best(), self.id())?;
		Ok(())
	}

	/// The account's id.
	pub fn id(&self) -> AccountId {
		MultiSigner::from(self.pair.public()).into_account()
	}

	/// `call`, signed with the next nonce.
	pub fn sign(&mut self, genesis: H256, call: impl Into<RuntimeCall>) -> UncheckedExtrinsic {
		let nonce = self.nonce;
		self.nonce += 1;
		self.sign_at(genesis, call, nonce)
	}

	/// `call`, signed with `nonce`: for blocks that are built but not imported.
	pub fn sign_next(&self, genesis: H256, call: impl Into<RuntimeCall>) -> UncheckedExtrinsic {
		self.sign_at(genesis, call, self.nonce)
	}

	fn sign_at(
		&self,
		genesis: H256,
		call: impl Into<RuntimeCall>,
		nonce: u32,
	) -> UncheckedExtrinsic {
		let call = call.into();
		let extension: TxExtension = (
			frame_system::AuthorizeCall::new(),
			frame_system::CheckNonZeroSender::new(),
			frame_system::CheckSpecVersion::new(),
			frame_system::CheckTxVersion::new(),
			frame_system::CheckGenesis::new(),
			frame_system::CheckEra::from(Era::Immortal),
			frame_system::CheckNonce::from(nonce),
			frame_system::CheckWeight::new(),
			pallet_transaction_payment::ChargeTransactionPayment::from(0),
			frame_metadata_hash_extension::CheckMetadataHash::new(false),
			frame_system::WeightReclaim::new(),
		);
		let implicit = (
			(),
			(),
			VERSION.spec_version,
			VERSION.transaction_version,
			genesis,
			genesis,
			(),
			(),
			(),
			None,
			(),
		);
		let payload = SignedPayload::from_raw(call.clone(), extension.clone(), implicit);
		let signature = payload.using_encoded(|bytes| self.pair.sign(bytes));
		UncheckedExtrinsic::new_signed(
			call,
			Address::from(self.id()),
			Signature::from(signature),
			extension,
		)
	}
}
