//! Files of any size that take no memory: a small GGUF header, and behind it bytes that tell where they belong, so that one in a
//! wrong place is noticed.

use std::sync::{Arc, OnceLock};

use sha2::Digest;

/// Bytes that repeat, but for a mark on each page.
const BLOCK: usize = 1 << 20;
const PAGE: usize = 4096;

/// A key of a header.
enum Key {
    Text(&'static str, &'static str),
    U16(&'static str, u16),
    I32(&'static str, i32),
}

#[derive(Clone, Debug)]
pub struct Content {
    pub size: u64,
    seed: u64,
    head: Vec<u8>,
    block: Arc<[u8]>,
    sha256: Arc<OnceLock<String>>,
}

impl Content {
    /// A model of one tensor of bytes. Another seed is another file of the same length.
    pub fn model(size: u64, seed: u64) -> Self {
        Self::gguf(size, seed, &[Key::Text("general.architecture", "qwen2")])
    }

    /// Part `number`, from 1, of such a model in `count` files of a tensor each.
    pub fn part(size: u64, seed: u64, number: u16, count: u16) -> Self {
        Self::part_of(size, seed, number, count, u32::from(count))
    }

    /// The same, of a model that has so many tensors.
    pub fn part_of(size: u64, seed: u64, number: u16, count: u16, tensors: u32) -> Self {
        let own = Key::Text("general.architecture", "qwen2");
        let split = [
            Key::U16("split.no", number - 1),
            Key::U16("split.count", count),
            Key::I32("split.tensors.count", tensors as i32),
        ];
        let keys: Vec<Key> = Some(own).filter(|_| number == 1).into_iter().chain(split).collect();
        Self::gguf(size, seed, &keys)
    }

    fn gguf(size: u64, seed: u64, keys: &[Key]) -> Self {
        let mut head = b"GGUF".to_vec();
        let text = |head: &mut Vec<u8>, text: &str| {
            head.extend((text.len() as u64).to_le_bytes());
            head.extend(text.as_bytes());
        };
        head.extend(3u32.to_le_bytes());
        head.extend(1u64.to_le_bytes());
        head.extend((keys.len() as u64).to_le_bytes());
        for key in keys {
            let (Key::Text(name, _) | Key::U16(name, _) | Key::I32(name, _)) = key;
            text(&mut head, name);
            match key {
                Key::Text(_, value) => {
                    head.extend(8u32.to_le_bytes());
                    text(&mut head, value);
                }
                Key::U16(_, value) => {
                    head.extend(2u32.to_le_bytes());
                    head.extend(value.to_le_bytes());
                }
                Key::I32(_, value) => {
                    head.extend(5u32.to_le_bytes());
                    head.extend(value.to_le_bytes());
                }
            }
        }
        text(&mut head, "weights");
        head.extend(1u32.to_le_bytes());
        let tensor = head.len() as u64 + 8 + 4 + 8;
        let data = tensor.next_multiple_of(32);
        assert!(size > data, "a model has more than {data} bytes");
        head.extend((size - data).to_le_bytes());
        // 8-bit numbers, from the beginning of the data on.
        head.extend(24u32.to_le_bytes());
        head.extend(0u64.to_le_bytes());
        head.resize(data as usize, 0);
        Self { size, seed, head, block: block(seed), sha256: Arc::default() }
    }

    /// Anything else.
    pub fn text(text: &str) -> Self {
        let head = text.as_bytes().to_vec();
        Self { size: text.len() as u64, seed: 0, head, block: block(0), sha256: Arc::default() }
    }

    /// The bytes from `offset` on.
    pub fn fill(&self, offset: u64, buffer: &mut [u8]) {
        let mut at = 0;
        while at < buffer.len() {
            let position = offset + at as u64;
            let within = (position % PAGE as u64) as usize;
            let count = (PAGE - within).min(buffer.len() - at);
            let start = (position % BLOCK as u64) as usize;
            buffer[at..at + count].copy_from_slice(&self.block[start..start + count]);
            let mark = (mix(self.seed ^ (position / PAGE as u64))).to_le_bytes();
            for (index, byte) in mark.iter().enumerate().skip(within) {
                if index - within < count {
                    buffer[at + index - within] = *byte;
                }
            }
            at += count;
        }
        if let Some(head) = self.head.get(offset.min(self.head.len() as u64) as usize..) {
            let count = head.len().min(buffer.len());
            buffer[..count].copy_from_slice(&head[..count]);
        }
    }

    fn pieces(&self) -> impl Iterator<Item = Vec<u8>> {
        (0..self.size).step_by(BLOCK).map(|at| {
            let mut piece = vec![0; (self.size - at).min(BLOCK as u64) as usize];
            self.fill(at, &mut piece);
            piece
        })
    }

    pub fn sha256(&self) -> String {
        let compute = || {
            let mut hasher = sha2::Sha256::new();
            self.pieces().for_each(|piece| hasher.update(piece));
            hex(&hasher.finalize())
        };
        self.sha256.get_or_init(compute).clone()
    }

    /// Git's name of the file.
    pub fn git(&self) -> String {
        let mut hasher = sha1::Sha1::new();
        hasher.update(format!("blob {}\0", self.size));
        self.pieces().for_each(|piece| hasher.update(piece));
        hex(&hasher.finalize())
    }

    /// Whether a file on the disk is this, byte for byte.
    pub fn is_in(&self, path: &std::path::Path) -> bool {
        use std::io::Read;
        let Ok(mut file) = std::fs::File::open(path) else { return false };
        let mut read = vec![0; BLOCK];
        let same = self.pieces().all(|piece| {
            let read = &mut read[..piece.len()];
            file.read_exact(read).is_ok() && *read == piece
        });
        same && file.read(&mut read).is_ok_and(|more| more == 0)
    }
}

fn block(seed: u64) -> Arc<[u8]> {
    (0..BLOCK as u64 / 8).flat_map(|at| mix(seed.wrapping_mul(31) ^ at << 20).to_le_bytes()).collect()
}

/// SplitMix64's finish: neighbouring numbers become unlike ones.
pub fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
