//! Cursors in style sheets, pages, prose and data.

use super::check;

#[test]
fn css() {
    check(
        "css",
        &[
            (".a {\n  $0\n}\n", "empty; rule_set .a"),
            (".a {\n  color: red;\n  $0", "rule_set .a"),
            (".a {\n  color: $0", "block"),
            (".a {\n  width: calc(1px + $0", "list"),
            (".a {\n  $0\n\n.b { top: 0; }\n", "empty; rule_set .a"),
            (".a { color: rgb(1, $0); }\n", "list; rule_set .a"),
            (
                "@media (max-width: 40rem) {\n  .a {\n    $0\n  }\n}\n",
                "empty; rule_set .a; media_statement (max-width: 40rem)",
            ),
            ("@keyframes turn {\n  from {\n    $0\n  }\n}\n", "empty; keyframe_block from; keyframes_statement turn"),
            ("@keyframes turn {\n  $0\n}\n", "empty; keyframes_statement turn"),
            ("@font-face {\n  $0\n}\n", "empty; at_rule @font-face"),
            (".a {\n  &:hover {\n    $0\n", "empty; block"),
            (":is(h1, $0) { top: 0; }\n", "list"),
            (".a { content: \"x$0\"; }\n", "string; rule_set .a"),
            (".a { background: url(\"x$0", "string; list"),
            ("/* .a { $0 */\n", "comment"),
        ],
    );
}

#[test]
fn html() {
    check(
        "html",
        &[
            ("<div id=\"a\">\n  $0\n</div>\n", "element div"),
            ("<main>\n  <p>a $0\n</main>\n", "element p; element main"),
            ("<div class=\"a\" $0></div>\n", "list; element div"),
            ("<div class=\"a\"$0", "list"),
            ("<img src=x $0 />\n", "list"),
            ("<div class=\"a$0\"></div>\n", "string; list; element div"),
            ("<div class=\"a$0", "string; list"),
            ("<script>\n  f($0);\n</script>\n", "script_element script"),
            ("<p>it's $0</p>\n", "element p"),
            ("<!-- a$0 -->\n", "comment"),
            ("<!-- a$0", "comment"),
        ],
    );
}

#[test]
fn markdown() {
    check(
        "markdown",
        &[
            ("# A\n\n## B\n\ntext $0\n\n# C\n", "section B; section A"),
            ("A\n=\n\ntext $0\n\n- b\n", "section A"),
            ("# A\n\n```rust\nfn f($0) {}\n```\n", "fenced_code_block rust; section A"),
            ("a (b $0\n", ""),
            ("<!-- a$0 -->\n\nb\n", "comment"),
        ],
    );
}

#[test]
fn json() {
    check(
        "json",
        &[
            ("{ \"a\": { $0 } }\n", "list; pair a"),
            ("{ \"a\": { \"b\": [1, $0", "list"),
            ("{\n  \"a\": [\n    { \"b\": $0 }\n  ]\n}\n", "list; pair a"),
            ("{ \"a\": 1, $0\n", "list"),
            ("{ \"a$0\": 1 }\n", "string; list"),
            ("{ \"a\": \"b$0", "string; list"),
            ("// a$0b\n{}\n", "comment"),
        ],
    );
}

#[test]
fn toml() {
    check(
        "toml",
        &[
            ("[a.b]\nx = 1\n$0\n", "table a.b"),
            ("x = [1, $0]\n", "list; pair x"),
            ("[[a]]\nx = { y = 1, $0 }\n", "list; pair x; table_array_element a"),
            ("[a]\nx = \"b$0\"\n", "string; table a"),
            ("[a]\nx = 'b$0", "string"),
            ("[a]\nx = '''\nb$0\n'''\n", "string; table a"),
            ("[a]\nx = 1 # b$0\n", "comment; table a"),
        ],
    );
}

#[test]
fn yaml() {
    check(
        "yaml",
        &[
            ("a:\n  b: 1\n  $0", "block_mapping_pair a"),
            ("a:\n  b:\n    - c\n    - $0\n", "block_mapping_pair b; block_mapping_pair a"),
            ("a:\n  b:\n    c: 1\n  $0\nd: 2\n", "block_mapping_pair a"),
            ("a:\n  b: [1, $0]\n", "list; block_mapping_pair a"),
            ("a: { b: 1, $0", "list"),
            ("a: \"b$0\"\n", "string"),
            ("a: 'b$0", "string"),
            ("a:\n  run: |\n    b $0\n", "block_mapping_pair run; block_mapping_pair a"),
            ("a: b # c$0\n", "comment"),
        ],
    );
}
