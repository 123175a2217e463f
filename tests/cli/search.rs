//! `tandem search`.

use super::support::User;
use super::workspace::{SECRET, check_kind, check_place, user};

#[test]
fn words_find_places_best_first() {
    let user = user();
    let ended = user.run(&["search", "reserve", "budget"]).expect_code(0);
    assert_eq!(ended.stderr, "");
    assert!(ended.stdout.contains("src/budget.rs:6-11  extension Budget  "), "{}", ended.stdout);
    assert!(ended.stdout.contains("\n  4: let mut budget = budget::Budget { left: 3 };\n"), "{}", ended.stdout);
    let plain = user.run(&["search", "monthly"]).expect_code(0);
    assert!(plain.stdout.starts_with("Makefile:"), "text of no language is found too: {}", plain.stdout);
}

#[test]
fn hits_as_json_tell_place_kind_and_score() {
    let user = user();
    let report = user.run(&["search", "--json", "money"]).expect_code(0).json();
    let hits = report["hits"].as_array().unwrap();
    assert_eq!((&hits[0]["path"], &hits[0]["name"]), (&"lib/money.py".into(), &"format_money".into()), "{report:#}");
    for hit in hits {
        let text = std::fs::read_to_string(user.path("work").join(hit["path"].as_str().unwrap())).unwrap();
        let row = |value: &serde_json::Value| value.as_u64().unwrap() as usize;
        let (start, end, best) = (row(&hit["rows"]["start"]), row(&hit["rows"]["end"]), row(&hit["bestRow"]));
        assert!(start <= best && best < end && end <= text.lines().count(), "{hit:#}");
        assert_eq!(text.lines().nth(best).unwrap().trim(), hit["line"].as_str().unwrap());
        assert!(hit["kind"].is_null() == hit["name"].is_null(), "{hit:#}");
        if !hit["kind"].is_null() {
            check_kind(&hit["kind"]);
        }
    }
    let scores: Vec<f64> = hits.iter().map(|hit| hit["score"].as_f64().unwrap()).collect();
    assert!(scores.len() > 1 && scores.is_sorted_by(|one, other| one >= other), "{scores:?}");
    let one = user.run(&["search", "--json", "--limit", "1", "money"]).expect_code(0).json();
    assert_eq!(one["hits"].as_array().unwrap(), &hits[..1]);
}

#[test]
fn symbols_are_found_by_the_letters_of_their_names() {
    let user = user();
    let text = user.run(&["search", "--symbols", "rsrv"]).expect_code(0).stdout;
    assert!(text.starts_with("src/budget.rs:8:12  method Budget.reserve  "), "{text}");
    let report = user.run(&["search", "--symbols", "--json", "bud"]).expect_code(0).json();
    let symbols = report["symbols"].as_array().unwrap();
    assert_eq!((&symbols[0]["name"], &symbols[0]["kind"]), (&"Budget".into(), &"struct".into()), "{report:#}");
    symbols.iter().for_each(|symbol| check_place(&user, symbol));
    let scores: Vec<u64> = symbols.iter().map(|symbol| symbol["score"].as_u64().unwrap()).collect();
    assert!(scores.len() > 1 && scores.is_sorted_by(|one, other| one >= other), "{scores:?}");
}

#[test]
fn nothing_found_is_1() {
    let user = user();
    for words in [&["qqqq"][..], &["--symbols", "qqqq"], &["--limit", "0", "money"], &[""]] {
        let ended = user.run(&[&["search"][..], words].concat()).expect_code(1);
        assert_eq!(ended.stdout, "nothing found\n", "{words:?}");
        let report = user.run(&[&["search", "--json"][..], words].concat()).expect_code(1).json();
        let found = report.get("hits").or(report.get("symbols"));
        assert_eq!(found, Some(&serde_json::json!([])), "{words:?}");
    }
}

#[test]
fn what_is_ignored_is_not_found() {
    let user = user();
    for words in [&[SECRET][..], &["plan"], &["token"], &["made"], &["--symbols", "zyz"], &["--symbols", "_plan"]] {
        let ended = user.run(&[&["search"][..], words].concat());
        ended.expect_no_secrets().expect_code(1);
    }
    let user_of_home = User::new();
    user_of_home.write("work/a.rs", "fn zyzzyva_here() {}\n");
    let excluded = user_of_home.run(&["search", SECRET, "--set", "index.exclude=a.rs"]);
    excluded.expect_no_secrets().expect_code(1);
    user_of_home.run(&["search", SECRET]).expect_code(0);
}

#[test]
fn equal_indexes_give_equal_bytes() {
    let user = user();
    for arguments in [&["search", "--json", "money budget left"][..], &["search", "--symbols", "--json", "m"]] {
        let first = user.run(arguments).expect_code(0).stdout;
        assert_eq!(user.run(arguments).stdout, first, "from the stored index");
        let anew = [arguments, &["--set", "index.persist=false"]].concat();
        assert_eq!(user.run(&anew).stdout, first, "from a new one");
    }
}

#[test]
fn mistakes_are_2_with_a_sentence() {
    let user = user();
    for (arguments, sentence) in [
        (vec!["search"], "<WORDS>"),
        (vec!["search", "x", "--folder", "nowhere"], "cannot open nowhere"),
        (vec!["search", "x", "--folder", "Makefile"], "Makefile is not a directory"),
        (vec!["search", "x", "--limit=-1"], "--limit"),
        (vec!["search", "x", "--wait", "soon"], "--wait"),
        (vec!["search", "x", "--set", "index.enabled=false"], "--set index.enabled=true turns the index on"),
        (vec!["search", "x", "--set", "index.threds=1"], "did you mean index.threads?"),
    ] {
        let ended = user.run(&arguments).expect_code(2);
        assert!(ended.stderr.contains(sentence), "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments:?}");
    }
}

#[test]
fn the_repository_around_the_directory_is_asked_unless_a_folder_is_named() {
    let user = user();
    user.write("work/.git/HEAD", "ref: refs/heads/main\n");
    user.write("work/.git/refs/heads/main", "0123456789abcdef0123456789abcdef01234567\n");
    let below = |arguments: &[&str]| {
        let output = user.command(arguments).current_dir(user.path("work/lib")).output().unwrap();
        super::support::Ended::of(output).expect_code(0).json()
    };
    let whole = below(&["search", "--symbols", "--json", "reserve"]);
    assert_eq!(whole["symbols"][0]["path"], "src/budget.rs");
    assert_eq!(whole["provenance"]["branch"], "main");
    assert_eq!(whole["provenance"]["commit"], "0123456789abcdef0123456789abcdef01234567");
    let one = below(&["search", "--symbols", "--json", "--folder", ".", "money"]);
    assert_eq!((&one["symbols"][0]["path"], &one["provenance"]["files"]), (&"money.py".into(), &1.into()));
}
