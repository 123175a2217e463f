//! Random changes to a document, against a plain `String`, with the syntax tree kept up incrementally.
//!
//! The positions are hostile: outside the text, reversed, inside characters. The text must stay the model's, the edits
//! must describe what happened, and every question about the tree must get an answer.

#![no_main]

use std::time::Duration;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use tandem::syntax::{Language, SyntaxTree};
use tandem::text::{Change, Document, Position, PositionEncoding, Range};

#[derive(Arbitrary, Debug)]
struct Session {
    language: u8,
    encoding: u8,
    text: String,
    changes: Vec<RandomChange>,
}

#[derive(Arbitrary, Debug)]
struct RandomChange {
    kind: u8,
    start: (u32, u32),
    end: (u32, u32),
    text: String,
    cursor: u32,
}

fuzz_target!(|session: Session| {
    let encodings = [PositionEncoding::Utf8, PositionEncoding::Utf16, PositionEncoding::Utf32];
    let encoding = encodings[usize::from(session.encoding) % encodings.len()];
    let languages = Language::all();
    let language = &languages[usize::from(session.language) % languages.len()];

    let mut model = session.text;
    let mut document = Document::new("untitled:fuzz", language.name.as_str(), 0, &model);
    let mut tree = SyntaxTree::parse(language, document.rope(), None);
    for (version, random) in session.changes.iter().take(32).enumerate() {
        let change = random.change();
        let edits = document.apply(version as i32, std::slice::from_ref(&change), encoding);
        let [edit] = edits[..] else { panic!("one change, one edit") };

        let expected = change.range.map_or(0..model.len(), |range| model_bytes(&model, range, encoding));
        assert_eq!(edit.start_byte..edit.old_end_byte, expected);
        model.replace_range(expected, &change.text);
        assert_eq!(document.text(), model);
        assert_eq!(edit.new_end_byte, edit.start_byte + change.text.len());
        assert_eq!(edit.new_end_point.row, model[..edit.new_end_byte].matches('\n').count());

        tree = match tree {
            Some(before) => SyntaxTree::parse(language, document.rope(), Some((&before, &edits))),
            None => SyntaxTree::parse(language, document.rope(), None),
        };
        if let Some(tree) = &tree {
            let byte = random.cursor as usize % (model.len() + 2);
            let cursor = tree.cursor(byte);
            for scope in &cursor.scopes {
                assert!(scope.body.start <= scope.body.end && scope.body.end <= model.len());
                assert!(scope.range.start <= scope.body.start && scope.body.end <= scope.range.end);
            }
            tree.error_count();
            tree.with(Duration::from_millis(50), byte..byte + 1, &change.text).map(|tree| tree.error_count());
        }
        let position = document.position_at(random.cursor as usize, encoding);
        assert_eq!(document.position_at(document.byte_at(position, encoding), encoding), position);
    }
});

impl RandomChange {
    /// Mostly small numbers, so that ranges hit the text; sometimes the raw ones, which are hostile.
    fn change(&self) -> Change {
        let position = |(line, character): (u32, u32)| match self.kind % 8 {
            0 => Position::new(line, character),
            1 => Position::new(line % 8, character),
            _ => Position::new(line % 8, character % 32),
        };
        let range = (self.kind != 255).then(|| Range { start: position(self.start), end: position(self.end) });
        Change { range, text: self.text.clone() }
    }
}

fn model_bytes(text: &str, range: Range, encoding: PositionEncoding) -> std::ops::Range<usize> {
    let (a, b) = (model_byte(text, range.start, encoding), model_byte(text, range.end, encoding));
    a.min(b)..a.max(b)
}

fn model_byte(text: &str, position: Position, encoding: PositionEncoding) -> usize {
    let mut rest = text;
    for _ in 0..position.line {
        let Some(at) = rest.find(['\n', '\r']) else { return text.len() };
        rest = &rest[at..];
        rest = rest.strip_prefix("\r\n").unwrap_or_else(|| &rest[1..]);
    }
    let line = &rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())];
    let mut left = position.character as usize;
    let mut byte = text.len() - rest.len();
    for c in line.chars() {
        let units = match encoding {
            PositionEncoding::Utf8 => c.len_utf8(),
            PositionEncoding::Utf16 => c.len_utf16(),
            PositionEncoding::Utf32 => 1,
        };
        if units > left {
            break;
        }
        left -= units;
        byte += c.len_utf8();
    }
    byte
}
