//! `tandem why` without a place: which running server is meant, and what it tells.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use serde_json::json;

use super::{Arguments, exit_code, one_line, print};
use crate::cli::terminal::{Terminal, printable};
use crate::complete::{Decision, Trigger};
use crate::config::Loader;
use crate::session::witness::{Last, Testimony, ask_all};
use crate::session::{Asked, file_path};

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (found, problems) = runtime.block_on(ask_all(&loader.paths().runtime));
    for problem in problems {
        eprintln!("tandem: {problem}");
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let mut terminal = Terminal::stdout(loader.environment());
    if arguments.list {
        return list(found, arguments.question.json, now, &mut terminal);
    }
    let others = found.len().saturating_sub(1);
    let here = std::fs::canonicalize(".").unwrap_or_default();
    let server = choose(found, &here, arguments.server)?;
    let asked = match &server.last {
        Last::Request(asked) => asked,
        Last::None => bail!(
            "the server of {} was not asked for a suggestion yet: type in a document that it has open, or ask by key",
            name(&server)
        ),
        Last::SwitchedOff => bail!(
            "the server of {} does not tell, because completion.why is false there; tandem why FILE:LINE:COLUMN asks anew",
            name(&server)
        ),
    };
    if arguments.question.json {
        let Testimony { process, version, client, folders, .. } = &server;
        let report = json!({
            "server": { "process": process, "version": version, "client": client, "folders": folders },
            "unix": asked.unix,
            "line": asked.line,
            "column": asked.column,
            "why": asked.why,
        });
        terminal.line(serde_json::to_string_pretty(&report)?)?;
    } else {
        terminal.entry("asked", asked_by(&server, asked, now))?;
        terminal.entry("place", place(asked, &server.folders))?;
        print(&asked.why, arguments, &mut terminal)?;
        if others > 0 {
            terminal.entry("servers", format!("{others} more: tandem why --list, tandem why --server PROCESS"))?;
        }
    }
    Ok(exit_code(&asked.why))
}

/// The server that the user named; else of those whose workspace they stand in, or of all, the one that was asked last.
fn choose(found: Vec<Testimony>, here: &Path, named: Option<u32>) -> anyhow::Result<Testimony> {
    if found.is_empty() {
        bail!(
            "no running server of yours answers: open a file in your editor, or name a place: tandem why FILE:LINE:COLUMN"
        );
    }
    if let Some(process) = named {
        return found.into_iter().find(|server| server.process == process).with_context(|| {
            format!("no running server has the process number {process}; tandem why --list shows those that run")
        });
    }
    let is_here = |server: &Testimony| {
        server.folders.iter().any(|folder| {
            let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.clone());
            here.starts_with(&folder) || folder.starts_with(here)
        })
    };
    let (near, far): (Vec<_>, Vec<_>) = found.into_iter().partition(is_here);
    let candidates = if near.is_empty() { far } else { near };
    candidates.into_iter().max_by_key(|server| (last_asked(server), server.process)).context("no server")
}

/// None was asked before all others.
fn last_asked(server: &Testimony) -> Option<i64> {
    match &server.last {
        Last::Request(asked) => Some(asked.unix),
        Last::None | Last::SwitchedOff => None,
    }
}

/// Exit code 1 where there is none.
fn list(mut found: Vec<Testimony>, as_json: bool, now: i64, terminal: &mut Terminal) -> anyhow::Result<ExitCode> {
    found.sort_by_key(|server| std::cmp::Reverse((last_asked(server), server.process)));
    if as_json {
        terminal.line(serde_json::to_string_pretty(&found)?)?;
    } else if found.is_empty() {
        terminal.line("no running server of yours answers")?;
    } else {
        found.iter().try_for_each(|server| print_server(server, now, terminal))?;
    }
    Ok(if found.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn print_server(server: &Testimony, now: i64, terminal: &mut Terminal) -> io::Result<()> {
    let folders: Vec<String> = server.folders.iter().map(|folder| printable(&folder.to_string_lossy())).collect();
    let folders = if folders.is_empty() { "no folder".to_owned() } else { folders.join(", ") };
    terminal.heading(&format!("{}  {}  {folders}", server.process, name(server)))?;
    match &server.last {
        Last::None => terminal.entry("asked", "not yet"),
        Last::SwitchedOff => terminal.entry("asked", "is not told: completion.why is false there"),
        Last::Request(asked) => {
            let seconds = now.saturating_sub(asked.unix);
            terminal.entry("asked", format!("{} at {}", ago(seconds), place(asked, &server.folders)))?;
            match &asked.why.decision {
                Decision::Shown { suggestions, .. } => {
                    let first = suggestions.first().map_or("", |suggestion| &suggestion.text);
                    terminal.entry("shown", one_line(first))
                }
                Decision::Hidden { sentence, .. } => terminal.entry("nothing", printable(sentence)),
            }
        }
    }
}

fn name(server: &Testimony) -> String {
    server.client.as_deref().map_or_else(|| "an editor that does not say its name".to_owned(), printable)
}

fn asked_by(server: &Testimony, asked: &Asked, now: i64) -> String {
    let by = match asked.why.trigger {
        Trigger::Invoked => "by key",
        Trigger::Automatic => "by typing",
    };
    let ago = ago(now.saturating_sub(asked.unix));
    format!("{ago}, {by}, in {} (server {})", name(server), server.process)
}

/// As editors show it, from the workspace's folder where it is in one.
fn place(asked: &Asked, folders: &[PathBuf]) -> String {
    let document = match file_path(&asked.why.document) {
        Some(path) => {
            let inside = folders.iter().find_map(|folder| path.strip_prefix(folder).ok());
            inside.unwrap_or(&path).to_string_lossy().into_owned()
        }
        None => asked.why.document.to_string(),
    };
    format!("{}:{}:{} (version {})", printable(&document), asked.line, asked.column, asked.why.version)
}

fn ago(seconds: i64) -> String {
    match seconds {
        ..=0 => "just now".to_owned(),
        1 => "a second ago".to_owned(),
        2..120 => format!("{seconds} seconds ago"),
        120..7_200 => format!("{} minutes ago", seconds / 60),
        _ => format!("{} hours ago", seconds / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complete::{Reason, Why};

    fn server(process: u32, folder: &str, asked: Option<i64>) -> Testimony {
        let why = Why::silent("file:///proj/src/a%20b.rs".into(), Trigger::Automatic, Reason::MidLine);
        let request = |unix| Last::Request(Box::new(Asked { unix, line: 3, column: 7, why: why.clone() }));
        Testimony {
            version: "1".to_owned(),
            process,
            client: None,
            folders: vec![PathBuf::from(folder)],
            last: asked.map_or(Last::None, request),
        }
    }

    fn chosen(found: &[(u32, &str, Option<i64>)], here: &str, named: Option<u32>) -> Result<u32, String> {
        let found = found.iter().map(|(process, folder, asked)| server(*process, folder, *asked)).collect();
        choose(found, Path::new(here), named).map(|server| server.process).map_err(|error| error.to_string())
    }

    #[test]
    fn the_workspace_that_one_stands_in_comes_first_then_the_newest_request() {
        let all = [(1, "/a", Some(50)), (2, "/b", Some(90)), (3, "/b", None), (4, "/b/in", Some(80))];
        assert_eq!(chosen(&all, "/a/src", None), Ok(1));
        assert_eq!(chosen(&all, "/b", None), Ok(2));
        assert_eq!(chosen(&all, "/b/in/src", None), Ok(2));
        assert_eq!(chosen(&all, "/elsewhere", None), Ok(2));
        assert_eq!(chosen(&all, "/", None), Ok(2), "all folders lie in it");
        assert_eq!(chosen(&all, "/a", Some(3)), Ok(3));
    }

    #[test]
    fn what_is_not_there_is_told_with_the_way_out() {
        assert!(chosen(&[], "/a", None).unwrap_err().contains("open a file in your editor"));
        assert!(chosen(&[(1, "/a", None)], "/a", Some(9)).unwrap_err().contains("tandem why --list"));
    }

    #[test]
    fn places_are_written_as_editors_show_them() {
        let Last::Request(asked) = server(1, "/proj", Some(1)).last else { panic!("a request") };
        assert_eq!(place(&asked, &[PathBuf::from("/proj")]), "src/a b.rs:3:7 (version 0)");
        assert_eq!(place(&asked, &[]), "/proj/src/a b.rs:3:7 (version 0)");
    }

    #[test]
    fn times_are_as_people_say_them() {
        let said = ["just now", "a second ago", "59 seconds ago", "5 minutes ago", "25 hours ago"];
        assert_eq!([-5, 1, 59, 300, 90_000].map(ago), said);
    }
}
