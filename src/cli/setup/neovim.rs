//! Neovim: a file of its own in the `plugin` directory of the configuration, which Neovim runs at its start. Nobody's
//! `init.lua` is touched.

use std::path::PathBuf;

use anyhow::bail;

use super::recipe::{Recipe, Wanted, config_home, quoted};
use crate::config::Environment;

/// What the file begins with; any other file of this name is somebody else's.
const HEADER: &str =
    "-- Tandem in Neovim. Written by `tandem setup neovim`, which renews it, and removes it with --remove.\n";

/// The rest of it. `COMMAND` and `FILETYPES` are filled in.
const BODY: &str = include_str!("neovim/tandem.lua");

pub struct Neovim<'a>(pub &'a Wanted);

impl Recipe for Neovim<'_> {
    /// Not `tandem.lua`: that name is the plugin's, which loads itself by it.
    fn file(&self, environment: &Environment) -> Option<PathBuf> {
        let base = match environment.directory("XDG_CONFIG_HOME") {
            None if cfg!(windows) => environment.directory("LOCALAPPDATA")?,
            _ => config_home(environment)?,
        };
        let name = environment.get("NVIM_APPNAME").unwrap_or("nvim");
        Some(base.join(name).join("plugin").join("tandem_setup.lua"))
    }

    fn add(&self, text: &str) -> anyhow::Result<String> {
        check_ours(text)?;
        let filetypes = match &*self.0.languages {
            [] => "nil".to_owned(),
            names => format!("{{ {} }}", names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")),
        };
        let body = BODY.replace("'COMMAND'", &quoted(&self.0.command)).replace("'FILETYPES'", &filetypes);
        // What the source's own header says is for those who change it.
        let body = body.split_once("\n\n").map_or(&*body, |(_, body)| body);
        Ok(format!("{HEADER}\n{body}"))
    }

    fn remove(&self, text: &str) -> anyhow::Result<String> {
        check_ours(text)?;
        Ok(String::new())
    }

    fn notes(&self) -> Vec<String> {
        vec!["Start Neovim anew. It has to be 0.12 or newer. docs/editors/neovim.md has the rest.".into()]
    }
}

fn check_ours(text: &str) -> anyhow::Result<()> {
    if !text.is_empty() && !text.starts_with(HEADER) {
        bail!("it was not written by this command, so it is left alone");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_ours_or_left_alone() {
        let wanted = Wanted { command: r"C:\tandem.exe".into(), languages: vec!["rust".into()] };
        let text = Neovim(&wanted).add("").unwrap();
        assert!(text.contains(r#"{ "C:\\tandem.exe", 'serve' }"#) && text.contains(r#"{ "rust" }"#), "{text}");
        assert!(!text.contains("COMMAND") && !text.contains("FILETYPES"));
        assert_eq!(Neovim(&wanted).add(&text).unwrap(), text);
        let older = text.replace("rust", "go");
        assert_eq!(Neovim(&wanted).add(&older).unwrap(), text);
        assert_eq!(Neovim(&wanted).remove(&text).unwrap(), "");
        assert!(Neovim(&wanted).add("-- mine\n").is_err() && Neovim(&wanted).remove("-- mine\n").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn the_file_lies_where_neovim_looks() {
        let file = |variables: &[(&str, &str)]| Neovim(&Wanted::default()).file(&Environment::of(variables));
        assert_eq!(file(&[("HOME", "/h")]), Some("/h/.config/nvim/plugin/tandem_setup.lua".into()));
        let variables = [("HOME", "/h"), ("XDG_CONFIG_HOME", "/c"), ("NVIM_APPNAME", "other")];
        assert_eq!(file(&variables), Some("/c/other/plugin/tandem_setup.lua".into()));
    }
}
