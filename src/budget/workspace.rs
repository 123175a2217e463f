//! What the ledger calls a workspace: it knows no names of folders.

use std::path::Path;

/// A fingerprint of a folder's path, the same for all processes of this machine. The folder's links are followed where it is
/// there.
pub fn workspace_key(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let hash = blake3::hash(folder.as_os_str().as_encoded_bytes()).to_hex();
    hash.chars().take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_key_by_whatever_name() {
        let place = tempfile::tempdir().unwrap();
        let (one, other) = (place.path().join("one"), place.path().join("other"));
        std::fs::create_dir_all(one.join("inner")).unwrap();
        std::fs::create_dir(&other).unwrap();
        assert_eq!(workspace_key(&one), workspace_key(&one.join("inner/..")));
        assert_ne!(workspace_key(&one), workspace_key(&other));
        assert_eq!(workspace_key(&one).len(), 32);
        assert_eq!(workspace_key(&place.path().join("gone")), workspace_key(&place.path().join("gone")));
    }
}
