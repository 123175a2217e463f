//! `tandem model list`, `info`, `use`, `rm` and `verify`: what is shown, what is written where, and what a user is told.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::support::{Ended, User};

#[path = "../support/synth.rs"]
pub mod synth;

use synth::{Weights, tiny};

const CONFIG: &str = ".config/tandem/config.toml";
const STORE: &str = ".local/share/tandem/models";

/// A small model file that llama.cpp could load.
pub fn model_file(user: &User, relative: &str, architecture: &str) -> PathBuf {
    let path = user.path(relative);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    tiny(architecture).write(&path, Weights::Sparse).unwrap();
    path
}

pub fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stdout))
}

/// A user with `mine:q8_0`, by a link of this kind.
fn user_with_a_model(link: &str) -> (User, PathBuf) {
    let user = User::new();
    let file = model_file(&user, "files/mine-Q8_0.gguf", "qwen2");
    user.run(&["model", "import", file.to_str().unwrap(), "--link", link]).expect_code(0);
    (user, file)
}

fn config(user: &User) -> String {
    std::fs::read_to_string(user.path(CONFIG)).unwrap_or_default()
}

fn installed(user: &User) -> Vec<String> {
    let listed = json(&user.run(&["model", "list", "--installed", "--json"]));
    let names = listed["models"].as_array().unwrap().iter().flat_map(|row| row["installed"].as_array().unwrap());
    names.map(|model| model["name"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
pub fn expect(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part}\n---\n{text}");
    }
}

#[test]
fn the_catalogue_is_listed_with_size_memory_and_licence() {
    let user = User::new();
    let ended = user.run(&["model", "list"]).expect_code(0);
    expect(
        &ended.stdout,
        &[
            "Completion\n",
            "Questions\n",
            "Search by meaning\n",
            "qwen2.5-coder-1.5b",
            "1.6 GB",
            "from 3 GiB",
            "NOT for commercial use",
        ],
    );
    assert!(!user.path(STORE).exists(), "looking makes nothing");
    let rows = json(&user.run(&["model", "list", "--json"]).expect_code(0));
    assert_eq!(rows["directory"], user.path(STORE).to_str().unwrap());
    let row = rows["models"].as_array().unwrap().iter().find(|row| row["name"] == "codestral-22b").unwrap();
    assert_eq!((&row["commercialUse"], &row["family"]), (&Value::from("no"), &Value::from("codestral")));
    assert_eq!(row["installed"], Value::Array(Vec::new()));
    let some = user.run(&["model", "list", "starcoder"]).expect_code(0);
    assert!(some.stdout.contains("starcoder2-7b") && !some.stdout.contains("qwen"), "{}", some.stdout);
    let none = user.run(&["model", "list", "gpt"]).expect_code(1);
    assert_eq!(none.stdout, "No model has `gpt` in its name.\n");
    let none = user.run(&["model", "list", "--installed"]).expect_code(1);
    expect(&none.stdout, &["Nothing is installed", "starter"]);
}

#[test]
fn info_tells_all_of_a_model_and_what_nobody_confirmed() {
    let user = User::new();
    let ended = user.run(&["model", "info", "StarCoder2-3B"]).expect_code(0);
    expect(
        &ended.stdout,
        &[
            "StarCoder2 3B (starcoder2-3b)",
            "fills in the middle as starcoder models do",
            "30 layers of 3072",
            "trained on",
            "of which layers see 4096",
            "BigCode OpenRAIL-M",
            "under conditions",
            "at 8192 tokens",
            "weights ",
            "keys and values",
            "unconfirmed   q8_0.file",
            "tandem model pull starcoder2-3b",
        ],
    );
    let value = json(&user.run(&["model", "info", "qwen2.5-coder-1.5b:q4_k_m", "--json"]).expect_code(0));
    let memory = value["memory"].as_array().unwrap();
    let at = |context: u64| memory.iter().find(|row| row["context"] == context).unwrap();
    // Two kinds, two heads of 128, two bytes, 28 layers.
    assert_eq!(at(8_192)["kv"], 2 * 2 * 128 * 2 * 28 * 8_192);
    assert_eq!(at(8_192)["weights"], 986_048_352);
    assert!(memory.iter().all(|row| row["context"].as_u64().unwrap() <= 32_768), "more than it was trained on");
    for (name, sentence) in [
        ("qwen2.5-coder-2b", "did you mean qwen2.5-coder-"),
        ("qwen2.5-coder-1.5b:q2_k", "it is to be had as q8_0, q4_k_m"),
        ("a b", "is not a name of a model"),
    ] {
        let ended = user.run(&["model", "info", name]).expect_code(2);
        expect(&ended.stderr, &[sentence]);
    }
}

#[test]
fn info_reads_a_file_s_header() {
    let user = User::new();
    let file = model_file(&user, "m.gguf", "llama");
    let ended = user.run(&["model", "info", file.to_str().unwrap()]).expect_code(0);
    expect(
        &ended.stdout,
        &[
            "says it is    tiny-llama",
            "made for      completion",
            "llama: 3 layers",
            "vocabulary of 512",
            "at 2048 tokens",
        ],
    );
    let value = json(&user.run(&["model", "info", "../m.gguf", "--json"]).expect_code(0));
    assert_eq!((value["role"].as_str(), value["context"].as_u64()), (Some("completion"), Some(2048)));
    for (name, text, sentence) in [
        ("none.gguf", None, "there is no such file"),
        ("text.gguf", Some("hello"), "not a GGUF file"),
        ("empty.gguf", Some(""), "empty"),
    ] {
        if let Some(text) = text {
            user.write(&format!("work/{name}"), text);
        }
        let ended = user.run(&["model", "info", name]).expect_code(2);
        expect(&ended.stderr, &[name, sentence]);
    }
}

#[test]
fn use_writes_one_setting_and_leaves_the_rest() {
    let (user, file) = user_with_a_model("hard");
    user.write(CONFIG, "# mine\n[log]\nfilter = 'warn' # quiet\n\n[engine] # e\nthreads = 2\n");
    let ended = user.run(&["model", "use", "mine"]).expect_code(0);
    expect(&ended.stdout, &["engine.model was absent and is `mine` now", "config.toml"]);
    assert_eq!(
        config(&user),
        "# mine\n[log]\nfilter = 'warn' # quiet\n\n[engine] # e\nthreads = 2\nmodel = \"mine\"\n"
    );
    let ended = user.run(&["model", "use", "MINE"]).expect_code(0);
    expect(&ended.stdout, &["is `mine` already"]);
    let shown = user.run(&["model", "list", "mine"]).expect_code(0);
    expect(&shown.stdout, &["installed (q8_0, engine.model)"]);
    user.run(&["model", "use", "auto"]).expect_code(0);
    expect(&config(&user), &["model = \"auto\""]);
    user.run(&["model", "use", file.to_str().unwrap()]).expect_code(0);
    expect(&config(&user), &[file.to_str().unwrap()]);
    user.run(&["model", "use", "mine", "--for", "chat"]).expect_code(0);
    expect(&config(&user), &["chatModel = \"mine\""]);
    let ended = user.run(&["model", "use", "starter"]).expect_code(0);
    expect(&ended.stdout, &["is gone from", "the starter model writes"]);
    assert_eq!(
        config(&user),
        "# mine\n[log]\nfilter = 'warn' # quiet\n\n[engine] # e\nthreads = 2\nchatModel = \"mine\"\n"
    );
}

#[test]
fn use_refuses_what_could_not_be_used_and_writes_nothing() {
    let (user, file) = user_with_a_model("symbolic");
    for (model, sentence) in [
        ("starcoder2-3b", "is not installed; type `tandem model pull starcoder2-3b`"),
        ("starcoder", "no model is called starcoder"),
        ("none.gguf", "there is no such file"),
    ] {
        let ended = user.run(&["model", "use", model]).expect_code(2);
        expect(&ended.stderr, &[sentence]);
    }
    std::fs::remove_file(&file).unwrap();
    let ended = user.run(&["model", "use", "mine"]).expect_code(2);
    expect(&ended.stderr, &["is gone", "tandem model rm mine:q8_0"]);
    let ended = user.run(&["model", "use", "starter", "--for", "chat"]).expect_code(2);
    expect(&ended.stderr, &["only completes"]);
    assert_eq!(config(&user), "");
    user.write(CONFIG, "[engine\n");
    let ended = user.run(&["model", "use", "auto"]).expect_code(2);
    expect(&ended.stderr, &["config.toml, line 1", "mend it first"]);
    assert_eq!(config(&user), "[engine\n");
}

#[test]
fn a_variable_above_the_file_is_told() {
    let user = User::new();
    let mut command = user.command(&["model", "use", "auto"]);
    let ended = Ended::of(command.env("TANDEM_ENGINE_MODEL", "/m.gguf").output().unwrap()).expect_code(0);
    expect(&ended.stdout, &["TANDEM_ENGINE_MODEL is set and stands above the file."]);
}

#[test]
fn rm_asks_and_leaves_other_programs_files_alone() {
    for (link, words) in [
        ("hard", "the other program's stays"),
        ("symbolic", "the link is removed"),
        ("path", "the file stays where it is"),
    ] {
        let (user, file) = user_with_a_model(link);
        user.write(CONFIG, "[engine]\nmodel = \"mine\"\n");
        let ended = user.run(&["model", "rm", "mine"]).expect_code(1);
        expect(&ended.stdout, &[words, "engine.model names it", "Nothing was changed."]);
        expect(&ended.stderr, &["--yes removes it"]);
        assert_eq!(installed(&user), ["mine:q8_0"]);
        let ended = user.run(&["model", "rm", "mine", "--yes"]).expect_code(0);
        expect(&ended.stdout, &["mine:q8_0 is forgotten."]);
        assert!(file.exists(), "{link}");
        assert_eq!(installed(&user), [""; 0]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn rm_tells_which_process_has_the_file() {
    let (user, _) = user_with_a_model("hard");
    let path = user.path(STORE).join("mine/q8_0/mine-Q8_0.gguf");
    let file = std::fs::File::open(&path).unwrap();
    // SAFETY: a private read-only mapping of an open file, unmapped below before the file is closed.
    let mapped = unsafe {
        use std::os::fd::AsRawFd;
        libc::mmap(std::ptr::null_mut(), 4096, libc::PROT_READ, libc::MAP_PRIVATE, file.as_raw_fd(), 0)
    };
    assert_ne!(mapped, libc::MAP_FAILED);
    let ended = user.run(&["model", "rm", "mine", "--yes"]).expect_code(0);
    // SAFETY: exactly what was mapped above.
    unsafe { libc::munmap(mapped, 4096) };
    expect(&ended.stdout, &[&format!("The running process {} has it open", std::process::id())]);
}

#[test]
fn a_name_that_is_not_installed_is_told_what_is() {
    let (user, _) = user_with_a_model("hard");
    let other = model_file(&user, "files/mine-F16.gguf", "llama");
    user.run(&["model", "import", other.to_str().unwrap(), "--name", "mine:f16"]).expect_code(0);
    for command in ["rm", "verify"] {
        let ended = user.run(&["model", command, "mien"]).expect_code(2);
        expect(&ended.stderr, &["mien is not installed; did you mean mine:"]);
    }
    let ended = user.run(&["model", "rm", "mine", "--yes"]).expect_code(2);
    expect(&ended.stderr, &["more than once", "mine:f16 or mine:q8_0"]);
    user.run(&["model", "rm", "mine:f16", "--yes"]).expect_code(0);
    assert_eq!(installed(&user), ["mine:q8_0"]);
}

#[test]
fn verify_finds_changed_cut_and_missing_files_and_strays() {
    let (user, file) = user_with_a_model("symbolic");
    let ended = user.run(&["model", "verify"]).expect_code(0);
    expect(&ended.stdout, &["ok  mine:q8_0"]);
    let good = std::fs::read(&file).unwrap();
    let mut changed = good.clone();
    *changed.last_mut().unwrap() ^= 1;
    let write = |bytes: &[u8]| std::fs::write(&file, bytes).unwrap();
    write(&changed);
    let ended = user.run(&["model", "verify", "mine"]).expect_code(1);
    expect(&ended.stdout, &["BAD ", "is not what it was (SHA-256 ", "tandem model rm mine:q8_0"]);
    write(&good[..good.len() - 1]);
    expect(&user.run(&["model", "verify"]).expect_code(1).stdout, &["in place of"]);
    std::fs::remove_file(&file).unwrap();
    let value = json(&user.run(&["model", "verify", "--json"]).expect_code(1));
    assert_eq!(value["isWell"], false);
    expect(value["models"][0]["problem"].as_str().unwrap(), &["is gone"]);
    expect(&user.run(&["model", "list", "mine"]).expect_code(0).stdout, &["is gone"]);
    write(&good);
    std::fs::create_dir_all(user.path(STORE).join("old/q4_0")).unwrap();
    std::fs::write(user.path(STORE).join("old/q4_0/left.gguf"), "left").unwrap();
    let ended = user.run(&["model", "verify"]).expect_code(0);
    expect(&ended.stdout, &["ok  mine:q8_0", "left.gguf", "belongs to no installed model"]);
}

#[test]
fn a_damaged_lock_file_stops_every_command_with_the_way_out() {
    let (user, _) = user_with_a_model("hard");
    let lock = user.path(STORE).join("models.lock");
    std::fs::write(&lock, "version = 1\n[[model]]\nname = 3\n").unwrap();
    for command in
        [&["model", "list"][..], &["model", "verify"], &["model", "rm", "mine", "--yes"], &["model", "use", "mine"]]
    {
        let ended = user.run(command).expect_code(2);
        expect(&ended.stderr, &["models.lock, line ", "tandem model import FILE"]);
    }
    std::fs::write(&lock, "version = 9\n").unwrap();
    expect(&user.run(&["model", "list"]).expect_code(2).stderr, &["written by a newer Tandem"]);
}

#[test]
fn the_directory_is_the_user_s_choice_and_nobody_else_s() {
    let user = User::new();
    let file = model_file(&user, "mine-Q8_0.gguf", "qwen2");
    user.write(CONFIG, "[models]\ndirectory = \"~/elsewhere\"\n");
    user.write("work/.tandem.toml", "[models]\ndirectory = \"/tmp\"\n");
    user.run(&["model", "import", file.to_str().unwrap()]).expect_code(0);
    assert!(user.path("elsewhere/models.lock").exists());
    assert!(!user.path(STORE).exists());
}

#[cfg(unix)]
#[test]
fn a_directory_that_cannot_be_used_is_an_error() {
    use std::os::unix::fs::PermissionsExt;

    let (user, file) = user_with_a_model("hard");
    let store = user.path(STORE);
    let mode = |mode: u32| std::fs::set_permissions(&store, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o777);
    let other = user.path("b-Q8_0.gguf");
    std::fs::copy(&file, &other).unwrap();
    let ended = user.run(&["model", "rm", "mine", "--yes"]).expect_code(2);
    expect(&ended.stderr, &["can be written to by other users"]);
    mode(0o500);
    // Root may write anywhere.
    if std::fs::write(store.join("probe"), "").is_err() {
        let ended = user.run(&["model", "rm", "mine", "--yes"]).expect_code(2);
        expect(&ended.stderr, &["cannot use"]);
    }
    mode(0o700);
    assert_eq!(installed(&user), ["mine:q8_0"]);
    std::fs::remove_dir_all(&store).unwrap();
    std::fs::write(&store, "a file").unwrap();
    user.run(&["model", "import", other.to_str().unwrap()]).expect_code(2);
    assert!(Path::new(&store).is_file());
}
