//! Records of the audit log: a request with a file and two redactions, and its answer.
//!
//! Used inside of the crate and outside, where types have other paths: whoever includes it brings them along.

use super::{Came, Digest, EndResult, FileSent, Outcome, Picodollars, Redacted, Sent, Usage};

pub fn sent(path: &str) -> Sent {
    Sent {
        session: "5e55".into(),
        workspace: "f01de4".into(),
        provider: "anthropic".into(),
        host: "api.anthropic.com".into(),
        model: "claude-opus-5-5".into(),
        purpose: Default::default(),
        is_local: false,
        attempt: 1,
        digest: Digest::of(path.as_bytes()),
        bytes: 15_300,
        files: vec![FileSent {
            path: path.into(),
            ranges: vec![(0, 900), (1200, 1300)],
            bytes: 1000,
            hash: Digest::of(b"text"),
            is_internal: false,
        }],
        redactions: vec![Redacted { rule: "github-token".into(), count: 2 }],
        input_tokens: (3000, 5000),
        max_output_tokens: 1024,
        cost: (Picodollars(10_000_000_000), Picodollars(420_000_000_000)),
        price: "anthropic/claude-opus-5-5 2026-11-12".into(),
        reservation: Some(1),
    }
}

pub fn came(of: u64) -> Came {
    Came {
        of,
        result: EndResult::Complete,
        detail: None,
        request_id: Some("req_1".into()),
        usage: Usage { input_uncached: 4100, output: 312, ..Usage::default() },
        cost: Picodollars(230_000_000_000),
        cost_is: Some(Outcome::Counted),
        problem: None,
    }
}
