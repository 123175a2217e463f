//! Outline, definition and references, which the user must ask for: a language server knows them better.

use serde_json::{Value, json};

use crate::support::{Client, Workspace, inline_capabilities, range};

const BUDGET: &str = "pub struct Budget {\n    left: u64,\n}\n\nimpl Budget {\n    pub fn reserve(&self) {}\n}\n";
const MAIN: &str =
    "mod budget;\nuse budget::Budget;\n\nfn main() {\n    let budget = Budget { left: 3 };\n    budget.reserve();\n}\n";

fn files() -> Workspace {
    Workspace::new(&[("src/budget.rs", BUDGET), ("src/main.rs", MAIN)])
}

async fn navigating(workspace: &Workspace) -> Client {
    let mut client = workspace.serve(inline_capabilities(), json!({ "index": { "navigation": true } })).await;
    client.until_symbols("reserve", &["reserve"]).await;
    client
}

/// Opens a document and waits until the index has it.
async fn open(client: &mut Client, uri: &str, text: &str) {
    client.open(uri, &format!("{text}struct OpenMark;\n")).await;
    client.until_symbols("OpenMark", &["OpenMark"]).await;
}

fn at(uri: &str, line: u32, character: u32) -> Value {
    json!({
        "textDocument": { "uri": uri },
        "position": { "line": line, "character": character },
        "context": { "includeDeclaration": false },
    })
}

#[tokio::test]
async fn it_is_announced_and_answered_only_where_the_user_wants_it() {
    let workspace = files();
    let main = workspace.uri("src/main.rs");
    let methods = [
        ("documentSymbolProvider", "textDocument/documentSymbol"),
        ("definitionProvider", "textDocument/definition"),
        ("referencesProvider", "textDocument/references"),
    ];
    let mut client = workspace.serve(inline_capabilities(), Value::Null).await;
    client.until_symbols("reserve", &["reserve"]).await;
    client.open(&main, MAIN).await;
    for (provider, method) in methods {
        assert_eq!(client.initialized["capabilities"].get(provider), None, "{provider}");
        let response = client.request(method, at(&main, 5, 13)).await;
        assert_eq!(response["error"]["code"], -32601, "{response}");
    }
    let mut client = navigating(&workspace).await;
    open(&mut client, &main, MAIN).await;
    for (provider, method) in methods {
        assert_eq!(client.initialized["capabilities"][provider], true, "{provider}");
        let result = client.result(method, at(&main, 5, 13)).await;
        assert!(result.as_array().is_some_and(|found| !found.is_empty()), "{method}: {result}");
    }
}

/// The name is in the range, and what is inside of a symbol is inside of its range: editors refuse anything else.
fn check_nesting(symbols: &Value, outer: Option<&Value>) -> usize {
    let place =
        |value: &Value| (value["line"].as_u64().expect("a line"), value["character"].as_u64().expect("a column"));
    let inside = |inner: &Value, outer: &Value| {
        place(&outer["start"]) <= place(&inner["start"]) && place(&inner["end"]) <= place(&outer["end"])
    };
    let mut count = 0;
    for symbol in symbols.as_array().into_iter().flatten() {
        assert!(inside(&symbol["selectionRange"], &symbol["range"]), "{symbol}");
        assert!(outer.is_none_or(|outer| inside(&symbol["range"], outer)), "{symbol}");
        count += 1 + check_nesting(&symbol["children"], Some(&symbol["range"]));
    }
    count
}

#[tokio::test]
async fn the_outline_is_nested_and_its_ranges_too() {
    let workspace = files();
    let mut client = navigating(&workspace).await;
    // A file need not be open.
    let params = json!({ "textDocument": { "uri": workspace.uri("src/budget.rs") } });
    let symbols = client.result("textDocument/documentSymbol", params).await;
    assert_eq!(check_nesting(&symbols, None), 4, "{symbols:#}");
    let (budget, extension) = (&symbols[0], &symbols[1]);
    assert_eq!((&budget["name"], &budget["kind"]), (&json!("Budget"), &json!(23)));
    assert_eq!((&budget["range"], &budget["selectionRange"]), (&range((0, 0), (2, 1)), &range((0, 11), (0, 17))));
    assert_eq!(budget["children"][0]["name"], "left");
    let method = &extension["children"][0];
    assert_eq!((&method["name"], &method["kind"]), (&json!("reserve"), &json!(6)));
    assert_eq!(method["detail"], "pub fn reserve(&self)");

    let draft = workspace.uri("src/draft.rs");
    client.open(&draft, "mod outer {\n    mod inner {\n        fn deep() {}\n    }\n    fn flat() {}\n}\n").await;
    client.until_symbols("deep", &["deep"]).await;
    let symbols = client.result("textDocument/documentSymbol", json!({ "textDocument": { "uri": draft } })).await;
    assert_eq!(check_nesting(&symbols, None), 4, "{symbols:#}");
    assert_eq!(symbols[0]["children"][0]["children"][0]["name"], "deep");
    assert_eq!(symbols[0]["children"][1]["name"], "flat");
    // A field of the class stands in the constructor, before a function that is the constructor's.
    let class = workspace.uri("src/draft.py");
    let text =
        "class Window:\n    def __init__(self):\n        self.size = 1\n\n        def notify():\n            pass\n";
    client.open(&class, text).await;
    client.until_symbols("notify", &["notify"]).await;
    let symbols = client.result("textDocument/documentSymbol", json!({ "textDocument": { "uri": class } })).await;
    let names = |symbols: &Value| -> Vec<String> {
        let symbols = symbols.as_array().expect("children");
        symbols.iter().map(|symbol| symbol["name"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(names(&symbols[0]["children"]), ["__init__", "size"]);
    assert_eq!(names(&symbols[0]["children"][0]["children"]), ["notify"]);
}

#[tokio::test]
async fn every_languages_outline_has_names_inside_of_ranges() {
    let folder = format!("{}/tests/fixtures/languages", env!("CARGO_MANIFEST_DIR"));
    let workspace = Workspace::new(&[("mark.rs", "fn reserve() {}\n")]);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).expect("fixtures") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        if !name.ends_with(".tags") {
            workspace.write(&name, &std::fs::read_to_string(path).expect("text"));
            names.push(name);
        }
    }
    assert!(names.len() >= 25, "{names:?}");
    let mut client = workspace.serve(inline_capabilities(), json!({ "index": { "navigation": true } })).await;
    for name in names {
        let uri = workspace.uri(&name);
        let symbols = loop {
            let symbols = client.result("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri } })).await;
            if symbols.is_array() {
                break symbols;
            }
        };
        assert!(check_nesting(&symbols, None) > 0, "{name}");
    }
}

#[tokio::test]
async fn an_outline_has_a_bottom() {
    let workspace = files();
    let mut client = navigating(&workspace).await;
    let deep = workspace.uri("src/deep.rs");
    open(&mut client, &deep, &format!("{}{}\n", "fn deep() { ".repeat(2_000), "}".repeat(2_000))).await;
    let params = json!({ "textDocument": { "uri": deep } });
    let symbols = client.result("textDocument/documentSymbol", params).await;
    assert!(check_nesting(&symbols, None) > 100);
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn from_a_use_to_the_definition_and_back() {
    let workspace = files();
    let (main, budget) = (workspace.uri("src/main.rs"), workspace.uri("src/budget.rs"));
    let mut client = navigating(&workspace).await;
    open(&mut client, &main, MAIN).await;
    let definition = json!([{ "uri": budget, "range": range((5, 11), (5, 18)) }]);
    let uses = json!([{ "uri": main, "range": range((5, 11), (5, 18)) }]);
    for character in [11, 14, 17] {
        assert_eq!(client.result("textDocument/definition", at(&main, 5, character)).await, definition, "{character}");
    }
    assert_eq!(client.result("textDocument/references", at(&main, 5, 13)).await, uses);
    let mut with_declaration = at(&main, 5, 13);
    with_declaration["context"]["includeDeclaration"] = json!(true);
    let both = client.result("textDocument/references", with_declaration).await;
    assert_eq!(both, json!([definition[0], uses[0]]));
    // From the definition itself, in a document that was changed and not saved.
    client.close(&main).await;
    client.until_symbols("OpenMark", &[]).await;
    open(&mut client, &budget, &format!("\n\n{BUDGET}")).await;
    let moved = json!([{ "uri": budget, "range": range((7, 11), (7, 18)) }]);
    assert_eq!(client.result("textDocument/definition", at(&budget, 7, 13)).await, moved);
    assert_eq!(client.result("textDocument/references", at(&budget, 7, 13)).await, uses);
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn places_that_mean_nothing_are_answered_with_nothing() {
    let workspace = files();
    workspace.write(".aiignore", "private/\n");
    workspace.write("private/plan.rs", "fn plan() {}\n");
    let main = workspace.uri("src/main.rs");
    let mut client = navigating(&workspace).await;
    open(&mut client, &main, MAIN).await;
    client.open(&workspace.uri("private/plan.rs"), "fn plan() { plan() }\n").await;
    client.open("untitled:Untitled-1", "fn plan() { plan() }\n").await;
    for method in ["textDocument/definition", "textDocument/references"] {
        for (uri, line, character) in [
            (main.as_str(), 2, 0),
            (&main, 3, 2),
            (&main, 4_000_000, 4_000_000),
            (&workspace.uri("src/none.rs"), 0, 0),
            (&workspace.uri("src/budget.rs"), 5, 13),
            (&workspace.uri("private/plan.rs"), 0, 13),
            ("untitled:Untitled-1", 0, 13),
            ("file:///", 0, 0),
        ] {
            let result = client.result(method, at(uri, line, character)).await;
            assert!(result.is_null() || result == json!([]), "{method} {uri} {line}: {result}");
        }
    }
    for uri in [workspace.uri("src/none.rs"), workspace.uri("private/plan.rs"), "untitled:Untitled-1".to_owned()] {
        let result = client.result("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri } })).await;
        assert!(result.is_null(), "{uri}: {result}");
    }
    assert_eq!(client.leave().await, 0);
}
