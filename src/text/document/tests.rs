//! The document against a model: a plain `String` and positions counted the slow and obvious way.

use proptest::prelude::*;

use super::*;
use PositionEncoding::{Utf8, Utf16, Utf32};

const ENCODINGS: [PositionEncoding; 3] = [Utf8, Utf16, Utf32];

fn document(text: &str) -> Document {
    Document::new("untitled:Test-1", "plaintext", 1, text)
}

fn insert(position: Position, text: &str) -> Change {
    replace(position, position, text)
}

fn replace(start: Position, end: Position, text: &str) -> Change {
    Change { range: Some(Range { start, end }), text: text.to_owned() }
}

/// Lines as (start, end of content, end with the break), in bytes.
fn model_lines(text: &str) -> Vec<(usize, usize, usize)> {
    let bytes = text.as_bytes();
    let (mut lines, mut start, mut at) = (Vec::new(), 0, 0);
    while at < bytes.len() {
        let width = match &bytes[at..] {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
        if width > 0 {
            lines.push((start, at, at + width));
            start = at + width;
        }
        at += width.max(1);
    }
    lines.push((start, text.len(), text.len()));
    lines
}

fn units(c: char, encoding: PositionEncoding) -> usize {
    match encoding {
        Utf8 => c.len_utf8(),
        Utf16 => c.len_utf16(),
        Utf32 => 1,
    }
}

fn model_byte_at(text: &str, position: Position, encoding: PositionEncoding) -> usize {
    let Some(&(start, end, _)) = model_lines(text).get(position.line as usize) else { return text.len() };
    let mut left = position.character as usize;
    let mut byte = start;
    for c in text[start..end].chars() {
        if units(c, encoding) > left {
            break;
        }
        left -= units(c, encoding);
        byte += c.len_utf8();
    }
    byte
}

fn model_position_at(text: &str, byte: usize, encoding: PositionEncoding) -> Position {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    let lines = model_lines(text);
    let line = lines.iter().rposition(|(start, ..)| *start <= byte).unwrap();
    let (start, end, _) = lines[line];
    let character = text[start..byte.min(end)].chars().map(|c| units(c, encoding)).sum::<usize>();
    Position::new(line as u32, character as u32)
}

fn model_point_at(text: &str, byte: usize) -> Point {
    let row = text[..byte].matches('\n').count();
    Point { row, column: byte - text[..byte].rfind('\n').map_or(0, |at| at + 1) }
}

fn model_apply(text: &mut String, change: &Change, encoding: PositionEncoding) {
    match change.range {
        None => *text = change.text.clone(),
        Some(Range { start, end }) => {
            let a = model_byte_at(text, start, encoding);
            let b = model_byte_at(text, end, encoding);
            text.replace_range(a.min(b)..a.max(b), &change.text);
        }
    }
}

#[test]
fn lines_break_at_lf_crlf_and_cr_but_not_at_other_separators() {
    let document = document("a\nbb\r\nccc\rdd\u{2028}d\u{85}\u{0b}\n");
    let starts: Vec<usize> = (0..5).map(|line| document.byte_at(Position::new(line, 0), Utf16)).collect();
    assert_eq!(starts, [0, 2, 6, 10, 20]);
    assert_eq!(document.line_range(3), 2..4);
    assert_eq!(document.line_range(5), 2..4, "between CR and LF is still the line");
    assert_eq!(document.line_range(8), 6..9);
    assert_eq!(document.line_range(usize::MAX), 20..20);
}

#[test]
fn a_position_outside_the_text_is_clamped() {
    let document = document("one\r\ntwo");
    for encoding in ENCODINGS {
        assert_eq!(document.byte_at(Position::new(0, u32::MAX), encoding), 3, "the line's end, before its break");
        assert_eq!(document.byte_at(Position::new(1, i32::MAX as u32), encoding), 8);
        assert_eq!(document.byte_at(Position::new(2, 0), encoding), 8);
        assert_eq!(document.byte_at(Position::new(u32::MAX, u32::MAX), encoding), 8);
        assert_eq!(document.position_at(usize::MAX, encoding), Position::new(1, 3));
        assert_eq!(document.position_at(4, encoding), Position::new(0, 3), "between CR and LF");
    }
}

#[test]
fn a_position_inside_a_character_moves_to_its_start() {
    let document = document("x😀y");
    assert_eq!(document.byte_at(Position::new(0, 2), Utf16), 1);
    assert_eq!(document.byte_at(Position::new(0, 3), Utf16), 5);
    for inside in 2..5 {
        assert_eq!(document.byte_at(Position::new(0, inside), Utf8), 1);
        assert_eq!(document.position_at(inside as usize, Utf16), Position::new(0, 1));
    }
    assert_eq!(document.byte_at(Position::new(0, 2), Utf32), 5);
    assert_eq!(document.slice(3..5), "😀");
}

#[test]
fn a_reversed_range_is_put_right() {
    let mut document = document("hello world");
    let edits = document.apply(2, &[replace(Position::new(0, 11), Position::new(0, 5), "!")], Utf16);
    assert_eq!(document.text(), "hello!");
    assert_eq!((edits[0].start_byte, edits[0].old_end_byte, edits[0].new_end_byte), (5, 11, 6));
    #[expect(clippy::reversed_empty_ranges)]
    let slice = document.slice(5..1);
    assert_eq!(slice, "ello");
}

#[test]
fn changes_apply_each_on_the_result_of_the_one_before() {
    let mut document = document("fn main() {}\n");
    let changes = [
        insert(Position::new(0, 11), "\n"),
        insert(Position::new(1, 0), "    let x = 1;\n"),
        replace(Position::new(1, 8), Position::new(1, 9), "answer"),
    ];
    let edits = document.apply(7, &changes, Utf16);
    assert_eq!(document.text(), "fn main() {\n    let answer = 1;\n}\n");
    assert_eq!(document.version(), 7);
    assert_eq!(edits.len(), 3);
    assert_eq!(edits[1].new_end_point, Point { row: 2, column: 0 });
}

#[test]
fn a_change_without_a_range_replaces_everything_in_one_edit() {
    let mut document = document("old\ntext");
    let edits = document.apply(2, &[Change { range: None, text: "new".to_owned() }], Utf16);
    let (start, end) = (Point::default(), Point { row: 1, column: 4 });
    let new_end_point = Point { row: 0, column: 3 };
    let whole =
        Edit { start_byte: 0, old_end_byte: 8, new_end_byte: 3, start_point: start, old_end_point: end, new_end_point };
    assert_eq!(edits, [whole]);
    assert_eq!(document.text(), "new");
}

#[test]
fn splitting_a_crlf_keeps_points_right() {
    let mut document = document("a\r\nb\r\nc");
    assert_eq!(document.point_at(6), Point { row: 2, column: 0 });
    // The client may only name places before or after a break; removing from a line's end to the next line's start
    // and inserting a lone CR is how one comes about.
    document.apply(2, &[replace(Position::new(0, 1), Position::new(1, 0), "\r")], Utf8);
    assert_eq!(document.text(), "a\rb\r\nc");
    assert_eq!(document.point_at(5), Point { row: 1, column: 0 });
    assert_eq!(document.point_at(3), Point { row: 0, column: 3 });
    assert_eq!(document.position_at(3, Utf16), Position::new(1, 1));
}

#[test]
fn a_snapshot_keeps_its_text() {
    let mut document = document("before");
    let snapshot = document.clone();
    document.apply(2, &[insert(Position::new(0, 0), "not ")], Utf16);
    assert_eq!((snapshot.text().as_str(), snapshot.version()), ("before", 1));
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z(){}; ]{0,6}",
        2 => Just("\n".to_owned()),
        2 => Just("\r\n".to_owned()),
        1 => Just("\r".to_owned()),
        1 => Just("😀".to_owned()),
        1 => Just("👩‍👩‍👧".to_owned()),
        1 => Just("e\u{301}".to_owned()),
        1 => Just("漢字かな".to_owned()),
        1 => Just("\0".to_owned()),
        1 => Just("\u{2028}\u{feff}ß".to_owned()),
    ];
    // Long enough that the rope has several chunks.
    prop::collection::vec(piece, 0..40).prop_flat_map(|pieces| {
        let text = pieces.concat();
        prop_oneof![3 => Just(text.clone()), 1 => Just(text.repeat(40))]
    })
}

fn hostile_position() -> impl Strategy<Value = Position> {
    let number = prop_oneof![8 => 0..30u32, 1 => 0..2000u32, 1 => Just(i32::MAX as u32), 1 => Just(u32::MAX)];
    (number.clone(), number).prop_map(|(line, character)| Position::new(line, character))
}

fn change() -> impl Strategy<Value = Change> {
    let range = prop_oneof![
        9 => (hostile_position(), hostile_position()).prop_map(|(start, end)| Some(Range { start, end })),
        4 => hostile_position().prop_map(|start| Some(Range { start, end: start })),
        1 => Just(None),
    ];
    let inserted = prop_oneof![5 => "[a-z\r\n😀]{0,3}", 1 => text()];
    (range, inserted).prop_map(|(range, text)| Change { range, text })
}

fn encoding() -> impl Strategy<Value = PositionEncoding> {
    prop::sample::select(&ENCODINGS[..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn changes_have_the_models_result(
        start in text(), changes in prop::collection::vec(change(), 0..12), encoding in encoding()
    ) {
        let mut document = document(&start);
        let mut model = start;
        for change in &changes {
            let before = model.clone();
            let edits = document.apply(2, std::slice::from_ref(change), encoding);
            model_apply(&mut model, change, encoding);
            prop_assert_eq!(document.text(), model.as_str());

            let edit = edits[0];
            let mut replayed = before.clone();
            replayed.replace_range(edit.start_byte..edit.old_end_byte, &change.text);
            prop_assert_eq!(&replayed, &model, "the edit tells the whole change");
            prop_assert_eq!(edit.start_point, model_point_at(&before, edit.start_byte));
            prop_assert_eq!(edit.old_end_point, model_point_at(&before, edit.old_end_byte));
            prop_assert_eq!(edit.new_end_point, model_point_at(&model, edit.new_end_byte));
        }
    }

    #[test]
    fn positions_and_bytes_agree_with_the_model(
        text in text(), position in hostile_position(), byte in 0..3000usize, encoding in encoding()
    ) {
        let document = document(&text);
        prop_assert_eq!(document.byte_at(position, encoding), model_byte_at(&text, position, encoding));
        prop_assert_eq!(document.position_at(byte, encoding), model_position_at(&text, byte, encoding));

        let at = document.byte_at(position, encoding);
        prop_assert!(text.is_char_boundary(at));
        prop_assert_eq!(document.byte_at(document.position_at(at, encoding), encoding), at, "a round trip");
        prop_assert_eq!(document.point_at(at), model_point_at(&text, at));
        let (start, end, _) = model_lines(&text)[document.position_at(at, encoding).line as usize];
        prop_assert_eq!(document.line_range(at), start..end);
    }

    #[test]
    fn a_slice_is_the_models_slice(text in text(), a in 0..3000usize, b in 0..3000usize) {
        let floor = |mut byte: usize| {
            byte = byte.min(text.len());
            while !text.is_char_boundary(byte) {
                byte -= 1;
            }
            byte
        };
        let (start, end) = (floor(a.min(b)), floor(a.max(b)));
        prop_assert_eq!(document(&text).slice(a..b), &text[start..end]);
    }
}
