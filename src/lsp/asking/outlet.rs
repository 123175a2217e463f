//! Where an answer goes: the same steps for both kinds of clients, each with its own form.

use super::document::Document;
use super::events::Events;
use crate::ask::{Footer, Passage, Question, Workspace};
use crate::lsp::sheet::Desk;

pub enum Outlet {
    Document(Document),
    Events(Events),
}

impl Outlet {
    /// `number`: of the question.
    pub fn new(desk: &Desk, number: u64) -> Self {
        match desk.features.answers {
            true => Self::Events(Events::new(desk, number)),
            false => Self::Document(Document::new(desk, number)),
        }
    }

    /// The question cannot be asked.
    pub fn refuse(self, title: &str, question: &Question, problem: &str) {
        match self {
            Self::Document(document) => document.refuse(problem),
            Self::Events(mut events) => {
                events.begin(title, question);
                events.failed(problem);
            }
        }
    }

    pub async fn begin(&mut self, title: &str, question: &Question, workspace: &Workspace) {
        match self {
            Self::Document(document) => document.begin(title).await,
            Self::Events(events) => {
                events.set_workspace(workspace);
                events.begin(title, question);
            }
        }
    }

    pub fn routed(&self, is_cloud: bool, reason: &str) {
        match self {
            Self::Document(document) => document.progress(reason),
            Self::Events(events) => events.routed(is_cloud, reason),
        }
    }

    /// What goes on, for a line that the next one replaces.
    pub fn progress(&self, line: &str) {
        match self {
            Self::Document(document) => document.progress(line),
            Self::Events(events) => events.progress(line),
        }
    }

    /// What belongs into the answer and is not of it.
    pub fn notice(&mut self, text: &str) {
        match self {
            Self::Document(document) => document.notice(text),
            Self::Events(events) => events.notice(text),
        }
    }

    pub fn text(&mut self, passage: Passage) {
        match self {
            Self::Document(document) => document.text(&passage),
            Self::Events(events) => events.text(passage),
        }
    }

    /// The end. Returns when the client has all of it, or will not take it.
    pub async fn done(self, footer: &Footer) {
        match self {
            Self::Document(document) => document.done(footer).await,
            Self::Events(events) => events.done(footer),
        }
    }

    /// The end without an answer.
    pub async fn failed(self, problem: &str) {
        match self {
            Self::Document(document) => document.failed(problem).await,
            Self::Events(events) => events.failed(problem),
        }
    }
}
