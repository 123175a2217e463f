//! What a keystroke costs in `syntax`: the incremental parse, the questions at the cursor, and a trial of a suggestion.
//!
//! `cargo bench --no-default-features --bench syntax`

use std::time::{Duration, Instant};

use tandem::syntax::{Language, SyntaxTree};
use tandem::text::{Change, Document, Position, PositionEncoding, Range};

const KEYSTROKES: usize = 400;
const TRIAL_LIMIT: Duration = Duration::from_millis(50);
const FIXTURES: [(&str, &str); 4] = [
    ("rust", include_str!("../tests/fixtures/languages/rust.rs")),
    ("python", include_str!("../tests/fixtures/languages/python.py")),
    ("typescript", include_str!("../tests/fixtures/languages/typescript.ts")),
    ("cpp", include_str!("../tests/fixtures/languages/cpp.cc")),
];

fn main() {
    println!("{KEYSTROKES} keystrokes in the middle of a file; µs as p50 / p99, fresh parse in ms");
    for (name, fixture) in FIXTURES {
        measure(name, &fixture.repeat(60));
    }
}

fn measure(name: &str, text: &str) {
    let language = Language::named(name).expect("a language");
    let mut document = Document::new("untitled:bench", name, 0, text);
    SyntaxTree::parse(language, document.rope(), None);
    let (tree, fresh) = timed(|| SyntaxTree::parse(language, document.rope(), None).expect("in time"));
    let mut tree = tree;
    let (mut parses, mut cursors, mut trials) = (Vec::new(), Vec::new(), Vec::new());

    let line = document.position_at(text.len() / 2, PositionEncoding::Utf8).line;
    for key in 0..KEYSTROKES {
        let at = Position::new(line, key as u32);
        let change = Change { range: Some(Range { start: at, end: at }), text: "a".to_owned() };
        let edits = document.apply(key as i32, &[change], PositionEncoding::Utf8);
        let (next, parse) = timed(|| SyntaxTree::parse(language, document.rope(), Some((&tree, &edits))));
        tree = next.expect("in time");
        let byte = edits[0].new_end_byte;
        parses.push(parse);
        cursors.push(timed(|| tree.cursor(byte)).1);
        let trial = || tree.with(TRIAL_LIMIT, byte..byte, "call(first, 1);\nnext();").map(|tree| tree.error_count());
        trials.push(timed(trial).1);
    }
    println!(
        "{name:<11} {:>6} lines  fresh {:>5.1}  parse {}  cursor {}  trial {}",
        text.lines().count(),
        fresh.as_secs_f64() * 1e3,
        quantiles(parses),
        quantiles(cursors),
        quantiles(trials)
    );
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

fn quantiles(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    format!("{:>4.0} / {:>5.0}", at(0.5), at(0.99))
}
