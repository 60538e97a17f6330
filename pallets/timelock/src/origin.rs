//! The origin of a served delay, and what demands it.

use crate::pallet::{Config, CurrentDelays, Origin};
use breakwater_primitives::{
	governance::{DelayClass, Delayed},
	Level, Millis,
};
use core::marker::PhantomData;
use frame_support::traits::{EnsureOrigin, Get, OriginTrait};

/// Passes an origin that served at least `MinMillis` in the timelock.
///
/// Root passes too, as if it had served for ever: the timelock gives it to structural calls alone,
/// which serve the longest delay of all.
pub struct EnsureDelayed<MinMillis>(PhantomData<MinMillis>);

impl<O, MinMillis> EnsureOrigin<O> for EnsureDelayed<MinMillis>
where
	O: OriginTrait + From<Origin>,
	for<'a> &'a O::PalletsOrigin: TryInto<&'a Origin>,
	MinMillis: Get<Millis>,
{
	type Success = Delayed;

	fn try_origin(origin: O) -> Result<Delayed, O> {
		if origin.as_system_ref().is_some_and(|raw| raw.is_root()) {
			return Ok(Delayed { served: Millis::MAX, level_at_queue: Level::Normal });
		}
		let passed = match origin.caller().try_into() {
			Ok(Origin::Delayed(delayed)) if delayed.served >= MinMillis::get() => Some(*delayed),
			_ => None,
		};
		passed.ok_or(origin)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin() -> Result<O, ()> {
		let served = MinMillis::get();
		Ok(O::from(Origin::Delayed(Delayed { served, level_at_queue: Level::Normal })))
	}
}

/// The delay that the chain demands of a class at present.
pub struct MinDelay<T, Class>(PhantomData<(T, Class)>);

impl<T: Config, Class: Get<DelayClass>> Get<Millis> for MinDelay<T, Class> {
	fn get() -> Millis {
		CurrentDelays::<T>::get().of(Class::get())
	}
}

/// Passes an origin that served the delay of `Class`, one of [`class`].
pub type EnsureClass<T, Class> = EnsureDelayed<MinDelay<T, Class>>;

/// The classes as types, to name them in a runtime's configuration.
pub mod class {
	use super::{DelayClass, Get};

	macro_rules! class {
		($(#[$doc:meta])* $name:ident) => {
			$(#[$doc])*
			pub struct $name;
			impl Get<DelayClass> for $name {
				fn get() -> DelayClass {
					DelayClass::$name
				}
			}
		};
	}

	class! {
		/// Neither tightens nor loosens.
		Neutral
	}
	class! {
		/// Repairs or switches off a detector.
		Repair
	}
	class! {
		/// Adds risk.
		Loosen
	}
	class! {
		/// Changes committees or the runtime.
		Structural
	}
}
