//! Layers of settings: checked key by key, then put on top of each other.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use ignore::gitignore::GitignoreBuilder;
use serde_json::{Map, Value};

use super::keys::{KEYS, Key, Kind, Tighten};
use super::schema::{Settings, is_model_name};

/// Who said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// What the machine suggests (for example one thread in continuous integration).
    Machine,
    UserFile(PathBuf),
    Editor,
    WorkspaceFile(PathBuf),
    Environment,
    CommandLine,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Machine => write!(f, "machine"),
            Origin::UserFile(path) | Origin::WorkspaceFile(path) => write!(f, "{}", path.display()),
            Origin::Editor => write!(f, "editor settings"),
            Origin::Environment => write!(f, "environment"),
            Origin::CommandLine => write!(f, "command line"),
        }
    }
}

/// Settings from one place. `values` is an object, nested or with dots in its names; null means "not set".
#[derive(Clone, Debug)]
pub struct Layer {
    pub origin: Origin,
    pub values: Value,
}

/// Something that was ignored, and why. `Display` is one line for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub origin: Origin,
    /// The key's path, or the variable's name; empty when the whole layer is meant.
    pub key: String,
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: ", self.origin)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}", self.message)
    }
}

impl Settings {
    /// The defaults with `layers` on top, later ones winning. Never fails: what cannot be used is dropped and reported.
    pub fn from_layers(layers: &[Layer]) -> (Settings, Vec<Problem>) {
        let mut merged = serde_json::to_value(Settings::default()).unwrap_or_default();
        let mut problems = Vec::new();
        for layer in layers {
            let mut leaves = Vec::new();
            flatten("", &layer.values, &mut leaves);
            for (path, value) in leaves {
                let (value, unreadable) = readable_patterns(&path, value);
                for message in unreadable {
                    problems.push(Problem { origin: layer.origin.clone(), key: path.clone(), message });
                }
                let outcome = accept(&layer.origin, &path, &value, get(&merged, &path));
                match outcome {
                    Ok(Some(accepted)) => set(&mut merged, &path, accepted),
                    Ok(None) => {}
                    Err(message) => problems.push(Problem { origin: layer.origin.clone(), key: path, message }),
                }
            }
        }
        // Every value was checked against its kind, so this does not fail; `every_kind_fits_its_field` holds it to that.
        let settings = serde_json::from_value(merged).unwrap_or_else(|error| {
            let message = format!("{error}; the defaults are used");
            problems.push(Problem { origin: Origin::Machine, key: String::new(), message });
            Settings::default()
        });
        (settings, problems)
    }
}

/// A list of patterns without those that cannot be read, and a sentence for each of these: the others still say what the
/// user wants to be left alone.
fn readable_patterns<'a>(path: &str, value: &'a Value) -> (Cow<'a, Value>, Vec<String>) {
    let is_list = Key::find(path).is_some_and(|key| key.kind == Kind::PatternList && key.kind.admits(value));
    let (Some(patterns), true) = (value.as_array(), is_list) else { return (Cow::Borrowed(value), Vec::new()) };
    let mut unreadable = Vec::new();
    let mut kept = patterns.clone();
    kept.retain(|pattern| {
        let line = pattern.as_str().unwrap_or_default();
        match GitignoreBuilder::new("").add_line(None, line) {
            Ok(_) => true,
            Err(error) => {
                let show = show(pattern);
                unreadable.push(format!("the pattern {show} cannot be read and is left out: {error}"));
                false
            }
        }
    });
    if unreadable.is_empty() {
        (Cow::Borrowed(value), unreadable)
    } else {
        (Cow::Owned(Value::Array(kept)), unreadable)
    }
}

/// The value to take, nothing for "not set" and for what is already so, or why not.
fn accept(origin: &Origin, path: &str, value: &Value, current: Option<&Value>) -> Result<Option<Value>, String> {
    // The language client of VS Code sends its own `trace.server` with every section.
    if *origin == Origin::Editor && path.starts_with("trace") {
        return Ok(None);
    }
    let Some(key) = Key::find(path) else {
        return Err(unknown(path));
    };
    // Also a text that is empty by default, which nobody would write otherwise.
    if value.is_null() || current == Some(value) {
        return Ok(None);
    }
    if !key.kind.admits(value) {
        return Err(format!("{} is not {}; the setting is ignored", show(value), key.kind.expected()));
    }
    match origin {
        Origin::WorkspaceFile(_) => tighten(key, value, current),
        // The folder may hold the editor's settings as well.
        Origin::Editor if key.is_guarded => tighten(key, value, current).map_err(|message| match key.workspace {
            Tighten::Never => {
                "editors take settings from the folder, too, so this one counts only in your own file, in the \
                               environment or on the command line"
                    .to_owned()
            }
            _ => message.replace("a workspace", "an editor, whose settings may come from the folder,"),
        }),
        Origin::UserFile(file) if key.kind == Kind::Path || key.kind == Kind::Model && !is_name(value) => {
            Ok(Some(beside(file, value)))
        }
        _ => Ok(Some(value.clone())),
    }
}

impl Key {
    /// The key that was probably meant.
    pub fn nearest(wrong: &str) -> Option<&'static str> {
        nearest(wrong, KEYS.iter().map(|key| key.path))
    }
}

fn unknown(path: &str) -> String {
    if KEYS.iter().any(|key| key.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))) {
        return "this is a group of settings, not a value".to_owned();
    }
    match Key::nearest(path) {
        Some(near) => format!("no setting has this name; did you mean `{near}`?"),
        None => "no setting has this name".to_owned(),
    }
}

/// What a workspace's file may do.
fn tighten(key: &Key, value: &Value, current: Option<&Value>) -> Result<Option<Value>, String> {
    let widens = |what: &str| Err(format!("a workspace may only {what}; the setting is ignored"));
    match key.workspace {
        Tighten::Never => Err("a workspace may not set this, only you can (user file, editor settings)".to_owned()),
        Tighten::OnlyFalse if *value == Value::Bool(false) => Ok(Some(value.clone())),
        Tighten::OnlyFalse => widens("switch this off"),
        Tighten::OnlyLower if matches!(key.kind, Kind::ChoiceOrInteger { .. }) => {
            key.kind.lowered(value, current).map_or_else(|| widens("lower this"), |lowered| Ok(Some(lowered)))
        }
        Tighten::OnlyLower => {
            let is_lower = match key.kind {
                Kind::Choice(words) => is_earlier(words, value, current),
                _ => value.as_u64() < current.and_then(Value::as_u64),
            };
            if is_lower { Ok(Some(value.clone())) } else { widens("lower this") }
        }
        Tighten::OnlyAdd if key.kind == Kind::PatternList => {
            // The last pattern that fits decides. Before the user's, a `!` takes back the workspace's own alone.
            let lists = [Some(value), current].into_iter().flatten().filter_map(Value::as_array);
            Ok(Some(lists.flatten().cloned().collect()))
        }
        Tighten::OnlyAdd => {
            let mut all: Vec<Value> = current.and_then(Value::as_array).cloned().unwrap_or_default();
            for word in value.as_array().into_iter().flatten() {
                if !all.contains(word) {
                    all.push(word.clone());
                }
            }
            Ok(Some(Value::Array(all)))
        }
    }
}

/// Whether `value` stands before `current` in the list. What is not in it has no place.
fn is_earlier(words: &[&str], value: &Value, current: Option<&Value>) -> bool {
    let rank = |value: &Value| words.iter().position(|candidate| Some(*candidate) == value.as_str());
    match (rank(value), current.and_then(rank)) {
        (Some(wanted), Some(now)) => wanted < now,
        _ => false,
    }
}

impl Kind {
    /// A value as people write it in a variable or on a command line; None when it cannot be one of this kind.
    pub fn parse(self, text: &str) -> Option<Value> {
        match self {
            Kind::Bool => match text.to_ascii_lowercase().as_str() {
                "1" | "true" | "yes" | "on" => Some(Value::Bool(true)),
                "0" | "false" | "no" | "off" => Some(Value::Bool(false)),
                _ => None,
            },
            Kind::Integer { .. } => text.trim().parse::<u64>().ok().map(Value::from),
            Kind::ChoiceOrInteger { .. } => {
                let text = text.trim();
                Some(text.parse::<u64>().map_or_else(|_| Value::String(text.to_owned()), Value::from))
            }
            Kind::Choice(_) | Kind::Text | Kind::Path | Kind::Model => Some(Value::String(text.to_owned())),
            Kind::TextList | Kind::PatternList => {
                let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
                Some(words.map(|word| Value::String(word.to_owned())).collect())
            }
        }
    }

    /// A word or a number that is as low as `value` and as what is there now; None where `value` is higher than that. A word
    /// and a number are not compared: both stay, and the stricter counts (`Eagerness`).
    fn lowered(self, value: &Value, current: Option<&Value>) -> Option<Value> {
        let Kind::ChoiceOrInteger { words, .. } = self else { return None };
        let rank = |value: &Value| words.iter().position(|word| value.as_str() == Some(word));
        let part = |name: &str| current.and_then(|current| current.get(name)).or(current);
        let level = part("level").filter(|level| level.is_string()).cloned();
        let number = part("number").filter(|number| number.is_u64()).cloned();
        let (level, number) = if value.is_string() {
            (level.is_none_or(|level| rank(value) <= rank(&level)).then(|| Some(value.clone()))?, number)
        } else {
            let is_low = number.is_none_or(|number| value.as_u64() <= number.as_u64());
            (level, is_low.then(|| Some(value.clone()))?)
        };
        match (level, number) {
            (Some(level), Some(number)) => Some(serde_json::json!({"level": level, "number": number})),
            (one, other) => one.or(other),
        }
    }

    /// Whether a value may stand for this key.
    pub fn admits(self, value: &Value) -> bool {
        match self {
            Kind::Bool => value.is_boolean(),
            Kind::Integer { min, max } => value.as_u64().is_some_and(|number| (min..=max).contains(&number)),
            Kind::Choice(words) => value.as_str().is_some_and(|word| words.contains(&word)),
            Kind::ChoiceOrInteger { words, min, max } => {
                Kind::Choice(words).admits(value) || Kind::Integer { min, max }.admits(value)
            }
            Kind::Text | Kind::Path | Kind::Model => value.as_str().is_some_and(|text| !text.trim().is_empty()),
            Kind::TextList | Kind::PatternList => {
                value.as_array().is_some_and(|items| items.iter().all(Value::is_string))
            }
        }
    }

    /// In words, to stand after "is not".
    pub fn expected(self) -> String {
        match self {
            Kind::Bool => "true or false".to_owned(),
            Kind::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Kind::Choice(words) => {
                let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                format!("one of {}", quoted.join(", "))
            }
            Kind::ChoiceOrInteger { words: [word], min, max } => {
                format!("`{word}` or {}", Kind::Integer { min, max }.expected())
            }
            Kind::ChoiceOrInteger { words, min, max } => {
                format!("{} or {}", Kind::Choice(words).expected(), Kind::Integer { min, max }.expected())
            }
            Kind::Text => "a text".to_owned(),
            Kind::Path => "a path".to_owned(),
            Kind::Model => "a path or the name of a model".to_owned(),
            Kind::TextList => "a list of texts".to_owned(),
            Kind::PatternList => "a list of patterns".to_owned(),
        }
    }
}

fn is_name(model: &Value) -> bool {
    model.as_str().is_some_and(|text| is_model_name(Path::new(text)))
}

/// A relative path in a file means "relative to this file". `~/` stays for the loader, which knows the home directory.
fn beside(file: &Path, value: &Value) -> Value {
    match (value.as_str(), file.parent()) {
        (Some(text), Some(directory)) if !text.starts_with("~/") => {
            Value::String(directory.join(text).to_string_lossy().into_owned())
        }
        _ => value.clone(),
    }
}

/// Short enough for a message, whatever was sent.
fn show(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("`{}…`", text.get(..end).unwrap_or_default()),
        None => format!("`{text}`"),
    }
}

/// Settings are three levels deep at most; what is nested deeper is reported as it stands.
fn flatten<'a>(prefix: &str, value: &'a Value, into: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(fields) if Key::find(prefix).is_none() && prefix.matches('.').count() < 3 => {
            for (name, field) in fields {
                let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                flatten(&path, field, into);
            }
        }
        _ if prefix.is_empty() => {}
        _ => into.push((prefix.to_owned(), value)),
    }
}

fn get<'a>(root: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(root, |value, name| value.get(name))
}

fn set(root: &mut Value, path: &str, leaf: Value) {
    let mut place = root;
    for name in path.split('.') {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Some(fields) = place.as_object_mut() else { return };
        place = fields.entry(name).or_insert(Value::Null);
    }
    *place = leaf;
}

/// The candidate with the fewest changed letters, when they are few enough to be a slip of the hand.
pub(super) fn nearest<'a>(wrong: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if wrong.len() > 80 {
        return None;
    }
    let plain = |text: &str| text.to_ascii_lowercase().replace(['_', '-'], "");
    let wrong = plain(wrong);
    let last = wrong.rsplit('.').next().unwrap_or_default().to_owned();
    let (distance, best) = candidates
        .map(|candidate| {
            let right = plain(candidate);
            // `maxLines` without its group is a slip, too.
            let alone = right.rsplit('.').next().is_some_and(|name| name == last);
            (if alone { 1 } else { edit_distance(&wrong, &right) }, candidate)
        })
        .min_by_key(|(distance, _)| *distance)?;
    (distance <= 2.max(wrong.len() / 5)).then_some(best)
}

fn edit_distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (b, cell) in other.iter().zip(row.iter_mut().skip(1)) {
            let up = *cell;
            left = (diagonal + usize::from(a != *b)).min(up + 1).min(left + 1);
            diagonal = up;
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
