//! The connections to one server: its address, its key, and how long is waited.
//!
//! HTTP/1 alone: there, letting go of an answer closes its connection, which every server takes for a cancel.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use serde_json::Value;

use super::failure::{self, Class, Place, Refusal, Trouble};
use super::ways::Way;
use super::{Address, HttpConfig, KeySource, ServerKey, ServerKind, Timeouts};

/// Longest answer to a small question, in bytes. Long lists of models have some hundred KiB.
const MAX_REPLY: usize = 4 << 20;
/// As much of a refusal as is read.
const MAX_REFUSAL: usize = 64 << 10;
/// Servers close connections that were unused for five seconds (llama-server, uvicorn); ours are closed before that.
const KEPT: Duration = Duration::from_secs(4);

pub struct Client {
    http: reqwest::Client,
    pub address: Address,
    keys: Arc<dyn KeySource>,
    pub timeouts: Timeouts,
}

/// The answer to a small question.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    /// None where it is not JSON.
    pub json: Option<Value>,
    /// Of a refusal: the beginning of its body, without the key in it.
    pub body: String,
    location: Option<String>,
    retry_after: Option<String>,
    has_key: bool,
}

impl Reply {
    pub fn is_good(&self) -> bool {
        self.status == 200
    }

    /// The refusal as a failure.
    pub fn trouble(&self, place: Place<'_>, path: &str) -> Trouble {
        failure::refused(
            place,
            &Refusal {
                way: None,
                path,
                status: self.status,
                location: self.location.as_deref(),
                retry_after: self.retry_after.as_deref(),
                body: &self.body,
                has_key: self.has_key,
            },
        )
    }
}

impl Client {
    /// Reads certificates, which takes some milliseconds, and opens no connection. An error is a sentence.
    pub fn new(config: &HttpConfig, keys: Arc<dyn KeySource>) -> Result<Self, String> {
        let address = config.address().map_err(|error| error.to_string())?;
        let timeouts = config.timeouts;
        let connect = if config.is_yours() { timeouts.connect } else { timeouts.connect_far };
        let http =
            crate::network::builder(&config.environment, config.ca_file.as_deref(), crate::network::of_the_system())
                .map_err(|error| error.to_string())?
                .http1_only()
                .pool_idle_timeout(KEPT)
                .connect_timeout(connect)
                .build()
                .map_err(|error| format!("TLS cannot be set up: {}", crate::network::innermost(&error)))?;
        Ok(Self { http, address, keys, timeouts })
    }

    pub fn place(&self, kind: ServerKind) -> Place<'_> {
        Place { kind, address: &self.address }
    }

    /// A small question; its answer, whatever its status.
    pub async fn get(&self, kind: ServerKind, path: &str) -> Result<Reply, Trouble> {
        self.reply(kind, path, None).await
    }

    /// The same with a body.
    pub async fn post(&self, kind: ServerKind, path: &str, body: &Value) -> Result<Reply, Trouble> {
        self.reply(kind, path, Some(body.to_string().into_bytes())).await
    }

    async fn reply(&self, kind: ServerKind, path: &str, body: Option<Vec<u8>>) -> Result<Reply, Trouble> {
        let question = async {
            let (response, key) = self.send(kind, path, body).await?;
            Ok(whole(response, MAX_REPLY, key.as_ref()).await)
        };
        let patience = self.timeouts.question;
        tokio::time::timeout(patience, question)
            .await
            .unwrap_or_else(|_| Err(failure::silent(self.place(kind), patience)))
    }

    /// Asks for a text. What comes back streams; any other status than 200 is a refusal.
    pub async fn open(&self, kind: ServerKind, way: Way, body: Vec<u8>) -> Result<reqwest::Response, Trouble> {
        let place = self.place(kind);
        let idle = self.timeouts.idle;
        let sent = tokio::time::timeout(idle, self.send(kind, way.path(), Some(body))).await;
        let (response, key) = sent.unwrap_or_else(|_| Err(failure::silent(place, idle)))?;
        let status = response.status().as_u16();
        if status == 200 {
            return Ok(response);
        }
        let reading = whole(response, MAX_REFUSAL, key.as_ref());
        let Ok(reply) = tokio::time::timeout(self.timeouts.question, reading).await else {
            return Err(failure::silent(place, self.timeouts.question));
        };
        Err(failure::refused(
            place,
            &Refusal {
                way: Some(way),
                path: way.path(),
                status,
                location: reply.location.as_deref(),
                retry_after: reply.retry_after.as_deref(),
                body: &reply.body,
                has_key: reply.has_key,
            },
        ))
    }

    /// Sends once more where a kept connection was closed under it, and where the key was refused and another is to be had.
    async fn send(
        &self,
        kind: ServerKind,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<(reqwest::Response, Option<ServerKey>), Trouble> {
        let mut is_first = true;
        loop {
            // What a first try may have sent, it may have sent whatever the second comes to.
            let trouble = |trouble: Trouble| Trouble { may_have_left: trouble.may_have_left || !is_first, ..trouble };
            let key = self.key().await.map_err(trouble)?;
            let response = match self.request(path, body.clone(), key.as_ref()).send().await {
                Ok(response) => response,
                Err(error) if is_first && !error.is_connect() && !error.is_timeout() => {
                    is_first = false;
                    continue;
                }
                Err(error) => return Err(trouble(failure::no_answer(self.place(kind), &error))),
            };
            if is_first && response.status().as_u16() == 401 && self.keys.forget() {
                is_first = false;
                continue;
            }
            return Ok((response, key));
        }
    }

    /// A server's words without the key in them.
    pub async fn scrub(&self, words: &str) -> String {
        match self.key().await {
            Ok(Some(key)) => key.scrub(words),
            _ => words.to_owned(),
        }
    }

    async fn key(&self) -> Result<Option<ServerKey>, Trouble> {
        self.keys
            .key(self.address.host())
            .await
            .map_err(|sentence| Trouble { may_have_left: false, ..Trouble::new(Class::Key, sentence) })
    }

    fn request(&self, path: &str, body: Option<Vec<u8>>, key: Option<&ServerKey>) -> reqwest::RequestBuilder {
        let url = self.address.join(path);
        let mut request = match body {
            Some(body) => self.http.post(url).header(CONTENT_TYPE, "application/json").body(body),
            None => self.http.get(url),
        };
        if let Some(header) = key.and_then(ServerKey::header) {
            request = request.header(AUTHORIZATION, header);
        }
        request
    }
}

/// All that is wanted of an answer.
async fn whole(response: reqwest::Response, most: usize, key: Option<&ServerKey>) -> Reply {
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (location, retry_after) = (header(LOCATION), header(RETRY_AFTER));
    let bytes = beginning_of(response, most).await;
    let body = if status == 200 {
        String::new()
    } else {
        let text = String::from_utf8_lossy(bytes.get(..MAX_REFUSAL).unwrap_or(&bytes));
        key.map_or_else(|| text.clone().into_owned(), |key| key.scrub(&text))
    };
    Reply { status, json: serde_json::from_slice(&bytes).ok(), body, location, retry_after, has_key: key.is_some() }
}

/// As much of a body as is wanted. One that breaks off is as good as its beginning.
async fn beginning_of(response: reqwest::Response, most: usize) -> Vec<u8> {
    let mut bytes = response.bytes_stream();
    let mut body = Vec::new();
    while body.len() < most
        && let Some(Ok(piece)) = bytes.next().await
    {
        body.extend_from_slice(&piece);
    }
    body.truncate(most);
    body
}
