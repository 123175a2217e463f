//! How the hub behaves: what it serves as it should, and every way in which it does not.

use std::time::Duration;

/// What it says of its files' digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// SHA-256 and size, as of large files.
    Linked,
    /// Git's SHA-1, as of small files.
    Git,
    /// Nothing but an entity tag of its own.
    Tag,
    /// When it changed last.
    Date,
    /// Nothing at all.
    Nothing,
}

/// What becomes of a request for a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    Given,
    /// The whole file instead.
    Ignored,
    /// 416, whatever was asked.
    Refused,
    /// A part that begins elsewhere, and says so.
    Shifted,
    /// A part of a file of another size.
    OfAnother,
    /// A shorter part than was asked for, and says so.
    Shorter,
    /// More bytes than were asked for, which it says, too.
    Longer,
}

/// Where the bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At the hub itself.
    Here,
    /// On another port of this machine, by an address that is good for so many requests.
    Elsewhere { uses: usize },
    /// Where this says.
    At(String),
    /// Back to itself, for ever.
    Circle,
}

#[derive(Clone, Debug)]
pub struct Rules {
    pub said: Said,
    /// Of another file, with another digest, than what comes.
    pub lies: bool,
    /// `lies` is about the file whose path ends so, and about no other.
    pub lies_of: &'static str,
    /// So many bytes more than there are.
    pub size_lie: u64,
    pub parts: Parts,
    pub place: Place,
    /// Wants this token from whoever asks the hub.
    pub token: Option<String>,
    /// Every answer of the hub itself, with headers.
    pub status: Option<(u16, Vec<(String, String)>)>,
    /// Answers HEAD with 405.
    pub refuses_heads: bool,
    /// Between pieces of 64 KiB.
    pub pace: Duration,
    /// Bytes per second of all connections together, as a line to the network has it.
    pub line: Option<u64>,
    /// Cuts or resets the connection of every second request at a random place, by this seed.
    pub chaos: Option<u64>,
    /// Another commit, and another content of all files.
    pub version: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            said: Said::Linked,
            lies: false,
            lies_of: "",
            size_lie: 0,
            parts: Parts::Given,
            place: Place::Here,
            token: None,
            status: None,
            refuses_heads: false,
            pace: Duration::ZERO,
            line: None,
            chaos: None,
            version: 0,
        }
    }
}

/// What happens to the next request for bytes, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// So many bytes, and then nothing more on an open connection.
    Stall(u64),
    /// So many bytes, and the end of the connection.
    Cut(u64),
    /// So many bytes, and a reset.
    Reset(u64),
    /// No bytes, but this.
    Status(u16, Vec<(String, String)>),
}
