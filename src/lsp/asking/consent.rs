//! Asks the user whether a request may be sent: what, where to, how much. No answer is a no.

use crate::ask::{ConsentReply, ConsentRequest};
use crate::lsp::client::ClientHandle;
use crate::session::questions::words;

const ONCE: &str = "This time";
const ALWAYS: &str = "Always for this workspace";
const SHOW: &str = "Show";
const CANCEL: &str = "Cancel";

/// What the user says.
pub enum Said {
    Reply(ConsentReply),
    /// To show the whole payload first, and ask again.
    Show,
}

/// A client that cannot ask, or whose user closes the question, has not allowed anything.
pub async fn ask(client: &ClientHandle, request: &ConsentRequest) -> Said {
    let choices: &[&str] = match request.may_remember {
        true => &[ONCE, ALWAYS, SHOW, CANCEL],
        false => &[ONCE, SHOW, CANCEL],
    };
    match client.choose(&words::consent(request), choices).await.as_deref() {
        Some(ONCE) => Said::Reply(ConsentReply::Once),
        Some(ALWAYS) if request.may_remember => Said::Reply(ConsentReply::Workspace),
        Some(SHOW) => Said::Show,
        _ => Said::Reply(ConsentReply::Refused),
    }
}
