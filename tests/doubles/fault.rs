//! What goes wrong, for a test to choose.

use std::time::{Duration, SystemTime};

use super::prompt::Trouble;

/// One way to be a bad provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Fault {
    #[default]
    None,
    /// An error instead of an answer, with the provider's status, body and headers.
    Refuse(Trouble),
    /// Any other answer.
    Raw { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    /// Status 200, and the error as a body of its own.
    ErrorAsAnswer(Trouble),
    /// Status 200, and the error in the stream after this many of its events.
    ErrorInside { after: usize, trouble: Trouble },
    /// The connection ends in the middle of the body, after this many of its bytes.
    CutAt(usize),
    /// A proper end of the body after this many events, without the one that ends an answer.
    NoEnd { after: usize },
    /// Nothing more after this many events; the connection stays open.
    Stall { after: usize },
    /// The request is read and nothing is answered.
    Silence,
    /// An event that is none, after this many.
    Garble { after: usize },
    /// Every event comes twice.
    Duplicate,
    /// An event of so many bytes.
    Oversized(usize),
    /// Events without an end.
    Endless,
    /// Sends the client to another address.
    Redirect { status: u16, to: String },
    /// The connection is reset before anything was read.
    ResetBefore,
    /// The connection is reset when all of the request was read.
    ResetAfter,
    /// A page of a portal in place of an answer.
    WrongType,
    /// Compressed, though nobody asked for it.
    Gzip,
    /// Headers of so many bytes.
    HugeHeaders(usize),
    /// Comments or pings between the events.
    KeepAlives(usize),
    /// One byte in a chunk.
    Bytewise,
}

/// How a provider says when to come again.
#[derive(Clone, Debug, PartialEq)]
pub enum Wait {
    Seconds(String),
    Milliseconds(String),
    /// A date so long from now.
    Date(Duration),
    /// In Gemini's body, as `21s`.
    RetryInfo(String),
    /// `x-should-retry`.
    ShouldRetry(bool),
}

impl Wait {
    pub fn header(&self) -> Option<(String, String)> {
        let (name, value) = match self {
            Self::Seconds(seconds) => ("retry-after", seconds.clone()),
            Self::Milliseconds(milliseconds) => ("retry-after-ms", milliseconds.clone()),
            Self::Date(from_now) => ("retry-after", httpdate::fmt_http_date(SystemTime::now() + *from_now)),
            Self::RetryInfo(_) => return None,
            Self::ShouldRetry(should) => ("x-should-retry", should.to_string()),
        };
        Some((name.to_owned(), value))
    }
}

/// How one request is answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// None: the double's usual text.
    pub text: Option<String>,
    /// Tokens of reasoning before the text.
    pub reasoning: u64,
    pub fault: Fault,
    pub waits: Vec<Wait>,
    /// Between events.
    pub pace: Duration,
}

impl Reply {
    pub fn text(text: &str) -> Self {
        Self { text: Some(text.to_owned()), ..Self::default() }
    }

    pub fn fault(fault: Fault) -> Self {
        Self { fault, ..Self::default() }
    }

    pub fn refuse(trouble: Trouble) -> Self {
        Self::fault(Fault::Refuse(trouble))
    }

    pub fn wait(mut self, wait: Wait) -> Self {
        self.waits.push(wait);
        self
    }
}
