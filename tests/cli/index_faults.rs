//! What happens to a stored index when processes are killed, disks are full and directories cannot be written to.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use super::support::{Ended, User, files};

const STORE: &str = ".cache/tandem/index";
const MODULES: usize = 800;

/// Files that import and call each other, enough for a scan and a write that can be interrupted.
fn large_workspace() -> User {
    let user = User::new();
    for number in 0..MODULES {
        let functions: String = (0..12)
            .map(|line| {
                let called = (number * 7 + line) % MODULES;
                format!(
                    "def work_{number}_{line}(value):\n    return helper_{called}.work_{called}_{line}(value)\n\n\n"
                )
            })
            .collect();
        user.write(&format!("work/package_{}/helper_{number}.py", number % 20), &functions);
    }
    user
}

/// The one file that holds the index.
fn stored(user: &User) -> PathBuf {
    let names: Vec<String> = files(&user.path(STORE)).into_iter().filter(|name| name.ends_with(".index")).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    user.path(STORE).join(&names[0])
}

fn drafts(user: &User) -> Vec<String> {
    files(&user.path(STORE)).into_iter().filter(|name| !name.ends_with(".index")).collect()
}

#[track_caller]
fn assert_whole(user: &User) {
    let ended = user.run(&["index", "--check"]).expect_code(0);
    assert_eq!(ended.stdout, format!("equal to a rebuild: {MODULES} files at no commit, caught up\n"));
    assert_eq!(ended.stderr, "");
}

/// Starts `tandem index` and kills it when `is_time` says so. False when it had ended by itself.
fn kill_when(user: &User, is_time: impl Fn(Duration) -> bool) -> bool {
    let command = &mut user.command(&["index"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let started = Instant::now();
    while !is_time(started.elapsed()) {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    true
}

#[test]
fn an_index_that_is_killed_at_any_moment_is_whole_or_not_there() {
    let user = large_workspace();
    let started = Instant::now();
    user.run(&["index"]).expect_code(0);
    let whole = started.elapsed();
    std::fs::remove_file(stored(&user)).unwrap();
    // From the first milliseconds to beyond the end, twice: without a stored index, and over one while all files changed.
    for round in 0..2 {
        let mut killed = 0;
        for step in 0..8_u32 {
            let after = whole * step / 6;
            killed += usize::from(kill_when(&user, |passed| passed >= after));
            // What is there is complete, or the warning that it is not used would be on stderr.
            let answer = user.run(&["search", "--symbols", "work_7_3"]).expect_code(0);
            assert_eq!(answer.stderr, "");
            if round == 0 {
                let _ = std::fs::remove_dir_all(user.path(STORE));
            } else {
                user.write("work/package_0/helper_0.py", &format!("def work_0_0(value):\n    return {step}\n"));
            }
        }
        assert!(killed > 0, "none was killed before it ended");
        assert_whole(&user);
    }
    // While it writes, if the moment can be caught: a draft is there then.
    let earlier = drafts(&user).len();
    let mut caught = 0;
    for attempt in 0..6 {
        user.write("work/package_1/helper_1.py", &format!("def work_1_1(value):\n    return {attempt}\n"));
        let before = drafts(&user);
        caught += usize::from(kill_when(&user, |_| drafts(&user) != before));
        assert_eq!(user.run(&["search", "--symbols", "work_7_3"]).expect_code(0).stderr, "");
    }
    let left = drafts(&user);
    assert!(left.len() <= earlier + caught, "{left:?}");
    // Young drafts may be somebody's who still writes; nobody writes for a day.
    for draft in &left {
        let file = std::fs::File::options().write(true).open(user.path(STORE).join(draft)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(24 * 60 * 60)).unwrap();
    }
    user.run(&["index"]).expect_code(0);
    assert!(drafts(&user).is_empty(), "{:?}", drafts(&user));
    assert_whole(&user);
}

#[test]
fn two_at_once_store_one_whole_index() {
    let user = large_workspace();
    for round in 0..3 {
        user.write("work/package_0/helper_0.py", &format!("def work_0_0(value):\n    return {round}\n"));
        let start = || user.command(&["index"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let both = [start(), start()];
        for child in both {
            let ended = Ended::of(child.wait_with_output().unwrap()).expect_code(0);
            assert!(ended.stdout.starts_with(&format!("{MODULES} files")), "{}", ended.stdout);
            assert_eq!(ended.stderr, "");
        }
        stored(&user);
        assert!(drafts(&user).is_empty(), "{:?}", drafts(&user));
        assert_whole(&user);
    }
}

/// The command under a shell that lets no file grow beyond 64 blocks: a disk that is full after 32 or 64 KiB.
#[cfg(unix)]
fn on_a_full_disk(user: &User, arguments: &[&str]) -> Ended {
    let usual = user.command(arguments);
    let script = "trap '' XFSZ && ulimit -f 64 && exec \"$0\" \"$@\"";
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]).arg(usual.get_program()).args(usual.get_args()).env_clear().stdin(Stdio::null());
    command.current_dir(usual.get_current_dir().unwrap());
    command.envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Ended::of(command.output().unwrap())
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_older_index_as_it_was() {
    let user = large_workspace();
    // Not even the first one can be written.
    let refused = on_a_full_disk(&user, &["index"]).expect_code(2);
    assert!(refused.stdout.starts_with(&format!("{MODULES} files")), "the answer comes first: {}", refused.stdout);
    assert!(refused.stderr.contains("cannot write") && refused.stderr.contains(STORE), "{}", refused.stderr);
    assert!(files(&user.path(STORE)).is_empty(), "{:?}", files(&user.path(STORE)));

    user.run(&["index"]).expect_code(0);
    let before = std::fs::read(stored(&user)).unwrap();
    assert!(before.len() > 128 << 10, "or the limit proves nothing");
    user.write("work/package_0/helper_0.py", "def work_0_0(value):\n    return anew(value)\n");
    let refused = on_a_full_disk(&user, &["index"]).expect_code(2);
    assert!(refused.stderr.contains("cannot write"), "{}", refused.stderr);
    assert_eq!(std::fs::read(stored(&user)).unwrap(), before, "what was there stays until the new one is complete");
    assert!(drafts(&user).is_empty(), "no half of a file stays on a full disk: {:?}", drafts(&user));
    // Commands that only ask answer, and say what they could not do.
    let answer = on_a_full_disk(&user, &["search", "--symbols", "work_0_0"]).expect_code(0);
    assert!(answer.stderr.contains("the index cannot be stored"), "{}", answer.stderr);
    let used = user.run(&["index", "--log", "info"]).expect_code(0);
    assert!(used.stderr.contains(&format!("index loaded files={MODULES}")), "{}", used.stderr);
    assert_whole(&user);
}

#[test]
fn a_cache_that_cannot_be_written_costs_a_warning_and_no_answer() {
    let user = User::new();
    user.write("work/a.rs", "pub fn alpha() {}\n");
    // A file where the directory should be stops everybody, root too.
    user.write(".cache/tandem", "");
    for arguments in [
        &["search", "alpha"][..],
        &["search", "--symbols", "alpha"],
        &["map"],
        &["outline", "a.rs"],
        &["refs", "alpha"],
        &["index", "--check"],
    ] {
        let ended = user.run(arguments).expect_code(0);
        assert!(!ended.stdout.is_empty(), "{arguments:?}");
        let warned = ended.stderr.contains("the index cannot be stored") && ended.stderr.contains(".cache/tandem");
        assert!(warned, "{arguments:?}: {}", ended.stderr);
    }
    // Storing is what this one is for.
    let ended = user.run(&["index"]).expect_code(2);
    assert!(ended.stdout.starts_with("1 files"), "{}", ended.stdout);
    assert!(
        ended.stderr.contains("tandem: cannot write") && ended.stderr.contains(".cache/tandem"),
        "{}",
        ended.stderr
    );
    // The way out for a directory that is to stay as it is.
    let ended = user.run(&["index", "--set", "index.persist=false"]).expect_code(0);
    assert_eq!(ended.stderr, "");
}
