//! The tokens of all files, one after the other, in pieces that versions of a repository share.

use std::sync::Arc;

use super::encode::Stored;
use super::vocabulary::FILE_START;

/// Tokens of a piece: 256 KiB, which is what an update copies at most beside what it adds.
const PIECE: usize = 1 << 16;

/// Tokens by address. Addresses are never given out again.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    pieces: Vec<Arc<Vec<Stored>>>,
    len: usize,
}

impl Stream {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn get(&self, address: u32) -> Option<Stored> {
        self.pieces.get(address as usize / PIECE)?.get(address as usize % PIECE).copied()
    }

    /// Appends a file's tokens and returns the address of the first.
    pub fn push(&mut self, mut tokens: &[Stored]) -> u32 {
        let start = self.len as u32;
        while !tokens.is_empty() {
            let room = PIECE - self.len % PIECE;
            if room == PIECE {
                self.pieces.push(Arc::new(Vec::with_capacity(tokens.len().min(PIECE))));
            }
            let (now, later) = tokens.split_at(room.min(tokens.len()));
            if let Some(last) = self.pieces.last_mut() {
                Arc::make_mut(last).extend_from_slice(now);
            }
            self.len += now.len();
            tokens = later;
        }
        start
    }

    /// The tokens before `address`, nearest first, up to the start of its file and with it.
    pub fn before(&self, address: u32) -> impl Iterator<Item = Stored> + '_ {
        let mut next = address.checked_sub(1);
        std::iter::from_fn(move || {
            let token = self.get(next?)?;
            next = if token.number() == FILE_START { None } else { next?.checked_sub(1) };
            Some(token)
        })
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.pieces.iter().map(|piece| piece.capacity() * size_of::<Stored>()).sum()
    }
}
