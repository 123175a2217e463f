//! Two engines side by side: the same prompts in turns, now one first and now the other, so that what else the machine does
//! meets both. What counts is the ratio of each round.

use std::sync::Arc;

use ropey::Rope;

use super::ask::{Answer, Question, Running, ask, budget};
use super::cold;
use super::figures::{Rival, Speculation};
use super::material::Cursor;
use super::noise::Series;
use super::rounds::{Desk, Rounds, Stage};
use crate::engine::lookup::{Corpus, DocumentTokens, Limits, predict};

/// Prompt tokens of a comparison.
const SIZE: u32 = 512;
/// What a key asks for: a few tokens of prompt are new, and a line is written.
const KEY_EVALUATES: f64 = 32.0;
const KEY_GENERATES: f64 = 16.0;
/// Cursors in a round of drafts: at one alone there may be nothing to draft.
const CURSORS: usize = 4;
/// Most tokens that are generated at each.
const DRAFTED_TEXT: u32 = 48;

/// What one round took: µs a token of prompt and of text, of the one that is set and of its rival.
#[derive(Clone, Copy, Debug)]
struct Round {
    prefill: [f64; 2],
    decode: [f64; 2],
}

/// Measures both with cold prompts. `out` holds what is known so far.
pub async fn requests(
    base: &Running,
    rival: &Running,
    desk: &Desk<'_>,
    stage: &Stage,
    out: &mut Rival,
) -> Result<(), String> {
    let pair = [base, rival];
    for running in pair {
        // Pages, threads and caches are there after one.
        ask(running.engine.as_ref(), cold::question(desk, Some(SIZE)), desk.clock).await?;
    }
    let mut measured: Vec<Round> = Vec::new();
    let mut rounds = Rounds::new(desk, stage);
    let mut number = 0;
    while rounds.another() {
        let question = cold::question(desk, Some(SIZE));
        let mut answers: [Answer; 2] = Default::default();
        for side in order(number) {
            answers[side] = ask(pair[side].engine.as_ref(), question.clone(), desk.clock).await?;
        }
        number += 1;
        out.of += 1;
        out.same += usize::from(answers[0].text == answers[1].text);
        let both = |value: &dyn Fn(&Answer) -> Option<f64>| Some([value(&answers[0])?, value(&answers[1])?]);
        let (prefill, decode) = (both(&Answer::prefill_us), both(&Answer::decode_us));
        // A text that ends at once says nothing of writing.
        if let (Some(prefill), Some(decode)) = (prefill, decode) {
            measured.push(Round { prefill, decode });
        }
        let series = |value: &dyn Fn(&Round) -> f64| Series::new(measured.iter().map(value));
        let request =
            |round: &Round, side: usize| KEY_EVALUATES * round.prefill[side] + KEY_GENERATES * round.decode[side];
        out.request = series(&|round| request(round, 1) / request(round, 0));
        out.prefill = series(&|round| round.prefill[1] / round.prefill[0]);
        out.decode = series(&|round| round.decode[1] / round.decode[0]);
        out.prefill_rate = series(&|round| 1e6 / round.prefill[1]);
        out.decode_rate = series(&|round| 1e6 / round.decode[1]);
    }
    Ok(())
}

/// Measures both with warm prompts and the drafts that lookup makes, as the pipeline does.
pub async fn drafts(
    base: &Running,
    rival: &Running,
    desk: &Desk<'_>,
    stage: &Stage,
    out: &mut Rival,
    base_drafts: bool,
) -> Result<(), String> {
    let pair = [base, rival];
    let drafting = usize::from(!base_drafts);
    let mut total = Speculation::default();
    let mut ratios = Vec::new();
    let mut rates = Vec::new();
    let mut rounds = Rounds::new(desk, stage);
    let mut number = 0;
    while rounds.another() {
        let mut sums = [(0.0, 0.0); 2];
        for cursor in desk.material.cursors(number * CURSORS, CURSORS) {
            let question = at(desk, &cursor);
            let mut answers: [Answer; 2] = Default::default();
            for side in order(number) {
                let engine = pair[side].engine.as_ref();
                // The prompt is warm then, and what is timed is the writing.
                ask(engine, Question { max_tokens: 1, draft: None, ..question.clone() }, desk.clock).await?;
                answers[side] = ask(engine, question.clone(), desk.clock).await?;
            }
            out.of += 1;
            out.same += usize::from(answers[0].text == answers[1].text);
            // Both write the same text unless the numbers of a wide batch tip a choice: each by its own length.
            for (sum, answer) in sums.iter_mut().zip(&answers) {
                sum.0 += answer.report.decode_us as f64;
                sum.1 += f64::from(answer.report.generated.saturating_sub(1));
            }
            let report = &answers[drafting].report;
            total.positions += 1;
            total.drafted += u64::from(report.drafted);
            total.accepted += u64::from(report.accepted);
            total.generated += u64::from(report.generated);
            total.decodes += u64::from(report.decodes);
        }
        number += 1;
        let [base_us, rival_us] = sums.map(|(us, tokens)| us / tokens);
        ratios.push(rival_us / base_us);
        rates.push(1e6 / rival_us);
        (out.request, out.decode) = (Series::new(ratios.iter().copied()), Series::new(ratios.iter().copied()));
        out.decode_rate = Series::new(rates.iter().copied());
        out.speculation = Some(total);
    }
    Ok(())
}

/// The one that is set is first in every other round.
fn order(number: usize) -> [usize; 2] {
    if number.is_multiple_of(2) { [0, 1] } else { [1, 0] }
}

/// A question at a cursor, with lookup's guess of how it goes on.
fn at(desk: &Desk<'_>, cursor: &Cursor) -> Question {
    let completion = &desk.settings.completion;
    let (prefix, suffix) = cursor.held_out();
    let max_tokens = completion.max_tokens.min(DRAFTED_TEXT);
    let limits = Limits { max_tokens: max_tokens as usize, max_lines: completion.max_lines as usize };
    let document = DocumentTokens::new(&Rope::from_str(&format!("{prefix}{suffix}")));
    let guess = predict(&Corpus::new(Arc::new(document), cursor.offset, Vec::new()), limits).text;
    Question {
        lane: desk.number() as u64,
        path: cursor.path.to_string(),
        prefix,
        suffix,
        snippets: Vec::new(),
        budget: budget(desk.settings),
        max_tokens,
        max_lines: completion.max_lines,
        draft: Some(guess).filter(|guess| !guess.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::Settings;
    use crate::measure::Material;
    use crate::measure::testing::{Machine, Time};

    async fn duel(machine: &Machine, time: &Time, change: impl Fn(&mut Settings), is_drafts: bool) -> Rival {
        let (settings, material, clock) = (Settings::default(), Material::built_in(), time.clock());
        let mut other = settings.clone();
        change(&mut other);
        let desk = Desk::new(&settings, &material, &clock, &|_, _| ());
        let stage = Stage { what: "x".into(), share: Duration::from_secs(20), from: 0.0, to: 1.0 };
        let (base, rival) = (machine.running(&settings), machine.running(&other));
        let mut out = Rival::default();
        if is_drafts {
            drafts(&base, &rival, &desk, &stage, &mut out, true).await.unwrap();
        } else {
            requests(&base, &rival, &desk, &stage, &mut out).await.unwrap();
        }
        out
    }

    #[tokio::test]
    async fn twice_as_fast_is_half_the_time() {
        let time = Time::default();
        let machine = Machine::new(&time).with_speed(|settings| match settings.engine.threads {
            2 => (2.0, 2.0),
            _ => (1.0, 1.0),
        });
        let rival = duel(&machine, &time, |settings| settings.engine.threads = 2, false).await;
        assert!((rival.request.median - 0.5).abs() < 0.01 && rival.request.is_better(), "{rival:?}");
        assert!((rival.decode_rate.median - 200.0).abs() < 1.0, "{rival:?}");
        assert_eq!((rival.same, rival.of), (rival.of, rival.request.of));
    }

    #[tokio::test]
    async fn reading_and_writing_are_told_apart() {
        let time = Time::default();
        let machine = Machine::new(&time)
            .with_speed(|settings| if settings.engine.threads == 9 { (0.25, 1.0) } else { (1.0, 1.0) });
        let rival = duel(&machine, &time, |settings| settings.engine.threads = 9, false).await;
        assert!(rival.prefill.is_worse() && !rival.decode.is_clear(), "{rival:?}");
    }

    #[tokio::test]
    async fn noise_is_no_difference() {
        let time = Time::default();
        let machine = Machine::new(&time).with_noise(&[1.0, 1.4, 0.9, 1.1, 1.6, 1.0, 1.3]);
        let rival = duel(&machine, &time, |settings| settings.engine.threads = 2, false).await;
        assert!(rival.request.of >= 3 && rival.request.spread > 0.2, "{rival:?}");
        assert!(!rival.request.is_clear(), "{rival:?}");
    }

    #[tokio::test]
    async fn drafts_are_counted_on_the_side_that_drafts() {
        let time = Time::default();
        let machine = Machine::new(&time)
            .with_speed(|settings| if settings.engine.max_draft_tokens == 0 { (1.0, 0.5) } else { (1.0, 1.0) });
        let rival = duel(&machine, &time, |settings| settings.engine.max_draft_tokens = 0, true).await;
        assert!((rival.request.median - 2.0).abs() < 0.01 && rival.request.is_worse(), "{rival:?}");
        let speculation = rival.speculation.unwrap();
        assert!(speculation.drafted > 0 && speculation.accepted * 3 == speculation.drafted * 2, "{speculation:?}");
        assert_eq!(speculation.positions, rival.of);
    }
}
