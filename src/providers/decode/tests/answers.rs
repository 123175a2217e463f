//! The fixtures, in pieces of every size: how the network cuts an answer changes nothing.

use proptest::prelude::*;

use super::*;

#[test]
fn every_answer_is_understood() {
    let fixtures = fixtures();
    let mut wrong = String::new();
    for Fixture { kind, name, bytes, expected } in fixtures {
        let actual = shown(&decode(*kind, [bytes.as_slice()]));
        if actual != *expected {
            wrong += &format!("== {name}\n{actual}\nexpected:\n{expected}\n");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    for kind in KINDS {
        assert!(fixtures.iter().any(|fixture| fixture.kind == kind), "no fixture of {kind:?}");
    }
}

#[test]
fn a_cut_anywhere_changes_nothing() {
    for Fixture { kind, name, bytes, .. } in fixtures() {
        let kind = *kind;
        let whole = decode(kind, [bytes.as_slice()]);
        assert_eq!(decode(kind, bytes.chunks(1)), whole, "{name}, byte by byte");
        for at in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(at);
            assert_eq!(decode(kind, [head, tail]), whole, "{name}, cut at {at}");
        }
    }
}

/// Fixtures of server-sent events as text with LF.
fn texts() -> Vec<(ProviderKind, String, String)> {
    let fixtures = fixtures().iter().filter(|fixture| fixture.name.ends_with(".sse"));
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).unwrap().replace("\r\n", "\n");
    fixtures.map(|fixture| (fixture.kind, fixture.name.clone(), text(&fixture.bytes))).collect()
}

#[test]
fn line_ends_comments_and_blanks_change_nothing() {
    for (kind, name, text) in texts() {
        let plain = decode(kind, [text.as_bytes()]);
        for (what, other) in [
            ("CRLF", text.replace('\n', "\r\n")),
            ("CR", text.replace('\n', "\r")),
            ("comments", text.replace("data:", ": keep-alive\nid: 7\nretry: 10\nnonsense\ndata:")),
            ("comments in between", text.replace("\n\n", "\n\n: ping\n\n\n")),
            ("a byte order mark", format!("\u{feff}{text}")),
            ("no blanks", text.replace("data: ", "data:")),
        ] {
            assert_eq!(decode(kind, other.as_bytes().chunks(7)), plain, "{name} with {what}");
        }
    }
}

/// JSON that is spread over lines is one message.
#[test]
fn a_message_may_have_several_lines() {
    for (kind, name, text) in texts() {
        let spread = text.replace("\":", "\"\ndata: :");
        assert_eq!(decode(kind, [spread.as_bytes()]), decode(kind, [text.as_bytes()]), "{name}");
    }
}

proptest! {
    #[test]
    fn cuts_everywhere_change_nothing(
        which: prop::sample::Index,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let Fixture { kind, bytes, .. } = which.get(fixtures());
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]);
        prop_assert_eq!(decode(*kind, pieces), decode(*kind, [bytes.as_slice()]));
    }
}
