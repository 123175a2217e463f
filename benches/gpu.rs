//! A model on the GPU that is there: what it takes, how fast it is beside llama.cpp's own loops, and that it says the same as on
//! the processor. Writes a Markdown table, a column for each model.
//!
//! `cargo bench --features vulkan --bench gpu -- [--seconds N] [--out FILE] [starter | MODEL.gguf …]`.
//! scripts/gpu/check.sh runs it on machines that have no Rust. Nothing here is asserted but that the model is on the device.

#[cfg(feature = "llama")]
mod gpu {
    pub mod agreement;
    pub mod device;
    pub mod engine;
    pub mod raw;
    pub mod table;
    pub mod windows;
}

#[cfg(feature = "llama")]
fn main() -> std::process::ExitCode {
    use std::path::PathBuf;
    use std::process::ExitCode;

    let mut models: Vec<Option<PathBuf>> = Vec::new();
    let (mut seconds, mut out) = (3.0, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // Cargo says so of every bench.
            "--bench" => {}
            "--seconds" => {
                seconds = arguments.next().and_then(|text| text.parse().ok()).expect("--seconds wants a number");
            }
            "--out" => out = Some(PathBuf::from(arguments.next().expect("--out wants a file"))),
            "starter" => models.push(None),
            model => models.push(Some(model.into())),
        }
    }
    if models.is_empty() {
        models.push(None);
    }
    let Some(device) = gpu::device::wake() else {
        eprintln!("SKIPPED: llama.cpp sees no GPU here");
        return ExitCode::from(3);
    };
    let mut table = gpu::table::Table::new();
    for model in models {
        if let Err(reason) = gpu::engine::measure(model.as_deref(), &device, seconds, &mut table) {
            eprintln!("{reason}");
            return ExitCode::FAILURE;
        }
    }
    let text = format!("{}\n{}", device.describe(), table.markdown());
    match out {
        Some(file) => std::fs::write(&file, text).expect("the file can be written"),
        None => println!("{text}"),
    }
    ExitCode::SUCCESS
}

#[cfg(not(feature = "llama"))]
fn main() {
    println!("this bench measures llama.cpp: run it with the default features");
}
