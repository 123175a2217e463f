//! What the demo types: some lines of source files of this repository, each compiled in so that it works anywhere.
//!
//! The lines are chosen to show what the engines can and cannot do, not to measure them: that is `benches/`.

/// Lines of a file that are taken out and typed again.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    pub file: &'static str,
    pub text: &'static str,
    /// A line, without its indentation, that occurs once in the text; typing starts with it.
    pub first_line: &'static str,
    pub lines: usize,
}

pub const SCENES: &[Scene] = &[
    Scene {
        file: "src/complete/outcome.rs",
        text: include_str!("../../complete/outcome.rs"),
        first_line: "Reason::InString => write!(f, \"the cursor is in a string (completion.inStrings)\"),",
        lines: 2,
    },
    Scene {
        file: "src/config/environment.rs",
        text: include_str!("../../config/environment.rs"),
        first_line: "fn ci_is_what_people_set_it_to() {",
        lines: 6,
    },
    Scene {
        file: "src/observe/rotate.rs",
        text: include_str!("../../observe/rotate.rs"),
        first_line: "fn numbered(path: &Path, number: u32) -> PathBuf {",
        lines: 5,
    },
    Scene {
        file: "src/cli/complete/report.rs",
        text: include_str!("../complete/report.rs"),
        first_line: "prompt: prompt.tokens,",
        lines: 6,
    },
];

impl Scene {
    /// The text before and after the lines, and the lines themselves with their line breaks.
    pub fn cut(&self) -> Option<(&'static str, &'static str, &'static str)> {
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            if line.trim() == self.first_line {
                let rest = self.text.get(start..)?;
                let length: usize = rest.split_inclusive('\n').take(self.lines).map(str::len).sum();
                return Some((self.text.get(..start)?, rest.get(..length)?, rest.get(length..)?));
            }
            start += line.len();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scene_is_in_its_file() {
        for scene in SCENES {
            let times = scene.text.lines().filter(|line| line.trim() == scene.first_line).count();
            assert_eq!(times, 1, "{}: the demo wants this line once: {}", scene.file, scene.first_line);
            let (before, typed, after) = scene.cut().unwrap();
            assert_eq!([before, typed, after].concat(), scene.text);
            assert_eq!(typed.lines().count(), scene.lines);
            assert!(!typed.is_empty() && typed.is_ascii(), "{}: the demo types what a keyboard has", scene.file);
        }
    }
}
