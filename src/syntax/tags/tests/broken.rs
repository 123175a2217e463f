//! Broken code in every language: what is found in it is less, and sound all the same.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::sound::assert_sound;
use super::*;
use crate::syntax::SyntaxTree;
use crate::text::{Change, Document, PositionEncoding, Range};

/// Cases of each language.
const CASES: u32 = 150;

/// What a piece of text is replaced by: bytes of the fixture, or what opens, closes and breaks things.
#[derive(Clone, Debug)]
enum Piece {
    OfFixture { from: prop::sample::Index, length: usize },
    Text(String),
}

#[derive(Clone, Debug)]
struct Splice {
    at: prop::sample::Index,
    removed: usize,
    piece: Piece,
}

fn splice() -> impl Strategy<Value = Splice> {
    const MARKS: &[&str] = &[
        "(", ")", "{", "}", "[", "]", "<", ">", ",", ";", ":", "::", ".", "=", "=>", "->", "\"", "'", "`", "\"\"\"",
        "//", "/*", "*/", "#", "@", "$", "${", "%", "\\", "|", "&", "!", "?", "\n", "\n\n", "\r\n", "\r", "\t", "  ",
        "    ", "\0", "\u{feff}", "é", "😀", "---\n", "end\n", "1", "_",
    ];
    let piece = prop_oneof![
        3 => (any::<prop::sample::Index>(), 0..60_usize).prop_map(|(from, length)| Piece::OfFixture { from, length }),
        3 => prop::sample::select(MARKS).prop_map(|mark| Piece::Text(mark.to_owned())),
        1 => (prop::sample::select(MARKS), 2..40_usize).prop_map(|(mark, times)| Piece::Text(mark.repeat(times))),
    ];
    let removed = prop_oneof![2 => Just(0), 2 => 1..4_usize, 1 => 4..200_usize];
    (any::<prop::sample::Index>(), removed, piece).prop_map(|(at, removed, piece)| Splice { at, removed, piece })
}

impl Splice {
    fn change(&self, document: &Document, fixture: &str) -> Change {
        let text = document.text();
        let at = self.at.index(text.len() + 1);
        let position = |byte| document.position_at(byte, PositionEncoding::Utf8);
        let range = Range { start: position(at), end: position((at + self.removed).min(text.len())) };
        let inserted = match &self.piece {
            Piece::OfFixture { from, length } => some_of(fixture, *from, *length),
            Piece::Text(text) => text,
        };
        Change { range: Some(range), text: inserted.to_owned() }
    }
}

/// About `length` bytes from a place of `text`.
fn some_of(text: &str, from: prop::sample::Index, length: usize) -> &str {
    let boundary = |byte: usize| (byte..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let from = boundary(from.index(text.len() + 1));
    &text[from..boundary(from + length)]
}

/// The tree after each splice, from the one before, against a fresh one of the same text.
fn check(language: &'static Language, fixture: &str, start: &str, splices: &[Splice]) {
    let mut document = Document::new("untitled:1", "", 0, start);
    let mut tree = SyntaxTree::parse_within(PATIENT, language, document.rope(), None).unwrap();
    for splice in splices {
        let change = splice.change(&document, fixture);
        let edits = document.apply(1, &[change], PositionEncoding::Utf8);
        tree = SyntaxTree::parse_within(PATIENT, language, document.rope(), Some((&tree, &edits))).unwrap();
        let text = document.text();
        let fresh = SyntaxTree::parse_within(PATIENT, language, document.rope(), None).unwrap();
        let tags = tree.tags();
        assert_sound(text.as_bytes(), &tags);
        // Where the code is broken, a tree that was brought up to date may have other nodes than a fresh one.
        if tree.has_nodes_of(&fresh) {
            assert_eq!(tags, fresh.tags());
        }
        let of_bytes = tags_of_source(language, text.as_bytes(), PATIENT).unwrap();
        assert_eq!(of_bytes, fresh.tags(), "from a rope and from one piece of memory");
        assert_sound(text.as_bytes(), &of_bytes);
    }
}

#[test]
fn what_is_found_in_broken_code_is_sound() {
    for language in Language::all() {
        let (_, fixture) = fixture(language);
        let start = (any::<prop::sample::Index>(), 0..400_usize);
        let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
        let cases = (start, prop::collection::vec(splice(), 1..3));
        let result = TestRunner::new(config).run(&cases, |((from, length), splices)| {
            check(language, &fixture, some_of(&fixture, from, length), &splices);
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{}: {error}", language.name));
    }
}

/// Files on disk need not be UTF-8.
#[test]
fn what_is_found_in_bytes_is_sound() {
    for language in Language::all() {
        let (_, fixture) = fixture(language);
        let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
        let bytes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20);
        let cases = (any::<prop::sample::Index>(), 0..400_usize, bytes);
        let result = TestRunner::new(config).run(&cases, |(from, length, bytes)| {
            let mut text = some_of(&fixture, from, length).as_bytes().to_vec();
            for (at, byte) in bytes {
                text.insert(at.index(text.len() + 1), byte);
            }
            assert_sound(&text, &tags_of_source(language, &text, PATIENT).unwrap());
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{}: {error}", language.name));
    }
}
