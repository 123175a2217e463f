//! The grammars that are compiled in, and their queries.
//!
//! To add a language: one line in `grammars!`, its folder and its entry in `grammars/`; nothing else in Rust.

use std::sync::OnceLock;

use tree_sitter::Query;
use tree_sitter_language::LanguageFn;

use super::tags::TagRules;

/// A grammar with the text of its queries, as registered.
pub(super) struct Source {
    name: &'static str,
    function: LanguageFn,
    /// What completion asks about a place: file name and text.
    queries: [(&'static str, &'static str); 3],
    /// What the index takes from a file: definitions, imports, references.
    tags: [(&'static str, &'static str); 3],
}

impl std::fmt::Debug for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
impl Source {
    pub(super) fn cursor_queries(&self) -> [(&'static str, &'static str); 3] {
        self.queries
    }
}

macro_rules! grammars {
    ($($name:literal => $function:expr,)*) => {
        static SOURCES: &[Source] = &[$(Source {
            name: $name,
            function: $function,
            queries: [
                ("scopes.scm", include_str!(concat!("../../grammars/", $name, "/scopes.scm"))),
                ("regions.scm", include_str!(concat!("../../grammars/", $name, "/regions.scm"))),
                ("blocks.scm", include_str!(concat!("../../grammars/", $name, "/blocks.scm"))),
            ],
            tags: [
                ("definitions.scm", include_str!(concat!("../../grammars/", $name, "/definitions.scm"))),
                ("imports.scm", include_str!(concat!("../../grammars/", $name, "/imports.scm"))),
                ("references.scm", include_str!(concat!("../../grammars/", $name, "/references.scm"))),
            ],
        },)*];
    };
}

grammars! {
    "bash" => tree_sitter_bash::LANGUAGE,
    "c" => tree_sitter_c::LANGUAGE,
    "cpp" => tree_sitter_cpp::LANGUAGE,
    "csharp" => tree_sitter_c_sharp::LANGUAGE,
    "css" => tree_sitter_css::LANGUAGE,
    "elixir" => tree_sitter_elixir::LANGUAGE,
    "go" => tree_sitter_go::LANGUAGE,
    "haskell" => tree_sitter_haskell::LANGUAGE,
    "html" => tree_sitter_html::LANGUAGE,
    "java" => tree_sitter_java::LANGUAGE,
    "javascript" => tree_sitter_javascript::LANGUAGE,
    "json" => tree_sitter_json::LANGUAGE,
    "kotlin" => tree_sitter_kotlin_ng::LANGUAGE,
    "lua" => tree_sitter_lua::LANGUAGE,
    "markdown" => tree_sitter_md::LANGUAGE,
    "php" => tree_sitter_php::LANGUAGE_PHP,
    "python" => tree_sitter_python::LANGUAGE,
    "ruby" => tree_sitter_ruby::LANGUAGE,
    "rust" => tree_sitter_rust::LANGUAGE,
    "scala" => tree_sitter_scala::LANGUAGE,
    "swift" => tree_sitter_swift::LANGUAGE,
    "toml" => tree_sitter_toml_ng::LANGUAGE,
    "tsx" => tree_sitter_typescript::LANGUAGE_TSX,
    "typescript" => tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
    "yaml" => tree_sitter_yaml::LANGUAGE,
    "zig" => tree_sitter_zig::LANGUAGE,
}

pub(super) fn source(name: &str) -> Option<&'static Source> {
    SOURCES.iter().find(|source| source.name == name)
}

/// Changes when a grammar or a query does: what was extracted before is then of no use.
pub fn grammars_fingerprint() -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for source in SOURCES {
        let language = tree_sitter::Language::new(source.function);
        let counts = [language.node_kind_count(), language.field_count(), language.parse_state_count()];
        hasher.update(source.name.as_bytes());
        counts.iter().for_each(|count| _ = hasher.update(&count.to_le_bytes()));
        source.tags.iter().for_each(|(_, text)| _ = hasher.update(text.as_bytes()));
    }
    hasher.update(include_bytes!("../../grammars/languages.toml"));
    *hasher.finalize().as_bytes()
}

/// What a capture of the queries means; `grammars/README.md` documents the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Capture {
    Scope,
    ScopeName,
    ScopeBody,
    ScopeBlock,
    Comment,
    String,
    Code,
    Block,
    List,
}

impl Capture {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "scope" => Self::Scope,
            "scope.name" => Self::ScopeName,
            "scope.body" => Self::ScopeBody,
            "scope.block" => Self::ScopeBlock,
            "comment" => Self::Comment,
            "string" => Self::String,
            "code" => Self::Code,
            "block" => Self::Block,
            "list" => Self::List,
            _ => return None,
        })
    }
}

/// A grammar and its queries. Each set of queries is compiled when it is first asked for: the index and completion need
/// different ones, and compiling takes up to 100 ms.
#[derive(Debug)]
pub(super) struct Grammar {
    name: String,
    pub(super) language: tree_sitter::Language,
    /// The language's own last, those that it inherits before it.
    sources: Vec<&'static Source>,
    cursor: OnceLock<CursorQuery>,
    tags: OnceLock<TagRules>,
}

/// What completion asks of a place, as one query.
#[derive(Debug)]
pub(super) struct CursorQuery {
    /// None only in a broken build.
    query: Option<Query>,
    captures: Vec<Option<Capture>>,
}

impl Grammar {
    pub(super) fn new(name: &str, sources: Vec<&'static Source>) -> Self {
        let function = sources.last().map_or(tree_sitter_c::LANGUAGE, |source| source.function);
        let language = tree_sitter::Language::new(function);
        Self { name: name.to_owned(), language, sources, cursor: OnceLock::new(), tags: OnceLock::new() }
    }

    pub(super) fn cursor(&self) -> &CursorQuery {
        self.cursor.get_or_init(|| {
            let texts: Vec<&str> =
                self.sources.iter().flat_map(|source| source.queries.map(|(_, text)| text)).collect();
            // The queries are compiled in and a test compiles them all, so only a broken build comes to an error.
            let query = Query::new(&self.language, &texts.join("\n"))
                .inspect_err(|error| tracing::error!("queries of {}: {error}", self.name))
                .ok();
            let names = query.as_ref().map_or(&[][..], |query| query.capture_names());
            let captures = names.iter().map(|name| Capture::named(name)).collect();
            CursorQuery { query, captures }
        })
    }

    pub(super) fn tags(&self) -> &TagRules {
        self.tags.get_or_init(|| {
            let [definitions, references] = self.tag_sources();
            TagRules::compile(&self.language, &definitions, &references).unwrap_or_else(|error| {
                // Compiled in and tested, as above.
                tracing::error!("tag queries of {}: {error}", self.name);
                TagRules::none()
            })
        })
    }

    /// Definitions with imports, and references. A language's own patterns stand before those that it inherits: the first
    /// that matches counts.
    pub(super) fn tag_sources(&self) -> [String; 2] {
        let joined = |files: &[usize]| {
            let own_first = self.sources.iter().rev();
            own_first.flat_map(|source| files.iter().map(|at| source.tags[*at].1)).collect::<Vec<_>>().join("\n")
        };
        [joined(&[0, 1]), joined(&[2])]
    }
}

impl CursorQuery {
    pub(super) fn query(&self) -> Option<&Query> {
        self.query.as_ref()
    }

    pub(super) fn capture(&self, index: u32) -> Option<Capture> {
        self.captures.get(index as usize).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Language;
    use super::*;

    #[test]
    fn every_query_file_compiles_and_uses_only_known_captures() {
        for language in Language::all() {
            let sources = language.sources();
            let grammar = tree_sitter::Language::new(sources.last().unwrap().function);
            for (source, (file, text)) in sources.iter().flat_map(|source| source.queries.map(|query| (source, query)))
            {
                let query = Query::new(&grammar, text)
                    .unwrap_or_else(|error| panic!("{}/{file} for {}: {error}", source.name, language.name));
                for name in query.capture_names() {
                    assert!(Capture::named(name).is_some(), "{}/{file}: @{name}", source.name);
                }
            }
            assert!(language.grammar().cursor().query().is_some());
        }
    }
}
