//! Against a llama-server with the same GGUF on one thread: the same prompts, the same greedy generation, one run.
//! `benches/llama-server.sh` starts the server and runs this. Requests alternate, so that both see the same machine.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use serde_json::{Value, json};

use super::corpus::cursors;
use super::support::{collect, config, job, overhead_ms, print_line, start};
use tandem::engine::{Engine, Job};

const DOCUMENTS: usize = 40;
const KEYSTROKES: usize = 12;
const TOKENS: u32 = 16;

pub fn run() {
    let address = std::env::var("LLAMA_SERVER").unwrap_or_else(|_| "127.0.0.1:28741".to_owned());
    println!("\nagainst llama-server at {address}, starter model, one thread, {TOKENS} tokens a request");
    let mut config = config();
    // The server has no drafts: speculation is measured apart.
    let plain = start({
        config.max_draft_tokens = 0;
        config.heal_tokens = false;
        config.clone()
    });
    config.max_draft_tokens = 10;
    let drafting = start(config);

    let (mut ours, mut drafted, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    let (mut outside, mut their_outside) = (Vec::new(), Vec::new());
    let (mut same, mut evaluated, mut their_evaluated) = (0, 0, 0);
    let mut connection = None;
    for (lane, cursor) in cursors(DOCUMENTS).into_iter().enumerate() {
        let typed: Vec<usize> =
            cursor.text[cursor.offset..].char_indices().map(|(at, _)| at).take(KEYSTROKES).collect();
        for at in typed {
            let (prefix, suffix) = cursor.text.split_at(cursor.offset + at);
            let job =
                Job { lane: lane as u64, max_tokens: TOKENS, max_lines: 100, explain: true, ..job(prefix, suffix) };
            let start = Instant::now();
            let answer = collect(plain.generate(job.clone()));
            let elapsed = start.elapsed().as_secs_f64() * 1000.0;
            let prompt = answer.prompt.text.clone().unwrap_or_default();
            let start = Instant::now();
            let with_drafts = collect(drafting.generate(job));
            let with_drafts_elapsed = start.elapsed().as_secs_f64() * 1000.0;
            assert_eq!(with_drafts.text, answer.text);

            let body = json!({
                "prompt": prompt, "n_predict": TOKENS, "temperature": 0.0, "top_k": 1, "samplers": ["top_k"],
                "cache_prompt": true, "n_probs": 1,
            });
            let start = Instant::now();
            let reply = post(&mut connection, &address, "/completion", &body);
            let their_elapsed = start.elapsed().as_secs_f64() * 1000.0;
            // Equal work only: answers that end early on one side are left out.
            if reply["tokens_predicted"].as_u64() != Some(u64::from(answer.report.generated)) {
                continue;
            }
            same += usize::from(reply["content"].as_str() == Some(answer.text.as_str()));
            ours.push(elapsed);
            drafted.push(with_drafts_elapsed);
            theirs.push(their_elapsed);
            outside.push(overhead_ms(&answer.report));
            let timing = |name: &str| reply["timings"][name].as_f64().unwrap_or(0.0);
            their_outside.push(their_elapsed - timing("prompt_ms") - timing("predicted_ms"));
            evaluated += u64::from(answer.prompt.evaluated);
            their_evaluated += reply["timings"]["prompt_n"].as_u64().unwrap_or(0);
        }
    }
    let sum = |values: &[f64]| values.iter().sum::<f64>();
    println!("  {} requests with equal token counts, {same} with equal text", ours.len());
    println!("  prompt tokens evaluated: {evaluated}, llama-server {their_evaluated}");
    println!("  total time: {:.0} ms, llama-server {:.0} ms", sum(&ours), sum(&theirs));
    println!("  ratio of total time per request: {:.3}", sum(&ours) / sum(&theirs));
    println!("  the same with drafts copied from the prompt: {:.3}", sum(&drafted) / sum(&theirs));
    print_line("ours", ours, "ms");
    print_line("ours with drafts", drafted, "ms");
    print_line("llama-server", theirs, "ms");
    print_line("ours, outside llama.cpp", outside, "ms");
    print_line("llama-server, outside its own timings", their_outside, "ms");
}

/// One HTTP/1.1 exchange over a kept connection; enough for a local server.
fn post(connection: &mut Option<TcpStream>, address: &str, path: &str, body: &Value) -> Value {
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    // The server closes a connection after a number of requests: the next attempt opens another.
    for _ in 0..2 {
        let stream = connection.get_or_insert_with(|| {
            let stream = TcpStream::connect(address).expect("a llama-server: run benches/llama-server.sh");
            stream.set_nodelay(true).expect("a socket");
            stream
        });
        match exchange(stream, request.as_bytes()) {
            Some(reply) => return serde_json::from_slice(&reply).expect("JSON"),
            None => *connection = None,
        }
    }
    panic!("the server closes every connection");
}

/// The body of the reply; None when the connection was closed.
fn exchange(stream: &mut TcpStream, request: &[u8]) -> Option<Vec<u8>> {
    stream.write_all(request).ok()?;
    let mut received = Vec::new();
    let mut buffer = [0; 16 << 10];
    loop {
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        received.extend_from_slice(&buffer[..count]);
        if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&received[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.and_then(|length| length.trim().parse().ok()).expect("a content length");
            if received.len() >= end + 4 + length {
                return Some(received[end + 4..end + 4 + length].to_vec());
            }
        }
    }
}
