//! Tandem: two models, one cursor.
//!
//! A language server that writes inline completions with a local model and keeps typing instant and private.
//! The modules stand in reading order, lowest layer first; a module uses only modules above it in this list
//! (`tests/tidy.rs` checks it, `ARCHITECTURE.md` draws it).

// Layer 0: plain data and the outside of the process.
pub mod config;
pub mod database;
pub mod observe;
pub mod text;

pub mod syntax;

#[cfg(feature = "cloud")]
pub mod network;

// Layer 1: what may be looked at, what stands in the workspace, local models, what became of suggestions.
pub mod privacy;

pub mod index;

pub mod models;

pub mod engine;

pub mod acceptance;

pub mod providers;

pub mod budget;

// Layer 2: what a prompt may contain, and the only door out.
pub mod context;

pub mod gate;

// Layer 3: the only room that opens connections.
#[cfg(feature = "cloud")]
pub mod cloud;

// Layer 4: the completion pipeline, what an edit leaves behind, and the question pipeline.
pub mod complete;

pub mod nextedit;

pub mod ask;

#[cfg(feature = "cloud")]
pub mod hosted;

// Layer 5: the owner of all mutable state.
pub mod session;

// Layer 6: the only module that names LSP types, and the pipeline measured on a repository.
pub mod lsp;

pub mod eval;

// The engine measured on this machine.
pub mod measure;

// Layer 7: one file a subcommand.
pub mod cli;
