//! Cursors in each language: fixture text with `$0` where the cursor is.

use ropey::Rope;

use super::*;
use crate::syntax::Language;

fn tree(language: &str, text: &str) -> SyntaxTree {
    SyntaxTree::parse(Language::named(language).expect(language), &Rope::from_str(text), None).expect("in time")
}

fn cursor(language: &str, fixture: &str) -> Cursor {
    let byte = fixture.find("$0").expect("a cursor mark");
    tree(language, &fixture.replacen("$0", "", 1)).cursor(byte)
}

#[test]
fn an_empty_block_is_seen_while_it_is_being_written() {
    for (language, fixture) in [
        ("rust", "fn f() {\n    $0\n}\n"),
        ("rust", "fn f() {$0}\n"),
        ("rust", "fn f() {$0\n\nfn g() {}\n"),
        ("rust", "impl A {\n    fn f() {\n        $0\n\n    fn g() {}\n}\n"),
        ("python", "def f():$0"),
        ("python", "def f():\n    $0\n\ndef g():\n    pass\n"),
        ("python", "class A:\n    def f(\n        self,\n    ) -> int:\n        \"\"\"Doc.\"\"\"\n        $0\n"),
        ("javascript", "foo(() => {\n  $0\n});"),
    ] {
        assert!(cursor(language, fixture).in_empty_block, "{language}: {fixture}");
    }
}
