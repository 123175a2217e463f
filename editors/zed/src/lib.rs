//! Zed's extension for Tandem: says how the server is started, and hands the user's settings on. Zed does not start servers that
//! no extension names.

use std::path::{Component, Path};

use zed_extension_api::serde_json::{json, Value};
use zed_extension_api::settings::LspSettings;
use zed_extension_api::{self as zed, Command, Extension, LanguageServerId, Result, Worktree};

/// The server's name in `extension.toml`, and in the user's settings below `lsp`.
const SERVER: &str = "tandem";

struct Tandem;

impl Extension for Tandem {
    fn new() -> Self {
        Self
    }

    /// The program of that name that `lsp.tandem.binary` says, else the one on the PATH. Nothing is downloaded. The settings may
    /// be the folder's: a program of another name, one inside of the folder and other arguments do not count.
    fn language_server_command(&mut self, _: &LanguageServerId, worktree: &Worktree) -> Result<Command> {
        let binary = LspSettings::for_worktree(SERVER, worktree).ok().and_then(|settings| settings.binary);
        let named = binary.and_then(|binary| binary.path).filter(|path| is_tandem(path, &worktree.root_path()));
        let command = named.or_else(|| worktree.which(SERVER)).ok_or(
            "there is no `tandem` on the PATH; install it, or name it in the settings: lsp.tandem.binary.path",
        )?;
        Ok(Command { command, args: vec!["serve".into()], env: worktree.shell_env() })
    }

    fn language_server_initialization_options(
        &mut self,
        _: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Option<Value>> {
        Ok(LspSettings::for_worktree(SERVER, worktree).ok().and_then(|settings| settings.initialization_options))
    }

    /// `lsp.tandem.settings` is the section `tandem` that the server asks for.
    fn language_server_workspace_configuration(
        &mut self,
        _: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Option<Value>> {
        let settings = LspSettings::for_worktree(SERVER, worktree).ok().and_then(|settings| settings.settings);
        Ok(settings.map(|settings| json!({ SERVER: settings })))
    }
}

fn is_tandem(path: &str, root: &str) -> bool {
    let path = Path::new(path);
    let is_plain = path.is_absolute() && path.components().all(|part| part != Component::ParentDir);
    is_plain && path.file_stem().is_some_and(|name| name == SERVER) && !path.starts_with(root)
}

zed::register_extension!(Tandem);
