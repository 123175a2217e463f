//! Which files of the workspace an import statement means.
//!
//! No build system is asked: the parts of the imported path are compared with the ends of file paths, and the nearest file
//! counts. That is right for what a repository imports of itself, and finds nothing for what comes from elsewhere.

use rustc_hash::FxHashMap;

use super::facts::ImportFact;
use super::state::{File, FileId, State};
use crate::syntax::Language;

/// Directories that stand between a package's name and its modules without being named in imports.
const SOURCE_DIRECTORIES: &[&str] = &["src", "lib", "include", "source", "main", "python"];
/// Files of one directory that an import of the whole directory brings in, at most.
const MOST_OF_DIRECTORY: usize = 64;
/// Parts at the end of a path that may be items of a module and not a module: `module::Type::method`.
const MOST_ITEMS: usize = 2;

/// Files by what an import can call them.
#[derive(Debug, Default)]
pub struct Modules {
    /// By file name without extension, or by the directory's name for a file that stands for it.
    by_name: FxHashMap<Box<str>, Vec<FileId>>,
    /// Directories by their last part.
    directories: FxHashMap<Box<str>, Vec<Box<str>>>,
    in_directory: FxHashMap<Box<str>, Vec<FileId>>,
}

/// An imported path, taken apart.
struct Wanted<'a> {
    parts: Vec<&'a str>,
    /// Directories to go up from the importing file's own; None where the path is not relative.
    up: Option<usize>,
    extension: Option<&'a str>,
    /// Parts stand between slashes: leading ones may be a host, a project or an alias.
    is_slashed: bool,
}

impl Modules {
    /// Files are taken in the order of their paths, so equal states give equal answers.
    pub fn new(state: &State) -> Self {
        let mut modules = Self::default();
        for id in state.ordered() {
            let Some(file) = state.file(id) else { continue };
            let Some(language) = file.language.filter(|language| !language.is_outline()) else { continue };
            let (directory, name) = split(&file.path);
            let stem = stem(name);
            let called = if language.is_index_file(stem) { split(directory).1 } else { stem };
            modules.by_name.entry(key(called)).or_default().push(id);
            if called != stem {
                // `use lib` and `require('./index')` name the file all the same.
                modules.by_name.entry(key(stem)).or_default().push(id);
            }
            if !modules.in_directory.contains_key(directory) {
                modules.directories.entry(key(split(directory).1)).or_default().push(directory.into());
            }
            modules.in_directory.entry(directory.into()).or_default().push(id);
        }
        modules
    }

    /// Files that an import can call so, or whose directory they stand for.
    pub fn named(&self, name: &str) -> &[FileId] {
        self.by_name.get(&key(name)).map_or(&[], Vec::as_slice)
    }

    /// Files that all imports of a file mean, ordered by number, itself left out.
    pub fn imported_by(&self, state: &State, id: FileId) -> Vec<FileId> {
        let Some(file) = state.file(id) else { return Vec::new() };
        let mut found: Vec<FileId> =
            file.facts.imports().flat_map(|import| self.resolve(state, file, &import)).collect();
        found.sort_unstable();
        found.dedup();
        found.retain(|other| *other != id);
        found
    }

    /// Files that one import means: mostly none or one.
    pub fn resolve(&self, state: &State, from: &File, import: &ImportFact<'_>) -> Vec<FileId> {
        let Some(language) = from.language else { return Vec::new() };
        let wanted = take_apart(&import.path, language);
        let mut found = self.find(state, from, language, &wanted);
        // `from package import module`.
        if wanted.extension.is_none() && !wanted.is_slashed {
            for name in &import.names {
                let mut parts = wanted.parts.clone();
                parts.push(state.names().get(*name));
                let inner = Wanted { parts, up: wanted.up, extension: None, is_slashed: false };
                found.extend(self.find_exactly(state, from, language, &inner));
            }
        }
        found
    }

    fn find(&self, state: &State, from: &File, language: &Language, wanted: &Wanted<'_>) -> Vec<FileId> {
        if wanted.up.is_some() {
            return self.find_exactly(state, from, language, wanted);
        }
        let most_items = if wanted.is_slashed { 0 } else { MOST_ITEMS };
        for items in 0..=most_items.min(wanted.parts.len().saturating_sub(1)) {
            let parts = &wanted.parts[..wanted.parts.len() - items];
            let most_leading = if wanted.is_slashed { parts.len().saturating_sub(1) } else { 0 };
            for leading in 0..=most_leading {
                let found = self.find_parts(state, from, language, &parts[leading..], wanted, leading > 0);
                if !found.is_empty() {
                    return found;
                }
            }
        }
        Vec::new()
    }

    /// Without guessing: all parts, and only from where the path says.
    fn find_exactly(&self, state: &State, from: &File, language: &Language, wanted: &Wanted<'_>) -> Vec<FileId> {
        let Some(up) = wanted.up else { return self.find_parts(state, from, language, &wanted.parts, wanted, false) };
        let mut directory = split(&from.path).0;
        for _ in 0..up {
            directory = split(directory).0;
        }
        let target = join(directory, &wanted.parts);
        let name = key(split(&target).1);
        let is_target = |file: &File| {
            let (own, name) = split(&file.path);
            let (stem, extension) = (stem(name), name.rsplit_once('.').map(|(_, extension)| extension));
            let rank = match wanted.extension {
                Some(wanted) if extension != Some(wanted) => 1,
                _ => 0,
            };
            let is_same = without_extension(&file.path) == target;
            let stands_for = own == target && file.language.is_some_and(|language| language.is_index_file(stem));
            (is_same || stands_for).then_some((rank, !is_same))
        };
        let ids = self.by_name.get(&name).map_or(&[][..], Vec::as_slice);
        let candidates = ids.iter().filter_map(|id| {
            let file = state.file(*id).filter(|file| is_family(file, language))?;
            Some((is_target(file)?, &file.path, *id))
        });
        if let Some((_, _, id)) = candidates.min() {
            return vec![id];
        }
        if wanted.extension.is_none() { self.files_of(state, &target, language) } else { Vec::new() }
    }

    fn find_parts(
        &self,
        state: &State,
        from: &File,
        language: &Language,
        parts: &[&str],
        wanted: &Wanted<'_>,
        is_shortened: bool,
    ) -> Vec<FileId> {
        let Some(last) = parts.last() else { return Vec::new() };
        let own = split(&from.path).0;
        // One part alone says little: it counts where the directory is this file's or one above, or with an extension.
        let is_plain = parts.len() == 1 && wanted.extension.is_none();
        let is_near = |directory: &str| {
            let outer = match split(directory) {
                (outer, name) if SOURCE_DIRECTORIES.contains(&name) => outer,
                _ => directory,
            };
            outer.is_empty() || own == outer || own.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
        };
        let ids = self.by_name.get(&key(last)).map_or(&[][..], Vec::as_slice);
        let nearest = ids.iter().filter_map(|id| {
            let file = state.file(*id).filter(|file| is_family(file, language) && file.path != from.path)?;
            let (directory, name) = split(&file.path);
            let is_index = language.is_index_file(stem(name)) && key(stem(name)) != key(last);
            let module = if is_index { directory } else { without_extension(&file.path) };
            if !ends_with(module, parts) || (is_plain && (is_shortened || !is_near(split(module).0))) {
                return None;
            }
            let extension = name.rsplit_once('.').map(|(_, extension)| extension);
            let is_other = wanted.extension.is_some() && extension != wanted.extension;
            Some((is_other, std::cmp::Reverse(shared_parts(own, directory)), &file.path, *id))
        });
        if let Some((_, _, _, id)) = nearest.min() {
            return vec![id];
        }
        if is_plain || wanted.extension.is_some() {
            return Vec::new();
        }
        // The package as a whole; of a shortened path only what the workspace's root leads to.
        let directories = self.directories.get(&key(last)).map_or(&[][..], Vec::as_slice);
        let fitting = directories.iter().filter(|directory| ends_with(directory, parts));
        let fitting = fitting.filter(|directory| !is_shortened || parts.len() > 1 || !directory.contains('/'));
        let nearest = fitting.min_by_key(|directory| (std::cmp::Reverse(shared_parts(own, directory)), *directory));
        nearest.map_or_else(Vec::new, |directory| self.files_of(state, directory, language))
    }

    fn files_of(&self, state: &State, directory: &str, language: &Language) -> Vec<FileId> {
        let files = self.in_directory.get(directory).map_or(&[][..], Vec::as_slice).iter().copied();
        let of_family = files.filter(|id| state.file(*id).is_some_and(|file| is_family(file, language)));
        of_family.take(MOST_OF_DIRECTORY).collect()
    }
}

fn is_family(file: &File, language: &Language) -> bool {
    file.language.is_some_and(|other| other.family() == language.family() || language.family() == "web")
}

fn take_apart<'a>(path: &'a str, language: &Language) -> Wanted<'a> {
    // Renames stand behind the path: `C => D`.
    let path = path.split_whitespace().next().unwrap_or_default();
    let separators = language.module_separators();
    if path.starts_with("./") || path.starts_with("../") || path == "." || path == ".." {
        let up = path.split('/').take_while(|part| matches!(*part, "." | "..")).filter(|part| *part == "..").count();
        let parts = path.split('/').filter(|part| !matches!(*part, "." | ".." | "")).collect();
        let is_dotted = separators.iter().any(|separator| separator == ".");
        if !is_dotted || path.contains('/') {
            return with_extension(Wanted { parts, up: Some(up), extension: None, is_slashed: true });
        }
    }
    let has_dots = separators.iter().any(|separator| separator == ".");
    let dots = path.bytes().take_while(|byte| *byte == b'.').count();
    if has_dots && dots > 0 {
        let parts = path[dots..].split('.').filter(|part| !part.is_empty()).collect();
        return Wanted { parts, up: Some(dots - 1), extension: None, is_slashed: false };
    }
    let is_slashed = path.contains('/') || separators.is_empty();
    let mut parts: Vec<&str> = if is_slashed {
        path.split('/').collect()
    } else {
        separators.iter().fold(vec![path], |parts, separator| {
            parts.into_iter().flat_map(|part| part.split(separator.as_str())).collect()
        })
    };
    parts.retain(|part| !matches!(*part, "" | "*" | "_" | "." | ".."));
    if separators.iter().any(|separator| separator == "::") {
        let own = parts.iter().take_while(|part| matches!(**part, "crate" | "self" | "super")).count();
        parts.drain(..own);
    }
    let wanted = Wanted { parts, up: None, extension: None, is_slashed };
    if is_slashed { with_extension(wanted) } else { wanted }
}

fn with_extension(mut wanted: Wanted<'_>) -> Wanted<'_> {
    if let Some(last) = wanted.parts.last_mut()
        && let Some((stem, extension)) = last.rsplit_once('.')
        && !stem.is_empty()
        && extension.len() <= 5
    {
        wanted.extension = Some(extension);
        *last = stem;
    }
    wanted
}

/// Whether a path without its extension ends with these parts; directories that imports do not name are passed over.
fn ends_with(path: &str, parts: &[&str]) -> bool {
    let mut rest = path.rsplit('/').peekable();
    for (left, part) in parts.iter().enumerate().rev() {
        if left + 1 < parts.len() && rest.peek().is_some_and(|own| !is_same(own, part)) {
            let skipped = rest.next_if(|own| SOURCE_DIRECTORIES.contains(own));
            if skipped.is_none() {
                return false;
            }
        }
        if !rest.next().is_some_and(|own| is_same(own, part)) {
            return false;
        }
    }
    true
}

/// Package names are written with `-` in directories and with `_` in code.
fn is_same(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && one
            .bytes()
            .zip(other.bytes())
            .all(|(one, other)| one == other || (matches!(one, b'-' | b'_') && matches!(other, b'-' | b'_')))
}

fn key(name: &str) -> Box<str> {
    name.replace('-', "_").into()
}

/// Directory (empty at the root) and name.
pub fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// A file name up to its last dot.
fn stem(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}

fn without_extension(path: &str) -> &str {
    let name = split(path).1;
    &path[..path.len() - name.len() + stem(name).len()]
}

fn join(directory: &str, parts: &[&str]) -> String {
    let parts = Some(directory).into_iter().filter(|directory| !directory.is_empty()).chain(parts.iter().copied());
    parts.collect::<Vec<_>>().join("/")
}

/// How many leading directories two paths share.
pub fn shared_parts(one: &str, other: &str) -> usize {
    one.split('/').zip(other.split('/')).take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::extract::Extracted;
    use crate::index::state::Stamp;

    /// What `path` imported in `from` means, in a workspace of these files.
    fn check(files: &[&str], from: &str, path: &str, names: &[&str], expected: &[&str]) {
        let mut state = State::default();
        for file in files.iter().chain([&from]) {
            let language = Language::detect("", file, "");
            let mut extracted = Extracted { language, ..Extracted::default() };
            if *file == from {
                let names = names.iter().map(|name| extracted.names.intern(name).unwrap()).collect();
                extracted.imports.push(ImportFact { row: 0, path: path.to_owned().into(), names });
            }
            state.insert((*file).into(), Stamp::default(), extracted, false, false).unwrap();
        }
        let found = Modules::new(&state).imported_by(&state, state.find(from).unwrap());
        let mut found: Vec<&str> = found.iter().map(|id| &*state.file(*id).unwrap().path).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{path} in {from}");
    }

    #[test]
    fn rust_paths() {
        let files = [
            "src/lib.rs",
            "src/index.rs",
            "src/index/state.rs",
            "other/src/index.rs",
            "crates/hir-def/src/nameres.rs",
            "crates/hir-def/src/lib.rs",
        ];
        check(&files, "src/index/scan.rs", "super::state::Stamp", &[], &["src/index/state.rs"]);
        check(&files, "src/cli.rs", "crate::index::State", &[], &["src/index.rs"]);
        check(&files, "other/src/main.rs", "crate::index", &[], &["other/src/index.rs"]);
        check(&files, "src/main.rs", "hir_def::nameres::DefMap", &[], &["crates/hir-def/src/nameres.rs"]);
        check(&files, "src/main.rs", "hir_def::Name", &[], &[] as &[&str]);
        check(&files, "src/main.rs", "std::fmt", &[], &[]);
        check(&files, "src/main.rs", "index", &[], &["src/index.rs"]);
    }

    #[test]
    fn python_modules_and_packages() {
        let files = ["app/__init__.py", "app/models.py", "app/api/__init__.py", "app/api/views.py", "tests/models.py"];
        check(&files, "app/api/urls.py", ".", &["views"], &["app/api/__init__.py", "app/api/views.py"]);
        check(&files, "app/api/urls.py", "..models", &["User"], &["app/models.py"]);
        check(&files, "tests/test_api.py", "app.api.views", &[], &["app/api/views.py"]);
        check(&files, "tests/test_api.py", "app", &["models"], &["app/__init__.py", "app/models.py"]);
        check(&files, "tests/test_api.py", "os.path", &[], &[]);
    }

    #[test]
    fn script_files_and_index_files() {
        let files = ["web/util/index.ts", "web/api.ts", "web/api.test.ts", "server/api.ts", "web/style.css"];
        check(&files, "web/main.ts", "./api", &[], &["web/api.ts"]);
        check(&files, "web/main.ts", "./api.js", &[], &["web/api.ts"]);
        check(&files, "web/pages/home.tsx", "../util", &[], &["web/util/index.ts"]);
        check(&files, "web/main.ts", "react", &[], &[]);
        check(&files, "web/main.ts", "@/web/api", &[], &["web/api.ts"]);
    }

    #[test]
    fn packages_of_the_virtual_machine_and_of_go() {
        let files = ["core/src/main/java/org/acme/util/Strings.java", "core/src/main/java/org/acme/util/Lists.java"];
        let all = ["core/src/main/java/org/acme/util/Lists.java", "core/src/main/java/org/acme/util/Strings.java"];
        check(&files, "app/src/main/java/org/acme/App.java", "org.acme.util.Strings", &[], &all[1..]);
        check(&files, "app/src/main/java/org/acme/App.java", "org.acme.util.*", &[], &all);
        check(&files, "app/src/main/java/org/acme/App.java", "java.util.List", &[], &[]);
        check(&files, "app/src/main/kotlin/org/acme/App.kt", "org.acme.util.Strings.join", &[], &all[1..]);
        let files = ["internal/store/store.go", "internal/store/file.go", "cmd/main.go"];
        check(
            &files,
            "cmd/x.go",
            "example.com/acme/internal/store",
            &[],
            &["internal/store/file.go", "internal/store/store.go"],
        );
        check(&files, "cmd/x.go", "fmt", &[], &[]);
    }

    #[test]
    fn headers_nearest_first() {
        let files = ["include/acme/log.h", "src/log.c", "lib/x/log.h", "src/y/util.h"];
        check(&files, "src/main.c", "acme/log.h", &[], &["include/acme/log.h"]);
        check(&files, "src/y/main.cc", "util.h", &[], &["src/y/util.h"]);
        check(&files, "lib/x/main.c", "log.h", &[], &["lib/x/log.h"]);
        check(&files, "src/main.c", "stdio.h", &[], &[]);
    }
}
