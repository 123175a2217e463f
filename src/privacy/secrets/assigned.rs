//! The value that stands behind a name, in any of the notations that a name gets its value in.
//!
//! `password = "x"`, `"password": "x"`, `PASSWORD=x`, `--password x`, `<password>x</password>`, `password("x")`,
//! `name: PASSWORD⏎ value: x`, also inside of another text's quotes, where quotes are escaped.

use std::ops::Range;

/// Longest rest of a name behind the word that was looked for, and longest type behind it, in bytes.
const MAX_NAME: usize = 40;

/// Longest value, in bytes. What is longer is no password; keys in files have rules of their own.
const MAX_VALUE: usize = 16 << 10;

/// A value behind a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assigned {
    /// What is left of the name behind the word that was looked for.
    pub rest: Range<usize>,
    pub value: Range<usize>,
    /// In code a value without quotes is an expression.
    pub is_quoted: bool,
}

/// The value without quotes that was read last. Values within it end where it ends, so a line of names in names is read once.
#[derive(Default)]
pub(super) struct LastBare {
    range: Range<usize>,
    within: usize,
}

/// Values within one value that are looked at; more than people write.
const MAX_WITHIN: usize = 8;

/// The value of the name of which a word ends at `at`. Positions come in order.
pub(super) fn assigned(text: &[u8], at: usize, last: &mut LastBare) -> Option<Assigned> {
    let name_end = at + count(text, at, MAX_NAME, |byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    let rest = at..name_end;
    let is_flag = is_flag(text, at);
    let mut here = name_end;
    // The end of a quoted name, or of an index: `"password"`, `["password"]`, `\"password\"`.
    let escapes = count(text, here, 3, |byte| byte == b'\\');
    if text.get(here + escapes).is_some_and(|byte| b"\"'`".contains(byte)) {
        here += escapes + 1;
    }
    here += count(text, here, 1, |byte| byte == b']');
    let (value_at, needs_quotes) = behind_separator(text, here, is_flag)?;
    let (value, is_quoted) = read(text, value_at, last)?;
    // An element's text, not what follows a type's name in brackets.
    let is_in_tag = text.get(here) != Some(&b'>') || text.get(value.end) == Some(&b'<');
    (is_in_tag && (is_quoted || !needs_quotes)).then_some(Assigned { rest, value, is_quoted })
}

fn count(text: &[u8], at: usize, most: usize, is: impl Fn(u8) -> bool) -> usize {
    text.iter().skip(at).take(most).take_while(|byte| is(**byte)).count()
}

fn blanks(text: &[u8], at: usize) -> usize {
    at + count(text, at, 32, |byte| byte == b' ' || byte == b'\t')
}

/// Whether the name begins with `--`: then a blank is enough.
fn is_flag(text: &[u8], at: usize) -> bool {
    let before = &text[at.saturating_sub(MAX_NAME)..at];
    let name = before.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte)).count();
    before[before.len() - name..].starts_with(b"--")
}

/// Where the value begins, and whether only one in quotes is a value: an argument or an operand without them is a name.
fn behind_separator(text: &[u8], at: usize, is_flag: bool) -> Option<(usize, bool)> {
    let here = blanks(text, at);
    let rest = text.get(here..)?;
    for (sign, needs_quotes) in SEPARATORS {
        if rest.starts_with(sign) {
            return Some((blanks(text, here + sign.len()), *needs_quotes));
        }
    }
    if rest.starts_with(b"::") {
        return None;
    }
    if rest.first() == Some(&b':') {
        return Some((behind_type(text, blanks(text, here + 1)), false));
    }
    if is_flag && here > at {
        return Some((here, false));
    }
    behind_value(text, at).map(|at| (at, false)).or((here > at).then_some((here, true)))
}

const SEPARATORS: &[(&[u8], bool)] = &[
    (b"=>", false),
    (b":=", false),
    (b"==", true),
    (b"!=", true),
    (b"?=", false),
    (b"||=", true),
    (b"+=", true),
    (b"<-", true),
    (b"->", true),
    (b"=", false),
    (b",", true),
    (b"(", true),
    (b">", false),
];

/// `<add key="Password" value="x"/>`, and the next line of a list of variables: what stands behind `value`.
fn behind_value(text: &[u8], at: usize) -> Option<usize> {
    // Lines of a diff begin with a sign.
    let is_between = |byte: u8| byte.is_ascii_whitespace() || byte == b'+';
    let mut here = at + count(text, at, MAX_NAME, is_between);
    // The end of a line inside of quotes.
    if text.get(here..)?.starts_with(b"\\n") {
        here += 2;
        here += count(text, here, MAX_NAME, is_between);
    }
    if here == at || !text.get(here..)?.starts_with(b"value") {
        return None;
    }
    here += b"value".len();
    here = blanks(text, here + count(text, here, 2, |byte| b"\\\"".contains(&byte)));
    matches!(text.get(here), Some(b'=' | b':')).then(|| blanks(text, here + 1))
}

/// `password: &str = "x"`: what stands behind the type, if there is one.
fn behind_type(text: &[u8], at: usize) -> usize {
    let length = count(text, at, MAX_NAME, |byte| byte.is_ascii_alphanumeric() || b"_&'<>[]|?.: ".contains(&byte));
    match text.get(at + length) {
        Some(b'=') if length > 0 && !text[at..at + length].starts_with(b"'") => blanks(text, at + length + 1),
        _ => at,
    }
}

/// The value that begins at `at`, and whether it is in quotes.
fn read(text: &[u8], at: usize, last: &mut LastBare) -> Option<(Range<usize>, bool)> {
    // Prefixes of strings: `b"x"`, `r"x"`, `f"x"`, `String::from("x")` is a name with an argument.
    let prefix = count(text, at, 2, |byte| b"brfuL@".contains(&byte));
    let quote_at = if matches!(text.get(at + prefix), Some(b'"' | b'\'' | b'`' | b'\\')) { at + prefix } else { at };
    let backslashes = count(text, quote_at, 4, |byte| byte == b'\\');
    let limit = text.len().min(at + MAX_VALUE);
    match text.get(quote_at + backslashes).copied()? {
        quote @ (b'"' | b'\'' | b'`') => {
            let triple = usize::from(backslashes == 0) * count(text, quote_at, 3, |byte| byte == quote);
            let start = quote_at + backslashes + if triple == 3 { 3 } else { 1 };
            let end = end_of_quoted(text, start, limit, quote, backslashes);
            (end > start).then_some((start..end, true))
        }
        _ => {
            let ends = |byte: u8| byte.is_ascii_whitespace() || b"\"'`,;&<>(){}[]|\\".contains(&byte);
            if last.range.contains(&at) {
                last.within += 1;
                if last.within > MAX_WITHIN {
                    return None;
                }
            } else {
                let end = at + count(text, at, limit - at, |byte| !ends(byte));
                *last = LastBare { range: at..end, within: 0 };
            }
            let end = last.range.end;
            // What goes on as a call or an index is an expression.
            let is_expression = matches!(text.get(end), Some(b'(' | b'[' | b'{'));
            let value = trim_end(text, at..end);
            (!value.is_empty() && !is_expression).then_some((value, false))
        }
    }
}

/// `escapes` backslashes stand before the quote that ends the value, as before the one that began it.
fn end_of_quoted(text: &[u8], start: usize, limit: usize, quote: u8, escapes: usize) -> usize {
    let mut at = start;
    let mut backslashes = 0;
    while at < limit && text[at] != b'\n' {
        let is_end = if escapes == 0 { backslashes % 2 == 0 } else { backslashes <= escapes };
        if text[at] == quote && is_end {
            break;
        }
        backslashes = if text[at] == b'\\' { backslashes + 1 } else { 0 };
        at += 1;
    }
    at - backslashes.min(escapes)
}

/// Without the full stop or colon of a sentence around it.
fn trim_end(text: &[u8], range: Range<usize>) -> Range<usize> {
    let dots = text[range.clone()].iter().rev().take_while(|byte| b".:!?".contains(byte)).count();
    range.start..range.end - dots
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value behind `password` in a text, with `"` around it where it was quoted.
    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let at = text.to_ascii_lowercase().find("password").unwrap() + "password".len();
        let found = assigned(text.as_bytes(), at, &mut LastBare::default()).map(|found| {
            let value = &text[found.value];
            if found.is_quoted { format!("\"{value}\"") } else { value.to_owned() }
        });
        assert_eq!(found.as_deref(), expected, "{text}");
    }

    #[test]
    fn every_notation_of_code_and_settings() {
        for text in [
            "password = \"x9\"",
            "password: 'x9',",
            "\"password\": \"x9\"",
            "'password' => 'x9'",
            "password := `x9`",
            "let password: &'static str = \"x9\";",
            "const char *password=\"x9\";",
            "const password: string = 'x9'",
            "config[\"password\"] = \"x9\"",
            "setPassword(\"x9\")",
            "with_password(b\"x9\")",
            "password == \"x9\"",
            "DB_PASSWORD_2 = 'x9'",
            "db.password.main = 'x9'",
            r#"{\"password\": \"x9\"}"#,
            r#"{\\\"password\\\": \\\"x9\\\"}"#,
            "<add key=\"Password\" value=\"x9\"/>",
            "- name: DB_PASSWORD\n  value: \"x9\"",
            "+- name: DB_PASSWORD\n+  value: \"x9\"",
            "password = \"\"\"x9\"\"\"",
            "password = \"x9",
            "  password ?= 'x9'",
            "(\"password\", \"x9\")",
            "ENV PASSWORD \"x9\"",
        ] {
            check(text, Some("\"x9\""));
        }
        for text in [
            "PASSWORD=x9",
            "password: x9\n",
            "password=x9&next=1",
            "--password x9 --other",
            "--db-password=x9",
            "<password>x9</password>",
            "- name: DB_PASSWORD\n  value: x9\n",
            r"- name: DB_PASSWORD\n  value: x9",
            "Server=a;Password=x9;Encrypt=1",
            "the password: x9.",
        ] {
            check(text, Some("x9"));
        }
    }

    #[test]
    fn escapes_belong_to_the_value() {
        check(r#"password = "a\"b9""#, Some(r#""a\"b9""#));
        check(r#"{\"password\": \"a\\\"b9\"}"#, Some(r#""a\\\"b9""#));
        check("password = \"a'b9\"", Some("\"a'b9\""));
    }

    #[test]
    fn what_is_no_assignment_has_no_value() {
        for text in [
            "password",
            "password is good",
            "password \n\n x",
            "password = ",
            "password = f(x)",
            "password()",
            "Map<String, Password> x9",
            "password::x9",
            "password = \"\"",
        ] {
            check(text, None);
        }
    }
}
