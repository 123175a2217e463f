//! Diffs as models write them.

use super::super::inert::Inert;
use super::*;

const FILE: &str = "fn a() {\n    one();\n}\n\nfn b() {\n    two();\n}\n";

fn checked(diff: &str) -> Diff {
    check(diff, &|path| (path == "src/a.rs").then(|| FILE.to_owned()), &|path| path.starts_with("tests/"))
}

#[track_caller]
fn problem(diff: &str, expected: &str) {
    let problem = checked(diff).problem.expect("a problem");
    assert!(problem.contains(expected), "{problem}");
}

#[test]
fn a_diff_gives_the_file_as_it_would_be() {
    let diff = "--- a/src/a.rs\n+++ b/src/a.rs\n@@ -1,3 +1,4 @@\n fn a() {\n     one();\n+    more();\n }\n";
    let checked = checked(diff);
    assert_eq!(checked.problem, None);
    let text = FILE.replace("    one();\n", "    one();\n    more();\n");
    assert_eq!(checked.files, [("src/a.rs".to_owned(), Some(text))]);
}

#[test]
fn a_wrong_line_number_is_put_right_where_there_is_one_place_only() {
    let diff = "--- a/src/a.rs\n+++ b/src/a.rs\n@@ -90,1 +90,1 @@\n-    two();\n+    three();\n@@\n-}\n+};\n";
    let text = FILE.replace("two", "three").replace("three();\n}", "three();\n};");
    assert_eq!(checked(diff).files[0].1.as_deref(), Some(text.as_str()));
    problem("--- a/src/a.rs\n+++ b/src/a.rs\n@@ -90 +90 @@\n-}\n+};\n", "fits in 2 places");
}

#[test]
fn what_does_not_fit_is_said() {
    problem("--- a/src/a.rs\n+++ b/src/a.rs\n@@ -1 +1 @@\n-fn c() {\n+fn d() {\n", "part 1 does not fit");
    problem("--- a/src/gone.rs\n+++ b/src/gone.rs\n@@ -1 +1 @@\n-a\n+b\n", "not in this workspace");
    problem("--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n", "no path of this workspace");
    problem("--- /etc/passwd\n+++ /etc/passwd\n@@ -1 +1 @@\n-a\n+b\n", "no path of this workspace");
    problem("--- /dev/null\n+++ b/.git/hooks/x\n@@ -0,0 +1 @@\n+b\n", "a new file cannot stand there");
    problem("--- a/src/a.rs\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n", "deletes");
    problem("--- a/src/a.rs\n+++ b/src/b.rs\n@@ -1 +1 @@\n-a\n+b\n", "renames");
    problem("just words", "changes nothing");
    problem("@@ -1 +1 @@\n-a\n+b\n", "names no file");
    problem("--- a/src/a.rs\n+++ b/src/a.rs\n@@ -1 +1 @@\nwords\n", "no diff");
}

#[test]
fn a_new_file_may_stand_where_nothing_is() {
    let diff = "--- /dev/null\n+++ b/tests/a.rs\n@@ -0,0 +1,2 @@\n+one\n+two\n";
    assert_eq!(checked(diff).files, [("tests/a.rs".to_owned(), Some("one\ntwo\n".to_owned()))]);
}

#[test]
fn line_ends_and_a_missing_last_one_stay() {
    let diff = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n";
    let of = |text: &str| check(diff, &|_| Some(text.to_owned()), &|_| false).files.remove(0).1;
    assert_eq!(of("one\r\ntwo\r\n").as_deref(), Some("one\r\n2\r\n"));
    assert_eq!(of("one\ntwo").as_deref(), Some("one\n2"));
}

#[test]
fn diffs_are_found_among_other_blocks() {
    let answer = "Text\n\n```rust\nno\n```\n```diff\n--- a/x\n+++ b/x\n```\n\nand\n\n```patch\n@@ -1 +1 @@\n```\n";
    let mut inert = Inert::default();
    let mut collector = Collector::default();
    for character in answer.chars() {
        collector.push(&inert.push(&character.to_string()));
    }
    collector.push(&inert.finish());
    assert_eq!(collector.finish().as_deref(), Some("--- a/x\n+++ b/x\n@@ -1 +1 @@\n"));
    assert_eq!(Collector::default().finish(), None);
}

#[test]
fn a_diff_of_very_many_parts_is_not_tried() {
    problem(&format!("--- a/src/a.rs\n+++ b/src/a.rs\n{}", "@@\n+x\n".repeat(1_001)), "more than 1000 parts");
}
