//! How lines of one statement hang together, by their first and last words: a light reading for all languages.

use super::nesting::Nesting;

/// Words that a statement with a block begins with, in any of the languages. Where the word means something else, the
/// statement ends at its line all the same.
const BLOCK_WORDS: [&str; 62] = [
    "abstract",
    "async",
    "begin",
    "case",
    "catch",
    "class",
    "data",
    "def",
    "default",
    "defer",
    "defimpl",
    "defmacro",
    "defmodule",
    "defp",
    "do",
    "else",
    "elseif",
    "elsif",
    "elif",
    "enum",
    "export",
    "extension",
    "finally",
    "fn",
    "for",
    "foreach",
    "fun",
    "func",
    "function",
    "guard",
    "if",
    "impl",
    "init",
    "instance",
    "interface",
    "internal",
    "local",
    "loop",
    "match",
    "mod",
    "module",
    "namespace",
    "object",
    "override",
    "private",
    "protected",
    "protocol",
    "pub",
    "public",
    "repeat",
    "static",
    "struct",
    "switch",
    "trait",
    "try",
    "unless",
    "until",
    "when",
    "where",
    "while",
    "with",
    "template",
];

/// The line is the beginning of a statement that a block belongs to: its first word says so, or it is the bracket that
/// ends the block before (`} else {`).
pub fn begins_block(line: &str) -> bool {
    let code = line.trim_start().trim_start_matches('}').trim_start();
    let end = code.find(|character: char| !(character.is_alphanumeric() || character == '_')).unwrap_or(code.len());
    let closes = code.is_empty() && !line.trim().is_empty();
    closes || BLOCK_WORDS.contains(&&code[..end]) && end < code.len()
}

/// The line ends in what an indented block follows: Python's colon, words of Ruby, Lua, Elixir, Haskell and shells.
pub fn announces_block(line: &str) -> bool {
    const WORDS: [&str; 10] = ["do", "then", "begin", "of", "where", "else", "repeat", "try", "let", "ensure"];
    let code = line.split(" #").next().unwrap_or_default().trim_end();
    code.ends_with(':') || code.split_whitespace().next_back().is_some_and(|word| WORDS.contains(&word))
}

/// Lines that stand deeper than this one belong to it.
pub fn takes_deeper(line: &str) -> bool {
    let code = line.trim_end();
    let is_open = code.ends_with(['=', '+', '-', '*', '/', '|', '&', '\\', ',', '(', '[', '{', '.', '?']);
    // `<li>`, and a shell's `start)`.
    let is_element = code.trim_start().starts_with('<') && code.ends_with('>');
    let is_label = code.ends_with(')') && Nesting::default().read(code).is_some();
    is_open
        || is_element
        || is_label
        || code.ends_with("->")
        || code.ends_with("=>")
        || announces_block(line)
        || begins_block(line)
}

/// A line on the level of a statement that belongs to the statement before it.
pub fn continues_block(line: &str) -> bool {
    const WORDS: [&str; 17] = [
        "else", "elif", "elsif", "elseif", "except", "finally", "catch", "rescue", "ensure", "after", "when", "in",
        "then", "do", "until", "where", "deriving",
    ];
    WORDS.contains(&first_word(line)) || ends_block(line)
}

/// The word that ends a block of Ruby, Lua, Elixir or a shell.
pub fn ends_block(line: &str) -> bool {
    matches!(first_word(line), "end" | "fi" | "done" | "esac")
}

/// A line that goes on with the expression of the line before it.
pub fn continues_expression(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with(['.', '?'])
        || ["&&", "||", "|>", "| ", "+ ", "- ", "* ", "/ ", "= ", "=> ", "and ", "or "]
            .iter()
            .any(|operator| line.starts_with(operator))
}

pub fn first_word(line: &str) -> &str {
    let line = line.trim();
    let end = line
        .find(|character: char| character.is_whitespace() || matches!(character, ';' | ',' | ':' | '(' | ')' | '.'));
    &line[..end.unwrap_or(line.len()).max(line.chars().next().map_or(0, char::len_utf8))]
}

/// The index of the line that closes what the first line opens behind `line_before`: its bracket, or its block that ends
/// by a word. None where it opens nothing or nothing closes it.
pub fn closing_line(line_before: &str, text: &str) -> Option<usize> {
    let before = Nesting::of(line_before);
    let mut nesting = before.clone();
    let mut lines = text.split('\n');
    let first = lines.next()?;
    nesting.read(first);
    nesting.end_line();
    let by_bracket = nesting.depth() > before.depth();
    if !by_bracket && !begins_block(&format!("{line_before}{first}")) {
        return None;
    }
    for (number, line) in lines.enumerate() {
        nesting.read(line);
        nesting.end_line();
        if (by_bracket && nesting.depth() <= before.depth()) || (!by_bracket && ends_block(line)) {
            return Some(number + 1);
        }
    }
    None
}
