//! The registry of languages, read from `grammars/languages.toml`.
//!
//! A language is data: its entry in that file, its query folder, and one registration line in `grammar.rs`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::bytes::Regex;
use serde::Deserialize;

use super::grammar::{self, Grammar, Source};

/// A language that Tandem knows. Entries live as long as the program.
#[derive(Debug)]
pub struct Language {
    /// The name of the folder in `grammars/`, for example `rust`.
    pub name: String,
    /// What starts a line comment, for example `//`.
    pub line_comment: Option<String>,
    pub(super) entry: Entry,
    grammar: OnceLock<Grammar>,
    shared_pattern: OnceLock<Option<Regex>>,
}

/// One table of `languages.toml`; `grammars/README.md` explains the keys.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    inherits: Option<String>,
    #[serde(default)]
    outline: bool,
    #[serde(default)]
    prose: bool,
    #[serde(default)]
    language_ids: Vec<String>,
    #[serde(default)]
    pub(super) extensions: Vec<String>,
    #[serde(default)]
    file_names: Vec<String>,
    #[serde(default)]
    interpreters: Vec<String>,
    line_comment: Option<String>,
    pub(super) block_comment: Option<(String, String)>,
    pub(super) brackets: Vec<(String, String)>,
    /// The bracket that opens a block of statements; absent where blocks go by indentation.
    pub(super) block_bracket: Option<String>,
    #[serde(default)]
    pub(super) record_openers: Vec<String>,
    #[serde(default)]
    pub(super) record_name_openers: Vec<String>,
    #[serde(default)]
    pub(super) quotes: Vec<String>,
    #[serde(default)]
    pub(super) block_keywords: Vec<String>,
    #[serde(default)]
    pub(super) block_heads: Vec<String>,
    #[serde(default)]
    pub(super) block_openers: Vec<String>,
    #[serde(default)]
    pub(super) block_ends: Vec<String>,
    family: Option<String>,
    #[serde(default)]
    module_separators: Vec<String>,
    #[serde(default)]
    index_files: Vec<String>,
    #[serde(default)]
    shared_extensions: Vec<String>,
    shared_pattern: Option<String>,
}

/// Bytes of a file that are looked at for a shared extension's pattern.
const HEAD: usize = 64 * 1024;

impl Language {
    /// By the client's `languageId`, else by the file name of `path`, else by a `#!` in the first line.
    pub fn detect(language_id: &str, path: &str, first_line: &str) -> Option<&'static Language> {
        let all = Language::all();
        let by_id = |id: &str| all.iter().find(|language| any_eq(&language.entry.language_ids, id));
        let file_name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        by_id(language_id)
            .or_else(|| all.iter().find(|language| any_eq(&language.entry.file_names, file_name)))
            .or_else(|| {
                let (_, extension) = file_name.rsplit_once('.')?;
                all.iter().find(|language| any_eq(&language.entry.extensions, extension))
            })
            .or_else(|| {
                let interpreter = interpreter(first_line)?;
                all.iter().find(|language| any_eq(&language.entry.interpreters, interpreter))
            })
    }

    /// For a file that was told by its name alone: where two languages share an extension, the content decides. A `.h` with
    /// classes in it is C++.
    pub fn of_content(&'static self, path: &str, content: &[u8]) -> &'static Language {
        let Some((_, extension)) = path.rsplit_once('.') else { return self };
        let head = content.get(..HEAD).unwrap_or(content);
        let shares = |language: &&Language| any_eq(&language.entry.shared_extensions, extension);
        let matches = |language: &&Language| language.shared_pattern().is_some_and(|pattern| pattern.is_match(head));
        if !any_eq(&self.entry.extensions, extension) {
            return self;
        }
        Language::all().iter().filter(shares).find(matches).unwrap_or(self)
    }

    fn shared_pattern(&self) -> Option<&Regex> {
        let compile = || {
            let pattern = self.entry.shared_pattern.as_ref()?;
            Regex::new(pattern).inspect_err(|error| tracing::error!("shared_pattern of {}: {error}", self.name)).ok()
        };
        self.shared_pattern.get_or_init(compile).as_ref()
    }

    /// By the name of its folder in `grammars/`.
    pub fn named(name: &str) -> Option<&'static Language> {
        Language::all().iter().find(|language| language.name == name)
    }

    /// Every language, ordered by name.
    pub fn all() -> &'static [Language] {
        static ALL: OnceLock<Vec<Language>> = OnceLock::new();
        ALL.get_or_init(|| match read(include_str!("../../grammars/languages.toml")) {
            Ok(languages) => languages,
            Err(error) => {
                // The file is compiled in and a test reads it, so only a broken build comes here.
                tracing::error!("grammars/languages.toml: {error}");
                Vec::new()
            }
        })
    }

    /// Blocks are made by indentation, not by brackets.
    pub fn is_indented(&self) -> bool {
        self.entry.block_bracket.is_none()
    }

    /// Prose or data: it has an outline, and neither code nor imports.
    pub fn is_outline(&self) -> bool {
        self.entry.outline
    }

    /// Text for people with marks in it: what stands between them is no code.
    pub fn is_prose(&self) -> bool {
        self.entry.prose
    }

    /// What stands before and behind a comment of one line; nothing behind a line comment. None where there are no comments.
    pub fn comment_marks(&self) -> Option<(&str, &str)> {
        let block = || self.entry.block_comment.as_ref().map(|(open, close)| (open.as_str(), close.as_str()));
        self.line_comment.as_deref().map(|mark| (mark, "")).or_else(block)
    }

    /// Languages of one family see each other's names: C and C++, for example.
    pub fn family(&self) -> &str {
        self.entry.family.as_deref().unwrap_or(&self.name)
    }

    /// What stands between the parts of an imported path, beside `/`.
    pub fn module_separators(&self) -> &[String] {
        &self.entry.module_separators
    }

    /// Whether a file of this name (without extension) stands for its directory: `mod`, `__init__`, `index`.
    pub fn is_index_file(&self, stem: &str) -> bool {
        self.entry.index_files.iter().any(|name| name == stem)
    }

    /// The grammar and its queries, made at the first use.
    pub(super) fn grammar(&self) -> &Grammar {
        self.grammar.get_or_init(|| Grammar::new(&self.name, self.sources()))
    }

    /// The query sources of this language, those that it inherits first.
    pub(super) fn sources(&self) -> Vec<&'static Source> {
        let mut chain = Vec::new();
        let mut next = Some(self);
        while let Some(language) = next.filter(|_| chain.len() < 4) {
            chain.extend(grammar::source(&language.name));
            next = language.entry.inherits.as_deref().and_then(Language::named);
        }
        chain.reverse();
        chain
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

fn read(toml: &str) -> Result<Vec<Language>, toml::de::Error> {
    let entries: BTreeMap<String, Entry> = toml::from_str(toml)?;
    let language = |(name, entry): (String, Entry)| Language {
        name,
        line_comment: entry.line_comment.clone(),
        entry,
        grammar: OnceLock::new(),
        shared_pattern: OnceLock::new(),
    };
    Ok(entries.into_iter().map(language).filter(|language| grammar::source(&language.name).is_some()).collect())
}

fn any_eq(list: &[String], wanted: &str) -> bool {
    list.iter().any(|item| item.eq_ignore_ascii_case(wanted))
}

/// The program that a `#!` line names, without its folder and version: `#!/usr/bin/env -S python3.12 -u` is `python`.
fn interpreter(first_line: &str) -> Option<&str> {
    let mut words = first_line.strip_prefix("#!")?.split_whitespace();
    let program = words.next()?.rsplit(['/', '\\']).next()?;
    let program = match program {
        "env" => words.find(|word| !word.starts_with('-') && !word.contains('='))?.rsplit(['/', '\\']).next()?,
        program => program,
    };
    Some(program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(language_id: &str, path: &str, first_line: &str) -> Option<&'static str> {
        Language::detect(language_id, path, first_line).map(|language| language.name.as_str())
    }

    #[test]
    fn the_clients_word_comes_first_then_the_name_then_the_first_line() {
        assert_eq!(detect("rust", "a.py", "#!/usr/bin/python"), Some("rust"));
        assert_eq!(detect("plaintext", "a.py", "#!/usr/bin/node"), Some("python"));
        assert_eq!(detect("plaintext", "bin/tool", "#!/usr/bin/node"), Some("javascript"));
        assert_eq!(detect("", "bin/tool", "hello"), None);
        assert_eq!(detect("plaintext", "README", ""), None);
    }

    #[test]
    fn a_header_is_of_the_language_that_it_is_written_in() {
        let of = |path: &str, content: &str| {
            let language = Language::detect("", path, "").unwrap();
            language.of_content(path, content.as_bytes()).name.as_str()
        };
        for cpp in [
            "#pragma once\n#include <vector>\nint f();\n",
            "namespace a::b {\nint f();\n}\n",
            "  template <typename T> struct A;\n",
            "class A;\n",
            "struct A {\npublic:\n  int a;\n};\n",
            "using A = int;\n",
        ] {
            assert_eq!(of("include/a.h", cpp), "cpp", "{cpp}");
            assert_eq!(of("a.c", cpp), "c", "the name says it");
        }
        for c in [
            "#include <stdio.h>\nstruct a { int class; };\nint public;\n",
            "/* Files are read\n using the given buffer, and\n class names are\n * not known here. */\nint f(void);\n",
            "/* a\n   namespace of names */\n",
            "",
        ] {
            assert_eq!(of("a.h", c), "c", "{c}");
        }
        assert!(
            Language::all()
                .iter()
                .all(|language| { language.shared_pattern().is_some() == language.entry.shared_pattern.is_some() })
        );
    }

    #[test]
    fn language_ids_of_vs_code_neovim_and_helix() {
        for (id, name) in [
            ("typescriptreact", "tsx"),
            ("tsx", "tsx"),
            ("typescript", "typescript"),
            ("javascriptreact", "javascript"),
            ("jsx", "javascript"),
            ("cpp", "cpp"),
            ("c", "c"),
            ("go", "go"),
            ("java", "java"),
            ("python", "python"),
        ] {
            assert_eq!(detect(id, "", ""), Some(name), "{id}");
        }
        assert_eq!(detect("objective-c", "", ""), None);
    }

    #[test]
    fn names_and_extensions() {
        assert_eq!(detect("", "file:///proj/src/Main.JAVA", ""), Some("java"));
        assert_eq!(detect("", r"C:\work\a.d.ts", ""), Some("typescript"));
        assert_eq!(detect("", "a/b/SConstruct", ""), Some("python"));
        assert_eq!(detect("", "a/.rs", ""), Some("rust"));
        assert_eq!(detect("", "rs", ""), None);
        assert_eq!(detect("", "", ""), None);
        // Plain text: searched by its words, and shown as such.
        for name in ["Makefile", "Dockerfile", "LICENSE", "notes.txt"] {
            assert_eq!(detect("", name, "FROM debian"), None, "{name}");
        }
    }

    #[test]
    fn interpreters_lose_their_folder_version_and_options() {
        for line in
            ["#!/usr/bin/python3", "#! /usr/bin/env python3.12", "#!/usr/bin/env -S A=b pypy -u", "#!C:\\py\\python"]
        {
            assert_eq!(detect("", "tool", line), Some("python"), "{line}");
        }
        for line in ["#!", "#!/usr/bin/env", "#!/usr/bin/env -S", "# !python", "#!/usr/bin/awk -f"] {
            assert_eq!(detect("", "tool", line), None, "{line}");
        }
        assert_eq!(detect("", "tool", "#!/bin/sh"), Some("bash"));
    }

    #[test]
    fn every_entry_is_registered() {
        let entries: BTreeMap<String, Entry> = toml::from_str(include_str!("../../grammars/languages.toml")).unwrap();
        let known: Vec<&str> = Language::all().iter().map(|language| language.name.as_str()).collect();
        assert_eq!(known, entries.keys().map(String::as_str).collect::<Vec<_>>());
        for (name, entry) in &entries {
            assert!(entry.inherits.as_ref().is_none_or(|parent| entries.contains_key(parent)), "{name}");
        }
    }
}
