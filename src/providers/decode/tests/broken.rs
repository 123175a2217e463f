//! Answers that no provider should send: whatever comes, it ends once, in order, and in bounded memory.

use proptest::prelude::*;

use super::*;

/// The end of an answer of these bytes.
fn end(kind: ProviderKind, bytes: &[u8]) -> Event {
    decode(kind, [bytes]).pop().unwrap()
}

fn is_protocol_error(event: &Event) -> bool {
    matches!(event, Event::Failed(error) if error.class == ErrorClass::Protocol)
}

#[test]
fn messages_that_cannot_be_read_are_errors() {
    for (kind, data) in [
        (ProviderKind::Anthropic, "not json"),
        (ProviderKind::Anthropic, r#"{"type":"message_start"}"#),
        (ProviderKind::Anthropic, r#"{"type":"content_block_delta","delta":{"text":5}}"#),
        (ProviderKind::Anthropic, r#"[1]"#),
        (ProviderKind::OpenAi, r#"{"type":"response.output_text.delta","delta":{"a":1}}"#),
        (ProviderKind::OpenAi, r#"{"type":"response.completed"}"#),
        (ProviderKind::OpenAiChat, r#"{"choices":{"a":1}}"#),
        (ProviderKind::OpenAiChat, r#"{"choices":[{"delta":{"content":5}}]}"#),
        (ProviderKind::Gemini, r#"{"candidates":"none"}"#),
        (ProviderKind::Gemini, "\"text\""),
    ] {
        let bytes = format!("data: {data}\n\n");
        assert!(is_protocol_error(&end(kind, bytes.as_bytes())), "{kind:?} {data}");
    }
    let not_utf8 = b"data: {\"choices\":[{\"delta\":{\"content\":\"\xff\xfe\"}}]}\n\n";
    assert!(is_protocol_error(&end(ProviderKind::OpenAiChat, not_utf8)));
    let deep = format!("data: {{\"usage\":{}\n\n", "[".repeat(100_000));
    assert!(is_protocol_error(&end(ProviderKind::OpenAiChat, deep.as_bytes())));
    assert!(is_protocol_error(&end(ProviderKind::Bedrock, b"<html>no frames</html>")));
    let mut changed = frames("event messageStart {}");
    changed[20] ^= 1;
    assert!(is_protocol_error(&end(ProviderKind::Bedrock, &changed)));
}

#[test]
fn a_message_without_end_is_an_error_before_it_fills_the_memory() {
    for kind in KINDS {
        let mut decoder = Decoder::new(&endpoint(kind), None);
        let mut events = Vec::new();
        let piece = match kind {
            // A frame of the largest length, and then one more byte than is allowed.
            ProviderKind::Bedrock => [0xff; 1 << 20].to_vec(),
            _ => b"data: a".repeat(150_000),
        };
        let pushed = (0..40).take_while(|_| {
            decoder.push(&piece, &mut events);
            !decoder.has_ended()
        });
        assert!(pushed.count() < 20, "{kind:?}");
        assert!(matches!(events.as_slice(), [event] if is_protocol_error(event)), "{kind:?}: {events:?}");
    }
}

#[test]
fn an_answer_without_end_is_cut() {
    let endpoint = endpoint(ProviderKind::OpenAiChat);
    let mut decoder = Decoder::new(&endpoint, None);
    let comments = b": keep-alive\n\n".repeat(1 << 16);
    let mut events = Vec::new();
    let mut taken = 0;
    while !decoder.has_ended() {
        decoder.push(&comments, &mut events);
        taken += comments.len();
        assert!(taken <= MAX_ANSWER + comments.len());
    }
    assert!(is_protocol_error(&events[0]));
}

#[test]
fn a_document_without_end_is_not_kept() {
    let mut decoder = Decoder::new(&endpoint(ProviderKind::Gemini), None);
    let mut events = Vec::new();
    for _ in 0..100 {
        decoder.push(&b"{ \"text\": 1, ".repeat(10_000), &mut events);
    }
    assert!(matches!(&decoder.frames, Frames::Document(body) if body.len() <= MAX_BODY));
    decoder.finish(&mut events);
    assert!(is_protocol_error(&events[0]));
}

#[test]
fn a_connection_that_breaks_after_the_last_word_breaks_nothing() {
    let chunk = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Yes.\"},\"finish_reason\":\"stop\"}]}\n\n";
    let mut decoder = Decoder::new(&endpoint(ProviderKind::Compatible), None);
    let mut events = Vec::new();
    decoder.push(chunk, &mut events);
    let broken = ProviderError::new(&endpoint(ProviderKind::Compatible), ErrorClass::Network, Retry::Backoff, "reset");
    decoder.fail(broken.clone(), &mut events);
    assert_eq!(events.last(), Some(&Event::Ended { reason: Reason::Complete, usage: None }));
    let mut decoder = Decoder::new(&endpoint(ProviderKind::Compatible), Some("req_1".to_owned()));
    let mut events = Vec::new();
    decoder.fail(broken, &mut events);
    assert!(matches!(&events[..], [Event::Failed(error)] if error.request_id.as_deref() == Some("req_1")));
}

#[test]
fn names_of_the_provider_are_words_or_left_out() {
    let start = r#"data: {"type":"message_start","message":{"id":"a\u001b[0m b","model":"x\ny","usage":{}}}"#;
    let stop = r#"data: {"type":"message_delta","delta":{"stop_reason":"\u202e odd"},"usage":{"output_tokens":1}}"#;
    let text = format!("{start}\n\n{stop}\n\ndata: {{\"type\":\"message_stop\"}}\n\n");
    let events = decode(ProviderKind::Anthropic, [text.as_bytes()]);
    assert!(matches!(&events[0], Event::Started { request_id: None, model: None, .. }), "{events:?}");
    assert!(matches!(events.last(), Some(Event::Ended { reason: Reason::Filtered(name), .. }) if name == "unknown"));
}

/// Messages that belong to some provider's grammar, in any order, any number of times.
fn any_message() -> impl Strategy<Value = String> {
    let messages: Vec<String> = fixtures()
        .iter()
        .filter(|fixture| fixture.name.ends_with(".sse"))
        .flat_map(|fixture| {
            let text = std::str::from_utf8(&fixture.bytes).unwrap().replace("\r\n", "\n");
            text.split("\n\n").map(|message| format!("{message}\n\n")).collect::<Vec<_>>()
        })
        .collect();
    prop_oneof![
        8 => prop::sample::select(messages),
        1 => "data: \\PC{0,30}\n\n",
        1 => "\\PC{0,30}\n",
    ]
}

proptest! {
    #[test]
    fn any_bytes_end_once(bytes in prop::collection::vec(any::<u8>(), 0..300), step in 1usize..50) {
        for kind in KINDS {
            prop_assert_eq!(decode(kind, bytes.chunks(step)), decode(kind, [bytes.as_slice()]));
        }
    }

    #[test]
    fn any_messages_end_once(messages in prop::collection::vec(any_message(), 0..12), step in 1usize..300) {
        let text = messages.concat();
        for kind in KINDS {
            prop_assert_eq!(decode(kind, text.as_bytes().chunks(step)), decode(kind, [text.as_bytes()]));
        }
    }

    /// A message twice, one left out, two in each other's place.
    #[test]
    fn answers_out_of_order_end_once(which: prop::sample::Index, at: prop::sample::Index, with: prop::sample::Index, how in 0..3) {
        let Fixture { kind, bytes, .. } = which.get(fixtures());
        let mut messages: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        if messages.is_empty() {
            return Ok(());
        }
        let (at, with) = (at.index(messages.len()), with.index(messages.len()));
        match how {
            0 => messages.insert(at, messages[with]),
            1 => drop(messages.remove(at)),
            _ => messages.swap(at, with),
        }
        decode(*kind, messages);
    }

    /// One byte changed: the same events, others, or an error, but an end.
    #[test]
    fn answers_with_a_changed_byte_end_once(which: prop::sample::Index, at: prop::sample::Index, byte: u8) {
        let Fixture { kind, bytes, .. } = which.get(fixtures());
        let mut bytes = bytes.clone();
        if !bytes.is_empty() {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        decode(*kind, [bytes.as_slice()]);
    }

    /// Cut anywhere: the events so far, and then an end that says so, unless the rest is of no matter.
    #[test]
    fn a_cut_answer_is_not_whole(which: prop::sample::Index, at: prop::sample::Index) {
        let Fixture { kind, bytes, .. } = which.get(fixtures());
        let whole = decode(*kind, [bytes.as_slice()]);
        let cut = decode(*kind, [&bytes[..at.index(bytes.len() + 1)]]);
        let (last, before) = cut.split_last().unwrap();
        prop_assert!(whole.starts_with(before));
        let says_so = matches!(last, Event::Failed(_) | Event::Ended { reason: Reason::Truncated, .. });
        // Some providers tell the count after everything else: then only that is missing.
        let lost = &whole[before.len()..whole.len() - 1];
        let lost_the_count = matches!(last, Event::Ended { usage: None, .. })
            && lost.iter().all(|event| matches!(event, Event::Usage(_)));
        let is_whole = cut == whole || lost_the_count;
        prop_assert!(is_whole || says_so, "{:?}", cut);
    }
}
