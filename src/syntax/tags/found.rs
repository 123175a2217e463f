//! What the patterns find at one node, from captured nodes to definitions and imports.

use std::ops::Range;

use tree_sitter::Node;

use super::pattern::Captured;
use super::rules::TagCapture;
use super::{Definition, DefinitionKind, Place};

/// What patterns find at one node; kept so that its memory is.
#[derive(Default)]
pub(super) struct Found {
    /// Start of the name, number of the pattern, and the definition.
    pub(super) definitions: Vec<(u32, usize, Definition)>,
    pub(super) imports: Vec<FoundImport>,
    /// A function without a name.
    pub(super) locals: Range<u32>,
}

pub(super) struct FoundImport {
    pub(super) path_start: u32,
    pub(super) path: String,
    /// Where it starts, and what it is.
    pub(super) name: Option<(u32, String)>,
    /// Of the statement.
    pub(super) at: Place,
    pub(super) end: u32,
}

impl Found {
    /// Notes one match of the `pattern`th pattern.
    pub(super) fn add(&mut self, captured: &Captured<'_>, pattern: usize, text: &[u8]) {
        let (mut whole, mut name, mut body) = (None, None, None);
        let (mut import, mut path, mut imported) = (None, None, None);
        for (capture, node) in captured {
            match capture {
                TagCapture::Definition(kind) => whole = Some((*node, *kind)),
                TagCapture::Name => name = name.or(Some(*node)),
                TagCapture::Body => body = body.or(Some(*node)),
                TagCapture::Import => import = Some(*node),
                TagCapture::ImportPath => path = Some(*node),
                TagCapture::ImportName => imported = Some(*node),
                TagCapture::Locals => self.locals = range(*node),
            }
        }
        if let (Some((whole, kind)), Some(name)) = (whole, name) {
            // `:root` is the whole of what a style sheet calls it.
            let is_word = kind != DefinitionKind::Selector;
            let (before, behind) = if is_word { marks(bytes(text, name)) } else { (0, 0) };
            let place_of_name = place(name.start_position());
            let definition = Definition {
                kind,
                name: offset(name.start_byte()) + before..offset(name.end_byte()) - behind,
                name_at: Place { column: place_of_name.column + before, ..place_of_name },
                range: range(whole),
                start: place(whole.start_position()),
                end: place(whole.end_position()),
                body: body.map(|body| offset(body.start_byte())),
                container: None,
            };
            self.definitions.push((definition.name.start, pattern, definition));
        }
        if let (Some(node), Some(path)) = (import, path) {
            self.imports.push(FoundImport {
                path_start: offset(path.start_byte()),
                path: unquoted(text, path),
                name: imported
                    .map(|name| (offset(name.start_byte()), String::from_utf8_lossy(bytes(text, name)).into())),
                at: place(node.start_position()),
                end: offset(node.end_byte()),
            });
        }
    }
}

/// Bytes at the ends of a name's node that are no part of the name: `:path` of Ruby and `path: ` of Elixir are used as
/// `path`.
fn marks(node: &[u8]) -> (u32, u32) {
    let is_name = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_?!".contains(byte));
    let before = u32::from(node.first() == Some(&b':') && is_name(node.get(1)));
    let trimmed = node.trim_ascii_end();
    let behind = match trimmed.strip_suffix(b":") {
        Some(name) if is_name(name.last()) => node.len() - name.len(),
        _ => 0,
    };
    (before, offset(behind))
}

pub(super) fn bytes<'a>(text: &'a [u8], node: Node<'_>) -> &'a [u8] {
    text.get(node.byte_range()).unwrap_or_default()
}

/// Paths are written as strings, in angle brackets, or bare.
fn unquoted(text: &[u8], node: Node<'_>) -> String {
    let text = String::from_utf8_lossy(bytes(text, node));
    text.trim_matches(|c: char| matches!(c, '"' | '\'' | '`' | '<' | '>') || c.is_whitespace()).to_owned()
}

pub(super) fn offset(byte: usize) -> u32 {
    u32::try_from(byte).unwrap_or(u32::MAX)
}

pub(super) fn range(node: Node<'_>) -> Range<u32> {
    offset(node.start_byte())..offset(node.end_byte())
}

pub(super) fn place(point: tree_sitter::Point) -> Place {
    Place { row: offset(point.row), column: offset(point.column) }
}
