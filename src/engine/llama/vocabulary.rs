//! A model's vocabulary in the form that prompts and generations need: pieces without calls into C++, special tokens by
//! spelling, and the tokens that begin with given bytes.

use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::vocab::LlamaVocab;
use rustc_hash::FxHashMap;

use crate::engine::fim::{FimTokens, Token, Vocabulary};

pub(super) struct LlamaVocabulary<'m> {
    vocab: LlamaVocab<'m>,
    /// The bytes of all pieces one after another, and where each begins; special tokens have none.
    bytes: Vec<u8>,
    starts: Vec<u32>,
    special: Vec<bool>,
    spellings: FxHashMap<Vec<u8>, Token>,
    /// Text tokens ordered by their bytes.
    by_bytes: Vec<Token>,
    /// SentencePiece puts a space before every text; a guard at its head keeps that off.
    guard: Option<Guard>,
}

/// Text that is put before a text to be tokenised, and the tokens that it takes there.
struct Guard {
    text: &'static str,
    tokens: Vec<LlamaToken>,
}

impl<'m> LlamaVocabulary<'m> {
    pub fn new(model: &'m LlamaModel) -> Self {
        let vocab = model.vocab();
        let count = vocab.n_tokens().max(0);
        let mut this = Self {
            vocab: model.vocab(),
            bytes: Vec::with_capacity(count as usize * 6),
            starts: Vec::with_capacity(count as usize + 1),
            special: Vec::with_capacity(count as usize),
            spellings: FxHashMap::default(),
            by_bytes: Vec::with_capacity(count as usize),
            guard: None,
        };
        let mut piece = Vec::with_capacity(64);
        for id in 0..count {
            let token = LlamaToken(id);
            let is_end = vocab.is_eog(token);
            let is_special = is_end || vocab.is_control(token);
            this.starts.push(this.bytes.len() as u32);
            this.special.push(is_special);
            piece.clear();
            vocab.token_to_piece_into(token, &mut piece, is_special, None);
            // User-defined tokens (`<fim_prefix>` in some conversions) are text to the vocabulary and special to us.
            let looks_special =
                piece.len() > 3 && matches!(piece[0], b'<' | b'[') && matches!(piece.last(), Some(b'>' | b']'));
            if is_special || looks_special {
                this.spellings.insert(vocab_text(&vocab, token).unwrap_or_else(|| piece.clone()), id);
                this.spellings.insert(piece.clone(), id);
            }
            if !is_special {
                this.bytes.extend_from_slice(&piece);
                this.by_bytes.push(id);
            }
        }
        this.starts.push(this.bytes.len() as u32);
        let mut by_bytes = std::mem::take(&mut this.by_bytes);
        by_bytes.retain(|token| !this.piece(*token).is_empty());
        by_bytes.sort_by(|left, right| this.piece(*left).cmp(this.piece(*right)));
        this.by_bytes = by_bytes;
        this.guard = this.find_guard();
        this
    }

    pub fn len(&self) -> usize {
        self.special.len()
    }

    /// The markers that llama.cpp knows, from metadata or by their usual spellings.
    pub fn metadata_tokens(&self) -> FimTokens {
        let known = |token: LlamaToken| (token.0 >= 0 && (token.0 as usize) < self.len()).then_some(token.0);
        FimTokens {
            prefix: known(self.vocab.fim_pre()),
            suffix: known(self.vocab.fim_suf()),
            middle: known(self.vocab.fim_mid()),
            pad: known(self.vocab.fim_pad()),
            repository: known(self.vocab.fim_rep()),
            file: known(self.vocab.fim_sep()),
        }
    }

    /// Tokens whose bytes begin with `bytes`, and tokens whose bytes are a beginning of it.
    pub fn compatible_with<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = Token> + 'a {
        let first = self.by_bytes.partition_point(|token| self.piece(*token) < bytes);
        let longer =
            self.by_bytes[first..].iter().copied().take_while(move |token| self.piece(*token).starts_with(bytes));
        let shorter = (1..bytes.len()).flat_map(move |length| {
            let part = &bytes[..length];
            let first = self.by_bytes.partition_point(|token| self.piece(*token) < part);
            self.by_bytes[first..].iter().copied().take_while(move |token| self.piece(*token) == part)
        });
        longer.chain(shorter)
    }

    /// Text with special tokens spelled out, for explanations. Not exact where the bytes are not UTF-8.
    pub fn spell(&self, tokens: &[Token]) -> String {
        let mut bytes = Vec::with_capacity(tokens.len() * 4);
        for &token in tokens.iter().filter(|token| (**token as usize) < self.len()) {
            self.vocab.token_to_piece_into(LlamaToken(token), &mut bytes, true, None);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn raw_tokenize(&self, text: &str) -> Vec<LlamaToken> {
        self.vocab.tokenize(text.as_bytes(), false, false)
    }

    fn joined(&self, tokens: &[LlamaToken]) -> Vec<u8> {
        tokens.iter().flat_map(|token| self.piece(token.0)).copied().collect()
    }

    /// Whether texts get something put before them, and a text that can stand there instead.
    fn find_guard(&self) -> Option<Guard> {
        if self.joined(&self.raw_tokenize("a")) == b"a" {
            return None;
        }
        ["\n", "☺"].into_iter().find_map(|text| {
            let tokens = self.raw_tokenize(text);
            let holds = ["a", " a", "\n", "  b", "(", "é"].iter().all(|probe| {
                let whole = self.raw_tokenize(&format!("{text}{probe}"));
                whole.starts_with(&tokens) && self.joined(&whole[tokens.len()..]) == probe.as_bytes()
            });
            holds.then_some(Guard { text, tokens })
        })
    }
}

/// How the vocabulary itself writes a token, for example `▁<PRE>`.
fn vocab_text(vocab: &LlamaVocab<'_>, token: LlamaToken) -> Option<Vec<u8>> {
    vocab.text(token).map(|text| text.to_bytes().to_vec()).filter(|text| !text.is_empty())
}

impl Vocabulary for LlamaVocabulary<'_> {
    fn tokenize(&self, text: &str, out: &mut Vec<Token>) {
        if text.is_empty() {
            return;
        }
        let tokens = match &self.guard {
            None => self.raw_tokenize(text),
            Some(guard) => {
                let mut tokens = self.raw_tokenize(&format!("{}{text}", guard.text));
                if tokens.starts_with(&guard.tokens) {
                    tokens.drain(..guard.tokens.len());
                } else {
                    tokens = self.raw_tokenize(text);
                }
                tokens
            }
        };
        out.extend(tokens.into_iter().map(|token| token.0));
    }

    fn piece(&self, token: Token) -> &[u8] {
        let index = token as usize;
        match (self.starts.get(index), self.starts.get(index.wrapping_add(1))) {
            (Some(&start), Some(&end)) => &self.bytes[start as usize..end as usize],
            _ => b"",
        }
    }

    fn special(&self, spelling: &str) -> Option<Token> {
        self.spellings.get(spelling.as_bytes()).copied()
    }

    fn is_special(&self, token: Token) -> bool {
        self.special.get(token as usize).copied().unwrap_or(true)
    }

    fn start_of_text(&self) -> Option<Token> {
        let token = self.vocab.bos();
        (self.vocab.should_add_bos() && token.0 >= 0).then_some(token.0)
    }
}
