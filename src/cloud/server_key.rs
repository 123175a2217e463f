//! The key of a server of the user's that writes suggestions. It comes from where keys of providers come from, and is shown to
//! its own host alone.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use zeroize::Zeroizing;

use super::key::Credentials;
use super::keys::{KeyPlace, Keys};
use crate::config::{CloudSettings, Environment, ProviderKind, ProviderSettings, ServerSettings};
use crate::engine::http::{KeySource, ServerKey};
use crate::providers::Endpoint;

/// What stands for the server where providers have names.
const NAME: &str = "engine.server";

/// See the room.
pub struct ServerKeys {
    keys: Keys,
    endpoint: Endpoint,
}

impl ServerKeys {
    /// Reads the address as strictly as those of providers: what is taken for the host here is what every client takes for it.
    /// `is_local`: on this machine, or on another one that is the user's. An error is a sentence.
    pub fn new(settings: &ServerSettings, is_local: bool, environment: &Arc<Environment>) -> Result<Self, String> {
        let url = settings.url.trim();
        let spelled = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let has_key = settings.key_env.is_some() || settings.keyring.is_some() || !settings.key_command.is_empty();
        let of = |url: &str| {
            let provider = ProviderSettings {
                kind: Some(ProviderKind::Compatible),
                base_url: Some(url.to_owned()),
                is_local: Some(is_local),
                key_env: settings.key_env.clone(),
                key_command: settings.key_command.clone(),
                keyring: settings.keyring.clone(),
                ..ProviderSettings::default()
            };
            Endpoint::of(NAME, &provider).map(|endpoint| (endpoint, provider)).map_err(|error| in_its_words(&error))
        };
        let (endpoint, provider) = match (of(&spelled), spelled.strip_prefix("http://")) {
            // Plain http to a machine of the user's own is theirs to decide, but a key would be everybody's on the way.
            (Err(_), Some(rest)) if is_local && !has_key => of(&format!("https://{rest}"))?,
            (Err(_), Some(_)) if is_local => {
                return Err(
                    "`engine.server.url` is plain http to another machine, where a key can be read on the way: use \
                            https, or ask without a key"
                        .to_owned(),
                );
            }
            (read, _) => read?,
        };
        let cloud = CloudSettings { providers: [(NAME.to_owned(), provider)].into(), ..CloudSettings::default() };
        Ok(Self { keys: Keys::new(environment.clone(), &cloud), endpoint })
    }

    /// Host, and port where it is not the scheme's own.
    pub fn host(&self) -> &str {
        self.endpoint.host()
    }
}

impl ServerKeys {
    /// Where its key comes from; runs nothing. An error is a sentence.
    pub fn place(&self) -> Result<KeyPlace, String> {
        self.keys.place(&self.endpoint).map_err(|error| in_its_words(&error.to_string()))
    }

    /// Whether its source gives a key: may run a program or wait for the keyring. An error is a sentence.
    pub async fn has_key(&self) -> Result<bool, String> {
        let found = self.keys.of(&self.endpoint).await;
        found.map(|key| matches!(*key, Credentials::Key(_))).map_err(|error| in_its_words(&error.to_string()))
    }
}

impl KeySource for ServerKeys {
    fn key<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Option<ServerKey>, String>> {
        Box::pin(async move {
            let own = self.endpoint.host();
            let bare = own.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
            if host != own && bare.is_none_or(|(name, _)| name != host) {
                return Err("a key belongs to one host".to_owned());
            }
            match &*self.keys.of(&self.endpoint).await.map_err(|error| in_its_words(&error.to_string()))? {
                Credentials::Key(key) => Ok(ServerKey::new(Zeroizing::new(key.reveal().to_owned()))),
                Credentials::Nothing | Credentials::Aws(_) => Ok(None),
            }
        })
    }

    fn forget(&self) -> bool {
        self.keys.forget(&self.endpoint)
    }
}

/// A sentence about a provider's settings, about the server's.
fn in_its_words(sentence: &str) -> String {
    sentence
        .replace(&format!("cloud.providers.{NAME}.baseUrl"), "engine.server.url")
        .replace(&format!("cloud.providers.{NAME}"), NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str) -> ServerSettings {
        ServerSettings { url: url.to_owned(), ..ServerSettings::default() }
    }

    fn keys(settings: &ServerSettings, is_local: bool, variables: &[(&str, &str)]) -> Result<ServerKeys, String> {
        ServerKeys::new(settings, is_local, &Arc::new(Environment::of(variables)))
    }

    #[tokio::test]
    async fn a_key_goes_to_its_own_host() {
        let settings = ServerSettings { key_env: Some("BOX_KEY".to_owned()), ..server("https://GPU.example:8443/v1") };
        let found = keys(&settings, true, &[("BOX_KEY", "sk-not-for-you"), ("OPENAI_API_KEY", "sk-other")]).unwrap();
        assert_eq!(found.host(), "gpu.example:8443");
        assert!(found.key("gpu.example").await.unwrap().is_some() && found.key("gpu.example:8443").await.is_ok());
        for host in ["example", "gpu.example.evil", "gpu.example:8444", ""] {
            assert!(found.key(host).await.is_err(), "{host}");
        }
        let none = keys(&server("https://gpu.example"), true, &[("OPENAI_API_KEY", "sk-other")]).unwrap();
        assert!(none.key("gpu.example").await.unwrap().is_none(), "no usual variable's key for a server of the user's");
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_of_the_server_s_own_settings() {
        let settings = ServerSettings { key_env: Some("BOX_KEY".to_owned()), ..server("https://gpu.example") };
        let error = keys(&settings, true, &[]).unwrap().key("gpu.example").await.err().unwrap();
        assert!(error.contains("`BOX_KEY` is not set") && error.contains("`engine.server`"), "{error}");
        let two = ServerSettings { keyring: Some("box".to_owned()), ..settings };
        let error = keys(&two, true, &[("BOX_KEY", "k")]).unwrap().key("gpu.example").await.err().unwrap();
        assert!(error.contains("`engine.server` names more than one source"), "{error}");
        for (url, part) in [
            ("https://user:password@gpu.example", "`engine.server.url`: the address holds a name or password"),
            ("https://gpu.example?key=1", "`engine.server.url`: the address has a query"),
            ("https://0x7f.1", "`engine.server.url`"),
            ("ftp://gpu.example", "`engine.server.url`"),
        ] {
            let error = keys(&server(url), true, &[]).err().unwrap();
            assert!(
                error.contains(part) && !error.contains("cloud.providers") && !error.contains("password@"),
                "{error}"
            );
        }
    }

    #[test]
    fn no_key_goes_in_plain_text_to_another_machine() {
        let plain = server("http://10.0.0.5:8080");
        assert_eq!(keys(&plain, true, &[]).map(|keys| keys.host().to_owned()), Ok("10.0.0.5:8080".to_owned()));
        let with_key = ServerSettings { key_env: Some("BOX_KEY".to_owned()), ..plain.clone() };
        let error = keys(&with_key, true, &[("BOX_KEY", "k")]).err().unwrap();
        assert!(error.contains("can be read on the way"), "{error}");
        assert!(keys(&plain, false, &[]).is_err(), "not the user's");
        let here = ServerSettings { key_env: Some("BOX_KEY".to_owned()), ..server("localhost:8080") };
        assert_eq!(keys(&here, true, &[]).map(|keys| keys.host().to_owned()), Ok("localhost:8080".to_owned()));
    }
}
