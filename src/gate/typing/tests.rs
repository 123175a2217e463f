//! What of typing leaves, from which folders, and what is on record of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use super::*;
use crate::engine::{FimPrompt, Origin, PromptBudget, Snippet, Task, Urgency};
use crate::gate::audit::{Reading, Typed, Verdict, verify};
use crate::privacy::Fingerprint;
use crate::privacy::secrets::corpus::corpus;

/// A user's machine with two folders, both trusted.
struct Machine {
    place: tempfile::TempDir,
    trust: Trust,
    now: Arc<Mutex<SystemTime>>,
}

impl Machine {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("work/src/a.rs", ""),
            ("work/legal/contract.md", ""),
            ("work/.env", ""),
            ("work/.aiignore", "drafts/\n"),
            ("work/drafts/b.rs", ""),
            ("other/.gitignore", "mine.rs\n"),
            ("other/mine.rs", ""),
            ("outside.rs", ""),
        ] {
            let path = place.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let trust = Trust::new(&place.path().join("state"));
        let machine = Self {
            place,
            trust,
            now: Arc::new(Mutex::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000))),
        };
        machine.trust("work");
        machine.trust("other");
        machine
    }

    fn trust(&self, folder: &str) {
        let folder = self.folder(folder);
        self.trust.grant(&folder, &Fingerprint::of(&folder)).unwrap();
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn log(&self) -> PathBuf {
        self.place.path().join("state/audit.jsonl")
    }

    fn pass(&self, minutes: u64) {
        *self.now.lock().unwrap() += Duration::from_secs(60 * minutes);
    }

    fn guard(&self) -> TypingGuard {
        let mut settings = Settings::default();
        settings.privacy.local_only = vec!["legal/".to_owned()];
        settings.privacy.internal = vec!["*.toml".to_owned()];
        settings.index.exclude = vec!["vendor/".to_owned()];
        let now = self.now.clone();
        TypingGuard::new(TypingParts {
            host: "gpu.example:8080".to_owned(),
            session: "5e55".to_owned(),
            rules: TypingRules::of(&settings),
            trust: self.trust.clone(),
            audit: Arc::new(AuditLog::new(self.log(), 365)),
            clock: Arc::new(move || *now.lock().unwrap()),
        })
    }

    fn job(&self, path: &str) -> Job {
        let origin = Origin { folder: Some(self.folder("work")), others: Vec::new() };
        let prompt = FimPrompt {
            repository: Some("work".to_owned()),
            path: path.to_owned(),
            prefix: "fn main() {\n    ".into(),
            suffix: "\n}\n".into(),
            origin: Arc::new(origin),
            ..FimPrompt::default()
        };
        Job {
            lane: 1,
            urgency: Urgency::Awaited,
            task: Task::Write,
            prompt,
            budget: PromptBudget { prefix: 100, suffix: 100, snippets: 100 },
            max_tokens: 10,
            max_lines: 1,
            candidates: 1,
            draft: Some("from lookup".to_owned()),
            explain: false,
            corpus: None,
        }
    }
}

fn kept(result: Result<Job, Kept>) -> &'static str {
    result.map_or_else(|kept| kept.reason, |_| "sent")
}

fn snippets(paths: &[&str]) -> Vec<Snippet> {
    paths.iter().map(|path| Snippet { path: (*path).to_owned(), text: "fn f()".to_owned() }).collect()
}

#[test]
fn a_file_is_judged_by_its_name_and_by_the_real_file() {
    let machine = Machine::new();
    #[cfg(unix)]
    {
        let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, machine.folder("work").join(name)).unwrap();
        link("legal/contract.md", "public.md");
        link(".env", "settings.txt");
        link("../outside.rs", "inside.rs");
    }
    let guard = machine.guard();
    for (path, expected) in [
        ("src/a.rs", "sent"),
        ("src/new.rs", "sent"),
        // Internal is asked about in a question; the machine is the user's own.
        ("Cargo.toml", "sent"),
        ("legal/contract.md", "localOnly"),
        ("legal/new.md", "localOnly"),
        (".env", "denied"),
        ("drafts/b.rs", "denied"),
        ("vendor/x.rs", "denied"),
        ("../outside.rs", "denied"),
        ("/etc/passwd", "denied"),
        ("", "denied"),
        #[cfg(unix)]
        ("public.md", "localOnly"),
        #[cfg(unix)]
        ("settings.txt", "denied"),
        #[cfg(unix)]
        ("inside.rs", "denied"),
    ] {
        assert_eq!(kept(guard.admit(machine.job(path))), expected, "{path}");
    }
    // A rule that comes while the editor runs holds for the next request; so does the end of trust that it is.
    std::fs::write(machine.folder("work/src/.gitignore"), "a.rs\n").unwrap();
    assert_eq!(kept(guard.admit(machine.job("src/a.rs"))), "denied");
    std::fs::write(machine.folder("work/.tandemignore"), "x\n").unwrap();
    assert_eq!(kept(guard.admit(machine.job("src/new.rs"))), "notTrusted");
}

#[test]
fn snippets_that_may_not_leave_are_left_out_and_so_is_what_lookup_wrote() {
    let machine = Machine::new();
    let mut job = machine.job("src/a.rs");
    job.prompt.snippets =
        snippets(&["src/b.rs", "legal/contract.md", ".env", "drafts/b.rs", "../outside.rs", "mine.rs", "src\\c.rs"]);
    let sent = machine.guard().admit(job.clone()).unwrap();
    assert_eq!(sent.prompt.snippets, snippets(&["src/b.rs", "mine.rs"]));
    assert_eq!((sent.draft, sent.prompt.prefix), (None, job.prompt.prefix.clone()));
    // With the folder open that has such a file, its rules hold, too.
    let origin = Origin { folder: Some(machine.folder("work")), others: vec![machine.folder("other")] };
    job.prompt.origin = Arc::new(origin);
    assert_eq!(machine.guard().admit(job).unwrap().prompt.snippets, snippets(&["src/b.rs"]));
}

#[test]
fn nothing_at_all_leaves_while_one_of_the_folders_is_not_trusted() {
    let machine = Machine::new();
    let guard = machine.guard();
    let mut job = machine.job("src/a.rs");
    job.prompt.origin =
        Arc::new(Origin { folder: Some(machine.folder("work")), others: vec![machine.folder("other")] });
    assert_eq!(kept(guard.admit(job.clone())), "sent");
    machine.trust.revoke(&machine.folder("other")).unwrap();
    let why = guard.admit(job.clone()).unwrap_err();
    assert_eq!(why.reason, "notTrusted");
    assert!(why.sentence.contains("`other`") && why.sentence.contains("`tandem trust`"), "{}", why.sentence);
    machine.trust("other");
    std::fs::write(machine.folder("work/.tandem.toml"), "").unwrap();
    assert_eq!(kept(guard.admit(job.clone())), "notTrusted");
    job.prompt.origin = Arc::default();
    assert_eq!(kept(guard.admit(job)), "noFile");
}

#[test]
fn a_prompt_with_a_secret_of_any_kind_stays_wherever_it_stands() {
    let machine = Machine::new();
    let guard = machine.guard();
    let mut places = BTreeMap::<&str, usize>::new();
    // One form of each rule, in one place of the prompt after the other.
    let mut seen = std::collections::HashSet::new();
    let seeded = corpus(7).into_iter().filter(|seeded| seeded.place == "settings" && seen.insert(seeded.rule.clone()));
    for (number, seeded) in seeded.enumerate() {
        let mut job = machine.job("src/a.rs");
        let text = seeded.text.as_str();
        let middle = (text.len() / 2..text.len()).find(|at| text.is_char_boundary(*at)).unwrap();
        let place = match number % 4 {
            0 => {
                job.prompt.prefix = format!("use a;\n{text}\n").into();
                "before"
            }
            1 => {
                job.prompt.suffix = format!("\n{text}\n").into();
                "behind"
            }
            2 => {
                job.prompt.prefix = text[..middle].into();
                job.prompt.suffix = text[middle..].into();
                "around"
            }
            _ => {
                job.prompt.snippets = vec![Snippet { path: "src/b.rs".to_owned(), text: text.to_owned() }];
                "elsewhere"
            }
        };
        *places.entry(place).or_default() += 1;
        let Err(why) = guard.admit(job) else { panic!("{} {place}", seeded.rule) };
        assert_eq!(why.reason, "secret", "{} {place}", seeded.rule);
        for trace in &seeded.traces {
            assert!(!why.sentence.contains(trace.as_str()), "{}", seeded.rule);
        }
    }
    assert!(places.values().all(|number| *number > 20), "{places:?}");
    assert!(!machine.log().exists(), "nothing left, so nothing is on record");
}

#[test]
fn a_secret_that_ends_at_the_cursor_is_not_hidden_by_what_follows() {
    let machine = Machine::new();
    let mut found = 0;
    let seeded = corpus(11).into_iter().filter(|seeded| seeded.rule.contains("github") && seeded.place == "code");
    for seeded in seeded {
        let secret = seeded.traces.iter().max_by_key(|trace| trace.len()).unwrap();
        let at = seeded.text.find(secret.as_str()).unwrap() + secret.len();
        let mut job = machine.job("src/a.rs");
        job.prompt.prefix = seeded.text[..at].into();
        job.prompt.suffix = "MoreLettersAndMore0123456789MoreLetters".into();
        found += usize::from(kept(machine.guard().admit(job)) == "secret");
    }
    assert!(found > 0);
}

#[test]
fn the_first_request_of_an_hour_is_on_record_before_it_leaves_and_the_hour_behind_it() {
    let machine = Machine::new();
    let guard = machine.guard();
    let send = |bytes: u64| {
        let job = guard.admit(machine.job("src/a.rs")).unwrap();
        assert!(machine.log().exists(), "before it leaves");
        guard.sent(&job, 1, bytes);
    };
    let read = || Reading::of(&machine.log()).unwrap().typing;
    send(1000);
    assert_eq!(read().iter().map(|hour| (hour.n, hour.typed.clone())).collect::<Vec<_>>(), [(2, None)]);
    machine.pass(59);
    send(500);
    assert_eq!(kept(guard.admit(machine.job("legal/contract.md"))), "localOnly");
    assert_eq!(read().len(), 1);
    machine.pass(1);
    send(30);
    guard.close();
    let hours = read();
    assert_eq!(hours.len(), 2);
    let Typed { requests, bytes, withheld, of, .. } = hours[0].typed.clone().unwrap();
    assert_eq!((requests, bytes, of), (2, 1500, 2));
    assert_eq!(withheld, BTreeMap::from([("localOnly".to_owned(), 1)]));
    assert_eq!(hours[1].typed.as_ref().map(|typed| (typed.requests, typed.bytes)), Some((1, 30)));
    assert_eq!(hours[0].begins.host, "gpu.example:8080");
    assert_eq!(hours[0].begins.workspace, workspace_key(&machine.folder("work")));
    assert_eq!(verify(&machine.log()).unwrap().verdict, Verdict::Whole);
    guard.close();
    assert_eq!(read().len(), 2, "an hour ends once");
    // The end of a request that was under way when all was written down.
    guard.sent(&machine.job("src/a.rs"), 1, 70);
    assert_eq!(kept(guard.admit(machine.job("legal/contract.md"))), "localOnly");
    drop(guard);
    let last = read().remove(1).typed.unwrap();
    assert_eq!((read().len(), last.requests, last.bytes, last.withheld.len()), (2, 2, 100, 1));
    assert_eq!(verify(&machine.log()).unwrap().verdict, Verdict::Whole);
}

#[test]
fn folders_have_hours_of_their_own_and_what_stayed_is_told_with_the_next() {
    let machine = Machine::new();
    let guard = machine.guard();
    let mut job = machine.job("mine.rs");
    job.prompt.origin = Arc::new(Origin { folder: Some(machine.folder("other")), others: Vec::new() });
    assert_eq!(kept(guard.admit(job.clone())), "denied");
    job.prompt.path = "ours.rs".to_owned();
    for job in [job, machine.job("src/a.rs")] {
        let job = guard.admit(job).unwrap();
        guard.sent(&job, 1, 10);
    }
    drop(guard);
    let hours = Reading::of(&machine.log()).unwrap().typing;
    let mut told: Vec<_> = hours
        .into_iter()
        .map(|hour| (hour.begins.workspace, hour.typed.map(|typed| (typed.requests, typed.withheld.len()))))
        .collect();
    told.sort();
    let mut expected = vec![
        (workspace_key(&machine.folder("other")), Some((1, 1))),
        (workspace_key(&machine.folder("work")), Some((1, 0))),
    ];
    expected.sort();
    assert_eq!(told, expected);
}

#[test]
fn what_cannot_be_put_on_record_does_not_leave() {
    let machine = Machine::new();
    std::fs::create_dir_all(machine.log()).unwrap();
    let why = machine.guard().admit(machine.job("src/a.rs")).unwrap_err();
    assert_eq!(why.reason, "audit");
    assert!(why.sentence.starts_with("the audit log cannot be written, so nothing goes to gpu.example:8080"));
}

#[test]
fn an_hour_of_a_process_that_was_killed_stays_open_and_the_log_whole() {
    let machine = Machine::new();
    let guard = machine.guard();
    guard.admit(machine.job("src/a.rs")).unwrap();
    // As a kill leaves it.
    std::mem::forget(guard);
    let audit = AuditLog::new(machine.log(), 365);
    audit
        .typing_begins(
            crate::gate::audit::TypingBegins { session: "2".into(), workspace: "w".into(), host: "h".into() },
            *machine.now.lock().unwrap(),
        )
        .unwrap();
    let verification = verify(&machine.log()).unwrap();
    assert_eq!((verification.verdict, verification.records), (Verdict::Whole, 3));
    assert!(Reading::of(&machine.log()).unwrap().typing.iter().all(|hour| hour.typed.is_none()));
}
