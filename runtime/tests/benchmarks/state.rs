//! A state in memory that benchmarks may commit to and wipe, and that counts what they touch. As the
//! generator's, without a database.

use sp_core::storage::{ChildInfo, StateVersion, TrackedStorageKey};
use sp_core::Blake2Hasher;
use sp_state_machine::{
	backend::{Backend, IterArgs, StorageIterator},
	BackendTransaction, ChildStorageCollection, InMemoryBackend, StateMachineStats,
	StorageCollection, StorageKey, StorageValue, UsageInfo,
};
use sp_trie::MerkleValue;
use std::{
	cell::{Ref, RefCell},
	collections::BTreeMap,
};

type Hash = sp_core::H256;
type Memory = InMemoryBackend<Blake2Hasher>;
type Result<T> = core::result::Result<T, String>;

/// How often a key was read and written.
#[derive(Clone, Copy, Default)]
struct Touched {
	reads: u32,
	writes: u32,
}

/// A state that goes back to where it began.
pub struct State {
	genesis: Memory,
	present: RefCell<Memory>,
	whitelist: RefCell<Vec<TrackedStorageKey>>,
	touched: RefCell<BTreeMap<StorageKey, Touched>>,
}

impl State {
	/// A state that begins with `genesis`.
	pub fn new(genesis: Memory) -> Self {
		let present = RefCell::new(genesis.clone());
		Self { genesis, present, whitelist: Default::default(), touched: Default::default() }
	}

	fn present(&self) -> Ref<'_, Memory> {
		self.present.borrow()
	}

	fn read(&self, key: &[u8]) {
		self.touched.borrow_mut().entry(key.to_vec()).or_default().reads += 1;
	}

	fn is_whitelisted(&self, key: &[u8]) -> bool {
		self.whitelist.borrow().iter().any(|hot| hot.key == key)
	}
}

impl core::fmt::Debug for State {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		f.write_str("State")
	}
}

/// The iterator of the state in memory.
pub struct Keys(<Memory as Backend<Blake2Hasher>>::RawIter);

impl StorageIterator<Blake2Hasher> for Keys {
	type Backend = State;
	type Error = String;

	fn next_key(&mut self, state: &State) -> Option<Result<StorageKey>> {
		let next = self.0.next_key(&state.present())?;
		Some(next.inspect(|key| state.read(key)))
	}
	fn next_pair(&mut self, state: &State) -> Option<Result<(StorageKey, StorageValue)>> {
		let next = self.0.next_pair(&state.present())?;
		Some(next.inspect(|(key, _)| state.read(key)))
	}
	fn was_complete(&self) -> bool {
		self.0.was_complete()
	}
}

impl Backend<Blake2Hasher> for State {
	type Error = String;
	type TrieBackendStorage = <Memory as Backend<Blake2Hasher>>::TrieBackendStorage;
	type RawIter = Keys;

	fn storage(&self, key: &[u8]) -> Result<Option<StorageValue>> {
		self.read(key);
		self.present().storage(key)
	}
	fn storage_hash(&self, key: &[u8]) -> Result<Option<Hash>> {
		self.read(key);
		self.present().storage_hash(key)
	}
	fn closest_merkle_value(&self, key: &[u8]) -> Result<Option<MerkleValue<Hash>>> {
		self.present().closest_merkle_value(key)
	}
	fn child_closest_merkle_value(
		&self,
		child: &ChildInfo,
		key: &[u8],
	) -> Result<Option<MerkleValue<Hash>>> {
		self.present().child_closest_merkle_value(child, key)
	}
	fn child_storage(&self, child: &ChildInfo, key: &[u8]) -> Result<Option<StorageValue>> {
		self.present().child_storage(child, key)
	}
	fn child_storage_hash(&self, child: &ChildInfo, key: &[u8]) -> Result<Option<Hash>> {
		self.present().child_storage_hash(child, key)
	}
	fn next_storage_key(&self, key: &[u8]) -> Result<Option<StorageKey>> {
		let next = self.present().next_storage_key(key);
		next.inspect(|next| next.iter().for_each(|key| self.read(key)))
	}
	fn next_child_storage_key(&self, child: &ChildInfo, key: &[u8]) -> Result<Option<StorageKey>> {
		self.present().next_child_storage_key(child, key)
	}
	fn storage_root<'a>(
		&self,
		delta: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>,
		version: StateVersion,
	) -> (Hash, BackendTransaction<Blake2Hasher>) {
		self.present().storage_root(delta, version)
	}
	fn child_storage_root<'a>(
		&self,
		child: &ChildInfo,
		delta: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>,
		version: StateVersion,
	) -> (Hash, bool, BackendTransaction<Blake2Hasher>) {
		self.present().child_storage_root(child, delta, version)
	}
	fn raw_iter(&self, args: IterArgs) -> Result<Keys> {
		self.present().raw_iter(args).map(Keys)
	}
	fn register_overlay_stats(&self, _: &StateMachineStats) {}
	fn usage_info(&self) -> UsageInfo {
		self.present().usage_info()
	}

	fn wipe(&self) -> Result<()> {
		*self.present.borrow_mut() = self.genesis.clone();
		self.whitelist.borrow_mut().clear();
		self.touched.borrow_mut().clear();
		Ok(())
	}
	fn commit(
		&self,
		root: Hash,
		transaction: BackendTransaction<Blake2Hasher>,
		changes: StorageCollection,
		_: ChildStorageCollection,
	) -> Result<()> {
		self.present.borrow_mut().apply_transaction(root, transaction);
		for (key, _) in changes {
			self.touched.borrow_mut().entry(key).or_default().writes += 1;
		}
		Ok(())
	}
	/// Distinct keys read, reads again, distinct keys written, writes again. What is written counts
	/// as read.
	fn read_write_count(&self) -> (u32, u32, u32, u32) {
		let touched = self.touched.borrow();
		let counted = touched.iter().filter(|(key, _)| !self.is_whitelisted(key));
		counted.fold((0, 0, 0, 0), |(reads, again, writes, overwrites), (_, of)| {
			(
				reads + 1,
				again + of.reads.saturating_sub(1),
				writes + of.writes.min(1),
				overwrites + of.writes.saturating_sub(1),
			)
		})
	}
	fn reset_read_write_count(&self) {
		self.touched.borrow_mut().clear();
	}
	fn get_whitelist(&self) -> Vec<TrackedStorageKey> {
		self.whitelist.borrow().clone()
	}
	fn set_whitelist(&self, keys: Vec<TrackedStorageKey>) {
		*self.whitelist.borrow_mut() = keys;
	}
	fn proof_size(&self) -> Option<u32> {
		None
	}
	fn get_read_and_written_keys(&self) -> Vec<(Vec<u8>, u32, u32, bool)> {
		let touched = self.touched.borrow();
		let each = touched
			.iter()
			.map(|(key, of)| (key.clone(), of.reads, of.writes, self.is_whitelisted(key)));
		each.collect()
	}
}
