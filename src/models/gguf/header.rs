//! What a header holds: values by key, tensors by name, and what follows from them.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use anyhow::{Context, Result, bail, ensure};

use super::kinds::{block_of, name_of};
use super::reader::Reader;

/// Bounds on what a header may announce; real models stay far below (a 405B model has 1,138 tensors).
const MOST_TENSORS: u64 = 100_000;
const MOST_KEYS: u64 = 100_000;
const MOST_DIMENSIONS: u32 = 4;
const MOST_TOKENS: u64 = 2_000_000;

/// What is kept of a text, and of all texts and lists together, in bytes. Chat templates are the longest.
const LONGEST_TEXT: u64 = 1 << 20;
const MOST_KEPT: u64 = 32 << 20;

/// Lists of numbers up to this length are kept: one number a layer.
const LONGEST_LIST: u64 = 4096;

/// Names of keys and tensors; llama.cpp refuses longer ones.
const LONGEST_NAME: u64 = 256;

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Whole(u64),
    Signed(i64),
    /// Single precision, and double.
    Real(f32),
    Double(f64),
    Flag(bool),
    Text(String),
    /// One number a layer, for example; flags are 0 and 1.
    List(Vec<i64>),
    /// A list that was not kept, by its length.
    Long(u64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    pub name: String,
    /// The first is the length of a row.
    pub shape: Vec<u64>,
    /// `ggml_type`; see `name_of`.
    pub kind: u32,
    /// Where it begins, from the beginning of the data.
    pub offset: u64,
    /// 0 for types that are not known.
    pub bytes: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    /// Of the whole file.
    pub bytes: u64,
    /// Where the tensors' data begin.
    pub data: u64,
    values: BTreeMap<String, Value>,
    pub tensors: Vec<Tensor>,
}

impl Tensor {
    pub fn elements(&self) -> u64 {
        self.shape.iter().fold(1, |product: u64, size| product.saturating_mul(*size))
    }
}

impl Header {
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// All keys in order.
    pub fn values(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value))
    }

    pub fn text(&self, key: &str) -> Option<&str> {
        match self.value(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number that is not negative, of whatever type the file has it in.
    pub fn number(&self, key: &str) -> Option<u64> {
        match self.value(key)? {
            Value::Whole(number) => Some(*number),
            Value::Signed(number) => u64::try_from(*number).ok(),
            _ => None,
        }
    }

    /// `general.architecture`; empty where there is none.
    pub fn architecture(&self) -> &str {
        self.text("general.architecture").unwrap_or_default()
    }

    /// A key of the architecture's own, for example `block_count`.
    pub fn own(&self, key: &str) -> Option<&Value> {
        self.value(&format!("{}.{key}", self.architecture()))
    }

    /// A number of the architecture's own; of a list with one number a layer the largest.
    pub fn own_number(&self, key: &str) -> Option<u64> {
        match self.own(key)? {
            Value::Whole(number) => Some(*number),
            Value::Signed(number) => u64::try_from(*number).ok(),
            Value::List(numbers) => numbers.iter().copied().max().and_then(|number| u64::try_from(number).ok()),
            _ => None,
        }
    }

    /// The default template of conversations, in Jinja.
    pub fn chat_template(&self) -> Option<&str> {
        self.text("tokenizer.chat_template").filter(|template| !template.trim().is_empty())
    }

    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }

    /// Rows of the embedding's table; else what the tokenizer lists.
    pub fn vocabulary(&self) -> u64 {
        let table = self.tensor("token_embd.weight").and_then(|tensor| tensor.shape.get(1).copied());
        let listed = || match self.value("tokenizer.ggml.tokens") {
            Some(Value::Long(count)) => Some(*count),
            _ => self.own_number("vocab_size"),
        };
        table.or_else(listed).unwrap_or_default()
    }

    /// Weights, not bytes.
    pub fn parameters(&self) -> u64 {
        self.tensors.iter().fold(0, |sum: u64, tensor| sum.saturating_add(tensor.elements()))
    }

    /// Bytes of all tensors.
    pub fn weight_bytes(&self) -> u64 {
        self.tensors.iter().fold(0, |sum: u64, tensor| sum.saturating_add(tensor.bytes))
    }

    /// Bytes of the tensors by type, the largest first.
    pub fn bytes_by_kind(&self) -> Vec<(&'static str, u64)> {
        let mut sums: BTreeMap<&'static str, u64> = BTreeMap::new();
        for tensor in &self.tensors {
            let sum = sums.entry(name_of(tensor.kind)).or_default();
            *sum = sum.saturating_add(tensor.bytes);
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_by_key(|(name, bytes)| (std::cmp::Reverse(*bytes), *name));
        sums
    }
}

/// Reads a header behind its magic, and the bytes that the file must have by the tensors' places.
pub(super) fn walk(reader: &mut Reader) -> Result<(Header, u64)> {
    let version = reader.u32()?;
    ensure!((2..=3).contains(&version), "GGUF version {version} is not supported");
    let (tensors, keys) = (reader.u64()?, reader.u64()?);
    ensure!(tensors <= MOST_TENSORS && keys <= MOST_KEYS, "it announces {tensors} tensors and {keys} keys");
    let mut header = Header { bytes: reader.bytes, ..Header::default() };
    let mut alignment = 32;
    let mut room = MOST_KEPT;
    for _ in 0..keys {
        let key = lossy(reader.text(LONGEST_NAME)?);
        let kind = reader.u32()?;
        let value = if key == "tokenizer.ggml.tokens" && kind == 9 {
            Value::Long(tokens(reader)?)
        } else {
            value(reader, kind, 0, &mut room)?
        };
        if key == "general.alignment"
            && let Value::Whole(number) = value
        {
            alignment = number;
            ensure!(alignment.is_power_of_two() && alignment <= 1 << 20, "its alignment is {alignment}");
        }
        header.values.insert(key, value);
    }
    let mut end = 0;
    for _ in 0..tensors {
        let tensor = tensor(reader)?;
        end = end.max(tensor.offset.checked_add(tensor.bytes).context("a tensor's place overflows")?);
        header.tensors.push(tensor);
    }
    header.data = reader.position.next_multiple_of(alignment);
    let needed = header.data.checked_add(end).context("the tensors' places overflow")?;
    Ok((header, needed))
}

fn tensor(reader: &mut Reader) -> Result<Tensor> {
    let name = lossy(reader.text(LONGEST_NAME)?);
    let dimensions = reader.u32()?;
    ensure!(dimensions <= MOST_DIMENSIONS, "a tensor has {dimensions} dimensions");
    let mut elements: u64 = 1;
    let mut shape = Vec::with_capacity(dimensions as usize);
    for _ in 0..dimensions {
        let size = reader.u64()?;
        elements = elements.checked_mul(size).context("a tensor's shape overflows")?;
        shape.push(size);
    }
    let kind = reader.u32()?;
    let offset = reader.u64()?;
    // Types that the table does not know count with their offset alone.
    let bytes = match block_of(kind) {
        Some((block, bytes)) => (elements / block).checked_mul(bytes).context("a tensor's size overflows")?,
        None => 0,
    };
    Ok(Tensor { name, shape, kind, offset, bytes })
}

/// llama.cpp aborts the process on a vocabulary that holds a token twice. Returns how many there are.
fn tokens(reader: &mut Reader) -> Result<u64> {
    let element = reader.u32()?;
    let count = reader.u64()?;
    ensure!(element == 8 && count <= MOST_TOKENS, "its vocabulary announces {count} tokens of type {element}");
    // Each token takes eight bytes of the file at least: a lying count takes no memory.
    let mut seen = HashSet::with_capacity(count.min(reader.bytes / 8) as usize);
    for _ in 0..count {
        let mut hasher = DefaultHasher::new();
        let token = reader.text(LONGEST_NAME)?;
        token.hash(&mut hasher);
        // Empty ones get a name of their own.
        ensure!(token.is_empty() || seen.insert(hasher.finish()), "its vocabulary holds a token twice");
    }
    Ok(count)
}

/// A value of one of the format's types; `room` is what may still be kept of texts and lists.
fn value(reader: &mut Reader, kind: u32, depth: u32, room: &mut u64) -> Result<Value> {
    Ok(match kind {
        0 => Value::Whole(u64::from(reader.array::<1>()?[0])),
        1 => Value::Signed(i64::from(i8::from_le_bytes(reader.array()?))),
        2 => Value::Whole(u64::from(u16::from_le_bytes(reader.array()?))),
        3 => Value::Signed(i64::from(i16::from_le_bytes(reader.array()?))),
        4 => Value::Whole(u64::from(reader.u32()?)),
        5 => Value::Signed(i64::from(i32::from_le_bytes(reader.array()?))),
        6 => Value::Real(f32::from_le_bytes(reader.array()?)),
        7 => Value::Flag(reader.array::<1>()?[0] != 0),
        8 => {
            let text = reader.text(LONGEST_TEXT.min(*room))?;
            *room -= text.len() as u64;
            Value::Text(lossy(text))
        }
        9 => list(reader, depth, room)?,
        10 => Value::Whole(reader.u64()?),
        11 => Value::Signed(i64::from_le_bytes(reader.array()?)),
        12 => Value::Double(f64::from_le_bytes(reader.array()?)),
        _ => bail!("a value has the unknown type {kind}"),
    })
}

fn list(reader: &mut Reader, depth: u32, room: &mut u64) -> Result<Value> {
    ensure!(depth < 2, "its arrays are nested too deep");
    let element = reader.u32()?;
    let count = reader.u64()?;
    ensure!(count <= reader.bytes, "an array announces {count} elements");
    let is_whole = matches!(element, 0..=5 | 7 | 10 | 11);
    if is_whole && depth == 0 && count <= LONGEST_LIST && count * 8 <= *room {
        *room -= count * 8;
        let numbers = (0..count).map(|_| {
            Ok(match value(reader, element, depth + 1, &mut 0)? {
                Value::Whole(number) => i64::try_from(number).unwrap_or(i64::MAX),
                Value::Signed(number) => number,
                Value::Flag(flag) => i64::from(flag),
                _ => 0,
            })
        });
        return numbers.collect::<Result<Vec<i64>>>().map(Value::List);
    }
    match element {
        0 | 1 | 7 => reader.skip(count)?,
        2 | 3 => reader.skip(count.saturating_mul(2))?,
        4..=6 => reader.skip(count.saturating_mul(4))?,
        10..=12 => reader.skip(count.saturating_mul(8))?,
        8 => (0..count).try_for_each(|_| reader.text(0).map(drop))?,
        9 => (0..count).try_for_each(|_| list(reader, depth + 1, &mut 0).map(drop))?,
        _ => bail!("a value has the unknown type {element}"),
    }
    Ok(Value::Long(count))
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
