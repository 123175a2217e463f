//! The binary: parse arguments, start logging, run a command, turn its end into an exit code. Nothing else.

use std::process::ExitCode;

use clap::Parser;
use tandem::cli::{self, Arguments};

fn main() -> ExitCode {
    let code = match cli::run(Arguments::parse()) {
        Ok(code) => code,
        // Who reads our output has seen enough: `tandem doctor | head -1`.
        Err(error) if cli::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tandem: {error:#}");
            cli::USAGE_OR_FILE_ERROR.into()
        }
    };
    tandem::observe::flush(cli::LOG_DEADLINE);
    code
}
