//! From records to figures: what a report shows, and what it is as JSON. Field names are kept stable.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::gate::{Gate, Sample};
use super::hole::Kind;
use super::record::Record;
use super::statistics::{Mean, Rate, Spread};
use crate::complete::Source;

/// What is said of any set of records. All shares are of all holes where nothing else is said.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// The best suggestion is what stood there, whether the gate shows it or not.
    pub exact: Rate,
    /// Its first line is.
    pub first_line: Rate,
    /// 0 where there was none.
    pub similarity: Mean,
    pub shown: Rate,
    /// Of those shown: the first line is right.
    pub precision: Rate,
    /// Of those shown: all of it is.
    pub precision_exact: Rate,
    /// Of those shown in a language with a grammar: the text has more syntax errors with it than without.
    pub adds_errors: Rate,
}

impl Figures {
    pub fn of(records: &[&Record]) -> Self {
        let count = |check: fn(&Record) -> bool| Rate::count(records.iter().map(|record| check(record)));
        let shown: Vec<&&Record> = records.iter().filter(|record| record.shown).collect();
        let of_shown = |check: fn(&Record) -> bool| Rate::count(shown.iter().map(|record| check(record)));
        let similarity: Vec<f64> = records.iter().map(|record| record.similarity()).collect();
        let errors = shown.iter().filter_map(|record| record.guess.as_ref()?.adds_errors);
        Self {
            exact: count(Record::is_exact),
            first_line: count(Record::is_first_line),
            similarity: Mean::new(&similarity),
            shown: count(|record| record.shown),
            precision: of_shown(Record::is_first_line),
            precision_exact: of_shown(Record::is_exact),
            adds_errors: Rate::count(errors),
        }
    }
}

/// Figures of a part of the records.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// None where it is of all languages, or of all kinds.
    pub language: Option<String>,
    pub kind: Option<Kind>,
    #[serde(flatten)]
    pub figures: Figures,
}

/// What prompts cost, of the requests that a model was asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    pub requests: usize,
    /// Means a request.
    pub prompt: f64,
    pub reused: f64,
    pub evaluated: f64,
    pub generated: f64,
    /// Mean tokens of the prompt by what they are of.
    pub by_source: BTreeMap<String, f64>,
}

impl Tokens {
    fn of(records: &[&Record]) -> Self {
        let prompts: Vec<_> = records.iter().filter_map(|record| record.prompt.as_ref()).collect();
        let mean = |sum: u64| sum as f64 / prompts.len().max(1) as f64;
        let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
        for (source, tokens) in prompts.iter().flat_map(|prompt| &prompt.shares) {
            *sums.entry(source).or_default() += u64::from(*tokens);
        }
        Self {
            requests: prompts.len(),
            prompt: mean(prompts.iter().map(|prompt| u64::from(prompt.tokens)).sum()),
            reused: mean(prompts.iter().map(|prompt| u64::from(prompt.reused)).sum()),
            evaluated: mean(prompts.iter().map(|prompt| u64::from(prompt.evaluated)).sum()),
            generated: mean(prompts.iter().map(|prompt| u64::from(prompt.generated)).sum()),
            by_source: sums.into_iter().map(|(source, sum)| (source.to_owned(), mean(sum))).collect(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VariantSummary {
    pub name: String,
    /// Holes that were asked; fewer than planned in a run that was interrupted.
    pub asked: usize,
    pub overall: Figures,
    /// By kind, by language, and by both.
    pub groups: Vec<Group>,
    /// Who wrote the best suggestions, and how many of theirs have a right first line.
    pub by_source: BTreeMap<&'static str, Rate>,
    /// Why nothing was shown.
    pub hidden: BTreeMap<String, usize>,
    pub gate: Gate,
    pub tokens: Tokens,
    /// Milliseconds of each stage; `total` is what a client waits.
    pub stages_ms: BTreeMap<String, Spread>,
    /// Milliseconds of the whole, where the model was asked and where lookup answered alone.
    pub model_ms: Spread,
    pub lookup_ms: Spread,
    /// The total of each request in ms, in rising order.
    #[serde(skip)]
    pub latencies: Vec<f64>,
    pub timed_out: Rate,
    /// Answered later than an editor's ghost text waits for.
    pub late: Rate,
}

/// How another variant differs from the first at the holes that both were asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    pub variant: String,
    pub against: String,
    /// Paired: the variant's less the other's.
    pub exact: Mean,
    pub first_line: Mean,
    pub similarity: Mean,
    pub shown: Mean,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    pub variants: Vec<VariantSummary>,
    pub differences: Vec<Difference>,
    /// Of all holes that were asked: their lines stand in another file, too.
    pub copied: Rate,
}

impl Summary {
    /// `names` of the variants, by their numbers.
    pub fn new(names: &[String], records: &[Record]) -> Self {
        let of = |variant: usize| records.iter().filter(|record| record.variant == variant).collect::<Vec<_>>();
        let all: Vec<Vec<&Record>> = (0..names.len()).map(of).collect();
        let variants = names.iter().zip(&all).map(|(name, records)| VariantSummary::new(name, records)).collect();
        let mut differences = Vec::new();
        if let (Some(first), Some(name)) = (all.first(), names.first()) {
            let others = names.iter().zip(&all).skip(1);
            let differing = others.map(|(other, records)| Difference::new((other, records), (name, first)));
            // A run that was interrupted may not have come to all variants.
            differences.extend(differing.filter(|difference| difference.exact.of > 0));
        }
        let holes: BTreeMap<usize, bool> =
            records.iter().map(|record| (record.hole, record.copies.other_files > 0)).collect();
        Self { variants, differences, copied: Rate::count(holes.into_values()) }
    }
}

impl VariantSummary {
    fn new(name: &str, records: &[&Record]) -> Self {
        let mut hidden = BTreeMap::new();
        for reason in records.iter().filter_map(|record| record.reason.as_ref()) {
            *hidden.entry(reason.clone()).or_default() += 1;
        }
        let samples = records.iter().filter_map(|record| {
            let guess = record.guess.as_ref()?;
            Some(Sample { confidence: f64::from(guess.confidence), is_right: guess.first_line })
        });
        let total = |with_model: bool| {
            let of = records.iter().filter(|record| record.prompt.is_some() == with_model);
            Spread::new(of.map(|record| record.total_ms()).collect())
        };
        let mut latencies: Vec<f64> = records.iter().map(|record| record.total_ms()).collect();
        latencies.sort_by(f64::total_cmp);
        Self {
            name: name.to_owned(),
            asked: records.len(),
            overall: Figures::of(records),
            groups: groups(records),
            by_source: by_source(records),
            hidden,
            gate: Gate::of(samples.collect()),
            tokens: Tokens::of(records),
            stages_ms: stages(records),
            model_ms: total(true),
            lookup_ms: total(false),
            latencies,
            timed_out: Rate::count(records.iter().map(|record| record.timed_out)),
            late: Rate::count(records.iter().map(|record| record.is_late())),
        }
    }
}

fn groups(records: &[&Record]) -> Vec<Group> {
    let mut parts: BTreeMap<(Option<String>, Option<Kind>), Vec<&Record>> = BTreeMap::new();
    for record in records {
        let (language, kind) = (Some(record.language.clone()), Some(record.kind));
        for key in [(None, kind), (language.clone(), None), (language, kind)] {
            parts.entry(key).or_default().push(record);
        }
    }
    let group = |((language, kind), records): ((Option<String>, Option<Kind>), Vec<&Record>)| {
        let figures = Figures::of(&records);
        Group { language, kind, figures }
    };
    parts.into_iter().map(group).collect()
}

fn by_source(records: &[&Record]) -> BTreeMap<&'static str, Rate> {
    let guesses = || records.iter().filter_map(|record| record.guess.as_ref());
    let of = |source: Source| {
        let own = guesses().filter(|guess| guess.source == source);
        Rate::count(own.map(|guess| guess.first_line))
    };
    let named = [("lookup", Source::Lookup), ("model", Source::Model), ("both", Source::Both)];
    named.into_iter().map(|(name, source)| (name, of(source))).filter(|(_, rate)| rate.of > 0).collect()
}

fn stages(records: &[&Record]) -> BTreeMap<String, Spread> {
    let mut stages: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (name, us) in records.iter().flat_map(|record| &record.stages_us) {
        stages.entry(name).or_default().push(*us as f64 / 1000.0);
    }
    stages.into_iter().map(|(name, values)| (name.to_owned(), Spread::new(values))).collect()
}

impl Difference {
    fn new((variant, own): (&str, &[&Record]), (against, first): (&str, &[&Record])) -> Self {
        let theirs: HashMap<usize, &Record> = first.iter().map(|record| (record.hole, *record)).collect();
        let pairs: Vec<(&Record, &Record)> =
            own.iter().filter_map(|record| Some((*record, *theirs.get(&record.hole)?))).collect();
        let paired = |value: fn(&Record) -> f64| {
            let differences: Vec<f64> = pairs.iter().map(|(one, other)| value(one) - value(other)).collect();
            Mean::new(&differences)
        };
        Self {
            variant: variant.to_owned(),
            against: against.to_owned(),
            exact: paired(|record| f64::from(u8::from(record.is_exact()))),
            first_line: paired(|record| f64::from(u8::from(record.is_first_line()))),
            similarity: paired(Record::similarity),
            shown: paired(|record| f64::from(u8::from(record.shown))),
        }
    }

    /// At no position is there any.
    pub fn is_none(&self) -> bool {
        let all = [self.exact, self.first_line, self.similarity, self.shown];
        all.iter().all(|mean| mean.mean == 0.0 && mean.low == 0.0 && mean.high == 0.0)
    }
}

#[cfg(test)]
mod tests;
