//! Holes that every model of code fills, to find out what a model can do before it is relied on.

use std::sync::Arc;

use super::{FimPrompt, Job, PromptBudget, SelfTest, Task, Urgency};

/// Path, text before the cursor, after it, and what has to come first.
pub(in crate::engine) const HOLES: &[(&str, &str, &str, &str)] = &[
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

/// The job for one of them.
pub(in crate::engine) fn job(lane: u64, path: &str, prefix: &str, suffix: &str) -> Job {
    Job {
        lane,
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
    }
}

/// Text that only a special token of some family looks like.
pub(in crate::engine) fn looks_special(text: &str) -> bool {
    ["<|", "|>", "<fim_", "<｜", "[SUFFIX]", "[PREFIX]", "<PRE>", "<SUF>", "<MID>"]
        .iter()
        .any(|mark| text.contains(mark))
}

/// Sentences about what is wrong, each with the way out. `setting` names the model.
pub(in crate::engine) fn warnings(test: &SelfTest, setting: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    if !test.can_reuse_prefix {
        warnings.push(format!(
            "the model keeps no prefix between keystrokes, so each one evaluates the whole prompt: lower \
             completion.prefixTokens or choose a plain transformer ({setting})"
        ));
    }
    if test.holes_filled == 0 && test.holes > 1 {
        warnings.push(format!(
            "the model filled none of {} simple holes: it was probably not trained to fill in the middle, or wants \
             another prompt layout; choose a code model such as Qwen2.5-Coder ({setting})",
            test.holes
        ));
    }
    if test.leaks_special_tokens {
        warnings.push(format!(
            "the model writes special tokens as text; they are cut off, but choose another conversion of the model \
             ({setting})"
        ));
    }
    if !test.stops && test.holes > 1 {
        warnings.push(
            "the model did not end any answer by itself: suggestions end only at the line or token limit; lower \
             completion.maxLines"
                .to_owned(),
        );
    }
    warnings
}
