//! Chooses holes: places drawn over the bytes of a repository, by language and kind, the same ones for the same seed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ropey::Rope;

use super::copies;
use super::find::Source;
use super::hole::{Copies, Hole, Kind};
use super::random::Random;
use crate::index::{Index, Omission};
use crate::syntax::{Language, SyntaxTree};

/// Longest parse. Long enough that a busy machine chooses the same places as an idle one.
pub(super) const PARSE_LIMIT: Duration = Duration::from_secs(10);
/// Draws for each hole that is still missing. Most succeed; a language without blocks must come to an end.
const DRAWS: usize = 4;
const ROUNDS: u64 = 12;
/// Holes for each that is wanted where those with copies elsewhere are left out.
const SPARE: usize = 4;

/// Which holes are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub seed: u64,
    /// How many, over all kinds and languages.
    pub positions: usize,
    pub kinds: Vec<Kind>,
    /// Names of folders in `grammars/`; empty for every language that is code.
    pub languages: Vec<String>,
    /// Leave out holes whose lines stand in another file, too.
    pub skip_copies: bool,
    /// Files above this size in bytes get no suggestions and are not asked.
    pub most_bytes: usize,
}

/// What was chosen.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// In the order in which they are to be filled: each beginning of it is a sample of all kinds and languages.
    pub holes: Vec<Hole>,
    /// Files that could have been chosen from.
    pub files: usize,
    /// Holes that were left out because their lines stand in another file, too.
    pub skipped_copies: usize,
}

/// The files of one language, ordered by path.
struct Pool {
    language: &'static Language,
    paths: Vec<String>,
    /// Bytes of the files up to and with each.
    ends: Vec<u64>,
}

struct Stratum {
    pool: usize,
    kind: Kind,
    wanted: usize,
    found: Vec<Hole>,
    /// A round brought nothing new: there is hardly more.
    is_exhausted: bool,
}

/// A place that was drawn: a byte of a file, and the numbers to choose by there.
struct Draw {
    stratum: usize,
    byte: u64,
    random: Random,
}

/// Draws holes from the files that the index knows, those of others and those that are generated left out. Reads and
/// parses the files that are drawn.
pub fn sample(index: &Index, plan: &Plan) -> Sample {
    let pools = pools(index, plan);
    let files = pools.iter().map(|pool| pool.paths.len()).sum();
    let factor = if plan.skip_copies { SPARE } else { 1 };
    let mut strata = strata(&pools, plan, factor);
    let mut taken = BTreeSet::new();
    for round in 0..ROUNDS {
        let has_drawn = draw(index, &pools, &mut strata, &mut taken, plan.seed.wrapping_add(round << 32));
        if !has_drawn && (plan.skip_copies || !pass_on(&mut strata)) {
            break;
        }
    }
    let sizes: Vec<(usize, usize)> =
        strata.iter().map(|stratum| (stratum.found.len(), stratum.wanted / factor)).collect();
    let mut all: Vec<Hole> = strata.into_iter().flat_map(|stratum| stratum.found).collect();
    copies::count(index, &mut all);
    let mut all = all.into_iter();
    let mut skipped_copies = 0;
    let mut chosen = Vec::new();
    for (found, wanted) in sizes {
        let mut holes: Vec<Hole> = all.by_ref().take(found).collect();
        if plan.skip_copies {
            // Only those are counted that would have been asked.
            skipped_copies += holes.iter().take(wanted).filter(|hole| hole.copies.other_files > 0).count();
            holes.retain(|hole| hole.copies.other_files == 0);
            holes.truncate(wanted);
        }
        chosen.push(holes);
    }
    Sample { holes: interleave(chosen), files, skipped_copies }
}

/// A language, and paths and bytes of its files.
type Listed = (&'static Language, Vec<(String, u64)>);

fn pools(index: &Index, plan: &Plan) -> Vec<Pool> {
    let mut by_language: BTreeMap<&str, Listed> = BTreeMap::new();
    let state = index.read();
    for (_, file) in state.files() {
        let Some(language) = file.language else { continue };
        let is_wanted =
            if plan.languages.is_empty() { !language.is_outline() } else { plan.languages.contains(&language.name) };
        // What took the index too long to parse is no less code.
        let is_whole = file.omission.is_none_or(|omission| omission == Omission::ParseTime);
        let is_own = !file.is_generated && !file.is_vendored && is_whole;
        if is_wanted && is_own && (1..=plan.most_bytes as u64).contains(&file.stamp.bytes) {
            let entry = by_language.entry(&language.name).or_insert((language, Vec::new()));
            entry.1.push((file.path.to_string(), file.stamp.bytes));
        }
    }
    let pool = |(language, mut files): Listed| {
        files.sort_unstable();
        let mut end = 0;
        let ends = files.iter().map(|(_, bytes)| {
            end += bytes;
            end
        });
        Pool { language, ends: ends.collect(), paths: files.into_iter().map(|(path, _)| path).collect() }
    };
    by_language.into_values().map(pool).collect()
}

/// Kinds share the positions equally, languages in proportion to their bytes.
fn strata(pools: &[Pool], plan: &Plan, factor: usize) -> Vec<Stratum> {
    let bytes: Vec<u64> = pools.iter().map(|pool| pool.ends.last().copied().unwrap_or(0)).collect();
    let by_kind = apportion(plan.positions, &vec![1; plan.kinds.len()]);
    let mut strata = Vec::new();
    for (kind, of_kind) in plan.kinds.iter().zip(by_kind) {
        for (pool, wanted) in apportion(of_kind, &bytes).into_iter().enumerate() {
            strata.push(Stratum { pool, kind: *kind, wanted: wanted * factor, found: Vec::new(), is_exhausted: false });
        }
    }
    strata
}

/// Whole parts of `total` in proportion to `weights`: the largest remainders are rounded up.
fn apportion(total: usize, weights: &[u64]) -> Vec<usize> {
    let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let exact: Vec<u128> = weights.iter().map(|weight| total as u128 * u128::from(*weight)).collect();
    let mut parts: Vec<usize> = exact.iter().map(|part| (part / sum) as usize).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(exact[*at] % sum), *at));
    let missing = total - parts.iter().sum::<usize>();
    order.into_iter().take(missing).for_each(|at| parts[at] += 1);
    parts
}

/// Draws once for all that is missing, each file read once. False when nothing is missing that could still be found.
fn draw(
    index: &Index,
    pools: &[Pool],
    strata: &mut [Stratum],
    taken: &mut BTreeSet<(String, Kind, usize)>,
    seed: u64,
) -> bool {
    let mut by_file: BTreeMap<(usize, usize), Vec<(usize, Draw)>> = BTreeMap::new();
    let mut number = 0;
    for (at, stratum) in strata.iter().enumerate() {
        let pool = &pools[stratum.pool];
        let purpose = format!("{} {}", pool.language.name, stratum.kind.word());
        let mut random = Random::for_purpose(seed, &purpose);
        let missing = if stratum.is_exhausted { 0 } else { stratum.wanted - stratum.found.len() };
        for _ in 0..missing * DRAWS {
            let byte = random.below(pool.ends.last().copied().unwrap_or(0));
            let file = pool.ends.partition_point(|end| *end <= byte);
            let start = file.checked_sub(1).map_or(0, |before| pool.ends[before]);
            let draw = Draw { stratum: at, byte: byte - start, random: Random::new(random.next()) };
            by_file.entry((stratum.pool, file)).or_default().push((number, draw));
            number += 1;
        }
    }
    let mut found: Vec<(usize, usize, Hole)> = Vec::new();
    for ((pool, file), draws) in by_file {
        let pool = &pools[pool];
        if let Some(path) = pool.paths.get(file) {
            found.extend(in_file(index, pool.language, path, draws, strata));
        }
    }
    // In the order in which they were drawn, whatever the order of the files.
    found.sort_by_key(|(number, ..)| *number);
    let before: Vec<usize> = strata.iter().map(|stratum| stratum.found.len()).collect();
    for (_, stratum, hole) in found {
        let stratum = &mut strata[stratum];
        let key = (hole.path.to_string(), hole.kind, hole.range.start);
        if stratum.found.len() < stratum.wanted && taken.insert(key) {
            stratum.found.push(hole);
        }
    }
    for (stratum, before) in strata.iter_mut().zip(before) {
        stratum.is_exhausted |= stratum.found.len() == before && stratum.wanted > before;
    }
    number > 0
}

/// Gives what a language lacks of a kind to the one that has most of it. False when nothing is left to give or to take it.
fn pass_on(strata: &mut [Stratum]) -> bool {
    let mut is_changed = false;
    for at in 0..strata.len() {
        let missing = strata[at].wanted - strata[at].found.len();
        let kind = strata[at].kind;
        let others = strata.iter_mut().filter(|other| other.kind == kind && !other.is_exhausted && other.wanted > 0);
        if missing > 0
            && let Some(largest) = others.max_by_key(|other| other.wanted)
        {
            largest.wanted += missing;
            strata[at].wanted -= missing;
            is_changed = true;
        }
    }
    is_changed
}

fn in_file(
    index: &Index,
    language: &'static Language,
    path: &str,
    draws: Vec<(usize, Draw)>,
    strata: &[Stratum],
) -> Vec<(usize, usize, Hole)> {
    // A file that is no UTF-8 would not be the same text with a hole in it.
    let Some(text) = index.text(path).filter(|text| !text.contains(char::REPLACEMENT_CHARACTER)) else {
        return Vec::new();
    };
    let Some(tree) = SyntaxTree::parse_within(PARSE_LIMIT, language, &Rope::from_str(&text), None) else {
        return Vec::new();
    };
    let source = Source::new(&text, &tree);
    let (shared, path): (Arc<str>, Arc<str>) = (text.as_str().into(), path.into());
    let hole = |(number, draw): (usize, Draw)| {
        let (kind, mut random) = (strata[draw.stratum].kind, draw.random);
        let range = source.find(kind, draw.byte as usize, &mut random)?;
        let (path, text, copies) = (path.clone(), shared.clone(), Copies::default());
        Some((number, draw.stratum, Hole { path, language: &language.name, kind, range, text, copies }))
    };
    draws.into_iter().filter_map(hole).collect()
}

/// Spreads each list evenly over the whole, so that a run that is cut short has some of each.
fn interleave(lists: Vec<Vec<Hole>>) -> Vec<Hole> {
    let mut placed: Vec<(f64, usize, Hole)> = Vec::new();
    for (number, list) in lists.into_iter().enumerate() {
        let length = list.len() as f64;
        let place = |(at, hole)| ((at as f64 + 0.5) / length, number, hole);
        placed.extend(list.into_iter().enumerate().map(place));
    }
    placed.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    placed.into_iter().map(|(.., hole)| hole).collect()
}

#[cfg(test)]
mod tests;
