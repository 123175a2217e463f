//! Whether taking the unfinished identifier off the prompt helps: exact rest of line at cursors inside identifiers.

use super::corpus::{Cursor, cursors};
use super::support::{collect, config, job, start};
use tandem::engine::Engine;
use tandem::engine::llama::ModelConfig;

pub fn run() {
    let cursors: Vec<Cursor> = cursors(3000).into_iter().filter(in_identifier).take(300).collect();
    println!("\ntoken healing, {} cursors inside identifiers", cursors.len());
    for heal_tokens in [false, true] {
        let engine = start(ModelConfig { heal_tokens, ..config() });
        let (mut exact, mut first_word) = (0, 0);
        for cursor in &cursors {
            let truth = cursor.rest_of_line();
            let end = cursor.offset + truth.len();
            let mut job = job(&cursor.text[..cursor.offset], &cursor.text[end..]);
            (job.budget.prefix, job.budget.suffix) = (300, 60);
            let answer = collect(engine.generate(job));
            exact += usize::from(answer.text.trim_end() == truth.trim_end());
            let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
            first_word += usize::from(word(&answer.text) == word(truth));
        }
        let percent = |count: usize| 100.0 * count as f64 / cursors.len() as f64;
        println!(
            "  {}: identifier finished as in the file {:.1} %, whole line {:.1} %",
            if heal_tokens { "healed" } else { "plain " },
            percent(first_word),
            percent(exact)
        );
    }
}

/// A letter on both sides.
fn in_identifier(cursor: &Cursor) -> bool {
    let is_word = |character: Option<char>| character.is_some_and(|c| c.is_alphanumeric() || c == '_');
    is_word(cursor.text[..cursor.offset].chars().next_back()) && is_word(cursor.text[cursor.offset..].chars().next())
}
