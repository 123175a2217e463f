//! Somebody who knows what they want to write: types it key by key, and takes a suggestion when it is what they want.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::Client;

/// What happened at one key.
#[derive(Clone, Debug, Default)]
pub struct Stroke {
    /// From the key to the answer.
    pub latency: Duration,
    /// The ghost text that came, if any.
    pub ghost: Option<String>,
    pub account: Account,
}

/// What the server tells of a request (`tandem/why`).
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// `lookup`, `model` or `both`.
    pub source: Option<String>,
    pub from_memory: bool,
    /// Prompt tokens that were in the KV cache, and those that were computed. None when the model was not asked.
    pub reused: Option<u64>,
    pub evaluated: Option<u64>,
}

/// A suggestion that was taken, whole or up to where it went wrong.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub stroke: Stroke,
    pub characters: usize,
    pub keys: usize,
}

/// One line as it came about.
#[derive(Clone, Debug, Default)]
pub struct TypedLine {
    /// Pieces of the line in order; true when they were not typed.
    pub pieces: Vec<(bool, String)>,
    pub strokes: Vec<Stroke>,
    pub accepted: Vec<Accepted>,
}

impl TypedLine {
    /// Keys for letters, and keys that took a suggestion.
    pub fn keys(&self) -> usize {
        self.strokes.len() + self.accepted.iter().map(|accepted| accepted.keys).sum::<usize>()
    }

    /// Characters that stand there, but for the indentation, which is the editor's.
    pub fn characters(&self) -> usize {
        self.strokes.len() + self.accepted.iter().map(|accepted| accepted.characters).sum::<usize>()
    }

    fn push(&mut self, accepted: bool, text: &str) {
        match self.pieces.last_mut() {
            Some((kind, piece)) if *kind == accepted => piece.push_str(text),
            _ => self.pieces.push((accepted, text.to_owned())),
        }
    }
}

/// How much of `ghost` to take when `wanted` is to be written, and with how many keys: one for all of it, else one for
/// each of its words that is right. Nothing when typing is no more work.
fn worth_taking<'g>(ghost: &'g str, wanted: &str) -> (&'g str, usize) {
    if ghost.len() > 2 && wanted.starts_with(ghost) {
        return (ghost, 1);
    }
    let (mut end, mut keys) = (0, 0);
    while let Some(word) = ghost.get(end..).map(first_word).filter(|word| !word.is_empty()) {
        if !ghost.get(..end + word.len()).is_some_and(|taken| wanted.starts_with(taken)) {
            break;
        }
        end += word.len();
        keys += 1;
    }
    if end >= keys + 2 { (ghost.get(..end).unwrap_or_default(), keys) } else { ("", 0) }
}

/// What an editor's "accept word" takes: what stands before a word, and the word.
fn first_word(text: &str) -> &str {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let start = text.find(is_word).unwrap_or(text.len());
    let rest = text.get(start..).unwrap_or_default();
    let end = start + rest.find(|character| !is_word(character)).unwrap_or(rest.len());
    text.get(..end).unwrap_or(text)
}

/// A document that is being typed into. Everything that is typed is ASCII, so a column is a byte and a key.
pub struct Typist<'a> {
    client: &'a mut Client,
    uri: String,
    version: i64,
    line: usize,
    column: usize,
}

impl<'a> Typist<'a> {
    /// Opens a document with the cursor between `before` and `after`; `before` ends with a line break.
    pub fn open(client: &'a mut Client, path: &str, before: &str, after: &str) -> anyhow::Result<Self> {
        let uri = format!("file:///demo/{path}");
        let document = json!({"uri": uri, "languageId": "rust", "version": 1, "text": format!("{before}\n{after}")});
        client.notify("textDocument/didOpen", json!({"textDocument": document}))?;
        Ok(Self { client, uri, version: 1, line: before.matches('\n').count(), column: 0 })
    }

    /// Writes one line without its line break. `watch` sees the line and the ghost text after every key.
    pub fn line(
        &mut self,
        line: &str,
        mut watch: impl FnMut(&str, &str) -> anyhow::Result<()>,
    ) -> anyhow::Result<TypedLine> {
        let mut result = TypedLine::default();
        // An editor indents by itself.
        let indentation = line.len() - line.trim_start().len();
        let (indent, rest) = line.split_at_checked(indentation).unwrap_or(("", line));
        self.insert(indent)?;
        let mut done = indent.to_owned();
        let mut left = rest;
        result.push(true, indent);
        while !left.is_empty() {
            let (key, more) = left.split_at_checked(1).unwrap_or((left, ""));
            let start = Instant::now();
            self.insert(key)?;
            (done, left) = (done + key, more);
            result.push(false, key);
            let mut stroke = self.suggestion()?;
            stroke.latency = start.elapsed();
            stroke.account = self.account()?;
            let ghost = stroke.ghost.clone().unwrap_or_default();
            watch(&done, &ghost)?;
            // Only the cursor's line is taken; what follows it is typed for the sake of the show.
            let (taken, keys) = worth_taking(ghost.lines().next().unwrap_or_default(), left);
            if let Some(rest) = left.strip_prefix(taken).filter(|_| keys > 0) {
                self.insert(taken)?;
                done.push_str(taken);
                left = rest;
                result.push(true, taken);
                result.accepted.push(Accepted { stroke: stroke.clone(), characters: taken.len(), keys });
            }
            result.strokes.push(stroke);
        }
        Ok(result)
    }

    pub fn line_break(&mut self) -> anyhow::Result<()> {
        self.insert("\n")?;
        (self.line, self.column) = (self.line + 1, 0);
        Ok(())
    }

    pub fn close(self) -> anyhow::Result<()> {
        self.client.notify("textDocument/didClose", json!({"textDocument": {"uri": self.uri}}))
    }

    fn insert(&mut self, text: &str) -> anyhow::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        self.version += 1;
        let position = self.position();
        self.client.notify(
            "textDocument/didChange",
            json!({
                "textDocument": {"uri": self.uri, "version": self.version},
                "contentChanges": [{"range": {"start": position, "end": position}, "text": text}],
            }),
        )?;
        self.column += text.len();
        Ok(())
    }

    fn suggestion(&mut self) -> anyhow::Result<Stroke> {
        let answer = self.client.request(
            "textDocument/inlineCompletion",
            json!({
                "textDocument": {"uri": self.uri},
                "position": self.position(),
                "context": {"triggerKind": 2},
            }),
        )?;
        let text = &answer["items"][0]["insertText"];
        let ghost = text.as_str().or_else(|| text["value"].as_str()).map(str::to_owned);
        Ok(Stroke { ghost, ..Stroke::default() })
    }

    fn account(&mut self) -> anyhow::Result<Account> {
        let why = self
            .client
            .request("tandem/why", json!({"textDocument": {"uri": self.uri}, "position": self.position()}))?;
        let shown = &why["decision"]["shown"];
        let tokens = &why["tokens"];
        Ok(Account {
            source: shown["suggestions"][0]["source"].as_str().map(str::to_owned),
            from_memory: shown["fromMemory"] == true,
            reused: tokens["reused"].as_u64(),
            evaluated: tokens["evaluated"].as_u64(),
        })
    }

    fn position(&self) -> Value {
        json!({"line": self.line, "character": self.column})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_suggestion_takes_one_key_and_a_half_right_one_a_key_a_word() {
        assert_eq!(worth_taking("self) -> bool {", "self) -> bool {"), ("self) -> bool {", 1));
        assert_eq!(worth_taking("cursor is in a comment (x)", "cursor is in a string (y)"), ("cursor is in a", 4));
        assert_eq!(worth_taking("rsor.x", "rsor is"), ("rsor", 1));
        assert_eq!(worth_taking("ab", "ab"), ("", 0), "typing is as quick");
        assert_eq!(worth_taking("wrong", "right"), ("", 0));
        assert_eq!(worth_taking("", "right"), ("", 0));
    }
}
