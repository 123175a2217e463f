//! Which definition of one version is which of the next: by name where it stayed, by place and likeness where it did not.

use super::snapshot::Entry;

/// Comparisons of one alignment. Between two versions a file differs in one place, and the rest is cut off before.
const MOST_COMPARED: usize = 1 << 16;

/// For every old entry the new one that it became. In order, on every level.
pub fn pair(old: &[&Entry], new: &[&Entry]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; old.len()];
    let (old_inner, new_inner) = (inner(old), inner(new));
    let mut levels = vec![(old_inner.len() - 1, new_inner.len() - 1)];
    while let Some((above, below)) = levels.pop() {
        let (olds, news) = (&old_inner[above], &new_inner[below]);
        for (one, other) in pair_level(old, new, olds, news) {
            pairs[one] = Some(other);
            levels.push((one, other));
        }
    }
    pairs
}

/// What each entry holds, and last what nothing holds.
pub fn inner(entries: &[&Entry]) -> Vec<Vec<usize>> {
    let mut inner = vec![Vec::new(); entries.len() + 1];
    for (index, entry) in entries.iter().enumerate() {
        // Containers come first, so a reference forward is none.
        let around = entry.container.filter(|container| *container < index).unwrap_or(entries.len());
        inner[around].push(index);
    }
    inner
}

/// Whether two entries are one.
type Rule<'a> = &'a dyn Fn(&Entry, &Entry) -> bool;

fn pair_level(old: &[&Entry], new: &[&Entry], olds: &[usize], news: &[usize]) -> Vec<(usize, usize)> {
    let rounds: [Rule<'_>; 3] =
        [&|one, other| one.is_called_as(other, true), &|one, other| one.is_called_as(other, false), &Entry::resembles];
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for is_same in rounds {
        let mut grown = Vec::new();
        let ends = pairs.iter().copied().map(Some).chain([None]);
        let (mut from_old, mut from_new) = (0, 0);
        for end in ends {
            let (to_old, to_new) = end.unwrap_or((olds.len(), news.len()));
            let aligned = align(to_old - from_old, to_new - from_new, |one, other| {
                is_same(old[olds[from_old + one]], new[news[from_new + other]])
            });
            grown.extend(aligned.into_iter().map(|(one, other)| (from_old + one, from_new + other)));
            grown.extend(end);
            (from_old, from_new) = (to_old + 1, to_new + 1);
        }
        pairs = grown;
    }
    pairs.into_iter().map(|(one, other)| (olds[one], news[other])).collect()
}

/// A longest common subsequence.
pub fn align(olds: usize, news: usize, is_same: impl Fn(usize, usize) -> bool) -> Vec<(usize, usize)> {
    let shorter = olds.min(news);
    let head = (0..shorter).take_while(|at| is_same(*at, *at)).count();
    let tail = (0..shorter - head).take_while(|at| is_same(olds - 1 - at, news - 1 - at)).count();
    let mut pairs: Vec<(usize, usize)> = (0..head).map(|at| (at, at)).collect();
    let (rows, columns) = (olds - head - tail, news - head - tail);
    if rows * columns <= MOST_COMPARED {
        let same = |row: usize, column: usize| is_same(head + row, head + column);
        // Longest from here to the end.
        let mut longest = vec![0_u32; (rows + 1) * (columns + 1)];
        let at = |row: usize, column: usize| row * (columns + 1) + column;
        for row in (0..rows).rev() {
            for column in (0..columns).rev() {
                longest[at(row, column)] = if same(row, column) {
                    longest[at(row + 1, column + 1)] + 1
                } else {
                    longest[at(row + 1, column)].max(longest[at(row, column + 1)])
                };
            }
        }
        let (mut row, mut column) = (0, 0);
        while row < rows && column < columns {
            if same(row, column) {
                pairs.push((head + row, head + column));
                (row, column) = (row + 1, column + 1);
            } else if longest[at(row + 1, column)] >= longest[at(row, column + 1)] {
                row += 1;
            } else {
                column += 1;
            }
        }
    }
    pairs.extend((0..tail).rev().map(|at| (olds - 1 - at, news - 1 - at)));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_equal_is_aligned_in_order() {
        let check = |one: &str, other: &str, expected: &str| {
            let (one, other) = (one.as_bytes(), other.as_bytes());
            let pairs = align(one.len(), other.len(), |at, with| one[at] == other[with]);
            let common: Vec<u8> = pairs.iter().map(|(at, _)| one[*at]).collect();
            assert_eq!(String::from_utf8(common).unwrap(), expected);
            assert!(pairs.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1));
        };
        check("", "", "");
        check("abc", "", "");
        check("abc", "abc", "abc");
        check("aaa", "aa", "aa");
        check("axbycz", "1ab2c", "abc");
    }
}
