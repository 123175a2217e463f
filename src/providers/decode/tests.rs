//! Answers as providers send them, whole and in all kinds of pieces and disrepair.

mod answers;
mod broken;
mod counts;

use std::sync::LazyLock;

use super::eventstream::frame;
use super::*;
use crate::config::{ProviderKind, ProviderSettings};
use crate::providers::Usage;

const KINDS: [ProviderKind; 10] = [
    ProviderKind::Anthropic,
    ProviderKind::OpenAi,
    ProviderKind::OpenAiChat,
    ProviderKind::Gemini,
    ProviderKind::Bedrock,
    ProviderKind::Azure,
    ProviderKind::OpenRouter,
    ProviderKind::Mistral,
    ProviderKind::DeepSeek,
    ProviderKind::Compatible,
];

fn endpoint(kind: ProviderKind) -> Endpoint {
    let settings = ProviderSettings {
        kind: Some(kind),
        base_url: matches!(kind, ProviderKind::Azure | ProviderKind::Compatible)
            .then(|| "https://a.example".to_owned()),
        region: Some("eu-central-1".to_owned()),
        ..ProviderSettings::default()
    };
    Endpoint::of("it", &settings).unwrap()
}

/// An answer of the fixtures.
struct Fixture {
    kind: ProviderKind,
    name: String,
    bytes: Vec<u8>,
    expected: String,
}

/// `KIND/NAME.sse` and what should come of it in `KIND/NAME.events`. Frames are written as lines of their type, name and payload.
fn fixtures() -> &'static [Fixture] {
    static FIXTURES: LazyLock<Vec<Fixture>> = LazyLock::new(read_fixtures);
    &FIXTURES
}

fn read_fixtures() -> Vec<Fixture> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/providers/answers");
    let mut fixtures = Vec::new();
    for kind in KINDS {
        let folder = root.join(serde_json::to_value(kind).unwrap().as_str().unwrap());
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let bytes = match path.extension().and_then(std::ffi::OsStr::to_str) {
                Some("events") => continue,
                Some("frames") => frames(&std::fs::read_to_string(&path).unwrap()),
                _ => std::fs::read(&path).unwrap(),
            };
            let expected = std::fs::read_to_string(path.with_extension("events")).unwrap_or_default();
            let name = path.strip_prefix(&root).unwrap().display().to_string();
            fixtures.push(Fixture { kind, name, bytes, expected });
        }
    }
    fixtures.sort_by(|one, other| one.name.cmp(&other.name));
    fixtures
}

fn frames(lines: &str) -> Vec<u8> {
    lines
        .lines()
        .flat_map(|line| {
            let mut parts = line.splitn(3, ' ');
            let (kind, name, payload) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
            let name_header = if kind == "error" { ":error-code".to_owned() } else { format!(":{kind}-type") };
            let content = (":content-type", "application/json");
            frame(&[(&name_header, name), content, (":message-type", kind)], payload.as_bytes())
        })
        .collect()
}

fn decode<'a>(kind: ProviderKind, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut decoder = Decoder::new(&endpoint(kind), None);
    let mut events = Vec::new();
    for piece in pieces {
        decoder.push(piece, &mut events);
    }
    decoder.finish(&mut events);
    assert!(decoder.has_ended());
    assert_order(&events);
    // Nothing comes after the end.
    let count = events.len();
    decoder.push(b"data: {}\n\n", &mut events);
    decoder.finish(&mut events);
    decoder.fail(ProviderError::new(&endpoint(kind), ErrorClass::Network, Retry::Never, ""), &mut events);
    assert_eq!(events.len(), count);
    events
}

/// What everybody may rely on.
fn assert_order(events: &[Event]) {
    let is_end = |event: &Event| matches!(event, Event::Ended { .. } | Event::Failed(_));
    let is_start = |event: &Event| matches!(event, Event::Started { .. });
    assert_eq!(events.iter().filter(|event| is_end(event)).count(), 1, "{events:?}");
    assert!(events.last().is_some_and(is_end), "{events:?}");
    assert!(events.iter().filter(|event| is_start(event)).count() <= 1, "{events:?}");
    assert!(is_start(&events[0]) || matches!(events, [Event::Failed(_)]), "{events:?}");
}

/// One line an event.
fn shown(events: &[Event]) -> String {
    let line = |event: &Event| match event {
        Event::Started { request_id, model, usage } => {
            let facts = [request_id.clone(), model.clone(), usage.as_ref().map(shown_usage)];
            format!("started {}\n", facts.map(|fact| fact.unwrap_or_else(|| "-".to_owned())).join(" "))
        }
        Event::Text(text) => format!("text {text:?}\n"),
        Event::Thinking(text) => format!("thinking {text:?}\n"),
        Event::Usage(usage) => format!("usage {}\n", shown_usage(usage)),
        Event::Ended { reason, usage } => {
            format!("ended {reason:?} {}\n", usage.as_ref().map_or_else(|| "-".to_owned(), shown_usage))
        }
        Event::Failed(error) => {
            let id = error.request_id.as_deref().unwrap_or("-");
            format!("failed {:?} {:?} {id} {}\n", error.class, error.retry, error.message)
        }
    };
    events.iter().map(line).collect()
}

/// Uncached + read + short writes + long writes > output (reasoning).
fn shown_usage(usage: &Usage) -> String {
    let mut shown = format!(
        "{}+{}+{}+{}>{}({})",
        usage.input_uncached,
        usage.cache_read,
        usage.cache_write_short,
        usage.cache_write_long,
        usage.output,
        usage.reasoning
    );
    if usage.tier != Default::default() {
        shown += &format!(" {:?}", usage.tier);
    }
    if usage.is_regional {
        shown += " regional";
    }
    if let Some(cost) = usage.provider_cost {
        shown += &format!(" ${cost}e-12");
    }
    shown
}
