//! How a reservation ends: settled, released, or left behind by a process that died.

use super::*;

const DAY: fn() -> Limit = || money(100, Period::Day, Scope::User);

#[test]
fn settling_twice_is_settling_once() {
    let scene = Scene::new();
    let ledger = scene.open();
    let reserved = ask(&ledger, &account(), &[], 50).unwrap();
    ledger.settle(reserved, &cost(20)).unwrap();
    ledger.settle(reserved, &cost(20)).unwrap();
    scene.open().settle(reserved, &cost(30)).unwrap();
    assert_eq!(stand(&ledger, &DAY()), (20, 0));
    ledger.advance(reserved, Stage::Streaming, Picodollars(90)).unwrap();
    assert_eq!(stand(&ledger, &DAY()), (20, 0), "what ended goes no further");
}

#[test]
fn what_was_never_reserved_cannot_end() {
    let scene = Scene::new();
    let ledger = scene.open();
    let unknown = Reserved(77);
    assert_eq!(ledger.settle(unknown, &cost(1)), Err(LedgerError::Unknown(77)));
    assert_eq!(ledger.release(unknown), Err(LedgerError::Unknown(77)));
    assert_eq!(ledger.advance(unknown, Stage::Sent, Picodollars::ZERO), Err(LedgerError::Unknown(77)));
}

#[test]
fn only_what_did_not_begin_to_answer_is_released() {
    let scene = Scene::new();
    let ledger = scene.open();
    let ask = || ask(&ledger, &account(), &[DAY()], 60).unwrap();
    let unsent = ask();
    ledger.release(unsent).unwrap();
    ledger.release(unsent).unwrap();
    let refused_by_the_server = ask();
    ledger.advance(refused_by_the_server, Stage::Sent, Picodollars::ZERO).unwrap();
    ledger.release(refused_by_the_server).unwrap();
    let answered = ask();
    ledger.advance(answered, Stage::Streaming, Picodollars(5)).unwrap();
    assert_eq!(ledger.release(answered), Err(LedgerError::Spent(answered.0)));
    ledger.settle(answered, &cost(30)).unwrap();
    assert_eq!(ledger.release(answered), Err(LedgerError::Spent(answered.0)));
    assert_eq!(stand(&ledger, &DAY()), (30, 0));
    // The bill came after all.
    ledger.settle(unsent, &cost(11)).unwrap();
    assert_eq!(stand(&ledger, &DAY()), (41, 0));
}

#[test]
fn a_cost_above_the_reservation_is_recorded_and_then_blocks() {
    let scene = Scene::new();
    let ledger = scene.open();
    let reserved = ask(&ledger, &account(), &[DAY()], 90).unwrap();
    ledger.advance(reserved, Stage::Streaming, Picodollars(95)).unwrap();
    assert_eq!(stand(&ledger, &DAY()), (0, 95), "what is known to be spent is open");
    ledger.advance(reserved, Stage::Sent, Picodollars(10)).unwrap();
    assert_eq!(stand(&ledger, &DAY()), (0, 95), "neither goes back");
    ledger.settle(reserved, &cost(130)).unwrap();
    assert_eq!(stand(&ledger, &DAY()), (130, 0));
    assert_eq!(refused(ask(&ledger, &account(), &[DAY()], 0)).0.left(), 0);
}

#[test]
fn what_a_dead_process_left_open_counts_as_spent() {
    let scene = Scene::new();
    let (living, dying) = (scene.open(), scene.open());
    let kept = ask(&living, &account(), &[DAY()], 10).unwrap();
    let lost = ask(&dying, &account(), &[DAY()], 20).unwrap();
    let streaming = ask(&dying, &account(), &[DAY()], 30).unwrap();
    dying.advance(streaming, Stage::Streaming, Picodollars(35)).unwrap();
    assert_eq!(living.reconcile().unwrap(), 0, "both live");
    drop(dying);
    assert_eq!(stand(&living, &DAY()), (0, 65), "it counts before anybody looked");
    assert_eq!(living.reconcile().unwrap(), 2);
    assert_eq!(stand(&living, &DAY()), (55, 10));
    assert_eq!(living.reconcile().unwrap(), 0);
    let states = living.entries(0, i64::MAX).unwrap();
    let states: Vec<_> = states.iter().map(|entry| entry.state).collect();
    let presumed = State::Settled(Outcome::Presumed);
    assert_eq!(states, [State::Open(Stage::Reserved), presumed, presumed]);
    // Whoever knows better may say so, once.
    living.settle(lost, &cost(3)).unwrap();
    living.settle(lost, &cost(4)).unwrap();
    living.settle(kept, &cost(10)).unwrap();
    assert_eq!(stand(&living, &DAY()), (48, 0));
}

#[test]
fn opening_settles_what_was_left_behind() {
    let scene = Scene::new();
    let dying = scene.open();
    ask(&dying, &account(), &[DAY()], 20).unwrap();
    drop(dying);
    assert_eq!(stand(&scene.open(), &DAY()), (20, 0));
}

#[test]
fn threads_together_admit_no_more_than_the_limit() {
    let scene = Scene::new();
    let ledgers: Vec<SqliteLedger> = (0..3).map(|_| scene.open()).collect();
    let admitted = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..12)
            .map(|number| {
                let ledger = &ledgers[number % 3];
                scope.spawn(move || (0..8).filter(|_| ask(ledger, &account(), &[DAY()], 7).is_ok()).count())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
    });
    assert_eq!(admitted, 14, "14 × 7 = 98");
    assert_eq!(stand(&ledgers[0], &DAY()), (0, 98));
}
