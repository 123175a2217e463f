//! `tandem model pull` as a user types it, alone and twice at once, stopped and killed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tandem::models::{Catalogue, CommercialUse};

use super::support::{FILE, serving};
use crate::hub::{Content, Hub, Said, mix};

const SIZE: u64 = 8 << 20;
const MODEL: &str = "owner/model/a-Q8_0.gguf";

/// A user with a home of their own, and the double for a hub.
pub struct Home {
    place: tempfile::TempDir,
    hub: String,
}

impl Home {
    pub fn of(double: &Hub) -> Self {
        Self { place: tempfile::tempdir().unwrap(), hub: double.url() }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let home = self.place.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
        command
            .args(["model", "pull"])
            .args(arguments)
            .current_dir(home)
            .env_clear()
            .env("HOME", home)
            .env("XDG_RUNTIME_DIR", home)
            .env("TANDEM_MODELS_HUB", &self.hub)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub async fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = self.command(arguments);
        Ended::of(tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap())
    }

    fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    pub fn models(&self) -> PathBuf {
        self.place.path().join(".local/share/tandem/models")
    }

    fn file(&self) -> PathBuf {
        self.models().join("a/q8_0").join(FILE)
    }

    pub fn lock(&self) -> String {
        std::fs::read_to_string(self.models().join("models.lock")).unwrap_or_default()
    }

    pub fn left_over(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.models().join("partial")).into_iter().flatten().filter_map(Result::ok);
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }
}

#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    async fn wait(child: Child) -> Self {
        Self::of(tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap())
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_becomes_an_installed_model() {
    let double = serving(SIZE).await;
    let home = Home::of(&double);
    let ended = home.run(&[MODEL]).await.expect(0);
    assert!(double.content(FILE).is_in(&home.file()));
    assert!(
        ended.stdout.contains("a:q8_0 is here and verified: ")
            && ended.stdout.contains("`tandem model use a:q8_0` uses it."),
        "{ended:?}"
    );
    assert!(ended.stderr.contains("a:q8_0: 8.4 MB from owner/model"), "{ended:?}");
    assert!(home.lock().contains(&double.content(FILE).sha256()));
    assert!(home.lock().contains("0000000000000000000000000000000000c0ffee"));
    assert_eq!(home.left_over(), [""; 0]);
    let sent = double.record().sent;
    let again = home.run(&[MODEL]).await.expect(0);
    assert_eq!(again.stdout, "It is there already, and is what the hub has: a:q8_0.\n");
    assert_eq!(double.record().sent, sent, "nothing came");
    // A new commit with another file takes its place.
    double.change(|rules| rules.version = 3);
    home.run(&[MODEL]).await.expect(0);
    assert!(double.content(FILE).is_in(&home.file()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_fetched_again_only_where_that_may_be_of_use() {
    for said in [Said::Tag, Said::Date] {
        let double = serving(SIZE).await;
        double.change(|rules| rules.said = said);
        let home = Home::of(&double);
        let address = format!("{}/plain/{FILE}", double.url());
        home.run(&[&address]).await.expect(0);
        let sent = double.record().sent;
        let again = home.run(&[&address]).await.expect(0);
        assert!(again.stdout.contains("It is there already"), "{again:?}");
        double.change(|rules| rules.version = 5);
        let refused = home.run(&[&address]).await.expect(1);
        assert!(refused.stderr.contains("type `tandem model rm a:q8_0` and pull again"), "{refused:?}");
        assert_eq!(double.record().sent, sent, "nothing came");
        assert_eq!(home.left_over(), [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pulled_model_can_be_used_at_once() {
    let double = serving(SIZE).await;
    let home = Home::of(&double);
    let ended = home.run(&[MODEL, "--use", "--name", "mine"]).await.expect(0);
    let config = std::fs::read_to_string(home.place.path().join(".config/tandem/config.toml")).unwrap();
    assert!(config.contains("model = \"mine:q8_0\""), "{config}");
    assert!(ended.stdout.contains("engine.model was absent and is `mine:q8_0` now"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_hear_of_it_line_by_line() {
    let double = serving(SIZE).await;
    double.change(|rules| rules.pace = std::time::Duration::from_millis(10));
    let home = Home::of(&double);
    let ended = home.run(&[MODEL, "--json", "--use"]).await.expect(0);
    let events: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], kinds[1]), ("resolved", "begin"));
    assert!(
        kinds.contains(&"progress") && kinds.ends_with(&["checking", "progress", "installed", "used"])
            || kinds.ends_with(&["checking", "installed", "used"]),
        "{kinds:?}"
    );
    let installed = events.iter().find(|event| event["event"] == "installed").unwrap();
    assert_eq!(installed["sha256"][0], Value::from(double.content(FILE).sha256()));
    assert_eq!(installed["path"], Value::from(home.file().to_str().unwrap()));
    assert_eq!(ended.stderr, "");
    let failed = home.run(&["owner/model/none.gguf", "--json"]).await.expect(1);
    let event: Value = serde_json::from_str(failed.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(event["event"], "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_the_catalogue_is_enough() {
    let entries = Catalogue::builtin().entries();
    let free = entries.iter().find(|entry| {
        Catalogue::builtin().licence(entry).is_some_and(|licence| licence.commercial == CommercialUse::Yes)
    });
    let entry = free.expect("a model with a free licence");
    let file = entry.file(None).unwrap();
    let double = Hub::with(vec![(&file.file, Content::model(SIZE, 1))]).await;
    let home = Home::of(&double);
    let ended = home.run(&[&entry.name]).await.expect(0);
    let name = format!("{}:{}", entry.name, entry.default);
    assert!(ended.stdout.contains(&format!("{name} is here and verified")), "{ended:?}");
    assert!(ended.stderr.contains("Licence: "), "{ended:?}");
    assert!(double.record().asked[0].path.starts_with(&format!("/{}/resolve/main/", file.repository)));
    let wrong = home.run(&["qwen2.5-coder-1.5x"]).await.expect(2);
    assert!(wrong.stderr.contains("did you mean qwen2.5-coder-1.5b"), "{wrong:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_for_work_is_asked_about() {
    let entries = Catalogue::builtin().entries();
    let restricted = entries.iter().find(|entry| {
        Catalogue::builtin().licence(entry).is_some_and(|licence| licence.commercial == CommercialUse::No)
    });
    let entry = restricted.expect("a model that is not for work");
    let double = Hub::with(vec![(&entry.file(None).unwrap().file, Content::model(SIZE, 1))]).await;
    let home = Home::of(&double);
    let ended = home.run(&[&entry.name]).await.expect(2);
    assert!(
        ended.stderr.contains("NOT for commercial use") && ended.stderr.contains("--yes agrees to its licence"),
        "{ended:?}"
    );
    assert_eq!(double.record().sent, 0);
    home.run(&[&entry.name, "--yes"]).await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_believed_once_and_held_to_it() {
    let double = serving(SIZE).await;
    double.change(|rules| rules.said = Said::Tag);
    let home = Home::of(&double);
    let address = format!("{}/plain/{FILE}", double.url());
    let ended = home.run(&[&address]).await.expect(0);
    let sha = double.content(FILE).sha256();
    assert!(ended.stderr.contains(&format!("nobody had said what its digest would be. It is {sha}")), "{ended:?}");
    double.change(|rules| rules.version = 9);
    let other = home.run(&[&address]).await.expect(1);
    assert!(other.stderr.contains(&format!("an earlier pull said sha256:{sha}")), "{other:?}");
    assert!(home.lock().contains(&sha), "what was there stays");
    double.change(|rules| rules.version = 0);
    assert!(double.content(FILE).is_in(&home.file()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_model_is_not_kept() {
    let broken = format!("GGUF{}", "\u{7f}".repeat(5000));
    let double = Hub::with(vec![(FILE, Content::text(&broken))]).await;
    let home = Home::of(&double);
    let ended = home.run(&[MODEL]).await.expect(2);
    assert!(ended.stderr.contains("Nothing of it was kept"), "{ended:?}");
    assert_eq!((home.left_over(), home.lock()), (vec![], String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lie_and_a_full_disk_leave_nothing() {
    let double = serving(SIZE).await;
    double.change(|rules| rules.lies = true);
    let home = Home::of(&double);
    let ended = home.run(&[MODEL]).await.expect(1);
    assert!(ended.stderr.contains("a-Q8_0.gguf is not what it should be: the hub said sha256:"), "{ended:?}");
    assert_eq!((home.left_over(), home.lock()), (vec![], String::new()));
    double.change(|rules| (rules.lies, rules.size_lie) = (false, 1 << 60));
    double.forget();
    let ended = home.run(&[MODEL]).await.expect(1);
    assert!(ended.stderr.contains("there is no room in ") && ended.stderr.contains("`models.directory`"), "{ended:?}");
    assert_eq!(double.record().sent, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_network_it_says_what_works() {
    let double = serving(SIZE).await;
    let mut home = Home::of(&double);
    home.run(&[MODEL]).await.expect(0);
    drop(double);
    let there = home.run(&[MODEL]).await.expect(0);
    assert!(there.stdout.contains("It is there already: a:q8_0"), "{there:?}");
    home.hub = "http://hub.invalid".to_owned();
    let ended = home.run(&["owner/model/other-Q8_0.gguf"]).await.expect(1);
    assert!(
        ended.stderr.contains("hub.invalid was not found") && ended.stderr.contains("`tandem model import FILE`"),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_bring_it_once() {
    let double = serving(SIZE).await;
    double.change(|rules| rules.pace = std::time::Duration::from_millis(5));
    let home = Home::of(&double);
    let first = home.start(&[MODEL]);
    double.until(|record| record.sent > 0).await;
    let second = home.start(&[MODEL]);
    let (first, second) = tokio::join!(Ended::wait(first), Ended::wait(second));
    let (first, second) = (first.expect(0), second.expect(0));
    assert!(second.stderr.contains("Another process is bringing the same file: waiting for it."), "{second:?}");
    assert!(
        first.stdout.contains("is here and verified") && second.stdout.contains("It is there already"),
        "{second:?}"
    );
    assert_eq!(double.record().sent, SIZE);
    assert_eq!(home.left_over(), [""; 0]);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn control_c_keeps_what_came() {
    let double = serving(SIZE).await;
    double.change(|rules| rules.pace = std::time::Duration::from_millis(10));
    let home = Home::of(&double);
    let child = home.start(&[MODEL]);
    double.until(|record| record.sent > SIZE / 2).await;
    // SAFETY: a signal to a child that was started here and not waited for yet.
    assert_eq!(unsafe { libc::kill(child.id() as i32, libc::SIGINT) }, 0);
    let ended = Ended::wait(child).await.expect(1);
    assert!(
        ended.stderr.contains("tandem: stopped")
            && ended.stderr.contains("are kept; the same command goes on with them"),
        "{ended:?}"
    );
    double.forget();
    let ended = home.run(&[MODEL]).await.expect(0);
    assert!(ended.stderr.contains("are there already"), "{ended:?}");
    assert!(double.record().sent < SIZE * 2 / 3, "{}", double.record().sent);
    assert!(double.content(FILE).is_in(&home.file()));
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_leave_a_right_file() {
    let size = 24 << 20;
    let double = serving(size).await;
    double.change(|rules| (rules.pace, rules.chaos) = (std::time::Duration::from_millis(60), Some(11)));
    let home = Home::of(&double);
    let (mut kills, mut went_on) = (0, 0);
    for round in 0..200 {
        if kills == 50 {
            break;
        }
        let until = double.record().sent + mix(round) % (size / 8);
        let mut child = home.start(&[MODEL, "--json"]);
        let (ended, is_over) = tokio::sync::oneshot::channel();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let reading = tokio::task::spawn_blocking(move || {
            let began = lines.by_ref().find(|line| line.contains("\"begin\""));
            lines.for_each(drop);
            // Nobody waits for it where the process was killed.
            let _ = ended.send(());
            began.is_some_and(|line| !line.contains("\"there\":0"))
        });
        tokio::select! {
            () = double.until(|record| record.sent >= until) => {
                child.kill().unwrap();
                kills += 1;
            }
            _ = is_over => {}
        }
        child.wait().unwrap();
        went_on += u32::from(reading.await.unwrap());
        if home.file().exists() {
            assert!(double.content(FILE).is_in(&home.file()), "round {round}");
            std::fs::remove_dir_all(home.models()).unwrap();
        }
    }
    assert!(kills == 50 && went_on > 5, "{kills} kills, {went_on} went on with something");
    double.change(|rules| rules.pace = std::time::Duration::ZERO);
    home.run(&[MODEL]).await.expect(0);
    assert!(double.content(FILE).is_in(&home.file()));
    assert_eq!(home.left_over(), [""; 0]);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn memory_does_not_grow_with_the_file() {
    let mut peaks = Vec::new();
    for size in [16 << 20, 256 << 20] {
        let double = serving(size).await;
        let home = Home::of(&double);
        let mut child = home.start(&[MODEL]);
        let status = format!("/proc/{}/status", child.id());
        let mut peak = 0;
        while child.try_wait().unwrap().is_none() {
            peak = peak_kib(Path::new(&status)).unwrap_or(peak);
            tokio::task::yield_now().await;
        }
        Ended::wait(child).await.expect(0);
        assert!(double.content(FILE).is_in(&home.file()));
        peaks.push(peak);
    }
    assert!(peaks[0] > 0 && peaks[1] < peaks[0] + (32 << 10), "{peaks:?} KiB");
}

/// Most memory that a process had so far. None when it is gone.
#[cfg(target_os = "linux")]
fn peak_kib(status: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}
