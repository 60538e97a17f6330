//! The command line.

use crate::seal::Seal;
use sc_cli::RunCmd;

/// The node's arguments.
#[derive(Debug, clap::Parser)]
pub struct Cli {
	/// What to do instead of running a node.
	#[command(subcommand)]
	pub subcommand: Option<Subcommand>,

	/// How to run the node.
	#[clap(flatten)]
	pub run: RunCmd,

	/// For tests: seal blocks without consensus, one for every transaction (`instant`), on request
	/// through engine_createBlock (`manual`), or one every so many milliseconds.
	///
	/// Every block moves the chain's clock by one slot, whatever the wall clock says. Blocks are
	/// final at once. Refused on live chains.
	#[arg(long, value_name = "instant|manual|MILLISECONDS")]
	pub seal: Option<Seal>,
}

/// What the program does besides running a node.
#[derive(Debug, clap::Subcommand)]
#[allow(clippy::large_enum_variant)]
pub enum Subcommand {
	/// Key management utilities
	#[command(subcommand)]
	Key(sc_cli::KeySubcommand),

	/// Write a chain spec, plain or raw
	ExportChainSpec(sc_cli::ExportChainSpecCmd),

	/// Import one block of the database again, to validate it
	CheckBlock(sc_cli::CheckBlockCmd),

	/// Export blocks
	ExportBlocks(sc_cli::ExportBlocksCmd),

	/// Export the state of a block into a chain spec
	ExportState(sc_cli::ExportStateCmd),

	/// Check every invariant of the chain on an exported state
	CheckState(crate::check_state::CheckStateCmd),

	/// Import blocks
	ImportBlocks(sc_cli::ImportBlocksCmd),

	/// Remove the whole chain from the disk
	PurgeChain(sc_cli::PurgeChainCmd),

	/// Take the chain back by some blocks that are not final yet
	Revert(sc_cli::RevertCmd),

	/// Show the best and the finalised block of the database
	ChainInfo(sc_cli::ChainInfoCmd),
}
