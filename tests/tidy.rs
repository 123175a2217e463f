//! The house rules, checked: who may use whom, who may name what, how long a file may be.
//!
//! A rule is a function from files to complaints. Each has a test that it fires, so that none can go blind.

mod tidy {
    pub mod rules;
    pub mod source;
}

use tidy::rules;
use tidy::source::{SourceFile, all_files};

/// Runs one rule over the repository.
fn check(rule: impl Fn(&SourceFile) -> Vec<String>) {
    let complaints: Vec<String> = all_files()
        .iter()
        .flat_map(|file| rule(file).into_iter().map(|complaint| format!("{}: {complaint}", file.path)))
        .collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// Runs one rule over a made-up file.
fn complaints(rule: impl Fn(&SourceFile) -> Vec<String>, path: &str, text: &str) -> Vec<String> {
    rule(&SourceFile::new(path, text))
}

#[test]
fn a_module_uses_only_the_layers_below() {
    check(rules::layers);
}

#[test]
fn the_layer_rule_fires() {
    let upward = "//! x\nuse crate::session::Session;\n";
    assert_eq!(complaints(rules::layers, "src/engine/job.rs", upward), ["`engine` may not use `session`"]);
    assert_eq!(complaints(rules::layers, "src/lsp/server.rs", upward), [""; 0]);
    let grouped = "use crate::{text::{Document, Edit}, config, lsp::server::Server};";
    assert_eq!(complaints(rules::layers, "src/complete.rs", grouped), ["`complete` may not use `lsp`"]);
    let inline = "fn f() { let x = crate::cli::run(); }";
    assert_eq!(complaints(rules::layers, "src/session/status.rs", inline), ["`session` may not use `cli`"]);
    let through_super = "mod tests { use super::super::lsp::X; }";
    assert_eq!(complaints(rules::layers, "src/text.rs", through_super), ["`text` may not use `lsp`"]);
    let same_row = "use crate::text::Document;";
    assert_eq!(complaints(rules::layers, "src/config/load.rs", same_row), ["`config` may not use `text`"]);
    assert_eq!(complaints(rules::layers, "src/syntax/tree.rs", same_row), [""; 0]);
    let words = "// crate::lsp is above us\nconst X: &str = \"crate::lsp\";";
    assert_eq!(complaints(rules::layers, "src/text.rs", words), [""; 0]);
    let unknown = "use crate::elsewhere::X;";
    assert_eq!(
        complaints(rules::layers, "src/text.rs", unknown),
        ["`elsewhere` has no layer: give it one in tests/tidy/rules.rs"]
    );
}

#[test]
fn names_stay_in_their_rooms() {
    check(rules::names);
}

#[test]
fn the_name_rule_fires() {
    let fires = |path: &str, code: &str| !complaints(rules::names, path, code).is_empty();
    for (path, code) in [
        ("src/session.rs", "use tower_lsp::gen_lsp_types::Position;"),
        ("src/cli/serve.rs", "fn f(x: gen_lsp_types::Position) {}"),
        ("src/engine/host.rs", "use llama_cpp_2::model::LlamaModel;"),
        ("src/session.rs", "use rusqlite::Connection;"),
        ("src/session.rs", "let home = std::env::var(\"HOME\");"),
        ("src/session.rs", "use std::{env, fs};"),
        ("src/lsp/server.rs", "println!(\"hello\");"),
        ("src/engine/host.rs", "eprintln!(\"hello\");"),
        ("src/complete.rs", "dbg!(x);"),
        ("src/observe.rs", "let out = std::io::stdout();"),
        ("src/session.rs", "use reqwest::Client;"),
        ("src/lsp/client.rs", "let socket = std::net::TcpStream::connect(a);"),
    ] {
        assert!(fires(path, code), "{path}: {code}");
    }
    for (path, code) in [
        ("src/lsp/server.rs", "use tower_lsp::gen_lsp_types::Position;"),
        ("src/engine/llama/worker.rs", "use llama_cpp_2::model::LlamaModel;"),
        ("src/config/environment.rs", "let home = std::env::var(\"HOME\");"),
        ("src/engine/host.rs", "let program = std::env::current_exe();"),
        ("src/cli/doctor.rs", "println!(\"hello\");"),
        ("src/engine/host/launch.rs", "command.stdout(Stdio::null());"),
        ("src/session.rs", "// println! is for the CLI\nlet x = \"println!\"; blueprintln!();"),
        ("tests/e2e.rs", "println!(\"hello\");"),
    ] {
        assert!(!fires(path, code), "{path}: {code}");
    }
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    check(rules::shape);
}

#[test]
fn the_shape_rule_fires() {
    let long = format!("//! x\n{}", "x\n".repeat(500));
    assert_eq!(complaints(rules::shape, "src/a.rs", &long), ["501 lines, more than 500: split it"]);
    assert_eq!(complaints(rules::shape, "src/a.rs", "fn f() {}\n"), ["does not open with `//!`"]);
    assert_eq!(complaints(rules::shape, "tests/a.rs", "fn f() {}\n"), ["does not open with `//!`"]);
    assert_eq!(complaints(rules::shape, "src/a/mod.rs", "//! x\n"), ["use `a.rs` beside `a/`"]);
    assert_eq!(complaints(rules::shape, "docs/a.md", "text\n"), [""; 0]);
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    check(rules::places);
}

#[test]
fn the_place_rule_fires() {
    // Put together here, so that this file passes its own rule.
    for place in [["/ho", "me/ann/x"], ["/ro", "ot/.cargo"], ["C:\\Us", "ers\\ann"], ["/Us", "ers/ann"]] {
        assert_eq!(complaints(rules::places, "docs/a.md", &place.concat()).len(), 1, "{place:?}");
    }
    let mirror = "source = \"registry+https://mirror.example/index\"\n";
    assert_eq!(
        complaints(rules::places, "Cargo.lock", mirror),
        ["a package from another registry than crates.io: line 1"]
    );
}
