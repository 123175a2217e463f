//! A number that is made once for a user and never leaves the machine: what is hashed with it cannot be guessed elsewhere.

use std::io;
use std::path::Path;

use super::private_file;

/// Cheap to clone; prints nothing of itself.
#[derive(Clone)]
pub struct UserKey([u8; 32]);

impl UserKey {
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The user's key in the state directory, which is made at the first call. Two processes that make it at the same time get
    /// the same one. A key that is damaged is replaced: it is worth no more than caches.
    pub fn load(state: &Path) -> io::Result<Self> {
        let file = state.join("user.key");
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        match private_file::read_or_create(&file, &key)?.try_into() {
            Ok(key) => Ok(Self::new(key)),
            Err(_) => {
                private_file::replace(&file, &key)?;
                Ok(Self::new(key))
            }
        }
    }

    /// A hash of `parts`, in hex. `purpose` keeps the hashes of one use apart from those of all others.
    pub fn hash(&self, purpose: &str, parts: &[&[u8]]) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&blake3::derive_key(purpose, &self.0));
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        hasher.finalize().to_hex().to_string()
    }
}

impl std::fmt::Debug for UserKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UserKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_kept() {
        let state = tempfile::tempdir().unwrap();
        let first = UserKey::load(state.path()).unwrap();
        assert_eq!(UserKey::load(state.path()).unwrap().0, first.0);
        assert_ne!(first.0, [0; 32]);
        std::fs::write(state.path().join("user.key"), "damaged").unwrap();
        let next = UserKey::load(state.path()).unwrap();
        assert_eq!(UserKey::load(state.path()).unwrap().0, next.0);
        assert_eq!(format!("{first:?}"), "UserKey(…)");
    }

    #[test]
    fn hashes_differ_by_user_purpose_and_where_parts_end() {
        let (ann, bob) = (UserKey::new([1; 32]), UserKey::new([2; 32]));
        let of = |key: &UserKey, purpose, parts: &[&[u8]]| key.hash(purpose, parts);
        assert_eq!(of(&ann, "a", &[b"x", b"y"]), of(&ann, "a", &[b"x", b"y"]));
        assert_ne!(of(&ann, "a", &[b"x", b"y"]), of(&bob, "a", &[b"x", b"y"]));
        assert_ne!(of(&ann, "a", &[b"x", b"y"]), of(&ann, "b", &[b"x", b"y"]));
        assert_ne!(of(&ann, "a", &[b"x", b"y"]), of(&ann, "a", &[b"xy", b""]));
    }
}
