//! The model at work: batches, the KV cache and the time they take. Knows tokens, not texts or jobs.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::session::LlamaStateSeqFlags;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::token::LlamaToken;

use super::load::ContextPlan;
use super::lora::Adapter;
use super::slots::{Slots, common_prefix};
use super::steps::Steps;
use crate::engine::fim::Token;
use crate::engine::threads::Threads;

/// Most bytes of keys and values that move into another context.
const MOST_CARRIED: usize = 128 << 20;

const NO_CONTEXT: &str = "there is no context any more";

/// A context with its book-keeping.
pub(super) struct Decoder<'m> {
    /// Absent only after another could not be made in its place.
    context: Option<LlamaContext<'m>>,
    batch: LlamaBatch<'static>,
    pub slots: Slots,
    pub plan: ContextPlan,
    /// What each new context has to be told of.
    pub adapter: Option<Adapter>,
    /// How many threads the machine can bear. `plan.threads` is what the context has.
    pub threads: Threads,
    /// Sequences can be cut back to a common prefix.
    pub can_cut: bool,
    /// How long steps of a prompt are.
    steps: Steps,
    vocabulary_size: usize,
    /// µs inside llama.cpp since it was last taken.
    compute_us: u64,
}

/// One token of a batch: what, where, in which sequence, and whether its logits are wanted.
pub(super) struct Entry {
    pub token: Token,
    pub position: usize,
    pub sequence: usize,
    pub logits: bool,
}

impl<'m> Decoder<'m> {
    pub fn new(context: LlamaContext<'m>, plan: ContextPlan, can_cut: bool, vocabulary_size: usize) -> Self {
        Self {
            batch: LlamaBatch::new(plan.batch as usize, 1),
            slots: Slots::new(plan.slots as usize, plan.cells as usize),
            steps: Steps::new(plan.batch as usize, is_for_threads(&plan)),
            context: Some(context),
            threads: Threads::new(plan.threads),
            plan,
            adapter: None,
            can_cut,
            vocabulary_size,
            compute_us: 0,
        }
    }

    pub fn take_compute_us(&mut self) -> u64 {
        std::mem::take(&mut self.compute_us)
    }

    /// Evaluates at most `plan.batch` tokens; returns the µs that it took.
    ///
    /// # Errors
    /// When llama.cpp refuses the batch. What the cache holds then is not known.
    pub fn decode(&mut self, entries: impl IntoIterator<Item = Entry>) -> Result<f32> {
        self.batch.clear();
        for entry in entries {
            // An id outside the vocabulary is undefined behaviour in C++.
            anyhow::ensure!((entry.token as usize) < self.vocabulary_size, "a token is not in the vocabulary");
            if entry.sequence < self.plan.slots as usize {
                let slot = self.slots.get_mut(entry.sequence);
                slot.filled = slot.filled.max(entry.position + 1);
            }
            self.batch
                .add(LlamaToken(entry.token), entry.position as i32, &[entry.sequence as i32], entry.logits)
                .context("the batch is too long")?;
        }
        anyhow::ensure!(self.batch.n_tokens() > 0, "the batch is empty");
        let context = self.context.as_mut().context(NO_CONTEXT)?;
        let start = Instant::now();
        let result = context.decode(&mut self.batch);
        // GPU backends return before the work is done.
        context.synchronize();
        let elapsed = start.elapsed();
        self.compute_us += elapsed.as_micros() as u64;
        self.steps.decoded(self.batch.n_tokens() as usize, elapsed.as_secs_f32() * 1e6);
        if self.computes_on_threads() {
            let width = self.batch.n_tokens() as usize;
            self.threads.measured(start + elapsed, self.plan.threads, width, elapsed.as_secs_f32() * 1e6);
        }
        result.map_err(|error| {
            anyhow::anyhow!("llama.cpp could not evaluate {} tokens: {error}", self.batch.n_tokens())
        })?;
        Ok(elapsed.as_secs_f32() * 1e6)
    }

    /// The logits of the batch's entry `index`, which must have asked for them.
    pub fn logits(&self, index: usize) -> &[f32] {
        self.context.as_ref().map_or(&[], |context| context.get_logits_ith(index as i32))
    }

    /// Makes a slot ready for a prompt: keeps the common prefix, removes the rest, makes room. Returns the tokens kept;
    /// at least the prompt's last token is left to evaluate.
    pub fn prepare(&mut self, slot: usize, prompt: &[Token], room: usize) -> usize {
        let cached = self.slots.get(slot).tokens.len();
        let mut kept = common_prefix(&self.slots.get(slot).tokens, prompt).min(prompt.len().saturating_sub(1));
        if !self.can_cut && kept < cached {
            kept = 0;
        }
        self.cut(slot, kept);
        while self.plan.shared
            && let Some(other) = self.slots.to_evict(slot, prompt.len() + room)
        {
            self.cut(other, 0);
        }
        // A cut that llama.cpp refused has emptied the slot.
        kept.min(self.slots.get(slot).tokens.len())
    }

    /// Evaluates the prompt's tokens after those that the slot holds, step by step. Returns None when `cancelled` said
    /// so; the slot then holds what was evaluated. The last token's logits are those of the returned index.
    pub fn prefill(
        &mut self,
        slot: usize,
        prompt: &[Token],
        mut cancelled: impl FnMut() -> bool,
    ) -> Result<Option<usize>> {
        loop {
            if cancelled() {
                return Ok(None);
            }
            let row = self.prefill_step(slot, prompt)?;
            if row.is_some() {
                return Ok(row);
            }
        }
    }

    /// Evaluates one step of the prompt's tokens after those that the slot holds. The index of the last token's logits, once
    /// that is among them.
    pub fn prefill_step(&mut self, slot: usize, prompt: &[Token]) -> Result<Option<usize>> {
        let done = self.slots.get(slot).tokens.len();
        let count = self.steps.next().min(prompt.len() - done);
        let last = done + count == prompt.len();
        let chunk = &prompt[done..done + count];
        let elapsed = self.decode(chunk.iter().enumerate().map(|(index, token)| Entry {
            token: *token,
            position: done + index,
            sequence: slot,
            logits: last && index + 1 == count,
        }))?;
        self.slots.get_mut(slot).tokens.extend_from_slice(chunk);
        self.steps.stepped(count, elapsed);
        Ok(last.then(|| count - 1))
    }

    /// Shortens a slot's sequence to at most `length` tokens.
    pub fn cut(&mut self, slot: usize, length: usize) {
        let entry = self.slots.get_mut(slot);
        entry.tokens.truncate(length);
        let length = entry.tokens.len();
        // llama.cpp looks at every cell for this: not to be asked in vain.
        if entry.filled <= length {
            return;
        }
        entry.filled = length;
        let Some(context) = &mut self.context else { return };
        if context.kv_cache_seq_rm(slot as i32, Some(length as u32), None).is_err() {
            // Recurrent models can only forget everything.
            let _ = context.kv_cache_seq_rm(slot as i32, None, None);
            let entry = self.slots.get_mut(slot);
            entry.tokens.clear();
            entry.filled = 0;
        }
    }

    /// Empties a sequence that belongs to no slot.
    pub fn empty(&mut self, sequence: usize) {
        if let Some(context) = &mut self.context {
            let _ = context.kv_cache_seq_rm(sequence as i32, None, None);
        }
    }

    /// Lets another sequence share what `from` holds.
    pub fn share(&mut self, from: usize, to: usize) -> Result<()> {
        let context = self.context.as_mut().context(NO_CONTEXT)?;
        let _ = context.kv_cache_seq_rm(to as i32, None, None);
        context.kv_cache_seq_cp(from as i32, to as i32, None, None).context("the prompt cannot be shared")
    }

    /// Measures what decodes of some widths cost: (width, best µs of a few). Uses an empty slot and leaves it empty.
    pub fn costs_by_width(&mut self, filler: Token, limit: Duration) -> Result<Vec<(usize, f32)>> {
        const WIDTHS: [usize; 5] = [1, 2, 4, 8, 16];
        // Attention costs as much as in a prompt of common length.
        const CONTEXT: usize = 512;
        let start = Instant::now();
        let widest = self.plan.batch as usize;
        self.reset();
        let context = vec![filler; CONTEXT.min(self.plan.window as usize / 2)];
        // A slow device has a shorter one, or it would take longer than all that is measured in it.
        self.prefill(0, &context, || start.elapsed() > limit / 2)?;
        let context = self.slots.get(0).tokens.len();
        let mut best: Vec<(usize, f32)> = Vec::new();
        for _ in 0..4 {
            for (index, width) in WIDTHS.into_iter().filter(|width| *width <= widest).enumerate() {
                if start.elapsed() > limit {
                    break;
                }
                let elapsed = self.decode((0..width).map(|offset| Entry {
                    token: filler,
                    position: context + offset,
                    sequence: 0,
                    logits: true,
                }))?;
                match best.get_mut(index) {
                    Some((_, least)) => *least = least.min(elapsed),
                    None => best.push((width, elapsed)),
                }
                self.cut(0, context);
            }
        }
        self.reset();
        Ok(best)
    }

    /// Forgets everything: after an error nobody knows what the cache holds.
    pub fn reset(&mut self) {
        if let Some(context) = &mut self.context {
            context.clear_kv_cache();
        }
        self.slots.clear();
    }

    /// Threads matter. On a GPU they wait.
    pub fn computes_on_threads(&self) -> bool {
        is_for_threads(&self.plan)
    }

    /// Computes with so many threads from now on. llama.cpp's wrapper gives no access to a context's threads, so `make`
    /// makes another context, and the prompts that were used last move into it.
    ///
    /// # Errors
    /// When none could be made: this decoder is of no use any more.
    pub fn set_threads(
        &mut self,
        threads: u32,
        make: impl FnOnce(&ContextPlan) -> Result<LlamaContext<'m>, String>,
    ) -> Result<(), String> {
        let plan = ContextPlan { threads, ..self.plan };
        let mut kept = Vec::new();
        let mut bytes = 0;
        if let Some(context) = self.context.take() {
            for slot in self.slots.latest_first() {
                let flags = LlamaStateSeqFlags::empty();
                bytes += context.state_seq_get_size_ext(slot as i32, flags);
                if bytes > MOST_CARRIED {
                    break;
                }
                kept.extend(context.state_seq_get(slot as i32, flags).ok().map(|state| (slot, state)));
            }
        }
        // The old one is gone by now: there need not be memory for two.
        let mut context = make(&plan)?;
        if let Some(adapter) = &mut self.adapter {
            adapter.apply(&mut context)?;
        }
        for slot in 0..self.plan.slots as usize {
            let state = kept.iter().find(|(index, _)| *index == slot).map(|(_, state)| state);
            if state.is_none_or(|state| context.state_seq_set(state, slot as i32).is_err()) {
                let _ = context.kv_cache_seq_rm(slot as i32, None, None);
                let entry = self.slots.get_mut(slot);
                entry.tokens.clear();
                entry.filled = 0;
            }
        }
        self.context = Some(context);
        self.steps = Steps::new(plan.batch as usize, is_for_threads(&plan));
        self.plan = plan;
        Ok(())
    }

    /// The first sequence that belongs to no slot.
    pub fn spare_sequence(&self) -> usize {
        self.plan.slots as usize
    }
}

fn is_for_threads(plan: &ContextPlan) -> bool {
    plan.batch <= crate::models::fit::CPU_BATCH
}
