//! From what is wanted to what there is room for.

use std::ops::Range;

use super::excerpts::{Excerpts, Shown, print, subtract};
use super::texts::{Text, Texts};
use super::wanted::{Gathered, Wanted};
use super::{Ground, Pack, Room};
use crate::gate::Piece;

/// Percent of the room for what is of no file, as changes and history.
const OTHERS_PERCENT: usize = 30;
/// Rows below which a cut definition says nothing.
const FEWEST_ROWS: u32 = 4;

pub fn fit(ground: &Ground<'_>, texts: &mut Texts<'_>, gathered: Gathered, room: &Room, known: &[Shown]) -> Pack {
    let Gathered { places, others, mut withheld } = gathered;
    withheld.sort_unstable();
    withheld.dedup();
    let mut pack = Pack { withheld, ..Pack::default() };
    let mut left = room.left();
    let mut taken = 0;
    for other in others {
        let tokens = (ground.count)(&other.text);
        if taken + tokens <= left * OTHERS_PERCENT / 100 {
            taken += tokens;
            pack.pieces.push(other);
        } else {
            pack.left_out += 1;
        }
    }
    left -= taken;
    let others = pack.pieces.len();
    // The room up to the next price, for what the question is not about by itself.
    let used = room.taken + taken;
    let tier = room.tiers.iter().filter_map(|tier| usize::try_from(*tier).ok()).find(|tier| *tier > used);
    let cheap = tier.map_or(left, |tier| (tier - used).min(left));
    let mut excerpts = Excerpts::default();
    // With whether the question is not about it by itself.
    let mut log: Vec<(String, Range<u32>, Option<String>, bool)> = Vec::new();
    let mut spent = 0;
    for place in places {
        let limit = if place.rank.is_essential() { left } else { cheap };
        let Some(text) = texts.get(&place.path) else { continue };
        let mut is_whole = true;
        for rows in new_rows(&excerpts, &place, &text, known) {
            let room = limit.saturating_sub(spent);
            match cut(ground, &place, &text, rows.clone(), room) {
                Some((taken, tokens)) => {
                    is_whole &= taken == rows;
                    spent += tokens;
                    excerpts.add(&place.path, &taken, place.name.as_deref());
                    log.push((place.path.clone(), taken, place.name.clone(), !place.rank.is_essential()));
                }
                None => is_whole = false,
            }
        }
        pack.left_out += usize::from(!is_whole);
    }
    // Counters need not add up: what was too much goes, the last first.
    loop {
        let pieces = excerpts.pieces(ground, texts);
        let tokens = total(ground, pack.pieces.iter().take(others).chain(&pieces));
        // Beyond the next price only what is essential may go.
        let surplus = log.iter().rposition(|(.., is_more)| *is_more).filter(|_| tokens > cheap.saturating_add(taken));
        if surplus.is_none() && (tokens <= room.left() || log.is_empty()) {
            pack.shown = excerpts.shown(texts);
            pack.tokens = tokens;
            pack.pieces.extend(pieces);
            return pack;
        }
        log.remove(surplus.unwrap_or(log.len() - 1));
        pack.left_out += 1;
        excerpts = Excerpts::default();
        log.iter().for_each(|(path, rows, name, _)| excerpts.add(path, rows, name.as_deref()));
    }
}

fn total<'a>(ground: &Ground<'_>, pieces: impl Iterator<Item = &'a Piece>) -> usize {
    let whole: String = pieces.map(|piece| &*piece.text).collect();
    (ground.count)(&whole)
}

/// What of a place is neither in this pack nor, as it still is, in the thread.
fn new_rows(excerpts: &Excerpts, place: &Wanted, text: &Text, known: &[Shown]) -> Vec<Range<u32>> {
    let rows = place.rows.start..place.rows.end.min(text.rows());
    let mut missing = excerpts.missing(&place.path, &rows);
    let same = known.iter().filter(|shown| shown.path == place.path);
    let mut hash = None;
    for shown in same {
        if *hash.get_or_insert_with(|| text.hash()) == shown.hash {
            missing = missing.iter().flat_map(|rows| subtract(rows, &shown.rows)).collect();
        }
    }
    missing
}

/// As many of the rows as there is room for, from the first on, and their tokens.
fn cut(ground: &Ground<'_>, place: &Wanted, text: &Text, rows: Range<u32>, room: usize) -> Option<(Range<u32>, usize)> {
    let tokens = |rows: &Range<u32>| (ground.count)(&print(&place.path, text, rows, ground.tag));
    let whole = tokens(&rows);
    if whole <= room {
        return Some((rows, whole));
    }
    let (mut fits, mut too_many) = (0, rows.end - rows.start);
    let mut best = None;
    while fits + 1 < too_many {
        let middle = fits.midpoint(too_many);
        let part = rows.start..rows.start + middle;
        let tokens = tokens(&part);
        if tokens <= room {
            (fits, best) = (middle, Some((part, tokens)));
        } else {
            too_many = middle;
        }
    }
    best.filter(|(part, _)| part.end - part.start >= FEWEST_ROWS)
}
