//! Accepted text, followed through the edits after it: does it still stand after 30 s and after 5 min?

use ropey::Rope;

use super::change::{Delta, moved, slice};
use super::figures::{Kept, Mark};
use super::similarity;

/// A change of more bytes than this that covers accepted text is not searched for it.
const LARGEST_SEARCHED: usize = 4 << 20;

#[derive(Debug)]
pub struct Watch {
    /// Where it stands now, in bytes. Empty when it was deleted. None when a change could not be followed.
    place: Option<std::ops::Range<usize>>,
    /// What was accepted, with `\n` for every line break.
    text: String,
    /// When the last of it was accepted, in ms.
    since_ms: u64,
    /// What was found at the marks that are past, in their order.
    found: Vec<Kept>,
    /// How many of those were told.
    told: usize,
}

impl Watch {
    /// `place` is None when nobody knows where the text went.
    pub fn new(place: Option<std::ops::Range<usize>>, text: String, now_ms: u64) -> Self {
        Self { place, text, since_ms: now_ms, found: Vec::new(), told: 0 }
    }

    /// More was accepted behind it: it is the whole from now on, and its time begins again where no mark is past.
    pub fn grow(&mut self, end: usize, text: String, now_ms: u64) {
        if let Some(place) = &mut self.place {
            place.end = end.max(place.start);
            self.text = text;
        }
        if self.found.is_empty() {
            self.since_ms = now_ms;
        }
    }

    pub fn change(&mut self, delta: &Delta, old: &Rope) {
        let Some(place) = self.place.clone() else { return };
        let is_insertion = delta.start == delta.old_end;
        self.place = if is_insertion && place.is_empty() && delta.start == place.start {
            // Deleted and brought back: undone and done again.
            Some(place.start..delta.new_end())
        } else if delta.old_end <= place.start {
            Some(moved(place.start, delta)..moved(place.end, delta))
        } else if delta.start >= place.end {
            Some(place)
        } else if place.start <= delta.start && delta.old_end <= place.end {
            Some(place.start..moved(place.end, delta))
        } else if delta.inserted.is_empty() {
            let (start, end) = (moved(place.start, delta), moved(place.end, delta));
            Some(start..end)
        } else {
            find_again(&place, delta, old)
        };
    }

    /// When to look next, in ms.
    pub fn due_ms(&self) -> Option<u64> {
        Some(self.since_ms + Mark::ALL.get(self.found.len())?.after_ms())
    }

    /// Looks at the marks that are past. `text` is None when the document is closed.
    pub fn look(&mut self, text: Option<&Rope>, now_ms: u64) {
        while self.due_ms().is_some_and(|due| due <= now_ms) {
            self.found.push(match (text, &self.place) {
                (Some(text), Some(place)) => {
                    Kept::Percent(similarity::percent(&self.text, &slice(text, place.clone())))
                }
                _ => Kept::Unknown,
            });
        }
    }

    /// Nobody will look any more.
    pub fn give_up(&mut self) {
        self.found.resize(Mark::ALL.len(), Kept::Unknown);
    }

    /// What was found since the last call.
    pub fn news(&mut self) -> impl Iterator<Item = (Mark, Kept)> + '_ {
        let from = std::mem::replace(&mut self.told, self.found.len());
        Mark::ALL.into_iter().zip(self.found.iter().copied()).skip(from)
    }

    pub fn is_over(&self) -> bool {
        self.told == Mark::ALL.len()
    }
}

/// Where accepted text lies after a change that covers it, or a part of it: a formatter's, a buffer that is sent as a
/// whole, a file that was read again. What stood there is looked for, white space aside, as near as possible to where it
/// was; when it is not there, what stands in its place is taken for it.
fn find_again(place: &std::ops::Range<usize>, delta: &Delta, old: &Rope) -> Option<std::ops::Range<usize>> {
    let (from, to) = (delta.start.min(place.start), delta.old_end.max(place.end));
    if to - from > LARGEST_SEARCHED || delta.inserted.len() > LARGEST_SEARCHED {
        return None;
    }
    let solid = |text: &str| text.chars().filter(|character| !character.is_whitespace()).collect::<String>();
    let new = [slice(old, from..delta.start), delta.inserted.to_owned(), slice(old, delta.old_end..to)].concat();
    let hay = solid(&new);
    let needle = solid(&slice(old, place.clone()));
    if needle.is_empty() {
        return Some(from..from);
    }
    let before = solid(&slice(old, from..place.start)).len();
    let nearest = hay.match_indices(&needle).map(|(at, _)| at).min_by_key(|at| at.abs_diff(before));
    let start = nearest.unwrap_or(before);
    let end = start + needle.len();
    let at = |solid: usize, is_end: bool| from + raw_place(&new, solid, is_end);
    Some(at(start, false)..at(end, true).max(at(start, false)))
}

/// The place in `text` behind so many bytes that are no white space: before the white space that follows for an end,
/// behind it for a start.
fn raw_place(text: &str, solid: usize, is_end: bool) -> usize {
    let mut counted = 0;
    for (at, character) in text.char_indices() {
        if character.is_whitespace() {
            continue;
        }
        if counted >= solid {
            return if is_end { text[..at].trim_end().len() } else { at };
        }
        counted += character.len_utf8();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text with the accepted part between `«` and `»`, then what the document became. What is kept of it, in percent.
    fn kept(accepted: &str, became: &[&str]) -> Kept {
        let (start, end) = (accepted.find('«').unwrap(), accepted.find('»').unwrap() - '«'.len_utf8());
        let mut text = Rope::from_str(&accepted.replace(['«', '»'], ""));
        let mut watch = Watch::new(Some(start..end), slice(&text, start..end), 0);
        for new in became {
            let delta = Delta::of(&text, 0, text.len_bytes(), new);
            watch.change(&delta, &text);
            delta.apply(&mut text);
        }
        watch.look(Some(&text), 30_000);
        watch.news().next().unwrap().1
    }

    #[test]
    fn what_stands_is_kept() {
        assert_eq!(kept("x = «foo(bar)»;\n", &[]), Kept::Percent(100));
        assert_eq!(kept("x = «foo(bar)»;\n", &["use y;\nx = foo(bar);\nz\n"]), Kept::Percent(100));
        assert_eq!(
            kept("x = «foo(bar)»\n", &["x = foo(bar).more()\n"]),
            Kept::Percent(100),
            "what follows is the user's"
        );
    }

    #[test]
    fn what_was_edited_is_partly_kept() {
        assert_eq!(kept("x = «foo(bar)»;\n", &["x = foo(baz);\n"]), Kept::Percent(87));
        assert_eq!(kept("x = «foo(bar)»;\n", &["x = foo();\n"]), Kept::Percent(76));
        assert_eq!(kept("x = «foo(bar)»;\n", &["x = ;\n"]), Kept::Percent(0));
    }

    #[test]
    fn undone_is_gone_and_done_again_is_back() {
        assert_eq!(kept("x = «foo(bar)»\n", &["x = \n"]), Kept::Percent(0));
        assert_eq!(kept("x = «foo(bar)»\n", &["x = \n", "x = foo(bar)\n"]), Kept::Percent(100));
    }

    #[test]
    fn a_formatter_moves_it_and_it_is_found_again() {
        let became = "use b;\nuse a;\nfn f() {\n    if x {\n        y();\n    }\n}\n";
        assert_eq!(kept("use a;\nuse b;\nfn f(){«if x {y();}»}\n", &[became]), Kept::Percent(100));
        let twice = "fn  f() {\n    a();\n}\nfn g( ) {\n    a();\n}\n";
        assert_eq!(kept("fn f() {a();}\nfn g() {«a();»}\n", &[twice]), Kept::Percent(100));
    }

    #[test]
    fn a_deletion_over_its_edge_leaves_the_rest() {
        assert_eq!(kept("x = «foo(bar)»;\n", &["x = (bar);\n"]), Kept::Percent(76));
        assert_eq!(kept("let x = «foo(bar)»;\n", &["let bar);\n"]), Kept::Percent(66));
    }

    #[test]
    fn a_document_that_is_gone_leaves_it_unknown() {
        let mut watch = Watch::new(Some(0..3), "foo".into(), 0);
        watch.look(Some(&Rope::from_str("foo")), 30_000);
        watch.look(None, 300_000);
        let news: Vec<_> = watch.news().collect();
        assert_eq!(news, [(Mark::HalfMinute, Kept::Percent(100)), (Mark::FiveMinutes, Kept::Unknown)]);
        assert!(watch.is_over());
        assert_eq!(watch.news().count(), 0);
    }
}
