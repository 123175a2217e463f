//! Questions over real connections, to doubles of all providers: answers, every fault, cancels, keys, and what it costs.
//!
//! Nothing here measures time. Where something is waited for, the waits are noted down instead of slept.

#[path = "doubles/provider.rs"]
mod provider;

mod cloud {
    mod answers;
    mod cancel;
    mod faults;
    mod house;
    mod keyring;
    mod leaks;
    mod money;
    mod network;
    mod retries;
    mod support;
    mod typing;
    mod typing_house;
}
