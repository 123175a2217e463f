//! The whole table, checked: against itself, against what llama.cpp's quantisations make of such shapes, and against the
//! families of fill-in-the-middle.

use std::collections::HashSet;

use super::*;

const GIB: f64 = (1_u64 << 30) as f64;

fn catalogue() -> Catalogue {
    Catalogue::read(TEXT).unwrap()
}

/// What a complaint is about.
fn each(check: impl Fn(&Catalogue, &Entry) -> Vec<String>) {
    let catalogue = catalogue();
    let complaints: Vec<String> = catalogue
        .entries
        .iter()
        .flat_map(|entry| check(&catalogue, entry).into_iter().map(|complaint| format!("{}: {complaint}", entry.name)))
        .collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

fn unless(is_right: bool, complaint: impl Into<String>) -> Vec<String> {
    if is_right { Vec::new() } else { vec![complaint.into()] }
}

#[test]
fn there_is_a_choice_of_every_kind() {
    let catalogue = catalogue();
    let count = |role: Role| catalogue.entries.iter().filter(|entry| entry.role == role).count();
    assert!(count(Role::Completion) >= 20, "{}", count(Role::Completion));
    assert!(count(Role::Chat) >= 3 && count(Role::Embedding) >= 1);
    for name in ["qwen2.5-coder-0.5b", "qwen3-coder-30b-a3b", "starcoder2-15b", "codestral-22b", "seed-coder-8b"] {
        assert!(catalogue.entry(name).is_some(), "{name}");
    }
    assert_eq!(catalogue.entries.len(), Catalogue::builtin().entries().len());
}

#[test]
fn names_and_files_are_there_once() {
    let catalogue = catalogue();
    let (mut names, mut files) = (HashSet::new(), HashSet::new());
    for entry in &catalogue.entries {
        assert!(names.insert(entry.name.as_str()), "{}", entry.name);
        let mut quantisations = HashSet::new();
        for file in &entry.files {
            assert!(files.insert((&file.repository, &file.file)), "{} {}", file.repository, file.file);
            assert!(quantisations.insert(&file.quantisation), "{} {}", entry.name, file.quantisation);
        }
    }
    let mut licences = HashSet::new();
    for licence in &catalogue.licence {
        assert!(licences.insert(licence.id.as_str()), "{}", licence.id);
        let is_used = catalogue.entries.iter().any(|entry| entry.licence == licence.id);
        assert!(is_used, "nobody has the licence {}", licence.id);
        assert!(licence.url.starts_with("https://"), "{}", licence.url);
        let explains = licence.commercial == CommercialUse::Yes || !licence.note.is_empty();
        assert!(explains, "{} has conditions and does not say which", licence.id);
    }
}

#[test]
fn names_parse_and_are_no_words_of_the_settings() {
    each(|catalogue, entry| {
        let name: ModelName = entry.name.parse().unwrap();
        let mut complaints =
            unless(name.to_string() == entry.name && name.quantisation().is_none(), "not a plain name");
        complaints.extend(unless(!name.is_auto() && !name.is_starter(), "a word of the settings"));
        for file in &entry.files {
            let full = ModelName::new(&entry.name, Some(file.quantisation.clone())).unwrap();
            complaints.extend(unless(catalogue.find(&full) == Some((entry, file)), format!("{full} is not found")));
            complaints
                .extend(unless(file.quantisation.bits_per_weight().is_some(), format!("{full} has no known bits")));
        }
        complaints.extend(unless(entry.file(None).is_some(), "the default file is not there"));
        complaints
    });
}

#[test]
fn repositories_and_files_are_what_hubs_have() {
    each(|_, entry| {
        let mut complaints = Vec::new();
        for file in &entry.files {
            let parts: Vec<&str> = file.repository.split('/').collect();
            let is_plain = |part: &&str| {
                !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
            };
            complaints.extend(unless(parts.len() == 2 && parts.iter().all(is_plain), file.repository.clone()));
            complaints.extend(unless(file.file.ends_with(".gguf") && !file.file.starts_with('/'), file.file.clone()));
            let named = Quantisation::in_file_name(&file.file);
            complaints.extend(unless(
                named.as_ref() == Some(&file.quantisation),
                format!("{} is no {}", file.file, file.quantisation),
            ));
        }
        complaints
    });
}

#[test]
fn families_are_those_of_the_prompts() {
    let families = include_str!("../../engine/fim/families.rs");
    each(|_, entry| {
        let mut complaints = Vec::new();
        if let Some(family) = &entry.family {
            complaints
                .extend(unless(families.contains(&format!("name: \"{family}\",")), format!("no family {family}")));
        }
        complaints
            .extend(unless(entry.role != Role::Completion || entry.family.is_some(), "it completes without a family"));
        complaints.extend(unless(entry.role != Role::Chat || entry.has_chat, "it answers without a template"));
        complaints
    });
}

#[test]
fn licences_are_known() {
    each(|catalogue, entry| unless(catalogue.licence(entry).is_some(), format!("no licence {}", entry.licence)));
}

#[test]
fn shapes_make_the_weights_that_the_makers_count() {
    each(|_, entry| {
        let weights = entry.shape.weights() as f64 / 1e9;
        let is_near = (weights / entry.parameters - 1.0).abs() < 0.02;
        let shape = &entry.shape;
        let mut complaints = unless(is_near, format!("{weights:.3} billion by its shape, {} said", entry.parameters));
        complaints.extend(unless(shape.heads.is_multiple_of(shape.kv_heads), "heads share keys unevenly"));
        complaints.extend(unless((1024..=1 << 20).contains(&shape.context), "an unlikely context"));
        complaints
            .extend(unless(shape.sliding_window.is_none_or(|window| window <= shape.context), "a window too wide"));
        complaints
    });
}

/// A file has its weights in its quantisation and the vocabulary as text. Mixtures of quantisations, and matrices whose rows fit
/// no block, take up to a tenth more.
#[test]
fn bytes_are_those_of_the_shape_in_that_quantisation() {
    each(|_, entry| {
        let shape = &entry.shape;
        let text = f64::from(shape.vocabulary) * 24.0 + 2e6;
        let mut complaints = Vec::new();
        for file in &entry.files {
            let bits = file.quantisation.bits_per_weight().unwrap();
            let expected = shape.weights() as f64 * bits / 8.0 + text;
            let ratio = file.bytes as f64 / expected;
            let said = format!("{} has {} bytes, {expected:.0} follow from its shape", file.quantisation, file.bytes);
            complaints.extend(unless((0.9..1.12).contains(&ratio), said));
        }
        complaints
    });
}

#[test]
fn the_recommended_memory_has_room_and_wastes_little() {
    each(|_, entry| {
        let file = entry.file(None).unwrap();
        let shape = Shape::from(&entry.shape);
        let cells = entry.shape.context.min(8_192);
        let kv =
            size::kv_bytes_per_layer(&shape, crate::config::KvType::F16) * u64::from(cells) * u64::from(shape.layers);
        let need = (file.bytes + kv) as f64 / GIB + 0.5;
        let memory = f64::from(entry.memory_gib);
        unless(need <= memory && memory <= need * 1.6 + 1.0, format!("{need:.1} GiB needed, {memory} recommended"))
    });
}

#[test]
fn what_is_unconfirmed_is_there_to_be_confirmed() {
    let table: toml::Value = toml::from_str(TEXT).unwrap();
    for model in table["model"].as_array().unwrap() {
        let fields = |value: &toml::Value| value.get("unconfirmed").cloned().unwrap_or(toml::Value::Array(Vec::new()));
        for field in fields(model).as_array().unwrap() {
            let found = field.as_str().unwrap().split('.').try_fold(model, |value, name| value.get(name));
            assert!(found.is_some(), "{}: {field}", model["name"]);
        }
        for file in model["file"].as_array().unwrap() {
            for field in fields(file).as_array().unwrap() {
                assert!(file.get(field.as_str().unwrap()).is_some(), "{}: {field}", model["name"]);
            }
        }
    }
    let entry = Catalogue::builtin().entry("starcoder2-3b").unwrap();
    assert!(entry.unconfirmed().contains(&"q8_0.bytes".to_owned()), "{:?}", entry.unconfirmed());
}

#[test]
fn a_table_with_a_slip_is_refused() {
    for (right, wrong) in [
        ("parameters = 0.49", "parameter = 0.49"),
        ("role = \"chat\"", "role = \"talk\""),
        ("layers = 24", "layers = -1"),
    ] {
        assert!(TEXT.contains(right), "{right}");
        assert!(Catalogue::read(&TEXT.replacen(right, wrong, 1)).is_err(), "{wrong}");
    }
}
