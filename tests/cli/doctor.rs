//! `tandem doctor`.

use std::process::Stdio;

use super::support::{Ended, User};

#[test]
fn a_fresh_machine_is_well() {
    let ended = User::new().run(&["doctor", "--quick"]).expect_code(0);
    // The machine that tests run on may be short of memory or have a card that this build cannot use: that is a warning.
    let verdict = ended.stdout.lines().last().unwrap_or_default();
    assert!(verdict.starts_with("Everything works"), "{}", ended.stdout);
    assert_eq!(ended.stderr, "");
    if cfg!(feature = "llama") {
        assert!(ended.stdout.contains("known holes filled"), "the model was not tried:\n{}", ended.stdout);
    } else {
        assert!(ended.stdout.contains("this build has no llama.cpp"), "{}", ended.stdout);
    }
}

#[test]
fn a_typo_in_the_settings_is_found() {
    let user = User::new();
    user.write(".config/tandem/config.toml", "[completion]\nmaxLine = 3\n");
    let ended = user.run(&["doctor", "--set", "engine.choice=lookup"]).expect_code(1);
    assert!(
        ended
            .stdout
            .contains("config.toml: completion.maxLine: no setting has this name; did you mean `completion.maxLines`?"),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.ends_with("1 thing is broken.\n"), "{}", ended.stdout);
}

#[test]
fn programs_read_the_same_as_people() {
    let user = User::new();
    user.write(".config/tandem/config.toml", "[completion]\nmaxLine = 3\n");
    let ended = user.run(&["doctor", "--json", "--quick", "--set", "engine.choice=lookup"]).expect_code(1);
    let document: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&document["version"], &document["broken"]), (&1.into(), &1.into()), "{}", ended.stdout);
    let sections = document["sections"].as_array().unwrap();
    let ids: Vec<&str> = sections.iter().map(|section| section["id"].as_str().unwrap()).collect();
    let all = [
        "tandem", "machine", "graphics", "model", "hosts", "servers", "cloud", "privacy", "index", "settings", "files",
        "editors",
    ];
    assert_eq!(ids, all);
    let findings: Vec<_> = sections.iter().flat_map(|section| section["findings"].as_array().unwrap()).collect();
    let broken: Vec<_> = findings.iter().filter(|finding| finding["severity"] == "broken").collect();
    insta::assert_json_snapshot!(broken, {"[].what" => "[sentence]", "[].fix.do" => "[sentence]"}, @r#"
    [
      {
        "fix": {
          "do": "[sentence]"
        },
        "id": "setting-ignored",
        "severity": "broken",
        "what": "[sentence]"
      }
    ]
    "#);
    let has_words = |finding: &&serde_json::Value| finding["what"].as_str().is_some_and(|what| !what.is_empty());
    assert!(findings.iter().all(|finding| has_words(finding) && finding["id"].is_string()), "{}", ended.stdout);
}

#[test]
fn a_key_is_never_shown() {
    let user = User::new();
    let cloud = "[cloud]\nenabled = true\nprovider = \"anthropic\"\nmodel = \"m\"\n";
    user.write(".config/tandem/config.toml", cloud);
    for option in ["--quick", "--json", "--keys"] {
        let mut command = user.command(&["doctor", option, "--set", "engine.choice=lookup"]);
        command.env("ANTHROPIC_API_KEY", "sk-not-for-you");
        let ended = Ended::of(command.output().unwrap()).expect_code(0);
        assert!(!format!("{}{}", ended.stdout, ended.stderr).contains("not-for-you"), "{}", ended.stdout);
        assert!(ended.stdout.contains("there is no monthly limit"), "{}", ended.stdout);
    }
}

#[test]
fn looking_stores_no_index() {
    let user = User::new();
    user.write("work/a.rs", "fn a() {}\n");
    let ended = user.run(&["doctor", "--quick", "--set", "engine.choice=lookup"]).expect_code(0);
    assert!(ended.stdout.contains("this folder has no stored index yet"), "{}", ended.stdout);
    assert!(!user.path(".cache/tandem/index").exists());
}

#[cfg(feature = "llama")]
#[test]
fn the_model_s_speed_is_measured() {
    let ended = User::new().run(&["doctor"]).expect_code(0);
    let is_measured =
        |name: &str| ended.stdout.lines().any(|line| line.trim().starts_with(name) && !line.contains("not measured"));
    assert!(["reads", "writes", "first token"].into_iter().all(is_measured), "{}", ended.stdout);
}

#[cfg(feature = "llama")]
#[test]
fn a_model_that_is_none_is_found() {
    let user = User::new();
    user.write("work/not-a-model.gguf", "this is not a model");
    let ended = user.run(&["doctor", "--model", "not-a-model.gguf"]).expect_code(1);
    assert!(ended.stdout.contains("broken: the model cannot be used"), "{}", ended.stdout);
    assert!(ended.stdout.contains("not-a-model.gguf"), "{}", ended.stdout);
}

#[cfg(unix)]
#[test]
fn a_state_directory_that_others_may_write_to_is_found() {
    use std::os::unix::fs::PermissionsExt;
    let user = User::new();
    let state = user.path(".local/state/tandem");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o777)).unwrap();
    let ended = user.run(&["doctor", "--set", "engine.choice=lookup"]).expect_code(1);
    assert!(ended.stdout.contains("can be written to by other users"), "{}", ended.stdout);
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let user = User::new();
    let mut child = user
        .command(&["doctor", "--set", "engine.choice=lookup"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
