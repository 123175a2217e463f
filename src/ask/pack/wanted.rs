//! Which places of the workspace a question needs: its focus, what it names, what these use and who uses them, what speaks of
//! the same things, what is open.

use std::collections::BTreeMap;
use std::ops::Range;

use super::excerpts::{Shown, quoted};
use super::git;
use super::names::names_in;
use super::texts::Texts;
use super::{Ground, Reach, piece};
use crate::gate::{Piece, Source};
use crate::index::{Found, Hit};

/// Rows of one definition; longer ones are cut.
const MOST_ROWS: u32 = 240;
/// Definitions of one name: more share no more than the name.
const MOST_DEFINITIONS: usize = 4;
/// Callers and callees of one definition.
const MOST_RELATED: usize = 12;
/// Files that use a name before it says nothing any more, and its uses take long to list.
const COMMON: usize = 150;
/// Names whose surroundings are looked at: those that the question names, and those of the best hits.
const MOST_NAMES: usize = 6;
const MOST_HIT_NAMES: usize = 8;
const MOST_HITS: usize = 400;
/// Share of the best hit's score below which a hit is chance.
const LEAST_SCORE: f64 = 0.1;
/// Files whose rest is taken where there is room.
const MOST_WHOLE_FILES: usize = 24;
/// Rows of one part of such a file, and of an open document.
const PART_ROWS: u32 = 80;
const MOST_OPEN: usize = 8;
/// Tokens of room for each hit's surroundings: small rooms are not searched for what cannot fit.
const SMALL_ROOM: usize = 6_000;

/// How much a place matters; the first first. Those up to `Changed` are what the question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    Focus,
    Named,
    Changed,
    Related,
    Hit,
    Open,
    NearHit,
    Rest,
}

impl Rank {
    pub fn is_essential(self) -> bool {
        self <= Self::Changed
    }
}

/// Rows of a file that are wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    pub rank: Rank,
    pub path: String,
    pub rows: Range<u32>,
    pub name: Option<String>,
}

#[derive(Debug, Default)]
pub struct Gathered {
    /// In the order in which they are taken.
    pub places: Vec<Wanted>,
    /// What is of no file: diagnostics, changes, history.
    pub others: Vec<Piece>,
    pub withheld: Vec<String>,
}

/// `tokens`: about how much room there is.
pub fn gather(ground: &Ground<'_>, texts: &mut Texts<'_>, tokens: usize, known: &[Shown]) -> Gathered {
    let mut gathered = Gathered::default();
    let mut names = Vec::new();
    focus(ground, texts, &mut gathered, &mut names);
    named(ground, texts, &mut gathered, &mut names);
    changed_since(ground, texts, known, &mut gathered);
    if ground.question.with_changes {
        changes(ground, &mut gathered);
    }
    for name in names.iter().take(MOST_NAMES) {
        related(ground, name, Rank::Related, &mut gathered);
    }
    let hits = hits(ground, tokens);
    gathered.places.extend(hits.iter().map(|hit| of_hit(hit, Rank::Hit)));
    open(ground, texts, &mut gathered);
    if tokens > SMALL_ROOM {
        let best = hits.iter().filter_map(|hit| hit.name.clone());
        for name in best.filter(|name| !names.contains(name)).take(MOST_HIT_NAMES) {
            related(ground, &name, Rank::NearHit, &mut gathered);
        }
        rest(texts, &hits, &mut gathered);
    }
    let Gathered { places, withheld, .. } = &mut gathered;
    places.retain(|place| {
        let may = (ground.reach)(&place.path) == Reach::Out;
        if !may && !withheld.contains(&place.path) {
            withheld.push(place.path.clone());
        }
        may
    });
    // Stable: within a rank they stay in the order in which they were found.
    places.sort_by_key(|place| place.rank);
    gathered
}

fn focus(ground: &Ground<'_>, texts: &mut Texts<'_>, gathered: &mut Gathered, names: &mut Vec<String>) {
    let Some(focus) = &ground.question.focus else { return };
    names.extend(focus.name.clone());
    if let Some(text) = texts.get(&focus.path) {
        let rows = match &focus.range {
            Some(range) => text.row_of(range.start)..text.row_of(range.end.saturating_sub(1).max(range.start)) + 1,
            None => 0..text.rows(),
        };
        let whole = |rows| Wanted { rank: Rank::Focus, path: focus.path.clone(), rows, name: focus.name.clone() };
        gathered.places.push(whole(rows.clone()));
        if focus.range.is_some() {
            // What it imports and what stands around it.
            let around = rows.start.saturating_sub(20)..rows.end.saturating_add(20).min(text.rows());
            let head = 0..text.rows().min(30);
            let rank = Rank::Related;
            gathered.places.extend([around, head].map(|rows| Wanted { rank, name: None, ..whole(rows) }));
        }
    }
    if !focus.diagnostics.is_empty() && (ground.reach)(&focus.path) == Reach::Out {
        let (tag, path) = (ground.tag, quoted(&focus.path));
        let messages = focus.diagnostics.join("\n");
        let text = format!("<diagnostics-{tag} path={path}>\n{messages}\n</diagnostics-{tag}>\n");
        gathered.others.push(piece(text, Source::Diagnostics { path: focus.path.clone() }));
    }
}

fn named(ground: &Ground<'_>, texts: &mut Texts<'_>, gathered: &mut Gathered, names: &mut Vec<String>) {
    let mentioned = names_in(&ground.question.text);
    for path in mentioned.paths.iter().filter_map(|path| ground.workspace.find(path)) {
        let rows = texts.get(&path).map_or(0, |text| text.rows());
        gathered.places.push(Wanted { rank: Rank::Named, path, rows: 0..rows.min(MOST_ROWS * 2), name: None });
    }
    for name in mentioned.symbols {
        let found = ground.workspace.index.definitions(&name);
        if found.is_empty() {
            continue;
        }
        let definitions = found.iter().take(MOST_DEFINITIONS).map(|found| of_definition(found, Rank::Named));
        gathered.places.extend(definitions);
        if !names.contains(&name) {
            names.push(name);
        }
    }
}

fn of_definition(found: &Found, rank: Rank) -> Wanted {
    let end = found.end.row.saturating_add(u32::from(found.end.column > 0)).max(found.start.row + 1);
    // A doc comment stands above; a few rows of something else do no harm.
    let start = found.start.row.saturating_sub(3);
    let rows = start..end.min(start.saturating_add(MOST_ROWS));
    Wanted { rank, path: found.path.clone(), rows, name: Some(found.full_name()) }
}

fn of_hit(hit: &Hit, rank: Rank) -> Wanted {
    Wanted { rank, path: hit.path.clone(), rows: hit.rows.clone(), name: hit.name.clone() }
}

/// What a definition calls and what it is used by.
fn related(ground: &Ground<'_>, name: &str, rank: Rank, gathered: &mut Gathered) {
    let index = &ground.workspace.index;
    let last = name.rsplit([':', '.', '#']).next().unwrap_or(name);
    let is_common = {
        let state = index.read();
        state.names().find(last).is_some_and(|id| state.using(id).len() > COMMON)
    };
    if is_common {
        return;
    }
    for relations in index.relations(name).into_iter().take(MOST_DEFINITIONS) {
        let callees = relations.callees.iter().take(MOST_RELATED).map(|found| of_definition(found, rank));
        gathered.places.extend(callees);
        let mut users: Vec<&Found> = relations.references.iter().filter_map(|one| one.inside.as_ref()).collect();
        users.dedup();
        gathered.places.extend(users.into_iter().take(MOST_RELATED).map(|found| of_definition(found, rank)));
    }
}

fn hits(ground: &Ground<'_>, tokens: usize) -> Vec<Hit> {
    let question = ground.question;
    let name = question.focus.as_ref().and_then(|focus| focus.name.as_deref()).unwrap_or_default();
    let diagnostics = question.focus.as_ref().map(|focus| focus.diagnostics.join(" ")).unwrap_or_default();
    let query = format!("{} {name} {diagnostics}", question.text);
    let mut hits = ground.workspace.index.search(&query, MOST_HITS.min(8 + tokens / 100));
    let best = hits.first().map_or(0.0, |hit| hit.score);
    hits.retain(|hit| hit.score >= best * LEAST_SCORE);
    hits
}

fn open(ground: &Ground<'_>, texts: &mut Texts<'_>, gathered: &mut Gathered) {
    for document in ground.workspace.documents.iter().take(MOST_OPEN) {
        let Some(text) = texts.get(&document.path) else { continue };
        let rows = 0..text.rows().min(PART_ROWS * 2);
        gathered.places.push(Wanted { rank: Rank::Open, path: document.path.clone(), rows, name: None });
    }
}

/// The other parts of the files that the hits are in, the file with the most first.
fn rest(texts: &mut Texts<'_>, hits: &[Hit], gathered: &mut Gathered) {
    let mut files: BTreeMap<&str, f64> = BTreeMap::new();
    for hit in hits {
        *files.entry(&hit.path).or_default() += hit.score;
    }
    let mut files: Vec<(&str, f64)> = files.into_iter().collect();
    files.sort_by(|one, other| other.1.total_cmp(&one.1).then_with(|| one.0.cmp(other.0)));
    for (path, _) in files.into_iter().take(MOST_WHOLE_FILES) {
        let rows = texts.get(path).map_or(0, |text| text.rows());
        let parts = (0..rows).step_by(PART_ROWS as usize).map(|start| start..rows.min(start + PART_ROWS));
        gathered.places.extend(parts.map(|rows| Wanted { rank: Rank::Rest, path: path.to_owned(), rows, name: None }));
    }
}

/// What the thread showed of files that are other ones now.
fn changed_since(ground: &Ground<'_>, texts: &mut Texts<'_>, known: &[Shown], gathered: &mut Gathered) {
    let mut changed: Vec<&str> = Vec::new();
    // Of each file its newest version.
    for shown in known.iter().rev() {
        if changed.contains(&shown.path.as_str()) || !is_newest(known, shown) {
            continue;
        }
        let now = texts.get(&shown.path);
        if now.as_ref().is_some_and(|text| text.hash() == shown.hash) {
            continue;
        }
        changed.push(&shown.path);
        let Some(now) = now else { continue };
        let place = |rows, name| Wanted { rank: Rank::Changed, path: shown.path.clone(), rows, name };
        let outline = ground.workspace.index.outline(&shown.path).unwrap_or_default();
        let of_names: Vec<Wanted> = outline
            .iter()
            .filter(|entry| shown.names.contains(&entry.found.full_name()))
            .map(|entry| of_definition(&entry.found, Rank::Changed))
            .collect();
        let is_named = !of_names.is_empty();
        gathered.places.extend(of_names);
        if !is_named {
            let rows = shown.rows.iter().filter(|rows| rows.start < now.rows());
            gathered.places.extend(rows.map(|rows| place(rows.start..rows.end.min(now.rows()), None)));
        }
    }
    changed.sort_unstable();
    let sent: Vec<String> = changed.into_iter().filter(|path| (ground.reach)(path) == Reach::Out).map(quoted).collect();
    if !sent.is_empty() {
        let note = format!(
            "These files changed since you were shown parts of them, and line numbers moved: {}.\n",
            sent.join(", ")
        );
        gathered.others.push(piece(note, Source::Instructions));
    }
}

fn is_newest(known: &[Shown], shown: &Shown) -> bool {
    known.iter().rev().find(|other| other.path == shown.path).is_some_and(|newest| std::ptr::eq(newest, shown))
}

fn changes(ground: &Ground<'_>, gathered: &mut Gathered) {
    let workspace = ground.workspace;
    let Some(program) = &workspace.git else { return };
    let tag = ground.tag;
    let path = ground.question.focus.as_ref().map(|focus| focus.path.as_str());
    let Some(repository) = git::Repository::open(program, workspace.index.root()) else { return };
    for (path, hunk) in repository.diff() {
        let is_known = workspace.index.read().find(&path).is_some();
        let is_ours = is_known || workspace.index.wanted(&workspace.index.root().join(&path)).is_some();
        if !is_ours || (ground.reach)(&path) != Reach::Out {
            gathered.withheld.push(path);
            continue;
        }
        let text = format!("<diff-{tag} path={}>\n{hunk}</diff-{tag}>\n", quoted(&path));
        gathered.others.push(piece(text, Source::Diff { path }));
    }
    let may_tell = |path: &str| (ground.reach)(path) == Reach::Out;
    if let Some(log) = repository.log(path, &may_tell).filter(|log| !log.is_empty()) {
        gathered.others.push(piece(format!("<log-{tag}>\n{log}</log-{tag}>\n"), Source::Log));
    }
}
