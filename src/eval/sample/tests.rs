//! Samples of a small repository.

use super::*;
use crate::eval::testing::{Repository, repository};

fn plan(positions: usize) -> Plan {
    let kinds = Kind::ALL.to_vec();
    Plan { seed: 1, positions, kinds, languages: Vec::new(), skip_copies: false, most_bytes: 1 << 20 }
}

/// Two languages of code, prose, and code that is not the repository's own.
fn small() -> Repository {
    let function = |name: &str| {
        format!("fn {name}(a: u32) -> u32 {{\n    let {name}_b = call_{name}(a, 1);\n    finish({name}_b)\n}}\n\n")
    };
    let rust: String = (0..30).map(|number| function(&format!("f{number}"))).collect();
    let python = "def f(a):\n    b = g(a, 1)\n    return h(b)\n\n\n".repeat(6);
    repository(&[
        ("src/a.rs", &rust),
        ("lib/b.py", &python),
        ("README.md", "# Words\n\nand words\n"),
        ("vendor/c.rs", &rust),
        ("gen/d.rs", &format!("// @generated\n{rust}")),
    ])
}

fn places(sample: &Sample) -> Vec<(String, Kind, usize)> {
    sample.holes.iter().map(|hole| (hole.path.to_string(), hole.kind, hole.range.start)).collect()
}

#[test]
fn the_same_seed_gives_the_same_holes() {
    let repository = small();
    let index = repository.index();
    let one = sample(&index, &plan(40));
    assert_eq!(places(&one), places(&sample(&index, &plan(40))));
    let other = sample(&index, &Plan { seed: 2, ..plan(40) });
    assert_ne!(places(&one), places(&other));
    assert_eq!((one.holes.len(), other.holes.len()), (40, 40));
}

#[test]
fn kinds_have_equal_shares_and_languages_those_of_their_bytes() {
    let repository = small();
    let sample = sample(&repository.index(), &plan(40));
    let count = |check: &dyn Fn(&Hole) -> bool| sample.holes.iter().filter(|hole| check(hole)).count();
    for kind in Kind::ALL {
        assert_eq!(count(&|hole| hole.kind == kind), 10, "{kind:?}");
    }
    assert_eq!(count(&|hole| hole.language == "rust" || hole.language == "python"), 40);
    let python = count(&|hole| hole.language == "python");
    assert!((1..10).contains(&python), "{python}");
    assert_eq!(sample.files, 2, "neither prose nor vendored nor generated code");
    // Each beginning has some of everything.
    let first: BTreeSet<Kind> = sample.holes[..8].iter().map(|hole| hole.kind).collect();
    assert_eq!(first.len(), 4);
}

#[test]
fn languages_can_be_named_and_a_wish_that_cannot_be_met_ends() {
    let repository = small();
    let index = repository.index();
    let python = sample(&index, &Plan { languages: vec!["python".to_owned()], ..plan(8) });
    assert!(!python.holes.is_empty() && python.holes.iter().all(|hole| hole.language == "python"));
    let many = sample(&index, &Plan { languages: vec!["python".to_owned()], ..plan(800) });
    let distinct: BTreeSet<_> = places(&many).into_iter().collect();
    assert!(many.holes.len() < 400 && distinct.len() == many.holes.len(), "{}", many.holes.len());
    assert_eq!(sample(&index, &Plan { languages: vec!["zig".to_owned()], ..plan(8) }).holes, []);
    assert_eq!(sample(&index, &Plan { kinds: Vec::new(), ..plan(8) }).holes, []);
    assert_eq!(sample(&index, &Plan { most_bytes: 10, ..plan(8) }).files, 0);
}

#[test]
fn copies_are_left_out_when_asked() {
    let text = |name: &str| format!("fn {name}() {{\n    shared(1, 2);\n    own_{name}(3, 4);\n}}\n");
    let repository = repository(&[("a.rs", &text("a")), ("b.rs", &text("b"))]);
    let index = repository.index();
    let only_arguments = Plan { kinds: vec![Kind::Arguments], ..plan(4) };
    let all = sample(&index, &only_arguments);
    let copied = |sample: &Sample| sample.holes.iter().filter(|hole| hole.copies.other_files > 0).count();
    assert_eq!((all.holes.len(), copied(&all)), (4, 2));
    let own = sample(&index, &Plan { skip_copies: true, ..only_arguments });
    assert_eq!((own.holes.len(), copied(&own)), (2, 0));
    assert_eq!(own.skipped_copies, 2);
}

#[test]
fn parts_add_up() {
    assert_eq!(apportion(10, &[1, 1, 1]), [4, 3, 3]);
    assert_eq!(apportion(7, &[100, 1, 0]), [7, 0, 0]);
    assert_eq!(apportion(3, &[5, 3, 2]), [1, 1, 1]);
    assert_eq!(apportion(5, &[]), [0; 0]);
    assert_eq!(apportion(5, &[0, 0]), [0, 0]);
}
