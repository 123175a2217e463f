//! The table of model families. Spellings and orders are those of the models' cards.
//!
//! Order matters: the first family whose pattern occurs in a model's name wins, so the narrower ones stand first.

use super::{FileFormat, FimTokens, Layout, Token, Vocabulary};

pub(super) struct Family {
    pub name: &'static str,
    /// Parts of a normalised name (lower case, `-` between words).
    pub patterns: &'static [&'static str],
    /// `general.architecture` values that belong to this family alone.
    pub architectures: &'static [&'static str],
    pub layout: Layout,
    pub prefix: &'static str,
    pub suffix: &'static str,
    /// Empty when the family has none.
    pub middle: &'static str,
    pub pad: &'static str,
    pub repository: &'static str,
    pub file: &'static str,
    pub file_format: FileFormat,
    pub repository_line: bool,
    pub prompt_limit: Option<u32>,
    /// Further spellings that end a generation.
    pub stops: &'static [&'static str],
}

pub(super) const STARTER: &str = "starter";

impl Family {
    /// The numbers that its spellings have in a vocabulary.
    pub fn tokens(&self, vocabulary: &impl Vocabulary) -> FimTokens {
        let find =
            |spelling: &str| -> Option<Token> { if spelling.is_empty() { None } else { vocabulary.special(spelling) } };
        FimTokens {
            prefix: find(self.prefix),
            suffix: find(self.suffix),
            middle: find(self.middle),
            pad: find(self.pad),
            repository: find(self.repository),
            file: find(self.file),
        }
    }

    /// Every special spelling of the family.
    pub fn spellings(&self) -> impl Iterator<Item = &'static str> {
        [self.prefix, self.suffix, self.middle, self.pad, self.repository, self.file]
            .into_iter()
            .chain(self.stops.iter().copied())
            .filter(|spelling| !spelling.is_empty())
    }
}

const NONE: Family = Family {
    name: "",
    patterns: &[],
    architectures: &[],
    layout: Layout::PrefixSuffixMiddle,
    prefix: "",
    suffix: "",
    middle: "",
    pad: "",
    repository: "",
    file: "",
    file_format: FileFormat::HeadingInPrefix("# "),
    repository_line: true,
    prompt_limit: None,
    stops: &[],
};

const QWEN: Family = Family {
    name: "qwen-coder",
    patterns: &["qwen2.5-coder", "qwen3-coder", "qwen-coder", "qwen2.5-1", "qwen2.5-7"],
    prefix: "<|fim_prefix|>",
    suffix: "<|fim_suffix|>",
    middle: "<|fim_middle|>",
    pad: "<|fim_pad|>",
    repository: "<|repo_name|>",
    file: "<|file_sep|>",
    file_format: FileFormat::Tokens,
    stops: &["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
    ..NONE
};

const STARCODER: Family = Family {
    name: "starcoder",
    patterns: &["starcoder", "codeqwen", "stable-code", "stablecode"],
    architectures: &["starcoder", "starcoder2"],
    prefix: "<fim_prefix>",
    suffix: "<fim_suffix>",
    middle: "<fim_middle>",
    pad: "<fim_pad>",
    repository: "<repo_name>",
    file: "<file_sep>",
    file_format: FileFormat::Tokens,
    repository_line: false,
    stops: &["<|endoftext|>"],
    ..NONE
};

pub(super) const FAMILIES: &[Family] = &[
    // The model that ships with Tandem: Qwen's spellings, suffix first, no middle token, trained on 1,024 tokens.
    Family {
        name: STARTER,
        patterns: &["starter-fim"],
        layout: Layout::SuffixPrefixMiddle,
        middle: "",
        prompt_limit: Some(1000),
        stops: &["<|endoftext|>", "<|fim_middle|>"],
        ..QWEN
    },
    QWEN,
    STARCODER,
    Family {
        name: "mellum",
        patterns: &["mellum"],
        layout: Layout::SuffixPrefixMiddle,
        repository: "<reponame>",
        file: "<filename>",
        file_format: FileFormat::FileToken,
        ..STARCODER
    },
    // Granite's code models use StarCoder's spellings; the later general ones write them with bars.
    Family {
        name: "granite-code",
        patterns: &["granite-code", "granite-3b-code", "granite-8b-code", "granite-20b-code", "granite-34b-code"],
        repository: "",
        file: "",
        file_format: FileFormat::HeadingInPrefix("# "),
        architectures: &[],
        ..STARCODER
    },
    Family {
        name: "granite",
        patterns: &["granite"],
        prefix: "<|fim_prefix|>",
        suffix: "<|fim_suffix|>",
        middle: "<|fim_middle|>",
        pad: "<|fim_pad|>",
        stops: &["<|end_of_text|>", "<|endoftext|>"],
        ..NONE
    },
    Family {
        name: "deepseek-coder",
        patterns: &["deepseek-coder"],
        prefix: "<｜fim▁begin｜>",
        suffix: "<｜fim▁hole｜>",
        middle: "<｜fim▁end｜>",
        file_format: FileFormat::HeadingBefore("#"),
        stops: &["<｜end▁of▁sentence｜>", "<|EOT|>"],
        ..NONE
    },
    Family {
        name: "codellama",
        patterns: &["codellama", "code-llama"],
        prefix: "▁<PRE>",
        suffix: "▁<SUF>",
        middle: "▁<MID>",
        stops: &["▁<EOT>"],
        ..NONE
    },
    Family {
        name: "codestral",
        patterns: &["codestral"],
        layout: Layout::SuffixPrefixMiddle,
        prefix: "[PREFIX]",
        suffix: "[SUFFIX]",
        middle: "",
        file_format: FileFormat::HeadingInPrefix("+++++ "),
        stops: &["</s>", "[MIDDLE]"],
        ..NONE
    },
    Family {
        name: "codegemma",
        patterns: &["codegemma"],
        prefix: "<|fim_prefix|>",
        suffix: "<|fim_suffix|>",
        middle: "<|fim_middle|>",
        file: "<|file_separator|>",
        file_format: FileFormat::FileToken,
        stops: &["<end_of_turn>", "<eos>"],
        ..NONE
    },
    Family {
        name: "seed-coder",
        patterns: &["seed-coder"],
        layout: Layout::SuffixPrefixMiddle,
        prefix: "<[fim-prefix]>",
        suffix: "<[fim-suffix]>",
        middle: "<[fim-middle]>",
        file_format: FileFormat::HeadingBefore("<filename>"),
        stops: &["<[end▁of▁sentence]>", "<[PAD▁TOKEN]>"],
        ..NONE
    },
    Family {
        name: "glm",
        patterns: &["glm-4", "codegeex4"],
        prefix: "<|code_prefix|>",
        suffix: "<|code_suffix|>",
        middle: "<|code_middle|>",
        stops: &["<|endoftext|>", "<|user|>"],
        ..NONE
    },
];
