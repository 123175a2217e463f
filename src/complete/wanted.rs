//! Whether the user wants to see a suggestion in this document now: asked before anything is looked up, remembered answers
//! included.

use super::{Reason, Request, Trigger};
use crate::config::{CompletionSettings, TriggerMode};
use crate::privacy::PathPatterns;

/// A pause that the user made. Typing gets nothing while it lasts; who asks by key wants an answer and gets one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paused {
    /// Minutes until it ends by itself, rounded up; None until it is ended by a command.
    pub minutes_left: Option<u64>,
}

/// What is to be looked at.
#[derive(Clone, Copy, Debug)]
struct Wish<'a> {
    language: &'a str,
    /// From the workspace folder, with `/`.
    path: &'a str,
    trigger: Trigger,
    settings: &'a CompletionSettings,
    disabled_paths: &'a PathPatterns,
    paused: Option<Paused>,
}

/// Why this request is to be answered with nothing, as far as the user's wishes say.
pub fn check(request: &Request) -> Result<(), Reason> {
    check_wish(Wish {
        language: request.document.language_id(),
        path: &request.path,
        trigger: request.trigger,
        settings: &request.settings.completion,
        disabled_paths: &request.disabled_paths,
        paused: request.paused,
    })
}

fn check_wish(wish: Wish<'_>) -> Result<(), Reason> {
    let settings = wish.settings;
    if !settings.enabled {
        return Err(Reason::Disabled);
    }
    if settings.disabled_languages.iter().any(|disabled| disabled == wish.language) {
        return Err(Reason::LanguageDisabled(wish.language.to_owned()));
    }
    if let Some(pattern) = wish.disabled_paths.naming(wish.path) {
        return Err(Reason::PathDisabled { path: wish.path.to_owned(), pattern: pattern.to_owned() });
    }
    if wish.trigger == Trigger::Invoked {
        return Ok(());
    }
    if let Some(Paused { minutes_left }) = wish.paused {
        return Err(Reason::Paused { minutes_left });
    }
    if settings.trigger == TriggerMode::Manual {
        return Err(Reason::Manual);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(trigger: Trigger, settings: &CompletionSettings, paused: Option<Paused>) -> Result<(), Reason> {
        let disabled_paths = &PathPatterns::new(&settings.disabled_paths);
        check_wish(Wish { language: "rust", path: "src/a.rs", trigger, settings, disabled_paths, paused })
    }

    #[test]
    fn settings_switch_it_off_for_keys_too() {
        for trigger in [Trigger::Automatic, Trigger::Invoked] {
            let mut settings = CompletionSettings { enabled: false, ..CompletionSettings::default() };
            assert_eq!(check(trigger, &settings, None), Err(Reason::Disabled));
            settings.enabled = true;
            settings.disabled_languages = vec!["rust".to_owned()];
            assert_eq!(check(trigger, &settings, None), Err(Reason::LanguageDisabled("rust".to_owned())));
            settings.disabled_languages.clear();
            settings.disabled_paths = vec!["src/".to_owned()];
            let named = Reason::PathDisabled { path: "src/a.rs".to_owned(), pattern: "src/".to_owned() };
            assert_eq!(check(trigger, &settings, None), Err(named));
            settings.disabled_paths.push("!src/".to_owned());
            assert_eq!(check(trigger, &settings, None), Ok(()));
        }
    }

    #[test]
    fn a_pause_and_the_manual_mode_leave_keys_alone() {
        let manual = CompletionSettings { trigger: TriggerMode::Manual, ..CompletionSettings::default() };
        let pause = Some(Paused { minutes_left: Some(3) });
        assert_eq!(check(Trigger::Automatic, &manual, None), Err(Reason::Manual));
        assert_eq!(check(Trigger::Automatic, &manual, pause), Err(Reason::Paused { minutes_left: Some(3) }));
        assert_eq!(check(Trigger::Invoked, &manual, pause), Ok(()));
    }
}
