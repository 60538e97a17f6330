//! A runtime with this pallet alone.

use crate as pallet_incidents;
use breakwater_primitives::Millis;
use core::time::Duration;
use frame_support::{derive_impl, ord_parameter_types, parameter_types, traits::UnixTime};
use frame_system::EnsureSignedBy;
use sp_runtime::BuildStorage;

type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Incidents: pallet_incidents,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
}

pub const START: Millis = 1_600_000_000_000;

parameter_types! {
	pub static Now: Millis = START;
}
ord_parameter_types! {
	pub const Committee: u64 = 1;
	pub const Council: u64 = 2;
}

pub struct Clock;
impl UnixTime for Clock {
	fn now() -> Duration {
		Duration::from_millis(Now::get())
	}
}

impl crate::Config for Test {
	type Time = Clock;
	type NoteOrigin = EnsureSignedBy<Committee, u64>;
	type ReviewOrigin = EnsureSignedBy<Council, u64>;
	type WeightInfo = ();
}

#[derive(Default)]
pub struct ExtBuilder;

impl ExtBuilder {
	pub fn build(self) -> sp_io::TestExternalities {
		Now::set(START);
		let storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.execute_with(|| System::set_block_number(7));
		ext
	}

	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Incidents::do_try_state().unwrap();
		});
	}
}
