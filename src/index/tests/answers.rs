//! What users ask, on a small workspace.

use super::*;
use crate::syntax::DefinitionKind;

const FILES: &[(&str, &str)] = &[
    (
        "src/server.rs",
        "use crate::budget::Budget;\n\n/// Answers requests.\npub struct Server {\n    budget: Budget,\n}\n\nimpl Server {\n    pub fn start(&mut self) -> bool {\n        self.budget.reserve(10) && listen()\n    }\n}\n\nfn listen() -> bool {\n    true\n}\n",
    ),
    (
        "src/budget.rs",
        "/// Money that is left. Reserve before you send.\npub struct Budget {\n    pub left: u64,\n}\n\nimpl Budget {\n    /// False when there is not enough.\n    pub fn reserve(&mut self, amount: u64) -> bool {\n        match self.left.checked_sub(amount) {\n            Some(left) => { self.left = left; true }\n            None => false,\n        }\n    }\n}\n",
    ),
    (
        "src/main.rs",
        "mod budget;\nmod server;\n\nfn main() {\n    let budget = budget::Budget { left: 3 };\n    server::Server { budget }.start();\n}\n",
    ),
    ("tools/report.py", "from lib.money import format_money\n\n\ndef listen():\n    return format_money(3)\n"),
    (
        "tools/lib/money.py",
        "def format_money(cents):\n    \"\"\"Cents as a price.\"\"\"\n    return f\"{cents / 100:.2f}\"\n",
    ),
    ("Makefile", "report:\n\tpython tools/report.py --budget monthly\n"),
    ("vendor/budget.rs", "pub struct Budget;\npub fn reserve() {}\n"),
];

fn names(found: &[Found]) -> Vec<String> {
    found.iter().map(|found| format!("{} {}", found.path, found.full_name())).collect()
}

#[test]
fn a_search_finds_places_best_first_in_every_kind_of_file() {
    let bench = Bench::new(FILES);
    let index = bench.open();
    let hits = index.search("reserve budget", 10);
    let top: Vec<_> =
        hits[..2].iter().map(|hit| (&*hit.path, hit.name.as_deref(), hit.kind, hit.rows.clone())).collect();
    // Short enough to be one piece with its only method.
    let method = ("src/budget.rs", Some("Budget"), Some(DefinitionKind::Extension), 5..14);
    let r#struct = ("src/budget.rs", Some("Budget"), Some(DefinitionKind::Struct), 0..4);
    assert!(top.contains(&method) && top.contains(&r#struct), "both with their comments: {top:?}");
    assert!(hits.windows(2).all(|pair| pair[0].score >= pair[1].score));
    let vendored = hits.iter().position(|hit| hit.path.starts_with("vendor/")).unwrap();
    assert!(hits[..vendored].iter().filter(|hit| hit.path == "src/budget.rs").count() >= 2, "{hits:#?}");
    // Plain text, and words inside of identifiers.
    assert_eq!(index.search("monthly", 10)[0].path, "Makefile");
    assert_eq!(index.search("money format", 1)[0].name.as_deref(), Some("format_money"));
    assert_eq!(index.search("reserve budget", 10), hits, "the same again");
    for nothing in ["", "   ", "zzzzz", "\u{0}", "🦀"] {
        assert_eq!(index.search(nothing, 10), [], "{nothing:?}");
    }
    assert_eq!(index.search("budget", 0), []);
}

#[test]
fn unsaved_text_counts_and_is_forgotten_when_the_document_is_closed() {
    let bench = Bench::new(FILES);
    let index = bench.open();
    let path = bench.root().join("src/budget.rs");
    assert!(set_document(&index, &path, "fn unsavedWork() { quokka(); }\n"));
    assert_eq!(index.search("quokka", 3)[0].path, "src/budget.rs");
    assert_eq!(names(&index.definitions("unsavedWork")), ["src/budget.rs unsavedWork"]);
    assert_eq!(index.definitions("Budget.reserve"), []);
    assert_eq!(index.provenance().open_documents, 1);
    // A scan does not bring the disk's text back.
    index.scan(Cause::Asked);
    index.settle();
    assert_eq!(index.search("quokka", 3).len(), 1);
    assert_true(&index);
    index.close_document(&path);
    index.settle();
    assert_eq!(index.search("quokka", 3), []);
    assert_eq!(names(&index.definitions("Budget.reserve")), ["src/budget.rs Budget.reserve"]);
    assert_true(&index);
}

/// An editor may call a file's language by another name, and shows what is not searched on disk.
#[test]
fn a_closed_document_that_was_saved_is_what_its_file_is() {
    let minified = format!("f({})", "a+b,".repeat(3_000));
    let files = [("notes.txt", "def noted(): pass\n"), ("data.js", &minified), ("binary.rs", "fn packed() {}\0\n")];
    let bench = Bench::new(&files);
    let index = bench.open();
    for (path, text) in files {
        let document = Document::new("x", "", 0, text);
        let python = Language::named("python");
        let tree = SyntaxTree::parse(python.unwrap(), document.rope(), None);
        assert!(index.set_document(&bench.root().join(path), python, document.rope(), tree.as_ref()));
    }
    assert_eq!(index.definitions("noted").len(), 1);
    for (path, _) in files {
        index.close_document(&bench.root().join(path));
    }
    index.settle();
    assert_eq!(index.definitions("noted"), []);
    assert!(index.read().files().all(|(_, file)| !file.is_open), "closed ones are stored");
    assert_true(&index);
}

/// Prototypes are found from further up the tree, so before what stands in front of them.
#[test]
fn a_use_is_inside_of_its_function_where_prototypes_follow() {
    let text = "static inline int area(int side) {\n  return square(side);\n}\nint square(int);\nint cube(int);\nint root(int);\n";
    let bench = Bench::new(&[("shape.h", text)]);
    let index = bench.open();
    let outline: Vec<_> = index.outline("shape.h").unwrap().into_iter().map(|entry| entry.found.name).collect();
    assert_eq!(outline, ["area", "square", "cube", "root"]);
    let relations = index.relations("square");
    let inside = relations[0].references.iter().map(|reference| reference.inside.as_ref().map(|found| &*found.name));
    assert_eq!(inside.collect::<Vec<_>>(), [Some("area")]);
}

#[test]
fn definitions_are_found_by_qualified_and_fuzzy_names() {
    let bench = Bench::new(FILES);
    let index = bench.open();
    let all = names(&index.definitions("reserve"));
    assert_eq!(all, ["src/budget.rs Budget.reserve", "vendor/budget.rs reserve"]);
    assert_eq!(names(&index.definitions("Budget::reserve")), all[..1]);
    assert_eq!(names(&index.definitions("vendor.budget.reserve")), all[1..]);
    assert_eq!(index.definitions("reserved"), []);
    let hits = index.search_symbols("rsrv", 5);
    assert_eq!(hits[0].found.path, "src/budget.rs", "the repository's own stands before what is vendored");
    assert!(hits[0].score > hits[1].score);
    assert_eq!(index.search_symbols("Server", 5)[0].found.name, "Server");
    assert_eq!(index.search_symbols("", 5), []);
}

#[test]
fn uses_mean_the_nearest_definition_and_no_other_language() {
    let bench = Bench::new(FILES);
    let index = bench.open();
    let users = |name: &str| -> Vec<Vec<String>> {
        let relations = index.relations(name);
        let users = |relations: &Relations| {
            relations.references.iter().map(|one| format!("{} {:?}", one.path, one.circle)).collect()
        };
        relations.iter().map(users).collect()
    };
    // `listen` of Rust and `listen` of Python, each with its own users.
    assert_eq!(users("listen"), [vec!["src/server.rs File".to_owned()], vec![]]);
    assert_eq!(users("format_money")[0], ["tools/report.py Imported", "tools/report.py Imported"]);
    let start = &index.relations("Server.start")[0];
    assert_eq!(names(&start.callees), ["src/budget.rs Budget.reserve", "src/server.rs listen"]);
    assert_eq!(start.references[0].inside.as_ref().unwrap().name, "main");
    let links = index.file_links("src/budget.rs").unwrap();
    assert_eq!(links.imported_by, ["src/main.rs", "src/server.rs"]);
    assert_eq!(index.file_links("src/main.rs").unwrap().imports, ["src/budget.rs", "src/server.rs"]);
    assert_eq!(index.file_links("src/none.rs"), None);
    // From a place to the definition, and back.
    let place = crate::syntax::Place { row: 9, column: 22 };
    assert_eq!(names(&index.definitions_at("src/server.rs", place)), ["src/budget.rs Budget.reserve"]);
    assert_eq!(index.references_at("src/server.rs", place).len(), 1);
}

#[test]
fn a_map_keeps_its_budget_and_changes_only_for_a_reason() {
    let bench = Bench::new(FILES);
    let index = bench.open();
    let count = |text: &str| text.len().div_ceil(3);
    for budget in [0, 1, 5, 20, 40, 80, 160, 10_000] {
        let map = index.map(budget, &[], &count);
        assert!(map.tokens <= budget && map.tokens == count(&map.text), "{budget}: {map:?}");
        assert_eq!(index.map(budget, &[], &count), map, "the same bytes");
    }
    let whole = index.map(10_000, &[], &count);
    assert!(whole.text.contains("src/budget.rs\n  pub struct Budget\n"), "{}", whole.text);
    assert!(whole.text.contains("    pub fn reserve(&mut self, amount: u64) -> bool\n"), "{}", whole.text);
    let small = index.map(40, &[], &count);
    assert!(small.text.contains("Budget"), "what is used most: {}", small.text);
    // From another point of view.
    let focus = index.map(40, &["tools/report.py".to_owned()], &count);
    assert!(focus.text.contains("format_money"), "{}", focus.text);
    // An index made in another order, by a rebuild, says the same; so does one after a change elsewhere.
    assert_eq!(bench.open().map(40, &[], &count), small);
    bench.write("notes.md", "# Notes\n\nWords.\n");
    bench.change(&index, &["notes.md"]);
    assert_eq!(index.map(40, &[], &count).text, small.text);
}

#[test]
fn every_answer_tells_where_it_comes_from() {
    let bench = Bench::new(FILES);
    bench.write(".git/HEAD", "ref: refs/heads/main\n");
    bench.write(".git/refs/heads/main", "0123456789abcdef0123456789abcdef01234567\n");
    let index = bench.open();
    let provenance = index.provenance();
    assert_eq!(provenance.commit.as_deref(), Some("0123456789abcdef0123456789abcdef01234567"));
    assert_eq!((provenance.branch.as_deref(), provenance.files, provenance.pending), (Some("main"), 7, 0));
    assert!(provenance.caught_up);
    assert_eq!(provenance.describe(), "7 files at 0123456789 (main), caught up");
    // A change of a directory renews the rules, which it cannot do while somebody reads them.
    let rules = index.shared.rules.read().unwrap();
    index.changed(vec![bench.root().join("src")]);
    assert!(!index.provenance().caught_up, "a change waits, or is under way");
    drop(rules);
    index.settle();
    assert!(index.provenance().caught_up);
}

#[test]
fn what_is_ignored_by_anyone_is_not_known() {
    let bench = Bench::new(FILES);
    bench.write(".cursorignore", "tools/\n");
    bench.write(".env", "TOKEN=zyzzyva\n");
    let index = bench.open();
    assert_eq!(index.definitions("format_money"), []);
    assert_eq!(index.search("zyzzyva", 5), []);
    assert!(!set_document(&index, &bench.root().join("tools/lib/money.py"), "def zyzzyva(): pass\n"));
    assert_eq!(index.search("zyzzyva", 5), []);
    // Allowed again: the open document's text counts.
    bench.write(".cursorignore", "");
    bench.change(&index, &[".cursorignore"]);
    assert_eq!(names(&index.definitions("zyzzyva")), ["tools/lib/money.py zyzzyva"]);
    assert_true(&index);
}
