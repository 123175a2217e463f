//! Models from a hub: one that serves and one that stalls, cuts, lies, leads astray, refuses parts and changes its files, and a
//! process that is killed in the middle.
//!
//! Nothing here measures time. What is waited for between two tries is noted down instead of slept.

#[path = "doubles/hub.rs"]
mod hub;

mod models {
    mod changes;
    mod command;
    mod faults;
    mod interruptions;
    mod lies;
    mod refusals;
    mod roads;
    mod serving;
    mod split;
    mod support;
}
