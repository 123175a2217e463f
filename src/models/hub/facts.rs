//! What the heads of answers say about a file: its size, its digest, its commit, which part of it follows.

use std::fmt;
use std::ops::Range;
use std::time::{Duration, SystemTime};

use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, HeaderName, LAST_MODIFIED, RETRY_AFTER};

use super::super::Sha256;

const LINKED_ETAG: HeaderName = HeaderName::from_static("x-linked-etag");
const LINKED_SIZE: HeaderName = HeaderName::from_static("x-linked-size");
const COMMIT: HeaderName = HeaderName::from_static("x-repo-commit");

/// What a hub knows a file's content by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileDigest {
    /// Large files.
    Sha256(Sha256),
    /// Small ones, by git's SHA-1 of `blob SIZE\0` and the content.
    GitBlob([u8; 20]),
}

impl FileDigest {
    /// 64 digits are one, 40 the other, and anything else is no digest.
    pub fn of_hex(text: &str) -> Option<Self> {
        if text.len() == 40 {
            let mut bytes = [0; 20];
            for (at, byte) in bytes.iter_mut().enumerate() {
                let pair = text.get(2 * at..2 * at + 2)?;
                let digits = pair.bytes().all(|digit| digit.is_ascii_hexdigit());
                *byte = u8::from_str_radix(pair, 16).ok().filter(|_| digits)?;
            }
            return Some(Self::GitBlob(bytes));
        }
        text.parse().ok().map(Self::Sha256)
    }
}

impl fmt::Display for FileDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(digest) => write!(f, "sha256:{digest}"),
            Self::GitBlob(bytes) => {
                f.write_str("git:")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim).filter(|text| !text.is_empty())
}

/// Without quotes; None for a weak one, which promises nothing about bytes.
fn strong(tag: &str) -> Option<&str> {
    tag.strip_prefix('"')?.strip_suffix('"').filter(|inner| !inner.is_empty() && !inner.contains('"'))
}

/// The entity tag that this host gives the bytes, for `If-Range`.
pub fn tag(headers: &HeaderMap) -> Option<String> {
    text(headers, ETAG).and_then(strong).map(str::to_owned)
}

/// When this host's bytes changed last, as it writes it, for `If-Range`. What is no date promises nothing.
pub fn modified(headers: &HeaderMap) -> Option<String> {
    text(headers, LAST_MODIFIED).filter(|date| httpdate::parse_http_date(date).is_ok()).map(str::to_owned)
}

/// What a hub says that the file's digest is. A weak tag counts here, too: it is a compressing proxy's mark on the hub's word.
pub fn digest(headers: &HeaderMap) -> Option<FileDigest> {
    let said = text(headers, LINKED_ETAG).or_else(|| text(headers, ETAG))?;
    let said = said.strip_prefix("W/").unwrap_or(said);
    FileDigest::of_hex(strong(said).unwrap_or(said))
}

/// Whether the hub tells of bytes that are elsewhere.
pub fn is_linked(headers: &HeaderMap) -> bool {
    headers.contains_key(LINKED_ETAG) || headers.contains_key(LINKED_SIZE)
}

/// Bytes of the file, by the head of an answer that is not a part of it.
pub fn size(headers: &HeaderMap, is_redirect: bool) -> Option<u64> {
    let linked = text(headers, LINKED_SIZE);
    let own = || text(headers, CONTENT_LENGTH).filter(|_| !is_redirect);
    linked.or_else(own)?.parse().ok()
}

/// A full commit, so that a later request can name it.
pub fn commit(headers: &HeaderMap) -> Option<String> {
    let commit = text(headers, COMMIT)?;
    (commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| commit.to_ascii_lowercase())
}

/// Which bytes follow, and of how many.
pub fn part(headers: &HeaderMap) -> Option<(Range<u64>, Option<u64>)> {
    let (range, total) = text(headers, CONTENT_RANGE)?.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.trim().split_once('-')?;
    let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    let total: Option<u64> = match total.trim() {
        "*" => None,
        total => Some(total.parse().ok()?),
    };
    let end = last.checked_add(1)?;
    (first < end && total.is_none_or(|total| end <= total)).then_some((first..end, total))
}

/// How long the server wants to be left alone.
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let said = text(headers, RETRY_AFTER)?;
    match said.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(said).ok().map(|then| then.duration_since(now).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const GIT: &str = "f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f";

    fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_digest_is_the_linked_files_or_the_files_own() {
        let of = |list: &[(&'static str, &str)]| digest(&headers(list)).map(|digest| digest.to_string());
        let (sha, git) = (format!("\"{SHA}\""), format!("\"{GIT}\""));
        assert_eq!(of(&[("x-linked-etag", &sha), ("etag", &git)]), Some(format!("sha256:{SHA}")));
        assert_eq!(of(&[("etag", &git)]), Some(format!("git:{GIT}")));
        assert_eq!(of(&[("etag", &format!("W/{git}"))]), Some(format!("git:{GIT}")));
        assert_eq!(of(&[("etag", SHA)]), Some(format!("sha256:{SHA}")));
        for wrong in ["\"\"", "\"abc\"", "W/\"5-1\"", &format!("\"{}\"", GIT.replace('f', "+"))] {
            assert_eq!(of(&[("etag", wrong)]), None, "{wrong}");
        }
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn sizes_of_redirects_are_not_the_files() {
        let of = |list: &[(&'static str, &str)], is_redirect| size(&headers(list), is_redirect);
        assert_eq!(of(&[("x-linked-size", "7"), ("content-length", "3")], true), Some(7));
        assert_eq!(of(&[("content-length", "3")], true), None);
        assert_eq!(of(&[("content-length", "3")], false), Some(3));
        assert_eq!(of(&[("content-length", "-3")], false), None);
    }

    #[test]
    fn parts_are_read_strictly() {
        let of = |value: &str| part(&headers(&[("content-range", value)]));
        assert_eq!(of("bytes 0-9/100"), Some((0..10, Some(100))));
        assert_eq!(of("bytes 5-5/*"), Some((5..6, None)));
        for wrong in
            ["bytes */100", "bytes 9-0/100", "bytes 0-100/100", "items 0-9/100", "bytes 0-18446744073709551615/*", "x"]
        {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_tag_for_a_condition_is_strong() {
        let of = |value: &str| tag(&headers(&[("etag", value)]));
        assert_eq!(of("\"a\"").as_deref(), Some("a"));
        assert_eq!(of("W/\"a\""), None);
        assert_eq!(of("a"), None);
    }

    #[test]
    fn a_moment_is_a_date() {
        let of = |value: &str| modified(&headers(&[("last-modified", value)]));
        let date = "Wed, 21 Oct 2026 07:28:00 GMT";
        assert_eq!(of(date).as_deref(), Some(date));
        assert_eq!(of("yesterday"), None);
    }

    #[test]
    fn commits_and_waits() {
        assert_eq!(commit(&headers(&[("x-repo-commit", &GIT.to_uppercase())])).as_deref(), Some(GIT));
        assert_eq!(commit(&headers(&[("x-repo-commit", "main")])), None);
        let wait = |value: &str| retry_after(&headers(&[("retry-after", value)]), SystemTime::UNIX_EPOCH);
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("Thu, 01 Jan 1970 00:01:00 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(wait("soon"), None);
    }
}
