//! Calibrations on disk, one file for a model, named by what tells models apart.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::Deserialize;

use super::{Calibration, FORMAT, built_in};
use crate::config::{EngineChoice, EngineSettings, create_private_dir};

/// A calibration has some dozen numbers; a longer file, in bytes, is none.
const MOST_BYTES: u64 = 1 << 20;
/// Bytes at the head and at the end of a model that tell it from others. GGUF begins with names, sizes and settings, and
/// ends with weights; reading all of it would take seconds at every start.
const ENDS: u64 = 1 << 20;

/// Only as much of a file as says whether the rest can be read.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

impl Calibration {
    /// That of the engine that these settings ask for, from `directory`; what comes with the program where there is none. One
    /// that cannot be used is told in the log.
    pub fn load(directory: &Path, settings: &EngineSettings) -> Self {
        let Ok(key) = key(settings) else { return Self::default() };
        let file = directory.join(file_name(&key));
        match read(&file) {
            Ok(calibration) => calibration,
            Err(error) => {
                if error.kind() != std::io::ErrorKind::NotFound {
                    tracing::warn!(file = %file.display(), %error, "a calibration is not used");
                }
                Self::built_in(settings)
            }
        }
    }

    /// What comes with the program for the engine that these settings ask for: fitted on public repositories for lookup alone
    /// and for the starter model. The default for any other model.
    pub fn built_in(settings: &EngineSettings) -> Self {
        match settings.model {
            _ if is_lookup_alone(settings) => built_in::LOOKUP.clone(),
            Some(_) => Self::default(),
            None => built_in::STARTER.clone(),
        }
    }

    /// Writes it for the engine that these settings ask for, whole or not at all. Returns the file.
    pub fn store(&self, directory: &Path, settings: &EngineSettings) -> std::io::Result<std::path::PathBuf> {
        create_private_dir(directory)?;
        let file = directory.join(file_name(&key(settings)?));
        let draft = file.with_extension(format!("draft-{}", std::process::id()));
        let text = serde_json::to_vec_pretty(self)?;
        let written = std::fs::File::create(&draft).and_then(|mut draft| {
            draft.write_all(&text)?;
            draft.sync_all()
        });
        let stored = written.and_then(|()| std::fs::rename(&draft, &file));
        if stored.is_err() {
            let _ = std::fs::remove_file(&draft);
        }
        stored.map(|()| file)
    }
}

fn read(file: &Path) -> std::io::Result<Calibration> {
    let invalid = |message: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, message);
    let mut text = Vec::new();
    std::fs::File::open(file)?.take(MOST_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MOST_BYTES {
        return Err(invalid("it is too long"));
    }
    if serde_json::from_slice::<Head>(&text)?.format != FORMAT {
        return Err(invalid(
            "another version of tandem wrote it; `tandem eval --calibrate` measures again, and removing it ends this message",
        ));
    }
    let calibration: Calibration = serde_json::from_slice(&text)?;
    if calibration.is_sound() { Ok(calibration) } else { Err(invalid("it holds what no evaluation writes")) }
}

fn file_name(key: &str) -> String {
    format!("{key}.json")
}

fn is_lookup_alone(settings: &EngineSettings) -> bool {
    settings.choice == EngineChoice::Lookup || !cfg!(feature = "llama")
}

/// What tells engines apart: the digest of the model's file; the starter comes with the program.
fn key(settings: &EngineSettings) -> std::io::Result<String> {
    match &settings.model {
        _ if is_lookup_alone(settings) => Ok("lookup".to_owned()),
        Some(model) => model_digest(model),
        None => Ok(format!("starter-{}", env!("CARGO_PKG_VERSION"))),
    }
}

/// Of the length, the first and the last MiB of a model's file, as 32 hexadecimal digits.
pub fn model_digest(model: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(model)?;
    let length = file.metadata()?.len();
    let mut bytes = Vec::new();
    Read::by_ref(&mut file).take(ENDS).read_to_end(&mut bytes)?;
    file.seek(SeekFrom::Start(length.saturating_sub(ENDS)))?;
    file.take(ENDS).read_to_end(&mut bytes)?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&length.to_le_bytes()).update(&bytes);
    Ok(hasher.finalize().to_hex()[..32].to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::tests::measured;
    use super::*;

    fn lookup() -> EngineSettings {
        EngineSettings { choice: EngineChoice::Lookup, ..EngineSettings::default() }
    }

    #[test]
    fn what_was_stored_is_loaded_and_nonsense_is_not() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("made/here");
        let built_in = Calibration::built_in(&lookup());
        assert_eq!(Calibration::load(&directory, &lookup()), built_in);
        let file = measured().store(&directory, &lookup()).unwrap();
        assert_eq!(file, directory.join("lookup.json"));
        assert_eq!(Calibration::load(&directory, &lookup()), measured());
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1, "no draft is left");
        let good = std::fs::read_to_string(&file).unwrap();
        let bad = [
            good.replace("0.7", "1.7"),
            good.replace("\"confidence\"", "\"moonPhase\""),
            good.replace(": 2,", ": 1,"),
            "{".to_owned(),
        ];
        for text in bad {
            assert_ne!(text, good);
            std::fs::write(&file, text).unwrap();
            assert_eq!(Calibration::load(&directory, &lookup()), built_in);
        }
        // A file as it was before weights.
        std::fs::write(&file, r#"{"format": 1, "measuredOn": "x", "curves": {}, "thresholds": null}"#).unwrap();
        assert!(read(&file).unwrap_err().to_string().contains("`tandem eval --calibrate` measures again"));
    }

    #[test]
    fn a_model_is_known_by_its_bytes() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("m.gguf");
        let digest = |bytes: &[u8]| {
            std::fs::write(&file, bytes).unwrap();
            model_digest(&file).unwrap()
        };
        let long = vec![7; 3 << 20];
        let mut other_end = long.clone();
        other_end[(3 << 20) - 1] = 8;
        assert_eq!(digest(&long), digest(&long));
        assert_ne!(digest(&long), digest(&other_end));
        assert_ne!(digest(&long), digest(&long[1..]));
        assert_ne!(digest(b"a"), digest(b"b"));
        assert!(model_digest(&place.path().join("none")).is_err());
    }
}
