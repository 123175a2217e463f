//! Frames: header lines, an empty line, a body of the announced length.
//!
//! A pure state machine over a byte buffer, so that it can be fuzzed without a runtime. It never holds more than one
//! body, never trusts an announced length with memory, and after a fault finds the next header by itself.

use tokio_util::bytes::{Buf, BytesMut};

/// Largest body in bytes. A document of 50 MB must work, and escaping makes source text at most twice as long; what is
/// longer is refused as it arrives.
pub const MAX_BODY_BYTES: u64 = 128 << 20;

/// Longest header line in bytes. The two headers of the protocol take fewer than 80.
const MAX_HEADER_LINE_BYTES: usize = 1024;

/// What every usable header block holds; header names are compared without regard to case.
const CONTENT_LENGTH: &[u8] = b"content-length";

/// Why bytes could not be read as a frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameFault {
    #[error("a header block has no Content-Length")]
    NoContentLength,
    #[error("Content-Length is not a number of bytes: {0:?}")]
    BadContentLength(String),
    #[error("a message of {bytes} bytes is announced, the limit is {MAX_BODY_BYTES} bytes")]
    TooLarge { bytes: u64 },
    #[error("bytes between two messages are no header: is a Content-Length too short?")]
    NotAHeader,
}

/// Cuts frames out of a buffer.
#[derive(Debug, Default)]
pub struct FrameReader {
    state: State,
}

#[derive(Debug)]
enum State {
    /// Between frames or in the middle of a header block.
    Header(Header),
    Body {
        bytes: usize,
    },
    /// After a fault: everything is dropped up to the next header, or up to the end of a refused body.
    Skip {
        remaining: Option<u64>,
    },
}

impl Default for State {
    fn default() -> Self {
        State::Header(Header::default())
    }
}

#[derive(Debug, Default)]
struct Header {
    /// At least one header line was read.
    started: bool,
    length: Option<u64>,
}

impl FrameReader {
    /// The next body or fault; None when the buffer holds neither as yet. What was used is taken from the buffer.
    pub fn next(&mut self, buffer: &mut BytesMut) -> Option<Result<BytesMut, FrameFault>> {
        loop {
            match &mut self.state {
                State::Header(header) => match header.read_line(buffer)? {
                    Ok(None) => {}
                    Ok(Some(bytes)) if bytes > MAX_BODY_BYTES => {
                        self.state = State::Skip { remaining: Some(bytes) };
                        return Some(Err(FrameFault::TooLarge { bytes }));
                    }
                    Ok(Some(bytes)) => self.state = State::Body { bytes: bytes as usize },
                    Err(fault) => {
                        self.state = State::Skip { remaining: None };
                        return Some(Err(fault));
                    }
                },
                State::Body { bytes } => {
                    if buffer.len() < *bytes {
                        return None;
                    }
                    let body = buffer.split_to(*bytes);
                    self.state = State::default();
                    return Some(Ok(body));
                }
                State::Skip { remaining } => {
                    if !skip(remaining, buffer) {
                        return None;
                    }
                    self.state = State::default();
                }
            }
        }
    }

    /// Gives back a body that was no JSON: when the announced length was too long, the next frame's header stands
    /// inside it. Everything from that header on is read again; a body without one stays consumed.
    pub fn reread(&mut self, mut body: BytesMut, buffer: &mut BytesMut) {
        let (start, state) = match find_header(&body) {
            Mark::At(start) => (start, State::default()),
            // The body's border may run through the header; what follows decides.
            Mark::MayStartAt(start) if start < body.len() => (start, State::Skip { remaining: None }),
            Mark::MayStartAt(_) => return,
        };
        let mut tail = body.split_off(start);
        // Body and buffer were one allocation, so that this joins without a copy.
        tail.unsplit(std::mem::take(buffer));
        *buffer = tail;
        self.state = state;
    }
}

impl Header {
    /// Reads one line. None: not there yet. `Ok(Some(length))`: the block ended.
    fn read_line(&mut self, buffer: &mut BytesMut) -> Option<Result<Option<u64>, FrameFault>> {
        let Some(end) = buffer.iter().take(MAX_HEADER_LINE_BYTES).position(|byte| *byte == b'\n') else {
            if buffer.len() < MAX_HEADER_LINE_BYTES {
                return None;
            }
            buffer.advance(1);
            return Some(Err(FrameFault::NotAHeader));
        };
        let Some(parsed) = self.parse_line(buffer[..end].trim_ascii_end()) else {
            // The line stays in the buffer, because the next header may stand in it behind the rest of a body; but for a
            // byte, so that it cannot be refused for ever.
            buffer.advance(1);
            return Some(Err(FrameFault::NotAHeader));
        };
        buffer.advance(end + 1);
        Some(parsed)
    }

    /// None when the line is no header line.
    fn parse_line(&mut self, line: &[u8]) -> Option<Result<Option<u64>, FrameFault>> {
        if line.is_empty() {
            return Some(match (self.length.take(), std::mem::take(&mut self.started)) {
                (Some(length), _) => Ok(Some(length)),
                (None, true) => Err(FrameFault::NoContentLength),
                // An empty line between frames does no harm.
                (None, false) => Ok(None),
            });
        }
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.is_empty() || !name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-') {
            return None;
        }
        self.started = true;
        if name.eq_ignore_ascii_case(CONTENT_LENGTH) {
            match parse_length(value) {
                Some(length) => self.length = Some(length),
                None => {
                    let shown = String::from_utf8_lossy(&value[..value.len().min(40)]).into_owned();
                    return Some(Err(FrameFault::BadContentLength(shown)));
                }
            }
        }
        Some(Ok(None))
    }
}

/// Digits only: no sign, no blank. A number above u64 is a length above the limit, not an error of form.
fn parse_length(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = std::str::from_utf8(value).ok()?;
    Some(digits.parse().unwrap_or(u64::MAX))
}

/// Drops bytes of the buffer; true when the next header may begin at the buffer's start.
fn skip(remaining: &mut Option<u64>, buffer: &mut BytesMut) -> bool {
    let body_ends = remaining.and_then(|bytes| usize::try_from(bytes).ok()).filter(|bytes| *bytes <= buffer.len());
    let (drop, found) = match (find_header(buffer), body_ends) {
        (Mark::At(start), Some(end)) => (start.min(end), true),
        (Mark::At(start), None) => (start, true),
        (Mark::MayStartAt(_), Some(end)) => (end, true),
        (Mark::MayStartAt(start), None) => (start, false),
    };
    buffer.advance(drop);
    if let Some(remaining) = remaining {
        *remaining -= drop as u64;
    }
    found
}

enum Mark {
    At(usize),
    /// Nothing found; a header cut off by the buffer's end can only begin here or later.
    MayStartAt(usize),
}

/// The first `Content-Length: <digits>` with a line break behind it. Inside JSON it cannot stand: a string holds no raw
/// line break, and outside of strings there are no such letters.
fn find_header(bytes: &[u8]) -> Mark {
    let mut from = 0;
    while let Some(found) = memchr::memchr2(b'c', b'C', &bytes[from..]) {
        let start = from + found;
        match header_at(&bytes[start..]) {
            Some(true) => return Mark::At(start),
            Some(false) => from = start + 1,
            None => return Mark::MayStartAt(start),
        }
    }
    Mark::MayStartAt(bytes.len())
}

/// Whether a header stands at the start of `bytes`; None when they end too early to tell.
fn header_at(bytes: &[u8]) -> Option<bool> {
    // A longer line is no header; without a limit a peer could make the buffer grow with blanks.
    let bytes = &bytes[..bytes.len().min(MAX_HEADER_LINE_BYTES)];
    let too_early = if bytes.len() < MAX_HEADER_LINE_BYTES { None } else { Some(false) };
    let compared = bytes.len().min(CONTENT_LENGTH.len());
    if !bytes[..compared].eq_ignore_ascii_case(&CONTENT_LENGTH[..compared]) {
        return Some(false);
    }
    let value = match bytes[compared..].split_first() {
        None => return too_early,
        Some((b':', value)) => value,
        Some(_) => return Some(false),
    };
    let value = &value[value.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()..];
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match (digits, &value[digits..]) {
        (_, [] | [b'\r']) => too_early,
        (1.., [b'\n', ..] | [b'\r', b'\n', ..]) => Some(true),
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests;
