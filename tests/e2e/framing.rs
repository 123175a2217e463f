//! Bytes that are no messages: answered, survived, and the message behind them is read.

use serde_json::{Value, json};

use crate::support::{Client, Setup, URI, frame, inline_capabilities};

async fn client() -> Client {
    let mut client = Setup::lookup().initialized(inline_capabilities()).await;
    client.open(URI, "alive").await;
    client
}

/// Sends bytes; returns the code of the error that comes back with id null, when the server goes on after it.
async fn fault(bytes: &[u8]) -> i64 {
    let mut client = client().await;
    client.raw(bytes).await;
    assert_eq!(client.text(URI).await["text"], "alive", "after {:?}", String::from_utf8_lossy(bytes));
    let response = client.response(&Value::Null).await;
    assert_eq!(client.leave().await, 0);
    response["error"]["code"].as_i64().unwrap_or_else(|| panic!("{response}"))
}

fn framed(body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

#[tokio::test]
async fn bodies_that_are_not_json() {
    for body in [&b""[..], b"{", b"{}}", b"nonsense", b"{\"jsonrpc\":\"2.0\",\"method\":\"\xff\xfe\"}", b"\0\0\0"] {
        assert_eq!(fault(&framed(body)).await, -32700, "{:?}", String::from_utf8_lossy(body));
    }
}

#[tokio::test]
async fn json_that_is_no_message() {
    for body in ["[]", "3", "\"x\"", "null", "{}", "[{\"jsonrpc\":\"2.0\",\"method\":\"shutdown\",\"id\":1}]"] {
        assert_eq!(fault(&framed(body.as_bytes())).await, -32600, "{body}");
    }
}

#[tokio::test]
async fn nesting_without_end() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(200_000), close.repeat(200_000));
        assert_eq!(fault(&framed(deep.as_bytes())).await, -32700);
        let params = format!("{{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"params\":{deep}}}");
        assert_eq!(fault(&framed(params.as_bytes())).await, -32700);
    }
}

#[tokio::test]
async fn lengths_that_lie() {
    let shutdown = json!({ "jsonrpc": "2.0", "method": "$/nothing" }).to_string();
    for wrong in [1, 5, shutdown.len() - 1, shutdown.len() + 1, shutdown.len() + 30] {
        let bytes = format!("Content-Length: {wrong}\r\n\r\n{shutdown}");
        assert_eq!(fault(bytes.as_bytes()).await, -32700, "{wrong} instead of {}", shutdown.len());
    }
}

#[tokio::test]
async fn headers_that_are_none() {
    for header in [
        "Content-Length: -5\r\n\r\n",
        "Content-Length: many\r\n\r\n",
        "Content-Length:\r\n\r\n",
        "Content-Type: x\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "\u{1f4a9}\r\n\r\n",
    ] {
        assert_eq!(fault(format!("{header}{{}}").as_bytes()).await, -32700, "{header}");
    }
    let long = format!("X-Header: {}\r\n", "y".repeat(100_000));
    assert_eq!(fault(long.as_bytes()).await, -32700);
}

#[tokio::test]
async fn eight_gigabytes_announced() {
    for announced in ["8589934592", "18446744073709551615", "340282366920938463463374607431768211456"] {
        assert_eq!(fault(format!("Content-Length: {announced}\r\n\r\n{{\"a\":").as_bytes()).await, -32600);
    }
}

#[tokio::test]
async fn header_names_have_no_case_and_no_order() {
    let mut client = client().await;
    let body = json!({ "jsonrpc": "2.0", "id": 70, "method": "nothing/here" }).to_string();
    let header =
        format!("content-TYPE: application/vscode-jsonrpc; charset=utf-8\r\nCONTENT-length:{}\r\n\r\n", body.len());
    client.expects(&json!(70));
    client.raw(format!("{header}{body}").as_bytes()).await;
    assert_eq!(client.response(&json!(70)).await["error"]["code"], -32601);
}

#[tokio::test]
async fn responses_to_nothing() {
    let mut client = client().await;
    let error = json!({ "code": -32700, "message": "what?", "data": { "x": [1] }, "more": true });
    for response in [
        json!({ "jsonrpc": "2.0", "id": null, "result": null }),
        json!({ "jsonrpc": "2.0", "id": null, "error": error }),
        json!({ "jsonrpc": "2.0", "id": 999, "result": { "x": 1 } }),
        json!({ "jsonrpc": "2.0", "id": "never", "error": error }),
        json!({ "jsonrpc": "2.0", "id": 0, "error": 3 }),
    ] {
        client.raw(&frame(&response)).await;
    }
    assert_eq!(client.text(URI).await["text"], "alive");
    assert_eq!(client.leave().await, 0);
}
