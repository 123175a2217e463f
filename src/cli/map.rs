//! `tandem map`: the signatures of the workspace that matter most, in no more tokens than asked for.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::terminal::{Style, printable};
use super::workspace::{self, WorkspaceArguments};
use crate::config::Loader;

/// Print the signatures that matter most in the workspace, or around some files.
///
/// Never one token more than asked for, by the tokenizer asked for. The same files give the same bytes, and a change
/// elsewhere moves nothing. Exit code: 0, or 1 for an empty map.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem map --tokens 2048                          the workspace in 2,048 tokens
  tandem map --tokens 1024 --focus src/server.rs    from the point of view of one file
  tandem map --tokenizer qwen.gguf                  counted by that model's own vocabulary")]
pub struct Arguments {
    /// Most tokens of the map
    #[arg(long, value_name = "NUMBER", default_value_t = 2048)]
    tokens: usize,

    /// Files to look from; may be given several times
    #[arg(long, value_name = "FILE")]
    focus: Vec<PathBuf>,

    /// Who counts: `bytes` (three bytes a token, more than any current model needs for code), `model` (the one of
    /// engine.model) or a GGUF file
    #[arg(long, value_name = "bytes|model|FILE", default_value = "bytes")]
    tokenizer: String,

    #[command(flatten)]
    pub(super) workspace: WorkspaceArguments,
}

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let workspace = arguments.workspace.open(loader)?;
    let mut terminal = workspace::terminal(loader);
    let focus: Vec<String> =
        arguments.focus.iter().map(|file| workspace.relative(file)).collect::<anyhow::Result<_>>()?;
    for path in focus.iter().filter(|path| workspace.index.read().find(path).is_none()) {
        eprintln!("tandem: {path} is not in the index; the map looks from elsewhere");
    }
    let map = match arguments.tokenizer.as_str() {
        "bytes" => workspace.index.map(arguments.tokens, &focus, &by_bytes),
        other => {
            let file = (other != "model").then(|| Path::new(other));
            let counter = model(file, &workspace.settings, loader)?;
            workspace.index.map(arguments.tokens, &focus, &|text| counter(text))
        }
    };
    if !workspace.print_json(&mut terminal, "map", &map)? {
        for line in map.text.lines() {
            terminal.line(printable(line))?;
        }
        let summary = format!(
            "{} tokens by {}; {} of {} definitions in {} files",
            map.tokens, arguments.tokenizer, map.shown, map.definitions, map.files
        );
        // Not on stdout: that is the map, byte for byte.
        eprintln!("{summary}");
        if !workspace.index.provenance().caught_up {
            terminal.styled(&[(Style::Dim, "")])?;
            eprintln!("not the whole workspace yet: {}", workspace.index.provenance().describe());
        }
    }
    Ok(if map.text.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Three bytes a token: current vocabularies take 3.2 to 4.2 for code, so this errs to the safe side.
fn by_bytes(text: &str) -> usize {
    text.len().div_ceil(3)
}

type Counter = Box<dyn Fn(&str) -> usize>;

#[cfg(feature = "llama")]
fn model(file: Option<&Path>, settings: &crate::config::Settings, loader: &Loader) -> anyhow::Result<Counter> {
    use crate::engine::llama::{TokenCounter, starter};

    let path = match (file, &settings.engine.model) {
        (Some(file), _) => file.to_owned(),
        (None, Some(model)) => PathBuf::from(model),
        (None, None) => starter::materialize(&loader.paths().cache)?,
    };
    let counter = TokenCounter::load(&path).map_err(anyhow::Error::msg)?;
    Ok(Box::new(move |text| counter.count(text)))
}

#[cfg(not(feature = "llama"))]
fn model(_file: Option<&Path>, _settings: &crate::config::Settings, _loader: &Loader) -> anyhow::Result<Counter> {
    anyhow::bail!("this build has no llama.cpp and reads no vocabularies: use --tokenizer bytes")
}
