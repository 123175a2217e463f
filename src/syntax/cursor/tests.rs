//! Cursors in each language: fixture text with `$0` where the cursor is.

mod braces;
mod documents;
mod words;

use std::path::Path;
use std::time::Duration;

use ropey::Rope;

use super::*;
use crate::syntax::Language;

fn tree(language: &str, text: &str) -> SyntaxTree {
    let language = Language::named(language).expect(language);
    SyntaxTree::parse_within(Duration::from_secs(600), language, &Rope::from_str(text), None).expect("in time")
}

fn cursor(language: &str, fixture: &str) -> Cursor {
    let byte = fixture.find("$0").expect("a cursor mark");
    tree(language, &fixture.replacen("$0", "", 1)).cursor(byte)
}

/// The region unless code, `empty`, `list`, then the scopes innermost first.
fn describe(cursor: &Cursor) -> String {
    let mut words = Vec::new();
    if cursor.region != Region::Code {
        words.push(format!("{:?}", cursor.region).to_lowercase());
    }
    words.extend(cursor.in_empty_block.then(|| "empty".to_owned()));
    words.extend(cursor.in_list.then(|| "list".to_owned()));
    for Scope { kind, name, .. } in &cursor.scopes {
        words.push(name.as_ref().map_or_else(|| kind.clone(), |name| format!("{kind} {name}")));
    }
    words.join("; ")
}

fn check(language: &str, cases: &[(&str, &str)]) {
    let wrong = cases.iter().filter_map(|(fixture, expected)| {
        let found = describe(&cursor(language, fixture));
        (found != *expected).then(|| format!("{language}: {fixture:?}\n  expected {expected}\n  found    {found}"))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn rust() {
    check(
        "rust",
        &[
            ("fn f() {$0}", "empty; function_item f"),
            ("fn f() {\n    // later\n    $0\n}\n", "empty; function_item f"),
            ("fn f() {\n    $0g();\n}\n", "function_item f"),
            ("fn f() {$0\n\nfn g() {}\n", "empty; block"),
            ("impl A {\n    fn f() {\n        $0\n\n    fn g() {}\n}\n", "empty; function_item f; impl_item A"),
            (
                "impl A {\n    fn f(&self) {\n        if x {\n            $0\n        }\n    }\n}\n",
                "empty; block; function_item f; impl_item A",
            ),
            ("fn f() {\n    match x {\n        $0\n    }\n}\n", "empty; match_expression; function_item f"),
            ("fn f() {\n    xs.iter().map(|x| {$0", "empty; block"),
            ("struct A {\n    $0\n}\n", "empty; struct_item A"),
            ("fn f() {\n    g(a, $0);\n}\n", "list; function_item f"),
            ("fn f() {\n    g(a, $0\n}\n", "list; function_item f"),
            ("fn f(a: u8, $0", "list"),
            ("fn f() {\n    g(a)$0\n}\n", "function_item f"),
            ("fn f() {\n    let p = Point { x: 1, $0 };\n}\n", "list; function_item f"),
            ("fn f() {\n    let p = Point { $0\n", "list; block"),
            ("fn f() {\n    if let Some(p) = point { $0\n", "empty; block"),
            ("fn f() {\n    println!(\"{}\", $0);\n}\n", "list; function_item f"),
            ("fn f() {\n    // note$0\n}\n", "comment; function_item f"),
            ("/// note\n$0fn f() {}\n", ""),
            ("fn f() /* a$0 */ {}\n", "comment"),
            ("fn f() /* a */$0 {}\n", ""),
            ("fn f() { let s = \"a (b$0\"; }\n", "string; function_item f"),
            ("fn f() { let s = \"a\"$0; }\n", "function_item f"),
            ("fn f() {\n    let s = \"abc$0\n}\n", "string; function_item f"),
            ("fn f() { let s = r#\"a$0\"#; }\n", "string; function_item f"),
            ("fn f() { let c = '$0x'; }\n", "string; function_item f"),
            ("fn f<'a$0>() {}\n", ""),
        ],
    );
}

#[test]
fn python() {
    check(
        "python",
        &[
            ("def f():$0", "empty; function_definition f"),
            ("def f():\n    $0", "empty; function_definition f"),
            ("def f():\n$0\n", ""),
            ("def f():\n    $0\n\ndef g():\n    pass\n", "empty; function_definition f"),
            (
                "class A:\n    def f(\n        self,\n    ) -> int:\n        \"\"\"Doc.\"\"\"\n        $0\n\n    def g(self):\n        pass\n",
                "empty; function_definition f; class_definition A",
            ),
            ("class A:\n    def f(self):\n        x = 1\n        $0\n", "function_definition f; class_definition A"),
            ("class A:\n    def f(self):\n        x = 1\n    $0\n", "class_definition A"),
            ("class A:\n    def f(self):\n        x = 1\n$0\n", ""),
            ("def f():\n    if x:\n        y()\n        $0\n    z()\n", "if_statement; function_definition f"),
            ("def f():\n    if x:\n        y()\n    else:\n        $0\n", "empty; else_clause; function_definition f"),
            ("async def f():\n    async with x as y:\n        $0\n", "empty; with_statement; function_definition f"),
            ("x = {\n    'a': $0\n", "list"),
            ("g(a, $0\n", "list"),
            ("def f(a, $0", "list"),
            ("x = [1, $0]\n", "list"),
            ("x: $0", ""),
            ("f = lambda x: $0", ""),
            ("x = y[1:$0", "list"),
            ("x = f\"{a$0} b\"\n", "list"),
            ("x = f\"{a} b$0\"\n", "string"),
            ("x = 'a (b$0\ny = 1\n", "string"),
            ("x = '''\na$0\n'''\n", "string"),
            ("# a$0\ny = 1\n", "comment"),
            ("def f():\n    # a\n    $0\n", "empty; function_definition f"),
        ],
    );
}

#[test]
fn javascript() {
    check(
        "javascript",
        &[
            ("function f() {$0}", "empty; function_declaration f"),
            ("function f() {\n  $0\n", "empty; function_expression f"),
            ("class A {\n  f(a) {\n    $0\n  }\n}\n", "empty; method_definition f; class_declaration A"),
            ("class A {\n  $0\n}\n", "empty; class_declaration A"),
            ("const f = (a) => {\n  $0\n};\n", "empty; arrow_function f"),
            ("xs.map((x) => {\n  $0\n});\n", "empty; arrow_function"),
            ("xs.map((x) => $0)\n", "list"),
            ("const o = { a: 1, $0", "list"),
            ("const o = {\n  a: 1,\n  $0\n};\n", "list; object"),
            ("return { $0", "list"),
            ("g(a, $0", "list"),
            ("const [a, $0] = xs;\n", "list"),
            ("import { a, $0 } from 'x';\n", "list"),
            ("const s = `a ${b$0} c`;\n", "list"),
            ("const s = `a ${b} c$0`;\n", "string"),
            ("const s = `a ${`b$0`} c`;\n", "string; list"),
            ("const s = 'a$0\nlet x = 1;\n", "string"),
            ("x = /a[b$0]/;\n", "string"),
            ("// a$0\n", "comment"),
            ("/* a */$0\n", ""),
            ("if (x) {\n  $0\n} else {\n  y();\n}\n", "empty; statement_block"),
            ("const v = <p>{x.$0}</p>;\n", "list"),
        ],
    );
}

#[test]
fn typescript() {
    check(
        "typescript",
        &[
            ("interface A {\n  $0\n}\n", "empty; interface_declaration A"),
            ("type A = {\n  $0\n};\n", "empty; type_alias_declaration A"),
            ("enum A {\n  $0\n}\n", "empty; enum_declaration A"),
            (
                "namespace N {\n  function f(a: number): void {\n    $0\n  }\n}\n",
                "empty; function_declaration f; internal_module N",
            ),
            ("abstract class A<T> {\n  private f(): T {\n    $0\n", "empty; block"),
            ("const a: Map<string, $0> = new Map();\n", ""),
            ("function f(a: number, $0", "list"),
            ("const o: A = { a: 1, $0 };\n", "list; object"),
            ("type A = `a${$0string}`;\n", "list"),
            ("const s = \"a$0\";\n", "string"),
        ],
    );
}

#[test]
fn tsx() {
    check(
        "tsx",
        &[
            ("export function A({ a }: P) {\n  $0\n}\n", "empty; function_declaration A"),
            ("const a = <div id={x$0}></div>;\n", "list; jsx_element"),
            ("const a = <div id=\"x$0\"></div>;\n", "string; jsx_element"),
            (
                "const a = (\n  <ul>\n    {xs.map((x) => {\n      $0\n    })}\n  </ul>\n);\n",
                "empty; arrow_function; jsx_element",
            ),
            ("const a = <p>{/* b$0 */}</p>;\n", "comment; list; jsx_element"),
            ("useEffect(() => {$0", "empty; block"),
        ],
    );
}

#[test]
fn go() {
    check(
        "go",
        &[
            ("package a\n\nfunc f() {\n\t$0\n}\n", "empty; function_declaration f"),
            ("package a\n\nfunc f() {\n\t$0\n\nfunc g() {}\n", "empty; function_declaration f"),
            (
                "package a\n\nfunc (s *S) f(x int) {\n\tif x > 1 {\n\t\t$0\n\t}\n}\n",
                "empty; block; method_declaration f",
            ),
            (
                "package a\n\nfunc f() {\n\tgo func() {\n\t\t$0\n\t}()\n}\n",
                "empty; func_literal; function_declaration f",
            ),
            ("package a\n\ntype A struct {\n\t$0\n}\n", "empty; type_spec A"),
            ("package a\n\ntype A interface {\n\t$0\n}\n", "empty; type_spec A"),
            ("package a\n\nimport (\n\t$0\n)\n", "empty; block"),
            ("package a\n\nfunc f() {\n\tg(a, $0\n}\n", "list; function_declaration f"),
            ("package a\n\nfunc f(a int, $0", "list"),
            ("package a\n\nvar x = []int{1, $0}\n", "list"),
            ("package a\n\nfunc f() {\n\tp := &Point{$0\n", "list; block"),
            (
                "package a\n\nfunc f() {\n\tswitch x {\n\t$0\n\t}\n}\n",
                "empty; expression_switch_statement; function_declaration f",
            ),
            ("package a\n\nvar s = `a$0`\n", "string"),
            ("package a\n\nvar s = \"a$0\"\n", "string"),
            ("package a\n\nvar s = \"a$0\n", "string"),
            ("package a // b$0\n", "comment"),
        ],
    );
}

#[test]
fn java() {
    check(
        "java",
        &[
            ("class A {\n    $0\n}\n", "empty; class_declaration A"),
            (
                "class A {\n    int f(int a) {\n        $0\n    }\n}\n",
                "empty; method_declaration f; class_declaration A",
            ),
            (
                "class A {\n    int f(int a) {\n        $0\n\n    int g() { return 1; }\n}\n",
                "empty; method_declaration f; class_declaration A",
            ),
            ("class A {\n    A() {\n        $0\n    }\n}\n", "empty; constructor_declaration A; class_declaration A"),
            (
                "class A {\n    void f() {\n        g(x -> {\n            $0\n        });\n    }\n}\n",
                "empty; lambda_expression; method_declaration f; class_declaration A",
            ),
            (
                "class A {\n    void f() {\n        g(a, $0);\n    }\n}\n",
                "list; method_declaration f; class_declaration A",
            ),
            ("class A {\n    void f(int a, $0", "list; block"),
            ("class A {\n    int[] x = {1, $0};\n}\n", "list; class_declaration A"),
            ("class A {\n    void f() {\n        int[] x = new int[] {$0\n", "list; block"),
            (
                "class A {\n    void f() {\n        switch (x) {\n            $0\n        }\n    }\n}\n",
                "empty; switch_expression; method_declaration f; class_declaration A",
            ),
            ("record R(int a, $0) {}\n", "list"),
            ("enum E {\n    $0\n}\n", "empty; enum_declaration E"),
            ("class A {\n    String s = \"a$0\";\n}\n", "string; class_declaration A"),
            ("/** a$0 */\nclass A {}\n", "comment"),
            ("class A {} // b$0\n", "comment"),
        ],
    );
}

#[test]
fn c() {
    check(
        "c",
        &[
            ("int f(void) {\n    $0\n}\n", "empty; function_definition f"),
            ("char **f(void)\n{\n    $0\n}\n", "empty; function_definition f"),
            ("int f(void) {\n    $0\n\nint g(void) { return 1; }\n", "empty; function_definition f"),
            (
                "int f(void) {\n    for (;;) {\n        $0\n    }\n}\n",
                "empty; compound_statement; function_definition f",
            ),
            ("struct a {\n    $0\n};\n", "empty; struct_specifier a"),
            ("enum a {\n    $0\n};\n", "empty; enum_specifier a"),
            ("int f(int a, $0", "list"),
            ("int f(void) {\n    g(a, $0\n}\n", "list; function_definition f"),
            ("int x[] = {1, $0};\n", "list"),
            ("struct a x = {.b = $0", "list"),
            ("#include <std$0io.h>\n", "string"),
            ("char *s = \"a$0\";\n", "string"),
            ("char c = '$0a';\n", "string"),
            ("int x; // a$0\n", "comment"),
            ("int x; /* a$0 */\n", "comment"),
        ],
    );
}

#[test]
fn cpp() {
    check(
        "cpp",
        &[
            ("namespace n {\n$0\n}\n", "empty; namespace_definition n"),
            (
                "class A {\npublic:\n    int f() const {\n        $0\n    }\n};\n",
                "empty; function_definition f; class_specifier A",
            ),
            ("A::A() : x(1) {\n    $0\n}\n", "empty; function_definition A::A"),
            ("const A &f() {\n    $0\n}\n", "empty; function_definition f"),
            (
                "void f() {\n    g([&](int x) {\n        $0\n    });\n}\n",
                "empty; lambda_expression; function_definition f",
            ),
            ("std::vector<int> x = {1, $0};\n", "list"),
            ("void f() {\n    A a{1, $0};\n}\n", "list; function_definition f"),
            ("std::map<int, $0> x;\n", ""),
            ("auto s = R\"(a ($0)\";\n", "string"),
            ("template <typename T, $0", ""),
            ("void f() {\n    try {\n        $0\n", "empty; block"),
            ("int x; // a$0\n", "comment"),
        ],
    );
}

#[test]
fn every_language_has_a_fixture_that_parses() {
    for language in Language::all() {
        let tree = tree(&language.name, &fixture_of(language));
        assert_eq!(tree.error_count(), 0, "{}: {}", language.name, tree.root().to_sexp());
    }
}

/// Someone types the fixture from its start to its end: at each place the text ends at the cursor and is full of what
/// is not closed yet. The answers must nearly always be those of the whole text.
#[test]
fn answers_while_typing_are_those_of_the_whole_text() {
    for language in Language::all() {
        let text = fixture_of(language);
        let whole = tree(&language.name, &text);
        let places: Vec<usize> = text.char_indices().map(|(byte, _)| byte).step_by(11).collect();
        let (mut same_list, mut same_region) = (0, 0);
        for byte in &places {
            let (known, typed) = (whole.cursor(*byte), tree(&language.name, &text[..*byte]).cursor(*byte));
            same_list += usize::from(known.in_list == typed.in_list);
            same_region += usize::from(known.region == typed.region);
        }
        let percent = |same: usize| same * 100 / places.len();
        let shares = (percent(same_list), percent(same_region));
        assert!(shares.0 >= 85 && shares.1 >= 90, "{}: list and region agree in {shares:?} %", language.name);
    }
}

#[test]
fn the_body_lies_between_the_braces_and_an_unclosed_one_ends_by_indentation() {
    let body = |language, fixture: &str| {
        let cursor = cursor(language, fixture);
        fixture.replacen("$0", "", 1)[cursor.scopes[0].body.clone()].to_owned()
    };
    assert_eq!(body("rust", "fn f() { a(); $0 }\n"), " a();  ");
    assert_eq!(body("rust", "impl A {\n    fn f() {\n        $0\n\n    fn g() {}\n}\n"), "\n        \n\n");
    assert_eq!(body("rust", "fn f() {\n    a();\n    b($0\n"), "\n    a();\n    b(\n");
    assert_eq!(body("python", "def f():\n    a()\n    b()\n    $0\n\nc()\n"), "a()\n    b()\n    ");
    assert_eq!(body("javascript", "const f = (x) => x + $0y;\n"), "x + y");
}

#[test]
fn indentation_and_names_of_scopes() {
    let cursor = cursor("rust", "impl Queue<u8> {\n    fn push(&mut self) {\n        $0\n    }\n}\n");
    let scopes: Vec<_> = cursor.scopes.iter().map(|scope| (scope.name.as_deref(), scope.indent)).collect();
    assert_eq!(scopes, [(Some("push"), 4), (Some("Queue<u8>"), 0)]);
    assert_eq!(cursor.open_bracket, Some(40));
}

fn fixture_of(language: &Language) -> String {
    let name = format!("tests/fixtures/languages/{}.{}", language.name, language.entry.extensions[0]);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&name);
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"))
}
