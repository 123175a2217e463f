//! Frames: a length (u32, little endian) and a body of that many bytes. Nothing here knows what a body means.
//!
//! Bodies are postcard. JSON was measured beside it (`benches/host.rs`): an event costs several times as much, and JSON
//! cannot carry the logarithm of zero, which is a legal token score.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Most bytes of a body. A prompt is a few kilobytes; the bound is for peers that have lost their way.
pub const MAX_FRAME: usize = 64 << 20;

/// Memory kept between two frames.
const KEPT_BYTES: usize = 256 << 10;

#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    #[error("a frame of {bytes} bytes is longer than the {MAX_FRAME} that are allowed")]
    TooLong { bytes: usize },
    #[error("the connection ended inside a frame")]
    Cut,
    #[error("a frame does not parse: {0}")]
    Garbled(String),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// A message as a whole frame.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    let frame = postcard::to_extend(message, vec![0; 4]).map_err(|error| FrameError::Garbled(error.to_string()))?;
    with_length(frame)
}

/// A message of the handshake, which is JSON in every version of the protocol.
pub fn encode_json<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message).map_err(|error| FrameError::Garbled(error.to_string()))?;
    with_length(frame)
}

fn with_length(mut frame: Vec<u8>) -> Result<Vec<u8>, FrameError> {
    let bytes = frame.len().saturating_sub(4);
    if bytes > MAX_FRAME {
        return Err(FrameError::TooLong { bytes });
    }
    if let Some(head) = frame.first_chunk_mut::<4>() {
        *head = (bytes as u32).to_le_bytes();
    }
    Ok(frame)
}

pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, FrameError> {
    match postcard::take_from_bytes(body) {
        Ok((message, [])) => Ok(message),
        Ok((_, rest)) => Err(FrameError::Garbled(format!("{} bytes too many", rest.len()))),
        Err(error) => Err(FrameError::Garbled(error.to_string())),
    }
}

pub fn decode_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, FrameError> {
    serde_json::from_slice(body).map_err(|error| FrameError::Garbled(error.to_string()))
}

/// Reads the body of the next frame into `body`; false when the peer closed between two frames. Memory grows with what
/// arrives, never with what a length announces. Not cancel safe: a read that is dropped half way loses the frame.
pub async fn read_frame(
    reader: &mut (impl AsyncRead + Unpin),
    body: &mut Vec<u8>,
    limit: usize,
) -> Result<bool, FrameError> {
    body.clear();
    body.shrink_to(KEPT_BYTES);
    let mut length = [0; 4];
    if reader.read(&mut length[..1]).await? == 0 {
        return Ok(false);
    }
    reader.read_exact(&mut length[1..]).await.map_err(cut)?;
    let bytes = u32::from_le_bytes(length) as usize;
    if bytes > limit.min(MAX_FRAME) {
        return Err(FrameError::TooLong { bytes });
    }
    reader.take(bytes as u64).read_to_end(body).await?;
    if body.len() < bytes { Err(FrameError::Cut) } else { Ok(true) }
}

fn cut(error: std::io::Error) -> FrameError {
    if error.kind() == std::io::ErrorKind::UnexpectedEof { FrameError::Cut } else { FrameError::Io(error) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::host::protocol::{Answer, Request};
    use crate::engine::{Event, TokenScore};

    fn read_all(bytes: &[u8]) -> (Vec<Vec<u8>>, Option<FrameError>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("runtime");
        runtime.block_on(async {
            let (mut reader, mut body, mut frames) = (bytes, Vec::new(), Vec::new());
            loop {
                match read_frame(&mut reader, &mut body, MAX_FRAME).await {
                    Ok(true) => frames.push(body.clone()),
                    Ok(false) => return (frames, None),
                    Err(error) => return (frames, Some(error)),
                }
            }
        })
    }

    #[test]
    fn a_token_of_probability_zero_survives() {
        let score = TokenScore { logprob: f32::NEG_INFINITY, bytes: 3, entropy: Some(0.25) };
        let event = Event::Delta { candidate: 1, text: "äb".into(), tokens: vec![score] };
        let frame = encode(&Answer::Event { job: 7, event: event.clone() }).expect("encodes");
        match decode(&frame[4..]).expect("decodes") {
            Answer::Event { job: 7, event: same } => assert_eq!(same, event),
            other => panic!("another message: {other:?}"),
        }
    }

    #[test]
    fn a_huge_length_is_refused_before_anything_is_read() {
        let (frames, error) = read_all(&[0xff, 0xff, 0xff, 0xff, 1, 2, 3]);
        assert!(frames.is_empty());
        assert!(matches!(error, Some(FrameError::TooLong { bytes: 0xffff_ffff })));
    }

    #[test]
    fn an_announced_length_costs_no_memory() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("runtime");
        let mut body = Vec::new();
        let mut bytes = (MAX_FRAME as u32).to_le_bytes().to_vec();
        bytes.extend([9; 100]);
        let read = runtime.block_on(read_frame(&mut bytes.as_slice(), &mut body, MAX_FRAME));
        assert!(matches!(read, Err(FrameError::Cut)));
        assert!(body.capacity() < 4096, "{} bytes were reserved", body.capacity());
    }

    #[test]
    fn bytes_behind_a_message_are_an_error() {
        let mut frame = encode(&Request::Cancel { job: 1 }).expect("encodes");
        frame.push(0);
        assert!(matches!(decode::<Request>(&frame[4..]), Err(FrameError::Garbled(_))));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn frames_survive_every_cut(bodies in prop::collection::vec(".{0,40}", 0..5), cut in 0usize..400) {
            let whole: Vec<u8> = bodies.iter().flat_map(|body| encode(body).expect("encodes")).collect();
            let cut = cut.min(whole.len());
            let (frames, error) = read_all(&whole[..cut]);
            let texts: Vec<String> = frames.iter().map(|frame| decode(frame).expect("decodes")).collect();
            prop_assert_eq!(&texts[..], &bodies[..texts.len()]);
            let ends = bodies.iter().scan(0, |at, body| { *at += encode(body).expect("encodes").len(); Some(*at) });
            let on_a_border = cut == 0 || ends.into_iter().any(|end| end == cut);
            prop_assert_eq!(error.is_none(), on_a_border);
        }

        #[test]
        fn random_bytes_are_an_error_or_a_message(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode::<Request>(&bytes);
            let _ = decode::<Answer>(&bytes);
            let _ = decode_json::<crate::engine::host::Hello>(&bytes);
        }
    }
}
