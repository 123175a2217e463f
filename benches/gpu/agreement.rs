//! The same jobs on the device and on the processor: which texts are equal, and how far log-probabilities lie apart.

use tandem::engine::llama::{LlamaEngine, ModelConfig};
use tandem::engine::{Engine, Event, Job, TokenScore};

use super::engine::{job, settled};
use super::table::Table;

const CURSORS: usize = 8;
const TOKENS: u32 = 16;

struct Said {
    text: String,
    scores: Vec<TokenScore>,
}

/// # Errors
/// When the model does not load on the processor.
pub fn run(device: &LlamaEngine, config: &ModelConfig, table: &mut Table) -> Result<(), String> {
    let jobs: Vec<Job> = (0..CURSORS).map(|at| job(at as u64, 64 + 16 * at as u32, TOKENS)).collect();
    let there: Vec<Said> = jobs.iter().map(|job| say(device, job)).collect();
    let processor = LlamaEngine::start(ModelConfig { gpu_layers: Some(0), ..config.clone() });
    settled(&processor)?;
    let here: Vec<Said> = jobs.iter().map(|job| say(&processor, job)).collect();
    let equal = there.iter().zip(&here).filter(|(there, here)| there.text == here.text).count();
    let apart = there.iter().zip(&here).map(|(there, here)| apart(there, here)).fold(0.0, f32::max);
    table.put("texts as on the processor, greedy", format!("{equal} of {CURSORS}"));
    table.put("mean log-probability, most that it differs", format!("{apart:.4}"));
    Ok(())
}

fn say(engine: &LlamaEngine, job: &Job) -> Said {
    let mut said = Said { text: String::new(), scores: Vec::new() };
    let mut stream = engine.generate(job.clone());
    while let Some(event) = stream.blocking_next() {
        if let Event::Delta { text, tokens, .. } = event {
            said.text.push_str(&text);
            said.scores.extend(tokens);
        }
    }
    said
}

/// Of the tokens before the two part: with weights of noise two tokens are equally likely now and then, and what follows
/// another token is another text. The first that differs has nearly the same log-probability and counts, too.
fn apart(there: &Said, here: &Said) -> f32 {
    let common = there.text.bytes().zip(here.text.bytes()).take_while(|(one, other)| one == other).count();
    let within = |said: &Said| {
        let mut at = 0;
        let first = said.scores.iter().take_while(|score| {
            let begins = at;
            at += score.bytes as usize;
            begins <= common
        });
        first.map(|score| score.logprob).collect::<Vec<f32>>()
    };
    let (there, here) = (within(there), within(here));
    let count = there.len().min(here.len());
    let mean = |scores: &[f32]| scores[..count].iter().sum::<f32>() / count.max(1) as f32;
    (mean(&there) - mean(&here)).abs()
}
