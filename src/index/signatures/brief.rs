//! Signatures as prompts have them: without what only readers of the definition itself need, which is a tenth to a third of them.

use serde::Serialize;

/// A signature without its annotations and the modifiers at its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brief {
    pub text: String,
    pub access: Access,
    pub is_static: bool,
}

/// What the modifiers say of who may use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Access {
    /// Whatever the language makes of no word.
    Unsaid,
    Public,
    /// Protected or internal.
    Limited,
    Private,
}

/// Modifiers that are left out. `static`, `async` and the like stay: they say how a call looks.
const MODIFIERS: &[(&str, Access)] = &[
    ("public", Access::Public),
    ("pub", Access::Public),
    ("export", Access::Public),
    ("open", Access::Public),
    ("protected", Access::Limited),
    ("internal", Access::Limited),
    ("private", Access::Private),
    ("fileprivate", Access::Private),
    ("abstract", Access::Unsaid),
    ("declare", Access::Unsaid),
    ("default", Access::Unsaid),
    ("final", Access::Unsaid),
    ("native", Access::Unsaid),
    ("override", Access::Unsaid),
    ("partial", Access::Unsaid),
    ("sealed", Access::Unsaid),
    ("synchronized", Access::Unsaid),
    ("virtual", Access::Unsaid),
];
/// Decorators that change how the name is used.
const TELLING: &[&str] = &["property", "staticmethod", "classmethod", "interface", "contextmanager"];

impl Brief {
    /// Of a signature on one line.
    pub fn new(signature: &str) -> Self {
        let mut access = Access::Unsaid;
        let mut is_static = false;
        let mut kept: Vec<&str> = Vec::new();
        let mut rest = signature.trim_start();
        loop {
            if let Some(after) = annotation(rest) {
                rest = after.trim_start();
                continue;
            }
            let (word, after) =
                rest.split_at(rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len()));
            let Some(after) = end_of_modifier(after) else { break };
            if let Some((_, says)) = MODIFIERS.iter().find(|(modifier, _)| *modifier == word) {
                // `protected internal` and `private protected` are neither public nor private.
                access = match (access, *says) {
                    (said, Access::Unsaid) => said,
                    (Access::Unsaid, says) => says,
                    (said, says) if said == says => said,
                    _ => Access::Limited,
                };
            } else if word == "static" {
                is_static = true;
                kept.push(word);
            } else {
                break;
            }
            rest = after;
        }
        kept.push(rest);
        // Nothing but modifiers: then they are its name.
        let text = if rest.is_empty() { signature.trim().to_owned() } else { kept.join(" ") };
        Self { text, access, is_static }
    }
}

/// What follows a modifier: white space, or what limits it as in `pub(crate)` and `private[core]`.
fn end_of_modifier(after: &str) -> Option<&str> {
    let limited = match after.as_bytes().first()? {
        b'(' => after.split_once(") "),
        b'[' => after.split_once("] "),
        _ => None,
    };
    let rest = limited.map_or(after, |(_, rest)| rest);
    (limited.is_some() || after.starts_with(' ')).then(|| rest.trim_start())
}

/// What stands behind an annotation, an attribute or a decorator at the beginning: `@A(x)`, `#[a]`, `[A(x)]`.
fn annotation(text: &str) -> Option<&str> {
    let (open, inner) = if let Some(rest) = text.strip_prefix('@') {
        let end = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.')).unwrap_or(rest.len());
        let name = &rest[..end];
        if end == 0 || TELLING.iter().any(|telling| name.ends_with(telling)) {
            return None;
        }
        match rest[end..].strip_prefix('(') {
            Some(inner) => ('(', inner),
            None => return Some(&rest[end..]),
        }
    } else if let Some(inner) = text.strip_prefix("#[").or_else(|| text.strip_prefix('[')) {
        ('[', inner)
    } else {
        return None;
    };
    let close = if open == '(' { ')' } else { ']' };
    let mut depth = 1_usize;
    for (at, character) in inner.char_indices() {
        if character == open {
            depth += 1;
        } else if character == close {
            depth -= 1;
            if depth == 0 {
                let rest = &inner[at + 1..];
                // A list that is the whole of it is no attribute.
                return Some(rest).filter(|rest| !rest.trim().is_empty());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(signature: &str, text: &str, access: Access) {
        let brief = Brief::new(signature);
        assert_eq!((brief.text.as_str(), brief.access), (text, access), "{signature}");
    }

    #[test]
    fn what_a_caller_does_not_need_is_left_out() {
        check("pub(crate) async fn load(&self) -> u8", "async fn load(&self) -> u8", Access::Public);
        check("public static final int MOST", "static int MOST", Access::Public);
        check("@Override protected void f(int a)", "void f(int a)", Access::Limited);
        check("@Test(timeout = f(1)) @A.B void g()", "void g()", Access::Unsaid);
        check("[Obsolete(\"[x]\")] private protected int F()", "int F()", Access::Limited);
        check("#[inline] fn f()", "fn f()", Access::Unsaid);
        check("private[core] def f: Int", "def f: Int", Access::Private);
        check("@property def name(self)", "@property def name(self)", Access::Unsaid);
        check("@app.route(\"/\") def index()", "def index()", Access::Unsaid);
        check("export default function f()", "function f()", Access::Public);
    }

    #[test]
    fn what_only_looks_like_a_modifier_stays() {
        check("open(path: string)", "open(path: string)", Access::Unsaid);
        check("public", "public", Access::Unsaid);
        check("[a, b]", "[a, b]", Access::Unsaid);
        check("@x", "@x", Access::Unsaid);
        check("default", "default", Access::Unsaid);
        check("@f(", "@f(", Access::Unsaid);
        check("", "", Access::Unsaid);
    }
}
