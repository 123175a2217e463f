//! The order of reservation, record and permit, and what the ledger and the log are told however it ends.

use std::fs;

use super::*;
use crate::budget::Outcome;
use crate::gate::audit::{EndResult, Reading, Verdict, verify};
use crate::providers::{ErrorClass, ProviderError, Reason, Retry, Usage};

fn error(status: Option<u16>) -> ProviderError {
    ProviderError {
        class: ErrorClass::Server,
        status,
        code: Some("boom".into()),
        message: "the server's words, which may quote the prompt".into(),
        request_id: None,
        retry: Retry::Backoff,
    }
}

/// The way to a permit, with the user's yes.
fn permit(scene: &Scene, endpoint: Endpoint) -> Permit {
    let door = scene.door();
    let prompt = scene.cleared(&draft(endpoint, vec![file("src/a.rs", 0..9, "fn a() {}")]));
    let consent = Consent::once(&door.preview(&prompt).unwrap());
    door.reserve(prompt, &consent, 1).unwrap().record().unwrap().permit()
}

fn results(scene: &Scene) -> Vec<Option<EndResult>> {
    assert_eq!(verify(&scene.audit_file()).unwrap().verdict, Verdict::Whole);
    let entries = Reading::of(&scene.audit_file()).unwrap().entries;
    entries.iter().map(|entry| entry.outcome.as_ref().map(|came| came.result)).collect()
}

#[test]
fn an_answer_is_settled_and_on_record() {
    let scene = Scene::new();
    let mut permit = permit(&scene, cloud());
    assert_eq!(scene.ledger.told(), ["reserve with 1 limits"]);
    assert_eq!(results(&scene), [None], "it is on record before it is sent");

    let body = permit.open().unwrap().to_vec();
    assert!(String::from_utf8(body).unwrap().contains("fn a() {}"));
    assert_eq!(scene.ledger.told(), ["advance Sent"]);
    permit.accepted(Some("req_1"));
    let usage = Usage { input_uncached: 40, output: 12, ..Usage::default() };
    permit.usage(&usage);
    permit.text("It does nothing.");
    let settled = permit.settle(Ending::Ended { reason: Reason::Complete, usage: Some(usage) });
    assert_eq!(settled.problem, None);
    assert_eq!(settled.usage, usage);
    assert_eq!(settled.settlement.unwrap().outcome, Outcome::Counted);
    assert_eq!(scene.ledger.told(), ["advance Streaming", "settle Counted"]);

    let entry = Reading::of(&scene.audit_file()).unwrap().entries.remove(0);
    let came = entry.outcome.unwrap();
    assert_eq!((came.result, came.request_id.as_deref(), came.usage), (EndResult::Complete, Some("req_1"), usage));
    assert_eq!(came.cost, settled.settlement.unwrap().money);
    assert_eq!((entry.sent.host.as_str(), entry.sent.reservation), ("api.anthropic.com", Some(7)));
    assert_eq!((entry.sent.files[0].path.as_str(), &entry.sent.files[0].ranges[..]), ("src/a.rs", &[(0, 9)][..]));
    assert!(entry.sent.price.starts_with("anthropic/claude-opus-5-5 "), "{}", entry.sent.price);
}

#[test]
fn nothing_is_spent_by_what_was_not_sent() {
    let scene = Scene::new();
    let door = scene.door();
    let prompt = scene.cleared(&draft(cloud(), vec![]));
    let preview = door.preview(&prompt).unwrap();
    drop(door.reserve(prompt.clone(), &Consent::once(&preview), 1).unwrap());
    assert_eq!(scene.ledger.told(), ["reserve with 1 limits", "release"]);
    assert!(!scene.audit_file().exists());

    drop(door.reserve(prompt.clone(), &Consent::once(&preview), 1).unwrap().record().unwrap());
    assert_eq!(scene.ledger.told(), ["reserve with 1 limits", "release"]);
    assert_eq!(results(&scene), [Some(EndResult::NotSent)]);

    drop(permit(&scene, cloud()));
    assert_eq!(scene.ledger.told(), ["reserve with 1 limits", "release"]);

    let mut unsent = permit(&scene, cloud());
    unsent.open().unwrap();
    assert_eq!(unsent.settle(Ending::Unsent(error(None))).settlement, None);
    assert_eq!(scene.ledger.told(), ["reserve with 1 limits", "advance Sent", "release"]);

    let mut rejected = permit(&scene, cloud());
    rejected.open().unwrap();
    assert_eq!(rejected.settle(Ending::Rejected(error(Some(529)))).settlement, None);
    assert_eq!(scene.ledger.told(), ["reserve with 1 limits", "advance Sent", "release"]);
    assert_eq!(results(&scene)[2..], [Some(EndResult::NotSent), Some(EndResult::Rejected)]);
}

#[test]
fn what_may_have_been_sent_and_is_forgotten_is_spent() {
    let scene = Scene::new();
    let mut permit = permit(&scene, cloud());
    permit.open().unwrap();
    scene.ledger.told();
    drop(permit);
    assert_eq!(scene.ledger.told(), ["settle Presumed"]);
    assert_eq!(results(&scene), [Some(EndResult::Unknown)]);
    let came = Reading::of(&scene.audit_file()).unwrap().entries.remove(0);
    assert_eq!(came.outcome.unwrap().cost, came.sent.cost.1);
}

#[test]
fn what_is_cancelled_or_fails_after_it_was_sent_costs() {
    for (ending, result) in [
        (Ending::Cancelled, EndResult::Cancelled),
        (Ending::Failed(error(None)), EndResult::Failed),
        (Ending::Ended { reason: Reason::Truncated, usage: None }, EndResult::Truncated),
    ] {
        let scene = Scene::new();
        let mut permit = permit(&scene, cloud());
        permit.open().unwrap();
        permit.accepted(None);
        permit.text("half");
        let settled = permit.settle(ending.clone());
        assert!(settled.settlement.is_some_and(|settlement| settlement.money > Picodollars::ZERO), "{ending:?}");
        assert_eq!(results(&scene), [Some(result)]);
        let log = fs::read_to_string(scene.audit_file()).unwrap();
        assert!(!log.contains("server's words"), "{log}");
    }
}

#[test]
fn bytes_are_handed_out_once() {
    let scene = Scene::new();
    let mut permit = permit(&scene, cloud());
    permit.open().unwrap();
    assert_eq!(permit.open(), Err(Withheld::NoConsent));
}

#[test]
fn a_ledger_that_fails_withholds() {
    let scene = Scene::new();
    let door = scene.door();
    let prompt = scene.cleared(&draft(cloud(), vec![]));
    let preview = door.preview(&prompt).unwrap();
    let consent = Consent::once(&preview);
    scene.ledger.fail("windows");
    assert!(matches!(door.preview(&prompt), Err(Withheld::Budget(Refusal::Ledger(_)))));
    scene.ledger.fail("reserve");
    assert!(matches!(door.reserve(prompt.clone(), &consent, 1), Err(Withheld::Budget(Refusal::Ledger(_)))));
    scene.ledger.fail("advance");
    let mut permit = door.reserve(prompt, &consent, 1).unwrap().record().unwrap().permit();
    assert!(matches!(permit.open(), Err(Withheld::Budget(Refusal::Ledger(_)))));
    scene.ledger.told();
    drop(permit);
    assert_eq!(scene.ledger.told(), ["release"], "the bytes never came out");
}

#[test]
fn a_ledger_that_fails_at_the_end_is_told_and_on_record() {
    let scene = Scene::new();
    let mut permit = permit(&scene, cloud());
    permit.open().unwrap();
    scene.ledger.fail("settle");
    let settled = permit.settle(Ending::Cancelled);
    assert!(settled.problem.unwrap().contains("made to fail"));
    let came = Reading::of(&scene.audit_file()).unwrap().entries.remove(0).outcome.unwrap();
    assert!(came.problem.unwrap().contains("made to fail"));
}

#[test]
fn without_a_record_there_is_no_permit() {
    let scene = Scene::new();
    fs::write(scene.audit_file().parent().unwrap(), "a file stands where the log's directory should be").unwrap();
    let door = scene.door();
    let prompt = scene.cleared(&draft(cloud(), vec![]));
    let consent = Consent::once(&door.preview(&prompt).unwrap());
    let withheld = door.reserve(prompt, &consent, 1).unwrap().record().unwrap_err();
    assert!(matches!(withheld, Withheld::Audit(_)), "{withheld:?}");
    assert_eq!(scene.ledger.told(), ["reserve with 1 limits", "release"]);
}

#[test]
fn a_server_of_the_user_s_is_free_and_recorded() {
    let scene = Scene::new();
    scene.ledger.fail("reserve");
    let mut door = scene.door();
    door.limits.push(limit(Amount::Tokens(1_000_000), Scope::User));
    let prompt = scene.cleared(&draft(machine(), vec![]));
    let preview = door.preview(&prompt).unwrap();
    assert_eq!((preview.is_local, preview.cost.1, preview.windows.len()), (true, Picodollars::ZERO, 0));
    let Remembered::Yes(consent) = door.consent(&preview) else { panic!("nobody need be asked") };
    let mut permit = door.reserve(prompt, &consent, 1).unwrap().record().unwrap().permit();
    permit.open().unwrap();
    permit.accepted(None);
    let settled = permit.settle(Ending::Ended { reason: Reason::Complete, usage: None });
    assert_eq!((scene.ledger.told(), settled.settlement.unwrap().money), (vec![], Picodollars::ZERO));
    let entry = Reading::of(&scene.audit_file()).unwrap().entries.remove(0);
    assert_eq!((entry.sent.is_local, entry.sent.reservation), (true, None));
    assert_eq!(entry.outcome.unwrap().result, EndResult::Complete);
}

#[test]
fn a_limit_on_the_tokens_of_a_server_of_the_user_s_holds() {
    let scene = Scene::new();
    let mut door = scene.door();
    door.limits.push(limit(Amount::Tokens(100), Scope::Provider("shed".into())));
    let prompt = scene.cleared(&draft(machine(), vec![]));
    assert!(matches!(door.preview(&prompt), Err(Withheld::Budget(Refusal::OverLimit { .. }))));
    door.limits.last_mut().unwrap().amount = Amount::Tokens(1_000_000);
    let consent = Consent::own_server(&door.preview(&prompt).unwrap()).unwrap();
    drop(door.reserve(prompt, &consent, 1).unwrap());
    assert_eq!(scene.ledger.told(), ["reserve with 1 limits", "release"]);
}

#[test]
fn a_preview_says_what_a_limit_would_refuse() {
    let scene = Scene::new();
    let mut door = scene.door();
    door.limits = vec![limit(Amount::Money(Picodollars(1)), Scope::User)];
    let prompt = scene.cleared(&draft(cloud(), vec![]));
    assert!(matches!(door.preview(&prompt), Err(Withheld::Budget(Refusal::OverLimit { .. }))));
}

#[test]
fn limits_of_others_refuse_nothing() {
    let scene = Scene::new();
    let mut door = scene.door();
    let nothing = [Amount::Money(Picodollars::ZERO), Amount::Tokens(0)];
    let of = |scopes: [Scope; 2]| scopes.into_iter().zip(nothing).map(|(scope, amount)| limit(amount, scope));
    door.limits.extend(of([Scope::Provider("openai".into()), Scope::Model("gpt-6.1-sol".into())]));
    let prompt = scene.cleared(&draft(cloud(), vec![]));
    let preview = door.preview(&prompt).unwrap();
    assert_eq!(preview.windows.len(), 1);
    drop(door.reserve(prompt.clone(), &Consent::once(&preview), 1).unwrap());
    assert_eq!(scene.ledger.told(), ["reserve with 1 limits", "release"]);
    for own in of([Scope::Provider("anthropic".into()), Scope::Model("claude-opus-5-5".into())]) {
        door.limits = vec![own];
        assert!(matches!(door.preview(&prompt), Err(Withheld::Budget(Refusal::OverLimit { .. }))), "{:?}", door.limits);
    }
}

#[test]
fn what_earlier_attempts_did_cost_is_gone_from_the_limit_of_the_request() {
    let dollars = |dollars: u64| Amount::Money(Picodollars(dollars * Picodollars::DOLLAR.0));
    let of_request = |amount| Limit { period: Period::Request, ..limit(amount, Scope::User) };
    let of_month = limit(dollars(2), Scope::User);
    let tokens = of_request(Amount::Tokens(9));
    let mut door = Scene::new().door();
    door.limits = vec![of_request(dollars(3)), of_month.clone(), tokens.clone(), of_request(dollars(1))];
    let rest = door.after_spending(Picodollars(2 * Picodollars::DOLLAR.0)).limits;
    assert_eq!(rest, [of_request(dollars(1)), of_month, tokens, of_request(dollars(0))]);
}

#[test]
fn a_count_of_the_beginning_of_an_answer_is_not_its_last() {
    let scene = Scene::new();
    let mut permit = permit(&scene, cloud());
    permit.open().unwrap();
    permit.accepted(None);
    permit.usage(&Usage { input_uncached: 40, output: 1, ..Usage::default() });
    permit.text(&"word ".repeat(500));
    let settlement = permit.settle(Ending::Ended { reason: Reason::Complete, usage: None }).settlement.unwrap();
    assert_eq!(settlement.outcome, Outcome::Estimated);
    // 40 tokens read, and five hundred written at $20 for a million.
    assert!(settlement.money.0 >= 40 * 4_000_000 + 500 * 20_000_000, "{settlement:?}");
}

#[test]
fn a_model_without_a_price_is_withheld() {
    let scene = Scene::new();
    let mut unpriced = draft(cloud(), vec![]);
    unpriced.model = "claude-of-tomorrow".into();
    let withheld = scene.door().preview(&scene.cleared(&unpriced)).unwrap_err();
    assert!(matches!(withheld, Withheld::Price(_)), "{withheld:?}");
}

#[test]
fn contents_are_kept_only_where_that_is_wanted() {
    for keeps_contents in [false, true] {
        let scene = Scene::new();
        let door = Door { keeps_contents, ..scene.door() };
        let prompt = scene.cleared(&draft(cloud(), vec![]));
        let consent = Consent::once(&door.preview(&prompt).unwrap());
        let mut permit = door.reserve(prompt, &consent, 1).unwrap().record().unwrap().permit();
        let body = permit.open().unwrap().to_vec();
        permit.accepted(None);
        permit.text("It does ");
        permit.text("nothing.");
        permit.settle(Ending::Cancelled);
        let directory = scene.audit_file().with_extension("contents");
        let mut kept: Vec<Vec<u8>> = fs::read_dir(directory)
            .into_iter()
            .flatten()
            .map(|entry| fs::read(entry.unwrap().path()).unwrap())
            .collect();
        kept.sort();
        let expected = if keeps_contents { vec![b"It does nothing.".to_vec(), body] } else { vec![] };
        assert_eq!(kept, expected);
    }
}
