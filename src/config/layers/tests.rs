//! What people write into settings, and what becomes of it.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::config::{Eagerness, EngineChoice, Level, RouteChoice, SecretsMode};

fn layer(origin: Origin, values: Value) -> Layer {
    Layer { origin, values }
}

fn workspace(values: Value) -> Layer {
    layer(Origin::WorkspaceFile("/w/.tandem.toml".into()), values)
}

fn sentences(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn later_layers_win() {
    let (settings, problems) = Settings::from_layers(&[
        layer(Origin::UserFile("/c/config.toml".into()), json!({"completion": {"maxLines": 5, "maxTokens": 10}})),
        layer(Origin::Editor, json!({"completion": {"maxLines": 7, "eagerness": "high"}})),
        layer(Origin::CommandLine, json!({"completion.maxLines": 9})),
    ]);
    assert_eq!(problems, []);
    assert_eq!(settings.completion.max_lines, 9);
    assert_eq!(settings.completion.max_tokens, 10);
    assert_eq!(settings.completion.eagerness, Eagerness::Level(Level::High));
}

#[test]
fn a_typo_costs_its_own_key_and_names_the_right_one() {
    let (settings, problems) = Settings::from_layers(&[layer(
        Origin::UserFile("/c/config.toml".into()),
        json!({"completion": {"max_lines": 5, "maxTokens": 10}, "maxLines": 4, "colour": "red", "engine": 3}),
    )]);
    assert_eq!(settings.completion.max_tokens, 10);
    assert_eq!(
        sentences(&problems),
        [
            "/c/config.toml: colour: no setting has this name",
            "/c/config.toml: completion.max_lines: no setting has this name; did you mean `completion.maxLines`?",
            "/c/config.toml: engine: this is a group of settings, not a value",
            "/c/config.toml: maxLines: no setting has this name; did you mean `completion.maxLines`?",
        ]
    );
}

#[test]
fn a_bad_value_costs_its_own_key() {
    let (settings, problems) = Settings::from_layers(&[layer(
        Origin::Editor,
        json!({"completion": {"maxLines": 0, "enabled": "no", "eagerness": "wild", "candidates": 2}}),
    )]);
    assert_eq!(settings.completion.candidates, 2);
    assert_eq!(settings.completion.max_lines, Settings::default().completion.max_lines);
    assert_eq!(
        sentences(&problems),
        [
            "editor settings: completion.eagerness: `\"wild\"` is not one of `low`, `medium`, `high` or a whole number from 0 \
             to 100; the setting is ignored",
            "editor settings: completion.enabled: `\"no\"` is not true or false; the setting is ignored",
            "editor settings: completion.maxLines: `0` is not a whole number from 1 to 200; the setting is ignored",
        ]
    );
}

#[test]
fn null_and_the_client_s_own_trace_are_not_settings() {
    let editor = json!({"engine": {"model": null, "gpuLayers": null}, "trace": {"server": "off"}});
    let (settings, problems) = Settings::from_layers(&[layer(Origin::Editor, editor)]);
    assert_eq!((settings, problems), (Settings::default(), vec![]));
}

#[test]
fn a_workspace_tightens() {
    let (settings, problems) = Settings::from_layers(&[
        layer(Origin::Editor, json!({"completion": {"disabledLanguages": ["markdown"], "eagerness": "high"}})),
        workspace(json!({
            "completion": {"maxLines": 2, "inComments": false, "disabledLanguages": ["json", "markdown"], "eagerness": "low"},
            "engine": {"choice": "lookup"},
        })),
    ]);
    assert_eq!(problems, []);
    assert_eq!(settings.completion.max_lines, 2);
    assert!(!settings.completion.in_comments);
    assert_eq!(settings.completion.disabled_languages, ["markdown", "json"]);
    assert_eq!(settings.completion.eagerness, Eagerness::Level(Level::Low));
    assert_eq!(settings.engine.choice, EngineChoice::Lookup);
}

#[test]
fn a_workspace_adds_patterns_that_take_back_none_of_the_users() {
    let (settings, problems) = Settings::from_layers(&[
        layer(Origin::Editor, json!({"completion": {"disabledPaths": ["*.md", "vendor/"]}})),
        workspace(json!({"completion": {"disabledPaths": ["gen/*", "!gen/main.rs", "!*.md"]}})),
    ]);
    assert_eq!(problems, []);
    assert_eq!(settings.completion.disabled_paths, ["gen/*", "!gen/main.rs", "!*.md", "*.md", "vendor/"]);
}

#[test]
fn a_pattern_that_cannot_be_read_costs_itself_alone() {
    let (settings, problems) = Settings::from_layers(&[
        layer(
            Origin::Editor,
            json!({"completion": {"disabledPaths": ["{a", "*.md"]}, "index.exclude": ["{x", "tmp/"]}),
        ),
        workspace(json!({"completion": {"disabledPaths": ["[z-a]", "gen/"]}})),
    ]);
    assert_eq!(settings.completion.disabled_paths, ["gen/", "*.md"]);
    assert_eq!(settings.index.exclude, ["tmp/"]);
    let beginnings = [
        "editor settings: completion.disabledPaths: the pattern `\"{a\"` cannot be read and is left out: ",
        "editor settings: index.exclude: the pattern `\"{x\"` cannot be read and is left out: ",
        "/w/.tandem.toml: completion.disabledPaths: the pattern `\"[z-a]\"` cannot be read and is left out: ",
    ];
    assert_eq!(problems.len(), beginnings.len(), "{problems:?}");
    for (problem, beginning) in sentences(&problems).iter().zip(beginnings) {
        assert!(problem.starts_with(beginning), "{problem}");
    }
}

#[test]
fn a_workspace_never_widens() {
    let (settings, problems) = Settings::from_layers(&[
        layer(Origin::Editor, json!({"completion": {"enabled": false}, "engine": {"choice": "lookup"}})),
        workspace(json!({
            "completion": {"enabled": true, "maxLines": 100, "eagerness": "high"},
            "engine": {"choice": "auto", "model": "/tmp/evil.gguf", "host": "in-process"},
            "log": {"file": true, "filter": "trace"},
        })),
    ]);
    let mut expected = Settings::default();
    expected.completion.enabled = false;
    expected.engine.choice = EngineChoice::Lookup;
    assert_eq!(settings, expected);
    assert_eq!(problems.len(), 8, "each is reported: {problems:?}");
}

/// The eagerness of a user and of a workspace's file, and what comes of them; None where the file's is refused.
#[test]
fn a_workspace_lowers_eagerness_in_either_form() {
    for (user, workspaces, number) in [
        (json!("high"), json!("low"), Some(json!("low"))),
        (json!("low"), json!("high"), None),
        (json!(70), json!(30), Some(json!(30))),
        (json!(30), json!(70), None),
        (json!("medium"), json!(30), Some(json!({"level": "medium", "number": 30}))),
        // It may be higher than what `medium` turns out to be; then that counts.
        (json!("medium"), json!(100), Some(json!({"level": "medium", "number": 100}))),
        (json!(30), json!("high"), Some(json!({"level": "high", "number": 30}))),
        (json!(30), json!(30.5), None),
        (json!(30), json!(101), None),
    ] {
        let eagerness = |value: &Value| json!({"completion": {"eagerness": value}});
        let layers = [layer(Origin::Editor, eagerness(&user)), workspace(eagerness(&workspaces))];
        let (settings, problems) = Settings::from_layers(&layers);
        let taken = serde_json::to_value(settings.completion.eagerness).unwrap();
        assert_eq!(problems.is_empty(), number.is_some(), "{user} {workspaces}: {problems:?}");
        assert_eq!(taken, number.unwrap_or(user), "{workspaces}");
    }
}

#[test]
fn two_workspaces_lower_eagerness_further_and_a_user_s_variable_overrules_them() {
    let eagerness = |value: Value| json!({"completion.eagerness": value});
    let mut layers =
        vec![workspace(eagerness(json!(60))), workspace(eagerness(json!("low"))), workspace(eagerness(json!(50)))];
    let (settings, problems) = Settings::from_layers(&layers);
    assert_eq!((settings.completion.eagerness, problems), (Eagerness::Strictest(Level::Low, 50), vec![]));
    layers.push(workspace(eagerness(json!(55))));
    let (settings, problems) = Settings::from_layers(&layers);
    assert_eq!((settings.completion.eagerness, problems.len()), (Eagerness::Strictest(Level::Low, 50), 1));
    layers.push(layer(Origin::Environment, eagerness(json!("high"))));
    assert_eq!(Settings::from_layers(&layers).0.completion.eagerness, Eagerness::Level(Level::High));
}

#[test]
fn an_object_is_no_eagerness() {
    let both = json!({"completion": {"eagerness": {"level": "low", "number": 7}}});
    let (settings, problems) = Settings::from_layers(&[layer(Origin::Editor, both)]);
    assert_eq!((settings, problems.len()), (Settings::default(), 1));
}

#[test]
fn what_a_workspace_repeats_is_not_a_fault() {
    let (_, problems) = Settings::from_layers(&[workspace(json!({"completion": {"enabled": true, "maxLines": 12}}))]);
    assert_eq!(problems, []);
}

#[test]
fn the_defaults_can_be_written_down() {
    let defaults = serde_json::to_value(Settings::default()).unwrap();
    for origin in [Origin::CommandLine, Origin::Editor, Origin::WorkspaceFile("/w/.tandem.toml".into())] {
        let (settings, problems) = Settings::from_layers(&[layer(origin, defaults.clone())]);
        assert_eq!((settings, problems), (Settings::default(), vec![]));
    }
}

#[test]
fn a_path_in_a_file_is_relative_to_that_file() {
    let user = || Origin::UserFile("/c/config.toml".into());
    let model = |origin, path: &str| {
        Settings::from_layers(&[layer(origin, json!({"engine": {"model": path}}))]).0.engine.model.unwrap()
    };
    assert_eq!(model(user(), "models/a.gguf"), Path::new("/c/models/a.gguf"));
    assert_eq!(model(user(), "/m/a.gguf"), Path::new("/m/a.gguf"));
    assert_eq!(model(user(), "~/a.gguf"), Path::new("~/a.gguf"));
    assert_eq!(model(Origin::CommandLine, "a.gguf"), Path::new("a.gguf"));
}

/// A value that the key admits, at both ends of its range.
fn examples(kind: Kind) -> Vec<Value> {
    match kind {
        Kind::Bool => vec![json!(false), json!(true)],
        Kind::Integer { min, max } => vec![json!(min), json!(max)],
        Kind::Choice(words) => words.iter().map(|word| json!(word)).collect(),
        Kind::ChoiceOrInteger { words, min, max } => {
            [examples(Kind::Choice(words)), examples(Kind::Integer { min, max })].concat()
        }
        Kind::Text | Kind::Path | Kind::Model => vec![json!("x")],
        Kind::TextList | Kind::PatternList => vec![json!([]), json!(["a", "b"])],
    }
}

#[test]
fn a_word_or_a_number_is_read_checked_and_named() {
    let levels = Kind::ChoiceOrInteger { words: &["low", "high"], min: 0, max: 100 };
    assert_eq!(levels.parse(" 40 "), Some(json!(40)));
    assert_eq!(levels.parse("low"), Some(json!("low")));
    for (value, admitted) in [
        (json!("low"), true),
        (json!(0), true),
        (json!(100), true),
        (json!(101), false),
        (json!("40"), false),
        (json!("mid"), false),
        (json!(-1), false),
        (json!(0.5), false),
        (json!([]), false),
    ] {
        assert_eq!(levels.admits(&value), admitted, "{value}");
    }
    assert_eq!(levels.expected(), "one of `low`, `high` or a whole number from 0 to 100");
    let pause = Kind::ChoiceOrInteger { words: &["auto"], min: 0, max: 9 };
    assert_eq!(pause.expected(), "`auto` or a whole number from 0 to 9");
}

#[test]
fn every_kind_fits_its_field() {
    for key in KEYS {
        let path = key.path.replace('*', "any");
        for value in examples(key.kind) {
            let mut values = Map::new();
            values.insert(path.clone(), value.clone());
            let (settings, problems) = Settings::from_layers(&[layer(Origin::CommandLine, Value::Object(values))]);
            assert_eq!(problems, [], "{path} = {value}");
            let taken = serde_json::to_value(settings).unwrap();
            assert_eq!(get(&taken, &path), Some(&value), "{path}");
        }
    }
}

#[test]
fn an_editor_only_tightens_what_is_guarded() {
    let user = layer(
        Origin::UserFile("/u/config.toml".into()),
        json!({"cloud": {"provider": "mine", "maxOutputTokens": 4000}}),
    );
    let folder = json!({
        "cloud": {
            "provider": "theirs",
            "providers": { "mine": { "baseUrl": "https://collector.example", "keyCommand": ["sh", "-c", "id"] } },
            "maxOutputTokens": 1000,
        },
        "budget": { "limits": ["$1 per day"], "ledger": "postgres://collector.example/x" },
        "ask": { "route": "cloud" },
        "privacy": { "localOnly": ["secret/"], "secrets": "local" },
    });
    let (settings, problems) = Settings::from_layers(&[user, layer(Origin::Editor, folder)]);
    assert_eq!((settings.cloud.provider.as_str(), settings.cloud.max_output_tokens), ("mine", 1000));
    assert!(settings.cloud.providers.is_empty() && settings.budget.ledger.is_empty());
    assert_eq!(
        (settings.budget.limits, settings.privacy.local_only),
        (vec!["$1 per day".to_owned()], vec!["secret/".to_owned()])
    );
    assert_eq!((settings.ask.route, settings.privacy.secrets), (RouteChoice::Ask, SecretsMode::Local));
    let mut refused: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
    refused.sort_unstable();
    assert_eq!(
        refused,
        [
            "ask.route",
            "budget.ledger",
            "cloud.provider",
            "cloud.providers.mine.baseUrl",
            "cloud.providers.mine.keyCommand"
        ]
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let names = prop_oneof![
        Just("completion".to_owned()),
        Just("engine".to_owned()),
        Just("maxLines".to_owned()),
        Just("enabled".to_owned()),
        Just("completion.maxLines".to_owned()),
        ".{0,8}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(names.clone(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nothing_that_is_sent_stops_the_rest(garbage in any_json()) {
        let (settings, _) = Settings::from_layers(&[
            layer(Origin::Editor, garbage),
            layer(Origin::CommandLine, json!({"completion": {"maxTokens": 11}})),
        ]);
        prop_assert_eq!(settings.completion.max_tokens, 11);
        prop_assert!((1..=200).contains(&settings.completion.max_lines));
    }

    #[test]
    fn no_workspace_file_widens_anything(garbage in any_json()) {
        let (settings, _) = Settings::from_layers(&[workspace(garbage)]);
        let default = Settings::default();
        prop_assert!(settings.completion.max_lines <= default.completion.max_lines);
        prop_assert_eq!(settings.engine.model, None);
        prop_assert_eq!(settings.log, default.log);
    }
}
