//! What the protocol costs: round trips, cancels, start and memory.
//!
//! `cargo bench --no-default-features --bench protocol`. No model is asked: these are times that stand beside decoding.
//! Another binary is started when `TANDEM_BIN` names one.

mod protocol {
    pub mod cancel;
    pub mod editor;
    pub mod process;
    pub mod round_trip;
    pub mod samples;
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    runtime.block_on(async {
        protocol::round_trip::run().await;
        protocol::cancel::run().await;
        protocol::process::run().await;
    });
    runtime.shutdown_background();
}
