//! Questions with known answers, from a repository's own functions, and the repository without what gives the answers away.

use std::collections::HashMap;

use ropey::Rope;

use super::comments::{Comment, comment_of, without};
use super::paraphrase::paraphrase;
use crate::eval::random::Random;
use crate::index::{File, Index, Role, Symbol};
use crate::syntax::{Language, SyntaxTree};

/// Where a question's words are from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum QuestionKind {
    /// The first sentence of the function's comment, which is taken out of the index.
    Comment,
    /// The function's name in other words.
    Name,
}

/// Something to look for, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchQuestion {
    pub kind: QuestionKind,
    pub text: String,
    /// The function that is meant, from the folder's root and by its full name.
    pub path: String,
    pub name: String,
    /// Row of its name in the text that is searched.
    pub row: u32,
}

/// How many questions are asked, and which.
#[derive(Clone, Copy, Debug)]
pub struct SearchPlan {
    /// Most questions of each kind.
    pub questions: usize,
    pub seed: u64,
}

/// A function that may be asked about.
struct Function {
    path: String,
    full: String,
    words: Vec<String>,
    sentence: Option<String>,
}

/// Takes the comments of all functions out of an index, as if each file were open without them: nothing is written to the disk.
/// Asks about a sample of those functions. The index must be caught up and not be stored.
pub fn prepare(index: &Index, plan: SearchPlan) -> Vec<SearchQuestion> {
    let files: Vec<File> = {
        let state = index.read();
        let own = state.files().map(|(_, file)| file).filter(|file| !file.is_vendored && !file.is_generated);
        let mut files: Vec<File> =
            own.filter(|file| file.omission.is_none() && file.language.is_some()).cloned().collect();
        files.sort_by(|one, other| one.path.cmp(&other.path));
        files
    };
    let mut functions = Vec::new();
    for file in &files {
        functions.extend(bare(index, file));
    }
    let by_comment = sample(plan, "comments", &functions, |function| function.sentence.clone());
    let by_name = sample(plan, "names", &functions, |function| paraphrase(&function.words));
    let asked = by_comment.into_iter().map(|(text, function)| (QuestionKind::Comment, text, function));
    let asked = asked.chain(by_name.into_iter().map(|(text, function)| (QuestionKind::Name, text, function)));
    let mut outlines: HashMap<&str, HashMap<String, u32>> = HashMap::new();
    asked
        .filter_map(|(kind, text, function)| {
            let rows = outlines.entry(&function.path).or_insert_with(|| {
                let outline = index.outline(&function.path).unwrap_or_default();
                outline.iter().map(|entry| (entry.found.full_name(), entry.found.name_at.row)).collect()
            });
            let row = *rows.get(&function.full)?;
            Some(SearchQuestion { kind, text, path: function.path.clone(), name: function.full.clone(), row })
        })
        .collect()
}

/// Takes the comments of a file's functions out. Gives those functions whose full name is the only one of its kind in the file.
fn bare(index: &Index, file: &File) -> Vec<Function> {
    let (Some(text), Some(language)) = (index.text(&file.path), file.language) else { return Vec::new() };
    if !file.is_of(&text) {
        return Vec::new();
    }
    let lines: Vec<&str> = text.lines().collect();
    let line_comment = language.line_comment.as_deref().unwrap_or_default();
    let mut functions = Vec::new();
    let mut comments: Vec<Comment> = Vec::new();
    {
        let state = index.read();
        let full = |symbol: &Symbol| {
            let names = file.facts.containers(symbol).into_iter().chain([symbol.name]);
            names.map(|name| state.names().get(name)).collect::<Vec<_>>().join(".")
        };
        let mut counts: HashMap<String, usize> = HashMap::new();
        file.facts.symbols.iter().for_each(|symbol| *counts.entry(full(symbol)).or_default() += 1);
        for symbol in file.facts.symbols.iter().filter(|symbol| Role::of(symbol.kind) == Role::Callable) {
            let name = state.names().get(symbol.name);
            let comment = comment_of(&lines, symbol, name, line_comment, language.name == "python");
            let sentence = comment.as_ref().and_then(|comment| comment.sentence.clone());
            let is_free = |comment: &Comment| {
                comments
                    .iter()
                    .all(|other| other.rows.end <= comment.rows.start || comment.rows.end <= other.rows.start)
            };
            comments.extend(comment.filter(is_free));
            let full = full(symbol);
            if counts[&full] == 1 && symbol.has_body() {
                functions.push(Function { path: file.path.to_string(), full, words: words_of(name), sentence });
            }
        }
    }
    if !comments.is_empty() {
        open(index, &file.path, language, &without(&text, &comments));
    }
    functions
}

fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut before_is_lower = false;
    for character in name.chars() {
        if !character.is_alphanumeric() || (character.is_uppercase() && before_is_lower) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| character.is_alphanumeric()) {
            word.extend(character.to_lowercase());
        }
        before_is_lower = character.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

fn open(index: &Index, path: &str, language: &'static Language, text: &str) {
    let rope = Rope::from_str(text);
    let tree = SyntaxTree::parse(language, &rope, None);
    index.set_document(&index.root().join(path), Some(language), &rope, tree.as_ref());
}

/// So many functions whose question is asked of no other, in an order that follows from the seed alone.
fn sample<'f>(
    plan: SearchPlan,
    purpose: &str,
    functions: &'f [Function],
    question: impl Fn(&Function) -> Option<String>,
) -> Vec<(String, &'f Function)> {
    let mut asked: Vec<(String, &Function)> =
        functions.iter().filter_map(|function| Some((question(function)?, function))).collect();
    let mut times: HashMap<String, usize> = HashMap::new();
    asked.iter().for_each(|(text, _)| *times.entry(text.to_lowercase()).or_default() += 1);
    asked.retain(|(text, _)| times[&text.to_lowercase()] == 1);
    let mut random = Random::for_purpose(plan.seed, purpose);
    for at in (1..asked.len()).rev() {
        asked.swap(at, random.below(at as u64 + 1) as usize);
    }
    asked.truncate(plan.questions);
    asked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::testing::repository;

    const PLAN: SearchPlan = SearchPlan { questions: 10, seed: 1 };

    #[test]
    fn questions_are_asked_of_code_without_their_words() {
        let text = "/// Hands the letter over to the postman.\nfn send_message() {\n    go();\n}\n\n/// Hands it back\nfn one() {\n    go();\n}\n";
        let repository = repository(&[("src/mail.rs", text), ("README.md", "# Hello\n")]);
        let index = repository.index();
        let questions = prepare(&index, PLAN);
        let told: Vec<_> =
            questions.iter().map(|one| (one.kind, one.text.as_str(), one.name.as_str(), one.row)).collect();
        assert_eq!(
            told,
            [
                (QuestionKind::Comment, "Hands the letter over to the postman", "send_message", 0),
                (QuestionKind::Name, "transmit notice", "send_message", 0),
            ]
        );
        assert_eq!(
            index.text("src/mail.rs").unwrap(),
            "fn send_message() {\n    go();\n}\n\nfn one() {\n    go();\n}\n"
        );
        assert!(index.search("postman", 5).is_empty(), "it is in the index no more");
        let on_disk = std::fs::read_to_string(repository.root().join("src/mail.rs")).unwrap();
        assert_eq!(on_disk, text, "and the file is as it was");
        assert_eq!(prepare(&repository.index(), PLAN), questions, "equal files give equal questions");
    }

    #[test]
    fn what_is_said_of_two_functions_is_asked_of_none() {
        let same = "/// Makes a new one with the defaults.\nfn a() {\n    x();\n}\n";
        let repository = repository(&[("a.rs", same), ("b.rs", &same.replace("a()", "b()"))]);
        assert_eq!(prepare(&repository.index(), PLAN), []);
    }

    #[test]
    fn names_are_split_as_people_read_them() {
        assert_eq!(words_of("parseHttpRequest"), ["parse", "http", "request"]);
        assert_eq!(words_of("_get_URL2"), ["get", "url2"]);
    }
}
