//! A question from the command to the end of its answer: progress, consent, a document that grows, a word at the end.
//!
//! Runs in a task of its own. The user may cancel at each stage; the answer is then settled and said to be incomplete.

mod consent;
pub mod trust;

use tokio_util::sync::CancellationToken;

use super::client::{Progress, Severity};
use super::sheet::{Desk, Sheet};
use crate::ask::{Asked, ConsentReply, ConsentRequest, Footer, Step, Workspace};
use crate::session::LastAnswer;
use crate::session::questions::{Running, Wish, words};
use consent::Said;

/// What the progress token of a question begins with; its number follows.
const TOKEN: &str = "tandem/ask/";

/// The number of the question that a progress token belongs to.
pub fn number_of(token: &str) -> Option<u64> {
    token.strip_prefix(TOKEN)?.parse().ok()
}

/// Answers a question. What cannot be asked is told to the user.
pub async fn ask(desk: Desk, wish: Wish) {
    desk.renew_settings().await;
    let (question, workspace) = match desk.session.question(wish).await {
        Ok(made) => made,
        Err(problem) => return desk.client.show(Severity::Warning, &problem),
    };
    let Some(answerer) = desk.session.answerer() else { return };
    let title = words::title(&question);
    let running = match desk.session.begin_question(&title, &question) {
        Ok(running) => running,
        Err(problem) => return desk.client.show(Severity::Warning, &problem),
    };
    let progress = match desk.features.progress {
        true => desk.client.begin_cancellable(format!("{TOKEN}{}", running.id), &title).await,
        false => None,
    };
    tokio::select! {
        () = trust::ask_if_needed(&desk, &workspace, question.route) => {}
        // The pipeline says so, too.
        () = running.cancel.cancelled() => {}
    }
    let asked = answerer.ask(question, workspace.clone());
    let mut answer = Answer { desk: &desk, title: &title, progress, sheet: None, workspace };
    let ending = answer.follow(asked, &running).await;
    answer.end(ending).await;
    // Only now, so that whoever waits for the end waits for all of it.
    drop(running);
    desk.session.tell_questions();
}

struct Answer<'a> {
    desk: &'a Desk,
    title: &'a str,
    progress: Option<Progress>,
    sheet: Option<Sheet>,
    workspace: Workspace,
}

enum Ending {
    Done(Box<Footer>),
    Failed(String),
}

impl Answer<'_> {
    async fn follow(&mut self, mut asked: Asked, running: &Running) -> Ending {
        let mut is_cancelled = false;
        loop {
            let step = tokio::select! {
                () = running.cancel.cancelled(), if !is_cancelled => {
                    // The pipeline settles and tells how it ended.
                    is_cancelled = true;
                    asked.cancel.cancel();
                    self.say("cancelling");
                    continue;
                }
                step = asked.steps.recv() => step,
            };
            match step {
                Some(Step::Routed { is_cloud, reason }) => {
                    let place = if is_cloud { "a cloud model answers" } else { "answered on this machine" };
                    self.say(&format!("{place}: {}", words::plain(&reason)));
                }
                Some(Step::Progress(line)) => self.say(&words::plain(&line)),
                Some(Step::Consent(request)) => {
                    self.say("waiting for your permission");
                    self.consent(*request, &running.cancel).await;
                }
                Some(Step::Notice(text)) => self.write(&format!("> {}\n\n", words::prose(&text))),
                Some(Step::Text(text)) => self.write(&text),
                Some(Step::Done(footer)) => return Ending::Done(footer),
                Some(Step::Failed(problem)) => return Ending::Failed(problem),
                None => {
                    return Ending::Failed("the answer broke off: this is a defect, see the server's log".to_owned());
                }
            }
        }
    }

    /// Dropping the request is a no.
    async fn consent(&self, request: ConsentRequest, cancel: &CancellationToken) {
        let reply = async {
            loop {
                match consent::ask(&self.desk.client, &request).await {
                    Said::Reply(reply) => return reply,
                    Said::Show => {
                        let text = words::payload(&request.preview, &request.texts);
                        Sheet::show(self.desk, "What would be sent", &text).await;
                    }
                }
            }
        };
        let reply = tokio::select! {
            reply = reply => reply,
            () = cancel.cancelled() => ConsentReply::Refused,
        };
        if request.reply.send(reply).is_err() {
            tracing::info!("nobody waits for a consent any more");
        }
    }

    fn say(&self, line: &str) {
        if let Some(progress) = &self.progress {
            progress.say(line);
        }
    }

    fn write(&mut self, text: &str) {
        let sheet = self.sheet.get_or_insert_with(|| {
            let sheet = Sheet::begin(self.desk, self.title);
            sheet.push(&format!("# {}\n\n", words::prose(self.title)));
            sheet
        });
        sheet.push(text);
    }

    async fn end(mut self, ending: Ending) {
        let client = self.desk.client.clone();
        let last = match ending {
            Ending::Done(footer) => {
                self.write(&words::footer(&footer));
                let cost = words::cost(&footer);
                self.desk.session.question_answered(LastAnswer {
                    answered_by: footer.answered_by.clone(),
                    route_reason: footer.route_reason.clone(),
                    cost: footer.cost,
                });
                match &footer.incomplete {
                    Some(why) => format!("{cost}, incomplete: {}", words::plain(why)),
                    None => format!("answered for {cost}"),
                }
            }
            Ending::Failed(problem) => {
                let problem = words::plain(&problem);
                if self.sheet.is_some() {
                    self.write(&format!("\n\n---\n\n* **There is no answer:** {problem}\n"));
                }
                client.show(Severity::Warning, &problem);
                problem
            }
        };
        if let Some(sheet) = self.sheet.take() {
            sheet.finish().await;
        }
        if let Some(progress) = self.progress.take() {
            progress.end(&last);
        }
        self.tell_crossings().await;
    }

    /// Half, most, or nearly all of a limit is gone: said once, by whichever window notices.
    async fn tell_crossings(&self) {
        let Some(answerer) = self.desk.session.answerer() else { return };
        for crossing in answerer.crossings(self.workspace.clone()).await {
            let line = format!("{} % of a limit is used: {}", crossing.percent, words::standing(&crossing.window));
            self.desk.client.show(Severity::Warning, &line);
        }
    }
}
