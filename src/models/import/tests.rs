//! Other programs' stores as they are, damaged and hostile, and what is made of them.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// A GGUF of no weights: a header with these texts and numbers.
pub fn gguf_bytes(texts: &[(&str, &str)], numbers: &[(&str, u32)]) -> Vec<u8> {
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(3_u32.to_le_bytes());
    bytes.extend(0_u64.to_le_bytes());
    bytes.extend(((texts.len() + numbers.len()) as u64).to_le_bytes());
    let text = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(text.as_bytes());
    };
    for (key, value) in texts {
        text(&mut bytes, key);
        bytes.extend(8_u32.to_le_bytes());
        text(&mut bytes, value);
    }
    for (key, value) in numbers {
        text(&mut bytes, key);
        bytes.extend(4_u32.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.resize(bytes.len().next_multiple_of(32), 0);
    bytes
}

fn completer() -> Vec<u8> {
    gguf_bytes(
        &[("general.architecture", "qwen2")],
        &[("general.file_type", 7), ("tokenizer.ggml.fim_pre_token_id", 1)],
    )
}

struct Place {
    root: tempfile::TempDir,
    store: Store,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path().join("tandem/models"));
        Self { root, store }
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.root.path().canonicalize().unwrap().join(relative)
    }

    fn write(&self, relative: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// A model in Ollama's store.
    fn ollama(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let source = self.write("scratch", bytes);
        let digest = hash_file(&source, |_| true).unwrap();
        let blob = self.write(&format!("ollama/blobs/sha256-{digest}"), bytes);
        let manifest = format!(
            r#"{{"schemaVersion":2,"layers":[
                {{"mediaType":"application/vnd.ollama.image.license","digest":"sha256:{digest}","size":1}},
                {{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:{digest}","size":{}}}]}}"#,
            bytes.len()
        );
        self.write(&format!("ollama/manifests/{name}"), manifest.as_bytes());
        blob
    }

    fn found(&self) -> Vec<Candidate> {
        find_in_ollama(&self.path("ollama")).unwrap()
    }

    fn import(&self, candidate: &Candidate, wishes: &Wishes) -> Result<Imported, ImportError> {
        import(&self.store, candidate, wishes, |_, _| true)
    }

    #[track_caller]
    fn import_new(&self, candidate: &Candidate, link: LinkKind) -> Installed {
        match self.import(candidate, &Wishes { link, ..Wishes::default() }).unwrap() {
            Imported::New(installed) => installed,
            Imported::Already(installed) => panic!("{} was there", installed.name),
        }
    }
}

const LIBRARY: &str = "registry.ollama.ai/library";

#[test]
fn ollama_s_models_have_ollama_s_names_and_files() {
    let place = Place::new();
    let blob = place.ollama(&format!("{LIBRARY}/qwen2.5-coder/1.5b"), &completer());
    place.ollama("registry.ollama.ai/ann/mine/latest", &completer());
    place.ollama("hf.co/bartowski/X-GGUF/Q4_K_M", &completer());
    place.write(&format!("ollama/manifests/{LIBRARY}/.DS_Store"), b"x");
    place.write("ollama/manifests/registry.ollama.ai/stray", b"x");
    let found = place.found();
    let names: Vec<&str> = found.iter().map(|candidate| candidate.origin.repository.as_str()).collect();
    assert_eq!(names, ["hf.co/bartowski/X-GGUF:Q4_K_M", "ann/mine:latest", "qwen2.5-coder:1.5b"]);
    assert_eq!(found[2].files[0].path, blob);
    assert_eq!(found[2].problem, None);
    let installed = place.import_new(&found[2], LinkKind::Auto);
    // Ollama's `1.5b` is tuned for talk; the catalogue's name means another file.
    assert_eq!(installed.name.to_string(), "ollama-qwen2.5-coder-1.5b:q8_0");
    assert_eq!(installed.role, Role::Completion);
    let path = place.store.resolve(&installed.name).unwrap();
    assert!(path.ends_with("ollama-qwen2.5-coder-1.5b/q8_0/ollama-qwen2.5-coder-1.5b-q8_0.gguf"), "{path:?}");
    assert_eq!(fs::read(path).unwrap(), completer());
    // The same bytes under another name are the same model.
    let again = place.import(&found[1], &Wishes::default()).unwrap();
    assert_eq!(again, Imported::Already(installed));
}

#[test]
fn damaged_manifests_and_missing_blobs_are_told_and_leave_the_others_alone() {
    let place = Place::new();
    place.ollama(&format!("{LIBRARY}/good/1b"), &completer());
    let model = |digest: &str, size: usize| {
        format!(
            r#"{{"layers":[{{"mediaType":"application/vnd.ollama.image.model","digest":"{digest}","size":{size}}}]}}"#
        )
    };
    let hex = "ab".repeat(32);
    let outside = model("sha256:../../../../etc/passwd", 1);
    let short = place.ollama(&format!("{LIBRARY}/short/1b"), &gguf_bytes(&[("general.architecture", "x")], &[]));
    fs::write(&short, b"GGUF").unwrap();
    for (name, text) in [
        ("broken", "{\"layers\": [".to_owned()),
        ("cloud", "{\"layers\": []}".to_owned()),
        ("empty", String::new()),
        ("gone", model(&format!("sha256:{hex}"), 5)),
        ("outside", outside),
        (
            "tensors",
            r#"{"layers":[{"mediaType":"application/vnd.ollama.image.tensor","digest":"x","size":1}]}"#.to_owned(),
        ),
    ] {
        place.write(&format!("ollama/manifests/{LIBRARY}/{name}/1b"), text.as_bytes());
    }
    let found = place.found();
    let problems: Vec<(String, String)> = found
        .iter()
        .filter_map(|candidate| Some((candidate.origin.repository.clone(), candidate.problem.clone()?)))
        .collect();
    let expect = |name: &str, words: &str| {
        let (_, problem) = problems.iter().find(|(found, _)| found == &format!("{name}:1b")).expect(name);
        assert!(problem.contains(words), "{name}: {problem}");
    };
    expect("broken", "damaged");
    expect("cloud", "names no model");
    expect("empty", "damaged");
    expect("gone", &format!("blob sha256-{hex} is missing"));
    expect("outside", "not a SHA-256 digest");
    expect("short", "has 4 bytes in place of");
    expect("tensors", "only Ollama can load");
    assert_eq!(problems.len(), 7);
    let broken = found.iter().find(|candidate| candidate.problem.is_some()).unwrap();
    assert!(matches!(place.import(broken, &Wishes::default()), Err(ImportError::Unusable(_))));
    let good = found.iter().find(|candidate| candidate.problem.is_none()).unwrap();
    assert_eq!(place.import_new(good, LinkKind::Auto).name.to_string(), "good-1b:q8_0");
}

#[test]
fn lm_studio_s_models_keep_their_names_and_parts() {
    let place = Place::new();
    let root = place.path("lm");
    place.write("lm/ann/Some-Model-GGUF/some-model-Q4_K_M.gguf", &completer());
    place.write("lm/ann/Some-Model-GGUF/mmproj-some-model.gguf", b"x");
    place.write("lm/ann/Some-Model-GGUF/README.md", b"x");
    let first = gguf_bytes(&[("general.architecture", "qwen2")], &[("split.no", 0), ("split.count", 2)]);
    place.write("lm/ann/Big/big-Q6_K-00001-of-00002.gguf", &first);
    let second = gguf_bytes(&[], &[("split.no", 1), ("split.count", 2)]);
    place.write("lm/ann/Big/big-Q6_K-00002-of-00002.gguf", &second);
    place.write("lm/ann/Cut/cut-00001-of-00003.gguf", &completer());
    let found = find_in_lm_studio(&root).unwrap();
    let names: Vec<&str> = found.iter().map(|candidate| candidate.origin.repository.as_str()).collect();
    assert_eq!(
        names,
        [
            "ann/Big/big-Q6_K-00001-of-00002.gguf",
            "ann/Cut/cut-00001-of-00003.gguf",
            "ann/Some-Model-GGUF/some-model-Q4_K_M.gguf"
        ]
    );
    assert!(found[1].problem.as_ref().unwrap().contains("cut-00002-of-00003.gguf"), "{:?}", found[1].problem);
    let big = place.import_new(&found[0], LinkKind::Symbolic);
    assert_eq!((big.name.to_string().as_str(), big.files.len()), ("big:q6_k", 2));
    let first = place.store.resolve(&big.name).unwrap();
    assert!(first.ends_with("big/q6_k/big-Q6_K-00001-of-00002.gguf"), "llama.cpp finds the others by it: {first:?}");
    assert_eq!(place.import_new(&found[2], LinkKind::Auto).name.to_string(), "some-model:q4_k_m");
    assert!(find_in_lm_studio(&place.path("none")).is_err());
}

#[test]
fn the_catalogue_s_own_files_have_the_catalogue_s_names() {
    let place = Place::new();
    let entry = crate::models::Catalogue::builtin().entry("embeddinggemma-300m").unwrap();
    let file = entry.file(None).unwrap();
    let path = place
        .write(&format!("lm/{}/{}", file.repository, file.file), &gguf_bytes(&[("general.architecture", "x")], &[]));
    let found = find_in_lm_studio(&place.path("lm")).unwrap();
    // Sparse, so that it has the size and takes no room.
    fs::File::options().write(true).open(&path).unwrap().set_len(file.bytes).unwrap();
    let wishes = Wishes::default();
    let (name, role) = naming::describe(&found[0], &gguf::read(&path).unwrap(), &wishes).unwrap();
    assert_eq!((name.to_string().as_str(), role), ("embeddinggemma-300m:q8_0", Role::Embedding));
    // Of another size it is something else with this name.
    fs::File::options().write(true).open(&path).unwrap().set_len(4096).unwrap();
    let (name, _) = naming::describe(&found[0], &gguf::read(&path).unwrap(), &wishes).unwrap();
    assert_eq!(name.to_string(), "lm-studio-embeddinggemma-300m:q8_0");
}

#[test]
fn each_way_to_hold_a_file_does_what_it_says_when_the_file_goes() {
    for (link, holding, stays) in [
        (LinkKind::Hard, Holding::HardLink, true),
        (LinkKind::Symbolic, Holding::SymbolicLink, false),
        (LinkKind::Path, Holding::Path, false),
        (LinkKind::Auto, Holding::HardLink, true),
    ] {
        let place = Place::new();
        let path = place.write("own/My Model.Q8_0.gguf", &completer());
        let installed = place.import_new(&Candidate::of_file(&path).unwrap(), link);
        assert_eq!(installed.holding, holding);
        assert_eq!(installed.name.to_string(), "my-model:q8_0");
        assert!(place.store.resolve(&installed.name).is_ok());
        fs::remove_file(&path).unwrap();
        let after = place.store.resolve(&installed.name);
        assert_eq!(after.is_ok(), stays, "{holding}");
        if let Err(error) = after {
            assert!(error.to_string().contains("is gone"), "{error}");
            // It comes back, and is taken up anew in the same place.
            place.write("own/My Model.Q8_0.gguf", &completer());
            place.import(&Candidate::of_file(&path).unwrap(), &Wishes { link, ..Wishes::default() }).unwrap();
            assert!(place.store.resolve(&installed.name).is_ok());
        }
    }
}

#[test]
fn removing_never_touches_what_is_somebody_else_s() {
    for link in [LinkKind::Hard, LinkKind::Symbolic, LinkKind::Path] {
        let place = Place::new();
        let path = place.write("own/m-Q8_0.gguf", &completer());
        let installed = place.import_new(&Candidate::of_file(&path).unwrap(), link);
        place.store.remove(&installed.name).unwrap();
        assert_eq!(fs::read(&path).unwrap(), completer(), "{link:?}");
        assert_eq!(place.store.list().unwrap(), []);
        assert_eq!(place.store.strays().unwrap(), []);
        assert!(!place.store.directory().join("m").exists(), "no empty folder is left");
    }
}

#[test]
fn what_cannot_be_taken_up_says_why() {
    let place = Place::new();
    let error = |file: &Path| {
        let candidate = match Candidate::of_file(file) {
            Ok(candidate) => candidate,
            Err(error) => return error.to_string(),
        };
        place.import(&candidate, &Wishes::default()).unwrap_err().to_string()
    };
    assert!(error(&place.path("none.gguf")).contains("cannot be read"));
    assert!(error(&place.write("text.gguf", b"hello world")).contains("not a GGUF file"));
    assert!(error(&place.write("empty.gguf", b"")).contains("empty"));
    assert!(error(&place.root.path().canonicalize().unwrap()).contains("directory"));
    let mut cut = completer();
    cut.truncate(40);
    assert!(error(&place.write("cut.gguf", &cut)).contains("damaged"));
    assert!(error(&place.write("part-00001-of-00002.gguf", &completer())).contains("part-00002-of-00002.gguf"));
    assert!(error(&place.write("---.gguf", &completer())).contains("--name"));
    let installed =
        place.import_new(&Candidate::of_file(&place.write("a-Q8_0.gguf", &completer())).unwrap(), LinkKind::Hard);
    let inside = place.store.path(&installed.files[0]);
    assert!(error(&inside).contains("lies in the store"));
    let other = gguf_bytes(&[("general.architecture", "llama")], &[]);
    assert!(error(&place.write("b/a-Q8_0.gguf", &other)).contains("there is another a:q8_0"));
    let named = Wishes { name: Some("b".parse().unwrap()), ..Wishes::default() };
    let candidate = Candidate::of_file(&place.path("b/a-Q8_0.gguf")).unwrap();
    assert!(matches!(place.import(&candidate, &named), Ok(Imported::New(installed)) if installed.name.name() == "b"));
}

#[test]
fn who_stops_it_leaves_nothing() {
    let place = Place::new();
    let candidate = Candidate::of_file(&place.write("a.gguf", &completer())).unwrap();
    assert!(import(&place.store, &candidate, &Wishes::default(), |_, _| false).is_err());
    assert!(!place.store.directory().exists());
}

#[cfg(unix)]
#[test]
fn a_store_that_cannot_be_written_to_is_an_error_and_no_half_link() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    fs::create_dir_all(place.path("tandem/models")).unwrap();
    fs::set_permissions(place.path("tandem/models"), fs::Permissions::from_mode(0o777)).unwrap();
    let candidate = Candidate::of_file(&place.write("a.gguf", &completer())).unwrap();
    let error = place.import(&candidate, &Wishes::default()).unwrap_err().to_string();
    assert!(error.contains("can be written to by other users"), "{error}");
}

#[test]
fn roles_follow_from_what_a_file_says() {
    for (texts, numbers, expected) in [
        (vec![("general.architecture", "nomic-bert")], vec![], Role::Embedding),
        (vec![("general.architecture", "qwen3")], vec![("qwen3.pooling_type", 3)], Role::Embedding),
        (vec![("general.architecture", "qwen3"), ("tokenizer.chat_template", "{{x}}")], vec![], Role::Chat),
        (
            vec![("general.architecture", "qwen2"), ("tokenizer.chat_template", "{{x}}")],
            vec![("tokenizer.ggml.prefix_token_id", 1)],
            Role::Completion,
        ),
        (vec![("general.architecture", "llama")], vec![], Role::Completion),
    ] {
        let place = Place::new();
        let path = place.write("a.gguf", &gguf_bytes(&texts, &numbers));
        assert_eq!(role_of(&gguf::read(&path).unwrap()), expected, "{texts:?}");
    }
}

#[test]
fn a_store_without_its_list_is_taken_up_again_file_by_file() {
    let place = Place::new();
    let candidate = Candidate::of_file(&place.write("some/odd-coder.gguf", &completer())).unwrap();
    let wishes = Wishes { name: Some("mine:q8_0".parse().unwrap()), link: LinkKind::Hard, ..Wishes::default() };
    let Imported::New(first) = place.import(&candidate, &wishes).unwrap() else { panic!("it is new") };
    let file = place.store.path(&first.files[0]);
    let again = Candidate::of_file(&file).unwrap();
    let error = place.import(&again, &Wishes::default()).unwrap_err().to_string();
    assert!(error.contains("belongs to an installed model"), "{error}");

    fs::write(place.path("tandem/models/models.lock"), "version = ").unwrap();
    let damaged = place.store.list().unwrap_err().to_string();
    assert!(damaged.contains("move it away and take the files in its folder up again"), "{damaged}");
    fs::remove_file(place.path("tandem/models/models.lock")).unwrap();
    fs::remove_file(place.path("some/odd-coder.gguf")).unwrap();
    let adopted = place.import_new(&again, LinkKind::Auto);
    assert_eq!((adopted.name.to_string().as_str(), adopted.holding), ("mine:q8_0", Holding::Own));
    assert_eq!(place.store.path(&adopted.files[0]), file);
    assert!(place.store.strays().unwrap().is_empty());
    place.store.remove(&adopted.name).unwrap();
    assert!(!file.exists(), "it is the store's own");
}

#[test]
fn a_download_is_no_file_to_be_taken_up() {
    let place = Place::new();
    let path = place.write("tandem/models/partial/q8_0/a.gguf", &completer());
    let candidate = Candidate::of_file(&path).unwrap();
    assert!(matches!(place.import(&candidate, &Wishes::default()), Err(ImportError::Ours(_))));
}

#[test]
fn a_link_that_is_made_again_leaves_no_second_name() {
    let place = Place::new();
    let candidate = Candidate::of_file(&place.write("some/odd-coder.gguf", &completer())).unwrap();
    let first = place.import_new(&candidate, LinkKind::Auto);
    fs::remove_file(place.path("tandem/models/models.lock")).unwrap();
    place.import_new(&candidate, LinkKind::Auto);
    let folder = place.store.path(&first.files[0]).parent().unwrap().to_owned();
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
}
