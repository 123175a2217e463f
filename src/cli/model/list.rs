//! `tandem model list`: the catalogue beside what is installed.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::selection::users;
use super::store;
use crate::cli::Options;
use crate::cli::doctor::machine::size;
use crate::cli::fitting;
use crate::cli::terminal::{Style, Terminal, printable};
use crate::config::{Loader, Settings};
use crate::models::fit::{Choice, Machine, Pace};
use crate::models::{Catalogue, CommercialUse, Entry, Installed, Role, Store};

/// List the models that Tandem knows, and those that are installed.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Only models with this in their name
    #[arg(value_name = "MODEL")]
    name: Option<String>,

    /// Only what is installed
    #[arg(long)]
    installed: bool,

    /// Only what fits into this machine's memory and answers soon enough
    #[arg(long)]
    fitting: bool,

    /// One JSON object on stdout; sizes in bytes
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    pub(in crate::cli) options: Options,
}

/// One model of the table: of the catalogue, installed, or both.
struct Row {
    name: String,
    entry: Option<&'static Entry>,
    installed: Vec<Installed>,
}

pub fn run(terminal: &mut Terminal, loader: &Loader, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let store = store(loader);
    let settings = loader.load(&[], None).user;
    let machine = fitting::machine(&settings.engine);
    let mut rows = rows(store.list()?);
    rows.retain(|row| {
        let is_named = arguments.name.as_ref().is_none_or(|part| row.name.contains(&part.to_lowercase()));
        let fits = || row.entry.is_none_or(|entry| fits(entry, &machine).is_none_or(|choice| is_of_use(&choice)));
        is_named && (!arguments.installed || !row.installed.is_empty()) && (!arguments.fitting || fits())
    });
    if arguments.json {
        let models: Vec<Value> = rows.iter().map(|row| row_json(row, &store, &settings, &machine)).collect();
        let value = json!({"directory": store.directory(), "memory": machine.total, "models": models});
        terminal.line(serde_json::to_string_pretty(&value)?)?;
    } else if rows.is_empty() {
        terminal.line(match (&arguments.name, arguments.installed) {
            (Some(part), _) => format!("No model has `{}` in its name.", printable(part)),
            (None, true) => "Nothing is installed; the starter model inside the program writes.".to_owned(),
            (None, false) => "No model fits into this machine's memory but the starter inside the program.".to_owned(),
        })?;
    } else {
        print(terminal, &rows, &store, &settings, &machine)?;
    }
    Ok(if rows.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// In the catalogue's order, and behind it what only the user has.
fn rows(installed: Vec<Installed>) -> Vec<Row> {
    let catalogue = Catalogue::builtin();
    let of_catalogue = catalogue.entries().iter();
    let mut rows: Vec<Row> =
        of_catalogue.map(|entry| Row { name: entry.name.clone(), entry: Some(entry), installed: Vec::new() }).collect();
    for model in installed {
        match rows.iter_mut().find(|row| row.name == model.name.name()) {
            Some(row) => row.installed.push(model),
            None => {
                rows.push(Row { name: model.name.name().to_owned(), entry: None, installed: vec![model] });
            }
        }
    }
    rows
}

/// How its default file would be on this machine; None where nobody says what the machine has.
pub fn fits(entry: &Entry, machine: &Machine) -> Option<Choice> {
    fitting::judge(entry, entry.file(None)?, machine)
}

/// It fits, and answers soon enough.
fn is_of_use(choice: &Choice) -> bool {
    choice.plan.is_some() && choice.pace != Pace::TooSlow
}

fn print(
    terminal: &mut Terminal,
    rows: &[Row],
    store: &Store,
    settings: &Settings,
    machine: &Machine,
) -> anyhow::Result<()> {
    let catalogue = Catalogue::builtin();
    let longest = rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
    for (title, role) in
        [("Completion", Role::Completion), ("Questions", Role::Chat), ("Search by meaning", Role::Embedding)]
    {
        let of_role: Vec<&Row> = rows.iter().filter(|row| row.role() == role).collect();
        if of_role.is_empty() {
            continue;
        }
        terminal.heading(title)?;
        let best = fitting::recommended(machine, role);
        for row in of_role {
            let name = format!("  {:<longest$}  ", row.name);
            let facts = match row.entry {
                Some(entry) => {
                    let file = entry.file(None);
                    let bytes = file.map_or_else(String::new, |file| size(file.bytes));
                    let about = file.is_some_and(|file| !file.unconfirmed.is_empty());
                    let needs = format!("{} GiB", entry.memory_gib);
                    let licence = catalogue.licence(entry).map_or("", |licence| match licence.commercial {
                        CommercialUse::Yes => licence.title.as_str(),
                        CommercialUse::Conditions => "commercial use under conditions",
                        CommercialUse::No => "NOT for commercial use",
                    });
                    let about = if about { "≈" } else { " " };
                    format!("{about}{bytes:<7} from {needs:<7} {licence}")
                }
                None => format!(" {}", size(row.installed.iter().map(Installed::bytes).sum())),
            };
            let state = row.state(store, settings, machine, best);
            terminal.styled(&[(Style::Bold, &name), (Style::Plain, &facts), (state.0, &state.1)])?;
        }
    }
    if let Some(memory) = machine.total {
        terminal.line(format!(
            "\n≈ is worked out, not confirmed. `from` is the memory of a device that has room for it; this machine has {}.",
            size(memory)
        ))?;
    }
    terminal.line(format!("Installed models are in {}.", store.directory().display()))?;
    Ok(())
}

impl Row {
    fn role(&self) -> Role {
        let own = || self.installed.first().map_or(Role::Completion, |model| model.role);
        self.entry.map_or_else(own, |entry| entry.role)
    }

    fn state(&self, store: &Store, settings: &Settings, machine: &Machine, best: Option<&Entry>) -> (Style, String) {
        if self.installed.is_empty() {
            let choice = self.entry.and_then(|entry| fits(entry, machine));
            return match choice {
                Some(choice) if choice.plan.is_none() => (Style::Dim, "; too large for this machine".to_owned()),
                Some(choice) if choice.pace == Pace::TooSlow => (Style::Dim, "; too slow on this machine".to_owned()),
                Some(_) if best.is_some_and(|best| best.name == self.name) => {
                    (Style::Good, "; the best for this machine".to_owned())
                }
                _ => (Style::Plain, String::new()),
            };
        }
        let mut style = Style::Good;
        let mut parts = Vec::new();
        for model in &self.installed {
            let quantisation = model.quantisation().map(ToString::to_string).unwrap_or_default();
            let used = users(settings, store, model);
            let used = if used.is_empty() { String::new() } else { format!(", {}", used.join(" and ")) };
            match store.check(model) {
                Ok(()) => parts.push(format!("{quantisation}{used}")),
                Err(error) => {
                    style = Style::Bad;
                    parts.push(format!("{quantisation}{used}: {error}"));
                }
            }
        }
        (style, format!("; installed ({})", parts.join("; ")))
    }
}

fn row_json(row: &Row, store: &Store, settings: &Settings, machine: &Machine) -> Value {
    let installed: Vec<Value> = row.installed.iter().map(|model| installed_json(model, store, settings)).collect();
    let mut value = json!({"name": row.name, "role": row.role(), "installed": installed});
    let Some(entry) = row.entry else { return value };
    let licence = Catalogue::builtin().licence(entry);
    let files: Vec<Value> = entry
        .files
        .iter()
        .map(|file| {
            json!({
                "quantisation": file.quantisation, "repository": file.repository, "file": file.file,
                "bytes": file.bytes, "unconfirmed": file.unconfirmed,
            })
        })
        .collect();
    let choice = fits(entry, machine);
    let more = json!({
        "title": entry.title, "family": entry.family, "hasChat": entry.has_chat, "parameters": entry.parameters,
        "licence": entry.licence, "commercialUse": licence.map(|licence| licence.commercial),
        "memoryGib": entry.memory_gib, "fits": choice.as_ref().map(|choice| choice.plan.is_some()),
        "fitsBecause": choice.as_ref().map(|choice| &choice.reason),
        "isBest": fitting::recommended(machine, entry.role).map(|best| best.name == entry.name), "context": entry.shape.context,
        "default": entry.default, "files": files, "unconfirmed": entry.unconfirmed,
    });
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}

/// One installed model, as `list` and `info` print it.
pub fn installed_json(model: &Installed, store: &Store, settings: &Settings) -> Value {
    let files: Vec<Value> = model
        .files
        .iter()
        .map(|file| json!({"path": store.path(file), "bytes": file.bytes, "sha256": file.sha256}))
        .collect();
    json!({
        "name": model.name, "role": model.role, "bytes": model.bytes(), "from": model.origin.kind,
        "repository": model.origin.repository, "revision": model.origin.revision, "holding": model.holding,
        "when": model.when.to_string(), "files": files, "usedBy": users(settings, store, model),
        "problem": store.check(model).err().map(|error| error.to_string()),
    })
}
