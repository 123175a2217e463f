//! Providers that bill by the shipped prices, and the random numbers that decide what happens to a request. What is reserved
//! and settled is reckoned by the budget's own rules, from what a client would see.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tandem::budget::{End, Estimate, Planned, PriceRow, PriceTable, Progress, Settlement, TextSize, settlement};
use tandem::config::CloudSettings;
use tandem::providers::{CacheLife, Endpoint, Usage};

/// Splitmix64: the same seed, the same run.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn within(&mut self, from: u64, to: u64) -> u64 {
        from + self.roll() % (to - from + 1)
    }

    pub fn percent(&mut self, percent: u64) -> bool {
        self.roll() % 100 < percent
    }
}

/// Rows of the shipped table, with tiers and without, of providers that stop with the connection and that do not.
pub struct Market(Vec<(Arc<PriceRow>, Arc<Endpoint>)>);

impl Market {
    pub fn open() -> Self {
        let table = PriceTable::shipped(Path::new("prices.toml"));
        let today = jiff::civil::date(2026, 11, 28);
        let mut rows = Vec::new();
        for name in ["anthropic", "openai", "gemini", "deepseek", "mistral"] {
            let endpoint = Endpoint::named(name, &CloudSettings::default()).unwrap_or_else(|error| panic!("{error}"));
            let endpoint = Arc::new(endpoint);
            for has_tiers in [true, false] {
                let fits = |row: &&Arc<PriceRow>| {
                    row.provider == name && !row.is_retired(today) && row.tiers.is_empty() != has_tiers
                };
                rows.extend(table.rows().find(fits).map(|row| (row.clone(), endpoint.clone())));
            }
        }
        assert!(rows.iter().any(|(row, _)| !row.tiers.is_empty()) && rows.len() > 5, "{} rows", rows.len());
        Self(rows)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bill {
    pub money: u64,
    pub tokens: u64,
}

/// One request, as it will turn out to be.
#[derive(Clone)]
pub struct Request {
    endpoint: Arc<Endpoint>,
    estimate: Estimate,
    /// What the provider will count if nobody stops it.
    usage: Usage,
    /// Tokens a second.
    speed: u64,
}

impl Request {
    pub fn roll(dice: &mut Dice, market: &Market, which: usize) -> Self {
        let (row, endpoint) = &market.0[which % market.len()];
        // Some of them in the tier of long prompts.
        let most = if dice.percent(20) { 320_000 } else { 30_000 };
        let mut prompt = dice.within(200, most);
        let high = prompt * dice.within(100, 150) / 100;
        let max_output = dice.within(1_024, 8_192);
        let mut output = dice.within(1, max_output);
        // Usage larger than promised, across a tier at times.
        match dice.within(0, 39) {
            0 => prompt = high * dice.within(101, 140) / 100,
            1 => output = max_output * dice.within(101, 150) / 100,
            _ => {}
        }
        let cache = [None, Some(CacheLife::Short), Some(CacheLife::Long)][dice.within(0, 2) as usize];
        let cached = dice.within(0, prompt);
        let mut usage = Usage { input_uncached: prompt - cached, output, ..Usage::default() };
        match cache {
            Some(CacheLife::Short) if dice.percent(50) => usage.cache_write_short = cached,
            Some(CacheLife::Long) if dice.percent(50) => usage.cache_write_long = cached,
            _ => usage.cache_read = cached,
        }
        if dice.percent(50) {
            usage.reasoning = dice.within(0, output);
        }
        let planned = Planned { size: &TextSize::default(), max_output: max_output as u32, cache };
        let estimate = Estimate::with_input(&planned, row, (prompt.min(high) / 2, high));
        Self { endpoint: endpoint.clone(), estimate, usage, speed: dice.within(20, 250) }
    }

    /// What is reserved.
    pub fn promise(&self) -> Bill {
        Bill { money: self.estimate.money.1.0, tokens: self.estimate.tokens() }
    }

    pub fn is_as_promised(&self) -> bool {
        self.usage.input() <= self.estimate.input.1 && self.usage.output <= u64::from(self.estimate.max_output)
    }

    /// Tokens of the answer that will be shown.
    pub fn shown(&self) -> u64 {
        self.usage.output - self.usage.reasoning
    }

    /// What the provider bills for all of it.
    pub fn bill(&self) -> Bill {
        self.bill_of(&self.usage)
    }

    fn bill_of(&self, usage: &Usage) -> Bill {
        Bill { money: self.estimate.row.cost(usage).0, tokens: usage.input() + usage.output }
    }

    /// It was sent, and nothing came back: it may be billed.
    pub fn unanswered(&self) -> Settlement {
        let mut progress = Progress::default();
        progress.written();
        self.settled(&progress, End::Broken)
    }

    /// It came to its end with its count.
    pub fn complete(&self) -> Settlement {
        let mut progress = self.progress(self.shown(), self.usage.reasoning);
        progress.usage(&self.usage);
        self.settled(&progress, End::Complete)
    }

    /// The connection ends after some shown tokens: what the provider bills, and what the rules settle.
    pub fn cut(&self, dice: &mut Dice, shown: u64) -> (Bill, Settlement) {
        // Before the first word the model thinks, and nobody sees how much.
        let thought = if shown > 0 { self.usage.reasoning } else { dice.within(0, self.usage.reasoning) };
        let settlement = self.settled(&self.progress(shown, thought), End::Broken);
        if !self.endpoint.stops_billing_on_disconnect() {
            return (self.bill(), settlement);
        }
        // What was on its way when we hung up is billed, too: a tenth of a second's writing.
        let written = thought + shown + dice.within(0, self.speed / 10);
        let usage = Usage { output: written.min(self.usage.output).max(1), ..self.usage };
        (self.bill_of(&usage), settlement)
    }

    /// What a client has seen when so much was shown.
    fn progress(&self, shown: u64, thought: u64) -> Progress {
        let mut progress = Progress::default();
        progress.written();
        if self.endpoint.name == "anthropic" {
            // It counts the prompt at the start, the others at the end.
            progress.usage(&Usage { output: 1, reasoning: 0, ..self.usage });
        }
        // The first word needs a moment, too.
        progress.silent_for(Duration::from_millis(100 + thought * 1_000 / self.speed));
        progress.text(&"word ".repeat(shown as usize));
        progress
    }

    fn settled(&self, progress: &Progress, end: End) -> Settlement {
        settlement(progress, end, &self.estimate, &self.endpoint)
            .unwrap_or_else(|| panic!("it was sent, and costs something"))
    }
}
