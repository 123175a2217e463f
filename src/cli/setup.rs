//! `tandem setup`: Tandem into an editor's configuration, and out of it again. Nothing is written before somebody agreed to
//! the very change, and what cannot be merged safely is left alone, with what to add by hand.

mod block;
mod diff;
mod edits;
mod emacs;
mod file;
mod helix;
mod jetbrains;
mod jsonc;
mod kakoune;
mod neovim;
mod recipe;
mod sublime;
mod vscode;
mod zed;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};

use super::editors::{self, Kind};
use super::terminal::{Style, Terminal, printable};
use super::{Options, USAGE_OR_FILE_ERROR};
use crate::config::{Environment, Loader};
use file::ConfigFile;
use recipe::{Recipe, Wanted};

/// Put Tandem into an editor's configuration.
///
/// Shows what would change and asks before it writes. The file keeps its comments and its layout, and the old one stays beside
/// it as FILE.tandem-backup. A second run changes nothing. Without an editor: which ones are here, and which are set up.
///
/// Exit code: 0 it is set up (with --remove: it is not; with --dry-run and --print: it could be); 1 nobody agreed; 2 a file
/// that cannot be changed safely, or a mistake in the arguments.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem setup                             which editors are here, and what state they are in
  tandem setup helix                       show the change, ask, write it
  tandem setup helix --language nix        for a language that Tandem does not index, too
  tandem setup neovim --yes                without the question
  tandem setup zed --print                 what to write by hand
  tandem setup helix --remove              take it out again
  tandem setup helix --remove --language go
                                           out of this language alone (Helix)")]
pub struct Arguments {
    #[arg(value_name = "EDITOR", value_enum)]
    editor: Option<Kind>,

    /// Without a question
    #[arg(long, requires = "editor")]
    yes: bool,

    /// Show what would change, and write nothing
    #[arg(long, requires = "editor", conflicts_with = "yes")]
    dry_run: bool,

    /// Print what belongs into an empty configuration, and write nothing
    #[arg(long, requires = "editor", conflicts_with_all = ["yes", "dry_run", "remove"])]
    print: bool,

    /// Take it out again
    #[arg(long, requires = "editor")]
    remove: bool,

    /// Only this language, as the editor calls it; can be given several times
    #[arg(long = "language", value_name = "NAME", requires = "editor")]
    languages: Vec<String>,

    /// This file in place of the one that the editor reads
    #[arg(long, value_name = "FILE", requires = "editor")]
    file: Option<PathBuf>,

    /// What the editor is to start; without it `tandem` where that is this program, else this program's path
    #[arg(long, value_name = "PROGRAM", requires = "editor")]
    command: Option<String>,

    /// VS Code: the extension's package; without it the one that came with this program
    #[arg(long, value_name = "FILE", requires = "editor")]
    vsix: Option<PathBuf>,

    #[command(flatten)]
    pub(super) options: Options,
}

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let environment = loader.environment();
    let mut terminal = Terminal::stdout(environment);
    let command = arguments.command.clone().map_or_else(|| own_command(environment), Ok)?;
    let wanted = Wanted { command, languages: arguments.languages.clone() };
    check_words(&wanted)?;
    let Some(kind) = arguments.editor else { return list(&mut terminal, environment, &wanted) };
    if arguments.vsix.is_some() && kind != Kind::VsCode {
        bail!("--vsix is for VS Code");
    }
    if arguments.remove && !wanted.languages.is_empty() && kind != Kind::Helix {
        bail!("--language with --remove is for Helix: {} has one entry for all of them", kind.name());
    }
    match recipe(kind, &wanted) {
        Some(recipe) => change(&mut terminal, arguments, environment, kind, &*recipe),
        None => extension(&mut terminal, arguments, environment, &wanted.command),
    }
}

fn recipe<'a>(kind: Kind, wanted: &'a Wanted) -> Option<Box<dyn Recipe + 'a>> {
    Some(match kind {
        Kind::Helix => Box::new(helix::Helix(wanted)),
        Kind::Neovim => Box::new(neovim::Neovim(wanted)),
        Kind::Zed => Box::new(zed::Zed(wanted)),
        Kind::Emacs => Box::new(emacs::Emacs(wanted)),
        Kind::Kakoune => Box::new(kakoune::Kakoune(wanted)),
        Kind::Sublime => Box::new(sublime::Sublime(wanted)),
        Kind::JetBrains => Box::new(jetbrains::JetBrains(wanted)),
        Kind::VsCode => return None,
    })
}

/// `tandem`, where a shell would start this very program by it; else its path, which works today and not after a move.
fn own_command(environment: &Environment) -> anyhow::Result<String> {
    let own = std::env::current_exe().context("this program's own path is not known; --command names one")?;
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    match environment.find_executable("tandem") {
        Some(found) if real(&found) == real(&own) => Ok("tandem".to_owned()),
        _ => own
            .into_os_string()
            .into_string()
            .map_err(|_| anyhow::anyhow!("this program's path is no text; use --command")),
    }
}

/// Words that go into files of several languages.
fn check_words(wanted: &Wanted) -> anyhow::Result<()> {
    if wanted.command.trim().is_empty() || wanted.command.contains(char::is_control) {
        bail!("--command: this is not a program's name");
    }
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_+.#".contains(c));
    match wanted.languages.iter().find(|name| !is_name(name)) {
        Some(name) => bail!("--language {}: a name has letters, digits and - _ + . #", printable(name)),
        None => Ok(()),
    }
}

/// How an editor's file stands to Tandem.
enum State {
    SetUp,
    /// Something of ours is there, and not what this version would write for these arguments.
    Differs,
    NotSetUp,
    Unusable(String),
}

fn state(recipe: &dyn Recipe, path: &Path) -> State {
    let read = || -> anyhow::Result<State> {
        let text = ConfigFile::open(path)?.text();
        if recipe.add(&text)? == text {
            return Ok(State::SetUp);
        }
        Ok(if recipe.remove(&text)? == text { State::NotSetUp } else { State::Differs })
    };
    read().unwrap_or_else(|error| State::Unusable(format!("{error:#}")))
}

/// How an editor's configuration stands to Tandem, for who only looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// In this file or folder.
    SetUp(PathBuf),
    /// Something of ours is there, and not what this version would write.
    Differs(PathBuf),
    NotSetUp,
    /// The file cannot be changed: which, and why.
    Unusable(PathBuf, String),
}

/// Looks, and writes nothing.
pub(super) fn standing(kind: Kind, environment: &Environment) -> anyhow::Result<Standing> {
    let wanted = Wanted { command: own_command(environment)?, languages: Vec::new() };
    let Some(recipe) = recipe(kind, &wanted) else {
        let mut installed = vscode::installed(environment);
        return Ok(if installed.is_empty() { Standing::NotSetUp } else { Standing::SetUp(installed.swap_remove(0)) });
    };
    let Some(path) = recipe.file(environment) else { return Ok(Standing::NotSetUp) };
    Ok(match state(&*recipe, &path) {
        State::SetUp => Standing::SetUp(path),
        State::Differs => Standing::Differs(path),
        State::NotSetUp => Standing::NotSetUp,
        State::Unusable(problem) => Standing::Unusable(path, problem),
    })
}

fn list(terminal: &mut Terminal, environment: &Environment, wanted: &Wanted) -> anyhow::Result<ExitCode> {
    let mut missing = Vec::new();
    terminal.heading("Editors")?;
    for kind in Kind::ALL {
        let found = editors::find_one(kind, environment);
        let (state, is_there) = match recipe(kind, wanted) {
            Some(recipe) => described(kind, &*recipe, environment),
            None => match vscode::installed(environment).first() {
                Some(place) => (format!("set up: {}", place.display()), true),
                None => ("not set up: tandem setup vscode".to_owned(), false),
            },
        };
        if found.is_none() && !is_there {
            missing.push(kind.name());
            continue;
        }
        let version = found.as_ref().and_then(|editor| editor.version.clone());
        let program = match found {
            Some(editor) => version.unwrap_or_else(|| editor.path.display().to_string()),
            None => "not on the PATH".to_owned(),
        };
        terminal.entry(kind.name(), printable(&format!("{program}; {state}")))?;
    }
    if !missing.is_empty() {
        terminal.entry("not here", missing.join(", "))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The state in words, and whether there is anything of ours.
fn described(kind: Kind, recipe: &dyn Recipe, environment: &Environment) -> (String, bool) {
    let word = kind.word();
    let Some(path) = recipe.file(environment) else { return ("its configuration's place is not known".into(), false) };
    let path_shown = path.display();
    match state(recipe, &path) {
        State::SetUp => (format!("set up in {path_shown}"), true),
        State::Differs => (format!("set up in {path_shown}; `tandem setup {word}` would bring it up to date"), true),
        State::NotSetUp => (format!("not set up: tandem setup {word}"), false),
        State::Unusable(problem) => (format!("{path_shown} cannot be changed: {problem}"), path.exists()),
    }
}

fn change(
    terminal: &mut Terminal,
    arguments: &Arguments,
    environment: &Environment,
    kind: Kind,
    recipe: &dyn Recipe,
) -> anyhow::Result<ExitCode> {
    if arguments.print {
        terminal.piece(&recipe.add("")?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let path = match &arguments.file {
        Some(path) => std::path::absolute(path)?,
        None => recipe.file(environment).with_context(|| {
            format!("where {} keeps its configuration is not known: name it by --file", kind.name())
        })?,
    };
    let name = printable(&path.display().to_string());
    let file = ConfigFile::open(&path)?;
    let before = file.text();
    let after = if arguments.remove { recipe.remove(&before) } else { recipe.add(&before) };
    let after = match after {
        Ok(after) => after,
        Err(problem) => {
            eprintln!("tandem: {name}: {problem:#}");
            // An argument that does not hold says so here, too.
            if let (false, Ok(fragment)) = (arguments.remove, recipe.add("")) {
                eprintln!("Nothing was changed. What belongs into it, to be added by hand:\n\n{fragment}");
            }
            return Ok(USAGE_OR_FILE_ERROR.into());
        }
    };
    let remarks = recipe.remarks(&after, !arguments.remove);
    if after == before {
        let words = match (arguments.remove, remarks.is_empty()) {
            (true, true) => "Nothing of Tandem is in",
            (true, false) => "Nothing to take out of",
            (false, _) => "Already there:",
        };
        terminal.line(format!("{words} {name}"))?;
        remarks.iter().try_for_each(|remark| terminal.line(printable(remark)))?;
        return Ok(ExitCode::SUCCESS);
    }
    let kept = if file.exists() { "" } else { " (a new file)" };
    terminal.line(format!("{name}{kept}"))?;
    if let Some(real) = file.linked_to() {
        terminal.line(format!("  which is {}", printable(&real.display().to_string())))?;
    }
    show_diff(terminal, &before, &after)?;
    remarks.iter().try_for_each(|remark| terminal.line(printable(remark)))?;
    if arguments.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    if !(arguments.yes || agrees(if arguments.remove { "Take it out?" } else { "Write it?" })?) {
        return Ok(ExitCode::FAILURE);
    }
    let backup = file.replace(&after)?;
    terminal.line(if arguments.remove { "Taken out." } else { "Written." })?;
    if let Some(backup) = backup {
        terminal.line(format!("The old one: {}", printable(&backup.display().to_string())))?;
    }
    if !arguments.remove {
        recipe.notes().iter().try_for_each(|note| terminal.line(note))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show_diff(terminal: &mut Terminal, before: &str, after: &str) -> io::Result<()> {
    for line in diff::lines(before, after) {
        let (style, mark, text) = match line {
            diff::Line::Kept(text) => (Style::Dim, "  ", text),
            diff::Line::Gone(text) => (Style::Bad, "- ", text),
            diff::Line::New(text) => (Style::Good, "+ ", text),
            diff::Line::Gap => (Style::Dim, "  ", "…"),
        };
        let text = printable(&text.replace('\t', "    "));
        terminal.styled(&[(style, &format!("{mark}{text}"))])?;
    }
    Ok(())
}

/// VS Code: by its own command.
fn extension(
    terminal: &mut Terminal,
    arguments: &Arguments,
    environment: &Environment,
    own_command: &str,
) -> anyhow::Result<ExitCode> {
    if arguments.file.is_some() || !arguments.languages.is_empty() || arguments.command.is_some() {
        bail!("VS Code needs the extension alone; what it starts, and where, are its settings");
    }
    let package = match &arguments.vsix {
        _ if arguments.remove => None,
        Some(package) => Some(package.canonicalize().with_context(|| format!("cannot read {}", package.display()))?),
        None => {
            let own = std::env::current_exe()?;
            let found = vscode::package(&own);
            Some(found.with_context(|| {
                let names = vscode::package_names().join(" or ");
                format!(
                    "no {names} came with {}: take one from the release of this version, or build it from the source \
                     (`npm ci && npm run package` in editors/vscode), and name it by --vsix",
                    own.display()
                )
            })?)
        }
    };
    let installed = vscode::installed(environment);
    if arguments.remove && installed.is_empty() {
        terminal.line("Nothing of Tandem is in VS Code's extensions")?;
        return Ok(ExitCode::SUCCESS);
    }
    let command = vscode::command(environment, package.as_deref())?;
    let shown = printable(&vscode::shown(&command));
    if arguments.print {
        terminal.line(shown)?;
        return Ok(ExitCode::SUCCESS);
    }
    for place in installed {
        terminal.line(format!("Installed: {}", printable(&place.display().to_string())))?;
    }
    terminal.line(format!("To be run: {shown}"))?;
    if arguments.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    if !(arguments.yes || agrees("Run it?")?) {
        return Ok(ExitCode::FAILURE);
    }
    vscode::run(command)?;
    terminal.line(if arguments.remove { "Removed." } else { "Installed. docs/editors/vscode.md has the rest." })?;
    if package.is_some_and(|package| vscode::is_without_program(&package)) && own_command != "tandem" {
        let own = printable(own_command);
        terminal
            .line(format!("There is no program in it, and `tandem` is not on the PATH: set tandem.path to {own}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn agrees(question: &str) -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        eprintln!("tandem: nobody is here to be asked; --yes agrees");
        return Ok(false);
    }
    eprint!("{question} y = yes, anything else = no: ");
    io::stderr().flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}
