//! llama.cpp in this process with the starter model, one thread: `cargo bench --bench engine [-- PART]`, where PART is
//! `overhead`, `typing`, `cancel`, `drafts`, `healing` or `peer`.
//!
//! Wall times swing on a busy machine: medians and CPU times are what counts, token counts are exact.

#[cfg(feature = "llama")]
mod engine {
    pub mod cancel;
    pub mod corpus;
    pub mod drafts;
    pub mod healing;
    pub mod peer;
    pub mod support;
    pub mod typing;
}

#[cfg(feature = "llama")]
fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let runs = |part: &str| wanted.is_empty() || wanted.iter().any(|name| name == part);
    if runs("overhead") || runs("typing") {
        engine::typing::run();
    }
    if runs("cancel") {
        engine::cancel::run();
    }
    if runs("drafts") {
        engine::drafts::run();
    }
    if runs("healing") {
        engine::healing::run();
    }
    // Needs a llama-server: benches/llama-server.sh starts one.
    if wanted.iter().any(|name| name == "peer") {
        engine::peer::run();
    }
}

#[cfg(not(feature = "llama"))]
fn main() {
    println!("this bench measures llama.cpp: run it with the default features");
}
