//! Sublime Text with the package LSP: a client in `LSP.sublime-settings`.

use std::path::PathBuf;

use super::jsonc::{self, Part};
use super::recipe::{Recipe, Wanted, application_home, quoted};
use crate::config::Environment;

/// Every kind of source file, and the prose that people write beside it.
const SELECTOR: &str = "source | text.html | text.xml | text.md";

pub struct Sublime<'a>(pub &'a Wanted);

impl Sublime<'_> {
    fn client(&self) -> [(&'static str, Part); 3] {
        let selector = match &*self.0.languages {
            // One that is there is how somebody wants it.
            [] => Part::Absent(quoted(SELECTOR)),
            names => {
                Part::Text(quoted(&names.iter().map(|name| format!("source.{name}")).collect::<Vec<_>>().join(" | ")))
            }
        };
        let command = Part::List { renewed: vec![quoted(&self.0.command)], fixed: vec![quoted("serve")] };
        [("enabled", Part::Absent("true".into())), ("command", command), ("selector", selector)]
    }
}

impl Recipe for Sublime<'_> {
    fn file(&self, environment: &Environment) -> Option<PathBuf> {
        let name = if cfg!(any(target_os = "macos", windows)) { "Sublime Text" } else { "sublime-text" };
        Some(application_home(environment)?.join(name).join("Packages/User/LSP.sublime-settings"))
    }

    fn add(&self, text: &str) -> anyhow::Result<String> {
        jsonc::put(text, &["clients", "tandem"], &self.client())
    }

    fn remove(&self, text: &str) -> anyhow::Result<String> {
        jsonc::take(text, &["clients", "tandem"])
    }

    fn notes(&self) -> Vec<String> {
        vec![
            "The package LSP has to be there: Package Control: Install Package, LSP.".into(),
            "docs/editors/sublime.md has the rest.".into(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_beside_others() {
        let wanted = Wanted { command: "tandem".into(), languages: vec!["python".into(), "rust".into()] };
        let before = "// mine\n{\n    \"clients\": {\n        \"pylsp\": { \"enabled\": true },\n    },\n}\n";
        let with = Sublime(&wanted).add(before).unwrap();
        assert!(with.contains("\"selector\": \"source.python | source.rust\""), "{with}");
        assert_eq!(Sublime(&wanted).add(&with).unwrap(), with);
        let other = Wanted { command: "/opt/tandem".into(), ..wanted.clone() };
        let renewed = Sublime(&other).add(&with).unwrap();
        assert_eq!(renewed, with.replace("[\"tandem\",", "[\"/opt/tandem\","), "an older one of ours is renewed");
        assert_eq!(Sublime(&wanted).remove(&with).unwrap(), before);
    }

    #[test]
    fn a_second_run_leaves_what_the_user_put_beside() {
        let wanted = |command: &str, languages: &[&str]| Wanted {
            command: command.into(),
            languages: languages.iter().map(ToString::to_string).collect(),
        };
        let mine = "{\n    \"clients\": {\n        \"tandem\": {\n            \"enabled\": false, // for now\n            \
                    \"command\": [\"tandem\", \"serve\", \"--set\", \"log.filter=debug\"],\n            \
                    \"selector\": \"source.python\",\n            \"env\": { \"A\": \"b\" },\n            \
                    \"settings\": { \"tandem.completion.maxLines\": 1, },\n        }\n    }\n}\n";
        assert_eq!(Sublime(&wanted("tandem", &[])).add(mine).unwrap(), mine);
        let renewed = Sublime(&wanted("/opt/tandem", &["rust"])).add(mine).unwrap();
        let expected = mine.replace("[\"tandem\",", "[\"/opt/tandem\",").replace("source.python", "source.rust");
        assert_eq!(renewed, expected);
    }
}
