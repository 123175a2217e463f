//! What is found for a cursor, in small workspaces of several languages.

use super::*;
use crate::index::tests::{Bench, set_document};

/// A workspace, and the file with the cursor (`$0`) as an editor has it.
struct Place {
    _bench: Bench,
    index: std::sync::Arc<crate::index::Index>,
    path: String,
    before: String,
    after: String,
}

const ALL: Wish<'_> = Wish { definitions: 50, pieces: 5, viewed: &[] };

impl Place {
    fn new(files: &[(&str, &str)], path: &str, fixture: &str) -> Self {
        let bench = Bench::new(files);
        let index = bench.open();
        let (before, after) = fixture.split_once("$0").unwrap();
        set_document(&index, &bench.root().join(path), &format!("{before}{after}"));
        index.settle();
        Self { _bench: bench, index, path: path.to_owned(), before: before.to_owned(), after: after.to_owned() }
    }

    fn ask(&self, wish: Wish<'_>, seen: Range<u32>, is_late: IsLate<'_>) -> Answer {
        let cursor = CursorText { path: &self.path, before: &self.before, after: &self.after, seen };
        self.index.shared.related(&cursor, wish, is_late)
    }

    /// Full names, the likeliest first.
    fn names(&self) -> Vec<String> {
        let answer = self.ask(ALL, 0..u32::MAX, &|| false);
        assert!(answer.is_whole);
        answer.related.iter().map(|entry| entry.found.full_name()).collect()
    }

    #[track_caller]
    fn check_first(&self, expected: &str) {
        let names = self.names();
        assert_eq!(names.first().map(String::as_str), Some(expected), "{names:?}");
    }

    fn feature(&self, name: &str, feature: Feature) -> f32 {
        let answer = self.ask(ALL, 0..u32::MAX, &|| false);
        let entry = answer.related.iter().find(|entry| entry.found.full_name() == name);
        entry.map_or(f32::NAN, |entry| entry.features[feature as usize])
    }
}

const TIMER: &str = "package a;\npublic class Timer extends Clock {\n    public void restart(long ms) {}\n}\n";
const CLOCK: &str = "package a;\npublic class Clock {\n    public long elapsed() { return 0; }\n}\n";
const OTHER: &str =
    "package a;\npublic class Other {\n    public void restart() {}\n    public long elapsed() { return 1; }\n}\n";

#[test]
fn members_of_a_fields_type_and_of_what_it_is_derived_from_are_likely() {
    let files = [("a/Timer.java", TIMER), ("a/Clock.java", CLOCK), ("a/Other.java", OTHER), ("b/Use.java", "")];
    let text = "package b;\nclass Use {\n    private final Timer timeout;\n\n    void f() {\n        log(timeout);\n        $0\n    }\n}\n";
    let place = Place::new(&files, "b/Use.java", text);
    assert!(place.feature("Timer.restart", Feature::InScope) > place.feature("Clock.elapsed", Feature::InScope));
    assert!(place.feature("Clock.elapsed", Feature::InScope) > 0.0);
    assert_eq!(place.feature("Other.restart", Feature::InScope).max(0.0), 0.0);
    place.check_first("Timer.restart");
    let asked = Place::new(&files, "b/Use.java", &text.replace("$0", "this.timeout.$0"));
    assert_eq!(asked.names()[..2], ["Timer.restart", "Clock.elapsed"]);
}

#[test]
fn what_the_type_around_the_cursor_inherits_is_likely() {
    let files = [("a/Clock.java", CLOCK), ("a/Other.java", OTHER), ("b/Use.java", "")];
    let text = "package b;\nclass Use extends Clock {\n    void f() {\n        $0\n    }\n}\n";
    let place = Place::new(&files, "b/Use.java", text);
    assert!(place.feature("Clock.elapsed", Feature::Inherited) > 0.0);
    place.check_first("Clock.elapsed");
}

#[test]
fn what_functions_of_the_same_name_call_is_likely() {
    let handler =
        |name: &str| format!("def handle(request):\n    user = authenticate(request)\n    return {name}(user)\n");
    let auth = "def authenticate(request):\n    pass\n\ndef forget(request):\n    pass\n";
    let (one, two) = (handler("one"), handler("two"));
    let files = [("h/one.py", one.as_str()), ("h/two.py", two.as_str()), ("core/auth.py", auth), ("h/new.py", "")];
    let place = Place::new(&files, "h/new.py", "def handle(request):\n    $0\n    return None\n");
    assert_eq!(place.feature("authenticate", Feature::ByNamesakes), 1.0);
    assert!(place.feature("authenticate", Feature::UsedBeside) > 0.9);
    place.check_first("authenticate");
}

#[test]
fn what_cannot_be_used_from_here_stands_further_down() {
    let files = [("a.kt", "class A {\n    private fun hidden() {}\n    fun shown() {}\n}\n"), ("b.kt", "")];
    let place = Place::new(&files, "b.kt", "fun f(a: A) {\n    a.$0\n}\n");
    assert_eq!((place.feature("A.hidden", Feature::Hidden), place.feature("A.shown", Feature::Hidden)), (1.0, 0.0));
    place.check_first("A.shown");
    Place::new(&files, "b.kt", "fun f(a: A) {\n    a.hidden($0\n}\n").check_first("A.hidden");
}

#[test]
fn what_is_late_is_left_out_and_that_is_said() {
    let auth = "def authenticate(request):\n    pass\n";
    let files = [("auth.py", auth), ("new.py", "")];
    let place = Place::new(&files, "new.py", "from auth import authenticate\n\ndef f(request):\n    $0\n");
    let early = place.ask(ALL, 0..u32::MAX, &|| true);
    // The signatures were not read yet.
    assert_eq!((early.related.len(), early.is_whole), (0, false));
    assert!(place.ask(ALL, 0..u32::MAX, &|| false).is_whole);
    let again = place.ask(ALL, 0..u32::MAX, &|| true);
    assert_eq!(again.related.iter().map(|entry| entry.found.full_name()).collect::<Vec<_>>(), ["authenticate"]);
    assert!(!again.is_whole && again.pieces.is_empty());
}

const LIKE: &str = "def total_of(invoice):\n    amount = invoice.amount\n    rate = currency_rate(invoice.currency)\n    return amount * rate\n\n\ndef unrelated(x):\n    return x\n";

#[test]
fn pieces_are_those_that_speak_of_the_same_things() {
    let files = [("like.py", LIKE), ("other.py", "def nothing(y):\n    return y\n"), ("new.py", "")];
    let text =
        "def tax_of(invoice):\n    amount = invoice.amount\n    rate = currency_rate(invoice.currency)\n    $0\n";
    let place = Place::new(&files, "new.py", text);
    let pieces = place.ask(ALL, 0..u32::MAX, &|| false).pieces;
    let described: Vec<_> = pieces.iter().map(|piece| (piece.path.as_str(), piece.rows.clone())).collect();
    // Half of its lines stand at the cursor already, but not more.
    assert_eq!(described, [("like.py", 0..4)]);
    assert!(pieces[0].text.starts_with("def total_of(invoice):\n    amount"));
    // With one more of its lines there it would only be repeated.
    let known = text.replace("$0\n", "return amount * rate\n    $0\n");
    assert_eq!(Place::new(&files, "new.py", &known).ask(ALL, 0..u32::MAX, &|| false).pieces, []);
}

#[test]
fn where_the_user_has_been_counts_more_and_what_is_seen_not_at_all() {
    let two = LIKE.replace("total_of", "sum_of");
    let files = [("a.py", LIKE), ("z.py", two.as_str()), ("new.py", "")];
    let text = "def tax_of(invoice):\n    amount = invoice.cost\n    rate = currency_rate(invoice.currency)\n    $0\n";
    let place = Place::new(&files, "new.py", text);
    let first = |viewed: &[Viewed]| {
        let answer = place.ask(Wish { viewed, ..ALL }, 0..u32::MAX, &|| false);
        answer.pieces.first().map(|piece| piece.path.clone())
    };
    assert_eq!(first(&[]).as_deref(), Some("a.py"));
    let viewed = |path: &str, row: u32| Viewed { path: path.to_owned(), row };
    assert_eq!(first(&[viewed("z.py", 2), viewed("gone.py", 0)]).as_deref(), Some("z.py"));
    assert_eq!(first(&[viewed("new.py", 1)]).as_deref(), Some("a.py"));
}

#[test]
fn imports_and_members_above_the_window_are_told() {
    let text = "from a import (\n    one,\n    two,\n)\nimport os\n\n\nclass Book:\n    def add(self, entry):\n        pass\n\n    def pay(self):\n        $0\n        return 1\n";
    let place = Place::new(&[("a.py", "one = 1\ntwo = 2\n"), ("b.py", "")], "b.py", text);
    let place = Place { before: "    def pay(self):\n        ".to_owned(), ..place };
    let answer = place.ask(ALL, 11..13, &|| false);
    assert_eq!(answer.imports.unwrap().text, "from a import (\n    one,\n    two,\n)\nimport os\n");
    let add = answer.related.iter().find(|entry| entry.found.full_name() == "Book.add").unwrap();
    assert_eq!((add.features[Feature::Inherited as usize], add.signature.as_str()), (1.0, "def add(self, entry)"));
    assert_eq!(place.ask(ALL, 0..13, &|| false).imports, None);
}

#[test]
fn bodies_are_those_of_short_functions() {
    let long = format!("def long_one(x):\n{}\n", "    x += 1\n".repeat(40));
    let text = format!("def short_one(x):\n    return x\n\n\n{long}");
    let place = Place::new(&[("a.py", &text), ("b.py", "")], "b.py", "from a import short_one, long_one\n\n$0\n");
    let cursor = CursorText { path: "b.py", before: &place.before, after: &place.after, seen: 0..u32::MAX };
    let related = place.index.related(cursor.clone(), 10);
    let bodies = place.index.bodies(&cursor, &related, 5, 15);
    assert_eq!(bodies.iter().map(|body| body.text.as_str()).collect::<Vec<_>>(), ["def short_one(x):\n    return x\n"]);
}
