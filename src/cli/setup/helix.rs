//! Helix: `languages.toml`. A language's `language-servers` replaces Helix's own list, so what is written begins with that.
//!
//! The file is changed at single places and compared with what was meant, because people keep it under version control.

mod list;
mod server;

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use toml_edit::{Array, Document, Item, Table, Value};

use super::edits::{Edits, line_end, line_number, line_start};
use super::recipe::{Recipe, Wanted, config_home, quoted};
use crate::config::Environment;

/// What stands behind a line that is ours alone, so that only those go again.
const MARK: &str = "# added by tandem";

/// What Tandem is asked for. The language's own servers keep the rest.
const FEATURES: &str = r#"["completion", "code-action", "workspace-command"]"#;

/// The languages of Tandem's index, as Helix calls them.
const LANGUAGES: &[&str] = &[
    "bash",
    "c",
    "c-sharp",
    "cpp",
    "css",
    "elixir",
    "go",
    "haskell",
    "html",
    "java",
    "javascript",
    "json",
    "jsonc",
    "jsx",
    "kotlin",
    "lua",
    "markdown",
    "php",
    "python",
    "ruby",
    "rust",
    "scala",
    "swift",
    "toml",
    "tsx",
    "typescript",
    "yaml",
    "zig",
];

/// The servers of Helix's languages by name.
struct Defaults(Table);

impl Defaults {
    fn read() -> anyhow::Result<Self> {
        Ok(Self(include_str!("helix/languages.toml").parse::<toml_edit::DocumentMut>()?.into_table()))
    }

    fn of(&self, language: &str) -> anyhow::Result<&Array> {
        let Some(list) = self.0.get(language).and_then(Item::as_array) else {
            bail!("Helix has no language `{language}`; it has: {}", self.names());
        };
        Ok(list)
    }

    fn names(&self) -> String {
        self.0.iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ")
    }
}

pub struct Helix<'a>(pub &'a Wanted);

impl Recipe for Helix<'_> {
    fn file(&self, environment: &Environment) -> Option<PathBuf> {
        // Helix follows XDG on macOS, too.
        let base = if cfg!(windows) { environment.directory("APPDATA") } else { config_home(environment) };
        Some(base?.join("helix").join("languages.toml"))
    }

    fn add(&self, text: &str) -> anyhow::Result<String> {
        let document = parse(text)?;
        let defaults = Defaults::read()?;
        let mut edits = Edits::of(text);
        let mut tail = Vec::new();
        let names: Vec<&str> = match &*self.0.languages {
            [] => LANGUAGES.to_vec(),
            names => names.iter().map(String::as_str).collect(),
        };
        let command = &self.0.command;
        let there = server::find(document.as_table())?;
        let ours = there.and_then(|item| server::ours(text, item));
        match ours {
            Some(table) => server::renew(&mut edits, text, table, command),
            None if there.is_none() => tail.push(server::fresh(command)),
            None => {}
        }
        for name in names {
            let mut servers: Vec<String> = defaults.of(name)?.iter().map(plain).collect();
            servers.push(element());
            let line = format!("language-servers = [{}]", servers.join(", "));
            let tables = languages(document.as_table(), name)?;
            let mut has_list = false;
            for table in &tables {
                let Some(item) = table.get("language-servers") else { continue };
                let Some((array, span)) = item.as_array().zip(item.span()) else {
                    bail!("`language-servers` of {name} is not a list");
                };
                has_list = true;
                if !array.iter().any(is_ours) {
                    list::push(&mut edits, text, array, span, &element());
                }
            }
            match (has_list, tables.first()) {
                (true, _) => {}
                (false, None) => tail.push(format!("[[language]] {MARK}\nname = {}\n{line}\n", quoted(name))),
                (false, Some(table)) => {
                    let at = table.get("name").and_then(Item::span).map_or(text.len(), |span| line_end(text, span.end));
                    let gap = if text[..at].ends_with('\n') { "" } else { "\n" };
                    edits.insert(at, format!("{gap}{line} {MARK}\n"));
                }
            }
        }
        if !tail.is_empty() {
            let gap = match text {
                "" => "",
                text if text.ends_with('\n') => "\n",
                _ => "\n\n",
            };
            edits.insert(text.len(), format!("{gap}{}", tail.join("\n")));
        }
        let is_foreign = there.is_some() && ours.is_none();
        let starts =
            |root: &Table| server::find(root).is_ok_and(|item| item.is_some_and(|i| server::starts(i, command)));
        checked(edits.apply(), |root| is_foreign || starts(root))
    }

    fn remove(&self, text: &str) -> anyhow::Result<String> {
        let document = parse(text)?;
        let defaults = Defaults::read()?;
        let mut edits = Edits::of(text);
        let tables = all_languages(document.as_table())?;
        let names = &self.0.languages;
        for name in names {
            if languages(document.as_table(), name)?.is_empty() {
                defaults.of(name)?;
            }
        }
        let is_meant = |table: &Table| names.is_empty() || names.iter().any(|name| *name == name_of(table));
        let server = server::find(document.as_table())?;
        let ours = server.and_then(|item| server::ours(text, item));
        // The last language takes the server along.
        let goes = ours.filter(|_| !tables.iter().any(|table| !is_meant(table) && servers(table).any(is_ours)));
        if let Some(table) = goes {
            take_table(&mut edits, text, table);
        }
        // Beside a server of the user's own stand servers in lists that are the user's own, too.
        let written = element().parse::<Value>().as_ref().map(meaning).ok();
        let is_every = !names.is_empty() || server.is_none() || ours.is_some();
        let leaves = |value: &Value| is_ours(value) && (is_every || written == Some(meaning(value)));
        for table in tables.into_iter().filter(|table| is_meant(table)) {
            let Some((key, item)) = table.get_key_value("language-servers") else { continue };
            let (Some(list), Some(key)) = (item.as_array(), key.span()) else { continue };
            let Some(index) = list.iter().position(leaves) else { continue };
            let others: Vec<String> = list.iter().filter(|value| !is_ours(value)).map(meaning).collect();
            let is_default = defaults.of(name_of(table)).is_ok_and(|list| list.iter().map(meaning).eq(others));
            let header = table.span().unwrap_or_default();
            if is_default && table.len() == 2 && is_marked(text, header.start) {
                take_table(&mut edits, text, table);
            } else if is_default && item.span().is_some_and(|span| is_marked(text, span.end)) {
                edits.remove(line_start(text, key.start)..line_end(text, item.span().map_or(key.end, |span| span.end)));
            } else {
                list::take(&mut edits, text, list, index);
            }
        }
        checked(edits.apply(), |table| has_server(table) == (server.is_some() && goes.is_none()))
    }

    fn remarks(&self, text: &str, is_wanted: bool) -> Vec<String> {
        let Ok(document) = parse(text) else { return Vec::new() };
        let Ok(Some(item)) = server::find(document.as_table()) else { return Vec::new() };
        let is_other = server::ours(text, item).is_none() && !(is_wanted && server::starts(item, &self.0.command));
        if !is_other {
            return Vec::new();
        }
        let mut lines =
            vec![format!("[language-server.tandem] has no `{MARK}` behind it, so it is yours and stays as it is.")];
        if is_wanted {
            lines.push("It starts something else. What this command would write:".into());
            lines.extend(server::fresh(&self.0.command).lines().map(|line| format!("    {line}")));
        }
        lines
    }

    fn notes(&self) -> Vec<String> {
        vec![
            "Restart Helix, or `:config-reload` and `:lsp-restart`. `hx --health rust` says whether it finds `tandem`."
                .into(),
            "To see what a question is doing, put into config.toml: [editor.lsp] display-progress-messages = true"
                .into(),
            "docs/editors/helix.md has the rest.".into(),
        ]
    }
}

/// What stands in `language-servers`.
fn element() -> String {
    format!("{{ name = \"tandem\", only-features = {FEATURES} }}")
}

/// A value of ours as it is written: without what stands around it.
fn plain(value: &Value) -> String {
    let mut value = value.clone();
    value.decor_mut().clear();
    value.to_string()
}

/// A server in a list, however it is laid out.
fn meaning(value: &Value) -> String {
    match value {
        Value::String(name) => name.value().clone(),
        Value::Array(list) => list.iter().map(meaning).collect::<Vec<_>>().join(","),
        Value::InlineTable(table) => {
            let mut parts: Vec<String> = table.iter().map(|(key, value)| format!("{key}={}", meaning(value))).collect();
            parts.sort();
            parts.join(";")
        }
        other => other.type_name().to_owned(),
    }
}

/// What a language's list has in it.
fn servers(table: &Table) -> impl Iterator<Item = &Value> {
    table.get("language-servers").and_then(Item::as_array).into_iter().flat_map(Array::iter)
}

fn name_of(table: &Table) -> &str {
    table.get("name").and_then(Item::as_str).unwrap_or_default()
}

/// Whether the line around a place is one of ours.
fn is_marked(text: &str, at: usize) -> bool {
    text[at..line_end(text, at)].trim_end().ends_with(MARK)
}

fn is_ours(value: &Value) -> bool {
    let name = value.as_str().or_else(|| value.as_inline_table()?.get("name")?.as_str());
    name == Some("tandem")
}

fn parse(text: &str) -> anyhow::Result<Document<String>> {
    Document::parse(text.to_owned()).map_err(|error| {
        let line = line_number(text, error.span().map_or(0, |span| span.start));
        anyhow!("line {line}: {}; mend it first (Helix does not read it either)", error.message().trim())
    })
}

fn has_server(root: &Table) -> bool {
    server::find(root).is_ok_and(|server| server.is_some())
}

fn all_languages(root: &Table) -> anyhow::Result<Vec<&Table>> {
    match root.get("language") {
        None => Ok(Vec::new()),
        Some(Item::ArrayOfTables(tables)) => Ok(tables.iter().collect()),
        Some(_) => bail!("`language` is not written as tables like [[language]]"),
    }
}

fn languages<'a>(root: &'a Table, name: &str) -> anyhow::Result<Vec<&'a Table>> {
    let mut tables = all_languages(root)?;
    tables.retain(|table| name_of(table) == name);
    Ok(tables)
}

/// Takes a table out, with its header, the tables in it, and the empty line above it.
fn take_table(edits: &mut Edits, text: &str, table: &Table) {
    let Some(header) = table.span() else { return };
    let mut from = line_start(text, header.start);
    let ends = table.iter().filter(|(_, item)| item.is_value()).filter_map(|(_, item)| Some(item.span()?.end));
    let to = line_end(text, ends.max().unwrap_or(header.end).max(header.end));
    if text[..from].ends_with("\n\n") || &text[..from] == "\n" {
        from -= 1;
    }
    edits.remove(from..to);
    for (_, item) in table.iter() {
        if let Item::Table(inner) = item
            && !inner.is_dotted()
        {
            take_table(edits, text, inner);
        }
    }
}

/// The text, if it is TOML and says what was meant. Otherwise a way of writing it was met that is not known here.
fn checked(text: String, is_meant: impl Fn(&Table) -> bool) -> anyhow::Result<String> {
    let fits = Document::parse(text.clone()).is_ok_and(|document| is_meant(document.as_table()));
    if !fits {
        bail!("it is written in a way that is not understood well enough to be changed");
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
