//! The engine host: one process per user and model that owns llama.cpp and serves every editor window.
//!
//! llama.cpp aborts on some inputs, and several windows must share one loaded model: so the model lives in a child
//! process (`tandem engine`, the same binary) behind a private local socket. `HostEngine` is the client's end and an
//! ordinary `Engine`; `serve` is the host's end and takes any `Engine`. Neither knows llama.cpp.
//!
//! Life of a host: a client finds nobody on the socket and starts it (`launch`); it takes the lock and the socket
//! (`claim`); it serves clients (`server`, `connection`) until it had none for a while; a client that loses it starts
//! another (`client`, `recovery`). The network is never involved, and nothing here reads the environment.

mod address;
mod claim;
mod client;
mod config;
mod connection;
mod frame;
mod launch;
mod link;
mod log;
mod outbox;
mod private;
mod process;
mod protocol;
mod recovery;
mod register;
mod server;
mod transport;

pub use address::{HostAddress, HostIdentity, HostPaths};
pub use claim::Claim;
pub use client::HostEngine;
pub use config::{HostConfig, ModelSettings};
pub use connection::MAX_JOBS;
pub use frame::{FrameError, MAX_FRAME, decode_json, encode, encode_json, read_frame};
pub use launch::HostArgs;
pub use private::{check_peer, our_user};
pub use process::run_host;
pub use protocol::{Answer, Because, Hello, PROTOCOL, Reply, Request};
pub use register::{Entry, Held, Holding, Register, Role};
pub use server::{Ended, serve};
pub use transport::{Stream, accept, connect, peer_user};
