//! Lets the user trust a folder before anything of it is sent to a cloud model: the files that steer an editor or Tandem in it
//! are named, can be looked at, and are what the word is for.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::ask::Workspace;
use crate::config::{RouteChoice, read_beginning};
use crate::lsp::client::Severity;
use crate::lsp::sheet::{Desk, Sheet};
use crate::privacy::{Fingerprint, TrustState};
use crate::providers::Endpoint;
use crate::session::questions::words;

const TRUST: &str = "Trust";
const REVOKE: &str = "Do not trust it any more";
const SHOW: &str = "Show";
const NOT_NOW: &str = "Not now";

/// Files that a question names before it counts.
const NAMED: usize = 5;
/// Bytes of each file that are shown.
const SHOWN: u64 = 64 << 10;

/// Folders for which the user said no in this run: they are not asked again unless they ask for it.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<HashSet<PathBuf>>);

/// Asks, if this question might go to a cloud model and the folder is not trusted. What follows does not depend on the answer:
/// the gate decides by what is on disk.
pub async fn ask_if_needed(desk: &Desk, workspace: &Workspace, route: Option<RouteChoice>) {
    let settings = &workspace.settings;
    let cloud = &settings.cloud;
    if route.unwrap_or(settings.ask.route) == RouteChoice::Local {
        return;
    }
    if !cloud.enabled || cloud.provider.is_empty() {
        return;
    }
    // Servers of the user's own need no trust; a provider that is set up wrongly is told of by whoever asks it.
    if !matches!(Endpoint::chosen(cloud), Ok(Some(endpoint)) if !endpoint.is_local) {
        return;
    }
    let root = workspace.index.root().to_owned();
    if desk.refusals.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&root) {
        return;
    }
    let (trust, place) = (desk.trust.clone(), root.clone());
    let state = tokio::task::spawn_blocking(move || trust.state(&place)).await;
    if !matches!(state, Ok(TrustState::Trusted) | Err(_)) && !ask(desk, &root).await {
        desk.refusals.0.lock().unwrap_or_else(PoisonError::into_inner).insert(root);
    }
}

/// Asks in any case. Whether the folder is trusted after it.
pub async fn ask(desk: &Desk, root: &Path) -> bool {
    loop {
        let (trust, place) = (desk.trust.clone(), root.to_owned());
        let looked = tokio::task::spawn_blocking(move || (trust.state(&place), Fingerprint::of(&place))).await;
        let Ok((state, seen)) = looked else { return false };
        let files: Vec<String> = seen.files().map(str::to_owned).collect();
        let (question, yes) = question(root, &state, &files);
        let answer = desk.client.choose(&question, &[yes, SHOW, NOT_NOW]).await;
        let changed = match answer.as_deref() {
            Some(TRUST) if yes == TRUST => desk.trust.grant(root, &seen).map(|()| true),
            Some(REVOKE) if yes == REVOKE => desk.trust.revoke(root).map(|()| false),
            Some(SHOW) => {
                show(desk, root, &files).await;
                continue;
            }
            _ => return state == TrustState::Trusted,
        };
        return changed.unwrap_or_else(|error| {
            desk.client.show(Severity::Error, &format!("this cannot be kept: {error}"));
            false
        });
    }
}

fn question(root: &Path, state: &TrustState, files: &[String]) -> (String, &'static str) {
    let name = root.file_name().map_or_else(|| root.display().to_string(), |name| name.to_string_lossy().into_owned());
    let name = words::plain(&name);
    match state {
        TrustState::Trusted => (format!("`{name}` is trusted with the settings that are in it."), REVOKE),
        TrustState::Never => {
            (format!("Trust `{name}`, so that parts of it may be sent to a cloud model? {}", named(files)), TRUST)
        }
        TrustState::Changed { files } => {
            (format!("`{name}` is not what it was when you trusted it. Trust it as it is now? {}", named(files)), TRUST)
        }
    }
}

fn named(files: &[String]) -> String {
    let mut names: Vec<String> = files.iter().take(NAMED).map(|file| words::plain(file)).collect();
    match files.len().checked_sub(NAMED) {
        _ if names.is_empty() => return "No file in it steers an editor or Tandem.".to_owned(),
        Some(more) if more > 0 => names.push(format!("{more} more")),
        _ => {}
    }
    format!("These files steer an editor or Tandem in it: {}.", names.join(", "))
}

async fn show(desk: &Desk, root: &Path, files: &[String]) {
    let (root, files) = (root.to_owned(), files.to_vec());
    let text = tokio::task::spawn_blocking(move || {
        let mut text = String::from("# Files that steer an editor or Tandem here\n");
        for file in &files {
            let content = match read_beginning(&root.join(file), SHOWN) {
                Ok(content) => String::from_utf8_lossy(&content).into_owned(),
                Err(error) => error.to_string(),
            };
            text.push_str(&format!("\n## {}\n\n{}", words::plain(file), words::fenced(&content)));
        }
        text
    });
    if let Ok(text) = text.await {
        Sheet::show(desk, "Files that steer this folder", &text).await;
    }
}
