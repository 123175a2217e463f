//! The files of a repository: where each stands in the stream, and how far their directories are from one another.

use std::sync::Arc;

use rustc_hash::FxHashMap;

/// Addresses are looked up by blocks of this many.
const BLOCK: u32 = 256;

#[derive(Clone, Debug)]
pub struct File {
    /// From the repository's root, with `/`.
    pub path: Arc<str>,
    /// Address of its start, and its tokens with the start.
    pub start: u32,
    pub len: u32,
    pub directory: u32,
}

/// Files in the order of their addresses.
#[derive(Clone, Debug, Default)]
pub struct Files {
    files: Vec<File>,
    by_path: FxHashMap<Arc<str>, u32>,
    directories: Vec<Arc<str>>,
    directory_numbers: FxHashMap<Arc<str>, u32>,
    /// For each block of addresses the first file that reaches into it or stands behind it.
    blocks: Vec<u32>,
}

impl Files {
    /// `files` are path, start and length, ordered by start.
    pub fn new(files: Vec<(Arc<str>, u32, u32)>) -> Self {
        let mut all = Self::default();
        for (path, start, len) in files {
            let directory = directory_of(&path);
            let directory = match all.directory_numbers.get(directory) {
                Some(&known) => known,
                None => {
                    let name: Arc<str> = directory.into();
                    all.directories.push(name.clone());
                    let number = all.directories.len() as u32 - 1;
                    all.directory_numbers.insert(name, number);
                    number
                }
            };
            all.by_path.insert(path.clone(), all.files.len() as u32);
            all.files.push(File { path, start, len, directory });
        }
        let mut file = 0;
        let end = all.files.last().map_or(0, |last| last.start + last.len);
        for block in 0..end.div_ceil(BLOCK) {
            while all.files.get(file).is_some_and(|known| known.start + known.len <= block * BLOCK) {
                file += 1;
            }
            all.blocks.push(file as u32);
        }
        all
    }

    pub fn len(&self) -> usize {
        self.files.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    pub fn get(&self, file: usize) -> Option<&File> {
        self.files.get(file)
    }

    pub fn find(&self, path: &str) -> Option<&File> {
        self.files.get(*self.by_path.get(path)? as usize)
    }

    pub fn start(&self, file: usize) -> Option<u32> {
        self.files.get(file).map(|file| file.start)
    }

    /// The number of the file that an address belongs to.
    pub fn at(&self, address: u32) -> Option<usize> {
        let first = *self.blocks.get((address / BLOCK) as usize)? as usize;
        let rest = self.files.get(first..).unwrap_or_default();
        let offset = rest.iter().position(|file| address < file.start + file.len)?;
        rest.get(offset).filter(|file| file.start <= address).map(|_| first + offset)
    }

    /// For each directory how many steps lead there from the directory of `path`, up to 255.
    pub fn distances(&self, path: &str) -> Vec<u8> {
        let here: Vec<&str> = parts(directory_of(path)).collect();
        self.directories.iter().map(|there| distance(&here, there)).collect()
    }

    pub fn bytes(&self) -> usize {
        let paths: usize = self.files.iter().map(|file| file.path.len() + 16).sum();
        let directories: usize = self.directories.iter().map(|path| path.len() + 56).sum();
        paths
            + directories
            + self.files.capacity() * size_of::<File>()
            + self.by_path.capacity() * 25
            + self.blocks.capacity() * 4
    }
}

fn directory_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

fn parts(directory: &str) -> impl Iterator<Item = &str> {
    directory.split('/').filter(|part| !part.is_empty())
}

fn distance(here: &[&str], there: &str) -> u8 {
    let common = parts(there).zip(here).take_while(|(a, b)| a == *b).count();
    let down = parts(there).count() - common;
    u8::try_from(here.len() - common + down).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_between_directories() {
        let files = Files::new(
            ["a.rs", "x/a.rs", "x/y/a.rs", "x/z/w/a.rs"]
                .iter()
                .zip(0..)
                .map(|(p, i)| ((*p).into(), i * 10, 10))
                .collect(),
        );
        assert_eq!(files.distances("x/y/b.rs"), [2, 1, 0, 3]);
        assert_eq!(files.distances("b.rs"), [0, 1, 2, 3]);
    }

    #[test]
    fn an_address_belongs_to_the_file_around_it() {
        let files = Files::new(vec![("a".into(), 0, 300), ("b".into(), 300, 1), ("c".into(), 700, 50)]);
        let at = |address| files.at(address);
        assert_eq!(
            [at(0), at(299), at(300), at(301), at(699), at(700), at(749), at(750)],
            [Some(0), Some(0), Some(1), None, None, Some(2), Some(2), None]
        );
    }
}
