//! One file a request or notification.
//!
//! A notification is synchronous: it calls one function of the session and returns. A request has a synchronous prelude
//! (parameters, snapshot), then waits; after its first wait it looks at nothing shared.

pub mod ask;
pub mod budget;
pub mod code_action;
pub mod completion;
pub mod completion_resolve;
pub mod definition;
pub mod did_change;
pub mod did_change_configuration;
pub mod did_change_watched_files;
pub mod did_close;
pub mod did_open;
pub mod document_symbol;
pub mod document_text;
pub mod execute_command;
pub mod initialize;
pub mod initialized;
pub mod inline_completion;
pub mod next_edit;
pub mod progress_cancel;
pub mod question_actions;
pub mod references;
pub mod shutdown;
pub mod status;
pub mod text_document_content;
pub mod why;
pub mod workspace_symbol;
pub mod workspace_trust;
