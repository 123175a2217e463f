//! Cuts text to its budgets so that a server's cache survives typing: the head of the prefix stays where it is until the budget is
//! full, and an old suffix is kept while it differs little. The same rules as `engine::prompt::window` has for tokens.

use rustc_hash::FxHashMap;

use super::counts::TokenCounts;
use crate::engine::fim::{Guard, Parts};
use crate::engine::prompt::heading;
use crate::engine::{Job, PromptBudget, TokenShare};

/// A token is seldom longer than this many bytes on average, so text beyond `budget * BYTES_PER_TOKEN` is not looked at.
const BYTES_PER_TOKEN: usize = 12;
/// Share of the budget that a fresh cut fills, in percent; the rest is room for typing before the next cut.
const FILL_PERCENT: usize = 75;
/// How much of the window's head identifies it, in bytes.
const HEAD_BYTES: usize = 160;
/// An old suffix is kept while fewer than this share of its bytes differ, in percent.
const SUFFIX_CHANGE_PERCENT: usize = 10;
/// A change within this many bytes behind the cursor is never ignored: the model would write them again.
const SUFFIX_EXACT_BYTES: usize = 64;
/// Lanes whose windows are remembered; the one unused for longest goes.
const REMEMBERED_LANES: usize = 64;

/// What is remembered of a lane's last window.
#[derive(Clone, Debug, Default)]
struct LaneWindow {
    /// The first bytes of the prefix, empty when nothing is remembered.
    head: String,
    suffix: String,
    used: u64,
}

/// A job's text, cut and clean.
#[derive(Clone, Debug, Default)]
pub struct Cut {
    pub parts: Parts,
    pub shares: Vec<TokenShare>,
}

impl Cut {
    /// Tokens of it, at most.
    pub fn tokens(&self) -> u32 {
        self.shares.iter().map(|share| share.tokens).sum()
    }
}

#[derive(Debug, Default)]
pub struct Windows {
    lanes: FxHashMap<u64, LaneWindow>,
    clock: u64,
}

/// The ends of a text that a cut can need, for who counts them before.
pub fn needed(job: &Job) -> [&str; 2] {
    let (prefix, suffix) = (&job.prompt.prefix, &job.prompt.suffix);
    let (before, after) = (job.budget.prefix as usize, job.budget.suffix as usize);
    [&prefix[floor_of(prefix, before)..], &suffix[..whole_lines(suffix, after * BYTES_PER_TOKEN)]]
}

impl Windows {
    /// `context`: tokens that prompt and answer have together. All that is the user's goes through `guard`.
    pub fn cut(&mut self, job: &Job, context: u32, counts: &TokenCounts, guard: &Guard) -> Cut {
        let snippets = if job.prompt.snippets.is_empty() { 0 } else { job.budget.snippets };
        let budget = PromptBudget { snippets, ..job.budget }.within(context, job.max_tokens);
        let lane = self.lane(job.lane);
        let prefix = prefix(&job.prompt.prefix, budget.prefix as usize, lane, counts);
        let suffix = suffix(&job.prompt.suffix, budget.suffix as usize, lane, counts);
        let clean = |text: &str| guard.clean(text);
        // Headings have no control characters: they go first, so that none stands in the middle of a spelling.
        let name =
            |text: &str| guard.clean(&text.chars().filter(|character| !character.is_control()).collect::<String>());
        let prefix = clean(prefix);
        let (above, line) = prefix.split_at(prefix.rfind('\n').map_or(0, |line_break| line_break + 1));
        let snippets = fitting(job, budget.snippets as usize, counts);
        let mut shares = Vec::new();
        let mut share = |source: &str, tokens: usize| {
            if tokens > 0 {
                shares
                    .push(TokenShare { source: source.to_owned(), tokens: u32::try_from(tokens).unwrap_or(u32::MAX) });
            }
        };
        share(
            "snippets",
            snippets.iter().map(|(path, text)| counts.bound(path.len() + 1) + counts.of_text(text)).sum(),
        );
        share("path", counts.bound(heading(&job.prompt.path).len()));
        share("prefix", counts.of_text(above));
        share("suffix", counts.of_text(&suffix));
        share("line", counts.of_text(line));
        let parts = Parts {
            repository: job.prompt.repository.as_deref().map(name),
            path: name(&job.prompt.path),
            snippets: snippets.into_iter().map(|(path, text)| (name(path), clean(text))).collect(),
            above: above.to_owned(),
            line: line.to_owned(),
            suffix: clean(&suffix),
        };
        Cut { parts, shares }
    }

    fn lane(&mut self, number: u64) -> &mut LaneWindow {
        self.clock += 1;
        if self.lanes.len() >= REMEMBERED_LANES
            && !self.lanes.contains_key(&number)
            && let Some(oldest) = self.lanes.iter().min_by_key(|(_, lane)| lane.used).map(|(number, _)| *number)
        {
            self.lanes.remove(&oldest);
        }
        let lane = self.lanes.entry(number).or_default();
        lane.used = self.clock;
        lane
    }
}

/// The end of `text`, at most `budget` tokens of it, beginning at a line that stays the same from call to call.
fn prefix<'t>(text: &'t str, budget: usize, lane: &mut LaneWindow, counts: &TokenCounts) -> &'t str {
    let floor = floor_of(text, budget);
    if let Some(start) = remembered_start(&text[floor..], &lane.head).map(|start| floor + start) {
        let tokens = counts.of_text(&text[start..]);
        // Far above the last cursor little of the window is left: it is better cut anew.
        if tokens <= budget && (start == 0 || tokens * 2 >= budget) {
            return &text[start..];
        }
    }
    let mut start = floor;
    if counts.of_text(&text[start..]) > budget {
        start = cut_start(text, floor, budget * FILL_PERCENT / 100, counts);
        let tokens = counts.of_text(&text[start..]);
        if tokens > budget {
            // A single line may be longer than the budget: its head goes.
            let kept = (text.len() - start) * budget / tokens.max(1);
            start = ceil_boundary(text, text.len() - kept);
        }
    }
    lane.head.clear();
    lane.head.push_str(&text[start..ceil_boundary(text, (start + HEAD_BYTES).min(text.len()))]);
    &text[start..]
}

/// The beginning of `text`, at most `budget` tokens of it, or the lane's old one when that is nearly the same.
fn suffix(text: &str, budget: usize, lane: &mut LaneWindow, counts: &TokenCounts) -> String {
    let (mut end, mut left) = (0, budget);
    for line in text.split_inclusive('\n') {
        let tokens = counts.of_line(line);
        if tokens > left {
            let kept = line.len() * left / tokens.max(1);
            end += floor_boundary(line, kept);
            break;
        }
        left -= tokens;
        end += line.len();
    }
    let new = &text[..end];
    if !nearly_same(&lane.suffix, new) || counts.of_text(&lane.suffix) > budget {
        lane.suffix.clear();
        lane.suffix.push_str(new);
    }
    lane.suffix.clone()
}

fn nearly_same(old: &str, new: &str) -> bool {
    let (old, new) = (old.as_bytes(), new.as_bytes());
    let (longest, shortest) = (old.len().max(new.len()), old.len().min(new.len()));
    let head = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    if head < SUFFIX_EXACT_BYTES {
        return head == longest;
    }
    let tail = old.iter().rev().zip(new.iter().rev()).take(shortest - head).take_while(|(old, new)| old == new).count();
    (longest - head - tail) * 100 < longest * SUFFIX_CHANGE_PERCENT
}

/// The last snippets that fit, in order; one too long alone is cut at its tail.
fn fitting<'j>(job: &'j Job, budget: usize, counts: &TokenCounts) -> Vec<(&'j str, &'j str)> {
    let mut fitting = Vec::new();
    let mut left = budget;
    for snippet in job.prompt.snippets.iter().rev() {
        let head = counts.bound(heading(&snippet.path).len() + 2);
        let tokens = head + counts.of_text(&snippet.text);
        if tokens > left {
            if fitting.is_empty() && left > head {
                let kept = snippet.text.len() * (left - head) / (tokens - head).max(1);
                fitting.push((snippet.path.as_str(), &snippet.text[..floor_boundary(&snippet.text, kept)]));
            }
            break;
        }
        left -= tokens;
        fitting.push((snippet.path.as_str(), snippet.text.as_str()));
    }
    fitting.reverse();
    fitting
}

/// Where in `text` the remembered head stands, at a line's start.
fn remembered_start(text: &str, head: &str) -> Option<usize> {
    if head.is_empty() {
        return None;
    }
    text.match_indices(head).map(|(at, _)| at).find(|at| *at == 0 || text.as_bytes()[at - 1] == b'\n')
}

/// The earliest line start from which on at most `target` tokens stand. At least the last line is kept.
fn cut_start(text: &str, floor: usize, target: usize, counts: &TokenCounts) -> usize {
    let (mut start, mut total) = (text.len(), 0);
    for line in text[floor..].split_inclusive('\n').rev() {
        total += counts.of_line(line);
        if total > target && start < text.len() {
            break;
        }
        start -= line.len();
        if total > target {
            break;
        }
    }
    start
}

/// The offset before which text is not looked at: a line start where there is one.
fn floor_of(text: &str, budget: usize) -> usize {
    let room = budget * BYTES_PER_TOKEN;
    if text.len() <= room {
        return 0;
    }
    let floor = ceil_boundary(text, text.len() - room);
    text[floor..].find('\n').map_or(floor, |line_break| floor + line_break + 1)
}

/// Whole lines within so many bytes.
fn whole_lines(text: &str, bytes: usize) -> usize {
    if text.len() <= bytes {
        return text.len();
    }
    let end = floor_boundary(text, bytes);
    text[..end].rfind('\n').map_or(0, |line_break| line_break + 1)
}

fn ceil_boundary(text: &str, mut index: usize) -> usize {
    while index < text.len() && !text.is_char_boundary(index) {
        index += 1;
    }
    index.min(text.len())
}

fn floor_boundary(text: &str, mut index: usize) -> usize {
    index = index.min(text.len());
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::testing::job;
    use super::*;
    use crate::engine::Snippet;

    /// One token a byte, so that a budget is a length.
    fn counts() -> TokenCounts {
        TokenCounts::new(true)
    }

    fn cut(windows: &mut Windows, job: &Job) -> Cut {
        windows.cut(job, 100_000, &counts(), &Guard::of(&["<|x|>"], &[]))
    }

    fn numbered(lines: std::ops::Range<u32>) -> String {
        lines.map(|number| format!("let line_{number:04} = {number:04};\n")).collect()
    }

    #[test]
    fn the_head_stays_while_somebody_types_and_no_budget_is_passed() {
        let mut windows = Windows::default();
        let mut text = numbered(0..100);
        let mut heads = Vec::new();
        for typed in "let answer = 42;".chars() {
            text.push(typed);
            let mut job = job(&format!("{text}$0"));
            job.budget = PromptBudget { prefix: 600, suffix: 100, snippets: 0 };
            let parts = cut(&mut windows, &job).parts;
            assert!(parts.prefix().len() <= 600 && text.ends_with(&parts.prefix()), "{}", parts.prefix().len());
            heads.push(parts.above.lines().next().map(str::to_owned));
        }
        heads.dedup();
        assert_eq!(heads.len(), 1, "{heads:?}");
    }

    #[test]
    fn a_small_change_far_below_leaves_the_old_suffix() {
        let mut windows = Windows::default();
        let text = numbered(0..20);
        let first = cut(&mut windows, &job(&format!("a$0{text}"))).parts.suffix;
        let changed = text.replace("0015;", "0016;");
        let kept = cut(&mut windows, &job(&format!("a$0{changed}"))).parts.suffix;
        assert!(kept == first && !kept.is_empty());
        let near = text.replace("let line_0000", "let line_9999");
        assert_ne!(
            cut(&mut windows, &job(&format!("a$0{near}"))).parts.suffix,
            first,
            "right behind the cursor it counts"
        );
    }

    #[test]
    fn a_line_longer_than_the_budget_is_cut_between_characters() {
        let mut job = job(&format!("{}$0{}", "é".repeat(500), "漢".repeat(500)));
        job.budget = PromptBudget { prefix: 101, suffix: 100, snippets: 0 };
        let parts = cut(&mut Windows::default(), &job).parts;
        assert!((90..=101).contains(&parts.line.len()) && (90..=100).contains(&parts.suffix.len()));
    }

    #[test]
    fn the_nearest_snippets_stay_and_all_of_it_is_clean() {
        let mut job = job("a<|x|>b$0<|x|>c");
        let snippet = |path: &str, text: &str| Snippet { path: path.to_owned(), text: text.to_owned() };
        job.prompt.snippets = vec![snippet("far", &"y".repeat(90)), snippet("near", "fn <|x|>n();\n")];
        job.budget.snippets = 40;
        let parts = cut(&mut Windows::default(), &job).parts;
        assert_eq!((parts.line.as_str(), parts.suffix.as_str()), ("ab", "c"));
        assert_eq!(parts.snippets, [("near".to_owned(), "fn n();\n".to_owned())]);
    }

    #[test]
    fn a_name_cannot_hide_a_spelling_behind_what_headings_leave_out() {
        let mut job = job("a$0");
        job.prompt.path = "src/<|\u{7}x|>.rs".to_owned();
        job.prompt.repository = Some("<|x\n|>shop".to_owned());
        job.prompt.snippets = vec![Snippet { path: "<\u{1b}|x|>b".to_owned(), text: "b".to_owned() }];
        let parts = cut(&mut Windows::default(), &job).parts;
        assert_eq!(
            (parts.path.as_str(), parts.repository.as_deref(), parts.snippets[0].0.as_str()),
            ("src/.rs", Some("shop"), "b")
        );
    }

    #[test]
    fn all_parts_give_way_where_a_context_is_small() {
        let mut job = job(&format!("{}$0{}", numbered(0..200), numbered(0..200)));
        job.budget = PromptBudget { prefix: 3000, suffix: 1000, snippets: 0 };
        job.max_tokens = 100;
        let cut = Windows::default().cut(&job, 1000, &counts(), &Guard::default());
        assert!(cut.tokens() <= 900, "{}", cut.tokens());
        assert!(!cut.parts.above.is_empty() && !cut.parts.suffix.is_empty());
    }

    #[test]
    fn what_has_to_be_counted_is_what_can_be_in_a_window() {
        let mut job = job(&format!("{}$0{}", numbered(0..200), numbered(0..200)));
        job.budget = PromptBudget { prefix: 10, suffix: 10, snippets: 0 };
        let [before, after] = needed(&job);
        assert!(before.len() <= 120 && after.len() <= 120 && before.starts_with("let"), "{before:?} {after:?}");
        job.prompt.prefix = Arc::from("short");
        assert_eq!(needed(&job)[0], "short");
    }
}
