//! The words of comments, without the marks that make them comments.

use std::ops::Range;

use tree_sitter::Node;

use super::super::SyntaxTree;
use super::Region;

/// Lines that are looked at on either side. A longer comment is a document, and questions stand at the start of theirs.
const MOST_LINES: usize = 100;

/// What stands for a block comment where the language's table names none: JSON has comments in practice alone.
const COMMON_BLOCK: (&str, &str) = ("/*", "*/");

/// One line of a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentLine {
    /// From the comment's first mark on this line to the line's last character, in bytes.
    pub range: Range<usize>,
    /// Without marks and without white space at its ends.
    pub words: String,
}

impl SyntaxTree {
    /// The comment on the line of `byte`, with the lines above and below that are comments and nothing else. A comment
    /// behind code stands alone. Empty where there is none.
    pub fn comment_lines(&self, byte: usize) -> Vec<CommentLine> {
        let text = self.text();
        let row = text.byte_to_line(byte.min(text.len_bytes()));
        let Some(own) = self.whole_line(row) else { return self.comment_behind_code(row).into_iter().collect() };
        let above = (row.saturating_sub(MOST_LINES)..row).rev().map_while(|row| self.whole_line(row));
        let mut lines: Vec<CommentLine> = above.collect();
        lines.reverse();
        lines.push(own);
        lines.extend((row + 1..text.len_lines()).take(MOST_LINES).map_while(|row| self.whole_line(row)));
        lines
    }

    /// A line that begins with a comment or in one.
    fn whole_line(&self, row: usize) -> Option<CommentLine> {
        let line = self.content_of(row)?;
        self.comment_holding(line.start)?;
        Some(self.comment_line(line))
    }

    fn comment_behind_code(&self, row: usize) -> Option<CommentLine> {
        let line = self.content_of(row)?;
        // What closes an element around the comment, as in JSX, may stand behind it.
        let ends = [line.end - 1, line.end.saturating_sub(2).max(line.start)];
        let comment = ends.into_iter().find_map(|end| self.comment_holding(end))?;
        let range = comment.start_byte().max(line.start)..comment.end_byte().min(line.end);
        Some(self.comment_line(range))
    }

    fn comment_line(&self, range: Range<usize>) -> CommentLine {
        let words = self.without_marks(&self.text().byte_slice(range.clone()).to_string());
        CommentLine { range, words }
    }

    /// A line without the white space at its ends. None where nothing is left.
    fn content_of(&self, row: usize) -> Option<Range<usize>> {
        let text = self.text();
        let start = text.line_to_byte(row);
        let line = text.line(row).to_string();
        let before = line.len() - line.trim_start().len();
        let length = line.trim().len();
        (length > 0).then(|| start + before..start + before + length)
    }

    fn comment_holding(&self, at: usize) -> Option<Node<'_>> {
        let regions = self.captured(at).regions;
        let holds = |(node, _): &&(Node<'_>, Region)| node.byte_range().contains(&at);
        let innermost =
            regions.iter().filter(holds).max_by_key(|(node, _)| (node.start_byte(), usize::MAX - node.end_byte()));
        innermost.filter(|(_, region)| *region == Region::Comment).map(|(node, _)| *node)
    }

    fn without_marks(&self, line: &str) -> String {
        let entry = &self.language().entry;
        let block = entry.block_comment.as_ref().map_or(COMMON_BLOCK, |(open, close)| (open.as_str(), close.as_str()));
        let mut words = line.strip_suffix(block.1).unwrap_or(line);
        let marks = [Some(block.0), self.language().line_comment.as_deref(), Some("//"), Some("#")];
        for mark in marks.into_iter().flatten() {
            if let Some(rest) = words.strip_prefix(mark) {
                // `///`, `//!`, `/**` and what else documents.
                let last = mark.chars().next_back();
                words = rest.trim_start_matches(|character| Some(character) == last || character == '!');
                return words.trim().to_owned();
            }
        }
        // The column of asterisks in a block.
        if block.0.ends_with('*') && words.starts_with("* ") || words == "*" {
            words = &words[1..];
        }
        words.trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use ropey::Rope;

    use super::super::super::{Language, SyntaxTree};

    /// The comment at the `$0`, its lines joined by `|`.
    fn words(language: &str, marked: &str) -> String {
        let byte = marked.find("$0").expect("a cursor mark");
        let text = marked.replacen("$0", "", 1);
        let language = Language::named(language).expect("a language");
        let tree = SyntaxTree::parse(language, &Rope::from_str(&text), None).expect("a tree");
        let lines = tree.comment_lines(byte);
        for line in &lines {
            assert!(text[line.range.clone()].contains(&line.words), "{line:?}");
        }
        lines.into_iter().map(|line| line.words).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn line_comments_of_all_marks() {
        assert_eq!(
            words("rust", "fn a() {}\n// one$0\n/// two\n//! three\n//\n//// four\nfn b() {}"),
            "one|two|three||four"
        );
        assert_eq!(words("python", "  # a$0\n## b"), "a|b");
        assert_eq!(words("lua", "-- a$0\n--- b"), "a|b");
        assert_eq!(words("haskell", "-- a$0\nx = 1"), "a");
        assert_eq!(words("bash", "#!/bin/sh\n# a$0"), "/bin/sh|a");
        assert_eq!(words("php", "<?php\n# a$0\n// b\n"), "a|b");
        assert_eq!(words("yaml", "a: 1 # b$0\n"), "b");
        assert_eq!(words("toml", "# é$0\n"), "é");
    }

    #[test]
    fn block_comments_of_all_marks() {
        assert_eq!(words("rust", "/* a */$0"), "a");
        assert_eq!(words("java", "/**\n * a$0\n * b\n *\n */\nclass A {}"), "|a|b||");
        assert_eq!(words("c", "int a;\n/*\n   a$0\n   *b\n*/"), "|a|*b|");
        assert_eq!(words("lua", "--[[ a$0\nb ]]"), "a|b");
        assert_eq!(words("haskell", "{- a$0 -}\nx = 1"), "a");
        assert_eq!(words("html", "<p>\n<!-- a$0 -->\n</p>"), "a");
        assert_eq!(words("css", "/* a$0 */"), "a");
        assert_eq!(words("markdown", "# H\n\n<!-- a$0 -->\n"), "a");
        assert_eq!(words("tsx", "const a = <p>\n  {/* a$0 */}\n</p>;"), "a");
    }

    #[test]
    fn a_comment_behind_code_stands_alone() {
        assert_eq!(words("rust", "// above\nlet a = 1; // here$0\n// below"), "here");
        assert_eq!(words("rust", "$0let a = 1; /* here */"), "here");
    }

    #[test]
    fn what_is_no_comment_is_none() {
        assert_eq!(words("rust", "let a = \"// a$0\";"), "");
        assert_eq!(words("python", "$0\n# a"), "");
        assert_eq!(words("python", "'''\n# a$0\n'''"), "");
        assert_eq!(words("rust", "$0"), "");
    }
}
