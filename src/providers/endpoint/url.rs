//! Base URLs, read strictly: what this room takes for the host is what every HTTP client takes for it, so that a key
//! that is bound to a host goes there and nowhere else.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Longest base URL, in bytes.
const MAX_URL: usize = 2048;

/// A base URL in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BaseUrl {
    pub is_https: bool,
    /// Lower case; IPv6 in brackets.
    pub host: String,
    /// None for the scheme's own.
    pub port: Option<u16>,
    /// Begins with a slash or is empty; does not end with one.
    pub path: String,
}

impl BaseUrl {
    /// Errors are sentences without the URL in them: it may hold a password.
    pub fn parse(url: &str) -> Result<Self, String> {
        if url.len() > MAX_URL {
            return Err("the address is too long".to_owned());
        }
        let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
        let (is_https, rest) = if lower.starts_with("https://") {
            (true, &url[8..])
        } else if lower.starts_with("http://") {
            (false, &url[7..])
        } else {
            return Err("the address begins with `https://`".to_owned());
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err("the address holds a name or password: name the key's source instead".to_owned());
        }
        let (host, port) = split_port(authority)?;
        let host = read_host(host)?;
        let port = port.filter(|port| *port != if is_https { 443 } else { 80 });
        let path = read_path(path)?;
        let url = Self { is_https, host, port, path };
        if !url.is_https && !url.is_loopback() {
            return Err("the address is not on this machine, so it begins with `https://`".to_owned());
        }
        Ok(url)
    }

    /// `localhost` and the addresses that never leave the machine.
    pub fn is_loopback(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        self.host == "localhost"
            || bare.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            || bare.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
    }

    /// Host, and port where it is not the scheme's own.
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// The whole, without a slash at the end.
    pub fn text(&self) -> String {
        format!("{}://{}{}", if self.is_https { "https" } else { "http" }, self.authority(), self.path)
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), String> {
    let after_host = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let Some(colon) = authority[after_host..].find(':') else { return Ok((authority, None)) };
    let (host, port) = authority.split_at(after_host + colon);
    let digits = &port[1..];
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse::<u16>() {
        Ok(port) if is_plain && port > 0 => Ok((host, Some(port))),
        _ => Err("the address has a port that is no number from 1 to 65535".to_owned()),
    }
}

/// Names of plain letters, digits, dots and hyphens, IPv4 as four decimal numbers, IPv6 in brackets. Browsers' other spellings
/// of addresses, such as `0x7f.1`, are refused: programs read them differently.
fn read_host(host: &str) -> Result<String, String> {
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        let address = inner.parse::<Ipv6Addr>().map_err(|_| "the address holds no valid IPv6 address".to_owned())?;
        return Ok(format!("[{address}]"));
    }
    let is_name = !host.is_empty()
        && host.len() <= 253
        && host.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        });
    if !is_name {
        return Err("the address has a host that is not of letters, digits, dots and hyphens".to_owned());
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    if last.starts_with(|first: char| first.is_ascii_digit()) && host.parse::<Ipv4Addr>().is_err() {
        return Err("the address has a host that looks like an IP address and is none".to_owned());
    }
    Ok(host.to_ascii_lowercase())
}

fn read_path(path: &str) -> Result<String, String> {
    if path.contains(['?', '#']) {
        return Err("the address has a query or a fragment: it ends with the path".to_owned());
    }
    let path = path.trim_end_matches('/');
    let is_plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~:".contains(&byte));
    let climbs = path.split('/').any(|segment| segment == "." || segment == "..");
    if !is_plain || climbs || path.contains("//") {
        return Err("the address has a path with characters that are not expected there".to_owned());
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<String, String> {
        BaseUrl::parse(url).map(|url| url.text())
    }

    #[test]
    fn plain_addresses_are_taken_in_one_spelling() {
        for (given, text) in [
            ("https://api.anthropic.com", "https://api.anthropic.com"),
            ("HTTPS://API.Anthropic.COM/", "https://api.anthropic.com"),
            ("https://api.openai.com:443/v1//", "https://api.openai.com/v1"),
            ("https://gateway.example:8443/llm/v1", "https://gateway.example:8443/llm/v1"),
            ("http://localhost:11434/v1", "http://localhost:11434/v1"),
            ("http://127.0.0.1:80", "http://127.0.0.1"),
            ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
            ("https://[2001:DB8::1]/v1", "https://[2001:db8::1]/v1"),
            ("https://my_host.example", "https://my_host.example"),
        ] {
            assert_eq!(read(given).as_deref(), Ok(text), "{given}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for url in [
            "",
            "api.openai.com/v1",
            "ftp://api.openai.com",
            "file:///etc/passwd",
            "https://",
            "https:///v1",
            "https://user:password@api.openai.com",
            "https://api.openai.com@collector.example",
            "https://api.openai.com\\@collector.example",
            "https://api.openai.com?key=1",
            "https://api.openai.com/v1?key=1",
            "https://api.openai.com/v1#x",
            "https://api.openai.com:0",
            "https://api.openai.com:+443",
            "https://api.openai.com:99999",
            "https://api.openai.com:",
            "https://api.openai.com:443:1",
            "https://api..openai.com",
            "https://api.openai.com.",
            "https://api.opеnai.com",
            "https://api.openai.com\t",
            "https://api.open ai.com",
            "https://0x7f.1",
            "https://127.1",
            "https://2130706433",
            "https://[::1",
            "https://[zz]",
            "https://api.openai.com/../v1",
            "https://api.openai.com/v1%2f..",
            "https://api.openai.com//evil.example",
            "http://api.openai.com",
            "http://10.0.0.1:8080",
            "http://127.0.0.1.evil.example",
            "http://localhost.evil.example",
        ] {
            let refused = read(url).expect_err(url);
            assert!(!refused.contains("password@") && !refused.is_empty(), "{url}: {refused}");
        }
        assert!(read(&format!("https://a.example/{}", "x".repeat(3000))).is_err());
    }

    #[test]
    fn this_machine_is_known_by_its_addresses() {
        for (url, expected) in [
            ("http://localhost", true),
            ("http://127.255.0.3", true),
            ("http://[::1]", true),
            ("https://10.0.0.1", false),
            ("https://localhost.example", false),
            ("https://[::ffff:7f00:1]", false),
        ] {
            assert_eq!(BaseUrl::parse(url).map(|url| url.is_loopback()), Ok(expected), "{url}");
        }
    }
}
