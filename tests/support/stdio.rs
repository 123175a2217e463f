//! An editor at the other end of the real binary's pipes, one message after the other.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

pub struct Editor {
    pub child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// The answer to each `workspace/configuration`.
    pub settings: Value,
}

impl Editor {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output, settings: Value::Null }
    }

    pub fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = "2.0".into();
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    fn next(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the server is gone");
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", number)) => length = number.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    pub fn request(&mut self, id: u32, method: &str, params: Value) -> Value {
        self.send(json!({"id": id, "method": method, "params": params}));
        loop {
            let message = self.next();
            if message["id"] == id && message.get("method").is_none() {
                return message["result"].clone();
            }
            self.answer(&message);
        }
    }

    /// What the server asks back. Nobody here says yes to anything.
    fn answer(&mut self, message: &Value) {
        if message.get("method").is_none() || message.get("id").is_none() {
            return;
        }
        let result = match message["method"].as_str() {
            Some("workspace/configuration") => json!([self.settings]),
            _ => Value::Null,
        };
        self.send(json!({"id": message["id"], "result": result}));
    }

    /// Says hello for a folder, with `options` as `initializationOptions`. Returns what the server can do.
    pub fn initialize(&mut self, root: &str, options: &Value) -> Value {
        let capabilities = json!({
            "textDocument": {"inlineCompletion": {}, "completion": {}, "codeAction": {}},
            "workspace": {"configuration": true, "applyEdit": true},
        });
        let folders = json!([{"uri": root, "name": "work"}]);
        let started = self.request(
            1,
            "initialize",
            json!({
                "processId": null,
                "rootUri": root,
                "workspaceFolders": folders,
                "capabilities": capabilities,
                "initializationOptions": options,
            }),
        );
        assert!(started["capabilities"].is_object(), "{started}");
        self.send(json!({"method": "initialized", "params": {}}));
        started["capabilities"].clone()
    }

    pub fn open(&mut self, uri: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": "rust", "version": 1, "text": text});
        self.send(json!({"method": "textDocument/didOpen", "params": {"textDocument": document}}));
    }

    pub fn complete(&mut self, id: u32, uri: &str, line: u32, character: u32) -> Value {
        let place = json!({
            "textDocument": {"uri": uri},
            "position": {"line": line, "character": character},
            "context": {"triggerKind": 1},
        });
        self.request(id, "textDocument/inlineCompletion", place)
    }

    pub fn end(mut self, id: u32) {
        self.request(id, "shutdown", Value::Null);
        self.send(json!({"method": "exit"}));
        assert!(self.child.wait().unwrap().success());
    }
}
