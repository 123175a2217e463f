//! The settings in effect, and what of them is ignored.

use serde_json::Value;

use super::look::Scene;
use super::report::{Fix, Section};
use crate::config::{KEYS, Settings};

pub fn look(scene: &Scene, section: &mut Section) -> anyhow::Result<()> {
    let loader = &scene.loader;
    let user_file = loader.paths().user_file(loader.environment());
    // What is shown as set must have been set by somebody: without this command's own defaults.
    let shown = loader.clone().with_defaults(Value::Null).load(std::slice::from_ref(&scene.folder), None);
    if !shown.files.contains(&user_file) {
        section.fact("your file", format!("{} (none, or not usable)", user_file.display()));
    }
    for file in &shown.files {
        section.fact("file in effect", file.display().to_string());
    }
    for (key, value) in changed(&shown.settings) {
        section.fact("not default", format!("{key} = {value}"));
    }
    for problem in &shown.problems {
        section.fact("ignored", problem.to_string());
        let place = format!("correct or remove it: {}", problem.origin);
        section.broken("setting-ignored", format!("a setting is ignored: {problem}"), Fix::by_hand(place));
    }
    Ok(())
}

/// Keys whose value is not the default. Words of commands and headers may be secrets, so of what can hold one only that it is
/// set is told.
fn changed(settings: &Settings) -> Vec<(&'static str, Value)> {
    let json = |settings: &Settings| serde_json::to_value(settings).unwrap_or_default();
    let (now, default) = (json(settings), json(&Settings::default()));
    let at = |root: &Value, path: &str| path.split('.').try_fold(root.clone(), |value, name| value.get(name).cloned());
    KEYS.iter()
        .filter_map(|key| Some((key.path, at(&now, key.path)?)))
        .filter(|(path, value)| at(&default, path).as_ref() != Some(value))
        .map(|(path, value)| {
            let may_hold_secret = matches!(path, "cloud.providers" | "budget.ledger" | "engine.server.keyCommand");
            (path, if may_hold_secret { Value::String("(set)".to_owned()) } else { value })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::look::testing::{ids, scene, write};
    use super::*;

    fn looked(text: &str) -> Section {
        let place = tempfile::tempdir().unwrap();
        write(place.path(), "home/.config/tandem/config.toml", text);
        let mut section = Section::new("settings", "Settings");
        look(&scene(place.path(), &[]), &mut section).unwrap();
        section
    }

    #[test]
    fn what_is_set_is_shown_and_what_is_ignored_is_broken() {
        let section = looked("[completion]\nmaxLines = 3\nmaxLine = 3\n");
        assert_eq!(ids(&section), ["setting-ignored"]);
        let shown: Vec<&str> = section.facts.iter().map(|fact| fact.value.as_str()).collect();
        assert!(shown.contains(&"completion.maxLines = 3"), "{shown:?}");
    }

    #[test]
    fn what_may_hold_a_secret_is_not_shown() {
        let section = looked("[engine.server]\nkeyCommand = [\"echo\", \"sk-not-for-you\"]\n");
        let all = serde_json::to_string(&section).unwrap();
        assert!(all.contains("engine.server.keyCommand") && !all.contains("not-for-you"), "{all}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_no_toml_is_broken() {
        let section = looked("[completion\n");
        assert_eq!(ids(&section), ["setting-ignored"]);
    }
}
