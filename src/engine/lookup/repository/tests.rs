//! The promises of the repository: equal to a rebuild after any updates, the same for any order of files, bounded.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use ropey::Rope;

use super::{Change, Repository, Vantage};
use crate::engine::lookup::lexer::{TokenId, lex};
use crate::engine::lookup::{Corpus, DocumentTokens, Limits, predict};

fn change(path: &str, text: Option<&str>) -> Change {
    Change { path: path.into(), text: text.map(str::to_owned) }
}

fn of(files: &[(&str, &str)]) -> Repository {
    Repository::default().updated(files.iter().map(|(path, text)| change(path, Some(text))))
}

/// The order as path, place in the file and text: what there is of it without numbers and addresses.
fn content(repository: &Repository) -> Vec<(String, u32, String)> {
    let place = |&address: &u32| {
        let file = repository.files.get(repository.file_at(address).unwrap()).unwrap();
        let text = format!("{:?}{}", repository.id(address), repository.text(address));
        (file.path.to_string(), address - file.start, text + &repository.gap_text(address))
    };
    repository.order.iter().map(place).collect()
}

/// What is said after each of some contexts and beginnings of words.
fn answers(repository: &Repository) -> Vec<String> {
    let repository = Arc::new(repository.clone());
    let vantage = Vantage::new(repository.clone(), "a/x.rs", ["b/y.rs"]);
    let contexts = ["a", "a b", "b a", "a . b", "(", "c c", "q"];
    let mut answers = Vec::new();
    for (context, partial) in contexts.iter().flat_map(|context| [(context, ""), (context, "a"), (context, "ab")]) {
        let mut ids = Vec::new();
        lex(context, |token| ids.push(token.id));
        ids.reverse();
        let recalled = vantage.recall(&ids, partial);
        let places: Vec<_> = recalled.places.iter().map(|&at| repository.text(at).to_owned()).collect();
        answers.push(format!("{places:?} {:?}", recalled.support));
    }
    answers
}

/// What is written at `$0` in `src/here.rs`.
fn complete(fixture: &str, repository: &Repository, open: &[&str]) -> String {
    let cursor = fixture.find("$0").expect("the fixture has a cursor");
    let tokens = DocumentTokens::new(&Rope::from_str(&fixture.replacen("$0", "", 1)));
    let vantage = Vantage::new(Arc::new(repository.clone()), "src/here.rs", open.iter().copied());
    let corpus = Corpus::new(Arc::new(tokens), cursor, Vec::new()).with_repository(Some(Arc::new(vantage)));
    predict(&corpus, Limits::LINE).text
}

#[test]
fn copies_from_files_that_are_not_open() {
    let repository = of(&[("src/other.rs", "import numpy as np\n")]);
    assert_eq!(complete("import numpy$0", &repository, &[]), " as np");
    assert_eq!(complete("import num$0", &repository, &[]), "py as np");
}

#[test]
fn an_open_document_counts_as_it_is_in_the_editor() {
    let repository = of(&[("src/other.rs", "import numpy as np\n"), ("src/here.rs", "import numpy as old\n")]);
    assert_eq!(complete("import numpy$0", &repository, &[]), " as np");
    assert_eq!(complete("import numpy$0", &repository, &["src/other.rs"]), "");
}

#[test]
fn what_is_near_counts_more() {
    let far = [("lib/a/x.rs", "let size = compute_far();\n"), ("lib/b/y.rs", "let size = compute_far();\n")];
    let near = [("src/z.rs", "let size = compute_near();\n")];
    let repository = of(&[far.as_slice(), &near].concat());
    assert_eq!(complete("let size = $0", &repository, &[]), "compute_near();");
}

#[test]
fn the_first_line_of_a_file_is_like_the_first_lines_of_others() {
    let file = "use crate::prelude::*;\n\nfn f() {}\n";
    let repository = of(&[("src/a.rs", file), ("src/b.rs", file), ("src/c.rs", file)]);
    assert_eq!(complete("use crate::$0", &repository, &[]), "prelude::*;");
    assert_eq!(complete("$0", &repository, &[]), "use crate::prelude::*;");
}

#[test]
fn white_space_that_is_not_stored_is_not_written() {
    let repository = of(&[("src/a.rs", "alpha =\t\tbeta;\nalpha:  gamma;\n")]);
    assert_eq!(complete("alpha:$0", &repository, &[]), "  gamma;");
    assert_eq!(complete("alpha =$0", &repository, &[]), "");
}

#[test]
fn files_that_are_gone_or_empty_say_nothing() {
    let repository = of(&[("src/a.rs", "import numpy as np\n"), ("src/b.rs", "")]);
    assert_eq!((repository.files(), repository.tokens()), (1, 5));
    let repository = repository.updated([change("src/a.rs", None), change("src/unknown.rs", None)]);
    assert_eq!((repository.files(), repository.tokens()), (0, 0));
    assert_eq!(complete("import num$0", &repository, &[]), "");
    assert_eq!(complete("import num$0", &Repository::default(), &[]), "");
}

#[test]
fn data_has_no_tokens_whatever_its_form() {
    let one_line = "x=1;".repeat(1 << 20);
    let many_lines = "let x = 1;\n".repeat(1 << 17);
    let long_lines = format!("let a = b;\n{}\nlet a = c;\n", "y=2;".repeat(1 << 12));
    let binary: String = (0..2000u32).filter_map(|code| char::from_u32(code % 700)).collect();
    let repository = of(&[("one", &one_line), ("many", &many_lines), ("long", &long_lines), ("binary", &binary)]);
    assert_eq!(repository.files(), 2);
    assert_eq!(repository.updated([change("binary", None)]).tokens(), 12);
    assert_eq!(content(&repository), content(&of(&[("binary", &binary), ("long", &long_lines)])));
}

#[test]
fn bytes_held_are_bounded_by_tokens_and_words() {
    let text: String = (0..8_000).map(|i| format!("let value_{} = other_{};\n", i % 700, i % 900)).collect();
    let files: Vec<(String, &str)> = text
        .as_bytes()
        .chunks(30_000)
        .filter_map(|part| std::str::from_utf8(part).ok())
        .zip(0..)
        .map(|(part, i)| (format!("{i}.rs"), part))
        .collect();
    let mut repository = Repository::default().updated(files.iter().map(|(path, text)| change(path, Some(text))));
    let words = repository.vocabulary.len();
    let most = |repository: &Repository| repository.tokens() * 9 + words * 80 + files.len() * 200 + (1 << 17);
    assert!(repository.bytes() < most(&repository), "{} of {}", repository.bytes(), most(&repository));
    // Editing the same files again and again does not make it grow.
    for round in 0..20 {
        let changes = files.iter().map(|(path, text)| change(path, Some(&format!("{text}let round = {round};\n"))));
        repository = repository.updated(changes);
    }
    assert!(repository.bytes() < 2 * most(&repository), "{} of {}", repository.bytes(), most(&repository));
    let last = files.iter().map(|(path, text)| change(path, Some(&format!("{text}let round = 19;\n"))));
    let rebuilt = Repository::default().updated(last);
    assert!(content(&repository) == content(&rebuilt) && answers(&repository) == answers(&rebuilt));
}

#[test]
fn nothing_stands_before_the_start_of_a_file() {
    let repository = of(&[("a.rs", "x y\n"), ("b.rs", "z\n")]);
    let start = repository.files.find("b.rs").unwrap().start;
    assert!(repository.is_file_start(start));
    assert_eq!(repository.stream.before(start + 1).count(), 1);
    assert_eq!(repository.breaks_before(start + 1), 0);
    assert_eq!(repository.line_start(start + 2), start + 1);
    assert_eq!(repository.id(start), Some(TokenId::LINE_END));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_updates_lead_to_what_a_rebuild_gives(
        batches in prop::collection::vec(
            prop::collection::vec((0usize..6, prop::option::weighted(0.8, "([ab(.]|ab|ac|b |\n|\t){0,40}")), 1..5), 1..6),
    ) {
        let paths = ["a/x.rs", "a/z.rs", "b/y.rs", "b/y.py", "c.rs", "a/b/c/d.rs"];
        // Beside so much that stays, few changes are merged in and many lead to a new order.
        let mut files = BTreeMap::from([("base.rs", "a b (ab . ac\nb a.a(b ab\n".repeat(30))]);
        let mut repository = Repository::default().updated([change("base.rs", files.get("base.rs").map(String::as_str))]);
        for batch in batches {
            for (path, text) in &batch {
                match text {
                    Some(text) => drop(files.insert(paths[*path], text.clone())),
                    None => drop(files.remove(paths[*path])),
                }
            }
            repository = repository.updated(batch.iter().map(|(path, text)| change(paths[*path], text.as_deref())));
        }
        let all = |files: &mut dyn Iterator<Item = (&&str, &String)>| {
            Repository::default().updated(files.map(|(path, text)| change(path, Some(text))).collect::<Vec<_>>())
        };
        for rebuilt in [all(&mut files.iter()), all(&mut files.iter().rev())] {
            prop_assert_eq!(content(&repository), content(&rebuilt));
            prop_assert_eq!(answers(&repository), answers(&rebuilt));
        }
    }

    #[test]
    fn a_longer_context_is_found_wherever_it_stands(text in "([abc.] ?|\n){1,80}", at in 0usize..80) {
        let repository = of(&[("a.rs", &text), ("b.rs", "c a b\na b\n")]);
        let Some(&place) = repository.order.get(at % repository.order.len().max(1)) else { return Ok(()) };
        let ids = repository.stream.before(place).map(|token| repository.vocabulary.id(token.number()));
        let query: Vec<TokenId> = ids.take(super::order::DEPTH).collect();
        let at = repository.insertion_point(&query);
        let run = repository.widen(&(at..at), &query);
        let found: Vec<u32> = repository.order[run.clone()].to_vec();
        prop_assert!(found.contains(&place));
        let matching = |place: &&u32| repository.common(**place, &query) == query.len();
        prop_assert_eq!(repository.order.iter().filter(matching).count(), run.len());
    }
}
