//! What the bodies of errors say, whoever wrote them: every provider wraps the same few facts differently.

use std::time::Duration;

use serde_json::Value;

use super::{wait, words};

/// More of a body is not looked at.
const MAX_BODY: usize = 64 << 10;

/// The facts of an error, as far as they are told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fault {
    /// Names of the error, the most exact one first.
    pub codes: Vec<String>,
    /// HTTP's number where it stands in the body: in streams it is the only one.
    pub status: Option<u16>,
    pub message: Option<String>,
    pub wait: Option<Duration>,
    pub request_id: Option<String>,
    /// The body calls itself an error.
    pub is_error: bool,
    /// A quota of a whole day: waiting for minutes does not help.
    pub is_daily: bool,
    /// OpenRouter's limit on what runs at the same time, which ends by itself although it comes as 402.
    pub is_in_flight: bool,
}

impl Fault {
    pub fn read(body: &[u8]) -> Self {
        let body = body.get(..MAX_BODY).unwrap_or(body);
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => Self::of(&value),
            // A page for people says nothing to a program.
            Err(_) if body.trim_ascii_start().starts_with(b"<") => Self::default(),
            // JSON that was cut or is broken quotes too much.
            Err(_) if body.trim_ascii_start().starts_with(b"{") => Self::default(),
            Err(_) => Self { message: words::cleaned(&String::from_utf8_lossy(body)), ..Self::default() },
        }
    }

    pub fn of(value: &Value) -> Self {
        // Gemini wraps errors in a list where no stream was asked for.
        let value = value.get(0).unwrap_or(value);
        let error = value.get("error").unwrap_or(value);
        let is_error = value.get("error").is_some_and(|error| !error.is_null());
        let mut fault = Self { is_error, ..Self::default() };
        fault.details(error.get("details"));
        for (of, name) in [
            (error.get("innererror").unwrap_or(&Value::Null), "code"),
            (error, "code"),
            (error, "status"),
            (error, "type"),
            (value, "code"),
            (value, "type"),
            (value, "__type"),
            (value, "status"),
            (value, "statusCode"),
        ] {
            fault.code(of.get(name));
        }
        fault.metadata(error.get("metadata"));
        fault.message = message(error).or_else(|| message(value)).as_deref().and_then(words::cleaned);
        let request_id = value.get("request_id").or_else(|| error.get("request_id")).and_then(Value::as_str);
        fault.request_id = request_id.and_then(|id| words::word(id, 128));
        fault
    }

    /// A name, or HTTP's number as a number or as text.
    fn code(&mut self, code: Option<&Value>) {
        let number = match code {
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) => text.parse().ok(),
            _ => None,
        };
        if let Some(number) = number {
            let status = u16::try_from(number).ok().filter(|status| (400..600).contains(status));
            self.status = self.status.or(status);
        } else if let Some(code) = code.and_then(Value::as_str) {
            self.push(code);
        }
    }

    fn push(&mut self, code: &str) {
        // AWS writes `com.amazon.coral.service#ThrottlingException:http://…`.
        let code = code.rsplit('#').next().unwrap_or_default().split(":http").next().unwrap_or_default();
        // `"type": "error"` says what kind of message it is, not which error.
        if let Some(code) = words::word(code, 64)
            && code != "error"
            && !self.codes.contains(&code)
        {
            self.codes.push(code);
        }
    }

    pub fn push_first(&mut self, code: &str) {
        let others = std::mem::take(&mut self.codes);
        self.push(code.split(':').next().unwrap_or_default());
        for other in others {
            self.push(&other);
        }
    }

    /// An object at Anthropic, a list of typed objects at Google.
    fn details(&mut self, details: Option<&Value>) {
        if let Some(code) = details.and_then(|details| details.get("error_code")).and_then(Value::as_str) {
            self.push(code);
        }
        for detail in details.and_then(Value::as_array).into_iter().flatten() {
            if let Some(reason) = detail.get("reason").and_then(Value::as_str) {
                self.push(reason);
            }
            let delay = detail.get("retryDelay").and_then(Value::as_str).and_then(wait::from_duration);
            self.wait = self.wait.or(delay);
            let violations = detail.get("violations").and_then(Value::as_array);
            self.is_daily |= violations.into_iter().flatten().any(|violation| {
                violation.get("quotaId").and_then(Value::as_str).is_some_and(|id| id.contains("PerDay"))
            });
        }
    }

    /// OpenRouter's.
    fn metadata(&mut self, metadata: Option<&Value>) {
        let source = metadata.and_then(|metadata| metadata.get("limit_source")).and_then(Value::as_str);
        self.is_in_flight = source == Some("openrouter_in_flight_budget");
    }

    pub fn says(&self, phrases: &[&str]) -> bool {
        let message = self.message.as_deref().unwrap_or_default().to_ascii_lowercase();
        phrases.iter().any(|phrase| message.contains(phrase))
    }
}

/// A sentence, or the first of a list of complaints. What a complaint quotes of the request is left out.
fn message(error: &Value) -> Option<String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(fields) => complaint(fields.get("detail")?),
        _ => None,
    };
    if let Value::String(message) = error {
        return Some(message.clone());
    }
    ["message", "Message"]
        .iter()
        .find_map(|name| error.get(name).and_then(text))
        .or_else(|| error.get("detail").and_then(complaint))
}

fn complaint(detail: &Value) -> Option<String> {
    if let Value::String(text) = detail {
        return Some(text.clone());
    }
    let first = detail.get(0)?;
    let place = first.get("loc").and_then(Value::as_array).into_iter().flatten();
    let place: Vec<String> = place
        .map(|part| part.as_str().map_or_else(|| part.to_string(), |name| words::word(name, 40).unwrap_or_default()))
        .collect();
    Some(format!("{} ({})", first.get("msg")?.as_str()?, place.join(".")))
}
