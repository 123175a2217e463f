//! Requests as people make them, counted by doubles of vocabularies: how far the announced bounds are from what they cost.
//!
//! The prompts are made of our own sources. What is simulated is the provider: how it counts, what its cache had, how long
//! the answer is.

use std::path::Path;
use std::sync::Arc;

use jiff::civil::date;

use crate::budget::{Asked, Calibration, Estimate, Planned, PriceRow, PriceTable, TextSize};
use crate::config::ProviderSettings;
use crate::providers::{CacheLife, Endpoint, Usage};

const MAX_OUTPUT: u32 = 8192;

/// A vocabulary that cuts where those of the providers do, and into words of six letters: about 3.5 bytes of code a token.
fn count(text: &str) -> u64 {
    let kind = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => (0, 6),
        b'0'..=b'9' => (1, 3),
        b' ' | b'\n' | b'\t' | b'\r' => (2, 16),
        0x80.. => (3, 2),
        _ => (4, 3),
    };
    let (mut tokens, mut length, mut before) = (0, 0, 9);
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let (class, longest) = kind(*byte);
        // A blank belongs to the word behind it.
        if *byte == b' ' && bytes.get(at + 1).is_some_and(|next| kind(*next).0 != 2) && before != 2 {
            before = 9;
            continue;
        }
        length = if class == before && length < longest { length + 1 } else { 1 };
        tokens += u64::from(length == 1);
        before = class;
    }
    tokens
}

/// Our own sources, cut into pieces of a few thousand bytes, as files are in a pack. Without the figures: each measurement adds
/// to them, and a simulation of another text is another simulation.
fn pieces() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    let mut folders = vec![root.join("src/budget"), root.join("src/config"), root.join("docs"), root.join("grammars")];
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().filter_map(Result::ok).collect();
        entries.sort_by_key(std::fs::DirEntry::path);
        for path in entries.into_iter().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("benchmarks.md")
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                let lines: Vec<&str> = text.split_inclusive('\n').collect();
                texts.extend(lines.chunks(80).map(|lines| lines.concat()));
            }
        }
    }
    texts
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn up_to(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % (most + 1)
    }
}

fn row(kind: &str, model: &str) -> Arc<PriceRow> {
    let endpoint = Endpoint::of(kind, &ProviderSettings::default()).unwrap();
    let asked = Asked { endpoint: &endpoint, model, price_as: None, today: date(2026, 11, 28) };
    PriceTable::shipped(Path::new("prices.toml")).find(&asked).unwrap()
}

/// How many times the cost the upper bound is, for first questions and for those that go on from them, sorted.
fn simulate(row: &Arc<PriceRow>, tokens_in_percent: u64) -> [Vec<f64>; 2] {
    let (pieces, calibration, mut dice) = (pieces(), Calibration::in_memory(), Dice(7));
    let counts: Vec<u64> = pieces.iter().map(|piece| count(piece)).collect();
    let mut ratios = [Vec::new(), Vec::new()];
    for _ in 0..60 {
        let (mut size, mut prompt) = (TextSize::default(), 20);
        for _ in 0..20 + dice.up_to(60) {
            let at = dice.up_to(pieces.len() as u64 - 1) as usize;
            size.add(&pieces[at]);
            prompt += counts[at] + 3;
        }
        prompt = prompt * tokens_in_percent / 100;
        let planned = Planned { size: &size, max_output: MAX_OUTPUT, cache: Some(CacheLife::Short) };
        for (is_next, ratios) in ratios.iter_mut().enumerate() {
            let estimate = Estimate::of(&planned, row, &calibration);
            let kept = prompt * (80 + dice.up_to(15)) / 100;
            let output = 500 + dice.up_to(u64::from(MAX_OUTPUT) - 500);
            let mut usage = Usage { input_uncached: prompt - kept, output, ..Usage::default() };
            if is_next == 1 {
                usage.cache_read = kept
            } else {
                usage.cache_write_short = kept
            }
            let cost = row.cost(&usage);
            assert!(estimate.money.0 <= cost && cost <= estimate.money.1, "{cost} is not within {:?}", estimate.money);
            assert!(estimate.input.0 <= prompt && prompt <= estimate.input.1, "{prompt}: {:?}", estimate.input);
            ratios.push(estimate.money.1.0 as f64 / cost.0 as f64);
            calibration.learn(&estimate, &usage).unwrap();
        }
    }
    ratios.map(|mut ratios| {
        ratios.sort_by(f64::total_cmp);
        ratios
    })
}

#[test]
fn every_simulated_cost_is_within_the_bounds_and_most_are_near_the_upper_one() {
    // Claude's newer vocabulary makes 1.56 times the tokens of OpenAI's.
    for (kind, model, percent) in
        [("openai", "gpt-6.1-sol", 100), ("gemini", "gemini-4-argon", 105), ("anthropic", "claude-opus-5-5", 156)]
    {
        let [first, _] = simulate(&row(kind, model), percent);
        let median = first[first.len() / 2];
        assert!(median <= 1.5, "{model}: {median}");
    }
}
