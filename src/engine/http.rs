//! Engines over HTTP: servers with models that people run already, on this machine or on a box that they share, and the few
//! services with a fill-in-the-middle interface.
//!
//! `Wire` formats are pure (`encode`, `decode`), and so is everything that decides: what a server is (`recognise`), which way of
//! asking it is tried next (`ways`), who may run (`lanes`), how much text fits (`window`), where a text ends (`emit`). Sockets and
//! clocks are in `client`, `run`, `server` and `detect` alone. A request goes to the address that the user set up and to no other:
//! no redirect is followed, and a key is shown to its own host.

mod address;
mod config;
mod detect;
mod engine;
mod key;
mod kind;

pub use address::{Address, AddressError};
pub use config::{HttpConfig, Timeouts};
pub use detect::{Found, USUAL_PORTS, detect, detect_at};
pub use engine::HttpEngine;
pub use key::{KeySource, NoKeys, ServerKey};
pub use kind::{Listed, title, word};

pub use crate::config::ServerKind;
