//! An answer by the model on this machine: the same pack, the same checks, the same thread as a cloud model's, and nothing to
//! allow or to pay.

use std::sync::Arc;
use std::time::Duration;

use super::super::Kind;
use super::super::here::Here;
use super::super::refusal::explain;
use super::super::step::{Footer, Step};
use super::prepare::prepare;
use super::run::{Over, Run, check};
use super::stream::{Read, Reader};
use crate::engine::chat::{ChatEvent, ChatFinish, ChatReport, ChatStarted};
use crate::providers::Usage;

/// How long a model is waited for that is not loaded yet.
const LOADING: Duration = Duration::from_secs(180);
/// Of these nobody is told.
const QUICK: Duration = Duration::from_millis(300);
/// How long the end of an answer that was cancelled is waited for. A step of a model takes less; one that is still being loaded
/// takes no steps.
const CANCEL: Duration = Duration::from_secs(1);

/// What came of a conversation.
#[derive(Default)]
struct Heard {
    started: ChatStarted,
    report: ChatReport,
    finish: Option<ChatFinish>,
}

impl Run {
    /// The model on this machine, loaded; None where there is none, or where it holds no conversation: then the user reads why.
    pub(super) async fn model_here(&self) -> Result<Option<Here>, Over> {
        let Some(engine) = self.parts.chat.clone() else { return Ok(None) };
        let mut model = engine.model();
        let wait = async {
            tokio::select! {
                biased;
                model = &mut model => return Ok(model),
                () = tokio::time::sleep(QUICK) => {}
            }
            self.tell(Step::Progress("the model on this machine is loading".to_owned())).await?;
            let late = || Err(format!("it takes more than {} s to load", LOADING.as_secs()));
            Ok(tokio::time::timeout(LOADING, model).await.unwrap_or_else(|_| late()))
        };
        let model = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return Err(Over),
            model = wait => model?,
        };
        match model {
            Ok(model) => {
                let here = self.blocking(move |_, _, workspace| Here::new(engine, model, workspace)).await?;
                Ok(Some(here))
            }
            Err(why) => {
                self.tell(Step::Notice(format!(
                    "The model on this machine does not answer: {}.",
                    why.trim_end_matches('.')
                )))
                .await?;
                Ok(None)
            }
        }
    }

    /// `attempt`: what asking another model did cost and send before. The index answers where this one does not.
    pub(super) async fn by_model(&self, here: Here, reason: String, attempt: Footer) -> Result<(), Over> {
        self.tell(Step::Progress("looking for what the question needs".to_owned())).await?;
        let here = Arc::new(here);
        let packing = here.clone();
        let prepared = self.blocking(move |parts, question, workspace| prepare(parts, question, workspace, &*packing));
        let mut prepared = match prepared.await? {
            Ok(prepared) => prepared,
            Err(withheld) => return self.index_instead(&here, explain(&withheld), attempt).await,
        };
        for note in std::mem::take(&mut prepared.notes) {
            self.tell(Step::Notice(note)).await?;
        }
        let mut reader = Reader::new(self.workspace.as_ref());
        let Heard { started, report, finish } = self.hear(&here, &prepared.draft, &mut reader).await?;
        let has_text = !reader.raw.trim().is_empty();
        let Read { rest, raw, counts, diff, is_too_long } = reader.finish();
        let incomplete = match finish {
            _ if is_too_long => Some("it is longer than is read".to_owned()),
            Some(ChatFinish::Complete) => None,
            Some(ChatFinish::MaxTokens) => {
                Some("it reached its limit (`cloud.maxOutputTokens`, or the model's window)".to_owned())
            }
            Some(ChatFinish::Repeating) => Some("the model began to repeat itself".to_owned()),
            Some(ChatFinish::Cancelled) | None if self.cancel.is_cancelled() => Some("you cancelled it".to_owned()),
            Some(ChatFinish::Cancelled) | None => Some("its end was not heard of".to_owned()),
            Some(ChatFinish::Failed(why)) => Some(why),
        };
        if !has_text {
            if self.cancel.is_cancelled() {
                self.put(Step::Failed("cancelled; it did cost nothing".to_owned())).await;
                return Ok(());
            }
            let why = incomplete.unwrap_or_else(|| "its answer is empty".to_owned());
            return self.index_instead(&here, why, attempt).await;
        }
        self.put(Step::Text(rest)).await;
        let wants_diff = matches!(self.question.kind, Kind::Tests | Kind::Document | Kind::Refactor);
        let diff = match diff.filter(|_| wants_diff && incomplete.is_none()) {
            Some(diff) => self.blocking(move |_, _, workspace| check(&diff, workspace)).await.ok(),
            None => None,
        };
        let tokens = u64::from;
        let mut footer = Footer {
            answered_by: here.title(),
            is_cloud: false,
            route_reason: reason,
            cited: counts.cited,
            unverified: counts.unverified,
            incomplete,
            diff,
            ..attempt
        };
        // What a try elsewhere did cost is told with the tokens that it was for.
        if !footer.has_left {
            footer.usage = Usage {
                input_uncached: tokens(started.evaluated),
                cache_read: tokens(started.reused),
                output: tokens(report.generated),
                reasoning: tokens(report.thinking),
                ..Usage::default()
            };
        }
        footer.thread = Some(self.keep(prepared, None, raw));
        footer.elapsed_ms = self.elapsed();
        self.put(Step::Done(Box::new(footer))).await;
        Ok(())
    }

    /// Reads the answer to its end. A cancel is passed on, and its end waited for: the engine sees it at its next step.
    async fn hear(&self, here: &Here, draft: &crate::gate::Draft, reader: &mut Reader<'_>) -> Result<Heard, Over> {
        self.tell(Step::Progress(format!("asking {}", here.title()))).await?;
        let mut stream = here.engine.chat(Here::job(draft, self.workspace.settings.cloud.effort));
        let mut heard = Heard::default();
        let (mut is_cancelled, mut is_thinking) = (false, false);
        let mut patience = std::pin::pin!(tokio::time::sleep(Duration::MAX));
        loop {
            let event = tokio::select! {
                biased;
                () = self.cancel.cancelled(), if !is_cancelled => {
                    is_cancelled = true;
                    stream.cancel();
                    patience.set(tokio::time::sleep(CANCEL));
                    continue;
                }
                event = stream.next() => event,
                () = &mut patience, if is_cancelled => return Ok(heard),
            };
            let step = match event {
                Some(ChatEvent::Started(started)) => {
                    heard.started = started;
                    (started.cut > 0).then(|| {
                        Step::Notice(format!(
                            "The model's window has {} tokens, so {} of what was packed were left out.",
                            started.window, started.cut
                        ))
                    })
                }
                Some(ChatEvent::Text(text)) => {
                    let text = reader.push(&text);
                    if reader.is_too_long() {
                        self.put(Step::Text(text)).await;
                        stream.cancel();
                        return Ok(heard);
                    }
                    (!text.is_empty()).then_some(Step::Text(text))
                }
                Some(ChatEvent::Thinking(_)) if !is_thinking => {
                    is_thinking = true;
                    Some(Step::Progress("the model is thinking".to_owned()))
                }
                Some(ChatEvent::Thinking(_)) => None,
                Some(ChatEvent::Finished(finish)) => {
                    heard.finish = Some(finish);
                    None
                }
                Some(ChatEvent::Done(report)) => {
                    heard.report = report;
                    return Ok(heard);
                }
                None => return Ok(heard),
            };
            // Whoever showed it has gone: what follows is not wanted.
            if let Some(step) = step
                && !is_cancelled
                && self.tell(step).await.is_err()
                && !self.cancel.is_cancelled()
            {
                stream.cancel();
            }
        }
    }

    async fn index_instead(&self, here: &Here, why: String, attempt: Footer) -> Result<(), Over> {
        let title = here.title();
        self.tell(Step::Notice(format!("{title} did not answer: {why}. This is what the index knows instead.")))
            .await?;
        self.by_index(format!("answered from the index, because {title} did not: {why}"), attempt).await
    }
}
