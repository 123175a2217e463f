//! A configuration file of the user's: read as it is, backed up beside itself, written whole or not at all, through links.

use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// No editor's configuration is larger, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// Longest chain of links that is followed; the kernel's limit on Linux.
const MAX_LINKS: usize = 40;

/// Most backups beside a file. After that somebody should look.
const MAX_BACKUPS: usize = 99;

/// A file as it was when it was read. It need not exist.
#[derive(Debug)]
pub struct ConfigFile {
    /// As the editor names it.
    pub name: PathBuf,
    /// Where links lead: what is read and written.
    target: PathBuf,
    /// The bytes on disk; none where there is no file.
    bytes: Option<Vec<u8>>,
    style: Style,
}

/// What of a text is put back as it was, whatever is changed between.
#[derive(Clone, Copy, Debug, Default)]
struct Style {
    has_mark: bool,
    has_crlf: bool,
}

const BYTE_ORDER_MARK: &str = "\u{feff}";

impl ConfigFile {
    /// Reads it. A file that cannot be used as a text is an error that says why.
    pub fn open(name: &Path) -> anyhow::Result<Self> {
        let context = || format!("cannot read {}", name.display());
        let target = follow(name).with_context(context)?;
        let bytes = match File::open(&target) {
            Ok(file) => Some(read(file, name).with_context(context)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(context),
        };
        let text = text_of(bytes.as_deref(), name)?;
        let has_crlf = text.contains("\r\n") && text.matches('\n').count() == text.matches("\r\n").count();
        let style = Style { has_mark: text.starts_with(BYTE_ORDER_MARK), has_crlf };
        Ok(Self { name: name.to_owned(), target, bytes, style })
    }

    pub fn exists(&self) -> bool {
        self.bytes.is_some()
    }

    /// Where it really is, if that is elsewhere.
    pub fn linked_to(&self) -> Option<&Path> {
        (self.target != self.name).then_some(&*self.target)
    }

    /// The text with plain line ends and without a byte order mark; empty where there is no file.
    pub fn text(&self) -> String {
        let text = self.bytes.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text);
        if self.style.has_crlf { text.replace("\r\n", "\n") } else { text.to_owned() }
    }

    /// Writes the text in its place, or removes the file where nothing is left of it. Returns where the old one is kept.
    pub fn replace(&self, text: &str) -> anyhow::Result<Option<PathBuf>> {
        let context = || format!("cannot write {}", self.name.display());
        let data = self.target.metadata().ok();
        if data.as_ref().is_some_and(|data| data.permissions().readonly()) {
            bail!("{} is read-only: something else may keep it. What belongs in it: --print", self.name.display());
        }
        let Some(directory) = self.target.parent() else { bail!("{} is no file", self.name.display()) };
        std::fs::create_dir_all(directory).with_context(context)?;
        self.check_unchanged()?;
        let backup = self.bytes.as_deref().map(|bytes| self.back_up(bytes, data.as_ref())).transpose()?;
        // A link of the user's stays, and leads to an empty file.
        if text.trim().is_empty() && self.linked_to().is_none() {
            if self.exists() {
                std::fs::remove_file(&self.target).with_context(context)?;
            }
            return Ok(backup);
        }
        let mut bytes = if self.style.has_mark { BYTE_ORDER_MARK.to_owned() } else { String::new() };
        bytes += &if self.style.has_crlf { text.replace('\n', "\r\n") } else { text.to_owned() };
        let fresh = self.beside(&format!("tandem-new-{}", std::process::id()));
        let written = write(&fresh, bytes.as_bytes(), data.as_ref());
        let written = written.and_then(|()| std::fs::rename(&fresh, &self.target));
        if written.is_err() {
            // What was half written is of no use to anybody; the first error is the one to tell.
            let _ = std::fs::remove_file(&fresh);
        }
        written.with_context(context)?;
        Ok(backup)
    }

    /// The user may have saved it in an editor while the question stood there.
    fn check_unchanged(&self) -> anyhow::Result<()> {
        let now = match File::open(&self.target) {
            Ok(file) => Some(read(file, &self.name)?),
            Err(_) => None,
        };
        if now != self.bytes {
            bail!("{} has changed meanwhile: run the command again", self.name.display());
        }
        Ok(())
    }

    /// Keeps the old bytes under a name that is free.
    fn back_up(&self, bytes: &[u8], data: Option<&Metadata>) -> anyhow::Result<PathBuf> {
        for number in 1..=MAX_BACKUPS {
            let ending = if number == 1 { "tandem-backup".to_owned() } else { format!("tandem-backup-{number}") };
            let path = self.beside(&ending);
            match write(&path, bytes, data) {
                Ok(()) => return Ok(path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).with_context(|| format!("cannot write {}", path.display())),
            }
        }
        bail!("there are {MAX_BACKUPS} backups of {} already: remove those that you do not need", self.name.display())
    }

    /// `config.toml` → `config.toml.ENDING`, in the directory where the file really is.
    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.target.file_name().unwrap_or_default().to_owned();
        name.push(".");
        name.push(ending);
        self.target.with_file_name(name)
    }
}

/// Where a chain of links leads, also when nothing is there yet.
fn follow(name: &Path) -> io::Result<PathBuf> {
    let mut path = name.to_owned();
    for _ in 0..MAX_LINKS {
        match std::fs::read_link(&path) {
            Ok(next) => path = path.parent().unwrap_or(Path::new("")).join(next),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many links"))
}

fn read(file: File, name: &Path) -> anyhow::Result<Vec<u8>> {
    if !file.metadata()?.is_file() {
        bail!("{} is no file", name.display());
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        bail!("it is larger than {} MB: no configuration is", MAX_BYTES >> 20);
    }
    Ok(bytes)
}

fn text_of<'a>(bytes: Option<&'a [u8]>, name: &Path) -> anyhow::Result<&'a str> {
    std::str::from_utf8(bytes.unwrap_or_default())
        .with_context(|| format!("{} is not in UTF-8: change it by hand, --print shows how", name.display()))
}

/// A new file with the permissions of the old one; without an old one, as the user's files are.
fn write(path: &Path, bytes: &[u8], like: Option<&Metadata>) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).open(path)?;
    if let Some(data) = like {
        file.set_permissions(data.permissions())?;
    }
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn names(&self) -> Vec<String> {
            let entries = std::fs::read_dir(self.0.path()).unwrap();
            let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }
    }

    #[test]
    fn no_backup_is_overwritten() {
        let place = Place::new();
        std::fs::write(place.path("a.toml"), "one").unwrap();
        for (number, text) in ["two", "three"].iter().enumerate() {
            let backup = ConfigFile::open(&place.path("a.toml")).unwrap().replace(text).unwrap().unwrap();
            let expected = ["a.toml.tandem-backup", "a.toml.tandem-backup-2"][number];
            assert_eq!(backup, place.path(expected));
        }
        let read = |name: &str| std::fs::read_to_string(place.path(name)).unwrap();
        let texts = [read("a.toml.tandem-backup"), read("a.toml.tandem-backup-2"), read("a.toml")];
        assert_eq!(texts, ["one", "two", "three"]);
        assert_eq!(place.names().len(), 3, "nothing half written is left: {:?}", place.names());
    }

    #[test]
    fn line_ends_and_the_mark_stay() {
        let place = Place::new();
        std::fs::write(place.path("a"), "\u{feff}one\r\ntwo\r\n").unwrap();
        let file = ConfigFile::open(&place.path("a")).unwrap();
        assert_eq!(file.text(), "one\ntwo\n");
        file.replace("one\ntwo\nthree\n").unwrap();
        assert_eq!(std::fs::read_to_string(place.path("a")).unwrap(), "\u{feff}one\r\ntwo\r\nthree\r\n");
        std::fs::write(place.path("b"), "one\r\ntwo\n").unwrap();
        let file = ConfigFile::open(&place.path("b")).unwrap();
        file.replace(&file.text()).unwrap();
        assert_eq!(std::fs::read_to_string(place.path("b")).unwrap(), "one\r\ntwo\n", "mixed ones are not touched");
    }

    #[test]
    fn what_is_left_empty_goes() {
        let place = Place::new();
        std::fs::write(place.path("a"), "ours").unwrap();
        ConfigFile::open(&place.path("a")).unwrap().replace("\n").unwrap();
        assert_eq!(place.names(), ["a.tandem-backup"]);
    }

    #[test]
    fn what_changed_meanwhile_is_not_overwritten() {
        let place = Place::new();
        let new = ConfigFile::open(&place.path("a")).unwrap();
        std::fs::write(place.path("a"), "the user's").unwrap();
        assert!(new.replace("ours").unwrap_err().to_string().contains("has changed meanwhile"));
        let file = ConfigFile::open(&place.path("a")).unwrap();
        std::fs::write(place.path("a"), "newer").unwrap();
        assert!(file.replace("ours").is_err());
        assert_eq!(std::fs::read_to_string(place.path("a")).unwrap(), "newer");
        assert_eq!(place.names(), ["a"]);
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let place = Place::new();
        let error = |name: &str| format!("{:#}", ConfigFile::open(&place.path(name)).unwrap_err());
        std::fs::write(place.path("latin"), b"caf\xe9").unwrap();
        assert!(error("latin").contains("is not in UTF-8"));
        std::fs::create_dir(place.path("directory")).unwrap();
        assert!(error("directory").contains("cannot read"), "{}", error("directory"));
        std::fs::write(place.path("huge"), vec![b'x'; MAX_BYTES as usize + 1]).unwrap();
        assert!(error("huge").contains("larger than 4 MB"));
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_and_permissions_too() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let place = Place::new();
        std::fs::create_dir(place.path("dotfiles")).unwrap();
        let real = place.path("dotfiles/a");
        std::fs::write(&real, "one").unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
        symlink("dotfiles/a", place.path("link")).unwrap();
        let file = ConfigFile::open(&place.path("link")).unwrap();
        assert_eq!(file.linked_to(), Some(&*real));
        let backup = file.replace("two").unwrap().unwrap();
        assert_eq!(backup, place.path("dotfiles/a.tandem-backup"));
        assert!(place.path("link").is_symlink());
        assert_eq!(std::fs::read_to_string(&real).unwrap(), "two");
        assert_eq!(real.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        // One that leads nowhere yet, and one that leads to itself.
        symlink("dotfiles/new", place.path("dangling")).unwrap();
        ConfigFile::open(&place.path("dangling")).unwrap().replace("three").unwrap();
        assert_eq!(std::fs::read_to_string(place.path("dotfiles/new")).unwrap(), "three");
        symlink("circle", place.path("circle")).unwrap();
        assert!(ConfigFile::open(&place.path("circle")).is_err());
        // Emptied, not removed: the link is the user's.
        ConfigFile::open(&place.path("link")).unwrap().replace("").unwrap();
        assert_eq!(std::fs::read_to_string(&real).unwrap(), "");
    }

    #[test]
    fn a_read_only_file_is_left_alone() {
        let place = Place::new();
        let path = place.path("a");
        std::fs::write(&path, "one").unwrap();
        let mut permissions = path.metadata().unwrap().permissions();
        permissions.set_readonly(true);
        std::fs::set_permissions(&path, permissions).unwrap();
        let error = ConfigFile::open(&path).unwrap().replace("two").unwrap_err().to_string();
        assert!(error.contains("is read-only"), "{error}");
        assert_eq!(place.names(), ["a"]);
    }
}
