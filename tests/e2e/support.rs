//! A scripted editor.

mod client;
mod held;
mod pipe;
mod scripted;
mod view;
mod workspace;

pub use client::{Client, Setup, URI, inline_capabilities, menu_capabilities, range};
pub use held::Held;
pub use pipe::{Frames, frame};
pub use scripted::{Scripted, Stage, paid, window};
pub use view::{View, kinds, notices, text, view_capabilities};
pub use workspace::Workspace;

/// How long anything may take before the test gives up. Far longer than it takes on the slowest machine.
pub const HANG: std::time::Duration = std::time::Duration::from_secs(60);
