//! `tandem outline`.

use super::workspace::{check_place, user};

#[test]
fn a_file_is_shown_with_its_signatures_and_links() {
    let user = user();
    let ended = user.run(&["outline", "src/budget.rs"]).expect_code(0);
    assert_eq!(ended.stderr, "");
    let lines: Vec<&str> = ended.stdout.lines().map(str::trim_end).collect();
    assert_eq!(
        lines,
        [
            "src/budget.rs  rust",
            "    2-4     pub struct Budget  struct",
            "    3-3       pub left: u64  field",
            "    6-11    impl Budget  extension",
            "    8-10      pub fn reserve(&mut self, amount: u64) -> bool  method",
            "imported by",
            "  src/main.rs",
        ]
    );
}

#[test]
fn json_tells_places_kinds_and_links() {
    let user = user();
    let report = user.run(&["outline", "--json", "src/budget.rs"]).expect_code(0).json();
    let outline = &report["outline"];
    let definitions = outline["definitions"].as_array().unwrap();
    let kinds: Vec<&str> = definitions.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["struct", "field", "extension", "method"]);
    definitions.iter().for_each(|one| check_place(&user, one));
    assert_eq!(definitions[3]["containers"], serde_json::json!(["Budget"]));
    assert_eq!(definitions[3]["signature"], "pub fn reserve(&mut self, amount: u64) -> bool");
    assert_eq!((&outline["path"], &outline["language"]), (&"src/budget.rs".into(), &"rust".into()));
    assert_eq!(
        (&outline["imports"], &outline["importedBy"]),
        (&serde_json::json!([]), &serde_json::json!(["src/main.rs"]))
    );
    assert!(outline["omission"].is_null());
    let absolute = user.path("work/src/budget.rs");
    assert_eq!(&user.run(&["outline", "--json", absolute.to_str().unwrap()]).json()["outline"], outline);
}

#[test]
fn columns_are_bytes_behind_letters_of_several() {
    let user = user();
    user.write("work/crab.rs", "/* 🦀é */ fn crab() {}\n");
    let report = user.run(&["outline", "--json", "crab.rs"]).expect_code(0).json();
    check_place(&user, &report["outline"]["definitions"][0]);
    assert_eq!(report["outline"]["definitions"][0]["nameAt"]["column"], "/* 🦀é */ fn ".len());
}

#[test]
fn a_file_without_definitions_is_1_and_says_why() {
    let user = user();
    let plain = user.run(&["outline", "Makefile"]).expect_code(1);
    assert!(plain.stdout.starts_with("Makefile"), "{}", plain.stdout);
    user.write("work/data.js", &format!("x=\"{}\"", "a".repeat(20_000)));
    let minified = user.run(&["outline", "data.js"]).expect_code(1);
    assert!(minified.stdout.contains("minified"), "{}", minified.stdout);
    let report = user.run(&["outline", "--json", "data.js"]).expect_code(1).json();
    assert_eq!(report["outline"]["omission"], "minified or data in long lines");
}

#[test]
fn a_file_that_is_not_in_the_index_is_2_and_nothing_of_it_is_told() {
    let user = user();
    let outside = user.write("elsewhere.rs", "fn zyzzyva() {}\n");
    for (file, sentence) in [
        ("none.rs", "none.rs is not in the index: not there, ignored, or not reached yet"),
        ("private/plan.rs", "private/plan.rs is not in the index: not there, ignored, or not reached yet"),
        (".env", ".env is not in the index"),
        ("src", "src is not in the index"),
        ("../elsewhere.rs", "name its workspace with --folder"),
        (outside.to_str().unwrap(), "name its workspace with --folder"),
    ] {
        let ended = user.run(&["outline", file]).expect_code(2).expect_no_secrets();
        assert!(ended.stderr.contains(sentence), "{file}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{file}");
        assert_eq!(user.run(&["outline", "--json", file]).expect_code(2).stdout, "", "{file}");
    }
}
