//! A folder of files that a client opens, and questions about what the index knows of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tandem::session::questions::Answerer;

use super::{Client, HANG, Setup};

pub struct Workspace {
    folder: tempfile::TempDir,
    /// The user\'s, outside of it.
    state: tempfile::TempDir,
}

impl Workspace {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let workspace =
            Self { folder: tempfile::tempdir().expect("a folder"), state: tempfile::tempdir().expect("a folder") };
        for (path, text) in files {
            workspace.write(path, text);
        }
        workspace
    }

    /// The user's state directory.
    pub fn state(&self) -> PathBuf {
        self.state.path().to_owned()
    }

    /// As the file system spells it.
    pub fn root(&self) -> PathBuf {
        std::fs::canonicalize(self.folder.path()).expect("a folder")
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.root().join(relative)
    }

    pub fn uri(&self, relative: &str) -> String {
        uri(&self.path(relative))
    }

    pub fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }

    /// A server whose client has opened this folder. `options` are the settings.
    pub async fn serve(&self, capabilities: Value, options: Value) -> Client {
        serve(&[&self.root()], capabilities, options).await
    }

    /// The same with somebody who answers questions.
    pub async fn ask(&self, answerer: Arc<dyn Answerer>, capabilities: Value) -> Client {
        self.ask_of(answerer, capabilities, json!({})).await
    }

    /// `user`: what the user has set beside the editor.
    pub async fn ask_of(&self, answerer: Arc<dyn Answerer>, capabilities: Value, user: Value) -> Client {
        let setup = Setup::script(|_| "foo(bar)".into()).answered_by(answerer, &self.state()).user(user);
        let mut client = open(setup, &[&self.root()], capabilities, Value::Null).await;
        // Questions are about what is indexed.
        client.until_symbols("main", &["main"]).await;
        client
    }

    /// Together with another folder.
    pub async fn serve_both(&self, other: &Path, capabilities: Value) -> Client {
        serve(&[&self.root(), other], capabilities, Value::Null).await
    }

    /// Under another name than the file system's, as a link to a project is.
    pub async fn serve_as(folder: &Path, capabilities: Value) -> Client {
        serve(&[folder], capabilities, Value::Null).await
    }
}

pub fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

async fn serve(folders: &[&Path], capabilities: Value, options: Value) -> Client {
    open(Setup::lookup(), folders, capabilities, options).await
}

async fn open(setup: Setup, folders: &[&Path], capabilities: Value, options: Value) -> Client {
    let mut client = setup.start();
    let folders: Vec<Value> = folders.iter().map(|folder| json!({ "uri": uri(folder), "name": "x" })).collect();
    let params = json!({
        "processId": null,
        "rootUri": null,
        "workspaceFolders": folders,
        "capabilities": capabilities,
        "initializationOptions": options,
    });
    client.initialized = client.result("initialize", params).await;
    client.notify("initialized", json!({})).await;
    client
}

impl Client {
    pub async fn symbols(&mut self, query: &str) -> Vec<Value> {
        let found = self.result("workspace/symbol", json!({ "query": query })).await;
        found.as_array().expect("a list").clone()
    }

    /// Asks until exactly these names are found, best first.
    pub async fn until_symbols(&mut self, query: &str, names: &[&str]) -> Vec<Value> {
        let mut last = Vec::new();
        let asking = async {
            loop {
                last = self.symbols(query).await;
                if last.iter().map(|symbol| symbol["name"].as_str().expect("a name")).eq(names.iter().copied()) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let ended = tokio::time::timeout(HANG, asking).await;
        assert!(ended.is_ok(), "{query}: {names:?} are not found, but {last:?}");
        last
    }

    pub async fn close(&mut self, uri: &str) {
        self.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } })).await;
    }

    /// Says that files were created (1), changed (2) or deleted (3).
    pub async fn tell_of_files(&mut self, changes: &[(&str, u32)]) {
        let changes: Vec<Value> = changes.iter().map(|(uri, kind)| json!({ "uri": uri, "type": kind })).collect();
        self.notify("workspace/didChangeWatchedFiles", json!({ "changes": changes })).await;
    }

    pub async fn set(&mut self, settings: Value) {
        self.notify("workspace/didChangeConfiguration", json!({ "settings": { "tandem": settings } })).await;
    }
}
