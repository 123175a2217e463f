//! Where tokens and whole nodes stand, for who takes parts out of a text and wants them to be parts that people write.

use std::ops::Range;

use super::SyntaxTree;
use super::tokens;

/// A leaf of the tree that is text: no comment, no line break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// In bytes.
    pub range: Range<usize>,
    /// A name or a literal; keywords and punctuation are none.
    pub is_named: bool,
}

impl SyntaxTree {
    /// The tokens that lie wholly within these bytes, in order.
    pub fn tokens_within(&self, range: Range<usize>) -> Vec<Token> {
        let tokens = tokens::within(self.root(), range);
        tokens.into_iter().map(|node| Token { range: node.byte_range(), is_named: node.is_named() }).collect()
    }

    /// The bytes of all nodes with names of their own that begin at `byte`, outermost first, without the whole text.
    pub fn nodes_starting_at(&self, byte: usize) -> Vec<Range<usize>> {
        let nodes = tokens::holding(self.root(), byte);
        let starts_here = |node: &tree_sitter::Node| node.start_byte() == byte && node.is_named() && !node.is_error();
        let mut ranges: Vec<_> =
            nodes.iter().skip(1).filter(|node| starts_here(node)).map(|n| n.byte_range()).collect();
        ranges.dedup();
        ranges
    }
}

#[cfg(test)]
mod tests {
    use ropey::Rope;

    use super::*;
    use crate::syntax::Language;

    fn tree(language: &str, text: &str) -> SyntaxTree {
        let language = Language::named(language).unwrap();
        SyntaxTree::parse(language, &Rope::from_str(text), None).unwrap()
    }

    #[test]
    fn tokens_are_the_text_without_comments() {
        let text = "let a = f(1); // so\nb";
        let tokens = tree("rust", text).tokens_within(4..20);
        let words: Vec<_> = tokens.iter().map(|token| (&text[token.range.clone()], token.is_named)).collect();
        let expected = [("a", true), ("=", false), ("f", true), ("(", false), ("1", true), (")", false), (";", false)];
        assert_eq!(words, expected);
    }

    #[test]
    fn nodes_come_from_the_statement_to_the_word() {
        let text = "fn a() {\n    b.c(1);\n}\n";
        let at = text.find("b.c").unwrap();
        let nodes = tree("rust", text).nodes_starting_at(at);
        let texts: Vec<_> = nodes.into_iter().map(|range| &text[range]).collect();
        assert_eq!(texts, ["b.c(1);", "b.c(1)", "b.c", "b"]);
        assert_eq!(tree("rust", text).nodes_starting_at(at + 1), [0..0; 0], "a dot has no name");
        assert_eq!(tree("rust", "").nodes_starting_at(7), [0..0; 0]);
    }
}
