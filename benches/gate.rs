//! Fits the gate's weights to records of `tandem eval`, and tries them on repositories that nothing was fitted to.
//!
//! `cargo bench --no-default-features --bench gate -- [--variants NAME …] [--fit DIRECTORY …] [--try DIRECTORY …]
//! [--write FILE --measured-on TEXT]`
//! Directories are those that `tandem eval --out` wrote, measured without a calibration. `--variants` are the beginnings of the
//! names of the variants that are fitted to, and the first of them is tried; without them it is the first variant. Without `--try` each directory is tried in turn by
//! weights of all others. `--write` keeps the weights of all of `--fit`, as they come with the program.

#[path = "gate/curves.rs"]
mod curves;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tandem::complete::Calibration;
use tandem::eval::{self, Quality, Record};

#[derive(Default)]
struct Arguments {
    variants: Vec<String>,
    fitted: Vec<PathBuf>,
    tried: Vec<PathBuf>,
    write: Option<PathBuf>,
    measured_on: String,
}

/// The records of one repository.
struct Repository {
    name: String,
    /// Those that are fitted to, and those of them that are tried.
    records: Vec<Record>,
    tried: Vec<Record>,
}

fn main() -> ExitCode {
    let outcome = arguments().and_then(|arguments| run(&arguments));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

fn arguments() -> Result<Arguments, String> {
    let mut parsed = Arguments::default();
    let mut flag = String::new();
    for word in std::env::args().skip(1).filter(|word| word != "--bench") {
        match (flag.as_str(), word.starts_with("--")) {
            (_, true) => flag = word,
            ("--variants", _) => parsed.variants.push(word),
            ("--fit", _) => parsed.fitted.push(word.into()),
            ("--try", _) => parsed.tried.push(word.into()),
            ("--write", _) => parsed.write = Some(word.into()),
            ("--measured-on", _) => parsed.measured_on = word,
            _ => return Err(format!("{word} belongs to no argument; see the head of benches/gate.rs")),
        }
    }
    Ok(parsed)
}

fn run(arguments: &Arguments) -> Result<(), String> {
    if arguments.fitted.is_empty() {
        println!("nothing to fit: give directories (see the head of benches/gate.rs)");
        return Ok(());
    }
    let read = |directories: &[PathBuf]| -> Result<Vec<Repository>, String> {
        directories.iter().map(|directory| repository(directory, &arguments.variants)).collect()
    };
    let (fitted, tried) = (read(&arguments.fitted)?, read(&arguments.tried)?);
    println!(
        "{:<34} {:>9} {:>9} {:>7} {:>8} {:>9} {:>8}",
        "", "first", "exact", "Brier", "log-loss", "precision", "hidden"
    );
    let mut all = [const { Vec::new() }; 3];
    if tried.is_empty() {
        for (at, own) in fitted.iter().enumerate() {
            let others: Vec<&Record> =
                fitted.iter().enumerate().filter(|(other, _)| *other != at).flat_map(|(_, one)| &one.records).collect();
            judge(own, &others, &mut all);
        }
    } else {
        let others: Vec<&Record> = fitted.iter().flat_map(|one| &one.records).collect();
        tried.iter().for_each(|own| judge(own, &others, &mut all));
    }
    for (name, records) in ["own confidence", "curves", "weights"].into_iter().zip(&all) {
        line(&format!("all, {name}"), &quality(records));
    }
    if let Some(file) = &arguments.write {
        let records: Vec<&Record> = fitted.iter().flat_map(|one| &one.records).collect();
        let fit =
            eval::fit(&records, &arguments.measured_on, &Calibration::default()).ok_or("too few records to fit")?;
        let weights = Calibration::new(arguments.measured_on.clone(), fit.calibration.weights);
        let text = serde_json::to_string_pretty(&weights).map_err(|error| error.to_string())? + "\n";
        std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

fn repository(directory: &Path, variants: &[String]) -> Result<Repository, String> {
    let file = directory.join("records.jsonl");
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let text = std::fs::read_to_string(&file).map_err(|error| told(&error))?;
    let mut lines = text.lines();
    let header: eval::Header = serde_json::from_str(lines.next().unwrap_or_default()).map_err(|error| told(&error))?;
    let is_of = |record: &Record, wanted: Option<&String>| match (header.variants.get(record.variant), wanted) {
        (Some((name, _)), Some(wanted)) => name.starts_with(wanted),
        (_, None) => record.variant == 0,
        (None, _) => false,
    };
    let records: Result<Vec<Record>, _> = lines.map(serde_json::from_str::<Record>).collect();
    let records = records.map_err(|error| told(&error))?;
    let tried = records.iter().filter(|record| is_of(record, variants.first())).cloned().collect();
    let is_fitted = |record: &Record| {
        variants.iter().any(|wanted| is_of(record, Some(wanted))) || variants.is_empty() && is_of(record, None)
    };
    let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Repository { name, records: records.into_iter().filter(is_fitted).collect(), tried })
}

/// What a repository's own confidences, curves over them and weights are worth, the latter two fitted to others.
fn judge(own: &Repository, others: &[&Record], all: &mut [Vec<Record>; 3]) {
    let mut weighed = own.tried.clone();
    if let Some(fit) = eval::fit(others, "", &Calibration::default()) {
        weighed.iter_mut().for_each(|record| {
            curves::replace(record, |candidate| fit.calibration.confidence(&candidate.suggestion()))
        });
    }
    let curves = curves::Curves::fit(others);
    let mut along = own.tried.clone();
    along.iter_mut().for_each(|record| curves::replace(record, |candidate| curves.confidence(candidate)));
    for (at, (name, records)) in
        [("own confidence", own.tried.clone()), ("curves", along), ("weights", weighed)].into_iter().enumerate()
    {
        line(&format!("{}, {name}", own.name), &quality(&records));
        all[at].extend(records);
    }
}

fn quality(records: &[Record]) -> Quality {
    eval::quality(&records.iter().collect::<Vec<_>>(), &Calibration::default())
}

fn line(name: &str, quality: &Quality) {
    let Quality { first_line, exact, brier, log_loss, .. } = quality;
    let precision = quality.precision_at_90_recall.unwrap_or_default() * 100.0;
    let hidden = quality.wrong_hidden_at_90_recall.map_or(0.0, |rate| rate.share * 100.0);
    let share = |rate: &eval::Rate| format!("{}/{}", rate.hits, rate.of);
    println!(
        "{name:<34} {:>9} {:>9} {brier:>7.4} {log_loss:>8.4} {precision:>7.1} % {hidden:>6.1} %",
        share(first_line),
        share(exact)
    );
}
