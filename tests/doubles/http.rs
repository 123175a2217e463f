//! HTTP/1.1 as far as a provider needs it, by hand: a test decides over every byte and every end of a connection.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// Longest head and body that are read.
const HEAD_BYTES: usize = 64 << 10;
const BODY_BYTES: usize = 64 << 20;

#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// As it was sent, percent-encoding and all.
    pub path: String,
    pub query: String,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Reads one request. `received` gets every byte of the connection, those of unfinished requests, too.
/// None: the client closed the connection before it began another.
pub async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
    mut received: impl FnMut(&[u8]),
) -> io::Result<Option<Request>> {
    let head_end = loop {
        if let Some(at) = find(buffer, b"\r\n\r\n") {
            break at + 4;
        }
        if buffer.len() > HEAD_BYTES {
            return Err(io::Error::other("the head is too long"));
        }
        if !more(stream, buffer, &mut received).await? {
            return if buffer.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
    };
    let head = String::from_utf8(buffer[..head_end].to_vec()).map_err(io::Error::other)?;
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: Vec::new(),
    };
    if request.method == "CONNECT" {
        buffer.drain(..head_end);
        return Ok(Some(request));
    }
    let length: usize = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    if length > BODY_BYTES {
        return Err(io::Error::other("the body is too long"));
    }
    while buffer.len() < head_end + length {
        if !more(stream, buffer, &mut received).await? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    request.body = buffer[head_end..head_end + length].to_vec();
    buffer.drain(..head_end + length);
    Ok(Some(request))
}

/// False at the end of the connection.
async fn more(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
    received: &mut impl FnMut(&[u8]),
) -> io::Result<bool> {
    let before = buffer.len();
    let count = stream.read_buf(buffer).await?;
    received(&buffer[before..before + count]);
    Ok(count > 0)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// The head of an answer whose body comes in chunks.
pub fn chunked_head(status: u16, headers: &[(String, String)]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} {}\r\ntransfer-encoding: chunked\r\n", phrase(status));
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    (head + "\r\n").into_bytes()
}

pub fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// A whole answer.
pub fn whole(status: u16, headers: &[(String, String)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} {}\r\ncontent-length: {}\r\n", phrase(status), body.len());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += "\r\n";
    [head.as_bytes(), body].concat()
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        300..=399 => "Elsewhere",
        _ => "No",
    }
}
