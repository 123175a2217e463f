//! Cloud models: who is asked, where the key comes from, what it may cost, and whether the ledger's clock is right. The provider is
//! not asked, and no key is shown.

use super::look::Scene;
use super::report::{Fix, Section};
use crate::budget::WindowState;
use crate::cli::budget::state::{Books, State};

pub fn look(scene: &Scene, section: &mut Section) -> anyhow::Result<()> {
    let cloud = &scene.settings.cloud;
    let is_shared = !scene.settings.budget.ledger.is_empty();
    if !cloud.enabled {
        section.fact("cloud", "switched off: no cloud model is asked");
    } else if cloud.provider.is_empty() {
        section.fact("cloud", "nobody is set up (cloud.provider is empty): no cloud model is asked");
    }
    if is_shared {
        section.fact("ledger", "a database, which is not asked here; `tandem budget` asks it");
    } else {
        let state = State::load(&scene.loader, Some(&scene.folder))?;
        if scene.wants_cloud() {
            section.fact("provider", who(&state));
            conditions(section, &state);
        }
        ledger(section, &state, scene.wants_cloud());
    }
    #[cfg(feature = "cloud")]
    if scene.wants_cloud() {
        keys::look(scene, section)?;
    }
    if scene.settings.completion.cloud {
        super::suggestions::look(scene, section)?;
    }
    Ok(())
}

fn who(state: &State) -> String {
    let cloud = &state.settings.cloud;
    match &state.endpoint {
        Ok(Some(endpoint)) => format!("{} at {}, `{}`", endpoint.name, endpoint.host(), cloud.model),
        Ok(None) => "none".to_owned(),
        Err(problem) => problem.clone(),
    }
}

fn conditions(section: &mut Section, state: &State) {
    for (_, sentence) in state.conditions().into_iter().filter(|(holds, _)| !holds) {
        // What is wrong with the ledger is told beside the ledger.
        if matches!(&state.books, Books::Broken(error) if error.to_string() == sentence) {
            continue;
        }
        let fix = if sentence.contains("monthly limit") {
            Fix::run("tandem budget set \"$20 per month\"")
        } else {
            Fix::run("tandem budget explain")
        };
        section.warn("cloud-incomplete", format!("no cloud model is asked: {sentence}"), fix);
    }
}

fn ledger(section: &mut Section, state: &State, is_on: bool) {
    if let Books::None = state.books {
        section.fact("ledger", "none yet: nothing was ever asked");
    }
    match state.windows() {
        Ok(windows) => standing(section, &windows),
        Err(error) => {
            section.fact("ledger", "cannot be used");
            let what = format!("the ledger cannot be used, so no cloud model is asked: {error}");
            let fix = Fix::run("tandem budget --repair");
            if is_on {
                section.broken("ledger-unusable", what, fix)
            } else {
                section.warn("ledger-unusable", what, fix)
            }
        }
    }
}

/// Limits, and the clock that they go by.
fn standing(section: &mut Section, windows: &[WindowState]) {
    for window in windows {
        section.fact("limit", format!("{}: {} % spent", window.limit, window.percent()));
        if window.percent() >= 100 {
            let what = format!("the limit `{}` is used up", window.limit);
            section.note("limit-used-up", what, Fix::run("tandem budget explain"));
        }
    }
    if let Some(problem) = windows.iter().find_map(WindowState::clock_problem) {
        section.warn("clock-behind", problem, Fix::run("tandem budget --trust-clock"));
    }
}

#[cfg(feature = "cloud")]
mod keys {
    use std::sync::Arc;

    use super::{Fix, Scene, Section};
    use crate::cloud::{Credentials, KeyPlace, Keys};
    use crate::providers::Endpoint;

    pub fn look(scene: &Scene, section: &mut Section) -> anyhow::Result<()> {
        let Ok(Some(endpoint)) = Endpoint::chosen(&scene.settings.cloud) else { return Ok(()) };
        let keys = Keys::new(Arc::new(scene.loader.environment().clone()), &scene.settings.cloud);
        match keys.place(&endpoint) {
            Ok(place) => tell(section, &place, "", scene.asks_for_keys),
            Err(error) => section.warn("key-missing", error.to_string(), Fix::run("tandem budget explain")),
        }
        if scene.asks_for_keys {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            match runtime.block_on(keys.of(&endpoint)).as_deref() {
                Ok(Credentials::Nothing) => {}
                Ok(_) => section.fact("key was asked for", "there is one"),
                Err(error) => section.warn("key-missing", error.to_string(), None),
            }
            runtime.shutdown_background();
        }
        Ok(())
    }

    /// `of`: whose key, where it is not the provider's.
    pub fn tell(section: &mut Section, place: &KeyPlace, of: &str, asks: bool) {
        let name = format!("{of}key");
        let more = if asks { "" } else { "; --keys asks it" };
        match place {
            KeyPlace::NotNeeded => section.fact(name, "none is shown"),
            KeyPlace::Variable { variable, is_set: true } => section.fact(name, format!("in the variable {variable}")),
            KeyPlace::Variable { variable, .. } => {
                section.fact(name, format!("should be in the variable {variable}, which is not set here"));
                let what = format!("the variable {variable} with the {of}key is not set, here at least");
                section.warn(
                    "key-missing",
                    what,
                    Fix::run(format!("export {variable}=…   # where the editor is started")),
                );
            }
            KeyPlace::Command { program } => section.fact(name, format!("from the command `{program}`{more}")),
            KeyPlace::Keyring { entry } => section.fact(name, format!("from the keyring's entry `{entry}`{more}")),
        }
    }
}

#[cfg(feature = "cloud")]
pub use keys::tell as tell_key;

#[cfg(test)]
mod tests {
    use super::super::look::testing::{ids, scene, write};
    use super::*;

    fn window(limit: &str, settled: u64, clock_is_behind: u64) -> WindowState {
        WindowState { limit: limit.parse().unwrap(), settled, open: 0, resets_at: None, clock_is_behind }
    }

    fn looked(config: &str, variables: &[(&str, &str)]) -> Section {
        let place = tempfile::tempdir().unwrap();
        write(place.path(), "home/.config/tandem/config.toml", config);
        let mut section = Section::new("cloud", "Cloud");
        look(&scene(place.path(), variables), &mut section).unwrap();
        section
    }

    #[test]
    fn who_uses_no_cloud_is_told_nothing_of_it() {
        let section = looked("", &[]);
        assert_eq!(ids(&section), [""; 0]);
        assert_eq!(section.facts[0].value, "nobody is set up (cloud.provider is empty): no cloud model is asked");
        let off = looked("[cloud]\nenabled = false\nprovider = \"anthropic\"\n", &[]);
        assert_eq!(ids(&off), [""; 0]);
        assert_eq!(off.facts[0].value, "switched off: no cloud model is asked");
    }

    #[test]
    fn a_clock_that_is_behind_is_found() {
        let mut section = Section::new("cloud", "Cloud");
        standing(&mut section, &[window("$20 per month", 0, 59)]);
        assert_eq!(ids(&section), [""; 0]);
        standing(&mut section, &[window("$20 per month", 0, 7_200), window("$1 per day", 0, 7_200)]);
        assert_eq!(ids(&section), ["clock-behind"]);
        assert_eq!(section.findings[0].fix, Fix::run("tandem budget --trust-clock"));
    }

    #[test]
    fn a_limit_that_is_used_up_is_found() {
        let mut section = Section::new("cloud", "Cloud");
        standing(&mut section, &[window("100 tokens per day", 100, 0)]);
        assert_eq!(ids(&section), ["limit-used-up"]);
    }

    #[cfg(feature = "cloud")]
    #[test]
    fn a_key_is_told_of_and_never_shown() {
        let config =
            "[cloud]\nenabled = true\nprovider = \"anthropic\"\nmodel = \"m\"\n[budget]\nlimits = [\"$1 per month\"]\n";
        let section = looked(config, &[("ANTHROPIC_API_KEY", "sk-not-for-you")]);
        let all = serde_json::to_string(&section).unwrap();
        assert!(all.contains("in the variable ANTHROPIC_API_KEY") && !all.contains("not-for-you"), "{all}");
        assert_eq!(ids(&section), [""; 0], "{all}");
        assert_eq!(ids(&looked(config, &[])), ["key-missing"]);
        let without_limit = looked(&config[..config.find("[budget]").unwrap()], &[("ANTHROPIC_API_KEY", "sk-x")]);
        assert_eq!(ids(&without_limit), ["cloud-incomplete"]);
    }

    #[cfg(all(feature = "cloud", unix))]
    #[test]
    fn no_command_is_run_unless_it_was_asked_for() {
        let place = tempfile::tempdir().unwrap();
        let mark = place.path().join("was-run");
        let config = format!(
            "[cloud]\nenabled = true\nprovider = \"anthropic\"\nmodel = \"m\"\n[cloud.providers.anthropic]\nkeyCommand = \
             [\"/bin/sh\", \"-c\", \"echo sk-secret-word; touch {}\"]\n[budget]\nlimits = [\"$1 per month\"]\n",
            mark.display()
        );
        write(place.path(), "home/.config/tandem/config.toml", &config);
        let mut scene = scene(place.path(), &[]);
        let mut section = Section::new("cloud", "Cloud");
        look(&scene, &mut section).unwrap();
        assert!(!mark.exists());
        let all = serde_json::to_string(&section).unwrap();
        assert!(all.contains("from the command `/bin/sh`; --keys asks it"), "{all}");
        scene.asks_for_keys = true;
        let mut section = Section::new("cloud", "Cloud");
        look(&scene, &mut section).unwrap();
        assert!(mark.exists());
        let all = serde_json::to_string(&section).unwrap();
        assert!(all.contains("there is one") && !all.contains("secret-word"), "{all}");
    }

    #[test]
    fn a_ledger_that_is_none_is_broken_where_it_is_needed() {
        let place = tempfile::tempdir().unwrap();
        write(
            place.path(),
            "home/.local/state/tandem/ledger.db",
            "this is no database, though it is long enough to be one",
        );
        let mut scene = scene(place.path(), &[]);
        let mut section = Section::new("cloud", "Cloud");
        look(&scene, &mut section).unwrap();
        assert_eq!(section.findings[0].severity, super::super::report::Severity::Warning);
        scene.settings.cloud.provider = "anthropic".to_owned();
        let mut section = Section::new("cloud", "Cloud");
        look(&scene, &mut section).unwrap();
        assert!(ids(&section).contains(&"ledger-unusable"), "{section:?}");
        assert!(section.findings.iter().any(|finding| finding.severity == super::super::report::Severity::Broken));
    }
}
