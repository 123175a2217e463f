//! Where a host is found: names of its socket, lock and log. Makes no files.

use std::path::{Path, PathBuf};

use super::protocol::PROTOCOL;
use crate::config::Paths;

/// The directories that hosts use. `config` knows where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPaths {
    /// Sockets and locks: `$XDG_RUNTIME_DIR/tandem` or its stand-in. Made with mode 0700 when absent.
    pub runtime_dir: PathBuf,
    /// Logs.
    pub state_dir: PathBuf,
    /// The starter model, extracted.
    pub cache_dir: PathBuf,
}

impl From<&Paths> for HostPaths {
    fn from(paths: &Paths) -> Self {
        Self { runtime_dir: paths.runtime.clone(), state_dir: paths.state.clone(), cache_dir: paths.cache.clone() }
    }
}

/// What a client and its host must agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostIdentity {
    /// The build of the binary: its version, and a stamp of its file (two builds of one version do not mix).
    pub binary: String,
    /// The model and every setting that its context depends on.
    pub model: String,
}

/// The place of one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAddress {
    pub directory: PathBuf,
    /// Unique for user, protocol, build and model configuration.
    pub name: String,
}

/// `sun_path` holds 108 bytes on Linux and 104 on macOS and the BSDs, each with a NUL.
const MAX_SOCKET_PATH: usize = 103;

impl HostAddress {
    /// `turn` 0 is the usual name; others are for the rare case that a host of another kind answers there.
    pub fn new(paths: &HostPaths, identity: &HostIdentity, user: u32, turn: u32) -> Self {
        let version: String =
            identity.binary.chars().take_while(|c| c.is_ascii_digit() || *c == '.').take(16).collect();
        let digest = fnv1a([identity.binary.as_bytes(), identity.model.as_bytes(), &turn.to_le_bytes()]);
        // Pipes on Windows share one name space among users; there the directory says whose it is.
        let user = if cfg!(windows) {
            format!("{:016x}", fnv1a([paths.runtime_dir.as_os_str().as_encoded_bytes()]))
        } else {
            user.to_string()
        };
        let name = format!("tandem-{user}-{PROTOCOL}-{version}-{digest:016x}");
        Self::named(&paths.runtime_dir, &user, name)
    }

    /// The place of a socket of this name, where a socket can be. `user` says whose it is.
    pub fn named(runtime_dir: &Path, user: &str, name: String) -> Self {
        let address = Self { directory: runtime_dir.to_owned(), name };
        if cfg!(unix) && address.socket().as_os_str().len() > MAX_SOCKET_PATH {
            // A deep home directory. The directory is checked like the other: ours, mode 0700, no link.
            return Self { directory: PathBuf::from(format!("/tmp/tandem-{user}")), name: address.name };
        }
        address
    }

    pub fn socket(&self) -> PathBuf {
        if cfg!(windows) {
            PathBuf::from(format!(r"\\.\pipe\{}", self.name))
        } else {
            self.directory.join(format!("{}.sock", self.name))
        }
    }

    /// Held by the host as long as it lives.
    pub fn lock(&self) -> PathBuf {
        self.directory.join(format!("{}.lock", self.name))
    }

    /// The host's stderr.
    pub fn log(&self, state_dir: &Path) -> PathBuf {
        let digest = self.name.rsplit('-').next().unwrap_or("host");
        state_dir.join(format!("engine-{digest}.log"))
    }
}

/// FNV-1a, 64 bits: stable between builds, unlike the hashers of the standard library. A collision is harmless, as the
/// handshake compares the whole identity.
pub(super) fn fnv1a<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        // The separator keeps ("ab", "c") and ("a", "bc") apart.
        for byte in part.iter().chain(&[0xff]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(runtime_dir: &str, binary: &str, model: &str, turn: u32) -> HostAddress {
        let paths =
            HostPaths { runtime_dir: runtime_dir.into(), state_dir: "/state".into(), cache_dir: "/cache".into() };
        HostAddress::new(&paths, &HostIdentity { binary: binary.into(), model: model.into() }, 1000, turn)
    }

    #[test]
    fn everything_that_matters_is_in_the_name() {
        let usual = address("/run/user/1000/tandem", "0.1.0+a", "starter", 0);
        assert_eq!(usual, address("/run/user/1000/tandem", "0.1.0+a", "starter", 0));
        assert!(usual.name.starts_with(&format!("tandem-1000-{PROTOCOL}-0.1.0-")), "{}", usual.name);
        for other in [
            address("/run/user/1000/tandem", "0.1.0+b", "starter", 0),
            address("/run/user/1000/tandem", "0.1.0+a", "other", 0),
            address("/run/user/1000/tandem", "0.1.0+a", "starter", 1),
        ] {
            assert_ne!(usual.name, other.name);
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_path_too_long_for_a_socket_moves() {
        let deep = format!("/deep/{}", "x".repeat(90));
        let address = address(&deep, "123.456.789-very-long", "m", 0);
        assert_eq!(address.directory, Path::new("/tmp/tandem-1000"));
        assert!(address.socket().as_os_str().len() <= MAX_SOCKET_PATH);
    }
}
