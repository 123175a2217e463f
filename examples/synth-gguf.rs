//! Writes a GGUF file of a model's shape with random weights, or with holes that take no disk: for measuring speed and
//! memory of real shapes without their downloads.
//!
//! `cargo run --example synth-gguf -- --shape qwen2.5-coder-1.5b [--type q8_0] [--sparse] [--seed N] OUT`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

#[path = "../tests/support/synth.rs"]
mod synth;

use synth::{KNOWN, Kind, Spec, Weights};

/// Write a model file of a given shape; what it says is noise.
#[derive(Parser)]
struct Arguments {
    /// A published model's shape, or `tiny-ARCHITECTURE`; `list` shows them all.
    #[arg(long, default_value = "qwen2.5-coder-0.5b")]
    shape: String,
    /// Of the matrices: f32, f16, bf16, q8_0, q4_0, q4_k, q6_k.
    #[arg(long = "type", default_value = "q8_0")]
    kind: String,
    /// Zeros that take no disk.
    #[arg(long)]
    sparse: bool,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A chat template (Jinja).
    #[arg(long)]
    chat_template: Option<String>,
    /// `general.name`.
    #[arg(long)]
    name: Option<String>,
    #[arg(long)]
    layers: Option<u32>,
    #[arg(long)]
    embedding: Option<u32>,
    #[arg(long)]
    feed_forward: Option<u32>,
    #[arg(long)]
    heads: Option<u32>,
    #[arg(long)]
    kv_heads: Option<u32>,
    #[arg(long)]
    head_size: Option<u32>,
    #[arg(long)]
    vocabulary: Option<u32>,
    #[arg(long)]
    context: Option<u32>,
    #[arg(long)]
    experts: Option<u32>,
    #[arg(long)]
    experts_used: Option<u32>,
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> Result<(), String> {
    if arguments.shape == "list" {
        KNOWN.iter().for_each(|name| println!("{name}"));
        return Ok(());
    }
    let spec = spec(&arguments)?;
    let out = arguments.out.ok_or("which file? name it last")?;
    let weights = if arguments.sparse { Weights::Sparse } else { Weights::Random(arguments.seed) };
    spec.write(&out, weights).map_err(|error| format!("{}: {error}", out.display()))?;
    println!("{}: {}, {} bytes of weights", out.display(), spec.name, spec.weight_bytes());
    Ok(())
}

fn spec(arguments: &Arguments) -> Result<Spec, String> {
    let known = match arguments.shape.strip_prefix("tiny-") {
        Some(architecture) => Some(synth::tiny(architecture)),
        None => synth::known(&arguments.shape),
    };
    let mut spec = known.ok_or_else(|| format!("no such shape: {}; `--shape list` names them", arguments.shape))?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == arguments.kind);
    spec.kind = kind.ok_or_else(|| format!("no such type: {}", arguments.kind))?;
    spec.chat_template.clone_from(&arguments.chat_template);
    let set = |field: &mut u32, value: Option<u32>| *field = value.unwrap_or(*field);
    set(&mut spec.layers, arguments.layers);
    set(&mut spec.embedding, arguments.embedding);
    set(&mut spec.feed_forward, arguments.feed_forward);
    set(&mut spec.heads, arguments.heads);
    set(&mut spec.kv_heads, arguments.kv_heads);
    set(&mut spec.head_size, arguments.head_size);
    set(&mut spec.vocabulary, arguments.vocabulary);
    set(&mut spec.context, arguments.context);
    if let Some(experts) = &mut spec.experts {
        set(&mut experts.count, arguments.experts);
        set(&mut experts.used, arguments.experts_used);
    } else if arguments.experts.is_some() {
        return Err(format!("{} has no experts", spec.architecture));
    }
    if let Some(name) = &arguments.name {
        spec.name.clone_from(name);
    }
    Ok(spec)
}
