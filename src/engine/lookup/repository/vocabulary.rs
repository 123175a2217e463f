//! The words of a repository, each once: a number, an id, a text.

use rustc_hash::FxHashMap;

use crate::engine::lookup::lexer::TokenId;

/// Numbers are smaller than this: they share 32 bits with what is known of a token's white space.
const MAX_WORDS: usize = 1 << 22;

/// The end of a line that is not blank.
pub const LINE_END: u32 = 0;
/// Stands before the first token of a file.
pub const FILE_START: u32 = 1;
/// A text that has no number: no room is left, or its id is another text's. It matches nothing and is not proposed.
pub const OTHER: u32 = 2;

/// What `FILE_START` is ordered and compared by. No text has these ids: their kind would be a line end's.
const FILE_START_ID: TokenId = TokenId(1);
const OTHER_ID: TokenId = TokenId(2);

/// Texts of tokens by number. Numbers are not given out again; a repository that has many unused ones starts a new one.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    ids: Vec<TokenId>,
    texts: String,
    /// Where each text ends in `texts`.
    ends: Vec<u32>,
    by_id: FxHashMap<TokenId, u32>,
    /// How often each is used.
    counts: Vec<u32>,
    /// Words and numbers that are used, in the order of their texts.
    sorted: Vec<u32>,
    /// Used since they were sorted last.
    unsorted: Vec<u32>,
}

impl Default for Vocabulary {
    fn default() -> Self {
        Self {
            ids: vec![TokenId::LINE_END, FILE_START_ID, OTHER_ID],
            texts: String::new(),
            ends: vec![0; 3],
            by_id: [(TokenId::LINE_END, LINE_END), (FILE_START_ID, FILE_START)].into_iter().collect(),
            counts: vec![0; 3],
            sorted: Vec::new(),
            unsorted: Vec::new(),
        }
    }
}

impl Vocabulary {
    pub const FILE_START: TokenId = FILE_START_ID;

    /// The number of a token's text, used once more; `OTHER` where it can have none.
    pub fn intern(&mut self, id: TokenId, text: &str) -> u32 {
        let number = self.number_of(id, text);
        if let Some(count) = self.counts.get_mut(number as usize) {
            if *count == 0 && id.is_replaceable() && number != OTHER {
                self.unsorted.push(number);
            }
            *count += 1;
        }
        number
    }

    fn number_of(&mut self, id: TokenId, text: &str) -> u32 {
        if let Some(&number) = self.by_id.get(&id) {
            return if self.text(number) == text { number } else { OTHER };
        }
        let (number, end) = (self.ids.len(), self.texts.len() + text.len());
        let (Ok(new), Ok(end)) = (u32::try_from(number), u32::try_from(end)) else { return OTHER };
        if number >= MAX_WORDS {
            return OTHER;
        }
        self.ids.push(id);
        self.texts.push_str(text);
        self.ends.push(end);
        self.counts.push(0);
        self.by_id.insert(id, new);
        new
    }

    /// It is used once less.
    pub fn release(&mut self, number: u32) {
        if let Some(count) = self.counts.get_mut(number as usize) {
            *count = count.saturating_sub(1);
        }
    }

    pub fn id(&self, number: u32) -> TokenId {
        self.ids.get(number as usize).copied().unwrap_or(OTHER_ID)
    }

    pub fn text(&self, number: u32) -> &str {
        let end = |number: usize| self.ends.get(number).map_or(0, |&end| end as usize);
        let start = (number as usize).checked_sub(1).map_or(0, end);
        self.texts.get(start..end(number as usize)).unwrap_or_default()
    }

    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Brings the order of texts, which `beginning_with` asks, up to what is used now.
    pub fn sort(&mut self) {
        let is_used = |number: u32, counts: &[u32]| counts.get(number as usize).is_some_and(|count| *count > 0);
        self.sorted.retain(|&number| is_used(number, &self.counts));
        let mut fresh = std::mem::take(&mut self.unsorted);
        fresh.retain(|&number| is_used(number, &self.counts));
        fresh.sort_unstable_by(|&a, &b| self.text(a).cmp(self.text(b)));
        fresh.dedup();
        let mut merged = Vec::with_capacity(self.sorted.len() + fresh.len());
        let mut old = self.sorted.iter().copied().peekable();
        for number in fresh {
            while let Some(before) = old.next_if(|&before| self.text(before) < self.text(number)) {
                merged.push(before);
            }
            // One that was given up and taken again is in both.
            old.next_if_eq(&number);
            merged.push(number);
        }
        merged.extend(old);
        self.sorted = merged;
    }

    /// Numbers of the words that begin with `beginning`, ordered by their texts.
    pub fn beginning_with(&self, beginning: &str) -> &[u32] {
        let from = self.sorted.partition_point(|&number| self.text(number) < beginning);
        let rest = self.sorted.get(from..).unwrap_or_default();
        let count = rest.partition_point(|&number| self.text(number).starts_with(beginning));
        rest.get(..count).unwrap_or_default()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        // The map keeps a byte beside each pair and up to half of its places free.
        self.ids.capacity() * 4
            + self.texts.capacity()
            + (self.ends.capacity() + self.counts.capacity()) * 4
            + self.sorted.capacity() * 4
            + self.by_id.capacity() * 10
    }
}
