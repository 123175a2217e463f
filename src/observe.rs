//! Logging. Never writes to stdout, which belongs to the protocol; never logs source text above `trace`.
//!
//! Lines go through a bounded queue to a thread of their own: an editor that does not read our stderr, or a full disk,
//! may cost lines but never a keystroke. Filter and target can change while the server runs, because an editor's
//! settings arrive after it has started.

mod rotate;
mod sink;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, reload};

use crate::config::LogSettings;
use rotate::RotatingFile;
use sink::Sink;

/// Ours at `info`, the rest when something is wrong.
const DEFAULT_FILTER: &str = "warn,tandem=info";
/// For who does not name the watcher.
const WATCHER_FILTER: &str = "notify=error";

/// Size of a log file before it is rotated, and how many old ones are kept: 16 MiB in all.
const MAX_FILE_BYTES: u64 = 4 << 20;
const OLD_FILES: u32 = 3;

static LOG: OnceLock<Log> = OnceLock::new();

struct Log {
    filter: reload::Handle<EnvFilter, Registry>,
    sink: Sink,
    current: Mutex<Option<(LogSettings, PathBuf)>>,
}

/// Starts logging; once started, the same as `apply`. Returns what could not be done, for the user.
pub fn start(settings: &LogSettings, file: &Path) -> Vec<String> {
    if LOG.get().is_none() {
        let (filter, handle) = reload::Layer::new(EnvFilter::new(DEFAULT_FILTER));
        let sink = Sink::start(Box::new(std::io::stderr()));
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(sink.clone())
            .with_ansi(false)
            .with_timer(TimeAndProcess(std::process::id()));
        // A subscriber that somebody else set (a test's) keeps its place.
        if tracing_subscriber::registry().with(filter).with(lines).try_init().is_ok()
            && LOG.set(Log { filter: handle, sink, current: Mutex::default() }).is_ok()
        {
            log_panics();
        }
    }
    apply(settings, file)
}

/// Takes changed settings. Returns what could not be done, for the user. Nothing happens before `start`.
pub fn apply(settings: &LogSettings, file: &Path) -> Vec<String> {
    let Some(log) = LOG.get() else { return Vec::new() };
    let wanted = Some((settings.clone(), file.to_owned()));
    let mut current = log.current.lock().unwrap_or_else(PoisonError::into_inner);
    if *current == wanted {
        return Vec::new();
    }
    *current = wanted;
    let mut problems = Vec::new();
    let wanted = settings.filter.as_deref().unwrap_or(DEFAULT_FILTER);
    let filter = EnvFilter::try_new(wanted).unwrap_or_else(|error| {
        problems.push(format!("log.filter: `{wanted}` is not a filter ({error}); logging as usual"));
        EnvFilter::new(DEFAULT_FILTER)
    });
    // The watcher warns of every directory that is deleted, which is nothing to a person.
    let filter = match WATCHER_FILTER.parse() {
        Ok(directive) if !wanted.contains("notify") => filter.add_directive(directive),
        _ => filter,
    };
    // Fails only when the subscriber is gone, and then nobody listens.
    let _ = log.filter.reload(filter);
    let target: Box<dyn Write + Send> = if settings.file {
        match RotatingFile::open(file, MAX_FILE_BYTES, OLD_FILES) {
            Ok(file) => Box::new(file),
            Err(error) => {
                problems.push(format!("log.file: {}: {error}; logging to stderr", file.display()));
                Box::new(std::io::stderr())
            }
        }
    } else {
        Box::new(std::io::stderr())
    };
    log.sink.redirect(target);
    problems
}

/// Waits until what was logged is written, at most `deadline`. To be called before the process exits.
pub fn flush(deadline: Duration) {
    if let Some(log) = LOG.get() {
        log.sink.flush(deadline);
    }
}

/// Several processes share one file, so each line tells whose it is.
struct TimeAndProcess(u32);

impl FormatTime for TimeAndProcess {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        SystemTime.format_time(writer)?;
        write!(writer, " {}", self.0)
    }
}

/// A panic's message may quote the text it stumbled over, so only its place is logged for everyone.
fn log_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        tracing::error!("panic at {place}; please report it");
        tracing::trace!("{panic}");
        if tracing::enabled!(tracing::Level::TRACE) {
            before(panic);
        }
    }));
}
