//! A key from a program of the user's, such as a password manager's.
//!
//! No shell, no workspace: the program is named by its path or found on the search path, and runs in the user's home. What it
//! says on stderr is thrown away, what it prints is read up to a limit and goes nowhere but into the key.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::Command;
use zeroize::Zeroizing;

use crate::config::Environment;

/// A password manager may ask for a finger in this time.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of output that are read.
const MAX_OUTPUT: u64 = 32 << 10;

/// Runs a program with its arguments. Errors are ends of sentences, without anything that it printed.
pub async fn run(words: &[String], environment: &Environment) -> Result<Zeroizing<String>, String> {
    run_within(words, environment, PATIENCE).await
}

pub(super) async fn run_within(
    words: &[String],
    environment: &Environment,
    patience: Duration,
) -> Result<Zeroizing<String>, String> {
    let [name, arguments @ ..] = words else { return Err("it is empty".to_owned()) };
    let program = find(name, environment)?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    command.current_dir(environment.home().filter(|home| home.is_dir()).unwrap_or_else(|| PathBuf::from("/")));
    let mut child = command.spawn().map_err(|error| format!("`{name}` cannot be started: {}", error.kind()))?;
    let printed = async {
        let mut printed = Zeroizing::new(Vec::new());
        if let Some(output) = child.stdout.take() {
            let read = output.take(MAX_OUTPUT + 1).read_to_end(&mut printed).await;
            read.map_err(|error| format!("`{name}` cannot be read: {}", error.kind()))?;
        }
        if printed.len() as u64 > MAX_OUTPUT {
            return Err(format!("`{name}` printed more than a key"));
        }
        let status = child.wait().await.map_err(|error| format!("`{name}`: {}", error.kind()))?;
        match (status.success(), status.code()) {
            (true, _) => Ok(printed),
            (false, Some(code)) => Err(format!("`{name}` ended with {code}")),
            (false, None) => Err(format!("`{name}` was killed")),
        }
    };
    let printed = tokio::time::timeout(patience, printed)
        .await
        .map_err(|_| format!("`{name}` took longer than {} s", patience.as_secs()))??;
    match std::str::from_utf8(&printed) {
        Ok(text) if !text.trim().is_empty() => Ok(Zeroizing::new(text.to_owned())),
        Ok(_) => Err(format!("`{name}` printed nothing")),
        Err(_) => Err(format!("`{name}` printed something that is no text")),
    }
}

/// A relative path would depend on where the server was started, which may be the workspace.
fn find(name: &str, environment: &Environment) -> Result<PathBuf, String> {
    let path = environment.expand_home(name);
    if path.is_absolute() {
        return Ok(path);
    }
    if name.contains(['/', '\\']) {
        return Err(format!("`{name}` must be an absolute path or the name of a program"));
    }
    environment
        .find_executable(name)
        .filter(|found| found.is_absolute())
        .ok_or_else(|| format!("there is no program `{name}` on the search path"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    async fn run(script: &str) -> Result<String, String> {
        let words = ["/bin/sh", "-c", script].map(str::to_owned);
        let environment = Environment::of(&[("HOME", "/")]);
        run_within(&words, &environment, PATIENCE).await.map(|text| text.to_string())
    }

    #[tokio::test]
    async fn what_a_program_prints_is_the_key() {
        assert_eq!(run("printf abc; echo noise >&2").await, Ok("abc".to_owned()));
    }

    #[tokio::test]
    async fn it_runs_at_home_and_gets_no_input() {
        assert_eq!(run("pwd; cat").await, Ok("/\n".to_owned()));
    }

    #[tokio::test]
    async fn each_failure_is_named_without_its_output() {
        assert_eq!(run("echo secret; exit 3").await, Err("`/bin/sh` ended with 3".to_owned()));
        assert_eq!(run("kill -9 $$").await, Err("`/bin/sh` was killed".to_owned()));
        assert_eq!(run("true").await, Err("`/bin/sh` printed nothing".to_owned()));
        assert_eq!(run("yes").await, Err("`/bin/sh` printed more than a key".to_owned()));
        assert_eq!(run("printf '\\377'").await, Err("`/bin/sh` printed something that is no text".to_owned()));
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_left() {
        let words = ["/bin/sh", "-c", "sleep 1000"].map(str::to_owned);
        let ended = run_within(&words, &Environment::default(), Duration::from_millis(20)).await;
        assert_eq!(ended.map(drop), Err("`/bin/sh` took longer than 0 s".to_owned()));
    }

    #[tokio::test]
    async fn a_program_of_the_folder_is_not_run() {
        let words = ["./key".to_owned()];
        let ended = run_within(&words, &Environment::default(), PATIENCE).await;
        assert_eq!(ended.map(drop), Err("`./key` must be an absolute path or the name of a program".to_owned()));
        let words = ["key".to_owned()];
        let ended = run_within(&words, &Environment::of(&[("PATH", "bin:.")]), PATIENCE).await;
        assert_eq!(ended.map(drop), Err("there is no program `key` on the search path".to_owned()));
    }
}
