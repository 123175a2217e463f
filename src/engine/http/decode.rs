//! What servers answer: lines of a stream, and what each says. Pure, bounded, and indifferent to how the network cuts it.
//!
//! Server-sent events (`data: {…}`), lines of JSON (Ollama), or one document: told apart by what a line begins with, since a server
//! may answer with an error in another form than the one that was asked for.

use serde_json::Value;

/// Longest line, and most text of all lines, in bytes. A line of llama-server with all its settings has some KiB.
pub const MAX_LINE: usize = 1 << 20;
pub const MAX_ANSWER: usize = 16 << 20;

/// A token as a server tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    pub bytes: Vec<u8>,
    /// Natural logarithm.
    pub logprob: f32,
}

/// Counts and times, as far as a server tells them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// Tokens of the prompt, cached ones included.
    pub prompt: Option<u32>,
    pub cached: Option<u32>,
    pub generated: Option<u32>,
    pub prefill_us: Option<u64>,
    pub decode_us: Option<u64>,
}

/// Why a server stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The model was done, or wrote a stop.
    Complete,
    Length,
}

/// What one message says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    pub text: String,
    /// Of this text, where the server tells.
    pub tokens: Vec<Scored>,
    /// Other first tokens than the one that was taken, the likeliest first. Of the first message that has any.
    pub alternatives: Vec<(String, f32)>,
    pub counts: Option<Counts>,
    pub end: Option<End>,
    /// The server's words: something went wrong in the middle.
    pub error: Option<String>,
    /// It is the last one.
    pub is_last: bool,
}

/// Why no more is read. Phrases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Garbage {
    #[error("a line of its answer does not end")]
    EndlessLine,
    #[error("its answer does not end")]
    EndlessAnswer,
    #[error("its answer is a web page; does a proxy or another program answer at this address?")]
    WebPage,
    #[error("its answer is not of the kind that was asked for")]
    NotJson,
}

/// Takes bytes and gives messages.
#[derive(Debug, Default)]
pub struct Reader {
    line: Vec<u8>,
    total: usize,
    /// A document of several lines.
    document: Option<Vec<u8>>,
    is_done: bool,
}

impl Reader {
    /// What these bytes complete. Nothing comes after the last message.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<Told>) -> Result<(), Garbage> {
        self.total = self.total.saturating_add(bytes.len());
        if self.total > MAX_ANSWER {
            return Err(Garbage::EndlessAnswer);
        }
        let mut rest = bytes;
        while let Some(end) = memchr::memchr2(b'\n', b'\r', rest) {
            let (part, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            if self.line.is_empty() {
                self.take(part, out)?;
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(part);
                self.take(&line, out)?;
            }
        }
        if self.line.len() + rest.len() > MAX_LINE {
            return Err(Garbage::EndlessLine);
        }
        self.line.extend_from_slice(rest);
        Ok(())
    }

    /// The connection is over: what lacked its end only.
    pub fn finish(&mut self, out: &mut Vec<Told>) -> Result<(), Garbage> {
        let line = std::mem::take(&mut self.line);
        self.take(&line, out)?;
        match self.document.take() {
            Some(document) if !self.is_done => {
                let value = serde_json::from_slice(&document).map_err(|_| garbage(&document))?;
                out.push(read(&value, false));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn take(&mut self, line: &[u8], out: &mut Vec<Told>) -> Result<(), Garbage> {
        if self.is_done {
            return Ok(());
        }
        if let Some(document) = &mut self.document {
            document.extend_from_slice(line);
            document.push(b'\n');
            return if document.len() > MAX_LINE { Err(Garbage::EndlessLine) } else { Ok(()) };
        }
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
        let payload = match line.strip_prefix(b"data:").or_else(|| line.strip_prefix(b"error:")) {
            Some(payload) => payload.trim_ascii(),
            None if line.starts_with(b"{") || line.starts_with(b"[") => line,
            None if line.starts_with(b"<") => return Err(Garbage::WebPage),
            // Comments, names of events, empty lines.
            None => return Ok(()),
        };
        match payload {
            b"" => Ok(()),
            b"[DONE]" => {
                self.is_done = true;
                out.push(Told { is_last: true, ..Told::default() });
                Ok(())
            }
            payload => match serde_json::from_slice::<Value>(payload) {
                Ok(value) => {
                    let told = read(&value, payload.len() < line.len());
                    self.is_done = told.is_last || told.error.is_some();
                    out.push(told);
                    Ok(())
                }
                // The first line of a document that somebody laid out for people.
                Err(error) if error.is_eof() && payload.len() == line.len() => {
                    self.document = Some([line, b"\n"].concat());
                    Ok(())
                }
                Err(_) => Err(garbage(payload)),
            },
        }
    }
}

fn garbage(bytes: &[u8]) -> Garbage {
    if bytes.trim_ascii_start().starts_with(b"<") { Garbage::WebPage } else { Garbage::NotJson }
}

/// The sentence of an error's body, if there is one in it: OpenAI's `error.message`, Ollama's `error`, FastAPI's `detail`, vLLM's
/// older `message`.
pub fn message_of(value: &Value) -> Option<String> {
    let error = value.get("error").or_else(|| value.get("detail")).or_else(|| value.get("message"))?;
    let text = match error {
        Value::String(text) => text.clone(),
        Value::Object(_) => {
            error.get("message").and_then(Value::as_str).map_or_else(|| error.to_string(), str::to_owned)
        }
        Value::Null => return None,
        other => other.to_string(),
    };
    Some(text)
}

/// One message of any server; `is_event`: it is one of a stream of events, and others follow.
fn read(value: &Value, is_event: bool) -> Told {
    if value.get("error").is_some_and(|error| !error.is_null()) || value["object"] == "error" {
        let error = message_of(value).unwrap_or_else(|| "an error without a sentence".to_owned());
        return Told { error: Some(error), ..Told::default() };
    }
    match value {
        _ if value.get("choices").is_some() => read_choice(value, is_event),
        _ if value.get("done").is_some() || value.get("response").is_some() => read_ollama(value),
        _ => read_native(value),
    }
}

/// llama-server's own endpoints.
fn read_native(value: &Value) -> Told {
    let mut told = Told { text: text(value.get("content")), ..Told::default() };
    for token in value["completion_probabilities"].as_array().into_iter().flatten() {
        told.score(token);
    }
    told.counts = read_timings(value);
    if value["stop"] == true {
        // `truncated` says that the prompt was, not the answer.
        told.end = Some(if value["stop_type"] == "limit" { End::Length } else { End::Complete });
        told.is_last = true;
    }
    told
}

fn read_timings(value: &Value) -> Option<Counts> {
    let timings = value.get("timings")?;
    let number = |name: &str| timings.get(name).and_then(Value::as_f64).filter(|number| *number >= 0.0);
    let (cached, evaluated) = (number("cache_n").map(whole), number("prompt_n").map(whole));
    Some(Counts {
        prompt: evaluated.map(|evaluated| evaluated.saturating_add(cached.unwrap_or(0))),
        cached,
        generated: number("predicted_n").map(whole),
        prefill_us: number("prompt_ms").map(microseconds),
        decode_us: number("predicted_ms").map(microseconds),
    })
}

fn read_ollama(value: &Value) -> Told {
    let mut told = Told { text: text(value.get("response")), ..Told::default() };
    for token in value["logprobs"].as_array().into_iter().flatten() {
        told.score(token);
    }
    if value["done"] == true {
        told.is_last = true;
        told.end = Some(if value["done_reason"] == "length" { End::Length } else { End::Complete });
        let count = |name: &str| value[name].as_u64().map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        let time = |name: &str| value[name].as_u64().map(|nanoseconds| nanoseconds / 1000);
        told.counts = Some(Counts {
            prompt: count("prompt_eval_count"),
            cached: None,
            generated: count("eval_count"),
            prefill_us: time("prompt_eval_duration"),
            decode_us: time("eval_duration"),
        });
    }
    told
}

/// OpenAI's completions and chat completions, and what is like them.
fn read_choice(value: &Value, is_event: bool) -> Told {
    let mut told = Told::default();
    // Some send a last message with counts and no choice.
    if let Some(choice) = value["choices"].get(0) {
        let delta = choice.get("delta").or_else(|| choice.get("message"));
        told.text = match delta {
            Some(delta) => text(delta.get("content")),
            None => text(choice.get("text")),
        };
        let scores = &choice["logprobs"];
        for token in scores["content"].as_array().into_iter().flatten() {
            told.score(token);
        }
        told.score_lists(scores);
        told.end = match choice["finish_reason"].as_str() {
            None | Some("") => None,
            // Mistral has two words for it.
            Some("length" | "model_length") => Some(End::Length),
            // What was written is cut off: Mistral's word, vLLM's, DeepSeek's for a machine that is too busy, and a filter's.
            Some(reason @ ("error" | "abort" | "insufficient_system_resource" | "content_filter")) => {
                told.error = Some(format!("it gave the answer up ({reason})"));
                None
            }
            Some(_) => Some(End::Complete),
        };
        // A whole answer where a stream was asked for, and Tabby's, which has no reason.
        // An event is never whole: a stream ends with a reason or with `[DONE]`, and one that has neither was cut.
        let is_stream = is_event || value["object"].as_str().is_some_and(|object| object.ends_with("chunk"));
        let is_whole = choice.get("message").is_some() || (value.get("object").is_none() && delta.is_none());
        if is_whole && !is_stream {
            told.end.get_or_insert(End::Complete);
            told.is_last = true;
        }
    }
    let usage = &value["usage"];
    if let Some(prompt) = usage["prompt_tokens"].as_u64() {
        let number = |value: &Value| value.as_u64().map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        told.counts = Some(Counts {
            prompt: u32::try_from(prompt).ok(),
            cached: number(&usage["prompt_tokens_details"]["cached_tokens"])
                .or_else(|| number(&usage["prompt_cache_hit_tokens"])),
            generated: number(&usage["completion_tokens"]),
            ..Counts::default()
        });
    }
    if let Some(timings) = read_timings(value) {
        told.counts = Some(timings);
    }
    told
}

impl Told {
    /// A token in the newer form: `{"token","bytes","logprob","top_logprobs"}`.
    fn score(&mut self, token: &Value) {
        let (Some(bytes), Some(logprob)) = (token_bytes(token), token["logprob"].as_f64()) else { return };
        if self.tokens.is_empty() {
            let others = token["top_logprobs"].as_array().into_iter().flatten();
            let read =
                |other: &Value| Some((String::from_utf8(token_bytes(other)?).ok()?, other["logprob"].as_f64()? as f32));
            self.alternatives =
                others.filter_map(read).filter(|(other, _)| other.as_bytes() != bytes && !other.is_empty()).collect();
        }
        self.tokens.push(Scored { bytes, logprob: (logprob as f32).min(0.0) });
    }

    /// The older form of completions: lists side by side.
    fn score_lists(&mut self, scores: &Value) {
        let (Some(tokens), Some(logprobs)) = (scores["tokens"].as_array(), scores["token_logprobs"].as_array()) else {
            return;
        };
        for (token, logprob) in tokens.iter().zip(logprobs) {
            let (Some(token), Some(logprob)) = (token.as_str(), logprob.as_f64()) else { continue };
            self.tokens.push(Scored { bytes: token.as_bytes().to_vec(), logprob: (logprob as f32).min(0.0) });
        }
        if let (Some(first), Some(others)) =
            (tokens.first().and_then(Value::as_str), scores["top_logprobs"][0].as_object())
        {
            let mut others: Vec<(&String, f64)> = others
                .iter()
                .filter(|(token, _)| *token != first)
                .filter_map(|(token, value)| Some((token, value.as_f64()?)))
                .collect();
            others.sort_by(|one, other| other.1.total_cmp(&one.1));
            self.alternatives = others.into_iter().map(|(token, logprob)| (token.clone(), logprob as f32)).collect();
        }
    }
}

fn token_bytes(token: &Value) -> Option<Vec<u8>> {
    match token["bytes"].as_array() {
        Some(bytes) => bytes.iter().map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok())).collect(),
        None => token["token"].as_str().map(|text| text.as_bytes().to_vec()),
    }
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn whole(number: f64) -> u32 {
    number as u32
}

fn microseconds(milliseconds: f64) -> u64 {
    (milliseconds * 1000.0) as u64
}

#[cfg(test)]
mod tests;
