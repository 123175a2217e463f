//! The token streams that the lookup engine copies from: the cursor's file first, then the other open documents.

/// An immutable snapshot of token streams; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Corpus {}
