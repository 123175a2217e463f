//! From a folder and settings to what a question needs.

use std::sync::Arc;

use super::LineRange;
use crate::ask::{Focus, Workspace};
use crate::cli::{engines, workspace};
use crate::config::Loader;
use crate::session::questions::{Answerer, Pipeline};

/// What a question is about, read from the disk.
pub struct Place {
    pub focus: Focus,
}

impl Place {
    /// An error where there is no such file or line, or where nobody may look at it.
    pub fn read(range: &LineRange, workspace: &workspace::Workspace) -> anyhow::Result<Self> {
        let path = workspace.relative(&range.file)?;
        let Some(text) = workspace.index.text(&path) else {
            anyhow::bail!(
                "{} is not indexed: it does not exist, an ignore file denies it, or it is no text",
                range.file.display()
            );
        };
        let bytes = range.bytes(&text)?;
        Ok(Self { focus: Focus { path, range: bytes, ..Focus::default() } })
    }
}

/// The folder as it is on the disk.
pub fn workspace(opened: &workspace::Workspace, loader: &Loader) -> Workspace {
    Workspace {
        index: opened.index.clone(),
        documents: Vec::new(),
        settings: Arc::new(opened.settings.clone()),
        user: Arc::new(opened.user.clone()),
        git: loader.environment().find_executable("git"),
    }
}

/// The pipeline with all that is behind it, which is opened when it is needed.
pub fn answerer(loader: &Loader) -> Arc<dyn Answerer> {
    Arc::new(Pipeline::new(loader, engines::chat(loader)))
}
