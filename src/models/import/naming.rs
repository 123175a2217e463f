//! What a model that comes from elsewhere is called here, and what it is good for.

use super::{Candidate, ImportError, Wishes};
use crate::models::catalogue::{Catalogue, Entry, ModelFile, Role};
use crate::models::gguf::Header;
use crate::models::name::{ModelName, Quantisation};
use crate::models::store::{OriginKind, split_of};

/// The name and the role: what the user says, else what the catalogue says of this very file, else what the file says.
pub fn describe(candidate: &Candidate, header: &Header, wishes: &Wishes) -> Result<(ModelName, Role), ImportError> {
    let known = known(candidate, header.bytes);
    let file_name = source_name(candidate);
    let quantisation = || {
        let named = Quantisation::in_file_name(&file_name);
        named.or_else(|| header.number("general.file_type").and_then(of_file_type)).unwrap_or_else(Quantisation::mixed)
    };
    let wished = wishes.name.as_ref();
    let quantisation = match (wished.and_then(ModelName::quantisation), known) {
        (Some(wished), _) => wished.clone(),
        (None, Some((_, file))) => file.quantisation.clone(),
        (None, None) => quantisation(),
    };
    let plain = match (wished, known) {
        (Some(wished), _) => wished.name().to_owned(),
        (None, Some((entry, _))) => entry.name.clone(),
        (None, None) => own_name(candidate, &file_name, &quantisation),
    };
    let name = ModelName::new(&plain, Some(quantisation))
        .map_err(|_| ImportError::Nameless(candidate.origin.repository.clone()))?;
    if name.name() == crate::models::name::AUTO || name.name() == crate::models::name::STARTER {
        return Err(ImportError::Nameless(name.name().to_owned()));
    }
    let role = wishes.role.or(known.map(|(entry, _)| entry.role)).unwrap_or_else(|| role(header));
    Ok((name, role))
}

/// The catalogue's entry of which this is a file: by its name, and by its repository where the other program keeps it.
fn known(candidate: &Candidate, bytes: u64) -> Option<(&'static Entry, &'static ModelFile)> {
    let (repository, file_name) = match candidate.origin.kind {
        OriginKind::LmStudio => candidate.origin.repository.rsplit_once('/').map(|(at, file)| (Some(at), file))?,
        OriginKind::File => (None, candidate.origin.repository.rsplit(['/', '\\']).next()?),
        OriginKind::Ollama | OriginKind::Hub => return None,
    };
    // Sizes that nobody confirmed are near the truth.
    let is_near = |expected: u64| bytes.abs_diff(expected) <= expected / 10;
    Catalogue::builtin().entries().iter().find_map(|entry| {
        let file = entry.files.iter().find(|file| {
            let name = file.file.rsplit('/').next().unwrap_or(&file.file);
            name.eq_ignore_ascii_case(file_name)
                && repository.is_none_or(|at| at.eq_ignore_ascii_case(&file.repository))
                && (candidate.files.len() > 1 || is_near(file.bytes))
        })?;
        Some((entry, file))
    })
}

/// The last part of what it is called where it comes from.
fn source_name(candidate: &Candidate) -> String {
    candidate.origin.repository.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}

/// A name of its own, never one of the catalogue: what that means must not depend on what else is on the machine.
fn own_name(candidate: &Candidate, file_name: &str, quantisation: &Quantisation) -> String {
    let lower = file_name.to_ascii_lowercase();
    let stem = lower.strip_suffix(".gguf").unwrap_or(&lower);
    let stem = split_of(stem).map_or(stem, |(stem, _, _)| stem);
    let stem = stem.strip_suffix(":latest").unwrap_or(stem);
    let without = [format!("-{quantisation}"), format!(".{quantisation}")];
    let stem = without.iter().find_map(|end| stem.strip_suffix(end.as_str())).unwrap_or(stem);
    let mut name = String::new();
    for character in stem.chars() {
        match character {
            'a'..='z' | '0'..='9' | '.' | '_' => name.push(character),
            _ if name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    let name = name.trim_matches(['-', '.', '_']);
    let is_known = Catalogue::builtin().entry(name).is_some();
    match candidate.origin.kind {
        OriginKind::Ollama if is_known => format!("ollama-{name}"),
        OriginKind::LmStudio if is_known => format!("lm-studio-{name}"),
        OriginKind::File | OriginKind::Hub if is_known => format!("own-{name}"),
        _ => name.to_owned(),
    }
}

/// What a file says that most of its matrices are (`llama_ftype` in llama.h).
fn of_file_type(number: u64) -> Option<Quantisation> {
    let name = match number {
        0 => "f32",
        1 => "f16",
        2 => "q4_0",
        3 => "q4_1",
        7 => "q8_0",
        8 => "q5_0",
        9 => "q5_1",
        10 => "q2_k",
        11 => "q3_k_s",
        12 => "q3_k_m",
        13 => "q3_k_l",
        14 => "q4_k_s",
        15 => "q4_k_m",
        16 => "q5_k_s",
        17 => "q5_k_m",
        18 => "q6_k",
        19 => "iq2_xxs",
        20 => "iq2_xs",
        21 => "q2_k_s",
        22 => "iq3_xs",
        23 => "iq3_xxs",
        25 => "iq4_nl",
        26 => "iq3_s",
        27 => "iq3_m",
        28 => "iq2_s",
        29 => "iq2_m",
        30 => "iq4_xs",
        32 => "bf16",
        _ => return None,
    };
    name.parse().ok()
}

/// By what the file says of itself. A model with marks for the middle completes, also where it can talk.
pub fn role(header: &Header) -> Role {
    let architecture = header.architecture();
    let is_embedding = architecture.contains("bert")
        || architecture.contains("embedding")
        || header.own_number("pooling_type").is_some_and(|kind| kind > 0);
    let marks = ["fim_pre_token_id", "prefix_token_id", "fim_suf_token_id", "suffix_token_id"];
    let has_marks = marks.iter().any(|key| header.number(&format!("tokenizer.ggml.{key}")).is_some());
    match (is_embedding, has_marks, header.chat_template()) {
        (true, _, _) => Role::Embedding,
        (false, false, Some(_)) => Role::Chat,
        _ => Role::Completion,
    }
}
