//! JSON as editors keep their settings: with comments and commas at the end. Read for its places only, so that a member can
//! be put in or taken out while everything else stays as it is, byte for byte.

use std::ops::Range;

use anyhow::{anyhow, bail};

use super::edits::{Edits, indentation, line_end, line_number, line_start};

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 64;

#[derive(Debug)]
struct Node {
    span: Range<usize>,
    /// The members, where it is an object.
    members: Option<Vec<Member>>,
    /// The elements, where it is a list.
    items: Option<Vec<Node>>,
}

#[derive(Debug)]
struct Member {
    key: String,
    start: usize,
    value: Node,
}

impl Node {
    fn member(&self, key: &str) -> Option<&Member> {
        // Of two the last one counts, as with every reader of JSON.
        self.members.as_ref()?.iter().rev().find(|member| member.key == key)
    }
}

/// What a member of ours has to be. Texts are JSON.
#[derive(Debug)]
pub enum Part {
    /// This, where there is no such member; any other value is the user's and stays.
    Absent(String),
    /// This text, in place of any other text.
    Text(String),
    /// A list that begins with these: any `renewed` ones are replaced, the `fixed` ones behind them tell that the list is ours,
    /// and what follows is the user's.
    List { renewed: Vec<String>, fixed: Vec<String> },
}

impl Part {
    fn fresh(&self) -> String {
        match self {
            Self::Absent(value) | Self::Text(value) => value.clone(),
            Self::List { renewed, fixed } => format!("[{}]", [&**renewed, fixed].concat().join(", ")),
        }
    }

    /// Changes the value that stands there; false where it is not one of ours.
    fn renew(&self, edits: &mut Edits, text: &str, there: &Node) -> bool {
        let mut set = |node: &Node, value: &str| {
            if !same(&text[node.span.clone()], value) {
                edits.replace(node.span.clone(), value);
            }
        };
        match self {
            Self::Absent(_) => true,
            Self::Text(value) => {
                let is_text = text[there.span.clone()].starts_with('"');
                if is_text {
                    set(there, value);
                }
                is_text
            }
            Self::List { renewed, fixed } => {
                let Some((first, rest)) = there.items.as_ref().and_then(|list| list.split_at_checked(renewed.len()))
                else {
                    return false;
                };
                let is_ours = rest.len() >= fixed.len()
                    && rest.iter().zip(fixed).all(|(node, value)| same(&text[node.span.clone()], value));
                if is_ours {
                    first.iter().zip(renewed).for_each(|(node, value)| set(node, value));
                }
                is_ours
            }
        }
    }
}

/// The text with an object of these members at the path of keys. Of an object that is there already only these members change;
/// its others, and its comments, stay.
pub fn put(text: &str, path: &[&str], parts: &[(&str, Part)]) -> anyhow::Result<String> {
    let lines: Vec<String> = parts.iter().map(|(key, part)| format!("    \"{key}\": {}", part.fresh())).collect();
    let value = format!("{{\n{}\n}}", lines.join(",\n"));
    if text.trim().is_empty() {
        return Ok(format!("{}\n", nested(path, &value, "")));
    }
    if let Some(new) = put_absent(text, path, &value)? {
        return Ok(new);
    }
    let mut text = text.to_owned();
    for (key, part) in parts {
        text = put_member(text, path, key, part)?;
    }
    Ok(text)
}

/// The text with a value at the path; none where there is one.
fn put_absent(text: &str, path: &[&str], value: &str) -> anyhow::Result<Option<String>> {
    let root = parse(text)?;
    let mut node = &root;
    for (depth, key) in path.iter().enumerate() {
        let Some(members) = &node.members else {
            bail!("`{}` is not an object", path[..depth].join("."));
        };
        let Some(member) = node.member(key) else {
            let mut edits = Edits::of(text);
            insert(&mut edits, text, node, members, &path[depth..], value);
            return Ok(Some(edits.apply()));
        };
        node = &member.value;
    }
    Ok(None)
}

fn put_member(text: String, path: &[&str], key: &str, part: &Part) -> anyhow::Result<String> {
    let path = [path, &[key]].concat();
    if let Some(new) = put_absent(&text, &path, &part.fresh())? {
        return Ok(new);
    }
    let root = parse(&text)?;
    let there = path.iter().try_fold(&root, |node, key| Some(&node.member(key)?.value));
    let mut edits = Edits::of(&text);
    if !there.is_some_and(|there| part.renew(&mut edits, &text, there)) {
        bail!("`{}` is there already, with something else in it; make it {}", path.join("."), part.fresh());
    }
    Ok(edits.apply())
}

/// The text without the member at the path, and without the objects around it that are empty then.
pub fn take(text: &str, path: &[&str]) -> anyhow::Result<String> {
    if text.trim().is_empty() {
        return Ok(text.to_owned());
    }
    let root = parse(text)?;
    let (mut node, mut chain) = (&root, Vec::new());
    for key in path {
        let Some(index) = node.members.as_ref().and_then(|list| list.iter().rposition(|m| m.key == *key)) else {
            return Ok(text.to_owned());
        };
        chain.push((node, index));
        node = match &node.members {
            Some(members) => &members[index].value,
            None => return Ok(text.to_owned()),
        };
    }
    // The outermost object of which only this is the content, but never the whole file's.
    while chain.len() > 1 && chain.last().is_some_and(|(node, _)| is_alone(text, node)) {
        chain.pop();
    }
    let Some((object, index)) = chain.pop() else { return Ok(text.to_owned()) };
    let mut edits = Edits::of(text);
    cut(&mut edits, text, object, index);
    Ok(edits.apply())
}

/// Whether an object has one member and no comment.
fn is_alone(text: &str, node: &Node) -> bool {
    let Some([member]) = node.members.as_deref() else { return false };
    let around = [&text[node.span.start + 1..member.start], &text[member.value.span.end..node.span.end - 1]];
    around.iter().all(|part| part.trim_matches(|c: char| c.is_whitespace() || c == ',').is_empty())
}

fn insert(edits: &mut Edits, text: &str, object: &Node, members: &[Member], path: &[&str], value: &str) {
    let own = indentation(text, object.span.start);
    let close = object.span.end - 1;
    let last = members.last();
    let indent = match last {
        Some(member) if text[object.span.start..member.start].contains('\n') => {
            indentation(text, member.start).to_owned()
        }
        _ => format!("{own}    "),
    };
    let new = member_text(path, value, &indent);
    let Some(last) = last else {
        // A comment in it stays above.
        let inside = &text[object.span.start + 1..close];
        let at = if inside.trim().is_empty() {
            object.span.start + 1
        } else {
            object.span.start + 1 + inside.trim_end().len()
        };
        edits.remove(at..close);
        edits.insert(close, format!("\n{indent}{new}\n{own}"));
        return;
    };
    let behind = last.value.span.end;
    let comma = comma_behind(text, behind, close);
    if comma.is_none() {
        edits.insert(behind, ",");
    }
    let comma_after = if comma.is_some() { "," } else { "" };
    let close_line = line_start(text, close);
    if close_line > behind && text[close_line..close].trim().is_empty() {
        edits.insert(close_line, format!("{indent}{new}{comma_after}\n"));
    } else {
        edits.insert(close, format!("\n{indent}{new}{comma_after}\n{own}"));
    }
}

fn cut(edits: &mut Edits, text: &str, object: &Node, index: usize) {
    let Some(members) = &object.members else { return };
    let own = &members[index];
    let close = object.span.end - 1;
    let comma = comma_behind(text, own.value.span.end, members.get(index + 1).map_or(close, |next| next.start));
    let end = comma.map_or(own.value.span.end, |at| at + 1);
    let (from, to) = (line_start(text, own.start), line_end(text, end));
    if text[from..own.start].trim().is_empty() && text[end..to].trim().is_empty() {
        edits.remove(from..to);
    } else {
        edits.remove(own.start..end);
    }
    // The comma before it is one too many when it was the last, and no comma stood behind it.
    if comma.is_none()
        && let Some(before) = index.checked_sub(1).and_then(|before| members.get(before))
        && let Some(at) = comma_behind(text, before.value.span.end, own.start)
    {
        edits.remove(at..at + 1);
    }
}

/// `"key": value`, with objects for the rest of the path, for a line that is indented so.
fn member_text(path: &[&str], value: &str, indent: &str) -> String {
    match path {
        [] => value.replace('\n', &format!("\n{indent}")),
        [key] => format!("\"{key}\": {}", value.replace('\n', &format!("\n{indent}"))),
        [key, rest @ ..] => format!("\"{key}\": {}", nested(rest, value, indent)),
    }
}

fn nested(path: &[&str], value: &str, indent: &str) -> String {
    let deeper = format!("{indent}    ");
    format!("{{\n{deeper}{}\n{indent}}}", member_text(path, value, &deeper))
}

/// Whether both are the same JSON.
fn same(one: &str, other: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    read(one).is_some() && read(one) == read(other)
}

/// Where a comma stands between two places, outside of comments.
fn comma_behind(text: &str, from: usize, to: usize) -> Option<usize> {
    let mut reader = Reader { text, at: from };
    reader.skip().ok()?;
    (reader.at < to && reader.peek() == Some(b',')).then_some(reader.at)
}

fn parse(text: &str) -> anyhow::Result<Node> {
    let mut reader = Reader { text, at: 0 };
    let read = reader.skip().and_then(|()| reader.value(0)).and_then(|node| reader.end(node));
    read.map_err(|problem| anyhow!("line {}: {problem}; mend it first", line_number(text, reader.at)))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

type Read<T> = Result<T, &'static str>;

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// White space and comments.
    fn skip(&mut self) -> Read<()> {
        loop {
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                self.at = line_end(self.text, self.at);
            } else if trimmed.starts_with("/*") {
                self.at += trimmed.find("*/").ok_or("a comment has no end")? + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn end(&mut self, node: Node) -> Read<Node> {
        self.skip()?;
        if self.peek().is_some() { Err("there is more behind the end") } else { Ok(node) }
    }

    fn value(&mut self, depth: usize) -> Read<Node> {
        if depth > MAX_DEPTH {
            return Err("it is nested too deep");
        }
        let start = self.at;
        let (mut members, mut items) = (None, None);
        match self.peek() {
            Some(b'{') => members = Some(self.object(depth)?),
            Some(b'[') => items = Some(self.array(depth)?),
            Some(b'"') => drop(self.string()?),
            Some(b'-' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z') => {
                let is_word = |c: &u8| c.is_ascii_alphanumeric() || b"+-.".contains(c);
                self.at += self.text.as_bytes()[start..].iter().take_while(|c| is_word(c)).count();
                let word = &self.text[start..self.at];
                serde_json::from_str::<serde_json::Value>(word).map_err(|_| "a value is none of JSON's")?;
            }
            _ => return Err("a value is missing"),
        }
        Ok(Node { span: start..self.at, members, items })
    }

    fn object(&mut self, depth: usize) -> Read<Vec<Member>> {
        let mut members = Vec::new();
        self.at += 1;
        loop {
            self.skip()?;
            if self.close(b'}') {
                return Ok(members);
            }
            let start = self.at;
            let key = self.string()?;
            self.skip()?;
            if !self.close(b':') {
                return Err("a colon is missing");
            }
            self.skip()?;
            members.push(Member { key, start, value: self.value(depth + 1)? });
            if self.next(b'}')? {
                return Ok(members);
            }
        }
    }

    fn array(&mut self, depth: usize) -> Read<Vec<Node>> {
        let mut items = Vec::new();
        self.at += 1;
        loop {
            self.skip()?;
            if self.close(b']') {
                return Ok(items);
            }
            items.push(self.value(depth + 1)?);
            if self.next(b']')? {
                return Ok(items);
            }
        }
    }

    /// A comma, or the end: true.
    fn next(&mut self, close: u8) -> Read<bool> {
        self.skip()?;
        if self.close(close) {
            return Ok(true);
        }
        if self.close(b',') { Ok(false) } else { Err("a comma is missing") }
    }

    fn close(&mut self, character: u8) -> bool {
        let is_there = self.peek() == Some(character);
        self.at += usize::from(is_there);
        is_there
    }

    fn string(&mut self) -> Read<String> {
        if self.peek() != Some(b'"') {
            return Err("a name in quotes is missing");
        }
        let start = self.at;
        let mut at = start + 1;
        loop {
            match self.text.as_bytes().get(at) {
                None | Some(b'\n') => return Err("a text has no end"),
                Some(b'"') => break,
                Some(b'\\') => at += 2,
                Some(_) => at += 1,
            }
        }
        let text = self.text.get(start..=at).ok_or("a text has no end")?;
        self.at = at + 1;
        serde_json::from_str(text).map_err(|_| "a text is none of JSON's")
    }
}

#[cfg(test)]
mod tests;
