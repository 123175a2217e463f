//! Puts a server together: pipes, queue, session, handlers.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::client::ClientHandle;
use super::handlers::shutdown::{FIGURES_DEADLINE, QUESTIONS_DEADLINE};
use super::inbox::Inbox;
use super::mirror::{self, Mirror, Pace};
use super::outbox::outbox;
use super::server::Server;
use super::settings::{EditorSettings, EngineFactory, MeaningFactory};
use super::transport;
use crate::acceptance::Recorder;
use crate::config::Loader;
use crate::session::questions::Answerer;
use crate::session::{Session, system_clock, witness};

/// How to serve. The default records nothing and starts no engine.
#[derive(Clone, Default)]
pub struct ServeOptions {
    /// Reads the layers of settings other than the editor's.
    pub loader: Loader,
    /// Makes the engine once the client's settings are known, and again when they change. Without one the session keeps
    /// the engine that it was made with.
    pub make_engine: Option<EngineFactory>,
    /// Makes what folders are searched by meaning with; without one they are searched by words.
    pub make_meaning: Option<MeaningFactory>,
    /// Record what the client sends.
    pub mirror: Option<PathBuf>,
    /// The database in which to count what becomes of suggestions, as long as the settings want that.
    pub stats_file: Option<PathBuf>,
    /// Answers questions; none are offered without.
    pub answerer: Option<Arc<dyn Answerer>>,
    /// The directory for the socket at which `tandem why` asks; none is opened without.
    pub runtime_dir: Option<PathBuf>,
}

/// Serves one client until it leaves. Returns the process's exit code: 0 when it said `shutdown` first, else 1.
///
/// Fails only when the recording cannot be written. Must be called inside a tokio runtime with time and IO.
pub async fn serve<R, W>(input: R, output: W, session: Arc<Session>, options: ServeOptions) -> anyhow::Result<i32>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let mirror = options.mirror.as_deref().map(Mirror::create).transpose()?;
    if let Some(file) = &options.stats_file {
        let recorder = Recorder::start(file, session.settings().stats.keep_days);
        session.keep_figures(Arc::new(recorder), system_clock());
    }
    if let Some(answerer) = options.answerer {
        session.answer_questions(answerer, options.loader.environment().find_executable("git"));
    }
    let witness = options.runtime_dir.as_deref().map(|directory| witness::serve(directory, &session));
    let figures = session.clone();
    let (outbox, writer) = outbox();
    let writing = tokio::spawn(writer.run(output));
    let stop = CancellationToken::new();
    let (service, socket) = Server::service(|client| {
        let client = ClientHandle::new(client, outbox.clone());
        let settings = EditorSettings::new(
            session.clone(),
            client.clone(),
            options.loader,
            options.make_engine,
            options.make_meaning,
        );
        Server::new(session, client, Arc::new(settings), stop.clone())
    });
    let code = transport::run(Inbox::new(input, mirror), service, socket, outbox, stop.clone()).await;
    figures.end_questions(QUESTIONS_DEADLINE).await;
    figures.close_model(FIGURES_DEADLINE).await;
    stop.cancel();
    writing.abort();
    if let Some(witness) = witness {
        witness.abort();
        // Its files go with it.
        let _ = witness.await;
    }
    // For clients that left without a word.
    figures.close_figures(FIGURES_DEADLINE);
    Ok(code)
}

/// Where `serve_stdio` reads from.
#[derive(Clone, Debug, Default)]
pub enum Input {
    #[default]
    Stdin,
    /// A recording made with `mirror`.
    Replay(PathBuf, Pace),
}

/// Serves the client at stdin and stdout, in a runtime of its own; `session` is made inside of it. Blocks. Returns the
/// exit code, with which the process should end at once: a read of stdin may still be under way in a thread.
pub fn serve_stdio(input: Input, session: impl FnOnce() -> Arc<Session>, options: ServeOptions) -> anyhow::Result<i32> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .thread_name("tandem")
        .build()
        .context("cannot start the threads of the server")?;
    let code = runtime.block_on(async {
        let session = session();
        let stdout = tokio::io::stdout();
        match input {
            Input::Stdin => serve(tokio::io::stdin(), stdout, session, options).await,
            Input::Replay(path, pace) => serve(mirror::replay(&path, pace)?, stdout, session, options).await,
        }
    });
    runtime.shutdown_background();
    code
}

/// Threads for handlers, beside the one that reads messages: enough that a long computation does not hold up an answer
/// from memory, few enough to leave the cores to the model.
const WORKERS: usize = 2;
