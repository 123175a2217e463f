//! From a question to a draft: which thread it goes on, how much room there is, what goes in. Blocks: it searches and reads.

use std::sync::Arc;

use super::super::pack::{self, Ground, Room, Shown};
use super::super::remote::{Cleared, Reach, Site, Standing, Target};
use super::super::route::{Decision, Facts, ModelFacts, Route, decide, is_lookup};
use super::super::threads::{Thread, ThreadTurn, title};
use super::super::{Question, Workspace};
use super::{Parts, Payload};
use crate::budget::tokens_around;
use crate::config::{AskSettings, CloudEffort};
use crate::gate::{Draft, DraftTurn, Piece, Section, Source, Withheld};
use crate::providers::{CacheLife, Effort, Role};

/// Tokens of a server that says nothing of its window: what small models mostly have.
const USUAL_LOCAL_WINDOW: u64 = 8_192;
const USUAL_WINDOW: u64 = 128_000;
/// Tokens that providers put around texts, and what counts of ours may lack.
const MARGIN: u64 = 256;
/// Percent of the room for the first question; the rest is for those that follow.
const FIRST_PERCENT: usize = 80;
/// What is new in a following question, in percent of what stands before it: more than four fifths of each request are then
/// what the provider has seen before.
const NEW_PERCENT: usize = 20;
/// Percent of the room for what was said before, where a full thread begins anew.
const RETOLD_PERCENT: usize = 25;
/// Length of a tag, 64 bits.
const TAG_LETTERS: usize = 16;
const SECONDS_A_DAY: i64 = 86_400;

/// What is known before anything is packed.
#[derive(Debug)]
pub struct Assessed {
    pub facts: Facts,
    /// None where nothing can be sent.
    pub site: Option<Arc<dyn Site>>,
}

impl Assessed {
    pub fn decision(&self) -> Decision {
        decide(&self.facts)
    }
}

pub fn assess(parts: &Parts, question: &Question, workspace: &Workspace) -> Assessed {
    let site =
        parts.remote.as_ref().map(|remote| remote.site(workspace.index.root(), &workspace.settings, &workspace.user));
    // Only a model that is named and cannot be asked is one whose no has to be told.
    let (site, refusal) = match site {
        Some(Ok(site)) => (Some(site), None),
        Some(Err(withheld)) => (None, (withheld != Withheld::NoProvider).then_some(withheld)),
        None => (None, None),
    };
    let choice = question.route.unwrap_or(workspace.settings.ask.route);
    let everywhere = |_: &str| Reach::Out;
    let roughly = |text: &str| text.len().div_ceil(3);
    let reach = |path: &str| site.as_ref().map_or(Reach::Out, |site| site.reach(path));
    let count = |text: &str| site.as_ref().map_or_else(|| roughly(text), |site| site.count(text));
    let is_local = site.as_ref().is_some_and(|site| site.standing().is_local);
    let stays = site.as_ref().is_some_and(|site| site.standing().stays);
    let ground = Ground {
        workspace,
        question,
        // What stays on this machine may be read by its servers; what is denied is in no index.
        reach: if stays { &everywhere } else { &reach },
        count: &count,
        tag: "",
    };
    let model = site.as_ref().map(|site| {
        let standing = site.standing();
        ModelFacts {
            name: name(standing),
            is_local,
            room: room(standing, workspace).0,
            blocked: standing.blocked.clone(),
            down: standing.down.clone(),
            left: standing.left,
        }
    });
    let unusable = refusal.map(|withheld| ModelFacts {
        name: workspace.settings.cloud.model.clone(),
        is_local: false,
        room: 0,
        blocked: Some(withheld),
        down: None,
        left: None,
    });
    let facts = Facts {
        choice,
        kind: question.kind,
        is_lookup: is_lookup(question.kind, &question.text),
        stays: pack::stays(&ground),
        needed: pack::needed(&ground) as u64,
        model: model.or(unusable),
        here: None,
    };
    Assessed { facts, site }
}

/// A question ready for the gate, and how its thread would go on.
#[derive(Debug)]
pub struct Prepared {
    pub draft: Draft,
    /// The thread as it was, and the turn that this question is, without its answer.
    pub thread: Thread,
    pub turn: ThreadTurn,
    /// Sentences for the user.
    pub notes: Vec<String>,
}

/// Provider and model, for people.
pub fn name(standing: &Standing) -> String {
    format!("{} {}", standing.endpoint.name, standing.model)
}

/// Tokens of the prompt and of the answer.
pub fn room(standing: &Standing, workspace: &Workspace) -> (u64, u32) {
    let (cloud, AskSettings { context_tokens, .. }) = (&workspace.settings.cloud, &workspace.settings.ask);
    let usual = if standing.is_local { USUAL_LOCAL_WINDOW } else { USUAL_WINDOW };
    let window = standing.window.unwrap_or(usual);
    // A small window is not for the answer alone.
    let output = cloud.max_output_tokens.min(u32::try_from(window / 4).unwrap_or(u32::MAX)).max(1);
    let prompt = window.saturating_sub(u64::from(output) + MARGIN).min(u64::from(*context_tokens));
    (prompt, output)
}

/// Withheld: the question alone is too long.
pub fn prepare(
    parts: &Parts,
    question: &Question,
    workspace: &Workspace,
    site: &dyn Target,
) -> Result<Prepared, Withheld> {
    let standing = site.standing();
    let (prompt, max_output) = room(standing, workspace);
    let prompt = usize::try_from(prompt).unwrap_or(usize::MAX);
    let mut notes = Vec::new();
    let old = question.thread.as_ref().and_then(|id| {
        let thread = parts.threads.load(id).filter(|thread| thread.folder == folder(workspace));
        if thread.is_none() {
            notes.push("The thread is gone or of another folder; this question begins a new one.".to_owned());
        }
        let may_go_on = |thread: &Thread| standing.stays || !thread.stays;
        if thread.as_ref().is_some_and(|thread| !may_go_on(thread)) {
            notes.push(
                "A model on this machine answered in this thread, so nothing of it leaves; this question begins a new one."
                    .to_owned(),
            );
        }
        thread.filter(may_go_on)
    });
    let tag = old.as_ref().map_or_else(|| tag(parts, workspace), |thread| thread.tag.clone());
    let reach = |path: &str| match site.reach(path) {
        // It does not leave; what is denied is read by no server.
        Reach::Stays if standing.stays => Reach::Out,
        reach => reach,
    };
    let count = |text: &str| site.count(text);
    let ground = Ground { workspace, question, reach: &reach, count: &count, tag: &tag };
    let asked = question_pieces(&ground);
    let asked_tokens = tokens(&ground, &asked);
    // A long one leaves no room for our own words, without which nothing is sent.
    let is_long = asked_tokens > prompt / 2;
    if is_long && asked_tokens + tokens(&ground, &pack::stable(&ground, 0).pieces) > prompt {
        return Err(Withheld::Request(format!(
            "the question alone may have {asked_tokens} tokens, and {prompt} are allowed with all that belongs to it; shorten it, \
             or raise `ask.contextTokens`"
        )));
    }
    // What is the same for every question gives way to a long one.
    let room_for_stable = (prompt * FIRST_PERCENT / 100).min(prompt.saturating_sub(asked_tokens));
    let (mut thread, known) = match old {
        Some(thread) => (thread, true),
        None => (begin(parts, question, workspace, &ground, room_for_stable), false),
    };
    let mut before = thread_tokens(&ground, &thread);
    if known && before + asked_tokens > prompt {
        // It goes on from a fresh pack, with what was said and without what was shown.
        notes.push("The thread was full, so what it had shown before was left out of it.".to_owned());
        thread = retold(
            parts,
            question,
            workspace,
            &ground,
            (room_for_stable, prompt.saturating_sub(asked_tokens)),
            &thread,
        );
        before = thread_tokens(&ground, &thread);
    }
    let is_following = thread.turns.iter().any(|turn| !turn.shown.is_empty());
    let most =
        if is_following { prompt.min(before + before * NEW_PERCENT / 100) } else { prompt * FIRST_PERCENT / 100 };
    let shown: Vec<Shown> = thread.shown();
    let space = Room { tokens: most, taken: (before + asked_tokens).min(most), tiers: tiers(standing, &thread) };
    let context = pack::relevant(&ground, &space, &shown);
    if !context.withheld.is_empty() {
        notes.push(left_out(&context.withheld));
    }
    let turn = ThreadTurn { context: context.pieces, question: asked, answer: String::new(), shown: context.shown };
    let draft = Draft {
        endpoint: standing.endpoint.clone(),
        model: standing.model.clone(),
        system: vec![Section { pieces: thread.stable.clone(), cache: Some(CacheLife::Short) }],
        turns: turns(&thread, &turn),
        max_output,
        effort: Some(effort(workspace.settings.cloud.effort)),
        fill: None,
    };
    thread.stays |= standing.stays;
    Ok(Prepared { draft, thread, turn, notes })
}

pub fn payload(parts: &Parts, question: &Question, workspace: &Workspace) -> Result<Payload, Withheld> {
    let remote = parts.remote.as_ref().ok_or(Withheld::NoProvider)?;
    let site = remote.site(workspace.index.root(), &workspace.settings, &workspace.user)?;
    if let Some(withheld) = &site.standing().blocked {
        return Err(withheld.clone());
    }
    let decision = assess(parts, question, workspace).decision();
    if let (Route::Local, super::super::route::Reason::Stays(path)) = (decision.route, decision.reason) {
        return Err(Withheld::LocalOnly { paths: vec![path] });
    }
    let prepared = prepare(parts, question, workspace, site.as_ref())?;
    let cleared: Arc<dyn Cleared> = site.clear(prepared.draft, question.limit)?;
    Ok(Payload { preview: cleared.preview().clone(), texts: cleared.texts() })
}

/// What stands in the marks around everything that comes from the repository: nobody who writes into it can know the tag. It is
/// the same all day, so that the same question is the same bytes: the guard against loops knows it again, and a provider has
/// the map and the documents of another thread in its cache.
fn tag(parts: &Parts, workspace: &Workspace) -> String {
    let Some(key) = &parts.key else { return format!("{:016x}", (parts.random)() as u64) };
    let day = parts.now().div_euclid(SECONDS_A_DAY);
    let hash = key.hash("tandem 2026-11 tags of questions", &[folder(workspace).as_bytes(), &day.to_le_bytes()]);
    hash.chars().take(TAG_LETTERS).collect()
}

fn folder(workspace: &Workspace) -> String {
    workspace.index.root().to_string_lossy().into_owned()
}

fn effort(effort: CloudEffort) -> Effort {
    match effort {
        CloudEffort::Low => Effort::Low,
        CloudEffort::Medium => Effort::Medium,
        CloudEffort::High => Effort::High,
    }
}

fn begin(parts: &Parts, question: &Question, workspace: &Workspace, ground: &Ground<'_>, room: usize) -> Thread {
    let stable = pack::stable(ground, room);
    let words = if question.text.trim().is_empty() {
        let name = question.focus.as_ref().map(|focus| focus.name.clone().unwrap_or_else(|| focus.path.clone()));
        format!("{:?} {}", question.kind, name.unwrap_or_default())
    } else {
        question.text.clone()
    };
    Thread {
        id: format!("{:016x}", ((parts.random)() >> 64) as u64),
        title: title(&words),
        folder: folder(workspace),
        at: parts.now(),
        tag: ground.tag.to_owned(),
        stays: false,
        stable: stable.pieces,
        turns: Vec::new(),
    }
}

/// The same thread with a fresh stable part and the last questions and answers, as many as there is room for.
fn retold(
    parts: &Parts,
    question: &Question,
    workspace: &Workspace,
    ground: &Ground<'_>,
    (room_for_stable, room): (usize, usize),
    old: &Thread,
) -> Thread {
    let retold = room * RETOLD_PERCENT / 100;
    let mut fresh = begin(parts, question, workspace, ground, room_for_stable.min(room - retold));
    (fresh.id, fresh.title, fresh.stays) = (old.id.clone(), old.title.clone(), old.stays);
    let mut left = retold;
    for turn in old.turns.iter().rev() {
        let tokens = tokens(ground, &turn.question) + (ground.count)(&turn.answer);
        if tokens > left {
            break;
        }
        left -= tokens;
        let (question, answer) = (turn.question.clone(), turn.answer.clone());
        fresh.turns.insert(0, ThreadTurn { context: Vec::new(), question, answer, shown: Vec::new() });
    }
    fresh
}

fn question_pieces(ground: &Ground<'_>) -> Vec<Piece> {
    let Ground { question, tag, .. } = ground;
    let ours = |text: String| Piece { text: Arc::from(text), source: Source::Instructions };
    let mut pieces = Vec::new();
    if let Some(focus) = &question.focus {
        // Headings and keys are names, too: what they say is not the user's to say.
        let name = focus.name.as_ref().map_or_else(String::new, |name| format!(" name={}", pack::quoted(name)));
        let bytes = focus.range.clone().unwrap_or(0..0);
        let rows = rows_of(ground, focus.path.as_str(), &bytes);
        let text = format!("<focus-{tag} path={}{rows}{name}></focus-{tag}>\n", pack::quoted(&focus.path));
        pieces.push(Piece { text: Arc::from(text), source: Source::File { path: focus.path.clone(), bytes: 0..0 } });
    }
    pieces.push(ours(format!("<question-{tag}>\n{}", pack::for_question(question.kind))));
    if !question.text.trim().is_empty() {
        let text = format!("{}\n", question.text.trim());
        pieces.push(Piece { text: Arc::from(text), source: Source::Question });
    }
    pieces.push(ours(format!("</question-{tag}>\n")));
    pieces
}

/// ` lines="3-9"` where the focus is a part of the file.
fn rows_of(ground: &Ground<'_>, path: &str, bytes: &std::ops::Range<usize>) -> String {
    if bytes.is_empty() {
        return String::new();
    }
    let text = ground.workspace.text(path).unwrap_or_default();
    let row = |byte: usize| text.as_bytes().iter().take(byte).filter(|byte| **byte == b'\n').count() + 1;
    format!(" lines=\"{}-{}\"", row(bytes.start), row(bytes.end.saturating_sub(1)))
}

/// The thread and the new question as turns. What the provider is to keep ends with a question: all before it is the same next
/// time.
fn turns(thread: &Thread, turn: &ThreadTurn) -> Vec<DraftTurn> {
    let mut turns = Vec::new();
    let count = thread.turns.len() + 1;
    for (number, turn) in (1..).zip(thread.turns.iter().chain([turn])) {
        let mut sections = Vec::new();
        if !turn.context.is_empty() {
            sections.push(pack::section(turn.context.clone()));
        }
        // The last two: what was written for the one before is read, and this one is written.
        let cache = (number + 1 >= count).then_some(CacheLife::Short);
        sections.push(Section { pieces: turn.question.clone(), cache });
        turns.push(DraftTurn { role: Role::User, sections });
        if number < count {
            let answer = Piece { text: Arc::from(turn.answer.as_str()), source: Source::Answer };
            turns.push(DraftTurn { role: Role::Assistant, sections: vec![pack::section(vec![answer])] });
        }
    }
    turns
}

/// Where tiers begin for the texts alone: a price counts what stands around them, too.
fn tiers(standing: &Standing, thread: &Thread) -> Vec<u64> {
    // The stable part, a context and a question in a turn of the user's, an answer in one of the model's.
    let parts = 4 + 5 * thread.turns.len() as u64;
    standing.tiers.iter().map(|tier| tier.saturating_sub(tokens_around(parts))).collect()
}

fn tokens(ground: &Ground<'_>, pieces: &[Piece]) -> usize {
    let text: String = pieces.iter().map(|piece| &*piece.text).collect();
    (ground.count)(&text)
}

fn thread_tokens(ground: &Ground<'_>, thread: &Thread) -> usize {
    let turns = thread
        .turns
        .iter()
        .map(|turn| tokens(ground, &turn.context) + tokens(ground, &turn.question) + (ground.count)(&turn.answer));
    tokens(ground, &thread.stable) + turns.sum::<usize>()
}

fn left_out(withheld: &[String]) -> String {
    let count = withheld.len();
    let files = if count == 1 { "file that may not leave was" } else { "files that may not leave were" };
    format!("{count} {files} left out.")
}
