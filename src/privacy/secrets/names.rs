//! Whether a name such as `password` names a secret: `password_url`, `tokenizer` and `max_tokens` do not.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

/// Parts behind the word that make the name one of something else.
const OF_SOMETHING_ELSE: &[&str] = &[
    "type",
    "name",
    "field",
    "url",
    "uri",
    "path",
    "file",
    "dir",
    "length",
    "len",
    "size",
    "count",
    "num",
    "expir",
    "ttl",
    "policy",
    "hint",
    "label",
    "regex",
    "pattern",
    "prefix",
    "suffix",
    "env",
    "header",
    "limit",
    "arn",
    "class",
    "index",
    "kind",
    "span",
    "stream",
    "position",
    "format",
    "provider",
    "endpoint",
    "title",
    "message",
    "msg",
    "placeholder",
    "encoder",
    "encoding",
    "column",
    "version",
    "algorithm",
    "alg",
    "method",
    "param",
    "prop",
    "attr",
    "input",
    "element",
    "selector",
    "valid",
    "error",
    "required",
    "enabled",
    "reset",
    "change",
    "manager",
    "store",
    "service",
    "storage",
    "mode",
    "scope",
    "issuer",
    "audience",
    "usage",
    "bits",
    "offset",
    "range",
    "regexp",
    "test",
    "id",
    "info",
    "desc",
    "text",
    "view",
    "icon",
    "style",
    "color",
    "event",
    "state",
    "status",
    "source",
    "origin",
    "resolver",
    "factory",
    "handler",
    "callback",
    "cache",
    "config",
    "setting",
    "option",
    "spec",
    "schema",
    "table",
];

/// `before` is what stands right before the word that was looked for, `rest` what is left of the name behind it.
pub(super) fn is_secret_name(before: &[u8], rest: &[u8]) -> bool {
    let is_public = before.windows(6).any(|part| part.eq_ignore_ascii_case(b"public"));
    let goes_on = rest.first().is_some_and(u8::is_ascii_lowercase) && !is_plural(rest);
    // A part begins where a word does: `passwordHash` has one, `passwordless` has not.
    let begins = |at: usize| at == 0 || !rest[at - 1].is_ascii_lowercase() || rest[at].is_ascii_uppercase();
    let is_other = || parts().is_some_and(|parts| parts.find_overlapping_iter(rest).any(|part| begins(part.start())));
    !is_public && !goes_on && (rest.is_empty() || !is_other())
}

fn parts() -> Option<&'static AhoCorasick> {
    static PARTS: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    let build = || AhoCorasick::builder().ascii_case_insensitive(true).build(OF_SOMETHING_ELSE).ok();
    PARTS.get_or_init(build).as_ref()
}

fn is_plural(rest: &[u8]) -> bool {
    rest.first() == Some(&b's') && rest.get(1).is_none_or(|byte| !byte.is_ascii_lowercase())
}
