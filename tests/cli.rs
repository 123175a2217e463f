//! The binary as people and editors start it: exit codes, what is printed where, and what is not.

mod cli {
    mod complete;
    mod demo;
    mod doctor;
    mod log;
    pub mod support;
}
