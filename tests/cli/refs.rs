//! `tandem refs`.

use super::workspace::{SECRET, check_kind, check_place, user};

#[test]
fn a_symbol_is_shown_with_its_uses() {
    let user = user();
    let ended = user.run(&["refs", "Budget.reserve"]).expect_code(0);
    assert_eq!(ended.stderr, "");
    let lines: Vec<&str> = ended.stdout.lines().map(str::trim_end).collect();
    assert_eq!(
        lines,
        ["src/budget.rs:8:12  method Budget.reserve  1 use", "  src/main.rs:5:12  method in function main"]
    );
    assert_eq!(user.run(&["refs", "Budget::reserve"]).stdout, ended.stdout);
    assert_eq!(user.run(&["refs", "reserve"]).stdout, ended.stdout);
    let main = user.run(&["refs", "main"]).expect_code(0).stdout;
    assert!(main.contains("src/budget.rs:8  method Budget.reserve"), "what it calls: {main}");
}

#[test]
fn json_tells_the_definition_and_every_use() {
    let user = user();
    let report = user.run(&["refs", "--json", "reserve"]).expect_code(0).json();
    let relations = report["relations"].as_array().unwrap();
    assert_eq!(relations.len(), 1);
    check_place(&user, &relations[0]["definition"]);
    let uses = relations[0]["references"].as_array().unwrap();
    assert_eq!((&uses[0]["path"], uses.len()), (&"src/main.rs".into(), 1), "{report:#}");
    assert_eq!(uses[0]["at"], serde_json::json!({"row": 4, "column": 11}));
    assert_eq!(uses[0]["circle"], "imported");
    check_kind(&uses[0]["kind"]);
    check_place(&user, &uses[0]["inside"]);
    let main = user.run(&["refs", "--json", "main"]).expect_code(0).json();
    check_place(&user, &main["relations"][0]["callees"][0]);
}

#[test]
fn an_unknown_symbol_is_1_with_names_like_it() {
    let user = user();
    let ended = user.run(&["refs", "reserv"]).expect_code(1);
    assert_eq!(ended.stdout, "nothing defines reserv\nsrc/budget.rs:8:12  method Budget.reserve  a name like it\n");
    assert_eq!(user.run(&["refs", "--json", "reserv"]).expect_code(1).json()["relations"], serde_json::json!([]));
    for symbol in ["", ".", "::", "Other.reserve", "\u{1b}[31mred"] {
        let ended = user.run(&["refs", symbol]).expect_code(1);
        assert!(!ended.stdout.contains('\u{1b}'), "{:?}", ended.stdout);
    }
    assert!(user.run(&["refs"]).expect_code(2).stderr.contains("<SYMBOL>"));
}

#[test]
fn what_is_ignored_is_neither_defined_nor_used() {
    let user = user();
    user.write("work/src/caller.rs", "fn caller() { plan_of_all() }\n");
    user.write("work/private/more.rs", "pub fn plan_of_all() { caller() }\n");
    assert_eq!(user.run(&["refs", "plan_of_all"]).expect_code(1).stdout, "nothing defines plan_of_all\n");
    let uses = user.run(&["refs", "caller"]).expect_code(0).stdout;
    assert_eq!(uses.lines().count(), 1, "{uses}");
    for name in ["zyzzyva_plan", "zyzzyva_made", SECRET] {
        let report = user.run(&["refs", "--json", name]).expect_code(1).expect_no_secrets().json();
        assert_eq!(report["relations"], serde_json::json!([]));
    }
}
