//! Parameter lists of definitions and argument lists of calls, in every language alike: what stands between round brackets
//! and commas. Where a language does more than that, a list says that it is not plain, and nobody should rewrite it.

use std::ops::Range;

use tree_sitter::Node;

use super::tags::{Binding, Definition};
use super::{SyntaxTree, tokens};

/// Nodes from a called name up to the call: a path, type arguments, a member.
const MOST_CLIMBED: usize = 5;
/// Items of one list that are read. Longer ones are tables.
const MOST_ITEMS: usize = 64;

/// What a parameter or an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemRole {
    /// Given by its place.
    Plain,
    /// A parameter that a method is called on: `self`.
    Receiver,
    /// A parameter that may be left out.
    Optional,
    /// An argument, or a parameter, that is given by its name.
    Keyword,
    /// Any number of values, or a mark between parameters.
    Spread,
}

/// One parameter or argument. Ranges are bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub role: ItemRole,
    pub range: Range<usize>,
    /// Of a parameter, or of an argument that is given by name.
    pub name: Option<Range<usize>>,
    /// The default of a parameter.
    pub value: Option<Range<usize>>,
}

/// What stands between two round brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Without the brackets.
    pub inner: Range<usize>,
    pub items: Vec<Item>,
    /// Nothing but items and commas: no comment, no error, nothing behind the list that belongs to it.
    pub is_plain: bool,
}

/// What stands behind a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// It is not called here.
    None,
    /// It is, in a form that is not to be rewritten.
    Opaque,
    With(List),
}

impl SyntaxTree {
    /// The parameters of a function. `bindings` are those of the whole text. None where there is no list.
    pub fn parameters(&self, definition: &Definition, bindings: &[Binding]) -> Option<List> {
        let from = definition.name.end as usize;
        let to = definition.body.unwrap_or(definition.range.end) as usize;
        let open = self.shallowest_bracket(definition, from..to)?;
        let mut list = self.list(open)?;
        let language = self.language().name.as_str();
        let behind = open.parent().and_then(|list| list.next_sibling());
        let is_curried = language == "scala"
            && behind.is_some_and(|node| node.start_byte() < to && tokens::first_leaf(node).kind() == "(");
        list.is_plain &= !is_curried;
        for item in &mut list.items {
            let inside = |binding: &&Binding| {
                item.range.start <= binding.name.start as usize && binding.name.end as usize <= item.range.end
            };
            // Where a grammar calls the type a name, too, what is bound is the name.
            let from = bindings.partition_point(|binding| (binding.name.start as usize) < item.range.start);
            if let Some(bound) = bindings[from..].iter().take(4).find(inside) {
                item.name = Some(bound.name.start as usize..bound.name.end as usize);
            }
        }
        let first = list.items.first_mut();
        if let Some(first) = first.filter(|_| language == "python" && definition.container.is_some()) {
            let text = self.text().byte_slice(first.range.clone());
            if text == "self" || text == "cls" {
                first.role = ItemRole::Receiver;
            }
        }
        Some(list)
    }

    /// What stands behind the name that is used at these bytes.
    pub fn call(&self, name: Range<usize>) -> Call {
        let Some(mut node) = self.leaf(&name) else { return Call::None };
        for _ in 0..MOST_CLIMBED {
            let Some(next) = node.next_sibling() else {
                match node.parent().filter(|parent| parent.end_byte() == node.end_byte()) {
                    Some(parent) => node = parent,
                    None => return Call::None,
                }
                continue;
            };
            let kind = next.kind();
            if kind.contains("type_arg") || kind == "template_argument_list" || kind == "::" {
                node = next;
                continue;
            }
            let open = tokens::first_leaf(next);
            if open.kind() != "(" || open.is_missing() {
                // Ruby's calls without brackets.
                return if kind.contains("argument") { Call::Opaque } else { Call::None };
            }
            let Some(holder) = open.parent() else { return Call::None };
            if !holder.kind().contains("argument") {
                return if holder.kind() == "token_tree" { Call::Opaque } else { Call::None };
            }
            // A block behind the list is an argument, too, in Kotlin and Swift.
            let has_block = holder.next_sibling().is_some() && holder.parent() == Some(next);
            return match self.list(open) {
                Some(list) if !has_block => Call::With(list),
                _ => Call::Opaque,
            };
        }
        Call::None
    }

    /// The name at these bytes stands for a field and its value at once: `{ name }`.
    pub fn is_shorthand(&self, name: &Range<usize>) -> bool {
        self.leaf(name).is_some_and(|leaf| {
            leaf.kind() == "shorthand_property_identifier"
                || leaf.parent().is_some_and(|parent| parent.kind() == "shorthand_field_initializer")
        })
    }

    fn leaf(&self, bytes: &Range<usize>) -> Option<Node<'_>> {
        let leaf = *tokens::holding(self.root(), bytes.start).last()?;
        (leaf.byte_range() == *bytes).then_some(leaf)
    }

    /// The opening bracket of the list that belongs to the definition itself: the one that lies least deep.
    fn shallowest_bracket(&self, definition: &Definition, within: Range<usize>) -> Option<Node<'_>> {
        let (start, end) = (definition.range.start as usize, definition.range.end as usize);
        let whole = self.root().descendant_for_byte_range(start, end)?;
        let mut cursor = whole.walk();
        let (mut depth, mut best) = (0_usize, None);
        'walk: loop {
            let node = cursor.node();
            let touches = node.start_byte() < within.end && node.end_byte() > within.start;
            if touches && node.kind() == "(" && best.is_none_or(|(known, _)| depth < known) {
                best = Some((depth, node));
            }
            // What lies deeper than a bracket that was found is inside of something else.
            let goes_down = touches && best.is_none_or(|(known, _)| depth < known);
            if goes_down && cursor.goto_first_child() {
                depth += 1;
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    break 'walk;
                }
                depth -= 1;
            }
        }
        best.map(|(_, node)| node)
    }

    /// The list behind an opening bracket. None where it does not end, or is too long.
    fn list(&self, open: Node<'_>) -> Option<List> {
        let mut is_plain = true;
        let mut items = Vec::new();
        let mut group: Vec<Node<'_>> = Vec::new();
        let mut next = open.next_sibling();
        while let Some(node) = next {
            match node.kind() {
                ")" if node.is_missing() => return None,
                ")" => {
                    self.add_items(&mut group, &mut items);
                    let inner = open.end_byte()..node.start_byte();
                    return Some(List { inner, items, is_plain });
                }
                "," => self.add_items(&mut group, &mut items),
                _ if node.is_extra() || node.has_error() || node.is_missing() => is_plain = false,
                _ => group.push(node),
            }
            if items.len() > MOST_ITEMS {
                return None;
            }
            next = node.next_sibling();
        }
        None
    }

    fn add_items(&self, group: &mut Vec<Node<'_>>, items: &mut Vec<Item>) {
        let (Some(first), Some(last)) = (group.first().copied(), group.last().copied()) else { return };
        let range = first.start_byte()..last.end_byte();
        // `a, b int` of Go is one node.
        let mut cursor = first.walk();
        let names: Vec<Node<'_>> = first.children_by_field_name("name", &mut cursor).collect();
        if names.len() > 1 && group.len() == 1 && self.language().name == "go" {
            let item = |name: &Node<'_>| Item {
                role: ItemRole::Plain,
                range: name.byte_range(),
                name: Some(name.byte_range()),
                value: None,
            };
            items.extend(names.iter().map(item));
            group.clear();
            return;
        }
        let parts: Vec<Node<'_>> = group.iter().flat_map(|node| parts(*node)).collect();
        let equals = group.iter().chain(&parts).find(|node| node.kind() == "=");
        let value = equals.map(|equals| equals.end_byte()..range.end).map(|value| self.trimmed(value));
        let (role, keyword) = self.role(group, &parts, value.is_some());
        let named = names.first().filter(|name| name.child_count() == 0).map(Node::byte_range);
        items.push(Item { role, range, name: keyword.or(named), value });
        group.clear();
    }

    /// What an item is, and the name that an argument is given by.
    fn role(&self, group: &[Node<'_>], parts: &[Node<'_>], has_value: bool) -> (ItemRole, Option<Range<usize>>) {
        const SPREADS: [&str; 9] =
            ["splat", "rest_p", "spread", "variadic", "unpack", "expansion", "separator", "vararg", "block_"];
        let kinds = || group.iter().chain(parts).map(|node| node.kind());
        if kinds().any(|kind| kind == "..." || SPREADS.iter().any(|spread| kind.contains(spread))) {
            return (ItemRole::Spread, None);
        }
        let begins = |word: &str| {
            group.iter().any(|node| {
                let end = (node.start_byte() + word.len()).min(node.end_byte());
                self.text().get_byte_slice(node.start_byte()..end).is_some_and(|text| text == word)
            })
        };
        if begins("vararg ") || begins("params ") || begins("**") {
            return (ItemRole::Spread, None);
        }
        let [node] = group else {
            return (if has_value { ItemRole::Optional } else { ItemRole::Plain }, None);
        };
        let kind = node.kind();
        if kind == "self_parameter" {
            return (ItemRole::Receiver, None);
        }
        let is_argument = kind.contains("argument") || kind == "pair";
        if is_argument || kind == "keyword_parameter" {
            let children: Vec<Node<'_>> = parts.iter().copied().filter(|part| part.parent() == Some(*node)).collect();
            let is_named = |part: &Node<'_>| matches!(part.kind(), "=" | ":" | "name_colon" | "value_argument_label");
            if children.iter().take(2).any(is_named) || (has_value && kind == "keyword_argument") {
                let name = children.first().map(|name| tokens::first_leaf(*name).byte_range());
                return (ItemRole::Keyword, name);
            }
            return (ItemRole::Plain, None);
        }
        // An assignment among arguments may be an argument's name, as in Scala, or an assignment.
        if kind.contains("assignment") {
            return (ItemRole::Spread, None);
        }
        let is_optional = has_value || kind.starts_with("optional") || kind.starts_with("default");
        (if is_optional { ItemRole::Optional } else { ItemRole::Plain }, None)
    }

    fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        let text = self.text().byte_slice(range.clone()).to_string();
        let before = text.len() - text.trim_start().len();
        range.start + before..range.start + text.trim_end().len().max(before)
    }
}

/// What an item is made of, where it is no expression.
fn parts(node: Node<'_>) -> Vec<Node<'_>> {
    /// More children has a block, or an error.
    const MOST_PARTS: u32 = 16;
    if node.kind().contains("expression") || node.kind().contains("body") {
        return Vec::new();
    }
    (0..MOST_PARTS).map_while(|index| node.child(index)).collect()
}
