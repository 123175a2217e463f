//! Models in several files (`…-00001-of-00002.gguf`): looked at, taken up, verified and removed as one, and refused where a part is
//! missing, in another's place, or of another model.

use std::path::{Path, PathBuf};

use super::model::synth::{File, Weights, tiny};
use super::model::{expect, json};
use super::support::User;

const STORE: &str = ".local/share/tandem/models";

fn write(user: &User, folder: &str, parts: &[File]) -> Vec<PathBuf> {
    std::fs::create_dir_all(user.path(folder)).unwrap();
    let name = |number: usize| format!("{folder}/big-Q8_0-{number:05}-of-{:05}.gguf", parts.len());
    let paths: Vec<PathBuf> = (1..=parts.len()).map(|number| user.path(&name(number))).collect();
    for (seed, (path, part)) in paths.iter().zip(parts).enumerate() {
        part.write(path, Weights::Random(seed as u64)).unwrap();
    }
    paths
}

fn split(user: &User, folder: &str, count: usize) -> Vec<PathBuf> {
    write(user, folder, &tiny("qwen2").file().split(count))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn swap(one: &Path, other: &Path) {
    let aside = one.with_extension("aside");
    std::fs::rename(one, &aside).unwrap();
    std::fs::rename(other, one).unwrap();
    std::fs::rename(aside, other).unwrap();
}

/// `info`, `import` and `use` all refuse the model in these words, and leave nothing behind.
#[track_caller]
fn refused(user: &User, file: &Path, words: &[&str]) {
    for command in ["info", "import", "use"] {
        let ended = user.run(&["model", command, text(file)]).expect_code(2);
        expect(&ended.stderr, words);
    }
    assert!(!user.path(STORE).join("models.lock").exists());
    assert!(!user.path(".config/tandem/config.toml").exists());
}

#[test]
fn any_part_tells_of_the_whole_model() {
    let user = User::new();
    let parts = split(&user, "m", 3);
    let whole = user.path("m/whole.gguf");
    tiny("qwen2").write(&whole, Weights::Sparse).unwrap();
    let told = |path: &Path| json(&user.run(&["model", "info", text(path), "--json"]).expect_code(0));
    let expected = told(&whole);
    for part in &parts {
        let own = told(part);
        for key in ["role", "context", "architecture", "tensors", "memory"] {
            assert_eq!(own[key], expected[key], "{key} of {}", part.display());
        }
    }
}

#[test]
fn a_split_model_is_taken_up_verified_and_removed_as_one() {
    let user = User::new();
    let parts = split(&user, "m", 3);
    let ended = user.run(&["model", "import", text(&parts[1]), "--link", "symbolic"]).expect_code(0);
    expect(&ended.stdout, &["big:q8_0 is"]);
    let listed = json(&user.run(&["model", "list", "--installed", "--json"]).expect_code(0)).to_string();
    assert!(listed.contains("big:q8_0"), "{listed}");
    expect(&user.run(&["model", "verify"]).expect_code(0).stdout, &["ok  big:q8_0"]);
    let good = std::fs::read(&parts[2]).unwrap();
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    std::fs::write(&parts[2], bad).unwrap();
    expect(
        &user.run(&["model", "verify"]).expect_code(1).stdout,
        &["BAD ", "big-Q8_0-00003-of-00003.gguf is not what it was"],
    );
    std::fs::write(&parts[2], good).unwrap();
    swap(&parts[1], &parts[2]);
    expect(&user.run(&["model", "verify"]).expect_code(1).stdout, &["BAD ", "00002-of-00003.gguf"]);
    swap(&parts[1], &parts[2]);
    std::fs::rename(&parts[1], user.path("aside")).unwrap();
    expect(&user.run(&["model", "verify"]).expect_code(1).stdout, &["is gone", "00002-of-00003.gguf"]);
    std::fs::rename(user.path("aside"), &parts[1]).unwrap();
    user.run(&["model", "rm", "big", "--yes"]).expect_code(0);
    assert!(parts.iter().all(|part| part.exists()), "other people's files stay");
    assert_eq!(std::fs::read_dir(user.path(STORE).join("big/q8_0")).map_or(0, Iterator::count), 0);
}

#[test]
fn the_first_part_is_what_is_used_whichever_was_named() {
    let user = User::new();
    let parts = split(&user, "m", 2);
    user.run(&["model", "use", text(&parts[1])]).expect_code(0);
    let config = std::fs::read_to_string(user.path(".config/tandem/config.toml")).unwrap();
    expect(&config, &[text(&parts[0])]);
}

#[test]
fn a_missing_part_is_named() {
    let user = User::new();
    let parts = split(&user, "m", 3);
    std::fs::remove_file(&parts[1]).unwrap();
    for part in [&parts[0], &parts[2]] {
        refused(&user, part, &["big-Q8_0-00002-of-00003.gguf"]);
    }
}

#[test]
fn parts_in_each_other_s_place_are_told() {
    let user = User::new();
    let parts = split(&user, "m", 3);
    swap(&parts[1], &parts[2]);
    refused(&user, &parts[0], &["it says that it is part 3 of 3, and stands in the place of part 2"]);
}

#[test]
fn parts_of_different_models_are_told() {
    let user = User::new();
    let mut parts = tiny("qwen2").file().split(2);
    let mut other = tiny("qwen2");
    other.layers += 1;
    parts[1] = other.file().split(2).remove(1);
    let paths = write(&user, "m", &parts);
    refused(&user, &paths[0], &["its parts do not belong together", "download the model again"]);
    parts[1] = tiny("qwen2").file().split(3).remove(1);
    let paths = write(&user, "n", &parts);
    refused(&user, &paths[0], &["it says that it is part 2 of 3, and not of 2"]);
}

#[test]
fn what_a_name_says_of_parts_is_held_against_the_file() {
    let user = User::new();
    let whole = tiny("qwen2").file();
    let paths = write(&user, "m", &[whole.clone(), whole]);
    refused(&user, &paths[0], &["by its name it is part 1 of 2, and it says nothing of that itself"]);
    let parts = split(&user, "n", 2);
    let alone = user.path("n/alone.gguf");
    std::fs::rename(&parts[0], &alone).unwrap();
    refused(&user, &alone, &["it says that it is part 1 of 2", "its name is that of a whole model"]);
}
