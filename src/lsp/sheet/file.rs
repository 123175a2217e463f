//! Files for documents that clients show as files: in the user's state directory, readable by nobody else.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::config::create_private_dir;

/// Files that are kept; older ones go when a new one comes.
const KEPT: usize = 200;

/// Longest name, in characters.
const NAME: usize = 40;

/// Letters and digits of a title, with hyphens between them.
pub fn slug(title: &str) -> String {
    let words = title.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    let slug: String = words.collect::<Vec<_>>().join("-").chars().take(NAME).collect();
    let ascii: String = slug.chars().filter(char::is_ascii).collect();
    let slug = ascii.trim_matches('-');
    if slug.is_empty() { "Answer".to_owned() } else { slug.to_owned() }
}

/// A path that nothing has yet.
pub fn path(directory: &Path, title: &str) -> PathBuf {
    let now = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string();
    let name = format!("{now}-{}", slug(title));
    let numbered = (2..).map(|number| format!("{name}-{number}.md"));
    let names = std::iter::once(format!("{name}.md")).chain(numbered);
    let mut free = names.map(|name| directory.join(name)).filter(|path| !path.exists());
    free.next().unwrap_or_else(|| directory.join("Answer.md"))
}

/// Makes the file. An error where it is there already, or the directory is not the user's own.
pub fn create(path: &Path) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        create_private_dir(directory)?;
        tidy(directory);
    }
    open(path, true).map(|_| ())
}

/// Puts the text in place of what is there.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        create_private_dir(directory)?;
    }
    let mut file = open(path, false)?;
    file.write_all(text.as_bytes())
}

fn open(path: &Path, is_new: bool) -> io::Result<fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).create_new(is_new).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Names begin with the time, so that the oldest come first.
fn tidy(directory: &Path) {
    let files = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|kind| kind == "md")).collect();
    files.sort();
    let old = files.len().saturating_sub(KEPT - 1);
    for file in &files[..old] {
        if let Err(error) = fs::remove_file(file) {
            tracing::info!(%error, "an old answer stays");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hold_nothing_that_a_shell_or_a_uri_means_something_by() {
        assert_eq!(slug("Why `a::b` fails?"), "Why-a-b-fails");
        assert_eq!(slug("../../etc/passwd"), "etc-passwd");
        assert_eq!((slug("日本"), slug("")), ("Answer".to_owned(), "Answer".to_owned()));
        assert_eq!(slug(&"ab ".repeat(50)).len(), 40);
    }

    #[test]
    fn files_are_private_new_and_not_too_many() {
        let place = tempfile::tempdir().expect("a folder");
        let directory = place.path().join("answers");
        for number in 0..KEPT + 5 {
            create(&directory.join(format!("{number:05}.md"))).expect("a file");
        }
        assert_eq!(fs::read_dir(&directory).expect("a list").count(), KEPT);
        assert!(!directory.join("00000.md").exists() && directory.join("00204.md").exists());
        assert!(create(&directory.join("00204.md")).is_err(), "it is there already");
        replace(&directory.join("00204.md"), "whole").expect("written");
        assert_eq!(fs::read_to_string(directory.join("00204.md")).expect("a text"), "whole");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
            assert_eq!((mode(&directory), mode(&directory.join("00204.md"))), (0o700, 0o600));
        }
        let first = path(&directory, "a b");
        create(&first).expect("a file");
        assert_ne!(path(&directory, "a b"), first);
    }
}
