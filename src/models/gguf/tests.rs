//! Headers of the models that there are, and of files that mean harm.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::{Header, Value, check, read};
use crate::models::synth;

use crate::models::synth::{File, Weights, known, tiny};

fn starter() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/starter.gguf")
}

fn written(file: &File) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.gguf");
    file.write(&path, Weights::Sparse).unwrap();
    (directory, path)
}

fn reread(file: &File) -> anyhow::Result<Header> {
    let (_directory, path) = written(file);
    read(&path)
}

#[test]
fn the_starter_says_what_it_is() {
    let header = read(&starter()).unwrap();
    assert_eq!(header.architecture(), "llama");
    assert_eq!(header.text("general.name"), Some("Starter FIM 4M"));
    assert_eq!((header.own_number("block_count"), header.own_number("context_length")), (Some(5), Some(2048)));
    assert_eq!(header.vocabulary(), 4096);
    assert_eq!(header.number("tokenizer.ggml.fim_pre_token_id"), Some(4089));
    assert_eq!(header.chat_template(), None);
    assert_eq!(header.parameters(), 4_000_512, "as llama-server counts them");
    assert_eq!(header.bytes_by_kind(), [("q8_0", 4_247_552), ("f32", 11_264)]);
    assert_eq!(header.data + header.weight_bytes(), header.bytes, "nothing else is in the file");
}

#[test]
fn every_shape_that_can_be_written_is_read_as_it_was_meant() {
    for name in synth::KNOWN {
        let spec = known(name).unwrap();
        let header = reread(&spec.file()).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        assert_eq!(header.weight_bytes(), spec.weight_bytes(), "{name}");
        assert_eq!(header.own_number("block_count"), Some(u64::from(spec.layers)), "{name}");
        assert_eq!(header.vocabulary(), u64::from(spec.vocabulary), "{name}");
    }
}

#[test]
fn lists_of_numbers_and_templates_are_kept_and_long_lists_are_counted() {
    let mut file = tiny("qwen2").with_chat_template("{{ messages }}").file();
    file.set("qwen2.attention.head_count_kv", synth::Value::I32s(vec![2, 4, 2]));
    let header = reread(&file).unwrap();
    assert_eq!(header.own("attention.head_count_kv"), Some(&Value::List(vec![2, 4, 2])));
    assert_eq!(header.own_number("attention.head_count_kv"), Some(4));
    assert_eq!(header.chat_template(), Some("{{ messages }}"));
    assert_eq!(header.value("tokenizer.ggml.tokens"), Some(&Value::Long(512)));
}

#[test]
fn a_text_that_is_too_long_is_cut_and_many_of_them_take_bounded_memory() {
    let mut file = tiny("llama").file();
    for number in 0..48 {
        file.set(&format!("note.{number}"), synth::Value::Text("x".repeat(1_200_000)));
    }
    let header = reread(&file).unwrap();
    let lengths: Vec<usize> = (0..48).map(|number| header.text(&format!("note.{number}")).unwrap().len()).collect();
    assert_eq!(lengths[0], 1 << 20);
    assert!(lengths.iter().sum::<usize>() <= 32 << 20, "{lengths:?}");
}

#[test]
fn a_file_that_is_cut_short_or_empty_or_no_file_is_a_sentence() {
    let (directory, path) = written(&tiny("llama").file());
    let bytes = std::fs::read(&path).unwrap();
    let whole = bytes.len();
    for (length, sentence) in [
        (whole, ""),
        (whole - 40, "the file is cut short"),
        (whole / 2, "its header is damaged"),
        (3, "it is not a GGUF file"),
        (0, "the file is empty"),
    ] {
        let length = if length == whole / 2 { 2000 } else { length };
        std::fs::write(&path, &bytes[..length]).unwrap();
        let answer = check(&path).map_or_else(|error| format!("{error:#}"), |_| String::new());
        assert!(answer.starts_with(sentence) && answer.is_empty() == sentence.is_empty(), "{length}: {answer}");
    }
    assert!(check(directory.path()).unwrap_err().to_string().starts_with("it is a directory"));
    assert!(check(&directory.path().join("none")).unwrap_err().to_string().starts_with("there is no such file"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whatever stands in a header, reading ends with an answer.
    #[test]
    fn no_header_does_harm(changes in prop::collection::vec((0_usize..3000, any::<u8>()), 1..8)) {
        let (_directory, path) = written(&tiny("llama").file());
        let mut bytes = std::fs::read(&path).unwrap();
        for (place, byte) in changes {
            bytes[place] = byte;
        }
        std::fs::write(&path, bytes).unwrap();
        let _ = read(&path);
    }
}
