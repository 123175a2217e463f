//! `tandem why`.

use serde_json::Value;

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
