//! AWS's event stream: frames with lengths and checksums.
//!
//! A frame is, with big-endian numbers: its length, the length of its headers, the CRC-32 of these eight bytes, headers,
//! payload, and the CRC-32 of everything before (botocore's `eventstream.py`). A header is a name with its length, a type, and a value.

use super::MAX_MESSAGE;

const PRELUDE: usize = 12;
const CHECKSUM: usize = 4;

/// A frame that is none: too long, too short, or changed on its way.
#[derive(Debug)]
pub(super) struct Broken;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// `event`, `exception` or `error`.
    pub message_type: &'a str,
    /// The name of the event, the exception or the error.
    pub name: &'a str,
    /// JSON.
    pub payload: &'a [u8],
}

#[derive(Debug, Default)]
pub(super) struct FrameReader {
    buffer: Vec<u8>,
    /// Length of the frame that was handed out, which stands at the buffer's beginning.
    taken: usize,
}

impl FrameReader {
    /// Reads on to the end of the next frame; `frame` reads it. None when the bytes are used up.
    pub fn next(&mut self, bytes: &mut &[u8]) -> Option<Result<(), Broken>> {
        if self.taken > 0 {
            self.taken = 0;
            if self.buffer.capacity() > MAX_MESSAGE / 16 {
                self.buffer = Vec::new();
            }
            self.buffer.clear();
        }
        if !self.fill(bytes, PRELUDE) {
            return None;
        }
        let Some(length) = self.checked_length() else { return Some(Err(Broken)) };
        if !self.fill(bytes, length) {
            return None;
        }
        let body = self.buffer.get(..length - CHECKSUM).unwrap_or_default();
        if number(&self.buffer, length - CHECKSUM) != Some(crc32(body)) {
            return Some(Err(Broken));
        }
        self.taken = length;
        Some(Ok(()))
    }

    /// The frame that `next` found.
    pub fn frame(&self) -> Result<Frame<'_>, Broken> {
        let headers = number(&self.buffer, 4).map_or(0, |length| length as usize);
        let end = self.taken.saturating_sub(CHECKSUM);
        let mut rest = self.buffer.get(PRELUDE..PRELUDE + headers).ok_or(Broken)?;
        let mut frame = Frame { payload: self.buffer.get(PRELUDE + headers..end).ok_or(Broken)?, ..Frame::default() };
        while !rest.is_empty() {
            let (name, value) = header(&mut rest).ok_or(Broken)?;
            match (name, value) {
                (b":message-type", Some(value)) => frame.message_type = value,
                (b":event-type" | b":exception-type" | b":error-code", Some(value)) => frame.name = value,
                _ => {}
            }
        }
        Ok(frame)
    }

    /// Whether the buffer holds this many bytes now. Takes no more than these.
    fn fill(&mut self, bytes: &mut &[u8], length: usize) -> bool {
        let missing = length.saturating_sub(self.buffer.len()).min(bytes.len());
        let (now, later) = bytes.split_at(missing);
        self.buffer.extend_from_slice(now);
        *bytes = later;
        self.buffer.len() >= length
    }

    /// Looked at before a byte more is kept.
    fn checked_length(&self) -> Option<usize> {
        let length = number(&self.buffer, 0)? as usize;
        let headers = number(&self.buffer, 4)? as usize;
        let is_whole = number(&self.buffer, 8)? == crc32(self.buffer.get(..8)?);
        let fits = (PRELUDE + CHECKSUM..=MAX_MESSAGE).contains(&length) && headers <= length - PRELUDE - CHECKSUM;
        (is_whole && fits).then_some(length)
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// One header: its name, and its value where that is text.
fn header<'a>(rest: &mut &'a [u8]) -> Option<(&'a [u8], Option<&'a str>)> {
    let length = usize::from(*take(rest, 1)?.first()?);
    let name = take(rest, length)?;
    let kind = *take(rest, 1)?.first()?;
    let length = match kind {
        0 | 1 => 0,
        2 => 1,
        3 => 2,
        4 => 4,
        5 | 8 => 8,
        6 | 7 => usize::from(u16::from_be_bytes(take(rest, 2)?.try_into().ok()?)),
        9 => 16,
        _ => return None,
    };
    let value = take(rest, length)?;
    let text = if kind == 7 { Some(std::str::from_utf8(value).ok()?) } else { None };
    Some((name, text))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let taken = rest.get(..length)?;
    *rest = rest.get(length..)?;
    Some(taken)
}

/// The CRC-32 of zip and Ethernet. Ours, because this room is there without the feature that brings a crate for it.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| TABLE[usize::from(crc as u8 ^ byte)] ^ (crc >> 8);
    !bytes.iter().fold(u32::MAX, step)
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < table.len() {
        let mut crc = at as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
};

/// For tests: a frame with these headers, all of them text.
#[cfg(test)]
pub(super) fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(u8::try_from(name.len()).unwrap());
        head.extend_from_slice(name.as_bytes());
        head.push(7);
        head.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let length = PRELUDE + head.len() + payload.len() + CHECKSUM;
    let mut frame = u32::try_from(length).unwrap().to_be_bytes().to_vec();
    frame.extend_from_slice(&u32::try_from(head.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(&crc32(&frame).to_be_bytes());
    frame.extend_from_slice(&head);
    frame.extend_from_slice(payload);
    frame.extend_from_slice(&crc32(&frame).to_be_bytes());
    frame
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8], step: usize) -> Result<Vec<(String, String, Vec<u8>)>, Broken> {
        let mut reader = FrameReader::default();
        let mut frames = Vec::new();
        for mut piece in bytes.chunks(step) {
            while let Some(next) = reader.next(&mut piece) {
                next?;
                let frame = reader.frame()?;
                frames.push((frame.message_type.to_owned(), frame.name.to_owned(), frame.payload.to_vec()));
            }
        }
        Ok(frames)
    }

    #[test]
    fn checksums_are_those_of_everybody_else() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        // The empty message of AWS's own test vectors.
        let empty = [0, 0, 0, 0x10, 0, 0, 0, 0, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff];
        assert_eq!(frame(&[], b""), empty);
        assert_eq!(read(&empty, 1).unwrap(), [(String::new(), String::new(), Vec::new())]);
    }

    #[test]
    fn headers_of_all_types_are_passed() {
        // bool, byte, short, int, long, bytes, timestamp, UUID, and then one that we want.
        let mut head = Vec::new();
        for (kind, value) in [
            (0u8, &[][..]),
            (1, &[]),
            (2, &[1]),
            (3, &[1; 2]),
            (4, &[1; 4]),
            (5, &[1; 8]),
            (6, &[0, 1, 9]),
            (8, &[1; 8]),
            (9, &[1; 16]),
        ] {
            head.extend_from_slice(&[1, b'x', kind]);
            head.extend_from_slice(value);
        }
        head.extend_from_slice(b"\x0b:event-type\x07\x00\x02hi");
        let mut bytes = u32::try_from(16 + head.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend_from_slice(&u32::try_from(head.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(&crc32(&bytes).to_be_bytes());
        bytes.extend_from_slice(&head);
        bytes.extend_from_slice(&crc32(&bytes).to_be_bytes());
        assert_eq!(read(&bytes, 3).unwrap(), [(String::new(), "hi".to_owned(), Vec::new())]);
    }

    #[test]
    fn a_length_that_no_frame_has_is_refused_at_once() {
        for (length, headers) in [(15u32, 0u32), (0, 0), (u32::MAX, 0), (17 << 20, 0), (100, 85), (16, u32::MAX)] {
            let mut bytes = [length.to_be_bytes(), headers.to_be_bytes()].concat();
            bytes.extend_from_slice(&crc32(&bytes).to_be_bytes());
            assert!(read(&bytes, 5).is_err(), "{length} {headers}");
        }
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..5), step in 1usize..40) {
            let bytes: Vec<u8> = payloads.iter().flat_map(|payload| frame(&[(":event-type", "x")], payload)).collect();
            let whole: Vec<Vec<u8>> = read(&bytes, step).unwrap().into_iter().map(|(.., payload)| payload).collect();
            prop_assert_eq!(whole, payloads);
        }

        #[test]
        fn no_changed_byte_goes_unseen(payload in prop::collection::vec(any::<u8>(), 0..50), at: prop::sample::Index, bit in 0u8..8) {
            let mut bytes = frame(&[(":event-type", "x")], &payload);
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(read(&bytes, 7).is_err());
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200), step in 1usize..40) {
            let _ = read(&bytes, step);
        }
    }
}
