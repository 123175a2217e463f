//! Our lines in a script of the user's: between two marks, so that they can be renewed and taken out again.

use anyhow::bail;

/// The marks of one kind of file.
pub struct Block {
    /// What begins a comment line there.
    pub comment: &'static str,
    /// The command that writes the block, for the reader of the file.
    pub command: &'static str,
}

const BEGIN: &str = ">>> tandem >>>";
const END: &str = "<<< tandem <<<";

impl Block {
    /// The text with this body between the marks: in its place, or at the end.
    pub fn put(&self, text: &str, body: &str) -> anyhow::Result<String> {
        let block = format!(
            "{} {BEGIN} written by `{}`, which renews it, and takes it out with --remove\n{}\n{} {END}\n",
            self.comment,
            self.command,
            body.trim_end(),
            self.comment
        );
        if let Some((from, to)) = self.find(text)? {
            return Ok([&text[..from], &block, &text[to..]].concat());
        }
        let gap = match text {
            "" => "",
            text if text.ends_with('\n') => "\n",
            _ => "\n\n",
        };
        Ok([text, gap, &block].concat())
    }

    /// The text without it, and without the empty line that was put before it.
    pub fn take(&self, text: &str) -> anyhow::Result<String> {
        let Some((from, to)) = self.find(text)? else { return Ok(text.to_owned()) };
        let before = &text[..from];
        let before = before.strip_suffix('\n').filter(|rest| rest.ends_with('\n')).unwrap_or(before);
        Ok([before, &text[to..]].concat())
    }

    /// Where it stands, with its marks' lines.
    fn find(&self, text: &str) -> anyhow::Result<Option<(usize, usize)>> {
        let (mut begins, mut ends, mut at) = (Vec::new(), Vec::new(), 0);
        for line in text.split_inclusive('\n') {
            let rest = line.trim().strip_prefix(self.comment).map(str::trim_start);
            if rest.is_some_and(|rest| rest.starts_with(BEGIN)) {
                begins.push(at);
            }
            at += line.len();
            if rest.is_some_and(|rest| rest.starts_with(END)) {
                ends.push(at);
            }
        }
        match (&*begins, &*ends) {
            ([], []) => Ok(None),
            ([from], [to]) if from < to => Ok(Some((*from, *to))),
            _ => bail!("the lines `{BEGIN}` and `{END}` are not one pair any more: mend or remove them"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: Block = Block { comment: "#", command: "tandem setup kakoune" };

    #[test]
    fn it_comes_in_once_and_goes_without_a_trace() {
        for text in ["", "a\n", "a\n\n\n", "# a\nb"] {
            let with = BLOCK.put(text, "one\ntwo\n").unwrap();
            assert!(with.starts_with(text) && with.ends_with("one\ntwo\n# <<< tandem <<<\n"), "{with}");
            assert_eq!(BLOCK.put(&with, "one\ntwo").unwrap(), with, "twice");
            let without = BLOCK.take(&with).unwrap();
            assert_eq!(without.trim_end_matches('\n'), text.trim_end_matches('\n'));
            assert!(text.is_empty() || !text.ends_with('\n') || without == text, "{without:?}");
        }
    }

    #[test]
    fn an_older_one_is_renewed_where_it_stands() {
        let text = format!("{}after\n", BLOCK.put("before\n", "old").unwrap());
        let renewed = BLOCK.put(&text, "new").unwrap();
        assert!(renewed.starts_with("before\n\n# >>>") && renewed.ends_with("\nnew\n# <<< tandem <<<\nafter\n"));
        assert_eq!(BLOCK.take(&renewed).unwrap(), "before\nafter\n");
    }

    #[test]
    fn torn_marks_are_not_guessed_at() {
        let whole = BLOCK.put("", "a").unwrap();
        let (begin, end) = whole.split_once("a\n").unwrap();
        for torn in [begin.to_owned(), end.to_owned(), format!("{end}{begin}"), whole.repeat(2)] {
            assert!(BLOCK.put(&torn, "a").is_err() && BLOCK.take(&torn).is_err(), "{torn}");
        }
    }
}
