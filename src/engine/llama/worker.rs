//! The thread that owns the model: loads, tests itself, serves jobs until the inbox is closed. A panic fails one job,
//! not the engine.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use llama_cpp_2::model::LlamaModel;

use super::chat::Chats;
use super::decode::Decoder;
use super::draft::Pace;
use super::generate::Runner;
use super::queue::{Call, Inbox};
use super::vocabulary::LlamaVocabulary;
use super::{ModelConfig, Role, load, self_test};
use crate::engine::chat::ChatFinish;
use crate::engine::fim::{Fim, Vocabulary};
use crate::engine::prompt::{PromptBuilder, SplitRule};
use crate::engine::{EngineState, Finish, ModelInfo, StatusSender};

pub(super) fn run(config: &ModelConfig, inbox: &Arc<Inbox>, status: &StatusSender) {
    let served = catch_unwind(AssertUnwindSafe(|| serve(config, inbox, status)));
    let reason = match served {
        Ok(Ok(())) => return,
        Ok(Err(reason)) => reason,
        Err(_) => "the engine's thread failed unexpectedly; restart the server and report this with its log".to_owned(),
    };
    tracing::warn!("{reason}");
    // The state first: who sees a failed job asks the status for the reason.
    status.send_modify(|status| status.state = EngineState::Failed { reason: reason.clone() });
    inbox.close(&reason);
}

/// # Errors
/// A sentence for the user when the model cannot be used.
fn serve(config: &ModelConfig, inbox: &Arc<Inbox>, status: &StatusSender) -> Result<(), String> {
    let start = Instant::now();
    let path = load::locate(config)?;
    let progress = {
        let (inbox, status) = (inbox.clone(), status.clone());
        let mut shown = 0.0;
        move |progress: f32| {
            // Observers are told in steps of 2 %: llama.cpp calls once a tensor.
            if progress - shown >= 0.02 {
                shown = progress;
                status.send_modify(|status| status.state = EngineState::Loading { progress });
            }
            !inbox.is_closed()
        }
    };
    let (model, bytes) = load::model(&path, config, progress)?;
    let vocabulary = LlamaVocabulary::new(&model);
    let mut identity = load::identity(&model, &path);
    identity.tokens = vocabulary.metadata_tokens();
    let mut warnings = Vec::new();
    let mut info = ModelInfo {
        name: if identity.name.is_empty() { identity.file_stem.clone() } else { identity.name.clone() },
        path: Some(path.clone()),
        architecture: identity.architecture.clone(),
        parameters: model.n_params(),
        bytes,
        trained_context: model.n_ctx_train(),
        devices: load::devices(&model, config),
        ..ModelInfo::default()
    };
    let mut chats = Chats::new(&model, config, &vocabulary, config.role == Role::Chat);
    match chats.describe(&info.name) {
        Ok(chat) => info.chat = Some(chat),
        // It was named for nothing else.
        Err(why) if config.role == Role::Chat => return Err(why),
        Err(why) => info.chat_refusal = Some(why),
    }
    // A model for questions need not know how to fill holes, and takes no memory for that.
    let mut runner = match config.role {
        Role::Chat => None,
        Role::Complete => {
            let fim = Fim::resolve(&identity, &vocabulary).map_err(|error| error.to_string())?;
            let plan = load::plan(&model, &fim, config, &mut warnings);
            let context = load::context(&model, config, &plan)?;
            info.context = plan.window;
            info.fim = fim.describe();
            info.threads = plan.threads;
            info.kv_bytes = plan.kv_bytes;
            let can_cut = !model.is_recurrent() && !model.is_hybrid();
            let ends = ends(&vocabulary, &fim);
            let rule = SplitRule::for_vocabulary(&vocabulary);
            Some(Runner {
                decoder: Decoder::new(context, plan, can_cut, vocabulary.len()),
                builder: PromptBuilder::new(fim, rule, plan.window).with_healing(config.heal_tokens),
                pace: Pace::new(config.max_draft_tokens as usize),
                vocabulary: &vocabulary,
                ends,
            })
        }
    };
    if let Some(runner) = runner.as_mut().filter(|_| config.self_test) {
        let mut test = self_test::run(runner);
        test.warnings.splice(0..0, warnings);
        test.warnings.iter().for_each(|warning| tracing::warn!("{}: {warning}", info.name));
        info.self_test = Some(test);
    }
    info.load_ms = start.elapsed().as_millis() as u64;
    log_loaded(&model, &path, &info);
    status.send_modify(|status| {
        status.model = Some(info);
        status.state = EngineState::Ready;
    });
    work(inbox, runner.as_mut(), &mut chats);
    Ok(())
}

/// Serves jobs and conversations until the inbox is closed.
fn work(inbox: &Inbox, mut runner: Option<&mut Runner<'_>>, chats: &mut Chats<'_>) {
    const FAILED: &str = "the engine failed inside; the next request starts afresh";
    loop {
        match inbox.next(chats.is_answering(), chats.deadline()) {
            Call::Work(ticket) => {
                let sender = ticket.sender.clone();
                let Some(runner) = &mut runner else {
                    sender.finish(Finish::Failed("this model answers questions and completes nothing".to_owned()));
                    continue;
                };
                let ran = catch_unwind(AssertUnwindSafe(|| runner.run(ticket, &|| inbox.answer_cancelled())));
                if ran.is_err() {
                    runner.decoder.reset();
                    sender.finish(Finish::Failed(FAILED.to_owned()));
                }
            }
            Call::Chat(ticket) => {
                let sender = ticket.sender.clone();
                if catch_unwind(AssertUnwindSafe(|| chats.start(ticket))).is_err() {
                    chats.fail(FAILED);
                    sender.finish(ChatFinish::Failed(FAILED.to_owned()));
                }
            }
            Call::Step => {
                if catch_unwind(AssertUnwindSafe(|| chats.step())).is_err() {
                    chats.fail(FAILED);
                }
            }
            Call::Look => chats.rest(),
            Call::Closed => {
                return chats.fail(&inbox.closed_because().unwrap_or_default());
            }
        }
    }
}

/// Which tokens end a generation: what the vocabulary marks and what the family lists.
fn ends(vocabulary: &LlamaVocabulary<'_>, fim: &Fim) -> Vec<bool> {
    let mut ends: Vec<bool> = (0..vocabulary.len()).map(|token| vocabulary.is_special(token as i32)).collect();
    for stop in &fim.stops {
        if let Some(end) = ends.get_mut(*stop as usize) {
            *end = true;
        }
    }
    ends
}

fn log_loaded(model: &LlamaModel, path: &Path, info: &ModelInfo) {
    tracing::info!(
        path = %path.display(), parameters = model.n_params(), context = info.context, threads = info.threads,
        fim = %info.fim, load_ms = info.load_ms, "model loaded"
    );
}
