//! One line a shape and a use: bytes by the formula, bytes by llama.cpp, and how far they are apart.

use tandem::config::KvType;
use tandem::engine::llama::rehearse;
use tandem::models::gguf;
use tandem::models::size::{Shape, Usage, Weights, need};

use crate::synth;

const SHAPES: [&str; 10] = [
    "qwen2.5-coder-0.5b",
    "qwen2.5-coder-1.5b",
    "qwen2.5-coder-7b",
    "qwen2.5-coder-14b",
    "qwen3-coder-30b-a3b",
    "starcoder2-3b",
    "codegemma-7b",
    "gemma-2-2b",
    "deepseek-coder-v2-lite",
    "stable-code-3b",
];

fn usages() -> Vec<(&'static str, Usage)> {
    let usual = Usage {
        cells: 2048,
        sequences: 7,
        is_shared: true,
        kv_type: KvType::F16,
        batch: 64,
        gpu_layers: 0,
        flash_attention: true,
    };
    vec![
        ("CPU", usual),
        ("q8 16k", Usage { cells: 16_384, kv_type: KvType::Q8_0, ..usual }),
        ("batch 512", Usage { batch: 512, cells: 8192, ..usual }),
        ("no FA", Usage { batch: 512, cells: 8192, flash_attention: false, ..usual }),
        ("apart", Usage { cells: 7 * 2048, is_shared: false, ..usual }),
    ]
}

pub fn print() {
    let directory = tempfile::tempdir().expect("a directory");
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    println!("| shape | use | weights | KV ours / theirs | compute ours / theirs | total ours / theirs (MiB) | off |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let mut worst: f64 = 0.0;
    for name in SHAPES {
        let path = directory.path().join(format!("{name}.gguf"));
        let spec = synth::known(name).expect("a shape");
        spec.write(&path, synth::Weights::Sparse).expect("written");
        let header = gguf::read(&path).expect("a header");
        let (shape, weights) = (Shape::of(&header).expect("a shape"), Weights::of(&header));
        for (what, usage) in usages() {
            let ours = need(&shape, &weights, &usage);
            let theirs = match rehearse(&path, &usage, None) {
                Ok(theirs) => theirs,
                Err(reason) => {
                    println!("| {name} | {what} | {reason} |");
                    continue;
                }
            };
            let (kv, compute) = (theirs.kv_total, theirs.compute_total());
            let total = weights.total() + kv + compute;
            let off = ours.total() as f64 / total as f64 - 1.0;
            worst = worst.max(off.abs());
            println!(
                "| {name} | {what} | {:.1} | {:.1} / {:.1} | {:.1} / {:.1} | {:.1} / {:.1} | {:+.2} % |",
                mib(ours.weights()),
                mib(ours.kv()),
                mib(kv),
                mib(ours.compute()),
                mib(compute),
                mib(ours.total()),
                mib(total),
                off * 100.0
            );
        }
        let _ = std::fs::remove_file(&path);
    }
    println!("\nfarthest: {:.2} %", worst * 100.0);
}
