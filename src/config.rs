//! Configuration: the only module that reads the environment and configuration files.
//!
//! Settings come in layers, later ones on top: defaults, the user's file, the editor's settings, the workspace's file,
//! `TANDEM_*` variables, the command line. Nothing in here fails: a key that cannot be used is dropped and reported,
//! because an editor whose server does not start over a typo helps nobody. A workspace's file comes from whoever wrote
//! the repository, so it may only tighten.

mod eagerness;
mod environment;
mod keys;
mod layers;
mod load;
mod paths;
mod regular;
mod schema;

pub use eagerness::{Eagerness, Level};
pub use environment::Environment;
pub use keys::{KEYS, Key, Kind, Tighten};
pub use layers::{Layer, Origin, Problem};
pub use load::{Loaded, Loader};
pub use paths::{Paths, create_private_dir};
pub use regular::{read_beginning, read_small};
pub use schema::{
    AskSettings, BudgetSettings, CloudEffort, CloudSettings, CompletionSettings, ConsentMode, Debounce, EngineChoice,
    EngineSettings, HostMode, IndexSettings, KvType, LogSettings, ModelsSettings, Politeness, PrivacySettings,
    ProviderAuth, ProviderKind, ProviderSettings, RouteChoice, SecretsMode, ServerKind, ServerSettings, Settings,
    StatsSettings, TriggerMode, WatchMode, is_model_name,
};
