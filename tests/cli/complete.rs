//! `tandem complete`.

use serde_json::Value;

use super::support::User;

/// Whoever copies knows how it goes on.
const REPETITIVE: &str = "\
fn main() {
    let alpha = read_configuration(&directory, \"settings\")?;
    let beta = read_configuration(&directory, \"settings\")?;
    let gamma = read_conf
}
";

const LOOKUP: [&str; 2] = ["--set", "engine.choice=lookup"];

#[test]
fn a_suggestion_is_shown_with_its_source_and_costs() {
    let user = User::new();
    user.write("work/a.rs", REPETITIVE);
    let ended = user.run(&["complete", "a.rs:4:26", LOOKUP[0], LOOKUP[1]]).expect_code(0);
    assert!(
        ended.stdout.contains("let gamma = read_conf⟨cursor⟩iguration(&directory, \"settings\")?;"),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.contains("by lookup, confidence"), "{}", ended.stdout);
    assert!(ended.stdout.contains("no model (none)"), "{}", ended.stdout);
    assert_eq!(ended.stderr, "");
}

#[test]
fn json_is_one_object_for_programs() {
    let user = User::new();
    user.write("work/a.rs", REPETITIVE);
    let ended = user.run(&["complete", "--json", "a.rs:4", LOOKUP[0], LOOKUP[1]]).expect_code(0);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["line"], 4);
    assert_eq!(report["column"], 26);
    assert_eq!(report["suggestions"][0]["text"], "iguration(&directory, \"settings\")?;");
    assert_eq!(report["suggestions"][0]["source"], "lookup");
    assert_eq!(report["model"]["state"], "none");
    assert!(report["stages"].as_array().is_some_and(|stages| stages.iter().any(|stage| stage["name"] == "total")));
}

#[cfg(feature = "llama")]
#[test]
fn the_model_takes_part_and_its_tokens_are_counted() {
    let user = User::new();
    user.write("work/a.rs", REPETITIVE);
    let ended = user.run(&["complete", "--json", "a.rs:4:26"]).expect_code(0);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["model"]["state"], "ready", "{report:#}");
    let tokens = &report["tokens"];
    assert!(tokens["prompt"].as_u64() > Some(30), "{tokens}");
    assert!(tokens["generated"].as_u64() > Some(0), "{tokens}");
    let parts =
        tokens["reused"].as_u64().zip(tokens["evaluated"].as_u64()).map(|(reused, evaluated)| reused + evaluated);
    assert_eq!(parts, tokens["prompt"].as_u64());
}

#[test]
fn nothing_to_show_is_1_with_the_reason() {
    let user = User::new();
    user.write("work/a.rs", REPETITIVE);
    let ended = user.run(&["complete", "a.rs:4", "--set", "completion.enabled=false", LOOKUP[0], LOOKUP[1]]);
    let ended = ended.expect_code(1);
    assert!(ended.stdout.starts_with("nothing: completions are switched off (completion.enabled)"), "{}", ended.stdout);
    let json = user.run(&["complete", "--json", "a.rs:4", "--set", "completion.enabled=false", LOOKUP[0], LOOKUP[1]]);
    let report: Value = serde_json::from_str(&json.expect_code(1).stdout).unwrap();
    assert_eq!(report["suggestions"], serde_json::json!([]));
}

#[test]
fn a_repository_may_switch_suggestions_off() {
    let user = User::new();
    user.write("work/.git/HEAD", "");
    user.write("work/.tandem.toml", "[completion]\nenabled = false\n[engine]\nmodel = \"/tmp/theirs.gguf\"\n");
    user.write("work/src/a.rs", REPETITIVE);
    let ended = user.run(&["complete", "src/a.rs:4", LOOKUP[0], LOOKUP[1]]).expect_code(1);
    assert!(ended.stderr.contains(".tandem.toml: engine.model: a workspace may not set this"), "{}", ended.stderr);
}

#[test]
fn mistakes_are_2_with_a_sentence() {
    let user = User::new();
    user.write("work/a.rs", "fn main() {}\n");
    std::fs::write(user.path("work/a.bin"), [0, 159, 146, 150]).unwrap();
    for (arguments, sentence) in [
        (vec!["complete", "nowhere.rs:1:1"], "cannot read nowhere.rs"),
        (vec!["complete", "a.rs:9:1"], "a.rs has 2 lines, there is no line 9"),
        (vec!["complete", "a.rs:1:99"], "line 1 of a.rs ends at column 13"),
        (vec!["complete", "a.rs:0:1"], "counted from 1"),
        (vec!["complete", "a.bin:1"], "a.bin is not UTF-8 text"),
        (vec!["complete", "."], ". is not a file"),
        (vec!["complete", "a.rs:1", "--set", "completion.maxLine=1"], "did you mean completion.maxLines?"),
        (vec!["compleat"], "unrecognized subcommand"),
        (vec![], "Usage: tandem"),
    ] {
        let ended = user.run(&arguments).expect_code(2);
        assert!(ended.stderr.contains(sentence), "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments:?}");
    }
}

#[test]
fn help_teaches() {
    let user = User::new();
    let help = user.run(&["--help"]).expect_code(0).stdout;
    for command in ["serve", "complete", "doctor", "demo", "Examples:"] {
        assert!(help.contains(command), "{command} is not in\n{help}");
    }
    assert!(!help.contains("  engine "), "the host's command is not for people");
    assert!(user.run(&["complete", "--help"]).expect_code(0).stdout.contains("jq .suggestions[0].text"));
}
