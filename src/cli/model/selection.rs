//! `tandem model use`: which model writes, answers or compares, in the user's own file. And who uses what now.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;

use super::store;
use crate::cli::Options;
use crate::cli::terminal::Terminal;
use crate::cli::user_file::UserFile;
use crate::config::{KEYS, Loader, Settings};
use crate::models::name::{AUTO, STARTER};
use crate::models::store::parts;
use crate::models::{Installed, ModelName, Role, Store, gguf, import};

/// Use this model from now on.
///
/// Writes `engine.model` (`engine.chatModel` for one that answers questions, `engine.embeddingModel` for one that compares texts)
/// into your config.toml. The rest of the file stays as it is.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// An installed model's name, `auto` (the best installed one that fits), `starter`, or a GGUF file
    #[arg(value_name = "NAME|FILE")]
    model: String,

    /// What to use it for; without it what it is made for
    #[arg(long = "for", value_name = "ROLE", value_enum)]
    role: Option<ForRole>,

    #[command(flatten)]
    pub(in crate::cli) options: Options,
}

/// What a model is used for, as people type it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ForRole {
    Completion,
    Chat,
    Embedding,
}

impl From<ForRole> for Role {
    fn from(role: ForRole) -> Self {
        match role {
            ForRole::Completion => Role::Completion,
            ForRole::Chat => Role::Chat,
            ForRole::Embedding => Role::Embedding,
        }
    }
}

/// The setting's name in its group `engine`.
fn key(role: Role) -> &'static str {
    match role {
        Role::Completion => "model",
        Role::Chat => "chatModel",
        Role::Embedding => "embeddingModel",
    }
}

/// What happens where the setting is absent.
fn without(role: Role) -> &'static str {
    match role {
        Role::Completion => "the starter model writes",
        Role::Chat => "the model that writes answers, where it can",
        Role::Embedding => "search is by words alone",
    }
}

pub fn run(terminal: &mut Terminal, loader: &Loader, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let store = store(loader);
    let wished = arguments.role.map(Role::from);
    let (text, role) = match ModelName::of(Path::new(&arguments.model)) {
        Some(name) if name.is_starter() => (None, wished.unwrap_or(Role::Completion)),
        Some(name) if name.is_auto() => (Some(AUTO.to_owned()), wished.unwrap_or(Role::Completion)),
        Some(name) => {
            // One that is not there, or broken, would only be found out by the next editor.
            store.resolve(&name)?;
            let role = store.installed(&name)?.map_or(Role::Completion, |installed| installed.role);
            (Some(name.to_string()), wished.unwrap_or(role))
        }
        None => {
            let named = std::path::absolute(loader.environment().expand_home(&arguments.model))?;
            // Of a split model the first part is loaded, whichever was named.
            let file = parts(&named).into_iter().next().unwrap_or(named);
            let header = gguf::read_whole(&file).map_err(|error| anyhow::anyhow!("{}: {error:#}", file.display()))?;
            let Some(text) = file.to_str() else { bail!("{} is not Unicode: rename it", file.display()) };
            (Some(text.to_owned()), wished.unwrap_or_else(|| import::role_of(&header)))
        }
    };
    if text.is_none() && role != Role::Completion {
        bail!("{STARTER} only completes; --for completion is all that it can");
    }
    for line in choose(loader, role, text.as_deref())? {
        terminal.line(line)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a choice into the user's file. Returns what there is to say of it.
pub fn choose(loader: &Loader, role: Role, text: Option<&str>) -> anyhow::Result<Vec<String>> {
    let key = key(role);
    let mut file = UserFile::open(loader)?;
    let before = file.text("engine", key).map(str::to_owned);
    let mut said = Vec::new();
    if before.as_deref() == text {
        let is = text.map_or_else(|| "absent".to_owned(), |text| format!("`{text}`"));
        said.push(format!("engine.{key} is {is} already; {} is as it was.", file.path.display()));
    } else {
        file.set_text("engine", key, text)?;
        file.save()?;
        let was = before.map_or_else(|| "absent".to_owned(), |before| format!("`{before}`"));
        said.push(match text {
            Some(text) => format!("engine.{key} was {was} and is `{text}` now, in {}.", file.path.display()),
            None => format!("engine.{key} was {was} and is gone from {}: {}.", file.path.display(), without(role)),
        });
        said.push("Editors that run take it up when they start Tandem again.".to_owned());
    }
    said.extend(remark(loader, key));
    Ok(said)
}

/// Where something stands above the file.
fn remark(loader: &Loader, key: &str) -> Option<String> {
    let path = format!("engine.{key}");
    let variable = KEYS.iter().find(|known| known.path == path).map(crate::config::Key::variable)?;
    loader.environment().get(&variable)?;
    Some(format!("{variable} is set and stands above the file."))
}

/// The settings that name this model, as keys.
pub fn users(settings: &Settings, store: &Store, installed: &Installed) -> Vec<&'static str> {
    let engine = &settings.engine;
    let all = [
        ("engine.model", &engine.model),
        ("engine.chatModel", &engine.chat_model),
        ("engine.embeddingModel", &engine.embedding_model),
    ];
    let names = |model: &PathBuf| match ModelName::of(model) {
        Some(name) => store.installed(&name).ok().flatten().is_some_and(|found| found.name == installed.name),
        None => installed.files.iter().any(|file| store.path(file) == *model),
    };
    all.into_iter().filter(|(_, model)| model.as_ref().is_some_and(names)).map(|(key, _)| key).collect()
}
