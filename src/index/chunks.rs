//! A file in pieces for search: each a definition with the comment above it, or what stands between definitions.

use std::ops::Range;

use super::facts::{FileFacts, Role, Symbol};

/// Longest piece in rows: about a screen.
const MOST_ROWS: u32 = 60;

/// A piece of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub rows: Range<u32>,
    /// The definition that it is, or the largest one that it belongs to, as an index into the file's symbols.
    pub symbol: Option<u32>,
}

/// Covers all rows, in order and without overlap. `lines` are the file's lines; `facts` must belong to them, or be empty.
pub fn chunks(facts: &FileFacts, lines: &[&str]) -> Vec<Chunk> {
    let rows = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    let mut children: Vec<Vec<u32>> = vec![Vec::new(); facts.symbols.len() + 1];
    for (index, symbol) in (0_u32..).zip(&facts.symbols) {
        let parent = symbol.container.map_or(0, |container| container as usize + 1);
        if let Some(children) = children.get_mut(parent).filter(|_| is_piece(symbol)) {
            children.push(index);
        }
    }
    let mut found = Vec::new();
    // Places still to be cut, the first on top. Symbols nest as deep as the text does, so there is no recursion here.
    let mut open = vec![(0..rows, None)];
    while let Some((rows, symbol)) = open.pop() {
        let inner = symbol.map_or(0, |symbol: u32| symbol as usize + 1);
        if rows.is_empty() {
            continue;
        }
        let is_whole = symbol.is_some() && rows.end - rows.start <= MOST_ROWS;
        let inside = if is_whole { Vec::new() } else { std::mem::take(&mut children[inner]) };
        if inside.is_empty() {
            split(rows, symbol, &mut found);
            continue;
        }
        let mut pieces = Vec::new();
        let mut next = rows.start;
        for index in inside {
            let Some(symbol_inside) = facts.symbols.get(index as usize) else { continue };
            // What opens the outer definition is no comment of the inner one.
            let head = symbol.and_then(|outer| facts.symbols.get(outer as usize)).map_or(0, |outer| outer.body.row + 1);
            let first = next.max(head.min(symbol_inside.start.row));
            let start = with_comment(lines, symbol_inside.start.row, first);
            let end = symbol_inside.end.row.saturating_add(u32::from(symbol_inside.end.column > 0)).min(rows.end);
            if start >= end || start < next {
                continue;
            }
            pieces.push((next..start, symbol));
            pieces.push((start..end, Some(index)));
            next = end;
        }
        pieces.push((next..rows.end, symbol));
        // The rows between are nobody's child: their symbol is the outer one, whose children are taken.
        open.extend(pieces.into_iter().rev());
    }
    found
}

/// Fields and the like are parts of a piece.
fn is_piece(symbol: &Symbol) -> bool {
    let is_outer = symbol.container.is_none();
    match Role::of(symbol.kind) {
        Role::Callable | Role::Type => true,
        Role::Section => is_outer || symbol.kind == crate::syntax::DefinitionKind::Heading,
        Role::Value => is_outer && symbol.end.row > symbol.start.row,
    }
}

fn split(rows: Range<u32>, symbol: Option<u32>, found: &mut Vec<Chunk>) {
    let mut start = rows.start;
    while start < rows.end {
        let end = rows.end.min(start + MOST_ROWS);
        found.push(Chunk { rows: start..end, symbol });
        start = end;
    }
}

/// The first row of the lines above that stand directly on a definition: comments, attributes, decorators.
fn with_comment(lines: &[&str], row: u32, first: u32) -> u32 {
    let mut start = row;
    while start > first && lines.get(start as usize - 1).is_some_and(|line| !line.trim().is_empty()) {
        start -= 1;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::extract::extract_document;
    use crate::syntax::{Language, SyntaxTree};
    use crate::text::Document;

    /// `first-last symbol` of each piece, rows from 1.
    fn check(language: &str, text: &str, expected: &[&str]) {
        let language = Language::named(language).unwrap();
        let document = Document::new("x", "", 0, text);
        let tree = SyntaxTree::parse(language, document.rope(), None).unwrap();
        let extracted = extract_document(Some(language), text, Some(&tree));
        let names = extracted.names.clone();
        let facts = extracted.into_facts(|name| names.find(name)).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let found = chunks(&facts, &lines);
        let described = found.iter().map(|Chunk { rows, symbol }| {
            let name = symbol.map_or("", |symbol| names.get(facts.symbols[symbol as usize].name));
            format!("{}-{} {name}", rows.start + 1, rows.end)
        });
        assert_eq!(described.collect::<Vec<_>>(), expected);
        let covered: Vec<u32> = found.iter().flat_map(|chunk| chunk.rows.clone()).collect();
        assert_eq!(covered, (0..lines.len() as u32).collect::<Vec<_>>());
    }

    #[test]
    fn definitions_are_pieces_with_their_comments() {
        let text = "use a::b;\n\n/// One.\n#[inline]\nfn one() {\n    x();\n}\n\nstruct Two {\n    a: u8,\n}\n";
        check("rust", text, &["1-2 ", "3-7 one", "8-8 ", "9-11 Two"]);
    }

    #[test]
    fn long_definitions_are_cut_at_their_members_and_long_text_by_rows() {
        let body = "        x();\n".repeat(40);
        let text = format!("impl A {{\n    fn f() {{\n{body}    }}\n\n    /// G.\n    fn g() {{\n{body}    }}\n}}\n");
        check("rust", &text, &["1-1 A", "2-43 f", "44-44 A", "45-87 g", "88-88 A"]);
        check("rust", &"// x\n".repeat(130), &["1-60 ", "61-120 ", "121-130 "]);
        check("rust", "", &[]);
    }
}
