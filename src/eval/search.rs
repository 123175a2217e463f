//! Search measured on a repository: by words, by vectors and by both, on questions whose answers are known.
//!
//! What comments say of functions is asked of the code without those comments, and names are asked for in other words. A place
//! is right where it holds the row of the function's name.

mod comments;
mod paraphrase;
mod questions;

use serde::Serialize;

pub use questions::{QuestionKind, SearchPlan, SearchQuestion, prepare};

use super::statistics::{Mean, Rate};
use crate::index::{Hit, Index, SearchBy};

/// Of fewer questions the bootstrap's interval is too narrow: one question has none at all.
const FEWEST: usize = 30;
/// Places of an answer that are looked at.
pub const LOOKED_AT: usize = 10;

/// At which place the right one came, counted from 1, by each way; None where it is not among the first ten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchRanks {
    pub question: SearchQuestion,
    pub words: Option<usize>,
    pub vectors: Option<usize>,
    pub both: Option<usize>,
}

/// Asks a question in all three ways. Without vectors, `vectors` finds nothing and `both` is `words`.
pub fn ask(index: &Index, question: &SearchQuestion) -> SearchRanks {
    let rank = |by: SearchBy| {
        let is_right = |hit: &Hit| hit.path == question.path && hit.rows.contains(&question.row);
        index.search_by(&question.text, LOOKED_AT, by).iter().position(is_right).map(|at| at + 1)
    };
    SearchRanks {
        question: question.clone(),
        words: rank(SearchBy::Words),
        vectors: rank(SearchBy::Meaning),
        both: rank(SearchBy::Best),
    }
}

/// What one way of searching finds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// Questions whose place is among the first ten.
    pub recall: Rate,
    /// One over the place's rank, 0 where it is not among the first ten.
    pub reciprocal: Mean,
}

/// The three ways beside each other, and what vectors add to words: differences at the same questions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchFigures {
    pub words: Found,
    pub vectors: Found,
    pub both: Found,
    pub gain_recall: Mean,
    pub gain_reciprocal: Mean,
}

impl SearchFigures {
    pub fn of<'r>(ranks: impl Iterator<Item = &'r SearchRanks> + Clone) -> Self {
        let found = |rank: fn(&SearchRanks) -> Option<usize>| Found {
            recall: Rate::count(ranks.clone().map(|one| rank(one).is_some())),
            reciprocal: Mean::new(&ranks.clone().map(|one| reciprocal(rank(one))).collect::<Vec<_>>()),
        };
        let gain = |value: fn(Option<usize>) -> f64| {
            Mean::new(&ranks.clone().map(|one| value(one.both) - value(one.words)).collect::<Vec<_>>())
        };
        Self {
            words: found(|one| one.words),
            vectors: found(|one| one.vectors),
            both: found(|one| one.both),
            gain_recall: gain(|rank| f64::from(u8::from(rank.is_some()))),
            gain_reciprocal: gain(reciprocal),
        }
    }

    /// What follows for who asks whether vectors are worth it, a sentence.
    pub fn advice(&self) -> &'static str {
        if self.gain_recall.of < FEWEST {
            return "So few questions say nothing of vectors: measure a larger folder.";
        }
        match (self.gain_recall.low > 0.0, self.gain_recall.high < 0.0) {
            (true, _) => "With vectors more is found here, beyond what chance explains.",
            (_, true) => "With vectors less is found here: leave engine.embeddingModel out.",
            _ => "What vectors add here is within what chance explains: leave engine.embeddingModel out.",
        }
    }
}

fn reciprocal(rank: Option<usize>) -> f64 {
    rank.map_or(0.0, |rank| 1.0 / rank as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranks(words: Option<usize>, vectors: Option<usize>, both: Option<usize>) -> SearchRanks {
        let question = SearchQuestion {
            kind: QuestionKind::Comment,
            text: String::new(),
            path: String::new(),
            name: String::new(),
            row: 0,
        };
        SearchRanks { question, words, vectors, both }
    }

    #[test]
    fn figures_are_those_of_the_ranks() {
        let all = [
            ranks(Some(1), None, Some(1)),
            ranks(None, Some(2), Some(4)),
            ranks(None, None, None),
            ranks(Some(2), Some(1), Some(1)),
        ];
        let figures = SearchFigures::of(all.iter());
        assert_eq!((figures.words.recall.hits, figures.vectors.recall.hits, figures.both.recall.hits), (2, 2, 3));
        // By hand: (1 + 0 + 0 + 1/2) / 4 and (1 + 1/4 + 0 + 1) / 4.
        assert_eq!((figures.words.reciprocal.mean, figures.both.reciprocal.mean), (0.375, 0.5625));
        assert_eq!((figures.gain_recall.mean, figures.gain_reciprocal.mean), (0.25, 0.1875));
        assert!(figures.advice().contains("few questions"), "{}", figures.advice());
        let same: Vec<_> =
            (0..40).map(|at| ranks((at % 2 == 0).then_some(1), Some(1), (at % 2 == 0).then_some(1))).collect();
        assert!(SearchFigures::of(same.iter()).advice().contains("within what chance explains"));
        let clear: Vec<_> = (0..40).map(|at| ranks((at % 4 == 0).then_some(1), Some(1), Some(1))).collect();
        assert!(SearchFigures::of(clear.iter()).advice().contains("beyond what chance explains"));
        let worse: Vec<_> = (0..40).map(|at| ranks(Some(1), None, (at % 4 == 0).then_some(1))).collect();
        assert!(SearchFigures::of(worse.iter()).advice().contains("less is found"));
    }
}
