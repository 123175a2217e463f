//! Where keys come from: a variable, a command of the user's, or the system's keyring. A source belongs to one endpoint, and an
//! endpoint to one host.
//!
//! What a command or the keyring gave is kept until the provider refuses it; tokens that live for an hour are renewed that way.

mod command;
mod keyring;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use super::key::{AwsKeys, Credentials, Key, KeyError};
use crate::config::{CloudSettings, Environment, ProviderKind, ProviderSettings};
use crate::providers::Endpoint;

/// The keys of all endpoints, looked up when they are needed.
pub struct Keys {
    environment: Arc<Environment>,
    providers: HashMap<String, ProviderSettings>,
    /// By endpoint's name and host: the same name with another host has another key.
    known: Mutex<HashMap<(String, String), Arc<Credentials>>>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys { .. }")
    }
}

impl Keys {
    pub fn new(environment: Arc<Environment>, settings: &CloudSettings) -> Self {
        let providers = settings.providers.iter().map(|(name, provider)| (name.clone(), provider.clone())).collect();
        Self { environment, providers, known: Mutex::default() }
    }

    /// What a request to this endpoint shows. May run a program or wait for the keyring, for 10 s at most.
    pub async fn of(&self, endpoint: &Endpoint) -> Result<Arc<Credentials>, KeyError> {
        let source = self.source(endpoint)?;
        let place = (endpoint.name.clone(), endpoint.host().to_owned());
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&place) {
            return Ok(known.clone());
        }
        let name = &endpoint.name;
        let text = match source {
            Source::Nothing => return Ok(Arc::new(Credentials::Nothing)),
            Source::Variable(variable) => return self.of_variable(endpoint, &variable).map(Arc::new),
            Source::Command(words) => command::run(&words, &self.environment)
                .await
                .map_err(|why| KeyError::Command { provider: name.clone(), why })?,
            Source::Keyring(entry) => keyring::read(&entry).await.map_err(|trouble| match trouble {
                keyring::Trouble::NoEntry(way) => KeyError::NoEntry { entry, way },
                keyring::Trouble::Closed(why) => KeyError::Keyring { provider: name.clone(), why },
            })?,
        };
        let credentials = Arc::new(read(endpoint.kind, text)?);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(place, credentials.clone());
        Ok(credentials)
    }

    /// Where an endpoint's key comes from, and of a variable whether it is set. Runs nothing and asks nobody.
    pub fn place(&self, endpoint: &Endpoint) -> Result<KeyPlace, KeyError> {
        Ok(match self.source(endpoint)? {
            Source::Nothing => KeyPlace::NotNeeded,
            Source::Variable(variable) => {
                let is_set = self.of_variable(endpoint, &variable).is_ok();
                KeyPlace::Variable { variable, is_set }
            }
            Source::Command(words) => KeyPlace::Command { program: words.into_iter().next().unwrap_or_default() },
            Source::Keyring(entry) => KeyPlace::Keyring { entry },
        })
    }

    /// Forgets what a command or the keyring gave. True: there is something to be had anew.
    pub fn forget(&self, endpoint: &Endpoint) -> bool {
        let place = (endpoint.name.clone(), endpoint.host().to_owned());
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&place).is_some()
    }

    fn source(&self, endpoint: &Endpoint) -> Result<Source, KeyError> {
        let provider = || endpoint.name.clone();
        let given =
            |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let settings = self.providers.get(&endpoint.name);
        let mut sources: Vec<Source> = settings
            .into_iter()
            .flat_map(|settings| {
                let command = (!settings.key_command.is_empty()).then(|| Source::Command(settings.key_command.clone()));
                let variable = given(&settings.key_env).map(Source::Variable);
                [variable, command, given(&settings.keyring).map(Source::Keyring)].into_iter().flatten()
            })
            .collect();
        match (sources.pop(), sources.len()) {
            (Some(source), 0) => Ok(source),
            (Some(_), _) => Err(KeyError::TwoSources { provider: provider() }),
            (None, _) => match endpoint.usual_key_env() {
                Some(variable) => Ok(Source::Variable(variable.to_owned())),
                None if !endpoint.needs_key() => Ok(Source::Nothing),
                None => Err(KeyError::NoSource { provider: provider(), host: endpoint.host().to_owned() }),
            },
        }
    }

    fn of_variable(&self, endpoint: &Endpoint, variable: &str) -> Result<Credentials, KeyError> {
        let key = |name: &str| self.environment.get(name).map(|value| Key::new(Zeroizing::new(value.to_owned())));
        if let Some(key) = key(variable) {
            return key.map(Credentials::Key);
        }
        // What AWS's own tools use stands beside the key that is Bedrock's only, unless the user named a variable.
        if endpoint.usual_key_env() == Some(variable)
            && endpoint.kind == ProviderKind::Bedrock
            && let (Some(access), Some(secret)) = (key("AWS_ACCESS_KEY_ID"), key("AWS_SECRET_ACCESS_KEY"))
        {
            let session = key("AWS_SESSION_TOKEN").transpose()?;
            return Ok(Credentials::Aws(AwsKeys { access: access?, secret: secret?, session }));
        }
        Err(KeyError::NoVariable { provider: endpoint.name.clone(), variable: variable.to_owned() })
    }
}

/// The source of a key, without anything of the key. Of a command only the program: an argument may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    NotNeeded,
    Variable { variable: String, is_set: bool },
    Command { program: String },
    Keyring { entry: String },
}

enum Source {
    Nothing,
    Variable(String),
    Command(Vec<String>),
    Keyring(String),
}

/// A key; for Bedrock also the document with keys that AWS's tools print (`aws configure export-credentials`).
fn read(kind: ProviderKind, text: Zeroizing<String>) -> Result<Credentials, KeyError> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Process {
        access_key_id: String,
        secret_access_key: String,
        session_token: Option<String>,
    }
    if kind == ProviderKind::Bedrock && text.trim_start().starts_with('{') {
        let key = |text| Key::new(Zeroizing::new(text));
        let process: Process = serde_json::from_str(&text).map_err(|_| KeyError::NotAKey)?;
        return Ok(Credentials::Aws(AwsKeys {
            access: key(process.access_key_id)?,
            secret: key(process.secret_access_key)?,
            session: process.session_token.map(key).transpose()?,
        }));
    }
    Key::new(text).map(Credentials::Key)
}

#[cfg(test)]
mod tests;
