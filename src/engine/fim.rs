//! Fill-in-the-middle: which special tokens a model family uses, and in which order they stand.

/// The order of a fill-in-the-middle prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `prefix suffix middle`: the common one.
    PrefixSuffixMiddle,
    /// `suffix prefix`: the prefix stands last, so typing appends to the prompt.
    SuffixPrefixMiddle,
}
