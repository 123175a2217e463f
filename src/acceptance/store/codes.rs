//! The numbers that stand for outcomes, sources and the like in the database. Lists only ever grow at their ends.

use crate::acceptance::figures::{Kept, Outcome, Position, Source, Trigger};

pub const SOURCES: [Source; 3] = [Source::Lookup, Source::Model, Source::Both];
pub const TRIGGERS: [Trigger; 2] = [Trigger::Automatic, Trigger::Invoked];
pub const POSITIONS: [Position; 3] = [Position::BlankLine, Position::LineEnd, Position::MidLine];
pub const OUTCOMES: [Outcome; 6] =
    [Outcome::Whole, Outcome::Line, Outcome::Word, Outcome::TypedThrough, Outcome::Rejected, Outcome::Withdrawn];

/// The place of a value in its list.
pub fn of<T: PartialEq>(list: &[T], value: T) -> i64 {
    list.iter().position(|other| *other == value).and_then(|at| i64::try_from(at).ok()).unwrap_or(-1)
}

/// Percent, or -1.
pub fn of_kept(kept: Kept) -> i64 {
    match kept {
        Kept::Percent(percent) => i64::from(percent),
        Kept::Unknown => -1,
    }
}

pub fn kept_of(code: i64) -> Kept {
    match u8::try_from(code) {
        Ok(percent) => Kept::Percent(percent.min(100)),
        Err(_) => Kept::Unknown,
    }
}
