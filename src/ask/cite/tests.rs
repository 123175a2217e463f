//! Citations that are there, that are not, and that are none.

use proptest::prelude::*;

use super::super::inert::Inert;
use super::*;

struct Made(Vec<(&'static str, String)>);

impl Files for Made {
    fn find(&self, path: &str) -> Option<String> {
        let path = path.trim_start_matches("./");
        let mut ends = self.0.iter().filter(|(own, _)| *own == path || own.ends_with(&format!("/{path}")));
        let first = ends.next()?;
        ends.next().is_none().then(|| first.0.to_owned())
    }

    fn text(&self, path: &str) -> Option<Arc<str>> {
        self.0.iter().find(|(own, _)| *own == path).map(|(_, text)| text.as_str().into())
    }
}

fn made() -> Made {
    let mut server = "// line\n".repeat(40);
    server.push_str("fn handle_request() {\n    route();\n}\n");
    server.push_str(&"// line\n".repeat(40));
    Made(vec![
        ("src/server.rs", server),
        ("src/my_mod/lib.rs", "a\nb\nc\n".to_owned()),
        ("Makefile", "all:\n".to_owned()),
        ("so`me/odd.rs", "a\n".to_owned()),
        ("two\nlines/new.rs", "a\n".to_owned()),
        ("src/__init__.py", "a\n".to_owned()),
    ])
}

fn cited_in_pieces(answer: &str, length: usize) -> (Passage, Counts) {
    let files = made();
    let mut inert = Inert::default();
    let mut citer = Citer::new(&files);
    let mut text = Passage::default();
    let characters: Vec<char> = answer.chars().collect();
    for piece in characters.chunks(length.max(1)) {
        text.append(citer.push(&inert.push(&piece.iter().collect::<String>())));
    }
    text.append(citer.push(&inert.finish()));
    let (rest, counts) = citer.finish();
    text.append(rest);
    (text, counts)
}

#[track_caller]
fn check(answer: &str, expected: &str, cited: usize, unverified: usize) {
    let (whole, counts) = cited_in_pieces(answer, 1000);
    assert_eq!((&*whole, counts), (expected, Counts { cited, unverified }));
    assert_eq!(cited_in_pieces(answer, 1).0, whole);
    let is_true = |is_true: bool| whole.citations.iter().filter(|cited| cited.path.is_some() == is_true).count();
    assert_eq!((is_true(true), is_true(false)), (cited, unverified));
}

#[test]
fn what_is_there_is_spelled_as_in_the_index() {
    check("See src/server.rs:41.", "See src/server.rs:41.", 1, 0);
    check("(`./src/server.rs:3-9`), server.rs:1–2", "(`src/server.rs:3-9`), src/server.rs:1-2", 2, 0);
    check("src/server.rs#L3-L9 and src/server.rs:7:12", "src/server.rs:3-9 and src/server.rs:7", 2, 0);
    check("**src/my\\_mod/lib.rs:2**", "**src/my_mod/lib.rs:2**", 1, 0);
    check("src/__init__.py:1", "src/\\_\\_init\\_\\_.py:1", 1, 0);
    check("[a](src/server.rs#L3)", "[a\\](src/server.rs:3)", 1, 0);
    check("Makefile:1", "Makefile:1", 1, 0);
}

#[test]
fn a_path_that_would_end_the_code_is_not_put_into_it() {
    check("`odd.rs:1` `new.rs:1`", "`odd.rs:1` `new.rs:1`", 2, 0);
    check("odd.rs:1", "so\\`me/odd.rs:1", 1, 0);
}

#[test]
fn what_is_not_there_is_marked() {
    check("See `src/gone.rs:4`.", "See `src/gone.rs:4 (unverified)`.", 0, 1);
    check("src/server.rs:900, src/server.rs:0", "src/server.rs:900 (unverified), src/server.rs:0 (unverified)", 0, 2);
    check("src/server.rs:9-3", "src/server.rs:9-3 (unverified)", 0, 1);
    check("/etc/passwd.txt:1 ../x.rs:1", "/etc/passwd.txt:1 (unverified) ../x.rs:1 (unverified)", 0, 2);
}

#[test]
fn where_a_citation_stands_and_what_it_means_is_told() {
    let (passage, _) = cited_in_pieces("**é** server.rs:3-9, `src/gone.rs:4`, [a](src/__init__.py#L1)", 1000);
    let told = passage.citations.iter().map(|cited| {
        let written = &passage.text[cited.range.clone()];
        (written, cited.path.as_deref(), cited.first, cited.last)
    });
    let expected = [
        ("src/server.rs:3-9", Some("src/server.rs"), 3, 9),
        ("src/gone.rs:4", None, 4, 4),
        ("src/\\_\\_init\\_\\_.py:1", Some("src/__init__.py"), 1, 1),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[test]
fn a_name_beside_it_must_stand_near() {
    check("`handle_request` (src/server.rs:41)", "`handle_request` (src/server.rs:41)", 1, 0);
    check("`Server::handle_request()` in `src/server.rs:39`", "`Server::handle_request()` in `src/server.rs:39`", 1, 0);
    check("`handle_request` (src/server.rs:3)", "`handle_request` (src/server.rs:3 (unverified))", 0, 1);
    check("`other_name` (src/server.rs:3)", "`other_name` (src/server.rs:3)", 1, 0);
    check("`handle_request`\n\nsrc/server.rs:3", "`handle_request`\n\nsrc/server.rs:3", 1, 0);
    let far = "`handle_request` is what somebody else calls, see src/server.rs:3";
    check(far, far, 1, 0);
}

#[test]
fn what_is_no_citation_stays() {
    for text in [
        "localhost:8080 and 12:30, 10.0.0.1:80",
        "a::b:1 x:1",
        "https://example.com/a.html:80",
        "v1.2:3",
        "example.com:443",
    ] {
        check(text, text, 0, 0);
    }
    let block = "```\nsrc/gone.rs:4\n```\n";
    check(block, block, 0, 0);
    let long = format!("{}/a.rs:1", "a".repeat(600));
    check(&long, &long, 0, 0);
}

proptest! {
    #[test]
    fn pieces_do_not_matter(words in prop::collection::vec(prop::sample::select(vec![
        "src/server.rs", ":", "41", "-", "9", " ", "`", "handle_request", "(", ")", "\n", "```", "a.rs:1", "./", "#L3", "\\_", "é", "**",
    ]), 0..30), length in 1usize..9) {
        let answer = words.concat();
        prop_assert_eq!(cited_in_pieces(&answer, length), cited_in_pieces(&answer, 10_000));
    }
}

#[test]
fn an_answer_of_nothing_but_citations_is_looked_up_as_far_as_anybody_reads() {
    let (text, counts) = cited_in_pieces(&"src/server.rs:1 ".repeat(1_200), 1 << 20);
    assert_eq!((counts.cited, counts.unverified), (MOST_CITATIONS, 200));
    assert_eq!(text.matches(UNVERIFIED).count(), 200);
}
