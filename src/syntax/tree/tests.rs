//! Incremental against fresh parses, error counts, and hostile input.

use proptest::prelude::*;

use super::*;
use crate::text::{Change, Document, Position, PositionEncoding, Range};

/// No test fails because the machine is busy.
const PATIENT: Duration = Duration::from_secs(600);

/// Pieces that open, close and break things in each language.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{1,3}",
        3 => prop::sample::select(
            &["(", ")", "{", "}", "[", "]", ",", ";", ":", ".", "\"", "'", "`", "//", "/*", "*/", "#", "=", "<", "${"][..]
        ).prop_map(str::to_owned),
        2 => prop::sample::select(&[" ", "\n", "\r\n", "\r", "\n    ", "\t", "😀", "é", "\0"][..]).prop_map(str::to_owned),
        2 => prop::sample::select(
            &["fn f() {", "def f():\n", "class A {", "if (x) {", "return ", "let x = ", "1 + ", "f(a, ", "import x\n"][..]
        ).prop_map(str::to_owned),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let position = || (0..14u32, 0..30u32).prop_map(|(line, character)| Position::new(line, character));
    let range = prop_oneof![
        3 => position().prop_map(|at| Range { start: at, end: at }),
        1 => (position(), 0..6u32).prop_map(|(start, length)| {
            Range { start, end: Position::new(start.line, start.character + length) }
        }),
        1 => (position(), position()).prop_map(|(start, end)| Range { start, end }),
    ];
    (range, prop::collection::vec(piece(), 0..3))
        .prop_map(|(range, pieces)| Change { range: Some(range), text: pieces.concat() })
}

const STARTS: [(&str, &str); 9] = [
    ("c", "int add(int a, int b) {\n    return a + b;\n}\n"),
    ("cpp", "namespace n {\nclass A {\n  int x = 1;\n};\n}\n"),
    ("go", "package main\n\nfunc main() {\n\tfmt.Println(\"hi\", 1)\n}\n"),
    ("java", "class A {\n    int f(int x) {\n        return x;\n    }\n}\n"),
    ("javascript", "function f(a) {\n  return `x ${a}`;\n}\n"),
    ("python", "class A:\n    def f(self):\n        return f\"{self.x}\"\n\nx = [1, 2]\n"),
    ("rust", "impl A {\n    fn f(&self) -> u8 {\n        \"a\\n\".len()\n    }\n}\n"),
    ("tsx", "const a = (p: P) => <div id=\"x\">{p.x}</div>;\n"),
    ("typescript", "interface A {\n  x: number;\n}\nconst f = (a: A) => a.x;\n"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// In broken code tree-sitter may recover in another way when it reuses nodes (about 1 in 1,500 of these cases), so
    /// nothing is said of that.
    #[test]
    fn an_incremental_tree_is_the_fresh_tree_wherever_the_code_parses(
        (language, start) in prop::sample::select(&STARTS[..]),
        changes in prop::collection::vec(prop::collection::vec(change(), 1..4), 1..6),
    ) {
        let language = Language::named(language).unwrap();
        let mut document = Document::new("untitled:1", "", 0, start);
        let mut tree = SyntaxTree::parse_within(PATIENT, language, document.rope(), None).unwrap();
        let mut undo = Vec::new();
        for changes in &changes {
            let mut edits = Vec::new();
            for change in changes {
                let before = document.clone();
                let edit = document.apply(1, std::slice::from_ref(change), PositionEncoding::Utf16)[0];
                undo.push((edit, before.slice(edit.start_byte..edit.old_end_byte)));
                edits.push(edit);
            }
            tree = reparse(&tree, &document, &edits)?;
        }
        // Back to code that parses, one change at a time.
        for (edit, removed) in undo.into_iter().rev() {
            let at = |byte| document.position_at(byte, PositionEncoding::Utf16);
            let range = Range { start: at(edit.start_byte), end: at(edit.new_end_byte) };
            let edits = document.apply(2, &[Change { range: Some(range), text: removed }], PositionEncoding::Utf16);
            tree = reparse(&tree, &document, &edits)?;
        }
    }
}

/// Parses incrementally and afresh, and compares.
fn reparse(tree: &SyntaxTree, document: &Document, edits: &[Edit]) -> Result<SyntaxTree, TestCaseError> {
    let tree = SyntaxTree::parse_within(PATIENT, tree.language(), document.rope(), Some((tree, edits))).unwrap();
    let fresh = SyntaxTree::parse_within(PATIENT, tree.language(), document.rope(), None).unwrap();
    prop_assert_eq!(tree.root().end_byte(), document.len_bytes());
    prop_assert_eq!(tree.error_count() == 0, !tree.root().has_error());
    if !fresh.root().has_error() {
        prop_assert_eq!(tree.root().to_sexp(), fresh.root().to_sexp(), "{:?}", document.text());
    }
    Ok(tree)
}

fn parse_text(language: &str, text: &str) -> SyntaxTree {
    SyntaxTree::parse_within(PATIENT, Language::named(language).expect(language), &Rope::from_str(text), None)
        .expect("in time")
}

#[test]
fn error_nodes_and_missing_tokens_are_counted() {
    for (language, start) in STARTS {
        assert_eq!(parse_text(language, start).error_count(), 0, "{language}");
    }
    assert_eq!(parse_text("rust", "fn f() { g(1 }").error_count(), 1);
    assert_eq!(parse_text("rust", "fn f( { }\nfn g() { h(; }\n").error_count(), 2);
    assert_eq!(parse_text("go", "package main\n\na").error_count(), 1, "a missing line end is hidden in Go's tree");
    assert_eq!(parse_text("python", "").error_count(), 0);
}

#[test]
fn a_trial_tells_the_errors_after_an_insertion_and_changes_nothing() {
    let text = "fn main() {\n    let total = \n}\n";
    let tree = parse_text("rust", text);
    let at = text.find(" = ").unwrap() + 3;
    let after = |replaced, inserted| tree.with(PATIENT, replaced, inserted).map(|tree| tree.error_count());
    let before = tree.error_count();
    assert_eq!(before, 1);
    assert_eq!(after(at..at, "add(1, 2);"), Some(0));
    assert_eq!(after(at..at, "add(1, 2"), Some(2));
    assert_eq!(after(at..at, "{\n        1\n    };\n}\n\nfn next() {\n    other();"), Some(0));
    assert_eq!(after(3..7, "renamed"), Some(1));
    assert_eq!(after(usize::MAX..usize::MAX, "fn g() {}"), Some(1));
    assert_eq!((tree.error_count(), tree.text().to_string().as_str()), (before, text));
}

/// The brackets that are open at `$0`, how many of them nothing closes, and whether the text between `$1` and `$0`
/// closes too much.
fn brackets(language: &str, fixture: &str) -> (String, usize, bool) {
    let start = fixture.find("$1");
    let text = fixture.replacen("$1", "", 1);
    let at = text.find("$0").expect("a cursor mark");
    let tree = parse_text(language, &text.replacen("$0", "", 1));
    let open = tree.open_brackets(at);
    let kinds = open.iter().map(|bracket| bracket.kind).collect::<Vec<_>>().join(" ");
    (kinds, tree.left_open(at, &open), tree.closes_too_much(start.unwrap_or(at)..at))
}

#[test]
fn brackets_are_known_in_broken_code() {
    let case = |language, fixture| brackets(language, fixture);
    assert_eq!(case("rust", "fn f() { g(a, $0) }"), ("{ (".into(), 0, false));
    assert_eq!(case("rust", "fn f() { if x {$0 }\nfn g() { h(); }"), ("{ {".into(), 1, false));
    assert_eq!(case("rust", "fn f() { g(\"(\", $0"), ("{ (".into(), 2, false));
    assert_eq!(case("rust", "fn f() { $1a))$0 }"), ("{".into(), 0, true));
    assert_eq!(case("rust", "fn f() { g($1a)$0 }"), ("{".into(), 0, false));
    assert_eq!(case("python", "f([1, $0"), ("( [".into(), 2, false));
    assert_eq!(case("ruby", "xs.each do |x|\n  f($0)\nend\n"), ("do (".into(), 0, false));
    assert_eq!(case("javascript", "a = `x ${$0}`"), ("${".into(), 0, false));
}

#[test]
fn errors_have_a_place() {
    let tree = parse_text("rust", "fn f() { g(1 }\n\nfn h() { i(); }\n");
    assert!(tree.has_error_in(9..13));
    assert!(!tree.has_error_in(25..30));
    assert!(!parse_text("rust", "fn f() {}\n").has_error_in(0..10));
}

#[test]
fn a_trial_in_a_text_with_lone_carriage_returns_agrees_with_a_fresh_parse() {
    let text = "x = 1\rdef f():\n    return 1\n\rdef g():\r\n    return \n";
    let tree = parse_text("python", text);
    let at = text.rfind("return ").unwrap() + 7;
    let fresh = parse_text("python", &text.replace("return \n", "return (1,\n 2\n"));
    assert_eq!(tree.with(PATIENT, at..at, "(1,\n 2").map(|tree| tree.error_count()), Some(fresh.error_count()));
}

#[test]
fn a_tree_of_another_language_is_not_reused() {
    let python = parse_text("python", "def f():\n    pass\n");
    let rust = Language::named("rust").unwrap();
    let tree = SyntaxTree::parse_within(PATIENT, rust, &Rope::from_str("fn f() {}\n"), Some((&python, &[]))).unwrap();
    assert_eq!((tree.language(), tree.error_count()), (rust, 0));
}

#[test]
fn a_parse_that_meets_its_limit_gives_no_tree_and_leaves_the_next_one_alone() {
    let rust = Language::named("rust").unwrap();
    let long = Rope::from_str(&"fn f() { g(1, 2, 3); }\n".repeat(2_000));
    assert!(SyntaxTree::parse_within(Duration::ZERO, rust, &long, None).is_none());
    assert_eq!(parse_text("rust", "fn f() {}\n").error_count(), 0);
    let huge = Rope::from_str(&" ".repeat(MAX_BYTES + 1));
    assert!(SyntaxTree::parse_within(Duration::from_secs(3600), rust, &huge, None).is_none(), "not even tried");
}

/// Asks everything of a text that nobody writes. A parse that meets its limit is a good answer too.
fn survives(language: &'static Language, text: &str) {
    let limit = Duration::from_millis(100);
    let Some(tree) = SyntaxTree::parse_within(limit, language, &Rope::from_str(text), None) else { return };
    for byte in [0, 1, text.len() / 2, text.len(), usize::MAX] {
        tree.cursor(byte);
    }
    assert_eq!(tree.error_count() == 0, !tree.root().has_error());
    tree.with(limit, text.len()..text.len(), ")");
}

#[test]
fn deep_text_does_not_overflow_the_stack() {
    for language in Language::all() {
        // Java's parser needs 2 MiB of stack for this one.
        survives(language, &"[{(".repeat(30_000));
    }
    for language in ["rust", "python", "tsx"].map(|name| Language::named(name).unwrap()) {
        survives(language, &"(".repeat(100_000));
        survives(language, &format!("{}x{}", "(".repeat(30_000), ")".repeat(30_000)));
    }
}

#[test]
fn long_lines_and_broken_strings_do_not_hang() {
    for language in ["c", "go", "javascript", "python"].map(|name| Language::named(name).unwrap()) {
        survives(language, &format!("x = {};", "a.b+".repeat(20_000)));
        survives(language, &"f(".repeat(20_000));
        survives(language, &"\"'`".repeat(10_000));
        survives(language, &"\0".repeat(20_000));
    }
}
