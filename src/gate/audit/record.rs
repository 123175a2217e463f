//! One line of the log: what it holds, how it is written, and how it hangs on the line before it.
//!
//! A line is a JSON object without needless spaces, its own hash last. The hash is BLAKE3 over the bytes of the object without
//! it, and each record holds the hash of the one before, so a changed byte shows in the line itself and a changed line in the
//! next.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use crate::budget::{self, Picodollars, Purpose};
use crate::gate::Redacted;
use crate::providers::Usage;

/// How a line ends: this, 64 digits, and what closes the object.
const HASH_KEY: &str = ",\"hash\":\"";
const HASH_END: &str = "\"}";
const HASH_DIGITS: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Counts all records of a user, from 1.
    pub n: u64,
    /// Hash of the record before, zeros for the first.
    pub prev: Digest,
    /// In UTC, to the ms.
    #[serde(with = "super::time")]
    pub at: jiff::Timestamp,
    #[serde(flatten)]
    pub event: Event,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Event {
    /// The first record of all, or the first after the file was gone: then its number and hash go on from the last one known.
    Begin,
    /// Stands first in the file after old records were dropped; number and `prev` are those of the last of them.
    Anchor,
    /// About to be sent.
    Request(Box<Sent>),
    Outcome(Box<Came>),
    /// A server of the user's on another machine is about to be asked for suggestions, for an hour.
    TypingBegins(Box<TypingBegins>),
    /// What such an hour came to.
    Typed(Box<Typed>),
    /// What stands between this and the last good line was not finished: its writer died over it.
    Torn {
        bytes: u64,
        digest: Digest,
    },
    /// Records up to this number were dropped for their age.
    Retention {
        through: u64,
        anchor: Digest,
    },
    /// Nobody knew how far the log had come when this was written: records before it may have been removed from its end.
    HeadMissing,
}

/// A file of which something was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileSent {
    /// From the folder's root, with `/`; secrets in it are redacted.
    pub path: String,
    /// Bytes of the file, first and behind the last. Empty where all of it was derived, or changes and messages were sent.
    pub ranges: Vec<(usize, usize)>,
    /// Bytes in the request.
    pub bytes: usize,
    /// BLAKE3 of these bytes as they were sent.
    pub hash: Digest,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_internal: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// One run of a server or a command.
    pub session: String,
    /// A fingerprint of the folder's path.
    pub workspace: String,
    pub provider: String,
    /// Host and port.
    pub host: String,
    pub model: String,
    /// Not written of a question.
    #[serde(default, skip_serializing_if = "is_question")]
    pub purpose: Purpose,
    /// To this machine or a server of the user's.
    pub is_local: bool,
    /// From 1.
    pub attempt: u32,
    /// BLAKE3 of destination and exact body.
    pub digest: Digest,
    /// Of the body.
    pub bytes: usize,
    pub files: Vec<FileSent>,
    pub redactions: Vec<Redacted>,
    /// At least and at most.
    pub input_tokens: (u64, u64),
    pub max_output_tokens: u32,
    /// At least, and at most, as is reserved.
    pub cost: (Picodollars, Picodollars),
    /// The row of the price table.
    pub price: String,
    /// In the ledger; None where nothing had to be reserved.
    pub reservation: Option<i64>,
}

/// Suggestions of an hour: where what was typed went, and from which folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TypingBegins {
    /// One run of a server or a command.
    pub session: String,
    /// A fingerprint of the folder's path.
    pub workspace: String,
    /// Host, and port where it is not the scheme's own.
    pub host: String,
}

/// What an hour of suggestions came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Typed {
    /// Number of the record of its beginning.
    pub of: u64,
    #[serde(with = "super::time")]
    pub until: jiff::Timestamp,
    pub requests: u64,
    /// Of the requests' bodies.
    pub bytes: u64,
    /// Requests that stayed on this machine, by what kept them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub withheld: BTreeMap<String, u64>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Result {
    Complete,
    /// At the limit of output.
    Length,
    /// By the model.
    Refused,
    Filtered,
    ContextFull,
    /// The answer's end never came.
    Truncated,
    Failed,
    /// With an error instead of an answer.
    Rejected,
    Cancelled,
    /// Not a byte left.
    NotSent,
    /// Whoever sent it never told.
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Came {
    /// Number of the request's record.
    pub of: u64,
    pub result: Result,
    /// Class, status and code of an error, or the category of a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The provider's name for the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// As the provider counted, as far as it did.
    pub usage: Usage,
    pub cost: Picodollars,
    /// None: released, nothing was spent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_is: Option<budget::Outcome>,
    /// What the ledger could not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

fn is_question(purpose: &Purpose) -> bool {
    *purpose == Purpose::Question
}

impl Record {
    /// The record's line, with its line feed, and its hash.
    pub fn line(&self) -> serde_json::Result<(String, Digest)> {
        let mut line = serde_json::to_string(self)?;
        let hash = Digest::of(line.as_bytes());
        line.pop();
        line.push_str(HASH_KEY);
        line.push_str(&hash.to_hex());
        line.push_str(HASH_END);
        line.push('\n');
        Ok((line, hash))
    }

    /// The record in a line without its line feed, and its hash. None where one byte of it is not as it was written.
    pub fn parse(line: &[u8]) -> Option<(Self, Digest)> {
        let tail = HASH_KEY.len() + HASH_DIGITS + HASH_END.len();
        let (object, tail) = line.split_at_checked(line.len().checked_sub(tail)?)?;
        let digits = tail.strip_prefix(HASH_KEY.as_bytes())?.strip_suffix(HASH_END.as_bytes())?;
        let mut object = object.to_vec();
        object.push(b'}');
        let hash = Digest::of(&object);
        if digits != hash.to_hex().as_bytes() {
            return None;
        }
        Some((serde_json::from_slice(&object).ok()?, hash))
    }
}
