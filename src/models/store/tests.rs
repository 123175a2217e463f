//! The store as those that fill it and those that ask it see it.

use std::fs;

use super::*;

struct Place {
    _root: tempfile::TempDir,
    store: Store,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path().join("models"));
        Self { _root: root, store }
    }

    /// A download that is done.
    fn arrival(&self, name: &str, files: &[(&str, &str)]) -> Arrival {
        let partial = self.store.partial_directory();
        fs::create_dir_all(&partial).unwrap();
        #[cfg(unix)]
        for folder in [self.store.directory(), &partial] {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
        }
        let files = files.iter().map(|(file_name, text)| {
            let path = partial.join(file_name);
            fs::write(&path, text).unwrap();
            ArrivedFile {
                sha256: crate::models::hash_file(&path, |_| true).unwrap(),
                partial: path,
                file_name: (*file_name).to_owned(),
                source: format!("gguf/{file_name}"),
                bytes: text.len() as u64,
            }
        });
        Arrival { name: name.parse().unwrap(), role: Role::Completion, origin: origin(), files: files.collect() }
    }

    fn take_in(&self, name: &str, files: &[(&str, &str)]) -> Installed {
        self.store.take_in(&self.arrival(name, files)).unwrap()
    }

    fn resolve(&self, name: &str) -> Result<PathBuf, String> {
        self.store.resolve(&ModelName::of(Path::new(name)).unwrap()).map_err(|error| error.to_string())
    }

    fn lock_file(&self) -> PathBuf {
        self.store.directory().join("models.lock")
    }
}

fn origin() -> Origin {
    Origin { kind: OriginKind::Hub, repository: "a/b".to_owned(), revision: "c0ffee".to_owned() }
}

#[test]
fn a_store_that_is_not_there_is_empty() {
    let place = Place::new();
    assert_eq!(place.store.list().unwrap(), []);
    assert_eq!(place.store.strays().unwrap(), []);
    assert!(!place.store.directory().exists(), "looking makes nothing");
}

#[test]
fn what_arrived_is_in_its_place_and_written_down() {
    let place = Place::new();
    let installed = place.take_in("qwen2.5-coder-1.5b:q8_0", &[("m-q8_0.gguf", "weights")]);
    let file = place.store.directory().join("qwen2.5-coder-1.5b/q8_0/m-q8_0.gguf");
    assert_eq!(fs::read_to_string(&file).unwrap(), "weights");
    assert_eq!(place.store.list().unwrap(), [installed]);
    assert_eq!(place.resolve("qwen2.5-coder-1.5b").unwrap(), file);
    let text = fs::read_to_string(place.lock_file()).unwrap();
    for part in ["version = 1", "revision = \"c0ffee\"", "source = \"gguf/m-q8_0.gguf\"", "bytes = 7", "sha256 = \""] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for (path, mode) in [(place.lock_file(), 0o600), (file.parent().unwrap().to_owned(), 0o700)] {
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, mode, "{path:?}");
        }
    }
}

#[test]
fn a_name_alone_means_the_catalogue_s_default_and_else_the_latest() {
    let place = Place::new();
    place.take_in("qwen2.5-coder-1.5b:q4_k_m", &[("m-Q4_K_M.gguf", "4")]);
    assert!(place.resolve("qwen2.5-coder-1.5b").unwrap().ends_with("m-Q4_K_M.gguf"), "the only one");
    place.take_in("qwen2.5-coder-1.5b:q8_0", &[("m-q8_0.gguf", "8")]);
    assert!(place.resolve("qwen2.5-coder-1.5b").unwrap().ends_with("m-q8_0.gguf"));
    assert!(place.resolve("qwen2.5-coder-1.5b:q4_k_m").unwrap().ends_with("m-Q4_K_M.gguf"));
    place.take_in("mine:q4_0", &[("a.gguf", "a")]);
    place.take_in("mine:q5_0", &[("b.gguf", "b")]);
    assert!(place.resolve("mine").unwrap().ends_with("b.gguf"));
}

#[test]
fn a_name_that_is_no_file_says_what_to_type() {
    let place = Place::new();
    place.take_in("qwen2.5-coder-7b:q4_k_m", &[("m-Q4_K_M.gguf", "4")]);
    for (name, expected) in [
        ("starcoder2-3b", "starcoder2-3b is not installed; type `tandem model pull starcoder2-3b`"),
        (
            "qwen2.5-coder-7b:q8_0",
            "qwen2.5-coder-7b is not installed as q8_0, but as q4_k_m; type `tandem model pull qwen2.5-coder-7b:q8_0`",
        ),
        ("qwen2.5-coder-7b:q2_k", "qwen2.5-coder-7b has no file q2_k; it is to be had as q8_0, q4_k_m"),
        ("starcoder2-3", "no model is called starcoder2-3; did you mean starcoder2-3b"),
        ("gpt-9", "no model is called gpt-9; `tandem model list` shows them"),
        ("a b", "`a b` is not a name of a model"),
        ("auto", "`auto` does not name one model"),
    ] {
        let error = place.resolve(name).unwrap_err();
        assert!(error.starts_with(expected), "{name}: {error}");
    }
}

#[test]
fn files_that_are_gone_or_changed_are_no_models() {
    let place = Place::new();
    place.take_in("mine:q4_0", &[("m-00001-of-00002.gguf", "one"), ("m-00002-of-00002.gguf", "two")]);
    let second = place.store.directory().join("mine/q4_0/m-00002-of-00002.gguf");
    fs::write(&second, "shorter or longer").unwrap();
    let error = place.resolve("mine").unwrap_err();
    assert!(error.contains("has 17 bytes in place of 3") && error.contains("`tandem model pull mine:q4_0`"), "{error}");
    fs::remove_file(&second).unwrap();
    assert!(place.resolve("mine").unwrap_err().contains("is gone"));
}

#[test]
fn a_model_is_replaced_and_the_files_that_it_leaves_go() {
    let place = Place::new();
    place.take_in("mine:q4_0", &[("old.gguf", "old"), ("both.gguf", "1")]);
    place.take_in("mine:q4_0", &[("new.gguf", "new"), ("both.gguf", "2")]);
    let folder = place.store.directory().join("mine/q4_0");
    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["both.gguf", "new.gguf"]);
    assert_eq!(fs::read_to_string(folder.join("both.gguf")).unwrap(), "2");
    assert_eq!(place.store.list().unwrap().len(), 1);
    place.store.remove(&"mine:q4_0".parse().unwrap()).unwrap();
    assert!(!place.store.directory().join("mine").exists());
    assert!(place.store.partial_directory().exists(), "downloads stay");
    let error = place.store.remove(&"mine:q4_0".parse().unwrap()).unwrap_err().to_string();
    assert!(error.contains("no model mine:q4_0"), "{error}");
}

#[test]
fn a_crash_before_the_entry_is_written_leaves_a_stray_and_no_model() {
    let place = Place::new();
    place.take_in("mine:q4_0", &[("m.gguf", "m")]);
    let before = fs::read(place.lock_file()).unwrap();
    place.take_in("other:q4_0", &[("o.gguf", "other")]);
    // As if the process had died between the rename and the entry, or while it wrote the new one.
    fs::write(place.lock_file(), before).unwrap();
    fs::write(place.store.directory().join("models.lock.new"), "version =").unwrap();
    let stray = place.store.directory().join("other/q4_0/o.gguf");
    assert_eq!(place.store.strays().unwrap(), [(stray.clone(), 5)]);
    assert!(place.resolve("other").is_err());
    place.take_in("other:q4_0", &[("o.gguf", "again")]);
    assert_eq!(fs::read_to_string(stray).unwrap(), "again");
    assert_eq!(place.store.strays().unwrap(), []);
    assert!(!place.store.directory().join("models.lock.new").exists());
}

#[test]
fn a_damaged_lock_file_names_its_line_and_is_not_overwritten() {
    let place = Place::new();
    place.take_in("mine:q4_0", &[("m.gguf", "m")]);
    let good = fs::read_to_string(place.lock_file()).unwrap();
    for (text, expected) in [
        ("version = 1\nmodel = [\n".to_owned(), "line"),
        ("# empty\n".to_owned(), "it has no version"),
        ("version = 2\n".to_owned(), "written by a newer Tandem"),
        (good.replace("mine/q4_0/m.gguf", "../../secret"), "cannot be its own"),
        (good.replace("mine/q4_0/m.gguf", "/etc/passwd"), "cannot be its own"),
        (good.replace("mine:q4_0", "mine"), "has no quantisation"),
        (good.replace("\"own\"", "\"path\""), "cannot be its own"),
        (good.replace("sha256 = \"", "sha256 = \"x"), "not a SHA-256"),
        ("\u{0}".repeat(100), "line 1"),
    ] {
        fs::write(place.lock_file(), &text).unwrap();
        let error = place.store.list().unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("models.lock"), "{text}: {error}");
        let arrival = place.arrival("other:q4_0", &[("o.gguf", "o")]);
        assert!(place.store.take_in(&arrival).is_err());
        assert_eq!(fs::read_to_string(place.lock_file()).unwrap(), text);
    }
}

#[test]
fn fields_of_later_versions_are_left_out() {
    let place = Place::new();
    place.take_in("mine:q4_0", &[("m.gguf", "m")]);
    let good = fs::read_to_string(place.lock_file()).unwrap();
    fs::write(place.lock_file(), good.replace("version = 1", "version = 1\ncolour = \"blue\"")).unwrap();
    assert_eq!(place.store.list().unwrap().len(), 1);
}

#[test]
fn names_of_files_cannot_lead_elsewhere() {
    let place = Place::new();
    for name in ["../x.gguf", "/x.gguf", "a/b.gguf", "", ".", "..", ".hidden", "a\\b", "c:x", "a\nb"] {
        assert!(check_file_name(name).is_err(), "{name:?}");
        let mut arrival = place.arrival("mine:q4_0", &[("m.gguf", "m")]);
        arrival.files[0].file_name = name.to_owned();
        assert!(place.store.take_in(&arrival).is_err(), "{name:?}");
    }
    let unnamed = place.arrival("mine", &[("m.gguf", "m")]);
    assert!(place.store.take_in(&unnamed).unwrap_err().to_string().contains("mine:q8_0"));
    assert_eq!(place.store.list().unwrap(), []);
}

#[test]
fn two_at_once_lose_nothing() {
    let place = Place::new();
    let arrivals: Vec<Arrival> = (0..8)
        .map(|number| place.arrival(&format!("m{number}:q4_0"), &[(&format!("{number}.gguf"), "weights")]))
        .collect();
    std::thread::scope(|scope| {
        for arrival in &arrivals {
            let store = &place.store;
            scope.spawn(move || store.take_in(arrival).unwrap());
        }
    });
    assert_eq!(place.store.list().unwrap().len(), 8);
    assert_eq!(place.store.strays().unwrap(), []);
}

#[test]
fn who_holds_the_lock_keeps_others_out_until_it_lets_go() {
    let place = Place::new();
    let guard = place.store.lock().unwrap();
    let arrival = place.arrival("mine:q4_0", &[("m.gguf", "m")]);
    std::thread::scope(|scope| {
        let store = &place.store;
        let waiting = scope.spawn(|| store.take_in(&arrival));
        assert_eq!(place.store.list().unwrap(), [], "reading waits for nobody");
        drop(guard);
        waiting.join().unwrap().unwrap();
    });
    assert_eq!(place.store.list().unwrap().len(), 1);
}
