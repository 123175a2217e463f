//! The map of a workspace: the signatures that matter most, in no more tokens than asked for.
//!
//! What a provider caches must not change for nothing. So ranks count in powers of two, what is chosen is printed by path,
//! and a change elsewhere moves nothing unless it moves a definition across such a step.

use std::collections::BTreeMap;
use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Shared;
use super::facts::{FileFacts, Role, Symbol};
use super::rank::Ranks;
use super::state::{File, FileId, State};
use crate::syntax::DefinitionKind;

/// Longest signature in characters; longer ones are cut with a mark.
const MOST_SIGNATURE: usize = 200;
/// Rows that are looked at for a signature: what has no body may be a whole document.
const MOST_ROWS: u32 = 100;
/// Indentation to cut from; deeper ones are no deeper than this.
const SPACES: &str = "                                ";
/// What a definition that nobody is known to use gets of its file's rank, spread over all of the file's.
const UNUSED: f64 = 0.05;

/// Counts the tokens of a text as the reader of the map will.
pub type TokenCount<'a> = &'a dyn Fn(&str) -> usize;

/// A map and what it is made of.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Map {
    pub text: String,
    pub tokens: usize,
    /// Definitions shown, and those that there are.
    pub shown: usize,
    pub definitions: usize,
    pub files: usize,
    /// What of the text is about which file. A path may begin with a blank or have a line's end in it: the text alone does not say.
    #[serde(skip)]
    pub parts: Vec<(String, Range<usize>)>,
}

/// A definition that may be shown.
#[derive(Clone, Copy)]
struct Candidate {
    file: FileId,
    symbol: u32,
    /// The power of two of its rank.
    step: i32,
}

/// A file whose signatures are known, as far as they were asked for.
struct Sheet {
    path: String,
    /// By symbol; None where the file's text is not the indexed one.
    lines: Option<Vec<Option<String>>>,
    facts: std::sync::Arc<FileFacts>,
}

impl Shared {
    /// At most `budget` tokens by `count`. `focus`: paths from the root that the asker has in view.
    pub fn map(&self, budget: usize, focus: &[String], count: TokenCount<'_>) -> Map {
        let (candidates, mut sheets) = self.with_graph(|graph, state| {
            let focus: Vec<FileId> = focus.iter().filter_map(|path| state.find(path)).collect();
            let ranks = graph.arrows(state).rank(state, graph, &focus);
            let candidates = candidates(state, &ranks);
            // More than one definition a token was never seen; what cannot fit need not be kept.
            let most = candidates.len().min(budget);
            let kept: Vec<Candidate> = candidates[..most].to_vec();
            let sheets: FxHashMap<FileId, (File, Sheet)> = kept
                .iter()
                .filter_map(|candidate| {
                    let file = state.file(candidate.file)?.clone();
                    let sheet = Sheet { path: file.path.to_string(), lines: None, facts: file.facts.clone() };
                    Some((candidate.file, (file, sheet)))
                })
                .collect();
            ((kept, candidates.len()), sheets)
        });
        let (candidates, definitions) = candidates;
        let mut most = 0;
        let mut best = (0, Printed::default());
        // Doubled until it does not fit, then halved between: each try costs a count of the text so far.
        let (mut fits, mut too_many) = (0, candidates.len() + 1);
        let mut next = (budget / 16).clamp(1, candidates.len().max(1));
        while fits + 1 < too_many {
            for candidate in candidates.get(most..next).unwrap_or_default() {
                self.read_sheet(&mut sheets, candidate.file);
            }
            most = most.max(next);
            let chosen = &candidates[..next.min(candidates.len())];
            let printed = print(chosen, &sheets);
            let tokens = count(&printed.text);
            if tokens <= budget && next <= candidates.len() {
                (fits, best) = (next, (tokens, printed));
            } else {
                too_many = next;
            }
            next = if too_many > candidates.len() { (fits * 2).min(candidates.len()) } else { fits.midpoint(too_many) };
            if next <= fits {
                break;
            }
        }
        let (tokens, Printed { text, shown, parts }) = best;
        Map { text, tokens, shown, definitions, files: parts.len(), parts }
    }

    fn read_sheet(&self, sheets: &mut FxHashMap<FileId, (File, Sheet)>, id: FileId) {
        let Some((file, sheet)) = sheets.get_mut(&id).filter(|(_, sheet)| sheet.lines.is_none()) else { return };
        let source = self.source(file).filter(|source| source.is_indexed);
        let Some(source) = source else {
            // It changed this moment; the next map has it.
            sheet.lines = Some(Vec::new());
            return;
        };
        let lines: Vec<&str> = source.text.split('\n').collect();
        let comment = file.language.and_then(|language| language.line_comment.as_deref());
        sheet.lines = Some(file.facts.symbols.iter().map(|symbol| signature(&lines, symbol, comment)).collect());
    }
}

/// All definitions that a map may show, best first: by the step of their rank, then by path and place.
fn candidates(state: &State, ranks: &Ranks) -> Vec<Candidate> {
    let mut found = Vec::new();
    for id in state.ordered() {
        let Some(file) = state.file(id) else { continue };
        let code = file.language.is_some_and(|language| !language.is_outline());
        if !code || file.omission.is_some() {
            continue;
        }
        let of_file = ranks.files.get(&id).copied().unwrap_or(0.0);
        let spread = of_file * UNUSED / file.facts.symbols.len().max(1) as f64;
        for (index, symbol) in (0..).zip(&file.facts.symbols) {
            if !is_shown(&file.facts, symbol) {
                continue;
            }
            let used = ranks.names.get(&(id, symbol.name)).copied().unwrap_or(0.0);
            let worth = (used + spread) * telling(symbol.kind);
            let step = if worth > 0.0 { worth.log2().floor() as i32 } else { i32::MIN };
            found.push(Candidate { file: id, symbol: index, step });
        }
    }
    // Stable, so that path and place decide within a step.
    found.sort_by_key(|candidate| std::cmp::Reverse(candidate.step));
    found
}

/// How much the signature of such a definition tells: a module has none, a field one word.
fn telling(kind: DefinitionKind) -> f64 {
    match kind {
        DefinitionKind::Module | DefinitionKind::Namespace => 0.1,
        _ if Role::of(kind) == Role::Value => 0.25,
        _ => 1.0,
    }
}

/// Extensions come with their members; what is defined inside of functions is nobody else's.
fn is_shown(facts: &FileFacts, symbol: &Symbol) -> bool {
    let mut outer = symbol.container;
    while let Some(container) = outer.and_then(|index| facts.symbols.get(index as usize)) {
        if container.kind.is_callable() {
            return false;
        }
        outer = container.container;
    }
    symbol.kind != DefinitionKind::Extension && Role::of(symbol.kind) != Role::Section
}

#[derive(Default)]
struct Printed {
    text: String,
    /// Definitions.
    shown: usize,
    parts: Vec<(String, Range<usize>)>,
}

/// By path, each definition under those around it.
fn print(chosen: &[Candidate], sheets: &FxHashMap<FileId, (File, Sheet)>) -> Printed {
    let mut by_path: BTreeMap<&str, (&Sheet, Vec<u32>)> = BTreeMap::new();
    for candidate in chosen {
        let Some((_, sheet)) = sheets.get(&candidate.file) else { continue };
        by_path.entry(&sheet.path).or_insert_with(|| (sheet, Vec::new())).1.push(candidate.symbol);
    }
    let mut printed = Printed::default();
    for (path, (sheet, mut symbols)) in by_path {
        let own = symbols.len();
        // The containers of what is shown are shown too.
        let mut known: FxHashSet<u32> = symbols.iter().copied().collect();
        for at in 0..own {
            let mut outer = sheet.facts.symbols.get(symbols[at] as usize).and_then(|symbol| symbol.container);
            // Those around one that is known are known, or will be when it is its turn.
            while let Some(index) = outer.filter(|index| known.insert(*index)) {
                symbols.push(index);
                outer = sheet.facts.symbols.get(index as usize).and_then(|symbol| symbol.container);
            }
        }
        symbols.sort_unstable();
        symbols.dedup();
        let Some(lines) = sheet.lines.as_ref().filter(|lines| !lines.is_empty()) else { continue };
        let Printed { text, shown, parts } = &mut printed;
        let start = text.len();
        text.push_str(path);
        text.push('\n');
        for index in symbols {
            let Some(Some(line)) = lines.get(index as usize) else { continue };
            let depth = depth(&sheet.facts, index);
            text.push_str(&SPACES[..(2 + depth * 2).min(SPACES.len())]);
            text.push_str(line);
            text.push('\n');
            *shown += 1;
        }
        parts.push((path.to_owned(), start..text.len()));
    }
    printed
}

fn depth(facts: &FileFacts, index: u32) -> usize {
    let mut depth = 0;
    let mut outer = facts.symbols.get(index as usize).and_then(|symbol| symbol.container);
    // Deeper ones are printed as deep as this.
    while let Some(index) = outer.filter(|_| depth * 2 < SPACES.len()) {
        depth += 1;
        outer = facts.symbols.get(index as usize).and_then(|symbol| symbol.container);
    }
    depth
}

/// The text before the body, on one line and without lines that are comments. None where the text has no such place.
pub fn signature(lines: &[&str], symbol: &Symbol, comment: Option<&str>) -> Option<String> {
    let mut text = String::new();
    let mut length = 0;
    // A value stands behind its `=`, and a definition without a body is its own signature.
    for row in symbol.start.row..=symbol.body.row.min(symbol.start.row.saturating_add(MOST_ROWS)) {
        let line = *lines.get(row as usize)?;
        let from = if row == symbol.start.row { symbol.start.column as usize } else { 0 };
        let to = if row == symbol.body.row { symbol.body.column as usize } else { line.len() };
        let is_comment = comment.is_some_and(|mark| line.trim_start().starts_with(mark));
        if is_comment && row > symbol.start.row {
            continue;
        }
        for word in line.get(from..to.max(from).min(line.len()))?.split_whitespace() {
            if length > 0 {
                text.push(' ');
            }
            text.push_str(word);
            length += word.chars().count() + 1;
        }
        if length > MOST_SIGNATURE {
            break;
        }
    }
    let text = text.trim_end_matches(['{', '=', ':', ' ']).trim_end();
    Some(match text.char_indices().nth(MOST_SIGNATURE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    })
}
