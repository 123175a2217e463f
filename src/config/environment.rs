//! A snapshot of the process's environment, taken once, so that tests bring their own.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::keys::{KEYS, Key};
use super::layers::{Layer, Origin, Problem, nearest};

/// Variables that start like settings but are something else.
const OTHER_VARIABLES: &[&str] = &["TANDEM_LOG", "TANDEM_CONFIG"];

/// The environment as it was when the process started.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    /// Names of those whose values are not Unicode.
    unreadable: BTreeSet<String>,
}

/// Names only: among the values are keys.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

impl Environment {
    pub fn of_process() -> Self {
        Self::of_all(std::env::vars_os())
    }

    /// Values that are not Unicode are left out: none of ours can be. That they are there is known.
    fn of_all(all: impl Iterator<Item = (OsString, OsString)>) -> Self {
        let mut environment = Self::default();
        for (name, value) in all.filter_map(|(name, value)| Some((name.into_string().ok()?, value))) {
            match value.into_string() {
                Ok(value) => drop(environment.variables.insert(name, value)),
                Err(_) => drop(environment.unreadable.insert(name)),
            }
        }
        environment
    }

    /// An environment with these variables and nothing else.
    pub fn of(variables: &[(&str, &str)]) -> Self {
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { variables: owned.collect(), unreadable: BTreeSet::new() }
    }

    /// A variable is set and not empty, whatever its value: other people's code in this process may read it.
    pub fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some() || self.unreadable.contains(name)
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// An absolute path in a variable. The XDG specification wants relative ones ignored.
    pub fn directory(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    pub fn home(&self) -> Option<PathBuf> {
        self.directory(if cfg!(windows) { "USERPROFILE" } else { "HOME" })
    }

    /// Continuous integration: the machine is shared and small.
    pub fn is_ci(&self) -> bool {
        self.get("CI").is_some_and(|value| value != "false" && value != "0")
    }

    /// Whether a terminal may be given colours. The caller knows whether it is one.
    pub fn wants_colour(&self) -> bool {
        self.get("NO_COLOR").is_none() && self.get("TERM") != Some("dumb")
    }

    /// The first executable file of this name on the search path. Directories that are not absolute do not count: from a folder
    /// of strangers they would lead to programs of theirs.
    pub fn find_executable(&self, name: &str) -> Option<PathBuf> {
        let path = self.get("PATH")?;
        let file_name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        std::env::split_paths(path)
            .filter(|directory| directory.is_absolute())
            .map(|directory| directory.join(&file_name))
            .find(|file| is_executable(file))
    }

    /// `~/x` with the home directory in place of `~`.
    pub fn expand_home(&self, path: &str) -> PathBuf {
        match (path.strip_prefix("~/"), self.home()) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(path),
        }
    }

    /// The settings in `TANDEM_*`, as a layer. Unknown names and values that do not parse are reported.
    pub(super) fn layer(&self) -> (Layer, Vec<Problem>) {
        let mut values = Map::new();
        let mut problems = Vec::new();
        if let Some(filter) = self.get("TANDEM_LOG") {
            values.insert("log.filter".to_owned(), Value::String(filter.to_owned()));
        }
        for (name, value) in &self.variables {
            if !name.starts_with("TANDEM_") || OTHER_VARIABLES.contains(&name.as_str()) || value.is_empty() {
                continue;
            }
            match KEYS.iter().find(|key| key.variable() == *name) {
                Some(key) => match key.kind.parse(value) {
                    Some(parsed) => drop(values.insert(key.path.to_owned(), parsed)),
                    None => problems.push(Problem {
                        origin: Origin::Environment,
                        key: name.clone(),
                        message: format!("`{value}` is not {}; the setting is ignored", key.kind.expected()),
                    }),
                },
                None => {
                    let names: Vec<String> = KEYS.iter().map(Key::variable).collect();
                    let hint = nearest(name, names.iter().map(String::as_str))
                        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                    problems.push(Problem {
                        origin: Origin::Environment,
                        key: name.clone(),
                        message: format!("no setting has this name{hint}"),
                    });
                }
            }
        }
        (Layer { origin: Origin::Environment, values: Value::Object(values) }, problems)
    }
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_by_their_kind() {
        let environment = Environment::of(&[
            ("TANDEM_COMPLETION_MAX_LINES", "3"),
            ("TANDEM_COMPLETION_EAGERNESS", "60"),
            ("TANDEM_COMPLETION_IN_COMMENTS", "off"),
            ("TANDEM_COMPLETION_DISABLED_LANGUAGES", "markdown, plaintext"),
            ("TANDEM_LOG", "debug"),
            ("HOME", "/people/ann"),
        ]);
        let (layer, problems) = environment.layer();
        assert_eq!(problems, []);
        assert_eq!(
            layer.values,
            serde_json::json!({
                "completion.disabledLanguages": ["markdown", "plaintext"],
                "completion.eagerness": 60,
                "completion.inComments": false,
                "completion.maxLines": 3,
                "log.filter": "debug",
            })
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_unicode_is_not_read_and_is_known_to_be_there() {
        use std::os::unix::ffi::OsStringExt;
        let variables: [(&str, &[u8]); 3] = [("ODD", b"/lib/\xff.so"), ("PLAIN", b"x"), ("EMPTY", b"")];
        let all = variables.map(|(name, value)| (name.into(), OsString::from_vec(value.to_vec())));
        let environment = Environment::of_all(all.into_iter());
        assert_eq!((environment.get("ODD"), environment.get("PLAIN")), (None, Some("x")));
        let set = ["ODD", "PLAIN", "EMPTY", "ABSENT"].map(|name| environment.is_set(name));
        assert_eq!(set, [true, true, false, false]);
    }

    #[cfg(unix)]
    #[test]
    fn programs_are_found_in_absolute_directories_alone() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().unwrap();
        let program = place.path().join("git");
        std::fs::write(&program, "#!/bin/sh\n").unwrap();
        let found = |path: &str| Environment::of(&[("PATH", path)]).find_executable("git");
        let absolute = place.path().to_str().unwrap();
        assert_eq!(found(absolute), None, "nobody may run it");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        // The same directory, from where this process is: as `.` on the path of who works in a folder of strangers.
        let up = "../".repeat(std::env::current_dir().unwrap().components().count() - 1);
        let relative = format!("{up}{}", absolute.trim_start_matches('/'));
        assert!(Path::new(&relative).join("git").is_file(), "{relative}");
        assert_eq!(found(&relative), None);
        assert_eq!(found(&format!("{relative}::.:{absolute}")), Some(program));
    }

    #[test]
    fn a_misspelt_variable_and_a_bad_value_are_reported() {
        let environment = Environment::of(&[
            ("TANDEM_COMPLETION_MAX_LINE", "3"),
            ("TANDEM_ENGINE_THREADS", "many"),
            ("PATH", "/bin"),
        ]);
        let (layer, problems) = environment.layer();
        assert_eq!(layer.values, serde_json::json!({}));
        let sentences: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            sentences,
            [
                "environment: TANDEM_COMPLETION_MAX_LINE: no setting has this name; did you mean \
                 `TANDEM_COMPLETION_MAX_LINES`?",
                "environment: TANDEM_ENGINE_THREADS: `many` is not a whole number from 0 to 512; the setting is ignored",
            ]
        );
    }

    #[test]
    fn relative_and_empty_directories_are_not_used() {
        let environment = Environment::of(&[("XDG_STATE_HOME", "state"), ("XDG_CACHE_HOME", "")]);
        assert_eq!(environment.directory("XDG_STATE_HOME"), None);
        assert_eq!(environment.directory("XDG_CACHE_HOME"), None);
    }

    #[test]
    fn no_value_is_shown() {
        let shown = format!("{:?}", Environment::of(&[("ANTHROPIC_API_KEY", "sk-not-for-you")]));
        assert_eq!(shown, "{\"ANTHROPIC_API_KEY\"}");
    }

    #[test]
    fn ci_is_what_people_set_it_to() {
        assert!(Environment::of(&[("CI", "true")]).is_ci());
        assert!(Environment::of(&[("CI", "1")]).is_ci());
        assert!(!Environment::of(&[("CI", "false")]).is_ci());
        assert!(!Environment::of(&[]).is_ci());
    }
}
