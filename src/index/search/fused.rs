//! Two lists of places become one: a place counts by its rank in each list, so that scores of different kinds need not be
//! compared (reciprocal rank fusion; Cormack, Clarke and Büttcher, 2009).

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::{Hit, names_of, shorten};
use crate::index::chunks::Chunk;
use crate::index::vectors::Near;
use crate::index::{FileFacts, Shared};

/// Their constant: how much less the first ranks count than they would by themselves.
const K: f64 = 60.0;
/// Places of each list that take part.
const POOL: usize = 50;

/// By what a place was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum FoundBy {
    Words,
    Meaning,
    Both,
}

/// Places in the two lists, counted from 1; absent where a list does not have it among those that take part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Ranks {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<usize>,
}

impl Ranks {
    fn by(self) -> FoundBy {
        match self {
            Self { words: Some(_), meaning: Some(_) } => FoundBy::Both,
            Self { words: Some(_), .. } => FoundBy::Words,
            _ => FoundBy::Meaning,
        }
    }

    fn score(self) -> f64 {
        [self.words, self.meaning].into_iter().flatten().map(|rank| 1.0 / (K + rank as f64)).sum()
    }

    /// For people: where it stands in which list.
    pub fn describe(self) -> String {
        let told = |list: &str, rank: Option<usize>| rank.map(|rank| format!("{list} {rank}"));
        let told = [told("words", self.words), told("meaning", self.meaning)];
        told.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// Which list is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SearchBy {
    /// Both, where there are vectors; else words.
    #[default]
    Best,
    Words,
    /// Vectors alone; nothing is found where there are none.
    Meaning,
}

type Place = (String, Range<u32>);

impl Shared {
    /// See `Index::search_by`.
    pub fn search_by(&self, query: &str, limit: usize, by: SearchBy) -> Vec<Hit> {
        let vectors = self.vectors().filter(|_| by != SearchBy::Words);
        let near = vectors.and_then(|vectors| vectors.nearest(self, query, POOL.max(limit)));
        match (near, by) {
            (None, SearchBy::Meaning) => Vec::new(),
            (None, _) => self.search(query, limit),
            (Some(near), SearchBy::Meaning) => self.fused(Vec::new(), near, limit),
            (Some(near), _) => self.fused(self.search(query, POOL.max(limit)), near, limit),
        }
    }

    fn fused(&self, words: Vec<Hit>, near: Vec<Near>, limit: usize) -> Vec<Hit> {
        let place = |hit: &Hit| (hit.path.clone(), hit.rows.clone());
        let by_words: Vec<Place> = words.iter().map(place).collect();
        let by_meaning: Vec<Place> = near.iter().map(|near| (near.path.to_string(), near.rows.clone())).collect();
        let mut words: FxHashMap<Place, Hit> = words.into_iter().map(|hit| (place(&hit), hit)).collect();
        let mut near: FxHashMap<Place, Near> = by_meaning.iter().cloned().zip(near).collect();
        let mut hits = Vec::new();
        for (ranks, place) in fuse(&by_words, &by_meaning) {
            if hits.len() == limit {
                break;
            }
            let hit = words.remove(&place).or_else(|| self.hit_of(near.remove(&place)?));
            hits.extend(hit.map(|hit| Hit { score: ranks.score(), by: Some(ranks.by()), ranks: Some(ranks), ..hit }));
        }
        hits
    }

    /// None where the file has gone or is another by now.
    fn hit_of(&self, near: Near) -> Option<Hit> {
        let file = self.read().file_at(&near.path)?.clone();
        let source = self.source(&file)?;
        let empty = FileFacts::default();
        let facts = if source.is_indexed { &*file.facts } else { &empty };
        let chunk = Chunk { rows: near.rows, symbol: near.symbol };
        let names = names_of(self, facts, &chunk);
        // Its own row says most of a definition; else the first that says anything.
        let named = chunk.symbol.and_then(|symbol| Some(facts.symbols.get(symbol as usize)?.name_at.row));
        let lines = || source.text.lines().enumerate().skip(chunk.rows.start as usize).take(chunk.rows.len());
        let telling = lines().find(|(_, line)| line.contains(char::is_alphanumeric)).map(|(row, _)| row as u32);
        let best_row = named.filter(|row| chunk.rows.contains(row)).or(telling).unwrap_or(chunk.rows.start);
        let line = source.text.lines().nth(best_row as usize).unwrap_or_default();
        Some(Hit {
            path: near.path.to_string(),
            kind: names.as_ref().map(|names| names.kind),
            name: names.map(|names| names.full),
            score: 0.0,
            best_row,
            line: shorten(line.trim()),
            rows: chunk.rows,
            by: None,
            ranks: None,
        })
    }
}

/// Best first; equal ones in the order of their places.
fn fuse(words: &[Place], meaning: &[Place]) -> Vec<(Ranks, Place)> {
    let mut found: FxHashMap<&Place, Ranks> = FxHashMap::default();
    for (rank, place) in (1..).zip(words) {
        found.entry(place).or_default().words.get_or_insert(rank);
    }
    for (rank, place) in (1..).zip(meaning) {
        found.entry(place).or_default().meaning.get_or_insert(rank);
    }
    let mut fused: Vec<(Ranks, Place)> = found.into_iter().map(|(place, ranks)| (ranks, place.clone())).collect();
    fused.sort_by(|one, other| {
        let place = |found: &(Ranks, Place)| (found.1.0.clone(), found.1.1.start, found.1.1.end);
        other.0.score().total_cmp(&one.0.score()).then_with(|| place(one).cmp(&place(other)))
    });
    fused
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(names: &[&str]) -> Vec<Place> {
        names.iter().map(|name| ((*name).to_owned(), 0..1)).collect()
    }

    #[test]
    fn places_count_by_their_ranks() {
        let fused = fuse(&places(&["a", "b", "c"]), &places(&["c", "d", "b"]));
        let told: Vec<_> = fused.iter().map(|(ranks, place)| (place.0.as_str(), ranks.by(), ranks.score())).collect();
        let at = |rank: f64| 1.0 / (60.0 + rank);
        // By hand: c is third and first, b second and third, a first of words, d second of meaning.
        assert_eq!(
            told,
            [
                ("c", FoundBy::Both, at(3.0) + at(1.0)),
                ("b", FoundBy::Both, at(2.0) + at(3.0)),
                ("a", FoundBy::Words, at(1.0)),
                ("d", FoundBy::Meaning, at(2.0)),
            ]
        );
        let described: Vec<String> = fused.iter().map(|(ranks, _)| ranks.describe()).collect();
        assert_eq!(described, ["words 3, meaning 1", "words 2, meaning 3", "words 1", "meaning 2"]);
    }

    #[test]
    fn equal_ranks_are_in_the_order_of_places() {
        let fused = fuse(&places(&["z"]), &places(&["y"]));
        assert_eq!(fused.iter().map(|found| found.1.0.as_str()).collect::<Vec<_>>(), ["y", "z"]);
        assert_eq!(fuse(&[], &[]), []);
    }
}
