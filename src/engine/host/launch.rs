//! Starting a host: what it is told on its command line, and the process itself.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::watch;

use super::address::{HostAddress, HostIdentity};
use super::config::HostConfig;
use super::log::open_log;
use super::private::prepare_directory;

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
        // Code that is loaded as a backend comes with the program and from nowhere else.
        .env_remove("GGML_BACKEND_PATH")
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::config::Settings;
    use crate::engine::host::HostPaths;

    #[derive(clap::Parser)]
    struct Command {
        #[command(flatten)]
        host: HostArgs,
    }

    fn paths() -> HostPaths {
        HostPaths { runtime_dir: "/run/tandem".into(), state_dir: "/state".into(), cache_dir: "/cache".into() }
    }

    #[test]
    fn the_host_reads_what_the_client_writes() {
        let config = HostConfig::new(paths(), "/usr/bin/tandem".into(), &Settings::default()).expect("works");
        let address = HostAddress::new(&config.paths, &config.identity, 1000, 0);
        let arguments = HostArgs::new(&config, &address);
        let line = std::iter::once("host".into()).chain(arguments.to_arguments());
        let read = Command::try_parse_from(line).expect("parses").host;
        assert_eq!(read, arguments);
        assert_eq!(read.address(), address);
        assert_eq!(read.identity(), config.identity);
    }
}
