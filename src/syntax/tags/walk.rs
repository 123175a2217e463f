//! The walk itself: every node once, in the order of the text.

use std::cmp::Reverse;
use std::ops::Range;

use rustc_hash::FxHashSet;
use tree_sitter::{Node, Tree, TreeCursor};

use super::chain::{LeafClass, LeafRule, ReferenceKind};
use super::found::{Found, FoundImport, bytes, offset, place, range};
use super::pattern::{Matcher, Pattern};
use super::rules::TagRules;
use super::{Binding, Definition, DefinitionKind, Import, Reference, Tags};

impl Tags {
    /// What stands in `text`, of which `tree` is the tree.
    pub(in crate::syntax) fn find(rules: &TagRules, tree: &Tree, text: &[u8]) -> Self {
        let mut walk = Walk::new(rules, text);
        walk.run(tree.walk());
        walk.finish()
    }

    /// The same together with every local name that is bound, in the order of the text.
    pub(in crate::syntax) fn find_with_bindings(rules: &TagRules, tree: &Tree, text: &[u8]) -> (Self, Vec<Binding>) {
        let mut walk = Walk::new(rules, text);
        walk.bindings = Some(Vec::new());
        walk.run(tree.walk());
        let mut bindings = walk.bindings.take().unwrap_or_default();
        bindings.sort_by_key(|binding| binding.name.start);
        bindings.dedup();
        (walk.finish(), bindings)
    }
}

#[cfg(test)]
impl Tags {
    /// Start and kind of every leaf that a rule calls a reference, local variables or not.
    pub(super) fn find_all_leaves(
        rules: &TagRules,
        tree: &Tree,
        text: &[u8],
    ) -> std::collections::BTreeSet<(u32, ReferenceKind)> {
        let mut walk = Walk::new(rules, text);
        walk.run(tree.walk());
        walk.tags.references.iter().map(|reference| (reference.name.start, reference.kind)).collect()
    }
}

/// Definitions in definitions that are told apart. Deeper ones are held by the last of these, so that a text of nothing
/// but openings costs no more than another one, here and wherever somebody asks what is around a definition.
const MOST_NESTING: usize = 64;

/// An ancestor of the node at hand.
#[derive(Clone, Copy)]
struct Ancestor {
    kind: u16,
    /// Its field in its parent; asked for only where a rule needs it.
    field: Option<u16>,
}

struct Walk<'a, 'tree> {
    rules: &'a TagRules,
    text: &'a [u8],
    matcher: Matcher<'tree>,
    /// What the patterns found at the node at hand.
    found: Found,
    path: Vec<Ancestor>,
    tags: Tags,
    /// Definitions that a pattern found before the walk came to them, the next one last.
    ahead: Vec<Definition>,
    /// Definitions around the node at hand, outermost first, with their end.
    around: Vec<(u32, u32)>,
    /// Starts of the names of definitions: these are no references.
    names: FxHashSet<u32>,
    /// Local variables: the callable that they live in and their name.
    locals: FxHashSet<(Option<u32>, &'a [u8])>,
    /// Where they are bound, for who asks.
    bindings: Option<Vec<Binding>>,
    /// End of the last import: names in it are references of that kind.
    import_end: u32,
    /// Start and end of the outermost function without a name at hand: variables in it are local.
    unnamed: (u32, u32),
    /// References that a local variable may explain: index of the reference and of its callable.
    unresolved: Vec<(u32, Option<u32>)>,
}

impl<'a, 'tree> Walk<'a, 'tree> {
    fn new(rules: &'a TagRules, text: &'a [u8]) -> Self {
        Self {
            rules,
            text,
            matcher: Matcher::new(),
            found: Found::default(),
            path: Vec::with_capacity(64),
            tags: Tags::default(),
            ahead: Vec::new(),
            around: Vec::new(),
            names: FxHashSet::default(),
            locals: FxHashSet::default(),
            bindings: None,
            import_end: 0,
            unnamed: (0, 0),
            unresolved: Vec::new(),
        }
    }

    fn run(&mut self, mut cursor: TreeCursor<'tree>) {
        loop {
            let node = cursor.node();
            let kind = node.kind_id();
            let mut field = None;
            if !self.ahead.is_empty() {
                self.admit_reached(&range(node));
            }
            if let Some(rules) = self.rules.kind(kind) {
                if rules.needs_field {
                    field = cursor.field_id().map(|id| id.get());
                }
                if !rules.patterns.is_empty() {
                    self.definitions_at(node, &rules.patterns);
                }
                if !rules.leaf.is_empty() {
                    self.leaf(node, field, &rules.leaf);
                }
            }
            // Most nodes are leaves, and to ask for their number of children is cheaper than to go down in vain.
            if node.child_count() > 0 && cursor.goto_first_child() {
                self.path.push(Ancestor { kind, field });
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    self.admit_reached(&(u32::MAX..u32::MAX));
                    return;
                }
                self.path.pop();
            }
        }
    }

    /// Definitions and imports whose pattern begins at `node`.
    fn definitions_at(&mut self, node: Node<'tree>, patterns: &[Pattern]) {
        let mut found = std::mem::take(&mut self.found);
        for pattern in patterns {
            self.matcher.run(pattern, node, self.text, &mut |captured| found.add(captured, pattern.number, self.text));
        }
        if found.locals.start >= self.unnamed.1 && !found.locals.is_empty() {
            self.unnamed = (found.locals.start, found.locals.end);
        }
        self.add_imports(&mut found.imports);
        self.add_definitions(&range(node), &mut found.definitions);
        found.locals = 0..0;
        self.found = found;
    }

    /// One statement makes a match for each of its names.
    fn add_imports(&mut self, found: &mut Vec<FoundImport>) {
        found.sort_by_key(|import| (import.path_start, import.name.as_ref().map_or(0, |(start, _)| *start)));
        found.dedup_by(|later, first| later.path_start == first.path_start && later.name == first.name);
        for FoundImport { path_start: _, path, name, at, end } in found.drain(..) {
            self.import_end = self.import_end.max(end);
            match self.tags.imports.last_mut().filter(|last| last.at == at && last.path == path) {
                Some(last) => last.names.extend(name.map(|(_, name)| name)),
                None => {
                    let names = name.into_iter().map(|(_, name)| name).collect();
                    self.tags.imports.push(Import { at, path, names });
                }
            }
        }
    }

    fn add_definitions(&mut self, node: &Range<u32>, found: &mut Vec<(u32, usize, Definition)>) {
        // Where several patterns name the same thing, the first in the file knows it best; where one does so in several
        // ways, that with a body.
        found.sort_by_key(|(name, pattern, definition)| (*name, *pattern, definition.body.is_none()));
        found.dedup_by_key(|(name, ..)| *name);
        found.sort_by_key(|(.., definition)| order(definition));
        let start = node.start;
        let later = found.partition_point(|(.., definition)| definition.range.start <= start);
        for (.., definition) in found.drain(later..).rev() {
            let next = self.ahead.partition_point(|other| order(other) > order(&definition));
            self.ahead.insert(next, definition);
        }
        for (.., definition) in found.drain(..) {
            self.admit(definition);
        }
    }

    /// Definitions that were found from further up and begin before `node` or are around it.
    fn admit_reached(&mut self, node: &Range<u32>) {
        let is_reached = |definition: &mut Definition| {
            let Range { start, end } = definition.range;
            start < node.start || (start == node.start && node.end <= end)
        };
        while let Some(definition) = self.ahead.pop_if(is_reached) {
            self.admit(definition);
        }
    }

    /// In the order of the text, so that what is around a definition is known before.
    fn admit(&mut self, mut definition: Definition) {
        // The name of an extension is a use of what it extends.
        let is_name = definition.kind != DefinitionKind::Extension;
        if definition.name.is_empty() || (is_name && self.names.contains(&definition.name.start)) {
            return;
        }
        while self.around.last().is_some_and(|(_, end)| *end <= definition.range.start) {
            self.around.pop();
        }
        let holds = |index: &u32| {
            let outer = &self.tags.definitions[*index as usize].range;
            outer.start <= definition.range.start && outer.end >= definition.range.end && *outer != definition.range
        };
        definition.container = self.around.iter().rev().map(|(index, _)| *index).find(holds);
        if !self.settle_kind(&mut definition) {
            return;
        }
        if is_name {
            self.names.insert(definition.name.start);
            // The node of a symbol begins with a colon that is no part of the name.
            if let Some(colon) =
                definition.name.start.checked_sub(1).filter(|at| self.text.get(*at as usize) == Some(&b':'))
            {
                self.names.insert(colon);
            }
        }
        let index = offset(self.tags.definitions.len());
        // Of several definitions of one range (`int a, b;`) the last one holds what is inside.
        let is_top = |(top, _): &(u32, u32)| self.tags.definitions[*top as usize].range == definition.range;
        if self.around.last().is_some_and(is_top) {
            self.around.pop();
        }
        if self.around.len() < MOST_NESTING {
            self.around.push((index, definition.range.end));
        }
        self.tags.definitions.push(definition);
    }

    /// What its surroundings make of a definition. False where it is none: a local variable, or a member that is set
    /// elsewhere than in a constructor.
    fn settle_kind(&mut self, definition: &mut Definition) -> bool {
        let outer = definition.container.map(|index| &self.tags.definitions[index as usize]);
        let is_value = matches!(definition.kind, DefinitionKind::Variable | DefinitionKind::Constant);
        match (definition.kind, outer.map(|outer| outer.kind)) {
            // In a function without a name that is itself inside of what holds the definition.
            _ if is_value
                && definition.range.start < self.unnamed.1
                && outer.is_none_or(|outer| outer.range.start < self.unnamed.0) =>
            {
                self.note_local(definition);
                return false;
            }
            (DefinitionKind::Function, Some(kind)) if kind.has_members() => definition.kind = DefinitionKind::Method,
            (DefinitionKind::Variable, Some(DefinitionKind::Enum)) => definition.kind = DefinitionKind::Variant,
            (DefinitionKind::Variable, Some(kind)) if kind.has_members() => definition.kind = DefinitionKind::Field,
            (DefinitionKind::Field, Some(DefinitionKind::Constructor)) => {
                definition.container = outer.and_then(|outer| outer.container);
            }
            (DefinitionKind::Field, Some(DefinitionKind::Method)) => return false,
            (_, Some(kind)) if is_value && kind.is_callable() => {
                self.note_local(definition);
                return false;
            }
            _ => {}
        }
        true
    }

    fn note_local(&mut self, definition: &Definition) {
        let callable = self.callable(definition.range.start);
        let name = definition.name.start as usize..definition.name.end as usize;
        self.locals.insert((callable, self.text.get(name).unwrap_or_default()));
        self.note_binding(definition.name.clone(), callable);
    }

    fn note_binding(&mut self, name: Range<u32>, callable: Option<u32>) {
        if let Some(bindings) = &mut self.bindings {
            bindings.push(Binding { name, callable });
        }
    }

    fn leaf(&mut self, node: Node<'_>, field: Option<u16>, rules: &'a [LeafRule]) {
        let text = bytes(self.text, node);
        let Some(rule) = rules.iter().find(|rule| self.fits(rule, field) && rule.accepts(text)) else { return };
        let start = offset(node.start_byte());
        if text.is_empty() || self.names.contains(&start) {
            return;
        }
        match rule.class {
            LeafClass::Ignored => {}
            LeafClass::Local => {
                let callable = self.callable(start);
                self.locals.insert((callable, text));
                self.note_binding(range(node), callable);
            }
            LeafClass::Reference(kind) => {
                let kind = if start < self.import_end { ReferenceKind::Import } else { kind };
                if matches!(kind, ReferenceKind::Value | ReferenceKind::Call) {
                    let callable = self.callable(start);
                    self.unresolved.push((offset(self.tags.references.len()), callable));
                }
                self.tags.references.push(Reference { kind, name: range(node), at: place(node.start_position()) });
            }
        }
    }

    fn fits(&self, rule: &LeafRule, field: Option<u16>) -> bool {
        let mut steps = rule.steps.iter();
        // The leaf's kind is how the rule was found.
        if let Some(leaf) = steps.next()
            && leaf.field.is_some()
            && leaf.field != field
        {
            return false;
        }
        let mut path = self.path.iter().rev();
        steps.all(|step| {
            path.next().is_some_and(|ancestor| {
                step.kind.is_none_or(|kind| kind == ancestor.kind)
                    && (step.field.is_none() || step.field == ancestor.field)
            })
        })
    }

    /// The innermost callable definition around `byte`.
    fn callable(&mut self, byte: u32) -> Option<u32> {
        while self.around.last().is_some_and(|(_, end)| *end <= byte) {
            self.around.pop();
        }
        let is_it = |index: &u32| {
            let definition = &self.tags.definitions[*index as usize];
            definition.kind.is_callable() && definition.range.contains(&byte)
        };
        self.around.iter().rev().map(|(index, _)| *index).find(is_it)
    }

    /// Drops the references that a local variable explains.
    fn finish(mut self) -> Tags {
        if !self.locals.is_empty() {
            let definitions = &self.tags.definitions;
            let mut explained = FxHashSet::default();
            for (reference, callable) in &self.unresolved {
                let name = &self.tags.references[*reference as usize].name;
                let name = &self.text[name.start as usize..name.end as usize];
                let mut scope = *callable;
                loop {
                    if self.locals.contains(&(scope, name)) {
                        explained.insert(*reference);
                        break;
                    }
                    let Some(inner) = scope else { break };
                    let mut outer = definitions[inner as usize].container;
                    while let Some(index) = outer.filter(|index| !definitions[*index as usize].kind.is_callable()) {
                        outer = definitions[index as usize].container;
                    }
                    scope = outer;
                }
            }
            let mut index = 0;
            self.tags.references.retain(|_| {
                index += 1;
                !explained.contains(&(index - 1))
            });
        }
        self.tags
    }
}

/// By place; what holds another comes before it.
fn order(definition: &Definition) -> (u32, Reverse<u32>, u32) {
    (definition.range.start, Reverse(definition.range.end), definition.name.start)
}
