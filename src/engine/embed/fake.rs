//! Vectors without a model, for tests and as a floor for measurements: words hashed into dimensions. Texts that share words
//! have similar vectors, and nothing else is known of meaning.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{EmbedEngine, EmbedError, EmbedJob, Purpose, normalised};
use crate::engine::CancelFlag;

/// Hashes words into vectors.
#[derive(Debug, Default)]
pub struct HashedWords {
    dimensions: usize,
    /// Texts that were asked for, as documents.
    documents: AtomicUsize,
    /// What every job fails with from now on.
    failure: Mutex<Option<EmbedError>>,
}

impl HashedWords {
    pub fn new(dimensions: usize) -> Self {
        Self { dimensions, ..Self::default() }
    }

    /// Documents that vectors were made of so far.
    pub fn documents(&self) -> usize {
        self.documents.load(Ordering::SeqCst)
    }

    /// Fails from now on, or does not any more.
    pub fn fail(&self, failure: Option<EmbedError>) {
        *self.failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = failure;
    }

    fn vector(&self, text: &str) -> Vec<f32> {
        let mut vector = vec![0.0; self.dimensions];
        for word in text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty()) {
            let hash = blake3::hash(word.to_lowercase().as_bytes());
            let number = hash.as_bytes().first_chunk().map_or(0, |bytes: &[u8; 8]| u64::from_le_bytes(*bytes));
            let sign = if number >> 63 == 0 { 1.0 } else { -1.0 };
            vector[(number % self.dimensions as u64) as usize] += sign;
        }
        // A text without words is like no other.
        normalised(vector).unwrap_or_else(|| {
            let mut vector = vec![0.0; self.dimensions];
            vector[0] = 1.0;
            vector
        })
    }
}

impl EmbedEngine for HashedWords {
    fn embed(&self, job: EmbedJob, cancel: &CancelFlag, _patience: Duration) -> Result<Vec<Vec<f32>>, EmbedError> {
        job.check()?;
        if cancel.is_cancelled() {
            return Err(EmbedError::Cancelled);
        }
        if let Some(failure) = &*self.failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner) {
            return Err(failure.clone());
        }
        if job.purpose == Purpose::Document {
            self.documents.fetch_add(job.texts.len(), Ordering::SeqCst);
        }
        Ok(job.texts.iter().map(|text| self.vector(text)).collect())
    }
}
