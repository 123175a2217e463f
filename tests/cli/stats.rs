//! `tandem stats`, and what a server leaves for it.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};

use super::support::{Ended, User, files};

const FILE: &str = ".local/state/tandem/stats.db";

/// An editor with a server of its own.
pub struct Editor {
    server: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    next_id: u64,
}

impl Editor {
    fn start(user: &User, arguments: &[&str]) -> Self {
        Self::start_in(user, arguments, &Value::Null)
    }

    pub fn start_in(user: &User, arguments: &[&str], folders: &Value) -> Self {
        let mut command = user.command(&[&["serve", "--set", "engine.choice=lookup"], arguments].concat());
        let mut server =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary");
        let (input, output) = (server.stdin.take().unwrap(), BufReader::new(server.stdout.take().unwrap()));
        let mut editor = Self { server, input, output, next_id: 0 };
        let capabilities = json!({"textDocument": {"inlineCompletion": {}}});
        editor.request(
            "initialize",
            json!({"processId": null, "rootUri": null, "capabilities": capabilities, "workspaceFolders": folders}),
        );
        editor.notify("initialized", json!({}));
        editor
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.next_id += 1;
        let id = self.next_id;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let mut header = String::new();
            assert!(self.output.read_line(&mut header).unwrap() > 0, "the server ended");
            let length: usize = header.trim().strip_prefix("Content-Length: ").unwrap().parse().unwrap();
            let mut body = vec![0; length + 2];
            self.output.read_exact(&mut body).unwrap();
            let message: Value = serde_json::from_slice(&body).unwrap();
            if message["id"] == id {
                return message["result"].clone();
            }
        }
    }

    /// Opens a document, asks, does as it is told, and closes it: what is undecided is decided then.
    pub fn visit(&mut self, uri: &str, accepts: bool) {
        let text = "fn main() {\n    let a = open(key);\n    let b = open(key);\n    let c = \n}\n";
        let document = json!({"uri": uri, "languageId": "rust", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
        let place = json!({"line": 3, "character": 12});
        let context = json!({"triggerKind": 1});
        let params = json!({"textDocument": {"uri": uri}, "position": place, "context": context});
        // A machine with much to do has nothing in time; whoever types on asks again.
        let answer = (0..100)
            .map(|_| self.request("textDocument/inlineCompletion", params.clone()))
            .find(|answer| {
                let is_there = answer["items"][0].is_object();
                if !is_there {
                    std::thread::sleep(std::time::Duration::from_millis(50));
                }
                is_there
            })
            .expect("a suggestion");
        let item = &answer["items"][0];
        assert!(item["insertText"].as_str().is_some_and(|text| text.starts_with("open(key)")), "{answer}");
        if accepts {
            let change = json!({"range": item["range"], "text": item["insertText"]});
            let document = json!({"uri": uri, "version": 2});
            self.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": [change]}));
            let command = json!({"command": item["command"]["command"], "arguments": item["command"]["arguments"]});
            self.request("workspace/executeCommand", command);
        }
        self.notify("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
    }

    pub fn leave(mut self) -> Ended {
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        let output = self.server.wait_with_output().unwrap();
        drop(self.input);
        Ended::of(output).expect_code(0)
    }
}

/// A user with two suggestions: one accepted, one not.
fn user_with_counts() -> User {
    let user = User::new();
    let mut editor = Editor::start(&user, &[]);
    editor.visit("file:///work/a.rs", true);
    editor.visit("file:///work/b.rs", false);
    editor.leave();
    user
}

fn report(user: &User, arguments: &[&str], code: i32) -> Value {
    let ended = user.run(&[&["stats", "--json"], arguments].concat()).expect_code(code);
    serde_json::from_str(&ended.stdout).unwrap()
}

fn totals(user: &User, arguments: &[&str]) -> Value {
    report(user, arguments, 0)["total"].clone()
}

#[test]
fn nothing_yet_is_1_with_helpful_words() {
    let user = User::new();
    let ended = user.run(&["stats"]).expect_code(1);
    assert!(ended.stdout.starts_with("Nothing is counted yet. "), "{}", ended.stdout);
    let found = report(&user, &["--by", "day"], 1);
    assert_eq!((&found["total"]["shown"], &found["groups"], &found["enabled"]), (&json!(0), &json!([]), &json!(true)));
    let ended = user.run(&["stats", "--set", "stats.enabled=false"]).expect_code(1);
    assert!(ended.stdout.contains("Counting is switched off"), "{}", ended.stdout);
    assert!(!user.path(".local").exists(), "looking makes nothing");
}

#[test]
fn counts_are_shown_to_people() {
    let user = user_with_counts();
    let ended = user.run(&["stats"]).expect_code(0);
    let lines: Vec<&str> = ended.stdout.lines().map(str::trim_end).collect();
    for line in [
        "  shown         2",
        "  accepted      1   50 % (9–91 % with 95 % confidence) of those decided",
        "    whole       1",
        "  rejected      1",
        "  after 5 min   not known: 1 closed before",
    ] {
        assert!(lines.contains(&line), "{line}\n---\n{}", ended.stdout);
    }
    assert!(ended.stdout.contains("Counted on this machine alone, in "), "{}", ended.stdout);
    assert_eq!(ended.stderr, "");
    assert_eq!(files(&user.path(".local/state/tandem"))[0], "stats.db");
    let doctor = user.run(&["doctor", "--set", "engine.choice=lookup"]).expect_code(0).stdout;
    assert!(doctor.contains("stats.db (") && doctor.contains("`tandem stats` shows them"), "{doctor}");
}

#[test]
fn counts_can_be_split_and_cut() {
    let user = user_with_counts();
    for (by, name) in [("language", "rust"), ("engine", "lookup"), ("source", "lookup")] {
        let groups = report(&user, &["--by", by], 0)["groups"].clone();
        assert_eq!((&groups[0]["name"], &groups[0]["shown"]), (&json!(name), &json!(2)), "{by}: {groups}");
        assert_eq!(groups.as_array().map(Vec::len), Some(1));
        let table = user.run(&["stats", "--by", by]).expect_code(0).stdout;
        assert!(table.lines().any(|line| line.starts_with(name) && line.contains("50 %")), "{table}");
    }
    let days = report(&user, &["--by", "day"], 0);
    assert!(days["groups"][0]["name"].as_str().is_some_and(|day| day.len() == 10), "{days:#}");
    assert_eq!(days["firstDay"], days["groups"][0]["name"]);
    assert_eq!(totals(&user, &["--days", "1"])["shown"], 2);
}

#[test]
fn mistakes_are_2_with_a_sentence() {
    let user = User::new();
    for (arguments, sentence) in [
        (vec!["stats", "--days", "0"], "--days"),
        (vec!["stats", "--by", "mood"], "mood"),
        (vec!["stats", "--yes"], "--reset"),
        (vec!["stats", "--reset", "--json"], "--json"),
    ] {
        let ended = user.run(&arguments).expect_code(2);
        assert!(ended.stderr.contains(sentence), "{arguments:?}: {}", ended.stderr);
    }
}

#[test]
fn a_reset_asks_and_deletes_everything() {
    let user = user_with_counts();
    let ended = user.run(&["stats", "--reset"]).expect_code(2);
    assert!(ended.stderr.contains("add --yes"), "{}", ended.stderr);
    assert_eq!(totals(&user, &[])["shown"], 2);
    let ended = user.run(&["stats", "--reset", "--yes"]).expect_code(0);
    assert_eq!(ended.stdout, "Deleted the counts of 2 suggestions.\n");
    user.run(&["stats"]).expect_code(1);
    let bytes = std::fs::read(user.path(FILE)).unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"lookup"), "nothing of it is left in the file");
    let nobody = User::new();
    assert_eq!(nobody.run(&["stats", "--reset", "--yes"]).expect_code(0).stdout, "There is nothing to delete.\n");
}

#[test]
fn a_damaged_file_is_told_and_moved_aside_by_the_next_server_once() {
    let user = User::new();
    user.write(FILE, &"not a database ".repeat(500));
    let ended = user.run(&["stats"]).expect_code(2);
    assert!(ended.stderr.contains("is damaged, or of another program"), "{}", ended.stderr);
    let mut editor = Editor::start(&user, &[]);
    editor.visit("file:///work/a.rs", true);
    editor.visit("file:///work/b.rs", true);
    let ended = editor.leave();
    assert_eq!(ended.stderr.matches("moved aside").count(), 1, "{}", ended.stderr);
    assert_eq!(totals(&user, &[])["acceptedWhole"], 2);
    assert!(files(&user.path(".local/state/tandem")).contains(&"stats.db.damaged".to_owned()));
}

#[test]
fn a_server_that_is_killed_leaves_what_was_stored() {
    let user = User::new();
    let mut editor = Editor::start(&user, &[]);
    editor.visit("file:///work/a.rs", true);
    // Stored within seconds, while the server runs and nobody asked it to.
    while user.run(&["stats"]).code != Some(0) {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    editor.visit("file:///work/b.rs", true);
    editor.server.kill().unwrap();
    editor.server.wait().unwrap();
    let shown = totals(&user, &[])["shown"].as_u64();
    assert!(matches!(shown, Some(1 | 2)), "{shown:?}");
    let mut editor = Editor::start(&user, &[]);
    editor.visit("file:///work/c.rs", true);
    editor.leave();
    assert_eq!(totals(&user, &[])["shown"].as_u64(), shown.map(|shown| shown + 1));
}

#[test]
fn two_servers_count_into_one_file() {
    let user = User::new();
    let mut editors = [Editor::start(&user, &[]), Editor::start(&user, &[])];
    for number in 0..5 {
        for (at, editor) in editors.iter_mut().enumerate() {
            editor.visit(&format!("file:///work/{at}/{number}.rs"), number % 2 == 0);
        }
    }
    for editor in editors {
        assert_eq!(editor.leave().stderr.matches("figures").count(), 0);
    }
    let total = totals(&user, &[]);
    assert_eq!((&total["shown"], &total["acceptedWhole"]), (&json!(10), &json!(6)), "{total:#}");
}

#[test]
fn a_repository_may_switch_counting_off_and_not_on() {
    for (own, repository, counted) in [("true", "true", true), ("true", "false", false), ("false", "true", false)] {
        let user = User::new();
        user.write(".config/tandem/config.toml", &format!("[stats]\nenabled = {own}\n"));
        user.write("work/.tandem.toml", &format!("[stats]\nenabled = {repository}\n"));
        let folder = format!("file://{}", user.path("work").display());
        let mut editor = Editor::start_in(&user, &[], &json!([{"uri": folder, "name": "work"}]));
        editor.visit("file:///work/a.rs", false);
        editor.leave();
        assert_eq!(user.path(FILE).exists(), counted, "{own} {repository}");
    }
}

#[test]
fn a_recording_that_is_played_counts_nothing() {
    let user = User::new();
    let recording = user.path("session.jsonl");
    let recording = recording.to_str().unwrap();
    let mut editor = Editor::start(&user, &["--mirror", recording]);
    editor.visit("file:///work/a.rs", true);
    editor.leave();
    assert_eq!(totals(&user, &[])["shown"], 1);
    user.run(&["serve", "--set", "engine.choice=lookup", "--replay", recording, "--fast"]).expect_code(0);
    assert_eq!(totals(&user, &[])["shown"], 1);
}
