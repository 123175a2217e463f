//! One completion request from snapshot to answer.

use std::sync::Arc;
use std::time::Duration;

use super::account::Account;
use super::anchor::Anchor;
use super::basis::Basis;
use super::choose::{SURE, choose, gate};
use super::gate::{Feature, Features, Scene, line_end};
use super::memory::Remembered;
use super::request::{Purpose, Request};
use super::shape::Shaper;
use super::trigger::{self, Plan};
use super::{Outcome, Place, Reason, Source, Suggestion, SyntaxCheck, Trigger, Why, debounce, model, silence, wanted};
use crate::config::Debounce;
use crate::context::Analysis;
use crate::engine::lookup::{self, Corpus};

/// Trial parses of a remembered text that the editor's brackets cut: rare, but on the protocol's own task.
const RECALL_BUDGET: Duration = Duration::from_millis(2);

/// Answers one request. Dropping the future ends its part in the generation.
pub async fn suggest(mut request: Request) -> (Outcome, Why) {
    let mut account = Account::new(&request);
    let result = run(&mut request, &mut account).await;
    let result = result.map_err(|reason| silence::precise(reason, &request, &account.why));
    let notes = silence::notes(&request, &account.why);
    account.why.notes.extend(notes);
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
    let found: Vec<Suggestion> = if recalled.is_shaped {
        recalled.suggestions
    } else {
        let analysis = request.analysis.borrow();
        let tree = analysis.tree.as_ref().filter(|_| analysis.revision == request.revision);
        let place = Place::at(request.document.rope(), request.offset);
        let max_lines = request.settings.completion.max_lines;
        let shaper = Shaper::within(RECALL_BUDGET, place, max_lines, tree, request.offset);
        let fitting = recalled.suggestions.into_iter().filter_map(|found| {
            let text = shaper.reshape(&found.text)?;
            Some(Suggestion { text, ..found })
        });
        fitting.collect()
    };
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

/// Suggestions that pass the gate, best first; never none.
struct Decided {
    shown: Vec<Suggestion>,
    /// Nothing more is to come.
    is_final: bool,
    /// Fingerprints of what the prompt told from elsewhere.
    standing: Vec<u64>,
}

pub(super) async fn run(request: &mut Request, account: &mut Account) -> Result<Vec<Suggestion>, Reason> {
    let is_awaited = request.purpose == Purpose::Answer;
    let on_screen = match request.trigger {
        Trigger::Automatic if is_awaited => request.lane.shown_for_now(&request.circumstances()),
        _ => Vec::new(),
    };
    let decided = steady(decide(request, account).await, on_screen, account)?;
    if request.ticket.is_stale() {
        return Err(Reason::Stale);
    }
    let anchor = Anchor::at(request.document.rope(), request.offset);
    let basis = Basis::new(&request.circumstances(), decided.standing);
    let place = Remembered::new(anchor, basis, decided.shown.clone(), !is_awaited);
    if decided.is_final {
        request.lane.remember(place);
    } else if is_awaited {
        request.lane.show_for_now(place);
    }
    Ok(decided.shown)
}

/// What is on the screen gives way to a text that goes on from it only, as long as the user types along: nothing flickers.
fn steady(
    decided: Result<Decided, Reason>,
    on_screen: Vec<Suggestion>,
    account: &mut Account,
) -> Result<Decided, Reason> {
    let Some(shown) = on_screen.first() else { return decided };
    let goes_on = |new: &Decided| new.shown.first().is_some_and(|new| new.text.starts_with(&shown.text));
    let (is_final, standing) = match decided {
        Ok(new) if goes_on(&new) => return Ok(new),
        Ok(other) => (other.is_final, other.standing),
        Err(reason) if reason.is_of_text() => (true, Vec::new()),
        Err(reason) => return Err(reason),
    };
    account.why.notes.push("what was on the screen stays, because it is being typed".to_owned());
    Ok(Decided { shown: on_screen, is_final, standing })
}

async fn decide(request: &mut Request, account: &mut Account) -> Result<Decided, Reason> {
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
    let is_sure = from_lookup.as_ref().is_some_and(|suggestion| suggestion.confidence >= SURE);
    let in_doubt = is_awaited && is_in_doubt(request, plan);
    let needs_model = !(is_sure || in_doubt) || request.trigger == Trigger::Invoked;
    let mut heard = None;
    if needs_model {
        let (corpus, from_lookup) = (corpus.as_ref(), from_lookup.as_ref());
        let question = model::Question { plan, shaper: &shaper, scene: &scene, corpus, from_lookup, bar };
        heard = model::ask(request, &question, account).await?;
    }
    // False when more may come than is answered now: then the next request asks again instead of remembering.
    let is_final = heard.as_ref().map_or(request.model.is_none() || !needs_model, |heard| heard.is_whole);
    let is_telling = is_awaited && heard.as_ref().is_some_and(model::Heard::is_telling);
    let (from_model, standing) = heard.map_or((Ok(Vec::new()), Vec::new()), |heard| (heard.written, heard.standing));
    let doubt = |best: f32| {
        if is_telling {
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
    Ok(Decided { shown, is_final, standing })
}

/// The model was far from sure in this word, and nothing that it wrote goes on here.
fn is_in_doubt(request: &Request, plan: Plan) -> bool {
    let now = request.circumstances();
    request.lane.doubt().holds(now.text, now.offset) && !request.lane.is_writing(&now, plan)
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
