//! Signatures before and now, and what becomes of a call.

use super::*;
use crate::nextedit::Page;
use crate::nextedit::snapshot::Snapshot;
use crate::syntax::Call;
use crate::text::Document;

fn page(path: &str, text: &str) -> Page {
    Page::of_document(path, &Document::new(path, "", 0, text), true).expect("a grammar")
}

/// What becomes of `call` when `before` becomes `now`, each a whole definition of `f`.
fn verdict(path: &str, before: &str, now: &str, call: &str) -> Verdict {
    let parameters = |text: &str| {
        let snapshot = Snapshot::new(&page(path, text));
        let entry = snapshot.entries.iter().find(|entry| entry.shape.name == "f").expect("a definition of f");
        entry.shape.parameters.clone().expect("parameters")
    };
    let caller = page(path, call);
    let at = call.find("f(").expect("a call");
    let Call::With(list) = caller.tree.call(at..at + 1) else { return Verdict::Look };
    let written = Written {
        list: &list,
        text: call,
        names_with_equals: caller.tree.language().name == "python",
        is_labelled: caller.tree.language().name == "swift",
        in_scope: &|name| name == "known",
    };
    judge(&parameters(before), &parameters(now), &written)
}

#[track_caller]
fn check(path: &str, before: &str, now: &str, call: &str, expected: &str) {
    let spelled = match verdict(path, before, now, call) {
        Verdict::Fine => "fine".to_owned(),
        Verdict::Look => "look".to_owned(),
        Verdict::Rewrite { inner, is_told, drops } => {
            format!("({inner}){}{}", if is_told { "" } else { "?" }, if drops { "!" } else { "" })
        }
    };
    assert_eq!(spelled, expected, "{call}");
}

fn rust(before: &str, now: &str, call: &str, expected: &str) {
    let definition = |parameters: &str| format!("fn f({parameters}) {{}}\n");
    let caller = format!("fn g() {{ {call}; }}\n");
    check("a.rs", &definition(before), &definition(now), &caller, expected);
}

fn python(before: &str, now: &str, call: &str, expected: &str) {
    let definition = |parameters: &str| format!("def f({parameters}):\n    pass\n");
    check("a.py", &definition(before), &definition(now), &format!("{call}\n"), expected);
}

#[test]
fn an_argument_goes_with_its_parameter() {
    rust("a: u8, b: u16", "a: u8", "f(1, 2)", "(1)");
    rust("a: u8, b: u16", "b: u16", "f(1, 2)", "(2)");
    rust("a: u8", "", "f(1)", "()");
    rust("a: u8, b: u16, c: u32", "a: u8, c: u32", "f(1, g(2), 3)", "(1, 3)!");
    rust("a: u8, b: u16", "a: u8", "f(\n    1,\n    2,\n)", "(\n    1,\n    2,\n)".replace("\n    2,", "").as_str());
}

#[test]
fn calls_that_follow_already_are_fine() {
    rust("a: u8, b: u16", "a: u8", "f(1)", "fine");
    rust("a: u8", "a: u8, b: u16", "f(1, 2)", "fine");
    rust("a: u8", "a: u16", "f(1)", "fine");
    rust("a: u8", "b: u8", "f(1)", "fine");
    python("a", "a, b=1", "f(1)", "fine");
    python("a, b=1", "a", "f(1)", "fine");
}

#[test]
fn arguments_change_places_with_their_parameters() {
    rust("a: u8, b: u16", "b: u16, a: u8", "f(1, 2)", "(2, 1)?");
    rust("a: u8, b: u16", "b: u16, a: u8", "f(1, 1)", "fine");
    python("a, b", "b, a", "f(a=1, b=2)", "(b=2, a=1)?");
    python("a, b", "b, a", "f(1, b=2)", "(b=2, a=1)");
}

#[test]
fn a_new_parameter_takes_only_what_is_there() {
    rust("a: u8", "a: u8, b: u16", "f(1)", "look");
    rust("a: u8", "a: u8, known: u16", "f(1)", "(1, known)");
    rust("", "known: u16", "f()", "(known)");
    python("a, c", "a, b=0, c=None", "f(1, 2)", "(1, 0, 2)?");
    python("a, c", "a, b=g(), c=None", "f(1, 2)", "(1, c=2)?");
    python("a", "a, *, b", "f(1)", "look");
}

#[test]
fn names_of_arguments_follow() {
    python("a, b=1", "a, size=1", "f(1, b=2)", "(1, size=2)");
    python("a, b=1", "a", "f(1, b=2)", "(1)");
    python("a, b=1", "a", "f(b=2, a=1)", "(a=1)");
    python("a, **kw", "a, size=1, **kw", "f(1, other=2)", "fine");
    check(
        "a.kt",
        "fun f(a: Int, b: Int) {}\n",
        "fun f(a: Int, size: Int) {}\n",
        "fun g() { f(1, b = 2) }\n",
        "(1, size = 2)",
    );
    check(
        "a.cs",
        "class A { void f(int a, int b) {} }\n",
        "class A { void f(int a, int size) {} }\n",
        "class B { void g() { f(1, b: 2); } }\n",
        "(1, size: 2)",
    );
    check(
        "a.swift",
        "func f(a: Int, b: Int) {}\n",
        "func f(a: Int, size: Int) {}\n",
        "func g() { f(a: 1, b: 2) }\n",
        "(a: 1, size: 2)?",
    );
}

#[test]
fn what_syntax_cannot_tell_is_left_to_the_user() {
    rust("a: u8, b: u16", "a: u8", "f(1, /* why */ 2)", "look");
    python("a, b", "a", "f(*both)", "look");
    check("a.js", "function f(a, b) {}\n", "function f(a) {}\n", "f(...both)\n", "look");
    check("a.go", "func f(a int, b int) {}\n", "func f(a int) {}\n", "func g() { f(both...) }\n", "look");
    check("a.kt", "fun f(a: Int, b: () -> Int) {}\n", "fun f(b: () -> Int) {}\n", "fun g() { f(1) { 2 } }\n", "fine");
    check("a.rb", "def f(a, b)\nend\n", "def f(a)\nend\n", "x = [f(*both)]\n", "look");
}

#[test]
fn every_language_with_lists() {
    check("a.go", "func f(a, b int) {}\n", "func f(b int) {}\n", "package a\nfunc g() { f(1, 2) }\n", "(2)");
    check("a.ts", "function f(a: A, b?: B) {}\n", "function f(b?: B) {}\n", "f(1, 2)\n", "(2)");
    check(
        "A.java",
        "class A { void f(int a, int b) {} }\n",
        "class A { void f(int b) {} }\n",
        "class B { void g() { f(1, 2); } }\n",
        "(2)",
    );
    check(
        "a.c",
        "int f(int a, char *b) { return 1; }\n",
        "int f(char *b) { return 1; }\n",
        "int g() { return f(1, 2); }\n",
        "(2)",
    );
    check(
        "a.cpp",
        "int f(int a, const B &b) { return 1; }\n",
        "int f(const B &b) { return 1; }\n",
        "int g() { return f(1, 2); }\n",
        "(2)",
    );
    check(
        "a.cs",
        "class A { void f(int a, int b) {} }\n",
        "class A { void f(int b) {} }\n",
        "class B { void g() { f(1, 2); } }\n",
        "(2)",
    );
    check("a.rb", "def f(a, b)\nend\n", "def f(b)\nend\n", "x = f(1, 2)\n", "(2)");
    check("a.php", "<?php\nfunction f($a, $b) {}\n", "<?php\nfunction f($b) {}\n", "<?php\nf(1, 2);\n", "(2)");
    check("a.kt", "fun f(a: Int, b: Int) {}\n", "fun f(b: Int) {}\n", "fun g() { f(1, 2) }\n", "(2)");
    check("a.scala", "def f(a: Int, b: Int) = 1\n", "def f(b: Int) = 1\n", "val x = f(1, 2)\n", "(2)");
    check("a.lua", "function f(a, b)\nend\n", "function f(b)\nend\n", "x = f(1, 2)\n", "(2)");
    check("a.swift", "func f(a: Int, b: Int) {}\n", "func f(b: Int) {}\n", "func g() { f(a: 1, b: 2) }\n", "(b: 2)");
}
