//! Speculative decoding against plain greedy decoding: the same answers, less time.

use std::sync::Arc;

use ropey::Rope;

use super::corpus::{Cursor, cursors};
use super::support::{Answer, collect, config, cpu_seconds, job, start};
use tandem::engine::llama::LlamaEngine;
use tandem::engine::lookup::{Corpus, DocumentTokens, Limits, predict};
use tandem::engine::{Engine, Job};

const PROMPTS: usize = 500;

pub fn run() {
    println!("\nspeculation with lookup's drafts, {PROMPTS} cursors in this repository");
    let mut plain = config();
    plain.max_draft_tokens = 0;
    let (plain, drafting) = (start(plain), start(config()));
    let cursors = cursors(PROMPTS);
    for (name, max_lines, max_tokens) in [("rest of line", 1, 40), ("up to 12 lines, 96 tokens", 12, 96)] {
        measure(name, &plain, &drafting, &cursors, max_lines, max_tokens);
    }
}

fn measure(
    name: &str,
    plain: &LlamaEngine,
    drafting: &LlamaEngine,
    cursors: &[Cursor],
    max_lines: u32,
    max_tokens: u32,
) {
    let (mut same, mut plain_cpu, mut drafting_cpu) = (0, 0.0, 0.0);
    let (mut plain_decode, mut drafting_decode) = (0, 0);
    let (mut generated, mut decodes, mut drafted, mut accepted) = (0, 0, 0, 0);
    for cursor in cursors {
        let base = Job { max_lines, max_tokens, ..job(&cursor.text[..cursor.offset], &cursor.text[cursor.offset..]) };
        let limits = Limits { max_tokens: max_tokens as usize, max_lines: max_lines as usize };
        let draft = draft(cursor, limits);
        let ask = |engine: &LlamaEngine, job: Job| -> (Answer, f64) {
            // The prompt is warm in both engines, so that what is timed is the generation.
            collect(engine.generate(Job { max_tokens: 1, draft: None, ..job.clone() }));
            let start = cpu_seconds();
            let answer = collect(engine.generate(job));
            (answer, cpu_seconds() - start)
        };
        let (expected, seconds) = ask(plain, base.clone());
        plain_cpu += seconds;
        plain_decode += expected.report.decode_us;
        let (got, seconds) = ask(drafting, Job { draft, ..base });
        drafting_cpu += seconds;
        drafting_decode += got.report.decode_us;
        same += usize::from(got.text == expected.text && got.finish == expected.finish);
        if got.text != expected.text {
            println!("  differs: {:?} and {:?}", expected.text, got.text);
        }
        generated += got.report.generated;
        decodes += got.report.decodes;
        drafted += got.report.drafted;
        accepted += got.report.accepted;
    }
    println!("{name}: identical answers {same} of {}", cursors.len());
    println!("  {generated} tokens in {decodes} decodes; {accepted} of {drafted} drafted tokens accepted");
    println!(
        "  speed-up: {:.2} by CPU time ({plain_cpu:.2} s to {drafting_cpu:.2} s), {:.2} by wall time of the generation",
        plain_cpu / drafting_cpu,
        plain_decode as f64 / drafting_decode as f64
    );
}

fn draft(cursor: &Cursor, limits: Limits) -> Option<String> {
    let document = Arc::new(DocumentTokens::new(&Rope::from_str(&without_line(cursor))));
    let prediction = predict(&Corpus::new(document, cursor.offset, Vec::new()), limits);
    Some(prediction.text).filter(|text| !text.is_empty())
}

/// The file without what stands right of the cursor: lookup must not copy the answer.
fn without_line(cursor: &Cursor) -> String {
    let end = cursor.offset + cursor.rest_of_line().len();
    format!("{}{}", &cursor.text[..cursor.offset], &cursor.text[end..])
}
