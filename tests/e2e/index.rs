//! The index of the workspace as an editor sees it: symbols, unsaved text, settings, progress.

use serde_json::{Value, json};

use crate::support::{Workspace, inline_capabilities, range};

const FILES: &[(&str, &str)] = &[
    ("src/budget.rs", "pub struct Budget {\n    left: u64,\n}\n\nimpl Budget {\n    pub fn reserve(&self) {}\n}\n"),
    ("src/main.rs", "fn main() {}\n"),
];

fn place(symbol: &Value) -> (&str, &Value) {
    (symbol["location"]["uri"].as_str().expect("a URI"), &symbol["location"]["range"])
}

#[tokio::test]
async fn symbols_are_found_by_fuzzy_name_in_every_folder() {
    let workspace = Workspace::new(FILES);
    let other = Workspace::new(&[("lib/reserves.py", "def reserve_all():\n    pass\n")]);
    let mut client = workspace.serve_both(&other.root(), inline_capabilities()).await;
    assert_eq!(client.initialized["capabilities"]["workspaceSymbolProvider"], true);
    let found = client.until_symbols("rsrv", &["reserve", "reserve_all"]).await;
    assert_eq!(place(&found[0]), (&*workspace.uri("src/budget.rs"), &range((5, 11), (5, 18))));
    assert_eq!((&found[0]["kind"], &found[0]["containerName"]), (&json!(6), &json!("Budget")));
    assert_eq!(place(&found[1]), (&*other.uri("lib/reserves.py"), &range((0, 4), (0, 15))));
    assert_eq!((&found[1]["kind"], found[1].get("containerName")), (&json!(12), None));
    assert_eq!(client.symbols("Budget").await[0]["kind"], 23);
    for nothing in ["", "   ", "zzzz", "\u{0}", "🦀"] {
        assert_eq!(client.symbols(nothing).await, [] as [Value; 0], "{nothing:?}");
    }
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn what_lies_in_two_folders_is_found_once() {
    let workspace = Workspace::new(FILES);
    let mut client = workspace.serve_both(&workspace.path("src"), inline_capabilities()).await;
    let found = client.until_symbols("reserve", &["reserve"]).await;
    assert_eq!(place(&found[0]).0, workspace.uri("src/budget.rs"));
    client.open(&workspace.uri("src/main.rs"), "fn unsaved() {}\n").await;
    client.until_symbols("unsaved", &["unsaved"]).await;
    // By now both folders are known: another answer would be the second one of the same.
    for round in 0..2 {
        client.open(&workspace.uri("src/last.rs"), &format!("fn last_visit{round}() {{}}\n")).await;
        client.until_symbols("last_visit", &[&format!("last_visit{round}")]).await;
    }
    assert_eq!(client.symbols("reserve").await.len(), 1);
    assert_eq!(client.symbols("unsaved").await.len(), 1);
}

#[tokio::test]
async fn unsaved_text_counts_until_the_document_is_closed() {
    let workspace = Workspace::new(FILES);
    let mut client = workspace.serve(inline_capabilities(), Value::Null).await;
    client.until_symbols("reserve", &["reserve"]).await;
    let (budget, draft) = (workspace.uri("src/budget.rs"), workspace.uri("src/draft.rs"));
    client.open(&budget, "fn unsaved() {}\n").await;
    let found = client.until_symbols("unsaved", &["unsaved"]).await;
    assert_eq!(place(&found[0]), (&*budget, &range((0, 3), (0, 10))));
    client.until_symbols("reserve", &[]).await;
    client.change(&budget, 2, range((0, 3), (0, 3)), "now_").await;
    client.until_symbols("unsaved", &["now_unsaved"]).await;
    // One that was never written to the disk.
    client.open(&draft, "struct Drafted;\n").await;
    client.until_symbols("Drafted", &["Drafted"]).await;
    client.close(&budget).await;
    client.close(&draft).await;
    client.until_symbols("unsaved", &[]).await;
    client.until_symbols("Drafted", &[]).await;
    client.until_symbols("reserve", &["reserve"]).await;
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn documents_that_are_closed_at_once_leave_nothing_behind() {
    let workspace = Workspace::new(FILES);
    let mut client = workspace.serve(inline_capabilities(), Value::Null).await;
    client.until_symbols("main", &["main"]).await;
    let filler = "fn filler() { call(1, 2, 3); }\n".repeat(200);
    for round in 0..100 {
        let uri = workspace.uri(&format!("src/brief{round}.rs"));
        client.open(&uri, &format!("fn brief_visit() {{}}\n{filler}")).await;
        client.text(&uri).await;
        client.close(&uri).await;
    }
    // Documents are worked off in order, so these come after everything before.
    for round in 0..2 {
        client.open(&workspace.uri("src/last.rs"), &format!("fn last_visit{round}() {{}}\n")).await;
        client.until_symbols("last_visit", &[&format!("last_visit{round}")]).await;
    }
    client.until_symbols("brief_visit", &[]).await;
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn documents_that_are_ignored_or_elsewhere_are_not_found() {
    let workspace = Workspace::new(FILES);
    workspace.write(".cursorignore", "private/\n");
    workspace.write("private/plan.rs", "fn zyzzyva_saved() {}\n");
    let mut client = workspace.serve(inline_capabilities(), Value::Null).await;
    let elsewhere = Workspace::new(&[]);
    for uri in [
        workspace.uri("private/plan.rs"),
        workspace.uri("private/new.rs"),
        workspace.uri(".env"),
        workspace.uri("node_modules/a.rs"),
        elsewhere.uri("a.rs"),
        "untitled:Untitled-1".to_owned(),
    ] {
        client.open(&uri, "fn zyzzyva_typed() {}\n").await;
    }
    for round in 0..2 {
        client.open(&workspace.uri("src/last.rs"), &format!("fn last_visit{round}() {{}}\n")).await;
        client.until_symbols("last_visit", &[&format!("last_visit{round}")]).await;
    }
    assert_eq!(client.symbols("zyzzyva").await, [] as [Value; 0]);
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn columns_are_counted_in_the_clients_units() {
    let workspace = Workspace::new(&[("crab.rs", "/* 🦀é */ fn crab() {}\n")]);
    // What stands before the name, in units: 4 and 2 bytes, 2 and 1 words of 16 bits, 1 and 1 characters.
    for (encoding, start) in [("utf-8", 16), ("utf-16", 13), ("utf-32", 12)] {
        let mut capabilities = inline_capabilities();
        capabilities["general"] = json!({ "positionEncodings": [encoding] });
        let mut client = workspace.serve(capabilities, Value::Null).await;
        assert_eq!(client.initialized["capabilities"]["positionEncoding"], encoding);
        let found = client.until_symbols("crab", &["crab"]).await;
        assert_eq!(place(&found[0]).1, &range((0, start), (0, start + 4)), "{encoding}");
        // The same for text that is not on disk.
        client.open(&workspace.uri("crab.rs"), "/* 🦀🦀éé */ fn crab() {}\n").await;
        let more = match encoding {
            "utf-8" => 6,
            "utf-16" => 3,
            _ => 2,
        };
        let moved = range((0, start + more), (0, start + more + 4));
        while place(&client.until_symbols("crab", &["crab"]).await[0]).1 != &moved {}
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_is_opened_through_a_link_is_the_same_folder() {
    let workspace = Workspace::new(FILES);
    let links = Workspace::new(&[]);
    let link = links.path("link");
    std::os::unix::fs::symlink(workspace.root(), &link).expect("a link");
    let mut client = Workspace::serve_as(&link, inline_capabilities()).await;
    let found = client.until_symbols("reserve", &["reserve"]).await;
    let budget = format!("file://{}/src/budget.rs", link.display());
    assert_eq!(place(&found[0]).0, budget, "by the name under which the editor knows it");
    client.open(&budget, "fn unsaved() {}\n").await;
    client.until_symbols("unsaved", &["unsaved"]).await;
    client.until_symbols("reserve", &[]).await;
    client.close(&budget).await;
    client.until_symbols("reserve", &["reserve"]).await;
    workspace.write("src/new.rs", "fn brand_new() {}\n");
    client.tell_of_files(&[(&format!("file://{}/src/new.rs", link.display()), 1)]).await;
    client.until_symbols("brand_new", &["brand_new"]).await;
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn without_the_index_nothing_of_it_is_announced() {
    let workspace = Workspace::new(FILES);
    let mut capabilities = inline_capabilities();
    capabilities["workspace"] = json!({ "didChangeWatchedFiles": { "dynamicRegistration": true } });
    capabilities["window"] = json!({ "workDoneProgress": true });
    let options = json!({ "index": { "enabled": false, "navigation": true } });
    let mut client = workspace.serve(capabilities, options).await;
    let announced = &client.initialized["capabilities"];
    for provider in ["workspaceSymbolProvider", "documentSymbolProvider", "definitionProvider", "referencesProvider"] {
        assert_eq!(announced.get(provider), None, "{provider}");
    }
    client.open(&workspace.uri("src/main.rs"), "fn main() {}\n").await;
    assert_eq!(client.symbols("main").await, [] as [Value; 0]);
    client.text(&workspace.uri("src/main.rs")).await;
    assert_eq!(client.arrived("client/registerCapability"), 0);
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn settings_take_effect_while_the_server_runs() {
    let workspace = Workspace::new(FILES);
    let mut client = workspace.serve(inline_capabilities(), Value::Null).await;
    client.open(&workspace.uri("src/main.rs"), "fn unsaved() {}\n").await;
    client.until_symbols("reserve", &["reserve"]).await;
    client.set(json!({ "index": { "exclude": ["budget.rs"] } })).await;
    client.until_symbols("reserve", &[]).await;
    client.until_symbols("unsaved", &["unsaved"]).await;
    client.set(json!({ "index": { "enabled": false } })).await;
    client.until_symbols("unsaved", &[]).await;
    client.set(json!({ "index": { "enabled": true, "exclude": [] } })).await;
    client.until_symbols("reserve", &["reserve"]).await;
    client.until_symbols("unsaved", &["unsaved"]).await;
    client.until_symbols("main", &[]).await;
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn documents_that_change_together_with_settings_are_known_as_they_are() {
    let workspace = Workspace::new(FILES);
    let mut client = workspace.serve(inline_capabilities(), Value::Null).await;
    let uri = workspace.uri("src/main.rs");
    let large = "fn large_one(a: u32) -> u32 { a + 1 } // 🦀\n".repeat(80);
    client.open(&uri, "fn first() {}\n").await;
    client.until_symbols("first", &["first"]).await;
    for round in 0..30_u32 {
        // Now much longer, now much shorter than what was analysed before.
        let name = format!("round_{round}_end");
        let filler = if round % 2 == 0 { large.as_str() } else { "" };
        let text = format!("{filler}fn {name}() {{}}\n");
        let document = json!({ "uri": uri, "version": round + 2 });
        let changes = json!([{ "text": text }]);
        client.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes })).await;
        client.set(json!({ "index": { "threads": 1 + round % 2 } })).await;
        let found = client.until_symbols("round_", &[&name]).await;
        let line = u32::try_from(text.lines().count()).expect("few lines") - 1;
        let expected = range((line, 3), (line, 3 + u32::try_from(name.len()).expect("short")));
        while place(&client.until_symbols("round_", &[&name]).await[0]).1 != &expected {}
        assert_eq!(found.len(), 1);
    }
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn a_first_scan_that_takes_long_is_a_progress() {
    let workspace = Workspace::new(&[]);
    for number in 0..400 {
        let text: String = (0..10).map(|line| format!("def f{number}_{line}(a): return g(a, {line})\n")).collect();
        workspace.write(&format!("d{}/f{number}.py", number % 20), &text);
    }
    let mut capabilities = inline_capabilities();
    capabilities["window"] = json!({ "workDoneProgress": true });
    // A worker that rests nineteen times as long as it works has time to be seen.
    let slowly = json!({ "index": { "threads": 1, "cpuShare": 5 } });
    let mut client = workspace.serve(capabilities, slowly).await;
    let token = client.told_method("window/workDoneProgress/create").await["params"]["token"].clone();
    let (mut kinds, mut last) = (Vec::new(), 0);
    while kinds.last() != Some(&"end".to_owned()) {
        let progress = client.told_method("$/progress").await["params"].clone();
        assert_eq!(progress["token"], token);
        let value = &progress["value"];
        kinds.push(value["kind"].as_str().expect("a kind").to_owned());
        let percentage = value["percentage"].as_u64().unwrap_or(last);
        assert!(percentage >= last && percentage <= 100, "{progress}");
        last = percentage;
        if kinds.len() == 1 {
            assert_eq!(value["title"], "Indexing");
        } else if value["kind"] == "report" {
            assert!(value["message"].as_str().is_some_and(|text| text.ends_with("of 400 files")), "{progress}");
        }
    }
    assert_eq!((&*kinds[0], &*kinds[1]), ("begin", "report"), "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| *kind != "report").count(), 2, "{kinds:?}");
    client.until_symbols("f399_9", &["f399_9"]).await;
    assert_eq!(client.arrived("window/workDoneProgress/create"), 0, "one progress for one scan");
    assert_eq!(client.leave().await, 0);
}
