//! Workspaces with files that nobody would write: commands end, answer from the rest, and say what they left out.

use super::support::User;

/// Brackets in brackets, a line each so that it is no minified file.
const DEPTH: usize = 100_000;

const PATIENT: [&str; 2] = ["--set", "index.maxParseMs=60000"];

fn hostile() -> User {
    let user = User::new();
    user.write("work/good.rs", "pub fn survivor() {}\n");
    user.write("work/large.js", &format!("x={};\n", "a+b*(c-d)+".repeat(500_000)));
    user.write("work/line.js", &format!("x={};\n", "a+b*(c-d)+".repeat(50_000)));
    user.write("work/deep.js", &format!("f({}1{})\n", "[\n".repeat(DEPTH), "]\n".repeat(DEPTH)));
    user.write("work/open.rs", &"fn f() { (\n".repeat(DEPTH / 4));
    user.write("work/binary.rs", "fn hidden() {}\0\0");
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(b"odd\xff.rs");
        std::fs::write(user.path("work").join(name), "fn odd() {}\n").unwrap();
        std::os::unix::fs::symlink("..", user.path("work/loop")).unwrap();
        std::os::unix::fs::symlink(".", user.path("work/self")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", user.path("work/zero.rs")).unwrap();
    }
    user
}

#[cfg(unix)]
#[test]
fn what_is_left_out_is_told_with_the_reason() {
    let user = hostile();
    let ended = user.run(&["index", "--stats"]).expect_code(0);
    for told in [
        "6 files at no commit, caught up",
        "left out: 1 names that are not UTF-8",
        "Left out",
        "larger than index.maxFileBytes",
        "minified or data in long lines",
        "binary",
    ] {
        assert!(ended.stdout.contains(told), "{told}: {}", ended.stdout);
    }
    assert_eq!(ended.stderr, "");
    let report = user.run(&["index", "--json"]).expect_code(0).json();
    let index = &report["index"];
    assert_eq!(index["namesNotUtf8"], 1);
    for reason in ["larger than index.maxFileBytes", "minified or data in long lines", "binary"] {
        assert_eq!(index["omitted"][reason], 1, "{report:#}");
    }
    // Nothing of a file that is left out is in the sums, and the sums fit.
    let languages = index["languages"].as_object().unwrap();
    let files: u64 = languages.values().map(|language| language["files"].as_u64().unwrap()).sum();
    assert_eq!(files, 3, "{report:#}");
    // Whether a parse ends in time depends on the machine, so a comparison gives it more of it.
    user.run(&["index", "--check", PATIENT[0], PATIENT[1]]).expect_code(0);
}

#[test]
fn every_command_ends_and_answers_from_the_rest() {
    let user = hostile();
    for (arguments, answer) in [
        (&["search", "survivor"][..], "good.rs:1-1"),
        (&["search", "--symbols", "survivor"], "good.rs:1:8  function survivor"),
        (&["map", "--tokens", "1000"], "good.rs\n  pub fn survivor()\n"),
        (&["outline", "good.rs"], "pub fn survivor()"),
        (&["refs", "survivor"], "good.rs:1:8  function survivor  0 uses"),
    ] {
        let ended = user.run(arguments).expect_code(0);
        assert!(ended.stdout.contains(answer), "{arguments:?}: {}", ended.stdout);
        assert!(ended.stdout.len() < 100_000, "{arguments:?}: {} bytes", ended.stdout.len());
    }
    for (file, reason) in [("large.js", "larger than"), ("line.js", "minified"), ("binary.rs", "binary")] {
        let ended = user.run(&["outline", file]).expect_code(1);
        assert!(ended.stdout.contains(reason), "{file}: {}", ended.stdout);
    }
    assert_eq!(user.run(&["search", "hidden"]).expect_code(1).stdout, "nothing found\n", "a binary file has no words");
    let deep = user.run(&["outline", "deep.js"]);
    assert!(matches!(deep.code, Some(0 | 1)), "{:?}: {}", deep.code, deep.stderr);
}

#[test]
fn limits_are_kept_and_told() {
    let user = User::new();
    for number in 0..30 {
        user.write(&format!("work/f{number:02}.py"), &format!("def f{number}(): pass\n"));
    }
    let ended = user.run(&["index", "--set", "index.maxFiles=10"]).expect_code(0);
    assert!(ended.stdout.starts_with("10 files"), "{}", ended.stdout);
    assert!(ended.stdout.contains("left out: 20 files beyond index.maxFiles"), "{}", ended.stdout);
    let report = user.run(&["index", "--json", "--set", "index.maxFiles=10"]).expect_code(0).json();
    assert_eq!(report["index"]["beyondLimit"], 20);
}

#[test]
fn odd_names_and_texts_do_no_harm_to_a_terminal() {
    let user = User::new();
    user.write("work/\u{1b}[31mred.py", "def red():\n    return '\u{1b}[2Jcleared \u{7}bell'\n");
    user.write("work/ünï 🦀.py", "def crab():\n    pass\n");
    for arguments in [
        &["search", "bell"][..],
        &["search", "--symbols", "red"],
        &["map"],
        &["refs", "red"],
        &["outline", "\u{1b}[31mred.py"],
        &["outline", "ünï 🦀.py"],
        &["index", "--stats"],
    ] {
        let ended = user.run(arguments).expect_code(0);
        assert!(!ended.stdout.contains(['\u{1b}', '\u{7}']), "{arguments:?}: {:?}", ended.stdout);
    }
}

#[test]
fn definitions_in_definitions_cost_no_square() {
    let user = User::new();
    let depth = 20_000;
    user.write("work/functions.rs", &format!("{}{}", "fn deep() {\n".repeat(depth), "}\n".repeat(depth)));
    user.write("work/modules.rs", &format!("{}{}", "mod deep {\n".repeat(depth), "}\n".repeat(depth)));
    for arguments in [
        &["search", "deep"][..],
        &["search", "--symbols", "deep"],
        &["map", "--tokens", "20000"],
        &["outline", "functions.rs"],
        &["refs", "deep"],
    ] {
        // With all the names around each of them the answers would be gigabytes.
        let ended = user.run(&[arguments, &["--json"], &PATIENT].concat()).expect_code(0);
        assert!(ended.stdout.contains("deep"), "{arguments:?}");
        assert!(ended.stdout.len() < 200 << 20, "{arguments:?}: {} bytes", ended.stdout.len());
    }
}
