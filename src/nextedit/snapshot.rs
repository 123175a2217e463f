//! What a version of a document defines, with what tells one definition from another.

use std::hash::{Hash, Hasher};
use std::ops::Range;

use rustc_hash::FxHasher;

use super::change::{Parameter, Shape};
use super::library::Page;
use crate::syntax::{Definition, DefinitionKind, Item};

/// Lines of a definition that are compared with another's.
const MOST_LINES: usize = 200;
/// Characters of a signature that are shown.
const MOST_SIGNATURE: usize = 160;
/// A shorter body says nothing: `{}`, `pass`.
const LEAST_BODY: usize = 5;

/// One definition.
#[derive(Clone, Debug)]
pub struct Entry {
    pub kind: DefinitionKind,
    /// Index of the definition around it.
    pub container: Option<usize>,
    pub shape: Shape,
    pub name_at: Range<usize>,
    pub range: Range<usize>,
    /// End of the signature.
    pub body: usize,
    /// Of the signature without the name.
    head: u64,
    /// Of what follows the signature; none where that says nothing.
    tail: Option<u64>,
    /// Of the lines, those without a word left out.
    lines: Vec<u64>,
    /// The type that is written before the name, as C++ does outside of the type, `Type::name`, and Go.
    pub qualifier: Option<String>,
    /// Local names that are bound in it, in the order of the text.
    pub locals: Vec<String>,
}

/// The definitions of one version, in the order of the text.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub entries: Vec<Entry>,
    pub has_errors: bool,
}

impl Snapshot {
    pub fn new(page: &Page) -> Self {
        let mut entries: Vec<Entry> = page.tags.definitions.iter().map(|definition| entry(page, definition)).collect();
        for binding in &page.bindings {
            let callable = binding.callable.and_then(|callable| entries.get_mut(callable as usize));
            if let Some(entry) = callable {
                entry.locals.push(page.slice(binding.name.start as usize..binding.name.end as usize).to_owned());
            }
        }
        Self { entries, has_errors: page.tree.error_count() > 0 }
    }
}

impl Entry {
    pub fn has_body(&self) -> bool {
        self.body < self.range.end
    }

    /// The same but for the name.
    pub fn resembles(&self, other: &Self) -> bool {
        self.kind == other.kind
            && (self.head == other.head
                || (self.tail.is_some() && self.tail == other.tail)
                || shares_lines(&self.lines, &other.lines))
    }

    /// The same name of the same kind; `exactly` with the same signature.
    pub fn is_called_as(&self, other: &Self, exactly: bool) -> bool {
        self.kind == other.kind && self.shape.name == other.shape.name && (!exactly || self.head == other.head)
    }
}

/// Three of five lines, of at least three.
fn shares_lines(one: &[u64], other: &[u64]) -> bool {
    if one.len().min(other.len()) < 3 {
        return false;
    }
    let mut left = other.to_vec();
    let shared = one.iter().filter(|line| {
        let at = left.iter().position(|other| other == *line);
        at.map(|at| left.swap_remove(at)).is_some()
    });
    shared.count() * 10 >= (one.len() + other.len()) * 3
}

fn entry(page: &Page, definition: &Definition) -> Entry {
    let bytes = |range: &Range<u32>| range.start as usize..range.end as usize;
    let (range, name_at) = (bytes(&definition.range), bytes(&definition.name));
    let body = definition.body.map_or(range.end, |body| body as usize).clamp(range.start, range.end);
    let before_name = page.slice(range.start..name_at.start.clamp(range.start, body));
    let behind_name = page.slice(name_at.end.min(body)..body);
    let tail = page.slice(body..range.end);
    let text = page.slice(range.clone());
    let lines = text.lines().map(str::trim).filter(|line| line.contains(char::is_alphanumeric));
    let list = definition.kind.is_callable().then(|| page.tree.parameters(definition, &page.bindings)).flatten();
    let parameters = list
        .filter(|list| list.is_plain)
        .map(|list| list.items.iter().map(|item| parameter(page, item)).collect::<Vec<_>>());
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let before = before_name.trim_end();
    // A method of Go names its type among its parameters: `func (s *Store[T]) Load`.
    let receiver = before.strip_suffix(')').filter(|_| page.tree.language().name == "go");
    let path = before.strip_suffix("::").or(receiver.map(|text| text.split('[').next().unwrap_or(text)));
    let qualifier = path.map(|path| &path[path.trim_end_matches(is_word).len()..]);
    // A decorator or an attribute is not what people call the signature.
    let line = page.slice(range.start..name_at.start).rfind('\n').map_or(range.start, |at| range.start + at + 1);
    Entry {
        kind: definition.kind,
        container: definition.container.map(|container| container as usize),
        shape: Shape {
            name: page.slice(name_at.clone()).to_owned(),
            parameters,
            signature: on_one_line(page.slice(line..body)),
        },
        head: hash_words(before_name).wrapping_mul(31).wrapping_add(hash_words(behind_name)),
        tail: (tail.trim().len() >= LEAST_BODY).then(|| hash_words(tail)),
        lines: lines.take(MOST_LINES).map(hash_words).collect(),
        qualifier: qualifier.filter(|name| !name.is_empty()).map(str::to_owned),
        locals: Vec::new(),
        name_at,
        range,
        body,
    }
}

fn parameter(page: &Page, item: &Item) -> Parameter {
    let text = page.slice(item.range.clone());
    let name = item.name.clone().filter(|name| name.start >= item.range.start && name.end <= item.range.end);
    let rest = match &name {
        Some(name) => format!("{} {}", page.slice(item.range.start..name.start), page.slice(name.end..item.range.end)),
        None => text.to_owned(),
    };
    Parameter {
        // Arguments are given by name without PHP's mark.
        name: name.map(|name| page.slice(name).trim_start_matches('$').to_owned()).unwrap_or_default(),
        rest: rest.split_whitespace().collect::<Vec<_>>().join(" "),
        default: item.value.clone().map(|value| page.slice(value).to_owned()),
        role: item.role,
    }
}

fn on_one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_end_matches(['{', '=', ':', ';', ' ']);
    match line.char_indices().nth(MOST_SIGNATURE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

fn hash_words(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    text.split_whitespace().for_each(|word| word.hash(&mut hasher));
    hasher.finish()
}
