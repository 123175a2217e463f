//! Whether what is shown ever adds a syntax error, in real files and with bad outputs; how much is still shown, and what
//! a trial parse costs.
//!
//! `cargo bench --no-default-features --bench shape -- [--count N] [--seed N] [--show N] DIRECTORY …`
//! Each position: a random hole in a random file of the directories, and what stood there as a model would spoil it (cut
//! anywhere, with lines from elsewhere, with a bracket too many, with marks …). The languages take turns. `--show N`
//! prints the first N texts that add an error.

#[path = "shape/holes.rs"]
mod holes;
#[path = "shape/measure.rs"]
mod measure;
#[path = "shape/spoil.rs"]
mod spoil;

use std::path::PathBuf;
use std::process::ExitCode;

struct Arguments {
    directories: Vec<PathBuf>,
    count: usize,
    seed: u64,
    show: usize,
}

fn arguments() -> Result<Arguments, String> {
    let mut parsed = Arguments { directories: Vec::new(), count: 5_000, seed: 1, show: 0 };
    let mut given = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = given.next() {
        if !word.starts_with("--") {
            parsed.directories.push(PathBuf::from(word));
            continue;
        }
        let value = given.next().ok_or_else(|| format!("{word} wants a value"))?;
        let number = value.parse::<u64>().map_err(|_| format!("{word} wants a number, not {value}"))?;
        match word.as_str() {
            "--count" => parsed.count = number as usize,
            "--seed" => parsed.seed = number,
            "--show" => parsed.show = number as usize,
            _ => return Err(format!("unknown argument {word}")),
        }
    }
    Ok(parsed)
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    if arguments.directories.is_empty() {
        println!("nothing to measure: give directories (see the head of benches/shape.rs)");
        return ExitCode::SUCCESS;
    }
    let files = holes::collect(&arguments.directories);
    let mut random = holes::Random(arguments.seed);
    let added = measure::run(&files, arguments.count, arguments.show, &mut random);
    if added == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
