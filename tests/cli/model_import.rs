//! `tandem model import`: stores of other programs as they are found, broken and in use, and two imports at once.

use std::process::Stdio;

use super::model::{expect, json, model_file};
use super::support::{Ended, User, files};

const STORE: &str = ".local/share/tandem/models";
const LIBRARY: &str = ".ollama/models/manifests/registry.ollama.ai/library";

fn manifest(digest: &str, size: u64) -> String {
    format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","layers":[
            {{"mediaType":"application/vnd.ollama.image.template","digest":"sha256:{}","size":3}},
            {{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:{digest}","size":{size}}}]}}"#,
        "0".repeat(64)
    )
}

/// A model as `ollama pull` leaves it below this directory. Returns the blob's name.
fn ollama(user: &User, root: &str, name: &str, architecture: &str) -> String {
    let file = model_file(user, "scratch.gguf", architecture);
    let digest = tandem::models::hash_file(&file, |_| true).unwrap().to_string();
    let size = file.metadata().unwrap().len();
    let blob = user.path(&format!("{root}/blobs/sha256-{digest}"));
    std::fs::create_dir_all(blob.parent().unwrap()).unwrap();
    std::fs::rename(file, &blob).unwrap();
    user.write(&format!("{root}/manifests/registry.ollama.ai/library/{name}"), &manifest(&digest, size));
    format!("{root}/blobs/sha256-{digest}")
}

#[test]
fn ollama_s_models_are_used_without_a_copy_and_without_a_change() {
    let user = User::new();
    let blob = ollama(&user, ".ollama/models", "mine/1b", "qwen2");
    user.write(&format!("{LIBRARY}/broken/1b"), "{");
    user.write(&format!("{LIBRARY}/gone/1b"), &manifest(&"ab".repeat(32), 5));
    let ended = user.run(&["model", "import", "ollama", "--dry-run"]).expect_code(0);
    expect(
        &ended.stdout,
        &["mine:1b (", "can be taken up", "not taken up: broken:1b: its manifest is damaged", "is missing"],
    );
    assert!(!user.path(STORE).exists());
    let ended = user.run(&["model", "import", "ollama"]).expect_code(0);
    expect(
        &ended.stdout,
        &["mine-1b:q8_0 is mine:1b", "by hard link", "stays usable here", "tandem model use mine-1b:q8_0"],
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let link = user.path(STORE).join("mine-1b/q8_0/mine-1b-q8_0.gguf");
        assert_eq!(link.metadata().unwrap().ino(), user.path(&blob).metadata().unwrap().ino());
    }
    let again = json(&user.run(&["model", "import", "ollama", "mine", "--json"]).expect_code(0));
    assert_eq!(again["models"][0]["isNew"], false);
    user.run(&["model", "verify"]).expect_code(0);
    // `ollama rm`: the link stays.
    std::fs::remove_file(user.path(&blob)).unwrap();
    user.run(&["model", "verify", "mine-1b"]).expect_code(0);
}

/// The block of docs/models.md, line by line, in a home where both programs have something.
#[test]
fn the_commands_of_the_document_do_as_they_stand() {
    let user = User::new();
    ollama(&user, ".ollama/models", "qwen2.5-coder/1.5b", "qwen2");
    // As `ollama pull hf.co/…` and one of somebody's own leave them; one blob may have several names.
    let blob = ollama(&user, ".ollama/models", "mine/1b", "llama");
    let digest = blob.rsplit('-').next().unwrap();
    let size = user.path(&blob).metadata().unwrap().len();
    for name in ["hf.co/ann/New-GGUF/Q8_0", "registry.ollama.ai/ann/other/latest"] {
        user.write(&format!(".ollama/models/manifests/{name}"), &manifest(digest, size));
    }
    let publisher = ".lmstudio/models/lmstudio-community/Qwen2.5-Coder-7B-Instruct-GGUF";
    for (number, file) in
        [format!("{publisher}/Qwen2.5-Coder-7B-Instruct-Q8_0.gguf"), "work/some.gguf".to_owned()].iter().enumerate()
    {
        // Other bytes, so that it is another model.
        let path = model_file(&user, file, "qwen2");
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() = number as u8 + 1;
        std::fs::write(path, bytes).unwrap();
    }
    let document = include_str!("../../docs/models.md");
    let section = document.split("\n## Models of other programs\n").nth(1).unwrap();
    let block = section.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    for line in block.lines() {
        let words: Vec<&str> = line.split('#').next().unwrap().split_whitespace().collect();
        assert_eq!(words[..3], ["tandem", "model", "import"], "{line}");
        user.run(&words[1..]).expect_code(0);
    }
    assert_eq!(block.lines().count(), 4);
    let listed = user.run(&["model", "list", "--installed"]).expect_code(0).stdout;
    expect(&listed, &["ollama-qwen2.5-coder-1.5b", "qwen2.5-coder-7b-instruct", "some"]);
    user.run(&["model", "verify"]).expect_code(0);
}

#[test]
fn a_link_that_leads_nowhere_is_told_and_mended_by_another_import() {
    let user = User::new();
    let blob = ollama(&user, ".ollama/models", "mine/1b", "qwen2");
    user.run(&["model", "import", "ollama", "--link", "symbolic"]).expect_code(0);
    let moved = user.path("moved");
    std::fs::rename(user.path(&blob), &moved).unwrap();
    let ended = user.run(&["model", "verify"]).expect_code(1);
    expect(&ended.stdout, &["is gone", "`ollama pull mine:1b`", "tandem model rm mine-1b:q8_0"]);
    std::fs::rename(&moved, user.path(&blob)).unwrap();
    user.run(&["model", "verify"]).expect_code(0);
    user.run(&["model", "rm", "mine-1b", "--yes"]).expect_code(0);
    assert!(user.path(&blob).exists());
}

#[test]
fn ollama_s_own_variable_and_a_folder_of_ours_are_heeded() {
    let user = User::new();
    ollama(&user, "big-disk/ollama", "mine/1b", "qwen2");
    let none = user.run(&["model", "import", "ollama"]).expect_code(2);
    expect(&none.stderr, &["Ollama has no models in", ".ollama/models", "--from"]);
    let mut command = user.command(&["model", "import", "ollama", "--dry-run"]);
    let ended = Ended::of(command.env("OLLAMA_MODELS", user.path("big-disk/ollama")).output().unwrap()).expect_code(0);
    expect(&ended.stdout, &["mine:1b"]);
    let from = user.path("big-disk/ollama");
    user.run(&["model", "import", "ollama", "--from", from.to_str().unwrap()]).expect_code(0);
    let none = user.run(&["model", "import", "ollama", "yours", "--from", from.to_str().unwrap()]).expect_code(2);
    expect(&none.stderr, &["no model with yours in its name", "mine:1b"]);
}

#[test]
fn a_manifest_cannot_lead_out_of_the_store() {
    let user = User::new();
    ollama(&user, ".ollama/models", "good/1b", "qwen2");
    let secret = model_file(&user, "secret.gguf", "llama");
    for (name, digest) in [("up", "../../../secret.gguf"), ("absolute", secret.to_str().unwrap())] {
        user.write(&format!("{LIBRARY}/{name}/1b"), &manifest(digest, secret.metadata().unwrap().len()));
    }
    let long = format!("{{\"layers\": [], \"x\": \"{}\"}}", "x".repeat(2 << 20));
    user.write(&format!("{LIBRARY}/long/1b"), &long);
    let value = json(&user.run(&["model", "import", "ollama", "--json"]).expect_code(0));
    let taken: Vec<&str> =
        value["models"].as_array().unwrap().iter().filter_map(|model| model["name"].as_str()).collect();
    assert_eq!(taken, ["good-1b:q8_0"]);
}

#[test]
fn lm_studio_s_models_are_found_in_both_of_its_places() {
    let user = User::new();
    model_file(&user, ".lmstudio/models/ann/New-GGUF/new-Q8_0.gguf", "qwen2");
    model_file(&user, ".cache/lm-studio/models/ann/Old-GGUF/old-Q8_0.gguf", "llama");
    user.write(".lmstudio/models/ann/Cut-GGUF/cut.gguf", "GGUF");
    user.write(".lmstudio/models/ann/New-GGUF/mmproj-new.gguf", "GGUF");
    let ended = user.run(&["model", "import", "lm-studio"]).expect_code(0);
    expect(
        &ended.stdout,
        &["new:q8_0 is ann/New-GGUF/new-Q8_0.gguf", "old:q8_0", "not taken up: ann/Cut-GGUF/cut.gguf"],
    );
    assert!(!ended.stdout.contains("mmproj"), "{}", ended.stdout);
    let ended = user.run(&["model", "import", "lm-studio", "a", "b", "--name", "x"]).expect_code(2);
    expect(&ended.stderr, &["--name is for one model"]);
}

#[test]
fn files_that_are_no_models_are_refused_one_by_one() {
    let user = User::new();
    user.write("work/text.gguf", "hello");
    user.write("work/empty.gguf", "");
    model_file(&user, "work/part-00001-of-00002.gguf", "qwen2");
    for (file, sentence) in [
        ("text.gguf", "not a GGUF file"),
        ("empty.gguf", "empty"),
        ("part-00001-of-00002.gguf", "part-00002-of-00002.gguf"),
        ("none.gguf", "cannot be read"),
        (".", "directory"),
    ] {
        let ended = user.run(&["model", "import", file]).expect_code(2);
        expect(&ended.stderr, &[sentence]);
    }
    let ended = user.run(&["model", "import", "text.gguf", "--name", "no/name"]).expect_code(2);
    expect(&ended.stderr, &["no/name"]);
    let ended = user.run(&["model", "import", "text.gguf", "other.gguf"]).expect_code(2);
    expect(&ended.stderr, &["one file after the other"]);
    assert!(!user.path(STORE).join("models.lock").exists());
}

#[test]
fn many_at_once_lose_nothing() {
    let user = User::new();
    let names: Vec<String> = (0..6).map(|number| format!("m{number}")).collect();
    let base = std::fs::read(model_file(&user, "base.gguf", "qwen2")).unwrap();
    let children: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(number, name)| {
            let mut bytes = base.clone();
            *bytes.last_mut().unwrap() = number as u8 + 1;
            let file = user.path(&format!("{name}-Q8_0.gguf"));
            std::fs::write(&file, bytes).unwrap();
            let mut command = user.command(&["model", "import", file.to_str().unwrap()]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for child in children {
        Ended::of(child.wait_with_output().unwrap()).expect_code(0);
    }
    user.run(&["model", "verify"]).expect_code(0);
    let listed = json(&user.run(&["model", "list", "--installed", "--json"]).expect_code(0));
    assert_eq!(listed["models"].as_array().unwrap().len(), names.len());
    let left: Vec<String> = files(&user.path(STORE)).into_iter().filter(|name| name.contains("new")).collect();
    assert_eq!(left, [""; 0]);
}

#[test]
fn a_name_in_the_settings_that_is_not_installed_is_told_by_the_commands_that_need_it() {
    let user = User::new();
    user.write("work/a.rs", "fn main() {\n    let total = 1;\n    let other = to\n}\n");
    let ended = user.run(&["complete", "a.rs:3:19", "--model", "starcoder2-3b", "--log", "warn"]);
    expect(
        &(ended.stdout + &ended.stderr),
        &["starcoder2-3b is not installed; type `tandem model pull starcoder2-3b`"],
    );
}
