//! Limits into the user's config.toml and out of it. Comments, order and everything else in it stay as they are.

use std::path::Path;
use std::process::ExitCode;

use toml_edit::{Array, Item, RawString, Table, Value};

use crate::budget::{Amount, Limit, Limits};
use crate::cli::terminal::Terminal;
use crate::cli::user_file::UserFile;
use crate::config::Loader;

pub fn set(terminal: &mut Terminal, loader: &Loader, texts: &[String]) -> anyhow::Result<ExitCode> {
    let wanted = texts.iter().map(|text| text.parse::<Limit>()).collect::<Result<Vec<_>, _>>()?;
    let mut file = UserFile::open(loader)?;
    let limits = limits(&mut file)?;
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
    let mut file = UserFile::open(loader)?;
    let limits = limits(&mut file)?;
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
    let Some(at) = limits.iter().position(place) else { return add(limits, text) };
    limits.replace(at, text);
    let mut number = 0;
    limits.retain(|value| {
        number += 1;
        number <= at + 1 || !place(value)
    });
}

/// At the end; in a list of lines on a line of its own, behind what is said of the one before it.
fn add(limits: &mut Array, text: String) {
    let raw = |raw: Option<&RawString>| raw.and_then(RawString::as_str).unwrap_or_default().to_owned();
    let trailing = raw(Some(limits.trailing()));
    if !trailing.contains('\n') {
        limits.push(text);
        return;
    }
    let before = raw(limits.iter().last().and_then(|value| value.decor().prefix()));
    let indent = before.rsplit_once('\n').map_or("    ", |(_, indent)| indent);
    let mut value = Value::from(text);
    value.decor_mut().set_prefix(format!("{}\n{indent}", trailing.trim_end()));
    limits.push_formatted(value);
    limits.set_trailing("\n");
    limits.set_trailing_comma(true);
}

/// The list of limits, made where there is none.
fn limits(file: &mut UserFile) -> anyhow::Result<&mut Array> {
    let path = file.path.display().to_string();
    let wrong = || anyhow::anyhow!("{path}: `budget.limits` is not a list of texts; mend it first");
    // What stands at the end of the file stays before what is added to it.
    let mut end = file.document.trailing().as_str().unwrap_or_default().to_owned();
    let is_new = !file.document.contains_key("budget") && !file.document.contains_key("budget.limits");
    if is_new {
        file.document.set_trailing("");
        let has_gap = file.document.is_empty() || end == "\n" || end.ends_with("\n\n");
        end += if has_gap { "" } else { "\n" };
    }
    let root = file.document.as_table_mut();
    let item = if root.contains_key("budget.limits") {
        root.entry("budget.limits")
    } else {
        let budget = root.entry("budget").or_insert_with(|| {
            let mut table = Table::new();
            table.decor_mut().set_prefix(end);
            Item::Table(table)
        });
        budget.as_table_like_mut().ok_or_else(wrong)?.entry("limits")
    };
    let list = item.or_insert_with(|| Item::Value(Value::Array(Array::new())));
    let list = list.as_array_mut().ok_or_else(wrong)?;
    if list.iter().any(|value| value.as_str().is_none()) {
        return Err(wrong());
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str, edit: impl FnOnce(&mut Array)) -> String {
        let mut file = UserFile { path: "config.toml".into(), document: text.parse().unwrap() };
        edit(limits(&mut file).unwrap());
        file.document.to_string()
    }

    fn with(text: &str, limit: &str) -> String {
        edited(text, |limits| put(limits, &limit.parse().unwrap()))
    }

    #[test]
    fn a_limit_takes_its_place_and_the_rest_stays() {
        let added = "[budget]\nlimits = [\"$20 per month\"]\n";
        for before in ["", "# mine\n", "[log]\nfilter = 'warn'\n\n", "[log]\nfilter = 'warn'\n# the end\n\n"] {
            let gap = if before.contains('[') && !before.ends_with("\n\n") { "\n" } else { "" };
            assert_eq!(with(before, "$20 per month"), format!("{before}{gap}{added}"));
        }
        let config = "# mine\n[cloud]\nprovider = 'anthropic' # who\n\n[budget] # money\nlimits = [\n    # all of it\n    \
                      \"$20 per month\",\n    \"$1 per day\", # small\n]\ntimeZone = 'UTC'\n";
        assert_eq!(
            with(config, "$30 per month"),
            config.replace("$20 per month", "$30 per month"),
            "one for the same period and scope is replaced"
        );
        let more = with(config, "9000 tokens per month");
        let line = "\"$1 per day\", # small\n";
        assert_eq!(more, config.replace(line, &format!("{line}    \"9000 tokens per month\",\n")));
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
            let mut file = UserFile { path: "config.toml".into(), document: config.parse().unwrap() };
            let error = limits(&mut file).unwrap_err().to_string();
            assert_eq!(error, "config.toml: `budget.limits` is not a list of texts; mend it first");
        }
    }
}
