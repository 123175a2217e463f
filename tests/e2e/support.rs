//! A scripted editor.

mod client;
mod held;
mod pipe;

pub use client::{Client, Setup, URI, inline_capabilities, menu_capabilities, range};
pub use held::Held;
pub use pipe::{Frames, HANG, frame};
