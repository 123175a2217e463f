//! What can be accepted without a new syntax error, in code that is whole and in code that is being written.

use ropey::Rope;

use super::*;
use crate::syntax::Language;

/// No test fails because the machine is busy.
const PATIENT: Duration = Duration::from_secs(600);

fn fit_within(budget: Duration, language: &str, fixture: &str, text: &str) -> Result<(String, SyntaxCheck), Reason> {
    let offset = fixture.find("$0").expect("a cursor mark");
    let rope = Rope::from_str(&fixture.replacen("$0", "", 1));
    let language = Language::named(language).expect("a language");
    let tree = SyntaxTree::parse_within(PATIENT, language, &rope, None).expect("in time");
    Trial::new(budget, Arc::new(tree), offset).fit(text, &Place::at(&rope, offset))
}

fn check(language: &str, fixture: &str, text: &str, expected: &str) {
    let check = if text == expected { SyntaxCheck::Passed } else { SyntaxCheck::Trimmed };
    assert_eq!(
        fit_within(PATIENT, language, fixture, text),
        Ok((expected.to_owned(), check)),
        "{language}: {fixture} + {text}"
    );
}

fn check_nothing(language: &str, fixture: &str, text: &str) {
    let fit = fit_within(PATIENT, language, fixture, text);
    assert_eq!(fit, Err(Reason::BreaksSyntax), "{language}: {fixture} + {text}");
}

#[test]
fn what_parses_is_left_alone() {
    check("rust", "fn f() {\n    let x = $0\n}\n", "g(1);", "g(1);");
    check("rust", "fn f() {\n    $0\n}\n", "if x {\n        g();\n    }", "if x {\n        g();\n    }");
    check("python", "def f(x):\n    return $0\n", "x + 1", "x + 1");
    check("go", "package a\n\nfunc f() {\n\t$0\n}\n", "return", "return");
}

#[test]
fn the_longest_prefix_of_whole_lines_is_kept() {
    check("rust", "fn f() {\n    $0\n}\n", "a();\n    b();\n    c(1,", "a();\n    b();");
    check("rust", "fn f() {\n    $0\n}\n", "a();\n    if b {\n        c();", "a();");
    check("python", "def f():\n    $0\n", "a()\n    b(\n        c,", "a()");
    check("javascript", "function f() {\n  $0\n}\n", "a();\n\n  b({", "a();");
}

#[test]
fn a_first_line_is_cut_at_a_token() {
    check("rust", "fn f() {\n    let x = $0;\n}\n", "a.map(|x| g(x", "a.map");
    check("rust", "fn f() {\n    $0\n}\n", "a(); b(", "a();");
    check("c", "int f(void) {\n    return $0;\n}\n", "a + g(b, (c", "a + g");
    check("python", "x = $0\n", "\"a\" + \"b", "\"a\"");
    check("javascript", "x.split($0);\n", "/[(]/);", "/[(]/");
    check_nothing("go", "package a\n\nfunc f() {\n\t$0\n}\n", "usage(");
}

#[test]
fn a_block_that_nothing_closes_is_not_opened() {
    check("rust", "fn f() {\n    if $0\n}\n\nfn g() {}\n", "x > 1 {", "x > 1");
    check("java", "class A {\n    void f() {\n        if ($0\n    }\n}\n", "x > 1) {", "x > 1)");
    check_nothing("go", "package a\n\nfunc f() {\n\t$0\n}\n", "for {");
    check_nothing("rust", "fn f() {\n    $0\n}\n", "match x {");
}

#[test]
fn a_bracket_that_the_document_closes_may_be_opened() {
    check("rust", "fn f() {\n    if x $0\n        g();\n    }\n}\n", "{", "{");
    check("javascript", "f($0\n  a,\n});\n", "{", "{");
}

#[test]
fn broken_code_around_may_stay_as_broken_as_it_is() {
    check("rust", "fn f() {\n    g(a, $0\n}\n", "b", "b");
    check("rust", "fn f() {\n    g(a, $0\n}\n", "b);", "b);");
    check("rust", "fn broken( {}\n\nfn f() {\n    let x = $0;\n}\n", "g(1)", "g(1)");
    check("rust", "fn broken( {}\n\nfn f() {\n    let x = $0;\n}\n", "g(1", "g");
    check("python", "def f(:\n\ndef g():\n    return $0\n", "a + [1,", "a");
}

#[test]
fn an_equal_number_of_errors_is_not_enough() {
    check("python", "x = ($0\n", "a + b))", "a + b)");
    // One error before and one after, but the second asks for a bracket that nobody wrote.
    check("rust", "impl A {\n    fn f($0\n}\n", "a: u8) {", "a: u8)");
    check_nothing("typescript", "const a = $0\n", "[1, 2");
}

#[test]
fn a_quote_of_its_own_is_closed() {
    check_nothing("javascript", "f();\n$0\n", "'abc");
    check_nothing("go", "package a\n\nvar s = $0\n", "\"abc");
}

#[test]
fn text_in_comments_and_strings_is_no_code() {
    check("rust", "fn f() {} // $0\n", "see g( and {", "see g( and {");
    check("rust", "fn f() { let s = \"$0\"; }\n", "a (b", "a (b");
    check("python", "def f():\n    \"\"\"$0\"\"\"\n", "Do it (now", "Do it (now");
}

#[test]
fn without_time_the_text_is_shown_untried() {
    let fit =
        fit_within(Duration::ZERO, "rust", &format!("fn f() {{\n    $0\n}}\n{}", "fn g() {}\n".repeat(9_000)), "a(");
    assert_eq!(fit, Ok(("a(".to_owned(), SyntaxCheck::TimedOut)));
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    fn piece() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "a", "b1", " ", "\n", "\n    ", "(", ")", "{", "}", "[", "]", ";", ":", ",", "\"", "'", "`", "if ",
            "def f():", "fn f() ", "return ", "=", ".", "//", "/*", "*/", "#", "é", "end", "do", "<a>", "</a>",
        ])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// The promise itself, against a fresh parse of what the document becomes.
        #[test]
        fn what_is_shown_adds_no_error(
            number in 0..Language::all().len(),
            before in prop::collection::vec(piece(), 0..12),
            after in prop::collection::vec(piece(), 0..8),
            text in prop::collection::vec(piece(), 1..14),
        ) {
            let language = &Language::all()[number];
            let (before, after, text) = (before.concat(), after.concat(), text.concat());
            let rope = Rope::from_str(&format!("{before}{after}"));
            let tree = SyntaxTree::parse_within(PATIENT, language, &rope, None).unwrap();
            let trial = Trial::new(PATIENT, Arc::new(tree.clone()), before.len());
            if let Ok((shown, _)) = trial.fit(&text, &Place::at(&rope, before.len())) {
                prop_assert!(text.starts_with(&shown));
                let accepted = tree.with(PATIENT, before.len()..before.len(), &shown).unwrap();
                prop_assert!(accepted.error_count() <= tree.error_count(), "{before:?} {shown:?} {after:?}");
            }
        }
    }
}
