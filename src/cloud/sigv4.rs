//! AWS's signature version 4, for requests whose whole body is known (Signature Version 4 signing process, AWS General Reference).
//!
//! Bedrock's service name is `bedrock`, and its paths are encoded once for the wire and once more for the signature: only S3
//! does without the second time.

use std::time::SystemTime;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::key::AwsKeys;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What is signed.
pub struct Signing<'a> {
    pub method: &'a str,
    /// With port where it is not the scheme's own, as the `host` header has it.
    pub host: &'a str,
    /// As it is sent, so encoded once.
    pub path: &'a str,
    /// As it is sent, without `?`; may be empty.
    pub query: &'a str,
    /// Signed along: lower-case names. `host` and the headers of the signature itself come on top.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
    pub region: &'a str,
    pub service: &'a str,
    pub time: SystemTime,
}

impl Signing<'_> {
    /// The headers to send along: date, token of the session if there is one, and `authorization`.
    pub fn sign(&self, keys: &AwsKeys) -> Vec<(&'static str, Zeroizing<String>)> {
        let date = date_of(self.time);
        let day = &date[..8];
        let mut signed: Vec<(&str, &str)> = self.headers.to_vec();
        signed.push(("host", self.host));
        signed.push(("x-amz-date", &date));
        if let Some(session) = &keys.session {
            signed.push(("x-amz-security-token", session.reveal()));
        }
        signed.sort_unstable();
        let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let canonical = Zeroizing::new(self.canonical(&signed, &names));
        let to_sign = format!("{ALGORITHM}\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical.as_bytes())));
        let key = signing_key(keys.secret.reveal(), day, self.region, self.service);
        let signature = hex(&*keyed(&*key, to_sign.as_bytes()));
        let access = keys.access.reveal();
        let authorization =
            format!("{ALGORITHM} Credential={access}/{scope}, SignedHeaders={names}, Signature={signature}");
        let mut headers = vec![("x-amz-date", Zeroizing::new(date)), ("authorization", Zeroizing::new(authorization))];
        if let Some(session) = &keys.session {
            headers.push(("x-amz-security-token", Zeroizing::new(session.reveal().to_owned())));
        }
        headers
    }

    fn canonical(&self, signed: &[(&str, &str)], names: &str) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.method, encode_again(self.path), sorted(self.query));
        for (name, value) in signed {
            // Runs of blanks count as one.
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            text += &format!("{name}:{value}\n");
        }
        text + &format!("\n{names}\n{}", hex(&Sha256::digest(self.body)))
    }
}

/// Secret, day, region, service and the fixed end, each signed with what came out before.
fn signing_key(secret: &str, day: &str, region: &str, service: &str) -> Zeroizing<[u8; 32]> {
    let start = Zeroizing::new(format!("AWS4{secret}"));
    let mut key = keyed(start.as_bytes(), day.as_bytes());
    for part in [region, service, "aws4_request"] {
        key = keyed(&*key, part.as_bytes());
    }
    key
}

fn keyed(key: &[u8], data: &[u8]) -> Zeroizing<[u8; 32]> {
    // HMAC takes keys of any length, so there is no error to come; an empty signature would be refused anyway.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Zeroizing::default() };
    mac.update(data);
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// Every byte but RFC 3986's unreserved ones and the slash, of what may be encoded already.
fn encode_again(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => text.push(char::from(byte)),
            other => text += &format!("%{other:02X}"),
        }
    }
    if text.is_empty() { "/".to_owned() } else { text }
}

fn sorted(query: &str) -> String {
    let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    pairs.sort_unstable();
    pairs.join("&")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `20150830T123600Z`. A clock before 1970 or after 9999 signs with 1970, which AWS refuses as too old.
fn date_of(time: SystemTime) -> String {
    let timestamp = jiff::Timestamp::try_from(time).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    timestamp.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::key::Key;
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn key(text: &str) -> Key {
        Key::new(Zeroizing::new(text.to_owned())).unwrap_or_else(|error| panic!("{error}"))
    }

    fn keys() -> AwsKeys {
        AwsKeys { access: key("AKIDEXAMPLE"), secret: key(SECRET), session: None }
    }

    /// 2015-08-30T12:36:00Z, the moment of AWS's examples.
    fn then() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_440_938_160)
    }

    #[test]
    fn the_key_is_derived_as_in_the_documentation() {
        assert_eq!(
            hex(&*signing_key(SECRET, "20150830", "us-east-1", "iam")),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
        );
    }

    /// The example `ListUsers` of the documentation.
    #[test]
    fn a_request_is_signed_as_in_the_documentation() {
        let signing = Signing {
            method: "GET",
            host: "iam.amazonaws.com",
            path: "/",
            query: "Version=2010-05-08&Action=ListUsers",
            headers: &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")],
            body: b"",
            region: "us-east-1",
            service: "iam",
            time: then(),
        };
        let headers = signing.sign(&keys());
        assert_eq!(headers[0].1.as_str(), "20150830T123600Z");
        assert_eq!(
            headers[1].1.as_str(),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }

    #[test]
    fn an_encoded_path_is_encoded_once_more() {
        assert_eq!(encode_again("/model/a%3A0/converse-stream"), "/model/a%253A0/converse-stream");
        assert_eq!(encode_again(""), "/");
    }

    #[test]
    fn a_session_token_is_signed_and_sent() {
        let keys = AwsKeys { session: Some(key("token")), ..keys() };
        let signing = Signing {
            method: "POST",
            host: "h",
            path: "/",
            query: "",
            headers: &[],
            body: b"",
            region: "r",
            service: "bedrock",
            time: then(),
        };
        let headers = signing.sign(&keys);
        assert!(headers[1].1.contains("SignedHeaders=host;x-amz-date;x-amz-security-token"));
        assert_eq!((headers[2].0, headers[2].1.as_str()), ("x-amz-security-token", "token"));
    }
}
