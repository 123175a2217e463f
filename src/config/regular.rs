//! Files that others wrote: a repository may hold a pipe, or a link to an endless device, by any name.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The first `most` bytes of a regular file. Looks before it opens.
pub fn read_beginning(file: &Path, most: u64) -> io::Result<Vec<u8>> {
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(file)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// All of a regular file of at most `most` bytes of UTF-8. An error where it is longer.
pub fn read_small(file: &Path, most: u64) -> io::Result<String> {
    let bytes = read_beginning(file, most.saturating_add(1))?;
    let invalid = |message: String| io::Error::new(io::ErrorKind::InvalidData, message);
    if bytes.len() as u64 > most {
        return Err(invalid(format!("it is longer than {most} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| invalid("it is not UTF-8".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_far_as_is_wanted() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("a");
        std::fs::write(&file, "0123456789").unwrap();
        assert_eq!(read_beginning(&file, 4).unwrap(), b"0123");
        assert_eq!(read_small(&file, 10).unwrap(), "0123456789");
        assert!(read_small(&file, 9).unwrap_err().to_string().contains("longer than 9 bytes"));
        std::fs::write(&file, [0xff]).unwrap();
        assert!(read_small(&file, 9).unwrap_err().to_string().contains("UTF-8"));
        assert_eq!(read_small(&place.path().join("none"), 9).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn devices_pipes_and_directories_are_not_opened() {
        let place = tempfile::tempdir().unwrap();
        let device = place.path().join("device");
        std::os::unix::fs::symlink("/dev/zero", &device).unwrap();
        for file in [device.as_path(), place.path()] {
            assert!(read_beginning(file, u64::MAX).unwrap_err().to_string().contains("regular"));
        }
    }
}
