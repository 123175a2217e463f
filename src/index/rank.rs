//! Personalised PageRank over files, and what of it falls to each definition.
//!
//! The same files give the same numbers to the last bit, whatever the order in which they were indexed: sums run in the
//! order of paths.

use rustc_hash::FxHashMap;

use super::graph::Graph;
use super::heuristics;
use super::names::NameId;
use super::state::{FileId, State};

/// The usual damping factor of PageRank (Brin and Page, 1998).
const DAMPING: f64 = 0.85;
const MOST_ROUNDS: usize = 40;
/// Ranks add up to 1; a round that moves less than this ends it.
const SETTLED: f64 = 1e-6;
/// How much of the interest goes to each file that is not the workspace's own code.
const FOREIGN: f64 = 0.1;
/// Tests, examples and benchmarks use everything, and nobody uses them.
const ASIDE: f64 = 0.3;
/// How much of a file's rank its own uses of its definitions hand on to them: they say little of their worth to others.
const OWN: f64 = 0.1;
/// How much of the interest goes to the files in focus.
const FOCUS: f64 = 0.9;

/// Edges between files, numbered by the order of their paths.
#[derive(Debug)]
pub struct Arrows {
    /// File numbers in the order of their paths.
    files: Vec<FileId>,
    /// Where each file's arrows begin, with the end of the last.
    starts: Vec<u32>,
    /// To which file, and which share of what the file gives away.
    arrows: Vec<(u32, f64)>,
    /// Weight of all edges that leave each file, those to itself left out.
    given: Vec<f64>,
    /// Interest in each file where nothing is in focus.
    interest: Vec<f64>,
}

/// What ranking came to.
#[derive(Debug)]
pub struct Ranks {
    pub files: FxHashMap<FileId, f64>,
    /// Of definitions by file and name: the rank that flows through their uses.
    pub names: FxHashMap<(FileId, NameId), f64>,
}

impl Arrows {
    pub fn new(state: &State, graph: &Graph) -> Self {
        let files = state.ordered();
        let mut places = vec![u32::MAX; files.iter().max().map_or(0, |most| *most as usize + 1)];
        for (place, file) in (0..).zip(&files) {
            places[*file as usize] = place;
        }
        let mut this = Self {
            starts: Vec::with_capacity(files.len() + 1),
            arrows: Vec::new(),
            given: Vec::new(),
            interest: Vec::new(),
            files,
        };
        let mut sums: Vec<(u32, u64)> = Vec::new();
        for file in &this.files {
            this.starts.push(u32::try_from(this.arrows.len()).unwrap_or(u32::MAX));
            sums.clear();
            for edges in graph.edges(*file).chunk_by(|one, other| one.to == other.to) {
                let to = edges.first().and_then(|edge| places.get(edge.to as usize)).copied().unwrap_or(u32::MAX);
                if to != u32::MAX && edges.iter().all(|edge| edge.to != *file) {
                    sums.push((to, edges.iter().map(|edge| edge.weight(state)).sum()));
                }
            }
            sums.sort_unstable();
            let given: u64 = sums.iter().map(|(_, weight)| weight).sum();
            this.arrows.extend(sums.iter().map(|(to, weight)| (*to, *weight as f64 / given.max(1) as f64)));
            this.given.push(given as f64);
            let foreign = state.file(*file).is_none_or(|file| file.is_vendored || file.is_generated);
            let is_code =
                state.file(*file).and_then(|file| file.language).is_some_and(|language| !language.is_outline());
            let is_aside = state.file(*file).is_some_and(|file| heuristics::is_aside(&file.path));
            this.interest.push(match (is_code, foreign, is_aside) {
                (false, ..) => 0.0,
                (true, true, _) => FOREIGN,
                (true, false, true) => ASIDE,
                (true, false, false) => 1.0,
            });
        }
        this.starts.push(u32::try_from(this.arrows.len()).unwrap_or(u32::MAX));
        this
    }

    /// `focus`: files that the asker has in view; the ranks are those from their point of view.
    pub fn rank(&self, state: &State, graph: &Graph, focus: &[FileId]) -> Ranks {
        let interest = self.personal(focus);
        let mut ranks = interest.clone();
        for _ in 0..MOST_ROUNDS {
            let mut next = vec![0.0; ranks.len()];
            let mut kept = 0.0;
            for (at, rank) in ranks.iter().enumerate() {
                let arrows = &self.arrows[self.starts[at] as usize..self.starts[at + 1] as usize];
                if arrows.is_empty() {
                    kept += rank;
                }
                for (to, share) in arrows {
                    next[*to as usize] += rank * share;
                }
            }
            let mut moved = 0.0;
            for (at, next) in next.iter_mut().enumerate() {
                // What a file without arrows would give goes where the interest is.
                *next = DAMPING * (*next + kept * interest[at]) + (1.0 - DAMPING) * interest[at];
                moved += (*next - ranks[at]).abs();
            }
            ranks = next;
            if moved < SETTLED {
                break;
            }
        }
        self.distribute(state, graph, &ranks)
    }

    /// Where the interest lies; it adds up to 1.
    fn personal(&self, focus: &[FileId]) -> Vec<f64> {
        let all: f64 = self.interest.iter().sum();
        let usual = |own: f64| if all > 0.0 { own / all } else { 1.0 / self.files.len().max(1) as f64 };
        let mut interest: Vec<f64> = self.interest.iter().map(|own| usual(*own)).collect();
        let in_focus: Vec<usize> = (0..self.files.len()).filter(|at| focus.contains(&self.files[*at])).collect();
        if !in_focus.is_empty() {
            interest.iter_mut().for_each(|interest| *interest *= 1.0 - FOCUS);
            in_focus.iter().for_each(|at| interest[*at] += FOCUS / in_focus.len() as f64);
        }
        interest
    }

    fn distribute(&self, state: &State, graph: &Graph, ranks: &[f64]) -> Ranks {
        let mut names: FxHashMap<(FileId, NameId), f64> = FxHashMap::default();
        for (at, file) in self.files.iter().enumerate() {
            let edges = graph.edges(*file);
            let own = edges.iter().filter(|edge| edge.to == *file).map(|edge| edge.weight(state) as f64).sum::<f64>();
            for edge in edges {
                let share = if edge.to == *file { OWN / own.max(1.0) } else { 1.0 / self.given[at].max(1.0) };
                *names.entry((edge.to, edge.name)).or_default() += ranks[at] * edge.weight(state) as f64 * share;
            }
        }
        let files = self.files.iter().copied().zip(ranks.iter().copied()).collect();
        Ranks { files, names }
    }
}
