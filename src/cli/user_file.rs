//! The user's config.toml, to be changed and written back. Comments, order and everything else in it stay as they are.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use toml_edit::{DocumentMut, Item, Table, value};

use crate::config::{Loader, create_private_dir};

pub struct UserFile {
    pub path: PathBuf,
    pub document: DocumentMut,
}

impl UserFile {
    pub fn open(loader: &Loader) -> anyhow::Result<Self> {
        let path = loader.paths().user_file(loader.environment());
        // People keep it elsewhere and link to it: the link stays.
        let path = path.canonicalize().unwrap_or(path);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let document = text.parse::<DocumentMut>().map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = 1 + text.get(..at).map_or(0, |before| before.matches('\n').count());
            anyhow::anyhow!("{}, line {line}: {}; mend it first", path.display(), error.message())
        })?;
        Ok(Self { path, document })
    }

    /// The text of a setting, in whatever way it is written.
    pub fn text(&self, group: &str, key: &str) -> Option<&str> {
        let root = self.document.as_table();
        let item = root.get(&format!("{group}.{key}")).or_else(|| root.get(group)?.as_table_like()?.get(key));
        item?.as_str()
    }

    /// Gives a setting this text, or takes it away. A new one stands at the end of its group, a new group at the end of the file.
    pub fn set_text(&mut self, group: &str, key: &str, text: Option<&str>) -> anyhow::Result<()> {
        let path = self.path.display().to_string();
        let dotted = format!("{group}.{key}");
        let place = if self.document.contains_key(&dotted) { dotted.as_str() } else { key };
        let table = match place == dotted {
            true => self.document.as_table_mut() as &mut dyn toml_edit::TableLike,
            false => {
                if text.is_none() && !self.document.contains_key(group) {
                    return Ok(());
                }
                let gap = self.gap(group);
                let item = self.document.as_table_mut().entry(group).or_insert_with(|| {
                    let mut table = Table::new();
                    table.decor_mut().set_prefix(gap);
                    Item::Table(table)
                });
                let wrong = || anyhow::anyhow!("{path}: `{group}` is not a table; mend it first");
                item.as_table_like_mut().ok_or_else(wrong)?
            }
        };
        match text {
            None => drop(table.remove(place)),
            Some(text) => match table.get_mut(place).and_then(Item::as_value_mut) {
                // What is said of it beside it stays.
                Some(there) => {
                    let decor = there.decor().clone();
                    *there = text.into();
                    *there.decor_mut() = decor;
                }
                None => drop(table.insert(place, value(text))),
            },
        }
        Ok(())
    }

    /// What stands before a group that is not there yet: the end of the file stays before it, with an empty line between.
    fn gap(&mut self, group: &str) -> String {
        if self.document.contains_key(group) {
            return String::new();
        }
        let mut end = self.document.trailing().as_str().unwrap_or_default().to_owned();
        self.document.set_trailing("");
        let has_gap = self.document.is_empty() || end == "\n" || end.ends_with("\n\n");
        end += if has_gap { "" } else { "\n" };
        end
    }

    /// All of it or nothing, with the permissions it had; a new one is the user's alone.
    pub fn save(&self) -> anyhow::Result<()> {
        let context = || format!("cannot write {}", self.path.display());
        let Some(directory) = self.path.parent() else { bail!("{} is no file", self.path.display()) };
        if !directory.exists() {
            create_private_dir(directory).with_context(context)?;
        }
        let fresh = self.path.with_extension(format!("new-{}", std::process::id()));
        let written = self.write_to(&fresh).and_then(|()| std::fs::rename(&fresh, &self.path));
        if written.is_err() {
            // What was half written is of no use to anybody; the first error is the one to tell.
            let _ = std::fs::remove_file(&fresh);
        }
        written.with_context(context)
    }

    fn write_to(&self, fresh: &Path) -> std::io::Result<()> {
        let mut options = std::fs::File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut out = options.open(fresh)?;
        if let Ok(old) = self.path.metadata() {
            out.set_permissions(old.permissions())?;
        }
        out.write_all(self.document.to_string().as_bytes())?;
        out.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(before: &str, text: Option<&str>) -> String {
        let mut file = UserFile { path: "config.toml".into(), document: before.parse().unwrap() };
        file.set_text("engine", "model", text).unwrap();
        file.document.to_string()
    }

    #[test]
    fn a_setting_changes_and_the_rest_stays() {
        for (before, after) in [
            ("", "[engine]\nmodel = \"b\"\n"),
            ("# mine\n", "# mine\n[engine]\nmodel = \"b\"\n"),
            ("[log]\nfilter = 'warn'\n# end\n", "[log]\nfilter = 'warn'\n# end\n\n[engine]\nmodel = \"b\"\n"),
            ("[engine]\nthreads = 2\n[log]\n", "[engine]\nthreads = 2\nmodel = \"b\"\n[log]\n"),
            ("[engine] # e\nmodel = 'a' # mine\n", "[engine] # e\nmodel = \"b\" # mine\n"),
            ("engine.model = 'a'\n", "engine.model = \"b\"\n"),
            ("\"engine.model\" = 'a'\n", "\"engine.model\" = \"b\"\n"),
            ("engine = { model = 'a' }\n", "engine = { model = \"b\" }\n"),
        ] {
            assert_eq!(edited(before, Some("b")), after, "{before}");
        }
    }

    #[test]
    fn a_setting_goes_and_the_rest_stays() {
        for (before, after) in [
            ("", ""),
            ("# mine\n", "# mine\n"),
            ("[engine]\nmodel = 'a'\nthreads = 2\n", "[engine]\nthreads = 2\n"),
            ("\"engine.model\" = 'a'\n[log]\n", "[log]\n"),
            ("engine = { model = 'a', threads = 2 }\n", "engine = { threads = 2 }\n"),
        ] {
            assert_eq!(edited(before, None).replace("{  ", "{ "), after, "{before}");
        }
    }

    #[test]
    fn a_setting_is_found_however_it_is_written() {
        for text in
            ["[engine]\nmodel = 'a'", "engine.model = 'a'", "\"engine.model\" = 'a'", "engine = { model = 'a' }"]
        {
            let file = UserFile { path: "config.toml".into(), document: text.parse().unwrap() };
            assert_eq!(file.text("engine", "model"), Some("a"), "{text}");
        }
        let mut file = UserFile { path: "config.toml".into(), document: "engine = 3".parse().unwrap() };
        assert_eq!(file.text("engine", "model"), None);
        let error = file.set_text("engine", "model", Some("b")).unwrap_err().to_string();
        assert_eq!(error, "config.toml: `engine` is not a table; mend it first");
    }
}
