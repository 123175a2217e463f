//! The editor's settings: collected from wherever the client puts them, merged with the other layers, handed to the
//! session. Starts the engine that they ask for.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

mod overlay;

use super::client::{ClientHandle, Severity};
use crate::complete::Calibration;
use crate::config::{BudgetSettings, CloudSettings, EngineSettings, Loaded, Loader, Settings, WatchMode};
use crate::engine::Engine;
use crate::gate::typing::TypingRules;
use crate::index::{IndexOptions, Meaning};
use crate::observe;
use crate::privacy::Trust;
use crate::session::{IndexPlan, Session};

/// Makes the engine that the settings ask for; None for lookup alone. Must return at once: engines load in the background.
pub type EngineFactory = Arc<dyn Fn(&Settings) -> Option<Arc<dyn Engine>> + Send + Sync>;
/// Makes what folders are searched by meaning with, by the settings. Must not wait.
pub type MeaningFactory = Arc<dyn Fn(&Settings) -> Option<Meaning> + Send + Sync>;

/// Most problems shown at once; the rest is in the log.
const SHOWN_PROBLEMS: usize = 3;

pub struct EditorSettings {
    session: Arc<Session>,
    client: ClientHandle,
    loader: Loader,
    make_engine: Option<EngineFactory>,
    make_meaning: Option<MeaningFactory>,
    state: Mutex<State>,
}

/// What an engine depends on: its own settings, the tokens that its context must hold, and, where a server is asked, what may be
/// sent to it.
type EngineKey = (EngineSettings, [u32; 4], Option<Outgoing>, Option<Paying>);

#[derive(PartialEq)]
struct Outgoing {
    rules: TypingRules,
    certificates: Option<PathBuf>,
}

/// What a paid service depends on beside that: who it is, what it may cost, after what pause it is asked.
#[derive(PartialEq)]
struct Paying {
    rules: TypingRules,
    cloud: CloudSettings,
    budget: BudgetSettings,
    provider: String,
    model: String,
    debounce_ms: u64,
}

#[derive(Default)]
struct State {
    folders: Vec<PathBuf>,
    /// `initializationOptions`.
    options: Value,
    /// The newest answer to `workspace/configuration`, or what `didChangeConfiguration` brought.
    section: Value,
    /// What the user set for this server alone, in the place of `completion.eagerness`.
    eagerness: Option<Value>,
    /// The client's last word on whether it trusts the folders, but for its section; None where it has none.
    is_trusted: Option<bool>,
    /// What the running engine was made from; None before the first.
    engine: Option<EngineKey>,
    /// Indexes may begin: the client is initialized. Whether it tells of changed files when asked to.
    watches_files: Option<bool>,
    is_registered: bool,
    told: HashSet<String>,
}

impl State {
    /// What the client said, all together.
    fn editor(&self) -> Value {
        let mut editor = self.own();
        if let Some(eagerness) = &self.eagerness {
            overlay::set_eagerness(&mut editor, eagerness);
        }
        overlay::without_trust(editor)
    }

    /// The settings that the client has by itself.
    fn own(&self) -> Value {
        let mut editor = unwrapped(&self.options).clone();
        merge(&mut editor, unwrapped(&self.section));
        editor
    }

    /// Whether the client does not trust the folders.
    fn is_restricted(&self) -> bool {
        self.is_trusted == Some(false) || overlay::trust(&self.section) == Some(false)
    }
}

impl EditorSettings {
    pub fn new(
        session: Arc<Session>,
        client: ClientHandle,
        loader: Loader,
        make_engine: Option<EngineFactory>,
        make_meaning: Option<MeaningFactory>,
    ) -> Self {
        Self { session, client, loader, make_engine, make_meaning, state: Mutex::default() }
    }

    /// The user's word for folders.
    pub fn trust(&self) -> Trust {
        Trust::new(&self.loader.paths().state)
    }

    /// Where documents for the user are written.
    pub fn answers_directory(&self) -> PathBuf {
        self.loader.paths().answers_directory()
    }

    /// Takes what `initialize` brought. The engine waits for `start`.
    pub fn initialize(&self, folders: Vec<PathBuf>, options: Value) {
        let mut state = self.state();
        state.folders = folders;
        state.is_trusted = overlay::trust(&options);
        state.options = options;
        self.load(&mut state);
    }

    /// The client trusts the folders, or does not, from now on.
    pub fn set_trusted(&self, is_trusted: bool) {
        let mut state = self.state();
        state.is_trusted = Some(is_trusted);
        let settings = self.load(&mut state);
        // The first engine waits for `start`.
        if state.engine.is_some() {
            self.choose_engine(&mut state, &settings);
        }
        self.session.budget_changed();
    }

    /// How readily suggestions are shown by this server, until the editor's own setting changes; None takes it back. An error
    /// is a sentence.
    pub fn set_eagerness(&self, eagerness: Option<Value>) -> Result<(), String> {
        if let Some(eagerness) = &eagerness {
            overlay::check_eagerness(eagerness)?;
        }
        let mut state = self.state();
        state.eagerness = eagerness;
        self.load(&mut state);
        Ok(())
    }

    /// Takes the client's section (null changes nothing) and starts or replaces the engine.
    pub fn start(&self, section: Value) {
        let mut state = self.state();
        if !section.is_null() {
            let before = overlay::eagerness(&state.own());
            state.section = section;
            if overlay::eagerness(&state.own()) != before {
                state.eagerness = None;
            }
        }
        let settings = self.load(&mut state);
        self.index(&mut state, &settings);
        // Now there may be a folder to look at.
        self.session.budget_changed();
        self.choose_engine(&mut state, &settings);
    }

    /// Puts another engine in the place of one that was made from other settings.
    fn choose_engine(&self, state: &mut State, settings: &Settings) {
        let Some(make_engine) = &self.make_engine else { return };
        let key = engine_key(settings);
        if state.engine.as_ref() != Some(&key) {
            let directory = self.loader.paths().calibration_directory();
            self.session.set_calibration(Calibration::load(&directory, &settings.engine));
            self.session.set_model(make_engine(settings));
            state.engine = Some(key);
        }
    }

    /// Reads all files again, and takes over what is not as it was.
    pub fn renew(&self) {
        let loaded = self.read(&self.state());
        if loaded.settings != *self.session.settings() || loaded.user != *self.session.user_settings() {
            self.start(Value::Null);
        }
    }

    /// From now on the folders may be indexed. `watches_files`: the client tells of changed files when asked to.
    pub fn index_from_now_on(&self, watches_files: bool) {
        self.state().watches_files = Some(watches_files);
    }

    /// Opens, changes or ends the indexes as the settings say.
    fn index(&self, state: &mut State, settings: &Settings) {
        let Some(watches_files) = state.watches_files else { return };
        let asks_client = match settings.index.watch {
            WatchMode::Client => true,
            WatchMode::Auto => watches_files,
            WatchMode::Off | WatchMode::Server => false,
        };
        let watches = match settings.index.watch {
            WatchMode::Server => true,
            WatchMode::Auto => !watches_files,
            WatchMode::Off | WatchMode::Client => false,
        };
        let home = self.loader.environment().home();
        // Who opens an editor at home or at the root does not mean the whole disk.
        let is_project = |folder: &&PathBuf| folder.parent().is_some() && home.as_ref() != Some(*folder);
        let folders: Vec<PathBuf> = state.folders.iter().filter(is_project).cloned().collect();
        let options = IndexOptions::new(&settings.index, Some(self.loader.paths().index_directory()));
        let plan = IndexPlan { folders, options, watches };
        self.session.understand(self.make_meaning.as_ref().and_then(|make| make(settings)));
        self.session.set_indexes(settings.index.enabled.then_some(plan));
        if settings.index.enabled && asks_client && watches_files && !state.is_registered {
            self.client.register_for_files();
            state.is_registered = true;
        }
    }

    /// Merges all layers.
    fn read(&self, state: &State) -> Loaded {
        let mut loaded = self.loader.load(&state.folders, Some(&state.editor()));
        if state.is_restricted() {
            overlay::keep_here(&mut loaded.settings);
            overlay::keep_here(&mut loaded.user);
        }
        loaded
    }

    /// Merges all layers, configures the session, and tells the user of what was ignored, each problem once.
    fn load(&self, state: &mut State) -> Settings {
        let loaded = self.read(state);
        let log_problems = observe::apply(&loaded.settings.log, &self.loader.paths().log_file());
        let mut fresh = Vec::new();
        for problem in loaded.problems.iter().map(ToString::to_string).chain(log_problems) {
            if state.told.insert(problem.clone()) {
                tracing::warn!(problem, "a setting is ignored");
                fresh.push(problem);
            }
        }
        for problem in fresh.iter().take(SHOWN_PROBLEMS) {
            self.client.show(Severity::Warning, problem);
        }
        if fresh.len() > SHOWN_PROBLEMS {
            let more = fresh.len() - SHOWN_PROBLEMS;
            self.client.show(Severity::Warning, &format!("{more} more problems with the settings are in the log"));
        }
        // Before the settings, so that nobody is asked under new ones without it.
        self.session.restrict(state.is_restricted());
        self.session.configure_user(loaded.user);
        self.session.configure(loaded.settings.clone());
        loaded.settings
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn engine_key(settings: &Settings) -> EngineKey {
    let budget = &settings.completion;
    let tokens = [budget.prefix_tokens, budget.suffix_tokens, budget.snippet_tokens, budget.max_tokens];
    let asks = !settings.engine.server.url.trim().is_empty();
    let outgoing =
        asks.then(|| Outgoing { rules: TypingRules::of(settings), certificates: settings.cloud.ca_file.clone() });
    let paying = budget.cloud.then(|| Paying {
        rules: TypingRules::of(settings),
        cloud: settings.cloud.clone(),
        budget: settings.budget.clone(),
        provider: budget.cloud_provider.clone(),
        model: budget.cloud_model.clone(),
        debounce_ms: budget.cloud_debounce_ms,
    });
    (settings.engine.clone(), tokens, outgoing, paying)
}

/// Some clients send `{"tandem": {…}}`, some what is inside.
fn unwrapped(value: &Value) -> &Value {
    value.get("tandem").unwrap_or(value)
}

/// Puts `over` on top of `base`, object by object.
fn merge(base: &mut Value, over: &Value) {
    match (base, over) {
        (_, Value::Null) => {}
        (Value::Object(base), Value::Object(over)) => {
            for (name, value) in over {
                merge(base.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_section_stands_above_the_options() {
        let mut settings = json!({ "completion": { "maxLines": 3, "enabled": true }, "log": { "file": true } });
        merge(&mut settings, &json!({ "completion": { "maxLines": 5, "enabled": null } }));
        assert_eq!(settings, json!({ "completion": { "maxLines": 5, "enabled": true }, "log": { "file": true } }));
        merge(&mut settings, &Value::Null);
        assert!(settings.is_object());
        let mut nothing = Value::Null;
        merge(&mut nothing, &json!({ "a": { "b": 1 } }));
        assert_eq!(nothing, json!({ "a": { "b": 1 } }));
    }
}
