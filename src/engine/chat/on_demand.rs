//! A model that is made when it is first asked, and left when nobody asks it any more.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{ChatEngine, ChatFinish, ChatJob, ChatModel, ChatStream, chat_stream};

type Make = dyn Fn() -> Result<Arc<dyn ChatEngine>, String> + Send + Sync;

/// See the room.
#[derive(Clone)]
pub struct OnDemand {
    state: Arc<Mutex<State>>,
    make: Arc<Make>,
    idle: Duration,
}

#[derive(Default)]
struct State {
    engine: Option<Arc<dyn ChatEngine>>,
    /// How often it was used.
    uses: u64,
}

impl OnDemand {
    /// `make`: an error is a sentence, and is tried again. `idle`: how long it is kept unused.
    pub fn new(make: impl Fn() -> Result<Arc<dyn ChatEngine>, String> + Send + Sync + 'static, idle: Duration) -> Self {
        Self { state: Arc::default(), make: Arc::new(make), idle }
    }

    /// Whether there is one at the moment.
    pub fn is_made(&self) -> bool {
        lock(&self.state).engine.is_some()
    }

    fn engine(&self) -> Result<Arc<dyn ChatEngine>, String> {
        let mut state = lock(&self.state);
        state.uses += 1;
        let engine = match &state.engine {
            Some(engine) => engine.clone(),
            None => state.engine.insert((self.make)()?).clone(),
        };
        let (uses, idle, weak) = (state.uses, self.idle, Arc::downgrade(&self.state));
        drop(state);
        // Without a runtime nobody looks at the time, and it is kept.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(leave(weak, uses, idle));
        }
        Ok(engine)
    }
}

/// Drops the engine if it was not used since.
async fn leave(state: Weak<Mutex<State>>, uses: u64, idle: Duration) {
    tokio::time::sleep(idle).await;
    let unused = state.upgrade().and_then(|state| lock(&state).take_unused(uses));
    // An engine in this process ends its thread when it goes.
    if unused.is_some() {
        tokio::task::spawn_blocking(move || drop(unused));
    }
}

impl State {
    /// The engine, if it was not used since it had been so often.
    fn take_unused(&mut self, uses: u64) -> Option<Arc<dyn ChatEngine>> {
        self.engine.take_if(|_| self.uses == uses)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ChatEngine for OnDemand {
    fn chat(&self, job: ChatJob) -> ChatStream {
        match self.engine() {
            Ok(engine) => engine.chat(job),
            Err(why) => {
                let (sender, stream) = chat_stream();
                sender.finish(ChatFinish::Failed(why));
                stream
            }
        }
    }

    fn model(&self) -> BoxFuture<'static, Result<ChatModel, String>> {
        // It may look for files before there is one to be asked.
        let own = self.clone();
        async move {
            let engine = tokio::task::spawn_blocking(move || own.engine()).await;
            engine.unwrap_or_else(|_| Err("it could not be made; the log says more".to_owned()))?.model().await
        }
        .boxed()
    }

    fn count(&self, texts: Vec<Arc<str>>) -> Option<Vec<u32>> {
        // Only who asks needs a count: it is no use of its own.
        let engine = lock(&self.state).engine.clone()?;
        engine.count(texts)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::FakeChat;
    use super::*;

    #[tokio::test]
    async fn it_is_made_when_asked_and_left_when_unused() {
        let made = Arc::new(AtomicUsize::new(0));
        let count = made.clone();
        let make = move || -> Result<Arc<dyn ChatEngine>, String> {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(Arc::new(FakeChat::new(|_| "yes".to_owned())))
        };
        let engine = OnDemand::new(make, Duration::from_secs(60));
        assert!(!engine.is_made() && engine.count(vec![Arc::from("x")]).is_none(), "counting starts nothing");
        assert!(engine.model().await.is_ok() && engine.is_made());
        let uses = lock(&engine.state).uses;
        assert!(engine.model().await.is_ok());
        assert!(lock(&engine.state).take_unused(uses).is_none() && engine.is_made(), "it was used in between");
        let uses = lock(&engine.state).uses;
        assert!(lock(&engine.state).take_unused(uses).is_some() && !engine.is_made());
        assert!(engine.model().await.is_ok());
        assert_eq!(made.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn what_could_not_be_made_is_tried_again() {
        let is_installed = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let looks = is_installed.clone();
        let make = move || -> Result<Arc<dyn ChatEngine>, String> {
            match looks.load(Ordering::SeqCst) {
                true => Ok(Arc::new(FakeChat::new(|_| "yes".to_owned()))),
                false => Err("it is not installed".to_owned()),
            }
        };
        let engine = OnDemand::new(make, Duration::from_secs(60));
        assert_eq!(engine.model().await, Err("it is not installed".to_owned()));
        is_installed.store(true, Ordering::SeqCst);
        assert!(engine.model().await.is_ok());
    }

    #[tokio::test]
    async fn what_cannot_be_made_says_why() {
        let engine = OnDemand::new(|| Err("no such file".to_owned()), Duration::from_secs(60));
        assert_eq!(engine.model().await, Err("no such file".to_owned()));
        let mut stream = engine.chat(ChatJob::default());
        let failed = super::super::ChatEvent::Finished(ChatFinish::Failed("no such file".to_owned()));
        assert_eq!(stream.next().await, Some(failed));
    }
}
