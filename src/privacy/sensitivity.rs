//! What may be sent of a workspace, path by path.
//!
//! Only files are judged in here. A document without one, as `untitled:`, has no path that a rule could name: it leaves only as
//! the place that the user asks about, as their own words do.

use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::config::PrivacySettings;

use super::{IgnoreRules, PathPatterns};

/// How far a file may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sensitivity {
    #[default]
    Public,
    /// The user is asked about it each time.
    Internal,
    /// Never off this machine; a question that needs it stays here, too.
    LocalOnly,
}

/// Why nothing of a file may be in a request to another machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Denial {
    #[error("an ignore file denies it, or it holds secrets by its name")]
    Ignored,
    #[error("it lies outside of the workspace")]
    Outside,
    #[error("it cannot be resolved")]
    Unresolved,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    Denied(Denial),
    Allowed(Sensitivity),
}

/// The rules of one folder of the workspace. Ignore files are read once a directory: make new rules for each request.
#[derive(Debug)]
pub struct SensitivityRules {
    root: PathBuf,
    /// Where the root really is; None where it is nowhere, and then nothing leaves.
    real: Option<(PathBuf, IgnoreRules)>,
    local_only: PathPatterns,
    internal: PathPatterns,
}

impl SensitivityRules {
    /// `exclude` are the patterns of `index.exclude`: what is not indexed is not sent.
    pub fn new(root: &Path, exclude: &[String], settings: &PrivacySettings) -> Self {
        let real = root.canonicalize().ok().map(|real| {
            let rules = IgnoreRules::new(&real, exclude);
            (real, rules)
        });
        Self {
            root: root.to_owned(),
            real,
            local_only: PathPatterns::within(root, &settings.local_only),
            internal: PathPatterns::within(root, &settings.internal),
        }
    }

    /// `path` is absolute, or from the folder's root. Links are followed: the path as given and the file that it really is
    /// are both judged, and the stricter verdict counts. A file that is gone, as one in a diff, is judged by its name.
    pub fn of(&self, path: &Path) -> Verdict {
        let Some((root, ignored)) = &self.real else { return Verdict::Denied(Denial::Unresolved) };
        let given = match path.strip_prefix(&self.root).or_else(|_| path.strip_prefix(root)) {
            Ok(given) => given,
            Err(_) if path.is_absolute() => return Verdict::Denied(Denial::Outside),
            Err(_) => path,
        };
        if !given.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Verdict::Denied(Denial::Outside);
        }
        // Without its `.` parts.
        let given: PathBuf = given.components().filter(|part| *part != Component::CurDir).collect();
        let Ok(file) = real_path(&root.join(&given)) else { return Verdict::Denied(Denial::Unresolved) };
        let Ok(real) = file.strip_prefix(root) else { return Verdict::Denied(Denial::Outside) };
        let both = [given.as_path(), real];
        if both.iter().any(|path| ignored.denies(&root.join(path), false)) {
            return Verdict::Denied(Denial::Ignored);
        }
        let names = |patterns: &PathPatterns| both.iter().any(|path| patterns.naming(&with_slashes(path)).is_some());
        Verdict::Allowed(if names(&self.local_only) {
            Sensitivity::LocalOnly
        } else if names(&self.internal) {
            Sensitivity::Internal
        } else {
            Sensitivity::Public
        })
    }
}

/// Without links. Of a file that is gone, its directory without links and its name.
fn real_path(path: &Path) -> io::Result<PathBuf> {
    let mut gone: Vec<OsString> = Vec::new();
    let mut existing = path;
    loop {
        match existing.canonicalize() {
            Ok(mut real) => {
                real.extend(gone.iter().rev());
                return Ok(real);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && !existing.is_symlink() => {
                let (Some(name), Some(parent)) = (existing.file_name(), existing.parent()) else { return Err(error) };
                gone.push(name.to_owned());
                existing = parent;
            }
            Err(error) => return Err(error),
        }
    }
}

fn with_slashes(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: Verdict = Verdict::Allowed(Sensitivity::Public);
    const INTERNAL: Verdict = Verdict::Allowed(Sensitivity::Internal);
    const LOCAL_ONLY: Verdict = Verdict::Allowed(Sensitivity::LocalOnly);
    const IGNORED: Verdict = Verdict::Denied(Denial::Ignored);
    const OUTSIDE: Verdict = Verdict::Denied(Denial::Outside);
    const UNRESOLVED: Verdict = Verdict::Denied(Denial::Unresolved);

    fn place() -> tempfile::TempDir {
        let place = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("repo/src/a.rs", ""),
            ("repo/legal/contract.md", ""),
            ("repo/.env", ""),
            ("repo/.gitignore", "build/\n"),
            ("repo/build/out.rs", ""),
            ("outside.rs", ""),
        ] {
            let path = place.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        place
    }

    fn rules(place: &tempfile::TempDir, local_only: &[&str], internal: &[&str]) -> SensitivityRules {
        let owned = |patterns: &[&str]| patterns.iter().map(ToString::to_string).collect();
        let settings =
            PrivacySettings { local_only: owned(local_only), internal: owned(internal), ..PrivacySettings::default() };
        SensitivityRules::new(&place.path().join("repo"), &["vendor/".to_owned()], &settings)
    }

    #[test]
    fn paths_are_judged_by_patterns_and_local_only_counts_more_than_internal() {
        let place = place();
        let rules = rules(&place, &["legal/", "*.sql"], &["*.md", "/src/"]);
        for (path, verdict) in [
            ("src/a.rs", INTERNAL),
            ("legal/contract.md", LOCAL_ONLY),
            ("README.md", INTERNAL),
            ("db/schema.sql", LOCAL_ONLY),
            ("lib/src/b.rs", PUBLIC),
            ("./src/a.rs", INTERNAL),
            (".env", IGNORED),
            ("build/out.rs", IGNORED),
            ("vendor/x.rs", IGNORED),
            ("src/../.env", OUTSIDE),
            ("../outside.rs", OUTSIDE),
            ("/etc/passwd", OUTSIDE),
        ] {
            assert_eq!(rules.of(Path::new(path)), verdict, "{path}");
        }
        assert_eq!(rules.of(&place.path().join("repo/src/a.rs")), INTERNAL, "absolute paths, too");
    }

    #[test]
    fn a_file_that_is_gone_is_judged_by_its_name() {
        let place = place();
        let rules = rules(&place, &["legal/"], &[]);
        assert_eq!(rules.of(Path::new("legal/gone/a.md")), LOCAL_ONLY);
        assert_eq!(rules.of(Path::new("gone.rs")), PUBLIC);
        assert_eq!(rules.of(Path::new("gone/.env")), IGNORED);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_judged_by_its_name_and_by_what_it_leads_to() {
        use std::os::unix::fs::symlink;
        let place = place();
        let path = |relative: &str| place.path().join("repo").join(relative);
        symlink("../outside.rs", path("out.rs")).unwrap();
        symlink("..", path("up")).unwrap();
        symlink(".env", path("innocent.txt")).unwrap();
        symlink("legal/contract.md", path("public.md")).unwrap();
        symlink("src/a.rs", path("x.key")).unwrap();
        symlink("nowhere", path("broken.rs")).unwrap();
        symlink("itself.rs", path("itself.rs")).unwrap();
        symlink("src", path("other")).unwrap();
        let rules = rules(&place, &["legal/"], &["other/"]);
        for (path, verdict) in [
            ("out.rs", OUTSIDE),
            ("up/outside.rs", OUTSIDE),
            ("up/repo/src/a.rs", PUBLIC),
            ("innocent.txt", IGNORED),
            ("public.md", LOCAL_ONLY),
            ("x.key", IGNORED),
            ("broken.rs", UNRESOLVED),
            ("itself.rs", UNRESOLVED),
            ("other/a.rs", INTERNAL),
            ("src/a.rs", PUBLIC),
        ] {
            assert_eq!(rules.of(Path::new(path)), verdict, "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_is_opened_through_a_link_has_the_rules_of_the_real_one() {
        let place = place();
        std::os::unix::fs::symlink(place.path().join("repo"), place.path().join("link")).unwrap();
        let root = place.path().join("link");
        let rules = SensitivityRules::new(&root, &[], &PrivacySettings::default());
        assert_eq!(rules.of(&root.join("src/a.rs")), PUBLIC);
        assert_eq!(rules.of(&place.path().join("repo/src/a.rs")), PUBLIC);
        assert_eq!(rules.of(Path::new("build/out.rs")), IGNORED);
    }

    #[test]
    fn of_a_folder_that_is_not_there_nothing_leaves() {
        let rules = SensitivityRules::new(Path::new("/nowhere/at/all"), &[], &PrivacySettings::default());
        assert_eq!(rules.of(Path::new("a.rs")), UNRESOLVED);
    }

    #[test]
    fn an_exclamation_mark_takes_back_only_within_the_users_own_list() {
        let place = place();
        let rules = rules(&place, &["!legal/", "legal/"], &["!legal/", "*.rs", "!a.rs"]);
        assert_eq!(rules.of(Path::new("legal/contract.md")), LOCAL_ONLY);
        assert_eq!(rules.of(Path::new("src/a.rs")), PUBLIC);
    }
}
