//! A GGUF file: keys, tensors, and their bytes one after another.

use std::fs;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use super::Weights;
use super::weights::{Kind, Noise};

/// Tensors begin at multiples of it, as in files of llama.cpp's converter.
const ALIGNMENT: u64 = 32;

#[derive(Clone, Debug)]
pub enum Value {
    U16(u16),
    I32(i32),
    U32(u32),
    F32(f32),
    Flag(bool),
    Text(String),
    Texts(Vec<String>),
    I32s(Vec<i32>),
    F32s(Vec<f32>),
}

#[derive(Clone, Debug)]
pub struct Tensor {
    pub name: String,
    /// The first is the length of a row.
    pub shape: Vec<u64>,
    pub kind: Kind,
}

/// What a file will hold.
#[derive(Clone, Debug, Default)]
pub struct File {
    pub keys: Vec<(String, Value)>,
    pub tensors: Vec<Tensor>,
}

impl Tensor {
    pub fn elements(&self) -> u64 {
        self.shape.iter().product()
    }

    pub fn bytes(&self) -> u64 {
        let (block, bytes) = self.kind.block();
        self.elements() / block * bytes
    }
}

impl Value {
    fn number(&self) -> u32 {
        match self {
            Self::U16(_) => 2,
            Self::I32(_) => 5,
            Self::U32(_) => 4,
            Self::F32(_) => 6,
            Self::Flag(_) => 7,
            Self::Text(_) => 8,
            Self::Texts(_) | Self::I32s(_) | Self::F32s(_) => 9,
        }
    }

    fn put(&self, out: &mut Vec<u8>) {
        let list = |out: &mut Vec<u8>, kind: u32, count: usize| {
            out.extend(kind.to_le_bytes());
            out.extend((count as u64).to_le_bytes());
        };
        match self {
            Self::U16(value) => out.extend(value.to_le_bytes()),
            Self::I32(value) => out.extend(value.to_le_bytes()),
            Self::U32(value) => out.extend(value.to_le_bytes()),
            Self::F32(value) => out.extend(value.to_le_bytes()),
            Self::Flag(value) => out.push(u8::from(*value)),
            Self::Text(text) => put_text(out, text),
            Self::Texts(texts) => {
                list(out, 8, texts.len());
                texts.iter().for_each(|text| put_text(out, text));
            }
            Self::I32s(values) => {
                list(out, 5, values.len());
                values.iter().for_each(|value| out.extend(value.to_le_bytes()));
            }
            Self::F32s(values) => {
                list(out, 6, values.len());
                values.iter().for_each(|value| out.extend(value.to_le_bytes()));
            }
        }
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

impl File {
    /// Sets a key, in place of one of that name.
    pub fn set(&mut self, key: &str, value: Value) {
        self.keys.retain(|(known, _)| known != key);
        self.keys.push((key.to_owned(), value));
    }

    pub fn remove(&mut self, key: &str) {
        self.keys.retain(|(known, _)| known != key);
    }

    /// The same model in so many files, as llama.cpp's `llama-gguf-split` writes them.
    pub fn split(&self, count: usize) -> Vec<File> {
        let each = self.tensors.len().div_ceil(count);
        let parts = self.tensors.chunks(each).enumerate().map(|(number, tensors)| {
            let keys = if number == 0 { self.keys.clone() } else { Vec::new() };
            let mut part = File { keys, tensors: tensors.to_vec() };
            part.set("split.no", Value::U16(number as u16));
            part.set("split.count", Value::U16(count as u16));
            part.set("split.tensors.count", Value::I32(self.tensors.len() as i32));
            part
        });
        let parts: Vec<File> = parts.collect();
        assert_eq!(parts.len(), count, "a part without tensors");
        parts
    }

    /// Everything before the tensors' bytes.
    pub fn header(&self) -> Vec<u8> {
        let mut out = b"GGUF\x03\0\0\0".to_vec();
        out.extend((self.tensors.len() as u64).to_le_bytes());
        out.extend((self.keys.len() as u64).to_le_bytes());
        for (key, value) in &self.keys {
            put_text(&mut out, key);
            out.extend(value.number().to_le_bytes());
            value.put(&mut out);
        }
        let mut offset = 0_u64;
        for tensor in &self.tensors {
            put_text(&mut out, &tensor.name);
            out.extend((tensor.shape.len() as u32).to_le_bytes());
            tensor.shape.iter().for_each(|size| out.extend(size.to_le_bytes()));
            out.extend(tensor.kind.number().to_le_bytes());
            out.extend(offset.to_le_bytes());
            offset += tensor.bytes().next_multiple_of(ALIGNMENT);
        }
        out.resize(out.len().next_multiple_of(ALIGNMENT as usize), 0);
        out
    }

    /// Bytes of the whole file.
    pub fn bytes(&self) -> u64 {
        let tensors = self.tensors.iter().map(|tensor| tensor.bytes().next_multiple_of(ALIGNMENT));
        self.header().len() as u64 + tensors.sum::<u64>()
    }

    /// Writes the file with these values, of tensors that are all `Kind::F32`.
    pub fn write_values(&self, path: &Path, values: impl Fn(&Tensor) -> Vec<f32>) -> io::Result<()> {
        let mut out = BufWriter::new(fs::File::create(path)?);
        out.write_all(&self.header())?;
        for tensor in &self.tensors {
            let values = values(tensor);
            assert!(tensor.kind == Kind::F32 && values.len() as u64 == tensor.elements(), "{}", tensor.name);
            for value in values {
                out.write_all(&value.to_le_bytes())?;
            }
            let padding = tensor.bytes().next_multiple_of(ALIGNMENT) - tensor.bytes();
            out.write_all(&vec![0; padding as usize])?;
        }
        out.flush()
    }

    pub fn write(&self, path: &Path, weights: Weights) -> io::Result<()> {
        let header = self.header();
        let mut out = BufWriter::with_capacity(1 << 20, fs::File::create(path)?);
        out.write_all(&header)?;
        match weights {
            Weights::Sparse => {
                out.flush()?;
                out.get_ref().set_len(self.bytes())?;
            }
            Weights::Random(seed) => {
                let mut offset = header.len() as u64;
                for tensor in &self.tensors {
                    out.seek(SeekFrom::Start(offset))?;
                    Noise::of(seed, tensor).write(&mut out)?;
                    offset += tensor.bytes().next_multiple_of(ALIGNMENT);
                }
                out.flush()?;
                out.get_ref().set_len(offset)?;
            }
        }
        Ok(())
    }
}
