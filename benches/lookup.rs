//! How often the lookup engine writes the rest of a line exactly, how well it knows when it does, and how long it takes.
//!
//! `cargo bench --no-default-features --bench lookup -- --repo DIR [--repo DIR …] [--count N] [--seed N]`
//! Random cursors in the code lines of the repositories' files; what stands right of the cursor on its line is removed
//! before the engine sees the file. `--variants repository` compares the file alone with the whole repository behind it, at
//! token starts of any lines that are not blank, the cursor's file itself taken out of the repository. `--fit FILE` fits the engine's weights to such cursors instead and writes them as
//! Rust source: never give it a repository that is reported on.

#[path = "lookup/fit.rs"]
mod fit;
#[path = "lookup/positions.rs"]
mod positions;
#[path = "lookup/report.rs"]
mod report;
#[path = "lookup/repository.rs"]
mod repository;

use std::path::PathBuf;
use std::process::ExitCode;

use positions::Column;

struct Arguments {
    repositories: Vec<PathBuf>,
    count: usize,
    seed: u64,
    fit: Option<PathBuf>,
    show: usize,
    with_repository: bool,
}

fn arguments() -> Result<Arguments, String> {
    let mut parsed =
        Arguments { repositories: Vec::new(), count: 400, seed: 1, fit: None, show: 0, with_repository: false };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        if name == "--bench" {
            continue;
        }
        let value = given.next().ok_or_else(|| format!("{name} wants a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{name} wants a number, not {value}"));
        match name.as_str() {
            "--repo" => parsed.repositories.push(PathBuf::from(&value)),
            "--count" => parsed.count = number()? as usize,
            "--seed" => parsed.seed = number()?,
            "--show" => parsed.show = number()? as usize,
            "--variants" if value == "repository" => parsed.with_repository = true,
            "--fit" => parsed.fit = Some(PathBuf::from(&value)),
            _ => return Err(format!("unknown argument {name}")),
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
    if arguments.repositories.is_empty() {
        println!("nothing to measure: give repositories with `--repo DIR` (see the head of benches/lookup.rs)");
        return ExitCode::SUCCESS;
    }
    let files = positions::collect(&arguments.repositories);
    let cursors = |column| positions::cursors(&files, column, arguments.count, arguments.seed);
    match &arguments.fit {
        Some(target) => {
            let mut all = cursors(Column::Any);
            all.extend(cursors(Column::TokenStart));
            fit::fit(&files, &all, &arguments.repositories, target);
        }
        None if arguments.with_repository => {
            repository::report(&files, &cursors(Column::TokenStart), &arguments.repositories, arguments.show);
        }
        None => report::report(&files, &cursors(Column::Any), arguments.show),
    }
    ExitCode::SUCCESS
}
