//! Finds the lines of holes in other files: whoever can read those can copy the answer.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault};

use rustc_hash::FxHasher;

use super::hole::Hole;
use crate::index::{Index, Omission};

type Line = u64;

/// The lines of one hole.
struct Sought {
    lines: Vec<Line>,
    hole: usize,
}

/// Counts for each hole where else its lines stand, in every file of the index. Blank lines and white space at both ends of
/// a line are no difference. Reads all files once.
pub fn count(index: &Index, holes: &mut [Hole]) {
    let mut by_first: HashMap<Line, Vec<Sought>> = HashMap::new();
    for (number, hole) in holes.iter().enumerate() {
        let lines = lines(hole.text.get(hole.lines()).unwrap_or_default());
        if let Some(first) = lines.first() {
            by_first.entry(*first).or_default().push(Sought { lines, hole: number });
        }
    }
    let paths: Vec<String> = {
        let state = index.read();
        let with_text =
            state.files().filter(|(_, file)| file.omission.is_none_or(|omission| omission == Omission::ParseTime));
        with_text.map(|(_, file)| file.path.to_string()).collect()
    };
    for path in paths {
        let Some(text) = index.text(&path) else { continue };
        let times = times(&lines(&text), &by_first);
        for (hole, times) in times {
            let Some(hole) = holes.get_mut(hole) else { continue };
            if *hole.path == *path {
                // Once is the hole itself.
                hole.copies.in_same_file = times > 1;
            } else {
                hole.copies.other_files += 1;
            }
        }
    }
}

/// How often the lines of each hole stand in `text`; holes that do not stand in it are left out.
fn times(text: &[Line], by_first: &HashMap<Line, Vec<Sought>>) -> HashMap<usize, usize> {
    let mut times = HashMap::new();
    for (at, line) in text.iter().enumerate() {
        for sought in by_first.get(line).into_iter().flatten() {
            if text[at..].starts_with(&sought.lines) {
                *times.entry(sought.hole).or_default() += 1;
            }
        }
    }
    times
}

/// Hashes of the lines that are not blank.
fn lines(text: &str) -> Vec<Line> {
    let hasher = BuildHasherDefault::<FxHasher>::default();
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| hasher.hash_one(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::hole::{Copies, Kind};
    use crate::eval::testing::repository;

    #[test]
    fn copies_are_found_in_other_files_and_in_the_same() {
        let repository = repository(&[
            ("a.rs", "fn f() {\n    one();\n    two();\n}\n"),
            ("b.rs", "fn g() {\n  one();\n\n  two();\n}\n"),
            ("c.rs", "fn h() { one();\n three();\n one();\n two(); three();\n}\n"),
        ]);
        let hole = |path: &str, cut: &str| {
            let text = std::fs::read_to_string(repository.root().join(path)).unwrap();
            let start = text.find(cut).unwrap();
            let range = start..start + cut.len();
            let (text, copies) = (text.into(), Copies::default());
            Hole { path: path.into(), language: "rust", kind: Kind::Lines, range, text, copies }
        };
        let mut holes =
            [hole("a.rs", "one();\n    two();"), hole("a.rs", "two()"), hole("a.rs", "f()"), hole("a.rs", "one()")];
        count(&repository.index(), &mut holes);
        let copies = holes.map(|hole| (hole.copies.other_files, hole.copies.in_same_file));
        assert_eq!(copies, [(1, false), (1, false), (0, false), (2, false)]);
        let text: std::sync::Arc<str> = std::fs::read_to_string(repository.root().join("c.rs")).unwrap().into();
        let start = text.find("three").unwrap();
        let range = start..start + 5;
        let copies = Copies::default();
        let mut twice = [Hole { path: "c.rs".into(), language: "rust", kind: Kind::Line, range, text, copies }];
        count(&repository.index(), &mut twice);
        assert_eq!(twice[0].copies, Copies::default(), "`three();` and `two(); three();` are different lines");
    }
}
