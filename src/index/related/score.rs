//! How likely a definition is to be used next: features, and the one table of their weights.

use serde::Serialize;

/// Their number.
pub const FEATURES: usize = 27;

/// What is known of a candidate, each mostly between 0 and 1. The order is that of `WEIGHTS`.
pub type Features = [f32; FEATURES];

/// A feature's place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[repr(usize)]
pub enum Feature {
    /// The argument list of a call of this name is open at the cursor.
    Called,
    /// A member of a type that the receiver at the cursor is said to have, or of the receiver itself.
    OfReceiver,
    /// Not a member, or of something else, where a receiver asks for members.
    NotOfReceiver,
    /// Begins with the letters that stand before the cursor, and how many they are.
    Started,
    /// Does not begin with them.
    NotStarted,
    /// The name stands near the cursor.
    Near,
    /// How often this file uses the name already.
    Used,
    /// The name of what holds it stands near the cursor.
    HolderNear,
    /// How often this file uses the name of what holds it.
    HolderUsed,
    /// An import lists the name, or that of what holds it.
    ListedInImport,
    /// Defined in a file that is imported.
    Imported,
    /// Defined in a file of the same directory.
    Beside,
    /// Share of the directories that both paths begin with.
    PathShared,
    /// Words of its name stand near the cursor, rare ones above all.
    WordsNear,
    /// Files like this one use the name.
    UsedByLike,
    /// Files of the workspace that use the name.
    Popular,
    /// Definitions of the same name elsewhere: each is less likely to be the one.
    Ambiguous,
    Callable,
    Type,
    /// Tests, examples, generated code and code of others, seen from a file that is none of these.
    Aside,
    /// Elsewhere it is called in the lines after what was just called here.
    Follows,
    /// Files beside this one use the name.
    UsedBeside,
    /// Functions of the same name as the one around the cursor call it.
    ByNamesakes,
    /// A member of a type that a variable near the cursor has, or of what that is derived from.
    InScope,
    /// A member of the type around the cursor, in another file, or of what that is derived from.
    Inherited,
    /// How many of the same name stand before it in the same place.
    Overload,
    /// A modifier, a package or a module keeps it from this file. It is not left out: a use may mean another definition of its
    /// name, and whoever writes a call of it is told what there is.
    Hidden,
}

/// Fitted on call sites of public repositories, where a statement begins, by `benches/context/fit.py` (docs/benchmarks.md). By
/// hand are those that need a call, a receiver or letters before the cursor; those of types in scope and around the cursor, which
/// matter for members of the cursor's own file and behind a receiver, where no site asks; `Aside`, which only ranks what is
/// equal otherwise; and `Hidden`: some of the sites, whose definitions are found by name, mean what they cannot see.
const WEIGHTS: [(Feature, f32); FEATURES] = [
    (Feature::Called, 12.0),
    (Feature::OfReceiver, 4.0),
    (Feature::NotOfReceiver, -1.5),
    (Feature::Started, 3.0),
    (Feature::NotStarted, -3.0),
    (Feature::Near, -1.0),
    (Feature::Used, 2.8),
    (Feature::HolderNear, 1.3),
    (Feature::HolderUsed, 0.0),
    (Feature::ListedInImport, 0.15),
    (Feature::Imported, 1.7),
    (Feature::Beside, 0.5),
    (Feature::PathShared, 0.4),
    (Feature::WordsNear, 3.5),
    (Feature::UsedByLike, 2.85),
    (Feature::Popular, 2.3),
    (Feature::Ambiguous, -1.3),
    (Feature::Callable, 5.15),
    (Feature::Type, -1.05),
    (Feature::Aside, -0.5),
    (Feature::Follows, 4.0),
    (Feature::UsedBeside, -0.65),
    (Feature::ByNamesakes, 1.75),
    (Feature::InScope, 0.3),
    (Feature::Inherited, 0.5),
    (Feature::Overload, -4.3),
    (Feature::Hidden, -2.0),
];

pub fn score(features: &Features) -> f32 {
    WEIGHTS.iter().map(|(feature, weight)| features[*feature as usize] * weight).sum()
}
