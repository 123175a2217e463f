//! From a body to a JSON-RPC message, or to the error that answers it.

use serde_json::{Map, Value};
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response};

use super::ext;

/// What a client sent.
#[derive(Debug)]
pub enum Message {
    /// A request (with an id) or a notification (without).
    Request(Request),
    /// The answer to a request of ours.
    Response(Response),
}

/// Why a body is no message.
#[derive(Debug)]
pub enum Fault {
    /// Not JSON: the frame's borders may be wrong as well.
    NotJson(Response),
    /// JSON, but not JSON-RPC.
    NotRpc(Response),
}

/// Reads one body. Nesting is limited by serde_json (128 levels), size by the frame.
pub fn parse(body: &[u8]) -> Result<Message, Fault> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Fault::NotJson(failure(Id::Null, ErrorCode::ParseError, format!("not JSON: {error}"))))?;
    match value {
        Value::Object(object) => from_object(object).map_err(Fault::NotRpc),
        Value::Array(_) => {
            Err(Fault::NotRpc(invalid(Id::Null, "the protocol has no batches: send one message a frame")))
        }
        _ => Err(Fault::NotRpc(invalid(Id::Null, "a message must be a JSON object"))),
    }
}

/// Methods that take nothing. Some clients send `{}` with them all the same, and one whose `shutdown` were refused for
/// that would leave a server that believes to have been abandoned.
const WITHOUT_PARAMS: [&str; 3] = ["shutdown", "exit", ext::STATUS];

fn from_object(mut object: Map<String, Value>) -> Result<Message, Response> {
    let id = match object.remove("id") {
        None => None,
        Some(id) => match id_from(&id) {
            Some(id) => Some(id),
            None => return Err(invalid(Id::Null, "an id must be an integer or a string")),
        },
    };
    if object.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(invalid(id.unwrap_or_default(), "a message must say \"jsonrpc\": \"2.0\""));
    }
    match object.remove("method") {
        Some(Value::String(method)) => {
            if id == Some(Id::Null) {
                return Err(invalid(Id::Null, "a request's id must not be null"));
            }
            let params = object.remove("params").filter(|_| !WITHOUT_PARAMS.contains(&method.as_str()));
            let mut request = Request::build(method);
            if let Some(params) = params {
                request = request.params(params);
            }
            if let Some(id) = id {
                request = request.id(id);
            }
            Ok(Message::Request(request.finish()))
        }
        Some(_) => Err(invalid(id.unwrap_or_default(), "a method must be a string")),
        None => response_from(object, id),
    }
}

/// A response is never answered, so whatever is wrong with one becomes an error for the waiting caller.
fn response_from(mut object: Map<String, Value>, id: Option<Id>) -> Result<Message, Response> {
    let Some(id) = id else { return Err(invalid(Id::Null, "a message needs a method, or the id of what it answers")) };
    if let Some(error) = object.remove("error").filter(|error| !error.is_null()) {
        let code = error.get("code").and_then(Value::as_i64).unwrap_or(ErrorCode::InternalError.code());
        let message = error.get("message").and_then(Value::as_str).unwrap_or("the client gave no reason").to_owned();
        return Ok(Message::Response(failure(id, ErrorCode::from(code), message)));
    }
    // Lua drops keys that hold nil, so an answer without a result is one of null.
    let result = object.remove("result").unwrap_or_default();
    Ok(Message::Response(Response::from_ok(id, result)))
}

fn id_from(value: &Value) -> Option<Id> {
    match value {
        Value::Number(number) => number.as_i64().map(Id::Number),
        Value::String(text) => Some(Id::String(text.clone())),
        Value::Null => Some(Id::Null),
        _ => None,
    }
}

fn invalid(id: Id, message: &'static str) -> Response {
    failure(id, ErrorCode::InvalidRequest, message)
}

/// An error response with a sentence of its own.
pub fn failure(id: Id, code: ErrorCode, message: impl Into<std::borrow::Cow<'static, str>>) -> Response {
    Response::from_error(id, Error { code, message: message.into(), data: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The id and code of the error that answers `body`.
    fn refused(body: &str) -> (String, i64) {
        match parse(body.as_bytes()) {
            Err(Fault::NotJson(response) | Fault::NotRpc(response)) => {
                (response.id().to_string(), response.error().expect("an error").code.code())
            }
            Ok(message) => panic!("accepted {body}: {message:?}"),
        }
    }

    #[test]
    fn what_is_no_message_is_refused_with_the_id_it_had() {
        for (body, id, code) in [
            ("", "null", -32700),
            ("{", "null", -32700),
            ("{}{}", "null", -32700),
            ("[]", "null", -32600),
            (r#"[{"jsonrpc":"2.0","method":"a","id":1}]"#, "null", -32600),
            ("3", "null", -32600),
            ("null", "null", -32600),
            ("{}", "null", -32600),
            (r#"{"method":"a","id":7}"#, "7", -32600),
            (r#"{"jsonrpc":"1.0","method":"a","id":"x"}"#, "\"x\"", -32600),
            (r#"{"jsonrpc":"2.0","method":3,"id":7}"#, "7", -32600),
            (r#"{"jsonrpc":"2.0","method":"a","id":null}"#, "null", -32600),
            (r#"{"jsonrpc":"2.0","method":"a","id":1.5}"#, "null", -32600),
            (r#"{"jsonrpc":"2.0","method":"a","id":{}}"#, "null", -32600),
        ] {
            assert_eq!(refused(body), (id.to_owned(), code), "{body}");
        }
    }

    #[test]
    fn methods_without_parameters_do_not_stumble_over_any() {
        for method in WITHOUT_PARAMS {
            let body = format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{{}},"id":1}}"#);
            let request = parse(body.as_bytes());
            assert!(matches!(&request, Ok(Message::Request(r)) if r.params().is_none()), "{request:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_utf8_and_deep_nesting_are_parse_errors() {
        assert!(matches!(parse(b"{\"jsonrpc\":\"2.0\",\"method\":\"\xff\"}"), Err(Fault::NotJson(_))));
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(refused(&deep).1, -32700);
    }

    #[test]
    fn requests_notifications_and_responses() {
        let request = parse(br#"{"jsonrpc":"2.0","method":"a","params":[1],"id":"x"}"#);
        assert!(matches!(&request, Ok(Message::Request(r)) if r.method() == "a" && r.id() == Some(&Id::from("x"))));
        let notification = parse(br#"{"jsonrpc":"2.0","method":"a"}"#);
        assert!(matches!(&notification, Ok(Message::Request(r)) if r.id().is_none() && r.params().is_none()));
        let response = parse(br#"{"jsonrpc":"2.0","id":1,"result":null}"#);
        assert!(matches!(&response, Ok(Message::Response(r)) if r.is_ok()));
        let bare = parse(br#"{"jsonrpc":"2.0","id":7}"#);
        assert!(matches!(&bare, Ok(Message::Response(r)) if r.is_ok() && *r.id() == Id::Number(7)));
        let failed = parse(br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no","more":1}}"#);
        assert!(matches!(&failed, Ok(Message::Response(r)) if r.is_error() && *r.id() == Id::Null));
    }
}
