//! `tandem trust`: the user's word for a folder, with the settings that are in it now.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;

use super::terminal::{Style, Terminal, printable};
use super::{Options, workspace};
use crate::budget::{Purpose, workspace_key};
use crate::config::Loader;
use crate::gate::ConsentStore;
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
  tandem trust --suggestions  also let a paid service write suggestions in it (completion.cloud)
  tandem trust --revoke       take both back")]
pub struct Arguments {
    /// The folder; without it the repository around the current directory
    #[arg(long, value_name = "DIRECTORY")]
    folder: Option<PathBuf>,

    /// Take it back
    #[arg(long, conflicts_with = "yes")]
    revoke: bool,

    /// Also let the paid service of completion.cloudProvider write suggestions in this folder
    #[arg(long, conflicts_with = "revoke")]
    suggestions: bool,

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
        let consents = ConsentStore::new(loader.paths().consents_file());
        let revoked = consents.revoke(&workspace_key(&folder), Some(Purpose::Suggestion))?;
        if revoked > 0 {
            terminal.line("no paid service may write suggestions in it any more")?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    // What is shown is what is trusted, whatever changes meanwhile.
    let seen = Fingerprint::of(&folder);
    match trust.state(&folder) {
        TrustState::Trusted => {
            terminal.line(format!("{name} is trusted with what is in it now"))?;
            return if arguments.suggestions {
                allow(arguments, loader, &folder, &mut terminal)
            } else {
                Ok(ExitCode::SUCCESS)
            };
        }
        TrustState::Never => terminal.line(format!("{name} was never trusted"))?,
        TrustState::Changed { files } => {
            terminal.line(format!("{name} was trusted, but has changed since then:"))?;
            list(&mut terminal, files.iter().map(String::as_str))?;
        }
    }
    terminal.line("Files that steer an editor or Tandem in it:")?;
    list(&mut terminal, seen.files())?;
    if !(arguments.yes || agrees(&format!("Trust {name}?"))?) {
        return Ok(ExitCode::FAILURE);
    }
    trust.grant(&folder, &seen)?;
    terminal.line("trusted, until one of them changes")?;
    if arguments.suggestions { allow(arguments, loader, &folder, &mut terminal) } else { Ok(ExitCode::SUCCESS) }
}

fn list<'a>(terminal: &mut Terminal, files: impl Iterator<Item = &'a str>) -> io::Result<()> {
    let mut files = files.peekable();
    if files.peek().is_none() {
        return terminal.styled(&[(Style::Dim, "  none")]);
    }
    files.try_for_each(|file| terminal.line(format!("  {}", printable(file))))
}

#[cfg(not(feature = "cloud"))]
fn allow(_: &Arguments, _: &Loader, _: &Path, _: &mut Terminal) -> anyhow::Result<ExitCode> {
    bail!("this build opens no connections (it lacks the feature `cloud`), so nobody is asked for suggestions")
}

/// Shows what would leave, where to and for how much, and asks.
#[cfg(feature = "cloud")]
fn allow(arguments: &Arguments, loader: &Loader, folder: &Path, terminal: &mut Terminal) -> anyhow::Result<ExitCode> {
    let settings = loader.load(std::slice::from_ref(&folder.to_owned()), None).settings;
    if !settings.completion.cloud {
        bail!("no paid service is set up for suggestions: `completion.cloud` is false in your config.toml, or here");
    }
    let place = super::engines::hosted::place(&settings, loader).map_err(anyhow::Error::msg)?;
    let question = place.question(folder)?;
    terminal.line(printable(&question))?;
    if !(arguments.yes || agrees("Allow it?")?) {
        return Ok(ExitCode::FAILURE);
    }
    place.allow(folder)?;
    terminal.line("allowed, until the provider, its address or the model is another one")?;
    Ok(ExitCode::SUCCESS)
}

fn agrees(question: &str) -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        eprintln!("tandem: nobody is here to be asked; --yes says yes");
        return Ok(false);
    }
    eprint!("{question} y = yes, anything else = no: ");
    io::stderr().flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}
