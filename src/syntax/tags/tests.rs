//! Each language's fixture, what is found in it, and the leaf rules against tree-sitter's own engine.
//!
//! `UPDATE_TAGS=1 cargo test tags` writes the snapshots `tests/fixtures/languages/<language>.tags`.

mod broken;
mod sound;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use streaming_iterator::StreamingIterator;
use tree_sitter::{Query, QueryCursor};

use super::chain::{LeafClass, leaf_rules};
use super::rules::{TagCapture, TagRules};
use super::*;
use crate::syntax::{Language, tags_of_source, tree};

const PATIENT: Duration = Duration::from_secs(600);

/// The place of the snapshot, and the fixture's text; empty where there is no fixture.
fn fixture(language: &Language) -> (PathBuf, String) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/languages");
    let file = format!("{}.{}", language.name, language.entry.extensions[0]);
    let text = std::fs::read_to_string(directory.join(file)).unwrap_or_default();
    (directory.join(format!("{}.tags", language.name)), text)
}

/// For people to review: definitions nested by container, with signatures; imports; references by kind.
fn describe(text: &str, tags: &Tags) -> String {
    let mut out = String::from("definitions\n");
    for definition in &tags.definitions {
        let mut depth = 1;
        let mut container = definition.container;
        while let Some(index) = container {
            depth += 1;
            container = tags.definitions[index as usize].container;
        }
        let name = &text[definition.name.start as usize..definition.name.end as usize];
        let end = definition.body.unwrap_or(definition.range.end);
        let signature = text[definition.range.start as usize..end as usize].split_whitespace().collect::<Vec<_>>();
        let (start, end) = (definition.start, definition.end);
        writeln!(
            out,
            "{}{} {name}  {}:{}-{}:{}{}  {}",
            "  ".repeat(depth),
            definition.kind.word(),
            start.row + 1,
            start.column + 1,
            end.row + 1,
            end.column + 1,
            if definition.body.is_some() { " body" } else { "" },
            signature.join(" ").chars().take(100).collect::<String>(),
        )
        .unwrap();
    }
    out.push_str("imports\n");
    for import in &tags.imports {
        writeln!(out, "  {}: {} {:?}", import.at.row + 1, import.path, import.names).unwrap();
    }
    out.push_str("references\n");
    let mut by_kind: BTreeMap<ReferenceKind, Vec<String>> = BTreeMap::new();
    for reference in &tags.references {
        let name = &text[reference.name.start as usize..reference.name.end as usize];
        by_kind.entry(reference.kind).or_default().push(format!("{name}@{}", reference.at.row + 1));
    }
    for (kind, names) in by_kind {
        writeln!(out, "  {}: {}", kind.word(), names.join(" ")).unwrap();
    }
    out
}

#[test]
fn fixtures_give_their_tags() {
    let mut wrong = Vec::new();
    for language in Language::all() {
        let (path, text) = fixture(language);
        if text.is_empty() {
            continue;
        }
        let tags = tags_of_source(language, text.as_bytes(), PATIENT).expect("in time");
        let found = describe(&text, &tags);
        if option_env!("UPDATE_TAGS").is_some() {
            std::fs::write(&path, &found).unwrap();
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != found {
            wrong.push(format!("{}:\n{found}", language.name));
        }
    }
    assert!(wrong.is_empty(), "not as in the .tags files (UPDATE_TAGS=1 writes them):\n{}", wrong.join("\n"));
}

/// Haskell's names of the file are found from the file's node, all before what is inside of the first.
#[test]
fn what_is_found_from_further_up_holds_what_is_inside_of_it() {
    let text = "value :: Int\nvalue = go 1\n  where\n    go x = x\n\nother = 3\n";
    let tags = tags_of_source(Language::named("haskell").unwrap(), text.as_bytes(), PATIENT).unwrap();
    let name = |definition: &Definition| &text[definition.name.start as usize..definition.name.end as usize];
    let found = tags.definitions.iter().map(|definition| {
        (name(definition), definition.container.map(|index| name(&tags.definitions[index as usize])))
    });
    let expected = [("value", None), ("value", None), ("go", Some("value")), ("other", None)];
    assert_eq!(found.collect::<Vec<_>>(), expected);
}

/// Each of these would otherwise look through all definitions around it: a minute for a file of 300 kB.
#[test]
fn a_text_of_nothing_but_openings_makes_no_deep_containers() {
    let nested = |open: &str, close: &str| open.repeat(5_000) + &close.repeat(5_000);
    let texts = [
        ("rust", nested("fn a(b: u8) { b; ", "}")),
        ("cpp", nested("namespace a { int b; ", "}")),
        ("json", nested("{\"a\":", "}").replace(":}", ":1}")),
    ];
    for (language, text) in texts {
        let tags = tags_of_source(Language::named(language).unwrap(), text.as_bytes(), PATIENT).unwrap();
        assert!(tags.definitions.len() >= 5_000, "{language}");
        let mut depths = Vec::new();
        for definition in &tags.definitions {
            depths.push(definition.container.map_or(0, |container| depths[container as usize] + 1));
        }
        assert_eq!(depths.iter().max(), Some(&64), "{language}");
    }
}

/// The parts that each language must have: a query file that is empty or finds nothing in its fixture is a gap.
#[test]
fn no_language_lacks_a_part() {
    let mut gaps = Vec::new();
    for language in Language::all() {
        let mut gap = |what: &str| gaps.push(format!("{}: {what}", language.name));
        let (_, text) = fixture(language);
        if text.is_empty() {
            gap("the fixture");
            continue;
        }
        let rope = ropey::Rope::from_str(&text);
        let syntax = tree::SyntaxTree::parse_within(PATIENT, language, &rope, None).expect("in time");
        if syntax.error_count() > 0 {
            gap("the fixture has parse errors");
        }
        let tags = syntax.tags();
        if tags.definitions.is_empty() {
            gap("definitions");
        }
        if language.is_outline() {
            continue;
        }
        if !tags.definitions.iter().any(|definition| definition.body.is_some()) {
            gap("bodies of definitions");
        }
        if !tags.definitions.iter().any(|definition| definition.container.is_some()) {
            gap("definitions inside of definitions");
        }
        if tags.references.is_empty() {
            gap("references");
        }
        if tags.imports.is_empty() {
            gap("imports");
        }
        for file in ["scopes.scm", "blocks.scm", "regions.scm"] {
            let texts = language.sources().into_iter().flat_map(|source| source.cursor_queries());
            let text: String = texts.filter(|(name, _)| *name == file).map(|(_, text)| text).collect();
            let query = Query::new(&language.grammar().language, &text).unwrap();
            let mut cursor = QueryCursor::new();
            let tree = tree::parse_bytes(PATIENT, language, rope.to_string().as_bytes()).unwrap();
            if cursor.matches(&query, tree.root_node(), rope.to_string().as_bytes()).next().is_none() {
                gap(file);
            }
        }
    }
    assert!(gaps.is_empty(), "{}", gaps.join("\n"));
}

#[test]
fn tag_queries_compile() {
    for language in Language::all() {
        let [definitions, references] = language.grammar().tag_sources();
        TagRules::compile(&language.grammar().language, &definitions, &references)
            .unwrap_or_else(|error| panic!("{}: {error}", language.name));
    }
}

/// Number of the pattern, and what it captures: start and end.
type Match = (usize, Vec<(String, u32, u32)>);
type Matches = BTreeSet<Match>;

/// What the patterns of a language match in `text` by our matcher, and by tree-sitter's engine.
fn matches_of_both(language: &Language, text: &[u8]) -> (Matches, Matches) {
    let [definitions, _] = language.grammar().tag_sources();
    let grammar = &language.grammar().language;
    let tree = tree::parse_bytes(PATIENT, language, text).unwrap();
    let describe = |captures: &mut dyn Iterator<Item = (TagCapture, tree_sitter::Node<'_>)>| {
        let capture = |(capture, node): (TagCapture, tree_sitter::Node<'_>)| {
            (format!("{capture:?}"), node.start_byte() as u32, node.end_byte() as u32)
        };
        let mut captures: Vec<_> = captures.map(capture).collect();
        captures.sort();
        captures
    };
    let rules = TagRules::compile(grammar, &definitions, "").unwrap();
    let mut ours = Matches::new();
    let mut matcher = super::pattern::Matcher::new();
    let mut nodes = vec![tree.root_node()];
    while let Some(node) = nodes.pop() {
        for pattern in rules.kind(node.kind_id()).map_or(&[][..], |rules| &rules.patterns) {
            matcher.run(pattern, node, text, &mut |captured| {
                ours.insert((pattern.number, describe(&mut captured.iter().copied())));
            });
        }
        nodes.extend((0..node.child_count()).filter_map(|at| node.child(at)));
    }
    let query = Query::new(grammar, &definitions).unwrap_or_else(|error| panic!("{}: {error}", language.name));
    let mut theirs = Matches::new();
    let mut cursor = QueryCursor::new();
    let mut matches = cursor.matches(&query, tree.root_node(), text);
    while let Some(found) = matches.next() {
        let mut captures = found
            .captures()
            .iter()
            .map(|capture| (TagCapture::named(query.capture_names()[capture.index as usize]).unwrap(), capture.node));
        theirs.insert((found.pattern_index, describe(&mut captures)));
    }
    (ours, theirs)
}

/// As the walk reduces them, and tree-sitter in most cases: no match that captures less than another of its pattern, and
/// of those that differ in the body alone the one with the first.
fn reduced(matches: &Matches) -> Matches {
    let is_part = |one: &Match, other: &Match| {
        one != other && one.0 == other.0 && one.1.iter().all(|capture| other.1.contains(capture))
    };
    let whole = matches.iter().filter(|one| !matches.iter().any(|other| is_part(one, other)));
    let mut first: BTreeMap<Match, Option<(String, u32, u32)>> = BTreeMap::new();
    for (pattern, captures) in whole {
        let (bodies, others): (Vec<_>, Vec<_>) = captures.iter().cloned().partition(|(capture, ..)| capture == "Body");
        let body = bodies.into_iter().next();
        let known = first.entry((*pattern, others)).or_insert_with(|| body.clone());
        if body < *known {
            *known = body;
        }
    }
    first.into_iter().map(|((pattern, captures), body)| (pattern, captures.into_iter().chain(body).collect())).collect()
}

#[test]
fn patterns_agree_with_the_query_engine() {
    for language in Language::all() {
        let (_, text) = fixture(language);
        // Several times over, so that some nodes have many children: those are matched in another way.
        let (ours, theirs) = matches_of_both(language, text.repeat(4).as_bytes());
        assert!(!ours.is_empty(), "{}", language.name);
        let (ours, theirs) = (reduced(&ours), reduced(&theirs));
        // Where the grammar says that a field stands once, tree-sitter looks no further than its first node. That may be a
        // bracket; it does no harm where a pattern further up has found the same.
        let same = |one: &Match, other: &Match| {
            let parts =
                |found: &Match| -> Vec<_> { found.1.iter().filter(|(name, ..)| name != "Body").cloned().collect() };
            other.0 < one.0 && parts(one) == parts(other)
        };
        let is_known = |one: &Match| ours.iter().any(|other| same(one, other));
        let more: Vec<_> = ours.difference(&theirs).filter(|one| !is_known(one)).take(5).collect();
        let missing: Vec<_> = theirs.difference(&ours).take(5).collect();
        assert!(
            more.is_empty() && missing.is_empty(),
            "{}: {more:?} are too many, {missing:?} are missing",
            language.name
        );
    }
}

/// What the tables say of each leaf is what the first matching pattern says in tree-sitter's engine.
#[test]
fn leaf_rules_agree_with_the_query_engine() {
    for language in Language::all() {
        let (_, text) = fixture(language);
        let [_, references] = language.grammar().tag_sources();
        if references.trim().is_empty() {
            continue;
        }
        let grammar = &language.grammar().language;
        let tree = tree::parse_bytes(PATIENT, language, text.as_bytes()).unwrap();

        // Without definitions and imports the walk reports every leaf that a rule accepts, except locals.
        let rules = TagRules::compile(grammar, "", &references).unwrap();
        let walked: BTreeSet<(u32, ReferenceKind)> = Tags::find_all_leaves(&rules, &tree, text.as_bytes());

        let query = Query::new(grammar, &references).unwrap_or_else(|error| panic!("{}: {error}", language.name));
        let mut first: BTreeMap<u32, (usize, LeafClass)> = BTreeMap::new();
        let mut cursor = QueryCursor::new();
        let mut matches = cursor.matches(&query, tree.root_node(), text.as_bytes());
        while let Some(found) = matches.next() {
            for capture in found.captures() {
                let class = LeafClass::named(query.capture_names()[capture.index as usize]).unwrap();
                let start = u32::try_from(capture.node.start_byte()).unwrap();
                // The innermost node at a place: an outer one of the same start is another leaf.
                let entry = first.entry(start).or_insert((found.pattern_index, class));
                if found.pattern_index < entry.0 {
                    *entry = (found.pattern_index, class);
                }
            }
        }
        let expected: BTreeSet<(u32, ReferenceKind)> = first
            .into_iter()
            .filter_map(|(start, (_, class))| match class {
                LeafClass::Reference(kind) => Some((start, kind)),
                _ => None,
            })
            .collect();
        let word = |start: u32| text[start as usize..].split_whitespace().next().unwrap_or_default().to_owned();
        let difference: Vec<_> =
            walked.symmetric_difference(&expected).map(|(start, kind)| (word(*start), kind)).collect();
        assert!(difference.is_empty(), "{}: {difference:?}", language.name);
    }
}

#[test]
fn leaf_rules_refuse_what_they_cannot_do() {
    let language = &Language::named("rust").unwrap().grammar().language;
    let refusal = |source: &str| leaf_rules(source, language).unwrap_err().to_string();
    assert!(refusal("(identifer) @reference.value").contains("no node kind `identifer`"));
    assert!(refusal("(call_expression funktion: (identifier) @reference.call)").contains("no field `funktion`"));
    assert!(refusal("(identifier) @reference.thing").contains("@reference.thing"));
    assert!(refusal("(call_expression (identifier) @local (identifier) @local)").contains("one child"));
    assert!(refusal("(identifier").contains("ends inside"));
    assert!(refusal("((identifier) @local (#match? @local \"x\"))").contains("#match?"));
    assert!(refusal("identifier").contains("where a pattern should begin"));
}
