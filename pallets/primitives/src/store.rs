//! Pages and words of the core crate in FRAME storage maps.

use breakwater_core::store::{Backend, Content, PageKey, Word, WordKey};
use core::marker::PhantomData;
use frame_support::storage::StorageMap;

/// A backend for [`breakwater_core::store::WriteBack`] over two storage maps.
pub struct MapBackend<Pages, Words>(PhantomData<(Pages, Words)>);

impl<Pages, Words> Default for MapBackend<Pages, Words> {
	fn default() -> Self {
		Self(PhantomData)
	}
}

impl<P, Pages, Words> Backend<P> for MapBackend<Pages, Words>
where
	P: Content + codec::FullCodec,
	Pages: StorageMap<PageKey, P, Query = Option<P>>,
	Words: StorageMap<WordKey, Word, Query = Option<Word>>,
{
	fn load_page(&self, key: PageKey) -> Option<P> {
		Pages::get(key)
	}
	fn save_page(&mut self, key: PageKey, page: Option<&P>) {
		match page {
			Some(page) => Pages::insert(key, page),
			None => Pages::remove(key),
		}
	}
	fn load_word(&self, key: WordKey) -> Option<Word> {
		Words::get(key)
	}
	fn save_word(&mut self, key: WordKey, word: Option<&Word>) {
		match word {
			Some(word) => Words::insert(key, word),
			None => Words::remove(key),
		}
	}
}
