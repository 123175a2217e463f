//! Which pieces of similar code, and which bodies, stand in a document's prompts: they stay until another one is clearly better.

use super::signatures::TokenCount;
use crate::engine::Snippet;
use crate::engine::prompt::heading;
use crate::index::Piece;

/// How much better a new one must be than those that stand there are now.
const BETTER: f32 = 1.25;
/// Lines of a piece that is cut to what is left, at least.
const FEWEST_LINES: usize = 3;
/// The tokens of a heading beside its path.
const HEADING_TOKENS: usize = 2;

/// What stands in the prompts of one document.
#[derive(Clone, Debug, Default)]
pub struct Pieces {
    shown: Vec<Piece>,
    snippets: Vec<Snippet>,
    budget: usize,
}

impl Pieces {
    /// Snippets in at most `budget` tokens, given what is found now (the best first). The best stands last, next to the cursor's
    /// own text.
    pub fn choose(&mut self, found: &[Piece], budget: usize, count: TokenCount<'_>) -> &[Snippet] {
        let is_shown = |piece: &Piece| self.shown.iter().any(|other| overlap(piece, other));
        let now = found.iter().filter(|piece| is_shown(piece)).map(|piece| piece.score).fold(0.0, f32::max);
        let is_better = found.first().is_some_and(|best| !is_shown(best) && best.score > now * BETTER);
        let fits = self.budget <= budget;
        if self.shown.is_empty() || is_better || !fits {
            self.take(found, budget, count);
        }
        &self.snippets
    }

    pub fn snippets(&self) -> &[Snippet] {
        &self.snippets
    }

    fn take(&mut self, found: &[Piece], budget: usize, count: TokenCount<'_>) {
        self.shown.clear();
        self.snippets.clear();
        self.budget = 0;
        for piece in found {
            let left = budget - self.budget;
            let is_known = self.shown.iter().any(|other| overlap(piece, other));
            let Some((text, tokens)) = fitting(piece, left, count).filter(|_| !is_known) else { continue };
            self.budget += tokens;
            self.snippets.push(Snippet { path: piece.path.clone(), text });
            self.shown.push(piece.clone());
        }
        self.snippets.reverse();
    }
}

/// As much of a piece from its beginning as fits, with its tokens. None where that is too little to say something.
pub fn fitting(piece: &Piece, budget: usize, count: TokenCount<'_>) -> Option<(String, usize)> {
    let mut tokens = count(&heading(&piece.path)) + HEADING_TOKENS;
    let mut text = String::new();
    let mut lines = 0;
    for line in piece.text.split_inclusive('\n') {
        let cost = count(line);
        if tokens + cost > budget {
            break;
        }
        tokens += cost;
        lines += 1;
        text.push_str(line);
    }
    let is_whole = text.len() == piece.text.len();
    (!text.is_empty() && (is_whole || lines >= FEWEST_LINES)).then_some((text, tokens))
}

fn overlap(one: &Piece, other: &Piece) -> bool {
    one.path == other.path && one.rows.start < other.rows.end && other.rows.start < one.rows.end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::signatures::tests::words;

    fn piece(path: &str, start: u32, rows: u32, score: f32) -> Piece {
        Piece { path: path.to_owned(), rows: start..start + rows, text: "a b\n".repeat(rows as usize), score }
    }

    fn paths(snippets: &[Snippet]) -> Vec<&str> {
        snippets.iter().map(|snippet| snippet.path.as_str()).collect()
    }

    #[test]
    fn they_stay_until_another_is_clearly_better() {
        let mut pieces = Pieces::default();
        let found = [piece("a", 0, 5, 0.5), piece("b", 0, 5, 0.4)];
        assert_eq!(paths(pieces.choose(&found, 100, &words)), ["b", "a"]);
        let other = [piece("c", 0, 5, 0.55), piece("a", 2, 5, 0.5)];
        assert_eq!(paths(pieces.choose(&other, 100, &words)), ["b", "a"]);
        assert_eq!(paths(pieces.choose(&[], 100, &words)), ["b", "a"]);
        let better = [piece("c", 0, 5, 0.9), piece("a", 2, 5, 0.5)];
        assert_eq!(paths(pieces.choose(&better, 100, &words)), ["a", "c"]);
    }

    #[test]
    fn never_more_than_the_budget() {
        let found: Vec<Piece> = (0..9).map(|at| piece(&format!("p{at}"), 0, 3 + at, 1.0)).collect();
        for budget in 0..80 {
            let mut pieces = Pieces::default();
            let tokens: usize = pieces
                .choose(&found, budget, &words)
                .iter()
                .map(|snippet| words(&snippet.text) + words(&snippet.path) + 2)
                .sum();
            assert!(tokens <= budget, "{budget}");
            assert_eq!(tokens == 0, budget < 9, "{budget}");
        }
        // Less room than before: what stands there goes.
        let mut pieces = Pieces::default();
        assert_eq!(pieces.choose(&found, 80, &words).len(), 6);
        assert_eq!(pieces.choose(&found, 12, &words).len(), 1);
    }
}
