//! The server as an editor meets it: over a pipe, message by message.
//!
//! Most tests serve in this process over an in-memory pipe with a scripted engine; `process` starts the real binary. No
//! test asserts a time: the only clock is a guard against hanging.

mod support;

#[cfg(feature = "cloud")]
#[path = "../doubles/provider.rs"]
mod provider;

mod acceptance;
mod answers;
mod budget_view;
mod cancel;
mod clients;
#[cfg(feature = "cloud")]
mod cloud_questions;
mod consent_view;
mod control;
mod documents;
mod eagerness;
mod editor_trust;
mod framing;
mod ghost_text;
mod index;
mod lifecycle;
mod local_answers;
mod look_ahead;
mod menu;
mod navigation;
mod next_edit;
mod ordering;
mod other_clients;
mod paid_typing;
mod process;
mod question_actions;
mod question_clients;
mod question_trust;
mod questions;
mod replay;
mod settings;
mod status;
mod watching;
