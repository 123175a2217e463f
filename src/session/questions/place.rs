//! What a question is about: from a place in a document to the definition that is meant.

use std::ops::Range;

use super::Subject;
use crate::ask::Focus;
use crate::syntax::{Definition, DefinitionKind, SyntaxTree, Tags};
use crate::text::Document;

/// What is meant, for a question that was asked at `at`, a cursor or a selection. None for the whole workspace. `path`: from
/// the folder's root.
pub fn focus(
    document: &Document,
    tree: Option<&SyntaxTree>,
    path: String,
    at: Range<usize>,
    subject: Subject,
) -> Option<Focus> {
    let at = at.start.min(document.len_bytes())..at.end.min(document.len_bytes());
    let whole = Focus { path, range: None, name: None, diagnostics: Vec::new() };
    match subject {
        Subject::Workspace => None,
        Subject::File | Subject::Module => Some(whole),
        Subject::Here if !at.is_empty() => Some(Focus { range: Some(at), ..whole }),
        Subject::Here | Subject::Function | Subject::Comment => {
            let Some(tree) = tree else { return Some(whole) };
            let tags = tree.tags();
            let below = if subject == Subject::Comment { below(document, &tags, at.end) } else { None };
            let found = below.or_else(|| around(document, &tags, at.start, subject));
            Some(match found {
                Some(definition) => of_definition(document, &tags, definition, whole),
                None => whole,
            })
        }
    }
}

fn of_definition(document: &Document, tags: &Tags, definition: &Definition, whole: Focus) -> Focus {
    let mut names = vec![name(document, definition)];
    let mut outer = definition.container;
    while let Some(container) = outer.and_then(|at| tags.definitions.get(at as usize)) {
        names.push(name(document, container));
        outer = container.container;
    }
    names.reverse();
    Focus { range: Some(bytes(&definition.range)), name: Some(names.join(".")), ..whole }
}

fn name(document: &Document, definition: &Definition) -> String {
    document.slice(bytes(&definition.name))
}

fn bytes(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

/// The innermost definition around a byte, counting from the start of its first line. For a function: the innermost with
/// code in it, if there is one.
fn around<'tags>(document: &Document, tags: &'tags Tags, at: usize, subject: Subject) -> Option<&'tags Definition> {
    let holds = |definition: &&Definition| {
        let range = bytes(&definition.range);
        document.line_range(range.start).start <= at && at <= range.end
    };
    let innermost = |found: Vec<&'tags Definition>| found.into_iter().min_by_key(|definition| definition.range.len());
    let all: Vec<&Definition> = tags.definitions.iter().filter(holds).collect();
    let callable: Vec<&Definition> = all.iter().copied().filter(|definition| definition.kind.is_callable()).collect();
    if subject == Subject::Function && !callable.is_empty() {
        return innermost(callable);
    }
    // A field or a local constant says little by itself.
    let is_whole = |definition: &&Definition| {
        !matches!(definition.kind, DefinitionKind::Field | DefinitionKind::Variable | DefinitionKind::Variant)
    };
    innermost(all.into_iter().filter(is_whole).collect())
}

/// The definition that stands right below a comment: nothing in between but attributes, decorators and more comments.
fn below<'tags>(document: &Document, tags: &'tags Tags, comment_end: usize) -> Option<&'tags Definition> {
    let next = tags.definitions.iter().find(|definition| definition.range.start as usize >= comment_end)?;
    let start = next.range.start as usize;
    let between = document.slice(comment_end..start);
    let mut lines = between.split('\n').map(str::trim);
    // What stands behind the comment on its own line, and before the definition on its.
    let is_free = lines.next().is_none_or(|rest| rest.is_empty() || rest == "*/") && between.contains('\n');
    let is_mark = |line: &str| line.starts_with(['#', '@', '[', ']', '/', '*', '-', ';', '<', '%']);
    let mut rest: Vec<&str> = lines.collect();
    // `pub`, `export` and what else stands before a definition on its line.
    rest.pop();
    (is_free && rest.iter().all(|line| is_mark(line))).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::Language;

    /// The name of what is meant at the `$0`, or from it to a second one; `file` for all of it.
    fn meant(language: &str, subject: Subject, marked: &str) -> String {
        let start = marked.find("$0").expect("a cursor mark");
        let text = marked.replacen("$0", "", 1);
        let end = text.find("$0").unwrap_or(start);
        let text = text.replacen("$0", "", 1);
        let document = Document::new("file:///a", language, 1, &text);
        let tree = Language::named(language).and_then(|language| SyntaxTree::parse(language, document.rope(), None));
        match focus(&document, tree.as_ref(), "a".to_owned(), start..end, subject) {
            None => "workspace".to_owned(),
            Some(Focus { range: None, .. }) => "file".to_owned(),
            Some(Focus { name: Some(name), .. }) => name,
            Some(Focus { range: Some(range), .. }) => format!("`{}`", &text[range]),
        }
    }

    const RUST: &str = "struct A {\n    a: u8,\n}\n\nimpl A {\n    pub fn b(&self) -> u8 {\n        self.a\n    }\n}\n";

    fn rust(subject: Subject, before: &str) -> String {
        meant("rust", subject, &RUST.replacen(before, &format!("$0{before}"), 1))
    }

    #[test]
    fn the_definition_around_the_cursor_is_meant() {
        assert_eq!(rust(Subject::Here, "self.a"), "A.b");
        assert_eq!(rust(Subject::Here, "    pub fn b"), "A.b", "its line counts from the start");
        assert_eq!(rust(Subject::Here, "a: u8"), "A");
        assert_eq!(rust(Subject::Function, "self.a"), "A.b");
        assert_eq!(rust(Subject::File, "self.a"), "file");
        assert_eq!(rust(Subject::Module, "self.a"), "file");
        assert_eq!(rust(Subject::Workspace, "self.a"), "workspace");
        assert_eq!(meant("rust", Subject::Here, "use a;\n$0\nfn b() {}\n"), "file");
    }

    #[test]
    fn a_selection_is_meant_as_it_is() {
        assert_eq!(meant("rust", Subject::Here, "fn a() {\n    $0b();$0\n}\n"), "`b();`");
        assert_eq!(meant("rust", Subject::Function, "fn a() {\n    $0b();$0\n}\n"), "a");
    }

    #[test]
    fn a_comment_means_what_stands_below_or_else_around() {
        let comment = |language, text| meant(language, Subject::Comment, text);
        assert_eq!(comment("rust", "fn a() {}\n$0// ask: b$0\n#[test]\n/// Says.\npub fn c() {}\n"), "c");
        assert_eq!(
            comment("python", "class A:\n    $0# ask: b$0\n    @property\n    def c(self):\n        pass\n"),
            "A.c"
        );
        assert_eq!(comment("python", "def a():\n    $0# ask: b$0\n    c()\n"), "a");
        assert_eq!(comment("rust", "$0// ask: b$0\n\nfn a() {}\n"), "file", "an empty line keeps them apart");
        assert_eq!(comment("rust", "fn a() {\n    b(); $0// ask: b$0\n}\nfn c() {}\n"), "a");
        assert_eq!(comment("c", "$0/* ask: b$0 */\nint a(void) { return 0; }\n"), "a");
    }

    #[test]
    fn without_a_grammar_the_file_is_meant() {
        assert_eq!(meant("makefile", Subject::Function, "a: b\n$0\tc\n"), "file");
        assert_eq!(meant("makefile", Subject::Here, "a: $0b$0\n"), "`b`");
    }
}
