//! `tandem model info`: everything that is known of one model, or of one file.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::list::installed_json;
use super::selection::users;
use super::store;
use crate::cli::Options;
use crate::cli::doctor::machine::size;
use crate::cli::fitting;
use crate::cli::terminal::{Style, Terminal, printable};
use crate::config::{KvType, Loader, Settings};
use crate::models::fit::Machine;
use crate::models::gguf::{self, Header};
use crate::models::import::{role_of, what_loss_means};
use crate::models::size::{Need, Shape, Usage, Weights, need};
use crate::models::store::free_space;
use crate::models::{Catalogue, CommercialUse, Entry, Installed, ModelName, Role, Store};

/// Contexts whose memory is shown, in tokens, as far as the model was trained on so many.
const CONTEXTS: [u32; 5] = [2_048, 8_192, 32_768, 131_072, 262_144];

/// Most tokens of one decode, as llama.cpp has it unless told otherwise.
const BATCH: u32 = 512;

/// Say everything that is known of a model, or of a GGUF file.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    #[arg(value_name = "NAME|FILE")]
    model: String,

    /// One JSON object on stdout; sizes in bytes
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    pub(in crate::cli) options: Options,
}

pub fn run(terminal: &mut Terminal, loader: &Loader, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Some(name) = ModelName::of(Path::new(&arguments.model)) else {
        let path = loader.environment().expand_home(&arguments.model);
        let header = gguf::read_whole(&path).map_err(|error| anyhow::anyhow!("{}: {error:#}", path.display()))?;
        file(terminal, &path, &header, arguments.json)?;
        return Ok(ExitCode::SUCCESS);
    };
    let store = store(loader);
    let installed = store.find(&name)?;
    let Some(entry) = Catalogue::builtin().entry(name.name()) else {
        if installed.is_empty() {
            // The sentence that everybody says who was asked for it.
            store.resolve(&name)?;
        }
        return own(terminal, loader, &store, &installed, arguments.json);
    };
    if let Some(wanted) =
        name.quantisation().filter(|wanted| entry.file(Some(wanted)).is_none() && installed.is_empty())
    {
        let there: Vec<&str> = entry.files.iter().map(|file| file.quantisation.as_str()).collect();
        anyhow::bail!("{} has no file {wanted}; it is to be had as {}", entry.name, there.join(", "));
    }
    let settings = loader.load(&[], None).user;
    if arguments.json {
        let value = entry_json(entry, &name, &installed, &store, &settings);
        terminal.line(serde_json::to_string_pretty(&value)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    known(terminal, entry, &name, &store, &fitting::machine(&settings.engine))?;
    for model in &installed {
        show_installed(terminal, model, &store, &settings)?;
    }
    if installed.is_empty() {
        terminal.line(format!("Not installed; `tandem model pull {name}` gets it."))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn known(
    terminal: &mut Terminal,
    entry: &Entry,
    name: &ModelName,
    store: &Store,
    machine: &Machine,
) -> anyhow::Result<()> {
    let shape = &entry.shape;
    terminal.heading(&format!("{} ({})", entry.title, entry.name))?;
    let mut made_for = match entry.role {
        Role::Completion => "completion",
        Role::Chat => "questions",
        Role::Embedding => "search by meaning",
    }
    .to_owned();
    if let Some(family) = &entry.family {
        made_for += &format!("; fills in the middle as {family} models do");
    }
    if entry.has_chat && entry.role == Role::Completion {
        made_for += "; answers questions, too";
    }
    terminal.entry("made for", made_for)?;
    terminal.entry("weights", format!("{} billion", entry.parameters))?;
    let heads =
        format!("{} heads, {} of them for keys and values, of {}", shape.heads, shape.kv_heads, shape.head_size);
    terminal
        .entry("shape", format!("{}: {} layers of {}; {heads}", shape.architecture, shape.layers, shape.embedding))?;
    if let Some(experts) = &shape.experts {
        terminal.entry("experts", format!("{} of {} for each token", experts.used, experts.count))?;
    }
    let window = shape.sliding_window.map_or_else(String::new, |window| format!(", of which layers see {window}"));
    terminal.entry("trained on", format!("{} tokens{window}; vocabulary of {}", shape.context, shape.vocabulary))?;
    if let Some(licence) = Catalogue::builtin().licence(entry) {
        let commercial = match licence.commercial {
            CommercialUse::Yes => "commercial use is allowed",
            CommercialUse::Conditions => "commercial use is allowed under conditions",
            CommercialUse::No => "commercial use is NOT allowed",
        };
        terminal.entry("licence", format!("{} ({}): {commercial}", licence.title, licence.id))?;
        if !licence.note.is_empty() {
            terminal.entry("", &licence.note)?;
        }
        terminal.entry("", &licence.url)?;
    }
    if !entry.note.is_empty() {
        terminal.entry("note", &entry.note)?;
    }
    for file in &entry.files {
        let about = if file.unconfirmed.iter().any(|field| field == "bytes") { "about " } else { "" };
        let mark = if file.quantisation == entry.default { " (what the name alone means)" } else { "" };
        terminal.entry(
            file.quantisation.as_str(),
            format!("{about}{}, {} of {}{mark}", size(file.bytes), file.file, file.repository),
        )?;
    }
    if let Some(file) = entry.file(name.quantisation()) {
        let sizes = Shape::from(shape);
        let weights = Weights::of_bytes(&sizes, file.bytes, shape.weights(), shape.tied_embeddings);
        memory(terminal, &sizes, &weights, file.quantisation.as_str())?;
        if let Ok(Some(free)) = free_space(store.directory()) {
            let enough = if free > file.bytes { "" } else { ": NOT enough for the file" };
            terminal.entry("disk", format!("{} free in {}{enough}", size(free), store.directory().display()))?;
        }
    }
    terminal.entry("device", format!("from {} GiB", entry.memory_gib))?;
    if let Some(choice) = entry.file(name.quantisation()).and_then(|file| fitting::judge(entry, file, machine)) {
        terminal.entry(if choice.plan.is_some() { "fits here" } else { "too large" }, &choice.reason)?;
        for sentence in &choice.lowered {
            terminal.entry("", sentence)?;
        }
    }
    let unconfirmed = entry.unconfirmed();
    if !unconfirmed.is_empty() {
        terminal.entry("unconfirmed", unconfirmed.join(", "))?;
    }
    Ok(())
}

/// Weights and what contexts take, without a GPU.
fn memory(terminal: &mut Terminal, shape: &Shape, weights: &Weights, name: &str) -> anyhow::Result<()> {
    for (context, need) in needs(shape, weights) {
        let (rows, kv) = (format!("{context} tokens"), size(need.kv()));
        terminal.entry(
            "memory",
            format!(
                "{} with {name} at {rows}: weights {}, keys and values {kv}, computing {}",
                size(need.total()),
                size(need.weights()),
                size(need.compute()),
            ),
        )?;
    }
    Ok(())
}

fn needs(shape: &Shape, weights: &Weights) -> Vec<(u32, Need)> {
    let most = if shape.context > 0 { shape.context } else { u32::MAX };
    let mut contexts: Vec<u32> = CONTEXTS.into_iter().filter(|context| *context <= most).collect();
    if contexts.is_empty() {
        contexts.push(most);
    }
    contexts
        .into_iter()
        .map(|cells| {
            let usage = Usage {
                cells,
                sequences: 1,
                is_shared: true,
                kv_type: KvType::F16,
                batch: BATCH,
                gpu_layers: 0,
                flash_attention: true,
            };
            (cells, need(shape, weights, &usage))
        })
        .collect()
}

fn memory_json(shape: &Shape, weights: &Weights) -> Vec<Value> {
    let one = |(context, need): (u32, Need)| json!({"context": context, "weights": need.weights(), "kv": need.kv(), "compute": need.compute()});
    needs(shape, weights).into_iter().map(one).collect()
}

fn show_installed(
    terminal: &mut Terminal,
    model: &Installed,
    store: &Store,
    settings: &Settings,
) -> anyhow::Result<()> {
    terminal.heading(&format!("Installed: {}", model.name))?;
    let from = [model.origin.repository.as_str(), model.origin.revision.as_str()];
    let from: Vec<String> = from.iter().filter(|part| !part.is_empty()).map(|part| printable(part)).collect();
    terminal.entry("from", format!("{}, {}", from.join(" at "), model.when))?;
    for file in &model.files {
        terminal.entry("file", store.path(file).display().to_string())?;
        terminal.entry("", format!("{}, SHA-256 {}", size(file.bytes), file.sha256))?;
    }
    terminal.entry("kept as", format!("{}: {}", model.holding, what_loss_means(model.holding)))?;
    let used = users(settings, store, model);
    if !used.is_empty() {
        terminal.entry("used by", used.join(" and "))?;
    }
    if let Err(error) = store.check(model) {
        terminal.styled(&[(Style::Bad, "  broken        "), (Style::Plain, &error.to_string())])?;
    }
    Ok(())
}

/// One that only the user has.
fn own(
    terminal: &mut Terminal,
    loader: &Loader,
    store: &Store,
    installed: &[Installed],
    is_json: bool,
) -> anyhow::Result<ExitCode> {
    let settings = loader.load(&[], None).user;
    if is_json {
        let models: Vec<Value> = installed.iter().map(|model| installed_json(model, store, &settings)).collect();
        terminal.line(serde_json::to_string_pretty(&json!({"installed": models}))?)?;
        return Ok(ExitCode::SUCCESS);
    }
    for model in installed {
        show_installed(terminal, model, store, &settings)?;
        if let Some(path) = model.files.first().map(|file| store.path(file))
            && let Ok(header) = gguf::read_whole(&path)
        {
            facts(terminal, &header)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn entry_json(entry: &Entry, name: &ModelName, installed: &[Installed], store: &Store, settings: &Settings) -> Value {
    let licence = Catalogue::builtin().licence(entry);
    let shape = &entry.shape;
    let sizes = Shape::from(shape);
    let file = entry.file(name.quantisation());
    let choice = file.and_then(|file| fitting::judge(entry, file, &fitting::machine(&settings.engine)));
    let memory = file.map(|file| {
        memory_json(&sizes, &Weights::of_bytes(&sizes, file.bytes, shape.weights(), shape.tied_embeddings))
    });
    let files: Vec<Value> = entry
        .files
        .iter()
        .map(|file| {
            json!({"quantisation": file.quantisation, "repository": file.repository, "file": file.file, "bytes": file.bytes})
        })
        .collect();
    json!({
        "name": entry.name, "title": entry.title, "role": entry.role, "family": entry.family, "hasChat": entry.has_chat,
        "parameters": entry.parameters, "licence": entry.licence,
        "commercialUse": licence.map(|licence| licence.commercial), "licenceUrl": licence.map(|licence| &licence.url),
        "memoryGib": entry.memory_gib, "fits": choice.as_ref().map(|choice| choice.plan.is_some()),
        "fitsBecause": choice.as_ref().map(|choice| &choice.reason),
        "lowered": choice.as_ref().map(|choice| &choice.lowered), "note": entry.note,
        "shape": {
            "architecture": shape.architecture, "layers": shape.layers, "heads": shape.heads, "kvHeads": shape.kv_heads,
            "headSize": shape.head_size, "embedding": shape.embedding, "feedForward": shape.feed_forward,
            "vocabulary": shape.vocabulary, "context": shape.context, "slidingWindow": shape.sliding_window,
        },
        "files": files, "memory": memory, "unconfirmed": entry.unconfirmed(),
        "installed": installed.iter().map(|model| installed_json(model, store, settings)).collect::<Vec<_>>(),
    })
}

/// What a file says of itself.
fn file(terminal: &mut Terminal, path: &Path, header: &Header, is_json: bool) -> anyhow::Result<()> {
    if is_json {
        let sizes = Shape::of(header);
        let memory = sizes.as_ref().map(|shape| memory_json(shape, &Weights::of(header)));
        let kinds: Vec<Value> =
            header.bytes_by_kind().into_iter().map(|(kind, bytes)| json!({"type": kind, "bytes": bytes})).collect();
        let value = json!({
            "path": path, "bytes": header.bytes, "role": role_of(header), "architecture": header.architecture(),
            "name": header.text("general.name"), "licence": header.text("general.license"),
            "parameters": header.parameters(), "tensors": header.tensors.len(), "types": kinds, "memory": memory,
            "context": header.own_number("context_length"), "vocabulary": header.vocabulary(),
            "hasChat": header.chat_template().is_some(),
        });
        terminal.line(serde_json::to_string_pretty(&value)?)?;
        return Ok(());
    }
    terminal.heading(&path.display().to_string())?;
    facts(terminal, header)
}

fn facts(terminal: &mut Terminal, header: &Header) -> anyhow::Result<()> {
    let text = |key: &str| header.text(key).map(printable).filter(|text| !text.is_empty());
    if let Some(name) = text("general.name") {
        terminal.entry("says it is", name)?;
    }
    terminal.entry("size", format!("{} in {} tensors", size(header.bytes), header.tensors.len()))?;
    terminal.entry(
        "weights",
        match header.parameters() {
            few @ ..1_000_000_000 => format!("{:.1} million", few as f64 / 1e6),
            many => format!("{:.2} billion", many as f64 / 1e9),
        },
    )?;
    let kinds: Vec<String> =
        header.bytes_by_kind().into_iter().map(|(kind, bytes)| format!("{kind} {}", size(bytes))).collect();
    terminal.entry("types", kinds.join(", "))?;
    let made_for = match role_of(header) {
        Role::Completion => "completion",
        Role::Chat => "questions; it has no marks for the middle",
        Role::Embedding => "search by meaning",
    };
    terminal.entry("made for", made_for)?;
    let template = if header.chat_template().is_some() { "; has a chat template" } else { "" };
    let context = header.own_number("context_length").map_or_else(|| "unknown".to_owned(), |length| length.to_string());
    terminal.entry(
        "shape",
        format!(
            "{}: {} layers, vocabulary of {}, trained on {context} tokens{template}",
            printable(header.architecture()),
            header.own_number("block_count").unwrap_or_default(),
            header.vocabulary(),
        ),
    )?;
    if let Some(licence) = text("general.license") {
        terminal.entry("licence", format!("{licence}, as the file says"))?;
    }
    match Shape::of(header) {
        Some(shape) => memory(terminal, &shape, &Weights::of(header), "it"),
        None => Ok(terminal.entry("memory", "the file does not say enough of its shape")?),
    }
}
