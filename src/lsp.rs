//! The protocol: the only module that names LSP types.
//!
//! Bytes come in through `inbox`, become messages, and are started in order by `transport` under the guards of
//! `service`; handlers turn them into calls of the session; answers leave through `outbox`. The framework
//! (`tower_lsp`) brings types, routing, cancellation and request ids; its transport is not used, because it runs
//! everything in one task and stops when a handler, the client's reading, or an answer of the client does.

mod announce;
mod announce_index;
mod announce_paid;
mod asking;
mod capabilities;
mod client;
mod convert;
mod ext;
pub mod frame;
mod handlers;
mod inbox;
pub mod message;
mod mirror;
mod outbox;
mod parent;
mod places;
mod serve;
mod server;
mod service;
mod settings;
mod sheet;
mod transport;

pub use mirror::{Pace, replay};
pub use serve::{Input, ServeOptions, serve, serve_stdio};
pub use settings::{EngineFactory, MeaningFactory};
