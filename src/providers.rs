//! What cloud models are asked and what they answer: one request, one stream of events, one usage, one kind of error, and the
//! wire formats of all providers on the other side of them.
//!
//! Pure: bytes in, bytes out. Nothing in here opens a connection, knows a key, or has a clock; `cloud` does.

mod decode;
mod encode;
mod endpoint;
mod error;
mod event;
mod request;

pub use decode::{Decoder, MAX_ANSWER, MAX_MESSAGE};
pub use encode::{Encoded, Framing, encode, encode_count, read_count};
pub use endpoint::{AuthScheme, Endpoint, WireFormat, is_on_this_machine, is_providers_host};
pub use error::{Answer, ErrorClass, ProviderError, Retry, error_of, request_id};
pub use event::{Event, Reason, ServiceTier, Usage};
pub use request::{Block, CacheLife, Effort, Fill, Request, Role, Turn};
