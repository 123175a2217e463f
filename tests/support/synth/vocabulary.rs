//! Vocabularies: the starter's real one, filled up to any size, or bytes alone; word pieces for encoders.

use std::collections::HashSet;
use std::path::Path;
use std::sync::LazyLock;

use super::file::Value;
use super::shapes::Spec;

/// What fill-in-the-middle models mark their prompts with, and which key says so.
const MARKS: [(&str, &str); 7] = [
    ("<|endoftext|>", "eos"),
    ("<|fim_prefix|>", "fim_pre"),
    ("<|fim_middle|>", "fim_mid"),
    ("<|fim_suffix|>", "fim_suf"),
    ("<|fim_pad|>", "fim_pad"),
    ("<|repo_name|>", "fim_rep"),
    ("<|file_sep|>", "fim_sep"),
];

/// What chat templates of that family need.
const TURNS: [&str; 2] = ["<|im_start|>", "<|im_end|>"];

const NORMAL: i32 = 1;
const CONTROL: i32 = 3;

/// Tokens and merges of the model that ships with Tandem.
struct Starter {
    tokens: Vec<String>,
    merges: Vec<String>,
}

static STARTER: LazyLock<Starter> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/starter.gguf");
    let bytes = std::fs::read(path).expect("the starter model");
    Starter { tokens: texts(&bytes, "tokenizer.ggml.tokens"), merges: texts(&bytes, "tokenizer.ggml.merges") }
});

/// The list of texts under a key of a GGUF file that is trusted: the key, the types 9 and 8, a count, the texts.
fn texts(bytes: &[u8], key: &str) -> Vec<String> {
    let start = [&9_u32.to_le_bytes()[..], &8_u32.to_le_bytes()[..]].concat();
    let mark = [key.as_bytes(), &start].concat();
    let found = bytes.windows(mark.len()).position(|window| window == mark).expect("the key");
    let mut rest = &bytes[found + mark.len()..];
    let number = |rest: &mut &[u8]| {
        let (head, tail) = rest.split_at(8);
        *rest = tail;
        u64::from_le_bytes(head.try_into().expect("eight bytes")) as usize
    };
    let count = number(&mut rest);
    (0..count)
        .map(|_| {
            let length = number(&mut rest);
            let (text, tail) = rest.split_at(length);
            rest = tail;
            String::from_utf8(text.to_vec()).expect("a token")
        })
        .collect()
}

/// How byte-level vocabularies write a byte: printable ones as they are, the others as letters from U+0100 on.
fn spelled(byte: u8) -> char {
    let is_printable = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    if is_printable(byte) {
        return char::from(byte);
    }
    let place = (0..byte).filter(|other| !is_printable(*other)).count() as u32;
    char::from_u32(0x100 + place).expect("a letter")
}

/// The tokenizer's keys.
pub fn keys(spec: &Spec) -> Vec<(String, Value)> {
    let size = spec.vocabulary as usize;
    let (model, mut tokens, merges, marks) = if spec.is_encoder() {
        pieces()
    } else if size >= STARTER.tokens.len() {
        starter(size)
    } else {
        bytes()
    };
    assert!(tokens.len() <= size, "{}: a vocabulary of at least {} tokens", spec.name, tokens.len());
    let mut kinds: Vec<i32> =
        tokens.iter().map(|token| if marks.contains(&token.as_str()) { CONTROL } else { NORMAL }).collect();
    // llama.cpp aborts where a token comes twice.
    let known: HashSet<String> = tokens.iter().cloned().collect();
    let fill = (0..).map(|number| format!("x{number}x")).filter(|token| !known.contains(token));
    tokens.extend(fill.take(size - known.len()));
    kinds.resize(size, NORMAL);

    let number = |spelling: &str| tokens.iter().position(|token| token == spelling).map(|at| Value::U32(at as u32));
    let mut keys = vec![
        ("tokenizer.ggml.model".to_owned(), Value::Text(model.to_owned())),
        ("tokenizer.ggml.token_type".to_owned(), Value::I32s(kinds)),
    ];
    let mut set = |name: &str, value: Option<Value>| {
        keys.extend(value.map(|value| (format!("tokenizer.ggml.{name}"), value)));
    };
    if spec.is_encoder() {
        set("token_type_count", Some(Value::U32(2)));
        for (name, spelling) in [
            ("cls", "[CLS]"),
            ("bos", "[CLS]"),
            ("seperator", "[SEP]"),
            ("eos", "[SEP]"),
            ("unknown", "[UNK]"),
            ("padding", "[PAD]"),
            ("mask", "[MASK]"),
        ] {
            set(&format!("{name}_token_id"), number(spelling));
        }
    } else {
        set("pre", Some(Value::Text("qwen2".to_owned())));
        set("merges", Some(Value::Texts(merges)));
        set("add_bos_token", Some(Value::Flag(false)));
        set("bos_token_id", number("<|endoftext|>"));
        let end_of_turn = if spec.chat_template.is_some() { "<|im_end|>" } else { "<|endoftext|>" };
        set("eot_token_id", number(end_of_turn));
        set("padding_token_id", number("<|fim_pad|>"));
        for (spelling, name) in MARKS.iter().take(if spec.has_holes { MARKS.len() } else { 1 }) {
            set(&format!("{name}_token_id"), number(spelling));
        }
    }
    set("tokens", Some(Value::Texts(tokens)));
    keys
}

type Parts = (&'static str, Vec<String>, Vec<String>, Vec<&'static str>);

fn marks() -> Vec<&'static str> {
    MARKS.iter().map(|(spelling, _)| *spelling).chain(TURNS).collect()
}

fn starter(size: usize) -> Parts {
    let mut tokens = STARTER.tokens.clone();
    // The starter knows no turns; its reserved token makes room for one, a larger vocabulary for all.
    let mut turns = TURNS.iter();
    for token in tokens.iter_mut().filter(|token| token.starts_with("<|reserved")) {
        if let Some(turn) = turns.next() {
            *token = (*turn).to_owned();
        }
    }
    tokens.extend(turns.map(|turn| (*turn).to_owned()).take(size - STARTER.tokens.len()));
    let mut marks = marks();
    marks.push("<|reserved_0|>");
    ("gpt2", tokens, STARTER.merges.clone(), marks)
}

fn bytes() -> Parts {
    let tokens = (0..=255).map(|byte| spelled(byte).to_string());
    let pairs = ["e r", "i n", "o n", "r e", "Ġ Ġ", "ĠĠ ĠĠ"];
    let merged = pairs.iter().map(|pair| pair.replace(' ', ""));
    let tokens = tokens.chain(merged).chain(marks().into_iter().map(str::to_owned)).collect();
    ("gpt2", tokens, pairs.iter().map(|pair| (*pair).to_owned()).collect(), marks())
}

/// Letters, digits and signs, at the head of a word and inside of it.
fn pieces() -> Parts {
    let marks = vec!["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
    let letters = ('a'..='z').chain('0'..='9');
    let signs = (b'!'..=b'~').map(char::from).filter(|sign| !sign.is_ascii_alphanumeric());
    let heads = letters.clone().chain(signs).map(|letter| format!("\u{2581}{letter}"));
    let tails = letters.map(String::from);
    let tokens = marks.iter().map(|mark| (*mark).to_owned()).chain(heads).chain(tails).collect();
    ("bert", tokens, Vec::new(), marks)
}
