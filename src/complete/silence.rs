//! What else a user should know to understand an answer: what silence really came from, and what could not take part.

use super::model::is_worth_paying;
use super::{Reason, Request, Why};
use crate::engine::EngineState;
use crate::syntax::Language;

/// More exactly why nothing is shown. "Nobody had anything to say" means something else where the model could not be asked,
/// or was not given the time.
pub fn precise(reason: Reason, request: &Request, why: &Why) -> Reason {
    if reason != Reason::NothingToSay {
        return reason;
    }
    let Some(model) = &request.model else { return Reason::NoModel };
    let asked_us: u64 = why.stages.iter().filter(|stage| stage.name == "engine").map(|stage| stage.us).sum();
    if why.stages.iter().any(|stage| stage.name == "engine") {
        let is_unfinished = why.finish.is_none() && why.engine.is_none();
        return if is_unfinished { Reason::OutOfTime { ms: asked_us / 1_000 } } else { reason };
    }
    match &model.status().borrow().state {
        EngineState::Loading { progress } => Reason::ModelLoading { percent: percent(*progress) },
        EngineState::Failed { reason } => Reason::ModelFailed(reason.clone()),
        EngineState::Asleep { reason, .. } => Reason::ModelAsleep(reason.clone()),
        EngineState::Ready | EngineState::Idle => reason,
    }
}

/// What could not take part in this answer, a sentence each, the weightiest first. Empty where the request ended before
/// any of it was needed.
pub fn notes(request: &Request, why: &Why) -> Vec<String> {
    if !why.stages.iter().any(|stage| stage.name == "plan") {
        return Vec::new();
    }
    let all = [model(request), unpaid(request), here(why), syntax(request), index(request), lookup(request)];
    all.into_iter().flatten().collect()
}

/// A paid service that was not asked for the way in which the client asks.
fn unpaid(request: &Request) -> Option<String> {
    let status = request.model.as_ref()?.status().borrow().clone();
    let paid = status.paid().filter(|_| !is_worth_paying(request))?;
    Some(format!(
        "{} is asked for inline suggestions alone: a completion menu does not wait so long, and what comes later would be paid for \
         in vain",
        paid.provider
    ))
}

/// Whoever set up a server should know why another model wrote.
fn here(why: &Why) -> Option<String> {
    let because = why.prompt.as_ref()?.here_because.as_ref()?;
    Some(format!("the model in this machine writes in the server's place: {because}"))
}

fn model(request: &Request) -> Option<String> {
    match &request.model.as_ref()?.status().borrow().state {
        EngineState::Loading { progress } => {
            Some(format!("the model is still loading ({} %): until then lookup answers alone", percent(*progress)))
        }
        EngineState::Failed { reason } => Some(format!("the model cannot be asked, lookup answers alone: {reason}")),
        EngineState::Asleep { reason, .. } => Some(format!("the model sleeps, lookup answers alone: {reason}")),
        EngineState::Ready | EngineState::Idle => None,
    }
}

fn syntax(request: &Request) -> Option<String> {
    let analysis = request.analysis.borrow();
    if analysis.revision >= request.revision && analysis.tree.is_some() {
        return None;
    }
    let line = request.document.line_range(0);
    let first_line = request.document.slice(line.start..line.end.min(256));
    let language = request.document.language_id();
    let without = "suggestions are one line long and not checked for syntax errors";
    Some(match Language::detect(language, &request.path, &first_line) {
        None => format!("there is no grammar for {language}: {without}"),
        Some(_) => format!("the text was not parsed in time: {without}"),
    })
}

fn index(request: &Request) -> Option<String> {
    if !request.settings.index.enabled {
        return Some("the index is switched off (index.enabled): no prompt tells of other files".to_owned());
    }
    let Some((index, _)) = &request.index else {
        let why = match &request.repository {
            Some(_) => "an ignore file or index.exclude names it, or its folder is not indexed",
            None => "it is in no workspace folder of the editor",
        };
        return Some(format!("no index has this document ({why}): its prompts tell of no other files"));
    };
    let progress = index.progress().borrow().clone();
    (!progress.is_caught_up).then(|| {
        format!(
            "the index is being built ({} of {} files): what is not read yet is in no prompt",
            progress.done, progress.total
        )
    })
}

fn lookup(request: &Request) -> Option<String> {
    let reads_files = request.index.is_some() && request.settings.index.lookup_memory_mb > 0;
    (reads_files && request.vantage.is_none())
        .then(|| "lookup has not read the repository yet: it copies from open documents alone".to_owned())
}

fn percent(share: f32) -> u32 {
    (share.clamp(0.0, 1.0) * 100.0) as u32
}
