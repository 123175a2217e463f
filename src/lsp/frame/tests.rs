//! Frames as clients send them, and as they should not.

use proptest::prelude::*;
use tokio_util::bytes::BytesMut;

use super::{FrameFault, FrameReader, MAX_BODY_BYTES};

/// Everything that comes out of `bytes` when they arrive in pieces of `step`; faults in their `Display` form.
fn read(bytes: &[u8], step: usize) -> Vec<String> {
    let mut reader = FrameReader::default();
    let mut buffer = BytesMut::new();
    let mut seen = Vec::new();
    for piece in bytes.chunks(step.max(1)) {
        buffer.extend_from_slice(piece);
        while let Some(next) = reader.next(&mut buffer) {
            match next {
                Ok(body) if body.starts_with(b"{") && body.ends_with(b"}") && !body.contains(&b'\r') => {
                    seen.push(String::from_utf8_lossy(&body).into_owned());
                }
                Ok(body) => {
                    seen.push("not JSON".to_owned());
                    reader.reread(body, &mut buffer);
                }
                Err(fault) => seen.push(format!("fault: {fault}")),
            }
        }
    }
    seen
}

fn frame(body: &str) -> String {
    format!("Content-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn header_names_have_no_case_and_no_order() {
    let text = "content-length: 2\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n{}\
                Content-Type: x\r\nCONTENT-LENGTH:2\r\n\r\n{}\
                Content-Length: 2\n\n{}";
    assert_eq!(read(text.as_bytes(), 1000), ["{}", "{}", "{}"]);
}

#[test]
fn a_length_that_is_too_short_costs_that_message_only() {
    let text = format!("Content-Length: 3\r\n\r\n{{\"a\":1}}{}{}", frame("{\"b\":2}"), frame("{\"c\":3}"));
    let seen = read(text.as_bytes(), 1000);
    assert_eq!(
        seen,
        [
            "not JSON",
            "fault: bytes between two messages are no header: is a Content-Length too short?",
            "{\"b\":2}",
            "{\"c\":3}"
        ]
    );
}

#[test]
fn a_length_that_is_too_long_costs_that_message_only() {
    for length in 8..=37 {
        let text = format!("Content-Length: {length}\r\n\r\n{{\"a\":1}}{}{}", frame("{\"b\":2}"), frame("{\"c\":3}"));
        for step in [1, 1000] {
            assert_eq!(read(text.as_bytes(), step), ["not JSON", "{\"b\":2}", "{\"c\":3}"], "{length}");
        }
    }
}

#[test]
fn eight_gigabytes_announced_are_refused_and_the_next_header_is_found() {
    let text = format!("Content-Length: 8589934592\r\n\r\n{{{}{}", "x".repeat(5000), frame("{}"));
    let seen = read(text.as_bytes(), 100);
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(seen[0].contains("8589934592"), "{seen:?}");
    assert_eq!(seen[1], "{}");
}

#[test]
fn a_body_over_the_limit_is_dropped_as_it_arrives() {
    let mut reader = FrameReader::default();
    let mut buffer = BytesMut::from(format!("Content-Length: {}\r\n\r\n", MAX_BODY_BYTES + 1).as_bytes());
    assert_eq!(reader.next(&mut buffer), Some(Err(FrameFault::TooLarge { bytes: MAX_BODY_BYTES + 1 })));
    let mut left = MAX_BODY_BYTES + 1;
    let piece = b"some source text, ".repeat(1 << 16);
    while left > 0 {
        let now = left.min(piece.len() as u64);
        buffer.extend_from_slice(&piece[..now as usize]);
        left -= now;
        assert_eq!(reader.next(&mut buffer), None);
        assert!(buffer.len() < 2048, "{} bytes kept", buffer.len());
    }
    buffer.extend_from_slice(b"Content-Length: 2\r\n\r\n{}");
    assert_eq!(reader.next(&mut buffer), Some(Ok(BytesMut::from(&b"{}"[..]))));
}

#[test]
fn lengths_that_are_no_lengths() {
    for bad in ["-1", "1e3", "", "0x10", "12 34", "ten"] {
        let text = format!("Content-Length: {bad}\r\n\r\n{}", frame("{}"));
        let seen = read(text.as_bytes(), 1000);
        assert!(seen[0].starts_with("fault: Content-Length is not a number"), "{bad}: {seen:?}");
        assert_eq!(seen[1..], ["{}"], "{bad}");
    }
    let huge = read(b"Content-Length: 99999999999999999999999999\r\n\r\n", 1000);
    assert!(huge[0].contains("the limit is"), "{huge:?}");
}

#[test]
fn a_block_without_a_length() {
    let seen = read(format!("Content-Type: x\r\n\r\n{{}}{}", frame("{}")).as_bytes(), 7);
    assert_eq!(seen, ["fault: a header block has no Content-Length", "{}"]);
}

/// What looks like a header to one part of the reader and not to another must not be read for ever.
#[test]
fn almost_headers_end() {
    for almost in
        ["Content-Length\r\n:5\r\n", "Content-Length :5\r\n", "Content-Length: 5\rx\n", "content-length: 5 5\n"]
    {
        for step in [1, 1000] {
            let seen = read(format!("{almost}}}\r\n{}", frame("{\"a\":1}")).as_bytes(), step);
            assert_eq!(seen.last().map(String::as_str), Some("{\"a\":1}"), "{almost:?}");
            assert!(seen.len() < 5, "{seen:?}");
        }
    }
}

#[test]
fn noise_without_line_breaks_is_not_kept() {
    let mut reader = FrameReader::default();
    let mut buffer = BytesMut::new();
    let mut faults = 0;
    for _ in 0..1000 {
        buffer.extend_from_slice(&[b'c'; 1000]);
        while let Some(next) = reader.next(&mut buffer) {
            faults += usize::from(next.is_err());
        }
        assert!(buffer.len() < 4096);
    }
    assert_eq!(faults, 1, "one fault for one run of noise");
}

proptest! {
    /// However the bytes are cut, the same frames come out.
    #[test]
    fn pieces_do_not_matter(bodies in prop::collection::vec("[a-zA-Z: ]{0,40}", 1..6), step in 1usize..30) {
        let bodies: Vec<String> = bodies.iter().map(|body| format!("{{{body}}}")).collect();
        let text: String = bodies.iter().map(|body| frame(body)).collect();
        prop_assert_eq!(read(text.as_bytes(), step), bodies);
    }

    /// However noise and frames are cut, the same faults and frames come out.
    #[test]
    fn pieces_do_not_matter_in_noise(
        parts in prop::collection::vec(prop_oneof![
            "(?i-u:content-length)?[: \t\r\n0-9c]{0,12}".prop_map(String::from),
            "[a-z{}]{0,20}".prop_map(|body| frame(&body)),
            ("[a-z{}]{0,20}", 0usize..40).prop_map(|(body, length)| format!("Content-Length: {length}\r\n\r\n{body}")),
        ], 0..8),
        step in 1usize..40,
    ) {
        let text = parts.concat();
        prop_assert_eq!(read(text.as_bytes(), step), read(text.as_bytes(), text.len()));
    }

    /// Whatever came before, frames after it are read, as soon as the noise cannot pass for a header.
    #[test]
    fn frames_after_noise_are_found(noise in prop::collection::vec(any::<u8>(), 0..200), step in 1usize..60) {
        let mut bytes = noise;
        bytes.extend_from_slice(b"}\r\n");
        bytes.extend_from_slice(frame("{\"a\":1}").as_bytes());
        bytes.extend_from_slice(frame("{\"b\":2}").as_bytes());
        let seen = read(&bytes, step);
        prop_assert_eq!(seen.last().map(String::as_str), Some("{\"b\":2}"));
    }
}
