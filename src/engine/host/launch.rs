//! Starting a host: what it is told on its command line, and the process itself.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::watch;

use super::address::{HostAddress, HostIdentity, HostPaths, fnv1a};
use super::private::prepare_directory;
use crate::config::{EngineChoice, EngineSettings, HostMode};

/// A log above this size is set aside before the next host writes to it.
pub(super) const MAX_LOG_BYTES: u64 = 1 << 20;

/// Everything that a client must know to find or start its host.
#[derive(Clone, Debug)]
pub struct HostConfig {
    pub paths: HostPaths,
    /// The program to start: this one.
    pub program: PathBuf,
    /// Its subcommand and what concerns the model; `HostArgs` follow.
    pub arguments: Vec<OsString>,
    pub identity: HostIdentity,
    /// How long a host without clients stays.
    pub idle: Duration,
}

impl HostConfig {
    /// `program` is the running executable. An error is a sentence for the user.
    pub fn new(paths: HostPaths, program: PathBuf, settings: &EngineSettings) -> anyhow::Result<Self> {
        let mut settings = settings.clone();
        let idle = Duration::from_secs(settings.host_idle_seconds);
        if let Some(model) = &mut settings.model {
            // The host has another working directory.
            *model = std::path::absolute(&*model).with_context(|| format!("no such model: {}", model.display()))?;
        }
        // What does not change the model must not part the windows that could share it.
        settings.choice = EngineChoice::Auto;
        settings.host = HostMode::Process;
        settings.host_idle_seconds = 0;
        let json = serde_json::to_string(&settings).context("the model's path must be Unicode; rename the file")?;
        let stamp = settings.model.as_deref().map(stamp).unwrap_or_default();
        let identity =
            HostIdentity { binary: binary_version(&program), model: format!("{json} {stamp}").trim_end().to_owned() };
        let arguments = vec!["engine".into(), "--settings".into(), json.into()];
        Ok(Self { paths, program, arguments, identity, idle })
    }
}

/// The version and a stamp of the file: a host of yesterday's build must not serve today's.
pub fn binary_version(program: &Path) -> String {
    format!("{}+{}", env!("CARGO_PKG_VERSION"), stamp(program))
}

/// Changes when the file does; empty when there is none.
fn stamp(path: &Path) -> String {
    let Ok(found) = std::fs::metadata(path) else { return String::new() };
    let modified = found.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let modified = modified.unwrap_or_default().as_nanos();
    format!("{:016x}", fnv1a([&found.len().to_le_bytes()[..], &modified.to_le_bytes()[..]]))
}

/// What every host is told, whatever its engine. The hidden subcommand flattens it into its own arguments.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct HostArgs {
    /// Directory of the socket and the lock.
    #[arg(long)]
    pub directory: PathBuf,
    /// Name of the socket in it.
    #[arg(long)]
    pub name: String,
    /// The file that stderr goes to; the host keeps it short.
    #[arg(long)]
    pub log: PathBuf,
    /// What clients must be: the build.
    #[arg(long)]
    pub binary: String,
    /// What clients must want: the model and its settings.
    #[arg(long)]
    pub model: String,
    /// End after so many ms without a client.
    #[arg(long)]
    pub idle_ms: u64,
}

impl HostArgs {
    pub fn new(config: &HostConfig, address: &HostAddress) -> Self {
        Self {
            directory: address.directory.clone(),
            name: address.name.clone(),
            log: address.log(&config.paths.state_dir),
            binary: config.identity.binary.clone(),
            model: config.identity.model.clone(),
            idle_ms: u64::try_from(config.idle.as_millis()).unwrap_or(u64::MAX),
        }
    }

    pub fn address(&self) -> HostAddress {
        HostAddress { directory: self.directory.clone(), name: self.name.clone() }
    }

    pub fn identity(&self) -> HostIdentity {
        HostIdentity { binary: self.binary.clone(), model: self.model.clone() }
    }

    fn to_arguments(&self) -> Vec<OsString> {
        let idle = self.idle_ms.to_string();
        let pairs: [(&str, &std::ffi::OsStr); 6] = [
            ("--directory", self.directory.as_os_str()),
            ("--name", self.name.as_ref()),
            ("--log", self.log.as_os_str()),
            ("--binary", self.binary.as_ref()),
            ("--model", self.model.as_ref()),
            ("--idle-ms", idle.as_ref()),
        ];
        pairs.into_iter().flat_map(|(option, value)| [option.into(), value.to_owned()]).collect()
    }
}

/// A host that this process started. It outlives this value, and this process.
pub struct Launched {
    /// How it ended, once it has: success, and a phrase such as `signal: 9 (SIGKILL)`.
    exit: watch::Receiver<Option<(bool, String)>>,
}

impl Launched {
    /// Success and a phrase, when the process has ended.
    pub fn ended(&self) -> Option<(bool, String)> {
        self.exit.borrow().clone()
    }

    /// The phrase, when the process ends within `patience`.
    pub async fn end_within(&mut self, patience: Duration) -> Option<String> {
        let ended = tokio::time::timeout(patience, self.exit.wait_for(Option::is_some)).await.ok()?.ok()?;
        ended.as_ref().map(|(_, phrase)| phrase.clone())
    }
}

/// Starts a host: detached from the editor's process group, its stderr in the log. Wants a tokio runtime around it,
/// which reaps the child.
pub fn launch(config: &HostConfig, address: &HostAddress) -> anyhow::Result<Launched> {
    prepare_directory(&address.directory)?;
    let arguments = HostArgs::new(config, address);
    let log = open_log(&arguments.log)?;
    let program = existing(&config.program);
    let mut command = tokio::process::Command::new(&program);
    command
        .args(&config.arguments)
        .args(arguments.to_arguments())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        // The editor's folder must stay free to be removed.
        .current_dir(&address.directory)
        // ggml_abort would start gdb for a backtrace.
        .env("GGML_NO_BACKTRACE", "1")
        // Threads that wait must not burn the cores that the editor needs.
        .env("OMP_WAIT_POLICY", "passive");
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn().with_context(|| format!("cannot start the engine host {}", program.display()))?;
    let (tell, exit) = watch::channel(None);
    tokio::spawn(async move {
        let ended = match child.wait().await {
            Ok(status) => (status.success(), status.to_string()),
            Err(error) => (false, error.to_string()),
        };
        tell.send_replace(Some(ended));
    });
    Ok(Launched { exit })
}

/// After an update the running program's file is gone from its path; Linux still knows it.
fn existing(program: &Path) -> PathBuf {
    let running = Path::new("/proc/self/exe");
    if !program.exists() && running.exists() { running.to_owned() } else { program.to_owned() }
}

fn open_log(log: &Path) -> anyhow::Result<File> {
    let describe = || format!("cannot open the log {}", log.display());
    if let Some(directory) = log.parent() {
        std::fs::create_dir_all(directory).with_context(describe)?;
    }
    if std::fs::metadata(log).is_ok_and(|found| found.len() > MAX_LOG_BYTES) {
        let _ = std::fs::rename(log, older(log));
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(log).with_context(describe)
}

/// Keeps the log of a running host short: what it wrote moves to a second file, and the file that its stderr appends to
/// starts anew.
pub(super) fn trim_log(log: &Path) -> std::io::Result<()> {
    if std::fs::metadata(log)?.len() > MAX_LOG_BYTES {
        std::fs::copy(log, older(log))?;
        OpenOptions::new().write(true).open(log)?.set_len(0)?;
    }
    Ok(())
}

fn older(log: &Path) -> PathBuf {
    log.with_extension("log.1")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(clap::Parser)]
    struct Command {
        #[command(flatten)]
        host: HostArgs,
    }

    fn paths() -> HostPaths {
        HostPaths { runtime_dir: "/run/tandem".into(), state_dir: "/state".into() }
    }

    #[test]
    fn the_host_reads_what_the_client_writes() {
        let config = HostConfig::new(paths(), "/usr/bin/tandem".into(), &EngineSettings::default()).expect("works");
        let address = HostAddress::new(&config.paths, &config.identity, 1000, 0);
        let arguments = HostArgs::new(&config, &address);
        let line = std::iter::once("host".into()).chain(arguments.to_arguments());
        let read = Command::try_parse_from(line).expect("parses").host;
        assert_eq!(read, arguments);
        assert_eq!(read.address(), address);
        assert_eq!(read.identity(), config.identity);
    }

    #[test]
    fn windows_share_a_host_unless_the_model_differs() {
        let model = |change: &dyn Fn(&mut EngineSettings)| {
            let mut settings = EngineSettings::default();
            change(&mut settings);
            HostConfig::new(paths(), "/usr/bin/tandem".into(), &settings).expect("works").identity.model
        };
        let usual = model(&|_| ());
        assert_eq!(usual, model(&|settings| settings.host_idle_seconds = 1));
        assert_eq!(usual, model(&|settings| settings.choice = EngineChoice::Lookup));
        assert_ne!(usual, model(&|settings| settings.context_tokens = 1));
        assert_ne!(usual, model(&|settings| settings.model = Some("other.gguf".into())));
    }

    #[test]
    fn a_model_file_that_changed_is_another_model() {
        let root = tempfile::tempdir().expect("tempdir");
        let file = root.path().join("model.gguf");
        let identity = || {
            let settings = EngineSettings { model: Some(file.clone()), ..EngineSettings::default() };
            HostConfig::new(paths(), "/usr/bin/tandem".into(), &settings).expect("works").identity
        };
        std::fs::write(&file, "one").expect("written");
        let before = identity();
        std::fs::write(&file, "three").expect("written");
        assert_ne!(before, identity());
    }

    #[test]
    fn logs_stay_short() {
        let root = tempfile::tempdir().expect("tempdir");
        let log = root.path().join("engine.log");
        let mut open = open_log(&log).expect("opens");
        std::io::Write::write_all(&mut open, &vec![b'x'; MAX_LOG_BYTES as usize + 1]).expect("written");
        trim_log(&log).expect("trimmed");
        std::io::Write::write_all(&mut open, b"new").expect("written");
        assert_eq!(std::fs::read_to_string(&log).expect("there"), "new");
        assert_eq!(std::fs::metadata(older(&log)).expect("there").len(), MAX_LOG_BYTES + 1);
    }
}
