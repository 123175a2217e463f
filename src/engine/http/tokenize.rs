//! A server's own way to count tokens, where it has one. Pure; who asks is in `counting`.

use serde_json::{Value, json};

use super::ServerKind;

pub const PATH: &str = "/tokenize";

/// The question; None where a server of this kind has no such thing. `special`: spellings of special tokens are such tokens.
pub fn question(kind: ServerKind, model: &str, text: &str, special: bool) -> Option<Value> {
    match kind {
        ServerKind::LlamaServer => {
            Some(json!({ "content": text, "add_special": false, "parse_special": special, "with_pieces": true }))
        }
        ServerKind::Vllm => {
            Some(json!({ "model": model, "prompt": text, "add_special_tokens": false, "return_token_strs": true }))
        }
        _ => None,
    }
}

/// How many tokens there are.
pub fn count(answer: &Value) -> Option<usize> {
    answer["tokens"].as_array().map(Vec::len)
}

/// The length of each token in bytes of a text of this length. None where the answer does not tell, or is of another text.
pub fn lengths(answer: &Value, text: usize) -> Option<Vec<usize>> {
    let pieces: Option<Vec<usize>> =
        answer["tokens"].as_array()?.iter().map(|token| piece(&token["piece"]).map(|(bytes, _)| bytes)).collect();
    let is_whole = |lengths: &Vec<usize>| lengths.iter().sum::<usize>() == text;
    if let Some(pieces) = pieces.filter(is_whole) {
        return Some(pieces);
    }
    // Vocabularies of bytes spell each byte as one character; others spell characters as they are.
    let strings = answer["token_strs"].as_array()?;
    let read = |which: fn((usize, usize)) -> usize| -> Option<Vec<usize>> {
        strings.iter().map(|string| piece(string).map(which)).collect()
    };
    read(|(_, characters)| characters).filter(is_whole).or_else(|| read(|(bytes, _)| bytes).filter(is_whole))
}

/// A token's text in bytes and in characters; llama-server has a list of bytes where they are no whole characters.
fn piece(value: &Value) -> Option<(usize, usize)> {
    match value {
        Value::String(text) => Some((text.len(), text.chars().count())),
        Value::Array(bytes) => Some((bytes.len(), bytes.len())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_text() {
        // A real answer of llama-server b11669 to "fn main() {\n    let é".
        let llama = json!({"tokens": [{"id": 1255, "piece": "fn"}, {"id": 2248, "piece": " main"}, {"id": 303, "piece": "()"},
            {"id": 288, "piece": " {\n"}, {"id": 258, "piece": "   "}, {"id": 440, "piece": " let"}, {"id": 220, "piece": " "},
            {"id": 127, "piece": [195]}, {"id": 102, "piece": [169]}]});
        let text = "fn main() {\n    let é";
        assert_eq!(lengths(&llama, text.len()), Some(vec![2, 5, 2, 3, 3, 4, 1, 1, 1]));
        assert_eq!((lengths(&llama, text.len() + 1), count(&llama)), (None, Some(9)));
        let vllm = json!({"count": 3, "tokens": [8822, 1887, 6], "token_strs": ["fn", "Ġmain", "Ã©"]});
        assert_eq!(lengths(&vllm, "fn mainé".len()), Some(vec![2, 5, 2]));
        let sentencepiece = json!({"tokens": [1, 2], "token_strs": ["fn", "é"]});
        assert_eq!(lengths(&sentencepiece, 4), Some(vec![2, 2]));
        assert_eq!(lengths(&json!({"tokens": [1, 2]}), 4), None);
    }

    #[test]
    fn only_two_kinds_count() {
        let counting = crate::config::ServerKind::Ollama;
        assert_eq!(question(counting, "m", "x", false), None);
        assert_eq!(
            question(ServerKind::LlamaServer, "m", "x", true).map(|question| question["parse_special"].clone()),
            Some(json!(true))
        );
    }
}
