//! Answers that are made shorter, so that a request fits into what is left.

use proptest::prelude::*;

use super::*;
use crate::budget::Picodollars;

/// Dollars for a token written by the scene's model, in pico-dollars.
const WRITTEN: u64 = 20_000_000;

fn prompt(scene: &Scene, max_output: u32) -> ClearedPrompt {
    let draft = Draft { max_output, ..draft(cloud(), vec![file("src/a.rs", 0..9, "fn a() {}")]) };
    scene.clear(&draft).unwrap()
}

/// A door with a limit that leaves so many tokens of answer.
fn leaving(scene: &Scene, tokens: u64) -> (Door, Picodollars) {
    let mut door = scene.door();
    let one = door.preview(&prompt(scene, 1)).unwrap().cost.1;
    let left = Picodollars(one.0 + (tokens - 1) * WRITTEN);
    door.limits.push(Limit { period: Period::Day, ..limit(Amount::Money(left), Scope::User) });
    (door, left)
}

fn is_over(fit: &Result<(ClearedPrompt, Preview), Withheld>) -> bool {
    matches!(fit, Err(Withheld::Budget(Refusal::OverLimit { .. })))
}

#[test]
fn an_answer_is_shortened_to_what_is_left_and_that_is_told() {
    let scene = Scene::new();
    let (door, left) = leaving(&scene, 5000);
    let whole = prompt(&scene, 8192);
    assert!(matches!(door.preview(&whole), Err(Withheld::Budget(Refusal::OverLimit { .. }))));
    let manifest = whole.manifest().clone();
    let (short, preview) = door.fit(whole).unwrap();
    assert_eq!((preview.max_output_tokens, short.request().max_output, preview.cost.1), (5000, 5000, left));
    let body = String::from_utf8(short.encoded().body.clone()).unwrap();
    assert!(body.contains("\"max_tokens\":5000") && !body.contains("8192"), "{body}");
    assert_eq!((short.manifest(), &preview.manifest), (&manifest, &manifest), "of the workspace it is the same");
    assert_eq!(
        preview.lowered.as_ref().map(ToString::to_string),
        Some(format!(
            "The answer may have 5,000 tokens instead of 8,192, because {left} of {} per day can be spent now",
            left.exact()
        ))
    );
    // A yes to it is none to the longer one.
    let roomy = scene.door();
    let consent = Consent::once(&preview);
    let longer = Arc::new(prompt(&scene, 8192));
    assert_eq!(roomy.reserve(longer, &consent, 1).unwrap_err(), Withheld::NoConsent);
    let reservation = door.reserve(Arc::new(short), &consent, 1).unwrap();
    assert_eq!((reservation.estimate().max_output, reservation.estimate().money.1), (5000, left));
}

#[test]
fn what_fits_is_left_as_it_is() {
    let scene = Scene::new();
    let (door, _) = leaving(&scene, 2048);
    let whole = prompt(&scene, 2048);
    let (digest, preview) = (*whole.digest(), door.preview(&whole).unwrap());
    let (prompt, fit) = door.fit(whole).unwrap();
    assert_eq!((prompt.digest(), &fit), (&digest, &preview));
    assert_eq!(fit.lowered, None);
}

#[test]
fn an_answer_that_would_be_too_short_to_be_of_use_is_refused() {
    let scene = Scene::new();
    assert_eq!(leaving(&scene, 1024).0.fit(prompt(&scene, 8192)).unwrap().1.max_output_tokens, 1024);
    let (door, left) = leaving(&scene, 1023);
    let refused = door.fit(prompt(&scene, 8192));
    let Err(Withheld::Budget(Refusal::OverLimit { window, wanted })) = refused else { panic!("{refused:?}") };
    assert_eq!((window.limit.units(), wanted), (left.0, left.0 + (8192 - 1023) * WRITTEN));
    // Who asks for less gets that or nothing.
    assert_eq!(leaving(&scene, 300).0.fit(prompt(&scene, 300)).unwrap().1.max_output_tokens, 300);
    assert!(is_over(&leaving(&scene, 299).0.fit(prompt(&scene, 300))));
}

#[test]
fn the_limit_that_leaves_the_least_is_named() {
    let scene = Scene::new();
    let (mut door, _) = leaving(&scene, 5000);
    let input = door.preview(&prompt(&scene, 1)).unwrap().input_tokens.1;
    let tokens = limit(Amount::Tokens(input + 2000), Scope::Model("claude-opus-5-5".into()));
    door.limits.push(tokens.clone());
    let lowered = door.fit(prompt(&scene, 8192)).unwrap().1.lowered.unwrap();
    assert_eq!((lowered.to, lowered.from, lowered.window.limit), (2000, 8192, tokens));
}

#[test]
fn nothing_fits_a_limit_of_nothing() {
    let scene = Scene::new();
    let mut door = scene.door();
    door.limits = vec![limit(Amount::Tokens(0), Scope::Provider("shed".into()))];
    let free = scene.clear(&draft(machine(), vec![])).unwrap();
    assert!(is_over(&door.fit(free)));
}

#[test]
fn what_is_shortened_passes_every_limit_and_is_no_shorter_than_it_must_be() {
    let scene = Scene::new();
    let any_limit = (any::<bool>(), 0u64..3_000).prop_map(|(is_money, tokens)| {
        let amount = match is_money {
            true => Amount::Money(Picodollars(tokens * WRITTEN)),
            false => Amount::Tokens(tokens),
        };
        limit(amount, Scope::User)
    });
    proptest!(ProptestConfig::with_cases(200), |(
        limits in prop::collection::vec(any_limit, 1..4),
        wanted in 1u32..4_000,
    )| {
        let door = Door { limits, ..scene.door() };
        let passes = |max_output| door.preview(&prompt(&scene, max_output)).is_ok();
        match door.fit(prompt(&scene, wanted)) {
            Ok((short, preview)) => {
                prop_assert!(preview.max_output_tokens <= wanted && preview.max_output_tokens >= wanted.min(1024));
                prop_assert_eq!(short.request().max_output, preview.max_output_tokens);
                prop_assert_eq!(preview.lowered.is_some(), preview.max_output_tokens < wanted);
                for window in &preview.windows {
                    let reserved = match window.limit.amount {
                        Amount::Money(_) => preview.cost.1.0,
                        Amount::Tokens(_) => preview.input_tokens.1 + u64::from(preview.max_output_tokens),
                    };
                    prop_assert!(reserved <= window.left(), "{} {}", reserved, window.limit);
                }
                prop_assert!(preview.max_output_tokens == wanted || !passes(preview.max_output_tokens + 1));
            }
            refused => {
                prop_assert!(is_over(&refused));
                prop_assert!(!passes(wanted.min(1024)));
            }
        }
    });
}
