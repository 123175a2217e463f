//! A model's vocabulary in the form that prompts and generations need: pieces without calls into C++, special tokens by
//! spelling, and the tokens that begin with given bytes.

use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::vocab::LlamaVocab;
use rustc_hash::FxHashMap;

use crate::engine::chat::ChatVocabulary;
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

    /// The model says that nothing comes after this token.
    pub fn ends_text(&self, token: Token) -> bool {
        (token as usize) >= self.len() || self.vocab.is_eog(LlamaToken(token))
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

impl ChatVocabulary for LlamaVocabulary<'_> {
    fn tokenize_markup(&self, text: &str, is_first: bool, out: &mut Vec<Token>) {
        let parse = |text: &str| self.vocab.tokenize(text.as_bytes(), false, true);
        let mut tokens = parse(text);
        // In the middle of a text nothing is put before its words.
        let begins_special = tokens.first().is_some_and(|token| self.is_special(token.0));
        if let Some(guard) = self.guard.as_ref().filter(|_| !is_first && !begins_special) {
            let guarded = parse(&format!("{}{text}", guard.text));
            if guarded.starts_with(&guard.tokens) {
                tokens = guarded[guard.tokens.len()..].to_vec();
            }
        }
        out.extend(tokens.into_iter().map(|token| token.0));
    }

    fn bos(&self) -> Option<Token> {
        Some(self.vocab.bos().0).filter(|token| *token >= 0)
    }

    fn eos(&self) -> Option<Token> {
        Some(self.vocab.eos().0).filter(|token| *token >= 0)
    }

    fn spelling(&self, token: Token) -> String {
        self.spell(&[token])
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use llama_cpp_2::model::params::LlamaModelParams;
    use proptest::prelude::*;

    use super::*;
    use crate::engine::llama::{backend::backend, starter};
    use crate::engine::prompt::{SplitRule, TokenCache};

    static MODEL: LazyLock<LlamaModel> = LazyLock::new(|| {
        let directory = tempfile::tempdir().unwrap();
        let path = starter::materialize(directory.path()).unwrap();
        let parameters = LlamaModelParams::default().with_vocab_only(true);
        LlamaModel::load_from_file(backend().unwrap(), path, &parameters).unwrap()
    });
    static VOCABULARY: LazyLock<LlamaVocabulary<'static>> = LazyLock::new(|| LlamaVocabulary::new(&MODEL));

    fn tokens(text: &str) -> Vec<Token> {
        let mut tokens = Vec::new();
        VOCABULARY.tokenize(text, &mut tokens);
        tokens
    }

    /// Text with many line breaks, blanks and oddities.
    fn source() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            4 => "[a-zA-Z_0-9(){};:.,=+<>\"'#/-]{0,12}".prop_map(String::from),
            3 => "[ \t]{0,8}".prop_map(String::from),
            3 => prop_oneof![Just("\n"), Just("\r\n"), Just("\n\n"), Just(" \n"), Just("\r")].prop_map(String::from),
            1 => prop_oneof![Just("é"), Just("漢字"), Just("🙂"), Just("<|fim_middle|>"), Just("\u{85}")].prop_map(String::from),
        ];
        prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
    }

    #[test]
    fn the_starters_vocabulary_may_be_split_at_lines() {
        assert_eq!(SplitRule::for_vocabulary(&*VOCABULARY), SplitRule::Lines);
    }

    proptest! {
        #[test]
        fn tokens_of_lines_are_the_tokens_of_the_whole(text in source()) {
            let mut cache = TokenCache::new(SplitRule::Lines);
            for _ in 0..2 {
                let mut parts = Vec::new();
                cache.tokenize(&*VOCABULARY, &text, &mut parts);
                prop_assert_eq!(&parts, &tokens(&text));
            }
        }

        #[test]
        fn pieces_join_to_the_text(text in source()) {
            let bytes: Vec<u8> = tokens(&text).iter().flat_map(|token| VOCABULARY.piece(*token)).copied().collect();
            prop_assert_eq!(String::from_utf8(bytes).unwrap(), text);
        }
    }

    #[test]
    fn special_spellings_in_user_text_stay_text() {
        let middle = VOCABULARY.special("<|fim_middle|>").unwrap();
        assert!(VOCABULARY.is_special(middle) && VOCABULARY.piece(middle).is_empty());
        assert!(!tokens("a <|fim_middle|> b").contains(&middle));
        assert_eq!(VOCABULARY.special("<|no_such_token|>"), None);
    }

    #[test]
    fn tokens_that_agree_with_bytes_are_all_found() {
        for bytes in ["pri", " pri", "x", "_fo"] {
            let bytes = bytes.as_bytes();
            let mut found: Vec<Token> = VOCABULARY.compatible_with(bytes).collect();
            found.sort_unstable();
            let expected: Vec<Token> = (0..VOCABULARY.len() as Token)
                .filter(|token| {
                    let piece = VOCABULARY.piece(*token);
                    !piece.is_empty() && (piece.starts_with(bytes) || bytes.starts_with(piece))
                })
                .collect();
            assert_eq!(found, expected);
            assert!(!found.is_empty());
        }
    }

    #[test]
    fn ids_outside_the_vocabulary_are_special_and_silent() {
        for token in [-1, Token::MIN, Token::MAX, VOCABULARY.len() as Token] {
            assert!(VOCABULARY.is_special(token));
            assert_eq!(VOCABULARY.piece(token), b"");
        }
        assert_eq!(VOCABULARY.spell(&[Token::MAX]), "");
    }
}
