//! What comparable code does: names that files, functions and lines like those at the cursor use, each as a share of them.

use std::cmp::Reverse;

use rustc_hash::{FxHashMap, FxHashSet};

use super::around::Around;
use crate::index::facts::{Role, Use};
use crate::index::names::NameId;
use crate::index::resolve::split;
use crate::index::search::rarity;
use crate::index::state::{File, FileId, State};
use crate::index::words;
use crate::syntax::{Place, ReferenceKind};

/// Files whose uses are read for what files like this one use.
const MOST_LIKE: usize = 24;
/// Words by which they are found: the rarest ones near the cursor.
const MOST_TERMS: usize = 16;
/// Files of the same directory whose uses are read; those with names like this file's first.
const MOST_BESIDE: usize = 24;
/// A name that more files than this use says nothing of what follows it; of those that do, so many of the nearest are read.
const MOST_ASKED: usize = 256;
const MOST_FOLLOWED: usize = 12;
/// Rows after a call in which the next one counts.
const FOLLOWING_ROWS: u32 = 3;
/// Functions of the same name elsewhere that are read; of a name that many files define nothing is learned.
const MOST_NAMESAKES: usize = 12;
const MOST_DEFINERS: usize = 64;
/// Kinds of use that are calls, as bits.
const CALLS: u8 = 1 << ReferenceKind::Call as u8 | 1 << ReferenceKind::Method as u8;

/// A name's weight, mostly a share of the code that was read.
pub type Shares = FxHashMap<NameId, f32>;

/// The file that is written in, and what is compared with it.
#[derive(Clone, Copy)]
pub struct Here<'a> {
    pub state: &'a State,
    pub around: &'a Around,
    pub from: &'a File,
    pub family: &'a str,
    pub beside: &'a FxHashSet<FileId>,
}

impl<'a> Here<'a> {
    pub fn is_code_of_family(&self, file: &File) -> bool {
        file.omission.is_none()
            && file.language.is_some_and(|language| !language.is_outline() && language.family() == self.family)
    }

    /// The files which share the rarest words with the cursor's surroundings, each with its score, the best first.
    pub fn like(&self) -> Vec<(f32, &'a File)> {
        let files = self.state.totals().files;
        let mut terms: Vec<(f32, NameId)> = self
            .around
            .terms
            .iter()
            .map(|(term, near)| (near * rarity(files, self.state.containing(*term).len()) as f32, *term))
            .collect();
        let name = |term: &(f32, NameId)| self.state.names().get(term.1);
        terms.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then_with(|| name(one).cmp(name(other))));
        terms.truncate(MOST_TERMS);
        let mut scores: FxHashMap<FileId, f32> = FxHashMap::default();
        for (weight, term) in terms {
            for (file, _) in self.state.containing(term) {
                *scores.entry(file).or_default() += weight;
            }
        }
        let like = scores.into_iter().filter(|(file, _)| Some(*file) != self.around.file).filter_map(|(id, score)| {
            let file = self.state.file(id).filter(|file| self.is_code_of_family(file))?;
            let beside = if self.beside.contains(&id) { 1.5 } else { 1.0 };
            // Long files have every word.
            let length = (file.facts.length as f32).max(200.0).ln();
            Some((score * beside / length, file))
        });
        best(like.collect(), MOST_LIKE)
    }

    /// Names that the files of the same directory use: in a directory of handlers, tests or migrations the next one is like the
    /// others, above all like those of a similar name.
    pub fn used_beside(&self) -> Shares {
        let own = terms_of(split(&self.from.path).1);
        let files =
            self.beside.iter().filter_map(|id| self.state.file(*id)).filter(|file| self.is_code_of_family(file));
        let by_name = files.map(|file| {
            let other = terms_of(split(&file.path).1);
            let shared = own.iter().filter(|term| other.contains(term)).count();
            (1.0 + 2.0 * shared as f32 / own.len().max(other.len()).max(1) as f32, file)
        });
        used_by(&best(by_name.collect(), MOST_BESIDE))
    }

    /// What other calls of the last called names are followed by, in this file and the nearest others.
    pub fn followers(&self) -> Shares {
        let mut follow = Shares::default();
        for (before, weight) in self.around.called.iter().zip([1.0, 0.6, 0.4]) {
            // What everybody calls is followed by anything; some of its users would be those with the lowest numbers.
            if self.state.using(*before).len() > MOST_ASKED {
                continue;
            }
            let files = self.nearest(self.state.using(*before).map(|(id, _)| id), MOST_FOLLOWED);
            let (mut calls, mut after) = (0_usize, FxHashMap::<NameId, u32>::default());
            for file in files {
                calls += count_followers(file, *before, &mut after);
            }
            for (name, count) in after {
                *follow.entry(name).or_default() += weight * count as f32 / calls as f32;
            }
        }
        follow
    }

    /// What functions of the same name as the one around the cursor call elsewhere: other implementations of an interface, the
    /// same step of other tests.
    pub fn called_by_namesakes(&self) -> Shares {
        let mut shares = Shares::default();
        let Some(name) = self.enclosing_function() else { return shares };
        let defining = self.state.defining(name).filter(|(_, roles)| roles & Role::Callable.bit() != 0);
        let files: Vec<FileId> = defining.map(|(id, _)| id).filter(|id| Some(*id) != self.around.file).collect();
        if files.len() > MOST_DEFINERS {
            return shares;
        }
        let files = self.nearest(files.into_iter(), MOST_NAMESAKES);
        let count = files.len() as f32;
        for file in files {
            let bodies: Vec<(Place, Place)> = file
                .facts
                .symbols
                .iter()
                .filter(|symbol| symbol.name == name && Role::of(symbol.kind) == Role::Callable)
                .map(|symbol| (symbol.body, symbol.end))
                .collect();
            let is_inside =
                |one: &Use| is_call(one) && bodies.iter().any(|(start, end)| *start <= one.at && one.at < *end);
            for (called, _) in
                file.facts.uses_as(CALLS).filter(|(called, uses)| *called != name && uses.iter().any(is_inside))
            {
                *shares.entry(called).or_default() += 1.0 / count;
            }
        }
        shares
    }

    /// The innermost function around the cursor, by the file's last analysis.
    fn enclosing_function(&self) -> Option<NameId> {
        let symbols = &self.from.facts.symbols;
        let mut at = self.from.facts.symbol_at(Place { row: self.around.row, column: 0 });
        while let Some(symbol) = at.and_then(|at| symbols.get(at as usize)) {
            if Role::of(symbol.kind) == Role::Callable {
                return Some(symbol.name);
            }
            at = symbol.container;
        }
        None
    }

    /// Of these files the ones whose paths have most in common with this one's.
    fn nearest(&self, files: impl Iterator<Item = FileId>, most: usize) -> Vec<&'a File> {
        let files = files.filter_map(|id| self.state.file(id)).filter(|file| self.is_code_of_family(file));
        let mut files: Vec<(Reverse<usize>, &str, &File)> =
            files.map(|file| (Reverse(alike(&file.path, &self.from.path)), &*file.path, file)).collect();
        files.sort_unstable_by_key(|(nearness, path, _)| (*nearness, *path));
        files.into_iter().take(most).map(|(.., file)| file).collect()
    }
}

/// The files with the highest scores, in an order that does not depend on their numbers.
fn best(mut files: Vec<(f32, &File)>, most: usize) -> Vec<(f32, &File)> {
    let order = |one: &(f32, &File), other: &(f32, &File)| {
        other.0.total_cmp(&one.0).then_with(|| one.1.path.cmp(&other.1.path))
    };
    if files.len() > most {
        files.select_nth_unstable_by(most, order);
        files.truncate(most);
    }
    files.sort_by(order);
    files
}

/// Names that these files use, as shares of their scores.
pub fn used_by(files: &[(f32, &File)]) -> Shares {
    let total: f32 = files.iter().map(|(score, _)| score).sum();
    let mut uses = Shares::default();
    for (score, file) in files {
        for (name, _) in file.facts.used_kinds() {
            *uses.entry(name).or_default() += score / total.max(f32::MIN_POSITIVE);
        }
    }
    uses
}

fn terms_of(name: &str) -> Vec<String> {
    let stem = name.split('.').next().unwrap_or(name);
    let mut found = Vec::new();
    words::terms(stem, |term| found.push(term.to_owned()));
    found
}

fn is_call(one: &Use) -> bool {
    matches!(one.kind, ReferenceKind::Call | ReferenceKind::Method)
}

/// Counts for each name the calls of `before` in a file after which it is called within a few lines. Returns these calls.
fn count_followers(file: &File, before: NameId, after: &mut FxHashMap<NameId, u32>) -> usize {
    let rows: Vec<u32> = file.facts.uses_of(before).iter().filter(|one| is_call(one)).map(|one| one.at.row).collect();
    if rows.is_empty() {
        return 0;
    }
    for (name, uses) in file.facts.uses_as(CALLS).filter(|(name, _)| *name != before) {
        let follows = |row: &u32| {
            let at = uses.partition_point(|one| one.at.row <= *row);
            uses.get(at).is_some_and(|one| one.at.row <= row.saturating_add(FOLLOWING_ROWS) && is_call(one))
        };
        let count = rows.iter().filter(|row| follows(row)).count();
        if count > 0 {
            *after.entry(name).or_default() += u32::try_from(count).unwrap_or(u32::MAX);
        }
    }
    rows.len()
}

/// How much two paths have in common at their beginning, in bytes.
pub fn alike(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count()
}
