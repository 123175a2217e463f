//! What an engine over HTTP is made of.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Address, AddressError, ServerKind};
use crate::config::Environment;

/// How long is waited for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection to this machine or to one of the user's. Short: the model in this machine waits behind it.
    pub connect: Duration,
    /// For a connection to anybody else's.
    pub connect_far: Duration,
    /// For the next byte of an answer. A long prompt on a slow machine is silent for seconds; a model that is being loaded longer.
    pub idle: Duration,
    /// For all of an answer.
    pub total: Duration,
    /// For the answer to a small question, such as which models there are.
    pub question: Duration,
    /// Between two looks at a server that is down: the first pause and the longest; it doubles.
    pub pause: Duration,
    pub longest_pause: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_millis(700),
            connect_far: Duration::from_secs(5),
            idle: Duration::from_secs(60),
            total: Duration::from_secs(180),
            question: Duration::from_secs(5),
            pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(30),
        }
    }
}

/// One server, as the user set it up.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    pub kind: ServerKind,
    /// `engine.server.url`.
    pub url: String,
    /// As the server names it; None takes the one that fits best of those there are.
    pub model: Option<String>,
    /// `engine.server.isLocal`: another machine that is the user's.
    pub is_local: bool,
    /// `completion.cloud`: a server that is neither here nor the user's may be asked all the same. Who sets it has a gate before it.
    pub may_leave: bool,
    /// The proxy variables are in it.
    pub environment: Arc<Environment>,
    /// `cloud.caFile`: certificates in PEM beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Tokens of context that a server is asked to make room for, where it asks (Ollama); 0 takes 4096, which holds the usual budgets.
    pub context_tokens: u32,
    /// For how long a server is asked to keep the model in memory, where it asks (Ollama); 0 for good.
    pub keep_minutes: u32,
    /// Try the model on known holes when it is first reached. Never done where tokens cost something.
    pub self_test: bool,
    pub timeouts: Timeouts,
}

impl HttpConfig {
    /// What the settings say of a server, with all else as usual.
    pub fn new(kind: ServerKind, url: &str) -> Self {
        Self {
            kind,
            url: url.to_owned(),
            model: None,
            is_local: false,
            may_leave: false,
            environment: Arc::default(),
            ca_file: None,
            context_tokens: 0,
            keep_minutes: 30,
            self_test: true,
            timeouts: Timeouts::default(),
        }
    }

    /// Where it is, if code may go there.
    pub fn address(&self) -> Result<Address, AddressError> {
        let address = Address::parse(&self.url, self.is_local)?;
        if address.is_loopback() || self.is_local || self.may_leave {
            return Ok(address);
        }
        Err(AddressError::NotYours(address.host().to_owned()))
    }

    /// On this machine or on one of the user's. False also where there is no good address.
    pub fn is_yours(&self) -> bool {
        self.address().is_ok_and(|address| address.is_loopback() || self.is_local)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_goes_to_other_machines_only_where_the_user_said_so() {
        let mut config = HttpConfig::new(ServerKind::Mistral, "https://api.mistral.ai");
        assert_eq!(config.address(), Err(AddressError::NotYours("api.mistral.ai".to_owned())));
        config.may_leave = true;
        assert!(config.address().is_ok() && !config.is_yours());
        let mut team = HttpConfig::new(ServerKind::Vllm, "https://gpu.example");
        team.is_local = true;
        assert!(team.is_yours());
        assert!(HttpConfig::new(ServerKind::Ollama, "localhost:11434").is_yours());
    }
}
