//! The records of a run, a line each, so that a run that is interrupted goes on where it was.
//!
//! The first line says what was asked. Records of other questions are never mixed into one file.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::record::Record;

/// The name of the file in the run's directory.
const NAME: &str = "records.jsonl";
/// Counts the formats.
const FORMAT: u32 = 2;
/// A journal that is longer than this in bytes is not one of ours: 10,000 records take about 20 MB.
const MOST_BYTES: u64 = 1 << 30;

/// What a run asks. Runs with equal headers continue each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// Of the journal itself.
    pub tandem_eval: u32,
    /// Of the program that writes it.
    pub version: String,
    pub repository: String,
    /// What is evaluated; None for files as they are now, outside of any repository.
    pub commit: Option<String>,
    pub seed: u64,
    /// Of all places and the files that they are in.
    pub holes: String,
    pub positions: usize,
    /// Names of the variants, with what tells their settings and their engine apart.
    pub variants: Vec<(String, String)>,
    pub patience_ms: u64,
}

impl Header {
    pub fn format() -> u32 {
        FORMAT
    }

    /// The first thing that differs, for a person.
    fn difference(&self, other: &Self) -> Option<String> {
        let text = |header: &Self| {
            let commit = header.commit.as_deref().unwrap_or("no commit");
            [
                ("format", header.tandem_eval.to_string()),
                ("tandem's version", header.version.clone()),
                ("repository", header.repository.clone()),
                ("commit", commit.to_owned()),
                ("seed", header.seed.to_string()),
                ("number of positions", header.positions.to_string()),
                ("variants", header.variants.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")),
                ("patience in ms", header.patience_ms.to_string()),
            ]
        };
        let told = text(self).into_iter().zip(text(other)).find(|(one, other)| one.1 != other.1);
        match told {
            Some(((what, one), (_, other))) => Some(format!("the {what} was {one}, now it is {other}")),
            None if self.variants != other.variants => Some("the settings or the models differ".to_owned()),
            None if self.holes != other.holes => Some("the files, languages or kinds differ".to_owned()),
            None => None,
        }
    }
}

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Opens the journal of `directory` (made where it is missing) and returns what it holds of this very run. An error where
    /// it holds another run's records; `fresh` begins anew then.
    pub fn open(directory: &Path, header: &Header, fresh: bool) -> anyhow::Result<(Self, Vec<Record>)> {
        std::fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        let path = directory.join(NAME);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(fresh);
        let mut file = options.open(&path).with_context(|| format!("cannot write {}", path.display()))?;
        let length = file.metadata()?.len();
        let mut text = Vec::new();
        if length > MOST_BYTES {
            bail!("{} has {length} bytes: no journal of tandem eval", path.display());
        }
        file.read_to_end(&mut text)?;
        let (records, whole) = read(&text, header).with_context(|| {
            format!(
                "{} is of another run; name another directory with --out, or add --fresh to write over it",
                path.display()
            )
        })?;
        // What was being written when a run was killed is written again.
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::End(0))?;
        let mut journal = Self { path, file };
        if whole == 0 {
            journal.line(header)?;
        }
        Ok((journal, records))
    }

    /// Appends a record. It is in the file when this returns.
    pub fn add(&mut self, record: &Record) -> anyhow::Result<()> {
        self.line(record)
    }

    fn line(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.file.write_all(&line).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// The records of a journal, and how many of its bytes are whole lines.
fn read(text: &[u8], header: &Header) -> anyhow::Result<(Vec<Record>, usize)> {
    let mut records = Vec::new();
    let mut whole = 0;
    for (number, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let Some(line_text) = line.strip_suffix(b"\n") else { break };
        if number == 0 {
            let found: Header = serde_json::from_slice(line_text).context("its first line is no header")?;
            if let Some(difference) = found.difference(header) {
                bail!("{difference}");
            }
        } else {
            let record = serde_json::from_slice(line_text);
            records.push(record.with_context(|| format!("line {} is no record", number + 1))?);
        }
        whole += line.len();
    }
    Ok((records, whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::testing::record;

    fn header() -> Header {
        Header {
            tandem_eval: FORMAT,
            version: "1".to_owned(),
            repository: "r".to_owned(),
            commit: None,
            seed: 1,
            holes: "abc".to_owned(),
            positions: 2,
            variants: vec![("lookup".to_owned(), "x".to_owned())],
            patience_ms: 1,
        }
    }

    fn error(directory: &Path, header: &Header) -> String {
        format!("{:#}", Journal::open(directory, header, false).unwrap_err())
    }

    #[test]
    fn a_run_continues_where_it_was() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("made/here");
        let (mut journal, before) = Journal::open(&directory, &header(), false).unwrap();
        assert_eq!(before, []);
        journal.add(&record(0, 0)).unwrap();
        drop(journal);
        let (mut journal, before) = Journal::open(&directory, &header(), false).unwrap();
        assert_eq!(before, [record(0, 0)]);
        journal.add(&record(0, 1)).unwrap();
        let (_, before) = Journal::open(&directory, &header(), false).unwrap();
        assert_eq!(before, [record(0, 0), record(0, 1)]);
    }

    #[test]
    fn a_line_that_was_being_written_is_written_again() {
        let place = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(place.path(), &header(), false).unwrap();
        journal.add(&record(0, 0)).unwrap();
        journal.add(&record(0, 1)).unwrap();
        drop(journal);
        let file = place.path().join(NAME);
        let whole = std::fs::read(&file).unwrap();
        for cut in 1..whole.len() {
            std::fs::write(&file, &whole[..cut]).unwrap();
            let (mut journal, before) = Journal::open(place.path(), &header(), false).unwrap();
            (before.len()..2).for_each(|hole| journal.add(&record(0, hole)).unwrap());
            assert_eq!(std::fs::read(&file).unwrap(), whole, "cut at {cut}");
        }
    }

    #[test]
    fn another_run_is_refused_with_the_way_out() {
        let place = tempfile::tempdir().unwrap();
        Journal::open(place.path(), &header(), false).unwrap();
        let other = |change: &dyn Fn(&mut Header)| {
            let mut other = header();
            change(&mut other);
            error(place.path(), &other)
        };
        let seed = other(&|header| header.seed = 2);
        assert!(seed.ends_with("add --fresh to write over it: the seed was 1, now it is 2"), "{seed}");
        assert!(other(&|header| header.variants[0].1 = "y".to_owned()).ends_with("the settings or the models differ"));
        assert!(other(&|header| header.holes = "d".to_owned()).ends_with("the files, languages or kinds differ"));
        assert!(other(&|header| header.commit = Some("c".to_owned())).contains("was no commit, now it is c"));
        Journal::open(place.path(), &Header { seed: 2, ..header() }, true).unwrap();
        assert!(error(place.path(), &header()).contains("the seed was 2"));
    }

    #[test]
    fn what_is_no_journal_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join(NAME);
        for text in ["something else\n", "{}\n", "\n"] {
            std::fs::write(&file, text).unwrap();
            assert!(error(place.path(), &header()).contains("its first line is no header"), "{text:?}");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        }
    }
}
