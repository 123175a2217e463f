//! Jobs from text with a cursor mark, for the tests of this room.

use std::sync::Arc;

use crate::engine::{FimPrompt, Job, PromptBudget, Task, Urgency};

pub fn job(text: &str) -> Job {
    let (prefix, suffix) = text.split_once("$0").expect("a cursor mark");
    Job {
        lane: 1,
        urgency: Urgency::Awaited,
        task: Task::Write,
        prompt: FimPrompt {
            path: "src/sample.rs".to_owned(),
            prefix: Arc::from(prefix),
            suffix: Arc::from(suffix),
            ..FimPrompt::default()
        },
        budget: PromptBudget { prefix: 2000, suffix: 2000, snippets: 100 },
        max_tokens: 24,
        max_lines: 1,
        candidates: 1,
        draft: None,
        explain: false,
        corpus: None,
    }
}
