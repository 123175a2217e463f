//! The texts that are offered at a place, and how much of them stands there by now.

use super::figures::Choice;
use super::reading::{self, Reading};

#[derive(Debug)]
pub struct Offer {
    /// Each from the place where the suggestion began. Those that do not go along with what stands are dropped.
    first: Choice,
    others: Vec<Choice>,
    /// Bytes of all of them that stand.
    done: usize,
}

impl Offer {
    /// None where nothing is offered.
    pub fn new(choices: &[Choice]) -> Option<Self> {
        let (first, others) = choices.split_first()?;
        Some(Self { first: first.clone(), others: others.to_vec(), done: 0 })
    }

    /// What the user sees or took; the best of them as long as nothing else is known.
    pub fn first(&self) -> &Choice {
        &self.first
    }

    /// Bytes that stand.
    pub fn done(&self) -> usize {
        self.done
    }

    /// What stands, from this byte on.
    pub fn standing(&self, from: usize) -> &str {
        self.first.text.get(from..self.done).unwrap_or_default()
    }

    pub fn rest(&self) -> &str {
        self.first.text.get(self.done..).unwrap_or_default()
    }

    /// The user took the one of this number, counted from 0.
    pub fn prefer(&mut self, number: usize) {
        if let Some(preferred) = number.checked_sub(1).and_then(|at| self.others.get_mut(at)) {
            std::mem::swap(&mut self.first, preferred);
        }
    }

    /// Goes along with an inserted text: how it came in, and how many bytes of the rest it was. None when it goes along
    /// with none of them.
    pub fn insert(&mut self, inserted: &str) -> Option<(Reading, usize)> {
        let read = |choice: &Choice| reading::read(choice.text.get(self.done..)?, inserted);
        let all = std::iter::once(&self.first).chain(&self.others);
        let (number, found) = all.enumerate().find_map(|(number, choice)| Some((number, read(choice)?)))?;
        self.prefer(number);
        self.advance(found.1);
        Some(found)
    }

    pub fn advance(&mut self, bytes: usize) {
        self.done += bytes;
        let stands = self.standing(0).to_owned();
        self.others.retain(|choice| choice.text.starts_with(&stands));
    }

    pub fn take_back(&mut self, bytes: usize) {
        self.done = self.done.saturating_sub(bytes);
    }

    /// Whether what is shown now is what was shown before: perhaps longer, or without the closing brackets that an
    /// editor has put behind it meanwhile.
    pub fn goes_along_with(&self, shown: &Choice) -> bool {
        let fresh = shown.text.trim_end();
        let is_start = |rest: &str| !rest.is_empty() && (rest.starts_with(fresh) || fresh.starts_with(rest));
        let all = std::iter::once(&self.first).chain(&self.others);
        let rests = all.filter_map(|choice| choice.text.get(self.done..));
        !fresh.is_empty() && rests.map(str::trim_end).any(is_start)
    }

    /// Takes what is shown now for the same suggestion.
    pub fn renew(&mut self, shown: &[Choice]) {
        let renewed: Vec<Choice> = shown.iter().map(|choice| self.renewed(choice)).collect();
        if let Some((first, others)) = renewed.split_first() {
            (self.first, self.others) = (first.clone(), others.to_vec());
        }
    }

    fn renewed(&self, shown: &Choice) -> Choice {
        let text = format!("{}{}", self.standing(0), shown.text);
        let mut all = std::iter::once(&self.first).chain(&self.others);
        let known = all.find(|known| known.text.starts_with(text.trim_end()));
        let mut figures = known.unwrap_or(shown).figures.clone();
        // It was first shown then, and there.
        let first = &self.first.figures;
        (figures.latency_us, figures.trigger, figures.position) = (first.latency_us, first.trigger, first.position);
        figures.tokens = figures.tokens.or(first.tokens);
        Choice { text, figures }
    }
}
