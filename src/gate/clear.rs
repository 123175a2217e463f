//! From a draft to a cleared prompt.

use std::sync::Arc;

use super::{Draft, Manifest, Policy, Withheld};
use crate::providers::{Endpoint, Request};

/// A request that policy lets out as it is, byte for byte. Not to be cloned, not to be changed.
pub struct ClearedPrompt {
    endpoint: Arc<Endpoint>,
    request: Request,
    manifest: Manifest,
    digest: [u8; 32],
}

impl ClearedPrompt {
    pub fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    /// What will be sent, to look at. The permit has the bytes.
    pub fn request(&self) -> &Request {
        &self.request
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// BLAKE3 of the destination and of the body's exact bytes.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}

/// Applies the policy: the first thing that stands against sending the draft is the answer.
pub fn clear(_draft: &Draft, _policy: &Policy) -> Result<ClearedPrompt, Withheld> {
    unimplemented!()
}
