//! Questions of this session: what they are about, which ones run, and how they end.
//!
//! What answers them is behind `Answerer`, so that all of this works without a model or a network. Nothing in here is asked
//! by typing: a completion never becomes a question.

mod budget;
mod comments;
mod pipeline;
mod place;
mod running;
pub mod words;

use std::fmt::Debug;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::documents::file_path;
use super::{LastAnswer, QuestionStatus, Session};
use crate::ask::{Asked, Focus, Kind, OpenText, Question, Workspace};
use crate::budget::{Crossing, Picodollars};
use crate::config::RouteChoice;
use crate::context::Analysis;
use crate::text::{Document, Range};

pub use crate::ask::Payload;
pub use budget::Budget;
pub use comments::CommentQuestion;
pub use pipeline::{MakeChat, Pipeline, run_number};
pub use running::Running;
use running::Runs;

/// What is meant by a question at a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Subject {
    /// The selection, else the definition around the cursor.
    #[default]
    Here,
    /// The innermost function around the cursor.
    Function,
    File,
    /// The file's directory.
    Module,
    Workspace,
    /// What stands below the place, or else around it.
    Comment,
}

impl Subject {
    /// By the word that a comment names it with.
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "function" => Some(Self::Function),
            "file" => Some(Self::File),
            "module" => Some(Self::Module),
            "workspace" => Some(Self::Workspace),
            _ => None,
        }
    }
}

/// A question as a client asks it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wish {
    pub kind: Kind,
    pub text: String,
    /// The document, and the cursor or selection in it. None for the workspace.
    pub place: Option<(String, Option<Range>)>,
    pub subject: Subject,
    pub diagnostics: Vec<String>,
    pub thread: Option<String>,
    pub route: Option<RouteChoice>,
    pub limit: Option<Picodollars>,
    pub with_changes: bool,
}

/// Answers questions: the pipeline, or a script in tests. What takes long (ledger, keys, files) is done in futures, never
/// before they are polled.
pub trait Answerer: Send + Sync + Debug {
    /// Starts at once. Needs a runtime around it.
    fn ask(&self, question: Question, workspace: Workspace) -> Asked;

    /// What `ask` would send. An error is a sentence that says why nothing would be.
    fn preview(&self, question: Question, workspace: Workspace) -> BoxFuture<'static, Result<Payload, String>>;

    /// Where the limits stand for this workspace.
    fn budget(&self, workspace: Workspace) -> BoxFuture<'static, Budget>;

    /// The same for a status line, as far as nothing has to be opened for it that is not on this machine, or of which nobody
    /// has need.
    fn glance(&self, workspace: Workspace) -> BoxFuture<'static, Budget>;

    /// Limits that passed a threshold and of which nobody was told. Empty where that cannot be found out.
    fn crossings(&self, workspace: Workspace) -> BoxFuture<'static, Vec<Crossing>>;

    /// The last requests that left this machine, as Markdown. An error is a sentence.
    fn audit(&self) -> BoxFuture<'static, Result<String, String>>;
}

/// The questions of a session.
#[derive(Default)]
pub struct Questions {
    answerer: OnceLock<Answers>,
    runs: Arc<Runs>,
    last: Mutex<Option<LastAnswer>>,
    /// Told when the status's look at the budget may be out of date.
    look: Arc<Notify>,
}

struct Answers {
    answerer: Arc<dyn Answerer>,
    git: Option<PathBuf>,
}

/// How long a question waits for what was typed last to be parsed; after that the definition is not found, and the whole
/// file is meant.
const PARSE_PATIENCE: Duration = Duration::from_millis(500);

impl Session {
    /// From now on questions can be asked. Once. `git`: the program, to find changes and history with.
    pub fn answer_questions(&self, answerer: Arc<dyn Answerer>, git: Option<PathBuf>) {
        if self.questions.answerer.set(Answers { answerer, git }).is_err() {
            tracing::error!("two who answer questions");
        }
    }

    pub fn answerer(&self) -> Option<Arc<dyn Answerer>> {
        self.questions.answerer.get().map(|answers| answers.answerer.clone())
    }

    /// The question that a comment at this place asks. Waits for the syntax tree, briefly; looks at nothing but the lines
    /// around the place.
    pub fn comment_question(
        &self,
        document: &str,
        position: crate::text::Position,
    ) -> impl Future<Output = Option<(Document, CommentQuestion)>> + Send + use<> {
        let encoding = self.encoding();
        let analysed = self.settings().ask.comments.then(|| self.analysed(document));
        async move {
            let (document, analysis) = analysed?.await?;
            let byte = document.byte_at(position, encoding);
            let question = comments::question_at(&document, analysis.tree.as_deref(), byte)?;
            Some((document, question))
        }
    }

    /// From what a client wishes to the question and the folder that it is about. An error is a sentence for the user. May
    /// read ignore files and parse: not for the protocol task, except until the future is first polled.
    pub fn question(
        self: &Arc<Self>,
        wish: Wish,
    ) -> impl Future<Output = Result<(Question, Workspace), String>> + Send + use<> {
        let session = self.clone();
        let encoding = self.encoding();
        let analysed = wish.place.as_ref().map(|(document, _)| self.analysed(document));
        async move {
            let analysed = match analysed {
                Some(analysed) => analysed.await,
                None => None,
            };
            let made = tokio::task::spawn_blocking(move || session.make_question(wish, analysed, encoding)).await;
            made.unwrap_or_else(|error| {
                tracing::error!(%error, "a question could not be made");
                Err("the question could not be understood: this is a defect, see the server's log".to_owned())
            })
        }
    }

    fn make_question(
        &self,
        wish: Wish,
        analysed: Option<(Document, Analysis)>,
        encoding: crate::text::PositionEncoding,
    ) -> Result<(Question, Workspace), String> {
        let mut text = wish.text;
        let (index, focus) = match (wish.place, analysed) {
            (Some((uri, range)), Some((document, analysis))) => {
                let (index, path) = self.indexes.of_document(&uri).ok_or_else(|| self.why_not(&uri))?;
                let at = range.map_or(0..0, |range| {
                    document.byte_at(range.start, encoding)..document.byte_at(range.end, encoding)
                });
                if wish.subject == Subject::Module {
                    text = about_module(&path, &text);
                }
                let focus = place::focus(&document, analysis.tree.as_deref(), path, at, wish.subject);
                (index, focus)
            }
            // A file that is not open, as a plugin may name it.
            (Some((uri, _)), None) => {
                let (index, path) = self.indexes.of_document(&uri).ok_or_else(|| self.why_not(&uri))?;
                if wish.subject == Subject::Module {
                    text = about_module(&path, &text);
                }
                let is_workspace = wish.subject == Subject::Workspace;
                (index, (!is_workspace).then(|| Focus { path, ..Focus::default() }))
            }
            (None, _) => (self.indexes().into_iter().next().ok_or_else(|| self.no_index())?, None),
        };
        let focus = focus.map(|focus| Focus { diagnostics: wish.diagnostics, ..focus });
        let question = Question {
            kind: wish.kind,
            text,
            focus,
            thread: wish.thread,
            route: if self.is_restricted() { Some(RouteChoice::Local) } else { wish.route },
            limit: wish.limit,
            with_changes: wish.with_changes,
        };
        Ok((question, self.workspace(index)))
    }

    /// The folder as it is now, for a question about it.
    fn workspace(&self, index: Arc<crate::index::Index>) -> Workspace {
        let (mut open, settings, user) = {
            let state = self.state();
            let open = state.documents.all().map(|open| (open.used, open.document.clone()));
            (open.collect::<Vec<_>>(), state.settings.clone(), state.user.clone())
        };
        open.sort_by_key(|(used, _)| std::cmp::Reverse(*used));
        let of_index = |(_, document): (u64, Document)| {
            let (other, path) = self.indexes.of_document(document.id())?;
            Arc::ptr_eq(&other, &index).then(|| OpenText { path, text: document.rope().clone() })
        };
        let documents = open.into_iter().filter_map(of_index).collect();
        let git = self.questions.answerer.get().and_then(|answers| answers.git.clone());
        Workspace { index, documents, settings, user, git }
    }

    /// The first folder, for questions about nothing in particular.
    pub fn first_workspace(&self) -> Option<Workspace> {
        self.indexes().into_iter().next().map(|index| self.workspace(index))
    }

    fn why_not(&self, uri: &str) -> String {
        let is_inside = file_path(uri).is_some_and(|path| self.indexes().iter().any(|index| index.holds(&path)));
        match is_inside {
            true => "this file is ignored (.gitignore, an ignore file of a tool, or `index.exclude`), so no question \
                     about it is answered"
                .to_owned(),
            false if self.indexes().is_empty() => self.no_index(),
            false => {
                "this document is in none of the open folders; open its folder in the editor to ask about it".to_owned()
            }
        }
    }

    fn no_index(&self) -> String {
        match self.settings().index.enabled {
            true => "there is no folder to ask about; open one in the editor".to_owned(),
            false => "questions need the index, and `index.enabled` is false".to_owned(),
        }
    }

    /// A document and its newest analysis, as soon as that has caught up. Without a tree where it does not in time.
    fn analysed(&self, document: &str) -> impl Future<Output = Option<(Document, Analysis)>> + Send + use<> {
        let state = self.state();
        let open =
            state.documents.get(document).map(|open| (open.document.clone(), open.analysis.subscribe(), open.revision));
        drop(state);
        async move {
            let (document, mut analysis, revision) = open?;
            let reached = analysis.wait_for(|analysis| analysis.revision >= revision);
            let analysis = match tokio::time::timeout(PARSE_PATIENCE, reached).await {
                Ok(Ok(analysis)) if analysis.revision == revision => analysis.clone(),
                _ => Analysis::default(),
            };
            Some((document, analysis))
        }
    }

    /// Gives a question its number, before anything is known of it. It can be cancelled from now on.
    pub fn number_question(&self) -> Running {
        self.questions.runs.number()
    }

    /// Notes that a question is being answered. An error is a sentence: it is answered already, or too many are.
    pub fn begin_question(&self, running: &Running, title: &str, question: &Question) -> Result<(), String> {
        running.begin(title, question)?;
        self.tell_questions();
        Ok(())
    }

    /// Cancels a running question, or all of them. How many there were.
    pub fn cancel_questions(&self, id: Option<u64>) -> usize {
        self.questions.runs.cancel(id)
    }

    /// Questions that are being answered: their numbers and titles, the oldest first.
    pub fn running_questions(&self) -> Vec<(u64, String)> {
        self.questions.runs.list()
    }

    /// Cancels what runs and waits until it is settled, at most this long. No question begins any more.
    pub async fn end_questions(&self, patience: Duration) {
        self.questions.runs.end(patience).await;
    }

    pub fn question_answered(&self, answer: LastAnswer) {
        *self.questions.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        self.tell_questions();
        self.budget_changed();
    }

    /// Brings the status up to date: a question began or ended.
    pub fn tell_questions(&self) {
        let last = self.questions.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let running = u32::try_from(self.questions.runs.list().len()).unwrap_or(u32::MAX);
        self.board.set_questions(QuestionStatus { running, last });
    }
}

/// The words of a question about a directory: the pipeline knows files.
fn about_module(path: &str, text: &str) -> String {
    let directory = path.rsplit_once('/').map_or(".", |(directory, _)| directory);
    format!("About the module in `{directory}`: {text}")
}
