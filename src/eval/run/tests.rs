//! Holes filled by a scripted engine and by lookup.

use std::sync::Mutex;

use super::*;
use crate::complete::gate::{Feature, Logistic, log_odds};
use crate::complete::{Calibration, Source, Thresholds};
use crate::engine::fake::FakeEngine;
use crate::eval::hole::{Copies, Kind};
use crate::eval::testing::{options, repository};

fn hole(root: &Path, path: &str, answer: &str) -> Hole {
    let text = std::fs::read_to_string(root.join(path)).unwrap();
    let start = text.find(answer).unwrap();
    let (range, copies) = (start..start + answer.len(), Copies::default());
    Hole { path: path.into(), language: "rust", kind: Kind::Line, range, text: text.into(), copies }
}

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.completion.eagerness = crate::config::Eagerness::Level(crate::config::Level::High);
    settings
}

async fn caught_up(runner: &Runner) {
    runner.index().progress().wait_for(|progress| progress.is_caught_up).await.unwrap();
}

/// `zyzzyva` and `quagga` stand in their holes alone: whoever saw one there saw the answer.
#[tokio::test]
async fn nobody_sees_what_is_in_the_hole() {
    let repository = repository(&[
        ("a.rs", "fn first() {\n    let x = zyzzyva(1);\n}\n\nfn quagga() {}\n"),
        ("b.rs", "fn second() {\n    let y = other(2);\n}\n"),
    ]);
    let runner = Runner::start(repository.root(), settings(), options(), Patience::COMMAND).unwrap();
    caught_up(&runner).await;
    let index = runner.index().clone();
    assert!(!index.search("zyzzyva", 5).is_empty(), "it is in the index before");
    assert!(!index.search_symbols("quagga", 5).is_empty());

    let seen = Arc::new(Mutex::new(Vec::new()));
    let (prompts, known) = (seen.clone(), index.clone());
    let engine = FakeEngine::new(move |job| {
        let is_first = job.prompt.suffix.contains("quagga");
        let token = if is_first { "zyzzyva" } else { "quagga" };
        let in_index = !known.search(token, 5).is_empty()
            || !known.search_symbols(token, 5).is_empty()
            || known.text("a.rs").unwrap().contains(token);
        let snippets = job.prompt.snippets.iter().map(|snippet| snippet.text.as_str());
        let prompt = [&*job.prompt.prefix, &*job.prompt.suffix].into_iter().chain(snippets).collect::<String>();
        prompts.lock().unwrap().push((prompt.contains(token), in_index, prompt));
        if is_first { "guess();" } else { "fn guess() {}" }.into()
    });
    runner.configure(settings(), Some(Arc::new(engine)), Calibration::default());
    let one = hole(repository.root(), "a.rs", "zyzzyva(1);");
    let two = hole(repository.root(), "a.rs", "fn quagga() {}");
    for hole in [&one, &two, &one] {
        let record = runner.fill((0, 0), hole).await.unwrap();
        assert_eq!(record.answer, hole.answer());
        let guess = record.guess.unwrap();
        assert!(!guess.text.contains("zyzzyva") && !guess.text.contains("quagga"), "{guess:?}");
        let back = index.text("a.rs").unwrap();
        assert_eq!(back, &*hole.text, "the file is whole again");
    }
    runner.configure(settings(), None, Calibration::default());
    runner.ready(std::slice::from_ref(&one)).await.unwrap();
    for hole in [&one, &two] {
        let by_lookup = runner.fill((0, 0), hole).await.unwrap();
        let text = by_lookup.guess.map(|guess| guess.text).unwrap_or_default();
        assert!(!text.contains("zyzzyva") && !text.contains("quagga"), "{text}");
    }
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 3);
    for (in_prompt, in_index, prompt) in seen.iter() {
        assert!(!in_prompt && !in_index, "in the index: {in_index}, prompt: {prompt}");
    }
    assert!(seen[0].2.contains("let x = ") && seen[0].2.contains("quagga"), "only the hole is missing");
}

#[tokio::test]
async fn what_the_pipeline_did_is_recorded() {
    let repository = repository(&[("a.rs", "fn first() {\n    let x = other(1);\n}\n")]);
    let runner = Runner::start(repository.root(), settings(), options(), Patience::COMMAND).unwrap();
    caught_up(&runner).await;
    let hole = hole(repository.root(), "a.rs", "other(1);");
    runner.configure(settings(), Some(Arc::new(FakeEngine::new(|_| "other(1);".into()))), Calibration::default());
    let record = runner.fill((3, 7), &hole).await.unwrap();
    assert_eq!((record.variant, record.hole, record.line, record.shown), (3, 7, 2, true));
    let guess = record.guess.unwrap();
    assert!(guess.exact && guess.first_line && guess.similarity == 1.0 && guess.source == Source::Model, "{guess:?}");
    assert_eq!((guess.adds_errors, record.timed_out, record.reason), (Some(false), false, None));
    assert!(record.stages_us.contains_key("total") && record.stages_us.contains_key("engine"));
    assert!(record.prompt.is_some());

    runner.configure(settings(), Some(Arc::new(FakeEngine::new(|_| "other(((1;".into()))), Calibration::default());
    let broken = runner.fill((0, 0), &hole).await.unwrap();
    let guess = broken.guess.unwrap();
    assert!(!guess.exact && !guess.first_line && guess.similarity > 0.5);
}

#[tokio::test]
async fn a_model_can_be_measured_without_lookup_beside_it() {
    let repository = repository(&[("a.rs", "fn f() {\n    let a = one(1);\n    let b = one(2);\n}\n")]);
    let runner = Runner::start(repository.root(), settings(), options(), Patience::COMMAND).unwrap();
    caught_up(&runner).await;
    let hole = hole(repository.root(), "a.rs", "one(2);");
    let engine =
        || Some(Arc::new(FakeEngine::new(|job| format!("other({});", job.draft.is_some()))) as Arc<dyn Engine>);
    let texts = |record: &Record| {
        record.candidates.iter().map(|candidate| (candidate.source, candidate.text.clone())).collect::<Vec<_>>()
    };
    runner.configure(settings(), engine(), Calibration::default());
    let both = runner.fill((0, 0), &hole).await.unwrap();
    let by_lookup = both.candidates.iter().find(|candidate| candidate.source == Source::Lookup);
    let by_model = both.candidates.iter().find(|candidate| candidate.source == Source::Model).unwrap();
    assert!(by_lookup.is_some() && by_model.text == "other(true);", "{both:?}");
    assert!(by_model.features.get(Feature::LookupProbability).is_some() && !by_model.exact, "{both:?}");
    assert_eq!(by_model.features.get(Feature::Assignment), Some(1.0));

    runner.leave_lookup_out();
    let alone = runner.fill((0, 0), &hole).await.unwrap();
    assert_eq!(texts(&alone), [(Source::Model, "other(false);".to_owned())], "no draft either");
    assert_eq!(alone.candidates[0].features.get(Feature::LookupProbability), None);

    runner.configure(settings(), engine(), Calibration::default());
    assert_eq!(texts(&runner.fill((0, 0), &hole).await.unwrap()), texts(&both), "it is back");
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_recorded_as_such() {
    let repository = repository(&[("a.rs", "fn first() {\n    let x = other(1);\n}\n")]);
    let hard = Duration::from_millis(20);
    let patience = Patience { soft: hard, hard, ..Patience::COMMAND };
    let runner = Runner::start(repository.root(), settings(), options(), patience).unwrap();
    caught_up(&runner).await;
    let hole = hole(repository.root(), "a.rs", "other(1);");
    let slow = FakeEngine::new(|_| "other(1);".into()).with_pace(Duration::from_secs(3_600));
    runner.configure(settings(), Some(Arc::new(slow)), Calibration::default());
    let record = runner.fill((0, 0), &hole).await.unwrap();
    assert!(record.timed_out && !record.is_exact(), "{record:?}");
}

#[tokio::test]
async fn what_the_gate_hides_is_recorded_as_hidden() {
    let repository = repository(&[("a.rs", "fn f() {\n    let a = one(1);\n    let b = one(2);\n}\n")]);
    let mut careful = settings();
    careful.completion.eagerness = crate::config::Eagerness::Level(crate::config::Level::Low);
    let runner = Runner::start(repository.root(), careful, options(), Patience::COMMAND).unwrap();
    caught_up(&runner).await;
    let hole = hole(repository.root(), "a.rs", "one(2);");
    let record = runner.fill((0, 0), &hole).await.unwrap();
    assert!(!record.shown, "{record:?}");
    assert_eq!(record.reason.as_deref(), Some("lowConfidence"), "{record:?}");
    let guess = record.guess.unwrap();
    assert!(guess.source == Source::Lookup && guess.confidence < 0.5, "{guess:?}");
    assert_eq!(record.prompt, None);
}

#[tokio::test]
async fn a_calibration_changes_what_is_shown() {
    let repository = repository(&[("a.rs", "fn f() {\n    let a = one(1);\n    let b = one(2);\n}\n")]);
    let runner = Runner::start(repository.root(), settings(), options(), Patience::COMMAND).unwrap();
    caught_up(&runner).await;
    let hole = hole(repository.root(), "a.rs", "one(2);");
    let usual = runner.fill((0, 0), &hole).await.unwrap();
    let usual_confidence = usual.guess.unwrap().confidence;
    let worth = |probability| {
        let of_lookup = Logistic { base: log_odds(probability), ..Logistic::default() };
        let thresholds = Thresholds { low: 0.7, medium: 0.5, high: 0.3 };
        Calibration::new(String::new(), [("lookup".to_owned(), of_lookup)].into()).with_thresholds(thresholds)
    };
    for (probability, is_shown) in [(0.29, false), (0.31, true)] {
        runner.configure(settings(), None, worth(probability));
        let record = runner.fill((0, 0), &hole).await.unwrap();
        let confidence = record.guess.unwrap().confidence;
        assert!(record.shown == is_shown && (confidence - probability).abs() < 1e-6, "{confidence}");
    }
    assert_ne!(usual_confidence, 0.31);
}
