//! Connections of the hub: requests read, answers as the rules have them, everything noted down.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::content::{Content, mix};
use super::http::{self, Request};
use super::rules::{Fault, Parts, Place, Rules, Said};
use super::{Asked, Shared};

const PIECE: usize = 64 << 10;

pub async fn listen(listener: TcpListener, shared: Arc<Shared>, is_hub: bool) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        drop(stream.set_nodelay(true));
        let shared = shared.clone();
        connections.spawn(async move { drop(converse(&shared, stream, is_hub).await) });
        while connections.try_join_next().is_some() {}
    }
}

async fn converse(shared: &Shared, mut stream: TcpStream, is_hub: bool) -> io::Result<()> {
    let mut buffer = Vec::new();
    while let Some(request) = http::read(&mut stream, &mut buffer, |_| ()).await? {
        let number = shared.note(|record| {
            record.asked.push(Asked {
                is_hub,
                method: request.method.clone(),
                path: request.path.clone(),
                token: request.header("authorization").map(str::to_owned),
                range: request.header("range").map(str::to_owned),
                headers: request.headers.clone(),
            });
            record.asked.len() as u64
        });
        let rules = shared.rules();
        let goes_on = Turn { shared, rules, request: &request, number, stream: &mut stream }.answer(is_hub).await?;
        if !goes_on {
            return Ok(());
        }
    }
    Ok(())
}

struct Turn<'a> {
    shared: &'a Shared,
    rules: Rules,
    request: &'a Request,
    number: u64,
    stream: &'a mut TcpStream,
}

impl Turn<'_> {
    /// False: the connection is over.
    async fn answer(&mut self, is_hub: bool) -> io::Result<bool> {
        let parts: Vec<&str> = self.request.path.split('/').skip(1).collect();
        if !is_hub {
            return match parts.as_slice() {
                ["bytes", path @ ..] => self.elsewhere(&path.join("/")).await,
                _ => self.short(404, &[]).await,
            };
        }
        if let Some((status, headers)) = self.rules.status.clone() {
            let headers: Vec<(&str, String)> =
                headers.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
            return self.short(status, &headers).await;
        }
        if let Some(token) = &self.rules.token
            && self.request.header("authorization") != Some(&format!("Bearer {token}"))
        {
            let code = if self.request.header("authorization").is_some() { 403 } else { 401 };
            return self.short(code, &[("x-error-code", "GatedRepo".to_owned())]).await;
        }
        match parts.as_slice() {
            ["api", "models", _, _, "tree", _] => {
                let rows: Vec<_> = self
                    .shared
                    .files
                    .iter()
                    .map(|(path, content)| {
                        json!({"type": "file", "oid": "0", "size": 134, "path": path,
                               "lfs": {"oid": content.sha256(), "size": content.size, "pointerSize": 134}})
                    })
                    .chain([json!({"type": "directory", "oid": "0", "size": 0, "path": "folder"})])
                    .collect();
                let body = json!(rows).to_string();
                self.stream.write_all(&http::whole(200, &[], body.as_bytes())).await?;
                Ok(true)
            }
            ["plain", path @ ..] | [_, _, "resolve", _, path @ ..] => {
                let is_plain = parts.first() == Some(&"plain");
                match self.shared.content(&path.join("/"), self.rules.version) {
                    Some(content) => self.file(&path.join("/"), &content, is_plain).await,
                    None => self.short(404, &[("x-error-code", "EntryNotFound".to_owned())]).await,
                }
            }
            _ => self.short(404, &[("x-error-code", "RepoNotFound".to_owned())]).await,
        }
    }

    async fn file(&mut self, path: &str, content: &Content, is_plain: bool) -> io::Result<bool> {
        let mut headers = Vec::new();
        if !is_plain {
            headers.push(("x-repo-commit", format!("{:040x}", 0xc0ffee + self.rules.version)));
        }
        let told = if self.rules.lies && path.ends_with(self.rules.lies_of) {
            self.shared.content(path, u64::MAX).expect("the file")
        } else {
            content.clone()
        };
        match self.rules.said {
            Said::Linked if !is_plain => {
                headers.push(("x-linked-etag", format!("\"{}\"", told.sha256())));
                headers.push(("x-linked-size", (told.size + self.rules.size_lie).to_string()));
            }
            Said::Git if !is_plain => headers.push(("etag", format!("\"{}\"", told.git()))),
            Said::Nothing => {}
            Said::Date => {
                headers.push(("last-modified", format!("Thu, 01 Jan 2026 00:00:{:02} GMT", self.rules.version)));
            }
            _ => headers.push(("etag", format!("\"version-{}\"", self.rules.version))),
        }
        let is_head = self.request.method == "HEAD";
        if is_head && self.rules.refuses_heads {
            return self.short(405, &[]).await;
        }
        let location = match &self.rules.place {
            Place::Here => None,
            Place::Elsewhere { .. } => {
                let issued = self.shared.note(|record| {
                    record.issued += 1;
                    record.issued
                });
                Some(format!("http://localhost:{}/bytes/{issued}/{path}", self.shared.other_port))
            }
            Place::At(address) => Some(address.clone()),
            Place::Circle => Some(self.request.path.clone()),
        };
        if let Some(location) = location {
            headers.push(("location", location));
            return self.short(302, &headers).await;
        }
        if is_head {
            let length = content.size.to_string();
            let mut head = "HTTP/1.1 200 OK\r\n".to_owned();
            for (name, value) in headers.iter().chain([&("content-length", length)]) {
                head += &format!("{name}: {value}\r\n");
            }
            self.stream.write_all(format!("{head}\r\n").as_bytes()).await?;
            return Ok(true);
        }
        self.bytes(content, &headers).await
    }

    /// `/bytes/NUMBER/PATH`: good for some requests.
    async fn elsewhere(&mut self, path: &str) -> io::Result<bool> {
        let Place::Elsewhere { uses } = self.rules.place else { return self.short(404, &[]).await };
        let (number, path) = path.split_once('/').unwrap_or_default();
        let used = self.shared.note(|record| {
            let used = record.uses.entry(number.to_owned()).or_insert(0);
            *used += 1;
            *used
        });
        match self.shared.content(path, self.rules.version) {
            Some(content) if used <= uses => self.bytes(&content, &[("etag", "\"of-the-cdn\"".to_owned())]).await,
            _ => self.short(403, &[]).await,
        }
    }

    async fn short(&mut self, status: u16, headers: &[(&str, String)]) -> io::Result<bool> {
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        // To HEAD there is no body, so none is sent to anybody.
        self.stream.write_all(&http::whole(status, &headers, b"")).await?;
        Ok(true)
    }

    async fn bytes(&mut self, content: &Content, headers: &[(&str, String)]) -> io::Result<bool> {
        if self.rules.parts == Parts::Refused && self.request.header("range").is_some() {
            return self.short(416, &[]).await;
        }
        let fault = self.shared.next_fault();
        if let Some(Fault::Status(status, more)) = &fault {
            let more: Vec<(&str, String)> = more.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
            return self.short(*status, &more).await;
        }
        let size = content.size;
        let asked = self.request.header("range").and_then(|range| wanted(range, size));
        let (status, told, sent) = match (asked, self.rules.parts) {
            (None, _) | (_, Parts::Ignored | Parts::Refused) => (200, None, 0..size),
            (Some(part), Parts::Given) => (206, Some((part.clone(), size)), part),
            (Some(part), Parts::OfAnother) => (206, Some((part.clone(), size + 1)), part),
            (Some(part), Parts::Shifted) => {
                let shifted = (part.start + 1).min(size - 1)..(part.end + 1).min(size);
                (206, Some((shifted.clone(), size)), shifted)
            }
            (Some(part), Parts::Shorter) => {
                let shorter = part.start..part.start + (part.end - part.start).div_ceil(2);
                (206, Some((shorter.clone(), size)), shorter)
            }
            (Some(part), Parts::Longer) => {
                let longer = part.start..(part.end + 1000).min(size);
                (206, Some((longer.clone(), size)), longer)
            }
        };
        let mut head = format!("HTTP/1.1 {status} Bytes\r\ncontent-length: {}\r\n", sent.end - sent.start);
        if let Some((part, total)) = told {
            head += &format!("content-range: bytes {}-{}/{total}\r\n", part.start, part.end - 1);
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        self.stream.write_all(format!("{head}\r\n").as_bytes()).await?;
        self.pour(content, sent, fault).await
    }

    async fn pour(&mut self, content: &Content, sent: Range<u64>, fault: Option<Fault>) -> io::Result<bool> {
        let fault = fault.or_else(|| {
            // A place of its own for each request, the same in each run.
            let dice = mix(self.rules.chaos? ^ self.number << 17);
            let after = mix(dice) % (sent.end - sent.start).max(1);
            dice.is_multiple_of(2).then_some(if dice.is_multiple_of(4) {
                Fault::Cut(after)
            } else {
                Fault::Reset(after)
            })
        });
        let limit = match fault {
            Some(Fault::Stall(after) | Fault::Cut(after) | Fault::Reset(after)) => sent.start + after,
            _ => u64::MAX,
        };
        let mut piece = vec![0; if self.rules.pace.is_zero() { 4 * PIECE } else { PIECE }];
        let mut at = sent.start;
        let mut pouring = Some(Pouring::begin(self.shared));
        while at < sent.end.min(limit) {
            let count = usize::try_from((sent.end.min(limit) - at).min(piece.len() as u64)).expect("a small piece");
            content.fill(at, &mut piece[..count]);
            if let Some(per_second) = self.rules.line {
                self.shared.wait_for_line(count as u64, per_second).await;
            }
            self.stream.write_all(&piece[..count]).await?;
            at += count as u64;
            self.shared.note(|record| record.sent += count as u64);
            // Its client may ask for more from now on.
            pouring.take_if(|_| at == sent.end);
            if !self.rules.pace.is_zero() {
                tokio::time::sleep(self.rules.pace).await;
            }
        }
        match fault {
            Some(Fault::Stall(_)) => {
                // Until the client has had enough.
                drop(self.stream.read(&mut [0]).await);
                Ok(false)
            }
            Some(Fault::Reset(_)) => {
                drop(self.stream.set_zero_linger());
                Ok(false)
            }
            Some(Fault::Cut(_)) => Ok(false),
            _ => Ok(true),
        }
    }
}

/// Counts an answer while it is on its way.
struct Pouring<'a>(&'a Shared);

impl<'a> Pouring<'a> {
    fn begin(shared: &'a Shared) -> Self {
        shared.note(|record| {
            record.pouring += 1;
            record.most_at_once = record.most_at_once.max(record.pouring);
        });
        Self(shared)
    }
}

impl Drop for Pouring<'_> {
    fn drop(&mut self) {
        self.0.note(|record| record.pouring -= 1);
    }
}

fn wanted(range: &str, size: u64) -> Option<Range<u64>> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let first: u64 = first.parse().ok()?;
    let end = last.parse().map_or(size, |last: u64| (last + 1).min(size));
    (first < end).then_some(first..end)
}
