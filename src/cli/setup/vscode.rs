//! VS Code and its kin: they keep their extensions themselves, so theirs is the command that installs it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::cli::editors::{self, Kind};
use crate::config::Environment;

/// Publisher and name of `editors/vscode/package.json`.
pub const EXTENSION: &str = "tandem-ls.tandem";

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where the editors of the family keep extensions, below the home directory, unless they were started otherwise.
const EXTENSION_DIRECTORIES: [&str; 5] = [
    ".vscode/extensions",
    ".vscode-oss/extensions",
    ".vscode-server/extensions",
    ".local/share/code-server/extensions",
    ".cursor/extensions",
];

/// `-0.1.0`, and not the rest of a longer name.
fn is_version(rest: &str) -> bool {
    rest.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The directories that hold the extension.
pub fn installed(environment: &Environment) -> Vec<PathBuf> {
    let Some(home) = environment.home() else { return Vec::new() };
    let entries = EXTENSION_DIRECTORIES.iter().filter_map(|directory| std::fs::read_dir(home.join(directory)).ok());
    let ours = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        name.strip_prefix(EXTENSION).is_some_and(is_version)
    };
    entries.flatten().filter_map(|entry| Some(entry.ok()?.path())).filter(ours).collect()
}

/// This system's name in VS Code's packages, as `scripts/package/vsix.sh` has it; none where VS Code has no name for it.
pub fn platform() -> Option<&'static str> {
    let musl = cfg!(target_env = "musl");
    Some(match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") if musl => "alpine-x64",
        ("linux", "aarch64") if musl => "alpine-arm64",
        ("linux", "x86_64") => "linux-x64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "x86_64") => "darwin-x64",
        ("macos", "aarch64") => "darwin-arm64",
        ("windows", "x86_64") => "win32-x64",
        ("windows", "aarch64") => "win32-arm64",
        _ => return None,
    })
}

/// The packages that fit this program, by name: the one with a program for this system, then the one for all systems.
pub fn package_names() -> Vec<String> {
    let own = platform().map(|platform| format!("tandem-vscode-{VERSION}-{platform}.vsix"));
    own.into_iter().chain([universal()]).collect()
}

fn universal() -> String {
    format!("tandem-vscode-{VERSION}.vsix")
}

/// Whether a package is the one for all systems, by its name.
pub fn is_without_program(package: &Path) -> bool {
    package.file_name().is_some_and(|name| *name == *universal())
}

/// The package that came with this binary: beside it, or where an archive of ours and packages for a system put such files.
pub fn package(program: &Path) -> Option<PathBuf> {
    let directory = program.parent()?;
    let places = ["", "share/tandem", "../share/tandem", "../lib/tandem"].map(|place| directory.join(place));
    let names = package_names();
    names.iter().flat_map(|name| places.iter().map(move |place| place.join(name))).find(|path| path.is_file())
}

/// The editor's command line that installs a package, or removes the extension.
pub fn command(environment: &Environment, package: Option<&Path>) -> anyhow::Result<Command> {
    let Some(editor) = editors::find_one(Kind::VsCode, environment) else {
        bail!(
            "none of code, codium and code-server is on the PATH (in VS Code: Shell Command: Install 'code' command in PATH)"
        );
    };
    let mut command = Command::new(editor.path);
    match package {
        Some(package) => command.arg("--install-extension").arg(package),
        None => command.args(["--uninstall-extension", EXTENSION]),
    };
    Ok(command)
}

/// As somebody would type it.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let quoted = |word: &std::ffi::OsStr| {
        let word = word.to_string_lossy();
        if word.contains(char::is_whitespace) { format!("'{word}'") } else { word.into_owned() }
    };
    words.map(quoted).collect::<Vec<_>>().join(" ")
}

/// Runs it; what the editor says goes to the terminal.
pub fn run(mut command: Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", shown(&command)))?;
    if !status.success() {
        bail!("`{}` failed: {status}", shown(&command));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_lies_beside_the_binary_or_where_systems_put_it() {
        let place = tempfile::tempdir().unwrap();
        let path = |relative: &str| place.path().join(relative);
        for directory in ["bin/share/tandem", "share/tandem"] {
            std::fs::create_dir_all(path(directory)).unwrap();
        }
        let program = path("bin/tandem");
        for other in [
            "tandem-vscode-0.0.1.vsix".to_owned(),
            "tandem-vscode-99.0.0.vsix".to_owned(),
            format!("tandem-vscode-{VERSION}-web.vsix"),
            format!("tandem-vscode-{VERSION}.vsix.part"),
            "tandem.vsix".to_owned(),
        ] {
            std::fs::write(path("bin").join(other), "").unwrap();
        }
        std::fs::create_dir(path("bin").join(format!("tandem-vscode-{VERSION}.vsix"))).unwrap();
        assert_eq!(package(&program), None, "another version, another system, a folder");
        let universal = universal();
        for directory in ["../share/tandem", "share/tandem"] {
            let file = path("bin").join(directory).join(&universal);
            std::fs::write(&file, "").unwrap();
            assert_eq!(package(&program), Some(file), "the nearer one");
        }
        let Some(platform) = platform() else { return };
        let own = path("bin/../share/tandem").join(format!("tandem-vscode-{VERSION}-{platform}.vsix"));
        std::fs::write(&own, "").unwrap();
        assert_eq!(package(&program), Some(own), "the one with a program, wherever it is");
    }

    #[test]
    fn an_installed_extension_is_seen() {
        let place = tempfile::tempdir().unwrap();
        let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        let environment = Environment::of(&[(home, place.path().to_str().unwrap())]);
        assert!(installed(&environment).is_empty());
        for name in [format!("{EXTENSION}-0.1.0-linux-x64"), format!("{EXTENSION}-helper"), "other.tandem-1.0.0".into()]
        {
            std::fs::create_dir_all(place.path().join(".vscode/extensions").join(name)).unwrap();
        }
        let expected = place.path().join(".vscode/extensions").join(format!("{EXTENSION}-0.1.0-linux-x64"));
        assert_eq!(installed(&environment), [expected]);
    }
}
