//! Virtual documents: their texts are here, the client fetches them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tower_lsp::gen_lsp_types as lsp;

use super::{Desk, PAUSE, SCHEME, Shared, file, open, unseen};

/// Documents that are kept for a client that shows them once more. Older ones are gone.
const MOST: usize = 64;

/// The texts of virtual documents.
#[derive(Debug, Default)]
pub struct Sheets {
    /// The newest last.
    texts: Mutex<VecDeque<(String, String)>>,
    count: AtomicU64,
}

impl Sheets {
    /// None for a document that was never there, or is gone.
    pub fn text(&self, uri: &str) -> Option<String> {
        // Clients spell URIs in their own ways; the number in it is what tells.
        let wanted = number(uri)?;
        self.texts().iter().find(|(uri, _)| number(uri) == Some(wanted)).map(|(_, text)| text.clone())
    }

    /// A URI for a document with this title. The last part is what editors show.
    fn name(&self, title: &str) -> String {
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        format!("{SCHEME}:/{number}/{}.md", file::slug(title))
    }

    fn set(&self, uri: &str, text: String) {
        let mut texts = self.texts();
        match texts.iter_mut().find(|(known, _)| known == uri) {
            Some((_, known)) => *known = text,
            None => {
                if texts.len() >= MOST {
                    texts.pop_front();
                }
                texts.push_back((uri.to_owned(), text));
            }
        }
    }

    fn texts(&self) -> MutexGuard<'_, VecDeque<(String, String)>> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn number(uri: &str) -> Option<&str> {
    let rest = uri.strip_prefix(SCHEME)?.strip_prefix(':')?.trim_start_matches('/');
    rest.split('/').next().filter(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

pub async fn write(desk: &Desk, title: &str, shared: &Shared) {
    let name = desk.sheets.name(title);
    let Ok(uri) = name.parse::<lsp::Uri>() else {
        // The slug holds nothing that a URI may not; this is a belt.
        let text = shared.whole().await;
        return unseen::leave(desk, &file::path(&desk.directory, title), &text);
    };
    let mut written = 0;
    while let Some(more) = shared.more(written).await {
        let is_first = written == 0;
        written += more.len();
        desk.sheets.set(&name, shared.text().whole.get(..written).unwrap_or_default().to_owned());
        if is_first {
            open(desk, title, uri.clone()).await;
        } else {
            desk.client.refresh_content(&uri).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_however_its_uri_is_spelled() {
        let sheets = Sheets::default();
        let name = sheets.name("Why? \u{202e}a/b");
        assert_eq!(name, "tandem:/1/Why-a-b.md");
        sheets.set(&name, "x".to_owned());
        for spelled in [&name, "tandem:///1/Why-a-b.md", "tandem:/1/other"] {
            assert_eq!(sheets.text(spelled).as_deref(), Some("x"), "{spelled}");
        }
        for other in ["tandem:/2/Why.md", "tandem:/", "tandem:/a", "file:///1/a", ""] {
            assert_eq!(sheets.text(other), None, "{other}");
        }
    }

    #[test]
    fn the_oldest_go() {
        let sheets = Sheets::default();
        let names: Vec<String> = (0..=MOST).map(|_| sheets.name("a")).collect();
        names.iter().for_each(|name| sheets.set(name, "x".to_owned()));
        sheets.set(&names[1], "y".to_owned());
        assert_eq!((sheets.text(&names[0]), sheets.text(&names[1])), (None, Some("y".to_owned())));
    }
}
