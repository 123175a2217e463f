//! What reading an answer costs: each wire format's most frequent message, over and over, in pieces as they come from a
//! socket. MB of the stream, and events, for a second of CPU time.
//!
//! `cargo bench --no-default-features --bench decode`

use tandem::config::ProviderSettings;
use tandem::providers::{Decoder, Endpoint, Event};

/// Bytes of each answer.
const SIZE: usize = 32 << 20;
/// Bytes that a read gives at most.
const PIECE: usize = 16 << 10;

const ANTHROPIC: &str = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":\
    {\"type\":\"text_delta\",\"text\":\" the words of\"}}\n\n";
const RESPONSES: &str = "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":0,\
    \"item_id\":\"msg_67c9fdcf37fc8190ba82116e33fb28c507b8b0ad4e5eb654\",\"output_index\":0,\"content_index\":0,\
    \"delta\":\" the words of\",\"logprobs\":[]}\n\n";
const CHAT: &str = "data: {\"id\":\"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT\",\"object\":\"chat.completion.chunk\",\
    \"created\":1795000000,\"model\":\"gpt-6.1-sol\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_44709d6fcb\",\
    \"choices\":[{\"index\":0,\"delta\":{\"content\":\" the words of\"},\"logprobs\":null,\"finish_reason\":null}],\
    \"usage\":null}\n\n";
const GEMINI: &str = "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \" the words of an answer, some of them\"}],\
    \"role\": \"model\"},\"index\": 0}],\"usageMetadata\": {\"promptTokenCount\": 31,\"candidatesTokenCount\": 12,\
    \"totalTokenCount\": 43,\"promptTokensDetails\": [{\"modality\": \"TEXT\",\"tokenCount\": 31}]},\
    \"modelVersion\": \"gemini-4-argon\",\"responseId\": \"mAitaLmkHPPlz7IPvtfUqQ4\"}\r\n\r\n";
const BEDROCK: &str =
    "{\"contentBlockIndex\":0,\"delta\":{\"text\":\" the words of\"},\"p\":\"abcdefghijklmnopqrstuvwxyz\"}";

fn main() {
    println!("answers of {} MiB in pieces of {} KiB", SIZE >> 20, PIECE >> 10);
    for (name, message) in [
        ("anthropic", ANTHROPIC.as_bytes().to_vec()),
        ("openai", RESPONSES.as_bytes().to_vec()),
        ("openai-chat", CHAT.as_bytes().to_vec()),
        ("gemini", GEMINI.as_bytes().to_vec()),
        ("bedrock", frame(BEDROCK.as_bytes())),
    ] {
        let region = Some("eu-central-1".to_owned());
        let endpoint =
            Endpoint::of(name, &ProviderSettings { region, ..ProviderSettings::default() }).expect("an endpoint");
        let answer = message.repeat(SIZE / message.len());
        let mut decoder = Decoder::new(&endpoint, None);
        let mut events: Vec<Event> = Vec::new();
        let (mut count, mut text) = (0, 0);
        let started = cpu_seconds();
        for piece in answer.chunks(PIECE) {
            decoder.push(piece, &mut events);
            for event in events.drain(..) {
                count += 1;
                if let Event::Text(piece) = event {
                    text += piece.len();
                }
            }
        }
        let seconds = cpu_seconds() - started;
        assert!(!decoder.has_ended(), "{name}");
        let megabytes = answer.len() as f64 / 1e6;
        println!(
            "{name:<12} {:>7.0} MB/s  {:>6.2} M events/s  {:>5.0} MB/s of text",
            megabytes / seconds,
            f64::from(count) / 1e6 / seconds,
            text as f64 / 1e6 / seconds
        );
    }
}

/// A frame of AWS's event stream that holds a piece of an answer.
fn frame(payload: &[u8]) -> Vec<u8> {
    let mut headers = Vec::new();
    for (name, value) in
        [(":event-type", "contentBlockDelta"), (":content-type", "application/json"), (":message-type", "event")]
    {
        headers.push(name.len() as u8);
        headers.extend_from_slice(name.as_bytes());
        headers.push(7);
        headers.extend_from_slice(&(value.len() as u16).to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let length = 16 + headers.len() + payload.len();
    let mut frame = (length as u32).to_be_bytes().to_vec();
    frame.extend_from_slice(&(headers.len() as u32).to_be_bytes());
    frame.extend_from_slice(&crc32(&frame).to_be_bytes());
    frame.extend_from_slice(&headers);
    frame.extend_from_slice(payload);
    frame.extend_from_slice(&crc32(&frame).to_be_bytes());
    frame
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

/// Of this thread: others on the machine do not count.
#[cfg(unix)]
fn cpu_seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock writes to the struct that is handed to it, and to nothing else.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

#[cfg(not(unix))]
fn cpu_seconds() -> f64 {
    use std::time::{SystemTime, UNIX_EPOCH};
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}
