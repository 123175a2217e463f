//! Limits into the user's config.toml and out of it. Comments, order and everything else in it stay as they are.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use toml_edit::{Array, DocumentMut, Item, Table, Value};

use crate::budget::{Amount, Limit, Limits};
use crate::cli::terminal::Terminal;
use crate::config::{Loader, create_private_dir};

pub fn set(terminal: &mut Terminal, loader: &Loader, texts: &[String]) -> anyhow::Result<ExitCode> {
    let wanted = texts.iter().map(|text| text.parse::<Limit>()).collect::<Result<Vec<_>, _>>()?;
    let mut file = ConfigFile::open(loader)?;
    let limits = file.limits()?;
    for limit in &wanted {
        put(limits, limit);
    }
    file.save()?;
    for limit in &wanted {
        terminal.line(format!("Set: {limit}"))?;
    }
    remarks(terminal, loader, &file.path)?;
    Ok(ExitCode::SUCCESS)
}

pub fn unset(terminal: &mut Terminal, loader: &Loader, texts: &[String]) -> anyhow::Result<ExitCode> {
    let mut file = ConfigFile::open(loader)?;
    let limits = file.limits()?;
    let before = limits.len();
    let mut missing = Vec::new();
    for text in texts {
        // As it was written, too: what cannot be read can be taken away.
        let limit = text.parse::<Limit>().ok();
        let is_meant = |value: &Value| {
            let written = value.as_str().unwrap_or_default();
            written == text || limit.is_some() && written.parse().ok() == limit
        };
        let count = limits.len();
        limits.retain(|value| !is_meant(value));
        if limits.len() == count {
            missing.push(text);
        }
    }
    let there: Vec<String> = limits.iter().filter_map(Value::as_str).map(|text| format!("`{text}`")).collect();
    if limits.len() < before {
        file.save()?;
    }
    for text in texts.iter().filter(|text| !missing.contains(text)) {
        terminal.line(format!("Taken away: {text}"))?;
    }
    for text in &missing {
        let there =
            if there.is_empty() { "there is none".to_owned() } else { format!("there are {}", there.join(", ")) };
        terminal.line(format!("There is no limit `{text}` in {}; {there}", file.path.display()))?;
    }
    remarks(terminal, loader, &file.path)?;
    Ok(if missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the user should know after the change.
fn remarks(terminal: &mut Terminal, loader: &Loader, path: &Path) -> anyhow::Result<()> {
    let settings = loader.load(&[], None).settings;
    let limits = Limits::read(&settings.budget.limits);
    if loader.environment().get("TANDEM_BUDGET_LIMITS").is_some() {
        terminal.line(format!(
            "TANDEM_BUDGET_LIMITS is set and stands above {}: its limits are those that count.",
            path.display()
        ))?;
    }
    if let Some(refusal) = limits.refusal() {
        terminal.line(format!("Still, {refusal}"))?;
    } else if !limits.has_monthly() {
        terminal.line("There is no monthly limit now, so no cloud model is asked.")?;
    }
    Ok(())
}

/// In the place of one for the same time, scope and unit, else at the end.
fn put(limits: &mut Array, limit: &Limit) {
    let is_same = |other: &Limit| {
        let is_money = |limit: &Limit| matches!(limit.amount, Amount::Money(_));
        other.period == limit.period && other.scope == limit.scope && is_money(other) == is_money(limit)
    };
    let place = |value: &Value| value.as_str().and_then(|text| text.parse().ok()).is_some_and(|other| is_same(&other));
    let text = limit.to_string();
    let Some(at) = limits.iter().position(place) else {
        limits.push(text);
        return;
    };
    limits.replace(at, text);
    let mut number = 0;
    limits.retain(|value| {
        number += 1;
        number <= at + 1 || !place(value)
    });
}

/// The user's config.toml, to be changed and written back.
struct ConfigFile {
    path: PathBuf,
    document: DocumentMut,
}

impl ConfigFile {
    fn open(loader: &Loader) -> anyhow::Result<Self> {
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

    /// The list of limits, made where there is none.
    fn limits(&mut self) -> anyhow::Result<&mut Array> {
        let path = self.path.display().to_string();
        let wrong = || anyhow::anyhow!("{path}: `budget.limits` is not a list of texts; mend it first");
        let root = self.document.as_table_mut();
        let item = if root.contains_key("budget.limits") {
            root.entry("budget.limits")
        } else {
            let budget = root.entry("budget").or_insert_with(|| Item::Table(Table::new()));
            budget.as_table_like_mut().ok_or_else(wrong)?.entry("limits")
        };
        let list = item.or_insert_with(|| Item::Value(Value::Array(Array::new())));
        let list = list.as_array_mut().ok_or_else(wrong)?;
        if list.iter().any(|value| value.as_str().is_none()) {
            return Err(wrong());
        }
        Ok(list)
    }

    /// All of it or nothing, with the permissions it had; a new one is the user's alone.
    fn save(&self) -> anyhow::Result<()> {
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

    fn edited(text: &str, edit: impl FnOnce(&mut Array)) -> String {
        let mut file = ConfigFile { path: "config.toml".into(), document: text.parse().unwrap() };
        edit(file.limits().unwrap());
        file.document.to_string()
    }

    fn with(text: &str, limit: &str) -> String {
        edited(text, |limits| put(limits, &limit.parse().unwrap()))
    }

    #[test]
    fn a_limit_takes_its_place_and_the_rest_stays() {
        assert_eq!(with("", "$20 per month"), "[budget]\nlimits = [\"$20 per month\"]\n");
        let config = "# mine\n[cloud]\nprovider = 'anthropic' # who\n\n[budget] # money\nlimits = [\n    # all of it\n    \
                      \"$20 per month\",\n    \"$1 per day\", # small\n]\ntimeZone = 'UTC'\n";
        assert_eq!(
            with(config, "$30 per month"),
            config.replace("$20 per month", "$30 per month"),
            "one for the same period and scope is replaced"
        );
        let more = with(config, "9000 tokens per month");
        assert!(more.contains("# all of it\n") && more.contains("# small\n") && more.contains("# who"), "{more}");
        let read: toml::Table = more.parse().unwrap();
        let expected = ["$20 per month", "$1 per day", "9000 tokens per month"];
        assert_eq!(read["budget"]["limits"], expected.to_vec().into());
    }

    #[test]
    fn every_way_to_write_the_list_is_found() {
        for (config, expected) in [
            ("budget.limits = ['$1 per day']", "budget.limits = [\"$2 per day\"]"),
            ("\"budget.limits\" = ['$1 per day']", "\"budget.limits\" = [\"$2 per day\"]"),
            ("budget = { limits = ['1 USD per day'] }", "budget = { limits = [\"$2 per day\"] }"),
            ("[budget]\nlimits = ['$1 per day', '$9/day']", "[budget]\nlimits = [\"$2 per day\"]"),
        ] {
            assert_eq!(with(config, "$2 per day").trim_end(), expected, "{config}");
        }
    }

    #[test]
    fn what_is_no_list_is_left_alone() {
        for config in ["budget = 3", "[budget]\nlimits = '$1 per day'", "[budget]\nlimits = [1]"] {
            let mut file = ConfigFile { path: "config.toml".into(), document: config.parse().unwrap() };
            let error = file.limits().unwrap_err().to_string();
            assert_eq!(error, "config.toml: `budget.limits` is not a list of texts; mend it first");
        }
    }
}
