//! A small editor's end of the protocol, over the pipes of a real `tandem serve`.
//!
//! Plain JSON, because LSP's types belong to `lsp`, and because a second reading of the protocol keeps the first honest.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Longest message that is read, in bytes.
const MAX_MESSAGE_BYTES: usize = 64 << 20;

pub struct Client {
    server: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    next_id: u64,
}

impl Client {
    /// Starts this program as a server with more `arguments`, and shakes hands.
    pub fn start(arguments: &[String]) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot find this program")?;
        let mut server = Command::new(program)
            .arg("serve")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start `tandem serve`")?;
        let input = server.stdin.take().context("the server has no stdin")?;
        let output = server.stdout.take().context("the server has no stdout")?;
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Ok(message) = read_message(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut client = Self { server, input, messages, next_id: 0 };
        client.request(
            "initialize",
            json!({
                "processId": std::process::id(),
                "rootUri": null,
                "clientInfo": {"name": "tandem demo"},
                "capabilities": {
                    "general": {"positionEncodings": ["utf-8"]},
                    "textDocument": {"inlineCompletion": {"dynamicRegistration": false}},
                },
            }),
        )?;
        client.notify("initialized", json!({}))?;
        Ok(client)
    }

    pub fn notify(&mut self, method: &str, params: Value) -> anyhow::Result<()> {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}))
    }

    /// Waits for the result. An error of the server is an error here.
    pub fn request(&mut self, method: &str, params: Value) -> anyhow::Result<Value> {
        self.next_id += 1;
        let id = self.next_id;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let message = self.receive(deadline).with_context(|| format!("waiting for the answer to {method}"))?;
            // Notifications are for status lines; here nobody reads them.
            if message["id"] == id {
                if let Some(error) = message.get("error") {
                    bail!("the server refused {method}: {error}");
                }
                return Ok(message["result"].clone());
            }
        }
    }

    /// Says goodbye as the protocol wants it and returns whether the server ended well.
    pub fn stop(mut self) -> anyhow::Result<bool> {
        self.request("shutdown", Value::Null)?;
        self.notify("exit", Value::Null)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.server.try_wait()? {
                return Ok(status.success());
            }
            ensure!(Instant::now() < deadline, "the server does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Requests of the server are answered on the way: with nothing, which every one of them allows.
    fn receive(&mut self, deadline: Instant) -> anyhow::Result<Value> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let message = match self.messages.recv_timeout(left) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => bail!("the server did not answer within {} s", PATIENCE.as_secs()),
                Err(RecvTimeoutError::Disconnected) => bail!("the server ended; its stderr says why"),
            };
            if message.get("method").is_some() && message.get("id").is_some() {
                self.send(&json!({"jsonrpc": "2.0", "id": message["id"], "result": null}))?;
                continue;
            }
            return Ok(message);
        }
    }

    fn send(&mut self, message: &Value) -> anyhow::Result<()> {
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len())
            .and_then(|()| self.input.flush())
            .context("the server ended; its stderr says why")
    }
}

impl Drop for Client {
    /// After an error: no process is left behind.
    fn drop(&mut self) {
        if !matches!(self.server.try_wait(), Ok(Some(_))) {
            let _ = self.server.kill();
            let _ = self.server.wait();
        }
    }
}

fn read_message(output: &mut BufReader<ChildStdout>) -> anyhow::Result<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        ensure!(output.read_line(&mut line)? > 0, "end of output");
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(("Content-Length", value)) = line.split_once(':') {
            length = Some(value.trim().parse::<usize>()?);
        }
    }
    let length = length.context("a message without a length")?;
    ensure!(length <= MAX_MESSAGE_BYTES, "a message of {length} bytes");
    let mut body = vec![0; length];
    output.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body)?)
}
