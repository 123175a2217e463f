//! The editors that Tandem knows: which of them are on this machine, and what to expect of their versions. `tandem doctor`
//! and `tandem setup` ask here.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::ValueEnum;

use crate::config::Environment;

/// Longest wait for an editor to tell its version.
const PATIENCE: Duration = Duration::from_secs(3);

/// An editor, or a family of them that is set up in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    #[value(alias = "nvim")]
    Neovim,
    #[value(alias = "hx")]
    Helix,
    /// VS Code, VSCodium, code-server
    #[value(name = "vscode", aliases = ["code", "codium", "code-server"])]
    VsCode,
    Zed,
    /// With eglot or lsp-mode
    Emacs,
    /// With kakoune-lsp
    #[value(alias = "kak")]
    Kakoune,
    /// Sublime Text with the package LSP
    #[value(alias = "subl")]
    Sublime,
    /// IntelliJ IDEA and its family, with the plugin LSP4IJ
    #[value(name = "jetbrains", aliases = ["idea", "intellij"])]
    JetBrains,
}

impl Kind {
    pub const ALL: [Self; 8] = [
        Self::Neovim,
        Self::Helix,
        Self::VsCode,
        Self::Zed,
        Self::Emacs,
        Self::Kakoune,
        Self::Sublime,
        Self::JetBrains,
    ];

    /// As its makers write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Neovim => "Neovim",
            Self::Helix => "Helix",
            Self::VsCode => "VS Code",
            Self::Zed => "Zed",
            Self::Emacs => "Emacs",
            Self::Kakoune => "Kakoune",
            Self::Sublime => "Sublime Text",
            Self::JetBrains => "JetBrains",
        }
    }

    /// As `tandem setup` takes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Neovim => "neovim",
            Self::Helix => "helix",
            Self::VsCode => "vscode",
            Self::Zed => "zed",
            Self::Emacs => "emacs",
            Self::Kakoune => "kakoune",
            Self::Sublime => "sublime",
            Self::JetBrains => "jetbrains",
        }
    }

    /// What it may be called on the search path, the usual name first.
    pub fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Neovim => &["nvim"],
            Self::Helix => &["hx", "helix"],
            Self::VsCode => &["code", "codium", "code-server"],
            Self::Zed => &["zed", "zeditor", "zedit"],
            Self::Emacs => &["emacs", "emacs-nox"],
            Self::Kakoune => &["kak"],
            Self::Sublime => &["subl"],
            Self::JetBrains => {
                &["idea", "pycharm", "rustrover", "clion", "goland", "webstorm", "phpstorm", "rubymine", "rider"]
            }
        }
    }

    /// Whether the program that was found is this editor. OpenZFS has a daemon with the name of Zed.
    fn is_meant(self, version: Option<&str>) -> bool {
        self != Self::Zed || version.is_some_and(|version| version.starts_with("Zed"))
    }

    fn remark(self, version: Option<&str>) -> Option<&'static str> {
        match self {
            Self::Neovim if version.and_then(numbers).is_some_and(|found| found < (0, 12)) => {
                Some("ghost text needs Neovim 0.12; older ones get the completion menu")
            }
            Self::Emacs if version.and_then(numbers).is_some_and(|found| found < (29, 0)) => {
                Some("eglot comes with Emacs 29; older ones need it or lsp-mode as a package")
            }
            Self::Helix => Some("no ghost text yet; suggestions stand in the completion menu"),
            _ => None,
        }
    }
}

/// An editor that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Editor {
    pub kind: Kind,
    pub path: PathBuf,
    /// As its `--version` says, where it does.
    pub version: Option<String>,
    /// What to expect of it, where that is not everything.
    pub remark: Option<&'static str>,
}

impl Editor {
    pub fn of(kind: Kind, path: PathBuf, version: Option<String>) -> Self {
        let remark = kind.remark(version.as_deref());
        Self { kind, path, version, remark }
    }

    /// A newer one does more. What Helix lacks, all of its versions lack.
    pub fn is_too_old(&self) -> bool {
        self.remark.is_some() && self.kind != Kind::Helix
    }
}

/// An editor on the search path.
pub fn find_one(kind: Kind, environment: &Environment) -> Option<Editor> {
    kind.programs().iter().find_map(|program| {
        let path = environment.find_executable(program)?;
        // A JetBrains launcher that does not know the option opens a window.
        let version = if kind == Kind::JetBrains { None } else { version(&path) };
        kind.is_meant(version.as_deref()).then(|| Editor::of(kind, path, version))
    })
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
        assert!(Kind::Neovim.remark(Some("NVIM v0.9.5")).is_some());
        assert_eq!(Kind::Neovim.remark(Some("NVIM v0.12.4")), None);
        assert_eq!(Kind::Neovim.remark(Some("NVIM v1.0.0")), None);
        assert!(Kind::Emacs.remark(Some("GNU Emacs 28.2")).is_some());
    }

    #[test]
    fn the_words_are_those_that_the_command_line_takes() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_str(kind.word(), false), Ok(kind));
        }
    }

    #[cfg(unix)]
    #[test]
    fn editors_are_found_on_the_search_path_and_asked() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().unwrap();
        let program = |name: &str, says: &str| {
            let program = place.path().join(name);
            std::fs::write(&program, format!("#!/bin/sh\necho {says}\n")).unwrap();
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        };
        program("nvim", "NVIM v0.11.0");
        // What has this name on a machine with OpenZFS.
        program("zed", "unknown option");
        std::fs::write(place.path().join("hx"), "not executable").unwrap();
        let environment = Environment::of(&[("PATH", place.path().to_str().unwrap())]);
        let editors: Vec<Editor> = Kind::ALL.into_iter().filter_map(|kind| find_one(kind, &environment)).collect();
        assert_eq!(editors.len(), 1);
        assert_eq!(editors[0].version.as_deref(), Some("NVIM v0.11.0"));
        assert!(editors[0].remark.is_some());
    }
}
