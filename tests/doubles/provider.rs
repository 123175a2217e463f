//! Doubles of the providers: servers on loopback that check requests as strictly as the real ones, count tokens, keep a prompt
//! cache, send a bill, and fail in every way that a test asks for. They share no code with what they test.

// Several test programs take this room in, and none of them uses all of it.
#![allow(dead_code)]

mod answer;
mod anthropic;
mod bedrock;
mod bill;
mod cache;
mod fault;
mod fill;
mod gemini;
mod http;
mod openai;
mod prompt;
mod proxy;
mod record;
mod rules;
mod serve;
mod sigv4;
mod tls;
mod tokens;
mod wire;

use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

#[allow(unused_imports)]
pub use {
    bill::{Charge, rates_of},
    cache::Input,
    fault::{Fault, Reply, Wait},
    prompt::{Prompt, Refusal, Trouble},
    proxy::{Proxy, Refusing},
    record::{Closed, Record, Seen},
    sigv4::{ACCESS_KEY, REGION, SECRET_KEY, SESSION_TOKEN},
    tls::{Authority, Certificate},
};

use serve::Shared;

/// Who the double plays. Named as the kinds in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Anthropic,
    OpenAi,
    OpenAiChat,
    Gemini,
    Bedrock,
    Azure,
    OpenRouter,
    Mistral,
    DeepSeek,
    Compatible,
}

impl Kind {
    pub const ALL: [Self; 10] = [
        Self::Anthropic,
        Self::OpenAi,
        Self::OpenAiChat,
        Self::Gemini,
        Self::Bedrock,
        Self::Azure,
        Self::OpenRouter,
        Self::Mistral,
        Self::DeepSeek,
        Self::Compatible,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
            Self::OpenAiChat => "openai-chat",
            Self::Gemini => "gemini",
            Self::Bedrock => "bedrock",
            Self::Azure => "azure",
            Self::OpenRouter => "openrouter",
            Self::Mistral => "mistral",
            Self::DeepSeek => "deepseek",
            Self::Compatible => "compatible",
        }
    }

    /// A model that is there and has a price.
    pub fn model(self) -> &'static str {
        match self {
            Self::Anthropic => "claude-opus-5-5",
            Self::OpenAi | Self::OpenAiChat | Self::Azure | Self::Compatible => "gpt-6.1-sol",
            Self::Gemini => "gemini-4-argon",
            Self::Bedrock => "global.anthropic.claude-sonnet-5-5",
            Self::OpenRouter => "anthropic/claude-sonnet-5-5",
            Self::Mistral => "mistral-large-4",
            Self::DeepSeek => "deepseek-v4-pro",
        }
    }

    /// A model that fills holes, where the provider has one.
    pub fn filler(self) -> &'static str {
        match self {
            Self::Mistral => "mistral-code-fim-latest",
            Self::DeepSeek => "deepseek-v4-flash",
            other => panic!("{} fills no holes", other.name()),
        }
    }

    /// The provider's own host. Azure's is that of a made-up resource; compatible servers have none.
    pub fn host(self) -> &'static str {
        match self {
            Self::Anthropic => "api.anthropic.com",
            Self::OpenAi | Self::OpenAiChat => "api.openai.com",
            Self::Gemini => "generativelanguage.googleapis.com",
            Self::Bedrock => "bedrock-runtime.eu-central-1.amazonaws.com",
            Self::Azure => "house.openai.azure.com",
            Self::OpenRouter => "openrouter.ai",
            Self::Mistral => "api.mistral.ai",
            Self::DeepSeek => "api.deepseek.com",
            Self::Compatible => "gateway.example",
        }
    }

    /// The part of the base URL's path that clients are set up with.
    fn base_path(self) -> &'static str {
        match self {
            Self::Anthropic | Self::Bedrock | Self::DeepSeek => "",
            Self::Gemini => "/v1beta",
            Self::Azure => "/openai/v1",
            Self::OpenRouter => "/api/v1",
            Self::OpenAi | Self::OpenAiChat | Self::Mistral | Self::Compatible => "/v1",
        }
    }

    /// Closing the connection ends the work, and so the costs.
    pub fn stops_when_closed(self) -> bool {
        !matches!(self, Self::Gemini | Self::Bedrock | Self::Mistral)
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| format!("no provider is called `{name}`"))
    }
}

/// How a double is set up.
pub struct Setup {
    pub kind: Kind,
    pub key: String,
    /// What it answers where no reply was ordered.
    pub text: String,
    /// Shorter prefixes are not kept by its prompt cache, in tokens.
    pub cache_minimum: u64,
    /// Between events of usual answers.
    pub pace: Duration,
    /// Names of the server, and what it shows for them.
    pub tls: Option<tokio_rustls::TlsAcceptor>,
    /// How far the server's clock is ahead, in seconds.
    pub clock_ahead: i64,
    /// 0: any that is free.
    pub port: u16,
}

impl Setup {
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            key: "key-of-the-double".to_owned(),
            text: "The entry point is `main`, in src/main.rs:1. It parses arguments and runs a command.".to_owned(),
            cache_minimum: 512,
            pace: Duration::ZERO,
            tls: None,
            clock_ahead: 0,
            port: 0,
        }
    }
}

/// A running double. It ends when this is dropped.
pub struct Double {
    pub address: SocketAddr,
    pub kind: Kind,
    pub key: String,
    is_tls: bool,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

impl Double {
    pub async fn start(kind: Kind) -> Self {
        Self::with(Setup::new(kind)).await
    }

    pub async fn with(setup: Setup) -> Self {
        let (kind, key, is_tls) = (setup.kind, setup.key.clone(), setup.tls.is_some());
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", setup.port)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared::new(setup));
        let task = tokio::spawn(serve::listen(listener, shared.clone()));
        Self { address, kind, key, is_tls, shared, task }
    }

    /// As it stands in the settings.
    pub fn base_url(&self) -> String {
        let (scheme, host) = if self.is_tls { ("https", "localhost") } else { ("http", "127.0.0.1") };
        format!("{scheme}://{host}:{}{}", self.address.port(), self.kind.base_path())
    }

    /// Orders the next reply; several are given one after the other.
    pub fn reply(&self, reply: Reply) {
        self.shared.order(reply);
    }

    pub fn record(&self) -> Record {
        self.shared.record()
    }

    /// Bytes of streams that were handed to the system by now.
    pub fn sent(&self) -> usize {
        self.shared.sent()
    }

    /// Waits until the record looks like this. Tests bound the time, if at all, from outside.
    pub async fn until(&self, looks_so: impl Fn(&Record) -> bool) -> Record {
        self.shared.until(looks_so).await
    }

    /// Takes back what was ordered and not given.
    pub fn forget_orders(&self) {
        self.shared.forget_orders();
    }

    /// Forgets the prompt cache, as time does.
    pub fn forget(&self) {
        self.shared.forget();
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.task.abort();
    }
}
