//! Directories, whether they are the user's alone, and room on the disk.

use std::io;
use std::path::Path;

use super::look::Scene;
use super::machine::size;
use super::report::{Fix, Section};
use crate::config::create_private_dir;
use crate::models::Store;
use crate::models::store::free_space;

/// Less is little for what grows here: an index, a log, the starter model.
const LITTLE: u64 = 256 << 20;
/// Less is no room for any model of the catalogue that is better than the starter.
const SMALL_MODEL: u64 = 1 << 30;

pub fn look(scene: &Scene, section: &mut Section) -> anyhow::Result<()> {
    let paths = scene.loader.paths();
    for (name, directory) in [("state", &paths.state), ("cache", &paths.cache), ("sockets", &paths.runtime)] {
        section.fact(name, directory.display().to_string());
        if let Err(error) = try_directory(directory) {
            let what = format!("cannot write to {}: {error}", directory.display());
            section.broken("directory-unusable", what, Fix::run(mend(directory)));
        }
    }
    counts(scene, section);
    // Whoever may read it can guess what was hashed; whoever may write it can make old placeholders mean something else.
    for private in [paths.state.join("user.key"), paths.ledger_file(), paths.audit_file(), paths.consents_file()] {
        if let Some(mode) = too_open(&private) {
            let what = format!("other users may read or change {} (mode {mode:o})", private.display());
            section.warn("file-open", what, Fix::run(format!("chmod 600 {}", quoted(&private))));
        }
    }
    let store = Store::of(&scene.settings.models, paths);
    disk(section, "models", store.directory(), free_space(store.directory()));
    disk(section, "cache", &paths.cache, free_space(&paths.cache));
    Ok(())
}

fn counts(scene: &Scene, section: &mut Section) {
    let (paths, settings) = (scene.loader.paths(), &scene.settings);
    let file = paths.stats_file();
    section.fact(
        "counts",
        match file.metadata() {
            _ if !settings.stats.enabled => "off (stats.enabled is false)".to_owned(),
            Ok(data) => format!("{} ({}); `tandem stats` shows them", file.display(), size(data.len())),
            Err(_) => format!("{} (nothing counted yet)", file.display()),
        },
    );
    let log = paths.log_file();
    section.fact(
        "log",
        match log.metadata() {
            Ok(data) => format!("{} ({})", log.display(), size(data.len())),
            Err(_) if settings.log.file => format!("{} (not written yet)", log.display()),
            Err(_) => "stderr of the server; --set log.file=true writes one".to_owned(),
        },
    );
}

/// Makes the directory as a server would, and a file in it that goes at once.
fn try_directory(directory: &Path) -> io::Result<()> {
    create_private_dir(directory)?;
    let file = directory.join(format!(".doctor-{}", std::process::id()));
    std::fs::write(&file, b"")?;
    std::fs::remove_file(&file)
}

/// What makes a directory this user's: its mode, where it is theirs, else another one.
fn mend(directory: &Path) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let owner = directory.metadata().map(|data| data.uid());
        if owner.is_ok_and(|owner| owner != crate::engine::host::our_user()) {
            return format!("sudo mv {0} {0}.foreign   # it belongs to somebody else", quoted(directory));
        }
    }
    format!("chmod 700 {}", quoted(directory))
}

/// The mode of a file that others may read or write. None where it is closed, or absent.
#[cfg(unix)]
fn too_open(file: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata().ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
fn too_open(_file: &Path) -> Option<u32> {
    None
}

/// A path as a shell takes it.
pub fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+~".contains(c);
    if path.chars().all(is_plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

/// Room for a directory's files. `free` is what the system says.
fn disk(section: &mut Section, what: &str, directory: &Path, free: io::Result<Option<u64>>) {
    let (name, place) = (format!("room, {what}"), directory.display());
    let free = match free {
        Ok(Some(free)) => free,
        Ok(None) => return section.fact(name, "this system does not say"),
        Err(error) => {
            section.fact(name, "unknown");
            return section.warn(
                "disk-unknown",
                format!("how much room there is at {place} is not known: {error}"),
                None,
            );
        }
    };
    section.fact(name, format!("{} at {place}", size(free)));
    if free < LITTLE {
        let what = format!("the disk of {place} is full: {} are left", size(free));
        section.warn("disk-full", what, Fix::run(format!("df -h {}   # then make room there", quoted(directory))));
    } else if what == "models" && free < SMALL_MODEL {
        let what = format!("{} at {place} are too little for a model", size(free));
        section.note("disk-small", what, Fix::set("models.directory", "\"/where/there/is/room\""));
    }
}

#[cfg(test)]
mod tests {
    use super::super::look::testing::{ids, scene};
    use super::*;

    fn looked(prepare: impl FnOnce(&Path)) -> Section {
        let place = tempfile::tempdir().unwrap();
        let scene = scene(place.path(), &[]);
        prepare(&place.path().join("home"));
        let mut section = Section::new("files", "Files");
        look(&scene, &mut section).unwrap();
        // How full this machine's disk is, is not the matter.
        section.findings.retain(|finding| !finding.id.starts_with("disk-"));
        section
    }

    #[cfg(unix)]
    fn open_to_all(path: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_new_user_s_directories_are_made() {
        assert_eq!(ids(&looked(|_| {})), [""; 0]);
    }

    #[cfg(unix)]
    #[test]
    fn a_socket_directory_that_others_may_write_to_is_broken() {
        let section = looked(|home| {
            std::fs::create_dir_all(home.join("tandem")).unwrap();
            open_to_all(&home.join("tandem"), 0o777);
        });
        assert_eq!(ids(&section), ["directory-unusable"]);
        assert!(matches!(&section.findings[0].fix, Some(Fix::Run(command)) if command.starts_with("chmod 700 /")));
    }

    #[test]
    fn a_file_where_a_directory_should_be_is_broken() {
        let section = looked(|home| std::fs::write(home.join(".cache"), "").unwrap());
        assert_eq!(ids(&section), ["directory-unusable"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_may_read_is_found() {
        let section = looked(|home| {
            let state = home.join(".local/state/tandem");
            std::fs::create_dir_all(&state).unwrap();
            open_to_all(&state, 0o700);
            std::fs::write(state.join("user.key"), [0; 32]).unwrap();
            open_to_all(&state.join("user.key"), 0o644);
        });
        assert_eq!(ids(&section), ["file-open"]);
        assert!(section.findings[0].what.ends_with("(mode 644)"));
    }

    #[test]
    fn a_full_disk_is_found() {
        let found = |what: &str, free: io::Result<Option<u64>>| {
            let mut section = Section::new("files", "Files");
            disk(&mut section, what, Path::new("/m"), free);
            ids(&section)
        };
        assert_eq!(found("models", Ok(Some(1 << 20))), ["disk-full"]);
        assert_eq!(found("models", Ok(Some(SMALL_MODEL - 1))), ["disk-small"]);
        assert_eq!(found("cache", Ok(Some(SMALL_MODEL - 1))), [""; 0]);
        assert_eq!(found("models", Ok(Some(100 << 30))), [""; 0]);
        assert_eq!(found("models", Ok(None)), [""; 0]);
        assert_eq!(found("models", Err(io::ErrorKind::PermissionDenied.into())), ["disk-unknown"]);
    }

    #[test]
    fn paths_are_safe_in_a_shell() {
        assert_eq!(quoted(Path::new("/a/b.c")), "/a/b.c");
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
