//! AWS's check of a signature: computed again from what arrived, by the published steps.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::http::Request;

/// What the double's account holds.
pub const ACCESS_KEY: &str = "AKIDEXAMPLE";
pub const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub const SESSION_TOKEN: &str = "session/token+of=the-double";
pub const REGION: &str = "eu-central-1";

/// Clocks may be this far apart.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// Says what is wrong with the signature.
pub fn verify(request: &Request, now: SystemTime) -> Result<(), String> {
    let header = request.header("authorization").ok_or("Missing Authentication Token")?;
    let fields = header.strip_prefix("AWS4-HMAC-SHA256 ").ok_or("not AWS4-HMAC-SHA256")?;
    let field = |name: &str| {
        fields
            .split(',')
            .filter_map(|field| field.trim().split_once('='))
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
            .ok_or_else(|| format!("{name} is missing"))
    };
    let (credential, signed, signature) = (field("Credential")?, field("SignedHeaders")?, field("Signature")?);
    let scope: Vec<&str> = credential.split('/').collect();
    let [key, day, region, service, "aws4_request"] = scope[..] else { return Err("bad Credential".to_owned()) };
    if (key, region, service) != (ACCESS_KEY, REGION, "bedrock") {
        return Err(format!("Credential should be scoped to {REGION}/bedrock, was {region}/{service} of {key}"));
    }
    if request.header("x-amz-security-token").is_some_and(|token| token != SESSION_TOKEN) {
        return Err("The security token included in the request is invalid".to_owned());
    }
    let date = request.header("x-amz-date").ok_or("x-amz-date is missing")?;
    let sent = parse_date(date).ok_or("x-amz-date cannot be read")?;
    let apart = now.duration_since(sent).unwrap_or_else(|ahead| ahead.duration());
    if apart > TOLERANCE || !date.starts_with(day) {
        return Err(format!("Signature expired: {date} is not now"));
    }
    let names: Vec<&str> = signed.split(';').collect();
    for needed in ["host", "x-amz-date"] {
        if !names.contains(&needed) {
            return Err(format!("{needed} must be a signed header"));
        }
    }
    if request.header("x-amz-security-token").is_some() && !names.contains(&"x-amz-security-token") {
        return Err("x-amz-security-token must be a signed header".to_owned());
    }
    let mut headers = String::new();
    for name in &names {
        let value = request.header(name).ok_or_else(|| format!("{name} is signed and not there"))?;
        headers += &format!("{name}:{}\n", value.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    let mut query: Vec<&str> = request.query.split('&').filter(|pair| !pair.is_empty()).collect();
    query.sort_unstable();
    let canonical = format!(
        "{}\n{}\n{}\n{headers}\n{signed}\n{}",
        request.method,
        // Of the path as it arrived, every segment is encoded once more.
        encode(&request.path),
        query.join("&"),
        hex(&Sha256::digest(&request.body)),
    );
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{date}\n{day}/{region}/{service}/aws4_request\n{}",
        hex(&Sha256::digest(canonical.as_bytes()))
    );
    let mut derived = format!("AWS4{SECRET_KEY}").into_bytes();
    for part in [day, region, service, "aws4_request", &to_sign] {
        derived = keyed(&derived, part.as_bytes());
    }
    if hex(&derived) == signature {
        Ok(())
    } else {
        Err("The request signature we calculated does not match the signature you provided".to_owned())
    }
}

fn keyed(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length is a key");
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

fn encode(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => (byte as char).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `20151030T123600Z`.
fn parse_date(text: &str) -> Option<SystemTime> {
    let time: jiff::civil::DateTime = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    let seconds = jiff::tz::TimeZone::UTC.to_timestamp(time).ok()?.as_second();
    Some(UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).ok()?))
}
