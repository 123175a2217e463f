//! What goes wrong in workspaces, caches and clocks.

use std::fs;
use std::time::{Duration, Instant};

use super::*;

fn paths(index: &Index) -> Vec<String> {
    let state = index.read();
    state.ordered().into_iter().map(|id| state.file(id).unwrap().path.to_string()).collect()
}

fn omission(index: &Index, path: &str) -> Option<Omission> {
    index.read().file_at(path).unwrap_or_else(|| panic!("{path} is not there")).omission
}

#[test]
fn hostile_files_cost_at_most_their_limits() {
    let mut bench = Bench::new(&[("a.rs", "fn a() {}\n")]);
    bench.settings.max_parse_ms = 200;
    bench.settings.max_file_bytes = 6 << 20;
    bench.write("brackets.js", format!("f({}{})", "[".repeat(100_000), "]".repeat(100_000)));
    bench.write("open.rs", "fn f() { (".to_owned() + &"{(".repeat(60_000));
    bench.write("line.js", format!("x={};", "a+b*(c-d)+".repeat(500_000)));
    bench.write("ambiguous.cc", "a<b<c<d<e<".repeat(100_000));
    bench.write("large.rs", vec![b'x'; 7 << 20]);
    bench.write("binary.rs", b"fn a() {}\0\0");
    bench.write("latin.py", b"# caf\xe9\ndef latin():\n    return 'na\xefve'\n");
    let started = Instant::now();
    let index = bench.open();
    // Two threads, seven files, 0.2 s of parsing each, and the reading; a hundred times that would be a hang.
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    assert_eq!(omission(&index, "large.rs"), Some(Omission::TooLarge));
    assert_eq!(omission(&index, "line.js"), Some(Omission::Minified));
    assert_eq!(omission(&index, "binary.rs"), Some(Omission::Binary));
    assert_eq!(omission(&index, "latin.py"), None);
    assert_eq!(index.definitions("latin").len(), 1);
    assert_eq!(index.definitions("a").len(), 1);
    assert!(index.provenance().caught_up);
}

#[test]
fn an_open_document_of_100_000_brackets_costs_its_limit_too() {
    let bench = Bench::new(&[]);
    let index = bench.open();
    let text = "[".repeat(100_000);
    assert!(set_document(&index, &bench.root().join("deep.js"), &text));
    assert_eq!(paths(&index), ["deep.js"]);
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf_8_links_and_sockets_are_passed_over_and_counted() {
    use std::os::unix::ffi::OsStrExt;
    let bench = Bench::new(&[("src/a.rs", "fn a() {}\n")]);
    let odd = bench.root().join(std::ffi::OsStr::from_bytes(b"odd\xff.rs"));
    fs::write(odd, "fn odd() {}\n").unwrap();
    std::os::unix::fs::symlink("..", bench.root().join("src/loop")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", bench.root().join("passwd")).unwrap();
    std::os::unix::fs::symlink("nowhere", bench.root().join("dangling.rs")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(bench.root().join("socket")).unwrap();
    let index = bench.open();
    assert_eq!(paths(&index), ["src/a.rs"]);
    assert_eq!(index.progress().borrow().unnameable, 1);
    assert_true(&index);
}

#[test]
fn a_folder_of_too_many_files_is_indexed_up_to_the_limit_and_says_so() {
    let mut bench = Bench::new(&[]);
    bench.settings.max_files = 50;
    for number in 0..200 {
        bench.write(&format!("f{number:03}.py"), format!("def f{number}(): pass\n"));
    }
    let index = bench.open();
    assert_eq!(index.read().totals().files, 50);
    assert_eq!(index.progress().borrow().beyond, 150);
    // A file that is not listed for lack of room is not taken for one that is gone.
    index.scan(Cause::Asked);
    index.settle();
    assert_eq!(index.read().totals().files, 50);
}

#[test]
fn beyond_the_memory_limit_files_are_listed_and_say_why_they_are_empty() {
    let mut bench = Bench::new(&[]);
    bench.settings.max_memory_mb = 1;
    for number in 0..1_200 {
        let text: String =
            (0..40).map(|line| format!("def f{number}_{line}(a{line}): return b{number}{line}\n")).collect();
        bench.write(&format!("d{}/f{number}.py", number % 10), text);
    }
    let index = bench.open();
    let state = index.read();
    let full = state.files().filter(|(_, file)| file.omission == Some(Omission::Memory)).count();
    assert!(full > 0 && full < 1_200, "{full}");
    assert!(state.bytes() < 2 << 20, "{}", state.bytes());
}

#[test]
fn a_stored_index_is_used_again_and_every_change_since_is_seen() {
    let bench = Bench::new(&[("a.rs", "fn alpha() {}\n"), ("b.rs", "fn beta() {}\n"), ("c.rs", "fn gamma() {}\n")]);
    drop(bench.open());
    bench.write("a.rs", "fn delta() {}\n");
    fs::remove_file(bench.root().join("b.rs")).unwrap();
    bench.write("e.rs", "fn epsilon() {}\n");
    let index = bench.open();
    assert_eq!(paths(&index), ["a.rs", "c.rs", "e.rs"]);
    assert_eq!((index.definitions("alpha").len(), index.definitions("delta").len()), (0, 1));
    assert_true(&index);
}

#[test]
fn a_stored_index_of_the_same_size_and_time_but_other_content_is_not_believed() {
    let bench = Bench::new(&[("a.rs", "fn alpha() {}\n")]);
    let time = filetime_of(&bench.root().join("a.rs"));
    drop(bench.open());
    bench.write("a.rs", "fn omega() {}\n");
    // As a program would that restores times; and as a clock does that goes backwards.
    fs::File::options().write(true).open(bench.root().join("a.rs")).unwrap().set_modified(time).unwrap();
    let index = bench.open();
    assert_eq!(index.definitions("omega").len(), 1, "the file was too young to be believed by its time");
    let past = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    bench.write("a.rs", "fn psi() {}\n");
    fs::File::options().write(true).open(bench.root().join("a.rs")).unwrap().set_modified(past).unwrap();
    bench.change(&index, &["a.rs"]);
    assert_eq!(index.definitions("psi").len(), 1, "a time in the past is another time");
    let future = std::time::SystemTime::now() + Duration::from_secs(1 << 30);
    fs::File::options().write(true).open(bench.root().join("a.rs")).unwrap().set_modified(future).unwrap();
    index.scan(Cause::Asked);
    index.settle();
    assert_true(&index);
}

fn filetime_of(path: &Path) -> std::time::SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

#[test]
fn a_damaged_or_foreign_store_is_rebuilt_whatever_is_wrong_with_it() {
    let bench = Bench::new(&[("a.rs", "fn alpha() { beta() }\n"), ("b.rs", "fn beta() {}\n")]);
    let index = bench.open();
    let file = index.stored_at().unwrap();
    drop(index);
    let whole = fs::read(&file).unwrap();
    let mut damaged: Vec<Vec<u8>> = vec![Vec::new(), b"hello".to_vec(), whole[..whole.len() / 2].to_vec()];
    for at in (0..whole.len()).step_by(7) {
        let mut one = whole.clone();
        one[at] ^= 0x55;
        damaged.push(one);
    }
    for content in damaged {
        fs::write(&file, &content).unwrap();
        let index = bench.open();
        assert_eq!(index.definitions("alpha").len(), 1);
        assert_eq!(index.differences(), []);
    }
    // Of another workspace, under this one's name.
    let other = Bench::new(&[("z.rs", "fn zeta() {}\n")]);
    let index = other.open();
    let foreign = index.stored_at().unwrap();
    drop(index);
    fs::copy(foreign, &file).unwrap();
    assert_eq!(bench.open().definitions("zeta"), []);
}

#[test]
fn half_a_write_is_never_taken_for_an_index() {
    let bench = Bench::new(&[("a.rs", "fn alpha() {}\n")]);
    let index = bench.open();
    index.save().unwrap();
    let file = index.stored_at().unwrap();
    let before = fs::read(&file).unwrap();
    drop(index);
    // As a kill in the middle of a write leaves it.
    fs::write(file.with_extension("4711.new"), &before[..20]).unwrap();
    let index = bench.open();
    assert_eq!(index.definitions("alpha").len(), 1);
    assert_true(&index);
}

#[test]
fn a_cache_that_cannot_be_written_costs_nothing_but_the_next_start() {
    let mut bench = Bench::new(&[("a.rs", "fn alpha() {}\n")]);
    // A file where the directory should be: nobody can write there, not even root.
    let blocked = bench.store.path().join("blocked");
    fs::write(&blocked, "").unwrap();
    let options = IndexOptions::new(&bench.settings, Some(blocked.join("index")));
    let index = Index::open(bench.root(), options);
    index.settle();
    assert_eq!(index.definitions("alpha").len(), 1);
    let error = format!("{:#}", index.save().unwrap_err());
    assert!(error.contains("cannot write") && error.contains("blocked"), "{error}");
    // And one that the user turned off.
    bench.settings.persist = false;
    let index = bench.open();
    assert_eq!(index.stored_at(), None);
    index.save().unwrap();
    drop(index);
    assert_eq!(fs::read_dir(bench.store.path()).unwrap().count(), 1);
}

#[test]
fn two_servers_on_one_workspace_do_not_harm_each_other() {
    let bench = Bench::new(&[("a.rs", "fn alpha() {}\n"), ("b.rs", "fn beta() {}\n")]);
    let both = [bench.open(), bench.open()];
    std::thread::scope(|scope| {
        for (number, index) in both.iter().enumerate() {
            let bench = &bench;
            scope.spawn(move || {
                for round in 0..20 {
                    bench.write(&format!("n{number}.rs"), format!("fn f{round}() {{}}\n"));
                    bench.change(index, &["n0.rs", "n1.rs"]);
                    index.save().unwrap();
                }
            });
        }
    });
    for index in &both {
        bench.change(index, &["n0.rs", "n1.rs"]);
        assert_true(index);
    }
    drop(both);
    let names: Vec<_> = fs::read_dir(bench.store.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 1, "no drafts stay: {names:?}");
    assert_true(&bench.open());
}

#[test]
fn files_that_vanish_while_they_are_read_are_gone() {
    let bench = Bench::new(&[]);
    for number in 0..300 {
        bench.write(&format!("f{number}.py"), format!("def f{number}(): pass\n"));
    }
    let options = IndexOptions::new(&bench.settings, None);
    let index = Index::open(bench.root(), options);
    for number in (0..300).rev() {
        fs::remove_file(bench.root().join(format!("f{number}.py"))).unwrap();
    }
    index.settle();
    index.scan(Cause::EventsLost);
    index.settle();
    assert_eq!(paths(&index), [""; 0]);
    assert_true(&index);
}

#[test]
fn an_index_ends_at_once_in_the_middle_of_a_scan() {
    let bench = Bench::new(&[]);
    let text: String = (0..400).map(|line| format!("def f{line}(a): return g(a, {line})\n")).collect();
    for number in 0..600 {
        bench.write(&format!("f{number}.py"), &text);
    }
    let started = Instant::now();
    let index = Index::open(bench.root(), IndexOptions::new(&bench.settings, None));
    std::thread::sleep(Duration::from_millis(30));
    drop(index);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn own_watching_sees_saves_renames_new_directories_and_checkouts() {
    let bench = Bench::new(&[(".git/HEAD", "ref: refs/heads/main\n"), ("src/a.rs", "fn alpha() {}\n")]);
    let index = bench.open();
    index.watch();
    index.settle();
    let wait_for = |name: &str| {
        let until = Instant::now() + Duration::from_secs(30);
        while index.definitions(name).is_empty() {
            assert!(Instant::now() < until, "{name} was not seen: {:?}", index.progress().borrow());
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    bench.write("src/a.rs", "fn beta() {}\n");
    wait_for("beta");
    bench.write("src/a.rs~", "fn gamma() {}\n");
    fs::rename(bench.root().join("src/a.rs~"), bench.root().join("src/a.rs")).unwrap();
    wait_for("gamma");
    bench.write("new/deep/b.py", "def delta(): pass\n");
    wait_for("delta");
    bench.write("new/deep/c.py", "def epsilon(): pass\n");
    wait_for("epsilon");
    fs::rename(bench.root().join("new"), bench.root().join("moved")).unwrap();
    bench.write("moved/deep/d.py", "def zeta(): pass\n");
    wait_for("zeta");
    for number in 0..1_000 {
        bench.write(&format!("many/d{}/f{number}.py", number % 20), format!("def many{number}(): pass\n"));
    }
    bench.write(".git/HEAD", "ref: refs/heads/topic\n");
    wait_for("many999");
    let until = Instant::now() + Duration::from_secs(30);
    while index.read().totals().files != 1_004 {
        assert!(Instant::now() < until, "{:?}", index.provenance());
        std::thread::sleep(Duration::from_millis(10));
    }
    index.settle();
    assert_true(&index);
}

#[test]
fn what_was_read_before_a_document_was_opened_does_not_touch_it() {
    let bench = Bench::new(&[("a.rs", "fn on_disk() {}\n")]);
    let index = bench.open();
    let on_disk = index.read().file_at("a.rs").unwrap().stamp;
    assert!(set_document(&index, &bench.root().join("a.rs"), "fn unsaved() {}\n"));
    // A worker of a scan had read the file before, and comes to its end now.
    index.shared.restamp("a.rs", on_disk);
    index.shared.forget("a.rs");
    assert_eq!(index.definitions("unsaved").len(), 1);
    assert_true(&index);
}

#[test]
fn a_document_that_is_ignored_while_its_text_is_read_does_not_stay() {
    let bench = Bench::new(&[("b.rs", "fn b() {}\n")]);
    let index = bench.open();
    let text = "fn unsaved() {}\n";
    assert!(set_document(&index, &bench.root().join("a.rs"), text));
    bench.write(".cursorignore", "a.rs\n");
    bench.change(&index, &[".cursorignore"]);
    // The thread that read the text before comes to its end after the scan.
    let read = super::extract::extract("a.rs", text.as_bytes(), index.options().file);
    assert!(!index.shared.insert_document("a.rs".into(), refresh::stamp_of_text(text), read));
    assert_eq!(index.definitions("unsaved"), []);
    assert_true(&index);
}

#[test]
fn of_a_document_that_changes_while_it_is_ignored_no_older_version_comes_back() {
    let bench = Bench::new(&[("b.rs", "fn b() {}\n"), ("dir/c.rs", "")]);
    let index = bench.open();
    let path = bench.root().join("a.rs");
    assert!(set_document(&index, &path, "fn older() {}\n"));
    // Nobody has told of this file, but a change of a directory makes everybody read the rules again.
    bench.write(".cursorignore", "a.rs\n");
    bench.change(&index, &["dir"]);
    assert!(!set_document(&index, &path, "fn newer() {}\n"));
    assert_eq!(index.definitions("older"), []);
    bench.write(".cursorignore", "");
    bench.change(&index, &[".cursorignore"]);
    assert_eq!((index.definitions("older").len(), index.definitions("newer").len()), (0, 1));
    assert_true(&index);
}
