//! How surely a use of a name means the definition that changed: by what stands before it, where it stands, and what the
//! index knows of the file. Nothing is computed about types; where they would be needed, the answer is not "sure".

use super::change::{Certainty, Change};
use super::library::Page;
use crate::index::{Circle, Role, types_of};
use crate::syntax::{DefinitionKind, Language, Reference, ReferenceKind};

/// Bytes before a use in which the type of a variable is sought.
const WINDOW: usize = 8 << 10;

/// What is known of a file and of the name beyond it.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// How near the definition is for a use of this kind, and how many files it can mean.
    pub circle: Circle,
    pub definers: usize,
    /// The file names the owner of the definition, or imports its file.
    pub knows_owner: bool,
    /// Something in the file extends the owner.
    pub inherits: bool,
    /// Other definitions of the name, in any file.
    pub others: usize,
    /// Files that have nothing to do with the owner use the name, too.
    pub is_foreign: bool,
}

/// What a member's name stands behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Receiver<'a> {
    None,
    Word(&'a str),
    /// The result of something.
    Other,
}

/// None where something else is meant. `is_known`: a type of the workspace.
pub fn certainty(
    page: &Page,
    used: &Reference,
    change: &Change,
    setting: Setting,
    is_known: &dyn Fn(&str) -> bool,
) -> Option<Certainty> {
    let at = used.name.start as usize;
    let before = page.slice(floor(&page.text, at.saturating_sub(WINDOW))..at);
    let receiver = if used.kind == ReferenceKind::Import { Receiver::None } else { receiver(before) };
    let is_member =
        !change.owners.is_empty() && Role::of(change.kind) != Role::Type && change.kind != DefinitionKind::Variant;
    match (receiver, is_member) {
        (Receiver::None, true) => member_by_itself(page, used, change, setting, before),
        (Receiver::None, false) => by_itself(page, used, change, setting),
        (Receiver::Word(word), true) => member_of(page, word, change, setting, &Before { text: before, at, is_known }),
        (Receiver::Other, true) => unknown_receiver(setting),
        (Receiver::Word(word), false) => of_module(page, word, change, setting),
        (Receiver::Other, false) => None,
    }
}

/// A function, a type or a value by its name alone.
fn by_itself(page: &Page, used: &Reference, change: &Change, setting: Setting) -> Option<Certainty> {
    if setting.definers > 1 {
        return Some(Certainty::Possible);
    }
    let is_alone = setting.others == 0;
    let language = page.tree.language();
    match setting.circle {
        Circle::Imported if needs_import(language) && !brings_in(page, used, change) => Some(Certainty::Possible),
        Circle::File | Circle::Imported => Some(Certainty::Sure),
        Circle::Directory if shares_directory(language) => {
            Some(if is_alone { Certainty::Sure } else { Certainty::Possible })
        }
        // What is not imported is not seen.
        _ if needs_import(language) || used.kind == ReferenceKind::Import => {
            is_alone.then_some(Certainty::Possible).filter(|_| setting.knows_owner)
        }
        _ => is_alone.then_some(Certainty::Likely),
    }
}

/// An import of the page brings in this very name, by one of its spellings, or all names of a module.
fn brings_in(page: &Page, used: &Reference, change: &Change) -> bool {
    let text = |used: &Reference| page.slice(used.name.start as usize..used.name.end as usize);
    let name = text(used);
    // It may follow before its uses do, or after.
    let is_former = |word: &str| change.before.iter().any(|shape| shape.name == word);
    let is_it = |word: &str| word == name || word == change.now.name || word == "*" || is_former(word);
    let is_path = |path: &str| path.split(|character: char| !is_word(character) && character != '*').any(is_it);
    used.kind == ReferenceKind::Import
        || page.tags.imports.iter().any(|import| is_path(&import.path) || import.names.iter().any(|word| is_it(word)))
        || page.tags.references.iter().any(|other| other.kind == ReferenceKind::Import && is_it(text(other)))
}

/// A member without anything before it: inside of its type, in a literal of it, or imported by itself.
fn member_by_itself(
    page: &Page,
    used: &Reference,
    change: &Change,
    setting: Setting,
    before: &str,
) -> Option<Certainty> {
    let at = used.name.start as usize;
    if used.kind == ReferenceKind::Import {
        return (setting.circle <= Circle::Imported && setting.definers == 1).then_some(Certainty::Sure);
    }
    if used.kind == ReferenceKind::Member {
        return match literal_of(before) {
            Some(name) if change.is_owner(name) => Some(Certainty::Sure),
            _ => None,
        };
    }
    if !has_implicit_receiver(page.tree.language()) {
        return None;
    }
    match enclosing_type(page, at) {
        Some(name) if change.is_owner(name) => Some(Certainty::Sure),
        Some(name) => (setting.inherits && inherits(page, name, change)).then_some(Certainty::Likely),
        None => None,
    }
}

/// What stands before a use.
struct Before<'a> {
    text: &'a str,
    at: usize,
    is_known: &'a dyn Fn(&str) -> bool,
}

fn member_of(page: &Page, word: &str, change: &Change, setting: Setting, before: &Before<'_>) -> Option<Certainty> {
    if matches!(word, "self" | "this" | "Self" | "cls" | "super" | "static" | "parent") {
        let around = enclosing_type(page, before.at)?;
        if change.is_owner(around) && word != "super" && word != "parent" {
            return Some(Certainty::Sure);
        }
        return inherits(page, around, change).then_some(Certainty::Likely);
    }
    if change.is_owner(word) {
        return Some(Certainty::Sure);
    }
    let mut types = types_of(word, before.text);
    if page.tree.language().name == "go" {
        types.extend(types_behind(word, before.text));
    }
    if types.iter().any(|name| change.is_owner(name)) {
        return Some(Certainty::Sure);
    }
    // A type is told, and it is another one. It may extend ours, or be another name of it.
    let mut told = types.iter().filter(|name| **name != word && name.starts_with(char::is_uppercase)).peekable();
    if told.peek().is_some() {
        let may_extend =
            told.any(|name| (before.is_known)(name) && (!defines(page, name) || inherits(page, name, change)));
        let may_be = may_extend && setting.knows_owner && !word.starts_with(char::is_uppercase);
        return may_be.then_some(Certainty::Possible);
    }
    if word.starts_with(char::is_uppercase) {
        return None;
    }
    unknown_receiver(setting)
}

fn unknown_receiver(setting: Setting) -> Option<Certainty> {
    match (setting.knows_owner, setting.others, setting.is_foreign) {
        (true, 0, false) => Some(Certainty::Likely),
        (true, _, _) => Some(Certainty::Possible),
        (false, _, _) => None,
    }
}

/// `module.function`, `module::Type`, `Enum::Variant`.
fn of_module(page: &Page, word: &str, change: &Change, setting: Setting) -> Option<Certainty> {
    if change.is_owner(word) {
        return Some(Certainty::Sure);
    }
    if change.kind == DefinitionKind::Variant {
        return (word == "Self" && setting.circle == Circle::File).then_some(Certainty::Sure);
    }
    if setting.definers > 1 {
        return Some(Certainty::Possible);
    }
    if matches!(word, "crate" | "self" | "super") && setting.circle <= Circle::Directory {
        return Some(Certainty::Sure);
    }
    let path = change.path.rsplit_once('.').map_or(change.path.as_str(), |(stem, _)| stem);
    let mut parts = path.rsplit('/');
    let is_module = parts.next() == Some(word) || parts.next() == Some(word);
    if is_module && setting.circle <= Circle::Directory {
        return Some(Certainty::Sure);
    }
    // The module as the file imports it.
    let imports = &page.tags.imports;
    let is_imported = imports.iter().any(|import| {
        import.names.iter().any(|name| name == word)
            || import.path.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == word)
    });
    let is_meant = is_imported && setting.others == 0 && (is_module || setting.circle <= Circle::Imported);
    is_meant.then_some(Certainty::Likely)
}

/// The innermost type around a place, whose member its code is.
fn enclosing_type(page: &Page, at: usize) -> Option<&str> {
    let around = page.tags.definitions.iter().rev().find(|definition| {
        definition.kind.has_members() && (definition.range.start as usize..definition.range.end as usize).contains(&at)
    })?;
    Some(page.slice(around.name.start as usize..around.name.end as usize))
}

/// Whether the type of this name in the page extends the change's owner, as far as the page says.
pub fn inherits(page: &Page, name: &str, change: &Change) -> bool {
    if change.owners.is_empty() {
        return false;
    }
    page.tags.definitions.iter().any(|definition| {
        let is_it = definition.kind.has_members()
            && page.slice(definition.name.start as usize..definition.name.end as usize) == name;
        let head = definition.range.start..definition.body.unwrap_or(definition.range.end);
        is_it
            && page.tags.references.iter().any(|used| {
                used.kind == ReferenceKind::Inherit
                    && head.contains(&used.name.start)
                    && change.is_owner(page.slice(used.name.start as usize..used.name.end as usize))
            })
    })
}

/// Types that stand directly behind a variable, as in Go: `s *Store`.
fn types_behind<'a>(variable: &str, text: &'a str) -> Vec<&'a str> {
    let told = text.rmatch_indices(variable).filter_map(|(at, _)| {
        let behind = text[at + variable.len()..].strip_prefix(' ')?;
        let behind = behind.trim_start_matches(['*', '[', ']']);
        let name = &behind[..behind.find(|character| !is_word(character)).unwrap_or(behind.len())];
        (!text[..at].ends_with(is_word) && name.starts_with(char::is_uppercase)).then_some(name)
    });
    told.take(2).collect()
}

fn defines(page: &Page, name: &str) -> bool {
    page.tags.definitions.iter().any(|definition| {
        definition.kind.has_members()
            && definition.kind != DefinitionKind::Extension
            && page.slice(definition.name.start as usize..definition.name.end as usize) == name
    })
}

fn receiver(before: &str) -> Receiver<'_> {
    let text = before.trim_end();
    let is_path = ["::", "->", ".", "?."].iter().any(|mark| text.ends_with(mark));
    if !is_path || text.ends_with("..") {
        return Receiver::None;
    }
    let text = text.trim_end_matches([':', '>', '-', '.', '?', '!']).trim_end();
    let rest = text.trim_end_matches(is_word);
    let word = &text[rest.len()..];
    if word.is_empty() || word.starts_with(|first: char| first.is_ascii_digit()) {
        return Receiver::Other;
    }
    Receiver::Word(word)
}

/// The type whose literal is open at the end of the text: `Budget` in `Budget { left: 3, `.
fn literal_of(before: &str) -> Option<&str> {
    let mut depth = 0_usize;
    for (at, character) in before.char_indices().rev() {
        match character {
            '}' | ')' | ']' => depth += 1,
            '{' | '(' | '[' if depth > 0 => depth -= 1,
            '{' | '(' => {
                let text = before[..at].trim_end();
                let text = text.strip_suffix('>').and_then(|text| text.rfind('<')).map_or(text, |at| &text[..at]);
                let text = text.trim_end_matches(':');
                let rest = text.trim_end_matches(is_word);
                return Some(&text[rest.len()..]).filter(|word| !word.is_empty());
            }
            '[' => return None,
            _ => {}
        }
    }
    None
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Files of one directory see each other's names.
fn shares_directory(language: &Language) -> bool {
    matches!(language.family(), "go" | "jvm" | "csharp" | "swift" | "c" | "ruby" | "php" | "lua")
}

/// Nothing of another file is seen without an import.
fn needs_import(language: &Language) -> bool {
    matches!(language.family(), "rust" | "python" | "javascript" | "go" | "zig" | "haskell")
}

/// Members are called by their name inside of their type.
fn has_implicit_receiver(language: &Language) -> bool {
    matches!(language.family(), "jvm" | "csharp" | "c" | "ruby" | "swift")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_member_stands_behind() {
        assert_eq!(receiver("    self.budget."), Receiver::Word("budget"));
        assert_eq!(receiver("Budget::"), Receiver::Word("Budget"));
        assert_eq!(receiver("p->"), Receiver::Word("p"));
        assert_eq!(receiver("a?."), Receiver::Word("a"));
        assert_eq!(receiver("open()\n    ."), Receiver::Other);
        assert_eq!(receiver("0.."), Receiver::None);
        assert_eq!(receiver("a + "), Receiver::None);
    }

    #[test]
    fn what_types_stand_behind_a_variable() {
        assert_eq!(types_behind("s", "func f(s *Store, other Other) { s"), ["Store"]);
        assert_eq!(types_behind("other", "func f(s *Store, other []Other) { other"), ["Other"]);
        assert_eq!(types_behind("s", "func f(as Store) { s := 1; s"), [""; 0]);
    }

    #[test]
    fn whose_literal_is_open() {
        assert_eq!(literal_of("let a = Budget { right: f(1), "), Some("Budget"));
        assert_eq!(literal_of("let a = Budget::<u8> { "), Some("Budget"));
        assert_eq!(literal_of("Budget(right=[1], "), Some("Budget"));
        assert_eq!(literal_of("let a = "), None);
        assert_eq!(literal_of("[a, "), None);
    }
}
