//! Zed: where the binary is. A language server that Zed does not know needs an extension besides: `editors/zed`.

use std::path::PathBuf;

use super::jsonc::{self, Part};
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
        let arguments = Part::List { renewed: Vec::new(), fixed: vec![quoted("serve")] };
        jsonc::put(text, &PATH, &[("path", Part::Text(quoted(&self.0.command))), ("arguments", arguments)])
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

    #[test]
    fn a_second_run_leaves_what_the_user_put_beside() {
        let wanted = |command: &str| Wanted { command: command.into(), languages: Vec::new() };
        let mine = "{\n  \"lsp\": {\n    \"tandem\": {\n      \"binary\": {\n        // mine\n        \"path\": \"tandem\",\n        \
                    \"arguments\": [\"serve\", \"--set\", \"log.filter=debug\"],\n        \"env\": { \"A\": \"serve\" }\n      }\n    }\n  }\n}\n";
        assert_eq!(Zed(&wanted("tandem")).add(mine).unwrap(), mine);
        assert_eq!(Zed(&wanted("/opt/x")).add(mine).unwrap(), mine.replace("\"tandem\",\n", "\"/opt/x\",\n"));
        let other = mine.replace("[\"serve\", ", "[\"complete\", ");
        let error = Zed(&wanted("tandem")).add(&other).unwrap_err().to_string();
        assert!(error.starts_with("`lsp.tandem.binary.arguments` is there already"), "{error}");
    }
}
