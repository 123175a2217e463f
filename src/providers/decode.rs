//! From the bytes of an answer to events, in pieces of any size.
//!
//! Whatever comes in: the first event is `Started` or the end, the end comes once, nothing comes after it, and no more than one
//! message and a few numbers are held in memory.

mod anthropic;
mod bedrock;
mod chat;
mod eventstream;
mod gemini;
mod numbers;
mod progress;
mod responses;
mod sse;

use super::error::{self, ErrorClass, ProviderError, Retry};
use super::{Endpoint, Event, Reason, WireFormat};
use progress::Progress;

/// Most bytes of one message of a stream.
pub const MAX_MESSAGE: usize = 16 << 20;
/// Most bytes of a whole answer: an answer of 128,000 tokens has some 40 MiB of them at the most talkative provider.
pub const MAX_ANSWER: usize = 256 << 20;
/// Most bytes that are kept of a body that is no stream.
const MAX_BODY: usize = 64 << 10;

/// A message that is not what the provider's interface says.
#[derive(Debug)]
struct Malformed;

impl From<serde_json::Error> for Malformed {
    fn from(_: serde_json::Error) -> Self {
        Self
    }
}

#[derive(Debug)]
enum Wire {
    Anthropic(anthropic::Answer),
    Responses(responses::Answer),
    Chat(chat::Answer),
    Gemini(gemini::Answer),
    Bedrock(bedrock::Answer),
}

#[derive(Debug)]
enum Frames {
    /// Nothing but blanks came. Gateways and servers that do not stream answer with a whole document.
    Unknown(sse::EventReader),
    Events(sse::EventReader),
    Document(Vec<u8>),
    Frames(eventstream::FrameReader),
}

/// Reads one answer.
#[derive(Debug)]
pub struct Decoder {
    frames: Frames,
    wire: Wire,
    progress: Progress,
    /// Bytes so far.
    taken: usize,
}

impl Decoder {
    /// `request_id`: of the answer's headers, see `request_id`.
    pub fn new(endpoint: &Endpoint, request_id: Option<String>) -> Self {
        let (frames, wire) = match endpoint.wire_format() {
            WireFormat::AnthropicMessages => (Frames::events(), Wire::Anthropic(Default::default())),
            WireFormat::OpenAiResponses => (Frames::events(), Wire::Responses(Default::default())),
            WireFormat::OpenAiChat => (Frames::events(), Wire::Chat(Default::default())),
            WireFormat::Gemini => (Frames::events(), Wire::Gemini(Default::default())),
            WireFormat::BedrockConverse => (Frames::Frames(Default::default()), Wire::Bedrock(Default::default())),
        };
        Self { frames, wire, progress: Progress::new(endpoint, request_id), taken: 0 }
    }

    /// Whether the request asked for `CacheLife::Long` anywhere: `Request::asks_for_long_cache`. Unless told that it did not, cache writes of which the provider
    /// does not tell the kind count as the dearer ones.
    pub fn with_long_writes(mut self, asked: bool) -> Self {
        self.progress.may_write_long = asked;
        self
    }

    /// Takes the next bytes of the answer's body.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<Event>) {
        if self.has_ended() {
            return;
        }
        self.taken = self.taken.saturating_add(bytes.len());
        if self.taken > MAX_ANSWER {
            return self.protocol_error("the answer is too long", out);
        }
        if let Err(Malformed) = self.read(bytes, out) {
            self.protocol_error("a message of the answer cannot be read", out);
        }
    }

    /// The body is over. Ends the answer if it has not ended.
    pub fn finish(&mut self, out: &mut Vec<Event>) {
        if self.has_ended() {
            return;
        }
        match &mut self.frames {
            Frames::Unknown(events) | Frames::Events(events) => {
                if events.finish() {
                    let data = events.data();
                    // One that was cut off cannot be read, and the answer is not whole then anyway.
                    let _ = self.wire.event(data, &mut self.progress, out);
                }
            }
            Frames::Document(body) => {
                let body = std::mem::take(body);
                let error = error::error_in_body(self.progress.endpoint(), &body);
                self.progress.fail(error, out);
            }
            Frames::Frames(_) => {}
        }
        if self.has_ended() {
            return;
        }
        if let Some((reason, is_counted)) = self.wire.reason() {
            self.progress.end(reason, is_counted, out);
        } else if self.progress.has_started() {
            self.progress.end(Reason::Truncated, self.wire.has_final_usage(), out);
        } else {
            self.protocol_error("the answer is empty", out);
        }
    }

    /// The body broke off with an error, or nobody waits for it any longer. Ends the answer if it has not ended; where the
    /// provider has said by then why it stopped, that is the end, since nothing is missing.
    pub fn fail(&mut self, error: ProviderError, out: &mut Vec<Event>) {
        if self.has_ended() {
            return;
        }
        match self.wire.reason() {
            Some((reason, is_counted)) => self.progress.end(reason, is_counted, out),
            None => self.progress.fail(error, out),
        }
    }

    /// Nothing comes any more: the connection can be closed.
    pub fn has_ended(&self) -> bool {
        self.progress.has_ended()
    }

    fn read(&mut self, mut bytes: &[u8], out: &mut Vec<Event>) -> Result<(), Malformed> {
        if let Frames::Unknown(events) = &mut self.frames {
            // Blanks and byte order marks tell nothing.
            let is_blank = |byte: &u8| byte.is_ascii_whitespace() || b"\xef\xbb\xbf".contains(byte);
            match bytes.iter().find(|byte| !is_blank(byte)) {
                None => {}
                Some(b'{' | b'[' | b'<') => self.frames = Frames::Document(Vec::new()),
                Some(_) => self.frames = Frames::Events(std::mem::take(events)),
            }
        }
        match &mut self.frames {
            Frames::Unknown(events) | Frames::Events(events) => {
                while let Some(next) = events.next(&mut bytes) {
                    next.map_err(|sse::Oversize| Malformed)?;
                    self.wire.event(events.data(), &mut self.progress, out)?;
                    if self.progress.has_ended() {
                        break;
                    }
                }
            }
            Frames::Document(body) => {
                let room = MAX_BODY.saturating_sub(body.len()).min(bytes.len());
                body.extend_from_slice(bytes.get(..room).unwrap_or_default());
            }
            Frames::Frames(frames) => {
                while let Some(next) = frames.next(&mut bytes) {
                    next.map_err(|eventstream::Broken| Malformed)?;
                    let frame = frames.frame().map_err(|eventstream::Broken| Malformed)?;
                    if let Wire::Bedrock(answer) = &mut self.wire {
                        answer.message(&frame, &mut self.progress, out)?;
                    }
                    if self.progress.has_ended() {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    fn protocol_error(&mut self, detail: &str, out: &mut Vec<Event>) {
        let error = ProviderError::new(self.progress.endpoint(), ErrorClass::Protocol, Retry::Never, detail);
        self.progress.fail(error, out);
    }
}

impl Frames {
    fn events() -> Self {
        Self::Unknown(sse::EventReader::default())
    }
}

impl Wire {
    fn event(&mut self, data: &[u8], progress: &mut Progress, out: &mut Vec<Event>) -> Result<(), Malformed> {
        match self {
            Self::Anthropic(answer) => answer.message(data, progress, out),
            Self::Responses(answer) => answer.message(data, progress, out),
            Self::Chat(answer) => answer.message(data, progress, out),
            Self::Gemini(answer) => answer.message(data, progress, out),
            Self::Bedrock(_) => Ok(()),
        }
    }

    /// Why the model stopped, where that was said and what should follow says nothing of the answer any more, and whether the last
    /// usage counts all of it.
    fn reason(&self) -> Option<(Reason, bool)> {
        let (reason, is_counted) = match self {
            // Their last message is the only proof that the answer is whole.
            Self::Anthropic(_) | Self::Responses(_) => return None,
            Self::Chat(answer) => (&answer.reason, answer.is_counted),
            Self::Gemini(answer) => (&answer.reason, answer.is_counted),
            Self::Bedrock(answer) => (&answer.reason, true),
        };
        Some((reason.clone()?, is_counted))
    }

    fn has_final_usage(&self) -> bool {
        matches!(self, Self::Anthropic(answer) if answer.has_final_usage)
    }
}

#[cfg(test)]
mod tests;
