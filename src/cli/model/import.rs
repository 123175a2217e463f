//! `tandem model import`: models that are on this machine already.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use serde_json::{Value, json};

use super::selection::ForRole;
use super::{Progress, store};
use crate::cli::Options;
use crate::cli::doctor::machine::size;
use crate::cli::terminal::{Style, Terminal, printable};
use crate::config::{Environment, Loader};
use crate::models::import::{
    Candidate, ImportError, Imported, LinkKind, Wishes, find_in_lm_studio, find_in_ollama, import, what_loss_means,
};
use crate::models::{ModelName, Store};

/// Use models that are on this machine already, without a copy.
///
/// `ollama` and `lm-studio` take up what these programs have; `OLLAMA_MODELS` is heeded. Their files are not changed. A hard link
/// is made where that can be, else a symbolic one, else the path is written down.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem model import ~/Downloads/qwen2.5-coder-1.5b-q8_0.gguf
  tandem model import ollama --dry-run            what there is to be taken up
  tandem model import ollama qwen2.5-coder:1.5b-base
  tandem model import big-00001-of-00003.gguf     all parts of it
  tandem model import some.gguf --name mine:q4_k_m --link symbolic")]
pub struct Arguments {
    /// A GGUF file, `ollama` or `lm-studio`
    #[arg(value_name = "FILE|ollama|lm-studio")]
    source: String,

    /// Only models of that program with this in their name
    #[arg(value_name = "MODEL")]
    only: Vec<String>,

    /// What it is called here; without it a name of the catalogue or one made of its own
    #[arg(long, value_name = "NAME")]
    name: Option<ModelName>,

    /// What it is for; without it what the file says
    #[arg(long = "for", value_name = "ROLE", value_enum)]
    role: Option<ForRole>,

    /// How its file is taken up
    #[arg(long, value_name = "KIND", value_enum, default_value_t = Link::Auto)]
    link: Link,

    /// The program's folder of models, where it is elsewhere
    #[arg(long, value_name = "DIRECTORY")]
    from: Option<PathBuf>,

    /// Say what would be taken up, and do nothing
    #[arg(long)]
    dry_run: bool,

    /// One JSON object on stdout
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    pub(in crate::cli) options: Options,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Link {
    Auto,
    Hard,
    Symbolic,
    Path,
}

impl From<Link> for LinkKind {
    fn from(link: Link) -> Self {
        match link {
            Link::Auto => LinkKind::Auto,
            Link::Hard => LinkKind::Hard,
            Link::Symbolic => LinkKind::Symbolic,
            Link::Path => LinkKind::Path,
        }
    }
}

pub fn run(terminal: &mut Terminal, loader: &Loader, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let candidates = candidates(loader.environment(), arguments)?;
    if arguments.name.is_some() && candidates.len() > 1 {
        bail!(
            "--name is for one model, and these are {}: name one of them behind `{}`",
            candidates.len(),
            arguments.source
        );
    }
    let wishes =
        Wishes { name: arguments.name.clone(), role: arguments.role.map(Into::into), link: arguments.link.into() };
    let store = store(loader);
    let mut results = Vec::new();
    let mut taken = 0;
    for candidate in &candidates {
        let result = one(&store, candidate, &wishes, arguments.dry_run);
        taken += usize::from(result.is_ok());
        if !arguments.json {
            say(terminal, candidate, &result)?;
        }
        results.push(result_json(candidate, &result));
    }
    if arguments.json {
        terminal.line(serde_json::to_string_pretty(&json!({"models": results, "isDryRun": arguments.dry_run}))?)?;
    } else if candidates.is_empty() {
        terminal.line("There is no model to be taken up.")?;
    }
    // One broken model of another program is no failure while others were taken up.
    Ok(if taken > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a dry run finds has no entry in the store.
fn one(store: &Store, candidate: &Candidate, wishes: &Wishes, is_dry: bool) -> Result<Option<Imported>, ImportError> {
    if is_dry {
        return match &candidate.problem {
            Some(problem) => Err(ImportError::Unusable(problem.clone())),
            None => Ok(None),
        };
    }
    let mut progress = Progress::new(candidate.origin.repository.clone());
    let watch = |done, total| {
        progress.show(done, total);
        true
    };
    import(store, candidate, wishes, watch).map(Some)
}

fn candidates(environment: &Environment, arguments: &Arguments) -> anyhow::Result<Vec<Candidate>> {
    type Find = fn(&Path) -> io::Result<Vec<Candidate>>;
    let (program, find, usual): (&str, Find, Vec<PathBuf>) = match arguments.source.as_str() {
        "ollama" => ("Ollama", find_in_ollama, ollama_directories(environment)),
        "lm-studio" | "lmstudio" => ("LM Studio", find_in_lm_studio, lm_studio_directories(environment)),
        file => {
            if !arguments.only.is_empty() || arguments.from.is_some() {
                bail!("MODEL and --from go with `ollama` and `lm-studio`; import one file after the other");
            }
            return Ok(vec![Candidate::of_file(&environment.expand_home(file))?]);
        }
    };
    let directories = arguments.from.clone().map_or(usual, |directory| vec![directory]);
    let mut found: Vec<Candidate> = Vec::new();
    let mut failures = Vec::new();
    for directory in &directories {
        match find(directory) {
            // The same model in two places is one.
            Ok(more) => {
                for candidate in more {
                    if !found.iter().any(|known| known.origin == candidate.origin) {
                        found.push(candidate);
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => failures.push(format!("{}: {error}", directory.display())),
        }
    }
    for failure in &failures {
        eprintln!("tandem: {failure}");
    }
    if found.is_empty() {
        let looked: Vec<String> = directories.iter().map(|directory| directory.display().to_string()).collect();
        bail!("{program} has no models in {}; --from names another folder", looked.join(" or "));
    }
    if !arguments.only.is_empty() {
        let is_meant =
            |candidate: &Candidate| arguments.only.iter().any(|part| candidate.origin.repository.contains(part));
        let names: Vec<String> = found.iter().map(|candidate| candidate.origin.repository.clone()).collect();
        found.retain(is_meant);
        if found.is_empty() {
            bail!(
                "{program} has no model with {} in its name; it has {}",
                arguments.only.join(" or "),
                names.join(", ")
            );
        }
    }
    Ok(found)
}

fn ollama_directories(environment: &Environment) -> Vec<PathBuf> {
    if let Some(named) = environment.get("OLLAMA_MODELS") {
        return vec![environment.expand_home(named)];
    }
    let home = environment.home().map(|home| home.join(".ollama/models"));
    // Where its Linux packages keep them, for the user of the service.
    let service = cfg!(unix).then(|| PathBuf::from("/usr/share/ollama/.ollama/models"));
    home.into_iter().chain(service).collect()
}

fn lm_studio_directories(environment: &Environment) -> Vec<PathBuf> {
    let below = |relative: &str| environment.home().map(|home| home.join(relative));
    [below(".lmstudio/models"), below(".cache/lm-studio/models")].into_iter().flatten().collect()
}

fn say(
    terminal: &mut Terminal,
    candidate: &Candidate,
    result: &Result<Option<Imported>, ImportError>,
) -> io::Result<()> {
    let from = printable(&candidate.origin.repository);
    match result {
        Ok(None) => terminal.line(format!("{from} ({}) can be taken up", size(candidate.bytes()))),
        Ok(Some(Imported::Already(installed))) => {
            terminal.line(format!("{from} is there already, as {}", installed.name))
        }
        Ok(Some(Imported::New(installed))) => {
            let (name, holding) = (installed.name.to_string(), installed.holding);
            terminal.styled(&[
                (Style::Good, &name),
                (Style::Plain, &format!(" is {from} ({}), by {holding}:", size(installed.bytes()))),
            ])?;
            terminal.line(format!("  {}.", what_loss_means(holding)))?;
            terminal.line(format!("  `tandem model use {name}` uses it."))
        }
        Err(error) => terminal.styled(&[(Style::Bad, "not taken up: "), (Style::Plain, &format!("{from}: {error}"))]),
    }
}

fn result_json(candidate: &Candidate, result: &Result<Option<Imported>, ImportError>) -> Value {
    let mut value = json!({"from": candidate.origin.kind, "repository": candidate.origin.repository});
    let more = match result {
        Ok(None) => json!({"bytes": candidate.bytes()}),
        Ok(Some(Imported::Already(installed))) => json!({"name": installed.name, "isNew": false}),
        Ok(Some(Imported::New(installed))) => {
            json!({"name": installed.name, "isNew": true, "holding": installed.holding, "bytes": installed.bytes()})
        }
        Err(error) => json!({"problem": error.to_string()}),
    };
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}
