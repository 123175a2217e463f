//! Files that belong together by their names: a test and what it tests, a header and its source.

use crate::index::resolve::{Modules, split};
use crate::index::state::{File, FileId, State};

/// Marks of tests, before and behind the name of what they test.
const BEFORE: &[&str] = &["test_", "spec_"];
const BEHIND: &[&str] = &["_test", "_tests", "_spec", ".test", ".spec", "Test", "Tests", "Spec", "IT"];
/// Of files with fitting names in other directories the nearest.
const MOST: usize = 4;

/// At most a few files, the nearest first: of the same name, of a test's name without its marks, or with marks of a test.
pub fn pairs(state: &State, modules: &Modules, id: FileId, file: &File) -> Vec<FileId> {
    let (directory, name) = split(&file.path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let tested = BEFORE.iter().find_map(|mark| stem.strip_prefix(mark));
    let tested = tested.or_else(|| BEHIND.iter().find_map(|mark| stem.strip_suffix(mark)));
    let mut names = vec![stem.to_owned()];
    match tested.filter(|tested| !tested.is_empty()) {
        Some(tested) => names.push(tested.to_owned()),
        None => {
            names.extend(BEFORE.iter().map(|mark| format!("{mark}{stem}")));
            names.extend(BEHIND.iter().map(|mark| format!("{stem}{mark}")));
        }
    }
    let family = file.language.map(|language| language.family());
    let mut found: Vec<(std::cmp::Reverse<usize>, &str, FileId)> = names
        .iter()
        .flat_map(|name| modules.named(name))
        .filter(|other| **other != id)
        .filter_map(|other| Some((state.file(*other)?, *other)))
        .filter(|(other, _)| other.language.map(|language| language.family()) == family)
        .map(|(other, id)| {
            let shared = crate::index::resolve::shared_parts(directory, split(&other.path).0);
            (std::cmp::Reverse(shared), &*other.path, id)
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().take(MOST).map(|(.., id)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::extract::Extracted;
    use crate::index::state::Stamp;
    use crate::syntax::Language;

    fn check(files: &[&str], of: &str, expected: &[&str]) {
        let mut state = State::default();
        for path in files {
            let extracted = Extracted { language: Language::detect("", path, ""), ..Extracted::default() };
            state.insert((*path).into(), Stamp::default(), extracted, false, false).unwrap();
        }
        let id = state.find(of).unwrap();
        let found = pairs(&state, &Modules::new(&state), id, state.file(id).unwrap());
        let found: Vec<&str> = found.iter().map(|id| &*state.file(*id).unwrap().path).collect();
        assert_eq!(found, expected, "{of}");
    }

    #[test]
    fn tests_and_what_they_test() {
        let files = ["src/flask/app.py", "tests/test_app.py", "tests/test_cli.py", "src/flask/cli.py"];
        check(&files, "tests/test_app.py", &["src/flask/app.py"]);
        check(&files, "src/flask/cli.py", &["tests/test_cli.py"]);
        check(&["a/Foo.java", "b/FooTest.java", "b/Foo.py"], "b/FooTest.java", &["a/Foo.java"]);
        check(&["x.ts", "x.test.ts", "y.ts"], "x.ts", &["x.test.ts"]);
        check(&["x_test.go", "x.go"], "x_test.go", &["x.go"]);
    }

    #[test]
    fn headers_and_sources() {
        check(&["include/fmt/os.h", "src/os.cc", "src/os.py"], "src/os.cc", &["include/fmt/os.h"]);
        check(&["src/os.cc"], "src/os.cc", &[]);
    }
}
