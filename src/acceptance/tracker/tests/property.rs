//! Any events in any order.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Act {
    Ask(Vec<String>),
    Replace(usize, usize, String),
    Accept(u64),
    Wait(u64),
    Reopen,
}

fn any_act() -> impl Strategy<Value = Act> {
    let text = || "[aé(\\)\\r\\n ]{0,6}";
    prop_oneof![
        3 => prop::collection::vec("[aé(\\)\\n ]{1,6}", 0..3).prop_map(Act::Ask),
        6 => (0..40usize, 0..3usize, text()).prop_map(|(at, length, text)| Act::Replace(at, length, text)),
        1 => (0..8u64).prop_map(Act::Accept),
        1 => (0..400_000u64).prop_map(Act::Wait),
        1 => Just(Act::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever comes, each suggestion is decided once, its marks are told once each, and nothing is left over.
    #[test]
    fn every_suggestion_is_decided_exactly_once(acts in prop::collection::vec(any_act(), 1..40)) {
        let mut user = User::at("aé(a)\r\n$0aa é\n");
        let mut numbers = std::collections::HashSet::new();
        let mut events = Vec::new();
        for act in acts {
            match act {
                Act::Ask(texts) => {
                    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                    user.cursor = user.document.byte_at(
                        user.document.position_at(user.cursor, PositionEncoding::Utf8), PositionEncoding::Utf8);
                    numbers.extend(user.asked(Trigger::Automatic, &texts));
                }
                Act::Replace(at, length, text) => {
                    let start = user.document.rope().char_to_byte(at.min(user.document.rope().len_chars()));
                    let end = user.document.rope().char_to_byte((at + length).min(user.document.rope().len_chars()));
                    user.change(&[(start..end, text.as_str())]);
                    user.cursor = (start + text.len()).min(user.document.len_bytes());
                }
                Act::Accept(number) => user.tracker.accepted(number, 0, user.now),
                Act::Wait(ms) => drop(user.waits(ms)),
                Act::Reopen => {
                    user.tracker.closed(URI, user.now);
                    user.tracker.opened(&user.document, user.now);
                }
            }
            events.extend(user.tracker.events());
        }
        user.tracker.end(user.now);
        events.extend(user.tracker.events());
        let mut decided = std::collections::HashMap::new();
        let mut marks = std::collections::HashSet::new();
        for event in events {
            match event {
                Event::Decided { number, row } => {
                    prop_assert!(row.accepted <= row.characters && row.typed <= row.characters, "{row:?}");
                    prop_assert!(decided.insert(number, row.outcome).is_none(), "decided twice");
                }
                Event::Kept { number, mark, .. } => {
                    prop_assert!(decided.get(&number).is_some_and(|outcome| outcome.is_accepted()));
                    prop_assert!(marks.insert((number, mark.after_ms())), "told twice");
                }
            }
        }
        let known: std::collections::HashSet<u64> = decided.keys().copied().collect();
        prop_assert_eq!(known, numbers);
        let accepted = decided.values().filter(|outcome| outcome.is_accepted()).count();
        prop_assert_eq!(marks.len(), 2 * accepted);
    }
}
