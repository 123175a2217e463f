//! `workspace/executeCommand`: the client tells that a suggestion was accepted, by the command of its item, and the user
//! pauses and resumes.

use serde_json::{Value, json};
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::{Error, Result};

use super::{ask, next_edit};
use crate::lsp::server::Server;
use crate::session::LONGEST_PAUSE_MINUTES;

/// The command of an accepted item. Its arguments: the suggestion's number, and which of its items from 0.
pub const ACCEPTED: &str = "tandem.accepted";
/// Typing gets no suggestions. Its argument, which may be left out: for how many minutes.
pub const PAUSE: &str = "tandem.pause";
/// Ends a pause.
pub const RESUME: &str = "tandem.resume";
/// Ends a pause or begins one; takes what `PAUSE` takes.
pub const TOGGLE: &str = "tandem.toggle";

/// How readily suggestions are shown by this server. Its argument: a word or a number; nothing takes it back.
pub const EAGERNESS: &str = "tandem.eagerness";

/// What clients may run. `counts`: it is worth telling what was accepted. `follows`: stale uses are looked for. `asks`:
/// questions can be asked.
pub fn commands(counts: bool, follows: bool, asks: bool) -> Vec<String> {
    let sometimes = [(counts, ACCEPTED), (follows, next_edit::COMMAND)];
    let sometimes = sometimes.into_iter().filter(|(is_there, _)| *is_there).map(|(_, name)| name);
    let questions = ask::COMMANDS.into_iter().filter(|_| asks);
    sometimes.chain(questions).chain([PAUSE, RESUME, TOGGLE, EAGERNESS]).map(str::to_owned).collect()
}

pub fn handle(server: &Server, params: &lsp::ExecuteCommandParams) -> Result<Option<Value>> {
    let arguments = params.arguments.as_deref().unwrap_or_default();
    let session = &server.session;
    match params.command.as_str() {
        ACCEPTED if session.keeps_figures() => {
            let argument = |at: usize| arguments.get(at).and_then(Value::as_u64);
            let (Some(number), Some(item)) = (argument(0), argument(1)) else {
                return Err(Error::invalid_params(format!("`{ACCEPTED}` takes two numbers")));
            };
            session.accepted(number, usize::try_from(item).unwrap_or(usize::MAX));
        }
        PAUSE => session.pause(minutes(PAUSE, arguments)?),
        RESUME => session.resume(),
        TOGGLE => {
            let minutes = minutes(TOGGLE, arguments)?;
            if session.paused().is_some() { session.resume() } else { session.pause(minutes) }
        }
        EAGERNESS => {
            let wanted = arguments.first().filter(|wanted| !wanted.is_null());
            let message = |problem: String| Error::invalid_params(format!("`{EAGERNESS}`: {problem}"));
            server.settings.set_eagerness(wanted.cloned()).map_err(message)?;
        }
        other if ask::COMMANDS.contains(&other) => return ask::handle(server, params),
        other => return Err(Error::invalid_params(format!("there is no command `{other}`"))),
    }
    Ok(None)
}

/// How long a pause is to last; None without an end.
fn minutes(command: &str, arguments: &[Value]) -> Result<Option<u32>> {
    let Some(minutes) = arguments.first().filter(|minutes| !minutes.is_null()) else { return Ok(None) };
    let known = minutes.as_u64().and_then(|minutes| u32::try_from(minutes).ok());
    match known.filter(|minutes| (1..=LONGEST_PAUSE_MINUTES).contains(minutes)) {
        Some(minutes) => Ok(Some(minutes)),
        None => Err(Error::invalid_params(format!(
            "`{command}` takes a number of minutes from 1 to {LONGEST_PAUSE_MINUTES}, or nothing"
        ))),
    }
}

/// The command for item `item` of the suggestion that was shown as `number`.
pub fn accepted(number: u64, item: usize) -> lsp::Command {
    let arguments = Some(vec![json!(number), json!(item)]);
    lsp::Command { title: "Tandem: accepted".to_owned(), tooltip: None, command: ACCEPTED.to_owned(), arguments }
}
