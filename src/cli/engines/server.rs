//! A server that writes, as the user set it up, with the model in this machine behind it.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::Broken;
use crate::config::{Loader, Settings};
use crate::engine::Engine;
use crate::engine::fallback::{Fallback, FallbackParts, Guard, Maker, PATIENCE, ServerSite, SystemClock};

/// The parts that depend on the address.
struct Server {
    site: ServerSite,
    engine: Arc<dyn Engine>,
    /// None for one on this machine.
    guard: Option<Arc<dyn Guard>>,
}

/// What `engine.server` asks for. One that may not be asked is a status with the reason, and the model here writes.
pub fn start(settings: &Settings, loader: &Loader, runtime: &Handle) -> Arc<dyn Engine> {
    let here = settings.engine.server.fallback.then(|| {
        let (settings, paths, runtime) = (settings.clone(), loader.paths().clone(), runtime.clone());
        Box::new(move || super::model(&settings, &paths, &runtime)) as Maker
    });
    let Server { site, engine, guard } = server(settings, loader, runtime).unwrap_or_else(|reason| {
        tracing::warn!(reason, "the server is not asked");
        let site = ServerSite { host: "engine.server".to_owned(), is_on_this_machine: true };
        Server { site, engine: Arc::new(Broken::new("server", reason)), guard: None }
    });
    let clock = Arc::new(SystemClock::default());
    Arc::new(Fallback::new(FallbackParts { site, server: engine, here, guard, patience: PATIENCE, clock }, runtime))
}

#[cfg(not(feature = "cloud"))]
fn server(_settings: &Settings, _loader: &Loader, _runtime: &Handle) -> Result<Server, String> {
    Err("this build opens no connections (it lacks the feature `cloud`), so `engine.server.url` is not asked"
        .to_owned())
}

#[cfg(feature = "cloud")]
fn server(settings: &Settings, loader: &Loader, runtime: &Handle) -> Result<Server, String> {
    use std::time::SystemTime;

    use crate::cloud::ServerKeys;
    use crate::engine::http::{AddressError, HttpConfig, HttpEngine};
    use crate::gate::audit::AuditLog;
    use crate::gate::typing::{TypingGuard, TypingParts, TypingRules};
    use crate::privacy::Trust;
    use crate::providers::is_providers_host;

    let server = &settings.engine.server;
    let environment = Arc::new(loader.environment().clone());
    let model = Some(server.model.trim()).filter(|model| !model.is_empty()).map(str::to_owned);
    let config = HttpConfig {
        model,
        is_local: server.is_local == Some(true),
        environment: environment.clone(),
        ca_file: settings.cloud.ca_file.clone(),
        context_tokens: settings.engine.context_tokens,
        keep_minutes: u32::try_from(settings.engine.unload_minutes).unwrap_or(u32::MAX),
        ..HttpConfig::new(server.kind, server.url.trim())
    };
    let address = config.address().map_err(|error| match error {
        AddressError::NotYours(host) => not_yours(&host),
        error => error.to_string(),
    })?;
    if is_providers_host(address.host()) {
        return Err(not_yours(address.host()));
    }
    let is_on_this_machine = address.is_loopback();
    let keys = ServerKeys::new(server, true, &environment)?;
    let host = keys.host().to_owned();
    let site = ServerSite { host: host.clone(), is_on_this_machine };
    let guard = (!is_on_this_machine).then(|| {
        let paths = loader.paths();
        let days = loader.load(&[], None).user.privacy.audit_days;
        let parts = TypingParts {
            host,
            session: crate::session::questions::run_number(),
            rules: TypingRules::of(settings),
            trust: Trust::new(&paths.state),
            audit: Arc::new(AuditLog::new(paths.audit_file(), days)),
            clock: Arc::new(SystemTime::now),
        };
        Arc::new(TypingGuard::new(parts)) as Arc<dyn Guard>
    });
    let engine = Arc::new(HttpEngine::new(config, Arc::new(keys), runtime));
    Ok(Server { site, engine, guard })
}

/// Nothing that is typed goes to a service on this way: there is a budget before those.
#[cfg(feature = "cloud")]
fn not_yours(host: &str) -> String {
    format!(
        "{host} is neither this machine nor a machine of yours, so `engine.server` does not go there. A machine of yours wants \
         `engine.server.isLocal`; a provider is asked for suggestions by `completion.cloud` and `completion.cloudProvider`, \
         within your limits"
    )
}
