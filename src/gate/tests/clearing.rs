//! What policy lets out, and in which form.

use super::*;
use crate::config::SecretsMode;

/// A token of a kind that is replaced on this machine and leaves it by no means, put together here so that no scanner takes this file for a leak.
fn token() -> String {
    ["gh", "p_", "R4nd0mLyCh0senTokenF0rTests0123abcdEF"].concat()
}

fn private_key() -> String {
    let body = "MIIEpAIBAAKCAQEA7bq0v5Z9sW1xKq3mLr8YtUuPzH4cG2dJfNnE6aXwVoTyRsBh\n".repeat(4);
    ["-----BEGIN RSA PRIV", "ATE KEY-----\n", &body, "-----END RSA PRIV", "ATE KEY-----\n"].concat()
}

fn texts(prompt: &ClearedPrompt) -> Vec<&str> {
    let request = prompt.request();
    let blocks = request.system.iter().chain(request.turns.iter().flat_map(|turn| &turn.blocks));
    blocks.map(|block| &*block.text).collect()
}

#[test]
fn pieces_are_joined_byte_for_byte_and_listed() {
    let scene = Scene::new();
    scene.write("src/b.rs", "fn b() {}\n");
    let prompt = scene.cleared(&draft(
        cloud(),
        vec![
            file("src/b.rs", 20..30, "0123456789"),
            file("src/a.rs", 5..9, "ä"),
            file("src/b.rs", 25..40, "tail"),
            file("src/b.rs", 0..0, "fn b();"),
            Piece { text: "+x".into(), source: Source::Diff { path: "src/a.rs".into() } },
        ],
    ));
    assert_eq!(texts(&prompt), ["Answer from the files.\n", "0123456789ätailfn b();+x", "What does a do?"]);
    let ends = |file: &SentFile| file.ranges.iter().map(|range| (range.start, range.end)).collect::<Vec<_>>();
    let files: Vec<_> =
        prompt.manifest().files.iter().map(|file| (file.path.as_str(), ends(file), file.bytes)).collect();
    assert_eq!(files, [("src/a.rs", vec![(5, 9)], 4), ("src/b.rs", vec![(20, 40)], 21)]);
    assert_eq!(prompt.manifest().bytes, texts(&prompt).iter().map(|text| text.len()).sum::<usize>());
    assert_eq!(prompt.texts().len(), 7);
}

#[test]
fn the_digest_is_of_destination_and_bytes() {
    let scene = Scene::new();
    let digest = |draft: &Draft| *scene.cleared(draft).digest();
    let one = draft(cloud(), vec![words("x")]);
    assert_eq!(digest(&one), digest(&one.clone()));
    for other in [
        draft(cloud(), vec![words("y")]),
        Draft { max_output: 2049, ..one.clone() },
        Draft { model: "claude-fable-5-1".into(), ..one.clone() },
        Draft { endpoint: Arc::new(Endpoint { base_url: "https://gateway.example".into(), ..cloud() }), ..one.clone() },
    ] {
        assert_ne!(digest(&one), digest(&other), "{other:?}");
    }
}

#[test]
fn a_cloud_is_asked_in_the_order_of_what_stands_against_it() {
    let mut scene = Scene::new();
    scene.settings.cloud.enabled = false;
    scene.settings.cloud.provider = String::new();
    scene.has_monthly_limit = false;
    scene.is_trusted = false;
    scene.settings.budget.limits.push("a lot per month".into());
    let draft = draft(cloud(), vec![file("../elsewhere", 0..1, "x")]);
    let no = |scene: &Scene| scene.clear(&draft).unwrap_err();
    assert_eq!(no(&scene), Withheld::CloudOff);
    scene.settings.cloud.enabled = true;
    assert_eq!(no(&scene), Withheld::NoProvider);
    scene.settings.cloud.provider = "openai".into();
    assert_eq!(no(&scene), Withheld::NoProvider, "another one than the user's");
    scene.settings.cloud.provider = "anthropic".into();
    assert_eq!(no(&scene), Withheld::NoMonthlyLimit);
    scene.has_monthly_limit = true;
    assert!(matches!(no(&scene), Withheld::Limits(_)));
    scene.settings.budget.limits.pop();
    assert_eq!(no(&scene), Withheld::Untrusted);
    scene.is_trusted = true;
    assert_eq!(no(&scene), Withheld::Denied { paths: vec!["../elsewhere".into()] });
}

#[test]
fn a_server_on_this_machine_needs_none_of_that() {
    let mut scene = Scene::new();
    scene.settings.cloud.enabled = false;
    scene.settings.privacy.local_only = vec!["*.rs".into()];
    (scene.has_monthly_limit, scene.is_trusted) = (false, false);
    let prompt = scene.cleared(&draft(machine(), vec![file("src/a.rs", 0..9, "fn a() {}")]));
    assert_eq!(prompt.reach(), Reach::Machine);
    // But what nobody may read is read by nobody.
    let denied = scene.clear(&draft(machine(), vec![file(".env", 0..1, "x")])).unwrap_err();
    assert_eq!(denied, Withheld::Denied { paths: vec![".env".into()] });
}

#[test]
fn being_local_is_not_taken_on_an_endpoint_s_word() {
    let mut scene = Scene::new();
    let claims =
        Endpoint { name: "shed".into(), is_local: true, base_url: "https://shed.example/v1".into(), ..machine() };
    assert_eq!(scene.clear(&draft(claims.clone(), vec![])).unwrap_err(), Withheld::NoProvider);
    scene
        .settings
        .cloud
        .providers
        .insert("shed".into(), crate::config::ProviderSettings { is_local: Some(true), ..Default::default() });
    let prompt = scene.cleared(&draft(claims.clone(), vec![]));
    assert_eq!(prompt.reach(), Reach::Own);
    // It is the user's, but it is not this machine.
    scene.settings.privacy.local_only = vec!["*.rs".into()];
    let withheld = scene.clear(&draft(claims, vec![file("src/a.rs", 0..1, "f")])).unwrap_err();
    assert_eq!(withheld, Withheld::LocalOnly { paths: vec!["src/a.rs".into()] });
    let disguised = Endpoint { base_url: "http://127.0.0.1.example/v1".into(), ..machine() };
    assert_eq!(scene.policy().reach(&Endpoint { name: "other".into(), ..disguised }), Reach::Cloud);
}

#[test]
fn a_cloud_is_asked_over_https() {
    let scene = Scene::new();
    let plain = Endpoint { base_url: "http://api.anthropic.com".into(), ..cloud() };
    assert!(matches!(scene.clear(&draft(plain, vec![])).unwrap_err(), Withheld::Request(_)));
}

#[test]
fn paths_of_every_source_are_judged() {
    let mut scene = Scene::new();
    scene.settings.privacy.local_only = vec!["secret/".into()];
    scene.write(".gitignore", "ignored.rs\n");
    for path in ["secret/a.rs", "ignored.rs", "id_rsa"] {
        scene.write(path, "x");
    }
    let sources = |path: &str| {
        let path = path.to_owned();
        [
            Source::File { path: path.clone(), bytes: 0..1 },
            Source::Diagnostics { path: path.clone() },
            Source::Diff { path },
        ]
    };
    let withheld = |source| scene.clear(&draft(cloud(), vec![Piece { text: "x".into(), source }])).unwrap_err();
    for path in ["ignored.rs", "id_rsa", "../x", "/etc/passwd", "src/../../x", "", "src\\..\\x", "."] {
        for source in sources(path) {
            assert_eq!(withheld(source), Withheld::Denied { paths: vec![path.to_owned()] });
        }
    }
    for source in sources("secret/a.rs") {
        assert_eq!(withheld(source), Withheld::LocalOnly { paths: vec!["secret/a.rs".into()] });
    }
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_workspace_leads_nowhere() {
    let scene = Scene::new();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("x.rs"), "x").unwrap();
    std::os::unix::fs::symlink(outside.path(), scene.root().join("linked")).unwrap();
    let withheld = scene.clear(&draft(cloud(), vec![file("linked/x.rs", 0..1, "x")])).unwrap_err();
    assert_eq!(withheld, Withheld::Denied { paths: vec!["linked/x.rs".into()] });
}

#[test]
fn a_secret_has_a_placeholder_wherever_it_stands() {
    let scene = Scene::new();
    let token = token();
    let (head, tail) = token.split_at(13);
    let prompt = scene.cleared(&draft(
        machine(),
        vec![
            words(&format!("let key = \"{head}")),
            words(&format!("{tail}\"; // ")),
            // What stands before a border does not hide what begins there.
            words("word"),
            words(&format!("{token} end")),
        ],
    ));
    let sent = texts(&prompt).join("|");
    assert!(!sent.contains(&token) && !sent.contains(tail) && !sent.contains(head), "{sent}");
    assert_eq!(sent.matches("[REDACTED:").count(), 2, "{sent}");
    assert!(
        sent.starts_with("Answer from the files.\n|let key = \"[REDACTED:") && sent.ends_with(" end|What does a do?")
    );
    let placeholders: Vec<&str> =
        sent.split("[REDACTED:").skip(1).map(|rest| rest.split(']').next().unwrap()).collect();
    assert_eq!(placeholders[0], placeholders[1], "one secret, one placeholder");
    assert_eq!(prompt.manifest().redactions.iter().map(|redacted| redacted.count).sum::<usize>(), 2);
}

#[test]
fn a_secret_over_the_border_of_two_sections_is_found() {
    let scene = Scene::new();
    let token = token();
    let (head, tail) = token.split_at(20);
    let mut split = draft(machine(), vec![words(head)]);
    split.turns[0].sections[1].pieces = vec![words(&format!("{tail} what is this?"))];
    let sent = texts(&scene.cleared(&split)).join("|");
    assert!(!sent.contains(head) && !sent.contains(tail), "{sent}");
}

#[test]
fn a_question_with_a_secret_stays_where_settings_say_so() {
    let mut scene = Scene::new();
    scene.settings.privacy.secrets = SecretsMode::Local;
    let draft = |endpoint| draft(endpoint, vec![words(&format!("key = {}", token()))]);
    assert!(matches!(scene.clear(&draft(cloud())), Err(Withheld::Secret { rules }) if rules.len() == 1));
    // On this machine it may be asked, without the secret.
    assert!(!texts(&scene.cleared(&draft(machine()))).concat().contains(&token()));
}

#[test]
fn a_private_key_never_leaves() {
    let scene = Scene::new();
    let draft = |endpoint| draft(endpoint, vec![words(&private_key())]);
    assert!(matches!(scene.clear(&draft(cloud())), Err(Withheld::Secret { .. })));
    assert!(!texts(&scene.cleared(&draft(machine()))).concat().contains("MIIEpAIB"));
}

#[test]
fn a_secret_in_a_file_s_name_is_in_no_list() {
    let scene = Scene::new();
    let token = token();
    let path = format!("src/{token}.rs");
    scene.write(&path, "fn x() {}");
    let prompt = scene.cleared(&draft(cloud(), vec![file(&path, 0..9, "fn x() {}")]));
    assert!(prompt.manifest().files[0].path.starts_with("src/[REDACTED:"), "{:?}", prompt.manifest());
    assert!(prompt.manifest().files[0].path.ends_with(".rs"));
    let denied = scene.clear(&draft(cloud(), vec![file(&format!("../{token}"), 0..1, "x")])).unwrap_err();
    assert!(!format!("{denied:?} {denied}").contains(&token));
}

#[test]
fn what_has_no_shape_is_withheld() {
    let scene = Scene::new();
    let good = draft(cloud(), vec![]);
    let no = |draft: Draft| assert!(matches!(scene.clear(&draft), Err(Withheld::Request(_))), "{draft:?}");
    no(Draft { max_output: 0, ..good.clone() });
    no(Draft { turns: vec![], ..good.clone() });
    let answer = DraftTurn { role: Role::Assistant, ..good.turns[0].clone() };
    no(Draft { turns: vec![good.turns[0].clone(), answer], ..good.clone() });
    no(Draft { turns: vec![DraftTurn { role: Role::User, sections: vec![] }], ..good.clone() });
    assert_eq!(scene.clear(&Draft { model: " ".into(), ..good }).unwrap_err(), Withheld::NoProvider);
}

#[test]
fn debug_shows_no_text() {
    let scene = Scene::new();
    let draft = draft(cloud(), vec![file("src/a.rs", 0..9, "fn a() {}"), words("the question's words")]);
    let prompt = scene.cleared(&draft);
    let preview = scene.door().preview(&prompt).unwrap();
    let consent = Consent::once(&preview);
    let record = scene.door().reserve(prompt.clone(), &consent, 1).unwrap().record().unwrap();
    let shown = format!("{draft:?} {prompt:?} {preview:?} {consent:?} {record:?} {:?}", scene.door());
    let permit = format!("{:?}", record.permit());
    for text in ["fn a", "question's words", "Answer from"] {
        assert!(!shown.contains(text) && !permit.contains(text), "{shown}{permit}");
    }
}

/// A hole in a file.
fn hole(prefix: &str, suffix: &str) -> Draft {
    let section = |pieces| Section { pieces, cache: None };
    let at = prefix.len();
    Draft {
        endpoint: Arc::new(Endpoint {
            name: "mistral".into(),
            kind: ProviderKind::Mistral,
            base_url: "https://api.mistral.ai/v1".into(),
            ..cloud()
        }),
        model: "mistral-code-fim-latest".into(),
        system: vec![],
        turns: vec![DraftTurn { role: Role::User, sections: vec![section(vec![file("src/a.rs", 0..at, prefix)])] }],
        max_output: 48,
        effort: None,
        fill: Some(DraftFill { suffix: section(vec![file("src/a.rs", at..at + suffix.len(), suffix)]), stops: vec![] }),
    }
}

#[test]
fn a_hole_has_both_of_its_sides_and_a_policy_of_its_own() {
    let mut scene = Scene::new();
    let no = |scene: &Scene| scene.clear(&hole("fn a() {", "}")).unwrap_err();
    assert_eq!(no(&scene), Withheld::SuggestionsOff, "a provider of questions is none of suggestions");
    scene.settings.completion.cloud = true;
    assert_eq!(no(&scene), Withheld::NoSuggester);
    scene.settings.completion.cloud_provider = "mistral".into();
    let prompt = scene.clear(&hole("fn a() {", "}")).unwrap();
    assert_eq!(prompt.request().fill.as_ref().map(|fill| &*fill.suffix), Some("}"));
    let sent = &prompt.manifest().files[0];
    assert_eq!((sent.ranges.len(), &sent.ranges[0], sent.bytes), (1, &(0..9), 9));
    assert_eq!(prompt.manifest().bytes, 9);
    assert!(prompt.body_bytes() > 9);
    let other = scene.clear(&hole("fn a() {", "]")).unwrap();
    assert_ne!(prompt.digest(), other.digest(), "what stands behind the hole is sent, too");
    let elsewhere = Draft { endpoint: Arc::new(cloud()), ..hole("fn a() {", "}") };
    scene.settings.completion.cloud_provider = "anthropic".into();
    assert!(matches!(scene.clear(&elsewhere), Err(Withheld::Request(why)) if why.contains("no interface")));
    scene.is_trusted = false;
    assert_eq!(no(&scene), Withheld::NoSuggester);
}

#[test]
fn a_secret_on_either_side_of_a_hole_or_across_it_keeps_all_of_it_here() {
    let mut scene = Scene::new();
    scene.settings.completion.cloud = true;
    scene.settings.completion.cloud_provider = "mistral".into();
    let token = token();
    let (head, tail) = token.split_at(20);
    for (prefix, suffix) in [(token.as_str(), "\n"), ("a\n", token.as_str()), (head, tail)] {
        let error = scene.clear(&hole(prefix, suffix)).unwrap_err();
        assert!(matches!(error, Withheld::Secret { .. }), "{error:?}");
    }
    assert_eq!(scene.settings.privacy.secrets, SecretsMode::Redact, "a question would go with a placeholder");
}
