//! Incremental against fresh parses, error counts, and hostile input.

use proptest::prelude::*;

use super::*;
use crate::text::{Change, Document, Position, PositionEncoding, Range};

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

    #[test]
    fn an_incremental_tree_is_the_fresh_tree(
        (language, start) in prop::sample::select(&STARTS[..]),
        changes in prop::collection::vec(prop::collection::vec(change(), 1..4), 1..6),
    ) {
        let language = Language::named(language).unwrap();
        let mut document = Document::new("untitled:1", "", 0, start);
        let mut tree = SyntaxTree::parse(language, document.rope(), None).unwrap();
        for (version, changes) in changes.iter().enumerate() {
            let edits = document.apply(version as i32, changes, PositionEncoding::Utf16);
            tree = SyntaxTree::parse(language, document.rope(), Some((&tree, &edits))).unwrap();
            let fresh = SyntaxTree::parse(language, document.rope(), None).unwrap();
            prop_assert_eq!(tree.root().to_sexp(), fresh.root().to_sexp(), "{:?}", document.text());
        }
    }
}
