//! What a model can do, found out before the first job: known holes, leaks, stops, prefix reuse. Uses the same path as
//! real jobs and leaves no trace in the KV slots.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::generate::Runner;
use super::queue::Ticket;
use crate::engine::fim::Vocabulary;
use crate::engine::{Event, FimPrompt, Finish, Job, PromptBudget, SelfTest, Task, Urgency, generation};

/// No real client has this number.
const CLIENT: u64 = u64::MAX;

/// A large model on a slow machine tries fewer holes.
const TIME_LIMIT: Duration = Duration::from_millis(1500);

const CALIBRATION_LIMIT: Duration = Duration::from_millis(400);

/// Text before the cursor, after it, and what has to come first.
const HOLES: &[(&str, &str, &str, &str)] = &[
    ("add.rs", "fn add(a: i32, b: i32) -> i32 {\n    a + ", "\n}\n", "b"),
    (
        "sum.py",
        "def total(values):\n    result = 0\n    for value in values:\n        result += ",
        "\n    return result\n",
        "value",
    ),
    ("names.ts", "const names = [\"a\", \"b\"];\nfor (const name of names) {\n  console.log(", ");\n}\n", "name"),
    (
        "check.go",
        "func check() error {\n\tif err := run(); err != nil {\n\t\treturn ",
        "\n\t}\n\treturn nil\n}\n",
        "err",
    ),
    (
        "point.rs",
        "struct Point {\n    x: f64,\n    y: f64,\n}\n\nimpl Point {\n    fn new(x: f64, y: f64) -> Self {\n        Self { x, ",
        " }\n    }\n}\n",
        "y",
    ),
    (
        "main.py",
        "import os\n\ndef main():\n    print(os.getcwd())\n\nif __name__ == \"__main__\":\n    ",
        "\n",
        "main()",
    ),
];

pub(super) fn run(runner: &mut Runner<'_>) -> SelfTest {
    let start = Instant::now();
    let mut result = SelfTest { can_reuse_prefix: runner.decoder.can_cut, ..SelfTest::default() };
    let mut reused = false;
    for (path, prefix, suffix, expected) in HOLES {
        if start.elapsed() > TIME_LIMIT {
            break;
        }
        let answer = fill(runner, path, prefix, suffix);
        if let Some(reason) = answer.failed {
            result.warnings.push(format!("the self-test failed: {reason}; choose another model (engine.model)"));
            break;
        }
        result.holes += 1;
        result.holes_filled += u32::from(answer.text.trim_start().starts_with(expected));
        result.stops |= answer.stopped;
        result.leaks_special_tokens |= looks_special(&answer.text);
        if !reused && start.elapsed() < TIME_LIMIT {
            reused = fill(runner, path, prefix, suffix).reused > 0;
        }
    }
    if runner.decoder.can_cut && runner.pace.most() > 0 {
        measure_widths(runner);
    }
    runner.decoder.reset();
    runner.builder.forget_client(CLIENT);

    if result.can_reuse_prefix && result.holes > 0 && !reused {
        result.can_reuse_prefix = false;
    }
    if !result.can_reuse_prefix {
        result.warnings.push(
            "the model keeps no prefix between keystrokes, so each one evaluates the whole prompt: lower \
             completion.prefixTokens or choose a plain transformer (engine.model)"
                .to_owned(),
        );
    }
    if result.holes_filled == 0 && result.holes > 1 {
        result.warnings.push(format!(
            "the model filled none of {} simple holes: it was probably not trained to fill in the middle, or wants \
             another prompt layout; choose a code model such as Qwen2.5-Coder (engine.model)",
            result.holes
        ));
    }
    if result.leaks_special_tokens {
        result.warnings.push(
            "the model writes special tokens as text; they are cut off, but choose another conversion of the model \
             (engine.model)"
                .to_owned(),
        );
    }
    if !result.stops && result.holes > 1 {
        result.warnings.push(
            "the model did not end any answer by itself: suggestions end only at the line or token limit; lower \
             completion.maxLines"
                .to_owned(),
        );
    }
    result
}

/// Tells the pace of speculation what wide decodes cost here. Without an answer it assumes the worst.
fn measure_widths(runner: &mut Runner<'_>) {
    let mut filler = Vec::new();
    runner.vocabulary.tokenize("x", &mut filler);
    let Some(&filler) = filler.first() else { return };
    match runner.decoder.costs_by_width(filler, CALIBRATION_LIMIT) {
        Ok(costs) => {
            tracing::debug!(?costs, "µs of a decode by width");
            runner.pace.calibrate(&costs);
        }
        Err(error) => tracing::warn!("the decode widths could not be measured: {error:#}"),
    }
}

#[derive(Default)]
struct Answer {
    text: String,
    stopped: bool,
    reused: u32,
    failed: Option<String>,
}

fn fill(runner: &mut Runner<'_>, path: &str, prefix: &str, suffix: &str) -> Answer {
    let job = Job {
        lane: 0,
        urgency: Urgency::Awaited,
        task: Task::Write,
        prompt: FimPrompt {
            path: path.to_owned(),
            prefix: Arc::from(prefix),
            suffix: Arc::from(suffix),
            ..FimPrompt::default()
        },
        budget: PromptBudget { prefix: 256, suffix: 128, snippets: 0 },
        max_tokens: 24,
        max_lines: 8,
        candidates: 1,
        draft: None,
        explain: false,
        corpus: None,
    };
    let (sender, mut stream) = generation();
    runner.run(Ticket { client: CLIENT, job, sender, received: Instant::now() }, &|| ());
    let mut answer = Answer::default();
    while let Some(event) = stream.blocking_next() {
        match event {
            Event::Started(prompt) => answer.reused = prompt.reused,
            Event::Delta { text, .. } => answer.text.push_str(&text),
            Event::Finished { reason: Finish::Failed(reason), .. } => answer.failed = Some(reason),
            Event::Finished { reason, .. } => answer.stopped = reason == Finish::EndOfText,
            Event::Done(_) => break,
        }
    }
    answer
}

/// Text that only a special token of some family looks like.
fn looks_special(text: &str) -> bool {
    ["<|", "|>", "<fim_", "<｜", "[SUFFIX]", "[PREFIX]", "<PRE>", "<SUF>", "<MID>"]
        .iter()
        .any(|mark| text.contains(mark))
}
