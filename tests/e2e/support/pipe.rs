//! The client's end of the framing, written apart from the server's so that they cannot be wrong together.

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

pub fn frame(message: &Value) -> Vec<u8> {
    let body = message.to_string();
    format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// Reads what the server writes and insists on its form.
pub struct Frames<R>(BufReader<R>);

impl<R: AsyncRead + Unpin> Frames<R> {
    pub fn new(reader: R) -> Self {
        Self(BufReader::new(reader))
    }

    /// The next message; None at the end.
    pub async fn next(&mut self) -> Option<Value> {
        let mut header = String::new();
        if self.0.read_line(&mut header).await.expect("the pipe holds text") == 0 {
            return None;
        }
        let length = header.strip_prefix("Content-Length: ").and_then(|rest| rest.strip_suffix("\r\n"));
        let length: usize =
            length.and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("header {header:?}"));
        let mut body = vec![0; 2 + length];
        self.0.read_exact(&mut body).await.expect("a whole body");
        assert_eq!(&body[..2], b"\r\n");
        let message: Value = serde_json::from_slice(&body[2..]).expect("JSON");
        assert_eq!(message["jsonrpc"], "2.0");
        Some(message)
    }
}
