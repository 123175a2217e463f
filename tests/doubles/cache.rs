//! The prompt cache of a provider: prefixes it has read before, by their exact text.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::prompt::{Keep, Prompt};
use super::tokens::{self, Cut};

/// How a provider decides what it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Only what ends at a breakpoint; writing has a price of its own.
    Breakpoints,
    /// What ends at a breakpoint, and the whole prompt where there is none; writing has a price of its own.
    Automatic,
    /// All of it, at no price.
    Free,
}

/// Blocks that are looked back over from a breakpoint.
const LOOK_BACK: usize = 20;

/// Tokens of one prompt, apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Input {
    pub uncached: u64,
    pub read: u64,
    pub write_short: u64,
    pub write_long: u64,
}

impl Input {
    pub fn total(self) -> u64 {
        self.uncached + self.read + self.write_short + self.write_long
    }
}

#[derive(Debug, Default)]
pub struct Cache {
    /// Fingerprint of model and prefix.
    prefixes: HashMap<[u8; 32], Keep>,
}

impl Cache {
    /// Counts a prompt, and keeps of it what is to be kept. Prefixes below `minimum` tokens are not.
    pub fn take(&mut self, prompt: &Prompt, habit: Habit, minimum: u64, cut: Cut) -> Input {
        let mut hash = Sha256::new();
        hash.update(prompt.model.as_bytes());
        let mut total = 0;
        let ends: Vec<(u64, [u8; 32], Option<Keep>)> = prompt
            .segments
            .iter()
            .map(|segment| {
                hash.update((segment.text.len() as u64).to_le_bytes());
                hash.update(segment.text.as_bytes());
                total += tokens::count(&segment.text, cut);
                (total, hash.clone().finalize().into(), segment.keep)
            })
            .collect();
        let last_break = ends.iter().rposition(|(_, _, keep)| keep.is_some());
        let reach = match habit {
            Habit::Breakpoints => last_break.map(|last| last.saturating_sub(LOOK_BACK)..=last),
            Habit::Automatic | Habit::Free => (!ends.is_empty()).then(|| 0..=ends.len() - 1),
        };
        let read = reach
            .into_iter()
            .flatten()
            .rev()
            .map(|at| &ends[at])
            .find(|(_, print, _)| self.prefixes.contains_key(print))
            .map_or(0, |(tokens, ..)| *tokens);
        let mut input = Input { read, ..Input::default() };
        let mut from = read;
        for (at, (tokens, print, keep)) in ends.iter().enumerate() {
            let wanted = match habit {
                Habit::Breakpoints => *keep,
                Habit::Automatic if last_break.is_some() || prompt.is_marked_only => *keep,
                Habit::Automatic => (at + 1 == ends.len()).then_some(Keep::Short),
                Habit::Free => Some(Keep::Short),
            };
            let Some(wanted) = wanted.filter(|_| *tokens >= minimum) else { continue };
            self.prefixes.insert(*print, wanted);
            if habit != Habit::Free && *tokens > from {
                match wanted {
                    Keep::Short => input.write_short += tokens - from,
                    Keep::Long => input.write_long += tokens - from,
                }
                from = *tokens;
            }
        }
        input.uncached = total - from;
        input
    }
}
