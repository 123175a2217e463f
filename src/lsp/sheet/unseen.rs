//! The last way: the text goes to a file, and the user is told where that is.

use std::path::Path;

use super::{Desk, file};
use crate::lsp::client::Severity;

pub fn leave(desk: &Desk, path: &Path, text: &str) {
    if text.is_empty() {
        return;
    }
    match file::replace(path, text) {
        Ok(()) => desk.client.show(Severity::Info, &format!("the whole text is in {}", path.display())),
        Err(error) => {
            let problem = format!("the text cannot be written to {}: {error}", path.display());
            desk.client.show(Severity::Error, &problem);
        }
    }
}
