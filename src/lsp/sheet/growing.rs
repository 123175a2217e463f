//! A file that grows by edits that the client makes: editors do not follow a file that changes on disk.

use tower_lsp::gen_lsp_types as lsp;

use super::{Desk, PAUSE, Shared, file, open, unseen};
use crate::lsp::convert;
use crate::session::file_uri;
use crate::text::{Document, PositionEncoding};

/// What an undo of such an edit is called.
const LABEL: &str = "Tandem: answer";

pub async fn write(desk: &Desk, title: &str, shared: &Shared) {
    let path = file::path(&desk.directory, title);
    let name = file_uri(&path);
    let uri = match (file::create(&path), name.parse::<lsp::Uri>()) {
        (Ok(()), Ok(uri)) => uri,
        (created, _) => {
            if let Err(error) = created {
                tracing::warn!(%error, "no file for an answer");
            }
            let text = shared.whole().await;
            return unseen::leave(desk, &path, &text);
        }
    };
    let mut written = 0;
    let mut was_open = false;
    while let Some(more) = shared.more(written).await {
        let document = desk.session.document(&name);
        was_open |= document.is_some();
        // The user closed it: an edit would open it again, without what stood in it.
        let is_closed = was_open && document.is_none();
        let at = end(document.as_ref(), shared.text().whole.get(..written).unwrap_or_default(), desk.features.encoding);
        let is_first = written == 0;
        if is_first {
            open(desk, title, uri.clone()).await;
        }
        written += more.len();
        if is_closed || !desk.client.insert(LABEL, &uri, at, more).await {
            let text = shared.whole().await;
            return unseen::leave(desk, &path, &text);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Where the document ends: as the client has it, because the user may have written into it; else as it was written. Clients
/// tell of an edit some time after they made it, so what lacks some of it is not believed.
fn end(document: Option<&Document>, written: &str, encoding: PositionEncoding) -> lsp::Position {
    if let Some(document) = document.filter(|document| document.len_bytes() >= written.len()) {
        return convert::to_lsp(document.position_at(document.len_bytes(), encoding));
    }
    let last = written.rsplit('\n').next().unwrap_or_default();
    let character = match encoding {
        PositionEncoding::Utf8 => last.len(),
        PositionEncoding::Utf16 => last.encode_utf16().count(),
        PositionEncoding::Utf32 => last.chars().count(),
    };
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    lsp::Position { line: number(written.matches('\n').count()), character: number(character) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(written: &str, encoding: PositionEncoding) -> (u32, u32) {
        let position = end(None, written, encoding);
        (position.line, position.character)
    }

    #[test]
    fn the_end_is_counted_as_the_client_counts() {
        assert_eq!(at("", PositionEncoding::Utf8), (0, 0));
        assert_eq!(at("a\nb\n", PositionEncoding::Utf8), (2, 0));
        assert_eq!(at("a\nä🦀", PositionEncoding::Utf8), (1, 6));
        assert_eq!(at("a\nä🦀", PositionEncoding::Utf16), (1, 3));
        assert_eq!(at("a\nä🦀", PositionEncoding::Utf32), (1, 2));
    }

    #[test]
    fn what_the_user_did_to_an_open_document_counts() {
        let document = Document::new("file:///a.md", "markdown", 1, "mine\nold\n");
        let position = end(Some(&document), "old\n", PositionEncoding::Utf8);
        assert_eq!((position.line, position.character), (2, 0));
        // The client has not told of the last edit yet.
        let position = end(Some(&document), "mine\nold\nand more\n", PositionEncoding::Utf8);
        assert_eq!((position.line, position.character), (3, 0));
    }
}
