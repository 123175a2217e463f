//! The model on a GPU, whichever is there: all layers on it, the same answers as on the processor, cancel, unload.
//!
//! `make test-gpu` runs it on Mesa's software device. Without a device, or in a build for the processor alone, every test is
//! ignored and a line says so. No test needs a fast device.

#[cfg(feature = "llama")]
mod gpu {
    pub mod agrees;
    pub mod lives;
    pub mod machine;
}
#[cfg(feature = "llama")]
#[path = "engine_llama/support.rs"]
#[allow(dead_code, reason = "the tests of the processor use more of it")]
mod support;
#[cfg(feature = "llama")]
#[path = "support/synth.rs"]
mod synth;

#[cfg(feature = "llama")]
fn main() {
    use libtest_mimic::{Arguments, Failed, Trial};

    let arguments = Arguments::from_args();
    let device = gpu::machine::device();
    match &device {
        Some(device) => eprintln!("tests of the GPU: on {device}"),
        None if cfg!(any(feature = "vulkan", feature = "cuda", feature = "metal")) => {
            eprintln!(
                "tests of the GPU: SKIPPED: llama.cpp sees no device; `make test-gpu` runs them on a software one"
            )
        }
        None => {
            eprintln!("tests of the GPU: SKIPPED: this build is for the processor alone; `make test-gpu` makes another")
        }
    }
    let tests = [gpu::agrees::TESTS, gpu::lives::TESTS, gpu::machine::TESTS].concat();
    let trials = tests.into_iter().map(|(name, test)| {
        let run = move || {
            test();
            Ok::<(), Failed>(())
        };
        Trial::test(name, run).with_ignored_flag(device.is_none())
    });
    // One at a time: a software device takes the whole machine.
    let arguments = Arguments { test_threads: Some(arguments.test_threads.unwrap_or(1)), ..arguments };
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

#[cfg(not(feature = "llama"))]
fn main() {
    println!("tests of the GPU: SKIPPED: this build has no llama.cpp");
}
