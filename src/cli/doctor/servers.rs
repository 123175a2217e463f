//! Servers with models: the one that is set up, and what listens on the usual ports of this machine. Whether the first is there
//! stands with the model: it is asked as typing would.

use super::look::Scene;
use super::report::Section;

pub fn look(scene: &Scene, section: &mut Section) -> anyhow::Result<()> {
    let server = &scene.settings.engine.server;
    let url = server.url.trim();
    let wanted = if url.is_empty() { "none (engine.server.url is empty)" } else { url };
    section.fact("set up", wanted);
    #[cfg(feature = "cloud")]
    network::look(scene, section)?;
    #[cfg(not(feature = "cloud"))]
    section.fact("found", "this build opens no connections, so nobody was asked");
    Ok(())
}

#[cfg(feature = "cloud")]
mod network {
    use std::sync::Arc;

    use super::{Scene, Section};
    use crate::cli::doctor::cloud::tell_key;
    use crate::cli::doctor::report::Fix;
    use crate::cloud::ServerKeys;
    use crate::engine::http::{Found, detect, title, word};

    pub fn look(scene: &Scene, section: &mut Section) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let url = scene.settings.engine.server.url.trim();
        if !url.is_empty() {
            key(scene, section, &runtime);
        }
        offer(section, &runtime.block_on(detect()), url);
        runtime.shutdown_background();
        Ok(())
    }

    fn key(scene: &Scene, section: &mut Section, runtime: &tokio::runtime::Runtime) {
        let environment = Arc::new(scene.loader.environment().clone());
        let keys = ServerKeys::new(&scene.settings.engine.server, true, &environment);
        let correct = || Fix::by_hand("correct `engine.server` in your config.toml");
        match keys.and_then(|keys| keys.place().map(|place| (keys, place))) {
            Err(why) => section.broken("server-settings", why, correct()),
            Ok((keys, place)) => {
                tell_key(section, &place, "server's ", scene.asks_for_keys);
                if scene.asks_for_keys {
                    match runtime.block_on(keys.has_key()) {
                        Ok(true) => section.fact("server's key was asked for", "there is one"),
                        Ok(false) => {}
                        Err(why) => section.warn("key-missing", why, correct()),
                    }
                }
            }
        }
    }

    /// What to write to use one that is not used yet.
    pub fn offer(section: &mut Section, all: &[Found], set_up: &str) {
        if all.is_empty() {
            section.fact("found", "nobody on this machine's usual ports");
        }
        for found in all {
            let models: Vec<&str> = found.models.iter().map(|model| model.name.as_str()).collect();
            let version = if found.version.is_empty() { String::new() } else { format!(" {}", found.version) };
            let note = found.note.as_ref().map_or_else(String::new, |note| format!("; {note}"));
            let models_shown = if models.is_empty() { "no model listed".to_owned() } else { models.join(", ") };
            section.fact("found", format!("{}{version} at {}: {models_shown}{note}", title(found.kind), found.url));
            let is_set_up = |url: &str| url.trim_end_matches('/') == found.url.trim_end_matches('/');
            if is_set_up(set_up) {
                continue;
            }
            let mut lines =
                format!("engine.server.url = {}\nengine.server.kind = \"{}\"", toml(&found.url), word(found.kind));
            if let Some(model) = models.first() {
                lines += &format!("\nengine.server.model = {}", toml(model));
            }
            let what = format!("{} listens at {} and could write suggestions", title(found.kind), found.url);
            section.note("server-found", what, Some(Fix::Set(lines)));
        }
    }

    /// A text in TOML's quotes.
    fn toml(text: &str) -> String {
        toml_edit::Value::from(text).to_string()
    }

    #[cfg(test)]
    mod tests {
        use super::super::super::look::testing::ids;
        use super::*;
        use crate::engine::http::{Listed, ServerKind};

        #[test]
        fn a_server_that_is_not_used_is_offered_with_the_lines_to_copy() {
            let found = Found {
                kind: ServerKind::Ollama,
                url: "http://127.0.0.1:11434".to_owned(),
                version: "0.9.1".to_owned(),
                models: vec![Listed { name: "qwen2.5-coder:1.5b".to_owned(), ..Listed::default() }],
                note: None,
            };
            let mut section = Section::new("servers", "Servers");
            offer(&mut section, std::slice::from_ref(&found), "");
            assert_eq!(ids(&section), ["server-found"]);
            assert_eq!(section.facts[0].value, "Ollama 0.9.1 at http://127.0.0.1:11434: qwen2.5-coder:1.5b");
            let Some(Fix::Set(lines)) = &section.findings[0].fix else { panic!("{section:?}") };
            insta::assert_snapshot!(lines, @r#"
            engine.server.url = "http://127.0.0.1:11434"
            engine.server.kind = "ollama"
            engine.server.model = "qwen2.5-coder:1.5b"
            "#);
            let place = tempfile::tempdir().unwrap();
            super::super::super::look::testing::write(place.path(), "home/.config/tandem/config.toml", lines);
            let scene = super::super::super::look::testing::scene(place.path(), &[]);
            assert_eq!(scene.settings.engine.server.kind, ServerKind::Ollama, "what is offered can be copied");

            let mut section = Section::new("servers", "Servers");
            offer(&mut section, &[found], "http://127.0.0.1:11434/");
            assert_eq!(ids(&section), [""; 0], "it is used already");
        }
    }
}
