//! Names of repositories and files at a hub, and the addresses that they make.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

/// Longest name of a repository and longest path of a file, in bytes. The hub's own limit of a repository is 96.
const LONGEST_REPOSITORY: usize = 200;
const LONGEST_PATH: usize = 500;

/// An address of the web: `download` and the commands may hold one, and only this room can ask it.
pub type HubAddress = Url;

/// `owner/name`, as in the address of its page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository(String);

/// A file of a repository at a revision: a branch, a tag or a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubFile {
    pub repository: Repository,
    pub revision: String,
    /// Relative to the repository, with `/`.
    path: String,
}

impl FromStr for Repository {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_part = |part: &str| {
            let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            !part.is_empty() && part.bytes().all(inner) && !part.starts_with(['.', '-']) && !part.contains("..")
        };
        match text.split_once('/') {
            Some((owner, name)) if text.len() <= LONGEST_REPOSITORY && is_part(owner) && is_part(name) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(format!("`{text}` is not a repository: write OWNER/NAME, as in the address of its page")),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Repository {
    /// The page that people look at.
    pub fn page(&self, hub: &Url) -> String {
        below(hub, self.0.split('/')).to_string()
    }

    /// The names of all its files, by pages.
    pub(super) fn tree(&self, hub: &Url, revision: &str) -> Url {
        let parts = ["api", "models"].into_iter().chain(self.0.split('/')).chain(["tree", revision]);
        let mut url = below(hub, parts);
        url.set_query(Some("recursive=true"));
        url
    }
}

impl HubFile {
    /// # Errors
    /// A sentence where the path could lead out of a folder, or is no path that a hub could have.
    pub fn new(repository: Repository, revision: &str, path: &str) -> Result<Self, String> {
        let is_part = |part: &str| {
            let forbidden = |character: char| {
                character.is_control() || matches!(character, '\\' | ':' | '?' | '*' | '"' | '<' | '>' | '|')
            };
            !part.is_empty() && part != "." && part != ".." && !part.contains(forbidden)
        };
        if path.len() > LONGEST_PATH || !path.split('/').all(is_part) {
            return Err(format!("`{}` is not a file of a repository", path.escape_debug()));
        }
        if revision.is_empty() || revision.len() > LONGEST_REPOSITORY || revision.contains(char::is_control) {
            return Err(format!("`{}` is not a revision: name a branch, a tag or a commit", revision.escape_debug()));
        }
        Ok(Self { repository, revision: revision.to_owned(), path: path.to_owned() })
    }

    /// The same file at another revision: at a commit, it is the same for ever.
    pub fn at(&self, revision: &str) -> Self {
        Self { revision: revision.to_owned(), ..self.clone() }
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Where its bytes are, or where it is said where they are.
    pub fn address(&self, hub: &Url) -> Url {
        let parts = self.repository.0.split('/').chain(["resolve", &self.revision]).chain(self.path.split('/'));
        below(hub, parts)
    }

    /// What an address at this hub means, also one of the page that shows a file.
    pub fn of_address(hub: &Url, address: &Url) -> Option<Self> {
        if hub.origin() != address.origin() {
            return None;
        }
        let decoded = |part: &str| percent_decoded(part);
        let before: Vec<&str> = hub.path_segments()?.filter(|part| !part.is_empty()).collect();
        let all: Vec<String> = address.path_segments()?.map(decoded).collect::<Option<_>>()?;
        let rest = all.get(before.len()..)?;
        if all.iter().zip(&before).any(|(part, wanted)| part != wanted) {
            return None;
        }
        let [owner, name, verb, revision, path @ ..] = rest else { return None };
        if !matches!(verb.as_str(), "resolve" | "blob" | "raw") || path.is_empty() {
            return None;
        }
        Self::new(format!("{owner}/{name}").parse().ok()?, revision, &path.join("/")).ok()
    }
}

impl fmt::Display for HubFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.repository, self.path)
    }
}

/// Each part is one part, whatever is in it: `refs/pr/1` is a revision's name.
fn below<'a>(hub: &Url, parts: impl Iterator<Item = &'a str>) -> Url {
    let mut url = hub.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(parts);
    }
    url
}

pub(super) fn percent_decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [first, after @ ..] = rest {
        let (byte, after) = match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                (digit(*high)? << 4 | digit(*low)?, after)
            }
            (b'%', _) => return None,
            _ => (*first, after),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn file(revision: &str, path: &str) -> HubFile {
        HubFile::new("Qwen/Qwen2.5-Coder-1.5B-GGUF".parse().unwrap(), revision, path).unwrap()
    }

    #[test]
    fn addresses_are_the_hubs() {
        let q8 = file("main", "qwen-q8_0.gguf");
        assert_eq!(
            q8.address(&hub("https://huggingface.co")).as_str(),
            "https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-GGUF/resolve/main/qwen-q8_0.gguf"
        );
        let odd = file("refs/pr/1", "Q8 0/a#b.gguf");
        assert_eq!(
            odd.address(&hub("http://127.0.0.1:80/mirror/")).as_str(),
            "http://127.0.0.1/mirror/Qwen/Qwen2.5-Coder-1.5B-GGUF/resolve/refs%2Fpr%2F1/Q8%200/a%23b.gguf"
        );
        assert_eq!(
            odd.repository.tree(&hub("https://h"), "main").as_str(),
            "https://h/api/models/Qwen/Qwen2.5-Coder-1.5B-GGUF/tree/main?recursive=true"
        );
    }

    #[test]
    fn an_address_of_the_hub_is_a_file_of_it() {
        for at in ["https://huggingface.co", "https://hub.example/mirror"] {
            let hub = hub(at);
            for file in [file("main", "a.gguf"), file("refs/pr/1", "Q8 0/a%b.gguf")] {
                assert_eq!(HubFile::of_address(&hub, &file.address(&hub)), Some(file));
            }
        }
        let here = hub("https://huggingface.co");
        let shown = hub("https://huggingface.co/o/n/blob/main/a.gguf?download=true");
        assert_eq!(HubFile::of_address(&here, &shown).map(|file| file.to_string()).as_deref(), Some("o/n/a.gguf"));
        for other in [
            "https://example.com/o/n/resolve/main/a",
            "https://huggingface.co/o/n",
            "https://huggingface.co/o/n/x/main/a",
        ] {
            assert_eq!(HubFile::of_address(&here, &hub(other)), None, "{other}");
        }
    }

    #[test]
    fn names_cannot_lead_elsewhere() {
        for wrong in ["", "a", "a/", "/b", "a/b/c", "../b", "a/..", "a/.b", "a b/c", "a/b?c"] {
            assert!(wrong.parse::<Repository>().is_err(), "{wrong}");
        }
        let repository: Repository = "o/n".parse().unwrap();
        for wrong in ["", "/etc/passwd", "a//b", "../a", "a/../b", "a\\b", "c:x", "a\nb", "a/"] {
            assert!(HubFile::new(repository.clone(), "main", wrong).is_err(), "{wrong}");
        }
        assert!(HubFile::new(repository.clone(), "", "a").is_err());
        assert!(HubFile::new(repository, "a\nb", "a").is_err());
    }
}
