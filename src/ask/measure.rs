//! Packing alone, for who measures it.

use super::pack::{self, Ground, Room};
use super::remote::Reach;
use super::{Question, Workspace};

/// What a pack came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    pub tokens: usize,
    pub pieces: usize,
    /// BLAKE3 of all its bytes.
    pub digest: [u8; 32],
}

/// Packs a question as for a model that takes so many tokens, a token for three bytes; nothing is sent.
pub fn measure_pack(workspace: &Workspace, question: &Question, tokens: usize) -> Packed {
    let reach = |_: &str| Reach::Out;
    let count = |text: &str| text.len().div_ceil(3);
    let ground = Ground { workspace, question, reach: &reach, count: &count, tag: "0123456789abcdef" };
    let stable = pack::stable(&ground, tokens);
    let room = Room { tokens, taken: stable.tokens, tiers: Vec::new() };
    let relevant = pack::relevant(&ground, &room, &[]);
    let mut digest = blake3::Hasher::new();
    let pieces = stable.pieces.iter().chain(&relevant.pieces);
    pieces.clone().for_each(|piece| _ = digest.update(piece.text.as_bytes()));
    Packed { tokens: stable.tokens + relevant.tokens, pieces: pieces.count(), digest: *digest.finalize().as_bytes() }
}
