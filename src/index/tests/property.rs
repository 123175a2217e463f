//! After any sequence of events the index is what a rebuild would be.
//!
//! `TANDEM_PROPERTY_SECONDS=3600 cargo test --release --no-default-features --lib index::tests::property` runs it for an
//! hour.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};

use super::*;

/// Names that are few, so that the events meet each other.
const DIRECTORIES: &[&str] = &["", "src", "src/inner", "lib", "docs", "vendor", "node_modules"];
const FILES: &[&str] = &["a.rs", "b.rs", "mod.rs", "c.py", "d.ts", "e.md", "f.txt", "Makefile", "g.min.js"];
const IGNORE_NAMES: &[&str] = &[".gitignore", ".ignore", ".cursorignore", "src/.gitignore", ".git/info/exclude"];
const PATTERNS: &[&str] =
    &["*.py\n", "src/inner/\n", "/lib\n!lib/a.rs\n", "*\n!*.rs\n", "docs\n", "", "[\n", "**/b.rs\n"];
const TEXTS: &[&str] = &[
    "fn alpha() { beta(); }\npub struct Shape { side: u32 }\n",
    "use crate::a::alpha;\nmod inner;\nfn beta() { alpha(); gamma(1) }\n",
    "impl Shape { fn area(&self) -> u32 { self.side } }\n",
    "from lib.c import gamma\nimport os\n\nclass Series:\n    def mean(self):\n        return gamma(self)\n",
    "def gamma(x):\n    return alpha(x)\n",
    "import { delta } from './d';\nexport function delta(a: string) { return epsilon(a); }\n",
    "# Title\n\nSome words about alpha and Shape.\n\n## Part\n",
    "all: build\n\tcargo build\n",
    "fn broken( {\n",
    "",
    "\u{feff}fn marked() {}\r\n",
    "a\0binary",
];

#[derive(Clone, Debug)]
enum Event {
    Write {
        file: usize,
        text: usize,
    },
    /// Through a second file that is renamed over the first, as editors save.
    SaveAtomically {
        file: usize,
        text: usize,
    },
    Append {
        file: usize,
        text: usize,
    },
    Remove {
        file: usize,
    },
    Rename {
        from: usize,
        to: usize,
    },
    RenameDirectory {
        from: usize,
        to: usize,
    },
    RemoveDirectory {
        directory: usize,
    },
    Ignore {
        file: usize,
        pattern: usize,
    },
    Link {
        from: usize,
        to: usize,
    },
    /// Many files at once, and HEAD.
    Checkout {
        seed: u64,
    },
    Open {
        file: usize,
        text: usize,
    },
    Close {
        file: usize,
    },
    /// Stored, or killed before that.
    Restart {
        stored: bool,
    },
    Compare,
}

fn event() -> impl Strategy<Value = Event> {
    let file = || 0..DIRECTORIES.len() * FILES.len();
    let text = || 0..TEXTS.len();
    let directory = || 1..DIRECTORIES.len();
    prop_oneof![
        6 => (file(), text()).prop_map(|(file, text)| Event::Write { file, text }),
        2 => (file(), text()).prop_map(|(file, text)| Event::SaveAtomically { file, text }),
        2 => (file(), text()).prop_map(|(file, text)| Event::Append { file, text }),
        2 => file().prop_map(|file| Event::Remove { file }),
        2 => (file(), file()).prop_map(|(from, to)| Event::Rename { from, to }),
        1 => (directory(), directory()).prop_map(|(from, to)| Event::RenameDirectory { from, to }),
        1 => directory().prop_map(|directory| Event::RemoveDirectory { directory }),
        1 => (0..IGNORE_NAMES.len(), 0..PATTERNS.len()).prop_map(|(file, pattern)| Event::Ignore { file, pattern }),
        1 => (file(), file()).prop_map(|(from, to)| Event::Link { from, to }),
        1 => any::<u64>().prop_map(|seed| Event::Checkout { seed }),
        3 => (file(), text()).prop_map(|(file, text)| Event::Open { file, text }),
        1 => file().prop_map(|file| Event::Close { file }),
        1 => any::<bool>().prop_map(|stored| Event::Restart { stored }),
        2 => Just(Event::Compare),
    ]
}

fn path_of(file: usize) -> String {
    let (directory, name) = (DIRECTORIES[file / FILES.len() % DIRECTORIES.len()], FILES[file % FILES.len()]);
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

/// How the index learns of what happened.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Told {
    /// By the client, each event, some twice and some late.
    Events,
    /// Not at all, until a scan is asked for.
    Scans,
}

struct World {
    bench: Bench,
    index: Option<Arc<Index>>,
    told: Told,
    late: Vec<PathBuf>,
    count: usize,
}

impl World {
    fn index(&self) -> &Arc<Index> {
        self.index.as_ref().unwrap()
    }

    fn touch(&mut self, paths: &[PathBuf]) {
        self.count += 1;
        // What was written through a link is told of where it lies; later the link may be gone.
        let real = paths.iter().filter_map(|path| std::fs::canonicalize(path).ok());
        let paths: &[PathBuf] = &paths.iter().cloned().chain(real).collect::<Vec<_>>();
        match (self.told, self.count % 3) {
            (Told::Scans, _) => {}
            (Told::Events, 0) => self.late.extend_from_slice(paths),
            (Told::Events, 1) => self.index().changed(paths.to_vec()),
            (Told::Events, _) => {
                self.index().changed(paths.to_vec());
                self.index().changed(paths.iter().rev().cloned().collect());
            }
        }
    }

    fn put(&self, path: &Path, content: &[u8]) -> bool {
        path.parent().is_some_and(|parent| std::fs::create_dir_all(parent).is_ok())
            && std::fs::write(path, content).is_ok()
    }

    fn apply(&mut self, event: &Event) {
        let root = self.bench.root().to_owned();
        let full = |file: usize| root.join(path_of(file));
        // What the file system refuses (a directory where a file should be) did not happen.
        match *event {
            Event::Write { file, text } => {
                self.put(&full(file), TEXTS[text].as_bytes());
                self.touch(&[full(file)]);
            }
            Event::SaveAtomically { file, text } => {
                let draft = root.join(".draft~");
                if self.put(&draft, TEXTS[text].as_bytes()) && std::fs::rename(&draft, full(file)).is_err() {
                    let _ = std::fs::remove_file(&draft);
                }
                self.touch(&[draft, full(file)]);
            }
            Event::Append { file, text } => {
                let mut content = std::fs::read(full(file)).unwrap_or_default();
                content.extend_from_slice(TEXTS[text].as_bytes());
                self.put(&full(file), &content);
                self.touch(&[full(file)]);
            }
            Event::Remove { file } => {
                let _ = std::fs::remove_file(full(file));
                self.touch(&[full(file)]);
            }
            Event::Rename { from, to } => {
                let _ = std::fs::rename(full(from), full(to));
                self.touch(&[full(from), full(to)]);
            }
            Event::RenameDirectory { from, to } => {
                let (from, to) = (root.join(DIRECTORIES[from]), root.join(DIRECTORIES[to]));
                let _ = std::fs::rename(&from, &to);
                self.touch(&[from, to]);
            }
            Event::RemoveDirectory { directory } => {
                let directory = root.join(DIRECTORIES[directory]);
                let _ = std::fs::remove_dir_all(&directory);
                self.touch(&[directory]);
            }
            Event::Ignore { file, pattern } => {
                let path = root.join(IGNORE_NAMES[file]);
                self.put(&path, PATTERNS[pattern].as_bytes());
                self.touch(&[path]);
            }
            Event::Link { from, to } => {
                #[cfg(unix)]
                let _ = std::os::unix::fs::symlink(full(to), full(from));
                self.touch(&[full(from)]);
            }
            Event::Checkout { seed } => {
                let mut paths = Vec::new();
                for file in 0..DIRECTORIES.len() * FILES.len() {
                    let random = seed.rotate_left((file % 64) as u32);
                    match random % 4 {
                        0 => _ = std::fs::remove_file(full(file)),
                        1 => _ = self.put(&full(file), TEXTS[(random >> 8) as usize % TEXTS.len()].as_bytes()),
                        _ => continue,
                    }
                    paths.push(full(file));
                }
                let head = root.join(".git/HEAD");
                self.put(&head, format!("{seed:040x}").as_bytes());
                paths.push(head);
                self.touch(&paths);
            }
            Event::Open { file, text } => _ = set_document(self.index(), &full(file), TEXTS[text]),
            Event::Close { file } => self.index().close_document(&full(file)),
            Event::Restart { stored } => self.restart(stored),
            Event::Compare => self.compare(),
        }
    }

    fn restart(&mut self, stored: bool) {
        let index = self.index.take().unwrap();
        if !stored {
            // What the disk has now survives a kill; what would be written at the end does not.
            let file = index.stored_at().unwrap();
            let kept = std::fs::read(&file).ok();
            drop(index);
            match kept {
                Some(kept) => std::fs::write(&file, kept).unwrap(),
                None => _ = std::fs::remove_file(&file),
            }
        }
        self.late.clear();
        self.index = Some(self.bench.open());
    }

    fn compare(&mut self) {
        let late = std::mem::take(&mut self.late);
        match self.told {
            Told::Events => self.index().changed(late),
            Told::Scans => self.index().scan(Cause::EventsLost),
        }
        self.index().settle();
        assert_true(self.index());
    }
}

fn run(told: Told, events: &[Event]) {
    let bench =
        Bench::new(&[(".git/HEAD", "ref: refs/heads/main\n"), ("src/a.rs", TEXTS[0]), ("src/mod.rs", TEXTS[1])]);
    let index = Some(bench.open());
    let mut world = World { bench, index, told, late: Vec::new(), count: 0 };
    for event in events {
        world.apply(event);
    }
    world.compare();
}

#[test]
fn after_any_events_the_index_is_what_a_rebuild_is() {
    let environment = crate::config::Environment::of_process();
    let seconds = environment.get("TANDEM_PROPERTY_SECONDS").and_then(|text| text.parse().ok());
    let until = Instant::now() + Duration::from_secs(seconds.unwrap_or(0));
    let told = prop_oneof![Just(Told::Events), Just(Told::Scans)];
    let strategy = (told, proptest::collection::vec(event(), 1..60));
    let mut sequences = 0;
    loop {
        let config = Config { cases: 48, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
        sequences += config.cases;
        let result = TestRunner::new(config).run(&strategy, |(told, events)| {
            run(told, &events);
            Ok(())
        });
        match result {
            Ok(()) => {}
            Err(TestError::Fail(reason, (told, events))) => panic!("{reason}\n{told:?}: {events:#?}"),
            Err(error) => panic!("{error}"),
        }
        if Instant::now() >= until {
            if seconds.is_some() {
                let _ = writeln!(std::io::stderr(), "{sequences} sequences without a difference");
            }
            return;
        }
    }
}
