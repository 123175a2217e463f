//! Models in several files: `…-00001-of-00003.gguf`, as llama.cpp splits and loads them.

use std::path::{Path, PathBuf};

/// Most parts of one model. The largest known have some dozens.
const MOST_PARTS: u32 = 999;

/// What stands before the numbers, which part it is and how many there are. None for a file that is whole.
pub fn split_of(stem: &str) -> Option<(&str, u32, u32)> {
    let (rest, count) = number_behind(stem, "-of-")?;
    let (base, part) = number_behind(rest, "-")?;
    (1..=MOST_PARTS).contains(&count).then_some(())?;
    (1..=count).contains(&part).then_some((base, part, count))
}

/// Five digits at the end, and what stands before `mark` and them.
fn number_behind<'t>(text: &'t str, mark: &str) -> Option<(&'t str, u32)> {
    let at = text.len().checked_sub(5)?;
    let (before, digits) = (text.get(..at)?, text.get(at..)?);
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    Some((before.strip_suffix(mark)?, number))
}

/// All parts of the model that this file is one of, in order; the file alone where it is whole.
pub fn parts(file: &Path) -> Vec<PathBuf> {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem_and_end = name.len().checked_sub(".gguf".len()).and_then(|at| Some((name.get(..at)?, name.get(at..)?)));
    let Some((stem, end)) = stem_and_end.filter(|(_, end)| end.eq_ignore_ascii_case(".gguf")) else {
        return vec![file.to_owned()];
    };
    match split_of(stem) {
        Some((base, _, count)) => {
            (1..=count).map(|part| file.with_file_name(format!("{base}-{part:05}-of-{count:05}{end}"))).collect()
        }
        None => vec![file.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_from_any_of_them() {
        for file in ["/m/big-q6_k-00001-of-00003.gguf", "/m/big-q6_k-00003-of-00003.gguf"] {
            let names: Vec<String> = parts(Path::new(file)).iter().map(|path| path.display().to_string()).collect();
            assert_eq!(names, ["1", "2", "3"].map(|part| format!("/m/big-q6_k-0000{part}-of-00003.gguf")));
        }
    }

    #[test]
    fn what_only_looks_like_a_part_is_whole() {
        for stem in ["big", "big-00001", "big-1-of-3", "big-00004-of-00003", "big-00000-of-00003", "x-00001-of-99999"] {
            assert_eq!(split_of(stem), None, "{stem}");
            let file = PathBuf::from(format!("{stem}.gguf"));
            assert_eq!(parts(&file), [file]);
        }
        assert_eq!(parts(Path::new("a-00001-of-00002")), [PathBuf::from("a-00001-of-00002")], "no GGUF");
    }
}
