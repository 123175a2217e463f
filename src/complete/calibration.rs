//! What an engine's confidence turned out to be worth on the user's own code, and from where on to show.
//!
//! `tandem eval --calibrate` measures it, one file a model. Without one, confidence is taken at its word.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::choose;
use super::{Source, Suggestion, Trigger};
use crate::config::{Eagerness, EngineChoice, EngineSettings, create_private_dir};

/// Counts the formats of the file.
const FORMAT: u32 = 1;
/// A calibration has some dozen numbers; a longer file, in bytes, is none.
const MOST_BYTES: u64 = 1 << 20;
/// Bytes at the head and at the end of a model that tell it from others. GGUF begins with names, sizes and settings, and
/// ends with weights; reading all of it would take seconds at every start.
const ENDS: u64 = 1 << 20;

/// Suggestions of this confidence are right with this probability, both 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Knot {
    pub confidence: f32,
    pub probability: f32,
}

/// Least probability to show a suggestion, for each eagerness.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    pub low: f32,
    pub medium: f32,
    pub high: f32,
}

/// What was measured. The default changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Calibration {
    format: u32,
    /// For people: what it was measured on.
    pub measured_on: String,
    /// By who wrote a suggestion: `lookup`, `model`, `both`. Knots by rising confidence; straight lines in between.
    pub curves: BTreeMap<String, Vec<Knot>>,
    pub thresholds: Option<Thresholds>,
}

impl Calibration {
    pub fn new(measured_on: String, curves: BTreeMap<String, Vec<Knot>>, thresholds: Thresholds) -> Self {
        Self { format: FORMAT, measured_on, curves, thresholds: Some(thresholds) }
    }

    /// That of the engine that these settings ask for, from `directory`. The default where there is none; one that cannot be
    /// used is told in the log.
    pub fn load(directory: &Path, settings: &EngineSettings) -> Self {
        let Ok(key) = key(settings) else { return Self::default() };
        let file = directory.join(file_name(&key));
        match read(&file) {
            Ok(calibration) => calibration,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::default(),
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "a calibration is not used");
                Self::default()
            }
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

    /// Least confidence, as `confidence` gives it, to show a suggestion.
    pub(super) fn threshold(&self, trigger: Trigger, eagerness: Eagerness) -> f32 {
        match (trigger, self.thresholds, eagerness) {
            (Trigger::Invoked, ..) | (_, None, _) => choose::threshold(trigger, eagerness),
            (_, Some(thresholds), Eagerness::Low) => thresholds.low,
            (_, Some(thresholds), Eagerness::Medium) => thresholds.medium,
            (_, Some(thresholds), Eagerness::High) => thresholds.high,
        }
    }

    /// How probable it is that the suggestion is right.
    pub fn confidence(&self, suggestion: &Suggestion) -> f32 {
        let curve = self.curves.get(word(suggestion.source)).map_or(&[][..], Vec::as_slice);
        let at = curve.partition_point(|knot| knot.confidence <= suggestion.confidence);
        let (below, above) = (at.checked_sub(1).and_then(|before| curve.get(before)), curve.get(at));
        match (below, above) {
            (Some(below), Some(above)) => {
                let share = (suggestion.confidence - below.confidence) / (above.confidence - below.confidence);
                below.probability + share * (above.probability - below.probability)
            }
            (Some(end), None) | (None, Some(end)) => end.probability,
            (None, None) => suggestion.confidence,
        }
    }

    /// The suggestions with probabilities in place of confidences, best first.
    pub(super) fn apply(&self, mut suggestions: Vec<Suggestion>) -> Vec<Suggestion> {
        for suggestion in &mut suggestions {
            suggestion.confidence = self.confidence(suggestion);
        }
        suggestions.sort_by(|one, other| other.confidence.total_cmp(&one.confidence));
        suggestions
    }

    fn is_sound(&self) -> bool {
        let is_share = |share: f32| (0.0..=1.0).contains(&share);
        let is_sound = |curve: &Vec<Knot>| {
            curve.iter().all(|knot| is_share(knot.confidence) && is_share(knot.probability))
                && curve.windows(2).all(|pair| pair[0].confidence < pair[1].confidence)
        };
        let thresholds = self.thresholds.is_none_or(|all| [all.low, all.medium, all.high].into_iter().all(is_share));
        self.format == FORMAT && thresholds && self.curves.values().all(is_sound)
    }
}

/// Who wrote a suggestion, as a curve's name.
pub fn word(source: Source) -> &'static str {
    match source {
        Source::Lookup => "lookup",
        Source::Model => "model",
        Source::Both => "both",
    }
}

fn read(file: &Path) -> std::io::Result<Calibration> {
    let invalid = |message: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, message);
    let mut text = Vec::new();
    std::fs::File::open(file)?.take(MOST_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MOST_BYTES {
        return Err(invalid("it is too long"));
    }
    let calibration: Calibration = serde_json::from_slice(&text)?;
    if calibration.is_sound() { Ok(calibration) } else { Err(invalid("it holds what no evaluation writes")) }
}

fn file_name(key: &str) -> String {
    format!("{key}.json")
}

/// What tells engines apart: the digest of the model's file; the starter comes with the program.
fn key(settings: &EngineSettings) -> std::io::Result<String> {
    match &settings.model {
        _ if settings.choice == EngineChoice::Lookup || !cfg!(feature = "llama") => Ok("lookup".to_owned()),
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
    use super::*;

    fn lookup() -> EngineSettings {
        EngineSettings { choice: EngineChoice::Lookup, ..EngineSettings::default() }
    }

    fn suggestion(source: Source, confidence: f32) -> Suggestion {
        Suggestion { text: "x".to_owned(), source, log_probability: None, confidence }
    }

    fn measured() -> Calibration {
        let knot = |confidence, probability| Knot { confidence, probability };
        let curves = [("model".to_owned(), vec![knot(0.2, 0.1), knot(0.6, 0.5), knot(0.9, 0.9)])].into();
        Calibration::new("here".to_owned(), curves, Thresholds { low: 0.7, medium: 0.5, high: 0.3 })
    }

    #[test]
    fn between_knots_it_is_a_straight_line() {
        let confidence = |of| measured().confidence(&suggestion(Source::Model, of));
        for (of, expected) in [(0.0, 0.1), (0.2, 0.1), (0.4, 0.3), (0.6, 0.5), (0.75, 0.7), (1.0, 0.9)] {
            assert!((confidence(of) - expected).abs() < 1e-6, "{of}: {}", confidence(of));
        }
        assert_eq!(measured().confidence(&suggestion(Source::Lookup, 0.4)), 0.4, "of lookup nothing was measured");
        assert_eq!(Calibration::default().confidence(&suggestion(Source::Model, 0.4)), 0.4);
    }

    #[test]
    fn another_worth_is_another_order() {
        let both = vec![suggestion(Source::Model, 0.6), suggestion(Source::Lookup, 0.55)];
        let ordered: Vec<_> =
            measured().apply(both).into_iter().map(|found| (found.source, found.confidence)).collect();
        assert_eq!(ordered, [(Source::Lookup, 0.55), (Source::Model, 0.5)]);
    }

    #[test]
    fn thresholds_are_those_measured_unless_the_user_asks_by_key() {
        let eager = [Eagerness::Low, Eagerness::Medium, Eagerness::High];
        assert_eq!(eager.map(|eagerness| measured().threshold(Trigger::Automatic, eagerness)), [0.7, 0.5, 0.3]);
        assert_eq!(eager.map(|eagerness| measured().threshold(Trigger::Invoked, eagerness)), [0.0; 3]);
        let usual = Calibration::default();
        assert_eq!(eager.map(|eagerness| usual.threshold(Trigger::Automatic, eagerness)), [0.5, 0.25, 0.1]);
    }

    #[test]
    fn what_was_stored_is_loaded_and_nonsense_is_not() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("made/here");
        assert_eq!(Calibration::load(&directory, &lookup()), Calibration::default());
        let file = measured().store(&directory, &lookup()).unwrap();
        assert_eq!(file, directory.join("lookup.json"));
        assert_eq!(Calibration::load(&directory, &lookup()), measured());
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1, "no draft is left");
        let good = std::fs::read_to_string(&file).unwrap();
        let bad =
            [good.replace("0.6", "0.1"), good.replace("0.5", "1.5"), good.replace(": 1,", ": 2,"), "{".to_owned()];
        for text in bad {
            assert_ne!(text, good);
            std::fs::write(&file, text).unwrap();
            assert_eq!(Calibration::load(&directory, &lookup()), Calibration::default());
        }
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
