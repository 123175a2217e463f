//! `[language-server.tandem]`: what Helix starts. With our mark behind its header it is renewed and goes again; without, it is
//! the user's.

use anyhow::bail;
use toml_edit::{Item, Table};

use super::{MARK, is_marked};
use crate::cli::setup::edits::{Edits, line_end};
use crate::cli::setup::recipe::quoted;

/// The table as it is written where there is none.
pub fn fresh(command: &str) -> String {
    format!("[language-server.tandem] {MARK}\ncommand = {}\nargs = [\"serve\"]\n", quoted(command))
}

/// The server, however it is declared.
pub fn find(root: &Table) -> anyhow::Result<Option<&Item>> {
    match root.get("language-server") {
        None => Ok(None),
        Some(Item::Table(servers)) => Ok(servers.get("tandem")),
        Some(item) => match item.as_table_like().and_then(|servers| servers.get("tandem")) {
            Some(server) => Ok(Some(server)),
            None => bail!("`language-server` is not written as tables like [language-server.pylsp]"),
        },
    }
}

/// The server's table, if this program wrote it.
pub fn ours<'a>(text: &str, server: &'a Item) -> Option<&'a Table> {
    server.as_table().filter(|table| !table.is_dotted() && table.span().is_some_and(|span| is_marked(text, span.start)))
}

/// Whether Helix starts `command serve` by it; arguments behind that are the user's.
pub fn starts(server: &Item, command: &str) -> bool {
    let get = |key| server.as_table_like().and_then(|table| table.get(key));
    get("command").and_then(Item::as_str) == Some(command) && serves(get("args"))
}

fn serves(args: Option<&Item>) -> bool {
    args.and_then(|args| args.as_array()?.get(0)?.as_str()) == Some("serve")
}

/// Makes the table start `command serve`. What else is in it stays.
pub fn renew(edits: &mut Edits, text: &str, table: &Table, command: &str) {
    let mut missing = String::new();
    let mut set = |key: &str, value: &str| match table.get(key).map(Item::span) {
        Some(Some(span)) => edits.replace(span, value),
        Some(None) => {}
        None => missing += &format!("{key} = {value}\n"),
    };
    if table.get("command").and_then(Item::as_str) != Some(command) {
        set("command", &quoted(command));
    }
    if !serves(table.get("args")) {
        set("args", "[\"serve\"]");
    }
    if !missing.is_empty() {
        let at = line_end(text, table.span().map_or(text.len(), |span| span.end));
        let gap = if text[..at].ends_with('\n') { "" } else { "\n" };
        edits.insert(at, format!("{gap}{missing}"));
    }
}
