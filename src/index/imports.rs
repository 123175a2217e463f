//! What an import statement names, and which files of the workspace that may be.
//!
//! No build system is asked: a path is matched with the ends of file paths, nearest file first. That is right for what
//! a repository imports of itself, and finds nothing for what comes from elsewhere.

/// Most paths that one statement is expanded to.
const MAX_EXPANDED: usize = 256;

/// The single paths of `a::{b, c::{d, e as f}}`: `a::b`, `a::c::d`, `a::c::e`. Anything without braces is itself, without
/// its ` as name`.
pub fn expand(path: &str) -> Vec<String> {
    let mut found = Vec::new();
    expand_into("", path, 0, &mut found);
    found
}

fn expand_into(prefix: &str, path: &str, depth: usize, found: &mut Vec<String>) {
    if found.len() >= MAX_EXPANDED || depth > 16 {
        return;
    }
    let path = path.trim();
    let Some(open) = path.find('{') else {
        let path = path.split(" as ").next().unwrap_or(path).trim();
        // `self` in a group is the group's own path.
        let whole = if path == "self" {
            prefix.trim_end_matches([':', '.', '\\', '/']).to_owned()
        } else {
            format!("{prefix}{path}")
        };
        if !whole.is_empty() {
            found.push(whole);
        }
        return;
    };
    let inner = path[open + 1..].strip_suffix('}').unwrap_or(&path[open + 1..]);
    let prefix = format!("{prefix}{}", &path[..open]);
    let mut level = 0;
    let mut start = 0;
    for (at, character) in inner.char_indices() {
        match character {
            '{' => level += 1,
            '}' => level -= 1,
            ',' if level == 0 => {
                expand_into(&prefix, &inner[start..at], depth + 1, found);
                start = at + 1;
            }
            _ => {}
        }
    }
    if !inner[start..].trim().is_empty() {
        expand_into(&prefix, &inner[start..], depth + 1, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_expanded() {
        assert_eq!(expand("std::fmt"), ["std::fmt"]);
        assert_eq!(expand("a::{b, c::{d, e as f}, self}"), ["a::b", "a::c::d", "a::c::e", "a"]);
        assert_eq!(expand("a.b.{C, D => E}"), ["a.b.C", "a.b.D => E"]);
        assert_eq!(expand("./x/y"), ["./x/y"]);
        assert_eq!(expand("a::{"), [""; 0]);
        assert_eq!(expand(&"{".repeat(100)), [""; 0]);
    }
}
