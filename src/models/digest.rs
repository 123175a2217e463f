//! SHA-256, which hubs and Ollama name files by, of files too large for memory.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::Digest;

/// Large enough that reading and not calling takes the time.
const PIECE_BYTES: usize = 1 << 20;

/// A digest as it is written: 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256(pub [u8; 32]);

/// Reads the whole file; `progress` hears how many bytes were read, and says whether to go on.
///
/// # Errors
/// What reading gives, and `Interrupted` where `progress` said no.
pub fn hash_file(file: &Path, mut progress: impl FnMut(u64) -> bool) -> io::Result<Sha256> {
    let mut file = File::open(file)?;
    let mut hasher = sha2::Sha256::new();
    let mut piece = vec![0; PIECE_BYTES];
    let mut done = 0;
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(Sha256(hasher.finalize().into())),
            Ok(count) => {
                hasher.update(piece.get(..count).unwrap_or_default());
                done += count as u64;
                if !progress(done) {
                    return Err(io::Error::new(io::ErrorKind::Interrupted, "it was stopped"));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Sha256 {
    type Err = String;

    /// With or without `sha256:` or `sha256-` before it.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a SHA-256 digest of 64 hexadecimal digits");
        let digits = text.strip_prefix("sha256:").or_else(|| text.strip_prefix("sha256-")).unwrap_or(text);
        if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            let pair = digits.get(2 * at..2 * at + 2).ok_or_else(wrong)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Sha256 {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Sha256> for String {
    fn from(digest: Sha256) -> String {
        digest.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_digest_that_the_standard_gives() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("a");
        std::fs::write(&file, "abc").unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let mut seen = 0;
        let digest = hash_file(&file, |done| {
            seen = done;
            true
        });
        assert_eq!(digest.unwrap().to_string(), abc);
        assert_eq!(seen, 3);
        assert_eq!(hash_file(&file, |_| false).unwrap_err().kind(), io::ErrorKind::Interrupted);
        assert!(hash_file(place.path(), |_| true).is_err(), "a directory");
    }

    #[test]
    fn digests_are_read_strictly() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for text in [abc.to_owned(), abc.to_uppercase(), format!("sha256:{abc}"), format!("sha256-{abc}")] {
            assert_eq!(text.parse::<Sha256>().unwrap().to_string(), abc);
        }
        for text in ["", "sha256:", &abc[1..], &abc.replace('b', "g"), &format!("{abc}0"), &abc.replace("ba", "+a")] {
            assert!(text.parse::<Sha256>().is_err(), "{text}");
        }
    }
}
