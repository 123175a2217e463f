//! What is the same from question to question: instructions, the map of the workspace, its documents. Providers keep it, so
//! nothing in here may depend on what is asked.

use std::sync::Arc;

use super::excerpts::{print, quoted};
use super::texts::Texts;
use super::{Ground, Pack, Reach, file_piece, instructions, piece};
use crate::gate::{Piece, Source};

/// Percent of the room for the map and for the documents, and no more tokens than that: beyond it they say little more.
const MAP_PERCENT: usize = 15;
const MAP_MOST: usize = 12_000;
const DOCUMENTS_PERCENT: usize = 12;
const DOCUMENTS_MOST: usize = 10_000;
/// Of one document, in percent of those for all.
const DOCUMENT_PERCENT: usize = 40;
const MOST_DOCUMENTS: usize = 40;

pub fn pack(ground: &Ground<'_>, tokens: usize) -> Pack {
    let mut pack = Pack::default();
    let name = quoted(&ground.workspace.name());
    pack.pieces.push(piece(instructions(&name, ground.tag), Source::Instructions));
    pack.tokens = tokens_of(ground, &pack.pieces);
    let left = tokens.saturating_sub(pack.tokens);
    map(ground, (left * MAP_PERCENT / 100).min(MAP_MOST), &mut pack);
    documents(ground, (left * DOCUMENTS_PERCENT / 100).min(DOCUMENTS_MOST), &mut pack);
    // A room that is smaller than the instructions has these alone.
    while pack.pieces.len() > 1 && tokens_of(ground, &pack.pieces) > tokens {
        pack.pieces.pop();
    }
    pack.tokens = tokens_of(ground, &pack.pieces);
    pack
}

fn tokens_of(ground: &Ground<'_>, pieces: &[Piece]) -> usize {
    let whole: String = pieces.iter().map(|piece| &*piece.text).collect();
    (ground.count)(&whole)
}

/// A piece for each file: signatures are derived from all of it.
fn map(ground: &Ground<'_>, budget: usize, pack: &mut Pack) {
    let opening = format!("<map-{}>\n", ground.tag);
    let closing = format!("</map-{}>\n", ground.tag);
    let marks = (ground.count)(&opening) + (ground.count)(&closing);
    let map = ground.workspace.index.map(budget.saturating_sub(marks), &[], ground.count);
    let mut files = map.parts;
    files.retain(|(path, _)| may_be_sent(ground, path, &mut pack.withheld));
    if files.is_empty() {
        return;
    }
    pack.pieces.push(piece(opening, Source::Instructions));
    pack.pieces.extend(files.iter().map(|(path, bytes)| file_piece(map.text[bytes.clone()].to_owned(), path, 0..0)));
    pack.pieces.push(piece(closing, Source::Instructions));
}

fn documents(ground: &Ground<'_>, budget: usize, pack: &mut Pack) {
    let mut paths: Vec<(u8, Arc<str>)> = {
        let state = ground.workspace.index.read();
        let files = state.files().filter(|(_, file)| !file.is_vendored && !file.is_generated);
        files.filter_map(|(_, file)| Some((document_rank(&file.path)?, file.path.clone()))).collect()
    };
    paths.sort();
    paths.truncate(MOST_DOCUMENTS);
    let mut texts = Texts::new(ground.workspace);
    let mut left = budget;
    for (_, path) in paths {
        if !may_be_sent(ground, &path, &mut pack.withheld) {
            continue;
        }
        let Some(text) = texts.get(&path).filter(|text| text.rows() > 0) else { continue };
        let most = left.min(budget * DOCUMENT_PERCENT / 100);
        // Its beginning says most: halved until it fits.
        let mut rows = text.rows();
        let mut printed = print(&path, &text, &(0..rows), ground.tag);
        let mut tokens = (ground.count)(&printed);
        while tokens > most && rows > 1 {
            rows = (u64::from(rows) * most as u64 / tokens.max(1) as u64).min(u64::from(rows - 1)).max(1) as u32;
            printed = print(&path, &text, &(0..rows), ground.tag);
            tokens = (ground.count)(&printed);
        }
        if tokens <= most {
            left -= tokens;
            pack.pieces.push(file_piece(printed, &path, text.bytes(&(0..rows))));
        }
    }
}

fn may_be_sent(ground: &Ground<'_>, path: &str, withheld: &mut Vec<String>) -> bool {
    let may = (ground.reach)(path) == Reach::Out;
    if !may && !withheld.iter().any(|known| known == path) {
        withheld.push(path.to_owned());
    }
    may
}

/// Which documents tell of the whole, the first first. None for all others.
fn document_rank(path: &str) -> Option<u8> {
    let lower = path.to_lowercase();
    let (directory, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, "md"));
    if !matches!(ending, "md" | "rst" | "adoc" | "txt" | "markdown" | "org") {
        return None;
    }
    let is_top = matches!(directory, "" | "docs" | "doc");
    match stem {
        "readme" if directory.is_empty() => Some(0),
        "architecture" | "design" | "overview" | "agents" if is_top => Some(1),
        "contributing" | "development" | "hacking" if is_top => Some(3),
        _ => {
            let is_decision = directory.split('/').any(|part| matches!(part, "adr" | "adrs" | "decisions" | "rfcs"));
            is_decision.then_some(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_that_tell_of_the_whole_come_in_their_order() {
        let ranks = [
            "README.md",
            "docs/architecture.md",
            "docs/adr/0001-x.md",
            "CONTRIBUTING.rst",
            "src/README.md",
            "readme.png",
        ];
        assert_eq!(ranks.map(document_rank), [Some(0), Some(1), Some(2), Some(3), None, None]);
    }
}
