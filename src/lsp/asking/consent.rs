//! Asks the user whether a request may be sent: what, where to, how much. No answer is a no.

use crate::ask::{ConsentReply, ConsentRequest, Workspace};
use crate::gate::SentFile;
use crate::lsp::ext::{self, ConsentParams};
use crate::lsp::sheet::{Desk, Sheet};
use crate::session::questions::words;

const ONCE: &str = "This time";
const ALWAYS: &str = "Always for this workspace";
const SHOW: &str = "Show";
const CANCEL: &str = "Cancel";

/// A client that cannot ask, or whose user closes the question, has not allowed anything.
pub async fn ask(
    desk: &Desk,
    question: u64,
    title: &str,
    request: &ConsentRequest,
    workspace: &Workspace,
) -> ConsentReply {
    match desk.features.consents {
        true => by_the_client(desk, question, title, request, workspace).await,
        false => by_message(desk, request).await,
    }
}

async fn by_the_client(
    desk: &Desk,
    question: u64,
    title: &str,
    request: &ConsentRequest,
    workspace: &Workspace,
) -> ConsentReply {
    let (files, place) = (request.preview.manifest.files.clone(), workspace.clone());
    let lines = tokio::task::spawn_blocking(move || files.iter().map(|file| lines(file, &place)).collect());
    let lines = lines.await.unwrap_or_default();
    let folder = workspace.index.folder();
    let address = |path: &str| tower_lsp::gen_lsp_types::Uri::from_file_path(folder.join(path)).ok();
    let params = ConsentParams::of(question, title, request, lines, &address);
    ext::choice(desk.client.consent(&params).await, request.may_remember)
}

async fn by_message(desk: &Desk, request: &ConsentRequest) -> ConsentReply {
    let choices: &[&str] = match request.may_remember {
        true => &[ONCE, ALWAYS, SHOW, CANCEL],
        false => &[ONCE, SHOW, CANCEL],
    };
    loop {
        match desk.client.choose(&words::consent(request), choices).await.as_deref() {
            Some(ONCE) => return ConsentReply::Once,
            Some(ALWAYS) if request.may_remember => return ConsentReply::Workspace,
            Some(SHOW) => {
                let text = words::payload(&request.preview, &request.texts);
                Sheet::show(desk, "What would be sent", &text).await;
            }
            _ => return ConsentReply::Refused,
        }
    }
}

/// The lines that the bytes of a file that are sent lie in, as the file is now. None where it is not what it was.
fn lines(file: &SentFile, workspace: &Workspace) -> Option<String> {
    let text = workspace.text(&file.path)?;
    let bytes = text.as_bytes();
    let row = |byte: usize| bytes.get(..byte).map(|before| before.iter().filter(|byte| **byte == b'\n').count() + 1);
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for range in file.ranges.iter().filter(|range| !range.is_empty()) {
        let (first, last) = (row(range.start)?, row(range.end - 1)?);
        match parts.last_mut() {
            Some((_, end)) if first <= *end + 1 => *end = last.max(*end),
            _ => parts.push((first, last)),
        }
    }
    let shown = |(first, last): &(usize, usize)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    (!parts.is_empty()).then(|| parts.iter().map(shown).collect::<Vec<_>>().join(", "))
}
