//! Files in every language, broken in every way, through what the index does with them.
//!
//! The text grows from a piece of the language's fixture by splices. After each one its tree is brought up to date and
//! made afresh; at the end the text goes into an index as an open document and as a file of any bytes, and everything
//! that can be asked of it is asked. What is found must be sound, and the index what a rebuild would be.

#![no_main]

#[path = "../../src/syntax/tags/tests/sound.rs"]
mod sound;
#[path = "extract/workspace.rs"]
mod workspace;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use sound::assert_sound;
use tandem::syntax::{Definition, DefinitionKind, Language, Place, SyntaxTree, Tags, tags_of_source};
use tandem::text::{Change, Document, Edit, PositionEncoding, Range};

/// Longest text. Longer ones tell nothing new and cost executions.
const MOST_BYTES: usize = 32 << 10;
/// Longest parse. Some broken texts take half a minute; that the limit ends them is for libFuzzer's `-timeout` to see.
const LIMIT: Duration = Duration::from_secs(4);
/// Where parsing takes longer than this, another parse of the same text may be given up, and answers would differ.
const LONG: Duration = Duration::from_secs(1);

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    language: u8,
    /// Which part of the fixture is there in the beginning, in 255ths.
    start: (u8, u8),
    splices: Vec<Splice<'a>>,
    /// Bytes that a file has and no document can.
    bytes: Vec<(u16, u8)>,
    queries: [&'a str; 2],
}

#[derive(Arbitrary, Debug)]
struct Splice<'a> {
    at: u16,
    removed: u8,
    piece: Piece<'a>,
}

#[derive(Arbitrary, Debug)]
enum Piece<'a> {
    Text(&'a str),
    Repeated(&'a str, u16),
    OfFixture { from: u16, length: u8 },
    OfText { from: u16, length: u8, times: u8 },
}

fuzz_target!(|input: Input| {
    let languages = Language::all();
    let at = usize::from(input.language) % languages.len();
    let (language, Fixture { text: fixture, extension }) = (&languages[at], &fixtures()[at]);

    let (from, to) = input.start;
    let part = |part: u8| fixture.floor_char_boundary(fixture.len() * usize::from(part) / 255);
    let mut document = Document::new("untitled:fuzz", "", 0, &fixture[part(from.min(to))..part(from.max(to))]);
    let Some(mut tree) = parse(language, &document, None) else { return };
    let mut tags = tree.tags();
    for splice in input.splices.iter().take(16) {
        let change = splice.change(&document, fixture);
        let edits = document.apply(1, &[change], PositionEncoding::Utf8);
        let parsed = parse(language, &document, Some((&tree, &edits))).zip(parse(language, &document, None));
        let Some((grown, fresh)) = parsed else { return };
        tree = grown;
        let text = document.text();
        tags = tree.tags();
        assert_sound(text.as_bytes(), &tags);
        let Some(of_bytes) = tags_of_source(language, text.as_bytes(), LIMIT) else { return };
        assert_sound(text.as_bytes(), &of_bytes);
        assert_eq!(of_bytes, fresh.tags(), "from one piece of memory and from a rope");
        // Where the code is broken, a tree that was brought up to date may have other nodes than a fresh one.
        if tree.has_nodes_of(&fresh) {
            assert_eq!(tags, of_bytes, "from a tree that was brought up to date and from a fresh one");
        }
    }

    let text = document.text();
    let mut bytes = text.clone().into_bytes();
    for (at, byte) in input.bytes.iter().take(16) {
        bytes.insert(usize::from(*at) % (bytes.len() + 1), *byte);
    }
    let started = Instant::now();
    let Some(of_bytes) = tags_of_source(language, &bytes, LIMIT).filter(|_| started.elapsed() < LONG) else { return };
    assert_sound(&bytes, &of_bytes);

    let name = format!("fuzz.{extension}");
    workspace::with(|workspace| {
        workspace.document(&name, document.rope(), &tree);
        workspace.ask(&name, &text, &tags, &input.queries);
        workspace.file(&name, &bytes);
        let lossy = String::from_utf8_lossy(&bytes);
        workspace.ask(&name, &lossy, &of_bytes, &input.queries);
    });
});

fn parse(
    language: &'static Language,
    document: &Document,
    before: Option<(&SyntaxTree, &[Edit])>,
) -> Option<SyntaxTree> {
    let started = Instant::now();
    SyntaxTree::parse_within(LIMIT, language, document.rope(), before).filter(|_| started.elapsed() < LONG)
}

impl Splice<'_> {
    fn change(&self, document: &Document, fixture: &str) -> Change {
        let text = document.text();
        let (at, end) = around(&text, usize::from(self.at), usize::from(self.removed));
        let mut inserted = match self.piece {
            Piece::Text(piece) => piece.to_owned(),
            Piece::Repeated(piece, times) => piece.repeat(usize::from(times % 2048)),
            Piece::OfFixture { from, length } => {
                let (from, to) = around(fixture, usize::from(from), usize::from(length));
                fixture[from..to].to_owned()
            }
            Piece::OfText { from, length, times } => {
                let (from, to) = around(&text, usize::from(from), usize::from(length));
                text[from..to].repeat(usize::from(times))
            }
        };
        inserted.truncate(inserted.floor_char_boundary(MOST_BYTES.saturating_sub(text.len())));
        let position = |byte| document.position_at(byte, PositionEncoding::Utf8);
        Change { range: Some(Range { start: position(at), end: position(end) }), text: inserted }
    }
}

/// `length` bytes of `text` from somewhere on, characters whole.
fn around(text: &str, from: usize, length: usize) -> (usize, usize) {
    let from = text.floor_char_boundary(from % (text.len() + 1));
    (from, text.ceil_char_boundary((from + length).min(text.len())))
}

/// Usual code of a language.
struct Fixture {
    text: String,
    extension: String,
}

/// In the order of `Language::all`.
fn fixtures() -> &'static [Fixture] {
    static FIXTURES: OnceLock<Vec<Fixture>> = OnceLock::new();
    FIXTURES.get_or_init(|| {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/languages");
        let files: Vec<PathBuf> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        let fixture = |language: &Language| {
            let is_it = |path: &&PathBuf| {
                path.file_stem() == Some(language.name.as_ref()) && path.extension() != Some("tags".as_ref())
            };
            let path = files.iter().find(is_it).unwrap_or_else(|| panic!("{} has no fixture", language.name));
            let extension = path.extension().unwrap().to_string_lossy().into_owned();
            Fixture { text: std::fs::read_to_string(path).unwrap(), extension }
        };
        Language::all().iter().map(fixture).collect()
    })
}
