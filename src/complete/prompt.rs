//! What the model is asked: the text around the cursor, and what is known of the rest of the repository.

use std::sync::Arc;

use super::trigger::Plan;
use super::{Purpose, Request, Suggestion};
use crate::config::CompletionSettings;
use crate::context::{ALLOWED_LOSS, ContextQuery, Hunk, window};
use crate::engine::lookup::Corpus;
use crate::engine::{FimPrompt, Job, ModelInfo, PromptBudget, Snippet, Task, Urgency};

/// What the prompt says of the rest of the repository, as far as it is known in time.
pub async fn context(request: &Request, model: Option<&ModelInfo>) -> Vec<Snippet> {
    let settings = &request.settings.completion;
    let Some((index, path)) = request.index.clone() else { return Vec::new() };
    let window = window(request.document.rope(), request.offset, settings.prefix_tokens, settings.suffix_tokens);
    // A model that is not loaded yet tells no size.
    let budget = model.map_or(budget(settings), |model| budget(settings).within(model.context, settings.max_tokens));
    let budget = budget.snippets as usize;
    let rope = request.document.rope();
    let row = |byte: usize| u32::try_from(rope.byte_to_line(byte.min(rope.len_bytes()))).unwrap_or(u32::MAX);
    let rows = row(request.offset - window.prefix.len())..row(request.offset + window.suffix.len()) + 1;
    // What the window shows need not be told.
    let is_seen = |(edited, hunk): &(String, Hunk)| *edited == path && hunk.is_within(&rows);
    let edits = request.edits.iter().filter(|edit| !is_seen(edit)).cloned().collect();
    let query = ContextQuery {
        index,
        path,
        before: window.prefix,
        after: window.suffix,
        rows,
        edits,
        viewed: request.viewed.clone(),
        budget,
        similar_percent: settings.similar_percent as usize,
    };
    request.lane.desk.snippets(query, request.patience.context, ALLOWED_LOSS).await
}

/// The job for a request. `draft`: what lookup wrote, for the model to verify.
pub fn job(
    request: &Request,
    plan: Plan,
    corpus: Option<Arc<Corpus>>,
    draft: Option<&Suggestion>,
    snippets: Vec<Snippet>,
) -> Job {
    let settings = &request.settings.completion;
    let window = window(request.document.rope(), request.offset, settings.prefix_tokens, settings.suffix_tokens);
    Job {
        lane: request.lane.id,
        urgency: match request.purpose {
            Purpose::Answer => Urgency::Awaited,
            Purpose::LookAhead => Urgency::Background,
        },
        task: Task::Write,
        prompt: FimPrompt {
            repository: request.repository.clone(),
            path: request.path.clone(),
            snippets,
            prefix: window.prefix,
            suffix: window.suffix,
            offset: request.offset,
            origin: request.origin.clone(),
        },
        budget: budget(settings),
        max_tokens: settings.max_tokens,
        max_lines: plan.max_lines,
        candidates: plan.candidates,
        draft: draft.map(|suggestion| suggestion.text.clone()),
        // Text is copied only for who asks; `why` asks after the fact, so it is always kept.
        explain: true,
        corpus,
    }
}

fn budget(settings: &CompletionSettings) -> PromptBudget {
    PromptBudget { prefix: settings.prefix_tokens, suffix: settings.suffix_tokens, snippets: settings.snippet_tokens }
}
