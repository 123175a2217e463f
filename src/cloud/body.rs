//! The body of a request, which remembers whether any of it was ever asked for: until then the provider has nothing that it
//! could bill.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes that are handed over at a time.
const PIECE: usize = 64 << 10;

/// Whether something of a body was taken.
#[derive(Clone, Debug, Default)]
pub struct Taken(Arc<AtomicBool>);

impl Taken {
    /// False is certain. True may still mean that the bytes got no further than the system's buffers.
    pub fn is_any(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// The same bytes, watched.
pub fn watched(bytes: Vec<u8>) -> (reqwest::Body, Taken) {
    let taken = Taken::default();
    let flag = taken.clone();
    let bytes: Arc<[u8]> = bytes.into();
    let starts = (0..bytes.len()).step_by(PIECE);
    let pieces = starts.map(move |start| {
        flag.0.store(true, Ordering::SeqCst);
        Ok::<_, Infallible>(bytes[start..bytes.len().min(start + PIECE)].to_vec())
    });
    (reqwest::Body::wrap_stream(futures_util::stream::iter(pieces)), taken)
}
