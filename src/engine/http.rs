//! Engines over HTTP: servers with models that people run already, on this machine or on a box that they share, and the few
//! services with a fill-in-the-middle interface.
//!
//! Wire formats are pure (`encode`, `decode`, `tokenize`), and so is everything that decides: what a server is (`recognise`), which way of
//! asking it is tried next (`ways`), who may run (`lanes`), how much text fits (`window`), what of a chat model's talk is code (`chat`). Sockets and
//! clocks are in `client`, `write`, `serve`, `engine` and `detect` alone. A request goes to the address that the user set up and to no other:
//! no redirect is followed, and a key is shown to its own host.

mod address;
mod chat;
mod client;
mod config;
mod counts;
mod decode;
mod detect;
mod encode;
mod engine;
mod failure;
mod key;
mod kind;
mod lanes;
mod look;
mod recognise;
mod self_test;
mod serve;
#[cfg(test)]
mod testing;
mod tokenize;
mod ways;
mod window;
mod write;

pub use address::{Address, AddressError};
pub use config::{HttpConfig, Timeouts};
pub use detect::{Found, USUAL_PORTS, detect, detect_at};
pub use engine::HttpEngine;
pub use key::{KeySource, NoKeys, ServerKey};
pub use kind::{Listed, title, word};

pub use crate::config::ServerKind;
