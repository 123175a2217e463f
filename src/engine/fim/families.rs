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
    /// Further spellings that are tokens for the family: broken in the user's text, and no ends of an answer. Some are plain code
    /// elsewhere, as HTML's `<s>` is.
    pub reserved: &'static [&'static str],
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
    reserved: &[],
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
    reserved: &[
        "<|object_ref_start|>",
        "<|object_ref_end|>",
        "<|box_start|>",
        "<|box_end|>",
        "<|quad_start|>",
        "<|quad_end|>",
        "<|vision_start|>",
        "<|vision_end|>",
        "<|vision_pad|>",
        "<|image_pad|>",
        "<|video_pad|>",
    ],
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
    reserved: &[
        "<filename>",
        "<gh_stars>",
        "<issue_start>",
        "<issue_comment>",
        "<issue_closed>",
        "<jupyter_start>",
        "<jupyter_text>",
        "<jupyter_code>",
        "<jupyter_output>",
        "<jupyter_script>",
        "<empty_output>",
        "<commit_before>",
        "<commit_msg>",
        "<commit_after>",
        "<reponame>",
        "<code_to_intermediate>",
        "<intermediate_to_code>",
        "<pr_start>",
        "<pr_status>",
        "<pr_is_merged>",
        "<pr_base>",
        "<pr_file>",
        "<pr_base_code>",
        "<pr_diff>",
        "<pr_diff_hunk>",
        "<pr_comment>",
        "<pr_event_id>",
        "<pr_review>",
        "<pr_review_state>",
        "<pr_review_comment>",
        "<pr_in_reply_to_review_id>",
        "<pr_in_reply_to_comment_id>",
        "<pr_diff_hunk_comment_line>",
        "<|im_start|>",
        "<|im_end|>",
    ],
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
        reserved: &["<|start_of_role|>", "<|end_of_role|>", "<|tool_call|>", "<|filename|>", "<|reponame|>"],
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
        reserved: &[
            "<｜begin▁of▁sentence｜>",
            "<｜▁pad▁｜>",
            "<｜User｜>",
            "<｜Assistant｜>",
            "<|User|>",
            "<|Assistant|>",
        ],
        ..NONE
    },
    Family {
        name: "codellama",
        patterns: &["codellama", "code-llama"],
        prefix: "▁<PRE>",
        suffix: "▁<SUF>",
        middle: "▁<MID>",
        stops: &["▁<EOT>"],
        reserved: &["<s>", "</s>", "<unk>"],
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
        reserved: &[
            "<s>",
            "</s>",
            "<unk>",
            "[INST]",
            "[/INST]",
            "[TOOL_CALLS]",
            "[AVAILABLE_TOOLS]",
            "[/AVAILABLE_TOOLS]",
            "[TOOL_RESULTS]",
            "[/TOOL_RESULTS]",
            "[IMG]",
        ],
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
        reserved: &["<bos>", "<pad>", "<unk>", "<mask>", "<start_of_turn>"],
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
        reserved: &["<[begin▁of▁sentence]>", "<[SEP▁TOKEN]>", "<[CLS▁TOKEN]>", "<[UNK▁TOKEN]>", "<[MASK▁TOKEN]>"],
        ..NONE
    },
    Family {
        name: "glm",
        patterns: &["glm-4", "codegeex4"],
        prefix: "<|code_prefix|>",
        suffix: "<|code_suffix|>",
        middle: "<|code_middle|>",
        stops: &["<|endoftext|>", "<|user|>"],
        reserved: &[
            "[gMASK]",
            "[sMASK]",
            "[MASK]",
            "<sop>",
            "<eop>",
            "<|system|>",
            "<|assistant|>",
            "<|observation|>",
            "<|begin_of_image|>",
            "<|end_of_image|>",
        ],
        ..NONE
    },
];
