//! JetBrains' editors with the plugin LSP4IJ: a template that its dialogue imports. The settings themselves are the editor's.

use std::path::PathBuf;

use anyhow::bail;
use serde_json::{Value, json};

use super::recipe::{Recipe, Wanted};
use crate::config::{Environment, Paths};

/// By the names of files, because the names of file types differ between the editors of the family: patterns, and the
/// language id that is sent with them.
const FILES: &[(&[&str], &str)] = &[
    (&["*.rs"], "rust"),
    (&["*.py", "*.pyi"], "python"),
    (&["*.js", "*.mjs", "*.cjs"], "javascript"),
    (&["*.jsx"], "javascriptreact"),
    (&["*.ts", "*.mts", "*.cts"], "typescript"),
    (&["*.tsx"], "typescriptreact"),
    (&["*.go"], "go"),
    (&["*.java"], "java"),
    (&["*.c", "*.h"], "c"),
    (&["*.cc", "*.cpp", "*.cxx", "*.hh", "*.hpp", "*.hxx"], "cpp"),
    (&["*.cs"], "csharp"),
    (&["*.rb"], "ruby"),
    (&["*.php"], "php"),
    (&["*.sh", "*.bash"], "shellscript"),
    (&["*.lua"], "lua"),
    (&["*.kt", "*.kts"], "kotlin"),
    (&["*.swift"], "swift"),
    (&["*.scala"], "scala"),
    (&["*.zig"], "zig"),
    (&["*.hs"], "haskell"),
    (&["*.ex", "*.exs"], "elixir"),
    (&["*.html"], "html"),
    (&["*.css"], "css"),
    (&["*.md"], "markdown"),
    (&["*.json"], "json"),
    (&["*.toml"], "toml"),
    (&["*.yaml", "*.yml"], "yaml"),
];

pub struct JetBrains<'a>(pub &'a Wanted);

impl JetBrains<'_> {
    fn template(&self) -> anyhow::Result<Value> {
        let wanted = |id: &&str| self.0.languages.is_empty() || self.0.languages.iter().any(|name| name == id);
        let mappings: Vec<Value> = FILES
            .iter()
            .filter(|(_, id)| wanted(id))
            .map(|(patterns, id)| json!({ "fileType": { "patterns": patterns }, "languageId": id }))
            .collect();
        if mappings.is_empty() {
            let ids: Vec<&str> = FILES.iter().map(|(_, id)| *id).collect();
            bail!("none of these languages is known here; there are: {}", ids.join(", "));
        }
        // One command line: what has spaces in it is quoted.
        let command = &self.0.command;
        let command = if command.contains(' ') { format!("\"{command}\"") } else { command.clone() };
        Ok(json!({
            "id": "tandem",
            "name": "Tandem",
            "programArgs": { "default": format!("{command} serve") },
            "fileTypeMappings": mappings,
        }))
    }
}

impl Recipe for JetBrains<'_> {
    /// In Tandem's own directory: the dialogue asks for a folder.
    fn file(&self, environment: &Environment) -> Option<PathBuf> {
        Some(Paths::of(environment).config.join("jetbrains").join("template.json"))
    }

    fn add(&self, text: &str) -> anyhow::Result<String> {
        check_ours(text)?;
        Ok(format!("{}\n", serde_json::to_string_pretty(&self.template()?)?))
    }

    fn remove(&self, text: &str) -> anyhow::Result<String> {
        check_ours(text)?;
        Ok(String::new())
    }

    fn notes(&self) -> Vec<String> {
        vec![
            "Then once by hand: plugin LSP4IJ; Languages & Frameworks > Language Servers > +; Template > Import from custom \
             template, and the folder of this file."
                .into(),
            "docs/editors/jetbrains.md has the rest.".into(),
        ]
    }
}

fn check_ours(text: &str) -> anyhow::Result<()> {
    let is_ours = || serde_json::from_str::<Value>(text).is_ok_and(|value| value["id"] == "tandem");
    if !text.is_empty() && !is_ours() {
        bail!("it was not written by this command, so it is left alone");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_with_the_languages_that_are_wanted() {
        let wanted = Wanted { command: "/opt/with space/tandem".into(), languages: vec!["rust".into()] };
        let text = JetBrains(&wanted).add("").unwrap();
        let template: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(template["programArgs"]["default"], "\"/opt/with space/tandem\" serve");
        assert_eq!(template["fileTypeMappings"].as_array().map(Vec::len), Some(1));
        assert_eq!(JetBrains(&wanted).add(&text).unwrap(), text);
        assert!(JetBrains(&wanted).add("{\"id\": \"other\"}").is_err());
        let unknown = Wanted { languages: vec!["cobol".into()], ..wanted };
        assert!(JetBrains(&unknown).add("").unwrap_err().to_string().contains("there are: rust, "));
    }
}
