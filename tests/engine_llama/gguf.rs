//! Takes a GGUF apart and puts it together again, changed. For tests only: it trusts its input.

/// A GGUF file in pieces.
pub struct Gguf {
    /// Key, type and raw value.
    pub keys: Vec<(String, u32, Vec<u8>)>,
    tensors: u64,
    tensor_infos: Vec<u8>,
    data: Vec<u8>,
}

struct Reader<'a>(&'a [u8], usize);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        self.1 += count;
        &self.0[self.1 - count..self.1]
    }
    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take(4).try_into().unwrap())
    }
    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take(8).try_into().unwrap())
    }
    fn string(&mut self) -> String {
        let length = self.u64() as usize;
        String::from_utf8(self.take(length).to_vec()).unwrap()
    }
    fn skip_value(&mut self, kind: u32) {
        match kind {
            0 | 1 | 7 => drop(self.take(1)),
            2 | 3 => drop(self.take(2)),
            4..=6 => drop(self.take(4)),
            10..=12 => drop(self.take(8)),
            8 => drop(self.string()),
            9 => {
                let element = self.u32();
                (0..self.u64()).for_each(|_| self.skip_value(element));
            }
            _ => panic!("type {kind}"),
        }
    }
}

impl Gguf {
    pub fn parse(bytes: &[u8]) -> Self {
        let mut reader = Reader(bytes, 8);
        let (tensors, count) = (reader.u64(), reader.u64());
        let keys = (0..count)
            .map(|_| {
                let key = reader.string();
                let kind = reader.u32();
                let start = reader.1;
                reader.skip_value(kind);
                (key, kind, bytes[start..reader.1].to_vec())
            })
            .collect();
        let start = reader.1;
        for _ in 0..tensors {
            reader.string();
            let dimensions = reader.u32() as usize;
            reader.take(8 * dimensions + 4 + 8);
        }
        let tensor_infos = bytes[start..reader.1].to_vec();
        let data = bytes[reader.1.next_multiple_of(32)..].to_vec();
        Self { keys, tensors, tensor_infos, data }
    }

    pub fn serialize(&self) -> Vec<u8> {
        let mut out = b"GGUF\x03\0\0\0".to_vec();
        out.extend(self.tensors.to_le_bytes());
        out.extend((self.keys.len() as u64).to_le_bytes());
        for (key, kind, value) in &self.keys {
            out.extend((key.len() as u64).to_le_bytes());
            out.extend(key.as_bytes());
            out.extend(kind.to_le_bytes());
            out.extend(value);
        }
        out.extend(&self.tensor_infos);
        out.resize(out.len().next_multiple_of(32), 0);
        out.extend(&self.data);
        out
    }

    pub fn set_string(&mut self, key: &str, value: &str) {
        let mut raw = (value.len() as u64).to_le_bytes().to_vec();
        raw.extend(value.as_bytes());
        self.keys.retain(|(known, _, _)| known != key);
        self.keys.push((key.to_owned(), 8, raw));
    }

    pub fn remove(&mut self, part: &str) {
        self.keys.retain(|(key, _, _)| !key.contains(part));
    }

    /// Replaces bytes by as many others inside a value, for example the spelling of a token.
    pub fn replace_in(&mut self, key: &str, from: &str, to: &str) {
        assert_eq!(from.len(), to.len());
        let (_, _, value) = self.keys.iter_mut().find(|(known, _, _)| known == key).expect("the key");
        let (from, to) = (from.as_bytes(), to.as_bytes());
        let mut at = 0;
        while let Some(found) = value[at..].windows(from.len()).position(|window| window == from) {
            value[at + found..at + found + from.len()].copy_from_slice(to);
            at += found + from.len();
        }
    }
}
