//! Requests to a hub and to what it leads to. One request each; who asks decides whether to ask again.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, HeaderValue, IF_RANGE, LOCATION, RANGE};
use reqwest::{Method, Response, StatusCode, Url};
use tokio::time::{Instant, timeout};

use super::address::HubFile;
use super::facts::{self, FileDigest};
use super::failure::{self, Asked, HubError, Trouble};
use super::redirect::Rules;

/// A connection that brings less than this while it is waited for as long as a silence may last is as good as silent.
const LEAST_BYTES: u64 = 16 << 10;

/// Which hub, and who asks it.
pub struct HubSettings<'a> {
    /// `models.hub`.
    pub url: &'a str,
    /// `models.tokenEnv`: the variable, and what is in it.
    pub token_variable: &'a str,
    pub token: Option<&'a str>,
    /// For a connection, TLS and proxy included.
    pub connect: Duration,
    /// For the head of an answer, and for more of its body.
    pub silence: Duration,
}

/// Connections to one hub.
pub struct Hub {
    http: reqwest::Client,
    rules: Rules,
    token: Option<HeaderValue>,
    token_variable: String,
    silence: Duration,
}

/// A file as it is at the moment, and where its bytes are.
#[derive(Debug)]
pub struct Remote {
    /// What people call it.
    pub what: String,
    pub size: u64,
    pub digest: Option<FileDigest>,
    /// The entity tag of who gives the bytes, where there is no digest to know them by.
    pub tag: Option<String>,
    /// When they changed last, where there is no tag either.
    pub modified: Option<String>,
    /// The commit that a hub's file belongs to. The address names it, so that a branch may move meanwhile.
    pub commit: Option<String>,
    source: Url,
    file: Option<HubFile>,
    /// Where the bytes were found last time: asking the hub for each part would be a burden for it.
    found: Mutex<Option<Url>>,
}

/// What follows in a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    Part(Range<u64>),
    Whole,
}

/// Bytes that come.
#[derive(Debug)]
pub struct Body {
    pub extent: Extent,
    response: Response,
    url: Url,
    silence: Duration,
    /// Time spent waiting and bytes that came since a silence could last began to be counted.
    waited: Duration,
    came: u64,
}

impl Hub {
    /// `builder` is `network::builder`'s: it follows nothing and knows the user's proxy. Opens no connection.
    ///
    /// # Errors
    /// A sentence about the settings.
    pub fn new(builder: reqwest::ClientBuilder, settings: &HubSettings<'_>) -> Result<Self, String> {
        let rules = Rules::new(settings.url)?;
        let variable = settings.token_variable;
        let token = match settings.token.map(str::trim).filter(|token| !token.is_empty()) {
            None => None,
            Some(token) => {
                let is_plain = token.bytes().all(|byte| byte.is_ascii_graphic());
                let value = HeaderValue::from_str(&format!("Bearer {token}")).ok().filter(|_| is_plain);
                let mut value = value.ok_or_else(|| {
                    format!("the variable `{variable}` holds no token: it has blanks or other characters in it")
                })?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        let http = builder
            .connect_timeout(settings.connect)
            // Several connections: over one, parts would share a window that is too small for them.
            .http1_only()
            .build()
            .map_err(|error| format!("TLS cannot be set up: {}", crate::network::innermost(&error)))?;
        let token_variable = variable.to_owned();
        Ok(Self { http, rules, token, token_variable, silence: settings.silence })
    }

    /// Whether the user has a token that is kept from the hub, because everybody on the way could read it.
    pub fn withholds_token(&self) -> bool {
        self.token.is_some() && !self.rules.may_have_token(self.url())
    }

    pub fn url(&self) -> &Url {
        &self.rules.hub
    }

    /// What this file of the hub is now.
    pub async fn resolve(&self, file: &HubFile) -> Result<Remote, HubError> {
        self.look(file.address(self.url()), Some(file)).await
    }

    /// What is at an address, of this hub or of anybody.
    pub async fn look_at(&self, address: &Url) -> Result<Remote, HubError> {
        self.rules.may_ask(address).map_err(|why| {
            let host = address.host_str().unwrap_or_default();
            HubError::new(Trouble::Final, format!("{why} is not asked for a model ({host}): use https"))
        })?;
        self.look(address.clone(), None).await
    }

    async fn look(&self, start: Url, file: Option<&HubFile>) -> Result<Remote, HubError> {
        let what = file.map_or_else(|| last_part(&start), HubFile::to_string);
        let (mut url, mut hops, mut commit) = (start.clone(), 0, None);
        let mut method = Method::HEAD;
        loop {
            let range = (method == Method::GET).then_some(0..1);
            let response = self.send(method.clone(), &url, range, None).await?;
            let (status, headers) = (response.status(), response.headers());
            let is_hub = self.rules.is_hub(&url);
            if is_hub && file.is_some() {
                commit = facts::commit(headers).or(commit);
            }
            let is_redirect = is_redirect(status);
            let is_answer = status.is_success() || is_redirect && is_hub && file.is_some() && facts::is_linked(headers);
            if is_answer {
                let of_part = facts::part(headers).and_then(|(_, total)| total);
                let own = || facts::size(headers, is_redirect).filter(|_| status != StatusCode::PARTIAL_CONTENT);
                let size = of_part.or_else(own).ok_or_else(|| {
                    let host = url.host_str().unwrap_or_default();
                    let message = format!(
                        "{host} does not say how long {what} is: get it with another program and type `tandem model import FILE`"
                    );
                    HubError::new(Trouble::Final, message)
                })?;
                let digest = file.filter(|_| is_hub).and_then(|_| facts::digest(headers));
                let tag = if is_redirect { None } else { facts::tag(headers) };
                let modified = if is_redirect || tag.is_some() { None } else { facts::modified(headers) };
                let file = file.map(|file| file.at(commit.as_deref().unwrap_or(&file.revision)));
                let source = file.as_ref().map_or(start, |file| file.address(self.url()));
                return Ok(Remote { what, size, digest, tag, modified, commit, source, file, found: Mutex::default() });
            }
            if is_redirect {
                url = self.rules.follow(&url, location(&response), hops)?;
                hops += 1;
            } else if method == Method::HEAD && matches!(status.as_u16(), 400 | 403 | 405 | 501) {
                // Some hosts sign addresses for GET alone.
                method = Method::GET;
            } else {
                return Err(self.refused(&url, status, &response, file, &what));
            }
        }
    }

    /// Bytes of a file: the part, or all of it.
    pub async fn open(&self, remote: &Remote, part: Option<Range<u64>>) -> Result<Body, HubError> {
        let known = lock(&remote.found).clone();
        let (mut url, mut hops) = (known.clone().unwrap_or_else(|| remote.source.clone()), 0);
        let condition = remote.condition().filter(|_| part.is_some());
        loop {
            let response = self.send(Method::GET, &url, part.clone(), condition.as_deref()).await?;
            let status = response.status();
            if is_redirect(status) {
                url = self.rules.follow(&url, location(&response), hops)?;
                hops += 1;
                continue;
            }
            let extent = match status {
                StatusCode::OK | StatusCode::PARTIAL_CONTENT => extent(remote, &url, &response, part)?,
                StatusCode::RANGE_NOT_SATISFIABLE if part.is_some() => {
                    let host = url.host_str().unwrap_or_default();
                    return Err(HubError::new(Trouble::NoParts, format!("{host} gives no parts of {}", remote.what)));
                }
                _ => {
                    let file = remote.file.as_ref().filter(|_| self.rules.is_hub(&url));
                    let error = self.refused(&url, status, &response, file, &remote.what);
                    lock(&remote.found).take_if(|found| *found == url);
                    let trouble = match error.trouble {
                        // Nobody had led here: a second try would be the first one again.
                        Trouble::Expired if known.is_none() && hops == 0 => Trouble::Final,
                        trouble => trouble,
                    };
                    return Err(HubError { trouble, ..error });
                }
            };
            if url != remote.source {
                *lock(&remote.found) = Some(url.clone());
            }
            return Ok(Body { extent, response, url, silence: self.silence, waited: Duration::ZERO, came: 0 });
        }
    }

    pub(super) async fn get(&self, url: &Url) -> Result<Response, HubError> {
        self.send(Method::GET, url, None, None).await
    }

    async fn send(
        &self,
        method: Method,
        url: &Url,
        part: Option<Range<u64>>,
        condition: Option<&str>,
    ) -> Result<Response, HubError> {
        // What is compressed on the way has no parts, and another length.
        let mut request = self.http.request(method, url.clone()).header(ACCEPT_ENCODING, "identity");
        if let Some(part) = part {
            request = request.header(RANGE, format!("bytes={}-{}", part.start, part.end.saturating_sub(1)));
        }
        if let Some(condition) = condition {
            request = request.header(IF_RANGE, condition);
        }
        if let Some(token) = self.token.as_ref().filter(|_| self.rules.may_have_token(url)) {
            request = request.header(AUTHORIZATION, token.clone());
        }
        match timeout(self.silence, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(failure::of_network(url, &error)),
            Err(_) => Err(failure::silent(url, self.silence)),
        }
    }

    pub(super) fn refused(
        &self,
        url: &Url,
        status: StatusCode,
        response: &Response,
        file: Option<&HubFile>,
        what: &str,
    ) -> HubError {
        let repository = file.map(|file| (file.repository.to_string(), file.repository.page(self.url())));
        let asked = Asked {
            url,
            what: file.map_or_else(|| what.to_owned(), |file| file.path().to_owned()),
            repository,
            revision: file.map(|file| file.revision.as_str()),
            tokens: self.url().join("/settings/tokens").map_or_else(|_| self.url().to_string(), String::from),
            variable: &self.token_variable,
            has_token: self.token.is_some() && self.rules.may_have_token(url),
        };
        failure::of_status(&asked, status, response.headers(), SystemTime::now())
    }

    pub(super) fn rules(&self) -> &Rules {
        &self.rules
    }
}

impl Remote {
    /// The file at the hub, pinned to its commit; None for an address.
    pub fn file(&self) -> Option<&HubFile> {
        self.file.as_ref()
    }

    /// By which version its host knows the bytes, as text, where it says so; for addresses, which have no commits.
    pub fn version(&self) -> Option<String> {
        let tag = self.tag.as_ref().map(|tag| format!("etag {tag}"));
        tag.or_else(|| self.modified.as_ref().map(|moment| format!("modified {moment}")))
    }

    /// What `If-Range` says, where nothing but this tells one version from another.
    fn condition(&self) -> Option<String> {
        if self.digest.is_some() {
            return None;
        }
        self.tag.as_ref().map(|tag| format!("\"{tag}\"")).or_else(|| self.modified.clone())
    }

    /// What the file will be called.
    pub fn file_name(&self) -> String {
        self.file.as_ref().map_or_else(|| last_part(&self.source), |file| file.name().to_owned())
    }
}

impl Body {
    /// The next bytes; None at the end. Gives up after a silence.
    pub async fn chunk(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, HubError> {
        loop {
            let left = self.silence.saturating_sub(self.waited);
            let since = Instant::now();
            let got = timeout(left, self.response.chunk()).await;
            // Only time in here counts: a slow disk is not a silent server.
            self.waited += since.elapsed();
            if self.waited >= self.silence {
                if self.came < LEAST_BYTES && !matches!(got, Ok(Ok(None))) {
                    return Err(failure::silent(&self.url, self.silence));
                }
                (self.waited, self.came) = (Duration::ZERO, 0);
            }
            match got {
                Ok(Ok(bytes)) => {
                    self.came += bytes.as_ref().map_or(0, |bytes| bytes.len() as u64);
                    return Ok(bytes);
                }
                Ok(Err(error)) => return Err(failure::of_network(&self.url, &error)),
                Err(_) => {}
            }
        }
    }

    /// The answer ended and more was promised.
    pub fn ended_early(&self) -> HubError {
        let host = self.url.host_str().unwrap_or_default();
        HubError::new(Trouble::Passing, format!("{host} sent less than it had promised"))
    }
}

/// What an answer holds, and that it is of this file.
fn extent(remote: &Remote, url: &Url, response: &Response, wanted: Option<Range<u64>>) -> Result<Extent, HubError> {
    let (host, what, headers) = (url.host_str().unwrap_or_default(), &remote.what, response.headers());
    let changed = || HubError::new(Trouble::Changed, format!("{what} is another file than before at {host}"));
    let coded = headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
    if coded {
        return Err(HubError::new(Trouble::Final, format!("{host} compresses {what} though it was asked not to")));
    }
    if remote.digest.is_none() && remote.tag.is_some() && facts::tag(headers) != remote.tag {
        return Err(changed());
    }
    // An answer to `If-Range` need not repeat the date.
    let is_older = |moment: &String| facts::modified(headers).is_some_and(|now| now != *moment);
    if remote.digest.is_none() && remote.modified.as_ref().is_some_and(is_older) {
        return Err(changed());
    }
    if response.status() == StatusCode::OK {
        if response.content_length().is_some_and(|length| length != remote.size) {
            return Err(changed());
        }
        return match wanted {
            Some(part) if part != (0..remote.size) => {
                Err(HubError::new(Trouble::NoParts, format!("{host} gives no parts of {what}")))
            }
            _ => Ok(Extent::Whole),
        };
    }
    let wrong = || HubError::new(Trouble::NoParts, format!("{host} sends another part of {what} than was asked for"));
    let (part, total) = facts::part(headers).ok_or_else(wrong)?;
    if total.is_some_and(|total| total != remote.size) {
        return Err(changed());
    }
    match wanted {
        Some(wanted) if wanted.start == part.start && part.end <= wanted.end => Ok(Extent::Part(part)),
        _ => Err(wrong()),
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn location(response: &Response) -> Option<&str> {
    response.headers().get(LOCATION)?.to_str().ok()
}

fn last_part(url: &Url) -> String {
    let last = url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
    super::address::percent_decoded(last).unwrap_or_default()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
