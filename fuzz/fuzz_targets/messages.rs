//! Bytes of a client: frames, JSON and JSON-RPC, cut into pieces of any size.
//!
//! Nothing may panic or loop; the buffer stays bounded; how the bytes are cut must not change what comes out; and a
//! message behind the noise is read, as soon as the noise cannot be the beginning of something longer.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use tandem::lsp::frame::FrameReader;
use tandem::lsp::message::{self, Fault};
use tokio_util::bytes::BytesMut;

#[derive(Arbitrary, Debug)]
enum Part<'a> {
    Noise(&'a [u8]),
    /// A frame that announces `body.len() + off` bytes.
    Frame { body: &'a [u8], off: i8 },
    Header(&'a str),
    Request { id: i64, method: &'a str },
}

impl Part<'_> {
    fn write(&self, into: &mut Vec<u8>) {
        match self {
            Part::Noise(bytes) => into.extend_from_slice(bytes),
            Part::Frame { body, off } => {
                let announced = body.len() as i64 + i64::from(*off);
                into.extend_from_slice(format!("Content-Length: {announced}\r\n\r\n").as_bytes());
                into.extend_from_slice(body);
            }
            Part::Header(value) => into.extend_from_slice(format!("content-length:{value}\r\n").as_bytes()),
            Part::Request { id, method } => {
                let method = method.escape_default();
                let body = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"{method}\"}}");
                into.extend_from_slice(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
            }
        }
    }
}

/// One line for everything that comes out.
fn read(bytes: &[u8], step: usize) -> Vec<String> {
    let mut frames = FrameReader::default();
    let mut buffer = BytesMut::new();
    let mut seen = Vec::new();
    for piece in bytes.chunks(step) {
        buffer.extend_from_slice(piece);
        while let Some(next) = frames.next(&mut buffer) {
            assert!(seen.len() <= bytes.len(), "more events than bytes");
            let body = match next {
                Ok(body) => body,
                Err(fault) => {
                    seen.push(fault.to_string());
                    continue;
                }
            };
            match message::parse(&body) {
                Ok(message) => seen.push(format!("{message:?}")),
                Err(Fault::NotRpc(response)) => seen.push(format!("{response:?}")),
                Err(Fault::NotJson(response)) => {
                    seen.push(format!("{response:?}"));
                    frames.reread(body, &mut buffer);
                }
            }
        }
        assert!(buffer.len() <= bytes.len());
    }
    seen
}

fuzz_target!(|input: (Vec<Part>, u8)| {
    let (parts, step) = input;
    let mut bytes = Vec::new();
    for part in &parts {
        part.write(&mut bytes);
    }
    let whole = read(&bytes, bytes.len().max(1));
    assert_eq!(whole, read(&bytes, usize::from(step).max(1)), "pieces of {step} bytes");
});
