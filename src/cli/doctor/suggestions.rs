//! A paid service that is to write suggestions: who it is, where its key comes from, and what stands against asking it here. It is
//! not asked.

use super::look::Scene;
use super::report::Section;

#[cfg(not(feature = "cloud"))]
pub fn look(_scene: &Scene, section: &mut Section) -> anyhow::Result<()> {
    let what = "`completion.cloud` is true, and this build opens no connections: nobody is asked for suggestions";
    section.warn("suggestions-off", what, None);
    Ok(())
}

#[cfg(feature = "cloud")]
pub fn look(scene: &Scene, section: &mut Section) -> anyhow::Result<()> {
    use std::sync::Arc;

    use super::cloud::tell_key;
    use super::report::Fix;
    use crate::cli::engines::hosted;
    use crate::cloud::Keys;
    use crate::gate::Withheld;

    let place = match hosted::place(&scene.settings, &scene.loader) {
        Ok(place) => place,
        Err(why) => {
            let fix = Fix::by_hand("correct `completion.cloudProvider` in your config.toml");
            section.warn("suggestions-off", format!("no provider is asked for suggestions: {why}"), fix);
            return Ok(());
        }
    };
    section.fact("suggestions", format!("{} at {}, `{}`", place.provider(), place.host(), place.model()));
    let keys = Keys::new(Arc::new(scene.loader.environment().clone()), &scene.settings.cloud);
    match keys.place(place.endpoint()) {
        Ok(found) => tell_key(section, &found, "suggestions' ", scene.asks_for_keys),
        Err(error) => section.warn("key-missing", error.to_string(), Fix::run("tandem budget explain")),
    }
    match place.look(&scene.folder) {
        Ok((_, true)) => section.fact("allowed here", "yes"),
        Ok((_, false)) => {
            let what = "you have not allowed suggestions of a provider in this folder, so nothing of it goes there";
            section.note("suggestions-not-allowed", what, Fix::run("tandem trust --suggestions"));
        }
        Err(withheld) => {
            let fix = match &withheld {
                Withheld::Untrusted => Fix::run("tandem trust"),
                Withheld::NoMonthlyLimit => Fix::run("tandem budget set \"$20 per month\""),
                _ => Fix::run("tandem budget"),
            };
            section.warn("suggestions-off", format!("no provider is asked for suggestions here: {withheld}"), fix);
        }
    }
    Ok(())
}

#[cfg(all(test, feature = "cloud"))]
mod tests {
    use super::super::look::testing::{ids, scene, write};
    use super::*;
    use crate::privacy::{Fingerprint, Trust};

    const CONFIG: &str =
        "[completion]\ncloud = true\ncloudProvider = \"mistral\"\n[budget]\nlimits = [\"$5 per month\"]\n";

    fn looked(config: &str, trusts: bool) -> Section {
        let place = tempfile::tempdir().unwrap();
        write(place.path(), "home/.config/tandem/config.toml", config);
        let scene = scene(place.path(), &[("MISTRAL_API_KEY", "sk-not-for-you")]);
        if trusts {
            let trust = Trust::new(&scene.loader.paths().state);
            trust.grant(&scene.folder, &Fingerprint::of(&scene.folder)).unwrap();
        }
        let mut section = Section::new("cloud", "Cloud");
        look(&scene, &mut section).unwrap();
        let all = serde_json::to_string(&section).unwrap();
        assert!(!all.contains("not-for-you"), "{all}");
        section
    }

    #[test]
    fn what_stands_against_suggestions_of_a_provider_is_told_with_the_way_out() {
        let section = looked(CONFIG, true);
        assert_eq!(section.facts[0].value, "mistral at api.mistral.ai, `mistral-code-fim-latest`");
        assert_eq!(ids(&section), ["suggestions-not-allowed"], "{section:?}");
        assert_eq!(ids(&looked(CONFIG, false)), ["suggestions-off"]);
        let without_limit = CONFIG.split("[budget]").next().unwrap();
        assert_eq!(ids(&looked(without_limit, true)), ["suggestions-off"]);
        let section = looked(&CONFIG.replace("\"mistral\"", "\"anthropic\""), true);
        assert!(section.findings[0].what.contains("no interface for suggestions"), "{section:?}");
    }
}
