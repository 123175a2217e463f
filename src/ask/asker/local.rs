//! The answer that always works: what the index knows, made inert and checked like a model's.

use super::super::cite::{Citer, Counts, Passage};
use super::super::inert::Inert;
use super::super::{Question, Workspace, retrieval};

/// Who answered, for the footer.
pub const THE_INDEX: &str = "the index";

/// Markdown and its citations. Blocks: it searches and reads.
pub fn answer(question: &Question, workspace: &Workspace) -> (Passage, Counts) {
    let raw = retrieval::answer(question, workspace);
    let mut inert = Inert::default();
    let mut citer = Citer::new(workspace);
    let mut text = citer.push(&inert.push(&raw));
    text.append(citer.push(&inert.finish()));
    let (rest, counts) = citer.finish();
    text.append(rest);
    (text, counts)
}
