//! Configuration: the only module that reads the environment and configuration files.

mod schema;

pub use schema::{
    CompletionSettings, Eagerness, EngineChoice, EngineSettings, HostMode, KvType, LogSettings, Settings,
};
