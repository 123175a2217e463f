//! Fill-in-the-middle: which special tokens a model has, in which order they stand, and how other files are named.
//!
//! Tokens come from the model's own metadata first, then from the table of families, then from any known spelling that
//! its vocabulary holds. Data and pure functions only: nothing here may touch llama.cpp, so that all of it is tested
//! without a model.

mod families;
mod text;

use families::{FAMILIES, Family, STARTER};
pub use text::{Guard, Parts, TextFim};

/// A token's number in a model's vocabulary.
pub type Token = i32;

/// The order of a fill-in-the-middle prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `prefix suffix middle`: the common one.
    PrefixSuffixMiddle,
    /// `suffix prefix`: the prefix stands last, so typing appends to the prompt.
    SuffixPrefixMiddle,
}

/// The text side of a model, as far as prompts need it. Implemented over llama.cpp and by a fake in tests.
pub trait Vocabulary {
    /// Appends the tokens of user text. Special spellings inside the text stay plain text, and nothing is added: the
    /// pieces of the tokens, joined, are the text.
    fn tokenize(&self, text: &str, out: &mut Vec<Token>);

    /// The bytes that a token stands for in text; empty for special and unknown tokens.
    fn piece(&self, token: Token) -> &[u8];

    /// The token with exactly this special spelling.
    fn special(&self, spelling: &str) -> Option<Token>;

    /// Control tokens and every token that ends a generation: they never become text.
    fn is_special(&self, token: Token) -> bool;

    /// The token that the model wants at the start of every prompt.
    fn start_of_text(&self) -> Option<Token>;
}

/// The special tokens of one model. `prefix` and `suffix` are what makes it a fill-in-the-middle model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FimTokens {
    pub prefix: Option<Token>,
    pub suffix: Option<Token>,
    pub middle: Option<Token>,
    pub pad: Option<Token>,
    pub repository: Option<Token>,
    pub file: Option<Token>,
}

impl FimTokens {
    fn is_usable(&self) -> bool {
        self.prefix.is_some() && self.suffix.is_some()
    }
}

/// What a GGUF says of itself, as far as the choice of a family needs it.
#[derive(Clone, Debug, Default)]
pub struct ModelIdentity {
    /// `general.name`, empty when absent.
    pub name: String,
    /// `general.basename`, empty when absent.
    pub basename: String,
    /// `general.architecture`.
    pub architecture: String,
    /// The file's name without its extension.
    pub file_stem: String,
    /// `tandem.fim.layout`: `psm`, `spm` or `spm-no-middle`.
    pub layout: Option<String>,
    /// `tokenizer.ggml.fim_*_token_id`, or what llama.cpp recognised by spelling.
    pub tokens: FimTokens,
}

/// How a prompt names the files that its parts come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// `<repo>name\n<file>path\ncode<file>path\n` before the markers; the path of the cursor's file too.
    Tokens,
    /// `<file>path\ncode` before the markers, without a repository.
    FileToken,
    /// A line with this text and the path stands above each snippet, before the markers.
    HeadingBefore(&'static str),
    /// The same, but inside the prefix, after its marker.
    HeadingInPrefix(&'static str),
}

/// Where the tokens were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenSource {
    Metadata,
    Family,
    Spelling,
}

/// Everything that is needed to lay out a prompt for one model.
#[derive(Clone, Debug, PartialEq)]
pub struct Fim {
    /// Name of the family, `unknown` when only the tokens are known.
    pub family: &'static str,
    pub source: TokenSource,
    pub layout: Layout,
    pub prefix: Token,
    pub suffix: Token,
    /// Absent when the model continues right after the last part.
    pub middle: Option<Token>,
    pub repository: Option<Token>,
    pub file: Option<Token>,
    pub file_format: FileFormat,
    /// A line break follows the repository's name.
    pub repository_line: bool,
    /// Most prompt tokens that the model does well with, where its card says less than its metadata.
    pub prompt_limit: Option<u32>,
    /// Tokens that end a generation, besides those that the vocabulary marks.
    pub stops: Vec<Token>,
    /// Spellings that must never appear in a suggestion, also when a model writes them letter by letter.
    pub spellings: Vec<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FimError {
    #[error(
        "the model {0} has no fill-in-the-middle tokens, so it cannot complete at a cursor; choose a code model that \
         has them, for example Qwen2.5-Coder (engine.model). Completions go on with the lookup engine"
    )]
    NoTokens(String),
    #[error(
        "the model {0} names the prompt layout \"{1}\" in tandem.fim.layout, but only psm, spm and spm-no-middle are \
         known; correct its metadata or choose another model (engine.model). Completions go on with the lookup engine"
    )]
    UnknownLayout(String, String),
    #[error(
        "the model {0} has no token that marks the middle, which its prompt layout needs; choose another model \
         (engine.model). Completions go on with the lookup engine"
    )]
    NoMiddle(String),
}

impl Fim {
    /// Chooses tokens, layout and file format for a model.
    pub fn resolve(identity: &ModelIdentity, vocabulary: &impl Vocabulary) -> Result<Fim, FimError> {
        let display_name = if identity.name.is_empty() { &identity.file_stem } else { &identity.name };
        let named = family_by_name(identity);
        let (family, tokens, source) = if identity.tokens.is_usable() {
            let family = named.or_else(|| family_by_spelling(vocabulary).map(|(family, _)| family));
            (family, complete(identity.tokens, family, vocabulary), TokenSource::Metadata)
        } else if let Some((family, tokens)) =
            named.map(|family| (family, family.tokens(vocabulary))).filter(|(_, tokens)| tokens.is_usable())
        {
            (Some(family), tokens, TokenSource::Family)
        } else if let Some((family, tokens)) = family_by_spelling(vocabulary) {
            (Some(family), tokens, TokenSource::Spelling)
        } else {
            return Err(FimError::NoTokens(display_name.clone()));
        };
        let (Some(prefix), Some(suffix)) = (tokens.prefix, tokens.suffix) else {
            return Err(FimError::NoTokens(display_name.clone()));
        };

        let mut layout = family.map_or(Layout::PrefixSuffixMiddle, |family| family.layout);
        let mut without_middle = family.is_some_and(|family| family.middle.is_empty());
        match identity.layout.as_deref().map(str::trim) {
            None | Some("") => {}
            Some("psm") => (layout, without_middle) = (Layout::PrefixSuffixMiddle, false),
            // The starter's metadata says `spm` although it was trained without a middle token.
            Some("spm") => layout = Layout::SuffixPrefixMiddle,
            Some("spm-no-middle") => (layout, without_middle) = (Layout::SuffixPrefixMiddle, true),
            Some(other) => return Err(FimError::UnknownLayout(display_name.clone(), other.to_owned())),
        }
        let middle = if without_middle { None } else { tokens.middle };
        if middle.is_none() && layout == Layout::PrefixSuffixMiddle {
            return Err(FimError::NoMiddle(display_name.clone()));
        }

        let file_format = match family.map(|family| family.file_format) {
            Some(FileFormat::Tokens | FileFormat::FileToken) if tokens.file.is_none() => {
                FileFormat::HeadingInPrefix("# ")
            }
            Some(format) => format,
            None if tokens.file.is_some() => FileFormat::Tokens,
            None => FileFormat::HeadingInPrefix("# "),
        };
        let mut stops: Vec<Token> = family
            .iter()
            .flat_map(|family| family.spellings())
            .filter_map(|spelling| vocabulary.special(spelling))
            .chain(
                [tokens.prefix, tokens.suffix, tokens.middle, tokens.pad, tokens.repository, tokens.file]
                    .into_iter()
                    .flatten(),
            )
            .collect();
        stops.sort_unstable();
        stops.dedup();

        Ok(Fim {
            family: family.map_or("unknown", |family| family.name),
            source,
            layout,
            prefix,
            suffix,
            middle,
            repository: tokens.repository,
            file: tokens.file,
            file_format,
            repository_line: family.is_none_or(|family| family.repository_line),
            prompt_limit: family.and_then(|family| family.prompt_limit),
            stops,
            spellings: family.map_or_else(Vec::new, |family| family.spellings().collect()),
        })
    }

    /// For the status line, for example `qwen-coder (metadata)`.
    pub fn describe(&self) -> String {
        let source = match self.source {
            TokenSource::Metadata => "metadata",
            TokenSource::Family => "family table",
            TokenSource::Spelling => "vocabulary",
        };
        let layout = match (self.layout, self.middle) {
            (Layout::PrefixSuffixMiddle, _) => "prefix-suffix-middle",
            (Layout::SuffixPrefixMiddle, Some(_)) => "suffix-prefix-middle",
            (Layout::SuffixPrefixMiddle, None) => "suffix-prefix",
        };
        format!("{} ({source}), {layout}", self.family)
    }
}

/// The first family one of whose patterns occurs in the model's name, base name or file name, else by architecture.
fn family_by_name(identity: &ModelIdentity) -> Option<&'static Family> {
    let names = [&identity.name, &identity.basename, &identity.file_stem].map(|name| normalize(name));
    let architecture = normalize(&identity.architecture);
    FAMILIES
        .iter()
        .find(|family| family.patterns.iter().any(|pattern| names.iter().any(|name| name.contains(pattern))))
        .or_else(|| FAMILIES.iter().find(|family| family.architectures.contains(&architecture.as_str())))
}

/// The first family all of whose markers are special tokens of the vocabulary.
fn family_by_spelling(vocabulary: &impl Vocabulary) -> Option<(&'static Family, FimTokens)> {
    FAMILIES.iter().filter(|family| family.name != STARTER).find_map(|family| {
        let tokens = family.tokens(vocabulary);
        let complete = tokens.is_usable() && (family.middle.is_empty() || tokens.middle.is_some());
        complete.then_some((family, tokens))
    })
}

/// Metadata names the three markers more often than the repository tokens: the family's spellings fill the gaps.
fn complete(tokens: FimTokens, family: Option<&Family>, vocabulary: &impl Vocabulary) -> FimTokens {
    let Some(spelled) = family.map(|family| family.tokens(vocabulary)) else { return tokens };
    FimTokens {
        middle: tokens.middle.or(spelled.middle),
        pad: tokens.pad.or(spelled.pad),
        repository: tokens.repository.or(spelled.repository),
        file: tokens.file.or(spelled.file),
        ..tokens
    }
}

/// Lower case, with every run of other characters than letters, digits and dots as one `-`.
fn normalize(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for character in name.chars() {
        if character.is_alphanumeric() || character == '.' {
            out.extend(character.to_lowercase());
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    out
}

#[cfg(test)]
mod tests;
