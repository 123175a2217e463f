//! What a model writes around code: its own marks, Markdown fences, sentences about the code, the line it was to
//! continue once more.

use super::nesting::Nesting;
use crate::complete::Place;

/// Beginnings of special tokens of fill-in-the-middle models, as text. A mark ends with `|>`, `>` or `]`; what follows
/// it is another document.
const MARKS: [&str; 22] = [
    "<|",
    "<｜",
    "<fim_",
    "<fim-",
    "<file_sep>",
    "<repo_name>",
    "<reponame>",
    "<filename>",
    "<gh_stars>",
    "<issue_",
    "<jupyter_",
    "<commit_",
    "<empty_output>",
    "<EOT>",
    "<PRE>",
    "<SUF>",
    "<MID>",
    "<END>",
    "<end_of_turn>",
    "<think>",
    "[PREFIX]",
    "[SUFFIX]",
];
/// Letters, digits and the like that a mark with bars has between them: `<|fim_middle|>`.
const LONGEST_MARK: usize = 40;
/// Beginnings of an answer in a conversation, lower case.
const OPENINGS: [&str; 18] = [
    "here is ",
    "here's ",
    "here are ",
    "sure,",
    "sure!",
    "certainly",
    "of course",
    "the following ",
    "below is ",
    "this code ",
    "this function ",
    "this method ",
    "i have ",
    "i've ",
    "i'll ",
    "to complete ",
    "you can ",
    "explanation:",
];
/// Words of a line that is a sentence.
const LEAST_WORDS: usize = 4;

/// The text up to the first mark. A document that has such marks itself, a tokenizer's source, may have more of them.
pub fn cut_marks<'a>(text: &'a str, place: &Place) -> &'a str {
    let lines = || place.preceding.iter().chain(&place.following).chain([&place.line_before, &place.line_after]);
    let first = |mark: &&str| {
        let is_of_document = lines().any(|line| line.contains(*mark));
        let found = text.match_indices(*mark).map(|(at, _)| at).find(|&at| is_mark(&text[at..]));
        found.filter(|_| !is_of_document)
    };
    let mut end = MARKS.iter().filter_map(first).min().unwrap_or(text.len());
    // In HTML `</s>` closes an element; the end of a sequence closes nothing.
    let struck = place.line_before.contains("<s>") || text[..end].contains("<s>");
    if let Some(at) = text[..end].find("</s>").filter(|_| !struck) {
        end = at;
    }
    &text[..end]
}

/// `<|` and `<｜` also stand in code (`a <| b`): a mark has a name and its other bar.
fn is_mark(text: &str) -> bool {
    let Some(bar) = ['|', '｜'].into_iter().find(|bar| text[1..].starts_with(*bar)) else { return true };
    let name = &text[1 + bar.len_utf8()..];
    let end = name.find(|character: char| !(character.is_alphanumeric() || matches!(character, '_' | '-' | '▁')));
    let closes = |end: usize| name[end..].strip_prefix(bar).is_some_and(|rest| rest.starts_with('>'));
    end.is_some_and(|end| (1..=LONGEST_MARK).contains(&end) && closes(end))
        // Text that ran out in the middle of a mark.
        || (end.is_none() && !name.is_empty() && name.len() <= LONGEST_MARK)
}

/// What stands in the first fence, where the text begins with one or with a sentence and one; else the text up to a line
/// that is a fence or a sentence. Empty where the text only talks.
pub fn cut_talk(text: &str) -> &str {
    let lines = || {
        let mut start = 0;
        text.split_inclusive('\n').map(move |line| {
            start += line.len();
            (start - line.len(), line)
        })
    };
    let begins_with_talk = text.split('\n').find(|line| !line.trim().is_empty()).is_some_and(opens_talk);
    let begins_with_fence = text.trim_start().starts_with("```");
    let mut start = 0;
    if begins_with_talk || begins_with_fence {
        let Some((at, line)) = lines().find(|(_, line)| is_fence(line)) else { return "" };
        start = at + line.len();
    }
    let is_talk = |at: usize, line: &str| {
        at > 0 && line.starts_with(|character: char| character.is_uppercase()) && is_sentence(line) && {
            let before = &text[start..at];
            // `<<` may begin a text that ends by a word.
            !Nesting::of(before).in_long_string() && !in_block_comment(before) && !before.contains("<<")
        }
    };
    let end = lines().find(|(at, line)| *at >= start && (is_fence(line) || is_talk(*at, line)));
    &text[start..end.map_or(text.len(), |(at, _)| at)]
}

fn in_block_comment(text: &str) -> bool {
    [("/*", "*/"), ("<!--", "-->"), ("{-", "-}"), ("--[[", "]]"), ("=begin", "=end")]
        .iter()
        .any(|(open, close)| text.rfind(open).is_some_and(|at| !text[at..].contains(close)))
}

fn is_fence(line: &str) -> bool {
    let line = line.trim();
    line.strip_prefix("```").is_some_and(|info| !info.contains('`') && !info.contains(' '))
}

fn opens_talk(line: &str) -> bool {
    let line = line.trim().to_lowercase();
    OPENINGS.iter().any(|opening| line.starts_with(opening)) && !line.ends_with([';', '{', ')', ','])
}

/// Words alone, with a full stop or a colon at the end.
fn is_sentence(line: &str) -> bool {
    let line = line.trim();
    let Some(words) = line.strip_suffix(['.', ':']) else { return false };
    let is_word = |word: &str| {
        word.trim_matches(['`', ',', '(', ')', '"', '*'])
            .chars()
            .all(|character| character.is_alphanumeric() || matches!(character, '\'' | '’' | '-' | '_' | '.'))
    };
    words.split_whitespace().count() >= LEAST_WORDS && words.split_whitespace().all(is_word)
}

/// Without the line that was to be continued, where the text begins with it once more.
pub fn cut_echo<'a>(text: &'a str, place: &Place) -> &'a str {
    let line = place.line_before.trim();
    let words = line.chars().filter(|character| character.is_alphanumeric()).count();
    if words < 4 || !line.contains(|character: char| !character.is_alphanumeric()) {
        return text;
    }
    match text.trim_start_matches([' ', '\t']).strip_prefix(line) {
        Some(rest) if place.line_before.ends_with([' ', '\t']) => rest.trim_start_matches([' ', '\t']),
        Some(rest) => rest,
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use ropey::Rope;

    use super::*;

    fn place(fixture: &str) -> Place {
        let offset = fixture.find("$0").expect("fixture has a cursor");
        Place::at(&Rope::from_str(&fixture.replacen("$0", "", 1)), offset)
    }

    #[test]
    fn marks_of_models_end_the_text() {
        let nowhere = place("x = $0\n");
        for mark in [
            "<|endoftext|>",
            "<|fim_middle|>",
            "<|im_end|>",
            "<|file_separator|>",
            "<|code_suffix|>",
            "<｜fim▁hole｜>",
            "<｜end▁of▁sentence｜>",
            "<fim_suffix>",
            "<fim-middle>",
            "<file_sep>",
            "<repo_name>",
            "<EOT>",
            "</s>",
            "<end_of_turn>",
            "<|fim_mid",
        ] {
            assert_eq!(cut_marks(&format!("foo{mark}"), &nowhere), "foo", "{mark}");
            assert_eq!(cut_marks(&format!("foo\n{mark}bar"), &nowhere), "foo\n", "{mark}");
        }
    }

    #[test]
    fn code_that_looks_like_a_mark_stays() {
        let nowhere = place("x = $0\n");
        for code in ["a <| b", "f <|> g", "x <|", "a < b | c > d", "Vec<File>", "<pre>", "if a <PREFIX"] {
            assert_eq!(cut_marks(code, &nowhere), code);
        }
        assert_eq!(cut_marks("old</s> new", &place("<s>$0\n")), "old</s> new");
        let tokenizer = place("A = \"<|fim_prefix|>\"\nB = $0\n");
        assert_eq!(cut_marks("\"<|fim_suffix|>\"", &tokenizer), "\"<|fim_suffix|>\"");
    }

    #[test]
    fn talk_is_no_code() {
        assert_eq!(cut_talk("Here is the code:\n```rust\nfoo();\n```\nIt works."), "foo();\n");
        assert_eq!(cut_talk("```\nfoo();\n"), "foo();\n");
        assert_eq!(cut_talk("foo();\n```"), "foo();\n");
        assert_eq!(cut_talk("foo();\n\nThis function calls foo."), "foo();\n\n");
        assert_eq!(cut_talk("Sure! Here you go."), "");
    }

    #[test]
    fn code_that_reads_like_talk_stays() {
        for code in [
            "the_following = here()",
            "\"\"\"Do it.\n\nThis function calls foo.\n\"\"\"",
            "/*\nThis function calls foo.\n*/\nfoo();",
            "cat <<END\nThis program prints its arguments.\nEND",
            "a;\nCase 1:\nb;",
            "of course(a)",
        ] {
            assert_eq!(cut_talk(code), code);
        }
    }

    #[test]
    fn a_line_that_is_begun_once_more_is_not() {
        assert_eq!(cut_echo("let total = a + b;", &place("    let total = $0\n")), "a + b;");
        assert_eq!(cut_echo("  self.items.push(1)", &place("    self.items$0\n")), ".push(1)");
        let same = "\n    self.items.push(1)";
        assert_eq!(cut_echo(same, &place("    self.items.push(1)$0\n")), same);
        assert_eq!(cut_echo("xx", &place("x$0\n")), "xx");
        assert_eq!(cut_echo("return_value", &place("return$0\n")), "return_value");
    }
}
