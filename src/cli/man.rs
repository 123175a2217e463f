//! `tandem man`: a manual page for each command, made from the definitions that `--help` shows.
//!
//! Beside what the generator knows, a page has its examples set as they are typed, its exit codes in the section where
//! they are looked for, and `tandem(1)` the files and variables. Nothing in it depends on the day or the machine.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::public;

/// Write the manual pages into a directory.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:
  tandem man ~/.local/share/man/man1")]
pub struct Arguments {
    /// The directory; made where it is not there
    directory: PathBuf,
}

/// What begins the sentence about exit codes in the long help of a command.
const EXIT_CODE: &str = "Exit code: ";

const ENVIRONMENT: &[(&str, &str)] = &[
    ("TANDEM_CONFIG", "Names the configuration file."),
    (
        "TANDEM_*",
        "Each setting: its key in capitals, for example TANDEM_COMPLETION_MAX_LINES=3. It stands above the files and the \
         editor.",
    ),
    ("TANDEM_LOG", "What is logged, for example info or tandem::complete=debug."),
    ("CI", "When set, one compute thread is the default."),
    ("NO_COLOR", "No colours in the terminal."),
    (
        "XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_CACHE_HOME, XDG_RUNTIME_DIR",
        "Where the directories below lie, on every system.",
    ),
];

const FILES: &[(&str, &str)] = &[
    ("~/.config/tandem/config.toml", "The user's settings. On macOS in ~/Library/Application Support/tandem."),
    (".tandem.toml", "Settings of a repository, in its root. They may only tighten what the user set."),
    ("~/.config/tandem/prices.toml", "Prices of models by the user's word."),
    (
        "~/.local/state/tandem/",
        "Ledger, audit log, statistics, logs. On macOS in ~/Library/Application Support/tandem.",
    ),
    ("~/.cache/tandem/", "Indexes and the unpacked starter model; made again when lost. On macOS in ~/Library/Caches."),
];

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let directory = &arguments.directory;
    fs::create_dir_all(directory).with_context(|| format!("cannot make the directory {}", directory.display()))?;
    for (name, page) in pages()? {
        let file = directory.join(name);
        fs::write(&file, page).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// All pages, as file names and texts: `tandem.1` first, then those of its commands, in the order of `--help`.
fn pages() -> io::Result<Vec<(String, String)>> {
    let mut root = public();
    // Gives each command its full name, and itself `--help`.
    root.build();
    let mut pages = Vec::new();
    add_pages(&root, &[], &mut pages)?;
    Ok(pages)
}

fn add_pages(command: &Command, above: &[&str], pages: &mut Vec<(String, String)>) -> io::Result<()> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    pages.push((format!("{name}.1"), page(command, name, above)?));
    let above: Vec<&str> = above.iter().copied().chain([name]).collect();
    commands_of(command).try_for_each(|below| add_pages(below, &above, pages))
}

/// The commands of a command that have pages. `help` needs none: it prints what stands in them.
fn commands_of(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help")
}

fn page(command: &Command, name: &str, above: &[&str]) -> io::Result<String> {
    let (description, exit_code) = description(command);
    // The generator would list `help` and set the examples as a paragraph.
    let shown = command.clone().long_about(description).mut_subcommands(|below| {
        let hide = below.get_name() == "help";
        below.hide(hide)
    });
    let version = env!("CARGO_PKG_VERSION");
    let man = Man::new(shown).title(name.to_uppercase()).source(format!("tandem {version}")).manual("Tandem");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if commands_of(command).next().is_some() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut rest = Roff::new();
    if let Some(after) = command.get_after_help() {
        add_after_help(&mut rest, &after.to_string());
    }
    let exit_code = exit_code.unwrap_or_else(|| {
        "0 when it worked; 1 when it worked and the answer is no; 2 a mistake in the arguments or a file that cannot be \
         used."
            .to_owned()
    });
    rest.control("SH", ["EXIT STATUS"]).text([roman(exit_code)]);
    if above.is_empty() {
        add_list(&mut rest, "ENVIRONMENT", ENVIRONMENT);
        add_list(&mut rest, "FILES", FILES);
    }
    let mut related: Vec<&str> = above.to_vec();
    related.extend(commands_of(command).filter_map(Command::get_display_name));
    if !related.is_empty() {
        let names: Vec<String> = related.iter().map(|name| format!("{name}(1)")).collect();
        rest.control("SH", ["SEE ALSO"]).text([roman(names.join(", "))]);
    }
    rest.to_writer(&mut page)?;
    Ok(ascii(&String::from_utf8_lossy(&page)))
}

/// The page with names for characters that an older `groff` does not take as they are.
fn ascii(page: &str) -> String {
    let mut escaped = String::with_capacity(page.len());
    for character in page.chars() {
        if character.is_ascii() {
            escaped.push(character);
        } else {
            escaped.push_str(&format!("\\[u{:04X}]", u32::from(character)));
        }
    }
    escaped
}

/// The long help without its sentence about exit codes, and that sentence.
fn description(command: &Command) -> (String, Option<String>) {
    let text = command.get_long_about().or_else(|| command.get_about()).map(ToString::to_string).unwrap_or_default();
    match text.split_once(EXIT_CODE) {
        Some((before, exit_code)) => {
            (before.trim_end().to_owned(), Some(exit_code.replace('\n', " ").trim().to_owned()))
        }
        None => (text, None),
    }
}

/// What stands below the options in `--help`: examples line by line as they are typed, the rest as paragraphs.
fn add_after_help(page: &mut Roff, text: &str) {
    page.control("SH", ["EXAMPLES"]);
    for block in text.split("\n\n") {
        let is_typed = |line: &&str| line.starts_with(' ');
        let words: Vec<&str> = block.lines().filter(|line| !is_typed(line)).collect();
        let typed: Vec<&str> = block.lines().filter(is_typed).collect();
        if !matches!(words[..], [] | ["Examples:" | "Example:"]) {
            page.control("PP", []).text([roman(words.join(" "))]);
        }
        if !typed.is_empty() {
            page.control("PP", []).control("nf", []);
            for line in typed {
                page.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
            }
            page.control("fi", []);
        }
    }
}

fn add_list(page: &mut Roff, heading: &str, entries: &[(&str, &str)]) {
    page.control("SH", [heading]);
    for (name, text) in entries {
        page.control("TP", []).text([bold(*name)]).text([roman(*text)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of(name: &str) -> String {
        let (_, page) = pages().unwrap().into_iter().find(|(file, _)| file == name).unwrap();
        page
    }

    #[test]
    fn exit_codes_have_their_section() {
        let page = page_of("tandem-trust.1");
        let (description, exit_status) = page.split_once(".SH \"EXIT STATUS\"\n").unwrap();
        assert!(exit_status.starts_with("0 it is trusted"), "{exit_status}");
        assert!(!description.contains("Exit code"), "{description}");
    }

    #[test]
    fn examples_are_set_as_they_are_typed() {
        let page = page_of("tandem-trust.1");
        let (_, examples) = page.split_once(".SH EXAMPLES\n.PP\n.nf\n").unwrap();
        assert!(examples.starts_with("tandem trust                what there is to look at"), "{examples}");
        assert!(page_of("tandem.1").contains("Settings come from your config.toml"));
    }

    #[test]
    fn other_alphabets_are_named() {
        assert_eq!(ascii("a – ß 🎈"), r"a \[u2013] \[u00DF] \[u1F388]");
        assert!(pages().unwrap().iter().all(|(_, page)| page.is_ascii()));
    }

    #[test]
    fn what_is_hidden_has_no_page() {
        let names: Vec<String> = pages().unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names[0], "tandem.1");
        for hidden in ["tandem-engine.1", "tandem-man.1", "tandem-help.1", "tandem-budget-help.1"] {
            assert!(!names.iter().any(|name| name == hidden), "{names:?}");
        }
        assert!(names.iter().any(|name| name == "tandem-budget-set.1"), "{names:?}");
    }
}
