//! Between the protocol's types and our own.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer};
use tower_lsp::gen_lsp_types as lsp;

use crate::complete::Trigger;
use crate::text::{Change, Document, Position, PositionEncoding, Range};

pub fn position(position: lsp::Position) -> Position {
    Position { line: position.line, character: position.character }
}

pub fn to_lsp(position: Position) -> lsp::Position {
    lsp::Position { line: position.line, character: position.character }
}

/// The place in the document that a client's position means: clamped, so that it can be sent back.
pub fn clamp(document: &Document, position: Position, encoding: PositionEncoding) -> Position {
    document.position_at(document.byte_at(position, encoding), encoding)
}

pub fn trigger(kind: &lsp::InlineCompletionTriggerKind) -> Trigger {
    match kind {
        lsp::InlineCompletionTriggerKind::Invoked => Trigger::Invoked,
        _ => Trigger::Automatic,
    }
}

/// The workspace's folders as paths; folders that are no files (`vscode-vfs:` and the like) are left out.
pub fn folders(params: &lsp::InitializeParams) -> Vec<PathBuf> {
    let folders = &params.workspace_folders_initialize_params.workspace_folders;
    if let Some(lsp::WorkspaceFolders::WorkspaceFolderList(folders)) = folders {
        return folders.iter().filter_map(|folder| folder.uri.to_file_path().ok()).collect();
    }
    #[expect(deprecated, reason = "older clients send nothing else")]
    params.root_uri.iter().filter_map(|uri| uri.to_file_path().ok()).collect()
}

/// `textDocument/didChange`. Own types, because the generated ones read a change whose range is malformed as a change
/// of the whole document, which would lose the user's text.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DidChangeParams {
    pub text_document: VersionedDocument,
    pub content_changes: Vec<ContentChange>,
}

#[derive(Debug, Deserialize)]
pub struct VersionedDocument {
    pub uri: lsp::Uri,
    /// Null from clients that do not count.
    #[serde(default)]
    pub version: Option<i32>,
}

#[derive(Debug, Deserialize)]
pub struct ContentChange {
    #[serde(default)]
    range: Option<WireRange>,
    text: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct WireRange {
    start: WirePosition,
    end: WirePosition,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct WirePosition {
    #[serde(deserialize_with = "clamped")]
    line: u32,
    #[serde(deserialize_with = "clamped")]
    character: u32,
}

/// A number outside of what the protocol allows means the nearest that it does.
fn clamped<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let number = f64::deserialize(deserializer)?;
    Ok(number as u32)
}

impl From<ContentChange> for Change {
    fn from(change: ContentChange) -> Self {
        let position = |position: WirePosition| Position { line: position.line, character: position.character };
        let range = change.range.map(|range| Range { start: position(range.start), end: position(range.end) });
        Change { range, text: change.text }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changes(change: serde_json::Value) -> Result<Vec<Change>, serde_json::Error> {
        let document = json!({ "uri": "untitled:Untitled-1", "version": 2 });
        let params = json!({ "textDocument": document, "contentChanges": [change] });
        let params: DidChangeParams = serde_json::from_value(params)?;
        Ok(params.content_changes.into_iter().map(Change::from).collect())
    }

    fn range(line: serde_json::Value) -> serde_json::Value {
        json!({ "range": { "start": { "line": line, "character": 0 }, "end": { "line": 9, "character": 1 } }, "text": "" })
    }

    #[test]
    fn a_change_without_a_range_is_the_whole_text() {
        for change in [json!({ "text": "a" }), json!({ "range": null, "text": "a" })] {
            assert_eq!(changes(change).expect("a change")[0].range, None);
        }
    }

    #[test]
    fn a_malformed_range_is_never_the_whole_text() {
        for line in [json!("x"), json!(null), json!([])] {
            assert!(changes(range(line.clone())).is_err(), "{line}");
        }
        for (line, read) in
            [(json!(-1), 0), (json!(3.0), 3), (json!(4294967296u64), u32::MAX), (json!(1e300), u32::MAX)]
        {
            let change = changes(range(line)).expect("a change").remove(0);
            assert_eq!(change.range.expect("a range").start.line, read);
        }
    }
}
