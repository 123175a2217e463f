//! `tandem completions`: what a shell needs to complete Tandem's own commands and options.
//!
//! Made from the definitions of the command line, so that nothing can be missing. Packages put the scripts where the
//! shells look for them; who builds with cargo writes them with this command.

use std::io::{self, Write};
use std::process::ExitCode;

use clap_complete::Shell;

use super::public;

/// Write the completion script of a shell to stdout.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem completions bash > ~/.local/share/bash-completion/completions/tandem
  tandem completions zsh > ~/.zfunc/_tandem        with ~/.zfunc in fpath, before compinit
  tandem completions fish > ~/.config/fish/completions/tandem.fish
  tandem completions powershell >> $PROFILE
  tandem completions elvish >> ~/.config/elvish/rc.elv")]
pub struct Arguments {
    /// The shell
    shell: Shell,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut public(), "tandem", &mut script);
    let mut stdout = io::stdout().lock();
    stdout.write_all(&script)?;
    stdout.flush()?;
    Ok(ExitCode::SUCCESS)
}
