//! Which steps of the ladder are taken. A chain takes all of them; a study of crashes takes them away
//! one by one, to show what each is worth.

/// A set of steps of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps(u16);

impl Steps {
	/// The resting orders of the account are cancelled first.
	pub const ORDERS: Self = Self(1);
	/// No more is closed than restores the account, over ten blocks while most of its margin is there.
	pub const SIZE: Self = Self(1 << 1);
	/// The book is not traded through beyond the bankruptcy price, and less far the more is left.
	pub const BOOK_LIMIT: Self = Self(1 << 2);
	/// Liquidations take a part of the book's depth in a block and in a minute.
	pub const CAPACITY: Self = Self(1 << 3);
	/// The vault takes over what the book does not.
	pub const VAULT: Self = Self(1 << 4);
	/// The market's fund pays what a bankrupt account lacks. The funds are behind
	/// [`Config::Insurance`](crate::Config::Insurance), which alone can leave this step out.
	pub const MARKET_FUND: Self = Self(1 << 5);
	/// The global fund pays what the market's does not; left out like that.
	pub const GLOBAL_FUND: Self = Self(1 << 6);
	/// Positions are closed against those who gained most on most leverage.
	pub const DELEVERAGING: Self = Self(1 << 7);
	/// The winning side pays what nobody else did, up to 1 % of its value.
	pub const HAIRCUT: Self = Self(1 << 8);
	/// The whole ladder.
	pub const ALL: Self = Self(u16::MAX);

	/// The steps without those of `other`.
	pub const fn without(self, other: Self) -> Self {
		Self(self.0 & !other.0)
	}
	/// Whether all of `step` is taken.
	pub const fn take(self, step: Self) -> bool {
		self.0 & step.0 == step.0
	}
}

/// Every step is taken: what a chain configures.
pub struct WholeLadder;

impl frame_support::traits::Get<Steps> for WholeLadder {
	fn get() -> Steps {
		Steps::ALL
	}
}
