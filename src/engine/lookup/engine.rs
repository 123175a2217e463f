//! The lookup engine behind the trait that all engines share.

use std::sync::Arc;
use std::time::Instant;

use ropey::Rope;
use tokio::sync::watch;

use super::{Corpus, DocumentTokens, Limits, predict_several};
use crate::engine::{
    Engine, EngineState, EngineStatus, Event, Finish, Generation, Job, PromptReport, Report, Task, generation,
};

/// Answers on the caller's thread before `generate` returns. Always ready.
#[derive(Debug)]
pub struct LookupEngine {
    status: watch::Sender<EngineStatus>,
}

impl LookupEngine {
    pub fn new() -> Self {
        Self { status: watch::Sender::new(EngineStatus::new("lookup", EngineState::Ready)) }
    }
}

impl Default for LookupEngine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine for LookupEngine {
    fn generate(&self, job: Job) -> Generation {
        let started = Instant::now();
        let (sender, stream) = generation();
        if job.task == Task::Prefill {
            // There is nothing to prepare.
            sender.finish(Finish::MaxTokens);
            return stream;
        }
        let corpus = job.corpus.clone().unwrap_or_else(|| Arc::new(corpus_of_prompt(&job)));
        let limits = Limits { max_tokens: job.max_tokens as usize, max_lines: job.max_lines.max(1) as usize };
        let predictions = predict_several(&corpus, limits, job.candidates.max(1) as usize);
        sender.send(Event::Started(PromptReport::default()));
        let generated = predictions.iter().map(|prediction| prediction.tokens.len() as u32).sum();
        for (candidate, prediction) in (0..).zip(predictions) {
            if !prediction.text.is_empty() {
                sender.send(Event::Delta { candidate, text: prediction.text, tokens: prediction.tokens });
            }
            sender.send(Event::Finished { candidate, reason: prediction.finish });
        }
        let us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        sender.send(Event::Done(Report {
            first_token_us: us,
            decode_us: us,
            compute_us: us,
            total_us: us,
            generated,
            ..Report::default()
        }));
        stream
    }

    fn status(&self) -> watch::Receiver<EngineStatus> {
        self.status.subscribe()
    }
}

/// A job that came without a corpus brings its text: the window is the document, the snippets are the others.
fn corpus_of_prompt(job: &Job) -> Corpus {
    let prompt = &job.prompt;
    let window = Rope::from_str(&format!("{}{}", prompt.prefix, prompt.suffix));
    let snippets = prompt.snippets.iter().rev();
    let others = snippets.map(|snippet| Arc::new(DocumentTokens::new(&Rope::from_str(&snippet.text)))).collect();
    Corpus::new(Arc::new(DocumentTokens::new(&window)), prompt.prefix.len(), others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{FimPrompt, PromptBudget, Urgency};

    #[test]
    fn a_job_without_a_corpus_is_answered_from_its_prompt() {
        let prompt = FimPrompt { prefix: "foo(bar, baz);\nfoo(b".into(), suffix: "\n".into(), ..FimPrompt::default() };
        let mut stream = LookupEngine::new().generate(Job {
            lane: 1,
            urgency: Urgency::Awaited,
            task: Task::Write,
            prompt,
            budget: PromptBudget { prefix: 1000, suffix: 1000, snippets: 1000 },
            max_tokens: 32,
            max_lines: 1,
            candidates: 1,
            draft: None,
            explain: false,
            corpus: None,
        });
        let mut events = Vec::new();
        while let Some(event) = stream.blocking_next() {
            events.push(event);
        }
        let [
            Event::Started(_),
            Event::Delta { candidate: 0, text, tokens },
            Event::Finished { .. },
            Event::Done(report),
        ] = events.as_slice()
        else {
            panic!("{events:?}");
        };
        assert_eq!(text, "ar, baz);");
        assert_eq!(report.generated as usize, tokens.len());
    }
}
