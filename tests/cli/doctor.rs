//! `tandem doctor`.

use std::process::Stdio;

use super::support::User;

#[test]
fn a_fresh_machine_is_well() {
    let ended = User::new().run(&["doctor"]).expect_code(0);
    assert!(ended.stdout.ends_with("Everything works.\n"), "{}", ended.stdout);
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
