//! The reading end: bytes in, messages and faults out. Holds no more than one message and what follows it in the pipe.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::bytes::BytesMut;
use tower_lsp::jsonrpc::{ErrorCode, Id, Response};

use super::frame::{FrameFault, FrameReader};
use super::message::{self, Fault, Message};
use super::mirror::Mirror;

/// Above this many bytes a message's memory is given back after it was read instead of being kept for the next one.
const KEPT_BUFFER_BYTES: usize = 1 << 20;

/// Bytes asked of the pipe at once: a Linux pipe's capacity.
const READ_BYTES: usize = 64 << 10;

/// What the pipe held next.
#[derive(Debug)]
pub enum Incoming {
    Message(Message),
    /// Bytes that are no message, and the answer that says so.
    Fault(Response),
}

pub struct Inbox<R> {
    reader: R,
    buffer: BytesMut,
    frames: FrameReader,
    mirror: Option<Mirror>,
}

impl<R: AsyncRead + Unpin> Inbox<R> {
    pub fn new(reader: R, mirror: Option<Mirror>) -> Self {
        Self { reader, buffer: BytesMut::new(), frames: FrameReader::default(), mirror }
    }

    /// The next message or fault; None at the end of input. May be dropped at any await without losing bytes.
    pub async fn next(&mut self) -> io::Result<Option<Incoming>> {
        loop {
            if let Some(frame) = self.frames.next(&mut self.buffer) {
                return Ok(Some(self.incoming(frame)));
            }
            self.buffer.reserve(READ_BYTES);
            if self.reader.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    fn incoming(&mut self, frame: Result<BytesMut, FrameFault>) -> Incoming {
        let body = match frame {
            Ok(body) => body,
            Err(fault) => {
                tracing::warn!(%fault, "unreadable frame");
                return Incoming::Fault(message::failure(Id::Null, code_of(&fault), fault.to_string()));
            }
        };
        if let Some(mirror) = &mut self.mirror {
            mirror.record(&body);
        }
        match message::parse(&body) {
            Ok(message) => {
                self.shrink(body.len());
                Incoming::Message(message)
            }
            Err(Fault::NotJson(response)) => {
                tracing::warn!(bytes = body.len(), "a body is not JSON");
                self.frames.reread(body, &mut self.buffer);
                Incoming::Fault(response)
            }
            Err(Fault::NotRpc(response)) => Incoming::Fault(response),
        }
    }

    /// The buffer's allocation has grown to the largest message; a document of 50 MB must not stay for ever.
    fn shrink(&mut self, body_bytes: usize) {
        if body_bytes > KEPT_BUFFER_BYTES && self.buffer.len() < KEPT_BUFFER_BYTES {
            self.buffer = BytesMut::from(&self.buffer[..]);
        }
    }
}

fn code_of(fault: &FrameFault) -> ErrorCode {
    match fault {
        FrameFault::TooLarge { .. } => ErrorCode::InvalidRequest,
        FrameFault::NoContentLength | FrameFault::BadContentLength(_) | FrameFault::NotAHeader => ErrorCode::ParseError,
    }
}
