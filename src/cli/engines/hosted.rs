//! A paid service that writes suggestions, as the user set it up, with the server or the model of theirs behind it.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::Broken;
use crate::config::{EngineChoice, Loader, Settings};
use crate::engine::Engine;
use crate::engine::fallback::{Fallback, FallbackParts, Maker, PATIENCE, ServerSite, SystemClock};

/// How much longer than its own pause a service may be silent: its first word comes over a network, and has been paid for.
const NETWORK_PATIENCE: std::time::Duration = std::time::Duration::from_millis(1_500);

/// What `completion.cloud` asks for. One that may not be asked is a status with the reason, and what is behind it writes.
pub fn start(settings: &Settings, loader: &Loader, runtime: &Handle) -> Arc<dyn Engine> {
    let here = (settings.engine.choice != EngineChoice::Lookup).then(|| {
        let (settings, loader, runtime) = (settings.clone(), loader.clone(), runtime.clone());
        Box::new(move || super::own(&settings, &loader, &runtime)) as Maker
    });
    let (site, server) = service(settings, loader, runtime).unwrap_or_else(|reason| {
        tracing::warn!(reason, "no provider is asked for suggestions");
        let host = settings.completion.cloud_provider(&settings.cloud);
        let host = if host.is_empty() { "completion.cloud".to_owned() } else { host };
        (ServerSite { host, is_on_this_machine: false }, Arc::new(Broken::new("hosted", reason)) as Arc<dyn Engine>)
    });
    let patience = std::time::Duration::from_millis(settings.completion.cloud_debounce_ms) + NETWORK_PATIENCE;
    let clock = Arc::new(SystemClock::default());
    let parts = FallbackParts { site, server, here, guard: None, patience: patience.max(PATIENCE), clock };
    Arc::new(Fallback::new(parts, runtime))
}

#[cfg(not(feature = "cloud"))]
fn service(_settings: &Settings, _loader: &Loader, _runtime: &Handle) -> Result<(ServerSite, Arc<dyn Engine>), String> {
    Err("this build opens no connections (it lacks the feature `cloud`), so `completion.cloud` asks nobody".to_owned())
}

#[cfg(feature = "cloud")]
fn service(settings: &Settings, loader: &Loader, runtime: &Handle) -> Result<(ServerSite, Arc<dyn Engine>), String> {
    use crate::hosted::HostedEngine;

    let place = place(settings, loader)?;
    let site = ServerSite { host: place.host().to_owned(), is_on_this_machine: place.endpoint().is_on_this_machine() };
    let debounce = std::time::Duration::from_millis(settings.completion.cloud_debounce_ms);
    let engine = HostedEngine::new(place, debounce, Arc::new(SystemClock::default()), runtime);
    Ok((site, Arc::new(engine)))
}

/// Who is asked, and what a prompt passes on its way there. Opens nothing. An error is a sentence.
#[cfg(feature = "cloud")]
pub fn place(settings: &Settings, loader: &Loader) -> Result<crate::hosted::Place, String> {
    use std::time::SystemTime;

    use crate::budget::{Calibration, Clock, Limits, PriceTable, open_ledger};
    use crate::cloud::Setup;
    use crate::gate::audit::AuditLog;
    use crate::hosted::{HostedParts, Place, TIMEOUTS};

    let paths = loader.paths().clone();
    // What a folder says may only forbid more.
    let user = loader.load(&[], None).user;
    let (budget, opening) = (settings.budget.clone(), paths.clone());
    let parts = HostedParts {
        has_monthly_limit: Limits::read(&user.budget.limits).has_monthly(),
        state: paths.state.clone(),
        consents: paths.consents_file(),
        environment: Arc::new(loader.environment().clone()),
        ledger: Arc::new(move || open_ledger(&budget, &opening, Clock::system())),
        audit: Arc::new(AuditLog::new(paths.audit_file(), user.privacy.audit_days)),
        prices: Arc::new(PriceTable::load(&paths.prices_file())),
        calibration: Arc::new(Calibration::load(&paths.token_counts_file())),
        session: crate::session::questions::run_number(),
        clock: Arc::new(SystemTime::now),
        settings: settings.clone(),
    };
    Place::new(parts, Setup { timeouts: TIMEOUTS, ..Setup::default() })
}
