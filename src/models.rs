//! Models as files: which ones there are to be had (`catalogue`), what they are called (`name`), what is installed and where
//! (`store`), and how other programs' files are taken up without a copy (`import`).
//!
//! Nothing here loads a model, and nothing here opens a network but `hub`, which a build without `cloud` does not have.

pub mod catalogue;
mod digest;
#[cfg(feature = "cloud")]
pub mod download;
pub mod fit;
pub mod gguf;
#[cfg(feature = "cloud")]
pub mod hub;
pub mod import;
pub mod lora;
pub mod name;
pub mod size;
pub mod store;
#[cfg(test)]
#[path = "../tests/support/synth.rs"]
mod synth;

pub use catalogue::{Catalogue, CommercialUse, Entry, ModelFile, Role};
pub use digest::{Sha256, hash_file};
pub use name::{ModelName, NameError, Quantisation};
pub use store::{
    Arrival, ArrivedFile, Holding, Installed, InstalledFile, Origin, OriginKind, ResolveError, Store, StoreError,
    StoreGuard,
};
