//! `FILE:LINE:COLUMN`, as compilers print it and editors show it: both counted from 1.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, bail, ensure};

/// A place in a file. Without a column the end of the line, without a line the end of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub file: PathBuf,
    /// From 1.
    pub line: Option<u32>,
    /// From 1, in characters.
    pub column: Option<u32>,
}

impl FromStr for Place {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        // From the right: `C:\x.rs:3:4` has a colon of its own.
        let mut numbers = Vec::new();
        let mut file = text;
        while numbers.len() < 2 {
            let Some((before, last)) = file.rsplit_once(':') else { break };
            if last.is_empty() || !last.bytes().all(|byte| byte.is_ascii_digit()) {
                break;
            }
            numbers.insert(0, last.parse::<u32>().with_context(|| format!("{last} is too large a number"))?);
            file = before;
        }
        ensure!(!file.is_empty(), "there is no file name in `{text}`; write FILE:LINE:COLUMN");
        if numbers.contains(&0) {
            bail!("lines and columns are counted from 1, as editors show them");
        }
        let mut numbers = numbers.into_iter();
        Ok(Self { file: PathBuf::from(file), line: numbers.next(), column: numbers.next() })
    }
}

impl Place {
    /// Line and column from 0 in `text`, the column in characters. An error when the text has no such place.
    pub fn resolve(&self, text: &str) -> anyhow::Result<(u32, u32)> {
        let lines: Vec<&str> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
        let line = self.line.map_or(lines.len().saturating_sub(1), |line| line as usize - 1);
        let Some(content) = lines.get(line) else {
            bail!("{} has {} lines, there is no line {}", self.file.display(), lines.len(), line + 1);
        };
        let width = content.chars().count();
        let column = self.column.map_or(width, |column| column as usize - 1);
        if column > width {
            bail!(
                "line {} of {} ends at column {}, there is no column {}",
                line + 1,
                self.file.display(),
                width + 1,
                column + 1
            );
        }
        Ok((u32::try_from(line)?, u32::try_from(column)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> (String, Option<u32>, Option<u32>) {
        let place: Place = text.parse().unwrap();
        (place.file.display().to_string(), place.line, place.column)
    }

    #[test]
    fn line_and_column_may_be_left_out() {
        assert_eq!(place("src/a.rs:3:14"), ("src/a.rs".into(), Some(3), Some(14)));
        assert_eq!(place("src/a.rs:3"), ("src/a.rs".into(), Some(3), None));
        assert_eq!(place("src/a.rs"), ("src/a.rs".into(), None, None));
    }

    #[test]
    fn colons_in_names_are_names() {
        assert_eq!(place(r"C:\a.rs:3:4"), (r"C:\a.rs".into(), Some(3), Some(4)));
        assert_eq!(place("a:b:7"), ("a:b".into(), Some(7), None));
        assert_eq!(place("1:2:3:4"), ("1:2".into(), Some(3), Some(4)));
    }

    #[test]
    fn mistakes_are_told() {
        let error = |text: &str| text.parse::<Place>().unwrap_err().to_string();
        assert!(error("a.rs:0:1").contains("counted from 1"));
        assert!(error(":3:4").contains("no file name"));
        assert!(error("a.rs:99999999999").contains("too large"));
    }

    #[test]
    fn places_are_looked_up_in_the_text() {
        let resolve =
            |place: &str, text: &str| place.parse::<Place>().unwrap().resolve(text).map_err(|e| e.to_string());
        assert_eq!(resolve("a:2:3", "é\r\nxyz\r\n"), Ok((1, 2)));
        assert_eq!(resolve("a:1", "éà\r\nxyz"), Ok((0, 2)));
        assert_eq!(resolve("a", "one\ntwo\n"), Ok((2, 0)));
        assert_eq!(resolve("a:4:1", "one\ntwo\n"), Err("a has 3 lines, there is no line 4".into()));
        assert_eq!(resolve("a:1:5", "one"), Err("line 1 of a ends at column 4, there is no column 5".into()));
    }
}
