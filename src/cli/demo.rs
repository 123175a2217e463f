//! `tandem demo`: a short typing session through the real server, over its pipes, on source files of this repository.
//!
//! Nothing is staged: what is shown is what the server answered. The typist knows what is to be written and takes a
//! suggestion when it is exactly that.

mod client;
mod scenes;
mod summary;
mod typist;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::Value;

use super::Options;
use super::terminal::{Style, Terminal, printable};
use crate::config::{EngineChoice, Loader};
use client::Client;
use scenes::{SCENES, Scene};
use summary::Summary;
use typist::{TypedLine, Typist};

/// Longest wait for the model; lookup completes without it.
const LOAD_PATIENCE: Duration = Duration::from_secs(120);

/// Between two keys, when somebody watches.
const KEY_PAUSE: Duration = Duration::from_millis(25);

/// Widest line that is redrawn in place: a wrapped line could not be.
const WIDTH: usize = 100;

/// Watch Tandem complete code: a typing session through the real server.
///
/// Types some lines of Tandem's own source files. Ghost text is dimmed; behind each line stands how many keys it took,
/// who wrote what was accepted, and how long the answer took. Needs no editor and no terminal.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Without pauses between the keys
    #[arg(long)]
    fast: bool,

    #[command(flatten)]
    pub(super) options: Options,
}

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let mut terminal = Terminal::stdout(loader.environment());
    let animate = terminal.has_colour() && !arguments.fast;
    terminal.heading("Tandem types some lines of its own source, through `tandem serve`.")?;
    let mut client = Client::start(&server_arguments(&arguments.options))?;
    let wants_model = cfg!(feature = "llama") && loader.load(&[], None).settings.engine.choice == EngineChoice::Auto;
    terminal.line(model(&mut client, wants_model)?)?;

    let mut summary = Summary::default();
    for scene in SCENES {
        terminal.line("")?;
        terminal.heading(scene.file)?;
        play(scene, &mut client, &mut terminal, animate, &mut summary)?;
    }
    let ended_well = client.stop().context("stopping the server")?;
    terminal.line("")?;
    summary.print(&mut terminal)?;
    if !ended_well {
        terminal.line("The server did not end as it should; its messages stand above.")?;
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// The server speaks only when something is wrong, its engine host goes soon after the demo, and what a scene accepts
/// does not count as the user's.
fn server_arguments(options: &Options) -> Vec<String> {
    let mut arguments: Vec<String> =
        ["--set", "engine.hostIdleSeconds=2", "--set", "stats.enabled=false", "--log", "error"]
            .map(str::to_owned)
            .to_vec();
    if let Some(filter) = &options.log {
        arguments.truncate(4);
        arguments.extend(["--log".to_owned(), filter.clone()]);
    }
    for (name, value) in
        options.model.iter().map(|model| ("--model", model)).chain(options.set.iter().map(|set| ("--set", set)))
    {
        arguments.extend([name.to_owned(), value.clone()]);
    }
    arguments
}

/// Waits for the model and says in a line what there is.
fn model(client: &mut Client, wanted: bool) -> anyhow::Result<String> {
    let deadline = Instant::now() + LOAD_PATIENCE;
    loop {
        let status = client.request("tandem/status", Value::Null)?;
        let text = |name: &str| status[name].as_str().unwrap_or_default();
        match text("state") {
            "ready" if status["model"].is_string() => {
                return Ok(format!("Model: {} on {}, and the lookup engine.", text("model"), text("device")));
            }
            "failed" => {
                return Ok(format!(
                    "The model cannot be used ({}): the lookup engine completes alone.",
                    text("failure")
                ));
            }
            _ if !wanted => return Ok("No model: the lookup engine completes alone.".to_owned()),
            _ if Instant::now() > deadline => return Ok("The model takes too long: lookup completes.".to_owned()),
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn play(
    scene: &Scene,
    client: &mut Client,
    terminal: &mut Terminal,
    animate: bool,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let (before, typed, after) = scene.cut().context("the demo's lines are not in their file")?;
    let mut typist = Typist::open(client, scene.file, before, after)?;
    for line in typed.lines() {
        let written = typist.line(line, |done, ghost| {
            if animate {
                terminal.redraw(&fit(done), &fit(ghost.lines().next().unwrap_or_default()))?;
                std::thread::sleep(KEY_PAUSE);
            }
            Ok(())
        })?;
        if animate {
            terminal.redraw("", "")?;
        }
        show(terminal, &written)?;
        summary.add(&written);
        typist.line_break()?;
    }
    typist.close()
}

fn fit(text: &str) -> String {
    printable(text).chars().take(WIDTH).collect()
}

/// The line with what was accepted set apart, and under it what that cost.
fn show(terminal: &mut Terminal, line: &TypedLine) -> anyhow::Result<()> {
    let mut pieces = Vec::new();
    for (accepted, text) in &line.pieces {
        let visible = *accepted && !text.trim().is_empty();
        // Without colours brackets tell what was accepted.
        match (visible, terminal.has_colour()) {
            (true, false) => pieces.extend([(Style::Plain, "⟦"), (Style::Plain, text.as_str()), (Style::Plain, "⟧")]),
            (true, true) => pieces.push((Style::Dim, text.as_str())),
            (false, _) => pieces.push((Style::Plain, text.as_str())),
        }
    }
    terminal.styled(&pieces)?;
    let (characters, keys) = (line.characters(), line.keys());
    let stats = if line.accepted.is_empty() {
        format!("{keys} keys, all typed")
    } else {
        let accepted: Vec<String> = line.accepted.iter().map(|accepted| summary::of_stroke(&accepted.stroke)).collect();
        format!("{keys} keys for {characters} characters; {}", accepted.join("; "))
    };
    terminal.styled(&[(Style::Dim, &format!("        └ {stats}"))])?;
    Ok(())
}
