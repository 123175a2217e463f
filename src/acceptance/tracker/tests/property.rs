//! Any events in any order.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Act {
    Ask(Vec<String>),
    Replace(Vec<(usize, usize, String)>),
    Become(String),
    /// So many characters of what was shown last, at once.
    Take(usize),
    Accept(u64),
    Wait(u64),
    Reopen,
}

fn any_act() -> impl Strategy<Value = Act> {
    let text = || "[aé(\\)\\r\\n ]{0,6}";
    prop_oneof![
        3 => prop::collection::vec("[aé(\\)\\n ]{1,6}", 0..3).prop_map(Act::Ask),
        6 => prop::collection::vec((0..40usize, 0..3usize, text()), 1..3).prop_map(Act::Replace),
        1 => "[aé(\\)\\r\\n ]{0,30}".prop_map(Act::Become),
        4 => (1..8usize).prop_map(Act::Take),
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
        let mut user = User::at("aé(a)\n$0aa é\n");
        let mut numbers = std::collections::HashSet::new();
        let mut events = Vec::new();
        let mut rest = String::new();
        for act in acts {
            match act {
                Act::Ask(texts) => {
                    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                    user.cursor = user.document.byte_at(
                        user.document.position_at(user.cursor, PositionEncoding::Utf8), PositionEncoding::Utf8);
                    numbers.extend(user.asked(Trigger::Automatic, &texts));
                    rest = texts.first().copied().unwrap_or_default().to_owned();
                }
                Act::Replace(replacements) => {
                    let mut text = user.document.rope().clone();
                    let mut ranges = Vec::new();
                    for (at, length, new) in &replacements {
                        let (first, last) = (*at.min(&text.len_chars()), (at + length).min(text.len_chars()));
                        let bytes = text.char_to_byte(first)..text.char_to_byte(last);
                        text.remove(first..last);
                        text.insert(first, new);
                        user.cursor = bytes.start + new.len();
                        ranges.push((bytes, new.as_str()));
                    }
                    user.change(&ranges);
                    user.cursor = user.cursor.min(user.document.len_bytes());
                }
                Act::Take(characters) => {
                    let end = rest.char_indices().nth(characters).map_or(rest.len(), |(at, _)| at);
                    let taken: String = rest.drain(..end).collect();
                    user.inserts(&taken);
                }
                Act::Become(text) => user.becomes(&text),
                Act::Accept(number) => user.tracker.accepted(number, 0, user.now),
                Act::Wait(ms) => drop(user.waits(ms)),
                Act::Reopen => {
                    user.tracker.closed(URI, user.now);
                    user.tracker.opened(&user.document, user.now);
                }
            }
            events.extend(user.tracker.events());
            if let Some(tracked) = user.tracker.documents.get(URI) {
                prop_assert_eq!(&tracked.text, user.document.rope());
                // A line break that comes in two pieces is counted twice.
                let is_plain = !user.document.text().contains('\r');
                let stands = tracked.shown.as_ref().is_none_or(|open| open.stands_in(&tracked.text));
                prop_assert!(stands || !is_plain, "{:?}", tracked);
            }
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
