//! What a change does to a text, line by line, as people read it: lines that go, lines that come, a little around them.

/// Lines around a change that are shown with it.
const AROUND: usize = 2;

/// Most pairs of lines that are compared one by one. Beyond that everything between the first and the last change counts as
/// replaced, which is true as well.
const MAX_PAIRS: usize = 4_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    Kept(&'a str),
    Gone(&'a str),
    New(&'a str),
    /// Lines that are left out here.
    Gap,
}

/// The lines to show; empty where both texts are the same.
pub fn lines<'a>(before: &'a str, after: &'a str) -> Vec<Line<'a>> {
    if before == after {
        return Vec::new();
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let start = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let (rest_old, rest_new) = (&old[start..], &new[start..]);
    let end = rest_old.iter().rev().zip(rest_new.iter().rev()).take_while(|(old, new)| old == new).count();
    let (middle_old, middle_new) = (&rest_old[..rest_old.len() - end], &rest_new[..rest_new.len() - end]);
    let mut all: Vec<Line> = old[..start].iter().map(|line| Line::Kept(line)).collect();
    all.extend(compare(middle_old, middle_new));
    all.extend(old[old.len() - end..].iter().map(|line| Line::Kept(line)));
    shorten(&all)
}

/// By the longest common subsequence.
fn compare<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    if old.len().saturating_mul(new.len()) > MAX_PAIRS {
        let gone = old.iter().map(|line| Line::Gone(line));
        return gone.chain(new.iter().map(|line| Line::New(line))).collect();
    }
    // Length of the longest common subsequence of what follows each pair of places.
    let width = new.len() + 1;
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for (row, line) in old.iter().enumerate().rev() {
        for (column, other) in new.iter().enumerate().rev() {
            let at = row * width + column;
            common[at] =
                if line == other { common[at + width + 1] + 1 } else { common[at + width].max(common[at + 1]) };
        }
    }
    let (mut row, mut column, mut lines) = (0, 0, Vec::new());
    while row < old.len() || column < new.len() {
        let at = row * width + column;
        if row < old.len() && column < new.len() && old[row] == new[column] {
            lines.push(Line::Kept(old[row]));
            (row, column) = (row + 1, column + 1);
        } else if row < old.len() && (column == new.len() || common[at + width] >= common[at + 1]) {
            lines.push(Line::Gone(old[row]));
            row += 1;
        } else {
            lines.push(Line::New(new[column]));
            column += 1;
        }
    }
    lines
}

/// Without the kept lines that are far from any change.
fn shorten<'a>(all: &[Line<'a>]) -> Vec<Line<'a>> {
    let is_change = |line: &Line| !matches!(line, Line::Kept(_));
    let is_near = |at: usize| {
        let (from, to) = (at.saturating_sub(AROUND), (at + AROUND + 1).min(all.len()));
        all[from..to].iter().any(is_change)
    };
    let mut shown = Vec::new();
    for (at, line) in all.iter().enumerate() {
        if is_near(at) {
            shown.push(*line);
        } else if shown.last() != Some(&Line::Gap) {
            shown.push(Line::Gap);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, after: &str) -> String {
        let mark = |line: &Line| match line {
            Line::Kept(text) => format!(" {text}"),
            Line::Gone(text) => format!("-{text}"),
            Line::New(text) => format!("+{text}"),
            Line::Gap => "…".to_owned(),
        };
        lines(before, after).iter().map(mark).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn lines_go_and_come() {
        assert_eq!(shown("a\nb\n", "a\nb\n"), "");
        assert_eq!(shown("", "a\nb\n"), "+a|+b");
        assert_eq!(shown("a\nb\nc\n", "a\nx\nc\n"), " a|-b|+x| c");
        assert_eq!(shown("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\n5\n6\n7\n"), "…| 5| 6|+7");
        assert_eq!(shown("a\nb\nc\nd\ne\nf\ng\n", "x\na\nb\nc\nd\ne\nf\n"), "+x| a| b|…| e| f|-g");
    }

    #[test]
    fn texts_of_many_lines_are_compared_as_a_whole() {
        let old: String = (0..3000).map(|number| format!("old {number}\n")).collect();
        let new: String = (0..3000).map(|number| format!("new {number}\n")).collect();
        assert_eq!(lines(&old, &new).len(), 6000);
    }
}
