//! The Breakwater node.

use std::process::ExitCode;

fn main() -> ExitCode {
	match breakwater_node::command::run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			match error {
				// It says what it is about; the prefix "Invalid input" only obscures that.
				sc_cli::Error::Input(sentence) => eprintln!("error: {sentence}"),
				error => eprintln!("error: {error}"),
			}
			ExitCode::FAILURE
		},
	}
}
