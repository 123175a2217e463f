//! How far a yes reaches.

use super::*;

fn previewed(scene: &Scene, pieces: Vec<Piece>) -> (Arc<ClearedPrompt>, Preview) {
    let prompt = scene.cleared(&draft(cloud(), pieces));
    let preview = scene.door().preview(&prompt).unwrap();
    (prompt, preview)
}

fn why(remembered: Remembered) -> (Option<String>, bool) {
    match remembered {
        Remembered::Ask { why, may_remember } => (why, may_remember),
        Remembered::Yes(_) => panic!("it was allowed"),
    }
}

#[test]
fn a_yes_is_for_one_content_at_one_destination() {
    let scene = Scene::new();
    let door = scene.door();
    let (prompt, preview) = previewed(&scene, vec![words("one")]);
    let (other, _) = previewed(&scene, vec![words("two")]);
    let elsewhere = scene.cleared(&Draft {
        endpoint: Arc::new(Endpoint { base_url: "https://api.anthropic.com.example".into(), ..cloud() }),
        ..draft(cloud(), vec![words("one")])
    });
    let consent = Consent::once(&preview);
    assert_eq!(door.reserve(other, &consent, 1).unwrap_err(), Withheld::NoConsent);
    assert_eq!(door.reserve(elsewhere, &consent, 1).unwrap_err(), Withheld::NoConsent);
    drop(door.reserve(prompt, &consent, 1).unwrap());
}

#[test]
fn a_yes_is_for_one_question_with_its_retries() {
    let scene = Scene::new();
    let door = scene.door();
    let (prompt, preview) = previewed(&scene, vec![]);
    let consent = Consent::once(&preview);
    let reserve = |attempt| door.reserve(prompt.clone(), &consent, attempt).map(drop);
    assert_eq!(reserve(0), Err(Withheld::NoConsent));
    assert_eq!(reserve(2), Err(Withheld::NoConsent));
    assert_eq!(reserve(1), Ok(()));
    assert_eq!(reserve(1), Err(Withheld::NoConsent));
    assert_eq!((reserve(2), reserve(3)), (Ok(()), Ok(())));
    assert_eq!(reserve(MAX_ATTEMPTS + 1), Err(Withheld::NoConsent));
}

#[test]
fn a_workspace_s_yes_reaches_its_like() {
    let scene = Scene::new();
    let door = scene.door();
    let (_, preview) = previewed(&scene, vec![words("one")]);
    assert_eq!(why(door.consent(&preview)), (None, true));
    door.remember(&preview).unwrap();
    let (prompt, other) = previewed(&scene, vec![words("another")]);
    let Remembered::Yes(consent) = door.consent(&other) else { panic!("it is of the same workspace") };
    drop(door.reserve(prompt, &consent, 1).unwrap());

    // Of another workspace, another model, another host:
    let elsewhere = Door { workspace: "other".into(), ..door.clone() };
    assert_eq!(why(elsewhere.consent(&preview)), (None, true));
    for changed in [
        Preview { model: "claude-fable-5-1".into(), ..preview.clone() },
        Preview { host: "gateway.example".into(), ..preview.clone() },
        Preview { provider: "work".into(), ..preview.clone() },
    ] {
        let (why, may_remember) = why(door.consent(&changed));
        assert!(why.unwrap().contains("you allowed claude-opus-5-5 at api.anthropic.com before"));
        assert!(may_remember);
    }
    assert_eq!(door.consents.revoke("f01de4", None).unwrap(), 1);
    assert_eq!(why(door.consent(&other)), (None, true));
}

#[test]
fn a_much_larger_one_is_asked_about_again() {
    let scene = Scene::new();
    let door = scene.door();
    let sized = |bytes: usize| previewed(&scene, vec![words(&"word ".repeat(bytes / 5))]).1;
    door.remember(&sized(100_000)).unwrap();
    assert!(matches!(door.consent(&sized(190_000)), Remembered::Yes(_)));
    let (why, may_remember) = why(door.consent(&sized(210_000)));
    assert_eq!((why.as_deref(), may_remember), (Some("it has 211 kB; the largest that you allowed had 101 kB"), true));
    door.remember(&sized(210_000)).unwrap();
    door.remember(&sized(100)).unwrap();
    assert!(matches!(door.consent(&sized(300_000)), Remembered::Yes(_)));
    // Twice of nearly nothing is nothing to ask about.
    let small = Door { workspace: "small".into(), ..door };
    small.remember(&sized(100)).unwrap();
    assert!(matches!(small.consent(&sized(60_000)), Remembered::Yes(_)));
    assert!(matches!(small.consent(&sized(70_000)), Remembered::Ask { .. }));
}

#[test]
fn internal_files_are_asked_about_each_time() {
    let mut scene = Scene::new();
    scene.settings.privacy.internal = vec!["src/".into()];
    let door = scene.door();
    let (_, preview) = previewed(&scene, vec![file("src/a.rs", 0..9, "fn a() {}")]);
    assert!(preview.manifest.files[0].is_internal);
    door.remember(&preview).unwrap();
    let (why, may_remember) = why(door.consent(&preview));
    assert_eq!((why.as_deref(), may_remember), (Some("a file in it is internal (`privacy.internal`)"), false));
}

#[test]
fn who_wants_to_be_asked_every_time_is() {
    let scene = Scene::new();
    let door = Door { consent: ConsentMode::Every, ..scene.door() };
    let (_, preview) = previewed(&scene, vec![]);
    door.remember(&preview).unwrap();
    assert_eq!(why(door.consent(&preview)), (None, false));
    assert_eq!(door.consents.list().unwrap(), []);
}

#[test]
fn a_store_that_is_damaged_allows_nothing_and_one_that_cannot_be_written_says_so() {
    let scene = Scene::new();
    let door = scene.door();
    let (_, preview) = previewed(&scene, vec![]);
    door.remember(&preview).unwrap();
    let file = scene.audit_file().with_file_name("consents.json");
    std::fs::write(&file, "[{").unwrap();
    assert_eq!(why(door.consent(&preview)), (None, true));
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert!(matches!(door.remember(&preview), Err(Withheld::Consents(_))));
}

#[cfg(unix)]
#[test]
fn the_store_is_its_user_s_alone() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new();
    let (_, preview) = previewed(&scene, vec![]);
    scene.door().remember(&preview).unwrap();
    let file = scene.audit_file().with_file_name("consents.json");
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}
