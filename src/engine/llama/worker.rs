//! The thread that owns the model: loads, tests itself, serves jobs until the inbox is closed, and puts the model away
//! while nobody needs it or the machine cannot spare it. A panic fails one job, not the engine.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use llama_cpp_2::model::LlamaModel;

use super::backend::collect;
use super::chat::Chats;
use super::decode::Decoder;
use super::draft::Pace;
use super::generate::Runner;
use super::queue::{Call, Inbox, Rouse, Ticket};
use super::vocabulary::LlamaVocabulary;
use super::{ModelConfig, fit, load, self_test};
use crate::engine::fim::{Fim, Vocabulary};
use crate::engine::host::Role;
use crate::engine::power::{Cause, Watch};
use crate::engine::prompt::{PromptBuilder, SplitRule};
use crate::engine::sleep::{Sleeper, Step};
use crate::engine::{EngineState, Finish, ModelInfo, SelfTest, StatusSender};

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
    let path = load::locate(config)?;
    let sleeper = Sleeper::new(config.life.rules.clone(), config.life.role, Instant::now());
    let mut worker = Worker {
        asked: config,
        config: config.clone(),
        path,
        inbox,
        status,
        watch: watch(config, inbox),
        sleeper,
        known: None,
        woken_at: None,
    };
    // A machine that cannot spare it is not given it first.
    let mut rests = match worker.sleeper.stance(&worker.watch.conditions()).sleep {
        Some(cause) => {
            worker.sleeper.put_away(Instant::now(), cause);
            true
        }
        None => false,
    };
    loop {
        if rests && !worker.rest() {
            return Ok(());
        }
        match worker.live() {
            Ok(None) => return Ok(()),
            Ok(Some(cause)) => worker.sleeper.put_away(Instant::now(), cause),
            // One that was loaded once is tried again: what it could not have now it had then.
            Err(reason) if worker.known.is_none() || inbox.is_closed() => return Err(reason),
            Err(reason) => {
                tracing::warn!("{reason}");
                worker.sleeper.failed(Instant::now(), reason);
            }
        }
        rests = true;
    }
}

fn watch(config: &ModelConfig, inbox: &Arc<Inbox>) -> Watch {
    let life = &config.life;
    if life.rules.need_no_watch() {
        return Watch::idle();
    }
    let (inbox, rules) = (inbox.clone(), life.rules.clone());
    Watch::start(life.machine.clone(), life.period, move |conditions| {
        // Guesses end now, not when the worker comes to look.
        inbox.set_quiet(crate::engine::power::Stance::of(conditions, &rules).no_background);
        inbox.nudge();
    })
}

/// What outlasts a sleep: the file was tried, and need not be again while it is the same.
struct Known {
    file: Option<(u64, SystemTime)>,
    self_test: Option<SelfTest>,
    /// None where it completes nothing.
    pace: Option<Pace>,
}

struct Worker<'a> {
    asked: &'a ModelConfig,
    /// What was asked for, made smaller where memory is short.
    config: ModelConfig,
    path: PathBuf,
    inbox: &'a Arc<Inbox>,
    status: &'a StatusSender,
    watch: Watch,
    sleeper: Sleeper,
    /// None before the first load.
    known: Option<Known>,
    /// When what woke the model came; None before the first sleep.
    woken_at: Option<Instant>,
}

impl Worker<'_> {
    /// Without a model, until somebody wants one and may have it. False when the inbox was closed.
    fn rest(&mut self) -> bool {
        give_back();
        loop {
            let resting = self.sleeper.resting(Instant::now(), &self.watch.conditions());
            let state = EngineState::Asleep { reason: resting.reason.clone(), wakes: resting.wakes };
            self.status.send_if_modified(|status| {
                status.rest.polite_because.clear();
                status.rest.threads = None;
                let changed = status.state != state;
                status.state = state;
                changed
            });
            let refusal = (!resting.wakes).then_some(resting.reason.as_str());
            match self.inbox.rest(resting.until, refusal) {
                Rouse::Wake => break,
                Rouse::Look => {}
                Rouse::Closed => return false,
            }
        }
        self.woken_at = Some(Instant::now());
        self.status.send_modify(|status| status.state = EngineState::Loading { progress: 0.0 });
        true
    }

    /// Loads the model and serves jobs, until the inbox is closed (None) or the model is to go. It is gone on return.
    ///
    /// # Errors
    /// A sentence for the user when the model cannot be used.
    fn live(&mut self) -> Result<Option<Cause>, String> {
        let start = Instant::now();
        let path = self.path.clone();
        let mut opened = fit::open(&path, self.asked, || self.progress())?;
        self.config = opened.config.clone();
        let config = opened.config.clone();
        let mut adapter = opened.adapter.take();
        let (model, bytes) = (&opened.model, opened.bytes);
        let vocabulary = LlamaVocabulary::new(model);
        let mut identity = load::identity(model, &path);
        identity.tokens = vocabulary.metadata_tokens();
        let mut warnings = Vec::new();
        let mut info = ModelInfo {
            name: if identity.name.is_empty() { identity.file_stem.clone() } else { identity.name.clone() },
            path: Some(path.clone()),
            architecture: identity.architecture.clone(),
            parameters: model.n_params(),
            bytes,
            trained_context: model.n_ctx_train(),
            devices: opened.devices(),
            lowered: opened.step.lowered.clone(),
            adapter: opened.adapter_info.clone(),
            ..ModelInfo::default()
        };
        let is_for_chat = config.life.role == Role::Chat;
        let mut chats = Chats::new(model, &config, &opened.shape, &vocabulary, is_for_chat);
        match chats.describe(&info.name) {
            Ok(chat) => info.chat = Some(chat),
            // It was named for nothing else.
            Err(why) if is_for_chat => return Err(why),
            Err(why) => info.chat_refusal = Some(why),
        }
        // A model for questions need not know how to fill holes, and takes no memory for that.
        let mut runner = match is_for_chat {
            true => None,
            false => {
                let fim = Fim::resolve(&identity, &vocabulary).map_err(|error| error.to_string())?;
                let kept = opened.plan(&fim, &mut warnings);
                let plan = load::context_plan(&kept, &config);
                let (context, said) = collect(|| load::context(model, &config, &plan));
                let mut context = context?;
                if let Some(adapter) = &mut adapter {
                    adapter.apply(&mut context)?;
                }
                info.context = plan.window;
                info.fim = fim.describe();
                info.threads = plan.threads;
                info.kv_bytes = plan.kv_bytes;
                info.plan = Some(kept);
                info.memory = opened.memory(&said);
                let can_cut = !model.is_recurrent() && !model.is_hybrid();
                let ends = ends(&vocabulary, &fim);
                let rule = SplitRule::for_vocabulary(&vocabulary);
                let mut decoder = Decoder::new(context, plan, can_cut, vocabulary.len());
                decoder.adapter = adapter;
                Some(Runner {
                    decoder,
                    builder: PromptBuilder::new(fim, rule, plan.window).with_healing(config.heal_tokens),
                    pace: Pace::new(config.max_draft_tokens as usize),
                    vocabulary: &vocabulary,
                    ends,
                })
            }
        };
        let file = stamp(&path);
        match (&mut runner, &self.known) {
            (Some(runner), Some(known)) if known.file == file => {
                known.pace.iter().for_each(|pace| runner.pace = pace.clone());
                info.self_test = known.self_test.clone();
            }
            (Some(runner), _) if config.self_test => {
                let mut test = self_test::run(runner);
                test.warnings.splice(0..0, warnings);
                test.warnings.iter().for_each(|warning| tracing::warn!("{}: {warning}", info.name));
                info.self_test = Some(test);
            }
            _ => {}
        }
        info.load_ms = start.elapsed().as_millis() as u64;
        log_loaded(model, &path, &info);
        self.sleeper.loaded(Instant::now());
        self.inbox.woken();
        let self_test = info.self_test.clone();
        self.status.send_modify(|status| {
            if let Some(woken_at) = self.woken_at {
                status.rest.wakes += u32::from(status.rest.sleeps > 0);
                status.rest.wake_ms = Some(woken_at.elapsed().as_millis() as u64);
            }
            status.model = Some(info);
            status.state = EngineState::Ready;
        });
        let ended = self.jobs(model, runner.as_mut(), &mut chats);
        let pace = runner.map(|runner| runner.pace);
        self.known = Some(Known { file, self_test, pace });
        ended
    }

    fn progress(&self) -> impl FnMut(f32) -> bool + 'static {
        let (inbox, status) = (self.inbox.clone(), self.status.clone());
        let mut shown = 0.0;
        move |progress: f32| {
            // Observers are told in steps of 2 %: llama.cpp calls once a tensor.
            if progress - shown >= 0.02 {
                shown = progress;
                status.send_modify(|status| status.state = EngineState::Loading { progress });
            }
            !inbox.is_closed()
        }
    }

    /// Serves jobs and conversations. See `live`.
    fn jobs<'m>(
        &mut self,
        model: &'m LlamaModel,
        mut runner: Option<&mut Runner<'m>>,
        chats: &mut Chats<'m>,
    ) -> Result<Option<Cause>, String> {
        let mut until = Some(Instant::now());
        let mut is_step = false;
        loop {
            // Only between two answers does anything else change.
            if !std::mem::take(&mut is_step)
                && let Err(reason) = self.adapt(model, runner.as_deref_mut(), chats)
            {
                chats.fail(&reason);
                return Err(reason);
            }
            let soonest = until.into_iter().chain(chats.deadline()).min();
            match self.inbox.next(chats.is_answering(), soonest) {
                Call::Closed => {
                    chats.fail(&self.inbox.closed_because().unwrap_or_default());
                    return Ok(None);
                }
                Call::Work(ticket) => {
                    self.job(runner.as_deref_mut(), ticket);
                    self.sleeper.worked(Instant::now());
                    until = Some(Instant::now());
                }
                Call::Chat(ticket) => self.chat(chats, |chats| chats.start(ticket)),
                Call::Step => {
                    self.chat(chats, |chats| chats.step());
                    self.sleeper.worked(Instant::now());
                    until = Some(Instant::now());
                    is_step = true;
                }
                Call::Look => {
                    chats.rest();
                    let conditions = self.watch.conditions();
                    let others = conditions.pressure.is_some() && self.config.life.others_are_there();
                    match self.sleeper.idle(Instant::now(), &conditions, others) {
                        Step::Stay { until: next } => until = next,
                        Step::Sleep(cause) => {
                            tracing::info!(?cause, "the model is put away");
                            self.status.send_modify(|status| {
                                status.rest.sleeps += 1;
                                status.rest.last_reason = Some(self.sleeper.why(cause, &conditions));
                            });
                            return Ok(Some(cause));
                        }
                    }
                }
            }
        }
    }

    /// Whoever hears the answer is told of its end, whatever happens.
    fn chat(&self, chats: &mut Chats<'_>, work: impl FnOnce(&mut Chats<'_>)) {
        if catch_unwind(AssertUnwindSafe(|| work(chats))).is_err() {
            chats.fail("the engine failed inside; the next question starts afresh");
        }
    }

    fn job(&self, runner: Option<&mut Runner<'_>>, ticket: Ticket) {
        let sender = ticket.sender.clone();
        let Some(runner) = runner else {
            return sender.finish(Finish::Failed("this model answers questions and completes nothing".to_owned()));
        };
        let ran = catch_unwind(AssertUnwindSafe(|| runner.run(ticket, &|| self.inbox.answer_cancelled())));
        if ran.is_err() {
            runner.decoder.reset();
            sender.finish(Finish::Failed("the engine failed inside; the next request starts afresh".to_owned()));
        }
    }

    /// As many threads as the machine can bear and politeness leaves; said in the status.
    fn adapt<'m>(
        &self,
        model: &'m LlamaModel,
        runner: Option<&mut Runner<'m>>,
        chats: &mut Chats<'m>,
    ) -> Result<(), String> {
        let stance = self.sleeper.stance(&self.watch.conditions());
        let mut because = stance.because;
        let polite = |most: u32| if stance.half_threads { most.div_ceil(2) } else { most };
        let busy = |threads: u32, most: u32| {
            format!("the machine is busy: {threads} of {most} threads compute, as more were slower (engine.threads)")
        };
        let threads = match runner {
            Some(runner) => {
                let decoder = &mut runner.decoder;
                if decoder.computes_on_threads() {
                    let most = decoder.threads.most();
                    let threads = decoder.threads.wanted(Instant::now(), polite(most));
                    if threads != decoder.plan.threads {
                        tracing::info!(threads, "the model computes with another number of threads");
                        decoder.set_threads(threads, |plan| load::context(model, &self.config, plan))?;
                    }
                    if decoder.threads.is_lowered() {
                        because.push(busy(threads, most));
                    }
                }
                decoder.plan.threads
            }
            // A model for questions alone.
            None => {
                let most = load::threads(&self.config);
                if let Some(threads) = chats.lowered() {
                    because.push(busy(threads, most));
                }
                chats.lowered().unwrap_or(most).min(polite(most))
            }
        };
        // An answer begins with it, and keeps it to its end.
        chats.threads = threads;
        let threads = Some(threads);
        self.status.send_if_modified(|status| {
            let changed = (status.rest.threads, &status.rest.polite_because) != (threads, &because);
            (status.rest.threads, status.rest.polite_because) = (threads, because);
            changed
        });
        Ok(())
    }
}

/// What was freed goes to the system. The C library otherwise keeps blocks of up to 32 MB for the next time: a small model's
/// whole cache.
fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it takes a number, touches nothing but free memory, and may be called from any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Length and time of a file, to know it again.
fn stamp(path: &Path) -> Option<(u64, SystemTime)> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.len(), found.modified().ok()?))
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

#[cfg(test)]
mod tests;
