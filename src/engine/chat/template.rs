//! A model's chat template, as Hugging Face writes them: Jinja, run in a sandbox with an end to its time and its memory.
//!
//! The template sees marks in place of what people and files say. What it writes around them is markup and may hold special
//! tokens; what stands for a mark is put in later as plain text. So nothing that is asked can end a turn or begin another.

mod limits;

use std::io;
use std::sync::Arc;

use jiff::civil::DateTime;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Rest, Value};
use minijinja::{AutoEscape, Environment, ErrorKind, context};

use super::fallback::{self, Builtin};
use super::{ChatRole, ChatTurn, ChatVocabulary};

/// Bytes of a template. The longest of well-known models, with all of their tools, have about 20 KB. Each byte of it can nest an
/// expression deeper, and so takes some of the stack (`limits::STACK`).
const LONGEST_TEMPLATE: usize = 64 << 10;
/// Bytes that a template may write, marks in place of texts.
const LONGEST_OUTPUT: usize = 1 << 20;
/// Steps of a template and 64-byte pieces of memory, and how many more for each turn: the largest that was looked at takes a
/// few thousand for ten turns.
const FUEL: u64 = 20_000;
const FUEL_EACH: u64 = 400;
/// Nested blocks and macro calls.
const DEPTH: usize = 120;
/// Turns that a template is shown: more of them are cut by whoever asks.
const MOST_TURNS: usize = 512;
/// Bytes of a date's format.
const LONGEST_DATE: usize = 128;
/// The template's name in errors.
const NAME: &str = "chat_template";

// A mark is a number between two characters of private use, with a blank that no template writes on either side: where that
// is gone, the template trims what it is given.
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';
const BLANK: char = '\u{2003}';

/// Where a template is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateSource {
    /// The model's file.
    Model,
    /// Ours, of this name, by the special tokens of the vocabulary. With why the model's own is not used, where it has one.
    Builtin(&'static str, Option<String>),
}

impl std::fmt::Display for TemplateSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Model => f.write_str("its own template"),
            Self::Builtin(name, None) => write!(f, "{name}, by its special tokens"),
            Self::Builtin(name, Some(why)) => {
                write!(f, "{name}, by its special tokens, as its own template fails: {why}")
            }
        }
    }
}

/// A part of a rendered conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// What the template wrote; special tokens in it are meant.
    Markup(String),
    /// What was said, whole or trimmed; nothing in it is special.
    Said(Arc<str>),
}

/// See the room.
#[derive(Debug)]
pub struct ChatTemplate {
    environment: Environment<'static>,
    pub source: TemplateSource,
    bos: String,
    eos: String,
}

/// What a template may ask for besides the turns.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// Whether the model may think before it answers, where it can be told.
    pub thinks: bool,
    /// Some templates tell the model the date.
    pub now: DateTime,
}

impl ChatTemplate {
    /// `own`: the model's, from its file. Tried on a short conversation; where it fails, and where there is none, the
    /// vocabulary tells which of ours it is. `may_guess`: whether ours may be taken at all.
    ///
    /// # Errors
    /// A sentence: this model holds no conversation.
    pub fn of(own: Option<&str>, vocabulary: &dyn ChatVocabulary, may_guess: bool) -> Result<Self, String> {
        let failure = match own.map(|own| Self::tried(own.to_owned(), TemplateSource::Model, vocabulary)) {
            Some(Ok(template)) => return Ok(template),
            Some(Err(why)) => Some(why),
            None => None,
        };
        let builtin = fallback::by_tokens(vocabulary).filter(|_| may_guess || failure.is_some());
        match (builtin, failure) {
            (Some(Builtin { name, text, .. }), failure) => {
                Self::tried((*text).to_owned(), TemplateSource::Builtin(name, failure), vocabulary)
            }
            (None, Some(why)) => {
                Err(format!("its chat template cannot be used: {why}; set engine.chatModel to another instruct model"))
            }
            (None, None) => {
                Err("it has no chat template, so it only completes; set engine.chatModel to an instruct model \
                                 (`tandem model list` names some)"
                    .to_owned())
            }
        }
    }

    fn tried(text: String, source: TemplateSource, vocabulary: &dyn ChatVocabulary) -> Result<Self, String> {
        if text.len() > LONGEST_TEMPLATE {
            return Err(format!("it has {} bytes, and {LONGEST_TEMPLATE} are the most", text.len()));
        }
        let mut environment = Environment::new();
        environment.add_function("raise_exception", raise_exception);
        // As Hugging Face sets its own up.
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|error| sentence(&error))?);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_unknown_method_callback(limits::method);
        environment.add_filter("tojson", limits::tojson);
        environment.set_recursion_limit(DEPTH);
        limits::on_a_deep_stack(|| environment.add_template_owned(NAME, text).map_err(|error| sentence(&error)))?;
        let bos = vocabulary.bos().map(|token| vocabulary.spelling(token)).unwrap_or_default();
        let eos = vocabulary.eos().map(|token| vocabulary.spelling(token)).unwrap_or_default();
        let template = Self { environment, source, bos, eos };
        let turn = |role| ChatTurn::new(role, "x");
        let trial = [ChatRole::System, ChatRole::User, ChatRole::Assistant, ChatRole::User].map(turn);
        template.render(&trial, Ask { thinks: false, now: DateTime::constant(2026, 1, 1, 0, 0, 0, 0) })?;
        Ok(template)
    }

    /// The conversation as the model wants it, up to where its answer begins. Turns of the same side that follow each other
    /// are joined; a model that knows no system's role finds its text at the head of the user's first turn.
    ///
    /// # Errors
    /// A sentence.
    pub fn render(&self, turns: &[ChatTurn], ask: Ask) -> Result<Vec<Part>, String> {
        let turns = joined(turns);
        if turns.len() > MOST_TURNS {
            return Err(format!("the conversation has {} turns, and {MOST_TURNS} are the most", turns.len()));
        }
        if turns.last().is_none_or(|turn| turn.role != ChatRole::User) {
            return Err("the conversation does not end with a question".to_owned());
        }
        match self.render_as_is(&turns, ask) {
            Err(_) if turns[0].role == ChatRole::System => self.render_as_is(&folded(turns), ask),
            rendered => rendered,
        }
    }

    fn render_as_is(&self, turns: &[ChatTurn], ask: Ask) -> Result<Vec<Part>, String> {
        let role = |role| match role {
            ChatRole::System => "system",
            ChatRole::User => "user",
            ChatRole::Assistant => "assistant",
        };
        let messages: Vec<Value> = (turns.iter().enumerate())
            .map(|(at, turn)| context! { role => role(turn.role), content => format!("{BLANK}{OPEN}{at}{CLOSE}{BLANK}") })
            .collect();
        let now = ask.now;
        let strftime_now = Value::from_function(move |format: &str| -> Result<String, minijinja::Error> {
            let no = |why: String| minijinja::Error::new(ErrorKind::InvalidOperation, why);
            if format.len() > LONGEST_DATE {
                return Err(no("its date has no end".to_owned()));
            }
            jiff::fmt::strtime::format(format, now).map_err(|error| no(error.to_string()))
        });
        let variables = context! {
            messages,
            add_generation_prompt => true,
            bos_token => &self.bos,
            eos_token => &self.eos,
            enable_thinking => ask.thinks,
            thinking => ask.thinks,
            strftime_now,
        };
        let mut environment = self.environment.clone();
        environment.set_fuel(Some(FUEL + FUEL_EACH * turns.len() as u64));
        // Everything that the template made goes with the thread: nested values end as deep as they are.
        let written = limits::on_a_deep_stack(move || {
            let template = environment.get_template(NAME).map_err(|error| sentence(&error))?;
            let mut written = Bounded(Vec::new());
            template.render_captured_to(variables, &mut written).map_err(|error| sentence(&error))?;
            Ok(written.0)
        })?;
        let written = String::from_utf8(written).map_err(|_| "it writes no text".to_owned())?;
        parts(&written, turns)
    }
}

fn raise_exception(message: Rest<Value>) -> Result<Value, minijinja::Error> {
    let words: Vec<String> = message.iter().map(ToString::to_string).collect();
    Err(minijinja::Error::new(ErrorKind::InvalidOperation, words.join(" ")))
}

/// Text of the same side joined, what comes before the first question but the system's left out, empty turns as well.
fn joined(turns: &[ChatTurn]) -> Vec<ChatTurn> {
    let mut joined: Vec<ChatTurn> = Vec::new();
    let said = |turn: &&ChatTurn| !turn.text.trim().is_empty();
    let system = turns.iter().filter(|turn| turn.role == ChatRole::System);
    let others = turns.iter().filter(|turn| turn.role != ChatRole::System);
    let others = others.skip_while(|turn| turn.role == ChatRole::Assistant);
    for turn in system.chain(others).filter(said) {
        match joined.last_mut().filter(|last| last.role == turn.role) {
            Some(last) => last.text = Arc::from(format!("{}\n\n{}", last.text, turn.text)),
            None => joined.push(turn.clone()),
        }
    }
    joined
}

/// Without a system's turn.
fn folded(mut turns: Vec<ChatTurn>) -> Vec<ChatTurn> {
    let system = turns.remove(0);
    turns.insert(0, ChatTurn { role: ChatRole::User, text: system.text });
    joined(&turns)
}

/// Puts texts in the place of their marks.
fn parts(written: &str, turns: &[ChatTurn]) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut seen = vec![false; turns.len()];
    let mut markup = String::new();
    let mut rest = written;
    while let Some(open) = rest.find(OPEN) {
        let (before, mark) = rest.split_at(open);
        let inner = &mark[OPEN.len_utf8()..];
        let number = inner.split_once(CLOSE).and_then(|(number, after)| Some((number.parse::<usize>().ok()?, after)));
        let Some((at, after)) = number.filter(|(at, _)| *at < turns.len()) else {
            return Err("it takes what is said apart".to_owned());
        };
        let (before, is_trimmed_before) = match before.strip_suffix(BLANK) {
            Some(before) => (before, false),
            None => (before, true),
        };
        let (after, is_trimmed_after) = match after.strip_prefix(BLANK) {
            Some(after) => (after, false),
            None => (after, true),
        };
        markup.push_str(before);
        if !markup.is_empty() {
            parts.push(Part::Markup(std::mem::take(&mut markup)));
        }
        let text = &turns[at].text;
        let trimmed = match (is_trimmed_before, is_trimmed_after) {
            (true, true) => text.trim(),
            (true, false) => text.trim_start(),
            (false, true) => text.trim_end(),
            (false, false) => text,
        };
        parts.push(Part::Said(if trimmed.len() == text.len() { text.clone() } else { Arc::from(trimmed) }));
        seen[at] = true;
        rest = after;
    }
    markup.push_str(rest);
    if !markup.is_empty() {
        parts.push(Part::Markup(markup));
    }
    // Some leave the system's turn out and say nothing of it.
    match seen.iter().position(|seen| !seen) {
        Some(at) => Err(format!("it leaves out turn {} of {}", at + 1, turns.len())),
        None => Ok(parts),
    }
}

/// An error of the template as a part of a sentence, in one line.
fn sentence(error: &minijinja::Error) -> String {
    let mut text = match error.kind() {
        ErrorKind::OutOfFuel => "it has no end, or takes more memory than it may".to_owned(),
        ErrorKind::WriteFailure => format!("it writes more than {LONGEST_OUTPUT} bytes"),
        kind => error.detail().map_or_else(|| kind.to_string(), str::to_owned),
    };
    if let Some(line) = error.line() {
        text.push_str(&format!(" (line {line})"));
    }
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    plain
}

/// Takes so many bytes and no more.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST_OUTPUT {
            return Err(io::Error::other("too much"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
