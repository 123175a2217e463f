//! An engine that counts what is asked of another one.

use std::sync::{Arc, Mutex};

use tandem::engine::{Engine, EngineStatus, Event, Generation, Job, PromptReport, Report, Task, Urgency, generation};
use tokio::sync::watch;

/// One job that was started.
#[derive(Clone, Debug, Default)]
pub struct Started {
    pub urgency: Urgency,
    pub task: Task,
    /// None when it ended before its prompt was evaluated.
    pub prompt: Option<PromptReport>,
    pub report: Option<Report>,
}

pub struct Counted {
    engine: Arc<dyn Engine>,
    jobs: Arc<Mutex<Vec<Started>>>,
}

impl Counted {
    pub fn new(engine: Arc<dyn Engine>) -> Self {
        Self { engine, jobs: Arc::default() }
    }

    /// How many jobs were started so far for a request that waits.
    pub fn awaited(&self) -> usize {
        self.jobs.lock().expect("no panic").iter().filter(|job| job.urgency == Urgency::Awaited).count()
    }

    pub fn jobs(&self) -> Vec<Started> {
        self.jobs.lock().expect("no panic").clone()
    }
}

impl Engine for Counted {
    fn generate(&self, job: Job) -> Generation {
        let jobs = self.jobs.clone();
        let number = {
            let mut jobs = jobs.lock().expect("no panic");
            jobs.push(Started { urgency: job.urgency, task: job.task, ..Started::default() });
            jobs.len() - 1
        };
        let mut inner = self.engine.generate(job);
        let (sender, outer) = generation();
        tokio::spawn(async move {
            let cancel = sender.cancel_flag().clone();
            let mut is_cancelled = false;
            loop {
                let event = tokio::select! {
                    biased;
                    () = cancel.cancelled(), if !is_cancelled => {
                        is_cancelled = true;
                        inner.cancel();
                        continue;
                    }
                    event = inner.next() => event,
                };
                let Some(event) = event else { return };
                match &event {
                    Event::Started(prompt) => jobs.lock().expect("no panic")[number].prompt = Some(prompt.clone()),
                    Event::Done(report) => jobs.lock().expect("no panic")[number].report = Some(report.clone()),
                    Event::Delta { .. } | Event::Finished { .. } => {}
                }
                sender.send(event);
            }
        });
        outer
    }

    fn status(&self) -> watch::Receiver<EngineStatus> {
        self.engine.status()
    }
}
