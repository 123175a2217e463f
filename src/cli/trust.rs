//! `tandem trust`: the user's word for a folder, with the settings that are in it now.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::terminal::{Style, Terminal, printable};
use super::{Options, workspace};
use crate::config::Loader;
use crate::privacy::{Fingerprint, Trust, TrustState};

/// Trust a folder with the settings that are in it now.
///
/// Files of a folder can steer what an editor or Tandem does in it. So nothing of it is sent to a cloud model before you
/// looked at them, and again after one of them changed. Local models and completion do not ask.
///
/// Exit code: 0 it is trusted (with --revoke: it is not); 1 it is not; 2 a mistake in the arguments.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem trust                what there is to look at, and a question
  tandem trust --yes          without the question
  tandem trust --revoke       take it back")]
pub struct Arguments {
    /// The folder; without it the repository around the current directory
    #[arg(long, value_name = "DIRECTORY")]
    folder: Option<PathBuf>,

    /// Take it back
    #[arg(long, conflicts_with = "yes")]
    revoke: bool,

    /// Without a question
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    pub(super) options: Options,
}

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let folder = workspace::root(arguments.folder.as_deref())?;
    let trust = Trust::new(&loader.paths().state);
    let mut terminal = Terminal::stdout(loader.environment());
    let name = printable(&folder.display().to_string());
    if arguments.revoke {
        trust.revoke(&folder)?;
        terminal.line(format!("{name} is not trusted any more"))?;
        return Ok(ExitCode::SUCCESS);
    }
    // What is shown is what is trusted, whatever changes meanwhile.
    let seen = Fingerprint::of(&folder);
    match trust.state(&folder) {
        TrustState::Trusted => {
            terminal.line(format!("{name} is trusted with what is in it now"))?;
            return Ok(ExitCode::SUCCESS);
        }
        TrustState::Never => terminal.line(format!("{name} was never trusted"))?,
        TrustState::Changed { files } => {
            terminal.line(format!("{name} was trusted, but has changed since then:"))?;
            list(&mut terminal, files.iter().map(String::as_str))?;
        }
    }
    terminal.line("Files that steer an editor or Tandem in it:")?;
    list(&mut terminal, seen.files())?;
    if !(arguments.yes || agrees(&folder)?) {
        return Ok(ExitCode::FAILURE);
    }
    trust.grant(&folder, &seen)?;
    terminal.line("trusted, until one of them changes")?;
    Ok(ExitCode::SUCCESS)
}

fn list<'a>(terminal: &mut Terminal, files: impl Iterator<Item = &'a str>) -> io::Result<()> {
    let mut files = files.peekable();
    if files.peek().is_none() {
        return terminal.styled(&[(Style::Dim, "  none")]);
    }
    files.try_for_each(|file| terminal.line(format!("  {}", printable(file))))
}

fn agrees(folder: &Path) -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        eprintln!("tandem: nobody is here to be asked; --yes trusts {}", folder.display());
        return Ok(false);
    }
    eprint!("Trust it? y = yes, anything else = no: ");
    io::stderr().flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}
