//! The file system under the store: room on it, links into it, and writes that outlive a loss of power.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes that this user can still write where `directory` is or will be. None where the system does not say.
pub fn free_space(directory: &Path) -> io::Result<Option<u64>> {
    let absolute = std::path::absolute(directory)?;
    let there = absolute.ancestors().find(|path| path.exists()).unwrap_or(&absolute);
    free_space_of(there)
}

#[cfg(unix)]
fn free_space_of(directory: &Path) -> io::Result<Option<u64>> {
    use std::os::unix::ffi::OsStrExt;

    let path = std::ffi::CString::new(directory.as_os_str().as_bytes())?;
    let mut found = std::mem::MaybeUninit::<libc::statvfs>::zeroed();
    // SAFETY: the path ends in a zero byte, and the call writes at most one statvfs into the place it is given.
    if unsafe { libc::statvfs(path.as_ptr(), found.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: all bytes were zero before the call, which is a valid statvfs, and the call succeeded.
    let found = unsafe { found.assume_init() };
    // The types of these differ between systems.
    #[allow(clippy::useless_conversion, clippy::unnecessary_cast)]
    let free = (found.f_bavail as u64).saturating_mul(found.f_frsize as u64);
    Ok(Some(free))
}

#[cfg(windows)]
fn free_space_of(directory: &Path) -> io::Result<Option<u64>> {
    use std::os::windows::ffi::OsStrExt;

    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GetDiskFreeSpaceExW(directory: *const u16, free_to_caller: *mut u64, total: *mut u64, free: *mut u64)
        -> i32;
    }
    let path: Vec<u16> = directory.as_os_str().encode_wide().chain([0]).collect();
    let mut free = 0;
    // SAFETY: the path ends in a zero, and the system takes null for the two numbers that are not wanted.
    let is_ok = unsafe { GetDiskFreeSpaceExW(path.as_ptr(), &mut free, std::ptr::null_mut(), std::ptr::null_mut()) };
    if is_ok == 0 { Err(io::Error::last_os_error()) } else { Ok(Some(free)) }
}

#[cfg(not(any(unix, windows)))]
fn free_space_of(_directory: &Path) -> io::Result<Option<u64>> {
    Ok(None)
}

/// After it, names in the directory are on the disk.
pub fn sync_directory(directory: &Path) -> io::Result<()> {
    // Elsewhere directories cannot be opened as files.
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

/// `NAME/QUANTISATION/FILE` with sizes. What cannot be read is left out.
pub fn files_of_models(directory: &Path) -> Vec<(PathBuf, u64)> {
    let entries = |directory: &Path| {
        let entries = std::fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths
    };
    let is_folder = |path: &PathBuf| path.symlink_metadata().is_ok_and(|data| data.is_dir());
    let is_hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let partial = directory.join("partial");
    entries(directory)
        .into_iter()
        .filter(|path| is_folder(path) && !is_hidden(path) && *path != partial)
        .flat_map(|name| entries(&name))
        .filter(is_folder)
        .flat_map(|quantisation| entries(&quantisation))
        .filter(|path| !is_folder(path))
        .map(|path| {
            let bytes = path.metadata().map_or(0, |data| data.len());
            (path, bytes)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_told_of_directories_that_are_not_there_yet() {
        let place = tempfile::tempdir().unwrap();
        let here = free_space(place.path()).unwrap();
        let there = free_space(&place.path().join("a/b/c")).unwrap();
        assert!(here.is_some_and(|bytes| bytes > 0));
        assert_eq!(here.is_some(), there.is_some());
    }
}
