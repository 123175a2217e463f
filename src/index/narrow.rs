//! Which definitions a use of a name means, as far as names and imports tell.
//!
//! No types are computed. The nearest circle that has a definition counts: the file itself, what it imports, its
//! directory, and at last every file of the language, where a name that is defined in many places connects nothing.

use super::facts::Role;
use super::names::NameId;
use super::state::{File, FileId, State};
use crate::syntax::ReferenceKind;

/// A name that more files than this define, none of them near, means nothing in particular: `new`, `get`, `run`.
pub const COMMON: usize = 8;

/// How near the definitions are that a use can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Circle {
    /// In the same file.
    File,
    /// In a file that is imported, or that an imported file passes on.
    Imported,
    /// In a file of the same directory.
    Directory,
    /// Anywhere in the workspace, in the same family of languages.
    Workspace,
}

impl Circle {
    /// How far a use in this circle is to be believed, as a factor of its weight in the graph. A member's name says less
    /// than a name by itself: whose member it is stands in the types, which nobody computed.
    pub fn trust(self, is_member: bool) -> f64 {
        match (self, is_member) {
            (Self::File, _) => 1.0,
            (Self::Imported, false) => 0.9,
            (Self::Directory, false) => 0.6,
            (Self::Imported, true) => 0.3,
            (Self::Workspace, false) => 0.25,
            (Self::Directory, true) => 0.15,
            (Self::Workspace, true) => 0.03,
        }
    }
}

/// Files that stand for their directory (`__init__`, `index`, `lib`) are there to pass on what they import.
pub fn passes_on(file: &File) -> bool {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    file.language.is_some_and(|language| language.is_index_file(stem))
}

/// Files near a file.
pub trait Near {
    /// Files that it imports, ordered by number.
    fn imported(&self, file: FileId) -> &[FileId];
    /// Files of its directory, itself included, in any order.
    fn directory(&self, file: FileId) -> &[FileId];
}

/// Files whose definitions of `name` a use in `from` can mean, ordered by number; empty where nothing of the workspace is
/// meant. `kinds` are the kinds of use as bits.
pub fn definers(state: &State, near: &impl Near, from: FileId, name: NameId, kinds: u8) -> (Circle, Vec<FileId>) {
    definers_with(state, near, from, name, kinds, None)
}

/// The same, as if this file defined the name in these roles, too.
pub fn definers_with(
    state: &State,
    near: &impl Near,
    from: FileId,
    name: NameId,
    kinds: u8,
    home: Option<(FileId, u8)>,
) -> (Circle, Vec<FileId>) {
    let also = |file: FileId| home.filter(|(home, _)| *home == file).map_or(0, |(_, roles)| roles);
    let beyond = home.filter(|(home, _)| state.defined_as(name, *home) == 0);
    let all = || state.defining(name).map(|(file, roles)| (file, roles | also(file))).chain(beyond);
    let count = state.defining(name).len() + usize::from(beyond.is_some());
    let defined_as = |file: FileId| state.defined_as(name, file) | also(file);
    let usable = ReferenceKind::ALL.iter().filter(|kind| kinds & 1 << **kind as u8 != 0);
    let usable = usable.fold(0, |roles, kind| roles | Role::usable_as(*kind));
    let family = state.file(from).and_then(|file| file.language).map(|language| language.family());
    let fits = |file: FileId, roles: u8| {
        roles & usable != 0
            && state.file(file).and_then(|file| file.language).map(|language| language.family()) == family
    };
    let defines = |file: FileId| fits(file, defined_as(file));
    if count == 0 {
        return (Circle::Workspace, Vec::new());
    }
    if defines(from) {
        return (Circle::File, vec![from]);
    }
    let imported: Vec<FileId> = near.imported(from).iter().copied().filter(|file| defines(*file)).collect();
    if !imported.is_empty() {
        return (Circle::Imported, imported);
    }
    let passing = near.imported(from).iter().filter(|file| state.file(**file).is_some_and(passes_on));
    let mut passed: Vec<FileId> =
        passing.flat_map(|file| near.imported(*file)).copied().filter(|file| defines(*file)).collect();
    if !passed.is_empty() {
        passed.sort_unstable();
        passed.dedup();
        return (Circle::Imported, passed);
    }
    // Whichever list is shorter: a directory can hold thousands of files, and a name a thousand definitions.
    let directory = near.directory(from);
    let mut beside: Vec<FileId> = if count <= directory.len() && count <= 64 {
        let is_beside = |file: &FileId| near.directory(*file).as_ptr() == directory.as_ptr();
        all().filter(|(file, roles)| fits(*file, *roles)).map(|(file, _)| file).filter(is_beside).collect()
    } else {
        directory.iter().copied().filter(|file| defines(*file)).take(COMMON + 1).collect()
    };
    if !beside.is_empty() && beside.len() <= COMMON {
        beside.sort_unstable();
        return (Circle::Directory, beside);
    }
    if count > COMMON * 8 {
        return (Circle::Workspace, Vec::new());
    }
    let anywhere = all().filter(|(file, roles)| fits(*file, *roles)).map(|(file, _)| file);
    let anywhere: Vec<FileId> = anywhere.take(COMMON + 1).collect();
    (Circle::Workspace, if anywhere.len() > COMMON { Vec::new() } else { anywhere })
}
