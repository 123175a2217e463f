//! A user who pulls one file from the double, with the library's own parts.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tandem::config::Environment;
use tandem::models::Sha256;
use tandem::models::download::{Event, Failure, Fetch, Finished, Options, Partial, Patience, Source};
use tandem::models::hub::{Hub, HubAddress, HubFile, HubSettings, Wanted};
use tandem::network;
use tokio_util::sync::CancellationToken;

use crate::hub::{Content, Hub as Double};

pub const FILE: &str = "a-Q8_0.gguf";

/// A double with one model of so many bytes.
pub async fn serving(size: u64) -> Double {
    Double::with(vec![(FILE, Content::model(size, 7))]).await
}

pub struct User {
    place: tempfile::TempDir,
    pub fetch: Fetch,
    events: Arc<Mutex<Vec<Event>>>,
    pauses: Arc<Mutex<Vec<Duration>>>,
}

/// Who waits for nobody and is silent for a moment only.
pub fn hub(url: &str, token: Option<&str>, variables: &[(&str, &str)]) -> Result<Hub, String> {
    let builder = network::builder(&Environment::of(variables), None, network::of_the_system()).unwrap();
    let settings = HubSettings {
        url,
        token_variable: "HF_TOKEN",
        token,
        connect: Duration::from_secs(5),
        silence: Duration::from_millis(400),
    };
    Hub::new(builder, &settings)
}

impl User {
    pub fn of(double: &Double) -> Self {
        Self::with(hub(&double.url(), None, &[]).unwrap())
    }

    pub fn with(hub: Hub) -> Self {
        let events = Arc::<Mutex<Vec<Event>>>::default();
        let pauses = Arc::<Mutex<Vec<Duration>>>::default();
        let (told, slept) = (events.clone(), pauses.clone());
        let patience = Patience {
            chance: Arc::new(|| 0.0),
            sleep: Arc::new(move |pause| {
                slept.lock().unwrap().push(pause);
                Box::pin(tokio::task::yield_now())
            }),
            ..Patience::default()
        };
        let options = Options {
            patience,
            piece: 1 << 20,
            trial: Duration::ZERO,
            checkpoint: Duration::from_millis(20),
            ..Options::default()
        };
        let fetch = Fetch {
            hub: Arc::new(hub),
            options,
            stop: CancellationToken::new(),
            on_event: Arc::new(move |event| {
                if !matches!(event, Event::Came { .. }) {
                    told.lock().unwrap().push(event);
                }
            }),
        };
        Self { place: tempfile::tempdir().unwrap(), fetch, events, pauses }
    }

    pub fn partial(&self) -> Arc<Partial> {
        Arc::new(Partial::try_take(&self.place.path().join("partial"), "a").unwrap().expect("nobody else has it"))
    }

    pub fn path(&self) -> PathBuf {
        self.place.path().join("partial/a.part")
    }

    pub fn journal(&self) -> PathBuf {
        self.path().with_extension("journal")
    }

    /// The file of the double's repository.
    pub async fn pull(&self) -> Result<Finished, Failure> {
        self.pull_from(&file("main"), None).await
    }

    pub async fn pull_from(&self, source: &Source, pinned: Option<Sha256>) -> Result<Finished, Failure> {
        let remote = self.fetch.look(source).await?;
        let finished = self.fetch.bring(source, remote, &self.partial(), pinned).await;
        if finished.is_err() && self.path().exists() {
            assert!(!matches!(finished, Err(Failure::Lie { .. } | Failure::NotModel(_))), "nothing of it is kept");
        }
        finished
    }

    /// What went wrong, in words.
    pub async fn fails(&self) -> String {
        self.pull().await.expect_err("no file").to_string()
    }

    pub fn events(&self) -> Vec<Event> {
        std::mem::take(&mut self.events.lock().unwrap())
    }

    pub fn pauses(&self) -> Vec<Duration> {
        std::mem::take(&mut self.pauses.lock().unwrap())
    }
}

pub fn file(revision: &str) -> Source {
    Source::Hub(HubFile::new("owner/model".parse().unwrap(), revision, FILE).unwrap())
}

/// A file at an address of nobody's repository.
pub fn plain(double: &Double) -> Source {
    Source::Address(address(&format!("{}/plain/{FILE}", double.url())))
}

pub fn address(text: &str) -> HubAddress {
    let elsewhere =
        Wanted::of("https://nobody.example/x", &hub("https://hub.example", None, &[]).unwrap().url().clone());
    let Ok(Wanted::Address(url)) = elsewhere else { panic!("an address") };
    url.join(text).unwrap()
}
