//! What the ledger has against what the double would really charge: never less than that reserved, and the same where the
//! provider told.

use tandem::budget::{Outcome, Picodollars, State};
use tandem::cloud::Update;
use tandem::providers::Event;

use super::support::{Asker, Ready};
use crate::provider::{Double, Fault, Kind, Reply, Trouble};

/// Kinds whose answers are paid by the shipped prices. A compatible server's price is nobody's to know.
fn priced() -> impl Iterator<Item = Kind> {
    Kind::ALL.into_iter().filter(|kind| *kind != Kind::Compatible)
}

#[track_caller]
fn check(ready: &Ready, double: &Double, what: &str) {
    let (entries, record) = (ready.house.entries(), double.record());
    let reserved: u64 = entries.iter().map(|entry| entry.reserved_money.0).sum();
    assert!(record.money() <= reserved, "{what}: charged {}, reserved {reserved}", record.money());
    assert!(entries.iter().all(|entry| !matches!(entry.state, State::Open(_))), "{what}: {entries:?}");
}

#[tokio::test]
async fn what_is_settled_by_count_is_the_bill() {
    for kind in priced() {
        for reasoning in [0, 500] {
            let double = Double::start(kind).await;
            let ready = Asker::at(&double).ready();
            // The first writes the cache, the second reads it.
            for _ in 0..2 {
                double.reply(Reply { reasoning, ..Reply::default() });
                ready.ask().await;
            }
            let entries = ready.house.entries();
            assert!(
                entries.iter().all(|entry| entry.state == State::Settled(Outcome::Counted)),
                "{kind:?}: {entries:?}"
            );
            assert_eq!(ready.house.money(), Picodollars(double.record().money()), "{kind:?} {reasoning}");
            check(&ready, &double, &format!("{kind:?}"));
        }
    }
}

#[tokio::test]
async fn no_fault_charges_more_than_was_reserved() {
    for kind in priced() {
        for fault in [
            Fault::CutAt(900),
            Fault::NoEnd { after: 9 },
            Fault::ResetAfter,
            Fault::ErrorInside { after: 0, trouble: Trouble::Overloaded },
            Fault::ErrorInside { after: 9, trouble: Trouble::Overloaded },
            Fault::Garble { after: 9 },
            Fault::Refuse(Trouble::Server),
            Fault::Duplicate,
            Fault::WrongType,
        ] {
            let double = Double::start(kind).await;
            for _ in 0..3 {
                double.reply(Reply { fault: fault.clone(), reasoning: 300, ..Reply::default() });
            }
            let ready = Asker::at(&double).ready();
            ready.ask().await;
            check(&ready, &double, &format!("{kind:?} {fault:?}"));
        }
    }
}

#[tokio::test]
async fn a_cancel_is_settled_at_no_less_than_the_bill() {
    for kind in priced() {
        let double = Double::start(kind).await;
        double.reply(Reply::fault(Fault::Endless));
        let ready = Asker::at(&double).ready();
        let (cancel, mut seen) = (ready.cancel.clone(), 0);
        ready
            .ask_and(|update| {
                if matches!(update, Update::Event(Event::Text(_))) {
                    seen += 1;
                    if seen == 5 {
                        cancel.cancel();
                    }
                }
            })
            .await;
        double.until(|record| record.closed.len() == 1).await;
        check(&ready, &double, &format!("{kind:?}"));
        let (settled, bill) = (ready.house.money().0, double.record().money());
        // Where closing ends the bill, what was on the wire and not yet seen is all that may be missing.
        let unseen = double.record().charges[0].output * 20_000_000;
        assert!(settled + unseen >= bill, "{kind:?}: settled {settled}, charged {bill}");
    }
}

#[tokio::test]
async fn a_price_tier_that_the_question_trips_is_reserved_and_charged() {
    let double = Double::start(Kind::Anthropic).await;
    let mut asker = Asker::at(&double);
    asker.model = "claude-haiku-5-5".to_owned();
    // Above 100,000 tokens all of it costs five times as much.
    asker.texts.0 = "let value = compute(first, second);\n".repeat(12_000);
    let ready = asker.ready();
    ready.ask().await;
    assert!(double.record().charges[0].input.total() > 100_000);
    assert_eq!(ready.house.money(), Picodollars(double.record().money()));
    check(&ready, &double, "haiku");
}

/// So many counts are enough for a bound by what was counted (`budget::Calibration`).
const LEARNED: usize = 20;

/// The first questions to a model are bounded by what the least fitting text has; later ones by what was counted before.
#[tokio::test]
async fn what_is_announced_is_at_most_half_as_much_again_as_the_bill() {
    for kind in [Kind::Anthropic, Kind::OpenAi, Kind::DeepSeek] {
        let double = Double::start(kind).await;
        let mut asker = Asker::at(&double);
        asker.max_output = 1000;
        asker.texts.0 = include_str!("../doubles/serve.rs").repeat(2);
        let ready = asker.ready();
        for _ in 0..=LEARNED {
            double.forget();
            double.reply(Reply::text(&"It is so, and so it goes on. ".repeat(100)));
            ready.ask().await;
        }
        check(&ready, &double, &format!("{kind:?}"));
        let (entries, record) = (ready.house.entries(), double.record());
        let ratio = |at: usize| entries[at].reserved_money.0 as f64 / record.charges[at].money as f64;
        println!("{kind:?}: reserved / charged {:.2}, at first {:.2}", ratio(LEARNED), ratio(0));
        assert!(ratio(LEARNED) <= 1.5, "{kind:?}: {}", ratio(LEARNED));
    }
}
