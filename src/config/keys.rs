//! The list of keys: what each takes, who may set it, and what it is for.
//!
//! `schema.rs` gives the values their Rust types, this list gives them to people: checks with messages, the table in
//! `docs/configuration.md`, names of environment variables. A test holds the two together.

mod cloud;
mod engine;

use super::eagerness::Eagerness;

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Bool,
    /// A whole number; both ends are allowed.
    Integer {
        min: u64,
        max: u64,
    },
    /// One of these words, from the most careful to the least.
    Choice(&'static [&'static str]),
    /// One of these words, from the most careful to the least, or a whole number; both ends are allowed. A word and a
    /// number have no order: where a workspace lowers the key in the other form, both stay, and the stricter counts.
    ChoiceOrInteger {
        words: &'static [&'static str],
        min: u64,
        max: u64,
    },
    Text,
    /// `~/` is the home directory; relative paths in a file are relative to that file.
    Path,
    /// A path as above to a GGUF file, or the name of a model.
    Model,
    /// A list of texts; in the environment separated by commas.
    TextList,
    /// A list of patterns in the syntax of `.gitignore`. One that cannot be read is left out; the last one that fits
    /// decides, so a workspace's stand before the user's.
    PatternList,
}

/// What a workspace's file may do with a key. It is never trusted to widen anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tighten {
    /// Nothing: the key belongs to the user.
    Never,
    /// Switch it off.
    OnlyFalse,
    /// Take a smaller number, or a word that stands earlier in the list of choices.
    OnlyLower,
    /// Add to the list.
    OnlyAdd,
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Path with dots, as in `completion.maxLines`. A `*` stands for a name that the user chooses, of letters, digits,
    /// `-` and `_`.
    pub path: &'static str,
    pub kind: Kind,
    pub workspace: Tighten,
    /// What the editor says counts as the workspace's: it may come from the folder.
    pub is_guarded: bool,
    /// What it does, in a sentence or two, in Markdown.
    pub about: &'static str,
}

impl Key {
    pub fn find(path: &str) -> Option<&'static Key> {
        KEYS.iter().find(|key| key.path == path || key.is_of_names() && key.fits(path))
    }

    /// Whether there is one of these for each of the user's names.
    pub fn is_of_names(&self) -> bool {
        self.path.contains('*')
    }

    fn fits(&self, path: &str) -> bool {
        let is_name = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let fits = |(own, theirs): (&str, &str)| own == theirs || own == "*" && !theirs.is_empty() && is_name(theirs);
        self.path.split('.').count() == path.split('.').count() && self.path.split('.').zip(path.split('.')).all(fits)
    }

    /// `completion.maxLines` is `TANDEM_COMPLETION_MAX_LINES`. Keys of names have no variable.
    pub fn variable(&self) -> String {
        let mut name = String::from("TANDEM_");
        for character in self.path.chars() {
            match character {
                '.' => name.push('_'),
                upper if upper.is_ascii_uppercase() => {
                    name.push('_');
                    name.push(upper);
                }
                other => name.push(other.to_ascii_uppercase()),
            }
        }
        name
    }
}

const fn integer(min: u64, max: u64) -> Kind {
    Kind::Integer { min, max }
}

const fn key(path: &'static str, kind: Kind, workspace: Tighten, about: &'static str) -> Key {
    Key { path, kind, workspace, is_guarded: false, about }
}

/// A key of which an editor's settings count as the workspace's.
const fn guarded(path: &'static str, kind: Kind, workspace: Tighten, about: &'static str) -> Key {
    Key { path, kind, workspace, is_guarded: true, about }
}

/// Every key, in the order of the documentation.
pub const KEYS: &[Key] = &ALL;

/// Completion, local models, the index and what is counted, questions.
const PARTS: [&[Key]; 4] = [COMPLETION, engine::KEYS, WORKSPACE, cloud::KEYS];

const ALL: [Key; COMPLETION.len() + engine::KEYS.len() + WORKSPACE.len() + cloud::KEYS.len()] = {
    let mut all = [COMPLETION[0]; COMPLETION.len() + engine::KEYS.len() + WORKSPACE.len() + cloud::KEYS.len()];
    let (mut at, mut part) = (0, 0);
    while part < PARTS.len() {
        let mut within = 0;
        while within < PARTS[part].len() {
            all[at] = PARTS[part][within];
            at += 1;
            within += 1;
        }
        part += 1;
    }
    all
};

const COMPLETION: &[Key] = &[
    key("completion.enabled", Kind::Bool, Tighten::OnlyFalse, "Suggest at all."),
    key(
        "completion.trigger",
        Kind::Choice(&["manual", "automatic"]),
        Tighten::OnlyLower,
        "`automatic`: typing asks for suggestions. `manual`: only your key does.",
    ),
    key(
        "completion.eagerness",
        Kind::ChoiceOrInteger { words: &["low", "medium", "high"], min: 0, max: Eagerness::MOST as u64 },
        Tighten::OnlyLower,
        "How readily Tandem shows something: `low` shows only what is very likely right. A number shows what is right with a \
         probability of at least 100 less that number, in percent: `70` from 30 % on, `0` next to nothing, `100` everything.",
    ),
    key(
        "completion.maxLines",
        integer(1, 200),
        Tighten::OnlyLower,
        "Most lines of a suggestion. `1` is \"same line only\": a suggestion never leaves the cursor's line.",
    ),
    key("completion.maxTokens", integer(1, 2048), Tighten::OnlyLower, "Most tokens of a suggestion."),
    key(
        "completion.disabledLanguages",
        Kind::TextList,
        Tighten::OnlyAdd,
        "Language ids, as the editor names them, in which nothing is suggested.",
    ),
    key(
        "completion.disabledPaths",
        Kind::PatternList,
        Tighten::OnlyAdd,
        "Documents in which nothing is suggested: patterns in the syntax of `.gitignore`, read from the workspace folder, \
         for example `vendor/`, `*.md`, `!NOTES.md`. A workspace's patterns stand before yours and cannot take them back.",
    ),
    key("completion.inComments", Kind::Bool, Tighten::OnlyFalse, "Suggest inside comments."),
    key("completion.inStrings", Kind::Bool, Tighten::OnlyFalse, "Suggest inside string literals."),
    key(
        "completion.maxDocumentBytes",
        integer(1 << 10, 1 << 30),
        Tighten::OnlyLower,
        "Documents above this size in bytes get no suggestions.",
    ),
    key(
        "completion.debounceMs",
        Kind::ChoiceOrInteger { words: &["auto"], min: 0, max: 5000 },
        Tighten::Never,
        "`auto`: a model that is slower than your keystrokes is asked when you have likely stopped, at most 200 ms after the \
         last; nothing else waits. A number: so many ms after every automatic request before any work starts.",
    ),
    key(
        "completion.why",
        Kind::Bool,
        Tighten::OnlyFalse,
        "Answer `tandem why` in a terminal about the last request: from memory, through a socket that only you can open. \
         Nothing is written to disk.",
    ),
    key(
        "completion.lookAhead",
        Kind::Bool,
        Tighten::OnlyFalse,
        "Prepare what follows a suggestion while it is shown, and a changed prompt while you are idle. Costs power for what is \
         not wanted in the end; `tandem/status` counts it.",
    ),
    key(
        "completion.idleMs",
        integer(100, 600_000),
        Tighten::Never,
        "You are idle after this many ms without an edit or a request.",
    ),
    key(
        "completion.candidates",
        integer(1, 8),
        Tighten::OnlyLower,
        "Candidates when a suggestion is asked for by key.",
    ),
    key(
        "completion.prefixTokens",
        integer(16, 1 << 17),
        Tighten::OnlyLower,
        "Prompt tokens for the text before the cursor.",
    ),
    key(
        "completion.suffixTokens",
        integer(0, 1 << 17),
        Tighten::OnlyLower,
        "Prompt tokens for the text after the cursor.",
    ),
    key(
        "completion.snippetTokens",
        integer(0, 1 << 17),
        Tighten::OnlyLower,
        "Prompt tokens for text from elsewhere in the workspace.",
    ),
    key(
        "completion.similarPercent",
        integer(0, 80),
        Tighten::OnlyLower,
        "Percent of `completion.snippetTokens` for pieces of code like that at the cursor.",
    ),
    key(
        "completion.nextEdit",
        Kind::Bool,
        Tighten::OnlyFalse,
        "Offer uses that a rename or a changed signature has left behind as the next edit: [next-edit.md](next-edit.md).",
    ),
    guarded(
        "completion.cloud",
        Kind::Bool,
        Tighten::OnlyFalse,
        "A paid service may write suggestions while you type: what stands around the cursor leaves this machine, and each \
         suggestion costs money. It wants a `completion.cloudProvider`, a monthly limit, a trusted folder and your yes for that \
         folder ([completion.md](completion.md)).",
    ),
    guarded(
        "completion.cloudProvider",
        Kind::Text,
        Tighten::Never,
        "Who is asked for suggestions where `completion.cloud` allows it: `mistral`, `deepseek`, or a name from \
         `cloud.providers` of one of these kinds. Empty: `cloud.provider`.",
    ),
    guarded(
        "completion.cloudModel",
        Kind::Text,
        Tighten::Never,
        "The model that writes these suggestions, as the provider spells it. Empty: `mistral-code-fim-latest` or \
         `deepseek-v4-flash`.",
    ),
    guarded(
        "completion.cloudDebounceMs",
        integer(300, 5_000),
        Tighten::Never,
        "The provider is asked when you have not typed for this many ms. One request is under way at a time, and the next key \
         ends it.",
    ),
];

/// The index, counts and the log.
const WORKSPACE: &[Key] = &[
    key("index.enabled", Kind::Bool, Tighten::OnlyFalse, "Index the workspace."),
    key(
        "index.watch",
        Kind::Choice(&["off", "client", "server", "auto"]),
        Tighten::Never,
        "Who notices that files change: the editor (`client`), Tandem (`server`), or the editor where it offers to (`auto`).",
    ),
    key(
        "index.threads",
        integer(0, 512),
        Tighten::OnlyLower,
        "Threads that read and parse. `0` takes half of the cores, at most 8.",
    ),
    key(
        "index.cpuShare",
        integer(1, 100),
        Tighten::OnlyLower,
        "Percent of a core that each of these threads takes while it indexes.",
    ),
    key(
        "index.maxMemoryMb",
        integer(16, 1 << 20),
        Tighten::OnlyLower,
        "MiB that the index of a folder may take. Beyond it files are listed and not read.",
    ),
    key(
        "index.lookupMemoryMb",
        integer(0, 1 << 14),
        Tighten::OnlyLower,
        "MiB that lookup's memory of a folder's code may take; the longest files are left out beyond it. `0`: lookup copies \
         from open documents alone.",
    ),
    key(
        "index.vectorsMb",
        integer(1, 1 << 14),
        Tighten::OnlyLower,
        "MiB that the vectors of a folder's code may take, where `engine.embeddingModel` makes them.",
    ),
    key("index.maxFiles", integer(1, 10_000_000), Tighten::OnlyLower, "Files that are indexed in a folder."),
    key(
        "index.maxFileBytes",
        integer(1 << 10, 2 << 20),
        Tighten::OnlyLower,
        "Files above this size in bytes are not read.",
    ),
    key(
        "index.maxParseMs",
        integer(1, 60_000),
        Tighten::OnlyLower,
        "Longest parse of a file in ms. After it only the words of the file are indexed.",
    ),
    key(
        "index.exclude",
        Kind::PatternList,
        Tighten::OnlyAdd,
        "Patterns of what is left out, in the syntax of `.gitignore`, beside all ignore files.",
    ),
    key(
        "index.persist",
        Kind::Bool,
        Tighten::OnlyFalse,
        "Keep the index between runs, in the cache directory and never in the workspace.",
    ),
    key(
        "index.navigation",
        Kind::Bool,
        Tighten::OnlyFalse,
        "Answer outline, definition and references too. Off, because a language server knows them better.",
    ),
    key(
        "stats.enabled",
        Kind::Bool,
        Tighten::OnlyFalse,
        "Count what becomes of suggestions, in a file of yours that never leaves this machine; `tandem stats` shows it.",
    ),
    key("stats.keepDays", integer(1, 3650), Tighten::Never, "Days that these counts are kept."),
    key(
        "log.filter",
        Kind::Text,
        Tighten::Never,
        "What is logged, for example `info` or `tandem::complete=debug`. `TANDEM_LOG` is short for it. Source text appears \
         at `trace` only.",
    ),
    key(
        "log.file",
        Kind::Bool,
        Tighten::Never,
        "Log to a file in the state directory, bounded in size, instead of stderr.",
    ),
];

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::config::{ProviderSettings, Settings};

    fn leaves(prefix: &str, value: &Value, into: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                    leaves(&path, field, into);
                }
            }
            _ => into.push(prefix.to_owned()),
        }
    }

    #[test]
    fn the_list_and_the_schema_name_the_same_keys() {
        let mut schema = Vec::new();
        let mut settings = Settings::default();
        settings.cloud.providers.insert("any".to_owned(), ProviderSettings::default());
        leaves("", &serde_json::to_value(settings).unwrap(), &mut schema);
        let mut list: Vec<String> = KEYS.iter().map(|key| key.path.replace('*', "any")).collect();
        schema.sort();
        list.sort();
        assert_eq!(schema, list);
    }

    #[test]
    fn a_star_stands_for_one_name() {
        let kind = |path| Key::find(path).map(|key| key.path);
        assert_eq!(kind("cloud.providers.work-2.kind"), Some("cloud.providers.*.kind"));
        assert_eq!(kind("cloud.providers.a.b.kind"), None);
        assert_eq!(kind("cloud.providers..kind"), None);
        assert_eq!(kind("cloud.providers.a b.kind"), None);
    }

    #[test]
    fn names_of_variables_are_unique_and_spelled_as_documented() {
        let mut names: Vec<String> = KEYS.iter().map(Key::variable).collect();
        assert!(names.contains(&"TANDEM_COMPLETION_MAX_LINES".to_owned()));
        names.sort();
        names.dedup();
        assert_eq!(names.len(), KEYS.len());
    }
}
