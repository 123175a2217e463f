//! The only room that opens connections to models: it takes a permit, sends what the permit holds, streams back what comes,
//! and settles the permit's reservation.
//!
//! A request goes to the address that the user set up for its provider and to no other: no redirect is followed, no key leaves
//! for another host, nothing but `https` is spoken with another machine. Each request has a connection of its own, so that a
//! cancel closes it, and so that it is known whether anything of a request was sent.

mod answer;
mod backoff;
mod body;
mod breaker;
mod clerk;
mod client;
mod conversation;
mod credentials;
mod failure;
mod key;
mod keys;
mod send;
mod server_key;
mod sigv4;

pub use backoff::{Backoff, Sleep};
pub use breaker::{Breakers, Circuit, Ticks};
pub use client::{Client, Setup, Timeouts};
pub use conversation::{Cloud, Exchange, Finish, LastLook};
pub use key::{AwsKeys, Credentials, Key, KeyError};
pub use keys::{KeyPlace, Keys};
pub use send::{Answer, Update, send};
pub use server_key::ServerKeys;
