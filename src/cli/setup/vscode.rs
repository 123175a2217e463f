//! VS Code and its kin: they keep their extensions themselves, so theirs is the command that installs it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::cli::editors::{self, Kind};
use crate::config::Environment;

/// Publisher and name of `editors/vscode/package.json`.
pub const EXTENSION: &str = "tandem-ls.tandem";

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

/// The package that came with this binary: beside it, or where packages for a system put such files.
pub fn package(program: &Path) -> Option<PathBuf> {
    let directory = program.parent()?;
    let places = [directory.to_owned(), directory.join("../share/tandem"), directory.join("../lib/tandem")];
    places.iter().find_map(|place| {
        let entries = std::fs::read_dir(place).ok()?;
        let mut found: Vec<PathBuf> =
            entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|p| is_package(p)).collect();
        found.sort();
        found.pop()
    })
}

fn is_package(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("tandem") && name.ends_with(".vsix")
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
        std::fs::create_dir_all(path("bin")).unwrap();
        std::fs::create_dir_all(path("share/tandem")).unwrap();
        let program = path("bin/tandem");
        assert_eq!(package(&program), None);
        std::fs::write(path("share/tandem/tandem-0.1.0.vsix"), "").unwrap();
        assert!(package(&program).unwrap().ends_with("../share/tandem/tandem-0.1.0.vsix"));
        std::fs::write(path("bin/tandem-0.1.0.vsix"), "").unwrap();
        std::fs::write(path("bin/tandem-0.2.0.vsix"), "").unwrap();
        std::fs::write(path("bin/other.vsix"), "").unwrap();
        assert_eq!(package(&program), Some(path("bin/tandem-0.2.0.vsix")));
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
