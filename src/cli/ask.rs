//! `tandem ask` and `tandem preview`: a question from a terminal, and what it would send.

mod arguments;
mod assembly;
mod consent;
mod report;
mod screen;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;

use super::terminal::{Style, Terminal};
use super::{meaning, workspace};
use crate::ask::{Asked, ConsentReply, Question, Step, Workspace};
use crate::config::{Loader, RouteChoice};
use crate::session::questions::{Answerer, Payload, words};

use arguments::{LineRange, dollars};
use assembly::Place;
pub use assembly::answerer;
use consent::Permission;
use report::Report;
use screen::Screen;

/// What a shell makes of a command that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// What both commands take.
#[derive(Clone, Debug, clap::Args)]
pub struct QuestionArguments {
    /// The question
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,

    /// About this file, or these lines of it: src/main.rs, src/main.rs:12, src/main.rs:12-40
    #[arg(long, value_name = "PATH[:LINES]")]
    file: Option<LineRange>,

    /// Answer on this machine, whatever the settings say
    #[arg(long, conflicts_with = "cloud")]
    local: bool,

    /// Ask the cloud model, if policy and budget allow it
    #[arg(long)]
    cloud: bool,

    /// Spend at most so many dollars on this question
    #[arg(long, value_name = "DOLLARS", value_parser = dollars)]
    budget: Option<crate::budget::Picodollars>,

    /// Go on with this thread (`tandem threads` lists them)
    #[arg(long, value_name = "ID")]
    thread: Option<String>,

    /// Take along what is not committed, and the last commits
    #[arg(long)]
    changes: bool,

    #[command(flatten)]
    pub(super) workspace: workspace::WorkspaceArguments,
}

/// Ask a question about the workspace.
///
/// It is answered on this machine or by the cloud model that you set up; which, and why, is said. Nothing is sent before you
/// saw what and what it can cost. Ctrl-C cancels; what was spent by then is settled.
///
/// Exit code: 0 answered; 1 refused, failed, or not the whole answer; 2 a mistake in the arguments; 130 cancelled.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem ask how does a request reach the database
  tandem ask --file src/queue.rs:40-80 why is this retried
  tandem ask --dry-run --cloud what calls the scheduler    show what would be sent, send nothing
  tandem ask --yes --budget 0.20 --json where are errors logged | jq -r .answer")]
pub struct AskArguments {
    #[command(flatten)]
    pub(super) question: QuestionArguments,

    /// Show what would be sent and what it can cost, and send nothing
    #[arg(long)]
    dry_run: bool,

    /// Allow it without being asked, this time
    #[arg(long)]
    yes: bool,
}

/// See what a question would send, and what it can cost. Sends nothing.
///
/// Exit code: 0; 1 where nothing would be sent, with the reason; 2 a mistake in the arguments.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem preview how does a request reach the database
  tandem preview --file src/queue.rs why is this retried")]
pub struct PreviewArguments {
    #[command(flatten)]
    pub(super) question: QuestionArguments,
}

pub fn run(arguments: &AskArguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let is_dry = arguments.dry_run;
    with_question(&arguments.question, loader, async |answerer, question, workspace| {
        if is_dry {
            preview(&arguments.question, loader, answerer, question, workspace).await
        } else {
            ask(arguments, loader, answerer, question, workspace).await
        }
    })
}

pub fn run_preview(arguments: &PreviewArguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    with_question(&arguments.question, loader, async |answerer, question, workspace| {
        preview(&arguments.question, loader, answerer, question, workspace).await
    })
}

/// Makes the question out of the arguments and the folder, and hands it on.
fn with_question(
    arguments: &QuestionArguments,
    loader: &Loader,
    work: impl AsyncFnOnce(Arc<dyn Answerer>, Question, Workspace) -> anyhow::Result<ExitCode>,
) -> anyhow::Result<ExitCode> {
    let opened = arguments.workspace.open(loader)?;
    // What has vectors is found by them, too; none are made, and words alone are enough where the model is away.
    let _understood = meaning::understand(&opened, loader, false, meaning::QUESTION_PATIENCE)?;
    meaning::settle(&opened);
    let place = arguments.file.as_ref().map(|range| Place::read(range, &opened)).transpose()?;
    let route = match (arguments.local, arguments.cloud) {
        (true, _) => Some(RouteChoice::Local),
        (_, true) => Some(RouteChoice::Cloud),
        _ => None,
    };
    let question = Question {
        text: arguments.words.join(" "),
        focus: place.map(|place| place.focus),
        thread: arguments.thread.clone(),
        route,
        limit: arguments.budget,
        with_changes: arguments.changes,
        ..Question::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let code = runtime.block_on(async {
        let workspace = assembly::workspace(&opened, loader);
        work(answerer(loader), question, workspace).await
    });
    // A line of stdin may still be waited for.
    runtime.shutdown_background();
    code
}

async fn preview(
    arguments: &QuestionArguments,
    loader: &Loader,
    answerer: Arc<dyn Answerer>,
    question: Question,
    workspace: Workspace,
) -> anyhow::Result<ExitCode> {
    let mut terminal = Terminal::stdout(loader.environment());
    match answerer.preview(question, workspace).await {
        Ok(Payload { preview, texts }) => {
            if arguments.workspace.json {
                terminal.line(serde_json::to_string_pretty(&report::preview(&preview, &texts))?)?;
            } else {
                for line in words::payload(&preview, &texts).lines() {
                    terminal.line(screen::harmless(line))?;
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(problem) => {
            eprintln!("tandem: nothing would be sent: {}", words::plain(&problem));
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn ask(
    arguments: &AskArguments,
    loader: &Loader,
    answerer: Arc<dyn Answerer>,
    question: Question,
    workspace: Workspace,
) -> anyhow::Result<ExitCode> {
    let is_json = arguments.question.workspace.json;
    let terminal = Terminal::stdout(loader.environment());
    let mut screen = Screen::new(terminal, !is_json, std::io::stderr().is_terminal());
    let permission = Permission::of(arguments.yes);
    let mut report = Report::default();
    let asked = answerer.ask(question, workspace.clone());
    let is_interrupted =
        follow(asked, &mut screen, &mut report, async |request| consent::ask(permission, request).await).await?;
    for crossing in answerer.crossings(workspace).await {
        eprintln!("tandem: {} % of a limit is used: {}", crossing.percent, words::standing(&crossing.window));
    }
    if is_json {
        screen.terminal().line(serde_json::to_string_pretty(&report.json())?)?;
    }
    Ok(match (&report.footer, is_interrupted) {
        (_, true) => ExitCode::from(INTERRUPTED),
        (Some(footer), _) if footer.incomplete.is_none() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// Shows the steps as they come. True where the user interrupted it; then it is settled first, unless they insist.
async fn follow(
    mut asked: Asked,
    screen: &mut Screen,
    report: &mut Report,
    consent: impl AsyncFn(&crate::ask::ConsentRequest) -> ConsentReply,
) -> anyhow::Result<bool> {
    let mut interrupts = 0;
    loop {
        let step = tokio::select! {
            interrupt = tokio::signal::ctrl_c() => {
                interrupt?;
                interrupts += 1;
                if interrupts > 1 {
                    eprintln!("tandem: what was reserved stays reserved until it is reconciled");
                    return Ok(true);
                }
                screen.progress("cancelling; once more ends it at once");
                asked.cancel.cancel();
                continue;
            }
            step = asked.steps.recv() => step,
        };
        match step {
            Some(Step::Routed { reason, .. }) => screen.progress(&reason),
            Some(Step::Progress(line)) => screen.progress(&line),
            Some(Step::Consent(request)) => {
                screen.progress("");
                // Ctrl-C at the question is a no.
                let reply = tokio::select! {
                    reply = consent(&request) => reply,
                    interrupt = tokio::signal::ctrl_c() => {
                        interrupt?;
                        interrupts += 1;
                        asked.cancel.cancel();
                        ConsentReply::Refused
                    }
                };
                // Nobody waits where it was cancelled meanwhile.
                let _ = request.reply.send(reply);
            }
            Some(Step::Notice(text)) => {
                screen.notice(&text)?;
                report.notices.push(text);
            }
            Some(Step::Text(text)) => {
                screen.text(&text)?;
                report.answer.push_str(&text);
            }
            Some(Step::Done(footer)) => {
                screen.footer(&words::footer(&footer))?;
                report.footer = Some(*footer);
                return Ok(interrupts > 0);
            }
            Some(Step::Failed(problem)) => {
                screen.end()?;
                eprintln!("tandem: {}", words::plain(&problem));
                report.problem = Some(problem);
                return Ok(interrupts > 0);
            }
            None => anyhow::bail!("the answer broke off: this is a defect"),
        }
    }
}

/// What stands out of a line of Markdown.
fn style(line: &str) -> Style {
    match line {
        _ if line.starts_with('#') => Style::Bold,
        _ if line.starts_with("> ") => Style::Dim,
        _ => Style::Plain,
    }
}
