//! The pull itself: what is about to come is said, room for it is found, it comes, is looked at, and becomes the store's.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Arguments;
use super::plan::{self, Draft, Part, pinned, source_name};
use super::screen::{Progress, Screen};
use crate::cli::doctor::machine::size;
use crate::cli::fitting;
use crate::cli::model::{selection, store};
use crate::cli::terminal::{Style, Terminal, printable};
use crate::config::Loader;
use crate::models::download::{Event, Failure, Fetch, Finished, Options, Partial, has_room};
use crate::models::fit::Machine;
use crate::models::hub::{Hub, HubSettings, Trouble};
use crate::models::import::role_of;
use crate::models::store::check_file_name;
use crate::models::{Arrival, ArrivedFile, CommercialUse, Installed, Store, gguf};
use crate::network;

/// What is said of a model that need not be brought.
const SAME: &str = "It is there already, and is what the hub has";

/// Between two looks at how far it is, and at whether another process is done.
const TICK: Duration = Duration::from_millis(200);
const CONNECT: Duration = Duration::from_secs(15);
/// A connection that brings next to nothing for so long is given up.
const SILENCE: Duration = Duration::from_secs(30);

pub fn run(terminal: &mut Terminal, loader: &Loader, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let user = loader.load(&[], None).user;
    let builder = network::builder(loader.environment(), user.cloud.ca_file.as_deref(), network::of_the_system())?;
    let settings = HubSettings {
        url: &user.models.hub,
        token_variable: &user.models.token_env,
        token: loader.environment().get(&user.models.token_env),
        connect: CONNECT,
        silence: SILENCE,
    };
    let hub = Hub::new(builder, &settings).map_err(anyhow::Error::msg)?;
    // Writes to the disk stand where they are: there is a thread for each connection, and one for the rest.
    let threads = usize::from(arguments.connections) + 2;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    let machine = fitting::machine(&user.engine);
    let (events, heard) = mpsc::unbounded_channel();
    let done = Arc::new(AtomicU64::new(0));
    let came = done.clone();
    let fetch = Fetch {
        hub: Arc::new(hub),
        options: Options { ranges: usize::from(arguments.connections), ..Options::default() },
        stop: CancellationToken::new(),
        on_event: Arc::new(move |event| match event {
            Event::Came { done } => came.store(done, Ordering::Relaxed),
            Event::Begun { there, .. } => {
                came.store(there, Ordering::Relaxed);
                drop(events.send(event));
            }
            event => drop(events.send(event)),
        }),
    };
    let mut pull = Pull {
        terminal,
        screen: Screen::of(arguments.json),
        store: store(loader),
        fetch,
        heard,
        done,
        machine,
        kept: 0,
    };
    let pulled = runtime.block_on(async {
        let stop = stop_on_signals(pull.fetch.stop.clone())?;
        let pulled = pull.run(arguments).await;
        stop.abort();
        anyhow::Ok(pulled)
    })?;
    // A hasher that reads the rest of a file that nobody wants is not waited for.
    runtime.shutdown_background();
    match pulled {
        Ok(Some(installed)) => {
            if arguments.is_to_be_used {
                let role = arguments.role.map_or(installed.role, Into::into);
                let said = selection::choose(loader, role, Some(&installed.name.to_string()))?;
                pull.screen.event(pull.terminal, &json!({"event": "used", "said": said}))?;
                for line in said.iter().filter(|_| !arguments.json) {
                    pull.terminal.line(line)?;
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Ok(None) => Ok(ExitCode::FAILURE),
        Err(error) => pull.failed(&error),
    }
}

/// Ctrl-C and its kin end the pull in order; a second one ends the process.
fn stop_on_signals(stop: CancellationToken) -> io::Result<tokio::task::JoinHandle<()>> {
    #[cfg(unix)]
    let mut others = {
        use tokio::signal::unix::{SignalKind, signal};
        (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?)
    };
    Ok(tokio::spawn(async move {
        let mut has_stopped = false;
        loop {
            #[cfg(unix)]
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = others.0.recv() => {}
                _ = others.1.recv() => {}
            }
            #[cfg(not(unix))]
            drop(tokio::signal::ctrl_c().await);
            if has_stopped {
                std::process::exit(1);
            }
            has_stopped = true;
            stop.cancel();
        }
    }))
}

struct Pull<'a> {
    terminal: &'a mut Terminal,
    screen: Screen,
    store: Store,
    fetch: Fetch,
    heard: mpsc::UnboundedReceiver<Event>,
    done: Arc<AtomicU64>,
    machine: Machine,
    /// Bytes that a failure left for the next pull.
    kept: u64,
}

impl Pull<'_> {
    /// None: the user said no.
    async fn run(&mut self, arguments: &Arguments) -> anyhow::Result<Option<Installed>> {
        if self.fetch.hub.withholds_token() {
            self.screen.say(
                "Your token stays here: `models.hub` is without encryption, and everybody on the way could read it.",
            );
        }
        let mut draft =
            plan::draft(&self.fetch, arguments, &self.machine).await.map_err(|error| self.explained(error))?;
        let there = self.whole(&draft)?;
        let sources = std::mem::take(&mut draft.sources);
        let parts = match (plan::look(&self.fetch, sources).await, &there) {
            (Ok(parts), _) => parts,
            (Err(Failure::Hub(error)), Some(installed)) if error.trouble == Trouble::Unreachable => {
                self.screen.say(&format!("{error}; what is installed was not compared with the hub's."));
                return self.already(installed, "It is there already").map(Some);
            }
            (Err(failure), _) => return Err(self.explained(failure.into())),
        };
        for part in &parts {
            check_file_name(&part.remote.file_name())?;
        }
        if let Some(installed) = there.filter(|installed| is_same(installed, &parts)) {
            return self.already(&installed, SAME).map(Some);
        }
        let before = draft.installed(&self.store)?;
        if let Some(failure) = plan::changed(before.as_ref(), &parts) {
            for part in &parts {
                self.forget(&key(&draft, part))?;
            }
            return Err(plan::with_way_out(failure, &draft.name).into());
        }
        self.announce(&draft, &parts)?;
        if draft.is_restricted() && !arguments.yes && !self.agrees(&draft)? {
            return Ok(None);
        }
        let mut arrived = Vec::new();
        let mut partials = Vec::new();
        let origin = draft.origin_at(&parts);
        let mut joined = gguf::Joined::new(parts.len());
        for (number, part) in parts.into_iter().enumerate() {
            let key = key(&draft, &part);
            let partial = match self.take(&key).await? {
                (partial, true) if number == 0 => {
                    // Whoever had it may have brought it.
                    if let Some(installed) = self.whole(&draft)?.filter(|installed| installed.origin == origin) {
                        return self.already(&installed, SAME).map(Some);
                    }
                    partial
                }
                (partial, _) => partial,
            };
            let pinned = pinned(before.as_ref(), &part, &origin.revision);
            let (file_name, source) = (part.remote.file_name(), source_name(&part.source));
            let finished = match self.bring(part, &partial, pinned).await {
                Ok(finished) => finished,
                Err(failure) => {
                    self.kept = if partial.path().exists() { self.done.load(Ordering::Relaxed) } else { 0 };
                    return Err(self.explained(plan::with_way_out(failure, &draft.name).into()));
                }
            };
            if let Err(error) = gguf::read(&finished.path).and_then(|header| joined.add(header)) {
                partial.discard()?;
                bail!("{}: {error:#}. Nothing of it was kept", printable(&file_name));
            }
            if !finished.was_known && pinned.is_none() {
                self.screen.say(&format!(
                    "{}: nobody had said what its digest would be. It is {} and is written down: a later pull must bring the same.",
                    printable(&file_name),
                    finished.sha256
                ));
            }
            let Finished { path, bytes, sha256, .. } = finished;
            arrived.push(ArrivedFile { partial: path, file_name, source, bytes, sha256 });
            partials.push(partial);
        }
        let header = match joined.whole() {
            Ok(header) => header,
            Err(error) => {
                partials.iter().try_for_each(|partial| partial.discard())?;
                bail!("{}: {error:#}. Nothing of them was kept", draft.name);
            }
        };
        let role = draft.role.unwrap_or_else(|| role_of(&header));
        let arrival = Arrival { name: draft.name.clone(), role, origin, files: arrived };
        let installed = self.store.take_in(&arrival)?;
        drop(partials);
        self.installed(&installed, arguments.is_to_be_used)?;
        Ok(Some(installed))
    }

    /// The model where it is installed and all its files have their sizes.
    fn whole(&self, draft: &Draft) -> anyhow::Result<Option<Installed>> {
        let installed = draft.installed(&self.store)?;
        Ok(installed.filter(|installed| self.store.check(installed).is_ok()))
    }

    fn announce(&mut self, draft: &Draft, parts: &[Part]) -> anyhow::Result<()> {
        let bytes = parts.iter().fold(0_u64, |sum, part| sum.saturating_add(part.remote.size));
        let licence = draft.licence;
        let names: Vec<String> = parts.iter().map(|part| part.remote.file_name()).collect();
        let event = json!({
            "event": "resolved", "name": draft.name, "from": draft.origin, "files": names, "bytes": bytes,
            "revision": parts.first().and_then(|part| part.remote.commit.clone()),
            "licence": licence.map(|licence| &licence.id),
            "commercialUse": licence.map(|licence| licence.commercial), "remark": draft.remark,
        });
        self.screen.event(self.terminal, &event)?;
        let count = if parts.len() == 1 { String::new() } else { format!(" in {} files", parts.len()) };
        self.screen.say(&format!("{}: {}{count} from {}", draft.name, size(bytes), draft.origin));
        if let Some(remark) = &draft.remark {
            self.screen.say(remark);
        }
        match licence {
            Some(licence) => {
                let may = match licence.commercial {
                    CommercialUse::Yes => "also at work",
                    CommercialUse::Conditions => "at work under conditions",
                    CommercialUse::No => "NOT for commercial use",
                };
                self.screen.say(&format!("Licence: {}, {may} ({})", licence.title, licence.url));
                if !licence.note.is_empty() {
                    self.screen.say(&licence.note);
                }
            }
            None => self.screen.say("Licence: nobody here knows; see the page that it comes from."),
        }
        let directory = self.store.partial_directory();
        let wanted = parts.iter().map(|part| {
            let known = Partial::try_take(&directory, &key(draft, part)).ok().flatten();
            known.map_or(0, |partial| partial.wanted_room(part.remote.size))
        });
        let wanted = wanted.fold(0, u64::saturating_add);
        if let Err(free) = has_room(self.store.directory(), wanted) {
            return Err(Failure::NoRoom { path: self.store.directory().to_owned(), wanted, free }.into());
        }
        Ok(())
    }

    fn agrees(&mut self, draft: &Draft) -> anyhow::Result<bool> {
        if !io::stdin().is_terminal() {
            bail!(
                "{} is not for commercial use, and nobody is here to be asked: --yes agrees to its licence",
                draft.name
            );
        }
        eprint!("Pull it, and not use it commercially? y = yes, anything else = no: ");
        io::stderr().flush()?;
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    /// Removes what an interrupted pull left, unless another process is at it.
    fn forget(&self, key: &str) -> io::Result<()> {
        match Partial::try_take(&self.store.partial_directory(), key)? {
            Some(partial) => partial.discard(),
            None => Ok(()),
        }
    }

    /// The right to write this download, and whether it was waited for.
    async fn take(&mut self, key: &str) -> anyhow::Result<(Arc<Partial>, bool)> {
        let directory = self.store.partial_directory();
        let mut has_waited = false;
        loop {
            if let Some(partial) = Partial::try_take(&directory, key)? {
                return Ok((Arc::new(partial), has_waited));
            }
            if !has_waited {
                has_waited = true;
                self.screen.say("Another process is bringing the same file: waiting for it.");
                self.screen.event(self.terminal, &json!({"event": "waiting"}))?;
            }
            tokio::select! {
                () = self.fetch.stop.cancelled() => return Err(Failure::Stopped.into()),
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }

    async fn bring(
        &mut self,
        part: Part,
        partial: &Arc<Partial>,
        pinned: Option<crate::models::Sha256>,
    ) -> Result<Finished, Failure> {
        let mut progress = Progress::new(&self.screen, &part.remote.file_name(), part.remote.size, Instant::now());
        self.done.store(0, Ordering::Relaxed);
        let fetch = self.fetch.clone();
        let mut bringing = std::pin::pin!(fetch.bring(&part.source, part.remote, partial, pinned));
        let told =
            |result: io::Result<()>| result.map_err(|error| Failure::Io { path: "standard output".into(), error });
        let brought = loop {
            tokio::select! {
                brought = &mut bringing => break brought,
                Some(event) = self.heard.recv() => told(progress.hear(self.terminal, event, Instant::now()))?,
                () = tokio::time::sleep(TICK) => {
                    told(progress.show(self.terminal, self.done.load(Ordering::Relaxed), Instant::now()))?;
                }
            }
        };
        while let Ok(event) = self.heard.try_recv() {
            told(progress.hear(self.terminal, event, Instant::now()))?;
        }
        if brought.is_ok() {
            told(progress.show(self.terminal, self.done.load(Ordering::Relaxed), Instant::now()))?;
        }
        self.screen.clear();
        brought
    }

    fn already(&mut self, installed: &Installed, how: &str) -> anyhow::Result<Installed> {
        let event =
            json!({"event": "installed", "name": installed.name, "isNew": false, "path": self.first(installed)});
        self.screen.event(self.terminal, &event)?;
        if !matches!(self.screen, Screen::Events) {
            self.terminal.line(format!("{how}: {}.", installed.name))?;
        }
        Ok(installed.clone())
    }

    fn installed(&mut self, installed: &Installed, is_used: bool) -> anyhow::Result<()> {
        let path = self.first(installed);
        let event = json!({
            "event": "installed", "name": installed.name, "isNew": true, "path": path, "bytes": installed.bytes(),
            "role": installed.role, "revision": installed.origin.revision,
            "sha256": installed.files.iter().map(|file| file.sha256.to_string()).collect::<Vec<_>>(),
        });
        self.screen.event(self.terminal, &event)?;
        if matches!(self.screen, Screen::Events) {
            return Ok(());
        }
        let name = installed.name.to_string();
        self.terminal.styled(&[
            (Style::Good, &name),
            (
                Style::Plain,
                &format!(" is here and verified: {}", path.map_or_else(String::new, |path| path.display().to_string())),
            ),
        ])?;
        if !is_used {
            self.terminal.line(format!("`tandem model use {name}` uses it."))?;
        }
        Ok(())
    }

    fn first(&self, installed: &Installed) -> Option<std::path::PathBuf> {
        installed.files.first().map(|file| self.store.path(file))
    }

    /// A failure with what is left to do.
    fn explained(&self, error: anyhow::Error) -> anyhow::Error {
        match error.downcast_ref::<Failure>() {
            Some(Failure::Hub(hub)) if hub.trouble == Trouble::Unreachable => {
                let way_out = format!(
                    "{hub}. Without a network: bring the GGUF file on a disk and type `tandem model import FILE`; \
                     `tandem model list` shows what is here"
                );
                let hub = crate::models::hub::HubError::new(Trouble::Unreachable, way_out);
                Failure::Hub(hub).into()
            }
            _ => error,
        }
    }

    /// What went wrong, and what is left of the file. A mistake in what was typed is for the caller to say.
    fn failed(&mut self, error: &anyhow::Error) -> anyhow::Result<ExitCode> {
        let message = format!("{error:#}");
        self.screen.event(self.terminal, &json!({"event": "failed", "message": message, "kept": self.kept}))?;
        eprintln!("tandem: {message}");
        if self.kept > 0 {
            eprintln!("tandem: {} are kept; the same command goes on with them", size(self.kept));
        }
        Ok(if error.is::<Failure>() { ExitCode::FAILURE } else { ExitCode::from(crate::cli::USAGE_OR_FILE_ERROR) })
    }
}

/// Whether what is installed is what the hub has now.
fn is_same(installed: &Installed, parts: &[Part]) -> bool {
    use crate::models::hub::FileDigest;

    // Without a digest the commit tells, or the version that an address's host names. Who names none is asked for all.
    let revision = plan::revision(parts);
    let is_same_version = !revision.is_empty() && installed.origin.revision == revision;
    installed.files.len() == parts.len()
        && installed.files.iter().zip(parts).all(|(file, part)| match part.remote.digest {
            Some(FileDigest::Sha256(digest)) => file.sha256 == digest,
            _ => is_same_version && file.bytes == part.remote.size,
        })
}

/// What a download's files are called. Another revision of a file takes the place of the one before.
fn key(draft: &Draft, part: &Part) -> String {
    let whole = format!("{}\n{}", draft.origin, source_name(&part.source));
    let hash = blake3::hash(whole.as_bytes()).to_hex();
    let name: String =
        part.remote.file_name().chars().filter(|character| !matches!(character, '/' | '\\')).take(80).collect();
    format!("{name}.{}", hash.get(..12).unwrap_or_default())
}
