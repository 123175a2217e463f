//! What an editor's configuration needs for Tandem: which file, and that file's text with Tandem in it and without it.

use std::path::PathBuf;

use crate::config::Environment;

/// What is to be set up.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The program that the editor starts: `tandem`, or an absolute path.
    pub command: String,
    /// Languages as the editor calls them; empty: those that Tandem indexes. Where editors have no such list, without effect.
    pub languages: Vec<String>,
}

/// One editor. Texts have plain line ends. Adding twice is adding once; removing what is not there changes nothing. What
/// cannot be done without harm is an error, a sentence without the file's name.
pub trait Recipe {
    /// The file that the editor reads; none where the environment does not say where.
    fn file(&self, environment: &Environment) -> Option<PathBuf>;
    fn add(&self, text: &str) -> anyhow::Result<String>;
    fn remove(&self, text: &str) -> anyhow::Result<String>;
    /// What is in the file's new text, is not as this recipe has it (`is_wanted`: with Tandem, else without), and was left alone
    /// because it is the user's; in lines.
    fn remarks(&self, _text: &str, _is_wanted: bool) -> Vec<String> {
        Vec::new()
    }
    /// What is left to do by hand, and where to read on; a sentence each.
    fn notes(&self) -> Vec<String>;
}

/// `XDG_CONFIG_HOME`, else `~/.config`, as cross-platform editors do it on Unix.
pub fn config_home(environment: &Environment) -> Option<PathBuf> {
    environment.directory("XDG_CONFIG_HOME").or_else(|| Some(environment.home()?.join(".config")))
}

/// Where applications keep their files: `~/.config` on Linux, `~/Library/Application Support` on macOS, `%APPDATA%` on
/// Windows.
pub fn application_home(environment: &Environment) -> Option<PathBuf> {
    if cfg!(windows) {
        environment.directory("APPDATA")
    } else if cfg!(target_os = "macos") {
        Some(environment.home()?.join("Library/Application Support"))
    } else {
        config_home(environment)
    }
}

/// A text in double quotes as TOML, JSON, Lua and Emacs Lisp read it alike: paths have no control characters.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
