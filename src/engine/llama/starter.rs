//! The model that ships inside the binary. llama.cpp maps files, so it is written to the cache directory once.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

static STARTER: &[u8] = include_bytes!("../../../models/starter.gguf");

/// The path of the starter model below `directory`; written first unless a complete copy is there.
///
/// # Errors
/// When the directory cannot be made or written.
pub fn materialize(directory: &Path) -> Result<PathBuf> {
    let path = directory.join(format!("starter-{:016x}.gguf", digest(STARTER)));
    if std::fs::read(&path).is_ok_and(|bytes| bytes == STARTER) {
        return Ok(path);
    }
    std::fs::create_dir_all(directory).with_context(|| format!("making {}", directory.display()))?;
    // Several servers may start at once: each writes its own file and renames it, the last one wins with equal bytes.
    let temporary = directory.join(format!("starter-{}-{:?}.part", std::process::id(), std::thread::current().id()));
    let written = std::fs::File::create(&temporary)
        .and_then(|mut file| file.write_all(STARTER).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&temporary, &path));
    if let Err(error) = written {
        let _ = std::fs::remove_file(&temporary);
        return Err(error).with_context(|| format!("writing {}", path.display()));
    }
    Ok(path)
}

/// FNV-1a: names versions of the file apart; equality is checked byte by byte.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_copy_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = materialize(directory.path()).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), STARTER);
        std::fs::write(&path, b"GGUF").unwrap();
        assert_eq!(materialize(directory.path()).unwrap(), path);
        assert_eq!(std::fs::read(&path).unwrap(), STARTER);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing else is left behind");
    }
}
