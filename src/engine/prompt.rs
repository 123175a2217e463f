//! Lays out fill-in-the-middle prompts in token ids, to exact budgets, so that what changes with a keystroke stands
//! last. Knows vocabularies only through a trait: nothing here may touch llama.cpp.
//!
//! prefix-suffix-middle: `[files][prefix: lines above the cursor][suffix][middle][cursor's line up to the cursor]`.
//! The cursor's line stands behind the middle marker, as text that the model has written already.
//! suffix-prefix: `[files][suffix][prefix up to the cursor]`: typing appends.

mod cache;
mod window;

use rustc_hash::FxHashMap;

pub use cache::{SplitRule, TokenCache};

use super::fim::{FileFormat, Fim, Layout, Token, Vocabulary};
use super::{FimPrompt, Job, PromptBudget, TokenShare};
use window::LaneWindow;

/// Lanes whose windows are remembered; the one unused for longest goes.
const REMEMBERED_LANES: usize = 64;

/// A prompt that is ready to be evaluated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prompt {
    pub tokens: Vec<Token>,
    pub shares: Vec<TokenShare>,
    /// The end of the prompt's text that was taken off it because the cursor stands inside an identifier: the
    /// generation has to begin with these bytes (token healing). Often empty.
    pub forced: Vec<u8>,
}

/// Makes prompts for one model; remembers the windows of each (client, lane).
pub struct PromptBuilder {
    fim: Fim,
    cache: TokenCache,
    lanes: FxHashMap<(u64, u64), (u64, LaneWindow)>,
    clock: u64,
    /// Most tokens of a prompt and its generation together.
    context: usize,
    /// Take the cursor's unfinished identifier off the prompt.
    heal: bool,
}

/// Budgets in tokens after they were lowered to the context.
struct Budget {
    prefix: usize,
    suffix: usize,
    snippets: usize,
}

impl PromptBuilder {
    pub fn new(fim: Fim, rule: SplitRule, context: u32) -> Self {
        Self {
            fim,
            cache: TokenCache::new(rule),
            lanes: FxHashMap::default(),
            clock: 0,
            context: context as usize,
            heal: true,
        }
    }

    /// Without token healing the prompt ends exactly at the cursor. For comparison.
    pub fn with_healing(mut self, heal: bool) -> Self {
        self.heal = heal;
        self
    }

    pub fn fim(&self) -> &Fim {
        &self.fim
    }

    pub fn build(&mut self, vocabulary: &impl Vocabulary, client: u64, job: &Job) -> Prompt {
        let mut lane = self.take_lane(client, job.lane);
        let mut parts = Parts { tokens: Vec::with_capacity(1024), shares: Vec::with_capacity(8) };
        let budget = self.budget(job);
        let prompt = &job.prompt;

        if let Some(token) = vocabulary.start_of_text() {
            parts.marker(token);
        }
        self.files_before(vocabulary, prompt, budget.snippets, &mut parts);
        let line_start = prompt.prefix.rfind('\n').map_or(0, |line_break| line_break + 1);
        let (above, line) = prompt.prefix.split_at(line_start);
        match self.fim.layout {
            Layout::PrefixSuffixMiddle => {
                let mut line_tokens = Vec::new();
                window::prefix(
                    &mut self.cache,
                    vocabulary,
                    line,
                    budget.prefix,
                    &mut LaneWindow::default(),
                    &mut line_tokens,
                );
                parts.marker(self.fim.prefix);
                self.files_in_prefix(vocabulary, prompt, budget.snippets, &mut parts);
                let room = budget.prefix - line_tokens.len();
                let cache = &mut self.cache;
                parts.add("prefix", |out| {
                    window::prefix(cache, vocabulary, above, room, &mut lane, out);
                });
                parts.marker(self.fim.suffix);
                parts.add("suffix", |out| {
                    window::suffix(cache, vocabulary, &prompt.suffix, budget.suffix, &mut lane, out);
                });
                self.fim.middle.into_iter().for_each(|token| parts.marker(token));
                parts.add("line", |out| out.append(&mut line_tokens));
            }
            Layout::SuffixPrefixMiddle => {
                parts.marker(self.fim.suffix);
                let cache = &mut self.cache;
                parts.add("suffix", |out| {
                    window::suffix(cache, vocabulary, &prompt.suffix, budget.suffix, &mut lane, out);
                });
                parts.marker(self.fim.prefix);
                self.files_in_prefix(vocabulary, prompt, budget.snippets, &mut parts);
                let cache = &mut self.cache;
                parts.add("prefix", |out| {
                    window::prefix(cache, vocabulary, &prompt.prefix, budget.prefix, &mut lane, out);
                });
                parts.split_last("line", line.len(), |token| vocabulary.piece(token).len());
                self.fim.middle.into_iter().for_each(|token| parts.marker(token));
            }
        }
        self.lanes.insert((client, job.lane), (self.clock, lane));

        // A middle marker between the text and the generation leaves nothing to heal.
        let text_is_last = self.fim.layout == Layout::PrefixSuffixMiddle || self.fim.middle.is_none();
        let forced = if self.heal && text_is_last { parts.heal(vocabulary, line) } else { Vec::new() };
        Prompt { tokens: parts.tokens, shares: parts.shares, forced }
    }

    /// Forgets the windows of a client that went away.
    pub fn forget_client(&mut self, client: u64) {
        self.lanes.retain(|(owner, _), _| *owner != client);
    }

    /// Where there are no snippets nothing is kept for them.
    fn budget(&self, job: &Job) -> Budget {
        let snippets = if job.prompt.snippets.is_empty() { 0 } else { job.budget.snippets };
        let context = u32::try_from(self.context).unwrap_or(u32::MAX);
        let budget = PromptBudget { snippets, ..job.budget }.within(context, job.max_tokens);
        Budget { prefix: budget.prefix as usize, suffix: budget.suffix as usize, snippets: budget.snippets as usize }
    }

    fn take_lane(&mut self, client: u64, lane: u64) -> LaneWindow {
        self.clock += 1;
        if self.lanes.len() >= REMEMBERED_LANES
            && !self.lanes.contains_key(&(client, lane))
            && let Some(oldest) = self.lanes.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| *key)
        {
            self.lanes.remove(&oldest);
        }
        self.lanes.remove(&(client, lane)).map(|(_, window)| window).unwrap_or_default()
    }

    /// Repository, snippets and the path of the cursor's file, where they stand before the markers.
    fn files_before(&mut self, vocabulary: &impl Vocabulary, prompt: &FimPrompt, budget: usize, parts: &mut Parts) {
        match (self.fim.file_format, self.fim.file) {
            (FileFormat::Tokens | FileFormat::FileToken, Some(file)) => {
                let snippets = self.fitting_snippets(vocabulary, prompt, budget, "");
                if let (FileFormat::Tokens, Some(token), Some(name), false) =
                    (self.fim.file_format, self.fim.repository, &prompt.repository, snippets.is_empty())
                {
                    parts.marker(token);
                    let line_break = if self.fim.repository_line { "\n" } else { "" };
                    parts.add("repository", |out| vocabulary.tokenize(&format!("{}{line_break}", heading(name)), out));
                }
                for snippet in snippets {
                    parts.marker(file);
                    parts.add("snippets", |out| out.extend(snippet));
                }
                if !prompt.path.is_empty() {
                    parts.marker(file);
                    let cache = &mut self.cache;
                    parts.add("path", |out| cache.tokenize(vocabulary, &format!("{}\n", heading(&prompt.path)), out));
                }
            }
            (FileFormat::HeadingBefore(mark), _) => {
                for snippet in self.fitting_snippets(vocabulary, prompt, budget, mark) {
                    parts.add("snippets", |out| out.extend(snippet));
                }
            }
            _ => {}
        }
    }

    /// Snippets of families that know no files: at the head of the prefix, each under a line with its path.
    fn files_in_prefix(&mut self, vocabulary: &impl Vocabulary, prompt: &FimPrompt, budget: usize, parts: &mut Parts) {
        if let FileFormat::HeadingInPrefix(mark) = self.fim.file_format
            && !prompt.snippets.is_empty()
        {
            for snippet in self.fitting_snippets(vocabulary, prompt, budget, mark) {
                parts.add("snippets", |out| out.extend(snippet));
            }
            if !prompt.path.is_empty() {
                parts.add("path", |out| vocabulary.tokenize(&format!("{mark}{}\n", heading(&prompt.path)), out));
            }
        }
    }

    /// The tokens of the last snippets that fit, in order; one too long alone is cut at its tail.
    fn fitting_snippets(
        &mut self,
        vocabulary: &impl Vocabulary,
        prompt: &FimPrompt,
        budget: usize,
        mark: &str,
    ) -> Vec<Vec<Token>> {
        let mut fitting = Vec::new();
        let mut left = budget;
        for snippet in prompt.snippets.iter().rev() {
            let mut tokens = Vec::new();
            vocabulary.tokenize(&format!("{mark}{}\n", heading(&snippet.path)), &mut tokens);
            self.cache.tokenize(vocabulary, &snippet.text, &mut tokens);
            if !snippet.text.ends_with('\n') {
                vocabulary.tokenize("\n", &mut tokens);
            }
            if tokens.len() > left {
                if fitting.is_empty() && left > 0 {
                    tokens.truncate(left);
                    fitting.push(tokens);
                }
                break;
            }
            left -= tokens.len();
            fitting.push(tokens);
        }
        fitting.reverse();
        fitting
    }
}

/// A path or name as a prompt has it: one line, of a long path the last parts.
///
/// In deep trees the whole of it costs as much as a signature below: 90 bytes are usual in Kafka.
pub fn heading(text: &str) -> String {
    const LONGEST: usize = 48;
    let line: String = text.chars().filter(|character| !character.is_control()).collect();
    let skip = line.chars().count().saturating_sub(LONGEST);
    if skip == 0 {
        return line;
    }
    // From the beginning of a part on; a single part is cut.
    let tail: String = line.chars().skip(skip - 1).collect();
    match tail.split_once('/') {
        Some((_, parts)) if !parts.is_empty() => parts.to_owned(),
        _ => tail.chars().skip(1).collect(),
    }
}

/// A prompt in the making: tokens, and how many came from where.
struct Parts {
    tokens: Vec<Token>,
    shares: Vec<TokenShare>,
}

impl Parts {
    fn marker(&mut self, token: Token) {
        self.tokens.push(token);
        self.count("markers", 1);
    }

    fn add(&mut self, source: &str, append: impl FnOnce(&mut Vec<Token>)) {
        let before = self.tokens.len();
        append(&mut self.tokens);
        self.count(source, self.tokens.len() - before);
    }

    fn count(&mut self, source: &str, tokens: usize) {
        if tokens == 0 {
            return;
        }
        match self.shares.iter_mut().find(|share| share.source == source) {
            Some(share) => share.tokens += tokens as u32,
            None => self.shares.push(TokenShare { source: source.to_owned(), tokens: tokens as u32 }),
        }
    }

    /// Gives the tokens that hold the last `bytes` bytes their own source. A token across the border counts to it.
    fn split_last(&mut self, source: &str, bytes: usize, length: impl Fn(Token) -> usize) {
        let Some(prefix) = self.shares.iter().position(|share| share.source == "prefix") else { return };
        let available = self.shares[prefix].tokens as usize;
        let mut covered = 0;
        let count = self
            .tokens
            .iter()
            .rev()
            .take(available)
            .take_while(|token| {
                let open = covered < bytes;
                covered += length(**token);
                open
            })
            .count();
        self.shares[prefix].tokens -= count as u32;
        self.shares.retain(|share| share.tokens > 0);
        self.count(source, count);
    }

    /// Takes the last token off when the text ends inside an identifier, and returns its bytes.
    fn heal(&mut self, vocabulary: &impl Vocabulary, line: &str) -> Vec<u8> {
        let in_identifier = line.chars().next_back().is_some_and(|last| last.is_alphanumeric() || last == '_');
        let Some(&last) = self.tokens.last() else { return Vec::new() };
        let piece = vocabulary.piece(last);
        // The token must lie on the cursor's line, and something must be left to evaluate.
        if !in_identifier || piece.is_empty() || piece.len() > line.len() || self.tokens.len() < 2 {
            return Vec::new();
        }
        let forced = piece.to_vec();
        self.tokens.pop();
        if let Some(share) = self.shares.iter_mut().find(|share| share.source == "line") {
            share.tokens = share.tokens.saturating_sub(1);
        }
        self.shares.retain(|share| share.tokens > 0);
        forced
    }
}

#[cfg(test)]
mod tests;
