//! What models are called: `qwen2.5-coder-1.5b`, or with a quantisation, `qwen2.5-coder-1.5b:q8_0`.
//!
//! A name is anything that cannot be a path to a GGUF file, so that one setting takes both. Case does not matter.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::catalogue::Catalogue;

/// The best installed model that fits this machine.
pub const AUTO: &str = "auto";

/// The small model inside the program.
pub const STARTER: &str = "starter";

/// Longest name and longest quantisation, in bytes: both become names of directories.
const LONGEST: usize = 80;

/// Names that Windows gives to devices, whatever follows a dot; and `com1` to `com9`, `lpt1` to `lpt9`.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul"];

/// What else lies in the store's directory.
const STORES_OWN: &[&str] = &["models.lock", "models.lock.new", "partial"];

/// How the weights are rounded, as llama.cpp names it, in lower case: `q8_0`, `q4_k_m`, `f16`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quantisation(String);

/// A model's name, and which of its files is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelName {
    name: String,
    quantisation: Option<Quantisation>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error(
        "`{0}` is not a name of a model: write letters, digits, `.`, `-` and `_`, and a quantisation behind a `:`, for \
         example qwen2.5-coder-1.5b or qwen2.5-coder-1.5b:q8_0"
    )]
    Malformed(String),
    #[error("`{0}` is a path to a file, not a name")]
    Path(String),
}

impl Quantisation {
    /// Of a file that does not say what it is.
    pub fn mixed() -> Self {
        Self("mixed".to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Bits that a weight takes on average where all matrices are of this kind, from llama.cpp's table of quantisations
    /// (tools/quantize). Files mix kinds, so theirs are near this and not exactly this. None for one that is not in the table.
    pub fn bits_per_weight(&self) -> Option<f64> {
        Some(match self.as_str() {
            "iq2_xxs" => 2.06,
            "iq2_xs" => 2.31,
            "iq2_s" => 2.5,
            "iq2_m" => 2.7,
            "q2_k_s" | "q2_k" => 3.0,
            "iq3_xxs" => 3.06,
            "iq3_xs" => 3.3,
            "iq3_s" => 3.44,
            "iq3_m" => 3.66,
            "q3_k_s" => 3.5,
            "q3_k_m" => 3.9,
            "q3_k_l" => 4.2,
            "iq4_xs" => 4.25,
            "iq4_nl" | "q4_0" | "q4_k_s" => 4.6,
            "q4_1" => 5.0,
            "q4_k_m" | "q4_k_xl" => 4.85,
            "q5_0" | "q5_k_s" => 5.5,
            "q5_k_m" => 5.7,
            "q5_1" => 6.0,
            "q6_k" => 6.57,
            "q8_0" => 8.5,
            "bf16" | "f16" => 16.0,
            "f32" => 32.0,
            _ => return None,
        })
    }

    /// What stands in a file's name, as `qwen2.5-coder-1.5b-q8_0.gguf` or `…-Q4_K_M-00001-of-00002.gguf`.
    pub fn in_file_name(file_name: &str) -> Option<Quantisation> {
        let stem = file_name.to_ascii_lowercase();
        let stem = stem.strip_suffix(".gguf").unwrap_or(&stem);
        let stem = super::store::split_of(stem).map_or(stem, |(stem, _, _)| stem);
        let last = stem.rsplit(['-', '.']).next().unwrap_or_default();
        let quantisation = Quantisation(last.to_owned());
        quantisation.bits_per_weight().is_some().then_some(quantisation)
    }
}

impl FromStr for Quantisation {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let lower = text.to_ascii_lowercase();
        if !is_word(&lower) {
            return Err(NameError::Malformed(text.to_owned()));
        }
        Ok(Self(lower))
    }
}

impl TryFrom<String> for Quantisation {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Quantisation> for String {
    fn from(quantisation: Quantisation) -> String {
        quantisation.0
    }
}

impl fmt::Display for Quantisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ModelName {
    pub fn new(name: &str, quantisation: Option<Quantisation>) -> Result<Self, NameError> {
        let plain: ModelName = name.parse()?;
        if plain.quantisation.is_some() {
            return Err(NameError::Malformed(name.to_owned()));
        }
        Ok(Self { quantisation, ..plain })
    }

    /// What a setting means that takes a file or a name: a bare word that does not end in `.gguf` is a name, also one that
    /// could not be any model's, so that what is said of it is about names. None for a path.
    pub fn of(model: &Path) -> Option<ModelName> {
        let text = model.to_str()?;
        if is_path(text) {
            return None;
        }
        Some(text.parse().unwrap_or_else(|_| ModelName { name: text.to_owned(), quantisation: None }))
    }

    /// Without the quantisation.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn quantisation(&self) -> Option<&Quantisation> {
        self.quantisation.as_ref()
    }

    pub fn is_auto(&self) -> bool {
        self.name == AUTO && self.quantisation.is_none()
    }

    pub fn is_starter(&self) -> bool {
        self.name == STARTER && self.quantisation.is_none()
    }

    /// Whether it is written as names are. One from `of` need not be.
    pub fn check(&self) -> Result<(), NameError> {
        self.to_string().parse::<ModelName>().map(drop)
    }

    /// The name among `known` that is most like this one, as a user may have meant it.
    pub fn nearest<'a>(&self, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        nearest(&self.to_string(), known)
    }

    /// `; did you mean …?`, or nothing.
    pub fn hint(&self) -> String {
        let names = Catalogue::builtin().entries().iter().map(|entry| entry.name.as_str());
        match self.nearest(names).as_slice() {
            [] => String::new(),
            names => format!("; did you mean {}?", names.join(" or ")),
        }
    }
}

impl FromStr for ModelName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if is_path(text) && !text.is_empty() {
            return Err(NameError::Path(text.to_owned()));
        }
        let lower = text.to_ascii_lowercase();
        let (name, quantisation) = match lower.split_once(':') {
            Some((name, quantisation)) => (name, Some(quantisation)),
            None => (lower.as_str(), None),
        };
        let malformed = || NameError::Malformed(text.to_owned());
        if !is_word(name) {
            return Err(malformed());
        }
        let quantisation = quantisation.map(str::parse).transpose().map_err(|_| malformed())?;
        Ok(Self { name: name.to_owned(), quantisation })
    }
}

impl TryFrom<String> for ModelName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<ModelName> for String {
    fn from(name: ModelName) -> String {
        name.to_string()
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.quantisation {
            Some(quantisation) => write!(f, ":{quantisation}"),
            None => Ok(()),
        }
    }
}

fn is_path(text: &str) -> bool {
    text.is_empty()
        || text.contains(['/', '\\'])
        || text.to_ascii_lowercase().ends_with(".gguf")
        || text.starts_with(['~', '.'])
}

/// Letters, digits, `.`, `-` and `_`, beginning and ending with a letter or digit: safe as the name of a directory anywhere.
fn is_word(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_');
    let outer = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    let device = text.split('.').next().unwrap_or_default();
    bytes.len() <= LONGEST
        && bytes.iter().copied().all(inner)
        && outer(bytes.first())
        && outer(bytes.last())
        && !text.contains("..")
        && !DEVICES.contains(&device)
        && !is_port(device)
        && !STORES_OWN.contains(&text)
}

fn is_port(device: &str) -> bool {
    let number = device.strip_prefix("com").or_else(|| device.strip_prefix("lpt"));
    number.is_some_and(|number| matches!(number.as_bytes(), [b'1'..=b'9']))
}

/// Up to three of `known` that share most with `wrong`: its parts in any order, else few letters' difference.
fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    if wrong.len() > LONGEST {
        return Vec::new();
    }
    let parts = |text: &str| -> Vec<String> {
        text.to_ascii_lowercase()
            .split(['-', ':', '_', ' ', '/'])
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let wanted = parts(wrong);
    let mut ranked: Vec<(usize, &str)> = known
        .filter_map(|name| {
            // Who names no quantisation means none.
            let plain = if wrong.contains(':') { name } else { name.split(':').next().unwrap_or(name) };
            let there = parts(plain);
            let shared = wanted.iter().filter(|part| there.contains(part)).count();
            let lacking = wanted.len().max(there.len()) - shared;
            let distance = edit_distance(&wanted.concat(), &there.concat());
            let is_like = shared > 0 && lacking <= 2 || distance <= 2.max(wrong.len() / 5);
            is_like.then_some((distance.min(4 * lacking), name))
        })
        .collect();
    ranked.sort_by_key(|(distance, _)| *distance);
    let best = ranked.first().map_or(0, |(distance, _)| *distance);
    ranked.into_iter().take_while(|(distance, _)| *distance <= best + 1).take(3).map(|(_, name)| name).collect()
}

fn edit_distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, a) in one.bytes().enumerate() {
        let (mut diagonal, mut left) = (line, line + 1);
        for (b, cell) in other.bytes().zip(row.iter_mut().skip(1)) {
            let up = *cell;
            left = (up + 1).min(left + 1).min(diagonal + usize::from(a != b));
            diagonal = std::mem::replace(cell, left);
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_means_a_name_or_a_file() {
        for (text, name) in [
            ("qwen2.5-coder-1.5b", Some("qwen2.5-coder-1.5b")),
            ("Qwen2.5-Coder-1.5B:Q8_0", Some("qwen2.5-coder-1.5b:q8_0")),
            ("auto", Some("auto")),
            ("no such thing!", Some("no such thing!")),
            ("m.gguf", None),
            ("M.GGUF", None),
            ("./m", None),
            ("models/m", None),
            ("models\\m", None),
            ("~", None),
            ("", None),
        ] {
            let found = ModelName::of(Path::new(text)).map(|name| name.to_string());
            assert_eq!(found.as_deref(), name, "{text}");
        }
        assert!(ModelName::of(Path::new("no such thing!")).unwrap().check().is_err());
        assert!(ModelName::of(Path::new("auto")).unwrap().is_auto());
    }

    #[test]
    fn names_are_safe_as_directories() {
        for text in ["", ".", "..", "a..b", "-a", "a-", ".a", "a b", "a:b:c", "a:", ":q8_0", "ä", "con", "nul.x", "a\0"]
        {
            assert!(text.parse::<ModelName>().is_err(), "{text:?}");
        }
        for text in ["models.lock", "Partial", "com1", "LPT9.x", "com5:q8_0"] {
            assert!(text.parse::<ModelName>().is_err(), "{text:?}");
        }
        for text in ["com", "com0", "com10", "lpt", "partial-coder", "models.locked"] {
            assert!(text.parse::<ModelName>().is_ok(), "{text:?}");
        }
        assert!("a".repeat(LONGEST + 1).parse::<ModelName>().is_err());
        let error = "a b".parse::<ModelName>().unwrap_err().to_string();
        assert!(error.contains("qwen2.5-coder-1.5b:q8_0"), "{error}");
        assert_eq!("/m/a.gguf".parse::<ModelName>().unwrap_err(), NameError::Path("/m/a.gguf".to_owned()));
        let name = ModelName::new("mellum-4b", Some("Q4_K_M".parse().unwrap())).unwrap();
        assert_eq!(name.to_string(), "mellum-4b:q4_k_m");
        assert!(ModelName::new("mellum-4b:q8_0", None).is_err());
    }

    #[test]
    fn a_slip_is_told_what_was_meant() {
        let known = ["qwen2.5-coder-1.5b", "qwen2.5-coder-7b", "starcoder2-3b", "codestral-22b"];
        for (wrong, right) in [
            ("qwen2.5-coder:1.5b", "qwen2.5-coder-1.5b"),
            ("qwen25-coder-7b", "qwen2.5-coder-7b"),
            ("starcoder-3b", "starcoder2-3b"),
            ("codestral", "codestral-22b"),
        ] {
            let name = ModelName { name: wrong.to_owned(), quantisation: None };
            assert_eq!(name.nearest(known.into_iter()).first(), Some(&right), "{wrong}");
        }
        let name: ModelName = "mien".parse().unwrap();
        assert_eq!(name.nearest(["mine:q8_0", "other:q8_0"].into_iter()), ["mine:q8_0"]);
        let name: ModelName = "llama-9".parse().unwrap();
        assert_eq!(name.nearest(known.into_iter()), [""; 0]);
    }

    #[test]
    fn a_file_s_name_tells_its_quantisation() {
        for (file, expected) in [
            ("qwen2.5-coder-1.5b-q8_0.gguf", Some("q8_0")),
            ("Codestral-22B-v0.1-Q4_K_M.gguf", Some("q4_k_m")),
            ("deepseek-coder-6.7b-base.Q5_K_M.gguf", Some("q5_k_m")),
            ("big-Q6_K-00001-of-00003.gguf", Some("q6_k")),
            ("model.gguf", None),
            ("qwen2.5-coder-1.5b.gguf", None),
        ] {
            let found = Quantisation::in_file_name(file).map(String::from);
            assert_eq!(found.as_deref(), expected, "{file}");
        }
    }
}
