//! Several continuations of one prompt: they differ in their first token, share the prompt's cells and are decoded
//! together, one batch a step.

use anyhow::Result;

use super::decode::Entry;
use super::generate::{Choice, Continuation, Runner, Turn};
use super::scores;
use crate::engine::{Event, Finish, Report};

/// A candidate that is still growing.
struct Growing<'s> {
    text: Continuation<'s>,
    index: u32,
    sequence: usize,
    position: usize,
    next: Choice,
}

pub(super) fn run(runner: &mut Runner<'_>, turn: &Turn<'_>, count: usize, report: &mut Report) -> Result<()> {
    let slot = turn.slot;
    let spellings = runner.builder.fim().spellings.clone();
    let spare = runner.decoder.spare_sequence();
    let prompt_length = runner.decoder.slots.get(slot).tokens.len();
    let result = (|| {
        let mut growing = Vec::with_capacity(count);
        for (index, first) in first_choices(runner, turn.row, turn.forced, count).into_iter().enumerate() {
            let sequence = if index == 0 { slot } else { spare + index - 1 };
            if index > 0 {
                runner.decoder.share(slot, sequence)?;
            }
            let text = Continuation::new(index as u32, &spellings, turn);
            growing.push(Growing { text, index: index as u32, sequence, position: prompt_length, next: first });
        }
        if growing.is_empty() {
            turn.sender.send(Event::Finished { candidate: 0, reason: Finish::EndOfText });
        }
        grow(runner, growing, turn, report)
    })();
    for index in 1..count {
        runner.decoder.empty(spare + index - 1);
    }
    // The first candidate's cells are not in the slot's list: a request that accepts it evaluates them again.
    runner.decoder.cut(slot, prompt_length);
    result
}

fn first_choices(runner: &Runner<'_>, row: usize, forced: &[u8], count: usize) -> Vec<Choice> {
    let logits = runner.decoder.logits(row);
    if !forced.is_empty() {
        return runner.choices_under(logits, forced, count);
    }
    let sum = scores::log_sum_exp(logits);
    let ends = |token| runner.ends.get(token as usize).copied().unwrap_or(true);
    scores::top(logits, count, |token| !ends(token))
        .into_iter()
        .map(|token| Choice { token, logprob: (logits[token as usize] - sum).min(0.0) })
        .collect()
}

fn grow(runner: &mut Runner<'_>, mut growing: Vec<Growing<'_>>, turn: &Turn<'_>, report: &mut Report) -> Result<()> {
    let sender = turn.sender;
    loop {
        growing.retain_mut(|candidate| match runner.take(&mut candidate.text, candidate.next, sender, report) {
            Some(reason) => {
                sender.send(Event::Finished { candidate: candidate.index, reason });
                false
            }
            None => true,
        });
        if growing.is_empty() {
            return Ok(());
        }
        (turn.between)();
        if sender.is_cancelled() {
            for candidate in &mut growing {
                let reason = candidate.text.end(sender, Finish::Cancelled);
                sender.send(Event::Finished { candidate: candidate.index, reason });
            }
            return Ok(());
        }
        runner.decoder.decode(growing.iter().map(|candidate| Entry {
            token: candidate.next.token,
            position: candidate.position,
            sequence: candidate.sequence,
            logits: true,
        }))?;
        report.decodes += 1;
        let mut row = 0;
        growing.retain_mut(|candidate| {
            candidate.position += 1;
            let next = runner.choose(row, candidate.text.forced());
            row += 1;
            match next {
                Some(next) => candidate.next = next,
                None => {
                    let reason = candidate.text.end(sender, Finish::EndOfText);
                    sender.send(Event::Finished { candidate: candidate.index, reason });
                }
            }
            next.is_some()
        });
    }
}
