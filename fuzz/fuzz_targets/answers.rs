//! Answers of all providers: pieces of their fixtures, broken, repeated and mixed, with noise in between.
//!
//! Nothing may panic; the end comes once and last; and how the bytes are cut changes nothing.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use tandem::config::ProviderSettings;
use tandem::providers::{Decoder, Endpoint, Event};

const KINDS: [&str; 7] = ["anthropic", "openai", "openai-chat", "gemini", "bedrock", "openrouter", "mistral"];

const SAMPLES: [&[u8]; 6] = [
    include_bytes!("../../tests/fixtures/providers/answers/anthropic/cached.sse"),
    include_bytes!("../../tests/fixtures/providers/answers/openai/reasoning.sse"),
    include_bytes!("../../tests/fixtures/providers/answers/openai-chat/cached.sse"),
    include_bytes!("../../tests/fixtures/providers/answers/gemini/thinking.sse"),
    include_bytes!("../../tests/fixtures/providers/answers/openrouter/error-inside.sse"),
    include_bytes!("../../tests/fixtures/providers/answers/mistral/thinking-in-parts.sse"),
];

#[derive(Arbitrary, Debug)]
enum Part<'a> {
    Noise(&'a [u8]),
    /// Lines of a sample.
    Lines { sample: u8, first: u8, count: u8 },
    /// A sample with one byte changed.
    Changed { sample: u8, at: u16, byte: u8 },
}

impl Part<'_> {
    fn write(&self, into: &mut Vec<u8>) {
        let sample = |number: &u8| SAMPLES[usize::from(*number) % SAMPLES.len()];
        match self {
            Part::Noise(bytes) => into.extend_from_slice(bytes),
            Part::Lines { sample: number, first, count } => {
                let lines = sample(number).split_inclusive(|byte| *byte == b'\n');
                lines.skip(usize::from(*first)).take(usize::from(*count)).for_each(|line| into.extend_from_slice(line));
            }
            Part::Changed { sample: number, at, byte } => {
                let start = into.len();
                into.extend_from_slice(sample(number));
                let length = into.len() - start;
                into[start + usize::from(*at) % length] = *byte;
            }
        }
    }
}

fn decode(endpoint: &Endpoint, bytes: &[u8], step: usize) -> Vec<Event> {
    let mut decoder = Decoder::new(endpoint, None);
    let mut events = Vec::new();
    for piece in bytes.chunks(step) {
        decoder.push(piece, &mut events);
    }
    decoder.finish(&mut events);
    let is_end = |event: &Event| matches!(event, Event::Ended { .. } | Event::Failed(_));
    assert_eq!(events.iter().filter(|event| is_end(event)).count(), 1);
    assert!(events.last().is_some_and(is_end) && decoder.has_ended());
    events
}

fuzz_target!(|input: (u8, Vec<Part>, u8)| {
    let (kind, parts, step) = input;
    let region = Some("eu-central-1".to_owned());
    let settings = ProviderSettings { region, ..ProviderSettings::default() };
    let endpoint = Endpoint::of(KINDS[usize::from(kind) % KINDS.len()], &settings).expect("an endpoint");
    let mut bytes = Vec::new();
    for part in &parts {
        part.write(&mut bytes);
    }
    let whole = decode(&endpoint, &bytes, bytes.len().max(1));
    assert_eq!(whole, decode(&endpoint, &bytes, usize::from(step).max(1)), "pieces of {step} bytes");
});
