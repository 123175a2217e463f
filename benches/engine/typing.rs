//! What a keystroke costs: time outside llama.cpp, and tokens evaluated, while 200 characters are typed.

use super::corpus::sources;
use super::support::{Answer, collect, config, job, overhead_ms, print_line, start};
use tandem::engine::{Engine, PromptBudget};

pub fn run() {
    println!("\ntyping 200 characters of real source, one request a keystroke");
    measure("starter's own window (1,000 prompt tokens)", 0, PromptBudget { prefix: 700, suffix: 200, snippets: 0 });
    measure("3,000-token window", 4096, PromptBudget { prefix: 2400, suffix: 600, snippets: 0 });
}

fn measure(name: &str, context_tokens: u32, budget: PromptBudget) {
    let mut config = config();
    config.context_tokens = context_tokens;
    (config.prompt_tokens, config.generated_tokens) = (3000, 24);
    let engine = start(config);
    let text = sources().concat();
    let middle = text.len() / 2;
    let middle = middle + text[middle..].find("\n    ").map_or(0, |at| at + 1);
    // The text that is typed stands in the source; it is taken out first.
    let typed: String = text[middle..].chars().take(200).collect();
    let suffix = &text[middle + typed.len()..];
    let mut prefix = text[..middle].to_owned();
    let ask = |prefix: &str| -> Answer {
        let mut job = job(&prefix[prefix.len().saturating_sub(60_000)..], &suffix[..60_000.min(suffix.len())]);
        job.budget = budget;
        collect(engine.generate(job))
    };
    let first = ask(&prefix);
    let answers: Vec<Answer> = typed
        .chars()
        .map(|key| {
            prefix.push(key);
            ask(&prefix)
        })
        .collect();

    println!("{name}: first request evaluates {} tokens", first.prompt.evaluated);
    print_line("tokens evaluated a keystroke", answers.iter().map(|answer| f64::from(answer.prompt.evaluated)), "");
    let one = answers.iter().filter(|answer| answer.prompt.evaluated <= 1).count();
    println!("  keystrokes that evaluate one token: {} %", one * 100 / answers.len());
    print_line("prompt tokens", answers.iter().map(|answer| f64::from(answer.prompt.tokens)), "");
    print_line("generated tokens", answers.iter().map(|answer| f64::from(answer.report.generated)), "");
    print_line("outside llama.cpp", answers.iter().map(|answer| overhead_ms(&answer.report)), "ms");
    print_line("prompt", answers.iter().map(|answer| answer.report.tokenize_us as f64 / 1000.0), "ms");
    print_line("inside llama.cpp", answers.iter().map(|answer| answer.report.compute_us as f64 / 1000.0), "ms");
    print_line("to the first token", answers.iter().map(|answer| answer.report.first_token_us as f64 / 1000.0), "ms");
    print_line("total", answers.iter().map(|answer| answer.report.total_us as f64 / 1000.0), "ms");
}
