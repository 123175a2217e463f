//! The table of routes.

use super::*;

const CHOICES: [RouteChoice; 4] = [RouteChoice::Local, RouteChoice::Ask, RouteChoice::Auto, RouteChoice::Cloud];

fn cloud() -> ModelFacts {
    ModelFacts { name: "acme large".to_owned(), is_local: false, room: 100_000, blocked: None, down: None, left: None }
}

fn facts(choice: RouteChoice, model: Option<ModelFacts>) -> Facts {
    Facts { choice, kind: Kind::Ask, is_lookup: false, stays: None, needed: 2_000, model, here: None }
}

/// The route of each choice, in the order of `CHOICES`.
#[track_caller]
fn routes(change: impl Fn(&mut Facts), expected: [(Route, Local); 4]) {
    let decided = CHOICES.map(|choice| {
        let mut facts = facts(choice, Some(cloud()));
        change(&mut facts);
        let decision = decide(&facts);
        (decision.route, decision.local)
    });
    assert_eq!(decided, expected);
}

const INDEX: (Route, Local) = (Route::Local, Local::Index);
const MODEL: (Route, Local) = (Route::Local, Local::Model);
const SERVER: (Route, Local) = (Route::Local, Local::Server);
const CLOUD: (Route, Local) = (Route::Cloud, Local::Index);
const ASK: (Route, Local) = (Route::AskMe, Local::Index);

#[test]
fn the_table() {
    let own = |facts: &mut Facts| facts.model.as_mut().unwrap().is_local = true;
    routes(|_| {}, [INDEX, ASK, CLOUD, CLOUD]);
    routes(|facts| facts.is_lookup = true, [INDEX, INDEX, INDEX, CLOUD]);
    routes(|facts| facts.model = None, [INDEX; 4]);
    routes(|facts| facts.stays = Some("keys.rs".to_owned()), [INDEX; 4]);
    routes(|facts| facts.model.as_mut().unwrap().blocked = Some(Withheld::CloudOff), [INDEX; 4]);
    routes(|facts| facts.model.as_mut().unwrap().down = Some("it failed".to_owned()), [INDEX; 4]);
    routes(|facts| facts.model.as_mut().unwrap().left = Some(Picodollars::ZERO), [INDEX; 4]);
    routes(|facts| facts.model.as_mut().unwrap().left = Some(Picodollars::DOLLAR), [INDEX, ASK, CLOUD, CLOUD]);
    routes(own, [SERVER; 4]);
    routes(
        |facts| {
            own(facts);
            facts.is_lookup = true
        },
        [SERVER; 4],
    );
    routes(
        |facts| {
            own(facts);
            facts.stays = Some("keys.rs".to_owned())
        },
        [SERVER; 4],
    );
    routes(
        |facts| {
            own(facts);
            facts.needed = 1_000_000
        },
        [SERVER; 4],
    );
    routes(
        |facts| {
            own(facts);
            facts.model.as_mut().unwrap().down = Some("no".to_owned())
        },
        [INDEX; 4],
    );
    routes(
        |facts| {
            own(facts);
            facts.model.as_mut().unwrap().blocked = Some(Withheld::Untrusted)
        },
        [INDEX; 4],
    );
    routes(
        |facts| {
            own(facts);
            facts.model.as_mut().unwrap().left = Some(Picodollars::ZERO)
        },
        [SERVER; 4],
    );
}

#[test]
fn the_table_with_a_model_on_this_machine() {
    let with = |change: fn(&mut Facts)| {
        move |facts: &mut Facts| {
            facts.here = Some(8_000);
            change(facts);
        }
    };
    let own = |facts: &mut Facts| facts.model.as_mut().unwrap().is_local = true;
    // The cloud is asked and offered as before.
    routes(with(|_| {}), [MODEL, ASK, CLOUD, CLOUD]);
    // Of places the index knows more, and at once.
    routes(with(|facts| facts.is_lookup = true), [INDEX, INDEX, INDEX, CLOUD]);
    routes(with(|facts| facts.model = None), [MODEL; 4]);
    routes(with(|facts| (facts.model, facts.is_lookup) = (None, true)), [INDEX; 4]);
    routes(with(|facts| facts.stays = Some("keys.rs".to_owned())), [MODEL; 4]);
    routes(with(|facts| facts.model.as_mut().unwrap().blocked = Some(Withheld::CloudOff)), [MODEL; 4]);
    routes(with(|facts| facts.model.as_mut().unwrap().down = Some("it failed".to_owned())), [MODEL; 4]);
    routes(with(|facts| facts.model.as_mut().unwrap().left = Some(Picodollars::ZERO)), [MODEL; 4]);
    // A server of the user's was chosen for questions.
    routes(with(own), [SERVER; 4]);
    routes(
        with(|facts| {
            let model = facts.model.as_mut().unwrap();
            (model.is_local, model.down) = (true, Some("it is down".to_owned()));
        }),
        [MODEL; 4],
    );
}

#[test]
fn a_model_on_this_machine_says_why_it_answers() {
    let sentence = |change: fn(&mut Facts)| {
        let mut facts = Facts { here: Some(1_000), ..facts(RouteChoice::Ask, None) };
        facts.needed = 500;
        change(&mut facts);
        decide(&facts).to_string()
    };
    let start = "answered by the model on this machine: ";
    assert_eq!(sentence(|_| {}), format!("{start}it is the one that is set up, and nothing leaves"));
    assert_eq!(
        sentence(|facts| facts.needed = 4_000),
        format!("{start}it takes 1000 tokens, so a part of the 4000 that the question is about is left out")
    );
    // Why the cloud is not asked is not lost where the window is small.
    for (change, reason) in [
        ((|facts| facts.stays = Some("keys.rs".to_owned())) as fn(&mut Facts), Reason::Stays("keys.rs".to_owned())),
        (|facts| facts.model.as_mut().unwrap().blocked = Some(Withheld::CloudOff), Reason::Blocked(Withheld::CloudOff)),
        (
            |facts| facts.model.as_mut().unwrap().down = Some("it failed".to_owned()),
            Reason::Down("it failed".to_owned()),
        ),
        (|facts| facts.model.as_mut().unwrap().left = Some(Picodollars::ZERO), Reason::NothingLeft),
    ] {
        let mut facts = Facts { here: Some(1_000), needed: 4_000, ..facts(RouteChoice::Auto, Some(cloud())) };
        change(&mut facts);
        let decision = decide(&facts);
        assert_eq!((decision.local, decision.reason), (Local::Model, reason));
        assert!(decision.cut.is_some_and(|cut| cut.contains("it takes 1000 tokens")));
        let decision = decide(&Facts { needed: 10, ..facts });
        assert_eq!(decision.cut, None);
    }
    let chosen = Facts { here: Some(1_000), needed: 4_000, ..facts(RouteChoice::Local, Some(cloud())) };
    let decision = decide(&chosen);
    assert_eq!((decision.reason, decision.cut), (Reason::OwnCut { needed: 4_000, room: 1_000 }, None));
    let offered = Facts { here: Some(9_000), ..facts(RouteChoice::Local, Some(cloud())) };
    let decision = decide(&offered);
    assert_eq!((decision.offer.as_deref(), decision.to_string()), (Some("acme large"), format!("{start}you chose so")));
}

#[test]
fn every_combination_has_a_sentence() {
    let kinds = [Kind::Ask, Kind::Explain, Kind::WhyError, Kind::Tests, Kind::Document, Kind::Refactor];
    let blocked = [None, Some(Withheld::CloudOff), Some(Withheld::NoMonthlyLimit), Some(Withheld::Untrusted)];
    let mut seen = std::collections::BTreeSet::new();
    for choice in CHOICES {
        for kind in kinds {
            for (is_local, is_lookup, stays) in [(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1), (1, 0, 0), (1, 1, 1)] {
                for blocked in &blocked {
                    for (down, left, needed) in [
                        (None, None, 1),
                        (Some("it failed three times"), None, 1),
                        (None, Some(Picodollars::ZERO), 1 << 40),
                    ] {
                        let model = ModelFacts {
                            is_local: is_local == 1,
                            blocked: blocked.clone(),
                            down: down.map(str::to_owned),
                            left,
                            ..cloud()
                        };
                        let stays = (stays == 1).then(|| "a.rs".to_owned());
                        let facts =
                            Facts { kind, is_lookup: is_lookup == 1, stays, needed, ..facts(choice, Some(model)) };
                        let decision = decide(&facts);
                        let sentence = decision.to_string();
                        assert!(sentence.len() > 30 && !sentence.contains("{"), "{sentence}");
                        // A file that stays never leaves, whatever else is so.
                        assert!(facts.stays.is_none() || decision.route == Route::Local, "{facts:?}");
                        // The cloud is never asked by itself where the user wants to be asked.
                        assert!(choice != RouteChoice::Ask || decision.route != Route::Cloud, "{facts:?}");
                        assert!(choice != RouteChoice::Local || decision.route == Route::Local, "{facts:?}");
                        seen.insert(sentence);
                        let with = decide(&Facts { here: Some(1_000), ..facts.clone() });
                        assert!(with.to_string().len() > 30, "{with}");
                        // A model here takes nothing from the cloud, and leaves the index what it knows.
                        assert_eq!((with.route, with.offer.clone()), (decision.route, decision.offer.clone()));
                        assert!(with.local == decision.local || !facts.is_lookup, "{facts:?}");
                    }
                }
            }
        }
    }
    assert!(seen.len() >= 15, "{seen:#?}");
}

#[test]
fn a_cloud_model_is_offered_where_it_could_be_asked() {
    let offer = |change: fn(&mut Facts)| {
        let mut facts = facts(RouteChoice::Local, Some(cloud()));
        change(&mut facts);
        decide(&facts).offer
    };
    assert_eq!(offer(|_| {}).as_deref(), Some("acme large"));
    assert_eq!(offer(|facts| facts.stays = Some("a".to_owned())), None);
    assert_eq!(offer(|facts| facts.model.as_mut().unwrap().blocked = Some(Withheld::CloudOff)), None);
    assert_eq!(offer(|facts| facts.model.as_mut().unwrap().is_local = true), None);
}

#[test]
fn lookups_are_told_from_questions() {
    assert!(is_lookup(Kind::Ask, "Where is `Server` defined?"));
    assert!(is_lookup(Kind::Ask, "who calls parse_header"));
    assert!(!is_lookup(Kind::Ask, "How does a request reach the database?"));
    assert!(!is_lookup(Kind::Explain, "where is it"));
    assert!(!is_lookup(
        Kind::Ask,
        "Where is the best place to add a cache for responses that need the user's session?"
    ));
}
