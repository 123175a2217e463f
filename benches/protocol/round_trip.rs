//! A keystroke that goes along with the last suggestion: `didChange` and `inlineCompletion`, answered from memory.

use std::time::Instant;

use super::editor::{Editor, Sure};
use super::samples::Samples;

/// What the engine writes and the user types.
const LINE: &str = "foo_bar(alpha, beta, gamma, delta, epsilon, zeta, eta, theta, iota, kappa, lambda, mu)";

pub async fn run() {
    for lines in [100, 3_000] {
        let samples = measure(lines).await;
        samples.print(&format!("keystroke answered from memory, {lines} lines"));
    }
}

async fn measure(lines: u32) -> Samples {
    let mut editor = Editor::in_process(Sure::new(LINE)).await;
    let mut samples = Samples::default();
    for round in 0..20 {
        let uri = format!("file:///proj/{round}.rs");
        let above: String = (0..lines).map(|line| format!("let name_{line} = call_{line}({line});\n")).collect();
        editor.open(&uri, &format!("{above}let x = \n")).await;
        let id = editor.ask(&uri, lines, 8).await;
        let (first, _) = editor.answer(id).await;
        assert_eq!(first["result"]["items"][0]["insertText"], LINE, "{first}");
        for typed in 0..LINE.len() - 2 {
            let at = 8 + typed as u32;
            let start = Instant::now();
            editor.insert(&uri, 2 + typed as i32, lines, at, &LINE[typed..=typed]).await;
            let id = editor.ask(&uri, lines, at + 1).await;
            let (answer, arrived) = editor.answer(id).await;
            assert_eq!(answer["result"]["items"][0]["insertText"], LINE[typed + 1..], "{answer}");
            samples.add(arrived - start);
        }
    }
    samples
}
