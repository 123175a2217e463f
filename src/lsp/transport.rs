//! The protocol loop: one message after the other from the inbox to its handler.
//!
//! The loop itself never waits for a handler (but for `initialize`), for the client to read, or for an answer of the
//! client. The framework's own loop runs everything in one task and stops for each of the three.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncRead;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower_lsp::jsonrpc::{Request, Response};
use tower_lsp::{ClientSocket, LanguageServer, LspService};

use super::inbox::{Inbox, Incoming};
use super::message::Message;
use super::outbox::{Outbox, Weight};
use super::service::{Guarded, Started};

/// How long requests may go on after the client closed its end: whoever pipes a file of messages in wants its answers.
const DRAIN: Duration = Duration::from_secs(1);

/// How long the last messages may take to leave. A client that does not read them is not waited for.
const FLUSH: Duration = Duration::from_millis(500);

/// Why the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// The `exit` notification.
    Exit,
    /// The client closed its end, or reading failed.
    EndOfInput,
    /// The client's reading end is gone.
    ClientGone,
    /// The token was cancelled: the editor's process died.
    Stopped,
}

/// Serves until the client leaves; returns the exit code (0 when `shutdown` was seen, else 1).
pub async fn run<S: LanguageServer>(
    mut inbox: Inbox<impl AsyncRead + Unpin>,
    service: LspService<S>,
    socket: ClientSocket,
    outbox: Outbox,
    stop: CancellationToken,
) -> i32 {
    let mut service = Guarded::new(service);
    let mut handlers = JoinSet::new();
    let (mut ours, mut theirs) = socket.split();
    let requests = {
        let outbox = outbox.clone();
        tokio::spawn(async move {
            while let Some(request) = ours.next().await {
                outbox.send(&request, Weight::Keep);
            }
        })
    };

    let ending = loop {
        while handlers.try_join_next().is_some() {}
        let incoming = tokio::select! {
            biased;
            () = stop.cancelled() => break Ending::Stopped,
            () = outbox.broken() => break Ending::ClientGone,
            incoming = async { outbox.room().await; inbox.next().await } => incoming,
        };
        match incoming {
            Ok(Some(Incoming::Message(Message::Request(request)))) => {
                let exits = request.method() == "exit";
                accept(request, &mut service, &mut handlers, &outbox).await;
                if exits {
                    break Ending::Exit;
                }
            }
            Ok(Some(Incoming::Message(Message::Response(response)))) => {
                // Fails only after `exit`.
                let _ = theirs.send(response).await;
            }
            Ok(Some(Incoming::Fault(response))) => outbox.send(&response, Weight::Keep),
            Ok(None) => break Ending::EndOfInput,
            Err(error) => {
                tracing::warn!(%error, "reading from the client failed");
                break Ending::EndOfInput;
            }
        }
        tokio::task::coop::consume_budget().await;
    };

    tracing::info!(?ending, shut_down = service.is_shut_down(), "the client left");
    let code = i32::from(!service.is_shut_down());
    if matches!(ending, Ending::Exit | Ending::EndOfInput) {
        let all = async { while handlers.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(DRAIN, all).await;
    }
    handlers.shutdown().await;
    requests.abort();
    if tokio::time::timeout(FLUSH, outbox.finish()).await.is_err() {
        tracing::warn!("the client did not read the last messages");
    }
    code
}

/// Hands a request or notification to its handler; the response goes to the outbox when there is one.
async fn accept<S: LanguageServer>(
    request: Request,
    service: &mut Guarded<S>,
    handlers: &mut JoinSet<()>,
    outbox: &Outbox,
) {
    let initializes = request.method() == "initialize";
    match service.start(request) {
        Started::Done(response) => respond(outbox, response),
        // Messages may stand right behind `initialize`: they are to find a server that is initialized.
        Started::Running(running) if initializes => respond(outbox, running.await),
        Started::Running(running) => {
            let outbox = outbox.clone();
            handlers.spawn(async move { respond(&outbox, running.await) });
        }
    }
}

fn respond(outbox: &Outbox, response: Option<Response>) {
    if let Some(response) = response {
        outbox.send(&response, Weight::Keep);
    }
}
