//! The binary as people and editors start it: exit codes, what is printed where, and what is not.

mod cli {
    mod ask;
    mod audit;
    mod bench;
    mod budget;
    mod complete;
    mod completions;
    mod demo;
    mod doctor;
    mod eval;
    mod hostile_settings;
    mod hostile_workspace;
    mod index;
    mod index_faults;
    mod log;
    mod man;
    mod map;
    mod model;
    mod model_import;
    mod model_split;
    mod outline;
    mod refs;
    mod search;
    #[cfg(feature = "llama")]
    mod search_meaning;
    mod setup;
    mod stats;
    #[path = "../support/stdio.rs"]
    pub mod stdio;
    pub mod support;
    mod why;
    pub mod workspace;
}
