//! Asks for context at each site, and looks whether the right signature is in it.

use std::io::Write;
use std::path::Path;

use ropey::Rope;
use tandem::config::IndexSettings;
use tandem::context::{EDITS_PERCENT, Selection};
use tandem::engine::Snippet;
use tandem::engine::prompt::heading;
use tandem::index::{CursorText, Index, IndexOptions, Related};
use tandem::syntax::{Language, SyntaxTree};

use super::baselines::{self, Window};
use super::sites::{Site, sites};

/// Tokens of cross-file context.
const BUDGET: usize = 1024;
/// Bytes of a token, from below: vocabularies of code give 3.0 to 4.2 (reference/llama-cpp-2.md).
const BYTES_A_TOKEN: usize = 3;
/// Definitions that are asked for: more than fit into the budget.
const LIMIT: usize = 160;

pub fn tokens(text: &str) -> usize {
    text.len().div_ceil(BYTES_A_TOKEN)
}

/// What came of the sites of a repository.
#[derive(Default)]
pub struct Tally {
    sites: usize,
    before_statement: usize,
    brackets: usize,
    behind_bracket: usize,
    bm25: usize,
    jaccard: usize,
    /// CPU time of the thread that asks: the first question about a place, and the second, as while typing.
    first_ms: Vec<f64>,
    again_ms: Vec<f64>,
    tokens: usize,
}

impl Tally {
    pub fn add(&mut self, other: Self) {
        self.sites += other.sites;
        self.before_statement += other.before_statement;
        self.brackets += other.brackets;
        self.behind_bracket += other.behind_bracket;
        self.bm25 += other.bm25;
        self.jaccard += other.jaccard;
        self.first_ms.extend(other.first_ms);
        self.again_ms.extend(other.again_ms);
        self.tokens += other.tokens;
    }

    pub fn heading() -> &'static str {
        "| repository | sites | before the statement | behind `callee(` | BM25 windows | Jaccard windows | first ms p50 / p95 | again ms p50 / p95 | tokens |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    }

    pub fn row(&self, name: &str) -> String {
        let share = |part: usize, all: usize| part as f64 / all.max(1) as f64 * 100.0;
        let at = |ms: &[f64], share: f64| {
            let mut ms = ms.to_vec();
            ms.sort_by(f64::total_cmp);
            ms.get((ms.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN)
        };
        format!(
            "| {name} | {} | {:.1} % | {:.1} % of {} | {:.1} % | {:.1} % | {:.1} / {:.1} | {:.1} / {:.1} | {:.0} |",
            self.sites,
            share(self.before_statement, self.sites),
            share(self.behind_bracket, self.brackets),
            self.brackets,
            share(self.bm25, self.sites),
            share(self.jaccard, self.sites),
            at(&self.first_ms, 0.5),
            at(&self.first_ms, 0.95),
            at(&self.again_ms, 0.5),
            at(&self.again_ms, 0.95),
            self.tokens as f64 / self.sites.max(1) as f64
        )
    }
}

/// `similar_percent`: of the budget for pieces of similar code, as the setting of that name.
pub fn run(
    directory: &Path,
    most: usize,
    similar_percent: usize,
    features: Option<&Path>,
    tells_misses: bool,
) -> Tally {
    let for_signatures = BUDGET - BUDGET * (EDITS_PERCENT + similar_percent) / 100;
    let index = Index::open(directory, IndexOptions::new(&IndexSettings::default(), None));
    index.settle();
    index.update_graph();
    let mut out = features.map(|path| {
        let file = std::fs::File::options().append(true).create(true).open(path).expect("the features' file");
        std::io::BufWriter::new(file)
    });
    let mut tally = Tally::default();
    for site in sites(&index, most) {
        tally.sites += 1;
        let rest = site.text[site.end..].to_owned();
        let head = &site.text[..site.start];
        open(&index, &site.path, &format!("{head}{rest}"));
        let ask = || {
            let started = cpu_ms();
            let cursor = CursorText { path: &site.path, before: head, after: &rest, seen: 0..u32::MAX };
            let related = index.related(cursor, LIMIT);
            let snippets = Selection::default().choose(&related, for_signatures, &tokens, 0.0).to_vec();
            (related, snippets, cpu_ms() - started)
        };
        let (related, snippets, ms) = ask();
        tally.first_ms.push(ms);
        tally.again_ms.push(ask().2);
        tally.tokens +=
            snippets.iter().map(|snippet| tokens(&snippet.text) + tokens(&heading(&snippet.path)) + 2).sum::<usize>();
        tally.before_statement += usize::from(has_signature(&related, &snippets, &site));
        let is_missed = tells_misses && !has_signature(&related, &snippets, &site);
        if out.is_some() || is_missed {
            let all =
                index.related(CursorText { path: &site.path, before: head, after: &rest, seen: 0..u32::MAX }, 2_000);
            if let Some(out) = &mut out {
                write_features(out, directory, &site, &all);
            }
            if is_missed {
                tell_miss("before the statement", &site, site.start, &all);
            }
        }
        // A fit needs no baselines, and they take most of the time.
        if out.is_none() {
            let has_window = |windows: Vec<Window>| windows.iter().any(|window| in_window(&index, window, &site));
            tally.bm25 += usize::from(has_window(baselines::bm25(&index, &site.path, head, BUDGET)));
            tally.jaccard += usize::from(has_window(baselines::jaccard(&index, &site.path, head, BUDGET)));
        }
        if let Some(at) = site.behind_bracket() {
            tally.brackets += 1;
            let head = &site.text[..at];
            open(&index, &site.path, &format!("{head}{rest}"));
            let related =
                index.related(CursorText { path: &site.path, before: head, after: &rest, seen: 0..u32::MAX }, LIMIT);
            let snippets = Selection::default().choose(&related, for_signatures, &tokens, 0.0).to_vec();
            let is_found = has_signature(&related, &snippets, &site);
            tally.behind_bracket += usize::from(is_found);
            if tells_misses && !is_found {
                tell_miss("behind the bracket", &site, at, &related);
            }
        }
        index.close_document(&index.root().join(&site.path));
        index.settle();
    }
    tally
}

/// CPU time of this thread: others on the machine do not count.
pub fn cpu_ms() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock writes into a value that outlives the call.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

pub fn open(index: &Index, path: &str, text: &str) {
    let rope = Rope::from_str(text);
    let language = Language::detect("", path, text.lines().next().unwrap_or_default());
    let tree = language.and_then(|language| SyntaxTree::parse(language, &rope, None));
    index.set_document(&index.root().join(path), language, &rope, tree.as_ref());
}

/// What was asked, what was meant, and how far down it stood.
fn tell_miss(place: &str, site: &Site, at: usize, all: &[Related]) {
    let line = site.text[site.start..site.end].trim();
    let meant: Vec<String> =
        site.definitions.iter().map(|found| format!("{}: {}", found.path, found.full_name())).collect();
    let rank = all.iter().position(|related| is_meant(related, site));
    let features = rank.map(|rank| all[rank].features);
    eprintln!(
        "{place}: {} at byte {at}: {line}; {meant:?}; candidate {rank:?} of {}: {features:?}",
        site.path,
        all.len()
    );
}

fn is_meant(related: &Related, site: &Site) -> bool {
    site.definitions.iter().any(|found| found.path == related.found.path && found.name_at == related.found.name_at)
}

/// The signature of what is called stands in a snippet of its file.
fn has_signature(related: &[Related], snippets: &[Snippet], site: &Site) -> bool {
    related.iter().filter(|related| is_meant(related, site)).any(|related| {
        let is_in = |snippet: &Snippet| snippet.path == related.found.path && snippet.text.contains(&related.signature);
        snippets.iter().any(is_in)
    })
}

/// The line with the definition's name stands in a window of its file.
fn in_window(index: &Index, window: &Window, site: &Site) -> bool {
    site.definitions.iter().filter(|found| found.path == window.path).any(|found| {
        let text = index.text(&found.path).unwrap_or_default();
        let line = text.lines().nth(found.name_at.row as usize).unwrap_or_default().to_owned();
        window.text.lines().any(|other| other == line)
    })
}

/// One line a candidate: repository, site, whether it is the one, its signature's tokens, its features.
fn write_features(out: &mut impl Write, directory: &Path, site: &Site, all: &[Related]) {
    let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for related in all {
        let features: Vec<String> = related.features.iter().map(|value| format!("{value:.4}")).collect();
        let (meant, cost) = (u8::from(is_meant(related, site)), tokens(&related.signature) + 2);
        let place = format!("{name}\t{}:{}", site.path, site.start);
        writeln!(out, "{place}\t{meant}\t{cost}\t{}", features.join("\t")).expect("the features can be written");
    }
}
