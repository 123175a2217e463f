//! A session of the real binary where there is no network.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::stdio::Editor;

const TANDEM: &str = env!("CARGO_BIN_EXE_tandem");

/// A command in a network namespace of its own: no interface but a loopback that is down. None where the system does not
/// permit namespaces to users.
fn without_network(program: &str) -> Option<Command> {
    let is_permitted = |flags: &str| {
        let tried = Command::new("unshare").args([flags, "true"]).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    let Some(flags) = ["-n", "-rn"].into_iter().find(|flags| is_permitted(flags)) else {
        eprintln!("skipped: this system permits no network namespaces");
        return None;
    };
    let mut command = Command::new("unshare");
    command.args([flags, program]);
    Some(command)
}

struct Home {
    directory: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let home = Self { directory: tempfile::tempdir().unwrap() };
        std::fs::create_dir_all(home.path("work")).unwrap();
        std::fs::write(home.path("work/shop.rs"), "pub fn total_of_order(order: u32) -> u32 {\n    order\n}\n")
            .unwrap();
        home
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.directory.path().join(relative)
    }

    /// As in an empty home; a provider and a limit are set, so that nothing but a question is missing for the cloud.
    fn command(&self, mut command: Command) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .current_dir(self.path("work"))
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.directory.path())
            .env("XDG_RUNTIME_DIR", self.directory.path())
            .env("CI", "true")
            .env("TANDEM_CLOUD_PROVIDER", "anthropic")
            .env("TANDEM_BUDGET_LIMITS", "$20 per month")
            .env("ANTHROPIC_API_KEY", "none");
        command
    }
}

/// Asks until the index has the file on disk: more often than any machine needs.
const MOST_ASKED: u32 = 100_000;

/// Opens a file, completes in it, and asks the index for a definition in another one.
fn session(mut editor: Editor, work: &Path, before_the_end: impl FnOnce(u32)) {
    let root = format!("file://{}", work.display());
    let uri = format!("{root}/pay.rs");
    editor.initialize(&root, &Value::Null);
    editor.open(&uri, "fn pay() {\n    let sum = total_of_order(3);\n    let sum = total_of\n}\n");
    editor.complete(2, &uri, 2, 22);
    let mut asks = 10..MOST_ASKED;
    let is_found = |found: Value| found.to_string().contains("shop.rs");
    assert!(asks.any(|id| is_found(editor.request(id, "workspace/symbol", json!({"query": "total_of_order"})))));
    before_the_end(editor.child.id());
    editor.end(3);
}

/// The program behind `unshare` has its process.
fn sockets_other_than_unix(process: u32) -> Vec<String> {
    let unix = std::fs::read_to_string(format!("/proc/{process}/net/unix")).unwrap();
    let known: Vec<&str> = unix.lines().filter_map(|line| line.split_whitespace().nth(6)).collect();
    let open = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let links = open.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    let sockets = links.filter_map(|link| {
        let number = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned();
        (!known.contains(&number.as_str())).then_some(number)
    });
    sockets.collect()
}

#[test]
fn a_session_needs_no_network_and_has_no_socket_but_unix_ones() {
    let Some(mut command) = without_network(TANDEM) else { return };
    command.arg("serve");
    let home = Home::new();
    let editor = Editor::start(home.command(command));
    session(editor, &home.path("work"), |process| {
        let interfaces = std::fs::read_to_string(format!("/proc/{process}/net/dev")).unwrap();
        assert_eq!(interfaces.matches(':').count(), 1, "only a loopback: {interfaces}");
        assert_eq!(sockets_other_than_unix(process), [""; 0]);
    });
}

#[test]
fn a_session_asks_the_system_for_no_socket_but_unix_ones() {
    if Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_err() {
        eprintln!("skipped: no strace here");
        return;
    }
    let home = Home::new();
    let log = home.path("calls");
    let mut command = Command::new("strace");
    command
        .args(["-f", "-qq", "-e", "trace=socket,connect,sendto,sendmsg,bind", "-o"])
        .arg(&log)
        .args([TANDEM, "serve"]);
    session(Editor::start(home.command(command)), &home.path("work"), |_| {});
    let calls = std::fs::read_to_string(log).unwrap();
    let foreign: Vec<&str> = calls.lines().filter(|line| line.contains("AF_") && !line.contains("AF_UNIX")).collect();
    assert_eq!(foreign, [""; 0]);
}

#[test]
fn commands_need_no_network() {
    for (arguments, expected) in
        [(&["search", "total_of_order"][..], "shop.rs"), (&["map"], "total_of_order"), (&["doctor"], "Editors")]
    {
        let Some(mut command) = without_network(TANDEM) else { return };
        command.args(arguments);
        let home = Home::new();
        let output = home.command(command).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(expected), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    }
}
