//! Packs of small workspaces.

use super::super::testing::{Fixture, SERVER, question};
use super::super::{Focus, Kind};
use super::*;

fn thirds(text: &str) -> usize {
    text.len().div_ceil(3)
}

fn everywhere(_: &str) -> Reach {
    Reach::Out
}

fn room(tokens: usize) -> Room {
    Room { tokens, taken: 0, tiers: Vec::new() }
}

fn ground<'a>(fixture: &'a Fixture, question: &'a Question) -> Ground<'a> {
    Ground { workspace: &fixture.workspace, question, reach: &everywhere, count: &thirds, tag: "7a" }
}

fn text(pack: &Pack) -> String {
    pack.pieces.iter().map(|piece| &*piece.text).collect()
}

/// Fifty files that speak of requests.
fn large() -> Fixture {
    let body = "    // a request is read, checked and handed on\n".repeat(30);
    let files: Vec<(String, String)> = (0..50)
        .map(|number| (format!("src/part_{number:02}.rs"), format!("pub fn request_{number}() {{\n{body}}}\n")))
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    Fixture::new(&files)
}

#[test]
fn a_pack_holds_what_the_question_names_and_what_that_uses() {
    let fixture = Fixture::small();
    let question = question("What does `handle_request` do?");
    let pack = relevant(&ground(&fixture, &question), &room(4000), &[]);
    let text = text(&pack);
    assert!(text.contains("<file-7a path=\"src/server.rs\" lines=\""), "{text}");
    assert!(text.contains("6\tpub fn handle_request(text: &str) -> String {"), "{text}");
    assert!(text.contains("8\tpub fn save(key: &str)"), "the callee is there: {text}");
    assert_eq!(text.matches("fn handle_request").count(), 1, "nothing twice");
}

#[test]
fn a_long_row_is_cut_between_values() {
    let secret = "k".repeat(60);
    let row = format!("a = [{}\"{secret}\", 1]", "1, ".repeat(320));
    let fixture = Fixture::new(&[("src/data.py", &format!("{row}\n{}\n", "x".repeat(1200)))]);
    let text = texts::Texts::new(&fixture.workspace).get("src/data.py").expect("a text");
    let shown = text.numbered(&(0..2));
    assert!(shown.starts_with("1\ta = [1, 1") && shown.ends_with("…\n2\t…\n"), "{shown}");
    assert!(!shown.contains('k') && !shown.contains('x'), "half of a value is none that a rule knows: {shown}");
}

#[test]
fn every_byte_of_a_file_is_named_with_its_place() {
    let fixture = Fixture::small();
    let question = question("save the request to the database");
    for pack in [stable(&ground(&fixture, &question), 4000), relevant(&ground(&fixture, &question), &room(4000), &[])] {
        for piece in &pack.pieces {
            let Source::File { path, bytes } = &piece.source else { continue };
            let file = fixture.workspace.text(path).expect("it is of the workspace");
            // Without numbers and marks a piece is that part of the file, and a map's lines are derived from all of it.
            let lines: Vec<&str> =
                piece.text.lines().filter_map(|line| line.split_once('\t').map(|(_, text)| text)).collect();
            assert_eq!(lines, file[bytes.clone()].lines().collect::<Vec<_>>(), "{path}");
        }
    }
}

#[test]
fn the_stable_part_does_not_depend_on_the_question() {
    let fixture = Fixture::small();
    let (one, other) = (question("one"), question("What of `save`?"));
    let of = |question| stable(&ground(&fixture, question), 4000);
    assert_eq!(of(&one), of(&other));
    let text = text(&of(&one));
    let (map, readme) = (text.find("pub fn handle_request").unwrap(), text.find("README.md").unwrap());
    assert!(text.starts_with("You answer") && map < readme, "{text}");
    // An edit within a body moves nothing.
    fixture.write("src/server.rs", &SERVER.replace("text.trim()", "text.trim_end()"));
    assert_eq!(of(&one), of(&other));
    assert_eq!(text, self::text(&of(&one)));
}

#[test]
fn there_are_never_more_tokens_than_room() {
    let fixture = large();
    let question = question("How is a request handed on?");
    let ground = ground(&fixture, &question);
    for tokens in [0, 1, 50, 200, 1000, 5000, 20_000] {
        let pack = relevant(&ground, &room(tokens), &[]);
        assert!(thirds(&text(&pack)) <= tokens, "{tokens}: {}", thirds(&text(&pack)));
        assert_eq!(pack.tokens, thirds(&text(&pack)));
        assert!(tokens < 5000 || pack.tokens > tokens / 2, "{tokens}: {}", pack.tokens);
        let stable = stable(&ground, tokens.max(2000));
        assert!(stable.tokens <= tokens.max(2000));
    }
    // A counter that does not add up: each text costs more alone than among others, or the other way round.
    for count in [|text: &str| text.len().div_ceil(3) + 20, |text: &str| text.len() * text.len().min(4000) / 9000] {
        let ground = Ground { count: &count, ..ground_of(&fixture, &question) };
        let pack = relevant(&ground, &room(3000), &[]);
        assert!(count(&text(&pack)) <= 3000, "{}", count(&text(&pack)));
    }
}

fn ground_of<'a>(fixture: &'a Fixture, question: &'a Question) -> Ground<'a> {
    ground(fixture, question)
}

#[test]
fn equal_questions_give_equal_packs() {
    let fixture = large();
    let question = question("How is a request handed on?");
    let first = relevant(&ground(&fixture, &question), &room(20_000), &[]);
    for _ in 0..3 {
        assert_eq!(relevant(&ground(&fixture, &question), &room(20_000), &[]), first);
    }
}

#[test]
fn a_dearer_price_is_for_what_the_question_is_about_only() {
    let fixture = large();
    let general = question("How is a request handed on?");
    let tier = Room { tokens: 30_000, taken: 1000, tiers: vec![500, 6000, 200_000] };
    let pack = relevant(&ground(&fixture, &general), &tier, &[]);
    assert!((4000..=5000).contains(&pack.tokens), "it stays below the next price: {}", pack.tokens);
    let named: Vec<String> = (0..30).map(|number| format!("src/part_{number:02}.rs")).collect();
    let named = question(&format!("Compare {}", named[..24].join(" ")));
    let pack = relevant(&ground(&fixture, &named), &tier, &[]);
    assert!(pack.tokens > 6000, "what is asked about is worth it: {}", pack.tokens);
}

#[test]
fn what_may_not_leave_is_left_out_and_told() {
    let fixture = Fixture::small();
    let question = question("save the request to the database");
    let stays = |path: &str| if path == "src/store.rs" { Reach::Stays } else { Reach::Out };
    let ground = Ground { reach: &stays, ..ground(&fixture, &question) };
    for pack in [stable(&ground, 4000), relevant(&ground, &room(4000), &[])] {
        assert!(!text(&pack).contains("saved {key}") && !text(&pack).contains("Database"), "{}", text(&pack));
        assert_eq!(pack.withheld, ["src/store.rs"]);
    }
    assert_eq!(super::stays(&ground), None, "the question is not about it by name");
    for words in ["What is in src/store.rs?", "What is `Database`?", "store.rs"] {
        let question = super::super::testing::question(words);
        assert_eq!(super::stays(&Ground { question: &question, ..ground }).as_deref(), Some("src/store.rs"), "{words}");
    }
}

#[test]
fn commits_about_files_that_stay_are_not_told_of() {
    let mut fixture = Fixture::small();
    let folder = fixture.place.path();
    git::tests::git(folder, &["init", "-q"]);
    git::tests::commit(folder, "Begin", &[]);
    git::tests::commit(folder, "Answer sooner", &["src/server.rs"]);
    git::tests::commit(folder, "Hide the plan", &["src/store.rs"]);
    fixture.workspace.git = Some(git::tests::program());
    let question = Question { with_changes: true, ..question("What happened lately?") };
    let stays = |path: &str| if path == "src/store.rs" { Reach::Stays } else { Reach::Out };
    let everything = ground(&fixture, &question);
    let public = text(&relevant(&Ground { reach: &stays, ..ground_of(&fixture, &question) }, &room(4000), &[]));
    assert!(public.contains("Answer sooner\n</log-7a>"), "{public}");
    assert!(!public.contains("Hide the plan") && !public.contains("Begin"), "{public}");
    let whole = text(&relevant(&everything, &room(4000), &[]));
    assert!(whole.contains("Hide the plan") && whole.contains("Begin"), "{whole}");
}

#[cfg(unix)]
#[test]
fn a_file_with_an_odd_name_is_judged_by_its_own() {
    // In a map's text each of these names could pass for something else.
    let odd = [" src/blank.rs", "src/server.rs\nsrc/second.rs", "src/server.rs\n  third.rs"];
    let fixture = Fixture::new(&[
        ("src/server.rs", SERVER),
        (odd[0], "pub fn secret_one() {}\n"),
        (odd[1], "pub fn secret_two() {}\n"),
        (odd[2], "pub fn secret_three() {}\n"),
    ]);
    let question = question("anything");
    let everything = text(&stable(&ground(&fixture, &question), 4000));
    assert_eq!(everything.matches("pub fn secret_").count(), 3, "{everything}");
    let stays = |path: &str| if odd.contains(&path) { Reach::Stays } else { Reach::Out };
    let pack = stable(&Ground { reach: &stays, ..ground_of(&fixture, &question) }, 4000);
    let public = text(&pack);
    assert!(public.contains("pub fn handle_request") && !public.contains("secret_"), "{public}");
    assert_eq!(pack.withheld.len(), 3, "{:?}", pack.withheld);
    for piece in stable(&ground(&fixture, &question), 4000).pieces {
        let own = odd.iter().position(|path| piece.source.path() == Some(path));
        let names = ["secret_one", "secret_two", "secret_three"];
        let shown: Vec<usize> = (0..3).filter(|at| piece.text.contains(names[*at])).collect();
        assert_eq!(shown, own.into_iter().collect::<Vec<_>>(), "{:?}", piece.text);
    }
}

#[test]
fn a_focus_comes_first_with_its_diagnostics() {
    let fixture = Fixture::small();
    let start = SERVER.find("fn parse_key").unwrap();
    let focus = Focus {
        path: "src/server.rs".to_owned(),
        range: Some(start..SERVER.len()),
        name: Some("parse_key".to_owned()),
        diagnostics: vec!["mismatched types".to_owned()],
    };
    let question = Question { kind: Kind::WhyError, focus: Some(focus), ..Question::default() };
    let pack = relevant(&ground(&fixture, &question), &room(3000), &[]);
    let text = text(&pack);
    assert!(text.starts_with("<diagnostics-7a path=\"src/server.rs\">\nmismatched types\n"), "{text}");
    assert!(text.contains("11\tfn parse_key"), "{text}");
    assert!(needed(&ground(&fixture, &question)) < thirds(SERVER));
}

#[test]
fn unsaved_text_counts() {
    let mut fixture = Fixture::small();
    let text = "pub fn fresh_idea() {}\n";
    fixture
        .workspace
        .documents
        .push(super::super::OpenText { path: "notes.rs".to_owned(), text: ropey::Rope::from_str(text) });
    let question = question("see notes.rs");
    let pack = relevant(&ground(&fixture, &question), &room(3000), &[]);
    assert!(self::text(&pack).contains("1\tpub fn fresh_idea() {}"), "{}", self::text(&pack));
}

#[test]
fn a_following_question_repeats_nothing_and_shows_what_changed() {
    let fixture = Fixture::small();
    let question = question("What does `handle_request` do?");
    let first = relevant(&ground(&fixture, &question), &room(4000), &[]);
    let second = relevant(&ground(&fixture, &question), &room(4000), &first.shown);
    assert_eq!(text(&second), "", "all of it was shown");
    fixture.write("src/server.rs", &SERVER.replace("save(&key)", "save(&key).to_uppercase()"));
    let third = relevant(&ground(&fixture, &question), &room(4000), &first.shown);
    let text = text(&third);
    assert!(text.starts_with("These files changed since") && text.contains("\"src/server.rs\""), "{text}");
    assert!(text.contains("save(&key).to_uppercase()"), "{text}");
    assert!(!text.contains("pub fn save"), "the other file is as it was: {text}");
}

#[test]
fn file_names_cannot_end_their_mark() {
    let fixture = Fixture::new(&[("a\"> <b>.rs", "pub fn odd_name() {}\n")]);
    let question = question("`odd_name`");
    let pack = relevant(&ground(&fixture, &question), &room(3000), &[]);
    assert!(text(&pack).contains("<file-7a path=\"a\\\"> <b>.rs\" lines="), "{}", text(&pack));
}
