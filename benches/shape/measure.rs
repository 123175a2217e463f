//! Shapes at every position, accepts what is shown, and counts errors before and after.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ropey::Rope;
use tandem::complete::shape::Shaper;
use tandem::complete::{Place, Reason, SyntaxCheck};
use tandem::syntax::SyntaxTree;

use crate::holes::{File, Random, hole};
use crate::spoil::spoil;

/// No position is left out because the machine is busy.
const PATIENT: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Counts {
    positions: usize,
    shown: usize,
    whole: usize,
    trimmed: usize,
    timed_out: usize,
    breaks: usize,
    other: usize,
    /// Texts that add an error, by the tree that the editor's edit makes and by a fresh parse.
    added: usize,
    added_fresh: usize,
    /// The same if the raw text were shown.
    raw_adds: usize,
    parses: Vec<Duration>,
    shapes: Vec<Duration>,
}

/// Returns how many of the shown texts added an error.
pub fn run(languages: &[Vec<File>], count: usize, show: usize, random: &mut Random) -> usize {
    let mut all: Vec<Counts> = languages.iter().map(|_| Counts::default()).collect();
    let mut left_to_show = show;
    let mut turn = 0;
    while all.iter().map(|counts| counts.positions).sum::<usize>() < count && !languages.is_empty() {
        let (files, counts) = (&languages[turn % languages.len()], &mut all[turn % languages.len()]);
        turn += 1;
        let file = &files[random.below(files.len())];
        measure(file, counts, &mut left_to_show, random);
    }
    println!(
        "language    positions  shown %  whole %  trimmed %  breaks %  nothing %  timed out  adds  (fresh)  raw adds %  \
         parse µs p50 / p95  shape µs p50 / p95"
    );
    for (files, counts) in languages.iter().zip(&mut all) {
        print(&files[0].language.name, counts);
    }
    let mut total = Counts::default();
    for counts in all {
        total.add(counts);
    }
    print("all", &mut total);
    total.added
}

fn measure(file: &File, counts: &mut Counts, left_to_show: &mut usize, random: &mut Random) {
    let Some(hole) = hole(&file.text, random) else { return };
    let raw = spoil(&hole.truth, &file.text, random);
    let rope = Rope::from_str(&format!("{}{}", hole.before, hole.after));
    let Some(tree) = SyntaxTree::parse_within(PATIENT, file.language, &rope, None).map(Arc::new) else { return };
    let at = hole.before.len();
    counts.positions += 1;

    let started = Instant::now();
    let untouched = tree.with(PATIENT, at..at, &raw);
    counts.parses.push(started.elapsed());
    counts.raw_adds += usize::from(untouched.is_some_and(|after| after.error_count() > tree.error_count()));

    let max_lines = if random.below(2) == 0 { 1 } else { 12 };
    let started = Instant::now();
    let shaped = Shaper::new(Place::at(&rope, at), max_lines, Some(&tree), at).shape(&raw);
    counts.shapes.push(started.elapsed());
    let (text, check) = match shaped {
        Ok(shaped) => shaped,
        Err(Reason::BreaksSyntax) => return counts.breaks += 1,
        Err(_) => return counts.other += 1,
    };
    counts.shown += 1;
    counts.whole += usize::from(check == SyntaxCheck::Passed);
    counts.trimmed += usize::from(check == SyntaxCheck::Trimmed);
    if check == SyntaxCheck::TimedOut {
        // Shown untried, and said so: no promise was made.
        counts.timed_out += 1;
        return;
    }
    let accepted = tree.with(PATIENT, at..at, &text);
    let after = accepted.map_or(0, |accepted| accepted.error_count());
    let adds = after > tree.error_count();
    counts.added += usize::from(adds);
    let fresh = Rope::from_str(&format!("{}{text}{}", hole.before, hole.after));
    let fresh = SyntaxTree::parse_within(PATIENT, file.language, &fresh, None);
    counts.added_fresh += usize::from(fresh.is_some_and(|fresh| fresh.error_count() > tree.error_count()));
    if adds && *left_to_show > 0 {
        *left_to_show -= 1;
        println!("{}: {} errors before, {after} after, byte {at}\n{text}\n", file.path.display(), tree.error_count());
    }
}

impl Counts {
    fn add(&mut self, other: Counts) {
        self.positions += other.positions;
        self.shown += other.shown;
        self.whole += other.whole;
        self.trimmed += other.trimmed;
        self.timed_out += other.timed_out;
        self.breaks += other.breaks;
        self.other += other.other;
        self.added += other.added;
        self.added_fresh += other.added_fresh;
        self.raw_adds += other.raw_adds;
        self.parses.extend(other.parses);
        self.shapes.extend(other.shapes);
    }
}

fn print(name: &str, counts: &mut Counts) {
    let percent = |part: usize| part as f64 * 100.0 / counts.positions.max(1) as f64;
    let (shown, whole, trimmed) = (percent(counts.shown), percent(counts.whole), percent(counts.trimmed));
    let (breaks, other, raw_adds) = (percent(counts.breaks), percent(counts.other), percent(counts.raw_adds));
    let (parses, shapes) = (quantiles(&mut counts.parses), quantiles(&mut counts.shapes));
    println!(
        "{name:<11} {:>9}  {shown:>7.1}  {whole:>7.1}  {trimmed:>9.1}  {breaks:>8.1}  {other:>9.1}  {:>9}  {:>4}  {:>7}  \
         {raw_adds:>10.1}  {parses:>18}  {shapes:>18}",
        counts.positions, counts.timed_out, counts.added, counts.added_fresh,
    );
}

fn quantiles(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1)));
    let us = |time: Option<&Duration>| time.map_or(0, |time| time.as_micros());
    format!("{} / {}", us(at(50)), us(at(95)))
}
