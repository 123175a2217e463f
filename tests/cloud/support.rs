//! An asker with a double on the other side, and what came of it.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tandem::budget::Picodollars;
use tandem::cloud::{Backoff, Breakers, Client, Cloud, Exchange, Setup, Timeouts, Update};
use tandem::config::{CloudSettings, Environment, ProviderKind, ProviderSettings};
use tandem::gate::Ending;
use tandem::network::Lookup;
use tandem::providers::{Endpoint, ErrorClass, Event, ProviderError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::house::House;
use crate::provider::{Double, Kind, REGION};

/// What a test changes of the usual.
pub struct Asker {
    pub settings: ProviderSettings,
    pub name: String,
    pub model: String,
    /// Beside `DOUBLE_KEY`, which holds the double's key.
    pub variables: Vec<(String, String)>,
    pub ca_file: Option<PathBuf>,
    pub timeouts: Timeouts,
    pub lookup: Lookup,
    pub clock: tandem::gate::Clock,
    pub max_output: u32,
    /// Text of the context, and of the question.
    pub texts: (String, String),
    pub cancel: CancellationToken,
    /// What may be spent in a month; None for plenty.
    pub limit: Option<Picodollars>,
}

pub fn kind_of(kind: Kind) -> ProviderKind {
    match kind {
        Kind::Anthropic => ProviderKind::Anthropic,
        Kind::OpenAi => ProviderKind::OpenAi,
        Kind::OpenAiChat => ProviderKind::OpenAiChat,
        Kind::Gemini => ProviderKind::Gemini,
        Kind::Bedrock => ProviderKind::Bedrock,
        Kind::Azure => ProviderKind::Azure,
        Kind::OpenRouter => ProviderKind::OpenRouter,
        Kind::Mistral => ProviderKind::Mistral,
        Kind::DeepSeek => ProviderKind::DeepSeek,
        Kind::Compatible => ProviderKind::Compatible,
    }
}

impl Asker {
    /// Asks a provider at its own address, with the variable that is usual there.
    pub fn of(kind: Kind) -> Self {
        Self {
            settings: ProviderSettings {
                kind: Some(kind_of(kind)),
                region: (kind == Kind::Bedrock).then(|| REGION.to_owned()),
                // Names that say nothing of a price: a deployment's, a reseller's, and one on nobody's server in particular.
                price_as: match kind {
                    Kind::Azure | Kind::Compatible => Some(format!("openai/{}", kind.model())),
                    Kind::OpenRouter => Some(kind.model().to_owned()),
                    _ => None,
                },
                ..ProviderSettings::default()
            },
            name: kind.name().to_owned(),
            model: kind.model().to_owned(),
            variables: Vec::new(),
            ca_file: None,
            timeouts: Timeouts::default(),
            // No test asks a name server.
            lookup: Arc::new(|_| Box::pin(async { Err(io::Error::from(io::ErrorKind::NotFound)) })),
            clock: Arc::new(SystemTime::now),
            max_output: 2000,
            texts: ("fn main() { run(); }\n".repeat(200), "Where does it begin?".to_owned()),
            cancel: CancellationToken::new(),
            limit: None,
        }
    }

    /// Asks this double.
    pub fn at(double: &Double) -> Self {
        let mut asker = Self::of(double.kind);
        asker.settings.base_url = Some(double.base_url());
        asker.settings.key_env = Some("DOUBLE_KEY".to_owned());
        asker.variables.push(("DOUBLE_KEY".to_owned(), double.key.clone()));
        asker
    }

    /// Asks a server that is nobody's in particular.
    pub fn of_compatible() -> Self {
        Self::of(Kind::Compatible)
    }

    pub fn endpoint(&self) -> Endpoint {
        let mut endpoint = Endpoint::of(&self.name, &self.settings).expect("good settings");
        // The double stands for a provider, with its prices, although it is on this machine.
        endpoint.is_local = false;
        endpoint
    }

    pub fn client(&self) -> Client {
        let mut settings = CloudSettings { ca_file: self.ca_file.clone(), ..CloudSettings::default() };
        settings.providers = BTreeMap::from([(self.name.clone(), self.settings.clone())]);
        let variables: Vec<(&str, &str)> =
            self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let setup = Setup { timeouts: self.timeouts, lookup: self.lookup.clone(), clock: self.clock.clone() };
        Client::new(&settings, &Arc::new(Environment::of(&variables)), setup).expect("a client")
    }

    pub fn ready(self) -> Ready {
        let waits = Arc::<Mutex<Vec<Duration>>>::default();
        let noted = waits.clone();
        let backoff = Backoff {
            chance: Arc::new(|| 0.0),
            sleep: Arc::new(move |wait| {
                noted.lock().expect("the list").push(wait);
                Box::pin(tokio::task::yield_now())
            }),
            ..Backoff::default()
        };
        let cloud = Cloud { client: self.client(), breakers: Arc::new(Breakers::default()), backoff };
        let house = House::new(self.endpoint(), &self);
        Ready { cloud: Arc::new(cloud), house, waits, cancel: self.cancel }
    }

    pub async fn ask(self) -> Asked {
        self.ready().ask().await
    }
}

/// Everything that is needed to ask, several times if wanted.
pub struct Ready {
    pub cloud: Arc<Cloud>,
    pub house: House,
    pub waits: Arc<Mutex<Vec<Duration>>>,
    pub cancel: CancellationToken,
}

/// What a question came to.
#[derive(Debug)]
pub struct Asked {
    pub exchange: Exchange,
    pub updates: Vec<Update>,
    pub waits: Vec<Duration>,
}

impl Ready {
    pub async fn ask(&self) -> Asked {
        self.ask_and(|_| {}).await
    }

    /// `look` sees each update when it comes.
    pub async fn ask_and(&self, mut look: impl FnMut(&Update)) -> Asked {
        let (sender, mut receiver) = mpsc::channel(16);
        let asking = async {
            let (house, consent) = (&self.house, self.house.consent());
            let asking = self.cloud.ask(&house.door, &house.prompt, &consent, &house.last_look, &sender, &self.cancel);
            let exchange = asking.await;
            drop(sender);
            exchange
        };
        let listening = async {
            let mut updates = Vec::new();
            while let Some(update) = receiver.recv().await {
                look(&update);
                updates.push(update);
            }
            updates
        };
        let (exchange, updates) = tokio::join!(asking, listening);
        Asked { exchange, updates, waits: self.waits.lock().expect("the list").clone() }
    }
}

impl Asked {
    /// All that a user would see of the answer.
    pub fn text(&self) -> String {
        self.updates
            .iter()
            .filter_map(|update| match update {
                Update::Event(Event::Text(text)) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    pub fn attempts(&self) -> usize {
        self.exchange.answers.len()
    }

    pub fn endings(&self) -> Vec<&Ending> {
        self.exchange.answers.iter().map(|answer| &answer.ending).collect()
    }

    /// How the last attempt failed.
    pub fn error(&self) -> &ProviderError {
        match self.endings().last() {
            Some(Ending::Unsent(error) | Ending::Rejected(error) | Ending::Failed(error)) => error,
            other => panic!("no failure: {other:?}"),
        }
    }

    pub fn class(&self) -> ErrorClass {
        self.error().class
    }

    /// Certain that nothing left.
    pub fn is_unsent(&self) -> bool {
        self.endings().iter().all(|ending| matches!(ending, Ending::Unsent(_)))
    }
}
