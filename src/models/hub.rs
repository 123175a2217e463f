//! A Hugging Face-compatible hub: which files a repository has, what a file is (size, digest, the commit that it belongs to), and
//! its bytes, whole or in parts.
//!
//! What leaves is the name of what the user asked for, the name of this program, and the user's token where it belongs: to the
//! hub's own host and to nobody that it leads to. Nothing is decided here about disks, retries or what is installed.

mod address;
mod client;
mod facts;
mod failure;
mod listing;
mod redirect;
mod wanted;

pub use address::{HubAddress, HubFile, Repository};
pub use client::{Body, Extent, Hub, HubSettings, Remote};
pub use facts::FileDigest;
pub use failure::{HubError, Trouble};
pub use listing::Listed;
pub use wanted::{Wanted, choose_files};
