//! Answers questions as the test says: the place of the pipeline.

use std::fmt;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tandem::ask::{Asked, ConsentReply, ConsentRequest, Footer, Question, Step, Workspace};
use tandem::budget::{Amount, Crossing, Limit, Outcome, Period, Picodollars, Scope, Total, WindowState};
use tandem::gate::{Preview, SentFile};
use tandem::session::questions::{Answerer, Budget, Payload};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

type Play = dyn Fn(Stage) -> BoxFuture<'static, ()> + Send + Sync;

/// What a script has in its hands.
pub struct Stage {
    pub cancel: CancellationToken,
    steps: mpsc::Sender<Step>,
}

impl Stage {
    /// False where nobody listens any more.
    pub async fn step(&self, step: Step) -> bool {
        self.steps.send(step).await.is_ok()
    }

    pub async fn text(&self, text: &str) -> bool {
        self.step(Step::Text(text.into())).await
    }

    /// Asks for consent; no answer is a no.
    pub async fn consent(&self, may_remember: bool) -> ConsentReply {
        let (reply, answer) = oneshot::channel();
        let request = ConsentRequest {
            preview: preview(),
            texts: vec!["what is sent".into()],
            why: None,
            may_remember,
            is_guard: false,
            reply,
        };
        self.step(Step::Consent(Box::new(request))).await;
        answer.await.unwrap_or(ConsentReply::Refused)
    }

    pub async fn done(&self, footer: Footer) {
        self.step(Step::Done(Box::new(footer))).await;
    }
}

/// The answer of a cloud model for 12 cents.
pub fn paid() -> Footer {
    Footer {
        answered_by: "anthropic, claude-x".to_owned(),
        is_cloud: true,
        has_left: true,
        route_reason: "you asked for it".to_owned(),
        cost: Picodollars(120_000_000_000),
        cost_is: Some(Outcome::Counted),
        cited: 1,
        files: preview().manifest.files,
        ..Footer::default()
    }
}

fn preview() -> Preview {
    let mut preview = Preview::default();
    preview.provider = "anthropic".to_owned();
    preview.host = "api.anthropic.com:443".to_owned();
    preview.model = "claude-x".to_owned();
    let file = SentFile {
        path: "src/main.rs".to_owned(),
        ranges: std::iter::once(0..40).collect(),
        bytes: 40,
        is_internal: false,
    };
    preview.manifest.files = vec![file];
    preview.manifest.bytes = 1_240;
    preview.input_tokens = (300, 400);
    preview.max_output_tokens = 8_192;
    preview.cost = (Picodollars(10_000_000_000), Picodollars(200_000_000_000));
    preview
}

/// A month's limit of $20, so much of it spent.
pub fn window(percent: u64) -> WindowState {
    let dollars = Picodollars::DOLLAR.0;
    let limit = Limit { amount: Amount::Money(Picodollars(20 * dollars)), period: Period::Month, scope: Scope::User };
    WindowState { limit, settled: percent * dollars / 5, open: 0, resets_at: None, clock_is_behind: 0 }
}

pub struct Scripted {
    play: Arc<Play>,
    /// To be told after the next answer.
    pub crossings: Mutex<Vec<Crossing>>,
    /// The questions that came, in order.
    asked: Mutex<Vec<Question>>,
    /// The folders that they were about, as they were then.
    workspaces: Mutex<Vec<Workspace>>,
    /// What cannot be opened, so that nothing about money can be said.
    pub broken: Mutex<Option<String>>,
}

impl Scripted {
    pub fn new<F: Future<Output = ()> + Send + 'static>(
        play: impl Fn(Stage) -> F + Send + Sync + 'static,
    ) -> Arc<Self> {
        let play = Arc::new(move |stage| play(stage).boxed());
        Arc::new(Self {
            play,
            crossings: Mutex::default(),
            asked: Mutex::default(),
            workspaces: Mutex::default(),
            broken: Mutex::default(),
        })
    }

    /// Answers at once with this text.
    pub fn says(text: &'static str) -> Arc<Self> {
        Self::new(move |stage| async move {
            stage.text(text).await;
            stage.done(paid()).await;
        })
    }

    pub fn asked(&self) -> Vec<Question> {
        self.asked.lock().expect("no panic").clone()
    }

    pub fn workspaces(&self) -> Vec<Workspace> {
        self.workspaces.lock().expect("no panic").clone()
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scripted")
    }
}

impl Answerer for Scripted {
    fn ask(&self, question: Question, workspace: Workspace) -> Asked {
        self.asked.lock().expect("no panic").push(question);
        self.workspaces.lock().expect("no panic").push(workspace);
        let (steps, receiver) = mpsc::channel(8);
        let cancel = CancellationToken::new();
        tokio::spawn((self.play)(Stage { cancel: cancel.clone(), steps }));
        Asked::new(receiver, cancel)
    }

    fn preview(&self, question: Question, workspace: Workspace) -> BoxFuture<'static, Result<Payload, String>> {
        let broken = self.broken.lock().expect("no panic").clone();
        async move {
            if let Some(problem) = broken {
                return Err(problem);
            }
            let path = question.focus.map(|focus| focus.path).unwrap_or_default();
            let texts = [question.text, workspace.text(&path).unwrap_or_default()];
            Ok(Payload { preview: preview(), texts: texts.into_iter().map(Into::into).collect() })
        }
        .boxed()
    }

    fn budget(&self, workspace: Workspace) -> BoxFuture<'static, Budget> {
        let broken = self.broken.lock().expect("no panic").clone();
        let money = Picodollars(self.asked().len() as u64 * paid().cost.0);
        let total = Total { requests: self.asked().len() as u64, tokens: 1_000, money, ..Total::default() };
        let today = broken.is_none().then_some(total);
        let windows = broken.map_or(Ok(vec![window(10)]), Err);
        let cloud = &workspace.settings.cloud;
        let budget = Budget {
            is_off: None,
            provider: cloud.provider.clone(),
            model: cloud.model.clone(),
            windows,
            today,
            suggestions: None,
        };
        async move { budget }.boxed()
    }

    fn glance(&self, workspace: Workspace) -> BoxFuture<'static, Budget> {
        self.budget(workspace)
    }

    fn crossings(&self, _: Workspace) -> BoxFuture<'static, Vec<Crossing>> {
        let crossings = std::mem::take(&mut *self.crossings.lock().expect("no panic"));
        async move { crossings }.boxed()
    }

    fn audit(&self) -> BoxFuture<'static, Result<String, String>> {
        async { Ok("# What left this machine\n\nnothing\n".to_owned()) }.boxed()
    }
}
