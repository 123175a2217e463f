//! Zed's extension for Tandem: says how the server is started, and hands the user's settings on. Zed does not start servers that
//! no extension names.

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

    /// What `lsp.tandem.binary` says, else `tandem serve` from the PATH. Nothing is downloaded.
    fn language_server_command(&mut self, _: &LanguageServerId, worktree: &Worktree) -> Result<Command> {
        let binary = LspSettings::for_worktree(SERVER, worktree).ok().and_then(|settings| settings.binary);
        let (path, arguments) = binary.map_or((None, None), |binary| (binary.path, binary.arguments));
        let named = path.map(|path| worktree.which(&path).unwrap_or(path));
        let command = named.or_else(|| worktree.which(SERVER)).ok_or(
            "there is no `tandem` on the PATH; install it, or name it in the settings: lsp.tandem.binary.path",
        )?;
        let args = arguments.unwrap_or_else(|| vec!["serve".into()]);
        Ok(Command { command, args, env: worktree.shell_env() })
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

zed::register_extension!(Tandem);
