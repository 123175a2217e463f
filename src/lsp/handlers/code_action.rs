//! `textDocument/codeAction`: what `tandem/nextEdit` says, for clients without a plugin, and questions (`question_actions`).
//!
//! Answers from what was found before. A client that asks by itself with every movement gets something only on the lines that
//! it is about; a user who asks gets it in the whole document.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::Result;

use super::next_edit::{self, COMMAND};
use super::question_actions;
use crate::lsp::capabilities::ClientFeatures;
use crate::lsp::convert;
use crate::lsp::places::off_the_protocol_task;
use crate::lsp::server::Server;
use crate::nextedit::{Certainty, PlaceKind, StalePlace};
use crate::session::StalePlaces;

/// Of edits that change several places: sure ones, and those to look at.
const SURE: &str = "tandem.stale.sure";
const LIKELY: &str = "tandem.stale.likely";

pub async fn handle(server: &Server, params: lsp::CodeActionParams) -> Result<Option<Vec<Value>>> {
    let questions = question_actions::prepare(server, &params);
    let stale = stale_actions(server, params).await?;
    let questions = match questions {
        Some(questions) => questions.await,
        None => Vec::new(),
    };
    let all: Vec<Value> = stale.into_iter().flatten().chain(questions).collect();
    Ok(Some(all).filter(|all| !all.is_empty()))
}

/// What `tandem/nextEdit` says.
async fn stale_actions(server: &Server, params: lsp::CodeActionParams) -> Result<Option<Vec<Value>>> {
    let only = params.context.only.as_deref();
    let is_wanted =
        |kind: &lsp::CodeActionKind| matches!(kind, lsp::CodeActionKind::QuickFix | lsp::CodeActionKind::Empty);
    if !only.is_none_or(|kinds| kinds.iter().any(is_wanted)) {
        return Ok(None);
    }
    let uri = params.text_document.uri.as_str().to_owned();
    let position = params.range.start;
    let mut stale = server.session.stale_places(&uri, convert::position(position));
    let is_automatic = params.context.trigger_kind == Some(lsp::CodeActionTriggerKind::Automatic);
    if !concerns(server, &stale, &uri, position, is_automatic) {
        return Ok(None);
    }
    let (session, features) = (server.session.clone(), server.features());
    off_the_protocol_task(move || {
        stale.places.retain(|place| session.is_stale_still(&place.page));
        Some(actions(&stale, &uri, position, &features)).filter(|actions| !actions.is_empty())
    })
    .await
}

/// Whether this place has to do with what is stale: it is stale itself, or what changed stands here.
fn concerns(server: &Server, stale: &StalePlaces, uri: &str, at: lsp::Position, is_automatic: bool) -> bool {
    let encoding = server.features().encoding;
    let is_on_line = |place: &StalePlace| {
        let range = next_edit::range(&place.page.document, &place.range, encoding);
        (range.start.line..=range.end.line).contains(&at.line)
    };
    let byte = |document: &crate::text::Document| document.byte_at(convert::position(at), encoding);
    stale.places.iter().any(|place| {
        let is_here = **place.page.id() == *uri && (!is_automatic || is_on_line(place));
        let is_home = *place.document == *uri
            && (!is_automatic
                || server.session.document(uri).is_some_and(|document| {
                    // From the start of the line on which the definition begins.
                    place.head.start <= document.line_range(byte(&document)).end && byte(&document) <= place.head.end
                }));
        is_here || is_home
    })
}

fn actions(stale: &StalePlaces, uri: &str, at: lsp::Position, features: &ClientFeatures) -> Vec<Value> {
    let Some(next) = stale.places.first() else { return Vec::new() };
    let count = stale.places.len();
    let count = if stale.is_cut { format!("{count}+") } else { count.to_string() };
    let what = |place: &StalePlace| match place.kind {
        PlaceKind::Rename => "reference to",
        PlaceKind::Signature => "call of",
    };
    let mut actions = Vec::new();
    let range = |place: &StalePlace| next_edit::range(&place.page.document, &place.range, features.encoding);
    let is_here = |place: &StalePlace| **place.page.id() == *uri && range(place).start.line == at.line;
    let show = |place: &StalePlace| {
        let uri = next_edit::uri(place).filter(|_| features.shows_documents)?;
        let arguments = json!([{ "uri": uri, "range": range(place) }]);
        Some(json!({ "title": "Tandem: show", "command": COMMAND, "arguments": arguments }))
    };
    if next.edit.is_some() {
        let mut action = json!({
            "title": format!("Update stale {} `{}` (1 of {count})", what(next), next.name),
            "kind": "quickfix",
            "edit": workspace_edit(&[next], features, false),
        });
        if let Some(show) = show(next).filter(|_| !is_here(next)) {
            action["command"] = show;
        }
        actions.push(action);
    }
    // The one that the cursor is on need not be gone to.
    let elsewhere = stale.places.iter().find(|place| !is_here(place));
    if let Some((place, show)) = elsewhere.and_then(|place| Some((place, show(place)?))) {
        let row = range(place).start.line + 1;
        actions.push(json!({
            "title": format!("Go to stale {} `{}` ({}:{row})", what(place), place.name, place.page.path),
            "kind": "quickfix",
            "command": show,
        }));
    }
    let is_same = |place: &&StalePlace| place.change == next.change && place.document == next.document;
    let all = stale.places.iter().filter(is_same).filter(|place| place.is_safe());
    let all = apart(all.collect());
    if all.len() > 1 {
        let what = if next.kind == PlaceKind::Rename { "references to" } else { "calls of" };
        actions.push(json!({
            "title": format!("Update all {} stale {what} `{}`", all.len(), next.name),
            "kind": "quickfix",
            "edit": workspace_edit(&all, features, true),
        }));
    }
    actions
}

/// Those whose edits do not overlap, as those of a call among the arguments of another do: it is offered afterwards.
fn apart(mut places: Vec<&StalePlace>) -> Vec<&StalePlace> {
    let reach = |place: &StalePlace| place.edit.as_ref().map_or(place.range.clone(), |edit| edit.range.clone());
    places.sort_by_key(|place| (place.page.path.clone(), reach(place).start));
    let mut apart: Vec<&StalePlace> = Vec::new();
    for place in places {
        let overlaps = |last: &&StalePlace| last.page.id() == place.page.id() && reach(place).start < reach(last).end;
        if !apart.last().is_some_and(overlaps) {
            apart.push(place);
        }
    }
    apart
}

/// In the richest form that the client knows. `is_annotated`: it may show the edits before it makes them.
fn workspace_edit(places: &[&StalePlace], features: &ClientFeatures, is_annotated: bool) -> Value {
    let is_annotated = is_annotated && features.annotates_changes && features.versions_edits;
    let mut files: BTreeMap<String, (Option<i32>, Vec<Value>)> = BTreeMap::new();
    for place in places {
        let (Some(edit), Some(uri)) = (&place.edit, next_edit::uri(place)) else { continue };
        let range = next_edit::range(&place.page.document, &edit.range, features.encoding);
        let mut change = json!({ "range": range, "newText": edit.text });
        if is_annotated {
            change["annotationId"] = json!(if place.certainty == Certainty::Sure { SURE } else { LIKELY });
        }
        let file = files.entry(uri.as_str().to_owned()).or_insert_with(|| (next_edit::version(place), Vec::new()));
        file.1.push(change);
    }
    if !features.versions_edits {
        let changes: Map<String, Value> = files.into_iter().map(|(uri, (_, edits))| (uri, json!(edits))).collect();
        return json!({ "changes": changes });
    }
    let file = |(uri, (version, edits)): (String, (Option<i32>, Vec<Value>))| json!({ "textDocument": { "uri": uri, "version": version }, "edits": edits });
    let mut edit = json!({ "documentChanges": files.into_iter().map(file).collect::<Vec<_>>() });
    if is_annotated {
        let message = places.first().map_or("", |place| place.message.as_str());
        edit["changeAnnotations"] = json!({
            SURE: { "label": message, "needsConfirmation": false },
            LIKELY: { "label": message, "needsConfirmation": true, "description": "by its name alone" },
        });
    }
    edit
}
