//! `tandem why`.

use std::path::Path;

use serde_json::{Value, json};

use super::stats::Editor;
use super::support::{User, files};
use super::workspace::user;

const LOOKUP: [&str; 2] = ["--set", "engine.choice=lookup"];

/// The account as a program reads it.
#[track_caller]
fn account(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn silence_is_explained_with_its_setting() {
    let user = user();
    user.write("work/a.rs", "// a comment \nfn main() {}\n");
    let off = ["why", "a.rs:1:13", LOOKUP[0], LOOKUP[1], "--set", "completion.inComments=false"];
    let ended = user.run(&off).expect_code(1);
    assert!(
        ended.stdout.starts_with("nothing: the cursor is in a comment (completion.inComments)\n"),
        "{}",
        ended.stdout
    );
    let report = account(&user.run(&[&off[..], &["--json"]].concat()).expect_code(1).stdout);
    assert_eq!(report["decision"]["hidden"]["reason"], "inComment", "{report:#}");
    let nowhere = user.run(&["why", "a.rs:9", LOOKUP[0], LOOKUP[1]]).expect_code(2);
    assert!(nowhere.stderr.contains("there is no line 9"), "{}", nowhere.stderr);
}

#[test]
fn a_suggestion_is_explained_with_who_wrote_it_and_how_long_it_took() {
    let user = user();
    let line = "    let alpha = read_configuration(&directory, \"settings\")?;\n";
    user.write("work/a.rs", &format!("fn main() {{\n{line}{line}    let gamma = read_conf\n}}\n"));
    let ended = user.run(&["why", "a.rs:4", LOOKUP[0], LOOKUP[1]]).expect_code(0);
    for part in ["shown", "by lookup, ", "lookup", "time", "analysis ", "nothing from elsewhere was considered"] {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
    for part in
        ["gate", " % right: ", "(by lookup, which says ", "shown from 25 % on", "log-odds of a usual suggestion"]
    {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
    let report = account(&user.run(&["why", "a.rs:4", LOOKUP[0], LOOKUP[1], "--json"]).expect_code(0).stdout);
    let verdict = &report["gate"]["verdicts"][0];
    assert_eq!(verdict["probability"], report["decision"]["shown"]["suggestions"][0]["confidence"], "{report:#}");
    let contributions = verdict["contributions"].as_array().unwrap();
    let sum: f64 = contributions.iter().map(|part| part["logOdds"].as_f64().unwrap()).sum();
    let log_odds = verdict["base"].as_f64().unwrap() + sum;
    let probability = verdict["probability"].as_f64().unwrap();
    assert!((1.0 / (1.0 + (-log_odds).exp()) - probability).abs() < 1e-4, "the parts make the whole: {verdict:#}");
}

#[cfg(feature = "llama")]
#[test]
fn the_prompt_is_told_with_what_it_says_of_other_files() {
    let user = user();
    user.write("work/src/main.rs", "mod budget;\n\nfn main(budget: &mut budget::Budget) {\n    budget.reserve(\n}\n");
    let arguments = ["why", "src/main.rs:4", "--set", "completion.eagerness=high", "--prompt"];
    let ended = user.run(&arguments);
    assert!(ended.stdout.contains("Budget.reserve"), "{}", ended.stdout);
    let signature = "pub fn reserve(&mut self, amount: u64) -> bool";
    assert!(ended.stdout.contains(signature), "the exact prompt: {}", ended.stdout);
    let report = account(&user.run(&[&arguments[..4], &["--json"]].concat()).stdout);
    assert_eq!(report["context"][0]["name"], "Budget.reserve", "{report:#}");
    assert_eq!(report["context"][0]["isShown"], true);
    let shares = report["prompt"]["shares"].as_array().unwrap();
    let snippets = shares.iter().find(|share| share["source"] == "snippets").expect("tokens of snippets");
    assert!(snippets["tokens"].as_u64() > Some(10), "{shares:?}");
    assert!(!report["prompt"]["text"].as_str().unwrap().contains("zyzzyva"), "what is ignored stays out");
}

/// A user with an editor in `work/NAME`, which was shown something in `a.rs` there.
fn visit(user: &User, name: &str, arguments: &[&str]) -> Editor {
    let folder = user.path(&format!("work/{name}"));
    std::fs::create_dir_all(&folder).unwrap();
    let uri = format!("file://{}", folder.display());
    let mut editor = Editor::start_in(user, arguments, &json!([{ "uri": uri, "name": name }]));
    editor.visit(&format!("{uri}/a.rs"), false);
    editor
}

/// Asks until the server is found: it opens its socket in a task of its own.
fn last_request(user: &User, folder: &str, arguments: &[&str]) -> Value {
    loop {
        let arguments = [&["why", "--json"], arguments].concat();
        let output = user.command(&arguments).current_dir(user.path(folder)).output().unwrap();
        if output.status.code() == Some(0) {
            return account(&String::from_utf8(output.stdout).unwrap());
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

fn sockets(user: &User) -> Vec<String> {
    files(&user.path("tandem")).into_iter().filter(|name| name.starts_with("tandem-why-")).collect()
}

#[test]
fn the_last_request_of_an_editor_is_explained_and_nothing_is_left_of_it() {
    let user = User::new();
    let none = user.run(&["why"]).expect_code(2);
    assert!(none.stderr.contains("open a file in your editor, or name a place"), "{}", none.stderr);
    assert_eq!(user.run(&["why", "--list"]).expect_code(1).stdout, "no running server of yours answers\n");

    let editor = visit(&user, "one", &[]);
    let report = last_request(&user, "work/one", &[]);
    assert_eq!((&report["line"], &report["column"]), (&json!(4), &json!(13)), "{report:#}");
    let document = report["why"]["document"].as_str().unwrap_or_default();
    assert!(document.ends_with("/work/one/a.rs"), "{report:#}");
    assert!(report["why"]["decision"]["shown"]["suggestions"][0]["text"].is_string(), "{report:#}");

    let told = user.run(&["why"]).expect_code(0).stdout;
    for part in ["asked", "by key, in an editor that does not say its name", "a.rs:4:13 (version 1)", "shown", "time"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let listed = user.run(&["why", "--list"]).expect_code(0).stdout;
    assert!(listed.contains("/work/one") && listed.contains("a.rs:4:13"), "{listed}");
    assert_eq!(sockets(&user).len(), 2, "a socket and its lock");
    assert_eq!(holding(&user.path(""), "open(key)"), [] as [String; 0], "source text is on disk");

    editor.leave();
    assert_eq!(sockets(&user), [] as [String; 0]);
    user.run(&["why"]).expect_code(2);
}

/// The files below a directory that hold a text.
fn holding(directory: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if std::fs::read(&path).is_ok_and(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn of_several_editors_the_one_of_this_workspace_is_meant() {
    let user = User::new();
    let one = visit(&user, "one", &[]);
    let first = last_request(&user, "work/one", &[])["server"]["process"].clone();
    let two = visit(&user, "two", &[]);
    let second = loop {
        let process = last_request(&user, "work/two", &[])["server"]["process"].clone();
        if process != first {
            break process;
        }
    };
    assert_eq!(last_request(&user, "work/one", &[])["server"]["process"], first);
    let by_number = last_request(&user, "work/one", &["--server", &second.to_string()]);
    assert_eq!(by_number["server"]["process"], second);
    let told = user.command(&["why"]).current_dir(user.path("work/one")).output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("1 more: tandem why --list"), "{told}");
    let wrong = user.run(&["why", "--server", "1"]).expect_code(2);
    assert!(wrong.stderr.contains("tandem why --list shows those that run"), "{}", wrong.stderr);
    one.leave();
    two.leave();
}

#[test]
fn a_server_that_may_not_tell_opens_no_socket() {
    let user = User::new();
    let editor = visit(&user, "one", &["--set", "completion.why=false"]);
    assert_eq!(sockets(&user), [] as [String; 0]);
    user.run(&["why"]).expect_code(2);
    editor.leave();
}

#[test]
fn options_that_need_a_place_say_so() {
    let user = User::new();
    assert!(user.run(&["why", "--invoked"]).expect_code(2).stderr.contains("FILE:LINE:COLUMN"));
    assert!(user.run(&["why", "--list", "a.rs:1"]).expect_code(2).stderr.contains("cannot be used with"));
}
