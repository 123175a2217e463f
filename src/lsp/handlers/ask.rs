//! The commands of questions. Each answers at once and goes on in the background: clients give up on a request after a while.

use serde::Deserialize;
use serde_json::{Number, Value, json};
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::{Error, Result};

use crate::ask::Kind;
use crate::budget::Picodollars;
use crate::config::RouteChoice;
use crate::lsp::asking;
use crate::lsp::client::Severity;
use crate::lsp::convert;
use crate::lsp::server::Server;
use crate::lsp::sheet::Sheet;
use crate::session::questions::{Subject, Wish, words};
use crate::text::Range;

/// Asks. Its argument: `Arguments`.
pub const ASK: &str = "tandem.ask";
/// Shows what `ASK` with the same argument would send.
pub const PREVIEW: &str = "tandem.preview";
/// Shows where the limits stand.
pub const BUDGET: &str = "tandem.budget";
/// Shows what left this machine.
pub const AUDIT: &str = "tandem.audit";
/// Cancels the question with this number, or all.
pub const CANCEL: &str = "tandem.cancel";
/// Lets the user trust the first folder, or take that back.
pub const TRUST: &str = "tandem.trust";
/// Of the client, where it says that it has it: asks the user for words and runs `ASK` with them. Never announced.
pub const PROMPT: &str = "tandem.prompt";

pub const COMMANDS: [&str; 6] = [ASK, PREVIEW, BUDGET, AUDIT, TRUST, CANCEL];

/// Longest question, in bytes. A novel is no question.
const MOST_BYTES: usize = 32_000;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Arguments {
    question: String,
    kind: Kind,
    uri: Option<lsp::Uri>,
    range: Option<lsp::Range>,
    subject: Subject,
    diagnostics: Vec<String>,
    thread: Option<String>,
    route: Option<RouteChoice>,
    /// In dollars.
    limit: Option<Number>,
    changes: bool,
}

impl Arguments {
    fn read(command: &str, params: &lsp::ExecuteCommandParams) -> Result<Wish> {
        let invalid = |problem: String| Error::invalid_params(format!("`{command}`: {problem}"));
        let argument = params.arguments.as_ref().and_then(|arguments| arguments.first()).cloned();
        let argument = argument.filter(|argument| !argument.is_null()).unwrap_or_else(|| json!({}));
        let arguments: Self = serde_json::from_value(argument).map_err(|error| invalid(error.to_string()))?;
        if arguments.question.len() > MOST_BYTES {
            return Err(invalid(format!("a question has at most {MOST_BYTES} bytes")));
        }
        if arguments.question.trim().is_empty() && arguments.kind == Kind::Ask {
            return Err(invalid("`question` is empty; only `explain` and the kinds below it need no words".to_owned()));
        }
        let limit = match &arguments.limit {
            Some(number) => Some(
                Picodollars::parse_dollars(&number.to_string())
                    .ok_or_else(|| invalid(format!("{number} is no amount of dollars")))?,
            ),
            None => None,
        };
        let range = arguments
            .range
            .map(|range| Range { start: convert::position(range.start), end: convert::position(range.end) });
        Ok(Wish {
            kind: arguments.kind,
            text: arguments.question.trim().to_owned(),
            place: arguments.uri.map(|uri| (uri.as_str().to_owned(), range)),
            subject: arguments.subject,
            diagnostics: arguments.diagnostics,
            thread: arguments.thread,
            route: arguments.route,
            limit,
            with_changes: arguments.changes,
        })
    }
}

/// Runs one of `COMMANDS`.
pub fn handle(server: &Server, params: &lsp::ExecuteCommandParams) -> Result<Option<Value>> {
    let Some(answerer) = server.session.answerer() else {
        return Err(Error::invalid_params(format!("there is no command `{}`", params.command)));
    };
    let desk = server.desk();
    match params.command.as_str() {
        ASK => {
            let wish = Arguments::read(ASK, params)?;
            // Before the answer, so that it can be cancelled as soon as the client knows of it.
            let running = server.session.number_question();
            let number = json!({ "question": running.id });
            let shows_answers = desk.features.answers;
            server.in_background(asking::ask(desk, answerer, wish, running));
            return Ok(shows_answers.then_some(number));
        }
        PREVIEW => {
            let wish = Arguments::read(PREVIEW, params)?;
            server.in_background(async move {
                desk.renew_settings().await;
                let shown = match desk.session.question(wish).await {
                    Ok((question, workspace)) => answerer.preview(question, workspace).await,
                    Err(problem) => Err(problem),
                };
                match shown {
                    Ok(payload) => {
                        let text = words::payload(&payload.preview, &payload.texts);
                        Sheet::show(&desk, "What would be sent", &text).await;
                    }
                    Err(problem) => desk.client.show(Severity::Warning, &problem),
                }
            });
        }
        BUDGET => server.in_background(async move {
            desk.renew_settings().await;
            let Some(workspace) = desk.session.first_workspace() else {
                return desk.client.show(Severity::Warning, "there is no folder whose budget could be shown");
            };
            match answerer.budget(workspace).await.windows {
                Ok(windows) => {
                    let running = running(&desk.session.running_questions());
                    let text = format!("# Budget\n\n{}{running}", words::budget(&windows));
                    Sheet::show(&desk, "Budget", &text).await;
                }
                Err(problem) => desk.client.show(Severity::Warning, &problem),
            }
        }),
        AUDIT => server.in_background(async move {
            match answerer.audit().await {
                Ok(text) => Sheet::show(&desk, "What left this machine", &text).await,
                Err(problem) => desk.client.show(Severity::Warning, &problem),
            }
        }),
        TRUST => server.in_background(async move {
            let Some(workspace) = desk.session.first_workspace() else {
                return desk.client.show(Severity::Warning, "there is no folder to trust");
            };
            asking::trust::ask(&desk, workspace.index.root()).await;
        }),
        _ => {
            let number = params.arguments.as_ref().and_then(|arguments| arguments.first());
            let id = match number.filter(|number| !number.is_null()) {
                None => None,
                Some(number) => Some(number.as_u64().ok_or_else(|| {
                    Error::invalid_params(format!("`{CANCEL}` takes the number of a question, or nothing"))
                })?),
            };
            return Ok(Some(json!({ "cancelled": server.session.cancel_questions(id) })));
        }
    }
    Ok(None)
}

fn running(list: &[(u64, String)]) -> String {
    if list.is_empty() {
        return String::new();
    }
    let lines: String = list.iter().map(|(id, title)| format!("* {id}: {title}\n")).collect();
    format!("\n## Being answered\n\n{lines}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(argument: Value) -> Result<Wish> {
        let params = json!({ "command": ASK, "arguments": [argument] });
        Arguments::read(ASK, &serde_json::from_value(params).expect("parameters"))
    }

    #[test]
    fn arguments_are_checked() {
        let read =
            wish(json!({ "question": " why? ", "route": "local", "limit": 0.5, "subject": "file" })).expect("a wish");
        assert_eq!((read.text.as_str(), read.subject), ("why?", Subject::File));
        assert_eq!((read.route, read.limit), (Some(RouteChoice::Local), Some(Picodollars(500_000_000_000))));
        assert!(wish(json!({ "kind": "explain" })).is_ok(), "it says enough");
        for wrong in [
            json!({}),
            json!({ "question": "  " }),
            json!({ "question": "a", "limit": -1 }),
            json!({ "question": "a", "endpoint": "http://x" }),
            json!({ "question": "a", "kind": "destroy" }),
            json!({ "question": "x".repeat(MOST_BYTES + 1) }),
            json!(7),
        ] {
            assert!(wish(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
