//! Code actions that ask: about what is at the cursor, or what a comment there asks.
//!
//! Editors ask for them with every movement of the cursor, so they are made from the lines around it and nothing else: no
//! network, no index, no whole tree. What is meant is found out when one is run. An editor that asks by itself gets those
//! alone that are about this very place, so that no light bulb burns everywhere.

use serde_json::{Value, json};
use tower_lsp::gen_lsp_types as lsp;

use super::ask::{ASK, PREVIEW, PROMPT};
use crate::ask::Kind;
use crate::lsp::convert;
use crate::lsp::server::Server;
use crate::session::questions::{CommentQuestion, Subject, words};
use crate::text::Document;

/// Of actions that answer. A kind of its own: `source` is in no quick menu of VS Code, `quickfix` may run when a file is saved.
pub const QUESTION_KIND: &str = "tandem.ask";
/// Of actions that propose a change to look at.
pub const CHANGE_KIND: &str = "refactor.rewrite.tandem";

/// Longest title of an action, in characters.
const TITLE: usize = 60;

/// Diagnostics that a question takes along, and characters of each.
const DIAGNOSTICS: usize = 5;
const DIAGNOSTIC: usize = 1_000;

/// None where nobody answers questions. What must be looked at before the first wait is.
pub fn prepare(
    server: &Server,
    params: &lsp::CodeActionParams,
) -> Option<impl Future<Output = Vec<Value>> + Send + use<>> {
    let only = params.context.only.clone();
    let is_wanted = move |kind: &str| is_among(kind, only.as_deref());
    if server.session.answerer().is_none() || ![QUESTION_KIND, CHANGE_KIND].iter().any(|kind| is_wanted(kind)) {
        return None;
    }
    let uri = params.text_document.uri.as_str().to_owned();
    let document = server.session.document(&uri)?;
    let features = server.features();
    let comment = server.session.comment_question(&uri, convert::position(params.range.start));
    let is_automatic = params.context.trigger_kind == Some(lsp::CodeActionTriggerKind::Automatic);
    let place = Place { uri, range: params.range, prompts: features.prompts };
    let diagnostics = diagnostics(&params.context.diagnostics);
    Some(async move {
        let mut actions = Vec::new();
        let (mut questions, mut changes) = (Vec::new(), Vec::new());
        if let Some((document, comment)) = comment.await {
            questions.extend(place.comment(&document, &comment, features.encoding));
        }
        if !diagnostics.is_empty() {
            let more = json!({ "diagnostics": diagnostics });
            questions.push(place.kind("Why is this error here?", Kind::WhyError, Subject::Here, QUESTION_KIND, more));
        }
        if !is_automatic {
            questions.extend(place.questions(&document));
            changes.extend(place.changes());
        }
        for (kind, found) in [(QUESTION_KIND, questions), (CHANGE_KIND, changes)] {
            if is_wanted(kind) {
                actions.extend(found);
            }
        }
        actions
    })
}

/// Whether a kind, or one that it is part of, is asked for.
fn is_among(kind: &str, only: Option<&[lsp::CodeActionKind]>) -> bool {
    let Some(only) = only else { return true };
    only.iter().any(|wanted| {
        let wanted = String::from(wanted.clone());
        wanted.is_empty() || kind == wanted || kind.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with('.'))
    })
}

fn diagnostics(all: &[lsp::Diagnostic]) -> Vec<String> {
    let told = all.iter().take(DIAGNOSTICS).map(|diagnostic| {
        let value = serde_json::to_value(&diagnostic.message).unwrap_or_default();
        // Newer clients may send Markdown.
        let text = value.as_str().or_else(|| value["value"].as_str()).unwrap_or_default().to_owned();
        words::cut(&text, DIAGNOSTIC)
    });
    told.filter(|text| !text.is_empty()).collect()
}

struct Place {
    uri: String,
    range: lsp::Range,
    /// The client asks for the words itself.
    prompts: bool,
}

impl Place {
    fn action(&self, title: &str, kind: &str, command: &str, mut argument: Value) -> Value {
        argument["uri"] = json!(self.uri);
        if argument.get("range").is_none() {
            argument["range"] = json!(self.range);
        }
        let command = json!({ "title": title, "command": command, "arguments": [argument] });
        json!({ "title": title, "kind": kind, "command": command })
    }

    fn kind(&self, title: &str, kind: Kind, subject: Subject, action: &str, mut more: Value) -> Value {
        more["kind"] = json!(kind);
        more["subject"] = json!(subject);
        self.action(title, action, ASK, more)
    }

    fn comment(
        &self,
        document: &Document,
        comment: &CommentQuestion,
        encoding: crate::text::PositionEncoding,
    ) -> [Value; 2] {
        let subject = match comment.subject {
            Subject::Here => Subject::Comment,
            named => named,
        };
        let range = super::next_edit::range(document, &comment.range, encoding);
        let argument = json!({ "question": comment.text, "subject": subject, "range": range });
        let title = words::cut(&words::plain(&comment.text), TITLE);
        [
            self.action(&format!("Ask: {title}"), QUESTION_KIND, ASK, argument.clone()),
            self.action(&format!("Show what would be sent: {title}"), QUESTION_KIND, PREVIEW, argument),
        ]
    }

    /// Those that need no words, and those for which the user is asked for some: by the client, or by a comment to write.
    fn questions(&self, document: &Document) -> Vec<Value> {
        let is_selection = self.range.start != self.range.end;
        let explained = if is_selection { "Explain the selection" } else { "Explain this" };
        let mut actions = vec![self.kind(explained, Kind::Explain, Subject::Here, QUESTION_KIND, json!({}))];
        let here = if is_selection { Subject::Here } else { Subject::Function };
        let about = if is_selection { "the selection" } else { "this function" };
        for (what, subject, word) in [
            (about, here, ""),
            ("this file", Subject::File, " file"),
            ("this module", Subject::Module, " module"),
            ("the workspace", Subject::Workspace, " workspace"),
        ] {
            if self.prompts {
                let argument = json!({ "kind": Kind::Ask, "subject": subject });
                actions.push(self.action(&format!("Ask about {what}…"), QUESTION_KIND, PROMPT, argument));
            } else if let Some(edit) = self.comment_to_write(document, word) {
                let title = format!("Ask about {what}… (in a comment)");
                actions.push(json!({ "title": title, "kind": QUESTION_KIND, "edit": edit }));
            }
        }
        actions
    }

    fn changes(&self) -> Vec<Value> {
        let changes = [
            ("Write tests (a change to review)", Kind::Tests),
            ("Document this (a change to review)", Kind::Document),
            ("Refactor this… (a change to review)", Kind::Refactor),
        ];
        changes.map(|(title, kind)| self.kind(title, kind, Subject::Here, CHANGE_KIND, json!({}))).to_vec()
    }

    /// An edit that begins a comment above the line, for the user to write the question into. None where nobody knows how
    /// comments are written.
    fn comment_to_write(&self, document: &Document, word: &str) -> Option<Value> {
        let row = self.range.start.line;
        let start = crate::text::Position { line: row, character: 0 };
        let line = document.line_range(document.byte_at(start, crate::text::PositionEncoding::Utf8));
        let text = document.slice(line);
        let indent: String = text.chars().take_while(|character| matches!(character, ' ' | '\t')).collect();
        let first = document.line_range(0);
        let first = document.slice(first.start..first.end.min(256));
        let language = crate::syntax::Language::detect(document.language_id(), document.id(), &first)?;
        let (before, after) = language.comment_marks()?;
        let text = format!("{indent}{before} ask{word}: {after}\n");
        let at = lsp::Position { line: row, character: 0 };
        let edit = json!([{ "range": lsp::Range { start: at, end: at }, "newText": text }]);
        Some(json!({ "changes": { self.uri.clone(): edit } }))
    }
}
