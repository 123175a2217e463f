//! One completion request from snapshot to answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::account::Account;
use super::anchor::Anchor;
use super::basis::Basis;
use super::choose::{SURE, choose, gate, second_opinion, trust};
use super::collect::collect;
use super::flight::{Progress, Seat};
use super::gate::{Feature, Features, Scene, line_end};
use super::memory::Remembered;
use super::request::{Patience, Purpose, Request};
use super::shape::Shaper;
use super::trigger::{self, Plan};
use super::{Outcome, Place, Reason, Source, Suggestion, SyntaxCheck, Ticket, Trigger, Why, debounce, silence, wanted};
use crate::config::{CompletionSettings, Debounce};
use crate::context::{ALLOWED_LOSS, Analysis, ContextQuery, Hunk, window};
use crate::engine::lookup::{self, Corpus};
use crate::engine::{
    Engine, EngineState, EngineStatus, FimPrompt, Job, ModelInfo, PromptBudget, Snippet, Task, Urgency,
};

/// How long an ended generation is waited for, so that its report is in the account.
const REPORT_PATIENCE: Duration = Duration::from_millis(10);

/// Trial parses of a remembered text that the editor's brackets cut: rare, but on the protocol's own task.
const RECALL_BUDGET: Duration = Duration::from_millis(2);

/// Answers one request. Dropping the future ends its part in the generation.
pub async fn suggest(mut request: Request) -> (Outcome, Why) {
    let mut account = Account::new(&request);
    let result = run(&mut request, &mut account).await;
    let result = result.map_err(|reason| silence::precise(reason, &request, &account.why));
    account.why.notes = silence::notes(&request, &account.why);
    account.close(result)
}

/// Answers without an engine where the newest suggestion still fits. Takes microseconds.
pub fn recall(request: &Request) -> Option<(Outcome, Why)> {
    if request.trigger == Trigger::Invoked || wanted::check(request).is_err() {
        return None;
    }
    let mut account = Account::new(request);
    let recalled = request.lane.recall(&request.circumstances())?;
    // An editor may have closed brackets and quotes while the user typed along.
    let shaper = {
        let analysis = request.analysis.borrow();
        let tree = analysis.tree.as_ref().filter(|_| analysis.revision == request.revision);
        let place = Place::at(request.document.rope(), request.offset);
        Shaper::within(RECALL_BUDGET, place, request.settings.completion.max_lines, tree, request.offset)
    };
    let fitting = recalled.suggestions.into_iter().filter_map(|found| {
        let text = shaper.reshape(&found.text)?;
        Some(Suggestion { text, ..found })
    });
    let found: Vec<Suggestion> = fitting.collect();
    if found.is_empty() {
        return None;
    }
    account.stage("memory");
    account.from_memory = true;
    account.why.ahead = recalled.is_prepared;
    if recalled.is_prepared && recalled.is_first {
        request.flights.counter.used();
    }
    Some(account.close(Ok(found)))
}

pub(super) async fn run(request: &mut Request, account: &mut Account) -> Result<Vec<Suggestion>, Reason> {
    let settings = request.settings.clone();
    let settings = &settings.completion;
    let place = Place::at(request.document.rope(), request.offset);
    wanted::check(request)?;
    trigger::check_text(&request.document, &place, request.trigger, settings)?;
    let is_awaited = request.purpose == Purpose::Answer;
    if let (Debounce::Fixed(ms @ 1..), Trigger::Automatic, true) = (settings.debounce_ms, request.trigger, is_awaited) {
        debounce::pass(request, Duration::from_millis(ms)).await?;
        account.stage("debounce");
    }
    let analysis = analysis(request).await;
    account.stage("analysis");
    if request.ticket.is_stale() {
        return Err(Reason::Stale);
    }
    let tree = analysis.as_ref().and_then(|analysis| analysis.tree.as_ref());
    let cursor = tree.map(|tree| tree.cursor(request.offset));
    let plan = trigger::plan(&place, cursor.as_ref(), request.trigger, settings)?;
    let scene = Scene::new(&place, cursor.as_ref());
    let shaper = Shaper::new(place, plan.max_lines, tree, request.offset);
    account.stage("plan");

    let corpus = analysis
        .as_ref()
        .filter(|_| request.with_lookup)
        .and_then(|analysis| analysis.tokens.clone())
        .map(|tokens| Corpus::new(tokens, request.offset, request.others.clone()))
        .map(|corpus| Arc::new(corpus.with_repository(request.vantage.clone())));
    let looked_up = corpus.as_ref().map(|corpus| look_up(corpus, &shaper, plan, settings.max_tokens, account));
    let (from_lookup, nothing) = match looked_up {
        Some(Ok(suggestion)) => (Some(suggestion), None),
        Some(Err(reason)) => (None, Some(reason)),
        None => (None, None),
    };
    account.stage("lookup");

    let calibration = request.calibration.clone();
    let bar = calibration.threshold(request.trigger, settings.eagerness);
    // False when more may come than is answered now: then the next request asks again instead of remembering.
    let is_sure = from_lookup.as_ref().is_some_and(|suggestion| suggestion.confidence >= SURE);
    let in_doubt = is_awaited && is_in_doubt(request, plan);
    let needs_model = !(is_sure || in_doubt) || request.trigger == Trigger::Invoked;
    let mut is_final = request.model.is_none() || !needs_model;
    let mut from_model = Ok(Vec::new());
    let mut standing = Vec::new();
    if let Some((engine, status)) = ready_model(request).filter(|_| needs_model) {
        let patience = debounce::hold(request, plan).await?;
        if patience != request.patience {
            account.stage("debounce");
        }
        let snippets = context(request, status.model.as_ref()).await;
        account.why.context = request.lane.desk.considered();
        account.stage("context");
        standing = request.lane.desk.standing();
        let enough = calibration.is_enough(&scene, from_lookup.as_ref(), bar);
        let (seat, waited) = loop {
            let job = job(request, plan, corpus.clone(), from_lookup.as_ref(), snippets.clone());
            let seat = board(request, engine.as_ref(), job, &standing);
            account.boarded(&seat);
            account.stage("prompt");
            let waited = wait(&seat, &mut request.ticket, patience, enough, &shaper, plan).await;
            account.reported(&seat);
            account.stage("engine");
            // A guess that this request joined had to give way to another's.
            if waited.is_err() || !seat.joined || !seat.was_cut_short() {
                break (seat, waited);
            }
        };
        if !is_awaited && seat.was_cut_short() {
            return Err(Reason::Stale);
        }
        let trust = trust(status.model.as_ref().map_or(0, |model| model.parameters));
        is_final = waited? == Waited::ToTheEnd;
        from_model = collect(&seat, &shaper, trust, account);
        if !is_final && is_awaited {
            request.lane.keep(seat);
        }
        if let (Ok(written), Some(corpus)) = (&mut from_model, &corpus) {
            second_opinion(written, from_lookup.as_ref(), |text| lookup::probability(corpus, text));
        }
        account.stage("shape");
    }
    // A failure says nothing of the text, and an answer in the making little.
    let is_heard = is_final && needs_model && is_awaited && !matches!(from_model, Err(Reason::EngineFailed(_)));
    let doubt = |best: f32| {
        if is_heard {
            request.lane.doubt().note(Anchor::at(request.document.rope(), request.offset), best, bar);
        }
    };
    if from_model.is_err() {
        doubt(0.0);
    }
    let from_model = match (from_model, &from_lookup) {
        // The lookup engine answers when the model cannot; what is wrong with the model shows in the status.
        (Err(_), Some(_)) => Vec::new(),
        (written, _) => written?,
    };
    let mut chosen = choose(from_lookup, from_model);
    if chosen.is_empty() && in_doubt {
        return Err(Reason::Doubtful);
    }
    if let (true, Some(reason)) = (chosen.is_empty(), nothing) {
        return Err(reason);
    }
    scene.describe(&mut chosen);
    let verdicts = calibration.judge(&mut chosen, bar);
    // What the engines say themselves: weights for the whole scene would hide that the model gropes in the dark.
    if let Some(best) = verdicts.verdicts.iter().map(|verdict| verdict.confidence).reduce(f32::max) {
        doubt(best);
    }
    account.why.gate = Some(verdicts);
    account.why.considered = chosen;
    let shown = gate(account.why.considered.clone(), bar, settings.candidates)?;
    if request.ticket.is_stale() {
        return Err(Reason::Stale);
    }
    if is_final {
        let anchor = Anchor::at(request.document.rope(), request.offset);
        let basis = Basis::new(&request.circumstances(), standing);
        request.lane.remember(Remembered::new(anchor, basis, shown.clone(), !is_awaited));
    }
    Ok(shown)
}

/// The model was far from sure in this word, and nothing that it wrote goes on here.
fn is_in_doubt(request: &Request, plan: Plan) -> bool {
    let now = request.circumstances();
    request.lane.doubt().holds(now.text, now.offset) && !request.lane.is_writing(&now, plan)
}

/// A seat in the flight of the request's lane.
fn board(request: &Request, engine: &dyn Engine, job: Job, standing: &[u64]) -> Seat {
    let head = job.prompt.head();
    let seat = request.flights.board(&request.lane.berths, engine, job, &request.circumstances(), standing);
    if !seat.joined {
        request.lane.evaluated.store(head, Ordering::Relaxed);
    } else if seat.is_ahead {
        request.lane.ahead().hand_over();
    }
    seat
}

pub(super) async fn analysis(request: &mut Request) -> Option<Analysis> {
    let revision = request.revision;
    let reached = request.analysis.wait_for(|analysis| analysis.revision >= revision);
    let analysis = tokio::time::timeout(request.patience.analysis, reached).await.ok()?.ok()?.clone();
    // A newer one has other offsets; the request is stale then and about to find out.
    (analysis.revision == revision).then_some(analysis)
}

fn look_up(
    corpus: &Corpus,
    shaper: &Shaper,
    plan: Plan,
    max_tokens: u32,
    account: &mut Account,
) -> Result<Suggestion, Reason> {
    let limits = lookup::Limits { max_tokens: max_tokens as usize, max_lines: plan.max_lines as usize };
    let prediction = lookup::predict(corpus, limits);
    account.why.lookup = Some((prediction.text.clone(), prediction.confidence));
    let text = account.shaped(shaper.shape(&prediction.text))?;
    let mut features = Features::default();
    features.set_scores(&prediction.tokens, 0..line_end(&text));
    features.set_whether(Feature::Trimmed, account.why.syntax == SyntaxCheck::Trimmed);
    Ok(Suggestion { features, ..Suggestion::new(text, Source::Lookup, prediction.confidence) })
}

/// The engine, unless it cannot answer anyway. An idle one is asked: that is what starts it.
fn ready_model(request: &Request) -> Option<(Arc<dyn Engine>, EngineStatus)> {
    let engine = request.model.clone()?;
    let status = engine.status().borrow().clone();
    match status.state {
        EngineState::Ready => Some((engine, status)),
        EngineState::Idle if request.purpose == Purpose::Answer => Some((engine, status)),
        EngineState::Idle | EngineState::Loading { .. } | EngineState::Failed { .. } => None,
    }
}

/// What the prompt says of the rest of the repository, as far as it is known in time.
pub(super) async fn context(request: &Request, model: Option<&ModelInfo>) -> Vec<Snippet> {
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

pub(super) fn job(
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

/// How the waiting for a generation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waited {
    /// What is there now is all that will be.
    ToTheEnd,
    OutOfPatience,
}

/// Waits until the generation is over, or says enough, or patience ends. An error means that nobody wants the answer.
async fn wait(
    seat: &Seat,
    ticket: &mut Ticket,
    patience: Patience,
    lookup_is_enough: bool,
    shaper: &Shaper,
    plan: Plan,
) -> Result<Waited, Reason> {
    let mut progress = seat.progress.clone();
    let soft = tokio::time::sleep(patience.soft);
    let hard = tokio::time::sleep(patience.hard);
    tokio::pin!(soft, hard);
    let mut lines_seen = 0;
    loop {
        let (done, lines, enough) = {
            let progress = progress.borrow_and_update();
            let lines = progress.candidates.first().map_or(0, |first| first.text.matches('\n').count());
            // A look at every token would cost more than it saves; only a finished line can end a scope.
            let look = plan.candidates == 1 && lines > lines_seen;
            (progress.done, lines, look && says_enough(&progress, seat, shaper))
        };
        lines_seen = lines;
        if ticket.is_stale() {
            return Err(Reason::Stale);
        }
        if done {
            return Ok(Waited::ToTheEnd);
        }
        if enough {
            seat.end();
            // The engine's report follows within one decode step; a slow one is not waited for.
            let _ = tokio::time::timeout(REPORT_PATIENCE, progress.wait_for(|progress| progress.done)).await;
            return Ok(Waited::ToTheEnd);
        }
        tokio::select! {
            biased;
            () = ticket.stale() => return Err(Reason::Stale),
            changed = progress.changed() => if changed.is_err() { return Ok(Waited::ToTheEnd) },
            () = &mut hard => return Ok(Waited::OutOfPatience),
            () = &mut soft, if lookup_is_enough => return Ok(Waited::OutOfPatience),
        }
    }
}

fn says_enough(progress: &Progress, seat: &Seat, shaper: &Shaper) -> bool {
    let Some(candidate) = progress.candidates.first() else { return false };
    let rest = candidate.text.strip_prefix(seat.typed.as_str()).unwrap_or_default();
    shaper.is_complete(rest)
}
