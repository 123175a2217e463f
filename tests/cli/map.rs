//! `tandem map`.

use super::workspace::user;

/// As `--tokenizer bytes` counts.
fn tokens(text: &str) -> usize {
    text.len().div_ceil(3)
}

#[test]
fn a_map_never_has_more_tokens_than_asked_for_and_is_the_same_again() {
    let user = user();
    let mut sizes = Vec::new();
    for budget in [1, 2, 7, 12, 13, 25, 40, 59, 60, 61, 1_000, 1_000_000] {
        let number = budget.to_string();
        let arguments = ["map", "--tokens", &number, "--tokenizer", "bytes"];
        let ended = user.run(&arguments);
        assert!(tokens(&ended.stdout) <= budget, "{budget}: {}", ended.stdout);
        assert!(ended.code == Some(if ended.stdout.is_empty() { 1 } else { 0 }), "{budget}: {}", ended.stderr);
        let summary = format!("{} tokens by bytes; ", tokens(&ended.stdout));
        assert!(ended.stderr.starts_with(&summary), "{budget}: {}", ended.stderr);
        assert_eq!(user.run(&arguments).stdout, ended.stdout, "{budget}: byte for byte");
        sizes.push(ended.stdout.len());
    }
    assert!(sizes.is_sorted() && sizes[0] == 0, "{sizes:?}");
    let whole = user.run(&["map"]).expect_code(0).stdout;
    assert_eq!(whole.len(), sizes[sizes.len() - 1]);
    assert!(whole.contains("src/budget.rs\n  pub struct Budget\n"), "{whole}");
    assert!(whole.contains("    pub fn reserve(&mut self, amount: u64) -> bool\n"), "{whole}");
}

#[test]
fn json_holds_the_same_map_with_its_numbers() {
    let user = user();
    let text = user.run(&["map", "--tokens", "40"]).expect_code(0).stdout;
    let report = user.run(&["map", "--tokens", "40", "--json"]).expect_code(0).json();
    let map = &report["map"];
    assert_eq!(map["text"], text.as_str());
    assert_eq!(map["tokens"], tokens(&text));
    assert_eq!(map["shown"], text.lines().filter(|line| line.starts_with(' ')).count());
    assert_eq!(map["files"], text.lines().filter(|line| !line.starts_with(' ')).count());
    assert!(map["definitions"].as_u64() >= map["shown"].as_u64(), "{report:#}");
    assert_eq!(user.run(&["map", "--json", "--tokens", "0"]).expect_code(1).json()["map"]["text"], "");
}

#[test]
fn a_focus_moves_what_is_near_to_the_front() {
    let user = user();
    let small = |focus: &[&str]| {
        let ended = user.run(&[&["map", "--tokens", "20"], focus].concat()).expect_code(0);
        (ended.stdout, ended.stderr)
    };
    assert!(!small(&[]).0.contains("format_money"), "{:?}", small(&[]));
    let (map, _) = small(&["--focus", "lib/money.py"]);
    assert!(map.contains("  def format_money(cents)\n"), "{map}");
    let absolute = user.path("work/lib/money.py");
    assert_eq!(small(&["--focus", absolute.to_str().unwrap()]).0, map);
    // One that is not there moves nothing and is told.
    let (map, told) = small(&["--focus", "lib/none.py"]);
    assert_eq!(map, small(&[]).0);
    assert!(told.contains("lib/none.py is not in the index"), "{told}");
    let outside = user.write("elsewhere/a.py", "");
    let refused = user.run(&["map", "--focus", outside.to_str().unwrap()]).expect_code(2);
    assert!(refused.stderr.contains("name its workspace with --folder"), "{}", refused.stderr);
}

#[test]
fn what_is_ignored_is_in_no_map() {
    let user = user();
    user.run(&["map", "--tokens", "100000"]).expect_code(0).expect_no_secrets();
    let focus = user.run(&["map", "--focus", "private/plan.rs"]).expect_code(0).expect_no_secrets();
    assert!(focus.stderr.contains("private/plan.rs is not in the index"), "{}", focus.stderr);
}

#[test]
fn a_tokenizer_that_cannot_count_is_2() {
    let user = user();
    user.write("work/not-a-model.gguf", "this is no model");
    for tokenizer in ["nowhere.gguf", "not-a-model.gguf", "private/plan.rs"] {
        let ended = user.run(&["map", "--tokenizer", tokenizer]).expect_code(2).expect_no_secrets();
        assert_eq!(ended.stdout, "");
        let way_out = if cfg!(feature = "llama") { tokenizer } else { "use --tokenizer bytes" };
        assert!(ended.stderr.contains(way_out), "{}", ended.stderr);
    }
    assert!(user.run(&["map", "--tokens", "many"]).expect_code(2).stderr.contains("--tokens"));
}
