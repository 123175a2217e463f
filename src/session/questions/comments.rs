//! A comment that asks: `// ask: why is this retried?`, `# ?? what calls this`, `/* ask workspace: … */`.
//!
//! Standard LSP has no way to let a user type a question; a comment is one in every editor.

use std::ops::Range;

use super::Subject;
use crate::syntax::{CommentLine, SyntaxTree};
use crate::text::Document;

/// Longest question that a comment asks, in bytes; what is more is cut.
const MOST_BYTES: usize = 4_000;

/// What starts a comment in files without a grammar: of shells, C and its kin, SQL, Lisp, TeX, Vim, batch files.
const COMMON_MARKS: [&str; 7] = ["#", "//", "--", ";", "%", "\"", "REM "];

/// A question in a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentQuestion {
    pub text: String,
    /// What the comment says it is about; what stands below or around it where it says nothing.
    pub subject: Subject,
    /// Of the lines that ask, in bytes of the document.
    pub range: Range<usize>,
}

/// The question that is asked by the comment on the line of `byte`. `tree` is of this document's text; without one only lines
/// that begin with a usual mark are read.
pub fn question_at(document: &Document, tree: Option<&SyntaxTree>, byte: usize) -> Option<CommentQuestion> {
    let here = document.line_range(byte);
    let lines = match tree {
        Some(tree) => tree.comment_lines(byte),
        None => plain_line(document, here.clone()).into_iter().collect(),
    };
    let own = lines.iter().position(|line| line.range.start <= here.end && line.range.end >= here.start)?;
    // Upwards to the line that asks; an empty one ends what was asked above it.
    let head = (0..=own).rev().take_while(|at| *at == own || !lines[*at].words.is_empty());
    let (head, (subject, first)) = head.filter_map(|at| Some((at, asks(&lines[at].words)?))).next()?;
    let rest = lines[head + 1..].iter().take_while(|line| !line.words.is_empty() && asks(&line.words).is_none());
    let mut text = first.to_owned();
    let mut range = lines[head].range.clone();
    for line in rest {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&line.words);
        range.end = line.range.end;
    }
    // The cursor is below what was asked, at another remark.
    if range.end < here.start {
        return None;
    }
    let mut end = text.len().min(MOST_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    (!text.is_empty()).then_some(CommentQuestion { text, subject, range })
}

/// What a line that asks is about, and its words; None for a line that does not ask.
fn asks(words: &str) -> Option<(Subject, &str)> {
    if let Some(rest) = words.strip_prefix("??") {
        return Some((Subject::Here, rest.trim_start_matches('?').trim()));
    }
    let (head, rest) = words.split_once(':')?;
    let mut head = head.split_whitespace();
    if !head.next()?.eq_ignore_ascii_case("ask") {
        return None;
    }
    let subject = match head.next() {
        None => Subject::Here,
        Some(word) => Subject::named(&word.to_ascii_lowercase())?,
    };
    head.next().is_none().then_some((subject, rest.trim()))
}

fn plain_line(document: &Document, line: Range<usize>) -> Option<CommentLine> {
    let text = document.slice(line.clone());
    let start = line.start + text.len() - text.trim_start().len();
    let text = text.trim();
    let mark = COMMON_MARKS.into_iter().find(|mark| text.starts_with(mark))?;
    let words = text.trim_start_matches(mark).trim().to_owned();
    Some(CommentLine { range: start..start + text.len(), words })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::Language;

    /// What the comment at the `$0` asks, and the text that it spans.
    fn ask(language: &str, marked: &str) -> Option<(String, Subject, String)> {
        let byte = marked.find("$0").expect("a cursor mark");
        let text = marked.replacen("$0", "", 1);
        let document = Document::new("file:///a", language, 1, &text);
        let tree = Language::named(language).and_then(|language| SyntaxTree::parse(language, document.rope(), None));
        let found = question_at(&document, tree.as_ref(), byte)?;
        Some((found.text, found.subject, text[found.range].to_owned()))
    }

    fn text(language: &str, marked: &str) -> Option<String> {
        ask(language, marked).map(|(text, ..)| text)
    }

    #[test]
    fn both_spellings_ask_in_every_language() {
        for (language, comment) in [
            ("rust", "// ask: why?"),
            ("rust", "/// Ask:why?"),
            ("python", "# ask: why?"),
            ("lua", "-- ASK: why?"),
            ("haskell", "{- ask: why? -}"),
            ("c", "/* ?? why? */"),
            ("java", "//?? why?"),
            ("html", "<!-- ask: why? -->"),
            ("css", "/* ask: why? */"),
            ("markdown", "<!-- ask: why? -->"),
            ("toml", "# ??? why?"),
            ("yaml", "# ask: why?"),
            ("bash", "# ask: why?"),
            ("php", "<?php // ask: why?"),
            // No grammar.
            ("makefile", "# ask: why?"),
            ("sql", "-- ask: why?"),
            ("vim", "\" ask: why?"),
        ] {
            assert_eq!(text(language, &format!("{comment}$0\n")).as_deref(), Some("why?"), "{language}: {comment}");
        }
    }

    #[test]
    fn the_subject_may_be_named() {
        for (word, subject) in [
            ("", Subject::Here),
            (" file", Subject::File),
            (" Module", Subject::Module),
            (" workspace", Subject::Workspace),
            (" function", Subject::Function),
        ] {
            let found = ask("rust", &format!("// ask{word}: a$0")).expect("a question");
            assert_eq!((found.0.as_str(), found.1), ("a", subject));
        }
        assert_eq!(text("rust", "// ask world: a$0"), None);
        assert_eq!(text("rust", "// ask the file now: a$0"), None);
    }

    #[test]
    fn a_question_goes_on_until_it_ends() {
        let whole = "// The licence.\n// ask: why is\n// this: so$0\n//\n// Another remark.\nfn a() {}\n";
        let (text_found, _, span) = ask("rust", whole).expect("a question");
        assert_eq!((text_found.as_str(), span.as_str()), ("why is this: so", "// ask: why is\n// this: so"));
        let block = "/*\n * ask: why is$0\n * this so\n *\n * more\n */\n";
        assert_eq!(text("c", block).as_deref(), Some("why is this so"));
        let two = "# ask: one\n# ?? two$0\n";
        assert_eq!(text("python", two).as_deref(), Some("two"));
    }

    #[test]
    fn other_comments_do_not_ask() {
        assert_eq!(text("rust", "// ask: why is\n//\n// Another$0 remark."), None);
        assert_eq!(text("rust", "// Above.$0\n// ask: why"), None, "the cursor is on the line above");
        assert_eq!(text("rust", "// task: why$0"), None);
        assert_eq!(text("rust", "// ask me$0"), None);
        assert_eq!(text("rust", "// ask:$0"), None, "nothing is asked yet");
        assert_eq!(text("rust", "let a = \"// ask: why\";$0"), None);
        assert_eq!(text("text", "ask: why$0"), None);
    }

    #[test]
    fn a_long_question_is_cut_at_a_character() {
        let long = format!("// ask: {}$0", "ä".repeat(5_000));
        assert_eq!(text("rust", &long).expect("a question").len(), MOST_BYTES);
    }
}
