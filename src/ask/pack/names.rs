//! Names of code and files among a question's words.

/// Words of a question that are looked at; a pasted log is not a question.
const MOST_WORDS: usize = 400;
const MOST_NAMES: usize = 24;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// In the order of the text, each once.
    pub symbols: Vec<String>,
    pub paths: Vec<String>,
}

/// What looks like code: in backquotes, or spelled as no word of a language is.
pub fn names_in(text: &str) -> Names {
    let mut names = Names::default();
    for (at, part) in text.split('`').enumerate() {
        let is_quoted = at % 2 == 1;
        let words = part.split(|c: char| !(c.is_alphanumeric() || "_:./#\\-~".contains(c)));
        for word in words.take(MOST_WORDS) {
            let word = word.trim_matches([':', '.', '#', '-', '/', '\\', '~']);
            // A place in a file names the file.
            let word = word.split(':').next().filter(|path| is_path(path)).unwrap_or(word);
            let list = match () {
                () if is_path(word) => &mut names.paths,
                () if is_symbol(word) && (is_quoted || is_spelled_as_code(word)) => &mut names.symbols,
                () => continue,
            };
            if list.len() < MOST_NAMES && !list.iter().any(|known| known == word) {
                list.push(word.to_owned());
            }
        }
    }
    names
}

fn is_path(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_ending = !ending.is_empty() && ending.len() <= 8 && ending.chars().all(|c| c.is_ascii_alphanumeric());
    let is_source = crate::syntax::Language::detect("", name, "").is_some();
    is_ending && !word.contains("://") && (word.contains('/') || is_source)
}

fn is_symbol(word: &str) -> bool {
    let starts = word.starts_with(|c: char| c.is_alphabetic() || c == '_');
    starts && word.chars().count() >= 2 && word.chars().all(|c| c.is_alphanumeric() || "_:.#".contains(c))
}

/// `snake_case`, `camelCase`, `HTTPServer`, `a::b`, `a.b`.
fn is_spelled_as_code(word: &str) -> bool {
    let pairs = word.chars().zip(word.chars().skip(1));
    let is_camel = pairs.clone().any(|(one, next)| one.is_lowercase() && next.is_uppercase())
        || word.chars().filter(|c| c.is_uppercase()).count() >= 2 && word.chars().any(char::is_lowercase);
    let has_joint = word.contains('_') || word.contains("::") || pairs.clone().any(|(one, _)| one == '.' || one == '#');
    // A number with a unit, or a sentence's end without a space, is none.
    has_joint || is_camel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, symbols: &[&str], paths: &[&str]) {
        let names = names_in(text);
        assert_eq!(
            (names.symbols, names.paths),
            (symbols.iter().map(|s| (*s).to_owned()).collect(), paths.iter().map(|s| (*s).to_owned()).collect())
        );
    }

    #[test]
    fn names_are_told_from_words() {
        check(
            "How does `run` reach parse_header, or HttpServer::serve?",
            &["run", "parse_header", "HttpServer::serve"],
            &[],
        );
        check("What is in src/main.rs:12 and lib.rs? See https://a.b/c.rs", &[], &["src/main.rs", "lib.rs"]);
        check("Why does the Database close? E.g. at 5 pm.", &["E.g"], &[]);
        check("", &[], &[]);
    }
}
