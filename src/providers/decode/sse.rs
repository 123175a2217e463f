//! Server-sent events, of which only the data matters: all providers repeat an event's name in it.
//!
//! Lines end with LF, CRLF or CR, events with an empty line. Comments are keep-alives. Bytes are kept as bytes until a line is whole,
//! since a piece may end inside of a character.

use memchr::memchr2;

use super::MAX_MESSAGE;

/// An event larger than `MAX_MESSAGE`.
#[derive(Debug)]
pub(super) struct Oversize;

#[derive(Debug)]
pub(super) struct EventReader {
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    /// Of the event that is being read; joined with LF.
    data: Vec<u8>,
    has_data: bool,
    /// `data` was handed out: it makes room for the next one.
    is_taken: bool,
    /// The last line ended with CR: a LF right after it belongs to the same end.
    is_after_cr: bool,
    /// A byte order mark may stand before the first line.
    is_first_line: bool,
}

impl Default for EventReader {
    fn default() -> Self {
        Self {
            line: Vec::new(),
            data: Vec::new(),
            has_data: false,
            is_taken: false,
            is_after_cr: false,
            is_first_line: true,
        }
    }
}

impl EventReader {
    /// Reads on to the end of the next event; `data` is its. None when the bytes are used up.
    pub fn next(&mut self, bytes: &mut &[u8]) -> Option<Result<(), Oversize>> {
        self.make_room();
        while !bytes.is_empty() {
            if std::mem::take(&mut self.is_after_cr) && bytes.first() == Some(&b'\n') {
                *bytes = bytes.get(1..).unwrap_or_default();
                continue;
            }
            let end = memchr2(b'\n', b'\r', bytes);
            let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
            if self.line.len() + self.data.len() + part.len() > MAX_MESSAGE {
                return Some(Err(Oversize));
            }
            let Some(end) = end else {
                self.line.extend_from_slice(part);
                *bytes = &[];
                return None;
            };
            self.is_after_cr = bytes.get(end) == Some(&b'\r');
            *bytes = bytes.get(end + 1..).unwrap_or_default();
            let is_event = if self.line.is_empty() {
                self.take_line(part)
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(part);
                let is_event = self.take_line(&line);
                line.clear();
                self.line = line;
                is_event
            };
            if is_event {
                self.is_taken = true;
                return Some(Ok(()));
            }
        }
        None
    }

    /// The bytes are over: whether there is an event that only lacks its end.
    pub fn finish(&mut self) -> bool {
        self.make_room();
        let line = std::mem::take(&mut self.line);
        self.take_line(&line);
        self.has_data
    }

    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Whether an event is complete.
    fn take_line(&mut self, mut line: &[u8]) -> bool {
        if std::mem::take(&mut self.is_first_line) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            return self.has_data;
        }
        let value = match line.strip_prefix(b"data") {
            Some([]) => &[],
            Some([b':', b' ', value @ ..] | [b':', value @ ..]) => value,
            // Comments, names, numbers, and what nobody knows.
            _ => return false,
        };
        if self.has_data {
            self.data.push(b'\n');
        }
        self.data.extend_from_slice(value);
        self.has_data = true;
        false
    }

    fn make_room(&mut self) {
        if std::mem::take(&mut self.is_taken) {
            self.has_data = false;
            if self.data.capacity() > MAX_MESSAGE / 16 {
                self.data = Vec::new();
            }
            self.data.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All events' data, read in pieces of this size.
    fn read(bytes: &[u8], step: usize) -> Vec<String> {
        let mut reader = EventReader::default();
        let mut events = Vec::new();
        for mut piece in bytes.chunks(step) {
            while let Some(Ok(())) = reader.next(&mut piece) {
                events.push(String::from_utf8_lossy(reader.data()).into_owned());
            }
        }
        if reader.finish() {
            events.push(String::from_utf8_lossy(reader.data()).into_owned());
        }
        events
    }

    #[test]
    fn events_are_read_however_they_are_written() {
        for (text, expected) in [
            ("data: a\n\ndata: b\n\n", &["a", "b"][..]),
            ("data: a\r\n\r\ndata: b\r\n\r\n", &["a", "b"]),
            ("data: a\r\rdata: b\r\r", &["a", "b"]),
            ("data: a\r\n\ndata: b\n\r\n", &["a", "b"]),
            ("data:a\n\ndata:  b\n\n", &["a", " b"]),
            ("data: a\ndata: b\n\n", &["a\nb"]),
            ("data\ndata:\n\n", &["\n"]),
            ("event: x\nid: 1\nretry: 5\ndata: a\n\n", &["a"]),
            (": OPENROUTER PROCESSING\n\n: ping\n\ndata: a\n: between\n\n", &["a"]),
            ("\u{feff}data: a\n\n", &["a"]),
            ("data: a\n\n\u{feff}data: b\n\n", &["a"]),
            ("data: a\n\ndata: b", &["a", "b"]),
            ("data: a\n\ndata: b\n", &["a", "b"]),
            ("data: ü€😀\n\n", &["ü€😀"]),
            ("database: a\n\ndata : b\n\n", &[]),
            ("event: x\n\n\n\n", &[]),
            ("", &[]),
        ] {
            for step in 1..=text.len().max(1) {
                assert_eq!(read(text.as_bytes(), step), expected, "{text:?} by {step}");
            }
        }
    }

    #[test]
    fn an_event_without_end_is_refused_in_time() {
        for text in ["data: ", "data: a\n", "garbage "] {
            let piece = text.as_bytes().repeat(100_000);
            let mut reader = EventReader::default();
            let mut taken = 0;
            let refused = (0..1000).any(|_| {
                taken += piece.len();
                matches!(reader.next(&mut piece.as_slice()), Some(Err(Oversize)))
            });
            assert!(refused && taken < 8 * MAX_MESSAGE, "{text}");
            assert!(reader.line.capacity() + reader.data.capacity() <= 4 * MAX_MESSAGE);
        }
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(bytes in prop::collection::vec(prop_oneof![
            Just(b'\n'), Just(b'\r'), Just(b':'), Just(b' '), Just(b'd'), any::<u8>()
        ], 0..200), lines in "(data: ?[a-z]{0,5}(\n|\r|\r\n){1,2}){0,9}", step in 1usize..20) {
            let bytes = [bytes.as_slice(), lines.as_bytes()].concat();
            prop_assert_eq!(read(&bytes, bytes.len().max(1)), read(&bytes, step));
        }
    }
}
