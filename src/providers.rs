//! What cloud models are asked and what they answer: one request, one stream of events, one usage, one kind of error, and the
//! wire formats of all providers on the other side of them.
//!
//! Pure: bytes in, bytes out. Nothing in here opens a connection, knows a key, or has a clock; `cloud` does.

mod endpoint;
mod error;
mod event;
mod request;

pub use endpoint::{Endpoint, WireFormat};
pub use error::{ErrorClass, ProviderError, Retry};
pub use event::{Event, Reason, Usage};
pub use request::{Block, CacheLife, Effort, Request, Role, Turn};
