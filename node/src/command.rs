//! Does what the command line says.

use crate::{
	chain_spec,
	cli::{Cli, Subcommand},
	service,
};
use breakwater_runtime::opaque::Block;
use sc_cli::{KeySubcommand, Result, SubstrateCli};
use sc_service::{ChainType, PartialComponents};

const NO_CHAIN: &str =
	"no chain was named: give --dev, or --chain with dev, local or the path of a chain spec";

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"Breakwater".into()
	}

	fn impl_version() -> String {
		env!("SUBSTRATE_CLI_IMPL_VERSION").into()
	}

	fn executable_name() -> String {
		env!("CARGO_PKG_NAME").into()
	}

	fn description() -> String {
		env!("CARGO_PKG_DESCRIPTION").into()
	}

	fn author() -> String {
		env!("CARGO_PKG_AUTHORS").into()
	}

	fn support_url() -> String {
		"the README of the repository this node was built from".into()
	}

	fn copyright_start_year() -> i32 {
		2026
	}

	fn load_spec(&self, id: &str) -> std::result::Result<Box<dyn sc_service::ChainSpec>, String> {
		let spec = match id {
			// A network key belongs to no chain, yet the command asks for one.
			"" if self.makes_network_key() => chain_spec::local()?,
			"" => return Err(NO_CHAIN.into()),
			"dev" => chain_spec::development()?,
			"local" => chain_spec::local()?,
			chain_spec::PRODUCTION_EXAMPLE => chain_spec::production_example()?,
			path => chain_spec::from_file(path)?,
		};
		// The presets for tests are complete. Anything else may still have placeholders, which only
		// a plain export may contain.
		if !matches!(id, "dev" | "local") && self.needs_genesis() {
			chain_spec::check_genesis(&spec, id)?;
		}
		Ok(Box::new(spec))
	}
}

impl Cli {
	fn makes_network_key(&self) -> bool {
		matches!(&self.subcommand, Some(Subcommand::Key(KeySubcommand::GenerateNodeKey(_))))
	}

	/// Whether the command builds the genesis state, and so can fail on it.
	fn needs_genesis(&self) -> bool {
		match &self.subcommand {
			Some(Subcommand::ExportChainSpec(command)) => command.raw,
			Some(Subcommand::Key(_) | Subcommand::PurgeChain(_) | Subcommand::ChainInfo(_)) => {
				false
			},
			_ => true,
		}
	}
}

/// Parses the command line and does what it says.
pub fn run() -> Result<()> {
	let cli = Cli::from_args();
	match &cli.subcommand {
		None => run_node(&cli),
		Some(Subcommand::Key(command)) => command.run(&cli),
		Some(Subcommand::ExportChainSpec(command)) => command.run(cli.load_spec(&command.chain)?),
		Some(Subcommand::CheckBlock(command)) => cli.create_runner(command)?.async_run(|config| {
			let PartialComponents { client, task_manager, import_queue, .. } =
				service::new_partial(&config, None)?;
			Ok((command.run(client, import_queue), task_manager))
		}),
		Some(Subcommand::ExportBlocks(command)) => {
			cli.create_runner(command)?.async_run(|config| {
				let PartialComponents { client, task_manager, .. } =
					service::new_partial(&config, None)?;
				Ok((command.run(client, config.database), task_manager))
			})
		},
		Some(Subcommand::ExportState(command)) => cli.create_runner(command)?.async_run(|config| {
			let PartialComponents { client, task_manager, .. } =
				service::new_partial(&config, None)?;
			Ok((command.run(client, config.chain_spec), task_manager))
		}),
		Some(Subcommand::CheckState(command)) => command.run(),
		Some(Subcommand::ImportBlocks(command)) => {
			cli.create_runner(command)?.async_run(|config| {
				let PartialComponents { client, task_manager, import_queue, .. } =
					service::new_partial(&config, None)?;
				Ok((command.run(client, import_queue), task_manager))
			})
		},
		Some(Subcommand::PurgeChain(command)) => {
			cli.create_runner(command)?.sync_run(|config| command.run(config.database))
		},
		Some(Subcommand::Revert(command)) => cli.create_runner(command)?.async_run(|config| {
			let PartialComponents { client, task_manager, backend, .. } =
				service::new_partial(&config, None)?;
			let revert_grandpa = Box::new(|client, _, blocks| {
				sc_consensus_grandpa::revert(client, blocks)?;
				Ok(())
			});
			Ok((command.run(client, backend, Some(revert_grandpa)), task_manager))
		}),
		Some(Subcommand::ChainInfo(command)) => {
			cli.create_runner(command)?.sync_run(|config| command.run::<Block>(&config))
		},
	}
}

fn run_node(cli: &Cli) -> Result<()> {
	let runner = cli.create_runner(&cli.run)?;
	if cli.seal.is_some() && runner.config().chain_spec.chain_type() == ChainType::Live {
		return Err("--seal makes blocks without consensus: leave it out on a live chain".into());
	}
	let seal = cli.seal;
	runner.run_node_until_exit(|config| async move {
		service::new_full(config, seal).map_err(sc_cli::Error::Service)
	})
}
