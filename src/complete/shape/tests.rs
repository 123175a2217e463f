//! Bad raw outputs and what may be shown of them.

use ropey::Rope;

use super::Shaper;
use crate::complete::{Place, Reason};

fn place(fixture: &str) -> Place {
    let offset = fixture.find("$0").expect("fixture has a cursor");
    Place::at(&Rope::from_str(&fixture.replacen("$0", "", 1)), offset)
}

/// As in a language without a grammar.
fn shape(fixture: &str, raw: &str, max_lines: u32) -> Result<String, Reason> {
    Shaper::new(place(fixture), max_lines, None, 0).shape(raw).map(|(text, _)| text)
}

fn check(fixture: &str, raw: &str, max_lines: u32, expected: &str) {
    assert_eq!(shape(fixture, raw, max_lines).as_deref(), Ok(expected), "{fixture:?} + {raw:?}");
}

fn check_nothing(fixture: &str, raw: &str, max_lines: u32, expected: Reason) {
    assert_eq!(shape(fixture, raw, max_lines), Err(expected), "{fixture:?} + {raw:?}");
}

#[test]
fn a_single_line_ends_at_the_line_break() {
    check("let x = $0\n", "foo();\nlet y = bar();", 1, "foo();");
    check("let x = $0\n", "foo();\r\nbar", 1, "foo();");
}

#[test]
fn white_space_alone_is_nothing() {
    check_nothing("let x = $0\n", "   \n\t", 1, Reason::NothingToSay);
    check_nothing("let x = 1;$0\n", "\nlet y", 1, Reason::BelowLine);
}

#[test]
fn control_characters_end_the_text() {
    check("let x = $0\n", "foo\u{0}bar", 1, "foo");
    check("let x = $0\n", "foo\u{fffd}", 1, "foo");
}

#[test]
fn what_the_line_goes_on_with_is_cut() {
    check("foo(a$0)\n", ", b)", 1, ", b");
    check("foo(a$0)\n", ", b);", 1, ", b");
    check("foo(a$0);\n", ", bar(b));", 1, ", bar(b)");
    check("let s = \"he$0\";\n", "llo\";", 1, "llo");
    check("[a$0]\n", ", b[0]]", 1, ", b[0]");
    check("x = bar($0)\n", "foo()", 1, "foo()");
    check("x = bar($0);\n", "foo());", 1, "foo()");
    check("{ $0 }\n", "a: 1 }", 1, "a: 1");
    check("f($0)\n", "\")\")", 1, "\")\"");
}

#[test]
fn letters_that_overlap_by_chance_stay() {
    check("x = $0 return\n", "more", 1, "more");
}

#[test]
fn quotes_that_the_editor_closed_are_not_closed_again() {
    check("println!(\"$0\");\n", "value: {}\", x);", 1, "value: {}");
    check("fmt.Println(\"$0\")\n", "hello\", name)", 1, "hello");
    check("import a from '$0'\n", "./a';", 1, "./a");
    check("d['$0']\n", "key'].get('a')", 1, "key");
    check("let v: Vec<$0>\n", "u8> = Vec::new();", 1, "u8");
    check("fn f() -> Vec<$0> {\n", "Box<dyn Fn(u8) -> u8>> {", 1, "Box<dyn Fn(u8) -> u8>");
}

#[test]
fn brackets_in_quotes_close_nothing() {
    check("let w = s.split($0)\n", "')')", 1, "')'");
    check("w = s.strip($0)\n", "')').lower()", 1, "')'");
    check("w = s.replace($0)\n", "')', '')", 1, "')', ''");
}

#[test]
fn equal_elements_are_not_a_loop() {
    for raw in ["\"VALUES (%s, %s, %s, %s, %s)\"", "[None, None, None, None, None, None]", "(i32, i32, i32, i32, i32)"]
    {
        check("x = $0\n", raw, 1, raw);
    }
}

#[test]
fn a_line_that_stands_below_already_is_dropped() {
    check_nothing("$0\nlet y = 2;\n", "let y = 2;", 1, Reason::Repeats);
    check("a();\n$0\nc();\n", "b();\nc();", 4, "b();");
    check("    $0\n    c();\n    d();\n", "b();\n    c();\n    d();", 4, "b();");
}

#[test]
fn loops_are_cut() {
    check("$0\n", "a.push(1);\na.push(1);\na.push(1);\na.push(1);", 8, "a.push(1);\na.push(1);");
    check_nothing("foo();\nfoo();\n$0\n", "foo();", 1, Reason::Repeats);
    check("x = $0\n", "abc abc abc abc abc abc", 1, "abc");
    check("x = $0\n", "self.a.b.b.b.b.b.b.b.b.b.b.b.b", 1, "self.a.b.b");
    check("x = $0\n", "[0, 0, 0, 0, 0, 0, 0]", 1, "[0, 0, 0, 0, 0, 0, 0]");
}

#[test]
fn a_block_ends_with_its_scope() {
    check(
        "fn a() {\n    if b $0\n}\n",
        "{\n        c();\n    }\n    d();\n}\n\nfn e() {",
        12,
        "{\n        c();\n    }",
    );
    check("fn a() {\n    $0\n}\n", "b();\n    c();\n}\n\nfn d() {}", 12, "b();\n    c();");
    check("def a():\n    $0\n", "b = 1\n    return b\n\ndef c():\n    pass", 12, "b = 1\n    return b");
    check("fn a() {$0\n}\n", "\n    b();\n    c();\n}\n", 12, "\n    b();\n    c();");
}

#[test]
fn a_block_that_the_document_does_not_close_is_closed() {
    check("if a $0\nb();\n", "{\n    c();\n}\nd();", 12, "{\n    c();\n}");
    check("if a $0\n", "{\n    c();\n} else {\n    d();\n}\ne();", 12, "{\n    c();\n} else {\n    d();\n}");
}

#[test]
fn a_closing_bracket_of_its_own_stays() {
    check("fn a() {\n  if x {\n    y();\n  $0\n}\n", "}", 12, "}");
    check_nothing("fn a() {\n    y();\n$0\n}\n", "}", 12, Reason::Repeats);
}

#[test]
fn the_next_line_ends_the_text_wherever_it_comes() {
    check_nothing("    $0\n    let y = 2;\n    foo();\n", "let y = 2;\n    bar();", 12, Reason::Repeats);
    check("    $0\n    cat();\n    dog();\n", "bird();\n    cat();\n    elk();", 12, "bird();");
}

#[test]
fn long_strings_and_open_brackets_are_finished() {
    let docstring = "\"\"\"Do it.\n\n    Args:\n        x: a number\n    \"\"\"";
    check("def a(x):\n    $0\n", docstring, 12, docstring);
    check("    foo($0\n", "a,\n        b)\n    bar()", 12, "a,\n        b)");
    check("    if x $0\n", "{ // check\n        a();\n    }\n    b();", 12, "{ // check\n        a();\n    }");
    check("    let x = $0\n", "foo()\n        .bar();\n    baz();", 12, "foo()\n        .bar();");
}

#[test]
fn a_finished_line_can_be_continued_below() {
    check("struct A {\n    a: u32,$0\n}\n", "\n    b: u32,\n}", 12, "\n    b: u32,");
    check("    let y = 1;$0\n", "\n    let z = 2;\n}", 12, "\n    let z = 2;");
}

#[test]
fn one_block_at_a_time() {
    check(
        "class A:\n    $0\n",
        "def a(self):\n        pass\n\n    def b(self):\n        pass",
        12,
        "def a(self):\n        pass",
    );
    check("fn a() {\n$0\n    let z = 3;\n}\n", "    let x = 1;\n}", 12, "    let x = 1;");
    check("try:$0\n", "\n    a()\nexcept E:\n    b()\nc()", 12, "\n    a()\nexcept E:\n    b()");
    check(
        "def a():\n    if b:$0\n",
        "\n        c()\n    else:\n        d()\n    e()",
        12,
        "\n        c()\n    else:\n        d()",
    );
}

#[test]
fn a_statement_does_not_run_into_the_next() {
    check("    let a = $0\n", "b();\n    let c = d();", 12, "b();");
}

#[test]
fn lines_are_counted() {
    check("    $0\n", "a();\n    b();\n    c();", 2, "a();\n    b();");
}

#[test]
fn a_blank_line_ends_what_is_complete() {
    check("    $0\n", "a();\n\n    b();", 12, "a();");
}

#[test]
fn the_indentation_of_the_file_is_kept() {
    check("{\n\ta\n\tb\n\tif c $0\n}\n", "{\n        d\n    }", 12, "{\n\t\td\n\t}");
    check("func f() error {$0\n", "\n\treturn nil\n}", 12, "\n\treturn nil\n}");
    check("{\n\ta\n\tif b $0\n}\n", "{\n    c()\n  }", 12, "{\n\t\tc()\n\t}");
    check("{\n  a\n  if b $0\n}\n", "{\n\t\tc\n\t}", 12, "{\n    c\n  }");
    check("{\n   a\n   if b $0\n}\n", "{\n      c\n   }", 12, "{\n      c\n   }");
}

#[test]
fn knows_when_more_tokens_change_nothing() {
    let here = Shaper::new(place("fn a() {\n    $0\n}\n"), 12, None, 0);
    assert!(!here.is_complete("b();\n    c();"));
    assert!(!here.is_complete("b();\n    c();\n"));
    assert!(here.is_complete("b();\n}\nfn"));
    assert!(here.is_complete("bb();\n    bb();\n    bb();\n    bb();\n"));
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn never_panics_and_never_adds_lines(
            before in "[ a-z(){}\\[\\]\"'\n\té漢]{0,40}",
            after in "[ a-z(){}\\[\\]\"'\n\té漢]{0,40}",
            raw in "[ a-z(){}\\[\\];\"'\r\n\té漢\u{0}]{0,80}",
            max_lines in 1_u32..5,
        ) {
            let text = format!("{before}{after}");
            let place = Place::at(&Rope::from_str(&text), before.len());
            let shaper = Shaper::new(place, max_lines, None, 0);
            shaper.is_complete(&raw);
            if let Ok((shaped, _)) = shaper.shape(&raw) {
                prop_assert!(!shaped.trim().is_empty());
                prop_assert!(shaped.lines().filter(|line| !line.trim().is_empty()).count() <= max_lines as usize);
                prop_assert!(shaped.split('\n').count() <= raw.split('\n').count());
            }
        }
    }
}
