//! Vectors of texts, for search by meaning: the trait, and what models want to have said before a text.
//!
//! Whoever asks waits: a query in milliseconds, a batch of code in the background on a thread of its own. A vector has unit
//! length, so that the cosine of two is their product.

pub mod fake;
mod on_demand;
mod prefix;

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::CancelFlag;

pub use on_demand::OnDemand;
pub use prefix::{Prefixes, prefixes};

/// Most texts of one job: what is cancelled ends with the text that is being computed.
pub const MOST_TEXTS: usize = 64;
/// Most bytes of one text. Models read some hundred tokens; the rest would only travel.
pub const MOST_BYTES: usize = 16 << 10;

/// Raised when vectors change though the model's file does not: another pooling, another prefix, another cut.
const VERSION: u32 = 1;
/// Bytes at each end of a model's file that tell it from others of its length.
const LOOKED_AT: u64 = 1 << 20;

/// What a text is for: many models want the two told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// What somebody looks for. It goes before documents.
    Query,
    /// What may be found.
    Document,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbedJob {
    pub purpose: Purpose,
    /// At most `MOST_TEXTS`, each of at most `MOST_BYTES`.
    pub texts: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum EmbedError {
    #[error("it was cancelled")]
    Cancelled,
    /// Nothing came in the time that was given; asked again later it may.
    #[error("the model did not answer in time")]
    Late,
    /// The machine cannot spare the model now, or it is being loaded: a phrase.
    #[error("{0}")]
    Away(String),
    /// It will not do either when it is asked again: a phrase.
    #[error("{0}")]
    Failed(String),
}

impl EmbedJob {
    pub fn new(purpose: Purpose, texts: Vec<String>) -> Self {
        Self { purpose, texts }
    }

    /// # Errors
    /// It has more than a job may have.
    pub fn check(&self) -> Result<(), EmbedError> {
        if self.texts.len() > MOST_TEXTS {
            return Err(EmbedError::Failed(format!(
                "{} texts at once, and {MOST_TEXTS} is the most",
                self.texts.len()
            )));
        }
        match self.texts.iter().map(String::len).max() {
            Some(bytes) if bytes > MOST_BYTES => {
                Err(EmbedError::Failed(format!("a text of {bytes} bytes, and {MOST_BYTES} is the most")))
            }
            _ => Ok(()),
        }
    }
}

/// Makes vectors.
pub trait EmbedEngine: Send + Sync + 'static {
    /// A vector of unit length for each text, in their order, all of the same dimensions. Waits at most for `patience`, and
    /// ends soon after `cancel` is set.
    ///
    /// # Errors
    /// There are no vectors, of none of the texts.
    fn embed(&self, job: EmbedJob, cancel: &CancelFlag, patience: Duration) -> Result<Vec<Vec<f32>>, EmbedError>;
}

/// What tells the vectors of a model from those of all others: the length of its file and what stands at both ends of it, which
/// is its description and the last of its weights. A moved or renamed file stays the same model.
pub fn identity(file: &Path) -> std::io::Result<String> {
    use std::io::{Read as _, Seek as _, SeekFrom};

    let mut input = std::fs::File::open(file)?;
    let bytes = input.metadata()?.len();
    let mut hasher = blake3::Hasher::new();
    hasher.update(&VERSION.to_le_bytes());
    hasher.update(&bytes.to_le_bytes());
    let mut part = Vec::new();
    (&mut input).take(LOOKED_AT).read_to_end(&mut part)?;
    hasher.update(&part);
    part.clear();
    input.seek(SeekFrom::Start(bytes.saturating_sub(LOOKED_AT)))?;
    input.take(LOOKED_AT).read_to_end(&mut part)?;
    hasher.update(&part);
    Ok(hasher.finalize().to_hex()[..32].to_owned())
}

/// Brings a vector to unit length. None where it has none: a model that failed writes zeros or no numbers.
pub fn normalised(mut vector: Vec<f32>) -> Option<Vec<f32>> {
    let length = vector.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt();
    if !length.is_finite() || length <= f64::from(f32::MIN_POSITIVE) {
        return None;
    }
    vector.iter_mut().for_each(|number| *number = (f64::from(*number) / length) as f32);
    Some(vector)
}

/// At most `most` bytes of a text, to the end of a character.
pub fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_have_unit_length_or_are_none() {
        assert_eq!(normalised(vec![3.0, 4.0]), Some(vec![0.6, 0.8]));
        assert_eq!(normalised(vec![0.0, 0.0]), None);
        assert_eq!(normalised(vec![f32::NAN, 1.0]), None);
        assert_eq!(normalised(Vec::new()), None);
    }

    #[test]
    fn jobs_have_bounds() {
        let job = |count, bytes| EmbedJob::new(Purpose::Document, vec!["x".repeat(bytes); count]).check();
        assert_eq!(job(MOST_TEXTS, 10), Ok(()));
        assert!(matches!(job(MOST_TEXTS + 1, 10), Err(EmbedError::Failed(_))));
        assert!(matches!(job(1, MOST_BYTES + 1), Err(EmbedError::Failed(_))));
        assert_eq!((cut("aéb", 2), cut("aéb", 3), cut("a", 9)), ("a", "aé", "a"));
    }

    #[test]
    fn a_model_is_known_by_its_content() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &[u8]| {
            let file = place.path().join(name);
            std::fs::write(&file, content).unwrap();
            identity(&file).unwrap()
        };
        let one = write("one.gguf", b"GGUF weights");
        assert_eq!(one, write("renamed.gguf", b"GGUF weights"));
        assert_ne!(one, write("tuned.gguf", b"GGUF weightz"));
        let mut large = vec![7; 3 << 20];
        let before = write("large.gguf", &large);
        *large.last_mut().unwrap() = 8;
        assert_ne!(before, write("large.gguf", &large), "its last weight");
        assert!(identity(&place.path().join("absent.gguf")).is_err());
    }
}
