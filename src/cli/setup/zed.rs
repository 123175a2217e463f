//! Zed: where the binary is. A language server that Zed does not know needs an extension besides: `editors/zed`.

use std::path::PathBuf;

use super::jsonc;
use super::recipe::{Recipe, Wanted, config_home, quoted};
use crate::config::Environment;

const PATH: [&str; 3] = ["lsp", "tandem", "binary"];

pub struct Zed<'a>(pub &'a Wanted);

impl Recipe for Zed<'_> {
    fn file(&self, environment: &Environment) -> Option<PathBuf> {
        if cfg!(windows) {
            return Some(environment.directory("APPDATA")?.join("Zed").join("settings.json"));
        }
        // Flatpak gives its programs another XDG_CONFIG_HOME and keeps the user's in this one.
        let base = environment.directory("FLATPAK_XDG_CONFIG_HOME").or_else(|| config_home(environment))?;
        Some(base.join("zed").join("settings.json"))
    }

    fn add(&self, text: &str) -> anyhow::Result<String> {
        let command = quoted(&self.0.command);
        let value = format!("{{\n    \"path\": {command},\n    \"arguments\": [\"serve\"]\n}}");
        jsonc::put(text, &PATH, &value, |there| there.contains("\"serve\""))
    }

    fn remove(&self, text: &str) -> anyhow::Result<String> {
        jsonc::take(text, &PATH)
    }

    fn notes(&self) -> Vec<String> {
        vec![
            "Zed starts only servers that an extension names: `zed: install dev extension`, then the folder editors/zed of \
             Tandem's source."
                .into(),
            "docs/editors/zed.md has the rest.".into(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_beside_other_settings_of_the_server() {
        let wanted = Wanted { command: "tandem".into(), languages: Vec::new() };
        let before = "{\n  \"lsp\": {\n    \"tandem\": {\n      \"settings\": { \"tandem\": {} }\n    }\n  }\n}\n";
        let with = Zed(&wanted).add(before).unwrap();
        assert!(with.contains("\"arguments\": [\"serve\"]"), "{with}");
        assert_eq!(Zed(&wanted).remove(&with).unwrap(), before);
        assert_eq!(Zed(&wanted).remove(&Zed(&wanted).add("").unwrap()).unwrap(), "{\n}\n");
    }
}
