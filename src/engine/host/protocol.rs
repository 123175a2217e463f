//! What the engine host and its clients say to each other. Plain data; no behaviour.
//!
//! The handshake (`Hello`, `Reply`) is JSON and keeps its shape in every version, so that an old and a new binary can
//! at least tell each other why they part. What follows a welcome is free to change with `PROTOCOL`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::engine::chat::{ChatEvent, ChatJob};
use crate::engine::embed::{EmbedError, EmbedJob};
use crate::engine::{EngineStatus, Event, Job};

/// Raised with every change of `Request`, `Answer` or a type inside them.
pub const PROTOCOL: u32 = 6;

/// Most bytes of a handshake message.
pub const MAX_HANDSHAKE: usize = 64 << 10;

/// The client's first frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    pub protocol: u32,
    /// The build of the client's binary.
    pub binary: String,
    /// The model and its settings, as `HostIdentity` writes them.
    pub model: String,
}

/// The host's first frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "kebab-case")]
pub enum Reply {
    Welcome {
        client: u64,
        /// Process id of the host, for the log.
        process: u32,
    },
    /// The host closes the connection after it.
    Refused {
        because: Because,
        /// For the log.
        message: String,
    },
}

/// Why a host refuses a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    Protocol,
    Binary,
    Model,
    /// It serves as many clients as it may.
    Busy,
    /// The first frame was no `Hello`.
    Garbled,
    /// A reason of a later version.
    #[serde(other)]
    Unknown,
}

impl Because {
    /// Another host, under another name, may take this client.
    pub fn is_mismatch(self) -> bool {
        !matches!(self, Self::Busy)
    }
}

/// From a client, after its welcome.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Request {
    /// `job` is the client's number for it; answers carry it.
    Generate { job: u64, what: Job },
    /// Goes on with a conversation. Its number is none of a job's.
    Chat { job: u64, what: ChatJob },
    /// Makes vectors of texts. Its number is none of another's.
    Embed { job: u64, what: EmbedJob },
    /// Counts tokens as the model does.
    Count { job: u64, texts: Vec<Arc<str>> },
    /// Unknown and finished jobs are ignored: the cancel and the last event may cross.
    Cancel { job: u64 },
    /// Work is about to come.
    Wake,
}

/// From the host, after the welcome.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Answer {
    /// At the start and on every change.
    Status(Box<EngineStatus>),
    Event {
        job: u64,
        event: Event,
    },
    Chat {
        job: u64,
        event: ChatEvent,
    },
    Vectors {
        job: u64,
        vectors: Result<Vec<Vec<f32>>, EmbedError>,
    },
    /// Tokens of each text; None where they cannot be counted.
    Counted {
        job: u64,
        tokens: Option<Vec<u32>>,
    },
    /// The host ends in good order; nothing follows.
    Goodbye {
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handshake_keeps_its_shape() {
        let hello = Hello { protocol: 1, binary: "0.1.0".into(), model: "m".into() };
        insta::assert_json_snapshot!(hello, @r#"
        {
          "protocol": 1,
          "binary": "0.1.0",
          "model": "m"
        }
        "#);
        let refused = Reply::Refused { because: Because::Protocol, message: "this host speaks 1".into() };
        insta::assert_json_snapshot!(refused, @r#"
        {
          "reply": "refused",
          "because": "protocol",
          "message": "this host speaks 1"
        }
        "#);
    }

    #[test]
    fn later_versions_may_add_reasons_and_fields() {
        let refused = r#"{"reply": "refused", "because": "moon-phase", "message": "", "since": 9}"#;
        let reply: Reply = serde_json::from_str(refused).expect("parses");
        assert_eq!(reply, Reply::Refused { because: Because::Unknown, message: String::new() });
    }
}
