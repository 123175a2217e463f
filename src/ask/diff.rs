//! A change that an answer proposes: found in its text, and compared with the files as they are now.

/// A proposed change of files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// The unified diff as the answer has it, without its fence.
    pub text: String,
    /// From the folder's root, with `/`, with the text that each would have. None where it does not apply.
    pub files: Vec<(String, Option<String>)>,
    /// Why it cannot be applied as it stands; None where it can.
    pub problem: Option<String>,
}
