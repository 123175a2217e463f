//! A question from the command to the end of its answer: where it is answered, consent, text, a word at the end.
//!
//! Runs in a task of its own. The user may cancel at each stage; the answer is then settled and said to be incomplete. What it
//! comes to goes to one of two outlets, by what the client can: a document, or events for a view of the client's own.

mod consent;
mod document;
mod events;
mod outlet;
pub mod trust;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::client::Severity;
use super::sheet::Desk;
use crate::ask::{Asked, ConsentReply, ConsentRequest, Footer, Question, Step, Workspace};
use crate::session::LastAnswer;
use crate::session::questions::{Answerer, Running, Wish, words};
use outlet::Outlet;

/// What the progress token of a question begins with; its number follows.
const TOKEN: &str = "tandem/ask/";

/// The number of the question that a progress token belongs to.
pub fn number_of(token: &str) -> Option<u64> {
    token.strip_prefix(TOKEN)?.parse().ok()
}

/// Answers a question. What cannot be asked is told to the user.
pub async fn ask(desk: Desk, answerer: Arc<dyn Answerer>, wish: Wish, running: Running) {
    // Before anything else, so that whatever happens to this task has an end that is told.
    let mut outlet = Outlet::new(&desk, running.id);
    desk.renew_settings().await;
    let asked =
        Question { kind: wish.kind, text: wish.text.clone(), thread: wish.thread.clone(), ..Question::default() };
    let (question, workspace) = match desk.session.question(wish).await {
        Ok(made) => made,
        Err(problem) => return outlet.refuse(&words::title(&asked), &asked, &problem),
    };
    let title = words::title(&question);
    if let Err(problem) = desk.session.begin_question(&running, &title, &question) {
        return outlet.refuse(&title, &question, &problem);
    }
    outlet.begin(&title, &question, &workspace).await;
    if desk.session.is_restricted() {
        outlet.notice(words::RESTRICTED);
    }
    // Whoever cancels the question may still say whether the folder is trusted: the client goes on asking.
    let (of_trust, folder, route) = (desk.clone(), workspace.clone(), question.route);
    let trusting = tokio::spawn(async move { trust::ask_if_needed(&of_trust, &folder, route).await });
    tokio::select! {
        _ = trusting => {}
        // The pipeline says so, too.
        () = running.cancel.cancelled() => {}
    }
    let asked = answerer.ask(question, workspace.clone());
    let mut answer = Answer { desk: &desk, title: &title, outlet, workspace, question: running.id };
    let ending = answer.follow(asked, &running.cancel).await;
    running.answered();
    answer.end(ending).await;
    // Only now, so that whoever waits for the end waits for all of it.
    drop(running);
    desk.session.tell_questions();
}

struct Answer<'a> {
    desk: &'a Desk,
    title: &'a str,
    outlet: Outlet,
    workspace: Workspace,
    question: u64,
}

enum Ending {
    Done(Box<Footer>),
    Failed(String),
}

impl Answer<'_> {
    async fn follow(&mut self, mut asked: Asked, cancel: &CancellationToken) -> Ending {
        let mut is_cancelled = false;
        loop {
            let step = tokio::select! {
                () = cancel.cancelled(), if !is_cancelled => {
                    // The pipeline settles and tells how it ended.
                    is_cancelled = true;
                    asked.cancel.cancel();
                    self.outlet.progress("cancelling");
                    continue;
                }
                step = asked.steps.recv() => step,
            };
            match step {
                Some(Step::Routed { is_cloud, reason }) => self.outlet.routed(is_cloud, &reason),
                Some(Step::Progress(line)) => self.outlet.progress(&line),
                Some(Step::Consent(request)) => {
                    self.outlet.progress("waiting for your permission");
                    self.consent(*request, cancel, &asked.cancel).await;
                }
                Some(Step::Notice(text)) => self.outlet.notice(&text),
                Some(Step::Text(passage)) => self.outlet.text(passage),
                Some(Step::Done(footer)) => return Ending::Done(footer),
                Some(Step::Failed(problem)) => return Ending::Failed(problem),
                None => {
                    return Ending::Failed("the answer broke off: this is a defect, see the server's log".to_owned());
                }
            }
        }
    }

    /// Dropping the request is a no. `pipeline` hears of a cancel before it hears of the no: who cancels wants no other answer.
    async fn consent(&self, request: ConsentRequest, cancel: &CancellationToken, pipeline: &CancellationToken) {
        let reply = tokio::select! {
            biased;
            () = cancel.cancelled() => {
                pipeline.cancel();
                ConsentReply::Refused
            }
            reply = consent::ask(self.desk, self.question, self.title, &request, &self.workspace) => reply,
        };
        if request.reply.send(reply).is_err() {
            tracing::info!("nobody waits for a consent any more");
        }
    }

    async fn end(self, ending: Ending) {
        match ending {
            Ending::Done(footer) => {
                self.desk.session.question_answered(LastAnswer {
                    answered_by: footer.answered_by.clone(),
                    route_reason: footer.route_reason.clone(),
                    cost: footer.cost,
                });
                self.outlet.done(&footer).await;
            }
            Ending::Failed(problem) => self.outlet.failed(&problem).await,
        }
        tell_crossings(self.desk, self.workspace).await;
    }
}

/// Half, most, or nearly all of a limit is gone: said once, by whichever window notices.
async fn tell_crossings(desk: &Desk, workspace: Workspace) {
    let Some(answerer) = desk.session.answerer() else { return };
    for crossing in answerer.crossings(workspace).await {
        let line = format!("{} % of a limit is used: {}", crossing.percent, words::standing(&crossing.window));
        desk.client.show(Severity::Warning, &line);
    }
}
