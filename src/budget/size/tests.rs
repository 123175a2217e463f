//! The bounds against vocabularies: a real one, which is small and so makes more tokens than those of the providers, and the
//! worst that there can be.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::providers::{Block, Role, Turn};

fn high(tokenizer: Tokenizer, text: &str) -> u64 {
    let mut size = TextSize::default();
    size.append(text);
    tokenizer.text_bound(&size)
}

/// The vocabulary of the model that ships with Tandem: 4,088 tokens, learned from code.
struct Vocabulary {
    ranks: HashMap<(Vec<u8>, Vec<u8>), usize>,
    known: HashMap<Vec<u8>, u64>,
}

impl Vocabulary {
    fn of_the_starter() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/starter.gguf");
        let ranks = merges(&std::fs::read(file).unwrap()).into_iter().enumerate().map(|(rank, pair)| (pair, rank));
        Self { ranks: ranks.collect(), known: HashMap::new() }
    }

    /// Tokens of a text: cut into words, blanks and signs first, each digit by itself.
    fn count(&mut self, text: &str) -> u64 {
        let kind = |character: char| match character {
            _ if character.is_alphabetic() => 0,
            _ if character.is_numeric() => 1,
            _ if character.is_whitespace() => 2,
            _ => 3,
        };
        let (mut tokens, mut start, mut before) = (0, 0, 9);
        for (at, character) in text.char_indices() {
            let now = kind(character);
            let leads = before == 2 && now != 1 && text[start..at].ends_with(' ');
            if leads && start + 1 < at {
                tokens += self.piece(&text[start..at - 1]);
                start = at - 1;
            } else if !leads && (now != before || now == 1) {
                tokens += self.piece(&text[start..at]);
                start = at;
            }
            before = now;
        }
        tokens + self.piece(&text[start..])
    }

    fn piece(&mut self, piece: &str) -> u64 {
        if let Some(count) = self.known.get(piece.as_bytes()) {
            return *count;
        }
        let mut parts: Vec<Vec<u8>> = piece.bytes().map(|byte| vec![byte]).collect();
        loop {
            let rank = |at: &usize| self.ranks.get(&(parts[*at].clone(), parts[at + 1].clone()));
            let best = (0..parts.len().saturating_sub(1)).filter(|at| rank(at).is_some()).min_by_key(rank);
            let Some(at) = best else { break };
            let right = parts.remove(at + 1);
            parts[at].extend(right);
        }
        self.known.insert(piece.as_bytes().to_vec(), parts.len() as u64);
        parts.len() as u64
    }
}

/// The merges of a GGUF file's vocabulary, in order.
fn merges(file: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let bytes_of: HashMap<char, u8> = {
        let plain = |byte: u8| matches!(byte, 33..=126 | 161..=172 | 174..=255);
        let mut others = 256u32..;
        let character =
            |byte: u8| if plain(byte) { char::from(byte) } else { char::from_u32(others.next().unwrap()).unwrap() };
        (0..=255u8).map(character).zip(0..=255).collect()
    };
    let name = b"tokenizer.ggml.merges";
    let mut rest = &file[file.windows(name.len()).position(|window| window == name).unwrap() + name.len()..];
    let mut take = |count: usize| {
        let (taken, others) = rest.split_at(count);
        rest = others;
        taken.to_vec()
    };
    let number = |bytes: Vec<u8>| bytes.iter().rev().fold(0usize, |number, byte| number << 8 | usize::from(*byte));
    assert_eq!((number(take(4)), number(take(4))), (9, 8), "an array of strings");
    let count = number(take(8));
    let mut merge = || {
        let length = number(take(8));
        let text = String::from_utf8(take(length)).unwrap();
        let (one, other) = text.split_once(' ').unwrap();
        let bytes = |half: &str| half.chars().map(|character| bytes_of[&character]).collect();
        (bytes(one), bytes(other))
    };
    (0..count).map(|_| merge()).collect()
}

/// Our own sources and documents.
fn texts() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src/budget"), root.join("src/config"), root.join("grammars"), root.join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = std::fs::read_to_string(&path)
                && text.len() > 2000
            {
                found.push((path, text));
            }
        }
    }
    found
}

#[test]
fn a_vocabulary_smaller_than_any_provider_s_stays_within_the_bounds() {
    let mut vocabulary = Vocabulary::of_the_starter();
    let (mut bound, mut counted) = (0, 0);
    let texts = texts();
    for (path, text) in &texts {
        let text: String = text.chars().take(20_000).collect();
        let size = TextSize::of(&text);
        let (low, most) = Tokenizer::Other.bounds(&size, 1000);
        let count = vocabulary.count(&text);
        assert!(low <= count, "{}: {count} tokens, at least {low}", path.display());
        // Of the words of one file it may happen to know few. What is sent has many files.
        assert!(count * 10 <= most * 11, "{}: {count} tokens, at most {most}", path.display());
        bound += most;
        counted += count;
    }
    assert!(texts.len() > 50, "{}", texts.len());
    assert!(counted < bound, "{counted} tokens in all, at most {bound}");
    assert!(bound * 2 < counted * 3, "{bound} is not 1.5 times {counted}: so careful a bound is of no use");
}

#[test]
fn what_is_not_ordinary_counts_a_token_for_each_byte() {
    for text in [
        "界面のコードを説明してください",
        "Это объяснение",
        "🦀🔥👩‍👩‍👧‍👦",
        "d41d8cd98f00b204e9800998ecf8427e",
        "Y2xhc3NpZmllZEluZm9ybWF0aW9uMTIzNDU2Nzg5MA",
        "\0\0\0\x01\x02\x7f",
    ] {
        assert_eq!(
            high(Tokenizer::O200k, text),
            text.bytes().filter(|byte| *byte != b' ').count() as u64 + u64::from(text.contains(' ')),
            "{text}"
        );
    }
}

#[test]
fn numbers_count_by_their_digits_or_by_threes_of_them() {
    for (text, digits, threes) in
        [("7", 1, 1), ("123", 3, 1), ("1234", 4, 2), ("1,234,567", 7 + 2, 3 + 2), ("v12x3456", 6 + 2, 1 + 2 + 2)]
    {
        assert_eq!(high(Tokenizer::O200k, text), threes, "{text}");
        for tokenizer in [Tokenizer::Gemini, Tokenizer::ClaudeOlder, Tokenizer::Claude, Tokenizer::Other] {
            assert!(high(tokenizer, text) >= digits.min(text.len() as u64), "{text}");
        }
    }
    let long = "0123456789".repeat(4);
    assert_eq!(high(Tokenizer::Claude, &long), 40);
    assert_eq!(high(Tokenizer::O200k, &long), 14);
}

#[test]
fn ordinary_text_counts_by_its_pieces() {
    for (text, tokens) in [
        ("", 0),
        ("word", 1),
        ("a word and another", 4 + 1),
        ("fn main() {\n    let answer = answerOf(question);\n}\n", 20),
        ("internationalization", 1 + 2 + 8),
        ("==============", 8),
        ("                                                ", 3),
        ("\n\n\n\n", 1),
        ("x 1 2", 5),
    ] {
        assert_eq!(high(Tokenizer::O200k, text), tokens, "{text:?}");
    }
    let text = "The quick brown fox jumps over the lazy dog. ".repeat(100);
    let of = |tokenizer| high(tokenizer, &text);
    assert!(of(Tokenizer::O200k) < of(Tokenizer::Gemini) && of(Tokenizer::Gemini) < of(Tokenizer::ClaudeOlder));
    assert!(of(Tokenizer::ClaudeOlder) < of(Tokenizer::Claude) && of(Tokenizer::Claude) < of(Tokenizer::Other));
}

#[test]
fn blocks_turns_and_the_request_bring_tokens_of_their_own() {
    let block = |text: &str| Block { text: text.into(), cache: None };
    let request = Request {
        model: "m".to_owned(),
        system: vec![block("word"), block("word")],
        turns: vec![Turn { role: Role::User, blocks: vec![block("word")] }],
        max_output: 10,
        fill: None,
        effort: None,
        user_tag: None,
    };
    let size = TextSize::of_request(&request);
    assert_eq!((size.bytes, size.words, size.parts), (12, 3, 4));
    assert_eq!(Tokenizer::O200k.bounds(&size, 1000), (0, 3 + 32 + 4 * 8));
}

#[test]
fn a_scale_below_one_spares_what_counts_by_bytes() {
    let mut size = TextSize::of(&"ordinary words ".repeat(1000));
    let (_, usual) = Tokenizer::O200k.bounds(&size, 1000);
    let (_, half) = Tokenizer::O200k.bounds(&size, 500);
    assert!(half.abs_diff(usual / 2) < 50, "{half} {usual}");
    size.append(&"界".repeat(1000));
    assert_eq!(Tokenizer::O200k.bounds(&size, 500).1, half + 3000);
    assert_eq!(Tokenizer::O200k.bounds(&size, 2000).1, 2 * (usual + 3000), "more than the bound is more of everything");
}

proptest! {
    /// The proven part: no text is bounded by more tokens than it has bytes, and one of unusual characters by as many.
    #[test]
    fn a_bound_is_never_above_the_bytes_nor_below_the_unusual_ones(text in "(\\PC|[a-zA-Z0-9 \n.]|[0-9a-f]{8}){0,200}") {
        let size = TextSize::of(&text);
        let digits = text.bytes().filter(u8::is_ascii_digit).count() as u64;
        let foreign = text.bytes().filter(|byte| !byte.is_ascii()).count() as u64;
        for tokenizer in [Tokenizer::O200k, Tokenizer::Gemini, Tokenizer::ClaudeOlder, Tokenizer::Claude] {
            let most = tokenizer.text_bound(&size);
            let digits = if tokenizer == Tokenizer::O200k { digits.div_ceil(3) } else { digits };
            prop_assert!(most <= text.len() as u64 && most >= foreign + digits);
            prop_assert!(most >= size.words && size.dense <= size.bytes);
        }
    }

    /// Cut anywhere, the pieces of a stream are never bounded by less than the whole.
    #[test]
    fn a_stream_is_bounded_like_its_text(text in "[a-zA-Z0-9 =.(){}\n]{0,120}", cut in 0usize..120) {
        let (front, back) = text.split_at(cut.min(text.len()));
        let mut pieces = TextSize::default();
        pieces.append(front);
        pieces.append(back);
        prop_assert_eq!(pieces.bytes, text.len() as u64);
        prop_assert!(Tokenizer::O200k.text_bound(&pieces) + 16 >= high(Tokenizer::O200k, &text));
    }
}
