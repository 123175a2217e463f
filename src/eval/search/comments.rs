//! What a comment says of a function, and where it stands: by rows, in any language whose comments stand above a definition, and
//! in Python, where they stand in it.

use std::ops::Range;

use crate::index::Symbol;

/// Fewer words say too little to find anything by, more are no question.
const WORDS: Range<usize> = 4..31;
/// Beginnings of comments that are for tools or for those who change the code.
const NO_DESCRIPTION: [&str; 12] = [
    "todo",
    "fixme",
    "safety",
    "deprecated",
    "eslint",
    "nolint",
    "noqa",
    "type:",
    "pragma",
    "see ",
    "copyright",
    "test ",
];
/// Beginnings of rows with which a description ends: tags, headings, lists, examples.
const END: [&str; 12] = ["@", "```", "#", "- ", "* ", "|", ":", ">>>", "Args:", "Parameters", "Returns:", "Example"];

/// The comment of one definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Rows that hold nothing else.
    pub rows: Range<usize>,
    /// What has to stand in their place, so that the code stays code.
    pub instead: Option<String>,
    /// The first sentence, in one line and without the definition's own name. None where it says too little.
    pub sentence: Option<String>,
}

/// `lines` are the file's. `line_comment` is how the language begins one.
pub fn comment_of(lines: &[&str], symbol: &Symbol, name: &str, line_comment: &str, is_python: bool) -> Option<Comment> {
    if is_python { inside(lines, symbol, name) } else { above(lines, symbol, name, line_comment) }
}

fn above(lines: &[&str], symbol: &Symbol, name: &str, line_comment: &str) -> Option<Comment> {
    let trimmed = |row: usize| lines.get(row).map_or("", |line| line.trim());
    let is_attribute = |row: usize| trimmed(row).starts_with("#[") || trimmed(row).starts_with('@');
    let mut end = symbol.start.row as usize;
    while end > 0 && is_attribute(end - 1) {
        end -= 1;
    }
    let mut start = end;
    if end > 0 && trimmed(end - 1).ends_with("*/") {
        start = (0..end).rev().find(|row| trimmed(*row).starts_with("/*"))?;
    } else {
        let is_comment =
            |row: usize| !line_comment.is_empty() && trimmed(row).starts_with(line_comment) && !is_attribute(row);
        while start > 0 && is_comment(start - 1) {
            start -= 1;
        }
    }
    (start < end).then(|| {
        let text = lines[start..end].iter().map(|line| bare(line.trim(), line_comment));
        Comment { rows: start..end, instead: None, sentence: sentence(text, name) }
    })
}

/// A row of a comment without its marks.
fn bare<'a>(line: &'a str, line_comment: &str) -> &'a str {
    let line = line.strip_suffix("*/").unwrap_or(line).trim_end();
    match line.strip_prefix("/*") {
        Some(rest) => rest.trim_start_matches(['*', '!']).trim(),
        None if line.starts_with(line_comment) && !line_comment.is_empty() => {
            let mark = line_comment.chars().next().unwrap_or('/');
            line.trim_start_matches(mark).trim_start_matches('!').trim()
        }
        None => line.strip_prefix('*').unwrap_or(line).trim(),
    }
}

/// A docstring.
fn inside(lines: &[&str], symbol: &Symbol, name: &str) -> Option<Comment> {
    let last = (symbol.end.row as usize + 1).min(lines.len());
    let first = symbol.body.row as usize;
    // The signature ends where the body begins, or in the row before.
    let start = (first..last).find(|row| {
        let line = lines[*row].trim();
        !(line.is_empty() || *row == first && line.ends_with(':'))
    })?;
    let opening = lines[start].trim().trim_start_matches(['r', 'R']);
    let mark = ["\"\"\"", "'''"].into_iter().find(|mark| opening.starts_with(mark))?;
    let head = opening.strip_prefix(mark)?;
    let end = match head.trim_end().ends_with(mark) {
        true => start + 1,
        false => (start + 1..last).find(|row| lines[*row].trim_end().ends_with(mark))? + 1,
    };
    let is_whole_body = (end..last).all(|row| lines[row].trim().is_empty());
    let indentation = &lines[start][..lines[start].len() - lines[start].trim_start().len()];
    let rows = std::iter::once(head).chain(lines[start + 1..end].iter().copied());
    let text = rows.map(|line| line.trim().trim_end_matches(mark).trim());
    let sentence = sentence(text, name);
    Some(Comment { rows: start..end, instead: is_whole_body.then(|| format!("{indentation}pass")), sentence })
}

/// The first sentence of a comment's rows.
fn sentence<'a>(rows: impl Iterator<Item = &'a str>, name: &str) -> Option<String> {
    let mut text = String::new();
    for row in rows.skip_while(|row| row.is_empty()) {
        if row.is_empty() || END.iter().any(|end| row.starts_with(end)) {
            break;
        }
        text.push_str(row);
        text.push(' ');
    }
    let end = [". ", "? ", "! ", ": "].iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len());
    // A short one is a word of prose as well.
    let is_name = |word: &str| {
        name.len() > 3 && word.trim_matches(|character: char| !character.is_alphanumeric() && character != '_') == name
    };
    let words: Vec<&str> = text[..end].split_whitespace().filter(|word| !is_name(word)).collect();
    let sentence = words.join(" ");
    let lower = sentence.to_lowercase();
    let letters = sentence.chars().filter(|character| character.is_ascii_alphabetic() || *character == ' ').count();
    let is_prose = letters * 10 >= sentence.chars().count() * 8;
    let describes = !NO_DESCRIPTION.iter().any(|start| lower.starts_with(start));
    (WORDS.contains(&words.len()) && is_prose && describes).then_some(sentence)
}

/// The text without these comments, which must not overlap.
pub fn without(text: &str, comments: &[Comment]) -> String {
    let mut kept = String::with_capacity(text.len());
    for (row, line) in text.split_inclusive('\n').enumerate() {
        match comments.iter().find(|comment| comment.rows.contains(&row)) {
            None => kept.push_str(line),
            Some(comment) if comment.rows.start == row => {
                if let Some(instead) = &comment.instead {
                    kept.push_str(instead);
                    kept.push('\n');
                }
            }
            Some(_) => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::testing::repository;

    /// Name, sentence, and the text without its comments.
    fn commented(path: &str, text: &str) -> (Vec<(String, Option<String>)>, String) {
        let repository = repository(&[(path, text)]);
        let index = repository.index();
        let state = index.read();
        let file = state.file_at(path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let language = file.language.unwrap();
        let line_comment = language.line_comment.clone().unwrap_or_default();
        let of = |symbol: &Symbol| {
            let name = state.names().get(symbol.name);
            let comment = comment_of(&lines, symbol, name, &line_comment, language.name == "python")?;
            Some((name.to_owned(), comment))
        };
        let found: Vec<(String, Comment)> = file.facts.symbols.iter().filter_map(of).collect();
        let comments: Vec<Comment> = found.iter().map(|(_, comment)| comment.clone()).collect();
        (found.into_iter().map(|(name, comment)| (name, comment.sentence)).collect(), without(text, &comments))
    }

    #[test]
    fn comments_above_a_definition_are_its_description() {
        let rust = "/// Sends what waits in `queue` to the server. And more.\n///\n/// # Errors\n#[inline]\nfn flush() {\n    go();\n}\n\n// TODO: think about this one again\nfn later() {}\n";
        let (found, without) = commented("a.rs", rust);
        let sentence = "Sends what waits in `queue` to the server".to_owned();
        assert_eq!(found, [("flush".to_owned(), Some(sentence)), ("later".to_owned(), None)]);
        assert_eq!(without, "#[inline]\nfn flush() {\n    go();\n}\n\nfn later() {}\n");
        let go = "package a\n\n// ParseQuery parses the query of a request\n// into its parts.\nfunc ParseQuery() {\n\tgo1()\n}\n";
        let (found, _) = commented("a.go", go);
        assert_eq!(found[0].1.as_deref(), Some("parses the query of a request into its parts"), "without its own name");
        let script = "/**\n * Reads a file and gives its lines back.\n * @param path where\n */\nexport function read(path: string) {\n  return 1;\n}\n";
        let (found, without) = commented("a.ts", script);
        assert_eq!(found[0].1.as_deref(), Some("Reads a file and gives its lines back"));
        assert!(without.starts_with("export function"), "{without}");
    }

    #[test]
    fn docstrings_stand_in_the_definition() {
        let text = "def one(a,\n        b):\n    \"\"\"Add the two numbers up.\n\n    :param a: a number\n    \"\"\"\n    return a + b\n\n\ndef two():\n    '''Not done yet by anybody here.'''\n\n\ndef three():\n    return 3\n";
        let (found, without) = commented("a.py", text);
        let sentence = |text: &str| Some(text.to_owned());
        assert_eq!(
            found,
            [
                ("one".to_owned(), sentence("Add the two numbers up")),
                ("two".to_owned(), sentence("Not done yet by anybody here"))
            ]
        );
        assert_eq!(
            without,
            "def one(a,\n        b):\n    return a + b\n\n\ndef two():\n    pass\n\n\ndef three():\n    return 3\n"
        );
    }
}
