//! The editors on the search path, and whether their version can show what Tandem suggests.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::config::Environment;

/// Longest wait for an editor to tell its version.
const PATIENCE: Duration = Duration::from_secs(3);

/// An editor that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Editor {
    pub name: &'static str,
    pub path: PathBuf,
    /// As its `--version` says, where it does.
    pub version: Option<String>,
    /// What to expect of it, where that is not everything.
    pub remark: Option<&'static str>,
}

const KNOWN: &[(&str, &[&str])] =
    &[("Neovim", &["nvim"]), ("Helix", &["hx", "helix"]), ("VS Code", &["code", "codium", "code-server"])];

pub fn find(environment: &Environment) -> Vec<Editor> {
    let mut editors = Vec::new();
    for (name, programs) in KNOWN {
        if let Some(path) = programs.iter().find_map(|program| environment.find_executable(program)) {
            let version = version(&path);
            let remark = remark(name, version.as_deref());
            editors.push(Editor { name, path, version, remark });
        }
    }
    editors
}

fn remark(name: &str, version: Option<&str>) -> Option<&'static str> {
    match name {
        "Neovim" if version.and_then(numbers).is_some_and(|found| found < (0, 12)) => {
            Some("ghost text needs Neovim 0.12; older ones get the completion menu")
        }
        "Helix" => Some("no ghost text yet; suggestions stand in the completion menu"),
        "VS Code" => Some("needs an extension that starts `tandem serve`; Tandem's own comes later"),
        _ => None,
    }
}

/// Major and minor version in `NVIM v0.12.4`.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let start = version.find(|character: char| character.is_ascii_digit())?;
    let mut parts = version.get(start..)?.split('.');
    let number = |part: &str| part.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok();
    Some((number(parts.next()?)?, number(parts.next()?)?))
}

/// The first line of `--version`. An editor that does not answer in time is stopped.
fn version(program: &Path) -> Option<String> {
    let mut child = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let start = Instant::now();
    while child.try_wait().ok()?.is_none() {
        if start.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(child.stdout.take()?, 4096), &mut text).ok()?;
    let line = String::from_utf8_lossy(&text).lines().next()?.trim().to_owned();
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(numbers("NVIM v0.12.4"), Some((0, 12)));
        assert_eq!(numbers("helix 25.07.1 (abc)"), Some((25, 7)));
        assert_eq!(numbers("1.139.1"), Some((1, 139)));
        assert_eq!(numbers("unknown"), None);
        assert!(remark("Neovim", Some("NVIM v0.9.5")).is_some());
        assert_eq!(remark("Neovim", Some("NVIM v0.12.4")), None);
        assert_eq!(remark("Neovim", Some("NVIM v1.0.0")), None);
    }

    #[cfg(unix)]
    #[test]
    fn editors_are_found_on_the_search_path_and_asked() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().unwrap();
        let program = place.path().join("nvim");
        std::fs::write(&program, "#!/bin/sh\necho NVIM v0.11.0\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(place.path().join("hx"), "not executable").unwrap();
        let editors = find(&Environment::of(&[("PATH", place.path().to_str().unwrap())]));
        assert_eq!(editors.len(), 1);
        assert_eq!(editors[0].version.as_deref(), Some("NVIM v0.11.0"));
        assert!(editors[0].remark.is_some());
    }
}
