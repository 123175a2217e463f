//! Finds the layers, reads the files, and puts all together.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::paths::lies_in;
use super::regular::read_small;
use super::{Environment, Layer, Origin, Paths, Problem, Settings, is_model_name};

/// Longest configuration file that is read, in bytes. A longer one is not a configuration file.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The file in a workspace folder that may tighten settings.
const WORKSPACE_FILE: &str = ".tandem.toml";

/// Settings, where they came from, and what was ignored on the way.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    pub settings: Settings,
    /// The settings of the user alone: without the editor's and the workspace's, which may come from the folder. What opens
    /// the cloud, as a monthly limit, must stand in these.
    pub user: Settings,
    pub problems: Vec<Problem>,
    /// The files that were read, in the order of their layers.
    pub files: Vec<PathBuf>,
}

/// Reads settings as often as they change. What does not change while the process runs is kept in it.
#[derive(Clone, Debug)]
pub struct Loader {
    environment: Environment,
    paths: Paths,
    command_line: Value,
    defaults: Value,
}

impl Default for Loader {
    fn default() -> Self {
        Self::new(Environment::of_process(), Value::Null)
    }
}

impl Loader {
    /// `command_line` is an object like the editor's settings; it stands above everything.
    pub fn new(environment: Environment, command_line: Value) -> Self {
        let paths = Paths::of(&environment);
        Self { environment, paths, command_line, defaults: Value::Null }
    }

    /// Other defaults, below every other layer: a one-shot command wants the model in its own process.
    pub fn with_defaults(self, defaults: Value) -> Self {
        Self { defaults, ..self }
    }

    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// Reads the files of the user and of `folders` (workspace folders) and merges them with `editor`: the client's
    /// `initializationOptions` or its `tandem` section, with or without the name `tandem` around it.
    ///
    /// Reads small files and nothing else; takes well under a millisecond.
    pub fn load(&self, folders: &[PathBuf], editor: Option<&Value>) -> Loaded {
        let mut loaded = Loaded::default();
        let mut layers = Vec::new();
        if self.defaults.is_object() {
            layers.push(Layer { origin: Origin::Machine, values: self.defaults.clone() });
        }
        if self.environment.is_ci() {
            layers.push(Layer { origin: Origin::Machine, values: serde_json::json!({"engine.threads": 1}) });
        }
        let user_file = self.paths.user_file(&self.environment);
        let named = self.environment.get("TANDEM_CONFIG").is_some();
        read_layer(&user_file, Origin::UserFile(user_file.clone()), named, &mut layers, &mut loaded);
        if let Some(values) = editor.map(section) {
            match values {
                Value::Object(_) => layers.push(Layer { origin: Origin::Editor, values: values.clone() }),
                Value::Null => {}
                _ => loaded.problems.push(Problem {
                    origin: Origin::Editor,
                    key: String::new(),
                    message: "the settings are not an object".to_owned(),
                }),
            }
        }
        for folder in folders {
            let file = folder.join(WORKSPACE_FILE);
            read_layer(&file, Origin::WorkspaceFile(file.clone()), false, &mut layers, &mut loaded);
        }
        let (environment, problems) = self.environment.layer();
        layers.push(environment);
        loaded.problems.extend(problems);
        if self.command_line.is_object() {
            layers.push(Layer { origin: Origin::CommandLine, values: self.command_line.clone() });
        }
        let (settings, problems) = Settings::from_layers(&layers);
        loaded.problems.extend(problems);
        layers.retain(|layer| !matches!(layer.origin, Origin::Editor | Origin::WorkspaceFile(_)));
        loaded.settings = self.with_home(settings);
        loaded.user = self.with_home(Settings::from_layers(&layers).0);
        refuse_the_folders_model(folders, &mut loaded);
        loaded
    }

    fn with_home(&self, mut settings: Settings) -> Settings {
        let engine = &mut settings.engine;
        let files = [&mut engine.model, &mut engine.lora, &mut engine.chat_model, &mut engine.embedding_model];
        for file in files.into_iter().chain([&mut settings.models.directory]).flatten() {
            if let Some(text) = file.to_str() {
                *file = self.environment.expand_home(text);
            }
        }
        settings
    }
}

/// A repository may bring a model file and editor settings that name it; llama.cpp would then parse what a stranger wrote.
fn refuse_the_folders_model(folders: &[PathBuf], loaded: &mut Loaded) {
    let (model, own) = (&mut loaded.settings.engine.model, &loaded.user.engine.model);
    if model != own
        && let Some(file) = model
        && !is_model_name(file)
        && folders.iter().any(|folder| lies_in(folder, file))
    {
        *model = own.clone();
        loaded.problems.push(Problem {
            origin: Origin::Editor,
            key: "engine.model".to_owned(),
            message:
                "the file lies in the workspace, and so may the editor's settings; name it in your own file, in the \
                      environment or on the command line"
                    .to_owned(),
        });
    }
}

/// Some editors send `{"tandem": {…}}`, some what is inside.
fn section(value: &Value) -> &Value {
    value.get("tandem").unwrap_or(value)
}

/// A missing file is a missing layer, unless somebody named it.
fn read_layer(file: &Path, origin: Origin, must_exist: bool, layers: &mut Vec<Layer>, loaded: &mut Loaded) {
    let problem = match read_small(file, MAX_FILE_BYTES) {
        Ok(text) => match toml::from_str::<Value>(&text) {
            Ok(values) => {
                layers.push(Layer { origin, values });
                loaded.files.push(file.to_owned());
                return;
            }
            Err(error) => {
                let line = error
                    .span()
                    .map_or(1, |span| 1 + text.get(..span.start).map_or(0, |before| before.matches('\n').count()));
                format!("line {line}: {}; the whole file is ignored", error.message())
            }
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => return,
        Err(error) => format!("cannot be read: {error}"),
    };
    loaded.problems.push(Problem { origin, key: String::new(), message: problem });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::{EngineChoice, KEYS, Kind};

    struct Place {
        directory: tempfile::TempDir,
    }

    impl Place {
        fn new(user: &str, workspace: &str) -> Self {
            let place = Self { directory: tempfile::tempdir().unwrap() };
            std::fs::create_dir_all(place.path("config/tandem")).unwrap();
            std::fs::create_dir_all(place.path("repo")).unwrap();
            std::fs::write(place.path("config/tandem/config.toml"), user).unwrap();
            std::fs::write(place.path("repo/.tandem.toml"), workspace).unwrap();
            place
        }

        fn path(&self, relative: &str) -> PathBuf {
            self.directory.path().join(relative)
        }

        fn load(&self, variables: &[(&str, &str)], editor: Value) -> Loaded {
            let config = self.path("config");
            let mut all = vec![("XDG_CONFIG_HOME", config.to_str().unwrap()), ("HOME", "/people/ann")];
            all.extend_from_slice(variables);
            Loader::new(Environment::of(&all), Value::Null).load(&[self.path("repo")], Some(&editor))
        }
    }

    #[test]
    fn all_layers_meet() {
        let place = Place::new(
            "[completion]\nmaxLines = 9\nmaxTokens = 50\n[engine]\nmodel = '~/m.gguf'\n",
            "[completion]\nmaxLines = 3\n",
        );
        let loaded =
            place.load(&[("TANDEM_ENGINE_CHOICE", "lookup")], json!({"tandem": {"completion": {"maxLines": 8}}}));
        assert_eq!(loaded.problems, []);
        assert_eq!(loaded.settings.completion.max_lines, 3, "the editor's defaults do not undo the workspace's limit");
        assert_eq!(loaded.settings.completion.max_tokens, 50);
        assert_eq!(loaded.settings.engine.choice, EngineChoice::Lookup);
        assert_eq!(loaded.settings.engine.model, Some("/people/ann/m.gguf".into()));
        assert_eq!(loaded.files, [place.path("config/tandem/config.toml"), place.path("repo/.tandem.toml")]);
    }

    #[test]
    fn the_user_s_environment_overrules_the_workspace() {
        let place = Place::new("", "[completion]\nmaxLines = 3\n");
        let loaded = place.load(&[("TANDEM_COMPLETION_MAX_LINES", "20")], Value::Null);
        assert_eq!(loaded.settings.completion.max_lines, 20);
    }

    #[test]
    fn a_broken_file_is_named_with_its_line() {
        let place = Place::new("[completion]\nmaxLines = \n", "");
        let loaded = place.load(&[], json!([1]));
        assert_eq!(loaded.settings, Settings::default());
        let sentences: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
        assert!(sentences[0].contains("config.toml: line 2: "), "{sentences:?}");
        assert_eq!(sentences[1], "editor settings: the settings are not an object");
    }

    #[test]
    fn the_user_s_own_settings_are_told_apart_from_what_may_come_from_the_folder() {
        let place = Place::new(
            "[budget]\nlimits = ['$20 per month']\n",
            "[budget]\nlimits = ['$1 per month']\n[completion]\nenabled = false\n",
        );
        let editor = json!({"budget": {"limits": ["$2 per month"]}});
        let loaded = place.load(&[("TANDEM_CLOUD_MODEL", "m")], editor.clone());
        assert_eq!(loaded.settings.budget.limits, ["$20 per month", "$2 per month", "$1 per month"]);
        assert_eq!(loaded.user.budget.limits, ["$20 per month"]);
        assert_eq!((loaded.user.completion.enabled, loaded.user.cloud.model.as_str()), (true, "m"));
        let place = Place::new("", "[budget]\nlimits = ['$1000000 per month']\n");
        assert_eq!(place.load(&[], editor).user, Settings::default());
    }

    #[test]
    fn an_editor_s_model_in_the_workspace_is_refused_and_the_user_s_is_kept() {
        let place = Place::new("[engine]\nmodel = '~/m.gguf'\n", "");
        let evil = place.path("repo/models/evil.gguf");
        let loaded = place.load(&[], json!({"engine": {"model": evil}}));
        assert_eq!(loaded.settings.engine.model, Some("/people/ann/m.gguf".into()));
        assert_eq!(loaded.problems.len(), 1);
        assert!(loaded.problems[0].to_string().starts_with("editor settings: engine.model: the file lies in the work"));
        let elsewhere = place.load(&[], json!({"engine": {"model": "/m/a.gguf"}}));
        assert_eq!((elsewhere.settings.engine.model, elsewhere.problems.len()), (Some("/m/a.gguf".into()), 0));
        let named = place.load(&[("TANDEM_ENGINE_MODEL", evil.to_str().unwrap())], Value::Null);
        assert_eq!((named.settings.engine.model, named.problems.len()), (Some(evil), 0));
    }

    /// Another key that takes a path and that an editor may set needs the same check as the model.
    #[test]
    fn the_model_is_the_only_path_that_an_editor_may_set() {
        let paths = KEYS.iter().filter(|key| matches!(key.kind, Kind::Path | Kind::Model) && !key.is_guarded);
        assert_eq!(paths.map(|key| key.path).collect::<Vec<_>>(), ["engine.model"]);
    }

    #[test]
    fn ci_computes_on_one_thread_unless_told_otherwise() {
        let place = Place::new("", "");
        assert_eq!(place.load(&[("CI", "true")], Value::Null).settings.engine.threads, 1);
        let told = place.load(&[("CI", "true"), ("TANDEM_ENGINE_THREADS", "2")], Value::Null);
        assert_eq!(told.settings.engine.threads, 2);
    }

    #[test]
    fn a_file_that_was_named_must_exist() {
        let place = Place::new("", "");
        let loaded = place.load(&[("TANDEM_CONFIG", "/nowhere/tandem.toml")], Value::Null);
        assert_eq!(loaded.problems.len(), 1);
        assert!(loaded.problems[0].to_string().starts_with("/nowhere/tandem.toml: cannot be read"));
    }

    #[cfg(unix)]
    #[test]
    fn endless_and_blocking_files_are_refused() {
        let place = Place::new("", "");
        let file = place.path("repo/.tandem.toml");
        std::fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
        let loaded = place.load(&[], Value::Null);
        assert!(loaded.problems[0].to_string().ends_with("not a regular file"), "{:?}", loaded.problems);
        std::fs::remove_file(&file).unwrap();
        std::fs::write(&file, vec![b'#'; (MAX_FILE_BYTES + 10) as usize]).unwrap();
        assert!(place.load(&[], Value::Null).problems[0].to_string().contains("longer than"));
    }
}
