//! Kakoune with kakoune-lsp 18 or newer: a block in `kakrc`, behind whatever loads kakoune-lsp there.

use std::path::PathBuf;

use super::block::Block;
use super::recipe::{Recipe, Wanted, config_home, quoted};
use crate::config::Environment;

const BLOCK: Block = Block { comment: "#", command: "tandem setup kakoune" };

pub struct Kakoune<'a>(pub &'a Wanted);

impl Kakoune<'_> {
    /// kakoune-lsp gives a file type its usual servers only while the list is empty, and tells by a hook when it does. So
    /// Tandem is added to the usual ones there, and to a list of the user's where there is one.
    fn body(&self) -> String {
        // In %{ } a brace would have to have its other half, and a quote of the shell's is doubled.
        let server = format!(
            "[tandem]\ncommand = {}\nargs = [\"serve\"]\nroot_globs = [\".git\", \".hg\"]\n",
            quoted(&self.0.command)
        );
        let languages = match &*self.0.languages {
            [] => ".+".to_owned(),
            names => format!("(?:{})", names.join("|")),
        };
        format!(
            r#"declare-option -hidden str tandem_server '{}'
define-command -hidden tandem-add-server %{{
    evaluate-commands %sh{{
        case "$kak_opt_lsp_servers" in
            *'[tandem]'*) ;;
            *) echo 'set-option -add buffer lsp_servers "
%opt{{tandem_server}}"' ;;
        esac
    }}
}}
hook -group tandem global User LSPDefaultConfig={languages} tandem-add-server
hook -group tandem global BufSetOption filetype={languages} %{{
    evaluate-commands %sh{{ [ -z "$kak_opt_lsp_servers" ] || echo tandem-add-server }}
}}"#,
            server.replace('\'', "''")
        )
    }
}

impl Recipe for Kakoune<'_> {
    fn file(&self, environment: &Environment) -> Option<PathBuf> {
        let directory = environment.directory("KAKOUNE_CONFIG_DIR");
        Some(directory.or_else(|| Some(config_home(environment)?.join("kak")))?.join("kakrc"))
    }

    fn add(&self, text: &str) -> anyhow::Result<String> {
        BLOCK.put(text, &self.body())
    }

    fn remove(&self, text: &str) -> anyhow::Result<String> {
        BLOCK.take(text)
    }

    fn notes(&self) -> Vec<String> {
        vec![
            "kakoune-lsp has to be loaded and enabled in the same kakrc: eval %sh{kak-lsp} and lsp-enable.".into(),
            "docs/editors/kakoune.md has the rest.".into(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_and_goes_and_names_the_command() {
        let wanted = Wanted { command: "/opt/it's/tandem".into(), languages: vec!["rust".into(), "python".into()] };
        let kakoune = Kakoune(&wanted);
        let before = "eval %sh{kak-lsp}\nlsp-enable\n";
        let with = kakoune.add(before).unwrap();
        assert!(with.contains("command = \"/opt/it''s/tandem\"") && with.contains("LSPDefaultConfig=(?:rust|python) "));
        assert_eq!(kakoune.remove(&with).unwrap(), before);
    }

    #[cfg(unix)]
    #[test]
    fn the_file_lies_where_kakoune_looks() {
        let file = |variables: &[(&str, &str)]| Kakoune(&Wanted::default()).file(&Environment::of(variables));
        assert_eq!(file(&[("HOME", "/h")]), Some("/h/.config/kak/kakrc".into()));
        assert_eq!(file(&[("HOME", "/h"), ("KAKOUNE_CONFIG_DIR", "/k")]), Some("/k/kakrc".into()));
    }
}
