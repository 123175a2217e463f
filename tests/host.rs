//! The engine host as a process: started on demand, shared, killed, restarted, gone when unused.
//!
//! This program is the host, too: started as `host engine …` it serves a scripted engine, and as `host client …` it is
//! an editor window that gets killed. Real processes are needed to test real ends.

mod host {
    pub mod chat;
    pub mod crash;
    pub mod embed;
    pub mod hostile;
    pub mod life;
    pub mod limits;
    pub mod programs;
    #[cfg(feature = "llama")]
    pub mod real;
    pub mod support;
}

#[cfg(feature = "llama")]
#[path = "support/synth.rs"]
mod synth;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let mut arguments = std::env::args();
    match arguments.nth(1).as_deref() {
        Some("engine") => return host::programs::engine(),
        Some("client") => return host::programs::client(),
        _ => {}
    }
    #[cfg_attr(not(feature = "llama"), expect(unused_mut))]
    let mut tests = [
        host::life::TESTS,
        host::chat::TESTS,
        host::embed::TESTS,
        host::crash::TESTS,
        host::limits::TESTS,
        host::hostile::TESTS,
    ]
    .concat();
    #[cfg(feature = "llama")]
    tests.extend(host::real::TESTS);
    let trials = tests.into_iter().map(|(name, test)| {
        Trial::test(name, move || {
            test();
            Ok::<(), Failed>(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}
