//! One attempt: opens the permit, sends, reads, and settles the permit by what happened. Whatever ends it, the connection is
//! closed when it returns.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::body::{self, Taken};
use super::clerk::Clerk;
use super::client::Client;
use super::key::{Credentials, KeyError};
use super::{answer, credentials, failure};
use crate::gate::{Ending, Permit, Settled, Withheld};
use crate::providers::{Decoder, Endpoint, ErrorClass, Event, ProviderError, Retry, error_of, request_id};

/// What is told while a request is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// `Started`, `Text`, `Thinking` or `Usage`. The end is in what the call returns.
    Event(Event),
    /// It failed before anything was shown, and is sent again after this time. Why: a sentence.
    Again { wait: Duration, why: String },
}

/// What one attempt came to.
#[derive(Debug)]
pub struct Answer {
    pub ending: Ending,
    pub settled: Settled,
    /// Something of an answer was handed on, so nobody may send this again and pretend that nothing was there.
    pub has_output: bool,
    /// From 1.
    pub attempt: u32,
}

/// Sends what the permit holds, to where it is for. Events go to `updates` as they come; while nobody takes them, nothing more is
/// read. Who drops the receiver has cancelled.
///
/// Withheld: the permit could not be opened, and nothing was sent.
///
/// A permit is used up; without one nothing is sent:
/// ```
/// use tandem::cloud::{Client, Update, send};
/// use tandem::gate::Permit;
/// use tokio::sync::mpsc::Sender;
/// use tokio_util::sync::CancellationToken;
///
/// async fn once(client: &Client, permit: Permit, updates: &Sender<Update>, cancel: &CancellationToken) {
///     let _ = send(client, permit, updates, cancel).await;
/// }
/// ```
/// ```compile_fail,E0382
/// use tandem::cloud::{Client, Update, send};
/// use tandem::gate::Permit;
/// use tokio::sync::mpsc::Sender;
/// use tokio_util::sync::CancellationToken;
///
/// async fn twice(client: &Client, permit: Permit, updates: &Sender<Update>, cancel: &CancellationToken) {
///     let _ = send(client, permit, updates, cancel).await;
///     let _ = send(client, permit, updates, cancel).await;
/// }
/// ```
/// ```compile_fail,E0308
/// use tandem::cloud::{Client, Update, send};
/// use tandem::gate::AuditRecord;
/// use tokio::sync::mpsc::Sender;
/// use tokio_util::sync::CancellationToken;
///
/// async fn without(client: &Client, record: AuditRecord, updates: &Sender<Update>, cancel: &CancellationToken) {
///     let _ = send(client, record, updates, cancel).await;
/// }
/// ```
pub async fn send(
    client: &Client,
    permit: Permit,
    updates: &mpsc::Sender<Update>,
    cancel: &CancellationToken,
) -> Result<Answer, Withheld> {
    let attempt = permit.attempt();
    let endpoint = permit.endpoint().clone();
    let asks_long = permit.request().asks_for_long_cache();
    let (path, headers) = (permit.encoded().path.clone(), permit.encoded().headers.clone());
    let credentials = tokio::select! {
        biased;
        () = cancel.cancelled() => None,
        credentials = client.keys.of(&endpoint) => Some(credentials),
    };
    let credentials = match credentials {
        Some(Ok(credentials)) => credentials,
        Some(Err(error)) => return Ok(unsent(permit, no_key(&error)).await),
        None => return Ok(unsent(permit, failure::cancelled()).await),
    };
    let clerk = Clerk::new(permit);
    let bytes = clerk.open().await?;
    let mut under_way = UnderWay {
        client,
        endpoint: &endpoint,
        credentials: &credentials,
        clerk: &clerk,
        updates,
        cancel,
        deadline: Instant::now() + client.timeouts.total,
        asks_long,
        has_output: false,
    };
    let ending = match prepare(client, &endpoint, &path, &headers, &credentials, bytes) {
        Ok((request, taken)) => scrub(under_way.run(request, &taken).await, &credentials),
        Err(message) => Ending::Unsent(failure::plain(ErrorClass::BadRequest, message, Retry::Never)),
    };
    let has_output = under_way.has_output;
    let settled = clerk.settle(ending.clone()).await;
    Ok(Answer { ending, settled, has_output, attempt })
}

/// An error is shown and written down; what it holds of the provider's words may hold the key.
fn scrub(mut ending: Ending, credentials: &Credentials) -> Ending {
    if let Ending::Unsent(error) | Ending::Rejected(error) | Ending::Failed(error) = &mut ending {
        error.message = credentials.scrub(&error.message);
        for text in [&mut error.code, &mut error.request_id].into_iter().flatten() {
            *text = credentials.scrub(text);
        }
    }
    ending
}

fn no_key(error: &KeyError) -> ProviderError {
    failure::plain(ErrorClass::Auth, error.to_string(), Retry::Never)
}

async fn unsent(permit: Permit, error: ProviderError) -> Answer {
    let attempt = permit.attempt();
    let ending = Ending::Unsent(error);
    let settled = Clerk::new(permit).settle(ending.clone()).await;
    Answer { ending, settled, has_output: false, attempt }
}

fn prepare(
    client: &Client,
    endpoint: &Endpoint,
    path: &str,
    encoded: &[(&'static str, String)],
    credentials: &Credentials,
    bytes: Vec<u8>,
) -> Result<(reqwest::Request, Taken), String> {
    let url = credentials::address(endpoint, path)?;
    let mut headers = HeaderMap::new();
    for (name, value) in encoded {
        let value = HeaderValue::from_str(value).map_err(|_| format!("`{name}` cannot be sent as it is set up"))?;
        headers.insert(HeaderName::from_static(name), value);
    }
    headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    credentials::attach(endpoint, credentials, &url, &bytes, client.now(), &mut headers)?;
    let (body, taken) = body::watched(bytes);
    let request = client.http.post(url).headers(headers).body(body).build();
    Ok((request.map_err(|_| "the request cannot be built".to_owned())?, taken))
}

/// A request that is under way.
struct UnderWay<'a> {
    client: &'a Client,
    endpoint: &'a Endpoint,
    credentials: &'a Credentials,
    clerk: &'a Clerk,
    updates: &'a mpsc::Sender<Update>,
    cancel: &'a CancellationToken,
    deadline: Instant,
    /// Something of the prompt is to be kept for hours.
    asks_long: bool,
    has_output: bool,
}

/// Why nothing is waited for any longer.
enum Interrupted {
    Cancelled,
    Failed(ProviderError),
}

impl UnderWay<'_> {
    async fn run(&mut self, request: reqwest::Request, taken: &Taken) -> Ending {
        let response = match self.wait_for(self.client.http.execute(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                let failure = failure::before_answer(self.endpoint, &error, taken);
                return if failure.is_unsent { Ending::Unsent(failure.error) } else { Ending::Failed(failure.error) };
            }
            Err(interrupted) if taken.is_any() => return interrupted.ending(),
            Err(Interrupted::Cancelled) => return Ending::Unsent(failure::cancelled()),
            Err(Interrupted::Failed(error)) => return Ending::Unsent(error),
        };
        let status = response.status().as_u16();
        let headers = answer::headers(response.headers());
        if !(200..300).contains(&status) {
            let body = match self.beginning_of(response).await {
                Ok(body) => body,
                Err(interrupted) => return interrupted.rejection(),
            };
            return Ending::Rejected(answer::rejection(
                self.endpoint,
                status,
                &headers,
                &body,
                self.client.now(),
                matches!(self.credentials, Credentials::Aws(_)),
            ));
        }
        match answer::form(self.endpoint, &headers) {
            answer::Form::Stream => self.stream(response, request_id(self.endpoint, &headers)).await,
            // What should be an answer is an error that calls itself one.
            answer::Form::Json => match self.beginning_of(response).await {
                Ok(body) => {
                    let answer = crate::providers::Answer { status, headers: &headers, body: &body };
                    Ending::Failed(error_of(self.endpoint, answer, self.client.now()))
                }
                Err(interrupted) => interrupted.ending(),
            },
            answer::Form::Other(error) => Ending::Failed(error),
        }
    }

    /// Reads events until the end, or until nobody wants them.
    async fn stream(&mut self, response: reqwest::Response, request_id: Option<String>) -> Ending {
        let request_id = request_id.map(|id| self.credentials.scrub(&id));
        let mut decoder = Decoder::new(self.endpoint, request_id).with_long_writes(self.asks_long);
        let mut bytes = response.bytes_stream();
        let mut events = Vec::new();
        loop {
            let mut is_over = false;
            match self.wait_for(bytes.next()).await {
                Ok(Some(Ok(piece))) => decoder.push(&piece, &mut events),
                Ok(Some(Err(_))) => {
                    decoder.fail(failure::within_answer(self.endpoint), &mut events);
                    is_over = true;
                }
                Ok(None) => {
                    decoder.finish(&mut events);
                    is_over = true;
                }
                Err(Interrupted::Cancelled) => return Ending::Cancelled,
                Err(Interrupted::Failed(error)) => {
                    decoder.fail(error, &mut events);
                    is_over = true;
                }
            }
            for event in events.drain(..) {
                if let Some(ending) = self.take(event).await {
                    return ending;
                }
            }
            if is_over || decoder.has_ended() {
                let message = format!("the answer of {} has no end", self.endpoint.host());
                return Ending::Failed(failure::plain(ErrorClass::Protocol, message, Retry::Never));
            }
        }
    }

    /// Notes an event and hands it on. The end of the answer, if this was it, or if nobody listens.
    async fn take(&mut self, event: Event) -> Option<Ending> {
        match &event {
            Event::Started { request_id, usage, .. } => self.clerk.accepted(request_id.as_deref(), usage.as_ref()),
            Event::Usage(usage) => self.clerk.usage(usage),
            Event::Text(text) | Event::Thinking(text) => {
                self.clerk.text(text);
                self.has_output = true;
            }
            Event::Ended { reason, usage } => {
                return Some(Ending::Ended { reason: reason.clone(), usage: *usage });
            }
            Event::Failed(error) => return Some(Ending::Failed(error.clone())),
        }
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Some(Ending::Cancelled),
            sent = self.updates.send(Update::Event(event)) => sent.is_err().then_some(Ending::Cancelled),
        }
    }

    /// The next thing to come from the provider, unless it takes too long or nobody wants it.
    async fn wait_for<T>(&self, next: impl Future<Output = T>) -> Result<T, Interrupted> {
        let timeouts = self.client.timeouts;
        let idle = Instant::now() + timeouts.idle;
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Interrupted::Cancelled),
            () = self.updates.closed() => Err(Interrupted::Cancelled),
            next = next => Ok(next),
            () = tokio::time::sleep_until(idle.min(self.deadline)) => Err(Interrupted::Failed(if self.deadline <= idle {
                failure::endless(self.endpoint, timeouts.total)
            } else {
                failure::silent(self.endpoint, timeouts.idle)
            })),
        }
    }

    /// As much of a body as says what is wrong. A body that breaks off is as good as its beginning.
    async fn beginning_of(&self, response: reqwest::Response) -> Result<Vec<u8>, Interrupted> {
        let mut bytes = response.bytes_stream();
        let mut body = Vec::new();
        while body.len() < answer::MAX_ERROR_BODY {
            match self.wait_for(bytes.next()).await? {
                Some(Ok(piece)) => body.extend_from_slice(&piece),
                Some(Err(_)) | None => break,
            }
        }
        body.truncate(answer::MAX_ERROR_BODY);
        Ok(body)
    }
}

impl Interrupted {
    fn ending(self) -> Ending {
        match self {
            Self::Cancelled => Ending::Cancelled,
            Self::Failed(error) => Ending::Failed(error),
        }
    }

    /// When it was known already that the answer is none.
    fn rejection(self) -> Ending {
        Ending::Rejected(match self {
            Self::Cancelled => failure::cancelled(),
            Self::Failed(error) => error,
        })
    }
}
