//! Files with the holes that are expected in them, a line at a time.

use std::collections::BTreeSet;

use ropey::Rope;

use super::*;
use crate::syntax::Language;

/// Every hole of a kind that is found from any line on, marked in its file as `‹…›`, in order.
fn holes(language: &str, kind: Kind, text: &str) -> Vec<String> {
    // Enough to come upon each token of a line.
    holes_of(language, kind, text, 40)
}

fn holes_of(language: &str, kind: Kind, text: &str, seeds: u64) -> Vec<String> {
    let language = Language::named(language).unwrap();
    let tree = SyntaxTree::parse(language, &Rope::from_str(text), None).unwrap();
    let source = Source::new(text, &tree);
    let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    let mut found = BTreeSet::new();
    for start in starts {
        for seed in 0..seeds {
            let range = source.find(kind, start, &mut Random::new(seed));
            found.extend(range.map(|range| (range.start, range.end)));
        }
    }
    let mark = |(start, end): (usize, usize)| {
        let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let rest = text[end..].find('\n').map_or(text.len(), |at| end + at);
        format!("{}‹{}›{}", text[line..start].trim_start(), &text[start..end], &text[end..rest])
    };
    found.into_iter().map(mark).collect()
}

const RUST: &str = "\
use std::fmt;

/// Adds (and says so).
fn add(a: u32, b: u32) -> u32 {
    let sum = a + b; // the sum
    println!(\"{sum}\");
    if sum > max(a, 7) {
        return f(a).len();
    }
    sum
}
";

#[test]
fn lines_end_where_they_end_and_begin_at_tokens() {
    assert_eq!(
        holes("rust", Kind::Line, "let a = b.c(\"d e\");\n// x\n}\n"),
        [
            "‹let a = b.c(\"d e\");›",
            "let ‹a = b.c(\"d e\");›",
            "let a ‹= b.c(\"d e\");›",
            "let a = ‹b.c(\"d e\");›",
            "let a = b‹.c(\"d e\");›",
            "let a = b.‹c(\"d e\");›",
            "let a = b.c‹(\"d e\");›",
            "let a = b.c(‹\"d e\");›",
        ],
        "nothing begins in a string, and brackets alone are not asked for"
    );
    let all = holes("rust", Kind::Line, RUST);
    assert!(!all.iter().any(|hole| hole.contains("// the sum") || hole.contains("says so")), "{all:#?}");
}

#[test]
fn arguments_are_a_calls_and_the_last_of_their_line() {
    assert_eq!(
        holes("rust", Kind::Arguments, RUST),
        ["println!(‹\"{sum}\"›);", "if sum > max(‹a, 7›) {"],
        "neither parameters nor what another call follows"
    );
    let python = "def f(a, b):\n    return g(a, h(b))\n\nclass A(B):\n    x = f(\n        1)\n";
    assert_eq!(holes("python", Kind::Arguments, python), ["return g(‹a, h(b)›)", "return g(a, h(‹b›))"]);
    let typescript = "function f(a: number) {\n  if (a) { g(a) }\n  while (a) h(`x`, a);\n}\n";
    assert_eq!(holes("typescript", Kind::Arguments, typescript), ["if (a) { g(‹a›) }", "while (a) h(‹`x`, a›);"]);
}

#[test]
fn whole_lines_are_statements() {
    assert_eq!(
        holes("rust", Kind::Lines, RUST),
        [
            "‹use std::fmt;›",
            "‹println!(\"{sum}\");›",
            "‹println!(\"{sum}\");\n    if sum > max(a, 7) {\n        return f(a).len();\n    }›",
            "‹println!(\"{sum}\");\n    if sum > max(a, 7) {\n        return f(a).len();\n    }\n    sum›",
            "‹if sum > max(a, 7) {\n        return f(a).len();\n    }›",
            "‹if sum > max(a, 7) {\n        return f(a).len();\n    }\n    sum›",
            "‹return f(a).len();›",
            "‹sum›",
        ],
        "a statement with a comment behind it is left alone"
    );
    let python = "def f(a):\n    b = [\n        1,\n    ]\n    return b\n";
    assert_eq!(
        holes("python", Kind::Lines, python),
        [
            "‹def f(a):\n    b = [\n        1,\n    ]\n    return b›",
            "‹b = [\n        1,\n    ]›",
            "‹b = [\n        1,\n    ]\n    return b›",
            "‹return b›",
        ],
        "items of a list are no statements"
    );
}

#[test]
fn blocks_begin_behind_their_opening() {
    assert_eq!(
        holes("rust", Kind::Block, RUST),
        [
            "fn add(a: u32, b: u32) -> u32 {‹\n    let sum = a + b; // the sum\n    println!(\"{sum}\");\n    if sum > max(a, 7) {\n        return f(a).len();\n    }\n    sum›",
            "if sum > max(a, 7) {‹\n        return f(a).len();›",
        ]
    );
    let python = "def f(a):\n    if a:\n        return b\n\n    return c\n\n\nd = {\n    1: 2,\n}\n";
    assert_eq!(
        holes("python", Kind::Block, python),
        ["def f(a):‹\n    if a:\n        return b\n\n    return c›", "if a:‹\n        return b›"]
    );
    let go = "package a\n\nfunc f(a int) int {\n\tfor {\n\t\tg(a)\n\t}\n}\n\nvar x = T{\n\tA: 1,\n}\n";
    assert_eq!(holes("go", Kind::Block, go), ["func f(a int) int {‹\n\tfor {\n\t\tg(a)\n\t}›", "for {‹\n\t\tg(a)›"]);
    let ruby = "def f(a)\n  a.each do |b|\n    p b\n  end\nend\n";
    assert_eq!(
        holes("ruby", Kind::Block, ruby),
        ["def f(a)‹\n  a.each do |b|\n    p b\n  end›", "a.each do |b|‹\n    p b›"]
    );
}

#[test]
fn a_long_body_is_no_small_block() {
    let body = |lines: usize| format!("fn f() {{\n{}}}\n", "    g();\n".repeat(lines));
    assert_eq!(holes("rust", Kind::Block, &body(8)).len(), 1);
    assert_eq!(holes("rust", Kind::Block, &body(9)), [""; 0]);
    assert_eq!(holes("rust", Kind::Block, "fn f() {\n}\n"), [""; 0]);
}

#[test]
fn line_breaks_of_windows_stay_outside() {
    let text = "fn f() {\r\n    g(1);\r\n}\r\n";
    assert_eq!(holes("rust", Kind::Block, text), ["fn f() {‹\r\n    g(1);›\r"]);
    assert_eq!(holes("rust", Kind::Lines, text), ["‹fn f() {\r\n    g(1);\r\n}›\r", "‹g(1);›\r"]);
    assert_eq!(holes("rust", Kind::Arguments, text), ["g(‹1›);\r"]);
}

/// Every hole of every kind in every language's fixture: inside of the text, at borders of characters, and not empty.
#[test]
fn every_language_has_holes_of_each_kind() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/languages");
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let Some(language) = Language::detect("", &path.to_string_lossy(), "") else { continue };
        if language.is_outline() || path.extension().is_some_and(|kind| kind == "tags") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for kind in Kind::ALL {
            let found = holes_of(&language.name, kind, &text, 1).len();
            // Neither markup nor commands of a shell call anything in brackets, and Haskell has neither brackets nor colons.
            let may_lack = match kind {
                Kind::Arguments => ["bash", "css", "haskell", "html"].contains(&&*language.name),
                Kind::Block => ["haskell", "html"].contains(&&*language.name),
                _ => false,
            };
            assert!(found > 0 || may_lack, "{}: no hole of kind {}", language.name, kind.word());
        }
    }
}
