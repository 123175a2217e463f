//! A look at a server: what it is, which of its models is used, and how that is asked. Done when it is first reached, and again after
//! each time it was lost.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::chat::HOLE;
use super::client::{Client, Reply};
use super::failure::{Class, Place, Trouble};
use super::recognise::{self, Answers, PATHS};
use super::ways::{Knowledge, Way, ladder};
use super::{HttpConfig, Listed, ServerKind, tokenize};
use crate::engine::ModelInfo;
use crate::engine::fim::{Guard, TextFim};

/// Context that is counted on where a server does not tell, in tokens.
const USUAL_CONTEXT: u32 = 4096;
/// The services with a fill-in-the-middle interface have 32 Ki and more; prompts that long would only cost.
const SERVICE_CONTEXT: u32 = 16 << 10;
/// Names that a sentence lists.
const MOST_NAMES: usize = 8;

/// A server that was looked at.
#[derive(Debug)]
pub struct Known {
    pub kind: ServerKind,
    /// As requests name it.
    pub model: Listed,
    pub models: Vec<Listed>,
    pub fim: Option<TextFim>,
    /// Tokens that prompt and answer have together.
    pub context: u32,
    pub trained_context: u32,
    /// Jobs that it works on side by side, where it tells.
    pub slots: Option<u32>,
    /// It counts tokens.
    pub counts: bool,
    /// Sentences for the self-test's list.
    pub warnings: Vec<String>,
    ways: Vec<Way>,
    way: AtomicUsize,
    /// It takes a wish for probabilities.
    scores: AtomicBool,
}

impl Known {
    pub fn way(&self) -> Way {
        let at = self.way.load(Ordering::Relaxed);
        self.ways.get(at).or(self.ways.last()).copied().unwrap_or(Way::Chat)
    }

    /// This way is not to be had: the next one from now on. False: there is none, or somebody else has gone on already to it.
    pub fn leave(&self, way: Way) -> bool {
        let at = self.way.load(Ordering::Relaxed);
        if self.ways.get(at) != Some(&way) {
            return true;
        }
        let has_next = at + 1 < self.ways.len();
        if has_next {
            let _ = self.way.compare_exchange(at, at + 1, Ordering::Relaxed, Ordering::Relaxed);
        }
        has_next
    }

    /// Back to the best, where none filled a hole.
    pub fn start_over(&self) {
        self.way.store(0, Ordering::Relaxed);
    }

    pub fn has_scores(&self) -> bool {
        self.scores.load(Ordering::Relaxed)
    }

    /// It refuses to tell probabilities. Whether that is news.
    pub fn forget_scores(&self) -> bool {
        self.scores.swap(false, Ordering::Relaxed)
    }

    /// Keeps special tokens out of the user's text. llama-server reads none in most of what `/infill` is given, but does in the
    /// cursor's line.
    pub fn guard(&self) -> Guard {
        match (self.way(), self.fim) {
            (way, Some(fim)) if way.is_raw() => fim.guard(),
            // The mark is there once.
            (Way::Chat, _) => Guard::of_any_family().removing(HOLE),
            _ => Guard::of_any_family(),
        }
    }

    /// Special spellings that an answer ends before.
    pub fn spellings(&self) -> Vec<&'static str> {
        match (self.way(), self.fim) {
            (way, Some(fim)) if way.is_raw() => fim.spellings(),
            _ => TextFim::every_spelling(),
        }
    }

    pub fn describe(&self) -> String {
        let family = match (self.way(), self.fim) {
            (Way::Infill | Way::GenerateSuffix | Way::MistralFim | Way::DeepSeekFim | Way::Segments, _) => {
                "the server's"
            }
            (Way::Chat, _) => "none",
            (_, Some(fim)) => fim.family(),
            (_, None) => "the server's",
        };
        format!("{family} ({})", self.way().title())
    }

    pub fn info(&self) -> ModelInfo {
        ModelInfo {
            name: self.model.name.clone(),
            parameters: self.model.parameters.or_else(|| recognise::parameters_of_name(&self.model.name)).unwrap_or(0),
            bytes: self.model.bytes.unwrap_or(0),
            context: self.context,
            trained_context: self.trained_context,
            fim: self.describe(),
            ..ModelInfo::default()
        }
    }
}

/// Asks the server what it is and has.
pub async fn look(client: &Client, config: &HttpConfig) -> Result<Known, Trouble> {
    let kind = match config.kind {
        ServerKind::Auto => find_out(client).await?,
        kind => kind,
    };
    let mut found = Found::default();
    match kind {
        ServerKind::LlamaServer => llama_server(client, &mut found).await?,
        ServerKind::Ollama => ollama(client, &mut found).await?,
        ServerKind::LmStudio => lm_studio(client, &mut found).await?,
        ServerKind::Tabby => tabby(client, &mut found).await?,
        _ => listed(client, kind, config, &mut found).await?,
    }
    let place = client.place(kind);
    let (model, warning) = choose(place, &found.models, config.model.as_deref(), kind)?;
    found.warnings.extend(warning);
    let fim = TextFim::named(&model.name);
    let mut knowledge = Knowledge { family: fim.is_some(), ..Knowledge::default() };
    let mut counts = false;
    let mut trained = found.trained;
    if let (ServerKind::LlamaServer | ServerKind::Vllm, fim) = (kind, fim) {
        (counts, knowledge.markers) = markers(client, kind, &model.name, fim).await;
    }
    if kind == ServerKind::Ollama {
        let (insert, context) = show(client, &model.name).await?;
        knowledge.insert = insert;
        trained = context;
    }
    if client.address.is_plain() {
        found.warnings.push(format!(
            "the way to {} is plain http: who is on it can read code; use https where you can",
            client.address.host()
        ));
    }
    Ok(Known {
        kind,
        context: context(kind, &model, trained, config, fim),
        trained_context: trained.unwrap_or(0),
        model,
        models: found.models,
        fim,
        slots: found.slots,
        counts,
        warnings: found.warnings,
        ways: ladder(kind, knowledge),
        way: AtomicUsize::new(0),
        scores: AtomicBool::new(true),
    })
}

/// What the kinds have in common, before a model is chosen.
#[derive(Default)]
struct Found {
    models: Vec<Listed>,
    trained: Option<u32>,
    slots: Option<u32>,
    warnings: Vec<String>,
}

/// Answers to the questions that tell kinds apart, asked side by side. An error is that of a server that nobody answers at.
pub async fn answers(client: &Client) -> Result<(Answers, Option<Trouble>), Trouble> {
    let kind = ServerKind::Auto;
    let asked = PATHS.map(|path| client.get(kind, path));
    let replies = futures_util::future::join_all(asked).await;
    if let Some(Err(trouble)) = replies.iter().find(|reply| reply.is_err())
        && replies.iter().all(Result::is_err)
    {
        return Err(trouble.clone());
    }
    let place = client.place(kind);
    // A server that wants a key says so at its list of models.
    let refusal = replies.iter().zip(PATHS).find_map(|(reply, path)| {
        let reply = reply.as_ref().ok().filter(|reply| matches!(reply.status, 401 | 403 | 301..=308))?;
        (path == "/v1/models").then(|| reply.trouble(place, path))
    });
    let json = |at: usize, is_good: bool| {
        let reply = replies.get(at).and_then(|reply| reply.as_ref().ok())?;
        reply.json.clone().filter(|_| reply.is_good() == is_good)
    };
    let good = |at: usize| json(at, true);
    let answers = Answers {
        version: good(0),
        props: good(1),
        models: good(2),
        studio: good(3),
        health: good(4),
        loading: json(1, false),
    };
    Ok((answers, refusal))
}

async fn find_out(client: &Client) -> Result<ServerKind, Trouble> {
    let (answers, refusal) = answers(client).await?;
    if let Some((kind, _)) = recognise::recognise(&answers) {
        return Ok(kind);
    }
    Err(refusal.unwrap_or_else(|| {
        let address = client.address.text();
        let sentence = format!(
            "what answers at {address} is none of the servers that are known: correct `engine.server.url`, or say what it is in \
             `engine.server.kind` (`openai` for any with /v1/completions, `openai-chat` for any with /v1/chat/completions)"
        );
        Trouble::new(Class::Other, sentence)
    }))
}

/// The JSON of a path that has to be there.
async fn need(client: &Client, kind: ServerKind, path: &str) -> Result<Value, Trouble> {
    json_of(client, kind, path, &client.get(kind, path).await?)
}

fn json_of(client: &Client, kind: ServerKind, path: &str, reply: &Reply) -> Result<Value, Trouble> {
    match &reply.json {
        Some(json) if reply.is_good() => Ok(json.clone()),
        _ if reply.is_good() => {
            let place = client.place(kind);
            let sentence =
                format!("{place} answers {path} with something that is not JSON: is `engine.server.url` right?");
            Err(Trouble::new(Class::Other, sentence))
        }
        _ => Err(reply.trouble(client.place(kind), path)),
    }
}

async fn llama_server(client: &Client, found: &mut Found) -> Result<(), Trouble> {
    let kind = ServerKind::LlamaServer;
    need(client, kind, "/health").await?;
    let props = need(client, kind, "/props").await?;
    let listed = need(client, kind, "/v1/models").await?;
    found.models = recognise::openai_models(&listed);
    let number = |value: &Value| value.as_u64().and_then(|number| u32::try_from(number).ok());
    found.trained = number(&listed["data"][0]["meta"]["n_ctx_train"]);
    found.slots = number(&props["total_slots"]);
    let list = listed["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    // The alias is what the user called it; the file's name says more of its family.
    if let (Some(model), Some(path), [_]) = (found.models.first_mut(), props["model_path"].as_str(), list)
        && TextFim::named(&model.name).is_none()
        && TextFim::named(path).is_some()
    {
        model.name = path.to_owned();
    }
    let own = number(&props["default_generation_settings"]["n_ctx"]);
    for model in &mut found.models {
        model.context = own.or(model.context);
        model.is_loaded = Some(true);
    }
    Ok(())
}

async fn ollama(client: &Client, found: &mut Found) -> Result<(), Trouble> {
    let kind = ServerKind::Ollama;
    let tags = need(client, kind, "/api/tags").await?;
    let loaded = client.get(kind, "/api/ps").await.ok().and_then(|reply| reply.json);
    found.models = recognise::ollama_models(&tags, loaded.as_ref());
    Ok(())
}

async fn show(client: &Client, model: &str) -> Result<(Option<bool>, Option<u32>), Trouble> {
    let reply = client.post(ServerKind::Ollama, "/api/show", &json!({ "model": model })).await?;
    Ok(reply.json.as_ref().filter(|_| reply.is_good()).map_or((None, None), recognise::ollama_show))
}

async fn lm_studio(client: &Client, found: &mut Found) -> Result<(), Trouble> {
    let kind = ServerKind::LmStudio;
    let own = client.get(kind, "/api/v0/models").await?;
    found.models = match own.json.filter(|json| own.status == 200 && json["data"].is_array()) {
        Some(json) => recognise::studio_models(&json),
        None => recognise::openai_models(&need(client, kind, "/v1/models").await?),
    };
    Ok(())
}

/// Tabby has one model for completions, and requests do not name it.
async fn tabby(client: &Client, found: &mut Found) -> Result<(), Trouble> {
    let health = need(client, ServerKind::Tabby, "/v1/health").await?;
    let name = health["model"].as_str().unwrap_or("its model").to_owned();
    found.models = vec![Listed { name, is_loaded: Some(true), ..Listed::default() }];
    Ok(())
}

/// Servers with OpenAI's list of models. One that has none can be used all the same where the user names the model.
async fn listed(client: &Client, kind: ServerKind, config: &HttpConfig, found: &mut Found) -> Result<(), Trouble> {
    let path = if kind == ServerKind::DeepSeek { "/models" } else { "/v1/models" };
    let reply = client.get(kind, path).await?;
    if config.model.is_some() && matches!(reply.status, 404 | 405 | 501) {
        return Ok(());
    }
    found.models = recognise::openai_models(&json_of(client, kind, path, &reply)?);
    Ok(())
}

/// Whether the server counts tokens, and whether the family's markers are tokens of its vocabulary.
async fn markers(client: &Client, kind: ServerKind, model: &str, fim: Option<TextFim>) -> (bool, Option<bool>) {
    let ask = async |text: &str| {
        let question = tokenize::question(kind, model, text, true)?;
        let reply = client.post(kind, tokenize::PATH, &question).await.ok()?;
        reply.json.as_ref().filter(|_| reply.is_good()).and_then(tokenize::count)
    };
    let Some(fim) = fim else { return (ask("a").await.is_some(), None) };
    let spellings = fim.markers();
    match ask(&spellings.concat()).await {
        Some(count) => (true, Some(count == spellings.len())),
        None => (false, None),
    }
}

/// The models that write, as a list in a sentence.
pub fn names(models: &[Listed]) -> String {
    let mut names: Vec<&str> = models.iter().filter(|model| !model.is_other).map(|model| model.name.as_str()).collect();
    let more = names.len().saturating_sub(MOST_NAMES);
    names.truncate(MOST_NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names.join(", "))
}

/// The model to use, and a sentence where that was a guess.
pub fn choose(
    place: Place<'_>,
    models: &[Listed],
    wanted: Option<&str>,
    kind: ServerKind,
) -> Result<(Listed, Option<String>), Trouble> {
    let wanted = wanted.map(str::trim).filter(|wanted| !wanted.is_empty());
    if let Some(wanted) = wanted {
        let is_it = |model: &&Listed| {
            let same = |name: &str| name.eq_ignore_ascii_case(wanted);
            let base = model.name.rsplit('/').next().unwrap_or_default();
            same(&model.name)
                || model.name.strip_suffix(":latest").is_some_and(same)
                || same(base)
                || base.strip_suffix(".gguf").is_some_and(same)
        };
        if let Some(model) = models.iter().find(|model| model.name == wanted).or_else(|| models.iter().find(is_it)) {
            return Ok((model.clone(), None));
        }
        // llama-server and Tabby have one and use it whatever it is called.
        if let (ServerKind::LlamaServer | ServerKind::Tabby, [only]) = (kind, models) {
            return Ok((only.clone(), None));
        }
        if models.is_empty() || matches!(kind, ServerKind::Mistral | ServerKind::DeepSeek) {
            return Ok((Listed { name: wanted.to_owned(), ..Listed::default() }, None));
        }
        let way = match kind {
            ServerKind::Ollama => format!("fetch it with `ollama pull {wanted}`, or "),
            _ => String::new(),
        };
        let sentence = format!(
            "{place} has no model {wanted}: {way}name one of these in `engine.server.model`: {}",
            names(models)
        );
        return Err(Trouble::new(Class::Model, sentence));
    }
    let writers: Vec<&Listed> = models.iter().filter(|model| !model.is_other).collect();
    let rank = |model: &&&Listed| (TextFim::named(&model.name).is_some(), model.is_loaded == Some(true));
    let usual = match kind {
        ServerKind::Mistral => Some("codestral-latest"),
        ServerKind::DeepSeek => Some("deepseek-v4-flash"),
        _ => None,
    };
    if let Some(usual) = usual {
        let listed = models.iter().find(|model| model.name == usual).cloned();
        return Ok((listed.unwrap_or_else(|| Listed { name: usual.to_owned(), ..Listed::default() }), None));
    }
    match writers.as_slice() {
        [] => {
            let way = match kind {
                ServerKind::Ollama => "fetch one with `ollama pull qwen2.5-coder:1.5b-base`",
                ServerKind::LmStudio => "load one, for example Qwen2.5-Coder",
                _ => "name it in `engine.server.model`",
            };
            Err(Trouble::new(Class::Model, format!("{place} lists no model that writes: {way}")))
        }
        [only] => Ok(((*only).clone(), None)),
        several => {
            // The first of the best: a code model, and one that is in memory before one that would push it out.
            let best = several.iter().rev().max_by_key(rank).map(|model| (**model).clone()).unwrap_or_default();
            let warning = format!(
                "{place} has several models and {} was taken: name the one that you want in `engine.server.model` ({})",
                best.name,
                names(models)
            );
            Ok((best, Some(warning)))
        }
    }
}

fn context(kind: ServerKind, model: &Listed, trained: Option<u32>, config: &HttpConfig, fim: Option<TextFim>) -> u32 {
    let asked = if config.context_tokens == 0 { USUAL_CONTEXT } else { config.context_tokens };
    let own = match kind {
        // It makes as much room as it is asked for.
        ServerKind::Ollama => asked.min(trained.unwrap_or(asked)),
        ServerKind::Mistral | ServerKind::DeepSeek => SERVICE_CONTEXT,
        _ => model.context.unwrap_or(USUAL_CONTEXT),
    };
    let own = fim.and_then(|fim| fim.prompt_limit()).map_or(own, |limit| own.min(limit));
    own.max(64)
}

#[cfg(test)]
mod tests {
    use super::super::Address;
    use super::*;

    fn listed(names: &[&str]) -> Vec<Listed> {
        names.iter().map(|name| Listed { name: (*name).to_owned(), ..Listed::default() }).collect()
    }

    fn chosen(kind: ServerKind, models: &[Listed], wanted: Option<&str>) -> Result<(String, bool), String> {
        let address = Address::parse("http://localhost:1", false).expect("an address");
        choose(Place { kind, address: &address }, models, wanted, kind)
            .map(|(model, warning)| (model.name, warning.is_some()))
            .map_err(|trouble| trouble.sentence)
    }

    #[test]
    fn a_model_is_found_however_it_is_written() {
        let models = listed(&["qwen2.5-coder:latest", "Qwen/Qwen2.5-Coder-7B", "/models/starter.gguf"]);
        for (wanted, name) in [
            ("qwen2.5-coder", "qwen2.5-coder:latest"),
            ("qwen2.5-coder-7b", "Qwen/Qwen2.5-Coder-7B"),
            ("starter", "/models/starter.gguf"),
        ] {
            assert_eq!(chosen(ServerKind::Ollama, &models, Some(wanted)), Ok((name.to_owned(), false)));
        }
    }

    #[test]
    fn an_unknown_model_is_answered_with_those_there_are() {
        let error = chosen(ServerKind::Ollama, &listed(&["a", "b"]), Some("c")).expect_err("unknown");
        assert!(
            error.contains("no model c") && error.contains("`ollama pull c`") && error.ends_with("a, b"),
            "{error}"
        );
        let many: Vec<String> = (0..30).map(|number| format!("m{number}")).collect();
        let many = listed(&many.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(chosen(ServerKind::Vllm, &many, Some("c")).is_err_and(|error| error.ends_with("and 22 more")));
        assert_eq!(chosen(ServerKind::OpenAi, &[], Some("c")), Ok(("c".to_owned(), false)), "it lists none");
        assert_eq!(chosen(ServerKind::LlamaServer, &listed(&["m.gguf"]), Some("c")), Ok(("m.gguf".to_owned(), false)));
    }

    #[test]
    fn without_a_name_a_code_model_is_taken_and_said_so() {
        let mut models = listed(&["llama3.1:8b", "starcoder2:3b", "qwen2.5-coder:1.5b", "nomic-embed-text"]);
        models[3].is_other = true;
        assert_eq!(chosen(ServerKind::Ollama, &models, None), Ok(("starcoder2:3b".to_owned(), true)));
        models[2].is_loaded = Some(true);
        assert_eq!(
            chosen(ServerKind::Ollama, &models, None),
            Ok(("qwen2.5-coder:1.5b".to_owned(), true)),
            "it is in memory"
        );
        assert!(chosen(ServerKind::Ollama, &models[3..], None).is_err_and(|error| error.contains("ollama pull")));
        assert_eq!(chosen(ServerKind::Mistral, &[], None), Ok(("codestral-latest".to_owned(), false)));
    }
}
