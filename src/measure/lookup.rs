//! The lookup engine's own figures: how long a suggestion takes, and how fast it learns.

use std::sync::Arc;

use ropey::Rope;

use super::figures::{LookupFigures, Percentiles};
use super::noise::Series;
use super::rounds::{Desk, Rounds, Stage};
use crate::engine::lookup::{Change, Corpus, DocumentTokens, Limits, Repository, Vantage, predict};
use crate::eval::Spread;

/// Suggestions of a round.
const CURSORS: usize = 20;
/// Documents that are read in a round.
const DOCUMENTS: usize = 4;

/// Measures in turns. `out` holds what is known so far.
pub async fn lookup(desk: &Desk<'_>, stage: &Stage, out: &mut LookupFigures) {
    let files = desk.material.files();
    let bytes: usize = files.iter().map(|(_, text)| text.len()).sum();
    let timed = |work: &mut dyn FnMut()| {
        let started = (desk.clock)();
        work();
        (desk.clock)().saturating_sub(started).as_secs_f64()
    };
    let (mut learning, mut reading, mut predicting) = (Vec::new(), Vec::new(), Vec::new());
    let mut rounds = Rounds::new(desk, stage);
    let mut number = 0;
    while rounds.another() {
        let changes: Vec<Change> =
            files.iter().map(|(path, text)| Change { path: path.clone(), text: Some(text.to_string()) }).collect();
        let mut repository = Repository::default();
        let seconds = timed(&mut || repository = Repository::default().updated(changes.iter().cloned()));
        learning.push(bytes as f64 / seconds);
        tokio::task::yield_now().await;

        let documents = files.iter().cycle().skip(number * DOCUMENTS).take(DOCUMENTS);
        let ropes: Vec<Rope> = documents.map(|(_, text)| Rope::from_str(text)).collect();
        let length: usize = ropes.iter().map(Rope::len_bytes).sum();
        let seconds = timed(&mut || ropes.iter().for_each(|rope| drop(DocumentTokens::new(rope))));
        reading.push(length as f64 / seconds);
        tokio::task::yield_now().await;

        let repository = Arc::new(repository);
        for cursor in desk.material.cursors(number * CURSORS, CURSORS) {
            let (before, after) = cursor.held_out();
            let document = Arc::new(DocumentTokens::new(&Rope::from_str(&format!("{before}{after}"))));
            let vantage = Arc::new(Vantage::new(repository.clone(), &cursor.path, []));
            let corpus = Corpus::new(document, cursor.offset, Vec::new()).with_repository(Some(vantage));
            let seconds = timed(&mut || drop(predict(&corpus, Limits::LINE)));
            predicting.push(seconds * 1e6);
            tokio::task::yield_now().await;
        }
        number += 1;
        let Spread { of, p50, p95 } = Spread::new(predicting.clone());
        *out = LookupFigures {
            predict_us: Percentiles { of, p50, p95 },
            document_bytes_a_second: Series::new(reading.iter().copied()),
            repository_bytes_a_second: Series::new(learning.iter().copied()),
            repository_bytes: repository.bytes() as u64,
            source_bytes: bytes as u64,
            files: files.len(),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::Settings;
    use crate::measure::Material;
    use crate::measure::testing::Time;

    #[tokio::test]
    async fn all_of_the_text_is_learnt_and_asked_about() {
        let (settings, material, time) = (Settings::default(), Material::built_in(), Time::default());
        // Each look at this clock takes a millisecond, so every measurement takes one.
        let (clock, ticking) = (time.clock(), time.clone());
        let clock: super::super::Clock = Arc::new(move || {
            ticking.pass(Duration::from_millis(1));
            clock()
        });
        let desk = Desk::new(&settings, &material, &clock, &|_, _| ());
        let stage = Stage { what: "lookup".into(), share: Duration::from_millis(20), from: 0.0, to: 1.0 };
        let mut out = LookupFigures::default();
        lookup(&desk, &stage, &mut out).await;
        assert_eq!(out.predict_us.p50, 1000.0);
        assert_eq!(out.predict_us.of, out.repository_bytes_a_second.of * CURSORS);
        assert_eq!(out.repository_bytes_a_second.median, out.source_bytes as f64 * 1000.0);
        assert!(out.files == material.files().len() && out.repository_bytes > out.source_bytes / 4, "{out:?}");
    }
}
