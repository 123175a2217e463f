//! Which files may still speak of a definition by a name that it does not have any more.
//!
//! The index knows the definition by its new name, or not yet; so the question is asked as if it had the former one, too.
//! Names and imports tell which files are meant. Whose member `x.name` is stands in the text, which nobody looks at here.

use super::Shared;
use super::facts::Role;
use super::links::Links;
use super::names::NameId;
use super::narrow::{self, Circle, Near};
use super::state::{File, FileId, State};
use crate::syntax::{DefinitionKind, Language, ReferenceKind};

/// Files that are told of, the nearest first.
const MOST_FILES: usize = 400;
/// Definitions of a name that are looked at. A name that has more means nothing in particular.
const MOST_DEFINERS: usize = 64;
/// Uses on something else, as bits.
const MEMBERS: u8 = 1 << ReferenceKind::Method as u8 | 1 << ReferenceKind::Member as u8;

/// A definition and what it was called.
#[derive(Clone, Copy, Debug)]
pub struct Formerly<'a> {
    /// Of its file, from the root.
    pub path: &'a str,
    pub name: &'a str,
    pub kind: DefinitionKind,
    /// Names of the type that it is a member of, now and before.
    pub owners: &'a [String],
    pub has_body: bool,
}

/// A file that uses the name, or defines it once more.
#[derive(Clone, Debug, PartialEq)]
pub struct StaleFile {
    pub path: String,
    pub language: &'static Language,
    /// By kind of use: how near the definition is, and how many files the use can mean. No entry where it means others.
    pub links: Vec<(ReferenceKind, Circle, usize)>,
    /// It names the owner, or imports the definition's file.
    pub knows_owner: bool,
    /// It declares the same thing (C), or may override it: a definition here has to follow.
    pub redefines: bool,
}

/// Who may have to follow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StaleFiles {
    /// The definition's own file is not among them. The nearest first.
    pub files: Vec<StaleFile>,
    /// Files that define something else by this name.
    pub others: usize,
    /// Files without a link to the owner call members so, too: it is a name of a library as well.
    pub is_foreign: bool,
    /// Files beyond the limit.
    pub left_out: usize,
}

impl Shared {
    /// Takes about a millisecond, and longer where imports have to be found first.
    pub fn stale(&self, formerly: Formerly<'_>) -> StaleFiles {
        self.with_links(|links, state| find(state, links, formerly))
    }
}

fn find(state: &State, links: &Links, formerly: Formerly<'_>) -> StaleFiles {
    let mut found = StaleFiles::default();
    let (Some(name), Some(home)) = (state.names().find(formerly.name), state.find(formerly.path)) else {
        return found;
    };
    let Some(language) = state.file(home).and_then(|file| file.language) else { return found };
    let family = language.family();
    let role = Role::of(formerly.kind).bit();
    let owners: Vec<NameId> = formerly.owners.iter().filter_map(|owner| state.names().find(owner)).collect();
    let of_family = |id: FileId| state.file(id).filter(|file| file.language.is_some_and(|l| l.family() == family));

    let mut redefining = Vec::new();
    for (id, _) in state.defining(name).filter(|(id, _)| *id != home).take(MOST_DEFINERS) {
        let Some(file) = of_family(id) else { continue };
        if declares(file, name, &formerly, family) || overrides(file, &owners) {
            redefining.push(id);
        } else {
            found.others += 1;
        }
    }
    let knows_owner = |id: FileId, file: &File| {
        owners.iter().any(|owner| state.defined_as(*owner, id) != 0 || !file.facts.uses_of(*owner).is_empty())
            || links.imported(id).contains(&home)
            || redefining.iter().any(|other| links.imported(id).contains(other))
    };
    let is_home = |id: &FileId| *id == home || (family == "c" && redefining.contains(id));
    for (id, kinds) in state.using(name) {
        let Some(file) = of_family(id).filter(|file| id != home && is_written(file)) else { continue };
        let mut entry = StaleFile {
            path: file.path.to_string(),
            language: file.language.unwrap_or(language),
            links: Vec::new(),
            knows_owner: knows_owner(id, file),
            redefines: redefining.contains(&id),
        };
        found.is_foreign |= kinds & MEMBERS != 0 && !entry.knows_owner && !entry.redefines;
        for kind in ReferenceKind::ALL.into_iter().filter(|kind| kinds & 1 << *kind as u8 != 0) {
            let (circle, definers) = narrow::definers_with(state, links, id, name, 1 << kind as u8, Some((home, role)));
            if definers.iter().any(is_home) {
                let different = definers.iter().filter(|definer| !is_home(definer)).count();
                entry.links.push((kind, circle, 1 + different));
            } else if entry.redefines {
                // What overrides it is used by its name, too.
                entry.links.push((kind, Circle::Imported, 1));
            }
        }
        if entry.redefines || !entry.links.is_empty() {
            found.files.push(entry);
        }
    }
    for id in redefining {
        let Some(file) = of_family(id).filter(|file| is_written(file)) else { continue };
        if !found.files.iter().any(|entry| entry.path == *file.path) {
            found.files.push(StaleFile {
                path: file.path.to_string(),
                language: file.language.unwrap_or(language),
                links: Vec::new(),
                knows_owner: true,
                redefines: true,
            });
        }
    }
    let nearness = |path: &str| std::cmp::Reverse(super::resolve::shared_parts(path, formerly.path));
    found.files.sort_by(|one, other| (nearness(&one.path), &one.path).cmp(&(nearness(&other.path), &other.path)));
    found.left_out = found.files.len().saturating_sub(MOST_FILES);
    found.files.truncate(MOST_FILES);
    found
}

/// What nobody writes by hand is not to be edited.
fn is_written(file: &File) -> bool {
    !file.is_generated && !file.is_vendored && file.omission.is_none()
}

/// A prototype and its body are one thing in C.
fn declares(file: &File, name: NameId, formerly: &Formerly<'_>, family: &str) -> bool {
    family == "c"
        && Role::of(formerly.kind) == Role::Callable
        && file.facts.symbols.iter().any(|symbol| {
            symbol.name == name && Role::of(symbol.kind) == Role::Callable && symbol.has_body() != formerly.has_body
        })
}

/// Something in the file extends the owner.
fn overrides(file: &File, owners: &[NameId]) -> bool {
    let inherits = 1 << ReferenceKind::Inherit as u8;
    !owners.is_empty() && file.facts.used_kinds().any(|(name, kinds)| kinds & inherits != 0 && owners.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::tests::Bench;

    const HOME: &str = "pub struct Budget;\nimpl Budget {\n    pub fn fresh(&self) {}\n}\npub fn load() {}\n";

    #[track_caller]
    fn check(files: &[(&str, &str)], formerly: Formerly<'_>, expected: &[&str]) {
        let bench = Bench::new(&[&[("src/budget.rs", HOME)], files].concat());
        let found = bench.open().shared.stale(formerly);
        let spell = |file: &StaleFile| {
            let links: Vec<String> =
                file.links.iter().map(|(kind, circle, count)| format!("{} {circle:?} {count}", kind.word())).collect();
            format!("{}{}: {}", file.path, if file.knows_owner { "!" } else { "" }, links.join(", "))
        };
        let found: Vec<String> = found.files.iter().map(spell).collect();
        assert_eq!(found, expected);
    }

    fn function(name: &str) -> Formerly<'_> {
        let kind = DefinitionKind::Function;
        Formerly { path: "src/budget.rs", name, kind, owners: &[], has_body: true }
    }

    #[test]
    fn uses_count_as_if_the_definition_still_had_its_name() {
        let importer = "use crate::budget::read;\nfn f() { read() }\n";
        check(&[("src/main.rs", importer)], function("read"), &["src/main.rs!: call Imported 1, import Imported 1"]);
        check(&[("src/main.rs", importer)], function("load"), &[]);
        check(&[("src/main.rs", importer)], function("never_seen"), &[]);
    }

    #[test]
    fn what_means_another_definition_is_left_out() {
        let own = "fn read() {}\nfn f() { read() }\n";
        let beside = "fn f() { read() }\n";
        check(&[("src/own.rs", own)], function("read"), &[]);
        check(&[("src/own.rs", own), ("src/a.rs", beside)], function("read"), &["src/a.rs: call Directory 2"]);
    }

    #[test]
    fn what_implements_the_owner_has_to_follow() {
        let implements = "impl Budget for Purse {\n    fn reserve(&self) {}\n}\n";
        let other = "impl Purse {\n    fn reserve(&self) {}\n}\n";
        let kind = DefinitionKind::Method;
        let owners = ["Budget".to_owned()];
        let formerly = Formerly { path: "src/budget.rs", name: "reserve", kind, owners: &owners, has_body: false };
        let files = [("src/purse.rs", implements), ("src/other.rs", other)];
        check(&files, formerly, &["src/purse.rs!: "]);
    }

    #[test]
    fn generated_and_vendored_files_are_nobodys_to_edit() {
        let uses = "fn f() { read() }\n";
        let generated = format!("// Code generated by x. DO NOT EDIT.\n{uses}");
        let files = [("vendor/a.rs", uses), ("src/b.rs", generated.as_str()), ("src/c.rs", uses)];
        check(&files, function("read"), &["src/c.rs: call Directory 1"]);
    }
}
