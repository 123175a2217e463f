//! The same table of families as text, for servers that take a prompt as one string and read special spellings in it as tokens.
//!
//! There a model is known by its name alone, and code that spells a special token would become one: what is the user's goes through
//! a `Guard` before it gets into a prompt.

use super::families::{FAMILIES, Family};
use super::{FileFormat, Layout, ModelIdentity, family_by_name};
use crate::engine::prompt::heading;

/// Most stops that are sent: OpenAI's own server and vLLM refuse more. The other spellings are looked for in the answer.
pub const MOST_STOPS: usize = 4;

/// A family's prompt as text.
#[derive(Clone, Copy)]
pub struct TextFim {
    family: &'static Family,
}

impl std::fmt::Debug for TextFim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.family.name)
    }
}

/// What a prompt is made of: clean, and cut to its budget.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    pub repository: Option<String>,
    pub path: String,
    /// Path and text, the nearest last.
    pub snippets: Vec<(String, String)>,
    /// The lines above the cursor's, with their line breaks.
    pub above: String,
    /// The cursor's line up to the cursor.
    pub line: String,
    pub suffix: String,
}

impl Parts {
    /// Snippets and path as lines with this mark before the names, as files have them that know no special tokens.
    pub fn headed(&self, mark: &str) -> String {
        let mut text = String::new();
        for (path, snippet) in &self.snippets {
            text += &block(mark, path, snippet);
        }
        if !self.snippets.is_empty() && !self.path.is_empty() {
            text += &format!("{mark}{}\n", heading(&self.path));
        }
        text
    }

    /// All text before the cursor.
    pub fn prefix(&self) -> String {
        format!("{}{}", self.above, self.line)
    }
}

impl TextFim {
    /// By a model's name as servers list them: `qwen2.5-coder:1.5b`, `Qwen/Qwen2.5-Coder-1.5B`, `/models/starcoder2-3b-q8_0.gguf`.
    pub fn named(model: &str) -> Option<Self> {
        let base = model.trim_end_matches('/').rsplit(['/', '\\']).next().unwrap_or(model);
        // The name says more than the folder or the account that it is in.
        [base, model].into_iter().find_map(|name| {
            let identity = ModelIdentity { name: name.to_owned(), ..ModelIdentity::default() };
            family_by_name(&identity).map(|family| Self { family })
        })
    }

    pub fn family(&self) -> &'static str {
        self.family.name
    }

    /// Most prompt tokens that the model does well with.
    pub fn prompt_limit(&self) -> Option<u32> {
        self.family.prompt_limit
    }

    /// The markers' spellings: each is one token in a vocabulary that belongs to the family.
    pub fn markers(&self) -> Vec<&'static str> {
        let family = self.family;
        [family.prefix, family.suffix, family.middle].into_iter().filter(|text| !text.is_empty()).map(bare).collect()
    }

    /// The family's tokens stay out of the user's text.
    pub fn guard(&self) -> Guard {
        Guard::of(&self.spellings(), self.family.reserved)
    }

    /// The spellings of the family that an answer ends before.
    pub fn spellings(&self) -> Vec<&'static str> {
        self.family.spellings().map(bare).collect()
    }

    /// The stops that are sent: ends of text first, then what a model goes on with that does not know when to end.
    pub fn stops(&self) -> Vec<&'static str> {
        let family = self.family;
        let mut stops: Vec<&'static str> = Vec::with_capacity(MOST_STOPS);
        let wanted = [family.stops.first().copied().unwrap_or_default(), family.file, family.prefix, family.suffix];
        let more = family.stops.iter().skip(1).copied().chain([family.middle, family.repository, family.pad]);
        for stop in wanted.into_iter().chain(more).map(bare) {
            if !stop.is_empty() && !stops.contains(&stop) && stops.len() < MOST_STOPS {
                stops.push(stop);
            }
        }
        stops
    }

    /// Every spelling of every family, for a model whose family nobody knows.
    pub fn every_spelling() -> Vec<&'static str> {
        let mut all: Vec<&'static str> = FAMILIES.iter().flat_map(Family::spellings).map(bare).collect();
        all.extend(CHAT_MARKS);
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The prompt. As `engine::prompt` lays it out in tokens: what changes with a keystroke stands last where the family lets it.
    pub fn render(&self, parts: &Parts) -> String {
        let family = self.family;
        let mut text = self.files(parts);
        let in_prefix = match self.format() {
            FileFormat::HeadingInPrefix(mark) => parts.headed(mark),
            _ => String::new(),
        };
        let (prefix, suffix, middle) = (opening(family.prefix), following(family.suffix), following(family.middle));
        let Parts { above, line, suffix: after, .. } = parts;
        text += &match family.layout {
            Layout::PrefixSuffixMiddle => format!("{prefix}{in_prefix}{above}{suffix}{after}{middle}{line}"),
            Layout::SuffixPrefixMiddle => format!("{suffix}{after}{prefix}{in_prefix}{above}{line}{middle}"),
        };
        text
    }

    fn format(&self) -> FileFormat {
        match self.family.file_format {
            FileFormat::Tokens | FileFormat::FileToken if self.family.file.is_empty() => {
                FileFormat::HeadingInPrefix("# ")
            }
            format => format,
        }
    }

    /// What stands before the markers.
    fn files(&self, parts: &Parts) -> String {
        let family = self.family;
        let mut text = String::new();
        match self.format() {
            format @ (FileFormat::Tokens | FileFormat::FileToken) => {
                if let (FileFormat::Tokens, Some(name), false) = (format, &parts.repository, parts.snippets.is_empty())
                    && !family.repository.is_empty()
                {
                    text += &format!("{}{}", family.repository, heading(name));
                    text += if family.repository_line { "\n" } else { "" };
                }
                for (path, snippet) in &parts.snippets {
                    text += &block(family.file, path, snippet);
                }
                if !parts.path.is_empty() {
                    text += &format!("{}{}\n", family.file, heading(&parts.path));
                }
            }
            FileFormat::HeadingBefore(mark) => {
                for (path, snippet) in &parts.snippets {
                    text += &block(mark, path, snippet);
                }
            }
            FileFormat::HeadingInPrefix(_) => {}
        }
        text
    }
}

/// What chat templates are made of: a server that applies one reads these in code as turns of the conversation. Without those that
/// are plain code in some language, as `<s>` and `</s>` are: nobody knows whether a model has them.
const CHAT_MARKS: &[&str] = &[
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|observation|>",
    "<|end|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|im_sep|>",
    "<|endoftext|>",
    "<|endofprompt|>",
    "<|start|>",
    "<|message|>",
    "<|channel|>",
    "<|constrain|>",
    "<|call|>",
    "<|return|>",
    "<|startoftext|>",
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|python_tag|>",
    "<|header_start|>",
    "<|header_end|>",
    "<|eot|>",
    "<|eom|>",
    "<|start_of_role|>",
    "<|end_of_role|>",
    "<|tool_call|>",
    "<|START_OF_TURN_TOKEN|>",
    "<|END_OF_TURN_TOKEN|>",
    "<|SYSTEM_TOKEN|>",
    "<|USER_TOKEN|>",
    "<|CHATBOT_TOKEN|>",
    "<start_of_turn>",
    "<end_of_turn>",
    "[INST]",
    "[/INST]",
    "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]",
    "[AVAILABLE_TOOLS]",
    "[/AVAILABLE_TOOLS]",
    "[TOOL_CALLS]",
    "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]",
    "[gMASK]",
    "<｜begin▁of▁sentence｜>",
    "<｜end▁of▁sentence｜>",
    "<｜User｜>",
    "<｜Assistant｜>",
];

fn block(mark: &str, path: &str, snippet: &str) -> String {
    let end = if snippet.ends_with('\n') { "" } else { "\n" };
    format!("{mark}{}\n{snippet}{end}", heading(path))
}

/// Code Llama's tokens begin with SentencePiece's blank, which text has as a blank around them.
fn bare(spelling: &'static str) -> &'static str {
    spelling.strip_prefix('▁').unwrap_or(spelling)
}

fn opening(spelling: &'static str) -> String {
    spelling.strip_prefix('▁').map_or_else(|| spelling.to_owned(), |bare| format!("{bare} "))
}

fn following(spelling: &'static str) -> String {
    spelling.strip_prefix('▁').map_or_else(|| spelling.to_owned(), |bare| format!(" {bare}"))
}

/// What keeps special tokens out of the user's text.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// Markers, which are nothing but markers: they go.
    removed: Vec<&'static str>,
    /// What may be code as well: it stays, with a blank behind its first character.
    broken: Vec<&'static str>,
}

impl Guard {
    pub fn of(removed: &[&'static str], broken: &[&'static str]) -> Self {
        let is_removed = |spelling: &&&'static str| !spelling.is_empty() && !broken.contains(spelling);
        Self { removed: removed.iter().filter(is_removed).copied().collect(), broken: broken.to_vec() }
    }

    /// For a model whose tokens nobody knows: the markers of all.
    pub fn of_any_family() -> Self {
        // The one among them that is code as well.
        Self::of(&TextFim::every_spelling(), &["</s>"])
    }

    /// This one goes, too.
    pub fn removing(mut self, spelling: &'static str) -> Self {
        self.removed.push(spelling);
        self
    }

    /// The text without a special token in it. Removing comes first: a blank that is put in makes no new spelling.
    pub fn clean(&self, text: &str) -> String {
        split_up(&strip(text, &self.removed), &self.broken)
    }
}

/// The text with a blank behind the first character of each of these spellings. None has a blank in it.
fn split_up(text: &str, spellings: &[&str]) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        out.push(character);
        let rest = &text[at..];
        if spellings.iter().any(|spelling| rest.starts_with(spelling)) {
            out.push(' ');
        }
    }
    out
}

/// The text without these spellings, also without those that only come together when another one between is taken out.
fn strip(text: &str, spellings: &[&str]) -> String {
    // Two or three: all spellings end with some bracket.
    let mut ends: Vec<char> = spellings.iter().filter_map(|spelling| spelling.chars().next_back()).collect();
    ends.sort_unstable();
    ends.dedup();
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(&ends[..]) {
        out.push_str(piece);
        if let Some(found) = spellings.iter().find(|spelling| !spelling.is_empty() && out.ends_with(**spelling)) {
            out.truncate(out.len() - found.len());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts() -> Parts {
        Parts {
            repository: Some("shop".to_owned()),
            path: "src/b.rs".to_owned(),
            snippets: vec![("src/a.rs".to_owned(), "fn a();".to_owned())],
            above: "fn f() {\n".to_owned(),
            line: "    a".to_owned(),
            suffix: "\n}\n".to_owned(),
        }
    }

    fn rendered(model: &str) -> String {
        TextFim::named(model).map_or_else(|| "unknown".to_owned(), |fim| fim.render(&parts()))
    }

    #[test]
    fn each_family_has_its_order_and_its_files() {
        for (model, prompt) in [
            (
                "qwen2.5-coder:1.5b",
                "<|repo_name|>shop\n<|file_sep|>src/a.rs\nfn a();\n<|file_sep|>src/b.rs\n\
                 <|fim_prefix|>fn f() {\n<|fim_suffix|>\n}\n<|fim_middle|>    a",
            ),
            (
                "bigcode/starcoder2-3b",
                "<repo_name>shop<file_sep>src/a.rs\nfn a();\n<file_sep>src/b.rs\n\
                 <fim_prefix>fn f() {\n<fim_suffix>\n}\n<fim_middle>    a",
            ),
            (
                "deepseek-coder-6.7b-base",
                "#src/a.rs\nfn a();\n<｜fim▁begin｜>fn f() {\n<｜fim▁hole｜>\n}\n<｜fim▁end｜>    a",
            ),
            ("codellama:7b-code", "<PRE> # src/a.rs\nfn a();\n# src/b.rs\nfn f() {\n <SUF>\n}\n <MID>    a"),
            ("Codestral-22B-v0.1", "[SUFFIX]\n}\n[PREFIX]+++++ src/a.rs\nfn a();\n+++++ src/b.rs\nfn f() {\n    a"),
            (
                "Seed-Coder-8B-Base",
                "<filename>src/a.rs\nfn a();\n<[fim-suffix]>\n}\n<[fim-prefix]>fn f() {\n    a<[fim-middle]>",
            ),
            (
                "Mellum-4b-base",
                "<filename>src/a.rs\nfn a();\n<filename>src/b.rs\n<fim_suffix>\n}\n<fim_prefix>fn f() {\n    a<fim_middle>",
            ),
            (
                "starter-fim",
                "<|repo_name|>shop\n<|file_sep|>src/a.rs\nfn a();\n<|file_sep|>src/b.rs\n<|fim_suffix|>\n}\n<|fim_prefix|>fn f() {\n    a",
            ),
            ("llama3.1:8b", "unknown"),
            ("devstral-small", "unknown"),
        ] {
            assert_eq!(rendered(model), prompt, "{model}");
        }
    }

    #[test]
    fn a_name_says_more_than_its_folder() {
        let family = |name| TextFim::named(name).map(|fim| fim.family());
        assert_eq!(family("/models/codestral/qwen2.5-coder-7b-q4_k_m.gguf"), Some("qwen-coder"));
        assert_eq!(family("codestral/latest"), Some("codestral"));
        assert_eq!(family("C:\\models\\starcoder2-7b.gguf"), Some("starcoder"));
        assert_eq!(family(""), None);
    }

    #[test]
    fn no_family_sends_more_stops_than_servers_take_and_all_send_their_end() {
        for family in FAMILIES {
            let fim = TextFim { family };
            let stops = fim.stops();
            assert!(!stops.is_empty() && stops.len() <= MOST_STOPS, "{}: {stops:?}", family.name);
            assert!(stops.iter().all(|stop| fim.spellings().contains(stop)), "{}", family.name);
            assert!(stops.contains(&bare(family.stops[0])), "{}", family.name);
        }
        let qwen = TextFim::named("qwen2.5-coder").map(|fim| fim.stops());
        let expected = vec!["<|endoftext|>", "<|file_sep|>", "<|fim_prefix|>", "<|fim_suffix|>"];
        assert_eq!(qwen, Some(expected), "the model writes on into the next file otherwise");
    }

    #[test]
    fn code_cannot_spell_a_special_token() {
        let spellings = TextFim::every_spelling();
        assert_eq!(strip("a<|fim_suffix|>b", &spellings), "ab");
        assert_eq!(strip("<|fim_<|fim_prefix|>prefix|>x", &spellings), "x");
        assert_eq!(strip("a < b && c |> d", &spellings), "a < b && c |> d");
        assert_eq!(strip("<PRE> x <SUF>", &spellings), " x ");
    }

    #[test]
    fn what_is_code_elsewhere_is_broken_where_it_is_a_token_and_stays() {
        let of = |model: &str| TextFim::named(model).unwrap().guard();
        let page = "<p><s>old</s> new</p> [INST]";
        assert_eq!(of("codestral-22b").clean(page), "<p>< s>old< /s> new</p> [ INST]");
        assert_eq!(of("codellama-7b").clean(page), "<p>< s>old< /s> new</p> [INST]", "no token there");
        assert_eq!(of("qwen2.5-coder").clean(page), page);
        assert_eq!(of("codestral-22b").clean("<[PREFIX]s>a[SUFFIX]"), "< s>a", "also what comes together");
        assert_eq!(
            of("deepseek-coder-6.7b").clean("x<｜User｜>y<｜begin▁of▁sentence｜>"),
            "x< ｜User｜>y< ｜begin▁of▁sentence｜>"
        );
        let any = Guard::of_any_family();
        assert_eq!(any.clean(page), "<p><s>old< /s> new</p> ");
        assert_eq!(any.clean("a<|start|>b<|channel|>c<|message|>d<|im_sep|>e<|start_header_id|>"), "abcde");
        let hole = Guard::of_any_family().removing("<HOLE/>");
        assert_eq!(hole.clean("<|im_<HOLE/>end|>a<HO<|im_end|>LE/>"), "a");
    }

    #[test]
    fn what_a_family_reserves_is_no_stop() {
        for family in FAMILIES {
            let fim = TextFim { family };
            for reserved in family.reserved {
                assert!(!reserved.contains(' ') && reserved.len() > 2, "{}: {reserved}", family.name);
                assert!(!fim.guard().clean(&format!("a{reserved}b")).contains(reserved), "{}: {reserved}", family.name);
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_stands_in_code_no_spelling_is_left(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "<|fim_", "prefix|>", "<|fim_prefix|>", "<|", "|>", "suffix", "<fim_", "middle>", "é", "\n", "a",
            ]), 0..30),
        ) {
            let spellings = TextFim::every_spelling();
            let clean = strip(&pieces.concat(), &spellings);
            prop_assert!(spellings.iter().all(|spelling| !clean.contains(spelling)), "{clean:?}");
        }
    }
}
