//! One question from its words to its footer: route, pack, clear, consent, send, read, settle.
//!
//! A cancel is seen at every wait. Until something was sent nothing is owed: the gate gives a reservation back that is dropped;
//! afterwards the connection is closed and the reservation settled by whoever sent it, and the footer waits for that.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::super::diff;
use super::super::refusal::{explain, explain_error, guard_of};
use super::super::remote::{Answering, Cleared, Ended, Finish, Given, Site, Target as _, Update, Wanted};
use super::super::route::{Decision, Local, Reason as Why, Route, decide, wants_prose};
use super::super::step::{ConsentReply, ConsentRequest, Footer, Step};
use super::super::threads::{Thread, title};
use super::super::{Kind, Question, Workspace};
use super::prepare::{Assessed, Prepared, assess, name, prepare, room};
use super::stream::{Read, Reader};
use super::{Parts, local};
use crate::budget::{Guard, Outcome, Picodollars};
use crate::config::RouteChoice;
use crate::gate::{Piece, Source, Withheld};
use crate::providers::{Event, Reason};

/// How long the footer waits for an answer's settlement. Ledgers wait for each other, not for networks.
const SETTLING: Duration = Duration::from_secs(15);

pub struct Run {
    pub(super) parts: Parts,
    pub(super) question: Arc<Question>,
    pub(super) workspace: Arc<Workspace>,
    steps: mpsc::Sender<Step>,
    pub(super) cancel: CancellationToken,
    started: Instant,
}

/// Nobody listens, or the user does not want it any more.
pub(super) struct Over;

/// Why no model answered; then the index does.
enum Instead {
    Over,
    /// It was sent and then cancelled, before a word of the answer came. A sentence with what it did cost.
    Cancelled(String),
    /// A sentence, and what the attempt did cost and send: that is told below whatever answers instead.
    Because(String, Box<Footer>),
}

impl Instead {
    /// Nothing was sent.
    fn because(why: String) -> Self {
        Self::Because(why, Box::default())
    }
}

impl From<Over> for Instead {
    fn from(_: Over) -> Self {
        Self::Over
    }
}

impl Run {
    pub fn new(
        parts: Parts,
        question: Question,
        workspace: Workspace,
        steps: mpsc::Sender<Step>,
        cancel: CancellationToken,
    ) -> Self {
        let (question, workspace) = (Arc::new(question), Arc::new(workspace));
        Self { parts, question, workspace, steps, cancel, started: Instant::now() }
    }

    pub async fn run(self) {
        if let Err(Over) = self.answer().await {
            // Whoever waits learns that it is over; who has gone does not mind.
            let _ = self.steps.send(Step::Failed("cancelled".to_owned())).await;
        }
    }

    async fn answer(&self) -> Result<(), Over> {
        let Assessed { mut facts, site } = self.blocking(assess).await?;
        let mut decision = decide(&facts);
        let mut here = None;
        if wants_prose(&facts, &decision) {
            here = self.model_here().await?;
            facts.here = here.as_ref().map(|here| room(here.standing(), &self.workspace).0);
            decision = decide(&facts);
        }
        let is_cloud = decision.route != Route::Local;
        self.tell(Step::Routed { is_cloud, reason: decision.to_string() }).await?;
        let site = site.filter(|_| is_cloud || decision.local == Local::Server);
        let Some(site) = site else {
            self.explain_local(&decision, facts.choice).await?;
            return match here {
                Some(here) => self.by_model(here, decision.to_string(), Footer::default()).await,
                None => self.by_index(decision.to_string(), Footer::default()).await,
            };
        };
        match self.ask_model(&decision, &site).await {
            Ok(()) => Ok(()),
            Err(Instead::Over) => Err(Over),
            Err(Instead::Cancelled(sentence)) => {
                self.put(Step::Failed(sentence)).await;
                Ok(())
            }
            Err(Instead::Because(why, attempt)) => {
                let model = name(site.standing());
                if !facts.is_lookup
                    && let Some(here) = self.model_here().await?
                {
                    let notice = format!("{model} did not answer: {why}. The model on this machine does instead.");
                    self.tell(Step::Notice(notice)).await?;
                    let reason = format!("answered by the model on this machine, because {model} did not: {why}");
                    return self.by_model(here, reason, *attempt).await;
                }
                self.tell(Step::Notice(format!(
                    "{model} did not answer: {why}. This is what the index knows instead."
                )))
                .await?;
                self.by_index(format!("answered from the index, because {model} did not: {why}"), *attempt).await
            }
        }
    }

    /// Why it is not a model that answers, where the user may have expected one.
    async fn explain_local(&self, decision: &Decision, choice: RouteChoice) -> Result<(), Over> {
        let is_here = decision.local == Local::Model;
        // A part that is left out is told by whoever leaves it out.
        let is_why = !matches!(decision.reason, Why::Here | Why::OwnCut { .. });
        if choice != RouteChoice::Local && decision.offer.is_none() && is_why {
            let whom = if is_here { "No cloud model is asked" } else { "No model is asked" };
            self.tell(Step::Notice(format!("{whom}: {}.", decision.reason))).await?;
        }
        if let Some(cut) = &decision.cut {
            self.tell(Step::Notice(cut.clone())).await?;
        }
        if let Some(model) = &decision.offer {
            let way = "`--cloud`, or `ask.route` in the settings";
            let none = if is_here { "" } else { "No model on this machine answers questions. " };
            self.tell(Step::Notice(format!("{none}{model} can be asked: {way}."))).await?;
        }
        Ok(())
    }

    /// `attempt`: what asking a model did cost and send before.
    pub(super) async fn by_index(&self, reason: String, attempt: Footer) -> Result<(), Over> {
        let (text, counts) = self.blocking(|_, question, workspace| local::answer(question, workspace)).await?;
        self.tell(Step::Text(text)).await?;
        let footer = Footer {
            answered_by: local::THE_INDEX.to_owned(),
            route_reason: reason,
            cited: counts.cited,
            unverified: counts.unverified,
            elapsed_ms: self.elapsed(),
            thread: self.question.thread.clone(),
            ..attempt
        };
        self.tell(Step::Done(Box::new(footer))).await
    }

    async fn ask_model(&self, decision: &Decision, site: &Arc<dyn Site>) -> Result<(), Instead> {
        self.tell(Step::Progress("looking for what the question needs".to_owned())).await?;
        let packing = site.clone();
        let mut prepared = self
            .blocking(move |parts, question, workspace| prepare(parts, question, workspace, packing.as_ref()))
            .await?
            .map_err(|withheld| Instead::because(explain(&withheld)))?;
        for note in std::mem::take(&mut prepared.notes) {
            self.tell(Step::Notice(note)).await?;
        }
        self.tell(Step::Progress("looking for secrets in it".to_owned())).await?;
        let clearing = site.clone();
        let draft = prepared.draft.clone();
        let cleared = self.blocking(move |_, question, _| clearing.clear(draft, question.limit)).await?;
        let cleared = cleared.map_err(|withheld| Instead::because(explain(&withheld)))?;
        let given = match cleared.consent() {
            Wanted::No => Given::Before,
            Wanted::Yes { why, may_remember } => self.consent(cleared.as_ref(), why, may_remember, false).await?,
        };
        self.converse(decision, site.as_ref(), prepared, cleared, given).await
    }

    async fn consent(
        &self,
        cleared: &dyn Cleared,
        why: Option<String>,
        may_remember: bool,
        is_guard: bool,
    ) -> Result<Given, Instead> {
        let (reply, answer) = oneshot::channel();
        let (preview, texts) = (cleared.preview().clone(), cleared.texts());
        let request = ConsentRequest { preview, texts, why, may_remember, is_guard, reply };
        self.tell(Step::Consent(Box::new(request))).await?;
        let answer = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return Err(Instead::Over),
            answer = answer => answer.unwrap_or(ConsentReply::Refused),
        };
        match answer {
            ConsentReply::Once => Ok(Given::Once),
            ConsentReply::Workspace if may_remember => Ok(Given::Workspace),
            ConsentReply::Workspace => Ok(Given::Once),
            ConsentReply::Refused => Err(Instead::because(explain(&Withheld::NoConsent))),
        }
    }

    async fn converse(
        &self,
        decision: &Decision,
        site: &dyn Site,
        prepared: Prepared,
        cleared: Arc<dyn Cleared>,
        given: Given,
    ) -> Result<(), Instead> {
        let mut reader = Reader::new(self.workspace.as_ref());
        let mut allowed = Vec::new();
        let mut ended = self.send(&cleared, given, &allowed, &mut reader).await?;
        while let Finish::Withheld(withheld, None) = &ended.finish
            && let Some(guard) = guard_of(withheld).filter(|guard| !allowed.contains(guard))
        {
            // Much in a short time: the user may say yes to that, too, and to each kind of it alone.
            let given = self.consent(cleared.as_ref(), Some(explain(withheld)), false, true).await?;
            allowed.push(guard);
            reader = Reader::new(self.workspace.as_ref());
            let notes = std::mem::take(&mut ended.notes);
            ended = self.send(&cleared, given, &allowed, &mut reader).await?;
            ended.notes.splice(..0, notes);
        }
        let has_text = !reader.raw.trim().is_empty();
        let Read { rest, raw, counts, diff, is_too_long } = reader.finish();
        if !has_text {
            // Cancelled or not: a limit that is nearly used up is told once, and this is the time.
            for note in std::mem::take(&mut ended.notes) {
                self.put(Step::Notice(note)).await;
            }
            let because = match &ended.finish {
                Finish::Cancelled => return Err(Instead::Cancelled(cancelled(&ended))),
                Finish::Failed(error) => explain_error(error),
                Finish::Withheld(withheld, _) => explain(withheld),
                Finish::Answered(reason) => {
                    why_incomplete(reason, false).unwrap_or_else(|| "its answer is empty".to_owned())
                }
            };
            return Err(Instead::Because(because, Box::new(sent(&ended, cleared.as_ref(), site.standing().stays))));
        }
        // From here on the answer is the user's, cancelled or not: what was paid for is told.
        self.put(Step::Text(rest)).await;
        for note in &ended.notes {
            self.put(Step::Notice(note.clone())).await;
        }
        let incomplete = match &ended.finish {
            _ if is_too_long => Some("it is longer than is read".to_owned()),
            Finish::Answered(reason) => why_incomplete(reason, true),
            Finish::Failed(error) => Some(explain_error(error)),
            Finish::Withheld(withheld, _) => Some(explain(withheld)),
            Finish::Cancelled if self.cancel.is_cancelled() => Some("you cancelled it".to_owned()),
            Finish::Cancelled => Some("its end was not heard of".to_owned()),
        };
        let wants_diff = matches!(self.question.kind, Kind::Tests | Kind::Document | Kind::Refactor);
        let diff = match diff.filter(|_| wants_diff && incomplete.is_none()) {
            // Cancelled meanwhile, it is not compared.
            Some(diff) => self.blocking(move |_, _, workspace| check(&diff, workspace)).await.ok(),
            None => None,
        };
        let standing = site.standing();
        let mut footer = Footer {
            answered_by: name(standing),
            is_cloud: !standing.is_local,
            route_reason: decision.to_string(),
            cited: counts.cited,
            unverified: counts.unverified,
            incomplete,
            lowered: cleared.preview().lowered.as_ref().map(ToString::to_string),
            diff,
            ..sent(&ended, cleared.as_ref(), standing.stays)
        };
        footer.thread = Some(self.keep(prepared, Some(cleared.texts()), raw));
        footer.elapsed_ms = self.elapsed();
        self.put(Step::Done(Box::new(footer))).await;
        Ok(())
    }

    async fn send(
        &self,
        cleared: &Arc<dyn Cleared>,
        given: Given,
        allowed: &[Guard],
        reader: &mut Reader<'_>,
    ) -> Result<Ended, Instead> {
        self.tell(Step::Progress(format!("asking {}", cleared.preview().model))).await?;
        let token = self.cancel.child_token();
        let guard = token.clone().drop_guard();
        let sent = cleared.send(given, allowed, token);
        let Answering { mut updates, ended } = sent.map_err(|withheld| Instead::because(explain(&withheld)))?;
        let mut is_thinking = false;
        while let Some(update) = updates.recv().await {
            let step = match update {
                Update::Event(Event::Text(text)) => {
                    let text = reader.push(&text);
                    if reader.is_too_long() {
                        self.put(Step::Text(text)).await;
                        break;
                    }
                    (!text.is_empty()).then_some(Step::Text(text))
                }
                Update::Event(Event::Thinking(_)) if !is_thinking => {
                    is_thinking = true;
                    Some(Step::Progress("the model is thinking".to_owned()))
                }
                Update::Event(_) => None,
                Update::Again(why) => Some(Step::Progress(format!("asking once more: {why}"))),
            };
            // Whoever showed it has gone: what follows is not wanted.
            if let Some(step) = step
                && self.tell(step).await.is_err()
            {
                break;
            }
        }
        drop(updates);
        drop(guard);
        let settled = tokio::time::timeout(SETTLING, ended).await;
        let lost = || Ended {
            finish: Finish::Cancelled,
            has_left: true,
            usage: Default::default(),
            cost: cleared.preview().cost.1,
            outcome: Some(Outcome::Presumed),
            notes: vec!["What it did cost is not known yet; all that was reserved counts until it is.".to_owned()],
        };
        Ok(settled.ok().and_then(Result::ok).unwrap_or_else(lost))
    }

    /// Puts the question and its answer into the thread, as they were sent: as `texts` where the gate changed them. Its name.
    pub(super) fn keep(&self, prepared: Prepared, texts: Option<Vec<Arc<str>>>, raw: String) -> String {
        let Prepared { mut thread, mut turn, .. } = prepared;
        turn.answer = raw;
        thread.turns.push(turn);
        texts.into_iter().for_each(|texts| as_sent(&mut thread, texts));
        // Its title, too, is of what was sent.
        let words = thread.turns.iter().flat_map(|turn| &turn.question).find(|piece| piece.source == Source::Question);
        if let Some(words) = words {
            thread.title = title(&words.text);
        }
        thread.at = self.parts.now();
        let id = thread.id.clone();
        self.parts.threads.save(thread, self.workspace.settings.ask.keep_threads);
        id
    }

    pub(super) fn elapsed(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Tells a step, unless it is over.
    pub(super) async fn tell(&self, step: Step) -> Result<(), Over> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Over),
            sent = self.steps.send(step) => sent.map_err(|_| Over),
        }
    }

    /// Tells a step although it is over.
    pub(super) async fn put(&self, step: Step) {
        let _ = self.steps.send(step).await;
    }

    /// Work of some milliseconds, on a thread that may wait for disks.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Parts, &Question, &Workspace) -> T + Send + 'static,
    ) -> Result<T, Over> {
        let (parts, question, workspace) = (self.parts.clone(), self.question.clone(), self.workspace.clone());
        let work = tokio::task::spawn_blocking(move || work(&parts, &question, &workspace));
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Over),
            done = work => done.map_err(|error| tracing::error!(%error, "a question's work ended badly")).map_err(|()| Over),
        }
    }
}

pub(super) fn check(text: &str, workspace: &Workspace) -> diff::Diff {
    let root = workspace.index.root();
    let may_create = |path: &str| !root.join(path).exists() && workspace.index.wanted(&root.join(path)).is_some();
    diff::check(text, &|path| workspace.text(path), &may_create)
}

/// The thread's texts as the gate let them out: what was redacted is not kept either, and is the same next time.
fn as_sent(thread: &mut Thread, texts: Vec<Arc<str>>) {
    let last = thread.turns.len().saturating_sub(1);
    let mut pieces: Vec<&mut Piece> = thread.stable.iter_mut().collect();
    let mut answers: Vec<(usize, &mut String)> = Vec::new();
    for (number, turn) in thread.turns.iter_mut().enumerate() {
        pieces.extend(turn.context.iter_mut());
        pieces.extend(turn.question.iter_mut());
        if number < last {
            answers.push((pieces.len(), &mut turn.answer));
        }
    }
    if texts.len() != pieces.len() + answers.len() {
        return;
    }
    let mut texts = texts.into_iter();
    let mut answers = answers.into_iter().peekable();
    for (at, piece) in pieces.into_iter().enumerate() {
        while let Some((_, answer)) = answers.next_if(|(place, _)| *place == at) {
            texts.next().inspect(|text| *answer = text.to_string());
        }
        texts.next().into_iter().for_each(|text| piece.text = text);
    }
}

/// The part of a footer that is about what was sent, and what it did cost. `stays`: to a server on this machine.
fn sent(ended: &Ended, cleared: &dyn Cleared, stays: bool) -> Footer {
    let manifest = &cleared.preview().manifest;
    let footer = Footer { usage: ended.usage, cost: ended.cost, cost_is: ended.outcome, ..Footer::default() };
    if stays || !ended.has_left {
        return footer;
    }
    let redactions = manifest.redactions.iter().map(|redacted| redacted.count).sum();
    Footer { has_left: true, files: manifest.files.clone(), redactions, ..footer }
}

/// What became of a question that was cancelled before a word of its answer came.
fn cancelled(ended: &Ended) -> String {
    let cost = ended.cost;
    match ended.outcome {
        _ if cost == Picodollars::ZERO => "cancelled; it did cost nothing".to_owned(),
        Some(Outcome::Counted) => format!("cancelled; it did cost {cost}"),
        Some(Outcome::Estimated) | None => format!("cancelled; it did cost about {cost}"),
        Some(Outcome::Presumed) => format!("cancelled; what it did cost is not known, and {cost} count until it is"),
    }
}

/// None where the answer is whole.
fn why_incomplete(reason: &Reason, has_text: bool) -> Option<String> {
    let sentence = match reason {
        Reason::Complete if has_text => return None,
        Reason::Complete => "its answer is empty".to_owned(),
        Reason::Length => "it reached its limit (`cloud.maxOutputTokens`)".to_owned(),
        Reason::Refused(None) => "the model declined".to_owned(),
        Reason::Refused(Some(category)) => format!("the model declined ({category})"),
        Reason::Filtered(filter) => format!("a filter of the provider's stopped it ({filter})"),
        Reason::ContextFull => "the model's window was full; lower `ask.contextTokens`".to_owned(),
        Reason::Truncated => "the connection ended before the answer did".to_owned(),
    };
    Some(sentence)
}
