//! What a question's options say.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, bail, ensure};

use crate::budget::Picodollars;

/// A file, or lines of it: `src/a.rs`, `src/a.rs:12`, `src/a.rs:12-40`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineRange {
    pub file: PathBuf,
    /// First and last line, from 1.
    pub lines: Option<(usize, usize)>,
}

impl FromStr for LineRange {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let whole = || Self { file: PathBuf::from(text), lines: None };
        ensure!(!text.is_empty(), "there is no file name");
        let Some((file, lines)) = text.rsplit_once(':') else { return Ok(whole()) };
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (first, last) = lines.split_once('-').unwrap_or((lines, lines));
        // A colon may be part of a name.
        if file.is_empty() || !is_number(first) || !is_number(last) {
            return Ok(whole());
        }
        let number = |text: &str| text.parse::<usize>().with_context(|| format!("{text} is too large a number"));
        let (first, last) = (number(first)?, number(last)?);
        if first == 0 || last < first {
            bail!("{lines} are no lines: they are counted from 1, the first one first");
        }
        Ok(Self { file: PathBuf::from(file), lines: Some((first, last)) })
    }
}

impl LineRange {
    /// Bytes of the lines in `text`; None for all of it. An error where there are no such lines.
    pub fn bytes(&self, text: &str) -> anyhow::Result<Option<std::ops::Range<usize>>> {
        let Some((first, last)) = self.lines else { return Ok(None) };
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        let count = if text.ends_with('\n') { starts.len() - 1 } else { starts.len() };
        if last > count {
            bail!("{} has {count} lines, there is no line {last}", self.file.display());
        }
        let end = starts.get(last).copied().unwrap_or(text.len());
        Ok(Some(starts[first - 1]..end))
    }
}

/// `0.20` or `$0.20`.
pub fn dollars(text: &str) -> Result<Picodollars, String> {
    let amount = Picodollars::parse_dollars(text.strip_prefix('$').unwrap_or(text));
    amount.ok_or_else(|| format!("`{text}` is no amount of dollars; write it as 0.20"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, Option<(usize, usize)>) {
        let range: LineRange = text.parse().expect("a range");
        (range.file.display().to_string(), range.lines)
    }

    #[test]
    fn lines_may_be_named() {
        assert_eq!(parsed("a.rs"), ("a.rs".into(), None));
        assert_eq!(parsed("a.rs:3"), ("a.rs".into(), Some((3, 3))));
        assert_eq!(parsed("a.rs:3-5"), ("a.rs".into(), Some((3, 5))));
        assert_eq!(parsed("C:\\a.rs"), ("C:\\a.rs".into(), None));
        assert_eq!(parsed("a:b"), ("a:b".into(), None));
        for wrong in ["", "a.rs:0", "a.rs:5-3", "a.rs:99999999999999999999"] {
            assert!(wrong.parse::<LineRange>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn lines_are_bytes_of_the_text() {
        let bytes = |range: &str, text: &str| range.parse::<LineRange>().expect("a range").bytes(text).ok();
        assert_eq!(bytes("a", "x\ny\n"), Some(None));
        assert_eq!(bytes("a:1", "ä\ny\n"), Some(Some(0..3)));
        assert_eq!(bytes("a:2", "x\ny"), Some(Some(2..3)));
        assert_eq!(bytes("a:1-2", "x\ny\n"), Some(Some(0..4)));
        assert_eq!(bytes("a:3", "x\ny\n"), None);
        assert_eq!(bytes("a:1", ""), Some(Some(0..0)));
    }

    #[test]
    fn dollars_are_read_with_and_without_their_sign() {
        assert_eq!(dollars("0.20"), Ok(Picodollars(200_000_000_000)));
        assert_eq!(dollars("$3"), Ok(Picodollars(3_000_000_000_000)));
        assert!(dollars("twenty").is_err() && dollars("-1").is_err());
    }
}
