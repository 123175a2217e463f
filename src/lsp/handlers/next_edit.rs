//! `tandem/nextEdit` and the command of the same purpose: the next place that an edit left behind.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::{Error, Result};

use crate::lsp::places::off_the_protocol_task;
use crate::lsp::server::Server;
use crate::lsp::{convert, ext};
use crate::nextedit::StalePlace;
use crate::session::Session;
use crate::text::PositionEncoding;

/// Shows a place. Its argument: the parameters of `tandem/nextEdit`, or a URI and a range.
pub const COMMAND: &str = "tandem.nextEdit";

/// How long a request waits for what was typed this moment to be looked through.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the command shows.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Target {
    Place { uri: lsp::Uri, range: lsp::Range },
    Next(ext::NextEditParams),
}

pub async fn handle(server: &Server, params: ext::NextEditParams) -> Result<Option<ext::NextEdit>> {
    let uri = params.text_document.uri.as_str().to_owned();
    let Some(asked) = server.session.document(&uri) else { return Ok(None) };
    server.session.stale_places_settled(PATIENCE).await;
    // What was found for another version is no answer to this question.
    let is_same = |now: crate::text::Document| now.rope().is_instance(asked.rope());
    if !server.session.document(&uri).is_some_and(is_same) {
        return Ok(None);
    }
    let stale = server.session.stale_places(&uri, convert::position(params.position));
    let (session, encoding) = (server.session.clone(), server.features().encoding);
    let skip = params.context.unwrap_or_default().skip as usize;
    off_the_protocol_task(move || {
        let count = stale.places.len();
        let mut standing = stale.places.iter().filter(|place| session.is_stale_still(&place.page));
        let place = standing.nth(skip)?;
        let more = count.saturating_sub(skip + 1);
        next_edit(place, more, stale.is_cut, encoding)
    })
    .await
}

/// Shows the place in the client, where that can, and answers with it.
pub async fn command(server: &Server, params: &lsp::ExecuteCommandParams) -> Result<Option<Value>> {
    let argument = params.arguments.as_ref().and_then(|arguments| arguments.first()).cloned().unwrap_or_default();
    let target: Target = serde_json::from_value(argument)
        .map_err(|_| Error::invalid_params(format!("`{COMMAND}` takes a place, or what `{}` takes", ext::NEXT_EDIT)))?;
    let (uri, range, answer) = match target {
        Target::Place { uri, range } => (uri, range, None),
        Target::Next(params) => match handle(server, params).await? {
            Some(next) => (next.uri.clone(), next.range, serde_json::to_value(next).ok()),
            None => return Ok(None),
        },
    };
    if server.features().shows_documents {
        server.client.show_document(uri, range);
    }
    Ok(answer)
}

fn next_edit(place: &StalePlace, more: usize, is_cut: bool, encoding: PositionEncoding) -> Option<ext::NextEdit> {
    let document = &place.page.document;
    let edit = place.edit.as_ref();
    Some(ext::NextEdit {
        uri: uri(place)?,
        version: version(place),
        range: range(document, &place.range, encoding),
        kind: place.kind,
        certainty: place.certainty,
        name: place.name.clone(),
        message: place.message.clone(),
        edit: edit.map(|edit| lsp::TextEdit::new(range(document, &edit.range, encoding), edit.text.clone())),
        more: u32::try_from(more).unwrap_or(u32::MAX),
        is_cut,
    })
}

/// None for a path that no URI can say.
pub fn uri(place: &StalePlace) -> Option<lsp::Uri> {
    Session::uri_of(&place.page).parse().ok()
}

/// None for a file that is not open, and from clients that do not count.
pub fn version(place: &StalePlace) -> Option<i32> {
    let page = &place.page;
    Some(page.document.version()).filter(|version| page.is_open && *version != 0)
}

pub fn range(
    document: &crate::text::Document,
    bytes: &std::ops::Range<usize>,
    encoding: PositionEncoding,
) -> lsp::Range {
    let position = |byte| convert::to_lsp(document.position_at(byte, encoding));
    lsp::Range { start: position(bytes.start), end: position(bytes.end) }
}
