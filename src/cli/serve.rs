//! `tandem serve`: the language server on stdin and stdout.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;

use super::{Options, engines};
use crate::config::Loader;
use crate::lsp::{self, Input, Pace, ServeOptions};
use crate::session::Session;

/// Serve an editor over stdin and stdout. Editors start this.
///
/// Ends when the editor says `exit`, closes stdin or dies. Logs go to stderr, or with --set log.file=true to a file.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    pub(super) options: Options,

    /// Record what the editor sends, for a bug report. The file will hold your source text.
    #[arg(long, value_name = "FILE")]
    mirror: Option<PathBuf>,

    /// Play a recording instead of reading stdin
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,

    /// With --replay: without the pauses of the recording
    #[arg(long, requires = "replay")]
    fast: bool,

    /// Taken and ignored: some editors add it to every server's command
    #[arg(long, hide = true)]
    stdio: bool,
}

pub fn run(arguments: &Arguments, loader: Loader) -> anyhow::Result<ExitCode> {
    if arguments.mirror.is_some() && arguments.mirror == arguments.replay {
        bail!("--mirror would write over the recording that --replay reads");
    }
    let input = match &arguments.replay {
        Some(file) => Input::Replay(file.clone(), if arguments.fast { Pace::Fast } else { Pace::Recorded }),
        None => Input::Stdin,
    };
    if matches!(input, Input::Stdin) && std::io::stdin().is_terminal() {
        eprintln!("tandem: waiting for an editor to speak on stdin; for people there is `tandem --help`");
    }
    let settings = loader.load(&[], None).settings;
    let make_engine = Some(engines::factory(&loader));
    let make_meaning = Some(engines::meaning(&loader));
    // What a recording accepts was counted when it was made.
    let stats_file = matches!(input, Input::Stdin).then(|| loader.paths().stats_file());
    let is_asked = matches!(input, Input::Stdin) && settings.completion.why;
    let runtime_dir = is_asked.then(|| loader.paths().runtime.clone());
    let answerer = Some(super::ask::answerer(&loader));
    let options = ServeOptions {
        loader,
        make_engine,
        make_meaning,
        mirror: arguments.mirror.clone(),
        stats_file,
        answerer,
        runtime_dir,
    };
    let code = lsp::serve_stdio(input, || Session::new(settings, None), options)?;
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}
