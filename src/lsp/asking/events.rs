//! An answer as events, for clients that show it by themselves. Each question that has a number gets a beginning and one end.

use std::path::PathBuf;

use tower_lsp::gen_lsp_types as lsp;

use crate::ask::{Footer, Passage, Question, Workspace};
use crate::lsp::client::ClientHandle;
use crate::lsp::ext::{Answer, Event};
use crate::lsp::sheet::Desk;
use crate::session::questions::words;
use crate::text::PositionEncoding;

/// What is told where the task that answers ends before its question does.
const BROKEN_OFF: &str = "the answer broke off: the server is ending, or this is a defect, see the server's log";

pub struct Events {
    client: ClientHandle,
    encoding: PositionEncoding,
    number: u64,
    /// The folder that paths of the answer are from.
    folder: Option<PathBuf>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Begun,
    Ended,
}

impl Events {
    pub fn new(desk: &Desk, number: u64) -> Self {
        let (client, encoding) = (desk.client.clone(), desk.features.encoding);
        Self { client, encoding, number, folder: None, state: State::New }
    }

    pub fn set_workspace(&mut self, workspace: &Workspace) {
        self.folder = Some(workspace.index.folder().to_owned());
    }

    pub fn begin(&mut self, title: &str, question: &Question) {
        self.state = State::Begun;
        self.tell(Event::Begin { title: title.to_owned(), kind: question.kind, thread: question.thread.clone() });
    }

    pub fn routed(&self, is_cloud: bool, reason: &str) {
        self.tell(Event::Routed { is_cloud, reason: words::plain(reason) });
    }

    pub fn progress(&self, line: &str) {
        self.tell(Event::Progress { text: words::plain(line) });
    }

    pub fn notice(&self, text: &str) {
        self.tell(Event::Notice { text: words::prose(text) });
    }

    pub fn text(&self, passage: Passage) {
        // A model's last piece may be nothing.
        if !passage.is_empty() {
            self.tell(Event::text(passage, self.encoding, &|path| self.address(path)));
        }
    }

    pub fn done(mut self, footer: &Footer) {
        self.tell(Event::done(footer, &|path| self.address(path)));
        self.state = State::Ended;
    }

    pub fn failed(mut self, problem: &str) {
        self.tell(Event::Failed { problem: words::plain(problem) });
        self.state = State::Ended;
    }

    fn address(&self, path: &str) -> Option<lsp::Uri> {
        lsp::Uri::from_file_path(self.folder.as_ref()?.join(path)).ok()
    }

    fn tell(&self, event: Event) {
        self.client.answer(&Answer { question: self.number, event });
    }
}

/// Whatever became of the task, its client does not wait for ever.
impl Drop for Events {
    fn drop(&mut self) {
        if self.state == State::New {
            self.tell(Event::Begin { title: String::new(), kind: crate::ask::Kind::Ask, thread: None });
        }
        if self.state != State::Ended {
            self.tell(Event::Failed { problem: BROKEN_OFF.to_owned() });
        }
    }
}
