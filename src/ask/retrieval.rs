//! An answer without a model: what the index knows of what a question names and speaks of. It works offline, on the first
//! command, and says that it is no explanation.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::pack::names_in;
use super::{Question, Workspace};
use crate::index::{Found, OutlineEntry, Relations, Role};

/// Definitions that the question names, and places that speak of its words.
const MOST_DEFINITIONS: usize = 8;
const MOST_PLACES: usize = 8;
/// Callers and callees that are listed.
const MOST_LISTED: usize = 8;
/// Files that use a name before its uses are only counted.
const COMMON: usize = 300;
/// Rows of a doc comment, and of the code of a place.
const MOST_COMMENT: usize = 12;
const MOST_CODE: usize = 14;
/// Characters of a row.
const LONGEST_ROW: usize = 200;

/// Markdown with citations. It quotes files, so it has to be made inert like any other answer. `may_show`: files that are not
/// to be read by models are still the user's own, so here all may.
pub fn answer(question: &Question, workspace: &Workspace) -> String {
    let mut answer = String::new();
    let mut told: BTreeSet<(String, u32)> = BTreeSet::new();
    let names = names_in(&question.text);
    let focus_name = question.focus.iter().filter_map(|focus| focus.name.clone());
    let mut definitions: Vec<Found> = Vec::new();
    for name in focus_name.chain(names.symbols.iter().cloned()) {
        let mut found = workspace.index.definitions(&name);
        if let Some(focus) = &question.focus {
            // That of the focus is meant, where it is one of several.
            found.sort_by_key(|found| found.path != focus.path);
        }
        definitions.extend(found);
    }
    for found in &definitions {
        if told.len() < MOST_DEFINITIONS && told.insert((found.path.clone(), found.start.row)) {
            definition(workspace, found, &mut answer);
        }
    }
    if definitions.len() > told.len() {
        let _ = writeln!(answer, "{} more definitions have these names.\n", definitions.len() - told.len());
    }
    for path in names.paths.iter().filter_map(|path| workspace.find(path)) {
        outline(workspace, &path, &mut answer);
    }
    if let Some(focus) = question.focus.as_ref().filter(|_| definitions.is_empty()) {
        outline(workspace, &focus.path, &mut answer);
    }
    places(question, workspace, &mut told, &mut answer);
    if answer.is_empty() {
        return "The index has nothing that fits these words. Name a definition or a file, or use other words of the code.\n".to_owned();
    }
    format!("No model answered this; it is what the index knows.\n\n{answer}")
}

fn definition(workspace: &Workspace, found: &Found, answer: &mut String) {
    let outline = workspace.index.outline(&found.path).unwrap_or_default();
    let entry = outline.iter().find(|entry| entry.found.start == found.start && entry.found.name == found.name);
    let kind = format!("{:?}", found.kind).to_lowercase();
    let _ = writeln!(answer, "### {kind} {}\n\n{}\n", code(&found.full_name()), cite(&found.path, found));
    let text = workspace.text(&found.path).unwrap_or_default();
    let comment = comment_above(&text, found.start.row as usize);
    if !comment.is_empty() {
        let _ = writeln!(answer, "{}\n", quote(&comment));
    }
    if let Some(signature) = entry.and_then(|entry| entry.signature.as_ref()) {
        let _ = writeln!(answer, "{}", block(signature));
    }
    if matches!(Role::of(found.kind), Role::Callable | Role::Type) {
        uses(workspace, found, answer);
    }
}

fn uses(workspace: &Workspace, found: &Found, answer: &mut String) {
    let common = {
        let state = workspace.index.read();
        state.names().find(&found.name).map_or(0, |id| state.using(id).len())
    };
    if common > COMMON {
        let _ = writeln!(answer, "{common} files use this name.\n");
        return;
    }
    let relations = workspace.index.relations(&found.name);
    let Some(Relations { references, callees, .. }) = relations.into_iter().find(|one| one.definition == *found) else {
        return;
    };
    let mut users: Vec<String> = Vec::new();
    for reference in &references {
        let place = format!("{}:{}", reference.path, reference.at.row + 1);
        let inside = reference.inside.as_ref().filter(|inside| *inside != found).map(Found::full_name);
        users.push(match inside {
            Some(inside) => format!("{} in {}", place, code(&inside)),
            None => place,
        });
    }
    list("Used at", users, answer);
    let callees: Vec<String> =
        callees.iter().map(|found| format!("{} at {}", code(&found.full_name()), cite(&found.path, found))).collect();
    list("Calls", callees, answer);
}

fn list(title: &str, items: Vec<String>, answer: &mut String) {
    if items.is_empty() {
        return;
    }
    let more = items.len().saturating_sub(MOST_LISTED);
    let _ = writeln!(answer, "{title}:\n");
    for item in items.iter().take(MOST_LISTED) {
        let _ = writeln!(answer, "- {item}");
    }
    if more > 0 {
        let _ = writeln!(answer, "- and {more} more");
    }
    answer.push('\n');
}

fn outline(workspace: &Workspace, path: &str, answer: &mut String) {
    let Some(entries) = workspace.index.outline(path) else { return };
    let entries: Vec<String> = entries
        .iter()
        .filter(|OutlineEntry { found, .. }| found.containers.len() < 2)
        .map(|OutlineEntry { found, signature }| {
            let text = signature.clone().unwrap_or_else(|| found.full_name());
            format!("{} at {path}:{}", code(&shortened(&text)), found.start.row + 1)
        })
        .collect();
    list(&format!("Defined in {}", code(path)), entries, answer);
    let links = workspace.index.file_links(path).unwrap_or_default();
    list("Imported by", links.imported_by, answer);
}

fn places(question: &Question, workspace: &Workspace, told: &mut BTreeSet<(String, u32)>, answer: &mut String) {
    let hits = workspace.index.search(&question.text, MOST_PLACES * 2);
    let mut places = String::new();
    let mut count = 0;
    for hit in hits {
        let is_told = told.iter().any(|(path, row)| *path == hit.path && hit.rows.contains(row));
        if is_told || count == MOST_PLACES {
            continue;
        }
        count += 1;
        told.insert((hit.path.clone(), hit.rows.start));
        let name = hit.name.as_ref().map_or_else(String::new, |name| format!("{} ", code(name)));
        let text = workspace.text(&hit.path).unwrap_or_default();
        let rows = text.lines().skip(hit.rows.start as usize).take(hit.rows.len().min(MOST_CODE));
        let excerpt: Vec<String> = rows.map(shortened).collect();
        let _ = writeln!(places, "{name}{}:{}-{}\n", hit.path, hit.rows.start + 1, hit.rows.end);
        let _ = writeln!(places, "{}", block(&excerpt.join("\n")));
    }
    if count > 0 {
        let _ = write!(answer, "### Places that speak of it\n\n{places}");
    }
}

fn cite(path: &str, found: &Found) -> String {
    let end = if found.end.column > 0 { found.end.row + 1 } else { found.end.row.max(found.start.row + 1) };
    match found.start.row + 1 {
        start if start == end => format!("{path}:{start}"),
        start => format!("{path}:{start}-{end}"),
    }
}

/// The rows directly above, if they are a comment in any language.
fn comment_above(text: &str, row: usize) -> String {
    let above: Vec<&str> = text.lines().take(row).collect();
    let is_comment = |line: &&&str| {
        let line = line.trim_start();
        ["//", "#", "--", "/*", "*", ";;", "%", "\"\"\""].iter().any(|mark| line.starts_with(mark))
            && !line.starts_with("#[")
            && !line.starts_with("#!")
    };
    let is_attribute = |line: &&&str| line.trim_start().starts_with(['@', '#']) && !is_comment(line);
    let rows = above.iter().rev().skip_while(is_attribute).take_while(is_comment).take(MOST_COMMENT);
    let mut comment: Vec<&str> = rows
        .map(|line| line.trim().trim_start_matches(['/', '*', '#', '-', ';', '!', '%']).trim_end_matches("*/").trim())
        .collect();
    comment.reverse();
    comment.join("\n").trim().to_owned()
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(LONGEST_ROW) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

fn quote(text: &str) -> String {
    text.lines().map(|line| format!("> {line}")).collect::<Vec<_>>().join("\n")
}

/// With more backquotes than it has itself.
fn code(text: &str) -> String {
    let text = text.replace('\n', " ");
    let mark = "`".repeat(longest_run(&text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{mark}{space}{text}{space}{mark}")
}

fn block(text: &str) -> String {
    let mark = "`".repeat((longest_run(text) + 1).max(3));
    format!("{mark}\n{text}\n{mark}\n")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}
